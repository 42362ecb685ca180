"""Spoiled entrances, stairs and storeys."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from madorizu.catalogue import STAIRS
from madorizu.plan import (
    SIDES,
    Cell,
    House,
    Rect,
    Stair,
    bounds,
    cells_in,
    is_indoor,
    translate,
)
from mutations.parts import (
    PRIVATE,
    Mutant,
    free_pairs,
    indices,
    spoiled,
    with_room,
    without,
)

UNDER_VOID = ("ldk", "ent", "hall", "stair")
LONGEST = {t.kind: max(max(s.width, s.depth) for s in STAIRS if s.kind == t.kind) for t in STAIRS}


def void_moved(house: House, rng: random.Random) -> Mutant | None:
    """Make a void of an upper room that lies over another room than LDK, entrance, hall or stair."""
    found = []
    for plan in house.plans[1:]:
        below = house.plans[plan.floor - 2]
        kinds = {c: below.rooms[i].kind for c, i in below.owners().items()}
        for i in indices(plan, *PRIVATE):
            if any(kinds.get(c) not in UNDER_VOID for c in plan.rooms[i].cells):
                found.append((plan, i))
    if not found:
        return None
    plan, index = rng.choice(found)
    text = f"a void in the place of {plan.rooms[index].kind}"
    return spoiled(house, with_room(plan, index, replace(plan.rooms[index], kind="void")), "H14", text)


def entrance_removed(house: House, rng: random.Random) -> Mutant | None:
    """Take the entrance door, or make a hall of the entrance."""
    plan = house.plans[0]
    if rng.random() < 0.5:
        doors = [i for i, o in enumerate(plan.openings) if o.kind == "entrance"]
        return spoiled(house, without(plan, doors), "H04", "the entrance door removed")
    index = indices(plan, "ent")[0]
    changed = with_room(plan, index, replace(plan.rooms[index], kind="hall"))
    return spoiled(house, changed, "H04", "the entrance made a hall")


def entrance_doubled(house: House, rng: random.Random) -> Mutant | None:
    """Add an entrance door in a free outer wall of any storey, or a second entrance room."""
    plan = rng.choice(house.plans)
    if rng.random() < 0.3:
        index = rng.choice(indices(plan, *PRIVATE, "hall", "ldk"))
        changed = with_room(plan, index, replace(plan.rooms[index], kind="ent"))
        return spoiled(house, changed, "H04", f"{plan.rooms[index].kind} made an entrance")
    found = [d for i, room in enumerate(plan.rooms) if is_indoor(room.kind) for d in free_pairs(plan, i, None)]
    if not found:
        return None
    door = replace(rng.choice(found), kind="entrance")
    return spoiled(house, replace(plan, openings=(*plan.openings, door)), "H04", "a second entrance door")


def stair_shifted(house: House, rng: random.Random) -> Mutant | None:
    """Shift the stair of one storey, or that whole storey, by one or two cells."""
    if len(house.plans) < 2:
        return None
    plan = rng.choice(house.plans)
    if plan.stair is None:
        return None
    dx, dy = rng.choice([(-2, 0), (-1, 0), (1, 0), (2, 0), (0, -1), (0, 1), (1, 1)])
    if rng.random() < 0.5:
        return spoiled(house, translate(plan, dx, dy), "H05", f"shifted by ({dx}, {dy})")
    x, y, width, height = plan.stair.rect
    moved = replace(plan.stair, rect=(x + dx, y + dy, width, height))
    return spoiled(house, replace(plan, stair=moved), "H05", f"the stair shifted by ({dx}, {dy})")


def stair_turned(house: House, rng: random.Random) -> Mutant | None:
    """Let the stair of one storey rise the other way: it is another stair than the one it meets."""
    plan = rng.choice(house.plans)
    if plan.stair is None or len(house.plans) < 2:
        return None
    rises = [side for side in SIDES if side != plan.stair.rise]
    changed = replace(plan, stair=replace(plan.stair, rise=rng.choice(rises)))
    return spoiled(house, changed, "H05", "the stair turned")


def storey_raised(house: House, rng: random.Random) -> Mutant | None:
    """Raise 1F so high that 14 risers are steeper than 230 mm."""
    if len(house.plans) < 2:
        return None
    height_mm = rng.randint(15 * 230 + 1, 6000)  # no stair of the catalogue has more than 15 risers
    return spoiled(house, replace(house.plans[0], storey_height_mm=height_mm), "H05", f"raised to {height_mm} mm")


def storey_lost(house: House, rng: random.Random) -> Mutant | None:
    """Leave out 1F, or number the storeys from 2F."""
    upper = house.plans[1:] or tuple(replace(p, floor=2) for p in house.plans)
    del rng
    return Mutant(replace(house, plans=upper), frozenset({"H08"}), "1F left out")


def storey_overhung(house: House, rng: random.Random) -> Mutant | None:
    """Let a room or balcony of an upper storey reach four modules beyond all below."""
    if len(house.plans) < 2:
        return None
    plan, below = house.plans[1], house.plans[0]
    x, _, width, _ = bounds([*below.owners(), *plan.owners()])
    index = rng.choice(indices(plan, *PRIVATE, "balcony"))
    row = min(plan.rooms[index].cells)[1]
    arm = frozenset((x + width + i, row) for i in range(-1, 8))
    changed = with_room(plan, index, replace(plan.rooms[index], cells=plan.rooms[index].cells | arm))
    return spoiled(house, changed, "H14", f"{plan.rooms[index].kind} over the garden")


def _on_all(house: House, stair: Stair, cells: frozenset[Cell], what: str) -> Mutant:
    """Put another stair into every storey; its cells are taken from the rooms that have them."""
    plans = []
    for plan in house.plans:
        index = indices(plan, "stair")[0]
        rooms = [replace(r, cells=r.cells - cells) for r in plan.rooms]
        rooms[index] = replace(rooms[index], cells=cells)
        plans.append(replace(plan, rooms=tuple(rooms), stair=stair))
    return Mutant(replace(house, plans=tuple(plans)), frozenset({"H05"}), what)


def stair_lengthened(house: House, rng: random.Random) -> Mutant | None:
    """Make the stair longer than any of the catalogue, on all storeys alike."""
    stair = house.plans[0].stair
    if stair is None:
        return None
    x, y, width, height = stair.rect
    more = LONGEST[stair.kind] + rng.randint(1, 6)
    rect: Rect = (x, y, width, more) if stair.rise in ("n", "s") else (x, y, more, height)
    return _on_all(house, replace(stair, rect=rect), cells_in(rect), f"a stair of {more / 2:g} modules")


def stair_turn_wrong(house: House, rng: random.Random) -> Mutant | None:
    """Let a straight stair turn, or one that turns go straight on, on all storeys alike."""
    stair = house.plans[0].stair
    if stair is None:
        return None
    turn: Any = rng.choice(("left", "right")) if stair.kind == "straight" else "none"
    cells = house.plans[0].rooms[indices(house.plans[0], "stair")[0]].cells
    return _on_all(house, replace(stair, turn=turn), cells, f"a {stair.kind} stair that turns {turn}")


def stair_corner(house: House, rng: random.Random) -> Mutant | None:
    """Fill the corner that a stair goes round, or cut a corner out of another one, on all storeys alike."""
    stair = house.plans[0].stair
    if stair is None:
        return None
    x, y, width, height = stair.rect
    whole = cells_in(stair.rect)
    cells = house.plans[0].rooms[indices(house.plans[0], "stair")[0]].cells
    if cells != whole:
        return _on_all(house, stair, whole, "a stair with the corner that it goes round")
    corner = rng.choice([(cx, cy) for cx in (x, x + width - 1) for cy in (y, y + height - 1)])
    return _on_all(house, stair, whole - {corner}, "a stair without a corner")
