"""Near-duplicates among many plans."""

from __future__ import annotations

import drawing
from madorizu.metrics.known import Known, different_pairs
from madorizu.plan import Plan, Room, cells_in, translate

GROUND, UPPER = drawing.ground_floor_8x7(), drawing.upper_floor_8x7()


def mirrored(plan: Plan) -> Plan:
    """Return only the rooms, east for west."""
    rooms = tuple(Room(r.kind, frozenset((15 - x, y) for x, y in r.cells)) for r in plan.rooms)
    return Plan(plan.floor, rooms)


def test_a_plan_is_known_moved_and_mirrored() -> None:
    """The first that is near is named; another storey, or another plan, is not."""
    other = Plan(1, (Room("ldk", cells_in((0, 0, 16, 14))),))
    known = Known([other, GROUND])
    assert len(known) == 2
    assert known.near(translate(GROUND, 5, -3)) == 1
    assert known.near(mirrored(GROUND)) == 1
    assert known.near(UPPER) is None
    assert known.near(other) == 0


def test_what_has_no_room_is_near_to_nothing() -> None:
    """Neither asked nor kept."""
    empty = Plan(1, ())
    assert Known([GROUND]).near(empty) is None
    assert Known([]).near(GROUND) is None and len(Known([empty])) == 0


def test_pairs_that_differ() -> None:
    """Of a plan, its mirror, another and a picture that was not read: 2 of 6."""
    other = Plan(1, (Room("ldk", cells_in((0, 0, 16, 14))),))
    assert different_pairs([GROUND, mirrored(GROUND), other, None]) == (2, 6)
    assert different_pairs([None, None, Plan(1, ())]) == (0, 3)
