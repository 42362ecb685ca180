"""Rules about the brief: what was asked for and is not there."""

from __future__ import annotations

from dataclasses import replace

from drawing import door, ground_floor_8x7, house_8x7, plan_of, upper_floor_8x7
from madorizu import rules
from madorizu.brief import Brief, brief_of
from madorizu.plan import House, Plan

W8, H7 = 8 * 910, 7 * 910


def found(item: Plan | House, brief: Brief) -> list[tuple[str, str]]:
    """Return code and message of what the brief asks for and is not there."""
    return [(f.code, f.message) for f in rules.check(item, brief) if f.code.startswith("B")]


def test_a_plan_meets_the_brief_that_describes_it() -> None:
    """A plan meets `brief_of` itself, and so does its house, on either storey."""
    for plan in house_8x7().plans:
        assert found(plan, brief_of(plan)) == []
        assert found(house_8x7(), brief_of(plan)) == []
        assert rules.is_lawful(house_8x7(), brief_of(plan))


def test_b01_the_size_is_exact_and_counts_no_porch() -> None:
    """B01: W×H is the bounding box of the indoor rooms to the half module."""
    assert found(ground_floor_8x7(), Brief("1F", W8, H7)) == []
    assert found(ground_floor_8x7(), Brief("1F", W8, H7 + 455)) == [
        ("B01", "Storey must measure 7280 x 6825 mm, got 7280 x 6370")
    ]
    assert found(plan_of("bb"), Brief("1F", W8, H7)) == []


def test_b01_of_a_house_the_storey_meant_is_measured() -> None:
    """B01: "both" and "unknown" mean the 1F, "2F" the 2F."""
    upper = plan_of("\n".join(["HHHHHHHHHHHH"] * 14), floor=2)
    house = House((ground_floor_8x7(), upper))
    assert found(house, Brief("both", W8, H7)) == []
    assert found(house, Brief("unknown", W8, H7)) == []
    assert found(house, Brief("2F", 6 * 910, H7)) == []
    assert found(house, Brief("2F", W8, H7)) == [("B01", "Storey must measure 7280 x 6370 mm, got 5460 x 6370")]


def test_b02_another_storey() -> None:
    """B02: a 1F is no 2F, one plan is not both, and both are two storeys."""
    lower, upper = house_8x7().plans
    assert found(lower, Brief("2F", W8, H7)) == [("B02", "Storey must be 2F, got 1F")]
    assert found(upper, Brief("both", W8, H7)) == [("B02", "Storey must be 1F and 2F, got 2F")]
    assert found(House((lower,)), Brief("both", W8, H7)) == [("B02", "Storey must be 1F and 2F, got 1F")]
    assert found(House((lower,)), Brief("2F", W8, H7)) == [("B02", "Storey must be 2F, got 1F")]
    assert found(upper, Brief("unknown", W8, H7)) == []
    assert found(House(()), Brief("1F", W8, H7)) == [("B02", "Storey must be 1F, got none")]


def test_b03_missing_elements() -> None:
    """B03: each element asked for is a room of the storey meant."""
    wish = Brief("1F", W8, H7, frozenset({"stairs", "entrance", "balcony"}))
    assert found(ground_floor_8x7(), wish) == [("B03", "Plan must have balcony as asked, got none")]
    assert found(house_8x7(), wish) == [("B03", "Plan must have balcony as asked, got none")]
    assert found(house_8x7(), replace(wish, floor="both")) == []


def test_b04_the_entrance_on_each_side() -> None:
    """B04: a door in the south wall is a south entrance, and likewise for the others."""
    square = "EEE\nEEE\nEEE"
    doors = {
        "n": door("entrance", "h", 0, 0, side=-1),
        "e": door("entrance", "v", 3, 0),
        "s": door("entrance", "h", 0, 3),
        "w": door("entrance", "v", 0, 0, side=-1),
    }
    for side, opening in doors.items():
        plan = plan_of(square, openings=[opening])
        for asked in doors:
            wish = Brief("1F", 3 * 910, 3 * 910, frozenset({"entrance"}), asked)  # type: ignore[arg-type]
            codes = {code for code, _ in found(plan, wish)}
            assert ("B04" in codes) == (asked != side)
    wish = Brief("1F", 3 * 910, 3 * 910, frozenset({"entrance"}), "n")
    assert ("B04", "Entrance must be on the north side, got south") in found(
        plan_of(square, openings=[doors["s"]]), wish
    )


def test_b05_the_number_of_bedrooms_is_exact() -> None:
    """B05: 洋室 and 主寝室 of the storey meant; for both, of the house."""
    assert found(upper_floor_8x7(), Brief("2F", W8, H7, bedrooms=3)) == []
    assert found(upper_floor_8x7(), Brief("2F", W8, H7, bedrooms=2)) == [
        ("B05", "Plan must have 2 bedrooms as asked, got 3")
    ]
    assert found(house_8x7(), Brief("both", W8, H7, bedrooms=3)) == []
    assert found(house_8x7(), Brief("1F", W8, H7, bedrooms=0)) == []


def test_b06_missing_rooms() -> None:
    """B06: each room kind asked for is there."""
    wish = Brief("both", W8, H7, features=frozenset({"ldk", "wa", "wic"}))
    assert found(house_8x7(), wish) == [("B06", "Plan must have Tatami room as asked, got none")]
