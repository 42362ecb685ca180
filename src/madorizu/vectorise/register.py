"""Find the lattice in a picture: how it is turned, how large a module is, where lines lie.

Long straight walls are peaks of the ink's profile along x and along y. A sheet lies straight
where the peaks are sharpest; walls on a lattice have places that agree, taken as angles
around half a module (the mean direction of circular statistics, Mardia & Jupp 2000).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from madorizu import degrade
from madorizu.pictures import Pixels, content, ink
from madorizu.vectorise.answer import CELL_PX

MOST_SKEW_DEG = 5.0
_SKEW_PX = 640  # side to which a picture shrinks before its skew is measured
_STRAIGHTER = 1.01  # a turn must sharpen the profiles by that much to be believed
_PX_PER_MODULE = (10.0, 240.0)  # where a module's size is looked for
_STEP = 1.004  # between sizes that are tried
_LEAST_MODULES, _MOST_MODULES = 3.0, 34.0  # of a drawing
CANDIDATES = 6

Profile = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the lattice lies in a picture.

    Attributes:
        px_per_module: pixels per 910 mm.
        origin_px: where the lattice point (0, 0) lies after the picture was turned back, x and y.
        skew_deg: by how much the picture must be turned back, counter-clockwise.
        clearness: how well the walls agree on this lattice, 0 to 1.
    """

    px_per_module: float
    origin_px: tuple[float, float]
    skew_deg: float
    clearness: float


def skew_of(pixels: Pixels) -> float:
    """Return by how many degrees a drawing must be turned counter-clockwise to lie straight; 0 where unsure.

    Args:
        pixels: uint8, (height, width, 3), RGB.
    """
    drawn = ink(pixels)
    share = min(1.0, _SKEW_PX / max(drawn.shape))
    small = cv2.resize(drawn, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.float32)
    straight = _sharpness(small, 0.0)
    coarse = max(np.arange(-MOST_SKEW_DEG, MOST_SKEW_DEG + 0.01, 0.5), key=lambda a: _sharpness(small, float(a)))
    fine = max(np.arange(coarse - 0.5, coarse + 0.51, 0.1), key=lambda a: _sharpness(small, float(a)))
    return float(fine) if _sharpness(small, float(fine)) > _STRAIGHTER * straight else 0.0


def _sharpness(drawn: npt.NDArray[np.float32], degrees: float) -> float:
    height, width = drawn.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turned = cv2.warpAffine(drawn, turn, (width, height)) if degrees else drawn
    return float((turned.sum(axis=0) ** 2).sum() + (turned.sum(axis=1) ** 2).sum())


def frames(pixels: Pixels, px_per_module: float | None, *, skew_deg: float = 0.0) -> tuple[Frame, ...]:
    """List lattices on which a straight drawing's walls may lie, clearest first.

    Args:
        pixels: uint8, (height, width, 3), RGB, already turned by `skew_deg`.
        px_per_module: the scale where it is known; then there is one frame.
        skew_deg: told on in the frames.
    """
    drawn = ink(pixels).astype(np.float64)
    profiles = _weights(drawn.sum(axis=0)), _weights(drawn.sum(axis=1))
    if px_per_module is not None:
        return (_frame(profiles, px_per_module, skew_deg),)
    left, top, right, bottom = content(ink(pixels))
    longest = max(right - left, bottom - top, 1)
    low = max(_PX_PER_MODULE[0], longest / _MOST_MODULES)
    high = min(_PX_PER_MODULE[1], longest / _LEAST_MODULES)
    tried = [low * _STEP**n for n in range(math.ceil(math.log(max(high / low, 1.01)) / math.log(_STEP)) + 1)]
    found = [_frame(profiles, size, skew_deg) for size in tried]
    peaks = [
        frame
        for before, frame, after in zip(found[:1] + found, found, found[1:] + found[-1:], strict=False)
        if frame.clearness >= max(before.clearness, after.clearness)
    ]
    return tuple(sorted(peaks, key=lambda f: -f.clearness)[:CANDIDATES])


def _weights(profile: Profile) -> Profile:
    """Leave of a profile what stands out: long walls, not tints."""
    weight: Profile = np.maximum(profile - np.median(profile), 0) ** 2
    return weight / max(float(weight.sum()), 1e-9)


def _frame(profiles: tuple[Profile, Profile], px_per_module: float, skew_deg: float) -> Frame:
    half = px_per_module / 2
    origins, clear = [], 1.0
    for weight in profiles:
        places = np.arange(weight.size) + 0.5
        mean = complex((weight * np.exp(2j * np.pi * places / half)).sum())
        origins.append(math.atan2(mean.imag, mean.real) / (2 * math.pi) * half % half)
        clear = min(clear, abs(mean))
    return Frame(px_per_module, (origins[0], origins[1]), skew_deg, clear)


@dataclass(frozen=True, slots=True)
class Window:
    """A drawing laid on the lattice, as the net sees it.

    Attributes:
        pixels: uint8, (cells * 16, cells * 16, 3), RGB; a cell is 16 px.
        left, top: lattice cell of its north-west corner.
    """

    pixels: Pixels
    left: int
    top: int


def window_of(pixels: Pixels, frame: Frame, *, margin: int = 3, multiple: int = 4) -> Window:
    """Cut the drawing out of a picture and scale it so that a half module is 16 px.

    Args:
        pixels: the picture, already straight.
        frame: where its lattice lies.
        margin: cells around what is drawn.
        multiple: the window's side is a multiple of so many cells.
    """
    half = frame.px_per_module / 2
    left_px, top_px, right_px, bottom_px = content(ink(pixels))
    left = math.floor((left_px - frame.origin_px[0]) / half) - margin
    top = math.floor((top_px - frame.origin_px[1]) / half) - margin
    across = math.ceil((right_px - frame.origin_px[0]) / half) + margin - left
    down = math.ceil((bottom_px - frame.origin_px[1]) / half) + margin - top
    cells = -(-max(across, down) // multiple) * multiple
    grow = CELL_PX / half
    corner = frame.origin_px[0] + left * half, frame.origin_px[1] + top * half
    # Pixel centres lie at half pixels: without the 0.5s, scaling would shift the picture.
    matrix = np.array([[grow, 0, (0.5 - corner[0]) * grow - 0.5], [0, grow, (0.5 - corner[1]) * grow - 0.5]])
    return Window(_resampled(pixels, matrix, cells * CELL_PX, grow), left, top)


def _resampled(pixels: Pixels, matrix: npt.NDArray[np.float64], side: int, grow: float) -> Pixels:
    if grow < 0.75:  # what shrinks must be averaged first, or thin lines vanish
        pixels = cv2.GaussianBlur(pixels, (0, 0), 0.4 / grow).astype(np.uint8)
    return degrade.warped(pixels, matrix, (side, side))
