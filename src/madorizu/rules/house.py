"""Rules about the whole: programme, support from below, shares and sizes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from madorizu.plan import CELL_M2, Cell
from madorizu.rules.facts import STORAGE, Case, Finding, Storey, floor_cells

NEEDED = ("ldk", "bath", "wash", "wc")
OVERHANG = 2  # half modules: 910 mm
MOST_CIRCULATION = 0.22
LEAST_STORAGE = 0.10
BELOW_VOID = frozenset({"ldk", "ent", "hall", "stair"})
LEAST_FILLED = 0.6  # of W×H
UPPER_SHARE = (0.65, 1.0)  # 2F over 1F
CHILD_SPREAD = 0.15


def programme(case: Case) -> Iterator[Finding]:
    """Find what every house needs and this one lacks, and a second LDK.

    What it checks: A house has storeys numbered 1F, 2F, … in this order, and among them exactly one
        LDK (the kitchen) and at least one bath, washroom and WC. Of a storey alone nothing is
        demanded, but it has at most one LDK too.
    Why: Without one of them it is no dwelling; with two kitchens it is two, and an nLDK counts one.
    Example: A house of two bedrooms and an LDK that has no bath.
    Reference: What a dwelling needs; judgement. Houses for two families are not planned.
    """
    count = sum(len(s.rooms_of.get("ldk", ())) for s in case.storeys)
    if count > 1:
        yield case.finding("H08", f"House must have one LDK, got {count}", f"LDKは1つでなければなりません({count})")
    if not case.is_house:
        return
    floors = [s.floor for s in case.storeys]
    if not floors or floors != list(range(1, len(floors) + 1)):
        got = ", ".join(f"{f}F" for f in floors) or "none"
        yield case.finding(
            "H08", f"House must have its storeys from 1F upwards, got {got}", f"階の構成が不正です({got})"
        )
    names = {
        "ldk": ("an LDK", "LDK"),
        "bath": ("a bath", "浴室"),
        "wash": ("a washroom", "洗面室"),
        "wc": ("a WC", "トイレ"),
    }
    for kind in NEEDED:
        if not any(kind in s.rooms_of for s in case.storeys):
            name, name_ja = names[kind]
            yield case.finding("H08", f"House must have {name}, got none", f"{name_ja}がありません")


def support(case: Case) -> Iterator[Finding]:
    """Find parts of an upper storey with nothing below.

    What it checks: Cells of an upper storey, outdoors too, lie over indoor cells of the storey below or at
        most one module (910 mm) beyond them; a balcony may stand over a porch or deck, where posts
        can be. A void lies on 2F or above, over LDK, hall, entrance or stair.
    Why: Timber frames overhang by about one module without special structure. This is a rule of
        thumb, not a proof of structural safety.
    Example: A 2F bedroom that reaches two modules over the garden.
    Reference: Rule of thumb of timber frames on the 910 mm module; no proof of structural safety.
    """
    for s in case.storeys:
        for i in s.rooms_of.get("void", ()):
            if s.floor == 1:
                yield s.finding("H14", i, "Void must be on 2F or above, got 1F", "吹抜は2階以上に必要です")
    if not case.is_house:
        return
    for below, above in pairwise(case.storeys):
        yield from _overhangs(below, above)
        yield from _voids_over_rooms(below, above)


def _overhangs(below: Storey, above: Storey) -> Iterator[Finding]:
    for i, room in enumerate(above.plan.rooms):
        loose = sorted((c for c in room.cells if not _is_held(c, below, room.kind)), key=lambda c: (c[1], c[0]))
        if loose:
            yield above.finding(
                "H14",
                i,
                f"{above.named(i)} must reach at most 910 mm beyond the storey below, got {len(loose)} cells further",
                f"{above.named_ja(i)}が下階から910mmを超えて張り出しています({len(loose)}マス)",
                loose[0],
            )


def _is_held(cell: Cell, below: Storey, kind: str) -> bool:
    owner = below.owner.get(cell)
    if owner is not None and (below.indoor[owner] or kind == "balcony"):
        return True
    x, y = cell
    reach = range(-OVERHANG, OVERHANG + 1)
    return any(below.is_indoors(below.owner.get((x + dx, y + dy))) for dx in reach for dy in reach)


def _voids_over_rooms(below: Storey, above: Storey) -> Iterator[Finding]:
    for i in above.rooms_of.get("void", ()):
        under = {below.kind(below.owner.get(c)) for c in above.plan.rooms[i].cells}
        if not under <= BELOW_VOID:
            yield above.finding(
                "H14",
                i,
                "Void must lie over LDK, hall, entrance or stair, got another room below",
                "吹抜の下はLDK・ホール・玄関・階段でなければなりません",
            )


# --- soft ---------------------------------------------------------------------------------


def circulation_share(case: Case) -> Iterator[Finding]:
    """Find a house that spends too much on ways.

    What it checks: Hall, entrance and stair take at most 22 % of the floor area (voids not counted),
        of the house, or of the storey where only one is given.
    Why: The usual share is 10 to 20 %; what is more is missing in the rooms.
    Example: A storey of 50 m² with a hall of 12 m².
    Reference: Shares of 14 usual programmes: 8 to 21 %, mean 18 %.
    """
    total = floor_cells(case.storeys)
    ways = _cells_of_kinds(case, frozenset({"hall", "ent", "stair"}))
    if total and ways > MOST_CIRCULATION * total:
        yield case.finding(
            "S05",
            f"Hall, entrance and stair should take at most 22 % of the floor, got {100 * ways / total:.1f} %",
            f"廊下・玄関・階段の割合は22%以下が望ましいです({100 * ways / total:.1f}%)",
        )


def storage_share(case: Case) -> Iterator[Finding]:
    """Find a house with too little storage.

    What it checks: Closets and stores (WIC, SIC, 押入, CL, 物入, パントリー, 納戸) take at least 10 % of the
        floor area of a house (not asked of a storey alone), and each bedroom has a closet of its
        own: a door to one.
    Why: Families ask for 10 to 15 %.
    Example: A bedroom without a closet.
    Reference: Builders' advice: at least 10 %, better 15 %.
    """
    total = floor_cells(case.storeys)
    share = _cells_of_kinds(case, STORAGE)
    if case.is_house and total and share < LEAST_STORAGE * total:
        yield case.finding(
            "S06",
            f"Storage should take at least 10 % of the floor, got {100 * share / total:.1f} %",
            f"収納率は10%以上が望ましいです({100 * share / total:.1f}%)",
        )
    for s in case.storeys:
        for kind in ("bed", "mbr"):
            for i in s.rooms_of.get(kind, ()):
                if not any(s.plan.rooms[o].kind in STORAGE for o, _ in s.links.get(i, ())):
                    yield s.finding(
                        "S06",
                        i,
                        f"{s.named(i)} should have a closet, got none",
                        f"{s.named_ja(i)}に収納がありません",
                    )


def bedroom_sizes(case: Case) -> Iterator[Finding]:
    """Find a master bedroom that is not the largest, and children's rooms of unequal size.

    What it checks: No 洋室 is larger than the master bedroom (主寝室), where there is one, and
        the area of each 洋室 is within 15 % of their mean. Closets are rooms of their own here
        and are not counted. Of a storey alone its own bedrooms are compared.
    Why: Two sleep in the master bedroom; brothers and sisters compare theirs.
    Example: Two children's rooms of 8.3 and 13.2 m².
    Reference: Judgement.
    """
    rooms = [(s, i, len(s.plan.rooms[i].cells)) for s in case.storeys for i in s.rooms_of.get("bed", ())]
    masters = [len(s.plan.rooms[i].cells) for s in case.storeys for i in s.rooms_of.get("mbr", ())]
    mean = sum(area for _, _, area in rooms) / max(1, len(rooms))
    for s, i, area in rooms:
        if masters and area > max(masters):
            yield s.finding(
                "S11",
                i,
                f"Bedroom should be at most as large as the master bedroom, got {area * CELL_M2:.2f} m²",
                f"洋室は主寝室より小さいことが望ましいです({area * CELL_M2:.2f}㎡)",
            )
        elif abs(area - mean) > CHILD_SPREAD * mean:
            yield s.finding(
                "S11",
                i,
                f"Bedroom should be within 15 % of the mean of {mean * CELL_M2:.2f} m², got {area * CELL_M2:.2f}",
                f"洋室の広さは平均{mean * CELL_M2:.2f}㎡の±15%以内が望ましいです({area * CELL_M2:.2f}㎡)",
            )


def compactness(case: Case) -> Iterator[Finding]:
    """Find a footprint of many wings, or an upper storey of another size than the lower.

    What it checks: The indoor rooms of each storey fill at least 60 % of their bounding rectangle,
        and each upper storey of a house has 65 to 100 % of the cells of the storey below.
    Why: Outer walls and roofs cost; 15 sheets of one builder had 61 to 98 % and 66 to 87 %. A
        small upper storey leaves much roof, a larger one overhangs.
    Example: An L of two wings, each one room deep.
    Reference: 15 sheets of one builder: 1F over its bounding rectangle 0.61 to 0.98, 2F over 1F 0.66 to
        0.87.
    """
    sizes = [
        sum(len(r.cells) for r, inside in zip(s.plan.rooms, s.indoor, strict=True) if inside) for s in case.storeys
    ]
    for s, cells in zip(case.storeys, sizes, strict=True):
        boxes = [b for b, inside in zip(s.boxes, s.indoor, strict=True) if inside and b[2]]
        width = max((b[0] + b[2] for b in boxes), default=0) - min((b[0] for b in boxes), default=0)
        height = max((b[1] + b[3] for b in boxes), default=0) - min((b[1] for b in boxes), default=0)
        if cells < LEAST_FILLED * width * height:
            share = 100 * cells / (width * height)
            yield s.finding(
                "S17",
                None,
                f"Storey should fill at least 60 % of its W×H, got {share:.0f} %",
                f"建物は外形の60%以上を占めることが望ましいです({share:.0f}%)",
            )
    for (_, below), (above, cells) in pairwise(zip(case.storeys, sizes, strict=True)) if case.is_house else ():
        if below and not UPPER_SHARE[0] * below <= cells <= UPPER_SHARE[1] * below:
            yield above.finding(
                "S17",
                None,
                f"{above.floor}F should have 65 to 100 % of the storey below, got {100 * cells / below:.0f} %",
                f"{above.floor}階の面積は下階の65〜100%が望ましいです({100 * cells / below:.0f}%)",
            )


def _cells_of_kinds(case: Case, kinds: frozenset[str]) -> int:
    return sum(len(r.cells) for s in case.storeys for r in s.plan.rooms if r.kind in kinds)
