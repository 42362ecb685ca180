"""A look before the first step: does it fit into memory, how long does it take, and what would fit.

One part of a step is computed forward and back on the run's own data and thrown away; no
number of the run changes.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from madorizu.diffusion import advice, device, lora, steps
from madorizu.diffusion.progress import Event, duration
from madorizu.errors import TrainingError

if TYPE_CHECKING:
    from madorizu.diffusion.settings import TrainSettings
    from madorizu.diffusion.steps import Run

_QUICK_S = 5.0  # under this the first try is mostly made of what happens once
_LARGE = 500_000_000  # parameters of a UNet that is no small one


@dataclass(frozen=True, slots=True)
class Measured:
    """What one step costs.

    Attributes:
        seconds: of a whole step.
        peak_bytes: the most that the process held meanwhile, the model included.
    """

    seconds: float
    peak_bytes: int


def fit(run: Run, done: int) -> Run:
    """Measure a step after `done` and return the run with settings that fit into memory.

    All processes call it and come to the same settings.

    Raises:
        TrainingError: if it does not fit and `fit` is "propose", naming what does; or nothing fits.
    """
    if run.settings.fit == "off":
        return run
    tried = run
    while True:
        fits, measured = _tried(tried, done)
        if fits:
            break
        if (smaller := smaller_settings(tried.settings)) is None:
            counsel = advice.smaller(**advice_on(tried))
            raise TrainingError("a step must fit into memory, got too little even with the least settings", counsel)
        tried = dataclasses.replace(tried, settings=smaller)
        if smaller.gradient_checkpointing:
            lora.checkpoint_activations(tried.model)
    if tried.settings is not run.settings:
        words = advice.in_words(tried.settings)
        if run.settings.fit == "propose":
            raise TrainingError("a step must fit into memory, got too little", f"{words} fits and trains the same")
        run.report(Event("advice", f"a step as asked does not fit into memory; training the same with {words}"))
    if measured is not None:
        _tell(tried, done, measured)
    return tried


def _tried(run: Run, done: int) -> tuple[bool, Measured | None]:
    """Say whether a step fits, in every process, and what it cost."""
    measured, fits = None, _seems_to_fit(run)
    if _all_agree(run, fits):
        try:
            measured = measure(run, done + 1)
        except (RuntimeError, MemoryError) as error:
            if not advice.is_out_of_memory(error):
                raise
            fits = False
        for parameter in (*run.masters.shown, *run.masters.own):
            parameter.grad = None
        fits = _all_agree(run, fits)
    if not fits:
        device.release(run.device.name)
    return fits, measured


def _all_agree(run: Run, fits: bool) -> bool:
    accelerator = run.accelerator
    if accelerator.num_processes == 1:
        return fits
    return bool(accelerator.gather(torch.tensor([int(fits)], device=accelerator.device)).min())


def _seems_to_fit(run: Run) -> bool:
    """Judge by an estimate where running out of memory is no error but the end of the process."""
    if run.device.name == "cuda":
        return True
    free = device.free_bytes(run.device.name)
    return free is None or kept_bytes(run) < free


def kept_bytes(run: Run) -> int:
    """Estimate what a step needs on top of the weights, which are in memory."""
    parameters: int = sum(p.numel() for p in run.model.parameters())
    settings = run.settings
    needed = advice.needed_bytes(
        parameters,
        dtype=run.device.dtype,
        size_px=settings.size or run.base.size_px,
        batch_size=settings.batch_size or 1,
        checkpointing=settings.gradient_checkpointing,
    )
    return needed - parameters * (4 if run.device.dtype == "fp32" else 2)


def measure(run: Run, step: int) -> Measured:
    """Compute a part of a step forward and back, and drop the gradients."""
    device.release(run.device.name)
    device.reset_peak(run.device.name)
    slots = steps.batch_of(run, step, 0)
    seconds: list[float] = []
    times = 3 if run.device.name == "cuda" else 1
    while len(seconds) < times or (len(seconds) == 1 and seconds[0] < _QUICK_S):
        start = time.monotonic()
        # The same slots have other numbers the second time, which is of no consequence here.
        torch.autograd.backward(steps.batch_losses(run, slots).mean())
        for parameter in run.masters.shown:
            parameter.grad = None
        device.wait(run.device.name)
        seconds.append(time.monotonic() - start)
    return Measured(seconds[-1] * run.settings.accumulate, device.peak_bytes(run.device.name))


def smaller_settings(settings: TrainSettings) -> TrainSettings | None:
    """Return settings that train the same in less memory, or None where there are none.

    Batches are halved as far as they are even parts of a step, then activations are computed again.
    """
    size = settings.batch_size or 1
    if size > 1:
        smaller = next(part for part in range(size // 2, 0, -1) if size % part == 0)
        return dataclasses.replace(settings, batch_size=smaller, accumulate=settings.accumulate * (size // smaller))
    if not settings.gradient_checkpointing:
        return dataclasses.replace(settings, gradient_checkpointing=True)
    return None


def advice_on(run: Run) -> dict[str, Any]:
    """Return what `advice.smaller` has to know of a run."""
    settings = run.settings
    return {
        "batch_size": settings.batch_size,
        "checkpointing": settings.gradient_checkpointing,
        "size_px": settings.size,
        "base_name": run.base.name,
        "half": run.device.dtype == "fp32" and device.has_half(run.device.name),
    }


def is_large(run: Run) -> bool:
    """Say whether the UNet is a full-size one."""
    return bool(sum(p.numel() for p in run.model.parameters()) > _LARGE)


def _tell(run: Run, done: int, measured: Measured) -> None:
    left_s = (run.steps - done) * measured.seconds
    peak_gb = measured.peak_bytes / 1e9
    one = f"{measured.seconds:.2g} s" if measured.seconds < _QUICK_S else duration(measured.seconds)
    words = f"a step takes about {one} and {peak_gb:.1f} GB: {duration(left_s)} to the end"
    figures = {"seconds": measured.seconds, "peak_gb": round(peak_gb, 2), "left_s": left_s}
    run.report(Event("probe", words, figures))
    counsel = advice.on_speed(
        left_s,
        device=run.device.name,
        unused_gpu=run.device.name == "cpu" and device.has_unused_gpu(),
        checkpointing=run.settings.gradient_checkpointing,
        large=is_large(run),
    )
    if counsel:
        run.report(Event("advice", counsel))
