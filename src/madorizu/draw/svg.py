"""Primitives as SVG, one user unit to a pixel of the canvas."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from madorizu import canvas as canvases
from madorizu.canvas import Canvas
from madorizu.draw.marks import PAPER_SCALE, Arc, Area, Lines, Path, Primitive, Text
from madorizu.draw.primitives import primitives
from madorizu.draw.style import style_named
from madorizu.draw.text import FONT_FAMILY, legible_mm
from madorizu.plan import Plan, outline

HALO = 0.3  # width of a text's rim over both sides, as a share of its height
NAMESPACE = "http://www.w3.org/2000/svg"
View = tuple[int, int, int, int]


class Place(Protocol):
    """How millimetres lie in an image: `canvas.Canvas`, or a sheet's."""

    @property
    def mm_per_px(self) -> float:
        """Millimetres that one pixel covers."""

    def to_px(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Turn millimetres into pixels."""


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Millimetres to pixels; `hinted` moves upright lines onto whole pixels."""

    canvas: Place
    hinted: bool

    def path(self, path: Path, pen_px: float | None, *, closed: bool) -> str:
        points = [self.canvas.to_px(x, y) for x, y in path]
        if self.hinted and _is_upright(path, closed=closed):
            # An odd pen must run through the middle of a pixel, an even one between two;
            # else a black line of 1 px becomes a grey one of 2 px.
            if pen_px is not None and round(pen_px) % 2:
                points = [(math.floor(x + 1e-6) + 0.5, math.floor(y + 1e-6) + 0.5) for x, y in points]
            else:
                points = [(math.floor(x + 0.5), math.floor(y + 0.5)) for x, y in points]
        text = "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
        return f"M{text}Z" if closed else f"M{text}"

    def pen(self, pen_mm: float) -> float:
        """Return a pen's width in pixels: whole where hinted, and never under one pixel."""
        width = pen_mm * PAPER_SCALE / self.canvas.mm_per_px
        return float(max(1, round(width))) if self.hinted else width


def svg(
    plan: Plan,
    style: str,
    *,
    size_px: int = canvases.REFERENCE_PX,
    canvas: Canvas | None = None,
    labels: bool = False,
    layers: Iterable[str] | None = None,
    lang: str = "ja",
    hinted: bool = True,
) -> str:
    """Write a plan as an SVG document, square, without outer references.

    Args:
        plan: the storey.
        style: a name of `STYLES`.
        size_px: side of the image; ignored when a canvas is given.
        canvas: how the plan lies in the image; `canvas.fit_outline` by default.
        labels: add room names and sizes, UP and DN; the viewer needs a Japanese font.
        layers: names of `LAYERS`; without it those of the building. Axes, dimensions, north
            and scale lie outside of the canvas: see `sheet`.
        lang: language of the words, "ja" or "en".
        hinted: move upright lines by up to half a pixel onto whole pixels, so that they are
            crisp; False keeps exact coordinates, for exports.

    Returns:
        The document; equal inputs give equal text.

    Raises:
        BriefError: if there is no such style, or no canvas fits the plan.
        PlanError: if the plan has no indoor room.
        SettingsError: if there is no such layer or language.
    """
    place = canvas or canvases.fit_outline(outline(plan), size_px=size_px)
    height = legible_mm(place.mm_per_px)
    marks = primitives(plan, style, labels=labels, layers=layers, lang=lang, text_mm=height)
    return document(marks, style_named(style).paper, place, (0, 0, place.size_px, place.size_px), hinted=hinted)


def document(
    marks: Iterable[Primitive],
    paper: str,
    place: Place,
    view: View,
    *,
    hinted: bool = True,
    family: str = FONT_FAMILY,
    paper_mm: tuple[float, float] | None = None,
) -> str:
    """Write primitives as an SVG document that shows a part of the canvas.

    Args:
        marks: what to draw, lowest first.
        paper: colour of the background.
        place: how millimetres lie on the canvas.
        view: x, y, width and height of the part, in whole pixels.
        hinted: see `svg`.
        family: fonts of the texts, in the form of CSS.
        paper_mm: size of the document on paper; its pixels without it.
    """
    x, y, width, height = (str(value) for value in view)
    size = {"width": width, "height": height}
    outer = size if paper_mm is None else {"width": f"{_number(paper_mm[0])}mm", "height": f"{_number(paper_mm[1])}mm"}
    root = ET.Element("svg", {"xmlns": NAMESPACE, **outer, "viewBox": f"{x} {y} {width} {height}"})
    ET.SubElement(root, "rect", {"x": x, "y": y, **size, "fill": paper})
    _write(root, marks, _Pixels(place, hinted), family)
    return ET.tostring(root, encoding="unicode")


def _write(root: ET.Element, marks: Iterable[Primitive], pixels: _Pixels, family: str) -> None:
    """Append primitives; neighbours on one layer share a group."""
    group, layer = root, ""
    for mark in marks:
        if mark.layer != layer:
            layer = mark.layer
            group = ET.SubElement(root, "g", {"class": layer, "fill": "none", "stroke-linejoin": "miter"})
        if isinstance(mark, (Area, Lines)):
            _path(group, mark, pixels)
        elif isinstance(mark, Arc):
            _arc(group, mark, pixels)
        else:
            _text(group, mark, pixels, family)


def _path(group: ET.Element, mark: Area | Lines, pixels: _Pixels) -> None:
    closed = isinstance(mark, Area)
    pen = pixels.pen(mark.pen_mm) if mark.pen_mm else None
    paths = mark.rings if isinstance(mark, Area) else mark.paths
    if not paths:
        return
    given = {"d": "".join(pixels.path(p, pen, closed=closed) for p in paths)}
    if isinstance(mark, Area) and mark.fill:
        given |= {"fill": mark.fill, "fill-rule": "evenodd"}
    if pen is not None:
        given |= {"stroke": mark.colour, "stroke-width": _number(pen)}
        if mark.dash:
            given["stroke-dasharray"] = " ".join(_number(d / pixels.canvas.mm_per_px) for d in mark.dash)
        elif not closed:
            given["stroke-linecap"] = "square"
    ET.SubElement(group, "path", given)


def _arc(group: ET.Element, mark: Arc, pixels: _Pixels) -> None:
    x, y = pixels.canvas.to_px(*mark.centre)
    rx, ry = mark.radius_x_mm / pixels.canvas.mm_per_px, mark.radius_y_mm / pixels.canvas.mm_per_px
    pen = {"stroke": mark.colour, "stroke-width": _number(pixels.pen(mark.pen_mm))}
    if mark.end_deg - mark.start_deg >= 360:
        fill = {"fill": mark.fill} if mark.fill else {}
        place = {"cx": _number(x), "cy": _number(y), "rx": _number(rx), "ry": _number(ry)}
        ET.SubElement(group, "ellipse", place | pen | fill)
        return
    ends = [
        (x + rx * math.cos(math.radians(a)), y + ry * math.sin(math.radians(a))) for a in (mark.start_deg, mark.end_deg)
    ]
    large = int(mark.end_deg - mark.start_deg > 180)
    d = f"M{_number(ends[0][0])} {_number(ends[0][1])}A{_number(rx)} {_number(ry)} 0 {large} 1 "
    ET.SubElement(group, "path", {"d": d + f"{_number(ends[1][0])} {_number(ends[1][1])}"} | pen)


def _text(group: ET.Element, mark: Text, pixels: _Pixels, family: str) -> None:
    x, y = pixels.canvas.to_px(*mark.centre)
    size = mark.height_mm / pixels.canvas.mm_per_px
    given = {
        "x": _number(x),
        "y": _number(y + size * 0.36),  # capitals and kanji are centred about 0.36 em above the baseline
        "font-size": _number(size),
        "font-family": family,
        "text-anchor": "middle",
        "fill": mark.colour,
    }
    if mark.upward:
        given["transform"] = f"rotate(-90 {_number(x)} {_number(y)})"
    if mark.halo:
        given |= {"stroke": mark.halo, "stroke-width": _number(size * HALO), "paint-order": "stroke"}
    ET.SubElement(group, "text", given).text = mark.text


def _is_upright(path: Path, *, closed: bool) -> bool:
    """Say whether every segment runs along x or y."""
    pairs = zip(path, path[1:] + path[:1] if closed else path[1:], strict=False)
    return all(abs(a[0] - b[0]) < 1e-6 or abs(a[1] - b[1]) < 1e-6 for a, b in pairs)


def _number(value: float) -> str:
    """Write at most three decimals, without trailing zeros."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
