"""Measure how long a house takes: searched anew, from the library, and beside an open peer.

    python benchmarks/houses.py                                        ours: a table
    python benchmarks/houses.py --fresh 0 --library 0 --peer FOLDER    ours and a peer's, six requests

Every time is of one house divided by its storeys, in seconds of the wall clock and of CPU; on
a machine that is shared or throttled, CPU is the more believable. One thread. What was not
found in time counts with the time that it took. Sizes are whole and half modules; rooms are
left open, but for the six requests. Compare on one machine only.

- fresh: `houses.house_for` without the library, so CP-SAT searches. Goal: median 3 s a storey.
- library: `houses.house_for` with the library that ships, the best of some lawful houses. Goal:
  50 ms a storey. What the library has no house for is told apart: it is searched.
- re-dimensioned: `houses.random_house`: a solved topology is brought to another size, gets
  doors, windows and fixtures, and is checked, until a house is lawful.

The peer is the strongest open generator of Japanese houses (boqigao/japanese-madori-ai-planner,
MIT). FOLDER is a checkout of it, which is run and not changed; `--peer-python` is an interpreter
that has what its pyproject.toml needs. Per request two of its commands run: `gen_spec.py
--envelope --rooms --floors` makes the specification, by rules, and `main.py --spec` solves,
checks and draws, with its own defaults: 8 CP-SAT workers on as many cores as there are, and 20,
60 or 120 s by the count of rooms. It looks for the best until then, so a house that it finds
costs the whole limit. "Solved" is what it calls valid itself, ours what the rules find lawful;
the two ask for different rooms and keep different rules.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from madorizu import houses
from madorizu.brief import Brief
from madorizu.errors import SolveError
from madorizu.houses import fit, library
from madorizu.plan import HALF_MM, MODULE_MM, House

TWO_STOREYS: tuple[tuple[float, float], ...] = (
    (8, 7), (9, 8), (7, 9), (8, 8), (10, 8), (7, 7), (11, 7), (8, 10), (8.5, 7.5), (9.5, 8), (7.5, 9), (10.5, 8.5),
)  # fmt: skip
ONE_STOREY: tuple[tuple[float, float], ...] = (
    (9, 8), (10, 8), (10, 10), (12, 9), (8, 7), (11, 8), (10.5, 8.5), (12, 8), (9, 9), (14, 8),
)  # fmt: skip
PEER = ((10, 10, 3, 1), (8, 7, 2, 1), (9, 8, 3, 2), (10, 8, 4, 2), (8, 7, 3, 2), (12, 8, 5, 2))
PEER_LIMIT_S = 130.0  # more than its own longest limit
PEER_SEEDS = 5  # of ours per request: the peer's model is always the same
PEER_EXITS = {0: "solved", 2: "specification refused", 3: "not solved", 4: "solved, not valid"}
LIBRARY_S, FRESH_S = 0.05, 3.0  # goals per storey


@dataclass(frozen=True, slots=True)
class Request:
    """A house to ask for: width and height in modules, n of nLDK or None for open, storeys."""

    width: float
    height: float
    rooms: int | None
    storeys: int

    def brief(self) -> Brief:
        """Return the brief."""
        elements = frozenset({"entrance"} | ({"stairs"} if self.storeys == 2 else set()))
        width_mm, height_mm = (round(2 * side) * HALF_MM for side in (self.width, self.height))
        return Brief("both" if self.storeys == 2 else "1F", width_mm, height_mm, elements, nldk=self.rooms)

    def __str__(self) -> str:
        """Return size, rooms and storeys."""
        rooms = "" if self.rooms is None else f" {self.rooms}LDK"
        size = f"{self.width * MODULE_MM / 1000:.2f}x{self.height * MODULE_MM / 1000:.2f} m"
        return f"{size}{rooms} {self.storeys}F"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a house took, in seconds per storey."""

    wall_s: float
    cpu_s: float
    made: bool
    searched: bool


@dataclass(frozen=True, slots=True)
class PeerTaken:
    """What the peer's two commands took, in seconds per house, and what they said."""

    status: str
    wall_s: float
    cpu_s: float


# --- ours ---------------------------------------------------------------------------------


@contextmanager
def watched(use_library: bool) -> Iterator[list[bool]]:
    """Tell of every house that was asked of the library whether it had one; or let it have none."""
    best, answers = fit.best, list[bool]()

    def watch(brief: Brief, rng: random.Random, end: float, **limits: int) -> House | None:
        house = best(brief, rng, end, **limits) if use_library else None
        answers.append(house is not None)
        return house

    fit.best = watch
    try:
        yield answers
    finally:
        fit.best = best


def take(make: Callable[[int], House], seed: int, storeys: int, answers: list[bool]) -> Taken:
    """Make one house and time it."""
    answers.clear()
    wall, cpu, made = time.perf_counter(), time.process_time(), True
    try:
        make(seed)
    except SolveError:
        made = False
    spent = time.perf_counter() - wall, time.process_time() - cpu
    return Taken(spent[0] / storeys, spent[1] / storeys, made, answers[:1] == [False])


def asked_for(requests: list[Request], limit_s: float, use_library: bool) -> list[Taken]:
    """Ask `house_for` for each request, seeds counting up."""
    found = []
    with watched(use_library) as answers:
        for seed, request in enumerate(requests):
            brief = request.brief()

            def make(seed: int, brief: Brief = brief) -> House:
                return houses.house_for(brief, seed=seed, time_limit_s=limit_s)

            found.append(take(make, seed, request.storeys, answers))
    return found


def redimensioned(count: int, storeys: int) -> list[Taken]:
    """Re-dimension houses of the library."""
    return [take(lambda seed: houses.random_house(seed=seed, storeys=storeys), i, storeys, []) for i in range(count)]


def requests_of(count: int, storeys: int) -> list[Request]:
    """Return so many requests of common sizes, rooms left open."""
    sizes = TWO_STOREYS if storeys == 2 else ONE_STOREY
    return [Request(*sizes[i % len(sizes)], None, storeys) for i in range(count)]


def p95(values: list[float]) -> float:
    """Return the 95th percentile, a value that is there."""
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]


def tell(name: str, found: list[Taken], goal_s: float) -> None:
    """Print a row: seconds per storey."""
    if not found:
        return
    walls, cpus = [t.wall_s for t in found], [t.cpu_s for t in found]
    sys.stdout.write(
        f"{name:34} {statistics.median(walls):7.3f} {p95(walls):7.3f}   {statistics.median(cpus):7.3f} {p95(cpus):7.3f}"
        f"   {len(found):4} {sum(not t.made for t in found):6}   {goal_s:5.2f}\n"
    )
    sys.stdout.flush()


def measure_ours(fresh: int, from_library: int, limit_s: float) -> None:
    """Print the table of our times."""
    start = time.perf_counter()
    known = len(library.load())
    sys.stdout.write(f"{known} topologies loaded in {time.perf_counter() - start:.3f} s; seconds per storey\n")
    sys.stdout.write(f"{'':34} {'wall':>7} {'p95':>7}   {'CPU':>7} {'p95':>7}   {'n':>4} failed   goal\n")
    for storeys, word in ((2, "two storeys"), (1, "one storey")):
        if fresh:
            tell(f"fresh, {word}", asked_for(requests_of(fresh, storeys), limit_s, use_library=False), FRESH_S)
        if from_library:
            found = asked_for(requests_of(from_library, storeys), limit_s, use_library=True)
            tell(f"library, {word}", [t for t in found if not t.searched], LIBRARY_S)
            tell(f"not in the library, {word}", [t for t in found if t.searched], FRESH_S)
            tell(f"re-dimensioned, {word}", redimensioned(from_library, storeys), LIBRARY_S)


# --- beside the peer ----------------------------------------------------------------------


def run_peer(folder: Path, python: str, arguments: list[str], limit_s: float) -> tuple[int | None, float, float]:
    """Run a command of the peer's; return its exit code, None where it was stopped, wall and CPU seconds."""
    # Its own packages only, and nothing written into the checkout.
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    code: int | None
    try:
        code = subprocess.run(
            [python, *arguments], cwd=folder, env=env, capture_output=True, timeout=limit_s, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        code = None
    wall_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return code, wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ask_peer(request: Request, folder: Path, python: str) -> PeerTaken:
    """Let the peer make a specification by its own generator, and solve it by its own defaults."""
    size = f"{request.width * MODULE_MM / 1000:.2f}x{request.height * MODULE_MM / 1000:.2f}"
    rooms = f"{request.rooms}ldk"
    with tempfile.TemporaryDirectory() as out:
        spec = Path(out) / "spec.yaml"
        made = ["gen_spec.py", "--envelope", size, "--rooms", rooms, "--floors", str(request.storeys)]
        code, wall_s, cpu_s = run_peer(folder, python, [*made, "--output", str(spec)], PEER_LIMIT_S)
        if code != 0:
            return PeerTaken("no specification", wall_s, cpu_s)
        solved = run_peer(folder, python, ["main.py", "--spec", str(spec), "--outdir", out], PEER_LIMIT_S - wall_s)
        report = Path(out) / "report.txt"
        text = report.read_text(encoding="utf-8") if report.exists() else ""
    status = "stopped" if solved[0] is None else PEER_EXITS.get(solved[0], f"failed, exit code {solved[0]}")
    for word in ("INFEASIBLE", "UNKNOWN"):
        if status == "not solved" and f"status={word}" in text:
            status += f" ({word})"
    return PeerTaken(status, wall_s + solved[1], cpu_s + solved[2])


def measure_beside(folder: Path, python: str, limit_s: float) -> None:
    """Print the six requests, the peer's answers and ours; seconds per house."""
    code, start_s, _ = run_peer(folder, python, ["main.py", "--help"], PEER_LIMIT_S)
    if code != 0:
        sys.exit(f"the peer must run with {python} in {folder}, got exit code {code}; install what it needs")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    seconds = f"{'wall':>6} {'CPU':>6}"
    sys.stdout.write(
        f"\npeer: at most {PEER_LIMIT_S:g} s, its 8 workers on {cores} cores, its start ({start_s:.1f} s) counted in\n"
        f"ours: at most {limit_s:g} s, one thread, median of {PEER_SEEDS} seeds; seconds per house\n"
        f"{'':21} {'peer':24} {seconds}   {'fresh':8} {seconds}   {'library':8} {seconds}\n"
    )
    for request in (Request(*row) for row in PEER):
        theirs = ask_peer(request, folder, python)
        line = f"{request!s:21} {theirs.status:24} {theirs.wall_s:6.1f} {theirs.cpu_s:6.1f}"
        for use_library in (False, True):
            found = asked_for([request] * PEER_SEEDS, limit_s, use_library)
            wall, cpu = (request.storeys * statistics.median(getattr(t, f) for t in found) for f in ("wall_s", "cpu_s"))
            solved = f"{sum(t.made for t in found)} of {len(found)}"
            line += f"   {solved:8} {wall:6.2f} {cpu:6.2f}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", type=int, default=24, help="houses searched anew, of each number of storeys")
    parser.add_argument("--library", type=int, default=60, help="houses from the library, of each number of storeys")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds per house of ours")
    parser.add_argument("--peer", type=Path, help="checkout of the peer")
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has what the peer needs")
    asked = parser.parse_args()
    python = shutil.which(asked.peer_python)
    if asked.peer is not None and not (asked.peer / "gen_spec.py").is_file():
        parser.error(f"--peer must be a checkout of the peer, got {asked.peer} without gen_spec.py")
    if python is None:
        parser.error(f"--peer-python must be an interpreter, got {asked.peer_python}")
    sys.stdout.write(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, ortools {metadata.version('ortools')}, "
        f"load {os.getloadavg()[0]:.1f} at the start\n"
    )
    if asked.fresh or asked.library:
        measure_ours(asked.fresh, asked.library, asked.limit)
    if asked.peer is not None:
        # A relative path would be looked up in the checkout; a resolved link would leave its environment.
        measure_beside(asked.peer, os.path.abspath(python), asked.limit)
    sys.stdout.write(f"load {os.getloadavg()[0]:.1f} at the end\n")


if __name__ == "__main__":
    main()
