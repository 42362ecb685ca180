"""The rule of stairs: one per storey, stair on stair, with a way on and a way off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from madorizu.catalogue import STAIRS
from madorizu.plan import CLOCKWISE, OPPOSITE, Cell, Edge, Side, Stair, cells_in
from madorizu.rules.facts import Case, Finding, Storey

LANDINGS = frozenset({"hall", "ldk", "ent"})
MAX_RISE_MM = 230  # 建築基準法施行令23条, stair of a dwelling
RISERS = {t.kind: t.risers for t in STAIRS}
USUAL_RISERS = 14
FLIGHT = 2  # half modules: the width of a flight
# Extent in half modules: across the first flight (exactly), and along it at least. Both are at most what
# the longest stair of the catalogue has.
ACROSS = {"straight": 2, "u": 4}
LEAST_ALONG = {"straight": 7, "u": 4, "l": 4}
MOST_ALONG = {kind: max(max(t.width, t.depth) for t in STAIRS if t.kind == kind) for kind in RISERS}
TURNS = {"straight": ("none",), "u": ("left", "right"), "l": ("left", "right")}


def stairs(case: Case) -> Iterator[Finding]:
    """Find stairs that are missing, misplaced or without a landing.

    What it checks: Each storey of a house of two or more has exactly one stair, a house of one storey
        none; all are the same stair on the same cells. The stair's room fills its rectangle, of a
        stair that turns once its two flights, without the corner that they go round. A straight
        stair turns to no side, is one module wide and 3.5 to 4 long; one that turns back is two wide
        and 2 to 2.5 long, one that turns once 2 to 3 each way. One steps on (1F) and off (2F) at its
        proper edges,
        through an open passage or door to hall, LDK or entrance, and it has no door elsewhere.
        A riser is at most 230 mm. Of a storey alone, 2F and above must have a stair.
    Why: 建築基準法施行令23条; and a stair that arrives in a bedroom, or under another wall, is none.
    Example: A 2F whose stair lies one module east of the stair below.
    Reference: 建築基準法施行令23条 (rise of at most 230 mm in a dwelling), and the usual stairs of the 910 mm
        module.
    """
    for s in case.storeys:
        yield from _presence(s, case)
        for i in s.rooms_of.get("stair", ())[:1]:
            if s.plan.stair is not None:
                yield from _form(s, i, s.plan.stair)
                yield from _ways(s, i, s.plan.stair, case)
    if case.is_house:
        yield from _stacked(case)


def _presence(s: Storey, case: Case) -> Iterator[Finding]:
    rooms, stair = s.rooms_of.get("stair", ()), s.plan.stair
    if len(rooms) > 1:
        text = f"{s.floor}F must have one stair, got {len(rooms)}"
        yield s.finding("H05", rooms[1], text, f"{s.floor}階の階段は1つでなければなりません({len(rooms)})")
    if bool(rooms) != (stair is not None):
        got, got_ja = ("a room alone", "階段の形") if rooms else ("a form alone", "階段室")
        text = f"Stair of {s.floor}F must have both a room and a form, got {got}"
        yield s.finding("H05", rooms[0] if rooms else None, text, f"{s.floor}階の{got_ja}がありません")
    elif not rooms and (s.floor > 1 or (case.is_house and len(case.storeys) > 1)):
        yield s.finding("H05", None, f"{s.floor}F must have a stair, got none", f"{s.floor}階に階段がありません")
    elif rooms and case.is_house and len(case.storeys) == 1:
        yield s.finding("H05", rooms[0], "House of one storey must have no stair, got one", "平屋に階段は置けません")


def _form(s: Storey, i: int, stair: Stair) -> Iterator[Finding]:
    x, y, width, height = stair.rect
    across, along = (width, height) if stair.rise in ("n", "s") else (height, width)
    cells = s.plan.rooms[i].cells
    least, most = LEAST_ALONG.get(stair.kind, 4), MOST_ALONG.get(stair.kind, 0)
    allowed = range(ACROSS.get(stair.kind, least), ACROSS.get(stair.kind, most) + 1)
    if across not in allowed or not least <= along <= most:
        yield s.finding(
            "H05",
            i,
            f"Stair of kind {stair.kind} must be of its usual size, got {width / 2:g} x {height / 2:g} modules",
            f"階段の大きさが不正です({width / 2:g}×{height / 2:g}モジュール)",
        )
    elif cells != _flights(stair):
        yield s.finding(
            "H05",
            i,
            "Stair's room must be the stair's flights, got other cells",
            "階段室と階段の範囲が一致しません",
        )
    turns = TURNS.get(stair.kind, ())
    if stair.turn not in turns:
        yield s.finding(
            "H05",
            i,
            f"Turn of a stair of kind {stair.kind} must be {' or '.join(turns)}, got {stair.turn}",
            f"階段の形と曲がる向きが一致しません({stair.turn})",
        )
    risers = RISERS.get(stair.kind, USUAL_RISERS)
    if s.floor == 1 and (rise := -(-s.plan.storey_height_mm // risers)) > MAX_RISE_MM:
        yield s.finding(
            "H05",
            i,
            f"Riser must be at most {MAX_RISE_MM} mm, got {rise}",
            f"蹴上げは{MAX_RISE_MM}mm以下が必要です({rise}mm)",
        )


def _flights(stair: Stair) -> frozenset[Cell]:
    """Return the cells of a stair: its rectangle, without the corner that a stair which turns once goes round."""
    x, y, width, height = stair.rect
    cells = cells_in(stair.rect)
    if stair.kind != "l":
        return cells
    turned = CLOCKWISE[stair.rise] if stair.turn == "right" else OPPOSITE[CLOCKWISE[stair.rise]]
    # The first flight runs along the side opposite to the turn, the second along the end of the rise.
    sides = (OPPOSITE[turned], stair.rise)
    near: dict[Side, Callable[[Cell], bool]] = {
        "n": lambda c: c[1] < y + FLIGHT,
        "s": lambda c: c[1] >= y + height - FLIGHT,
        "w": lambda c: c[0] < x + FLIGHT,
        "e": lambda c: c[0] >= x + width - FLIGHT,
    }
    return frozenset(c for c in cells if any(near[side](c) for side in sides))


def _ways(s: Storey, i: int, stair: Stair, case: Case) -> Iterator[Finding]:
    """Find faults at the edges where one steps on or off."""
    floors = [other.floor for other in case.storeys]
    ways: list[tuple[str, str, tuple[Edge, ...]]] = []
    if s.floor == 1 or (case.is_house and min(floors) < s.floor < max(floors)):
        ways.append(("first step", "上り口", stair.entry))
    if s.floor > 1:
        ways.append(("last step", "降り口", stair.arrival))
    allowed = {_key(e) for _, _, edges in ways for e in edges}
    doors = [h for _, h in s.links.get(i, ())]
    for name, name_ja, edges in ways:
        if not edges or not all(_outside_kind(s, e, stair) in LANDINGS for e in edges):
            yield s.finding(
                "H05",
                i,
                f"Stair's {name} must lie at a hall, LDK or entrance, got another place",
                f"階段の{name_ja}がホール・LDK・玄関に面していません",
                _cell_of(edges),
            )
        elif not any({_key(e) for e in edges}.intersection(h.edges) for h in doors):
            yield s.finding(
                "H05",
                i,
                f"Stair's {name} must have an open passage or a door, got a wall",
                f"階段の{name_ja}に開口がありません",
                _cell_of(edges),
            )
    for h in doors:
        if not allowed.issuperset(h.edges):
            yield s.finding(
                "H05",
                i,
                "Stair must have no door but at its first and last step, got one",
                "階段の上り口・降り口以外に出入口があります",
                h.cell,
            )


def _outside_kind(s: Storey, edge: Edge, stair: Stair) -> str | None:
    """Return the kind of the room beyond a stair's edge."""
    x, y, width, height = stair.rect
    beyond = (c for c in edge.cells if not (x <= c[0] < x + width and y <= c[1] < y + height))
    return next((s.kind(s.owner.get(c)) for c in beyond), None)


def _stacked(case: Case) -> Iterator[Finding]:
    for below, above in pairwise(case.storeys):
        if below.plan.stair is None or above.plan.stair is None:
            continue
        if below.plan.stair != above.plan.stair or _stair_cells(below) != _stair_cells(above):
            yield above.finding(
                "H05",
                next(iter(above.rooms_of.get("stair", ())), None),
                f"Stair of {above.floor}F must be the stair of {below.floor}F, got another place or form",
                f"{above.floor}階の階段が{below.floor}階の階段と一致しません",
            )


def _stair_cells(s: Storey) -> frozenset[Cell]:
    return frozenset(c for i in s.rooms_of.get("stair", ()) for c in s.plan.rooms[i].cells)


def _key(edge: Edge) -> tuple[str, int, int]:
    return edge.axis, edge.x, edge.y


def _cell_of(edges: Iterable[Edge]) -> Cell | None:
    return next(((e.x, e.y) for e in edges), None)
