"""How a picture is drawn, as numbers, and how far one set of pictures is from another.

Nothing here is learned, and nothing looks at what is drawn: a picture's `features` are its colours,
how much ink it has, how wide and dark its strokes are, which way they run and how fine its hatches
are. Each has a page's line in docs/reference/figures.md.

`distance` is the energy distance of two sets of such numbers. Its estimate has no bias: of two
halves of one set it is 0 in expectation, and then also below 0 by chance.

References:
    Székely & Rizzo, "Energy statistics", Journal of Statistical Planning and Inference 143, 2013.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as images

from madorizu.errors import SettingsError
from madorizu.metrics.lines import directions
from madorizu.metrics.strokes import strokes_of
from madorizu.pictures import Pixels, background, content, ink

Floats = npt.NDArray[np.float64]

PX_PER_MODULE = 16.0  # all pictures are brought to this scale first: sharpness must not tell sizes apart
# What a difference of 1 means, by feature: about the standard deviation over drawings of a few storeys in each of the
# package's nine styles. Constants, so that figures of two reports can be compared.
SCALES: Mapping[str, float] = MappingProxyType(
    {
        "paper lightness": 21.0,
        "paper colour": 15.0,
        "floor lightness": 20.0,
        "floor colour": 15.0,
        "colourful": 0.38,
        "colours": 0.58,
        "stroke share": 0.04,
        "stroke contrast": 47.0,
        "thick share": 0.12,
        "stroke width": 22.0,
        "softness": 0.19,
        "diagonal": 0.01,
        "curved": 0.03,
        "fine hatch": 0.03,
        "middle hatch": 0.09,
        "coarse hatch": 0.055,
    }
)
NAMES = tuple(SCALES)
_THICK_MM = 85.0  # thicker strokes are walls
_MOST_MM = 250.0  # what is wider is no line: a blot counts as that
_MM_PER_PX = 910 / PX_PER_MODULE
_BINS = 4  # per channel of Lab, for counting colours
_BANDS = {"fine hatch": (2.0, 3.5), "middle hatch": (3.5, 6.0), "coarse hatch": (6.0, 11.0)}  # periods in px


def features(pixels: Pixels, px_per_module: float) -> Floats:
    """Return how a picture is drawn: float64, one number per name of `SCALES`, in their order and unit.

    All but the paper's colour is taken from the part of the picture that is drawn on, so that
    a plan's size does not matter. An empty picture has the paper's colour and else zeros.

    Args:
        pixels: uint8, (height, width, 3), RGB.
        px_per_module: scale of the picture.
    """
    pixels = _scaled(pixels, px_per_module)
    drawn = ink(pixels)
    found = dict.fromkeys(NAMES, 0.0)
    paper = _lab(np.array([[background(pixels)]], np.uint8))[0, 0]
    found["paper lightness"], found["paper colour"] = float(paper[0]), float(np.hypot(paper[1], paper[2]))
    if drawn.any():
        left, top, right, bottom = content(drawn)
        part = pixels[top:bottom, left:right]
        found |= _colours(part) | _strokes(pixels, part.shape[0] * part.shape[1]) | _directions(part) | _hatches(part)
    return np.array([found[name] for name in NAMES])


def _scaled(pixels: Pixels, px_per_module: float) -> Pixels:
    grow = PX_PER_MODULE / px_per_module
    if abs(grow - 1) < 1e-3:
        return pixels
    size = round(pixels.shape[1] * grow), round(pixels.shape[0] * grow)
    # The filter of training images: another would tell pictures of two sizes apart.
    return np.asarray(images.fromarray(pixels).resize(size, images.Resampling.LANCZOS))


def _lab(pixels: Pixels) -> Floats:
    """Return CIE L*a*b*: lightness 0 to 100, colours about -100 to 100."""
    found = cv2.cvtColor(pixels.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    return found.astype(np.float64)


def _colours(part: Pixels) -> dict[str, float]:
    lab = _lab(part).reshape(-1, 3)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    bins = np.floor(np.clip((lab - (0, -64, -64)) / (100, 128, 128), 0, 0.999) * (8, _BINS * 2, _BINS * 2)).astype(int)
    counts = np.bincount(bins[:, 0] * 64 + bins[:, 1] * 8 + bins[:, 2], minlength=512)
    shares = counts[counts > 0] / counts.sum()
    return {
        "floor lightness": float(np.median(lab[:, 0])),
        "floor colour": float(np.median(chroma)),
        "colourful": float((chroma > 6).mean()),
        "colours": float(-(shares * np.log(shares)).sum()),  # entropy: how many colours share the drawing
    }


def _strokes(pixels: Pixels, area_px: int) -> dict[str, float]:
    found = strokes_of(pixels, PX_PER_MODULE)
    if not found.drawn.any():
        return {}
    lines = found.upright | found.level
    across = found.across[lines if lines.any() else found.drawn] * _MM_PER_PX
    contrast = float(np.percentile(found.contrast[found.drawn], 90))
    rim = found.drawn & (found.contrast < 0.6 * contrast)
    return {
        "stroke share": float(found.drawn.sum() / area_px),
        "stroke contrast": contrast,
        "thick share": float((across > _THICK_MM).mean()),
        "stroke width": float(np.minimum(across, _MOST_MM).mean()),
        "softness": float(rim.sum() / found.drawn.sum()),
    }


def _directions(part: Pixels) -> dict[str, float]:
    weight, aside = directions(part)
    total = float(weight.sum())
    if not total:
        return {}
    return {
        "diagonal": float(weight[aside > 40].sum() / total),
        "curved": float(weight[(aside > 8) & (aside <= 40)].sum() / total),
    }


def _hatches(part: Pixels) -> dict[str, float]:
    """Return the share of the picture's variation that lies in each band of periods."""
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float64)
    grey = (grey - grey.mean()) * np.outer(np.hanning(grey.shape[0]), np.hanning(grey.shape[1]))
    power = np.abs(np.fft.rfft2(grey)) ** 2
    fy, fx = np.fft.fftfreq(grey.shape[0])[:, None], np.fft.rfftfreq(grey.shape[1])[None, :]
    frequency = np.hypot(fy, fx)
    whole = float(power[frequency > 0.02].sum())
    if not whole:
        return {}
    return {
        name: float(power[(frequency > 1 / long) & (frequency <= 1 / short)].sum() / whole)
        for name, (short, long) in _BANDS.items()
    }


# --- sets of pictures -----------------------------------------------------------------------


def distances(a: Floats, b: Floats) -> Floats:
    """Return how far each of `a` is from each of `b`, features in their scales: float64, (len(a), len(b)).

    The root of the mean square over the features: 1 is one scale off in each.
    """
    scale = np.array([SCALES[name] for name in NAMES])
    apart = (a[:, None, :] - b[None, :, :]) / scale
    found: Floats = np.sqrt((apart**2).mean(axis=2))
    return found


def distance(a: Floats, b: Floats) -> float:
    """Return the energy distance of two sets of features, an estimate without bias.

    Twice the mean distance between the sets, less the mean distance within each, pairs of a
    picture with itself left out. 0 in expectation where both are drawn alike.

    Args:
        a, b: float64, (pictures, features), at least two each.

    Raises:
        SettingsError: if a set has less than two pictures.
    """
    return weighed(distances(a, b), distances(a, a), distances(b, b), np.ones(len(a)), np.ones(len(b)))


def weighed(between: Floats, within_a: Floats, within_b: Floats, weights_a: Floats, weights_b: Floats) -> float:
    """Return the energy distance where pictures count with weights: how often a resample has them.

    Raises:
        SettingsError: if less than two pictures of a set have a weight.
    """
    if min(np.count_nonzero(weights_a), np.count_nonzero(weights_b)) < 2:
        raise SettingsError("style distance must have at least two pictures on each side, got fewer")
    across = float(weights_a @ between @ weights_b) / float(weights_a.sum() * weights_b.sum())
    return 2 * across - _within(within_a, weights_a) - _within(within_b, weights_b)


def _within(apart: Floats, weights: Floats) -> float:
    pairs = np.outer(weights, weights)
    np.fill_diagonal(pairs, 0)
    return float((pairs * apart).sum() / pairs.sum())


def floor_of(own: Floats, *, seed: int = 0, splits: int = 200) -> tuple[float, float]:
    """Return what the distance is between two halves of one set: mean, and 95th percentile over random splits.

    The mean is near 0 by construction; the percentile is how far apart pictures that are drawn alike
    may seem with so few of them.

    Raises:
        SettingsError: if there are less than four pictures.
    """
    if len(own) < 4:
        raise SettingsError(f"held-out pictures must be at least four to be split, got {len(own)}")
    rng = np.random.default_rng(seed)
    apart = distances(own, own)
    found = []
    for _ in range(splits):
        order = rng.permutation(len(own))
        first, second = order[: len(own) // 2], order[len(own) // 2 :]
        found.append(
            weighed(
                apart[np.ix_(first, second)],
                apart[np.ix_(first, first)],
                apart[np.ix_(second, second)],
                np.ones(len(first)),
                np.ones(len(second)),
            )
        )
    return float(np.mean(found)), float(np.percentile(found, 95))
