"""What completes a house: closets, doors, windows, fixtures, each on a small drawn storey.

One letter is half a module; see `drawing.LEGEND`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from drawing import plan_of
from madorizu.catalogue import ARCHETYPES
from madorizu.errors import OutOfTimeError, PlanError
from madorizu.houses import closets, doors, fixtures, library, topology, windows
from madorizu.houses.clearance import overlap
from madorizu.houses.finish import _balcony, _hung, _porch, _with_master, finish
from madorizu.houses.peninsula import COUNTER_U_MM, COUNTER_V_MM, _Corner, _corners, peninsula
from madorizu.houses.runs import Run, runs
from madorizu.houses.search import Site
from madorizu.houses.topology import Storey, Topology
from madorizu.plan import OPPOSITE, SIDES, Cell, Edge, Fixture, Opening, Side, Stair, bounds, cells_in, indoor_cells


def storey(text: str, legend: Mapping[str, str] | None = None) -> Storey:
    """Draw a storey."""
    return Storey(tuple((r.kind, r.cells) for r in plan_of(text, legend).rooms))


def hung(picture: Storey, *, floor: int = 2, stair: Stair | None = None, seed: int = 0) -> list[Opening]:
    """Hang the doors of a storey that has all it needs."""
    found = doors.hang(picture, floor=floor, stair=stair, entrance="s", rng=random.Random(seed))
    assert found is not None
    return found


# --- runs ---------------------------------------------------------------------------------


def test_edges_join_to_the_longest_straight_runs() -> None:
    """An L of five edges is two runs; a gap parts one."""
    line = [Edge("h", x, 2) for x in (0, 1, 2, 5)]
    upright = [Edge("v", 3, y) for y in (2, 3)]
    assert runs([*reversed(line), *upright]) == (Run("h", 0, 2, 3), Run("h", 5, 2, 1), Run("v", 3, 2, 2))


def test_a_run_has_parts_and_cells_on_both_sides() -> None:
    """A run of three to the east, and one to the south."""
    east, south = Run("h", 1, 4, 3), Run("v", 2, 0, 2)
    assert east.parts(2) == (Run("h", 1, 4, 2), Run("h", 2, 4, 2))
    assert east.beside(1, 1) == {(1, 4), (2, 4), (3, 4)} and east.beside(-1, 1) == {(1, 3), (2, 3), (3, 3)}
    assert south.beside(1, 2) == cells_in((2, 0, 2, 2)) and south.beside(-1, 1) == {(1, 0), (1, 1)}
    assert south.part(1, 1).edge == Edge("v", 2, 1) and east.edges[2] == Edge("h", 3, 4)


# --- closets ------------------------------------------------------------------------------

BEDROOM = """
    11111111
    11111111
    11111111
    11111111
    11111111
    11111111
    11111111
    HHHHHHHH
    HHHHHHHH
"""


def test_a_bedroom_gets_a_closet_and_keeps_window_and_door() -> None:
    """The closet is cut out of the room, away from the outer wall, and leaves a rectangle or an L."""
    for seed in range(5):
        after, owners = closets.carve(storey(BEDROOM), random.Random(seed))
        assert [after.rooms[i][0] + after.rooms[j][0] for i, j in owners.items()] == ["clbed"]
        rooms = dict(after.rooms)
        assert rooms["bed"] | rooms["cl"] == cells_in((0, 0, 8, 7)) and not rooms["bed"] & rooms["cl"]
        assert 3 <= len(rooms["cl"]) <= 16 and rooms["hall"] == cells_in((0, 7, 8, 2))
        assert any((x, 6) in rooms["bed"] and (x + 1, 6) in rooms["bed"] for x in range(7))


def test_a_master_bedroom_beside_a_walk_in_closet_gets_none() -> None:
    """Its closet is there already."""
    before = storey("KKMMMMMM\n" * 6 + "HHHHHHHH\n" * 2)
    assert closets.carve(before, random.Random(0)) == (before, {})


def test_a_room_without_space_gets_no_closet() -> None:
    """Of a 4.5 畳 bedroom nothing can be cut that the catalogue allows."""
    small = storey("1111\n" * 8 + "HHHH\n" * 2)
    assert "cl" not in dict(closets.carve(small, random.Random(0))[0].rooms)


def test_a_room_away_from_the_hall_gets_no_closet() -> None:
    """Without a wall for its door no strip is usable."""
    assert "cl" not in dict(closets.carve(storey("11111111\n" * 7), random.Random(0))[0].rooms)


# --- doors --------------------------------------------------------------------------------

GROUND = """
    UUUUWWWWTTTTLLLL
    UUUUWWWWTTTTLLLL
    UUUUWWWWHHHHLLLL
    UUUUWWWWHHHHLLLL
    LLLLLLLLHHLLLLLL
    LLLLLLLLHHLLLLLL
    LLLLLLLLHHLLLLLL
    LLLLLLLLEEEELLLL
    LLLLLLLLEEEEXXLL
    LLLLLLLLEEEEXXLL
"""


def between(picture: Storey, opening: Opening) -> set[str]:
    """Return the kinds of the rooms that an opening joins."""
    owner = {c: k for k, cells in picture.rooms for c in cells}
    return {owner.get(c, "outside") for c in opening.edges[0].cells}


def test_every_room_gets_its_door_to_where_it_belongs() -> None:
    """Bath to washroom, WC to the hall and outward, shoe closet open, entrance to the south."""
    picture = storey(GROUND)
    found = hung(picture, floor=1)
    joined = {(o.kind, frozenset(between(picture, o))) for o in found}
    assert joined == {
        ("open", frozenset({"ent", "hall"})),
        ("entrance", frozenset({"ent", "outside"})),
        ("folding", frozenset({"bath", "wash"})),
        ("hinged", frozenset({"wc", "hall"})),
        ("open", frozenset({"sic", "ent"})),
        ("hinged", frozenset({"wash", "hall"})),
        ("hinged", frozenset({"ldk", "hall"})),
    }
    toilet = next(o for o in found if between(picture, o) == {"wc", "hall"})
    assert toilet.side == 1  # the WC lies north of its door: outward is south
    entrance = next(o for o in found if o.kind == "entrance")
    assert (entrance.axis, entrance.y, entrance.side) == ("h", 10, 1)
    assert len({e for o in found for e in o.edges}) == sum(o.span for o in found)


def test_tatami_room_stores_and_closets() -> None:
    """襖 to the LDK, 襖 before the 押入, folding doors before store, pantry and closet."""
    picture = storey(
        """
        OOOOJJJJJJLLLLLLPP
        OOOOJJJJJJLLLLLLPP
        cc1111JJJJLLLLLLPP
        cc1111JJJJLLLLLLLL
        cc1111HHHHLLLLLLLL
        111111HHHHLLLLLLLL
        oooHHHHHHHLLLLLLLL
        oooHHHHHHHLLLLLLLL
        """
    )
    kinds = {frozenset(between(picture, o)): o.kind for o in hung(picture)}
    assert kinds[frozenset({"wa", "ldk"})] == "double_sliding"
    assert kinds[frozenset({"oshi", "wa"})] == "double_sliding"
    assert kinds[frozenset({"cl", "bed"})] == kinds[frozenset({"sto", "hall"})] == "folding"
    assert kinds[frozenset({"pantry", "ldk"})] == "folding"


def test_study_and_laundry_open_to_where_they_belong() -> None:
    """The laundry to the washroom; a study to the bedroom where they touch, else to the hall."""
    picture = storey(
        """
        QQQQWWWWMMMMMMMM
        QQQQWWWWMMMMMMMM
        QQQQWWWWMMMMMMMM
        QQQQWWWWMMMMMMMM
        HHHHHHHHDDDDMMMM
        HHHHHHHHDDDDMMMM
        RRRRHHHHHHHHHHHH
        RRRRHHHHHHHHHHHH
        """,
        {"Q": "laundry", "D": "den", "R": "den"},
    )
    found = hung(picture)
    joined = [between(picture, o) for o in found]
    assert {"laundry", "wash"} in joined and {"den", "mbr"} in joined and {"den", "hall"} in joined
    assert len(found) == 5  # and the washroom, and the master bedroom


def test_a_bedroom_away_from_the_hall_opens_to_the_living_room() -> None:
    """As does a master bedroom; a WC that only the washroom touches opens to that."""
    picture = storey("1111LLLLLLMMMM\n" * 6 + "TTWWWHHHHH\n" * 4)
    joined = [between(picture, o) for o in hung(picture)]
    assert {"bed", "ldk"} in joined and {"mbr", "ldk"} in joined and {"wc", "wash"} in joined


def test_an_entrance_one_module_wide_gets_the_narrow_door() -> None:
    """Between the shoe closet and the wall only two half modules see the street."""
    picture = storey("HHHHHH\nHHHHHH\nEEEEXX\nEEEEXX\nEE..XX\n".replace("..", "XX"))
    door = next(o for o in hung(picture, floor=1) if o.kind == "entrance")
    assert (door.span, door.width_mm, door.x, door.y) == (2, 860, 0, 5)


def test_a_washroom_with_space_gets_a_sliding_door() -> None:
    """Four half modules of wall hold the leaf beside its opening."""
    picture = storey("WWWW\n" * 4 + "HHHH\n" * 2)
    assert [o.kind for o in hung(picture)] == ["sliding"]


def test_a_store_opens_at_its_long_side() -> None:
    """Both sides have the hall: what lies a module deep can be reached, what lies two modules deep cannot."""
    picture = storey("ooooHH\nooooHH\nHHHHHH\nHHHHHH\n")
    for seed in range(8):
        (front,) = hung(picture, seed=seed)
        assert (front.axis, front.y) == ("h", 2)


def test_a_store_opens_to_another_room_rather_than_at_its_short_side() -> None:
    """The hall has its end, the LDK its long side; where only its end can open, it opens there."""
    picture = storey("HHooooLL\nHHooooLL\nHHLLLLLL\nHHLLLLLL\n")
    alone = storey("HHoooo11\nHHoooo11\nHH111111\nHH111111\n")
    for seed in range(8):
        (front,) = [o for o in hung(picture, seed=seed) if o.kind == "folding"]
        assert between(picture, front) == {"sto", "ldk"} and front.axis == "h"
        (front,) = [o for o in hung(alone, seed=seed) if o.kind == "folding"]
        assert between(alone, front) == {"sto", "hall"} and front.axis == "v"


def test_a_closet_opens_to_the_room_it_was_cut_from() -> None:
    """Between two bedrooms it would open to either: it opens to its own, and to no other."""
    picture = storey("111111cc222222\n" * 7 + "HHHHHHHHHHHHHH\n" * 2)
    kinds = [kind for kind, _ in picture.rooms]
    closet = kinds.index("cl")
    beds = [i for i, kind in enumerate(kinds) if kind == "bed"]
    for seed in range(6):
        for owner in beds:
            found = doors.hang(
                picture, floor=2, stair=None, entrance="s", rng=random.Random(seed), owners={closet: owner}
            )
            assert found is not None
            (front,) = [o for o in found if o.kind == "folding"]
            cells = {c for e in front.edges for c in e.cells}
            assert cells <= picture.rooms[closet][1] | picture.rooms[owner][1]
    # Where it does not touch its room there is no house.
    away = storey("111111HHcc222222\n" * 7 + "HHHHHHHHHHHHHHHH\n" * 2)
    kinds = [kind for kind, _ in away.rooms]
    owners = {kinds.index("cl"): min(i for i, (k, c) in enumerate(away.rooms) if k == "bed" and (0, 0) in c)}
    assert doors.hang(away, floor=2, stair=None, entrance="s", rng=random.Random(0), owners=owners) is None


def test_a_front_slides_along_its_closet() -> None:
    """The middle as a rule; where a leaf turns before the middle, another part."""
    picture = storey("cccccccc\ncccccccc\n" + "11111111\n" * 6 + "HHHHHHHH\nHHHHHHHH\n")
    front = next(o for o in hung(picture) if o.kind == "folding")
    assert (front.x, front.span) == (2, 4)
    walls = doors._Walls(picture.rooms, swept={(2, 2), (3, 2)})
    index = [kind for kind, _ in picture.rooms].index("cl")
    moved = doors._door(walls, index, random.Random(0))
    assert moved is not None and (moved.x, moved.span) == (4, 4)


def test_a_leaf_rests_at_a_wall() -> None:
    """A bedroom at a corridor: the door hangs at its corner, whichever end of the common wall that is."""
    for text in ("HH1111111\n" * 7, "1111111HH\n" * 7, "HHHHHHH\nHHHHHHH\n" + "1111111\n" * 7):
        picture = storey(text)
        room = dict(picture.rooms)["bed"]
        for seed in range(6):
            (leaf,) = hung(picture, seed=seed)
            rest = doors._rest_of(leaf)
            assert len([c for c in rest.cells if c in room]) == 1 and doors.swing(leaf) <= room


def test_a_leaf_that_rests_by_hand() -> None:
    """At (4, 6) in a wall from west to east, opening north or south; in one from north to south, east or west."""
    expected = {
        ("h", 1, "start"): Edge("v", 4, 6), ("h", 1, "end"): Edge("v", 6, 6),
        ("h", -1, "start"): Edge("v", 4, 5), ("h", -1, "end"): Edge("v", 6, 5),
        ("v", 1, "start"): Edge("h", 4, 6), ("v", 1, "end"): Edge("h", 4, 8),
        ("v", -1, "start"): Edge("h", 3, 6), ("v", -1, "end"): Edge("h", 3, 8),
    }  # fmt: skip
    for (axis, side, hinge), edge in expected.items():
        leaf = Opening("hinged", axis, 4, 6, 2, 755, 0, 2000, hinge, side)  # type: ignore[arg-type]
        assert doors._rest_of(leaf) == edge


def test_a_wc_does_not_open_at_the_entrance() -> None:
    """Its wall to the hall runs from the entrance on: the door lies at the other end."""
    picture = storey("EEEEHHHHHHHH\n" * 2 + "EEEEHHHHHHHH\n" + "....TTTTTT..\n" * 3)
    for seed in range(8):
        door = next(o for o in hung(picture, seed=seed) if o.width_mm == 650)
        assert door.x >= 5 and not doors.fronts(door) & doors._entrance_edge(doors._Walls(picture.rooms))


def test_the_entrance_steps_up_at_one_straight_line() -> None:
    """An L of hall around the entrance: open along the longer leg, a wall along the other."""
    picture = storey("HHHHHHHH\nHHHHHHHH\n" + "EEEEEEHH\n" * 4)
    gaps = [o for o in hung(picture, floor=1) if o.kind == "open"]
    assert [(o.axis, o.y, o.span) for o in gaps] == [("h", 2, 6)]


def test_leaves_keep_clear_of_each_other() -> None:
    """Two bedrooms at one corridor: their leaves never sweep the same floor, nor that before the other door."""
    picture = storey("111111222222\n" * 6 + "HHHHHHHHHHHH\n" * 2 + "TTTTMMMMMMMM\n" * 2 + "MMMMMMMMMMMM\n" * 4)
    for seed in range(8):
        found = hung(picture, seed=seed)
        for one in found:
            for other in found:
                assert one is other or not doors.swing(one) & (doors.swing(other) | doors.fronts(other))


def test_a_room_without_a_wall_for_its_door_gives_none() -> None:
    """A bath away from the washroom, an entrance without the side, a door that would be too narrow."""
    rng = random.Random(0)
    for picture, floor in (
        ("UUUUHHWWWW\n" * 4, 2),
        ("HHHHEEEE\n" * 4 + "HHHHHHHH\n" * 2, 1),
        ("HH\n" * 4, 1),
        ("HH1\nHHH\n", 2),
    ):
        assert doors.hang(storey(picture), floor=floor, stair=None, entrance="s", rng=rng) is None


def test_the_stair_is_open_at_its_portal() -> None:
    """On the 1F at the first step, on the 2F at the last."""
    picture = storey("ZZZZ\n" * 4 + "HHHH\n" * 2)
    stair = Stair("u", (0, 0, 4, 4), "n", "right")
    assert [o.edges for o in hung(picture, stair=stair)] == [stair.arrival]
    assert stair.arrival[0] == Edge("h", 2, 4)


# --- windows ------------------------------------------------------------------------------


def glazed(picture: Storey, *, floor: int = 1, balcony: frozenset[Cell] = frozenset(), high: set[Edge] | None = None,
           porch: frozenset[Cell] = frozenset(), taken: set[Edge] | None = None) -> list[Opening]:  # fmt: skip
    """Give a storey its windows."""
    return windows.glaze(picture, taken or set(), high or set(), balcony, porch, floor=floor)


def test_a_habitable_room_has_a_seventh_of_its_floor_in_windows() -> None:
    """An LDK of 16 modules²: a french window to the south garden first."""
    found = glazed(storey("LLLLLLLL\n" * 8))
    assert found[0].kind == "french" and (found[0].axis, found[0].y) == ("h", 8)
    lit = sum(o.width_mm * (o.head_mm - o.sill_mm) for o in found)
    assert lit >= 64 * 455 * 455 / 7


def test_no_french_window_behind_the_counter_or_upstairs() -> None:
    """A counter has a sill behind it, and upstairs there is no garden."""
    picture = storey("LLLLLLLL\n" * 8)
    south = {Edge("h", x, 8) for x in range(8)}
    assert "french" not in {o.kind for o in glazed(picture, high=south)}
    assert "french" not in {o.kind for o in glazed(picture, floor=2)}


def test_a_room_at_a_balcony_gets_a_french_window_to_it() -> None:
    """The run of wall is cut where the balcony ends, so the window lies wholly at it."""
    picture = storey("MMMMMMMMMM\n" * 6)
    found = glazed(picture, floor=2, balcony=cells_in((0, 6, 5, 2)))
    french = [o for o in found if o.kind == "french"]
    assert len(french) == 1 and french[0].y == 6 and french[0].x + french[0].span <= 5


def test_no_window_lies_half_beside_the_porch() -> None:
    """The south wall of a living room is cut where the porch begins: its window keeps clear of the posts."""
    picture = storey("LLLLLLLLLL\n" * 6)
    porch = cells_in((4, 6, 4, 2))

    def beside(opening: Opening) -> set[bool]:
        return {any(c in porch for c in e.cells) for e in opening.edges}

    assert [beside(o) for o in glazed(picture) if o.y == 6] == [{False, True}] * 2  # x 1 to 5, and 5 to 9
    assert all(len(beside(o)) == 1 for o in glazed(picture, porch=porch))
    assert [(o.x, o.span) for o in glazed(picture, porch=porch) if o.y == 6] == [(1, 3)]


def test_small_rooms_get_a_small_sash_and_inner_rooms_none() -> None:
    """The WC at the outer wall gets one; a WC inside, and one with a taken wall, get none."""
    picture = storey("TTTT\nTTTT\nHHHH\nHHHH\n")
    assert [o.span for o in glazed(picture)] == [2, 2]
    inner = storey("HHHHHH\nHHHHHH\nHHTTHH\nHHTTHH\nHHHHHH\nHHHHHH\n")
    assert all(o.y in (0, 6) or o.x in (0, 6) for o in glazed(inner))
    narrow = storey("T\nT\nT\n")
    blocked = {Edge("v", 0, y) for y in range(3)} | {Edge("v", 1, y) for y in range(3)}
    assert glazed(narrow, taken=blocked) == []


def test_windows_keep_off_the_corners_of_the_house() -> None:
    """Half a module; where the wall is two modules long a sash is left, where it is one there is no choice."""
    for text in ("LLLLLLLL\n" * 8, "MMMMMM\n" * 6 + "HHHHHH\n" * 2, "TTTH\nTTTH\nHHHH\nHHHH\n"):
        picture = storey(text)
        _, _, width, height = bounds(picture.cells)
        for o in glazed(picture, floor=2):
            along, end = (o.x, width) if o.axis == "h" else (o.y, height)
            assert along >= 1 and along + o.span <= end - 1 or o.span == end
    everything = cells_in((0, 0, 8, 8))
    whole_side = Run("h", 0, 8, 8)
    assert windows._off_corners(whole_side, everything) == Run("h", 1, 8, 6)
    assert windows._off_corners(whole_side.part(0, 4), everything) == Run("h", 1, 8, 3)
    assert windows._off_corners(whole_side.part(2, 4), everything) == Run("h", 2, 8, 4)
    assert windows._off_corners(whole_side.part(6, 2), everything) == Run("h", 6, 8, 2)
    assert windows._off_corners(Run("v", 0, 0, 3), cells_in((0, 0, 8, 3))) == Run("v", 0, 1, 2)


def test_a_room_at_a_corner_is_lit_from_both_sides() -> None:
    """A bedroom in the south-east: one window would do, each of its outer sides has one."""
    picture = storey("HHHHHHHHHH\n" * 2 + "HH11111111\n" * 8)
    found = [o for o in glazed(picture, floor=2) if any(c in dict(picture.rooms)["bed"] for c in o.edges[0].cells)]
    assert {(o.axis, o.y if o.axis == "h" else o.x) for o in found} == {("h", 10), ("v", 10)}


def test_a_long_living_room_has_two_doors_to_the_garden() -> None:
    """From five modules of south wall on."""
    for width, count in ((9, 1), (10, 2), (14, 2)):
        found = glazed(storey(("L" * width + "\n") * 8 + ("H" * width + "\n") * 0))
        assert sum(o.kind == "french" for o in found) == count


def test_a_counter_has_a_low_sash_above_it() -> None:
    """In its outer wall, with a sill of 1100 mm; beside it the wall may have any window."""
    picture = storey("LLLLLLLLLLLL\n" * 8)
    counter = {Edge("h", x, 0) for x in range(6)}
    found = glazed(picture, high=counter)
    (sash,) = [o for o in found if o.sill_mm == windows.COUNTER_SILL_MM]
    assert set(sash.edges) <= counter and 690 <= sash.width_mm <= 1190 and sash.head_mm - sash.sill_mm == 900
    assert not any(set(o.edges) & counter for o in found if o is not sash)


def test_no_side_of_six_metres_is_blank() -> None:
    """Stores in the north: the walk-in closet gets a sash; a side with the porch has its door, a short one nothing."""
    text = "KKKKKKKKoooooo\n" * 2 + "HHHHHHHHHHHHHH\n" * 2 + "LLLLLLLLLLLLLL\n" * 8
    found = [o for o in glazed(storey(text)) if o.axis == "h" and o.y == 0]
    assert [(o.x, o.span, o.sill_mm) for o in found] == [(3, 2, 900)]
    assert not [o for o in glazed(storey(text), porch=cells_in((0, -2, 3, 2))) if o.axis == "h" and o.y == 0]
    short = "KKKKKKKKoo\n" * 2 + "HHHHHHHHHH\n" * 2 + "LLLLLLLLLL\n" * 8
    assert not [o for o in glazed(storey(short)) if o.axis == "h" and o.y == 0]


def test_entrance_hall_and_void_have_windows() -> None:
    """The entrance in its side wall, the void a wide one."""
    picture = storey("HHHHHHVVVVVV\n" * 6 + "EEEELLLLLLLL\n" * 4)
    taken = {Edge("h", x, 10) for x in range(3)}  # the door, with half a module beside it
    found = glazed(picture, taken=taken)
    owner = {c: k for k, cells in picture.rooms for c in cells}
    spans = {owner[c]: o.span for o in found for c in o.edges[0].cells if c in owner}
    assert (spans["ent"], spans["hall"], spans["void"]) == (2, 2, 4)


def test_a_wall_too_short_for_a_sash_stays_closed() -> None:
    """A bedroom that sees the outside through half a module only."""
    picture = storey("HHHH1HHH\nH1111HHH\nH1111HHH\nH1111HHH\nHHHHHHHH\n")
    assert not [o for o in glazed(picture, floor=2) if o.span == 1]


# --- fixtures -----------------------------------------------------------------------------


def test_the_kitchen_keeps_off_doors_and_the_south() -> None:
    """In a free LDK it stands at an outer wall but the southern one, clear of the door."""
    picture = storey("HHHHHHHHHH\nHHHHHHHHHH\n" + "LLLLLLLLLL\n" * 10)
    found = hung(picture)
    busy = fixtures.busy_cells(found)
    taken = {e for o in found for e in o.edges}
    for seed in range(6):
        run, _ = fixtures.kitchen_runs(picture, taken, busy, random.Random(seed))[0]
        assert run.axis == "v" and run.span == 8
        inside = 1 if run.edge.cells[1] in dict(picture.rooms)["ldk"] else -1
        assert not run.beside(inside, 2) & busy


def test_the_kitchen_is_near_the_washroom() -> None:
    """Of two outer walls alike the one beside the washroom."""
    for beside, x in (("WWWWHHHHHH", 0), ("HHHHHHWWWW", 10)):
        picture = storey(f"{beside}\n" * 4 + "LLLLLLLLLL\n" * 10)
        taken = {Edge("h", i, 4) for i in range(10)}  # the wall between them is no place for it
        for seed in range(5):
            run, _ = fixtures.kitchen_runs(picture, taken, frozenset(), random.Random(seed))[0]
            assert (run.axis, run.x) == ("v", x) and run.y == 4


def test_counter_and_refrigerator_by_the_length_of_the_wall() -> None:
    """Eight half modules: 2550 mm and the refrigerator; seven: 2250 mm and the refrigerator, in one line."""
    for side, counter_mm in ((8, 2550), (7, 2250)):
        picture = storey(("L" * side + "\n") * side)
        placed = fixtures.kitchen(picture, [], set(), frozenset(), random.Random(0))
        assert placed is not None
        counter, fridge = placed
        assert (counter.kind, fridge.kind) == ("kitchen", "refrigerator") and counter.facing == fridge.facing
        assert (max(counter.width_mm, counter.depth_mm), fridge.width_mm, fridge.depth_mm) == (counter_mm, 700, 700)
        assert all(fixtures.cells_under(f) <= cells_in((0, 0, side, side)) for f in placed)


def test_a_refrigerator_apart_stands_near_and_out_of_the_way() -> None:
    """A wall of six half modules holds the counter alone: the refrigerator stands at another wall, not before it."""
    picture = storey("LLLLLL\n" * 12)
    sides = {e for y in range(12) for e in (Edge("v", 0, y), Edge("v", 6, y)) if y not in (5, 6, 7, 8)}
    placed = fixtures.kitchen(picture, [], sides, frozenset(), random.Random(0))
    assert placed is not None
    counter, fridge = placed
    assert counter.facing == "s" and counter.width_mm == 2550
    assert not fixtures.cells_under(fridge) & cells_in((0, 0, 6, 4))  # the counter, and the cook before it
    assert abs(fridge.y_mm - counter.y_mm) < 5000
    everywhere = {*sides, *(Edge("v", x, y) for x in (0, 6) for y in range(12)), *(Edge("h", x, 12) for x in range(6))}
    assert fixtures.kitchen(picture, [], everywhere, frozenset(), random.Random(0)) is None


@pytest.mark.parametrize(("corner", "counter", "fridge"), [
    (_Corner((0, 0), "n", "e"), (75, 1675, 2550, 650, "n"), (75, 75, 700, 700, "s")),
    (_Corner((9, 0), "n", "w"), (4550 - 2625, 1675, 2550, 650, "n"), (4550 - 775, 75, 700, 700, "s")),
    (_Corner((0, 9), "s", "e"), (75, 4550 - 2325, 2550, 650, "s"), (75, 4550 - 775, 700, 700, "n")),
    (_Corner((0, 0), "w", "s"), (1675, 75, 650, 2550, "w"), (75, 75, 700, 700, "e")),
    (_Corner((9, 9), "e", "n"), (4550 - 2325, 4550 - 2625, 650, 2550, "e"), (4550 - 775, 4550 - 775, 700, 700, "w")),
])  # fmt: skip
def test_a_facing_kitchen_by_hand(
    corner: _Corner, counter: tuple[int, int, int, int, Side], fridge: tuple[int, int, int, int, Side]
) -> None:
    """In corners of ten half modules square: 900 mm between refrigerator and counter, its end at the side wall."""
    ours = corner.stand("kitchen", COUNTER_U_MM, COUNTER_V_MM, corner.back)
    assert ours == Fixture("kitchen", *counter)
    assert corner.stand("refrigerator", (75, 775), (75, 775), OPPOSITE[corner.back]) == Fixture("refrigerator", *fridge)
    assert corner in set(_corners(cells_in((0, 0, 10, 10))))


def test_a_large_living_room_may_have_a_facing_kitchen() -> None:
    """Half of them where no door is in the way; ways of 900 mm on both sides; near the washroom, not in the sun."""
    picture = storey("WWWWHHHHHHHHHHHH\n" * 4 + "LLLLLLLLLLLLLLLL\n" * 12)
    rooms = dict(picture.rooms)
    facing = 0
    for seed in range(30):
        placed = fixtures.kitchen(picture, [], set(), frozenset(), random.Random(seed))
        assert placed is not None
        counter, fridge = placed
        if counter.facing == "n" and counter.y_mm == 4 * 455 + 1675:
            facing += 1
            assert counter.x_mm == fridge.x_mm == 75  # in the north-west, where the washroom is
            front = Fixture("kitchen", counter.x_mm, counter.y_mm - 900, counter.width_mm, 650 + 2 * 900, "n")
            assert fixtures.cells_under(front) <= rooms["ldk"] and not overlap(front, fridge)
    assert 5 < facing < 25
    assert (
        peninsula(cells_in((0, 0, 9, 10)), frozenset(), cells_in((0, 0, 9, 10)), [], frozenset(), random.Random(0))
        is None
    )
    far = cells_in((-30, 0, 4, 4))  # a washroom at the other end of the house
    assert peninsula(rooms["ldk"], far, picture.cells, [], frozenset(), random.Random(0)) is None
    narrow = cells_in((0, 0, 7, 20))
    assert peninsula(narrow, frozenset(), narrow, [], frozenset(), random.Random(0)) is None
    whole_floor = cells_in((0, 0, 12, 12))
    assert peninsula(whole_floor, frozenset(), whole_floor, [], whole_floor, random.Random(0)) is None


def test_no_kitchen_without_a_wall_of_three_modules() -> None:
    """A living room that is all doors; a storey without one needs none."""
    picture = storey("LLLLL\n" * 5)
    assert fixtures.kitchen(picture, [], set(), frozenset(), random.Random(0)) is None
    assert fixtures.kitchen(storey("HHHH\n"), [], set(), frozenset(), random.Random(0)) == []


def test_fixtures_stand_inside_their_rooms_and_off_the_doors() -> None:
    """Tub, basin, washing machine, bowl, cabinet and counter; none where a leaf turns."""
    picture = storey(GROUND)
    found = hung(picture, floor=1)
    taken = {e for o in found for e in o.edges}
    busy = fixtures.busy_cells(found)
    kitchen = fixtures.kitchen(picture, found, taken, busy, random.Random(0))
    assert kitchen is not None
    placed = [*kitchen, *fixtures.equip(picture, found, taken, busy)]
    kinds = [f.kind for f in placed]
    assert {"bathtub", "basin", "toilet", "kitchen", "refrigerator", "shoe_cabinet"} <= set(kinds)
    home = {"bathtub": "bath", "basin": "wash", "washing_machine": "wash", "toilet": "wc", "shoe_cabinet": "ent"}
    rooms = dict(picture.rooms)
    swept = {c for o in found for c in doors.swing(o)}
    for item in placed:
        cells = fixtures.cells_under(item)
        assert cells <= rooms[home.get(item.kind, "ldk")]
        assert not cells & swept


def test_the_bowl_stands_at_the_short_wall_far_from_the_door() -> None:
    """The door is in the east of a WC that lies east-west: the bowl stands in the west, facing east."""
    picture = storey("TTTTHH\nTTTTHH\n")
    found = hung(picture)
    bowl = fixtures.equip(picture, found, {e for o in found for e in o.edges}, fixtures.busy_cells(found))
    assert [(f.kind, f.facing, f.x_mm) for f in bowl] == [("toilet", "e", 75)]


@pytest.mark.parametrize(
    ("axis", "x", "y", "facing"), [("h", 0, 0, "s"), ("h", 0, 4, "n"), ("v", 0, 0, "e"), ("v", 4, 0, "w")]
)
def test_a_tub_faces_the_room_from_each_wall(axis: str, x: int, y: int, facing: str) -> None:
    """Three walls of the bath are taken; the tub stands at the fourth, 75 mm off the centre-line."""
    picture = storey("UUUU\n" * 4)
    free = Run(axis, x, y, 4)  # type: ignore[arg-type]
    taken = {e for r in (Run("h", 0, 0, 4), Run("h", 0, 4, 4), Run("v", 0, 0, 4), Run("v", 4, 0, 4)) for e in r.edges}
    tub = fixtures.equip(picture, [], taken - set(free.edges), frozenset())
    assert [f.facing for f in tub] == [facing]
    assert (
        min(tub[0].x_mm, tub[0].y_mm, 1820 - tub[0].x_mm - tub[0].width_mm, 1820 - tub[0].y_mm - tub[0].depth_mm) == 75
    )


def test_nothing_stands_in_an_arm_that_is_too_narrow() -> None:
    """A washroom with an arm half a module wide: basin and machine keep to the wide part."""
    picture = storey("WWWW\nWWWW\nWWWW\n...W\n...W\n...W\n...W\n")
    placed = fixtures.equip(picture, [], set(), frozenset())
    assert {f.kind for f in placed} == {"basin", "washing_machine"}
    assert all(fixtures.cells_under(f) <= cells_in((0, 0, 4, 3)) for f in placed)


def test_a_room_of_doors_gets_no_fixture() -> None:
    """Every wall of the bath is taken."""
    picture = storey("UUUU\n" * 4)
    taken = {e for r in (Run("h", 0, 0, 4), Run("h", 0, 4, 4), Run("v", 0, 0, 4), Run("v", 4, 0, 4)) for e in r.edges}
    assert fixtures.equip(picture, [], taken, frozenset()) == []


# --- finish -------------------------------------------------------------------------------


def whole() -> Topology:
    """Return the first house of two storeys in the library."""
    return next(e for e in library.load() if len(e.key) == 2).topology


def test_a_balcony_is_there_as_asked() -> None:
    """Asked for, refused, and left to chance."""
    item = whole()
    for wish in (True, False):
        house = next(h for h in (finish(item, seed=s, balcony=wish) for s in range(20)) if h is not None)
        assert ("balcony" in {r.kind for r in house.plans[1].rooms}) is wish
    assert finish(item, seed=3) == finish(item, seed=3)


def test_the_porch_lies_outside_before_the_entrance() -> None:
    """As wide as the door's run, and a module and a half deep before a door of full width."""
    house = next(h for h in (finish(whole(), seed=s) for s in range(20)) if h is not None)
    porch = next(r.cells for r in house.plans[0].rooms if r.kind == "porch")
    door = next(o for o in house.plans[0].openings if o.kind == "entrance")
    assert len(porch) == (3 if door.span == 3 else 2) * door.span and not porch & indoor_cells(house.plans[0])


@pytest.mark.parametrize(("floor", "y", "span", "deep"), [
    (cells_in((0, 0, 18, 16)), 16, 3, 3),
    (cells_in((0, 0, 18, 16)), 16, 2, 2),  # the narrow door
    (cells_in((0, 0, 18, 28)), 28, 3, 2),  # the picture ends a module beyond a house of fourteen
    (cells_in((0, 0, 18, 16)) | cells_in((0, 16, 2, 6)) | cells_in((2, 18, 16, 4)), 16, 3, 2),  # a wing before it
])  # fmt: skip
def test_how_deep_a_porch_is(floor: frozenset[Cell], y: int, span: int, deep: int) -> None:
    """Before a door in the south wall, by the width of the door, the picture and the house itself."""
    door = Opening("entrance", "h", 4, y, span, 860 if span == 2 else 1000, 0, 2100)
    porch = _porch([door], "s", floor)
    assert bounds(porch) == (4, y, span, deep)


@pytest.mark.parametrize(("text", "names"), [
    ("MMMMMM11111111KK\n" * 8 + "HHHHHHHHHHHHHHHH\n" * 2, {0: "bed", 6: "mbr"}),  # 64 cells against 48
    ("KKMMMMMM11111111\n" * 8 + "HHHHHHHHHHHHHHHH\n" * 2, {2: "mbr", 8: "bed"}),  # the walk-in closet is the master's
    ("MMMMMMM1111111\n" * 7 + "MMMMMMM1111111\n", {0: "mbr", 7: "bed"}),  # alike: it stays
    ("MMMMMMM\n" * 7 + "HHHHHHH\n" * 2 + "1111111\n" * 7, {0: "bed"}),  # of two alike the one in the sun
    ("MMMMMM11111\n" * 4 + "MMMMMMHHHHH\n" * 3, {0: "mbr"}),  # 20 cells are no master bedroom
])  # fmt: skip
def test_the_larger_bedroom_is_the_master_one(text: str, names: dict[int, str]) -> None:
    """Names change places, rooms stay; by the cell in the first row."""
    after = _with_master(storey(text))
    found = {x: next(kind for kind, cells in after.rooms if (x, 0) in cells) for x in names}
    assert found == names
    assert {cells for _, cells in after.rooms} == {cells for _, cells in storey(text).rooms}
    assert sum(kind == "mbr" for kind, _ in after.rooms) == 1


def test_a_balcony_lies_before_the_master_bedroom() -> None:
    """To the south, from the master's end on, three modules at the least, and before both rooms where it can."""
    for text, corner in (
        ("HHHHHHHHHHHHHHHH\n" * 2 + "11111111MMMMMMMM\n" * 8, (15, 10)),
        ("HHHHHHHHHHHHHHHH\n" * 2 + "MMMMMMMM11111111\n" * 8, (0, 10)),
    ):
        picture = storey(text)
        rooms = dict(picture.rooms)
        for seed in range(12):
            cells = _balcony(picture, random.Random(seed))
            _, y, width, depth = bounds(cells)
            assert (y, depth) == (10, 2) and width >= 6 and corner in cells
            for kind in ("mbr", "bed"):
                assert sum((x, 9) in rooms[kind] for x in range(16) if (x, 10) in cells) >= 4
    alone = storey("MMMMHH\n" * 6)
    assert bounds(_balcony(alone, random.Random(0))) == (0, 6, 4, 2)


def test_a_dead_end_becomes_a_store() -> None:
    """The hall runs one module beyond its last door: that module gets a folding door of its own."""
    picture = storey("TTTTHHHHHHHH\nTTTTHHHHHHHH\n" + "SSSSSSSS....\n" * 4)
    found = _hung(Topology((picture,), "s", None), picture, 2, random.Random(0))
    assert found is not None
    rooms = dict(found[0].rooms)
    assert rooms["sto"] == cells_in((10, 0, 2, 2)) and rooms["hall"] == cells_in((4, 0, 6, 2))
    assert any(o.kind == "folding" for o in found[1])


def test_a_storey_without_bedrooms_or_kitchen_wall_is_no_house() -> None:
    """No balcony where no room is for it; no kitchen where no wall is; no door, no house."""
    hall = Topology((storey("HHHH\n" * 4), storey("HHHH\n" * 4)), "s", None)
    assert finish(hall, seed=0) is None
    tight = Topology((storey("LLLLLHH\n" * 5 + "EEEEEEE\n" * 4),), "s", None)
    assert finish(tight, seed=0) is None
    ground = storey("EEEEHH\n" * 4)
    assert finish(Topology((ground, storey("HHHH\n" * 4)), "s", None), seed=0, balcony=True) is None


# --- library ------------------------------------------------------------------------------


def test_a_damaged_line_is_named() -> None:
    """The second line is cut off, or of another form: it is refused with its number and how it begins."""
    good = json.dumps(topology.to_json(whole()))
    for bad in (good[:40], '{"entrance": "s"}', "[]", "7", '{"entrance": "s", "storeys": [{"kinds": [], "rows": []}]}'):
        with pytest.raises(PlanError, match="line 2 of the topology library must be a topology, got '") as caught:
            list(library.read_lines([good, bad]))
        assert bad[:40] in str(caught.value)
    assert [e.topology for e in library.read_lines([good])] == [whole()]


def test_an_entry_knows_its_heads_before_its_rooms() -> None:
    """Kinds, sizes, side and archetype are read at once."""
    data = {
        "entrance": "e",
        "stair": None,
        "storeys": [{"at": [1, 2], "kinds": ["ldk", "bath"], "rows": ["AAAAA.", "AAAABB"]}],
        "archetype": "A14",
    }
    (entry,) = library.read_lines([json.dumps(data)])
    assert (entry.kinds, entry.key, entry.entrance, entry.archetype) == ((("ldk", "bath"),), ((6, 2),), "e", "A14")
    # Of the north side the LDK has 5 of 6 half modules, of the south 4; the notch is outside too.
    assert entry.outlook == {"n": 5 / 6, "e": 1 / 2, "s": 4 / 6, "w": 1.0}
    assert entry.inner_wcs == 0


STOREY = {"at": [0, 0], "kinds": ["ldk", "stair"], "rows": ["ABBBB", "ABBBB", "ABBBB", "ABBBB"]}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"stair": ["u"]}, "not enough values"),
        ({"stair": ["spiral", [1, 0, 4, 4], "n", "left"]}, "spiral"),
        ({"stair": ["u", [1, 0, 4, 3], "n", "left"]}, "stair"),
        ({"stair": ["u", [1, 0, 4, 4], "up", "left"]}, "stair"),
        ({"stair": ["u", [1, 0, 4, 4], "n", "none"]}, "stair"),
        ({"stair": ["u", [-1, 0, 4, 4], "n", "left"]}, "stair"),
        ({"entrance": "x"}, "entrance 'x'"),
        ({"storeys": []}, "no storey"),
        ({"storeys": [{**STOREY, "kinds": ["ldk", "garage"]}]}, "kind 'garage'"),
        ({"storeys": [{**STOREY, "kinds": ["ldk"]}]}, "rows"),
        ({"storeys": [{**STOREY, "rows": ["ABBBB", "ABB"]}]}, "rows"),
        ({"storeys": [{**STOREY, "rows": [7]}]}, "int"),
        ({"storeys": [{**STOREY, "at": [0.5, 0]}]}, "at"),
    ],
)
def test_a_damaged_line_is_refused_before_its_rooms_are_asked_for(change: dict[str, object], fault: str) -> None:
    """A stair that is none of the catalogue's, a kind that there is not, rows that are no rooms."""
    good = {"entrance": "s", "stair": ["u", [1, 0, 4, 4], "n", "left"], "storeys": [STOREY]}
    assert library.Entry(good).topology.stair == Stair("u", (1, 0, 4, 4), "n", "left")
    with pytest.raises(PlanError, match=f"topology must be as madorizu writes it, got a fault at .*{fault}"):
        library.Entry({**good, **change})
    with pytest.raises(PlanError, match="topology must be as madorizu writes it"):
        topology.from_json({**good, **change})


def test_a_stair_lies_in_its_rooms() -> None:
    """One module further north the rooms do not hold it."""
    entry = library.Entry({"entrance": "s", "stair": ["u", [1, 1, 4, 4], "n", "left"], "storeys": [STOREY]})
    with pytest.raises(PlanError, match="stair must lie in its rooms, got"):
        _ = entry.topology


def test_a_seal_tells_how_many_lines_there_are() -> None:
    """Whole it opens again; a line less, more or changed does not; what is sealed is not sealed twice."""
    first, second = json.dumps(topology.to_json(whole())), json.dumps({**topology.to_json(whole()), "try": 1})
    lines = library.seal([first, second])
    assert lines[:2] == [first, second] and json.loads(lines[2])["sealed"] == 2
    assert library.unsealed(lines) == [first, second]
    for bad in ([first, lines[2]], [second, first, lines[2]], [first, first, lines[2]]):
        with pytest.raises(PlanError, match="must be the 2 lines that its seal tells of"):
            library.unsealed(bad)
    for cut in ([], [first, second], [first, second, lines[2][:9]], [first, "7"]):
        with pytest.raises(PlanError, match="must end with its seal"):
            library.unsealed(cut)
    with pytest.raises(PlanError, match="line 3 of the topology library must be a topology"):
        library.seal(lines)


def test_an_entry_counts_the_wcs_without_an_outer_wall() -> None:
    """One in the middle of three by three rooms, one at the rim."""
    rows = ["AAAA", "ABCA", "AAAC", "AAAC"]
    data = {"entrance": "s", "stair": None, "storeys": [{"at": [0, 0], "kinds": ["hall", "wc", "wc"], "rows": rows}]}
    assert library.Entry(data).inner_wcs == 1


def test_an_entry_says_whether_its_rooms_fit() -> None:
    """A walk-in closet a module wide and three long is a tunnel: the line is passed over."""
    for length, fits in ((6, False), (5, True)):
        rooms = (("wic", cells_in((0, 0, 2, length))), ("hall", cells_in((2, 0, 2, length))))
        assert library.Entry(topology.to_json(Topology((Storey(rooms),), "s", None))).fits is fits


def test_the_library_that_ships_is_whole() -> None:
    """Each line is a topology of one or two storeys, its heads those of its rooms."""
    entries = library.load()
    assert entries
    for entry in entries:
        assert entry.key == entry.topology.key and entry.entrance == entry.topology.entrance
        assert entry.kinds == tuple(tuple(k for k, _ in s.rooms) for s in entry.topology.storeys)
        assert entry.topology.entrance in SIDES and len(entry.key) in (1, 2)
        assert (entry.topology.stair is None) == (len(entry.key) == 1)
    with_code = {e.archetype for e in entries} - {None}
    assert with_code <= {a.code for a in ARCHETYPES}
    assert library.of_archetype("A99") == ()


def test_what_was_solved_for_an_archetype_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the code in the line."""
    line = topology.to_json(whole())
    entries = tuple(library.read_lines([json.dumps({**line, "archetype": code}) for code in ("A01", None, "A02")]))
    monkeypatch.setattr(library, "load", lambda: entries)
    assert library.of_archetype("A02") == (entries[2],)


def test_random_sites_are_common_houses() -> None:
    """Two hundred draws: one and two storeys, the 2F within the 1F."""
    sites = [library.random_site(random.Random(s)) for s in range(200)]
    assert {s.upper is None for s in sites} == {True, False}
    assert {s.entrance for s in sites} == {"n", "e", "s", "w"}
    for site in sites:
        if site.upper is not None:
            assert all(site.shift[i] >= 0 and site.shift[i] + site.upper[i] <= site.lower[i] for i in (0, 1))


def test_random_sites_have_notches_and_smaller_upper_storeys() -> None:
    """Six of ten larger 1Fs lose a corner of 4 to 25 %; the 2F has about 0.85 of the 1F, never under 40 modules²."""
    drawn = [s for seed in range(400) if (s := library.random_site(random.Random(seed))).upper is not None]
    large = [s for s in drawn if s.lower[0] * s.lower[1] >= 200]
    notches = [s.notch for s in large if s.notch]
    assert 0.5 < len(notches) / len(large) < 0.7 and min(notches) >= 0.04 and max(notches) <= 0.25
    assert all(s.notch == 0.0 for s in drawn if s.lower[0] * s.lower[1] < 200)
    areas = [(s.lower[0] * s.lower[1], s.upper[0] * s.upper[1]) for s in drawn if s.upper is not None]
    assert 0.82 < sum(above / below for below, above in areas) / len(areas) < 0.88
    assert all(above >= 160 or above == below for below, above in areas)


def test_harvest_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Useful topologies are kept, one per line; failures and useless ones are skipped and not tried again."""
    tried: list[int] = []
    useful = [e.topology for e in library.load()[:12] if library._is_useful(e.topology)][:3]
    useless = Topology((storey("HHHH\n" * 4),), "s", None)

    def find(site: object, *, seed: int, time_limit_s: float) -> Topology:
        tried.append(seed)
        if len(tried) == 2:
            raise OutOfTimeError("none")
        return useless if len(tried) == 1 else useful[len(tried) % 3]

    monkeypatch.setattr(library, "find", find)
    out = tmp_path / "found.jsonl"
    assert library.harvest(out, count=2, seed=5) == 2
    assert len(tried) == 4
    assert library.harvest(out, count=3, seed=5) == 3
    assert len(set(tried)) == len(tried) == 5
    assert [json.loads(line)["try"] for line in out.read_text(encoding="utf-8").splitlines()] == [2, 3, 4]
    assert len(list(library.read_lines(out.read_text(encoding="utf-8").splitlines()))) == 3


def test_harvest_for_an_archetype_counts_its_own_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site is that of the table, the line names the programme, and other lines of the file do not count."""
    sites = []
    useful = [e.topology for e in library.of_archetype("A01")[:8] if library._is_useful(e.topology)]

    def find(site: Site, *, seed: int, time_limit_s: float) -> Topology:
        sites.append((site.lower, site.upper, site.entrance, seed, time_limit_s))
        return useful[len(sites)]

    monkeypatch.setattr(library, "find", find)
    out = tmp_path / "found.jsonl"
    north = next(a for a in ARCHETYPES if a.code == "A05")
    assert library.harvest(out, count=1, seed=1) == 1
    assert library.harvest(out, count=2, seed=1, archetype=north, time_limit_s=5.0) == 2
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(line.get("archetype"), line["try"]) for line in lines] == [(None, 0), ("A05", 0), ("A05", 1)]
    assert [site[:3] for site in sites[1:]] == [((18, 16), (18, 16), "n")] * 2
    assert len({site[3] for site in sites}) == 3 and sites[1][4] == 5.0
    assert library.harvest(out, count=2, seed=1, archetype=north) == 2 and len(sites) == 3


def test_harvest_keeps_no_near_duplicates_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search finds the same house again and again, one line is kept, and the harvest gives up."""
    useful = next(e.topology for e in library.load() if library._is_useful(e.topology))
    monkeypatch.setattr(
        library,
        "find",
        lambda site, *, seed, time_limit_s: topology.turned(useful, topology.Turn(flip_x=seed % 2 == 0)),
    )
    monkeypatch.setattr(library, "BARREN_TRIES", 5)
    assert library.harvest(tmp_path / "found.jsonl", count=3, seed=1) == 1


def test_harvest_does_not_go_on_with_a_file_cut_short(tmp_path: Path) -> None:
    """A last line without its end is refused, and nothing is appended to it."""
    out = tmp_path / "found.jsonl"
    text = json.dumps(topology.to_json(whole()))
    out.write_text(f"{text}\n{text[:60]}", encoding="utf-8")
    with pytest.raises(PlanError, match="line 2 of the topology library must be a topology"):
        library.harvest(out, count=3, seed=0)
    assert out.read_text(encoding="utf-8") == f"{text}\n{text[:60]}"
