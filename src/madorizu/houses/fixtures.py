"""Set up fixtures: kitchen, refrigerator, bath, washbasin, washing machine, WC, shoe cabinet."""

from __future__ import annotations

import random
from collections.abc import Sequence

from madorizu.catalogue import FIXTURES
from madorizu.houses.runs import Run, runs
from madorizu.houses.topology import Storey
from madorizu.plan import HALF_MM, OPPOSITE, Cell, Edge, Fixture, Side, border

WALL_MM = 75  # half of a 150 mm outer wall: fixtures stand off the centre-line


def kitchen_run(storey: Storey, taken: set[Edge], rng: random.Random) -> Run | None:
    """Choose the wall of the kitchen counter: 6 half modules without a door, not the sunny side.

    Walls near the washroom are better: its pipes and its user are there.
    """
    ldk = next((c for k, c in storey.rooms if k == "ldk"), frozenset[Cell]())
    wash = next((c for k, c in storey.rooms if k == "wash"), frozenset[Cell]())
    options = []
    for run in runs(border(ldk) - taken):
        for part in run.parts(min(run.span, 8)) if run.span >= 6 else ():
            side = _inside(part, ldk)
            if not part.beside(side, 2) <= ldk:
                continue
            away = min((abs(x - part.x) + abs(y - part.y) for x, y in wash), default=0)
            south = 20 if part.axis == "h" and side < 0 and not part.beside(1, 1) & storey.cells else 0
            options.append((away * 0.5 + south + (0 if part.span == 8 else 2) + 2 * rng.random(), part))
    return min(options)[1] if options else None


def equip(storey: Storey, kitchen: Run | None, taken: set[Edge]) -> list[Fixture]:
    """Place the fixtures of a storey. `taken` are the edges that doors use."""
    found: list[Fixture] = []
    for kind, cells in storey.rooms:
        if kind == "ldk" and kitchen is not None:
            found += _along(kitchen, cells, ("kitchen", "refrigerator") if kitchen.span >= 8 else ("kitchen",))
        elif kind in ("bath", "wash", "wc", "ent"):
            found += _in_small_room(kind, cells, taken)
    return found


def _inside(run: Run, cells: frozenset[Cell]) -> int:
    return 1 if run.edge.cells[1] in cells else -1


def _facing(run: Run, cells: frozenset[Cell]) -> Side:
    """Return the direction from a wall into the room."""
    if run.axis == "h":
        return "s" if _inside(run, cells) > 0 else "n"
    return "e" if _inside(run, cells) > 0 else "w"


def _in_small_room(kind: str, cells: frozenset[Cell], taken: set[Edge]) -> list[Fixture]:
    """Put the fixtures on the longest wall without a door, away from the doors."""
    doors = [e for e in border(cells) if e in taken]
    free = [r for r in runs(border(cells) - taken) if r.span >= 2]
    if not free:
        return []

    def away(run: Run) -> int:
        return min((abs(e.x - run.x) + abs(e.y - run.y) + abs(e.x - run.x) for e in doors), default=0)

    if kind == "wc":  # the bowl stands at a short wall, as far from the door as can be
        short = [r for r in free if r.span <= 3] or free
        opposite = [r for r in short if not any(_opposes(r, e) and abs(_depth(r, e)) < 3 for e in doors)] or short
        return _along(max(opposite, key=lambda r: (away(r), r)), cells, ("toilet",), centred=True)
    best = max(free, key=lambda r: (r.span, away(r), r))
    items: dict[str, Sequence[str]] = {
        "bath": ("bathtub",),
        "wash": ("basin", "washing_machine"),
        "ent": ("shoe_cabinet",),
    }
    return _along(best, cells, items[kind])


def _opposes(run: Run, edge: Edge) -> bool:
    return run.axis == edge.axis


def _depth(run: Run, edge: Edge) -> int:
    return edge.y - run.y if run.axis == "h" else edge.x - run.x


def _along(run: Run, cells: frozenset[Cell], kinds: Sequence[str], *, centred: bool = False) -> list[Fixture]:
    """Line fixtures up along a wall, as many as fit."""
    room_mm = run.span * HALF_MM - 2 * WALL_MM
    facing = _facing(run, cells)
    total = sum(FIXTURES[k].along_mm for k in kinds)
    offset = WALL_MM + ((room_mm - total) // 2 if centred and total <= room_mm else 0)
    found = []
    for kind in kinds:
        size = FIXTURES[kind]
        along = min(size.along_mm, room_mm)
        if offset + along > run.span * HALF_MM - WALL_MM:
            break
        found.append(_stand(kind, run, offset, along, size.deep_mm, facing))
        offset += along
    return found


def _stand(kind: str, run: Run, offset_mm: int, along_mm: int, deep_mm: int, facing: Side) -> Fixture:
    x, y = run.x * HALF_MM, run.y * HALF_MM
    back = OPPOSITE[facing]
    if run.axis == "h":
        top = y + WALL_MM if back == "n" else y - WALL_MM - deep_mm
        return Fixture(kind, x + offset_mm, top, along_mm, deep_mm, facing)
    left = x + WALL_MM if back == "w" else x - WALL_MM - deep_mm
    return Fixture(kind, left, y + offset_mm, deep_mm, along_mm, facing)
