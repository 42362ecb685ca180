"""Which rooms may lie where: the rooms that were read, and what each may be instead.

Of each region (`regions`) come candidates: itself, smoothed, with a side moved, with a gap or a
neighbour's strip taken in, cut, or with a missing room carved out of it. Candidates that no
lawful house could have (too small, too narrow, without an outer wall for its windows) are left out at
once, so that the cover stays small.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from madorizu.catalogue import ROOMS
from madorizu.errors import OutOfTimeError
from madorizu.legalise import shapes
from madorizu.legalise.lawful import NOOK_CELLS, Lawful
from madorizu.legalise.reading import Reading
from madorizu.legalise.regions import Ground
from madorizu.legalise.shapes import Bits, Board
from madorizu.plan import HALF_MM, OPPOSITE, SIDES, is_indoor

SCALE = 100  # of costs, which are whole numbers for the solver
ROOM = 150  # cost of any room: of two ways, the one with fewer rooms
NEW_ROOM, NEW_SHAPE, RAGGED, OVERSIZE = 300, 40, 40, 60  # costs; the last per cell over the usual
WHOLE = 0.35  # of the cost of its cells: another name for a room that was read
FIXTURE = 900  # cost of a room around a fixture that does not belong there
LEAST_HALVED = 12  # cells of a region that is cut in two where it cannot stay
RECTANGLES = 8  # of a region that are tried as rooms
LIMIT = 1100  # candidates of a storey
_FIXTURE_HOMES: dict[str, frozenset[str]] = {
    "kitchen": frozenset({"ldk"}),
    "bathtub": frozenset({"bath"}),
    "basin": frozenset({"wash"}),
    "washing_machine": frozenset({"wash", "laundry"}),
    "toilet": frozenset({"wc"}),
    "shoe_cabinet": frozenset({"ent", "sic"}),
}
# Sizes of rooms that are carved out of others, in half modules.
_CARVED: dict[str, tuple[tuple[int, int], ...]] = {
    "wc": ((2, 4), (2, 3), (3, 3)),
    "bath": ((4, 4), (3, 4)),
    "wash": ((4, 4), (3, 4), (3, 5)),
    "ent": ((4, 4), (3, 4), (3, 3)),
    "hall": ((2, 4), (2, 2), (2, 6), (2, 8)),
    "wic": ((3, 4), (4, 4), (2, 4)),
    "sic": ((2, 4), (2, 2), (3, 4)),
    "pantry": ((2, 4), (2, 2)),
    "s": ((4, 4), (3, 4), (2, 4)),
    "den": ((4, 4), (3, 4)),
    "laundry": ((4, 4), (3, 4)),
    "wa": ((6, 6), (6, 7), (5, 7)),
    "bed": ((6, 6), (5, 7), (6, 7), (4, 8)),
    "mbr": ((6, 8), (7, 7)),
    "void": ((4, 4), (4, 6)),
}
_ANY = tuple(kind for kind in ROOMS if is_indoor(kind) and kind not in ("stair", "void", "ent", "ldk"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A room that may be chosen.

    Attributes:
        kind: code of `catalogue.ROOMS`.
        bits: its cells on the board.
        cost: how improbable it is by the evidence, in hundredths.
        is_read: it is a room of the draft's plan, unchanged.
    """

    kind: str
    bits: Bits
    cost: int
    is_read: bool = False


# --- shapes of a region -----------------------------------------------------------------------


def smoothed(bits: Bits, floor: Bits, board: Board) -> list[Bits]:
    """Return a region without nubs and notches half a module wide, and its rectangle where that is not far off."""
    if not bits:
        return []
    whole = shapes.bounding(bits, board)
    closed = (whole & ~shapes.opened(whole & ~bits, 2, board)) & floor
    found = [bits, closed]
    for one in (bits, closed):
        for side in (2, 3):
            wide = shapes.opened(one, side, board)
            if wide:
                found.append(max(shapes.pieces(wide, board), key=int.bit_count))
    if whole.bit_count() <= 1.25 * bits.bit_count() and not whole & ~floor:
        found.append(whole)
    return list(dict.fromkeys(found))


def strips(bits: Bits, floor: Bits, board: Board, steps: Iterable[int]) -> Iterator[tuple[Bits, Bits]]:
    """Yield a region with a straight side of its border moved out or in, with the strip that it won or lost."""
    for side, run in shapes.segments(bits, board):
        for step in steps:
            out = 0
            for i in range(1, step + 1):
                out |= board.moved(run, side, i)
            if not out & ~floor and not out & bits:
                yield bits | out, out
            lost = 0
            for i in range(step):
                lost |= board.moved(run, OPPOSITE[side], i)
            lost &= bits
            if bits & ~lost:
                yield bits & ~lost, lost


def facing(bits: Bits, gap: Bits, board: Board) -> list[Bits]:
    """Return a region with what of a gap lies straight before it, and with all of a gap beside it."""
    if not board.ring(bits) & gap:
        return []
    found = [bits | gap]
    for side in SIDES:
        front, step = 0, board.moved(bits, side) & gap
        while step:
            front |= step
            step = board.moved(step, side) & gap & ~front
        if front:
            found.append(bits | front)
    return found


def halves(bits: Bits, board: Board) -> Iterator[tuple[Bits, Bits]]:
    """Yield a region cut in two by each straight line."""
    west, east, top, bottom = shapes.box(bits, board)
    for x in range(west + 1, east):
        first = bits & shapes.rectangle(west, x, top, bottom, board)
        yield first, bits & ~first
    for y in range(top + 1, bottom):
        first = bits & shapes.rectangle(west, east, top, y, board)
        yield first, bits & ~first


def corners(bits: Bits, kind: str, board: Board) -> Iterator[Bits]:
    """Yield places for a room that is missing in the corners of a region."""
    west, east, top, bottom = shapes.box(bits, board)
    for a, b in _CARVED.get(kind, ()):
        for width, height in {(a, b), (b, a)}:
            for x in {west, east + 1 - width}:
                for y in {top, bottom + 1 - height}:
                    if x >= west and y >= top:
                        part = shapes.rectangle(x, x + width - 1, y, y + height - 1, board)
                        if not part & ~bits:
                            yield part


# --- candidates -------------------------------------------------------------------------------


@dataclass(slots=True)
class Collector:
    """Gathers the candidates of a storey, each once, with their costs."""

    ground: Ground
    lawful: Lawful
    found: dict[tuple[str, Bits], Candidate] = field(default_factory=dict)
    _costs: dict[Bits, dict[str, float]] = field(default_factory=dict)

    def add(self, bits: Bits, kinds: Iterable[str], extra: int = 0) -> None:
        """Add a shape with each kind that it may have."""
        for kind in kinds:
            if bits and (kind, bits) not in self.found and self.lawful.may_be(kind, bits):
                is_read = (kind, bits) in self.ground.read
                more = 0 if is_read else extra + (0 if bits in self.ground.regions else NEW_SHAPE)
                more += OVERSIZE * max(0, bits.bit_count() - ROOMS[kind].max_cells)
                if not is_read and bits != shapes.bounding(bits, self.ground.board):
                    more += RAGGED
                more += ROOM
                self.found[kind, bits] = Candidate(kind, bits, more + round(SCALE * self._cost(kind, bits)), is_read)

    def _cost(self, kind: str, bits: Bits) -> float:
        """Return the cost of a shape's walls, and of its cells being of a kind."""
        if bits not in self._costs:
            self._costs[bits] = {"": wall_cost(bits, self.ground.reading, self.ground.board)}
        known = self._costs[bits]
        if kind not in known:
            mask = self.ground.board.array(bits)
            cost = float(self.ground.reading.rooms[kind] @ mask)
            # A room that was taken for another one is one mistake, not one per cell.
            whole = any(bits == own for _, own in self.ground.read)
            known[kind] = (WHOLE * cost if whole else cost) + _fixture_cost(bits, kind, self.ground)
        return known[""] + known[kind]


def wall_cost(bits: Bits, reading: Reading, board: Board) -> float:
    """Return the cost of a room's border being wall, which its neighbour shares, and of none within."""
    north, west = board.rim(bits, "n"), board.rim(bits, "w")
    south, east = board.rim(bits, "s") << board.width, board.rim(bits, "e") << 1
    within = float(reading.none[0] @ board.array(bits & ~north) + reading.none[1] @ board.array(bits & ~west))
    h, v = board.array(north) + board.array(south), board.array(west) + board.array(east)
    return within + float(reading.wall[0] @ h + reading.wall[1] @ v) / 2


def _fixture_cost(bits: Bits, kind: str, ground: Ground) -> float:
    cost = 0.0
    for fixture, sure in zip(ground.reading.plan.fixtures, ground.reading.fixtures_sure, strict=True):
        homes = _FIXTURE_HOMES.get(fixture.kind)
        middle = (
            (fixture.x_mm + fixture.width_mm // 2) // HALF_MM,
            (fixture.y_mm + fixture.depth_mm // 2) // HALF_MM,
        )
        if homes is not None and kind not in homes and ground.board.holds(middle) and ground.board.bit(middle) & bits:
            cost += FIXTURE / SCALE * sure
    return cost


def candidates(
    ground: Ground, lawful: Lawful, wanted: tuple[str, ...], stairs: Iterable[Bits], effort: int, end: float = math.inf
) -> list[Candidate]:
    """List the rooms that may be on a storey.

    Args:
        ground: the storey.
        lawful: what a room may be there.
        wanted: kinds that are missing.
        stairs: cells of the stairs that may be chosen.
        effort: 0 changes only what cannot stay, 1 any side by a module, 2 more.
        end: when to give up, of `time.monotonic`.

    Raises:
        OutOfTimeError: if the time is up.
    """
    board = ground.board
    collector = Collector(ground, lawful)
    real = tuple(kind for kind in wanted if kind in ROOMS)
    regions = dict(ground.regions)
    leftovers = _around_stairs(ground, list(stairs), regions)
    bases = list(regions.items())
    _whole_regions(collector, bases, leftovers)
    if effort:
        for _, bits in ground.read:
            collector.add(bits & ground.floor, _ANY)
    _overlaps(collector, bases)
    if real:
        _carve(collector, bases, real)
    near = ground.trouble
    for gap in leftovers:
        near |= gap
    focus = near | board.ring(near)
    for bits, kinds in bases:
        if time.monotonic() > end:
            raise OutOfTimeError("rooms must be listed in time, got too many of them")
        if effort or bits & focus:
            _move_sides(collector, bits, kinds, bases, (1, 2) if effort < 2 else (1, 2, 3, 4))
        if effort > 1 or (bits & near and bits.bit_count() >= LEAST_HALVED) or (real and effort):
            for part in (part for pair in halves(bits, board) for part in pair):
                collector.add(part, (*kinds, *real), NEW_ROOM)
        if bits & near or real:
            _part_rectangles(collector, bits, (*kinds, *real))
    return sorted(collector.found.values(), key=_by_doubt)[:LIMIT]


def _whole_regions(collector: Collector, bases: list[tuple[Bits, tuple[str, ...]]], leftovers: list[Bits]) -> None:
    """Add regions, smoothed too, and with or without the gaps beside them."""
    ground, board = collector.ground, collector.ground.board
    for bits, kinds in bases:
        for shape in smoothed(bits, ground.floor, board):
            collector.add(shape, kinds)
    for gap in (*ground.gaps, *leftovers, *shapes.pieces(ground.loose, board)):
        for bits, kinds in bases:
            for shape in facing(bits, gap, board):
                collector.add(shape, kinds)
            collector.add(bits & ~gap, kinds)


def _by_doubt(c: Candidate) -> tuple[bool, float, str, Bits]:
    """Order candidates by how improbable each cell of them is; rooms that were read come first."""
    return not c.is_read, c.cost / c.bits.bit_count(), c.kind, c.bits


def _around_stairs(ground: Ground, stairs: list[Bits], regions: dict[Bits, tuple[str, ...]]) -> list[Bits]:
    """Take the stairs' cells from the regions; return what stairs that were read leave over."""
    before = 0
    for kind, bits in ground.read:
        before |= bits if kind == "stair" else 0
    leftovers: list[Bits] = []
    for taken in stairs:
        leftovers += shapes.pieces(before & ~taken & ground.floor, ground.board)
        for bits, kinds in list(regions.items()):
            if bits & taken and bits & ~taken:
                for piece in shapes.pieces(bits & ~taken, ground.board):
                    regions.setdefault(piece, kinds)
    return list(dict.fromkeys(leftovers))


def _overlaps(collector: Collector, bases: list[tuple[Bits, tuple[str, ...]]]) -> None:
    """Add what is left of regions where other readings of the same place overlap them, and joins of small ones."""
    board = collector.ground.board
    for bits, kinds in bases:
        ring = board.ring(bits)
        for other, _ in bases:
            if other & bits and other & ~bits and bits & ~other:
                collector.add(bits & ~other, kinds)
            elif other != bits and other & bits == other:
                for piece in shapes.pieces(bits & ~other, board):
                    collector.add(piece, kinds)
            elif (
                ring & other
                and not other & bits
                and (other.bit_count() <= NOOK_CELLS or kinds[:1] == collector.ground.regions.get(other, ("",))[:1])
            ):
                collector.add(bits | other, kinds)


def _carve(collector: Collector, bases: list[tuple[Bits, tuple[str, ...]]], wanted: tuple[str, ...]) -> None:
    """Add rooms that are missing in the corners of others, and what is left of those."""
    board = collector.ground.board
    for bits, kinds in bases:
        for kind in wanted:
            for part in corners(bits, kind, board):
                collector.add(part, (kind,), NEW_ROOM)
                collector.add(bits & ~part, kinds)


def _part_rectangles(collector: Collector, bits: Bits, kinds: tuple[str, ...]) -> None:
    """Add the largest rectangles of a region and what is left of it: most rooms are rectangles, halls what is left."""
    board = collector.ground.board
    if shapes.outward_corners(bits, board) <= 4:
        return
    for part in shapes.largest_rectangles(bits, board)[:RECTANGLES]:
        collector.add(part, kinds, NEW_ROOM)
        for piece in shapes.pieces(bits & ~part, board):
            collector.add(piece, kinds, NEW_ROOM)


def _move_sides(
    collector: Collector,
    bits: Bits,
    kinds: tuple[str, ...],
    bases: list[tuple[Bits, tuple[str, ...]]],
    steps: tuple[int, ...],
) -> None:
    """Add a region with a side moved, and its neighbours with the strip that it takes or leaves."""
    board, floor = collector.ground.board, collector.ground.floor
    for shape, strip in strips(bits, floor, board, steps):
        collector.add(shape, kinds)
        grown = strip & ~bits
        for other, own in bases:
            if grown and other & strip and other & ~strip:
                collector.add(other & ~strip, own)
            elif not grown and not other & bits and board.ring(other) & strip:
                for wider in facing(other, strip, board)[1:]:
                    collector.add(wider, own)
