"""Short words beside symbols (UP, DN, 冷, 洗), and outlines of what lies over a storey or on the one below."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from shapely import get_coordinates, get_parts, line_merge, unary_union
from shapely.geometry import box as shapely_box

from madorizu.draw.floors import room_shape
from madorizu.draw.labels import Ground, ground_of
from madorizu.draw.marks import Area, Box, Lines, Path, Point, Primitive, Text, box_of
from madorizu.draw.stairs import way_up
from madorizu.draw.style import Style, ground
from madorizu.draw.text import NAME_MM, Lang
from madorizu.draw.walls import rings
from madorizu.plan import HALF_MM, STEP, Cell, Plan, Room, Stair, cells_in, indoor_cells, pieces, rects_of

NOTE_SHARE = 0.85  # of the height of a room's name
ABOVE_DASH = (180.0, 90.0)
FACE_MM = 60  # from the middle of an inner wall to its face
CANOPY_MM = 150  # a canopy's reach beyond its porch
FIXTURE_WORDS: dict[str, dict[Lang, str]] = {
    "refrigerator": {"ja": "冷", "en": "R"},
    "washing_machine": {"ja": "洗", "en": "W"},
}
ABOVE_WORDS: dict[str, dict[Lang, tuple[str, ...]]] = {
    "void": {"ja": ("上部吹抜",), "en": ("void above",)},
    "balcony": {"ja": ("上部バルコニー", "バルコニー"), "en": ("balcony above", "balcony")},
    "roof": {"ja": ("下屋",), "en": ("roof below", "roof")},
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
    plan: Plan,
    above: Plan | None,
    below: Plan | None,
    style: Style,
    written: Iterable[Text],
    *,
    lang: Lang = "ja",
    text_mm: float = NAME_MM,
) -> Iterator[Primitive]:
    """Yield what is over a storey, dashed, and the roof of the storey below beside it (下屋), in full lines.

    Over it are voids, balconies that stand out over the ground, and a canopy (庇) where a porch
    has nothing else above. All plans lie on one lattice; None is for one that is not there or
    not known. The words come where no text that is `written`, wall or symbol is.
    """
    height, free = text_mm * NOTE_SHARE, ground_of(plan)
    taken: tuple[Box, ...] = (*free.taken, *(box_of(text) for text in written))
    for kind, cells in _overhead(plan, above, below):
        shape = room_shape(Room(kind, cells))
        if kind == "roof":
            outer = shape.buffer(style.outer_mm / 2, join_style="mitre")
            yield Area("above", rings(outer), "", style.soft, style.thin_mm)
        elif kind == "canopy":
            yield Lines("above", _canopy(cells, plan, above, style), style.ink, style.thin_mm, ABOVE_DASH)
        else:
            face = shape.buffer(-FACE_MM, join_style="mitre")  # off axes and walls that lie on the lattice
            yield Area("above", rings(face), "", style.ink, style.thin_mm, ABOVE_DASH)
        if kind in ABOVE_WORDS:
            space = Ground(free.barriers, taken)
            found = (_word_in(cells, word, height, style, space) for word in ABOVE_WORDS[kind][lang])
            text = next((text for text in found if text is not None), None)
            if text is not None:
                taken += (box_of(text),)
                yield text


def _overhead(plan: Plan, above: Plan | None, below: Plan | None) -> Iterator[tuple[str, frozenset[Cell]]]:
    """Yield the kind and the cells of each thing that lies over a storey, or beside it on the storey below."""
    inside = indoor_cells(plan)
    for room in above.rooms if above is not None else ():
        if room.kind == "void" or (room.kind == "balcony" and not room.cells & inside):
            yield room.kind, room.cells
    covered = _all_cells(above) if above is not None else frozenset()
    for room in plan.rooms:
        if room.kind == "porch" and room.cells - covered:
            yield "canopy", room.cells - covered
    if below is not None:
        for part in sorted(pieces(indoor_cells(below) - _all_cells(plan)), key=min):
            yield "roof", part


def _all_cells(plan: Plan) -> frozenset[Cell]:
    return frozenset(cell for room in plan.rooms for cell in room.cells)


def _canopy(cells: frozenset[Cell], plan: Plan, above: Plan | None, style: Style) -> tuple[Path, ...]:
    """Return the edges, off the house, of a roof over a porch; it stands out where nothing is beside it."""
    house = indoor_cells(plan)
    beside = house | (_all_cells(above) if above is not None else frozenset())
    boxes = []
    for x, y, width, depth in rects_of(cells):
        rect = cells_in((x, y, width, depth))
        x0, y0, x1, y1 = (value * HALF_MM for value in (x, y, x + width, y + depth))
        out = {
            side: 0 if {(i + dx, j + dy) for i, j in rect} - rect & (beside | cells) else CANOPY_MM
            for side, (dx, dy) in STEP.items()
        }
        boxes.append(shapely_box(x0 - out["w"], y0 - out["n"], x1 + out["e"], y1 + out["s"]))
    wall = room_shape(Room("", house)).buffer(style.outer_mm / 2, join_style="mitre")
    edges = line_merge(unary_union(boxes).boundary.difference(wall))
    return tuple(sorted(tuple((x, y) for x, y in get_coordinates(part).tolist()) for part in get_parts(edges)))


def _word_in(cells: frozenset[Cell], word: str, height: float, style: Style, free: Ground) -> Text | None:
    """Return a word within an outline: in its largest rectangle, lying before standing; None without space."""
    edge = FACE_MM + height * 0.1
    for x, y, width, depth in sorted(rects_of(cells), key=lambda rect: -rect[2] * rect[3]):
        x0, y0, x1, y1 = (float(value * HALF_MM) for value in (x, y, x + width, y + depth))
        lying = [((x0 + x1) / 2, at, False) for at in ((y0 + y1) / 2, y0 + height, y1 - height)]
        for place_x, place_y, upward in (*lying, ((x0 + x1) / 2, (y0 + y1) / 2, True)):
            text = Text("above", (place_x, place_y), word, height, style.ink, style.paper, upward)
            left, top, right, bottom = box_of(text)
            inside = left > x0 + edge and right < x1 - edge and top > y0 + edge and bottom < y1 - edge
            if inside and free.is_free((left, top, right, bottom)):
                return text
    return None
