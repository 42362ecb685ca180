"""Train the net that reads drawings. Resumable to the step; what is seen follows from seed and step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from madorizu.diffusion.pretrain import snapshots
from madorizu.learn.examples import WINDOW, Example, shown
from madorizu.learn.model import WIDTHS, Tracer
from madorizu.vectorise.answer import FLAGS, GROUPS
from madorizu.vectorise.field import Field

Report = Callable[[str], None]
Batch = tuple[torch.Tensor, dict[str, torch.Tensor]]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the net is trained.

    Attributes:
        steps, batch, learning_rate, warmup: AdamW's, with a cosine fall to a twentieth.
        worn: share of the wear that pictures get, see `examples.shown`.
        window: cells per side of what the net is shown.
        average: how much of the moving average stays at each step.
        widths: channels of the net.
        seed: decides everything random.
    """

    steps: int = 6000
    batch: int = 12
    learning_rate: float = 2e-3
    warmup: int = 100
    worn: float = 0.8
    window: int = WINDOW
    average: float = 0.998
    widths: tuple[int, ...] = WIDTHS
    seed: int = 1


# Weights of the parts of the loss. "none" is by far the commonest class of everything.
_WEIGHTS = {"rooms": 1.0, "h": 6.0, "v": 6.0, "stairs": 0.5, "fixtures": 3.0, "facings": 0.3}
_NONE_WEIGHT = {"rooms": 0.4, "h": 0.4, "v": 0.4, "stairs": 0.1, "fixtures": 0.3}


def train(
    examples: Sequence[Example],
    out: Path,
    settings: Settings,
    *,
    until: float = math.inf,
    report: Report = print,
    save_every: int = 200,
) -> int:
    """Train until the steps are done or the clock says stop; returns the steps done.

    Args:
        examples: the drawings.
        out: folder of the snapshot.
        settings: see `Settings`.
        until: `time.monotonic()` at which to save and stop.
        report: gets a line now and then.
        save_every: steps between snapshots.
    """
    torch.manual_seed(settings.seed)
    model = Tracer(settings.widths)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=1e-2, fused=True)
    tag = repr(asdict(settings))
    found = snapshots.load(out, model, optimizer, tag)
    average, state = found if found else ({k: v.clone() for k, v in model.state_dict().items()}, {"step": 0})
    step: int = state["step"]
    begun, losses = time.monotonic(), []
    with ThreadPoolExecutor(1) as ahead:  # the next batch is prepared while the net learns from this one
        coming = ahead.submit(batch_of, examples, settings, step)
        while step < settings.steps and time.monotonic() < until:
            pictures, targets = coming.result()
            coming = ahead.submit(batch_of, examples, settings, step + 1)
            for group in optimizer.param_groups:
                group["lr"] = rate(settings, step)
            loss, parts = loss_of(model(pictures), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            _follow(average, model, min(settings.average, (1 + step) / (10 + step)))
            losses.append(parts)
            if step % 50 == 0:
                speed = 50 * settings.batch / (time.monotonic() - begun)
                mean = {name: sum(p[name] for p in losses) / len(losses) for name in losses[0]}
                told = " ".join(f"{name} {value:.3f}" for name, value in mean.items())
                report(f"tracer {step}/{settings.steps} {told} {speed:.1f} pictures/s")
                begun, losses = time.monotonic(), []
            if step % save_every == 0:
                snapshots.save(out, model, average, optimizer, {"step": step, "recipe": tag})
    snapshots.save(out, model, average, optimizer, {"step": step, "recipe": tag})
    return step


def rate(settings: Settings, step: int) -> float:
    """Return the learning rate of a step: linear warm-up, then a cosine down to a twentieth."""
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return settings.learning_rate * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


def _follow(average: dict[str, torch.Tensor], model: torch.nn.Module, keep: float) -> None:
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                average[name].lerp_(value, 1 - keep)
            else:
                average[name].copy_(value)


def batch_of(examples: Sequence[Example], settings: Settings, step: int) -> Batch:
    """Return what is shown at a step: pictures, float32 (batch, 3, side, side), and targets by name."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng((settings.seed, step))
    pictures, drawn = [], []
    for _ in range(settings.batch):
        example = examples[int(rng.integers(len(examples)))]
        picture, field = shown(example, rng, worn=settings.worn, window=settings.window)
        pictures.append(picture)
        drawn.append(field)
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float().div_(255)
    return x.contiguous(memory_format=torch.channels_last), targets_of(drawn)


def targets_of(drawn: Sequence[Field]) -> dict[str, torch.Tensor]:
    """Stack fields: uint8 as int64, the rest as float32."""
    found = {f.name: torch.from_numpy(np.stack([getattr(one, f.name) for one in drawn])) for f in fields(Field)}
    return {name: t if t.is_floating_point() else t.long() for name, t in found.items()}


def loss_of(scores: torch.Tensor, targets: dict[str, torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
    """Return the loss, and its parts as plain numbers.

    Args:
        scores: what the net says, float32 (batch, CHANNELS, size, size).
        targets: as `targets_of` gives them.
    """
    parts: dict[str, torch.Tensor] = {}
    truth = {**targets, "h": targets["edges"][:, 0], "v": targets["edges"][:, 1]}
    at = 0
    for name, count in GROUPS:
        own, goal = scores[:, at : at + count], truth[name]
        at += count
        if name == "facings":
            goal = torch.where(targets["fixtures"] > 0, goal, torch.full_like(goal, -100))
            parts[name] = cross_entropy(own, goal, reduction="sum") / (targets["fixtures"] > 0).sum().clamp(min=1)
        else:
            weights = torch.ones(count)
            weights[0] = _NONE_WEIGHT[name]
            parts[name] = cross_entropy(own, goal, weights)
    flags = scores[:, at : at + FLAGS]
    goals = torch.cat([targets["starts"], targets["hinges"], targets["sides"]], 1).float()
    opening = (targets["edges"] >= 3).float().repeat(1, 3, 1, 1)
    each = binary_cross_entropy_with_logits(flags, goals, reduction="none")
    parts["flags"] = (each * opening).sum() / opening.sum().clamp(min=1)
    stands = (targets["fixtures"] > 0)[:, None].float()
    off = (scores[:, at + FLAGS :] - targets["places"]).abs() * stands
    parts["places"] = off.sum() / stands.sum().clamp(min=1)
    total = sum((_WEIGHTS.get(name, 0.5) * part for name, part in parts.items()), torch.zeros(()))
    return total, {name: part.item() for name, part in parts.items()}
