"""The briefs that models are judged by: fixed, and the same for every model.

`briefs.txt` holds 200 captions, 1F and 2F in turn, so that any even number of them from the
start is half of each. They were drawn once by `drawn`; the file, not the code, is what counts: a
figure of today and one of next year speak of the same wishes. No corpus has these houses: their
seeds are not those of `corpus.make`. Of each there is a lawful house (`house_of`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources

from madorizu import houses
from madorizu.brief import SIDE_WORDS, Brief, brief_of, parse_caption
from madorizu.draw import CORPUS_STYLES
from madorizu.errors import SettingsError, SolveError
from madorizu.metrics.storey import as_asked
from madorizu.plan import HALF_MM, MODULE_MM, Plan, outline

FILE = "briefs.txt"
FIRST_SEED = 640_000_000  # of the houses that the briefs were drawn from
HOUSE_S = 30.0
HOUSES_TRIED = 8
SEEDS_APART = 100_000
# How often a brief has what chance alone would give too seldom or too often to tell anything.
TATAMI, BALCONY, BUNGALOW = 0.5, 0.65, 0.2
LEFT_OPEN = 0.5  # how often a brief is silent about the stair's place, the nLDK and other rooms
ANY_SIZE = 8 * MODULE_MM, 8 * MODULE_MM  # in the place of a size that is not drawn yet
ALWAYS_SAID = frozenset({"ldk", "wa"})


@cache
def listed() -> tuple[Brief, ...]:
    """Return all fixed briefs in their order."""
    text = resources.files("madorizu.evaluate").joinpath(FILE).read_text(encoding="utf-8")
    return tuple(parse_caption(line) for line in text.splitlines())


def fixed(count: int, *, style: str | None = "") -> tuple[Brief, ...]:
    """Return the first briefs of the list.

    Args:
        count: how many.
        style: in the place of the styles that are listed; None leaves it open, "" keeps them.

    Raises:
        SettingsError: if there are not as many.
    """
    known = listed()
    if not 1 <= count <= len(known):
        raise SettingsError(f"count must be 1 to {len(known)}, got {count}")
    return tuple(brief if style == "" else replace(brief, style=style) for brief in known[:count])


def house_of(brief: Brief, *, seed: int) -> Plan | None:
    """Return the storey of a lawful house that meets a brief of one storey, None where none was found.

    What the brief does not name the house had better not have: to a solver that is open, in an evaluation a
    balcony that nobody asked for is a fault. Of some houses the first without such a fault is taken, else the last.
    """
    plan = None
    for number in range(HOUSES_TRIED):
        try:
            house = houses.house_for(brief, seed=seed + number * SEEDS_APART, time_limit_s=HOUSE_S)
        except SolveError:
            break
        plan = next(plan for plan in house.plans if f"{plan.floor}F" == brief.floor)
        if all(as_asked(plan, brief).values()):
            break
    return plan


def drawn(count: int, *, first_seed: int = FIRST_SEED) -> tuple[Brief, ...]:
    """Draw briefs as those of the list were drawn; with another library of houses they are others.

    A size is that of a random house's storey; entrance side, tatami room, balcony and storeys are drawn so
    that each answer is common; a house that meets them says the rest. Styles take turns.
    """
    found: list[Brief] = []
    seen: set[Brief] = set()
    seed = first_seed
    while len(found) < count:
        number = len(found)
        style = CORPUS_STYLES[number // 2 % len(CORPUS_STYLES)]
        # By the number, not by the seed: a wish that few houses meet must not be given up for another.
        wishes = random.Random(f"{first_seed}/{number}")
        brief = _drawn(_lower(wishes) if number % 2 == 0 else _upper(wishes), seed, style)
        seed += 1
        if brief is not None and replace(brief, style=None) not in seen:
            seen.add(replace(brief, style=None))
            found.append(brief)
    return tuple(found)


def _lower(wishes: random.Random) -> Brief:
    """Draw what a 1F must have; of the size only that there is one."""
    elements = {"entrance"} if wishes.random() < BUNGALOW else {"entrance", "stairs"}
    tatami = frozenset({"wa"}) if wishes.random() < TATAMI else frozenset[str]()
    return Brief("1F", *ANY_SIZE, frozenset(elements), wishes.choice(tuple(SIDE_WORDS)), features=tatami)


def _upper(wishes: random.Random) -> Brief:
    """Draw what a 2F must have."""
    return Brief("2F", *ANY_SIZE, frozenset({"stairs", "balcony"} if wishes.random() < BALCONY else {"stairs"}))


def _drawn(wish: Brief, seed: int, style: str) -> Brief | None:
    """Draw a brief that has just these wishes, and no tatami room unless it is wished; None where no house has."""
    storeys = 1 if wish.floor == "1F" and "stairs" not in wish.elements else 2
    sample = houses.random_house(seed=seed, storeys=storeys)
    _, _, width, height = outline(sample.plans[int(wish.floor[0]) - 1])
    plan = house_of(replace(wish, width_mm=width * HALF_MM, height_mm=height * HALF_MM), seed=seed)
    if plan is None:
        return None
    whole = brief_of(plan, style=style)
    if whole.elements != wish.elements or ("wa" in whole.features) != ("wa" in wish.features):
        return None
    brief = _partly_said(whole, random.Random(seed))
    return brief if house_of(brief, seed=0) is not None else None


def _partly_said(whole: Brief, rng: random.Random) -> Brief:
    """Leave some of a brief open; what is measured by its absence too is always said."""
    kept = {kind for kind in sorted(whole.features) if kind in ALWAYS_SAID or rng.random() >= LEFT_OPEN}
    return replace(
        whole,
        features=frozenset(kept),
        stair_place=None if rng.random() < LEFT_OPEN else whole.stair_place,
        nldk=None if rng.random() < LEFT_OPEN else whole.nldk,
    )


def shuffled(count: int) -> Sequence[int]:
    """Return for each of `count` items another one, each once: a fixed order without a fixed point.

    Raises:
        SettingsError: if there are less than two.
    """
    if count < 2:
        raise SettingsError(f"pictures must be at least two to swap their captions, got {count}")
    order = list(range(count))
    random.Random(count).shuffle(order)
    return tuple(order[(order.index(i) + 1) % count] for i in range(count))
