"""What an example can look like in training: its bucket, its mirror image, its captions, its mask; and their order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from madorizu.diffusion import captions, denoise, pictures
from madorizu.diffusion.pictures import View
from madorizu.errors import BriefError, DatasetError, ImageError

if TYPE_CHECKING:
    from madorizu.dataset import Example
    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.settings import TrainSettings

_MASKS = (".png", ".webp", ".jpg")


@dataclass(frozen=True, slots=True)
class Look:
    """One example in all its forms.

    Attributes:
        plain: as it was prepared.
        mirror: its mirror image, or None where it must not be mirrored.
        captions: its own and its other forms; `mirror_captions` are those of the mirror image.
        mask: where its loss counts, or None for everywhere.
    """

    plain: View
    mirror: View | None
    captions: tuple[str, ...]
    mirror_captions: tuple[str, ...]
    mask: Path | None

    @property
    def views(self) -> list[View]:
        """Both views, or the one there is."""
        return [self.plain] if self.mirror is None else [self.plain, self.mirror]

    @property
    def texts(self) -> list[str]:
        """All captions that may be shown with it."""
        return [*self.captions, *self.mirror_captions]


def of(example: Example, base: Base, settings: TrainSettings, fits: Callable[[str], bool]) -> Look:
    """List the forms of a training image that the settings ask for.

    Args:
        fits: says whether a caption is short enough for the text encoder.

    Raises:
        DatasetError: if a mask is missing.
        ImageError: if the image cannot be read, or is not square and buckets are off.
    """
    plain = view_of(example, base, settings)
    mirror, other = None, None
    if settings.mirror and (other := captions.mirrored(example.caption)) is not None:
        turned = replace(plain, mirrored=True, shift=pictures.mirror_shift(example))
        mirror = turned if not turned.shift or pictures.can_mirror(turned) else None

    def forms(text: str) -> tuple[str, ...]:
        count, words = settings.caption_shuffle, settings.caption_words
        return (text, *captions.variants(text, count, seed=settings.seed, words=words, fits=fits))

    return Look(
        plain=plain,
        mirror=mirror,
        captions=forms(example.caption),
        mirror_captions=() if mirror is None or other is None else forms(other),
        mask=None if settings.masks is None else mask_of(example, settings.masks),
    )


def view_of(example: Example, base: Base, settings: TrainSettings) -> View:
    """Return how an image is looked at: in its bucket, or as the square that it is.

    Raises:
        ImageError: if it cannot be read, or is not square and buckets are off.
    """
    side = settings.size or base.size_px
    width, height = pictures.size_of(example.path)
    if settings.buckets:
        return View(example.path, pictures.bucket((width, height), side, unit_px(base, side)))
    if width != height:
        raise ImageError(
            f"training image must be square, got {width}x{height}: {example.path}",
            "run prepare_dataset.py, which puts images on the canvas, or use --buckets",
        )
    return View(example.path, (side, side))


def unit_px(base: Base, side: int) -> int:
    """Return what a bucket's sides are multiples of: as the UNet halves a latent thrice, small ones once."""
    cells = side // base.vae_factor
    return base.vae_factor * (8 if cells >= 32 else 2)


def fits(base: Base) -> Callable[[str], bool]:
    """Return a function that says whether a caption is short enough for a base."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(base.folder, subfolder="tokenizer", local_files_only=True)

    def short(text: str) -> bool:
        try:
            denoise.check_length(tokenizer, text)
        except BriefError:
            return False
        return True

    return short


def mask_of(example: Example, folder: Path) -> Path:
    """Find an image's mask by its name.

    Raises:
        DatasetError: if there is none.
    """
    for ending in _MASKS:
        if (path := folder / f"{example.path.stem}{ending}").is_file():
            return path
    raise DatasetError(
        f"mask must be there for every image, got none for {example.path.name} in {folder}",
        "a white picture lets all of the image count",
    )


def masks_hash(looks: Mapping[Path, Look]) -> str:
    """Return a hash of all masks, "" without any: other masks are another run."""
    sums = sorted(
        (path.name, hashlib.sha256(look.mask.read_bytes()).hexdigest()) for path, look in looks.items() if look.mask
    )
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest() if sums else ""


# --- order ------------------------------------------------------------------------------------


def epoch_order(seed: int, epoch: int, count: int) -> list[int]:
    """Return the order of the images in an epoch, counted from 0."""
    return torch.randperm(count, generator=denoise.counted(seed, "order", epoch)).tolist()


def epoch_places(seed: int, epoch: int, shapes: Sequence[tuple[int, int]], *, size: int, wide: int) -> list[int]:
    """Return the images of an epoch by place: all of them, with some twice to fill up batches and the last step.

    Args:
        shapes: of the images; each `size` places in a row have one shape.
        wide: places of a step, a multiple of `size`.
    """
    order = epoch_order(seed, epoch, len(shapes))
    groups: dict[tuple[int, int], list[int]] = {}
    for number in order:
        groups.setdefault(shapes[number], []).append(number)
    if len(groups) > 1:
        batches = [_filled(group, size)[i : i + size] for group in groups.values() for i in range(0, len(group), size)]
        shuffled = torch.randperm(len(batches), generator=denoise.counted(seed, "batches", epoch)).tolist()
        order = [number for batch in shuffled for number in batches[batch]]
    return _filled(order, wide)


def _filled(numbers: list[int], multiple: int) -> list[int]:
    """Lengthen a list to a multiple, from its own beginning."""
    whole = -(-len(numbers) // multiple) * multiple
    return [numbers[i % len(numbers)] for i in range(whole)]


def epoch_steps(shapes: Sequence[tuple[int, int]], *, size: int, wide: int) -> int:
    """Return how many steps `epoch_places` makes, without making them."""
    counts: dict[tuple[int, int], int] = {}
    for shape in shapes:
        counts[shape] = counts.get(shape, 0) + 1
    if len(counts) == 1:
        return -(-len(shapes) // wide)
    return -(-sum(-(-count // size) for count in counts.values()) * size // wide)
