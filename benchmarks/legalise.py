"""Make lawful houses of drafts that were read badly, and print what became of them.

    python benchmarks/legalise.py                              drafts of our houses, damaged in known ways
    python benchmarks/legalise.py --source pictures            drafts read from drawings, clean and worn
    python benchmarks/legalise.py --houses 30 --kinds "a missing wall" worn

Damage spoils one storey of each house (`madorizu.legalise.damage`), "speckled evidence" and
"worn" both; pictures are drawn in every style of the package in turn, worn by
`madorizu.degrade` and read by `madorizu.vectorise`, their scale told. The brief is what
`brief.brief_of_house` says of the true house.

Goals: at least 98 % delivered; of these none with a hard finding, all exactly W×H, stairs on
stairs; median agreement 0.90 or more; median 1 s or less and 95 % within 5 s; the same bytes
for the same input.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from madorizu import canvas, degrade, draw, executor, houses, rules
from madorizu.brief import brief_of_house
from madorizu.draft import Draft
from madorizu.legalise import Legalised, damage, legalise
from madorizu.plan import House, Plan, outline, translate
from madorizu.plan_json import plan_to_json
from madorizu.vectorise import trace

FIRST_SEED = 812_000_000
BOTH_STOREYS = ("speckled evidence", "worn")
CONDITIONS = ("clean", *degrade.KINDS)
TWICE = 4  # one of so many is made twice, to compare the bytes


@dataclass(frozen=True, slots=True)
class Job:
    """A house to spoil in a way, and to make lawful again."""

    number: int
    kind: str
    source: str
    time_limit_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it.

    Attributes:
        job: what was done.
        status, reason: as `Legalised` says.
        agreement: with the drafts; `truth` with the true house.
        hard: hard findings of the result.
        exact: W×H of the brief on each storey that it gives a size.
        stacked: share of the stairs' cells that both storeys have.
        moves: number of changes.
        seconds, cpu_s: of `legalise` alone.
        same: whether the second time gave the same bytes; None where it was not tried.
    """

    job: Job
    status: str
    reason: str
    agreement: float
    truth: float
    hard: int
    exact: bool
    stacked: float
    moves: int
    seconds: float
    cpu_s: float
    same: bool | None


@lru_cache(maxsize=4)
def true_house(number: int) -> House:
    """Return a house that nothing was tuned on."""
    return houses.random_house(seed=FIRST_SEED + number)


def damaged(house: House, job: Job) -> tuple[Draft, ...]:
    """Return drafts of a house, one storey of which is spoiled."""
    rng = np.random.default_rng(job.number)
    chosen = int(rng.integers(len(house.plans)))
    drafts = []
    for i, plan in enumerate(house.plans):
        spoil = i == chosen or job.kind in BOTH_STOREYS
        drafts.append((damage.KINDS[job.kind] if spoil else damage.clean)(plan, rng))
    return tuple(drafts)


def pictured(house: House, job: Job) -> tuple[Draft, ...]:
    """Return drafts read from drawings of a house, worn as the job says."""
    cv2.setNumThreads(1)
    styles = list(draw.STYLES)
    found = []
    for i, plan in enumerate(house.plans):
        x, y, _, _ = outline(plan)
        place = canvas.fit_outline(outline(plan))
        picture = draw.raster(translate(plan, -x, -y), styles[job.number % len(styles)], canvas=place)
        scale = place.px_per_module
        if job.kind != "clean":
            picture = degrade.KINDS[job.kind](picture, np.random.default_rng(2 * job.number + i))
            scale *= degrade.SCALE if job.kind == "small" else 1
        found.append(trace(picture, floor=plan.floor, px_per_module=scale))
    return tuple(found)


SOURCES: dict[str, tuple[Callable[[House, Job], tuple[Draft, ...]], tuple[str, ...]]] = {
    "damage": (damaged, tuple(damage.KINDS)),
    "pictures": (pictured, CONDITIONS),
}


def measure(job: Job) -> Outcome:
    """Spoil a house, make it lawful, judge what came out."""
    house = true_house(job.number)
    brief = brief_of_house(house)
    drafts = SOURCES[job.source][0](house, job)
    cpu = time.process_time()
    made = legalise(drafts, brief, seed=job.number, time_limit_s=job.time_limit_s)
    cpu = time.process_time() - cpu
    same = None
    if job.number % TWICE == 0:
        again = legalise(drafts, brief, seed=job.number, time_limit_s=job.time_limit_s)
        same = _bytes(made) == _bytes(again)
    item = House(made.plans) if len(made.plans) > 1 else made.plans[0] if made.plans else None
    hard = [] if item is None else [f for f in rules.check(item, brief) if f.hard]
    return Outcome(
        job,
        made.status,
        made.reason,
        made.agreement,
        _truth(house, made),
        len(hard),
        not any(f.code == "B01" for f in hard),
        _stacked(made.plans),
        len(made.moves),
        made.seconds,
        cpu,
        same,
    )


def _bytes(made: Legalised) -> str:
    plain = replace(made, seconds=0.0)
    return json.dumps([plan_to_json(p) for p in made.plans]) + repr((plain.moves, plain.status, plain.agreement))


def _stacked(plans: tuple[Plan, ...]) -> float:
    stairs = [frozenset(c for r in plan.rooms if r.kind == "stair" for c in r.cells) for plan in plans]
    if len(stairs) < 2:
        return 1.0
    return len(stairs[0] & stairs[1]) / max(1, len(stairs[0] | stairs[1]))


def _truth(house: House, made: Legalised) -> float:
    """Return the share of cells on which the result and the true house agree, each storey laid on its corner."""
    same = total = 0
    for plan, true in zip(made.plans, house.plans, strict=False):
        cells = []
        for one in (plan, true):
            x, y, _, _ = outline(one)
            cells.append({(cx - x, cy - y): room.kind for room in one.rooms for cx, cy in room.cells})
        same += sum(cells[1].get(cell) == kind for cell, kind in cells[0].items())
        total += len(cells[0].keys() | cells[1].keys())
    return same / total if total else 0.0


# --- tables -----------------------------------------------------------------------------------


def say(text: str = "") -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(rows: dict[str, list[Outcome]]) -> None:
    """Print what became of drafts, one row per key."""
    say(
        f"{'':24} {'n':>5} {'kept':>5} {'repaired':>8} {'rebuilt':>7} {'cannot':>6} {'deliv.':>6} {'agree':>6} "
        f"{'10 %':>6} {'truth':>6} {'moves':>5} {'s':>6} {'95 %':>6} {'CPU s':>6} {'95 %':>6}"
    )
    for name, found in rows.items():
        counts = Counter(o.status for o in found)
        delivered = [o for o in found if o.status != "cannot"]
        agreement = [o.agreement for o in delivered] or [0.0]
        say(
            f"{name:24} {len(found):5} {counts['kept']:5} {counts['repaired']:8} {counts['rebuilt']:7} "
            f"{counts['cannot']:6} {len(delivered) / len(found):6.3f} {statistics.median(agreement):6.3f} "
            f"{np.percentile(agreement, 10):6.3f} {statistics.median([o.truth for o in delivered] or [0.0]):6.3f} "
            f"{statistics.median(o.moves for o in found):5.0f} "
            f"{statistics.median(o.seconds for o in found):6.2f} {np.percentile([o.seconds for o in found], 95):6.2f} "
            f"{statistics.median(o.cpu_s for o in found):6.2f} {np.percentile([o.cpu_s for o in found], 95):6.2f}"
        )


def report(outcomes: list[Outcome], kinds: list[str]) -> bool:
    """Print all tables; say whether what must hold holds."""
    by_kind = {kind: [o for o in outcomes if o.job.kind == kind] for kind in kinds}
    say("\nby kind of damage")
    table(by_kind)
    say("\nall")
    table({"all": outcomes})
    delivered = [o for o in outcomes if o.status != "cannot"]
    twice = [o for o in outcomes if o.same is not None]
    hard = sum(o.hard > 0 for o in delivered)
    exact = sum(o.exact for o in delivered)
    stacked = sum(o.stacked == 1.0 for o in delivered)
    say(f"\nwith a hard finding: {hard} of {len(delivered)} delivered")
    say(
        f"exactly W×H: {exact}; stair on stair: {stacked}; the same bytes again: {sum(bool(o.same) for o in twice)} of "
        f"{len(twice)}"
    )
    for reason, count in Counter(o.reason for o in outcomes if o.status in ("rebuilt", "cannot")).most_common(6):
        say(f"  {count:3} {reason[:140]}")
    return not hard and exact == stacked == len(delivered) and all(o.same for o in twice)


def main() -> int:
    """Read the options and measure; exit with 1 where a result is unlawful or not the same again."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--houses", type=int, default=150)
    parser.add_argument("--source", choices=sorted(SOURCES), default="damage")
    parser.add_argument("--kinds", nargs="*", help="kinds of damage, or of wear [default: all]")
    parser.add_argument("--each", action="store_true", help="every kind to every house, not one kind to each in turn")
    parser.add_argument("--time-limit", type=float, default=10.0, help="seconds per house")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    kinds = asked.kinds or list(SOURCES[asked.source][1])
    say(f"{platform.platform()}, {asked.houses} houses, {asked.source}")
    jobs = [
        Job(n, kind, asked.source, asked.time_limit)
        for n in range(asked.houses)
        for kind in (kinds if asked.each else [kinds[n % len(kinds)]])
    ]
    outcomes = sorted(executor.run(measure, jobs, workers=asked.workers), key=lambda o: (o.job.number, o.job.kind))
    return 0 if report(outcomes, kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
