"""How straight and how even the lines of a drawing are.

References:
    The direction of edges from the structure tensor: Bigün & Granlund, "Optimal orientation detection of
    linear symmetry", ICCV 1987.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from madorizu.draft import Draft
from madorizu.pictures import Pixels
from madorizu.plan import MODULE_MM, Edge, walls

AXIS_DEG = 4.0  # turned by no more, an edge runs along an axis
EVEN = 0.3  # share of the usual thickness and darkness by which an even wall may differ
REACH_MM = 260.0  # looked at to each side of a wall's middle
LEAST_WALLS = 6  # fewer show no usual thickness
_ACROSS, _ALONG = 53, 9  # samples across and along a half module: every 10 mm across
_RIM = 8  # samples at each end of a profile that are floor
_STANDS_OUT = 0.5  # of the wall's darkest part
_LEAST_CONTRAST = 12.0  # levels; less is no wall that anybody sees
_TENSOR_PX = 1.5  # over which the directions of edges are gathered

Floats = npt.NDArray[np.float64]


# --- along the axes -------------------------------------------------------------------------


def axis_share(pixels: Pixels) -> float:
    """Return the share of a picture's edges that run along the axes, 0 to 1; 0 for an empty picture.

    Edges count by their strength and by how surely they have one direction (the structure tensor's coherence);
    within `AXIS_DEG` of an axis they are parallel. Door leaves' arcs and diagonal hatches are no
    faults, so a drawing is to be compared with others of its style.

    Args:
        pixels: uint8, (height, width, 3), RGB.
    """
    weight, aside = directions(pixels)
    total = float(weight.sum())
    return float(weight[aside <= AXIS_DEG].sum() / total) if total else 0.0


def directions(pixels: Pixels) -> tuple[Floats, Floats]:
    """Return how much of an edge each pixel has, and by how many degrees it is off the nearest axis, 0 to 45."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    xx, yy, xy = (cv2.GaussianBlur(p, (0, 0), _TENSOR_PX).astype(np.float64) for p in (gx * gx, gy * gy, gx * gy))
    directed = np.hypot(xx - yy, 2 * xy)  # the trace times the coherence
    directed[directed < 1e-3 * max(float(directed.max()), 1e-9)] = 0
    turned = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy)) % 90
    return directed, np.minimum(turned, 90 - turned)


# --- even -----------------------------------------------------------------------------------


def even_walls(pixels: Pixels, draft: Draft | None) -> float:
    """Return the share of the walls that are as thick and as dark as walls of their drawing usually are, 0 to 1.

    Every half module of wall that was read, openings left out, is measured across its middle: how far it
    stands out from the floors on both sides, and over what breadth. It is even when both differ by at most
    30 % from the median over the outer, or the inner walls. Where something else is drawn beside the wall
    nothing can be measured, and it is passed over.

    Args:
        pixels: uint8, (height, width, 3), RGB.
        draft: what was read from these pixels, lying straight; None where nothing was read.

    Returns:
        0 where fewer than `LEAST_WALLS` half modules of wall can be measured.
    """
    if draft is None:
        return 0.0
    hosts = {edge for opening in draft.plan.openings for edge in opening.edges}
    kinds = {edge: kind for edge, kind in walls(draft.plan).items() if edge not in hosts}
    even = measured = 0
    for wanted in ("outer", "inner"):
        found = np.array(list(_measures(pixels, draft, [e for e, kind in kinds.items() if kind == wanted])))
        if len(found) < LEAST_WALLS:
            continue
        usual = np.maximum(np.median(found, axis=0), 1e-9)
        even += int((np.abs(found / usual - 1) <= EVEN).all(axis=1).sum())
        measured += len(found)
    return even / measured if measured else 0.0


def _measures(pixels: Pixels, draft: Draft, edges: list[Edge]) -> Iterator[tuple[float, float]]:
    """Yield the thickness in mm and the contrast in levels of each wall that can be measured."""
    for edge in sorted(edges):
        profile = _profile(pixels, draft, edge)
        floor = np.linspace(profile[:_RIM].mean(axis=0), profile[-_RIM:].mean(axis=0), len(profile))
        away = np.abs(profile - floor).max(axis=1)
        top = float(away[_RIM:-_RIM].max())
        if top < _LEAST_CONTRAST:
            yield 0.0, 0.0
            continue
        above = np.flatnonzero(away >= _STANDS_OUT * top)
        if above[0] >= _RIM // 2 and above[-1] < len(profile) - _RIM // 2:
            yield (above[-1] - above[0] + 1) * 2 * REACH_MM / _ACROSS, top


def _profile(pixels: Pixels, draft: Draft, edge: Edge) -> Floats:
    """Return the colours across the middle half of an edge: float64, (_ACROSS, 3)."""
    half = draft.px_per_module / 2
    x, y = (origin + half * place for origin, place in zip(draft.origin_px, (edge.x, edge.y), strict=True))
    along = np.linspace(0.25, 0.75, _ALONG) * half
    across = np.linspace(-REACH_MM, REACH_MM, _ACROSS) * draft.px_per_module / MODULE_MM
    a, b = np.meshgrid(along, across)
    xs, ys = (x + a, y + b) if edge.axis == "h" else (x + b, y + a)
    # Pixel centres lie at half pixels.
    maps = (xs - 0.5).astype(np.float32), (ys - 0.5).astype(np.float32)
    found = cv2.remap(pixels, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    profile: Floats = found.astype(np.float64).mean(axis=1)
    return profile
