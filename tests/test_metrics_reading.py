"""How readings are counted: by hand-made plans with known faults."""

from __future__ import annotations

from dataclasses import replace

import pytest

import plans
from madorizu.metrics.reading import compare, total
from madorizu.plan import Plan, Room, cells_in, translate


def two_rooms(wall: int = 4, *openings: object) -> Plan:
    """Return a bedroom and an LDK of 8x4 cells in all, the wall between them at x = `wall`."""
    rooms = Room("bed", cells_in((0, 0, wall, 4))), Room("ldk", cells_in((wall, 0, 8 - wall, 4)))
    return Plan(1, rooms, tuple(openings))  # type: ignore[arg-type]


def test_a_plan_read_right_has_only_ones() -> None:
    """Compared with itself, every figure is full."""
    plan = plans.sample_house().plans[0]
    score = compare(plan, plan)
    assert score.edge_f1 == score.mean_iou == score.kind_share == 1.0
    assert score.doors_right == score.doors_read == score.doors_drawn == score.swings_right == 7
    assert score.windows_right == score.windows_drawn == 10
    assert score.stairs_right == score.stairs_drawn == score.outlines_right == 1


def test_nothing_read_is_zero() -> None:
    """An empty reading finds nothing and invents nothing."""
    score = compare(Plan(1, ()), two_rooms())
    assert score.edge_f1 == score.mean_iou == score.kind_share == 0.0
    assert score.edges_read == 0 and score.edges_drawn == 28 and score.outlines_right == 0


def test_a_wall_off_by_half_a_module() -> None:
    """24 of 28 edges stay: 24 around, 4 of the inner wall lie wrong on both sides."""
    score = compare(two_rooms(5), two_rooms(4))
    assert (score.edges_right, score.edges_read, score.edges_drawn) == (24, 28, 28)
    # bed: 16 of 20 cells shared; ldk: 12 of 16.
    assert score.mean_iou == pytest.approx((16 / 20 + 12 / 16) / 2)
    assert score.kinds_right == 2 and score.outlines_right == 1


def test_a_room_of_another_kind_is_found_but_not_right() -> None:
    """Its overlap counts, its kind does not."""
    read = replace(two_rooms(), rooms=(Room("mbr", cells_in((0, 0, 4, 4))), two_rooms().rooms[1]))
    score = compare(read, two_rooms())
    assert score.mean_iou == 1.0 and score.kinds_right == 1


def test_doors_are_matched_by_their_wall() -> None:
    """The same door hung otherwise is right but for its swing; one elsewhere is missed and too much."""
    door = plans.opening("hinged", "v", 4, 0, 2, 755, "start+")
    other = plans.opening("hinged", "v", 4, 0, 2, 755, "end+")
    away = plans.opening("hinged", "v", 4, 2, 2, 755, "start+")
    same = compare(two_rooms(4, other), two_rooms(4, door))
    assert (same.doors_right, same.door_kinds_right, same.swings_right) == (1, 1, 0)
    off = compare(two_rooms(4, away), two_rooms(4, door))
    assert (off.doors_right, off.doors_read, off.doors_drawn) == (0, 1, 1)


def test_a_window_of_half_the_length_counts_and_less_does_not() -> None:
    """Half of the drawn run is enough."""
    drawn = two_rooms(4, plans.window("h", 0, 0, 4))
    assert compare(two_rooms(4, plans.window("h", 0, 0, 2)), drawn).windows_right == 1
    assert compare(two_rooms(4, plans.window("h", 3, 0, 3)), drawn).windows_right == 0


def test_totals_add_up() -> None:
    """Shares of a total are those of all counts together, not means of shares."""
    score = total([compare(two_rooms(), two_rooms()), compare(Plan(1, ()), two_rooms())])
    assert score.plans == 2 and score.edges_drawn == 56 and score.mean_iou == 0.5
    assert total([]).edge_f1 == 0.0


def test_a_shifted_outline_is_wrong() -> None:
    """The right size at the wrong place is no right outline."""
    assert compare(translate(two_rooms(), 1, 0), two_rooms()).outlines_right == 0
