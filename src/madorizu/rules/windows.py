"""Rules about light and air: windows of habitable rooms, ventilation, sun in the LDK."""

from __future__ import annotations

from collections.abc import Iterator

from madorizu.plan import HALF_MM, MODULE_MM, SIDES, WINDOW_KINDS
from madorizu.rules.facts import CEILING_MM, HABITABLE, Case, Finding, Hosted, Storey

DAYLIGHT_SHARE = 10  # least window area: one tenth of the floor
VENTILATION_SHARE = 20
AIRED = frozenset({"bath", "wc"})


def daylight(case: Case) -> Iterator[Finding]:
    """Find habitable rooms with too little window.

    What it checks: Each habitable room (LDK, 主寝室, 洋室, 和室) has a window in an outer wall at least one
        module long, and its windows in outer walls (width × height between sill and head, up to
        200 mm below the next storey) measure at least A/10 of its floor area A. From A/10 to A/7
        lighting of 50 lx at the floor is needed besides; that is not checked, nor is the correction
        for what stands outside. Light borrowed through 襖 from another room is not counted.
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
            area_mm2 = sum(_area_mm2(s, h) for h in hosts)
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
                air_mm2 = sum(_area_mm2(s, h) for h in windows.get(i, ())) / 2 + sum(_area_mm2(s, h) for h in doors)
                if air_mm2 * VENTILATION_SHARE < len(room.cells) * HALF_MM * HALF_MM:
                    yield s.finding(
                        "H10",
                        i,
                        f"{s.named(i)} must have A/20 of window that opens or mechanical ventilation, got less",
                        f"{s.named_ja(i)}は開口面積が床面積の1/20に満たないため、機械換気が必要です",
                    )


def _area_mm2(s: Storey, h: Hosted) -> int:
    # What would reach into the storey above lights nothing here.
    head_mm = min(h.opening.head_mm, s.plan.storey_height_mm - CEILING_MM)
    width_mm = min(h.opening.width_mm, h.opening.span * HALF_MM)
    return max(0, width_mm) * max(0, head_mm - max(0, h.opening.sill_mm))


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
