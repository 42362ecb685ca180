"""Near-duplicates of plans and of pictures."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import plans
from madorizu import draw, similarity
from madorizu.errors import PlanError
from madorizu.plan import OUTDOOR_KINDS, Plan, Room, cells_in, translate


def _two_rooms(split: int, *, floor: int = 1, kinds: tuple[str, str] = ("ldk", "bed")) -> Plan:
    """Return a plan of 10x4 half modules, parted by a wall `split` half modules from the west."""
    west, east = cells_in((0, 0, split, 4)), cells_in((split, 0, 10 - split, 4))
    return Plan(floor, (Room(kinds[0], west), Room(kinds[1], east)))


def test_overlap_of_two_drawn_plans() -> None:
    """By hand: LDK 5x4 and 6x4 share 20 of 24 cells, bedroom 5x4 and 4x4 share 16 of 20."""
    assert similarity.typed_cell_iou(_two_rooms(5), _two_rooms(6)) == pytest.approx((20 / 24 + 16 / 20) / 2)


def test_overlap_does_not_depend_on_place_or_order() -> None:
    """Outlines are laid north-west on north-west, and both orders give the same."""
    a, b = _two_rooms(4), translate(_two_rooms(7), 30, -12)
    assert similarity.typed_cell_iou(a, b) == similarity.typed_cell_iou(b, a)
    assert similarity.typed_cell_iou(a, translate(a, 5, 9)) == 1.0


def test_a_kind_that_one_plan_lacks_counts_nothing() -> None:
    """By hand: the LDK is the same, bedroom and store overlap with nothing: one third."""
    assert similarity.typed_cell_iou(_two_rooms(5), _two_rooms(5, kinds=("ldk", "sto"))) == pytest.approx(1 / 3)


def test_rooms_of_one_kind_are_one_surface() -> None:
    """How two bedrooms part their cells does not matter."""
    assert similarity.typed_cell_iou(_two_rooms(3, kinds=("bed", "bed")), _two_rooms(8, kinds=("bed", "bed"))) == 1.0


def test_near_is_over_087() -> None:
    """A wall that moved half a module in 4.5 is near (0.9), one in 5 modules' middle is not (0.82)."""
    wide = Plan(1, (Room("ldk", cells_in((0, 0, 20, 4))), Room("bed", cells_in((20, 0, 20, 4)))))
    moved = Plan(1, (Room("ldk", cells_in((0, 0, 21, 4))), Room("bed", cells_in((21, 0, 19, 4)))))
    assert similarity.are_near_duplicates(wide, moved)
    assert not similarity.are_near_duplicates(_two_rooms(5), _two_rooms(6))


def test_an_east_west_mirror_is_near_and_a_north_south_one_is_not() -> None:
    """The mirror of a plan is the same plan; upside down it is another, for the sun's sake."""
    plan = plans.sample_house().plans[0]
    mirrored = Plan(1, tuple(Room(r.kind, frozenset((15 - x, y) for x, y in r.cells)) for r in plan.rooms))
    turned = Plan(1, tuple(Room(r.kind, frozenset((x, 17 - y) for x, y in r.cells)) for r in plan.rooms))
    assert similarity.typed_cell_iou(plan, mirrored) < 0.87
    assert similarity.are_near_duplicates(plan, mirrored)
    assert similarity.are_near_duplicates(mirrored, plan)
    assert not similarity.are_near_duplicates(plan, turned)


def test_a_mirror_of_a_plan_that_lies_elsewhere_is_near() -> None:
    """Mirroring is about the outline's own middle, not the origin."""
    mirrored = translate(Plan(1, tuple(reversed(_two_rooms(3).rooms))), 0, 0)
    flipped = Plan(1, tuple(Room(r.kind, frozenset((9 - x, y) for x, y in r.cells)) for r in mirrored.rooms))
    assert similarity.are_near_duplicates(_two_rooms(3), translate(flipped, 17, 4))


def test_different_floors_are_never_near() -> None:
    """The same rooms on 1F and 2F are two plans."""
    assert not similarity.are_near_duplicates(_two_rooms(5), _two_rooms(5, floor=2))


def test_pairs_are_those_that_are_near_one_by_one() -> None:
    """The quick search over many plans finds exactly what the comparison says."""
    house = plans.sample_house()
    many = [*house.plans, plans.bungalow(), plans.atrium(), _two_rooms(5), translate(house.plans[0], 2, 2)]
    many += [_two_rooms(4), _two_rooms(5, kinds=("bed", "ldk"))]
    # Upside down all rooms are as large as before, and lie elsewhere.
    many.append(Plan(1, tuple(Room(r.kind, frozenset((x, 17 - y) for x, y in r.cells)) for r in house.plans[0].rooms)))
    slow = [(i, j) for j in range(len(many)) for i in range(j) if similarity.are_near_duplicates(many[i], many[j])]
    assert similarity.near_duplicate_pairs(many) == tuple(sorted(slow))
    assert (0, 5) in slow
    assert similarity.near_duplicate_pairs([]) == ()


def test_a_plan_without_rooms_cannot_be_compared() -> None:
    """A storey that has only a balcony has no outline."""
    outside = Plan(1, (Room(next(iter(OUTDOOR_KINDS)), cells_in((0, 0, 2, 2))),))
    with pytest.raises(PlanError, match="cells must not be empty"):
        similarity.are_near_duplicates(outside, _two_rooms(5))


def _jpeg(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=30)
    return np.asarray(Image.open(file))


def test_one_drawing_is_near_itself_in_other_files() -> None:
    """Strong compression, half the size, grey, wide margins and the mirror change up to 8 bits."""
    picture = draw.raster(plans.sample_house().plans[0], draw.DATASET_STYLE)
    own = similarity.picture_hashes(picture)
    half = np.asarray(Image.fromarray(picture).resize((256, 256), Image.Resampling.BILINEAR))
    grey = np.asarray(Image.fromarray(picture).convert("L"))
    wide = np.pad(picture, ((0, 90), (40, 0), (0, 0)), constant_values=255)
    for other in (_jpeg(picture), half, grey, wide, picture[:, ::-1]):
        assert similarity.are_near_pictures(own, similarity.picture_hashes(other))
        assert similarity.are_near_pictures(similarity.picture_hashes(other), own)


def test_different_plans_are_not_near_pictures() -> None:
    """Four drawn plans in one style are four pictures."""
    four = [*plans.sample_house().plans, plans.bungalow(), plans.atrium()]
    hashes = [similarity.picture_hashes(draw.raster(plan, "cad")) for plan in four]
    distances = [similarity.hash_distance(hashes[i], hashes[j]) for j in range(4) for i in range(j)]
    assert min(distances) > similarity.NEAR_BITS


def test_the_hash_of_a_drawn_picture() -> None:
    """Ink on the left half: the lowest horizontal cosine is above the median, mirrored it is below."""
    picture = np.full((80, 120), 255, np.uint8)
    picture[10:70, 10:60] = 0
    picture[10:70, 60:110:9] = 0
    straight, mirrored = similarity.picture_hashes(picture)
    # Bit 62 (the second of 64) is the cosine that is high in the west and low in the east.
    assert straight >> 62 & 1 == 1
    assert mirrored >> 62 & 1 == 0


def test_an_empty_picture_has_a_hash() -> None:
    """A picture without ink is compared like any other."""
    blank = similarity.picture_hashes(np.full((70, 70, 3), 255, np.uint8))
    assert similarity.hash_distance(blank, blank) == 0
