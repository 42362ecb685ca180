"""What a model's pictures are held against: drawings of lawful houses, noise, blank pages.

The houses' own drawings say how much of a figure is lost by the reader of pictures; noise and blank
pages say that nothing is won by drawing nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from madorizu import canvas, executor, files
from madorizu.brief import Brief, caption, parse_caption
from madorizu.draw import Style, raster
from madorizu.evaluate import briefs, pictures
from madorizu.pictures import Pixels
from madorizu.pipeline import DEFAULT_STYLE
from madorizu.plan import Plan, outline

NOISE_SEED = 20_000


@dataclass(frozen=True, slots=True)
class HouseJob:
    """A house to find and to draw."""

    path: Path
    caption: str
    seed: int
    size_px: int


def draw_houses(
    asked: Sequence[Brief], seeds: Sequence[int], folder: Path, *, size_px: int, workers: int | None
) -> None:
    """Draw for each brief a lawful house that meets it; a brief without one has no picture.

    Raises:
        StorageError: if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        HouseJob(folder / pictures.name_of(i), caption(brief), seed, size_px)
        for i, (brief, seed) in enumerate(zip(asked, seeds, strict=True))
        if not (folder / pictures.name_of(i)).is_file()
    ]
    if jobs:
        for _ in executor.run(_draw_house, jobs, workers=workers, name=lambda j: j.caption):
            pass


def _draw_house(job: HouseJob) -> bool:
    brief = parse_caption(job.caption)
    plan = briefs.house_of(brief, seed=job.seed)
    if plan is None:
        return False
    files.atomic_bytes(job.path, pictures.png(drawing(plan, brief.style or DEFAULT_STYLE, job.size_px)))
    return True


def drawing(plan: Plan, style: str | Style, size_px: int, *, layers: Iterable[str] | None = None) -> Pixels:
    """Draw a storey as a model is shown it: at the reference size or larger, then made smaller if need be.

    A drawing made at half the size would be crisper than anything that the model ever saw.
    """
    place = canvas.fit_outline(outline(plan), size_px=max(size_px, canvas.REFERENCE_PX))
    return pictures.shrunk(raster(plan, style, canvas=place, layers=layers), size_px)


def draw_noise(count: int, folder: Path, *, size_px: int) -> None:
    """Write pictures of noise: every pixel of every colour at random."""
    _write(folder, [_noise(number, size_px) for number in range(count)])


def _noise(number: int, size_px: int) -> Pixels:
    rng = np.random.default_rng(NOISE_SEED + number)
    return rng.integers(0, 256, (size_px, size_px, 3)).astype(np.uint8)


def draw_blank(count: int, folder: Path, *, size_px: int) -> None:
    """Write white pages."""
    _write(folder, [np.full((size_px, size_px, 3), 255, np.uint8)] * count)


def _write(folder: Path, found: Sequence[Pixels]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(found):
        path = folder / pictures.name_of(number)
        if not path.is_file():
            files.atomic_bytes(path, pictures.png(picture))
