"""Examples for the net that reads drawings: pictures of our houses, and what is drawn on them.

Pictures are drawn once and kept as PNG; where they lie in the net's window, and how they are
worn, is drawn anew each time they are shown.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from madorizu import canvas, degrade, draw, executor, files, houses, plan, plan_json
from madorizu.canvas import Canvas
from madorizu.draw.variety import random_style
from madorizu.errors import DatasetError
from madorizu.plan import Plan
from madorizu.vectorise.answer import CELL_PX
from madorizu.vectorise.field import Field, field_of

WINDOW = 28  # cells per side of what the net is shown: 14 modules
SKEW_DEG, SCALE_ERROR, SHIFT_PX = 1.2, 0.012, 2.0  # how far from the lattice a drawing may lie
PER_FILE = 50  # houses per file


@dataclass(frozen=True, slots=True)
class Example:
    """A drawing: its PNG, its plan, and how it lies on the canvas."""

    png: npt.NDArray[np.uint8]
    plan: Plan
    canvas: Canvas


@dataclass(frozen=True, slots=True)
class _Job:
    folder: Path
    first: int
    seed: int


def make(folder: Path, *, count: int, seed: int, workers: int | None = 1) -> int:
    """Draw the storeys of `count` houses into a folder; files that are there are kept.

    Args:
        folder: gets `examples-NNNNNN.npz` files of `PER_FILE` houses each.
        count: houses.
        seed: decides houses and styles.
        workers: processes; None is one per core.

    Returns:
        The number of files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [_Job(folder, first, seed) for first in range(0, count, PER_FILE)]
    todo = [job for job in jobs if not _file(job).exists()]
    for _ in executor.run(_make_file, todo, workers=workers):
        pass
    return len(jobs)


def _file(job: _Job) -> Path:
    return job.folder / f"examples-{job.first:06d}.npz"


def _make_file(job: _Job) -> str:
    pictures: list[npt.NDArray[np.uint8]] = []
    notes: list[dict[str, Any]] = []
    for number in range(job.first, job.first + PER_FILE):
        house = houses.random_house(seed=job.seed * 1_000_000 + number)
        rng = random.Random(f"examples/{job.seed}/{number}")
        for storey in house.plans:
            for _ in range(2):
                picture, place = _drawn(storey, rng)
                _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
                pictures.append(np.frombuffer(png.tobytes(), np.uint8))
                notes.append({"canvas": [place.scale, place.left, place.top], "plan": plan_json.plan_to_json(storey)})
    ends = np.cumsum([len(png) for png in pictures])
    data = io.BytesIO()
    np.savez(data, pngs=np.concatenate(pictures), ends=ends, notes=np.array(json.dumps(notes)))
    files.atomic_bytes(_file(job), data.getvalue())
    return _file(job).name


def _drawn(storey: Plan, rng: random.Random) -> tuple[npt.NDArray[np.uint8], Canvas]:
    """Draw a storey in a style: a random one, or one of the corpus's."""
    style = random_style(rng) if rng.random() < 0.6 else draw.STYLES[rng.choice(draw.CORPUS_STYLES)]
    place = canvas.fit_outline(plan.outline(storey))
    if rng.random() < 0.15:  # as large houses are drawn
        place = Canvas(place.size_px, 16, place.left + 8, place.top + 8)
    picture = draw.raster(storey, style, canvas=place, labels=rng.random() < 0.35, lang=rng.choice(draw.LANGUAGES))
    return picture, place


def load(folder: Path) -> list[Example]:
    """Read all examples of a folder, by name.

    Raises:
        DatasetError: if there is none, or a file is damaged.
    """
    found: list[Example] = []
    for path in sorted(folder.glob("examples-*.npz")):
        try:
            with np.load(path, allow_pickle=False) as data:
                pngs, ends, notes = data["pngs"], data["ends"].tolist(), json.loads(str(data["notes"]))
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(
                f"{path.name} must be a file of examples, got {error}", "remove it and make it again"
            ) from error
        for start, end, note in zip([0, *ends[:-1]], ends, notes, strict=True):
            scale, left, top = note["canvas"]
            place = Canvas(canvas.REFERENCE_PX, scale, left, top)
            found.append(Example(pngs[start:end], plan_json.plan_from_json(note["plan"]), place))
    if not found:
        raise DatasetError(f"examples must lie in {folder}, got none", "make them with: madorizu tracer examples")
    return found


def shown(
    example: Example, rng: np.random.Generator, *, worn: float, window: int = WINDOW
) -> tuple[npt.NDArray[np.uint8], Field]:
    """Lay a drawing into the net's window, nearly on the lattice, and wear it out.

    Args:
        example: the drawing.
        rng: decides place, distortion and wear.
        worn: 0 for a clean drawing that lies right, 1 for all that `degrade.random_wear` does.
        window: cells per side.

    Returns:
        The picture, uint8 of (window * 16, window * 16, 3), RGB, and what is drawn on it.
    """
    picture = degrade.decoded(example.png)
    drawn = frozenset(cell for room in example.plan.rooms for cell in room.cells)
    x, y, width, height = plan.bounds(drawn)
    left = x - _margin(window - width, rng)
    top = y - _margin(window - height, rng)
    outline = plan.outline(example.plan)
    grow = 2 * CELL_PX / example.canvas.scale  # from a pixel of the picture to one of the window
    at = [
        ((2 * example.canvas.left - outline[0] + left) * example.canvas.scale / 2),
        ((2 * example.canvas.top - outline[1] + top) * example.canvas.scale / 2),
    ]
    moved = _placed(picture, grow, at, window * CELL_PX, rng, worn)
    if rng.random() < worn:
        moved = degrade.random_wear(moved, rng)
    return moved, field_of(example.plan, left, top, window)


def _margin(spare: int, rng: np.random.Generator) -> int:
    """Draw how many cells lie before the drawing; one that is too large loses an end."""
    return int(rng.integers(min(1, spare), max(1, spare) + 1))


def _placed(
    picture: npt.NDArray[np.uint8],
    grow: float,
    at: Sequence[float],
    size_px: int,
    rng: np.random.Generator,
    worn: float,
) -> npt.NDArray[np.uint8]:
    """Cut the window out of the picture; a worn one is a little turned, scaled and shifted."""
    turn, scale, shift = 0.0, grow, np.zeros(2)
    if rng.random() < 0.7 * worn:
        turn = np.deg2rad(rng.normal(0, SKEW_DEG / 2))
        scale *= 1 + rng.normal(0, SCALE_ERROR / 2)
        shift = rng.normal(0, SHIFT_PX / 2, 2)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    middle = np.full(2, size_px / 2)
    linear = np.array([[cos, -sin], [sin, cos]])
    source = np.array(at) + middle / grow  # pixel of the picture that comes to lie in the middle
    offset = middle + shift - linear @ source
    matrix = np.concatenate([linear, offset[:, None]], axis=1)
    return degrade.warped(picture, matrix, (size_px, size_px))
