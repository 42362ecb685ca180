"""What makes a plan lawful: one function per rule, and their findings.

Rules know plans and the catalogue, never the solver: what the solver makes is checked
here by a second, independent statement of the same demands. A broken plan never raises.
Nothing here claims that a house complies with the law: site, zoning and structure are
unknown.

`RULES` is the order of the report. Each rule has a page in docs/reference/rules/, written
from its function's docstring. `score` weighs the soft ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from madorizu.brief import Brief
from madorizu.plan import House, Plan
from madorizu.rules import (
    access,
    fixtures,
    house,
    labels,
    living,
    openings,
    outdoors,
    shape,
    stairs,
    structure,
    water,
    windows,
    wishes,
)
from madorizu.rules.facts import Case, Finding, Weight, case_of, weight_of
from madorizu.rules.report import format_findings
from madorizu.rules.scoring import Score, Term, scored

__all__ = ["RULES", "Finding", "Rule", "Score", "Term", "check", "format_findings", "is_lawful", "score"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, a short name, and the function that finds what breaks it."""

    code: str
    name: str
    find: Callable[[Case], Iterator[Finding]]

    @property
    def weight(self) -> Weight:
        """What a finding of it weighs: "hard", "soft" or "info"."""
        return weight_of(self.code)

    @property
    def hard(self) -> bool:
        """Whether a plan that breaks it must not be delivered."""
        return self.weight == "hard"


RULES: tuple[Rule, ...] = (
    Rule("H01", "lattice", shape.lattice),
    Rule("H02", "tiling", shape.tiling),
    Rule("H03", "shape and size", shape.room_shape),
    Rule("H04", "one entrance", access.one_entrance),
    Rule("H05", "stairs", stairs.stairs),
    Rule("H06", "reachability", access.reachability),
    Rule("H07", "bath", access.bath_door),
    Rule("H08", "programme", house.programme),
    Rule("H09", "daylight", windows.daylight),
    Rule("H10", "ventilation", windows.ventilation),
    Rule("H11", "corridor width", shape.corridor_width),
    Rule("H12", "balcony", outdoors.balcony),
    Rule("H13", "openings", openings.openings),
    Rule("H14", "support", house.support),
    Rule("H15", "naming", shape.naming),
    Rule("H16", "label truth", labels.label_truth),
    Rule("H17", "fixtures", fixtures.fixtures),
    Rule("B01", "size as asked", wishes.size_as_asked),
    Rule("B02", "storey as asked", wishes.storey_as_asked),
    Rule("B03", "elements as asked", wishes.elements_as_asked),
    Rule("B04", "entrance side as asked", wishes.entrance_side_as_asked),
    Rule("B05", "bedrooms as asked", wishes.bedrooms_as_asked),
    Rule("B06", "rooms as asked", wishes.features_as_asked),
    Rule("B07", "nLDK as asked", wishes.nldk_as_asked),
    Rule("B08", "stair place as asked", wishes.stair_place_as_asked),
    Rule("S01", "sun in the LDK", windows.sunny_ldk),
    Rule("S02", "sun in bedrooms", living.sunny_bedrooms),
    Rule("S03", "wet rooms together", water.wet_cluster),
    Rule("S04", "wet over wet", water.wet_stack),
    Rule("S05", "circulation", house.circulation_share),
    Rule("S06", "storage", house.storage_share),
    Rule("S07", "proportions", shape.proportions),
    Rule("S08", "place of the WC", water.wc_place),
    Rule("S09", "ways to the washroom", water.washroom_ways),
    Rule("S10", "quiet bedrooms", living.quiet_bedrooms),
    Rule("S11", "sizes of bedrooms", house.bedroom_sizes),
    Rule("S12", "wall over wall", structure.wall_over_wall),
    Rule("S13", "lines of walls", structure.wall_lines),
    Rule("S14", "dead ends", access.dead_ends),
    Rule("S15", "use of the balcony", living.balcony_use),
    Rule("S16", "entrance to the road", living.road_side),
    Rule("S17", "compactness", house.compactness),
    Rule("S18", "way to the WC", living.way_to_wc),
    Rule("S19", "old age", living.for_old_age),
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


def score(item: Plan | House, brief: Brief | None = None) -> Score:
    """Say how good a plan or a house is, term by term.

    Args:
        item: however broken; it never raises.
        brief: what was asked for; S16 asks it for the side of the road.

    Returns:
        The weighted soft rules, 100 where nothing could be better. An item that breaks a hard
        rule has a total of 0: it is not delivered, however sunny.
    """
    return scored(check(item, brief))


def is_lawful(item: Plan | House, brief: Brief | None = None) -> bool:
    """Say whether a plan or a house breaks no hard rule, and meets the brief if given.

    The same as `check` without a hard finding, but stops at the first.
    """
    case = case_of(item, brief)
    return not _off_lattice(case) and not any(f for rule in RULES[1:] if rule.hard for f in rule.find(case))


def _off_lattice(case: Case) -> tuple[Finding, ...]:
    # The other rules count in lattice steps and would fail on anything else.
    return tuple(RULES[0].find(case))
