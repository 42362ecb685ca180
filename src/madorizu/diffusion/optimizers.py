"""Optimizers: made from settings, their state as tensors and plain values, the weights they mean.

AdamW is torch's; the others come with packages of their own, which are extras.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from madorizu.diffusion.masters import Masters, publish
from madorizu.errors import SettingsError, TrainingError

if TYPE_CHECKING:
    from madorizu.diffusion.device import Device
    from madorizu.diffusion.settings import TrainSettings

PACKAGES = {"adamw8bit": "bitsandbytes", "prodigy": "prodigyopt", "schedulefree": "schedulefree"}


def make(settings: TrainSettings, masters: Masters, place: Device) -> torch.optim.Optimizer:
    """Make the optimizer that the settings ask for, one group per model.

    Raises:
        SettingsError: if its package is not installed, or it does not work here.
    """
    rates = rates_of(settings)
    groups: list[dict[str, Any]] = [{"params": masters.of(name), "lr": rate} for name, rate in rates.items()]
    decay = settings.weight_decay
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(groups, weight_decay=decay, fused=place.name in ("cpu", "cuda"))
    package = _package(settings.optimizer)
    if settings.optimizer == "schedulefree":
        made: torch.optim.Optimizer = package.AdamWScheduleFree(groups, weight_decay=decay)
        made.train()  # type: ignore[attr-defined]
        return made
    if settings.optimizer == "prodigy":
        if len(set(rates.values())) > 1:
            raise SettingsError(f"text_encoder_lr must be lr with prodigy, {settings.lr}, got {rates['text']}")
        with contextlib.redirect_stdout(io.StringIO()):  # it tells what we know
            found: torch.optim.Optimizer = package.Prodigy(groups, weight_decay=decay)
        return found
    if place.name != "cuda":
        raise SettingsError(f"optimizer must be adamw on {place.name}, got adamw8bit", "it saves 5 MB of a LoRA")
    eight_bit: torch.optim.Optimizer = package.optim.AdamW8bit(groups, weight_decay=decay)
    return eight_bit


def _package(optimizer: str) -> Any:
    name = PACKAGES[optimizer]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SettingsError(
            f"{name} must be installed for the optimizer {optimizer}, got none", f"pip install {name}"
        ) from error


def rates_of(settings: TrainSettings) -> dict[str, float]:
    """Return the full learning rate of each model that is trained."""
    rate = settings.lr or 0.0
    return {"unet": rate} | ({"text": settings.text_encoder_lr or rate} if settings.text_encoder else {})


def factor(settings: TrainSettings, step: int, steps: int) -> float:
    """Return the share of the full learning rate at a step, counted from 1."""
    if step <= settings.warmup:
        return step / (settings.warmup + 1)
    done = (step - 1 - settings.warmup) / max(1, steps - settings.warmup)
    if settings.schedule == "linear":
        return 1 - done
    if settings.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    if settings.schedule == "restarts":
        return 0.5 * (1 + math.cos(math.pi * (done * settings.cycles % 1)))
    return 1.0


def weights(optimizer: torch.optim.Optimizer, masters: Masters) -> dict[str, torch.Tensor]:
    """Return the weights that the training means, by name: what is saved, validated and drawn with.

    The moving averages where there are some. A schedule-free optimizer trains at a point from
    which its average is computed, here without its own eval(), which would not come back to
    the same bits.
    """
    own: tuple[torch.Tensor, ...] = masters.average or masters.own
    if not masters.average and "train_mode" in optimizer.param_groups[0]:
        beta = optimizer.param_groups[0]["betas"][0]
        own = tuple(
            torch.lerp(p, optimizer.state[p]["z"], 1 - 1 / beta) if p in optimizer.state else p for p in masters.own
        )
    return {name: tensor.detach() for name, tensor in zip(masters.names, own, strict=True)}


def state_of(
    optimizer: torch.optim.Optimizer, masters: Masters
) -> tuple[dict[str, torch.Tensor], dict[str, dict[str, Any]]]:
    """Return all that a continuation needs: tensors by "<kind>/<owner>/<field>", and plain values of the same form."""
    named = {id(p): name for name, p in zip(masters.names, masters.own, strict=True)}
    owners: list[tuple[str, Mapping[str, Any]]] = [(named[id(p)], fields) for p, fields in optimizer.state.items()]
    owners += [
        (f"group {i}", {k: v for k, v in group.items() if k != "params"})
        for i, group in enumerate(optimizer.param_groups)
    ]
    tensors: dict[str, torch.Tensor] = {f"master/{name}": p for name, p in zip(masters.names, masters.own, strict=True)}
    tensors |= {f"average/{name}": p for name, p in zip(masters.names, masters.average, strict=False)}
    values: dict[str, dict[str, Any]] = {}
    for owner, fields in owners:
        for key, value in fields.items():
            if isinstance(value, torch.Tensor):
                tensors[f"state/{owner}/{key}"] = value
            else:
                values.setdefault(owner, {})[key] = value
    return {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}, values


def restore(
    optimizer: torch.optim.Optimizer,
    masters: Masters,
    tensors: Mapping[str, torch.Tensor],
    values: Mapping[str, Mapping[str, Any]],
) -> None:
    """Put a state of `state_of` back.

    Raises:
        TrainingError: if it is of other parameters.
    """
    wanted: dict[str, torch.Tensor] = {f"master/{name}": p for name, p in zip(masters.names, masters.own, strict=True)}
    wanted |= {f"average/{name}": p for name, p in zip(masters.names, masters.average, strict=False)}
    for name, parameter in wanted.items():
        if name not in tensors or tensors[name].shape != parameter.shape:
            raise TrainingError(f"checkpoint must hold the LoRA of this run, got another one or none at {name}")
        with torch.no_grad():
            parameter.copy_(tensors[name])
    if len([name for name in tensors if name.startswith("master/")]) != len(masters.names):
        raise TrainingError("checkpoint must hold the LoRA of this run, got one of more modules")
    found: dict[str, dict[str, Any]] = {owner: dict(fields) for owner, fields in values.items()}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition("/")
        if kind == "state":
            owner, _, key = rest.rpartition("/")
            found.setdefault(owner, {})[key] = tensor
    state = optimizer.state_dict()
    numbers = {name: number for number, name in enumerate(_in_order(optimizer, masters))}
    state["state"] = {numbers[owner]: fields for owner, fields in found.items() if owner in numbers}
    for i, group in enumerate(state["param_groups"]):
        group.update(_as_before(group, found.get(f"group {i}", {})))
    optimizer.load_state_dict(state)
    publish(masters)


def _in_order(optimizer: torch.optim.Optimizer, masters: Masters) -> list[str]:
    """Return the names in the order in which the optimizer counts its parameters."""
    named = {id(p): name for name, p in zip(masters.names, masters.own, strict=True)}
    return [named[id(p)] for group in optimizer.param_groups for p in group["params"]]


def _as_before(group: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return saved values of a group; JSON has made lists of its tuples."""
    return {k: tuple(v) if isinstance(group.get(k), tuple) else v for k, v in saved.items()}
