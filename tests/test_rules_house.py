"""Rules about stairs, programme, support and shares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import (
    STAIR_8X7,
    door,
    ground_floor_8x7,
    house_8x7,
    letters,
    plan_of,
    upper_floor_8x7,
    with_openings,
    without_opening,
)
from madorizu import rules
from madorizu.plan import House, Plan, Stair, translate


def found(item: Plan | House, code: str) -> list[str]:
    """Return the messages of one rule's findings."""
    return [f.message for f in rules.check(item) if f.code == code]


# Rises to the north and turns right: first step at the west half of the south side.
U_STAIR = Stair("u", (0, 0, 4, 4), "n", "right")
U_TEXT = """
    ZZZZ
    ZZZZ
    ZZZZ
    ZZZZ
    HHHH
    HHHH
"""
UP, DOWN = door("open", "h", 0, 4), door("open", "h", 2, 4)


def test_h05_lawful_stairs() -> None:
    """H05: on 1F one steps on at the west lane, on 2F off at the east lane of this stair."""
    assert found(plan_of(U_TEXT, stair=U_STAIR, openings=[UP]), "H05") == []
    assert found(plan_of(U_TEXT, stair=U_STAIR, openings=[DOWN], floor=2), "H05") == []


def test_h05_a_straight_stair() -> None:
    """H05: a straight stair that rises to the east is entered in the west and left in the east."""
    text = """
        HHZZZZZZZZHH
        HHZZZZZZZZHH
    """
    stair = Stair("straight", (2, 0, 8, 2), "e")
    assert found(plan_of(text, stair=stair, openings=[door("open", "v", 2, 0)]), "H05") == []
    assert found(plan_of(text, stair=stair, openings=[door("open", "v", 10, 0)], floor=2), "H05") == []


def test_h05_a_stair_that_turns_once_leaves_a_corner_out() -> None:
    """H05: an L stair's room is its two flights; neither the corner that they go round, nor another one less."""
    text = """
        ZZZZZZ
        ZZZZZZ
        ZZ....
        ZZ....
        HH....
        HH....
    """
    stair = Stair("l", (0, 0, 6, 4), "n", "right")
    assert found(plan_of(text, stair=stair, openings=[door("open", "h", 0, 4)]), "H05") == []
    upstairs = text.replace("ZZZZZZ", "ZZZZZZHH").replace("HH....", "......")
    assert found(plan_of(upstairs, stair=stair, openings=[door("open", "v", 6, 0)], floor=2), "H05") == []
    whole = text.replace("ZZ....", "ZZZZZZ")
    turned = text.replace("ZZ....", "ZZZZZZ").replace("ZZZZZZ", "..ZZZZ", 2)
    for wrong in (whole, turned):
        plan = plan_of(wrong, stair=stair, openings=[door("open", "h", 0, 4)])
        assert found(plan, "H05") == ["Stair's room must be the stair's flights, got other cells"]
    for rise, turn, corner in (
        ("n", "left", "ZZZZZZ/ZZZZZZ/....ZZ/....ZZ"),
        ("s", "left", "ZZ..../ZZ..../ZZZZZZ/ZZZZZZ"),
        ("e", "right", "ZZZZZZ/ZZZZZZ/....ZZ/....ZZ"),
        ("w", "right", "ZZ..../ZZ..../ZZZZZZ/ZZZZZZ"),
    ):
        other = plan_of(corner.replace("/", "\n"), stair=replace(stair, rise=rise, turn=turn))  # type: ignore[arg-type]
        assert "got other cells" not in " ".join(found(other, "H05"))


def test_h05_room_and_form_belong_together() -> None:
    """H05: a stair's room without its form, the form without a room, and two rooms are found."""
    assert found(plan_of("ZZ"), "H05") == ["Stair of 1F must have both a room and a form, got a room alone"]
    assert found(plan_of("HH", stair=U_STAIR), "H05") == [
        "Stair of 1F must have both a room and a form, got a form alone"
    ]
    two = plan_of("ZZHzz", {"z": "stair"})
    assert found(two, "H05")[0] == "1F must have one stair, got 2"


def test_h05_an_upper_storey_without_a_stair() -> None:
    """H05: 2F alone needs a stair, 1F alone does not; in a house of two both do."""
    text = "HH\nHH"
    assert found(plan_of(text, floor=2), "H05") == ["2F must have a stair, got none"]
    assert found(plan_of(text), "H05") == []
    assert found(House((plan_of(text), plan_of(text, floor=2))), "H05") == [
        "1F must have a stair, got none",
        "2F must have a stair, got none",
    ]


def test_h05_a_stair_to_nowhere() -> None:
    """H05: a house of one storey has no stair."""
    house = House((plan_of(U_TEXT, stair=U_STAIR, openings=[UP]),))
    assert found(house, "H05") == ["House of one storey must have no stair, got one"]


@pytest.mark.parametrize(
    ("stair", "text"),
    [
        (Stair("straight", (0, 0, 2, 6), "n"), "ZZ\n" * 6),
        (Stair("straight", (0, 0, 4, 8), "n"), "ZZZZ\n" * 8),
        (Stair("u", (0, 0, 4, 3), "n", "left"), "ZZZZ\n" * 3),
        (Stair("u", (0, 0, 6, 4), "n", "left"), "ZZZZZZ\n" * 4),
        (Stair("l", (0, 0, 3, 4), "n", "left"), "ZZZ\n" * 4),
        (Stair("straight", (0, 0, 2, 9), "n"), "ZZ\n" * 9),
        (Stair("straight", (0, 0, 40, 2), "e"), "Z" * 40 + "\n" + "Z" * 40),
        (Stair("u", (0, 0, 4, 6), "n", "left"), "ZZZZ\n" * 6),
        (Stair("l", (0, 0, 4, 7), "n", "left"), "ZZZZ\n" * 7),
        (Stair("l", (0, 0, 7, 4), "n", "left"), "Z" * 7 + "\n"),
    ],
)
def test_h05_stairs_of_unusual_size(stair: Stair, text: str) -> None:
    """H05: a stair has the width of its flights and room for its steps."""
    assert any("must be of its usual size" in m for m in found(plan_of(text, stair=stair), "H05"))


@pytest.mark.parametrize(
    ("stair", "text"),
    [
        (replace(U_STAIR, turn="none"), "Turn of a stair of kind u must be left or right, got none"),
        (Stair("straight", (0, 0, 2, 8), "n", "left"), "Turn of a stair of kind straight must be none, got left"),
        (Stair("l", (0, 0, 4, 6), "n"), "Turn of a stair of kind l must be left or right, got none"),
    ],
)
def test_h05_a_stair_turns_as_its_kind_does(stair: Stair, text: str) -> None:
    """H05: a straight stair turns to no side, the others to one."""
    assert text in found(plan_of("ZZZZ\n" * 6, stair=stair), "H05")


def test_h05_a_room_beside_its_stair() -> None:
    """H05: the stair's room is the stair's rectangle."""
    moved = replace(U_STAIR, rect=(1, 0, 4, 4))
    assert "Stair's room must be the stair's flights, got other cells" in found(plan_of(U_TEXT, stair=moved), "H05")


def test_h05_steep_steps() -> None:
    """H05: 14 risers of 230 mm climb 3220 mm and not one millimetre more."""
    plan = plan_of(U_TEXT, stair=U_STAIR, openings=[UP])
    assert found(replace(plan, storey_height_mm=3220), "H05") == []
    assert found(replace(plan, storey_height_mm=3221), "H05") == ["Riser must be at most 230 mm, got 231"]


def test_h05_a_first_step_behind_a_wall_or_in_a_bedroom() -> None:
    """H05: one steps on from a hall, through an opening, at the first step and nowhere else."""
    wall = plan_of(U_TEXT, stair=U_STAIR)
    bedroom = plan_of(U_TEXT.replace("H", "1"), stair=U_STAIR, openings=[UP])
    outside = plan_of("ZZZZ\n" * 4, stair=U_STAIR)
    wrong_lane = plan_of(U_TEXT, stair=U_STAIR, openings=[UP, DOWN])
    at_a_hall = "Stair's first step must lie at a hall, LDK or entrance, got another place"
    assert found(wall, "H05") == ["Stair's first step must have an open passage or a door, got a wall"]
    assert found(bedroom, "H05") == [at_a_hall]
    assert found(outside, "H05") == [at_a_hall]
    assert found(wrong_lane, "H05") == ["Stair must have no door but at its first and last step, got one"]


def test_h05_a_middle_storey_has_both_ways() -> None:
    """H05: on 2F of three one steps off and on."""
    first, last = plan_of(U_TEXT, stair=U_STAIR, openings=[UP]), plan_of(U_TEXT, stair=U_STAIR, openings=[DOWN])
    middle = with_openings(first, DOWN)
    storeys = (first, replace(middle, floor=2), replace(last, floor=3))
    assert found(House(storeys), "H05") == []
    assert found(House((first, replace(last, floor=2), replace(last, floor=3))), "H05") == [
        "Stair's first step must have an open passage or a door, got a wall"
    ]


def test_h05_stair_on_stair() -> None:
    """H05: a 2F moved by one half module has its stair in another place."""
    upper = translate(upper_floor_8x7(), 1, 0)
    assert found(House((ground_floor_8x7(), upper)), "H05") == [
        "Stair of 2F must be the stair of 1F, got another place or form"
    ]


def test_h08_what_a_house_needs() -> None:
    """H08: a house of a hall lacks everything; of a storey alone nothing is demanded."""
    hall = plan_of("HH\nHH")
    assert found(House((hall,)), "H08") == [
        "House must have an LDK, got none",
        "House must have a bath, got none",
        "House must have a washroom, got none",
        "House must have a WC, got none",
    ]
    assert found(hall, "H08") == []


def test_h08_one_ldk() -> None:
    """H08: two kitchens are two dwellings, on one storey or on two."""
    two = plan_of("LlHH", {"l": "ldk"})
    assert found(two, "H08") == ["House must have one LDK, got 2"]
    assert found(plan_of("LLHH"), "H08") == []
    assert "House must have one LDK, got 2" in found(House((plan_of("LL"), plan_of("LL", floor=2))), "H08")


def test_h08_storeys_in_order() -> None:
    """H08: storeys are 1F, 2F, …; a house without any is found."""
    lower, upper = house_8x7().plans
    assert found(House((upper, lower)), "H08") == ["House must have its storeys from 1F upwards, got 2F, 1F"]
    assert found(House(()), "H08")[0] == "House must have its storeys from 1F upwards, got none"


def test_h14_a_room_over_the_garden() -> None:
    """H14: 2F may reach one module beyond 1F, a balcony further only over a porch or deck."""
    lower = plan_of("HHHH....\nHHHHkkkk\nHHHHkkkk")
    edge = plan_of("111111\n111111", floor=2)
    over = plan_of("1111111\n1111111", floor=2)
    high = plan_of("1111bbbb\n1111bbbb", floor=2)
    low = translate(high, 0, 1)
    assert found(House((lower, edge)), "H14") == []
    assert found(House((lower, over)), "H14") == [
        "Bedroom must reach at most 910 mm beyond the storey below, got 2 cells further"
    ]
    assert found(House((lower, high)), "H14") == [
        "Balcony must reach at most 910 mm beyond the storey below, got 2 cells further"
    ]
    assert found(House((lower, low)), "H14") == []
    deck = plan_of("1111kkkk\n1111kkkk", floor=2)
    for above in (deck, translate(deck, 0, 1)):  # nothing but a balcony may stand on posts
        assert found(House((lower, above)), "H14") == [
            "Deck must reach at most 910 mm beyond the storey below, got 4 cells further"
        ]


def test_h14_a_void_lies_over_a_living_room() -> None:
    """H14: a void is upstairs, over LDK, hall, entrance or stair."""
    void = plan_of("VVVV\nVVVV", floor=2)
    assert found(House((plan_of("LLLL\nLLLL"), void)), "H14") == []
    assert found(House((plan_of("LLL1\nLLL1"), void)), "H14") == [
        "Void must lie over LDK, hall, entrance or stair, got another room below"
    ]
    assert found(replace(void, floor=1), "H14") == ["Void must be on 2F or above, got 1F"]


def test_s03_wet_rooms_apart() -> None:
    """S03: a WC that shares no wall with bath, washroom or kitchen is found; a WC alone is not."""
    assert found(plan_of("UWHT"), "S03") == ["WC should share a wall with another wet room, got none"]
    assert found(plan_of("UWTH"), "S03") == []
    assert found(plan_of("HT"), "S03") == []


def test_s05_more_than_a_fifth_for_ways() -> None:
    """S05: 3 of 10 cells for the hall are 30 %."""
    assert found(plan_of("HHHLLLLLLL"), "S05") == [
        "Hall, entrance and stair should take at most 22 % of the floor, got 30.0 %"
    ]
    assert found(plan_of("HHLLLLLLLL"), "S05") == []
    assert found(plan_of("VV"), "S05") == []


def test_s06_storage_of_a_house_and_of_a_bedroom() -> None:
    """S06: a house without stores, and a bedroom without a closet."""
    plan = plan_of("11111111cL", openings=[door("open", "v", 8, 0, span=1)])
    assert found(House((plan,)), "S06") == []
    assert found(House((without_opening(plan, 0),)), "S06") == ["Bedroom should have a closet, got none"]
    assert found(House((plan_of("LLLLLLLLLL"),)), "S06") == [
        "Storage should take at least 10 % of the floor, got 0.0 %"
    ]
    assert found(plan_of("LLLLLLLLLL"), "S06") == []


def test_an_ldk_upstairs_is_lawful() -> None:
    """LDK on 2F, a bedroom in its place below: no hard finding; the sun and the WC are where they were."""
    lower = plan_of(
        letters(ground_floor_8x7()).replace("L", "M"), openings=ground_floor_8x7().openings, stair=STAIR_8X7
    )
    text = letters(upper_floor_8x7()).replace("M", "L").replace("2", "L").replace("d", "L")
    doors = [o for o in upper_floor_8x7().openings if o.kind != "folding" or o.axis == "h"]
    upper = plan_of(text, floor=2, stair=STAIR_8X7, openings=doors)
    house = House((lower, upper))
    assert [f.message for f in rules.check(house) if f.hard] == []
    assert found(house, "S01") == []


def test_a_bath_upstairs_needs_its_washroom_there() -> None:
    """H07: on 2F a bath is entered from a washroom as on 1F; H08 counts it wherever it is."""
    text = "UUUUWWWW\nUUUUWWWW\nUUUUWWWW"
    to_wash = door("hinged", "v", 4, 0)
    assert found(plan_of(text, floor=2, openings=[to_wash]), "H07") == []
    alone = plan_of(text.replace("W", "H"), floor=2, openings=[to_wash])
    assert found(alone, "H07") == ["Bath must have exactly one door, to the washroom, got Hall"]
    assert "House must have a bath, got none" not in found(House((plan_of("HH"), alone)), "H08")
