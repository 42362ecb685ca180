"""Train the UNet and the text encoder together on latents and captions."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTokenizer

from madorizu import brief, wording
from madorizu.diffusion import denoise
from madorizu.diffusion.denoise import counted
from madorizu.diffusion.device import CPU, Device
from madorizu.diffusion.pretrain import loop, recipe, text

# Cosine schedule: little signal is left at the last step, so colours of the paper are free.
SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
}


@dataclass(frozen=True, slots=True)
class Material:
    """What the UNet is trained on.

    Attributes:
        latents: float16, (n, channels, side, side), of mean 0 and deviation 1.
        captions: of the grammar, one per latent.
        tokenizer: the base's own.
        taught: weights that the text encoder begins with, from `reader`.
        started: weights of a base that both begin with instead.
    """

    latents: torch.Tensor
    captions: Sequence[str]
    tokenizer: CLIPTokenizer
    taught: Mapping[str, torch.Tensor]
    started: Mapping[str, torch.Tensor] | None = None


class Denoiser(torch.nn.Module):
    """UNet and text encoder as one module, so that one optimizer and one snapshot hold both."""

    def __init__(self, whole: recipe.Recipe, vocabulary: int) -> None:
        super().__init__()
        self.unet = build_unet(whole)
        self.text_encoder = text.build_encoder(whole.denoiser, vocabulary)


def build_unet(whole: recipe.Recipe) -> UNet2DConditionModel:
    """Make the untrained UNet: SD 2's block types, so LoRA targets have the same names.

    Attention begins one level down, where a cell is a whole module: on the finest level it
    costs most and its cells, half modules, look at their neighbours by convolution anyway.
    """
    settings = whole.denoiser
    side = whole.size_px // 2 ** (len(whole.autoencoder.channels) - 1)
    levels = len(settings.channels)
    return UNet2DConditionModel(
        sample_size=side,
        in_channels=whole.autoencoder.latent_channels,
        out_channels=whole.autoencoder.latent_channels,
        block_out_channels=settings.channels,
        layers_per_block=settings.layers,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * (levels - 1),
        up_block_types=("CrossAttnUpBlock2D",) * (levels - 1) + ("UpBlock2D",),
        cross_attention_dim=settings.text_width,
        attention_head_dim=tuple(max(1, c // settings.head_width) for c in settings.channels),
        norm_num_groups=settings.norm_groups,
        use_linear_projection=True,
        # The whole caption also goes into the time embedding: size and floor concern every cell,
        # and cross-attention alone takes far longer to learn that (docs/log.md).
        addition_embed_type="text",
        addition_embed_type_num_heads=settings.text_heads,
    )


def encode(vae: AutoencoderKL, pictures: np.ndarray, *, batch: int = 4) -> torch.Tensor:
    """Encode pictures; returns the latents' means, float16 on the CPU, (n, channels, side, side)."""
    means = []
    with torch.no_grad():
        for start in range(0, len(pictures), batch):
            block = torch.from_numpy(pictures[start : start + batch].transpose(0, 3, 1, 2).astype(np.float32))
            found = vae.encode((block / 127.5 - 1).to(vae.device)).latent_dist
            # The picture's memory order would otherwise be that of the latents, which no file takes.
            means.append(found.mean.half().cpu().contiguous())
    return torch.cat(means)


def train(
    material: Material,
    out: Path,
    whole: recipe.Recipe,
    *,
    place: Device = CPU,
    until: float = math.inf,
    report: loop.Report = print,
    save_every: int = 200,
    at_save: Callable[[int, Denoiser], None] | None = None,
) -> int:
    """Train until the recipe's steps are done or the clock says stop; returns the steps done.

    Args:
        material: latents and captions.
        out: folder of the snapshot.
        whole: the recipe.
        place: the device, and the format to compute in.
        until: `time.monotonic()` at which to save and stop.
        report: gets a line now and then.
        save_every: steps between snapshots.
        at_save: is called with the step and the averaged model when a snapshot was saved.
    """
    settings = whole.denoiser
    torch.manual_seed(whole.seed)
    model = Denoiser(whole, len(material.tokenizer))
    if material.started is None:
        model.text_encoder.load_state_dict(material.taught)
    else:
        model.load_state_dict(material.started)
    model.to(place.name)
    model.unet.to(memory_format=torch.channels_last)  # a fifth faster on a CPU
    scheduler = DDPMScheduler(**SCHEDULE)

    def loss_at(step: int, rank: int) -> torch.Tensor:
        drawn = _drawn(material, whole, step, rank)
        with place.autocast():
            losses, timesteps = losses_of(model, material.tokenizer, scheduler, drawn, place)
        return (losses * denoise.loss_weights(scheduler, timesteps, settings.min_snr)).mean()

    def told(step: int, average: dict[str, torch.Tensor]) -> None:
        if at_save is not None:
            kept = {k: v.clone() for k, v in model.state_dict().items()}
            model.load_state_dict(average)
            at_save(step, model)
            model.load_state_dict(kept)

    course = loop.Course(
        "denoiser",
        settings.steps,
        settings.learning_rate,
        settings.warmup,
        settings.ema,
        weight_decay=1e-2,
        images=settings.batch,
        recipe=repr((asdict(whole.autoencoder), asdict(settings), whole.seed)),
        save_every=save_every,
    )
    parts = [(model.unet, 1.0), (model.text_encoder, settings.text_rate)]
    return loop.run(model, parts, loss_at, course, out, until=until, report=report, at_save=told)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What chance gives to one step: clean latents and noise, (n, channels, side, side), timesteps (n,), captions."""

    clean: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    captions: Sequence[str]


def _drawn(material: Material, whole: recipe.Recipe, step: int, rank: int) -> Drawn:
    batch = whole.denoiser.batch
    rng = counted(whole.seed, "denoiser", step, rank)
    chosen = torch.randint(len(material.captions), (batch,), generator=rng)
    clean = material.latents[chosen].float()
    noise = torch.randn(clean.shape, generator=rng)
    timesteps = torch.randint(SCHEDULE["num_train_timesteps"], (batch,), generator=rng)
    words = [reworded(material.captions[int(i)], whole, step, rank * batch + n) for n, i in enumerate(chosen)]
    return Drawn(clean, noise, timesteps, words)


def losses_of(
    model: Denoiser, tokenizer: CLIPTokenizer, scheduler: DDPMScheduler, drawn: Drawn, place: Device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the error of each picture, float32 (n,), and its timestep (n,), both on the device."""
    length = tokenizer.model_max_length
    tokens = tokenizer(
        list(drawn.captions), padding="max_length", truncation=True, max_length=length, return_tensors="pt"
    )
    context = model.text_encoder(tokens.input_ids.to(place.name))[0]
    clean, noise, timesteps = (t.to(place.name) for t in (drawn.clean, drawn.noise, drawn.timesteps))
    noisy = denoise.noised(scheduler, clean, noise, timesteps)
    prediction = model.unet(noisy, timesteps, context).sample
    return denoise.losses(prediction, denoise.target(scheduler, clean, noise, timesteps)), timesteps


@torch.no_grad()
def validation_loss(
    model: Denoiser, latents: torch.Tensor, captions: Sequence[str], tokenizer: CLIPTokenizer, place: Device = CPU
) -> float:
    """Return the mean error over held-out latents, at ten fixed timesteps each and with fixed noise.

    Args:
        model: the averaged model.
        latents: float16, (n, channels, side, side).
        captions: n of the grammar.
        tokenizer: the base's own.
        place: the device.
    """
    scheduler = DDPMScheduler(**SCHEDULE)
    steps = SCHEDULE["num_train_timesteps"]
    found = []
    for index, caption in enumerate(captions):
        noise = torch.randn((10, *latents.shape[1:]), generator=counted(0, "validation", index))
        timesteps = torch.arange(steps // 20, steps, steps // 10)
        drawn = Drawn(latents[index].float().expand_as(noise), noise, timesteps, [caption] * 10)
        with place.autocast():
            found.append(losses_of(model, tokenizer, scheduler, drawn, place)[0].mean().item())
    return float(np.mean(found))


def reworded(caption: str, whole: recipe.Recipe, step: int, place: int) -> str:
    """Leave wishes out and choose other words at random, so that a caption which states less is understood too.

    Elements are always named: what is not named among them is absent.
    """
    rng = random.Random(f"{whole.seed}/{step}/{place}")
    if rng.random() < whole.denoiser.caption_dropout:
        return ""
    said = brief.parse_caption(caption)
    if rng.random() < 0.6:
        said = replace(
            said,
            entrance_side=said.entrance_side if rng.random() < 0.7 else None,
            bedrooms=said.bedrooms if rng.random() < 0.6 else None,
            features=frozenset(f for f in sorted(said.features) if rng.random() < 0.6),
            style=said.style if rng.random() < 0.8 else None,
            nldk=said.nldk if rng.random() < 0.5 else None,
            stair_place=said.stair_place if rng.random() < 0.5 else None,
        )
    return brief.caption(said) if rng.random() < 0.5 else wording.reworded(said, rng)
