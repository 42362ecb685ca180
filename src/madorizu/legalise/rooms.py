"""Choose the rooms of all storeys together: an exact cover by CP-SAT, as near to the evidence as can be.

Every cell of a storey's floor gets exactly one room (or the stair), and what the rules ask of
rooms and the brief of the whole is a condition. That each room gets its door is left to
`openings`; here it only touches one that it can be entered from.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from madorizu.legalise import shapes
from madorizu.legalise.asks import HABITABLE, LANDINGS, LDK, SLEEPING, UNDER_VOID, WAYS, Ask, entered_from
from madorizu.legalise.candidates import SCALE, Candidate
from madorizu.legalise.regions import Ground
from madorizu.legalise.shapes import Bits, Board, indices
from madorizu.legalise.stairs import StairChoice
from madorizu.plan import SIDES
from madorizu.solve.solver import bounded

CUTS = 24  # times that halls are asked to hang together
GAP = 0.02  # relative, of the best cost: a proof of the last percents is not worth its time

Rooms = tuple[tuple[str, Bits], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Rooms of every storey, and the stair.

    Attributes:
        storeys: kind and cells per room, stair included, lowest storey first.
        stair: the stair, or None.
        cost: in hundredths.
    """

    storeys: tuple[Rooms, ...]
    stair: StairChoice | None
    cost: int


@dataclass(slots=True)
class Model:
    """The model while it is written: variables per storey and candidate."""

    model: cp_model.CpModel
    board: Board
    grounds: Sequence[Ground]
    options: Sequence[Sequence[Candidate]]
    stairs: Sequence[StairChoice]
    picks: list[list[cp_model.IntVar]] = field(default_factory=list)
    climbs: list[cp_model.IntVar] = field(default_factory=list)
    costs: list[cp_model.LinearExpr] = field(default_factory=list)

    def of_kind(self, level: int, kinds: Iterable[str]) -> list[cp_model.IntVar]:
        """Return the variables of a storey's candidates of some kinds."""
        wanted = frozenset(kinds)
        return [v for c, v in zip(self.options[level], self.picks[level], strict=True) if c.kind in wanted]

    def everywhere(self, kinds: Iterable[str]) -> list[cp_model.IntVar]:
        """Return the variables of all storeys' candidates of some kinds."""
        kinds = frozenset(kinds)
        return [v for level in range(len(self.grounds)) for v in self.of_kind(level, kinds)]


def model_of(
    grounds: Sequence[Ground],
    options: Sequence[Sequence[Candidate]],
    stairs: Sequence[StairChoice],
    ask: Ask,
) -> Model | None:
    """Write the model; None where some cell, or the stair, has no candidate at all.

    Args:
        grounds: the storeys, lowest first.
        options: candidates per storey.
        stairs: stairs that may be chosen.
        ask: what must be there.
    """
    m = Model(cp_model.CpModel(), grounds[0].board, grounds, options, stairs)
    m.picks = [[m.model.new_bool_var("") for _ in found] for found in options]
    m.climbs = [m.model.new_bool_var("") for _ in stairs]
    if not (_add_stairs(m, ask) and _add_cover(m)):
        return None
    _add_entry(m)
    _add_programme(m, ask)
    _add_storeys(m)
    for found, row in zip(options, m.picks, strict=True):
        for candidate, variable in zip(found, row, strict=True):
            m.costs.append(candidate.cost * variable)
            m.model.add_hint(variable, candidate.is_read)
    m.costs += [choice.cost * variable for choice, variable in zip(stairs, m.climbs, strict=True)]
    m.model.minimize(sum(m.costs))
    return m


def choose(m: Model, *, seed: int, effort_s: float, end: float) -> tuple[str, Layout | None]:
    """Choose rooms and the stair, until all halls and the like hang together.

    Args:
        m: the model; what was found not to hang together is added to it.
        seed: of the solver.
        effort_s: limit in the solver's own measure of work, the same on every machine.
        end: when to give up, of `time.monotonic`.

    Returns:
        "solved", "infeasible", "out of effort" or "out of time", and the layout where it is solved.
    """
    for _ in range(CUTS):
        status, layout = _solve(m, seed, effort_s, end - time.monotonic())
        if layout is None or not _add_cuts(m, layout):
            return status, layout
    return "out of effort", None


def _solve(m: Model, seed: int, effort_s: float, time_limit_s: float) -> tuple[str, Layout | None]:
    solver = bounded(seed=seed, effort=effort_s, time_limit_s=time_limit_s, gap=GAP)
    status = solver.solve(m.model)
    if solver.wall_time >= time_limit_s and status != cp_model.OPTIMAL:
        return "out of time", None  # what was found until then depends on the machine
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return ("infeasible" if status == cp_model.INFEASIBLE else "out of effort"), None
    stair = next((c for c, v in zip(m.stairs, m.climbs, strict=True) if solver.value(v)), None)
    storeys = []
    for found, row in zip(m.options, m.picks, strict=True):
        rooms = [(c.kind, c.bits) for c, v in zip(found, row, strict=True) if solver.value(v)]
        if stair is not None:
            rooms.append(("stair", stair.bits))
        storeys.append(tuple(rooms))
    return "solved", Layout(tuple(storeys), stair, round(solver.objective_value))


def _add_cuts(m: Model, layout: Layout) -> bool:
    """Ask of halls and the like that cannot be walked to for another one beside them; False if there are none."""
    is_cut = False
    for level, ground in enumerate(m.grounds):
        ways = [bits for kind, bits in layout.storeys[level] if kind in WAYS]
        start = [bits for kind, bits in layout.storeys[level] if kind == "ent"]
        if ground.number > 1 and layout.stair is not None:
            start = [bits for bits in ways if not layout.stair.last & ~bits]
        reached = list(start)
        left = [bits for bits in ways if bits not in reached]
        for here in reached:
            near = [bits for bits in left if shapes.contact(here, bits, m.board)]
            reached += near
            left = [bits for bits in left if bits not in near]
        if left:
            _ask_for_way(m, level, frozenset(left))
            is_cut = True
    return is_cut


def _ask_for_way(m: Model, level: int, island: frozenset[Bits]) -> None:
    literals: list[cp_model.IntVar] = []
    for c, v in zip(m.options[level], m.picks[level], strict=True):
        if c.kind in WAYS and c.bits in island:
            literals.append(v.negated())
        elif c.kind in WAYS and any(not c.bits & own and shapes.contact(c.bits, own, m.board) for own in island):
            literals.append(v)
    if m.grounds[level].number > 1:  # the stair itself may lead there
        literals += [v for s, v in zip(m.stairs, m.climbs, strict=True) if any(not s.last & ~own for own in island)]
    m.model.add_bool_or(literals)


# --- conditions -------------------------------------------------------------------------------


def _add_stairs(m: Model, ask: Ask) -> bool:
    """Choose one stair where there must be one; False if there is none to choose."""
    must = ask.stair or len(m.grounds) > 1
    if must and not m.stairs:
        return False
    if ask.stair is False:
        for variable in m.climbs:
            m.model.add(variable == 0)
    elif m.stairs:
        m.model.add_exactly_one(m.climbs)
    for choice, variable in zip(m.stairs, m.climbs, strict=True):
        for level, ground in enumerate(m.grounds):
            portal = choice.first if ground.number == 1 else choice.last
            landings = [
                v
                for c, v in zip(m.options[level], m.picks[level], strict=True)
                if c.kind in LANDINGS and portal and not portal & ~c.bits
            ]
            m.model.add_bool_or([variable.negated(), *landings])
    return True


def _add_cover(m: Model) -> bool:
    """Give every cell one room; cells of which no candidate has any make it infeasible."""
    for level, ground in enumerate(m.grounds):
        over: dict[int, list[int]] = {i: [] for i in indices(ground.floor)}
        variables: list[cp_model.IntVar] = []
        everything = [(c.bits, v) for c, v in zip(m.options[level], m.picks[level], strict=True)]
        everything += [(c.bits, v) for c, v in zip(m.stairs, m.climbs, strict=True)]
        for bits, variable in everything:
            for i in indices(bits):
                over[i].append(len(variables))
            variables.append(variable)
        outside = {}
        for i in indices(ground.loose):
            outside[i] = m.model.new_bool_var("")
            over[i].append(len(variables))
            variables.append(outside[i])
            m.costs.append(round(SCALE * float(ground.reading.rooms["outside"][i])) * outside[i])
        if not all(over.values()):
            return False
        for numbers in {tuple(numbers) for numbers in over.values()}:
            m.model.add_exactly_one([variables[n] for n in numbers])
        _add_size(m, ground, outside)
    return True


def _add_size(m: Model, ground: Ground, outside: Mapping[int, cp_model.IntVar]) -> None:
    """Keep a cell of the floor at each side of the frame, and nothing outside that is shut in."""
    frame = 0
    x, y, width, height = ground.reading.frame
    frame = m.board.bits((x + i, y + j) for i in range(width) for j in range(height))
    for side in SIDES:
        rim = m.board.rim(frame, side) & ground.floor
        if all(i in outside for i in indices(rim)):
            m.model.add_bool_or([outside[i].negated() for i in indices(rim)])
    for i, variable in outside.items():
        around = list(indices(m.board.ring(1 << i)))
        if all(ground.floor >> j & 1 for j in around):
            m.model.add_bool_or([variable.negated(), *(outside[j] for j in around if j in outside)])


def _add_entry(m: Model) -> None:
    """A room that is chosen touches one from which it can be entered."""
    for level, ground in enumerate(m.grounds):
        found, row = m.options[level], m.picks[level]
        by_kind: dict[str, list[int]] = {}
        for j, c in enumerate(found):
            by_kind.setdefault(c.kind, []).append(j)
        for i, c in enumerate(found):
            sources = entered_from(c.kind)
            if not sources:
                continue
            ring = m.board.ring(c.bits)
            near = [
                row[j]
                for kind in sorted(sources)
                for j in by_kind.get(kind, ())
                if found[j].bits & ring
                and not found[j].bits & c.bits
                and shapes.contact(c.bits, found[j].bits, m.board)
            ]
            if ground.number > 1 and c.kind in LANDINGS:  # the stair itself leads there
                near += [v for s, v in zip(m.stairs, m.climbs, strict=True) if not s.last & ~c.bits]
            m.model.add_bool_or([row[i].negated(), *near])


def _add_programme(m: Model, ask: Ask) -> None:
    """Ask for the rooms that every house needs and those that the brief names."""
    for level, ground in enumerate(m.grounds):
        # A second hall as a rule is an island, or a corner that nobody needs.
        halls = sum(kind == "hall" for kind, _ in ground.read)
        m.model.add(sum(m.of_kind(level, ("hall",))) <= max(1, halls))
        entrances = m.of_kind(level, ("ent",))
        m.model.add(sum(entrances) == (1 if ground.number == 1 else 0))
    for kind in sorted(ask.needed):
        m.model.add_bool_or(m.everywhere((kind,)))
    m.model.add_at_most_one(m.everywhere(("ldk",)))
    for kind in sorted(ask.rooms):
        m.model.add_bool_or([v for level in ask.meant for v in m.of_kind(level, (kind,))])
    if ask.bedrooms is not None:
        m.model.add(sum(v for level in ask.meant for v in m.of_kind(level, SLEEPING)) == ask.bedrooms)
    others = m.everywhere(HABITABLE - {"ldk"})
    if ask.habitable is not None:
        m.model.add(sum(others) == ask.habitable)
    for found, row in zip(m.options, m.picks, strict=True):
        for candidate, variable in zip(found, row, strict=True):
            if candidate.kind == "ldk" and candidate.bits.bit_count() < LDK:
                m.model.add(sum(others) <= 1).only_enforce_if(variable)


def _add_storeys(m: Model) -> None:
    """Lay voids over rooms that may be open to above."""
    for level in range(1, len(m.grounds)):
        for upper, over in zip(m.options[level], m.picks[level], strict=True):
            if upper.kind != "void":
                continue
            if upper.bits & ~m.grounds[level - 1].floor:
                m.model.add(over == 0)
            for lower, under in zip(m.options[level - 1], m.picks[level - 1], strict=True):
                if lower.kind not in UNDER_VOID and lower.bits & upper.bits:
                    m.model.add_bool_or([over.negated(), under.negated()])


def forbid(m: Model, combination: Mapping[int, Rooms]) -> None:
    """Do not choose some rooms, by storey, together again."""
    literals: list[cp_model.IntVar] = []
    stairs: list[cp_model.IntVar] = []
    for level, rooms in combination.items():
        known = {(c.kind, c.bits): v for c, v in zip(m.options[level], m.picks[level], strict=True)}
        for kind, bits in rooms:
            if kind == "stair":  # in whatever form it climbs
                stairs = [v for s, v in zip(m.stairs, m.climbs, strict=True) if s.bits == bits]
            else:
                literals.append(known[kind, bits].negated())
    for variable in stairs:
        m.model.add_bool_or([*literals, variable.negated()])
    if not stairs:
        m.model.add_bool_or(literals)
