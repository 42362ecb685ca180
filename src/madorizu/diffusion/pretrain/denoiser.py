"""Train the UNet and the text encoder together on latents and captions."""

from __future__ import annotations

import math
import random
import time
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
from madorizu.diffusion.pretrain import ranks, recipe, snapshots, text
from madorizu.diffusion.pretrain.autoencoder import rate

Report = Callable[[str], None]

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
        means, deviations: latents, (n, channels, side, side), of mean 0 and deviation 1.
        captions: of the grammar, one per latent.
        tokenizer: the base's own.
        taught: weights that the text encoder begins with, from `reader`.
    """

    means: torch.Tensor
    deviations: torch.Tensor
    captions: Sequence[str]
    tokenizer: CLIPTokenizer
    taught: Mapping[str, torch.Tensor]


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


def encode(vae: AutoencoderKL, pictures: np.ndarray, *, batch: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode pictures; returns the latents' means and deviations, float16, (n, channels, side, side)."""
    means, deviations = [], []
    with torch.no_grad():
        for start in range(0, len(pictures), batch):
            block = torch.from_numpy(pictures[start : start + batch].transpose(0, 3, 1, 2).astype(np.float32))
            found = vae.encode(block / 127.5 - 1).latent_dist
            # The picture's memory order would otherwise be that of the latents, which no file takes.
            means.append(found.mean.half().contiguous())
            deviations.append(found.std.half().contiguous())
    return torch.cat(means), torch.cat(deviations)


def train(
    material: Material,
    out: Path,
    whole: recipe.Recipe,
    *,
    until: float = math.inf,
    report: Report = print,
    save_every: int = 200,
) -> int:
    """Train until the recipe's steps are done or the clock says stop; returns the steps done.

    Args:
        material: latents and captions.
        out: folder of the snapshot.
        whole: the recipe.
        until: `time.monotonic()` at which to save and stop.
        report: gets a line now and then.
        save_every: steps between snapshots.
    """
    settings = whole.denoiser
    rank, world = ranks.join()
    torch.manual_seed(whole.seed)
    model = Denoiser(whole, len(material.tokenizer))
    model.text_encoder.load_state_dict(material.taught)
    model.unet.to(memory_format=torch.channels_last)  # a fifth faster on a CPU
    scheduler = DDPMScheduler(**SCHEDULE)
    groups = [
        {"params": model.unet.parameters(), "share": 1.0},
        {"params": model.text_encoder.parameters(), "share": settings.text_rate},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, weight_decay=1e-2, betas=(0.9, 0.98), fused=True)
    tag = repr((asdict(whole.autoencoder), asdict(settings), whole.seed))
    found = snapshots.load(out, model, optimizer, tag)
    average, state = found if found else ({k: v.clone() for k, v in model.state_dict().items()}, {"step": 0})
    step: int = state["step"]
    begun, losses = time.monotonic(), []
    while step < settings.steps and not ranks.any_of(time.monotonic() >= until):
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * rate(settings.learning_rate, settings.warmup, settings.steps, step)
        loss = _loss(model, material, scheduler, whole, step, rank)
        loss.backward()  # type: ignore[no-untyped-call]
        ranks.average_gradients(model)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        _follow(average, model, min(settings.ema, (1 + step) / (10 + step)))
        losses.append(loss.item())
        if step % 50 == 0 and rank == 0:
            speed = 50 * world * settings.batch / (time.monotonic() - begun)
            report(f"denoiser {step}/{settings.steps} loss {np.mean(losses[-50:]):.4f} {speed:.1f} images/s")
            begun = time.monotonic()
        if step % save_every == 0 and rank == 0:
            snapshots.save(out, model, average, optimizer, {"step": step, "recipe": tag})
    if rank == 0:
        snapshots.save(out, model, average, optimizer, {"step": step, "recipe": tag})
    ranks.wait()
    return step


def _follow(average: dict[str, torch.Tensor], model: torch.nn.Module, keep: float) -> None:
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                average[name].lerp_(value, 1 - keep)


def _loss(
    model: Denoiser,
    material: Material,
    scheduler: DDPMScheduler,
    whole: recipe.Recipe,
    step: int,
    rank: int,
) -> torch.Tensor:
    settings = whole.denoiser
    rng = counted(whole.seed, "denoiser", step, rank)
    chosen = torch.randint(len(material.captions), (settings.batch,), generator=rng)
    means, deviations = material.means[chosen].float(), material.deviations[chosen].float()
    clean = means + deviations * torch.randn(means.shape, generator=rng)
    noise = torch.randn(clean.shape, generator=rng)
    timesteps = torch.randint(len(scheduler.betas), (settings.batch,), generator=rng)
    words = [reworded(material.captions[int(i)], whole, step, rank * settings.batch + n) for n, i in enumerate(chosen)]
    length = material.tokenizer.model_max_length
    tokens = material.tokenizer(words, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    context = model.text_encoder(tokens.input_ids)[0]
    noisy = denoise.noised(scheduler, clean, noise, timesteps)
    prediction = model.unet(noisy, timesteps, context).sample
    error = denoise.losses(prediction, denoise.target(scheduler, clean, noise, timesteps))
    return (error * denoise.loss_weights(scheduler, timesteps, settings.min_snr)).mean()


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
