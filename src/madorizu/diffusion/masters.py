"""The trained numbers: float32 masters, and what the models compute with.

Where a run computes in 16 bit, the LoRA matrices in the models are rounded copies that are made
once after each step. Gradients are collected from them in float32, so that many small ones
add up. In float32 a model's own parameters are the masters.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True, slots=True)
class Masters:
    """Trained parameters in the order of the models.

    Attributes:
        names: "<model>.<parameter>".
        own: float32, what the optimizer changes.
        shown: what the models compute with; the same objects where no copy is needed.
        average: moving averages of `own`, none where there is no such average.
    """

    names: tuple[str, ...]
    own: tuple[torch.nn.Parameter, ...]
    shown: tuple[torch.nn.Parameter, ...]
    average: tuple[torch.Tensor, ...]

    @property
    def copies(self) -> list[int]:
        """Which of them the models know as a copy."""
        return [i for i, (a, b) in enumerate(zip(self.own, self.shown, strict=True)) if a is not b]

    def of(self, model: str) -> list[torch.nn.Parameter]:
        """Return the masters of one model."""
        return [p for name, p in zip(self.names, self.own, strict=True) if name.startswith(f"{model}.")]


def of(models: Mapping[str, torch.nn.Module], dtype: torch.dtype, *, averaged: bool) -> Masters:
    """Make masters of everything that is trained in some models, and give them copies in `dtype`.

    DoRA's lengths stay float32 in the models: they are near 1, where 16 bit would not see a step.
    """
    names, own, shown = [], [], []
    for model, module in models.items():
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                continue
            names.append(f"{model}.{name}")
            shown.append(parameter)
            if dtype == torch.float32 or "lora_magnitude_vector" in name:
                own.append(parameter)
            else:
                own.append(torch.nn.Parameter(parameter.detach().clone()))
                parameter.data = parameter.data.to(dtype)
    average = tuple(p.detach().clone() for p in own) if averaged else ()
    return Masters(tuple(names), tuple(own), tuple(shown), average)


def collect(masters: Masters) -> None:
    """Add the copies' gradients to those of their masters, in float32."""
    for i in masters.copies:
        found, own = masters.shown[i].grad, masters.own[i]
        if found is None:
            continue
        own.grad = found.float() if own.grad is None else own.grad.add_(found)
        masters.shown[i].grad = None


def share(masters: Masters, accelerator: Accelerator) -> None:
    """Average the gradients over all processes, in one message."""
    if accelerator.num_processes == 1:
        return
    for parameter in masters.own:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [p.grad for p in masters.own if p.grad is not None]
    flat = accelerator.reduce(torch.cat([g.flatten() for g in gradients]), reduction="mean")
    torch._foreach_copy_(gradients, _like(flat, gradients))


def _like(flat: torch.Tensor, shapes: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    pieces = torch.split(flat, [t.numel() for t in shapes])
    return [piece.view_as(shape) for piece, shape in zip(pieces, shapes, strict=True)]


def publish(masters: Masters) -> None:
    """Round the masters into their copies."""
    if copies := masters.copies:
        with torch.no_grad():
            torch._foreach_copy_([masters.shown[i] for i in copies], [masters.own[i] for i in copies])


def follow(masters: Masters, step: int, decay: float) -> None:
    """Move the averages towards the masters after a step, the first ones faster."""
    if masters.average:
        share_of_new = 1 - min(decay, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(masters.average), list(masters.own), share_of_new)


@contextlib.contextmanager
def shown_as(masters: Masters, weights: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """Let the models compute with other numbers for a while; afterwards all is as it was, bit for bit."""
    before = [p.detach().clone() for p in masters.shown]
    with torch.no_grad():
        torch._foreach_copy_(list(masters.shown), [weights[name] for name in masters.names])
    try:
        yield
    finally:
        with torch.no_grad():
            torch._foreach_copy_(list(masters.shown), before)
