"""The IFC file that `ifc` writes into: entities with ids of their content, placements, solids, properties.

Coordinates: x to the east, y to the north, millimetres; the origin is the south-west corner of
the house. `Spot` turns the lattice's points into those of a product.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapely import get_coordinates

from madorizu.draw.walls import Shape, polygons
from madorizu.export.solids import COLOURS, Prism

Entity = Any  # ifcopenshell ships no types
Xy = tuple[float, float]
Form = tuple[str, str, Sequence[Entity]]  # a representation: identifier, type, items
SPACE = uuid.UUID("b6a3f1de-6c0c-5c5c-9a74-3f1f4a2f9d10")  # under which ids are made; a number like any other
NO_TIME = "1970-01-01T00:00:00"  # the header must tell one
MOST_LABEL = 255  # letters of an IfcLabel


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a product lies: its origin in the house's millimetres, y to the north, and its x axis, a unit vector."""

    origin: Xy
    x_axis: Xy = (1.0, 0.0)

    def local(self, point: Xy) -> Xy:
        """Turn a point of the house into one of the product."""
        dx, dy = point[0] - self.origin[0], point[1] - self.origin[1]
        ax, ay = self.x_axis
        return _tidy(dx * ax + dy * ay), _tidy(dy * ax - dx * ay)


def _tidy(value: float) -> float:
    return round(value, 3) + 0.0


@dataclass(slots=True)
class Model:
    """An IFC4 file that is being written.

    Attributes:
        file: of ifcopenshell.
        key: what tells this house from every other; ids derive from it.
        corner_mm: the lattice's point that is the origin, x in the west and y in the south.
        context: in which bodies lie.
        kept: points, directions, styles that are used again.
    """

    file: Any
    key: str
    corner_mm: tuple[int, int]
    context: Entity = None
    kept: dict[tuple[Any, ...], Entity] = field(default_factory=dict)

    # --- entities ---

    def add(self, kind: str, **given: Any) -> Entity:
        """Add an entity."""
        return self.file.create_entity(kind, **given)

    def rooted(self, kind: str, path: str, **given: Any) -> Entity:
        """Add an entity with an id that derives from the house and its path in it; texts are cut to what IFC holds."""
        cut = {key: value[:MOST_LABEL] if isinstance(value, str) else value for key, value in given.items()}
        return self.add(kind, GlobalId=_compressed(uuid.uuid5(SPACE, f"{self.key}/{kind}/{path}")), **cut)

    def _once(self, kind: str, *values: Any, **given: Any) -> Entity:
        key = (kind, *values)
        if key not in self.kept:
            self.kept[key] = self.add(kind, **given)
        return self.kept[key]

    def point(self, *at: float) -> Entity:
        """Return a point, the same one for equal coordinates."""
        tidy = tuple(map(_tidy, at))
        return self._once("IfcCartesianPoint", *tidy, Coordinates=tidy)

    def way(self, *along: float) -> Entity:
        """Return a direction."""
        tidy = tuple(map(_tidy, along))
        return self._once("IfcDirection", *tidy, DirectionRatios=tidy)

    def axes(self, origin: tuple[float, float, float] = (0.0, 0.0, 0.0), x_axis: Xy = (1.0, 0.0)) -> Entity:
        """Return axes that stand upright."""
        turned = {} if x_axis == (1.0, 0.0) else {"Axis": self.way(0, 0, 1), "RefDirection": self.way(*x_axis, 0)}
        where = self.point(*origin)
        return self._once("IfcAxis2Placement3D", *map(_tidy, origin), *x_axis, Location=where, **turned)

    def placed(self, under: Entity | None, origin: tuple[float, float, float], x_axis: Xy = (1.0, 0.0)) -> Entity:
        """Return a placement relative to another."""
        return self.add("IfcLocalPlacement", PlacementRelTo=under, RelativePlacement=self.axes(origin, x_axis))

    # --- shapes ---

    def house(self, point: Xy) -> Xy:
        """Turn a point of the lattice, y to the south, into one of the house, y to the north."""
        return point[0] - self.corner_mm[0], self.corner_mm[1] - point[1]

    def profiles(self, shape: Shape, spot: Spot) -> list[Entity]:
        """Return the profile of each polygon of a shape, in a product's axes."""
        return [self._profile(part, spot) for part in polygons(shape)]

    def _profile(self, part: Shape, spot: Spot) -> Entity:
        rings = [
            [spot.local(self.house((x, y))) for x, y in get_coordinates(ring).tolist()]
            for ring in (part.exterior, *part.interiors)
        ]
        xs, ys = zip(*rings[0], strict=True)
        if len(rings) == 1 and len(set(rings[0])) == 4 and len(set(xs)) == len(set(ys)) == 2:
            middle = self.point((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
            place = self.add("IfcAxis2Placement2D", Location=middle)
            sides = {"XDim": _tidy(max(xs) - min(xs)), "YDim": _tidy(max(ys) - min(ys))}
            return self.add("IfcRectangleProfileDef", ProfileType="AREA", Position=place, **sides)
        curves = [self.line(ring) for ring in rings]
        if len(curves) == 1:
            return self.add("IfcArbitraryClosedProfileDef", ProfileType="AREA", OuterCurve=curves[0])
        given = {"ProfileType": "AREA", "OuterCurve": curves[0], "InnerCurves": curves[1:]}
        return self.add("IfcArbitraryProfileDefWithVoids", **given)

    def line(self, points: Sequence[Xy]) -> Entity:
        """Return a polyline."""
        return self.add("IfcPolyline", Points=[self.point(*point) for point in points])

    def body(
        self, prisms: Iterable[Prism], spot: Spot, *, down_mm: float = 0.0, beside: Sequence[Form] = ()
    ) -> Entity | None:
        """Return the shape of a product: its prisms, in their colours; None where there are none.

        Args:
            prisms: on the lattice.
            spot: the product's axes.
            down_mm: how high the product's origin lies above the storey's floor.
            beside: other representations, which come first.
        """
        items = []
        for prism in prisms:
            for profile in self.profiles(prism.shape, spot):
                solid = self.add(
                    "IfcExtrudedAreaSolid",
                    SweptArea=profile,
                    Position=self.axes((0.0, 0.0, prism.low_mm - down_mm)),
                    ExtrudedDirection=self.way(0, 0, 1),
                    Depth=_tidy(prism.high_mm - prism.low_mm),
                )
                self.add("IfcStyledItem", Item=solid, Styles=[self._colour(prism.stuff)])
                items.append(solid)
        return self.shape([*beside, ("Body", "SweptSolid", items)]) if items else None

    def shape(self, parts: Iterable[Form]) -> Entity:
        """Return a product's shape of representations: identifier, type, items."""
        found = [
            self.add(
                "IfcShapeRepresentation",
                ContextOfItems=self.context,
                RepresentationIdentifier=name,
                RepresentationType=form,
                Items=items,
            )
            for name, form, items in parts
        ]
        return self.add("IfcProductDefinitionShape", Representations=found)

    def _colour(self, stuff: str) -> Entity:
        if ("style", stuff) not in self.kept:
            colour, alpha = COLOURS[stuff]
            red, green, blue = (round(int(colour[i : i + 2], 16) / 255, 4) for i in (1, 3, 5))
            drawn = self.add(
                "IfcSurfaceStyleRendering",
                SurfaceColour=self.add("IfcColourRgb", Red=red, Green=green, Blue=blue),
                Transparency=round(1 - alpha, 4),
                ReflectanceMethod="NOTDEFINED",
            )
            self.kept["style", stuff] = self.add("IfcSurfaceStyle", Name=stuff, Side="BOTH", Styles=[drawn])
        return self.kept["style", stuff]

    # --- what belongs to what, and what is known of it ---

    def aggregate(self, whole: Entity, parts: Sequence[Entity], path: str) -> None:
        """Say of what something consists."""
        if parts:
            self.rooted("IfcRelAggregates", path, RelatingObject=whole, RelatedObjects=parts)

    def properties(self, product: Entity, name: str, values: Mapping[str, tuple[str, Any]], path: str) -> None:
        """Give a product a set of properties: name to IFC type and value."""
        single = [
            self.add("IfcPropertySingleValue", Name=key, NominalValue=self.file.create_entity(kind, _short(value)))
            for key, (kind, value) in values.items()
        ]
        told = self.rooted("IfcPropertySet", f"{path}/{name}", Name=name, HasProperties=single)
        self._define(product, told, f"{path}/{name}")

    def quantities(self, product: Entity, name: str, values: Mapping[str, tuple[str, float]], path: str) -> None:
        """Give a product a set of quantities: name to "Length", "Area" or "Volume" and value."""
        known = [
            self.add(f"IfcQuantity{kind}", Name=key, **{f"{kind}Value": round(float(value), 6)})
            for key, (kind, value) in values.items()
        ]
        told = self.rooted("IfcElementQuantity", f"{path}/{name}", Name=name, Quantities=known)
        self._define(product, told, f"{path}/{name}")

    def _define(self, product: Entity, told: Entity, path: str) -> None:
        self.rooted("IfcRelDefinesByProperties", path, RelatedObjects=[product], RelatingPropertyDefinition=told)


def _short(value: Any) -> Any:
    return value[:MOST_LABEL] if isinstance(value, str) else value


def _compressed(number: uuid.UUID) -> str:
    """Write an id as IFC does: 22 digits to the base of 64."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$"
    left, found = number.int, ""
    for _ in range(22):
        left, digit = divmod(left, 64)
        found = letters[digit] + found
    return found


def new_file() -> Any:
    """Return an empty IFC4 file."""
    import ifcopenshell  # half a second, and not installed everywhere: see `formats.Format.needs`

    return ifcopenshell.file(schema="IFC4")


def written(file: Any, name: str, described: Sequence[str]) -> bytes:
    """Return a file's bytes, with a header that tells no time and no machine."""
    head = file.header
    head.file_description.description = tuple(described)
    head.file_name.name = name
    head.file_name.time_stamp = NO_TIME
    head.file_name.author = head.file_name.organization = ("",)
    head.file_name.preprocessor_version = head.file_name.originating_system = "madorizu"
    return str(file.to_string()).encode("ascii")
