"""From a brief, or an archetype, to a site: sizes, sides and wishes for the search."""

from __future__ import annotations

import random

from madorizu.brief import Brief
from madorizu.catalogue import ROOMS, Archetype
from madorizu.houses.programme import Ask, Wishes, hall_of
from madorizu.houses.search import LEAST_SIDE, Site, Size
from madorizu.plan import HALF_MM, Side

# Share of houses by the side of their entrance, as the trade has it.
ENTRANCE_SHARE: dict[Side, float] = {"s": 0.5, "n": 0.2, "e": 0.15, "w": 0.15}
_USUAL_UPPER = 230  # half-module cells of a 2F for a bedroom or two, its hall and its WC
_PER_BEDROOM = 62
_WIDER, _HIGHER = (0, 2, 4), (0, 2)  # half modules by which a 1F may be larger than the 2F that is asked for
_SPARE = 0.04  # of a rectangle: less is no notch


def storeys_of(brief: Brief) -> int:
    """Return how many storeys the brief's house has.

    Stairs decide: a 1F whose brief names elements without stairs, or counts the rooms of the
    whole house, is a house of one storey.
    """
    if brief.floor in ("2F", "both") or "stairs" in brief.elements:
        return 2
    return 1 if brief.floor == "1F" and (brief.elements or brief.nldk is not None) else 2


def storey_index(brief: Brief) -> int:
    """Return the index of the storey that the brief's size speaks of."""
    return 1 if brief.floor == "2F" else 0


def site_of(brief: Brief, rng: random.Random) -> Site:
    """Settle what a brief leaves open: the other storey's size, the entrance's side."""
    size = brief.width_mm // HALF_MM, brief.height_mm // HALF_MM
    lower, upper, shift = size, None, (0, 0)
    if brief.floor == "2F":
        upper = size
        lower = _larger(size, rng)
        shift = rng.choice((0, lower[0] - size[0])), rng.choice((0, lower[1] - size[1]))
    elif storeys_of(brief) == 2:
        if brief.upper_mm is not None:
            upper = brief.upper_mm[0] // HALF_MM, brief.upper_mm[1] // HALF_MM
        else:
            upper = _smaller(size, brief, rng)
        shift = rng.choice((0, lower[0] - upper[0])), rng.choice((0, lower[1] - upper[1]))
    return Site(
        lower,
        upper,
        shift,
        entrance_of(brief, rng),
        _wishes(brief),
        stair_place=brief.stair_place,
        place_storey=storey_index(brief),
    )


def entrance_of(brief: Brief, rng: random.Random) -> Side:
    """Return the side of the entrance: as asked, else drawn as usual."""
    if brief.entrance_side is not None:
        return brief.entrance_side
    return rng.choices(list(ENTRANCE_SHARE), list(ENTRANCE_SHARE.values()))[0]


def _larger(size: Size, rng: random.Random) -> Size:
    """Draw a 1F for a 2F."""
    if rng.random() < 0.7:
        return size
    return size[0] + rng.choice(_WIDER), size[1] + rng.choice(_HIGHER)


def largest_lower(size: Size) -> Size:
    """Return the largest 1F that is ever drawn for a 2F of this size."""
    return size[0] + max(_WIDER), size[1] + max(_HIGHER)


def _smaller(size: Size, brief: Brief, rng: random.Random) -> Size:
    """Draw a 2F that lies on the 1F: of the same size as a rule, smaller where the 1F is large for its rooms."""
    bedrooms = brief.nldk if brief.nldk is not None else brief.bedrooms
    usual = _USUAL_UPPER + _PER_BEDROOM * (3 if bedrooms is None else bedrooms)
    width, height = size
    while width * height > 1.3 * usual and width + height > 2 * 12:
        if width >= height:
            width -= 1 + (width % 2 == 0)
        else:
            height -= 1 + (height % 2 == 0)
    if (width, height) == size and rng.random() < 0.25:
        width -= rng.choice((0, 2))
        height -= rng.choice((0, 2))
    return max(width, LEAST_SIDE), max(height, LEAST_SIDE)


def _wishes(brief: Brief) -> Wishes:
    if brief.floor == "both" or storeys_of(brief) == 1:
        return Wishes(rooms=brief.features, bedrooms=brief.bedrooms, habitable=brief.nldk)
    ask = Ask(brief.bedrooms, brief.features)
    return Wishes(above=ask) if brief.floor == "2F" else Wishes(below=ask)


# Square modules: of one size so small there are hardly a dozen plans that differ.
_SMALL = 52
_GROWTH = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1))


def site_of_archetype(archetype: Archetype, rng: random.Random) -> Site:
    """Return the site of an archetype; its rooms and their areas are those of the table.

    Where these leave more of a storey's rectangle over than a usual hall takes, some sites lose
    a corner of about that size. Small ones are by turns half a module or a whole one larger.
    """
    more = rng.choice(_GROWTH) if archetype.width * archetype.height < _SMALL else (0, 0)
    lower = 2 * archetype.width + more[0], 2 * archetype.height + more[1]
    upper = archetype.upper and (2 * archetype.upper[0] + more[0], 2 * archetype.upper[1] + more[1])
    shift = (0, 0)
    if upper is not None:
        shift = rng.choice((0, lower[0] - upper[0])), rng.choice((0, lower[1] - upper[1]))
    exact = tuple(tuple((kind, round(4 * area)) for kind, area in floor) for floor in archetype.floors)
    spare = [_spare(size, rooms, upper is not None) for size, rooms in zip((lower, upper), exact, strict=False) if size]
    notches = [share if share > _SPARE and rng.random() < 0.5 else 0.0 for share in spare]
    return Site(
        lower,
        upper,
        shift,
        archetype.entrance,
        Wishes(exact=exact, living_stair=archetype.living_stair),
        stair_kinds=(archetype.stair or "u",),
        notch=notches[0],
        upper_notch=0.0 if upper is None else notches[1],
    )


def _spare(size: Size, rooms: tuple[tuple[str, int], ...], has_stair: bool) -> float:
    """Return which share of a storey its rooms, the stair and a usual hall leave over."""
    area = size[0] * size[1] - (ROOMS["stair"].typical_cells if has_stair else 0)
    left = area - sum(cells for _, cells in rooms)
    entrance = sum(cells for kind, cells in rooms if kind == "ent")
    return (left - sum(hall_of(area - entrance)) / 2) / (size[0] * size[1])
