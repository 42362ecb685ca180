"""One picture of what an adapter adds: the same briefs and seeds, without it and with it.

Both models come in as functions, so this module knows no torch. It draws them one after
the other: the second may be loaded when the first has gone.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as images
from PIL import ImageDraw, ImageFont

from madorizu import files, pipeline
from madorizu.brief import caption
from madorizu.errors import ModelError, SettingsError
from madorizu.pipeline import Draw, Image

TILE_PX = 384  # side of one picture in the comparison
_GAP_PX = 24
_HEAD_PX = 72
_ROW_PX = 34  # the line with the caption above each pair
_INK, _SOFT, _LINE, _PAPER = (23, 48, 63), (90, 111, 123), (213, 221, 224), (255, 255, 255)
# Ordinary storeys, small to large, with and without stairs: (floor, W, H, elements, entrance).
_USUAL = (
    ("1F", 8, 8, ("stairs", "entrance"), "s"),
    ("2F", 8, 7, ("stairs", "balcony"), None),
    ("1F", 9, 7, ("stairs", "entrance"), "n"),
    ("1F", 10, 8, ("entrance",), "e"),
    ("2F", 10, 8, ("stairs",), None),
    ("1F", 7, 9, ("stairs", "entrance"), "w"),
    ("2F", 7, 8, ("stairs", "balcony"), None),
    ("1F", 12, 8, ("entrance",), "s"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What was compared.

    Attributes:
        captions: one per pair.
        seeds: one per pair, the same for both.
        without, with_adapter: uint8 RGB, (N, size, size, 3), in the order of the captions.
        difference: mean absolute difference of each pair's pixels, 0 to 255. Zero means that
            the adapter changed nothing.
    """

    captions: tuple[str, ...]
    seeds: tuple[int, ...]
    without: Image
    with_adapter: Image
    difference: tuple[float, ...]


def usual_captions(count: int = 4, *, style: str | None = None) -> tuple[str, ...]:
    """Return captions of ordinary storeys, all with the same style.

    Raises:
        SettingsError: if there are not as many.
    """
    if not 1 <= count <= len(_USUAL):
        raise SettingsError(f"count must be 1 to {len(_USUAL)}, got {count}", "give captions of your own for more")
    return tuple(
        caption(pipeline.brief_from(width, height, floor=floor, elements=elements, entrance=side, style=style))
        for floor, width, height, elements, side in _USUAL[:count]
    )


def compare(captions: Sequence[str], *, without: Draw, with_adapter: Draw, seed: int = 0) -> Comparison:
    """Draw the same captions with the same seeds by two models.

    Args:
        captions: what is asked, one pair each.
        without: the base alone.
        with_adapter: the base with the adapter; called after `without` has returned.
        seed: of the first pair; the others count up.

    Raises:
        SettingsError: if there is no caption.
        ModelError: if a model does not return one RGB picture per caption.
    """
    if not captions:
        raise SettingsError("captions must hold at least one, got none")
    seeds = tuple(seed + i for i in range(len(captions)))
    before = _pictures(without(captions, seeds), len(captions))
    after = _pictures(with_adapter(captions, seeds), len(captions))
    if before.shape != after.shape:
        raise ModelError(f"pictures must have one size, got {before.shape[1]} px and {after.shape[1]} px")
    difference = np.abs(before.astype(np.int16) - after.astype(np.int16)).mean(axis=(1, 2, 3))
    return Comparison(tuple(captions), seeds, before, after, tuple(round(float(d), 2) for d in difference))


def _pictures(drawn: Image, count: int) -> Image:
    drawn = np.asarray(drawn)
    if drawn.dtype != np.uint8 or drawn.ndim != 4 or drawn.shape[0] != count or drawn.shape[3] != 3:
        raise ModelError(f"model must return {count} RGB pictures of uint8, got {drawn.dtype} of shape {drawn.shape}")
    return drawn


def picture(comparison: Comparison, *, titles: tuple[str, str] = ("without the adapter", "with the adapter")) -> Image:
    """Lay a comparison out as one picture: a row per brief, left without, right with the adapter.

    Args:
        comparison: what `compare` returned.
        titles: heads of the two columns.

    Returns:
        uint8 RGB.
    """
    rows = len(comparison.captions)
    width = 2 * TILE_PX + 3 * _GAP_PX
    sheet = images.new("RGB", (width, _HEAD_PX + rows * (_ROW_PX + TILE_PX) + rows * _GAP_PX), _PAPER)
    pen = ImageDraw.Draw(sheet)
    lefts = (_GAP_PX, 2 * _GAP_PX + TILE_PX)
    for left, title in zip(lefts, titles, strict=True):
        _text(pen, (left, 22), title, size_px=24, ink=_INK, width_px=TILE_PX)
    for row in range(rows):
        top = _HEAD_PX + row * (_ROW_PX + TILE_PX + _GAP_PX)
        note = f"{comparison.captions[row]}   (seed {comparison.seeds[row]})"
        _text(pen, (_GAP_PX, top + 4), note, size_px=17, ink=_SOFT, width_px=width - 2 * _GAP_PX)
        for left, drawn in zip(lefts, (comparison.without[row], comparison.with_adapter[row]), strict=True):
            tile = images.fromarray(drawn).resize((TILE_PX, TILE_PX), images.Resampling.LANCZOS)
            sheet.paste(tile, (left, top + _ROW_PX))
            pen.rectangle((left - 1, top + _ROW_PX - 1, left + TILE_PX, top + _ROW_PX + TILE_PX), outline=_LINE)
    return np.asarray(sheet)


def _text(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    *,
    size_px: int,
    ink: tuple[int, int, int],
    width_px: int,
) -> None:
    """Write one line, smaller where it would be longer than `width_px`."""
    font = ImageFont.load_default(size_px)
    while size_px > 9 and pen.textlength(text, font=font) > width_px:
        size_px -= 1
        font = ImageFont.load_default(size_px)
    pen.text(at, text, fill=ink, font=font)


def save(comparison: Comparison, path: Path, *, titles: tuple[str, str] | None = None) -> Path:
    """Write the picture of a comparison as PNG, whole or not at all.

    Raises:
        StorageError: if it cannot be written.
    """
    drawn = picture(comparison) if titles is None else picture(comparison, titles=titles)
    file = io.BytesIO()
    images.fromarray(drawn).save(file, "PNG")
    files.atomic_bytes(path, file.getvalue())
    return path
