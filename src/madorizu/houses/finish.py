"""From a topology to a house: closets, doors, fixtures, windows, balcony, porch."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from madorizu import canvas
from madorizu.catalogue import ROOMS
from madorizu.houses import closets, doors, fixtures, windows
from madorizu.houses.runs import Run, border, runs
from madorizu.houses.topology import Storey, Topology, is_wide
from madorizu.plan import (
    HALF_MM,
    STEP,
    Cell,
    Edge,
    Fixture,
    House,
    Opening,
    Plan,
    Room,
    Side,
    bounds,
    cells_in,
    neighbours,
)

BALCONY_DEPTH = 2  # half modules
BALCONY_LENGTH = 6  # half modules that a balcony has at the least where its front is so long
SUNNY_CELLS = 8  # half-module cells by which a master bedroom may be smaller for its south wall
_BALCONY_SIDES: tuple[tuple[Side, int], ...] = (("s", 3), ("e", 1), ("w", 1))


def finish(topology: Topology, *, seed: int, house_id: str = "", balcony: bool | None = None) -> House | None:
    """Complete a topology to a house.

    Args:
        topology: rooms per storey.
        seed: decides where doors, closets and windows go.
        house_id: name of the house.
        balcony: whether the 2F gets one; None leaves it to chance (most do).

    Returns:
        The house, or None where some room could not get a door.
    """
    rng = random.Random(seed)
    plans = []
    for number, storey in enumerate(topology.storeys, start=1):
        wanted = number > 1 and (rng.random() < 0.85 if balcony is None else balcony)
        plan = _storey(topology, storey, number, rng, with_balcony=wanted)
        if plan is None:
            return None
        plans.append(plan)
    return House(tuple(plans), house_id, seed)


def _storey(topology: Topology, storey: Storey, floor: int, rng: random.Random, *, with_balcony: bool) -> Plan | None:
    storey, owners = closets.carve(_with_master(storey), rng)
    hung = _hung(topology, storey, floor, rng, owners)
    if hung is None:
        return None
    storey, openings = hung
    taken = {e for o in openings for e in o.edges}
    if topology.stair is not None:  # a stair's sides carry no window where one steps on
        taken |= set(topology.stair.entry) | set(topology.stair.arrival)
    busy = fixtures.busy_cells(openings)
    kitchen = fixtures.kitchen(storey, openings, taken, busy, rng)
    if kitchen is None:
        return None
    equipment = [*kitchen, *fixtures.equip(storey, openings, taken, busy)]
    outside = _balcony(storey, rng) if with_balcony else frozenset[Cell]()
    if with_balcony and not outside:
        return None
    counter, tall = (_behind(f for f in kitchen if f.kind == kind) for kind in ("kitchen", "refrigerator"))
    porch = _porch(openings, topology.entrance, storey.cells) if floor == 1 else frozenset[Cell]()
    openings += windows.glaze(storey, taken | tall, counter - tall, outside, porch, floor=floor)
    rooms = [Room(kind, cells) for kind, cells in storey.rooms]
    if outside:
        rooms.append(Room("balcony", outside))
    if porch:
        rooms.append(Room("porch", porch - storey.cells))
    return Plan(floor, tuple(rooms), tuple(openings), tuple(equipment), topology.stair)


def _behind(found: Iterable[Fixture]) -> set[Edge]:
    """Return the walls that fixtures stand at: the edges of the cells under them."""
    return {e for f in found for e in border(fixtures.cells_under(f))}


def _with_master(storey: Storey) -> Storey:
    """Call the larger bedroom the master one, or of two about as large the one with the south wall.

    A walk-in closet beside the master bedroom must be beside the other one too.
    """
    rooms = list(storey.rooms)
    master = next((i for i, (kind, _) in enumerate(rooms) if kind == "mbr"), None)
    if master is None:
        return storey
    closets_here = [cells for kind, cells in rooms if kind == "wic" and _contact(rooms[master][1], cells) >= 2]
    options = [master]
    for i, (kind, cells) in enumerate(rooms):
        fits = len(cells) >= ROOMS["mbr"].min_cells and is_wide(cells, ROOMS["mbr"].min_side)
        if kind == "bed" and fits and all(_contact(cells, wic) >= 2 for wic in closets_here):
            options.append(i)
    everything = storey.cells

    def worth(i: int) -> tuple[float, bool]:
        cells = rooms[i][1]
        sunny = sum((x, y + 1) not in everything for x, y in cells)
        return len(cells) + SUNNY_CELLS * (sunny >= 3), i == master

    best = max(options, key=worth)
    rooms[master], rooms[best] = ("bed", rooms[master][1]), ("mbr", rooms[best][1])
    return Storey(tuple(rooms))


def _contact(cells: frozenset[Cell], other: frozenset[Cell]) -> int:
    """Return the length of the longest straight wall that two rooms have in common."""
    return max((run.span for run in runs(border(cells) & border(other))), default=0)


def _hung(
    topology: Topology, storey: Storey, floor: int, rng: random.Random, owners: Mapping[int, int] | None = None
) -> tuple[Storey, list[Opening]] | None:
    """Hang the doors, and make a store of each end of a hall that leads nowhere."""
    while True:  # ends: each round takes a module from the hall
        openings = doors.hang(
            storey, floor=floor, stair=topology.stair, entrance=topology.entrance, rng=rng, owners=owners
        )
        if openings is None:
            return None
        shorter = _without_dead_end(storey, openings)
        if shorter is None:
            return storey, openings
        storey = shorter


def _without_dead_end(storey: Storey, openings: list[Opening]) -> Storey | None:
    """Turn one module of hall without a door, joined to the hall at one side only, into a store."""
    used = {e for o in openings for e in o.edges}
    for index, (kind, cells) in enumerate(storey.rooms):
        if kind != "hall":
            continue
        for x, y in sorted(cells):
            square = cells_in((x, y, 2, 2))
            rest = cells - square
            if not square <= cells or len(rest) < ROOMS["hall"].min_cells or not is_wide(rest, 2):
                continue
            joined = {n for c in square for n in neighbours(c)} & rest
            edges = {e for i in (0, 1) for e in _around_square(x, y, i)}
            if len(joined) == 2 and not edges & used:
                rooms = list(storey.rooms)
                rooms[index] = (kind, rest)
                return Storey((*rooms, ("sto", square)))
    return None


def _around_square(x: int, y: int, i: int) -> tuple[Edge, ...]:
    return Edge("h", x + i, y), Edge("h", x + i, y + 2), Edge("v", x, y + i), Edge("v", x + 2, y + i)


def _balcony(storey: Storey, rng: random.Random) -> frozenset[Cell]:
    """Lay a balcony before a straight outer wall of habitable rooms.

    South first, beginning at the master bedroom's front (where there is none, that of the largest
    room), and before two rooms where it can.
    """
    everything = storey.cells
    rooms = [(kind, cells) for kind, cells in storey.rooms if ROOMS[kind].habitable]
    options: list[tuple[float, Side, list[Cell]]] = []
    for side, worth in _BALCONY_SIDES:
        dx, dy = STEP[side]
        before = {(x + dx, y + dy): i for i, (_, cells) in enumerate(rooms) for x, y in cells}
        before = {cell: i for cell, i in before.items() if cell not in everything}
        if not before:
            continue
        first = max(set(before.values()), key=lambda i: (rooms[i][0] == "mbr", len(rooms[i][1]), -i))
        for line in _lines(set(before), axis=1 if side in ("n", "s") else 0):
            owners = [before[cell] for cell in line]
            for start in range(len(line) - 3):
                for length in {4, 6, 8, 10, len(line)}:
                    if start + length <= len(line):
                        points = 4 * worth + _points_of(owners, start, length, first) + rng.random()
                        options.append((points, side, line[start : start + length]))
    if not options:
        return frozenset()
    _, side, cells = max(options)
    dx, dy = STEP[side]
    return frozenset((x + dx * i, y + dy * i) for x, y in cells for i in range(BALCONY_DEPTH))


def _points_of(owners: list[int], start: int, length: int, first: int) -> float:
    """Value a balcony before rooms: whose fronts it meets, whole or in part, where it begins, how long it is."""
    here = owners[start : start + length]
    met = {room: here.count(room) for room in here}
    points = 4.0 * (met.get(first, 0) >= 4) + 3.0 * (sum(count >= 4 for count in met.values()) >= 2)
    points -= sum(count < 4 for count in met.values())  # half a window's width of a room
    begins = start == 0 or owners[start - 1] != owners[start]
    ends = start + length == len(owners) or owners[start + length] != owners[start + length - 1]
    points += 1.0 * begins + 1.0 * ends
    return points + (2.0 if length >= BALCONY_LENGTH else 0.0) - 0.2 * max(0, length - 12)


def _lines(cells: set[Cell], axis: int) -> list[list[Cell]]:
    """Split cells into straight neighbours: along x where `axis` is 1, along y where it is 0."""
    along = 1 - axis
    found: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda c: (c[axis], c[along])):
        last = found[-1][-1] if found else None
        if last is not None and last[axis] == cell[axis] and cell[along] == last[along] + 1:
            found[-1].append(cell)
        else:
            found.append([cell])
    return found


def _porch(openings: list[Opening], side: Side, floor: frozenset[Cell]) -> frozenset[Cell]:
    """Lay a porch before the entrance door: a module and a half deep before a door of full width.

    A module deep before a narrow one, where the house is in the way, and where the picture of the
    storey ends (`canvas.fit`).
    """
    door = next(o for o in openings if o.kind == "entrance")
    run, outwards = Run(door.axis, door.x, door.y, door.span), 1 if side in ("s", "e") else -1
    _, _, width, height = bounds(floor)
    picture = canvas.fit(width * HALF_MM, height * HALF_MM)
    across = 2 * canvas.REFERENCE_PX // picture.scale
    free = {
        "w": 2 * picture.left,
        "n": 2 * picture.top,
        "e": across - 2 * picture.left - width,
        "s": across - 2 * picture.top - height,
    }
    deep = run.beside(outwards, 3)
    return deep if door.span >= 3 and not deep & floor and free[side] > 3 else run.beside(outwards, 2)
