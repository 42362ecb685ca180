"""A tiny base, data, and one finished run on them, for all tests of training."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

import tiny
from madorizu.dataset import read_prepared
from madorizu.diffusion import adapter, bases, device, trackers
from madorizu.diffusion import train as training
from madorizu.diffusion.progress import Event
from madorizu.diffusion.settings import TrainSettings
from madorizu.diffusion.steps import Run


class World:
    """A base, data and one finished run that the tests only read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.base = tiny.tiny_base(root / "base")
        self.data = tiny.prepared(root / "data")
        self.events: list[Event] = []
        self.settings = self.run_settings("whole", fit="auto", preview_every=3, previews=1)
        self.final = training.train(self.settings, report=self.events.append)

    def run_settings(self, name: str, **more: object) -> TrainSettings:
        """Settings of a run in a folder of its own; all runs share the cache. Six steps unless said."""
        given: dict[str, object] = {"caption_dropout": 0.3, "warmup": 2, "cache": self.root / "cache", **more}
        base, data = Path(str(given.pop("base", self.base))), Path(str(given.pop("data", self.data)))
        return tiny.settings(base, data, self.root / name, **given)


def tensors(folder: Path, name: str = adapter.PEFT_WEIGHTS) -> dict[str, torch.Tensor]:
    """Read a file of tensors."""
    return load_file(folder / name)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Say whether all tensors are equal, bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def losses(out: Path) -> list[float]:
    """Read the losses of a run's steps."""
    return [row["loss"] for row in trackers.read(out / trackers.METRICS) if "loss" in row]


def prepared_run(world: World, name: str, **more: object) -> Run:
    """Load a run that has done nothing yet."""
    return loaded(world.run_settings(name, **more))


def loaded(settings: TrainSettings) -> Run:
    """Load a run of any settings that has done nothing yet, in this process alone."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, GradientState

    base = bases.resolve(settings.base)
    chosen = settings.with_preset("embedded", base.size_px)
    chosen.out.mkdir(exist_ok=True)
    AcceleratorState._reset_state()
    GradientState._reset_state()
    place = device.choose(chosen.device, chosen.dtype)
    data = read_prepared(chosen.data)
    with device.hushed():
        inputs = training._inputs(chosen, base, data, place, Accelerator(cpu=True), lambda event: None)
        return training._prepare(inputs, chosen)
