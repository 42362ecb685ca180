"""Where bulk work runs: the processes of this machine.

Work is a function of one item that writes its own files and returns a small value, so
that an item which was done before can be skipped by its caller and a killed worker
loses nothing but its own item.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from madorizu.errors import SettingsError

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None = None) -> Iterator[Result]:
    """Apply a function to every item, in any order.

    Args:
        function: importable by name, so that worker processes find it.
        items: what to work on; each is sent to a worker by pickle within this machine.
        workers: processes; None for one per core; 1 works in this process.

    Yields:
        Results as they are ready. An exception of the function is raised here.

    Raises:
        SettingsError: if `workers` is under 1.
    """
    count = workers if workers is not None else os.cpu_count() or 1
    if count < 1:
        raise SettingsError(f"workers must be at least 1, got {count}")
    if count == 1:
        yield from map(function, items)
        return
    # Spawned, not forked: libraries with threads of their own do not survive a fork.
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
