"""Kitchen, bath, basin, WC and other equipment, seen from above."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from madorizu.draw.marks import Arc, Area, Frame, Lines, Path, Primitive
from madorizu.draw.style import Style
from madorizu.plan import HALF_MM, Edge, Fixture, Plan

DASH = (90, 60)
BACK_MM = 100  # the low wall behind a counter that stands free
AGAINST_MM = 250  # what has a wall nearer than that behind its back stands at it


def fixture_marks(plan: Plan, style: Style, kinds: Mapping[Edge, str]) -> Iterator[Primitive]:
    """Yield the fixtures of a plan; a kind without a symbol is a plain rectangle. `kinds` is `plan.walls` of it."""
    for fixture in plan.fixtures:
        frame, along, deep = fixture_frame(fixture)
        if fixture.kind == "kitchen" and not _is_at_wall(frame, along, kinds):
            yield from _counter(frame, along, deep, style)
        else:
            yield from _SYMBOLS.get(fixture.kind, _plain)(frame, along, deep, style)


def _is_at_wall(frame: Frame, along: float, kinds: Mapping[Edge, str]) -> bool:
    """Say whether a wall runs behind the middle of a fixture's back."""
    x, y = frame.at(along / 2, 0)
    upright = frame.u[0] == 0
    place, other = (x, y) if upright else (y, x)
    line = math.floor(place / HALF_MM) if sum(frame.v) > 0 else math.ceil(place / HALF_MM)
    step = math.floor(other / HALF_MM)
    edge = Edge("v", line, step) if upright else Edge("h", step, line)
    return abs(place - line * HALF_MM) < AGAINST_MM and edge in kinds


def fixture_frame(fixture: Fixture) -> tuple[Frame, float, float]:
    """Return axes with u along the back and v towards the user, and the extents along and away."""
    x0, y0 = float(fixture.x_mm), float(fixture.y_mm)
    x1, y1 = x0 + fixture.width_mm, y0 + fixture.depth_mm
    if fixture.facing == "s":
        return Frame((x0, y0), (1, 0), (0, 1)), x1 - x0, y1 - y0
    if fixture.facing == "n":
        return Frame((x1, y1), (-1, 0), (0, -1)), x1 - x0, y1 - y0
    if fixture.facing == "e":
        return Frame((x0, y1), (0, -1), (1, 0)), y1 - y0, x1 - x0
    return Frame((x1, y0), (0, 1), (-1, 0)), y1 - y0, x1 - x0


def _outline(frame: Frame, along: float, deep: float, style: Style, dash: tuple[float, ...] = ()) -> Area:
    return Area("fixture", (frame.box(0, 0, along, deep),), style.fixture, style.ink, style.thin_mm, dash)


def _ellipse(frame: Frame, u: float, v: float, radius_u: float, radius_v: float, style: Style, fill: str = "") -> Arc:
    turned = frame.u[0] == 0
    rx, ry = (radius_v, radius_u) if turned else (radius_u, radius_v)
    return Arc("fixture", frame.at(u, v), rx, ry, 0, 360, style.ink, style.thin_mm, fill)


def _rounded(frame: Frame, u0: float, v0: float, u1: float, v1: float, radius: float) -> Path:
    """Return a local rectangle with rounded corners as a path of short chords."""
    points = []
    right, left, front, back = u1 - radius, u0 + radius, v1 - radius, v0 + radius
    centres = ((right, front, 0), (left, front, 90), (left, back, 180), (right, back, 270))
    for u, v, turn in centres:
        for step in range(5):
            angle = math.radians(turn + step * 22.5)
            points.append((u + radius * math.cos(angle), v + radius * math.sin(angle)))
    return frame.path(*points)


def _plain(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    yield _outline(frame, along, deep, style)


def _kitchen(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    yield _outline(frame, along, deep, style)
    sink = _rounded(frame, along * 0.56, deep * 0.2, along * 0.86, deep * 0.8, 70)
    yield Area("fixture", (sink,), "", style.ink, style.thin_mm)
    middle, left, right = along * 0.19, along * 0.1, along * 0.28
    fill = style.ink if style.dots else ""
    radius = min(95.0, deep * 0.15)
    for u, v in ((left, deep * 0.68), (right, deep * 0.68), (middle, deep * 0.27)):
        yield _ellipse(frame, u, v, radius, radius, style, fill)


def _counter(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    """Draw a kitchen that faces the room: its low back, and before it the kitchen itself."""
    yield Area("fixture", (frame.box(0, 0, along, BACK_MM),), style.fixture, style.ink, style.thin_mm)
    yield from _kitchen(Frame(frame.at(0, BACK_MM), frame.u, frame.v), along, deep - BACK_MM, style)


def _refrigerator(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    yield _outline(frame, along, deep, style, DASH)


def _washing_machine(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    yield _outline(frame, along, deep, style, DASH)
    yield _ellipse(frame, along / 2, deep / 2, along * 0.3, deep * 0.3, style)


def _bathtub(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    yield _outline(frame, along, deep, style)
    rim = 90
    yield Area("fixture", (_rounded(frame, rim, rim, along - rim, deep - rim, 150),), "", style.ink, style.thin_mm)
    yield _ellipse(frame, along - rim * 2.6, deep / 2, 28, 28, style)


def _basin(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    yield _outline(frame, along, deep, style)
    yield _ellipse(frame, along / 2, deep * 0.55, along * 0.34, deep * 0.3, style)


def _toilet(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    tank = deep * 0.27
    yield Area("fixture", (frame.box(0, 0, along, tank),), style.fixture, style.ink, style.thin_mm)
    radius = (deep - tank) / 2
    yield _ellipse(frame, along / 2, tank + radius, along * 0.42, radius, style, style.fixture)


def _shoe_cabinet(frame: Frame, along: float, deep: float, style: Style) -> Iterator[Primitive]:
    yield _outline(frame, along, deep, style)
    yield Lines("fixture", (frame.path((0, 0), (along, deep)),), style.ink, style.thin_mm)


_SYMBOLS = {
    "kitchen": _kitchen,
    "refrigerator": _refrigerator,
    "washing_machine": _washing_machine,
    "bathtub": _bathtub,
    "basin": _basin,
    "toilet": _toilet,
    "shoe_cabinet": _shoe_cabinet,
}
