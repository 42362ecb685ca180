"""What lies on the floor of a room: fills, mats, tiles, boards, shelves, voids."""

from __future__ import annotations

from collections.abc import Iterator

from shapely import unary_union
from shapely.geometry import box as shapely_box

from madorizu.draw.marks import Area, Lines, Path, Primitive
from madorizu.draw.style import Style, fill_of
from madorizu.draw.tatami import lay
from madorizu.draw.walls import Shape, clip, hatch, rings
from madorizu.plan import DOOR_KINDS, HALF_MM, MODULE_MM, Plan, Rect, Room, border, bounds, edge_of, rects_of

BOARD_MM = MODULE_MM / 4
TILE_MM = MODULE_MM / 4
CLOSET_PITCH_MM = 320  # along x, of the 45° lines in closets
RAIL_MM = 300  # from the wall to a hanger rail or the edge of a shelf
HANGERS = frozenset({"cl", "wic"})
SHELVES = frozenset({"sto", "pantry", "sic"})
TILED = frozenset({"ent", "porch"})


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
        yield from _tatami(plan, room, style)
    elif _is_tiled(kind, style):
        paths = clip(_tiles(bounds(room.cells), style), shape)
        yield Lines("floor", paths, style.soft, style.thin_mm)
    elif is_patterned(kind, style):
        yield Lines("floor", clip(_boards(bounds(room.cells)), shape), style.soft, style.thin_mm)
    elif kind in HANGERS or kind == "oshi":
        yield from _closet(plan, room, shape, style)
    elif kind in SHELVES:
        yield from _shelves(plan, room, shape, style)
    elif kind == "void":
        yield Lines("floor", clip(_diagonals(bounds(room.cells)), shape), style.soft, style.thin_mm, (260, 70, 40, 70))


def is_patterned(kind: str, style: Style) -> bool:
    """Say whether a floor has lines of tiles, boards or mats so close that words need a field of their own."""
    bordered = kind == "wa" and style.tatami == "borders"
    return bordered or _is_tiled(kind, style) or kind in style.boards or kind == "deck"


def _is_tiled(kind: str, style: Style) -> bool:
    return kind in TILED or kind in style.tiled


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


def _tatami(plan: Plan, room: Room, style: Style) -> Iterator[Primitive]:
    """Draw the joints of mats and, where half a module is left at a wall, boards along it."""
    doors = frozenset(e for o in plan.openings if o.kind in DOOR_KINDS for e in o.edges) & border(room.cells)
    floor = lay(room.cells, doors, halves=style.tatami == "halves")
    mats = [_corners_mm(mat) for mat in floor.mats]
    strips = [_corners_mm(strip) for strip in rects_of(floor.boards)]
    paths = tuple(rings(shapely_box(*mat))[0] for mat in mats)
    if strips:
        paths += rings(unary_union([shapely_box(*strip) for strip in strips]))
    yield Area("floor", paths, "", style.soft, style.thin_mm)
    if style.tatami == "borders" and mats:
        yield Lines("floor", tuple(_mat_borders(mats)), style.soft, style.thin_mm)
    if boards := tuple(line for strip in rects_of(floor.boards) for line in _boards(strip)):
        yield Lines("floor", boards, style.soft, style.thin_mm)


def _mat_borders(mats: list[tuple[int, int, int, int]]) -> Iterator[Path]:
    """Yield the cloth borders (縁) along the long sides of each mat."""
    inset = 115
    for x0, y0, x1, y1 in mats:
        if x1 - x0 > y1 - y0:
            yield from (((x0, y), (x1, y)) for y in (y0 + inset, y1 - inset))
        elif y1 - y0 > x1 - x0:
            yield from (((x, y0), (x, y1)) for x in (x0 + inset, x1 - inset))


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
