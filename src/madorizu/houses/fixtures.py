"""Set up fixtures: kitchen, refrigerator, bath, washbasin, washing machine, WC, shoe cabinet.

Nothing stands where a door's leaf turns or where one steps through it, as long as there
is another place.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from madorizu.catalogue import FIXTURES
from madorizu.houses import doors
from madorizu.houses.clearance import is_clear, overlap
from madorizu.houses.runs import Run, runs
from madorizu.houses.topology import Storey
from madorizu.plan import HALF_MM, OPPOSITE, Cell, Edge, Fixture, Opening, Side, border

WALL_MM = 75  # half of a 150 mm outer wall: fixtures stand off the centre-line
Place = Literal["start", "middle", "end"]

_STANDS: dict[str, tuple[str, ...]] = {
    "bath": ("bathtub",),
    "wash": ("basin", "washing_machine"),
    "ent": ("shoe_cabinet",),
    "wc": ("toilet",),
}


def busy_cells(openings: Iterable[Opening]) -> frozenset[Cell]:
    """Return the cells that must stay free: swept by leaves, and before doors."""
    return frozenset(c for o in openings for c in doors.swing(o) | doors.fronts(o))


def kitchen_run(storey: Storey, taken: Collection[Edge], busy: frozenset[Cell], rng: random.Random) -> Run | None:
    """Choose the wall of the kitchen counter: 6 or 8 half modules without a door, not the sunny side.

    Walls near the washroom are better: its pipes and its user are there. A module of floor
    before the counter belongs to the cook.
    """
    ldk = next((c for k, c in storey.rooms if k == "ldk"), frozenset[Cell]())
    wash = next((c for k, c in storey.rooms if k == "wash"), frozenset[Cell]())
    options = []
    for run in runs(border(ldk) - set(taken)):
        for part in (p for span in (8, 6) if span <= run.span for p in run.parts(span)):
            side = _inside(part, ldk)
            counter = part.beside(side, 2)
            if not counter <= ldk or counter & busy:
                continue
            away = min((abs(x - part.x) + abs(y - part.y) for x, y in wash), default=0)
            cost = away * 0.5 + 2 * rng.random() + (0 if part.span == 8 else 2)
            cost += 20 if part.axis == "h" and side < 0 and not part.beside(1, 1) & storey.cells else 0  # south wall
            cost += 0 if part.beside(side, 4) <= ldk else 8
            cost += 0 if _starts_in_corner(part, run) else 3
            options.append((cost, part))
    return min(options)[1] if options else None


def _starts_in_corner(part: Run, run: Run) -> bool:
    return part.edge in (run.edge, run.part(run.span - part.span, 1).edge)


def equip(
    storey: Storey, kitchen: Run | None, openings: Sequence[Opening], taken: Collection[Edge], busy: frozenset[Cell]
) -> list[Fixture]:
    """Place the fixtures of a storey.

    Args:
        storey: the rooms.
        kitchen: the wall of the counter, as `kitchen_run` chose it.
        openings: the doors.
        taken: edges that doors use.
        busy: cells to keep free, as `busy_cells` tells.
    """
    found: list[Fixture] = []
    for kind, cells in storey.rooms:
        if kind == "ldk" and kitchen is not None:
            found += _along(kitchen, cells, ("kitchen", "refrigerator") if kitchen.span >= 8 else ("kitchen",), "start")
        elif kind in _STANDS:
            stand = _in_small_room(_STANDS[kind], cells, openings, taken, busy)
            if len(stand) > 1 and not all(is_clear(f, openings) for f in stand):
                stand = _apart(_STANDS[kind], cells, openings, taken, busy) or stand
            found += stand
    return found


def _inside(run: Run, cells: frozenset[Cell]) -> int:
    return 1 if run.edge.cells[1] in cells else -1


def _facing(run: Run, cells: frozenset[Cell]) -> Side:
    """Return the direction from a wall into the room."""
    if run.axis == "h":
        return "s" if _inside(run, cells) > 0 else "n"
    return "e" if _inside(run, cells) > 0 else "w"


def _in_small_room(
    kinds: Sequence[str],
    cells: frozenset[Cell],
    openings: Sequence[Opening],
    taken: Collection[Edge],
    busy: frozenset[Cell],
) -> list[Fixture]:
    """Put fixtures to the wall where most of them fit and no door is in their way."""
    options = _options(kinds, cells, openings, taken, busy)
    return min(options)[-1] if options else []


def _apart(
    kinds: Sequence[str],
    cells: frozenset[Cell],
    openings: Sequence[Opening],
    taken: Collection[Edge],
    busy: frozenset[Cell],
) -> list[Fixture]:
    """Put each fixture to a wall of its own choice; none where not all find a free place."""
    found: list[Fixture] = []
    for kind in kinds:
        for *_, stand in sorted(_options((kind,), cells, openings, taken, busy)):
            if stand and is_clear(stand[0], openings) and not any(overlap(stand[0], other) for other in found):
                found.append(stand[0])
                break
    return found if len(found) == len(kinds) else []


_Option = tuple[int, int, int, int, list[Fixture]]


def _options(
    kinds: Sequence[str],
    cells: frozenset[Cell],
    openings: Sequence[Opening],
    taken: Collection[Edge],
    busy: frozenset[Cell],
) -> list[_Option]:
    """List the places for fixtures side by side, with what speaks against each."""
    is_wc = "toilet" in kinds
    doors_here = sorted(e for e in border(cells) if e in taken)
    places: tuple[Place, ...] = ("middle",) if is_wc else ("start", "end")
    options: list[_Option] = []
    for run in runs(border(cells) - set(taken)):
        for place in places if run.span >= 2 else ():
            stand = _along(run, cells, kinds, place)
            if not all(_cells_under(f) <= cells for f in stand):
                continue
            cost = 100 * (len(kinds) - len(stand)) + 10 * sum(len(_cells_under(f) & busy) for f in stand)
            cost += 60 * sum(not is_clear(f, openings) for f in stand)
            if is_wc:  # the bowl stands at a short wall
                cost += 4 * max(0, run.span - 3)
            away = min((abs(e.x - run.x) + abs(e.y - run.y) for e in doors_here), default=0)
            options.append((cost, -away if is_wc else -run.span, -away, len(options), stand))
    return options


def _cells_under(fixture: Fixture) -> frozenset[Cell]:
    """Return the cells that a fixture stands on."""
    x0, y0 = fixture.x_mm // HALF_MM, fixture.y_mm // HALF_MM
    x1, y1 = (fixture.x_mm + fixture.width_mm - 1) // HALF_MM, (fixture.y_mm + fixture.depth_mm - 1) // HALF_MM
    return frozenset((x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1))


def _along(run: Run, cells: frozenset[Cell], kinds: Sequence[str], place: Place) -> list[Fixture]:
    """Line fixtures up along a wall, as many as fit, from one of its ends or in its middle."""
    room_mm = run.span * HALF_MM - 2 * WALL_MM
    sizes: list[tuple[str, int]] = []
    for kind in kinds:
        along = min(FIXTURES[kind].along_mm, room_mm)
        if sum(mm for _, mm in sizes) + along <= room_mm:
            sizes.append((kind, along))
    spare = room_mm - sum(mm for _, mm in sizes)
    offset = WALL_MM + {"start": 0, "middle": spare // 2, "end": spare}[place]
    found = []
    for kind, along in sizes:
        found.append(_stand(kind, run, offset, along, FIXTURES[kind].deep_mm, _facing(run, cells)))
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
