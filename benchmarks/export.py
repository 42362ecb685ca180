"""Measure exports: seconds and memory of one house in all formats, and memory over a thousand.

    python benchmarks/export.py                                 ten houses in all formats, one core
    python benchmarks/export.py --count 1000 --workers 2        then a thousand through the executor
    python benchmarks/export.py --count 1000 --to dxf,pdf,gltf  in these formats

Seconds are of the processor. Of the many, what a worker and this process held at most is printed
after the first hundred and at each further hundred: it must not grow. The many are the same few
houses by turns, so that houses need not be solved.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from madorizu import executor, export, houses

EACH = 100  # of the many, after which memory is printed


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one of the many: an error, and what its worker held at most, in MB."""

    error: str
    peak_mb: float


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description="Measure exports.")
    parser.add_argument("--houses", type=int, default=10, help="different houses")
    parser.add_argument("--seed", type=int, default=1, help="of the first house")
    parser.add_argument("--count", type=int, default=0, help="exports through the executor")
    parser.add_argument("--to", default="", help="formats of the many, with commas [default: all]")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    say(f"Python {platform.python_version()}, {platform.machine()}, {given.workers} worker(s)")
    with tempfile.TemporaryDirectory() as folder:
        sources = solved(range(given.seed, given.seed + given.houses), Path(folder))
        one_by_one(sources)
        formats = tuple(given.to.split(",")) if given.to else here()
        failed = many(sources, given.count, export.check_formats(formats), Path(folder), given.workers)
    return int(failed > 0)


def here() -> tuple[str, ...]:
    """Return the formats that can be written."""
    return tuple(form for form, known in export.FORMATS.items() if known.is_here)


def solved(seeds: range, folder: Path) -> list[Path]:
    """Write houses as JSON, so that reading them is part of what is measured."""
    paths = []
    for seed in seeds:
        subject = export.subject(houses.random_house(seed=seed, house_id=f"h{seed}"))
        paths += export.write(subject, ["json"], folder)
    return paths


def one_by_one(sources: list[Path]) -> None:
    """Print what each format takes of one core: the first time, with loading what it stands on, and after that."""
    seconds: dict[str, list[float]] = {form: [] for form in ("read and check", *here())}
    for path in sources:
        began = time.process_time()
        subject = export.subject(export.read(path))
        seconds["read and check"].append(time.process_time() - began)
        for form in here():
            began = time.process_time()
            export.rendered(subject, [form])
            seconds[form].append(time.process_time() - began)
    say(f"{'':16}{'first':>8}{'median':>8}{'worst':>8}  s of one core per house")
    for form, times in seconds.items():
        later = times[1:] or times
        say(f"{form:16}{times[0]:8.2f}{statistics.median(later):8.2f}{max(later):8.2f}")
    for name, left_out in (("all", ()), ("all but ifc", ("ifc",))):
        sums = [sum(t[i] for form, t in seconds.items() if form not in left_out) for i in range(len(sources))]
        later = sums[1:] or sums
        say(f"{name:16}{sums[0]:8.2f}{statistics.median(later):8.2f}{max(later):8.2f}")
    say(f"most memory {peak_mb():.0f} MB")


def many(sources: list[Path], count: int, formats: tuple[str, ...], folder: Path, workers: int) -> int:
    """Export by the executor and print memory as it goes; returns how many failed."""
    work = partial(exported, formats=formats, out=folder)
    began, failed, most = time.perf_counter(), 0, 0.0
    for number, done in enumerate(
        executor.run(work, (sources[i % len(sources)] for i in range(count)), workers=workers), start=1
    ):
        failed += bool(done.error)
        most = max(most, done.peak_mb)
        if done.error:
            say(done.error)
        if number % EACH == 0:
            told = {"exports": number, "worker_mb": round(most), "this_mb": round(peak_mb()), "failed": failed}
            say(json.dumps(told | {"s": round(time.perf_counter() - began)}))
    return failed


def exported(path: Path, *, formats: tuple[str, ...], out: Path) -> Done:
    """Export a house into a folder of its own, and take the files away again."""
    with tempfile.TemporaryDirectory(dir=out) as folder:
        done = export.export_or_tell(export.Job(path, formats, Path(folder)))
    return Done(done.error, peak_mb())


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def peak_mb() -> float:
    """Return the most memory that this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    sys.exit(main())
