"""Formats of `export` behind `generate` and the server, and names in letters that fonts lack."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

import plans
from madorizu import draw, export, pipeline
from madorizu.app import cli, exporting, gallery, server
from madorizu.app.settings import ServerSettings
from madorizu.brief import Brief
from madorizu.draw.text import packaged
from madorizu.errors import SettingsError
from madorizu.export.formats import Format
from madorizu.export.letters import letter_findings
from madorizu.plan import House, Plan, Room, cells_in

HOUSE = plans.sample_house()
SIZE = ("--width", "8", "--height", "9", "--seed", "4")


def solver(brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
    """Return the sample house, whatever is asked."""
    return HOUSE


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the simple generator take the sample house."""
    monkeypatch.setattr(pipeline, "_house_for", lambda: solver)


def run(*arguments: str) -> int:
    """Run the command in this process and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


# --- generate -----------------------------------------------------------------------------


@pytest.mark.usefixtures("solved")
def test_generate_writes_any_formats_of_the_house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--to takes names with commas; each format is one file with both storeys, named as --output."""
    assert run("generate", *SIZE, "--floor", "both", "--output", str(tmp_path / "h"), "--to", "json,dxf csv") == 0
    assert sorted(os.listdir(tmp_path)) == ["h.csv", "h.dxf", "h.json"]
    assert capsys.readouterr().out.split() == [str(tmp_path / f"h{end}") for end in (".json", ".dxf", ".csv")]
    assert export.read(tmp_path / "h.json") == export.read(tmp_path / "h.dxf") == HOUSE


@pytest.mark.usefixtures("solved")
def test_a_house_asked_as_json_is_one_file(tmp_path: Path) -> None:
    """--floor both --output x.json is the house; of one storey it is the plan."""
    assert run("generate", *SIZE, "--floor", "both", "--output", str(tmp_path / "x.json")) == 0
    assert os.listdir(tmp_path) == ["x.json"] and export.read(tmp_path / "x.json") == HOUSE
    assert run("generate", *SIZE, "--floor", "2F", "--output", str(tmp_path / "y.json"), "--to", "json") == 0
    assert export.read(tmp_path / "y.json") == HOUSE.plans[1]


@pytest.mark.usefixtures("solved")
def test_several_houses_are_numbered_and_drawn_as_asked(tmp_path: Path) -> None:
    """An ending that is a format's is left off; the style is that of the wish."""
    given = ("--floor", "both", "--count", "2", "--style", "blueprint", "--to", "svg")
    assert run("generate", *SIZE, *given, "--output", str(tmp_path / "p.jww.dxf")) == 0
    assert sorted(os.listdir(tmp_path)) == ["p-1.svg", "p-2.svg"]
    subject = export.subject(HOUSE)
    want = export.rendered(subject, ["svg"], export.Settings(style="blueprint"))["svg"]
    assert (tmp_path / "p-1.svg").read_bytes() == want


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--to", "dwg"), "error: formats must be of svg, png"),
        (("--to", "json", "--sidecar"), "error: output must be a picture when a sidecar is written"),
        (
            ("--to", "dxf", "--generator", "lora", "--raw"),
            "error: JSON must come from a plan, got a picture of a model",
        ),
    ],
)
def test_what_generate_cannot_write_is_refused_before_it_draws(
    given: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No house is solved, no model loaded for it."""
    assert run("generate", *SIZE, *given, "--output", str(tmp_path / "h")) == 2
    assert capsys.readouterr().err.startswith(message) and not list(tmp_path.iterdir())


def test_all_leaves_out_what_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says so; to name it is an error."""
    monkeypatch.setattr(Format, "is_here", property(lambda self: not self.needs))
    assert exporting.named(["all"]) == tuple(form for form in export.FORMATS if form != "ifc")
    assert "ifc left out: it takes the package ifcopenshell (madorizu[ifc])" in capsys.readouterr().err
    with pytest.raises(SettingsError, match="ifc must have the package"):
        exporting.named(["svg,ifc"])


def test_the_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    """What is added to the formats must be added to the words of the command."""
    assert run("export", "--help") == 0
    said = "".join(capsys.readouterr().out.replace("│", " ").split())
    assert "".join(f"{form}," for form in export.FORMATS)[:-1].replace(",json", ",jsonorall") in said


# --- the server ---------------------------------------------------------------------------


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A server that draws the sample house."""
    app = server.create_app(ServerSettings(generated=tmp_path), house_for=solver)
    with TestClient(app, base_url="http://127.0.0.1") as made:
        yield made


def drawn(client: TestClient, floor: str) -> list[dict[str, object]]:
    """Ask for plans and return what the server says of them."""
    answer = client.post("/api/v1/plans", json={"width": 8, "height": 9, "floor": floor})
    assert answer.status_code == 200
    return list(answer.json()["plans"])


def test_the_server_exports_what_it_drew(client: TestClient, tmp_path: Path) -> None:
    """Each format has an address; its file is the export of the whole house, made when it is first asked for."""
    first, second = drawn(client, "both")
    files = first["files"]
    assert isinstance(files, dict) and files == second["files"] and list(files) == list(export.FORMATS)
    before = len(list(tmp_path.iterdir()))
    for form, media in (("dxf", "image/vnd.dxf"), ("csv", "text/csv; charset=utf-8"), ("gltf", "model/gltf-binary")):
        answer = client.get(files[form])
        assert (answer.status_code, answer.headers["content-type"]) == (200, media)
        assert answer.content == export.rendered(export.subject(HOUSE), [form])[form]
    assert len(list(tmp_path.iterdir())) == before + 3
    assert client.get(files["dxf"]).status_code == 200 and len(list(tmp_path.iterdir())) == before + 3
    svg = client.get(files["svg"])
    assert svg.headers["content-security-policy"].startswith("default-src 'none'")
    assert export.read(tmp_path / str(files["json"]).removeprefix("/generated/")) == HOUSE


def test_one_storey_has_files_of_its_own(client: TestClient, tmp_path: Path) -> None:
    """Where the 1F alone was asked for, its files show the 1F alone."""
    (only,) = drawn(client, "1F")
    files = only["files"]
    assert isinstance(files, dict) and "-house" not in files["dxf"]
    assert client.get(files["dxf"]).status_code == 200
    assert export.read(tmp_path / files["dxf"].removeprefix("/generated/")) == HOUSE.plans[0]


@pytest.mark.parametrize(
    "name", ["floor_plan_8x9_0123456789abcdef.dxf", "x.dxf", "floor_plan_8x9_0123456789abcdef.exe"]
)
def test_nothing_is_exported_without_a_plan(client: TestClient, name: str) -> None:
    """A name of ours whose plan is gone, or of nobody, is not found."""
    assert client.get(f"/generated/{name}").status_code == 404


def test_a_drawing_that_fits_no_paper_is_the_caller_s_fault(client: TestClient, tmp_path: Path) -> None:
    """The route answers as the command does."""
    long = Plan(1, (Room("ldk", cells_in((0, 0, 120, 8))),))
    stem = "floor_plan_8x9_0123456789abcdef"
    data = export.rendered(export.subject(long, allow_unlawful=True), ["json"])["json"]
    (tmp_path / f"{stem}.json").write_bytes(data)
    answer = client.get(f"/generated/{stem}.pdf")
    assert answer.status_code == 400 and "drawing must fit on A4 or A3" in answer.json()["error"]


def test_the_files_of_an_old_house_go_with_it(tmp_path: Path) -> None:
    """Its storeys', its own and what was exported of it."""
    for i in range(2):
        for ending in (".png", ".json", "-house.json", "-house.jww.dxf", ".glb"):
            path = tmp_path / f"floor_plan_8x9_{i:016x}{ending}"
            path.write_text("x")
            os.utime(path, (i, i))
    assert gallery.prune(tmp_path, 1) == 1
    assert {name.split("_")[-1][:16] for name in os.listdir(tmp_path)} == {f"{1:016x}"}


# --- letters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("髙橋邸①㎡", "髙橋邸①㎡"),  # cp932 has them, so the packaged font does
        ("𠮷の間", "〓の間"),
        ("葛\U000e0100城", "葛城"),  # the variation of a kanji has no ink of its own
        ("子供部屋🧸", "子供部屋〓"),
        ("か\u3099らす", "がらす"),
        ("ｶﾞﾚｰｼﾞ", "ガレージ"),
        ("Ａé", "Ａ〓"),
    ],
)
def test_letters_that_the_font_lacks_are_seen(text: str, written: str) -> None:
    """What can be composed is; each letter that is left becomes 〓."""
    assert packaged(text) == written


def rare() -> House:
    """Return the sample house with a letter that no packaged font has, and one that only cp932 lacks."""
    ground, upper = HOUSE.plans
    rooms = (Room("bath", ground.rooms[0].cells, "𠮷"), *ground.rooms[1:])
    return House((Plan(1, rooms, ground.openings, ground.fixtures, ground.stair), upper), "鷗")


def test_a_lost_letter_is_told() -> None:
    """One finding for each name, with the formats that lose letters; it is advice, and in both languages."""
    subject = export.subject(rare())
    found = letter_findings(subject, export.FORMATS)
    assert [(f.code, f.hard, f.floor, f.room) for f in found] == [("X01", False, None, None), ("X01", False, 1, 0)]
    assert found[1].message == "name must have letters that png, pdf, jww-dxf can write, got 𠮷: written as 〓"
    assert found[1].message_ja == "png、pdf、jww-dxfで表せない文字「𠮷」は〓で記載"
    assert letter_findings(subject, ["svg", "dxf", "ifc", "gltf", "csv"]) == ()
    assert letter_findings(export.subject(HOUSE), export.FORMATS) == ()


def test_files_show_or_keep_every_letter() -> None:
    """PDF and PNG draw 〓 where the font has nothing; the others hold the letter itself."""
    pypdf = pytest.importorskip("pypdf")
    forms = ["svg", "dxf", "jww-dxf", "pdf", "png", "csv", "geojson", "json"]
    made = export.rendered(export.subject(rare()), forms, export.Settings(px_per_module=32))
    for form in ("svg", "dxf", "csv", "geojson", "json"):
        assert "𠮷" in made[form].decode("utf-8-sig"), form
    assert "〓" in made["jww-dxf"].decode("cp932")
    text = pypdf.PdfReader(io.BytesIO(made["pdf"])).pages[0].extract_text()
    assert "〓" in text and "𠮷" not in text
    with Image.open(io.BytesIO(made["png"])) as image:
        assert image.text["Title"] == "〓 平面図"  # type: ignore[attr-defined]


def test_pictures_draw_a_sign_for_a_rare_kanji() -> None:
    """𠮷 and an emoji look alike: both are 〓, and neither is nothing."""

    def picture(name: str) -> bytes:
        return draw.raster(Plan(1, (Room("hall", cells_in((0, 0, 8, 6)), name),)), "cad", labels=True).tobytes()

    assert picture("𠮷") == picture("🧸") == picture("〓") != picture("間")


def test_the_command_tells_lost_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, beside the files."""
    path = tmp_path / "r.json"
    path.write_text(json.dumps(json.loads(export.rendered(export.subject(rare()), ["json"])["json"])), "utf-8")
    exporting.export([path], ["pdf"], tmp_path / "out", lang="en")
    assert "r.json: X01 name must have letters that pdf can write, got 𠮷: written as 〓" in capsys.readouterr().err
