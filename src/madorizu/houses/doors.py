"""Hang the doors: which rooms open to which, where in the wall, to which side."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from madorizu.catalogue import DOOR_WIDTH_MM
from madorizu.houses.runs import Run, runs
from madorizu.houses.topology import Storey
from madorizu.plan import HALF_MM, Cell, Edge, Opening, OpeningKind, Side, Stair, border, cells_in

# Where each kind of room opens to, best first.
_OPENS_TO: dict[str, tuple[str, ...]] = {
    "ldk": ("hall",),
    "mbr": ("hall",),
    "bed": ("hall",),
    "wa": ("ldk", "hall"),
    "wc": ("hall",),
    "wash": ("hall", "ldk"),
    "bath": ("wash",),
    "wic": ("mbr", "hall"),
    "sic": ("ent",),
    "pantry": ("ldk",),
    "s": ("hall", "ldk"),
    "sto": ("hall", "ldk"),
    "cl": ("bed", "mbr"),
    "oshi": ("wa",),
}
# Order in which doors claim their walls: those with least choice first.
_ORDER = ("bath", "wc", "wash", "cl", "oshi", "wic", "sic", "pantry", "s", "sto", "bed", "mbr", "wa", "ldk")


@dataclass(slots=True)
class _Walls:
    """Edges still free for openings, and the cells that a swinging leaf needs."""

    rooms: Sequence[tuple[str, frozenset[Cell]]]
    taken: set[Edge]
    swept: set[Cell]

    def shared(self, a: int, b: int) -> tuple[Run, ...]:
        return runs((border(self.rooms[a][1]) & border(self.rooms[b][1])) - self.taken)


def hang(storey: Storey, *, floor: int, stair: Stair | None, entrance: Side, rng: random.Random) -> list[Opening] | None:
    """Place every inner door and the entrance; None if a room cannot get one."""
    walls = _Walls(storey.rooms, set(), set())
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


def _claim(walls: _Walls, opening: Opening) -> Opening:
    walls.taken |= set(opening.edges)
    if opening.kind == "hinged":
        walls.swept |= Run(opening.axis, opening.x, opening.y, opening.span).beside(opening.side, 2)
    return opening


def _open_sides(walls: _Walls, floor: int, stair: Stair | None) -> list[Opening]:
    """Join entrance and hall along their whole border, and the stair at its portal."""
    openings = []
    for i, (kind, _) in enumerate(walls.rooms):
        if kind != "ent":
            continue
        for j, (other, _) in enumerate(walls.rooms):
            if other == "hall":
                openings += [_gap(run) for run in walls.shared(i, j)]
    if stair is not None:
        portal = stair.entry if floor == 1 else stair.arrival
        openings += [_gap(run) for run in runs(portal)]
    for opening in openings:
        _claim(walls, opening)
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
    width = DOOR_WIDTH_MM["entrance"] if span == 3 else 870
    hinge: Literal["start", "end"] = rng.choice(("start", "end"))
    return Opening("entrance", part.axis, part.x, part.y, span, width, 0, 2100, hinge, 1 if inside < 0 else -1)


def _door(walls: _Walls, index: int, rng: random.Random) -> Opening | None:
    """Choose the best place for the door of one room."""
    kind = walls.rooms[index][0]
    for target in _OPENS_TO.get(kind, ()):
        options: list[tuple[float, int, Opening]] = []
        for other, (other_kind, _) in enumerate(walls.rooms):
            if other_kind == target:
                for run in walls.shared(index, other):
                    for opening, cost in _choices(walls, index, other, run):
                        options.append((cost + rng.random(), len(options), opening))
        if options:
            return min(options)[2]
    return None


def _choices(walls: _Walls, index: int, other: int, run: Run) -> list[tuple[Opening, float]]:
    """List the doors that fit a stretch of common wall, with a cost each."""
    kind, cells = walls.rooms[index]
    target, outside = walls.rooms[other]
    into: Literal[-1, 1] = 1 if run.edge.cells[1] in cells else -1
    if kind in ("cl", "oshi"):
        return [(_closet_front(kind, run, into), -float(run.span))] if run.span >= 2 else []
    if kind == "sic":
        return [(_plain("open", run.part(0, 2), 2 * HALF_MM, into), 0.0)] if run.span >= 2 else []
    found: list[tuple[Opening, float]] = []
    if kind == "wa" and target == "ldk" and run.span >= 4:
        found.append((_plain("double_sliding", run.part((run.span - 4) // 2, 4), DOOR_WIDTH_MM["double_sliding"], into), -5.0))
    if kind in ("wash", "wa") and run.span >= 4:
        found += [(_plain("sliding", p, DOOR_WIDTH_MM["sliding"], into), 0.0) for p in run.parts(4)]
    if kind in ("sto", "pantry"):
        return [(_plain("folding", run.part(0, min(run.span, 3)), min(run.span, 3) * HALF_MM - 155, into), 0.0)] if run.span >= 2 else []
    if kind == "bath":
        return [(_plain("folding", p, DOOR_WIDTH_MM["hinged_wc"], into), 0.0) for p in run.parts(2)]
    width = DOOR_WIDTH_MM[{"ldk": "hinged_wide", "wc": "hinged_wc"}.get(kind, "hinged")]
    # A WC opens outward so that one who fell behind the door can be reached.
    room, into = (outside, _other(into)) if kind == "wc" else (cells, into)
    for offset, part in enumerate(run.parts(2)):
        at_end = offset in (0, run.span - 2)
        hinge: Literal["start", "end"] = "start" if offset <= (run.span - 2) / 2 else "end"
        swing = part.beside(into, 2)
        if not swing <= room:
            found.append((_plain("hinged", part, width, into, hinge), 9.0))
        elif swing & walls.swept:
            found.append((_plain("hinged", part, width, into, hinge), 6.0))
        else:
            found.append((_plain("hinged", part, width, into, hinge), 0.0 if at_end else 1.5))
    return found


def _other(side: Literal[-1, 1]) -> Literal[-1, 1]:
    return -1 if side == 1 else 1


def _closet_front(kind: str, run: Run, into: Literal[-1, 1]) -> Opening:
    width = run.span * HALF_MM - 155
    if kind == "oshi":
        return _plain("double_sliding", run, width, _other(into))
    span = min(run.span, 4)
    return _plain("folding", run.part((run.span - span) // 2, span), span * HALF_MM - 155, _other(into))


def _plain(
    kind: OpeningKind, run: Run, width_mm: int, side: Literal[-1, 1], hinge: Literal["start", "end"] = "start"
) -> Opening:
    return Opening(kind, run.axis, run.x, run.y, run.span, width_mm, 0, 2000, hinge, side)


def door_edges(openings: Sequence[Opening]) -> set[Edge]:
    """Return every edge that an opening uses."""
    return {e for o in openings for e in o.edges}


def portal_cells(stair: Stair) -> frozenset[Cell]:
    """Return the cells of the stair's rectangle."""
    return cells_in(stair.rect)
