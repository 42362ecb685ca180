"""Spoiled fixtures."""

from __future__ import annotations

import random
from dataclasses import replace

from madorizu.catalogue import FIXTURES
from madorizu.plan import (
    DOOR_KINDS,
    HALF_MM,
    OPPOSITE,
    STEP,
    House,
    border,
)
from mutations.parts import (
    Mutant,
    chosen,
    spoiled,
    with_fixture,
)


def fixture_shifted(house: House, rng: random.Random) -> Mutant | None:
    """Shift a fixture until its middle lies on a wall: it stands in two rooms, or half outdoors."""
    found = [(plan, i) for plan in house.plans for i in range(len(plan.fixtures))]
    if not found:
        return None
    plan, index = rng.choice(found)
    old = plan.fixtures[index]
    room = plan.room_at(((old.x_mm + old.width_mm // 2) // HALF_MM, (old.y_mm + old.depth_mm // 2) // HALF_MM))
    if room is None:
        return None
    cells = plan.rooms[room].cells
    edge = rng.choice(sorted(border(cells)))
    mid_x, mid_y = edge.x * HALF_MM + (edge.axis == "h") * 227, edge.y * HALF_MM + (edge.axis == "v") * 227
    moved = replace(old, x_mm=mid_x - old.width_mm // 2, y_mm=mid_y - old.depth_mm // 2)
    return spoiled(house, with_fixture(plan, index, moved), "H17", f"{old.kind} shifted onto a wall")


def fixture_doubled(house: House, rng: random.Random) -> Mutant | None:
    """Put a fixture nearly where it already is."""
    found = [(plan, fixture) for plan in house.plans for fixture in plan.fixtures]
    if not found:
        return None
    plan, old = rng.choice(found)
    again = replace(old, x_mm=old.x_mm + rng.randint(-30, 30), y_mm=old.y_mm + rng.randint(-30, 30))
    return spoiled(house, replace(plan, fixtures=(*plan.fixtures, again)), "H17", f"{old.kind} put in twice")


def doorway_blocked(house: House, rng: random.Random) -> Mutant | None:
    """Stand a fixture of 450 mm or more in the middle before a narrow door: 300 mm at most stay free."""
    found = []
    for plan in house.plans:
        for index, fixture in enumerate(plan.fixtures):
            if min(fixture.width_mm, fixture.depth_mm) >= 400:
                found += [(plan, index, o) for o in plan.openings if o.kind in DOOR_KINDS and o.width_mm <= 1000]
    if not found:
        return None
    plan, index, door = rng.choice(found)
    old = plan.fixtures[index]
    (x0, y0), (x1, y1) = door.ends_mm
    off = rng.choice((10, -10))
    along_x = (x0 + x1) // 2 - old.width_mm // 2
    along_y = (y0 + y1) // 2 - old.depth_mm // 2
    if door.axis == "h":
        moved = replace(old, x_mm=along_x, y_mm=y0 + off if off > 0 else y0 + off - old.depth_mm)
    else:
        moved = replace(old, x_mm=x0 + off if off > 0 else x0 + off - old.width_mm, y_mm=along_y)
    return spoiled(house, with_fixture(plan, index, moved), "H17", f"{old.kind} before {door.kind}")


def fixture_reversed(house: House, rng: random.Random) -> Mutant | None:
    """Turn a fixture to the wall at its back: within 250 mm before its front, another room or the outside begins."""
    found = []
    for plan in house.plans:
        owner = plan.owners()
        for i, f in enumerate(plan.fixtures):
            dx, dy = STEP[OPPOSITE[f.facing]]
            mid = f.x_mm + f.width_mm // 2, f.y_mm + f.depth_mm // 2
            before = mid[0] + dx * (f.width_mm // 2 + 250), mid[1] + dy * (f.depth_mm // 2 + 250)
            rooms = [owner.get((x // HALF_MM, y // HALF_MM)) for x, y in (mid, before)]
            if rooms[0] != rooms[1]:
                turned = replace(f, facing=OPPOSITE[f.facing])
                found.append((with_fixture(plan, i, turned), f"{f.kind} turned to its wall"))
    return chosen(rng, house, found, "H17")


def fixture_of_no_size(house: House, rng: random.Random) -> Mutant | None:
    """Make a fixture less than half as large as usual, or twice as large, in one of its directions."""
    found = []
    for plan in house.plans:
        for i, f in enumerate(plan.fixtures):
            usual = FIXTURES[f.kind]
            across = usual.along_mm if f.facing in ("n", "s") else usual.deep_mm
            down = usual.deep_mm if f.facing in ("n", "s") else usual.along_mm
            small, large = rng.uniform(0.01, 0.5), rng.uniform(2, 3)
            for size in (
                (int(across * small), f.depth_mm), (f.width_mm, int(down * small)),
                (int(across * large), f.depth_mm), (f.width_mm, int(down * large)),
            ):  # fmt: skip
                changed = replace(f, width_mm=max(1, size[0]), depth_mm=max(1, size[1]))
                found.append((with_fixture(plan, i, changed), f"{f.kind} of {size[0]} x {size[1]} mm"))
    return chosen(rng, house, found, "H17")
