"""What mutations are made with: a spoiled house, and what a plan says of itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from madorizu.catalogue import ROOMS
from madorizu.plan import (
    DOOR_KINDS,
    SIDES,
    Cell,
    Edge,
    Fixture,
    House,
    Opening,
    Plan,
    Room,
    edge_of,
    is_indoor,
    neighbours,
)

PRIVATE = ("bed", "mbr", "wa", "wc", "wash", "bath", "s", "sto", "wic", "cl", "oshi", "pantry", "sic")
HABITABLE = tuple(kind for kind, room in ROOMS.items() if room.habitable)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A spoiled house, what was done, and the codes of which one must be found."""

    house: House
    broken: frozenset[str]
    what: str


Mutation = Callable[[House, random.Random], Mutant | None]


def rooms_at(plan: Plan, opening: Opening) -> tuple[int | None, int | None]:
    """Return the rooms on both sides of an opening's first edge."""
    first, second = opening.edges[0].cells
    return plan.room_at(first), plan.room_at(second)


def openings_in(house: House, kinds: Collection[str]) -> Iterator[tuple[Plan, int, Opening]]:
    """Yield the openings of some kinds: storey, index in it, opening."""
    for plan in house.plans:
        for i, opening in enumerate(plan.openings):
            if opening.kind in kinds:
                yield plan, i, opening


def doors_of(plan: Plan, room: int) -> list[int]:
    """Return the openings through which a room is entered."""
    return [i for i, o in enumerate(plan.openings) if o.kind in DOOR_KINDS and room in rooms_at(plan, o)]


def inner_doors_of(plan: Plan, room: int) -> list[int]:
    """Return those that lead to another indoor room."""
    found = []
    for i in doors_of(plan, room):
        others = [r for r in rooms_at(plan, plan.openings[i]) if r != room]
        if others and others[0] is not None and is_indoor(plan.rooms[others[0]].kind):
            found.append(i)
    return found


def free_pairs(plan: Plan, a: int, b: int | None) -> Iterator[Opening]:
    """Yield hinged doors of 650 mm on two edges of common wall (b None: outer wall) that no opening uses."""
    used = {e for o in plan.openings for e in o.edges}
    owner = plan.owners()
    for edge in sorted(edge_of(c, side) for c in plan.rooms[a].cells for side in SIDES):
        run = (edge, Edge(edge.axis, edge.x + (edge.axis == "h"), edge.y + (edge.axis == "v")))
        pairs = {tuple(owner.get(c) for c in e.cells) for e in run}
        if not used & set(run) and len(pairs) == 1 and pairs <= {(a, b), (b, a)}:
            yield Opening("hinged", edge.axis, edge.x, edge.y, 2, 650)


def indices(plan: Plan, *kinds: str) -> list[int]:
    """Return the rooms of some kinds."""
    return [i for i, room in enumerate(plan.rooms) if room.kind in kinds]


def spoiled(house: House, plan: Plan, broken: str, what: str) -> Mutant:
    """Put a changed storey back into its house."""
    plans = tuple(plan if p.floor == plan.floor else p for p in house.plans)
    return Mutant(replace(house, plans=plans), frozenset(broken.split()), f"{plan.floor}F: {what}")


def without(plan: Plan, openings: list[int]) -> Plan:
    """Take openings out."""
    return replace(plan, openings=tuple(o for i, o in enumerate(plan.openings) if i not in openings))


def with_room(plan: Plan, index: int, room: Room) -> Plan:
    """Exchange a room."""
    return replace(plan, rooms=(*plan.rooms[:index], room, *plan.rooms[index + 1 :]))


def pick(rng: random.Random, house: House, *kinds: str) -> tuple[Plan, int] | None:
    """Choose a room of some kinds."""
    found = [(plan, i) for plan in house.plans for i in indices(plan, *kinds)]
    return rng.choice(found) if found else None


def missing(house: House, plan: Plan, kind: str) -> str | None:
    """Return what speaks when a room is gone: the programme, or the storey without a WC; None if neither does."""
    if sum(len(indices(p, kind)) for p in house.plans) == 1:
        return "H08"
    return "S08" if kind == "wc" and len(indices(plan, kind)) == 1 else None


def given_away(plan: Plan, index: int, cells: frozenset[Cell]) -> Plan:
    """Give cells of a room to rooms beside them, the nearest first."""
    owner, left = plan.owners(), set(cells)
    for c in cells:
        del owner[c]
    while left:
        for c in sorted(left):
            beside = [owner[n] for n in neighbours(c) if owner.get(n, index) != index]
            if beside:
                owner[c] = beside[0]
                left.remove(c)
                break
        else:
            for c in left:
                owner[c] = index
            left.clear()
    rooms = [set[Cell]() for _ in plan.rooms]
    for c, i in owner.items():
        rooms[i].add(c)
    return replace(plan, rooms=tuple(replace(r, cells=frozenset(c)) for r, c in zip(plan.rooms, rooms, strict=True)))


def with_fixture(plan: Plan, index: int, fixture: Fixture) -> Plan:
    """Exchange a fixture."""
    return replace(plan, fixtures=(*plan.fixtures[:index], fixture, *plan.fixtures[index + 1 :]))


def with_opening(plan: Plan, index: int, opening: Opening) -> Plan:
    """Exchange an opening."""
    return replace(plan, openings=(*plan.openings[:index], opening, *plan.openings[index + 1 :]))


def renamed(plan: Plan, index: int, kind: str) -> Plan:
    """Call a room another kind."""
    return with_room(plan, index, replace(plan.rooms[index], kind=kind))


def chosen(rng: random.Random, house: House, found: Iterable[tuple[Plan, str]], broken: str) -> Mutant | None:
    """Choose one of the storeys that are spoiled, each with what was done to it."""
    options = list(found)
    if not options:
        return None
    plan, what = rng.choice(options)
    return spoiled(house, plan, broken, what)
