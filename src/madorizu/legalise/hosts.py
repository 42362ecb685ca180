"""Whether an opening can sit in its wall, and whether a fixture stands in its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from madorizu.legalise.asks import HABITABLE, entered_from
from madorizu.plan import (
    DOOR_KINDS,
    HALF_MM,
    OPENING_KINDS,
    WINDOW_KINDS,
    Cell,
    Edge,
    Fixture,
    Opening,
    Room,
    is_indoor,
)

FRAME_MARGIN_MM = 45  # wall left beside a frame, both ends together
SWINGING = frozenset({"hinged", "entrance", "service"})
OUTER = frozenset({"window", "french", "entrance", "service"})
MAX_LEAF_MM = 1365
LEAST_MM = {"entrance": 750, "sliding": 1200, "double_sliding": 1200, "french": 300, "window": 300}  # frames
LEAST_DOOR_MM = 600
LEAST_SASH_MM, LEAST_HEAD_MM, MOST_THRESHOLD_MM = 300, 1800, 100
CEILING_MM = 200  # between an opening's head and the storey above
# Rooms that close with a door; an open passage leads from one of them only to a store of its own.
CLOSED = frozenset({"mbr", "bed", "wa", "wc", "bath", "wash", "laundry"})
OF_ITS_OWN = frozenset({"wic", "sic", "oshi", "cl", "sto", "pantry", "s", "den", "laundry"})
WAY_MM, DEPTH_MM = 350, 300  # of a door's width that stays free of fixtures, to this depth
_TIGHT_MM = 5  # so much more is kept free than must be

Pair = tuple[int | None, int | None]


@dataclass(slots=True)
class Walls:
    """The rooms of a storey that is settled, for asking what an opening joins.

    Attributes:
        floor: the storey's number.
        rooms: indoor and outdoor rooms.
        owner: the room of each cell.
        height_mm: from floor to floor.
        gaps: edges that may have no wall.
    """

    floor: int
    rooms: Sequence[Room]
    owner: Mapping[Cell, int]
    height_mm: int = 2700
    gaps: set[Edge] = field(default_factory=set)

    def pair(self, o: Opening) -> Pair | None:
        """Return the rooms on both sides of an opening; None where they change along it."""
        first = tuple(self.owner.get(c) for c in o.edges[0].cells)
        if any(tuple(self.owner.get(c) for c in e.cells) != first for e in o.edges[1:]):
            return None
        return first[0], first[1]

    def kind(self, room: int | None) -> str:
        """Return the kind of a room, "" for outside."""
        return "" if room is None else self.rooms[room].kind

    def is_inside(self, room: int | None) -> bool:
        """Say whether a side of a wall is indoors."""
        return room is not None and is_indoor(self.rooms[room].kind)

    def fits(self, o: Opening) -> Pair | None:
        """Return the rooms that an opening joins, or None where it cannot be there."""
        if o.span < 1 or o.kind not in OPENING_KINDS:
            return None
        pair = self.pair(o)
        if pair is None or pair[0] == pair[1] or not self._is_placed(o, pair) or not _is_sized(o, self.height_mm):
            return None
        return pair if o.kind not in SWINGING or self._can_turn(o, pair) else None

    def _is_placed(self, o: Opening, pair: Pair) -> bool:
        inside = sum(map(self.is_inside, pair))
        kinds = {self.kind(room) for room in pair}
        if inside == 0 or (o.kind in OUTER and inside == 2):
            return False
        if inside == 1 and (o.kind == "open" or (o.kind not in OUTER and None in pair)):
            return False
        if o.kind == "entrance" and (self.floor > 1 or "ent" not in kinds):
            return False
        if o.kind in DOOR_KINDS and o.kind != "open" and "void" in kinds:
            return False
        if o.kind == "open" and self._is_private(o, pair):
            return False
        return not (o.kind in DOOR_KINDS and self.floor > 1 and None in pair)

    def _can_turn(self, o: Opening, pair: Pair) -> bool:
        walls = self.turns_through(o, pair)
        return walls is not None and walls <= self.gaps

    def _is_private(self, o: Opening, pair: Pair) -> bool:
        """Say whether an open passage bares a room that needs a door."""
        for room, other in (pair, pair[::-1]):
            kind, beyond = self.kind(room), self.kind(other)
            owned = beyond in OF_ITS_OWN and kind in entered_from(beyond)
            if kind in CLOSED and not owned and (kind, beyond) != ("laundry", "wash"):
                return True
        return False

    def turns_through(self, o: Opening, pair: Pair) -> set[Edge] | None:
        """Return the edges that must have no wall for a leaf to turn; None where it can never turn."""
        if o.kind not in SWINGING:
            return set()
        cells, found = set(swept(o)), set()
        for x, y in cells:
            for beyond, edge in (((x + 1, y), Edge("v", x + 1, y)), ((x, y + 1), Edge("h", x, y + 1))):
                a, b = self.owner.get((x, y)), self.owner.get(beyond)
                if beyond not in cells or a == b or not (self.is_inside(a) or self.is_inside(b)):
                    continue
                if "void" in (self.kind(a), self.kind(b)):
                    return None
                found.add(edge)
        return found


def _is_sized(o: Opening, height_mm: int) -> bool:
    widest = o.span * HALF_MM - (0 if o.kind == "open" else FRAME_MARGIN_MM)
    if not LEAST_MM.get(o.kind, LEAST_DOOR_MM) <= o.width_mm <= widest:
        return False
    if not 0 <= o.sill_mm < o.head_mm <= height_mm - CEILING_MM:
        return False
    if o.kind == "window":
        return o.head_mm - o.sill_mm >= LEAST_SASH_MM
    if o.sill_mm > (MOST_THRESHOLD_MM if o.kind == "french" else 0) or o.head_mm < LEAST_HEAD_MM:
        return False
    return o.kind not in SWINGING or o.width_mm <= MAX_LEAF_MM


def swept(o: Opening) -> Iterator[Cell]:
    """Yield the cells that the quarter circle of a leaf enters."""
    radius, before = o.width_mm, (o.span * HALF_MM - o.width_mm) // 2
    for deep in range(-(-radius // HALF_MM)):
        for along in range(o.span):
            from_hinge = along if o.hinge == "start" else o.span - 1 - along
            near_mm = max(0, from_hinge * HALF_MM - before)
            if near_mm**2 + (deep * HALF_MM) ** 2 < radius**2:
                away = deep if o.side == 1 else -1 - deep
                yield (o.x + along, o.y + away) if o.axis == "h" else (o.x + away, o.y + along)


def links(o: Opening) -> bool:
    """Say whether one walks through an opening."""
    return o.kind in DOOR_KINDS


def lights(o: Opening, pair: Pair, walls: Walls) -> tuple[int, int] | None:
    """Return the habitable room that a window lights and its area in mm², or None."""
    if o.kind not in WINDOW_KINDS:
        return None
    for room, other in (pair, pair[::-1]):
        if walls.is_inside(room) and not walls.is_inside(other) and walls.kind(room) in HABITABLE:
            return (room or 0), o.width_mm * (o.head_mm - o.sill_mm)
    return None


# --- fixtures ---------------------------------------------------------------------------------


def stands_in(f: Fixture, owner: Mapping[Cell, int]) -> int | None:
    """Return the one room that a fixture stands in, or None where it stands in a wall or outside."""
    rooms = {
        owner.get((x, y))
        for x in range(f.x_mm // HALF_MM, -(-(f.x_mm + f.width_mm) // HALF_MM))
        for y in range(f.y_mm // HALF_MM, -(-(f.y_mm + f.depth_mm) // HALF_MM))
    }
    return rooms.pop() if len(rooms) == 1 else None


def overlap(a: Fixture, b: Fixture) -> bool:
    """Say whether two fixtures stand on the same floor."""
    return (
        a.x_mm < b.x_mm + b.width_mm
        and b.x_mm < a.x_mm + a.width_mm
        and a.y_mm < b.y_mm + b.depth_mm
        and b.y_mm < a.y_mm + a.depth_mm
    )


def hinders(fixtures: Iterable[Fixture], o: Opening) -> bool:
    """Say whether fixtures together stand where a leaf turns, or leave too little of a door's width free."""
    if o.kind not in DOOR_KINDS:
        return False
    found = list(fixtures)
    (x0, y0), (x1, y1) = o.ends_mm
    start, end, wall = (x0, x1, y0) if o.axis == "h" else (y0, y1, x0)
    for side in (1, -1):
        shut: list[tuple[int, int]] = []
        for f in found:
            across, down = (f.x_mm, f.x_mm + f.width_mm), (f.y_mm, f.y_mm + f.depth_mm)
            along, away = (across, down) if o.axis == "h" else (down, across)
            near, far = sorted((side * (away[0] - wall), side * (away[1] - wall)))
            if far <= 0:
                continue
            if near < DEPTH_MM + _TIGHT_MM and along[0] < end and start < along[1]:
                shut.append(along)
            if o.kind in SWINGING and side == o.side and _is_met(along, max(near, 0), start, end, o):
                return True
        free, at = 0, start
        for first, last in sorted(shut):
            free, at = max(free, first - at), max(at, last)
        if shut and max(free, end - at) < min(WAY_MM + _TIGHT_MM, end - start):
            return True
    return False


def _is_met(along: tuple[int, int], near: int, start: int, end: int, o: Opening) -> bool:
    if along[0] >= end or start >= along[1]:
        return False
    aside = max(along[0] - start, 0) if o.hinge == "start" else max(end - along[1], 0)
    return aside**2 + near**2 < (o.width_mm + _TIGHT_MM) ** 2
