"""Draw plans: plan → primitives in a style → SVG → pixels."""

from madorizu.draw.annotations import Axes, axes_of
from madorizu.draw.layers import BUILDING, LAYERS, chosen_layers
from madorizu.draw.marks import Arc, Area, Lines, Primitive, Text
from madorizu.draw.primitives import primitives
from madorizu.draw.raster import raster
from madorizu.draw.sheet import sheet, sheet_png, sheet_raster
from madorizu.draw.style import CORPUS_STYLES, DATASET_STYLE, STYLES, Style
from madorizu.draw.svg import svg
from madorizu.draw.text import FONT_FILE, LANGUAGES

__all__ = [
    "BUILDING",
    "CORPUS_STYLES",
    "DATASET_STYLE",
    "FONT_FILE",
    "LANGUAGES",
    "LAYERS",
    "STYLES",
    "Arc",
    "Area",
    "Axes",
    "Lines",
    "Primitive",
    "Style",
    "Text",
    "axes_of",
    "chosen_layers",
    "primitives",
    "raster",
    "sheet",
    "sheet_png",
    "sheet_raster",
    "svg",
]
