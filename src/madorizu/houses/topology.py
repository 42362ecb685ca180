"""A house as rooms on the lattice, before doors: solved once, re-dimensioned often.

A `Topology` says which room lies where on every storey. It can be turned and mirrored
(`turned`) and re-dimensioned (`resize`), which keeps every neighbourhood, so one solved
topology yields many houses in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from madorizu.catalogue import ROOMS, STAIRS
from madorizu.errors import PlanError
from madorizu.plan import OPPOSITE, SIDES, Cell, Side, Stair, bounds, cells_in, is_connected


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


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the eight symmetries of the square: first swap east-west and north-south, then flip."""

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def side(self, side: Side) -> Side:
        """Return where a side of the house comes to lie."""
        if self.swap:
            side = _SWAPPED[side]
        flipped = self.flip_x if side in ("e", "w") else self.flip_y
        return OPPOSITE[side] if flipped else side


_SWAPPED: dict[Side, Side] = {"n": "w", "w": "n", "e": "s", "s": "e"}
_OTHER_TURN: dict[str, Literal["none", "left", "right"]] = {"none": "none", "left": "right", "right": "left"}
TURNS = tuple(Turn(swap, x, y) for swap in (False, True) for x in (False, True) for y in (False, True))


def turned(topology: Topology, turn: Turn) -> Topology:
    """Mirror or rotate a house; its bounding rectangle keeps its north-west corner at the origin."""
    width, height = topology.storeys[0].size
    if turn.swap:
        width, height = height, width

    def moved(cell: Cell) -> Cell:
        x, y = cell[::-1] if turn.swap else cell
        return (width - 1 - x if turn.flip_x else x), (height - 1 - y if turn.flip_y else y)

    storeys = tuple(
        Storey(tuple((kind, frozenset(map(moved, cells))) for kind, cells in s.rooms)) for s in topology.storeys
    )
    stair = topology.stair
    if stair is not None:
        x, y, w, h = stair.rect
        corners = [moved((x, y)), moved((x + w - 1, y + h - 1))]
        mirrored = turn.swap ^ turn.flip_x ^ turn.flip_y
        hand = _OTHER_TURN[stair.turn] if mirrored else stair.turn
        stair = Stair(stair.kind, bounds(corners), turn.side(stair.rise), hand)
    return Topology(storeys, turn.side(topology.entrance), stair)


def is_wide(cells: frozenset[Cell], side: int) -> bool:
    """Say whether a square of this side, in half modules, can be moved through a room and cover all of it.

    Opens the room with the square (erosion, then dilation), a row of cells being the bits
    of one number; the squares' places must be joined, or the room has a neck.
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
    return opened == rows and _is_joined(corners)


def _is_joined(rows: list[int]) -> bool:
    """Say whether bits are one piece, joined by sides: those beside each other, and one below the other."""
    if not any(rows):
        return False
    first = next(i for i, row in enumerate(rows) if row)
    reached = [0] * len(rows)
    reached[first] = rows[first] & -rows[first]
    grown = True
    while grown:
        grown = False
        for i, row in enumerate(rows):
            above = reached[i - 1] if i else 0
            below = reached[i + 1] if i + 1 < len(rows) else 0
            more = row & (reached[i] | reached[i] << 1 | reached[i] >> 1 | above | below)
            if more != reached[i]:
                reached[i], grown = more, True
    return reached == rows


TUNNELS = frozenset({"sic", "s", "wic", "sto", "pantry"})  # rooms that nobody builds as corridors of shelves
_TUNNEL_CELLS = 12  # from this area on they are a module and a half wide
_TUNNEL_ASPECT = 3  # longer over shorter side, at the most


def is_tunnel(kind: str, cells: frozenset[Cell]) -> bool:
    """Say whether a store is too long for its width to be used."""
    if kind not in TUNNELS:
        return False
    if len(cells) >= _TUNNEL_CELLS and not is_wide(cells, 3):
        return True
    _, _, width, height = bounds(cells)
    return max(width, height) > _TUNNEL_ASPECT * min(width, height)


def fits_catalogue(storeys: Iterable[Storey], *, oversize: float = 1.0) -> bool:
    """Say whether every room is one piece and keeps the catalogue's least width, least and greatest area.

    Stores must not be tunnels either, see `is_tunnel`.
    `oversize` is how many times the usual greatest area is still let pass.
    """
    for storey in storeys:
        for kind, cells in storey.rooms:
            wanted = ROOMS[kind]
            if not wanted.min_cells <= len(cells) <= wanted.max_cells * oversize:
                return False
            if not is_wide(cells, wanted.min_side) or not is_connected(cells) or is_tunnel(kind, cells):
                return False
    return True


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
        check_heads(data)
        stair = None if data["stair"] is None else _stair_from_json(data["stair"])
        storeys = tuple(_storey_from_json(s) for s in data["storeys"])
    except FAULTS as error:
        raise PlanError(f"topology must be as madorizu writes it, got a fault at {error}") from error
    rooms = [cells for storey in storeys for kind, cells in storey.rooms if kind == "stair"]
    if stair is not None and not all(cells <= cells_in(stair.rect) for cells in rooms):
        raise PlanError(f"topology's stair must lie in its rooms, got {stair.rect}")
    return Topology(storeys, data["entrance"], stair)


FAULTS = (KeyError, TypeError, ValueError, IndexError, AttributeError)  # what data of another form raises


def check_heads(data: Any) -> None:
    """Refuse JSON data whose words or form are no topology's; quick, for it reads no room.

    Raises:
        KeyError, TypeError, ValueError, IndexError, AttributeError: naming what is wrong.
    """
    if data["entrance"] not in SIDES:
        raise ValueError(f"entrance {data['entrance']!r}")
    if not data["storeys"]:
        raise ValueError("no storey")
    for storey in data["storeys"]:
        kinds, rows = storey["kinds"], storey["rows"]
        if strange := [kind for kind in kinds if kind not in ROOMS]:
            raise ValueError(f"kind {strange[0]!r}")
        if len({len(row) for row in rows}) != 1 or set("".join(rows)) - {"."} != set(_LETTERS[: len(kinds)]):
            raise ValueError("rows")
        x, y = storey["at"]
        if not isinstance(x, int) or not isinstance(y, int):
            raise TypeError(f"at {storey['at']!r}")
    if data["stair"] is not None:
        _stair_from_json(data["stair"])


def _stair_from_json(data: Any) -> Stair:
    """Read a stair; its form must be one of the catalogue's."""
    kind, (x, y, width, height), rise, turn = data
    if rise not in SIDES or (turn not in ("left", "right") if kind != "straight" else turn != "none"):
        raise ValueError(f"stair {data!r}")
    across, along = (width, height) if rise in ("n", "s") else (height, width)
    if (kind, across, along) not in {(form.kind, form.width, form.depth) for form in STAIRS} or min(x, y) < 0:
        raise ValueError(f"stair {data!r}")
    return Stair(kind, (x, y, width, height), rise, turn)


def _storey_from_json(data: Any) -> Storey:
    x0, y0 = data["at"]
    cells: dict[str, set[Cell]] = {}
    for j, row in enumerate(data["rows"]):
        for i, letter in enumerate(row):
            if letter != ".":
                cells.setdefault(letter, set()).add((x0 + i, y0 + j))
    return Storey(tuple((kind, frozenset(cells[_LETTERS[i]])) for i, kind in enumerate(data["kinds"])))
