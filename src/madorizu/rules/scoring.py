"""The soft findings of a plan, weighed: how good it is, and what costs it how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from madorizu.rules.facts import Finding

# Per soft rule: its weight, and how many findings lose all of it. The weights are starting
# values by judgement, as the trade's advice ranks them; S20 is ours.
TERMS: dict[str, tuple[float, int]] = {
    "S01": (10.0, 1),
    "S02": (6.0, 2),
    "S03": (6.0, 2),
    "S04": (5.0, 2),
    "S05": (6.0, 1),
    "S06": (6.0, 3),
    "S07": (5.0, 3),
    "S08": (5.0, 2),
    "S09": (3.0, 2),
    "S10": (2.0, 2),
    "S11": (3.0, 2),
    "S12": (6.0, 3),
    "S13": (4.0, 3),
    "S14": (4.0, 2),
    "S15": (2.0, 2),
    "S16": (3.0, 1),
    "S17": (2.0, 2),
    "S18": (2.0, 2),
    "S19": (2.0, 2),
    "S20": (3.0, 2),
}


@dataclass(frozen=True, slots=True)
class Term:
    """What one soft rule says of an item.

    Attributes:
        code: the rule.
        weight: the points it can give.
        findings: how often it is broken.
        points: what is left of the weight.
    """

    code: str
    weight: float
    findings: int
    points: float


@dataclass(frozen=True, slots=True)
class Score:
    """How good a plan or a house is.

    Attributes:
        total: 0 to 100; 0 where a hard rule is broken. Compare equal things only: a storey
            alone is asked less than a house.
        hard: number of hard findings.
        terms: the soft rules in the order of their codes. What they lose is told of an unlawful
            item too, except of one off the lattice (H01), of which nothing can be measured.
    """

    total: float
    hard: int
    terms: tuple[Term, ...]

    @property
    def penalty(self) -> float:
        """Points lost of all the weights together; 0 is best. Hard findings are not in it."""
        return sum(term.weight - term.points for term in self.terms)

    def lost(self) -> dict[str, float]:
        """Return the points lost by code, the dearest first, without those that lost none."""
        lost = {t.code: t.weight - t.points for t in self.terms if t.points < t.weight}
        return dict(sorted(lost.items(), key=lambda item: (-item[1], item[0])))


def scored(findings: Iterable[Finding]) -> Score:
    """Weigh findings. Each takes an equal part of its rule's weight until nothing is left."""
    counts: Counter[str] = Counter()
    hard = 0
    for finding in findings:
        counts[finding.code] += 1
        hard += finding.hard
    terms = []
    for code, (weight, most) in TERMS.items():
        left = 0.0 if counts["H01"] else 1 - min(counts[code], most) / most
        terms.append(Term(code, weight, counts[code], weight * left))
    total = 100 * sum(t.points for t in terms) / sum(t.weight for t in terms)
    return Score(0.0 if hard else total, hard, tuple(terms))
