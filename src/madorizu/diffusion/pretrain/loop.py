"""The frame of every stage's training: steps, rate, moving average, snapshots, an end by the clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from madorizu.diffusion.pretrain import ranks, snapshots

Report = Callable[[str], None]
LOG_EVERY = 50


@dataclass(frozen=True, slots=True)
class Course:
    """How a stage runs.

    Attributes:
        name: what lines of progress begin with.
        steps: how many.
        learning_rate: at its highest; see `rate`.
        warmup: steps until then.
        ema: share of the moving average that each step keeps, once there were many.
        weight_decay: of AdamW.
        images: of one step and process, for the speed that is told.
        recipe: what the snapshot must say to be gone on with.
        save_every: steps between snapshots.
    """

    name: str
    steps: int
    learning_rate: float
    warmup: int
    ema: float
    weight_decay: float
    images: int
    recipe: str
    save_every: int = 200


def rate(peak: float, warmup: int, steps: int, step: int) -> float:
    """Return the learning rate: linear warm-up, then a cosine to a twentieth of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return peak * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def run(
    model: torch.nn.Module,
    parts: Sequence[tuple[torch.nn.Module, float]],
    loss_at: Callable[[int, int], torch.Tensor],
    course: Course,
    out: Path,
    *,
    until: float = math.inf,
    report: Report = print,
    at_save: Callable[[int, dict[str, torch.Tensor]], None] | None = None,
) -> int:
    """Train until the steps are done or the clock says stop; returns the steps done.

    Goes on from the snapshot in `out` where there is one, to the same weights as a run without a break.

    Args:
        model: its parameters and moving average are what a snapshot holds.
        parts: modules of it that are trained, each with its share of the learning rate.
        loss_at: the loss of a step on a rank; all its randomness must follow from these two.
        course: see `Course`.
        out: folder of the snapshot.
        until: `time.monotonic()` at which to save and stop.
        report: gets a line now and then.
        at_save: is called on the first rank when a snapshot was saved: step and moving average.

    Raises:
        TrainingError: if the snapshot is damaged or of another recipe.
        StorageError: if the disk is full; the last snapshot is as it was.
    """
    rank, world = ranks.join()
    groups = [{"params": list(part.parameters()), "share": share} for part, share in parts]
    optimizer = torch.optim.AdamW(
        groups, lr=course.learning_rate, weight_decay=course.weight_decay, betas=(0.9, 0.98), fused=True
    )
    found = snapshots.load(out, model, optimizer, course.recipe)
    average, state = found if found else ({k: v.clone() for k, v in model.state_dict().items()}, {"step": 0})
    step: int = state["step"]
    begun, losses = time.monotonic(), []
    while step < course.steps and not ranks.any_of(time.monotonic() >= until):
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * rate(course.learning_rate, course.warmup, course.steps, step)
        loss = loss_at(step, rank)
        loss.backward()  # type: ignore[no-untyped-call]
        ranks.average_gradients(model)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        follow(average, model, min(course.ema, (1 + step) / (10 + step)))
        losses.append(loss.detach())
        if step % LOG_EVERY == 0 and rank == 0:
            speed = LOG_EVERY * world * course.images / (time.monotonic() - begun)
            mean = float(np.mean([one.item() for one in losses[-LOG_EVERY:]]))
            report(f"{course.name} {step}/{course.steps} loss {mean:.4f} {speed:.1f} images/s")
            begun, losses = time.monotonic(), []
        if rank == 0 and (step % course.save_every == 0 or step == course.steps):
            snapshots.save(out, model, average, optimizer, {"step": step, "recipe": course.recipe})
            if at_save is not None:
                at_save(step, average)
    if rank == 0 and step < course.steps:
        snapshots.save(out, model, average, optimizer, {"step": step, "recipe": course.recipe})
    ranks.wait()
    return step


def follow(average: dict[str, torch.Tensor], model: torch.nn.Module, keep: float) -> None:
    """Move an average towards a model's weights; whole numbers stay."""
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                average[name].lerp_(value, 1 - keep)
