"""Which cells a room of a kind may have: size, width, form, outer walls, by the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from madorizu.catalogue import ROOMS, SASH_WIDTH_MM, WINDOW_HEAD_MM, WINDOW_SILL_MM
from madorizu.legalise import shapes
from madorizu.legalise.asks import SMALL_LDK
from madorizu.legalise.shapes import Bits, Board
from madorizu.plan import HALF_MM, SIDES, Side

MOST = 2.0  # times the usual greatest area that a room that was read may have
NOOK_CELLS = 8  # a habitable room may have a nook of so many cells narrower than itself
DAYLIGHT = 10  # window area: one tenth of the floor


@dataclass(slots=True)
class Lawful:
    """Tells which cells a room of a kind may have on a storey, by the sizes of the catalogue."""

    board: Board
    floor: Bits
    number: int
    entrance: Side | None
    _known: dict[tuple[str, Bits], bool] = field(default_factory=dict)
    _forms: dict[Bits, tuple[bool, bool, bool]] = field(default_factory=dict)

    def may_be(self, kind: str, bits: Bits) -> bool:
        """Say whether a room of a kind may have these cells."""
        key = kind, bits
        if key not in self._known:
            self._known[key] = self._judge(kind, bits)
        return self._known[key]

    def _judge(self, kind: str, bits: Bits) -> bool:
        wanted, count = ROOMS.get(kind), bits.bit_count()
        if wanted is None or kind == "stair" or not wanted.min_cells <= count <= MOST * wanted.max_cells:
            return False
        if (kind == "ldk" and count < SMALL_LDK) or (kind == "ent" and self.number > 1):
            return False
        if kind == ("void" if self.number < 2 else "sic"):
            return False
        one_piece, plain, in_three = self._form(bits)
        if not one_piece or not (plain or (kind == "hall" and in_three)):
            return False
        if not _is_wide(bits, kind, self.board):
            return False
        if kind == "ent":
            return any(self._outer(bits, side) for side in SIDES if self.entrance in (None, side))
        return not wanted.habitable or self._is_lit(bits)

    def _form(self, bits: Bits) -> tuple[bool, bool, bool]:
        """Say whether cells are one piece, a union of two rectangles, and of three."""
        if bits not in self._forms:
            plain = shapes.is_union(bits, 2, self.board)
            in_three = plain or shapes.is_union(bits, 3, self.board)
            self._forms[bits] = shapes.is_one_piece(bits, self.board), plain, in_three
        return self._forms[bits]

    def _outer(self, bits: Bits, side: Side) -> bool:
        """Say whether a module of a room's border on a side is outer wall."""
        edges = bits & self.board.rim(self.floor, side)
        return bool(edges & edges >> self.board.step(side))

    def _is_lit(self, bits: Bits) -> bool:
        needed = bits.bit_count() * HALF_MM * HALF_MM / DAYLIGHT
        high = WINDOW_HEAD_MM - (WINDOW_SILL_MM["window"] if self.number > 1 else 0)
        for side in SIDES:
            for run in shapes.stretches(bits & self.board.rim(self.floor, side), self.board.step(side)):
                needed -= glass(run.bit_count()) * high
                if needed <= 0:
                    return True
        return False


def _is_wide(bits: Bits, kind: str, board: Board) -> bool:
    side = ROOMS[kind].min_side
    if side > 1 and (shapes.has_neck(bits, 2, board) or shapes.has_neck(bits, side, board)):
        return False
    narrow = bits & ~shapes.opened(bits, side, board)
    if not narrow:
        return True
    if not ROOMS[kind].habitable or narrow == bits:
        return False
    slits = bits & ~shapes.opened(bits, 2, board)
    return not slits and all(p.bit_count() <= NOOK_CELLS for p in shapes.pieces(narrow, board))


@cache
def glass(span: int) -> int:
    """Return the widest windows in mm that a run of wall of so many half modules takes."""
    if span < min(SASH_WIDTH_MM):
        return 0
    return max(glass(span - 1), *(mm + glass(span - s) for s, mm in SASH_WIDTH_MM.items() if s <= span))
