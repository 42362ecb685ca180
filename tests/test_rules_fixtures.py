"""The rule of fixtures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import door, plan_of
from madorizu import rules
from madorizu.plan import Fixture, Opening, Plan

# A WC of 1820 x 1820 mm west of a washroom of the same size.
TEXT = """
    TTTTWWWW
    TTTTWWWW
    TTTTWWWW
    TTTTWWWW
"""


def found(*fixtures: Fixture, openings: tuple[Opening, ...] = ()) -> list[str]:
    """Return H17's messages."""
    plan: Plan = replace(plan_of(TEXT, openings=openings), fixtures=fixtures)
    return [f.message for f in rules.check(plan) if f.code == "H17"]


BOWL = Fixture("toilet", 100, 100, 400, 700, "s")


def test_a_fixture_in_its_room() -> None:
    """H17: a bowl in the WC, a basin and a washing machine side by side in the washroom."""
    basin, machine = Fixture("basin", 1900, 80, 750, 550, "s"), Fixture("washing_machine", 2650, 80, 640, 640, "s")
    assert found(BOWL, basin, machine) == []


@pytest.mark.parametrize(
    ("fixture", "message"),
    [
        (replace(BOWL, x_mm=1500), "Toilet must lie in one room of the house, got a wall or the outside"),
        (replace(BOWL, x_mm=-1), "Toilet must lie in one room of the house, got a wall or the outside"),
        (replace(BOWL, y_mm=5000), "Toilet must lie in one room of the house, got a wall or the outside"),
        (replace(BOWL, x_mm=2000), "Toilet must stand in its own kind of room, got Washroom"),
        (replace(BOWL, width_mm=0), "Toilet must measure about 400 x 700 mm, got 0 x 700"),
        (replace(BOWL, width_mm=239), "Toilet must measure about 400 x 700 mm, got 239 x 700"),
        (replace(BOWL, depth_mm=1121), "Toilet must measure about 400 x 700 mm, got 400 x 1121"),
        (replace(BOWL, facing="n"), "Toilet must face the room with 300 mm of floor before it, got a wall"),
        (replace(BOWL, facing="w"), "Toilet must measure about 400 x 700 mm, got 700 x 400"),
        (replace(BOWL, y_mm=821), "Toilet must face the room with 300 mm of floor before it, got a wall"),
        (replace(BOWL, kind="throne"), "Fixture 'throne' must be of a known kind, got 'throne'"),
    ],
)
def test_fixtures_in_the_wrong_place(fixture: Fixture, message: str) -> None:
    """H17: each fixture stands whole in a room of its kind, is of a usual size, and looks into the room."""
    assert found(fixture) == [message]


@pytest.mark.parametrize(
    "fixture",
    [
        replace(BOWL, width_mm=240),
        replace(BOWL, depth_mm=1120),
        replace(BOWL, y_mm=820),  # 820 + 700 + 300 mm = 1820 mm, the wall
        Fixture("toilet", 1000, 100, 700, 400, "w"),
    ],
)
def test_fixtures_of_usual_sizes(fixture: Fixture) -> None:
    """H17: along its wall and away from it a fixture may measure 0.6 to 1.6 times what the catalogue says."""
    assert found(fixture) == []


def test_fixtures_on_each_other() -> None:
    """H17: two may touch, and must not overlap by a millimetre."""
    assert found(BOWL, replace(BOWL, x_mm=500)) == []
    assert found(BOWL, replace(BOWL, x_mm=499)) == ["Toilet must not stand on another fixture, got one there"]


def test_a_fixture_before_a_door() -> None:
    """H17: 300 mm deep, 350 mm of a door of 650 mm (585 to 1235 mm from the north) stay free."""
    way = door("folding", "v", 4, 1, span=2, width_mm=650)
    near = Fixture("toilet", 1200, 100, 400, 785, "s")  # 220 mm before the door, to y = 885
    text = ["Toilet must leave 350 mm of a door free, got less"]
    assert found(near, openings=(way,)) == []
    assert found(replace(near, depth_mm=786), openings=(way,)) == text
    assert found(replace(near, x_mm=1120, depth_mm=1100), openings=(way,)) == []
    assert found(replace(near, x_mm=1121, depth_mm=1100), openings=(way,)) == text
    east = Fixture("basin", 1900, 100, 550, 1200, "e")
    assert found(east, openings=(way,)) == ["Washbasin must leave 350 mm of a door free, got less"]
    assert found(east, openings=(replace(way, kind="window"),)) == []
    middle = Fixture("toilet", 1200, 700, 400, 420, "s")
    assert found(middle, openings=(way,)) == text  # 115 mm free on both sides


def test_a_fixture_before_a_door_in_a_wall_that_runs_east() -> None:
    """H17: the same with the axes exchanged; both sides of a door are looked at."""
    way = door("folding", "h", 1, 4, span=2, width_mm=650)
    bowl = Fixture("toilet", 500, 1200, 785, 400, "e")
    assert found(replace(bowl, x_mm=100), openings=(way,)) == []
    assert found(bowl, openings=(way,)) == ["Toilet must leave 350 mm of a door free, got less"]


@pytest.mark.parametrize(
    ("hinge", "side", "fixture", "swept"),
    [
        # The door's frame is 755 mm, from 77 to 832 mm south of the plan's north; its wall is at x = 1820.
        ("start", 1, Fixture("basin", 2350, 500, 450, 330, "s"), True),  # 680 mm from the hinge at (1820, 77)
        ("start", 1, Fixture("basin", 2400, 600, 450, 330, "s"), False),  # 783 mm from it
        ("end", 1, Fixture("basin", 2400, 600, 450, 330, "s"), True),  # 580 mm from the hinge at (1820, 832)
        ("end", -1, Fixture("basin", 2400, 600, 450, 330, "s"), False),  # it opens to the other side
        ("end", -1, Fixture("toilet", 1060, 600, 240, 420, "s"), True),
        ("start", -1, Fixture("toilet", 860, 600, 240, 420, "s"), False),
    ],
)
def test_a_leaf_meets_a_fixture(hinge: str, side: int, fixture: Fixture, swept: bool) -> None:
    """H17: nothing stands in the quarter circle of a leaf, at the hinge's end and side."""
    leaf = door("hinged", "v", 4, 0, hinge=hinge, side=side)  # type: ignore[arg-type]
    text = [f"{'Toilet' if side < 0 else 'Washbasin'} must not stand where a door opens, got a leaf's way"]
    assert found(fixture, openings=(leaf,)) == (text if swept else [])


def test_a_leaf_in_a_wall_that_runs_east() -> None:
    """H17: a leaf of 755 mm at (77, 910), hung in the west, opening north."""
    text = "\n".join(["TTTT"] * 2 + ["HHHH"] * 2)
    for side, reached in ((-1, True), (1, False)):
        leaf = door("hinged", "h", 0, 2, side=side)  # type: ignore[arg-type]
        plan = replace(plan_of(text, openings=[leaf]), fixtures=(Fixture("toilet", 400, 60, 420, 240, "e"),))
        assert [f.code for f in rules.check(plan) if f.code == "H17"] == ["H17"] * reached
