"""Where bulk work runs: this process, processes of this machine, or a Ray cluster.

Work is a function of one item that returns its result; whoever asked for the results
writes them. A worker holds nothing but the item it works on, so one that is killed, by
hand or because memory ran out, loses nothing: its item is handed out again.

The processes of this machine are our own and not a `ProcessPoolExecutor`: there one dead
worker fails all that is in flight, without saying whose item it was, and workers outlive
a parent that is killed. Here each has its own pipe, which tells both.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import pickle
import signal
import socket
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from madorizu.errors import SettingsError, WorkerError

Item = TypeVar("Item")
Result = TypeVar("Result")

TRIES = 3  # workers that an item may cost
MOST_LOST = 3  # items given up before it is the machine that is taken to be at fault
_ENOUGH_S = 5.0  # for an idle worker to end by itself
_LAST_PORT = 65535
_OBJECT_STORE_BYTES = 256 * 2**20  # of a Ray of our own; its default is a third of the memory


def check(*, workers: int | None = None, cluster: str | None = None) -> None:
    """Say before any work whether `run` can take these.

    Raises:
        SettingsError: if `workers` is under 1, or `cluster` is given and Ray is not installed.
    """
    if workers is not None and workers < 1:
        raise SettingsError(f"workers must be at least 1, got {workers}")
    if cluster is not None:
        _import_ray()


def run(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int | None = None,
    cluster: str | None = None,
    name: Callable[[Item], str] = repr,
) -> Generator[Result, None, None]:
    """Apply a function to every item, in any order.

    Items are taken from the iterable when a worker is free, so their number costs no memory. An
    item whose worker dies is tried again, three times in all; one that cost three workers is
    given up. The others are still worked on, and only then an error names it: a hole is never
    passed over, and one bad item does not keep thousands from being done. When three
    items were given up the run ends at once, because then it is hardly their fault.

    Args:
        function: importable by name, so that workers find it. It may not start processes
            of `multiprocessing` itself.
        items: what to work on; each is sent to a worker by pickle.
        workers: how many at once; None for one per core, of this machine or of the cluster.
            1 without a cluster works in this process.
        cluster: None for this machine's processes; else where Ray is: "local" starts one on this
            machine for this run, "auto" finds the one this machine belongs to, else its host:port.
            A Ray that this process has begun already is used as it is.
        name: says what an item is called in an error.

    Returns:
        A generator of the results as they are ready. Closing it, or Ctrl-C, ends the workers.
        An exception of the function is raised from it, with its own type and words.

    Raises:
        SettingsError: if `workers` is under 1, Ray is not installed, or there is none at `cluster`.
        WorkerError: if items were given up; after all other results, or after the third of them.
    """
    check(workers=workers, cluster=cluster)
    if cluster is not None:
        return _on_ray(function, _Line(items, name), cluster, workers)
    count = workers or os.cpu_count() or 1
    if count == 1:
        return (function(item) for item in items)
    return _on_processes(function, _Line(items, name), count)


# --- the items --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Task(Generic[Item]):
    item: Item
    deaths: int = 0


class _Line(Generic[Item]):
    """Items in the order in which they are handed out; one whose worker died comes again first."""

    def __init__(self, items: Iterable[Item], name: Callable[[Item], str]) -> None:
        self._fresh = iter(items)
        self._again: deque[_Task[Item]] = deque()
        self._name = name
        self._lost: list[str] = []

    def take(self) -> _Task[Item] | None:
        """Hand out the next item; None when there is none now."""
        if self._again:
            return self._again.popleft()
        for item in self._fresh:
            return _Task(item)
        return None

    def died(self, task: _Task[Item], how: str) -> None:
        """Put an item back whose worker died, or give it up."""
        deaths = task.deaths + 1
        if deaths < TRIES:
            self._again.append(_Task(task.item, deaths))
            return
        self._lost.append(f"{self._name(task.item)} ({how})")
        if len(self._lost) >= MOST_LOST:
            self.close()

    def close(self) -> None:
        """Raise an error that names what was given up, if anything was."""
        if self._lost:
            raise WorkerError(
                f"each item must leave its worker alive, got {TRIES} dead workers for {', '.join(self._lost)}",
                "the memory may be too small for so many workers; take fewer and start again, "
                "what was done before is kept",
            )


# --- processes of this machine ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection


def _on_processes(function: Callable[[Item], Result], line: _Line[Item], count: int) -> Generator[Result, None, None]:
    idle: list[_Worker] = []
    busy: dict[Connection, tuple[_Worker, _Task[Item]]] = {}

    def hand_out() -> None:
        while len(busy) < count and (task := line.take()) is not None:
            worker = _send(task.item, idle, function)
            busy[worker.pipe] = worker, task

    try:
        hand_out()
        while busy:
            for pipe in wait(list(busy)):
                worker, task = busy.pop(pipe)  # type: ignore[call-overload]  # what goes in comes out
                try:
                    good, value = worker.pipe.recv()
                except (EOFError, OSError):
                    line.died(task, _ending(worker))
                    hand_out()
                    continue
                idle.append(worker)
                hand_out()  # first, so that the worker is not idle while the caller uses the result
                if not good:
                    raise value
                yield value
        line.close()
    finally:
        for worker, _ in busy.values():
            worker.process.kill()
        for worker in idle:
            worker.pipe.close()
        for worker in (*idle, *(w for w, _ in busy.values())):
            _end(worker)


def _send(item: Item, idle: list[_Worker], function: Callable[[Item], Result]) -> _Worker:
    """Give an item to an idle worker, else to a new one."""
    while idle:
        worker = idle.pop()
        try:
            worker.pipe.send(item)
        except OSError:  # it was killed while it had nothing to do
            _end(worker)
            continue
        return worker
    worker = _start(function)
    with contextlib.suppress(OSError):  # it died at once; its closed pipe will tell
        worker.pipe.send(item)
    return worker


def _start(function: Callable[[Item], Result]) -> _Worker:
    """Start a process that does not hear Ctrl-C: ending it is for the one who started it."""
    ours, theirs = multiprocessing.Pipe()
    # Spawned, not forked: libraries with threads of their own do not survive a fork.
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, function), daemon=True)
    resource_tracker.ensure_running()  # when started by the process it would unblock the signal again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()  # else its end would not be seen when the process dies
    return _Worker(process, ours)


def _serve(pipe: Connection, function: Callable[[Any], Any]) -> None:
    """Answer items until the pipe is closed; runs in the worker."""
    while True:
        try:
            item = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = True, function(item)
        except Exception as error:
            answer = False, _portable(error)
        try:
            pipe.send(answer)
        except (BrokenPipeError, ConnectionResetError):  # whoever asked is gone
            return
        except Exception as error:  # a result that cannot be pickled; nothing was sent yet
            pipe.send((False, _portable(error)))


def _portable(error: Exception) -> Exception:
    """Return an exception that survives pickle, with where it was raised in its notes."""
    error.add_note("in a worker:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return WorkerError(f"work must raise exceptions that can be pickled, got {type(error).__name__}: {error}")
    return error


def _ending(worker: _Worker) -> str:
    """Wait for a dead worker and say how it ended."""
    _end(worker)
    code = worker.process.exitcode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}"


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.join(_ENOUGH_S)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()


# --- Ray --------------------------------------------------------------------------------


def _import_ray() -> Any:
    """Import Ray, which is an extra: by name, so that no set-up without it needs to know it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"cluster must have the package {error.name}, got none", "install it with: pip install 'madorizu[cluster]'"
        ) from None


def _on_ray(
    function: Callable[[Item], Result], line: _Line[Item], address: str, workers: int | None
) -> Generator[Result, None, None]:
    ray = _import_ray()
    ours = not ray.is_initialized()
    flying: dict[Any, _Task[Item]] = {}
    try:
        if ours:
            _connect(ray, address, workers)
        # Trying again is for the line, which counts and names; so Ray itself does not.
        task = ray.remote(function).options(num_cpus=1, max_retries=0)

        def hand_out() -> None:
            # Asked each time, because a cluster grows and shrinks; two per core, so that none waits for us.
            most = workers or max(2, 2 * int(ray.cluster_resources().get("CPU", 1)))
            while len(flying) < most and (taken := line.take()) is not None:
                flying[task.remote(taken.item)] = taken

        hand_out()
        while flying:
            ready, _ = ray.wait(list(flying), num_returns=1)
            taken = flying.pop(ready[0])
            try:
                value = ray.get(ready[0])
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            except ray.exceptions.RayError as error:
                line.died(taken, type(error).__name__)
                hand_out()
                continue
            hand_out()
            yield value
        line.close()
    finally:
        for reference in flying:
            with contextlib.suppress(Exception):  # a cluster that is gone has nothing to cancel
                ray.cancel(reference, force=True)
        if ours:
            ray.shutdown()


def _connect(ray: Any, address: str, workers: int | None) -> None:
    """Start or find Ray.

    Raises:
        SettingsError: if there is none at the address.
    """
    options: dict[str, Any] = {}
    hint = "start one with: ray start --head"
    if address == "local":
        # Ray listens on all addresses nevertheless; what keeps others out is its token (RAY_AUTH_MODE).
        options = {
            "num_cpus": workers or os.cpu_count() or 1,
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
        }
    elif address != "auto":
        _knock(address, hint)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="warning", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise SettingsError(
            f"cluster must be local, auto or the address of a running Ray, got {address!r}: {error}", hint
        ) from error


def _knock(address: str, hint: str) -> None:
    """Look whether anything listens at an address: Ray itself would try for more than ten minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LAST_PORT:
        raise SettingsError(f"cluster must be local, auto or host:port, got {address!r}", hint)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ENOUGH_S).close()
    except OSError as error:
        raise SettingsError(f"cluster must be the address of a running Ray, got {address!r}: {error}", hint) from error
