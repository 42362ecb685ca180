"""An estate agent's listing: flat colours per use, brown walls, label pills, a watermark and a logo."""

from __future__ import annotations

import random

from madorizu.catalogue import ROOMS
from madorizu.plan import JO_M2, Fixture, Opening, Plan, Room, indoor_cells, railings, rects_of
from strangers import shapes
from strangers.paper import (
    Colour,
    Drawn,
    Frame,
    Sheet,
    area,
    blank,
    box,
    extent_px,
    finished,
    letters,
    line,
    lines,
    oval,
    rounded,
    write,
)

PX_PER_MODULE = 45.0
OUTER_MM, INNER_MM = 160.0, 120.0
WHITE, WALL, SOFT, TEXT = (255, 255, 255), (74, 46, 32), (128, 104, 88), (52, 38, 32)
GLASS, GLASS_EDGE, ACCENT, BRAND = (140, 200, 240), (70, 140, 195), (214, 62, 62), (18, 96, 110)
LIVING, NIGHT, MATS, WATER = (140, 213, 196), (201, 178, 232), (246, 219, 112), (247, 184, 140)
WALK, STORE, OUTSIDE = (240, 232, 208), (178, 190, 206), (205, 226, 160)
COLOURS: dict[str, Colour] = {
    "ldk": LIVING,
    "mbr": (240, 168, 186),
    "bed": NIGHT,
    "den": NIGHT,
    "wa": MATS,
    "bath": WATER,
    "wash": (250, 205, 172),
    "wc": (250, 205, 172),
    "laundry": (250, 205, 172),
    "ent": (214, 196, 184),
    "hall": WALK,
    "stair": WALK,
    "void": WHITE,
    "balcony": OUTSIDE,
    "deck": (222, 176, 120),
    "porch": (226, 220, 214),
}


def draw(plan: Plan, seed: int, font: str) -> Drawn:
    """Draw a plan as an estate agent does."""
    rng = random.Random(f"broker/{seed}")
    margins = tuple(float(rng.randrange(low, low + 70)) for low in (48, 84, 70, 96))
    sheet = blank(plan, PX_PER_MODULE, WHITE, margins, (rng.random(), rng.random()))  # type: ignore[arg-type]
    for room in plan.rooms:
        _floor(sheet, room)
    for path in shapes.rails(railings(plan)):
        line(sheet, path, SOFT, 3.0)
    for fixture in plan.fixtures:
        _fixture(sheet, fixture, font)
    _stair(sheet, plan, font)
    edges = shapes.wall_edges(plan)
    sheet.image.paste(WALL, (0, 0), shapes.wall_mask(sheet, plan, OUTER_MM, INNER_MM, _gap))
    for opening in plan.openings:
        _opening(sheet, plan, opening, shapes.thickness_of(opening, edges, OUTER_MM, INNER_MM))
    _words(sheet, plan, font)
    _frame_work(sheet, plan, font, seed)
    return finished(sheet)


# --- rooms --------------------------------------------------------------------------------


def _darker(colour: Colour, by: float = 0.88) -> Colour:
    return round(colour[0] * by), round(colour[1] * by), round(colour[2] * by)


def _floor(sheet: Sheet, room: Room) -> None:
    colour = COLOURS.get(room.kind, STORE)
    for rect in rects_of(room.cells):
        span = shapes.span_of(rect)
        area(sheet, box(*span), colour)
        if room.kind == "wa":
            for mat in shapes.mats(rect):
                area(sheet, box(*shapes.span_of(mat)), None, _darker(colour), 1.4)
        elif room.kind in ("deck", "balcony"):
            lines(sheet, shapes.stripes(span, 182, upright=span[2] > span[3]), _darker(colour), 1.0)
        elif room.kind in ("ent", "porch", "bath"):
            for upright in (True, False):
                lines(sheet, shapes.stripes(span, 303.34, upright=upright), _darker(colour, 0.93), 1.0)
    span = shapes.largest(room)
    x, y, w, h = span
    if room.kind == "void":
        for path in shapes.diagonals(span):
            line(sheet, path, SOFT, 1.2, (90, 90))
    elif room.kind in ("oshi", "sto", "pantry", "sic", "s"):
        shelf = [(x, y + h / 2), (x + w, y + h / 2)] if w >= h else [(x + w / 2, y), (x + w / 2, y + h)]
        line(sheet, shelf, WHITE, 1.4)
    elif room.kind in ("cl", "wic"):
        rail = [(x, y + h * 0.3), (x + w, y + h * 0.3)] if w >= h else [(x + w * 0.3, y), (x + w * 0.3, y + h)]
        line(sheet, rail, WHITE, 1.8, (70, 70))


def _stair(sheet: Sheet, plan: Plan, font: str) -> None:
    if plan.stair is None:
        return
    upper = plan.floor > 1
    stair = shapes.climb(plan.stair, 260, (0, 30, 60))
    lines(sheet, stair.risers, SOFT, 1.2)
    if stair.rail:
        line(sheet, stair.rail, WALL, 2.4)
    way = list(reversed(stair.way)) if upper else list(stair.way)
    (ax, ay), (bx, by) = way[:2]
    length = abs(bx - ax) + abs(by - ay)
    go = Frame((ax, ay), ((bx - ax) / length, (by - ay) / length), ((ay - by) / length, (bx - ax) / length))
    area(sheet, go.path((330, -150), (330, 150), (580, 0)), ACCENT)
    word, type_ = ("DN" if upper else "UP"), letters(9.5, font)
    _pill(sheet, go.at(110, 0), word, type_)


def _pill(sheet: Sheet, middle: tuple[float, float], words: str, type_: object) -> None:
    wide, high = (sheet.mm(v) for v in extent_px(words, type_))
    wide, high = wide + sheet.mm(9), high + sheet.mm(7)
    area(sheet, rounded(middle[0] - wide / 2, middle[1] - high / 2, wide, high, sheet.mm(7)), WHITE)
    write(sheet, middle, words, type_, TEXT)


# --- fixtures -----------------------------------------------------------------------------


def _fixture(sheet: Sheet, fixture: Fixture, font: str) -> None:
    frame, w, d = shapes.frame_in(fixture)
    if fixture.kind == "bathtub":
        area(sheet, frame.path(*rounded(0, 0, w, d, 160)), WHITE, SOFT, 1.2)
        area(sheet, frame.path(*rounded(110, 110, w - 220, d - 220, 300)), (190, 226, 245))
    elif fixture.kind == "toilet":
        area(sheet, frame.path(*rounded(0, 0, w, d * 0.24, 40)), WHITE, SOFT, 1.2)
        area(sheet, frame.path(*rounded(w * 0.08, d * 0.2, w * 0.84, d * 0.8, w * 0.42)), WHITE, SOFT, 1.2)
        area(sheet, frame.path(*oval(w / 2, d * 0.6, w * 0.22, d * 0.22)), (190, 226, 245))
    elif fixture.kind == "kitchen":
        area(sheet, frame.path(*box(0, 0, w, d)), (245, 245, 240), SOFT, 1.2)
        area(sheet, frame.path(*rounded(w * 0.5, d * 0.32, w * 0.34, d * 0.54, 50)), (190, 210, 220))
        area(sheet, frame.path(*box(w * 0.06, d * 0.16, w * 0.24, d * 0.68)), (90, 90, 90))
        for a in (0.12, 0.24):
            area(sheet, frame.path(*oval(w * a, d / 2, 90, 90)), (220, 220, 220))
    elif fixture.kind == "basin":
        area(sheet, frame.path(*rounded(0, 0, w, d, 60)), WHITE, SOFT, 1.2)
        area(sheet, frame.path(*rounded(w * 0.18, d * 0.25, w * 0.64, d * 0.58, 80)), (190, 226, 245))
    elif fixture.kind in ("washing_machine", "refrigerator"):
        area(sheet, frame.path(*rounded(0, 0, w, d, 40)), WHITE, SOFT, 1.2)
        word = "洗濯" if fixture.kind == "washing_machine" else "冷蔵"
        write(sheet, frame.at(w / 2, d / 2), word, letters(9, font), SOFT)
    else:
        area(sheet, frame.path(*box(0, 0, w, d)), (196, 158, 122), SOFT, 1.2)
        line(sheet, frame.path((w / 2, 0), (w / 2, d)), SOFT, 1.0)


# --- openings -----------------------------------------------------------------------------


def _gap(opening: Opening) -> tuple[float, float]:
    return (opening.width_mm / 2 if opening.kind == "sliding" else 0), opening.width_mm


def _opening(sheet: Sheet, plan: Plan, opening: Opening, thick: float) -> None:
    frame, w, half = shapes.frame_of(opening), float(opening.width_mm), thick / 2
    if opening.kind in shapes.GLAZED:
        _window(sheet, shapes.outward(opening, plan), w, half, french=opening.kind == "french")
        return
    if opening.kind in ("entrance", "service"):
        out, big = shapes.outward(opening, plan), opening.kind == "entrance"
        reach, half_base = (300, 190) if big else (200, 120)
        area(sheet, out.path(*box(0, -half, w, thick)), (226, 220, 214))
        colour = ACCENT if big else SOFT
        tip = half - 20
        area(sheet, out.path((w / 2 - half_base, tip + reach), (w / 2 + half_base, tip + reach), (w / 2, tip)), colour)
        area(sheet, frame.path(*oval(90, 0, 38, 38)), WALL)
    elif opening.kind == "hinged":
        area(sheet, frame.path((w / 2 - 130, half - 40), (w / 2 + 130, half - 40), (w / 2, half + 150)), SOFT)
        area(sheet, frame.path(*oval(80, 0, 32, 32)), SOFT)
    elif opening.kind == "sliding":
        area(sheet, frame.path(*box(w * 0.1, half, w * 0.5, 60)), (230, 196, 150), SOFT, 0.8)
        area(sheet, frame.path(*oval(w * 0.75, 0, 42, 42)), SOFT)
    elif opening.kind == "double_sliding":
        area(sheet, frame.path(*box(0, -half, w * 0.52, half)), (230, 196, 150), SOFT, 0.8)
        area(sheet, frame.path(*box(w * 0.48, 0, w * 0.52, half)), (230, 196, 150), SOFT, 0.8)
    elif opening.kind == "folding":
        panel = w / 4 if w > 900 else w / 2
        starts = (0.0, w - panel) if w > 900 else (0.0,)
        for start in starts:
            area(
                sheet,
                frame.path((start, 0), (start + panel / 2, panel * 0.8), (start + panel, 0)),
                (230, 196, 150),
                SOFT,
                0.8,
            )
    elif {"ent"} & shapes.sides(plan, opening):
        line(sheet, frame.path((0, 0), (w, 0)), SOFT, 1.6)


def _window(sheet: Sheet, frame: Frame, w: float, half: float, *, french: bool) -> None:
    if not french:
        area(sheet, frame.path(*box(0, -half, w, 2 * half)), GLASS, GLASS_EDGE, 0.8)
        return
    area(sheet, frame.path(*box(0, -half, w, 2 * half)), WHITE)
    area(sheet, frame.path(*box(0, -half * 0.7, w * 0.5, half * 1.4)), GLASS, GLASS_EDGE, 0.8)
    area(sheet, frame.path(*box(w * 0.5, -half * 0.7, w * 0.5, half * 1.4)), GLASS, GLASS_EDGE, 0.8)


# --- words --------------------------------------------------------------------------------


def _words(sheet: Sheet, plan: Plan, font: str) -> None:
    taken = shapes.obstacles(plan)
    for room in plan.rooms:
        if room.kind in ("stair", "hall"):
            continue
        type_ = ROOMS[room.kind]
        name = room.name or type_.ja
        texts = [(name, 11.0), (name, 9.5), (type_.abbr or name, 9.5), (type_.abbr or name, 8.5)]
        if type_.habitable:
            texts = [(f"{name}\n約{room.jo:.1f}帖", 14.0), (f"{name}\n約{room.jo:.1f}帖", 11.5), *texts]
        pad = 12, 10
        sizes = [
            tuple(sheet.mm(v + p) for v, p in zip(extent_px(t, letters(s, font)), pad, strict=True)) for t, s in texts
        ]
        for clear in (taken,) if room.kind == "porch" else (taken, []):
            found = shapes.place(room, sizes, clear)  # type: ignore[arg-type]
            if found is not None:
                text, size = texts[found[0]]
                _pill(sheet, found[1], text, letters(size, font))
                break


def _frame_work(sheet: Sheet, plan: Plan, font: str, seed: int) -> None:
    """Add what an agent's sheet has besides the plan: area, watermark, compass, logo."""
    wide, high = sheet.size_px
    square_m = len(indoor_cells(plan)) * 0.455**2
    head = f"{plan.floor}階  {square_m:.2f}m² (約{square_m / JO_M2 / 2:.1f}坪)"
    type_ = letters(15, font)
    write(sheet, sheet.point(24 + extent_px(head, type_)[0] / 2, 28), head, type_, BRAND)
    area(sheet, [sheet.point(x, y) for x, y in box(24, 44, wide - 48, 3)], BRAND)
    x, y, w, h = shapes.extent(plan)
    mark = letters(max(26.0, min(wide, high) / 12), font)
    write(sheet, (x + w / 2, y + h / 2), "SAMPLE 見本不動産", mark, (120, 120, 120), turn_deg=32, strength=0.17)
    _compass(sheet, wide - 46.0, high - 50.0, font)
    area(sheet, [sheet.point(a, b) for a, b in rounded(24, high - 58, 190, 36, 6)], BRAND)
    area(sheet, [sheet.point(a, b) for a, b in ((34, high - 38), (48, high - 52), (62, high - 38))], WHITE)
    area(sheet, [sheet.point(a, b) for a, b in box(39, high - 39, 18, 11)], WHITE)
    write(sheet, sheet.point(136, high - 46), "見本不動産", letters(14, font), WHITE)
    write(sheet, sheet.point(136, high - 31), f"物件番号 {1000 + seed % 9000}", letters(8.5, font), WHITE)


def _compass(sheet: Sheet, x: float, y: float, font: str) -> None:
    def path(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [sheet.point(x + a, y + b) for a, b in points]

    area(sheet, path(*oval(0, 0, 22, 22)), None, SOFT, 1.4)
    for turn, colour in ((1, ACCENT), (-1, SOFT)):
        area(sheet, path((0, -26 * turn), (6, 0), (-6, 0)), colour)
    area(sheet, path((-26, 0), (0, 4), (26, 0), (0, -4)), SOFT)
    write(sheet, sheet.point(x, y - 34), "N", letters(11, font), TEXT)
