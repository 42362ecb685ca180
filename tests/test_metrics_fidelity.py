"""How true a picture is to another, on pictures whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from madorizu.errors import ImageError
from madorizu.metrics import fidelity
from madorizu.pictures import Pixels


def page(level: int = 255) -> Pixels:
    """Return an even page."""
    return np.full((40, 40, 3), level, np.uint8)


def with_wall(left: int = 10, right: int = 14, bottom: int = 40, level: int = 0) -> Pixels:
    """Return a white page with an upright wall from the top."""
    drawn = page()
    drawn[:bottom, left:right] = level
    return drawn


def test_the_ratio_of_a_known_error() -> None:
    """Ten levels off everywhere: 20 log10(255 / 10) = 28.13 dB; equal pictures have the most."""
    assert fidelity.psnr(page(100), page(110)) == pytest.approx(28.1308, abs=1e-3)
    assert fidelity.psnr(page(0), page(255)) == 0.0
    assert fidelity.psnr(page(), page()) == fidelity.MOST_DB


def test_walls_that_stay_break_or_fade() -> None:
    """Kept 1, half gone 0.5, faded to a light grey 0, to a dark grey 1."""
    drawn = with_wall()
    assert fidelity.wall_iou(drawn, drawn, page()) == 1.0
    assert fidelity.wall_iou(drawn, with_wall(bottom=20), page()) == 0.5
    assert fidelity.wall_iou(drawn, with_wall(level=200), page()) == 0.0
    assert fidelity.wall_iou(drawn, with_wall(level=90), page()) == 1.0


def test_walls_that_grow_fat() -> None:
    """4 px of 6, and no more than the band of 2 px on each side counts: 4 of 8."""
    drawn = with_wall()
    assert fidelity.wall_iou(drawn, with_wall(10, 16), page()) == pytest.approx(4 / 6)
    assert fidelity.wall_iou(drawn, with_wall(0, 40), page()) == pytest.approx(4 / 8)


def test_what_is_drawn_elsewhere_does_not_matter() -> None:
    """A tub far from the wall is on both drawings, and lost by one."""
    bare = page()
    bare[20:30, 25:35] = 0
    drawn = np.minimum(bare, with_wall())
    assert fidelity.wall_iou(drawn, with_wall(), bare) == 1.0


def test_light_walls_on_a_dark_page() -> None:
    """A blueprint's walls are found as well."""
    assert fidelity.wall_iou(255 - with_wall(), 255 - with_wall(bottom=20), 255 - page()) == 0.5


def test_wrong_input_is_refused() -> None:
    """Pictures of two sizes; a drawing without walls."""
    with pytest.raises(ImageError, match="pictures must be of one shape"):
        fidelity.psnr(page(), page()[:20])
    with pytest.raises(ImageError, match="picture must have walls that its bare drawing has not, got none"):
        fidelity.wall_iou(page(), page(), page())
