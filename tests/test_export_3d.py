"""glTF and IFC: what is in the files, how it lies, how unlawful houses are marked."""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from typing import Any

import numpy as np
import pytest

import plans
from drawing import door, plan_of, window
from madorizu import export
from madorizu.errors import SettingsError
from madorizu.export.formats import Format
from madorizu.plan import House, Opening, Plan

HOUSE = plans.sample_house()
UNLAWFUL = plans.atrium()
ROOMS = sum(len(plan.rooms) for plan in HOUSE.plans)
DOORS = sum(o.kind != "open" for plan in HOUSE.plans for o in plan.openings)


def file_of(item: Plan | House, form: str, *, lang: str = "ja", name: str = "") -> bytes:
    """Return a file of a plan or a house."""
    subject = export.subject(item, name=name, allow_unlawful=True)
    return export.rendered(subject, [form], export.Settings(lang=lang))[form]


# --- glTF ---------------------------------------------------------------------------------


def glb(item: Plan | House, **given: Any) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Return the JSON of a .glb and all its points."""
    data = file_of(item, "gltf", **given)
    magic, version, length, size, kind = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), b"JSON")
    head = json.loads(data[20 : 20 + size])
    numbers, binary = struct.unpack_from("<I4s", data, 20 + size)
    assert binary == b"BIN\0" and 28 + size + numbers == len(data) and size % 4 == numbers % 4 == 0
    points = np.frombuffer(data, "<f4", head["bufferViews"][0]["byteLength"] // 4, 28 + size).reshape(-1, 3)
    return head, points


def test_a_glb_lies_in_metres_with_y_up_and_z_to_the_south() -> None:
    """The sample house is 7.28 x 8.19 m between the middles of its walls, (0, 0, 0) is its south-west corner."""
    _, points = glb(HOUSE)
    # West and east faces; a balcony in the south of the 2F; slab below, walls of the 2F above.
    assert points.min(axis=0).tolist() == pytest.approx([-0.075, -0.3, -8.265], abs=1e-5)
    assert points.max(axis=0).tolist() == pytest.approx([7.355, 2.7 + 2.4, 3 * 0.455], abs=1e-5)


def test_a_glb_has_a_node_for_each_room_opening_and_fixture() -> None:
    """Nodes are named by storey; rooms carry their name and area."""
    head, _ = glb(HOUSE)
    names = [node["name"] for node in head["nodes"]]
    count = Counter(name.split(" ")[1] for name in names if name[1:3] == "F ")
    assert (count["room"], count["opening"], count["fixture"]) == (ROOMS, DOORS, 8)
    assert {"1F", "2F", "1F outer walls", "2F inner walls", "1F stair", "2F parapets"} <= set(names)
    assert "2F stair" not in names
    ldk = next(node for node in head["nodes"] if node["name"] == "1F room 5: LDK")
    assert ldk["extras"] == {"kind": "ldk", "name": "LDK", "area_m2": 28.9835, "jo": 17.8, "tsubo": 8.76}
    assert [scene["name"] for scene in head["scenes"]] == ["sample 平面図"]


def test_only_glass_lets_light_through() -> None:
    """Materials are named by what they are; glass is blended."""
    head, _ = glb(HOUSE)
    clear = {material["name"] for material in head["materials"] if material.get("alphaMode") == "BLEND"}
    assert clear == {"glass"}
    tatami = next(m for m in head["materials"] if m["name"] == "tatami")["pbrMetallicRoughness"]["baseColorFactor"]
    assert tatami == pytest.approx([0.39676, 0.47932, 0.18782, 1.0], abs=1e-4)  # #a9b878 in linear light


def test_every_accessor_tells_the_limits_of_its_points() -> None:
    """Viewers place their camera by them."""
    head, points = glb(HOUSE)
    for accessor in head["accessors"][::2]:
        start = accessor["byteOffset"] // 12
        own = points[start : start + accessor["count"]]
        assert accessor["min"] == own.min(axis=0).tolist() and accessor["max"] == own.max(axis=0).tolist()


# --- IFC ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample() -> Any:
    """The sample house as ifcopenshell reads it back."""
    return opened(HOUSE)


def opened(item: Plan | House, **given: Any) -> Any:
    """Return an exported file as ifcopenshell reads it."""
    reader = pytest.importorskip("ifcopenshell")
    return reader.file.from_string(file_of(item, "ifc", **given).decode("ascii"))


def known(product: Any, name: str) -> dict[str, Any]:
    """Return the values of a product's set of properties or quantities."""
    for relation in product.IsDefinedBy:
        told = relation.RelatingPropertyDefinition
        if told.Name == name and told.is_a("IfcPropertySet"):
            return {p.Name: p.NominalValue.wrappedValue for p in told.HasProperties}
        if told.Name == name:
            return {q.Name: q[3] for q in told.Quantities}
    return {}


def test_an_ifc_has_one_project_of_two_storeys(sample: Any) -> None:
    """Site, building and both storeys, the upper one 2,700 mm higher; units are millimetres."""
    (project,) = sample.by_type("IfcProject")
    (site,) = [part for relation in project.IsDecomposedBy for part in relation.RelatedObjects]
    (building,) = [part for relation in site.IsDecomposedBy for part in relation.RelatedObjects]
    storeys = [part for relation in building.IsDecomposedBy for part in relation.RelatedObjects]
    assert [part.is_a() for part in (site, building)] == ["IfcSite", "IfcBuilding"]
    assert [(s.Name, s.LongName, s.Elevation) for s in storeys] == [("1F", "1階", 0.0), ("2F", "2階", 2700.0)]
    units = {unit.UnitType: (unit.Prefix, unit.Name) for unit in project.UnitsInContext.Units}
    assert units["LENGTHUNIT"] == ("MILLI", "METRE")
    assert known(building, "Qto_BuildingBaseQuantities") == {"GrossFloorArea": 119.24}


def test_every_room_is_a_space_with_name_number_area_and_jo(sample: Any) -> None:
    """The LDK of the sample house: 140 cells, 28.98 m², 17.8 帖; outdoor rooms are external."""
    spaces = sample.by_type("IfcSpace")
    assert len(spaces) == ROOMS
    ldk = next(space for space in spaces if space.LongName == "LDK")
    assert (ldk.Name, ldk.ObjectType, ldk.PredefinedType) == ("1F-05", "ldk", "INTERNAL")
    sizes = known(ldk, "Qto_SpaceBaseQuantities")
    assert sizes["GrossFloorArea"] == pytest.approx(28.9835)
    assert sizes["NetFloorArea"] == pytest.approx((4550 - 75 - 60) * (6370 - 60 - 75) / 1e6)
    assert sizes["Height"] == 2400
    told = known(ldk, "Madorizu_Room")
    assert told == {"Kind": "ldk", "Number": 5, "面積_m2": 28.98, "帖": 17.8, "坪": 8.76}
    outdoor = {space.LongName for space in spaces if space.PredefinedType == "EXTERNAL"}
    assert outdoor == {"ポーチ", "バルコニー"}


def test_every_door_and_window_fills_an_opening_of_a_wall(sample: Any) -> None:
    """Each with its own size; the wall is outer where the door leads out."""
    found = sample.by_type("IfcDoor") + sample.by_type("IfcWindow")
    assert len(found) == DOORS
    for one in found:
        (fills,) = one.FillsVoids
        (voids,) = fills.RelatingOpeningElement.VoidsElements
        assert voids.RelatingBuildingElement.is_a("IfcWall")
        outer = voids.RelatingBuildingElement.PredefinedType == "SOLIDWALL"
        name = "Pset_WindowCommon" if one.is_a("IfcWindow") else "Pset_DoorCommon"
        assert known(one, name) == {"IsExternal": outer}
    entrance = next(one for one in found if one.ObjectType == "entrance")
    assert (entrance.OverallWidth, entrance.OverallHeight) == (1000.0, 2000.0)
    french = [one for one in found if one.ObjectType == "french"]
    assert {(one.is_a(), one.OverallWidth) for one in french} == {("IfcWindow", 1650.0)}


def test_walls_have_their_thickness_and_lie_in_their_storey(sample: Any) -> None:
    """One layer of 150 or 120 mm, placed in its middle."""
    walls = [wall for wall in sample.by_type("IfcWall") if wall.PredefinedType != "PARAPET"]
    widths = Counter((w.PredefinedType, known(w, "Qto_WallBaseQuantities")["Width"]) for w in walls)
    assert set(widths) == {("SOLIDWALL", 150.0), ("PARTITIONING", 120.0)}
    for wall in walls:
        (usage,) = [relation.RelatingMaterial for relation in wall.HasAssociations]
        (layer,) = usage.ForLayerSet.MaterialLayers
        assert (
            layer.LayerThickness == known(wall, "Qto_WallBaseQuantities")["Width"] == -2 * usage.OffsetFromReferenceLine
        )
        assert wall.ContainedInStructure[0].RelatingStructure.is_a("IfcBuildingStorey")


def test_a_stair_is_a_flight_of_fifteen_risers(sample: Any) -> None:
    """It stands in the 1F only, and belongs to it by its stair."""
    (stair,) = sample.by_type("IfcStair")
    (flight,) = sample.by_type("IfcStairFlight")
    assert stair.PredefinedType == "HALF_WINDING_STAIR" and flight.PredefinedType == "WINDER"
    assert (flight.NumberOfRisers, flight.NumberOfTreads, flight.RiserHeight) == (15, 14, 180.0)
    assert stair.ContainedInStructure[0].RelatingStructure.Name == "1F" and not flight.ContainedInStructure


@pytest.mark.parametrize(
    ("hinge", "side", "operation"),
    [
        # In a wall from north to south: at the north end and opening to the east it hangs left of who goes east.
        ("start", 1, "SINGLE_SWING_LEFT"),
        ("end", 1, "SINGLE_SWING_RIGHT"),
        ("start", -1, "SINGLE_SWING_RIGHT"),
        ("end", -1, "SINGLE_SWING_LEFT"),
    ],
)
def test_a_door_hangs_on_the_side_that_the_plan_says(hinge: Any, side: Any, operation: str) -> None:
    """IFC names the side as seen in the direction in which the leaf opens."""
    opening = Opening("hinged", "v", 4, 1, 2, 755, hinge=hinge, side=side)
    (made,) = opened(plan_of("1111LLLL\n" * 4, openings=(opening,))).by_type("IfcDoor")
    assert made.OperationType == operation


def test_other_doors_and_windows_say_how_they_open() -> None:
    """A sliding leaf goes to where it rests; four sashes are a kind of their own."""
    openings = (
        Opening("sliding", "v", 4, 0, 4, 1645, hinge="start", side=1),
        Opening("folding", "h", 0, 4, 2, 650, hinge="start", side=-1),
        Opening("double_sliding", "h", 4, 4, 4, 1645),
        window("h", 0, 0, 2),
        window("h", 2, 0, 4),
        Opening("french", "h", 0, 8, 6, 2560),
    )
    file = opened(plan_of("1111LLLL\n" * 4 + "22223333\n" * 4, openings=openings))
    doors = [made.OperationType for made in file.by_type("IfcDoor")]
    assert doors == ["SLIDING_TO_LEFT", "FOLDING_TO_LEFT", "DOUBLE_DOOR_SLIDING"]
    windows = [(made.PartitioningType, made.UserDefinedPartitioningType) for made in file.by_type("IfcWindow")]
    assert windows == [
        ("SINGLE_PANEL", None),
        ("DOUBLE_PANEL_VERTICAL", None),
        ("USERDEFINED", "FOUR_SASHES_SLIDING"),
    ]


def test_solids_lie_where_the_plan_says() -> None:
    """ifcopenshell's own geometry: a door of 755 mm in the middle wall, its leaf on the side to which it opens."""
    geometry = pytest.importorskip("ifcopenshell.geom")
    file = opened(plan_of("1111LLLL\n" * 4, openings=(door("hinged", "v", 4, 1),)))
    settings = geometry.settings()
    settings.set("use-world-coords", True)

    def limits(kind: str) -> tuple[list[float], list[float]]:
        shape = geometry.create_shape(settings, file.by_type(kind)[0])
        points = np.array(shape.geometry.verts).reshape(-1, 3)
        return points.min(axis=0).round(4).tolist(), points.max(axis=0).round(4).tolist()

    # x from the west, y from the south edge at 1820 mm: the door lies 532 to 1287 mm from the north.
    assert limits("IfcDoor") == ([1.76, 0.533, 0.0], [1.88, 1.288, 2.0])
    assert limits("IfcSpace") == ([0.0, 0.0, 0.0], [1.82, 1.82, 2.4])
    assert limits("IfcSlab") == ([-0.075, -0.075, -0.3], [3.715, 1.895, 0.0])


def test_ids_come_from_the_content() -> None:
    """Equal houses have equal ids, another name gives others; no two in a file are equal; the header tells no time."""
    first = file_of(HOUSE, "ifc").decode()
    ids = re.findall(r"=IFC\w+\('([0-9A-Za-z_$]{22})'", first)
    assert len(ids) > 200 and len(set(ids)) == len(ids)
    other = re.findall(r"=IFC\w+\('([0-9A-Za-z_$]{22})'", file_of(HOUSE, "ifc", name="other").decode())
    assert not set(ids) & set(other)
    assert "'1970-01-01T00:00:00'" in first and "IfcOpenShell" not in first


def test_the_schema_finds_no_fault() -> None:
    """ifcopenshell's validation of types and attributes; its EXPRESS rules take longer: scripts/exports."""
    reader = pytest.importorskip("ifcopenshell")
    from ifcopenshell import validate

    for item in (HOUSE, UNLAWFUL):
        log = validate.json_logger()
        validate.validate(reader.file.from_string(file_of(item, "ifc").decode("ascii")), log)
        assert log.statements == []


@pytest.mark.slow
def test_the_express_rules_find_no_fault() -> None:
    """WHERE rules and functions of the IFC4 schema."""
    reader = pytest.importorskip("ifcopenshell")
    from ifcopenshell import validate

    log = validate.json_logger()
    validate.validate(reader.file.from_string(file_of(HOUSE, "ifc").decode("ascii")), log, express_rules=True)
    assert log.statements == []


# --- both ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "words"), [("ja", "規則に反する図面"), ("en", "BREAKS RULES (H05 H06)")])
def test_an_unlawful_house_is_marked(lang: str, words: str) -> None:
    """In names that every viewer shows, in data, and by a red frame around the house."""
    head, _ = glb(UNLAWFUL, lang=lang)
    assert words in head["scenes"][0]["name"] and words in head["asset"]["extras"]["warning"]
    assert "notice" in {material["name"] for material in head["materials"]}
    file = opened(UNLAWFUL, lang=lang)
    assert words in file.by_type("IfcProject")[0].Name and words in file.by_type("IfcBuilding")[0].Description
    assert [words in made.Name for made in file.by_type("IfcBuildingElementProxy")] == [True]
    lawful, _ = glb(HOUSE, lang=lang)
    assert "notice" not in {material["name"] for material in lawful["materials"]}


def test_without_ifcopenshell_only_ifc_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is made, with what to install."""
    monkeypatch.setattr(Format, "is_here", property(lambda self: not self.needs))
    with pytest.raises(SettingsError, match=r"ifc must have the package ifcopenshell, got none .*madorizu\[ifc\]"):
        export.check_formats(["svg", "ifc"])
    assert export.check_formats(["svg", "gltf"]) == ("svg", "gltf")
