"""The truth about a storey: rooms as cells, openings on edges, fixtures, stairs.

Knows nothing of rules, drawing or images: a `Plan` may be unlawful.

Coordinates. The lattice has a pitch of one half module. A *cell* `(x, y)` is the
square between lattice points `(x, y)` and `(x + 1, y + 1)`; x grows to the east,
y grows to the south, north is up. All plans of a `House` share one origin, so
"stair on stair" is equality of cells. Lengths outside the lattice are integer
millimetres. Walls have no thickness here: room borders are wall centre-lines.

An *edge* is one side of a cell: `Edge("h", x, y)` runs east from point `(x, y)`,
`Edge("v", x, y)` runs south from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from madorizu.errors import PlanError

MODULE_MM = 910  # 3 shaku, half a ken
HALF_MM = MODULE_MM // 2  # 455 mm, the finest step of a lawful plan
CELL_M2 = (HALF_MM / 1000) ** 2  # area of one half-module cell, 0.207025 m²
JO_M2 = 1.62  # one 畳 in advertisements (不動産の表示に関する公正競争規約施行規則)

Cell = tuple[int, int]
Point = tuple[int, int]
Rect = tuple[int, int, int, int]  # x, y, width, height in half modules
Axis = Literal["h", "v"]
Side = Literal["n", "e", "s", "w"]
SIDES: tuple[Side, ...] = ("n", "e", "s", "w")
STEP: dict[Side, Point] = {"n": (0, -1), "e": (1, 0), "s": (0, 1), "w": (-1, 0)}
OPPOSITE: dict[Side, Side] = {"n": "s", "s": "n", "e": "w", "w": "e"}
CLOCKWISE: dict[Side, Side] = {"n": "e", "e": "s", "s": "w", "w": "n"}

OpeningKind = Literal[
    "entrance",  # 玄関ドア, hinged, in the outer wall
    "hinged",  # 片開き戸
    "sliding",  # 片引き戸, one leaf along the wall
    "double_sliding",  # 引違い戸, 襖
    "folding",  # 折戸
    "open",  # no door, no wall
    "window",  # 引違い窓 above a sill
    "french",  # 掃出し窓, a sash down to the floor, passable
    "service",  # 勝手口, hinged, in the outer wall
]
OPENING_KINDS: tuple[str, ...] = OpeningKind.__args__  # type: ignore[attr-defined]
DOOR_KINDS = frozenset({"entrance", "hinged", "sliding", "double_sliding", "folding", "open", "french", "service"})
WINDOW_KINDS = frozenset({"window", "french"})
OUTDOOR_KINDS = frozenset({"balcony", "porch", "deck"})  # rooms outside the footprint


def is_indoor(kind: str) -> bool:
    """Say whether a room of this kind counts to the footprint (W×H)."""
    return kind not in OUTDOOR_KINDS


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One side of a cell: a lattice segment of half a module."""

    axis: Axis
    x: int
    y: int

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """The cells on both sides: (north, south) of an "h" edge, (west, east) of a "v" edge."""
        if self.axis == "h":
            return (self.x, self.y - 1), (self.x, self.y)
        return (self.x - 1, self.y), (self.x, self.y)


def edge_of(cell: Cell, side: Side) -> Edge:
    """Return the edge on one side of a cell."""
    x, y = cell
    if side == "n":
        return Edge("h", x, y)
    if side == "s":
        return Edge("h", x, y + 1)
    return Edge("v", x, y) if side == "w" else Edge("v", x + 1, y)


def neighbours(cell: Cell) -> tuple[Cell, ...]:
    """Return the four cells that share a side with a cell, in the order n, e, s, w."""
    x, y = cell
    return (x, y - 1), (x + 1, y), (x, y + 1), (x - 1, y)


@dataclass(frozen=True, slots=True)
class Room:
    """A named set of cells. `kind` is a code of `catalogue.ROOMS`."""

    kind: str
    cells: frozenset[Cell]
    name: str = ""

    @property
    def area_m2(self) -> float:
        """Area between wall centre-lines in m²."""
        return len(self.cells) * CELL_M2

    @property
    def jo(self) -> float:
        """Area in 畳 of 1.62 m², cut (never rounded up) to one decimal."""
        # Integer arithmetic: 455² mm² per cell over 162000 mm² per tenth of a 畳.
        return len(self.cells) * HALF_MM * HALF_MM // round(JO_M2 * 100_000) / 10


@dataclass(frozen=True, slots=True)
class Opening:
    """A door or window in a straight run of edges.

    Attributes:
        kind: see `OpeningKind`.
        axis: "h" for a wall that runs east-west, "v" for one that runs north-south.
        x, y: lattice point at the west or north end of the host run.
        span: length of the host run in half modules; the opening is centred in it.
        width_mm: width of the frame, at most `span * HALF_MM`.
        sill_mm, head_mm: lower and upper edge above the floor.
        hinge: the end of the run at which a hinged leaf hangs, or a sliding leaf rests.
        side: to which side a leaf opens: 1 south or east, -1 north or west.
    """

    kind: OpeningKind
    axis: Axis
    x: int
    y: int
    span: int
    width_mm: int
    sill_mm: int = 0
    head_mm: int = 2000
    hinge: Literal["start", "end"] = "start"
    side: Literal[-1, 1] = 1

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges of the host run, from its west or north end."""
        if self.axis == "h":
            return tuple(Edge("h", self.x + i, self.y) for i in range(self.span))
        return tuple(Edge("v", self.x, self.y + i) for i in range(self.span))

    @property
    def ends_mm(self) -> tuple[Point, Point]:
        """Both ends of the frame on the wall's centre-line, in millimetres, west or north first."""
        before = (self.span * HALF_MM - self.width_mm) // 2
        x_mm, y_mm = self.x * HALF_MM, self.y * HALF_MM
        if self.axis == "h":
            return (x_mm + before, y_mm), (x_mm + before + self.width_mm, y_mm)
        return (x_mm, y_mm + before), (x_mm, y_mm + before + self.width_mm)


@dataclass(frozen=True, slots=True)
class Fixture:
    """A piece of equipment: its rectangle in millimetres and the side it is used from.

    `kind` is a code of `catalogue.FIXTURES`; `x_mm, y_mm` is the north-west corner,
    `width_mm` the extent to the east and `depth_mm` to the south, whatever it faces.
    """

    kind: str
    x_mm: int
    y_mm: int
    width_mm: int
    depth_mm: int
    facing: Side


@dataclass(frozen=True, slots=True)
class Stair:
    """A stair between this storey and the next, the same on both.

    Attributes:
        kind: "straight" climbs along `rise` in a rectangle one module wide; "u" turns
            twice and comes back beside its start; "l" turns once.
        rect: bounding rectangle in half modules.
        rise: direction of the first step on the lower storey.
        turn: to which side it turns; "none" for a straight stair.
    """

    kind: Literal["straight", "l", "u"]
    rect: Rect
    rise: Side
    turn: Literal["none", "left", "right"] = "none"

    @property
    def entry(self) -> tuple[Edge, ...]:
        """The edges across which one steps on, on the lower storey."""
        return _portal(self.rect, OPPOSITE[self.rise], self._lane(start=True))

    @property
    def arrival(self) -> tuple[Edge, ...]:
        """The edges across which one steps off, on the upper storey."""
        if self.kind == "straight":
            return _portal(self.rect, self.rise, "all")
        if self.kind == "u":
            return _portal(self.rect, OPPOSITE[self.rise], self._lane(start=False))
        side = CLOCKWISE[self.rise] if self.turn == "right" else OPPOSITE[CLOCKWISE[self.rise]]
        return _portal(self.rect, side, "first" if self.rise in ("n", "w") else "last")

    def _lane(self, *, start: bool) -> Literal["all", "first", "last"]:
        if self.kind == "straight":
            return "all"
        # Right of "n" is east, right of "e" is south: the first lane is the west or north one.
        starts_first = (self.turn == "right") == (self.rise in ("n", "e"))
        return "first" if starts_first == start else "last"


def _portal(rect: Rect, side: Side, lane: Literal["all", "first", "last"]) -> tuple[Edge, ...]:
    """Return the edges of a rectangle's side: all, or the module at its first or last end."""
    x, y, width, height = rect
    if side in ("n", "s"):
        row = y if side == "n" else y + height
        edges = [Edge("h", x + i, row) for i in range(width)]
    else:
        column = x if side == "w" else x + width
        edges = [Edge("v", column, y + i) for i in range(height)]
    return tuple(edges if lane == "all" else edges[:2] if lane == "first" else edges[-2:])


@dataclass(frozen=True, slots=True)
class Plan:
    """One storey. `floor` is 1 for the ground floor (1F)."""

    floor: int
    rooms: tuple[Room, ...]
    openings: tuple[Opening, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
    stair: Stair | None = None
    storey_height_mm: int = 2700

    def room_at(self, cell: Cell) -> int | None:
        """Return the index of the first room that owns a cell, or None."""
        return next((i for i, room in enumerate(self.rooms) if cell in room.cells), None)

    def owners(self) -> dict[Cell, int]:
        """Return the room index of every cell; where rooms overlap, the last one."""
        return {cell: i for i, room in enumerate(self.rooms) for cell in room.cells}


@dataclass(frozen=True, slots=True)
class House:
    """Plans that belong together, lowest first."""

    plans: tuple[Plan, ...]
    house_id: str = ""
    seed: int | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


def bounds(cells: Iterable[Cell]) -> Rect:
    """Return the bounding rectangle of cells.

    Raises:
        PlanError: if there is no cell.
    """
    cells = list(cells)
    if not cells:
        raise PlanError("cells must not be empty, got none")
    xs, ys = [c[0] for c in cells], [c[1] for c in cells]
    return min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1


def cells_in(rect: Rect) -> frozenset[Cell]:
    """Return the cells of a rectangle."""
    x, y, width, height = rect
    return frozenset((x + i, y + j) for i in range(width) for j in range(height))


def rects_of(cells: Iterable[Cell]) -> tuple[Rect, ...]:
    """Cut cells into disjoint rectangles, from the north-west, widest rows first.

    The inverse is the union of `cells_in`. The result is canonical: equal sets of
    cells give equal tuples.
    """
    left = set(cells)
    rects: list[Rect] = []
    while left:
        x, y = min(left, key=lambda c: (c[1], c[0]))
        width = 1
        while (x + width, y) in left:
            width += 1
        height = 1
        while all((x + i, y + height) in left for i in range(width)):
            height += 1
        rects.append((x, y, width, height))
        left -= cells_in(rects[-1])
    return tuple(rects)


def pieces(cells: Iterable[Cell]) -> list[frozenset[Cell]]:
    """Return the pieces that cells form, joined by sides: the largest first, equal ones from the north-west."""
    left = set(cells)
    found: list[frozenset[Cell]] = []
    while left:
        queue = [left.pop()]
        piece = set(queue)
        while queue:
            near = [n for n in neighbours(queue.pop()) if n in left]
            left.difference_update(near)
            piece.update(near)
            queue += near
        found.append(frozenset(piece))
    return sorted(found, key=lambda piece: (-len(piece), min(piece)))


def is_connected(cells: Iterable[Cell]) -> bool:
    """Say whether cells form one piece, joined by sides. No cells are not one piece."""
    return len(pieces(cells)) == 1


def border(cells: frozenset[Cell]) -> frozenset[Edge]:
    """Return the edges between cells and everything else."""
    return frozenset(edge_of(c, s) for c in cells for s, n in zip(SIDES, neighbours(c), strict=True) if n not in cells)


def walls(plan: Plan) -> dict[Edge, Literal["outer", "inner"]]:
    """Derive the walls: every edge between two rooms, or a room and outside.

    Edges under an "open" opening carry no wall. Where one side is an outdoor room
    (balcony, porch) and the other is outside, there is a railing, not a wall; such
    edges are left out here, see `railings`.
    """
    owner = plan.owners()
    gaps = {e for o in plan.openings if o.kind == "open" for e in o.edges}
    found: dict[Edge, Literal["outer", "inner"]] = {}
    for i, room in enumerate(plan.rooms):
        if not is_indoor(room.kind):
            continue
        for edge in border(room.cells):
            if edge in gaps:
                continue
            first, second = edge.cells
            other = owner.get(second if owner.get(first) == i else first)
            indoor = other is not None and is_indoor(plan.rooms[other].kind)
            found[edge] = "inner" if indoor else "outer"
    return found


def railings(plan: Plan) -> frozenset[Edge]:
    """Return the edges between outdoor rooms and outside (parapets, kerbs)."""
    indoor = frozenset(c for r in plan.rooms if is_indoor(r.kind) for c in r.cells)
    return frozenset(
        e for r in plan.rooms if not is_indoor(r.kind) for e in border(r.cells) if not any(c in indoor for c in e.cells)
    )


def indoor_cells(plan: Plan) -> frozenset[Cell]:
    """Return the cells of all indoor rooms: the storey's footprint."""
    return frozenset(c for r in plan.rooms if is_indoor(r.kind) for c in r.cells)


def outline(plan: Plan) -> Rect:
    """Return the bounding rectangle of the indoor rooms, in half modules (W×H)."""
    return bounds(indoor_cells(plan))


def sides_of(opening: Opening, owner: Mapping[Cell, int]) -> tuple[int | None, int | None]:
    """Return the rooms on both sides of an opening: (north, south) or (west, east)."""
    first, second = opening.edges[0].cells
    return owner.get(first), owner.get(second)


def translate(plan: Plan, dx: int, dy: int) -> Plan:
    """Move a plan by whole lattice steps."""
    stair = plan.stair
    if stair is not None:
        x, y, width, height = stair.rect
        stair = Stair(stair.kind, (x + dx, y + dy, width, height), stair.rise, stair.turn)
    return Plan(
        plan.floor,
        tuple(Room(r.kind, frozenset((x + dx, y + dy) for x, y in r.cells), r.name) for r in plan.rooms),
        tuple(
            Opening(o.kind, o.axis, o.x + dx, o.y + dy, o.span, o.width_mm, o.sill_mm, o.head_mm, o.hinge, o.side)
            for o in plan.openings
        ),
        tuple(
            Fixture(f.kind, f.x_mm + dx * HALF_MM, f.y_mm + dy * HALF_MM, f.width_mm, f.depth_mm, f.facing)
            for f in plan.fixtures
        ),
        stair,
        plan.storey_height_mm,
    )
