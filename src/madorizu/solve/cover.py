"""Tile a storey with rooms: exact cover with CP-SAT.

Works on the cells of a `Grid`. Every room has a list of candidate cell sets; the solver
picks one candidate per room and one hall so that every cell is covered exactly once and
every room touches what it must open to. Sizes, daylight sides and the stair's place are
filters on the candidate lists, so the model itself stays small.

Deterministic for one seed and OR-tools version: one worker, fixed seed, and a limit that
counts the solver's work. The wall clock can only cut a search off.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ortools.sat.python import cp_model

from madorizu.plan import OPPOSITE, STEP, Cell, Side, neighbours, rects_of
from madorizu.solve.grid import Grid
from madorizu.solve.solver import bounded

HALL_RECTANGLES = 3  # a hall of more corners is a maze
CANDIDATE_LIMIT = 700  # per room; more make the model slow, fewer make it miss solutions

Status = Literal["solved", "infeasible", "out of time"]


@dataclass(frozen=True, slots=True)
class Want:
    """A room to place.

    Attributes:
        kind: code of `catalogue.ROOMS`.
        low, high: area in half-module cells.
        touches: kinds of which at least one must share a grid cell's side with it.
        outside: sides of the house of which one must carry `outside_run` half modules of its
            wall; empty for none.
        outside_run: see `outside`.
        min_side: narrowest place in half modules.
        max_aspect: longer over shorter side of the bounding rectangle.
        l_shapes: also try rectangles with one corner cut away.
        holds: cells of which it must hold one; empty for any.
        within: cells that it may take; None for any.
    """

    kind: str
    low: int
    high: int
    touches: tuple[str, ...] = ()
    outside: tuple[Side, ...] = ()
    outside_run: int = 4
    min_side: int = 2
    max_aspect: float = 2.0
    l_shapes: bool = False
    holds: frozenset[Cell] = frozenset()
    within: frozenset[Cell] | None = None


@dataclass(frozen=True, slots=True)
class Tiling:
    """A tiled storey: (kind, grid cells) per room, hall included."""

    rooms: tuple[tuple[str, frozenset[Cell]], ...]


def around(cells: frozenset[Cell]) -> frozenset[Cell]:
    """Return the cells that share a side with a set of cells and are not of it."""
    return frozenset(n for c in cells for n in neighbours(c)) - cells


def run_outside(cells: frozenset[Cell], floor: frozenset[Cell], side: Side, grid: Grid) -> int:
    """Return how many half modules of the cells' border on one side lie on the storey's outline."""
    dx, dy = STEP[side]
    widths = grid.columns if dy else grid.rows
    return sum(widths[c[0] if dy else c[1]] for c in cells if (c[0] + dx, c[1] + dy) not in floor)


@dataclass(frozen=True, slots=True)
class _Board:
    """Cells of a grid as bits of one whole number, for fast set algebra.

    A frame of one empty cell lies around the grid, so that shifting a set by one cell
    never wraps into the next row.
    """

    grid: Grid

    @property
    def stride(self) -> int:
        return len(self.grid.columns) + 2

    def bits(self, cells: Iterable[Cell]) -> int:
        return sum(1 << ((y + 1) * self.stride + x + 1) for x, y in cells)

    def cells(self, bits: int) -> frozenset[Cell]:
        return frozenset((i % self.stride - 1, i // self.stride - 1) for i in _indices(bits))

    def span(self, first: int, count: int) -> int:
        """Return the bits of columns `first` and following in row 0."""
        return ((1 << count) - 1) << (self.stride + first + 1)

    def ring(self, bits: int) -> int:
        return (bits << 1 | bits >> 1 | bits << self.stride | bits >> self.stride) & ~bits

    def shifted(self, bits: int, side: Side) -> int:
        """Return the cells one step further to a side."""
        dx, dy = STEP[side]
        by = dy * self.stride + dx
        return bits << by if by > 0 else bits >> -by

    def length(self, bits: int, side: Side) -> int:
        """Return how long cells are along a side of the house, in half modules."""
        if side in ("n", "s"):
            return sum(self.grid.columns[i % self.stride - 1] for i in _indices(bits))
        return sum(self.grid.rows[i // self.stride - 1] for i in _indices(bits))


def _indices(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def candidates(want: Want, free: frozenset[Cell], floor: frozenset[Cell], grid: Grid) -> list[frozenset[Cell]]:
    """List every cell set that a room may take.

    Args:
        want: the room.
        free: cells not yet taken by fixed rooms.
        floor: all cells of the storey.
        grid: its lines.
    """
    board = _Board(grid)
    return [board.cells(bits) for bits in _candidates(want, board.bits(free), board.bits(floor), board)]


def _candidates(want: Want, free: int, floor: int, board: _Board) -> list[int]:
    if want.within is not None:
        free &= board.bits(want.within)
    rims = [(side, floor & ~board.shifted(floor, OPPOSITE[side])) for side in want.outside]
    holds = board.bits(want.holds)
    shapes = _rectangles(want, free, board)
    if want.l_shapes:
        shapes = (*shapes, *_l_shapes(want, free, board))
    return [
        bits
        for bits in shapes
        if (not holds or bits & holds)
        and (not rims or any(board.length(bits & rim, side) >= want.outside_run for side, rim in rims))
    ]


def _rectangles(want: Want, free: int, board: _Board) -> tuple[int, ...]:
    xs, ys = board.grid.xs, board.grid.ys
    found = []
    for i in range(len(xs) - 1):
        for width_lines in range(1, len(xs) - i):
            width = xs[i + width_lines] - xs[i]
            if width < want.min_side:
                continue
            row = board.span(i, width_lines)
            for j in range(len(ys) - 1):
                bits = 0
                for k in range(j, len(ys) - 1):
                    bits |= row << (k * board.stride)
                    height = ys[k + 1] - ys[j]
                    if bits & ~free or width * height > want.high:
                        break
                    if height >= want.min_side and width * height >= want.low and _is_compact(width, height, want):
                        found.append(bits)
    return tuple(found)


def _is_compact(width: int, height: int, want: Want) -> bool:
    return max(width, height) <= want.max_aspect * min(width, height)


def _l_shapes(want: Want, free: int, board: _Board) -> Iterator[int]:
    """Yield rectangles without one corner; the arms are as wide as `min_side`."""
    xs, ys = board.grid.xs, board.grid.ys
    for i in range(len(xs)):
        for k in range(i + 2, len(xs)):
            width = xs[k] - xs[i]
            for j in range(len(ys)):
                for m in range(j + 2, len(ys)):
                    height = ys[m] - ys[j]
                    if not want.low < width * height <= 1.7 * want.high or not _is_compact(width, height, want):
                        continue
                    full = sum(board.span(i, k - i) << (row * board.stride) for row in range(j, m))
                    for cut in _cuts(want, (i, k), (j, m), board):
                        bits = full & ~cut
                        if not bits & ~free:
                            yield bits


def _cuts(want: Want, columns: tuple[int, int], rows: tuple[int, int], board: _Board) -> Iterator[int]:
    """Yield the corners that can be cut from a rectangle of lines so that its area is as wished."""
    (i, k), (j, m) = columns, rows
    xs, ys = board.grid.xs, board.grid.ys
    full = (xs[k] - xs[i]) * (ys[m] - ys[j])
    wide = [(i, a) for a in range(i + 1, k) if xs[k] - xs[a] >= want.min_side]
    wide += [(a, k) for a in range(i + 1, k) if xs[a] - xs[i] >= want.min_side]
    tall = [(j, b) for b in range(j + 1, m) if ys[m] - ys[b] >= want.min_side]
    tall += [(b, m) for b in range(j + 1, m) if ys[b] - ys[j] >= want.min_side]
    for left, right in wide:
        row = board.span(left, right - left)
        for top, bottom in tall:
            if want.low <= full - (xs[right] - xs[left]) * (ys[bottom] - ys[top]) <= want.high:
                yield sum(row << (y * board.stride) for y in range(top, bottom))


def halls(
    must: Sequence[frozenset[Cell]],
    free: frozenset[Cell],
    sizes: tuple[int, int],
    grid: Grid,
    rng: random.Random,
    *,
    count: int = 160,
) -> list[frozenset[Cell]]:
    """Grow random halls: connected, one line wide, touching what they must.

    Args:
        must: sets of cells; the hall holds at least one cell of each.
        free: cells it may take.
        sizes: smallest and largest area in half-module cells.
        grid: the storey's lines.
        rng: source of randomness.
        count: how many different halls to try for.

    Returns:
        Different halls without a block of 2×2 cells, of at most `HALL_RECTANGLES` rectangles, in
        the order found.
    """
    links = {c: tuple(n for n in neighbours(c) if n in free) for c in sorted(free)}
    found: dict[frozenset[Cell], None] = {}
    failures = 0
    while len(found) < count and failures < count:
        hall = _grow(must, links, rng.randint(*sizes), sizes, grid, rng)
        if hall is None or hall in found or len(rects_of(hall)) > HALL_RECTANGLES:
            failures += 1
        else:
            found[hall] = None
    return list(found)


_Links = dict[Cell, tuple[Cell, ...]]


def _grow(
    must: Sequence[frozenset[Cell]], links: _Links, size: int, sizes: tuple[int, int], grid: Grid, rng: random.Random
) -> frozenset[Cell] | None:
    starts = sorted(c for c in must[0] if c in links)
    if not starts:
        return None
    order = [rng.choice(starts)]
    hall = set(order)
    for target in must[1:]:
        path = _path(order, target, links, rng)
        if path is None:
            return None
        order += path
        hall.update(path)
    if any(_makes_block(hall, c) for c in order):
        return None
    area = grid.area(hall)
    for _ in range(4 * len(links)):
        if area >= size:
            break
        # A straight corridor is likelier than a comb: prefer to go on from the newest cell.
        step = rng.choice(links[order[-1] if rng.random() < 0.6 else rng.choice(order)] or (order[0],))
        if step not in hall and not _makes_block(hall, step):
            hall.add(step)
            order.append(step)
            area += grid.area((step,))
    return frozenset(hall) if sizes[0] <= area <= sizes[1] else None


def _path(hall: Sequence[Cell], targets: frozenset[Cell], links: _Links, rng: random.Random) -> list[Cell] | None:
    """Find a random shortest path from the hall to one of the targets, nearest cell first."""
    if not targets.isdisjoint(hall):
        return []
    came: dict[Cell, Cell | None] = dict.fromkeys(hall)
    ring = list(hall)
    while ring:
        rng.shuffle(ring)
        following = []
        for cell in ring:
            for n in links[cell]:
                if n not in came:
                    came[n] = cell
                    following.append(n)
        reached = [c for c in following if c in targets]
        if reached:
            path = []
            at: Cell | None = rng.choice(reached)
            while at is not None and at not in hall:
                path.append(at)
                at = came[at]
            return path[::-1]
        ring = following
    return None


def _makes_block(hall: set[Cell], cell: Cell) -> bool:
    """Say whether a cell completes a 2×2 block with cells of the hall."""
    x, y = cell
    return any(
        (x + dx, y) in hall and (x, y + dy) in hall and (x + dx, y + dy) in hall for dx in (-1, 1) for dy in (-1, 1)
    )


def tile(
    grid: Grid,
    floor: frozenset[Cell],
    fixed: Sequence[tuple[str, frozenset[Cell]]],
    wants: Sequence[Want],
    hall_options: Sequence[frozenset[Cell]],
    *,
    seed: int,
    effort: float,
    time_limit_s: float,
) -> tuple[Status, Tiling | None]:
    """Cover a storey exactly.

    Args:
        grid: the storey's lines.
        floor: grid cells to cover.
        fixed: rooms whose cells are given (stair, entrance).
        wants: rooms to place.
        hall_options: halls to choose one from, as `halls` gives them.
        seed: for the solver and for which candidates are kept.
        effort: limit in the solver's own measure of work (about seconds of an idle core),
            the same on every machine.
        time_limit_s: wall-clock limit.

    Returns:
        The status, and the tiling when solved. At most `CANDIDATE_LIMIT` candidates per room
        are kept, drawn at random; where some were dropped, "infeasible" speaks only of those
        that were kept.
    """
    rng = random.Random(seed)
    board = _Board(grid)
    fixed_bits = [(kind, board.bits(cells)) for kind, cells in fixed]
    free = board.bits(floor) & ~sum(bits for _, bits in fixed_bits)
    groups = [[b for b in map(board.bits, hall_options) if not b & ~free]]
    for want in wants:
        found = _reaching(want, _candidates(want, free, board.bits(floor), board), fixed_bits, wants, board)
        groups.append(rng.sample(found, CANDIDATE_LIMIT) if len(found) > CANDIDATE_LIMIT else found)
    if not all(groups):
        return "infeasible", None
    model = cp_model.CpModel()
    picks = [[model.new_bool_var("") for _ in group] for group in groups]
    for row in picks:
        model.add_exactly_one(row)
    covering: dict[int, list[cp_model.IntVar]] = {i: [] for i in _indices(free)}
    for group, row in zip(groups, picks, strict=True):
        for bits, variable in zip(group, row, strict=True):
            for index in _indices(bits):
                covering[index].append(variable)
    if not all(covering.values()):
        return "infeasible", None
    for literals in covering.values():
        model.add_exactly_one(literals)
    _add_touching(model, wants, groups, picks, fixed_bits, board)
    for row in picks:
        model.add_hint(rng.choice(row), 1)
    status, chosen = _solve(model, groups, picks, seed=seed, effort=effort, time_limit_s=time_limit_s)
    if chosen is None:
        return status, None
    kinds = ["hall", *(want.kind for want in wants)]
    placed = [(kind, board.cells(bits)) for kind, bits in zip(kinds, chosen, strict=True)]
    return status, Tiling((*fixed, *placed))


def _solve(
    model: cp_model.CpModel,
    groups: Sequence[Sequence[int]],
    picks: Sequence[Sequence[cp_model.IntVar]],
    *,
    seed: int,
    effort: float,
    time_limit_s: float,
) -> tuple[Status, list[int] | None]:
    """Return the status, and which candidate of each group was chosen."""
    solver = bounded(seed=seed, effort=effort, time_limit_s=time_limit_s)
    solver.parameters.randomize_search = True
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return ("infeasible" if status == cp_model.INFEASIBLE else "out of time"), None
    chosen = [
        next(bits for bits, v in zip(group, row, strict=True) if solver.value(v))
        for group, row in zip(groups, picks, strict=True)
    ]
    return "solved", chosen


def _reaching(
    want: Want, found: list[int], fixed: Sequence[tuple[str, int]], wants: Sequence[Want], board: _Board
) -> list[int]:
    """Keep the candidates that can touch what they must; those next to fixed rooms are decided here."""
    movable = {"hall", *(w.kind for w in wants)}
    if not want.touches or movable & set(want.touches):
        return found
    targets = [bits for kind, bits in fixed if kind in want.touches]
    return [b for b in found if any(board.ring(b) & t for t in targets)]


def _add_touching(
    model: cp_model.CpModel,
    wants: Sequence[Want],
    groups: Sequence[Sequence[int]],
    picks: Sequence[Sequence[cp_model.IntVar]],
    fixed: Sequence[tuple[str, int]],
    board: _Board,
) -> None:
    """A picked candidate implies that one of its neighbour cells belongs to a kind it must touch."""
    needed = {kind for want in wants for kind in want.touches}
    occupied: dict[tuple[str, int], list[cp_model.IntVar]] = {}
    for kind, group, row in zip(["hall", *(w.kind for w in wants)], groups, picks, strict=True):
        if kind in needed:
            for bits, variable in zip(group, row, strict=True):
                for index in _indices(bits):
                    occupied.setdefault((kind, index), []).append(variable)
    present: dict[tuple[str, int], cp_model.IntVar] = {}
    for key, variables in occupied.items():
        present[key] = model.new_bool_var("")
        model.add(sum(variables) == present[key])
    for want, group, row in zip(wants, groups[1:], picks[1:], strict=True):
        if not want.touches:
            continue
        for bits, variable in zip(group, row, strict=True):
            ring = board.ring(bits)
            if any(kind in want.touches and ring & taken for kind, taken in fixed):
                continue
            near = list(_indices(ring))
            model.add_bool_or(
                [variable.negated()] + [present[k, i] for k in want.touches for i in near if (k, i) in present]
            )
