"""How pictures are drawn, and how far sets of them are apart."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import drawing
import plans
from madorizu import canvas, draw
from madorizu.errors import SettingsError
from madorizu.evaluate import controls
from madorizu.metrics import style
from madorizu.pictures import Pixels
from madorizu.plan import Plan, outline


def told(pixels: Pixels, scale: float = 16.0) -> dict[str, float]:
    """Return a picture's features by name."""
    return dict(zip(style.NAMES, style.features(pixels, scale).tolist(), strict=True))


def page(colour: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    """Return an even page."""
    return np.full((256, 256, 3), colour, np.uint8)


@cache
def drawn_in(name: str) -> style.Floats:
    """Return the features of four storeys in a style."""
    storeys = [*drawing.house_8x7().plans, *plans.sample_house().plans]
    return np.array([style.features(*shown(plan, name)) for plan in storeys])


def shown(plan: Plan, name: str, size_px: int = 256) -> tuple[Pixels, float]:
    """Draw a storey as models are shown it, with its scale."""
    return controls.drawing(plan, name, size_px), canvas.fit_outline(outline(plan), size_px=size_px).px_per_module


def test_an_empty_page_has_only_its_paper() -> None:
    """White: lightness 100, no colour; blue: dark and coloured; all else 0."""
    white, blue = told(page()), told(page((0, 0, 255)))
    assert white["paper lightness"] == pytest.approx(100, abs=0.1)
    assert white["paper colour"] == pytest.approx(0, abs=0.1)
    # sRGB blue is L* 32.3, a* 79.2, b* -107.9.
    assert blue["paper lightness"] == pytest.approx(32.3, abs=0.5)
    assert blue["paper colour"] == pytest.approx(133.8, abs=1)
    assert not any(value for name, value in white.items() if not name.startswith("paper"))


def test_the_strokes_of_a_known_drawing() -> None:
    """Eight bars of 2 px on 160 px: a share of 0.1, 114 mm wide, full contrast, nothing soft, nothing slanted."""
    pixels = page()
    for x in range(40, 200, 20):
        pixels[40:200, x : x + 2] = 0
    pixels[40:200, 199] = 0  # so that the drawing is 160 px wide
    found = told(pixels)
    assert found["stroke share"] == pytest.approx((8 * 2 + 1) / 160)
    assert found["stroke width"] == pytest.approx((8 * 2 * 2 + 1) / 17 * 910 / 16, rel=0.01)
    assert found["stroke contrast"] == 255 and found["softness"] == 0
    assert found["diagonal"] == pytest.approx(0, abs=1e-3) and found["curved"] == pytest.approx(0, abs=1e-2)
    assert found["colourful"] == 0 and found["floor lightness"] == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(("period", "band"), [(3, "fine hatch"), (5, "middle hatch"), (9, "coarse hatch")])
def test_a_hatch_is_found_in_its_band(period: int, band: str) -> None:
    """Lines every 3, 5 or 9 px have most of their first harmonic in the band of that period."""
    pixels = page()
    wave = 127.5 * (1 + np.cos(2 * np.pi * np.arange(180) / period))
    pixels[38:218, 38:218] = wave[:, None, None].astype(np.uint8)
    found = told(pixels)
    assert found[band] > 0.9
    assert all(found[other] < 0.05 for other in ("fine hatch", "middle hatch", "coarse hatch") if other != band)


def test_a_colour_of_the_floor_is_told() -> None:
    """A drawing of a pale yellow floor, half of it white: as colourful as its share."""
    pixels = page()
    pixels[50:150, 50:150] = (251, 210, 120)
    pixels[50:150, 150:152] = 0
    found = told(pixels)
    assert found["colourful"] == pytest.approx(100 / 102, abs=0.01)
    assert found["floor colour"] > 30


def test_the_size_of_the_picture_matters_little() -> None:
    """Drawings of 512 px are brought to the scale of those of 256: far nearer than another style is."""
    large = np.array([style.features(*shown(plan, "atelier", 512)) for plan in drawing.house_8x7().plans])
    small = np.array([style.features(*shown(plan, "atelier")) for plan in drawing.house_8x7().plans])
    assert style.distances(large, small).diagonal().max() < 0.3 * style.distances(small, drawn_in("cad")).min()


def test_the_distance_of_points_is_known() -> None:
    """Two sets of equal points, one scale apart in every feature: twice 1, and nothing within."""
    a = np.tile(np.zeros(len(style.NAMES)), (3, 1))
    b = np.tile(np.array(list(style.SCALES.values())), (4, 1))
    assert style.distances(a, b) == pytest.approx(np.ones((3, 4)))
    assert style.distance(a, b) == pytest.approx(2.0)
    # By hand, on one feature: points 0 and 2 against 1 and 3 scales: 2 · 1.5 - 2 - 2, over √16 features.
    first, second = np.zeros((2, len(style.NAMES))), np.zeros((2, len(style.NAMES)))
    unit = style.SCALES[style.NAMES[0]]
    first[:, 0], second[:, 0] = (0, 2 * unit), (1 * unit, 3 * unit)
    root = np.sqrt(len(style.NAMES))
    assert style.distance(first, second) == pytest.approx((2 * 1.5 - 2 - 2) / root)


def test_weights_are_repetitions() -> None:
    """A picture of weight 2 counts twice between the sets, and not with itself within."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 3))

    def apart(x: style.Floats, y: style.Floats) -> style.Floats:
        found: style.Floats = np.linalg.norm(x[:, None] - y[None], axis=2)
        return found

    weights = np.array([2.0, 1.0, 0.0, 1.0])
    found = style.weighed(apart(a, b), apart(a, a), apart(b, b), weights, np.ones(3))
    pairs = {(0, 1): 2.0, (0, 3): 2.0, (1, 3): 1.0}
    within = sum(w * np.linalg.norm(a[i] - a[j]) for (i, j), w in pairs.items()) / sum(pairs.values())
    across = (2 * apart(a, b)[0] + apart(a, b)[1] + apart(a, b)[3]).sum() / 12
    home = apart(b, b)[np.triu_indices(3, 1)].mean()
    assert found == pytest.approx(2 * across - within - home)


def test_two_halves_of_one_set_are_0_apart_in_expectation() -> None:
    """The mean over random cuts of 40 alike pictures is within a hundredth of 0; another style is far beyond."""
    rng = np.random.default_rng(1)
    own = rng.normal(size=(40, len(style.NAMES))) * np.array(list(style.SCALES.values()))
    mean, most = style.floor_of(own)
    assert abs(mean) < 0.01 and 0 < most < 0.2
    shifted = own + np.array(list(style.SCALES.values()))
    assert style.distance(own, shifted) > 3 * most


def test_styles_are_told_apart() -> None:
    """The data set's style is further from every other than its own halves are from each other."""
    own = drawn_in("atelier")
    _, most = style.floor_of(own)
    for name in draw.CORPUS_STYLES:
        assert style.distance(own, drawn_in(name)) > 3 * most


def test_scales_are_about_the_spread_over_the_styles() -> None:
    """Within a factor of three, so that no feature decides alone and none is mute."""
    everything = np.concatenate([drawn_in(name) for name in draw.STYLES])
    for name, spread in zip(style.NAMES, everything.std(axis=0), strict=True):
        assert 1 / 3 < spread / style.SCALES[name] < 3, name


def test_too_few_pictures_are_refused() -> None:
    """One picture has no distance within, three cannot be halved."""
    one, three = np.zeros((1, len(style.NAMES))), np.zeros((3, len(style.NAMES)))
    with pytest.raises(SettingsError, match="at least two pictures on each side, got fewer"):
        style.distance(one, three)
    with pytest.raises(SettingsError, match="must be at least four to be split, got 3"):
        style.floor_of(three)
