"""A corpus as arrays: pictures and captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from madorizu import brief, sidecar
from madorizu.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture and its caption."""

    image: Path
    caption: str


def find(corpus: Path) -> tuple[Pair, ...]:
    """List a corpus's pairs, by name.

    Raises:
        DatasetError: if there is none, or a sidecar lacks its plan.
    """
    pairs = []
    for image in sorted(corpus.glob("*.png")):
        note = sidecar.read(image.with_suffix(".json"))
        if note.plan is None:
            raise DatasetError(f"corpus must hold sidecars with plans, got none in {image.stem}.json")
        pairs.append(Pair(image, brief.caption(brief.brief_of(note.plan, style=note.style))))
    if not pairs:
        raise DatasetError(f"corpus must hold PNG files, got none in {corpus}", "make one with: madorizu corpus")
    return tuple(pairs)


def pictures(pairs: Sequence[Pair], size_px: int) -> np.ndarray:
    """Read all pictures at a size: uint8, shape (pairs, size_px, size_px, 3)."""
    return np.stack([_picture(p.image, size_px) for p in pairs])


def _picture(path: Path, size_px: int) -> np.ndarray:
    with Image.open(path, formats=("PNG",)) as opened:
        image = opened.convert("RGB")
    if image.width != size_px:  # the same filter that a LoRA's training images go through
        image = image.resize((size_px, size_px), Image.Resampling.LANCZOS)
    return np.asarray(image)
