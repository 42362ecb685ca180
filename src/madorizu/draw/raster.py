"""Plans as pixels, through resvg: the same bytes on every machine."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import resvg_py
from PIL import Image, ImageFont

from madorizu import canvas as canvases
from madorizu.canvas import REFERENCE_PX, Canvas
from madorizu.draw.marks import Primitive, Text, extent
from madorizu.draw.primitives import primitives
from madorizu.draw.style import Style, style_named
from madorizu.draw.svg import View, document
from madorizu.draw.text import FONT_FAMILY, FONT_FILE, legible_mm, packaged_names
from madorizu.errors import SettingsError
from madorizu.plan import Plan, outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCREEN_DPI = 96  # SVG's own unit; with resvg's default of 0 no length has a size


def raster(
    plan: Plan,
    style: str | Style,
    *,
    size_px: int = REFERENCE_PX,
    canvas: Canvas | None = None,
    labels: bool = False,
    layers: Iterable[str] | None = None,
    lang: str = "ja",
    font: Path | None = None,
) -> NDArray[np.uint8]:
    """Draw a plan as an image.

    Args:
        plan: the storey.
        style: a name of `STYLES`, or a style.
        size_px: side of the image; ignored when a canvas is given.
        canvas: how the plan lies in the image; `canvas.fit_outline` by default.
        labels: add room names and sizes, UP and DN.
        layers, lang: see `svg`.
        font: a TrueType or OpenType file for the words, and no other; the packaged
            BIZ UDGothic by default, with 〓 for what it does not have, such as rare kanji in a
            room's own name.

    Returns:
        uint8, shape (size, size, 3), RGB, row 0 is north. Equal inputs give equal bytes.

    Raises:
        BriefError: if there is no such style, or no canvas fits the plan.
        PlanError: if the plan has no indoor room.
        SettingsError: if there is no such layer or language, or the font cannot be read.
    """
    place = canvas or canvases.fit_outline(outline(plan), size_px=size_px)
    height = legible_mm(place.mm_per_px)
    plan = packaged_names(plan) if font is None else plan
    marks = primitives(plan, style, labels=labels, layers=layers, lang=lang, text_mm=height)
    paper = style_named(style).paper
    view = _extent_px(marks, place)
    image = np.empty((place.size_px, place.size_px, 3), dtype=np.uint8)
    image[:] = [int(paper[i : i + 2], 16) for i in (1, 3, 5)]
    if view is not None:
        x, y, width, height_px = view
        texts = [mark.text for mark in marks if isinstance(mark, Text)]
        family = font_family(font)
        image[y : y + height_px, x : x + width] = pixels(
            document(marks, paper, place, view, family=family), texts, font
        )
    return image


def _extent_px(marks: Iterable[Primitive], place: Canvas) -> View | None:
    """Return the part of the canvas that is drawn on; encoding the empty rest would take half of the time."""
    box = extent(marks)
    if box is None:
        return None
    left, top = place.to_px(box[0], box[1])
    right, bottom = place.to_px(box[2], box[3])
    pad = 8 + place.px_per_module / 8  # pens, mitres and caps
    x0, y0 = max(0, math.floor(left - pad)), max(0, math.floor(top - pad))
    x1, y1 = min(place.size_px, math.ceil(right + pad)), min(place.size_px, math.ceil(bottom + pad))
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def font_family(font: Path | None) -> str:
    """Return what a document must name so that the renderer takes this font.

    Raises:
        SettingsError: if the file is no font.
    """
    if font is None:
        return FONT_FAMILY
    try:
        name, _ = ImageFont.truetype(str(font), size=8).getname()
    except OSError as error:
        raise SettingsError(f"font must be a TrueType or OpenType file, got {font.name}: {error}") from error
    return f"'{name}'" if name else FONT_FAMILY


def pixels(text: str, words: Iterable[str], font: Path | None = None) -> NDArray[np.uint8]:
    """Render an SVG document; `words` are the texts that it shows, in letters of the font (`text.packaged`).

    Returns:
        uint8, shape (height, width, 3), RGB.
    """
    png = resvg_py.svg_to_bytes(
        svg_string=text,
        dpi=SCREEN_DPI,
        skip_system_fonts=True,  # the same pixels on every machine
        font_files=[str(font or FONT_FILE)] if words else None,
    )
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(image, dtype=np.uint8)[..., :3]
