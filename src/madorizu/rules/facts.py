"""What every rule looks at: findings, and the facts of a storey, gathered once.

`case_of` walks over the cells of each storey a single time; the rules then read who
owns a cell, what an opening joins, who touches whom, and which walls face outside.
Nothing here judges, and nothing raises on a broken plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from madorizu.brief import Brief
from madorizu.catalogue import ROOMS
from madorizu.plan import (
    DOOR_KINDS,
    Cell,
    House,
    Opening,
    Plan,
    Rect,
    Room,
    Side,
    is_indoor,
)

HABITABLE = frozenset(t.code for t in ROOMS.values() if t.habitable)
PASSAGES = frozenset(t.code for t in ROOMS.values() if t.passage)
STORAGE = frozenset({"wic", "sic", "oshi", "cl", "sto", "pantry", "s"})
BEDROOMS = ("mbr", "bed")
WET_ROOMS = ("bath", "wash", "wc", "laundry")  # with pipes in the floor; the kitchen stands in the LDK
SWING_KINDS = frozenset({"hinged", "entrance", "service"})  # doors with a leaf that turns
HALF_OPEN_KINDS = frozenset({"sliding", "double_sliding", "french"})  # one of two leaves' widths is passed
LEAST_WAY_MM = 600  # of a door's frame, so far as it opens
CEILING_MM = 200  # no head of an opening is nearer to the floor of the next storey, or to the roof
# Who may own a room that is not entered from a passage room: kind -> kinds of owners.
OWNERS: dict[str, frozenset[str]] = {
    "wic": frozenset({"mbr"}),
    "den": frozenset({"mbr"}),
    "laundry": frozenset({"wash"}),
    "cl": frozenset({"bed", "mbr"}),
    "oshi": frozenset({"wa"}),
    "bath": frozenset({"wash"}),
    "wc": frozenset({"wash"}),
    "s": HABITABLE,
    "sto": HABITABLE | {"wash"},
}
INFORMATION = frozenset({"H10"})  # hard in law, met by what no plan shows: told, never a reason to refuse

Pair = tuple[int | None, int | None]
EdgeKey = tuple[str, int, int]  # axis, x, y: a `plan.Edge` without the cost of one
Weight = Literal["hard", "soft", "info"]


def weight_of(code: str) -> Weight:
    """Return what a rule weighs: S is soft, `INFORMATION` is information, the others are hard."""
    return "info" if code in INFORMATION else "soft" if code.startswith("S") else "hard"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule, as data.

    Attributes:
        code: the rule, see docs/reference/rules.md: H.. and B.. are hard, S.. are soft; H10
            is information.
        hard: the plan must not be delivered as it is.
        floor: the storey, 1 for 1F, or None where it concerns the whole house.
        room: index into that storey's `rooms`, or None.
        cell: the half-module cell where to look, or None.
        message: what is wrong, in English, as "subject must rule, got value".
        message_ja: the same in Japanese.
    """

    code: str
    hard: bool
    floor: int | None
    room: int | None
    cell: Cell | None
    message: str
    message_ja: str

    @property
    def weight(self) -> Weight:
        """What it weighs: "hard" forbids delivery, "soft" is advice, "info" is good to know."""
        return "hard" if self.hard else "info" if self.code in INFORMATION else "soft"


@dataclass(frozen=True, slots=True)
class Hosted:
    """An opening with what lies on both sides of its host run.

    Attributes:
        opening: the opening itself.
        pairs: the distinct (north, south) or (west, east) pairs of room indices along
            the run, None for outside. Empty where the run has no length.
        edges: the host run's edges.
    """

    opening: Opening
    pairs: tuple[Pair, ...]
    edges: tuple[EdgeKey, ...]

    @property
    def rooms(self) -> Pair | None:
        """The rooms on both sides, or None where they change along the run."""
        return self.pairs[0] if len(self.pairs) == 1 else None

    @property
    def cell(self) -> Cell:
        """A cell at the opening, for findings."""
        return self.opening.x, self.opening.y


@dataclass(frozen=True, slots=True)
class Storey:
    """A plan with its facts.

    Attributes:
        plan: the storey.
        owner: the room index of each cell; where rooms overlap, the last one.
        indoor: per room, whether it counts to the footprint.
        boxes: per room, its bounding rectangle; all 0 for a room without cells.
        hosted: the openings, in the order of `plan.openings`.
        links: per room, the rooms that passable openings join to it, with the opening.
        contacts: number of shared edges of two rooms, lower index first.
        faces: per room, the number of its edges to each side beyond which nothing is indoors.
        rooms_of: room indices by kind.
        west: the column of bit 0 in `rows` and `inside`.
        rows: per row y, the cells of each room in it as bits.
        inside: per row y, the indoor cells as bits.
    """

    plan: Plan
    owner: Mapping[Cell, int]
    indoor: tuple[bool, ...]
    boxes: tuple[Rect, ...]
    hosted: tuple[Hosted, ...]
    links: Mapping[int, tuple[tuple[int, Hosted], ...]]
    contacts: Mapping[tuple[int, int], int]
    faces: tuple[Mapping[Side, int], ...]
    rooms_of: Mapping[str, tuple[int, ...]]
    west: int
    rows: Mapping[int, Mapping[int, int]]
    inside: Mapping[int, int]

    @property
    def floor(self) -> int:
        """The storey's number, 1 for 1F."""
        return self.plan.floor

    def kind(self, room: int | None) -> str | None:
        """Return the kind of a room, or None for outside."""
        return None if room is None else self.plan.rooms[room].kind

    def is_indoors(self, room: int | None) -> bool:
        """Say whether a side of an opening is inside the footprint."""
        return room is not None and self.indoor[room]

    def named(self, room: int) -> str:
        """Return what to call a room in an English message."""
        kind = self.plan.rooms[room].kind
        return ROOMS[kind].en if kind in ROOMS else repr(kind[:20])

    def named_ja(self, room: int) -> str:
        """Return what to call a room in a Japanese message."""
        kind = self.plan.rooms[room].kind
        return ROOMS[kind].ja if kind in ROOMS else f"「{kind[:20]}」"

    def finding(self, code: str, room: int | None, message: str, message_ja: str, cell: Cell | None = None) -> Finding:
        """Make a finding of this storey; without a cell it points at the room's north-west one."""
        if cell is None and room is not None:
            cell = min(self.plan.rooms[room].cells, key=lambda c: (c[1], c[0]), default=None)
        return Finding(code, weight_of(code) == "hard", self.floor, room, cell, message, message_ja)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may judge by.

    Attributes:
        storeys: lowest first as given.
        is_house: the storeys make a whole house; otherwise it is one storey alone, of
            which nothing can be said that depends on the others.
        brief: what was asked for, if known.
    """

    storeys: tuple[Storey, ...]
    is_house: bool
    brief: Brief | None

    def finding(self, code: str, message: str, message_ja: str) -> Finding:
        """Make a finding about the item as a whole."""
        floor = self.storeys[0].floor if len(self.storeys) == 1 else None
        return Finding(code, weight_of(code) == "hard", floor, None, None, message, message_ja)


def way_mm(opening: Opening) -> int:
    """Return how much of a door's frame one can pass when it is open."""
    return opening.width_mm // 2 if opening.kind in HALF_OPEN_KINDS else opening.width_mm


def case_of(item: Plan | House, brief: Brief | None = None) -> Case:
    """Gather the facts of a plan or a house."""
    if isinstance(item, House):
        return Case(tuple(storey_of(p) for p in item.plans), True, brief)
    return Case((storey_of(item),), False, brief)


def storey_of(plan: Plan) -> Storey:
    """Gather the facts of one storey."""
    owner = plan.owners()
    indoor = tuple(is_indoor(r.kind) for r in plan.rooms)
    hosted = tuple(_hosted(o, owner) for o in plan.openings)
    west, rows = _rows(owner)
    # Each cell has one owner here, so the rooms' bits of a row add up.
    inside = {y: sum(bits for i, bits in row.items() if indoor[i]) for y, row in rows.items()}
    contacts, faces = _touch(rows, inside, len(indoor))
    rooms_of: dict[str, tuple[int, ...]] = {}
    for i, room in enumerate(plan.rooms):
        rooms_of[room.kind] = (*rooms_of.get(room.kind, ()), i)
    boxes = tuple(_box(r) for r in plan.rooms)
    return Storey(plan, owner, indoor, boxes, hosted, _links(hosted), contacts, faces, rooms_of, west, rows, inside)


def floor_cells(storeys: Iterable[Storey]) -> int:
    """Count the cells with a floor: indoors, without voids."""
    return sum(
        len(room.cells)
        for s in storeys
        for room, indoor in zip(s.plan.rooms, s.indoor, strict=True)
        if indoor and room.kind != "void"
    )


def _hosted(opening: Opening, owner: Mapping[Cell, int]) -> Hosted:
    x, y = opening.x, opening.y
    pairs: dict[Pair, None] = {}
    edges: list[EdgeKey] = []
    for i in range(opening.span):
        if opening.axis == "h":
            edges.append(("h", x + i, y))
            pairs[owner.get((x + i, y - 1)), owner.get((x + i, y))] = None
        else:
            edges.append(("v", x, y + i))
            pairs[owner.get((x - 1, y + i)), owner.get((x, y + i))] = None
    return Hosted(opening, tuple(pairs), tuple(edges))


def _links(hosted: Iterable[Hosted]) -> dict[int, tuple[tuple[int, Hosted], ...]]:
    links: dict[int, tuple[tuple[int, Hosted], ...]] = {}
    for host in hosted:
        if host.opening.kind not in DOOR_KINDS or host.rooms is None:
            continue
        a, b = host.rooms
        if a is None or b is None or a == b:
            continue
        links[a] = (*links.get(a, ()), (b, host))
        links[b] = (*links.get(b, ()), (a, host))
    return links


def _rows(owner: Mapping[Cell, int]) -> tuple[int, dict[int, dict[int, int]]]:
    """Return the westernmost column, and per row each room's cells as bits from there.

    Without cells if one is off the lattice: then H01 speaks, and no other rule is asked.
    """
    west = min((x for x, _ in owner), default=0)
    rows: dict[int, dict[int, int]] = {}
    if any(type(x) is not int for x, _ in owner):
        return 0, rows
    for (x, y), i in owner.items():
        row = rows.get(y)
        if row is None:
            row = rows[y] = {}
        row[i] = row.get(i, 0) | 1 << (x - west)
    return west, rows


def _touch(
    rows: Mapping[int, Mapping[int, int]], inside: Mapping[int, int], count: int
) -> tuple[dict[tuple[int, int], int], tuple[dict[Side, int], ...]]:
    contacts: dict[tuple[int, int], int] = {}
    faces: tuple[dict[Side, int], ...] = tuple({} for _ in range(count))
    none: dict[int, int] = {}
    for y, row in rows.items():
        above, below = rows.get(y - 1, none), rows.get(y + 1, none)
        here, over, under = inside.get(y, 0), inside.get(y - 1, 0), inside.get(y + 1, 0)
        for i, bits in row.items():
            for other, step in ((row, bits << 1), (below, bits)):
                for j, theirs in other.items():
                    if i != j and (common := step & theirs):
                        pair = (i, j) if i < j else (j, i)
                        contacts[pair] = contacts.get(pair, 0) + common.bit_count()
            own = faces[i]
            # A room's own cells are no outside, be it indoors or not.
            beyond: tuple[tuple[Side, int], ...] = (
                ("n", bits & ~(over | above.get(i, 0))),
                ("e", bits << 1 & ~(here | bits)),
                ("s", bits & ~(under | below.get(i, 0))),
                ("w", bits & ~((here | bits) << 1)),
            )
            for side, outside in beyond:
                if outside:
                    own[side] = own.get(side, 0) + outside.bit_count()
    return contacts, faces


def _box(room: Room) -> Rect:
    if not room.cells:
        return 0, 0, 0, 0
    xs, ys = [c[0] for c in room.cells], [c[1] for c in room.cells]
    return min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1
