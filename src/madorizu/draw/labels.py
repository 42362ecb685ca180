"""Room names and sizes, where they fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from madorizu.catalogue import ROOMS
from madorizu.draw.marks import Primitive, Text
from madorizu.draw.style import Style
from madorizu.draw.walls import OUTER_MM
from madorizu.plan import HALF_MM, Cell, Plan, Room, cells_in

HEIGHT_MM = 290  # 2.9 mm on paper, 10 px at 32 px per module
LEADING = 1.25
SIZED = frozenset({"ldk", "bed", "mbr", "wa", "s"})
Box = tuple[float, float, float, float]


def label_marks(plan: Plan, style: Style) -> Iterator[Primitive]:
    """Yield the label of every room that has space for one."""
    taken = [_fixture_box(plan, i) for i in range(len(plan.fixtures))] + list(_swings(plan))
    for room in plan.rooms:
        if room.kind == "stair" or room.kind not in ROOMS:
            continue
        for lines in _choices(room):
            spot = _spot(room, lines, taken)
            if spot is not None:
                yield from _lines(lines, spot, style)
                break


def _choices(room: Room) -> list[tuple[str, ...]]:
    """Return what may be written, the fullest label first."""
    kind = ROOMS[room.kind]
    name = room.name or kind.ja
    found: list[tuple[str, ...]] = [(name, f"{room.jo:.1f}帖")] if room.kind in SIZED else []
    found += [(name,), (kind.abbr,)]
    return [lines for lines in found if all(lines)]


def text_width_mm(text: str, height_mm: float = HEIGHT_MM) -> float:
    """Estimate a text's width: one em per full-width character, 0.6 em for the others."""
    return sum(height_mm * (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6) for c in text)


def _spot(room: Room, lines: tuple[str, ...], taken: list[Box]) -> tuple[float, float] | None:
    """Return the free place nearest to the room's middle, on a raster of quarter modules."""
    width = max(text_width_mm(t) for t in lines)
    height = HEIGHT_MM * (1 + LEADING * (len(lines) - 1))
    middle_x = sum(x + 0.5 for x, _ in room.cells) / len(room.cells)
    middle_y = sum(y + 0.5 for _, y in room.cells) / len(room.cells)
    points = {(2 * x + i, 2 * y + j) for x, y in room.cells for i in range(3) for j in range(3)}
    points.add((round(2 * middle_x), round(2 * middle_y)))
    for x2, y2 in sorted(points, key=lambda p: ((p[0] / 2 - middle_x) ** 2 + (p[1] / 2 - middle_y) ** 2, p)):
        x, y = x2 * HALF_MM / 2, y2 * HALF_MM / 2
        label = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        if _covers(room, label) and not any(_meet(label, other) for other in taken):
            return x, y
    return None


def _covers(room: Room, label: Box) -> bool:
    """Say whether a room holds a box and half a wall around it."""
    clear = OUTER_MM / 2 + 15
    x0, y0 = (int((v - clear) // HALF_MM) for v in label[:2])
    x1, y1 = (int((v + clear) // HALF_MM) for v in label[2:])
    cells: frozenset[Cell] = cells_in((x0, y0, x1 - x0 + 1, y1 - y0 + 1))
    return cells <= room.cells


def _fixture_box(plan: Plan, index: int) -> Box:
    f = plan.fixtures[index]
    return f.x_mm, f.y_mm, f.x_mm + f.width_mm, f.y_mm + f.depth_mm


def _swings(plan: Plan) -> Iterator[Box]:
    """Yield the squares in which door leaves swing."""
    for opening in plan.openings:
        if opening.kind in ("hinged", "entrance", "service"):
            (x0, y0), (x1, y1) = opening.ends_mm
            reach = opening.width_mm * opening.side
            dx, dy = (0, reach) if opening.axis == "h" else (reach, 0)
            yield min(x0, x0 + dx), min(y0, y0 + dy), max(x1, x1 + dx), max(y1, y1 + dy)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _lines(lines: tuple[str, ...], spot: tuple[float, float], style: Style) -> Iterator[Primitive]:
    top = spot[1] - HEIGHT_MM * LEADING * (len(lines) - 1) / 2
    for i, line in enumerate(lines):
        yield Text("label", (spot[0], top + i * HEIGHT_MM * LEADING), line, HEIGHT_MM, style.ink)
