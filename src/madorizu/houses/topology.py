"""A house as rooms on the lattice, before doors: solved once, re-dimensioned often.

A `Topology` says which room lies where on every storey. Repeating or dropping a
lattice column or row changes W×H and the room sizes and keeps every neighbourhood, so
one solved topology yields many houses in milliseconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from madorizu.catalogue import ROOMS
from madorizu.errors import PlanError
from madorizu.plan import OPPOSITE, SIDES, Cell, Rect, Side, Stair, bounds, is_connected

RIGID = frozenset({"stair", "bath"})  # built to fixed sizes: never stretched


@dataclass(frozen=True, slots=True)
class Storey:
    """The rooms of one storey: (kind, half-module cells)."""

    rooms: tuple[tuple[str, frozenset[Cell]], ...]

    @property
    def cells(self) -> frozenset[Cell]:
        """All cells of the storey."""
        return frozenset(c for _, cells in self.rooms for c in cells)

    @property
    def size(self) -> tuple[int, int]:
        """W and H in half modules."""
        _, _, width, height = bounds(self.cells)
        return width, height


@dataclass(frozen=True, slots=True)
class Topology:
    """Storeys on one lattice, lowest first, with the stair and the entrance's side."""

    storeys: tuple[Storey, ...]
    entrance: Side
    stair: Stair | None

    @property
    def key(self) -> tuple[tuple[int, int], ...]:
        """W and H of every storey in half modules."""
        return tuple(s.size for s in self.storeys)


def mirrored(topology: Topology) -> Topology:
    """Mirror a house east-west."""
    _, _, width, _ = bounds(topology.storeys[0].cells)
    storeys = tuple(
        Storey(tuple((kind, frozenset((width - 1 - x, y) for x, y in cells)) for kind, cells in s.rooms))
        for s in topology.storeys
    )
    stair = topology.stair
    if stair is not None:
        x, y, w, h = stair.rect
        rise = OPPOSITE[stair.rise] if stair.rise in ("e", "w") else stair.rise
        turn: Literal["none", "left", "right"] = {"none": "none", "left": "right", "right": "left"}[stair.turn]  # type: ignore[assignment]
        stair = Stair(stair.kind, (width - x - w, y, w, h), rise, turn)
    side = topology.entrance
    return Topology(storeys, OPPOSITE[side] if side in ("e", "w") else side, stair)


def repeat_line(topology: Topology, axis: int, at: int) -> Topology | None:
    """Repeat one lattice column (axis 0) or row (axis 1); None if a rigid room lies there."""
    return _edit(topology, axis, at, grow=True)


def drop_line(topology: Topology, axis: int, at: int) -> Topology | None:
    """Drop one lattice column (axis 0) or row (axis 1); None if a rigid room lies there."""
    return _edit(topology, axis, at, grow=False)


def _edit(topology: Topology, axis: int, at: int, *, grow: bool) -> Topology | None:
    step: Cell = (1, 0) if axis == 0 else (0, 1)
    storeys = []
    for storey in topology.storeys:
        rooms = []
        for kind, cells in storey.rooms:
            on_line = [c for c in cells if c[axis] == at]
            if on_line and kind in RIGID:
                return None
            if grow:
                moved = {_shift(c, step, 1) if c[axis] >= at else c for c in cells} | set(on_line)
            else:
                moved = {_shift(c, step, -1) if c[axis] > at else c for c in cells if c[axis] != at}
            if not moved:
                return None
            rooms.append((kind, frozenset(moved)))
        storeys.append(Storey(tuple(rooms)))
    stair = topology.stair
    if stair is not None and stair.rect[axis] >= at:
        sign = 1 if grow else -1
        x, y, width, height = stair.rect
        stair = replace(stair, rect=(x + sign * step[0], y + sign * step[1], width, height))
    return Topology(tuple(storeys), topology.entrance, stair)


def _shift(cell: Cell, step: Cell, sign: int) -> Cell:
    return cell[0] + sign * step[0], cell[1] + sign * step[1]


def is_wide(cells: frozenset[Cell], side: int) -> bool:
    """Say whether a room is a union of squares of this side, in half modules.

    Opens the room with the square (erosion, then dilation), a row of cells being the bits
    of one number.
    """
    x0, y0, _, height = bounds(cells)
    rows = [0] * height
    for x, y in cells:
        rows[y - y0] |= 1 << (x - x0)
    corners = []
    for top in range(height - side + 1):
        common = rows[top]
        for row in rows[top + 1 : top + side]:
            common &= row
        for _ in range(side - 1):
            common &= common >> 1
        corners.append(common)
    opened = [0] * height
    for top, corner in enumerate(corners):
        for i in range(side):
            for j in range(side):
                opened[top + i] |= corner << j
    return opened == rows


def fits_catalogue(storeys: Iterable[Storey]) -> bool:
    """Say whether every room keeps the catalogue's least area and width, and is one piece."""
    for storey in storeys:
        for kind, cells in storey.rooms:
            wanted = ROOMS[kind]
            if not wanted.min_cells <= len(cells) <= wanted.max_cells:
                return False
            if not is_wide(cells, wanted.min_side) or not is_connected(cells):
                return False
    return True


def resized(
    topology: Topology, target: tuple[tuple[int, int], ...], rng: random.Random, *, jitter: int = 2
) -> Topology | None:
    """Bring every storey to a target size by repeating and dropping random lines.

    Args:
        topology: what to start from.
        target: W and H in half modules per storey, as `Topology.key`.
        rng: source of randomness.
        jitter: how many extra pairs of a repeated and a dropped line to try, which move
            walls off the module lines.

    Returns:
        A topology of exactly that size whose rooms fit the catalogue, or None.
    """
    if len(target) != len(topology.storeys):
        return None
    for axis in (0, 1):
        for _ in range(60):
            differences = [t[axis] - s.size[axis] for t, s in zip(target, topology.storeys, strict=True)]
            if not any(differences):
                break
            changed = _towards(topology, axis, differences, rng)
            if changed is None:
                return None
            topology = changed
        else:
            return None
    for _ in range(jitter):
        axis = rng.randrange(2)
        wider = _random_edit(topology, axis, rng, grow=True)
        back = None if wider is None else _random_edit(wider, axis, rng, grow=False)
        if back is not None and back.key == target and fits_catalogue(back.storeys):
            topology = back
    return topology if fits_catalogue(topology.storeys) and topology.key == target else None


def _towards(topology: Topology, axis: int, differences: list[int], rng: random.Random) -> Topology | None:
    """Make one edit that brings the sizes nearer to the target."""
    grow = max(differences) > 0
    spans = [bounds(s.cells) for s in topology.storeys]
    lines = list(range(spans[0][axis], spans[0][axis] + spans[0][axis + 2]))
    rng.shuffle(lines)
    for at in lines:
        within = [span[axis] <= at < span[axis] + span[axis + 2] for span in spans]
        wish = [d > 0 if grow else d < 0 for d in differences]
        if within != wish:
            continue
        changed = _edit(topology, axis, at, grow=grow)
        if changed is not None:
            return changed
    return None


def _random_edit(topology: Topology, axis: int, rng: random.Random, *, grow: bool) -> Topology | None:
    start, extent = bounds(topology.storeys[0].cells)[axis], bounds(topology.storeys[0].cells)[axis + 2]
    return _edit(topology, axis, rng.randrange(start, start + extent), grow=grow)


# --- text form: one line per row and storey, one letter per room ---------------------------

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def to_json(topology: Topology) -> dict[str, Any]:
    """Return a topology as JSON data, drawn in letters; `from_json` is the inverse."""
    return {
        "entrance": topology.entrance,
        "stair": None
        if topology.stair is None
        else [topology.stair.kind, list(topology.stair.rect), topology.stair.rise, topology.stair.turn],
        "storeys": [_storey_to_json(s) for s in topology.storeys],
    }


def _storey_to_json(storey: Storey) -> dict[str, Any]:
    x, y, width, height = bounds(storey.cells)
    letter = {c: _LETTERS[i] for i, (_, cells) in enumerate(storey.rooms) for c in cells}
    rows = ["".join(letter.get((x + i, y + j), ".") for i in range(width)) for j in range(height)]
    return {"at": [x, y], "kinds": [k for k, _ in storey.rooms], "rows": rows}


def from_json(data: Any) -> Topology:
    """Read a topology from JSON data.

    Raises:
        PlanError: if the data is not of the form that `to_json` writes.
    """
    try:
        side = data["entrance"]
        if side not in SIDES:
            raise ValueError(f"entrance {side!r}")
        stair = None
        if data["stair"] is not None:
            kind, rect, rise, turn = data["stair"]
            stair = Stair(kind, _rect(rect), rise, turn)
        return Topology(tuple(_storey_from_json(s) for s in data["storeys"]), side, stair)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise PlanError(f"topology must be as madorizu writes it, got a fault at {error}") from error


def _rect(value: list[int]) -> Rect:
    x, y, width, height = (int(v) for v in value)
    return x, y, width, height


def _storey_from_json(data: Any) -> Storey:
    x0, y0 = data["at"]
    cells: dict[str, set[Cell]] = {}
    for j, row in enumerate(data["rows"]):
        for i, letter in enumerate(row):
            if letter != ".":
                cells.setdefault(letter, set()).add((x0 + i, y0 + j))
    return Storey(tuple((kind, frozenset(cells[_LETTERS[i]])) for i, kind in enumerate(data["kinds"])))
