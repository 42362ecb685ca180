"""Image files → pixels that can be trusted, laid on the canvas at a known scale."""

from __future__ import annotations

import math
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from madorizu import canvas
from madorizu.brief import Brief
from madorizu.errors import ImageError
from madorizu.plan import MODULE_MM

MAX_PIXELS = 25_000_000
MIN_SIDE_PX = 64
_SMALL_SIDE_PX = 256
_INK = 48  # grey levels away from the background: fainter is paper
_DARK = 128  # paper that is darker is a blueprint, or a wall at the picture's rim
_MOSTLY = 0.3  # share of a picture that its paper has at least
_PLAUSIBLE_MODULES = 1.0  # a crop is rounded to modules, so up to one may be off
_PLAUSIBLE_ASPECT = 0.08
_CLEAR_LATTICE = 0.15  # of 1: below it the walls do not agree on a lattice
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, MemoryError)

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """The pixels of an image file.

    Attributes:
        pixels: uint8, (height, width, 3), RGB on white, upright.
        format: "PNG" or "JPEG".
        as_it_was: whether the file holds exactly these pixels as 8-bit RGB.
        mended: what was converted, one phrase each.
    """

    pixels: Pixels
    format: str
    as_it_was: bool
    mended: tuple[str, ...]


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


def open_picture(path: Path) -> Picture:
    """Read a PNG or JPEG, whatever its name says, as upright RGB on white.

    The size is checked before any pixel is read. Does not scale.

    Raises:
        ImageError: if it is no PNG or JPEG, is broken, too large, too small, or empty.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata: it is not used
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open(path, "rb") as file, Image.open(file, formats=("PNG", "JPEG")) as image:
                _check_size(image.size, path)
                image.load()
                return _normalise(image, path)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{path.name} must be a PNG or JPEG, got {_kind_of(path)}", "save it as PNG") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"{path.name} must have at most {MAX_PIXELS // 1_000_000} megapixels, got far more", "make it smaller"
        ) from error
    except _BROKEN as error:
        raise ImageError(
            f"{path.name} must be a whole image, got {type(error).__name__}: {error}", "export or copy it again"
        ) from error


def _check_size(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{path.name} must have at most {MAX_PIXELS // 1_000_000} megapixels, got {width}x{height}",
            "make it smaller",
        )
    if min(width, height) < MIN_SIDE_PX:
        raise ImageError(
            f"{path.name} must be at least {MIN_SIDE_PX} px a side, got {width}x{height}",
            "export it again at a higher resolution",
        )


def _kind_of(path: Path) -> str:
    """Name what a file is by its first bytes, for the message."""
    with open(path, "rb") as file:
        head = file.read(16)
    known = {
        b"GIF8": "a GIF",
        b"RIFF": "a WebP",
        b"BM": "a BMP",
        b"II*\0": "a TIFF",
        b"MM\0*": "a TIFF",
        b"%PDF": "a PDF",
    }
    if not head:
        return "an empty file"
    return next((name for start, name in known.items() if head.startswith(start)), "something else")


def _normalise(image: Image.Image, path: Path) -> Picture:
    kind = image.format or ""
    mended: list[str] = []
    mode = image.mode
    upright = ImageOps.exif_transpose(image)
    if upright.size != image.size or image.getexif().get(0x0112, 1) != 1:
        mended.append("turned upright as its EXIF says")
    if mode.startswith("I"):
        upright = _eight_bit(upright)
    if mode.startswith("I") or _has_16_bits(path, kind):
        mended.append("16 bits reduced to 8")
    if upright.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        over = upright.convert("RGBA")
        if over.getchannel("A").getextrema() != (255, 255):
            mended.append("transparency laid on white")
        upright = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    if mode == "CMYK":
        mended.append("CMYK converted to RGB")
    pixels = np.asarray(upright.convert("RGB"))
    if not _ink(pixels).any():
        raise ImageError(f"{path.name} must show a drawing, got an empty picture", "export it again")
    as_it_was = kind == "PNG" and mode == "RGB" and not mended and "transparency" not in image.info
    return Picture(pixels, kind, as_it_was, tuple(mended))


def _has_16_bits(path: Path, kind: str) -> bool:
    # Pillow halves the bits of a colour PNG without a word; the header has them at byte 24.
    with open(path, "rb") as file:
        head = file.read(25)
    return kind == "PNG" and len(head) == 25 and head[24] == 16


def _eight_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float64)
    # A 16-bit scan uses 0 to 65535; Pillow's own conversion would clip instead.
    return Image.fromarray(np.clip(np.rint(values / 257), 0, 255).astype(np.uint8))


# --- placing ------------------------------------------------------------------------------


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
    left, top, right, bottom = _content(_ink(pixels))
    if min(over) >= -_PLAUSIBLE_MODULES and max(right - left, bottom - top) / stated <= limit:
        return stated, (), (f"the picture shows {shown}, W×H is {size}: has it wide margins?",)
    raise ImageError(
        f"picture must show the {size} modules of its sidecar, got {shown}", "correct grid_px or layout_bounds"
    )


def _on_canvas(pixels: Pixels, brief: Brief, scale: float, target: canvas.Canvas) -> Pixels:
    """Scale a picture once, with its walls on the canvas's lattice; never stretched."""
    factor = target.px_per_module / scale
    half_px = target.px_per_module / 2
    ink = _ink(pixels)
    left, top, right, bottom = _content(ink)
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
        offsets.append(start + _to_lattice(ink.sum(axis=axis, dtype=np.float64), factor, start, half_px))
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
    result = Image.new("RGB", (size_px, size_px), _background(pixels))
    x0, y0 = max(math.floor(offset[0]), 0), max(math.floor(offset[1]), 0)
    x1 = min(math.ceil(offset[0] + width * factor), size_px)
    y1 = min(math.ceil(offset[1] + height * factor), size_px)
    # The box may reach a pixel of the result beyond the picture: pad so that it never ends there.
    rim = math.ceil(1 / factor) + 1
    around = Image.new("RGB", (width + 2 * rim, height + 2 * rim), _background(pixels))
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
    square = Image.new("RGB", (max(width, height),) * 2, _background(pixels))
    square.paste(Image.fromarray(pixels), ((max(width, height) - width) // 2, (max(width, height) - height) // 2))
    return _resized(np.asarray(square), size_px, size_px), 0, tuple(mended)


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.HAMMING))


def _background(pixels: Pixels) -> tuple[int, int, int]:
    """Return the colour of the paper: that of the picture's rim, unless the rim is a wall."""
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = np.median(rim, axis=0)
    if paper.mean() < _DARK:
        thinned = pixels[::4, ::4].reshape(-1, 3)
        like_rim = (np.abs(thinned - paper).max(axis=1) < _INK).mean()
        if like_rim < _MOSTLY:
            # A crop that runs along the outer walls has a dark rim on light paper.
            packed = thinned @ np.array([65536, 256, 1])  # one number per colour: quick to count
            colours, counts = np.unique(packed, return_counts=True)
            commonest = int(colours[counts.argmax()])
            paper = np.array([commonest >> 16, commonest >> 8 & 255, commonest & 255])
    red, green, blue = (int(v) for v in paper)
    return red, green, blue


def _ink(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Return how far each pixel is from the background, 0 where it is paper."""
    away = np.zeros(pixels.shape[:2], np.uint8)
    # Channel by channel: numpy is slow along an axis of three.
    for channel, level in zip(np.moveaxis(pixels, 2, 0), np.array(_background(pixels), np.uint8), strict=True):
        np.maximum(away, np.maximum(channel, level) - np.minimum(channel, level), out=away)
    away[away <= _INK] = 0
    return away


def _content(ink: npt.NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return the box of all ink: left, top, right, bottom."""
    columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not columns.size:
        return 0, 0, ink.shape[1], ink.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
