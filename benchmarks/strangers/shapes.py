"""What every office must work out of a plan before it draws: walls, axes, stairs, mats, places for words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from madorizu.plan import (
    CLOCKWISE,
    HALF_MM,
    OPPOSITE,
    STEP,
    Cell,
    Edge,
    Fixture,
    Opening,
    Plan,
    Rect,
    Room,
    Stair,
    bounds,
    indoor_cells,
    outline,
    rects_of,
    walls,
)
from strangers.paper import Frame, Path, Point, Sheet, box

HUNG = frozenset({"entrance", "hinged", "service"})
GLAZED = frozenset({"window", "french"})
WET = frozenset({"bath", "wash", "wc", "laundry"})
SHELVED = frozenset({"sto", "pantry", "sic", "s"})
Span = tuple[float, float, float, float]  # x, y, width, height in millimetres


def span_of(rect: Rect) -> Span:
    """Return a lattice rectangle in millimetres."""
    x, y, width, height = (value * HALF_MM for value in rect)
    return x, y, width, height


def spans(room: Room) -> list[Span]:
    """Return a room as rectangles in millimetres."""
    return [span_of(r) for r in rects_of(room.cells)]


def largest(room: Room) -> Span:
    """Return the largest of a room's rectangles in millimetres."""
    return max(spans(room), key=lambda s: s[2] * s[3])


def extent(plan: Plan) -> Span:
    """Return the bounding rectangle of all rooms, also the outdoor ones, in millimetres."""
    return span_of(bounds(c for r in plan.rooms for c in r.cells))


# --- walls --------------------------------------------------------------------------------


def wall_edges(plan: Plan) -> dict[Edge, str]:
    """Return every edge that could carry a wall, "outer" or "inner", also where there is no wall now."""
    return dict(walls(replace(plan, openings=())))


def thickness_of(opening: Opening, edges: dict[Edge, str], outer_mm: float, inner_mm: float) -> float:
    """Return how thick the wall is in which an opening lies."""
    return outer_mm if edges.get(opening.edges[0]) == "outer" else inner_mm


def wall_mask(
    sheet: Sheet, plan: Plan, outer_mm: float, inner_mm: float, gap: Callable[[Opening], tuple[float, float]]
) -> Image.Image:
    """Return where walls are, as white on black of the sheet's size.

    `gap` says from where to where along the frame, seen from the hinge, an opening leaves the wall out.
    """
    mask = Image.new("L", sheet.image.size)
    pen = ImageDraw.Draw(mask)
    edges = wall_edges(plan)
    hosts = {e for o in plan.openings for e in o.edges}
    thick = {"outer": outer_mm, "inner": inner_mm}
    for edge, kind in edges.items():
        if edge in hosts:
            _fill(sheet, pen, _strip(edge, thick[kind], 0, 0), 255)
    for opening in plan.openings:
        frame, (start, end) = frame_of(opening), gap(opening)
        half = thickness_of(opening, edges, outer_mm, inner_mm) / 2 + 30
        _fill(sheet, pen, frame.path(*box(start, -half, end - start, 2 * half)), 0)
    reach = _reaches(edges, thick)
    for edge, kind in edges.items():
        if edge not in hosts:
            first, last = _ends(edge)
            across = "v" if edge.axis == "h" else "h"
            _fill(
                sheet,
                pen,
                _strip(edge, thick[kind], reach.get((across, *first), 0), reach.get((across, *last), 0)),
                255,
            )
    return mask


def _reaches(edges: dict[Edge, str], thick: dict[str, float]) -> dict[tuple[str, int, int], float]:
    """Return half the thickness of the walls of either axis that end at a lattice point."""
    found: dict[tuple[str, int, int], float] = {}
    for edge, kind in edges.items():
        for point in _ends(edge):
            key = edge.axis, *point
            found[key] = max(found.get(key, 0), thick[kind] / 2)
    return found


def _ends(edge: Edge) -> tuple[Cell, Cell]:
    return (edge.x, edge.y), ((edge.x + 1, edge.y) if edge.axis == "h" else (edge.x, edge.y + 1))


def _strip(edge: Edge, thick: float, before: float, after: float) -> Path:
    frame = Frame((edge.x * HALF_MM, edge.y * HALF_MM), *(((1, 0), (0, 1)) if edge.axis == "h" else ((0, 1), (1, 0))))
    return frame.path(*box(-before, -thick / 2, HALF_MM + before + after, thick))


def _fill(sheet: Sheet, pen: ImageDraw.ImageDraw, points: Path, value: int) -> None:
    spots = [sheet.at(p) for p in points]
    xs, ys = [p[0] for p in spots], [p[1] for p in spots]
    # Pillow counts the last pixel in; the middle of a pixel decides.
    pen.rectangle((math.ceil(min(xs)), math.ceil(min(ys)), math.ceil(max(xs)) - 1, math.ceil(max(ys)) - 1), value)


def corner_posts(plan: Plan) -> list[Point]:
    """Return where walls turn, meet or end, in millimetres."""
    edges = set(wall_edges(plan)) - {e for o in plan.openings if o.kind == "open" for e in o.edges}
    axes: dict[Cell, list[str]] = {}
    for edge in edges:
        for end in _ends(edge):
            axes.setdefault(end, []).append(edge.axis)
    return sorted((x * HALF_MM, y * HALF_MM) for (x, y), a in axes.items() if len(a) != 2 or a[0] != a[1])


# --- axes ---------------------------------------------------------------------------------


def frame_of(opening: Opening) -> Frame:
    """Return axes at the hinge: u along the frame, v to the side to which a leaf opens."""
    first, last = opening.ends_mm
    along = (1.0, 0.0) if opening.axis == "h" else (0.0, 1.0)
    across = (along[1] * opening.side, along[0] * opening.side)
    if opening.hinge == "start":
        return Frame(first, along, across)
    return Frame(last, (-along[0], -along[1]), across)


def outward(opening: Opening, plan: Plan) -> Frame:
    """Return axes at the west or north end of the frame, v to the outside."""
    inside = indoor_cells(plan)
    first, _ = opening.edges[0].cells
    sign = 1.0 if first in inside else -1.0
    if opening.axis == "h":
        return Frame(opening.ends_mm[0], (1, 0), (0, sign))
    return Frame(opening.ends_mm[0], (0, 1), (sign, 0))


def frame_in(fixture: Fixture) -> tuple[Frame, float, float]:
    """Return axes at a fixture's back, u along the wall, v away from it, and both lengths."""
    x, y, w, d = fixture.x_mm, fixture.y_mm, fixture.width_mm, fixture.depth_mm
    away = STEP[fixture.facing]
    corner = (x + w * (away[0] < 0), y + d * (away[1] < 0))
    if away[0]:
        return Frame(corner, (0, 1), away), d, w
    return Frame(corner, (1, 0), away), w, d


def sides(plan: Plan, opening: Opening) -> set[str]:
    """Return the kinds of the rooms beside an opening."""
    return {r.kind for r in plan.rooms if any(c in r.cells for c in opening.edges[0].cells)}


def rails(edges: Iterable[Edge]) -> Iterator[Path]:
    """Yield edges as lines, joined where they continue."""
    left = set(edges)
    for edge in sorted(left):
        before = Edge(edge.axis, edge.x - (edge.axis == "h"), edge.y - (edge.axis == "v"))
        if before in left:
            continue
        length = 1
        while Edge(edge.axis, edge.x + length * (edge.axis == "h"), edge.y + length * (edge.axis == "v")) in left:
            length += 1
        x, y, reach = edge.x * HALF_MM, edge.y * HALF_MM, length * HALF_MM
        yield (x, y), ((x + reach, y) if edge.axis == "h" else (x, y + reach))


def chain(plan: Plan, axis: str) -> list[int]:
    """Return where inner walls meet the north ("h") or west ("v") side, and its ends, in millimetres."""
    x, y, width, height = outline(plan)
    if axis == "h":
        met = {e.x for e, kind in wall_edges(plan).items() if e.axis == "v" and e.y == y and kind == "inner"}
        return [p * HALF_MM for p in sorted(met | {x, x + width})]
    met = {e.y for e, kind in wall_edges(plan).items() if e.axis == "h" and e.x == x and kind == "inner"}
    return [p * HALF_MM for p in sorted(met | {y, y + height})]


def stripes(span: Span, step: float, *, upright: bool) -> Iterator[Path]:
    """Yield parallel lines across a rectangle."""
    x, y, width, height = span
    for i in range(1, math.ceil((width if upright else height) / step)):
        if upright:
            yield (x + i * step, y), (x + i * step, y + height)
        else:
            yield (x, y + i * step), (x + width, y + i * step)


def diagonals(span: Span) -> tuple[Path, Path]:
    """Return both diagonals of a rectangle."""
    x, y, width, height = span
    return ((x, y), (x + width, y + height)), ((x + width, y), (x, y + height))


# --- stairs -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Climb:
    """A stair in the plan: risers in the order of climbing, the way up, the rail between flights."""

    risers: tuple[Path, ...]
    way: Path
    rail: Path


def climb(stair: Stair, tread_mm: float, corner_deg: Sequence[float]) -> Climb:
    """Work a stair out; `corner_deg` are the risers in a turning quarter, between 0 and 90."""
    x, y, w, h = span_of(stair.rect)
    up, right = STEP[stair.rise], STEP[CLOCKWISE[stair.rise]]
    turned = right if stair.turn != "left" else STEP[OPPOSITE[CLOCKWISE[stair.rise]]]
    corner = (x + w * (up[0] + turned[0] < 0), y + h * (up[1] + turned[1] < 0))
    frame = Frame(corner, up, turned)
    deep, wide = (w, h) if up[0] else (h, w)
    lane = {"straight": wide, "u": wide / 2, "l": min(wide / 2, 910)}[stair.kind]
    run = deep if stair.kind == "straight" else deep - lane
    risers = [((a, 0.0), (a, lane)) for a in _steps(0, run, tread_mm)]
    way, rail = [(120.0, lane / 2), (deep - 120, lane / 2)], [(0.0, lane), (run, lane)]
    hub = (run, lane)
    if stair.kind == "u":
        fan = [d for d in corner_deg if d] + [90.0] + [180 - d for d in reversed(corner_deg) if d]
        risers += [(hub, _spoke(hub, d, lane)) for d in fan]
        risers += [((a, lane), (a, wide)) for a in reversed(_steps(0, run, tread_mm))]
        way = [(120, lane / 2), (run + lane / 2, lane / 2), (run + lane / 2, lane * 1.5), (120, lane * 1.5)]
    elif stair.kind == "l":
        risers += [(hub, _spoke(hub, d, lane)) for d in corner_deg if d]
        risers += [((run, b), (deep, b)) for b in _steps(lane, wide, tread_mm)]
        way = [(120, lane / 2), (run + lane / 2, lane / 2), (run + lane / 2, wide - 120)]
        rail = [*rail, (run, wide)]
    return Climb(
        tuple(frame.path(*r) for r in risers), frame.path(*way), [] if stair.kind == "straight" else frame.path(*rail)
    )


def _steps(start: float, end: float, tread_mm: float) -> list[float]:
    count = max(1, round((end - start) / tread_mm))
    return [start + (end - start) * i / count for i in range(count + 1)]


def _spoke(hub: Point, degrees: float, lane: float) -> Point:
    """Return the outer end of a riser in a turn: 0 points back to the first flight's outer border."""
    du, dv = math.sin(math.radians(degrees)), -math.cos(math.radians(degrees))
    reach = lane / max(abs(du), abs(dv))
    return hub[0] + du * reach, hub[1] + dv * reach


# --- tatami -------------------------------------------------------------------------------


def mats(rect: Rect) -> list[Rect]:
    """Lay mats of 2x4 and half mats of 2x2 half modules so that no four meet; odd strips stay boards."""
    x, y, width, height = rect
    width, height = width - width % 2, height - height % 2
    grid = [[0] * (width // 2) for _ in range(height // 2)]
    for halves in range(6):
        laid: list[Rect] = []
        if grid and grid[0] and _lay(grid, laid, halves):
            return [(x + 2 * a, y + 2 * b, 2 * c, 2 * d) for a, b, c, d in laid]
    return [(x + i, y + j, 2, 2) for j in range(0, height, 2) for i in range(0, width, 2)]


def _lay(grid: list[list[int]], laid: list[Rect], halves: int) -> bool:
    free = next(((i, j) for j, row in enumerate(grid) for i, mat in enumerate(row) if not mat), None)
    if free is None:
        return True
    i, j = free
    if i and j and len({grid[j - 1][i - 1], grid[j - 1][i], grid[j][i - 1]}) == 3:
        return False  # four would meet here, whatever lies next
    for w, h in ((2, 1), (1, 2)) + ((1, 1),) * (halves > 0):
        if i + w > len(grid[0]) or j + h > len(grid) or (w == 2 and grid[j][i + 1]):
            continue
        laid.append((i, j, w, h))
        _mark(grid, laid[-1], len(laid))
        if _lay(grid, laid, halves - (w == h)):
            return True
        _mark(grid, laid.pop(), 0)
    return False


def _mark(grid: list[list[int]], mat: Rect, value: int) -> None:
    i, j, w, h = mat
    for a in range(i, i + w):
        for b in range(j, j + h):
            grid[b][a] = value


# --- places for words ---------------------------------------------------------------------

_PITCH = 7  # squares to a half module, of 65 mm


def obstacles(plan: Plan) -> list[Span]:
    """Return what words keep clear of: fixtures, and where leaves swing."""
    found: list[Span] = [(f.x_mm, f.y_mm, f.width_mm, f.depth_mm) for f in plan.fixtures]
    for opening in plan.openings:
        if opening.kind in HUNG or opening.kind == "folding":
            deep = opening.width_mm * (0.35 if opening.kind == "folding" else 0.85)
            points = frame_of(opening).path(*box(0, 0, opening.width_mm, deep))
            xs, ys = [p[0] for p in points], [p[1] for p in points]
            found.append((min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))
    if plan.stair is not None:
        found.append(span_of(plan.stair.rect))
    return found


def place(
    room: Room, sizes_mm: Sequence[Point], taken: Sequence[Span], wall_mm: float = 150
) -> tuple[int, Point] | None:
    """Return which of some sizes fits first into a room, clear of what is taken, and its middle."""
    xs, ys = [c[0] for c in room.cells], [c[1] for c in room.cells]
    x0, y0 = min(xs), min(ys)
    cells = np.zeros((max(ys) - y0 + 3, max(xs) - x0 + 3), np.uint8)
    for x, y in room.cells:
        cells[y - y0 + 1, x - x0 + 1] = 1
    start = (x0 - 1) * HALF_MM, (y0 - 1) * HALF_MM
    free: NDArray[np.uint8] = cells.repeat(_PITCH, axis=0).repeat(_PITCH, axis=1)
    unit = HALF_MM / _PITCH
    for left, top, w, h in taken:
        a, b = (left - start[0]) / unit, (top - start[1]) / unit
        free[max(0, int(b)) : max(0, math.ceil(b + h / unit)), max(0, int(a)) : max(0, math.ceil(a + w / unit))] = 0
    left, top, w, h = largest(room)
    aim = (left + w / 2 - start[0]) / unit, (top + h / 2 - start[1]) / unit
    for i, (wide, high) in enumerate(sizes_mm):
        kernel = math.ceil((wide + wall_mm) / unit) | 1, math.ceil((high + wall_mm) / unit) | 1
        middles = cv2.erode(free, np.ones(kernel[::-1], np.uint8), borderValue=0)
        spot = _nearest(np.asarray(middles, np.uint8), aim)
        if spot is not None:
            return i, (start[0] + (spot[0] + 0.5) * unit, start[1] + (spot[1] + 0.5) * unit)
    return None


def _nearest(free: NDArray[np.uint8], aim: Point) -> Point | None:
    rows, columns = np.nonzero(free)
    if not len(rows):
        return None
    best = int(np.argmin((rows + 0.5 - aim[1]) ** 2 + (columns + 0.5 - aim[0]) ** 2))
    return float(columns[best]), float(rows[best])
