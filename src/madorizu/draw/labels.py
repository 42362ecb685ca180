"""Room names and sizes, where they fit: never across a wall, a fixture or another label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from madorizu.catalogue import ROOMS, RoomType
from madorizu.draw.floors import is_patterned
from madorizu.draw.marks import Area, Box, Text, box_of
from madorizu.draw.openings import folded_mm, is_step
from madorizu.draw.stairs import covered
from madorizu.draw.style import Style, ground
from madorizu.draw.text import LEADING, NAME_MM, Lang, text_width_mm
from madorizu.plan import HALF_MM, Edge, Plan, Room, railings, walls

ABBREVIATED = frozenset({"wc"})
SIZED = frozenset({"ldk", "bed", "mbr", "wa", "s", "den"})
CLEAR_MM = 80  # from a wall's centre-line; 2.9 mm text just fits a closet of half a module
ROOMY_MM = 120  # the same where there is space
MARKER_MM = (130, 340)  # half of the space of a french window's marker, along the wall and across
PAD_MM = 40  # from a fixture
APART_SHARE = 0.6  # of the letters' height, from a word on the same line; half of it from one below
# Unit baths are sold by the inner size of their room in centimetres; sides here in half modules.
UNIT_BATHS = {(3, 4): "1216", (4, 4): "1616", (4, 5): "1620", (4, 6): "1624"}
# Short names that differ from the catalogue's, which are those of Japanese plans.
_SHORT: dict[Lang, dict[str, str]] = {
    "ja": {"wash": "洗面", "hall": "廊下"},  # 洗 alone is the washing machine
    "en": {
        "mbr": "MBR", "bed": "BR", "wa": "JR", "wash": "WASH", "ent": "ENT", "hall": "HALL", "oshi": "CL",
        "sto": "STO", "void": "VOID", "porch": "PORCH", "deck": "DECK", "laundry": "LDY", "den": "DEN",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """What is written in a room: lines below each other, or one that reads upwards."""

    lines: tuple[str, ...]
    upward: bool = False

    def box(self, spot: tuple[float, float], text_mm: float) -> Box:
        """Return the rectangle that the label is sure to stay in."""
        half_x = max(text_width_mm(line, text_mm) for line in self.lines) / 2
        half_y = text_mm * (1 + LEADING * (len(self.lines) - 1)) / 2
        if self.upward:
            half_x, half_y = half_y, half_x
        return spot[0] - half_x, spot[1] - half_y, spot[0] + half_x, spot[1] + half_y


@dataclass(frozen=True, slots=True)
class Ground:
    """Where words may stand: off walls, railings and steps, off everything in `taken`."""

    barriers: frozenset[Edge]
    taken: tuple[Box, ...]

    def is_free(self, box: Box, clear_mm: float = CLEAR_MM) -> bool:
        """Say whether a box keeps clear of all that, of walls by so much from their middle."""
        return not self._meets_wall(box, clear_mm) and not any(meet(box, other) for other in self.taken)

    def _meets_wall(self, box: Box, clear_mm: float) -> bool:
        x0, y0, x1, y1 = box[0] - clear_mm, box[1] - clear_mm, box[2] + clear_mm, box[3] + clear_mm
        columns, rows = (
            range(int(x0 // HALF_MM), int(x1 // HALF_MM) + 1),
            range(int(y0 // HALF_MM), int(y1 // HALF_MM) + 1),
        )
        return any(Edge("v", x, y) in self.barriers for x in columns[1:] for y in rows) or any(
            Edge("h", x, y) in self.barriers for x in columns for y in rows[1:]
        )


def ground_of(plan: Plan) -> Ground:
    """Return where words may stand before there are any."""
    fixtures = [_fixture_box(plan, index) for index in range(len(plan.fixtures))]
    stair = covered(plan.stair) if plan.stair is not None else []
    steps = {edge for opening in plan.openings if is_step(opening, plan) for edge in opening.edges}
    return Ground(frozenset(walls(plan)) | railings(plan) | steps, (*fixtures, *_leaves(plan), *stair))


def label_marks(
    plan: Plan, style: Style, written: Iterable[Text] = (), *, lang: Lang = "ja", text_mm: float = NAME_MM
) -> Iterator[Area | Text]:
    """Yield the label of every room that has space for one: the size goes first, then the name is cut.

    On boards and tiles it lies on a field of the floor's colour.

    Args:
        plan: the storey.
        style: colours.
        written: what is there already; no name comes near it.
        lang: language of the names; sizes are 帖 in Japanese, m² in English.
        text_mm: height of the letters.
    """
    space = ground_of(plan)
    apart = text_mm * APART_SHARE
    near = ((x0 - apart, y0 - apart / 2, x1 + apart, y1 + apart / 2) for x0, y0, x1, y1 in map(box_of, written))
    space = Ground(space.barriers, (*space.taken, *near))
    for room in plan.rooms:
        if room.kind == "stair" or room.kind not in ROOMS:
            continue
        found = _placed(room, space, lang, text_mm)
        if found is None:
            continue
        label, spot = found
        box = label.box(spot, text_mm)
        space = Ground(space.barriers, (*space.taken, box))
        if is_patterned(room.kind, style):
            yield _field(room, box, style)
        yield from _lines(room, label, spot, style, text_mm)


def _placed(room: Room, space: Ground, lang: Lang, text_mm: float) -> tuple[Label, tuple[float, float]] | None:
    """Return the fullest label that fits, and its middle.

    Each keeps off walls as far as it can. Where the short name is as usual as the long one, it
    comes before a long one squeezed between walls.
    """
    found = _choices(room, lang)
    groups = [found] if room.kind in ABBREVIATED else [[label] for label in found]
    for labels in groups:
        for clear_mm in (ROOMY_MM, CLEAR_MM):
            for label in labels:
                spot = _spot(room, label, space, text_mm, clear_mm)
                if spot is not None:
                    return label, spot
    return None


def _choices(room: Room, lang: Lang) -> list[Label]:
    """Return what may be written, the fullest label first: with a size, without, reading upwards."""
    kind = ROOMS[room.kind]
    name, short = _names(room, kind, lang)
    words = tuple(name.split(" ")) if lang == "en" else (name,)
    size = _size(room, lang)
    found = [(name, size), (*words, size)] if size else []
    found += [(name,), words]
    for text in (name, short):
        if lang == "ja" and all("一" <= c <= "龥" for c in text):
            found.append(tuple(text))  # kanji below each other, for a narrow closet
        found.append((short,))
    lying = [Label(lines) for lines in dict.fromkeys(found) if lines and all(lines)]
    return [*lying, *(Label((text,), upward=True) for text in dict.fromkeys((name, short)) if text)]


def _names(room: Room, kind: RoomType, lang: Lang) -> tuple[str, str]:
    """Return the full and the short name. A name of the plan's own is kept, whatever its language."""
    name = kind.ja if lang == "ja" else kind.en
    return room.name or name, _SHORT[lang].get(room.kind, kind.abbr)


def _size(room: Room, lang: Lang) -> str:
    """Return the line below the name: 畳 (cut, not rounded) or m² of a living room, the code of a unit bath."""
    if room.kind == "bath":
        xs, ys = {x for x, _ in room.cells}, {y for _, y in room.cells}
        code = UNIT_BATHS.get((min(len(xs), len(ys)), max(len(xs), len(ys))))
        return f"({code})" if code and len(room.cells) == len(xs) * len(ys) else ""
    if room.kind not in SIZED:
        return ""
    return f"{room.jo:.1f}帖" if lang == "ja" else f"{room.area_m2:.1f} m²"


def _spot(room: Room, label: Label, space: Ground, text_mm: float, clear_mm: float) -> tuple[float, float] | None:
    """Return the free place nearest to the room's middle, on a raster of eighths of a module."""
    middle_x = sum(x + 0.5 for x, _ in room.cells) / len(room.cells)
    middle_y = sum(y + 0.5 for _, y in room.cells) / len(room.cells)
    points = {(4 * x + i, 4 * y + j) for x, y in room.cells for i in range(5) for j in range(5)}
    for x4, y4 in sorted(points, key=lambda p: ((p[0] / 4 - middle_x) ** 2 + (p[1] / 4 - middle_y) ** 2, p)):
        spot = x4 * HALF_MM / 4, y4 * HALF_MM / 4
        box = label.box(spot, text_mm)
        if _holds(room, box) and space.is_free(box, clear_mm):
            return spot
    return None


def _holds(room: Room, box: Box) -> bool:
    """Say whether a box lies on a room's cells only."""
    x0, y0, x1, y1 = (int(value // HALF_MM) for value in box)
    return all((x, y) in room.cells for x in range(x0, x1 + 1) for y in range(y0, y1 + 1))


def _fixture_box(plan: Plan, index: int) -> Box:
    f = plan.fixtures[index]
    return f.x_mm - PAD_MM, f.y_mm - PAD_MM, f.x_mm + f.width_mm + PAD_MM, f.y_mm + f.depth_mm + PAD_MM


def _leaves(plan: Plan) -> Iterator[Box]:
    """Yield the squares in which door leaves swing, the strips in which they fold, the markers of french windows."""
    for opening in plan.openings:
        if opening.kind == "french":
            (x0, y0), (x1, y1) = opening.ends_mm
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            across, down = (MARKER_MM[0], MARKER_MM[1]) if opening.axis == "h" else (MARKER_MM[1], MARKER_MM[0])
            yield x - across, y - down, x + across, y + down
        if opening.kind in ("hinged", "entrance", "service", "folding"):
            (x0, y0), (x1, y1) = opening.ends_mm
            deep = folded_mm(opening.width_mm) if opening.kind == "folding" else opening.width_mm
            reach = round(deep * opening.side)
            dx, dy = (0, reach) if opening.axis == "h" else (reach, 0)
            yield min(x0, x0 + dx), min(y0, y0 + dy), max(x1, x1 + dx), max(y1, y1 + dy)


def meet(a: Box, b: Box) -> bool:
    """Say whether two boxes share more than their borders."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _field(room: Room, box: Box, style: Style) -> Area:
    x0, y0, x1, y1 = box
    return Area("label", (((x0, y0), (x1, y0), (x1, y1), (x0, y1)),), ground(style, room.kind))


def _lines(room: Room, label: Label, spot: tuple[float, float], style: Style, text_mm: float) -> Iterator[Text]:
    top = spot[1] - text_mm * LEADING * (len(label.lines) - 1) / 2
    for i, line in enumerate(label.lines):
        place = (spot[0], top + i * text_mm * LEADING)
        yield Text("label", place, line, text_mm, style.ink, ground(style, room.kind), label.upward)
