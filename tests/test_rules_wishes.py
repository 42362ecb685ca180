"""Rules about the brief: what was asked for and is not there."""

from __future__ import annotations

from dataclasses import replace

from drawing import door, ground_floor_8x7, house_8x7, plan_of, upper_floor_8x7
from madorizu import rules
from madorizu.brief import PLACE_WORDS, Brief, brief_of, brief_of_house
from madorizu.plan import House, Plan, Stair

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
    assert rules.is_lawful(house_8x7(), brief_of_house(house_8x7()))


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


def test_b01_of_both_each_storey_has_its_size() -> None:
    """B01: where the brief says a size of the 2F, both are measured; a storey alone by its own number."""
    upper = plan_of("\n".join(["HHHHHHHHHHHH"] * 14), floor=2)
    house = House((ground_floor_8x7(), upper))
    assert found(house, Brief("both", W8, H7, upper_mm=(6 * 910, H7))) == []
    assert found(house, Brief("both", W8, H7, upper_mm=(W8, H7))) == [
        ("B01", "Storey must measure 7280 x 6370 mm, got 5460 x 6370")
    ]
    wrong = [f for f in rules.check(house, Brief("both", 5 * 910, H7, upper_mm=(5 * 910, H7))) if f.code == "B01"]
    assert [(f.floor, f.message_ja) for f in wrong] == [
        (1, "外形は4550×6370mmの要望に対し7280×6370mmです"),
        (2, "外形は4550×6370mmの要望に対し5460×6370mmです"),
    ]
    both = [("B02", "Storey must be 1F and 2F, got 2F")]
    assert found(upper, Brief("both", W8, H7, upper_mm=(6 * 910, H7))) == both
    assert found(upper, Brief("both", W8, H7, upper_mm=(W8, H7)))[0][0] == "B01"


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


def test_b07_the_habitable_rooms_of_the_house() -> None:
    """B07: bedrooms and tatami rooms of both storeys beside the LDK; a storage room or a closet is none."""
    assert found(house_8x7(), Brief("both", W8, H7, nldk=3)) == []
    assert found(house_8x7(), Brief("both", W8, H7, nldk=4)) == [("B07", "House must be 4LDK as asked, got 3LDK")]
    assert [f.message_ja for f in rules.check(house_8x7(), Brief("both", W8, H7, nldk=2)) if f.code == "B07"] == [
        "2LDKの要望に対し3LDKです"
    ]


def test_b07_of_one_storey() -> None:
    """B07: the 1F of a house of one storey is the whole house; of two, one storey alone says nothing."""
    plan = plan_of("LLLLLL\nLLLLLL\n11JJHH\n11JJHH")
    size = 6 * 455, 4 * 455
    assert found(plan, Brief("1F", *size, nldk=2)) == found(House((plan,)), Brief("1F", *size, nldk=2)) == []
    assert found(plan, Brief("1F", *size, nldk=1)) == [("B07", "House must be 1LDK as asked, got 2LDK")]
    assert found(plan, Brief("both", *size, nldk=1)) == [("B02", "Storey must be 1F and 2F, got 1F")]
    without = plan_of("HHHHHH\nHHHHHH\n11JJHH\n11JJHH")
    assert found(without, Brief("1F", *size, nldk=2)) == [
        ("B07", "House must be 2LDK as asked, got 2 rooms without an LDK")
    ]
    assert found(House(()), Brief("1F", *size, nldk=2))[-1][0] == "B07"


def test_b08_the_stair_in_each_third() -> None:
    """B08: the stair's middle, by the outline of the storey meant; of both that of the 1F."""
    stairs = frozenset({"stairs"})
    lower, upper = house_8x7().plans  # the stair's middle is 5 of 8 modules east, 1 of 7 south
    for place in PLACE_WORDS:
        for item, floor in ((lower, "1F"), (upper, "2F"), (house_8x7(), "both"), (house_8x7(), "unknown")):
            wish = Brief(floor, W8, H7, stairs, stair_place=place)  # type: ignore[arg-type]
            expected = (
                [] if place == "n" else [("B08", f"Stairs must be in the {PLACE_WORDS[place]} as asked, got north")]
            )
            assert found(item, wish) == expected
    wish = Brief("1F", W8, H7, stairs, stair_place="se")
    (finding,) = [f for f in rules.check(lower, wish) if f.code == "B08"]
    assert (finding.cell, finding.floor, finding.message_ja) == ((8, 0), 1, "階段は南東の要望に対し北です")


def test_b08_without_a_stair_or_a_house() -> None:
    """B08: a missing stair is B03's; a stair where nothing is indoors is no crash."""
    wish = Brief("1F", 6 * 910, 6 * 910, frozenset({"stairs"}), stair_place="c")
    assert [code for code, _ in found(plan_of("LLLL\nLLLL"), wish)] == ["B01", "B03"]
    assert [code for code, _ in found(Plan(1, (), stair=Stair("u", (0, 0, 4, 4), "n")), wish)] == ["B03"]
