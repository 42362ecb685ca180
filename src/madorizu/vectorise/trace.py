"""From a picture of a storey to a draft."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from madorizu.canvas import Canvas
from madorizu.draft import Draft, Evidence
from madorizu.errors import ImageError
from madorizu.pictures import Pixels, ink
from madorizu.plan import MODULE_MM, Plan, indoor_cells
from madorizu.vectorise import net, register
from madorizu.vectorise.answer import Answer
from madorizu.vectorise.decode import Reading, decode
from madorizu.vectorise.field import EDGE_CLASSES, ROOM_CLASSES
from madorizu.vectorise.register import Frame, Window

LEAST_CONFIDENCE = 0.55  # below it a reading is doubtful, and says so
LEAST_SKEW_DEG = 0.15  # less is left alone
_WORK_PX = 2400  # larger pictures are made smaller first


@dataclass(frozen=True, slots=True)
class Found:
    """A reading on a lattice, and how far it is to be trusted."""

    frame: Frame
    window: Window
    answer: Answer
    reading: Reading
    trust: float


def trace(
    pixels: Pixels,
    *,
    floor: int = 1,
    px_per_module: float | None = None,
    canvas: Canvas | None = None,
) -> Draft:
    """Read a storey from its picture.

    Args:
        pixels: uint8, (height, width, 3), RGB.
        floor: which storey it shows.
        px_per_module: pixels per 910 mm, where it is known.
        canvas: how the plan lies in the picture, where it is known: then the lattice point
            (0, 0) of the draft is the outline's north-west corner, and nothing is searched for.

    Raises:
        ImageError: if nothing is drawn, or nothing that could be a plan.
    """
    if not ink(pixels).any():
        raise ImageError("picture must show a drawing, got an empty page", "check the file")
    pixels, shrunk = _workable(pixels)
    if canvas is not None:
        scale = canvas.px_per_module * shrunk
        origin = canvas.left * scale, canvas.top * scale
        found = _read(pixels, Frame(scale, origin, 0.0, 1.0), floor)
    else:
        skew = register.skew_of(pixels)
        skew = skew if abs(skew) >= LEAST_SKEW_DEG else 0.0
        straight = register.straightened(pixels, skew)
        known = None if px_per_module is None else px_per_module * shrunk
        frames = register.frames(straight, known, skew_deg=skew)
        found = max((_read(straight, frame, floor) for frame in frames), key=lambda f: f.trust)
    return _draft(found, shrunk)


def _workable(pixels: Pixels) -> tuple[Pixels, float]:
    """Make a very large picture smaller; returns by how much."""
    share = min(1.0, _WORK_PX / max(pixels.shape[:2]))
    if share == 1.0:
        return pixels, 1.0
    return cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.uint8), share


def _read(pixels: Pixels, frame: Frame, floor: int) -> Found:
    window = register.window_of(pixels, frame)
    answer = net.ask(window.pixels)
    reading = decode(answer, window.left, window.top, floor=floor)
    return Found(frame, window, answer, reading, _trust(answer))


def _trust(answer: Answer) -> float:
    """Return how sure the net is of what is not outside, 0 to 1; 0 where it sees no building."""
    indoor = answer.rooms[0] < 0.5
    drawn = answer.edges[:, 0] < 0.5
    if indoor.sum() < 16 or not drawn.any():
        return 0.0
    rooms = float(answer.rooms.max(axis=0)[indoor].mean())
    edges = float(answer.edges.max(axis=1)[drawn].mean())
    return math.sqrt(rooms * edges)


def _draft(found: Found, shrunk: float) -> Draft:
    reading, frame = found.reading, found.frame
    scale = frame.px_per_module / shrunk
    return Draft(
        plan=reading.plan,
        kinds=reading.kinds,
        rooms=reading.rooms,
        openings=reading.openings,
        fixtures=reading.fixtures,
        stair=reading.stair,
        px_per_module=scale,
        origin_px=(frame.origin_px[0] / shrunk, frame.origin_px[1] / shrunk),
        skew_deg=frame.skew_deg,
        outer_mm=None,
        inner_mm=None,
        warnings=_warnings(reading.plan, found.trust, scale),
        evidence=Evidence(
            found.window.left,
            found.window.top,
            ROOM_CLASSES,
            EDGE_CLASSES,
            found.answer.rooms,
            found.answer.edges,
        ),
    )


def _warnings(plan: Plan, trust: float, scale: float) -> tuple[str, ...]:
    found = []
    if not indoor_cells(plan):
        return ("no room was found: this may be no floor plan",)
    if trust < LEAST_CONFIDENCE:
        found.append(f"the reading is doubtful: its parts are {100 * trust:.0f} % sure on average")
    if scale * 9 < 32:
        found.append(f"the drawing is small: {MODULE_MM / scale:.0f} mm per pixel; doors and fixtures cannot be told")
    return tuple(found)
