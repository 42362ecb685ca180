"""What surrounds a building on a sheet: axes with bubbles, dimension chains, north, scale, storey.

Everything stands off the drawing's extent; the X chain is north of it, the Y chain west.
Texts grow with the names of rooms where pixels are coarse, distances with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from madorizu.draw.marks import PAPER_SCALE, Arc, Area, Box, Lines, Path, Point, Primitive, Text
from madorizu.draw.style import Style
from madorizu.draw.text import NAME_MM, text_width_mm
from madorizu.draw.walls import runs
from madorizu.plan import HALF_MM, Plan, indoor_cells, outline, walls

AXIS_WALLS = 4  # an axis carries at least two modules of wall
AXIS_APART = 2  # half modules: bubbles must not touch each other
AXIS_DASH = (500.0, 90.0, 60.0, 90.0)
BUBBLE_MM = 330  # radius
BAYS_MM, WHOLE_MM, BUBBLES_MM = 480, 960, 1700  # from the drawing to the chains and bubbles
DOT_MM = 42
SCALE_BAR_MM = 2000


@dataclass(frozen=True, slots=True)
class Axes:
    """Places of the axes in half modules, rising: `xs` from the west, `ys` from the north."""

    xs: tuple[int, ...]
    ys: tuple[int, ...]

    def moved(self, dx: int, dy: int) -> Axes:
        """Move by lattice steps, as `plan.translate`."""
        return Axes(tuple(x + dx for x in self.xs), tuple(y + dy for y in self.ys))


def axes_of(plans: Sequence[Plan]) -> Axes:
    """Choose the axes that the storeys of a house share.

    The ends of all outlines together are axes; between them every line with much wall, the
    most first, if it keeps a module's distance from those before it.
    """
    boxes = [outline(plan) for plan in plans]
    lengths: dict[tuple[str, int], int] = {}
    for plan in plans:
        for run in runs(walls(plan)):
            key = ("x", run.x) if run.axis == "v" else ("y", run.y)
            lengths[key] = lengths.get(key, 0) + run.count
    west, east = min(x for x, _, _, _ in boxes), max(x + width for x, _, width, _ in boxes)
    north, south = min(y for _, y, _, _ in boxes), max(y + height for _, y, _, height in boxes)
    return Axes(_chosen(lengths, "x", west, east), _chosen(lengths, "y", north, south))


def _chosen(lengths: dict[tuple[str, int], int], way: str, first: int, last: int) -> tuple[int, ...]:
    chosen = [first, last]
    inner = sorted((-length, at) for (axis, at), length in lengths.items() if axis == way and first < at < last)
    for length, at in inner:
        if -length >= AXIS_WALLS and all(abs(at - other) >= AXIS_APART for other in chosen):
            chosen.append(at)
    return tuple(sorted(chosen))


def _within(places: Sequence[int], first: int, last: int) -> tuple[int, ...]:
    """Return the points of a chain in mm: both ends of the outline and the axes between them."""
    return tuple(at * HALF_MM for at in sorted({first, last, *(p for p in places if first < p < last)}))


def grid_marks(plan: Plan, axes: Axes, style: Style, box: Box, *, text_mm: float = NAME_MM) -> Iterator[Primitive]:
    """Yield the axes that meet a storey, with their bubbles: X1 in the west, Y1 in the south.

    An axis runs from its bubble to the first wall; across rooms it would be taken for an edge of
    something. One whose bubble would meet the one before it is left out; it happens with large
    letters only.
    """
    x0, y0, width, height = outline(plan)
    grow, (west, north, _, _) = text_mm / NAME_MM, box
    radius, off = BUBBLE_MM * grow, BUBBLES_MM * grow
    across = [(f"X{i}", x * HALF_MM) for i, x in enumerate(axes.xs, start=1) if x0 <= x <= x0 + width]
    down = [(f"Y{i}", y * HALF_MM) for i, y in enumerate(reversed(axes.ys), start=1) if y0 <= y <= y0 + height]
    across, down = _apart(across, 2 * radius), _apart(down, 2 * radius)
    ends = _first_walls(plan)
    lines: list[Path] = [((x, north - off + radius), (x, ends.get(("x", x), y0 * HALF_MM))) for _, x in across]
    lines += [((west - off + radius, y), (ends.get(("y", y), x0 * HALF_MM), y)) for _, y in down]
    colour = _pale(style)
    yield Lines("grid", tuple(lines), colour, style.thin_mm / 2, AXIS_DASH)
    places = [(name, (float(x), north - off)) for name, x in across]
    places += [(name, (west - off, float(y))) for name, y in down]
    for name, centre in places:
        yield Arc("grid", centre, radius, radius, 0, 360, colour, style.thin_mm, style.paper)
        yield Text("grid", centre, name, text_mm * 0.9, style.ink)


def _first_walls(plan: Plan) -> dict[tuple[str, int], int]:
    """Return where each line of the lattice first meets the storey's rooms, in mm from the north or the west."""
    found: dict[tuple[str, int], int] = {}
    for x, y in indoor_cells(plan):
        for key, at in ((("x", x), y), (("x", x + 1), y), (("y", y), x), (("y", y + 1), x)):
            way, line = key[0], key[1] * HALF_MM
            found[way, line] = min(found.get((way, line), at * HALF_MM), at * HALF_MM)
    return found


def _pale(style: Style) -> str:
    """Return the colour of axes: halfway to the paper where the style draws all in one colour."""
    if style.soft != style.ink:
        return style.soft
    return "#" + "".join(
        f"{(int(style.ink[i : i + 2], 16) + int(style.paper[i : i + 2], 16)) // 2:02x}" for i in (1, 3, 5)
    )


def _apart(named: list[tuple[str, int]], least_mm: float) -> list[tuple[str, int]]:
    """Drop what is nearer than that to the one kept before it."""
    kept: list[tuple[str, int]] = []
    for name, at in named:
        if not kept or abs(at - kept[-1][1]) > least_mm:
            kept.append((name, at))
    return kept


def dimension_marks(plan: Plan, axes: Axes, style: Style, box: Box, *, text_mm: float = NAME_MM) -> Iterator[Primitive]:
    """Yield chains in mm: bay by bay between the axes, and over all."""
    x0, y0, width, height = outline(plan)
    xs, ys = _within(axes.xs, x0, x0 + width), _within(axes.ys, y0, y0 + height)
    grow, (west, north, _, _) = text_mm / NAME_MM, box
    ends = WHOLE_MM * grow + 120
    lines: list[Path] = [((x, north - 150), (x, north - ends)) for x in xs]
    lines += [((west - 150, y), (west - ends, y)) for y in ys]
    yield Lines("dimension", tuple(lines), style.soft, style.thin_mm / 2)
    for off, across, down in ((BAYS_MM, xs, ys), (WHOLE_MM, (xs[0], xs[-1]), (ys[0], ys[-1]))):
        yield from _chain(across, north - off * grow, style, text_mm, upward=False)
        yield from _chain(down, west - off * grow, style, text_mm, upward=True)


def _chain(places: tuple[int, ...], at: float, style: Style, text_mm: float, *, upward: bool) -> Iterator[Primitive]:
    """Yield one line with dots at its points and numbers above it; a number too wide for its bay is left out."""
    height = text_mm * 0.85

    def point(along: float, away: float = 0.0) -> Point:
        return (at - away, along) if upward else (along, at - away)

    yield Lines("dimension", ((point(places[0]), point(places[-1])),), style.ink, style.thin_mm)
    for place in places:
        yield Arc("dimension", point(place), DOT_MM, DOT_MM, 0, 360, style.ink, style.thin_mm, style.ink)
    for first, last in zip(places, places[1:], strict=False):
        text = f"{last - first:,}"
        if text_width_mm(text, height) <= last - first:
            middle = point((first + last) / 2, height * 0.62)
            yield Text("dimension", middle, text, height, style.ink, style.paper, upward)


def north_marks(style: Style, centre: Point, *, text_mm: float = NAME_MM) -> Iterator[Primitive]:
    """Yield an arrow to the north, which is up, in a circle, with its N."""
    x, y = centre
    radius = text_mm * 1.1
    yield Arc("north", centre, radius, radius, 0, 360, style.ink, style.thin_mm)
    tip, half, foot = (x, y - radius * 1.35), radius * 0.38, y + radius * 0.75
    yield Area("north", (((x - half, foot), tip, (x, y + radius * 0.45)),), style.paper, style.ink, style.thin_mm)
    yield Area("north", (((x + half, foot), tip, (x, y + radius * 0.45)),), style.ink, style.ink, style.thin_mm)
    yield Text("north", (x, y - radius * 1.35 - text_mm * 0.7), "N", text_mm, style.ink)


def scale_marks(
    floor: int, style: Style, corner: Point, *, text_mm: float = NAME_MM, scale: int = PAPER_SCALE
) -> Iterator[Primitive]:
    """Yield the storey, the scale such as S=1/100 and a bar of two metres, to the south-east of a point.

    The scale is that of the document's size in millimetres, the bar holds for every size.
    """
    x, y = corner
    tag, tag_mm = f"{floor}F", text_mm * 1.6
    yield Text("scale", (x + text_width_mm(tag, tag_mm) / 2, y + text_mm * 1.2), tag, tag_mm, style.ink)
    left = x + text_width_mm(tag, tag_mm) + text_mm * 1.2
    top, deep, part = y + text_mm * 1.5, text_mm * 0.3, SCALE_BAR_MM / 4
    for i in range(4):
        x0, x1 = left + part * i, left + part * (i + 1)
        bar = ((x0, top), (x1, top), (x1, top + deep), (x0, top + deep))
        yield Area("scale", (bar,), style.paper if i % 2 else style.ink, style.ink, style.thin_mm)
    yield Text("scale", (left + part * 2, y + text_mm * 0.7), f"S=1/{scale}", text_mm * 0.85, style.ink)
    for metres, word in enumerate(("0", "1", "2 m")):
        place = (left + part * 2 * metres, top + deep + text_mm * 0.6)
        yield Text("scale", place, word, text_mm * 0.75, style.ink)
