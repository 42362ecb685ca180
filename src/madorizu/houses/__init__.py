"""Lawful houses from a brief.

`house_for` first re-dimensions a solved topology of the library; where none fits, it
searches for a new one with CP-SAT. `programme` decides the rooms, `search` places them,
`finish` hangs doors and windows. Deterministic by seed.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace

from madorizu import rules
from madorizu.brief import Brief
from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import library, programme
from madorizu.houses.finish import finish
from madorizu.houses.search import Site, find
from madorizu.houses.topology import Topology, mirrored, resized
from madorizu.plan import HALF_MM, MODULE_MM, House, Side

__all__ = ["house_for", "house_from", "nearest_size", "random_house"]

LIBRARY_TRIES = 400
_SIDES: tuple[Side, ...] = ("s", "s", "n", "e", "w")


def house_for(brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
    """Make a lawful house that meets a brief.

    The storey that the brief speaks of has exactly its W×H; "both" and "unknown" speak
    of the 1F. Stairs decide whether there is a second storey: a 1F whose brief names
    elements without stairs becomes a house of one storey.

    Args:
        brief: the wish.
        seed: equal seeds give equal houses.
        time_limit_s: wall-clock limit for the search.

    Raises:
        InfeasibleError: if no house of this size exists in reach; the hint names the nearest size.
        OutOfTimeError: if none was found in time.
    """
    rng = random.Random(f"{seed}/{brief.width_mm}x{brief.height_mm}/{brief.floor}")
    end = time.monotonic() + time_limit_s
    house = _from_library(brief, rng, end)
    if house is not None:
        return house
    if not _in_reach(brief):
        width, height = nearest_size(brief.width_mm, brief.height_mm, floor=brief.floor)
        raise InfeasibleError(
            f"a house must be of a size that rooms can fill, got {brief.width:g}x{brief.height:g} modules",
            f"the nearest size that works is {width / MODULE_MM:g}x{height / MODULE_MM:g}",
        )
    return _searched(brief, rng, end)


def _storeys(brief: Brief) -> int:
    """Return how many storeys the brief's house has."""
    if brief.floor in ("2F", "both") or "stairs" in brief.elements or "balcony" in brief.elements:
        return 2
    if brief.floor == "1F" and brief.elements and "stairs" not in brief.elements:
        return 1
    return 2


def _storey_index(brief: Brief) -> int:
    return 1 if brief.floor == "2F" else 0


def _in_reach(brief: Brief) -> bool:
    """Say whether the search has a chance: whole modules, not too small, not a hotel."""
    area = brief.width * brief.height
    least = programme.LEAST_TWO_STOREYS if _storeys(brief) == 2 else programme.LEAST_ONE_STOREY
    whole = brief.width_mm % MODULE_MM == 0 and brief.height_mm % MODULE_MM == 0
    return whole and min(brief.width, brief.height) >= 5 and least <= area <= 200


def nearest_size(width_mm: int, height_mm: int, *, floor: str = "1F") -> tuple[int, int]:
    """Return the size of the library's storey that is nearest to the one asked for, in mm."""
    index = 1 if floor == "2F" else 0
    sizes = {t.key[min(index, len(t.key) - 1)] for t in library.load()}
    sizes |= {(h, w) for w, h in sizes}

    def distance(size: tuple[int, int]) -> tuple[int, int, int]:
        off = abs(size[0] * HALF_MM - width_mm) + abs(size[1] * HALF_MM - height_mm)
        return off, size[0] * size[1], size[0]

    width, height = min(sizes, key=distance)
    return width * HALF_MM, height * HALF_MM


def _from_library(brief: Brief, rng: random.Random, end: float) -> House | None:
    """Try re-dimensioned topologies, those nearest in size first."""
    index, storeys = _storey_index(brief), _storeys(brief)
    wanted = (brief.width_mm // HALF_MM, brief.height_mm // HALF_MM)
    ranked = []
    for topology in library.load():
        if len(topology.storeys) == storeys:
            sizes = topology.key[index]
            off = abs(sizes[0] - wanted[0]) + abs(sizes[1] - wanted[1])
            ranked.append((off + rng.uniform(0, 6), rng.random(), topology))
    ranked.sort(key=lambda r: r[:2])
    for _, _, topology in ranked[:LIBRARY_TRIES]:
        if time.monotonic() > end:
            return None
        house = house_from(topology, brief, rng)
        if house is not None:
            return house
    return None


def house_from(topology: Topology, brief: Brief, rng: random.Random) -> House | None:
    """Re-dimension one topology to a brief and finish it; None where that gives no lawful house."""
    if rng.random() < 0.5:
        topology = mirrored(topology)
    if brief.entrance_side is not None and topology.entrance != brief.entrance_side:
        topology = mirrored(topology)
        if topology.entrance != brief.entrance_side:
            return None
    index = _storey_index(brief)
    wanted = (brief.width_mm // HALF_MM, brief.height_mm // HALF_MM)
    moved = (wanted[0] - topology.key[index][0], wanted[1] - topology.key[index][1])
    target = tuple(
        wanted if i == index else (size[0] + moved[0], size[1] + moved[1]) for i, size in enumerate(topology.key)
    )
    fitted = resized(topology, target, rng, jitter=rng.randrange(4))
    if fitted is None:
        return None
    balcony = True if "balcony" in brief.elements else None
    for _ in range(2):
        house = finish(fitted, seed=rng.getrandbits(31), balcony=balcony)
        if house is not None and _meets(house, brief):
            return house
    return None


def _meets(house: House, brief: Brief) -> bool:
    if not rules.is_lawful(house):
        return False
    if brief.floor == "unknown":
        return True
    plan = house.plans[_storey_index(brief)]
    return rules.is_lawful(plan, brief if brief.floor != "both" else None)


def _searched(brief: Brief, rng: random.Random, end: float) -> House:
    size = (brief.width_mm // MODULE_MM, brief.height_mm // MODULE_MM)
    while time.monotonic() < end:
        site = Site(
            size,
            size if _storeys(brief) == 2 else None,
            (0, 0),
            brief.entrance_side or rng.choice(_SIDES),
            _wishes(brief),
        )
        try:
            topology = find(site, seed=rng.getrandbits(31), time_limit_s=max(0.5, end - time.monotonic()))
        except OutOfTimeError:
            break
        except InfeasibleError as error:
            width, height = nearest_size(brief.width_mm, brief.height_mm, floor=brief.floor)
            raise InfeasibleError(
                error.message, f"the nearest size that works is {width / MODULE_MM:g}x{height / MODULE_MM:g}"
            ) from error
        for _ in range(4):
            house = house_from(topology, brief, rng)
            if house is not None:
                return house
    raise OutOfTimeError(
        f"a house must be found within the time limit, got none for {brief.width:g}x{brief.height:g} modules",
        "try another seed, a larger size, or ask for less",
    )


def _wishes(brief: Brief) -> programme.Wishes:
    below = brief.bedrooms if brief.floor != "2F" and _storeys(brief) == 1 else None
    above = brief.bedrooms if brief.floor == "2F" else None
    ground = brief.bedrooms if brief.floor == "1F" and _storeys(brief) == 2 else None
    return programme.Wishes(
        tatami=True if "wa" in brief.features else None,
        bedrooms_below=below if below is not None else ground,
        bedrooms_above=above,
        extras=brief.features & {"wic", "sic", "pantry", "s"},
    )




def random_house(*, seed: int, house_id: str = "") -> House:
    """Make a lawful house of a random common size, from the library.

    Equal seeds give equal houses. Topologies are re-dimensioned by up to two modules
    per side and mirrored, so a small library gives many different houses.

    Raises:
        OutOfTimeError: if 200 tries gave no lawful house, which a sound library never does.
    """
    rng = random.Random(f"house/{seed}")
    topologies = library.load()
    for _ in range(200):
        house = _varied(rng.choice(topologies), rng, house_id)
        if house is not None:
            return replace(house, seed=seed)
    raise OutOfTimeError(
        "200 tries must give a lawful house, got none",
        "the topology library may be damaged; reinstall madorizu",
    )


def _varied(topology: Topology, rng: random.Random, house_id: str) -> House | None:
    if rng.random() < 0.5:
        topology = mirrored(topology)
    moved = [rng.choice((-4, -2, -2, -1, 0, 0, 0, 1, 2, 2, 4)) for _ in range(2)]
    target = tuple((w + moved[0], h + moved[1]) for w, h in topology.key)
    fitted = resized(topology, target, rng, jitter=rng.randrange(4))
    house = None if fitted is None else finish(fitted, seed=rng.getrandbits(31), house_id=house_id)
    return house if house is not None and rules.is_lawful(house) else None
