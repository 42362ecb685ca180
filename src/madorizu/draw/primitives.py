"""A plan as primitives, in the order in which they are painted."""

from __future__ import annotations

from collections.abc import Iterable

from madorizu.draw.annotations import Axes, axes_of, dimension_marks, grid_marks, north_marks, scale_marks
from madorizu.draw.fixtures import fixture_marks
from madorizu.draw.floors import floor_marks
from madorizu.draw.labels import label_marks
from madorizu.draw.layers import FRAME, LAYERS, WORDS, chosen_layers
from madorizu.draw.marks import PAPER_SCALE, Box, Primitive, Text, extent
from madorizu.draw.notes import above_marks, note_marks
from madorizu.draw.openings import opening_marks
from madorizu.draw.stairs import stair_marks
from madorizu.draw.style import Style, style_named
from madorizu.draw.text import NAME_MM, Lang, language
from madorizu.draw.walls import railing_marks, wall_marks
from madorizu.plan import Plan, outline, translate, walls

_ORDER = {layer: place for place, layer in enumerate(LAYERS)}


def primitives(  # noqa: PLR0913  # a storey, its neighbours and how it is drawn
    plan: Plan,
    style: str | Style,
    *,
    labels: bool = False,
    layers: Iterable[str] | None = None,
    lang: str = "ja",
    above: Plan | None = None,
    below: Plan | None = None,
    axes: Axes | None = None,
    text_mm: float = NAME_MM,
    scale: int = PAPER_SCALE,
) -> tuple[Primitive, ...]:
    """Draw a plan in a style.

    Knows neither pixels nor paper: coordinates are millimetres from the north-west
    corner of the indoor outline, so a balcony north of it has negative y.

    Args:
        plan: the storey; it may be unlawful.
        style: a name of `STYLES`, or a style.
        labels: add the words: the layers "note" and "label".
        layers: names of `LAYERS` to draw; without it those of the building itself.
        lang: language of the words, "ja" or "en".
        above: the next storey on the same lattice, of which the layer "above" shows voids
            and balconies; None where it is not known.
        below: the storey before on the same lattice, of which that layer shows the roof (下屋).
        axes: those of the house, on the plan's lattice; this storey's own by default.
        text_mm: height of room names in mm of the building; other texts follow it. 290 is
            2.9 mm at 1:100. What has no space at this height is left out.
        scale: at which the drawing will lie on paper, 100 for 1:100; the layer "scale" tells it.

    Returns:
        The primitives, lowest first. Equal plans give equal tuples.

    Raises:
        BriefError: if there is no style of this name.
        PlanError: if the plan has no indoor room.
        SettingsError: if there is no such layer or language.
    """
    chosen, spoken, wanted = style_named(style), language(lang), chosen_layers(layers, labels=labels)
    x, y, _, _ = outline(plan)
    moved = translate(plan, -x, -y)
    building = _building(moved, chosen)
    words: list[Primitive] = []
    if wanted & {*WORDS, "above", *FRAME}:  # what is above a storey takes part in its extent, drawn or not
        around = [None if other is None else translate(other, -x, -y) for other in (above, below)]
        words = _words(moved, around[0], around[1], chosen, spoken, text_mm, wanted)
    frame: list[Primitive] = []
    if wanted & set(FRAME):
        shared = axes_of([moved]) if axes is None else axes.moved(-x, -y)
        frame = _frame(moved, shared, chosen, extent([*building, *words]), text_mm, scale)
    marks = [mark for mark in (*building, *words, *frame) if mark.layer in wanted]
    return tuple(sorted(marks, key=lambda mark: _ORDER[mark.layer]))


def _building(plan: Plan, style: Style) -> list[Primitive]:
    kinds = walls(plan)
    return [
        *floor_marks(plan, style),
        *fixture_marks(plan, style, kinds),
        *stair_marks(plan, style),
        *railing_marks(plan, style),
        *wall_marks(plan, style, kinds),
        *opening_marks(plan, style, kinds),
    ]


def _words(
    plan: Plan,
    above: Plan | None,
    below: Plan | None,
    style: Style,
    lang: Lang,
    text_mm: float,
    wanted: frozenset[str],
) -> list[Primitive]:
    """Draw short words first, as they have few places, then names, then what is above; each keeps off the others."""
    notes = list(note_marks(plan, style, lang=lang, text_mm=text_mm)) if "note" in wanted else []
    labels = list(label_marks(plan, style, notes, lang=lang, text_mm=text_mm)) if "label" in wanted else []
    texts = [mark for mark in (*notes, *labels) if isinstance(mark, Text)]
    over = above_marks(plan, above, below, style, texts, lang=lang, text_mm=text_mm)
    return [*over, *notes, *labels]


def _frame(plan: Plan, axes: Axes, style: Style, drawn: Box | None, text_mm: float, scale: int) -> list[Primitive]:
    """Draw what surrounds the building; a plan with an outline has walls, so something is drawn."""
    box = drawn or (0.0, 0.0, 0.0, 0.0)
    west, _, east, south = box
    grow = text_mm / NAME_MM
    below = south + 500 * grow
    return [
        *grid_marks(plan, axes, style, box, text_mm=text_mm),
        *dimension_marks(plan, axes, style, box, text_mm=text_mm),
        *north_marks(style, (max(east, west + 4200 * grow) - 350 * grow, below + 700 * grow), text_mm=text_mm),
        *scale_marks(plan.floor, style, (west, below), text_mm=text_mm, scale=scale),
    ]
