"""Read drawings of known plans back, clean and worn, and print how much of each plan came back.

    python benchmarks/vectorise.py                        600 drawings in our own styles
    python benchmarks/vectorise.py --strangers            three styles that nothing was tuned on
    python benchmarks/vectorise.py --count 60 --show DIR  fewer; writes the worst readings as pictures

Own drawings: storeys of houses that no training saw (seeds from `FIRST_SEED` on), in every
style of the package in turn, without labels, at the scale of their canvas; the scale is told,
as it is for everything that is drawn on our canvas, while the place of the lattice and the
skew are found. Strangers' drawings: the scale is told in one table and found in the other.

Goals: edges F1 0.98 clean and 0.94 worn, IoU 0.95 / 0.90, doors and windows recall 0.95 / 0.88
at as much precision, kinds 0.97 in coloured and 0.88 in black-and-white styles.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import strange

from madorizu import canvas, degrade, draw, executor, houses
from madorizu.draft import Draft
from madorizu.metrics.reading import Score, compare, total
from madorizu.plan import HALF_MM, Plan, outline, translate
from madorizu.vectorise import trace

FIRST_SEED = 900_000_000
COLOURED = ("listing", "listing_warm", "blueprint")
CONDITIONS = ("clean", *degrade.KINDS)


@dataclass(frozen=True, slots=True)
class Job:
    """A storey to draw and read."""

    number: int
    style: str
    condition: str
    scale_told: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    job: Job
    score: Score
    seconds: float
    scale_error: float
    trust: float


def storey(number: int) -> Plan:
    """Return a storey of a house that was never trained on, its outline's corner at the origin."""
    house = houses.random_house(seed=FIRST_SEED + number // 2)
    plan = house.plans[number % len(house.plans)]
    x, y, _, _ = outline(plan)
    return translate(plan, -x, -y)


def drawn(plan: Plan, job: Job) -> tuple[npt.NDArray[np.uint8], float, float, float]:
    """Draw a storey as a job says: the picture, its px per module, and where its corner lies."""
    if job.style in strange.STRANGE:
        found = strange.STRANGE[job.style](plan, job.number)
        return found.picture, found.px_per_module, found.left_px, found.top_px
    place = canvas.fit_outline(outline(plan))
    picture = draw.raster(plan, job.style, canvas=place)
    scale = place.px_per_module
    return picture, scale, place.left * scale, place.top * scale


def read(job: Job) -> Outcome:
    """Draw, wear and read one storey."""
    cv2.setNumThreads(1)
    plan = storey(job.number)
    picture, scale, left, top = drawn(plan, job)
    if job.condition != "clean":
        picture = degrade.KINDS[job.condition](picture, np.random.default_rng(job.number))
    if job.condition == "small":
        scale, left, top = (value * degrade.SCALE for value in (scale, left, top))
    start = time.perf_counter()
    draft = trace(picture, floor=plan.floor, px_per_module=scale if job.scale_told else None)
    seconds = time.perf_counter() - start
    error = draft.px_per_module / scale - 1
    return Outcome(job, compare(on_lattice(draft, left, top), plan), seconds, error, draft.confidence)


def on_lattice(draft: Draft, left_px: float, top_px: float) -> Plan:
    """Move a draft's plan so that its origin is the place of the drawn outline's corner."""
    half = draft.px_per_module * HALF_MM / 910
    dx = round((draft.origin_px[0] - left_px) / half)
    dy = round((draft.origin_px[1] - top_px) / half)
    return translate(draft.plan, dx, dy)


def say(text: str = "") -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def table(title: str, rows: dict[str, list[Outcome]]) -> None:
    """Print scores, one row per key."""
    say(f"\n{title}")
    say(
        f"{'':16} {'n':>4} {'edges':>6} {'IoU':>6} {'kinds':>6} {'door R':>6} {'door P':>6} {'kind':>6} {'swing':>6} "
        f"{'win R':>6} {'win P':>6} {'stair':>6} {'W×H':>6} {'s':>6}"
    )
    for name, outcomes in rows.items():
        score = total(o.score for o in outcomes)
        shares = (
            score.edge_f1,
            score.mean_iou,
            score.kind_share,
            score.doors_right / max(1, score.doors_drawn),
            score.doors_right / max(1, score.doors_read),
            score.door_kinds_right / max(1, score.doors_right),
            score.swings_right / max(1, score.door_kinds_right),
            score.windows_right / max(1, score.windows_drawn),
            score.windows_right / max(1, score.windows_read),
            score.stairs_right / max(1, score.stairs_drawn),
            score.outlines_right / max(1, score.plans),
            statistics.median(o.seconds for o in outcomes),
        )
        say(f"{name:16} {score.plans:4} " + " ".join(f"{share:6.3f}" for share in shares))


def grouped(outcomes: list[Outcome], key: str) -> dict[str, list[Outcome]]:
    """Group outcomes by a field of their job."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[getattr(outcome.job, key)].append(outcome)
    return dict(found)


def show(outcomes: list[Outcome], folder: Path, count: int = 8) -> None:
    """Write the worst readings: the drawing, and the reading drawn beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for outcome in sorted(outcomes, key=lambda o: o.score.edge_f1 + o.score.kind_share)[:count]:
        job = outcome.job
        plan = storey(job.number)
        picture, scale, _, _ = drawn(plan, job)
        if job.condition != "clean":
            picture = degrade.KINDS[job.condition](picture, np.random.default_rng(job.number))
        scale *= degrade.SCALE if job.condition == "small" else 1
        draft = trace(picture, floor=plan.floor, px_per_module=scale if job.scale_told else None)
        again = draw.raster(draft.plan, "listing", labels=True)
        side = max(picture.shape[0], again.shape[0])
        page = np.full((side, picture.shape[1] + again.shape[1], 3), 255, np.uint8)
        page[: picture.shape[0], : picture.shape[1]] = picture
        page[: again.shape[0], picture.shape[1] :] = again
        name = f"{job.style}_{job.condition}_{job.number}.png"
        cv2.imwrite(str(folder / name), cv2.cvtColor(page, cv2.COLOR_RGB2BGR))


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=600, help="drawings per condition in all")
    parser.add_argument("--strangers", action="store_true", help="the three styles that nothing was tuned on")
    parser.add_argument("--conditions", nargs="*", default=list(CONDITIONS), choices=CONDITIONS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", type=Path, help="folder for pictures of the worst readings")
    asked = parser.parse_args()
    say(f"{platform.platform()}, {asked.count} drawings")
    styles = sorted(strange.STRANGE) if asked.strangers else list(draw.STYLES)
    everything: list[Outcome] = []
    for told in (True, False) if asked.strangers else (True,):
        conditions = ["clean"] if asked.strangers else asked.conditions
        jobs = [Job(n, styles[n % len(styles)], c, told) for c in conditions for n in range(asked.count)]
        outcomes = sorted(executor.run(read, jobs, workers=asked.workers), key=lambda o: o.job.number)
        everything += outcomes
        if asked.strangers:
            table(f"strangers' drawings, scale {'told' if told else 'found'}", grouped(outcomes, "style"))
            off = sum(abs(o.scale_error) > 0.02 for o in outcomes)
            say(f"scale off by more than 2 %: {off} of {len(outcomes)}")
            continue
        by_condition = grouped(outcomes, "condition")
        table("own styles, by condition", {c: by_condition[c] for c in conditions})
        worn = [o for o in outcomes if o.job.condition != "clean"]
        if worn:
            table("all worn ones", {"worn": worn})
        for condition in conditions[:1]:
            table(f"{condition}, by style", grouped(by_condition[condition], "style"))
            coloured = [o for o in by_condition[condition] if o.job.style in COLOURED]
            plain = [o for o in by_condition[condition] if o.job.style not in COLOURED]
            table(f"{condition}, kinds of rooms", {"coloured": coloured, "black and white": plain})
    if asked.show:
        show(everything, asked.show)


if __name__ == "__main__":
    main()
