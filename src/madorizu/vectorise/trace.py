"""From a picture of a storey to a draft."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from madorizu import degrade
from madorizu.canvas import Canvas
from madorizu.draft import Draft, Reading, draft_of_reading
from madorizu.errors import ImageError
from madorizu.pictures import Pixels, ink
from madorizu.plan import HALF_MM, MODULE_MM, Cell, Fixture, Plan, bounds, cells_in, indoor_cells, is_indoor, pieces
from madorizu.vectorise import net, register
from madorizu.vectorise.answer import CELL_PX, Answer
from madorizu.vectorise.decode import decode
from madorizu.vectorise.register import Frame, Window
from madorizu.vectorise.thickness import thickness_mm

LEAST_CONFIDENCE = 0.55  # below it a reading is doubtful, and says so
LEAST_CELLS = 72  # of a storey, 15 m²: nobody builds smaller ones
LEAST_INK = 0.4  # of the page's ink: titles and dimensions around a plan are less than the plan
LARGE_SHARE = 0.2  # of the largest building: smaller pieces apart from it are marks on the page
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
        straight = degrade.skew(pixels, skew) if skew else pixels
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
    (reading, aside), frame = _largest(found.reading), found.frame
    scale = frame.px_per_module / shrunk
    outer_mm, inner_mm = thickness_mm(found.window, reading.plan)
    return replace(
        draft_of_reading(reading, found.answer.evidence(found.window.left, found.window.top)),
        px_per_module=scale,
        origin_px=(frame.origin_px[0] / shrunk, frame.origin_px[1] / shrunk),
        skew_deg=frame.skew_deg,
        outer_mm=outer_mm,
        inner_mm=inner_mm,
        warnings=(*aside, *_warnings(reading.plan, found, scale)),
    )


def _ink_share(plan: Plan, window: Window) -> float:
    """Return which share of a window's ink lies in or beside the plan's rooms."""
    drawn = ink(window.pixels)
    x, y, width, height = bounds(cell for room in plan.rooms for cell in room.cells)
    left, top = max(0, x - window.left - 1), max(0, y - window.top - 1)
    right, bottom = x - window.left + width + 1, y - window.top + height + 1
    inside = drawn[top * CELL_PX : bottom * CELL_PX, left * CELL_PX : right * CELL_PX]
    return float(inside.sum(dtype=np.float64) / max(1.0, drawn.sum(dtype=np.float64)))


def _largest(reading: Reading) -> tuple[Reading, tuple[str, ...]]:
    """Keep the largest building of a page; what stands apart is left out, and told when it is large."""
    plan = reading.plan
    found = pieces(indoor_cells(plan))
    if len(found) < 2:
        return reading, ()
    kept, others = found[0], found[1:]
    rooms = [i for i, room in enumerate(plan.rooms) if room.cells & kept or not is_indoor(room.kind)]
    openings = [i for i, o in enumerate(plan.openings) if any(c in kept for e in o.edges for c in e.cells)]
    fixtures = [i for i, f in enumerate(plan.fixtures) if _cell_of(f) in kept]
    told = (
        ("the picture shows more than one storey or building; the largest was read: cut the page and read each",)
        if len(others[0]) > LARGE_SHARE * len(kept)
        else ()
    )
    return (
        replace(
            reading,
            plan=replace(
                plan,
                rooms=tuple(plan.rooms[i] for i in rooms),
                openings=tuple(plan.openings[i] for i in openings),
                fixtures=tuple(plan.fixtures[i] for i in fixtures),
                stair=plan.stair if plan.stair and cells_in(plan.stair.rect) & kept else None,
            ),
            kinds=tuple(reading.kinds[i] for i in rooms),
            rooms=tuple(reading.rooms[i] for i in rooms),
            openings=tuple(reading.openings[i] for i in openings),
            fixtures=tuple(reading.fixtures[i] for i in fixtures),
        ),
        told,
    )


def _cell_of(fixture: Fixture) -> Cell:
    return (
        (fixture.x_mm + fixture.width_mm // 2) // HALF_MM,
        (fixture.y_mm + fixture.depth_mm // 2) // HALF_MM,
    )


def _warnings(plan: Plan, read: Found, scale: float) -> tuple[str, ...]:
    found = []
    indoor = indoor_cells(plan)
    if not indoor:
        return ("no room was found: this may be no floor plan",)
    if read.trust < LEAST_CONFIDENCE:
        found.append(f"the reading is doubtful: its parts are {100 * read.trust:.0f} % sure on average")
    if len(indoor) < LEAST_CELLS:
        found.append(f"what was read is smaller than any house, {len(indoor) / 4:g} modules²: is the scale right?")
    if (share := _ink_share(plan, read.window)) < LEAST_INK:
        found.append(f"only {100 * share:.0f} % of what is drawn belongs to the plan that was read")
    if scale * 9 < 32:
        found.append(f"the drawing is small: {MODULE_MM / scale:.0f} mm per pixel; doors and fixtures cannot be told")
    return tuple(found)
