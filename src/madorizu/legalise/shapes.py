"""Sets of cells as bits of one whole number, and what can be said of them quickly.

A board is a rectangle of the lattice with a margin, so that a set that is shifted by some
cells never wraps into the next row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madorizu.plan import OPPOSITE, SIDES, Cell, Side

Bits = int
Segment = tuple[Side, Bits]  # cells of a set along one straight stretch of its border, and to which side that lies


@dataclass(frozen=True, slots=True)
class Board:
    """Cells of the lattice from (left, top) on, row by row."""

    left: int
    top: int
    width: int
    height: int

    def bit(self, cell: Cell) -> Bits:
        """Return a cell as a bit."""
        return 1 << ((cell[1] - self.top) * self.width + cell[0] - self.left)

    def holds(self, cell: Cell) -> bool:
        """Say whether a cell lies on the board."""
        return 0 <= cell[0] - self.left < self.width and 0 <= cell[1] - self.top < self.height

    def bits(self, cells: Iterable[Cell]) -> Bits:
        """Return cells as bits; those off the board are left out."""
        return sum(self.bit(cell) for cell in cells if self.holds(cell))

    def cells(self, bits: Bits) -> frozenset[Cell]:
        """Return the cells of bits."""
        return frozenset((i % self.width + self.left, i // self.width + self.top) for i in indices(bits))

    def moved(self, bits: Bits, side: Side, steps: int = 1) -> Bits:
        """Return the cells that lie so many steps further to a side."""
        by = steps * (self.width if side in ("n", "s") else 1)
        return bits >> by if side in ("n", "w") else bits << by

    def rim(self, bits: Bits, side: Side) -> Bits:
        """Return the cells with a border on a side."""
        return bits & ~self.moved(bits, OPPOSITE[side])

    def ring(self, bits: Bits) -> Bits:
        """Return the cells beside a set."""
        return (bits << 1 | bits >> 1 | bits << self.width | bits >> self.width) & ~bits

    def step(self, side: Side) -> int:
        """Return how far apart neighbours are along a border on a side."""
        return 1 if side in ("n", "s") else self.width

    def array(self, bits: Bits) -> npt.NDArray[np.uint8]:
        """Return bits as zeros and ones, one per cell, row by row."""
        count = self.width * self.height
        data = np.frombuffer(bits.to_bytes((count + 7) // 8, "little"), np.uint8)
        return np.unpackbits(data, bitorder="little")[:count]


def indices(bits: Bits) -> Iterator[int]:
    """Yield the places of bits, lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def stretches(bits: Bits, step: int) -> Iterator[Bits]:
    """Yield the longest straight stretches of cells, where neighbours are `step` bits apart."""
    while bits:
        low = run = bits & -bits
        while (low := low << step) & bits:
            run |= low
        bits &= ~run
        yield run


def segments(bits: Bits, board: Board) -> Iterator[Segment]:
    """Yield the straight stretches of a set's border, by the cells inside along it."""
    for side in SIDES:
        for run in stretches(board.rim(bits, side), board.step(side)):
            yield side, run


def contact(a: Bits, b: Bits, board: Board) -> bool:
    """Say whether two sets share a straight stretch of border of a module, enough for a door."""
    for side in SIDES:
        shared = board.moved(a, side) & b
        if shared & shared >> board.step(side):
            return True
    return False


def corners_of(bits: Bits, side: int, board: Board) -> Bits:
    """Return the north-west cells of all squares of side × side cells inside a set."""
    for _ in range(side - 1):
        bits &= bits >> 1
    for _ in range(side - 1):
        bits &= bits >> board.width
    return bits


def has_neck(bits: Bits, side: int, board: Board) -> bool:
    """Say whether a square of side × side cells cannot be pushed from one place in a set to another one."""
    places = corners_of(bits, side, board)
    return bool(places) and not is_one_piece(places, board)


def opened(bits: Bits, side: int, board: Board) -> Bits:
    """Return what squares of side × side cells inside a set cover."""
    corners = corners_of(bits, side, board)
    for _ in range(side - 1):
        corners |= corners << 1
    for _ in range(side - 1):
        corners |= corners << board.width
    return corners


def filled(seed: Bits, bits: Bits, board: Board) -> Bits:
    """Return the cells of a set that can be reached from some of them."""
    seed &= bits
    while (wider := (seed | seed << 1 | seed >> 1 | seed << board.width | seed >> board.width) & bits) != seed:
        seed = wider
    return seed


def pieces(bits: Bits, board: Board) -> Iterator[Bits]:
    """Yield the pieces of a set that are joined by sides."""
    while bits:
        piece = filled(bits & -bits, bits, board)
        bits &= ~piece
        yield piece


def is_one_piece(bits: Bits, board: Board) -> bool:
    """Say whether a set is joined by sides."""
    return bool(bits) and filled(bits & -bits, bits, board) == bits


def box(bits: Bits, board: Board) -> tuple[int, int, int, int]:
    """Return the columns and rows that a set reaches over: first and last column, first and last row."""
    first, last = (bits & -bits).bit_length() - 1, bits.bit_length() - 1
    top, bottom = first // board.width, last // board.width
    folded = 0
    for row in range(top, bottom + 1):
        folded |= bits >> row * board.width & ((1 << board.width) - 1)
    return (folded & -folded).bit_length() - 1, folded.bit_length() - 1, top, bottom


def rectangle(west: int, east: int, top: int, bottom: int, board: Board) -> Bits:
    """Return a rectangle of columns and rows, the last ones included."""
    row = (1 << (east + 1)) - (1 << west)
    return sum(row << y * board.width for y in range(top, bottom + 1))


def bounding(bits: Bits, board: Board) -> Bits:
    """Return the smallest rectangle around a set."""
    return rectangle(*box(bits, board), board)


def is_union(bits: Bits, count: int, board: Board) -> bool:
    """Say whether a piece is the union of at most `count` rectangles, which may overlap."""
    turns = outward_corners(bits, board)
    if count > 1 and turns <= 5:
        return bool(turns)  # a rectangle, or one without a corner
    return turns <= 4 * count and _coverable(bits, bits, count, board)


def outward_corners(bits: Bits, board: Board) -> int:
    """Count the convex corners of a set's border."""
    north, south = board.rim(bits, "n"), board.rim(bits, "s")
    west, east = board.rim(bits, "w"), board.rim(bits, "e")
    return sum(c.bit_count() for c in (north & west, north & east, south & west, south & east))


def _coverable(left: Bits, bits: Bits, count: int, board: Board) -> bool:
    if not left:
        return True
    whole = bounding(left, board)
    if not whole & ~bits:
        return count > 0
    if count <= 1:
        return False
    # Whatever covers the first cell left can be grown until it cannot grow any more.
    at = (left & -left).bit_length() - 1
    return any(_coverable(left & ~r, bits, count - 1, board) for r in _largest(at, bits, board))


def largest_rectangles(bits: Bits, board: Board) -> list[Bits]:
    """Return the rectangles inside a set that cannot grow and hold one of its outward corners, largest first."""
    north, south = board.rim(bits, "n"), board.rim(bits, "s")
    west, east = board.rim(bits, "w"), board.rim(bits, "e")
    found = {r for at in indices((north | south) & (west | east)) for r in _largest(at, bits, board)}
    return sorted(found, key=lambda r: (-r.bit_count(), r))


def _largest(at: int, bits: Bits, board: Board) -> set[Bits]:
    """Return the rectangles around a cell that cannot grow; no row above its own need be looked at first."""
    x, y = at % board.width, at // board.width
    row = (1 << board.width) - 1
    found: set[Bits] = set()

    def line(j: int) -> Bits:
        return bits >> j * board.width & row if j >= 0 else 0

    top, above = y, line(y)
    while above >> x & 1:
        bottom, common = y, above
        while common >> x & 1:
            found.add(_grown(common, x, y, bits, board))
            bottom += 1
            common &= line(bottom)
        top -= 1
        above &= line(top)
    return found


def _grown(common: Bits, x: int, y: int, bits: Bits, board: Board) -> Bits:
    """Return the tallest rectangle on the run of a row's bits around column x."""
    west = east = x
    while west > 0 and common >> (west - 1) & 1:
        west -= 1
    while common >> (east + 1) & 1:
        east += 1
    mask = (1 << (east + 1)) - (1 << west)
    top = bottom = y
    while top > 0 and bits >> (top - 1) * board.width & mask == mask:
        top -= 1
    while bits >> (bottom + 1) * board.width & mask == mask:
        bottom += 1
    return rectangle(west, east, top, bottom, board)
