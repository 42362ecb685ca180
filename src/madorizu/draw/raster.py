"""Plans as pixels, through resvg: the same bytes on every machine."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import resvg_py
from PIL import Image

from madorizu import canvas as canvases
from madorizu.canvas import REFERENCE_PX, Canvas
from madorizu.draw.labels import text_width_mm
from madorizu.draw.marks import Area, Lines, Primitive, Text
from madorizu.draw.primitives import primitives
from madorizu.draw.style import style_named
from madorizu.draw.svg import View, document
from madorizu.plan import Plan, outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCREEN_DPI = 96  # SVG's own unit; with resvg's default of 0 no length has a size


def raster(
    plan: Plan,
    style: str,
    *,
    size_px: int = REFERENCE_PX,
    canvas: Canvas | None = None,
    labels: bool = False,
    font: Path | None = None,
) -> NDArray[np.uint8]:
    """Draw a plan as an image.

    Args:
        plan: the storey.
        style: a name of `STYLES`.
        size_px: side of the image; ignored when a canvas is given.
        canvas: how the plan lies in the image; `canvas.fit_outline` by default.
        labels: add room names and sizes.
        font: a TrueType or OpenType file for the labels, and no other; without it any font
            of the system is taken, and pixels may differ between machines.

    Returns:
        uint8, shape (size, size, 3), RGB, row 0 is north. Equal inputs give equal bytes.

    Raises:
        BriefError: if there is no such style, or no canvas fits the plan.
        PlanError: if the plan has no indoor room.
    """
    place = canvas or canvases.fit_outline(outline(plan), size_px=size_px)
    marks = primitives(plan, style, labels=labels)
    paper = style_named(style).paper
    view = _extent_px(marks, place)
    image = np.empty((place.size_px, place.size_px, 3), dtype=np.uint8)
    image[:] = [int(paper[i : i + 2], 16) for i in (1, 3, 5)]
    if view is not None:
        x, y, width, height = view
        image[y : y + height, x : x + width] = _pixels(document(marks, paper, place, view), labels, font)
    return image


def _extent_px(marks: Iterable[Primitive], place: Canvas) -> View | None:
    """Return the part of the canvas that is drawn on; encoding the empty rest would take half of the time."""
    xs: list[float] = []
    ys: list[float] = []
    for mark in marks:
        for x, y in _corners(mark):
            xs.append(x)
            ys.append(y)
    if not xs:
        return None
    left, top = place.to_px(min(xs), min(ys))
    right, bottom = place.to_px(max(xs), max(ys))
    pad = 8 + place.px_per_module / 8  # pens, mitres and caps
    x0, y0 = max(0, math.floor(left - pad)), max(0, math.floor(top - pad))
    x1, y1 = min(place.size_px, math.ceil(right + pad)), min(place.size_px, math.ceil(bottom + pad))
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def _corners(mark: Primitive) -> Iterable[tuple[float, float]]:
    if isinstance(mark, Area):
        return (point for ring in mark.rings for point in ring)
    if isinstance(mark, Lines):
        return (point for path in mark.paths for point in path)
    (x, y) = mark.centre
    if isinstance(mark, Text):
        across, down = text_width_mm(mark.text, mark.height_mm), mark.height_mm
    else:
        across, down = mark.radius_x_mm, mark.radius_y_mm
    return (x - across, y - down), (x + across, y + down)


def _pixels(text: str, labels: bool, font: Path | None) -> NDArray[np.uint8]:
    png = resvg_py.svg_to_bytes(
        svg_string=text,
        dpi=SCREEN_DPI,
        skip_system_fonts=not labels or font is not None,
        font_files=[str(font)] if font is not None and labels else None,
    )
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(image, dtype=np.uint8)[..., :3]
