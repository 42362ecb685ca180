"""Drawings without paint: what programs need that do not lay one thing over another.

`draw` paints from the lowest to the highest thing, so that a wall hides the floor under it
and a name the mats around it. CAD drawings hold lines only. Here each line loses what a
later fill would hide, doors, windows and fixtures become symbols that are drawn once and
put at many places, and dimension chains become measures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shapely import LineString, Point, Polygon, STRtree, affinity, get_coordinates, get_parts, line_merge, unary_union
from shapely.geometry import box as shapely_box

from madorizu.catalogue import FIXTURES
from madorizu.draw.fixtures import fixture_frame, fixture_marks
from madorizu.draw.marks import Arc, Area, Frame, Lines, Path, Primitive, Text, moved
from madorizu.draw.openings import opening_marks
from madorizu.draw.style import Style, style_named
from madorizu.draw.text import text_width_mm
from madorizu.draw.walls import Shape, hinge_frame
from madorizu.export.placing import Storey
from madorizu.export.subject import Settings
from madorizu.plan import WINDOW_KINDS, Fixture, Opening, Plan, walls

FACE_MM = 1.0  # a line on the border of what hides it stays
DIGITS = 3  # of a symbol's coordinates, in mm


@dataclass(frozen=True, slots=True)
class Symbol:
    """A door, window or fixture, placed.

    Attributes:
        kind: of the opening or fixture, with its width, such as "HINGED_755".
        layer: "opening" or "fixture".
        marks: its primitives in its own axes, x along the wall or back, y away from it (down).
        origin: where its axes begin on the drawing.
        turn_deg: clockwise as seen on the drawing, 0, 90, 180 or 270. Symbols are never mirrored:
            a door that hangs on the other side is another symbol.
    """

    kind: str
    layer: str
    marks: tuple[Primitive, ...]
    origin: tuple[float, float]
    turn_deg: int


@dataclass(frozen=True, slots=True)
class Measure:
    """One dimension: from point to point along x or y.

    Attributes:
        start, end: the measured points, where the extension lines begin.
        line: a point of the dimension line.
        text: the number and its place; None where it has no space.
        upright: it measures y.
        colour: of its lines.
        pens_mm: of the dimension line and of the extension lines.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    line: tuple[float, float]
    text: Text | None
    upright: bool
    colour: str
    pens_mm: tuple[float, float]


Item = Primitive | Symbol | Measure


def flat(storey: Storey, settings: Settings) -> tuple[Item, ...]:
    """Return a storey's drawing as lines, symbols, measures and texts, none of which hides another.

    Fills stay where they are walls or of the ink's colour; floors' tints and the white of paper
    go. Arcs stay whole. Symbols are not cut.
    """
    style = style_named(settings.style)
    measures = _measures(storey.marks)
    items = [*_grouped(storey, style), *measures]
    covers = _covers(items)
    tree = STRtree([shape for _, shape in covers])
    found: list[Item] = []
    for place, item in enumerate(items):
        if isinstance(item, (Area, Lines)):
            if not (item.rings if isinstance(item, Area) else item.paths):
                continue  # clipping may leave nothing of a pattern
            above = [covers[i] for i in sorted(tree.query(_hull(item)))]
            found.extend(_uncovered(item, [shape for after, shape in above if after > place], style))
        elif isinstance(item, Arc):
            found.append(item if item.fill in ("", style.ink) else replace(item, fill=""))
        else:
            found.append(_inked(item, style) if isinstance(item, Symbol) else item)
    return tuple(found)


# --- symbols ------------------------------------------------------------------------------


def _grouped(storey: Storey, style: Style) -> list[Primitive | Symbol]:
    """Put symbols in the place of the primitives of doors, windows and fixtures."""
    plan = storey.plan
    symbols = {"opening": _openings(plan, style), "fixture": _fixtures(plan, style)}
    items: list[Primitive | Symbol] = []
    seen: set[str] = set()
    for mark in storey.marks:
        if mark.layer not in symbols:
            items += [] if mark.layer == "dimension" else [mark]
        elif mark.layer not in seen:
            seen.add(mark.layer)
            for symbol in symbols[mark.layer]:
                x, y = symbol.origin
                items.append(replace(symbol, origin=(x + storey.dx_mm, y + storey.dy_mm)))
    return items


def _openings(plan: Plan, style: Style) -> list[Symbol]:
    kinds = walls(plan)
    found = []
    for opening in plan.openings:
        marks = tuple(opening_marks(replace(plan, openings=(opening,)), style, kinds))
        if marks:
            name = f"{opening.kind}_{opening.width_mm}".upper()
            found.append(_symbol(name, "opening", marks, _opening_frame(opening)))
    return found


def _opening_frame(opening: Opening) -> Frame:
    """Return the axes of an opening; windows hang nowhere, so that alike ones are alike."""
    if opening.kind in WINDOW_KINDS or opening.kind == "open":
        return hinge_frame(replace(opening, hinge="start", side=1))
    return hinge_frame(opening)


def _fixtures(plan: Plan, style: Style) -> list[Symbol]:
    kinds = walls(plan)
    found = []
    for fixture in plan.fixtures:
        marks = tuple(fixture_marks(replace(plan, fixtures=(fixture,)), style, kinds))
        along, deep = _along(fixture)
        # A plan may hold kinds that the catalogue does not: any text, which no block's name may.
        kind = fixture.kind if fixture.kind in FIXTURES else "fixture"
        found.append(_symbol(f"{kind}_{along}X{deep}".upper(), "fixture", marks, fixture_frame(fixture)[0]))
    return found


def _along(fixture: Fixture) -> tuple[int, int]:
    lying = fixture.facing in ("n", "s")
    return (fixture.width_mm, fixture.depth_mm) if lying else (fixture.depth_mm, fixture.width_mm)


def _symbol(kind: str, layer: str, marks: Iterable[Primitive], frame: Frame) -> Symbol:
    ux, uy = frame.u
    turned = Frame(frame.origin, frame.u, (-uy, ux))
    turn = round(math.degrees(math.atan2(uy, ux))) % 360
    return Symbol(kind, layer, tuple(_local(mark, turned) for mark in marks), frame.origin, turn)


def _local(mark: Primitive, frame: Frame) -> Primitive:
    """Turn a primitive into a frame's own axes, of which the second lies clockwise of the first."""
    (ox, oy), (ux, uy), (vx, vy) = frame.origin, frame.u, frame.v

    def inward(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point[0] - ox, point[1] - oy
        return round(x * ux + y * uy, DIGITS) + 0.0, round(x * vx + y * vy, DIGITS) + 0.0

    if isinstance(mark, Area):
        return replace(mark, rings=tuple(tuple(inward(p) for p in ring) for ring in mark.rings))
    if isinstance(mark, Lines):
        return replace(mark, paths=tuple(tuple(inward(p) for p in path) for path in mark.paths))
    if isinstance(mark, Text):
        return replace(mark, centre=inward(mark.centre))
    rx, ry = (mark.radius_x_mm, mark.radius_y_mm) if uy == 0 else (mark.radius_y_mm, mark.radius_x_mm)
    start, sweep = mark.start_deg, mark.end_deg - mark.start_deg
    if sweep < 360:
        start = round(start - math.degrees(math.atan2(uy, ux)), DIGITS) % 360
    return replace(
        mark, centre=inward(mark.centre), radius_x_mm=rx, radius_y_mm=ry, start_deg=start, end_deg=start + sweep
    )


def _inked(symbol: Symbol, style: Style) -> Symbol:
    """Take away what a symbol only painted over: fills of other colours than the ink, and areas without a pen."""
    marks: list[Primitive] = []
    for mark in symbol.marks:
        if isinstance(mark, (Area, Arc)) and mark.fill not in ("", style.ink):
            mark = replace(mark, fill="")
        if not isinstance(mark, Area) or mark.fill or mark.pen_mm:
            marks.append(mark)
    return replace(symbol, marks=tuple(marks))


def world(symbol: Symbol) -> tuple[Primitive, ...]:
    """Return a symbol's primitives at their place on the drawing."""
    angle = math.radians(symbol.turn_deg)
    x, y = float(round(math.cos(angle))), float(round(math.sin(angle)))
    back = Frame((0.0, 0.0), (x, -y), (y, x))  # the opposite turn
    return tuple(moved(_local(mark, back), *symbol.origin) for mark in symbol.marks)


# --- what is hidden -----------------------------------------------------------------------


def _covers(items: Sequence[Item]) -> list[tuple[int, Shape]]:
    """Return what hides what was painted before it: place in the order, and shape."""
    found: list[tuple[int, Shape]] = []
    for place, item in enumerate(items):
        for shape in map(_cover, _painted(item)):
            if shape is not None and not shape.is_empty:
                found.append((place, shape))
    return found


def _painted(item: Item) -> tuple[Primitive, ...]:
    if isinstance(item, Measure):
        return () if item.text is None else (item.text,)
    return world(item) if isinstance(item, Symbol) else (item,)


def _cover(mark: Primitive) -> Shape | None:
    if isinstance(mark, Area) and mark.fill and mark.layer != "floor":
        return _even_odd(mark.rings).buffer(-FACE_MM, join_style="mitre")
    if isinstance(mark, Arc) and mark.fill:
        disc = Point(0, 0).buffer(1.0)
        return affinity.translate(affinity.scale(disc, mark.radius_x_mm, mark.radius_y_mm), *mark.centre)
    if isinstance(mark, Text) and mark.halo:
        # The letters alone: ASCII is half as wide as high, others as wide as high.
        half_x, half_y = _letters_mm(mark) / 2 + 0.06 * mark.height_mm, 0.48 * mark.height_mm
        half_x, half_y = (half_y, half_x) if mark.upward else (half_x, half_y)
        x, y = mark.centre
        return shapely_box(x - half_x, y - half_y, x + half_x, y + half_y)
    return None


def _letters_mm(text: Text) -> float:
    narrow = sum(text.height_mm * 0.1 for c in text.text if text_width_mm(c, 1.0) < 1.0)
    return text_width_mm(text.text, text.height_mm) - narrow


def _even_odd(rings: Iterable[Path]) -> Shape:
    """Return rings as a shape; a ring within another one is a hole."""
    found: Shape = Polygon()
    for ring in rings:
        found = found.symmetric_difference(Polygon(ring))
    return found


def _hull(mark: Area | Lines) -> Shape:
    points = [p for path in (mark.rings if isinstance(mark, Area) else mark.paths) for p in path]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return shapely_box(min(xs), min(ys), max(xs), max(ys))


def _uncovered(mark: Area | Lines, above: Sequence[Shape], style: Style) -> Iterable[Primitive]:
    """Yield what is seen of a mark: its fill if that counts, its outline or lines."""
    if isinstance(mark, Area):
        if mark.fill and (mark.layer == "wall" or mark.fill == style.ink) and mark.fill != style.paper:
            yield replace(mark, colour="", pen_mm=0.0)
        if not mark.pen_mm:
            return
    hidden = unary_union(above) if above else None
    closed: list[Path] = []
    open_: list[Path] = []
    for path in mark.rings if isinstance(mark, Area) else mark.paths:
        line = LineString([*path, path[0]] if isinstance(mark, Area) else path)
        if hidden is None or not hidden.intersects(line):
            (closed if isinstance(mark, Area) else open_).append(path)
        else:
            open_ += _parts(line.difference(hidden))
    if closed:
        yield Area(mark.layer, tuple(closed), "", mark.colour, mark.pen_mm, mark.dash)
    if open_:
        yield Lines(mark.layer, tuple(open_), mark.colour, mark.pen_mm, mark.dash)


def _parts(shape: Shape) -> list[Path]:
    merged = line_merge(shape) if shape.geom_type == "MultiLineString" else shape
    parts = [part for part in get_parts(merged) if part.geom_type == "LineString" and part.length > FACE_MM]
    return sorted(
        tuple((round(x, DIGITS), round(y, DIGITS)) for x, y in get_coordinates(part).tolist()) for part in parts
    )


# --- measures -----------------------------------------------------------------------------


def _measures(marks: Sequence[Primitive]) -> list[Measure]:
    """Read the dimension chains: extension lines first, then of each chain its line and its dots in order."""
    drawn = [mark for mark in marks if mark.layer == "dimension"]
    lines = [mark for mark in drawn if isinstance(mark, Lines)]
    if not lines:
        return []
    feet = {("x", foot[0]) if foot[0] == tip[0] else ("y", foot[1]): foot for foot, tip in lines[0].paths}
    numbers = [mark for mark in drawn if isinstance(mark, Text)]
    found: list[Measure] = []
    for line in lines[1:]:
        ((x0, y0), (x1, _)) = line.paths[0]
        upright = x0 == x1
        on_line = [
            m.centre for m in drawn if isinstance(m, Arc) and m.centre[0 if upright else 1] == (x0 if upright else y0)
        ]
        for a, b in zip(on_line, on_line[1:], strict=False):
            start, end = (feet["y" if upright else "x", point[1 if upright else 0]] for point in (a, b))
            text = next((n for n in numbers if _is_number_of(n, a, b, upright=upright)), None)
            found.append(Measure(start, end, b, text, upright, line.colour, (line.pen_mm, lines[0].pen_mm)))
    return found


def _is_number_of(text: Text, a: tuple[float, float], b: tuple[float, float], *, upright: bool) -> bool:
    """Say whether a number stands over the middle between two dots."""
    along, across = (1, 0) if upright else (0, 1)
    middle = (a[along] + b[along]) / 2
    near = abs(text.centre[across] - a[across]) < text.height_mm
    return text.upward == upright and near and abs(text.centre[along] - middle) < FACE_MM
