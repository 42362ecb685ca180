"""Spoiled windows, balconies, porches and decks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from madorizu.plan import (
    HALF_MM,
    WINDOW_KINDS,
    Cell,
    House,
    Plan,
    Room,
    bounds,
    cells_in,
    is_indoor,
    neighbours,
)
from mutations.parts import (
    HABITABLE,
    Mutant,
    chosen,
    doors_of,
    indices,
    pick,
    renamed,
    rooms_at,
    spoiled,
    with_opening,
    without,
)


def window_deleted(house: House, rng: random.Random) -> Mutant | None:
    """Delete windows of a habitable room, one after the other, until less than A/10 is left."""
    found = pick(rng, house, *HABITABLE)
    if found is None:
        return None
    plan, room = found
    panes = [i for i, o in enumerate(plan.openings) if o.kind in WINDOW_KINDS and room in rooms_at(plan, o)]
    rng.shuffle(panes)
    gone: list[int] = []
    while panes:
        gone.append(panes.pop())
        left_mm2 = sum(o.width_mm * (o.head_mm - o.sill_mm) for o in (plan.openings[i] for i in panes))
        if 10 * left_mm2 < len(plan.rooms[room].cells) * HALF_MM**2:
            break
    return spoiled(house, without(plan, gone), "H09", f"{len(gone)} window(s) of {plan.rooms[room].kind} deleted")


def balcony_closed(house: House, rng: random.Random) -> Mutant | None:
    """Make a window with a sill of each door to a balcony: light stays, nobody gets out."""
    found = pick(rng, house, "balcony")
    if found is None:
        return None
    plan, room = found
    doors = doors_of(plan, room)
    changed = tuple(replace(o, kind="window", sill_mm=900) if i in doors else o for i, o in enumerate(plan.openings))
    return spoiled(house, replace(plan, openings=changed), "H12", "the balcony's doors made windows")


def window_made_a_slit(house: House, rng: random.Random) -> Mutant | None:
    """Make a window of less than 300 mm, in width or in height: no sash is made so small."""
    found = []
    for plan in house.plans:
        for i, o in enumerate(plan.openings):
            if o.kind in WINDOW_KINDS:
                found.append((with_opening(plan, i, replace(o, width_mm=rng.randint(10, 299))), "a slit for a window"))
            if o.kind == "window":
                flat = replace(o, sill_mm=o.head_mm - rng.randint(10, 299))
                found.append((with_opening(plan, i, flat), "a flat slit for a window"))
    return chosen(rng, house, found, "H13")


def daylight_by_height(house: House, rng: random.Random) -> Mutant | None:
    """Make a room's windows so narrow that under the ceiling less than A/10 is left, and so high that it seems more."""
    found = []
    for plan in house.plans:
        for room in indices(plan, *HABITABLE):
            panes = [i for i, o in enumerate(plan.openings) if o.kind in WINDOW_KINDS and room in rooms_at(plan, o)]
            least_mm2 = len(plan.rooms[room].cells) * HALF_MM**2 / 10
            width_mm = int(least_mm2 / len(panes) / 2500) - 1 if panes else 0
            if width_mm < 1 or any(width_mm > plan.openings[i].width_mm for i in panes):
                continue
            changed = plan
            for i in panes:
                changed = with_opening(changed, i, replace(plan.openings[i], width_mm=width_mm, head_mm=9900))
            found.append((changed, f"light of {plan.rooms[room].kind} from above the ceiling"))
    return chosen(rng, house, found, "H09")


def balcony_renamed(house: House, rng: random.Random) -> Mutant | None:
    """Call a balcony a porch or a deck: those stand on the ground."""
    found = [
        (renamed(plan, i, kind), f"the balcony called {kind}")
        for plan in house.plans
        for i in indices(plan, "balcony")
        for kind in ("porch", "deck")
    ]
    return chosen(rng, house, found, "H12")


def deck_upstairs(house: House, rng: random.Random) -> Mutant | None:
    """Lay a deck or porch of one module, or more, before an upper storey."""
    found = []
    for plan in house.plans[1:]:
        for cells in _free_squares(plan):
            kind = rng.choice(("deck", "porch"))
            found.append((replace(plan, rooms=(*plan.rooms, Room(kind, cells))), f"a {kind} upstairs"))
    return chosen(rng, house, found, "H12")


def deck_over_the_garden(house: House, rng: random.Random) -> Mutant | None:
    """Lay a balcony or deck of ten modules before an upper storey: its end lies beyond all that could carry it."""
    found = []
    for plan in house.plans[1:]:
        below = [c for r in house.plans[plan.floor - 2].rooms for c in r.cells]
        x, y, width, height = bounds([*below, *(c for r in plan.rooms for c in r.cells)])
        owner = plan.owners()
        for row in range(y, y + height - 1):
            start = max((cx for cx, cy in owner if cy in (row, row + 1)), default=x) + 1
            cells = cells_in((start, row, x + width + 4 - start, 2))
            kind = rng.choice(("deck", "balcony"))
            found.append((replace(plan, rooms=(*plan.rooms, Room(kind, cells))), f"a {kind} over the garden"))
    return chosen(rng, house, found, "H14")


def _free_squares(plan: Plan) -> Iterator[frozenset[Cell]]:
    """Yield squares of one module of outside that share a side with an indoor room."""
    owner = plan.owners()
    indoor = {c for c, i in owner.items() if is_indoor(plan.rooms[i].kind)}
    corners = {(x + dx, y + dy) for x, y in indoor for dx in (-2, -1, 0, 1) for dy in (-2, -1, 0, 1)}
    for x, y in sorted(corners):
        cells = cells_in((x, y, 2, 2))
        if not cells & owner.keys() and any(n in indoor for c in cells for n in neighbours(c)):
            yield cells


def room_made_a_court(house: House, rng: random.Random) -> Mutant | None:
    """Call a room that indoor rooms enclose an outdoor one: a hole in the house."""
    found = []
    for plan in house.plans:
        indoor = {c for r in plan.rooms if is_indoor(r.kind) for c in r.cells}
        for i, room in enumerate(plan.rooms):
            if all((x + dx, y + dy) in indoor for x, y in room.cells for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
                kind = rng.choice(("deck", "porch", "balcony"))
                found.append((renamed(plan, i, kind), f"{room.kind} made a {kind} in the middle"))
    return chosen(rng, house, found, "H02")
