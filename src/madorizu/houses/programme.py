"""Which rooms a house of a given size gets, and how large they may be.

Turns W×H per storey into wishes (`solve.cover.Want`) for the solver. All areas here are
in modules² (910 mm squares).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from madorizu.plan import SIDES, Side
from madorizu.solve.cover import Want

STAIR_AREA = 4
WET_AREA = 2 + 4 + 4  # WC, washroom, bath
LEAST_TWO_STOREYS = 36
LEAST_ONE_STOREY = 42
LEAST_SIDE = 5
LOWER_KINDS = frozenset({"ldk", "wa", "bath", "wic", "sic", "pantry", "s"})  # of `brief.FEATURES`
UPPER_KINDS = frozenset({"wic", "s"})
_SUNNY: tuple[Side, ...] = ("s", "e", "w")


@dataclass(frozen=True, slots=True)
class Programme:
    """Rooms to place on one storey, and the hall's least and greatest area in modules²."""

    wants: tuple[Want, ...]
    hall: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a brief asks of the whole house; None leaves it open."""

    tatami: bool | None = None
    bedrooms_below: int | None = None
    bedrooms_above: int | None = None
    extras: frozenset[str] = frozenset()


def ground_floor(area: int, entrance_area: int, wishes: Wishes, rng: random.Random) -> Programme:
    """Plan the 1F of a two-storey house: LDK, wet rooms, tatami room, stores."""
    hall = (1, 3) if area < 44 else (3, 6) if area < 60 else (4, 8) if area < 100 else (5, 12)
    rest = area - STAIR_AREA - entrance_area - WET_AREA - sum(hall) // 2
    wants = _wet_rooms()
    rest -= _add_bedrooms(wants, wishes.bedrooms_below or 0, rng)
    wa_wanted = wishes.tatami if wishes.tatami is not None else rest >= 32 and rng.random() < 0.6
    if wa_wanted:
        size = rng.choice((9, 10, 12)) if rest < 46 else rng.choice((10, 12, 14))
        wants.append(Want("wa", size, size + 3, ("hall", "ldk"), SIDES, min_side=3, max_aspect=1.7))
        rest -= size + 1
    rest = _add_stores(wants, rest, wishes, rng)
    wants.append(_living(rest, rng, least=16 if is_tiny(area) else 20))
    return Programme(tuple(wants), hall)


def is_tiny(area: int) -> bool:
    """Say whether a 1F has no room for the LDK of 20 modules² that two habitable rooms ask for (10 畳)."""
    return area <= 40


def upper_floor(area: int, wishes: Wishes, rng: random.Random) -> Programme:
    """Plan the 2F: bedrooms around a hall, a WC, a walk-in closet, a store."""
    hall = (1, 4) if area < 44 else (3, 7) if area < 60 else (4, 9) if area < 100 else (5, 13)
    rest = area - STAIR_AREA - 2 - sum(hall) // 2
    wants = [Want("wc", 2, 2, ("hall",), max_aspect=2)]
    _add_private(wants, rest, wishes.bedrooms_above, wishes, rng)
    return Programme(tuple(wants), hall)


def single_storey(area: int, entrance_area: int, wishes: Wishes, rng: random.Random) -> Programme:
    """Plan a one-storey house (平屋)."""
    hall = (2, 4) if area < 56 else (4, 8) if area < 90 else (5, 12)
    rest = area - entrance_area - WET_AREA - sum(hall) // 2
    wants = _wet_rooms()
    living = max(20, min(46, round(rest * rng.uniform(0.42, 0.52))))
    wants.append(_living(living, rng, least=20))
    rest -= living
    if wishes.tatami or (wishes.tatami is None and rest > 36 and rng.random() < 0.4):
        wants.append(Want("wa", 9, 14, ("hall", "ldk"), SIDES, min_side=3, max_aspect=1.7))
        rest -= 11
    if rest > 40:
        wants.append(Want("sic", 1, 2, ("ent",)))
        rest -= 2
    _add_private(wants, rest, wishes.bedrooms_below, wishes, rng)
    return Programme(tuple(wants), hall)


def _wet_rooms() -> list[Want]:
    return [
        Want("wc", 2, 2, ("hall",), max_aspect=2),
        Want("wash", 4, 4, ("hall", "ldk"), min_side=2),
        Want("bath", 4, 4, ("wash",), SIDES, outside_run=1, min_side=2),
    ]


def _living(area: int, rng: random.Random, *, least: int) -> Want:
    slack = 6 if area < 40 else 9
    sides: tuple[Side, ...] = ("s",) if rng.random() < 0.75 else _SUNNY
    low, high = max(least, area - slack), max(least + 4, area + slack)
    return Want("ldk", low, high, ("hall",), sides, min_side=3, max_aspect=2.2, l_shapes=True)


def _add_bedrooms(wants: list[Want], count: int, rng: random.Random) -> int:
    for _ in range(count):
        wants.append(Want("bed", 9, 14, ("hall",), SIDES, min_side=3, max_aspect=1.8))
    return count * 11


def _add_stores(wants: list[Want], rest: int, wishes: Wishes, rng: random.Random) -> int:
    """Add small rooms while the living room would be generous, and those that were asked for."""
    options = [
        Want("sto", 1, 3, ("hall",), max_aspect=3),
        Want("sic", 1, 3, ("ent",), max_aspect=3),
        Want("pantry", 1, 3, ("ldk",), max_aspect=3),
        Want("s", 3, 6, ("hall",), min_side=1, max_aspect=3),
    ]
    rng.shuffle(options)
    for want in sorted(options, key=lambda w: w.kind not in wishes.extras):
        if want.kind in wishes.extras or (rest > 26 and rng.random() < 0.55):
            wants.append(want)
            rest -= (want.low + want.high) // 2
    while rest > 52:
        wants.append(Want("bed", 9, 16, ("hall",), SIDES, min_side=3, max_aspect=1.8))
        rest -= 13
    return rest


def _add_private(wants: list[Want], rest: int, bedrooms: int | None, wishes: Wishes, rng: random.Random) -> None:
    """Share an area among the master bedroom, bedrooms, closets and a store."""
    count = max(1, round((rest - 3) / rng.uniform(13.5, 16.0))) if bedrooms is None else bedrooms
    if count == 0:
        return
    share = rest / count
    roomy = share > 13 and (rest > 26 or count == 1)
    if "wic" in wishes.extras or (roomy and rng.random() < 0.65):
        wants.append(Want("wic", 2, 6, ("mbr",), max_aspect=3))
        rest -= 4
    stores = 0 if count > 1 else max(0, -(-(rest - 24) // 7))  # what one bedroom cannot take
    if "s" in wishes.extras or (rest / count > 15 and rng.random() < 0.6):
        stores = max(1, stores)
    for _ in range(stores):
        wants.append(Want("s", 2, 10 if count == 1 else 8, ("hall",), max_aspect=3))
        rest -= 5
    share = rest / count
    low, high = max(9, int(share) - 4), max(14, int(share) + 4)
    master = min(24, max(11, int(share)))
    wants.append(Want("mbr", master, min(25, high + 5), ("hall",), SIDES, min_side=3, max_aspect=1.8))
    for _ in range(count - 1):
        wants.append(Want("bed", low, min(20, high), ("hall",), SIDES, min_side=3, max_aspect=1.8))
