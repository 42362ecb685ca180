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


def pictures(pairs: Sequence[Pair]) -> np.ndarray:
    """Read all pictures: uint8, shape (pairs, side, side, 3). 0.75 MiB each at 512 px."""
    return np.stack([np.asarray(Image.open(p.image, formats=("PNG",)).convert("RGB")) for p in pairs])
