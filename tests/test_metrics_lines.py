"""How straight and even lines are, on lines drawn for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import drawing
from madorizu import canvas, draw
from madorizu.draft import Draft
from madorizu.metrics import lines
from madorizu.metrics.strokes import strokes_of
from madorizu.pictures import Pixels
from madorizu.plan import HALF_MM, outline
from madorizu.vectorise import trace

GROUND = drawing.ground_floor_8x7()
PLACE = canvas.fit_outline(outline(GROUND))


def page() -> Pixels:
    """Return a white page."""
    return np.full((256, 256, 3), 255, np.uint8)


def test_the_width_of_strokes() -> None:
    """A wall of 3 px, 100 long, on a coloured floor: its width and its direction; the floor is no stroke."""
    drawn = page()
    drawn[:] = (230, 200, 150)
    drawn[50:150, 80:83] = 20
    found = strokes_of(drawn, 32.0)
    assert found.drawn.sum() == 300
    assert set(found.across[found.drawn].tolist()) == {3}
    assert found.upright.sum() == 300 and not found.level.any()
    assert set(found.columns[found.drawn].tolist()) == {100}
    assert found.contrast[100, 81] == 210


def test_bars_run_along_the_axes_and_slanted_ones_do_not() -> None:
    """1 for a cross; 0 for the same cross turned by 45°; in between where half is slanted; 0 for a blank page."""
    straight = page()
    cv2.line(straight, (128, 30), (128, 226), (0, 0, 0), 3)
    cv2.line(straight, (30, 128), (226, 128), (0, 0, 0), 3)
    slanted = page()
    cv2.line(slanted, (60, 60), (196, 196), (0, 0, 0), 3, cv2.LINE_AA)
    cv2.line(slanted, (60, 196), (196, 60), (0, 0, 0), 3, cv2.LINE_AA)
    assert lines.axis_share(straight) > 0.95
    assert lines.axis_share(slanted) < 0.03
    assert 0.3 < lines.axis_share(np.minimum(straight, slanted)) < 0.7
    assert lines.axis_share(page()) == 0.0


def test_noise_has_no_direction() -> None:
    """Any direction is as frequent as another: within 4° of an axis lie 16 of 180."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    assert lines.axis_share(noise) == pytest.approx(16 / 180, abs=0.06)


def read(pixels: Pixels) -> Draft:
    """Read the ground floor's picture."""
    return trace(pixels, floor=1, canvas=PLACE)


def test_a_drawing_has_even_walls() -> None:
    """Nearly all walls of a drawing are as thick as they should be; nothing read has none."""
    pixels = draw.raster(GROUND, "cad_solid", canvas=PLACE)
    assert lines.even_walls(pixels, read(pixels)) > 0.95
    assert lines.even_walls(pixels, None) == 0.0


def test_walls_that_fade_or_swell_are_not_even() -> None:
    """The west half of the drawing bleached, and three patches swollen: the figure falls by about their share."""
    pixels = draw.raster(GROUND, "cad_solid", canvas=PLACE)
    draft = read(pixels)
    whole = lines.even_walls(pixels, draft)
    middle = round(PLACE.to_px(8 * HALF_MM, 0)[0])
    faded = np.array(pixels)
    faded[:, :middle] = 255 - (255 - faded[:, :middle]) // 4
    assert lines.even_walls(faded, draft) < whole - 0.25
    swollen = np.array(pixels)
    swollen[:, :middle] = cv2.erode(pixels[:, :middle], np.ones((7, 7), np.uint8))
    assert lines.even_walls(swollen, draft) < whole - 0.15
