"""Give rooms their windows: daylight for habitable rooms first, small sashes for the rest.

A window keeps half a module off the house's corners where its wall is long enough: there
stands the post and, in most houses, the brace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from madorizu.catalogue import ROOMS, SASH_WIDTH_MM, WINDOW_HEAD_MM, WINDOW_SILL_MM
from madorizu.houses.runs import Run, border, runs
from madorizu.houses.topology import Storey
from madorizu.plan import HALF_MM, SIDES, Cell, Edge, Opening, OpeningKind, Side

DAYLIGHT = 1 / 7  # window area over floor area that a 居室 needs (建築基準法 28条1項, 令19条)
COUNTER_SILL_MM = 1100  # above a counter of 850 mm and its splash
BLANK = 12  # half modules of a side of the house without any opening: it gets a small sash
LONG_SOUTH = 10  # half modules of a living room's south wall from which it has two french windows
_SMALL = ("bath", "wc", "wash", "stair", "hall", "s", "ent", "den", "laundry")
# Rooms behind a blank side that take a sash, best first.
_FOR_BLANK = (
    "ldk",
    "mbr",
    "bed",
    "wa",
    "den",
    "stair",
    "hall",
    "void",
    "wash",
    "laundry",
    "ent",
    "wc",
    "bath",
    "s",
    "wic",
)


def glaze(
    storey: Storey,
    taken: set[Edge],
    high_sill: set[Edge],
    balcony: frozenset[Cell],
    porch: frozenset[Cell],
    *,
    floor: int,
) -> list[Opening]:
    """Place windows.

    Args:
        storey: the rooms.
        taken: edges without a window: doors use them, or tall things stand before them.
        high_sill: edges behind counters, where a window must have a high sill.
        balcony: cells of a balcony; rooms beside it get a french window to it.
        porch: cells of a porch; no window lies half beside it.
        floor: 1 for the ground floor, where large rooms may open to the garden.
    """
    everything = storey.cells
    openings: list[Opening] = []
    walls: dict[int, tuple[Run, ...]] = {}
    for index, (kind, cells) in enumerate(storey.rooms):
        outer = [e for e in border(cells) if e not in taken and not all(c in everything for c in e.cells)]
        found = _split_at(_split_at(runs(outer), balcony), porch)
        walls[index] = found = _split(found, lambda part: part.edge in high_sill)
        if ROOMS[kind].habitable:
            openings += _daylight(_Room(kind, cells, everything, high_sill, balcony, floor), found)
        elif kind == "void":
            openings += _largest(found, everything, 4)
        elif kind in _SMALL:
            openings += _largest(found, everything, 2)
    return openings + _on_blank_sides(storey, openings, porch, walls)


def _split_at(found: Iterable[Run], outdoors: frozenset[Cell]) -> tuple[Run, ...]:
    """Cut runs where a balcony or porch before them begins or ends."""
    return _split(found, lambda part: bool((part.beside(1, 1) | part.beside(-1, 1)) & outdoors))


def _split(found: Iterable[Run], differs: Callable[[Run], bool]) -> tuple[Run, ...]:
    """Cut runs where what is said of their single edges changes."""
    parts: list[Run] = []
    for run in found:
        said = [differs(run.part(i, 1)) for i in range(run.span)]
        start = 0
        for i in range(1, run.span + 1):
            if i == run.span or said[i] != said[start]:
                parts.append(run.part(start, i - start))
                start = i
    return tuple(parts)


def _facing(run: Run, cells: frozenset[Cell]) -> Side:
    inside_second = run.edge.cells[1] in cells
    if run.axis == "h":
        return "n" if inside_second else "s"
    return "w" if inside_second else "e"


def _off_corners(run: Run, everything: frozenset[Cell]) -> Run:
    """Take half a module from each end that is a corner of the house, as long as a sash is left."""
    inside = 0 if run.edge.cells[0] in everything else 1

    def is_corner(at: int) -> bool:
        beyond = run.part(at, 1).edge.cells
        return beyond[inside] not in everything or beyond[1 - inside] in everything

    first, last = is_corner(-1), is_corner(run.span)
    if run.span - first - last >= 2:
        return run.part(int(first), run.span - first - last)
    return run.part(int(first), run.span - 1) if run.span == 3 else run


# --- daylight -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Room:
    """A habitable room, and what its windows depend on; see `glaze`."""

    kind: str
    cells: frozenset[Cell]
    everything: frozenset[Cell]
    high_sill: set[Edge]
    balcony: frozenset[Cell]
    floor: int


def _daylight(room: _Room, found: Sequence[Run]) -> list[Opening]:
    """Light a habitable room; at the house's corners only where there is not enough light without."""
    needed_mm2 = len(room.cells) * HALF_MM * HALF_MM * DAYLIGHT
    openings = _lit(room, found, needed_mm2, off_corners=True)
    if _area_mm2(openings) < needed_mm2:
        openings = _lit(room, found, needed_mm2, off_corners=False)
    return openings


def _area_mm2(openings: Iterable[Opening]) -> int:
    return sum(o.width_mm * (o.head_mm - o.sill_mm) for o in openings)


def _lit(room: _Room, found: Sequence[Run], needed_mm2: float, *, off_corners: bool) -> list[Opening]:
    """Put windows into the best walls until there is enough light, one into each outer side, one above the counter."""
    openings: list[Opening] = []
    sides: set[Side] = set()
    for run in sorted(found, key=lambda r: (-_worth(r, room), -r.span, r)):
        side, counter = _facing(run, room.cells), run.edge in room.high_sill
        left_mm2 = needed_mm2 - _area_mm2(openings)
        if left_mm2 <= 0 and not counter and (side in sides or run.span < 4):
            continue
        part = _off_corners(run, room.everything) if off_corners else run
        made = _above_counter(part) if counter else _in_wall(room, run, part, side, left_mm2)
        openings += made
        sides |= {side} if made else set()
    return openings


def _in_wall(room: _Room, run: Run, part: Run, side: Side, left_mm2: float) -> list[Opening]:
    """Put one or two windows into a wall: french ones to a balcony and to the garden."""
    garden = room.floor == 1 and room.kind in ("ldk", "wa") and side == "s"
    if garden or _meets(run, room.balcony):
        return _fill(part, "french", left_mm2, two=garden and room.kind == "ldk" and run.span >= LONG_SOUTH)
    if left_mm2 <= 0 and side in ("n", "w"):  # more than is needed: no large ones to the cold and to the evening sun
        return _largest([part], None, 2)
    return _fill(part, "window", left_mm2)


def _meets(run: Run, outdoors: frozenset[Cell]) -> bool:
    return bool((run.beside(1, 1) | run.beside(-1, 1)) & outdoors)


def _worth(run: Run, room: _Room) -> int:
    if run.edge in room.high_sill:
        return -2
    if _meets(run, room.balcony):
        return 9
    return {"s": 3, "e": 2, "w": 1, "n": 0}[_facing(run, room.cells)] if run.span >= 4 else -1


def _fill(run: Run, kind: OpeningKind, needed_mm2: float, *, two: bool = False) -> list[Opening]:
    """Put one window, or two where one is not enough or two are asked for, into a run."""
    sill = WINDOW_SILL_MM[kind]
    spans = [s for s in sorted(SASH_WIDTH_MM, reverse=True) if s <= run.span]
    if not spans:
        return []
    enough = [s for s in spans if SASH_WIDTH_MM[s] * (WINDOW_HEAD_MM - sill) >= needed_mm2 / (1 + two)]
    span = min(enough) if enough else spans[0]
    if span < 4 <= run.span:
        span = 4
    count = 2 if (two or not enough) and run.span >= 2 * span else 1
    gap = (run.span - count * span) // (count + 1)
    places = [gap + i * (span + gap) for i in range(count)]
    return [_window(kind, run.part(p, span)) for p in places]


def _above_counter(run: Run) -> list[Opening]:
    """Put a low and wide sash above a counter."""
    span = min(run.span, 3)
    if span < 2:
        return []
    part = run.part((run.span - span) // 2, span)
    return [replace(_window("window", part), sill_mm=COUNTER_SILL_MM)]


# --- small sashes ---------------------------------------------------------------------------


def _largest(found: Iterable[Run], everything: frozenset[Cell] | None, span: int) -> list[Opening]:
    """Put a sash of at most a span into the middle of the longest run; none where no run takes a sash."""
    runs_here = list(found)
    if not runs_here:
        return []
    run = max(runs_here, key=lambda r: r.span)
    part = run if everything is None else _off_corners(run, everything)
    span = min(span, part.span)
    return [_window("window", part.part((part.span - span) // 2, span))] if span >= 2 else []


def _on_blank_sides(
    storey: Storey, openings: Sequence[Opening], porch: frozenset[Cell], walls: Mapping[int, Sequence[Run]]
) -> list[Opening]:
    """Give each long side of the house without an opening a small sash, where a room behind it can take one."""
    everything = storey.cells
    outer = border(everything)
    facing = Counter(_facing(Run(e.axis, e.x, e.y, 1), everything) for e in outer)
    used = {_facing(Run(o.axis, o.x, o.y, 1), everything) for o in openings}
    used |= {_facing(Run(e.axis, e.x, e.y, 1), everything) for e in outer if porch.intersection(e.cells)}
    found: list[Opening] = []
    for side in SIDES:
        if side in used or facing[side] < BLANK:
            continue
        behind = [
            (_FOR_BLANK.index(kind), -run.span, run)
            for i, (kind, cells) in enumerate(storey.rooms)
            if kind in _FOR_BLANK
            for run in walls[i]
            if run.span >= 2 and _facing(run, cells) == side
        ]
        if behind:
            found += _largest([min(behind)[2]], everything, 2)
    return found


def _window(kind: OpeningKind, run: Run) -> Opening:
    return Opening(
        kind, run.axis, run.x, run.y, run.span, SASH_WIDTH_MM[run.span], WINDOW_SILL_MM[kind], WINDOW_HEAD_MM
    )
