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
from madorizu.houses.finish import _hung, finish
from madorizu.houses.runs import Run, runs
from madorizu.houses.search import Site
from madorizu.houses.topology import Storey, Topology
from madorizu.plan import SIDES, Cell, Edge, Opening, Stair, cells_in, indoor_cells


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
        after = closets.carve(storey(BEDROOM), random.Random(seed))
        rooms = dict(after.rooms)
        assert rooms["bed"] | rooms["cl"] == cells_in((0, 0, 8, 7)) and not rooms["bed"] & rooms["cl"]
        assert 3 <= len(rooms["cl"]) <= 16 and rooms["hall"] == cells_in((0, 7, 8, 2))
        assert any((x, 6) in rooms["bed"] and (x + 1, 6) in rooms["bed"] for x in range(7))


def test_a_master_bedroom_beside_a_walk_in_closet_gets_none() -> None:
    """Its closet is there already."""
    before = storey("KKMMMMMM\n" * 6 + "HHHHHHHH\n" * 2)
    assert closets.carve(before, random.Random(0)) == before


def test_a_room_without_space_gets_no_closet() -> None:
    """Of a 4.5 畳 bedroom nothing can be cut that the catalogue allows."""
    small = storey("1111\n" * 8 + "HHHH\n" * 2)
    assert "cl" not in dict(closets.carve(small, random.Random(0)).rooms)


def test_a_room_away_from_the_hall_gets_no_closet() -> None:
    """Without a wall for its door no strip is usable."""
    assert "cl" not in dict(closets.carve(storey("11111111\n" * 7), random.Random(0)).rooms)


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
    return windows.glaze(picture, taken or set(), high or set(), balcony, porch, floor=floor, rng=random.Random(1))


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

    assert [beside(o) for o in glazed(picture) if o.y == 6] == [{False, True}]  # in the middle, x 3 to 7
    assert all(len(beside(o)) == 1 for o in glazed(picture, porch=porch))
    assert [o.x for o in glazed(picture, porch=porch) if o.y == 6] == [0, 4]


def test_small_rooms_get_a_small_sash_and_inner_rooms_none() -> None:
    """The WC at the outer wall gets one; a WC inside, and one with a taken wall, get none."""
    picture = storey("TTTT\nTTTT\nHHHH\nHHHH\n")
    assert [o.span for o in glazed(picture)] == [2, 2]
    inner = storey("HHHHHH\nHHHHHH\nHHTTHH\nHHTTHH\nHHHHHH\nHHHHHH\n")
    assert all(o.y in (0, 6) or o.x in (0, 6) for o in glazed(inner))
    narrow = storey("T\nT\nT\n")
    blocked = {Edge("v", 0, y) for y in range(3)} | {Edge("v", 1, y) for y in range(3)}
    assert glazed(narrow, taken=blocked) == []


def test_a_wall_too_short_for_a_sash_stays_closed() -> None:
    """A bedroom that sees the outside through half a module only."""
    picture = storey("HHHH1HHH\nH1111HHH\nH1111HHH\nH1111HHH\nHHHHHHHH\n")
    assert not [o for o in glazed(picture, floor=2) if o.span == 1]


# --- fixtures -----------------------------------------------------------------------------


def test_the_kitchen_keeps_off_doors_and_the_south() -> None:
    """In a free LDK it stands at any wall but the southern one, clear of the door."""
    picture = storey("LLLLLLLLLL\n" * 10 + "HHHHHHHHHH\n" * 2)
    found = hung(picture)
    busy = fixtures.busy_cells(found)
    taken = {e for o in found for e in o.edges}
    for seed in range(6):
        run = fixtures.kitchen_run(picture, taken, busy, random.Random(seed))
        assert run is not None and run.span in (6, 8)
        inside = 1 if run.edge.cells[1] in dict(picture.rooms)["ldk"] else -1
        assert not run.beside(inside, 2) & busy


def test_no_kitchen_without_a_wall_of_three_modules() -> None:
    """A living room that is all doors, and a storey without one."""
    picture = storey("LLLLL\n" * 5)
    assert fixtures.kitchen_run(picture, set(), frozenset(), random.Random(0)) is None
    assert fixtures.kitchen_run(storey("HHHH\n"), set(), frozenset(), random.Random(0)) is None


def test_fixtures_stand_inside_their_rooms_and_off_the_doors() -> None:
    """Tub, basin, washing machine, bowl, cabinet and counter; none where a leaf turns."""
    picture = storey(GROUND)
    found = hung(picture, floor=1)
    taken = {e for o in found for e in o.edges}
    busy = fixtures.busy_cells(found)
    kitchen = fixtures.kitchen_run(picture, taken, busy, random.Random(0))
    assert kitchen is not None
    placed = fixtures.equip(picture, kitchen, found, taken, busy)
    kinds = [f.kind for f in placed]
    assert {"bathtub", "basin", "toilet", "kitchen", "shoe_cabinet"} <= set(kinds)
    home = {"bathtub": "bath", "basin": "wash", "washing_machine": "wash", "toilet": "wc", "shoe_cabinet": "ent"}
    rooms = dict(picture.rooms)
    swept = {c for o in found for c in doors.swing(o)}
    for item in placed:
        cells = fixtures._cells_under(item)
        assert cells <= rooms[home.get(item.kind, "ldk")]
        assert not cells & swept
    assert len(fixtures.equip(picture, None, found, taken, busy)) < len(placed)


def test_the_bowl_stands_at_the_short_wall_far_from_the_door() -> None:
    """The door is in the east of a WC that lies east-west: the bowl stands in the west, facing east."""
    picture = storey("TTTTHH\nTTTTHH\n")
    found = hung(picture)
    bowl = fixtures.equip(picture, None, found, {e for o in found for e in o.edges}, fixtures.busy_cells(found))
    assert [(f.kind, f.facing, f.x_mm) for f in bowl] == [("toilet", "e", 75)]


@pytest.mark.parametrize(
    ("axis", "x", "y", "facing"), [("h", 0, 0, "s"), ("h", 0, 4, "n"), ("v", 0, 0, "e"), ("v", 4, 0, "w")]
)
def test_a_tub_faces_the_room_from_each_wall(axis: str, x: int, y: int, facing: str) -> None:
    """Three walls of the bath are taken; the tub stands at the fourth, 75 mm off the centre-line."""
    picture = storey("UUUU\n" * 4)
    free = Run(axis, x, y, 4)  # type: ignore[arg-type]
    taken = {e for r in (Run("h", 0, 0, 4), Run("h", 0, 4, 4), Run("v", 0, 0, 4), Run("v", 4, 0, 4)) for e in r.edges}
    tub = fixtures.equip(picture, None, [], taken - set(free.edges), frozenset())
    assert [f.facing for f in tub] == [facing]
    assert (
        min(tub[0].x_mm, tub[0].y_mm, 1820 - tub[0].x_mm - tub[0].width_mm, 1820 - tub[0].y_mm - tub[0].depth_mm) == 75
    )


def test_nothing_stands_in_an_arm_that_is_too_narrow() -> None:
    """A washroom with an arm half a module wide: basin and machine keep to the wide part."""
    picture = storey("WWWW\nWWWW\nWWWW\n...W\n...W\n...W\n...W\n")
    placed = fixtures.equip(picture, None, [], set(), frozenset())
    assert {f.kind for f in placed} == {"basin", "washing_machine"}
    assert all(fixtures._cells_under(f) <= cells_in((0, 0, 4, 3)) for f in placed)


def test_a_room_of_doors_gets_no_fixture() -> None:
    """Every wall of the bath is taken."""
    picture = storey("UUUU\n" * 4)
    taken = {e for r in (Run("h", 0, 0, 4), Run("h", 0, 4, 4), Run("v", 0, 0, 4), Run("v", 4, 0, 4)) for e in r.edges}
    assert fixtures.equip(picture, None, [], taken, frozenset()) == []


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
    """One module deep, as wide as the door's run."""
    house = next(h for h in (finish(whole(), seed=s) for s in range(20)) if h is not None)
    porch = next(r.cells for r in house.plans[0].rooms if r.kind == "porch")
    door = next(o for o in house.plans[0].openings if o.kind == "entrance")
    assert len(porch) == 2 * door.span and not porch & indoor_cells(house.plans[0])


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
    """Kinds, sizes, side and archetype are read at once; what the rooms are is refused when they are asked for."""
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
    (damaged,) = library.read_lines([json.dumps({**data, "stair": ["u"]})])
    with pytest.raises(PlanError, match="topology must be as madorizu writes it"):
        _ = damaged.topology


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
    useful = next(e.topology for e in library.load() if library._is_useful(e.topology))

    def find(site: Site, *, seed: int, time_limit_s: float) -> Topology:
        sites.append((site.lower, site.upper, site.entrance, seed, time_limit_s))
        return useful

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


def test_harvest_does_not_go_on_with_a_file_cut_short(tmp_path: Path) -> None:
    """A last line without its end is refused, and nothing is appended to it."""
    out = tmp_path / "found.jsonl"
    text = json.dumps(topology.to_json(whole()))
    out.write_text(f"{text}\n{text[:60]}", encoding="utf-8")
    with pytest.raises(PlanError, match="line 2 of the topology library must be a topology"):
        library.harvest(out, count=3, seed=0)
    assert out.read_text(encoding="utf-8") == f"{text}\n{text[:60]}"
