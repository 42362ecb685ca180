"""Rules about the brief: what was asked for and is not there. All are hard.

A wish speaks of one storey ("1F", "2F"), of a house of two ("both": its size is the 1F's,
rooms and elements may be on either), or of a storey whose number is open ("unknown": the
plan given, or the lowest of a house). What a brief does not mention is open.
"""

from __future__ import annotations

from collections.abc import Iterator

from madorizu.brief import ELEMENTS, FEATURES, PLACE_WORDS, SIDE_WORDS, Place, stair_place
from madorizu.catalogue import ROOMS
from madorizu.plan import HALF_MM, Side
from madorizu.rules.facts import HABITABLE, Case, Finding, Storey

SIDE_JA: dict[Side, str] = {"n": "北", "e": "東", "s": "南", "w": "西"}
PLACES_JA: dict[Place, str] = {
    "nw": "北西", "n": "北", "ne": "北東", "w": "西", "c": "中央", "e": "東", "sw": "南西", "s": "南", "se": "南東",
}  # fmt: skip
ELEMENTS_JA = {"stairs": "階段", "entrance": "玄関", "balcony": "バルコニー"}


def size_as_asked(case: Case) -> Iterator[Finding]:
    """Find a storey that is not exactly W×H.

    What it checks: The bounding rectangle of the indoor rooms, between wall centre-lines, is exactly
        as wide (east-west) and as high (north-south) as the brief says. Balcony, porch and deck are
        not counted. For a house of two storeys the size is that of 1F; where the brief also says
        one for 2F, that storey is measured too.
    Why: The site decides the size; a house half a module wider does not fit it.
    Example: A storey of 8 × 8.5 modules where 8 × 9 was asked.
    """
    for s, (asked_w, asked_h) in _sizes_asked(case):
        boxes = [b for b, indoor in zip(s.boxes, s.indoor, strict=True) if indoor and b[2]]
        if not boxes:
            continue  # H02 speaks
        width_mm = (max(b[0] + b[2] for b in boxes) - min(b[0] for b in boxes)) * HALF_MM
        height_mm = (max(b[1] + b[3] for b in boxes) - min(b[1] for b in boxes)) * HALF_MM
        if (width_mm, height_mm) != (asked_w, asked_h):
            yield s.finding(
                "B01",
                None,
                f"Storey must measure {asked_w} x {asked_h} mm, got {width_mm} x {height_mm}",
                f"外形は{asked_w}×{asked_h}mmの要望に対し{width_mm}×{height_mm}mmです",
            )


def _sizes_asked(case: Case) -> Iterator[tuple[Storey, tuple[int, int]]]:
    """Yield the storeys that the brief gives a size, with it."""
    brief = case.brief
    if brief is None:
        return
    lower = brief.width_mm, brief.height_mm
    if brief.floor != "both":
        yield from ((s, lower) for s in _storeys_meant(case)[:1])
        return
    sizes = {1: lower, 2: brief.upper_mm}
    for s in _storeys_meant(case):
        size = sizes.get(s.floor)
        if size is not None:
            yield s, size


def storey_as_asked(case: Case) -> Iterator[Finding]:
    """Find another storey than was asked for.

    What it checks: Where the brief says 1F or 2F, the plan is of that storey or the house has it;
        where it says both, a house of two storeys is given.
    Why: 1F and 2F differ in entrance, stair and programme.
    Example: A 1F plan where 2F was asked.
    """
    if case.brief is None or case.brief.floor == "unknown":
        return
    floors = sorted(s.floor for s in case.storeys)
    wanted = [1, 2] if case.brief.floor == "both" else [int(case.brief.floor[0])]
    met = floors == wanted if case.brief.floor == "both" else wanted[0] in floors
    if not met:
        asked, got = " and ".join(f"{f}F" for f in wanted), ", ".join(f"{f}F" for f in floors) or "none"
        yield case.finding("B02", f"Storey must be {asked}, got {got}", f"{asked}の要望に対し{got}です")


def elements_as_asked(case: Case) -> Iterator[Finding]:
    """Find stairs, entrance or balcony missing that were asked for.

    What it checks: Each element that the brief names is there as a room.
    Why: It was asked for.
    Example: A 2F without a balcony where the brief names one.
    """
    kinds = {"stairs": "stair", "entrance": "ent", "balcony": "balcony"}
    asked = case.brief.elements if case.brief is not None else frozenset()
    for element in ELEMENTS:
        if element in asked and not _has(case, kinds[element]):
            yield case.finding(
                "B03", f"Plan must have {element} as asked, got none", f"要望の{ELEMENTS_JA[element]}がありません"
            )


def entrance_side_as_asked(case: Case) -> Iterator[Finding]:
    """Find an entrance on another side of the house than was asked for.

    What it checks: Where the brief names a side, the entrance door lies in a wall that faces it.
    Why: The road is on that side.
    Example: An entrance door in the north wall where the brief says south.
    """
    if case.brief is None or case.brief.entrance_side is None:
        return
    asked = case.brief.entrance_side
    for s in _storeys_meant(case):
        for h in s.hosted:
            if h.opening.kind != "entrance" or h.rooms is None:
                continue
            first_inside = s.is_indoors(h.rooms[0])
            got: Side = ("s" if first_inside else "n") if h.opening.axis == "h" else ("e" if first_inside else "w")
            if got != asked:
                yield s.finding(
                    "B04",
                    None,
                    f"Entrance must be on the {SIDE_WORDS[asked]} side, got {SIDE_WORDS[got]}",
                    f"玄関は{SIDE_JA[asked]}側の要望に対し{SIDE_JA[got]}側です",
                    h.cell,
                )


def bedrooms_as_asked(case: Case) -> Iterator[Finding]:
    """Find another number of bedrooms than was asked for.

    What it checks: Where the brief names a number, exactly so many 洋室 and 主寝室 are there, on the
        storey it speaks of or, for a house of two, on both together. 和室 are not counted.
    Why: It was asked for.
    Example: Two bedrooms where three were asked.
    """
    if case.brief is None or case.brief.bedrooms is None:
        return
    got = sum(len(s.rooms_of.get(k, ())) for s in _storeys_meant(case) for k in ("bed", "mbr"))
    if got != case.brief.bedrooms:
        yield case.finding(
            "B05",
            f"Plan must have {case.brief.bedrooms} bedrooms as asked, got {got}",
            f"寝室は{case.brief.bedrooms}室の要望に対し{got}室です",
        )


def features_as_asked(case: Case) -> Iterator[Finding]:
    """Find rooms missing that were asked for.

    What it checks: Each room kind that the brief names (LDK, 和室, bath, WIC, …) is there.
    Why: It was asked for.
    Example: A 1F without a tatami room where the brief names one.
    """
    asked = case.brief.features if case.brief is not None else frozenset()
    for kind in FEATURES:
        if kind in asked and not _has(case, kind):
            room = ROOMS[kind]
            yield case.finding("B06", f"Plan must have {room.en} as asked, got none", f"要望の{room.ja}がありません")


def nldk_as_asked(case: Case) -> Iterator[Finding]:
    """Find another nLDK than was asked for.

    What it checks: Where the brief says nLDK, the house has an LDK and beside it exactly n habitable
        rooms (居室): 主寝室, 洋室 and 和室 of all storeys. 納戸, 書斎 and the like are none. Asked of
        a whole house, or of the 1F of a house of one storey.
    Why: nLDK is how a house is ordered, compared and advertised; n counts the rooms besides the
        LDK (不動産公正取引協議会連合会).
    Example: A house of two bedrooms, a tatami room and an LDK where 4LDK was asked.
    """
    brief = case.brief
    if brief is None or brief.nldk is None or not (case.is_house or brief.floor == "1F"):
        return
    got = sum(len(s.rooms_of.get(k, ())) for s in case.storeys for k in HABITABLE - {"ldk"})
    has_ldk = any("ldk" in s.rooms_of for s in case.storeys)
    if got != brief.nldk or not has_ldk:
        found, found_ja = (f"{got}LDK",) * 2 if has_ldk else (f"{got} rooms without an LDK", f"LDKのない{got}室")
        yield case.finding(
            "B07", f"House must be {brief.nldk}LDK as asked, got {found}", f"{brief.nldk}LDKの要望に対し{found_ja}です"
        )


def stair_place_as_asked(case: Case) -> Iterator[Finding]:
    """Find a stair in another part of the storey than was asked for.

    What it checks: Where the brief names a place, the middle of the stair lies in that third of the
        storey's W×H, from west to east and from north to south; on the border it counts to the
        south and east. Of a house of two storeys the 1F is measured.
    Why: The stair orders both storeys around it; who names its place has a reason outside the plan.
    Example: A stair in the south-east corner where the brief says northwest.
    """
    if case.brief is None or case.brief.stair_place is None:
        return
    asked = case.brief.stair_place
    for s in _storeys_meant(case)[:1]:
        if not any(s.indoor[i] and room.cells for i, room in enumerate(s.plan.rooms)):
            continue  # H02 speaks
        got = stair_place(s.plan)
        if got is not None and got != asked:
            yield s.finding(
                "B08",
                next(iter(s.rooms_of.get("stair", ())), None),
                f"Stairs must be in the {PLACE_WORDS[asked]} as asked, got {PLACE_WORDS[got]}",
                f"階段は{PLACES_JA[asked]}の要望に対し{PLACES_JA[got]}です",
            )


def _has(case: Case, kind: str) -> bool:
    return any(kind in s.rooms_of for s in _storeys_meant(case))


def _storeys_meant(case: Case) -> tuple[Storey, ...]:
    """Return the storeys that the brief speaks of, lowest first."""
    if case.brief is None or not case.is_house or case.brief.floor == "both":
        return tuple(sorted(case.storeys, key=lambda s: s.floor))
    if case.brief.floor == "unknown":
        return tuple(sorted(case.storeys, key=lambda s: s.floor)[:1])
    return tuple(s for s in case.storeys if s.floor == int(case.brief.floor[0]))
