"""Lawful houses from a brief.

`house_for` first re-dimensions a solved topology of the library (`fit`); where none fits, it
searches for a new one with CP-SAT. `programme` decides the rooms, `search` places them,
`finish` hangs doors and windows. Deterministic by seed.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace

from madorizu import rules
from madorizu.brief import Brief
from madorizu.catalogue import ARCHETYPES, Archetype
from madorizu.errors import BriefError, InfeasibleError, OutOfTimeError
from madorizu.houses import fit, library
from madorizu.houses.advice import nearest_size, out_of_time, size_that_works
from madorizu.houses.finish import finish
from madorizu.houses.resize import resized
from madorizu.houses.search import find, prove
from madorizu.houses.sites import largest_lower, site_of, site_of_archetype
from madorizu.houses.topology import Topology, Turn, turned
from madorizu.plan import MODULE_MM, House
from madorizu.request import contradictions, settled

__all__ = ["archetype_house", "house_for", "nearest_size", "random_house"]

MOST_SIDE_MM = 20 * MODULE_MM  # larger houses are not tried
ARCHETYPE_TRIES = 16  # topologies of an archetype of which less than `fit.KEPT` houses are enough
FINISHES = 6  # tries to give a new topology its doors and windows


def house_for(brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
    """Make a lawful house that meets a brief.

    The storey that the brief speaks of has exactly its W×H; "both" speaks of the 1F, and so does
    "unknown" unless it asks for what only a 2F has (`request.settled`). Stairs decide whether there
    is a second storey: a 1F whose brief names elements without stairs becomes a house of one storey.

    Args:
        brief: the wish.
        seed: equal seeds give equal houses, on every machine: the time limit decides only
            whether there is one or `OutOfTimeError`.
        time_limit_s: wall-clock limit.

    Raises:
        InfeasibleError: if it is proved that there is none: wishes that exclude each other, or
            rooms that need more area than there is; the hint names the nearest size that works.
        OutOfTimeError: if none was found in time, which proves nothing; it names the wish that
            probably is too much, and the nearest brief that the library has a house for.
    """
    rng = random.Random(f"{seed}/{brief.width_mm}x{brief.height_mm}/{brief.floor}")
    end = time.monotonic() + time_limit_s
    _refuse(brief)
    brief = settled(brief)
    try:
        house = fit.best(brief, rng, end)
        return _searched(brief, rng, end) if house is None else house
    except OutOfTimeError:
        raise out_of_time(brief) from None


def _refuse(brief: Brief) -> None:
    """Refuse what is proved to have no house, by reasons that need no search."""
    if faults := contradictions(brief):
        raise InfeasibleError("; ".join(faults), "leave one of these wishes out")
    brief = settled(brief)
    if max(brief.width_mm, brief.height_mm) > MOST_SIDE_MM:
        raise InfeasibleError(
            f"a house must be at most {MOST_SIDE_MM // MODULE_MM} modules a side, got {brief.width:g}x{brief.height:g}",
            size_that_works(brief),
        )
    site = site_of(brief, random.Random(0))
    if brief.floor == "2F":  # of its 1F nothing is asked: the largest that would be drawn speaks for all
        site = replace(site, lower=largest_lower(site.upper or site.lower), shift=(0, 0))
    try:
        prove(site)
    except InfeasibleError as error:
        message = error.message
        if brief.floor == "2F" and not message.startswith("rooms of the 2F"):
            message = (
                f"a 2F must have a 1F below it, at most {(site.lower[0] - 2 * brief.width) / 2:g} modules larger, "
                f"that holds the rooms of the house, got {brief.width:g}x{brief.height:g}"
            )
        raise InfeasibleError(message, size_that_works(brief)) from None


def _searched(brief: Brief, rng: random.Random, end: float) -> House:
    """Search for new topologies until one gives a house."""
    while time.monotonic() < end:
        try:
            topology = find(site_of(brief, rng), seed=rng.getrandbits(31), time_limit_s=end - time.monotonic())
        except InfeasibleError:
            continue  # the size drawn for the other storey, not the one asked for
        found = [rated for _ in range(FINISHES) if (rated := fit.finished(topology, brief, rng)) is not None]
        if found:
            return min(found, key=lambda rated: rated[0])[1]
    raise OutOfTimeError("a house must be found within the time limit, got none")


def archetype_house(code: str, *, seed: int, house_id: str = "", time_limit_s: float = 120.0) -> House:
    """Make a lawful house of one of the usual programmes (`catalogue.ARCHETYPES`).

    Args:
        code: "A01" to "A14".
        seed: equal seeds give equal houses; consecutive ones as different houses as the library has.
        house_id: name of the house.
        time_limit_s: wall-clock limit.

    Raises:
        BriefError: if there is no such archetype.
        OutOfTimeError: if none was found in time.
    """
    found = {a.code: a for a in ARCHETYPES}.get(code)
    if found is None:
        raise BriefError(f"archetype must be one of {', '.join(a.code for a in ARCHETYPES)}, got {code!r}")
    rng = random.Random(f"archetype/{code}/{seed}")
    end = time.monotonic() + time_limit_s
    known = [e for e in library.of_archetype(code) if e.fits]
    lawful: list[House] = []
    tries = 0
    while len(lawful) < (fit.KEPT if known else 1) and not (lawful and tries >= ARCHETYPE_TRIES):
        left_s = end - time.monotonic()
        if left_s < 0:
            raise OutOfTimeError(f"a house of {code} must be found within the time limit, got none", "give more time")
        tries += 1
        topology = _moved(known, found, seed, tries, rng) if known else None
        if not known:
            topology = find(site_of_archetype(found, rng), seed=rng.getrandbits(31), time_limit_s=left_s)
        if topology is not None:
            lawful += _lawful(topology, rng, house_id)
    return replace(min(lawful, key=fit.penalty), seed=seed)


# Half modules by which a house of an archetype is larger than the table says, lap by lap.
_LAPS = ((0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2))
_LAP_MOVES = 8  # more walls are moved when a topology comes again


def _moved(
    known: list[library.Entry], archetype: Archetype, seed: int, tries: int, rng: random.Random
) -> Topology | None:
    """Take the seed's own topology, mirror it by chance, and move its walls.

    Consecutive seeds go through all topologies before one comes again, a little larger.
    """
    order = random.Random(archetype.code).sample(range(len(known)), len(known))
    entry = known[order[seed % len(known)]]
    grown, moves = _LAPS[seed // len(known) % len(_LAPS)], rng.randrange(3)
    if seed >= len(known):
        moves += _LAP_MOVES
    if tries > ARCHETYPE_TRIES // 2:  # some can only seldom be given doors and windows
        entry, grown = rng.choice(known), rng.choice(_LAPS)
    flipped = turned(entry.topology, Turn(flip_x=archetype.entrance in ("n", "s") and rng.random() < 0.5))
    width, height = flipped.key[0]
    return resized(flipped, 0, (width + grown[0], height + grown[1]), rng, jitter=moves)


def _lawful(topology: Topology, rng: random.Random, house_id: str) -> list[House]:
    """Return up to two lawful houses of a topology."""
    found: list[House] = []
    for _ in range(FINISHES):
        house = finish(topology, seed=rng.getrandbits(31), house_id=house_id)
        if house is not None and rules.is_lawful(house):
            found.append(house)
        if len(found) == 2:
            break
    return found


# --- houses of any size -----------------------------------------------------------------


def random_house(*, seed: int, house_id: str = "", storeys: int | None = None) -> House:
    """Make a lawful house of a random common size, from the library.

    Equal seeds give equal houses. Topologies are re-dimensioned by up to two modules
    per side and mirrored, so a small library gives many different houses; of four the best
    is taken.

    Args:
        seed: decides everything.
        house_id: name of the house.
        storeys: 1 or 2; None leaves it to chance.

    Raises:
        OutOfTimeError: if 200 tries gave no lawful house, which a sound library never does.
    """
    rng = random.Random(f"house/{seed}")
    entries = [e for e in library.load() if storeys in (None, len(e.key)) and e.fits]
    found: list[House] = []
    for _ in range(200 if entries else 0):
        entry = rng.choice(entries)
        if not found:  # the others are of its kind: better houses shall win, not other ones
            alike = [e for e in entries if (len(e.key), e.entrance) == (len(entry.key), entry.entrance)]
        topology = turned(entry.topology, Turn(flip_x=rng.random() < 0.5))
        width, height = topology.key[0]
        size = width + rng.choice(_MOVES), height + rng.choice(_MOVES)
        fitted = resized(topology, 0, size, rng, jitter=rng.randrange(4))
        house = None if fitted is None else finish(fitted, seed=rng.getrandbits(31), house_id=house_id)
        if house is not None and rules.is_lawful(house):
            found.append(house)
            entries = alike
        if len(found) == fit.KEPT:
            break
    if found:
        return replace(min(found, key=fit.penalty), seed=seed)
    raise OutOfTimeError(
        "200 tries must give a lawful house, got none",
        "the topology library may be damaged; reinstall madorizu",
    )


_MOVES = (-4, -2, -2, -1, 0, 0, 0, 1, 2, 2, 4)  # half modules by which a side differs from the solved house
