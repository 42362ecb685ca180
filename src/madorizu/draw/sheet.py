"""Drawings for people: one storey or more side by side, with margins for all that surrounds a plan."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from madorizu.draw.annotations import axes_of
from madorizu.draw.layers import LAYERS
from madorizu.draw.marks import PAPER_SCALE, Primitive, Text, extent, moved
from madorizu.draw.primitives import primitives
from madorizu.draw.raster import font_family, pixels
from madorizu.draw.style import style_named
from madorizu.draw.svg import View, document
from madorizu.draw.text import legible_mm, packaged_names
from madorizu.errors import PlanError, SettingsError
from madorizu.plan import HALF_MM, MODULE_MM, Plan, outline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MARGIN_MM = 400
GAP_MM = 900  # between storeys
PX_PER_MODULE = 64
LEAST_PX, MOST_PX = 8, 512  # per module
MOST_PIXELS = 100_000_000  # of a raster: 400 MB while it is drawn


@dataclass(frozen=True, slots=True)
class SheetPlace:
    """How a sheet's millimetres lie in its image; the origin is at pixel (0, 0)."""

    px_per_module: int

    @property
    def mm_per_px(self) -> float:
        """Millimetres that one pixel covers."""
        return MODULE_MM / self.px_per_module

    def to_px(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Turn millimetres into pixels."""
        return x_mm / self.mm_per_px, y_mm / self.mm_per_px


def sheet(
    plans: Plan | Sequence[Plan],
    style: str,
    *,
    layers: Iterable[str] = LAYERS,
    lang: str = "ja",
    px_per_module: int = PX_PER_MODULE,
) -> str:
    """Draw storeys for people as one SVG document, which prints at 1:100.

    Storeys stand side by side, lowest first, as high as they lie on their common lattice.
    Of each the layer "above" shows the storey after it and the roof of the one before.
    Coordinates are exact.

    Args:
        plans: a storey, or those of a house.
        style: a name of `STYLES`.
        layers: names of `LAYERS` to draw; all by default.
        lang: language of the words, "ja" or "en".
        px_per_module: user units per 910 mm. Names of rooms are at least 10 units high.

    Raises:
        BriefError: if there is no such style.
        PlanError: if there is no plan, or one has no indoor room.
        SettingsError: if there is no such layer or language, or the scale is out of its limits.
    """
    marks, place, view = _layout(plans, style, layers, lang, px_per_module)
    size = tuple(side * place.mm_per_px / PAPER_SCALE for side in view[2:])
    paper = style_named(style).paper
    return document(marks, paper, place, view, hinted=False, paper_mm=(size[0], size[1]))


def sheet_raster(
    plans: Plan | Sequence[Plan],
    style: str,
    *,
    layers: Iterable[str] = LAYERS,
    lang: str = "ja",
    px_per_module: int = PX_PER_MODULE,
    font: Path | None = None,
) -> NDArray[np.uint8]:
    """Draw the same as `sheet` in pixels, crisp; `font` is that of `raster`.

    Returns:
        uint8, shape (height, width, 3), RGB. Equal inputs give equal bytes.

    Raises:
        BriefError, PlanError, SettingsError: see `sheet` and `raster`; also if the picture has
            too many pixels to hold.
    """
    storeys = (plans,) if isinstance(plans, Plan) else tuple(plans)
    storeys = tuple(map(packaged_names, storeys)) if font is None else storeys
    marks, place, view = _layout(storeys, style, layers, lang, px_per_module)
    if view[2] * view[3] > MOST_PIXELS:
        raise SettingsError(
            f"sheet must have at most {MOST_PIXELS} pixels, got {view[2]} x {view[3]}",
            "ask for fewer pixels per module, or for an SVG",
        )
    text = document(marks, style_named(style).paper, place, view, family=font_family(font))
    return pixels(text, [mark.text for mark in marks if isinstance(mark, Text)], font)


def sheet_png(
    plans: Plan | Sequence[Plan],
    style: str,
    *,
    layers: Iterable[str] = LAYERS,
    lang: str = "ja",
    px_per_module: int = PX_PER_MODULE,
    font: Path | None = None,
) -> bytes:
    """Return `sheet_raster` as a PNG file whose resolution makes it print at 1:100.

    Raises:
        BriefError, PlanError, SettingsError: see `sheet` and `raster`.
    """
    picture = sheet_raster(plans, style, layers=layers, lang=lang, px_per_module=px_per_module, font=font)
    dpi = px_per_module * PAPER_SCALE / MODULE_MM * 25.4
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", dpi=(dpi, dpi), optimize=True)
    return file.getvalue()


def _layout(
    plans: Plan | Sequence[Plan], style: str, layers: Iterable[str], lang: str, px_per_module: int
) -> tuple[list[Primitive], SheetPlace, View]:
    """Place all storeys; returns marks, scale and the part of the plane that is shown."""
    storeys = (plans,) if isinstance(plans, Plan) else tuple(plans)
    if not storeys:
        raise PlanError("sheet must show at least one plan, got none")
    if not LEAST_PX <= px_per_module <= MOST_PX:
        raise SettingsError(f"px_per_module must be {LEAST_PX} to {MOST_PX}, got {px_per_module}")
    place, wanted = SheetPlace(px_per_module), layers if isinstance(layers, str) else tuple(layers)
    axes, height = axes_of(storeys), legible_mm(place.mm_per_px)
    marks: list[Primitive] = []
    east = 0.0
    for i, plan in enumerate(storeys):
        above = storeys[i + 1] if i + 1 < len(storeys) else None
        below = storeys[i - 1] if i else None
        drawn = primitives(plan, style, layers=wanted, lang=lang, above=above, below=below, axes=axes, text_mm=height)
        box = extent(drawn)
        if box is not None:
            down = outline(plan)[1] * HALF_MM
            marks += [moved(mark, east - box[0], down) for mark in drawn]
            east += box[2] - box[0] + GAP_MM
    x0, y0, x1, y1 = extent(marks) or (0.0, 0.0, float(MODULE_MM), float(MODULE_MM))
    left, top = (math.floor((value - MARGIN_MM) / place.mm_per_px) for value in (x0, y0))
    right, bottom = (math.ceil((value + MARGIN_MM) / place.mm_per_px) for value in (x1, y1))
    return marks, place, (left, top, right - left, bottom - top)
