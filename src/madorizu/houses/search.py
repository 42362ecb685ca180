"""Find the topology of a new house: footprint, stair, entrance, then tile each storey."""

from __future__ import annotations

import heapq
import math
import random
import time
from dataclasses import dataclass

from madorizu.brief import PLACE_WORDS, Place
from madorizu.catalogue import ROOMS
from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import programme
from madorizu.houses.programme import Kinds, Wishes
from madorizu.houses.stairs import StairKind, before, cells_of, stairs_on
from madorizu.houses.topology import Storey, Topology, fits_catalogue
from madorizu.plan import STEP, Cell, Side, Stair, neighbours
from madorizu.solve.cover import Tiling, around, candidates, halls, run_outside, tile
from madorizu.solve.grid import Grid, joined

Size = tuple[int, int]  # half modules

EFFORT = 2.0  # per storey and attempt, in the solver's measure of work; most solutions come within 1
MOST_CELLS = 80  # of a grid: the exact cover of more takes minutes
UPPER_TRIES = 6
NARROW = 11  # half modules: a stair, a hall and a room hardly fit beside each other
LIVING_STAIR = 0.12  # share of houses whose stair begins in the LDK
LEAST_AREA = {1: 120, 2: 88}  # half-module cells of the 1F, by storeys: what entrance, wet rooms and one room take
LEAST_SIDE = 8  # half modules
ENTRANCE = (9, 16, 20)  # half-module cells: least, usual, most


AT_ENTRANCE = 0.4  # of 1: how much likelier a notch lies at the entrance's side
_CORNERS: dict[Side, tuple[int, int]] = {"n": (0, 1), "e": (1, 3), "s": (2, 3), "w": (0, 2)}  # nw, ne, sw, se


@dataclass(frozen=True, slots=True)
class Site:
    """What is settled before the rooms.

    Attributes:
        lower: W and H of the 1F in half modules.
        upper: those of the 2F, or None for a house of one storey.
        shift: where the 2F's north-west corner lies on the 1F.
        entrance: side of the entrance.
        wishes: rooms.
        stair_kinds: forms of stair to try.
        stair_place: third of the storey in which the stair's middle lies, or None.
        place_storey: index of the storey of which `stair_place` speaks.
        notch: share of the 1F's bounding rectangle that corners may lose; None draws what rooms need.
        upper_notch: share that a corner of the 2F may lose besides.
    """

    lower: Size
    upper: Size | None = None
    shift: Size = (0, 0)
    entrance: Side = "s"
    wishes: Wishes = Wishes()
    stair_kinds: tuple[StairKind, ...] = ("u", "u", "u", "straight", "l")
    stair_place: Place | None = None
    place_storey: int = 0
    notch: float | None = None
    upper_notch: float = 0.0


def find(site: Site, *, seed: int, time_limit_s: float) -> Topology:
    """Search for a topology.

    Equal seeds give equal topologies on every machine: a slow one may only run out of time.

    Raises:
        InfeasibleError: if the area cannot hold the least rooms, which is proved by adding them up.
        OutOfTimeError: if none was found in time.
    """
    prove(site)
    rng = random.Random(seed)
    end = time.monotonic() + time_limit_s
    tries = 0
    while time.monotonic() < end:
        found = _attempt(site, rng, end, tries)
        tries += 1
        if found is not None:
            return found
    raise OutOfTimeError(f"no house of {_named(site.lower)} found in {time_limit_s:g} s ({tries} tries)")


def _named(size: Size) -> str:
    return f"{size[0] / 2:g}x{size[1] / 2:g}"


def prove(site: Site) -> None:
    """Refuse what no house can meet, by sums of least areas; says nothing of what may fail otherwise.

    Raises:
        InfeasibleError: naming what is too large.
    """
    storeys = 1 if site.upper is None else 2
    least = LEAST_AREA[storeys]
    if site.lower[0] * site.lower[1] < least or min(site.lower) < LEAST_SIDE:
        raise InfeasibleError(
            f"a house must have at least {least / 4:g} modules² on the 1F and sides of {LEAST_SIDE / 2:g}, "
            f"got {_named(site.lower)}"
        )
    wishes, stair = site.wishes, ROOMS["stair"].min_cells
    for size, ask, name in ((site.lower, wishes.below, "1F"), (site.upper, wishes.above, "2F")):
        if size is None:
            continue
        kinds = (*sorted(ask.rooms), *["bed"] * (ask.bedrooms or 0))
        needed = sum(programme.certain_least_of(kind, kinds) for kind in kinds) + stair * (storeys - 1)
        if needed > size[0] * size[1]:
            raise InfeasibleError(
                f"rooms of the {name} must fit its {size[0] * size[1] / 4:g} modules², got a wish for {needed / 4:g}"
            )
    total = sum(s[0] * s[1] for s in (site.lower, site.upper) if s is not None)
    asked = [*["bed"] * (wishes.habitable or wishes.bedrooms or 0), "ldk", *programme.WET]
    needed = sum(programme.certain_least_of(kind, tuple(asked)) for kind in asked) + ENTRANCE[0]
    needed += 2 * stair * (storeys - 1)
    if needed > total:
        raise InfeasibleError(f"rooms must fit the house's {total / 4:g} modules², got a wish for {needed / 4:g}")


def _attempt(site: Site, rng: random.Random, end: float, number: int) -> Topology | None:
    grid = _grid(site, rng)
    lower, upper = _floors(site, grid, rng)
    stair = None
    if site.upper is not None:
        stair = _place_stair(site, grid, lower, upper, rng)
        if stair is None:
            return None
    taken = frozenset[Cell]() if stair is None else _cells(grid, stair)
    wish = site.wishes.living_stair
    living = stair is not None and (rng.random() < LIVING_STAIR if wish is None else wish)
    blocked = frozenset[Cell]() if stair is None else frozenset({_front(grid, stair, 0)})
    near = None if stair is None or living else _reach(grid, lower - taken, _front(grid, stair, 0))
    entrance = _place_entrance(lower - taken - blocked, lower, site.entrance, grid, rng, near)
    if entrance is None:
        return None
    areas = [grid.area(lower - taken - entrance)] + ([] if stair is None else [grid.area(upper - taken)])
    kinds = programme.share(tuple(areas), site.wishes, rng)
    if kinds is None:
        return None
    loose = number % 3 == 2 or (number % 3 == 1 and _is_narrow(site))
    # A bath of more than 1616 is for large houses, or where nothing else was found.
    large_bath = grid.area(lower) > programme.LARGE_1F or number % 9 == 8
    exact = site.wishes.exact or ((), ())
    house = tuple(kind for storey in kinds for kind in storey)
    fixed = (("ent", entrance), *(() if stair is None else (("stair", taken),)))
    ground = _tile_ground(
        grid, _Level(lower, fixed, kinds[0], house, exact[0], large_bath), stair, rng, end, living=living, loose=loose
    )
    if ground is None:
        return None
    storeys = [_storey(grid, ground)]
    if stair is not None:
        level = _Level(upper, (("stair", taken),), kinds[1], house, exact[1], large_bath)
        for _ in range(UPPER_TRIES * (2 if _is_narrow(site) else 1)):
            top = _tile_upper(grid, level, stair, ground, rng, end, loose=loose)
            if top is not None:
                storeys.append(_storey(grid, top))
                break
        else:
            return None
    topology = Topology(tuple(storeys), site.entrance, stair)
    return topology if fits_catalogue(topology.storeys, oversize=programme.OVERSIZE) else None


def _is_narrow(site: Site) -> bool:
    return site.upper is not None and min(*site.lower, *site.upper) <= NARROW


# --- lines and footprints -------------------------------------------------------------------


def _grid(site: Site, rng: random.Random) -> Grid:
    """Draw the lines of the 1F so that the 2F's sides run along some of them."""
    lines = [size // 2 for size in site.lower]
    if rng.random() < 0.6:  # other widths than whole modules: walls off the module, and tight houses
        lines = [n - rng.randint(0, max(1, n // 4)) for n in lines]
    if lines[0] * lines[1] > MOST_CELLS:
        less = math.sqrt(MOST_CELLS / (lines[0] * lines[1])) * rng.uniform(0.9, 1.0)
        lines = [max(5, round(n * less)) for n in lines]
    sides = []
    for axis in (0, 1):
        whole, shift = site.lower[axis], site.shift[axis]
        parts = (whole,) if site.upper is None else (shift, site.upper[axis], whole - shift - site.upper[axis])
        sides.append(joined(parts, lines[axis], rng))
    return Grid(sides[0], sides[1])


def _floors(site: Site, grid: Grid, rng: random.Random) -> tuple[frozenset[Cell], frozenset[Cell]]:
    """Draw the footprints of both storeys: rectangles, or rectangles without a corner."""
    everything = grid.within((0, 0, *site.lower)) or frozenset()
    share = site.notch if site.notch is not None else _notch_share(site, rng)
    lower = _without_corner(everything, grid, share, rng, site.entrance)
    if site.upper is None:
        return lower, frozenset()
    upper = grid.within((*site.shift, *site.upper)) or frozenset()
    if not lower >= upper:
        if not upper & lower or _box(upper & lower) != _box(upper):
            lower = everything  # the notch would make the 2F another size
        upper &= lower
    return lower, _without_corner(upper, grid, site.upper_notch, rng, site.entrance)


def _box(cells: frozenset[Cell]) -> tuple[int, int, int, int]:
    xs, ys = [x for x, _ in cells], [y for _, y in cells]
    return min(xs), min(ys), max(xs), max(ys)


def _notch_share(site: Site, rng: random.Random) -> float:
    """Draw which share of the rectangle is left out: more where it is larger than the rooms asked for."""
    wishes, area = site.wishes, site.lower[0] * site.lower[1]
    storeys = 1 if site.upper is None else 2
    wanted = wishes.habitable if wishes.habitable is not None else wishes.bedrooms
    if wanted is None and wishes.below.bedrooms is not None:
        wanted = wishes.below.bedrooms + (wishes.above.bedrooms or 2 * (storeys - 1))
    if wishes.exact:
        return 0.0
    if wanted is not None:
        usual = (260 + 85 * wanted) / storeys + 40
        if area > 1.25 * usual:
            return min(0.42, rng.uniform(0.6, 1.0) * (1 - usual / area))
    return rng.uniform(0.04, 0.16) if rng.random() < 0.3 and area >= 196 else 0.0


def _without_corner(
    cells: frozenset[Cell], grid: Grid, share: float, rng: random.Random, entrance: Side = "s"
) -> frozenset[Cell]:
    """Cut a rectangle of about this share of the area from a random corner, or from two.

    Corners of the entrance's side come first as a rule: the porch lies in the notch.
    """
    if share <= 0:
        return cells
    target = share * grid.area(cells)
    corners = sorted(range(4), key=lambda corner: rng.random() + AT_ENTRANCE * (corner not in _CORNERS[entrance]))
    del corners[2 if share > 0.25 and rng.random() < 0.5 else 1 :]
    left = cells
    for corner in corners:
        cut = _corner(grid, cells, target / len(corners), corner, rng)
        if _box(left - cut) == _box(cells):
            left -= cut
    return left


def _corner(grid: Grid, floor: frozenset[Cell], target: float, corner: int, rng: random.Random) -> frozenset[Cell]:
    """Return a rectangle in a corner of a floor whose area comes near a target, at most 60 % of each side."""
    west, north, east, south = _box(floor)
    across, down = sum(grid.columns[west : east + 1]), sum(grid.rows[north : south + 1])
    options = []
    for width in range(1, east - west + 1):
        for height in range(1, south - north + 1):
            columns = range(west, west + width) if corner % 2 == 0 else range(east + 1 - width, east + 1)
            rows = range(north, north + height) if corner < 2 else range(south + 1 - height, south + 1)
            wide, high = sum(grid.columns[i] for i in columns), sum(grid.rows[j] for j in rows)
            if wide > 0.6 * across or high > 0.6 * down:
                continue
            cells = frozenset((i, j) for i in columns for j in rows)
            options.append((abs(wide * high - target) * rng.uniform(0.7, 1.3), sorted(cells)))
    return frozenset(min(options)[1]) if options else frozenset()


# --- stair and entrance ---------------------------------------------------------------------


def _cells(grid: Grid, stair: Stair) -> frozenset[Cell]:
    """Return the grid cells that a stair takes."""
    return frozenset(c for cell in cells_of(stair) if (c := grid.at(cell)) is not None)


def _front(grid: Grid, stair: Stair, storey: int) -> Cell:
    """Return the grid cell where one steps on (storey 0) or off (storey 1)."""
    cell = grid.at(before(stair, stair.entry if storey == 0 else stair.arrival))
    return (-1, -1) if cell is None else cell


def _place_stair(
    site: Site, grid: Grid, lower: frozenset[Cell], upper: frozenset[Cell], rng: random.Random
) -> Stair | None:
    """Draw a stair whose both ends open to floor on their storeys."""
    kind = rng.choice(site.stair_kinds)
    options = list(stairs_on(grid, lower & upper, (kind,)))
    rng.shuffle(options)
    return next((stair for stair in options if _stands(site, grid, stair, lower, upper)), None)


def _stands(site: Site, grid: Grid, stair: Stair, lower: frozenset[Cell], upper: frozenset[Cell]) -> bool:
    """Say whether a stair lies in its place, along the lines, with floor before both ends."""
    size = site.lower if site.place_storey == 0 else site.upper or site.lower
    at = (0, 0) if site.place_storey == 0 else site.shift
    if site.stair_place is not None and _place(stair, at, size) != site.stair_place:
        return False
    taken = _cells(grid, stair)
    if grid.halves(taken) != cells_of(stair):
        return False  # the open corner of one that turns once does not run along the lines
    return _front(grid, stair, 0) in lower - taken and _front(grid, stair, 1) in upper - taken


def _place(stair: Stair, at: Size, size: Size) -> Place:
    x, y, width, height = stair.rect
    column = min(max((2 * (x - at[0]) + width) * 3 // (2 * size[0]), 0), 2)
    row = min(max((2 * (y - at[1]) + height) * 3 // (2 * size[1]), 0), 2)
    return tuple(PLACE_WORDS)[3 * row + column]


def _reach(grid: Grid, free: frozenset[Cell], start: Cell) -> frozenset[Cell]:
    """Return the cells that a hall from a cell can come to: no way to them takes more than the largest hall."""
    most = programme.hall_of(grid.area(free) - ENTRANCE[0])[1]
    found: set[Cell] = set()
    ahead = [(grid.area((start,)), start)]
    while ahead:
        taken, cell = heapq.heappop(ahead)
        if cell not in found and taken <= most:
            found.add(cell)
            for n in neighbours(cell):
                if n in free and n not in found:
                    heapq.heappush(ahead, (taken + grid.area((n,)), n))
    return frozenset(found)


def _place_entrance(
    free: frozenset[Cell],
    floor: frozenset[Cell],
    side: Side,
    grid: Grid,
    rng: random.Random,
    near: frozenset[Cell] | None = None,
) -> frozenset[Cell] | None:
    """Draw an entrance on its side of the house, of about 4 modules², beside one of some cells."""
    dx, dy = STEP[side]
    least, usual, most = ENTRANCE
    options: list[tuple[float, list[Cell]]] = []
    for x, y in sorted(free):
        if (x + dx, y + dy) in floor:
            continue
        for width in (1, 2):
            for height in (1, 2):
                cells = frozenset(
                    (x + (-i if side == "e" else i), y + (-j if side == "s" else j))
                    for i in range(width)
                    for j in range(height)
                )
                if not cells <= free or (near is not None and near.isdisjoint(around(cells))):
                    continue
                xs, ys = {i for i, _ in cells}, {j for _, j in cells}
                short = min(sum(grid.columns[i] for i in xs), sum(grid.rows[j] for j in ys))
                if short < 3 or not least <= grid.area(cells) <= most or run_outside(cells, floor, side, grid) < 2:
                    continue
                odd = 0 if grid.area(floor) < 140 else abs(grid.area(cells) - usual) / 6
                options.append((rng.expovariate(1.0) * (1 + odd), sorted(cells)))
    return frozenset(min(options)[1]) if options else None


# --- tiling ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Level:
    """A storey to tile: its cells, what is settled on it, its rooms, those of the whole house, their areas."""

    floor: frozenset[Cell]
    fixed: tuple[tuple[str, frozenset[Cell]], ...]
    kinds: Kinds
    house: Kinds
    exact: tuple[tuple[str, int], ...]
    large_bath: bool = False

    def programme(self, grid: Grid, rng: random.Random, *, loose: bool) -> programme.Programme:
        """Give its rooms their ranges of areas and their conditions."""
        return programme.programme(
            self.kinds,
            grid.area(self.free),
            rng,
            house=self.house,
            loose=loose,
            large_bath=self.large_bath,
            exact=self.exact,
        )

    @property
    def free(self) -> frozenset[Cell]:
        return self.floor - frozenset(c for _, cells in self.fixed for c in cells)


def _tile_ground(
    grid: Grid, level: _Level, stair: Stair | None, rng: random.Random, end: float, *, living: bool, loose: bool
) -> Tiling | None:
    must = [around(cells) for kind, cells in level.fixed if kind == "ent"]
    plan = level.programme(grid, rng, loose=loose)
    if stair is not None:
        if living and "ldk" in level.kinds:
            plan = programme.holding(plan, "ldk", _front(grid, stair, 0))
        else:
            must.append(frozenset({_front(grid, stair, 0)}))
    return _tiled(grid, level, plan, must, rng, end)


def _tile_upper(
    grid: Grid, level: _Level, stair: Stair, ground: Tiling, rng: random.Random, end: float, *, loose: bool
) -> Tiling | None:
    open_below = frozenset(c for kind, cells in ground.rooms if kind in ("ldk", "ent", "hall") for c in cells)
    plan = programme.over(level.programme(grid, rng, loose=loose), open_below)
    return _tiled(grid, level, plan, [frozenset({_front(grid, stair, 1)})], rng, end)


def _tiled(
    grid: Grid,
    level: _Level,
    plan: programme.Programme,
    must: list[frozenset[Cell]],
    rng: random.Random,
    end: float,
) -> Tiling | None:
    # The LDK is the largest: where it has no place, halls need not be grown.
    if any(want.kind == "ldk" and not candidates(want, level.free, level.floor, grid) for want in plan.wants):
        return None
    options = halls(must, level.free, plan.hall, grid, rng)
    left_s = max(0.05, end - time.monotonic())
    status, tiling = tile(
        grid,
        level.floor,
        level.fixed,
        plan.wants,
        options,
        seed=rng.getrandbits(31),
        effort=EFFORT,
        time_limit_s=left_s,
    )
    if status == "out of time" and time.monotonic() > end - 0.05:
        # The clock cut it off, not the effort: going on would give a house that a faster machine would not.
        raise OutOfTimeError("a house must be found within the time limit, got none")
    return tiling


def _storey(grid: Grid, tiling: Tiling) -> Storey:
    return Storey(tuple((kind, grid.halves(cells)) for kind, cells in tiling.rooms))
