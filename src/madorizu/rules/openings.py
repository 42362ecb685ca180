"""The rule of openings: doors and windows in the right wall, of a size that can be built and used."""

from __future__ import annotations

from collections.abc import Iterator

from madorizu.plan import DOOR_KINDS, HALF_MM, OPENING_KINDS, WINDOW_KINDS, Cell, Opening
from madorizu.rules.facts import (
    CEILING_MM,
    LEAST_WAY_MM,
    OWNERS,
    STORAGE,
    SWING_KINDS,
    Case,
    EdgeKey,
    Finding,
    Hosted,
    Storey,
    way_mm,
)

# Wall left beside a frame, both ends together. Makers' wide doors, frames of 850 to 865 mm, are sold for
# one module (910 mm); a tenth of a module, as some ask for, would keep them out.
FRAME_MARGIN_MM = 45
MAX_LEAF_MM = 1365
OUTER_KINDS = WINDOW_KINDS | {"entrance", "service"}
LEAST_ENTRANCE_MM = 750
LEAST_SASH_MM = 300
LEAST_HEAD_MM = 1800  # of what one walks through
MOST_THRESHOLD_MM = 100  # sill of a french window
# Rooms that close with a door. An open passage leads from one of them only to a store or study of its own.
CLOSED = frozenset({"mbr", "bed", "wa", "wc", "bath", "wash", "laundry"})
OF_ITS_OWN = STORAGE | {"den", "laundry"}

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


def openings(case: Case) -> Iterator[Finding]:
    """Find doors and windows that do not fit their wall.

    What it checks: Each opening lies on one straight wall between the same two rooms all along.
        Windows, entrance and service doors are in an outer wall, other doors and open passages
        between two indoor rooms (a hinged or sliding door may lead to a balcony, porch or deck).
        No door leads to a void or, from 2F up, into the air. An open passage leads to no WC, bath,
        washroom, laundry, bedroom or tatami room, except from it to a store, study or laundry that it
        owns (H06). The frame is at least 45 mm shorter than its run of wall (an open passage may
        fill it), and frames do not overlap. A hinged leaf of at most 1365 mm turns through 90° without
        meeting a wall.
        Frames of doors are at least 600 mm wide, of entrance doors 750, of sliding ones 1200, of which
        one half is passed (a french window counts as a window); an open passage may be narrower where
        a wider one joins the same rooms. Doors stand on the floor and are at least 1800 mm high, so are
        french windows, with a sill of at most 100 mm; windows are at least 300 mm wide and high.
        No head is nearer than 200 mm to the storey above.
    Why: What is drawn must be possible to build, to open and to pass, and must hide what is private.
    Example: A hinged door that opens into a closet half a module deep; a WC without a door.
    Reference: Usual frame widths of makers: 650 mm for a WC, 755 for rooms, 870 for entrances, 1645 for one
        sliding leaf and its pocket, sashes of 600 to 2560; judgement for the margins.
    """
    for s in case.storeys:
        gaps = {e for h in s.hosted if h.opening.kind == "open" for e in h.edges}
        for h in s.hosted:
            fault = _misplaced(s, h) or _misfit(s, h) or _exposed(s, h) or _too_small(s, h) or _blocked(s, h, gaps)
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


def _exposed(s: Storey, h: Hosted) -> Fault | None:
    """Say why an open passage must be a door, in both languages."""
    if h.opening.kind != "open" or h.rooms is None:
        return None
    for room, other in (h.rooms, h.rooms[::-1]):
        kind, beyond = s.kind(room), s.kind(other) or ""
        owned = beyond in OF_ITS_OWN and kind in OWNERS.get(beyond, ())
        if kind in CLOSED and not owned and not (s.kind(other) == "wash" and kind == "laundry"):
            name, name_ja = s.named(room or 0), s.named_ja(room or 0)
            return f"must not lead to a room that needs a door, got {name}", f"は{name_ja}には使えません(扉が必要です)"
    return None


def _misfit(s: Storey, h: Hosted) -> Fault | None:
    """Say why a frame does not fit its run of wall or its storey, in both languages."""
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
    if o.head_mm > s.plan.storey_height_mm - CEILING_MM:
        highest = s.plan.storey_height_mm - CEILING_MM
        return (
            f"must have its head at most {highest} mm above the floor, got {o.head_mm}",
            f"の上端は床から{highest}mm以下が必要です({o.head_mm}mm)",
        )
    if o.kind in SWING_KINDS and o.width_mm > MAX_LEAF_MM:
        return (
            f"must have a leaf of at most {MAX_LEAF_MM} mm, got {o.width_mm}",
            f"の扉幅は{MAX_LEAF_MM}mm以下が必要です({o.width_mm}mm)",
        )
    return None


def _too_small(s: Storey, h: Hosted) -> Fault | None:
    """Say why nobody can pass a door, or why a window is none, in both languages."""
    o = h.opening
    if o.kind == "window":
        width_mm, height_mm = o.width_mm, o.head_mm - o.sill_mm
        if min(width_mm, height_mm) >= LEAST_SASH_MM:
            return None
        return (
            f"must be at least {LEAST_SASH_MM} mm wide and high, got {width_mm} x {height_mm}",
            f"の幅と高さは{LEAST_SASH_MM}mm以上が必要です({width_mm}×{height_mm}mm)",
        )
    lowest = MOST_THRESHOLD_MM if o.kind == "french" else 0
    if o.sill_mm > lowest or o.head_mm < LEAST_HEAD_MM:
        return (
            f"must reach from the floor to {LEAST_HEAD_MM} mm or higher, got {o.sill_mm} to {o.head_mm}",
            f"は床から{LEAST_HEAD_MM}mm以上の高さが必要です({o.sill_mm}〜{o.head_mm}mm)",
        )
    least_mm = _least_frame_mm(o)
    if o.width_mm >= least_mm or (o.kind == "open" and _has_wider_way(s, h)):
        return None
    return (
        f"must have a frame of at least {least_mm} mm, got {o.width_mm}",
        f"の幅は{least_mm}mm以上が必要です({o.width_mm}mm)",
    )


def _least_frame_mm(o: Opening) -> int:
    if o.kind == "entrance":
        return LEAST_ENTRANCE_MM
    if o.kind in ("sliding", "double_sliding"):
        return 2 * LEAST_WAY_MM
    return LEAST_SASH_MM if o.kind == "french" else LEAST_WAY_MM


def _has_wider_way(s: Storey, h: Hosted) -> bool:
    a, b = h.rooms or (None, None)
    return a is not None and any(other == b and way_mm(w.opening) >= LEAST_WAY_MM for other, w in s.links.get(a, ()))


def _blocked(s: Storey, h: Hosted, gaps: set[EdgeKey]) -> Fault | None:
    """Say why a hinged leaf cannot open, in both languages."""
    if h.opening.kind not in SWING_KINDS or h.rooms is None:
        return None
    swept = set(_swept(h))
    for x, y in swept:
        for beyond, edge in (((x + 1, y), ("v", x + 1, y)), ((x, y + 1), ("h", x, y + 1))):
            if beyond in swept and _is_wall(s, (x, y), beyond, edge, gaps):
                return "must open through 90° without meeting a wall, got one in its way", "の開く範囲に壁があります"
    return None


def _is_wall(s: Storey, cell: Cell, beyond: Cell, edge: EdgeKey, gaps: set[EdgeKey]) -> bool:
    """Say whether something stands between two cells that stops a leaf: a wall, or the rail of a void."""
    a, b = s.owner.get(cell), s.owner.get(beyond)
    if a == b or not (s.is_indoors(a) or s.is_indoors(b)):
        return False
    return edge not in gaps or "void" in (s.kind(a), s.kind(b))


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
