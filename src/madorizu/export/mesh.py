"""Upright prisms as triangles, for formats that hold nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon, constrained_delaunay_triangles, get_coordinates, get_parts, unary_union
from shapely.geometry.polygon import orient

from madorizu.draw.walls import Shape, polygons
from madorizu.export.solids import Hole, Prism, Storey, Stuff, Wall

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles: x to the east, y up, z to the south, in millimetres.

    Attributes:
        points: (N, 3), three in a row are a triangle, counter-clockwise as seen from outside.
        normals: (N, 3), the same for the three of a triangle.
    """

    points: Floats
    normals: Floats


def mesh_of(prisms: Iterable[Prism], floor_mm: float = 0.0) -> Mesh:
    """Return the surface of prisms, as high above `floor_mm` as they say."""
    faces: list[Floats] = []
    for prism in prisms:
        for part in polygons(prism.shape):
            faces += _faces(part, prism.low_mm, prism.high_mm, part, part)
    return _mesh(faces, floor_mm)


def mesh_of_walls(storey: Storey, kind: str) -> Mesh:
    """Return the surface of a storey's outer or inner walls with their openings cut.

    Between any two heights at which an opening begins or ends the walls are one prism; of the
    faces in which prisms touch, only what shows is kept, so that the surface is closed.
    """
    walls = [wall for wall in storey.walls if wall.kind == kind]
    holes = [hole for hole in storey.holes if hole.wall is not None and storey.walls[hole.wall].kind == kind]
    bands = _stitched(_bands(walls, holes, storey.high_mm))
    faces: list[Floats] = []
    for place, (low, high, shape) in enumerate(bands):
        below = bands[place - 1][2] if place else Polygon()
        above = bands[place + 1][2] if place + 1 < len(bands) else Polygon()
        faces += _faces(shape, low, high, shape.difference(below), shape.difference(above))
    return _mesh(faces, storey.floor_mm)


def _bands(walls: Sequence[Wall], holes: Sequence[Hole], high_mm: float) -> list[tuple[float, float, Shape]]:
    whole = unary_union([wall.shape for wall in walls]) if walls else Polygon()
    levels = sorted({0.0, high_mm, *(level for hole in holes for level in (hole.cut.low_mm, hole.cut.high_mm))})
    found: list[tuple[float, float, Shape]] = []
    for low, high in zip(levels, levels[1:], strict=False):
        open_ = [hole.cut.shape for hole in holes if hole.cut.low_mm <= low and hole.cut.high_mm >= high]
        found.append((low, high, whole.difference(unary_union(open_)).simplify(0.0) if open_ else whole))
    return found


def _stitched(bands: Sequence[tuple[float, float, Shape]]) -> list[tuple[float, float, Shape]]:
    """Give each band the corners of all: where one's corner met another's edge, pixels would show between them."""
    corners = np.unique(np.concatenate([get_coordinates(shape) for _, _, shape in bands]), axis=0)

    def ring(points: Floats) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = []
        for (x0, y0), (x1, y1) in zip(points[:-1].tolist(), points[1:].tolist(), strict=True):
            across = (corners[:, 0] - x0) * (y1 - y0) - (corners[:, 1] - y0) * (x1 - x0)
            share = (corners[:, 0] - x0) * (x1 - x0) + (corners[:, 1] - y0) * (y1 - y0)
            between = (abs(across) < 1e-3) & (share > 1e-3) & (share < (x1 - x0) ** 2 + (y1 - y0) ** 2 - 1e-3)
            order = np.argsort(share[between])
            found += [(x0, y0), *map(tuple, corners[between][order].tolist())]
        return found

    def whole(part: Shape) -> Shape:
        return Polygon(ring(get_coordinates(part.exterior)), [ring(get_coordinates(r)) for r in part.interiors])

    return [(low, high, MultiPolygon([whole(part) for part in polygons(shape)])) for low, high, shape in bands]


def stuffs(prisms: Iterable[Prism]) -> dict[Stuff, list[Prism]]:
    """Sort prisms by what they are made of."""
    found: dict[Stuff, list[Prism]] = {}
    for prism in prisms:
        found.setdefault(prism.stuff, []).append(prism)
    return found


# --- faces --------------------------------------------------------------------------------


def _faces(shape: Shape, low: float, high: float, bottom: Shape, top: Shape) -> list[Floats]:
    """Return triangles, each (3, 3), of sides, bottom and top."""
    found: list[Floats] = []
    for part in polygons(shape):
        # Shapes lie with y to the south: clockwise there is what turns its outer face outwards.
        ordered = orient(part, sign=-1.0)
        for ring in (ordered.exterior, *ordered.interiors):
            corners = get_coordinates(ring)
            found += _sides(corners, low, high)
    found += [_at(triangle, low) for triangle in _triangles(bottom, up=False)]
    found += [_at(triangle, high) for triangle in _triangles(top, up=True)]
    return found


def _sides(corners: Floats, low: float, high: float) -> list[Floats]:
    found = []
    for (x0, z0), (x1, z1) in zip(corners[:-1].tolist(), corners[1:].tolist(), strict=True):
        a, b, c, d = (x0, low, z0), (x1, low, z1), (x1, high, z1), (x0, high, z0)
        found += [np.array((a, b, c)), np.array((a, c, d))]
    return found


def _triangles(shape: Shape, *, up: bool) -> list[Floats]:
    """Cut a shape into triangles, (3, 2) each, that face up or down."""
    found = []
    for part in polygons(shape):
        if part.area < 1.0:
            continue
        for triangle in get_parts(constrained_delaunay_triangles(part)):
            corners = get_coordinates(triangle)[:3]
            (ax, ay), (bx, by), (cx, cy) = corners.tolist()
            clockwise = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) < 0  # as numbers, y upwards
            found.append(corners if clockwise == up else corners[::-1])
    return found


def _at(triangle: Floats, height: float) -> Floats:
    return np.column_stack([triangle[:, 0], np.full(3, height), triangle[:, 1]])


def _mesh(faces: Sequence[Floats], floor_mm: float) -> Mesh:
    if not faces:
        return Mesh(np.zeros((0, 3)), np.zeros((0, 3)))
    triangles = np.stack(faces)
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    kept = lengths > 1e-6  # triangles without an area have no side that shows
    triangles, normals = triangles[kept], normals[kept] / lengths[kept, None]
    points = triangles.reshape(-1, 3) + (0.0, floor_mm, 0.0)
    return Mesh(points, np.repeat(normals, 3, axis=0))
