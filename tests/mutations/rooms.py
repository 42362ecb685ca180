"""Spoiled rooms: their cells, kinds and names."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from madorizu.catalogue import ROOMS
from madorizu.plan import (
    HALF_MM,
    Cell,
    House,
    Room,
    bounds,
    cells_in,
    is_indoor,
    neighbours,
)
from mutations.parts import (
    PRIVATE,
    Mutant,
    chosen,
    doors_of,
    given_away,
    indices,
    missing,
    pick,
    renamed,
    rooms_at,
    spoiled,
    with_room,
    without,
)

KANJI = "〇一二三四五六七八九"


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
    return spoiled(house, given_away(plan, index, strip), "H03", f"a wall moved into {plan.rooms[index].kind}")


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


def room_necked(house: House, rng: random.Random) -> Mutant | None:
    """Add a square of one module to a room, taken from another, that joins it along half a module."""
    found = []
    for plan in house.plans:
        owner = plan.owners()
        for i, room in enumerate(plan.rooms):
            if is_indoor(room.kind) and room.kind in ROOMS and ROOMS[room.kind].min_side > 1:
                found += [(plan, i, square) for square in _squares_at_corners(owner, i, room.cells)]
    if not found:
        return None
    plan, index, square = rng.choice(found)
    rooms = [replace(r, cells=r.cells - square) for r in plan.rooms]
    rooms[index] = replace(rooms[index], cells=plan.rooms[index].cells | square)
    kind = plan.rooms[index].kind
    changed = replace(plan, rooms=tuple(rooms))
    return spoiled(house, changed, "H11" if kind == "hall" else "H03", f"{kind} necked at {min(square)}")


def _squares_at_corners(owner: dict[Cell, int], index: int, cells: frozenset[Cell]) -> Iterator[frozenset[Cell]]:
    """Yield squares of other rooms that share one edge with the room, so that no square passes between them."""
    corners = {(x + dx, y + dy) for x, y in cells for dx in (-2, -1, 0, 1) for dy in (-2, -1, 0, 1)}
    for corner in sorted(corners):
        square = cells_in((*corner, 2, 2))
        if not all(owner.get(c, index) != index for c in square):
            continue
        if sum(n in cells for c in square for n in neighbours(c)) == 1:
            yield square


def storey_lowered(house: House, rng: random.Random) -> Mutant | None:
    """Make a storey lower than 2400 mm from floor to floor."""
    plan = rng.choice(house.plans)
    height_mm = rng.randint(2000, 2399)
    return spoiled(house, replace(plan, storey_height_mm=height_mm), "H03", f"{height_mm} mm high")


def ldk_doubled(house: House, rng: random.Random) -> Mutant | None:
    """Call another indoor room an LDK too."""
    found = [
        (renamed(plan, i, "ldk"), f"{room.kind} called a second LDK")
        for plan in house.plans
        for i, room in enumerate(plan.rooms)
        if is_indoor(room.kind) and room.kind != "ldk"
    ]
    return chosen(rng, house, found, "H08")


def closet_of_another_room(house: House, rng: random.Random) -> Mutant | None:
    """Call a room a 押入, パントリー or SIC that has no door to a 和室, to the LDK, to entrance or hall."""
    owners = {"oshi": ("wa",), "pantry": ("ldk",), "sic": ("ent", "hall")}
    found = []
    for plan in house.plans:
        for i in indices(plan, *PRIVATE):
            beside = {r for d in doors_of(plan, i) for r in rooms_at(plan, plan.openings[d])} - {i, None}
            joined = {plan.rooms[r].kind for r in beside if r is not None}
            for kind, wanted in owners.items():
                if not joined & set(wanted):
                    found.append((renamed(plan, i, kind), f"{plan.rooms[i].kind} called {kind}"))
    return chosen(rng, house, found, "H06")


def label_in_other_words(house: House, rng: random.Random) -> Mutant | None:
    """Write a false size in kanji, in 坪, in capital letters or with signs between number and unit."""
    plan = rng.choice(house.plans)
    index = rng.randrange(len(plan.rooms))
    room = plan.rooms[index]
    tenths = len(room.cells) * HALF_MM**2 // 162_000
    area_m2 = len(room.cells) * (HALF_MM / 1000) ** 2
    false_jo = tenths // 10 + rng.choice((1, 2, 5, 10))
    false_m2, false_tsubo = int(area_m2) + rng.choice((2, 5, 20)), int(area_m2 / 3.305785) + rng.choice((2, 4, 9))
    name = rng.choice((
        f"{_in_kanji(false_jo)}畳", f"{_in_kanji(false_jo)}帖半", f"{false_jo}.0 Jo", f"{false_jo}.0・帖大",
        f"{false_jo}畳半", f"{false_jo} JO", f"{false_jo} (帖)", f"{false_m2} sqm", f"{false_m2} Sq. M",
        f"{false_m2}平方メートル", f"{false_tsubo}坪", f"{_in_kanji(false_tsubo)}坪", f"{false_jo}\u200b帖",
    ))  # fmt: skip
    named = replace(room, name=f"{ROOMS[room.kind].ja} {name}")
    return spoiled(house, with_room(plan, index, named), "H16", f"{room.kind} called {named.name}")


def _in_kanji(number: int) -> str:
    """Write a number under 100 as one says it: 二十四."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else KANJI[tens]) + ("十" if tens else "") + (KANJI[ones] if ones or not tens else "")
