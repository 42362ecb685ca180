"""Hang the doors: which rooms open to which, where in the wall, to which side."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from madorizu.catalogue import DOOR_WIDTH_MM
from madorizu.houses.runs import Run, border, runs
from madorizu.houses.topology import Storey
from madorizu.plan import HALF_MM, Cell, Edge, Opening, OpeningKind, Side, Stair, bounds, neighbours

Turn = Literal[-1, 1]
Hinge = Literal["start", "end"]

# Where each kind of room opens to, best first.
_OPENS_TO: dict[str, tuple[str, ...]] = {
    "ldk": ("hall",),
    "mbr": ("hall", "ldk"),
    "bed": ("hall", "ldk"),
    "wa": ("ldk", "hall"),
    "wc": ("hall", "wash"),
    "wash": ("hall", "ldk"),
    "bath": ("wash",),
    "wic": ("mbr", "hall"),
    "sic": ("ent",),
    "pantry": ("ldk",),
    "s": ("hall", "ldk"),
    "sto": ("hall", "ldk"),
    "den": ("mbr", "hall", "ldk"),
    "laundry": ("wash", "hall"),
    "cl": ("bed", "mbr"),
    "oshi": ("wa",),
}
# Order in which doors claim their walls: those with least choice first.
_ORDER = (
    "bath",
    "wc",
    "cl",
    "oshi",
    "wic",
    "sic",
    "pantry",
    "wash",
    "laundry",
    "s",
    "sto",
    "den",
    "bed",
    "mbr",
    "wa",
    "ldk",
)
_NARROW_ENTRANCE_MM = 860  # fits one module with the wall's post beside it
_FOLDING_MARGIN_MM = 155  # wall left beside the frame of a folding door, both ends together
_SWING_CLASH, _WALL_CLASH, _DOOR_FRONT = 8.0, 9.0, 8.0  # costs
_UNBACKED = 3.0  # of a leaf that stands free in the room when it is open
_DEEP_STORE = 5.0  # of a store whose front is its short side
_AT_ENTRANCE = 6.0  # of a WC door that one who stands in the entrance looks at


@dataclass(slots=True)
class _Walls:
    """Edges still free for openings, the cells that leaves sweep, and the cells before doors.

    Attributes:
        rooms: kind and cells of each.
        owners: whose each closet is, by the indices of rooms; others open to what their kind opens to.
        taken: edges that openings use.
        gaps: those of them without a wall.
        swept: cells that leaves sweep.
        fronts: cells before doors.
        borders: of rooms that were asked for, by index.
    """

    rooms: Sequence[tuple[str, frozenset[Cell]]]
    owners: Mapping[int, int] = field(default_factory=dict)
    taken: set[Edge] = field(default_factory=set)
    gaps: set[Edge] = field(default_factory=set)
    swept: set[Cell] = field(default_factory=set)
    fronts: set[Cell] = field(default_factory=set)
    borders: dict[int, frozenset[Edge]] = field(default_factory=dict)

    def shared(self, a: int, b: int) -> tuple[Run, ...]:
        """Return the free stretches of common wall of two rooms."""
        for index in {a, b} - set(self.borders):
            self.borders[index] = border(self.rooms[index][1])
        return runs((self.borders[a] & self.borders[b]) - self.taken)

    def clash(self, opening: Opening) -> float:
        """Return what it costs that an opening and those that are there get in each other's way."""
        swept, before = swing(opening), fronts(opening)
        cost = _SWING_CLASH if swept & self.swept or before & self.swept else 0.0
        return cost + (_DOOR_FRONT if swept & self.fronts else 0.0)

    def is_wall(self, edge: Edge, room: frozenset[Cell]) -> bool:
        """Say whether an edge of a room's cell is a wall."""
        first, second = edge.cells
        return (first in room) != (second in room) and edge not in self.gaps


def hang(
    storey: Storey,
    *,
    floor: int,
    stair: Stair | None,
    entrance: Side,
    rng: random.Random,
    owners: Mapping[int, int] | None = None,
) -> list[Opening] | None:
    """Place every inner door and the entrance; None if a room cannot get one.

    Args:
        storey: the rooms.
        floor: 1 for the ground floor, which has the entrance door.
        stair: open at its foot on 1F, at its head above.
        entrance: side of the entrance door.
        rng: source of randomness.
        owners: whose closet is whose, as `closets.carve` returns it; a closet opens to its own room alone.
    """
    walls = _Walls(storey.rooms, owners or {})
    openings = _open_sides(walls, floor, stair)
    if floor == 1:
        door = _entrance(walls, storey.cells, entrance, rng)
        if door is None:
            return None
        openings.append(_claim(walls, door))
    order = [i for kind in _ORDER for i, (k, _) in enumerate(storey.rooms) if k == kind]
    for index in order:
        placed = _door(walls, index, rng)
        if placed is None:
            return None
        openings.append(_claim(walls, placed))
    return openings


def swing(opening: Opening) -> frozenset[Cell]:
    """Return the cells that an inner hinged leaf sweeps, none for other openings."""
    if opening.kind != "hinged":
        return frozenset()
    return Run(opening.axis, opening.x, opening.y, opening.span).beside(opening.side, 2)


def fronts(opening: Opening) -> frozenset[Cell]:
    """Return the cells half a module deep before and behind an opening, where one stands to pass it."""
    run = Run(opening.axis, opening.x, opening.y, opening.span)
    return run.beside(1, 1) | run.beside(-1, 1)


def _claim(walls: _Walls, opening: Opening) -> Opening:
    walls.taken |= set(opening.edges)
    walls.swept |= swing(opening)
    walls.fronts |= fronts(opening)
    return opening


def _open_sides(walls: _Walls, floor: int, stair: Stair | None) -> list[Opening]:
    """Join entrance and hall along one straight step (上がり框), the longest, and the stair at its portal."""
    openings = []
    entrances = [i for i, (kind, _) in enumerate(walls.rooms) if kind == "ent"]
    steps = [
        run
        for i in entrances
        for j, (kind, _) in enumerate(walls.rooms)
        if kind == "hall"
        for run in walls.shared(i, j)
        if run.span >= 2  # half a module is no way
    ]
    if steps:
        openings.append(_gap(max(steps, key=lambda run: run.span)))
    if stair is not None:
        portal = stair.entry if floor == 1 else stair.arrival
        openings += [_gap(run) for run in runs(portal)]
    for opening in openings:
        walls.gaps |= set(_claim(walls, opening).edges)
    return openings


def _gap(run: Run) -> Opening:
    return Opening("open", run.axis, run.x, run.y, run.span, run.span * HALF_MM)


def _entrance(walls: _Walls, everything: frozenset[Cell], side: Side, rng: random.Random) -> Opening | None:
    cells = next((c for k, c in walls.rooms if k == "ent"), frozenset[Cell]())
    axis = "h" if side in ("n", "s") else "v"
    inside = -1 if side in ("s", "e") else 1
    outer = [e for e in border(cells) if e.axis == axis and e.cells[0 if inside < 0 else 1] in cells]
    outer = [e for e in outer if e.cells[1 if inside < 0 else 0] not in everything]
    long = [run for run in runs(outer) if run.span >= 2]
    if not long:
        return None
    run = max(long, key=lambda r: r.span)
    span = 3 if run.span >= 3 else 2
    part = run.part((run.span - span) // 2, span)
    width = DOOR_WIDTH_MM["entrance"] if span == 3 else _NARROW_ENTRANCE_MM
    # It opens outward: shoes stand inside.
    return Opening("entrance", part.axis, part.x, part.y, span, width, 0, 2100, rng.choice(("start", "end")), -inside)  # type: ignore[arg-type]


def _door(walls: _Walls, index: int, rng: random.Random) -> Opening | None:
    """Choose the best place for the door of one room.

    What a store opens to matters less than that it is not deep behind a narrow front.
    """
    kind = walls.rooms[index][0]
    options: list[tuple[float, int, Opening]] = []
    for target in _OPENS_TO.get(kind, ()):
        for other, (other_kind, _) in enumerate(walls.rooms):
            if other_kind == target and walls.owners.get(index, other) == other:
                for run in walls.shared(index, other):
                    for opening, cost in _choices(walls, index, other, run):
                        options.append((cost + rng.random(), len(options), opening))
        if options and (kind != "sto" or min(options)[0] < _DEEP_STORE):
            break
    return min(options)[2] if options else None


def _choices(walls: _Walls, index: int, other: int, run: Run) -> list[tuple[Opening, float]]:
    """List the doors that fit a stretch of common wall, with a cost each."""
    kind, cells = walls.rooms[index]
    target = walls.rooms[other][0]
    if run.span < 2:
        return []
    into: Turn = 1 if run.edge.cells[1] in cells else -1
    if kind in ("cl", "oshi"):
        return [(front, cost + walls.clash(front)) for front, cost in _closet_fronts(kind, run, into)]
    if kind == "sic":
        return [(_plain("open", run.part(0, 2), 2 * HALF_MM, into), 0.0)]
    if kind in ("sto", "pantry"):
        span = min(run.span, 3)
        fronts_of = [(_folding(part, _other(into)), i) for i, part in enumerate(run.parts(span))]
        across = 0.0 if _is_shallow(run, cells) else _DEEP_STORE
        return [
            (front, across + walls.clash(front) + (0.0 if i in (0, run.span - span) else 0.5)) for front, i in fronts_of
        ]
    if kind == "bath":
        return [(_plain("folding", p, DOOR_WIDTH_MM["hinged_wc"], into), 0.0) for p in run.parts(2)]
    return _sliding(walls, kind, target, run, into) + _hinged(walls, index, other, run, into)


def _is_shallow(run: Run, cells: frozenset[Cell]) -> bool:
    """Say whether a room is at least as wide behind a wall as it is deep: what stands there can be reached."""
    _, _, width, height = bounds(cells)
    return width >= height if run.axis == "h" else height >= width


def _sliding(walls: _Walls, kind: str, target: str, run: Run, into: Turn) -> list[tuple[Opening, float]]:
    """List sliding doors: wide 襖 between tatami room and LDK, one leaf for a washroom."""
    found: list[tuple[Opening, float]] = []
    if kind == "wa" and target == "ldk" and run.span >= 4:
        part = run.part((run.span - 4) // 2, 4)
        found.append((_plain("double_sliding", part, DOOR_WIDTH_MM["double_sliding"], into), -5.0))
    if kind in ("wash", "wa") and run.span >= 4:
        found += [(_plain("sliding", p, DOOR_WIDTH_MM["sliding"], into), -1.0) for p in run.parts(4)]
    return [(door, cost + walls.clash(door)) for door, cost in found]


def _hinged(walls: _Walls, index: int, other: int, run: Run, into: Turn) -> list[tuple[Opening, float]]:
    """List hinged doors; those whose leaf meets a wall, another leaf or the way to a door cost more.

    So do those that stand free when open: the wall at the hinge is where a leaf rests.
    """
    kind, cells = walls.rooms[index]
    width = DOOR_WIDTH_MM[{"ldk": "hinged_wide", "wc": "hinged_wc"}.get(kind, "hinged")]
    ways = [(into, cells, 0.0)]
    if kind in ("s", "wic", "wash", "den", "laundry"):  # small rooms: the leaf may also open to where there is space
        ways.append((_other(into), walls.rooms[other][1], 1.0))
    if kind == "wc":  # opens outward, so that one who fell behind the door can be reached
        ways = [(_other(into), walls.rooms[other][1], 0.0)]
    street = _entrance_edge(walls) if kind == "wc" else frozenset[Cell]()
    found: list[tuple[Opening, float]] = []
    for offset, part in enumerate(run.parts(2)):
        for side, room, extra in ways:
            for hinge in _HINGES:
                leaf = _plain("hinged", part, width, side, hinge)
                cost = extra + walls.clash(leaf) + (0.0 if offset in (0, run.span - 2) else 1.5)
                cost += _WALL_CLASH if not swing(leaf) <= room else 0.0
                cost += 0.0 if walls.is_wall(_rest_of(leaf), room) else _UNBACKED
                cost += _AT_ENTRANCE if fronts(leaf) & street else 0.0
                found.append((leaf, cost))
    return found


_HINGES: tuple[Hinge, Hinge] = ("start", "end")


def _rest_of(leaf: Opening) -> Edge:
    """Return the first edge along which an open leaf lies: at its hinge, square to its wall."""
    end = 0 if leaf.hinge == "start" else leaf.span
    back = 0 if leaf.side > 0 else 1
    if leaf.axis == "h":
        return Edge("v", leaf.x + end, leaf.y - back)
    return Edge("h", leaf.x - back, leaf.y + end)


def _entrance_edge(walls: _Walls) -> frozenset[Cell]:
    """Return the entrance's cells and those beside it."""
    cells = next((c for k, c in walls.rooms if k == "ent"), frozenset[Cell]())
    return cells | {n for c in cells for n in neighbours(c)}


def _other(side: Turn) -> Turn:
    return -1 if side == 1 else 1


def _closet_fronts(kind: str, run: Run, into: Turn) -> list[tuple[Opening, float]]:
    """List fronts along a closet: 襖 before all of it; folding doors of up to two modules, in its middle as a rule."""
    if kind == "oshi":
        front = _plain("double_sliding", run, run.span * HALF_MM - _FOLDING_MARGIN_MM, _other(into))
        return [(front, -float(run.span))]
    span = min(run.span, 4)
    middle = (run.span - span) // 2
    return [(_folding(p, _other(into)), abs(i - middle) - float(run.span)) for i, p in enumerate(run.parts(span))]


def _folding(run: Run, side: Turn) -> Opening:
    return _plain("folding", run, run.span * HALF_MM - _FOLDING_MARGIN_MM, side)


def _plain(kind: OpeningKind, run: Run, width_mm: int, side: Turn, hinge: Hinge = "start") -> Opening:
    return Opening(kind, run.axis, run.x, run.y, run.span, width_mm, 0, 2000, hinge, side)
