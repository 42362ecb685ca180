"""A corpus: pairs of drawing and sidecar, the same however it is made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from madorizu import corpus, rules, sidecar
from madorizu.errors import SettingsError, StorageError


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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[tuple[int, int]]]:
    """Make a corpus once."""
    out = tmp_path_factory.mktemp("corpus") / "new" / "folder"
    told: list[tuple[int, int]] = []
    count = make(out, report=lambda done, total: told.append((done, total)))
    return out, count, told


def test_each_storey_is_drawn_in_each_style(made: tuple[Path, int, list[tuple[int, int]]]) -> None:
    """A PNG and a JSON per storey and style; the sidecar holds a lawful plan and the picture's style."""
    out, count, told = made
    pictures = sorted(out.glob("*.png"))
    assert len(pictures) == len(list(out.glob("*.json"))) == count >= 6
    assert told == [(1, 2), (2, 2)]
    assert {p.stem.split("_")[1] for p in pictures} == {"h00000", "h00001"}
    assert {p.stem.split("_")[2] for p in pictures} == {"cad", "listing"}
    for path in out.glob("*.json"):
        note = sidecar.read(path)
        assert note.plan is not None and rules.is_lawful(note.plan)
        assert path.stem.endswith(f"_{note.plan.floor}f")


def test_what_is_there_is_kept_and_what_is_missing_made(made: tuple[Path, int, list[tuple[int, int]]]) -> None:
    """A lost picture comes back with the same bytes; no other file is written anew."""
    out, count, _ = made
    before = digests(out)
    lost = min(out.glob("*.png"))
    kept = max(out.glob("*.png"))
    lost.unlink()
    stamp = kept.stat().st_mtime_ns
    assert make(out) == count
    assert digests(out) == before and kept.stat().st_mtime_ns == stamp


def test_two_workers_write_the_same_bytes(made: tuple[Path, int, list[tuple[int, int]]], tmp_path: Path) -> None:
    """Spawned processes give what this one gives."""
    assert make(tmp_path, workers=2) == made[1]
    assert digests(tmp_path) == digests(made[0])


def test_one_style_needs_no_name_in_the_file(tmp_path: Path) -> None:
    """The files of a data set in one style: plan_<house>_<storey>f."""
    make(tmp_path, houses=1, styles=("cad",), per_house=1)
    assert {p.name for p in tmp_path.iterdir()} >= {"plan_h00000_1f.png", "plan_h00000_1f.json"}


@pytest.mark.parametrize(("change", "message"), [
    ({"houses": 0}, "houses must be at least 1, got 0"),
    ({"styles": ()}, "styles must be of .*, got none"),
    ({"styles": ("cad", "crayon")}, "styles must be of .*, got crayon"),
    ({"per_house": 3}, "per_house must be from 1 to the number of styles, got 3"),
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
