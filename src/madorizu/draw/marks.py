"""What a drawing is made of: areas, lines, arcs and texts, in millimetres.

Coordinates are millimetres of the building from the outline's north-west corner, x to
the east and y to the south. Pens are millimetres on paper at 1:100, as draughtsmen and
CAD files count them; `PAPER_SCALE` turns them into millimetres of the building.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from madorizu.draw.text import text_width_mm

PAPER_SCALE = 100  # drawings are meant to be read at 1:100
Point = tuple[float, float]
Path = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """Closed rings, filled by the even-odd rule and outlined.

    Attributes:
        layer: what it shows, such as "wall" or "floor".
        rings: corners of each ring, without repeating the first.
        fill: colour "#rrggbb", or "" for none.
        colour, pen_mm: the outline; a pen of 0 draws none.
        dash: lengths of stroke and gap in mm of the building; empty for a full line.
    """

    layer: str
    rings: tuple[Path, ...]
    fill: str = ""
    colour: str = ""
    pen_mm: float = 0.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """Open polylines drawn with one pen; see `Area` for the attributes."""

    layer: str
    paths: tuple[Path, ...]
    colour: str
    pen_mm: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Arc:
    """Part of an ellipse with upright axes.

    Angles are degrees from east, growing towards south as seen on the drawing;
    0 to 360 is the whole ellipse, which alone may be filled.
    """

    layer: str
    centre: Point
    radius_x_mm: float
    radius_y_mm: float
    start_deg: float
    end_deg: float
    colour: str
    pen_mm: float
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text, centred on a point both ways.

    Attributes:
        layer, colour: see `Area`.
        centre: middle of the line.
        height_mm: size of the font, one em, in mm of the building.
        halo: colour of a rim that keeps lines off the letters; "" for none.
        upward: read from below to above, as the numbers of upright dimension lines.
    """

    layer: str
    centre: Point
    text: str
    height_mm: float
    colour: str
    halo: str = ""
    upward: bool = False


Primitive = Area | Lines | Arc | Text
Box = tuple[float, float, float, float]  # west, north, east, south


def box_of(text: Text) -> Box:
    """Return the rectangle that a text is sure to stay in."""
    half_x, half_y = text_width_mm(text.text, text.height_mm) / 2, text.height_mm / 2
    if text.upward:
        half_x, half_y = half_y, half_x
    x, y = text.centre
    return x - half_x, y - half_y, x + half_x, y + half_y


def extent(marks: Iterable[Primitive]) -> Box | None:
    """Return the rectangle around primitives, without their pens; None if there are none."""
    corners = [corner for mark in marks for corner in _corners(mark)]
    if not corners:
        return None
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _corners(mark: Primitive) -> Iterable[Point]:
    if isinstance(mark, Area):
        return (point for ring in mark.rings for point in ring)
    if isinstance(mark, Lines):
        return (point for path in mark.paths for point in path)
    if isinstance(mark, Arc):
        return _reached(mark)
    x0, y0, x1, y1 = box_of(mark)
    return (x0, y0), (x1, y1)


def _reached(arc: Arc) -> list[Point]:
    """Return an arc's ends and what it passes of its ellipse's four extremes."""
    quarters = range(math.ceil(arc.start_deg / 90) * 90, math.floor(arc.end_deg) + 1, 90)
    angles = [math.radians(degrees) for degrees in (arc.start_deg, arc.end_deg, *quarters)]
    (x, y), across, down = arc.centre, arc.radius_x_mm, arc.radius_y_mm
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


def moved(mark: Primitive, dx_mm: float, dy_mm: float) -> Primitive:
    """Move a primitive."""

    def shift(path: Path) -> Path:
        return tuple((x + dx_mm, y + dy_mm) for x, y in path)

    if isinstance(mark, Area):
        return replace(mark, rings=tuple(shift(ring) for ring in mark.rings))
    if isinstance(mark, Lines):
        return replace(mark, paths=tuple(shift(path) for path in mark.paths))
    return replace(mark, centre=shift((mark.centre,))[0])


@dataclass(frozen=True, slots=True)
class Frame:
    """Local axes on the drawing: `u` and `v` are unit vectors along x or y."""

    origin: Point
    u: Point
    v: Point

    def at(self, u_mm: float, v_mm: float) -> Point:
        """Turn local millimetres into a point of the drawing."""
        return (
            self.origin[0] + self.u[0] * u_mm + self.v[0] * v_mm,
            self.origin[1] + self.u[1] * u_mm + self.v[1] * v_mm,
        )

    def path(self, *points: Point) -> Path:
        """Turn local points into a path of the drawing."""
        return tuple(self.at(u, v) for u, v in points)

    def box(self, u0: float, v0: float, u1: float, v1: float) -> Path:
        """Return the four corners of a local rectangle."""
        return self.path((u0, v0), (u1, v0), (u1, v1), (u0, v1))
