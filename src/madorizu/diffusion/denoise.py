"""The mathematics of diffusion that training and sampling share.

All of it is in float32: in half precision the scheduler's `add_noise` gives no noise at
all at the first timesteps. Random numbers are counted: they follow from a seed and what
they are for, never from what was drawn before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from madorizu.diffusion import device
from madorizu.diffusion import tokenizer as words
from madorizu.errors import BriefError

if TYPE_CHECKING:
    from diffusers import DDPMScheduler

    from madorizu.diffusion.bases import Base


def counted(seed: int, *purpose: object) -> torch.Generator:
    """Make a CPU generator whose numbers follow from the seed and the purpose alone.

    Example:
        >>> a = torch.randn(2, generator=counted(0, "noise", 7))
        >>> bool((a == torch.randn(2, generator=counted(0, "noise", 7))).all())
        True
    """
    text = "/".join([str(seed), *map(str, purpose)])
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1  # 63 bits fit a signed seed
    return torch.Generator("cpu").manual_seed(number)


def noise_schedule(base: Base) -> DDPMScheduler:
    """Read the base's own noise schedule and prediction type for training."""
    from diffusers import DDPMScheduler

    with device.hushed():  # settings of other schedulers in the same file are no news
        scheduler: DDPMScheduler = DDPMScheduler.from_pretrained(
            base.folder, subfolder="scheduler", local_files_only=True
        )
    return scheduler


def noised(
    scheduler: DDPMScheduler, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """Mix latents and noise, sqrt(a)·x + sqrt(1 - a)·n, in float32.

    Args:
        latents, noise: (batch, channels, height, width), any float dtype.
        timesteps: (batch,), whole numbers.
    """
    return scheduler.add_noise(latents.float(), noise.float(), timesteps)  # type: ignore[no-any-return]


def target(
    scheduler: DDPMScheduler, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """Return what the model must predict: the noise, or the velocity sqrt(a)·n - sqrt(1 - a)·x."""
    if scheduler.config["prediction_type"] == "v_prediction":
        return scheduler.get_velocity(latents.float(), noise.float(), timesteps)  # type: ignore[no-any-return]
    return noise.float()


def snr(scheduler: DDPMScheduler, timesteps: torch.Tensor) -> torch.Tensor:
    """Return the signal-to-noise ratio a / (1 - a) at each timestep, float32, shape (batch,)."""
    alphas: torch.Tensor = scheduler.alphas_cumprod.to(timesteps.device, torch.float32)[timesteps]
    return alphas / (1 - alphas)


def loss_weights(scheduler: DDPMScheduler, timesteps: torch.Tensor, gamma: float) -> torch.Tensor:
    """Return min-SNR weights, or ones where gamma is 0.

    For a model of the noise min(snr, gamma) / snr, for one of the velocity
    min(snr, gamma) / (snr + 1).

    References:
        Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy", ICCV 2023,
        section 3.4. arXiv:2303.09556
    """
    if not gamma:
        return torch.ones_like(timesteps, dtype=torch.float32)
    ratio = snr(scheduler, timesteps)
    if scheduler.config["prediction_type"] == "v_prediction":
        return ratio.clamp(max=gamma) / (ratio + 1)
    # A schedule with zero terminal SNR has ratio 0 at the end; there the limit is 1.
    return torch.where(ratio > gamma, gamma / ratio, torch.ones_like(ratio))


def losses(prediction: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of each image, float32, shape (batch,)."""
    return (prediction.float() - wanted.float()).square().flatten(1).mean(dim=1)


def embed(tokenizer: Any, encoder: Any, captions: Sequence[str]) -> torch.Tensor:
    """Encode captions as `StableDiffusionPipeline` does; float32 on the CPU, (captions, 77, width).

    Raises:
        BriefError: if a caption has more tokens than the tokenizer takes; nothing is cut off.
    """
    for caption in captions:
        check_length(tokenizer, caption)
    tokens = tokenizer(
        [words.clean(caption) for caption in captions],
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    mask = tokens.attention_mask if getattr(encoder.config, "use_attention_mask", False) else None
    with torch.no_grad():
        found = encoder(
            tokens.input_ids.to(encoder.device), attention_mask=None if mask is None else mask.to(encoder.device)
        )[0]
    return found.float().cpu()  # type: ignore[no-any-return]


def check_length(tokenizer: Any, caption: str) -> None:
    """Refuse a caption that the tokenizer would cut off.

    Raises:
        BriefError: naming the number of tokens.
    """
    limit = int(tokenizer.model_max_length)
    length = len(tokenizer(words.clean(caption), truncation=False, verbose=False).input_ids)
    if length > limit:
        raise BriefError(f"caption must have at most {limit} tokens, got {length}: {caption!r}", "ask for fewer things")
