"""One thread that draws: whoever asks, only one picture is in the making."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class BusyError(RuntimeError):
    """Too many requests wait already."""


class Worker:
    """A single drawing thread with a bounded queue; made and used on one event loop."""

    def __init__(self, max_waiting: int) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="draw")
        self._max_waiting = max_waiting
        self._asked = 0  # waiting or being drawn; touched by the event loop only

    async def run(self, job: Callable[[], T]) -> T:
        """Run a job in its turn and return what it returns.

        Raises:
            BusyError: if one is being drawn and `max_waiting` wait.
        """
        if self._asked > self._max_waiting:
            raise BusyError(f"{self._asked - 1} requests wait already")
        self._asked += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, job)
        # Counted until the thread is done with it, even where the client has gone.
        future.add_done_callback(self._one_done)
        return await future

    def _one_done(self, _: asyncio.Future[T]) -> None:
        self._asked -= 1

    def close(self) -> None:
        """Drop what waits; what is being drawn ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
