"""How bulk work shows on a terminal: a bar there, else a line now and then."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from madorizu.diffusion.progress import duration

if TYPE_CHECKING:
    from madorizu.corpus import Progress

EVERY_S = 10.0  # between two lines where there is no terminal


@contextlib.contextmanager
def of_corpus() -> Iterator[Callable[[Progress], None]]:
    """Give a reporter for `corpus.make` that writes to stderr."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (bars.BarColumn(), bars.TextColumn("{task.fields[figures]}"))
    with bars.Progress(*columns, console=Console(stderr=True, highlight=False)) as bar:
        task = bar.add_task("", figures="")

        def report(progress: Progress) -> None:
            if progress.note:
                bar.console.print(progress.note, markup=False)
            bar.update(task, total=progress.total, completed=progress.done, figures=figures(progress))

        yield report


def _lines() -> Callable[[Progress], None]:
    """Give a reporter that writes notes at once, and figures every ten seconds, at the start and at the end."""
    told_s = float("-inf")

    def report(progress: Progress) -> None:
        nonlocal told_s
        if progress.note:
            sys.stderr.write(progress.note + "\n")
            return
        now_s = time.monotonic()
        if progress.done < progress.total and now_s - told_s < EVERY_S:
            return
        told_s = now_s
        sys.stderr.write(figures(progress) + "\n")
        sys.stderr.flush()

    return report


def figures(progress: Progress) -> str:
    """Write how far a corpus is: "12 of 100 houses, 24 pairs, 60.0 houses/min, 2.0 pictures/s, 88 s left"."""
    text = f"{progress.done} of {progress.total} houses, {progress.pairs} pairs"
    if progress.left_s is None:
        return text
    rates = f"{progress.houses_per_minute:.1f} houses/min, {progress.pictures_per_s:.1f} pictures/s"
    left = f", {duration(progress.left_s)} left" if progress.done < progress.total else ""
    return f"{text}, {rates}{left}"
