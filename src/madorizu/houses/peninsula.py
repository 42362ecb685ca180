"""Set up a kitchen that faces the living room: the counter stands out from a wall (ペニンシュラ).

Measured in a corner of the LDK, along its back wall and away from it: the refrigerator stands
in the corner, cupboards beside it, and a way of 900 mm before them the counter, its end at
the side wall. Whoever cooks stands at the back and looks into the room; the counter's free end
and its front leave a way of 900 mm too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from madorizu.catalogue import FIXTURES
from madorizu.houses.clearance import is_clear
from madorizu.plan import HALF_MM, OPPOSITE, STEP, Cell, Fixture, Opening, Side

LEAST_LDK_CELLS = 94  # half-module cells of 12 帖, from which such a kitchen is usual
REGION = 8  # half modules along both walls that belong to it
FARTHEST = 9  # half modules from the washroom
COUNTER_U_MM = (75, 2625)  # from the side wall's centre-line: 2550 mm of counter
COUNTER_V_MM = (1675, 2325)  # from the back wall's: cupboards of 700 mm and a way of 900 mm behind
_ALONG: dict[Side, tuple[Side, Side]] = {"n": ("e", "w"), "s": ("e", "w"), "e": ("n", "s"), "w": ("n", "s")}


@dataclass(frozen=True, slots=True)
class _Corner:
    """A corner of a room: its cell, the side of the back wall, and the way along it from the side wall."""

    cell: Cell
    back: Side
    along: Side

    def at(self, u: int, v: int) -> Cell:
        """Return the cell u steps along the back wall and v steps away from it."""
        (ax, ay), (dx, dy) = STEP[self.along], STEP[OPPOSITE[self.back]]
        return self.cell[0] + u * ax + v * dx, self.cell[1] + u * ay + v * dy

    def stand(self, kind: str, u_mm: tuple[int, int], v_mm: tuple[int, int], facing: Side) -> Fixture:
        """Place a fixture by its distances from both walls' centre-lines."""
        spans = [(0, 0), (0, 0)]
        for side, (near, far) in ((self.along, u_mm), (OPPOSITE[self.back], v_mm)):
            axis = 0 if STEP[side][0] else 1
            start = self.cell[axis] * HALF_MM
            forwards = STEP[side][axis] > 0
            spans[axis] = (start + near, start + far) if forwards else (start + HALF_MM - far, start + HALF_MM - near)
        (x0, x1), (y0, y1) = spans
        return Fixture(kind, x0, y0, x1 - x0, y1 - y0, facing)


def peninsula(
    ldk: frozenset[Cell],
    wash: frozenset[Cell],
    floor: frozenset[Cell],
    openings: Sequence[Opening],
    busy: frozenset[Cell],
    rng: random.Random,
) -> list[Fixture] | None:
    """Set up counter and refrigerator in the corner where they serve best; None where there is none.

    Args:
        ldk: cells of the LDK.
        wash: cells of the washroom, which the kitchen lies near; empty for none.
        floor: cells of the storey.
        openings: the doors.
        busy: cells that doors need.
        rng: source of randomness.
    """
    if len(ldk) < LEAST_LDK_CELLS:
        return None
    options: list[tuple[float, int, list[Fixture]]] = []
    fridge_mm = 75, 75 + FIXTURES["refrigerator"].along_mm
    south = max(y for _, y in floor)
    for corner in _corners(ldk):
        if corner.cell[1] == south and "s" in (corner.back, OPPOSITE[corner.along]):
            continue  # the sun is for the living room
        if not all(corner.at(u, v) in ldk for u in range(REGION) for v in range(REGION)):
            continue
        counter_cells = {corner.at(u, v) for u in range(6) for v in (3, 4, 5)}
        if busy & (counter_cells | {corner.at(u, v) for u in (0, 1) for v in (0, 1)}):
            continue
        counter = corner.stand("kitchen", COUNTER_U_MM, COUNTER_V_MM, corner.back)
        fridge = corner.stand("refrigerator", fridge_mm, fridge_mm, OPPOSITE[corner.back])
        if not (is_clear(counter, openings) and is_clear(fridge, openings)):
            continue
        x, y = corner.at(3, 2)
        away = min((abs(a - x) + abs(b - y) for a, b in wash), default=0)
        if away <= FARTHEST:
            options.append((away + 2 * rng.random(), len(options), [counter, fridge]))
    return min(options)[2] if options else None


def _corners(room: frozenset[Cell]) -> Iterator[_Corner]:
    """Yield the corners of a room with walls along all that the kitchen takes, in a fixed order."""
    for cell in sorted(room):
        for back, ways in _ALONG.items():
            for along in ways:
                corner = _Corner(cell, back, along)
                if all(corner.at(u, -1) not in room for u in range(6)) and all(
                    corner.at(-1, v) not in room for v in range(6)
                ):
                    yield corner
