"""Doors and windows as symbols in the gaps of the walls."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from madorizu.draw.marks import PAPER_SCALE, Arc, Area, Frame, Lines, Path, Primitive
from madorizu.draw.style import Style
from madorizu.draw.walls import hinge_frame, outer_side, thickness_mm
from madorizu.plan import HALF_MM, WINDOW_KINDS, Edge, Opening, Plan

LEAF_MM = 45  # thickness of an entrance door's leaf
TWO_PAIRS_MM = 1000  # wider folding doors part in the middle
SINGLE_SASH_MM = 800  # narrower windows have one sash
WINDOW_APART_MM = 15  # of a sash from the middle of the wall; a pixel between both at 32 px per module
FRENCH_APART_MM = 36
HINGED = frozenset({"hinged", "service", "entrance"})


def opening_marks(plan: Plan, style: Style, kinds: Mapping[Edge, str]) -> Iterator[Primitive]:
    """Yield all doors and windows of a plan; `kinds` is `plan.walls` of it."""
    owner = plan.owners()
    for opening in plan.openings:
        if opening.kind in WINDOW_KINDS:
            yield from _window(opening, outer_side(opening, plan, owner), style, thickness_mm(opening, kinds, style))
        elif opening.kind == "open":
            yield from _threshold(opening, plan, style, kinds)
        else:
            yield from _door(opening, style, thickness_mm(opening, kinds, style))


def _threshold(opening: Opening, plan: Plan, style: Style, kinds: Mapping[Edge, str]) -> Iterator[Primitive]:
    """Draw the step up from an entrance's floor (上がり框) as a full line, other places as the style has them."""
    line = _between_walls(opening, kinds, style)
    if is_step(opening, plan):
        yield Lines("opening", (line,), style.ink, style.thin_mm)
    elif style.threshold:
        yield Lines("opening", (line,), style.soft, style.thin_mm, (110, 80))


def is_step(opening: Opening, plan: Plan) -> bool:
    """Say whether an opening without a door lies between the entrance's floor and a raised one.

    A shoe closet has the entrance's own floor.
    """
    indices = [plan.room_at(cell) for cell in opening.edges[0].cells]
    rooms = {plan.rooms[index].kind for index in indices if index is not None}
    return opening.kind == "open" and len(rooms) == 2 and "ent" in rooms and "sic" not in rooms


def _between_walls(opening: Opening, kinds: Mapping[Edge, str], style: Style) -> Path:
    """Return the middle line of a run of edges, as far as the walls at its ends leave it free."""
    step = (1, 0) if opening.axis == "h" else (0, 1)
    points = [(opening.x + step[0] * count, opening.y + step[1] * count) for count in (0, opening.span)]
    line = []
    for (x, y), way in zip(points, (1, -1), strict=True):
        met = {kinds.get(e) for e in (Edge("h", x, y), Edge("h", x - 1, y), Edge("v", x, y), Edge("v", x, y - 1))}
        cut = way * (style.outer_mm if "outer" in met else style.inner_mm if "inner" in met else 0) / 2
        line.append((x * HALF_MM + step[0] * cut, y * HALF_MM + step[1] * cut))
    return tuple(line)


def _door(opening: Opening, style: Style, thickness: float) -> Iterator[Primitive]:
    frame, width = hinge_frame(opening), opening.width_mm
    if opening.kind in HINGED:
        yield from _hinged(opening, style, frame, thickness)
    elif opening.kind == "sliding":
        yield from _sliding(style, frame, width, thickness)
    elif opening.kind == "double_sliding":
        yield from _double_sliding(style, frame, width)
    else:
        yield from _folding(style, frame, width)


def _hinged(opening: Opening, style: Style, frame: Frame, thickness: float) -> Iterator[Primitive]:
    width = opening.width_mm
    if style.door == "slant":
        yield from _slant(style, frame, width, thickness)
    if opening.kind != "hinged":  # doors to the outside have a sill
        face = thickness / 2 - style.thin_mm * PAPER_SCALE / 2
        sills = tuple(frame.path((0, f), (width, f)) for f in (face, -face))
        yield Lines("opening", sills, style.soft, style.thin_mm)
    if style.door == "slant":
        return
    if opening.kind == "entrance" or style.leaf:
        yield Area("opening", (frame.box(0, 0, LEAF_MM * 1.3, width),), style.paper, style.ink, style.thin_mm)
    else:
        yield Lines("opening", (frame.path((0, 0), (0, width)),), style.ink, style.thin_mm)
    if style.door == "chord":
        yield Lines("opening", (frame.path((0, width), (width, 0)),), style.ink, style.thin_mm)
    else:
        yield _quarter(frame, width, style)


def _slant(style: Style, frame: Frame, width: float, thickness: float) -> Iterator[Primitive]:
    """Draw a leaf at 45° and clear what lies under its way."""
    reach, face = width * math.sqrt(0.5), thickness / 2
    wedge = frame.path((0, -face), (width, -face), (width, face), (reach, reach), (0, face))
    yield Area("opening", (wedge,), style.paper)
    yield Lines("opening", (frame.path((0, 0), (reach, reach)),), style.ink, style.thick_mm)


def _quarter(frame: Frame, radius: float, style: Style) -> Arc:
    """Return the arc from the closed to the open place of a leaf."""
    closed = math.degrees(math.atan2(frame.u[1], frame.u[0]))
    opened = math.degrees(math.atan2(frame.v[1], frame.v[0]))
    turn = (opened - closed + 180) % 360 - 180  # +90 or -90
    start = closed if turn > 0 else opened
    start %= 360
    return Arc("opening", frame.origin, radius, radius, start, start + 90, style.ink, style.thin_mm)


def _sliding(style: Style, frame: Frame, width: float, thickness: float) -> Iterator[Primitive]:
    """Draw the leaf closed, beside the pocket into which it slides."""
    middle = thickness / 4
    pen = style.thick_mm if style.door == "slant" else style.medium_mm
    yield Lines("opening", (frame.path((width * 0.47, middle), (width, middle)),), style.ink, pen)
    rail = frame.path((0, middle), (width * 0.47, middle))
    yield Lines("opening", (rail,), style.soft, style.thin_mm, (60, 90))


def _double_sliding(style: Style, frame: Frame, width: float) -> Iterator[Primitive]:
    """Draw two leaves that overlap in the middle."""
    apart = FRENCH_APART_MM
    leaves = (
        frame.path((0, -apart), (width * 0.52, -apart)),
        frame.path((width * 0.48, apart), (width, apart)),
    )
    yield Lines("opening", leaves, style.ink, style.medium_mm)


def _folding(style: Style, frame: Frame, width: float) -> Iterator[Primitive]:
    """Draw leaves folded to a zigzag: a pair at each end, or over the whole of a narrow door."""
    leaf, deep = width / 4, folded_mm(width)
    if width >= TWO_PAIRS_MM:
        zigzag = [frame.path((0, 0), (leaf / 2, deep), (leaf, 0))]
        zigzag.append(frame.path((width, 0), (width - leaf / 2, deep), (width - leaf, 0)))
    else:
        zigzag = [frame.path((0, 0), (leaf, deep), (leaf * 2, 0), (leaf * 3, deep), (width, 0))]
    yield Lines("opening", tuple(zigzag), style.ink, style.thin_mm)


def folded_mm(width: float) -> float:
    """Return how far the leaves of a folding door stand out from the middle of its wall."""
    return width / 4 * (0.9 if width >= TWO_PAIRS_MM else 1.1)


def _window(opening: Opening, outside: int, style: Style, thickness: float) -> Iterator[Primitive]:
    width, french = opening.width_mm, opening.kind == "french"
    first, _ = opening.ends_mm
    if opening.axis == "h":
        frame = Frame(first, (1.0, 0.0), (0.0, float(outside)))
    else:
        frame = Frame(first, (0.0, 1.0), (float(outside), 0.0))
    if style.window == "bar":
        yield from _bar(style, frame, width, thickness, french=french)
        return
    face = thickness / 2
    yield Area("opening", (frame.box(0, -face, width, face),), style.paper)
    line = face - style.thin_mm * PAPER_SCALE / 2  # the outer border of the line is the wall's face
    outer, inner = frame.path((0, line), (width, line)), frame.path((0, -line), (width, -line))
    faces = (outer,) if french else (outer, inner)  # the floor runs through to a french window's sill outside
    apart = FRENCH_APART_MM if french else WINDOW_APART_MM
    sashes = _sashes(frame, width, apart)
    if style.window == "lines" and not french:
        sashes = (frame.path((0, 0), (width, 0)),)
    yield Lines("opening", faces + sashes, style.ink, style.thin_mm)
    if style.marker and french:
        yield _marker(style, frame, width, face)


def _sashes(frame: Frame, width: float, apart: float) -> tuple[Path, ...]:
    """Return the leaves of a sliding window, each in its own rail; a wide window has four."""
    if width < SINGLE_SASH_MM:
        return (frame.path((0, 0), (width, 0)),)
    count = 4 if width > 2000 else 2
    leaf = width / count
    offsets = (apart, -apart, -apart, apart) if count == 4 else (apart, -apart)
    lap = width * 0.02 if apart == FRENCH_APART_MM else 0.0  # tall leaves visibly overlap
    ends = [(max(0.0, leaf * i - lap), min(width, leaf * (i + 1) + lap)) for i in range(count)]
    return tuple(frame.path((a, o), (b, o)) for (a, b), o in zip(ends, offsets, strict=True))


def _marker(style: Style, frame: Frame, width: float, face: float) -> Area:
    base, gap, high = 110, 60, 190
    middle = width / 2
    corners = frame.path((middle - base, face + gap + high), (middle + base, face + gap + high), (middle, face + gap))
    return Area("opening", (corners,), style.paper, style.ink, style.thin_mm)


def _bar(style: Style, frame: Frame, width: float, thickness: float, *, french: bool) -> Iterator[Primitive]:
    """Draw the glass as one bar between end ticks; a french window has its outer sill too."""
    face = thickness / 2
    tick = face + 25
    yield Area("opening", (frame.box(0, -face, width, face),), style.paper)
    ticks = [frame.path((u, -tick), (u, tick)) for u in (0.0, float(width))]
    if french:
        ticks.append(frame.path((width / 2, -tick), (width / 2, tick)))
    yield Lines("opening", tuple(ticks), style.ink, style.thin_mm)
    yield Lines("opening", (frame.path((0, 0), (width, 0)),), style.ink, style.thick_mm)
