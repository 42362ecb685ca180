"""Cut closets out of bedrooms and tatami rooms."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

from madorizu.catalogue import ROOMS
from madorizu.houses.topology import Storey, is_wide
from madorizu.plan import SIDES, STEP, Cell, Side, bounds, cells_in, is_connected, neighbours

CLOSET_OF = {"bed": "cl", "mbr": "cl", "wa": "oshi"}
DOOR_RUN = 2  # half modules of wall that a room must keep towards the room it opens to
WINDOW_RUN = 4
_NO_WAY = 4.0  # costs
LEAST_COMFORT = 6  # half modules: a bedroom should not become narrower


def carve(storey: Storey, rng: random.Random) -> tuple[Storey, dict[int, int]]:
    """Give every bedroom and tatami room a closet where one fits.

    A master bedroom that touches a walk-in closet gets none.

    Returns:
        The storey with its closets, and whose each closet is: index of the closet to that of its room.
    """
    rooms = list(storey.rooms)
    owners: dict[int, int] = {}
    everything = storey.cells
    for index, (kind, cells) in enumerate(storey.rooms):
        if kind not in CLOSET_OF:
            continue
        ring = {n for c in cells for n in neighbours(c)} - cells
        if kind == "mbr" and any(k == "wic" and ring & c for k, c in storey.rooms):
            continue
        halls = [c for k, c in storey.rooms if k == "hall" and _contact(cells, c) >= DOOR_RUN]
        doorways = [c for k, c in storey.rooms if k == "ldk" and (kind == "wa" or not halls)] + halls
        strip = _best_strip(kind, cells, everything, doorways, rng)
        if strip is not None:
            rooms[index] = (kind, cells - strip)
            owners[len(rooms)] = index
            rooms.append((CLOSET_OF[kind], strip))
    return Storey(tuple(rooms)), owners


def _best_strip(
    kind: str,
    cells: frozenset[Cell],
    everything: frozenset[Cell],
    doorways: list[frozenset[Cell]],
    rng: random.Random,
) -> frozenset[Cell] | None:
    closet = ROOMS[CLOSET_OF[kind]]
    ways = _ways(cells, doorways)
    outer = {c: count for c in cells if (count := sum(n not in everything for n in neighbours(c)))}
    columns, rows = Counter(x for x, _ in cells), Counter(y for _, y in cells)
    options = [
        (_cost(strip, len(cells), outer, columns, rows) + _in_the_way(strip, ways) + rng.random(), i, strip)
        for i, strip in enumerate(_strips(cells))
        if closet.min_cells <= len(strip) <= closet.max_cells
    ]
    # Whether a strip can be used costs more to say than what it is worth: ask the best first.
    usable = (strip for _, _, strip in sorted(options) if _is_usable(kind, strip, cells, everything, doorways))
    return next(usable, None)


def _strips(cells: frozenset[Cell]) -> list[frozenset[Cell]]:
    """List strips one or two half modules deep that begin in a corner of the bounding rectangle."""
    x, y, width, height = bounds(cells)
    found = []
    for depth in (2, 1):
        for length in sorted({3, 4, 5, 6, width}):
            if length <= width:
                for left in (x, x + width - length):
                    found += [cells_in((left, top, length, depth)) for top in (y, y + height - depth)]
        for length in sorted({3, 4, 5, 6, height}):
            if length <= height:
                for top in (y, y + height - length):
                    found += [cells_in((left, top, depth, length)) for left in (x, x + width - depth)]
    return [s for s in dict.fromkeys(found) if s <= cells]


def _is_usable(
    kind: str,
    strip: frozenset[Cell],
    cells: frozenset[Cell],
    everything: frozenset[Cell],
    doorways: list[frozenset[Cell]],
) -> bool:
    rest = cells - strip
    wanted = ROOMS[kind]
    if len(rest) < wanted.min_cells or max(_lit_run(rest, everything, side) for side in SIDES) < WINDOW_RUN:
        return False
    if not any(_contact(rest, other) >= DOOR_RUN for other in doorways):
        return False
    return is_wide(rest, wanted.min_side) and is_connected(rest)


def _lit_run(cells: frozenset[Cell], everything: frozenset[Cell], side: Side) -> int:
    dx, dy = STEP[side]
    return sum((x + dx, y + dy) not in everything for x, y in cells)


def _contact(cells: frozenset[Cell], other: frozenset[Cell]) -> int:
    """Return the longest straight stretch of common wall that lies on one side."""
    return max(sum((x + dx, y + dy) in other for x, y in cells) for dx, dy in STEP.values())


def _ways(cells: frozenset[Cell], doorways: list[frozenset[Cell]]) -> list[frozenset[Cell]]:
    """List where the room's leaf can turn: a module square each, inside a wall that it shares with a doorway."""
    found = []
    for x, y in cells:
        for dx, dy in STEP.values():
            beside = (x, y), (x + abs(dy), y + abs(dx))
            beyond = {(a + dx, b + dy) for a, b in beside}
            if any(beyond <= other for other in doorways):
                swept = frozenset((a - dx * i, b - dy * i) for a, b in beside for i in (0, 1))
                found += [swept] if swept <= cells else []
    return found


def _in_the_way(strip: frozenset[Cell], ways: list[frozenset[Cell]]) -> float:
    """Return what it costs that the room's leaf can only turn where one stands before the closet."""
    before = strip | {n for c in strip for n in neighbours(c)}
    return 0.0 if any(before.isdisjoint(way) for way in ways) else _NO_WAY


def _cost(
    strip: frozenset[Cell], area: int, outer: Mapping[Cell, int], columns: Mapping[int, int], rows: Mapping[int, int]
) -> float:
    """Prefer closets of about an eighth of the room, on inner walls, that leave the room a rectangle.

    Args:
        strip: the closet.
        area: cells of the room.
        outer: how many sides of a cell of the room lie on the house's outline; others are left out.
        columns, rows: how many cells of the room each has.
    """
    outside = sum(outer[c] for c in strip if c in outer)
    x, y, strip_width, strip_height = bounds(strip)
    # What is left has the columns and rows that the strip does not take whole.
    across = [i for i, count in columns.items() if not x <= i < x + strip_width or count > strip_height]
    down = [j for j, count in rows.items() if not y <= j < y + strip_height or count > strip_width]
    width, height = max(across) - min(across) + 1, max(down) - min(down) + 1
    ragged = width * height - (area - len(strip))
    thin = 4 if min(strip_width, strip_height) == 1 else 0
    goal = min(12.0, max(4.0, area / 7))
    squeezed = 5.0 * (min(width, height) < LEAST_COMFORT)
    return 0.6 * outside + 2.0 * (ragged > 0) + 0.6 * abs(len(strip) - goal) + thin + squeezed
