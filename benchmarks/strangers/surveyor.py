"""A surveyor's measured drawing: hollow walls, posts, thin grey pens, English words, dimensions all around."""

from __future__ import annotations

import random

import cv2
import numpy as np
from PIL import Image

from madorizu.catalogue import ROOMS
from madorizu.plan import Fixture, Opening, Plan, Room, outline, railings, rects_of
from strangers import shapes
from strangers.paper import (
    FINER,
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
    write,
)

PX_PER_MODULE = 27.3
OUTER_MM, INNER_MM, POST_MM = 165.0, 135.0, 105.0
PAPER, INK, FAINT = (250, 248, 242), (72, 74, 80), (158, 158, 160)
PEN = 0.9
LEAF_DEG = 60.0


def draw(plan: Plan, seed: int) -> Drawn:
    """Draw a plan as a surveyor does."""
    rng = random.Random(f"surveyor/{seed}")
    margins = tuple(float(rng.randrange(low, low + 50)) for low in (62, 66, 62, 96))
    sheet = blank(plan, PX_PER_MODULE, PAPER, margins, (rng.random(), rng.random()))  # type: ignore[arg-type]
    for room in plan.rooms:
        _floor(sheet, room)
    for path in shapes.rails(railings(plan)):
        line(sheet, path, INK, PEN)
    for fixture in plan.fixtures:
        _fixture(sheet, fixture)
    _stair(sheet, plan)
    _walls(sheet, plan)
    edges = shapes.wall_edges(plan)
    for opening in plan.openings:
        _opening(sheet, plan, opening, shapes.thickness_of(opening, edges, OUTER_MM, INNER_MM))
    _words(sheet, plan)
    for side in "nesw":
        _dimensions(sheet, plan, side)
    _caption(sheet, plan, seed)
    return finished(sheet)


def _walls(sheet: Sheet, plan: Plan) -> None:
    """Draw both faces of every wall and leave its inside empty."""
    mask = np.asarray(shapes.wall_mask(sheet, plan, OUTER_MM, INNER_MM, lambda o: (0, o.width_mm)))
    pen = round(PEN * FINER)
    inside = cv2.erode(mask, np.ones((2 * pen + 1, 2 * pen + 1), np.uint8), borderValue=0)
    sheet.image.paste(PAPER, (0, 0), Image.fromarray(mask))
    sheet.image.paste(INK, (0, 0), Image.fromarray(cv2.subtract(mask, inside)))
    for x, y in shapes.corner_posts(plan):
        area(sheet, box(x - POST_MM / 2, y - POST_MM / 2, POST_MM, POST_MM), INK)


# --- rooms --------------------------------------------------------------------------------


def _floor(sheet: Sheet, room: Room) -> None:
    span = shapes.largest(room)
    if room.kind in ("oshi", "cl", "wic", "sto"):
        lines(sheet, shapes.diagonals(span), FAINT, 0.6)
    elif room.kind == "void":
        for path in shapes.diagonals(span):
            line(sheet, path, INK, 0.7, (260, 110))
    elif room.kind == "wa":
        for rect in rects_of(room.cells):
            for mat in shapes.mats(rect):
                area(sheet, box(*shapes.span_of(mat)), None, FAINT, 0.6)
    elif room.kind in ("deck", "balcony"):
        step = 200 if room.kind == "deck" else 455
        lines(sheet, shapes.stripes(span, step, upright=span[2] > span[3]), FAINT, 0.5)
    elif room.kind in ("porch", "ent"):
        for upright in (True, False):
            lines(sheet, shapes.stripes(span, 455, upright=upright), FAINT, 0.5)
    elif room.kind in ("pantry", "sic", "s"):
        x, y, w, h = span
        back = [(x, y + 380), (x + w, y + 380)] if w >= h else [(x + 380, y), (x + 380, y + h)]
        line(sheet, back, FAINT, 0.6, (120, 80))


def _stair(sheet: Sheet, plan: Plan) -> None:
    if plan.stair is None:
        return
    upper = plan.floor > 1
    stair = shapes.climb(plan.stair, 227.5, (0, 45))
    lines(sheet, stair.risers, INK, 0.7)
    if stair.rail:
        line(sheet, stair.rail, INK, 1.1)
    way = list(reversed(stair.way)) if upper else list(stair.way)
    line(sheet, way, INK, 0.7)
    (ax, ay), (bx, by) = way[-2:]
    length = abs(bx - ax) + abs(by - ay)
    tip = Frame((bx, by), ((bx - ax) / length, (by - ay) / length), ((ay - by) / length, (bx - ax) / length))
    area(sheet, tip.path((-210, -60), (20, 0), (-210, 60)), INK)
    type_, word = letters(8), "DN" if upper else "UP"
    (ax, ay), (bx, by) = way[:2]
    length = abs(bx - ax) + abs(by - ay)
    spot = ax + (bx - ax) / length * 170, ay + (by - ay) / length * 170
    wide, high = (sheet.mm(v) + 70 for v in extent_px(word, type_))
    area(sheet, box(spot[0] - wide / 2, spot[1] - high / 2, wide, high), PAPER)
    write(sheet, spot, word, type_, INK)


# --- fixtures -----------------------------------------------------------------------------


def _fixture(sheet: Sheet, fixture: Fixture) -> None:
    frame, w, d = shapes.frame_in(fixture)
    if fixture.kind == "toilet":
        area(sheet, frame.path(*box(w * 0.1, 0, w * 0.8, d * 0.22)), PAPER, INK, 0.8)
        bowl = [(w * 0.14, d * 0.22), *reversed(oval(w / 2, d * 0.6, w * 0.42, d * 0.4, 0, 180)), (w * 0.86, d * 0.22)]
        area(sheet, frame.path(*bowl), PAPER, INK, 0.8)
        return
    area(sheet, frame.path(*box(0, 0, w, d)), PAPER, INK, 0.8)
    if fixture.kind == "bathtub":
        area(sheet, frame.path(*box(70, 70, w - 140, d - 140)), None, INK, 0.6)
        area(sheet, frame.path(*oval(w - 210, d / 2, 45, 45)), None, INK, 0.6)
        lines(sheet, (frame.path((70, v), (280, d / 2)) for v in (70, d - 70)), FAINT, 0.6)
    elif fixture.kind == "kitchen":
        area(sheet, frame.path(*box(w * 0.56, d * 0.2, w * 0.32, d * 0.6)), None, INK, 0.7)
        line(sheet, frame.path((w * 0.72, d * 0.2), (w * 0.72, d * 0.8)), INK, 0.6)
        for a in (0.13, 0.28):
            area(sheet, frame.path(*oval(w * a, d / 2, 150, 150)), None, INK, 0.7)
            area(sheet, frame.path(*oval(w * a, d / 2, 60, 60)), None, INK, 0.6)
    elif fixture.kind == "basin":
        area(sheet, frame.path(*oval(w / 2, d / 2, w * 0.36, d * 0.34)), None, INK, 0.7)
        area(sheet, frame.path(*oval(w / 2, d * 0.5, 25, 25)), INK)
    elif fixture.kind in ("washing_machine", "refrigerator"):
        lines(sheet, (frame.path(*p) for p in shapes.diagonals((0, 0, w, d))), FAINT, 0.6)
        word = "W" if fixture.kind == "washing_machine" else "R"
        area(sheet, frame.path(*oval(w / 2, d / 2, 200, 200)), PAPER)
        write(sheet, frame.at(w / 2, d / 2), word, letters(8), INK)
    else:
        lines(sheet, (frame.path((w * i / 4, 0), (w * i / 4, d)) for i in range(1, 4)), FAINT, 0.6)


# --- openings -----------------------------------------------------------------------------


def _opening(sheet: Sheet, plan: Plan, opening: Opening, thick: float) -> None:
    frame, w, half = shapes.frame_of(opening), float(opening.width_mm), thick / 2
    if opening.kind in shapes.HUNG:
        if opening.kind != "hinged":
            line(sheet, shapes.outward(opening, plan).path((0, half), (w, half)), INK, 0.7)
        if opening.kind == "entrance":
            line(sheet, shapes.outward(opening, plan).path((0, -half), (w, -half)), INK, 0.7)
        swing = frame.path(*oval(0, 0, w, w, 0, LEAF_DEG))
        line(sheet, swing, FAINT, 0.7)
        line(sheet, [frame.start, swing[-1]], INK, 1.5 if opening.kind == "entrance" else 1.2)
    elif opening.kind == "sliding":
        lines(sheet, (frame.path((0, v), (w / 2, v)) for v in (-half + 8, half - 8)), INK, 0.7)
        line(sheet, frame.path((w / 2, -half), (w / 2, half)), INK, 0.7)
        line(sheet, frame.path((w * 0.12, 0), (w * 0.66, 0)), INK, 1.2)
        line(sheet, frame.path((w / 2, 0), (w, 0)), FAINT, 0.6, (80, 60))
    elif opening.kind == "double_sliding":
        line(sheet, frame.path((0, -32), (w * 0.55, -32)), INK, 1.0)
        line(sheet, frame.path((w * 0.45, 32), (w, 32)), INK, 1.0)
    elif opening.kind == "folding":
        count = 4 if w > 900 else 2
        zigzag = [(w * i / count * 0.8, (half + w / count * 0.7) * (i % 2)) for i in range(count + 1)]
        line(sheet, frame.path((0, 0), (w, 0)), FAINT, 0.6)
        line(sheet, frame.path(*zigzag), INK, 1.0)
    elif opening.kind == "open":
        _beam(sheet, frame, w, half)
    else:
        _window(sheet, shapes.outward(opening, plan), w, half, french=opening.kind == "french")


def _beam(sheet: Sheet, frame: Frame, w: float, half: float) -> None:
    """Draw the beam over an opening without a door."""
    for across in (-half + 10, half - 10):
        line(sheet, frame.path((0, across), (w, across)), FAINT, 0.7, (45, 65))


def _window(sheet: Sheet, frame: Frame, w: float, half: float, *, french: bool) -> None:
    ends = half - 14
    area(sheet, frame.path(*box(0, -half, w, 2 * half)), PAPER)
    lines(sheet, (frame.path((a, -half), (a, half)) for a in (0.0, w)), INK, PEN)
    if french:
        lines(sheet, (frame.path((0, v), (w, v)) for v in (-ends, ends)), FAINT, 0.7)
        line(sheet, frame.path((0, 36), (w * 0.54, 36)), INK, 1.0)
        line(sheet, frame.path((w * 0.46, -36), (w, -36)), INK, 1.0)
        lines(sheet, (frame.path((w * a, -half), (w * a, half)) for a in (0.46, 0.54)), INK, 0.6)
        return
    lines(sheet, (frame.path((0, v), (w, v)) for v in (-46, 46)), INK, 0.8)
    line(sheet, frame.path((w / 2, -half), (w / 2, half)), INK, 0.9)


# --- words --------------------------------------------------------------------------------


def _words(sheet: Sheet, plan: Plan) -> None:
    taken = shapes.obstacles(plan)
    for room in plan.rooms:
        if room.kind == "stair":
            continue
        type_ = ROOMS[room.kind]
        name = type_.en.upper()
        short = {"ldk": "LDK", "hall": "HALL", "void": "VOID", "ent": "ENT.", "porch": "PORCH"}.get(room.kind)
        short = short or {"oshi": "CL.", "cl": "CL.", "sto": "ST.", "wash": "WASH", "pantry": "PAN."}.get(room.kind)
        split = name.replace(" ", "\n")
        texts = [
            (name, 8.5),
            (split, 8.5),
            (split, 7.5),
            (short or (type_.abbr if type_.abbr.isascii() else name), 7.5),
        ]
        if type_.habitable:
            _, _, w, d = shapes.largest(room)
            area_m2 = f"{room.area_m2:.2f} sq.m"
            texts = [(f"{name}\n{area_m2}\n{w:,.0f} x {d:,.0f}", 8.5), (f"{split}\n{area_m2}", 8.5), *texts]
        sizes = [tuple(sheet.mm(v) for v in extent_px(t, letters(s))) for t, s in texts]
        for clear in (taken,) if room.kind == "porch" else (taken, []):
            found = shapes.place(room, sizes, clear)  # type: ignore[arg-type]
            if found is not None:
                (text, size), (w, h), (x, y) = texts[found[0]], sizes[found[0]], found[1]
                area(sheet, box(x - w / 2 - 40, y - h / 2 - 40, w + 80, h + 80), PAPER)
                write(sheet, (x, y), text, letters(size), INK)
                break


def _dimensions(sheet: Sheet, plan: Plan, side: str) -> None:
    x, y, w, h = shapes.span_of(outline(plan))
    left, top, width, height = shapes.extent(plan)
    upright = side in "ew"
    ends = [round(y), round(y + h)] if upright else [round(x), round(x + w)]
    inner = shapes.chain(plan, "v" if upright else "h") if side in "nw" else ends
    for i, stops in enumerate([inner, ends] if len(inner) > 2 else [ends]):
        off = sheet.mm(20 + 19 * i)
        start = {
            "n": (0.0, top - off),
            "s": (0.0, top + height + off),
            "w": (left - off, 0.0),
            "e": (left + width + off, 0.0),
        }[side]
        frame = Frame(start, (0, 1), (-1, 0)) if upright else Frame(start, (1, 0), (0, -1))
        _chain(sheet, frame, stops)


def _chain(sheet: Sheet, frame: Frame, stops: list[int]) -> None:
    line(sheet, frame.path((stops[0] - 150, 0), (stops[-1] + 150, 0)), FAINT, 0.7)
    for stop in stops:
        line(sheet, frame.path((stop - 95, -95), (stop + 95, 95)), INK, 1.0)
        line(sheet, frame.path((stop, -220), (stop, 220)), FAINT, 0.5)
    for first, last in zip(stops, stops[1:], strict=False):
        if last - first >= 900:
            turn = 90 if frame.u[1] else 0
            write(sheet, frame.at((first + last) / 2, 215), f"{last - first}", letters(7.5), INK, turn_deg=turn)


def _caption(sheet: Sheet, plan: Plan, seed: int) -> None:
    """Write what the sheet shows into its south-west, and draw a scale bar."""
    left, top, _, height = shapes.extent(plan)
    y = top + height + sheet.mm(58)
    words = f"FLOOR PLAN  LEVEL {plan.floor}   SHEET {seed % 90 + 10}   UNIT mm"
    type_ = letters(9)
    write(sheet, (left + sheet.mm(extent_px(words, type_)[0] / 2), y), words, type_, INK)
    for i in range(4):
        bar = box(left + i * 1000, y + sheet.mm(13), 1000, sheet.mm(3.5))
        area(sheet, bar, PAPER if i % 2 else INK, INK, 0.7)
    write(sheet, (left + 4550, y + sheet.mm(15)), "4 m", letters(7.5), INK)
