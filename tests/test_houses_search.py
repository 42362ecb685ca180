"""What a new house is searched with: sites from briefs, programmes, stairs on the lines, footprints.

Areas are in half-module cells, lengths in half modules; a module is 2 long and 4 large.
"""

from __future__ import annotations

import math
import random
import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madorizu.brief import PLACE_WORDS, Brief, Place, stair_place
from madorizu.catalogue import ARCHETYPES, ROOMS, STAIRS, Archetype
from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import programme, search, sites, stairs
from madorizu.houses.programme import Ask, Wishes
from madorizu.houses.search import Site, find
from madorizu.houses.stairs import StairKind
from madorizu.houses.topology import Storey, Topology, fits_catalogue
from madorizu.plan import SIDES, STEP, Cell, Edge, Plan, Room, Side, Stair, bounds, cells_in, is_connected, neighbours
from madorizu.rules import check
from madorizu.solve.cover import Tiling, Want, candidates
from madorizu.solve.grid import Grid

FAR = 1e9  # an end of `time.monotonic` that is never reached


def modules(width: int, height: int) -> Grid:
    """Make a grid of whole modules."""
    return Grid((2,) * width, (2,) * height)


def all_of(grid: Grid) -> frozenset[Cell]:
    """Return all cells of a grid."""
    return cells_in((0, 0, len(grid.columns), len(grid.rows)))


def asked(floor: str, width: float, height: float, **wishes: object) -> Brief:
    """Make a brief of a size in modules."""
    return Brief(floor, int(width * 910), int(height * 910), **wishes)  # type: ignore[arg-type]


# --- stairs ---------------------------------------------------------------------------------

# A stair that turns once, in its eight forms. Z is a step, e where one stands before the first
# one, a where one stands after the last; one letter is half a module, north is up.
TURNED_ONCE = {
    ("n", "right"): """
        ......
        .ZZZZa
        .ZZZZa
        .ZZ...
        .ZZ...
        .ZZ...
        .ZZ...
        .ee...
    """,
    ("n", "left"): """
        ......
        aZZZZ.
        aZZZZ.
        ...ZZ.
        ...ZZ.
        ...ZZ.
        ...ZZ.
        ...ee.
    """,
    ("s", "right"): """
        ...ee.
        ...ZZ.
        ...ZZ.
        ...ZZ.
        ...ZZ.
        aZZZZ.
        aZZZZ.
    """,
    ("s", "left"): """
        .ee...
        .ZZ...
        .ZZ...
        .ZZ...
        .ZZ...
        .ZZZZa
        .ZZZZa
    """,
    ("e", "right"): """
        ........
        eZZZZZZ.
        eZZZZZZ.
        .....ZZ.
        .....ZZ.
        .....aa.
    """,
    ("e", "left"): """
        .....aa.
        .....ZZ.
        .....ZZ.
        eZZZZZZ.
        eZZZZZZ.
    """,
    ("w", "right"): """
        .aa.....
        .ZZ.....
        .ZZ.....
        .ZZZZZZe
        .ZZZZZZe
    """,
    ("w", "left"): """
        ........
        .ZZZZZZe
        .ZZZZZZe
        .ZZ.....
        .ZZ.....
        .aa.....
    """,
}


def letters(text: str) -> dict[str, frozenset[Cell]]:
    """Read a drawing: the cells of each letter."""
    found: dict[str, set[Cell]] = {}
    for y, line in enumerate(textwrap.dedent(text).strip("\n").splitlines()):
        for x, letter in enumerate(line):
            found.setdefault(letter, set()).add((x, y))
    return {letter: frozenset(cells) for letter, cells in found.items()}


def outside(stair: Stair, edges: tuple[Edge, ...]) -> frozenset[Cell]:
    """Return the cells beyond a stair's rectangle at some of its edges."""
    return frozenset(c for e in edges for c in e.cells) - cells_in(stair.rect)


@pytest.mark.parametrize(("rise", "turn"), list(TURNED_ONCE))
def test_a_stair_that_turns_once_is_as_drawn(rise: Side, turn: str) -> None:
    """Its steps leave the open corner out; one steps on and off at the ends of the flights."""
    picture = letters(TURNED_ONCE[rise, turn])
    stair = Stair("l", bounds(picture["Z"]), rise, turn)  # type: ignore[arg-type]
    assert stairs.cells_of(stair) == picture["Z"] and len(picture["Z"]) == 16
    assert outside(stair, stair.entry) == picture["e"] and outside(stair, stair.arrival) == picture["a"]
    assert stairs.before(stair, stair.entry) in picture["e"]
    assert stairs.before(stair, stair.arrival) in picture["a"]
    # Both portals open to steps, not to the corner that is left out.
    for edges in (stair.entry, stair.arrival):
        assert all(any(c in picture["Z"] for c in edge.cells) for edge in edges)


def test_other_stairs_fill_their_rectangle() -> None:
    """One that turns back, and a straight one; the floor before a step to each side by hand."""
    back, straight = Stair("u", (2, 2, 4, 4), "n", "right"), Stair("straight", (2, 2, 8, 2), "e")
    assert stairs.cells_of(back) == cells_in((2, 2, 4, 4)) and stairs.cells_of(straight) == cells_in((2, 2, 8, 2))
    assert (stairs.before(back, back.entry), stairs.before(back, back.arrival)) == ((2, 6), (4, 6))
    assert (stairs.before(straight, straight.entry), stairs.before(straight, straight.arrival)) == ((1, 2), (10, 2))
    west = Stair("straight", (2, 2, 8, 2), "w")
    assert (stairs.before(west, west.entry), stairs.before(west, west.arrival)) == ((10, 2), (1, 2))
    south = Stair("straight", (2, 2, 2, 8), "s")
    assert (stairs.before(south, south.entry), stairs.before(south, south.arrival)) == ((2, 1), (2, 10))


def test_stairs_have_the_sizes_of_the_catalogue() -> None:
    """Each form of the catalogue is tried, in its size and direction; every one passes the rule of stairs."""
    grid = Grid((2,) * 6, (2, 3, 2, 2, 2, 2))  # one row of a module and a half, for the stair of five half modules
    for kind in {form.kind for form in STAIRS}:
        found = list(stairs.stairs_on(grid, all_of(grid), (kind,)))
        sizes = {(form.width, form.depth) for form in STAIRS if form.kind == kind}
        assert {s.rect[2:] for s in found if s.rise == "n"} == sizes
        for stair in found[::7]:
            rooms = (
                Room("stair", stairs.cells_of(stair)),
                Room("hall", cells_in((0, 0, 12, 13)) - stairs.cells_of(stair)),
            )
            faults = [f.message for f in check(Plan(1, rooms, stair=stair)) if f.code == "H05"]
            assert not [m for m in faults if "kind" in m or "fill" in m]


@pytest.mark.parametrize(("grid", "kind", "count"), [
    (modules(3, 3), "u", 32),  # four places, four rises, two turns
    (modules(3, 3), "l", 16),  # two places for each rise
    (modules(3, 3), "straight", 0),
    (modules(4, 1), "straight", 2),  # to the east and to the west
    (Grid((2, 2), (2, 3)), "u", 4),  # two modules by two and a half, to the north and to the south
    (Grid((3, 3), (3, 3)), "u", 0),  # no lines two modules apart
])  # fmt: skip
def test_stairs_on_lines_are_counted_by_hand(grid: Grid, kind: StairKind, count: int) -> None:
    """All different, each on lines of the grid."""
    found = list(stairs.stairs_on(grid, all_of(grid), (kind,)))
    assert len(found) == len(set(found)) == count
    assert all(grid.within(stair.rect) is not None for stair in found)


def test_stairs_keep_to_the_floor_that_both_storeys_have() -> None:
    """Of 3 × 3 modules without the north-west one, three of four places are left."""
    grid = modules(3, 3)
    found = {s.rect for s in stairs.stairs_on(grid, all_of(grid) - {(0, 0)}, ("u",))}
    assert found == {(2, 0, 4, 4), (0, 2, 4, 4), (2, 2, 4, 4)}


@pytest.mark.parametrize("place", list(PLACE_WORDS))
@pytest.mark.parametrize("kind", ["u", "l", "straight"])
def test_a_stair_stands_in_the_place_asked_for(place: Place, kind: StairKind) -> None:
    """In each ninth of 10 × 10 modules, its way on and its way off clear; measured as of a plan."""
    grid = modules(10, 10)
    floor = all_of(grid)
    site = Site((20, 20), (20, 20), stair_kinds=(kind,), stair_place=place)
    stair = search._place_stair(site, grid, floor, floor, random.Random(place))
    assert stair is not None and stair.kind == kind
    taken = stairs.cells_of(stair)
    plan = Plan(1, (Room("stair", taken), Room("hall", cells_in((0, 0, 20, 20)) - taken)), stair=stair)
    assert stair_place(plan) == place
    for edges in (stair.entry, stair.arrival):
        assert outside(stair, edges) <= cells_in((0, 0, 20, 20)) - taken


def test_the_place_is_that_of_the_storey_which_the_brief_speaks_of() -> None:
    """The north-west of a 2F that lies in the south-east of its 1F."""
    grid = modules(12, 12)
    upper = cells_in((6, 6, 6, 6))
    site = Site((24, 24), (12, 12), (12, 12), stair_kinds=("u",), stair_place="nw", place_storey=1)
    for seed in range(5):
        stair = search._place_stair(site, grid, all_of(grid), upper, random.Random(seed))
        assert stair is not None
        x, y, _, _ = stair.rect
        assert 12 <= x + 2 < 16 and 12 <= y + 2 < 16  # its middle


def test_stairs_that_do_not_fit_are_none() -> None:
    """A strip; a floor that is all stair; an open corner that no line bounds; no stair in the middle of 5 modules."""
    rng, strip = random.Random(0), modules(1, 3)
    site = Site((2, 6), (2, 6), stair_kinds=("u", "straight"))
    assert search._place_stair(site, strip, all_of(strip), all_of(strip), rng) is None
    full = modules(2, 2)
    assert search._place_stair(Site((4, 4), (4, 4), stair_kinds=("u",)), full, all_of(full), all_of(full), rng) is None
    wide = Grid((4, 4, 4), (2, 2, 4, 2, 2))  # two modules by three, but no column of one module
    once = Site((12, 12), (12, 12), stair_kinds=("l",))
    assert any(True for _ in stairs.stairs_on(wide, all_of(wide), ("l",)))
    assert search._place_stair(once, wide, all_of(wide), all_of(wide), rng) is None
    tight = Site((10, 10), (10, 10), stair_kinds=("straight",), stair_place="ne")
    grid = modules(5, 5)
    assert search._place_stair(tight, grid, all_of(grid), all_of(grid), rng) is None


# --- entrance and footprint -----------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_the_entrance_lies_on_its_side(side: Side) -> None:
    """Of 9 to 20 half-module cells, a module and a half deep at least, a module of wall to the street."""
    grid = Grid((2, 3, 2, 4, 2, 3), (2, 2, 3, 2, 4, 2))
    floor = all_of(grid)
    dx, dy = STEP[side]
    areas = set()
    for seed in range(12):
        cells = search._place_entrance(floor, floor, side, grid, random.Random(seed))
        assert cells is not None and any((x + dx, y + dy) not in floor for x, y in cells)
        _, _, width, height = bounds(grid.halves(cells))
        assert min(width, height) >= 3 and width * height == grid.area(cells)
        areas.add(grid.area(cells))
    assert min(areas) >= 9 and max(areas) <= 20


def test_an_entrance_may_lie_in_a_notch() -> None:
    """The south side is taken up to the notch: the entrance opens into it."""
    grid = modules(6, 6)
    floor = all_of(grid) - cells_in((0, 4, 3, 2))
    free = floor - cells_in((3, 4, 3, 2))
    cells = search._place_entrance(free, floor, "s", grid, random.Random(0))
    assert cells is not None and {y for _, y in cells} <= {2, 3} and {x for x, _ in cells} <= {0, 1, 2, 3}


def test_no_entrance_where_no_wall_is_free() -> None:
    """All of the side is taken, or is a single strip."""
    grid = modules(4, 4)
    floor = all_of(grid)
    assert search._place_entrance(floor - cells_in((0, 2, 4, 2)), floor, "s", grid, random.Random(0)) is None
    strip = modules(1, 4)
    assert search._place_entrance(all_of(strip), all_of(strip), "s", strip, random.Random(0)) is None


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(10, 30), st.integers(10, 30), st.floats(0.0, 0.42), st.integers(0, 2**32))
def test_a_notch_keeps_the_bounding_rectangle(width: int, height: int, share: float, seed: int) -> None:
    """W×H is exact, whatever is left out; the 2F lies on the 1F and keeps its own size."""
    rng = random.Random(seed)
    upper = width - rng.choice((0, 1, 2)), height - rng.choice((0, 3))
    shift = rng.choice((0, width - upper[0])), rng.choice((0, height - upper[1]))
    site = Site((width, height), upper, shift, notch=share)
    grid = search._grid(site, rng)
    lower, above = search._floors(site, grid, rng)
    assert bounds(grid.halves(lower)) == (0, 0, width, height)
    assert bounds(grid.halves(above)) == (*shift, *upper) and above <= lower
    assert grid.area(lower) >= (0.3 if share else 1.0) * width * height


def test_a_notch_that_would_take_the_upper_storey_is_none() -> None:
    """A 2F of 4 × 4 modules in a corner of 15 × 15, of which two fifths are left out: the 1F stays whole there."""
    whole = 0
    for corner in ((0, 0), (22, 22)):
        for seed in range(10):
            site = Site((30, 30), (8, 8), corner, notch=0.4)
            grid = search._grid(site, random.Random(seed))
            lower, upper = search._floors(site, grid, random.Random(seed))
            assert bounds(grid.halves(upper)) == (*corner, 8, 8) and upper <= lower
            whole += grid.area(lower) == 900
    assert 0 < whole < 20


def test_a_notch_is_about_as_large_as_asked() -> None:
    """A fifth of 8 × 8 modules, over twenty seeds; a quarter and more may be lost at two corners."""
    grid = modules(8, 8)
    for seed in range(20):
        lower, above = search._floors(Site((16, 16), notch=0.2), grid, random.Random(seed))
        assert above == frozenset() and 0.15 <= 1 - grid.area(lower) / 256 <= 0.25 and is_connected(lower)
    missing = all_of(grid)
    both = (search._without_corner(missing, grid, 0.3, random.Random(seed)) for seed in range(12))
    corners = [sum(c not in cells for c in ((0, 0), (7, 0), (0, 7), (7, 7))) for cells in both]
    assert set(corners) == {1, 2}
    assert search._without_corner(missing, grid, 0.0, random.Random(0)) == missing


@pytest.mark.parametrize("side", SIDES)
def test_notches_lie_at_the_entrance_more_often(side: Side) -> None:
    """Of sixty, more than half but not all at the two corners of its side."""
    grid = modules(8, 8)
    corners: dict[Side, tuple[Cell, Cell]] = {
        "n": ((0, 0), (7, 0)), "e": ((7, 0), (7, 7)), "s": ((0, 7), (7, 7)), "w": ((0, 0), (0, 7)),
    }  # fmt: skip
    lost = [search._without_corner(all_of(grid), grid, 0.1, random.Random(seed), side) for seed in range(60)]
    at_it = sum(any(corner not in cells for corner in corners[side]) for cells in lost)
    assert 36 < at_it < 60


def test_a_2f_may_lose_a_corner_of_its_own() -> None:
    """A tenth of a 2F of 6 × 6 modules in the south-east of 8 × 8: the 1F stays whole, the 2F keeps its size."""
    grid = Grid((2,) * 8, (2,) * 8)
    for seed in range(12):
        site = Site((16, 16), (12, 12), (4, 4), notch=0.0, upper_notch=0.1)
        lower, upper = search._floors(site, grid, random.Random(seed))
        assert lower == all_of(grid) and bounds(grid.halves(upper)) == (4, 4, 12, 12)
        assert 0.05 <= 1 - grid.area(upper) / 144 <= 0.16


def test_a_single_column_loses_no_corner() -> None:
    """There is no corner without the whole column."""
    grid = modules(1, 5)
    assert search._without_corner(all_of(grid), grid, 0.2, random.Random(0)) == all_of(grid)


@pytest.mark.parametrize(("site", "low", "high"), [
    (Site((16, 14), (16, 14), wishes=Wishes(exact=((("ldk", 120),), ()))), 0.0, 0.0),
    (Site((12, 10)), 0.0, 0.0),  # too small for one by chance
    (Site((16, 14)), 0.0, 0.16),
    (Site((30, 30), (30, 30), wishes=Wishes(habitable=2)), 0.3, 0.42),  # 900 where 255 are usual
    (Site((30, 30), (30, 30), wishes=Wishes(bedrooms=2)), 0.3, 0.42),
    (Site((30, 30), (30, 30), wishes=Wishes(below=Ask(bedrooms=0))), 0.3, 0.42),
    (Site((20, 16), (20, 16), wishes=Wishes(habitable=2)), 0.12, 0.21),  # 320 where 255 are usual
    (Site((16, 14), (16, 14), wishes=Wishes(habitable=5)), 0.0, 0.16),  # no more than is needed
])  # fmt: skip
def test_large_houses_of_few_rooms_lose_a_corner(site: Site, low: float, high: float) -> None:
    """The share left out, over thirty seeds: as much as the rooms do not need, at most 42 %."""
    shares = [search._notch_share(site, random.Random(seed)) for seed in range(30)]
    assert low <= min(shares) and max(shares) <= high
    assert len(set(shares)) > 1 or max(shares) in (0.0, 0.42)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(8, 40), st.integers(8, 40), st.integers(0, 2**32))
def test_the_lines_of_a_site(width: int, height: int, seed: int) -> None:
    """They add up to W×H, the 2F's sides run along some, and there are never many more cells than can be solved."""
    rng = random.Random(seed)
    upper = max(8, width - rng.choice((0, 1, 4))), max(8, height - rng.choice((0, 2, 3)))
    site = Site((width, height), upper, (width - upper[0], 0))
    grid = search._grid(site, rng)
    assert (grid.xs[-1], grid.ys[-1]) == (width, height)
    assert grid.within((*site.shift, *upper)) is not None
    wide_enough = 100 * math.ceil(width / 40) * math.ceil(height / 40)
    assert len(grid.columns) * len(grid.rows) <= 1.6 * max(search.MOST_CELLS, wide_enough / 1.6)


# --- from a brief to a site -----------------------------------------------------------------


@pytest.mark.parametrize(("brief", "storeys", "index"), [
    (asked("1F", 8, 8), 2, 0),
    (asked("1F", 8, 8, elements=frozenset({"entrance"})), 1, 0),
    (asked("1F", 8, 8, nldk=2), 1, 0),
    (asked("1F", 8, 8, elements=frozenset({"stairs", "entrance"})), 2, 0),
    (asked("2F", 8, 8), 2, 1),
    (asked("both", 8, 8), 2, 0),
    (asked("both", 8, 8, elements=frozenset({"entrance"})), 2, 0),
    (asked("unknown", 8, 8, elements=frozenset({"entrance"})), 2, 0),
    (asked("unknown", 8, 8, elements=frozenset({"balcony"})), 2, 0),
])  # fmt: skip
def test_storeys_of_a_brief(brief: Brief, storeys: int, index: int) -> None:
    """Stairs decide: a 1F of named elements without them, or of nLDK, is a house of one storey."""
    assert sites.storeys_of(brief) == storeys and sites.storey_index(brief) == index
    assert (sites.site_of(brief, random.Random(0)).upper is not None) == (storeys == 2)


def test_a_1f_has_its_size_and_its_2f_lies_on_it() -> None:
    """Over thirty seeds, in a house that needs all of its floor and in one that does not."""
    for brief in (asked("1F", 8, 7, bedrooms=1), asked("both", 14, 13, nldk=2), asked("unknown", 9.5, 8)):
        found = [sites.site_of(brief, random.Random(seed)) for seed in range(30)]
        for site in found:
            assert site.lower == (brief.width * 2, brief.height * 2) and site.upper is not None
            assert min(site.upper) >= search.LEAST_SIDE
            assert all(0 <= site.shift[i] <= site.lower[i] - site.upper[i] for i in (0, 1))
        assert {site.entrance for site in found} == set(SIDES)
    large = [sites.site_of(asked("both", 14, 13, nldk=2), random.Random(seed)).upper for seed in range(9)]
    # 28 × 26 half modules for two rooms: the 2F shrinks to 1.3 times what they need, 460.
    assert all(upper is not None and upper[0] * upper[1] <= 460 for upper in large)


def test_a_2f_has_its_size_and_lies_on_its_1f() -> None:
    """The 1F is of the same size or up to two modules larger."""
    found = [sites.site_of(asked("2F", 7, 8, stair_place="n", elements=frozenset({"stairs"})), random.Random(s))
             for s in range(40)]  # fmt: skip
    assert {site.upper for site in found} == {(14, 16)} and {site.place_storey for site in found} == {1}
    assert {site.stair_place for site in found} == {"n"}
    assert {site.lower for site in found} <= {(w, h) for w in (14, 16, 18) for h in (16, 18)}
    assert {site.lower for site in found} > {(14, 16)}
    assert all(site.shift[i] in (0, site.lower[i] - (14, 16)[i]) for site in found for i in (0, 1))


def test_the_upper_size_is_kept_to_the_letter() -> None:
    """As is the entrance's side."""
    brief = asked("both", 10, 8, upper_mm=(8190, 6370), elements=frozenset({"entrance"}), entrance_side="w")
    for seed in range(8):
        site = sites.site_of(brief, random.Random(seed))
        assert (site.lower, site.upper, site.entrance) == ((20, 16), (18, 14), "w")
        assert site.shift[0] in (0, 2) and site.shift[1] in (0, 2)


@pytest.mark.parametrize(("brief", "wishes"), [
    (asked("both", 9, 8, bedrooms=2, nldk=3, features=frozenset({"wa"})),
     Wishes(rooms=frozenset({"wa"}), bedrooms=2, habitable=3)),
    (asked("1F", 9, 8, nldk=3), Wishes(habitable=3)),
    (asked("1F", 9, 8, bedrooms=1, features=frozenset({"sic"})), Wishes(below=Ask(1, frozenset({"sic"})))),
    (asked("2F", 9, 8, bedrooms=3, features=frozenset({"wic"})), Wishes(above=Ask(3, frozenset({"wic"})))),
    (asked("unknown", 9, 8, bedrooms=0), Wishes(below=Ask(0))),
])  # fmt: skip
def test_wishes_of_a_brief(brief: Brief, wishes: Wishes) -> None:
    """A whole house's are of either storey, those of one storey are of that one."""
    assert sites.site_of(brief, random.Random(0)).wishes == wishes


@pytest.mark.parametrize("archetype", ARCHETYPES, ids=lambda a: a.code)
def test_sites_of_archetypes(archetype: Archetype) -> None:
    """Sizes doubled to half modules, rooms to the letter, and all of them fit with a stair."""
    site = sites.site_of_archetype(archetype, random.Random(2))
    assert site.lower == (2 * archetype.width, 2 * archetype.height) and site.entrance == archetype.entrance
    assert (site.upper is None) == (archetype.upper is None) == (archetype.stair is None)
    assert site.stair_kinds == (archetype.stair or "u",)
    assert site.wishes.living_stair == archetype.living_stair
    for size, rooms, named in zip((site.lower, site.upper), site.wishes.exact, archetype.floors, strict=False):
        assert [(k, a / 4) for k, a in rooms] == [(k, a) for k, a in named]
        stair = 16 if site.upper is not None else 0
        assert size is not None and sum(a for _, a in rooms) + stair <= size[0] * size[1]
    search.prove(site)


def test_an_archetype_with_room_to_spare_may_lose_a_corner() -> None:
    """A09's 2F is left 60 cells of 320 for hall, where 29 are usual; A05's 1F 20 of 288: nothing to spare."""
    sites_of = {
        code: [sites.site_of_archetype(a, random.Random(seed)) for seed in range(20)]
        for code in ("A05", "A09")
        for a in ARCHETYPES
        if a.code == code
    }
    assert {round(s.upper_notch, 3) for s in sites_of["A09"]} == {0.0, 0.097}
    assert {s.notch for s in (*sites_of["A05"], *sites_of["A09"])} == {0.0}


def test_sites_of_small_archetypes_differ_in_size() -> None:
    """A07's 5 × 10 modules, or up to a module deeper and half a module wider, both storeys alike; A01 stays."""
    by_code = {a.code: a for a in ARCHETYPES}
    found = [sites.site_of_archetype(by_code["A07"], random.Random(seed)) for seed in range(40)]
    assert {s.lower for s in found} == {(10, 20), (10, 21), (10, 22), (11, 20), (11, 21)}
    assert all(s.upper == s.lower for s in found)
    assert len({sites.site_of_archetype(by_code["A01"], random.Random(seed)).lower for seed in range(20)}) == 1


def test_the_site_of_a_known_archetype() -> None:
    """A06 spelled out: 8 × 10 modules below, 8 × 8 above at its north or south end, entrance east."""
    a06 = next(a for a in ARCHETYPES if a.code == "A06")
    found = [sites.site_of_archetype(a06, random.Random(seed)) for seed in range(9)]
    assert {s.shift for s in found} == {(0, 0), (0, 4)}
    assert found[0].wishes.exact[0][:2] == (("ldk", 160), ("wa", 56)) and found[0].wishes.exact[1][-1] == ("s", 8)
    assert (found[0].lower, found[0].upper, found[0].entrance) == ((16, 20), (16, 16), "e")


# --- programme ------------------------------------------------------------------------------


def test_halls_and_least_areas_by_hand() -> None:
    """A hall takes 4 to 15 % of a storey, of a small one 4 to 16; an LDK 20 modules² or, of 1LDK, 16."""
    assert programme.hall_of(200) == (8, 30) and programme.hall_of(40) == (4, 16)
    assert programme.least_of("ldk", ("ldk", "bed")) == 64 and programme.least_of("ldk", ("ldk", "bed", "wa")) == 80
    assert programme.least_of("bed", ()) == 36 and programme.least_of("sic", ()) == ROOMS["sic"].min_cells == 4
    kinds = ("ldk", "wc", "wash", "bath")  # 64 + 6 + 12 + 12 = 94, and a hall of 4
    assert programme.least_area(kinds, kinds) == 98
    assert programme.least_area(kinds, (*kinds, "bed", "bed")) == 114
    # 240 · 1.3 and 12 + 28 + 24 as they are, and a hall of 13 %.
    assert programme.greatest_area(kinds) == pytest.approx((312 + 64) / 0.87)


@pytest.mark.parametrize("area", [(150, 160), (190, 200), (240, 260), (330, 300), (430, 330), (230,), (330,), (480,)])
def test_rooms_that_are_drawn_can_fill_their_storeys(area: tuple[int, ...]) -> None:
    """Least areas fit in, greatest ones fill up; an LDK, one bath and a WC on each storey are always there."""
    for seed in range(12):
        kinds = programme.share(area, Wishes(), random.Random(seed))
        assert kinds is not None and len(kinds) == len(area)
        house = tuple(k for storey in kinds for k in storey)
        assert all(house.count(k) == 1 for k in ("ldk", "wash", "bath")) and {"bed", "mbr"} & set(house)
        for storey, cells in zip(kinds, area, strict=True):
            assert programme.least_area(storey, house) <= cells <= programme.greatest_area(storey)
            assert "wic" not in storey or "mbr" in storey
            assert "pantry" not in storey or "ldk" in storey
            assert "laundry" not in storey or "wash" in storey
        assert programme.share(area, Wishes(), random.Random(seed)) == kinds


@pytest.mark.parametrize(("wishes", "area", "met"), [
    (Wishes(habitable=3), (200, 200), lambda k: n_of(k, "bed", "mbr", "wa") == [3]),
    (Wishes(habitable=5), (320, 320), lambda k: n_of(k, "bed", "mbr", "wa") == [5]),
    (Wishes(habitable=1), (170,), lambda k: n_of(k, "bed", "mbr", "wa") == [1]),
    (Wishes(bedrooms=4), (240, 260), lambda k: n_of(k, "bed", "mbr") == [4]),
    (Wishes(bedrooms=2, habitable=3), (240, 220), lambda k: n_of(k, "wa") == [1] and n_of(k, "bed", "mbr") == [2]),
    (Wishes(bedrooms=3, habitable=4, rooms=frozenset({"wa"})), (300, 220),
     lambda k: n_of(k, "wa") == [1] and n_of(k, "bed", "mbr") == [3]),
    (Wishes(above=Ask(3, frozenset({"wic"}))), (200, 220),
     lambda k: n_of(k[1:], "bed", "mbr") == [3] and "wic" in k[1]),
    (Wishes(below=Ask(0)), (200, 200), lambda k: n_of(k[:1], "bed", "mbr") == [0] and n_of(k[1:], "bed", "mbr") > [0]),
    (Wishes(below=Ask(2, frozenset({"wa", "pantry", "sic", "laundry", "den"}))), (400, 200),
     lambda k: n_of(k[:1], "bed", "mbr") == [2] and {"wa", "pantry", "sic", "laundry", "den"} <= set(k[0])),
    (Wishes(above=Ask(None, frozenset({"ldk"}))), (200, 200), lambda k: "ldk" in k[1] and "ldk" not in k[0]),
    (Wishes(above=Ask(None, frozenset({"bath"}))), (200, 200), lambda k: "bath" in k[1] and "bath" not in k[0]),
    (Wishes(below=Ask(None, frozenset({"ldk", "bath"}))), (200, 200), lambda k: {"ldk", "bath"} <= set(k[0])),
    (Wishes(rooms=frozenset({"void", "sic", "s", "ldk"})), (240, 260),
     lambda k: "void" in k[1] and "sic" in k[0] and n_of(k, "s") > [0] and n_of(k, "ldk") == [1]),
    (Wishes(rooms=frozenset({"void"})), (300,), lambda k: "void" in k[0]),
])  # fmt: skip
def test_wishes_enter_the_programme(wishes: Wishes, area: tuple[int, ...], met: object) -> None:
    """What is wished is kept to the letter, over ten seeds; one draw may fail, never all."""
    found = [programme.share(area, wishes, random.Random(seed)) for seed in range(10)]
    assert all(kinds is None or met(kinds) for kinds in found)  # type: ignore[operator]
    assert sum(kinds is not None for kinds in found) >= 8


def n_of(kinds: tuple[programme.Kinds, ...], *named: str) -> list[int]:
    """Count rooms of some kinds, in a list so that a table of lambdas stays readable."""
    return [sum(k in named for storey in kinds for k in storey)]


@pytest.mark.parametrize(("wishes", "area"), [
    (Wishes(), (60, 60)),  # too small for anything
    (Wishes(below=Ask(0), above=Ask(0)), (3000, 3000)),  # too large for rooms without bedrooms
    (Wishes(bedrooms=9), (150, 150)),  # no place for nine
    (Wishes(rooms=frozenset({"wa"}), habitable=0), (200, 200)),  # a tatami room is one
    (Wishes(below=Ask(1), above=Ask(1), bedrooms=5), (300, 300)),  # 1 + 1 is not 5
])  # fmt: skip
def test_wishes_that_no_draw_meets_give_none(wishes: Wishes, area: tuple[int, ...]) -> None:
    """After all draws."""
    assert programme.share(area, wishes, random.Random(0)) is None


def test_no_bedroom_in_a_house_is_kept_to_the_letter() -> None:
    """Both storeys without: then the house has tatami rooms or none, but no bedroom by chance."""
    kinds = programme.share((200, 200), Wishes(below=Ask(0), above=Ask(0)), random.Random(0))
    assert kinds is None or n_of(kinds, "bed", "mbr") == [0]


def test_an_archetype_is_taken_as_it_is() -> None:
    """Its rooms in their order, without the entrance; nothing is added."""
    exact = ((("ldk", 120), ("ent", 12), ("wc", 8)), (("mbr", 64), ("wc", 8)))
    assert programme.share((1, 1), Wishes(exact=exact), random.Random(0)) == (("ldk", "wc"), ("mbr", "wc"))
    plan = programme.programme(("ldk", "wc"), 160, random.Random(0), exact=exact[0])
    ldk, wc = plan.wants
    assert (ldk.low, ldk.high) == (84, 156)  # 120 by 30 % less or more
    assert (wc.low, wc.high) == (8, 12)  # rooms that are built in sizes keep those


def test_a_programme_by_hand() -> None:
    """What each room may be and what it must touch, usually and where nothing else works."""
    kinds = ("ldk", "wc", "wash", "bath", "bed", "sto", "den", "laundry")
    usual, loose = (programme.programme(kinds, 300, random.Random(0), loose=flag) for flag in (False, True))
    by = {want.kind: want for want in usual.wants}
    other = {want.kind: want for want in loose.wants}
    assert (by["bath"].low, by["bath"].high, by["bath"].min_side, by["bath"].touches) == (16, 16, 4, ("wash",))
    assert (other["bath"].low, other["bath"].high, other["bath"].min_side) == (12, 16, 3)
    assert (by["wc"].low, by["wc"].touches) == (8, ("hall",)) and other["wc"].touches == ("hall", "wash")
    assert (by["bed"].min_side, by["bed"].outside) == (6, SIDES) and other["bed"].min_side == 5
    assert by["bed"].touches == ("hall",) and other["bed"].touches == ("hall", "ldk")
    assert (by["wash"].low, by["wash"].high) == (12, 24) and by["laundry"].touches == ("wash", "hall")
    assert by["ldk"].l_shapes and by["ldk"].outside in (("s",), ("s", "e", "w"))
    assert other["ldk"].outside == ("s", "e", "w")
    assert by["sto"].max_aspect == 2.5 and by["den"].max_aspect == 3.0 and by["den"].min_side == ROOMS["den"].min_side
    assert usual.hall == (12, 45)
    sides = {programme.programme(("ldk",), 120, random.Random(s)).wants[0].outside for s in range(20)}
    assert sides == {("s",), ("s", "e", "w")}


def test_baths_are_1616_but_in_large_houses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 80 modules² of 1F; where eight attempts failed, the ninth may have a larger one anywhere."""
    large = programme.programme(("bath",), 300, random.Random(0), large_bath=True).wants[0]
    assert (large.low, large.high) == (16, 24)
    caught = captured(monkeypatch)
    highs = {}
    for site, number in ((Site((16, 14), (16, 14)), 0), (Site((16, 14), (16, 14)), 8), (Site((22, 18), (16, 14)), 0)):
        for seed in range(9):
            search._attempt(site, random.Random(seed), FAR, number)
        highs[site.lower, number] = {w.high for plan, _ in caught for w in plan.wants if w.kind == "bath"}
        caught.clear()
    assert highs == {((16, 14), 0): {16}, ((16, 14), 8): {24}, ((22, 18), 0): {24}}


def test_stores_are_no_tunnels() -> None:
    """A WIC of a module's width is at most two and a half long; one of 1 × 3 modules does not fit the catalogue."""
    for kind in ("sic", "s", "wic", "sto", "pantry"):
        (want,) = programme.programme((kind,), 60, random.Random(0), house=("ldk", "mbr", kind)).wants
        options = candidates(want, all_of(modules(6, 6)), all_of(modules(6, 6)), modules(6, 6))
        sizes = {tuple(sorted(bounds(cells)[2:])) for cells in options}
        assert sizes and all(length <= 2.5 * width for width, length in sizes)
        for size, good in (((2, 5), True), ((2, 6), False), ((3, 4), True), ((6, 2), False)):
            if ROOMS[kind].max_cells >= 12:
                assert fits_catalogue([Storey(((kind, cells_in((0, 0, *size))),))]) == good
    assert not fits_catalogue([Storey((("sto", cells_in((0, 0, 1, 4))),))])
    assert fits_catalogue([Storey((("hall", cells_in((0, 0, 2, 12))),))])  # a corridor is one


@pytest.mark.parametrize("area", [150, 180, 240, 320, 420])
def test_ranges_of_areas_can_add_up(area: int) -> None:
    """Lows and the least hall fit in, highs and the greatest hall reach the area."""
    for seed in range(6):
        rng = random.Random(seed)
        (kinds,) = programme.share((area,), Wishes(), rng) or ((),)
        plan = programme.programme(kinds, area, rng)
        assert all(want.low <= want.high for want in plan.wants) and plan.hall[0] <= plan.hall[1]
        assert sum(want.low for want in plan.wants) + plan.hall[0] <= area + 4
        assert sum(want.high for want in plan.wants) + plan.hall[1] >= area


def test_the_ldk_is_as_large_as_the_whole_house_demands() -> None:
    """Alone on its storey it is still the LDK of a 3LDK."""
    (want,) = programme.programme(("ldk",), 90, random.Random(0), house=("ldk", "bed", "bed")).wants
    assert want.low == 80
    (alone,) = programme.programme(("ldk",), 70, random.Random(0)).wants
    assert alone.low == 64


def test_a_room_can_be_bound_to_cells() -> None:
    """The first LDK holds the foot of the stair; each void lies within what is open below, others are free."""
    plan = programme.Programme((Want("bed", 1, 2), Want("ldk", 1, 2), Want("void", 1, 2)), (4, 8))
    held = programme.holding(plan, "ldk", (3, 4))
    assert [want.holds for want in held.wants] == [frozenset(), frozenset({(3, 4)}), frozenset()]
    bound = programme.over(plan, frozenset({(1, 1)}))
    assert [want.within for want in bound.wants] == [None, None, frozenset({(1, 1)})]
    assert held.hall == bound.hall == (4, 8)


# --- search ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("site", "message"), [
    (Site((11, 8), (11, 8)), None),
    (Site((10, 8)), "at least 30 modules² on the 1F and sides of 4, got 5x4"),
    (Site((9, 8), (9, 8)), "at least 22 modules² on the 1F and sides of 4, got 4.5x4"),
    (Site((30, 7), (30, 7)), "sides of 4, got 15x3.5"),
    (Site((16, 14), (10, 8), wishes=Wishes(above=Ask(4))), r"rooms of the 2F must fit its 20 modules², got a wish for"),
    (Site((12, 10), wishes=Wishes(below=Ask(1, frozenset({"ldk", "wa"})))), r"rooms of the 1F must fit its 30"),
    (Site((12, 12), wishes=Wishes(habitable=4)), r"rooms must fit the house's 36 modules², got a wish for"),
    (Site((12, 12), (12, 12), wishes=Wishes(bedrooms=9)), r"rooms must fit the house's 72 modules², got a wish for"),
    (Site((16, 14), (16, 14), wishes=Wishes(bedrooms=4)), None),
    (Site((20, 18), (20, 18), wishes=Wishes(below=Ask(40))), r"rooms of the 1F must fit its 90 .* a wish for 323.5"),
])  # fmt: skip
def test_what_is_proved_infeasible(site: Site, message: str | None) -> None:
    """By sums of least areas alone; forty bedrooms, too."""
    if message is None:
        search.prove(site)
        return
    with pytest.raises(InfeasibleError, match=message):
        find(site, seed=0, time_limit_s=1)


def test_a_search_can_run_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first try, and inside the tiler: then going on would give what a faster machine does not."""
    with pytest.raises(OutOfTimeError, match=r"no house of 9x9 found in 0 s \(0 tries\)"):
        find(Site((18, 18), (18, 18)), seed=0, time_limit_s=0)
    monkeypatch.setattr(search, "tile", lambda *a, **k: ("out of time", None))
    level = search._Level(all_of(modules(4, 4)), (), ("ldk",), ("ldk",), ())
    plan = programme.Programme((), (4, 8))
    must = [level.floor]
    with pytest.raises(OutOfTimeError, match="must be found within the time limit"):
        search._tiled(modules(4, 4), level, plan, must, random.Random(0), time.monotonic())
    assert search._tiled(modules(4, 4), level, plan, must, random.Random(0), time.monotonic() + 60) is None


def test_one_storey_is_found_without_stairs() -> None:
    """A 平屋 of 8 × 7 modules with its entrance to the north; equal seeds give equal ones."""
    site = Site((16, 14), entrance="n")
    found = find(site, seed=3, time_limit_s=120)
    assert found.stair is None and found.entrance == "n" and found.key == ((16, 14),)
    kinds = dict(found.storeys[0].rooms)
    assert "stair" not in kinds and {"ldk", "bath", "wash", "wc", "ent", "hall"} <= set(kinds)
    assert min(y for _, y in kinds["ent"]) == 0
    assert fits_catalogue(found.storeys, oversize=programme.OVERSIZE)
    assert find(site, seed=3, time_limit_s=90) == found


def test_two_storeys_are_found_stair_on_stair() -> None:
    """On lines off the module, 7.5 × 6.5: each storey covered once, the stair where it was asked for."""
    site = Site((15, 13), (15, 13), stair_kinds=("u", "l"), notch=0.0)
    found = find(site, seed=0, time_limit_s=120)
    assert found.key == ((15, 13), (15, 13)) and found.stair is not None
    taken = stairs.cells_of(found.stair)
    for storey in found.storeys:
        assert dict(storey.rooms)["stair"] == taken
        assert sum(len(cells) for _, cells in storey.rooms) == len(storey.cells) == 15 * 13
    for storey, edges in zip(found.storeys, (found.stair.entry, found.stair.arrival), strict=True):
        owner = {c: kind for kind, cells in storey.rooms for c in cells}
        assert {owner[c] for c in outside(found.stair, edges)} <= {"hall", "ldk"}


class Failing:
    """Parts of a search that fail one after the other, for `_attempt`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let every part succeed at first."""
        self.patch = monkeypatch
        self.stair = Stair("u", (0, 0, 4, 4), "n", "right")
        ground = Tiling((("hall", cells_in((0, 0, 8, 7))),))
        self.parts: dict[str, object] = {
            "_place_stair": self.stair,
            "_place_entrance": cells_in((6, 5, 2, 2)),
            "_tile_ground": ground,
            "_tile_upper": ground,
            "fits_catalogue": True,
        }

    def attempt(self, **failed: object) -> Topology | None:
        """Try once with some parts giving other answers."""
        for name, answer in {**self.parts, **failed}.items():
            self.patch.setattr(search, name, lambda *a, answer=answer, **k: answer)
        return search._attempt(Site((16, 14), (16, 14), notch=0.0), random.Random(2), FAR, 0)


def test_an_attempt_that_fails_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """No place for the stair, none for the entrance, no rooms, no tiling below or above, rooms off the catalogue."""
    parts = Failing(monkeypatch)
    assert parts.attempt() is not None
    for name in ("_place_stair", "_place_entrance", "_tile_ground", "_tile_upper"):
        assert parts.attempt(**{name: None}) is None
    assert parts.attempt(fits_catalogue=False) is None
    monkeypatch.setattr(programme, "share", lambda *a: None)
    assert parts.attempt() is None


def test_an_upper_storey_is_tried_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five failures, then a tiling."""
    parts, tries = Failing(monkeypatch), []
    parts.attempt()

    def upper(*_: object, **__: object) -> Tiling | None:
        tries.append(1)
        return Tiling((("hall", cells_in((0, 0, 8, 7))),)) if len(tries) == search.UPPER_TRIES else None

    monkeypatch.setattr(search, "_tile_upper", upper)
    assert search._attempt(Site((16, 14), (16, 14), notch=0.0), random.Random(2), FAR, 0) is not None
    assert len(tries) == search.UPPER_TRIES


def captured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[programme.Programme, list[frozenset[Cell]]]]:
    """Catch what would be tiled."""
    caught: list[tuple[programme.Programme, list[frozenset[Cell]]]] = []

    def tiled(
        grid: Grid, level: object, plan: programme.Programme, must: list[frozenset[Cell]], *rest: object
    ) -> Tiling:
        caught.append((plan, must))
        return Tiling(())

    monkeypatch.setattr(search, "_tiled", tiled)
    return caught


@pytest.mark.parametrize(("wish", "kinds", "held"), [
    (True, ("ldk", "wc"), True),
    (False, ("ldk", "wc"), False),
    (True, ("mbr", "wc"), False),  # the LDK is upstairs
])  # fmt: skip
def test_the_stair_begins_in_the_living_room_or_in_the_hall(
    monkeypatch: pytest.MonkeyPatch, wish: bool, kinds: programme.Kinds, held: bool
) -> None:
    """The cell before the first step is the LDK's as asked, else the hall reaches it."""
    caught = captured(monkeypatch)
    grid = modules(8, 7)
    stair = Stair("u", (4, 2, 4, 4), "n", "right")  # cells (2, 1) to (3, 2); one steps on from (2, 3)
    entrance = cells_in((0, 5, 2, 2))
    fixed = (("ent", entrance), ("stair", search._cells(grid, stair)))
    level = search._Level(all_of(grid), fixed, kinds, kinds, ())
    search._tile_ground(grid, level, stair, random.Random(0), FAR, living=wish, loose=False)
    ((plan, must),) = caught
    assert [want.holds for want in plan.wants if want.kind == "ldk"] == [
        frozenset({(2, 3)}) if held else frozenset() for kind in kinds if kind == "ldk"
    ]
    before_door = frozenset(n for c in entrance for n in neighbours(c)) - entrance
    assert must == ([before_door] if held else [before_door, frozenset({(2, 3)})])


@pytest.mark.parametrize(("wish", "least", "most"), [(None, 1, 16), (True, 60, 60), (False, 0, 0)])
def test_some_stairs_begin_in_the_living_room_by_chance(
    monkeypatch: pytest.MonkeyPatch, wish: bool | None, least: int, most: int
) -> None:
    """One of eight where nothing is said; as asked where it is."""
    living: list[bool] = []

    def ground(*_: object, **asked: bool) -> None:
        living.append(asked["living"])

    monkeypatch.setattr(search, "_tile_ground", ground)
    site = Site((16, 14), (16, 14), wishes=Wishes(living_stair=wish), notch=0.0)
    rng = random.Random(0)
    while len(living) < 60:
        search._attempt(site, rng, FAR, 0)
    assert least <= sum(living) <= most


def test_an_entrance_lies_where_the_hall_can_come() -> None:
    """A stair in the west of a long house: a hall of 15 % of the floor does not come to an entrance in the east."""
    grid = modules(14, 4)
    floor = all_of(grid)
    near = search._reach(grid, floor, (1, 1))
    # 224 half-module cells without an entrance of 9: 32 for the hall, eight modules, the first one counted.
    assert near == {(x, y) for x, y in floor if abs(x - 1) + abs(y - 1) <= 7}
    drawn = [search._place_entrance(floor, floor, "s", grid, random.Random(seed), near) for seed in range(30)]
    assert all(cells is not None and min(x for x, _ in cells) <= 8 for cells in drawn)
    assert search._place_entrance(floor, floor, "e", grid, random.Random(0), near) is None


def test_a_narrow_house_is_tried_loosely_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three attempts with a side of 5.5 modules, one of three with six; and twice as often upstairs."""
    loose: list[bool] = []
    tries: list[int] = []

    def ground(*_: object, **asked: bool) -> Tiling:
        loose.append(asked["loose"])
        return Tiling(())

    monkeypatch.setattr(search, "_tile_ground", ground)
    monkeypatch.setattr(search, "_tile_upper", lambda *a, **k: tries.append(1))
    for side, wanted, upper in ((11, [False, True, True], 6), (12, [False, False, True], 3)):
        loose.clear()
        tries.clear()
        rng = random.Random(0)
        for number in range(3):
            while len(loose) <= number:
                search._attempt(Site((side, 20), (side, 20), notch=0.0), rng, FAR, number)
        assert loose == wanted and len(tries) == upper * search.UPPER_TRIES


def test_no_hall_is_grown_where_the_living_room_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """An LDK of 80 cells on 4 × 4 modules, of which the stair takes the middle."""
    monkeypatch.setattr(search, "halls", lambda *a: pytest.fail("a hall was grown"))
    grid = modules(4, 4)
    level = search._Level(all_of(grid), (("stair", cells_in((1, 1, 2, 2))),), ("ldk",), ("ldk", "bed", "bed"), ())
    plan = programme.Programme((Want("ldk", 80, 96, min_side=6, l_shapes=True),), (4, 8))
    assert search._tiled(grid, level, plan, [level.floor], random.Random(0), FAR) is None


def test_voids_lie_over_open_rooms_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over LDK, entrance and hall, never over a bath; the hall above reaches the last step."""
    caught = captured(monkeypatch)
    grid, stair = modules(8, 7), Stair("u", (4, 2, 4, 4), "n", "right")  # one steps off to (3, 3)
    below = Tiling((
        ("ldk", cells_in((0, 3, 8, 4))), ("hall", cells_in((0, 0, 1, 3))), ("bath", cells_in((6, 0, 2, 3))),
        ("ent", cells_in((4, 0, 2, 1))), ("stair", cells_in((2, 1, 2, 2))),
    ))  # fmt: skip
    level = search._Level(all_of(grid), (("stair", search._cells(grid, stair)),), ("bed", "void"), ("ldk", "bed"), ())
    search._tile_upper(grid, level, stair, below, random.Random(0), FAR, loose=False)
    ((plan, must),) = caught
    open_below = cells_in((0, 3, 8, 4)) | cells_in((0, 0, 1, 3)) | cells_in((4, 0, 2, 1))
    assert {want.kind: want.within for want in plan.wants} == {"bed": None, "void": open_below}
    assert must == [frozenset({(3, 3)})]


def test_a_house_with_a_void_has_it_over_its_living_room() -> None:
    """Solved whole: an upper storey of 7 × 6 modules, an LDK below its three western columns."""
    grid, stair = modules(7, 6), Stair("u", (6, 0, 4, 4), "n", "right")
    below = Tiling((("ldk", cells_in((0, 0, 3, 6))), ("bath", cells_in((5, 0, 2, 6)))))
    kinds = ("mbr", "bed", "wc", "void")
    level = search._Level(all_of(grid), (("stair", search._cells(grid, stair)),), kinds, ("ldk", *kinds), ())
    for seed in range(3):
        rng = random.Random(seed)
        tilings = (search._tile_upper(grid, level, stair, below, rng, FAR, loose=True) for _ in range(20))
        rooms = dict(next(tiling for tiling in tilings if tiling is not None).rooms)
        assert rooms["void"] <= cells_in((0, 0, 3, 6)) and 8 <= grid.area(rooms["void"]) <= 48
        assert sum(len(cells) for cells in rooms.values()) == 42 and (4, 2) in rooms["hall"]


def test_floor_before_a_stair_at_the_wall_is_outside() -> None:
    """No grid cell lies there."""
    grid, stair = modules(4, 4), Stair("u", (0, 4, 4, 4), "n", "right")
    assert search._front(grid, stair, 0) == search._front(grid, stair, 1) == (-1, -1)
