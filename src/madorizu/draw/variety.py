"""Styles that nobody named: drawn at random, to teach models that plans look many ways.

What is learned from a handful of styles holds for that handful. A random style differs in
pens, thickness of walls, fills, hatches, colours and symbols, within what a reader of plans
would still take for one.
"""

from __future__ import annotations

import colorsys
import random

from madorizu.catalogue import ROOMS
from madorizu.draw.style import STYLES, Style

# Rooms that share a floor in most drawings.
_FLOORS = (
    ("ldk",),
    ("bed", "den"),
    ("mbr",),
    ("wa",),
    ("bath",),
    ("wash", "laundry", "wc"),
    ("ent", "porch"),
    ("hall", "stair"),
    ("wic", "cl", "oshi", "sic", "sto", "pantry", "s"),
    ("balcony",),
    ("deck",),
)


def random_style(rng: random.Random) -> Style:
    """Draw a style; no two are alike, and none has the name of a known one."""
    known = STYLES[rng.choice(sorted(STYLES))]
    dark = rng.random() < 0.08
    paper = _grey(rng, 10, 80, tint=0.5) if dark else _grey(rng, 225, 255, tint=0.3)
    ink = _grey(rng, 215, 255, tint=0.1) if dark else _grey(rng, 0, 90, tint=0.4)
    outer_fill = _wall_fill(rng, ink, paper)
    inner_fill = outer_fill if rng.random() < 0.75 else _wall_fill(rng, ink, paper)
    # Walls that are hardly darker than the floor need an outline.
    wall_mm = rng.choice((0.0, 0.13, 0.25, 0.35) if outer_fill == inner_fill == ink else (0.13, 0.18, 0.25, 0.35, 0.5))
    filled = rng.random() < 0.55
    return Style(
        name="random",
        paper=paper,
        ink=ink,
        soft=_between(ink, paper, rng.uniform(0.0, 0.65)),
        outer_fill=outer_fill,
        inner_fill=inner_fill,
        hatch=rng.random() < 0.12,
        leaf=rng.random() < 0.3,
        thin_mm=rng.choice((0.13, 0.18, 0.25, 0.35)),
        medium_mm=rng.choice((0.25, 0.35, 0.5)),
        thick_mm=rng.choice((0.35, 0.5, 0.7)),
        wall_mm=wall_mm,
        outer_mm=rng.choice((120, 150, 150, 180, 210)),
        inner_mm=rng.choice((70, 90, 120, 120, 150)),
        fills=_fills(rng, paper, dark=dark) if filled else {},
        fixture=rng.choice((paper, paper, _between(ink, paper, 0.9))),
        door=rng.choice(("arc", "arc", "arc", "chord", "slant")),
        window=rng.choice(("sash", "sash", "lines", "bar")),
        closet=rng.choice(("rail", "diagonal", "cross", "lines")),
        tatami=rng.choice(("mats", "halves", "borders")),
        tile=rng.choice(("square", "large", "diamond")),
        tiled=known.tiled,
        treads=rng.choice(("full", "full", "short")),
        boards=frozenset(k for k in ("ldk", "bed", "mbr", "deck", "hall") if rng.random() < 0.12),
        dots=rng.random() < 0.3,
        threshold=rng.random() < 0.4,
        marker=rng.random() < 0.3,
    )


def _grey(rng: random.Random, low: int, high: int, *, tint: float) -> str:
    """Draw a colour of a lightness between two bounds, 0 to 255, with some saturation."""
    value = rng.uniform(low, high) / 255
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), rng.random() ** 3 * tint, value)
    return _hex(red, green, blue)


def _hex(red: float, green: float, blue: float) -> str:
    return "#" + "".join(f"{round(255 * min(max(part, 0.0), 1.0)):02x}" for part in (red, green, blue))


def _between(first: str, second: str, share: float) -> str:
    """Mix two colours; `share` is that of the second."""
    parts = [(int(c[i : i + 2], 16) / 255 for c in (first, second)) for i in (1, 3, 5)]
    return _hex(*(a + (b - a) * share for a, b in parts))


def _wall_fill(rng: random.Random, ink: str, paper: str) -> str:
    return _between(ink, paper, rng.choice((0.0, 0.0, 0.0, 0.2, 0.4, 0.6, 0.75, 1.0, 1.0)))


def _fills(rng: random.Random, paper: str, *, dark: bool) -> dict[str, str]:
    """Draw floor colours: pale or strong, of one hue or of many, with or without a colour per use."""
    strength = rng.choice((0.08, 0.15, 0.3, 0.6))
    one_hue = rng.random() if rng.random() < 0.3 else None
    found: dict[str, str] = {}
    for kinds in _FLOORS:
        if rng.random() < 0.15:
            continue
        hue = rng.random() if one_hue is None else one_hue
        value = rng.uniform(0.2, 0.5) if dark else rng.uniform(0.75, 1.0)
        colour = _hex(*colorsys.hsv_to_rgb(hue, strength * rng.uniform(0.3, 1.3) % 1.0, value))
        found.update(dict.fromkeys(kinds, colour))
        if rng.random() < 0.2:
            break
    if rng.random() < 0.5:
        found["*"] = _between(paper, next(iter(found.values()), paper), rng.random())
    return {kind: colour for kind, colour in found.items() if kind == "*" or kind in ROOMS}
