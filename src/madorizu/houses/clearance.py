"""Whether a fixture leaves doors their room: the leaf its quarter circle, people their way."""

from __future__ import annotations

from collections.abc import Iterable

from madorizu.plan import DOOR_KINDS, Fixture, Opening

WAY_MM = 400  # of a door's width that stays free
DEPTH_MM = 350  # to this depth before and behind it
LEAF_KINDS = frozenset({"hinged", "entrance", "service"})

Span = tuple[int, int]


def is_clear(fixture: Fixture, openings: Iterable[Opening]) -> bool:
    """Say whether a fixture stands in no door's way."""
    return not any(_hinders(fixture, o) for o in openings if o.kind in DOOR_KINDS and o.kind != "french")


def overlap(a: Fixture, b: Fixture) -> bool:
    """Say whether two fixtures stand on the same floor."""
    across = _common((a.x_mm, a.x_mm + a.width_mm), (b.x_mm, b.x_mm + b.width_mm))
    return across > 0 and _common((a.y_mm, a.y_mm + a.depth_mm), (b.y_mm, b.y_mm + b.depth_mm)) > 0


def _hinders(fixture: Fixture, opening: Opening) -> bool:
    """Look at the fixture in the door's own directions: along its wall, and away from it."""
    (x0, y0), (x1, y1) = opening.ends_mm
    across = fixture.x_mm, fixture.x_mm + fixture.width_mm
    down = fixture.y_mm, fixture.y_mm + fixture.depth_mm
    along, away = (across, down) if opening.axis == "h" else (down, across)
    start, end, wall = (x0, x1, y0) if opening.axis == "h" else (y0, y1, x0)
    for side in (1, -1):
        near, far = sorted((side * (away[0] - wall), side * (away[1] - wall)))  # distances from the wall
        if far <= 0:
            continue
        shut = _common(along, (start, end))
        free = max(along[0] - start, end - along[1])
        if shut > 0 and near < DEPTH_MM and free < min(WAY_MM, end - start):
            return True
        if opening.kind in LEAF_KINDS and side == opening.side and _is_met(along, max(near, 0), start, end, opening):
            return True
    return False


def _is_met(along: Span, near: int, start: int, end: int, opening: Opening) -> bool:
    """Say whether a leaf that turns about its hinge meets something that begins so far from the wall."""
    if _common(along, (start, end)) <= 0:
        return False
    # From the hinge to the nearest point of what stands within the leaf's reach.
    aside = max(along[0] - start, 0) if opening.hinge == "start" else max(end - along[1], 0)
    return aside**2 + near**2 < opening.width_mm**2


def _common(a: Span, b: Span) -> int:
    return min(a[1], b[1]) - max(a[0], b[0])
