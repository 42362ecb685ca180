"""How alike two plans or two pictures are: the one definition of a near-duplicate.

Plans are compared by what lies in each half-module cell. Pictures of which no plan is
known are compared by a hash of their coarse structure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from madorizu.plan import Cell, Plan, outline

NEAR_IOU = 0.87
NEAR_BITS = 8  # of 64, see `are_near_pictures`
_HASH_SIDE = 8
_HASH_FIELD_PX = 64  # side to which a picture shrinks before its spectrum is taken
_INK = 48  # grey levels away from the background: fainter is paper


def typed_cell_iou(a: Plan, b: Plan) -> float:
    """Return how far the same kinds of rooms lie on the same cells, 0 to 1.

    The outlines are laid north-west corner on north-west corner. For each kind of room
    that either plan has, the cells of all rooms of that kind are compared: shared cells
    over cells of either. The result is the mean over the kinds; a kind that only one
    plan has counts 0, so the order of the plans does not matter. Looks neither at doors
    nor at how cells are divided among rooms of one kind, and does not mirror.

    Raises:
        PlanError: if a plan has no indoor room.

    References:
        Mean IoU over classes as in van Engelenburg et al., "MSD: A Benchmark Dataset for
        Floor Plan Generation of Building Complexes", ECCV 2024; there over the classes of
        the truth only.
    """
    return _mean_iou(_cells_by_kind(a), _cells_by_kind(b))


def are_near_duplicates(a: Plan, b: Plan) -> bool:
    """Say whether two storeys are one plan but for little things, or its east-west mirror.

    True if `typed_cell_iou`, as it is or with one plan mirrored, is over 0.87. Different
    floors are never near-duplicates.

    Raises:
        PlanError: if a plan has no indoor room.
    """
    if a.floor != b.floor:
        return False
    first, second = _cells_by_kind(a), _cells_by_kind(b)
    if _mean_iou(first, second) > NEAR_IOU:
        return True
    width = outline(b)[2]
    mirrored = {kind: {(width - 1 - x, y) for x, y in cells} for kind, cells in second.items()}
    return _mean_iou(first, mirrored) > NEAR_IOU


def near_duplicate_pairs(plans: Sequence[Plan]) -> tuple[tuple[int, int], ...]:
    """Return all index pairs `(i, j)`, i < j, of near-duplicates; quick for some thousand plans.

    Rooms of `n` and `m` cells cannot overlap by more than min(n, m) / max(n, m); pairs
    whose mean of that is too low already are not compared cell by cell.

    Raises:
        PlanError: if a plan has no indoor room.
    """
    kinds = sorted({room.kind for plan in plans for room in plan.rooms})
    sizes = np.zeros((len(plans), len(kinds)), np.float64)
    for i, plan in enumerate(plans):
        for kind, cells in _cells_by_kind(plan).items():
            sizes[i, kinds.index(kind)] = len(cells)
    found = []
    for i in range(len(plans) - 1):
        larger = np.maximum(sizes[i], sizes[i + 1 :])
        shares = np.minimum(sizes[i], sizes[i + 1 :]) / np.maximum(larger, 1)
        bound = shares.sum(axis=1) / np.maximum((larger > 0).sum(axis=1), 1)
        for j in np.flatnonzero(bound > NEAR_IOU) + i + 1:
            if are_near_duplicates(plans[i], plans[int(j)]):
                found.append((i, int(j)))
    return tuple(found)


def picture_hashes(picture: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Return 64 bits that say how a picture's ink is spread, and the same for its mirror.

    The picture is cut to its ink first, so margins do not count. The `i`-th bit,
    the highest first, says whether the `i`-th of the 64 lowest cosine frequencies (row by
    row: the horizontal ones run fastest) is above the median of all but the mean.

    Args:
        picture: uint8, (height, width) grey or (height, width, 3) RGB.
    """
    ink = _ink(picture)
    return _spectrum_bits(ink), _spectrum_bits(ink[:, ::-1])


def are_near_pictures(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Say whether two pictures, given by `picture_hashes`, are one drawing or its mirror.

    True up to 8 of 64 bits. Measured on 60 random plans of one size in each of three
    styles: JPEG at quality 30, half size, shift, crop, noise and mirror change up to 6
    bits; two different plans differ in at least 12. The same plan in another style is
    another picture (6 to 16 bits).
    """
    return hash_distance(a, b) <= NEAR_BITS


def hash_distance(a: tuple[int, int], b: tuple[int, int]) -> int:
    """Return how many of 64 bits differ, the least over the east-west mirror of one picture."""
    return min((a[0] ^ b[0]).bit_count(), (a[0] ^ b[1]).bit_count())


def _cells_by_kind(plan: Plan) -> dict[str, set[Cell]]:
    left, top, _, _ = outline(plan)
    found: dict[str, set[Cell]] = defaultdict(set)
    for room in plan.rooms:
        found[room.kind] |= {(x - left, y - top) for x, y in room.cells}
    return found


def _mean_iou(first: dict[str, set[Cell]], second: dict[str, set[Cell]]) -> float:
    kinds = first.keys() | second.keys()
    nothing: set[Cell] = set()
    shares = []
    for kind in sorted(kinds):
        a, b = first.get(kind, nothing), second.get(kind, nothing)
        shares.append(len(a & b) / len(a | b))
    return sum(shares) / len(shares)


def _ink(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return how far a picture is from its background, 0 to 255, cut to where there is ink."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    away: npt.NDArray[np.float32] = np.abs(grey.astype(np.float32) - np.float32(np.median(rim)))
    rows, columns = np.flatnonzero((away > _INK).any(axis=1)), np.flatnonzero((away > _INK).any(axis=0))
    if not rows.size:
        return away
    # Not a mask: a thin line that was scaled is wider and fainter, its sum is the same.
    return away[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _spectrum_bits(ink: npt.NDArray[np.float32]) -> int:
    field = cv2.resize(np.ascontiguousarray(ink), (_HASH_FIELD_PX, _HASH_FIELD_PX), interpolation=cv2.INTER_AREA)
    low = cv2.dct(field)[:_HASH_SIDE, :_HASH_SIDE].ravel()
    # The first term is the mean ink, far above all others: it says nothing about structure.
    bits = low > np.median(low[1:])
    return int("".join("1" if bit else "0" for bit in bits), 2)
