"""From a topology to a house: closets, doors, fixtures, windows, balcony, porch."""

from __future__ import annotations

import random

from madorizu.houses import closets, doors, fixtures, windows
from madorizu.houses.runs import runs
from madorizu.houses.topology import Storey, Topology
from madorizu.plan import STEP, Cell, Edge, Fixture, House, Opening, Plan, Room, Side, bounds, cells_in

BALCONY_DEPTH = 2  # half modules


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
    openings = doors.hang(storey, floor=floor, stair=topology.stair, entrance=topology.entrance, rng=rng)
    if openings is None:
        return None
    taken = doors.door_edges(openings)
    if topology.stair is not None:  # a stair's sides carry no window where one steps on
        taken |= set(topology.stair.entry) | set(topology.stair.arrival)
    kitchen = fixtures.kitchen_run(storey, taken, rng)
    if kitchen is None and any(kind == "ldk" for kind, _ in storey.rooms):
        return None
    equipment: list[Fixture] = fixtures.equip(storey, kitchen, taken)
    outside = _balcony(storey, rng) if with_balcony else frozenset[Cell]()
    if with_balcony and not outside:
        return None
    behind: set[Edge] = set() if kitchen is None else set(kitchen.edges)
    openings += windows.glaze(storey, taken, behind, outside, floor=floor, rng=rng)
    rooms = [Room(kind, cells) for kind, cells in storey.rooms]
    if outside:
        rooms.append(Room("balcony", outside))
    if floor == 1:
        rooms.append(Room("porch", _porch(openings, topology.entrance)))
    return Plan(floor, tuple(rooms), tuple(openings), tuple(equipment), topology.stair)


def _balcony(storey: Storey, rng: random.Random) -> frozenset[Cell]:
    """Lay a balcony before the longest straight outer wall of the bedrooms, south first."""
    everything = storey.cells
    options = []
    for side, worth in (("s", 3), ("e", 1), ("w", 1)):
        dx, dy = STEP[side]  # type: ignore[index]
        rooms = [c for k, c in storey.rooms if k in ("mbr", "bed", "ldk", "wa")]
        front = {(x + dx, y + dy) for cells in rooms for x, y in cells if (x + dx, y + dy) not in everything}
        for line in _lines(front, axis=1 if side in ("n", "s") else 0):
            if len(line) >= 4:
                options.append((worth * 4 + min(len(line), 12) + rng.random(), side, line))
    if not options:
        return frozenset()
    _, side, line = max(options)
    dx, dy = STEP[side]  # type: ignore[index]
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
    run = runs(door.edges)[0]
    return run.beside(1 if side in ("s", "e") else -1, 2)


def place_at_origin(house: House) -> House:
    """Return the house as it is; its 1F begins at the lattice's origin by construction."""
    return house


def outline_cells(storey: Storey) -> frozenset[Cell]:
    """Return the cells of the storey's bounding rectangle."""
    return cells_in(bounds(storey.cells))
