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
    house: str


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
        style = None if note.style == sidecar.RANDOM_STYLE else note.style
        pairs.append(Pair(image, brief.caption(brief.brief_of(note.plan, style=style)), note.house_id or image.stem))
    if not pairs:
        raise DatasetError(f"corpus must hold PNG files, got none in {corpus}", "make one with: madorizu corpus")
    return tuple(pairs)


def pictures(pairs: Sequence[Pair], size_px: int) -> np.ndarray:
    """Read all pictures at a size: uint8, shape (pairs, size_px, size_px, 3)."""
    return np.stack([_picture(p.image, size_px) for p in pairs])


def drawings(pairs: Sequence[Pair], more: Path | None, size_px: int, *, most: int) -> np.ndarray:
    """Read the pictures of pairs and of a folder at a size: uint8, (n, size_px, size_px, 3).

    Args:
        pairs: a corpus.
        more: a folder of PNG files, of which each is read, or None.
        size_px: side.
        most: pictures; of more, the corpus's are thinned out evenly.

    Raises:
        DatasetError: if the folder holds no PNG file.
    """
    others = sorted(more.glob("*.png")) if more is not None else []
    if more is not None and not others:
        raise DatasetError(f"drawings must be PNG files, got none in {more}", "make some with: madorizu corpus")
    room = max(1, most - len(others))
    step = max(1, -(-len(pairs) // room))
    return np.stack([_picture(path, size_px) for path in (*(p.image for p in pairs[::step]), *others)])


def _picture(path: Path, size_px: int) -> np.ndarray:
    with Image.open(path, formats=("PNG",)) as opened:
        image = opened.convert("RGB")
    if image.width != size_px:  # the same filter that a LoRA's training images go through
        image = image.resize((size_px, size_px), Image.Resampling.LANCZOS)
    return np.asarray(image)
