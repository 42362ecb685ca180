"""What the net answers, channel by channel, and how it becomes probabilities.

The channels of one cell, in this order: room classes; classes of the north edge; classes of
the west edge; stair classes; fixture classes; facings; then for the north and the west edge
whether an opening starts, hangs at its end, and opens to the south or east; then the place
of a fixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madorizu.draft import Evidence
from madorizu.plan import SIDES
from madorizu.vectorise.field import EDGE_CLASSES, FIXTURE_CLASSES, ROOM_CLASSES, STAIR_CLASSES, Floats

CELL_PX = 16  # pixels of a half module in what the net sees
# Softmax groups, then single yes-or-no scores, then plain numbers.
GROUPS: tuple[tuple[str, int], ...] = (
    ("rooms", len(ROOM_CLASSES)),
    ("h", len(EDGE_CLASSES)),
    ("v", len(EDGE_CLASSES)),
    ("stairs", len(STAIR_CLASSES)),
    ("fixtures", len(FIXTURE_CLASSES)),
    ("facings", len(SIDES)),
)
FLAGS = 6  # starts h, v; hinges h, v; sides h, v
NUMBERS = 3
CHANNELS = sum(count for _, count in GROUPS) + FLAGS + NUMBERS


@dataclass(frozen=True, slots=True)
class Answer:
    """Probabilities for a window of size × size cells, see `field.Field`.

    Attributes:
        rooms: (classes, size, size) float32, sums to 1 over the classes.
        edges: (2, classes, size, size) float32, the same, "h" first.
        stairs, fixtures, facings: (classes, size, size) float32, the same.
        starts, hinges, sides: (2, size, size) float32, 0 to 1.
        places: (3, size, size) float32.
    """

    rooms: Floats
    edges: Floats
    stairs: Floats
    fixtures: Floats
    facings: Floats
    starts: Floats
    hinges: Floats
    sides: Floats
    places: Floats

    def evidence(self, left: int, top: int) -> Evidence:
        """Return what lies where, of a window whose north-west corner is the lattice cell (left, top)."""
        return Evidence(left, top, ROOM_CLASSES, EDGE_CLASSES, self.rooms, self.edges)


def answer_of(scores: Floats) -> Answer:
    """Turn raw scores, float32 of shape (CHANNELS, size, size), into probabilities."""
    found: dict[str, Floats] = {}
    at = 0
    for name, count in GROUPS:
        found[name] = _softmax(scores[at : at + count])
        at += count
    flags = (1 / (1 + np.exp(-np.clip(scores[at : at + FLAGS], -30, 30)))).astype(np.float32)
    return Answer(
        rooms=found["rooms"],
        edges=np.stack([found["h"], found["v"]]),
        stairs=found["stairs"],
        fixtures=found["fixtures"],
        facings=found["facings"],
        starts=flags[0:2],
        hinges=flags[2:4],
        sides=flags[4:6],
        places=scores[at + FLAGS :],
    )


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=0, keepdims=True))
    shares: Floats = powers / powers.sum(axis=0, keepdims=True)
    return shares
