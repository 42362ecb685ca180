"""From placed readings to lawful plans: choose rooms, then openings, let the rules judge, try again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from madorizu import rules
from madorizu.brief import Brief
from madorizu.errors import OutOfTimeError
from madorizu.legalise import candidates, rooms, shapes, stairs
from madorizu.legalise.asks import Ask, entered_from, shortage
from madorizu.legalise.lawful import Lawful
from madorizu.legalise.openings import Condition, Fitted, fit
from madorizu.legalise.outdoor import outdoor_rooms
from madorizu.legalise.reading import Placed
from madorizu.legalise.regions import Ground, ground_of
from madorizu.legalise.rooms import Layout, Rooms
from madorizu.plan import HALF_MM, Fixture, House, Opening, Plan, Room
from madorizu.rules import Finding

ROUNDS = 6  # layouts that are tried with one set of candidates
REFITS = 3  # times that doors are chosen anew for one layout
ROOMS_EFFORT = 1.0  # of the solver's own measure, about seconds of an idle core
# Which placement of the storeys is tried with which candidates, in this order.
ORDER = ((0, 0), (0, 1), (1, 1), (2, 1), (0, 2))


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be met, and until when.

    Attributes:
        ask: what the plans must have.
        brief: the same as the client said it, for the judge.
        seed: of the solver.
        end: when to give up, of `time.monotonic`.
    """

    ask: Ask
    brief: Brief | None
    seed: int
    end: float

    @property
    def left_s(self) -> float:
        """Seconds that are left."""
        return self.end - time.monotonic()


@dataclass(slots=True)
class Outcome:
    """What became of an attempt: plans, or why there are none."""

    plans: tuple[Plan, ...] | None = None
    placed: Placed | None = None
    is_late: bool = False
    findings: list[Finding] = field(default_factory=list)
    is_infeasible: bool = True


def judged(plans: Sequence[Plan], task: Task) -> tuple[Finding, ...]:
    """Let the rules judge plans: as a house if they are one."""
    item = House(tuple(plans)) if task.ask.is_house else plans[0]
    return rules.check(item, task.brief)


def repaired(placements: Sequence[Placed], task: Task) -> Outcome:
    """Make lawful plans of readings, changing as little as can be.

    Args:
        placements: ways to lay the readings on one lattice, likeliest first.
        task: what is to be met.
    """
    outcome = Outcome()
    for number, effort in ORDER:
        if number >= len(placements):
            continue
        _attempt(placements[number], effort, task, outcome)
        if outcome.plans is not None or outcome.is_late:
            return outcome
    return outcome


def _attempt(placed: Placed, effort: int, task: Task, outcome: Outcome) -> None:
    """Try the layouts of one set of candidates until one is lawful."""
    ask, board = task.ask, placed.board
    wanted = _wanted(placed, ask)
    climbed = board.bits(
        c for r in placed.readings for room in r.plan.rooms if room.kind == "stair" for c in room.cells
    )
    grounds = [ground_of(r, board, wanted, ask.entrance, climbed) for r in placed.readings]
    if not all(ground.floor for ground in grounds):
        return
    choices = [] if ask.stair is False else stairs.choices(grounds, ask, effort)
    options = []
    try:
        for ground in grounds:
            lawful = Lawful(board, ground.floor, ground.number, ask.entrance)
            taken = [c.bits for c in choices[:8]]
            options.append(candidates.candidates(ground, lawful, wanted, taken, effort, task.end))
    except OutOfTimeError:
        outcome.is_late = True
        return
    model = rooms.model_of(grounds, options, choices, ask)
    if model is None:
        return
    for _ in range(ROUNDS):
        status, layout = rooms.choose(model, seed=task.seed, effort_s=ROOMS_EFFORT, end=task.end)
        if status == "out of time" or task.left_s <= 0:
            outcome.is_late = True
            return
        if layout is None:
            outcome.is_infeasible &= status == "infeasible"
            return
        bad = _furnish(placed, layout, grounds, task, outcome)
        if outcome.plans is not None or outcome.is_late:
            return
        outcome.is_infeasible = False
        for combination in bad:
            rooms.forbid(model, combination)


def _wanted(placed: Placed, ask: Ask) -> tuple[str, ...]:
    """Return the kinds that are missing in what was read; "-bed" where there are too many bedrooms."""
    kinds = {i: tuple(room.kind for room in r.plan.rooms) for i, r in enumerate(placed.readings)}
    missing = shortage(ask, kinds)
    if any(r.floor == 1 for r in placed.readings) and "ent" not in kinds[0]:
        missing["ent"] = 1
    found = [kind if count > 0 else f"-{kind}" for kind, count in missing.items()]
    if "bed" in found:
        found.append("mbr")  # whose walk-in closet may be there already
    if any("hall" not in own for own in kinds.values()):
        found.append("hall")
    return tuple(dict.fromkeys(found))


def _furnish(
    placed: Placed, layout: Layout, grounds: Sequence[Ground], task: Task, outcome: Outcome
) -> list[Mapping[int, Rooms]]:
    """Give a layout its openings; return what must not be chosen again where that is not lawful."""
    without: frozenset[Opening | Fixture] = frozenset()
    for number in range(REFITS):
        plans: list[Plan] = []
        for level in range(len(placed.readings)):
            fitted = _storey(placed, layout, level, plans, task, without, generous=number > 0)
            if fitted.status == "out of time":
                outcome.is_late = True
                return []
            if fitted.broken and number == 0:
                fitted = _storey(placed, layout, level, plans, task, without, generous=True)
            if fitted.status != "solved":
                return [dict(enumerate(layout.storeys))]
            if fitted.broken:
                return [_around(layout, level, i, fitted.plan.rooms, placed, why) for i, why in fitted.broken]
            plans.append(fitted.plan)
        hard = [f for f in judged(plans, task) if f.hard]
        if not hard:
            outcome.plans, outcome.placed = tuple(plans), placed
            return []
        outcome.findings = hard
        blamed = frozenset(item for f in hard for item in _blamed(f, plans))
        if not blamed - without:
            return [_combination(f, layout, plans, placed) for f in hard]
        without |= blamed
    return [dict(enumerate(layout.storeys))]


def _storey(
    placed: Placed,
    layout: Layout,
    level: int,
    plans: Sequence[Plan],
    task: Task,
    without: frozenset[Opening | Fixture],
    *,
    generous: bool,
) -> Fitted:
    reading, board = placed.readings[level], placed.board
    indoor = layout.storeys[level]
    below = plans[level - 1].rooms if level else None
    balcony = task.ask.balcony and level == (1 if len(placed.readings) > 1 else 0)
    outside = outdoor_rooms(reading, board, indoor, below, balcony=balcony)
    own = tuple(Room(kind, board.cells(bits)) for kind, bits in indoor)
    return fit(
        reading,
        own + outside,
        None if layout.stair is None else layout.stair.stair,
        task.ask.entrance if level in task.ask.meant else None,
        without,
        generous=generous,
        seed=task.seed,
        end=task.end,
    )


def _around(
    layout: Layout, level: int, room: int, known: Sequence[Room], placed: Placed, why: Condition
) -> Mapping[int, Rooms]:
    """Return a room with the neighbours that a condition of it depends on: together they did not meet it."""
    own, board = layout.storeys[level], placed.board
    kind, bits = known[room].kind, board.bits(known[room].cells)
    beside = [r for r in own if r[1] != bits and shapes.contact(bits, r[1], board)]
    if why == "way":
        beside = [r for r in beside if r[0] in entered_from(kind)]
    elif why == "light":
        beside = []
    return {level: tuple([r for r in own if r[1] == bits] + beside) or own}


def _combination(finding: Finding, layout: Layout, plans: Sequence[Plan], placed: Placed) -> Mapping[int, Rooms]:
    """Return the rooms that a finding speaks of; all of them where it names none."""
    level = next((i for i, plan in enumerate(plans) if plan.floor == finding.floor), None)
    if level is None or finding.room is None:
        return dict(enumerate(layout.storeys))
    return _around(layout, level, finding.room, plans[level].rooms, placed, "end")


def _blamed(finding: Finding, plans: Sequence[Plan]) -> list[Opening | Fixture]:
    """Return the opening or fixture that a finding points at."""
    plan = next((p for p in plans if p.floor == finding.floor), None)
    if plan is None or finding.cell is None:
        return []
    if finding.code == "H13":
        return [o for o in plan.openings if (o.x, o.y) == finding.cell]
    if finding.code == "H17":
        x, y = finding.cell
        return [f for f in plan.fixtures if (f.x_mm // HALF_MM, f.y_mm // HALF_MM) == (x, y)]
    return []
