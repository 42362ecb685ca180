"""What lies on the floor of a room: fills, mats, tiles, boards, shelves, voids."""

from __future__ import annotations

from collections.abc import Iterator

from shapely import unary_union
from shapely.geometry import box as shapely_box

from madorizu.draw.marks import Area, Lines, Path, Point, Primitive
from madorizu.draw.style import Style, fill_of
from madorizu.draw.walls import Shape, clip, hatch, rings
from madorizu.plan import HALF_MM, MODULE_MM, Plan, Rect, Room, bounds, edge_of, rects_of

BOARD_MM = MODULE_MM / 4
TILE_MM = MODULE_MM / 4
CLOSET_PITCH_MM = 320  # along x, of the 45° lines in closets
RAIL_MM = 300  # from the wall to a hanger rail or the edge of a shelf
HANGERS = frozenset({"cl", "wic"})
SHELVES = frozenset({"sto", "pantry", "sic"})
TILED = frozenset({"ent", "porch"})

# Traditional layouts: mats (x, y, width, depth) in modules of a room of width x depth; no
# four corners meet (祝儀敷き). Turned rooms take them transposed.
_LAYOUTS: dict[Point, tuple[tuple[int, int, int, int], ...]] = {
    (3, 3): ((0, 0, 2, 1), (2, 0, 1, 2), (1, 2, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1)),
    (4, 3): ((0, 0, 1, 2), (1, 0, 2, 1), (3, 0, 1, 2), (1, 1, 2, 1), (0, 2, 2, 1), (2, 2, 2, 1)),
    (4, 4): (
        (0, 0, 2, 1), (2, 0, 2, 1), (0, 1, 1, 2), (1, 1, 2, 1),
        (1, 2, 2, 1), (3, 1, 1, 2), (0, 3, 2, 1), (2, 3, 2, 1),
    ),
}  # fmt: skip


def room_shape(room: Room) -> Shape:
    """Return a room's area between wall centre-lines."""
    boxes = [
        shapely_box(x * HALF_MM, y * HALF_MM, (x + w) * HALF_MM, (y + h) * HALF_MM)
        for x, y, w, h in rects_of(room.cells)
    ]
    return boxes[0] if len(boxes) == 1 else unary_union(boxes)


def floor_marks(plan: Plan, style: Style) -> Iterator[Primitive]:
    """Yield the fills of all rooms, then what lies on their floors."""
    shapes = [room_shape(room) for room in plan.rooms]
    for room, shape in zip(plan.rooms, shapes, strict=True):
        if colour := fill_of(style, room.kind):
            yield Area("floor", rings(shape), colour)
    for room, shape in zip(plan.rooms, shapes, strict=True):
        yield from _pattern(plan, room, shape, style)


def _pattern(plan: Plan, room: Room, shape: Shape, style: Style) -> Iterator[Primitive]:
    kind = room.kind
    if kind == "wa":
        yield from _tatami(room, shape, style)
    elif kind in TILED or kind in style.tiled:
        paths = clip(_tiles(bounds(room.cells), style), shape)
        yield Lines("floor", paths, style.soft, style.thin_mm)
    elif kind in style.boards or kind == "deck":
        yield Lines("floor", clip(_boards(bounds(room.cells)), shape), style.soft, style.thin_mm)
    elif kind in HANGERS or kind == "oshi":
        yield from _closet(plan, room, shape, style)
    elif kind in SHELVES:
        yield from _shelves(plan, room, shape, style)
    elif kind == "void":
        yield Lines("floor", clip(_diagonals(bounds(room.cells)), shape), style.soft, style.thin_mm, (260, 70, 40, 70))


def _corners_mm(rect: Rect) -> tuple[int, int, int, int]:
    x, y, w, h = rect
    return x * HALF_MM, y * HALF_MM, (x + w) * HALF_MM, (y + h) * HALF_MM


def _diagonals(rect: Rect) -> tuple[Path, Path]:
    x0, y0, x1, y1 = _corners_mm(rect)
    return ((x0, y0), (x1, y1)), ((x0, y1), (x1, y0))


def _every(start: float, end: float, pitch: float) -> Iterator[float]:
    count = round((end - start) / pitch)
    yield from (start + pitch * i for i in range(1, count))


def _tiles(rect: Rect, style: Style) -> Iterator[Path]:
    x0, y0, x1, y1 = _corners_mm(rect)
    if style.tile != "diamond":
        pitch_mm = TILE_MM if style.tile == "square" else 2 * TILE_MM
        yield from (((x, y0), (x, y1)) for x in _every(x0, x1, pitch_mm))
        yield from (((x0, y), (x1, y)) for y in _every(y0, y1, pitch_mm))
        return
    deep, pitch = y1 - y0, HALF_MM
    for step in range(-(deep // pitch), (x1 - x0) // pitch + 1):
        x = x0 + step * pitch
        yield (x, y0), (x + deep, y1)
        yield (x, y1), (x + deep, y0)


def _boards(rect: Rect) -> Iterator[Path]:
    """Run boards along the longer side."""
    x0, y0, x1, y1 = _corners_mm(rect)
    if x1 - x0 >= y1 - y0:
        yield from (((x0, y), (x1, y)) for y in _every(y0, y1, BOARD_MM))
    else:
        yield from (((x, y0), (x, y1)) for x in _every(x0, x1, BOARD_MM))


def _tatami(room: Room, shape: Shape, style: Style) -> Iterator[Primitive]:
    mats = _halves(bounds(room.cells)) if style.tatami == "halves" else _mats(room)
    paths = tuple(ring for mat in mats for ring in rings(shapely_box(*mat).intersection(shape)))
    yield Area("floor", paths, "", style.soft, style.thin_mm)
    if style.tatami == "borders":
        yield Lines("floor", clip(_mat_borders(mats), shape), style.soft, style.thin_mm)


def _mat_borders(mats: list[tuple[float, float, float, float]]) -> Iterator[Path]:
    """Yield the cloth borders (縁) along the long sides of each mat."""
    inset = 115
    for x0, y0, x1, y1 in mats:
        if x1 - x0 > y1 - y0:
            yield from (((x0, y), (x1, y)) for y in (y0 + inset, y1 - inset))
        elif y1 - y0 > x1 - x0:
            yield from (((x, y0), (x, y1)) for x in (x0 + inset, x1 - inset))


def _halves(rect: Rect) -> list[tuple[float, float, float, float]]:
    x0, y0, x1, y1 = _corners_mm(rect)
    return [
        (x, y, min(x + MODULE_MM, x1), min(y + MODULE_MM, y1))
        for y in range(y0, y1, MODULE_MM)
        for x in range(x0, x1, MODULE_MM)
    ]


def _mats(room: Room) -> list[tuple[float, float, float, float]]:
    """Lay mats: the traditional layout where there is one, else courses with broken joints."""
    rect = bounds(room.cells)
    x0, y0, x1, y1 = _corners_mm(rect)
    size = (rect[2] / 2, rect[3] / 2)
    if len(room.cells) == rect[2] * rect[3]:
        if size in _LAYOUTS:
            return [_mat(x0, y0, *m) for m in _LAYOUTS[size]]
        if size[::-1] in _LAYOUTS:
            return [_mat(x0, y0, y, x, h, w) for x, y, w, h in _LAYOUTS[size[::-1]]]
    mats: list[tuple[float, float, float, float]] = []
    for row, y in enumerate(range(y0, y1, MODULE_MM)):
        start = x0 - (MODULE_MM if row % 2 else 0)
        for x in range(start, x1, 2 * MODULE_MM):
            mats.append((max(x, x0), y, min(x + 2 * MODULE_MM, x1), min(y + MODULE_MM, y1)))
    return mats


def _mat(x0: int, y0: int, x: int, y: int, w: int, h: int) -> tuple[float, float, float, float]:
    return x0 + x * MODULE_MM, y0 + y * MODULE_MM, x0 + (x + w) * MODULE_MM, y0 + (y + h) * MODULE_MM


def _closet(plan: Plan, room: Room, shape: Shape, style: Style) -> Iterator[Primitive]:
    rect = bounds(room.cells)
    if style.closet == "cross":
        yield Lines("closet", clip(_diagonals(rect), shape), style.soft, style.thin_mm)
    elif style.closet == "lines":
        yield Lines("closet", hatch(rings(shape), CLOSET_PITCH_MM), style.soft, style.thin_mm)
    elif style.closet == "diagonal" or room.kind == "oshi":
        yield Lines("closet", clip(_diagonals(rect)[:1], shape), style.soft, style.thin_mm)
    elif min(rect[2], rect[3]) <= 3:
        yield Lines("closet", clip((_middle(rect),), shape), style.soft, style.thin_mm, (150, 50, 40, 50))
    else:
        rails = clip(_along_walls(plan, room, limit=2), shape)
        yield Lines("closet", rails, style.soft, style.thin_mm, (150, 50, 40, 50))


def _middle(rect: Rect) -> Path:
    x0, y0, x1, y1 = _corners_mm(rect)
    if x1 - x0 >= y1 - y0:
        return (x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)
    return ((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)


def _shelves(plan: Plan, room: Room, shape: Shape, style: Style) -> Iterator[Primitive]:
    paths = clip(_along_walls(plan, room, limit=1), shape)
    if paths:
        yield Lines("closet", paths, style.soft, style.thin_mm)


def _along_walls(plan: Plan, room: Room, *, limit: int) -> list[Path]:
    """Return lines beside the longest sides of a room in which there is no door or window."""
    rect = bounds(room.cells)
    x0, y0, x1, y1 = _corners_mm(rect)
    taken = {edge for opening in plan.openings for edge in opening.edges}
    sides: list[tuple[float, Path]] = []
    for side, path in (
        ("n", ((x0, y0 + RAIL_MM), (x1, y0 + RAIL_MM))),
        ("s", ((x0, y1 - RAIL_MM), (x1, y1 - RAIL_MM))),
        ("w", ((x0 + RAIL_MM, y0), (x0 + RAIL_MM, y1))),
        ("e", ((x1 - RAIL_MM, y0), (x1 - RAIL_MM, y1))),
    ):
        edges = {edge_of(cell, side) for cell in room.cells}  # type: ignore[arg-type]
        if not edges & taken:
            (ax, ay), (bx, by) = path
            sides.append((-(bx - ax + by - ay), path))
    return [path for _, path in sorted(sides)[:limit]]
