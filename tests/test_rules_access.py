"""Rules about entrance, ways, the bath's door and dead ends."""

from __future__ import annotations

import pytest

from drawing import door, ground_floor_8x7, plan_of, window, with_openings
from madorizu import rules
from madorizu.plan import Opening, OpeningKind, Plan


def found(plan: Plan, code: str) -> list[str]:
    """Return the messages of one rule's findings."""
    return [f.message for f in rules.check(plan) if f.code == code]


ENTRANCE = """
    HHEEE
    HHEEE
    HHEEE
"""


def test_h04_a_ground_floor_without_an_entrance() -> None:
    """H04: 1F needs an entrance room and an entrance door."""
    assert found(plan_of("HH\nHH"), "H04") == [
        "1F must have exactly one entrance room, got 0",
        "1F must have exactly one entrance door, got 0",
    ]


def test_h04_two_entrances() -> None:
    """H04: a second entrance room and a second door are found; a service door is not counted."""
    plan = plan_of("EEEFFF\nEEEFFF\nEEEFFF", {"F": "ent"})
    doors = [door("entrance", "h", 0, 3), door("entrance", "h", 3, 3), door("service", "h", 0, 0)]
    assert found(with_openings(plan, *doors), "H04") == [
        "1F must have exactly one entrance room, got 2",
        "1F must have exactly one entrance door, got 2",
    ]


def test_h04_an_entrance_door_elsewhere() -> None:
    """H04: the entrance door leads from the entrance room to outside, not from the hall."""
    wrong, right = door("entrance", "v", 0, 0), door("entrance", "h", 2, 3)
    assert found(plan_of(ENTRANCE, openings=[wrong]), "H04") == [
        "Entrance door must lead from the entrance room to the outside, got another place"
    ]
    assert found(plan_of(ENTRANCE, openings=[right]), "H04") == []


def test_h04_an_entrance_upstairs() -> None:
    """H04: neither an entrance room nor an entrance door may be on 2F."""
    assert found(plan_of(ENTRANCE, floor=2), "H04") == ["2F must have no entrance, got one"]
    door_only = plan_of("HHH\nHHH", floor=2, openings=[door("entrance", "h", 0, 2)])
    assert found(door_only, "H04") == ["2F must have no entrance, got one"]


def test_h06_a_room_without_a_door() -> None:
    """H06: a store without a door is not reached; an open passage or a door reaches it."""
    assert "no way" in found(plan_of("EEEo\nEEEo\nEEEo"), "H06")[0]
    assert found(plan_of("EEEo\nEEEo\nEEEo", openings=[door("open", "v", 3, 0)]), "H06") == []


def test_h06_a_bedroom_behind_a_bedroom() -> None:
    """H06: a bedroom is not crossed to reach another, but its closet is its own."""
    plan = plan_of(
        "EEE11122",
        openings=[door("open", "v", 3, 0, span=1), door("open", "v", 6, 0, span=1)],
    )
    assert found(plan, "H06") == [
        "Bedroom must be reachable from the entrance without crossing a private room, got no way"
    ]
    closet = plan_of("EEE111cc", openings=plan.openings)
    assert found(closet, "H06") == []


@pytest.mark.parametrize(
    ("owner", "owned"),
    [
        ("M", "K"),
        ("1", "c"),
        ("J", "O"),
        ("W", "U"),
        ("W", "T"),
        ("W", "o"),
        ("J", "S"),
        ("E", "X"),
        ("H", "X"),
        ("L", "P"),
        ("H", "c"),
    ],
)
def test_h06_owned_rooms(owner: str, owned: str) -> None:
    """H06: a room is entered from its owner or from any passage room."""
    plan = plan_of(
        f"ee{owner}{owned}", {"e": "ent"}, openings=[door("open", "v", 2, 0, span=1), door("open", "v", 3, 0, span=1)]
    )
    assert found(plan, "H06") == []


@pytest.mark.parametrize(
    ("owner", "other"),
    [
        ("1", "K"),
        ("J", "c"),
        ("M", "O"),
        ("T", "W"),
        ("U", "1"),
        ("K", "o"),
        ("H", "O"),
        ("L", "O"),
        ("H", "P"),
        ("L", "X"),
    ],
)
def test_h06_rooms_that_own_no_such_room(owner: str, other: str) -> None:
    """H06: no way leads through a WC or a closet, nor to a closet of another kind of room."""
    plan = plan_of(
        f"ee{owner}{other}", {"e": "ent"}, openings=[door("open", "v", 2, 0, span=1), door("open", "v", 3, 0, span=1)]
    )
    assert [f.room for f in rules.check(plan) if f.code == "H06" and f.room == 2] == [2]


@pytest.mark.parametrize(("owner", "owned"), [("M", "den"), ("L", "den"), ("W", "laundry"), ("H", "laundry")])
def test_h06_studies_and_laundries(owner: str, owned: str) -> None:
    """H06: a study is entered from the master bedroom, a laundry from the washroom, both from a passage room."""
    openings = [door("open", "v", 2, 0, span=1), door("open", "v", 3, 0, span=1)]
    assert found(plan_of(f"ee{owner}q", {"e": "ent", "q": owned}, openings=openings), "H06") == []
    through_a_wc = plan_of("eeTq", {"e": "ent", "q": owned}, openings=openings)
    assert len(found(through_a_wc, "H06")) == 1


def test_h06_upstairs_the_way_begins_at_the_stair() -> None:
    """H06: on 2F rooms are reached from the stair; a void is not walked to."""
    plan = plan_of("ZZHHV1", floor=2, openings=[door("open", "v", 2, 0, span=1)])
    assert found(plan, "H06") == [
        "Bedroom must be reachable from the stair without crossing a private room, got no way"
    ]


BATH = """
    UUUUWWWW
    UUUUWWWW
    UUUUWWWW
    HHHHHHHH
    HHHHHHHH
"""


def test_h07_a_bath_with_a_door_to_the_hall() -> None:
    """H07: a bath is entered from the washroom only, and has a door at all."""
    to_wash, to_hall = door("hinged", "v", 4, 0), door("hinged", "h", 0, 3)
    assert found(plan_of(BATH, openings=[to_wash]), "H07") == []
    assert found(plan_of(BATH, openings=[to_hall]), "H07") == [
        "Bath must have exactly one door, to the washroom, got Hall"
    ]
    assert found(plan_of(BATH, openings=[to_wash, to_hall]), "H07") == [
        "Bath must have exactly one door, to the washroom, got Hall, Washroom"
    ]
    assert found(plan_of(BATH), "H07") == ["Bath must have exactly one door, to the washroom, got none"]


@pytest.mark.parametrize("kind", ["service", "french"])
def test_h07_a_door_to_the_garden_is_a_second_door(kind: OpeningKind) -> None:
    """H07: doors to the outside are counted, a window is none."""
    to_wash, to_garden = door("hinged", "v", 4, 0), Opening(kind, "h", 0, 0, 2, 750)
    assert found(plan_of(BATH, openings=[to_wash, to_garden]), "H07") == [
        "Bath must have exactly one door, to the washroom, got Washroom, the outside"
    ]
    assert found(plan_of(BATH, openings=[to_wash, window("h", 0, 0, 2)]), "H07") == []


def test_h07_bath_and_washroom_share_one_module() -> None:
    """H07: half a module of common wall holds no door."""
    plan = plan_of("UUU.\nUUU.\nUUU.\nUUUW", openings=[door("open", "v", 3, 3, span=1)])
    assert found(plan, "H07") == ["Bath and washroom must share at least 910 mm of wall, got 455"]


def test_s14_a_corridor_beyond_its_last_door() -> None:
    """S14: the end of a corridor needs a door; the lawful house has one at each end."""
    text = """
        TTTT..
        HHHHHH
        HHHHHH
    """
    at_west = plan_of(text, openings=[door("open", "h", 0, 1)])
    dead = [f for f in rules.check(at_west) if f.code == "S14"]
    assert [(f.cell, f.hard) for f in dead] == [((4, 1), False)]
    at_both = with_openings(at_west, door("hinged", "v", 6, 1))
    assert found(at_both, "S14") == []
    assert found(ground_floor_8x7(), "S14") == []
