"""The prepared folder: its rows, and how training reads it back.

train/*.png, train/metadata.jsonl             images for training and their captions
validation/*.png, validation/metadata.jsonl   images to watch the loss on
train.csv, val.csv                            the same rows, for tables
report.json, report.txt                       what became of every image
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from madorizu import files
from madorizu.brief import ELEMENTS
from madorizu.dataset.report import FORMAT, KIND
from madorizu.errors import DatasetError

SPLITS = {"train": "train.csv", "validation": "val.csv"}
METADATA = "metadata.jsonl"
_AGAIN = "run training/prepare_dataset.py again"


@dataclass(frozen=True, slots=True)
class Example:
    """One prepared image.

    Attributes:
        path: the PNG, RGB, square.
        caption: what it shows, in words.
        conditions: the same as key:value pairs, "" for a free caption.
        floor: "1F", "2F" or "unknown".
        grid_px: pixels per module in the PNG, 0 where the scale is unknown.
        grid_mm: a module in mm.
        width, height: W×H in modules, 0 where unknown.
        element_count: how many stairs, entrances and balconies are listed.
        elements: of `brief.ELEMENTS`, those that are there.
        house_id: the house it belongs to.
        style: how it is drawn, "" where unknown.
        sha256: of the PNG file.
        source: the image it was made from.
        data_version: of its sidecar; "caption" if it has none.
    """

    path: Path
    caption: str
    conditions: str
    floor: str
    grid_px: float
    grid_mm: float
    width: float
    height: float
    element_count: int
    elements: frozenset[str]
    house_id: str
    style: str
    sha256: str
    source: str
    data_version: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared folder.

    Attributes:
        folder: where it is.
        train, validation: its examples in the order of their names.
        size_px: side of every image.
        data_hash: the same images and captions on the same sides have the same hash.
    """

    folder: Path
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    size_px: int
    data_hash: str


def row_of(example: Example, file_name: str) -> dict[str, Any]:
    """Return an example as a row; no value is null, so that every table has one type per column."""
    return {
        "file_name": file_name,
        "text": example.caption,
        "conditions": example.conditions,
        "floor": example.floor,
        "grid_px": float(example.grid_px),
        "grid_mm": float(example.grid_mm),
        "layout_width": float(example.width),
        "layout_height": float(example.height),
        "total_elements": example.element_count,
        **{f"has_{name}": name in example.elements for name in ELEMENTS},
        "house_id": example.house_id,
        "style": example.style,
        "sha256": example.sha256,
        "source": example.source,
        "data_version": example.data_version,
    }


def write_rows(folder: Path, split: str, examples: Sequence[Example]) -> None:
    """Write a split's metadata.jsonl (names from its folder) and CSV (names from above)."""
    rows = [row_of(e, e.path.name) for e in examples]
    if rows:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        files.atomic_text(folder / split / METADATA, lines)
    table = io.StringIO()
    columns = list(row_of(_EMPTY, ""))
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "file_name": f"{split}/{row['file_name']}"} for row in rows)
    files.atomic_text(folder / SPLITS[split], table.getvalue())


def hash_of(train: Iterable[Example], validation: Iterable[Example]) -> str:
    """Return the hash of images and captions and of their sides; not of names or order."""
    lines = [f"train\t{e.sha256}\t{e.caption}" for e in train]
    lines += [f"validation\t{e.sha256}\t{e.caption}" for e in validation]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def is_prepared(folder: Path) -> bool:
    """Say whether a folder is one that `prepare` made."""
    try:
        _read_report(folder)
    except DatasetError:
        return False
    return True


def read_prepared(folder: Path) -> Prepared:
    """Read a prepared folder and check that it is whole.

    Captions may have been edited by hand, in metadata.jsonl and the CSV alike.

    Raises:
        DatasetError: if the folder is missing or none of ours, an image is missing or has
            changed, or the tables disagree.
    """
    report = _read_report(folder)
    sides = {split: _read_split(folder, split) for split in SPLITS}
    if not sides["train"]:
        raise DatasetError(f"{folder} must hold at least one image for training, got none", _AGAIN)
    size_px = report.get("size_px")
    if not isinstance(size_px, int):
        raise DatasetError(f"{folder}/report.json must state size_px, got {size_px!r}", _AGAIN)
    return Prepared(folder, sides["train"], sides["validation"], size_px, hash_of(sides["train"], sides["validation"]))


def _read_report(folder: Path) -> Mapping[str, Any]:
    path = folder / "report.json"
    try:
        report = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(
            f"{folder} must be a prepared folder, but report.json cannot be read: {error}",
            "run training/prepare_dataset.py first",
        ) from error
    if not isinstance(report, dict) or report.get("kind") != KIND:
        raise DatasetError(f"{folder} must be a prepared folder, got another report.json", _AGAIN)
    if report.get("format") != FORMAT:
        raise DatasetError(f"{folder} must be of format {FORMAT}, got {report.get('format')!r}", _AGAIN)
    return report


def _read_split(folder: Path, split: str) -> tuple[Example, ...]:
    path, table = folder / split / METADATA, folder / SPLITS[split]
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines if line.strip()]
        examples = tuple(_example(folder / split, row) for row in rows)
        with open(table, encoding="utf-8", newline="") as file:
            texts = {row["file_name"]: row["text"] for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path} and {table.name} must be whole, got {type(error).__name__}: {error}", _AGAIN
        ) from error
    if texts != {f"{split}/{e.path.name}": e.caption for e in examples}:
        raise DatasetError(
            f"{table.name} and {split}/{METADATA} must hold the same images and captions, got different ones",
            f"edit a caption in both files, or {_AGAIN}",
        )
    for example in examples:
        _check_image(example)
    return examples


def _check_image(example: Example) -> None:
    try:
        found = hashlib.sha256(example.path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"{example.path} must be readable, got {error.strerror or error}", _AGAIN) from error
    if found != example.sha256:
        raise DatasetError(f"{example.path} must be as it was prepared, got a changed file", _AGAIN)


def _example(folder: Path, row: Mapping[str, Any]) -> Example:
    name, caption = row["file_name"], row["text"]
    if not isinstance(name, str) or not isinstance(caption, str) or name != Path(name).name:
        raise ValueError(f"file_name and text must be texts, got {name!r}, {caption!r}")
    return Example(
        folder / name,
        caption,
        str(row["conditions"]),
        str(row["floor"]),
        float(row["grid_px"]),
        float(row["grid_mm"]),
        float(row["layout_width"]),
        float(row["layout_height"]),
        int(row["total_elements"]),
        frozenset(element for element in ELEMENTS if row[f"has_{element}"]),
        str(row["house_id"]),
        str(row["style"]),
        str(row["sha256"]),
        str(row["source"]),
        str(row["data_version"]),
    )


_EMPTY = Example(Path(), "", "", "", 0, 0, 0, 0, 0, frozenset(), "", "", "", "", "")
