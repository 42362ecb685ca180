"""GeoJSON, CSV, XLSX, JSON and its schema; reading our JSON and DXF back."""

from __future__ import annotations

import csv
import io
import json
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import ezdxf
import jsonschema
import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shapely import normalize
from shapely.geometry import shape

import plans
from madorizu import export, files, sidecar
from madorizu.catalogue import FIXTURES, ROOMS
from madorizu.draw import STYLES
from madorizu.errors import PlanError, SidecarError
from madorizu.export import cad, carried
from madorizu.export.words import Size
from madorizu.plan import OPENING_KINDS, SIDES, Fixture, House, Opening, Plan, Room, Stair, cells_in
from madorizu.plan_json import house_to_json, plan_to_json

HOUSE = plans.sample_house()
UNLAWFUL = plans.atrium()
SCHEMA = Path(__file__).resolve().parent.parent / "docs" / "reference" / "plan.schema.json"


def made(item: Plan | House, form: str, lang: str = "ja") -> bytes:
    """Return a file of a plan, lawful or not."""
    return export.rendered(export.subject(item, allow_unlawful=True), [form], export.Settings(lang=lang))[form]


def named(name: str) -> Plan:
    """Return one room of this name."""
    return Plan(1, (Room("ldk", cells_in((0, 0, 16, 16)), name),))


# --- any plan -----------------------------------------------------------------------------

_COORDINATE = st.integers(-6, 14)
_RECT = st.tuples(_COORDINATE, _COORDINATE, st.integers(1, 9), st.integers(1, 9))
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).filter(
    lambda text: "\ufffe" not in text and "\uffff" not in text
)


@st.composite
def any_plan(draw: st.DrawFn) -> Plan:
    """Draw a plan that JSON can hold, however unlawful: rooms overlap, openings hang in the air."""
    rects = st.lists(_RECT, min_size=1, max_size=3)
    cells = rects.map(lambda found: frozenset(c for r in found for c in cells_in(r)))
    room = st.builds(Room, st.sampled_from([*ROOMS, "odd <kind>"]), cells, _TEXT)
    opening = st.builds(
        Opening,
        st.sampled_from(OPENING_KINDS),
        st.sampled_from(("h", "v")),
        _COORDINATE,
        _COORDINATE,
        st.integers(1, 8),
        st.integers(1, 4000),
        st.integers(0, 3000),
        st.integers(0, 3000),
        st.sampled_from(("start", "end")),
        st.sampled_from((-1, 1)),
    )
    size = st.integers(1, 4000)
    place = st.integers(-3000, 6000)
    fixture = st.builds(Fixture, st.sampled_from([*FIXTURES, "=odd"]), place, place, size, size, st.sampled_from(SIDES))
    turns, kinds = st.sampled_from(("none", "left", "right")), st.sampled_from(("straight", "l", "u"))
    return Plan(
        draw(st.integers(1, 9)),
        (draw(st.builds(Room, st.just("ldk"), cells)), *draw(st.lists(room, max_size=5))),
        tuple(draw(st.lists(opening, max_size=5))),
        tuple(draw(st.lists(fixture, max_size=4))),
        draw(st.none() | st.builds(Stair, kinds, _RECT, st.sampled_from(SIDES), turns)),
        draw(st.integers(2000, 6000)),
    )


CHECKS = list(HealthCheck)


@settings(deadline=None, max_examples=3, suppress_health_check=CHECKS)
@given(any_plan(), st.sampled_from(sorted(STYLES)), st.booleans())
def test_the_strangest_plan_has_a_file_in_every_format(plan: Plan, style: str, twice: bool) -> None:
    """No exporter knows the rules: each draws what there is; DXF and JSON give it back, and the schema holds."""
    check_strange(plan, style, twice)


@pytest.mark.slow
@settings(deadline=None, max_examples=100, phases=[Phase.generate], suppress_health_check=CHECKS)
@given(any_plan(), st.sampled_from(sorted(STYLES)), st.booleans())
def test_a_hundred_strange_plans_have_a_file_in_every_format(plan: Plan, style: str, twice: bool) -> None:
    """The same with many more."""
    check_strange(plan, style, twice)


def check_strange(plan: Plan, style: str, twice: bool) -> None:
    """Export a plan in every format, and read back what can be read."""
    item = House((plan, plan), "x", 1, {"a": "b"}) if twice else plan
    subject = export.subject(item, allow_unlawful=True)
    formats = [form for form in export.FORMATS if form != "png"]  # which is that of the SVG
    found = export.rendered(subject, formats, export.Settings(style, scale=200, paper="A3"))
    assert all(found.values())
    validator().validate(json.loads(found["json"]))
    assert carried.item_of(json.loads(found["json"])) == item
    doc = ezdxf.read(io.StringIO(found["dxf"].decode("utf-8"), newline=None))
    assert doc.audit().errors == []
    assert carried.unpack([tag.value for tag in doc.rootdict[cad.RECORD].tags][2:]) == item


# --- JSON and schema ----------------------------------------------------------------------


@cache
def validator() -> Any:
    """Return a checker of the published schema."""
    data = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(data)
    return jsonschema.Draft202012Validator(data)


def test_the_published_schema_is_the_package_s() -> None:
    """docs/reference/plan.schema.json is what `export.schema` returns; scripts/exports --schema writes it."""
    assert json.loads(SCHEMA.read_text("utf-8")) == export.schema()


@pytest.mark.parametrize("plan", [*HOUSE.plans, plans.bungalow(), UNLAWFUL])
def test_our_json_meets_the_schema(plan: Plan) -> None:
    """Plans alone and in houses."""
    validator().validate(plan_to_json(plan))
    validator().validate(house_to_json(House((plan,), "x", None, {"a": "b"})))


def broken_json() -> Iterator[tuple[str, Any]]:
    """Yield data that is no plan, each with what is wrong."""
    good = plan_to_json(HOUSE.plans[0])
    yield "no rooms", {**good, "rooms": []}
    yield "version", {**good, "schema_version": 2}
    yield "floor", {**good, "floor": 0}
    yield "key", {key: value for key, value in good.items() if key != "openings"}
    yield "more", {**good, "walls": []}
    yield "rect", {**good, "rooms": [{"kind": "ldk", "name": "", "rects": [[0, 0, 1]]}]}
    yield "empty rect", {**good, "rooms": [{"kind": "ldk", "name": "", "rects": [[0, 0, 0, 1]]}]}
    yield "long name", {**good, "rooms": [{"kind": "ldk", "name": "x" * 201, "rects": [[0, 0, 1, 1]]}]}
    yield "opening", {**good, "openings": [{**good["openings"][0], "kind": "gate"}]}
    yield "side", {**good, "openings": [{**good["openings"][0], "side": 0}]}
    yield "stair", {**good, "stair": {**good["stair"], "rise": "up"}}
    yield "house", {**house_to_json(HOUSE), "plans": []}


@pytest.mark.parametrize(("what", "data"), list(broken_json()), ids=[what for what, _ in broken_json()])
def test_the_schema_refuses_what_is_no_plan(what: str, data: Any) -> None:
    """Each of these is refused."""
    assert not validator().is_valid(data), what


def test_findings_stand_in_the_json_of_an_unlawful_plan() -> None:
    """They are in the language asked for, and readers pass over them."""
    data = json.loads(made(UNLAWFUL, "json", "en"))
    assert [f["code"] for f in data["findings"]] == ["H05", "H06"]
    assert data["findings"][1]["message"].startswith("Pantry must be reachable")
    assert "Pantry" not in json.loads(made(UNLAWFUL, "json"))["findings"][1]["message"]
    validator().validate(data)
    assert carried.item_of(data) == UNLAWFUL


# --- reading back -------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".json", ".dxf"])
@pytest.mark.parametrize("item", [HOUSE, HOUSE.plans[1], named("\\U+5B9A %%u ^J 🧸\u2028")])
def test_what_was_exported_is_read_back(item: Plan | House, suffix: str, tmp_path: Path) -> None:
    """Plans and houses, with every letter of their names."""
    files.atomic_bytes(tmp_path / f"x{suffix}", made(item, suffix[1:]))
    assert export.read(tmp_path / f"x{suffix}") == item


def test_a_sidecar_is_read_too(tmp_path: Path) -> None:
    """The JSON beside an image of ours holds its plan; one of others does not."""
    beside = SCHEMA.parent.parent.parent / "dataset" / "plan_h00000_1f.json"
    found = export.read(beside)
    assert found == sidecar.read(beside).plan
    assert isinstance(found, Plan)
    (tmp_path / "other.json").write_text('{"grid_px": 40, "grid_mm": 910}', "utf-8")
    with pytest.raises((PlanError, SidecarError), match=r"other\.json"):
        export.read(tmp_path / "other.json")


def dxf_file(folder: Path, change: Any) -> Path:
    """Write a DXF of the bungalow after a change to it."""
    doc = ezdxf.read(io.StringIO(made(plans.bungalow(), "dxf").decode("utf-8"), newline=None))
    change(doc)
    doc.saveas(folder / "x.dxf")
    return folder / "x.dxf"


def test_a_dxf_that_another_program_saved_again_is_still_ours(tmp_path: Path) -> None:
    """New layers that hold nothing, other dates and other handles are no change of the drawing."""
    assert export.read(dxf_file(tmp_path, lambda doc: doc.layers.add("X"))) == plans.bungalow()


def test_a_changed_drawing_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    """Whoever moved a wall is told that the move is not read; asked for, the plan as it was is given."""

    def move(doc: Any) -> None:
        doc.modelspace().query('LWPOLYLINE[layer=="1F-WALL"]')[0].translate(455, 0, 0)

    path = dxf_file(tmp_path, move)
    with pytest.raises(PlanError, match="must be as it was exported, got one that was changed since"):
        export.read(path)
    assert export.read(path, changed=True) == plans.bungalow()


def test_a_dxf_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """It says which DXF can be read, whether it has a record of ours or not."""
    other = ezdxf.new("R2010")
    other.modelspace().add_line((0, 0), (1, 1))
    other.saveas(tmp_path / "other.dxf")
    with pytest.raises(PlanError, match=r"other\.dxf: DXF must carry a plan, got one without .*madorizu trace"):
        export.read(tmp_path / "other.dxf")
    files.atomic_bytes(tmp_path / "jww.dxf", made(plans.bungalow(), "jww-dxf"))
    with pytest.raises(PlanError, match="DXF must carry a plan, got one without"):
        export.read(tmp_path / "jww.dxf")


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, b"  0\nSECTION\n", b"AutoCAD Binary DXF\r\n\x1a\0", b"%PDF-1.7", b"0\nx\n" * 9]
)
def test_what_is_no_file_of_ours_is_refused(data: bytes, tmp_path: Path) -> None:
    """Neither empty files nor others are a crash."""
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(PlanError, match=r"x: (file must be JSON or DXF|DXF must carry a plan)"):
        export.read(tmp_path / "x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "file must be JSON"),
        (b'{"plans": 3}', "schema_version must be 1"),
        (b'{"rooms": ' + b"[" * 100_000, "file must be JSON"),
    ],
)
def test_broken_json_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    """With the file's name."""
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(PlanError, match=rf"x\.json: {message}"):
        export.read(tmp_path / "x.json")


def test_an_svg_is_refused_and_nothing_it_names_is_read(tmp_path: Path) -> None:
    """A drawing is no plan; an entity that points to another file is never followed."""
    other = tmp_path / "other.txt"
    other.write_text("what nobody may see")
    path = tmp_path / "x.svg"
    entity = f'<!DOCTYPE svg [<!ENTITY e SYSTEM "{other.as_uri()}">]>'
    path.write_text(f'{entity}<svg xmlns="http://www.w3.org/2000/svg"><text>&e;</text></svg>')
    with pytest.raises(PlanError, match="file must be JSON or DXF") as caught:
        export.read(path)
    assert "nobody" not in str(caught.value)


def test_files_that_cannot_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing ones, folders, and endless ones."""
    with pytest.raises(PlanError, match="must be a file that can be read, got No such file"):
        export.read(tmp_path / "none.json")
    with pytest.raises(PlanError, match="must be a file that can be read, got Is a directory"):
        export.read(tmp_path)
    monkeypatch.setattr("madorizu.export.reading.MOST_BYTES", 10)
    (tmp_path / "long.json").write_bytes(b"x" * 11)
    with pytest.raises(PlanError, match="must have at most 10 bytes"):
        export.read(tmp_path / "long.json")


@pytest.mark.parametrize(
    "lines",
    [
        ["not base64!"],
        [b64encode(b"not zlib").decode()],
        [b64encode(zlib.compress(b"not json")).decode()],
        [b64encode(zlib.compress(b"{}")[:-3]).decode()],
        [b64encode(zlib.compress(b" " * 30_000_000)).decode()],
    ],
)
def test_a_damaged_record_is_refused(lines: list[str]) -> None:
    """Also one that would unpack to more than any plan."""
    with pytest.raises(PlanError, match="plan in the file must be whole"):
        carried.unpack(lines)


def test_a_record_holds_the_plan_in_letters_that_last() -> None:
    """ASCII, in lines that DXF takes; an order of DXF in a name stays a name."""
    item = named("\\U+5B9A")
    lines = carried.pack(item)
    assert all(line.isascii() and len(line) <= 240 for line in lines)
    assert carried.unpack(lines) == item


def test_the_digest_counts_tenths_of_a_millimetre_in_any_order() -> None:
    """What programs round is no change; a move is."""
    first = carried.digest([("LINE", "a", 1.0, -0.0), ("LINE", "b", 2.0, 3.0)])
    assert carried.digest([("LINE", "b", 2.000001, 3.0), ("LINE", "a", 1.0, 0.0)]) == first
    assert carried.digest([("LINE", "b", 2.2, 3.0), ("LINE", "a", 1.0, 0.0)]) != first


# --- GeoJSON ------------------------------------------------------------------------------


def features(item: Plan | House, layer: str) -> dict[str, Any]:
    """Return the features of a layer by id."""
    data = json.loads(made(item, "geojson"))
    return {f["id"]: f for f in data["features"] if f["properties"]["layer"] == layer}


def test_geojson_has_the_rooms_in_millimetres_with_y_to_the_north() -> None:
    """The bath of 1F is in the north-west of a house of 7,280 by 8,190; rings run counter-clockwise."""
    rooms = features(HOUSE, "room")
    assert len(rooms) == 21
    bath = rooms["1F-room-1"]
    assert bath["geometry"] == {
        "type": "Polygon",
        "coordinates": [[[0, 8190], [0, 6370], [1820, 6370], [1820, 8190], [0, 8190]]],
    }
    assert bath["properties"] == {
        "layer": "room", "floor": 1, "kind": "bath", "name": "浴室", "indoor": True,
        "area_m2": 3.3124, "jo": 2.0, "tsubo": 1.0,
    }  # fmt: skip
    assert all(shape(room["geometry"]).exterior.is_ccw for room in rooms.values())
    for room, feature in zip([r for p in HOUSE.plans for r in p.rooms], rooms.values(), strict=True):
        assert shape(feature["geometry"]).area / 1e6 == pytest.approx(room.area_m2)


def test_geojson_has_walls_openings_fixtures_and_stairs() -> None:
    """Outer walls are 150 mm around the outline; the entrance is a line of 1,000 mm in the south wall."""
    walls = [shape(f["geometry"]) for f in features(HOUSE, "wall").values()]
    west, south, east, north = (f(w.bounds[i] for w in walls) for i, f in enumerate((min, min, max, max)))
    assert (west, south, east, north) == (-75, -75, 7280 + 75, 8190 + 75)
    openings = features(HOUSE, "opening")
    entrance = next(f for f in openings.values() if f["properties"]["kind"] == "entrance")
    assert entrance["geometry"] == {"type": "LineString", "coordinates": [[5187, 0], [6187, 0]]}
    assert len(features(HOUSE, "fixture")) == 8
    assert [f["properties"]["floor"] for f in features(HOUSE, "stair").values()] == [1, 2]
    assert normalize(shape(features(HOUSE, "stair")["1F-stair-1"]["geometry"])).bounds == (5460, 2730, 7280, 4550)


def test_a_room_in_two_pieces_has_two_polygons() -> None:
    """It is unlawful, but a shape."""
    plan = Plan(1, (Room("ldk", cells_in((0, 0, 4, 4)) | cells_in((8, 8, 2, 2))),))
    assert features(plan, "room")["1F-room-1"]["geometry"]["type"] == "MultiPolygon"


# --- schedule -----------------------------------------------------------------------------


def table(data: bytes) -> list[list[str]]:
    """Read a CSV."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_schedule_has_every_room_and_sums() -> None:
    """m² cut to two decimals, 帖 of 1.62 m² to one, 坪 to two; porch and balcony are no floor area."""
    rows = table(made(HOUSE, "csv"))
    assert rows[0] == ["階", "番号", "室名", "種別", "面積(m²)", "帖", "坪"]
    assert rows[1] == ["1F", "1", "浴室", "浴室", "3.31", "2.0", "1.00"]
    assert rows[4] == ["1F", "4", "和室", "和室", "7.45", "4.6", "2.25"]
    assert rows[11] == ["1F", "11", "ポーチ", "ポーチ*", "2.48", "1.5", "0.75"]
    assert rows[12] == ["1F", "", "床面積", "", "59.62", "36.8", "18.03"]
    assert rows[-2] == ["", "", "延床面積", "", "119.24", "73.6", "36.07"]
    assert rows[-1] == ["* 屋外・吹抜は床面積に含まない"]
    assert table(made(HOUSE, "csv", "en"))[4] == ["1F", "4", "Tatami room", "Tatami room", "7.45", "4.6", "2.25"]
    assert made(HOUSE, "csv").startswith(b"\xef\xbb\xbf")
    assert len(table(made(HOUSE.plans[0], "csv"))) == 14


def test_a_tsubo_is_the_square_of_two_modules() -> None:
    """400/121 m², a little less than 1.82 m squared, of which it is 1.002."""
    assert Size(16).m2 == 3.31
    assert Size(16).tsubo == 1.0
    assert Size(1600).tsubo == 100.2
    assert Size(0).m2 == Size(0).jo == Size(0).tsubo == 0


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", " =1", "＋x", "－x", "＠x"])
def test_no_name_becomes_a_formula(name: str) -> None:
    """In a CSV an apostrophe stands before it; in a workbook it is a text."""
    assert table(made(named(name), "csv"))[2][2] == f"'{name}"
    book = openpyxl.load_workbook(io.BytesIO(made(named(name), "xlsx")))
    cell = book.active["C3"]
    assert (cell.value, cell.data_type) == (name, "s")


def test_other_names_stay_as_they_are() -> None:
    """Quotes, commas, markup and links are text."""
    for name in ("a,b", 'say "x"', "http://x.example/", "<script>", "🧸", "1e5"):
        assert table(made(named(name), "csv"))[2][2] == name
        cell = openpyxl.load_workbook(io.BytesIO(made(named(name), "xlsx"))).active["C3"]
        assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_the_workbook_holds_figures() -> None:
    """The same table as the CSV, with numbers as numbers, the notice first where there is one."""
    sheet = openpyxl.load_workbook(io.BytesIO(made(HOUSE, "xlsx"))).active
    assert sheet.title == "面積表"
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[1] == ["1F", 1, "浴室", "浴室", 3.31, 2, 1]
    assert rows[-2][4] == 119.24
    assert sheet["E2"].number_format == "0.00"
    assert len(rows) == len(table(made(HOUSE, "csv")))
    marked = openpyxl.load_workbook(io.BytesIO(made(UNLAWFUL, "xlsx", "en")))
    assert marked.active["A1"].value == "BREAKS RULES (H05 H06) - NOT FOR BUILDING"
    assert marked.active.title == "Rooms"
    assert marked.properties.title == "Floor plan 2F"


def test_a_kind_that_the_catalogue_does_not_know_is_named_as_it_is() -> None:
    """The plan says it; the schedule repeats it."""
    plan = Plan(1, (*named("").rooms, replace(named("").rooms[0], kind="attic", cells=cells_in((16, 0, 4, 4)))))
    assert table(made(plan, "csv"))[3][2:4] == ["attic", "attic"]
