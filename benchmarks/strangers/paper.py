"""Paper, pens and letters: drawing in millimetres with Pillow at four times the size.

Pixel coordinates are continuous: pixel 0 covers 0 to 1. Millimetres are those of the plan,
x to the east and y to the south; `Sheet` knows where they lie on the paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from madorizu.plan import HALF_MM, MODULE_MM, Plan, bounds, outline

FINER = 4  # drawn so much larger, then averaged

Colour = tuple[int, int, int]
Point = tuple[float, float]
Path = Sequence[Point]
Letters = Any  # a font of Pillow, of a file or its own


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of a plan, and where the plan lies in it.

    Attributes:
        picture: RGB, uint8 (height, width, 3).
        px_per_module: pixels to 910 mm.
        left_px, top_px: the north-west corner of the outline of the indoor rooms (wall
            centre-lines), in continuous pixels: pixel 0 covers 0 to 1.
    """

    picture: NDArray[np.uint8]
    px_per_module: float
    left_px: float
    top_px: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper to draw on, `FINER` times as large as the picture that it becomes."""

    image: Image.Image
    px_per_module: float
    left_px: float
    top_px: float
    origin_mm: Point

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """A pen for the paper."""
        return ImageDraw.Draw(self.image)

    def at(self, point_mm: Point) -> Point:
        """Return where a point of the plan lies on the large paper, as indices of Pillow."""
        scale = self.px_per_module / MODULE_MM
        x = self.left_px + (point_mm[0] - self.origin_mm[0]) * scale
        y = self.top_px + (point_mm[1] - self.origin_mm[1]) * scale
        return x * FINER - 0.5, y * FINER - 0.5

    def mm(self, px: float) -> float:
        """Return the length in the plan of pixels of the picture."""
        return px * MODULE_MM / self.px_per_module

    def point(self, x_px: float, y_px: float) -> Point:
        """Return the point of the plan that lies at a place of the picture."""
        return self.origin_mm[0] + self.mm(x_px - self.left_px), self.origin_mm[1] + self.mm(y_px - self.top_px)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.image.width // FINER, self.image.height // FINER


def blank(
    plan: Plan, px_per_module: float, colour: Colour, margins_px: tuple[float, float, float, float], shift_px: Point
) -> Sheet:
    """Take paper for a plan with all its rooms, the margins west, north, east, south, and a shift off the pixels."""
    x, y, width, height = bounds(c for r in plan.rooms for c in r.cells)
    indoor = outline(plan)
    half = px_per_module / 2
    west, north, east, south = margins_px
    size = math.ceil(west + width * half + east), math.ceil(north + height * half + south)
    left = west + (indoor[0] - x) * half + shift_px[0]
    top = north + (indoor[1] - y) * half + shift_px[1]
    image = Image.new("RGB", (size[0] * FINER, size[1] * FINER), colour)
    return Sheet(image, px_per_module, left, top, (indoor[0] * HALF_MM, indoor[1] * HALF_MM))


def finished(sheet: Sheet) -> Drawn:
    """Average the large paper to the picture."""
    picture = np.asarray(sheet.image.reduce(FINER), dtype=np.uint8)
    return Drawn(picture, sheet.px_per_module, sheet.left_px, sheet.top_px)


# --- places -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """Axes of a thing: u along it and v away from it, both of length 1 along x or y."""

    start: Point
    u: Point
    v: Point

    def path(self, *points: Point) -> list[Point]:
        """Return points of the plan for points of the thing."""
        (x, y), (ux, uy), (vx, vy) = self.start, self.u, self.v
        return [(x + a * ux + b * vx, y + a * uy + b * vy) for a, b in points]

    def at(self, a: float, b: float) -> Point:
        """Return one point of the plan."""
        return self.path((a, b))[0]


def box(u: float, v: float, width: float, height: float) -> list[Point]:
    """Return the corners of a rectangle."""
    return [(u, v), (u + width, v), (u + width, v + height), (u, v + height)]


def oval(u: float, v: float, ru: float, rv: float, start: float = 0, end: float = 360) -> list[Point]:
    """Return points of an ellipse or a part of it; angles in degrees from u towards v."""
    steps = max(8, round(abs(end - start) / 6))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + (abs(end - start) < 360))]
    return [(u + ru * math.cos(a), v + rv * math.sin(a)) for a in angles]


def rounded(u: float, v: float, width: float, height: float, radius: float) -> list[Point]:
    """Return points of a rectangle with round corners."""
    r = min(radius, width / 2, height / 2)
    corners = (u + width - r, v + height - r, 0), (u + r, v + height - r, 90), (u + r, v + r, 180)
    return [p for a, b, turn in (*corners, (u + width - r, v + r, 270)) for p in oval(a, b, r, r, turn, turn + 90)]


# --- pens ---------------------------------------------------------------------------------


def area(sheet: Sheet, points: Path, fill: Colour | None, pen: Colour | None = None, pen_px: float = 1.0) -> None:
    """Fill an area, then draw its border."""
    if fill is not None:
        sheet.draw.polygon([sheet.at(p) for p in points], fill=fill)
    if pen is not None:
        line(sheet, [*points, points[0]], pen, pen_px)


def line(
    sheet: Sheet, points: Path, pen: Colour, pen_px: float = 1.0, dash_mm: tuple[float, float] | None = None
) -> None:
    """Draw a line through points, dashed by (drawn, left out) millimetres."""
    for part in [points] if dash_mm is None else _dashes(points, *dash_mm):
        spots = [sheet.at(p) for p in part]
        if len(spots) > 1:
            sheet.draw.line(spots, fill=pen, width=max(1, round(pen_px * FINER)), joint="curve")


def lines(sheet: Sheet, paths: Iterable[Path], pen: Colour, pen_px: float = 1.0) -> None:
    """Draw lines."""
    for path in paths:
        line(sheet, path, pen, pen_px)


def _dashes(points: Path, on: float, off: float) -> Iterable[Path]:
    for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
        length = math.hypot(bx - ax, by - ay)
        if length == 0:
            continue
        ux, uy = (bx - ax) / length, (by - ay) / length
        for i in range(math.ceil(length / (on + off))):
            first, last = i * (on + off), min(length, i * (on + off) + on)
            yield (ax + ux * first, ay + uy * first), (ax + ux * last, ay + uy * last)


@lru_cache(maxsize=64)
def letters(size_px: float, file: str | None = None) -> Letters:
    """Return a font for the large paper; without a file, the Latin one that is in Pillow."""
    size = max(1, round(size_px * FINER))
    return ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)


def extent_px(words: str, font: Letters) -> Point:
    """Return width and height in the picture of words, which may have several lines."""
    x0, y0, x1, y1 = _pen().multiline_textbbox((0, 0), words, font=font, spacing=font.size * 0.3)
    return (x1 - x0) / FINER, (y1 - y0) / FINER


def write(
    sheet: Sheet,
    centre_mm: Point,
    words: str,
    font: Letters,
    colour: Colour,
    *,
    turn_deg: float = 0,
    strength: float = 1,
) -> None:
    """Write words, which may have several lines, with their middle at a point; turned anticlockwise."""
    x0, y0, x1, y1 = _pen().multiline_textbbox((0, 0), words, font=font, spacing=font.size * 0.3)
    ink = Image.new("L", (math.ceil(x1 - x0) + 4, math.ceil(y1 - y0) + 4))
    shade = round(255 * strength)
    pen = ImageDraw.Draw(ink)
    pen.multiline_text((2 - x0, 2 - y0), words, fill=shade, font=font, spacing=font.size * 0.3, align="center")
    ink = ink.rotate(turn_deg, Image.Resampling.BICUBIC, expand=True) if turn_deg else ink
    x, y = sheet.at(centre_mm)
    sheet.image.paste(colour, (round(x - ink.width / 2), round(y - ink.height / 2)), ink)


def _pen() -> ImageDraw.ImageDraw:
    return ImageDraw.Draw(Image.new("L", (1, 1)))
