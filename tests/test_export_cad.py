"""DXF: what is drawn where, by numbers spelled out; hidden lines; symbols; dimensions; JW_CAD's letters."""

from __future__ import annotations

import io
import math
from collections import Counter
from dataclasses import fields
from functools import cache
from typing import Any

import ezdxf
import pytest
from ezdxf.document import Drawing
from shapely import LineString, union_all
from shapely.geometry import box as shapely_box

import plans
from madorizu import export
from madorizu.draw import STYLES
from madorizu.draw.marks import Arc, Area, Lines, Primitive, Text
from madorizu.draw.style import style_named
from madorizu.export import cad, flat, placing
from madorizu.plan import Fixture, House, Opening, Plan, Room, cells_in

HOUSE = plans.sample_house()


@cache
def made(form: str = "dxf", lang: str = "ja", style: str = "cad") -> bytes:
    """Return a DXF of the sample house."""
    return export.rendered(export.subject(HOUSE), [form], export.Settings(style, lang))[form]


@cache
def opened(form: str = "dxf", lang: str = "ja", style: str = "cad") -> Drawing:
    """Return it as ezdxf reads it."""
    return read(made(form, lang, style), "cp932" if form == "jww-dxf" else "utf-8")


def read(data: bytes, encoding: str = "utf-8") -> Drawing:
    """Read a DXF of ours."""
    return ezdxf.read(io.StringIO(data.decode(encoding), newline=None))


def exported(item: Plan | House, form: str = "dxf", style: str = "cad", lang: str = "ja") -> Drawing:
    """Return a DXF of any plan."""
    subject = export.subject(item, allow_unlawful=True)
    data = export.rendered(subject, [form], export.Settings(style, lang))[form]
    return read(data, "cp932" if form == "jww-dxf" else "utf-8")


def texts(doc: Drawing, layer: str) -> dict[str, tuple[int, int]]:
    """Return the words of a layer and their middles."""
    found = doc.modelspace().query(f'TEXT[layer=="{layer}"]')
    return {t.dxf.text: (round(t.dxf.align_point.x), round(t.dxf.align_point.y)) for t in found}


# --- places -------------------------------------------------------------------------------


def test_a_dxf_lies_in_millimetres_with_y_to_the_north() -> None:
    """1F's outline has its south-west corner at (0, 0): 7,280 mm wide, 8,190 mm deep, walls of 150 mm around it."""
    doc = opened()
    assert doc.dxfversion == "AC1024"
    assert doc.header["$INSUNITS"] == 4
    points = [p for line in doc.modelspace().query('LWPOLYLINE[layer=="1F-WALL"]') for p in line.get_points("xy")]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    # The wall's outline runs in the middle of its pen of 0.25 mm, 25 mm of the building.
    assert (min(xs), max(xs), min(ys), max(ys)) == (-62.5, 7280 + 62.5, -62.5, 8190 + 62.5)
    # The label's middle is 11/4 half modules from the north, its first line 1.25/2 letters of 290 mm above that.
    assert texts(doc, "1F-LABEL")["浴室"] == (910, 8190 - 1070)


def test_a_door_is_a_block_that_is_put_at_its_hinge() -> None:
    """The entrance hangs at (6187, 0) and opens to the south: from there its leaf reaches 1,000 mm down."""
    doc = opened()
    (door,) = [i for i in doc.modelspace().query('INSERT[layer=="1F-OPENING"]') if "ENTRANCE" in i.dxf.name]
    assert door.dxf.name == "ENTRANCE_1000_1"
    assert (door.dxf.insert.x, door.dxf.insert.y) == (6187, 0)
    assert door.dxf.rotation == 180
    (arc,) = [entity for entity in door.virtual_entities() if entity.dxftype() == "ARC"]
    assert (arc.dxf.center.x, arc.dxf.center.y, arc.dxf.radius) == pytest.approx((6187, 0, 1000))
    ends = {(round(p.x), round(p.y)) for p in (arc.start_point, arc.end_point)}
    assert ends == {(5187, 0), (6187, -1000)}


def test_alike_symbols_share_a_block_and_take_the_pen_of_their_layer() -> None:
    """Four french windows of the house are one block; its parts lie on layer 0."""
    doc = opened()
    names = Counter(insert.dxf.name for insert in doc.modelspace().query("INSERT"))
    assert sum(count for name, count in names.items() if name.startswith("FRENCH_1650")) == 4
    assert len([name for name in names if name.startswith("FRENCH_1650")]) <= 2
    assert {entity.dxf.layer for name in names for entity in doc.blocks[name]} == {"0"}


def test_dimensions_are_entities_that_read_the_millimetres() -> None:
    """The whole is 7,280 by 8,190; bays add up to it; nothing multiplies it (DIMLFAC 1)."""
    doc = opened()
    dims = doc.modelspace().query('DIMENSION[layer=="1F-DIMENSION"]')
    lying = sorted(round(d.get_measurement()) for d in dims if d.dxf.angle == 0)
    upright = sorted(round(d.get_measurement()) for d in dims if d.dxf.angle == 90)
    assert lying == [910, 910, 1820, 1820, 1820, 7280]
    assert upright[-1] == 8190 == sum(upright[:-1])
    assert all(d.dxf.actual_measurement == pytest.approx(d.get_measurement()) for d in dims)
    style = doc.dimstyles.get("MADORIZU")
    assert {style.dxf.dimlfac, doc.header["$DIMLFAC"], style.dxf.dimscale} == {1.0}
    assert {d.dxf.dimstyle for d in dims} == {"MADORIZU"}
    pictures = [e.dxf.text for d in dims for e in doc.blocks[d.dxf.geometry] if e.dxftype() == "TEXT"]
    assert "8,190" in pictures


def test_a_number_without_space_is_blank() -> None:
    """A bay of 455 mm has a dimension, which shows no number over its neighbours'."""
    plan = Plan(1, (Room("ldk", cells_in((0, 0, 8, 12))), Room("bed", cells_in((8, 0, 8, 12)))))
    subject = export.subject(plan, allow_unlawful=True)
    (storey,) = placing.storeys(subject, export.Settings(), text_mm=4000.0)
    blank = [m for m in flat.flat(storey, export.Settings()) if isinstance(m, flat.Measure)]
    assert blank
    assert all(measure.text is None for measure in blank)
    doc = cad.new_document("R2010")
    board = cad.Board(doc, False, style_named("cad"), cad.plain_text, "1F-")
    doc.dimstyles.new(cad.DIM_STYLE)
    cad._put(board, doc.modelspace(), blank[0])
    (dimension,) = doc.modelspace().query("DIMENSION")
    assert dimension.dxf.text == " "


@pytest.mark.parametrize("form", ["dxf", "jww-dxf"])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_ezdxf_finds_no_fault(form: str, lang: str) -> None:
    """Neither errors nor anything to mend."""
    found = opened(form, lang).audit()
    assert [e.message for e in (*found.errors, *found.fixes)] == []


def test_layers_have_the_pens_of_what_lies_on_them() -> None:
    """Walls 0.25 mm, dimensions 0.25 mm, axes 0.13 mm and grey; both storeys have layers of their own."""
    layers = {layer.dxf.name: layer for layer in opened().layers}
    assert {"1F-WALL", "1F-OPENING", "1F-FIXTURE", "1F-DIMENSION", "2F-WALL", "2F-LABEL"} <= set(layers)
    assert layers["1F-WALL"].dxf.lineweight == 25
    assert layers["1F-DIMENSION"].dxf.lineweight == 25
    assert layers["1F-OPENING"].color == 7
    assert layers["1F-FLOOR"].color == 8
    axes = opened().modelspace().query('LINE[layer=="1F-GRID"]')
    assert {line.dxf.get("lineweight", layers["1F-GRID"].dxf.lineweight) for line in axes} == {13}
    assert {line.dxf.linetype for line in axes} == {"DASHDOTTINY"}


def test_coloured_styles_keep_their_colours() -> None:
    """A brown ink is a true colour; black and white ink is the colour that turns over on a dark screen."""
    brown = exported(House((plans.atrium(),)), style="listing_warm")
    assert brown.layers.get("2F-OPENING").rgb == (0x4A, 0x30, 0x20)
    assert exported(House((plans.atrium(),)), style="blueprint").layers.get("2F-OPENING").color == 7
    grey = exported(House((plans.atrium(),)), style="listing")  # ink #333333, walls #4a4a4a
    assert grey.layers.get("2F-OPENING").color == 7
    assert {hatch.dxf.color for hatch in grey.modelspace().query('HATCH[layer=="2F-WALL"]')} <= {251, 256}


# --- flat ---------------------------------------------------------------------------------


def storey_of(plan: Plan, style: str = "cad") -> tuple[placing.Storey, export.Settings]:
    """Place a storey."""
    settings = export.Settings(style)
    return placing.storeys(export.subject(plan, allow_unlawful=True), settings)[0], settings


def rounded(mark: Primitive) -> tuple[Any, ...]:
    """Return what a primitive is, to a tenth of a millimetre."""

    def told(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 1) + 0.0
        return tuple(told(v) for v in value) if isinstance(value, tuple) else value

    if isinstance(mark, Arc) and mark.end_deg - mark.start_deg < 360:
        start = mark.start_deg % 360
        return "Arc", *told((mark.centre, mark.radius_x_mm, start, mark.end_deg - mark.start_deg, mark.colour))
    return type(mark).__name__, *(told(getattr(mark, field.name)) for field in fields(mark))


@pytest.mark.parametrize("style", sorted(STYLES))
def test_symbols_put_back_are_the_drawing(style: str) -> None:
    """Doors, windows and fixtures of every style, turned into their own axes and back, are what `draw` drew."""
    for plan in (*HOUSE.plans, plans.bungalow()):
        storey, settings = storey_of(plan, style)
        symbols = [item for item in flat._grouped(storey, style_named(style)) if isinstance(item, flat.Symbol)]
        back = Counter(rounded(mark) for symbol in symbols for mark in flat.world(symbol))
        assert back == Counter(rounded(m) for m in storey.marks if m.layer in ("opening", "fixture"))
        assert settings.style == style


def test_a_symbol_lies_in_its_own_axes() -> None:
    """A door hinged in the north of a west wall opens east: its leaf is drawn along y, to the left of its wall."""
    room = Room("ldk", cells_in((0, 0, 8, 8)))
    door = Opening("hinged", "v", 0, 2, 2, 800, hinge="start", side=1)
    storey, _ = storey_of(Plan(1, (room,), (door,)))
    (symbol,) = [i for i in flat._grouped(storey, style_named("cad")) if isinstance(i, flat.Symbol)]
    assert (symbol.kind, symbol.origin, symbol.turn_deg) == ("HINGED_800", (0.0, 965.0), 90)
    leaf = next(mark for mark in symbol.marks if isinstance(mark, Lines))
    assert leaf.paths == (((0.0, 0.0), (0.0, -800.0)),)


def test_what_paint_hides_is_not_drawn() -> None:
    """No joint of the mats runs under the walls' faces, the names or the fixtures of an atelier's floor."""
    storey, settings = storey_of(HOUSE.plans[0], "atelier")
    items = flat.flat(storey, settings)
    floors = [LineString(p) for m in items if isinstance(m, Lines) and m.layer == "floor" for p in m.paths]
    assert floors
    fixtures = [f for f in HOUSE.plans[0].fixtures if f.kind == "kitchen"]
    hidden = [shapely_box(f.x_mm, f.y_mm, f.x_mm + f.width_mm, f.y_mm + f.depth_mm).buffer(-2) for f in fixtures]
    for item in items:
        if isinstance(item, Text) and item.layer == "label":
            (x, y), half = item.centre, item.height_mm * 0.4
            hidden.append(shapely_box(x - half / 2, y - half, x + half / 2, y + half))
    assert union_all(floors).intersection(union_all(hidden)).length == pytest.approx(0, abs=1e-6)


def test_a_pattern_of_which_nothing_is_left_is_no_entity() -> None:
    """A closet's lines may all be clipped away; what is left to draw is an empty set of paths."""
    storey, settings = storey_of(plans.atrium())
    nothing = (Lines("closet", (), "#808080", 0.25), Area("closet", (), "", "#808080", 0.25))
    with_nothing = placing.Storey(storey.plan, (*nothing, *storey.marks), 0.0, 0.0)
    assert flat.flat(with_nothing, settings) == flat.flat(storey, settings)


def test_only_walls_and_ink_are_filled() -> None:
    """Floors' tints and the white of windows are no fills of a CAD drawing."""
    storey, settings = storey_of(HOUSE.plans[0], "listing")
    fills = {(i.layer, i.fill) for i in flat.flat(storey, settings) if isinstance(i, (Area, Arc)) and i.fill}
    ink, wall = style_named("listing").ink, style_named("listing").outer_fill
    assert {fill for _, fill in fills} == {ink, wall}
    assert all(layer == "wall" for layer, fill in fills if fill == wall)


def test_a_rectangle_under_another_is_cut_open() -> None:
    """Of a lower square's outline only the part beside the upper one is left; one on its border stays whole."""
    style = style_named("cad")
    lower = Area("fixture", (((0, 0), (100, 0), (100, 100), (0, 100)),), "", "#000000", 0.25)
    cover = shapely_box(50, -50, 200, 200)
    (left,) = flat._uncovered(lower, [cover], style)
    assert isinstance(left, Lines)
    assert left.paths == (((50.0, 100.0), (0.0, 100.0), (0.0, 0.0), (50.0, 0.0)),) or left.paths == (
        ((50.0, 0.0), (0.0, 0.0), (0.0, 100.0), (50.0, 100.0)),
    )
    (whole,) = flat._uncovered(lower, [], style)
    assert whole == lower


# --- words --------------------------------------------------------------------------------


def test_japanese_text_names_the_font_that_librecad_has() -> None:
    """The text style is called kst32b, as LibreCAD asks for; the words are Japanese."""
    doc = opened()
    assert {t.dxf.style for t in doc.modelspace().query("TEXT")} == {"kst32b"}
    assert {"洗面室", "押入", "主寝室", "上部バルコニー"} <= {t.dxf.text for t in doc.modelspace().query("TEXT")}


def test_orders_of_dxf_in_names_are_only_letters() -> None:
    """%%u would underline, ^J break the line and a backslash begin an order."""
    assert cad.plain_text("50%%u^J\\P") == "50％％u＾J＼P"


def test_jww_gets_what_r12_and_cp932_hold() -> None:
    """R12 in Shift JIS with CRLF: lines, arcs, blocks; no dimension, no fill of many corners, no ellipse."""
    data = made("jww-dxf")
    assert b"AC1009" in data
    assert b"ANSI_932" in data
    assert "洗面室".encode("cp932") in data
    assert data.count(b"\r\n") == data.count(b"\n")
    doc = opened("jww-dxf")
    kinds = {e.dxftype() for e in doc.modelspace()} | {e.dxftype() for b in doc.blocks for e in b}
    assert kinds == {"LINE", "POLYLINE", "CIRCLE", "ARC", "TEXT", "INSERT", "SOLID"}
    assert {"8,190", "7,280"} <= set(texts(doc, "1F-DIMENSION"))


def test_jww_draws_walls_that_only_a_fill_would_show() -> None:
    """R12 fills no shape of many corners: walls of a style without an outline get one there."""
    assert style_named("listing").wall_mm == 0
    doc = opened("jww-dxf", style="listing")
    walls = [e for e in doc.modelspace().query("POLYLINE") if e.dxf.layer == "1F-WALL"]
    corners = [(round(v.x), round(v.y)) for wall in walls for v in wall.points()]
    assert (min(x for x, _ in corners), max(x for x, _ in corners)) == (-75, 7355)
    assert not [e for e in opened(style="listing").modelspace().query("LWPOLYLINE") if e.dxf.layer == "1F-WALL"]


def test_letters_that_cp932_lacks_are_marked() -> None:
    """Emoji become 〓, a square metre the one letter that cp932 has."""
    rooms = (Room("ldk", cells_in((0, 0, 16, 16)), "居間🧸é①"),)
    found = exported(Plan(1, rooms), "jww-dxf", lang="en")
    assert {"居間〓〓①", "53.0 ㎡"} <= set(texts(found, "1F-LABEL"))


def test_chords_stand_for_an_ellipse() -> None:
    """48 corners on the ellipse, the first in the east."""
    arc = Arc("fixture", (10.0, 20.0), 200.0, 100.0, 0, 360, "#000000", 0.25)
    points = cad._chords(arc)
    assert len(points) == 48
    assert points[0] == (210.0, 20.0)
    assert points[12] == pytest.approx((10.0, 120.0))
    assert all(math.hypot((x - 10) / 200, (y - 20) / 100) == pytest.approx(1) for x, y in points)


def test_fixtures_of_one_size_are_one_block_whichever_way_they_face() -> None:
    """Four basins, each turned by a quarter, share their symbol."""
    spots = (("s", 100, 100), ("n", 1500, 100), ("e", 100, 1500), ("w", 1500, 1500))
    basins = tuple(
        Fixture("basin", x, y, *((750, 550) if side in "ns" else (550, 750)), side)  # type: ignore[arg-type]
        for side, x, y in spots
    )
    doc = exported(Plan(1, (Room("ldk", cells_in((0, 0, 16, 16))),), (), basins))
    inserts = [i for i in doc.modelspace().query("INSERT") if i.dxf.name.startswith("BASIN")]
    assert Counter(i.dxf.name for i in inserts) == {"BASIN_750X550_1": 4}
    assert sorted(i.dxf.rotation for i in inserts) == [0, 90, 180, 270]
