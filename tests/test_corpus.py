"""A corpus: pairs of drawing and sidecar, the same however it is made, whatever happens meanwhile."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import madorizu
from madorizu import canvas, corpus, draw, executor, files, houses, rules, sidecar
from madorizu.app import progress as shown
from madorizu.brief import GRAMMAR_VERSION
from madorizu.corpus import INDEX, MANIFEST, Progress
from madorizu.errors import OutOfTimeError, SettingsError, SolveError, StorageError
from madorizu.plan import House, outline

Made = tuple[Path, int, list[Progress]]


def make(out: Path, **changes: Any) -> int:
    """Make two houses in two styles, in this process unless told otherwise."""
    asked: dict[str, Any] = {
        "houses": 2,
        "seed": 7,
        "styles": ("cad", "listing"),
        "out": out,
        "workers": 1,
        "per_house": 2,
    }
    return corpus.make(**{**asked, **changes})


def digests(folder: Path) -> dict[str, str]:
    """Return the hash of each file."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def index(folder: Path) -> list[dict[str, Any]]:
    """Read the lines of the index."""
    return [json.loads(line) for line in (folder / INDEX).read_text().splitlines()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a corpus once."""
    out = tmp_path_factory.mktemp("corpus") / "new" / "folder"
    told: list[Progress] = []
    count = make(out, report=told.append)
    return out, count, told


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the seeds of the houses that are solved."""
    seeds: list[int] = []
    solve = houses.random_house

    def counting(*, seed: int, **options: Any) -> House:
        seeds.append(seed)
        return solve(seed=seed, **options)

    monkeypatch.setattr(houses, "random_house", counting)
    return seeds


# --- what is written --------------------------------------------------------------------


def test_each_storey_is_drawn_in_each_style(made: Made) -> None:
    """A PNG and a JSON per storey and style; the sidecar holds a lawful plan and the picture's style."""
    out, count, told = made
    pictures = sorted(out.glob("*.png"))
    assert (
        len(pictures) == len(list(out.glob("plan_*.json"))) == count >= 4
    )  # two houses of one or two storeys, two styles
    assert [(p.done, p.total, p.new_houses) for p in told] == [(0, 2, 0), (1, 2, 1), (2, 2, 2)]
    assert told[-1].pairs == told[-1].new_pairs == count
    assert {p.stem.split("_")[1] for p in pictures} == {"h00000", "h00001"}
    assert {p.stem.split("_")[2] for p in pictures} == {"cad", "listing"}
    for path in out.glob("plan_*.json"):
        note = sidecar.read(path)
        assert note.plan is not None and rules.is_lawful(note.plan)
        assert path.stem.endswith(f"_{note.plan.floor}f")


def test_the_sidecar_is_what_its_own_module_writes(made: Made, tmp_path: Path) -> None:
    """Byte for byte, so that the corpus has no format of its own."""
    line = index(made[0])[0]
    house = houses.random_house(seed=line["seed"], house_id="h00000")
    plan = house.plans[0]
    sidecar.write(tmp_path / "own.json", plan, house=house, style="cad", canvas=canvas.fit_outline(outline(plan)))
    assert (tmp_path / "own.json").read_bytes() == (made[0] / "plan_h00000_cad_1f.json").read_bytes()


def test_the_manifest_says_settings_and_counts(made: Made) -> None:
    """Whoever finds the folder can make it again."""
    out, count, _ = made
    manifest = json.loads((out / MANIFEST).read_text())
    counts = manifest.pop("counts")
    assert manifest == {
        "schema_version": 1,
        "seed": 7,
        "styles": ["cad", "listing"],
        "per_house": 2,
        "storeys": None,
        "grammar_version": GRAMMAR_VERSION,
        "sidecar_version": sidecar.SIDECAR_VERSION,
        "madorizu_version": madorizu.__version__,
        "houses": 2,
        "complete": True,
    }
    assert counts["houses"] == sum(counts["houses_by_storeys"].values()) == 2
    assert counts["pairs"] == count and counts["pairs_by_style"] == {"cad": count // 2, "listing": count // 2}
    assert counts["redrawn"] == 0


def test_the_index_has_a_line_per_house(made: Made) -> None:
    """Its seed, storeys and styles; the order is that of the houses."""
    lines = index(made[0])
    assert [line["house"] for line in lines] == [0, 1]
    assert lines[0]["seed"] == 3936363206  # crc32 of "7/0"
    assert all(sorted(line["styles"]) == ["cad", "listing"] and line["redrawn"] == [] for line in lines)
    assert sum(len(line["floors"]) * 2 for line in lines) == made[1]


def test_one_style_needs_no_name_in_the_file(tmp_path: Path) -> None:
    """The files of a data set in one style: plan_<house>_<storey>f."""
    make(tmp_path, houses=1, styles=(draw.DATASET_STYLE,), per_house=1)
    assert {p.name for p in tmp_path.iterdir()} >= {"plan_h00000_1f.png", "plan_h00000_1f.json"}


# --- going on ---------------------------------------------------------------------------


def test_random_styles_differ_and_come_again(tmp_path: Path) -> None:
    """Each storey has a style of its own, without a name; equal arguments give equal pictures."""
    for name in ("a", "b"):
        make(tmp_path / name, houses=2, styles=(sidecar.RANDOM_STYLE,), per_house=1)
    pictures = sorted((tmp_path / "a").glob("*.png"))
    assert len(pictures) >= 2
    for path in pictures:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        assert sidecar.read(path.with_suffix(".json")).style == "random"
    papers = {tuple(np.asarray(Image.open(path).convert("RGB"))[0, 0]) for path in pictures}
    assert len(papers) == len(pictures)


def test_what_is_there_is_kept_and_what_is_missing_made(made: Made, counted: list[int]) -> None:
    """A lost picture comes back with the same bytes; no other file is written anew, no other house solved."""
    out, count, _ = made
    before = digests(out)
    lost, kept = out / "plan_h00001_cad_1f.png", out / "plan_h00001_listing_1f.png"
    lost.unlink()
    stamp = kept.stat().st_mtime_ns
    told: list[Progress] = []
    assert make(out, report=told.append) == count
    assert digests(out) == before and kept.stat().st_mtime_ns == stamp
    assert counted == [index(out)[1]["seed"]]
    assert (told[0].done, told[-1].done, told[-1].new_houses) == (1, 2, 1)


def test_a_whole_corpus_is_not_solved_again(made: Made, counted: list[int]) -> None:
    """Neither with as many houses, nor with fewer; the count is that of the houses asked for."""
    out, count, _ = made
    before = digests(out)
    first = len(index(out)[0]["floors"]) * 2
    assert make(out) == count and make(out, houses=1) == first
    assert counted == [] and digests(out) == before


def test_a_corpus_can_grow(made: Made, counted: list[int], tmp_path: Path) -> None:
    """One house first, then two: the files of making two at once."""
    make(tmp_path, houses=1)
    make(tmp_path, houses=2)
    assert len(counted) == 2 and digests(tmp_path) == digests(made[0])


def test_a_run_that_was_killed_goes_on(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it leaves is half a house, a part of a file and half a line; none of it stays."""
    make(tmp_path, houses=1)
    os.link(made[0] / "plan_h00001_cad_1f.png", tmp_path / "plan_h00001_cad_1f.png")
    (tmp_path / ".plan_h00001_cad_1f.json.0123456789ab.part").write_text("{")
    with (tmp_path / INDEX).open("a") as file:
        file.write('{"house": 1, "se')
    assert make(tmp_path) == made[1]
    assert digests(tmp_path) == digests(made[0])


@pytest.mark.parametrize("line", ["[]", "7", '{"house": "x"}', '{"house": 0}', "null", "\0\0\0"])
def test_a_line_that_cannot_be_read_counts_as_none(made: Made, line: str, tmp_path: Path) -> None:
    """Its house would be made again; the other lines stay."""
    good = (made[0] / INDEX).read_text()
    for path in made[0].iterdir():
        os.link(path, tmp_path / path.name)
    (tmp_path / INDEX).unlink()
    (tmp_path / INDEX).write_text(f"{line}\n{good}")
    assert make(tmp_path) == made[1]
    assert (tmp_path / INDEX).read_text() == good


@pytest.mark.parametrize(("changes", "message"), [
    ({"seed": 8}, "got seed 8 for .*, which was begun with seed 7"),
    ({"styles": ("cad", "blueprint")}, "got styles cad, blueprint for .*, which was begun with styles cad, listing"),
    ({"per_house": 1, "storeys": 2}, "got per_house 1; storeys 2 for .* begun with per_house 2; storeys any"),
])  # fmt: skip
def test_a_corpus_of_other_settings_is_refused(made: Made, changes: dict[str, Any], message: str) -> None:
    """Both are named, and nothing is touched."""
    before = digests(made[0])
    with pytest.raises(SettingsError, match=message) as caught:
        make(made[0], **changes)
    assert caught.value.hint == "choose another folder, or the settings that the corpus has"
    assert digests(made[0]) == before


def test_a_folder_of_other_pairs_is_refused(tmp_path: Path) -> None:
    """Pairs without a manifest may be anything; other files do not disturb."""
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "plan_h00000_1f.png").write_text("not ours to replace")
    with pytest.raises(SettingsError, match="must be a new folder .* with plan_h00000_1f.png and no corpus.json"):
        make(tmp_path)
    assert (tmp_path / "plan_h00000_1f.png").read_text() == "not ours to replace"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '"x"'])
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    """Nobody guesses what it said."""
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(SettingsError, match="corpus.json must be the manifest of a corpus, got "):
        make(tmp_path)


def test_two_runs_do_not_fill_one_folder(tmp_path: Path) -> None:
    """The second is refused before it touches anything."""
    with files.locked_folder(tmp_path), pytest.raises(StorageError, match="one run at a time"):
        make(tmp_path)
    assert not list(tmp_path.iterdir())


# --- what may happen --------------------------------------------------------------------


def test_a_house_that_is_not_found_is_drawn_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From a derived seed, always the same; it is told and noted, and no house is missing."""
    solve = houses.random_house

    def sometimes(*, seed: int, **options: Any) -> House:
        if seed == 3936363206:  # the first seed of house 0
            raise OutOfTimeError("200 tries must give a house, got none")
        return solve(seed=seed, **options)

    monkeypatch.setattr(houses, "random_house", sometimes)
    told: list[Progress] = []
    make(tmp_path / "a", report=told.append)
    make(tmp_path / "b")
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert [line["redrawn"] for line in index(tmp_path / "a")] == [["OutOfTimeError"], []]
    assert index(tmp_path / "a")[0]["seed"] == 1255928100  # crc32 of "7/0/1"
    assert json.loads((tmp_path / "a" / MANIFEST).read_text())["counts"]["redrawn"] == 1
    notes = [p.note for p in told if p.note]
    assert notes == [
        "house 0 is drawn again, seed 3936363206 gave OutOfTimeError: 200 tries must give a house, got none"
    ]


def test_a_house_that_is_never_found_ends_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is named with the reason: a corpus never has fewer houses than were asked for."""

    def never(*, seed: int, **options: Any) -> House:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(houses, "random_house", never)
    with pytest.raises(SolveError, match=r"house 0 must be found within 8 draws, got none: .*ZeroDivisionError: a bug"):
        make(tmp_path)
    assert json.loads((tmp_path / MANIFEST).read_text())["complete"] is False


def test_the_machines_own_faults_are_not_the_houses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Too little memory must not make files depend on the machine."""

    def poor(**options: Any) -> House:
        raise MemoryError("no memory")

    monkeypatch.setattr(houses, "random_house", poor)
    with pytest.raises(MemoryError, match="no memory"):
        make(tmp_path)


def test_another_version_on_the_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would draw other files."""
    order = corpus._Order(0, 7, ("cad",), 1, None, "0.0.0")
    with pytest.raises(SettingsError, match=r"must have madorizu 0.0.0, got " + re.escape(madorizu.__version__)):
        corpus._make_house(order)


def test_a_full_disk_leaves_whole_files_and_later_all_is_made(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full in the middle of the second house: the error says so, nothing is half written, the same call goes on."""
    flush, flushed = os.fsync, []

    def full(handle: int) -> None:
        flushed.append(handle)
        if len(flushed) > 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    whole = digests(made[0])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left on device .the disk is full") as caught:
            make(tmp_path)
    assert "start again" in caught.value.hint
    found = digests(tmp_path)
    assert 1 < len(found) < len(whole)
    assert all(digest == whole[name] for name, digest in found.items() if name not in (MANIFEST, INDEX))
    assert make(tmp_path) == made[1]
    assert digests(tmp_path) == whole


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A disk of 512 kB fills up with two workers; more space, the same call, and the files are those of any disk."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    out = disk / "corpus"
    asked = {"houses": 12, "workers": 2}
    try:
        with pytest.raises(StorageError, match="the disk is full"):
            make(out, **asked)
        there = [p.name for p in out.iterdir()]
        assert len(there) > 4 and not [name for name in there if name.endswith(".part")]
        done = index(out)
        assert done
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        told: list[Progress] = []
        make(out, report=told.append, **asked)
        assert told[0].done == len(done)
        make(tmp_path / "other", **asked)
        assert digests(out) == digests(tmp_path / "other")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# --- where it is done -------------------------------------------------------------------


def test_two_workers_write_the_same_bytes(made: Made, tmp_path: Path) -> None:
    """Spawned processes give what this one gives."""
    assert make(tmp_path, workers=2) == made[1]
    assert digests(tmp_path) == digests(made[0])


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: madorizu[cluster]")
def test_ray_writes_the_same_bytes(made: Made, tmp_path: Path) -> None:
    """A Ray of two cores, started for this run, gives what this process gives."""
    assert make(tmp_path, workers=2, cluster="local") == made[1]
    assert digests(tmp_path) == digests(made[0])


def test_the_cluster_reaches_the_executor(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name of each house, for the error that names it."""
    asked: list[Any] = []

    def run(function: Any, items: Any, *, name: Any, **options: Any) -> Any:
        orders = list(items)
        asked.extend([options, [name(order) for order in orders]])
        return (function(order) for order in reversed(orders))

    monkeypatch.setattr(executor, "run", run)
    monkeypatch.setattr(executor, "check", lambda **options: asked.append(options))
    assert make(tmp_path, cluster="host:1", workers=None) == made[1]
    assert asked == [{"workers": None, "cluster": "host:1"}] * 2 + [["house 0", "house 1"]]
    assert digests(tmp_path) == digests(made[0])  # though they came in another order


# --- bad input --------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "message"), [
    ({"houses": 0}, "houses must be at least 1, got 0"),
    ({"styles": ()}, "styles must be of .*, got none"),
    ({"styles": ("cad", "crayon")}, "styles must be of .*, got crayon"),
    ({"styles": ("cad", "cad")}, "styles must differ, got cad, cad"),
    ({"styles": ("cad", draw.DATASET_STYLE)}, "must be in no corpus with others, got cad, "),
    ({"per_house": 3}, "per_house must be from 1 to the number of styles, got 3"),
    ({"storeys": 3}, "storeys must be 1 or 2, got 3"),
    ({"workers": 0}, "workers must be at least 1, got 0"),
])  # fmt: skip
def test_wrong_settings_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    """Before anything is drawn."""
    with pytest.raises(SettingsError, match=message):
        make(tmp_path, **change)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("here", encoding="utf-8")
    with pytest.raises(StorageError, match="file"):
        make(tmp_path / "file" / "folder")


# --- how far it is ----------------------------------------------------------------------


def test_progress_knows_rates_and_the_time_left() -> None:
    """30 houses of which 10 are of this run, 40 of its pairs, in 20 s: 30 a minute, and 40 s for 20 more."""
    progress = Progress(done=30, total=50, pairs=120, new_houses=10, new_pairs=40, seconds=20.0)
    assert (progress.houses_per_minute, progress.pictures_per_s, progress.left_s) == (30.0, 2.0, 40.0)
    start = Progress(done=20, total=50, pairs=80, new_houses=0, new_pairs=0, seconds=0.0)
    assert (start.houses_per_minute, start.pictures_per_s, start.left_s) == (0.0, 0.0, None)


def test_without_a_terminal_a_line_comes_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first, the last, one after ten seconds; a note at once."""
    clock = iter([0.0, 9.0, 11.0, 12.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with shown.of_corpus() as report:
        report(Progress(0, 50, 0, 0, 0, 0.0))
        report(Progress(1, 50, 2, 1, 2, 9.0))
        report(Progress(1, 50, 2, 1, 2, 9.0, "house 1 is drawn again"))
        report(Progress(10, 50, 20, 10, 20, 10.0))
        report(Progress(50, 50, 99, 50, 99, 50.0))
    assert capsys.readouterr().err.splitlines() == [
        "0 of 50 houses, 0 pairs",
        "house 1 is drawn again",
        "10 of 50 houses, 20 pairs, 60.0 houses/min, 2.0 pictures/s, 40 s left",
        "50 of 50 houses, 99 pairs, 60.0 houses/min, 2.0 pictures/s",
    ]


def test_on_a_terminal_there_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the figures beside it, and notes above."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with shown.of_corpus() as report:
        report(Progress(10, 50, 20, 10, 20, 10.0, "house 1 is drawn again"))
    said = capsys.readouterr().err
    assert "house 1 is drawn again" in said and "10 of 50 houses" in said
