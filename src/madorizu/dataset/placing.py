"""Pictures laid on the canvas at a known scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from madorizu import canvas
from madorizu.brief import Brief
from madorizu.errors import ImageError
from madorizu.pictures import Pixels, background, content, ink
from madorizu.plan import MODULE_MM

_SMALL_SIDE_PX = 256
_PLAUSIBLE_MODULES = 1.0  # a crop is rounded to modules, so up to one may be off
_PLAUSIBLE_ASPECT = 0.08
_CLEAR_LATTICE = 0.15  # of 1: below it the walls do not agree on a lattice


@dataclass(frozen=True, slots=True)
class Placed:
    """A square picture for training.

    Attributes:
        pixels: uint8, (size_px, size_px, 3), RGB.
        px_per_module: the scale in it, 0 where it is not known.
        mended, warnings: what was done to it, and what may be wrong; one sentence each.
    """

    pixels: Pixels
    px_per_module: float
    mended: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def place(
    pixels: Pixels, brief: Brief | None, px_per_module: float | None, *, size_px: int, is_canvas: bool = False
) -> Placed:
    """Lay a picture on the square canvas without stretching it.

    With W×H and a scale the plan comes to lie where `canvas.fit` says, its walls on the
    lattice. Without them the picture is padded to a square with its background colour.

    Args:
        pixels: uint8, (height, width, 3), RGB.
        brief: what the storey is, or None.
        px_per_module: pixels per 910 mm in the picture, or None.
        size_px: side of the result.
        is_canvas: whether the picture was drawn by `draw` on a canvas of ours.

    Raises:
        ImageError: if the picture's size contradicts the scale and W×H.
    """
    height, width = pixels.shape[:2]
    small: tuple[str, ...] = ()
    if min(width, height) < _SMALL_SIDE_PX:
        small = (f"the picture is small, {width}x{height} px; its lines may blur",)
    if brief is None:
        return Placed(*_padded(pixels, size_px), warnings=small)
    target = canvas.fit(brief.width_mm, brief.height_mm, size_px=size_px)
    if is_canvas and width == height:
        resized = () if width == size_px else (f"resized from {width} to {size_px} px",)
        return Placed(_resized(pixels, size_px, size_px), target.px_per_module, resized)
    scale, mended, doubts = _scale_of(pixels, brief, px_per_module)
    if scale is None:
        square, _, padded = _padded(pixels, size_px)
        return Placed(square, 0, (*padded, *mended), (*small, *doubts))
    return Placed(_on_canvas(pixels, brief, scale, target), target.px_per_module, mended, (*small, *doubts))


def size_from(pixels: Pixels, px_per_module: float | None) -> tuple[int, int] | None:
    """Work out W×H in mm from a picture's size and scale, in whole modules as the annotator counts.

    Returns:
        (width_mm, height_mm), or None if the scale is unknown or the size cannot be a storey.
    """
    if px_per_module is None:
        return None
    modules = [round(side / px_per_module) for side in (pixels.shape[1], pixels.shape[0])]
    if not all(canvas.MIN_MM // MODULE_MM <= side <= canvas.MAX_MODULES[16] for side in modules):
        return None
    return modules[0] * MODULE_MM, modules[1] * MODULE_MM


def _scale_of(
    pixels: Pixels, brief: Brief, stated: float | None
) -> tuple[float | None, tuple[str, ...], tuple[str, ...]]:
    """Find pixels per module of a picture that shows W×H; also what was mended, what is doubtful."""
    height, width = pixels.shape[:2]
    across, down = width / brief.width, height / brief.height
    agrees = abs(math.log(across / down)) < _PLAUSIBLE_ASPECT
    measured = math.sqrt(across * down)
    size = f"{brief.width:g}x{brief.height:g}"
    if stated is None:
        if agrees:
            return measured, (f"scale taken from the picture: {measured:.1f} px per module",), ()
        return None, (), (f"the scale is unknown, so {size} in the caption is not to scale in the picture",)
    over = (width / stated - brief.width, height / stated - brief.height)
    if max(map(abs, over)) <= _PLAUSIBLE_MODULES:
        return stated, (), ()
    shown = f"{width / stated:.1f}x{height / stated:.1f} modules at {stated:.1f} px"
    if agrees:
        return measured, (f"scale taken from the picture, {measured:.1f} px per module: it would be {shown}",), ()
    limit = canvas.REFERENCE_PX / canvas.fit(brief.width_mm, brief.height_mm).scale
    left, top, right, bottom = content(ink(pixels))
    if min(over) >= -_PLAUSIBLE_MODULES and max(right - left, bottom - top) / stated <= limit:
        return stated, (), (f"the picture shows {shown}, W×H is {size}: has it wide margins?",)
    raise ImageError(
        f"picture must show the {size} modules of its sidecar, got {shown}", "correct grid_px or layout_bounds"
    )


def _on_canvas(pixels: Pixels, brief: Brief, scale: float, target: canvas.Canvas) -> Pixels:
    """Scale a picture once, with its walls on the canvas's lattice; never stretched."""
    factor = target.px_per_module / scale
    half_px = target.px_per_module / 2
    drawn = ink(pixels)
    left, top, right, bottom = content(drawn)
    offsets = []
    for axis, low, high, modules, first in (
        (0, left, right, brief.width, target.left),
        (1, top, bottom, brief.height, target.top),
    ):
        size = pixels.shape[1 - axis]
        # Whichever is nearer in size to W×H lies in the middle: the ink, or the whole crop.
        ink_is_nearer = abs((high - low) / scale - modules) <= abs(size / scale - modules)
        middle = (low + high) / 2 if ink_is_nearer else size / 2
        start = (first + modules / 2) * target.px_per_module - middle * factor
        offsets.append(start + _to_lattice(drawn.sum(axis=axis, dtype=np.float64), factor, start, half_px))
    return _scaled(pixels, factor, (offsets[0], offsets[1]), target.size_px)


def _to_lattice(profile: npt.NDArray[np.float64], factor: float, start: float, half_px: float) -> float:
    """Return the shift, at most a quarter module, that brings the walls onto the lattice.

    Long walls are peaks of the ink's profile. Their places, taken as angles around one
    half module, have a mean direction: that of the lattice. Where the angles do not agree
    there is no lattice to see, and nothing is shifted.
    """
    weight = np.maximum(profile - np.median(profile), 0) ** 2  # without tints, which lie everywhere
    places = (np.arange(profile.size) + 0.5) * factor + start
    mean = complex((weight * np.exp(2j * np.pi * places / half_px)).sum()) / max(float(weight.sum()), 1e-9)
    if abs(mean) < _CLEAR_LATTICE:
        return 0.0
    shift = -math.atan2(mean.imag, mean.real) / (2 * math.pi) * half_px
    # Twentieths of a pixel cannot be seen, and a picture on the lattice stays as it is.
    return 0.0 if abs(shift) < 0.05 * half_px / 16 else shift


def _scaled(pixels: Pixels, factor: float, offset: tuple[float, float], size_px: int) -> Pixels:
    """Draw a picture, scaled, with its corner at `offset` on a square of its background."""
    height, width = pixels.shape[:2]
    result = Image.new("RGB", (size_px, size_px), background(pixels))
    x0, y0 = max(math.floor(offset[0]), 0), max(math.floor(offset[1]), 0)
    x1 = min(math.ceil(offset[0] + width * factor), size_px)
    y1 = min(math.ceil(offset[1] + height * factor), size_px)
    # The box may reach a pixel of the result beyond the picture: pad so that it never ends there.
    rim = math.ceil(1 / factor) + 1
    around = Image.new("RGB", (width + 2 * rim, height + 2 * rim), background(pixels))
    around.paste(Image.fromarray(pixels), (rim, rim))
    box = tuple((v - o) / factor + rim for v, o in zip((x0, y0, x1, y1), offset * 2, strict=True))
    part = around.resize((x1 - x0, y1 - y0), Image.Resampling.HAMMING, box=box)
    result.paste(part, (x0, y0))
    return np.asarray(result)


def _padded(pixels: Pixels, size_px: int) -> tuple[Pixels, float, tuple[str, ...]]:
    """Pad to a square with the background colour and resize: shapes stay as they are."""
    height, width = pixels.shape[:2]
    mended = [] if width == height else [f"padded from {width}x{height} to a square"]
    if max(width, height) != size_px:
        mended.append(f"resized to {size_px} px")
    square = Image.new("RGB", (max(width, height),) * 2, background(pixels))
    square.paste(Image.fromarray(pixels), ((max(width, height) - width) // 2, (max(width, height) - height) // 2))
    return _resized(np.asarray(square), size_px, size_px), 0, tuple(mended)


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.HAMMING))
