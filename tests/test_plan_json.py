"""Plans and houses as JSON: what is written is read again, and what is no plan is refused in good time."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest

from drawing import house_8x7
from madorizu import rules
from madorizu.app import cli
from madorizu.errors import PlanError
from madorizu.plan import Room, cells_in
from madorizu.plan_json import house_from_json, house_to_json, plan_from_json, plan_to_json
from plans import atrium, bungalow, sample_house

DATA = plan_to_json(sample_house().plans[0])


def changed(*path: Any, value: object) -> dict[str, Any]:
    """Return the sample's JSON with one value exchanged."""
    data: Any = copy.deepcopy(DATA)
    spot = data
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    return dict(data)


@pytest.mark.parametrize("plan", [*sample_house().plans, bungalow(), atrium(), *house_8x7().plans])
def test_what_is_written_is_read(plan: Any) -> None:
    """A plan goes through the text of its JSON and back; so does a house."""
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan
    assert house_from_json(json.loads(json.dumps(house_to_json(sample_house())))) == sample_house()


def test_a_plan_by_hand() -> None:
    """Two rectangles of half modules are the cells (0, 0) to (1, 1) and (2, 0)."""
    data = {
        "schema_version": 1,
        "floor": 1,
        "storey_height_mm": 2700,
        "rooms": [{"kind": "hall", "name": "Hall", "rects": [[0, 0, 2, 2], [2, 0, 1, 1]]}],
        "openings": [],
        "fixtures": [],
        "stair": None,
    }
    assert plan_from_json(data).rooms == (Room("hall", cells_in((0, 0, 2, 2)) | {(2, 0)}, "Hall"),)


def test_no_name_is_no_text() -> None:
    """A name that is null or not there is empty, and never the word None."""
    without = changed("rooms", 0, value={"kind": "bath", "rects": [[0, 0, 4, 4]]})
    for data in (changed("rooms", 0, "name", value=None), without):
        assert plan_from_json(data).rooms[0].name == ""
    house = house_to_json(sample_house()) | {"house_id": None}
    assert house_from_json(house).house_id == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed("rooms", value=[]), "rooms must hold at least one room, got none"),
        (changed("rooms", 0, "rects", value=[]), "room.rects must hold at least one rectangle, got none"),
        (changed("rooms", 0, "name", value=7), "room.name must be a text, got 7"),
        (
            changed("rooms", 0, "name", value="\ud800"),
            r"room.name must be of letters that can be written, got '\\ud800'",
        ),
        (changed("rooms", 0, "name", value="a\x00"), r"room.name must be of letters that can be written, got '\\x00'"),
        (changed("rooms", 0, "name", value="\uffff"), r"must be of letters that can be written, got '\\uffff'"),
        (changed("rooms", 0, "kind", value="\udfff"), "kind must be of letters that can be written"),
        (changed("rooms", 0, "name", value="x" * 201), "room.name must have at most 200 letters, got 201"),
        (changed("rooms", 0, "rects", value=[[0, 0, 1000, 1000]]), "rooms must have at most 40000 cells together"),
        (changed("rooms", 0, "rects", value=[[0, 0, 200, 1]] * 200), "at most 40000 cells together, got 402"),
        (changed("rooms", 0, "rects", value=[[1001, 0, 1, 1]]), "room.rects must be"),
        (changed("rooms", 0, "rects", value=[[0, 0, 1, 1]] * 4001), "rects must hold at most 4000 items, got 4001"),
        (changed("rooms", value=DATA["rooms"] * 40), "rooms must hold at most 400 items, got 440"),
        (changed("openings", value=DATA["openings"] * 200), "openings must hold at most 2000 items"),
        (changed("openings", 0, "x", value=1001), "x must be a whole number from -1000 to 1000, got 1001"),
        (changed("fixtures", 0, "x_mm", value=455_001), "x_mm must be a whole number from -455000 to 455000"),
    ],
)
def test_what_is_no_plan_is_refused(data: dict[str, Any], message: str) -> None:
    """Each limit has its message; none takes long, whatever the file promises."""
    start_s = time.process_time()
    with pytest.raises(PlanError, match=message):
        plan_from_json(data)
    assert time.process_time() - start_s < 1


def test_notes_of_a_house_are_texts() -> None:
    """A note that is no text is refused; a house has at most nine storeys."""
    house = house_to_json(sample_house())
    with pytest.raises(PlanError, match="notes must be a text, got 3"):
        house_from_json(house | {"notes": {"a": 3}})
    with pytest.raises(PlanError, match="plans must hold at most 9 items, got 10"):
        house_from_json(house | {"plans": house["plans"] * 5})


def test_the_largest_plan_is_checked_in_good_time() -> None:
    """40,000 cells of two rooms, whose every cell stands alone, are checked; they take seconds at most."""
    strips = [[x, y, 1, 1] for y in range(0, 40, 2) for x in range(0, 200)]
    data = changed("rooms", 0, "rects", value=strips)
    start_s = time.process_time()
    assert not rules.is_lawful(plan_from_json(data))
    assert rules.check(plan_from_json(data))
    assert time.process_time() - start_s < 10


def test_the_command_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of several files one must know which one is no plan, and what to do."""
    path = tmp_path / "empty.json"
    path.write_text(json.dumps(changed("rooms", value=[])))
    for words in (["check", str(path)], ["draw", str(path), "--out", str(tmp_path / "x.svg")]):
        with pytest.raises(SystemExit) as caught:
            cli.main(words)
        assert caught.value.code == 2
        assert capsys.readouterr().err == (
            f"error: {path}: rooms must hold at least one room, got none\n"
            "  a plan is its rooms: give them as rectangles\n"
        )
    assert not (tmp_path / "x.svg").exists()


def test_a_wet_room_as_large_as_a_field_is_checked_in_good_time() -> None:
    """The way from washroom to kitchen is measured around the smaller of both, not from each cell to each."""
    rooms = [
        {"kind": "wash", "rects": [[0, 0, 200, 100]]},
        {"kind": "ldk", "rects": [[0, 100, 200, 99]]},
    ]
    counters = [
        {"kind": "kitchen", "x_mm": 455 + x, "y_mm": 45_955, "width_mm": 9000, "depth_mm": 9000, "facing": "s"}
        for x in range(0, 80_000, 9_100)
    ]
    data = changed("rooms", value=rooms) | {"fixtures": counters, "openings": [], "stair": None}
    start_s = time.process_time()
    assert rules.check(plan_from_json(data))
    assert time.process_time() - start_s < 10
