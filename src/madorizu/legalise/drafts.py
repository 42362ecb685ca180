"""Make drafts without a picture: of a plan, or of what a net says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from madorizu.draft import Draft, Floats, draft_of_reading
from madorizu.plan import OPENING_KINDS, SIDES, Plan, bounds
from madorizu.vectorise.answer import Answer
from madorizu.vectorise.decode import decode
from madorizu.vectorise.field import EDGE_CLASSES, FIXTURE_CLASSES, ROOM_CLASSES, STAIR_CLASSES, Bytes, Field, field_of

SURE = 0.97  # of a plan that was given, not read
MARGIN = 4  # cells around the plan


def draft_of(plan: Plan, *, sure: float = SURE) -> Draft:
    """Make the draft of a plan that is known: every part of it is as sure as every other.

    Args:
        plan: the storey, however broken; one without rooms gives a draft in which nothing was read.
        sure: probability of what the plan says, 0 to 1.
    """
    left, top, size = window_around(plan)
    known = tuple(o for o in plan.openings if o.kind in OPENING_KINDS)
    answer = answer_about(field_of(replace(plan, openings=known), left, top, size), sure)
    return Draft(
        plan=plan,
        kinds=tuple({room.kind: sure} for room in plan.rooms),
        rooms=tuple(sure for _ in plan.rooms),
        openings=tuple(sure for _ in plan.openings),
        fixtures=tuple(sure for _ in plan.fixtures),
        stair=None if plan.stair is None else sure,
        evidence=answer.evidence(left, top),
    )


def draft_from(answer: Answer, left: int, top: int, *, floor: int) -> Draft:
    """Make the draft that a net's answer decodes to.

    Args:
        answer: probabilities of a window of cells.
        left, top: lattice cell of the window's north-west corner.
        floor: which storey the plan is to be.
    """
    return draft_of_reading(decode(answer, left, top, floor=floor), answer.evidence(left, top))


def window_around(plan: Plan) -> tuple[int, int, int]:
    """Return the left, top and size of a square window that holds a plan with a margin."""
    cells = [cell for room in plan.rooms for cell in room.cells]
    x, y, width, height = bounds(cells) if cells else (0, 0, 1, 1)
    return x - MARGIN, y - MARGIN, max(width, height) + 2 * MARGIN


def answer_about(field: Field, sure: float) -> Answer:
    """Return what a net would say that sees a field, and gives each of its classes so much probability."""

    def shares(indices: Bytes, count: int) -> Floats:
        found: Floats = np.full((count, *indices.shape), (1 - sure) / (count - 1), np.float32)
        np.put_along_axis(found, indices[None].astype(np.int64), np.float32(sure), axis=0)
        return found

    def flag(values: npt.NDArray[np.uint8]) -> Floats:
        return np.where(values > 0, sure, 1 - sure).astype(np.float32)

    return Answer(
        rooms=shares(field.rooms, len(ROOM_CLASSES)),
        edges=np.stack([shares(field.edges[axis], len(EDGE_CLASSES)) for axis in (0, 1)]),
        stairs=shares(field.stairs, len(STAIR_CLASSES)),
        fixtures=shares(field.fixtures, len(FIXTURE_CLASSES)),
        facings=shares(field.facings, len(SIDES)),
        starts=flag(field.starts),
        hinges=flag(field.hinges),
        sides=flag(field.sides),
        places=field.places,
    )
