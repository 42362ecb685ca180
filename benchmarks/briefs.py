"""Ask the solver for houses that nobody chose: random briefs, and six sizes of a peer.

    python benchmarks/briefs.py                      the six, then 200 random briefs, two at a time
    python benchmarks/briefs.py --count 40 --seed 7 --least 16 --most 20
    python benchmarks/briefs.py --narrow             of the 200 those of two storeys with a side under 6 modules

The random briefs are whole sizes from `--least` to `--most` modules a side, one in four off
the module by a half, with one or two storeys and 1 to 5 habitable rooms besides the LDK. Kept
are those whose least areas (the trade's: LDK 10 帖, or 8 for one room; first bedroom 6 帖,
others 4.5; bath 0.75 坪; WC, washroom, entrance, stair) fit in 85 % of the floor. Nothing is
taken from the library: every house is searched anew. A house counts as solved when the
independent rules find nothing hard against it and the brief is met. Seconds are of the wall
clock, CPU seconds those of the process; compare on one machine only.

The six are the sizes that the strongest open generator of Japanese houses publishes
(boqigao/japanese-madori-ai-planner).
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass

from madorizu import executor, houses, rules
from madorizu.brief import Brief
from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import fit
from madorizu.plan import HALF_MM, MODULE_MM

PEER = ((10, 10, 3, 1), (8, 7, 2, 1), (9, 8, 3, 2), (10, 8, 4, 2), (8, 7, 3, 2), (12, 8, 5, 2))
NARROW = 6.0  # modules: a stair, a hall and a room hardly fit beside each other
# Least areas in modules².
LDK, LDK_OF_ONE, FIRST_BEDROOM, BEDROOM, REST, STAIR = 20.0, 16.0, 12.0, 9.0, 1.5 + 3 + 3 + 2.25, 4.0


@dataclass(frozen=True, slots=True)
class Job:
    """A brief to solve: width and height in modules, n of nLDK, storeys."""

    width: float
    height: float
    rooms: int
    storeys: int
    seed: int
    limit_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a brief."""

    job: Job
    status: str
    wall_s: float
    cpu_s: float
    advice: int


def least_area(rooms: int, storeys: int) -> float:
    """Return the least floor area of a house in modules²."""
    living = LDK_OF_ONE if rooms == 1 else LDK
    return living + FIRST_BEDROOM + BEDROOM * (rooms - 1) + REST + (2 * STAIR if storeys == 2 else 0)


def draw_jobs(count: int, seed: int, sides: tuple[int, int], limit_s: float) -> list[Job]:
    """Draw random briefs that have room."""
    rng = random.Random(seed)
    found: list[Job] = []
    while len(found) < count:
        width, height = (rng.randint(*sides) + (0.5 if rng.random() < 0.25 else 0.0) for _ in range(2))
        job = Job(width, height, rng.randint(1, 5), rng.randint(1, 2), len(found), limit_s)
        if least_area(job.rooms, job.storeys) <= 0.85 * width * height * job.storeys:
            found.append(job)
    return found


def solve(job: Job) -> Outcome:
    """Solve one brief."""
    elements = frozenset({"entrance"} | ({"stairs"} if job.storeys == 2 else set()))
    width_mm, height_mm = (round(2 * side) * HALF_MM for side in (job.width, job.height))
    brief = Brief("both" if job.storeys == 2 else "1F", width_mm, height_mm, elements, nldk=job.rooms)
    wall, cpu, advice = time.perf_counter(), time.process_time(), 0
    fit.best = _nothing  # the library is no search
    try:
        house = houses.house_for(brief, seed=job.seed, time_limit_s=job.limit_s)
        hard = [f for f in rules.check(house, brief if job.storeys == 2 else None) if f.hard]
        advice = sum(not f.hard for f in rules.check(house))
        status = "solved" if not hard else "unlawful"
    except InfeasibleError:
        status = "proved infeasible"
    except OutOfTimeError:
        status = "out of time"
    return Outcome(job, status, time.perf_counter() - wall, time.process_time() - cpu, advice)


def _nothing(*_: object, **__: object) -> None:
    return None


def _print(name: str, outcomes: list[Outcome]) -> None:
    counts = Counter(o.status for o in outcomes)
    walls, cpus = (sorted(getattr(o, f) for o in outcomes if o.status == "solved") for f in ("wall_s", "cpu_s"))
    told = ", ".join(f"{status} {count}" for status, count in counts.most_common())
    line = f"{name}: {told} of {len(outcomes)}"
    if walls:
        line += f"; solved in median {statistics.median(walls):.1f} s, p95 {_p95(walls):.1f} s, most {walls[-1]:.1f} s"
        line += f" (CPU {statistics.median(cpus):.1f}, {_p95(cpus):.1f}, {cpus[-1]:.1f} s)"
    sys.stdout.write(line + "\n")


def _p95(values: list[float]) -> float:
    return values[max(0, -(-95 * len(values) // 100) - 1)]


def _tell(outcome: Outcome) -> None:
    job = outcome.job
    sys.stdout.write(
        f"  {job.width:g}x{job.height:g} {job.rooms}LDK, {job.storeys} storey(s): {outcome.status}, "
        f"{outcome.wall_s:.1f} s (CPU {outcome.cpu_s:.1f} s), {outcome.advice} soft findings\n"
    )


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="random briefs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--least", type=int, default=5, help="modules")
    parser.add_argument("--most", type=int, default=15, help="modules")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds per brief")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--narrow", action="store_true", help="only narrow houses of two storeys, and not the six")
    asked = parser.parse_args()
    sys.stdout.write(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n")
    jobs = draw_jobs(asked.count, asked.seed, (asked.least, asked.most), asked.limit)
    if asked.narrow:
        jobs = [job for job in jobs if job.storeys == 2 and min(job.width, job.height) < NARROW]
    else:
        six = [Job(w, h, n, s, i, asked.limit) for i, (w, h, n, s) in enumerate(PEER)]
        found = sorted(executor.run(solve, six, workers=asked.workers), key=lambda o: o.job.seed)
        for outcome in found:
            _tell(outcome)
        _print("the peer's six", found)
    outcomes = []
    for outcome in executor.run(solve, jobs, workers=asked.workers):
        outcomes.append(outcome)
        if outcome.status != "solved":
            _tell(outcome)
    _print(f"random briefs, {asked.least} to {asked.most} modules, {MODULE_MM} mm", outcomes)


if __name__ == "__main__":
    main()
