"""Straight stretches of wall, and where in them an opening can sit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from madorizu import plan
from madorizu.plan import Axis, Cell, Edge


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """Edges in one straight line, from the west or north end; `span` in half modules."""

    axis: Axis
    x: int
    y: int
    span: int

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges of the run, west or north first."""
        return tuple(self.part(i, 1).edge for i in range(self.span))

    @property
    def edge(self) -> Edge:
        """The first edge."""
        return Edge(self.axis, self.x, self.y)

    def part(self, offset: int, span: int) -> Run:
        """Return a stretch of the run."""
        if self.axis == "h":
            return Run("h", self.x + offset, self.y, span)
        return Run("v", self.x, self.y + offset, span)

    def parts(self, span: int) -> tuple[Run, ...]:
        """Return every stretch of a given length."""
        return tuple(self.part(i, span) for i in range(self.span - span + 1))

    def beside(self, side: int, depth: int) -> frozenset[Cell]:
        """Return the cells along the run: `side` 1 south or east, -1 north or west."""
        near = range(depth) if side > 0 else range(-depth, 0)
        if self.axis == "h":
            return frozenset((self.x + i, self.y + d) for i in range(self.span) for d in near)
        return frozenset((self.x + d, self.y + i) for i in range(self.span) for d in near)


@lru_cache(maxsize=512)
def border(cells: frozenset[Cell]) -> frozenset[Edge]:
    """Return the edges between cells and everything else, as `plan.border`: asked of a room again and again."""
    return plan.border(cells)


def runs(edges: Iterable[Edge]) -> tuple[Run, ...]:
    """Join edges to the longest straight runs, in a fixed order."""
    left = set(edges)
    found = []
    for edge in sorted(left):
        if edge not in left:
            continue
        dx, dy = (1, 0) if edge.axis == "h" else (0, 1)
        span = 0
        while (step := Edge(edge.axis, edge.x + span * dx, edge.y + span * dy)) in left:
            left.remove(step)
            span += 1
        found.append(Run(edge.axis, edge.x, edge.y, span))
    return tuple(found)
