"""Storeys as primitives at a scale, alone or side by side, with the notice of an unlawful plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from madorizu.draw.annotations import axes_of
from madorizu.draw.layers import LAYERS
from madorizu.draw.marks import PAPER_SCALE, Arc, Box, Primitive, Text, extent, moved
from madorizu.draw.primitives import primitives
from madorizu.draw.sheet import GAP_MM, MARGIN_MM
from madorizu.draw.text import NAME_MM, text_width_mm
from madorizu.export.subject import Settings, Subject
from madorizu.plan import HALF_MM, Plan, outline

NOTICE = "notice"  # the layer of what an unlawful plan says
NOTICE_COLOUR = "#c00000"


@dataclass(frozen=True, slots=True)
class Storey:
    """A storey's place on a drawing.

    Attributes:
        plan: the storey.
        marks: its primitives, in millimetres of the drawing, lowest first.
        dx_mm, dy_mm: from the plan's own lattice to the drawing.
    """

    plan: Plan
    marks: tuple[Primitive, ...]
    dx_mm: float
    dy_mm: float


def storeys(
    subject: Subject, settings: Settings, *, layers: Sequence[str] = LAYERS, text_mm: float | None = None
) -> tuple[Storey, ...]:
    """Draw each storey on the lattice of its house, so that all of them lie on each other.

    Args:
        subject: what to draw.
        settings: style, language and scale.
        layers: names of `draw.LAYERS`.
        text_mm: height of room names in mm of the building; 2.9 mm on paper by default.
    """
    plans, height = subject.plans, NAME_MM * settings.scale / PAPER_SCALE if text_mm is None else text_mm
    axes = axes_of(plans)
    found = []
    for i, plan in enumerate(plans):
        above = plans[i + 1] if i + 1 < len(plans) else None
        below = plans[i - 1] if i else None
        drawn = primitives(
            plan,
            settings.style,
            layers=layers,
            lang=settings.lang,
            above=above,
            below=below,
            axes=axes,
            text_mm=height,
            scale=settings.scale,
        )
        x, y, _, _ = outline(plan)
        marks = tuple(moved(_at_scale(mark, settings.scale), x * HALF_MM, y * HALF_MM) for mark in drawn)
        found.append(Storey(plan, marks, 0.0, 0.0))
    return tuple(found)


def side_by_side(drawn: Sequence[Storey]) -> tuple[Storey, ...]:
    """Move storeys beside each other, lowest first, as high as they lie on their lattice."""
    found, east = [], 0.0
    for storey in drawn:
        west, _, end, _ = box_of_marks(storey.marks)
        found.append(shifted(storey, east - west, 0.0))
        east += end - west + GAP_MM
    return tuple(found)


def shifted(storey: Storey, dx_mm: float, dy_mm: float) -> Storey:
    """Move a storey on its drawing."""
    marks = tuple(moved(mark, dx_mm, dy_mm) for mark in storey.marks)
    return Storey(storey.plan, marks, storey.dx_mm + dx_mm, storey.dy_mm + dy_mm)


def box_of_marks(marks: Sequence[Primitive]) -> Box:
    """Return the rectangle around primitives, of no size at the origin if there are none."""
    return extent(marks) or (0.0, 0.0, 0.0, 0.0)


def notice_marks(subject: Subject, settings: Settings, box: Box) -> tuple[Text, ...]:
    """Return the notice of an unlawful plan, above a drawing and in red; nothing for a lawful one."""
    words = subject.notice(settings.words)
    if not words:
        return ()
    height = 1.5 * NAME_MM * settings.scale / PAPER_SCALE
    place = (box[0] + text_width_mm(words, height) / 2, box[1] - height)
    return (Text(NOTICE, place, words, height, NOTICE_COLOUR),)


def with_margin(box: Box, settings: Settings) -> Box:
    """Return a box with a margin around it, as wide on paper at every scale."""
    edge = MARGIN_MM * settings.scale / PAPER_SCALE
    return box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge


def _at_scale(mark: Primitive, scale: int) -> Primitive:
    """Keep pens as thick on paper as `draw` means them at 1:100."""
    if scale == PAPER_SCALE or isinstance(mark, Text):
        return mark
    grown = replace(mark, pen_mm=mark.pen_mm * scale / PAPER_SCALE)
    if isinstance(grown, Arc):
        return grown
    return replace(grown, dash=tuple(length * scale / PAPER_SCALE for length in grown.dash))
