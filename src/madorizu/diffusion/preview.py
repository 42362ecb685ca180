"""Pictures of fixed briefs while a run goes: the same noise each time, so that only the LoRA differs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from madorizu import files
from madorizu.diffusion import denoise, device, probe, steps
from madorizu.diffusion.progress import Event
from madorizu.errors import BaseModelError

if TYPE_CHECKING:
    from madorizu.dataset import Prepared
    from madorizu.diffusion.settings import TrainSettings
    from madorizu.diffusion.steps import Run

FOLDER = "previews"
EVERY = 100
_STEPS = 20


def captions_of(settings: TrainSettings, data: Prepared) -> tuple[str, ...]:
    """Return the captions that are drawn: those asked for, else those of the first validation images."""
    if settings.preview_captions is not None:
        return settings.preview_captions
    examples = data.validation or data.train
    return tuple(dict.fromkeys(example.caption for example in examples))[: settings.previews]


def every(run: Run) -> int:
    """Return after how many steps pictures are drawn, 0 for never."""
    if run.settings.preview_every is not None:
        return run.settings.preview_every
    return 0 if run.device.name == "cpu" and probe.is_large(run) else EVERY


def draw(run: Run, step: int) -> list[Path]:
    """Draw each caption with the LoRA as it is and tell so; takes no number of the training's randomness.

    Raises:
        BaseModelError: if the VAE cannot be loaded.
        StorageError: if a picture cannot be written.
    """
    captions = captions_of(run.settings, run.data)
    side = (run.settings.size or run.base.size_px) // run.base.vae_factor
    latents = []
    with steps.at_rest(run):
        empty = steps.text_of(run, [""])[0]
        for number, caption in enumerate(captions):
            noise = torch.randn(
                (run.base.latent_channels, side, side), generator=denoise.counted(run.settings.seed, "preview", number)
            )
            texts = (steps.text_of(run, [caption])[0], empty)
            guidance = denoise.GUIDANCE[run.base.preset]
            found = denoise.draw_latent(
                run.model, run.schedule, texts, noise.to(run.accelerator.device), steps=_STEPS, guidance=guidance
            )
            latents.append(found)
    paths = _decode(run, latents, step)
    words = f"step {step}: {len(paths)} pictures in {run.settings.out / FOLDER}"
    run.report(Event("preview", words, {"step": step, "paths": [str(path) for path in paths]}))
    return paths


def _decode(run: Run, latents: list[torch.Tensor], step: int) -> list[Path]:
    """Write latents as PNG; the VAE is in memory only meanwhile."""
    vae = _vae(run)
    paths = []
    for number, latent in enumerate(latents):
        with torch.no_grad():
            pixels = vae.decode(latent[None] / run.base.scaling_factor + run.base.shift_factor).sample[0]
        path = run.settings.out / FOLDER / f"step-{step:06d}-{number + 1}.png"
        files.atomic_bytes(path, _png(pixels))
        paths.append(path)
    del vae
    device.release(run.device.name)
    return paths


def _vae(run: Run) -> Any:
    from diffusers import AutoencoderKL

    folder = run.base.folder
    try:
        vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", dtype=torch.float32, **run.base.loading)
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's VAE must load, got {error}", f"in {folder}") from error
    return vae.to(run.accelerator.device).eval()


def _png(pixels: torch.Tensor) -> bytes:
    """Write an image (3, height, width), float in -1..1, as a PNG file's bytes."""
    from PIL import Image

    levels = ((pixels.float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte()
    stream = io.BytesIO()
    Image.fromarray(levels.permute(1, 2, 0).numpy()).save(stream, "PNG")
    return stream.getvalue()


def found(out: Path) -> dict[int, list[Path]]:
    """Return the pictures of a run by step, in order."""
    steps_found: dict[int, list[Path]] = {}
    for path in sorted((out / FOLDER).glob("step-*-*.png")):
        steps_found.setdefault(int(path.name.split("-")[1]), []).append(path)
    return steps_found


def cut(out: Path, step: int) -> None:
    """Remove the pictures after a step, so that a continued run draws them once."""
    for late, paths in found(out).items():
        if late > step:
            for path in paths:
                path.unlink(missing_ok=True)
