"""What the client asks for, and the one grammar that writes it as a caption.

`caption(brief)` and `parse_caption(text)` are inverse. A caption is a list of phrases
in a fixed order, parted by ", ":

    floor plan, 1F, 8x9, entrance south, stairs northwest, 0 bedrooms, LDK, tatami, bath, style cad
    floor plan, 2F, 8x7.5, stairs center, balcony, 3 bedrooms, walk-in closet
    floor plan, both, 9x8, upper 9x7, entrance south, 4LDK, void
    floor plan, floor unknown, 20x18, scale 16

The first three phrases are always there; a wish that is not stated is open. The scale
follows from the size (`canvas.fit`) and is written where it is not 32.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from madorizu import canvas
from madorizu.errors import BriefError
from madorizu.plan import HALF_MM, MODULE_MM, House, Plan, Side, bounds, indoor_cells, outline

Floor = Literal["1F", "2F", "both", "unknown"]
FLOORS: tuple[Floor, ...] = ("1F", "2F", "both", "unknown")
ELEMENTS = ("stairs", "entrance", "balcony")
# Optional rooms in the order of the grammar: room kind -> phrase.
FEATURES = {
    "ldk": "LDK",
    "wa": "tatami",
    "bath": "bath",
    "wic": "walk-in closet",
    "sic": "shoe closet",
    "pantry": "pantry",
    "s": "storage",
    "den": "study",
    "laundry": "laundry",
    "void": "void",
}
SIDE_WORDS: dict[Side, str] = {"n": "north", "e": "east", "s": "south", "w": "west"}
Place = Literal["nw", "n", "ne", "w", "c", "e", "sw", "s", "se"]
PLACE_WORDS: dict[Place, str] = {
    "nw": "northwest", "n": "north", "ne": "northeast",
    "w": "west", "c": "center", "e": "east",
    "sw": "southwest", "s": "south", "se": "southeast",
}  # fmt: skip
GRAMMAR_VERSION = 2  # of captions: adapters and corpora know the words they were made with
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
        upper_mm: W×H of the 2F, of "both" only, or None for open.
        nldk: the n of nLDK, the whole house's habitable rooms besides its LDK, or None for
            open. Of "both", or of a house of one storey: a "1F" without stairs.
        stair_place: the third of the outline, by both axes, in which the stair's middle
            lies, or None for open. Implies "stairs".
    """

    floor: Floor
    width_mm: int
    height_mm: int
    elements: frozenset[str] = frozenset()
    entrance_side: Side | None = None
    bedrooms: int | None = None
    features: frozenset[str] = frozenset()
    style: str | None = None
    upper_mm: tuple[int, int] | None = None
    nldk: int | None = None
    stair_place: Place | None = None

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
        faults += self._faults_of_house()
        if self.stair_place is not None and "stairs" not in self.elements:
            faults.append("elements must name stairs when stair_place is given")
        if self.stair_place is not None and self.stair_place not in PLACE_WORDS:
            faults.append(f"stair_place must be one of {', '.join(PLACE_WORDS)}, got {self.stair_place!r}")
        if faults:
            raise BriefError("; ".join(faults))

    def _faults_of_house(self) -> list[str]:
        faults: list[str] = []
        if self.upper_mm is not None:
            if self.floor != "both":
                faults.append(f"floor must be both when upper_mm is given, got {self.floor!r}")
            try:
                canvas.fit(*self.upper_mm)
            except BriefError as error:
                faults.append(f"upper storey: {error.message}")
        if self.nldk is not None:
            if self.floor != "both" and (self.floor != "1F" or "stairs" in self.elements):
                faults.append("floor must be both, or 1F without stairs, when nldk is given")
            if not 1 <= self.nldk <= 9:
                faults.append(f"nldk must be 1 to 9, got {self.nldk}")
            named = (self.bedrooms or 0) + ("wa" in self.features)
            if named > self.nldk:
                faults.append(f"nldk must be at least the {named} habitable rooms that are named, got {self.nldk}")
        return faults

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
    if brief.upper_mm is not None:
        phrases.append(f"upper {brief.upper_mm[0] / MODULE_MM:g}x{brief.upper_mm[1] / MODULE_MM:g}")
    scale = canvas.fit(brief.width_mm, brief.height_mm).scale
    if scale != 32:
        phrases.append(f"scale {scale}")
    if "entrance" in brief.elements:
        side = brief.entrance_side
        phrases.append(f"entrance {SIDE_WORDS[side]}" if side else "entrance")
    if "stairs" in brief.elements:
        place = brief.stair_place
        phrases.append(f"stairs {PLACE_WORDS[place]}" if place else "stairs")
    if "balcony" in brief.elements:
        phrases.append("balcony")
    if brief.nldk is not None:
        phrases.append(f"{brief.nldk}LDK")
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
    brief = _with_phrases(Brief(floor, modules(size[1], "width"), modules(size[2], "height")), phrases[3:])
    if caption(brief) != text:
        raise BriefError(f"caption must be of the grammar, got {text!r}; its nearest form is {caption(brief)!r}")
    return brief


def _with_phrases(brief: Brief, phrases: list[str]) -> Brief:
    """Add what optional phrases say; a phrase that is none of the grammar's says nothing."""
    said: dict[str, Any] = {}
    elements: set[str] = set()
    features: set[str] = set()
    for phrase in phrases:
        word, _, rest = phrase.partition(" ")
        if word == "entrance":
            elements.add(word)
            said["entrance_side"] = next((s for s, w in SIDE_WORDS.items() if rest == w), None)
        elif word == "stairs":
            elements.add(word)
            said["stair_place"] = next((p for p, w in PLACE_WORDS.items() if rest == w), None)
        elif phrase == "balcony":
            elements.add(phrase)
        elif word == "upper" and (size := _SIZE.fullmatch(rest)):
            said["upper_mm"] = modules(size[1], "upper width"), modules(size[2], "upper height")
        elif m := re.fullmatch(r"(\d)LDK", phrase):
            said["nldk"] = int(m[1])
        elif m := re.fullmatch(r"(\d) bedrooms?", phrase):
            said["bedrooms"] = int(m[1])
        elif phrase in FEATURES.values():
            features.add(next(k for k, w in FEATURES.items() if w == phrase))
        elif word == "style":
            said["style"] = rest
    return replace(brief, elements=frozenset(elements), features=frozenset(features), **said)


def brief_of(plan: Plan, *, style: str | None = None) -> Brief:
    """Describe a plan: the brief that it meets exactly.

    Raises:
        PlanError: if it has no indoor room.
        BriefError: if it is too large for a canvas, or has more than 9 bedrooms.
    """
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
    sleeping = sum(kind in ("bed", "mbr") for kind in kinds)
    alone = plan.floor == 1 and "stairs" not in elements and "ldk" in kinds
    habitable = sleeping + kinds.count("wa")
    return Brief(
        "1F" if plan.floor == 1 else "2F",
        width * HALF_MM,
        height * HALF_MM,
        frozenset(elements),
        side,
        sleeping,
        frozenset(kinds) & frozenset(FEATURES),
        style,
        nldk=habitable if alone and 1 <= habitable <= 9 else None,
        stair_place=stair_place(plan),
    )


def brief_of_house(house: House, *, style: str | None = None) -> Brief:
    """Describe a house: of two storeys "both", of one what `brief_of` says of it.

    Elements, features, bedrooms and nLDK are those of both storeys; the stair's place is
    that in the outline of the 1F.

    Raises:
        PlanError: if a storey has no indoor room.
        BriefError: if it has not one or two storeys, is too large for a canvas, or has more
            than 9 bedrooms.
    """
    if len(house.plans) not in (1, 2):
        raise BriefError(f"house must have one or two storeys, got {len(house.plans)}")
    storeys = [brief_of(plan, style=style) for plan in house.plans]
    if len(storeys) == 1:
        return storeys[0]
    lower, upper = storeys
    kinds = [room.kind for plan in house.plans for room in plan.rooms]
    sleeping = sum(kind in ("bed", "mbr") for kind in kinds)
    habitable = sleeping + kinds.count("wa")
    return Brief(
        "both",
        lower.width_mm,
        lower.height_mm,
        lower.elements | upper.elements,
        lower.entrance_side or upper.entrance_side,
        sleeping,
        lower.features | upper.features,
        style,
        (upper.width_mm, upper.height_mm),
        habitable if "ldk" in kinds and 1 <= habitable <= 9 else None,
        lower.stair_place,
    )


def stair_place(plan: Plan) -> Place | None:
    """Return the third of the outline, by both axes, in which the stair's middle lies, or None without one.

    Raises:
        PlanError: if there is a stair but no indoor room.
    """
    cells = next((room.cells for room in plan.rooms if room.kind == "stair" and room.cells), None)
    if plan.stair is None and cells is None:
        return None
    west, north, width, height = outline(plan)
    x, y, stair_width, stair_height = bounds(cells or ()) if plan.stair is None else plan.stair.rect
    # Twice the middle, so that all is whole numbers; a stair that sticks out counts as at the rim.
    column = min(max((2 * (x - west) + stair_width) * 3 // (2 * width), 0), 2)
    row = min(max((2 * (y - north) + stair_height) * 3 // (2 * height), 0), 2)
    return tuple(PLACE_WORDS)[3 * row + column]


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
