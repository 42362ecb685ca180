"""What surrounds a run: the processes that share it, accelerate's state, signals, and the same kernels each time."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from madorizu.diffusion import device, trackers
from madorizu.diffusion.settings import TrainSettings

if TYPE_CHECKING:
    from accelerate import Accelerator


@contextlib.contextmanager
def accelerated(settings: TrainSettings, place: device.Device) -> Iterator[Accelerator]:
    """Give an accelerator for one run and leave none of its global state behind.

    It joins the processes of torchrun and keeps the trackers. Precision and accumulation are not
    its business (`masters`, `steps`): so gradients are added up in float32 whatever the format.
    """
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, GradientState
    from accelerate.utils import ProjectConfiguration

    where = ProjectConfiguration(project_dir=str(settings.out), logging_dir=str(settings.out / "tensorboard"))
    _forget(AcceleratorState, GradientState)
    accelerator = Accelerator(
        mixed_precision="no", cpu=place.name == "cpu", log_with=trackers.chosen(settings), project_config=where
    )
    try:
        with _deterministic(place):
            yield accelerator
        accelerator.end_training()
    finally:
        accelerator.free_memory()
        _forget(AcceleratorState, GradientState)


def _forget(*states: Any) -> None:
    """Reset accelerate's process-wide settings: a second run in this process may have others."""
    for state in states:
        state._reset_state()


@contextlib.contextmanager
def _deterministic(place: device.Device) -> Iterator[None]:
    """Ask CUDA for kernels that give the same result each time; other devices do so already."""
    if place.name != "cuda":
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


@contextlib.contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a wish that the loop honours after the step; a second Ctrl-C kills."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
