"""Which of many known plans a plan is a near-duplicate of: `similarity`, fast for one against thousands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from madorizu.catalogue import ROOMS
from madorizu.plan import Plan, indoor_cells
from madorizu.similarity import NEAR_IOU, are_near_duplicates

_KINDS = tuple(ROOMS)


class Known:
    """Plans that others are compared with.

    Rooms of `n` and `m` cells cannot overlap by more than min(n, m) / max(n, m); plans whose mean
    of that over the kinds is too low already are not compared cell by cell.
    """

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = tuple(plan for plan in plans if indoor_cells(plan))
        self._sizes = np.array([_sizes(plan) for plan in self._plans], np.float64).reshape(-1, len(_KINDS))

    def __len__(self) -> int:
        return len(self._plans)

    def near(self, plan: Plan) -> int | None:
        """Return the index of the first near-duplicate among the plans with an indoor room, or None.

        None too for a plan without an indoor room.
        """
        if not indoor_cells(plan) or not self._plans:
            return None
        own = _sizes(plan)
        larger = np.maximum(self._sizes, own)
        shares = np.minimum(self._sizes, own) / np.maximum(larger, 1)
        bound = shares.sum(axis=1) / np.maximum((larger > 0).sum(axis=1), 1)
        for i in np.flatnonzero(bound > NEAR_IOU).tolist():
            if are_near_duplicates(plan, self._plans[i]):
                return int(i)
        return None


def _sizes(plan: Plan) -> npt.NDArray[np.float64]:
    counted = Counter[str]()
    for room in plan.rooms:
        counted[room.kind] += len(room.cells)
    return np.array([counted[kind] for kind in _KINDS], np.float64)


def different_pairs(plans: Sequence[Plan | None]) -> tuple[int, int]:
    """Count the pairs of plans that are no near-duplicates, and all pairs.

    A pair with a picture of which nothing was read (None, or a plan without an indoor room) is
    not counted as different: two empty pages are no variety.
    """
    different = pairs = 0
    for i, first in enumerate(plans):
        for second in plans[i + 1 :]:
            pairs += 1
            if first is None or second is None or not indoor_cells(first) or not indoor_cells(second):
                continue
            different += not are_near_duplicates(first, second)
    return different, pairs
