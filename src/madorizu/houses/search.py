"""Find the topology of a new house: place entrance and stair, then tile each storey."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace

from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import programme
from madorizu.houses.topology import Storey, Topology, fits_catalogue
from madorizu.plan import SIDES, STEP, Cell, Edge, Side, Stair, cells_in
from madorizu.solve.cover import Tiling, around, halls, run_outside, tile

Size = tuple[int, int]  # modules
Rooms = tuple[tuple[str, frozenset[Cell]], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """What is settled before the rooms: sizes in modules, sides, wishes.

    `upper` is the 2F's size, or None for a house of one storey; `shift` is where its
    north-west corner lies on the 1F.
    """

    lower: Size
    upper: Size | None
    shift: Size
    entrance: Side
    wishes: programme.Wishes


EFFORT = 2.0  # per storey and attempt, in the solver's measure of work; most solutions come within 1


def find(site: Site, *, seed: int, time_limit_s: float) -> Topology:
    """Search for a topology.

    Equal seeds give equal topologies on every machine: a slow one may only run out of time.

    Raises:
        InfeasibleError: if the area cannot hold the least rooms.
        OutOfTimeError: if none was found in time.
    """
    least = programme.LEAST_ONE_STOREY if site.upper is None else programme.LEAST_TWO_STOREYS
    if site.lower[0] * site.lower[1] < least or min(site.lower) < programme.LEAST_SIDE:
        raise InfeasibleError(
            f"a house must have at least {least} modules² on the 1F and sides of {programme.LEAST_SIDE}, "
            f"got {site.lower[0]}x{site.lower[1]}"
        )
    rng = random.Random(seed)
    end = time.monotonic() + time_limit_s
    tries = 0
    while time.monotonic() < end:
        tries += 1
        found = _attempt(site, rng, end)
        if found is not None:
            return found
    raise OutOfTimeError(f"no house of {site.lower[0]}x{site.lower[1]} found in {time_limit_s:g} s ({tries} tries)")


def _attempt(site: Site, rng: random.Random, end: float) -> Topology | None:
    lower = cells_in((0, 0, *site.lower))
    upper = frozenset[Cell]() if site.upper is None else cells_in((*site.shift, *site.upper))
    stair = None if site.upper is None else _place_stair(lower, upper, rng)
    if site.upper is not None and stair is None:
        return None
    taken = frozenset[Cell]() if stair is None else _modules(stair)
    entrance = _place_entrance(lower - taken, lower, site.entrance, rng)
    if entrance is None:
        return None
    if stair is not None and programme.is_tiny(len(lower)) and site.wishes.bedrooms_above is None:
        site = replace(site, wishes=replace(site.wishes, bedrooms_above=1))
    ground = _tile_ground(site, lower, entrance, stair, rng, end)
    if ground is None:
        return None
    storeys = [_storey(ground)]
    if stair is not None:
        for _ in range(10):
            top = _tile_upper(site, upper, stair, rng, end)
            if top is not None:
                storeys.append(_storey(top))
                break
        else:
            return None
    topology = Topology(tuple(storeys), site.entrance, stair)
    return topology if fits_catalogue(topology.storeys) else None


def _tile_ground(
    site: Site, lower: frozenset[Cell], entrance: frozenset[Cell], stair: Stair | None, rng: random.Random, end: float
) -> Tiling | None:
    fixed: list[tuple[str, frozenset[Cell]]] = [("ent", entrance)]
    must = [around(entrance)]
    if stair is None:
        plan = programme.single_storey(len(lower), len(entrance), site.wishes, rng)
    else:
        plan = programme.ground_floor(len(lower), len(entrance), site.wishes, rng)
        fixed.append(("stair", _modules(stair)))
        must.append(frozenset({_outside(stair, stair.entry[0])}))
    free = lower - frozenset(c for _, cells in fixed for c in cells)
    options = halls(must, free, plan.hall, rng)
    return _tiled(lower, fixed, plan, options, rng, end)


def _tile_upper(site: Site, upper: frozenset[Cell], stair: Stair, rng: random.Random, end: float) -> Tiling | None:
    plan = programme.upper_floor(len(upper), site.wishes, rng)
    taken = _modules(stair)
    options = halls([frozenset({_outside(stair, stair.arrival[0])})], upper - taken, plan.hall, rng)
    return _tiled(upper, [("stair", taken)], plan, options, rng, end)


def _tiled(
    floor: frozenset[Cell],
    fixed: list[tuple[str, frozenset[Cell]]],
    plan: programme.Programme,
    options: list[frozenset[Cell]],
    rng: random.Random,
    end: float,
) -> Tiling | None:
    left_s = max(0.05, end - time.monotonic())
    status, tiling = tile(
        floor, fixed, plan.wants, options, seed=rng.getrandbits(31), effort=EFFORT, time_limit_s=left_s
    )
    if status == "out of time" and time.monotonic() > end - 0.05:
        # The clock cut it off, not the effort: going on would give a house that a faster machine would not.
        raise OutOfTimeError("a house must be found within the time limit, got none")
    return tiling


def _storey(tiling: Tiling) -> Storey:
    return Storey(tuple((kind, _halves(cells)) for kind, cells in tiling.rooms))


def _halves(cells: frozenset[Cell]) -> frozenset[Cell]:
    return frozenset((2 * x + i, 2 * y + j) for x, y in cells for i in (0, 1) for j in (0, 1))


def _modules(stair: Stair) -> frozenset[Cell]:
    x, y, width, height = stair.rect
    return cells_in((x // 2, y // 2, width // 2, height // 2))


def _outside(stair: Stair, edge: Edge) -> Cell:
    """Return the module in front of a portal edge."""
    first, second = edge.cells
    x, y = second if first in cells_in(stair.rect) else first
    return x // 2, y // 2


def _place_stair(lower: frozenset[Cell], upper: frozenset[Cell], rng: random.Random) -> Stair | None:
    """Draw a stair whose both ends open to floor on their storeys."""
    both = sorted(lower & upper)
    for _ in range(60):
        x, y = rng.choice(both)
        rise = rng.choice(SIDES)
        if rng.random() < 0.75:
            turn = rng.choice(("left", "right"))
            stair = Stair("u", (2 * x, 2 * y, 4, 4), rise, turn)  # type: ignore[arg-type]
        else:
            width, height = (2, 8) if rise in ("n", "s") else (8, 2)
            stair = Stair("straight", (2 * x, 2 * y, width, height), rise)
        cells = _modules(stair)
        if not (cells <= lower and cells <= upper):
            continue
        if _outside(stair, stair.entry[0]) in lower and _outside(stair, stair.arrival[0]) in upper:
            return stair
    return None


def _place_entrance(
    free: frozenset[Cell], floor: frozenset[Cell], side: Side, rng: random.Random
) -> frozenset[Cell] | None:
    """Draw an entrance of 4 or 6 modules² on its side of the house."""
    sizes = [(2, 2), (2, 2), (3, 2), (2, 3)] if len(floor) >= 56 else [(2, 2)]
    dx, dy = STEP[side]
    edge = sorted(c for c in free if (c[0] + dx, c[1] + dy) not in floor)
    for _ in range(40):
        width, height = rng.choice(sizes)
        x, y = rng.choice(edge)
        x -= width - 1 if side == "e" else 0
        y -= height - 1 if side == "s" else 0
        cells = cells_in((x, y, width, height))
        if cells <= free and run_outside(cells, floor, side) >= 1:
            return cells
    return None
