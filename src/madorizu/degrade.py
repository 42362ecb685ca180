"""What happens to drawings on their way: compression, blur, noise, skew, scaling, scanning.

Five plain kinds have a name, for benchmarks (`KINDS`). `random_wear` mixes these and others,
for training: what a reader of pictures, or an autoencoder, should not mind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from madorizu.errors import ImageError

Picture = npt.NDArray[np.uint8]

SKEW_DEG = 1.0
JPEG_QUALITY = 30
BLUR_PX = 1.2
NOISE_LEVELS = 20.0
SCALE = 0.7


def jpeg(picture: Picture, quality: int = JPEG_QUALITY) -> Picture:
    """Compress and expand again, with the colours at half the resolution as usual.

    Args:
        picture: uint8, (height, width, 3), RGB.
        quality: of libjpeg, 1 to 100.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    return decoded(data)


def decoded(data: npt.NDArray[np.generic]) -> Picture:
    """Decode a PNG or JPEG file's bytes, uint8 of one dimension, to RGB.

    Raises:
        ImageError: if they are no picture.
    """
    found = cv2.imdecode(data.astype(np.uint8, copy=False), cv2.IMREAD_COLOR)
    if found is None:
        raise ImageError("picture must be a whole PNG or JPEG, got something else", "make the file again")
    return cv2.cvtColor(found, cv2.COLOR_BGR2RGB).astype(np.uint8)


def blur(picture: Picture, sigma_px: float = BLUR_PX) -> Picture:
    """Blur with a Gaussian of this standard deviation."""
    return cv2.GaussianBlur(picture, (0, 0), sigma_px).astype(np.uint8)


def noise(picture: Picture, rng: np.random.Generator, levels: float = NOISE_LEVELS) -> Picture:
    """Add Gaussian noise of this standard deviation to every pixel and colour."""
    rough = picture + rng.normal(0.0, levels, picture.shape).astype(np.float32)
    return np.clip(np.rint(rough), 0, 255).astype(np.uint8)


def skew(picture: Picture, degrees: float = SKEW_DEG) -> Picture:
    """Turn about the middle, as a sheet that lies askew; the border's colour fills the corners."""
    height, width = picture.shape[:2]
    matrix = np.asarray(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0), np.float64)
    return warped(picture, matrix, (width, height))


def scaled(picture: Picture, share: float = SCALE) -> Picture:
    """Make the picture smaller (or larger), averaging over areas."""
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, None, fx=share, fy=share, interpolation=how).astype(np.uint8)


def warped(picture: Picture, matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> Picture:
    """Move pixels by an affine map (2×3, from old to new), onto a picture of (width, height)."""
    rim = np.median(np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]), axis=0)
    return cv2.warpAffine(
        picture,
        matrix,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=tuple(float(level) for level in rim),
    ).astype(np.uint8)


KINDS: Mapping[str, Callable[[Picture, np.random.Generator], Picture]] = MappingProxyType(
    {
        "jpeg": lambda picture, rng: jpeg(picture),
        "blur": lambda picture, rng: blur(picture),
        "noise": noise,
        "skew": lambda picture, rng: skew(picture, SKEW_DEG if rng.random() < 0.5 else -SKEW_DEG),
        "small": lambda picture, rng: scaled(picture),
    }
)


# --- random wear ----------------------------------------------------------------------------


def random_wear(picture: Picture, rng: np.random.Generator, strength: float = 1.0) -> Picture:
    """Wear a picture out at random, in place: what was at a pixel stays there.

    Args:
        picture: uint8, (height, width, 3), RGB.
        rng: decides which kinds of wear, and how much of each.
        strength: 0 changes nothing; 1 is what scans and phone pictures suffer.

    Returns:
        A picture of the same shape.
    """
    worn = picture
    for chance, change in (
        (0.25, _recolour),
        (0.20, _shade),
        (0.20, _draw_over),
        (0.20, _fade_spots),
        (0.15, _wobble),
        (0.35, _soften),
        (0.30, _rescale),
        (0.35, _roughen),
        (0.35, _compress),
    ):
        if rng.random() < chance * strength:
            worn = change(worn, rng)
    return worn


def _recolour(picture: Picture, rng: np.random.Generator) -> Picture:
    """Change contrast and tint, or turn grey."""
    if rng.random() < 0.4:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    gain = rng.uniform(0.6, 1.1) * rng.uniform(0.9, 1.1, 3)
    lift = rng.uniform(0, 255 * (1 - min(gain.max(), 1.0)) + 1)
    worn: Picture = np.clip(picture * gain + lift, 0, 255).astype(np.uint8)
    return worn


def _shade(picture: Picture, rng: np.random.Generator) -> Picture:
    """Let the light fall off to one side, as on a photograph."""
    height, width = picture.shape[:2]
    corners = rng.uniform(0.65, 1.0, (2, 2)).astype(np.float32)
    light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    return (picture * light[..., None]).astype(np.uint8)


def _draw_over(picture: Picture, rng: np.random.Generator) -> Picture:
    """Write words and lines over the drawing, opaque or see-through: labels, dimensions, watermarks."""
    height, width = picture.shape[:2]
    layer = picture.copy()
    for _ in range(int(rng.integers(1, 14))):
        colour = (
            tuple(int(c) for c in rng.integers(0, 256, 3)) if rng.random() < 0.4 else (int(rng.integers(0, 120)),) * 3
        )
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        if rng.random() < 0.75:
            words = "".join(chr(c) for c in rng.integers(33, 123, int(rng.integers(1, 9))))
            size, pen = rng.uniform(0.25, 0.7), int(rng.integers(1, 3))
            cv2.putText(layer, words, (x, y), int(rng.integers(0, 8)), size, colour, pen, cv2.LINE_AA)
        else:
            reach = int(rng.integers(10, 200))
            end = (x + reach, y) if rng.random() < 0.5 else (x, y + reach)
            cv2.line(layer, (x, y), end, colour, 1, cv2.LINE_AA)
    if rng.random() < 0.3:
        place = (int(rng.integers(-width // 4, width // 2)), int(rng.integers(height // 4, height)))
        grey = (int(rng.integers(100, 220)),) * 3
        cv2.putText(layer, "SAMPLE", place, 0, rng.uniform(1, 4), grey, int(rng.integers(2, 9)), cv2.LINE_AA)
    share = 1.0 if rng.random() < 0.6 else rng.uniform(0.2, 0.7)
    return cv2.addWeighted(layer, share, picture, 1 - share, 0).astype(np.uint8)


def _fade_spots(picture: Picture, rng: np.random.Generator) -> Picture:
    """Bleach or smear small spots, so that lines break."""
    worn = picture.astype(np.float32)
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(2, 25))):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(mask, centre, int(rng.integers(2, 10)), float(rng.uniform(0.3, 1.0)), -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None]
    under = np.median(picture.reshape(-1, 3), axis=0) if rng.random() < 0.6 else cv2.blur(picture, (25, 25))
    faded: Picture = (worn * (1 - soft) + under * soft).astype(np.uint8)
    return faded


def _wobble(picture: Picture, rng: np.random.Generator) -> Picture:
    """Bend the drawing by some pixels, as a generated picture or a crumpled page does."""
    height, width = picture.shape[:2]
    reach, pitch = rng.uniform(0.5, 2.5), int(rng.integers(3, 12))
    bends = [
        cv2.resize(
            rng.normal(0, reach, (pitch, pitch)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        for _ in range(2)
    ]
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(picture, xs + bends[0], ys + bends[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
        np.uint8
    )


def _soften(picture: Picture, rng: np.random.Generator) -> Picture:
    if rng.random() < 0.25:  # along one axis, as a moving camera does
        length = int(rng.integers(2, 6))
        return cv2.blur(picture, (length, 1) if rng.random() < 0.5 else (1, length)).astype(np.uint8)
    return blur(picture, float(rng.uniform(0.4, 2.2)))


def _rescale(picture: Picture, rng: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    small = scaled(picture, float(rng.uniform(0.4, 0.9)))
    how = cv2.INTER_NEAREST if rng.random() < 0.1 else cv2.INTER_LINEAR
    return cv2.resize(small, (width, height), interpolation=how).astype(np.uint8)


def _roughen(picture: Picture, rng: np.random.Generator) -> Picture:
    if rng.random() < 0.3:  # coarse noise, as of paper or of a generated picture
        height, width = picture.shape[:2]
        pitch = int(rng.integers(2, 6))
        rough = rng.normal(0, rng.uniform(5, 30), (height // pitch + 1, width // pitch + 1, 3)).astype(np.float32)
        spread = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
        worn: Picture = np.clip(picture + spread, 0, 255).astype(np.uint8)
        return worn
    return noise(picture, rng, float(rng.uniform(3, 35)))


def _compress(picture: Picture, rng: np.random.Generator) -> Picture:
    return jpeg(picture, int(rng.integers(12, 80)))
