"""Spoiled doors: gone, in the wrong wall, too small to pass, open where a door must be, or stopped by a wall."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from madorizu.catalogue import ROOMS
from madorizu.plan import (
    DOOR_KINDS,
    HALF_MM,
    OPENING_KINDS,
    Edge,
    House,
    Plan,
    is_indoor,
)
from mutations.parts import (
    PRIVATE,
    Mutant,
    chosen,
    doors_of,
    free_pairs,
    indices,
    inner_doors_of,
    openings_in,
    pick,
    rooms_at,
    spoiled,
    with_opening,
    without,
)

CLOSED = ("mbr", "bed", "wa", "wc", "bath", "wash", "laundry")  # closed by a door towards the rooms of all
OF_ALL = ("hall", "ldk", "ent", "stair", "wash", "wc", "bath", "mbr", "bed", "wa")
CEILING_MM = 200
LEAST_MM = {"hinged": 600, "folding": 600, "service": 600, "sliding": 1200, "double_sliding": 1200, "entrance": 750}


def door_removed(house: House, rng: random.Random) -> Mutant | None:
    """Remove a room's only door: without one no way leads there."""
    found = [(p, i, inner_doors_of(p, i)) for p in house.plans for i in indices(p, *PRIVATE, "hall", "ldk")]
    found = [f for f in found if len(f[2]) == 1]
    if not found:
        return None
    plan, room, doors = rng.choice(found)
    return spoiled(house, without(plan, doors), "H06", f"the only door of {plan.rooms[room].kind} removed")


def bedroom_walled_in(house: House, rng: random.Random) -> Mutant | None:
    """Remove all doors of a bedroom, to the balcony too."""
    found = pick(rng, house, "bed", "mbr", "wa")
    if found is None:
        return None
    plan, room = found
    return spoiled(house, without(plan, doors_of(plan, room)), "H06", f"{plan.rooms[room].kind} walled in")


def behind_a_bedroom(house: House, rng: random.Random) -> Mutant | None:
    """Enter a bedroom from another bedroom only."""
    found = []
    for plan in house.plans:
        sleeping = indices(plan, "bed", "mbr")
        for a in sleeping:
            for b in sleeping:
                found += [(plan, a, door) for door in (free_pairs(plan, a, b) if a != b else ())]
    if not found:
        return None
    plan, room, door = rng.choice(found)
    ways = [i for i in inner_doors_of(plan, room) if ROOMS[_beyond(plan, i, room)].passage]
    closed = without(plan, ways)
    return spoiled(house, replace(closed, openings=(*closed.openings, door)), "H06", "a bedroom behind a bedroom")


def _beyond(plan: Plan, opening: int, room: int) -> str:
    return next(plan.rooms[r].kind for r in rooms_at(plan, plan.openings[opening]) if r is not None and r != room)


def bath_opened(house: House, rng: random.Random) -> Mutant | None:
    """Give the bath a second door, to another room than the washroom."""
    found = []
    for plan in house.plans:
        for bath in indices(plan, "bath"):
            for other, room in enumerate(plan.rooms):
                if room.kind not in ("bath", "wash") and is_indoor(room.kind):
                    found += [(plan, room.kind, door) for door in free_pairs(plan, bath, other)]
    if not found:
        return None
    plan, kind, door = rng.choice(found)
    return spoiled(house, replace(plan, openings=(*plan.openings, door)), "H07", f"the bath opened to {kind}")


def bath_closed(house: House, rng: random.Random) -> Mutant | None:
    """Remove the bath's door."""
    found = pick(rng, house, "bath")
    if found is None:
        return None
    plan, bath = found
    return spoiled(house, without(plan, doors_of(plan, bath)), "H07", "the bath's door removed")


def stair_closed(house: House, rng: random.Random) -> Mutant | None:
    """Wall up the stair's openings."""
    found = pick(rng, house, "stair")
    if found is None:
        return None
    plan, stair = found
    return spoiled(house, without(plan, doors_of(plan, stair)), "H05", "the stair walled up")


def opening_widened(house: House, rng: random.Random) -> Mutant | None:
    """Make a frame wider than the run of wall that holds it."""
    plan = rng.choice(house.plans)
    i = rng.randrange(len(plan.openings))
    old = plan.openings[i]
    wide = replace(old, width_mm=old.span * HALF_MM + rng.randint(1, 900))
    changed = replace(plan, openings=(*plan.openings[:i], wide, *plan.openings[i + 1 :]))
    return spoiled(house, changed, "H13", f"{old.kind} widened to {wide.width_mm} mm")


def opening_moved(house: House, rng: random.Random) -> Mutant | None:
    """Move a door or window out of its wall, to where both sides are one room, or none."""
    plan = rng.choice(house.plans)
    owner = plan.owners()
    found = []
    for i, o in enumerate(plan.openings):
        for step in (-2, -1, 1, 2):
            moved = replace(o, y=o.y + step) if o.axis == "h" else replace(o, x=o.x + step)
            if all(len({owner.get(c) for c in edge.cells}) == 1 for edge in moved.edges):
                found.append((i, moved))
    if not found:
        return None
    i, moved = rng.choice(found)
    changed = replace(plan, openings=(*plan.openings[:i], moved, *plan.openings[i + 1 :]))
    return spoiled(house, changed, "H13", f"{moved.kind} moved out of its wall")


def opening_doubled(house: House, rng: random.Random) -> Mutant | None:
    """Put a window or door where one already is."""
    plan = rng.choice(house.plans)
    old = rng.choice(plan.openings)
    again = replace(old, width_mm=max(1, old.width_mm - 10))
    return spoiled(house, replace(plan, openings=(*plan.openings, again)), "H13", f"{old.kind} put in twice")


def bath_to_the_garden(house: House, rng: random.Random) -> Mutant | None:
    """Give the bath a second door, to the outside."""
    found = []
    for plan in house.plans:
        for bath in indices(plan, "bath"):
            for door in free_pairs(plan, bath, None):
                door = replace(door, kind=rng.choice(("service", "french")))
                found.append((replace(plan, openings=(*plan.openings, door)), f"a {door.kind} door from the bath"))
    return chosen(rng, house, found, "H07")


def door_squeezed(house: House, rng: random.Random) -> Mutant | None:
    """Make a door so narrow that nobody passes: of a sliding one half is open."""
    found = []
    for plan, i, o in openings_in(house, LEAST_MM):
        width_mm = rng.choice((50, rng.randint(1, LEAST_MM[o.kind] - 1), LEAST_MM[o.kind] - 1))
        found.append((with_opening(plan, i, replace(o, width_mm=width_mm)), f"{o.kind} of {width_mm} mm"))
    return chosen(rng, house, found, "H13")


def passage_squeezed(house: House, rng: random.Random) -> Mutant | None:
    """Leave a slit of the only way between two rooms."""
    found = []
    for plan, i, o in openings_in(house, ("open",)):
        ways = [set(rooms_at(plan, other)) for other in plan.openings if other.kind in DOOR_KINDS]
        if ways.count(set(rooms_at(plan, o))) == 1:
            width_mm = rng.randint(1, 599)
            found.append((with_opening(plan, i, replace(o, width_mm=width_mm)), f"passage of {width_mm} mm"))
    return chosen(rng, house, found, "H13")


def door_lowered(house: House, rng: random.Random) -> Mutant | None:
    """Lower the head of what one walks through under 1800 mm."""
    found = []
    for plan, i, o in openings_in(house, DOOR_KINDS):
        head_mm = rng.randint(400, 1799)
        found.append((with_opening(plan, i, replace(o, head_mm=head_mm)), f"{o.kind} {head_mm} mm high"))
    return chosen(rng, house, found, "H13")


def door_on_a_sill(house: House, rng: random.Random) -> Mutant | None:
    """Raise what one walks through from the floor."""
    found = []
    for plan, i, o in openings_in(house, DOOR_KINDS):
        sill_mm = rng.randint(101 if o.kind == "french" else 1, 1500)
        found.append((with_opening(plan, i, replace(o, sill_mm=sill_mm)), f"{o.kind} {sill_mm} mm up"))
    return chosen(rng, house, found, "H13")


def head_through_the_ceiling(house: House, rng: random.Random) -> Mutant | None:
    """Let an opening reach into the floor above."""
    found = []
    for plan, i, o in openings_in(house, OPENING_KINDS):
        head_mm = rng.randint(plan.storey_height_mm - CEILING_MM + 1, 9000)
        found.append((with_opening(plan, i, replace(o, head_mm=head_mm)), f"head of {o.kind} at {head_mm} mm"))
    return chosen(rng, house, found, "H13")


def door_taken_off(house: House, rng: random.Random) -> Mutant | None:
    """Take the leaf off the door of a WC, bath, washroom or bedroom towards a room of all or a private one."""
    found = []
    for plan, i, o in openings_in(house, DOOR_KINDS - {"open"}):
        kinds = {plan.rooms[r].kind for r in rooms_at(plan, o) if r is not None}
        private = bool(kinds & set(CLOSED)) and kinds <= {*CLOSED, *OF_ALL} and kinds != {"wash", "laundry"}
        if private and len(kinds) == 2:
            found.append((with_opening(plan, i, replace(o, kind="open")), f"open between {sorted(kinds)}"))
    return chosen(rng, house, found, "H13")


def private_rooms_joined(house: House, rng: random.Random) -> Mutant | None:
    """Break an open passage from a bedroom, a bath or a WC into the next private room."""
    found = []
    for plan in house.plans:
        private = indices(plan, "bed", "mbr", "wa", "wc", "bath")
        for a in private:
            for b in private:
                for gap in free_pairs(plan, a, b) if a < b else ():
                    gap = replace(gap, kind="open", width_mm=910)
                    kinds = f"{plan.rooms[a].kind} and {plan.rooms[b].kind}"
                    found.append((replace(plan, openings=(*plan.openings, gap)), f"a gap between {kinds}"))
    return chosen(rng, house, found, "H13")


def leaf_against_a_wall(house: House, rng: random.Random) -> Mutant | None:
    """Hang one leaf where a wide door was: it reaches further than the next wall that is straight before its hinge."""
    found = []
    for plan in house.plans:
        owner = plan.owners()
        gaps = {e for o in plan.openings if o.kind == "open" for e in o.edges}
        for i, o in enumerate(plan.openings):
            width_mm = min(1300, o.span * HALF_MM - 45)
            for side in (-1, 1) if o.kind in ("folding", "sliding", "double_sliding") and o.span < 5 else ():
                for hinge in ("start", "end"):
                    for deep in range(1, -(-width_mm // HALF_MM)):
                        edge = _before(o.edges[0 if hinge == "start" else -1], side * deep)
                        rooms = {owner.get(c) for c in edge.cells}
                        if edge not in gaps and len(rooms) == 2 and None not in rooms:
                            leaf: Any = replace(o, kind="hinged", width_mm=width_mm, side=side, hinge=hinge)
                            found.append((with_opening(plan, i, leaf), f"a leaf at ({o.x}, {o.y}) against a wall"))
    return chosen(rng, house, found, "H13")


def _before(edge: Edge, steps: int) -> Edge:
    return Edge("h", edge.x, edge.y + steps) if edge.axis == "h" else Edge("v", edge.x + steps, edge.y)
