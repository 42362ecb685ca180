"""From probabilities per cell and edge to rooms, doors, windows, stairs and fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import numpy as np

from madorizu.catalogue import DOOR_WIDTH_MM, FIXTURES, SASH_WIDTH_MM, WINDOW_HEAD_MM, WINDOW_SILL_MM
from madorizu.draft import Reading
from madorizu.plan import (
    HALF_MM,
    SIDES,
    WINDOW_KINDS,
    Cell,
    Edge,
    Fixture,
    Opening,
    OpeningKind,
    Plan,
    Room,
    Stair,
    bounds,
    neighbours,
)
from madorizu.vectorise.answer import Answer
from madorizu.vectorise.field import AXES, EDGE_CLASSES, FIXTURE_CLASSES, ROOM_CLASSES, STAIR_CLASSES, Floats

SAME_ROOM = 0.5  # two cells are of one room from this probability on
LEAST_CELLS = 2  # smaller pieces belong to a neighbour
LEAST_OPENING = 0.4  # an edge is of an opening from this probability on
LEAST_FIXTURE = 0.5
# What a picture does not tell: usual measures.
CLOSET_MARGIN_MM = 155  # wall beside the frame of a closet's doors, both ends together
NARROW_ENTRANCE_MM = 860  # fits one module with the wall's post beside it
ENTRANCE_HEAD_MM = 2100
TOLD_KINDS = 4  # of a room's possible kinds are kept
_FIRST_OPENING = 3  # index in EDGE_CLASSES


def decode(answer: Answer, left: int, top: int, *, floor: int) -> Reading:
    """Read a plan from what the net says.

    Args:
        answer: probabilities of a window of cells.
        left, top: lattice cell of the window's north-west corner.
        floor: which storey the plan is to be.
    """
    pieces = _pieces(answer)
    rooms, kinds, sure = [], [], []
    for cells in pieces:
        shares = _shares(answer, cells)
        best = int(np.argmax(shares))
        if best == 0:
            continue
        order = np.argsort(-shares)[:TOLD_KINDS]
        rooms.append(Room(ROOM_CLASSES[best], frozenset((x + left, y + top) for x, y in cells)))
        kinds.append({ROOM_CLASSES[i]: float(shares[i]) for i in order})
        sure.append(float(np.mean([answer.rooms[best, y, x] for x, y in cells])))
    openings, opening_sure = _openings(answer, left, top, rooms)
    fixtures, fixture_sure = _fixtures(answer, left, top)
    stair, stair_sure = _stair(answer, left, top, rooms)
    plan = Plan(floor, tuple(rooms), tuple(openings), tuple(fixtures), stair)
    return Reading(plan, tuple(kinds), tuple(sure), tuple(opening_sure), tuple(fixture_sure), stair_sure)


# --- rooms ----------------------------------------------------------------------------------


def _pieces(answer: Answer) -> list[frozenset[Cell]]:
    """Cut the window into pieces of one room, or of outside, each."""
    size = answer.rooms.shape[1]
    best = answer.rooms.argmax(axis=0)
    none = answer.edges[:, 0]
    parent = list(range(size * size))

    def root(a: int) -> int:
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    for axis, (dx, dy) in enumerate(((0, -1), (-1, 0))):
        for y in range(max(0, -dy), size):
            for x in range(max(0, -dx), size):
                if _is_joined(answer, float(none[axis, y, x]), (x, y), (x + dx, y + dy), best):
                    parent[root(y * size + x)] = root((y + dy) * size + x + dx)
    found: dict[int, set[Cell]] = {}
    for y in range(size):
        for x in range(size):
            found.setdefault(root(y * size + x), set()).add((x, y))
    return _without_crumbs([frozenset(cells) for cells in found.values()], answer)


def _is_joined(answer: Answer, none: float, a: Cell, b: Cell, best: Any) -> bool:
    """Say whether two neighbours are of one room: nothing is drawn between them, and they look alike."""
    alike = float(answer.rooms[:, a[1], a[0]] @ answer.rooms[:, b[1], b[0]])
    if best[a[1], a[0]] == best[b[1], b[0]] == 0:
        return True
    together, apart = none * (0.1 + 0.9 * alike), (1 - none) * (1 - 0.5 * alike)
    return together / (together + apart + 1e-9) > SAME_ROOM


def _without_crumbs(pieces: list[frozenset[Cell]], answer: Answer) -> list[frozenset[Cell]]:
    """Give pieces too small for a room to the neighbour from which the least divides them."""
    owner = {cell: i for i, cells in enumerate(pieces) for cell in cells}
    kept = {i: set(cells) for i, cells in enumerate(pieces)}
    for i in sorted(kept, key=lambda i: len(pieces[i])):
        if len(kept[i]) >= LEAST_CELLS:
            continue
        ways = [(float(_none_between(answer, c, n)), owner[n]) for c in kept[i] for n in neighbours(c) if n in owner]
        other = max(((p, o) for p, o in ways if o != i), default=None)
        if other is not None:
            for cell in kept[i]:
                owner[cell] = other[1]
            kept[other[1]] |= kept.pop(i)
    return [frozenset(cells) for _, cells in sorted(kept.items(), key=lambda item: min((y, x) for x, y in item[1]))]


def _none_between(answer: Answer, a: Cell, b: Cell) -> float:
    (x, y), axis = max(a, b), 0 if a[0] == b[0] else 1
    return float(answer.edges[axis, 0, y, x])


def _shares(answer: Answer, cells: Iterable[Cell]) -> Floats:
    """Return the probabilities of a whole piece's kind: the mean of its cells' logarithms."""
    xs, ys = zip(*cells, strict=True)
    logs = np.log(answer.rooms[:, list(ys), list(xs)] + 1e-4).mean(axis=1)
    powers = np.exp(logs - logs.max())
    shares: Floats = powers / powers.sum()
    return shares


# --- openings -------------------------------------------------------------------------------


def _openings(answer: Answer, left: int, top: int, rooms: list[Room]) -> tuple[list[Opening], list[float]]:
    owner = {cell: room.kind for room in rooms for cell in room.cells}
    found: list[Opening] = []
    sure: list[float] = []
    for axis in (0, 1):
        for kind, line in _lines(answer, axis):
            (x, y), span = line[0], len(line)
            edges = [(axis, j, i) for i, j in line]
            hinge = "end" if _mean(answer.hinges, edges) > 0.5 else "start"
            side = 1 if _mean(answer.sides, edges) > 0.5 else -1
            edge = Edge(cast(Any, AXES[axis]), x + left, y + top)
            beside = {owner.get(cell, "") for cell in edge.cells}
            if not beside - {""}:
                continue
            width = width_of(kind, span, beside)
            sill, head = WINDOW_SILL_MM.get(kind, 0), ENTRANCE_HEAD_MM if kind == "entrance" else WINDOW_HEAD_MM
            found.append(
                Opening(kind, edge.axis, edge.x, edge.y, span, width, sill, head, cast(Any, hinge), cast(Any, side))
            )
            index = EDGE_CLASSES.index(kind)
            sure.append(float(np.mean([answer.edges[a, index, j, i] for a, j, i in edges])))
    return found, sure


def _mean(flags: Floats, places: list[tuple[int, int, int]]) -> float:
    return float(np.mean([flags[place] for place in places]))


def _lines(answer: Answer, axis: int) -> Iterator[tuple[OpeningKind, list[Cell]]]:
    """Yield straight rows of edges (as window cells) that one opening takes."""
    shares = answer.edges[axis]
    size = shares.shape[1]
    drawn = shares[_FIRST_OPENING:].sum(axis=0) > LEAST_OPENING
    drawn &= shares[_FIRST_OPENING:].sum(axis=0) > shares[1:_FIRST_OPENING].sum(axis=0)
    drawn &= shares[_FIRST_OPENING:].sum(axis=0) > shares[0]
    best = shares[_FIRST_OPENING:].argmax(axis=0)
    for across in range(size):
        row: list[Cell] = []
        for along in range(size + 1):
            cell = (along, across) if axis == 0 else (across, along)
            inside = along < size and drawn[cell[1], cell[0]]
            if row and (not inside or _begins(answer, axis, row[-1], cell, best)):
                yield from _named(shares, row)
                row = []
            if inside:
                row.append(cell)


def _begins(answer: Answer, axis: int, before: Cell, cell: Cell, best: Any) -> bool:
    """Say whether another opening begins at a cell's edge: it says so, or it is of another kind."""
    starts = float(answer.starts[axis, cell[1], cell[0]])
    differs = best[before[1], before[0]] != best[cell[1], cell[0]]
    return starts > (0.35 if differs else 0.6)


def _named(shares: Floats, row: list[Cell]) -> Iterator[tuple[OpeningKind, list[Cell]]]:
    """Yield a row with the kind that its edges together say; single edges are none."""
    if len(row) < 2:
        return
    mean = np.mean([shares[_FIRST_OPENING:, y, x] for x, y in row], axis=0)
    yield cast(OpeningKind, EDGE_CLASSES[_FIRST_OPENING + int(mean.argmax())]), row


def width_of(kind: str, span: int, beside: set[str]) -> int:
    """Return the usual width in mm of an opening in a run of `span` half modules, by the rooms beside it."""
    if kind == "open":
        return span * HALF_MM
    if kind in WINDOW_KINDS:
        return SASH_WIDTH_MM.get(span, min(SASH_WIDTH_MM.values()) if span < 2 else span * HALF_MM - 170)
    name = kind
    if kind == "hinged":
        name = "hinged_wc" if "wc" in beside else "hinged_wide" if "ldk" in beside else "hinged"
    if kind == "folding" or (kind == "double_sliding" and "oshi" in beside):
        return DOOR_WIDTH_MM["hinged_wc"] if "bath" in beside else span * HALF_MM - CLOSET_MARGIN_MM
    if kind == "entrance" and span < 3:
        return NARROW_ENTRANCE_MM
    return min(DOOR_WIDTH_MM[name], span * HALF_MM - 50)


# --- stairs and fixtures --------------------------------------------------------------------


def _stair(answer: Answer, left: int, top: int, rooms: list[Room]) -> tuple[Stair | None, float | None]:
    """Read the stair's form from the cells of the largest stair room."""
    own = max((room.cells for room in rooms if room.kind == "stair"), key=len, default=frozenset[Cell]())
    if not own:
        return None, None
    rect = bounds(own)
    shares = np.mean([answer.stairs[:, y - top, x - left] for x, y in own], axis=0)
    shares[0] = 0
    best = int(np.argmax(shares))
    kind, rise, turn = STAIR_CLASSES[best]
    return Stair(cast(Any, kind), rect, cast(Any, rise), cast(Any, turn)), float(shares[best])


def _fixtures(answer: Answer, left: int, top: int) -> tuple[list[Fixture], list[float]]:
    shares = answer.fixtures[1:].max(axis=0)
    best = answer.fixtures[1:].argmax(axis=0) + 1
    found: list[Fixture] = []
    sure: list[float] = []
    for y, x in np.argwhere(_sums(answer.fixtures) > LEAST_FIXTURE).tolist():
        kind = FIXTURE_CLASSES[int(best[y, x])]
        around = answer.fixtures[int(best[y, x]), max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        if answer.fixtures[int(best[y, x]), y, x] < around.max():
            continue  # a neighbour says the same louder
        facing = SIDES[int(answer.facings[:, y, x].argmax())]
        own = FIXTURES[kind]
        along = round(float(np.clip(answer.places[2, y, x] * 1000, 300, 3000)) / 5) * 5
        along = own.along_mm if abs(along - own.along_mm) < 120 else along
        width, depth = (along, own.deep_mm) if facing in ("n", "s") else (own.deep_mm, along)
        mx = (left + x + float(np.clip(answer.places[0, y, x], 0, 1))) * HALF_MM
        my = (top + y + float(np.clip(answer.places[1, y, x], 0, 1))) * HALF_MM
        found.append(Fixture(kind, round(mx - width / 2), round(my - depth / 2), width, depth, facing))
        sure.append(float(shares[y, x]))
    return found, sure


def _sums(shares: Floats) -> Floats:
    """Return per cell how probable any fixture's middle is, with what its neighbours have of the same."""
    total: Floats = shares[1:].sum(axis=0)
    return total
