"""Bulk work: the same results here, with processes and on Ray; no worker's death loses anything."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from madorizu import executor
from madorizu.errors import MadorizuError, OutOfTimeError, SettingsError

ray_here = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: madorizu[cluster]")


class Locked(Exception):
    """An exception that pickle cannot make again: it wants two arguments and keeps one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def square(number: int) -> int:
    """Square a number; three is refused."""
    if number == 3:
        raise ValueError("three is refused")
    return number * number


def unsolved(number: int) -> int:
    """Raise an error of ours."""
    raise OutOfTimeError(f"{number} must be solved", "try another")


def locked(number: int) -> int:
    """Raise what cannot be sent."""
    raise Locked("un", "picklable")


def unsendable(number: int) -> Any:
    """Return what cannot be sent."""
    return lambda: number


def killed_once(task: tuple[str, int]) -> int:
    """Kill the own process with SIGKILL when the first to see the number asks for it."""
    folder, number = task
    mark = Path(folder) / f"dead{number}"
    if number % 2 == 0 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def always_killed(task: tuple[str, int]) -> int:
    """Kill the own process for negative numbers, and count how often."""
    folder, number = task
    if number < 0:
        with (Path(folder) / f"deaths{number}").open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def process(_: int) -> int:
    """Return the worker's number in the system."""
    time.sleep(0.05)
    return os.getpid()


def endless(path: str) -> None:
    """Say that work has begun, and never end."""
    Path(path).with_suffix(f".{os.getpid()}").touch()
    time.sleep(600)


def alive(number: int) -> bool:
    """Say whether a process is there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, 0)
        return True
    return False


def wait_until_dead(numbers: list[int], limit_s: float = 10.0) -> bool:
    """Give processes a moment to go."""
    end = time.monotonic() + limit_s
    while any(map(alive, numbers)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(alive, numbers))


def test_one_and_two_workers_give_the_same() -> None:
    """Results may come in another order, so they are sorted."""
    items = [0, 1, 2, 4, 5]
    assert list(executor.run(square, items, workers=1)) == [0, 1, 4, 16, 25]
    assert sorted(executor.run(square, items, workers=2)) == [0, 1, 4, 16, 25]


def test_an_exception_reaches_the_caller() -> None:
    """With its own type and words."""
    with pytest.raises(ValueError, match="three is refused"):
        list(executor.run(square, [3], workers=1))


def test_an_error_of_ours_keeps_its_hint_and_tells_where_it_was_raised() -> None:
    """The way through a pipe loses nothing."""
    with pytest.raises(OutOfTimeError, match="7 must be solved") as caught:
        list(executor.run(unsolved, [7], workers=2))
    assert caught.value.hint == "try another"
    assert "in unsolved" in caught.value.__notes__[0]


def test_what_cannot_be_sent_is_an_error_that_says_so() -> None:
    """Neither an exception nor a result that pickle refuses hangs the run."""
    with pytest.raises(MadorizuError, match="exceptions that can be pickled, got Locked: un picklable"):
        list(executor.run(locked, [1], workers=2))
    with pytest.raises((pickle.PicklingError, AttributeError, MadorizuError), match="unsendable"):
        list(executor.run(unsendable, [1], workers=2))


def test_no_worker_is_refused_before_anything_is_asked_for() -> None:
    """Zero processes do no work."""
    with pytest.raises(SettingsError, match="workers must be at least 1, got 0"):
        executor.run(square, [1], workers=0)


def test_the_machine_decides_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """One core means this process; an unknown number counts as one."""
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert list(executor.run(process, [2])) == [os.getpid()]


def test_items_are_taken_when_a_worker_is_free() -> None:
    """A million items cost no memory: with two workers at most three are taken before the first result."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1_000_000):
            taken.append(number)
            yield number

    results = executor.run(process, items(), workers=2)
    assert taken == []
    next(results)
    assert len(taken) <= 3
    results.close()


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    """Two of five items kill their worker with SIGKILL once; all five results come."""
    items = [(str(tmp_path), number) for number in range(1, 6)]
    assert sorted(executor.run(killed_once, items, workers=2)) == [1, 2, 3, 4, 5]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dead2", "dead4"]


def test_a_worker_killed_from_outside_is_replaced() -> None:
    """SIGKILL of a worker that may be busy or idle: every item still gives its result."""
    results = executor.run(process, range(8), workers=2)
    first = next(results)
    os.kill(first, signal.SIGKILL)
    rest = list(results)
    assert len(rest) == 7 and len({first, *rest}) >= 2


def test_an_item_that_always_kills_is_named_after_all_others_are_done(tmp_path: Path) -> None:
    """It is tried three times; the results of the others come first, then the error."""
    results = executor.run(
        always_killed, [(str(tmp_path), n) for n in (1, -2, 3, 4)], workers=2, name=lambda item: f"number {item[1]}"
    )
    got = []
    with pytest.raises(MadorizuError, match=r"got 3 dead workers for number -2 \(SIGKILL\)") as caught:
        for result in results:
            got.append(result)  # what came before the error counts
    assert sorted(got) == [1, 3, 4]
    assert (tmp_path / "deaths-2").read_text() == "xxx"
    assert "take fewer" in caught.value.hint


def test_closing_ends_the_workers(tmp_path: Path) -> None:
    """Who wants no more results waits for none."""
    results = executor.run(process, range(100), workers=2)
    numbers = [next(results), next(results)]
    results.close()
    assert wait_until_dead(numbers)


SCRIPT = """
import signal
import sys
from madorizu import executor
from test_executor import endless
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where a shell has it ignored
    list(executor.run(endless, [sys.argv[1] + str(i) for i in range(2)], workers=2))
"""


def begun(tmp_path: Path) -> tuple[subprocess.Popen[bytes], list[int]]:
    """Start a run of two workers that never end; returns its process and the workers' numbers."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "begun")],
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    end = time.monotonic() + 60
    while len(marks := list(tmp_path.glob("begun*"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    return run, [int(mark.suffix[1:]) for mark in marks]


def test_ctrl_c_ends_a_run_at_once_and_quietly(tmp_path: Path) -> None:
    """A terminal sends SIGINT to all processes of the group: only the first one speaks, none stays."""
    run, workers = begun(tmp_path)
    assert len(workers) == 2
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode != 0
    assert said.count(b"KeyboardInterrupt") == 1
    assert wait_until_dead(workers)


def test_workers_do_not_outlive_a_parent_that_is_killed() -> None:
    """A worker ends when it has an answer for nobody."""
    ours, theirs = multiprocessing.Pipe()
    ours.send(4)
    ours.send(5)
    ours.close()
    executor._serve(theirs, square)
    worker = executor._start(square)
    worker.pipe.close()
    worker.process.join(20)
    assert worker.process.exitcode == 0


def test_a_cluster_without_ray_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named; nothing falls back to this machine's processes."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match="cluster must have the package ray, got none") as caught:
        executor.run(square, [1], cluster="local")
    assert caught.value.hint == "install it with: pip install 'madorizu[cluster]'"


class FakeRay:
    """Ray as far as the executor knows it: tasks are worked on when they are waited for."""

    class exceptions:  # noqa: D106
        class RayError(Exception):  # noqa: D106
            pass

        class RayTaskError(RayError):  # noqa: D106
            def __init__(self, cause: Exception) -> None:
                self.cause = cause

        class WorkerCrashedError(RayError):  # noqa: D106
            pass

    def __init__(self, crashes: int = 0, begun: bool = False) -> None:
        self.crashes, self.begun, self.most = crashes, begun, 0
        self.log: list[Any] = []
        self.flying: dict[int, Any] = {}

    def is_initialized(self) -> bool:  # noqa: D102
        return self.begun

    def init(self, **options: Any) -> None:  # noqa: D102
        self.log.append(options)

    def shutdown(self) -> None:  # noqa: D102
        self.log.append("shutdown")

    def cluster_resources(self) -> dict[str, float]:  # noqa: D102
        return {"CPU": 2.0}

    def remote(self, function: Any) -> Any:  # noqa: D102
        def send(item: Any) -> int:
            reference = len(self.log) + len(self.flying) + 1000 * self.most
            while reference in self.flying:
                reference += 1
            self.flying[reference] = lambda: function(item)
            self.most = max(self.most, len(self.flying))
            return reference

        def options(task: Any, **given: Any) -> Any:
            self.log.append(given)
            return task

        return type("Task", (), {"remote": staticmethod(send), "options": options})()

    def wait(self, references: list[int], num_returns: int) -> Any:  # noqa: D102
        return references[-1:], references[:-1]

    def get(self, reference: int) -> Any:  # noqa: D102
        work = self.flying.pop(reference)
        if self.crashes:
            self.crashes -= 1
            raise self.exceptions.WorkerCrashedError
        try:
            return work()
        except Exception as error:
            raise self.exceptions.RayTaskError(error) from error

    def cancel(self, reference: int, force: bool) -> None:  # noqa: D102
        self.log.append(("cancel", force))


def test_on_ray_few_items_are_in_flight_and_the_dead_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two per core are sent; two crashes are tried again; a Ray of our own is on the loop-back and ended."""
    fake = FakeRay(crashes=2)
    monkeypatch.setitem(sys.modules, "ray", fake)
    numbers = [n for n in range(40) if n != 3]
    assert sorted(executor.run(square, numbers, cluster="local")) == [n * n for n in numbers]
    assert fake.most == 4
    options = fake.log[0]
    assert options["_node_ip_address"] == "127.0.0.1" and not options["include_dashboard"]
    assert fake.log[1] == {"num_cpus": 1, "max_retries": 0} and fake.log[-1] == "shutdown"


def test_on_ray_errors_are_those_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function's own exception, the name of what kills, the rest cancelled; another's Ray is left alone."""
    fake = FakeRay(begun=True)
    monkeypatch.setitem(sys.modules, "ray", fake)
    with pytest.raises(ValueError, match="three is refused"):
        list(executor.run(square, [1, 3], cluster="auto", workers=2))
    assert fake.log == [{"num_cpus": 1, "max_retries": 0}, ("cancel", True)]
    monkeypatch.setitem(sys.modules, "ray", FakeRay(crashes=3))
    with pytest.raises(MadorizuError, match=r"3 dead workers for 1 \(WorkerCrashedError\)"):
        list(executor.run(square, [1], cluster="local"))


def test_three_items_that_kill_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the machine is at fault, and the rest of many items would fare no better."""
    fake = FakeRay(crashes=1000)
    monkeypatch.setitem(sys.modules, "ray", fake)
    with pytest.raises(MadorizuError, match=r"3 dead workers for \d+ \(WorkerCrashedError\), \d+ .*, \d+ "):
        list(executor.run(square, range(100), cluster="local"))
    assert fake.crashes == 1000 - 9


@pytest.mark.parametrize(("address", "message"), [
    ("nowhere", "must be local, auto or host:port, got 'nowhere'"),
    ("host:99999", "must be local, auto or host:port, got 'host:99999'"),
])  # fmt: skip
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, address: str, message: str) -> None:
    """Ray is not even asked."""
    monkeypatch.setitem(sys.modules, "ray", FakeRay())
    with pytest.raises(SettingsError, match=message):
        list(executor.run(square, [1], cluster=address))


def test_an_address_where_nothing_listens_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray itself would try for more than ten minutes; where something listens, Ray is asked."""
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert list(executor.run(square, [2], cluster=address)) == [4]
    assert fake.log[0]["address"] == address
    with pytest.raises(SettingsError, match="address of a running Ray, got '127.0.0.1:.*refused"):
        list(executor.run(square, [1], cluster=address))


def test_a_ray_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Ray says about it is passed on."""
    fake = FakeRay()
    fake.init = lambda **_: (_ for _ in ()).throw(ConnectionError("no instance"))  # type: ignore[method-assign]
    monkeypatch.setitem(sys.modules, "ray", fake)
    with pytest.raises(SettingsError, match="got 'auto': no instance") as caught:
        list(executor.run(square, [1], cluster="auto"))
    assert caught.value.hint == "start one with: ray start --head"


@pytest.mark.slow
@ray_here
@pytest.mark.filterwarnings("default")  # Ray's own
def test_a_real_ray_gives_the_same_and_survives_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started on this machine: results, errors, a worker killed once, a worker always killed."""
    ray = importlib.import_module("ray")
    # Its workers know no path but this one; the functions of this file are found in it.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *sys.path]))
    ray.init(address="local", num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    try:
        assert sorted(executor.run(square, [0, 1, 2, 4, 5], cluster="local")) == [0, 1, 4, 16, 25]
        with pytest.raises(OutOfTimeError, match="7 must be solved") as caught:
            list(executor.run(unsolved, [7], cluster="local"))
        assert caught.value.hint == "try another"
        items = [(str(tmp_path), number) for number in range(1, 6)]
        assert sorted(executor.run(killed_once, items, cluster="local")) == [1, 2, 3, 4, 5]
        with pytest.raises(MadorizuError, match="3 dead workers for .*-2"):
            list(executor.run(always_killed, [(str(tmp_path), n) for n in (1, -2)], cluster="local"))
        assert ray.is_initialized()
    finally:
        ray.shutdown()
