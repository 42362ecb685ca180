"""Draw images from captions with a base and, if given, an adapter.

The pixels are those of plain diffusers: `StableDiffusionPipeline.from_pretrained`,
`load_lora_weights`, and a call with one CPU generator per image. Each image is drawn
alone, so it depends on its caption and seed only and not on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from madorizu.diffusion import adapter as adapters
from madorizu.diffusion import bases, denoise
from madorizu.diffusion import device as devices
from madorizu.diffusion import tokenizer as words
from madorizu.errors import BaseModelError, SettingsError

if TYPE_CHECKING:
    from madorizu.diffusion.adapter import Adapter
    from madorizu.diffusion.bases import Base

GUIDANCE = denoise.GUIDANCE


@dataclass(frozen=True, slots=True)
class Sampler:
    """A loaded pipeline.

    Attributes:
        base: what draws.
        adapter: the LoRA in it, or None.
        size_px: side of the images.
        guidance: the default of `draw`.
    """

    base: Base
    adapter: Adapter | None
    size_px: int
    guidance: float
    pipe: Any

    def draw(
        self,
        captions: Sequence[str],
        seeds: Sequence[int],
        *,
        steps: int = 20,
        guidance: float | None = None,
        on_step: Callable[[int, int], None] | None = None,
    ) -> np.ndarray:
        """Draw one image per caption and seed.

        Args:
            steps: denoising steps per image.
            guidance: scale of classifier-free guidance; None takes the base's default.
            on_step: is called with the steps done and their number over all images.

        Returns:
            uint8, (images, size_px, size_px, 3), in the order of the captions.

        Raises:
            SettingsError: if the numbers of captions and seeds differ, or steps is under 1.
            BriefError: if a caption is too long for the base.
        """
        if len(captions) != len(seeds):
            raise SettingsError(f"seeds must be as many as captions, {len(captions)}, got {len(seeds)}")
        if steps < 1:
            raise SettingsError(f"steps must be at least 1, got {steps}")
        for caption in captions:
            denoise.check_length(self.pipe.tokenizer, caption)
        images = np.empty((len(captions), self.size_px, self.size_px, 3), np.uint8)
        for number, (caption, seed) in enumerate(zip(captions, seeds, strict=True)):

            def tell(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any], at: int = number) -> dict[str, Any]:
                if on_step is not None:
                    on_step(at * steps + min(step + 1, steps), len(captions) * steps)
                return tensors

            images[number] = np.asarray(
                self.pipe(
                    words.clean(caption),
                    height=self.size_px,
                    width=self.size_px,
                    num_inference_steps=steps,
                    guidance_scale=self.guidance if guidance is None else guidance,
                    generator=torch.Generator("cpu").manual_seed(seed),
                    callback_on_step_end=tell,
                ).images[0]
            )
        return images


def load(
    base: str = "embedded", adapter: Path | None = None, device: str = "auto", size_px: int | None = None
) -> Sampler:
    """Load a base and an adapter once, ready to draw.

    Args:
        base: a name, a folder or a hub id; see `bases.resolve`.
        adapter: the folder of a LoRA, or None to draw with the base alone.
        device: auto, cpu, cuda or mps.
        size_px: side of the images; None takes that of the adapter's training images, and
            without an adapter the base's own.

    Raises:
        BaseModelError: if the base is missing, incomplete or of another family.
        AdapterError: if the adapter is missing, damaged, or was trained on another base.
        SettingsError: if the device is not there, or the size is no multiple of the VAE's factor.
    """
    found = bases.resolve(base)
    if found.shift_factor:
        raise BaseModelError(
            f"base's VAE must have no shift_factor, got {found.shift_factor}",
            "StableDiffusionPipeline leaves it out; fold it into the VAE's weights",
        )
    read = None if adapter is None else adapters.load(adapter, found)
    side_px = size_px or (found.size_px if read is None else read.size_px)
    if side_px % found.vae_factor:
        raise SettingsError(f"size must be a multiple of {found.vae_factor} px for this base, got {side_px}")
    place = devices.for_sampling(device, small=found.preset == "embedded")
    with devices.hushed():
        pipe = _pipeline(found, place)
        if read is not None:
            pipe.load_lora_weights(read.folder, weight_name=adapters.KOHYA_WEIGHTS, local_files_only=True)
    pipe.to(place.name)
    devices.make_safe(pipe.unet, place)
    return Sampler(found, read, side_px, GUIDANCE[found.preset], pipe)


def _pipeline(base: Base, place: devices.Device) -> Any:
    from diffusers import StableDiffusionPipeline

    try:
        pipe = StableDiffusionPipeline.from_pretrained(
            base.folder,
            dtype=place.torch_dtype,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
            **base.loading,
        )
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base must load, got {error}", f"in {base.folder}") from error
    pipe.set_progress_bar_config(disable=True)
    return pipe
