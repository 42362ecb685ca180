"""Which rooms a house gets on which storey, and how large they may be.

Turns wishes and floor areas into what the solver places (`solve.cover.Want`). All areas are
in half-module cells, all lengths in half modules. What is open is drawn at random within
what usual Japanese houses have; what is wished is kept to the letter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from madorizu.catalogue import ROOMS
from madorizu.houses.topology import TUNNELS
from madorizu.plan import SIDES, Cell, Side
from madorizu.solve.cover import Want

OVERSIZE = 1.3  # rooms may pass the catalogue's usual greatest area by this much
WET = ("wc", "wash", "bath")
USUAL_FILLERS = 3  # small rooms added to a storey
DRAWS = 60  # of which rooms where, before an area counts as too small or too large for them
LARGE_1F = 320  # half-module cells of a 1F from which a bath of 1620 or 1624 is usual; else it is 1616
BATH = (12, 16, 24)  # half-module cells: 1216, 1616, 1624
LIT_WC = 0.6  # share of WCs that must have an outer wall, for a window
STORE_ASPECT = 2.5  # two half modules wide, a store is at most five long: more would be a tunnel
_SUNNY: tuple[Side, ...] = ("s", "e", "w")
# What rooms take at the least when they are planned; the catalogue's least where not named.
_LEAST = {"ldk": 80, "bed": 36, "wa": 36, "wc": 6, "wash": 12, "bath": 12}
_LEAST_LDK_OF_ONE = 64  # an LDK with one other habitable room needs 8 畳, else 10 (domain of H15)
_TYPICAL = {"bed": 50, "mbr": 66, "wa": 44, "sto": 8}
_HABITABLE = frozenset({"bed", "mbr", "wa"})
_RIGID = frozenset({"wc", "wash", "bath", "sic", "pantry", "sto", "laundry", "void"})
_TOUCHES: dict[str, tuple[str, ...]] = {
    "ldk": ("hall",),
    "mbr": ("hall",),
    "bed": ("hall",),
    "wa": ("hall", "ldk"),
    "wc": ("hall",),
    "wash": ("hall", "ldk"),
    "bath": ("wash",),
    "wic": ("mbr",),
    "sic": ("ent",),
    "pantry": ("ldk",),
    "s": ("hall", "ldk"),
    "sto": ("hall", "ldk"),
    "den": ("hall", "ldk", "mbr"),
    "laundry": ("wash", "hall"),
}
# When nothing else works: what else a room may open to without being passed through a leaf.
_LOOSE = {"wc": ("hall", "wash"), "bed": ("hall", "ldk"), "mbr": ("hall", "ldk"), "wic": ("mbr", "hall")}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of one storey: how many bedrooms (None: open), which rooms at least."""

    bedrooms: int | None = None
    rooms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of a house.

    Attributes:
        below, above: of each storey.
        rooms: rooms that must be on one of the storeys.
        bedrooms: 洋室 and 主寝室 of the house, or None.
        habitable: rooms of nLDK (bedrooms and tatami rooms) of the house, or None.
        living_stair: whether the stair begins in the LDK; None leaves it to chance.
        exact: rooms of each storey with their areas, as an archetype names them: nothing is
            added, and nothing else is read.
    """

    below: Ask = Ask()
    above: Ask = Ask()
    rooms: frozenset[str] = frozenset()
    bedrooms: int | None = None
    habitable: int | None = None
    living_stair: bool | None = None
    exact: tuple[tuple[tuple[str, int], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Programme:
    """Rooms to place on one storey, and the hall's least and greatest area."""

    wants: tuple[Want, ...]
    hall: tuple[int, int]


Kinds = tuple[str, ...]


def hall_of(area: int) -> tuple[int, int]:
    """Return the usual least and greatest area of a storey's hall: 5 to 15 % of it."""
    return max(4, area // 25), max(16, round(area * 0.15))


def least_area(kinds: Kinds, house: Kinds) -> int:
    """Return what rooms of a storey and a hall take at the least, in a house of these rooms."""
    rooms = sum(least_of(kind, house) for kind in kinds)
    return rooms + hall_of(rooms)[0]


def least_of(kind: str, house: Kinds) -> int:
    """Return the least area of a room: that of an LDK depends on how many others the house has (H15)."""
    if kind == "ldk" and sum(k in _HABITABLE for k in house) <= 1:
        return _LEAST_LDK_OF_ONE
    return _LEAST.get(kind, ROOMS[kind].min_cells)


def certain_least_of(kind: str, house: Kinds) -> int:
    """Return the area below which the rules refuse a room, so that a sum of them proves something."""
    return least_of(kind, house) if kind == "ldk" else ROOMS[kind].min_cells


def greatest_area(kinds: Kinds) -> float:
    """Return what rooms and a hall take at the most."""
    rooms = sum(_most(kind) for kind in kinds)
    return rooms / 0.87


def _most(kind: str) -> float:
    return ROOMS[kind].max_cells * (1.0 if kind in _RIGID else OVERSIZE)


# --- which rooms where ---------------------------------------------------------------------


def share(areas: tuple[int, ...], wishes: Wishes, rng: random.Random) -> tuple[Kinds, ...] | None:
    """Draw the rooms of each storey so that they fit its area.

    Args:
        areas: of each storey, without stair and entrance.
        wishes: what must be there.
        rng: source of randomness.

    Returns:
        The kinds per storey, without hall, stair and entrance; None where no draw fits.
    """
    if wishes.exact:  # the entrance is placed by itself
        return tuple(tuple(kind for kind, _ in storey if kind != "ent") for storey in wishes.exact)
    for draw in range(DRAWS):
        # Unusual houses, as with the LDK upstairs, only where usual ones do not fit.
        kinds = _draw(areas, wishes, rng, unusual=draw / DRAWS)
        if kinds is not None:
            return kinds
    return None


def _draw(areas: tuple[int, ...], wishes: Wishes, rng: random.Random, unusual: float) -> tuple[Kinds, ...] | None:
    below: list[str] = []
    above: list[str] = []
    storeys = (below, above)[: len(areas)]
    asked = (wishes.below.rooms, wishes.above.rooms)
    two = len(areas) == 2

    def place(kind: str, chance_above: float) -> None:
        storeys[1 if two and rng.random() < chance_above else 0].append(kind)

    place("ldk", _chance(("ldk" in asked[0], "ldk" in asked[1]), 0.04 + 0.6 * unusual))
    bath_above = _chance(("bath" in asked[0], "bath" in asked[1]), 0.03 + 0.5 * unusual)
    wet = above if two and rng.random() < bath_above else below
    wet += WET
    if two and (wet is below or rng.random() < 1 - unusual):
        (above if wet is below else below).append("wc")
    for kind in sorted((wishes.rooms | asked[0]) - {"ldk", "bath"}):
        place(kind, 0.0 if kind in asked[0] else _UP.get(kind, 0.5))
    for kind in sorted(asked[1] - {"ldk", "bath"}):
        above.append(kind)
    if not _add_sleeping(storeys, areas, wishes, rng):
        return None
    for storey, area in zip(storeys, areas, strict=True):
        if not _fill(storey, area, (*below, *above), wishes, rng, upper=storey is above):
            return None
    return tuple(tuple(storey) for storey in storeys)


_UP = {"wa": 0.02, "sic": 0.0, "pantry": 0.0, "wic": 0.95, "den": 0.6, "s": 0.5, "laundry": 0.1, "void": 1.0}


def _chance(asked: tuple[bool, bool], otherwise: float) -> float:
    """Return the chance that a room lies above: settled where it is asked for."""
    below, above = asked
    return 1.0 if above else 0.0 if below else otherwise


def _add_sleeping(storeys: tuple[list[str], ...], areas: tuple[int, ...], wishes: Wishes, rng: random.Random) -> bool:
    """Add tatami room and bedrooms; False where the numbers asked for cannot be had."""
    tatami = sum(storey.count("wa") for storey in storeys)
    fixed = [wishes.below.bedrooms, wishes.above.bedrooms][: len(storeys)]
    total = wishes.bedrooms
    room_for = [
        max(0, _room_left(s, a, alone=1 in (wishes.habitable, total))) for s, a in zip(storeys, areas, strict=True)
    ]
    if wishes.habitable is not None and total is not None:  # the rest of nLDK are tatami rooms
        storeys[0].extend(["wa"] * (wishes.habitable - total - tatami))
    elif wishes.habitable is not None:
        if not tatami and wishes.habitable > 1 and room_for[0] >= 44 and rng.random() < 0.4:
            storeys[0].append("wa")
            tatami += 1
        total = wishes.habitable - tatami
    elif not tatami and total is None and wishes.below.bedrooms is None and room_for[0] >= 60 and rng.random() < 0.45:
        storeys[0].append("wa")
        tatami += 1
        room_for[0] -= 44
    counts = _counts(fixed, total, room_for, "ldk" in storeys[-1], rng)
    if counts is None:
        return False
    first = max((i for i, n in enumerate(counts) if n), default=None)
    for i, (storey, count) in enumerate(zip(storeys, counts, strict=True)):
        roomy = count and room_for[i] >= 60 + 40 * (count - 1)
        storey += ["mbr" if n == 0 and i == first and roomy else "bed" for n in range(count)]
    return True


def _counts(
    fixed: list[int | None], total: int | None, room_for: list[int], living_above: bool, rng: random.Random
) -> list[int] | None:
    """Return how many bedrooms each storey gets."""
    most = [left // 36 for left in room_for]
    usual = [max(0, round(left / rng.uniform(56, 70))) for left in room_for]
    if len(fixed) == 2 and not living_above:
        usual[0] = 0 if fixed[1] is None or room_for[0] < 90 else usual[0]
    if total is None:
        # A house with nobody's bedroom is none, but a storey may go without.
        counts = [n if n is not None else u for n, u in zip(fixed, usual, strict=True)]
        if sum(counts) == 0 and None in fixed:
            counts[max(i for i, n in enumerate(fixed) if n is None)] = 1
        return counts
    if total < 0:
        return None
    counts = [n or 0 for n in fixed]
    open_ = [i for i, n in enumerate(fixed) if n is None]
    for i in reversed(open_):
        counts[i] = min(total - sum(counts), max(0, most[i])) if total > sum(counts) else 0
    if open_ and len(open_) == 2 and rng.random() < 0.3 and counts[1] > 1 and most[0] > counts[0]:
        counts = [counts[0] + 1, counts[1] - 1]
    return counts if sum(counts) == total else None


def _room_left(kinds: list[str], area: int, *, alone: bool) -> int:
    # The habitable rooms that are still to come decide how large the LDK must be.
    house = (*kinds, "bed") if alone else (*kinds, "bed", "bed")
    return area - sum(least_of(kind, house) for kind in kinds) - hall_of(area)[0]


# Rooms that take up what is left, with the least area of the storey from which each is usual.
_FILLERS_BELOW = (("sic", 0), ("sto", 0), ("pantry", 0), ("s", 200), ("den", 240), ("laundry", 240), ("s", 320))
_FILLERS_ABOVE = (("wic", 0), ("s", 0), ("den", 160), ("s", 240), ("den", 320))


def _fill(storey: list[str], area: int, house: Kinds, wishes: Wishes, rng: random.Random, *, upper: bool) -> bool:
    """Add small rooms until the storey can be filled; False where it is too small or stays too large."""
    if least_area(tuple(storey), house) > area:
        return False
    options = [kind for kind, least in (_FILLERS_ABOVE if upper else _FILLERS_BELOW) if area >= least]
    rng.shuffle(options)
    if "mbr" in storey and not upper:
        options.append("wic")
    open_bedrooms = wishes.bedrooms is None and wishes.habitable is None
    open_bedrooms &= (wishes.above if upper else wishes.below).bedrooms is None
    if open_bedrooms:
        options += ["bed", "bed", "bed"]
    added = 0
    for kind in options:
        if (
            least_area((*storey, kind), (*house, kind)) > area
            or (kind == "wic" and "mbr" not in storey)
            or _barred(kind, storey)
        ):
            continue
        # Many small rooms are hard to place: no more than usual, unless the storey cannot be filled without.
        if (added < USUAL_FILLERS and _stretch(storey, area) > rng.uniform(1.0, 1.4)) or (
            greatest_area(tuple(storey)) < 1.1 * area
        ):
            storey.append(kind)
            added += 1
    return greatest_area(tuple(storey)) >= area


def _barred(kind: str, storey: list[str]) -> bool:
    return (kind == "pantry" and "ldk" not in storey) or (kind == "laundry" and "wash" not in storey)


def _stretch(kinds: list[str], area: int) -> float:
    """Return by how much the rooms would pass their usual size."""
    hall = sum(hall_of(area)) / 2
    rigid = sum(_typical(k) for k in kinds if k in _RIGID)
    soft = sum(_typical(k) for k in kinds if k not in _RIGID)
    return (area - hall - rigid) / soft if soft else 9.0


def _typical(kind: str) -> float:
    return _TYPICAL.get(kind, ROOMS[kind].typical_cells)


# --- how large, and where they may lie ------------------------------------------------------


def programme(
    kinds: Kinds,
    area: int,
    rng: random.Random,
    *,
    house: Kinds | None = None,
    loose: bool = False,
    large_bath: bool = False,
    exact: tuple[tuple[str, int], ...] = (),
) -> Programme:
    """Give every room of a storey its range of areas and its conditions.

    Args:
        kinds: rooms, without hall, stair and entrance.
        area: of the storey without stair and entrance.
        rng: source of randomness.
        house: rooms of all storeys; None where these are all.
        loose: also allow doors that are lawful but not usual.
        large_bath: also allow baths larger than 1616.
        exact: areas to come to, as an archetype has them.
    """
    hall = hall_of(area)
    house = kinds if house is None else house
    goals = (
        dict(enumerate(float(size) for kind, size in exact if kind != "ent"))
        if exact
        else _goals(kinds, area - sum(hall) / 2, house)
    )
    wants = [_want(kind, goals[i], house, rng, loose=loose, large_bath=large_bath) for i, kind in enumerate(kinds)]
    spare = area - sum(want.low for want in wants)
    return Programme(tuple(wants), (min(hall[0], max(4, spare)), max(4, min(hall[1], spare))))


def _goals(kinds: Kinds, area: float, house: Kinds) -> dict[int, float]:
    """Share an area among rooms in proportion to their usual size, within what each may have."""
    low, high = 0.2, 4.0
    for _ in range(30):  # halves the range until the areas add up
        factor = (low + high) / 2
        goals = {i: _scaled(kind, factor, house) for i, kind in enumerate(kinds)}
        if sum(goals.values()) > area:
            high = factor
        else:
            low = factor
    return goals


def _scaled(kind: str, factor: float, house: Kinds) -> float:
    if kind in _RIGID:
        return _typical(kind)
    return min(max(_typical(kind) * factor, least_of(kind, house)), _most(kind))


def _want(kind: str, goal: float, house: Kinds, rng: random.Random, *, loose: bool, large_bath: bool) -> Want:
    least, most = least_of(kind, house), _most(kind)
    slack = 0.45 if loose else 0.3
    low, high = max(least, round(goal * (1 - slack))), min(round(most), max(round(goal * (1 + slack)), least + 24))
    touches = (_LOOSE if loose else {}).get(kind, _TOUCHES.get(kind, ()))
    want = Want(kind, min(low, high), high, touches)
    if kind == "ldk":
        sides: tuple[Side, ...] = ("s",) if rng.random() < 0.75 and not loose else _SUNNY
        return replace(want, outside=sides, min_side=6, max_aspect=2.2, l_shapes=True)
    if kind in ("mbr", "bed", "wa"):
        return replace(want, outside=SIDES, min_side=5 if kind == "bed" and loose else 6, max_aspect=1.8)
    if kind == "bath":
        low, high = BATH[0] if loose else BATH[1], BATH[2] if large_bath else BATH[1]
        return replace(want, low=low, high=high, outside=SIDES, outside_run=2, min_side=3 if loose else 4)
    if kind in ("wash", "wc", "laundry"):
        small = {"wash": (12, 24, 3), "wc": (6 if loose else 8, 12, 2), "laundry": (8, 32, 3)}[kind]
        lit = kind == "wc" and not loose and rng.random() < LIT_WC
        sides = SIDES if lit else ()
        return replace(want, low=small[0], high=small[1], min_side=small[2], outside=sides, outside_run=2)
    aspect = STORE_ASPECT if kind in TUNNELS else 3.0
    if kind in _RIGID:
        return replace(want, low=least, high=round(most), max_aspect=aspect, min_side=4 if kind == "void" else 2)
    return replace(want, min_side=ROOMS[kind].min_side, max_aspect=aspect)


def holding(plan: Programme, kind: str, cell: Cell) -> Programme:
    """Demand that the first room of a kind holds a cell, as the LDK at the foot of its stair."""
    at = next(i for i, want in enumerate(plan.wants) if want.kind == kind)
    wants = list(plan.wants)
    wants[at] = replace(wants[at], holds=frozenset({cell}))
    return replace(plan, wants=tuple(wants))


def over(plan: Programme, cells: frozenset[Cell]) -> Programme:
    """Demand that voids lie over cells of the storey below."""
    return replace(plan, wants=tuple(replace(w, within=cells) if w.kind == "void" else w for w in plan.wants))
