"""IFC4 by ifcopenshell: site, building, storeys, rooms, walls with their doors and windows, slabs, stairs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shapely import unary_union
from shapely.geometry import box as shapely_box

from madorizu.draw.floors import room_shape
from madorizu.draw.openings import SINGLE_SASH_MM, TWO_PAIRS_MM
from madorizu.draw.style import Style, style_named
from madorizu.export import carried
from madorizu.export.ifc_model import Entity, Model, Spot, new_file, written
from madorizu.export.solids import Hole, Prism, Storey, Wall, corner_mm, notice_frame, storeys
from madorizu.export.subject import Settings, Subject
from madorizu.export.words import drawing_title, floor_size, room_name, size_of
from madorizu.plan import WINDOW_KINDS, Fixture, Opening, is_indoor

CUT_MM = 20  # by which a hole stands out of its wall, so that nothing of it stays
STAIRS = {"straight": "STRAIGHT_RUN_STAIR", "l": "QUARTER_WINDING_STAIR", "u": "HALF_WINDING_STAIR"}
FIXTURES = {
    "bathtub": ("IfcSanitaryTerminal", "BATH"),
    "basin": ("IfcSanitaryTerminal", "WASHHANDBASIN"),
    "toilet": ("IfcSanitaryTerminal", "TOILETPAN"),
    "refrigerator": ("IfcElectricAppliance", "REFRIGERATOR"),
    "washing_machine": ("IfcElectricAppliance", "WASHINGMACHINE"),
    "kitchen": ("IfcFurniture", "USERDEFINED"),
    "shoe_cabinet": ("IfcFurniture", "USERDEFINED"),
}
Text, Flag, Real = "IfcLabel", "IfcBoolean", "IfcReal"


def ifc(subject: Subject, settings: Settings) -> bytes:
    """Write the house as IFC4 in millimetres, x to the east, y to the north, (0, 0) in the south-west.

    All storeys are in one file. Each room is an IfcSpace up to the middle of its walls, with its
    area, 帖 and 坪; walls are straight pieces with a layer of the style's thickness; doors and
    windows fill openings of their walls. Heights and the thickness of floors, which plans do not
    hold, are those of `solids`. An unlawful house says so in its names and in a red frame.

    Returns:
        A STEP file in ASCII; ids derive from what is written, so equal inputs give equal bytes.
    """
    style = style_named(settings.style)
    text = json.dumps([carried.data_of(subject.item), subject.name, settings.style], sort_keys=True)
    model = Model(
        new_file(), hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), corner_mm(subject.plans)
    )
    building = _frame(model, subject, settings)
    made = [_Level(model, storey, style, settings, building) for storey in storeys(subject.plans, style)]
    for level in made:
        level.build()
    model.aggregate(building, [level.entity for level in made], "storeys")
    notice = subject.notice(settings.words)
    if notice:
        made[0].product("IfcBuildingElementProxy", "notice", [notice_frame(subject.plans, style)], Name=notice)
    for level in made:
        level.contain()
    described = ["ViewDefinition [DesignTransferView_V1.0]", *([f"Comment [{notice}]"] if notice else [])]
    return written(model.file, drawing_title(subject, settings.words), described)


def _frame(model: Model, subject: Subject, settings: Settings) -> Entity:
    """Add project, site and building; returns the building."""
    units = [
        model.add("IfcSIUnit", UnitType="LENGTHUNIT", Prefix="MILLI", Name="METRE"),
        model.add("IfcSIUnit", UnitType="AREAUNIT", Name="SQUARE_METRE"),
        model.add("IfcSIUnit", UnitType="VOLUMEUNIT", Name="CUBIC_METRE"),
        model.add("IfcSIUnit", UnitType="PLANEANGLEUNIT", Name="RADIAN"),
    ]
    model.context = model.add(
        "IfcGeometricRepresentationContext",
        ContextType="Model",
        CoordinateSpaceDimension=3,
        Precision=0.01,
        WorldCoordinateSystem=model.axes(),
        TrueNorth=model.way(0, 1),
    )
    notice, name = subject.notice(settings.words), drawing_title(subject, settings.words)
    project = model.rooted(
        "IfcProject",
        "project",
        Name=f"{name} - {notice}" if notice else name,
        Description=notice or None,
        Phase=notice or None,
        RepresentationContexts=[model.context],
        UnitsInContext=model.add("IfcUnitAssignment", Units=units),
    )
    site_at = model.placed(None, (0.0, 0.0, 0.0))
    site = model.rooted("IfcSite", "site", Name="Site", ObjectPlacement=site_at, CompositionType="ELEMENT")
    building = model.rooted(
        "IfcBuilding",
        "building",
        Name=subject.name or name,
        Description=notice or None,
        ObjectPlacement=model.placed(site_at, (0.0, 0.0, 0.0)),
        CompositionType="ELEMENT",
    )
    model.aggregate(project, [site], "site")
    model.aggregate(site, [building], "building")
    area = {"GrossFloorArea": ("Area", floor_size(subject.plans).m2)}
    model.quantities(building, "Qto_BuildingBaseQuantities", area, "building")
    if subject.broken:
        told = {"Warning": (Text, notice), "BrokenRules": (Text, " ".join(subject.codes))}
        model.properties(building, "Madorizu_Findings", told, "building")
    return building


@dataclass(slots=True)
class _Level:
    """A storey that is being written; `contained` are the elements that lie in it."""

    model: Model
    storey: Storey
    style: Style
    settings: Settings
    building: Entity
    entity: Entity = None
    contained: list[Entity] | None = None

    @property
    def tag(self) -> str:
        return f"{self.storey.plan.floor}F"

    def build(self) -> None:
        """Add the storey with all that is in it."""
        model, storey = self.model, self.storey
        self.contained = []
        self.entity = model.rooted(
            "IfcBuildingStorey",
            self.tag,
            Name=self.tag,
            LongName=f"{storey.plan.floor}階" if self.settings.words == "ja" else None,
            ObjectPlacement=model.placed(self.building.ObjectPlacement, (0.0, 0.0, float(storey.floor_mm))),
            CompositionType="ELEMENT",
            Elevation=float(storey.floor_mm),
        )
        area = {"GrossFloorArea": ("Area", floor_size([storey.plan]).m2)}
        model.quantities(self.entity, "Qto_BuildingStoreyBaseQuantities", area, self.tag)
        model.aggregate(self.entity, list(self._spaces()), f"{self.tag}/spaces")
        walls = [self._wall(index, wall) for index, wall in enumerate(storey.walls)]
        self._layers(walls)
        for hole in storey.holes:
            self._opening(hole, walls)
        self._floors()
        self._stair()
        for index, (fixture, parts) in enumerate(zip(storey.plan.fixtures, storey.fixtures, strict=True)):
            self._fixture(index, fixture, parts)

    def contain(self) -> None:
        """Say which elements lie in the storey."""
        if self.contained:
            given = {"RelatedElements": self.contained, "RelatingStructure": self.entity}
            self.model.rooted("IfcRelContainedInSpatialStructure", f"{self.tag}/contained", **given)

    def product(
        self, kind: str, path: str, prisms: list[Prism] | tuple[Prism, ...], spot: Spot | None = None, **given: Any
    ) -> Entity:
        """Add an element of prisms to the storey; without a spot its axes are the storey's."""
        where = spot or Spot((0.0, 0.0))
        made = self.model.rooted(
            kind,
            f"{self.tag}/{path}",
            ObjectPlacement=self.model.placed(self.entity.ObjectPlacement, (*where.origin, 0.0), where.x_axis),
            Representation=self.model.body(prisms, where),
            **given,
        )
        if self.contained is not None:
            self.contained.append(made)
        return made

    # --- rooms ---

    def _spaces(self) -> Iterator[Entity]:
        storey, model = self.storey, self.model
        standing = unary_union([wall.shape for wall in storey.walls])
        for index, room in enumerate(storey.plan.rooms, start=1):
            shape, indoor = room_shape(room), is_indoor(room.kind)
            path = f"{self.tag}/room{index}"
            space = model.rooted(
                "IfcSpace",
                path,
                Name=f"{self.tag}-{index:02d}",
                LongName=room_name(room, self.settings.words),
                ObjectType=room.kind,
                ObjectPlacement=model.placed(self.entity.ObjectPlacement, (0.0, 0.0, 0.0)),
                Representation=model.body([Prism(shape, 0.0, storey.high_mm, "space")], Spot((0.0, 0.0))),
                CompositionType="ELEMENT",
                PredefinedType="INTERNAL" if indoor else "EXTERNAL",
            )
            size = size_of(room)
            sizes = {
                "Height": ("Length", storey.high_mm),
                "GrossPerimeter": ("Length", shape.length),
                "GrossFloorArea": ("Area", room.area_m2),
                "NetFloorArea": ("Area", shape.difference(standing).area / 1e6),
                "GrossVolume": ("Volume", room.area_m2 * storey.high_mm / 1000),
            }
            model.quantities(space, "Qto_SpaceBaseQuantities", sizes, path)
            model.properties(space, "Pset_SpaceCommon", {"IsExternal": (Flag, not indoor)}, path)
            area, jo, tsubo = ("面積_m2", "帖", "坪") if self.settings.words == "ja" else ("Area_m2", "Jo", "Tsubo")
            told = {"Kind": (Text, room.kind), "Number": ("IfcInteger", index)}
            told |= {area: (Real, size.m2), jo: (Real, size.jo), tsubo: (Real, size.tsubo)}
            model.properties(space, "Madorizu_Room", told, path)
            yield space

    # --- walls ---

    def _wall_spot(self, wall: Wall) -> Spot:
        """Return axes at the wall's west or south end, in the middle of its thickness."""
        x0, y0, x1, y1 = wall.shape.bounds
        if wall.axis == "h":
            return Spot(self.model.house((x0, (y0 + y1) / 2)))
        return Spot(self.model.house(((x0 + x1) / 2, y1)), (0.0, 1.0))

    def _wall(self, index: int, wall: Wall) -> Entity:
        model, spot = self.model, self._wall_spot(wall)
        x0, y0, x1, y1 = wall.shape.bounds
        length, thickness = (x1 - x0, y1 - y0) if wall.axis == "h" else (y1 - y0, x1 - x0)
        path = f"{self.tag}/wall{index + 1}"
        axis = ("Axis", "Curve2D", [model.line([(0.0, 0.0), (length, 0.0)])])
        made = model.rooted(
            "IfcWall",
            path,
            Name=f"{self.tag} {wall.kind} wall {index + 1}",
            ObjectPlacement=model.placed(self.entity.ObjectPlacement, (*spot.origin, 0.0), spot.x_axis),
            Representation=model.body([Prism(wall.shape, 0.0, wall.high_mm, wall.kind)], spot, beside=[axis]),
            PredefinedType="SOLIDWALL" if wall.kind == "outer" else "PARTITIONING",
        )
        sizes = {"Length": length, "Width": thickness, "Height": wall.high_mm}
        model.quantities(made, "Qto_WallBaseQuantities", {k: ("Length", v) for k, v in sizes.items()}, path)
        model.properties(made, "Pset_WallCommon", {"IsExternal": (Flag, wall.kind == "outer")}, path)
        if self.contained is not None:
            self.contained.append(made)
        return made

    def _layers(self, walls: list[Entity]) -> None:
        """Say how thick outer and inner walls are: one layer each, in the middle of which they are placed."""
        for kind, thickness in (("outer", self.style.outer_mm), ("inner", self.style.inner_mm)):
            of_kind = [made for made, wall in zip(walls, self.storey.walls, strict=True) if wall.kind == kind]
            if not of_kind:
                continue
            add = self.model.add
            layer = add(
                "IfcMaterialLayer", Material=add("IfcMaterial", Name=f"{kind} wall"), LayerThickness=float(thickness)
            )
            usage = add(
                "IfcMaterialLayerSetUsage",
                ForLayerSet=add("IfcMaterialLayerSet", MaterialLayers=[layer], LayerSetName=f"{kind} wall {thickness}"),
                LayerSetDirection="AXIS2",
                DirectionSense="POSITIVE",
                OffsetFromReferenceLine=-thickness / 2,
            )
            given = {"RelatedObjects": of_kind, "RelatingMaterial": usage}
            self.model.rooted("IfcRelAssociatesMaterial", f"{self.tag}/{kind} walls", **given)

    # --- openings ---

    def _opening(self, hole: Hole, walls: list[Entity]) -> None:
        """Cut the opening into its wall and fill it; a plan without a wall there gets the door alone."""
        model, path = self.model, f"{self.tag}/opening{hole.index + 1}"
        spot, hinge_left = self._door_spot(hole)
        low, under, base = hole.cut.low_mm, self.entity.ObjectPlacement, Spot((0.0, 0.0))
        void = None
        if hole.wall is not None:
            base = self._wall_spot(self.storey.walls[hole.wall])
            x0, y0, x1, y1 = hole.cut.shape.bounds  # deeper than the wall, but not wider than what fills it
            out = (0, CUT_MM) if hole.opening.axis == "h" else (CUT_MM, 0)
            wide = shapely_box(x0 - out[0], y0 - out[1], x1 + out[0], y1 + out[1])
            ends = [base.local(model.house(point)) for point in hole.opening.ends_mm]
            start = min(x for x, _ in ends)
            at = Spot(_on(base, start), base.x_axis)
            void = model.rooted(
                "IfcOpeningElement",
                path,
                Name=f"{self.tag} opening {hole.index + 1}",
                ObjectPlacement=model.placed(walls[hole.wall].ObjectPlacement, (start, 0.0, low)),
                Representation=model.body([Prism(wide, low, hole.cut.high_mm, "space")], at, down_mm=low),
                PredefinedType="OPENING",
            )
            given = {"RelatingBuildingElement": walls[hole.wall], "RelatedOpeningElement": void}
            model.rooted("IfcRelVoidsElement", path, **given)
            base, under = at, void.ObjectPlacement
        dx, dy = base.local(spot.origin)
        turn = spot.x_axis if void is None else (1.0, 0.0) if spot.x_axis == base.x_axis else (-1.0, 0.0)
        placed = model.placed(under, (dx, dy, low if void is None else 0.0), turn)
        door = self._filling(hole, spot, placed, left=hinge_left)
        if void is not None:
            given = {"RelatingOpeningElement": void, "RelatedBuildingElement": door}
            model.rooted("IfcRelFillsElement", path, **given)

    def _door_spot(self, hole: Hole) -> tuple[Spot, bool]:
        """Return axes in which y points to where the leaf opens, and whether it hangs on the left as seen so."""
        vx, vy = hole.frame.v[0], -hole.frame.v[1]  # y to the north
        x_axis = (vy + 0.0, -vx + 0.0)
        ends = [self.model.house(point) for point in hole.opening.ends_mm]
        start = min(ends, key=lambda p: p[0] * x_axis[0] + p[1] * x_axis[1])
        return Spot(start, x_axis), start == self.model.house(hole.frame.origin)

    def _filling(self, hole: Hole, spot: Spot, placed: Entity, *, left: bool) -> Entity:
        model, opening, path = self.model, hole.opening, f"{self.tag}/opening{hole.index + 1}"
        window = opening.kind in WINDOW_KINDS
        kind = "IfcWindow" if window else "IfcDoor"
        high = hole.cut.high_mm - hole.cut.low_mm
        made = model.rooted(
            kind,
            path,
            Name=f"{self.tag} {opening.kind} {hole.index + 1}",
            ObjectType=opening.kind,
            ObjectPlacement=placed,
            Representation=model.body(hole.parts, spot, down_mm=hole.cut.low_mm),
            OverallHeight=high,
            OverallWidth=float(opening.width_mm),
            **(_partitioning(opening) if window else _operation(opening, left=left)),
        )
        outside = hole.wall is not None and self.storey.walls[hole.wall].kind == "outer"
        name = "Window" if window else "Door"
        sizes = {"Width": ("Length", opening.width_mm), "Height": ("Length", high)}
        sizes["Area"] = ("Area", opening.width_mm * high / 1e6)
        model.quantities(made, f"Qto_{name}BaseQuantities", sizes, path)
        model.properties(made, f"Pset_{name}Common", {"IsExternal": (Flag, outside)}, path)
        told = {"Kind": (Text, opening.kind), "Sill": ("IfcLengthMeasure", float(hole.cut.low_mm))}
        model.properties(made, "Madorizu_Opening", told, path)
        if self.contained is not None:
            self.contained.append(made)
        return made

    # --- floors, stairs, fixtures ---

    def _floors(self) -> None:
        storey = self.storey
        form = "BASESLAB" if storey.floor_mm == 0 and storey.plan.floor == 1 else "FLOOR"
        for index, slab in enumerate(storey.slabs, start=1):
            name = f"{self.tag} slab {index}"
            self.product("IfcSlab", f"slab{index}", [slab], Name=name, PredefinedType=form)
        for index, (room, floor) in enumerate(storey.outdoors, start=1):
            name = f"{self.tag} {room_name(storey.plan.rooms[room], self.settings.words)}"
            self.product("IfcSlab", f"outdoor{index}", [floor], Name=name, PredefinedType="FLOOR")
        for index, parapet in enumerate(storey.parapets, start=1):
            name = f"{self.tag} parapet {index}"
            self.product("IfcWall", f"parapet{index}", [parapet], Name=name, PredefinedType="PARAPET")

    def _stair(self) -> None:
        storey, stair = self.storey, self.storey.plan.stair
        if stair is None or not storey.steps:
            return
        made = self.product("IfcStair", "stair", [], Name=f"{self.tag} stair", PredefinedType=STAIRS[stair.kind])
        treads = len(storey.steps)
        flight = self.product(
            "IfcStairFlight",
            "flight",
            storey.steps,
            Name=f"{self.tag} flight",
            NumberOfRisers=treads + 1,
            NumberOfTreads=treads,
            RiserHeight=round(storey.plan.storey_height_mm / (treads + 1), 3),
            PredefinedType="STRAIGHT" if stair.kind == "straight" else "WINDER",
        )
        if self.contained is not None:
            self.contained.remove(flight)  # it lies in the storey by its stair
        self.model.aggregate(made, [flight], f"{self.tag}/stair")

    def _fixture(self, index: int, fixture: Fixture, parts: tuple[Prism, ...]) -> None:
        kind, form = FIXTURES.get(fixture.kind, ("IfcBuildingElementProxy", "NOTDEFINED"))
        name = f"{self.tag} {fixture.kind} {index + 1}"
        path = f"fixture{index + 1}"
        self.product(kind, path, parts, Name=name, ObjectType=fixture.kind, PredefinedType=form)


def _on(spot: Spot, along: float) -> tuple[float, float]:
    """Return the point of the house that lies so far along a product's x axis."""
    return spot.origin[0] + spot.x_axis[0] * along, spot.origin[1] + spot.x_axis[1] * along


def _partitioning(opening: Opening) -> dict[str, str]:
    if opening.width_mm > 2000:
        form = {"PartitioningType": "USERDEFINED", "UserDefinedPartitioningType": "FOUR_SASHES_SLIDING"}
    else:
        form = {"PartitioningType": "SINGLE_PANEL" if opening.width_mm < SINGLE_SASH_MM else "DOUBLE_PANEL_VERTICAL"}
    return {"PredefinedType": "WINDOW", **form}


def _operation(opening: Opening, *, left: bool) -> dict[str, str]:
    """Return how a door opens, as seen against its y axis: in the direction in which it opens."""
    hand = "LEFT" if left else "RIGHT"
    if opening.kind == "sliding":
        form = f"SLIDING_TO_{hand}"
    elif opening.kind == "double_sliding":
        form = "DOUBLE_DOOR_SLIDING"
    elif opening.kind == "folding":
        form = "DOUBLE_DOOR_FOLDING" if opening.width_mm >= TWO_PAIRS_MM else f"FOLDING_TO_{hand}"
    else:
        form = f"SINGLE_SWING_{hand}"
    return {"PredefinedType": "DOOR", "OperationType": form}
