"""How plans are drawn: pens, fills, hatches and symbols under a name.

A style is data; `primitives` reads it. `DATASET_STYLE` is the house style of the sample
data set. It is kept out of `CORPUS_STYLES`, with which the embedded base is trained, so
that what a LoRA adds can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from madorizu.errors import BriefError
from madorizu.plan import is_indoor


@dataclass(frozen=True, slots=True)
class Style:
    """One way of drawing.

    Attributes:
        name: as in a caption.
        paper: background.
        ink: cut outlines and symbols.
        soft: patterns, hidden and overhead things.
        outer_fill, inner_fill: walls; "" leaves them open.
        hatch: draw walls with 45° lines.
        leaf: draw the leaves of inner doors with their thickness.
        thin_mm, medium_mm, thick_mm: pens at 1:100.
        wall_mm: pen of the walls' outline, 0 for none.
        outer_mm, inner_mm: thickness of the walls in the building: 105 mm posts with boards.
        fills: room kind to colour; "*" is any other indoor room. No entry, no fill.
        fixture: fill of counters and tubs.
        door: leaf at 90° with its quarter arc or the chord of it, or at 45° without.
        window: two faces with sliding sashes or a middle line, or one bar with end ticks.
        closet: hanger rail, one diagonal, both diagonals, or 45° lines.
        tatami: traditional mats, squares of half a mat, or mats with their borders.
        tile: squares of a quarter or half a module along the walls, or turned by 45°.
        tiled: room kinds with tiles, beside entrance and porch.
        treads: full treads, or short ones between stringers.
        boards: room kinds with lines of floor boards.
        dots: burners and the stair's start are solid.
        threshold: draw a dashed line where there is no wall.
        marker: triangle outside a french window.
    """

    name: str
    paper: str = "#ffffff"
    ink: str = "#000000"
    soft: str = "#808080"
    outer_fill: str = "#b0b0b0"
    inner_fill: str = "#b0b0b0"
    hatch: bool = False
    leaf: bool = False
    thin_mm: float = 0.25
    medium_mm: float = 0.35
    thick_mm: float = 0.5
    wall_mm: float = 0.25
    outer_mm: int = 150
    inner_mm: int = 120
    fills: Mapping[str, str] = field(default_factory=dict)
    fixture: str = "#ffffff"
    door: Literal["arc", "chord", "slant"] = "arc"
    window: Literal["sash", "lines", "bar"] = "sash"
    closet: Literal["rail", "diagonal", "cross", "lines"] = "rail"
    tatami: Literal["mats", "halves", "borders"] = "mats"
    tile: Literal["square", "large", "diamond"] = "square"
    tiled: frozenset[str] = frozenset()
    treads: Literal["full", "short"] = "full"
    boards: frozenset[str] = frozenset()
    dots: bool = False
    threshold: bool = False
    marker: bool = False


def _fills(text: str) -> Mapping[str, str]:
    """Read "ldk wa=#fbe8c8 bath=#cfe6f5": the kinds before each "=" share its colour."""
    found: dict[str, str] = {}
    kinds: list[str] = []
    for item in text.split():
        kind, _, colour = item.partition("=")
        kinds.append(kind)
        if colour:
            found.update(dict.fromkeys(kinds, colour))
            kinds = []
    return MappingProxyType(found)


# Floor materials of Japanese advertisements: wood warm, tatami green, wet rooms pale blue,
# storage grey, doma tile grey.
_PASTEL = _fills(
    "ldk=#fbe8c8 bed den=#f6dfc0 mbr=#f3d6b3 wa=#cfe3b4 bath=#cfe6f5 wash laundry wc=#ddf0f4 ent porch=#d9d4cc"
    " hall stair=#fff6e5 wic cl oshi sic sto pantry s=#e3e1e6 balcony=#ececec deck=#e6d2b5 void=#ffffff *=#fff6e5"
)
_WARM = _fills(
    "ldk=#f7c98b bed den=#f2dcb8 mbr=#eccb9c wa=#b9c98a bath=#a9cfd6 wash laundry wc=#c9e0dd ent porch=#c9b8a6"
    " hall stair=#f8ecd6 wic cl oshi sic sto pantry s=#dccfc3 balcony=#e9e2d8 deck=#c9a67a void=#fffdf8 *=#f8ecd6"
)
_GREYS = _fills(
    "ldk=#f6f6f6 bed den mbr=#f1f1f1 wa=#e6e6e6 bath wash laundry wc=#ebebeb ent porch=#dddddd"
    " wic cl oshi sic sto pantry s=#e2e2e2 balcony deck=#f4f4f4 *=#fafafa"
)
_NIGHT = _fills("bath wash laundry wc=#2a62ad ent porch=#2a62ad wic cl oshi sic sto pantry s=#245aa4")

_CAD = Style("cad")
_ALL = (
    _CAD,
    replace(_CAD, name="cad_solid", outer_fill="#000000", inner_fill="#000000", wall_mm=0.0, closet="diagonal"),
    replace(
        _CAD,
        name="cad_thin",
        soft="#9a9a9a",
        outer_fill="",
        inner_fill="",
        thin_mm=0.13,
        medium_mm=0.25,
        wall_mm=0.18,
        door="chord",
        window="lines",
        closet="lines",
        tatami="halves",
        tile="large",
        threshold=True,
    ),
    replace(
        _CAD,
        name="listing",
        ink="#333333",
        soft="#9b9484",
        outer_fill="#4a4a4a",
        inner_fill="#4a4a4a",
        wall_mm=0.0,
        fills=_PASTEL,
    ),
    replace(
        _CAD,
        name="listing_warm",
        paper="#fffdf8",
        ink="#4a3020",
        soft="#9c7a58",
        outer_fill="#4a3020",
        inner_fill="#4a3020",
        wall_mm=0.0,
        fills=_WARM,
        fixture="#fffaf0",
        closet="diagonal",
        tatami="halves",
        boards=frozenset({"deck"}),
        marker=True,
    ),
    replace(
        _CAD,
        name="blueprint",
        paper="#1d4f99",
        ink="#ffffff",
        soft="#a9c4ea",
        outer_fill="#dfeaf8",
        inner_fill="#dfeaf8",
        wall_mm=0.0,
        fills=_NIGHT,
        fixture="#1d4f99",
        threshold=True,
    ),
    replace(
        _CAD,
        name="sketch_grey",
        paper="#fdfdfd",
        ink="#5a5a5a",
        soft="#a8a8a8",
        outer_fill="#8a8a8a",
        inner_fill="#a6a6a6",
        wall_mm=0.0,
        fills=_GREYS,
        closet="diagonal",
        marker=True,
    ),
    replace(
        _CAD,
        name="mono_hatch",
        soft="#6e6e6e",
        outer_fill="",
        inner_fill="",
        hatch=True,
        leaf=True,
        wall_mm=0.35,
        closet="diagonal",
        tiled=frozenset({"bath", "wash", "wc", "laundry"}),
        marker=True,
    ),
    replace(
        _CAD,
        name="atelier",
        soft="#000000",
        outer_fill="#000000",
        inner_fill="",
        door="slant",
        window="bar",
        closet="cross",
        tatami="borders",
        tile="diamond",
        treads="short",
        dots=True,
        boards=frozenset({"ldk", "bed", "mbr"}),
    ),
)
STYLES: Mapping[str, Style] = MappingProxyType({s.name: s for s in _ALL})
DATASET_STYLE = "atelier"
CORPUS_STYLES: tuple[str, ...] = tuple(name for name in STYLES if name != DATASET_STYLE)


def fill_of(style: Style, kind: str) -> str:
    """Return the colour of a room's floor; "" where the style leaves it open."""
    return style.fills.get(kind, style.fills.get("*", "") if is_indoor(kind) else "")


def ground(style: Style, kind: str) -> str:
    """Return the colour that lies under words in a room."""
    return fill_of(style, kind) or style.paper


def style_named(name: str | Style) -> Style:
    """Return a style; one that is given as such is returned as it is.

    Raises:
        BriefError: if there is no style of this name.
    """
    if isinstance(name, Style):
        return name
    if name not in STYLES:
        raise BriefError(f"style must be one of {', '.join(STYLES)}, got {name!r}")
    return STYLES[name]
