"""Train the autoencoder on crops of drawings, with colours and lines changed at random."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D

from madorizu import degrade
from madorizu.diffusion.denoise import counted
from madorizu.diffusion.device import CPU, Device
from madorizu.diffusion.pretrain import loop, recipe

COARSER = (2, 4, 8)  # averaged over so many pixels a side, thin lines show as grey


def build(settings: recipe.Autoencoder, size_px: int) -> AutoencoderKL:
    """Make the untrained autoencoder: a plain `AutoencoderKL` without attention.

    Residual branches begin at zero and latents almost without noise: such a network learns
    the drawings' coarse shape in tens of steps instead of hundreds (docs/log.md). The convolutions
    between them keep a signal's variance: torch's own begin at a third of it, and of what came
    through twenty of them nothing would be left.
    """
    levels = len(settings.channels)
    model = AutoencoderKL(
        down_block_types=(recipe.DOWN,) * levels,
        up_block_types=(recipe.UP,) * levels,
        block_out_channels=settings.channels,
        layers_per_block=1,
        latent_channels=settings.latent_channels,
        norm_num_groups=settings.norm_groups,
        mid_block_add_attention=False,
        sample_size=size_px,
        scaling_factor=1.0,
    )
    with torch.no_grad():
        for block in model.modules():
            if isinstance(block, torch.nn.Conv2d):
                block.weight.mul_(math.sqrt(3))
                if block.bias is not None:
                    block.bias.zero_()
        for block in model.modules():
            if isinstance(block, ResnetBlock2D):
                torch.nn.init.zeros_(block.conv2.weight)
                torch.nn.init.zeros_(block.conv2.bias)
        model.quant_conv.weight[settings.latent_channels :] *= 0.1
        model.quant_conv.bias[settings.latent_channels :] = -6
    return model


def train(
    pictures: np.ndarray,
    out: Path,
    whole: recipe.Recipe,
    *,
    place: Device = CPU,
    until: float = math.inf,
    report: loop.Report = print,
    save_every: int = 100,
) -> int:
    """Train until the recipe's steps are done or the clock says stop; returns the steps done.

    Args:
        pictures: uint8, (n, side, side, 3).
        out: folder of the snapshot.
        whole: the recipe.
        place: the device, and the format to compute in.
        until: `time.monotonic()` at which to save and stop.
        report: gets a line now and then.
        save_every: steps between snapshots.
    """
    settings = whole.autoencoder
    torch.manual_seed(whole.seed)
    model = build(settings, whole.size_px).to(place.name, memory_format=torch.channels_last)

    def loss_at(step: int, rank: int) -> torch.Tensor:
        batch = torch.from_numpy(crops(pictures, step, rank, whole)).contiguous(memory_format=torch.channels_last)
        with place.autocast():
            return loss_of(model, batch.to(place.name), settings, counted(whole.seed, "latent", step, rank))

    course = loop.Course(
        "autoencoder",
        settings.steps,
        settings.learning_rate,
        settings.warmup,
        settings.ema,
        weight_decay=1e-4,
        images=settings.batch,
        recipe=repr((asdict(settings), whole.seed)),
        save_every=save_every,
    )
    return loop.run(model, [(model, 1.0)], loss_at, course, out, until=until, report=report)


def loss_of(
    model: AutoencoderKL, batch: torch.Tensor, settings: recipe.Autoencoder, generator: torch.Generator
) -> torch.Tensor:
    """Return the loss of a batch in -1..1, shape (n, 3, side, side).

    Error at four scales, at the finest with more weight near lines, error of the picture's
    gradients, and the divergence of the latents from a normal distribution. Errors are mostly squared:
    nine tenths of a drawing are paper, and to the absolute error a blank page is right there
    until a line's place is known to the pixel (docs/log.md).
    """
    latents = model.encode(batch).latent_dist
    # The noise comes from the CPU, so that a step sees the same on every device.
    noise = torch.randn(latents.mean.shape, generator=generator).to(latents.mean)
    drawn = model.decode(latents.mean + latents.std * noise).sample
    across, down = _gradients(batch)
    near = F.max_pool2d((across.abs() + down.abs()).amax(dim=1, keepdim=True).clamp(max=1), 5, stride=1, padding=2)
    weights = (1 + settings.edge_weight * near) / (1 + settings.edge_weight * 0.1)
    error = (weights * _penalty(drawn - batch)).mean()
    for scale in COARSER:
        error = error + _penalty(F.avg_pool2d(drawn - batch, scale)).mean()
    got_across, got_down = _gradients(drawn)
    slopes = _penalty(got_across - across).mean() + _penalty(got_down - down).mean()
    total: torch.Tensor = error + settings.gradient_weight * slopes + settings.kl_weight * latents.kl().mean()
    return total


def _penalty(error: torch.Tensor) -> torch.Tensor:
    return 2 * error.square() + 0.1 * error.abs()


def _gradients(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    across = F.pad(image[..., :, 1:] - image[..., :, :-1], (0, 1))
    down = F.pad(image[..., 1:, :] - image[..., :-1, :], (0, 0, 0, 1))
    return across, down


def crops(pictures: np.ndarray, step: int, rank: int, whole: recipe.Recipe) -> np.ndarray:
    """Cut and change the crops of one step: float32 in -1..1, (batch, 3, crop, crop).

    The last steps see whole pictures: group normalisation takes its statistics over what
    it sees, and whole pictures are what the autoencoder is used on.
    """
    settings = whole.autoencoder
    rng = np.random.default_rng([whole.seed, step, rank, 1])
    side, batch = settings.crop_px, settings.batch
    if step >= settings.whole_from * settings.steps:
        batch = max(1, round(batch * (side / whole.size_px) ** 2))
        side = whole.size_px
    found = []
    for _ in range(batch):
        image = pictures[rng.integers(len(pictures))]
        hard = rng.random() < settings.hard_share
        grid = 1 if hard else whole.size_px // 32  # half a module at the canvas's larger scale
        room = (image.shape[0] - side) // grid + 1
        # The middle of the canvas holds the plan, the rim is often empty.
        top, left = (int(np.clip(rng.normal(room / 2, room / 3.2), 0, room - 1)) * grid for _ in range(2))
        crop = image[top : top + side, left : left + side]
        found.append(changed(crop, rng) if hard else crop)
    return np.stack(found).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1


def changed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a crop as another hand might have drawn, coloured, turned, scaled or scanned it; uint8, same shape."""
    work = np.ascontiguousarray(image)
    if rng.random() < 0.3:  # the other way round
        work = np.ascontiguousarray(np.rot90(work, int(rng.integers(1, 4))))
    if rng.random() < 0.3:  # thicker or thinner lines
        kernel = np.ones((2, 2), np.uint8)
        work = cv2.erode(work, kernel) if rng.random() < 0.5 else cv2.dilate(work, kernel)
    if rng.random() < 0.4:  # other size
        scale = rng.uniform(0.75, 1.3)
        work = cv2.resize(work, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        work = _refit(work, image.shape[0])
    if rng.random() < 0.5:
        work = recoloured(work, rng)
    if rng.random() < 0.4:
        work = degrade.random_wear(work, rng, 0.5)
    return work


def recoloured(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Map the colour cube at random, by an affine map and perhaps its inversion; uint8, same shape."""
    mix = np.eye(3) + rng.normal(0, 0.35, (3, 3))
    values = (image.astype(np.float32) / 255 - 0.5) @ mix.T.astype(np.float32) + 0.5
    values = values + rng.normal(0, 0.15, 3).astype(np.float32)
    if rng.random() < 0.2:
        values = 1 - values
    out: np.ndarray = (values.clip(0, 1) * 255).astype(np.uint8)
    return out


def _refit(image: np.ndarray, side: int) -> np.ndarray:
    """Crop or pad an image to a square of a given side."""
    image = image[:side, :side]
    below, right = side - image.shape[0], side - image.shape[1]
    return cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)


def whitened(weights: dict[str, Any], mean: torch.Tensor, deviation: torch.Tensor) -> dict[str, Any]:
    """Fold a latent's mean and deviation per channel into the 1×1 convolutions around it.

    Diffusion wants latents of mean 0 and deviation 1 in every channel, but a pipeline
    knows only one scaling factor.

    Args:
        weights: an `AutoencoderKL`'s state.
        mean, deviation: float32, (latent channels,).
    """
    new = dict(weights)
    channels = len(mean)
    quant, bias = weights["quant_conv.weight"].clone(), weights["quant_conv.bias"].clone()
    quant[:channels] /= deviation[:, None, None, None]
    bias[:channels] = (bias[:channels] - mean) / deviation
    bias[channels:] -= 2 * deviation.log()  # the second half is the logarithm of the variance
    post = weights["post_quant_conv.weight"]
    new["post_quant_conv.weight"] = post * deviation[None, :, None, None]
    new["post_quant_conv.bias"] = weights["post_quant_conv.bias"] + post[:, :, 0, 0] @ mean
    new["quant_conv.weight"], new["quant_conv.bias"] = quant, bias
    return new
