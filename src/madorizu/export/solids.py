"""A house in three dimensions: upright prisms of walls, slabs, stairs, doors, windows, fixtures.

What IFC and glTF share. The plan's walls get the style's thickness and the storey's height;
openings are holes with a frame and leaves in them. Heights that a plan does not hold are those
of usual wooden houses (`SLAB_MM` and what follows it). There is no roof: one can look in.

Shapes lie in millimetres of the plan's own lattice, y to the south, as in `draw`; heights are
millimetres above the storey's floor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from shapely import LineString, Point, Polygon, affinity, unary_union
from shapely.geometry import box as shapely_box
from shapely.ops import polygonize

from madorizu.draw.fixtures import fixture_frame
from madorizu.draw.floors import room_shape
from madorizu.draw.marks import Frame
from madorizu.draw.openings import SINGLE_SASH_MM, TWO_PAIRS_MM
from madorizu.draw.stairs import covered, step_lines
from madorizu.draw.style import Style
from madorizu.draw.walls import PARAPET_MM, Run, Shape, hinge_frame, polygons, runs, thickness_mm
from madorizu.plan import HALF_MM, WINDOW_KINDS, Edge, Fixture, Opening, Plan, Room, indoor_cells, railings, walls

SLAB_MM = 300  # a floor with what is below it: leaves a ceiling of 2,400 mm under storeys of 2,700 mm
OUTDOOR_MM, STEP_DOWN_MM = 150, 60  # thickness of a balcony's or porch's floor, and how far it lies below the storey's
PARAPET_HIGH_MM = 1100  # the least height of a balcony's parapet (建築基準法施行令 126条)
STEP_MM = 60  # a stair's tread with what carries it, below its riser
NOTICE_MM = 400  # width of the red frame around an unlawful house
FRAME_MM, LEAF_MM, GLASS_MM = 35, 40, 8
Xy = tuple[float, float]
# Colours as sRGB, and how much light passes.
COLOURS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "outer": ("#e9e6df", 1.0),
        "inner": ("#f7f5f0", 1.0),
        "slab": ("#b9b5ad", 1.0),
        "outdoor": ("#a9aaa6", 1.0),
        "parapet": ("#dedbd3", 1.0),
        "stair": ("#b98d5c", 1.0),
        "frame": ("#8a6a48", 1.0),
        "door": ("#c39a6b", 1.0),
        "glass": ("#a9cfe0", 0.35),
        "fixture": ("#fbfbf9", 1.0),
        "water": ("#cfe6ee", 1.0),
        "wood": ("#d9b98c", 1.0),
        "tatami": ("#a9b878", 1.0),
        "wet": ("#c9d6db", 1.0),
        "stone": ("#9b9893", 1.0),
        "notice": ("#c00000", 1.0),
        "space": ("#8fb3d9", 0.3),
    }
)
Stuff = Literal[
    "outer",
    "inner",
    "slab",
    "outdoor",
    "parapet",
    "stair",
    "frame",
    "door",
    "glass",
    "fixture",
    "water",
    "space",
    "notice",
]


@dataclass(frozen=True, slots=True)
class Prism:
    """An upright solid: its shape seen from above, between two heights, and what it is made of."""

    shape: Shape
    low_mm: float
    high_mm: float
    stuff: Stuff


@dataclass(frozen=True, slots=True)
class Wall:
    """A straight piece of wall; where walls meet, one of them runs through.

    Attributes:
        kind: "outer" or "inner".
        axis: "h" if it runs east-west.
        shape: its rectangle.
        high_mm: its height.
    """

    kind: Literal["outer", "inner"]
    axis: str
    shape: Shape
    high_mm: float


@dataclass(frozen=True, slots=True)
class Hole:
    """An opening in its wall, with what fills it; places without a door or wall ("open") have none.

    Attributes:
        index: of the opening in the plan.
        opening: the opening itself.
        wall: index of the wall that it is cut into; None where the plan has no wall there.
        frame: axes at its hinge, see `draw.walls.hinge_frame`.
        cut: the hole, through the whole wall.
        parts: frame, leaves, panes.
    """

    index: int
    opening: Opening
    wall: int | None
    frame: Frame
    cut: Prism
    parts: tuple[Prism, ...]


@dataclass(frozen=True, slots=True)
class Storey:
    """One storey in three dimensions.

    Attributes:
        plan: the storey.
        floor_mm: how high its floor lies above that of the lowest one.
        high_mm: from its floor to the slab above.
        walls, holes: see `Wall` and `Hole`.
        slabs: its floor, a shape for each piece; stairs and voids are left out of upper ones.
        outdoors: floor of each outdoor room, by the room's index.
        parapets: those of balconies.
        steps: treads of the stair, lowest first; only where it begins.
        fixtures: parts of each fixture, by its index.
    """

    plan: Plan
    floor_mm: int
    high_mm: float
    walls: tuple[Wall, ...]
    holes: tuple[Hole, ...]
    slabs: tuple[Prism, ...]
    outdoors: tuple[tuple[int, Prism], ...]
    parapets: tuple[Prism, ...]
    steps: tuple[Prism, ...]
    fixtures: tuple[tuple[Prism, ...], ...]


def corner_mm(plans: Sequence[Plan]) -> tuple[int, int]:
    """Return the south-west corner around all outlines: x in the west, y in the south."""
    cells = [cell for plan in plans for cell in indoor_cells(plan)]
    return min(x for x, _ in cells) * HALF_MM, (max(y for _, y in cells) + 1) * HALF_MM


def notice_frame(plans: Sequence[Plan], style: Style) -> Prism:
    """Return a frame around a house, which no picture of it can miss: the mark of an unlawful one."""
    cells = [cell for plan in plans for room in plan.rooms for cell in room.cells]
    xs, ys = [x for x, _ in cells], [y for _, y in cells]
    box = shapely_box(min(xs) * HALF_MM, min(ys) * HALF_MM, (max(xs) + 1) * HALF_MM, (max(ys) + 1) * HALF_MM)
    inside = box.buffer(style.outer_mm, join_style="mitre")
    frame = inside.buffer(NOTICE_MM, join_style="mitre").difference(inside)
    return Prism(frame, -float(SLAB_MM), 0.0, "notice")


def storeys(plans: Sequence[Plan], style: Style) -> tuple[Storey, ...]:
    """Build storeys upon each other, lowest first.

    Args:
        plans: of one house, on one lattice.
        style: the thickness of its walls.
    """
    found, floor_mm = [], 0
    for place, plan in enumerate(plans):
        found.append(_storey(plan, floor_mm, style, rises=place + 1 < len(plans) or plan.floor == 1))
        floor_mm += plan.storey_height_mm
    return tuple(found)


def _storey(plan: Plan, floor_mm: int, style: Style, *, rises: bool) -> Storey:
    kinds, high = walls(plan), float(plan.storey_height_mm - SLAB_MM)
    built = tuple(_walls(kinds, style, high))
    slabs = _slabs(plan, kinds, style)
    within = unary_union([slab.shape for slab in slabs])
    return Storey(
        plan,
        floor_mm,
        high,
        built,
        tuple(_holes(plan, built, kinds, style, high)),
        slabs,
        tuple(_outdoors(plan, within)),
        tuple(_parapets(plan, built)),
        tuple(_steps(plan, built)) if rises else (),
        tuple(tuple(_fixture(fixture)) for fixture in plan.fixtures),
    )


# --- walls --------------------------------------------------------------------------------


def _walls(kinds: Mapping[Edge, str], style: Style, high: float) -> Iterator[Wall]:
    """Yield pieces that fill the same place as `draw`'s walls, none lying in another.

    A run ends at the face of a wall that passes its end; at a corner both run on by half of their
    thickness, and the earlier one has the corner: outer walls, then those that run east-west.
    """
    thick = {"outer": style.outer_mm, "inner": style.inner_mm}
    rows = [(kind, run) for kind in ("outer", "inner") for run in runs(e for e, k in kinds.items() if k == kind)]
    built: Shape = Polygon()
    for kind, run in rows:
        # An outer wall is never cut by an inner one.
        passing = [(other, thick[k]) for k, other in rows if other.axis != run.axis and k in ("outer", kind)]
        shape = _box(run, thick[kind], passing).difference(built)
        for part in sorted(polygons(shape.simplify(0.0)), key=lambda p: p.bounds):
            yield Wall("outer" if kind == "outer" else "inner", run.axis, part.normalize(), high)
        built = built.union(shape)


def _box(run: Run, thickness: int, others: Iterable[tuple[Run, int]]) -> Shape:
    x0, y0, x1, y1 = run.ends_mm
    half = thickness / 2
    ends = [half, half]
    for other, thick in others:
        for place, (x, y) in enumerate(((x0, y0), (x1, y1))):
            if _passes(other, x, y):
                ends[place] = -thick / 2
    along = (ends[0], ends[1])
    if run.axis == "h":
        return shapely_box(x0 - along[0], y0 - half, x1 + along[1], y1 + half)
    return shapely_box(x0 - half, y0 - along[0], x1 + half, y1 + along[1])


def _passes(run: Run, x: int, y: int) -> bool:
    """Say whether a run goes on to both sides of a point."""
    x0, y0, x1, y1 = run.ends_mm
    return (y == y0 and x0 < x < x1) if run.axis == "h" else (x == x0 and y0 < y < y1)


# --- openings -----------------------------------------------------------------------------


def _holes(plan: Plan, built: Sequence[Wall], kinds: Mapping[Edge, str], style: Style, high: float) -> Iterator[Hole]:
    for index, opening in enumerate(plan.openings):
        if opening.kind == "open":
            continue
        thickness = thickness_mm(opening, kinds, style)
        frame = hinge_frame(opening)
        low, head = float(opening.sill_mm), min(float(opening.head_mm), high)
        if low >= head:  # a plan may say so; what is cut must have a height
            low, head = 0.0, high
        face = thickness / 2
        cut = Prism(_quad(frame, 0, -face, opening.width_mm, face), low, head, "frame")
        middle = Point(frame.at(opening.width_mm / 2, 0))
        host = next((i for i, wall in enumerate(built) if wall.shape.buffer(1).contains(middle)), None)
        yield Hole(index, opening, host, frame, cut, tuple(_filling(opening, frame, thickness, low, head)))


def _quad(frame: Frame, u0: float, v0: float, u1: float, v1: float) -> Shape:
    return Polygon(frame.box(u0, v0, u1, v1)).normalize()


def _filling(opening: Opening, frame: Frame, thickness: float, low: float, head: float) -> Iterator[Prism]:
    """Yield a frame of jambs and head, with a sill under windows, and what it holds."""
    width, face, edge = float(opening.width_mm), thickness / 2, min(float(FRAME_MM), opening.width_mm / 4)
    glazed = opening.kind in WINDOW_KINDS
    rim = min(float(FRAME_MM), (head - low) / 4)
    floor = low + rim if glazed else low
    for u0, u1 in ((0.0, edge), (width - edge, width)):
        yield Prism(_quad(frame, u0, -face, u1, face), low, head, "frame")
    yield Prism(_quad(frame, edge, -face, width - edge, face), head - rim, head, "frame")
    if glazed:
        yield Prism(_quad(frame, edge, -face, width - edge, face), low, floor, "frame")
    for u0, u1, v0, v1, stuff in _leaves(opening, edge, face):
        yield Prism(_quad(frame, u0, v0, u1, v1), floor, head - rim, stuff)


def _leaves(opening: Opening, edge: float, face: float) -> list[tuple[float, float, float, float, Stuff]]:
    """Return the closed leaves within a frame: from and to along it, from and to across it, stuff."""
    width, kind = float(opening.width_mm), opening.kind
    middle, inner = width / 2, width - edge
    if kind in WINDOW_KINDS:
        count = 1 if width < SINGLE_SASH_MM else 4 if width > 2000 else 2
        leaf = (inner - edge) / count
        rails = (1, -1, -1, 1) if count == 4 else (1, -1)
        offs = [0.0] if count == 1 else [15.0 * rail for rail in rails]
        half = GLASS_MM / 2
        return [(edge + leaf * i, edge + leaf * (i + 1), off - half, off + half, "glass") for i, off in enumerate(offs)]
    if kind == "sliding":  # the leaf beside its pocket, of which the face on the other side is wall
        off = face / 2
        leaf_part = (middle - edge, inner, off - LEAF_MM / 2, off + LEAF_MM / 2)
        return [(*leaf_part, "door"), (edge, middle, -face, min(0.0, off - LEAF_MM / 2), "inner")]
    if kind == "double_sliding":
        half = LEAF_MM / 2
        first, second = (edge, middle + edge, -2 * half, 0.0), (middle - edge, inner, 0.0, 2 * half)
        return [(*first, "door"), (*second, "door")]
    if kind == "folding":
        count = 4 if width >= TWO_PAIRS_MM else 2
        leaf, gap = (inner - edge) / count, 3.0
        return [(edge + leaf * i + gap, edge + leaf * (i + 1) - gap, -15.0, 15.0, "door") for i in range(count)]
    return [(edge, inner, face - LEAF_MM, face, "door")]


# --- floors, stairs -----------------------------------------------------------------------


def _slabs(plan: Plan, kinds: Mapping[Edge, str], style: Style) -> tuple[Prism, ...]:
    """Return the storey's floor: as far as the outer face of its walls, under all of them, around stairs and voids."""
    outside = _strips((e for e, kind in kinds.items() if kind == "outer"), style.outer_mm)
    shape = room_shape(Room("", indoor_cells(plan))).union(outside)
    left_out = [room_shape(room) for room in plan.rooms if room.kind == "void"]
    if plan.floor > 1 and plan.stair is not None:
        left_out += [shapely_box(*rect) for rect in covered(plan.stair)]
    if left_out:
        standing = outside.union(_strips(kinds, style.inner_mm))
        shape = shape.difference(unary_union(left_out).difference(standing))
    return tuple(Prism(part.normalize(), -float(SLAB_MM), 0.0, "slab") for part in _ordered(shape))


def _strips(edges: Iterable[Edge], thickness: float) -> Shape:
    half = thickness / 2
    found = []
    for run in runs(edges):
        x0, y0, x1, y1 = run.ends_mm
        found.append(shapely_box(x0 - half, y0 - half, x1 + half, y1 + half))
    return unary_union(found) if found else Polygon()


def _ordered(shape: Shape) -> list[Shape]:
    return sorted((part for part in polygons(shape) if part.area > 1), key=lambda part: part.bounds)


def _outdoors(plan: Plan, within: Shape) -> Iterator[tuple[int, Prism]]:
    """Yield the floors of outdoor rooms, off the house's own."""
    for index, room in enumerate(plan.rooms):
        if room.kind in ("balcony", "porch", "deck"):
            top = -float(STEP_DOWN_MM)
            for part in _ordered(room_shape(room).difference(within)):
                yield index, Prism(part.normalize(), top - OUTDOOR_MM, top, "outdoor")


def _parapets(plan: Plan, built: Sequence[Wall]) -> Iterator[Prism]:
    owner = plan.owners()
    edges = [
        edge for edge in railings(plan) if any(plan.rooms[owner[c]].kind == "balcony" for c in edge.cells if c in owner)
    ]
    house = unary_union([wall.shape for wall in built]) if built else Polygon()
    for part in _ordered(_strips(edges, PARAPET_MM).difference(house)):
        yield Prism(part.normalize(), -float(STEP_DOWN_MM + OUTDOOR_MM), float(PARAPET_HIGH_MM), "parapet")


def _steps(plan: Plan, built: Sequence[Wall]) -> Iterator[Prism]:
    """Yield a stair's treads: each line of the drawing is a riser, the last one that of the upper floor."""
    if plan.stair is None:
        return
    lines, borders = step_lines(plan.stair)
    area = unary_union([shapely_box(*rect) for rect in covered(plan.stair)])
    # What ends in the middle of another line would miss it by a rounding: longer by a millimetre, it cuts for certain.
    cuts = [_longer(a, b) for a, b in (*lines, *borders)]
    faces = list(polygonize(unary_union([area.boundary, *cuts])))
    standing = unary_union([wall.shape for wall in built]) if built else Polygon()
    riser = plan.storey_height_mm / len(lines)
    for number, (before, after) in enumerate(zip(lines, lines[1:], strict=False), start=1):
        middle = Point(*((before[0][i] + before[1][i] + after[0][i] + after[1][i]) / 4 for i in (0, 1)))
        face = next((face for face in faces if face.contains(middle)), None)
        top = riser * number
        for part in [] if face is None else _ordered(face.difference(standing)):
            yield Prism(part.normalize(), max(0.0, top - riser - STEP_MM), top, "stair")


def _longer(a: Xy, b: Xy) -> Shape:
    length = math.hypot(b[0] - a[0], b[1] - a[1])
    du, dv = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    return LineString([(a[0] - du, a[1] - dv), (b[0] + du, b[1] + dv)])


# --- fixtures -----------------------------------------------------------------------------


def _fixture(fixture: Fixture) -> Iterator[Prism]:
    """Yield simple solids: what stands there and how high, no more."""
    frame, along, deep = fixture_frame(fixture)

    def part(low: float, high: float, inset: float = 0.0, stuff: Stuff = "fixture") -> Prism:
        return Prism(_quad(frame, inset, inset, along - inset, deep - inset), low, high, stuff)

    rim = min(90.0, along / 4, deep / 4)
    if fixture.kind == "bathtub":
        hollow = _quad(frame, rim, rim, along - rim, deep - rim)
        yield Prism(_quad(frame, 0, 0, along, deep).difference(hollow), 0.0, 550.0, "fixture")
        yield Prism(hollow, 0.0, 320.0, "water")
    elif fixture.kind == "toilet":
        tank = deep * 0.27
        yield Prism(_quad(frame, 0, 0, along, tank), 0.0, 850.0, "fixture")
        yield Prism(
            _ellipse(frame, along / 2, (tank + deep) / 2, along * 0.42, (deep - tank) / 2), 0.0, 420.0, "fixture"
        )
    elif fixture.kind in ("kitchen", "basin"):
        high = 850.0 if fixture.kind == "kitchen" else 800.0
        bowl = _quad(frame, along * 0.56, deep * 0.25, along * 0.86, deep * 0.8)
        if fixture.kind == "basin":
            bowl = _ellipse(frame, along / 2, deep * 0.55, along * 0.34, deep * 0.3)
        yield part(0.0, high - 150.0)
        yield Prism(_quad(frame, 0, 0, along, deep).difference(bowl), high - 150.0, high, "fixture")
    else:
        yield part(
            0.0, {"refrigerator": 1800.0, "washing_machine": 1000.0, "shoe_cabinet": 900.0}.get(fixture.kind, 800.0)
        )


def _ellipse(frame: Frame, u: float, v: float, radius_u: float, radius_v: float) -> Shape:
    turned = frame.u[0] == 0
    across, down = (radius_v, radius_u) if turned else (radius_u, radius_v)
    return affinity.translate(affinity.scale(Point(0, 0).buffer(1.0, quad_segs=6), across, down), *frame.at(u, v))
