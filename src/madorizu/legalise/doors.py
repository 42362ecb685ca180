"""Doors and windows that could be: those that were read, near variants of them, and new ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from madorizu.catalogue import DOOR_WIDTH_MM, SASH_WIDTH_MM, WINDOW_HEAD_MM, WINDOW_SILL_MM
from madorizu.houses.runs import Run, runs
from madorizu.legalise.asks import HABITABLE, entered_from
from madorizu.legalise.hosts import SWINGING, Pair, Walls
from madorizu.plan import (
    DOOR_KINDS,
    HALF_MM,
    WINDOW_KINDS,
    Edge,
    Opening,
    OpeningKind,
    Plan,
    Side,
    border,
)

# Costs: a door that was read is worth keeping, one that was not costs little, as somebody needs it.
KEPT, SURE = -200, -1000  # of an opening that was read, and times how sure it is
SHIFTED, FLIPPED, CHANGED = 150, 120, 250
NEW = 150
NARROW_ENTRANCE_MM = 860
ENTRANCE_HEAD_MM = 2100
FOLDING_MARGIN_MM = 155  # wall beside the frame of folding doors
_SHIFTS = ((0, 0), (1, 0), (-1, 0), (2, 0), (-2, 0), (0, 1), (0, -1), (0, 2), (0, -2))  # across, along
_TURNS: tuple[tuple[Literal["start", "end"], Literal[-1, 1]], ...] = (
    ("start", 1), ("start", -1), ("end", 1), ("end", -1),
)  # fmt: skip
# What speaks against a door between two kinds of rooms where another way is open.
_TOWARDS = {
    ("wc", "ldk"): 90, ("wc", "ent"): 60, ("wash", "ldk"): 30, ("wash", "ent"): 60, ("bed", "ldk"): 40,
    ("mbr", "ldk"): 40, ("s", "bed"): 60, ("s", "wa"): 60, ("sto", "bed"): 60, ("sto", "wa"): 60,
    ("cl", "hall"): 60, ("cl", "ldk"): 60,
}  # fmt: skip
_SASH_COST = {4: 0, 6: 10, 3: 30, 2: 40}


@dataclass(frozen=True, slots=True)
class Choice:
    """An opening that may be chosen.

    Attributes:
        opening: the opening.
        pair: the rooms that it joins, None for outside.
        cost: in hundredths; less than 0 for what was read.
        read: index of the opening that was read of which it is a variant, or None.
    """

    opening: Opening
    pair: Pair
    cost: int
    read: int | None = None


def opening(
    kind: OpeningKind, run: Run, width_mm: int, hinge: Literal["start", "end"] = "start", side: Literal[-1, 1] = 1
) -> Opening:
    """Make an opening in a run, of its kind's usual height."""
    head = ENTRANCE_HEAD_MM if kind == "entrance" else WINDOW_HEAD_MM
    return Opening(kind, run.axis, run.x, run.y, run.span, width_mm, WINDOW_SILL_MM.get(kind, 0), head, hinge, side)


# --- as read ----------------------------------------------------------------------------------


def variants(plan: Plan, sure: tuple[float, ...], walls: Walls, entrance: Side | None) -> Iterator[Choice]:
    """Yield what was read where it fits, else what is near it and joins rooms of the same kinds."""
    owner = plan.owners()
    for index, (o, p) in enumerate(zip(plan.openings, sure, strict=True)):
        worth = KEPT + round(SURE * p)
        pair = walls.fits(o)
        if pair is not None and _is_wished(o, walls, entrance):
            yield Choice(o, pair, worth, index)
            if o.kind in SWINGING:
                yield from _flipped(o, worth + FLIPPED, walls, index)
            continue
        before = frozenset(plan.rooms[i].kind if (i := owner.get(c)) is not None else "" for c in o.edges[0].cells)
        yield from _near(o, worth, before, walls, index, entrance)


def _is_wished(o: Opening, walls: Walls, entrance: Side | None) -> bool:
    if o.kind != "entrance" or entrance is None:
        return True
    return side_of(o, walls) == entrance


def side_of(o: Opening, walls: Walls) -> Side:
    """Return the side of the house to which an opening in an outer wall faces."""
    first_inside = walls.is_inside(walls.owner.get(o.edges[0].cells[0]))
    if o.axis == "h":
        return "s" if first_inside else "n"
    return "e" if first_inside else "w"


def _flipped(o: Opening, cost: int, walls: Walls, index: int) -> Iterator[Choice]:
    """Yield an opening hung at its other end or to its other side."""
    for hinge, side in _TURNS:
        if (hinge, side) != (o.hinge, o.side) and (o.kind == "hinged" or side == o.side):
            turned = replace(o, hinge=hinge, side=side)
            if (pair := walls.fits(turned)) is not None:
                yield Choice(turned, pair, cost, index)


def _near(
    o: Opening, worth: int, before: frozenset[str], walls: Walls, index: int, entrance: Side | None
) -> Iterator[Choice]:
    for across, along in _SHIFTS:
        dx, dy = (along, across) if o.axis == "h" else (across, along)
        moved = replace(o, x=o.x + dx, y=o.y + dy)
        cost = worth + SHIFTED * (abs(across) + abs(along))
        for one, more in _altered(moved, walls):
            pair = walls.fits(one)
            if pair is None or not _is_wished(one, walls, entrance):
                continue
            joined = frozenset(walls.kind(room) for room in pair)
            if joined == before or _is_like(one, joined, before, stays=across == along == 0):
                yield Choice(one, pair, cost + more, index)


def _is_like(o: Opening, joined: frozenset[str], before: frozenset[str], *, stays: bool) -> bool:
    """Say whether an opening still makes sense though it joins other kinds: as it stays, or lights the same room."""
    if o.kind in WINDOW_KINDS:
        return stays or before - {""} <= joined
    return stays and bool(joined & before)


def _altered(o: Opening, walls: Walls) -> Iterator[tuple[Opening, int]]:
    """Yield an opening, and it hung otherwise, shorter, or as a window where it cannot be a french one."""
    yield o, 0
    if o.kind in SWINGING:
        for hinge, side in _TURNS:
            if (hinge, side) != (o.hinge, o.side):
                yield replace(o, hinge=hinge, side=side), FLIPPED
    if o.kind == "french" and walls.floor > 1:
        yield opening("window", Run(o.axis, o.x, o.y, o.span), o.width_mm), CHANGED
    for span in range(2, o.span):
        width = _width(o, span)
        for offset in (0, o.span - span):
            part = Run(o.axis, o.x, o.y, o.span).part(offset, span)
            shorter = replace(o, x=part.x, y=part.y, span=span, width_mm=width)
            yield shorter, CHANGED + 40 * (o.span - span)
            if o.kind == "french" and walls.floor > 1:
                yield opening("window", part, width), 2 * CHANGED + 40 * (o.span - span)


def _width(o: Opening, span: int) -> int:
    if o.kind in WINDOW_KINDS:
        return SASH_WIDTH_MM.get(span, span * HALF_MM - 170)
    if o.kind == "entrance" and span < 3:
        return NARROW_ENTRANCE_MM
    spare = o.span * HALF_MM - o.width_mm
    return min(o.width_mm, span * HALF_MM - min(spare, FOLDING_MARGIN_MM))


# --- new doors --------------------------------------------------------------------------------


def new_doors(room: int, walls: Walls) -> Iterator[Choice]:
    """Yield the doors by which a room may be entered from the rooms that it may be entered from."""
    sources = entered_from(walls.kind(room))
    own = border(walls.rooms[room].cells)
    for other, beside in enumerate(walls.rooms):
        if other != room and beside.kind in sources:
            for run in runs(own & border(beside.cells)):
                for o, cost in _doors(room, beside.kind, run, walls):
                    pair = walls.fits(o)
                    if pair is not None:
                        yield Choice(o, pair, NEW + cost + _TOWARDS.get((walls.kind(room), beside.kind), 0))


def _doors(room: int, target: str, run: Run, walls: Walls) -> Iterator[tuple[Opening, int]]:
    """Yield the doors of a room's kind that fit into a run of its wall, with a cost each."""
    if run.span < 2:
        return
    kind = walls.rooms[room].kind
    first = Edge(run.axis, run.x, run.y)
    into: Literal[-1, 1] = 1 if first.cells[1] in walls.rooms[room].cells else -1
    out: Literal[-1, 1] = -1 if into == 1 else 1
    if {kind, target} <= {"ent", "hall"} or kind == target:
        yield opening("open", run, run.span * HALF_MM), -20
    elif kind == "sic":
        yield opening("open", run.part(0, 2), 2 * HALF_MM), 0
    elif kind == "oshi" and run.span > 2:
        yield opening("double_sliding", run, run.span * HALF_MM - FOLDING_MARGIN_MM, "start", out), 0
    elif kind in ("cl", "sto", "pantry", "oshi"):
        span = min(run.span, 4 if kind == "cl" else 3)
        for part in run.parts(span):
            yield opening("folding", part, span * HALF_MM - FOLDING_MARGIN_MM, "start", out), 0
    elif kind == "bath":
        for part in run.parts(2):
            yield opening("folding", part, DOOR_WIDTH_MM["hinged_wc"], "start", into), 0
    else:
        yield from _leaves(kind, run, into, out)


def _leaves(kind: str, run: Run, into: Literal[-1, 1], out: Literal[-1, 1]) -> Iterator[tuple[Opening, int]]:
    """Yield sliding doors where there is wall for them, and hinged ones; a WC's opens outwards."""
    if kind == "wa" and run.span >= 4:
        yield opening("double_sliding", run.part((run.span - 4) // 2, 4), DOOR_WIDTH_MM["double_sliding"]), 0
    if kind in ("wash", "wa") and run.span >= 4:
        for part in run.parts(4):
            yield opening("sliding", part, DOOR_WIDTH_MM["sliding"], "start", into), 5
    width = DOOR_WIDTH_MM[{"ldk": "hinged_wide", "wc": "hinged_wc"}.get(kind, "hinged")]
    for offset, part in enumerate(run.parts(2)):
        middle = 15 * (offset not in (0, run.span - 2))
        for hinge, side in _TURNS:
            inwards = (side == out) if kind == "wc" else (side == into)
            yield opening("hinged", part, width, hinge, side), middle + (0 if inwards else 60)


def portals(stair_room: int, edges: tuple[Edge, ...], walls: Walls) -> Iterator[Choice]:
    """Yield open passages onto a stair."""
    for run in runs(edges):
        o = opening("open", run, run.span * HALF_MM)
        pair = walls.fits(o)
        if pair is not None and stair_room in pair:
            yield Choice(o, pair, NEW)


def entrances(walls: Walls, entrance: Side | None) -> Iterator[Choice]:
    """Yield entrance doors, which open outwards."""
    for room in walls.rooms:
        if room.kind != "ent":
            continue
        outer = [e for e in border(room.cells) if sum(walls.is_inside(walls.owner.get(c)) for c in e.cells) == 1]
        for run in runs(outer):
            for span, width in ((3, DOOR_WIDTH_MM["entrance"]), (2, NARROW_ENTRANCE_MM)):
                for part in run.parts(span):
                    for hinge, side in _TURNS:
                        o = opening("entrance", part, width, hinge, side)
                        pair = walls.fits(o)
                        wished = pair is not None and _is_wished(o, walls, entrance)
                        if pair is not None and wished and not walls.is_inside(pair[1] if side == 1 else pair[0]):
                            yield Choice(o, pair, NEW + 40 * (span == 2))


def new_windows(room: int, walls: Walls) -> Iterator[Choice]:
    """Yield windows in the outer walls of a room; french ones to a balcony, and to the garden in the south."""
    cells = walls.rooms[room].cells
    outer = [e for e in border(cells) if sum(walls.is_inside(walls.owner.get(c)) for c in e.cells) == 1]
    for run in runs(outer):
        for span, extra in _SASH_COST.items():
            for offset, part in enumerate(run.parts(span)):
                cost = NEW + extra + 5 * (offset == 0 or offset == run.span - span)
                for kind in ("window", "french"):
                    o = opening("french" if kind == "french" else "window", part, SASH_WIDTH_MM[span])
                    pair = walls.fits(o)
                    if pair is None:
                        continue
                    balcony = any(walls.kind(i) == "balcony" for i in pair)
                    garden = walls.rooms[room].kind in ("ldk", "wa") and side_of(o, walls) == "s"
                    rare = kind == "french" and not (balcony or garden)
                    yield Choice(o, pair, cost + (60 if rare else 0) - (20 if kind == "french" and balcony else 0))


def to_balcony(room: int, walls: Walls) -> Iterator[Choice]:
    """Yield french windows from habitable rooms, and doors from halls, to a balcony."""
    own = border(walls.rooms[room].cells)
    for beside in walls.rooms:
        if beside.kind in HABITABLE or beside.kind == "hall":
            for run in runs(own & border(beside.cells)):
                for span in (4, 3, 2):
                    for part in run.parts(span):
                        o = opening("french", part, SASH_WIDTH_MM[span])
                        if (pair := walls.fits(o)) is not None:
                            yield Choice(o, pair, NEW + _SASH_COST[span])


def is_way(o: Opening, a: str, b: str) -> bool:
    """Say whether one walks from a room of kind a through an opening to one of kind b that may be entered so."""
    return o.kind in DOOR_KINDS and (a == "stair" or a in entered_from(b) or (b == "ent" and a in ("hall", "ldk")))
