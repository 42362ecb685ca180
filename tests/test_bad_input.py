"""Bad input from outside, at the command: what is wrong and what to do, a status that is not 0, nothing half-written.

The parts' own tests go deeper (test_sidecar, test_dataset_pictures, test_files). What needs a trained adapter,
an unknown base and an adapter of another base, is in test_train_script; sizes over REST are in test_server.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from madorizu.app import cli
from sketches import put, sketch, two_houses, v2


def run(*arguments: object) -> int:
    """Run the command in this process and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        cli.main([str(a) for a in arguments])
    return int(caught.value.code or 0)


def _png_alone(folder: Path) -> None:
    sketch(1).save(folder / "a_1f.png")


def _json_alone(folder: Path) -> None:
    put(folder, "a_1f").unlink()


def _truncated(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (320, 360, 3), np.uint8)
    image = put(folder, "a_1f", image=Image.fromarray(noise))
    image.write_bytes(image.read_bytes()[:60_000])


def _bomb(folder: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    put(folder, "a_1f").write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def _gif(folder: Path) -> None:
    sketch(1).save(put(folder, "a_1f"), "GIF")


FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no images": (lambda folder: None, "must hold PNG or JPEG images, got none"),
    "PNG without JSON": (_png_alone, "a_1f.png has no sidecar (put a_1f.json beside it"),
    "JSON without PNG": (_json_alone, "must hold PNG or JPEG images, got none but 1 other files"),
    "broken JSON": (lambda folder: put(folder, "a_1f", "{"), "a_1f.json must be JSON, got an error in line 1"),
    "wrong types": (lambda folder: put(folder, "a_1f", v2(grid_px="40")), "grid_px must be a number, got '40'"),
    "truncated PNG": (_truncated, "a_1f.png must be a whole image"),
    "decompression bomb": (_bomb, "must have at most 25 megapixels, got far more"),
    "GIF named .png": (_gif, "must be a PNG or JPEG, got a GIF"),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_a_folder_of_bad_pairs_is_refused(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`madorizu prepare` says which file and why, ends with 2, and leaves no prepared folder."""
    make, words = FOLDERS[case]
    (tmp_path / "mine").mkdir()
    make(tmp_path / "mine")
    assert run("prepare", tmp_path / "mine", "--out", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and words in said and "Traceback" not in said
    assert os.listdir(tmp_path) == ["mine"]


@pytest.mark.parametrize("case", [case for case in FOLDERS if case != "no images"])
def test_one_bad_pair_does_not_spoil_the_others(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The good ones are prepared, the report names the bad one; with --strict nothing is."""
    make, _ = FOLDERS[case]
    make(two_houses(tmp_path / "mine"))
    assert run("prepare", tmp_path / "mine", "--out", tmp_path / "out", "--strict") == 2
    assert not (tmp_path / "out").exists()
    assert run("prepare", tmp_path / "mine", "--out", tmp_path / "out") == 0
    report = (tmp_path / "out" / "report.txt").read_text()
    assert report.startswith("2 images of 2 houses") and "a_1f." in report.split("refused", 1)[1]
    capsys.readouterr()


def test_an_unreadable_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Permissions are named; the status is 1, as the words were right."""

    def denied(_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    two_houses(tmp_path / "mine")
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", denied)
        assert run("prepare", tmp_path / "mine", "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("mine must be readable, got Permission denied")
    assert said[1] == "  check who owns it and its permissions, or choose another folder"
    assert os.listdir(tmp_path) == ["mine"]


@pytest.mark.parametrize("command", ["prepare", "generate"])
def test_a_full_disk(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither half a folder nor half a picture; status 1 and what to do."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    two_houses(tmp_path / "mine")
    size = ("--width", "8", "--height", "8", "--seed", "1")
    words = ("prepare", tmp_path / "mine", "--out") if command == "prepare" else ("generate", *size, "--output")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert run(*words, tmp_path / "out.png") == 1
    assert "the disk is full or over its quota; free some space" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["mine"]


@pytest.mark.parametrize("modules", ["0", "51"])
@pytest.mark.parametrize("generator", ["simple", "lora"])
def test_sizes_outside_the_contract(
    modules: str, generator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused before a model is looked for, with a size that works."""
    size = ("--width", modules, "--height", "8", "--generator", generator)
    assert run("generate", *size, "--output", tmp_path / "plan.png") == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"error: width must be 2 to 30 modules of 910 mm, got {modules}"
    assert said[1].startswith("  the nearest size that works is ")
    assert not os.listdir(tmp_path)


def test_an_unknown_base_is_not_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, the names that are known, and no folder for a run that never began."""
    out = tmp_path / "lora"
    assert run("train", "--base", "sd99", "--data", tmp_path, "--out", out) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "error: base must be one of embedded, sd21-base, sd21, a folder or a hub id, got 'sd99'"
    assert said[1].startswith("  a folder must exist") and not out.exists()
