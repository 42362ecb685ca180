"""Read pictures and make lawful houses of them, one and many: seconds and peak memory.

    python benchmarks/bulk.py                     one picture of 512 to 4096 px, then 1,000 of 512 px
    python benchmarks/bulk.py --count 10000       as many in bulk
    python benchmarks/bulk.py --legalise          each is made lawful, too

Every single picture is read in a process of its own, so its peak memory is that of the reading
and of what it imports. In bulk the executor's processes read `FEW` different drawings again and again;
their largest resident memory is told after a tenth of the pictures and at the end: the
same twice means that nothing piles up.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2

from madorizu import canvas, draw, executor, houses
from madorizu.brief import brief_of
from madorizu.legalise import legalise
from madorizu.plan import outline
from madorizu.vectorise.files import Job as Picture
from madorizu.vectorise.files import read_file

FIRST_SEED = 821_000_000
SIDES_PX = (512, 1024, 2048, 4096)
FEW = 40
AGAIN = 5  # times that one picture is read in its process; the first includes loading the net
CHILD = """
import json, resource, sys, time
from pathlib import Path
from madorizu.vectorise.files import Job, read_file
seconds = []
for _ in range(int(sys.argv[2])):
    begun = time.process_time()
    read_file(Job(Path(sys.argv[1]), "1F", float(sys.argv[3])))
    seconds.append(time.process_time() - begun)
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A picture to read, and whether it is made lawful, too."""

    path: Path
    scale: float
    lawful: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: CPU seconds, MiB of the process at its most, whether there was a plan."""

    seconds: float
    peak_mib: float
    delivered: bool


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def peak_mib() -> float:
    """Return the most memory this process held so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20) if sys.platform == "darwin" else most / 1024


def handle(job: Job) -> Outcome:
    """Read a picture, and make it lawful."""
    begun = time.process_time()
    draft = read_file(Picture(job.path, "1F", job.scale))
    delivered = not job.lawful or bool(legalise((draft,), brief_of(draft.plan)).plans)
    return Outcome(time.process_time() - begun, peak_mib(), delivered)


def drawings(folder: Path, side_px: int, count: int) -> list[tuple[Path, float]]:
    """Draw 1Fs in the package's styles in turn; returns the files and their pixels per module."""
    found = []
    styles = sorted(draw.STYLES)
    for number in range(count):
        plan = houses.random_house(seed=FIRST_SEED + number).plans[0]
        place = canvas.fit_outline(outline(plan), size_px=side_px)
        picture = draw.raster(plan, styles[number % len(styles)], canvas=place)
        path = folder / f"{side_px}_{number}.png"
        cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        found.append((path, place.px_per_module))
    return found


def single(folder: Path) -> None:
    """Print what one picture of each size costs."""
    say("side px  first CPU s  then, median  peak MiB")
    for side_px in SIDES_PX:
        ((path, scale),) = drawings(folder, side_px, 1)
        command = [sys.executable, "-c", CHILD, str(path), str(AGAIN), str(scale)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, most = json.loads(done.stdout)
        say(f"{side_px:7} {seconds[0]:12.2f} {statistics.median(seconds[1:]):13.2f} {most / 1024:9.0f}")


def bulk(folder: Path, count: int, workers: int, *, lawful: bool) -> None:
    """Print what many pictures cost."""
    few = drawings(folder, 512, FEW)
    jobs = (Job(*few[i % FEW], lawful) for i in range(count))
    begun, outcomes = time.monotonic(), []
    early = 0.0
    for outcome in executor.run(handle, jobs, workers=workers):
        outcomes.append(outcome)
        if len(outcomes) == max(1, count // 10):
            early = max(o.peak_mib for o in outcomes)
    spent = time.monotonic() - begun
    seconds = sorted(o.seconds for o in outcomes)
    what = "read and made lawful" if lawful else "read"
    say(
        f"\n{count} pictures of 512 px {what} by {workers} processes: {spent:.0f} s, {count / spent:.1f} a second; "
        f"{statistics.median(seconds):.3f} CPU s in the median, {seconds[int(0.95 * (count - 1))]:.3f} at p95; "
        f"{sum(o.delivered for o in outcomes)} delivered"
    )
    say(
        f"largest process {early:.0f} MiB after a tenth, {max(o.peak_mib for o in outcomes):.0f} MiB at the end; "
        f"this one {peak_mib():.0f} MiB"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--legalise", action="store_true")
    asked = parser.parse_args()
    say(f"{platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        single(Path(name))
        bulk(Path(name), asked.count, asked.workers, lawful=asked.legalise)


if __name__ == "__main__":
    main()
