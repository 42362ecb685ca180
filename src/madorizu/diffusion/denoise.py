"""The mathematics of diffusion that training and sampling share.

Noise is mixed in float64 and handed on in float32: in half precision the scheduler's
`add_noise` gives no noise at all at the first timesteps, and in float32 1 - a has lost four
digits there. Random numbers are counted: they follow from a seed and what
they are for, never from what was drawn before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from madorizu.diffusion import device
from madorizu.diffusion import tokenizer as words
from madorizu.errors import BriefError, SettingsError

if TYPE_CHECKING:
    from diffusers import DDPMScheduler

    from madorizu.diffusion.bases import Base

GUIDANCE = {"embedded": 2.0, "sd21-base": 7.5, "sd21": 7.5}  # by preset


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


def noise_schedule(base: Base, *, zero_terminal_snr: bool | None = None) -> DDPMScheduler:
    """Read the base's own noise schedule and prediction type for training.

    Args:
        zero_terminal_snr: whether the last timestep is pure noise; None is as the model says.

    Raises:
        SettingsError: if that is asked of a model of the noise, which learns nothing there.

    References:
        Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed", WACV 2024,
        section 3.1. arXiv:2305.08891
    """
    from diffusers import DDPMScheduler

    if zero_terminal_snr and base.prediction_type != "v_prediction":
        raise SettingsError(
            f"zero_terminal_snr must be off for a model of {base.prediction_type}, got on",
            "in pure noise the noise itself tells nothing of the picture; use a model of the velocity, such as sd21",
        )
    more = {} if zero_terminal_snr is None else {"rescale_betas_zero_snr": zero_terminal_snr}
    with device.hushed():  # settings of other schedulers in the same file are no news
        scheduler: DDPMScheduler = DDPMScheduler.from_pretrained(
            base.folder, subfolder="scheduler", local_files_only=True, **more
        )
    return exact(scheduler)


def exact(scheduler: DDPMScheduler) -> DDPMScheduler:
    """Give a schedule its own products of 1 - beta in float64; in float32 they are off in the sixth digit."""
    products = torch.cumprod(1 - scheduler.betas.double(), 0)
    if scheduler.config["rescale_betas_zero_snr"]:
        products[-1] = scheduler.alphas_cumprod[-1]  # not quite 0, as diffusers has it, so that all stays finite
    scheduler.alphas_cumprod = products
    return scheduler


def noised(
    scheduler: DDPMScheduler, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """Mix latents and noise, sqrt(a)·x + sqrt(1 - a)·n; float32, or float64 if they are.

    Args:
        latents, noise: (batch, channels, height, width), any float dtype.
        timesteps: (batch,), whole numbers.
    """
    mixed: torch.Tensor = scheduler.add_noise(_fine(latents), _fine(noise), timesteps)
    return mixed.to(_wide(latents).dtype)


def _fine(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in float64, on MPS, which has none, in float32."""
    return tensor.float() if tensor.device.type == "mps" else tensor.double()


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in float32 at least."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def target(
    scheduler: DDPMScheduler, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """Return what the model must predict: the noise, or the velocity sqrt(a)·n - sqrt(1 - a)·x."""
    if scheduler.config["prediction_type"] == "v_prediction":
        velocity: torch.Tensor = scheduler.get_velocity(_fine(latents), _fine(noise), timesteps)
        return velocity.to(_wide(latents).dtype)
    return _wide(noise)


def snr(scheduler: DDPMScheduler, timesteps: torch.Tensor) -> torch.Tensor:
    """Return the signal-to-noise ratio a / (1 - a) at each timestep, float32, shape (batch,)."""
    on_mps = timesteps.device.type == "mps"
    alphas: torch.Tensor = scheduler.alphas_cumprod.to(timesteps.device, torch.float32 if on_mps else torch.float64)
    return (alphas[timesteps] / (1 - alphas[timesteps])).float()


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


def losses(prediction: torch.Tensor, wanted: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean squared error of each image, float32 at least, shape (batch,).

    Args:
        mask: (batch, height, width), 0 or more: how much each place counts in the mean.
    """
    square = (_wide(prediction) - _wide(wanted)).square()
    if mask is None:
        return square.flatten(1).mean(dim=1)
    weights = mask[:, None].expand_as(square)
    return (square * weights).flatten(1).sum(dim=1) / weights.flatten(1).sum(dim=1)


def embed(tokenizer: Any, encoder: Any, captions: Sequence[str]) -> torch.Tensor:
    """Encode captions as `StableDiffusionPipeline` does; float32 on the CPU, (captions, 77, width).

    Raises:
        BriefError: if a caption has more tokens than the tokenizer takes; nothing is cut off.
    """
    with torch.no_grad():
        return encoded(tokenizer, encoder, captions).float().cpu()


def encoded(tokenizer: Any, encoder: Any, captions: Sequence[str]) -> torch.Tensor:
    """`embed` with the encoder's own format, device and gradients.

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
    found = encoder(
        tokens.input_ids.to(encoder.device), attention_mask=None if mask is None else mask.to(encoder.device)
    )
    return found[0]  # type: ignore[no-any-return]


def draw_latent(
    unet: Any,
    schedule: DDPMScheduler,
    texts: tuple[torch.Tensor, torch.Tensor],
    noise: torch.Tensor,
    *,
    steps: int,
    guidance: float,
) -> torch.Tensor:
    """Denoise one latent in few steps, with classifier-free guidance, by DDIM.

    Args:
        texts: embeddings of the caption and of "", each (77, width).
        noise: (channels, height, width), float32.

    Returns:
        The latent, scaled, float32, of the same shape and device.

    References:
        Song et al., "Denoising Diffusion Implicit Models", ICLR 2021, equation 12. arXiv:2010.02502
    """
    from diffusers import DDIMScheduler

    with device.hushed():
        solver = DDIMScheduler.from_config(schedule.config, clip_sample=False, timestep_spacing="trailing")
    solver.set_timesteps(steps)
    dtype = next(unet.parameters()).dtype
    both = torch.stack(texts).to(noise.device, dtype)
    latent = noise[None]
    with torch.no_grad():
        for moment in solver.timesteps:
            pair = torch.cat([latent, latent]).to(dtype)
            said, unsaid = unet(pair, moment.to(noise.device), encoder_hidden_states=both).sample.float()
            latent = solver.step((unsaid + guidance * (said - unsaid))[None], moment, latent).prev_sample
    return latent[0]


def check_length(tokenizer: Any, caption: str) -> None:
    """Refuse a caption that the tokenizer would cut off.

    Raises:
        BriefError: naming the number of tokens.
    """
    limit = int(tokenizer.model_max_length)
    length = len(tokenizer(words.clean(caption), truncation=False, verbose=False).input_ids)
    if length > limit:
        raise BriefError(f"caption must have at most {limit} tokens, got {length}: {caption!r}", "ask for fewer things")
