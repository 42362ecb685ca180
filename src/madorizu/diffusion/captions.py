"""Other captions of the same picture: its wishes in another order or other words, and its mirror image's.

A caption of the grammar (`madorizu.brief`) is changed by what it means. Of a free caption
only the order of its phrases is changed, the first staying first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from madorizu.brief import Brief, Place, caption, parse_caption
from madorizu.errors import BriefError
from madorizu.plan import Side
from madorizu.wording import reworded

_SIDES: dict[Side, Side] = {"e": "w", "w": "e"}
_PLACES: dict[Place, Place] = {"nw": "ne", "ne": "nw", "w": "e", "e": "w", "sw": "se", "se": "sw"}
# Words of a free caption that a mirror would make untrue.
_DIRECTIONS = re.compile(r"(?i)\b(north|south)?(east|west)(ern)?\b|\b(left|right)\b|[東西左右]")
_TRIES = 20  # forms drawn for one that is new and short enough


def mirrored(text: str) -> str | None:
    """Return the caption of a picture's mirror image, or None where that cannot be known.

    Example:
        >>> mirrored("floor plan, 1F, 8x9, entrance east, stairs northwest")
        'floor plan, 1F, 8x9, entrance west, stairs northeast'
    """
    try:
        return caption(_mirrored(parse_caption(text)))
    except BriefError:
        return None if _DIRECTIONS.search(text) else text


def _mirrored(brief: Brief) -> Brief:
    side, place = brief.entrance_side, brief.stair_place
    return replace(
        brief,
        entrance_side=None if side is None else _SIDES.get(side, side),
        stair_place=None if place is None else _PLACES.get(place, place),
    )


def variants(text: str, count: int, *, seed: int, words: bool, fits: Callable[[str], bool]) -> tuple[str, ...]:
    """Return up to `count` other forms of a caption, each once, without its own.

    Args:
        seed: with the caption it says which ones.
        words: also draw other words for the same wishes.
        fits: says whether a caption is short enough; those that are not are left out.
    """
    rng = random.Random(f"{seed}/{text}")
    found: list[str] = []
    for _ in range(count * _TRIES):
        if len(found) == count:
            break
        form = _form(text, rng, words=words)
        if form != text and form not in found and fits(form):
            found.append(form)
    return tuple(found)


def _form(text: str, rng: random.Random, *, words: bool) -> str:
    """Draw one form: other words only for captions of the grammar, whose meaning is known."""
    phrases = text.split(", ")
    try:
        brief = parse_caption(text)
    except BriefError:
        head = 1
    else:
        if words:
            return reworded(brief, rng)
        head = 3  # floor plan, storey, size
    wishes = phrases[head:]
    rng.shuffle(wishes)
    return ", ".join(phrases[:head] + wishes)
