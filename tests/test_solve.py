"""The tiler on storeys small enough to check by hand, one letter per module."""

from __future__ import annotations

import random
import textwrap

import pytest

from madorizu.plan import SIDES, Cell, cells_in, is_connected, neighbours
from madorizu.solve import cover
from madorizu.solve.cover import Tiling, Want, tile

FLOOR = cells_in((0, 0, 4, 3))
HALL = frozenset({(0, 2), (1, 2), (2, 2), (3, 2)})


def drawn(text: str) -> dict[str, frozenset[Cell]]:
    """Read a drawing: the cells of each letter."""
    found: dict[str, set[Cell]] = {}
    for y, line in enumerate(textwrap.dedent(text).strip("\n").splitlines()):
        for x, letter in enumerate(line):
            found.setdefault(letter, set()).add((x, y))
    return {letter: frozenset(cells) for letter, cells in found.items()}


def solved(
    wants: list[Want], *, fixed: list[tuple[str, frozenset[Cell]]] | None = None, seed: int = 0
) -> Tiling | None:
    """Tile the 4 × 3 floor with the hall along its south side."""
    return tile(FLOOR, fixed or [], wants, [HALL], seed=seed, effort=1, time_limit_s=20)[1]


def test_a_room_takes_what_the_hall_leaves() -> None:
    """One room of eight modules beside the hall has exactly one place."""
    picture = drawn(
        """
        aaaa
        aaaa
        hhhh
        """
    )
    tiling = solved([Want("bed", 8, 8, ("hall",))])
    assert tiling is not None
    assert dict(tiling.rooms) == {"bed": picture["a"], "hall": picture["h"]}


def test_every_cell_is_covered_once_and_rooms_touch_what_they_must() -> None:
    """Three rooms fill the rest; the bath lies at the washroom."""
    wants = [
        Want("bed", 4, 4, ("hall",), min_side=2),
        Want("wash", 2, 2, ("hall",)),
        Want("bath", 2, 2, ("wash",)),
    ]
    tiling = solved(wants)
    assert tiling is not None
    cells = [c for _, own in tiling.rooms for c in own]
    assert len(cells) == len(FLOOR) and set(cells) == FLOOR
    rooms = dict(tiling.rooms)
    assert cover.around(rooms["bath"]) & rooms["wash"]
    assert cover.around(rooms["bed"]) & HALL and cover.around(rooms["wash"]) & HALL


def test_fixed_rooms_stay_and_can_be_touched() -> None:
    """A shoe closet lies at the entrance that was given; the rest is a bedroom."""
    entrance = frozenset({(0, 1)})
    wants = [Want("sic", 1, 1, ("ent",)), Want("bed", 6, 6, ("hall",))]
    tiling = solved(wants, fixed=[("ent", entrance)])
    assert tiling is not None
    assert dict(tiling.rooms)["ent"] == entrance
    assert dict(tiling.rooms)["sic"] == {(0, 0)}


def test_areas_that_do_not_add_up_are_infeasible() -> None:
    """Seven modules of room cannot cover eight."""
    assert tile(FLOOR, [], [Want("bed", 7, 7, ("hall",))], [HALL], seed=0, effort=1, time_limit_s=9) == (
        "infeasible",
        None,
    )


def test_rooms_without_a_common_place_are_infeasible() -> None:
    """A room along the whole north side cannot touch the hall in the south: the solver proves it."""
    wants = [Want("bed", 4, 4, ("hall",), ("n",), outside_run=4, max_aspect=4), Want("wa", 4, 4, max_aspect=4)]
    assert tile(FLOOR, [], wants, [HALL], seed=0, effort=1, time_limit_s=9)[0] == "infeasible"


def test_a_cell_that_no_candidate_covers_is_infeasible() -> None:
    """A hall that leaves a corner nobody may take."""
    floor = FLOOR | {(4, 0)}
    wants = [Want("bed", 8, 8, ("hall",))]
    assert tile(floor, [], wants, [HALL], seed=0, effort=1, time_limit_s=9)[0] == "infeasible"


def test_no_effort_is_out_of_time() -> None:
    """A solver that may not work has proved nothing."""
    floor = cells_in((0, 0, 9, 9))
    halls = cover.halls([floor], floor, (5, 9), random.Random(0), count=80)
    wants = [Want(f"bed{i}", 9, 16, ("hall",), min_side=3) for i in range(6)]
    assert tile(floor, [], wants, halls, seed=0, effort=1e-6, time_limit_s=20)[0] == "out of time"


def test_equal_seeds_give_equal_tilings() -> None:
    """The same seed twice; and over some seeds more than one tiling."""
    wants = [Want(kind, 2, 2, ("hall", "sto", "s", "wc")) for kind in ("sto", "s", "wc", "sic")]
    assert solved(wants, seed=5) == solved(wants, seed=5)
    assert len({solved(wants, seed=s) for s in range(6)}) > 1


@pytest.mark.parametrize(("want", "count"), [
    (Want("bed", 4, 4, min_side=2), 6),  # squares of 2 in 4 × 3
    (Want("bed", 2, 2), 17),  # 9 lying, 8 standing
    (Want("bed", 3, 3, l_shapes=True, max_aspect=1), 24),  # a square of 2 without one corner
    (Want("bed", 4, 4, outside=("n",), min_side=2), 3),  # those at the north side
    (Want("bed", 4, 4, outside=("n",), outside_run=3, min_side=2), 0),
])  # fmt: skip
def test_candidates_are_all_places_of_a_room(want: Want, count: int) -> None:
    """Counted by hand on an empty floor."""
    found = cover.candidates(want, FLOOR, FLOOR)
    assert len(found) == len(set(found)) == count
    assert all(cells <= FLOOR and want.low <= len(cells) <= want.high for cells in found)


def test_candidates_keep_off_what_is_taken() -> None:
    """A taken corner leaves five of six squares."""
    assert len(cover.candidates(Want("bed", 4, 4, min_side=2), FLOOR - {(0, 0)}, FLOOR)) == 5


def test_run_outside_counts_the_wall_to_the_open() -> None:
    """A square of two in the north-west corner has two modules of north wall and none of south wall."""
    cells = cells_in((0, 0, 2, 2))
    assert [cover.run_outside(cells, FLOOR, s) for s in SIDES] == [2, 0, 0, 2]


def test_halls_are_connected_thin_and_reach_what_they_must() -> None:
    """Forty halls from one corner to the other."""
    floor = cells_in((0, 0, 6, 6))
    must = [frozenset({(0, 0)}), frozenset({(5, 5)})]
    found = cover.halls(must, floor, (11, 13), random.Random(1), count=40)
    assert len(found) == len(set(found)) == 40
    for hall in found:
        assert is_connected(hall) and 11 <= len(hall) <= 13
        assert all(hall & cells for cells in must)
        assert not any({(x + 1, y), (x, y + 1), (x + 1, y + 1)} <= hall for x, y in hall)


def test_halls_are_none_where_they_cannot_be() -> None:
    """No start, no way, too short, and a floor without any neighbour."""
    rng = random.Random(0)
    far = [frozenset({(0, 0)}), frozenset({(3, 2)})]
    assert cover.halls([frozenset({(9, 9)})], FLOOR, (1, 4), rng, count=3) == []
    assert cover.halls(far, FLOOR - {(1, 0), (0, 1)}, (1, 12), rng, count=3) == []
    assert cover.halls(far, FLOOR, (1, 3), rng, count=3) == []
    assert cover.halls([frozenset({(0, 0)})], frozenset({(0, 0)}), (2, 4), rng, count=3) == []
    assert all(n not in FLOOR for n in neighbours((9, 9)))


def test_a_hall_that_already_reaches_its_target_needs_no_path() -> None:
    """Both targets at one cell: the hall may be that cell alone."""
    here = frozenset({(1, 1)})
    assert cover.halls([here, here], FLOOR, (1, 1), random.Random(0), count=2) == [here]


def test_a_path_that_closes_a_block_is_refused() -> None:
    """Around a ring of four cells the hall would become a 2×2 block."""
    square = cells_in((0, 0, 2, 2))
    must = [frozenset({c}) for c in sorted(square)]
    assert cover.halls(must, square, (1, 4), random.Random(0), count=2) == []


def test_many_candidates_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit of one candidate per room the model is a lottery that can be lost."""
    monkeypatch.setattr(cover, "CANDIDATE_LIMIT", 1)
    wants = [Want("bed", 4, 4, ("hall",), min_side=2), Want("wa", 4, 4, ("hall",), min_side=2)]
    results = {tile(FLOOR, [], wants, [HALL], seed=s, effort=1, time_limit_s=9)[0] for s in range(8)}
    assert "infeasible" in results
