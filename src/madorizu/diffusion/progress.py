"""What a run tells while it goes, as data, and two ways to show it on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["note", "advice", "probe", "start", "step", "validation", "epoch", "preview", "checkpoint", "done"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: "step" comes once per step and carries figures only; the others also words.
        message: for people; empty for "step".
        data: figures by name. "probe": seconds (of a step), peak_gb, left_s; "start": steps, epochs,
            steps_per_epoch, step; "step": step, epoch, loss, lr, steps_per_s, left_s; "validation":
            step, loss; "epoch": epoch, loss, validation_loss; "preview": step, paths;
            "checkpoint" and "done": step, path.
    """

    kind: Kind
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


Report = Callable[[Event], None]


def quiet(event: Event) -> None:
    """Show nothing."""


@contextlib.contextmanager
def on_terminal() -> Iterator[Report]:
    """Give a reporter: a rich bar per epoch on a terminal, else a plain line now and then."""
    if not sys.stdout.isatty():
        yield _plain()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}  {task.fields[figures]}"),
    )
    with Progress(*columns, console=Console(highlight=False)) as bar:
        task: Any = None
        epochs = per_epoch = 0

        def report(event: Event) -> None:
            nonlocal task, epochs, per_epoch
            if event.kind == "start":
                epochs, per_epoch = event.data["epochs"], event.data["steps_per_epoch"]
            if event.message:
                bar.console.print(_words(event), markup=False)
            if event.kind != "step":
                return
            step = event.data["step"]
            if task is None or (step - 1) % per_epoch == 0:
                task = bar.add_task(f"epoch {event.data['epoch']}/{epochs}", total=per_epoch, figures="")
            bar.update(task, completed=(step - 1) % per_epoch + 1, figures=figures(event.data))

        yield report


def _plain(every: int = 10) -> Report:
    total = 0

    def report(event: Event) -> None:
        nonlocal total
        if event.kind == "start":
            total = event.data["steps"]
        line = _words(event) if event.message else ""
        if event.kind == "step" and (event.data["step"] % every == 0 or event.data["step"] in (1, total)):
            line = f"step {event.data['step']}/{total}, epoch {event.data['epoch']}, {figures(event.data)}"
        if line:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    return report


def _words(event: Event) -> str:
    return f"advice: {event.message}" if event.kind == "advice" else event.message


def figures(data: Mapping[str, Any]) -> str:
    """Write a step's figures: "loss 0.1234, 1.25 steps/s, 3 min left"."""
    return f"loss {data['loss']:.4f}, {data['steps_per_s']:.2f} steps/s, {duration(data['left_s'])} left"


def duration(seconds: float) -> str:
    """Write a time as "45 s", "12 min" or "3 h 20 min"."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
