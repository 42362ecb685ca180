"""A folder of pairs becomes a folder to train on; every bad input is refused with a reason."""

from __future__ import annotations

import csv
import errno
import json
import os
import runpy
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import plans
from madorizu import canvas, dataset, draw, sidecar
from madorizu.brief import brief_of, caption
from madorizu.dataset import captions, pairs
from madorizu.errors import DatasetError, SettingsError, StorageError
from madorizu.plan import outline
from sketches import GRID_PX, entry, examples, put, run, sketch, two_houses, v2

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "training" / "prepare_dataset.py"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with two good pairs of two houses."""
    return two_houses(tmp_path / "src")


# --- captions and rows --------------------------------------------------------------------


def test_each_kind_of_sidecar_gives_its_caption(source: Path) -> None:
    """v1.0 by the picture's size, v2.0 by its elements, ours by the plan, a text file as it is."""
    put(source, "old_1f", {"grid_px": GRID_PX, "grid_mm": 910, "floor": "1F"})
    put(source, "dark", v2("UNKNOWN", structural_elements=[]))
    sketch(4).save(source / "free.png")
    (source / "free.txt").write_text("a plan by hand,\n ink on paper\n", "utf-8")
    sketch(5).save(source / "own words.png")
    (source / "own words.txt").write_text("floor plan, 1F, 8x9, LDK", "utf-8")
    house = plans.sample_house()
    plan = house.plans[0]
    Image.fromarray(draw.raster(plan, draw.DATASET_STYLE)).save(source / "ours_1f.png")
    size = canvas.fit_outline(outline(plan))
    sidecar.write(source / "ours_1f.json", plan, house=house, style=draw.DATASET_STYLE, canvas=size)
    run(source)
    found = examples(source)
    assert {name: e.caption for name, e in found.items()} == {
        "plan_a_1f.png": "floor plan, 1F, 8x9, stairs",
        "plan_b_2f.png": "floor plan, 2F, 8x9, stairs",
        "old_1f.png": "floor plan, 1F, 8x9",
        "dark.png": "floor plan, floor unknown, 8x9",
        "free.png": "a plan by hand, ink on paper",
        "own words.png": "floor plan, 1F, 8x9, LDK",
        "ours_1f.png": caption(brief_of(plan)),
    }
    assert {name: e.data_version for name, e in found.items()} == {
        "plan_a_1f.png": "v2.0_structural",
        "plan_b_2f.png": "v2.0_structural",
        "old_1f.png": "v1.0_legacy",
        "dark.png": "v2.0_structural",
        "free.png": "caption",
        "own words.png": "caption",
        "ours_1f.png": "madorizu_1",
    }
    assert found["ours_1f.png"].house_id == "sample"
    assert found["ours_1f.png"].style == draw.DATASET_STYLE
    assert (found["own words.png"].grid_px, found["own words.png"].floor) == (32, "1F")
    assert (found["free.png"].grid_px, found["free.png"].width, found["free.png"].floor) == (0, 0, "unknown")


def test_a_size_taken_from_the_picture_is_said(source: Path) -> None:
    """A v1.0 file without W×H is mended, and the report says how."""
    put(source, "old_1f", {"grid_px": GRID_PX, "grid_mm": 910, "floor": "1F"})
    found = entry(run(source), "old_1f.png")
    assert found.status == "mended"
    assert found.reasons[0] == "W×H is not stated; 8x9 taken from the picture's size"


def test_the_rows_of_the_tables(source: Path) -> None:
    """The CSV's columns are those that the guide names, spelled out for one image."""
    run(source)
    out = source.parent / "out"
    rows = []
    for name in ("train.csv", "val.csv"):
        with open(out / name, encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    row = next(r for r in rows if r["source"] == "plan_a_1f.png")
    assert row.pop("file_name") in ("train/plan_a_1f.png", "validation/plan_a_1f.png")
    assert len(row.pop("sha256")) == 64
    assert row == {
        "text": "floor plan, 1F, 8x9, stairs",
        "conditions": "floor_type:1F|grid_size:8x9|has_stairs|area:54",
        "floor": "1F",
        "grid_px": "32.0",
        "grid_mm": "910.0",
        "layout_width": "8.0",
        "layout_height": "9.0",
        "total_elements": "1",
        "has_stairs": "True",
        "has_entrance": "False",
        "has_balcony": "False",
        "house_id": "plan_a",
        "style": "",
        "source": "plan_a_1f.png",
        "data_version": "v2.0_structural",
    }
    meta = [json.loads(p.read_text("utf-8").splitlines()[0]) for p in sorted(out.glob("*/metadata.jsonl"))]
    assert {m["source"] for m in meta} == {"plan_a_1f.png", "plan_b_2f.png"}
    assert all(m["file_name"] == m["source"] for m in meta)


def test_a_caption_beside_a_sidecar_is_taken_as_it_is(source: Path) -> None:
    """The text speaks, the sidecar gives the scale."""
    (source / "plan_a_1f.txt").write_text("my own words", "utf-8")
    run(source)
    found = examples(source)["plan_a_1f.png"]
    assert (found.caption, found.grid_px, found.floor) == ("my own words", 32, "1F")


def test_a_long_caption_is_a_note(source: Path) -> None:
    """What the text encoder would cut is said."""
    (source / "plan_a_1f.txt").write_text("a plan of rooms, " * 20, "utf-8")
    assert "what is beyond 77 is cut" in entry(run(source), "plan_a_1f.png").notes[0]


def test_tokens_are_counted_roughly() -> None:
    """Two marks, and one piece per short word, digit and sign; long words and 間取り take more."""
    assert captions.token_count("floor plan, 1F, 8x9") == 2 + 9
    assert captions.token_count("architecture") == 2 + 2
    assert captions.token_count("間取り") == 2 + 9


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b" \n", "must hold a caption, got an empty file"),
        ("間取り".encode("shift_jis"), "must be UTF-8 text"),
        (b"a" * 70_000, "must be a short caption, got 70000 bytes"),
    ],
)
def test_a_bad_caption_is_refused(source: Path, content: bytes, message: str) -> None:
    """Empty, foreign or endless texts are no captions."""
    (source / "plan_a_1f.txt").write_bytes(content)
    put(source, "plan_c_1f")
    assert message in entry(run(source), "plan_a_1f.png").reasons[0]


def test_a_caption_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A folder in the place of a caption is an error with its name."""
    with pytest.raises(DatasetError, match=r"missing.txt must be readable"):
        captions.read_caption(tmp_path / "missing.txt")


# --- files --------------------------------------------------------------------------------


def _refused(source: Path) -> dict[str, str]:
    return {e.source: e.reasons[0] for e in run(source).refused}


def test_image_without_sidecar_and_sidecar_without_image(source: Path) -> None:
    """Each is refused and told what is missing."""
    sketch(1).save(source / "alone.png")
    (source / "lonely.json").write_text(json.dumps(v2()), "utf-8")
    assert _refused(source) == {
        "alone.png": "alone.png has no sidecar (put alone.json beside it, or a caption in a .txt)",
        "lonely.json": "no image lies beside it; put lonely.png there, or remove this file",
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"grid_px": 40,', "must be JSON, got an error in line 1"),
        ('{"grid_px": NaN, "grid_mm": 910, "floor": "1F"}', "must hold numbers, got NaN"),
        (v2(grid_px="40"), "grid_px must be a number, got '40'"),
        (v2(width=0), "width_grids must be over 0, got 0"),
        (v2(width=51), "width must be 2 to 30 modules of 910 mm, got 51"),
        (
            {"grid_mm": 910, "floor": "1F"},
            "must state W×H, got a sidecar without, and 320x360 px with grid_px is missing",
        ),
        ({"grid_px": 1, "grid_mm": 910, "floor": "1F"}, "with grid_px 1 give no house (add layout_bounds"),
    ],
)
def test_bad_sidecars_are_refused_with_a_reason(source: Path, data: object, message: str) -> None:
    """The image is refused, the others are prepared."""
    put(source, "bad_1f", data)
    assert message in _refused(source)["bad_1f.png"]


def test_doubts_of_a_sidecar_are_notes(source: Path) -> None:
    """Counts that disagree and elements outside the bounds do not stop an image."""
    elements = [{"type": "stair", "grid_x": 99, "grid_y": 1}]
    put(source, "c_2f", v2(structural_elements=elements, element_summary={"stair_count": 2}))
    found = entry(run(source), "c_2f.png")
    assert found.status == "taken"
    assert len(found.notes) == 2


def test_two_images_of_one_name(source: Path) -> None:
    """The PNG is taken, the JPEG refused: they share one sidecar."""
    sketch(9).save(source / "plan_a_1f.jpg")
    assert _refused(source) == {
        "plan_a_1f.jpg": "plan_a_1f.png has the same name and is taken; rename this one if it is another plan"
    }


def test_other_formats_are_refused_by_name(source: Path) -> None:
    """A PDF or WebP is not read, and not passed over in silence either."""
    (source / "a.pdf").write_bytes(b"%PDF")
    (source / "README.md").write_text("passed over")
    (source / ".hidden.png").write_bytes(b"passed over")
    assert _refused(source) == {"a.pdf": "PDF is not read; save it as PNG"}


def test_names_in_any_alphabet_and_with_blanks(source: Path) -> None:
    """Names are kept; what some systems cannot store is replaced; no two become one."""
    put(source, "間取り図 その1_2f")
    put(source, "a?b_2f")
    put(source, "A_B_2F", suffix=".jpg")
    put(source / "sub", "b_2f")
    put(source, "sub_b_2f")
    run(source)
    names = {name: e.path.name for name, e in examples(source).items()}
    assert names["間取り図 その1_2f.png"] == "間取り図 その1_2f.png"
    assert names["a?b_2f.png"] != names["A_B_2F.jpg"]
    assert {names["sub/b_2f.png"], names["sub_b_2f.png"]} == {"sub_b_2f.png", "sub_b_2f-2.png"}
    assert len({n.casefold() for n in names.values()}) == 7


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take only UTF-8 names")
def test_a_name_that_is_no_text(source: Path) -> None:
    """A file name of foreign bytes is prepared under a name that can be written."""
    put(source, os.fsdecode("間_2f".encode("shift_jis")))
    report = run(source)
    assert len(report.entries) == 3
    assert report.refused == ()


def test_long_names_are_cut(source: Path) -> None:
    """A name as long as a file system allows is prepared too."""
    put(source, "間" * 82)
    run(source)
    assert sorted(len(e.path.name) for e in examples(source).values())[-1] == 66 + len(".png")


def test_links_that_lead_in_a_circle_end(source: Path) -> None:
    """Each real folder is searched once; a folder behind a link is searched."""
    (source / "loop").symlink_to(source)
    put(source.parent / "elsewhere", "c_2f")
    (source / "linked").symlink_to(source.parent / "elsewhere")
    assert {e.source for e in run(source).entries} == {"plan_a_1f.png", "plan_b_2f.png", "linked/c_2f.png"}


def test_prepared_folders_within_the_source_are_passed_over(source: Path) -> None:
    """Preparing the folder above a prepared one does not take its images again."""
    dataset.prepare(source, source / "prepared_data")
    report = dataset.prepare(source, source / "prepared_data")
    assert len(report.entries) == 2


# --- what stops it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "must be a folder of images, got nothing there"),
        (lambda folder: folder.write_text("x"), "must be a folder of images, got a file"),
        (lambda folder: folder.mkdir(), "must hold PNG or JPEG images, got none (put your floor plans there"),
        (lambda folder: folder.symlink_to(folder.name), "must be a folder of images, got nothing there"),
    ],
)
def test_a_folder_without_images_is_an_error(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    """The error names the folder and what to do; nothing is written."""
    make(tmp_path / "src")
    with pytest.raises(DatasetError) as caught:
        dataset.prepare(tmp_path / "src", tmp_path / "out")
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_read_is_an_error(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions are named."""

    def denied(_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    with pytest.raises(StorageError, match="must be readable, got Permission denied"):
        run(source)


def test_an_out_folder_that_cannot_be_read_is_an_error(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be somebody's folder is not touched."""
    (source.parent / "out").mkdir()

    def denied(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(StorageError, match="out must be readable, got Permission denied"):
        run(source)


def test_too_many_files_are_an_error(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder given by mistake is not searched for hours."""
    monkeypatch.setattr(pairs, "MAX_FILES", 3)
    with pytest.raises(DatasetError, match="must hold at most 3 files"):
        run(source)


def test_when_nothing_remains_nothing_is_written(tmp_path: Path) -> None:
    """All images refused: an error with their reasons, and no folder."""
    put(tmp_path / "src", "a_1f", "{")
    with pytest.raises(DatasetError, match=r"must hold an image that can be used, got 1 refused: a_1f.png: a_1f.json"):
        run(tmp_path / "src")
    assert os.listdir(tmp_path) == ["src"]


def test_strict_refuses_the_whole_folder(source: Path) -> None:
    """With strict one bad file is enough, and an old prepared folder stays."""
    run(source)
    sketch(1).save(source / "alone.png")
    before = (source.parent / "out" / "report.json").read_bytes()
    with pytest.raises(DatasetError, match=r"no file that is refused, got 1: alone.png.*leave out --strict"):
        run(source, strict=True)
    assert (source.parent / "out" / "report.json").read_bytes() == before


def test_one_house_alone_has_no_validation(tmp_path: Path) -> None:
    """Both floors of one house cannot be parted; without validation they can be prepared."""
    put(tmp_path / "src", "a_1f", v2("1F"))
    put(tmp_path / "src", "a_2f")
    with pytest.raises(DatasetError, match=r"at least two houses, one for validation, got 2 of one.*--validation 0"):
        run(tmp_path / "src")
    report = run(tmp_path / "src", validation=0)
    assert (report.train_count, report.validation_count) == (2, 0)
    assert dataset.read_prepared(tmp_path / "out").validation == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"validation": 0.6}, "validation must be a share from 0 to 0.5, got 0.6"),
        ({"validation": float("nan")}, "validation must be a share from 0 to 0.5, got nan"),
        ({"size_px": 500}, "size must be a multiple of 64 from 128 to 1024 px, got 500"),
        ({"size_px": 0, "validation": -1}, "got -1; size must be"),
    ],
)
def test_settings_have_limits(source: Path, settings: dict[str, Any], message: str) -> None:
    """All faults of the settings are named at once."""
    with pytest.raises(SettingsError, match=message):
        run(source, **settings)


def test_a_folder_of_something_else_is_not_overwritten(source: Path) -> None:
    """Only an empty folder or one that was prepared before is replaced."""
    out = source.parent / "out"
    out.mkdir()
    run(source)
    (out / "note.txt").write_text("by hand")
    run(source)
    assert not (out / "note.txt").exists()
    (out / "report.json").write_text('{"kind": "something else"}')
    with pytest.raises(DatasetError, match="must be a new folder or one that was prepared before"):
        run(source)
    assert (out / "train.csv").exists()


@pytest.mark.parametrize("out", ["src", "."])
def test_the_source_is_not_written_into(source: Path, out: str) -> None:
    """The prepared folder may be neither the source nor above it."""
    with pytest.raises(DatasetError, match="out must be another folder"):
        dataset.prepare(source, source.parent / out)


def test_a_full_disk_leaves_the_old_folder(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full midway the error says so, and what was prepared before is whole."""
    run(source)
    before = {p: p.read_bytes() for p in (source.parent / "out").rglob("*") if p.is_file()}
    put(source, "c_2f")
    fsync = os.fsync
    calls = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        run(source)
    assert {p: p.read_bytes() for p in (source.parent / "out").rglob("*") if p.is_file()} == before
    assert sorted(os.listdir(source.parent)) == ["out", "src"]


# --- the result ---------------------------------------------------------------------------


def test_the_same_files_give_the_same_bytes(source: Path) -> None:
    """Nothing in the result depends on time or chance; the source is as it was."""
    before = {p: p.read_bytes() for p in source.iterdir()}
    results = []
    for _ in range(2):
        run(source)
        results.append({p.name: p.read_bytes() for p in (source.parent / "out").rglob("*") if p.is_file()})
    assert results[0] == results[1]
    assert {p: p.read_bytes() for p in source.iterdir()} == before


def test_progress_is_told(source: Path) -> None:
    """After each image the caller hears how many are done."""
    told: list[tuple[int, int]] = []
    run(source, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_the_report_lists_every_file(source: Path) -> None:
    """Counts first, then what was refused, mended and noted; the JSON holds the same."""
    sketch(1).save(source / "alone.png")
    put(source, "old_1f", {"grid_px": GRID_PX, "grid_mm": 910, "floor": "1F"})
    put(source, "c", v2("3F"))
    report = run(source)
    out = source.parent / "out"
    assert (out / "report.txt").read_text("utf-8") == report.to_text()
    text = report.to_text()
    assert text.startswith(f"4 images of 4 houses from {source} to {out}\ntrain 3, validation 1, seed 0, 512 px\n")
    assert "Refused (1):\n  alone.png: alone.png has no sidecar" in text
    assert "Mended, please look at them (1):\n  old_1f.png: W×H is not stated" in text
    assert "Notes (1):\n  c.png: floor must be" in text
    data = json.loads((out / "report.json").read_text("utf-8"))
    assert [e["status"] for e in data["entries"]] == ["refused", "taken", "mended", "taken", "taken"]
    assert data["data_hash"] == dataset.read_prepared(out).data_hash


def test_the_data_hash_names_images_and_captions(source: Path) -> None:
    """Another caption or split gives another hash, the same data the same one."""
    hashes = [run(source).data_hash for _ in range(2)]
    put(source, "plan_a_1f", v2("1F", structural_elements=[]))
    hashes.append(run(source).data_hash)
    assert len(set(hashes)) == 2
    assert hashes[0] == hashes[1]


def _edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_a_caption_may_be_edited_in_both_tables(source: Path) -> None:
    """An edited caption is read; edited in one table only it is an error."""
    run(source)
    out = source.parent / "out"
    _edit(out / "train.csv", 'stairs"', 'balcony"')
    with pytest.raises(DatasetError, match="must hold the same images and captions.*edit a caption in both files"):
        dataset.read_prepared(out)
    _edit(out / "train" / "metadata.jsonl", ', stairs"', ', balcony"')
    assert dataset.read_prepared(out).train[0].caption.endswith("balcony")


def _remove_train(out: Path) -> None:
    (out / "train" / "metadata.jsonl").unlink()
    _edit(out / "train.csv", (out / "train.csv").read_text("utf-8").split("\n", 1)[1], "")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda out: (out / "report.json").unlink(), "report.json cannot be read.*prepare_dataset.py first"),
        (lambda out: (out / "report.json").write_text("[]"), "got another report.json"),
        (lambda out: _edit(out / "report.json", '"format": 1', '"format": 9'), "must be of format 1, got 9"),
        (lambda out: _edit(out / "report.json", '"size_px": 512', '"size_px": "x"'), "must state size_px, got 'x'"),
        (lambda out: next((out / "train").glob("*.png")).unlink(), "must be readable, got No such file"),
        (lambda out: next((out / "train").glob("*.png")).write_bytes(b"x"), "must be as it was prepared"),
        (lambda out: (out / "val.csv").unlink(), "must be whole, got FileNotFoundError"),
        (lambda out: (out / "train" / "metadata.jsonl").write_text('{"file_name": 3}'), "must be whole, got KeyError"),
        (
            lambda out: _edit(out / "train" / "metadata.jsonl", '"text": "', '"text": 1, "x": "'),
            "must be whole, got Val",
        ),
        (lambda out: _edit(out / "train" / "metadata.jsonl", '"file_name": "', '"file_name": "../'), "got ValueError"),
        (_remove_train, "must hold at least one image for training, got none"),
    ],
)
def test_a_damaged_folder_is_not_trained_on(source: Path, damage: Callable[[Path], None], message: str) -> None:
    """Every part that is missing or changed is named, with what to do."""
    run(source)
    damage(source.parent / "out")
    with pytest.raises(DatasetError, match=message):
        dataset.read_prepared(source.parent / "out")


@pytest.mark.slow
def test_hugging_face_reads_the_folder(source: Path) -> None:
    """`load_dataset("imagefolder")` gives both splits with images and captions."""
    pytest.importorskip("datasets")
    for i in range(4):
        put(source, f"more{i}_2f", image=sketch(100 + i))
    report = run(source)
    out = source.parent / "out"
    code = (
        "import sys, datasets\n"
        "d = datasets.load_dataset('imagefolder', data_dir=sys.argv[1])\n"
        "print(sorted(d), d['train'].num_rows, d['validation'].num_rows)\n"
        "print(d['train'][0]['image'].size, d['train'][0]['text'], d['train'].features['has_stairs'].dtype)\n"
    )
    environment = os.environ | {"HF_HOME": str(source.parent / "cache"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], env=environment, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == f"['train', 'validation'] {report.train_count} {report.validation_count}"
    assert second == "(512, 512) floor plan, 2F, 8x9, stairs bool" or second.startswith("(512, 512) floor plan, 1F")


# --- the script ---------------------------------------------------------------------------


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return the guide's command as a function, in this interpreter."""
    environment = types.ModuleType("environment")
    environment.enter = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "environment", environment)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def start(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        return int(caught.value.code or 0)

    return start


def test_the_command_prepares_and_prints_the_report(
    source: Path, script: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """With a refusal the status is 0 as long as training and validation have an image."""
    sketch(1).save(source / "alone.png")
    out = source.parent / "out"
    assert script(source, "--out", out, "--seed", 3, "--size", 256, "--validation", "0.5") == 0
    assert capsys.readouterr().out == (out / "report.txt").read_text("utf-8")
    assert json.loads((out / "report.json").read_text("utf-8"))["seed"] == 3
    assert dataset.read_prepared(out).size_px == 256


def test_the_command_fails_with_a_reason(
    source: Path, script: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing to prepare, or a refusal under --strict: status 2, what is wrong, nothing written."""
    out = source.parent / "out"
    assert script(source.parent / "missing", "--out", out) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("missing must be a folder of images, got nothing there") and said[1].startswith("  give")
    sketch(1).save(source / "alone.png")
    assert script(source, "--out", out, "--strict") == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not out.exists()


@pytest.mark.slow
def test_eighty_images_take_seconds(tmp_path: Path) -> None:
    """40 houses of two floors at the size of the original pictures: some seconds of one core."""
    for i in range(40):
        for floor in ("1F", "2F"):
            image = sketch(i * 2 + (floor == "2F"), grid_px=107)
            put(tmp_path / "src", f"plan_{i:02d}_{floor.lower()}", v2(floor, grid_px=107), image)
    start = time.process_time()
    report = run(tmp_path / "src")
    assert time.process_time() - start < 30
    assert (report.train_count, report.validation_count) == (72, 8)
