"""How true a picture is to another, pixel by pixel: what an autoencoder leaves of a drawing."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from madorizu.errors import ImageError

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

MOST_DB = 99.0  # of equal pictures, whose ratio is infinite
WALL_CONTRAST = 48  # levels of one channel by which a wall differs from what it stands on
CORE = 0.7  # of the strongest contrast around: there is the middle of a line
UNSURE = 0.25  # nearer to half wall than that a pixel of the drawing is neither
BAND_PX = 2  # around the walls, in which too much ink is counted


def psnr(picture: Pixels, other: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB over all pixels and channels, at most `MOST_DB`.

    Args:
        picture, other: uint8, of one shape.

    Raises:
        ImageError: if the shapes differ.

    References:
        10 log10(255² / mean squared error).
    """
    _check(picture, other)
    error = float(np.mean((picture.astype(np.float64) - other.astype(np.float64)) ** 2))
    return MOST_DB if error == 0 else min(MOST_DB, 10 * math.log10(255**2 / error))


def wall_iou(picture: Pixels, other: Pixels, bare: Pixels) -> float:
    """Return how far the pixels of walls are the same in a drawing and in what became of it, 0 to 1.

    Walls are where `picture` differs from the same drawing without its walls by more than
    `WALL_CONTRAST`. In a band of `BAND_PX` around them, a pixel of either picture counts as wall
    when it is more than half way from the colour of the drawing without walls to that of the middle of the
    nearest wall. Pixels that are about half wall in `picture`, on the rim of a line, are not counted;
    the figure is the intersection of both sets over their union. So it is about walls that fade,
    break or grow fat, not about ink elsewhere.

    Args:
        picture, other, bare: uint8, (height, width, 3), RGB; `bare` is `picture` without walls.

    Raises:
        ImageError: if the shapes differ, or the picture has no wall.
    """
    _check(picture, other)
    _check(picture, bare)
    away = np.abs(picture.astype(np.int16) - bare.astype(np.int16)).max(axis=2)
    drawn = (away > WALL_CONTRAST).astype(np.uint8)
    if not drawn.any():
        raise ImageError("picture must have walls that its bare drawing has not, got none")
    band = cv2.distanceTransform(1 - drawn, cv2.DIST_L2, 5) <= BAND_PX
    # The soft rim of a line has a colour between wall and floor: the line's own is that of its middle.
    strongest = cv2.dilate(away.astype(np.float32), np.ones((2 * BAND_PX + 1,) * 2, np.uint8))
    middle = (drawn > 0) & (away >= CORE * strongest)
    _, nearest = cv2.distanceTransformWithLabels(
        1 - middle.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(nearest.max()) + 1, 3), np.float64)
    colours[nearest[middle]] = picture[middle]
    towards = colours[nearest] - bare
    drawn_share, kept_share = (_share(pixels, bare, towards) for pixels in (picture, other))
    sure = band & (np.abs(drawn_share - 0.5) >= UNSURE)
    true, kept = sure & (drawn_share > 0.5), sure & (kept_share > 0.5)
    return float((true & kept).sum() / max(1, int((true | kept).sum())))


def _share(pixels: Pixels, bare: Pixels, towards: Floats) -> Floats:
    """Return how far each pixel is on the way from the drawing without walls to the wall's colour, 0 to 1."""
    along = ((pixels.astype(np.float64) - bare) * towards).sum(axis=2)
    found: Floats = along / np.maximum((towards**2).sum(axis=2), 1.0)
    return found


def _check(picture: Pixels, other: Pixels) -> None:
    if picture.shape != other.shape:
        raise ImageError(f"pictures must be of one shape, got {picture.shape} and {other.shape}")
