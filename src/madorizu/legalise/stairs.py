"""Which stair may stand where: the ones that were read, in all their forms, and such a little off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from madorizu.catalogue import ROOMS, STAIRS
from madorizu.legalise import shapes
from madorizu.legalise.asks import Ask, place_of
from madorizu.legalise.candidates import SCALE, wall_cost
from madorizu.legalise.regions import Ground, bits_where
from madorizu.legalise.shapes import Bits, Board
from madorizu.plan import CLOCKWISE, OPPOSITE, SIDES, Cell, Edge, Rect, Side, Stair, bounds, cells_in

OTHER_FORM, OTHER_PLACE = 1500, 200  # costs
# Across the first flight and along it, in half modules: from the least to the most of the catalogue's.
_ACROSS = {"straight": (2, 2), "u": (4, 4), "l": (4, 6)}
_ALONG = {"straight": (7, 8), "u": (4, 5), "l": (4, 6)}


@dataclass(frozen=True, slots=True)
class StairChoice:
    """A stair that may be chosen, the same on all storeys.

    Attributes:
        stair: its form and place.
        bits: its cells.
        cost: how improbable it is on all storeys together, in hundredths.
        first, last: cells from which one steps on, and onto which one steps off.
    """

    stair: Stair
    bits: Bits
    cost: int
    first: Bits
    last: Bits


def stair_cells(stair: Stair) -> frozenset[Cell]:
    """Return the cells of a stair: its rectangle; of one that turns once, the module along its two flights."""
    x, y, width, height = stair.rect
    if stair.kind != "l":
        return cells_in(stair.rect)
    turned = CLOCKWISE[stair.rise] if stair.turn == "right" else OPPOSITE[CLOCKWISE[stair.rise]]
    bands: dict[Side, Rect] = {
        "n": (x, y, width, 2),
        "s": (x, y + height - 2, width, 2),
        "w": (x, y, 2, height),
        "e": (x + width - 2, y, 2, height),
    }
    return cells_in(bands[OPPOSITE[turned]]) | cells_in(bands[stair.rise])


def before(stair: Stair, edges: Sequence[Edge]) -> frozenset[Cell]:
    """Return the cells outside along some edges of a stair."""
    inside = cells_in(stair.rect)
    return frozenset(c for e in edges for c in e.cells if c not in inside)


def choices(grounds: Sequence[Ground], ask: Ask, effort: int) -> list[StairChoice]:
    """List the stairs that may be chosen; none where there is to be none, or none was read.

    Args:
        grounds: the storeys, lowest first.
        ask: what must be there.
        effort: 0 takes the places that were read, 1 and 2 also such one and two half modules off.
    """
    board = grounds[0].board
    common = grounds[0].floor
    for ground in grounds[1:]:
        common &= ground.floor
    read = [g.reading.plan.stair for g in grounds]
    found: dict[Stair, StairChoice] = {}
    for stair in _forms(grounds, effort):
        bits = board.bits(stair_cells(stair))
        if stair in found or bits & ~common or not _is_whole(stair, bits):
            continue
        frame = grounds[ask.meant[0] if ask.meant else 0].reading.frame
        if ask.stair_place is not None and place_of(stair.rect, frame) != ask.stair_place:
            continue
        cost = sum(_cost(bits, g) for g in grounds)
        cost += sum(OTHER_FORM for r in read if r is not None and _form(r) != _form(stair))
        cost += sum(OTHER_PLACE for r in read if r is not None and r.rect != stair.rect)
        first, last = board.bits(before(stair, stair.entry)), board.bits(before(stair, stair.arrival))
        found[stair] = StairChoice(stair, bits, cost, first, last)
    return sorted(found.values(), key=lambda c: (c.cost, c.stair.rect, c.stair.rise, c.stair.turn))[:60]


def _is_whole(stair: Stair, bits: Bits) -> bool:
    """Say whether all of a stair lies on the board, and that is as much as a stair must have."""
    return len(stair_cells(stair)) == bits.bit_count() >= ROOMS["stair"].min_cells


def _form(stair: Stair) -> tuple[str, str, str]:
    return stair.kind, stair.rise, stair.turn


def _cost(bits: Bits, ground: Ground) -> int:
    inside = ground.board.array(bits)
    cost = float(ground.reading.rooms["stair"] @ inside) + wall_cost(bits, ground.reading, ground.board)
    return round(SCALE * cost)


def _forms(grounds: Sequence[Ground], effort: int) -> Iterator[Stair]:
    """Yield the stairs that were read, then their other forms, then those around their places."""
    rects: dict[Rect, None] = {}
    for ground in grounds:
        stair = ground.reading.plan.stair
        if stair is not None:
            yield stair if _is_sized(stair) else _fitted(stair)
            rects[stair.rect] = None
        for kind, bits in ground.read:
            if kind == "stair":
                rects[_box(bits, ground.board)] = None
        rects |= dict.fromkeys(_hinted(ground))
    kinds = dict.fromkeys(g.reading.plan.stair.kind for g in grounds if g.reading.plan.stair is not None)
    for rect in rects:
        for place in _around(rect, effort):
            yield from _in_all_forms(place, tuple(kinds) if effort < 2 and kinds else ("u", "straight", "l"))


def _hinted(ground: Ground) -> list[Rect]:
    """Return where the evidence alone sees a stair, whatever room the plan has there."""
    board = ground.board
    seen = ground.floor & bits_where(ground.reading.rooms["stair"] == 0, board)
    return [_box(piece, board) for piece in shapes.pieces(shapes.opened(seen, 2, board), board)]


def _box(bits: Bits, board: Board) -> Rect:
    return bounds(board.cells(bits))


def _is_sized(stair: Stair) -> bool:
    _, _, width, height = stair.rect
    across, along = (width, height) if stair.rise in ("n", "s") else (height, width)
    (narrow, wide), (short, long) = _ACROSS[stair.kind], _ALONG[stair.kind]
    turns = ("none",) if stair.kind == "straight" else ("left", "right")
    return narrow <= across <= wide and short <= along <= long and stair.turn in turns


def _fitted(stair: Stair) -> Stair:
    """Give a stair its usual size, from its north-west corner on."""
    form = next(f for f in STAIRS if f.kind == stair.kind)
    across, along = form.width, form.depth
    width, height = (across, along) if stair.rise in ("n", "s") else (along, across)
    turn = "none" if stair.kind == "straight" else "left" if stair.turn == "none" else stair.turn
    return Stair(stair.kind, (stair.rect[0], stair.rect[1], width, height), stair.rise, turn)


def _around(rect: Rect, effort: int) -> Iterator[Rect]:
    """Yield a place, those beside it, and those of usual sizes in its corners."""
    x, y, width, height = rect
    steps = (0,) if effort < 1 else (0, -1, 1, -2, 2)
    for dx in steps:
        for dy in steps if effort > 1 or not dx else (0,):
            yield x + dx, y + dy, width, height
    for form in STAIRS:
        for w, h in {(form.width, form.depth), (form.depth, form.width)}:
            if (w, h) != (width, height) and abs(w - width) + abs(h - height) <= 1 + 2 * effort:
                for left in {x, x + width - w}:
                    for top in {y, y + height - h}:
                        yield left, top, w, h


def _in_all_forms(rect: Rect, kinds: tuple[str, ...]) -> Iterator[Stair]:
    turns: tuple[Literal["left", "right"], ...] = ("left", "right")
    for rise in SIDES:
        for kind in kinds:
            for stair in (
                [Stair("straight", rect, rise)]
                if kind == "straight"
                else [Stair("l" if kind == "l" else "u", rect, rise, turn) for turn in turns]
            ):
                if _is_sized(stair):
                    yield stair
