"""Ways to spoil a lawful house, each with the rule that then is broken.

A mutation names the rules of which one must speak: usually one, two where a place is said
by either. That the rule is broken follows from how the mutation is made, told in each
function and computed here from cells, edges and the catalogue's sizes alone: this module
imports nothing of `madorizu.rules`. Where a house offers no place for which that holds (a
room with a second door, a window without which there is enough light), there is no
mutation, and nothing is counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from madorizu.catalogue import ROOMS
from madorizu.plan import (
    DOOR_KINDS,
    HALF_MM,
    SIDES,
    WINDOW_KINDS,
    Cell,
    Edge,
    Fixture,
    House,
    Opening,
    Plan,
    Room,
    border,
    bounds,
    edge_of,
    is_indoor,
    neighbours,
    translate,
)

PRIVATE = ("bed", "mbr", "wa", "wc", "wash", "bath", "s", "sto", "wic", "cl", "oshi", "pantry", "sic")
HABITABLE = tuple(kind for kind, room in ROOMS.items() if room.habitable)
TRIES = 8  # per mutant wanted
UNDER_VOID = ("ldk", "ent", "hall", "stair")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A spoiled house, what was done, and the codes of which one must be found."""

    house: House
    broken: frozenset[str]
    what: str


Mutation = Callable[[House, random.Random], Mutant | None]


# --- what a plan says of itself -----------------------------------------------------------


def rooms_at(plan: Plan, opening: Opening) -> tuple[int | None, int | None]:
    """Return the rooms on both sides of an opening's first edge."""
    first, second = opening.edges[0].cells
    return plan.room_at(first), plan.room_at(second)


def doors_of(plan: Plan, room: int) -> list[int]:
    """Return the openings through which a room is entered."""
    return [i for i, o in enumerate(plan.openings) if o.kind in DOOR_KINDS and room in rooms_at(plan, o)]


def inner_doors_of(plan: Plan, room: int) -> list[int]:
    """Return those that lead to another indoor room."""
    found = []
    for i in doors_of(plan, room):
        others = [r for r in rooms_at(plan, plan.openings[i]) if r != room]
        if others and others[0] is not None and is_indoor(plan.rooms[others[0]].kind):
            found.append(i)
    return found


def free_pairs(plan: Plan, a: int, b: int | None) -> Iterator[Opening]:
    """Yield hinged doors of 650 mm on two edges of common wall (b None: outer wall) that no opening uses."""
    used = {e for o in plan.openings for e in o.edges}
    owner = plan.owners()
    for edge in sorted(edge_of(c, side) for c in plan.rooms[a].cells for side in SIDES):
        run = (edge, Edge(edge.axis, edge.x + (edge.axis == "h"), edge.y + (edge.axis == "v")))
        pairs = {tuple(owner.get(c) for c in e.cells) for e in run}
        if not used & set(run) and len(pairs) == 1 and pairs <= {(a, b), (b, a)}:
            yield Opening("hinged", edge.axis, edge.x, edge.y, 2, 650)


def indices(plan: Plan, *kinds: str) -> list[int]:
    """Return the rooms of some kinds."""
    return [i for i, room in enumerate(plan.rooms) if room.kind in kinds]


def spoiled(house: House, plan: Plan, broken: str, what: str) -> Mutant:
    """Put a changed storey back into its house."""
    plans = tuple(plan if p.floor == plan.floor else p for p in house.plans)
    return Mutant(replace(house, plans=plans), frozenset(broken.split()), f"{plan.floor}F: {what}")


def without(plan: Plan, openings: list[int]) -> Plan:
    """Take openings out."""
    return replace(plan, openings=tuple(o for i, o in enumerate(plan.openings) if i not in openings))


def with_room(plan: Plan, index: int, room: Room) -> Plan:
    """Exchange a room."""
    return replace(plan, rooms=(*plan.rooms[:index], room, *plan.rooms[index + 1 :]))


def pick(rng: random.Random, house: House, *kinds: str) -> tuple[Plan, int] | None:
    """Choose a room of some kinds."""
    found = [(plan, i) for plan in house.plans for i in indices(plan, *kinds)]
    return rng.choice(found) if found else None


def missing(house: House, plan: Plan, kind: str) -> str | None:
    """Return what speaks when a room is gone: the programme, or the storey without a WC; None if neither does."""
    if sum(len(indices(p, kind)) for p in house.plans) == 1:
        return "H08"
    return "S08" if kind == "wc" and len(indices(plan, kind)) == 1 else None


# --- doors --------------------------------------------------------------------------------


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


# --- windows and balcony ------------------------------------------------------------------


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


# --- rooms --------------------------------------------------------------------------------


def room_split(house: House, rng: random.Random) -> Mutant | None:
    """Cut a room in two by a straight wall, so that one part has no door."""
    found = pick(rng, house, "bed", "mbr", "wa", "ldk", "wash", "s", "wic", "hall")
    if found is None:
        return None
    plan, index = found
    room = plan.rooms[index]
    at_doors = {c for i in doors_of(plan, index) for e in plan.openings[i].edges for c in e.cells}
    x, y, width, height = bounds(room.cells)
    parts = [frozenset(c for c in room.cells if c[0] < x + n) for n in range(1, width)]
    parts += [frozenset(c for c in room.cells if c[1] < y + n) for n in range(1, height)]
    parts += [room.cells - part for part in parts]
    shut = [part for part in parts if part and part != room.cells and not part & at_doors]
    if not shut:
        return None
    part = rng.choice(shut)
    changed = with_room(plan, index, replace(room, cells=room.cells - part))
    changed = replace(changed, rooms=(*changed.rooms, Room(room.kind, part)))
    return spoiled(house, changed, "H06", f"{room.kind} split, {len(part)} cells without a door")


def rooms_merged(house: House, rng: random.Random) -> Mutant | None:
    """Join a room that a house cannot do without to a neighbour, and name the whole after the neighbour."""
    found = pick(rng, house, "bath", "wash", "ldk", "ent", "stair", "wc")
    if found is None:
        return None
    plan, index = found
    room, owner = plan.rooms[index], plan.owners()
    near = {owner.get(n, index) for c in room.cells for n in neighbours(c)} - {index}
    others = sorted(i for i in near if is_indoor(plan.rooms[i].kind) and plan.rooms[i].kind != room.kind)
    if not others:
        return None
    other = rng.choice(others)
    between = [i for i, o in enumerate(plan.openings) if set(rooms_at(plan, o)) == {index, other}]
    whole = with_room(plan, other, replace(plan.rooms[other], cells=plan.rooms[other].cells | room.cells))
    whole = without(replace(whole, rooms=(*whole.rooms[:index], *whole.rooms[index + 1 :])), between)
    broken = {"ent": "H04", "stair": "H05"}.get(room.kind) or missing(house, plan, room.kind)
    return (
        None if broken is None else spoiled(house, whole, broken, f"{room.kind} merged into {plan.rooms[other].kind}")
    )


def wall_moved(house: House, rng: random.Random) -> Mutant | None:
    """Move a wall into a rectangular room until it is smaller or narrower than its kind may be."""
    found = []
    for plan in house.plans:
        owner = plan.owners()
        for i, room in enumerate(plan.rooms):
            _, _, width, height = bounds(room.cells)
            if room.kind not in ROOMS or room.kind in ("hall", "balcony") or len(room.cells) != width * height:
                continue
            for strip in _strips(room, width, height):
                lost = {plan.rooms[owner[n]].kind for c in strip for n in neighbours(c) if owner.get(n, i) != i}
                if strip < room.cells and lost:
                    found.append((plan, i, strip))
    if not found:
        return None
    plan, index, strip = rng.choice(found)
    return spoiled(house, _given_away(plan, index, strip), "H03", f"a wall moved into {plan.rooms[index].kind}")


def _strips(room: Room, width: int, height: int) -> Iterator[frozenset[Cell]]:
    """Yield the thinnest strips along each side without which a rectangle is too small for its kind."""
    corner = bounds(room.cells)
    kind = ROOMS[room.kind]
    for length, across, at_start, axis in (
        (width, height, True, 0), (width, height, False, 0), (height, width, True, 1), (height, width, False, 1)
    ):  # fmt: skip
        for n in range(1, length):
            if length - n < kind.min_side or (length - n) * across < kind.min_cells:
                start = corner[axis]
                cut = range(start, start + n) if at_start else range(start + length - n, start + length)
                yield frozenset(c for c in room.cells if c[axis] in cut)
                break


def _given_away(plan: Plan, index: int, cells: frozenset[Cell]) -> Plan:
    """Give cells of a room to rooms beside them, the nearest first."""
    owner, left = plan.owners(), set(cells)
    for c in cells:
        del owner[c]
    while left:
        for c in sorted(left):
            beside = [owner[n] for n in neighbours(c) if owner.get(n, index) != index]
            if beside:
                owner[c] = beside[0]
                left.remove(c)
                break
        else:
            for c in left:
                owner[c] = index
            left.clear()
    rooms = [set[Cell]() for _ in plan.rooms]
    for c, i in owner.items():
        rooms[i].add(c)
    return replace(plan, rooms=tuple(replace(r, cells=frozenset(c)) for r, c in zip(plan.rooms, rooms, strict=True)))


def corridor_narrowed(house: House, rng: random.Random) -> Mutant | None:
    """Take one cell where a hall is exactly two wide: no square of two by two holds its neighbour then."""
    found = []
    for plan in house.plans:
        owner = plan.owners()
        for i in indices(plan, "hall"):
            for x, y in plan.rooms[i].cells:
                row = [owner.get((x + d, y)) for d in (-1, 0, 1, 2)]
                column = [owner.get((x, y + d)) for d in (-1, 0, 1, 2)]
                for line in (row, column):
                    if line[1] == line[2] == i != line[3] and line[0] is not None and line[0] != i:
                        found.append((plan, i, (x, y), line[0]))
    if not found:
        return None
    plan, hall, cell, other = rng.choice(found)
    changed = with_room(plan, hall, replace(plan.rooms[hall], cells=plan.rooms[hall].cells - {cell}))
    changed = with_room(changed, other, replace(plan.rooms[other], cells=plan.rooms[other].cells | {cell}))
    return spoiled(house, changed, "H11", f"the hall narrowed at {cell}")


def room_overlapped(house: House, rng: random.Random) -> Mutant | None:
    """Draw a room over cells of its neighbour."""
    plan = rng.choice(house.plans)
    index = rng.randrange(len(plan.rooms))
    owner, room = plan.owners(), plan.rooms[index]
    near = sorted({n for c in room.cells for n in neighbours(c) if owner.get(n, index) != index})
    if not near:
        return None
    grown = replace(room, cells=room.cells | set(rng.sample(near, rng.randint(1, len(near)))))
    return spoiled(house, with_room(plan, index, grown), "H02", f"{room.kind} over its neighbour")


def room_lost(house: House, rng: random.Random) -> Mutant | None:
    """Leave out a room that others enclose: what no room owns is a gap."""
    found = []
    for plan in house.plans:
        owner = plan.owners()
        for i, room in enumerate(plan.rooms):
            if all((c[0] + dx, c[1] + dy) in owner for c in room.cells for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
                found.append((plan, i))
    if not found:
        return None
    plan, index = rng.choice(found)
    rest = replace(plan, rooms=(*plan.rooms[:index], *plan.rooms[index + 1 :]))
    return spoiled(house, rest, "H02", f"{plan.rooms[index].kind} left out")


def room_relabelled(house: House, rng: random.Random) -> Mutant | None:
    """Call a room by a kind that it cannot be: unknown, an LDK under 8 畳, or one that the house then lacks."""
    plan = rng.choice(house.plans)
    index = rng.randrange(len(plan.rooms))
    room = plan.rooms[index]
    if rng.random() < 0.4:
        return spoiled(house, with_room(plan, index, replace(room, kind="room")), "H15", f"{room.kind} called room")
    if len(room.cells) < ROOMS["ldk"].min_cells and is_indoor(room.kind):
        return spoiled(house, with_room(plan, index, replace(room, kind="ldk")), "H15", f"{room.kind} called LDK")
    broken = missing(house, plan, room.kind) if room.kind in ("ldk", "wash", "bath") else None
    if broken is None:
        return None
    return spoiled(house, with_room(plan, index, replace(room, kind="s")), broken, f"{room.kind} called storage room")


def wc_removed(house: House, rng: random.Random) -> Mutant | None:
    """Make a store of a storey's only WC."""
    found = pick(rng, house, "wc")
    broken = None if found is None else missing(house, found[0], "wc")
    if found is None or broken is None:
        return None
    plan, index = found
    changed = with_room(plan, index, replace(plan.rooms[index], kind="sto"))
    return spoiled(house, changed, broken, "the WC made a store")


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


def label_false(house: House, rng: random.Random) -> Mutant | None:
    """Write a size beside a room that is a tenth of a 畳 or more off."""
    plan = rng.choice(house.plans)
    index = rng.randrange(len(plan.rooms))
    room = plan.rooms[index]
    tenths = len(room.cells) * HALF_MM**2 // 162_000 + rng.choice((-2, -1, 1, 2, 7))
    named = replace(room, name=f"{ROOMS[room.kind].ja} {max(0, tenths) / 10:.1f}帖")
    return spoiled(house, with_room(plan, index, named), "H16", f"{room.kind} called {named.name}")


def off_the_lattice(house: House, rng: random.Random) -> Mutant | None:
    """Move a cell by a quarter of a module."""
    plan = rng.choice(house.plans)
    index = rng.randrange(len(plan.rooms))
    room = plan.rooms[index]
    x, y = min(room.cells)
    moved: Any = frozenset(room.cells - {(x, y)}) | {(x + 0.5, y)}
    return spoiled(house, with_room(plan, index, replace(room, cells=moved)), "H01", f"{room.kind} off the lattice")


# --- entrance, stair, storeys ---------------------------------------------------------------


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


# --- fixtures -------------------------------------------------------------------------------


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
    return spoiled(house, _with_fixture(plan, index, moved), "H17", f"{old.kind} shifted onto a wall")


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
    return spoiled(house, _with_fixture(plan, index, moved), "H17", f"{old.kind} before {door.kind}")


def _with_fixture(plan: Plan, index: int, fixture: Fixture) -> Plan:
    return replace(plan, fixtures=(*plan.fixtures[:index], fixture, *plan.fixtures[index + 1 :]))


MUTATIONS: dict[str, Mutation] = {
    f.__name__: f
    for f in (
        door_removed, bedroom_walled_in, behind_a_bedroom, bath_opened, bath_closed, stair_closed, opening_widened,
        opening_moved, opening_doubled, window_deleted, balcony_closed, room_split, rooms_merged, wall_moved,
        corridor_narrowed, room_overlapped, room_lost, room_relabelled, wc_removed, void_moved, label_false,
        off_the_lattice, entrance_removed, entrance_doubled, stair_shifted, stair_turned, storey_raised, storey_lost,
        storey_overhung, fixture_shifted, fixture_doubled, doorway_blocked,
    )
}  # fmt: skip


def mutants(kind: str, houses: list[House], count: int, *, seed: int) -> list[Mutant]:
    """Make different mutants of one kind, from houses in turn; fewer where they offer no more.

    Args:
        kind: of `MUTATIONS`.
        houses: lawful ones.
        count: how many are wanted.
        seed: equal seeds give equal mutants.
    """
    rng = random.Random(f"{kind}/{seed}")
    found: dict[tuple[Plan, ...], Mutant] = {}
    for _ in range(-(-TRIES * count // len(houses))):
        for house in rng.sample(houses, len(houses)):
            mutant = MUTATIONS[kind](house, rng)
            if mutant is not None:
                found.setdefault(mutant.house.plans, mutant)
            if len(found) == count:
                return list(found.values())
    return list(found.values())
