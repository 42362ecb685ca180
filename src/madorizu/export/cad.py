"""Flat drawings as entities of a DXF document: what R2010 and R12 share.

A drawing's y runs down, a DXF's y up: `_at` turns it. Millimetres stay millimetres.
"""

from __future__ import annotations

import io
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import ezdxf
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment

from madorizu.draw.marks import PAPER_SCALE, Arc, Area, Lines, Path, Primitive, Text
from madorizu.draw.style import Style
from madorizu.draw.text import NAME_MM
from madorizu.export.flat import Item, Measure, Symbol, flat
from madorizu.export.placing import box_of_marks, notice_marks, shifted, side_by_side, storeys
from madorizu.export.subject import Settings, Subject
from madorizu.plan import HALF_MM, outline

TEXT_STYLE = "kst32b"  # LibreCAD takes its Japanese stroke font by the style's name; others take the file's
TEXT_FONT = "msgothic.ttc"
DIM_STYLE = "MADORIZU"
RECORD = "MADORIZU"  # of the root dictionary: the plan that the file carries
CAP_SHARE = 0.75  # of an em: DXF counts a text's height by its capitals
ARROW_MM, OVER_MM = 84.0, 100.0  # a dimension's dot, and how far extension lines go on
LINE_WEIGHTS = (0, 5, 9, 13, 15, 18, 20, 25, 30, 35, 40, 50, 53, 60, 70, 80, 90, 100, 106, 120, 140, 158, 200, 211)
INK, RED = 7, 1  # AutoCAD colour indices
GREYS = {251: 91, 8: 128, 9: 192}  # index to brightness
# Line types by how their dashes are: short or long, with dots or without. LibreCAD draws a line of any other name
# full, and with its own lengths: those of TINY are 1.8 mm on paper. R12 keeps to AutoCAD's names, as JW_CAD knows them.
LINE_TYPES = {
    (2, False): ("HIDDENTINY", "HIDDEN"),
    (2, True): ("DASHEDTINY", "DASHED"),
    (4, False): ("CENTERTINY", "CENTER"),
    (4, True): ("DASHDOTTINY", "DASHDOT"),
}
LONG_DASH_MM = {2: 200, 4: 500}
CIRCLE_STEPS = 48  # of an ellipse, which R12 does not know
Xy = tuple[float, float]
_FIXED_DATES = threading.Lock()


@dataclass(slots=True)
class Board:
    """A DXF document that is being drawn.

    Attributes:
        doc: the document.
        old: R12: no fills of many corners, ellipses, line weights, true colours or dimensions.
        style: of the drawing.
        tell: turns a text into one that the file can hold.
        prefix: of the names of layers, such as "1F-".
        weights: the line weight of each layer, in hundredths of mm.
        blocks: name of the block of each symbol.
    """

    doc: Drawing
    old: bool
    style: Style
    tell: Callable[[str], str]
    prefix: str = ""
    weights: dict[str, int] = field(default_factory=dict)
    blocks: dict[tuple[Primitive, ...], str] = field(default_factory=dict)

    def layer(self, name: str) -> str:
        """Return the name that a layer has in the file."""
        return f"{self.prefix}{name.upper()}"


def draw_board(board: Board, subject: Subject, settings: Settings) -> None:
    """Draw all storeys side by side; the south-west corner of the first one's outline is at (0, 0)."""
    drawn = side_by_side(storeys(subject, replace(settings, scale=PAPER_SCALE)))
    x, y, _, deep = outline(drawn[0].plan)
    dx, dy = -x * HALF_MM - drawn[0].dx_mm, -(y + deep) * HALF_MM - drawn[0].dy_mm
    placed = [shifted(storey, dx, dy) for storey in drawn]
    _setup(board)
    space = board.doc.modelspace()
    for storey in placed:
        board.prefix = f"{storey.plan.floor}F-"
        items = flat(storey, settings)
        _layers(board, items)
        for item in items:
            _put(board, space, item)
    marks = [mark for storey in placed for mark in storey.marks]
    board.prefix = ""
    notice = notice_marks(subject, settings, box_of_marks(marks))
    for mark in notice:
        board.doc.layers.add(board.layer(mark.layer), color=RED)
        _put(board, space, mark)
    x0, y0, x1, y1 = box_of_marks([*marks, *notice])
    space.reset_extents((x0, -y1, 0), (x1, -y0, 0))
    board.doc.set_modelspace_vport(max(y1 - y0, (x1 - x0) / 1.6) * 1.05, center=((x0 + x1) / 2, -(y0 + y1) / 2))


def file_of(doc: Drawing) -> bytes:
    """Return a document as a file whose bytes do not tell when it was made."""
    file = io.BytesIO()
    text = io.TextIOWrapper(file, encoding=doc.output_encoding, errors="dxfreplace", newline="\r\n")
    with _FIXED_DATES:
        before = ezdxf.options.write_fixed_meta_data_for_testing
        ezdxf.options.write_fixed_meta_data_for_testing = True
        try:
            doc.write(text)
        finally:
            ezdxf.options.write_fixed_meta_data_for_testing = before
    text.flush()
    return file.getvalue()


def new_document(version: str) -> Drawing:
    """Return an empty document in millimetres, with fixed dates and ids."""
    with _FIXED_DATES:
        before = ezdxf.options.write_fixed_meta_data_for_testing
        ezdxf.options.write_fixed_meta_data_for_testing = True
        try:
            return Drawing.new(version)
        finally:
            ezdxf.options.write_fixed_meta_data_for_testing = before


def plain_text(words: str) -> str:
    r"""Return a text without what DXF takes for orders: "%%u", "^J", "\U+5B9A"."""
    return words.replace("%%", "％％").replace("^", "＾").replace("\\", "＼")


def drawn(doc: Drawing) -> Iterator[tuple[object, ...]]:
    """Yield what `carried.digest` counts: the entities of the model space with their layers and points."""
    for entity in doc.modelspace():
        kind, dxf = entity.dxftype(), entity.dxf
        words = dxf.text if kind == "TEXT" else dxf.name if kind == "INSERT" else ""
        points: list[float] = []
        for name in ("start", "end", "center", "insert", "align_point", "defpoint2", "defpoint3"):
            if dxf.is_supported(name) and dxf.hasattr(name):
                points += list(dxf.get(name))[:2]
        if kind == "LWPOLYLINE":
            points += [value for point in entity.get_points("xy") for value in point]
        yield (kind, dxf.layer, words, *map(float, points))


# --- tables -------------------------------------------------------------------------------


def _setup(board: Board) -> None:
    doc, height = board.doc, NAME_MM * 0.85 * CAP_SHARE
    doc.styles.add(TEXT_STYLE, font=TEXT_FONT)
    values = {
        "dimtxt": round(height, 1),
        "dimasz": ARROW_MM,
        "dimexo": 0.0,
        "dimexe": OVER_MM,
        "dimgap": 60.0,
        "dimdec": 0,
        "dimtad": 1,
        "dimscale": 1.0,
        "dimlfac": 1.0,
        "dimtih": 0,
        "dimtoh": 0,
        "dimzin": 8,
    }
    if not board.old:
        style = doc.dimstyles.new(DIM_STYLE, dxfattribs={**values, "dimtxsty": TEXT_STYLE, "dimlunit": 2})
        style.set_arrows(blk=ezdxf.ARROWS.dot)
        ezdxf.ARROWS.create_block(doc.blocks, ezdxf.ARROWS.dot)
        doc.units = 4  # millimetres; R12 has no place for that
        doc.header["$DIMSTYLE"] = DIM_STYLE
        doc.header["$DIMTXSTY"] = TEXT_STYLE
    for name, value in values.items():  # LibreCAD reads the header's values, not those of a style
        doc.header[f"${name.upper()}"] = value
    doc.header["$LTSCALE"] = 1.0
    doc.header["$MEASUREMENT"] = 1


def _layers(board: Board, items: Iterable[Item]) -> None:
    """Add the layers of a storey; each has the pen and the colour of most of what lies on it."""
    found: dict[str, Counter[tuple[str, float]]] = {}
    for item in items:
        for layer, colour, pen_mm in _pens(item):
            found.setdefault(layer, Counter())[colour, pen_mm] += 1
    for layer, pens in found.items():
        name = board.layer(layer)
        if name in board.doc.layers:
            continue
        # Fills have no pen: they decide only where there is nothing else.
        (colour, pen_mm), _ = max(pens.items(), key=lambda pair: (pair[0][1] > 0, pair[1], pair[0]))
        index, true = _colour(colour, board.style)
        board.weights[name] = _weight(pen_mm)
        made = board.doc.layers.add(name, color=index, lineweight=-3 if board.old else board.weights[name])
        if true is not None and not board.old:
            made.rgb = true


def _pens(item: Item) -> list[tuple[str, str, float]]:
    if isinstance(item, Symbol):
        return [pen for mark in item.marks for pen in _pens(replace(mark, layer=item.layer))]
    if isinstance(item, Measure):
        return [("dimension", item.colour, item.pens_mm[0])]
    if isinstance(item, Text):
        return [(item.layer, item.colour, 0.18)]
    return [(item.layer, item.colour or (item.fill if isinstance(item, Area) else ""), item.pen_mm)]


def _colour(colour: str, style: Style) -> tuple[int, tuple[int, int, int] | None]:
    """Return a colour's index, and its red, green and blue where the index does not say it.

    Black, white and grey ink is the index that is black on white paper and white on a black
    screen; other greys are the nearest that have an index.
    """
    if colour in ("", "#000000", "#ffffff"):
        return INK, None
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if max(red, green, blue) - min(red, green, blue) >= 16:
        return INK, (red, green, blue)
    return (INK if colour == style.ink else min(GREYS, key=lambda index: abs(GREYS[index] - green))), None


def _weight(pen_mm: float) -> int:
    return min(LINE_WEIGHTS, key=lambda weight: abs(weight - pen_mm * 100))


def _attributes(board: Board, mark: Primitive, layer: str) -> dict[str, Any]:
    """Return an entity's layer and what differs from it."""
    given: dict[str, Any] = {"layer": layer}
    colour = mark.fill if isinstance(mark, Area) and not mark.colour else mark.colour
    index, true = _colour(colour, board.style)
    own = board.doc.layers.get(layer) if layer in board.doc.layers else None
    if own is None or own.color != index or own.rgb != true:
        given["color"] = index
        if true is not None and not board.old:
            given["true_color"] = ezdxf.rgb2int(true)
    if isinstance(mark, Text) or board.old:
        return given
    weight = _weight(mark.pen_mm)
    if mark.pen_mm and weight != board.weights.get(layer):
        given["lineweight"] = weight
    return given


def _line_type(board: Board, dash: Sequence[float]) -> str:
    """Return the name of a line type; it is made when it is first needed, as long as what needs it."""
    parts = 2 if len(dash) == 2 else 4
    name = LINE_TYPES[parts, sum(dash) >= LONG_DASH_MM[parts]][int(board.old)]
    if name not in board.doc.linetypes:
        signed = [length * (-1) ** i for i, length in enumerate(dash)]
        board.doc.linetypes.add(name, pattern=[sum(dash), *signed], description=name.lower())
    return name


# --- entities -----------------------------------------------------------------------------


def _put(board: Board, space: Any, item: Item, layer: str | None = None) -> None:
    """Add one item to the model space or to a block; `layer` is that of a block's parts."""
    if isinstance(item, Symbol):
        _insert(board, space, item)
    elif isinstance(item, Measure):
        _measure(board, space, item)
    else:
        given = _attributes(board, item, layer or board.layer(item.layer))
        if isinstance(item, Text):
            _text(board, space, item, given)
        elif isinstance(item, Arc):
            _arc(board, space, item, given)
        else:
            _paths(board, space, item, given)


def _at(point: Xy) -> Xy:
    return round(point[0], 4) + 0.0, round(-point[1], 4) + 0.0


def _insert(board: Board, space: Any, symbol: Symbol) -> None:
    name = board.blocks.get(symbol.marks)
    layer = board.layer(symbol.layer)
    if name is None:
        same = sum(other.startswith(f"{symbol.kind}_") for other in board.blocks.values())
        name = board.blocks[symbol.marks] = f"{symbol.kind}_{same + 1}"
        block = board.doc.blocks.new(name)
        for mark in symbol.marks:
            # Parts on layer 0 take the layer of the place where the symbol is put, with its pen and colour.
            _put(board, block, mark, "0")
    space.add_blockref(name, _at(symbol.origin), {"layer": layer, "rotation": -symbol.turn_deg % 360})


def _paths(board: Board, space: Any, mark: Area | Lines, given: dict[str, Any]) -> None:
    if isinstance(mark, Area) and mark.fill:
        painted = _fill(board, space, mark, given)
        if not mark.pen_mm and painted:
            return
    given = {**given, "linetype": _line_type(board, mark.dash)} if mark.dash else given
    for path in mark.rings if isinstance(mark, Area) else mark.paths:
        points = [_at(point) for point in path]
        if len(points) == 2:
            space.add_line(*points, dxfattribs=given)
        elif board.old:
            space.add_polyline2d(points, close=isinstance(mark, Area), dxfattribs=given)
        else:
            space.add_lwpolyline(points, close=isinstance(mark, Area), dxfattribs=given)


def _fill(board: Board, space: Any, mark: Area, given: dict[str, Any]) -> bool:
    """Fill rings by the even-odd rule; R12 fills what has three or four corners. Returns whether that was done.

    What is not filled must have an outline: walls of a style without pens would not be there.
    """
    if board.old:
        if len(mark.rings) != 1 or len(mark.rings[0]) not in (3, 4):
            return False
        points = [_at(point) for point in mark.rings[0]]
        space.add_solid([*points[:2], *points[:1:-1]] if len(points) == 4 else points, dxfattribs=given)
        return True
    hatch = space.add_hatch(dxfattribs={key: value for key, value in given.items() if key != "lineweight"})
    hatch.set_solid_fill(color=given.get("color", 256), style=0)
    if "true_color" in given:
        hatch.dxf.true_color = given["true_color"]  # which a fill resets
    for ring in mark.rings:
        hatch.paths.add_polyline_path([_at(point) for point in ring], is_closed=True)
    return True


def _arc(board: Board, space: Any, mark: Arc, given: dict[str, Any]) -> None:
    centre = _at(mark.centre)
    rx, ry = mark.radius_x_mm, mark.radius_y_mm
    whole = mark.end_deg - mark.start_deg >= 360
    if rx == ry and whole:
        space.add_circle(centre, rx, dxfattribs=given)
        if mark.fill and not board.old:
            hatch = space.add_hatch(color=given.get("color", 256), dxfattribs={"layer": given["layer"]})
            hatch.paths.add_edge_path().add_arc(centre, rx, 0, 360)
    elif rx == ry:
        space.add_arc(centre, rx, -mark.end_deg % 360, -mark.start_deg % 360, dxfattribs=given)
    elif board.old:
        space.add_polyline2d([_at(point) for point in _chords(mark)], close=whole, dxfattribs=given)
    else:
        long, ratio = ((rx, 0), ry / rx) if rx >= ry else ((0, ry), rx / ry)
        space.add_ellipse(centre, long, ratio, dxfattribs=given)


def _chords(mark: Arc) -> Path:
    steps = range(CIRCLE_STEPS)
    angles = [math.radians(mark.start_deg + (mark.end_deg - mark.start_deg) * i / CIRCLE_STEPS) for i in steps]
    (x, y), rx, ry = mark.centre, mark.radius_x_mm, mark.radius_y_mm
    return tuple((x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles)


def _text(board: Board, space: Any, mark: Text, given: dict[str, Any]) -> None:
    entity = space.add_text(
        board.tell(mark.text),
        height=round(mark.height_mm * CAP_SHARE, 1),
        rotation=90.0 if mark.upward else 0.0,
        dxfattribs={**given, "style": TEXT_STYLE},
    )
    entity.set_placement(_at(mark.centre), align=TextEntityAlignment.MIDDLE_CENTER)


def _measure(board: Board, space: Any, item: Measure) -> None:
    """Add a dimension: where the format has them an entity whose picture is drawn as `draw` draws it, else lines."""
    layer = board.layer("dimension")
    if board.old:
        _picture(board, space, item, layer)
        return
    block = board.doc.blocks.new_anonymous_block(type_char="D")
    _picture(board, block, item, "0")
    along = abs(item.end[item.upright] - item.start[item.upright])
    first = (item.line[0], item.start[1]) if item.upright else (item.start[0], item.line[1])
    middle = ((first[0] + item.line[0]) / 2, (first[1] + item.line[1]) / 2)
    space.new_entity(
        "DIMENSION",
        {
            "layer": layer,
            "dimtype": 32,  # linear, with a picture of its own
            "geometry": block.name,
            "dimstyle": DIM_STYLE,
            "defpoint": (*_at(item.line), 0),
            "defpoint2": (*_at(item.start), 0),
            "defpoint3": (*_at(item.end), 0),
            "text_midpoint": (*_at(middle if item.text is None else item.text.centre), 0),
            "angle": 90.0 if item.upright else 0.0,
            "actual_measurement": along,
            "attachment_point": 5,
            "text": " " if item.text is None else "",  # a blank where the number has no space
        },
    )


def _picture(board: Board, space: Any, item: Measure, layer: str) -> None:
    x, y = item.line
    first = (x, item.start[1]) if item.upright else (item.start[0], y)
    over = (-OVER_MM, 0.0) if item.upright else (0.0, -OVER_MM)
    ends = ((first, item.start), (item.line, item.end))
    extension = tuple((foot, (tip[0] + over[0], tip[1] + over[1])) for tip, foot in ends)
    marks: list[Primitive] = [
        Lines("dimension", ((first, item.line),), item.colour, item.pens_mm[0]),
        Lines("dimension", extension, item.colour, item.pens_mm[1]),
    ]
    marks += [
        Arc("dimension", p, ARROW_MM / 2, ARROW_MM / 2, 0, 360, item.colour, item.pens_mm[0], item.colour)
        for p, _ in ends
    ]
    marks += [] if item.text is None else [item.text]
    for mark in marks:
        _put(board, space, mark, layer)
