"""Spoil the draft of a plan in a known way, to see what is made of it.

Each kind of damage is what a reader of pictures may do: it takes a plan, spoils what a net
would say of its picture, and decodes that. Deterministic by the generator's state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from madorizu.catalogue import ROOMS
from madorizu.draft import Draft
from madorizu.legalise.drafts import answer_about, draft_from, window_around
from madorizu.plan import (
    SIDES,
    STEP,
    Cell,
    Edge,
    Opening,
    Plan,
    Room,
    Side,
    border,
    indoor_cells,
    is_indoor,
    neighbours,
    outline,
    translate,
)
from madorizu.vectorise.answer import Answer
from madorizu.vectorise.field import AXES, EDGE_CLASSES, ROOM_CLASSES, Field, field_of

Rng = np.random.Generator
SURE = 0.93  # what the net gives to what it reads, right or wrong
DOUBTFUL = 0.55  # and to speckles
SPECKLES = 0.08  # share of cells and edges
_NONE, _WALL, _HINGED = (EDGE_CLASSES.index(name) for name in ("none", "wall", "hinged"))
# What a room may be taken for.
_LOOKALIKES: dict[str, tuple[str, ...]] = {
    "ldk": ("wa", "mbr"), "mbr": ("bed", "ldk", "wa"), "bed": ("mbr", "wa", "den"), "wa": ("bed", "mbr"),
    "bath": ("wash", "wc"), "wash": ("bath", "laundry", "sto"), "wc": ("sto", "wash"), "ent": ("hall", "sic", "sto"),
    "hall": ("ldk", "sto"), "wic": ("sto", "s"), "sic": ("sto", "wc"), "pantry": ("sto", "cl"), "s": ("sto", "wic"),
    "sto": ("wc", "cl"), "cl": ("oshi", "sto"), "oshi": ("cl", "sto"), "den": ("bed", "s"), "laundry": ("wash", "s"),
    "void": ("bed", "ldk"),
}  # fmt: skip


def _field(plan: Plan) -> tuple[Field, int, int]:
    left, top, size = window_around(plan)
    return field_of(plan, left, top, size), left, top


def _decoded(plan: Plan, field: Field, left: int, top: int) -> Draft:
    return draft_from(answer_about(field, SURE), left, top, floor=plan.floor)


def clean(plan: Plan, rng: Rng) -> Draft:
    """Leave the draft as it is."""
    return _decoded(plan, *_field(plan))


def missing_wall(plan: Plan, rng: Rng) -> Draft:
    """Leave out the whole wall between two rooms, with its doors."""
    field, left, top = _field(plan)
    pairs = _neighbours(plan)
    if pairs:
        _, _, edges = pairs[rng.integers(len(pairs))]
        _write(field, edges, left, top, _NONE)
    return _decoded(plan, field, left, top)


def rooms_merged(plan: Plan, rng: Rng) -> Draft:
    """Take a room for a part of its neighbour."""
    field, left, top = _field(plan)
    pairs = _neighbours(plan)
    if pairs:
        a, b, edges = pairs[rng.integers(len(pairs))]
        large, small = sorted((a, b), key=lambda i: -len(plan.rooms[i].cells))
        _write(field, edges, left, top, _NONE)
        for x, y in plan.rooms[small].cells:
            field.rooms[y - top, x - left] = ROOM_CLASSES.index(plan.rooms[large].kind)
            field.stairs[y - top, x - left] = 0
    return _decoded(plan, field, left, top)


def room_mistyped(plan: Plan, rng: Rng) -> Draft:
    """Take a room for one of another kind."""
    field, left, top = _field(plan)
    options = [room for room in plan.rooms if room.kind in _LOOKALIKES]
    if options:
        room = options[rng.integers(len(options))]
        kinds = _LOOKALIKES[room.kind]
        kind = kinds[rng.integers(len(kinds))]
        for x, y in room.cells:
            field.rooms[y - top, x - left] = ROOM_CLASSES.index(kind)
    return _decoded(plan, field, left, top)


def phantom_door(plan: Plan, rng: Rng) -> Draft:
    """See a hinged door where there is none."""
    field, left, top = _field(plan)
    taken = {e for o in plan.openings for e in o.edges}
    options = []
    for _, _, edges in _neighbours(plan):
        free = edges - taken
        options += [(e, n) for e in sorted(free) if (n := _next(e)) in free]
    if options:
        first, second = options[rng.integers(len(options))]
        _write(field, {first, second}, left, top, _HINGED)
        field.starts[AXES.index(first.axis), first.y - top, first.x - left] = 1
    return _decoded(plan, field, left, top)


def door_lost(plan: Plan, rng: Rng) -> Draft:
    """Overlook a door."""
    return _without(plan, rng, lambda o: o.kind not in ("window", "french", "open"))


def window_lost(plan: Plan, rng: Rng) -> Draft:
    """Overlook all windows of a habitable room."""
    owner = plan.owners()
    lit = [
        (i, o)
        for o in plan.openings
        if o.kind in ("window", "french")
        for cell in o.edges[0].cells
        if (i := owner.get(cell)) is not None and ROOMS[plan.rooms[i].kind].habitable
    ]
    if not lit:
        return clean(plan, rng)
    room = lit[rng.integers(len(lit))][0]
    gone = {id(o) for i, o in lit if i == room}
    return clean(replace(plan, openings=tuple(o for o in plan.openings if id(o) not in gone)), rng)


def stair_off(plan: Plan, rng: Rng) -> Draft:
    """See the stair one module off: it takes from one neighbour, and leaves a module to the one behind it."""
    if plan.stair is None:
        return clean(plan, rng)
    own = next(room.cells for room in plan.rooms if room.kind == "stair")
    inside, options = indoor_cells(plan), []
    for side, (dx, dy) in STEP.items():
        there = frozenset((x + 2 * dx, y + 2 * dy) for x, y in own)
        if there <= inside:
            options.append((side, there))
    if not options:
        return clean(plan, rng)
    side, there = options[rng.integers(len(options))]
    return clean(_with_stair_at(plan, own, there, side), rng)


def outline_short(plan: Plan, rng: Rng) -> Draft:
    """See one outer wall half a module too far inside."""
    x, y, width, height = outline(plan)
    side = SIDES[rng.integers(4)]
    line = {"n": y, "s": y + height - 1, "w": x, "e": x + width - 1}[side]
    axis = 1 if side in ("n", "s") else 0
    by = -STEP[side][axis]

    def shift(cell: Cell) -> Cell:
        """Move what lies beyond the lost line inwards."""
        beyond = cell[axis] > line if side in ("s", "e") else cell[axis] < line
        return cell if not beyond else (cell[0], cell[1] + by) if axis else (cell[0] + by, cell[1])

    rooms = []
    for room in plan.rooms:
        cells = frozenset(shift(c) for c in room.cells if c[axis] != line)
        if cells:
            rooms.append(Room(room.kind, cells, room.name))
    wall = line + 1 if side in ("s", "e") else line
    openings = []
    for o in plan.openings:
        if (o.axis == "h") == (axis == 1):  # along the lost line
            at = o.y if axis else o.x
            moved = by if (at >= wall if side in ("s", "e") else at <= wall) else 0
            openings.append(replace(o, y=o.y + moved) if axis else replace(o, x=o.x + moved))
        elif all(c[axis] != line for e in o.edges for c in e.cells):
            openings.append(o)
    return clean(replace(plan, rooms=tuple(rooms), openings=tuple(openings)), rng)


def speckled(plan: Plan, rng: Rng) -> Draft:
    """See other rooms in single cells, walls where there are none, and none where there are."""
    field, left, top = _field(plan)
    return draft_from(_speckle(answer_about(field, SURE), field, rng, SPECKLES), left, top, floor=plan.floor)


def worn(plan: Plan, rng: Rng) -> Draft:
    """See a wall, a door and a window less, a room as another, and some speckles."""
    spoiled = plan
    for kinds in (("window", "french"), ("hinged", "sliding", "folding")):
        spoiled = _less(spoiled, rng, kinds)
    field, left, top = _field(spoiled)
    pairs = _neighbours(plan)
    if pairs:
        _write(field, pairs[rng.integers(len(pairs))][2], left, top, _NONE)
    return draft_from(_speckle(answer_about(field, SURE), field, rng, SPECKLES / 4), left, top, floor=plan.floor)


KINDS: dict[str, Callable[[Plan, Rng], Draft]] = {
    "clean": clean,
    "a missing wall": missing_wall,
    "two rooms merged": rooms_merged,
    "a room mistyped": room_mistyped,
    "a phantom door": phantom_door,
    "a door lost": door_lost,
    "a window lost": window_lost,
    "a stair off by a module": stair_off,
    "an outline short": outline_short,
    "speckled evidence": speckled,
    "worn": worn,
}


# --- parts ------------------------------------------------------------------------------------


def _neighbours(plan: Plan) -> list[tuple[int, int, frozenset[Edge]]]:
    """List pairs of indoor rooms that share at least a module of wall, with its edges."""
    borders = [border(room.cells) for room in plan.rooms]
    found = []
    for i, a in enumerate(plan.rooms):
        for j in range(i + 1, len(plan.rooms)):
            shared = borders[i] & borders[j]
            if len(shared) >= 2 and is_indoor(a.kind) and is_indoor(plan.rooms[j].kind):
                found.append((i, j, shared))
    return found


def _write(field: Field, edges: frozenset[Edge] | set[Edge], left: int, top: int, value: int) -> None:
    for edge in edges:
        place = AXES.index(edge.axis), edge.y - top, edge.x - left
        field.edges[place] = value
        field.starts[place] = 0


def _next(edge: Edge) -> Edge:
    return Edge(edge.axis, edge.x + (edge.axis == "h"), edge.y + (edge.axis == "v"))


def _without(plan: Plan, rng: Rng, matches: Callable[[Opening], bool]) -> Draft:
    options = [i for i, o in enumerate(plan.openings) if matches(o)]
    if not options:
        return clean(plan, rng)
    gone = options[rng.integers(len(options))]
    return clean(replace(plan, openings=tuple(o for i, o in enumerate(plan.openings) if i != gone)), rng)


def _less(plan: Plan, rng: Rng, kinds: tuple[str, ...]) -> Plan:
    options = [i for i, o in enumerate(plan.openings) if o.kind in kinds]
    if not options:
        return plan
    gone = options[rng.integers(len(options))]
    return replace(plan, openings=tuple(o for i, o in enumerate(plan.openings) if i != gone))


def _with_stair_at(plan: Plan, own: frozenset[Cell], there: frozenset[Cell], side: Side) -> Plan:
    dx, dy = (2 * step for step in STEP[side])
    left = own - there
    behind = {(x - dx, y - dy) for x, y in left} - own
    beside = {n for cell in left for n in neighbours(cell)} - own
    heirs = [i for near in (behind, beside) for i, r in enumerate(plan.rooms) if r.cells & near and is_indoor(r.kind)]
    heir = heirs[0] if heirs else None
    rooms = []
    for i, room in enumerate(plan.rooms):
        cells = there if room.kind == "stair" else room.cells - there
        if i == heir:
            cells |= left
        if cells:
            rooms.append(Room(room.kind, cells, room.name))
    portal = set(plan.stair.entry + plan.stair.arrival) if plan.stair else set()
    openings = [replace(o, x=o.x + dx, y=o.y + dy) if portal & set(o.edges) else o for o in plan.openings]
    stair = translate(Plan(plan.floor, (), stair=plan.stair), dx, dy).stair
    return replace(plan, rooms=tuple(rooms), openings=tuple(openings), stair=stair)


def _speckle(answer: Answer, field: Field, rng: Rng, share: float) -> Answer:
    """Make the net see something else, in doubt, in some cells and edges of the house."""
    rooms, edges = answer.rooms.copy(), answer.edges.copy()
    inside = field.rooms > 0
    kinds = np.array([ROOM_CLASSES.index(kind) for kind in ROOMS if is_indoor(kind)])
    for i, j in np.argwhere(inside & (rng.random(inside.shape) < share)).tolist():
        _doubt(rooms[:, i, j], int(rng.choice(kinds)))
    near = inside | np.roll(inside, 1, 0) | np.roll(inside, 1, 1)
    for axis, i, j in np.argwhere(near[None] & (rng.random((2, *inside.shape)) < share)).tolist():
        _doubt(edges[axis, :, i, j], _WALL if field.edges[axis, i, j] == _NONE else _NONE)
    return replace(answer, rooms=rooms, edges=edges)


def _doubt(shares: npt.NDArray[np.float32], seen: int) -> None:
    """Give a wrong class the most, and to the right one most of what is left."""
    right = int(shares.argmax())
    if right == seen:
        return
    rest = (1 - DOUBTFUL) / 2
    shares[:] = rest / (len(shares) - 1)
    shares[right] += rest
    shares[seen] = DOUBTFUL
