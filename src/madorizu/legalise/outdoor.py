"""Balconies, porches and decks beside a storey whose indoor rooms are settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madorizu.catalogue import ROOMS
from madorizu.legalise import shapes
from madorizu.legalise.asks import HABITABLE
from madorizu.legalise.reading import Reading
from madorizu.legalise.shapes import Bits, Board
from madorizu.plan import SIDES, Room, Side, is_indoor

DEPTH, LENGTH, USUAL_LENGTH = 2, 4, 8  # half modules of a balcony
REACH = 2  # half modules that one may reach beyond the storey below
_SIDE_COST: dict[Side, int] = {"s": 0, "e": 6, "w": 6, "n": 12}


def outdoor_rooms(
    reading: Reading, board: Board, rooms: Sequence[tuple[str, Bits]], below: Sequence[Room] | None, *, balcony: bool
) -> tuple[Room, ...]:
    """Keep the outdoor rooms that were read where they can be, and lay a balcony where one is asked for.

    Args:
        reading: what was read.
        board: the cells.
        rooms: the indoor rooms.
        below: rooms of the storey below, or None where it is not known.
        balcony: whether there must be a balcony.
    """
    indoors = 0
    for _, bits in rooms:
        indoors |= bits
    if not indoors:
        return ()
    held = _held(below, board)
    taken, found = indoors, []
    for kind, cells in _pieces(reading, board):
        bits = _kept(kind, cells & ~taken, indoors, held, rooms, reading.floor, board)
        if bits:
            taken |= bits
            found.append(Room(kind, board.cells(bits)))
    if balcony and reading.floor > 1 and not any(room.kind == "balcony" for room in found):
        wished = 0
        for room in reading.plan.rooms:
            wished |= board.bits(room.cells) if room.kind == "balcony" else 0
        places = sorted(_places(indoors, taken, held, rooms, wished, board))
        if places:
            found.append(Room("balcony", board.cells(places[0][2])))
    return tuple(found)


def _pieces(reading: Reading, board: Board) -> list[tuple[str, Bits]]:
    """Return the outdoor rooms that were read; those of one kind that touch are one."""
    found: list[tuple[str, Bits]] = []
    for kind in dict.fromkeys(room.kind for room in reading.plan.rooms if not is_indoor(room.kind)):
        bits = 0
        for room in reading.plan.rooms:
            bits |= board.bits(room.cells) if room.kind == kind else 0
        found += [(kind, piece) for piece in shapes.pieces(bits, board)]
    return found


def _held(below: Sequence[Room] | None, board: Board) -> Bits | None:
    """Return the cells where a balcony may be: over the storey below, its porch, and a module beyond the house."""
    if below is None:
        return None
    indoors = board.bits(c for room in below if is_indoor(room.kind) for c in room.cells)
    wide = indoors
    for _ in range(REACH):
        wide |= wide << 1 | wide >> 1
    for _ in range(REACH):
        wide |= wide << board.width | wide >> board.width
    return wide | board.bits(c for room in below for c in room.cells)


def _kept(
    kind: str, bits: Bits, indoors: Bits, held: Bits | None, rooms: Sequence[tuple[str, Bits]], floor: int, board: Board
) -> Bits:
    """Return what of an outdoor room can stay, 0 for nothing."""
    if (floor < 2) == (kind == "balcony"):
        return 0
    if held is not None:
        bits &= held
    parts = [
        p
        for p in shapes.pieces(shapes.opened(bits, DEPTH, board), board)
        if p.bit_count() >= ROOMS[kind].min_cells
        and board.ring(p) & indoors
        and shapes.is_union(p, 2, board)
        and not shapes.has_neck(p, DEPTH, board)
        and (kind != "balcony" or _is_balcony(p, indoors, rooms, board))
    ]
    return max(parts, key=int.bit_count, default=0)


def _is_balcony(bits: Bits, indoors: Bits, rooms: Sequence[tuple[str, Bits]], board: Board) -> bool:
    """Say whether a balcony is long enough, open, and beside a room that may lead to it."""
    west, east, top, bottom = shapes.box(bits, board)
    long = max(east - west, bottom - top) + 1
    free = sum((board.rim(bits, side) & ~_beside(indoors, side, board)).bit_count() for side in SIDES)
    leads = any(kind in HABITABLE | {"hall"} and shapes.contact(bits, cells, board) for kind, cells in rooms)
    return long >= LENGTH and free >= long and leads


def _beside(indoors: Bits, side: Side, board: Board) -> Bits:
    """Return the cells that have the house on a side."""
    opposite: dict[Side, Side] = {"n": "s", "s": "n", "e": "w", "w": "e"}
    return board.moved(indoors, opposite[side])


def _places(
    indoors: Bits, taken: Bits, held: Bits | None, rooms: Sequence[tuple[str, Bits]], wished: Bits, board: Board
) -> Iterator[tuple[int, int, Bits]]:
    """Yield balconies before the outer walls of rooms, with what speaks against each."""
    for kind, cells in rooms:
        if kind not in HABITABLE:
            continue
        for side in SIDES:
            for run in shapes.stretches(cells & board.rim(indoors, side), board.step(side)):
                for part in _parts(run, board.step(side)):
                    bits = board.moved(part, side) | board.moved(part, side, 2)
                    if bits & taken or (held is not None and bits & ~held):
                        continue
                    if _is_balcony(bits, indoors, rooms, board):
                        length = part.bit_count()
                        cost = _SIDE_COST[side] + abs(length - USUAL_LENGTH) - 2 * (bits & wished).bit_count()
                        yield cost, part, bits


def _parts(run: Bits, step: int) -> Iterator[Bits]:
    """Yield the stretches of a run that are long enough for a balcony."""
    cells = list(shapes.indices(run))
    for length in range(LENGTH, min(len(cells), USUAL_LENGTH) + 1):
        for start in range(len(cells) - length + 1):
            yield sum(1 << i for i in cells[start : start + length])
