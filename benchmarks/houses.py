"""Measure how long a house takes, from the library and searched anew; one thread.

    python benchmarks/houses.py --count 20 --fresh 3

Prints median, 95th percentile and number per source. Compare on one machine only.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable

from madorizu import houses
from madorizu.brief import Brief
from madorizu.errors import SolveError
from madorizu.houses import library, search
from madorizu.houses.programme import Wishes
from madorizu.plan import MODULE_MM

SIZES = ((8, 7), (9, 8), (7, 9), (8, 8), (10, 8), (7, 7), (11, 7), (8, 10))


def from_library(number: int) -> None:
    """Make one house of a common size with `house_for`."""
    width, height = SIZES[number % len(SIZES)]
    houses.house_for(Brief("1F", width * MODULE_MM, height * MODULE_MM), seed=number)


def fresh(number: int) -> None:
    """Search for one new topology with CP-SAT."""
    size = SIZES[number % len(SIZES)]
    search.find(search.Site(size, size, (0, 0), "s", Wishes()), seed=number, time_limit_s=120)


def measure(name: str, make: Callable[[int], None], count: int) -> None:
    """Print the times of `count` houses."""
    times, failed = [], 0
    for number in range(count):
        start = time.perf_counter()
        try:
            make(number)
        except SolveError:
            failed += 1
        times.append(time.perf_counter() - start)
    p95 = sorted(times)[max(0, -(-95 * len(times) // 100) - 1)]
    sys.stdout.write(
        f"{name:8} median {statistics.median(times):7.3f} s  p95 {p95:7.3f} s  n {count}  failed {failed}" + "\n"
    )


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=20, help="houses from the library")
    parser.add_argument("--fresh", type=int, default=3, help="houses searched anew")
    asked = parser.parse_args()
    start = time.perf_counter()
    known = len(library.load())
    sys.stdout.write(f"{platform.platform()}, {known} topologies loaded in {time.perf_counter() - start:.3f} s" + "\n")
    if asked.count:
        measure("library", from_library, asked.count)
    if asked.fresh:
        measure("fresh", fresh, asked.fresh)


if __name__ == "__main__":
    main()
