"""Rules about what lies before the house: balconies upstairs, porches and decks on the ground."""

from __future__ import annotations

from collections.abc import Iterator

from madorizu.plan import HALF_MM, Cell, neighbours
from madorizu.rules.facts import HABITABLE, Case, Finding, Storey, way_mm
from madorizu.rules.regions import narrower_than, neck

BALCONY_LENGTH = 4  # half modules
LEAST_SQUEEZE_MM = 300  # half of a french window in one module: tight, but one gets out


def balcony(case: Case) -> Iterator[Finding]:
    """Find balconies that are too small, built in, on the ground or not entered, and porches and decks upstairs.

    What it checks: A balcony lies on 2F or above, is at least one module deep everywhere and two long,
        is open to the air along at least the length of its long side, and has a door or french
        window to a habitable room or a hall, of which 300 mm or more can be passed. Porches and decks
        stand on the ground: what lies before an upper storey is a balcony.
    Why: Washing is hung out there; a balcony that only a bath leads to serves nobody.
    Example: A balcony beside a bedroom that has but a window to it; a deck on 2F.
    Reference: Judgement of the trade.
    """
    for s in case.storeys:
        for i in (*s.rooms_of.get("porch", ()), *s.rooms_of.get("deck", ())) if s.floor > 1 else ():
            yield s.finding(
                "H12",
                i,
                f"{s.named(i)} must be on 1F, got {s.floor}F",
                f"{s.named_ja(i)}は1階にだけ置けます({s.floor}階)",
            )
        for i in s.rooms_of.get("balcony", ()):
            cells = s.plan.rooms[i].cells
            if cells:
                yield from _balcony_faults(s, i, cells)


def _balcony_faults(s: Storey, i: int, cells: frozenset[Cell]) -> Iterator[Finding]:
    if s.floor < 2:
        yield s.finding("H12", i, "Balcony must be on 2F or above, got 1F", "バルコニーは2階以上に必要です")
    long = max(s.boxes[i][2:])
    if narrower_than(cells, 2) or neck(cells, 2) or long < BALCONY_LENGTH:
        yield s.finding(
            "H12",
            i,
            "Balcony must be at least 910 mm deep and 1820 mm long, got less",
            "バルコニーは奥行910mm以上、長さ1820mm以上が必要です",
        )
    open_edges = sum(n not in s.owner for c in cells for n in neighbours(c))
    if open_edges < long:
        yield s.finding(
            "H12",
            i,
            f"Balcony must be open along its long side of {long * HALF_MM} mm, got {open_edges * HALF_MM}",
            "バルコニーの長辺が外部に面していません",
        )
    ways = (o for o, h in s.links.get(i, ()) if way_mm(h.opening) >= LEAST_SQUEEZE_MM)
    if not any(s.plan.rooms[o].kind in HABITABLE | {"hall"} for o in ways):
        yield s.finding(
            "H12",
            i,
            "Balcony must have a door to a habitable room or a hall, got none",
            "バルコニーへ居室またはホールから出られません",
        )
