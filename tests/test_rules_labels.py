"""The rule of labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import plan_of
from madorizu import rules
from madorizu.plan import Room


def found(name: str, text: str = "\n".join(["11111111"] * 6)) -> list[str]:
    """Return H16's messages for a bedroom of this name; it has 48 cells, 9.9372 m², 6.1 帖."""
    plan = plan_of(text)
    named = replace(plan, rooms=(Room("bed", plan.rooms[0].cells, name),))
    return [f.message for f in rules.check(named) if f.code == "H16"]


@pytest.mark.parametrize(
    "name",
    [
        "", "洋室", "洋室2", "bedroom", "UB 1616", "洋室 6.1帖", "洋室(約6.1帖)", "6.1畳", "６．１帖", "6.1J", "6.1 jo",
        "9.94㎡", "9.93 m²", "9.9m2", "10㎡", "9㎡", "9.9372平米", "洋室 6.1帖 (9.94㎡)", "6.1 Jo", "6.1 JO",
        "6.1 tatami", "六・一畳", "6,1帖", "6.1(帖)", "6.1・帖", "9.94 sqm", "9.94 Sq. M", "10 square metres",
        "9.9平方メートル", "3.01坪", "3坪", "三坪", "洋室2・畳コーナー", "洋室(1)畳敷き", "Room 1-J", "room 2 Jasmin",
        "3 joined rooms", "十",
    ],
)  # fmt: skip
def test_true_names(name: str) -> None:
    """H16: no size, the size in 畳 cut to a tenth, or the area rounded or cut to what is written."""
    assert found(name) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("洋室 6.2帖", "Bedroom's name must state its size of 6.1 jo, got 6.2"),
        ("洋室 6帖", "Bedroom's name must state its size of 6.1 jo, got 6"),
        ("６．２畳", "Bedroom's name must state its size of 6.1 jo, got 6.2"),
        ("6.13 jo", "Bedroom's name must state its size of 6.1 jo, got 6.13"),
        ("9.95㎡", "Bedroom's name must state its size of 9.94 m², got 9.95"),
        ("6.1帖 11 m²", "Bedroom's name must state its size of 9.94 m², got 11"),
        ("洋室 二十畳", "Bedroom's name must state its size of 6.1 jo, got 20"),
        ("二〇畳", "Bedroom's name must state its size of 6.1 jo, got 20"),
        ("百二十畳", "Bedroom's name must state its size of 6.1 jo, got 120"),
        ("弐拾畳", "Bedroom's name must state its size of 6.1 jo, got 20"),
        ("四畳半", "Bedroom's name must state its size of 6.1 jo, got 4.5"),
        ("4帖半", "Bedroom's name must state its size of 6.1 jo, got 4.5"),
        ("六点二畳", "Bedroom's name must state its size of 6.1 jo, got 6.2"),
        ("Bedroom 20.0 Jo", "Bedroom's name must state its size of 6.1 jo, got 20.0"),
        ("20 mats", "Bedroom's name must state its size of 6.1 jo, got 20"),
        ("20.0・帖大", "Bedroom's name must state its size of 6.1 jo, got 20.0"),
        ("20\u200b帖", "Bedroom's name must state its size of 6.1 jo, got 20"),
        ("⑳帖", "Bedroom's name must state its size of 6.1 jo, got 20"),
        ("20：帖", "Bedroom's name must state its size of 6.1 jo, got 20"),
        ("Bedroom 20 sqm", "Bedroom's name must state its size of 9.94 m², got 20"),
        ("20 m^2", "Bedroom's name must state its size of 9.94 m², got 20"),
        ("洋室 6坪", "Bedroom's name must state its size of 3.01 tsubo, got 6"),
        ("3.5 tsubo", "Bedroom's name must state its size of 3.01 tsubo, got 3.5"),
        ("あ" * 300 + "20帖", "Bedroom's name must state its size of 6.1 jo, got 20"),
    ],
)
def test_false_names(name: str, message: str) -> None:
    """H16: a size that is written must be the room's."""
    assert found(name) == [message]


def test_sizes_as_printed_on_real_sheets() -> None:
    """H16: 4 × 4 modules are 8.1 帖 (8.18 cut), 4 × 5 are 10.2, 3 × 3.5 are 5.3."""
    for width, height, jo in ((8, 8, "8.1"), (8, 10, "10.2"), (6, 7, "5.3")):
        assert found(f"洋室 {jo}帖", "\n".join(["1" * width] * height)) == []
