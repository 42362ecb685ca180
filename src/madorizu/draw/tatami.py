"""How mats lie in a tatami room: full mats, half mats, and boards (板畳) where half a module is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from madorizu.plan import Cell, Edge, Rect, bounds

Mat = Rect  # x, y, width, depth in half modules: 4 x 2 or 2 x 4, and 2 x 2 for half a mat
Piece = tuple[Cell, ...]  # one or two squares of a module
MOST_SQUARES = 32  # 16 mats; larger rooms are laid in courses

# Traditional layouts: mats (x, y, width, depth) in modules of a room of width x depth; no
# four corners meet (祝儀敷き). Turned rooms take them transposed.
_LAYOUTS: dict[tuple[int, int], tuple[tuple[int, int, int, int], ...]] = {
    (3, 3): ((0, 0, 2, 1), (2, 0, 1, 2), (1, 2, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1)),
    (4, 3): ((0, 0, 1, 2), (1, 0, 2, 1), (3, 0, 1, 2), (1, 1, 2, 1), (0, 2, 2, 1), (2, 2, 2, 1)),
    (4, 4): (
        (0, 0, 2, 1), (2, 0, 2, 1), (0, 1, 1, 2), (1, 1, 2, 1),
        (1, 2, 2, 1), (3, 1, 1, 2), (0, 3, 2, 1), (2, 3, 2, 1),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Floor:
    """What lies in a room: mats, and the cells of boards."""

    mats: tuple[Mat, ...]
    boards: frozenset[Cell]


def lay(cells: frozenset[Cell], doors: frozenset[Edge] = frozenset(), *, halves: bool = False) -> Floor:
    """Lay a room of any shape.

    Squares of a module are placed so that most of them fit, then with their boards at the
    walls with the fewest doors. Traditional layouts come first; else no four corners
    meet and half mats are few; a room of many mats is laid in courses.

    Args:
        cells: of the room.
        doors: edges of the room under a door, which boards keep away from.
        halves: lay half mats only (琉球畳).
    """
    squares, boards = _squares(cells, doors)
    if halves:
        return Floor(tuple((x, y, 2, 2) for x, y in sorted(squares, key=lambda s: s[::-1])), boards)
    known = _traditional(squares)
    if known:
        return Floor(known, boards)
    corner = (min((x for x, _ in squares), default=0), min((y for _, y in squares), default=0))
    grid = frozenset(((x - corner[0]) // 2, (y - corner[1]) // 2) for x, y in squares)
    pieces = _auspicious(grid) or _courses(grid)
    return Floor(tuple(_mat(piece, corner) for piece in pieces), boards)


def _squares(cells: frozenset[Cell], doors: frozenset[Edge]) -> tuple[frozenset[Cell], frozenset[Cell]]:
    """Return the north-west cells of the squares that fit, all on one module grid, and the cells left over."""
    found = []
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        fits = {
            (x, y)
            for x, y in cells
            if (x - dx) % 2 == 0 == (y - dy) % 2 and {(x + 1, y), (x, y + 1), (x + 1, y + 1)} <= cells
        }
        left = cells - {(x + i, y + j) for x, y in fits for i in (0, 1) for j in (0, 1)}
        near = sum(bool(left.intersection(edge.cells)) for edge in doors)
        found.append(((-len(fits), near, (dx - min(cells)[0]) % 2, (dy - min(y for _, y in cells)) % 2), fits, left))
    _, fits, left = min(found, key=lambda item: item[0])
    return frozenset(fits), frozenset(left)


def _traditional(squares: frozenset[Cell]) -> tuple[Mat, ...]:
    """Return the usual mats of a rectangle of 4.5, 6 or 8 mats; none for other rooms."""
    if not squares:
        return ()
    x0, y0, width, depth = bounds(squares)
    size = (width + 1) // 2, (depth + 1) // 2
    if len(squares) != size[0] * size[1]:
        return ()
    if size in _LAYOUTS:
        return tuple((x0 + 2 * x, y0 + 2 * y, 2 * w, 2 * h) for x, y, w, h in _LAYOUTS[size])
    turned = _LAYOUTS.get((size[1], size[0]), ())
    return tuple((x0 + 2 * y, y0 + 2 * x, 2 * h, 2 * w) for x, y, w, h in turned)


def _auspicious(grid: frozenset[Cell]) -> list[Piece]:
    """Cover squares with the fewest half mats so that no four corners meet; nothing for a large room."""
    if len(grid) > MOST_SQUARES:
        return []
    black = sum((x + y) % 2 for x, y in grid)
    least = abs(len(grid) - 2 * black)
    for halves in range(least, len(grid) + 1, 2):
        pieces = _cover(sorted(grid, key=lambda s: s[::-1]), grid, {}, halves)
        if pieces:
            return pieces
    return []


def _cover(order: list[Cell], grid: frozenset[Cell], owner: dict[Cell, int], halves: int) -> list[Piece] | None:
    """Lay the first open square in each way and try the rest; `owner` numbers the mats laid.

    All squares before the first of `order` are laid.
    """
    start = next((i for i, square in enumerate(order) if square not in owner), None)
    if start is None:
        return _pieces(owner)
    x, y = order[start]
    number = len(owner) + 1  # greater than any before it, as every mat covers a square
    for piece in (((x, y), (x + 1, y)), ((x, y), (x, y + 1)), ((x, y),)):
        if (len(piece) == 1 and not halves) or any(s in owner or s not in grid for s in piece):
            continue
        owner.update(dict.fromkeys(piece, number))
        if not any(_four_meet(owner, corner) for corner in _corners(piece)):
            found = _cover(order[start + 1 :], grid, owner, halves - (len(piece) == 1))
            if found is not None:
                return found
        for square in piece:
            del owner[square]
    return None


def _corners(piece: Piece) -> Iterator[Cell]:
    """Yield the corners of the squares of a mat; (x, y) is the north-west corner of the square (x, y)."""
    for x, y in piece:
        yield from ((x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1))


def _four_meet(owner: dict[Cell, int], corner: Cell) -> bool:
    x, y = corner
    around = [owner.get(square) for square in ((x - 1, y - 1), (x, y - 1), (x - 1, y), (x, y))]
    return None not in around and len(set(around)) == 4


def _pieces(owner: dict[Cell, int]) -> list[Piece]:
    found: dict[int, list[Cell]] = {}
    for square, number in owner.items():
        found.setdefault(number, []).append(square)
    return [tuple(squares) for _, squares in sorted(found.items())]


def _courses(grid: Iterable[Cell]) -> list[Piece]:
    """Lay rows from the west, every second one beginning with half a mat."""
    left, found = set(grid), []
    for x, y in sorted(left, key=lambda s: s[::-1]):
        if (x, y) not in left:
            continue
        begins = (x - 1, y) not in grid and y % 2 == 1
        piece: Piece = ((x, y),) if begins or (x + 1, y) not in left else ((x, y), (x + 1, y))
        left -= set(piece)
        found.append(piece)
    return found


def _mat(piece: Piece, corner: Cell) -> Mat:
    (x, y), (x1, y1) = min(piece), max(piece)
    return corner[0] + 2 * x, corner[1] + 2 * y, 2 * (x1 - x + 1), 2 * (y1 - y + 1)
