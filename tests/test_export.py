"""What holds for every format: determinism, names, notices, bad input, the folder and the disk."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import typer

import plans
from madorizu import export, files
from madorizu.app import exporting
from madorizu.brief import Brief
from madorizu.errors import BriefError, PlanError, SettingsError, StorageError
from madorizu.plan import House, Plan, Room
from madorizu.plan_json import house_from_json, house_to_json

HOUSE = plans.sample_house()
UNLAWFUL = plans.atrium()  # a store that nobody can reach
NAMES = (
    "長" * 200,
    "子供部屋🧸",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x","y")',
    "../../a\\b%%u^J\\U+5B9A",
    "@SUM(A1)",
)


def renamed(plan: Plan, names: tuple[str, ...] = NAMES) -> Plan:
    """Give the first rooms names of their own."""
    rooms = tuple(replace(r, name=names[i]) if i < len(names) else r for i, r in enumerate(plan.rooms))
    return replace(plan, rooms=rooms)


def files_of(item: Plan | House, *formats: str, lang: str = "ja") -> dict[str, bytes]:
    """Return a file of each of these formats, or of every one."""
    wanted = formats or tuple(export.FORMATS)
    return export.rendered(
        export.subject(item, allow_unlawful=True), wanted, export.Settings(lang=lang, px_per_module=16)
    )


def test_equal_plans_give_equal_bytes_in_every_format() -> None:
    """No file holds a date, a random id or what was exported before it."""
    first = files_of(plans.atrium())
    assert set(first) == {"svg", "png", "pdf", "dxf", "jww-dxf", "ifc", "gltf", "geojson", "csv", "xlsx", "json"}
    again = files_of(plans.atrium())
    assert [form for form in first if first[form] != again[form]] == []


def test_files_are_written_under_the_house_s_name(tmp_path: Path) -> None:
    """One file per format, asked for twice or not, in the order asked for; folders are made."""
    paths = export.export(HOUSE, ["csv", "json", "csv", "jww-dxf"], tmp_path / "a" / "b")
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "a/b/sample.csv",
        "a/b/sample.json",
        "a/b/sample.jww.dxf",
    ]
    assert sorted(os.listdir(tmp_path / "a" / "b")) == ["sample.csv", "sample.json", "sample.jww.dxf"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("佐藤邸 A-1", "佐藤邸 A-1"),
        ("../../etc/passwd", "______etc_passwd"),
        ("C:\\x", "C__x"),
        ("", "plan"),
        ("...", "plan"),
        ("NUL", "_NUL"),
        ("長" * 200, "長" * 26),
        ("🏠", "plan"),
        (" a ", "a"),
    ],
)
def test_a_house_s_name_becomes_a_file_s(name: str, stem: str) -> None:
    """Paths, reserved names and endless names never reach the disk; 80 bytes are 26 kanji."""
    assert export.file_stem(name) == stem


# --- what is refused ----------------------------------------------------------------------


def test_an_unlawful_plan_is_exported_only_when_asked(tmp_path: Path) -> None:
    """The error names the first broken rule and the way out; nothing is written."""
    with pytest.raises(PlanError, match=r"got 2; first H0\d: .*allow it") as caught:
        export.export(UNLAWFUL, ["svg"], tmp_path)
    assert "marked" in caught.value.hint
    assert os.listdir(tmp_path) == []


def test_missing_what_was_asked_for_is_unlawful_too() -> None:
    """With a brief, its rules count: an 8x9 house is no 9x9 house."""
    brief = Brief("both", 9 * 910, 9 * 910)
    with pytest.raises(PlanError, match="first B01"):
        export.subject(HOUSE, brief=brief)
    assert export.subject(HOUSE, brief=brief, allow_unlawful=True).codes == ("B01",)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", "規則に反する図面（H05 H06）建築に使用不可"),
        ("en", "BREAKS RULES (H05 H06) - NOT FOR BUILDING"),
    ],
)
def test_every_file_of_an_unlawful_plan_says_so(lang: str, words: str) -> None:
    """The notice is in each file's own text, or its codes where the file is data; lawful plans have none."""
    made = files_of(UNLAWFUL, "svg", "png", "dxf", "jww-dxf", "geojson", "csv", "json", lang=lang)
    for form in ("svg", "dxf", "geojson", "csv"):
        assert words in made[form].decode("utf-8-sig"), form
    assert words.encode("cp932") in made["jww-dxf"]
    assert words.encode("utf-8") in made["png"]
    assert b'"code": "H06"' in made["json"]
    lawful = files_of(HOUSE, lang=lang)
    assert not any(
        words[:6].encode("utf-8") in lawful[form] for form in ("svg", "dxf", "geojson", "csv", "json", "png")
    )


def test_a_notice_names_six_rules_at_most() -> None:
    """A plan that breaks everything has a notice that fits its drawing."""
    broken = tuple(
        replace(f, code=f"H{i:02}") for i in range(9) for f in export.subject(UNLAWFUL, allow_unlawful=True).broken
    )
    assert export.Subject(UNLAWFUL, "", broken).notice("en") == (
        "BREAKS RULES (H00 H01 H02 H03 H04 H05 ...) - NOT FOR BUILDING"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lang": "fr"}, "lang must be one of ja, en, got 'fr'"),
        ({"scale": 75}, "scale must be one of 50, 100, 200, got 75"),
        ({"paper": "A0"}, "paper must be one of auto, A4, A3, got 'A0'"),
        ({"px_per_module": 7}, "px_per_module must be 8 to 512, got 7"),
        ({"date": "x" * 41}, "date must have at most 40 letters"),
        ({"date": "1\n2"}, "that can be printed"),
        ({"lang": "fr", "scale": 1}, "lang must .*; scale must"),
    ],
)
def test_settings_say_all_their_faults(given: dict[str, object], message: str) -> None:
    """Every fault is told at once."""
    with pytest.raises(SettingsError, match=message):
        export.Settings(**given)  # type: ignore[arg-type]


def test_an_unknown_style_is_refused() -> None:
    """It is that of `draw`."""
    with pytest.raises(BriefError, match="style must be one of cad,"):
        export.Settings(style="crayon")


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        (["dwg", "pdf"], "formats must be of svg, .*, got dwg"),
        ([], "formats must name at least one"),
        ("dxg", "got dxg"),
    ],
)
def test_formats_must_be_known(formats: list[str], message: str, tmp_path: Path) -> None:
    """A format that is not there is named, before anything is written."""
    with pytest.raises(SettingsError, match=message):
        export.export(HOUSE, formats, tmp_path)
    assert os.listdir(tmp_path) == []


def test_what_no_file_can_hold_is_refused() -> None:
    """Names with control characters or half letters, houses without storeys, plans without a room inside."""
    for bad in ("a\0b", "\ud800", "x" * 201):
        with pytest.raises(PlanError, match=r"room.name must"):
            export.subject(renamed(HOUSE.plans[0], (bad,)))
    with pytest.raises(PlanError, match="at least one plan"):
        export.subject(House(()))
    with pytest.raises(PlanError, match="cells must not be empty"):
        export.subject(Plan(1, (Room("porch", frozenset({(0, 0)})),)), allow_unlawful=True)
    with pytest.raises(PlanError, match="name must have at most 200 letters"):
        export.subject(HOUSE, name="x\n")


# --- names --------------------------------------------------------------------------------


def test_strange_names_go_through_every_format() -> None:
    """Endless names, emoji, markup, formulas and orders of DXF harm no file; data formats keep them."""
    item = House((renamed(UNLAWFUL),), "<b>", None, {"n": "=1"})
    made = files_of(item, "svg", "pdf", "dxf", "jww-dxf", "gltf", "geojson", "csv", "xlsx", "json")
    assert b"<script" not in made["svg"]
    assert b"&lt;script&gt;" in made["svg"]
    for name in NAMES:
        assert json.dumps(name, ensure_ascii=False).encode("utf-8") in made["geojson"]
        assert json.dumps(name, ensure_ascii=False).encode("utf-8") in made["gltf"]
    assert "子供部屋🧸".encode() in made["svg"]
    assert [room.name for room in house_from_json(json.loads(made["json"])).plans[0].rooms[: len(NAMES)]] == list(NAMES)


def test_strange_names_go_through_ifc() -> None:
    """Whatever STEP takes for its own signs comes back as it was."""
    reader = pytest.importorskip("ifcopenshell")
    names = (*NAMES, "it's \\X2\\ \\S\\D", "𠮷" * 200)
    item = renamed(UNLAWFUL, names)
    file = reader.file.from_string(files_of(item, "ifc")["ifc"].decode("ascii"))
    assert [space.LongName for space in file.by_type("IfcSpace")][: len(names)] == list(names)


# --- disk ---------------------------------------------------------------------------------


def test_a_full_disk_leaves_whole_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second file does not fit, the first is whole and the second absent, without remains."""
    whole = files.atomic_bytes

    def second_fails(path: Path, data: bytes) -> None:
        if path.suffix == ".csv":
            monkeypatch.setattr(os, "fsync", _full)
        whole(path, data)

    monkeypatch.setattr(files, "atomic_bytes", second_fails)
    with pytest.raises(StorageError, match=r"sample\.csv must be written, got No space left .*free some space"):
        export.export(HOUSE, ["json", "csv"], tmp_path)
    assert os.listdir(tmp_path) == ["sample.json"]
    assert export.read(tmp_path / "sample.json") == HOUSE


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the folder must be, and a folder of somebody else's."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="a file lies where a folder must be"):
        export.export(HOUSE, ["json"], tmp_path / "file")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(StorageError, match=r"Read-only file system .*permissions"):
        export.export(HOUSE, ["json"], tmp_path)


# --- many, and the command ----------------------------------------------------------------


def plan_file(folder: Path, name: str, item: House) -> Path:
    """Write a house as a plan's file."""
    path = folder / name
    files.atomic_bytes(path, files_of(item, "json")["json"])
    return path


def test_the_command_exports_each_plan_beside_what_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files are named as the plan's own; a bad one is told and does not keep the others back."""
    good = plan_file(tmp_path, "a.plan.json", HOUSE)
    (tmp_path / "bad.json").write_text("{}", "utf-8")
    with pytest.raises(typer.Exit) as caught:
        exporting.export([good, tmp_path / "bad.json"], ["csv,geojson", "xlsx"], tmp_path / "out", name="佐藤邸")
    assert caught.value.exit_code == 1
    said = capsys.readouterr()
    assert sorted(os.listdir(tmp_path / "out")) == ["a.csv", "a.geojson", "a.xlsx"]
    assert said.out.split() == [str(tmp_path / "out" / f"a{suffix}") for suffix in (".csv", ".geojson", ".xlsx")]
    assert said.err.startswith("bad.json: ")
    assert '"name": "佐藤邸"' in (tmp_path / "out" / "a.geojson").read_text("utf-8")


def test_the_command_ends_with_2_when_all_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unlawful plan is told with its way out; allowed, it is exported."""
    path = plan_file(tmp_path, "u.json", House((UNLAWFUL,)))
    with pytest.raises(typer.Exit) as caught:
        exporting.export([path], ["csv"], tmp_path)
    assert caught.value.exit_code == 2
    assert "allow it" in capsys.readouterr().err
    exporting.export([path], ["csv"], tmp_path, allow_unlawful=True)
    assert (tmp_path / "u.csv").is_file()


def test_the_file_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    """What a JSON holds beside its plan would be lost; another format may lie beside it."""
    path = plan_file(tmp_path, "a.json", HOUSE)
    before = path.read_bytes()
    done = export.export_or_tell(export.Job(path, ("csv", "json"), tmp_path))
    assert done.error == f"out must be another folder than that of {path}, got the same"
    assert (os.listdir(tmp_path), path.read_bytes()) == (["a.json"], before)
    assert export.export_or_tell(export.Job(path, ("csv",), tmp_path)).files == (tmp_path / "a.csv",)


def test_all_names_every_format(tmp_path: Path) -> None:
    """`--to all` is for a look at everything."""
    exporting.export(
        [plan_file(tmp_path, "h.json", House((UNLAWFUL,)))], ["all"], tmp_path / "out", allow_unlawful=True
    )
    assert sorted(os.listdir(tmp_path / "out")) == sorted(f"h{form.suffix}" for form in export.FORMATS.values())


def test_a_drawing_too_large_for_any_picture_is_refused() -> None:
    """A hundred million pixels are the limit."""
    long = Plan(1, (Room("ldk", frozenset((x, y) for x in range(600) for y in range(4))),))
    with pytest.raises(SettingsError, match="at most 100000000 pixels"):
        export.rendered(export.subject(long, allow_unlawful=True), ["png"], export.Settings(px_per_module=512))


def test_the_json_of_a_house_is_that_of_plan() -> None:
    """The exporter adds nothing to a lawful house."""
    assert json.loads(files_of(HOUSE, "json")["json"]) == house_to_json(HOUSE)
