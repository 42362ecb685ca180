"""Image files → pixels that can be trusted, and what in them is drawn."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from madorizu.errors import ImageError

MAX_PIXELS = 25_000_000
MIN_SIDE_PX = 64
_INK = 48  # grey levels away from the background: fainter is paper
_DARK = 128  # paper that is darker is a blueprint, or a wall at the picture's rim
_MOSTLY = 0.3  # share of a picture that its paper has at least
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
    if not ink(pixels).any():
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


# --- what is drawn ------------------------------------------------------------------------


def background(pixels: Pixels) -> tuple[int, int, int]:
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


def ink(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Return how far each pixel is from the background, 0 where it is paper."""
    away = np.zeros(pixels.shape[:2], np.uint8)
    # Channel by channel: numpy is slow along an axis of three.
    for channel, level in zip(np.moveaxis(pixels, 2, 0), np.array(background(pixels), np.uint8), strict=True):
        np.maximum(away, np.maximum(channel, level) - np.minimum(channel, level), out=away)
    away[away <= _INK] = 0
    return away


def content(ink: npt.NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return the box of all ink: left, top, right, bottom."""
    columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not columns.size:
        return 0, 0, ink.shape[1], ink.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
