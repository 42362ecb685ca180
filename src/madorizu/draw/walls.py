"""Walls and railings with thickness, from the edges of a plan.

Walls are as thick as the style says, centred on the lattice. Shapes are shapely geometries in
millimetres of the plan's own lattice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely import (
    Polygon,
    get_coordinates,
    get_num_coordinates,
    get_parts,
    intersection,
    length,
    linestrings,
    prepare,
    unary_union,
)
from shapely.geometry import box as shapely_box

from madorizu.draw.marks import PAPER_SCALE, Area, Frame, Lines, Path, Point, Primitive
from madorizu.draw.style import Style
from madorizu.plan import HALF_MM, Cell, Edge, Opening, Plan, is_indoor, railings

PARAPET_MM = 110
HATCH_PITCH_MM = 160  # along x; 113 mm between 45° lines
Shape = Any  # shapely ships no types


@dataclass(frozen=True, slots=True)
class Run:
    """A straight row of edges: `count` half modules from a lattice point."""

    axis: str
    x: int
    y: int
    count: int

    @property
    def ends_mm(self) -> tuple[int, int, int, int]:
        """West or north end and east or south end, x0, y0, x1, y1."""
        x0, y0 = self.x * HALF_MM, self.y * HALF_MM
        length = self.count * HALF_MM
        return (x0, y0, x0 + length, y0) if self.axis == "h" else (x0, y0, x0, y0 + length)


def runs(edges: Iterable[Edge]) -> Iterator[Run]:
    """Join edges into the longest straight runs, in a fixed order."""
    ordered = sorted(edges, key=lambda e: (e.axis, e.y, e.x) if e.axis == "h" else (e.axis, e.x, e.y))
    start, count = None, 0
    for edge in ordered:
        if start is not None:
            step = (count, 0) if start.axis == "h" else (0, count)
            if (edge.axis, edge.x, edge.y) == (start.axis, start.x + step[0], start.y + step[1]):
                count += 1
                continue
            yield Run(start.axis, start.x, start.y, count)
        start, count = edge, 1
    if start is not None:
        yield Run(start.axis, start.x, start.y, count)


def thickness_mm(opening: Opening, kinds: Mapping[Edge, str], style: Style) -> int:
    """Return the thickness of the wall that hosts an opening."""
    return style.outer_mm if kinds.get(opening.edges[0]) == "outer" else style.inner_mm


def hinge_frame(opening: Opening) -> Frame:
    """Return axes at the hinge: u along the frame to its other end, v to the side it opens to."""
    first, last = opening.ends_mm
    along = (1.0, 0.0) if opening.axis == "h" else (0.0, 1.0)
    across = (0.0, float(opening.side)) if opening.axis == "h" else (float(opening.side), 0.0)
    if opening.hinge == "start":
        return Frame(first, along, across)
    return Frame(last, (-along[0], -along[1]), across)


def wall_shapes(plan: Plan, kinds: Mapping[Edge, str], style: Style) -> tuple[Shape, Shape]:
    """Return the outer and the inner walls as shapes with the openings cut out.

    Args:
        plan: the storey.
        kinds: `plan.walls` of it.
        style: its thicknesses; shapes shrink by half of the pen of the outline that will be
            drawn, so that the drawn wall is as thick as the real one.
    """
    pen_mm = style.wall_mm * PAPER_SCALE
    gaps = unary_union(
        [g for o in plan.openings if o.kind != "open" for g in _gaps(o, thickness_mm(o, kinds, style), pen_mm)]
    )
    outer = _thick((e for e, k in kinds.items() if k == "outer"), style.outer_mm - pen_mm)
    inner = _thick((e for e, k in kinds.items() if k == "inner"), style.inner_mm - pen_mm)
    return outer.difference(gaps), inner.difference(gaps)


def _thick(edges: Iterable[Edge], thickness: float) -> Shape:
    """Give edges a thickness; ends run on by half of it, which closes the corners."""
    half = thickness / 2
    boxes = []
    for run in runs(edges):
        x0, y0, x1, y1 = run.ends_mm
        boxes.append(shapely_box(x0 - half, y0 - half, x1 + half, y1 + half))
    return unary_union(boxes) if boxes else Polygon()


def _gaps(opening: Opening, thickness: float, pen_mm: float) -> list[Shape]:
    """Return what an opening takes out of its wall.

    A sliding leaf rests in a pocket: only the half away from the hinge is open, and the
    wall beside the pocket loses the face on the leaf's side.
    """
    frame, width, more = hinge_frame(opening), opening.width_mm, pen_mm / 2
    deep = thickness  # twice what is needed: nothing of the wall may stay
    if opening.kind != "sliding":
        return [_shape(frame.box(-more, -deep, width + more, deep))]
    clear = _shape(frame.box(width / 2 - more, -deep, width + more, deep))
    return [clear, _shape(frame.box(-more, -more, width / 2, deep))]


def _shape(corners: Path) -> Shape:
    return Polygon(corners)


def rings(shape: Shape) -> tuple[Path, ...]:
    """Return all rings of a shape, outer ones and holes, in a fixed order."""
    found = []
    for part in polygons(shape):
        for ring in (part.exterior, *part.interiors):
            corners = _without_flat_corners([(x, y) for x, y in get_coordinates(ring).tolist()[:-1]])
            first = corners.index(min(corners))
            found.append(corners[first:] + corners[:first])
    return tuple(sorted(found))


def _without_flat_corners(ring: list[Point]) -> Path:
    """Drop the corners at which a ring goes straight on; unions leave many."""
    kept = []
    for (ax, ay), (bx, by), (cx, cy) in zip(ring[-1:] + ring[:-1], ring, ring[1:] + ring[:1], strict=True):
        if abs((bx - ax) * (cy - by) - (by - ay) * (cx - bx)) > 1e-3:
            kept.append((bx, by))
    return tuple(kept)


def polygons(shape: Shape) -> tuple[Shape, ...]:
    """Return the polygons of any shape; lines and points that clipping left are dropped."""
    return tuple(p for p in get_parts(shape) if isinstance(p, Polygon) and not p.is_empty)


def clip(paths: Iterable[Path], shape: Shape) -> tuple[Path, ...]:
    """Return what of straight lines lies inside a shape, in a fixed order."""
    ends = list(paths)
    if not ends:
        return ()
    prepare(shape)
    # Line by line: the intersection of all at once would cut them where they cross.
    parts = get_parts(intersection(linestrings(ends), shape))
    parts = parts[(get_num_coordinates(parts) == 2) & (length(parts) > 1)]
    found = get_coordinates(parts).reshape(-1, 2, 2).tolist()
    return tuple(sorted(((x0, y0), (x1, y1)) for (x0, y0), (x1, y1) in found))


def wall_marks(plan: Plan, style: Style, kinds: Mapping[Edge, str]) -> Iterator[Primitive]:
    """Yield the walls of a plan; `kinds` is `plan.walls` of it."""
    outer, inner = wall_shapes(plan, kinds, style)
    if style.outer_fill == style.inner_fill:
        yield from _filled(unary_union([outer, inner]), style, style.outer_fill)
        return
    yield from _filled(inner.difference(outer), style, style.inner_fill)
    yield from _filled(outer, style, style.outer_fill)


def _filled(shape: Shape, style: Style, fill: str) -> Iterator[Primitive]:
    if shape.is_empty:
        return
    yield Area("wall", rings(shape), fill or style.paper, style.ink, style.wall_mm)
    if style.hatch:
        yield Lines("wall", hatch(rings(shape)), style.ink, style.thin_mm)


def hatch(outlines: Iterable[Path], pitch_mm: int = HATCH_PITCH_MM) -> tuple[Path, ...]:
    """Fill rings with rising 45° lines, by the even-odd rule.

    Each line is x + y = a multiple of the pitch. Its crossings with the rings, sorted by x,
    are by turns where it enters and where it leaves. (Overlaying each line with the shape
    in GEOS gives the same in four times the time.)
    """
    starts = np.array([corner for ring in outlines for corner in ring])
    ends = np.array([corner for ring in outlines for corner in (*ring[1:], ring[0])])
    first, last = starts.sum(axis=1), ends.sum(axis=1)
    low, high = np.minimum(first, last), np.maximum(first, last)
    found: list[Path] = []
    for level in range(math.ceil(low.min() / pitch_mm) * pitch_mm, math.ceil(high.max()), pitch_mm):
        crossed = (low <= level) & (level < high)  # half-open: a corner counts once
        share = (level - first[crossed]) / (last[crossed] - first[crossed])
        xs = np.sort(starts[crossed, 0] + share * (ends[crossed, 0] - starts[crossed, 0])).tolist()
        found.extend(((x0, level - x0), (x1, level - x1)) for x0, x1 in zip(xs[::2], xs[1::2], strict=True) if x1 > x0)
    return tuple(found)


def railing_marks(plan: Plan, style: Style) -> Iterator[Primitive]:
    """Yield parapets of balconies as double lines, and the kerbs of porches and decks as one."""
    owner = plan.owners()
    parapets: list[Edge] = []
    kerbs: list[Edge] = []
    for edge in railings(plan):
        kinds = {plan.rooms[owner[c]].kind for c in edge.cells if c in owner}
        (parapets if "balcony" in kinds else kerbs).append(edge)
    if parapets:
        shape = _thick(parapets, PARAPET_MM - style.thin_mm * PAPER_SCALE)
        yield Area("railing", rings(shape), style.paper, style.ink, style.thin_mm)
    if kerbs:
        paths = tuple(((r.ends_mm[0], r.ends_mm[1]), (r.ends_mm[2], r.ends_mm[3])) for r in runs(kerbs))
        yield Lines("railing", paths, style.ink, style.thin_mm)


def outer_side(opening: Opening, plan: Plan, owner: Mapping[Cell, int]) -> int:
    """Return to which side of an opening outside lies: 1 south or east, -1 north or west."""
    before = owner.get(opening.edges[0].cells[0])
    return -1 if before is None or not is_indoor(plan.rooms[before].kind) else 1
