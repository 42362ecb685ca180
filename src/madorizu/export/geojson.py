"""GeoJSON in millimetres of the building: rooms, walls, openings, fixtures, stairs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from shapely.geometry import box as shapely_box

from madorizu.draw.floors import room_shape
from madorizu.draw.style import style_named
from madorizu.draw.walls import Shape, polygons, wall_shapes
from madorizu.export.subject import Settings, Subject
from madorizu.export.words import floor_size, room_name, size_of
from madorizu.plan import HALF_MM, Plan, is_indoor, outline, walls

Feature = dict[str, Any]


def geojson(subject: Subject, settings: Settings) -> bytes:
    """Write a feature for each room, wall, opening, fixture and stair of all storeys.

    Coordinates are millimetres, x to the east and y to the north, with (0, 0) at the south-west
    corner around all outlines; storeys lie on each other and differ in `floor`. This is no place
    on the earth: "crs" is null. Rooms reach to the middle of their walls; walls are polygons
    of the style's thickness, outlined without pens; openings are lines in the middle of them.

    Returns:
        UTF-8, a feature per line; equal inputs give equal bytes.
    """
    boxes = [outline(plan) for plan in subject.plans]
    west, south = min(x for x, _, _, _ in boxes), max(y + deep for _, y, _, deep in boxes)
    place = _Place(west * HALF_MM, south * HALF_MM)
    features = [feature for plan in subject.plans for feature in _features(plan, place, settings)]
    data: dict[str, Any] = {
        "type": "FeatureCollection",
        "name": subject.name or "plan",
        "crs": None,
        "unit": "mm",
        "floor_area_m2": floor_size(subject.plans).m2,
    }
    if subject.broken:
        data["warning"] = subject.notice(settings.words)
        data["broken_rules"] = list(subject.codes)
    head = json.dumps(data, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{head}, "features": [\n{lines}\n]}}\n'.encode()


class _Place:
    """From a plan's millimetres, y to the south, to those of the file."""

    def __init__(self, west_mm: int, south_mm: int) -> None:
        self.west_mm, self.south_mm = west_mm, south_mm

    def at(self, point: Iterable[float]) -> list[float]:
        x, y = point
        return [_figure(x - self.west_mm), _figure(self.south_mm - y)]

    def polygon(self, shape: Shape) -> dict[str, Any]:
        """Return the geometry of a shape: a polygon, or several."""
        parts = [self._rings(part) for part in polygons(shape)]
        if len(parts) == 1:
            return {"type": "Polygon", "coordinates": parts[0]}
        return {"type": "MultiPolygon", "coordinates": parts}

    def _rings(self, part: Shape) -> list[list[list[float]]]:
        # y is turned over, so that what shapely orients clockwise comes out as RFC 7946 wants it.
        turned = part.normalize()
        return [[self.at(point) for point in ring.coords] for ring in (turned.exterior, *turned.interiors)]


def _figure(value: float) -> float:
    """Write whole millimetres as whole numbers."""
    return int(value) if value == int(value) else round(value, 3)


def _features(plan: Plan, place: _Place, settings: Settings) -> Iterator[Feature]:
    for index, room in enumerate(plan.rooms):
        size = size_of(room)
        told = {"kind": room.kind, "name": room_name(room, settings.words), "indoor": is_indoor(room.kind)}
        told |= {"area_m2": round(room.area_m2, 4), "jo": room.jo, "tsubo": size.tsubo}
        yield _feature(plan, "room", index, place.polygon(room_shape(room)), told)
    kinds = walls(plan)
    style = replace(style_named(settings.style), wall_mm=0.0)  # shapes leave room for half of a pen
    outer, inner = wall_shapes(plan, kinds, style)
    for kind, shape in (("outer", outer), ("inner", inner.difference(outer))):
        for index, part in enumerate(polygons(shape)):
            yield _feature(plan, f"{kind}-wall", index, place.polygon(part), {"kind": kind})
    for index, opening in enumerate(plan.openings):
        line = {"type": "LineString", "coordinates": [place.at(end) for end in opening.ends_mm]}
        told = {"kind": opening.kind, "width_mm": opening.width_mm}
        told |= {"sill_mm": opening.sill_mm, "head_mm": opening.head_mm}
        yield _feature(plan, "opening", index, line, told)
    for index, fixture in enumerate(plan.fixtures):
        x, y = fixture.x_mm, fixture.y_mm
        shape = shapely_box(x, y, x + fixture.width_mm, y + fixture.depth_mm)
        yield _feature(plan, "fixture", index, place.polygon(shape), {"kind": fixture.kind, "facing": fixture.facing})
    if plan.stair is not None:
        x, y, width, deep = (value * HALF_MM for value in plan.stair.rect)
        shape = shapely_box(x, y, x + width, y + deep)
        yield _feature(plan, "stair", 0, place.polygon(shape), {"kind": plan.stair.kind, "rise": plan.stair.rise})


def _feature(plan: Plan, what: str, index: int, geometry: dict[str, Any], told: dict[str, Any]) -> Feature:
    layer = "wall" if what.endswith("wall") else what
    return {
        "type": "Feature",
        "id": f"{plan.floor}F-{what}-{index + 1}",
        "properties": {"layer": layer, "floor": plan.floor, **told},
        "geometry": geometry,
    }
