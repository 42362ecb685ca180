"""The grammar in other words: the same brief as people and other data sets put it.

`reworded` writes a brief in phrases drawn at random, `read_wording` reads any of them
back, also what `brief.caption` writes. One table serves both. The embedded base is
trained on such wordings, so that a request need not hit the grammar's own words.

    Japanese house plan, ground floor, 8 by 9, tatami room, stairs in the center, 2 beds
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from madorizu import canvas
from madorizu.brief import FEATURES, PLACE_WORDS, SIDE_WORDS, Brief, Floor, modules
from madorizu.errors import BriefError
from madorizu.plan import MODULE_MM

# Every list begins with the grammar's own words. {..} stands for what `_SLOTS` knows.
_PREFIX = ("floor plan", "house plan", "japanese floor plan")
_FLOORS: dict[Floor, tuple[str, ...]] = {
    "1F": ("1F", "ground floor", "1st floor"),
    "2F": ("2F", "upper floor", "2nd floor"),
    "both": ("both", "both floors", "two floors"),
    "unknown": ("floor unknown", "unknown floor"),
}
_SIZE = ("{size}", "{w} by {h}", "size {size}")
_WISHES: dict[str, tuple[str, ...]] = {
    "upper": ("upper {size}", "2F {size}"),
    "scale": ("scale {scale}",),
    "entrance": ("entrance", "front door"),
    "entrance_side": ("entrance {side}", "{side} entrance", "entrance to the {side}"),
    "stairs": ("stairs", "staircase"),
    "stair_place": ("stairs {place}", "staircase {place}", "{place} stairs"),
    "balcony": ("balcony", "with balcony"),
    "nldk": ("{n}LDK", "{n} LDK"),
    "bedrooms": ("{n} bedrooms", "{n} beds"),
    "bedroom": ("1 bedroom", "one bedroom"),
    "style": ("style {style}", "{style} style", "drawn as {style}"),
}
_FEATURES: dict[str, tuple[str, ...]] = {
    "ldk": ("LDK", "living kitchen"),
    "wa": ("tatami", "tatami room", "japanese room", "washitsu"),
    "bath": ("bath", "bathroom"),
    "wic": ("walk-in closet", "walk-in wardrobe", "wic"),
    "sic": ("shoe closet", "sic"),
    "pantry": ("pantry", "larder"),
    "s": ("storage", "storage room", "store room"),
    "den": ("study", "den"),
    "laundry": ("laundry", "laundry room"),
    "void": ("void", "double height"),
}
_NUMBER = r"\d{1,2}(?:\.5)?"
_SLOTS = {
    "size": rf"(?P<w>{_NUMBER})x(?P<h>{_NUMBER})",
    "w": rf"(?P<w>{_NUMBER})",
    "h": rf"(?P<h>{_NUMBER})",
    "scale": r"(?P<scale>\d{2})",
    "side": rf"(?P<side>{'|'.join(SIDE_WORDS.values())})",
    # Longest first: "north" is also how "northwest" begins.
    "place": rf"(?P<place>{'|'.join(sorted(PLACE_WORDS.values(), key=len, reverse=True))})",
    "n": r"(?P<n>\d)",
    "style": r"(?P<style>[a-z][a-z0-9_]{0,31})",
}


def reworded(brief: Brief, rng: random.Random) -> str:
    """Write a brief in words and an order drawn at random; `read_wording` is the inverse."""

    def say(forms: tuple[str, ...], **values: object) -> str:
        return rng.choice(forms).format(**values)

    head = [say(_PREFIX), say(_FLOORS[brief.floor]), say(_SIZE, **_size(brief.width_mm, brief.height_mm))]
    wishes = [say(_WISHES[key], **values) for key, values in _said(brief)]
    wishes += [say(_FEATURES[kind]) for kind in FEATURES if kind in brief.features]
    rng.shuffle(wishes)
    return ", ".join(head + wishes)


def _size(width_mm: int, height_mm: int) -> dict[str, str]:
    w, h = f"{width_mm / MODULE_MM:g}", f"{height_mm / MODULE_MM:g}"
    return {"size": f"{w}x{h}", "w": w, "h": h}


def _said(brief: Brief) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the wishes that a brief states, with what their phrases need."""
    if brief.upper_mm is not None:
        yield "upper", {**_size(*brief.upper_mm)}
    scale = canvas.fit(brief.width_mm, brief.height_mm).scale
    if scale != 32:
        yield "scale", {"scale": scale}
    if brief.entrance_side is not None:
        yield "entrance_side", {"side": SIDE_WORDS[brief.entrance_side]}
    elif "entrance" in brief.elements:
        yield "entrance", {}
    if brief.stair_place is not None:
        yield "stair_place", {"place": PLACE_WORDS[brief.stair_place]}
    elif "stairs" in brief.elements:
        yield "stairs", {}
    if "balcony" in brief.elements:
        yield "balcony", {}
    if brief.nldk is not None:
        yield "nldk", {"n": brief.nldk}
    if brief.bedrooms is not None:
        yield ("bedroom" if brief.bedrooms == 1 else "bedrooms"), {"n": brief.bedrooms}
    if brief.style is not None:
        yield "style", {"style": brief.style}


def read_wording(text: str) -> Brief:
    """Read a brief in any of the wordings, whatever the order of its wishes and the case of its letters.

    Raises:
        BriefError: naming the first phrase that is none of the known ones, or said twice.
    """
    phrases = [phrase.strip() for phrase in text.split(",")]
    if len(phrases) < 3:
        raise BriefError(f"request must begin with 'floor plan, <floor>, <W>x<H>', got {text!r}")
    _matched(("prefix",), phrases[0])
    floor, _ = _matched(tuple(f"floor {name}" for name in _FLOORS), phrases[1])
    _, size = _matched(("size",), phrases[2])
    said: dict[str, Any] = {"floor": floor.removeprefix("floor "), **_sides(size)}
    elements: set[str] = set()
    features: set[str] = set()
    seen: set[str] = set()
    for phrase in phrases[3:]:
        key, values = _matched((*_WISHES, *_FEATURES), phrase)
        name = {"entrance_side": "entrance", "stair_place": "stairs", "bedroom": "bedrooms"}.get(key, key)
        if name in seen:
            raise BriefError(f"request must say {name} once, got {phrase!r} as well")
        seen.add(name)
        if key in _FEATURES:
            features.add(key)
        elif name in ("entrance", "stairs", "balcony"):
            elements.add(name)
        said |= _value(key, values)
    scale = said.pop("scale", None)
    brief = Brief(**said, elements=frozenset(elements), features=frozenset(features))
    if scale is not None and scale != canvas.fit(brief.width_mm, brief.height_mm).scale:
        raise BriefError(f"scale must follow from the size, got {scale} for {brief.width:g}x{brief.height:g}")
    return brief


def _sides(values: Mapping[str, str]) -> dict[str, int]:
    return {"width_mm": modules(values["w"], "width"), "height_mm": modules(values["h"], "height")}


def _value(key: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the brief's field that a phrase fills, if it fills one."""
    if key == "upper":
        return {"upper_mm": (modules(values["w"], "upper width"), modules(values["h"], "upper height"))}
    if key == "entrance_side":
        return {"entrance_side": next(s for s, w in SIDE_WORDS.items() if w == values["side"])}
    if key == "stair_place":
        return {"stair_place": next(p for p, w in PLACE_WORDS.items() if w == values["place"])}
    if key in ("nldk", "bedrooms"):
        return {key: int(values["n"])}
    if key == "bedroom":
        return {"bedrooms": 1}
    if key == "scale":
        return {"scale": int(values["scale"])}
    return {"style": values["style"]} if key == "style" else {}


def _matched(keys: tuple[str, ...], phrase: str) -> tuple[str, dict[str, str]]:
    """Return which of some kinds of phrase this is, and its slots."""
    forms = _forms()
    for key in keys:
        for form in forms[key]:
            if found := form.fullmatch(phrase):
                return key, {name: value.lower() for name, value in found.groupdict().items()}
    raise BriefError(f"phrase must be of the grammar or one of its wordings, got {phrase!r}")


@cache
def _forms() -> dict[str, tuple[re.Pattern[str], ...]]:
    """Return the patterns of every kind of phrase."""
    table = {"prefix": _PREFIX, "size": _SIZE, **_WISHES, **_FEATURES}
    table |= {f"floor {name}": forms for name, forms in _FLOORS.items()}
    return {key: tuple(_pattern(form) for form in forms) for key, forms in table.items()}


def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", form)
    text = "".join(_SLOTS[part] if i % 2 else re.escape(part) for i, part in enumerate(parts))
    # Without ASCII "ſ" would pass for "s", and digits of every script for 0 to 9.
    return re.compile(text, re.IGNORECASE | re.ASCII)
