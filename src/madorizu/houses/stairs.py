"""Where a stair can stand on a grid, and which cells it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from madorizu.catalogue import STAIRS
from madorizu.plan import CLOCKWISE, OPPOSITE, SIDES, Cell, Edge, Rect, Side, Stair, cells_in
from madorizu.solve.grid import Grid

StairKind = Literal["straight", "l", "u"]


def cells_of(stair: Stair) -> frozenset[Cell]:
    """Return the half-module cells of a stair: its rectangle, without the open corner of one that turns once."""
    everything = cells_in(stair.rect)
    if stair.kind != "l":
        return everything
    x, y, width, height = stair.rect
    turned = CLOCKWISE[stair.rise] if stair.turn == "right" else OPPOSITE[CLOCKWISE[stair.rise]]
    # The flights run along the side opposite to the turn, and along the end of the rise.
    first = _band(stair.rect, OPPOSITE[turned])
    last = _band(stair.rect, stair.rise)
    return frozenset(c for c in everything if c in first or c in last)


def _band(rect: Rect, side: Side) -> frozenset[Cell]:
    """Return the module along one side of a rectangle."""
    x, y, width, height = rect
    return cells_in(
        {
            "n": (x, y, width, 2),
            "s": (x, y + height - 2, width, 2),
            "w": (x, y, 2, height),
            "e": (x + width - 2, y, 2, height),
        }[side]
    )


def before(stair: Stair, edges: tuple[Edge, ...]) -> Cell:
    """Return the half-module cell in front of the first edge of a portal."""
    first, second = edges[0].cells
    return second if first in cells_in(stair.rect) else first


def stairs_on(grid: Grid, floor: frozenset[Cell], kinds: tuple[StairKind, ...]) -> Iterator[Stair]:
    """Yield every stair whose sides run along the grid's lines and which both storeys can hold.

    Args:
        grid: the lines.
        floor: grid cells that both storeys have.
        kinds: forms to try.
    """
    for kind in kinds:
        for across, along in ((form.width, form.depth) for form in STAIRS if form.kind == kind):
            for rise in SIDES:
                width, height = (across, along) if rise in ("n", "s") else (along, across)
                for x in grid.xs[:-1]:
                    for y in grid.ys[:-1]:
                        taken = grid.within((x, y, width, height))
                        if taken is None or not taken <= floor:
                            continue
                        turns: tuple[Literal["none", "left", "right"], ...] = ("left", "right")
                        for turn in ("none",) if kind == "straight" else turns:
                            yield Stair(kind, (x, y, width, height), rise, turn)
