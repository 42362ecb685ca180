"""The floor of a storey, and its regions: what may be one room, by the plan, the kinds or the walls that were read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madorizu.catalogue import ROOMS
from madorizu.legalise import shapes
from madorizu.legalise.asks import HABITABLE
from madorizu.legalise.lawful import Lawful
from madorizu.legalise.reading import Reading
from madorizu.legalise.shapes import Bits, Board
from madorizu.plan import SIDES, Side, is_indoor

LEAST_REGION = 4  # cells
_INSTEAD = ("den", "s", "wa")  # of a bedroom too many


@dataclass(frozen=True, slots=True)
class Ground:
    """A storey to be divided into rooms.

    Attributes:
        reading: what was read.
        board: the cells.
        floor: cells to cover.
        loose: those of them that may stay outside.
        regions: what may be a room, and the kinds that it may have, likeliest first.
        read: the rooms of the draft's plan: kind and cells.
        gaps: pieces of the floor that no room of the plan has.
        trouble: cells where the plan cannot stay as it was read.
    """

    reading: Reading
    board: Board
    floor: Bits
    loose: Bits
    regions: dict[Bits, tuple[str, ...]]
    read: tuple[tuple[str, Bits], ...]
    gaps: tuple[Bits, ...]
    trouble: Bits

    @property
    def number(self) -> int:
        """The storey's number, 1 for 1F."""
        return self.reading.floor


def ground_of(reading: Reading, board: Board, wanted: Iterable[str], entrance: Side | None, stairs: Bits = 0) -> Ground:
    """Find the floor and the regions of a storey.

    Args:
        reading: what was read.
        board: the cells.
        wanted: kinds that are missing: each region may be one of them.
        entrance: side of the entrance, or None for any.
        stairs: cells of stairs that were read, on whatever storey: they may be floor though it seems outside.
    """
    frame = board.bits(_cells(reading.frame))
    read = _read_rooms(reading, board, frame)
    taken = 0
    for _, bits in read:
        taken |= bits
    floor, loose = _floor(taken, frame, reading, board)
    maybe = stairs & frame & ~floor
    floor, loose = floor | maybe, loose | maybe
    regions: dict[Bits, tuple[str, ...]] = {}
    wanted = tuple(wanted)
    own = {bits: kind for kind, bits in read}
    found = [bits for _, bits in read]
    found += [b for leaky in (False, True) for b in _pieces_of(reading, board, floor, by_kind=not leaky)]
    for bits in found:
        bits &= floor
        if bits and bits not in regions and (bits in own or bits.bit_count() >= LEAST_REGION):
            regions[bits] = _kinds(bits, own.get(bits), reading, board, wanted)
    gaps = tuple(shapes.pieces(floor & ~taken & ~maybe, board))
    for bits in gaps:
        if bits.bit_count() >= LEAST_REGION:
            regions.setdefault(bits, _kinds(bits, None, reading, board, wanted))
    trouble = floor & ~taken & ~maybe
    lawful = Lawful(board, floor, reading.floor, entrance)
    for kind, bits in read:
        if kind != "stair" and not lawful.may_be(kind, bits & floor):
            trouble |= bits
    return Ground(reading, board, floor, loose, regions, read, gaps, trouble)


def _cells(frame: tuple[int, int, int, int]) -> Iterator[tuple[int, int]]:
    x, y, width, height = frame
    return ((x + i, y + j) for j in range(height) for i in range(width))


def _read_rooms(reading: Reading, board: Board, frame: Bits) -> tuple[tuple[str, Bits], ...]:
    """Return the indoor rooms of the plan within the frame; where they overlap, the last one has the cells."""
    found: list[tuple[str, Bits]] = []
    taken = 0
    for room in reversed(reading.plan.rooms):
        bits = board.bits(room.cells) & ~taken
        taken |= bits
        if is_indoor(room.kind) and bits & frame:
            found.append((room.kind, bits & frame))
    return tuple(found[::-1])


def _floor(taken: Bits, frame: Bits, reading: Reading, board: Board) -> tuple[Bits, Bits]:
    """Return the cells to cover, and those of them that may be left outside.

    Holes and slits of what was read are covered; what sticks out by half a module need not be.
    """
    outside = frame & ~taken
    rim = 0
    for side in SIDES:
        rim |= board.rim(frame, side)
    kept = 0
    for piece in shapes.pieces(outside, board):
        wide = shapes.opened(piece, 2, board)
        if wide & rim or (piece & rim and wide):
            kept |= wide
    floor = frame & ~kept
    floor = max(shapes.pieces(floor, board), key=int.bit_count, default=0)
    thin = floor & ~shapes.opened(floor, 2, board)
    doubt = board.array(0).astype(bool)
    doubt |= reading.rooms["outside"] < 0.7
    likely = bits_where(doubt, board) & floor & board.ring(~floor & _full(board))
    return floor, thin | likely


def _full(board: Board) -> Bits:
    return (1 << board.width * board.height) - 1


def bits_where(mask: npt.NDArray[np.bool_], board: Board) -> Bits:
    """Return the cells of a board that a mask is true of."""
    return int.from_bytes(np.packbits(mask.ravel(), bitorder="little").tobytes(), "little") & _full(board)


def _pieces_of(reading: Reading, board: Board, floor: Bits, *, by_kind: bool) -> list[Bits]:
    """Cut the floor into rooms by the evidence alone.

    By kind: neighbours of one likeliest kind without a wall between. Else by walls alone, where
    two cells are joined only if a module of wall is missing between them: single lost edges do not leak.
    """
    kinds = [kind for kind in reading.rooms if kind != "outside"]
    best = np.argmin(np.stack([reading.rooms[kind] for kind in kinds]), axis=0) if by_kind else None
    free = reading.none <= reading.wall
    left, found = floor, []
    width = board.width
    while left:
        start = (left & -left).bit_length() - 1
        queue, piece = [start], 1 << start
        left &= ~piece
        while queue:
            i = queue.pop()
            for j, axis, at in ((i - width, 0, i), (i + width, 0, i + width), (i - 1, 1, i), (i + 1, 1, i + 1)):
                if not left >> j & 1 or not free[axis, at]:
                    continue
                along = width if axis else 1
                wide = free[axis, at - along] or free[axis, at + along]
                if best is None and not wide or best is not None and best[i] != best[j]:
                    continue
                piece |= 1 << j
                left &= ~(1 << j)
                queue.append(j)
        found.append(piece)
    return found


def _kinds(bits: Bits, own: str | None, reading: Reading, board: Board, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a region may be, likeliest first: its own kind, others that the evidence does not rule out."""
    mask = board.array(bits).astype(bool)
    means = {kind: float(cost[mask].mean()) for kind, cost in reading.rooms.items() if kind not in ("outside", "stair")}
    order = sorted(means, key=lambda kind: means[kind])
    near = [kind for kind in order[:3] if means[kind] <= means[order[0]] + 2.2]
    kinds = dict.fromkeys([*([own] if own in ROOMS and own != "stair" else []), *near, *wanted])
    if "-bed" in kinds:  # there are too many bedrooms
        del kinds["-bed"]
        if own in HABITABLE and own != "ldk":
            kinds |= dict.fromkeys(_INSTEAD)
    return tuple(kinds)
