"""Spoil lawful houses in many ways, and count how many the checker finds, and by which rule.

    python benchmarks/mutations.py --each 72 --houses 30

A mutant counts as found where a finding of the rule that was broken is there which the house
did not have before it was spoiled. How the mutants are made, and why each of them is
unlawful whatever the checker says, is told in tests/mutations. Exits with 1 under 99 %.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from madorizu import houses, rules
from madorizu.plan import House

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import mutations

LEAST = 0.99


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the mutants of one kind."""

    kind: str
    count: int
    found: int
    by_rule: Counter[str]
    missed: tuple[str, ...]


def measure(kind: str, lawful: list[House], count: int, seed: int) -> Result:
    """Make and check the mutants of one kind."""
    by_rule: Counter[str] = Counter()
    missed = []
    before = {house.seed: set(rules.check(house)) for house in lawful}
    made = mutations.mutants(kind, lawful, count, seed=seed)
    for mutant in made:
        new = {f.code for f in set(rules.check(mutant.house)) - before[mutant.house.seed]}
        by_rule.update(new & mutant.broken)
        if not new & mutant.broken:
            missed.append(f"{mutant.what}: {', '.join(sorted(mutant.broken))} not in {', '.join(sorted(new))}")
    return Result(kind, len(made), len(made) - len(missed), by_rule, tuple(missed))


def main() -> int:
    """Read the options, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--each", type=int, default=72, help="mutants of each kind; some kinds have fewer places")
    parser.add_argument("--houses", type=int, default=30, help="lawful houses to spoil")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    start = time.perf_counter()
    lawful = [houses.random_house(seed=asked.seed + s) for s in range(asked.houses)]
    results = [measure(kind, lawful, asked.each, asked.seed) for kind in mutations.MUTATIONS]
    print_table(results)
    made, found = sum(r.count for r in results), sum(r.found for r in results)
    sys.stdout.write(
        f"{'all':22} {made:6} {found:6}  {100 * found / made:.2f} % of {len(results)} kinds, "
        f"{len(lawful)} houses, {time.perf_counter() - start:.0f} s\n"
    )
    return 0 if found >= LEAST * made else 1


def print_table(results: list[Result]) -> None:
    """Print a line per kind, and below it what was missed."""
    sys.stdout.write(f"{'kind':22} {'made':>6} {'found':>6}  by rule\n")
    for r in results:
        rules_found = "  ".join(f"{code} {n}" for code, n in sorted(r.by_rule.items()))
        sys.stdout.write(f"{r.kind:22} {r.count:6} {r.found:6}  {rules_found}\n")
        for line in r.missed:
            sys.stdout.write(f"    missed: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
