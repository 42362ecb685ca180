"""What lies on every cell and edge of a window of the lattice, as arrays.

A `Field` is a plan without its objects: for every half-module cell which kind of room, for
every edge whether there is a wall or which opening, and what stands or climbs there. The net
that reads pictures answers in this form, as probabilities; plans are turned into it to teach
the net, and to compare what was read with what was drawn.

The window is a square of cells; its cell [i, j] is the lattice cell (left + j, top + i). Edge
arrays hold the north ("h") and the west ("v") edge of each cell. Nothing may lie on the
window's south and east end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madorizu.catalogue import FIXTURES, ROOMS
from madorizu.plan import HALF_MM, OPENING_KINDS, SIDES, Edge, Plan, cells_in, railings, walls

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

ROOM_CLASSES: tuple[str, ...] = ("outside", *ROOMS)
EDGE_CLASSES: tuple[str, ...] = ("none", "wall", "railing", *OPENING_KINDS)
FIXTURE_CLASSES: tuple[str, ...] = ("none", *FIXTURES)
# (kind, rise, turn), see `plan.Stair`; the first stands for no stair.
STAIR_CLASSES: tuple[tuple[str, str, str], ...] = (
    ("none", "n", "none"),
    *(("straight", rise, "none") for rise in SIDES),
    *((kind, rise, turn) for kind in ("l", "u") for rise in SIDES for turn in ("left", "right")),
)
AXES = ("h", "v")


@dataclass(frozen=True, slots=True)
class Field:
    """A plan on a window of size × size cells.

    Attributes:
        rooms: (size, size) uint8, index of `ROOM_CLASSES`.
        edges: (2, size, size) uint8, index of `EDGE_CLASSES`, "h" first.
        starts: (2, size, size) uint8, 1 on the west or north most edge of an opening.
        hinges: (2, size, size) uint8, 1 on the edges of an opening whose hinge is at its "end".
        sides: (2, size, size) uint8, 1 on those of one that opens to the south or east.
        stairs: (size, size) uint8, index of `STAIR_CLASSES` on the cells of a stair.
        fixtures: (size, size) uint8, index of `FIXTURE_CLASSES` on the cell of a fixture's middle.
        facings: (size, size) uint8, index of `plan.SIDES` there.
        places: (3, size, size) float32: there, how far east and south in the cell the middle lies,
            0 to 1, and the fixture's length along its wall in metres.
    """

    rooms: Bytes
    edges: Bytes
    starts: Bytes
    hinges: Bytes
    sides: Bytes
    stairs: Bytes
    fixtures: Bytes
    facings: Bytes
    places: Floats


def field_of(plan: Plan, left: int, top: int, size: int) -> Field:
    """Write a plan onto a window; what lies outside of it is left out.

    Args:
        plan: the storey; where rooms overlap, the last one counts.
        left, top: the lattice cell of the window's north-west corner.
        size: cells per side.
    """
    flat, double = (size, size), (2, size, size)
    field = Field(
        rooms=np.zeros(flat, np.uint8),
        edges=np.zeros(double, np.uint8),
        starts=np.zeros(double, np.uint8),
        hinges=np.zeros(double, np.uint8),
        sides=np.zeros(double, np.uint8),
        stairs=np.zeros(flat, np.uint8),
        fixtures=np.zeros(flat, np.uint8),
        facings=np.zeros(flat, np.uint8),
        places=np.zeros((3, size, size), np.float32),
    )

    def at(x: int, y: int) -> tuple[int, int] | None:
        i, j = y - top, x - left
        return (i, j) if 0 <= i < size and 0 <= j < size else None

    for room in plan.rooms:
        for cell in room.cells:
            if (place := at(*cell)) is not None:
                field.rooms[place] = ROOM_CLASSES.index(room.kind) if room.kind in ROOMS else 0
    _write_edges(field, plan, left, top, size)
    if plan.stair is not None:
        index = STAIR_CLASSES.index((plan.stair.kind, plan.stair.rise, plan.stair.turn))
        own = frozenset(c for room in plan.rooms if room.kind == "stair" for c in room.cells)
        for cell in cells_in(plan.stair.rect) & own:
            if (place := at(*cell)) is not None:
                field.stairs[place] = index
    for fixture in plan.fixtures:
        x, y = fixture.x_mm + fixture.width_mm / 2, fixture.y_mm + fixture.depth_mm / 2
        place = at(int(x // HALF_MM), int(y // HALF_MM))
        if place is not None and fixture.kind in FIXTURES:
            field.fixtures[place] = FIXTURE_CLASSES.index(fixture.kind)
            field.facings[place] = SIDES.index(fixture.facing)
            along = fixture.width_mm if fixture.facing in ("n", "s") else fixture.depth_mm
            field.places[(slice(None), *place)] = (x % HALF_MM / HALF_MM, y % HALF_MM / HALF_MM, along / 1000)
    return field


def _write_edges(field: Field, plan: Plan, left: int, top: int, size: int) -> None:
    def at(edge: Edge) -> tuple[int, int, int] | None:
        i, j = edge.y - top, edge.x - left
        return (AXES.index(edge.axis), i, j) if 0 <= i < size and 0 <= j < size else None

    for edges, name in ((railings(plan), "railing"), (walls(plan), "wall")):
        for edge in edges:
            if (place := at(edge)) is not None:
                field.edges[place] = EDGE_CLASSES.index(name)
    for opening in plan.openings:
        for number, edge in enumerate(opening.edges):
            if (place := at(edge)) is not None:
                field.edges[place] = EDGE_CLASSES.index(opening.kind)
                field.starts[place] = number == 0
                field.hinges[place] = opening.hinge == "end"
                field.sides[place] = opening.side > 0
