"""Choose doors, windows and fixtures of a storey whose rooms are settled, by CP-SAT.

What was read is kept as far as it can be. Conditions: every room is reached, the bath from the
washroom alone, one entrance, a passage at the stair's end, window enough for each habitable
room, one opening per piece of wall, no fixture before a door. A condition that cannot be met
names its rooms, so that others can be chosen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ortools.sat.python import cp_model

from madorizu.legalise import doors, fittings
from madorizu.legalise.asks import HABITABLE
from madorizu.legalise.doors import Choice
from madorizu.legalise.fittings import Place
from madorizu.legalise.hosts import Walls, hinders, lights, links, overlap
from madorizu.legalise.reading import Reading
from madorizu.plan import HALF_MM, Edge, Fixture, Opening, Plan, Room, Side, Stair, is_indoor
from madorizu.solve.solver import bounded

Condition = Literal["way", "light", "end"]  # entered, lit, and what entrance, stair and balcony must have
BROKEN = 1_000_000  # cost of a condition that is not met
DAYLIGHT = 10
LIGHT_STEP_MM2 = 1000  # areas are counted in these
EFFORT = 0.6  # of the solver's own measure of work, about seconds of an idle core
GAP = 0.002
LOWEST_MM, USUAL_MM, HIGHEST_MM = 2400, 2700, 3220  # of a storey; 14 risers of 230 mm
SEEN = 300  # what a sure hint at an opening that was not read is worth
PLACES_LIMIT = 24  # of each fixture that is missing


@dataclass(frozen=True, slots=True)
class Fitted:
    """A storey with its openings and fixtures.

    Attributes:
        plan: the storey.
        broken: rooms, by their indices, for which a condition could not be met, and which: "way", "light" or "end".
        status: "solved", "out of effort" or "out of time".
    """

    plan: Plan
    broken: tuple[tuple[int, Condition], ...]
    status: str


@dataclass(slots=True)
class _Model:
    """The model while it is written."""

    model: cp_model.CpModel
    walls: Walls
    choices: list[Choice]
    places: list[Place]
    picks: list[cp_model.IntVar] = field(default_factory=list)
    stands: list[cp_model.IntVar] = field(default_factory=list)
    slack: dict[tuple[int, Condition], cp_model.IntVar] = field(default_factory=dict)

    def excuse(self, room: int, condition: Condition) -> cp_model.IntVar:
        """Return a variable that lets a condition of a room be broken, at its cost."""
        if (room, condition) not in self.slack:
            self.slack[room, condition] = self.model.new_bool_var("")
        return self.slack[room, condition]


def fit(
    reading: Reading,
    rooms: Sequence[Room],
    stair: Stair | None,
    entrance: Side | None,
    without: frozenset[Opening | Fixture],
    *,
    generous: bool,
    seed: int,
    end: float,
) -> Fitted:
    """Give a storey its doors, windows and fixtures.

    Args:
        reading: what was read.
        rooms: all rooms, outdoor ones included.
        stair: the stair, or None.
        entrance: side of the entrance asked for, or None.
        without: openings and fixtures that were judged unlawful and must not be chosen again.
        generous: new doors and windows for every room, not only for those that lack one.
        seed: of the solver.
        end: when to give up, of `time.monotonic`.
    """
    owner = {cell: i for i, room in enumerate(rooms) for cell in room.cells}
    walls = Walls(reading.floor, rooms, owner, lawful_height(reading.plan.storey_height_mm))
    choices = [c for c in _choices(reading, walls, stair, entrance, generous=generous) if c.opening not in without]
    found = [p for p in fittings.places(reading.plan, reading.fixtures_sure, walls) if p.fixture not in without]
    m = _Model(cp_model.CpModel(), walls, choices, _few(found))
    m.picks = [m.model.new_bool_var("") for _ in m.choices]
    m.stands = [m.model.new_bool_var("") for _ in m.places]
    _add_exclusive(m)
    _add_reach(m)
    _add_special(m, stair)
    _add_light(m)
    _add_fixtures(m)
    costs = [c.cost * v for c, v in zip(m.choices, m.picks, strict=True)]
    costs += [p.cost * v for p, v in zip(m.places, m.stands, strict=True)]
    costs += [BROKEN * v for v in m.slack.values()]
    m.model.minimize(sum(costs))
    return _solve(m, stair, seed, end - time.monotonic())


def lawful_height(height_mm: int) -> int:
    """Return a storey's height, or the usual one where no ceiling or no stair could have it."""
    return height_mm if LOWEST_MM <= height_mm <= HIGHEST_MM else USUAL_MM


def _few(found: list[Place]) -> list[Place]:
    kept: list[Place] = []
    counts: dict[tuple[str, int], int] = {}
    for place in found:
        key = place.fixture.kind, place.room
        counts[key] = counts.get(key, 0) + (place.read is None)
        if counts[key] <= PLACES_LIMIT:
            kept.append(place)
    return kept


def _solve(m: _Model, stair: Stair | None, seed: int, time_limit_s: float) -> Fitted:
    solver = bounded(seed=seed, effort=EFFORT, time_limit_s=time_limit_s, gap=GAP)
    status = solver.solve(m.model)
    empty = Plan(m.walls.floor, tuple(m.walls.rooms), (), (), stair, m.walls.height_mm)
    if solver.wall_time >= time_limit_s and status != cp_model.OPTIMAL:
        return Fitted(empty, (), "out of time")
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Fitted(empty, (), "out of effort")
    chosen = [(c.read, c.opening) for c, v in zip(m.choices, m.picks, strict=True) if solver.value(v)]
    standing = [(p.read, p.fixture) for p, v in zip(m.places, m.stands, strict=True) if solver.value(v)]
    plan = Plan(
        m.walls.floor,
        tuple(m.walls.rooms),
        tuple(o for _, o in sorted(chosen, key=_read_first)),
        tuple(f for _, f in sorted(standing, key=_read_first)),
        stair,
        m.walls.height_mm,
    )
    broken = tuple(sorted(key for key, v in m.slack.items() if solver.value(v)))
    return Fitted(plan, broken, "solved")


def _read_first(item: tuple[int | None, Opening | Fixture]) -> tuple[bool, int]:
    return item[0] is None, item[0] or 0


# --- what there is to choose from -------------------------------------------------------------


def _choices(
    reading: Reading, walls: Walls, stair: Stair | None, entrance: Side | None, *, generous: bool
) -> list[Choice]:
    portal = () if stair is None else stair.entry if walls.floor == 1 else stair.arrival
    read = list(doors.variants(reading.plan, reading.sure, walls, entrance))
    walls.gaps |= {e for c in read if c.opening.kind == "open" for e in c.opening.edges}
    # Again, now that it is known through which sides a leaf may turn into the next room.
    read = [c for c in doors.variants(reading.plan, reading.sure, walls, entrance) if _is_kept(c, walls, portal)]
    found = list(read)
    for i in range(len(walls.rooms)):
        found += [c for c in _new(i, read, walls, portal, generous=generous) if _is_kept(c, walls, portal)]
    if walls.floor == 1 and (generous or not any(c.opening.kind == "entrance" for c in read)):
        found += doors.entrances(walls, entrance)
    return _without_copies([c if c.read is not None else _as_seen(c, reading) for c in found])


def _as_seen(c: Choice, reading: Reading) -> Choice:
    """Make a new opening cheaper where the evidence hints at one."""
    seen = [reading.seen(edge) for edge in c.opening.edges]
    return replace(c, cost=c.cost - round(SEEN * sum(seen) / len(seen)))


def _new(
    room: int, read: Sequence[Choice], walls: Walls, portal: tuple[Edge, ...], *, generous: bool
) -> Iterator[Choice]:
    """Yield new doors and windows for a room that lacks them, or for any."""
    kind = walls.kind(room)
    is_left = any(room in c.pair and links(c.opening) for c in read)
    if kind == "balcony" and (generous or not is_left):
        yield from doors.to_balcony(room, walls)
    elif kind == "stair" and not is_left:
        yield from doors.portals(room, portal, walls)
    elif is_indoor(kind) and kind not in ("void", "ent", "stair"):
        if generous or not any(_enters(c, room, walls) for c in read):
            yield from doors.new_doors(room, walls)
        needed_mm2 = len(walls.rooms[room].cells) * HALF_MM * HALF_MM / DAYLIGHT
        if kind in HABITABLE and (generous or _light_of(read, room, walls) < needed_mm2):
            yield from doors.new_windows(room, walls)


def _is_kept(c: Choice, walls: Walls, portal: Sequence[Edge]) -> bool:
    """Say whether an opening breaks no rule by itself: of baths and stairs."""
    kinds = [walls.kind(room) for room in c.pair]
    if not links(c.opening):
        return True
    if "bath" in kinds and "wash" not in kinds:
        return False
    return "stair" not in kinds or None in c.pair or set(c.opening.edges) <= set(portal)


def _enters(c: Choice, room: int, walls: Walls) -> bool:
    """Say whether a room can be entered by an opening, in its own place, from a room that leads there."""
    if room not in c.pair or None in c.pair or c.read is None:
        return False
    other = c.pair[1] if c.pair[0] == room else c.pair[0]
    return doors.is_way(c.opening, walls.kind(other), walls.kind(room))


def _light_of(read: Sequence[Choice], room: int, walls: Walls) -> int:
    """Return the area in mm² of the windows of a room that were read, each counted at its best."""
    best: dict[int | None, int] = {}
    for c in read:
        light = lights(c.opening, c.pair, walls)
        if light is not None and light[0] == room:
            best[c.read] = max(best.get(c.read, 0), light[1])
    return sum(best.values())


def _without_copies(found: list[Choice]) -> list[Choice]:
    best: dict[Opening, Choice] = {}
    for c in found:
        if c.opening not in best or c.cost < best[c.opening].cost:
            best[c.opening] = c
    return list(best.values())


# --- conditions -------------------------------------------------------------------------------


def _add_exclusive(m: _Model) -> None:
    """One opening per edge, one variant of each that was read, and the sides open that a leaf turns through."""
    by_edge: dict[Edge, list[cp_model.IntVar]] = {}
    by_read: dict[int, list[cp_model.IntVar]] = {}
    for c, v in zip(m.choices, m.picks, strict=True):
        for edge in c.opening.edges:
            by_edge.setdefault(edge, []).append(v)
        if c.read is not None:
            by_read.setdefault(c.read, []).append(v)
        for edge in sorted(m.walls.turns_through(c.opening, c.pair) or ()):
            open_sides = [
                w
                for other, w in zip(m.choices, m.picks, strict=True)
                if other.opening.kind == "open" and edge in other.opening.edges
            ]
            m.model.add_bool_or([v.negated(), *open_sides])
    for variables in (*by_edge.values(), *by_read.values()):
        if len(variables) > 1:
            m.model.add_at_most_one(variables)


def _add_reach(m: _Model) -> None:
    """Every indoor room but a void is entered by a door from one that is nearer to the start."""
    rooms = m.walls.rooms
    start = "ent" if m.walls.floor == 1 else "stair"
    count = sum(is_indoor(room.kind) for room in rooms)
    depth = [m.model.new_int_var(0, count, "") for _ in rooms]
    ways: dict[int, list[cp_model.IntVar]] = {i: [] for i in range(len(rooms))}
    for c, v in zip(m.choices, m.picks, strict=True):
        for a, b in (c.pair, c.pair[::-1]):
            if a is None or b is None or not is_indoor(rooms[b].kind) or not is_indoor(rooms[a].kind):
                continue
            if doors.is_way(c.opening, rooms[a].kind, rooms[b].kind) or (rooms[b].kind == "stair" and links(c.opening)):
                way = m.model.new_bool_var("")
                m.model.add_implication(way, v)
                m.model.add(depth[b] >= depth[a] + 1).only_enforce_if(way)
                ways[b].append(way)
    for i, room in enumerate(rooms):
        if is_indoor(room.kind) and room.kind not in ("void", start):
            m.model.add_bool_or([*ways[i], m.excuse(i, "way")])


def _add_special(m: _Model, stair: Stair | None) -> None:
    """One entrance door on the ground floor; one door per bath; a passage at the stair; a door to a balcony."""
    entrances = [v for c, v in zip(m.choices, m.picks, strict=True) if c.opening.kind == "entrance"]
    home = next((i for i, room in enumerate(m.walls.rooms) if room.kind == "ent"), 0)
    if m.walls.floor == 1:
        m.model.add(sum(entrances) + m.excuse(home, "end") == 1)
    portal = set() if stair is None else set(stair.entry if m.walls.floor == 1 else stair.arrival)
    for i, room in enumerate(m.walls.rooms):
        joined = [(c, v) for c, v in zip(m.choices, m.picks, strict=True) if i in c.pair and links(c.opening)]
        if room.kind == "bath":
            m.model.add_at_most_one([v for _, v in joined])
        elif room.kind == "stair":
            m.model.add_bool_or([*(v for c, v in joined if set(c.opening.edges) & portal), m.excuse(i, "end")])
        elif room.kind == "balcony":
            inside = [v for c, v in joined if any(m.walls.kind(j) in HABITABLE | {"hall"} for j in c.pair)]
            m.model.add_bool_or([*inside, m.excuse(i, "end")])


def _add_light(m: _Model) -> None:
    """Window enough for each habitable room, one of them at least a module wide."""
    lit: dict[int, list[tuple[int, int, cp_model.IntVar]]] = {}
    for c, v in zip(m.choices, m.picks, strict=True):
        light = lights(c.opening, c.pair, m.walls)
        if light is not None:
            lit.setdefault(light[0], []).append((light[1], c.opening.span, v))
    for i, room in enumerate(m.walls.rooms):
        if room.kind in HABITABLE:
            needed = -(-len(room.cells) * HALF_MM * HALF_MM // (DAYLIGHT * LIGHT_STEP_MM2))
            found = lit.get(i, [])
            excuse = m.excuse(i, "light")
            m.model.add(sum(area // LIGHT_STEP_MM2 * v for area, _, v in found) + needed * excuse >= needed)
            m.model.add_bool_or([*(v for _, span, v in found if span >= 2), excuse])


def _add_fixtures(m: _Model) -> None:
    """Fixtures stand apart and in no door's way, one of each kind that was missing."""
    by_read: dict[object, list[cp_model.IntVar]] = {}
    for p, v in zip(m.places, m.stands, strict=True):
        by_read.setdefault(p.read if p.read is not None else (p.fixture.kind, p.room), []).append(v)
    for variables in by_read.values():
        if len(variables) > 1:
            m.model.add_at_most_one(variables)
    for i, p in enumerate(m.places):
        for j in range(i):
            if m.places[j].room == p.room and overlap(p.fixture, m.places[j].fixture):
                m.model.add_bool_or([m.stands[i].negated(), m.stands[j].negated()])
        for c, v in zip(m.choices, m.picks, strict=True):
            if p.room in c.pair and hinders((p.fixture,), c.opening):
                m.model.add_bool_or([m.stands[i].negated(), v.negated()])
