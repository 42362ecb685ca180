"""The tiler on storeys small enough to check by hand, one letter per grid cell.

Where nothing else is said a grid cell is one module: two half modules a side, four
half-module cells of area.
"""

from __future__ import annotations

import random
import textwrap
from itertools import product

import pytest

from madorizu.plan import OPPOSITE, SIDES, STEP, Cell, bounds, cells_in, is_connected, neighbours, rects_of
from madorizu.solve import cover
from madorizu.solve.cover import Status, Tiling, Want, tile
from madorizu.solve.grid import Grid

FLOOR = cells_in((0, 0, 4, 3))
HALL = frozenset({(0, 2), (1, 2), (2, 2), (3, 2)})
MODULES = Grid((2,) * 4, (2,) * 3)
UNEVEN = Grid((2, 3, 4), (2, 4, 3))  # half modules; areas 4 6 8 / 8 12 16 / 6 9 12
UNEVEN_FLOOR = cells_in((0, 0, 3, 3))


def square(side: int) -> Grid:
    """Make a square grid of whole modules."""
    return Grid((2,) * side, (2,) * side)


def drawn(text: str) -> dict[str, frozenset[Cell]]:
    """Read a drawing: the cells of each letter."""
    found: dict[str, set[Cell]] = {}
    for y, line in enumerate(textwrap.dedent(text).strip("\n").splitlines()):
        for x, letter in enumerate(line):
            found.setdefault(letter, set()).add((x, y))
    return {letter: frozenset(cells) for letter, cells in found.items()}


def tried(
    wants: list[Want],
    *,
    floor: frozenset[Cell] = FLOOR,
    fixed: list[tuple[str, frozenset[Cell]]] | None = None,
    options: list[frozenset[Cell]] | None = None,
    grid: Grid = MODULES,
    seed: int = 0,
) -> tuple[Status, Tiling | None]:
    """Tile the 4 × 3 floor with the hall along its south side, or another."""
    return tile(grid, floor, fixed or [], wants, options or [HALL], seed=seed, effort=1, time_limit_s=20)


def solved(wants: list[Want], *, fixed: list[tuple[str, frozenset[Cell]]] | None = None, seed: int = 0) -> Tiling:
    """Tile the 4 × 3 floor, which must be possible."""
    status, tiling = tried(wants, fixed=fixed, seed=seed)
    assert status == "solved" and tiling is not None
    return tiling


# --- tilings --------------------------------------------------------------------------------


def test_a_room_takes_what_the_hall_leaves() -> None:
    """One room of eight modules beside the hall has exactly one place."""
    picture = drawn(
        """
        aaaa
        aaaa
        hhhh
        """
    )
    tiling = solved([Want("bed", 32, 32, ("hall",))])
    assert dict(tiling.rooms) == {"bed": picture["a"], "hall": picture["h"]}


def test_every_cell_is_covered_once_and_rooms_touch_what_they_must() -> None:
    """Three rooms fill the rest; the bath lies at the washroom."""
    wants = [
        Want("bed", 16, 16, ("hall",), min_side=4),
        Want("wash", 8, 8, ("hall",)),
        Want("bath", 8, 8, ("wash",)),
    ]
    tiling = solved(wants)
    cells = [c for _, own in tiling.rooms for c in own]
    assert len(cells) == len(FLOOR) and set(cells) == FLOOR
    rooms = dict(tiling.rooms)
    assert cover.around(rooms["bath"]) & rooms["wash"]
    assert cover.around(rooms["bed"]) & HALL and cover.around(rooms["wash"]) & HALL


def test_areas_are_measured_in_half_modules_whatever_the_lines() -> None:
    """On columns of 2, 3, 4 and rows of 2, 4, 3 the only room of 16 + 12 beside the rest is the last column."""
    picture = drawn("hab\nhab\nhab\n")
    wants = [Want("bed", 36, 36, ("wa",), max_aspect=3), Want("wa", 27, 27, ("hall",), max_aspect=3)]
    status, tiling = tried(wants, floor=UNEVEN_FLOOR, options=[picture["h"]], grid=UNEVEN)
    assert status == "solved" and tiling is not None
    assert dict(tiling.rooms) == {"hall": picture["h"], "wa": picture["a"], "bed": picture["b"]}


def test_fixed_rooms_stay_and_can_be_touched() -> None:
    """A shoe closet lies at the entrance that was given; the rest is a bedroom."""
    entrance = frozenset({(0, 1)})
    wants = [Want("sic", 4, 4, ("ent",)), Want("bed", 24, 24, ("hall",))]
    tiling = solved(wants, fixed=[("ent", entrance)])
    assert dict(tiling.rooms)["ent"] == entrance
    assert dict(tiling.rooms)["sic"] == {(0, 0)}


def test_a_fixed_neighbour_or_a_movable_one_will_do() -> None:
    """A store opens to the entrance or to the hall: in the corner only the entrance is near."""
    wants = [Want("sto", 4, 4, ("ent", "hall"), holds=frozenset({(0, 0)})), Want("bed", 24, 24, ("hall",))]
    tiling = solved(wants, fixed=[("ent", frozenset({(0, 1)}))])
    assert dict(tiling.rooms)["sto"] == {(0, 0)}


def test_a_room_that_touches_nothing_may_lie_anywhere() -> None:
    """A room without a demand, walled in between two others."""
    wants = [Want("void", 8, 8), Want("bed", 24, 24, ("hall",), max_aspect=3)]
    assert dict(solved(wants).rooms).keys() == {"hall", "void", "bed"}


def test_a_room_holds_its_cell_and_keeps_within_others() -> None:
    """Two equal rooms: one must hold the north-east corner; a void lies in the west alone."""
    wants = [Want("bed", 16, 16, ("hall",), holds=frozenset({(3, 0)})), Want("wa", 16, 16, ("hall",))]
    for seed in range(4):
        assert dict(solved(wants, seed=seed).rooms)["bed"] == cells_in((2, 0, 2, 2))
    west = cells_in((0, 0, 2, 2))
    wants = [Want("void", 16, 16, within=west), Want("wa", 16, 16, ("hall",))]
    for seed in range(4):
        assert dict(solved(wants, seed=seed).rooms)["void"] == west


def test_one_of_the_halls_is_chosen() -> None:
    """Of two halls the one that leaves the bedroom its eight modules; one that leaves the floor is passed over."""
    west = frozenset({(0, 0), (0, 1), (0, 2)})
    outside = HALL | {(4, 2)}
    status, tiling = tried([Want("bed", 32, 32, ("hall",))], options=[west, outside, HALL])
    assert status == "solved" and tiling is not None and dict(tiling.rooms)["hall"] == HALL


# --- what cannot be -------------------------------------------------------------------------


def test_areas_that_do_not_add_up_are_infeasible() -> None:
    """Seven modules of room cannot cover eight; and no hall on the floor."""
    assert tried([Want("bed", 28, 28, ("hall",))]) == ("infeasible", None)
    assert tried([Want("bed", 32, 32)], options=[frozenset({(9, 9)})]) == ("infeasible", None)


def test_rooms_without_a_common_place_are_infeasible() -> None:
    """A room along the whole north side cannot touch the hall in the south: the solver proves it."""
    wants = [Want("bed", 16, 16, ("hall",), ("n",), outside_run=8, max_aspect=4), Want("wa", 16, 16, max_aspect=4)]
    assert tried(wants) == ("infeasible", None)


def test_a_cell_that_no_candidate_covers_is_infeasible() -> None:
    """A hall that leaves a corner nobody may take."""
    floor = FLOOR | {(4, 0)}
    assert tried([Want("bed", 32, 32, ("hall",))], floor=floor, grid=Grid((2,) * 5, (2,) * 3))[0] == "infeasible"


def test_a_neighbour_that_is_not_there_is_infeasible() -> None:
    """A bath in the north-east needs a washroom, which lies in the north-west; an LDK that nobody is."""
    wants = [Want("bath", 8, 8, ("wash",), holds=frozenset({(3, 0)})), Want("bed", 20, 20, ("hall",), l_shapes=True)]
    assert tried(wants, fixed=[("wash", frozenset({(0, 0)}))])[0] == "infeasible"
    assert tried([Want("bed", 32, 32, ("ldk",))])[0] == "infeasible"


def test_no_effort_is_out_of_time() -> None:
    """A solver that may not work has proved nothing."""
    floor = cells_in((0, 0, 9, 9))
    halls = cover.halls([floor], floor, (20, 36), square(9), random.Random(0), count=80)
    wants = [Want(f"bed{i}", 36, 64, ("hall",), min_side=6) for i in range(6)]
    assert tile(square(9), floor, [], wants, halls, seed=0, effort=1e-6, time_limit_s=20) == ("out of time", None)


def test_equal_seeds_give_equal_tilings() -> None:
    """The same seed twice; and over some seeds more than one tiling."""
    wants = [Want(kind, 8, 8, ("hall", "sto", "s", "wc")) for kind in ("sto", "s", "wc", "sic")]
    assert solved(wants, seed=5) == solved(wants, seed=5)
    assert len({solved(wants, seed=s) for s in range(6)}) > 1


def test_many_candidates_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit of one candidate per room the model is a lottery that can be lost."""
    monkeypatch.setattr(cover, "CANDIDATE_LIMIT", 1)
    wants = [Want("bed", 16, 16, ("hall",), min_side=4), Want("wa", 16, 16, ("hall",), min_side=4)]
    assert "infeasible" in {tried(wants, seed=s)[0] for s in range(8)}


# --- candidates -----------------------------------------------------------------------------


@pytest.mark.parametrize(("want", "count"), [
    (Want("bed", 16, 16, min_side=4), 6),  # squares of 2 modules in 4 × 3
    (Want("bed", 8, 8), 17),  # 9 lying, 8 standing
    (Want("bed", 12, 12, l_shapes=True, max_aspect=1), 24),  # a square of 2 modules without one corner
    (Want("bed", 16, 16, outside=("n",), min_side=4), 3),  # those at the north side
    (Want("bed", 16, 16, outside=("n",), outside_run=6, min_side=4), 0),
    (Want("bed", 16, 16, outside=("n", "s"), min_side=4), 6),  # either side will do
    (Want("bed", 16, 16, holds=frozenset({(0, 0)}), min_side=4), 1),
    (Want("bed", 16, 16, holds=frozenset({(0, 0), (3, 2)}), min_side=4), 2),
    (Want("bed", 16, 16, within=cells_in((0, 0, 3, 3)), min_side=4), 4),
    (Want("bed", 8, 8, max_aspect=1.5), 0),
    (Want("bed", 20, 20, min_side=4), 0),  # a prime number of modules is no rectangle
])  # fmt: skip
def test_candidates_are_all_places_of_a_room(want: Want, count: int) -> None:
    """Counted by hand on an empty floor."""
    found = cover.candidates(want, FLOOR, FLOOR, MODULES)
    assert len(found) == len(set(found)) == count
    assert all(cells <= FLOOR and want.low <= MODULES.area(cells) <= want.high for cells in found)


def test_candidates_on_uneven_lines_by_hand() -> None:
    """Rooms of exactly 24 half-module cells, 3 half modules wide at least.

    Of the areas 4 6 8 / 8 12 16 / 6 9 12 only columns 1-2 of row 0 (6 + 8) come near: 14 is not
    24. Two rows of column 2: 8 + 16 = 24; three columns of row 2: 6 + 9 + 12 = 27.
    """
    found = cover.candidates(Want("bed", 24, 24, min_side=3), UNEVEN_FLOOR, UNEVEN_FLOOR, UNEVEN)
    assert found == [frozenset({(2, 0), (2, 1)})]
    wide = cover.candidates(Want("bed", 27, 27, min_side=3, max_aspect=3), UNEVEN_FLOOR, UNEVEN_FLOOR, UNEVEN)
    assert set(wide) == {frozenset({(0, 2), (1, 2), (2, 2)}), frozenset({(1, 0), (1, 1), (1, 2)})}


def brute(want: Want, free: frozenset[Cell], floor: frozenset[Cell], grid: Grid) -> set[frozenset[Cell]]:
    """Find a room's places by trying every pair of rectangles, the second cut from a corner of the first."""
    columns, rows = range(len(grid.columns)), range(len(grid.rows))
    boxes = [(i, j, k - i + 1, m - j + 1) for i, k in product(columns, columns) for j, m in product(rows, rows)
             if i <= k and j <= m]  # fmt: skip
    shapes = {cells_in(box) for box in boxes}
    if want.l_shapes:
        for full, cut in product(boxes, boxes):
            i, j, w, h = full
            x, y, a, b = cut
            corner = x in (i, i + w - a) and y in (j, j + h - b)
            left, bottom = sum(grid.columns[i : i + w]), sum(grid.rows[j : j + h])
            arms = left - sum(grid.columns[x : x + a]), bottom - sum(grid.rows[y : y + b])
            if corner and cells_in(cut) < cells_in(full) and a < w and b < h and min(arms) >= want.min_side:
                shapes.add(cells_in(full) - cells_in(cut))
    return {cells for cells in shapes if is_as_wished(want, cells, free, floor, grid)}


def is_as_wished(want: Want, cells: frozenset[Cell], free: frozenset[Cell], floor: frozenset[Cell], grid: Grid) -> bool:
    """Say whether a set of cells keeps every condition of a wish, each measured by itself."""
    x, y, width, height = bounds(grid.halves(cells))
    within = free if want.within is None else free & want.within
    return (
        cells <= within
        and want.low <= len(grid.halves(cells)) <= want.high
        and min(width, height) >= want.min_side
        and max(width, height) <= want.max_aspect * min(width, height)
        and (len(cells_in((x, y, width, height)) - grid.halves(cells)) == 0 or width * height <= 1.7 * want.high)
        and (not want.holds or bool(cells & want.holds))
        and (
            not want.outside
            or any(cover.run_outside(cells, floor, side, grid) >= want.outside_run for side in want.outside)
        )
    )


@pytest.mark.parametrize("want", [
    Want("bed", 20, 50, min_side=3, l_shapes=True),
    Want("ldk", 30, 70, outside=("s", "e"), outside_run=3, min_side=4, max_aspect=2.2, l_shapes=True),
    Want("wc", 6, 16, min_side=2, max_aspect=3.0),
    Want("sto", 6, 30, holds=frozenset({(1, 1), (2, 2)}), within=UNEVEN_FLOOR - {(0, 0)}, l_shapes=True),
])  # fmt: skip
def test_candidates_are_those_that_a_plain_search_finds(want: Want) -> None:
    """On uneven lines, on a floor without its south-east corner and with one cell taken."""
    grid = Grid((2, 3, 4, 2), (2, 4, 3, 3))
    floor = cells_in((0, 0, 4, 4)) - {(3, 3)}
    free = floor - {(0, 1)}
    found = cover.candidates(want, free, floor, grid)
    assert len(found) == len(set(found)) > 0
    assert set(found) == brute(want, free, floor, grid)


def test_candidates_keep_off_what_is_taken() -> None:
    """A taken corner leaves five of six squares."""
    free = FLOOR - {(0, 0)}
    assert len(cover.candidates(Want("bed", 16, 16, min_side=4), free, FLOOR, MODULES)) == 5


def test_run_outside_counts_the_wall_to_the_open() -> None:
    """A square of two modules in the north-west corner has two of north and of west wall, none of the others."""
    cells = cells_in((0, 0, 2, 2))
    assert [cover.run_outside(cells, FLOOR, s, MODULES) for s in SIDES] == [4, 0, 0, 4]


def test_run_outside_measures_uneven_lines() -> None:
    """The last column is 4 wide; its rows are 2, 4 and 3 high. A notch makes an outside too."""
    cells = frozenset({(2, 0), (2, 1), (2, 2)})
    assert [cover.run_outside(cells, UNEVEN_FLOOR, s, UNEVEN) for s in SIDES] == [4, 9, 4, 0]
    notched = UNEVEN_FLOOR - {(1, 2)}
    assert [cover.run_outside(cells, notched, s, UNEVEN) for s in SIDES] == [4, 9, 4, 3]
    assert cover.run_outside(frozenset({(1, 1)}), notched, "s", UNEVEN) == 3


def test_a_board_is_a_set_of_cells() -> None:
    """Bits and back; rings and steps agree with plain sets, also at the border of the grid."""
    board = cover._Board(UNEVEN)
    for cells in (cells_in((0, 0, 1, 1)), cells_in((1, 0, 2, 3)), UNEVEN_FLOOR, frozenset({(2, 2), (0, 1)})):
        bits = board.bits(cells)
        assert board.cells(bits) == cells
        assert board.ring(bits) & board.bits(UNEVEN_FLOOR) == board.bits(cover.around(cells) & UNEVEN_FLOOR)
        for side in SIDES:
            dx, dy = STEP[side]
            assert board.cells(board.shifted(bits, side)) == {(x + dx, y + dy) for x, y in cells}
            assert board.shifted(board.shifted(bits, side), OPPOSITE[side]) == bits
    assert [board.length(board.bits({(0, 1), (2, 1)}), side) for side in SIDES] == [6, 8, 6, 8]


# --- halls ----------------------------------------------------------------------------------


def test_halls_are_connected_thin_and_reach_what_they_must() -> None:
    """Forty halls from the north-west corner to the other side, 7 to 11 modules large."""
    floor = cells_in((0, 0, 6, 6))
    must = [frozenset({(0, 0)}), frozenset((5, y) for y in range(6))]
    found = cover.halls(must, floor, (28, 44), square(6), random.Random(1), count=200)[:40]
    assert len(found) == len(set(found)) == 40
    for hall in found:
        assert is_connected(hall) and 7 <= len(hall) <= 11
        assert len(rects_of(hall)) <= cover.HALL_RECTANGLES
        assert all(hall & cells for cells in must)
        assert not any({(x + 1, y), (x, y + 1), (x + 1, y + 1)} <= hall for x, y in hall)


def test_a_hall_is_measured_in_half_modules() -> None:
    """From the cell of 4 on uneven lines: 10 to 14 half-module cells are its row or column, or both."""
    sizes = {UNEVEN.area(h) for h in halls_of_uneven((10, 14))}
    assert sizes <= {10, 12} and sizes
    assert {UNEVEN.area(h) for h in halls_of_uneven((4, 4))} == {4}


def halls_of_uneven(sizes: tuple[int, int]) -> list[frozenset[Cell]]:
    """Grow halls from the north-west corner of the uneven floor."""
    return cover.halls([frozenset({(0, 0)})], UNEVEN_FLOOR, sizes, UNEVEN, random.Random(3), count=20)


def test_equal_seeds_give_equal_halls() -> None:
    """The same generator twice."""
    must = [frozenset({(0, 0)}), frozenset({(3, 2)})]
    one, other = (cover.halls(must, FLOOR, (16, 28), MODULES, random.Random(8), count=20) for _ in range(2))
    assert one == other and len(one) > 1


def test_halls_are_none_where_they_cannot_be() -> None:
    """No start, no way, too short, and a floor without any neighbour."""
    rng = random.Random(0)
    far = [frozenset({(0, 0)}), frozenset({(3, 2)})]
    assert cover.halls([frozenset({(9, 9)})], FLOOR, (4, 16), MODULES, rng, count=3) == []
    assert cover.halls(far, FLOOR - {(1, 0), (0, 1)}, (4, 48), MODULES, rng, count=3) == []
    assert cover.halls(far, FLOOR, (4, 12), MODULES, rng, count=3) == []
    assert cover.halls([frozenset({(0, 0)})], frozenset({(0, 0)}), (8, 16), MODULES, rng, count=3) == []
    assert all(n not in FLOOR for n in neighbours((9, 9)))


def test_a_hall_that_already_reaches_its_target_needs_no_path() -> None:
    """Both targets at one cell: the hall may be that cell alone."""
    here = frozenset({(1, 1)})
    assert cover.halls([here, here], FLOOR, (4, 4), MODULES, random.Random(0), count=2) == [here]


def test_a_path_that_closes_a_block_is_refused() -> None:
    """Around a ring of four cells the hall would become a 2×2 block."""
    block = cells_in((0, 0, 2, 2))
    must = [frozenset({c}) for c in sorted(block)]
    assert cover.halls(must, block, (4, 16), MODULES, random.Random(0), count=2) == []
