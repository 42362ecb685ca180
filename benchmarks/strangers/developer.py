"""A developer's brochure: solid black walls, Japanese words, outer dimensions."""

from __future__ import annotations

import random

from madorizu.catalogue import ROOMS
from madorizu.plan import Fixture, Opening, Plan, Room, outline, railings, rects_of
from strangers import shapes
from strangers.paper import (
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

PX_PER_MODULE = 38.0
OUTER_MM, INNER_MM = 180.0, 100.0
INK, GREY, PALE, WHITE = (18, 18, 18), (120, 120, 120), (190, 190, 190), (255, 255, 255)
FLOORS = {
    "bath": (232, 238, 241),
    "wash": (241, 243, 243),
    "wc": (241, 243, 243),
    "laundry": (241, 243, 243),
    "ent": (229, 226, 221),
    "porch": (238, 236, 232),
    "wa": (238, 240, 226),
    "deck": (240, 234, 224),
    "balcony": (242, 242, 242),
}
TILED = {"ent": 303.0, "porch": 303.0, "bath": 227.5}


def draw(plan: Plan, seed: int, font: str) -> Drawn:
    """Draw a plan as a developer's brochure does."""
    rng = random.Random(f"developer/{seed}")
    margins = tuple(float(rng.randrange(low, low + 60)) for low in (92, 118, 48, 74))
    sheet = blank(plan, PX_PER_MODULE, WHITE, margins, (0, 0))  # type: ignore[arg-type]
    for room in plan.rooms:
        _floor(sheet, room)
    for path in shapes.rails(railings(plan)):
        line(sheet, path, INK, 2.2)
        line(sheet, path, WHITE, 0.7)
    for fixture in plan.fixtures:
        _fixture(sheet, fixture, font)
    _stair(sheet, plan, font)
    mask = shapes.wall_mask(sheet, plan, OUTER_MM, INNER_MM, _gap)
    sheet.image.paste(INK, (0, 0), mask)
    edges = shapes.wall_edges(plan)
    for opening in plan.openings:
        _opening(sheet, plan, opening, shapes.thickness_of(opening, edges, OUTER_MM, INNER_MM))
    _words(sheet, plan, font)
    _dimensions(sheet, plan, font)
    x, top, w, _ = shapes.extent(plan)
    write(sheet, (x + w / 2, top - sheet.mm(84)), f"{plan.floor}F 平面図", letters(17, font), INK)
    return finished(sheet)


# --- rooms --------------------------------------------------------------------------------


def _floor(sheet: Sheet, room: Room) -> None:
    for rect in rects_of(room.cells):
        span = shapes.span_of(rect)
        area(sheet, box(*span), FLOORS.get(room.kind, WHITE))
        if room.kind in TILED:
            step = TILED[room.kind]
            lines(sheet, shapes.stripes(span, step, upright=True), PALE, 0.6)
            lines(sheet, shapes.stripes(span, step, upright=False), PALE, 0.6)
        elif room.kind == "deck":
            lines(sheet, shapes.stripes(span, 152, upright=span[3] > span[2]), PALE, 0.6)
        elif room.kind == "wa":
            for mat in shapes.mats(rect):
                area(sheet, box(*shapes.span_of(mat)), None, GREY, 0.7)
    span = shapes.largest(room)
    upright = span[3] > span[2]
    frame = Frame((span[0], span[1]), *(((0, 1), (1, 0)) if upright else ((1, 0), (0, 1))))
    long, short = max(span[2:]), min(span[2:])
    if room.kind == "void":
        _void(sheet, room)
    elif room.kind == "oshi":
        line(sheet, shapes.diagonals(span)[0], GREY, 0.8)
        line(sheet, frame.path((0, short / 2), (long, short / 2)), GREY, 0.8, (70, 50))
    elif room.kind == "cl":
        line(sheet, frame.path((60, short / 2), (long - 60, short / 2)), GREY, 1.4)
    elif room.kind == "wic":
        for across in (300.0, short - 300):
            line(sheet, frame.path((60, across), (long - 60, across)), GREY, 0.9, (120, 60))
    elif room.kind in shapes.SHELVED:
        line(sheet, frame.path((0, 300), (long, 300)), GREY, 0.9)


def _void(sheet: Sheet, room: Room) -> None:
    for path in shapes.diagonals(shapes.largest(room)):
        line(sheet, path, GREY, 0.8, (200, 90))


def _stair(sheet: Sheet, plan: Plan, font: str) -> None:
    if plan.stair is None:
        return
    stair = shapes.climb(plan.stair, 240, (0, 30, 60))
    upper = plan.floor > 1
    shown = stair.risers if upper else stair.risers[: max(3, round(len(stair.risers) * 0.62))]
    lines(sheet, shown, INK, 0.8)
    lines(sheet, stair.risers[len(shown) :], PALE, 0.8)
    if stair.rail:
        line(sheet, stair.rail, INK, 1.6)
    if not upper:  # the storey is cut here
        (ax, ay), (bx, by) = shown[-1]
        for shift in (0.0, 70.0):
            dx, dy = (shift, 0.0) if abs(bx - ax) < abs(by - ay) else (0.0, shift)
            line(sheet, [(ax + dx, ay + dy), (bx + dx, by + dy)], INK, 1.1)
    way = list(stair.way) if upper or len(stair.way) == 2 else list(stair.way[:2])
    line(sheet, way, INK, 0.9)
    area(sheet, oval(*way[0], 45, 45), WHITE, INK, 0.9)
    (ax, ay), (bx, by) = way[-2:]
    length = abs(bx - ax) + abs(by - ay)
    tip = Frame((bx, by), ((bx - ax) / length, (by - ay) / length), ((ay - by) / length, (bx - ax) / length))
    line(sheet, tip.path((-190, -90), (0, 0), (-190, 90)), INK, 1.0)
    word, type_ = ("DN" if upper else "UP"), letters(9, font)
    first = stair.way[-1] if upper else stair.way[0]
    second = stair.way[-2] if upper else stair.way[1]
    near = 330 / max(1.0, abs(second[0] - first[0]) + abs(second[1] - first[1]))
    spot = first[0] + (second[0] - first[0]) * near, first[1] + (second[1] - first[1]) * near
    wide, high = (sheet.mm(v) + 40 for v in extent_px(word, type_))
    area(sheet, box(spot[0] - wide / 2, spot[1] - high / 2, wide, high), WHITE)
    write(sheet, spot, word, type_, INK)


# --- fixtures -----------------------------------------------------------------------------


def _fixture(sheet: Sheet, fixture: Fixture, font: str) -> None:
    frame, w, d = shapes.frame_in(fixture)
    if fixture.kind == "bathtub":
        area(sheet, frame.path(*box(0, 0, w, d)), WHITE, INK, 1)
        area(sheet, frame.path(*rounded(90, 80, w - 180, d - 160, 240)), WHITE, INK, 0.9)
        area(sheet, frame.path(*oval(260, d / 2, 32, 32)), None, INK, 0.8)
    elif fixture.kind == "toilet":
        area(sheet, frame.path(*rounded(w * 0.04, 0, w * 0.92, d * 0.26, 50)), WHITE, INK, 1)
        area(sheet, frame.path(*oval(w / 2, d * 0.63, w * 0.42, d * 0.37)), WHITE, INK, 1)
        area(sheet, frame.path(*oval(w / 2, d * 0.65, w * 0.27, d * 0.25)), None, INK, 0.7)
    elif fixture.kind == "kitchen":
        area(sheet, frame.path(*box(0, 0, w, d)), WHITE, INK, 1.1)
        area(sheet, frame.path(*rounded(w * 0.1, d * 0.2, w * 0.27, d * 0.55, 60)), None, INK, 0.9)
        line(sheet, frame.path((w * 0.235, d * 0.06), (w * 0.235, d * 0.38)), INK, 1.2)
        area(sheet, frame.path(*box(w * 0.68, d * 0.12, w * 0.25, d * 0.76)), None, INK, 0.8)
        for a, b, r in ((0.74, 0.62, 95), (0.87, 0.62, 95), (0.805, 0.28, 60)):
            area(sheet, frame.path(*oval(w * a, d * b, r, r)), None, INK, 0.8)
    elif fixture.kind == "basin":
        area(sheet, frame.path(*box(0, 0, w, d)), WHITE, INK, 1)
        area(sheet, frame.path(*rounded(w * 0.14, d * 0.3, w * 0.72, d * 0.58, 190)), None, INK, 0.8)
        line(sheet, frame.path((w / 2, d * 0.08), (w / 2, d * 0.5)), INK, 1.2)
    elif fixture.kind == "washing_machine":
        area(sheet, frame.path(*rounded(0, 0, w, d, 70)), WHITE, INK, 1)
        area(sheet, frame.path(*oval(w / 2, d / 2, w * 0.36, d * 0.36)), None, GREY, 0.8)
        write(sheet, frame.at(w / 2, d / 2), "洗", letters(9, font), INK)
    elif fixture.kind == "refrigerator":
        area(sheet, frame.path(*box(0, 0, w, d)), WHITE, GREY, 1)
        line(sheet, frame.path((0, d * 0.88), (w, d * 0.88)), GREY, 0.8)
        write(sheet, frame.at(w / 2, d * 0.45), "冷", letters(9, font), INK)
    else:
        area(sheet, frame.path(*box(0, 0, w, d)), WHITE, INK, 1)
        lines(sheet, (frame.path(p, q) for p, q in shapes.diagonals((0, 0, w, d))[:1]), GREY, 0.8)


# --- openings -----------------------------------------------------------------------------


def _gap(opening: Opening) -> tuple[float, float]:
    return (opening.width_mm / 2 if opening.kind == "sliding" else 0), opening.width_mm


def _opening(sheet: Sheet, plan: Plan, opening: Opening, thick: float) -> None:
    frame, w, half = shapes.frame_of(opening), float(opening.width_mm), thick / 2
    if opening.kind in shapes.HUNG:
        leaf = 70.0 if opening.kind == "entrance" else 45.0
        if opening.kind != "hinged":
            lines(sheet, (frame.path((0, v), (w, v)) for v in (-half + 15, half - 15)), GREY, 0.9)
        line(sheet, frame.path(*oval(0, half, w, w, 0, 90)), GREY, 0.7)
        area(sheet, frame.path(*box(0, half, leaf, w)), WHITE, INK, 0.9)
        if opening.kind == "entrance":
            out = shapes.outward(opening, plan)
            area(sheet, out.path((w / 2 - 130, half + 330), (w / 2 + 130, half + 330), (w / 2, half + 110)), INK)
    elif opening.kind == "sliding":
        line(sheet, frame.path((w / 2, half), (w, half)), GREY, 0.7, (60, 40))
        area(sheet, frame.path(*box(w * 0.06, half, w * 0.52, 45)), WHITE, INK, 0.9)
        line(sheet, frame.path((w * 0.62, 0), (w * 0.9, 0)), INK, 0.8)
        line(sheet, frame.path((w * 0.82, 50), (w * 0.9, 0), (w * 0.82, -50)), INK, 0.8)
    elif opening.kind == "double_sliding":
        lines(sheet, (frame.path((0, v), (w, v)) for v in (-half, half)), PALE, 0.7)
        area(sheet, frame.path(*box(0, -42, w * 0.54, 36)), WHITE, INK, 0.9)
        area(sheet, frame.path(*box(w * 0.46, 6, w * 0.54, 36)), WHITE, INK, 0.9)
    elif opening.kind == "folding":
        _folding(sheet, frame, w)
    elif opening.kind == "open":
        step = {"ent", "porch"} & shapes.sides(plan, opening)
        line(sheet, frame.path((0, 0), (w, 0)), INK if step else GREY, 0.8, None if step else (110, 70))
    else:
        _window(sheet, shapes.outward(opening, plan), w, half, french=opening.kind == "french")


def _folding(sheet: Sheet, frame: Frame, w: float) -> None:
    line(sheet, frame.path((0, 0), (w, 0)), PALE, 0.7)
    panel = w / 4 if w > 900 else w / 2
    ends = ((0, 1), (w, -1)) if w > 900 else ((0, 1),)
    for start, way in ends:
        line(
            sheet,
            frame.path((start, 0), (start + way * panel * 0.45, panel * 0.9), (start + way * panel * 0.9, 0)),
            INK,
            1.4,
        )


def _window(sheet: Sheet, frame: Frame, w: float, half: float, *, french: bool) -> None:
    area(sheet, frame.path(*box(0, -half, w, 2 * half)), WHITE)
    lines(sheet, (frame.path((a, -half), (a, half)) for a in (0.0, w)), INK, 1.0)
    if not french:
        lines(sheet, (frame.path((0, v), (w, v)) for v in (12 - half, 0, half - 12)), INK, 0.9)
        return
    line(sheet, frame.path((0, half - 12), (w, half - 12)), INK, 0.9)
    line(sheet, frame.path((0, 25), (w * 0.53, 25)), INK, 1.5)
    line(sheet, frame.path((w * 0.47, -35), (w, -35)), INK, 1.5)


# --- words --------------------------------------------------------------------------------


def _words(sheet: Sheet, plan: Plan, font: str) -> None:
    taken = shapes.obstacles(plan)
    for room in plan.rooms:
        if room.kind == "stair":
            continue
        type_ = ROOMS[room.kind]
        name = room.name or type_.ja
        texts = [(name, 11.0), (name, 9.5), (name, 8.5), ("\n".join(name), 8.5), (type_.abbr or name, 8.5)]
        if type_.habitable:
            sized = f"{name}\n{room.jo:.1f}帖"
            texts = [(sized, 13.0), (sized, 11.0), (sized, 9.5), *texts]
        sizes = [tuple(sheet.mm(v) for v in extent_px(t, letters(s, font))) for t, s in texts]
        for clear in (taken,) if room.kind == "porch" else (taken, []):
            found = shapes.place(room, sizes, clear)  # type: ignore[arg-type]
            if found is not None:
                text, size = texts[found[0]]
                _paper_under(sheet, room, found[1], sizes[found[0]])  # type: ignore[arg-type]
                write(sheet, found[1], text, letters(size, font), INK)
                break


def _paper_under(sheet: Sheet, room: Room, middle: tuple[float, float], size: tuple[float, float]) -> None:
    """Lighten mats, tiles and diagonals where words stand."""
    w, h = size[0] + 90, size[1] + 90
    area(sheet, box(middle[0] - w / 2, middle[1] - h / 2, w, h), FLOORS.get(room.kind, WHITE))


def _dimensions(sheet: Sheet, plan: Plan, font: str) -> None:
    x, y, w, h = shapes.span_of(outline(plan))
    left, top, _, _ = shapes.extent(plan)
    for axis, ends in (("h", [round(x), round(x + w)]), ("v", [round(y), round(y + h)])):
        inner = shapes.chain(plan, axis)
        rows = [inner, ends] if len(inner) > 2 else [ends]
        for i, stops in enumerate(rows):
            off = sheet.mm(18 + 24 * i)
            frame = Frame((0, top - off), (1, 0), (0, -1)) if axis == "h" else Frame((left - off, 0), (0, 1), (-1, 0))
            _chain(sheet, frame, stops, font)


def _chain(sheet: Sheet, frame: Frame, stops: list[int], font: str) -> None:
    line(sheet, frame.path((stops[0] - 80, 0), (stops[-1] + 80, 0)), GREY, 0.8)
    for stop in stops:
        area(sheet, frame.path(*oval(stop, 0, 42, 42)), INK)
        line(sheet, frame.path((stop, -170), (stop, 120)), GREY, 0.7)
    for first, last in zip(stops, stops[1:], strict=False):
        if last - first >= 900:
            turn = 90 if frame.u[1] else 0
            write(sheet, frame.at((first + last) / 2, 190), f"{last - first:,}", letters(8.5, font), INK, turn_deg=turn)
