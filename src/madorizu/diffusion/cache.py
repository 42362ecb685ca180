"""Images and captions encoded once, on disk.

Both encoders run in float32, one after the other, and are dropped from memory before the
UNet is loaded. A latent is kept as mean and standard deviation of the VAE's distribution,
so that each step draws its own sample. Entries are named by what they were made from (the
file's or caption's content, the encoder's weights, the shape): stale ones are never found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from madorizu import files
from madorizu.diffusion import bases, denoise, device, pictures
from madorizu.diffusion.progress import Event, Report, quiet
from madorizu.errors import BaseModelError, BriefError, DatasetError, ImageError, TrainingError

if TYPE_CHECKING:
    from diffusers import AutoencoderKL

    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.pictures import View

_SANE_STD = (0.2, 5.0)  # scaled latents have a spread of about 1; 5.5 times that is a forgotten factor


@dataclass(frozen=True, slots=True)
class Cache:
    """Where the entries of one run lie.

    Attributes:
        folder: of the entries.
        base: whose encoders made them.
        images: view of an image -> entry.
        captions: caption -> entry; "" is always there.
    """

    folder: Path
    base: Base
    images: dict[View, Path]
    captions: dict[str, Path]

    def latent(self, view: View) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and standard deviation of a view's latent, scaled, float32, each (channels, h, w)."""
        found = _load(self.images[view])
        return found["mean"], found["std"]

    def text(self, caption: str) -> torch.Tensor:
        """Return a caption's embedding, float32, (77, width)."""
        return _load(self.captions[caption])["embedding"]


def build(
    base: Base,
    views: Iterable[View],
    captions: Iterable[str],
    *,
    folder: Path,
    device_name: str = "cpu",
    known: Mapping[Path, str] | None = None,
    report: Report = quiet,
) -> Cache:
    """Encode what is not in the cache yet.

    Args:
        known: image -> SHA-256 of its file, where that was computed before.

    Raises:
        DatasetError: if a caption is too long.
        ImageError: if an image cannot be read.
        TrainingError: if the VAE gives numbers that are not finite, naming the file.
        BaseModelError: if an encoder cannot be loaded.
    """
    cache = plan(base, views, captions, folder=folder, known=known)
    missing_text = [text for text, entry in cache.captions.items() if not entry.is_file()]
    missing_images = [view for view, entry in cache.images.items() if not entry.is_file()]
    if missing_text or missing_images:
        report(Event("note", f"encoding {len(missing_images)} images and {len(missing_text)} captions, once"))
    if missing_text:
        _encode_captions(cache, missing_text, device_name)
        device.release(device_name)
    if missing_images:
        _encode_images(cache, missing_images, device_name)
        device.release(device_name)
    _check_spread(cache, report)
    return cache


def plan(
    base: Base,
    views: Iterable[View],
    captions: Iterable[str],
    *,
    folder: Path,
    known: Mapping[Path, str] | None = None,
) -> Cache:
    """Name the entries without encoding anything.

    Raises:
        ImageError: if an image cannot be read.
    """
    vae = bases.weights_hash(base.folder, "vae")
    encoder = bases.weights_hash(base.folder, "text_encoder")
    sums = dict(known or {})
    named = {}
    for view in dict.fromkeys(views):
        if view.path not in sums:
            sums[view.path] = _sha256_of(view.path)
        look = (view.shape, view.mirrored, view.shift)
        named[view] = folder / f"image-{_key(sums[view.path], vae, look)}.safetensors"
    texts = {text: folder / f"text-{_key(text, encoder)}.safetensors" for text in dict.fromkeys(["", *captions])}
    return Cache(folder, base, named, texts)


def _sha256_of(image: Path) -> str:
    try:
        return hashlib.sha256(image.read_bytes()).hexdigest()
    except OSError as error:
        raise ImageError(f"image must be readable, got {error.strerror or error}: {image}") from error


def _encode_captions(cache: Cache, captions: Sequence[str], device_name: str) -> None:
    from transformers import CLIPTextModel, CLIPTokenizer

    folder = cache.base.folder
    try:
        tokenizer = CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer", local_files_only=True)
        encoder = CLIPTextModel.from_pretrained(
            folder, subfolder="text_encoder", dtype=torch.float32, **cache.base.loading
        )
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's text encoder must load, got {error}", f"in {folder}") from error
    encoder.to(device_name).eval()
    for caption in captions:
        try:
            embedding = denoise.embed(tokenizer, encoder, [caption])[0]
        except BriefError as error:
            raise DatasetError(error.message, "shorten the caption in the prepared data") from error
        if not torch.isfinite(embedding).all():
            raise TrainingError(f"caption's embedding must be finite, got NaN or infinity for {caption!r}")
        _save(cache.captions[caption], {"embedding": embedding})


def _encode_images(cache: Cache, views: Sequence[View], device_name: str) -> None:
    from diffusers import AutoencoderKL

    folder = cache.base.folder
    try:
        vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", dtype=torch.float32, **cache.base.loading)
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's VAE must load, got {error}", f"in {folder}") from error
    vae.to(device_name).eval()
    for view in views:
        mean, std = encode_image(vae, cache.base, pictures.read(view).to(device_name))
        if not (torch.isfinite(mean).all() and torch.isfinite(std).all()):
            raise TrainingError(
                f"latent must be finite, got NaN or infinity for {view.path}", "replace or remove the image"
            )
        _save(cache.images[view], {"mean": mean, "std": std})


def encode_image(vae: AutoencoderKL, base: Base, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the scaled mean and standard deviation of the VAE's distribution, float32 on the CPU.

    Args:
        pixels: (3, height, width), float32 in -1..1.
    """
    with torch.no_grad():
        found = vae.encode(pixels[None].float()).latent_dist
    mean = (found.mean[0] - base.shift_factor) * base.scaling_factor
    return mean.float().cpu(), (found.std[0] * base.scaling_factor).float().cpu()


def _check_spread(cache: Cache, report: Report) -> None:
    """Say so when the latents' spread shows that the VAE and its scaling factor do not belong together."""
    few = list(cache.images)[:8]
    if not few:
        return
    spread = float(torch.cat([cache.latent(view)[0].flatten() for view in few]).std())
    if not _SANE_STD[0] <= spread <= _SANE_STD[1]:
        report(
            Event(
                "advice", f"the latents' spread is {spread:.2f}, should be about 1: is this base's VAE the right one?"
            )
        )


def _key(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:40]


def _save(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    from safetensors.torch import save

    files.atomic_bytes(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}))


def _load(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"cache entry must be whole, got {error}: {path.name}", "delete the cache folder"
        ) from error
