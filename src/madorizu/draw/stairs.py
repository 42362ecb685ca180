"""Stairs: treads, the walking line, and the break line of the lowest storey."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from madorizu.draw.marks import Arc, Area, Box, Frame, Lines, Path, Point, Primitive
from madorizu.draw.style import Style
from madorizu.plan import CLOCKWISE, HALF_MM, MODULE_MM, STEP, Plan, Stair

TREAD_MM = 228  # four to a module, the usual practice on the 910 mm grid
STRAIGHT_TREAD_MM = 260
BREAK_AT = 0.6  # share of the treads below the cut, about 1.6 m above the floor


@dataclass(frozen=True, slots=True)
class Flight:
    """A stair in local axes: treads in the order of climbing and the walking line."""

    treads: tuple[tuple[Point, Point], ...]
    walk: Path
    cut: Path  # the walking line as far as the break
    strings: tuple[Path, ...]  # borders between flights


def stair_marks(plan: Plan, style: Style) -> Iterator[Primitive]:
    """Yield the stair of a plan: the way up to a break line on the lowest storey, the way down above."""
    if plan.stair is None:
        return
    frame, flight = _flight(plan.stair)
    treads = tuple(frame.path(*_shorten(t, style)) for t in flight.treads)
    if plan.floor > 1:
        yield Lines("stair", treads, style.ink, style.thin_mm)
        yield from _arrow(frame.path(*reversed(flight.walk)), style)
    else:
        last = max(1, round(len(treads) * BREAK_AT))
        yield Lines("stair", treads[:last], style.ink, style.thin_mm)
        yield Lines("stair", treads[last + 1 :], style.soft, style.thin_mm, (60, 60))
        yield Lines("stair", (frame.path(*_zigzag(*flight.treads[last])),), style.ink, style.thin_mm)
        yield from _arrow(frame.path(*flight.cut), style)
    if flight.strings:
        pen = style.thick_mm if style.treads == "short" else style.medium_mm
        yield Lines("stair", tuple(frame.path(*s) for s in flight.strings), style.ink, pen)


def way_up(stair: Stair) -> Path:
    """Return the walking line from the first step to the last, whole as on the upper storey."""
    frame, flight = _flight(stair)
    return frame.path(*flight.walk)


def step_lines(stair: Stair) -> tuple[tuple[tuple[Point, Point], ...], tuple[tuple[Point, Point], ...]]:
    """Return the risers in the order of climbing, the last one at the upper floor, and the borders between flights."""
    frame, flight = _flight(stair)
    borders = [pair for line in flight.strings for pair in zip(line, line[1:], strict=False)]
    return tuple((frame.at(*a), frame.at(*b)) for a, b in flight.treads), tuple(
        (frame.at(*a), frame.at(*b)) for a, b in borders
    )


def covered(stair: Stair) -> list[Box]:
    """Return the rectangles in which its steps lie; an L stair leaves a corner of its own free."""
    frame, depth, width = _frame(stair)
    lane = float(min(MODULE_MM, width, depth)) if stair.kind == "l" else width
    boxes = []
    for corners in (frame.box(0, 0, depth, lane), frame.box(depth - lane, 0, depth, width)):
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        boxes.append((min(xs), min(ys), max(xs), max(ys)))
    return boxes if stair.kind == "l" else boxes[:1]


def _flight(stair: Stair) -> tuple[Frame, Flight]:
    frame, depth, width = _frame(stair)
    return frame, {"straight": _straight, "u": _u, "l": _l}[stair.kind](depth, width)


def _frame(stair: Stair) -> tuple[Frame, float, float]:
    """Return axes with u along the rise and v to the side of the turn, depth and width in mm."""
    x, y, w, h = (value * HALF_MM for value in stair.rect)
    up = STEP[stair.rise]
    right = STEP[CLOCKWISE[stair.rise]]
    side = (-right[0], -right[1]) if stair.turn == "left" else right
    # The start is the corner from which both axes run into the rectangle.
    corner = (x if up[0] + side[0] > 0 else x + w, y if up[1] + side[1] > 0 else y + h)
    depth, width = (w, h) if up[0] else (h, w)
    return Frame(corner, (float(up[0]), float(up[1])), (float(side[0]), float(side[1]))), depth, width


def _straight(depth: float, width: float) -> Flight:
    count = max(3, round(depth / STRAIGHT_TREAD_MM))
    treads = tuple(((depth * i / count, 0.0), (depth * i / count, width)) for i in range(count + 1))
    middle = width / 2
    end = depth * BREAK_AT - 150
    return Flight(treads, ((110, middle), (depth - 110, middle)), ((110, middle), (end, middle)), ())


def _u(depth: float, width: float) -> Flight:
    lane = width / 2
    foot = depth - lane
    count = max(1, round(foot / TREAD_MM))
    steps = [foot * i / count for i in range(count + 1)]
    pivot = (foot, lane)
    turn = [(pivot, _radial(pivot, angle, lane)) for angle in (30, 60, 90, 120, 150)]
    treads = [((u, 0.0), (u, lane)) for u in steps] + turn + [((u, lane), (u, width)) for u in reversed(steps)]
    near, far, bend = lane / 2, lane * 1.5, foot + lane / 2
    walk = ((110.0, near), (bend, near), (bend, far), (110.0, far))
    return Flight(tuple(treads), walk, ((110.0, near), (bend, near), (bend, lane + 60)), (((0.0, lane), pivot),))


def _l(depth: float, width: float) -> Flight:
    lane = float(min(MODULE_MM, width, depth))
    foot, reach = depth - lane, width - lane
    steps = [foot * i / max(1, round(foot / TREAD_MM)) for i in range(max(1, round(foot / TREAD_MM)) + 1)]
    after = [lane + reach * i / max(1, round(reach / TREAD_MM)) for i in range(max(1, round(reach / TREAD_MM)) + 1)]
    pivot = (foot, lane)
    turn = [(pivot, _radial(pivot, angle, lane)) for angle in (30, 60)]
    treads = [((u, 0.0), (u, lane)) for u in steps] + turn + [((foot, v), (depth, v)) for v in after]
    near, bend = lane / 2, foot + lane / 2
    walk = ((110.0, near), (bend, near), (bend, width - 110))
    strings = ((0.0, lane), pivot, (foot, width))
    return Flight(tuple(treads), walk, ((110.0, near), (bend, near), (bend, near + 150)), (strings,))


def _radial(pivot: Point, angle_deg: float, lane: float) -> Point:
    """Return where a winder's riser meets the outer border of the turn; 0° points back to v = 0."""
    angle = math.radians(angle_deg)
    du, dv = math.sin(angle), -math.cos(angle)
    reach = lane / max(abs(du), abs(dv))
    return pivot[0] + du * reach, pivot[1] + dv * reach


def _shorten(tread: tuple[Point, Point], style: Style) -> tuple[Point, Point]:
    if style.treads == "full":
        return tread
    (u0, v0), (u1, v1) = tread
    cut = 0.16
    return (u0 + (u1 - u0) * cut, v0 + (v1 - v0) * cut), (u1 + (u0 - u1) * cut, v1 + (v0 - v1) * cut)


def _zigzag(start: Point, end: Point) -> Path:
    """Return a break line in place of a tread."""
    du, dv = end[0] - start[0], end[1] - start[1]
    length = math.hypot(du, dv)
    nu, nv = -dv / length, du / length
    high = 95.0

    def along(share: float, off: float) -> Point:
        return start[0] + du * share + nu * off, start[1] + dv * share + nv * off

    return start, along(0.38, 0), along(0.44, high), along(0.56, -high), along(0.62, 0), end


def _arrow(walk: Path, style: Style) -> Iterator[Primitive]:
    """Draw the walking line from a small circle to an arrowhead."""
    yield Lines("stair", (walk,), style.ink, style.thin_mm)
    dot = style.ink if style.dots else style.paper
    yield Arc("stair", walk[0], 50, 50, 0, 360, style.ink, style.thin_mm, dot)
    (x0, y0), (x1, y1) = walk[-2], walk[-1]
    length = math.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    back, half = 170.0, 75.0
    left = (x1 - ux * back - uy * half, y1 - uy * back + ux * half)
    right = (x1 - ux * back + uy * half, y1 - uy * back - ux * half)
    yield Area("stair", ((left, (x1, y1), right),), style.ink)
