"""Give rooms their windows: daylight for habitable rooms first, small sashes for the rest."""

from __future__ import annotations

import random
from collections.abc import Iterable

from madorizu.catalogue import ROOMS, SASH_WIDTH_MM, WINDOW_HEAD_MM, WINDOW_SILL_MM
from madorizu.houses.runs import Run, runs
from madorizu.houses.topology import Storey
from madorizu.plan import Cell, Edge, Opening, OpeningKind, Side, border

DAYLIGHT = 1 / 7  # window area over floor area that a 居室 needs (建築基準法 28条1項, 令19条)
_SMALL = ("bath", "wc", "wash", "stair", "hall", "s")


def glaze(
    storey: Storey,
    taken: set[Edge],
    high_sill: set[Edge],
    balcony: frozenset[Cell],
    porch: frozenset[Cell],
    *,
    floor: int,
    rng: random.Random,
) -> list[Opening]:
    """Place windows.

    Args:
        storey: the rooms.
        taken: edges that doors already use.
        high_sill: edges behind counters, where a window must have a sill.
        balcony: cells of a balcony; rooms beside it get a french window to it.
        porch: cells of a porch; no window lies half beside it.
        floor: 1 for the ground floor, where large rooms may open to the garden.
        rng: source of randomness.
    """
    everything = storey.cells
    openings: list[Opening] = []
    for kind, cells in storey.rooms:
        outer = [e for e in border(cells) if e not in taken and not all(c in everything for c in e.cells)]
        found = _split_at(_split_at(runs(outer), balcony), porch)
        if ROOMS[kind].habitable:
            openings += _daylight(kind, cells, found, high_sill, balcony, floor, rng)
        elif kind in _SMALL and found:
            openings += _small(found)
    return openings


def _split_at(found: Iterable[Run], balcony: frozenset[Cell]) -> tuple[Run, ...]:
    """Cut runs where a balcony before them begins or ends."""
    parts: list[Run] = []
    for run in found:
        beside = [any(run.part(i, 1).beside(s, 1) & balcony for s in (-1, 1)) for i in range(run.span)]
        start = 0
        for i in range(1, run.span + 1):
            if i == run.span or beside[i] != beside[start]:
                parts.append(run.part(start, i - start))
                start = i
    return tuple(parts)


def _facing(run: Run, cells: frozenset[Cell]) -> Side:
    inside_second = run.edge.cells[1] in cells
    if run.axis == "h":
        return "n" if inside_second else "s"
    return "w" if inside_second else "e"


def _daylight(
    kind: str,
    cells: frozenset[Cell],
    found: Iterable[Run],
    high_sill: set[Edge],
    balcony: frozenset[Cell],
    floor: int,
    rng: random.Random,
) -> list[Opening]:
    needed_mm2 = len(cells) * 455 * 455 * DAYLIGHT
    openings: list[Opening] = []
    by_worth = sorted(found, key=lambda r: (-_worth(r, cells, balcony), -r.span, r))
    for run in by_worth:
        to_balcony = bool(balcony) and any(run.beside(s, 1) & balcony for s in (-1, 1))
        garden = floor == 1 and kind in ("ldk", "wa") and _facing(run, cells) == "s"
        tall = (to_balcony or garden) and not set(run.edges) & high_sill
        lit = sum(o.width_mm * (o.head_mm - o.sill_mm) for o in openings)
        if openings and lit >= needed_mm2 and not (len(openings) < 2 and rng.random() < 0.5):
            break
        openings += _fill(run, "french" if tall else "window", needed_mm2 - lit)
    return openings


def _worth(run: Run, cells: frozenset[Cell], balcony: frozenset[Cell]) -> int:
    if any(run.beside(s, 1) & balcony for s in (-1, 1)):
        return 9
    return {"s": 3, "e": 2, "w": 1, "n": 0}[_facing(run, cells)] if run.span >= 4 else -1


def _fill(run: Run, kind: OpeningKind, needed_mm2: float) -> list[Opening]:
    """Put one window, or two where one is not enough, into a run."""
    sill = WINDOW_SILL_MM[kind]
    spans = [s for s in sorted(SASH_WIDTH_MM, reverse=True) if s <= run.span]
    if not spans:
        return []
    enough = [s for s in spans if SASH_WIDTH_MM[s] * (WINDOW_HEAD_MM - sill) >= needed_mm2]
    span = min(enough) if enough else spans[0]
    if kind == "french":
        span = max(span, 4) if 4 in spans else span
    if span < 4 <= run.span:
        span = 4
    count = 2 if not enough and run.span >= 2 * span else 1
    gap = (run.span - count * span) // (count + 1)
    places = [gap + i * (span + gap) for i in range(count)]
    return [_window(kind, run.part(p, span)) for p in places]


def _small(found: Iterable[Run]) -> list[Opening]:
    run = max(found, key=lambda r: r.span)
    return [_window("window", run.part((run.span - 2) // 2, 2))] if run.span >= 2 else []


def _window(kind: OpeningKind, run: Run) -> Opening:
    return Opening(
        kind, run.axis, run.x, run.y, run.span, SASH_WIDTH_MM[run.span], WINDOW_SILL_MM[kind], WINDOW_HEAD_MM
    )
