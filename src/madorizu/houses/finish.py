"""From a topology to a house: closets, doors, fixtures, windows, balcony, porch."""

from __future__ import annotations

import random

from madorizu.catalogue import ROOMS
from madorizu.houses import closets, doors, fixtures, windows
from madorizu.houses.runs import Run
from madorizu.houses.topology import Storey, Topology, is_wide
from madorizu.plan import STEP, Cell, Edge, House, Opening, Plan, Room, Side, cells_in, neighbours

BALCONY_DEPTH = 2  # half modules
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
    storey = closets.carve(storey, rng)
    hung = _hung(topology, storey, floor, rng)
    if hung is None:
        return None
    storey, openings = hung
    taken = {e for o in openings for e in o.edges}
    if topology.stair is not None:  # a stair's sides carry no window where one steps on
        taken |= set(topology.stair.entry) | set(topology.stair.arrival)
    busy = fixtures.busy_cells(openings)
    kitchen = fixtures.kitchen_run(storey, taken, busy, rng)
    if kitchen is None and any(kind == "ldk" for kind, _ in storey.rooms):
        return None
    equipment = fixtures.equip(storey, kitchen, openings, taken, busy)
    outside = _balcony(storey, rng) if with_balcony else frozenset[Cell]()
    if with_balcony and not outside:
        return None
    behind: set[Edge] = set() if kitchen is None else set(kitchen.edges)
    porch = _porch(openings, topology.entrance) if floor == 1 else frozenset[Cell]()
    openings += windows.glaze(storey, taken, behind, outside, porch, floor=floor, rng=rng)
    rooms = [Room(kind, cells) for kind, cells in storey.rooms]
    if outside:
        rooms.append(Room("balcony", outside))
    if porch:
        rooms.append(Room("porch", porch - storey.cells))
    return Plan(floor, tuple(rooms), tuple(openings), tuple(equipment), topology.stair)


def _hung(topology: Topology, storey: Storey, floor: int, rng: random.Random) -> tuple[Storey, list[Opening]] | None:
    """Hang the doors, and make a store of each end of a hall that leads nowhere."""
    while True:  # ends: each round takes a module from the hall
        openings = doors.hang(storey, floor=floor, stair=topology.stair, entrance=topology.entrance, rng=rng)
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
    """Lay a balcony before the longest straight outer wall of the bedrooms, south first."""
    everything = storey.cells
    options: list[tuple[float, Side, list[Cell]]] = []
    for side, worth in _BALCONY_SIDES:
        dx, dy = STEP[side]
        rooms = [c for k, c in storey.rooms if ROOMS[k].habitable]
        front = {(x + dx, y + dy) for cells in rooms for x, y in cells if (x + dx, y + dy) not in everything}
        for line in _lines(front, axis=1 if side in ("n", "s") else 0):
            if len(line) >= 4:
                options.append((worth * 4 + min(len(line), 12) + rng.random(), side, line))
    if not options:
        return frozenset()
    _, side, line = max(options)
    dx, dy = STEP[side]
    length = rng.choice([n for n in (4, 6, 8, 10, len(line)) if n <= len(line)])
    start = 0 if rng.random() < 0.5 else len(line) - length
    cells = line[start : start + length]
    return frozenset((x + dx * i, y + dy * i) for x, y in cells for i in range(BALCONY_DEPTH))


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


def _porch(openings: list[Opening], side: Side) -> frozenset[Cell]:
    """Lay a porch one module deep before the entrance door."""
    door = next(o for o in openings if o.kind == "entrance")
    return Run(door.axis, door.x, door.y, door.span).beside(1 if side in ("s", "e") else -1, 2)
