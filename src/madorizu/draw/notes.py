"""Short words beside symbols (UP, DN, 冷, 洗), and what lies above a storey as dashed outlines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from madorizu.draw.floors import room_shape
from madorizu.draw.labels import Ground, ground_of
from madorizu.draw.marks import Area, Box, Point, Primitive, Text, box_of
from madorizu.draw.stairs import way_up
from madorizu.draw.style import Style, ground
from madorizu.draw.text import NAME_MM, Lang
from madorizu.draw.walls import rings
from madorizu.plan import HALF_MM, Plan, Stair, indoor_cells

NOTE_SHARE = 0.85  # of the height of a room's name
ABOVE_DASH = (180.0, 90.0)
FIXTURE_WORDS: dict[str, dict[Lang, str]] = {
    "refrigerator": {"ja": "冷", "en": "R"},
    "washing_machine": {"ja": "洗", "en": "W"},
}
ABOVE_WORDS: dict[str, dict[Lang, str]] = {
    "void": {"ja": "上部吹抜", "en": "void above"},
    "balcony": {"ja": "上部バルコニー", "en": "balcony above"},
}


def note_marks(plan: Plan, style: Style, *, lang: Lang = "ja", text_mm: float = NAME_MM) -> Iterator[Text]:
    """Yield UP or DN at the stair, and the words of fixtures that hold them.

    Args:
        plan: the storey.
        style: colours.
        lang: language of the words; UP and DN are the same in both.
        text_mm: height of a room's name.
    """
    height = text_mm * NOTE_SHARE
    for fixture in plan.fixtures:
        words = FIXTURE_WORDS.get(fixture.kind)
        if words is not None and min(fixture.width_mm, fixture.depth_mm) >= height * 1.3:
            middle = (fixture.x_mm + fixture.width_mm / 2, fixture.y_mm + fixture.depth_mm / 2)
            yield Text("note", middle, words[lang], height, style.ink, style.fixture)
    if plan.stair is not None:
        yield from _way(plan, plan.stair, style, ground_of(plan), height)


def _way(plan: Plan, stair: Stair, style: Style, free: Ground, height: float) -> Iterator[Text]:
    """Yield UP before the first step of the lowest storey, DN before the last one of an upper storey.

    Outside of the stair if there is space, else on the walking line.
    """
    up = plan.floor == 1
    walk = way_up(stair)
    foot, next_point = (walk[0], walk[1]) if up else (walk[-1], walk[-2])
    word = "UP" if up else "DN"
    length = math.hypot(next_point[0] - foot[0], next_point[1] - foot[1])
    along = ((next_point[0] - foot[0]) / length, (next_point[1] - foot[1]) / length)
    for distance in (-height * 1.6, -height * 2.2, height * 1.4, height * 2.0):
        place = (foot[0] + along[0] * distance, foot[1] + along[1] * distance)
        kind = _kind_at(plan, place)
        text = Text("note", place, word, height, style.ink, ground(style, kind))
        space = free if distance < 0 else Ground(free.barriers, ())
        if kind and space.is_free(box_of(text)):
            yield text
            return


def _kind_at(plan: Plan, place: Point) -> str:
    index = plan.room_at((int(place[0] // HALF_MM), int(place[1] // HALF_MM)))
    return "" if index is None else plan.rooms[index].kind


def above_marks(
    plan: Plan, above: Plan, style: Style, written: Iterable[Text], *, lang: Lang = "ja", text_mm: float = NAME_MM
) -> Iterator[Primitive]:
    """Yield dashed outlines of the voids over this storey, and of balconies that stand out over the ground.

    Both plans lie on one lattice. The words come where no text that is `written`, wall or symbol is.
    """
    height, inside = text_mm * NOTE_SHARE, indoor_cells(plan)
    taken: tuple[Box, ...] = (*ground_of(plan).taken, *(box_of(text) for text in written))
    for room in above.rooms:
        words = ABOVE_WORDS.get(room.kind)
        seen = room.kind == "void" or not room.cells & inside
        if words is None or not seen:
            continue
        shape = room_shape(room)
        yield Area("above", rings(shape), "", style.soft, style.thin_mm, ABOVE_DASH)
        text = _word_in(shape.bounds, words[lang], height, style, Ground(ground_of(plan).barriers, taken))
        if text is not None:
            taken += (box_of(text),)
            yield text


def _word_in(bounds: Box, word: str, height: float, style: Style, free: Ground) -> Text | None:
    """Return a word within an outline, its middle first; None where it has no space."""
    x0, y0, x1, y1 = bounds
    middle = (x0 + x1) / 2
    for y in ((y0 + y1) / 2, y0 + height, y1 - height):
        text = Text("above", (middle, y), word, height, style.ink, style.paper)
        left, top, right, bottom = box_of(text)
        if left > x0 and right < x1 and top > y0 and bottom < y1 and free.is_free((left, top, right, bottom)):
            return text
    return None
