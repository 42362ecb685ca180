"""How a storey lies in an image: pixels ⇄ millimetres.

An image of 512 px holds 16 modules at 32 px, or 32 modules at 16 px, per side: up to
14×14 or 30×30 modules and a margin of at least one module. The plan is never
stretched. Its north-west corner falls on a whole module, as near to the middle as
that allows, so the place of a plan follows from its size alone. Other image sizes
(768 px for `sd21`) scale all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from madorizu.errors import BriefError
from madorizu.plan import HALF_MM, MODULE_MM

if TYPE_CHECKING:
    from madorizu.plan import Rect

REFERENCE_PX = 512
SCALES = (32, 16)  # px per module at 512 px, the one to take where the plan fits first
MAX_MODULES = {32: 14, 16: 30}
MIN_MM = 2 * MODULE_MM


@dataclass(frozen=True, slots=True)
class Canvas:
    """The square image of one storey.

    Attributes:
        size_px: side of the image.
        scale: pixels per module on the 512 px reference image, 32 or 16.
        left, top: where the outline's north-west corner lies, in modules.
    """

    size_px: int
    scale: int
    left: int
    top: int

    @property
    def px_per_module(self) -> float:
        """Pixels per 910 mm in this image."""
        return self.scale * self.size_px / REFERENCE_PX

    @property
    def mm_per_px(self) -> float:
        """Millimetres that one pixel covers."""
        return MODULE_MM / self.px_per_module

    def to_px(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Turn millimetres from the outline's north-west corner into pixels (x, y)."""
        k = self.px_per_module
        return (x_mm / MODULE_MM + self.left) * k, (y_mm / MODULE_MM + self.top) * k

    def to_mm(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Turn pixels into millimetres from the outline's north-west corner; inverse of `to_px`."""
        k = self.px_per_module
        return (x_px / k - self.left) * MODULE_MM, (y_px / k - self.top) * MODULE_MM


def fit(width_mm: int, height_mm: int, *, size_px: int = REFERENCE_PX) -> Canvas:
    """Choose the scale and place for a storey of this size.

    Raises:
        BriefError: if a side is under 2 modules, over 30, or off the 455 mm lattice.
    """
    for name, value in (("width", width_mm), ("height", height_mm)):
        if value % HALF_MM:
            raise BriefError(f"{name} must be a multiple of {HALF_MM} mm, got {value} mm")
        if not MIN_MM <= value <= MAX_MODULES[SCALES[-1]] * MODULE_MM:
            raise BriefError(
                f"{name} must be 2 to {MAX_MODULES[SCALES[-1]]} modules of {MODULE_MM} mm, got {value / MODULE_MM:g}"
            )
    longest = max(width_mm, height_mm)
    scale = next(scale for scale in SCALES if longest <= MAX_MODULES[scale] * MODULE_MM)
    across = REFERENCE_PX // scale

    def start(value_mm: int) -> int:
        modules = -(-value_mm // MODULE_MM)
        return (across - modules) // 2

    return Canvas(size_px, scale, start(width_mm), start(height_mm))


def fit_outline(rect: Rect, *, size_px: int = REFERENCE_PX) -> Canvas:
    """`fit` for an outline in half modules, as `plan.outline` gives it."""
    return fit(rect[2] * HALF_MM, rect[3] * HALF_MM, size_px=size_px)
