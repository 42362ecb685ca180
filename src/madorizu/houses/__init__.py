"""Lawful houses from a brief.

`house_for` first re-dimensions a solved topology of the library (`fit`); where none fits, it
searches for a new one with CP-SAT. `programme` decides the rooms, `search` places them,
`finish` hangs doors and windows. Deterministic by seed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from madorizu import rules
from madorizu.brief import Brief
from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import fit, library, programme
from madorizu.houses.finish import finish
from madorizu.houses.resize import resized
from madorizu.houses.search import Site, find
from madorizu.houses.topology import Turn, turned
from madorizu.plan import MODULE_MM, House, Side

__all__ = ["house_for", "nearest_size", "random_house"]

SEARCH_MOST = 110  # modules²: tiling more than this takes minutes
LIBRARY_LIMIT_S = 60.0  # for looking up which size works
_SIDES: tuple[Side, ...] = ("s", "s", "n", "e", "w")


def house_for(brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
    """Make a lawful house that meets a brief.

    The storey that the brief speaks of has exactly its W×H; "both" and "unknown" speak
    of the 1F. Stairs decide whether there is a second storey: a 1F whose brief names
    elements without stairs becomes a house of one storey.

    Args:
        brief: the wish.
        seed: equal seeds give equal houses, on every machine: the time limit decides only
            whether there is one or `OutOfTimeError`.
        time_limit_s: wall-clock limit.

    Raises:
        InfeasibleError: if no house of this size exists in reach; the hint names the nearest size
            that works.
        OutOfTimeError: if none was found in time.
    """
    rng = random.Random(f"{seed}/{brief.width_mm}x{brief.height_mm}/{brief.floor}")
    end = time.monotonic() + time_limit_s
    house = fit.best(brief, rng, end)
    if house is not None:
        return house
    if not _in_reach(brief):
        raise InfeasibleError(
            f"a house must be of a size that rooms can fill, got {brief.width:g}x{brief.height:g} modules"
            if fit.best(_plain(brief), rng, end, kept=1) is None
            else "rooms must fit the size and the storey, got a wish for others",
            _advice(brief),
        )
    return _searched(brief, rng, end)


def _plain(brief: Brief) -> Brief:
    return Brief(brief.floor, brief.width_mm, brief.height_mm)


def _in_reach(brief: Brief) -> bool:
    """Say whether the search has a chance: whole modules, not too small, not too large, rooms it knows."""
    area = brief.width * brief.height
    least = programme.LEAST_TWO_STOREYS if fit.storeys_of(brief) == 2 else programme.LEAST_ONE_STOREY
    whole = brief.width_mm % MODULE_MM == 0 and brief.height_mm % MODULE_MM == 0
    known = programme.UPPER_KINDS if brief.floor == "2F" else programme.LOWER_KINDS
    return (
        whole
        and min(brief.width, brief.height) >= programme.LEAST_SIDE
        and max(brief.width, brief.height) <= 2.2 * min(brief.width, brief.height)
        and least <= area <= SEARCH_MOST
        and brief.features <= known
    )


def _searched(brief: Brief, rng: random.Random, end: float) -> House:
    """Search for new topologies until one gives a house."""
    size = (brief.width_mm // MODULE_MM, brief.height_mm // MODULE_MM)
    upper = size if fit.storeys_of(brief) == 2 else None
    while time.monotonic() < end:
        side = rng.choice(_SIDES) if brief.entrance_side is None else brief.entrance_side
        site = Site(size, upper, (0, 0), side, _wishes(brief))
        try:
            topology = find(site, seed=rng.getrandbits(31), time_limit_s=end - time.monotonic())
        except OutOfTimeError:
            break
        for _ in range(4):
            house = fit.finished(topology, brief, rng)
            if house is not None:
                return house
    raise OutOfTimeError(
        f"a house must be found within the time limit, got none for {brief.width:g}x{brief.height:g} modules",
        f"try another seed, ask for less, or take another size: {_advice(brief)}",
    )


def _wishes(brief: Brief) -> programme.Wishes:
    return programme.Wishes(
        tatami=True if "wa" in brief.features else None,
        bedrooms_below=brief.bedrooms if brief.floor == "1F" else None,
        bedrooms_above=brief.bedrooms if brief.floor == "2F" else None,
        extras=brief.features & {"wic", "sic", "pantry", "s"},
    )


# --- sizes that work --------------------------------------------------------------------


def nearest_size(width_mm: int, height_mm: int, *, floor: str = "1F") -> tuple[int, int]:
    """Return the nearest size in mm of which `house_for` makes a house, without further wishes.

    Whole modules only. The size is tried, not guessed; the first call for a size takes some
    tenths of a second.
    """
    brief = Brief("2F" if floor == "2F" else "1F", 8 * MODULE_MM, 8 * MODULE_MM)
    found = _nearest(brief, width_mm, height_mm)
    if found is None:
        raise InfeasibleError(
            "the topology library must give a house of some size, got none", "it may be damaged; reinstall madorizu"
        )
    return found


def _advice(brief: Brief) -> str:
    """Name the nearest size that works with these wishes; where there is none, without them."""
    found = _nearest(brief, brief.width_mm, brief.height_mm)
    if found is not None:
        return f"the nearest size that works is {found[0] / MODULE_MM:g}x{found[1] / MODULE_MM:g}"
    width, height = nearest_size(brief.width_mm, brief.height_mm, floor=brief.floor)
    return (
        "no size near works with these rooms and elements; without them "
        f"the nearest size that works is {width / MODULE_MM:g}x{height / MODULE_MM:g}"
    )


@cache
def _nearest(brief: Brief, width_mm: int, height_mm: int) -> tuple[int, int] | None:
    """Try sizes from the nearest to the farthest until one gives a house."""
    for width, height in _sizes_near(brief, width_mm, height_mm):
        tried = replace(brief, width_mm=width, height_mm=height)
        end = time.monotonic() + LIBRARY_LIMIT_S
        if all(fit.best(tried, random.Random(f"nearest/{i}"), end, kept=1, resizes=24) for i in range(2)):
            return width, height
    return None


def _sizes_near(brief: Brief, width_mm: int, height_mm: int) -> Iterator[tuple[int, int]]:
    """Yield some sizes of whole modules near one asked for, nearest first, that a topology comes close to."""
    index, storeys = fit.storey_index(brief), fit.storeys_of(brief)
    solved = {t.key[index] for t in library.load() if len(t.storeys) == storeys}
    solved |= {(h, w) for w, h in solved}
    sizes = [(w, h) for w in range(programme.LEAST_SIDE, 17) for h in range(programme.LEAST_SIDE, 17)]
    # As large as a solved house, or up to two modules larger: growing works, shrinking seldom does.
    near = [(w, h) for w, h in sizes if any(0 <= 2 * w - a <= 4 and 0 <= 2 * h - b <= 4 for a, b in solved)]
    near.sort(key=lambda s: (abs(s[0] * MODULE_MM - width_mm) + abs(s[1] * MODULE_MM - height_mm), s[0] * s[1], s))
    asked = (width_mm, height_mm)
    tried = [(w * MODULE_MM, h * MODULE_MM) for w, h in near if (w * MODULE_MM, h * MODULE_MM) != asked]
    yield from tried[:12]


# --- houses of any size -----------------------------------------------------------------


def random_house(*, seed: int, house_id: str = "", storeys: int | None = None) -> House:
    """Make a lawful house of a random common size, from the library.

    Equal seeds give equal houses. Topologies are re-dimensioned by up to two modules
    per side and mirrored, so a small library gives many different houses.

    Args:
        seed: decides everything.
        house_id: name of the house.
        storeys: 1 or 2; None leaves it to chance.

    Raises:
        OutOfTimeError: if 200 tries gave no lawful house, which a sound library never does.
    """
    rng = random.Random(f"house/{seed}")
    topologies = [t for t in library.load() if storeys in (None, len(t.storeys))]
    for _ in range(200):
        topology = turned(rng.choice(topologies), Turn(flip_x=rng.random() < 0.5))
        width, height = topology.key[0]
        size = width + rng.choice(_MOVES), height + rng.choice(_MOVES)
        fitted = resized(topology, 0, size, rng, jitter=rng.randrange(4))
        house = None if fitted is None else finish(fitted, seed=rng.getrandbits(31), house_id=house_id)
        if house is not None and rules.is_lawful(house):
            return replace(house, seed=seed)
    raise OutOfTimeError(
        "200 tries must give a lawful house, got none",
        "the topology library may be damaged; reinstall madorizu",
    )


_MOVES = (-4, -2, -2, -1, 0, 0, 0, 1, 2, 2, 4)  # half modules by which a side differs from the solved house
