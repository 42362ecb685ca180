"""Drafts and a brief → the nearest lawful plan or house, and what had to be changed.

`legalise` lays the drafts on one lattice (`reading`), keeps them if they are lawful, else chooses
rooms (`candidates`, `stairs`, `rooms`) and doors, windows and fixtures (`doors`, `fittings`,
`openings`) by CP-SAT, as near to the evidence as the rules and the brief allow (`repair`). The
rules judge what comes out; their code is no part of the solver. Where nothing near is lawful, a
new house of the brief takes the drafts' place, and says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from madorizu import houses
from madorizu.brief import Brief
from madorizu.draft import Draft
from madorizu.errors import InfeasibleError, PlanError, SettingsError, SolveError
from madorizu.legalise.asks import Ask, ask_of
from madorizu.legalise.moves import Move, moves_between
from madorizu.legalise.reading import Placed, Reading, core, placements, sizes
from madorizu.legalise.repair import Outcome, Task, judged, repaired
from madorizu.plan import HALF_MM, Cell, House, Plan, outline, translate
from madorizu.request import contradictions
from madorizu.rules import Finding

__all__ = ["Legalised", "Move", "legalise"]

Status = Literal["kept", "repaired", "rebuilt", "cannot"]
LEAST_CELLS = 36  # half-module cells: what is smaller is no storey
MOST_SIDE = 60  # half modules: no canvas holds more
MOST_STRETCH = 8  # half modules by which what was read may be off the size asked for


@dataclass(frozen=True, slots=True)
class Legalised:
    """What became of drafts.

    Attributes:
        house: the house, where the drafts are of a whole one; None of a storey alone, or where there is none.
        plans: the lawful plans, lowest first; empty where there are none.
        moves: what was changed; empty where the drafts were lawful as they were.
        before: findings of the drafts as they were read, laid on each other.
        after: findings of the result; none of them is hard.
        status: "kept" as read; "repaired"; "rebuilt": another house that meets the brief; "cannot".
        reason: why it is not kept, in words; "" where it is.
        agreement: share of the cells that either the drafts or the result have a room in, on which
            both have a room of one kind, 0 to 1.
        seconds: wall-clock time that it took.
    """

    house: House | None
    plans: tuple[Plan, ...]
    moves: tuple[Move, ...]
    before: tuple[Finding, ...]
    after: tuple[Finding, ...]
    status: Status
    reason: str
    agreement: float
    seconds: float


def legalise(
    drafts: tuple[Draft, ...], brief: Brief | None = None, *, seed: int = 0, time_limit_s: float = 10.0
) -> Legalised:
    """Find the lawful plan, or house, that is nearest to what was read and meets a brief.

    Does not draw plans anew as long as anything near them is lawful. The same drafts, brief and seed
    give the same result on every machine; the time limit decides only whether there is one.

    Args:
        drafts: of one storey, or of 1F and 2F in any order.
        brief: the wish; without one the result is as large as what was read.
        seed: of the solver.
        time_limit_s: wall-clock limit.

    Returns:
        The result; of status "cannot" where nothing was read, where the brief contradicts itself or the
        drafts, or where no plan was found, with the reason.

    Raises:
        PlanError: if there is no draft, or more than two.
        SettingsError: if the time limit is not positive.
    """
    if not 1 <= len(drafts) <= 2:
        raise PlanError(f"drafts must be one or two, got {len(drafts)}", "give one per storey")
    if not time_limit_s > 0:
        raise SettingsError(f"time_limit_s must be positive, got {time_limit_s}")
    start = time.monotonic()
    drafts = tuple(sorted(drafts, key=lambda d: d.plan.floor))
    if reason := _refusal(drafts, brief):
        return Legalised(None, (), (), (), (), "cannot", reason, 0.0, time.monotonic() - start)
    ask = ask_of(brief, tuple(d.plan.floor for d in drafts))
    task = Task(ask, brief, seed, start + time_limit_s)
    asked = tuple(size or sizes(draft) for size, draft in zip(ask.sizes, drafts, strict=True))
    if reason := _misfit(drafts, asked):
        return _rebuilt(drafts, None, brief, task, reason, start)
    placed = placements(drafts, asked)
    if not placed:
        reason = "the 2F that was read cannot lie on the 1F: it reaches more than one module beyond it"
        return _rebuilt(drafts, None, brief, task, reason, start)
    before = judged([r.plan for r in placed[0].readings], task)
    for option in placed:
        as_read = tuple(r.plan for r in option.readings)
        after = judged(as_read, task)
        if not any(f.hard for f in after):
            moves = _outline_moves(option, drafts)
            return _made(option, as_read, moves, before, after, drafts, task, start)
    outcome = repaired(placed, task)
    if outcome.plans is None or outcome.placed is None:
        return _rebuilt(drafts, placed[0], brief, task, _failure(outcome, time_limit_s), start)
    moves = _moves(outcome.placed, outcome.plans, drafts)
    return _made(outcome.placed, outcome.plans, moves, before, judged(outcome.plans, task), drafts, task, start)


# --- refusals ---------------------------------------------------------------------------------


def _refusal(drafts: tuple[Draft, ...], brief: Brief | None) -> str:
    """Return why nothing can be made of drafts and a brief, "" if there is no reason."""
    floors = [d.plan.floor for d in drafts]
    if len(drafts) == 2 and floors != [1, 2]:
        return f"drafts of a house must be of 1F and 2F, got {' and '.join(f'{f}F' for f in floors)}"
    for draft in drafts:
        if len(core(draft.plan)) < LEAST_CELLS:
            return f"nothing was read of {draft.plan.floor}F: a storey must have rooms, got none worth the name"
        if max(sizes(draft)) > MOST_SIDE:
            return f"{draft.plan.floor}F must be at most {MOST_SIDE // 2} modules a side, got {_modules(sizes(draft))}"
    if brief is None:
        return ""
    if faults := contradictions(brief):
        return "; ".join(faults)
    if brief.floor == "both" and len(drafts) == 1:
        return f"brief of both storeys must have two drafts, got one of {floors[0]}F"
    if brief.floor in ("1F", "2F") and int(brief.floor[0]) not in floors:
        return f"drafts must be of the brief's {brief.floor}, got {floors[0]}F"
    if brief.floor == "1F" and brief.nldk is not None and len(drafts) == 2:
        return "brief of a house of one storey must have one draft, got two"
    return ""


def _misfit(drafts: tuple[Draft, ...], asked: tuple[tuple[int, int], ...]) -> str:
    """Return why drafts are too far from the size that is asked for to be brought to it, "" if they are not."""
    for draft, size in zip(drafts, asked, strict=True):
        read = sizes(draft)
        if max(abs(a - b) for a, b in zip(read, size, strict=True)) > MOST_STRETCH:
            return f"{draft.plan.floor}F was read as {_modules(read)} modules, far from the {_modules(size)} asked for"
    return ""


def _modules(size: tuple[int, int]) -> str:
    return f"{size[0] / 2:g}x{size[1] / 2:g}"


def _failure(outcome: Outcome, time_limit_s: float) -> str:
    if outcome.is_late:
        return f"no lawful plan was found within {time_limit_s:g} s"
    if outcome.findings:
        return f"what could be found breaks a rule: {outcome.findings[0].code} {outcome.findings[0].message}"
    if outcome.is_infeasible:
        return "no rooms near those that were read meet the rules and the brief"
    return "no doors and windows make the rooms near those that were read lawful"


# --- results ----------------------------------------------------------------------------------


def _made(
    placed: Placed,
    plans: tuple[Plan, ...],
    moves: tuple[Move, ...],
    before: tuple[Finding, ...],
    after: tuple[Finding, ...],
    drafts: tuple[Draft, ...],
    task: Task,
    start: float,
) -> Legalised:
    status: Status = "repaired" if moves else "kept"
    hard = sum(f.hard for f in before)
    reason = f"{hard} broken rule{'s' * (hard != 1)} mended" if hard else "the outline was moved to the size asked for"
    reason = reason if moves else ""
    share = _agreement(placed.readings, plans, drafts)
    house = House(plans, seed=task.seed) if task.ask.is_house else None
    return Legalised(house, plans, moves, before, after, status, reason, share, time.monotonic() - start)


def _moves(placed: Placed, plans: tuple[Plan, ...], drafts: tuple[Draft, ...]) -> tuple[Move, ...]:
    return tuple(m for r, plan in zip(placed.readings, plans, strict=True) for m in moves_between(r, plan))


def _outline_moves(placed: Placed, drafts: tuple[Draft, ...]) -> tuple[Move, ...]:
    return _moves(placed, tuple(r.plan for r in placed.readings), drafts)


def _agreement(readings: tuple[Reading, ...], plans: tuple[Plan, ...], drafts: tuple[Draft, ...]) -> float:
    """Return the share of typed cells that are the same; the drafts are only moved, never stretched, for it."""
    same = total = 0
    for reading, plan, draft in zip(readings, plans, drafts, strict=True):
        dx, dy = reading.shift
        read = {(x + dx, y + dy): room.kind for room in draft.plan.rooms for x, y in room.cells}
        made: dict[Cell, str] = {cell: room.kind for room in plan.rooms for cell in room.cells}
        same += sum(read.get(cell) == kind for cell, kind in made.items())
        total += len(read.keys() | made.keys())
    return same / total if total else 0.0


# --- another house ----------------------------------------------------------------------------


def _rebuilt(
    drafts: tuple[Draft, ...], placed: Placed | None, brief: Brief | None, task: Task, reason: str, start: float
) -> Legalised:
    """Put a new house of the brief in the drafts' place; "cannot" where there is none in time."""
    before = () if placed is None else judged([r.plan for r in placed.readings], task)
    try:
        plans = _new_plans(drafts, brief, task)
    except InfeasibleError as error:
        plans, reason = None, f"{reason}; no house meets the brief: {error.message}"
    except SolveError as error:
        plans, reason = None, f"{reason}; and {error.message}"
    after = () if plans is None else judged(plans, task)
    if plans is None or any(f.hard for f in after):
        return Legalised(None, (), (), before, (), "cannot", reason, 0.0, time.monotonic() - start)
    share = 0.0 if placed is None else _agreement(placed.readings, plans, drafts)
    move = Move(
        "rebuilt",
        None,
        None,
        "",
        "",
        f"Another house that meets the brief was put in place of what was read: {reason}",
        "読み取った間取りに近い合法な案がないため、要望に合う別の間取りに置き換えました",
    )
    house = House(plans, seed=task.seed) if task.ask.is_house else None
    return Legalised(house, plans, (move,), before, after, "rebuilt", reason, share, time.monotonic() - start)


def _new_plans(drafts: tuple[Draft, ...], brief: Brief | None, task: Task) -> tuple[Plan, ...]:
    wish = _brief_of(drafts, task.ask) if brief is None else brief
    if task.left_s <= 0:
        raise SolveError("there was no time left for another house")
    house = houses.house_for(wish, seed=task.seed, time_limit_s=task.left_s)
    x, y, _, _ = outline(house.plans[0])
    wanted = {d.plan.floor for d in drafts}
    return tuple(translate(plan, -x, -y) for plan in house.plans if plan.floor in wanted)


def _brief_of(drafts: tuple[Draft, ...], ask: Ask) -> Brief:
    """Return a brief of nothing but the sizes that were read."""
    mm = [(width * HALF_MM, height * HALF_MM) for width, height in map(sizes, drafts)]
    if len(drafts) == 2:
        return Brief("both", *mm[0], upper_mm=mm[1])
    return Brief("1F" if drafts[0].plan.floor == 1 else "2F", *mm[0])
