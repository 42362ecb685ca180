"""Folders of simple pictures with sidecars, for tests of the data set."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from madorizu import dataset
from madorizu.dataset.report import Entry, Report

GRID_PX = 40


def sketch(number: int, *, width: int = 8, height: int = 9, margin: int = 0, grid_px: int = GRID_PX) -> Image.Image:
    """Draw a picture of walls; another number gives other rooms."""
    size = (width * grid_px + 2 * margin, height * grid_px + 2 * margin)
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    right, bottom = margin + width * grid_px, margin + height * grid_px
    pen.rectangle((margin, margin, right - 1, bottom - 1), outline="black", width=5)
    random = np.random.default_rng(number)
    for _ in range(5):
        x, y = (margin + int(random.integers(1, n)) * grid_px for n in (width, height))
        pen.line((x, margin, x, y), fill="black", width=3)
        pen.line((margin, y, x, y), fill="black", width=3)
    return image


def v2(floor: str = "2F", width: float = 8, height: float = 9, **changes: Any) -> dict[str, Any]:
    """Return a v2.0 sidecar for `sketch`."""
    return {
        "grid_px": GRID_PX,
        "grid_mm": 910,
        "floor": floor,
        "layout_bounds": {"width_grids": width, "height_grids": height},
        "structural_elements": [{"type": "stair", "grid_x": 1, "grid_y": 1}],
        "total_approximate_area": 54,
        **changes,
    }


def put(folder: Path, stem: str, data: object = None, image: Image.Image | None = None, suffix: str = ".png") -> Path:
    """Put a pair into a folder; `data` may be a dict, a text for the .json, or None for v2.0."""
    folder.mkdir(parents=True, exist_ok=True)
    number = int(hashlib.sha256(stem.encode("utf-8", "surrogateescape")).hexdigest()[:6], 16)
    (image or sketch(number)).save(folder / (stem + suffix))
    text = data if isinstance(data, str) else json.dumps(v2() if data is None else data)
    (folder / f"{stem}.json").write_text(text, "utf-8")
    return folder / (stem + suffix)


def run(source: Path, **settings: Any) -> Report:
    """Prepare into `out` beside the source."""
    return dataset.prepare(source, source.parent / "out", **settings)


def entry(report: Report, name: str) -> Entry:
    """Return the report's entry for a file."""
    return next(e for e in report.entries if e.source == name)


def examples(source: Path) -> dict[str, dataset.Example]:
    """Return what was prepared by the name of its source."""
    prepared = dataset.read_prepared(source.parent / "out")
    return {e.source: e for e in prepared.train + prepared.validation}


def pixels(path: Path) -> npt.NDArray[np.uint8]:
    """Return the pixels of a file as they are."""
    with Image.open(path) as image:
        return np.asarray(image)


def two_houses(folder: Path) -> Path:
    """Make a folder with two good pairs of two houses."""
    put(folder, "plan_a_1f", v2("1F"))
    put(folder, "plan_b_2f")
    return folder
