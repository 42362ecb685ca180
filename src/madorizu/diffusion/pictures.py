"""Training images as the VAE takes them: read, put into their bucket, mirrored; and their masks.

A bucket is a shape of about the area of a square image; where buckets are off there is one,
the square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from madorizu import canvas
from madorizu.brief import modules
from madorizu.errors import BriefError, ImageError

if TYPE_CHECKING:
    from PIL.Image import Image

    from madorizu.dataset import Example

_FORMATS = ("PNG", "JPEG", "WEBP")
_NARROWEST = 4.0  # the long side of a bucket is at most that many short ones


@dataclass(frozen=True, slots=True)
class View:
    """One way that an image is looked at.

    Attributes:
        path: the image.
        shape: (height, width) of its bucket in pixels.
        mirrored: east and west are changed.
        shift: how far the mirrored picture is moved east, as a share of the width; negative is west.
    """

    path: Path
    shape: tuple[int, int]
    mirrored: bool = False
    shift: float = 0.0


def bucket(size: tuple[int, int], size_px: int, unit: int) -> tuple[int, int]:
    """Return the shape (height, width) whose ratio is nearest to an image's.

    Args:
        size: (width, height) of the image.
        size_px: side of the square with the same area.
        unit: all sides are multiples of it.

    Example:
        >>> bucket((100, 100), 512, 64), bucket((800, 400), 512, 64)
        ((512, 512), (320, 704))
    """
    wanted = math.log(size[0] / size[1])
    shapes = []
    for width in range(unit, int(size_px * math.sqrt(_NARROWEST)) + 1, unit):
        height = size_px * size_px // width // unit * unit
        if height >= unit and max(width / height, height / width) <= _NARROWEST:
            shapes += [(height, width), (width, height)]
    if size_px % unit == 0:
        shapes.append((size_px, size_px))
    return min(shapes, key=lambda shape: (abs(math.log(shape[1] / shape[0]) - wanted), shape))


def size_of(path: Path) -> tuple[int, int]:
    """Return an image's (width, height) from its head alone.

    Raises:
        ImageError: if the file is no image.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=_FORMATS) as opened:
            return opened.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _not_whole("image", path, error) from error


def mirror_shift(example: Example) -> float:
    """Say how far a mirrored plan has to move east to lie where its size puts it, as a share of the width.

    `canvas.fit` puts the north-west corner on a whole module, so a plan of odd or half
    width is not in the middle. 0 where the place is not that of the canvas.
    """
    if not example.grid_px:
        return 0.0
    try:
        width, height = modules(example.width, "width"), modules(example.height, "height")
        place = canvas.fit(width, height)
    except BriefError:
        return 0.0
    across = canvas.REFERENCE_PX // place.scale
    return (2 * place.left + example.width - across) / across


def read(view: View) -> torch.Tensor:
    """Read an image as float32 in -1..1, shape (3, height, width); transparency becomes white.

    An image of another ratio than its bucket's is padded with white, never stretched or cut.

    Raises:
        ImageError: if the file is no image, or what the mirror would push over the rim is not plain.
    """
    from PIL import Image

    clear = _decoded(view.path, "RGBA")
    image = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    pixels = np.asarray(_placed(image, view.shape, (255, 255, 255)), np.float32) / 127.5 - 1
    if view.mirrored:
        pixels = flipped(pixels, view)
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).contiguous()


def read_mask(path: Path, view: View, cells: tuple[int, int]) -> torch.Tensor:
    """Read a mask as float32 in 0..1 at the latent's shape `cells`, placed as its image is.

    Raises:
        ImageError: if the file is no image, or is black all over.
    """
    from PIL import Image

    values = np.asarray(_placed(_decoded(path, "L", "mask"), view.shape, 0), np.float32)[..., None]
    if view.mirrored:
        values = flipped(values, view)
    small = Image.fromarray(np.ascontiguousarray(values[..., 0])).resize((cells[1], cells[0]), Image.Resampling.BOX)
    mask = torch.from_numpy(np.asarray(small, np.float32) / 255)
    if not mask.any():
        raise ImageError(f"mask must be white where the loss counts, got black only: {path}")
    return mask


def flipped(pixels: np.ndarray, view: View) -> np.ndarray:
    """Mirror an array (height, width, channels) and move it as the view says.

    Raises:
        ImageError: if what leaves the picture is not of one colour.
    """
    found = pixels[:, ::-1]
    by = round(view.shift * pixels.shape[1])
    if by:
        gone = found[:, -by:] if by > 0 else found[:, :-by]
        if not (gone == gone[0, 0]).all():
            raise ImageError(f"image's margin must be empty to be mirrored, got a drawing in it: {view.path}")
        found = np.roll(found, by, axis=1)
    return found


def can_mirror(view: View) -> bool:
    """Say whether an image may be mirrored: nothing but its margin would leave the picture."""
    try:
        read(view)
    except ImageError:
        return False
    return True


def _decoded(path: Path, mode: str, what: str = "image") -> Image:
    from PIL import Image

    try:
        with Image.open(path, formats=_FORMATS) as opened:
            return opened.convert(mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _not_whole(what, path, error) from error


def _not_whole(what: str, path: Path, error: Exception) -> ImageError:
    return ImageError(f"{what} must be a whole PNG, JPEG or WebP, got {error}: {path}")


def _placed(image: Image, shape: tuple[int, int], background: tuple[int, int, int] | int) -> Image:
    """Scale an image into a shape, in the middle, on a plain background where the ratios differ."""
    from PIL import Image

    height, width = shape
    if image.width * height == image.height * width:
        return image if image.size == (width, height) else image.resize((width, height), Image.Resampling.LANCZOS)
    scale = min(width / image.width, height / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    placed = Image.new(image.mode, (width, height), background)
    placed.paste(image.resize(inner, Image.Resampling.LANCZOS), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return placed
