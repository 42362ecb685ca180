"""What makes a plan lawful: one function per rule, and their findings.

Rules know plans and the catalogue, never the solver: what the solver makes is checked
here by a second, independent statement of the same demands. A broken plan never raises.
Nothing here claims that a house complies with the law: site, zoning and structure are
unknown. Not checked: ventilation (H10: mechanical ventilation is assumed) and printed
labels (H16: drawings compute them from the plan).

`RULES` is the order of the report. Every rule is described in docs/reference/rules.md,
which is written from the functions' docstrings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from madorizu.brief import Brief
from madorizu.plan import House, Plan
from madorizu.rules import access, house, openings, shape, stairs, wishes
from madorizu.rules.facts import Case, Finding, case_of
from madorizu.rules.report import format_findings

__all__ = ["RULES", "Finding", "Rule", "check", "format_findings", "is_lawful"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, a short name, and the function that finds what breaks it."""

    code: str
    name: str
    find: Callable[[Case], Iterator[Finding]]

    @property
    def hard(self) -> bool:
        """Whether a plan that breaks it must not be delivered."""
        return not self.code.startswith("S")


RULES: tuple[Rule, ...] = (
    Rule("H01", "lattice", shape.lattice),
    Rule("H02", "tiling", shape.tiling),
    Rule("H03", "shape and size", shape.room_shape),
    Rule("H04", "one entrance", access.one_entrance),
    Rule("H05", "stairs", stairs.stairs),
    Rule("H06", "reachability", access.reachability),
    Rule("H07", "bath", access.bath_door),
    Rule("H08", "programme", house.programme),
    Rule("H09", "daylight", openings.daylight),
    Rule("H11", "corridor width", shape.corridor_width),
    Rule("H12", "balcony", openings.balcony),
    Rule("H13", "openings", openings.openings),
    Rule("H14", "support", house.support),
    Rule("H15", "naming", shape.naming),
    Rule("B01", "size as asked", wishes.size_as_asked),
    Rule("B02", "storey as asked", wishes.storey_as_asked),
    Rule("B03", "elements as asked", wishes.elements_as_asked),
    Rule("B04", "entrance side as asked", wishes.entrance_side_as_asked),
    Rule("B05", "bedrooms as asked", wishes.bedrooms_as_asked),
    Rule("B06", "rooms as asked", wishes.features_as_asked),
    Rule("S01", "sun in the LDK", openings.sunny_ldk),
    Rule("S03", "wet rooms together", house.wet_cluster),
    Rule("S05", "circulation", house.circulation_share),
    Rule("S06", "storage", house.storage_share),
    Rule("S07", "proportions", shape.proportions),
    Rule("S14", "dead ends", access.dead_ends),
    Rule("S20", "oversize", shape.oversize),
)


def check(item: Plan | House, brief: Brief | None = None) -> tuple[Finding, ...]:
    """Find every rule that a plan or a house breaks.

    Of a plan alone, only what can be said without the other storeys is said: a `House`
    is also checked for its programme, for stair on stair, and for support from below.

    Args:
        item: however broken; a broken rule is a finding, never an exception.
        brief: what was asked for; without it the B rules find nothing.

    Returns:
        Findings in the order of `RULES`. A finding with `hard` forbids delivery, the
        others are advice.
    """
    case = case_of(item, brief)
    return _off_lattice(case) or tuple(f for rule in RULES[1:] for f in rule.find(case))


def is_lawful(item: Plan | House, brief: Brief | None = None) -> bool:
    """Say whether a plan or a house breaks no hard rule, and meets the brief if given.

    The same as `check` without a hard finding, but stops at the first.
    """
    case = case_of(item, brief)
    return not _off_lattice(case) and not any(f for rule in RULES[1:] if rule.hard for f in rule.find(case))


def _off_lattice(case: Case) -> tuple[Finding, ...]:
    # The other rules count in lattice steps and would fail on anything else.
    return tuple(RULES[0].find(case))
