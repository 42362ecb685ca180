"""The strokes of a picture, found on its pixels alone: where, how wide, how dark.

A stroke is what differs from the floor around it, which is the median colour of a window of
0.9 modules: so lines are found on white paper, on coloured floors and on blueprints. Its width at a
pixel is the shorter of the two unbroken runs of strokes through it, along its row and along its
column: exact for what runs along the axes, as nearly everything in a plan does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from madorizu.pictures import Pixels

STANDS_OUT = 40  # levels of one channel by which a stroke differs from the floor
WINDOW_SHARE = 0.9  # of a module: side of the window whose median is the floor
LONG = 2.0  # a stroke is so many times as long as wide

Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Strokes:
    """The strokes of a picture.

    Attributes:
        drawn: (height, width), where there is a stroke.
        rows, columns: length in px of the unbroken runs through each pixel, 0 elsewhere.
        contrast: levels by which each pixel differs from the floor.
    """

    drawn: Bools
    rows: Counts
    columns: Counts
    contrast: npt.NDArray[np.uint8]

    @property
    def across(self) -> Counts:
        """Width of the stroke at each pixel in px, 0 elsewhere."""
        return np.minimum(self.rows, self.columns)

    @property
    def upright(self) -> Bools:
        """Where a stroke runs north-south."""
        return self.drawn & (self.columns >= LONG * self.rows)

    @property
    def level(self) -> Bools:
        """Where a stroke runs east-west."""
        return self.drawn & (self.rows >= LONG * self.columns)


def strokes_of(pixels: Pixels, px_per_module: float) -> Strokes:
    """Measure the strokes of a picture.

    Args:
        pixels: uint8, (height, width, 3), RGB.
        px_per_module: scale of the picture.
    """
    side = max(3, round(WINDOW_SHARE * px_per_module)) | 1
    floor = cv2.medianBlur(pixels, side)
    contrast = cv2.absdiff(pixels, floor).max(axis=2)
    drawn = contrast > STANDS_OUT
    return Strokes(drawn, _runs(drawn), _runs(drawn.T).T, contrast)


def _runs(drawn: Bools) -> Counts:
    """Return for each pixel the length of the unbroken run of its row that it lies in, 0 for paper."""
    height, width = drawn.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = drawn
    change = np.diff(padded, axis=1)
    starts, stops = np.nonzero(change == 1), np.nonzero(change == -1)
    lengths = stops[1] - starts[1]
    found = np.zeros((height, width + 1), np.int64)
    np.add.at(found, starts, lengths)
    np.add.at(found, stops, -lengths)
    return np.cumsum(found, axis=1)[:, :width].astype(np.int32)
