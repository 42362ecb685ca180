"""Wear on drawings: what each kind does."""

from __future__ import annotations

import numpy as np
import pytest

from madorizu import degrade
from madorizu.errors import ImageError


def page() -> degrade.Picture:
    """Return a white page, 96 px a side, with a black square frame 4 px thick."""
    picture = np.full((96, 96, 3), 255, np.uint8)
    picture[24:72, 24:72] = 0
    picture[28:68, 28:68] = 255
    return picture


def test_jpeg_leaves_ringing_beside_a_line() -> None:
    """At quality 30 the paper beside a black line is no longer white, far from it it is."""
    worn = degrade.jpeg(page())
    assert worn.shape == (96, 96, 3) and worn.dtype == np.uint8
    assert (worn[28:32, 40:56] < 255).any() and (worn[:8, :8] == 255).all()


def test_blur_spreads_a_line_and_keeps_its_ink() -> None:
    """The line gets paler and wider; the sum of ink stays within 2 %."""
    worn = degrade.blur(page())
    assert worn[22, 48, 0] < 255 and worn[26, 48, 0] > 0
    ink, was = (255 - worn.astype(int)).sum(), (255 - page().astype(int)).sum()
    assert abs(ink / was - 1) < 0.02


def test_noise_has_the_deviation_that_is_asked_for() -> None:
    """On middle grey, noise of 20 levels has a standard deviation of 20 within 3 %."""
    grey = np.full((128, 128, 3), 128, np.uint8)
    worn = degrade.noise(grey, np.random.default_rng(0), 20.0)
    assert worn.std() == pytest.approx(20.0, rel=0.03)


def test_skew_turns_counter_clockwise_about_the_middle() -> None:
    """A point right of the middle moves up by its distance times the angle's sine."""
    picture = np.full((101, 401, 3), 255, np.uint8)
    picture[49:52, 349:352] = 0
    worn = degrade.skew(picture, 5.0)
    rows, columns = np.nonzero(worn[..., 0] < 100)
    # 150 px right of the middle: sin 5° = 0.0872 gives 13.1 px.
    assert rows.mean() == pytest.approx(50 - 13.07, abs=0.6) and columns.mean() == pytest.approx(349.4, abs=0.6)


def test_scaled_picture_has_the_share_of_the_size() -> None:
    """70 % of 200 x 100 is 140 x 70."""
    assert degrade.scaled(np.zeros((100, 200, 3), np.uint8)).shape == (70, 140, 3)


def test_warped_fills_with_the_colour_of_the_rim() -> None:
    """What comes from outside is paper, not black."""
    blue = np.full((20, 20, 3), (10, 20, 200), np.uint8)
    moved = degrade.warped(blue, np.array([[1.0, 0, 10], [0, 1, 0]]), (20, 20))
    assert (moved == (10, 20, 200)).all()


def test_decoded_refuses_what_is_no_picture() -> None:
    """Bytes of something else are an error with words."""
    with pytest.raises(ImageError, match="must be a whole PNG or JPEG, got something else"):
        degrade.decoded(np.frombuffer(b"no picture at all", np.uint8))


@pytest.mark.parametrize("kind", sorted(degrade.KINDS))
def test_every_named_kind_changes_the_picture(kind: str) -> None:
    """Each kind does something, and the same again for the same generator."""
    first, second = (degrade.KINDS[kind](page(), np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape != page().shape or not np.array_equal(first, page())


def test_random_wear_keeps_size_and_type() -> None:
    """Over 30 draws the size stays, and at least four of five draws change something."""
    changed = 0
    for seed in range(30):
        worn = degrade.random_wear(page(), np.random.default_rng(seed))
        assert worn.shape == (96, 96, 3) and worn.dtype == np.uint8
        changed += not np.array_equal(worn, page())
    assert changed >= 24


def test_no_strength_changes_nothing() -> None:
    """At strength 0 the picture is returned as it is."""
    assert np.array_equal(degrade.random_wear(page(), np.random.default_rng(0), 0.0), page())
