"""One run in memory, and what is done with it: a step, its batch, its loss, the validation.

Every random number follows from (seed, step, place in the step's batch); the place holds
the process's rank. So a run that was interrupted and continued equals one that was not,
and nothing of a random generator has to be saved.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from madorizu.diffusion import checkpoints, denoise
from madorizu.errors import TrainingError

if TYPE_CHECKING:
    from accelerate import Accelerator
    from diffusers import DDPMScheduler, UNet2DConditionModel

    from madorizu.dataset import Example, Prepared
    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.cache import Cache
    from madorizu.diffusion.device import Device
    from madorizu.diffusion.progress import Report
    from madorizu.diffusion.settings import TrainSettings

_VALIDATION_TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the schedule's length


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run holds while it goes.

    Attributes:
        settings: complete, no None of a preset left.
        model: the UNet with its LoRA; `wrapped` is the same as accelerate prepared it.
        trained: the LoRA's parameters, float32.
        epoch_steps, steps: steps of one epoch and of the run.
    """

    settings: TrainSettings
    base: Base
    data: Prepared
    device: Device
    cache: Cache
    schedule: DDPMScheduler
    model: UNet2DConditionModel
    wrapped: Any
    optimizer: Any
    trained: Sequence[torch.nn.Parameter]
    accelerator: Accelerator
    epoch_steps: int
    steps: int
    report: Report


@dataclass(frozen=True, slots=True)
class Slot:
    """One image in one step, with the generator that all its random numbers come from."""

    example: Example
    generator: torch.Generator


def train_step(run: Run, step: int) -> dict[str, float]:
    """Do one optimizer step and return its figures: loss, grad_norm, lr.

    Args:
        step: counted from 1.

    Raises:
        TrainingError: if the loss or the gradient is not finite, naming the images, or if no
            gradient reaches the LoRA. The weights are as before the step then.
    """
    settings, accelerator = run.settings, run.accelerator
    rate = learning_rate(settings, step, run.steps)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    total, norm = 0.0, 0.0
    for part in range(settings.accumulate):
        slots = batch_of(run, step, part)
        with accelerator.accumulate(run.wrapped):
            loss = batch_loss(run, slots)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise _not_finite(run, "loss", step, slots)
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                norm = float(accelerator.clip_grad_norm_(run.trained, settings.max_grad_norm or math.inf))
                if not math.isfinite(norm) and accelerator.scaler is None:  # a scaler skips such a step
                    raise _not_finite(run, "gradient", step, slots)
                if step == 1 and norm == 0.0:
                    raise TrainingError("gradient must reach the LoRA, got zero at the first step")
            run.optimizer.step()
            run.optimizer.zero_grad()
        if accelerator.num_processes > 1:  # tell the loss of all images of the step, not of this process's
            value = float(accelerator.reduce(loss.detach().clone(), reduction="mean"))
        total += value / settings.accumulate
    return {"loss": total, "grad_norm": norm, "lr": rate}


def batch_loss(run: Run, slots: Sequence[Slot]) -> torch.Tensor:
    """Draw timestep, dropout, latent and noise of each image, predict, and return the mean weighted loss."""
    length = int(run.schedule.config["num_train_timesteps"])
    times, texts, latents, noises = [], [], [], []
    for slot in slots:
        times.append(int(torch.randint(length, (1,), generator=slot.generator)))
        dropped = float(torch.rand(1, generator=slot.generator)) < (run.settings.caption_dropout or 0.0)
        mean, std = run.cache.latent(slot.example.path)
        latents.append(mean + std * torch.randn(mean.shape, generator=slot.generator))
        noises.append(torch.randn(mean.shape, generator=slot.generator))
        texts.append(run.cache.text("" if dropped else slot.example.caption))
    stacked = torch.stack(latents), torch.stack(noises), torch.tensor(times), torch.stack(texts)
    return _losses(run, run.wrapped, *stacked, gamma=run.settings.min_snr or 0.0).mean()


def batch_of(run: Run, step: int, part: int) -> list[Slot]:
    """Return this process's images for one part of a step, each with its own counted generator.

    An epoch is a permutation of all images; its last step is filled up from its beginning.
    """
    settings, accelerator = run.settings, run.accelerator
    size = settings.batch_size or 1
    epoch, index = divmod(step - 1, run.epoch_steps)
    order = epoch_order(settings.seed, epoch, len(run.data.train))
    first = (part * accelerator.num_processes + accelerator.process_index) * size
    wide = size * accelerator.num_processes * settings.accumulate
    return [
        Slot(
            run.data.train[order[(index * wide + place) % len(order)]],
            denoise.counted(settings.seed, "step", step, place),
        )
        for place in range(first, first + size)
    ]


def epoch_order(seed: int, epoch: int, count: int) -> list[int]:
    """Return the order of the images in an epoch, counted from 0."""
    return torch.randperm(count, generator=denoise.counted(seed, "order", epoch)).tolist()


def learning_rate(settings: TrainSettings, step: int, steps: int) -> float:
    """Return the learning rate of a step, counted from 1: warm-up, then constant or half a cosine."""
    rate = settings.lr or 0.0
    if step <= settings.warmup:
        return rate * step / (settings.warmup + 1)
    if settings.schedule == "constant":
        return rate
    share = (step - 1 - settings.warmup) / max(1, steps - settings.warmup)
    return rate * 0.5 * (1 + math.cos(math.pi * share))


def evaluate(run: Run) -> float | None:
    """Return the mean loss on validation images at fixed timesteps and noise, or None without images.

    Takes no number from the training's randomness and no min-SNR weights, so that it can be
    compared between runs.
    """
    length = int(run.schedule.config["num_train_timesteps"])
    unet = run.accelerator.unwrap_model(run.wrapped)  # keeps the mixed precision
    found = []
    with torch.no_grad():
        for number, example in enumerate(run.data.validation[: run.settings.validation]):
            mean, _ = run.cache.latent(example.path)
            text = run.cache.text(example.caption)[None]
            for share in _VALIDATION_TIMES:
                noise = torch.randn(mean.shape, generator=denoise.counted(0, "validation", number, share))
                moment = torch.tensor([int(share * length)])
                found.append(float(_losses(run, unet, mean[None], noise[None], moment, text, gamma=0.0)))
    return sum(found) / len(found) if found else None


def _losses(
    run: Run,
    unet: Any,
    latents: torch.Tensor,
    noise: torch.Tensor,
    times: torch.Tensor,
    text: torch.Tensor,
    *,
    gamma: float,
) -> torch.Tensor:
    """Return the weighted loss of each image: mixed in float32, predicted in the run's format."""
    where, dtype = run.accelerator.device, run.device.torch_dtype
    latents, noise, times = latents.to(where), noise.to(where), times.to(where)
    noisy = denoise.noised(run.schedule, latents, noise, times)
    prediction = unet(noisy.to(dtype), times, encoder_hidden_states=text.to(where, dtype)).sample
    wanted = denoise.target(run.schedule, latents, noise, times)
    return denoise.losses(prediction, wanted) * denoise.loss_weights(run.schedule, times, gamma)


def _not_finite(run: Run, what: str, step: int, slots: Sequence[Slot]) -> TrainingError:
    """Word the error of a NaN: the images of the step and the checkpoint to go back to."""
    names = ", ".join(str(slot.example.path) for slot in slots)
    good = checkpoints.latest(run.settings.out)
    where = f"the last good checkpoint is {good.folder}" if good else "there is no checkpoint yet"
    what_next = "look at the image, lower --lr, or use --dtype fp32"
    return TrainingError(
        f"{what} must be finite, got NaN or infinity at step {step} for {names}", f"{where}; {what_next}"
    )
