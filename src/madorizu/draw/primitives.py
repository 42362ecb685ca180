"""A plan as primitives, in the order in which they are painted."""

from __future__ import annotations

from madorizu.draw.fixtures import fixture_marks
from madorizu.draw.floors import floor_marks
from madorizu.draw.labels import label_marks
from madorizu.draw.marks import Primitive
from madorizu.draw.openings import opening_marks
from madorizu.draw.stairs import stair_marks
from madorizu.draw.style import style_named
from madorizu.draw.walls import railing_marks, wall_marks
from madorizu.plan import Plan, outline, translate, walls


def primitives(plan: Plan, style: str, *, labels: bool = False) -> tuple[Primitive, ...]:
    """Draw a plan in a style.

    Knows neither pixels nor paper: coordinates are millimetres from the north-west
    corner of the indoor outline, so a balcony north of it has negative y.

    Args:
        plan: the storey; it may be unlawful.
        style: a name of `STYLES`.
        labels: add room names and sizes where they fit.

    Returns:
        The primitives, lowest first. Equal plans give equal tuples.

    Raises:
        BriefError: if there is no style of this name.
        PlanError: if the plan has no indoor room.
    """
    chosen = style_named(style)
    x, y, _, _ = outline(plan)
    moved = translate(plan, -x, -y)
    kinds = walls(moved)
    marks = [
        *floor_marks(moved, chosen),
        *fixture_marks(moved, chosen),
        *stair_marks(moved, chosen),
        *railing_marks(moved, chosen),
        *wall_marks(moved, chosen, kinds),
        *opening_marks(moved, chosen, kinds),
    ]
    if labels:
        marks.extend(label_marks(moved, chosen))
    return tuple(marks)
