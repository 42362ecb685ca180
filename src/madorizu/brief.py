"""What the client asks for, and the one grammar that writes it as a caption.

`caption(brief)` and `parse_caption(text)` are inverse. A caption is a list of phrases
in a fixed order, parted by ", ":

    floor plan, 1F, 8x9, entrance south, stairs, LDK, tatami room, storage, style cad
    floor plan, 2F, 8x7.5, stairs, balcony, 3 bedrooms, walk-in closet
    floor plan, floor unknown, 20x18, scale 16

The first three phrases are always there; a wish that is not stated is open. The scale
follows from the size (`canvas.fit`) and is written where it is not 32.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from madorizu import canvas
from madorizu.errors import BriefError
from madorizu.plan import HALF_MM, MODULE_MM, Plan, Side, indoor_cells, outline

Floor = Literal["1F", "2F", "both", "unknown"]
FLOORS: tuple[Floor, ...] = ("1F", "2F", "both", "unknown")
ELEMENTS = ("stairs", "entrance", "balcony")
# Optional rooms in the order of the grammar: room kind -> phrase.
FEATURES = {
    "ldk": "LDK",
    "wa": "tatami room",
    "bath": "bath",
    "wic": "walk-in closet",
    "sic": "shoe closet",
    "pantry": "pantry",
    "s": "storage room",
    "void": "void",
}
SIDE_WORDS: dict[Side, str] = {"n": "north", "e": "east", "s": "south", "w": "west"}
_PREFIX = "floor plan"
_STYLE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SIZE = re.compile(r"(\d{1,2}(?:\.5)?)x(\d{1,2}(?:\.5)?)")


@dataclass(frozen=True, slots=True)
class Brief:
    """A wish for one storey, or for a house of two ("both": the size is the 1F's).

    Attributes:
        floor: which storey.
        width_mm, height_mm: W×H, the bounding box of the indoor outline, east-west and
            north-south, multiples of 455 mm.
        elements: of `ELEMENTS`, those that must be there. In a caption from a data set
            an element that is not named is absent.
        entrance_side: where the entrance is, or None for open. Implies "entrance".
        bedrooms: number of 洋室 and 主寝室 on this storey, or None for open.
        features: kinds of `FEATURES` that must be there.
        style: how it is drawn, or None for open.
    """

    floor: Floor
    width_mm: int
    height_mm: int
    elements: frozenset[str] = frozenset()
    entrance_side: Side | None = None
    bedrooms: int | None = None
    features: frozenset[str] = frozenset()
    style: str | None = None

    def __post_init__(self) -> None:
        """Collect all faults and raise them at once.

        Raises:
            BriefError: naming every field that breaks its rule.
        """
        faults: list[str] = []
        if self.floor not in FLOORS:
            faults.append(f"floor must be one of {', '.join(FLOORS)}, got {self.floor!r}")
        try:
            canvas.fit(self.width_mm, self.height_mm)
        except BriefError as error:
            faults.append(error.message)
        if unknown := sorted(self.elements - set(ELEMENTS)):
            faults.append(f"elements must be of {', '.join(ELEMENTS)}, got {', '.join(unknown)}")
        if unknown := sorted(self.features - set(FEATURES)):
            faults.append(f"features must be of {', '.join(FEATURES)}, got {', '.join(unknown)}")
        if self.entrance_side is not None and "entrance" not in self.elements:
            faults.append("elements must name entrance when entrance_side is given")
        if self.entrance_side is not None and self.entrance_side not in SIDE_WORDS:
            faults.append(f"entrance_side must be one of n, e, s, w, got {self.entrance_side!r}")
        if self.bedrooms is not None and not 0 <= self.bedrooms <= 9:
            faults.append(f"bedrooms must be 0 to 9, got {self.bedrooms}")
        if self.style is not None and not _STYLE.fullmatch(self.style):
            faults.append(f"style must be a lower-case name, got {self.style!r}")
        if faults:
            raise BriefError("; ".join(faults))

    @property
    def width(self) -> float:
        """W in modules."""
        return self.width_mm / MODULE_MM

    @property
    def height(self) -> float:
        """H in modules."""
        return self.height_mm / MODULE_MM


def modules(text: str | float, name: str = "size") -> int:
    """Turn modules ("8", 8.5) into millimetres.

    Raises:
        BriefError: if it is no number, or off the half-module lattice.
    """
    try:
        value = float(text)
    except ValueError:
        raise BriefError(f"{name} must be a number of modules, got {text!r}") from None
    if not (value == value and abs(value) < 1e6) or value * 2 != int(value * 2):
        raise BriefError(f"{name} must be a multiple of half a module, got {text}")
    return int(value * 2) * HALF_MM


def caption(brief: Brief) -> str:
    """Write a brief as a caption; `parse_caption` is the inverse."""
    phrases = [_PREFIX, "floor unknown" if brief.floor == "unknown" else brief.floor]
    phrases.append(f"{brief.width:g}x{brief.height:g}")
    scale = canvas.fit(brief.width_mm, brief.height_mm).scale
    if scale != 32:
        phrases.append(f"scale {scale}")
    if "entrance" in brief.elements:
        side = brief.entrance_side
        phrases.append(f"entrance {SIDE_WORDS[side]}" if side else "entrance")
    phrases += [e for e in ("stairs", "balcony") if e in brief.elements]
    if brief.bedrooms is not None:
        phrases.append("1 bedroom" if brief.bedrooms == 1 else f"{brief.bedrooms} bedrooms")
    phrases += [words for kind, words in FEATURES.items() if kind in brief.features]
    if brief.style is not None:
        phrases.append(f"style {brief.style}")
    return ", ".join(phrases)


def parse_caption(text: str) -> Brief:
    """Read a caption written by `caption`.

    Raises:
        BriefError: if the text is not of the grammar, or its phrases are not in order.
    """
    phrases = text.split(", ")
    if len(phrases) < 3 or phrases[0] != _PREFIX:
        raise BriefError(f"caption must begin with 'floor plan, <floor>, <W>x<H>', got {text!r}")
    floor = {"floor unknown": "unknown"}.get(phrases[1], phrases[1])
    if floor not in FLOORS:
        raise BriefError(f"caption's floor must be one of 1F, 2F, both, floor unknown, got {phrases[1]!r}")
    size = _SIZE.fullmatch(phrases[2])
    if size is None:
        raise BriefError(f"caption's size must be like 8x9 or 8.5x9, got {phrases[2]!r}")
    elements: set[str] = set()
    side: Side | None = None
    bedrooms: int | None = None
    features: set[str] = set()
    style: str | None = None
    for phrase in phrases[3:]:
        if phrase.startswith("entrance"):
            elements.add("entrance")
            side = next((s for s, w in SIDE_WORDS.items() if phrase == f"entrance {w}"), None)
        elif phrase in ("stairs", "balcony"):
            elements.add(phrase)
        elif m := re.fullmatch(r"(\d) bedrooms?", phrase):
            bedrooms = int(m[1])
        elif phrase in FEATURES.values():
            features.add(next(k for k, w in FEATURES.items() if w == phrase))
        elif phrase.startswith("style "):
            style = phrase.removeprefix("style ")
    brief = Brief(
        floor,
        modules(size[1], "width"),
        modules(size[2], "height"),
        frozenset(elements),
        side,
        bedrooms,
        frozenset(features),
        style,
    )
    if caption(brief) != text:
        raise BriefError(f"caption must be of the grammar, got {text!r}; its nearest form is {caption(brief)!r}")
    return brief


def brief_of(plan: Plan, *, style: str | None = None) -> Brief:
    """Describe a plan: the brief that it meets exactly."""
    _, _, width, height = outline(plan)
    kinds = [room.kind for room in plan.rooms]
    elements = set()
    side = entrance_side(plan)
    if side is not None or "ent" in kinds:
        elements.add("entrance")
    if plan.stair is not None or "stair" in kinds:
        elements.add("stairs")
    if "balcony" in kinds:
        elements.add("balcony")
    return Brief(
        "1F" if plan.floor == 1 else "2F",
        width * HALF_MM,
        height * HALF_MM,
        frozenset(elements),
        side,
        sum(kind in ("bed", "mbr") for kind in kinds),
        frozenset(kinds) & frozenset(FEATURES),
        style,
    )


def entrance_side(plan: Plan) -> Side | None:
    """Return the side of the house on which the entrance door lies, or None without one."""
    indoor = indoor_cells(plan)
    for opening in plan.openings:
        if opening.kind == "entrance":
            first_inside = opening.edges[0].cells[0] in indoor
            if opening.axis == "h":
                return "s" if first_inside else "n"
            return "e" if first_inside else "w"
    return None


def elements_from(words: Iterable[str]) -> frozenset[str]:
    """Read element names as users write them ("stair", "has_stairs", "Entrance").

    Raises:
        BriefError: if a word is none of them.
    """
    found = set()
    for word in words:
        name = word.strip().lower().removeprefix("has_")
        name = {"stair": "stairs", "entrances": "entrance", "balconies": "balcony"}.get(name, name)
        if name not in ELEMENTS:
            raise BriefError(f"element must be one of {', '.join(ELEMENTS)}, got {word!r}")
        found.add(name)
    return frozenset(found)
