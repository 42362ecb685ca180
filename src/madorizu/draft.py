"""A draft: what was read from a picture of a storey, before anybody made it lawful.

The reading is a `Plan` that may break any rule, with how sure each part of it is, and the
probabilities per cell and edge from which it was taken: whoever repairs the plan asks them
what else the picture may mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from madorizu.plan import HALF_MM, Cell, Edge, Plan
from madorizu.plan_json import plan_to_json

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What may lie where: probabilities on a window of the lattice.

    Cell [i, j] is the lattice cell (left + j, top + i); edge arrays hold the north ("h", first)
    and the west ("v") edge of each cell.

    Attributes:
        left, top: lattice cell of the window's north-west corner.
        room_classes, edge_classes: names of the classes, see `vectorise.field`.
        rooms: (classes, height, width) float32, sums to 1 over the classes.
        edges: (2, classes, height, width) float32, the same.
    """

    left: int
    top: int
    room_classes: tuple[str, ...]
    edge_classes: tuple[str, ...]
    rooms: Floats
    edges: Floats

    def room(self, cell: Cell) -> Floats:
        """Return the probabilities of the room classes at a cell; outside of the window it is surely "outside"."""
        i, j = cell[1] - self.top, cell[0] - self.left
        if 0 <= i < self.rooms.shape[1] and 0 <= j < self.rooms.shape[2]:
            found: Floats = self.rooms[:, i, j]
            return found
        return _certain(len(self.room_classes))

    def edge(self, edge: Edge) -> Floats:
        """Return the probabilities of the edge classes; outside of the window there is surely "none"."""
        i, j = edge.y - self.top, edge.x - self.left
        if 0 <= i < self.edges.shape[2] and 0 <= j < self.edges.shape[3]:
            found: Floats = self.edges[0 if edge.axis == "h" else 1, :, i, j]
            return found
        return _certain(len(self.edge_classes))


def _certain(count: int) -> Floats:
    shares = np.zeros(count, np.float32)
    shares[0] = 1
    return shares


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan, and how sure each of its parts is.

    Attributes:
        plan: the plan, which may break any rule.
        kinds: per room of the plan, what kind it may be and how probable that is, likeliest first.
        rooms, openings, fixtures: per item of the plan, how sure it is, 0 to 1.
        stair: how sure the stair is, 0 to 1; None where none was read.
    """

    plan: Plan
    kinds: tuple[Mapping[str, float], ...]
    rooms: tuple[float, ...]
    openings: tuple[float, ...]
    fixtures: tuple[float, ...]
    stair: float | None


@dataclass(frozen=True, slots=True)
class Draft(Reading):
    """A reading with what else its picture may mean, and where in the picture it lies.

    Attributes:
        evidence: see `Evidence`.
        px_per_module: scale of the picture; 0 where there is none.
        origin_px: where the lattice point (0, 0) lies in the picture, x and y.
        skew_deg: by how much the picture was turned back, clockwise.
        outer_mm, inner_mm: thickness of the walls as drawn, None where it could not be measured.
        warnings: what the reader of the plan should know.
    """

    evidence: Evidence
    px_per_module: float = 0.0
    origin_px: tuple[float, float] = (0.0, 0.0)
    skew_deg: float = 0.0
    outer_mm: int | None = None
    inner_mm: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def confidence(self) -> float:
        """How sure the reading is as a whole: the mean over its rooms by area, 0 to 1; 0 without a room."""
        areas = [len(room.cells) for room in self.plan.rooms]
        total = sum(areas)
        return sum(a * c for a, c in zip(areas, self.rooms, strict=True)) / total if total else 0.0


def draft_of_reading(reading: Reading, evidence: Evidence) -> Draft:
    """Make the draft of a reading that has no place in a picture."""
    return Draft(
        reading.plan, reading.kinds, reading.rooms, reading.openings, reading.fixtures, reading.stair, evidence
    )


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """Return a draft as JSON data for people and other programs; the evidence is left out."""
    return {
        "plan": plan_to_json(draft.plan),
        "confidence": round(draft.confidence, 3),
        "rooms": [
            {"confidence": round(sure, 3), "kinds": {kind: round(p, 3) for kind, p in kinds.items()}}
            for sure, kinds in zip(draft.rooms, draft.kinds, strict=True)
        ],
        "openings": [round(sure, 3) for sure in draft.openings],
        "fixtures": [round(sure, 3) for sure in draft.fixtures],
        "stair": None if draft.stair is None else round(draft.stair, 3),
        "walls": {"outer_mm": draft.outer_mm, "inner_mm": draft.inner_mm},
        "picture": _place(draft) if draft.px_per_module else None,
        "warnings": list(draft.warnings),
    }


def _place(draft: Draft) -> dict[str, Any]:
    return {
        "px_per_module": round(draft.px_per_module, 4),
        "mm_per_px": round(2 * HALF_MM / draft.px_per_module, 4),
        "origin_px": [round(v, 2) for v in draft.origin_px],
        "skew_deg": round(draft.skew_deg, 3),
    }
