"""The topology library: houses solved before, re-dimensioned to a new size in milliseconds.

The library is a file of one JSON topology per line (`assets/topologies.jsonl`), made by
`harvest` and shipped with the package.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

from madorizu import rules
from madorizu.errors import PlanError, SolveError
from madorizu.houses import topology
from madorizu.houses.finish import finish
from madorizu.houses.programme import Wishes
from madorizu.houses.search import Site, Size, find
from madorizu.houses.topology import Topology
from madorizu.plan import Side

# W×H in modules of common houses, with how often they are drawn when harvesting.
_LOWER_SIZES: tuple[Size, ...] = (
    (7, 6), (8, 6), (7, 7), (8, 7), (9, 7), (10, 7), (11, 7), (8, 8), (9, 8), (10, 8), (11, 8), (12, 8),
    (7, 9), (8, 9), (9, 9), (10, 9), (8, 10), (7, 10), (6, 9), (6, 10), (5, 10), (10, 10), (12, 10),
    (6, 6), (6, 7), (6, 8), (5, 8), (5, 9), (7, 8),
)  # fmt: skip
_SIDES: tuple[Side, ...] = ("s",) * 10 + ("n",) * 4 + ("e",) * 3 + ("w",) * 3


@cache
def load() -> tuple[Topology, ...]:
    """Read the library that ships with the package.

    Raises:
        PlanError: if a line is damaged.
    """
    text = (resources.files("madorizu") / "assets" / "topologies.jsonl").read_text(encoding="utf-8")
    return tuple(read_lines(text.splitlines()))


def read_lines(lines: list[str]) -> Iterator[Topology]:
    """Read topologies from lines of JSON.

    Raises:
        PlanError: naming the first damaged line.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield topology.from_json(json.loads(line))
        except (ValueError, PlanError) as error:
            raise PlanError(f"line {number} of the topology library must be a topology, got {line[:40]!r}") from error


def random_site(rng: random.Random) -> Site:
    """Draw the size, entrance side and storeys of a common house."""
    lower = rng.choice(_LOWER_SIZES)
    if rng.random() < 0.12 and lower[0] * lower[1] >= 63:
        return Site(lower, None, (0, 0), rng.choice(_SIDES), Wishes())
    upper, shift = lower, (0, 0)
    if rng.random() < 0.45:
        upper = (lower[0] - rng.choice((0, 1, 2)), lower[1] - rng.choice((0, 0, 1)))
        if upper[0] * upper[1] < 40 or min(upper) < 5:
            upper = lower
        shift = (rng.choice((0, lower[0] - upper[0])), rng.choice((0, lower[1] - upper[1])))
    return Site(lower, upper, shift, rng.choice(_SIDES), Wishes())


def harvest(out: Path, *, count: int, seed: int, time_limit_s: float = 10.0) -> int:
    """Solve random houses and append their topologies to a file, one per line.

    Can be stopped and started again: the lines that are there say which seeds were
    tried. Returns the number of topologies in the file.
    """
    done = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    number = max((json.loads(line).get("try", -1) for line in done), default=-1) + 1
    kept = len(done)
    with out.open("a", encoding="utf-8") as file:
        while kept < count:
            own = zlib.crc32(f"{seed}/{number}".encode())
            try:
                found = find(random_site(random.Random(own)), seed=own, time_limit_s=time_limit_s)
            except SolveError:
                number += 1
                continue
            number += 1
            if not _is_useful(found):
                continue
            file.write(json.dumps({**topology.to_json(found), "try": number - 1}, separators=(",", ":")) + "\n")
            file.flush()
            kept += 1
    return kept


def _is_useful(found: Topology) -> bool:
    """Say whether doors, windows and fixtures find their places: one of some houses must be lawful."""
    for seed in range(6):
        house = finish(found, seed=seed)
        if house is not None and rules.is_lawful(house):
            return True
    return False
