"""Rules about doors, windows and balconies."""

from __future__ import annotations

from collections.abc import Iterator

from madorizu.plan import (
    DOOR_KINDS,
    HALF_MM,
    MODULE_MM,
    OPENING_KINDS,
    SIDES,
    WINDOW_KINDS,
    Cell,
    neighbours,
)
from madorizu.rules.facts import HABITABLE, Case, Finding, Hosted, Storey
from madorizu.rules.regions import narrower_than

FRAME_MARGIN_MM = 45  # wall left beside a frame, both ends together; an 850 mm door goes into 910 mm
SWING_KINDS = frozenset({"hinged", "entrance", "service"})
MAX_LEAF_MM = 1365
OUTER_KINDS = WINDOW_KINDS | {"entrance", "service"}
DAYLIGHT_SHARE = 10  # least window area: one tenth of the floor
VENTILATION_SHARE = 20
AIRED = frozenset({"bath", "wc"})
BALCONY_LENGTH = 4  # half modules

NAMES = {
    "entrance": ("Entrance door", "玄関ドア"),
    "hinged": ("Hinged door", "片開き戸"),
    "sliding": ("Sliding door", "片引き戸"),
    "double_sliding": ("Double sliding door", "引違い戸"),
    "folding": ("Folding door", "折戸"),
    "open": ("Open passage", "開口"),
    "window": ("Window", "窓"),
    "french": ("French window", "掃出し窓"),
    "service": ("Service door", "勝手口"),
}


def daylight(case: Case) -> Iterator[Finding]:
    """Find habitable rooms with too little window.

    What it checks: Each habitable room (LDK, 主寝室, 洋室, 和室) has a window at least one module wide
        in an outer wall, and its windows in outer walls (width × height between sill and head)
        measure at least A/10 of its floor area A. From A/10 to A/7 lighting of 50 lx at the floor is
        needed besides; that is not checked, nor is the correction for what stands outside. Light
        borrowed through 襖 from another room is not counted.
    Why: 建築基準法28条1項, 施行令19条: A/7, or A/10 with lighting (since April 2023). A room that fails
        must be called 納戸.
    Example: A bedroom of 9.9 m² with one window of 690 × 1100 mm.
    Reference: 建築基準法28条1項, 施行令19条; A/10 with lighting since April 2023.
    """
    for s in case.storeys:
        windows = _windows(s)
        for i, room in enumerate(s.plan.rooms):
            if room.kind not in HABITABLE or not room.cells:
                continue
            hosts = windows.get(i, ())
            if not any(h.opening.span >= 2 for h in hosts):
                yield s.finding(
                    "H09",
                    i,
                    f"{s.named(i)} must have a window in an outer wall at least {MODULE_MM} mm long, got none",
                    f"{s.named_ja(i)}に採光のための窓がありません",
                )
                continue
            area_mm2 = sum(map(_area_mm2, hosts))
            floor_mm2 = len(room.cells) * HALF_MM * HALF_MM
            if area_mm2 * DAYLIGHT_SHARE < floor_mm2:
                least, got = floor_mm2 / DAYLIGHT_SHARE / 1e6, area_mm2 / 1e6
                yield s.finding(
                    "H09",
                    i,
                    f"{s.named(i)} must have at least {least:.2f} m² of window (A/10), got {got:.2f}",
                    f"{s.named_ja(i)}の窓面積は{least:.2f}㎡(床面積の1/10)以上が必要です({got:.2f}㎡)",
                )


def ventilation(case: Case) -> Iterator[Finding]:
    """Find rooms that must be ventilated by a fan.

    What it checks: The part that opens of each habitable room's windows in outer walls measures at
        least A/20 of its floor (of a window that slides, half; a service door whole), and each bath
        and WC has a window to the outside. This is information, never a reason to refuse: houses
        have mechanical ventilation, which is assumed.
    Why: 建築基準法28条2項 and 施行令28条 ask for the window or for the fan; 28条の2 asks for a fan in
        any case (since 2003).
    Example: A WC in the middle of the house.
    Reference: 建築基準法28条2項 and 28条の2, 施行令28条.
    """
    for s in case.storeys:
        windows = _windows(s)
        for i, room in enumerate(s.plan.rooms):
            if room.kind in AIRED and room.cells and i not in windows:
                yield s.finding(
                    "H10",
                    i,
                    f"{s.named(i)} must have a window or mechanical ventilation, got no window",
                    f"{s.named_ja(i)}に窓がないため、機械換気が必要です",
                )
            elif room.kind in HABITABLE and room.cells:
                doors = (h for h in s.hosted if h.opening.kind == "service" and i in (h.rooms or ()))
                air_mm2 = sum(map(_area_mm2, windows.get(i, ()))) / 2 + sum(map(_area_mm2, doors))
                if air_mm2 * VENTILATION_SHARE < len(room.cells) * HALF_MM * HALF_MM:
                    yield s.finding(
                        "H10",
                        i,
                        f"{s.named(i)} must have A/20 of window that opens or mechanical ventilation, got less",
                        f"{s.named_ja(i)}は開口面積が床面積の1/20に満たないため、機械換気が必要です",
                    )


def _area_mm2(h: Hosted) -> int:
    return max(0, h.opening.width_mm) * max(0, h.opening.head_mm - h.opening.sill_mm)


def _windows(s: Storey) -> dict[int, tuple[Hosted, ...]]:
    """Return each indoor room's windows to the outside."""
    found: dict[int, tuple[Hosted, ...]] = {}
    for h in s.hosted:
        if h.opening.kind not in WINDOW_KINDS or h.rooms is None:
            continue
        for inside, outside in (h.rooms, h.rooms[::-1]):
            if inside is not None and s.indoor[inside] and not s.is_indoors(outside):
                found[inside] = (*found.get(inside, ()), h)
    return found


def balcony(case: Case) -> Iterator[Finding]:
    """Find balconies that are too small, built in, on the ground or not entered.

    What it checks: A balcony lies on 2F or above, is at least one module deep everywhere and two long,
        is open to the air along at least the length of its long side, and has a door or french
        window to a habitable room or a hall.
    Why: Washing is hung out there; a balcony that only a bath leads to serves nobody.
    Example: A balcony beside a bedroom that has but a window to it.
    Reference: Judgement of the trade.
    """
    for s in case.storeys:
        for i in s.rooms_of.get("balcony", ()):
            cells = s.plan.rooms[i].cells
            if cells:
                yield from _balcony_faults(s, i, cells)


def _balcony_faults(s: Storey, i: int, cells: frozenset[Cell]) -> Iterator[Finding]:
    if s.floor < 2:
        yield s.finding("H12", i, "Balcony must be on 2F or above, got 1F", "バルコニーは2階以上に必要です")
    long = max(s.boxes[i][2:])
    if narrower_than(cells, 2) or long < BALCONY_LENGTH:
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
    if not any(s.plan.rooms[o].kind in HABITABLE | {"hall"} for o, _ in s.links.get(i, ())):
        yield s.finding(
            "H12",
            i,
            "Balcony must have a door to a habitable room or a hall, got none",
            "バルコニーへ居室またはホールから出られません",
        )


def openings(case: Case) -> Iterator[Finding]:
    """Find doors and windows that do not fit their wall.

    What it checks: Each opening lies on one straight wall between the same two rooms all along.
        Windows, entrance and service doors are in an outer wall, other doors and open passages
        between two indoor rooms (a hinged or sliding door may lead to a balcony, porch or deck).
        No door leads to a void or, from 2F up, into the air. The frame is at least 45 mm shorter
        than its run of wall (an open passage may fill it), its head is above its sill, frames do
        not overlap, and a hinged leaf of at most 1365 mm turns through 90° without meeting a wall.
    Why: What is drawn must be possible to build and to open.
    Example: A hinged door that opens into a closet half a module deep.
    Reference: Usual frame widths of makers; judgement for the margins.
    """
    for s in case.storeys:
        joined = _open_plan(s)
        for h in s.hosted:
            fault = _misplaced(s, h) or _misfit(h) or _blocked(s, h, joined)
            if fault:
                name, name_ja = NAMES.get(h.opening.kind, (f"Opening {h.opening.kind[:20]!r}", "開口部"))
                yield s.finding("H13", None, f"{name} {fault[0]}", f"{name_ja}{fault[1]}", h.cell)
        yield from _collisions(s)


Fault = tuple[str, str]


def _misplaced(s: Storey, h: Hosted) -> Fault | None:
    """Say why an opening lies in the wrong wall, in both languages."""
    kind = h.opening.kind
    if kind not in OPENING_KINDS:
        return f"must be of a known kind, got {kind[:20]!r}", "の種類が不明です"
    if h.rooms is None:
        return "must lie between the same two rooms all along, got several", "が2つの部屋の境界をまたいでいます"
    a, b = h.rooms
    if a == b:
        return "must lie in a wall, got none there", "の位置に壁がありません"
    indoors = s.is_indoors(a) + s.is_indoors(b)
    if indoors == 0:
        return "must lie in a wall of the house, got a place outdoors", "が建物の外にあります"
    if kind in OUTER_KINDS and indoors == 2:
        return "must lie in an outer wall, got an inner one", "は外壁に必要です"
    if kind == "open" and indoors == 1:
        return "must lie between two indoor rooms, got an outer wall", "が外壁にあります"
    if kind in DOOR_KINDS - OUTER_KINDS and None in h.rooms:
        return "must lie between two rooms, got an outer wall", "が外壁にあります"
    if kind in DOOR_KINDS and kind != "open" and "void" in (s.kind(a), s.kind(b)):
        return "must not lead to a void, got one", "が吹抜に面しています"
    if kind in DOOR_KINDS and s.floor > 1 and None in h.rooms:
        return f"on {s.floor}F must lead to a balcony, got the open air", "の先にバルコニーがありません"
    return None


def _misfit(h: Hosted) -> Fault | None:
    """Say why a frame does not fit its run of wall, in both languages."""
    o = h.opening
    widest = o.span * HALF_MM - (0 if o.kind == "open" else FRAME_MARGIN_MM)
    if not 0 < o.width_mm <= widest:
        return (
            f"must be 1 to {widest} mm wide in its run of wall, got {o.width_mm}",
            f"の幅は{widest}mm以下が必要です({o.width_mm}mm)",
        )
    if not 0 <= o.sill_mm < o.head_mm:
        return (
            f"must have its head above its sill, got {o.head_mm} and {o.sill_mm} mm",
            f"の高さが不正です(下端{o.sill_mm}mm、上端{o.head_mm}mm)",
        )
    if o.kind in SWING_KINDS and o.width_mm > MAX_LEAF_MM:
        return (
            f"must have a leaf of at most {MAX_LEAF_MM} mm, got {o.width_mm}",
            f"の扉幅は{MAX_LEAF_MM}mm以下が必要です({o.width_mm}mm)",
        )
    return None


def _blocked(s: Storey, h: Hosted, joined: dict[int, frozenset[int]]) -> Fault | None:
    """Say why a hinged leaf cannot open, in both languages."""
    o = h.opening
    if o.kind not in SWING_KINDS or h.rooms is None:
        return None
    home = h.rooms[1] if o.side == 1 else h.rooms[0]
    outdoors = not s.is_indoors(home)
    free = joined.get(home, frozenset({home})) if home is not None else frozenset()
    for cell in _swept(h):
        owner = s.owner.get(cell)
        if s.is_indoors(owner) if outdoors else owner not in free:
            return "must open through 90° without meeting a wall, got one in its way", "の開く範囲に壁があります"
    return None


def _swept(h: Hosted) -> Iterator[Cell]:
    """Yield the cells that the quarter disc of a leaf enters."""
    o = h.opening
    radius, before = o.width_mm, (o.span * HALF_MM - o.width_mm) // 2
    for deep in range(-(-radius // HALF_MM)):
        for along in range(o.span):
            # The nearest point of this cell to the hinge decides.
            start = along if o.hinge == "start" else o.span - 1 - along
            near_mm = max(0, start * HALF_MM - before)
            if near_mm**2 + (deep * HALF_MM) ** 2 < radius**2:
                away = deep if o.side == 1 else -1 - deep
                yield (o.x + along, o.y + away) if o.axis == "h" else (o.x + away, o.y + along)


def _open_plan(s: Storey) -> dict[int, frozenset[int]]:
    """Return per room the rooms that no wall parts from it somewhere, itself included."""
    return {
        i: frozenset({i, *(other for other, h in links if h.opening.kind == "open")}) for i, links in s.links.items()
    }


def _collisions(s: Storey) -> Iterator[Finding]:
    lines: dict[tuple[str, int], list[tuple[int, int, Hosted]]] = {}
    for h in s.hosted:
        o = h.opening
        line, start = (o.y, o.x) if o.axis == "h" else (o.x, o.y)
        first = start * HALF_MM + (o.span * HALF_MM - o.width_mm) // 2
        lines.setdefault((o.axis, line), []).append((first, first + o.width_mm, h))
    for frames in lines.values():
        frames.sort(key=lambda f: f[:2])
        end: int | None = None
        for first, last, h in frames:
            if end is not None and first < end:
                name, name_ja = NAMES.get(h.opening.kind, ("Opening", "開口部"))
                yield s.finding(
                    "H13",
                    None,
                    f"{name} must not overlap another opening, got one in the same place",
                    f"{name_ja}がほかの開口部と重なっています",
                    h.cell,
                )
            end = last if end is None else max(end, last)


# --- soft ---------------------------------------------------------------------------------


def sunny_ldk(case: Case) -> Iterator[Finding]:
    """Find an LDK that does not look south.

    What it checks: Each LDK has at least two modules (1820 mm) of outer wall to the south.
    Why: The sun warms the room in which the family spends the day.
    Example: An LDK along the north wall behind two bedrooms.
    Reference: Judgement; orientation as asked for in Japan.
    """
    for s in case.storeys:
        for i in s.rooms_of.get("ldk", ()):
            if (got := s.faces[i].get(SIDES[2], 0)) < 4 and s.plan.rooms[i].cells:
                yield s.finding(
                    "S01",
                    i,
                    f"LDK should have at least {4 * HALF_MM} mm of wall to the south, got {got * HALF_MM}",
                    f"LDKは南面に{4 * HALF_MM}mm以上接することが望ましいです({got * HALF_MM}mm)",
                )
