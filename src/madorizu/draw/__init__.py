"""Draw plans: plan → primitives in a style → SVG → pixels."""

from madorizu.draw.marks import Arc, Area, Lines, Primitive, Text
from madorizu.draw.primitives import primitives
from madorizu.draw.raster import raster
from madorizu.draw.style import CORPUS_STYLES, DATASET_STYLE, STYLES, Style
from madorizu.draw.svg import svg

__all__ = [
    "CORPUS_STYLES",
    "DATASET_STYLE",
    "STYLES",
    "Arc",
    "Area",
    "Lines",
    "Primitive",
    "Style",
    "Text",
    "primitives",
    "raster",
    "svg",
]
