"""Rules about sun, quiet, ways, age and air."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import door, ground_floor_8x7, house_8x7, plan_of, upper_floor_8x7, window, with_openings
from madorizu import rules
from madorizu.brief import Brief
from madorizu.plan import House, Opening, Plan


def found(item: Plan | House, code: str, brief: Brief | None = None) -> list[str]:
    """Return the messages of one rule's findings."""
    return [f.message for f in rules.check(item, brief) if f.code == code]


BEDROOM = "\n".join(["HH111111"] * 6)


def test_h10_half_of_a_sliding_window_opens() -> None:
    """H10: 7.45 m² need 0.37 m² that opens; half of 690 × 1100 mm is 0.38, half of 600 × 1100 is 0.33."""
    enough, small = window("h", 3, 0, 2), replace(window("h", 3, 0, 2), width_mm=600)
    text = "Bedroom must have A/20 of window that opens or mechanical ventilation, got less"
    assert found(plan_of(BEDROOM, openings=[enough]), "H10") == []
    assert found(plan_of(BEDROOM, openings=[small]), "H10") == [text]
    assert found(plan_of(BEDROOM, openings=[small, replace(small, x=5)]), "H10") == []
    assert found(plan_of(BEDROOM, openings=[small, door("service", "h", 5, 0)]), "H10") == []


def test_h10_is_information() -> None:
    """H10: a WC without a window is noted, and the house stays lawful with all its points."""
    lower = replace(ground_floor_8x7(), openings=ground_floor_8x7().openings[:-1])
    house = House((lower, upper_floor_8x7()))
    (note,) = rules.check(house)
    assert (note.code, note.hard, note.weight) == ("H10", False, "info")
    assert rules.is_lawful(house) and rules.score(house).total == 100
    assert rules.format_findings([note]) == (
        "note H10 1F (0, 4): WC must have a window or mechanical ventilation, got no window"
    )
    assert rules.format_findings([note], "ja").startswith("参考 H10 1階 (0, 4): トイレ")


def test_s02_one_sunny_bedroom_is_enough() -> None:
    """S02: of two children's rooms one may face north; with 1365 mm of east wall it is not sunny."""
    south, north = plan_of("11112222\nHHHH2222", floor=2), plan_of("1111\nHHHH", floor=2)
    assert found(south, "S02") == []
    text = ["One bedroom should have 1820 mm of wall to the south or east, got none"]
    assert found(north, "S02") == text
    assert found(plan_of("1111\n1111\n1111\nHHHH", floor=2), "S02") == text
    assert found(plan_of("1111\n1111\n1111\n1111\nHHHH", floor=2), "S02") == []


def test_s02_is_asked_of_upper_storeys_and_bungalows() -> None:
    """S02: not of a 1F below a 2F, nor of a 1F alone, whose house may have others."""
    plan = plan_of("MMMM\nHHHH")
    text = ["Master bedroom should have 1820 mm of wall to the south or east, got less"]
    assert found(plan, "S02") == []
    assert found(House((plan, plan_of("HHHH", floor=2))), "S02") == []
    assert found(House((plan,)), "S02") == text
    assert found(replace(plan, floor=2), "S02") == text


def test_s10_closets_part_bedrooms() -> None:
    """S10: 3185 mm of common wall are too much, 2730 are not, and with a closet between there is none."""
    assert found(plan_of("\n".join(["12"] * 7)), "S10") == ["Bedrooms should share at most 2730 mm of wall, got 3185"]
    assert found(plan_of("\n".join(["12"] * 6)), "S10") == []
    assert found(plan_of("\n".join(["1c2"] * 7)), "S10") == []
    assert found(plan_of("\n".join(["1J"] * 7)), "S10") == []


def test_s11_sizes_of_bedrooms() -> None:
    """S11: of 10 and 13 cells each is 13 % off the mean; of 10 and 14 each is 17 % off; none passes the master's."""
    assert found(plan_of("1" * 10 + "2" * 13), "S11") == []
    assert found(plan_of("1" * 10 + "2" * 14), "S11") == [
        "Bedroom should be within 15 % of the mean of 2.48 m², got 2.07",
        "Bedroom should be within 15 % of the mean of 2.48 m², got 2.90",
    ]
    assert found(plan_of("1" * 10 + "M" * 10), "S11") == []
    assert found(plan_of("1" * 10 + "M" * 9), "S11") == [
        "Bedroom should be at most as large as the master bedroom, got 2.07 m²"
    ]
    assert found(House((plan_of("1" * 10), plan_of("M" * 9, floor=2))), "S11") != []


BALCONY = """
    11112222
    11112222
    bbbbbbbb
    bbbbbbbb
"""


def test_s15_who_reaches_a_balcony() -> None:
    """S15: one bedroom alone is too few; two, a hall or an LDK will do."""
    west, east = window("h", 0, 2, kind="french"), window("h", 4, 2, kind="french")
    text = ["Balcony should have doors from two rooms, or one from a hall or LDK, got one room"]
    assert found(plan_of(BALCONY, floor=2, openings=[west]), "S15") == text
    assert found(plan_of(BALCONY, floor=2, openings=[west, east]), "S15") == []
    for kind in ("hall", "ldk"):
        assert found(plan_of(BALCONY, {"1": kind}, floor=2, openings=[west]), "S15") == []


def test_s15_a_balcony_to_the_north() -> None:
    """S15: the sun comes from the south."""
    lines = [line.strip() for line in BALCONY.strip().splitlines()]
    openings = [window("h", 0, 2, kind="french"), window("h", 4, 2, kind="french")]
    north = plan_of("\n".join(lines[::-1]), floor=2, openings=openings)
    assert found(north, "S15") == ["Balcony should face south, got another side"]


@pytest.mark.parametrize(
    ("text", "entrance"),
    [
        ("EEE\nEEE\nEEE\n...\nSSS", door("entrance", "h", 0, 3)),
        ("SSS\n...\nEEE\nEEE\nEEE", door("entrance", "h", 0, 2, side=-1)),
        ("EEE.S\nEEE.S\nEEE.S", door("entrance", "v", 3, 0)),
        ("S.EEE\nS.EEE\nS.EEE", door("entrance", "v", 2, 0, side=-1)),
    ],
)
def test_s16_the_house_before_the_door(text: str, entrance: Opening) -> None:
    """S16: whatever side the entrance is on, a wing before it hides it; turned round it is seen."""
    assert found(plan_of(text, openings=[entrance]), "S16") == [
        "Entrance door should face the road, got the house before it"
    ]
    free = plan_of(text.replace("S", "."), openings=[entrance])
    assert found(free, "S16") == []


def test_s16_the_side_of_the_road() -> None:
    """S16: with a brief the door faces the side that it names."""
    brief = Brief("1F", 7280, 6370, frozenset({"entrance"}), "e")
    assert found(house_8x7(), "S16", brief) == ["Entrance door should face the road in the east, got south"]
    assert found(house_8x7(), "S16", replace(brief, entrance_side="s")) == []
    assert found(house_8x7(), "S16", Brief("1F", 7280, 6370)) == []


def test_s17_the_upper_storey() -> None:
    """S17: 6 of 10 cells are too few, 7 are enough, 11 too many; of a storey alone nothing is asked."""
    for count, share in ((6, "60"), (11, "110")):
        house = House((plan_of("H" * 10), plan_of("H" * count, floor=2)))
        assert found(house, "S17") == [f"2F should have 65 to 100 % of the storey below, got {share} %"]
    assert found(House((plan_of("H" * 10), plan_of("H" * 7, floor=2))), "S17") == []
    assert found(plan_of("H" * 6, floor=2), "S17") == []


def way(length: int, *more: Opening) -> Plan:
    """Draw a WC and a tatami room at the ends of a hall; from door to door it is `length` cells."""
    hall = "H" * (length + 1)
    text = f"TT{hall}JJ\nTT{hall}JJ"
    doors = (door("hinged", "v", 2, 0), door("hinged", "v", length + 3, 0))
    return plan_of(text, openings=doors + more)


def test_s18_from_bed_to_wc() -> None:
    """S18: 12 cells from door to door are six modules, 13 are more; a second WC nearer by counts."""
    assert found(way(12), "S18") == []
    assert found(way(13), "S18") == ["Tatami room should be at most 5460 mm from a WC, got 5915"]
    assert found(replace(way(13), openings=way(13).openings[1:]), "S18") == []  # no way at all: H06 speaks


def test_s18_walls_are_walked_round_and_private_rooms_not_crossed() -> None:
    """S18: the way leads through doors of halls; a bedroom between is no way."""
    text = "\n".join(["TTHH11GGGGGGGGGGGGJJ"] * 2)
    doors = [door("hinged", "v", x, 0) for x in (2, 4, 6, 18)]
    assert found(plan_of(text, {"G": "hall"}, openings=doors), "S18") == []
    through = plan_of(text, {"G": "hall", "1": "hall"}, openings=doors)
    assert found(through, "S18") == ["Tatami room should be at most 5460 mm from a WC, got 6825"]


def test_s19_a_storey_for_the_old() -> None:
    """S19: no WC beside the master bedroom, a small room, a narrow door."""
    upper = upper_floor_8x7()
    wc = next(i for i, r in enumerate(upper.rooms) if r.kind == "wc")
    no_wc = replace(upper, rooms=tuple(replace(r, kind="sto") if i == wc else r for i, r in enumerate(upper.rooms)))
    assert found(House((ground_floor_8x7(), no_wc)), "S19") == [
        "WC beside the master bedroom should be 1300 mm long inside, got 0"
    ]
    narrow = replace(
        upper, openings=tuple(replace(o, width_mm=700) if (o.x, o.y) == (8, 6) else o for o in upper.openings)
    )
    assert found(House((ground_floor_8x7(), narrow)), "S19") == ["Master bedroom's door should be 750 mm wide, got 700"]
    assert found(narrow, "S19") == []  # a storey alone is not asked
    small = House((plan_of("\n".join(["TTMMMMMM"] * 7)),))
    assert found(small, "S19") == ["Master bedroom should have 9 m² inside its walls, got 7.9"]
    assert found(House((with_openings(plan_of("\n".join(["TTMMMMMMM"] * 7))),)), "S19") == []
