"""How thick the walls of a drawing are, measured across them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from madorizu.plan import HALF_MM, Edge, Plan, walls
from madorizu.vectorise.answer import CELL_PX
from madorizu.vectorise.register import Window

REACH_PX = 10  # looked at to each side of a wall's middle: 284 mm
_STANDS_OUT = 0.4  # of the darkest part of the wall's profile
_LEAST_EDGES = 6  # fewer give no measure
_LEAST_CONTRAST = 12.0  # grey levels
_MM_PER_PX = HALF_MM / CELL_PX

Floats = npt.NDArray[np.float64]


def thickness_mm(window: Window, plan: Plan) -> tuple[int | None, int | None]:
    """Return the usual thickness of the outer and the inner walls in mm, None where too few can be measured.

    A wall's profile is the mean of what lies across each of its edges, away from corners;
    where it stands out from the floors beside it, there is wall. Hollow walls count from face
    to face.

    Args:
        window: the drawing on the lattice.
        plan: what was read from it.
    """
    hosts = {edge for opening in plan.openings for edge in opening.edges}
    kinds = {edge: kind for edge, kind in walls(plan).items() if edge not in hosts}
    grey = window.pixels.astype(np.float64)
    outer, inner = (
        _usual(_across(grey, window, edge) for edge, kind in kinds.items() if kind == wanted)
        for wanted in ("outer", "inner")
    )
    return outer, inner


def _across(pixels: Floats, window: Window, edge: Edge) -> Floats | None:
    """Return colours across the middle half of an edge, (2 * REACH_PX, 3), or None at the window's rim."""
    x, y = (edge.x - window.left) * CELL_PX, (edge.y - window.top) * CELL_PX
    quarter = CELL_PX // 4
    if edge.axis == "h":
        part = pixels[y - REACH_PX : y + REACH_PX, x + quarter : x + CELL_PX - quarter]
        profile: Floats = part.mean(axis=1) if part.shape[0] == 2 * REACH_PX and part.size else np.empty(0)
    else:
        part = pixels[y + quarter : y + CELL_PX - quarter, x - REACH_PX : x + REACH_PX]
        profile = part.mean(axis=0) if part.ndim == 3 and part.shape[1] == 2 * REACH_PX and part.size else np.empty(0)
    return profile if profile.size else None


def _usual(profiles: Iterable[Floats | None]) -> int | None:
    found = [width for profile in profiles if profile is not None and (width := _width(profile)) is not None]
    if len(found) < _LEAST_EDGES:
        return None
    return round(float(np.median(found)) * _MM_PER_PX / 5) * 5


def _width(profile: Floats) -> float | None:
    """Return over how many pixels a profile stands out from its ends, to parts of a pixel."""
    ramp = np.linspace(0, 1, len(profile))[:, None]
    floor = profile[:3].mean(axis=0) * (1 - ramp) + profile[-3:].mean(axis=0) * ramp
    away = np.abs(profile - floor).max(axis=1)
    top = away[3:-3].max()
    if top < _LEAST_CONTRAST:
        return None
    level = _STANDS_OUT * top
    above = np.flatnonzero(away >= level)
    first, last = int(above[0]), int(above[-1])
    if first < 2 or last > len(profile) - 3:
        return None  # something else is drawn beside the wall

    def part(inside: int, outside: int) -> float:
        return float((away[inside] - level) / max(away[inside] - away[outside], 1e-9))

    return last - first + part(first, first - 1) + part(last, last + 1)
