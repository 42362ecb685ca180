"""What to ask instead: the sizes that work, and the wish that a house was not found for.

Everything named here has a house in the topology library: it was made, not guessed. Which
wish is too much can only be told from that: where the brief without it has a house and the
brief with it was not solved, it probably is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from madorizu.brief import FEATURES, PLACE_WORDS, SIDE_WORDS, Brief, caption
from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import fit, library
from madorizu.houses.search import LEAST_SIDE
from madorizu.houses.sites import storey_index, storeys_of
from madorizu.plan import MODULE_MM

LIBRARY_LIMIT_S = 60.0  # for looking up which size works
WISH_LIMIT_S = 2.0  # for looking up which wish is too much, after the time for the house has run out
_LEAST_MODULES = LEAST_SIDE // 2
_RESIZES = 24


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


def size_that_works(brief: Brief) -> str:
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
        if all(fit.best(tried, random.Random(f"nearest/{i}"), end, kept=1, resizes=_RESIZES) for i in range(2)):
            return width, height
    return None


def _sizes_near(brief: Brief, width_mm: int, height_mm: int) -> Iterator[tuple[int, int]]:
    """Yield some sizes of whole modules near one asked for, nearest first, that a topology comes close to."""
    index, storeys = storey_index(brief), storeys_of(brief)
    solved = {e.key[index] for e in library.load() if len(e.key) == storeys}
    solved |= {(h, w) for w, h in solved}
    sizes = [(w, h) for w in range(_LEAST_MODULES, 17) for h in range(_LEAST_MODULES, 17)]
    # As large as a solved house, or up to two modules larger: growing works, shrinking seldom does.
    near = [(w, h) for w, h in sizes if any(0 <= 2 * w - a <= 4 and 0 <= 2 * h - b <= 4 for a, b in solved)]
    near.sort(key=lambda s: (abs(s[0] * MODULE_MM - width_mm) + abs(s[1] * MODULE_MM - height_mm), s[0] * s[1], s))
    asked = (width_mm, height_mm)
    tried = [(w * MODULE_MM, h * MODULE_MM) for w, h in near if (w * MODULE_MM, h * MODULE_MM) != asked]
    yield from tried[:12]


# --- wishes that are too much -----------------------------------------------------------


def out_of_time(brief: Brief, *, limit_s: float = WISH_LIMIT_S) -> OutOfTimeError:
    """Return the error of a brief for which no house was found in time.

    It says which wish is probably too much, and the nearest brief that has a house: the first of
    those with one wish less, or with fewer rooms, of which the library has one, else that without wishes.

    Args:
        brief: what was asked.
        limit_s: wall-clock limit for looking this up; what is not tried by then is not named.
    """
    message = f"a house must be found within the time limit, got none for {brief.width:g}x{brief.height:g} modules"
    hint = "this proves nothing: give more time, try another seed, ask for less, or take another size"
    end = time.monotonic() + limit_s
    tried = 0
    for wish, less in easier(brief):
        found = _has_house(less, end)
        if found is None:
            break
        tried += 1
        if found:
            return OutOfTimeError(f"{message}; probably {wish} is too much", f"{hint}: '{caption(less)}' has a house")
    if tried and tried == sum(1 for _ in easier(brief)):
        message += "; no single wish is to blame"
        bare = Brief(brief.floor, brief.width_mm, brief.height_mm, brief.elements - {"balcony"}, style=brief.style)
        if _has_house(bare, end):
            hint += f": '{caption(bare)}' has a house"
    elif not tried and next(easier(brief), None) is None:
        message += "; nothing but the size was asked"
    return OutOfTimeError(message, hint)


def easier(brief: Brief) -> Iterator[tuple[str, Brief]]:
    """Yield each wish in words with the brief that asks for it less, or not at all: least lost first."""
    for name, word in (("nldk", "{}LDK"), ("bedrooms", "{} bedrooms")):
        count: int | None = getattr(brief, name)
        if count is None:
            continue
        least = max(1, (brief.bedrooms or 0) + ("wa" in brief.features)) if name == "nldk" else 0
        fewer = [n for n in (count - 1, count - 2) if n >= least]
        for change in (*fewer, None):
            changes: dict[str, int | None] = {name: change}
            yield word.format(count), replace(brief, **changes)  # type: ignore[arg-type]
    if brief.stair_place is not None:
        yield f"stairs {PLACE_WORDS[brief.stair_place]}", replace(brief, stair_place=None)
    if brief.entrance_side is not None:
        yield f"entrance {SIDE_WORDS[brief.entrance_side]}", replace(brief, entrance_side=None)
    for kind in FEATURES:
        if kind in brief.features:
            yield FEATURES[kind], replace(brief, features=brief.features - {kind})
    if "balcony" in brief.elements:
        yield "balcony", replace(brief, elements=brief.elements - {"balcony"})
    if brief.upper_mm is not None:
        upper = "x".join(f"{mm / MODULE_MM:g}" for mm in brief.upper_mm)
        yield f"upper {upper}", replace(brief, upper_mm=None)


def _has_house(brief: Brief, end: float) -> bool | None:
    """Say whether the library has a house for a brief; None where the time ran out before."""
    try:
        return fit.best(brief, random.Random("easier"), end, kept=1, resizes=_RESIZES) is not None
    except OutOfTimeError:
        return None
