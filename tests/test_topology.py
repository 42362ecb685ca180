"""Topologies: turned, re-dimensioned, written and read."""

from __future__ import annotations

import json
import random
from itertools import product
from typing import Any

import pytest

from madorizu.errors import PlanError
from madorizu.houses import library, topology
from madorizu.houses.resize import OVERSIZE, resized
from madorizu.houses.stairs import cells_of
from madorizu.houses.topology import TURNS, Storey, Topology, Turn, fits_catalogue, is_wide, turned
from madorizu.plan import OPPOSITE, Cell, Edge, Stair, bounds, cells_in, neighbours

# An L-shaped hall (C) around a bath (A), a stair (B) in the east: drawn by hand.
ANCHOR: dict[str, Any] = {
    "entrance": "e",
    "stair": ["u", [6, 0, 4, 4], "n", "right"],
    "storeys": [{"at": [0, 0], "kinds": ["bath", "stair", "hall"], "rows": ["AAAACCBBBB"] * 4 + ["CCCCCC...."] * 2}],
}


def anchor() -> Topology:
    """Read the drawn topology."""
    return topology.from_json(ANCHOR)


def known(count: int) -> list[Topology]:
    """Return topologies of the library that fit the catalogue, evenly from all of it."""
    found = [e.topology for e in library.load() if fits_catalogue(e.topology.storeys, oversize=OVERSIZE)]
    return found[:: max(1, len(found) // count)][:count]


def touching(storey: Storey) -> set[frozenset[int]]:
    """Return the pairs of rooms that share a wall."""
    owner = {c: i for i, (_, cells) in enumerate(storey.rooms) for c in cells}
    return {frozenset((i, owner[n])) for c, i in owner.items() for n in neighbours(c) if owner.get(n, i) != i}


def test_a_drawing_is_read_with_north_up() -> None:
    """Cells spelled out: the bath in the north-west corner, the hall east and south of it."""
    found = anchor()
    rooms = dict(found.storeys[0].rooms)
    assert rooms["bath"] == cells_in((0, 0, 4, 4))
    assert rooms["stair"] == cells_in((6, 0, 4, 4))
    assert rooms["hall"] == cells_in((4, 0, 2, 4)) | cells_in((0, 4, 6, 2))
    assert found.stair == Stair("u", (6, 0, 4, 4), "n", "right") and found.entrance == "e"
    assert found.key == ((10, 6),)


def test_json_round_trip_of_houses_of_the_library() -> None:
    """What is written is read again, through text."""
    assert topology.to_json(anchor()) == ANCHOR
    for item in known(30):
        assert topology.from_json(json.loads(json.dumps(topology.to_json(item)))) == item


@pytest.mark.parametrize("change", [
    {"entrance": "up"}, {"stair": [1]}, {"stair": ["u", [0, 0, "x", 1], "n", "left"]}, {"storeys": None},
    {"storeys": [{"at": [0, 0], "kinds": ["bath", "hall"], "rows": ["A"]}]}, {"storeys": [{"kinds": []}]},
])  # fmt: skip
def test_damaged_data_is_refused(change: dict[str, Any]) -> None:
    """Each field in turn is wrong."""
    with pytest.raises(PlanError, match="topology must be as madorizu writes it"):
        topology.from_json({**ANCHOR, **change})


def test_a_turn_moves_the_sides_of_the_house() -> None:
    """A swap takes north to west; flips take a side to its opposite."""
    assert [Turn(swap=True).side(s) for s in ("n", "e", "s", "w")] == ["w", "s", "e", "n"]
    assert [Turn(flip_x=True).side(s) for s in ("n", "e", "s", "w")] == ["n", "w", "s", "e"]
    assert [Turn(flip_y=True).side(s) for s in ("n", "e", "s", "w")] == ["s", "e", "n", "w"]


def test_mirroring_by_hand() -> None:
    """East-west: the bath comes to the north-east, the stair turns to the other side."""
    found = turned(anchor(), Turn(flip_x=True))
    rooms = dict(found.storeys[0].rooms)
    assert rooms["bath"] == cells_in((6, 0, 4, 4)) and rooms["stair"] == cells_in((0, 0, 4, 4))
    assert found.stair == Stair("u", (0, 0, 4, 4), "n", "left") and found.entrance == "w"


def test_swapping_by_hand() -> None:
    """Along the diagonal: the stair in the east comes to the south and rises to the west."""
    found = turned(anchor(), Turn(swap=True))
    assert dict(found.storeys[0].rooms)["stair"] == cells_in((0, 6, 4, 4))
    assert found.stair == Stair("u", (0, 6, 4, 4), "w", "left") and found.entrance == "s"
    assert found.key == ((6, 10),)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["u", "straight", "l"])
def test_stairs_are_entered_where_they_were(turn: Turn, kind: str) -> None:
    """The floor before the first and after the last step moves with the house."""
    for rise, hand in product(("n", "e", "s", "w"), ("left", "right")):
        size = {"u": (4, 4), "straight": (2, 8), "l": (4, 6)}[kind]
        size = size if rise in ("n", "s") else size[::-1]
        stair = Stair(kind, (10, 10, *size), rise, "none" if kind == "straight" else hand)  # type: ignore[arg-type]
        floor = cells_in((0, 0, 26, 30))
        for way in ("entry", "arrival"):
            marks = [Storey((("hall", floor - own), ("stair", own))) for own in (beyond(stair, getattr(stair, way)),)]
            after = turned(Topology(tuple(marks), "s", stair), turn)
            assert after.stair is not None
            assert beyond(after.stair, getattr(after.stair, way)) == after.storeys[0].rooms[1][1]


def beyond(stair: Stair, edges: tuple[Edge, ...]) -> frozenset[Cell]:
    """Return the cells outside a stair at some of its edges."""
    return frozenset(c for e in edges for c in e.cells) - cells_in(stair.rect)


def test_turns_keep_neighbours_and_sizes() -> None:
    """All eight turns of some houses."""
    for item in known(5):
        for turn in TURNS:
            after = turned(item, turn)
            assert [touching(s) for s in after.storeys] == [touching(s) for s in item.storeys]
            assert after.key == tuple(k[::-1] if turn.swap else k for k in item.key)
            assert bounds(after.storeys[0].cells)[:2] == (0, 0)
            assert after.entrance == turn.side(item.entrance)
    assert turned(turned(item, Turn(flip_x=True)), Turn(flip_x=True)) == item
    assert OPPOSITE[turned(item, Turn(flip_x=True, flip_y=True)).entrance] == item.entrance


def test_wide_places() -> None:
    """An L of arms two wide is a union of squares of two, not of three."""
    arms = cells_in((0, 0, 6, 2)) | cells_in((0, 0, 2, 6))
    assert is_wide(arms, 2) and not is_wide(arms, 3) and not is_wide(cells_in((0, 0, 1, 5)), 2)


@pytest.mark.parametrize("cells", [
    cells_in((0, 0, 3, 3)),  # too small
    cells_in((0, 0, 20, 20)),  # too large
    cells_in((0, 0, 2, 8)),  # too narrow
    cells_in((0, 0, 3, 3)) | cells_in((9, 9, 3, 3)),  # in two pieces
])  # fmt: skip
def test_rooms_outside_the_catalogue_do_not_fit(cells: frozenset[Cell]) -> None:
    """A bath of four wrong forms."""
    assert not fits_catalogue([Storey((("bath", cells),))])


def test_a_room_may_be_oversize_where_that_is_asked() -> None:
    """A bath of 28 cells is over 24, but not by more than a fifth."""
    storeys = [Storey((("bath", cells_in((0, 0, 7, 4))),))]
    assert not fits_catalogue(storeys) and fits_catalogue(storeys, oversize=1.2)


@pytest.mark.parametrize(
    ("change", "least"), [((0, 0), 1.0), ((2, 1), 0.7), ((4, 4), 0.1), ((-1, 0), 0.4), ((0, -2), 0.1)]
)
def test_resizing_keeps_neighbours_stairs_and_catalogue(change: tuple[int, int], least: float) -> None:
    """Exactly the size asked for, or nothing; every pair of rooms that touched still does.

    At `least` this share of the topologies can be brought to the size: two modules more per
    side make many rooms too large, one less makes many too small.
    """
    done, topologies = 0, known(36)
    for number, item in enumerate(topologies):
        size = item.key[0][0] + change[0], item.key[0][1] + change[1]
        after = resized(item, 0, size, random.Random(number), jitter=0)
        if after is None:
            continue
        done += 1
        assert after.key[0] == size
        assert [touching(s) for s in after.storeys] == [touching(s) for s in item.storeys]
        assert fits_catalogue(after.storeys, oversize=OVERSIZE)
        if item.stair is not None and after.stair is not None:
            assert after.stair.rect[2:] == item.stair.rect[2:]
            for storey in after.storeys:
                assert dict(storey.rooms)["stair"] == cells_of(after.stair)
    assert done >= least * len(topologies)


def test_resizing_speaks_of_the_storey_that_is_meant() -> None:
    """The upper storey comes to the size, whatever the lower one then has."""
    item = next(t for t in known(10_000) if len(t.key) == 2 and t.key[0] != t.key[1])
    size = item.key[1][0] + 1, item.key[1][1] + 1
    after = resized(item, 1, size, random.Random(3))
    assert after is not None and after.key[1] == size


def test_baths_stay_as_they_are_built() -> None:
    """A bath grows in no house; one of more than 16 cells may come nearer to them."""
    for item in known(6):
        after = resized(item, 0, (item.key[0][0] + 3, item.key[0][1] + 3), random.Random(0))
        if after is not None:
            before, now = ([len(c) for k, c in t.storeys[0].rooms if k == "bath"] for t in (item, after))
            assert all(a == b or 16 <= a < b for a, b in zip(now, before, strict=True))


def test_a_large_bath_may_come_down_to_1616() -> None:
    """One of 4 × 5 half modules gives way before the LDK does; the 1616 beside it would not."""

    def house(bath: int) -> Topology:
        rooms = (("bath", cells_in((0, 0, bath, 4))), ("s", cells_in((0, 4, bath, 8))))
        return Topology((Storey((*rooms, ("ldk", cells_in((bath, 0, 14, 12))))),), "s", None)

    for bath, width in ((5, 18), (4, 17)):
        after = resized(house(bath), 0, (width, 12), random.Random(0), jitter=0)
        assert after is not None and {k: len(c) for k, c in after.storeys[0].rooms}["bath"] == 16


def test_impossible_sizes_give_nothing() -> None:
    """A house of 3 modules square, and a corridor that would have to grow beyond its catalogue."""
    item = known(1)[0]
    assert resized(item, 0, (6, 6), random.Random(0)) is None
    closet = Topology((Storey((("wc", cells_in((0, 0, 2, 4))),)),), "s", None)
    assert resized(closet, 0, (2, 30), random.Random(0)) is None


def test_jitter_moves_walls_and_keeps_the_size() -> None:
    """With jitter the same topology gives different rooms of the same house size."""
    kinds_of_rooms = []
    for item in known(12):
        size = item.key[0][0] + 2, item.key[0][1] + 2
        found = [resized(item, 0, size, random.Random(i), jitter=3) for i in range(8)]
        assert {t.key[0] for t in found if t is not None} <= {size}
        kinds_of_rooms.append(len({t for t in found if t is not None}))
    # Rooms at their limits leave no wall to move; most houses have some play.
    assert sum(kinds > 1 for kinds in kinds_of_rooms) >= 3


def test_a_neck_of_half_a_module_is_not_wide() -> None:
    """Two halls a module wide that overlap by half a module: squares cover both, none passes from one to the other."""
    necked = cells_in((0, 0, 6, 2)) | cells_in((5, 2, 6, 2))
    joined = cells_in((0, 0, 6, 2)) | cells_in((4, 2, 6, 2))
    assert not is_wide(necked, 2)
    assert is_wide(joined, 2)
