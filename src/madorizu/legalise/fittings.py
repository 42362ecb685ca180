"""Fixtures that could stand: those that were read, near variants of them, and new ones where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from madorizu.catalogue import FIXTURES
from madorizu.houses.runs import Run, runs
from madorizu.legalise.hosts import Walls, stands_in
from madorizu.plan import HALF_MM, STEP, Edge, Fixture, Plan, Room, Side, border, is_indoor

KEPT, SURE = -100, -300
SHIFTED, NEW = 60, -80  # a fixture that is missing is worth something too
WALL_MM = 75  # fixtures stand off the walls' centre-lines
SMALLEST, LARGEST = 0.6, 1.6  # of the catalogue's size
USE_MM = 300  # floor before a fixture's front
SHORT_COUNTER_MM = 2100
HOMES: dict[str, frozenset[str]] = {
    "kitchen": frozenset({"ldk"}),
    "refrigerator": frozenset({"ldk", "pantry"}),
    "bathtub": frozenset({"bath"}),
    "basin": frozenset({"wash", "laundry", "wc", "hall"}),
    "washing_machine": frozenset({"wash", "laundry"}),
    "toilet": frozenset({"wc"}),
    "shoe_cabinet": frozenset({"ent", "sic", "hall"}),
}
_MUST: dict[str, tuple[str, ...]] = {
    "ldk": ("kitchen",),
    "bath": ("bathtub",),
    "wash": ("basin", "washing_machine"),
    "wc": ("toilet",),
}
_MOVES = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (2, 0), (-2, 0), (0, 2), (0, -2))


@dataclass(frozen=True, slots=True)
class Place:
    """A fixture that may be chosen.

    Attributes:
        fixture: the fixture.
        room: the room that it stands in.
        cost: in hundredths, less than 0: it is good to have.
        read: index of the fixture that was read, or None.
    """

    fixture: Fixture
    room: int
    cost: int
    read: int | None = None


def places(plan: Plan, sure: tuple[float, ...], walls: Walls) -> list[Place]:
    """List the fixtures that may stand in the rooms of a storey."""
    found: list[Place] = []
    for index, (f, p) in enumerate(zip(plan.fixtures, sure, strict=True)):
        for dx, dy in _MOVES:
            moved = replace(f, x_mm=f.x_mm + dx * HALF_MM, y_mm=f.y_mm + dy * HALF_MM)
            room = _room(moved, walls)
            if room is not None:
                cost = KEPT + round(SURE * p) + SHIFTED * (abs(dx) + abs(dy))
                found.append(Place(moved, room, cost, index))
                if not dx and not dy:
                    break
    there = {(place.fixture.kind, place.room) for place in found}
    for i, room_ in enumerate(walls.rooms):
        for kind in _MUST.get(room_.kind, ()):
            # A room that is as it was read has what was read in it.
            if (kind, i) not in there and (room_ not in plan.rooms or _was_in(kind, room_, plan)):
                found += [Place(f, i, NEW) for f in _along_walls(kind, i, walls)]
    return found


def _was_in(kind: str, room: Room, plan: Plan) -> bool:
    """Say whether the middle of a fixture of a kind was read in a room."""
    return any(
        f.kind == kind and ((f.x_mm + f.width_mm // 2) // HALF_MM, (f.y_mm + f.depth_mm // 2) // HALF_MM) in room.cells
        for f in plan.fixtures
    )


def _room(f: Fixture, walls: Walls) -> int | None:
    """Return the room in which a fixture may stand, or None."""
    if f.kind not in FIXTURES or not _is_sized(f):
        return None
    room = _used_in(f, walls)
    if room is None or not is_indoor(walls.rooms[room].kind):
        return None
    homes = HOMES.get(f.kind)
    return room if homes is None or walls.rooms[room].kind in homes else None


def _is_sized(f: Fixture) -> bool:
    along, deep = (f.width_mm, f.depth_mm) if f.facing in ("n", "s") else (f.depth_mm, f.width_mm)
    form = FIXTURES[f.kind]
    return all(
        SMALLEST * usual <= mm <= LARGEST * usual for mm, usual in ((along, form.along_mm), (deep, form.deep_mm))
    )


def _used_in(f: Fixture, walls: Walls) -> int | None:
    """Return the room in which a fixture stands with the floor before it, or None."""
    dx, dy = (USE_MM * step for step in STEP[f.facing])
    wider = replace(
        f,
        x_mm=f.x_mm + min(dx, 0),
        y_mm=f.y_mm + min(dy, 0),
        width_mm=f.width_mm + abs(dx),
        depth_mm=f.depth_mm + abs(dy),
    )
    return stands_in(wider, walls.owner)


def _along_walls(kind: str, room: int, walls: Walls) -> Iterator[Fixture]:
    """Yield the places of a fixture at the ends and in the middle of a room's walls."""
    form = FIXTURES[kind]
    cells = walls.rooms[room].cells
    for run in runs(border(cells)):
        space = run.span * HALF_MM - 2 * WALL_MM
        along = min(form.along_mm, space) if kind in ("kitchen", "bathtub", "basin") else form.along_mm
        if along > space or along < SMALLEST * form.along_mm or (kind == "kitchen" and along < SHORT_COUNTER_MM):
            continue
        inside = 1 if Edge(run.axis, run.x, run.y).cells[1] in cells else -1
        for offset in dict.fromkeys((WALL_MM, WALL_MM + (space - along) // 2, WALL_MM + space - along)):
            found = _stand(kind, run, inside, offset, along, form.deep_mm)
            if _used_in(found, walls) == room:
                yield found


def _stand(kind: str, run: Run, inside: int, offset: int, along: int, deep: int) -> Fixture:
    x, y = run.x * HALF_MM, run.y * HALF_MM
    if run.axis == "h":
        facing: Side = "s" if inside > 0 else "n"
        return Fixture(kind, x + offset, y + WALL_MM if inside > 0 else y - WALL_MM - deep, along, deep, facing)
    facing = "e" if inside > 0 else "w"
    return Fixture(kind, x + WALL_MM if inside > 0 else x - WALL_MM - deep, y + offset, deep, along, facing)
