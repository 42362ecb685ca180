"""Rules about wet rooms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import door, plan_of
from madorizu import rules
from madorizu.plan import Fixture, House, Opening, Plan


def found(item: Plan | House, code: str) -> list[str]:
    """Return the messages of one rule's findings."""
    return [f.message for f in rules.check(item) if f.code == code]


def two(lower: str, upper: str) -> House:
    """Draw a house of two storeys."""
    return House((plan_of(lower), plan_of(upper, floor=2)))


def test_s04_pipes_below() -> None:
    """S04: a WC two cells beside the bath below is near enough, three are too far."""
    assert found(two("UUHHHHTH", "HHHTTHHH"), "S04") == []
    assert found(two("UUHHHHHH", "HHHTTHHH"), "S04") == []
    assert found(two("UUHHHHHH", "HHHHTTHH"), "S04") == [
        "WC should lie over a wet room of the storey below, got none within 910 mm"
    ]
    assert found(two("HHHHHHHH", "HHHHTTHH"), "S04") == []  # nothing wet below: H08 may speak


def test_s04_the_kitchen_counter_has_pipes_too() -> None:
    """S04: a counter below counts, the rest of the LDK does not."""
    house = two("UULLLLLLLL", "HHHHHHHHTT")
    assert len(found(house, "S04")) == 1
    counter = Fixture("kitchen", 8 * 455, 0, 455, 455, "w")
    lower = replace(house.plans[0], fixtures=(counter,))
    assert found(House((lower, house.plans[1])), "S04") == []
    giant = replace(counter, width_mm=10**9)
    assert len(found(House((replace(lower, fixtures=(giant,)), house.plans[1])), "S04")) == 1


def test_s04_a_wc_over_a_bedroom() -> None:
    """S04: not over a bedroom or tatami room, even with pipes near."""
    for letter in "1MJ":
        assert found(two(f"UU{letter * 4}", "HHTTHH"), "S04") == ["WC should not lie over a bedroom, got one below"]
    assert found(two("UUHHHH", "HHTTHH"), "S04") == []


def test_s08_a_wc_off_the_ldk() -> None:
    """S08: a door from the LDK to a WC."""
    assert found(plan_of("LLTT\nLLTT", openings=[door("hinged", "v", 2, 0)]), "S08") == [
        "WC should not open to the LDK, got a door there"
    ]
    assert found(plan_of("HHTT\nHHTT", openings=[door("hinged", "v", 2, 0)]), "S08") == []


def test_s08_a_storey_without_a_wc() -> None:
    """S08: each storey of a house has one; a storey alone is not asked."""
    assert found(two("TT", "HH"), "S08") == ["2F should have a WC, got none"]
    assert found(plan_of("HH"), "S08") == []


SEEN = "WC's door should not be seen from the entrance, got it straight ahead"


@pytest.mark.parametrize(
    ("text", "doors"),
    [
        ("TTT\nEEE\nEEE", [door("entrance", "h", 0, 3), door("hinged", "h", 0, 1)]),
        ("EEE\nEEE\nTTT", [door("entrance", "h", 0, 0), door("hinged", "h", 0, 2)]),
        ("TEE\nTEE\nTEE", [door("entrance", "v", 3, 0), door("hinged", "v", 1, 0)]),
        ("EET\nEET\nEET", [door("entrance", "v", 0, 0), door("hinged", "v", 2, 0)]),
    ],
)
def test_s08_straight_ahead(text: str, doors: list[Opening]) -> None:
    """S08: from each side, the WC's door in the wall opposite to the entrance is seen; behind a wall it is not."""
    assert found(plan_of(text, openings=doors), "S08") == [SEEN]
    assert found(plan_of(text, openings=doors[:1]), "S08") == []


def test_s08_one_sees_through_open_passages_only() -> None:
    """S08: a hall without a door between is looked through, one behind a door is not."""
    text = "TTT\nHHH\nHHH\nEEE\nEEE"
    ends = [door("entrance", "h", 0, 5), door("hinged", "h", 0, 1)]
    assert found(plan_of(text, openings=[*ends, door("open", "h", 0, 3, span=3)]), "S08") == [SEEN]
    assert found(plan_of(text, openings=[*ends, door("hinged", "h", 0, 3)]), "S08") == []
    aside = [ends[0], door("hinged", "v", 3, 3)]
    assert found(plan_of("HHH\nHHH\nHHH\nEEETT\nEEETT", openings=aside), "S08") == []
    out_again = [door("entrance", "h", 0, 2), door("open", "h", 0, 0, span=3)]
    assert found(plan_of("EEETT\nEEETT", openings=out_again), "S08") == []


def test_s08_an_entrance_in_an_inner_wall_is_h04s() -> None:
    """S08: nothing is seen through a door that does not lead in."""
    assert (
        found(plan_of("TTT\nEEE\nHHH", openings=[door("entrance", "h", 0, 2), door("hinged", "h", 0, 1)]), "S08") == []
    )


def test_s09_the_washroom_and_the_kitchen() -> None:
    """S09: six cells between washroom and counter are 2730 mm, seven are more."""
    text = "HHWWLLLLLLLLLL\nHHWWLLLLLLLLLL"
    plan = plan_of(text, openings=[door("hinged", "v", 2, 0)])
    near, far = (Fixture("kitchen", x * 455, 0, 650, 900, "w") for x in (10, 11))
    assert found(plan, "S09") == []
    assert found(replace(plan, fixtures=(near,)), "S09") == []
    assert found(replace(plan, fixtures=(far,)), "S09") == [
        "Washroom should lie at most 2730 mm from the kitchen, got more"
    ]
    assert found(replace(plan, openings=()), "S09") == ["Washroom should have a door to a hall, got none"]
