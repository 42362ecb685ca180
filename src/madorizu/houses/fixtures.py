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
from madorizu.houses.peninsula import peninsula
from madorizu.houses.runs import Run, border, runs
from madorizu.houses.topology import Storey
from madorizu.plan import HALF_MM, OPPOSITE, Cell, Edge, Fixture, Opening, Side, bounds

# Length of the counter by the half modules of its wall; with 7 and 8 the refrigerator stands beside it.
COUNTER_MM = {8: 2550, 7: 2250, 6: 2550}
_SHORTER = {8: 0.0, 7: 2.5, 6: 5.0}  # costs
_AWAY = 1.5  # cost, of each half module between the counter and the washroom
_REACH_MM = 4200  # from the middle of the counter to a refrigerator apart from it
_SOUTH_WALL_MM = 1500  # so much farther a refrigerator counts before the south wall
FACING_SHARE = 0.5  # of kitchens that face the room, where there is room for one
WC_DEPTH = 3  # half modules from the bowl's wall to the one before it
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


def kitchen(
    storey: Storey, openings: Sequence[Opening], taken: Collection[Edge], busy: frozenset[Cell], rng: random.Random
) -> list[Fixture] | None:
    """Set up the counter and the refrigerator of an LDK.

    At a wall: side by side where it is long enough, else the refrigerator stands at another wall
    near. In a large LDK that has a corner for it, a counter that faces the room, as often as not.

    Returns:
        Both, counter first; none where the storey has no LDK; None where they have no place.
    """
    ldk = next((c for k, c in storey.rooms if k == "ldk"), None)
    if ldk is None:
        return []
    if rng.random() < FACING_SHARE:
        wash = next((c for k, c in storey.rooms if k == "wash"), frozenset[Cell]())
        facing = peninsula(ldk, wash, storey.cells, openings, busy, rng)
        if facing is not None:
            return facing
    for run, at_end in kitchen_runs(storey, taken, busy, rng):
        sizes = [("kitchen", COUNTER_MM[run.span])]
        if run.span > 6:
            sizes.append(("refrigerator", FIXTURES["refrigerator"].along_mm))
            # The counter stands in the corner, the refrigerator towards the room.
            return sorted(
                _line_up(run, ldk, sizes[::-1] if at_end else sizes, "end" if at_end else "start"),
                key=lambda f: f.kind,
            )
        counter = _line_up(run, ldk, sizes, "end" if at_end else "start")[0]
        cooks = run.beside(_inside(run, ldk), 4)
        fridge = _refrigerator(counter, cooks, ldk, storey.cells, openings, taken, busy)
        if fridge is not None:
            return [counter, fridge]
    return None


def kitchen_runs(
    storey: Storey, taken: Collection[Edge], busy: frozenset[Cell], rng: random.Random
) -> list[tuple[Run, bool]]:
    """List walls for the kitchen counter, best first: 6 to 8 half modules without a door, not the sunny side.

    Outer walls are better, for a window above the counter, and walls near the washroom: its
    pipes and its user are there. A module of floor before the counter belongs to the cook.

    Returns:
        The stretch of wall, and whether it lies at the end of the wall rather than at its start.
    """
    ldk = next((c for k, c in storey.rooms if k == "ldk"), frozenset[Cell]())
    wash = next((c for k, c in storey.rooms if k == "wash"), frozenset[Cell]())
    floor = storey.cells
    options = []
    for run in runs(border(ldk) - set(taken)):
        for part in (p for span in COUNTER_MM if span <= run.span for p in run.parts(span)):
            side = _inside(part, ldk)
            counter = part.beside(side, 2)
            if not counter <= ldk or counter & busy:
                continue
            x, y = (part.x + part.span / 2, part.y) if part.axis == "h" else (part.x, part.y + part.span / 2)
            away = min((abs(a + 0.5 - x) + abs(b + 0.5 - y) for a, b in wash), default=0.0)
            cost = _AWAY * away + 2 * rng.random()
            cost += _SHORTER[part.span]
            outer = not part.beside(-side, 1) & floor
            cost += (20 if part.axis == "h" and side < 0 else 0) if outer else 5  # the south wall is for the sun
            cost += 0 if part.beside(side, 4) <= ldk else 8
            at_start, at_end = part.edge == run.edge, part.edge == run.part(run.span - part.span, 1).edge
            cost += 0 if at_start or at_end else 3
            options.append((cost, part, at_end and not at_start))
    return [(part, at_end) for _, part, at_end in sorted(options)]


def _refrigerator(
    counter: Fixture,
    cooks: frozenset[Cell],
    ldk: frozenset[Cell],
    floor: frozenset[Cell],
    openings: Sequence[Opening],
    taken: Collection[Edge],
    busy: frozenset[Cell],
) -> Fixture | None:
    """Place a refrigerator at another wall, the nearest to the counter; None where no wall near has a place."""
    best: tuple[float, int, Fixture] | None = None
    for *_, number, stand in _options(("refrigerator",), ldk, openings, taken, busy):
        fridge = stand[0]
        under = cells_under(fridge)
        if under & (cooks | busy) or overlap(fridge, counter) or not is_clear(fridge, openings):
            continue
        away_mm = abs(_middle(fridge)[0] - _middle(counter)[0]) + abs(_middle(fridge)[1] - _middle(counter)[1])
        if fridge.facing == "n" and not all((x, y + 1) in floor for x, y in under):
            away_mm += _SOUTH_WALL_MM
        if away_mm <= _REACH_MM and (best is None or (away_mm, number) < best[:2]):
            best = away_mm, number, fridge
    return None if best is None else best[2]


def _middle(fixture: Fixture) -> tuple[float, float]:
    return fixture.x_mm + fixture.width_mm / 2, fixture.y_mm + fixture.depth_mm / 2


def equip(storey: Storey, openings: Sequence[Opening], taken: Collection[Edge], busy: frozenset[Cell]) -> list[Fixture]:
    """Place the fixtures of a storey, without those of its `kitchen`.

    Args:
        storey: the rooms.
        openings: the doors.
        taken: edges that doors use.
        busy: cells to keep free, as `busy_cells` tells.
    """
    found: list[Fixture] = []
    for kind, cells in storey.rooms:
        if kind in _STANDS:
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
            if not all(cells_under(f) <= cells for f in stand):
                continue
            cost = 100 * (len(kinds) - len(stand)) + 10 * sum(len(cells_under(f) & busy) for f in stand)
            cost += 60 * sum(not is_clear(f, openings) for f in stand)
            if is_wc:  # the bowl stands at a short wall, with floor before it
                cost += 4 * max(0, run.span - 3)
                cost += 200 * (bounds(cells)[3 if run.axis == "h" else 2] < WC_DEPTH)
            away = min((abs(e.x - run.x) + abs(e.y - run.y) for e in doors_here), default=0)
            options.append((cost, -away if is_wc else -run.span, -away, len(options), stand))
    return options


def cells_under(fixture: Fixture) -> frozenset[Cell]:
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
    return _line_up(run, cells, sizes, place)


def _line_up(run: Run, cells: frozenset[Cell], sizes: Sequence[tuple[str, int]], place: Place) -> list[Fixture]:
    """Stand fixtures of given lengths side by side along a wall."""
    spare = run.span * HALF_MM - 2 * WALL_MM - sum(mm for _, mm in sizes)
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
