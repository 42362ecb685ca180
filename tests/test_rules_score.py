"""How good a plan is, by its soft findings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import house_8x7
from madorizu import rules
from madorizu.brief import Brief
from madorizu.plan import House
from madorizu.rules import Finding
from madorizu.rules.scoring import TERMS, scored


def findings(*codes: str) -> list[Finding]:
    """Make a finding of each code."""
    return [Finding(c, c[0] != "S", 1, None, None, "", "") for c in codes]


def test_a_house_without_findings_has_a_hundred_points() -> None:
    """Each term keeps its weight."""
    score = rules.score(house_8x7())
    assert (score.total, score.hard, score.penalty, score.lost()) == (100.0, 0, 0.0, {})
    assert all(t.points == t.weight and t.findings == 0 for t in score.terms)


def test_every_soft_rule_has_a_weight() -> None:
    """The terms are the S rules in their order, with the weights of the trade's list."""
    assert list(TERMS) == [r.code for r in rules.RULES if r.weight == "soft"]
    assert [TERMS[f"S{i:02}"][0] for i in range(1, 20)] == [10, 6, 6, 5, 6, 6, 5, 5, 3, 2, 3, 6, 4, 4, 2, 3, 2, 2, 2]


def test_each_finding_takes_its_part_until_nothing_is_left() -> None:
    """One of two findings of S02 costs half of 6 points, and a third costs nothing more."""
    lost = [scored(findings(*["S02"] * n)).lost() for n in range(4)]
    assert lost == [{}, {"S02": 3.0}, {"S02": 6.0}, {"S02": 6.0}]
    assert scored(findings("S01", "S02")).lost() == {"S01": 10.0, "S02": 3.0}
    weights = sum(weight for weight, _ in TERMS.values())
    assert scored(findings("S01")).total == pytest.approx(100 * (weights - 10) / weights)


def test_an_unlawful_plan_has_no_points_but_a_breakdown() -> None:
    """A hard finding makes the total 0; information costs nothing."""
    score = scored(findings("H06", "S01"))
    assert (score.total, score.hard, score.lost()) == (0.0, 1, {"S01": 10.0})
    note = Finding("H10", False, 1, None, None, "", "")
    assert scored([note]).total == 100.0


def test_off_the_lattice_nothing_is_measured() -> None:
    """H01 takes all points of all terms."""
    score = scored(findings("H01"))
    assert (score.total, score.hard) == (0.0, 1)
    assert all(t.points == 0 for t in score.terms)


def test_a_score_is_of_the_item() -> None:
    """A window instead of a French window takes the second way to the balcony: S15, half of 2 points."""
    lower, upper = house_8x7().plans
    openings = [replace(o, kind="window") if (o.kind, o.x) == ("french", 12) else o for o in upper.openings]
    worse = House((lower, replace(upper, openings=tuple(openings))))
    assert rules.score(worse).lost() == {"S15": 1.0}


def test_the_brief_names_the_road() -> None:
    """S16: the house's entrance is in the south; with a road in the north that costs, and is hard (B04)."""
    brief = Brief("1F", 7280, 6370, frozenset({"entrance"}), "n")
    score = rules.score(house_8x7(), brief)
    assert (score.total, score.hard, score.lost()) == (0.0, 1, {"S16": 3.0})
