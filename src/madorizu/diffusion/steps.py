"""One run in memory, and what is done with it: a step, its batch, its loss, the validation.

Every random number follows from (seed, step, place in the step's batch); the place holds
the process's rank. So a run that was interrupted and continued equals one that was not,
and nothing of a random generator has to be saved.

Nothing here waits for a GPU: a step's figures stay where they were computed until `figures`
reads those of some steps at once.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from madorizu.diffusion import checkpoints, denoise, looks, masters, optimizers, pictures
from madorizu.errors import TrainingError

if TYPE_CHECKING:
    from accelerate import Accelerator
    from diffusers import DDPMScheduler, UNet2DConditionModel

    from madorizu.dataset import Example, Prepared
    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.cache import Cache
    from madorizu.diffusion.device import Device
    from madorizu.diffusion.looks import Look
    from madorizu.diffusion.masters import Masters
    from madorizu.diffusion.pictures import View
    from madorizu.diffusion.progress import Report
    from madorizu.diffusion.settings import TrainSettings

_VALIDATION_TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the schedule's length


@dataclass(frozen=True, slots=True)
class Text:
    """A text encoder that is trained too, and its tokenizer."""

    tokenizer: Any
    encoder: Any


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run holds while it goes.

    Attributes:
        settings: complete, no None of a preset left, as far as memory allows what was asked.
        asked: the same before the look at the memory.
        views, looks: how the validation and the training images are looked at.
        model: the UNet with its LoRA; `wrapped` is the same, compiled if that was asked.
        text: the text encoder where it is trained, else its embeddings are in the cache.
        masters: the trained numbers, float32; `starts` what PiSSA took out of the weights, by model.
        scaler: of the loss, in fp16 only.
        epoch_steps, steps: steps of one epoch and of the run.
        orders: memo of `epoch_places`, by epoch.
    """

    settings: TrainSettings
    asked: TrainSettings
    base: Base
    data: Prepared
    device: Device
    cache: Cache
    views: Mapping[Path, View]
    looks: Mapping[Path, Look]
    schedule: DDPMScheduler
    model: UNet2DConditionModel
    wrapped: Any
    text: Text | None
    masters: Masters
    starts: Mapping[str, Mapping[str, torch.Tensor]]
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler | None
    accelerator: Accelerator
    epoch_steps: int
    steps: int
    report: Report
    orders: dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class Slot:
    """One image in one step, with the generator that its timestep, dropout and noise come from."""

    example: Example
    step: int
    place: int
    generator: torch.Generator


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken, its figures still where they were computed.

    Attributes:
        losses: of this process's images, by part and place.
        norm: of the gradient of all processes, before it was shortened.
        rate: the learning rate of the UNet.
    """

    step: int
    losses: torch.Tensor
    norm: torch.Tensor
    rate: float


def train_step(run: Run, step: int) -> Taken:
    """Do one optimizer step.

    Args:
        step: counted from 1.

    Raises:
        TrainingError: on a CPU, if the loss or the gradient is not finite, naming the images, or if
            no gradient reaches the LoRA. The weights are as before the step then. Elsewhere `figures`
            finds that out, before anything is saved.
    """
    rate = optimizers.factor(run.settings, step, run.steps)
    full = optimizers.rates_of(run.settings).values()
    for group, own in zip(run.optimizer.param_groups, full, strict=True):
        group["lr"] = own * rate
    losses = gradients(run, step)
    if run.scaler is not None:
        run.scaler.unscale_(run.optimizer)
    norm = torch.nn.utils.clip_grad_norm_(run.masters.own, run.settings.max_grad_norm or math.inf)
    taken = Taken(step, losses, norm, run.optimizer.param_groups[0]["lr"])
    if run.accelerator.device.type == "cpu":  # where looking costs nothing
        figures(run, [taken])
    if run.scaler is not None:
        run.scaler.step(run.optimizer)
        run.scaler.update()
    else:
        run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    masters.publish(run.masters)
    masters.follow(run.masters, step, run.settings.ema)
    return taken


def gradients(run: Run, step: int) -> torch.Tensor:
    """Put the gradient of a step's mean loss over all processes into the masters; return this one's losses.

    Returns:
        The loss of each image, float32, shape (accumulate * batch_size,).
    """
    found = []
    for part in range(run.settings.accumulate):
        with _counted_dropout(run, step, part):
            each = batch_losses(run, batch_of(run, step, part))
            loss = each.mean() / run.settings.accumulate
            torch.autograd.backward(loss if run.scaler is None else run.scaler.scale(loss))
        masters.collect(run.masters)
        found.append(each.detach())
    masters.share(run.masters, run.accelerator)
    return torch.cat(found)


@contextlib.contextmanager
def _counted_dropout(run: Run, step: int, part: int) -> Iterator[None]:
    """Let torch's own generators, which dropout takes, follow from the step too; put them back afterwards."""
    if not run.settings.dropout:
        yield
        return
    where = run.accelerator.device
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        purpose = ("dropout", step, part, run.accelerator.process_index)
        torch.manual_seed(denoise.counted(run.settings.seed, *purpose).initial_seed())
        yield


def figures(run: Run, taken: Sequence[Taken]) -> list[dict[str, float]]:
    """Read the figures of some steps: step, loss (of all processes), grad_norm, lr. All processes call it.

    Raises:
        TrainingError: if a loss or gradient was not finite, naming the images, or if no gradient
            reached the LoRA at the first step.
    """
    if not taken:
        return []
    losses = run.accelerator.gather(torch.stack([t.losses for t in taken])[None]).cpu()
    norms = torch.stack([t.norm for t in taken]).cpu()
    found = []
    for i, one in enumerate(taken):
        each, norm = losses[:, i], float(norms[i])
        if not torch.isfinite(each).all():
            raise _not_finite(run, "loss", one.step, ~torch.isfinite(each))
        if not math.isfinite(norm) and run.scaler is None:  # a scaler skips such a step
            raise _not_finite(run, "gradient", one.step, torch.ones_like(each, dtype=torch.bool))
        if one.step == 1 and norm == 0.0:
            raise TrainingError("gradient must reach the LoRA, got zero at the first step")
        found.append({"step": one.step, "loss": float(each.mean()), "grad_norm": norm, "lr": one.rate})
    return found


def batch_losses(run: Run, slots: Sequence[Slot]) -> torch.Tensor:
    """Draw view, caption, timestep, latent and noise of each image, predict, and return the weighted losses."""
    length = int(run.schedule.config["num_train_timesteps"])
    times, texts, latents, noises, masks = [], [], [], [], []
    for slot in slots:
        times.append(int(torch.randint(length, (1,), generator=slot.generator)))
        dropped = float(torch.rand(1, generator=slot.generator)) < (run.settings.caption_dropout or 0.0)
        view, caption = look_at(run, slot)
        mean, std = run.cache.latent(view)
        latents.append(mean + std * torch.randn(mean.shape, generator=slot.generator))
        noise = torch.randn(mean.shape, generator=slot.generator)
        if run.settings.noise_offset:
            noise = noise + run.settings.noise_offset * torch.randn((len(mean), 1, 1), generator=slot.generator)
        noises.append(noise)
        texts.append("" if dropped else caption)
        if (path := run.looks[slot.example.path].mask) is not None:
            masks.append(pictures.read_mask(path, view, (mean.shape[1], mean.shape[2])))
    given = (torch.stack(latents), torch.stack(noises), torch.tensor(times))
    mask = torch.stack(masks) if masks else None
    return losses_of(run, run.wrapped, *given, text_of(run, texts), gamma=run.settings.min_snr or 0.0, mask=mask)


def look_at(run: Run, slot: Slot) -> tuple[View, str]:
    """Choose an image's view and the form of its caption, by numbers of their own."""
    look, settings = run.looks[slot.example.path], run.settings
    view, captions = look.plain, look.captions
    if look.mirror is not None and _drawn(settings, "mirror", slot) < settings.mirror:
        view, captions = look.mirror, look.mirror_captions
    if len(captions) == 1:
        return view, captions[0]
    return view, captions[int(_drawn(settings, "caption", slot) * len(captions))]


def _drawn(settings: TrainSettings, purpose: str, slot: Slot) -> float:
    """Draw a number of 0 to under 1 that no other choice depends on."""
    return float(torch.rand(1, generator=denoise.counted(settings.seed, purpose, slot.step, slot.place)))


def text_of(run: Run, captions: Sequence[str]) -> torch.Tensor:
    """Return the captions' embeddings: from the cache, or from the text encoder where it is trained."""
    if run.text is not None:
        return denoise.encoded(run.text.tokenizer, run.text.encoder, captions)
    return torch.stack([run.cache.text(caption) for caption in captions])


def batch_of(run: Run, step: int, part: int, rank: int | None = None) -> list[Slot]:
    """Return a process's images for one part of a step, each with its own counted generator.

    An epoch sees all images; its last step is filled up from its beginning.

    Args:
        rank: of the process; None is this one.
    """
    settings, processes = run.settings, run.accelerator.num_processes
    size = settings.batch_size or 1
    epoch, index = divmod(step - 1, run.epoch_steps)
    wide = size * processes * settings.accumulate
    if epoch not in run.orders:
        run.orders.clear()
        shapes = [run.looks[e.path].plain.shape for e in run.data.train]
        whole = run.asked.batch_size or 1  # what fits into memory must not change the order
        run.orders[epoch] = looks.epoch_places(settings.seed, epoch, shapes, size=whole, wide=wide)
    first = (part * processes + (run.accelerator.process_index if rank is None else rank)) * size
    return [
        Slot(
            run.data.train[run.orders[epoch][index * wide + place]],
            step,
            place,
            denoise.counted(settings.seed, "step", step, place),
        )
        for place in range(first, first + size)
    ]


def weights(run: Run) -> dict[str, torch.Tensor]:
    """Return the weights that are saved, validated and drawn with, float32, by name."""
    return optimizers.weights(run.optimizer, run.masters)


@contextlib.contextmanager
def at_rest(run: Run) -> Iterator[None]:
    """Let the models stand for a while as they would be saved, without dropout; then all is as it was."""
    models = [run.model] + ([] if run.text is None else [run.text.encoder])
    with torch.no_grad(), masters.shown_as(run.masters, weights(run)):
        for model in models:
            model.eval()
        try:
            yield
        finally:
            for model in models:
                model.train()


def evaluate(run: Run) -> float | None:
    """Return the mean loss on validation images at fixed timesteps and noise, or None without images.

    Takes no number from the training's randomness and no min-SNR weights, so that it can be
    compared between runs.
    """
    length = int(run.schedule.config["num_train_timesteps"])
    found = []
    with at_rest(run):
        for number, example in enumerate(run.data.validation[: run.settings.validation]):
            mean, _ = run.cache.latent(run.views[example.path])
            text = text_of(run, [example.caption])
            for share in _VALIDATION_TIMES:
                noise = torch.randn(mean.shape, generator=denoise.counted(0, "validation", number, share))
                moment = torch.tensor([int(share * length)])
                found.append(losses_of(run, run.model, mean[None], noise[None], moment, text, gamma=0.0))
    return float(torch.cat(found).mean()) if found else None


def losses_of(
    run: Run,
    unet: Any,
    latents: torch.Tensor,
    noise: torch.Tensor,
    times: torch.Tensor,
    text: torch.Tensor,
    *,
    gamma: float,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the weighted loss of each image: mixed on the CPU, predicted on the device in the run's format."""
    where, dtype = run.accelerator.device, run.device.torch_dtype
    noisy = _sent(denoise.noised(run.schedule, latents, noise, times), where)
    wanted = _sent(denoise.target(run.schedule, latents, noise, times), where)
    weights = _sent(denoise.loss_weights(run.schedule, times, gamma), where)
    text = _sent(text, where).to(dtype)
    prediction = unet(noisy.to(dtype), _sent(times, where), encoder_hidden_states=text).sample
    return denoise.losses(prediction, wanted, None if mask is None else _sent(mask, where)) * weights


def _sent(tensor: torch.Tensor, where: torch.device) -> torch.Tensor:
    """Send a tensor to the device without waiting for it."""
    if where.type == "cuda" and not tensor.is_cuda:
        return tensor.pin_memory().to(where, non_blocking=True)
    return tensor.to(where)


def _not_finite(run: Run, what: str, step: int, bad: torch.Tensor) -> TrainingError:
    """Word the error of a NaN: the images and the checkpoint to go back to.

    Args:
        bad: bool, (processes, accumulate * batch_size).
    """
    names = []
    for rank in range(bad.shape[0]):
        slots = [slot for part in range(run.settings.accumulate) for slot in batch_of(run, step, part, rank)]
        names += [str(slot.example.path) for slot, is_bad in zip(slots, bad[rank].tolist(), strict=True) if is_bad]
    good = checkpoints.latest(run.settings.out)
    where = f"the last good checkpoint is {good.folder}" if good else "there is no checkpoint yet"
    what_next = "look at the image, lower --lr, or use --dtype fp32"
    return TrainingError(
        f"{what} must be finite, got NaN or infinity at step {step} for {', '.join(names)}", f"{where}; {what_next}"
    )
