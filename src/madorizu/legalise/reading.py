"""Lay drafts on the lattice of the house that is asked for: sizes exact, 2F on 1F.

A draft lies on the lattice of its picture, and may be some half modules too large or too
small. Each axis is cut or stretched at one of its ends, where the evidence speaks least against
it; then the 2F is laid on the 1F, stair on stair if they are of one size, inside it if that is
not too far off.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from madorizu.draft import Draft
from madorizu.legalise.shapes import Board
from madorizu.plan import (
    HALF_MM,
    OPENING_KINDS,
    Cell,
    Edge,
    Fixture,
    Opening,
    Plan,
    Rect,
    Room,
    Stair,
    bounds,
    is_indoor,
    pieces,
)

FLOOR_P = 0.02  # probabilities are never taken for less: nets are surer than they are right
BEYOND = 8  # half modules beyond the frame that are looked at: balconies, porches
MARGIN = 10  # cells of the board around both frames
STAIR_WEIGHT, OVERHANG_WEIGHT, FLUSH_WEIGHT = 4.0, 3.0, 0.5  # overhangs are rarer than misread stairs
OVERHANG = 2  # half modules by which a 2F may stand out
PLACEMENTS = 3

Costs = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """How an axis of a draft comes to the length that is asked for.

    Attributes:
        first, last: first cell of what was read, and the first after it, on the draft's lattice.
        length: half modules asked for.
        before: half modules added at the start, less than 0 where so many are cut off.
        at: where the frame begins on the house's lattice.
    """

    first: int
    last: int
    length: int
    before: int
    at: int = 0

    @property
    def after(self) -> int:
        """Half modules added at the end."""
        return self.length - (self.last - self.first) - self.before

    def source(self, cell: int) -> int:
        """Return the draft's cell that is seen in a cell of the house."""
        i = cell - self.at
        if i < 0:
            return self.first + i
        if i >= self.length:
            return self.last + i - self.length
        return min(max(self.first + i - self.before, self.first), self.last - 1)

    def line(self, line: int) -> int:
        """Return where a line of the draft comes to lie on the house's lattice."""
        if line <= self.first:
            return self.at + line - self.first
        if line >= self.last:
            return self.at + self.length + line - self.last
        return self.at + min(max(line - self.first + self.before, 0), self.length)


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft on the lattice of the house.

    Attributes:
        floor: its storey.
        frame: the rectangle that it must fill.
        plan: what was read, laid into the frame; as broken as it was.
        sure: confidence of each opening of that plan.
        fixtures_sure: of each fixture.
        rooms: cost of each kind of room, and of "outside", in each cell of the board: 0 for what is likeliest.
        none, wall: cost of no wall, and of a wall, on the north and west edge of each cell: (2, cells).
        opened: probability of any door or window on these edges: (2, cells).
        board: the cells of these arrays.
        stretched: half modules added west, east, north, south.
        shift: where the draft's lattice point (0, 0) lies on the house's lattice.
    """

    floor: int
    frame: Rect
    plan: Plan
    sure: tuple[float, ...]
    fixtures_sure: tuple[float, ...]
    rooms: Mapping[str, Costs] = field(repr=False)
    none: Costs = field(repr=False)
    wall: Costs = field(repr=False)
    opened: Costs = field(repr=False)
    board: Board
    stretched: tuple[int, int, int, int] = (0, 0, 0, 0)
    shift: tuple[int, int] = (0, 0)

    def seen(self, edge: Edge) -> float:
        """Return how probable a door or window is on an edge."""
        if not self.board.holds((edge.x, edge.y)):
            return 0.0
        at = (edge.y - self.board.top) * self.board.width + edge.x - self.board.left
        return float(self.opened[0 if edge.axis == "h" else 1, at])


def core(plan: Plan) -> frozenset[Cell]:
    """Return the largest piece of what is indoors: crumbs beside the house are no part of it."""
    found = pieces(c for room in plan.rooms if is_indoor(room.kind) for c in room.cells)
    return found[0] if found else frozenset()


def sizes(draft: Draft) -> tuple[int, int]:
    """Return W and H of what was read, in half modules."""
    _, _, width, height = bounds(core(draft.plan))
    return width, height


# --- one axis ---------------------------------------------------------------------------------


def _axes(draft: Draft, size: tuple[int, int]) -> Iterator[tuple[float, Axis, Axis]]:
    """Yield the ways to bring a draft to a size, with what each costs."""
    x, y, width, height = bounds(core(draft.plan))
    indoor = _indoor(draft)
    e = draft.evidence

    def share(columns: range, axis: int) -> float:
        """Sum what speaks for a house in some columns (axis 0) or rows (1) of what was read and beside it."""
        total = 0.0
        for i in columns:
            if axis == 0 and 0 <= i - e.left < indoor.shape[1]:
                total += float(indoor[max(0, y - e.top) : max(0, y - e.top + height), i - e.left].sum())
            elif axis == 1 and 0 <= i - e.top < indoor.shape[0]:
                total += float(indoor[i - e.top, max(0, x - e.left) : max(0, x - e.left + width)].sum())
        return total

    def ways(first: int, length: int, asked: int, axis: int) -> list[tuple[float, Axis]]:
        over = asked - length
        found = []
        for before in {0, over} if abs(over) < 2 else {0, over // 2, over}:
            after = over - before
            lost = share(range(first, first - before), axis) if before < 0 else 0.0
            lost += share(range(first + length + after, first + length), axis) if after < 0 else 0.0
            won = share(range(first - before, first), axis) if before > 0 else 0.0
            won += share(range(first + length, first + length + after), axis) if after > 0 else 0.0
            found.append((lost - won + 0.01 * abs(before), Axis(first, first + length, asked, before)))
        return sorted(found, key=lambda f: (f[0], f[1].before))[:2]

    for (a, across), (b, down) in itertools.product(ways(x, width, size[0], 0), ways(y, height, size[1], 1)):
        yield a + b, across, down


def _indoor(draft: Draft) -> Costs:
    """Return the probability of a room of the house in each cell of the evidence."""
    e = draft.evidence
    kinds = [i for i, kind in enumerate(e.room_classes) if kind != "outside" and is_indoor(kind)]
    total: Costs = e.rooms[kinds].sum(axis=0).astype(np.float64)
    return total


# --- both storeys -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """Readings of all storeys on one lattice, and the board that holds them."""

    readings: tuple[Reading, ...]
    board: Board


def placements(drafts: tuple[Draft, ...], asked: tuple[tuple[int, int], ...]) -> list[Placed]:
    """List ways to lay the drafts on one lattice, likeliest first, at most `PLACEMENTS`.

    Args:
        drafts: lowest first; each with a room.
        asked: W and H of each, in half modules.
    """
    options: list[tuple[float, tuple[tuple[Axis, Axis], ...]]] = []
    lower = list(_axes(drafts[0], asked[0]))
    if len(drafts) == 1:
        options = [(cost, ((across, down),)) for cost, across, down in lower]
    else:
        upper = list(_axes(drafts[1], asked[1]))
        for (a, *below), (b, *above) in itertools.product(lower, upper):
            pair = (below[0], below[1]), (above[0], above[1])
            for cost, shift in _shifts(drafts, pair):
                moved = replace(above[0], at=shift[0]), replace(above[1], at=shift[1])
                options.append((a + b + cost, ((below[0], below[1]), moved)))
    options.sort(key=lambda o: o[0])
    return [_placed(drafts, axes) for _, axes in options[:PLACEMENTS]]


def _shifts(
    drafts: tuple[Draft, ...], axes: tuple[tuple[Axis, Axis], tuple[Axis, Axis]]
) -> list[tuple[float, tuple[int, int]]]:
    """List where the 2F's frame may begin on the 1F, with what each place costs, best first."""
    (ax, ay), (bx, by) = axes
    stairs = [_stair_rect(draft, *pair) for draft, pair in zip(drafts, axes, strict=True)]
    spans = [sorted({*range(-1, a.length - b.length + 2), 0}) for a, b in ((ax, bx), (ay, by))]
    if stairs[0] is not None and stairs[1] is not None:
        spans = [sorted({*span, stairs[0][i] - stairs[1][i]}) for i, span in enumerate(spans)]
    found = []
    for dx, dy in itertools.product(*spans):
        cost = 0.0
        for shift, a, b in ((dx, ax, bx), (dy, ay, by)):
            before, after = max(0, -shift), max(0, shift + b.length - a.length)
            if max(before, after) > OVERHANG:
                break  # nothing holds it
            over = before + after
            cost += OVERHANG_WEIGHT * over * (by.length if b is bx else bx.length)
            cost += FLUSH_WEIGHT * ((shift != 0) + (shift + b.length != a.length))
        else:
            if stairs[0] is not None and stairs[1] is not None:
                x, y, width, height = stairs[1]
                cost += STAIR_WEIGHT * _off(stairs[0], (x + dx, y + dy, width, height))
            found.append((cost, (dx, dy)))
    return sorted(found)[:3]


def _stair_rect(draft: Draft, across: Axis, down: Axis) -> Rect | None:
    cells = max((room.cells for room in draft.plan.rooms if room.kind == "stair"), key=len, default=frozenset[Cell]())
    if draft.plan.stair is not None:
        x, y, width, height = draft.plan.stair.rect
    elif cells:
        x, y, width, height = bounds(cells)
    else:
        return None
    west, north = across.line(x), down.line(y)
    return west, north, across.line(x + width) - west, down.line(y + height) - north


def _off(a: Rect, b: Rect) -> float:
    """Return half the cells that two rectangles do not share."""
    wide = max(0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    high = max(0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return (a[2] * a[3] + b[2] * b[3]) / 2 - wide * high


def _placed(drafts: tuple[Draft, ...], axes: tuple[tuple[Axis, Axis], ...]) -> Placed:
    west = min(a.at for a, _ in axes) - MARGIN
    north = min(b.at for _, b in axes) - MARGIN
    east = max(a.at + a.length for a, _ in axes) + MARGIN
    south = max(b.at + b.length for _, b in axes) + MARGIN
    board = Board(west, north, east - west, south - north)
    return Placed(tuple(_read(draft, *pair, board) for draft, pair in zip(drafts, axes, strict=True)), board)


# --- a draft in its frame ---------------------------------------------------------------------


def _read(draft: Draft, across: Axis, down: Axis, board: Board) -> Reading:
    frame = across.at, down.at, across.length, down.length
    rooms = _kinds(draft, across, down, board)
    free, opened = _edges(draft, across, down, board)
    likelier = np.maximum(free, 1 - free)
    plan, sure = _plan(draft, across, down)
    return Reading(
        draft.plan.floor,
        frame,
        plan,
        sure,
        draft.fixtures,
        rooms,
        _cost(likelier, free),
        _cost(likelier, 1 - free),
        opened,
        board,
        (across.before, across.after, down.before, down.after),
        (across.at - across.first + across.before, down.at - down.first + down.before),
    )


def _plan(draft: Draft, across: Axis, down: Axis) -> tuple[Plan, tuple[float, ...]]:
    """Lay a draft's plan into the frame; openings that lose their wall are left out."""
    owner = draft.plan.owners()
    cells: dict[int, set[Cell]] = {}
    for y in range(down.at - BEYOND, down.at + down.length + BEYOND):
        for x in range(across.at - BEYOND, across.at + across.length + BEYOND):
            i = owner.get((across.source(x), down.source(y)))
            if i is not None:
                cells.setdefault(i, set()).add((x, y))
    rooms = tuple(
        Room(room.kind, frozenset(cells[i]), room.name) for i, room in enumerate(draft.plan.rooms) if i in cells
    )
    openings, sure = [], []
    for o, p in zip(draft.plan.openings, draft.openings, strict=True):
        moved = _opening(o, across, down)
        if moved is not None:
            openings.append(moved)
            sure.append(p)
    fixtures = tuple(_fixture(f, across, down) for f in draft.plan.fixtures)
    stair = draft.plan.stair
    if stair is not None:
        rect = _stair_rect(replace(draft, plan=replace(draft.plan, rooms=())), across, down) or stair.rect
        stair = Stair(stair.kind, rect, stair.rise, stair.turn)
    return replace(draft.plan, rooms=rooms, openings=tuple(openings), fixtures=fixtures, stair=stair), tuple(sure)


def _opening(o: Opening, across: Axis, down: Axis) -> Opening | None:
    x, y = across.line(o.x), down.line(o.y)
    end = across.line(o.x + o.span) if o.axis == "h" else down.line(o.y + o.span)
    span = end - (x if o.axis == "h" else y)
    if span > o.span:  # the frame grew at its end: the opening stays as it is
        return replace(o, x=x, y=y)
    if span < min(2, o.span):
        return None
    widest = span * HALF_MM - (o.span * HALF_MM - o.width_mm if span < o.span else 0)
    return replace(o, x=x, y=y, span=span, width_mm=min(o.width_mm, widest))


def _fixture(f: Fixture, across: Axis, down: Axis) -> Fixture:
    x, y = f.x_mm + f.width_mm // 2, f.y_mm + f.depth_mm // 2
    dx = across.line(x // HALF_MM) - x // HALF_MM
    dy = down.line(y // HALF_MM) - y // HALF_MM
    return replace(f, x_mm=f.x_mm + dx * HALF_MM, y_mm=f.y_mm + dy * HALF_MM)


def _kinds(draft: Draft, across: Axis, down: Axis, board: Board) -> dict[str, Costs]:
    """Return the cost of each indoor kind, and of "outside", in each cell of the board."""
    e = draft.evidence
    xs, ys = _sources(across, board.left, board.width), _sources(down, board.top, board.height)
    shares = _pulled(e.rooms, xs - e.left, ys - e.top)
    outdoor = [i for i, kind in enumerate(e.room_classes) if kind == "outside" or not is_indoor(kind)]
    indoor = [i for i in range(len(e.room_classes)) if i not in outdoor]
    best = np.maximum(shares[indoor].max(axis=0), shares[outdoor].sum(axis=0))
    rooms = {e.room_classes[i]: _cost(best, shares[i]).ravel() for i in indoor}
    rooms["outside"] = _cost(best, shares[outdoor].sum(axis=0)).ravel()
    return rooms


def _edges(draft: Draft, across: Axis, down: Axis, board: Board) -> tuple[Costs, Costs]:
    """Return the probabilities of nothing, and of an opening, on the north and west edges of the board's cells."""
    e = draft.evidence
    xs, ys = _sources(across, board.left, board.width), _sources(down, board.top, board.height)
    kinds = [i for i, kind in enumerate(e.edge_classes) if kind in OPENING_KINDS]
    free, opened = [], []
    for axis in (0, 1):
        columns = _lines(across, board.left, board.width) if axis else xs
        rows = ys if axis else _lines(down, board.top, board.height)
        shares = _pulled(e.edges[axis], columns - e.left, rows - e.top)
        # Between two copies of one cell there is nothing.
        places = xs if axis else ys
        copied = np.concatenate([[False], places[1:] == places[:-1]])
        same = copied[None, :] if axis else copied[:, None]
        free.append(np.where(same, 1.0, shares[0]).ravel())
        opened.append(np.where(same, 0.0, shares[kinds].sum(axis=0)).ravel())
    return np.stack(free), np.stack(opened)


def _sources(axis: Axis, start: int, count: int) -> npt.NDArray[np.int64]:
    """Return the draft's column or row that is seen in each one of the board."""
    return np.array([axis.source(i) for i in range(start, start + count)])


def _lines(axis: Axis, start: int, count: int) -> npt.NDArray[np.int64]:
    """Return the draft's line that is seen in each line of the board: at the frame's ends its outer walls."""
    found = []
    for i in range(start, start + count):
        at_end = i == axis.at + axis.length
        found.append(axis.last if at_end else axis.first if i == axis.at else axis.source(i))
    return np.array(found)


def _pulled(shares: npt.NDArray[np.float32], xs: npt.NDArray[np.int64], ys: npt.NDArray[np.int64]) -> Costs:
    """Take rows and columns of an array (classes, height, width); off it the first class is sure."""
    _, height, width = shares.shape
    found: Costs = shares[:, np.clip(ys, 0, height - 1)][:, :, np.clip(xs, 0, width - 1)].astype(np.float64)
    off = ((ys < 0) | (ys >= height))[:, None] | ((xs < 0) | (xs >= width))[None, :]
    found[:, off] = 0
    found[0, off] = 1
    return found


def _cost(best: Costs, share: Costs) -> Costs:
    """Return how much less probable something is than the likeliest, in natural logarithms, 0 to about 4."""
    found: Costs = np.log((best + FLOOR_P) / (share + FLOOR_P))
    return np.maximum(found, 0.0)
