"""The lines that a storey is tiled on: columns and rows of different widths.

A coarse grid keeps the exact cover small whatever the size of the house: columns are one
module wide as a rule, one and a half or two in large houses, and where a side is an odd
number of half modules. All widths are in half modules; a grid cell is `(column, row)`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from madorizu.plan import Cell, Rect

LEAST, MOST = 2, 4  # half modules: no line is narrower than a corridor or wider than a 1-坪 bath


@dataclass(frozen=True)
class Grid:
    """Widths of the columns and heights of the rows, in half modules, from the north-west corner."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]

    @cached_property
    def xs(self) -> tuple[int, ...]:
        """Where columns begin, and the east end."""
        return tuple(sum(self.columns[:i]) for i in range(len(self.columns) + 1))

    @cached_property
    def ys(self) -> tuple[int, ...]:
        """Where rows begin, and the south end."""
        return tuple(sum(self.rows[:j]) for j in range(len(self.rows) + 1))

    def area(self, cells: Iterable[Cell]) -> int:
        """Return an area in half-module cells."""
        return sum(self.columns[i] * self.rows[j] for i, j in cells)

    def halves(self, cells: Iterable[Cell]) -> frozenset[Cell]:
        """Return the half-module cells that grid cells cover."""
        return frozenset(
            (self.xs[i] + a, self.ys[j] + b)
            for i, j in cells
            for a in range(self.columns[i])
            for b in range(self.rows[j])
        )

    def within(self, rect: Rect) -> frozenset[Cell] | None:
        """Return the grid cells of a rectangle in half modules, or None where no lines run along it."""
        x, y, width, height = rect
        if not ({x, x + width} <= set(self.xs) and {y, y + height} <= set(self.ys)):
            return None
        columns = range(self.xs.index(x), self.xs.index(x + width))
        rows = range(self.ys.index(y), self.ys.index(y + height))
        return frozenset((i, j) for i in columns for j in rows)

    def at(self, cell: Cell) -> Cell | None:
        """Return the grid cell that holds a half-module cell, or None outside the grid."""
        x, y = cell
        if not (0 <= x < self.xs[-1] and 0 <= y < self.ys[-1]):
            return None
        return sum(x >= a for a in self.xs) - 1, sum(y >= b for b in self.ys) - 1


def split(length: int, count: int, rng: random.Random) -> tuple[int, ...]:
    """Cut a length in half modules into a number of widths from `LEAST` to `MOST`, in random order.

    The count is brought into what the length allows. Widths of two half modules, whole
    modules, are kept where they can be: what is over goes to as few lines as possible, or,
    half of the time, to as many.
    """
    if length < LEAST:
        return (length,) if length > 0 else ()
    count = min(max(count, -(-length // MOST)), length // LEAST)
    widths = [LEAST] * count
    over = length - LEAST * count
    step = rng.choice((1, MOST - LEAST))
    while over:
        taken = min(step, over)
        widths[rng.choice([i for i, width in enumerate(widths) if width + taken <= MOST])] += taken
        over -= taken
    rng.shuffle(widths)
    return tuple(widths)


def joined(lengths: Sequence[int], lines: int, rng: random.Random) -> tuple[int, ...]:
    """Cut several lengths one after the other, so that a line runs between them; about `lines` in all."""
    total = sum(lengths)
    return tuple(w for n in lengths if n for w in split(n, max(1, round(lines * n / total)), rng))
