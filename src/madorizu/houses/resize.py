"""Re-dimension a topology: repeat and drop lattice lines until a storey has the size asked for.

A line that is repeated or dropped runs through the whole house, so every neighbourhood
stays, stair lies on stair, and no wall breaks. Which line goes is chosen by what it does
to the rooms: bedrooms and the LDK take up the difference, halls and wet rooms stay.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madorizu.catalogue import ROOMS
from madorizu.houses.topology import Storey, Topology, fits_catalogue
from madorizu.plan import Stair

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

OVERSIZE = 1.3  # a room may pass the catalogue's usual greatest area by this much, which is a soft finding
SMALL_HOUSE = 200  # half-module cells of a storey under which a bath may shrink to 1216 (3 x 4 half modules)
BATH_MIN_SIDE = 3
BATH_SIDE = 4
BATH_CELLS = 16  # half-module cells of 1616, the usual one
_LONGEST = 1.75  # longer over shorter side of a habitable room, before it costs
_NARROW = 6  # half modules: a bedroom narrower than this costs
_STIFF = {"hall": 3.0, "wc": 4.0, "ent": 2.0, "wash": 2.0, "bath": 3.0}  # how much a change of these rooms is disliked
_CHANCE = 0.06  # random part of a cost: gives different houses of one topology


@dataclass(slots=True)
class _Lattice:
    """Rooms of all storeys as layers over one lattice, and how often each of its lines stands.

    Attributes:
        layers: (rooms, rows, columns), 1 where a room has a cell.
        floor: storey index of each room, (rooms,).
        kinds: kind of each room.
        counts: how often each column (first) and each row (second) stands.
    """

    layers: Ints
    floor: Ints
    kinds: tuple[str, ...]
    counts: tuple[Ints, Ints]

    def copy(self) -> _Lattice:
        """Return a lattice whose counts can be changed."""
        return _Lattice(self.layers, self.floor, self.kinds, (self.counts[0].copy(), self.counts[1].copy()))

    def facing(self, axis: int) -> Ints:
        """Return the layers with the lines of an axis last: columns for 0, rows for 1."""
        return self.layers if axis == 0 else self.layers.transpose(0, 2, 1)

    def areas(self) -> Ints:
        """Return the cells of each room."""
        found: Ints = (self.layers @ self.counts[0]) @ self.counts[1]
        return found

    def size(self, storey: int) -> tuple[int, int]:
        """Return W and H of a storey in half modules."""
        used = self.layers[self.floor == storey].any(axis=0)
        width = int(self.counts[0][used.any(axis=0)].sum())
        return width, int(self.counts[1][used.any(axis=1)].sum())


@dataclass(frozen=True, slots=True)
class _Limits:
    """Per room: least side, least and greatest area, area to come to, stiffness, and flags."""

    side: Ints
    least: Ints
    most: Reals
    goal: Reals
    stiff: Reals
    habitable: NDArray[np.bool_]
    rigid: NDArray[np.bool_]
    bath: NDArray[np.bool_]


def resized(
    topology: Topology, storey: int, size: tuple[int, int], rng: random.Random, *, jitter: int = 2
) -> Topology | None:
    """Bring one storey to an exact size; the others follow.

    Args:
        topology: what to start from.
        storey: index of the storey that the size speaks of.
        size: W and H in half modules.
        rng: source of randomness.
        jitter: how many extra pairs of a repeated and a dropped line to try, which move
            walls off the module lines.

    Returns:
        A topology of that size whose rooms fit the catalogue, or None.
    """
    lattice = _lattice_of(topology).copy()
    limits = _limits(lattice, storey, size)
    for axis in (0, 1):
        while (off := size[axis] - lattice.size(storey)[axis]) != 0:
            if not _edit(lattice, limits, axis, 1 if off > 0 else -1, storey, rng):
                return None
    for _ in range(jitter):
        axis = rng.randrange(2)
        before = lattice.counts[axis].copy()
        if not (
            _edit(lattice, limits, axis, -1, storey, rng, chance=0.6)
            and _edit(lattice, limits, axis, 1, storey, rng, chance=0.3)
        ):
            lattice.counts[axis][:] = before
    if _touching(lattice) != _touching(_lattice_of(topology)):
        return None  # a dropped line was all that two rooms had in common
    result = _topology(lattice, topology)
    return result if fits_catalogue(result.storeys, oversize=OVERSIZE) else None


@lru_cache(maxsize=1024)
def _lattice_of(topology: Topology) -> _Lattice:
    width = max(x for s in topology.storeys for x, _ in s.cells) + 1
    height = max(y for s in topology.storeys for _, y in s.cells) + 1
    rooms = [(i, kind, cells) for i, s in enumerate(topology.storeys) for kind, cells in s.rooms]
    layers = np.zeros((len(rooms), height, width), np.int64)
    for layer, (_, _, cells) in zip(layers, rooms, strict=True):
        columns, rows = zip(*cells, strict=True)
        layer[list(rows), list(columns)] = 1
    counts = np.ones(width, np.int64), np.ones(height, np.int64)
    return _Lattice(layers, np.array([i for i, _, _ in rooms]), tuple(kind for _, kind, _ in rooms), counts)


def _limits(lattice: _Lattice, storey: int, size: tuple[int, int]) -> _Limits:
    types = [ROOMS[kind] for kind in lattice.kinds]
    areas = lattice.areas().astype(np.float64)
    habitable = np.array([t.habitable for t in types])
    before = lattice.size(storey)
    gained = size[0] * size[1] / (before[0] * before[1]) - 1
    goal = areas.copy()
    for floor in set(lattice.floor.tolist()):
        here = lattice.floor == floor
        takers = here & habitable
        if takers.any():
            goal[takers] *= max(0.4, 1 + gained * areas[here].sum() / areas[takers].sum())
    least = np.array([t.min_cells for t in types])
    most = np.array([t.max_cells for t in types])
    small = size[0] * size[1] <= SMALL_HOUSE
    side = np.array([(BATH_MIN_SIDE if small else BATH_SIDE) if t.code == "bath" else t.min_side for t in types])
    bath = np.array([t.code == "bath" for t in types])
    rigid = np.array([t.code == "stair" for t in types])
    if not small:
        rigid |= bath & (areas <= BATH_CELLS)  # a larger one may come down to 1616
    goal[bath] = np.minimum(goal[bath], BATH_CELLS)
    stiff = np.array([_STIFF.get(t.code, 1.0) for t in types])
    return _Limits(side, least, most * OVERSIZE, np.clip(goal, least, most), stiff, habitable, rigid, bath)


def _edit(
    lattice: _Lattice,
    limits: _Limits,
    axis: int,
    sign: int,
    storey: int,
    rng: random.Random,
    *,
    chance: float = _CHANCE,
) -> bool:
    """Repeat (sign 1) or drop (sign -1) the line that does least harm; False where none may be."""
    layers, lines, across = lattice.facing(axis), lattice.counts[axis], lattice.counts[1 - axis]
    change: Ints = (layers * across[None, :, None]).sum(axis=1)
    areas = change @ lines
    after = areas[:, None] + sign * change
    met = change > 0
    mine = met[lattice.floor == storey].any(axis=0)
    barred = (lines == 0) | ~mine | met[limits.rigid].any(axis=0)
    if sign < 0:
        runs = layers @ lines
        tight = (runs <= limits.side[:, None]) & (across > 0)[None, :]
        barred |= (layers * tight[:, :, None]).any(axis=(0, 1))
        barred |= (met & (after < limits.least[:, None])).any(axis=0)
    else:
        barred |= (met & (after > limits.most[:, None])).any(axis=0) | met[limits.bath].any(axis=0)
    if barred.all():
        return False
    costs = _costs(limits, areas, after, met, lines, _extents(lattice, 1 - axis), sign)
    costs += np.array([chance * rng.random() for _ in range(len(lines))])
    costs[barred] = np.inf
    lines[int(costs.argmin())] += sign
    return True


def _extents(lattice: _Lattice, axis: int) -> Ints:
    """Return the length of each room's bounding rectangle along an axis."""
    found: Ints = (lattice.facing(axis).any(axis=1) * lattice.counts[axis]).sum(axis=1)
    return found


def _costs(limits: _Limits, areas: Ints, after: Ints, met: Any, lines: Ints, other: Ints, sign: int) -> Reals:
    """Return what each line's change costs: rooms away from their goal, rooms long or narrow."""
    goal = limits.goal[:, None]
    off = ((after - goal) / goal) ** 2 - ((areas[:, None] - goal) / goal) ** 2
    costs: Reals = (off * limits.stiff[:, None] * met).sum(axis=0)
    length = (met * lines).sum(axis=1)[:, None] + sign * met
    ratio = np.maximum(length, other[:, None]) / np.maximum(1, np.minimum(length, other[:, None]))
    long = np.maximum(0.0, ratio - _LONGEST) * 3
    narrow = 0.4 * (length < _NARROW) if sign < 0 else 0.0 * length
    costs += ((long + narrow) * met * limits.habitable[:, None]).sum(axis=0)
    return costs


def _touching(lattice: _Lattice) -> set[tuple[int, int]]:
    """Return the pairs of rooms that share a wall, as indices, the lower first."""
    found: set[tuple[int, int]] = set()
    for floor in set(lattice.floor.tolist()):
        here = lattice.floor == floor
        numbers = np.arange(1, len(lattice.floor) + 1)[here]
        owner = (lattice.layers[here] * numbers[:, None, None]).sum(axis=0)
        owner = owner[lattice.counts[1] > 0][:, lattice.counts[0] > 0]
        for first, second in ((owner[:, :-1], owner[:, 1:]), (owner[:-1], owner[1:])):
            differ = (first != second) & (first > 0) & (second > 0)
            pairs = np.sort(np.stack([first[differ], second[differ]]), axis=0)
            found |= set(zip(*pairs.tolist(), strict=True))
    return found


def _topology(lattice: _Lattice, source: Topology) -> Topology:
    columns, rows = lattice.counts
    rooms: list[list[tuple[str, frozenset[tuple[int, int]]]]] = [[] for _ in source.storeys]
    for layer, floor, kind in zip(lattice.layers, lattice.floor.tolist(), lattice.kinds, strict=True):
        ys, xs = np.nonzero(np.repeat(np.repeat(layer, rows, axis=0), columns, axis=1))
        rooms[floor].append((kind, frozenset(zip(xs.tolist(), ys.tolist(), strict=True))))
    stair = source.stair
    if stair is not None:
        x, y, width, height = stair.rect
        corner = int(columns[:x].sum()), int(rows[:y].sum())
        stair = Stair(stair.kind, (*corner, width, height), stair.rise, stair.turn)
    return Topology(tuple(Storey(tuple(found)) for found in rooms), source.entrance, stair)
