"""Requests as people write them, in Japanese or English, read as a `Brief`.

    8x9 3LDK 南玄関 和室              二階建て 4LDK 9×8 吹抜 北玄関
    平屋 3LDK 13x7                    10.5 x 8 modules, two storeys, 4 bedrooms, study
    9.1m x 7.28m 4LDK                 30坪 3LDK

`understand` cuts the text into the forms of `vocabulary`, the longest first, and says what
each was taken for and what was assumed beside it. Nothing is guessed in silence: words
that are no form are an error that names them. Whatever `wording.read_wording` reads is
read in its sense, exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from madorizu.brief import FEATURES, PLACE_WORDS, SIDE_WORDS, Brief, Floor, caption
from madorizu.errors import BriefError
from madorizu.plan import HALF_MM, MODULE_MM
from madorizu.vocabulary import CAN_SAY, count_of, forms, normal, place_named, side_named
from madorizu.wording import read_wording

MAX_LETTERS = 500
RATIO = 1.34  # long to short side: the median of 15 sheets of one builder; others lie from 1.0 to 1.8
TSUBO_M2 = 400 / 121  # 坪
BUNGALOW_M2 = 95  # a 1F with more than that beside a 2F is rare; see the archetypes
SLACK_MM = 10  # "8.2 m" is meant for 8.19 m
_GAP = re.compile(r"(?:[\s,、。・;:/+&()「」!]|(?<=\s)[-–](?=\s))+")
_WORD = re.compile(r"[a-z0-9.'-]+|.")


@dataclass(frozen=True, slots=True)
class Note:
    """What was taken as usual because the request does not say it, in both languages."""

    message: str
    message_ja: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a request was understood to ask.

    Attributes:
        brief: the wish.
        understood: the words that were read, in their order, each with its meaning in the grammar's phrases.
        assumed: what was added, proposed or left out.
    """

    brief: Brief
    understood: tuple[tuple[str, str], ...]
    assumed: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A form that was found: its meaning, its words as normalised, and its slots."""

    kind: str
    words: str
    slots: dict[str, str]


@dataclass(slots=True)
class _Said:
    """What the pieces say, while they are gathered."""

    fields: dict[str, Any] = field(default_factory=dict)
    elements: set[str] = field(default_factory=set)
    features: set[str] = field(default_factory=set)
    bedrooms: dict[str, int] = field(default_factory=dict)
    meanings: list[tuple[str, str]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def say(self, key: str, value: object, words: str) -> None:
        """Note the value of a field; another value for it is an error."""
        if self.fields.setdefault(key, value) != value:
            raise BriefError(f"request must say {key.replace('_', ' ')} once, got {words!r} as well")


def read_request(text: str) -> Brief:
    """Read a request; `understand` also says how it was read.

    Raises:
        BriefError: as `understand`.
    """
    return understand(text).brief


def understand(text: str) -> Request:
    """Read a request in Japanese, English or both.

    Sizes are W×H, east-west first; numbers without a unit are modules, of 1000 and more millimetres.

    Raises:
        BriefError: naming the words that are not understood, or the wishes that are missing, said
            twice, unclear or outside the limits; the hint says what can be said.
    """
    if len(text) > MAX_LETTERS:
        raise BriefError(f"request must have at most {MAX_LETTERS} letters, got {len(text)}")
    try:
        brief = read_wording(text.strip())
    except BriefError:
        pass  # another way of putting it, which the forms may know
    else:
        return Request(brief, ((text.strip(), caption(brief)),))
    pieces = _pieces(normal(text))
    said = _gathered(pieces)
    floor, sizes = _storeys(pieces, said)
    floor, (width_mm, height_mm), upper_mm = _sized(floor, sizes, said)
    kinds = {p.kind for p in pieces}
    if "same" in kinds:
        upper_mm = upper_mm or (width_mm, height_mm)
    _add_usual(said, floor, width_mm, height_mm, single="single" in kinds)
    brief = Brief(
        floor,
        width_mm,
        height_mm,
        frozenset(said.elements),
        features=frozenset(said.features),
        bedrooms=_bedrooms(said),
        upper_mm=upper_mm,
        **{key: said.fields[key] for key in ("entrance_side", "stair_place", "nldk", "style") if key in said.fields},
    )
    return Request(brief, tuple(said.meanings), tuple(said.notes))


# --- words -----------------------------------------------------------------------------


def _pieces(text: str) -> list[_Piece]:
    """Cut a text into forms, the longest at each place.

    Raises:
        BriefError: naming what is no form, or is unclear.
    """
    found: list[_Piece] = []
    strange: list[str] = []
    at, known = 0, True
    while at < len(text):
        if gap := _GAP.match(text, at):
            at, known = gap.end(), True
            continue
        piece = _longest(text, at)
        if piece is None:
            words = _WORD.match(text, at)
            word = words[0] if words else text[at]
            strange[len(strange) if known else len(strange) - 1 :] = [word if known else strange[-1] + word]
        else:
            word = piece.words
            found += [piece] if piece.kind else []
        at, known = at + len(word), piece is not None
    for piece in found:
        if piece.kind == "unclear":
            raise BriefError(
                f"request must say to what a side belongs, got {piece.words!r}", "put a comma or 、 between the wishes"
            )
    if strange:
        raise BriefError(f"request must be of known words, got {', '.join(map(repr, strange))}", CAN_SAY)
    if not found:
        raise BriefError("request must say at least a size, got nothing", CAN_SAY)
    return found


def _longest(text: str, at: int) -> _Piece | None:
    best: _Piece | None = None
    for kind, form in forms():
        match = form.match(text, at)
        if match and (best is None or len(match[0]) > len(best.words)):
            best = _Piece(kind, match[0], {k: v for k, v in match.groupdict().items() if v is not None})
    return best


# --- meanings --------------------------------------------------------------------------


def _gathered(pieces: Sequence[_Piece]) -> _Said:
    """Gather what the pieces say of elements and rooms; sizes and storeys are `_storeys`'."""
    said = _Said()
    for piece in pieces:
        said.meanings.append((piece.words, _take(piece, said)))
    return said


def _take(piece: _Piece, said: _Said) -> str:
    """Note what a piece says and return it in the grammar's words."""
    kind, slots = piece.kind, piece.slots
    if kind in ("entrance", "stairs"):
        said.elements.add(kind)
        if "side" in slots:
            side = side_named(slots["side"])
            said.say("entrance_side", side, piece.words)
            return f"entrance {SIDE_WORDS[side]}"
        if "place" in slots:
            place = place_named(slots["place"])
            said.say("stair_place", place, piece.words)
            return f"stairs {PLACE_WORDS[place]}"
        return kind
    if kind == "balcony":
        said.elements.add(kind)
        return kind
    if kind.startswith("feature "):
        said.features.add(feature := kind.removeprefix("feature "))
        return FEATURES[feature]
    if kind == "nldk":
        said.say(kind, int(slots["n"]), piece.words)
        said.features |= {"s"} if "s" in slots else set()
        return f"{slots['n']}LDK" + (f", {FEATURES['s']}" if "s" in slots else "")
    if kind in ("bedrooms", "children", "master"):
        count = 1 if kind == "master" else count_of(slots["n"])
        if said.bedrooms.setdefault(kind, count) != count:
            raise BriefError(f"request must say bedrooms once, got {piece.words!r} as well")
        return "1 bedroom" if count == 1 else f"{count} bedrooms"
    if kind == "style":
        said.say(kind, slots["style"], piece.words)
        return f"style {slots['style']}"
    if kind == "jo":
        said.notes.append(
            Note(
                f"the size of a single room cannot be asked: {piece.words} is left open",
                f"部屋ごとの広さは指定できません。「{piece.words}」はおまかせになります",
            )
        )
        return ""
    return {"single": "1F without stairs", "same": "both, upper as 1F"}.get(kind, kind)


def _bedrooms(said: _Said) -> int | None:
    if set(said.bedrooms) == {"master"}:
        raise BriefError(
            "request must say the number of bedrooms, got only the master bedroom",
            "say 主寝室 洋室2, or 3 bedrooms: the largest is the master bedroom",
        )
    return sum(said.bedrooms.values()) if said.bedrooms else None


# --- storeys and sizes -----------------------------------------------------------------


def _storeys(pieces: Sequence[_Piece], said: _Said) -> tuple[Floor | None, dict[str, _Piece]]:
    """Return the storey asked for, None where that is open, and the sizes by "1F", "2F" and "" for the storey itself.

    Raises:
        BriefError: if storeys contradict each other, sizes are said twice, or rooms are asked of a
            single storey of both.
    """
    sizes: dict[str, _Piece] = {}
    kinds = {p.kind for p in pieces}
    for before, piece in zip((None, *pieces), pieces, strict=False):
        if piece.kind not in ("size", "area"):
            continue
        of = before.kind if before is not None and before.kind in ("1F", "2F") else ""
        if of in sizes:
            raise BriefError(f"request must say one size of a storey, got {piece.words!r} as well")
        sizes[of] = piece
    if "single" in kinds and kinds & {"both", "same", "2F"}:
        raise BriefError("request must be of one storey or of two, got both", CAN_SAY)
    if kinds & {"both", "same"} or {"1F", "2F"} <= kinds or ("2F" in sizes and len(sizes) > 1):
        _check_apart(pieces)
        return "both", sizes
    if len(sizes) > 1:
        raise BriefError(f"request must say one size of a storey, got {sizes[''].words!r} as well")
    alone = dict(zip(("",), sizes.values(), strict=False))
    if "2F" in kinds:
        return "2F", alone
    return ("1F" if kinds & {"1F", "single"} else None), alone


def _check_apart(pieces: Sequence[_Piece]) -> None:
    for piece, after in zip(pieces, (*pieces[1:], None), strict=True):
        if piece.kind in ("1F", "2F") and (after is None or after.kind not in ("size", "area")):
            raise BriefError(
                f"request must give a storey of two nothing but its size, got {piece.words!r} without one",
                "rooms of a house of two storeys can be on either; ask for one storey by itself to say what it has",
            )


def _sized(
    floor: Floor | None, sizes: dict[str, _Piece], said: _Said
) -> tuple[Floor, tuple[int, int], tuple[int, int] | None]:
    """Return the floor, its size and that of the 2F; assume two storeys where that is open."""
    if {"1F", ""} <= sizes.keys():
        raise BriefError(f"request must say one size of the 1F, got {sizes[''].words!r} as well")
    piece = sizes.get("1F") or sizes.get("")
    if piece is None:
        raise BriefError(f"request must say a size, got none{' of the 1F' if sizes else ''}", CAN_SAY)
    storeys = 2 if floor in (None, "both") and "1F" not in sizes else 1
    mm = _sides_of(piece, storeys, said)
    upper = sizes.get("2F")
    return floor or _usual_floor(*mm, said), mm, None if upper is None else _sides_of(upper, 1, said)


def _usual_floor(width_mm: int, height_mm: int, said: _Said) -> Floor:
    """Assume storeys as the usual elements do: more than a bungalow's floor area is one storey."""
    needs_two = said.elements & {"stairs", "balcony"} or "void" in said.features
    if needs_two or "stairs" in usual_elements("1F", width_mm, height_mm):
        said.notes.append(
            Note(
                "storeys are not said: a house of two is taken (say bungalow for one)",
                "階数の指定がないので二階建てとしました(平屋なら「平屋」と書いてください)",
            )
        )
        return "both"
    said.notes.append(
        Note(
            "storeys are not said: at this size a house of one is taken (say two storeys for two)",
            "階数の指定がなく広いので平屋としました(二階建てなら「二階建て」と書いてください)",
        )
    )
    return "1F"


def _sides_of(piece: _Piece, storeys: int, said: _Said) -> tuple[int, int]:
    """Read W×H in mm, or propose them for the floor area of some equal storeys."""
    sides = _proposed(piece, storeys, said) if piece.kind == "area" else _sides(piece, said)
    meaning = "x".join(f"{mm / MODULE_MM:g}" for mm in sides)
    said.meanings = [(w, meaning if (w, m) == (piece.words, piece.kind) else m) for w, m in said.meanings]
    return sides


def _sides(piece: _Piece, said: _Said) -> tuple[int, int]:
    """Read W×H in mm.

    Raises:
        BriefError: if the units differ, or a side is off the lattice by more than `SLACK_MM`.
    """
    width, height = (float(piece.slots[key].replace(",", "")) for key in ("w", "h"))
    units = [_unit(piece.slots[key]) for key in ("wu", "hu") if key in piece.slots]
    if len(set(units)) > 1:
        raise BriefError(f"sides must be in one unit, got {piece.words!r}")
    unit = units[0] if units else MODULE_MM if min(width, height) < 1000 else 1
    if not units and unit == 1:
        said.notes.append(
            Note(
                f"{piece.words} is taken as millimetres: it has no unit",
                f"「{piece.words}」は単位がないのでミリとしました",
            )
        )
    return _on_lattice(width * unit, piece.words, said), _on_lattice(height * unit, piece.words, said)


def _unit(word: str) -> int:
    if word in ("mm", "ミリ"):
        return 1
    if word == "間":
        return 2 * MODULE_MM
    return 1000 if word[0] in "mメ" and not word.startswith("mod") else MODULE_MM


def _on_lattice(value_mm: float, words: str, said: _Said) -> int:
    nearest = round(value_mm / HALF_MM) * HALF_MM
    off = abs(value_mm - nearest)
    if off > SLACK_MM:
        raise BriefError(
            f"sides must be multiples of {HALF_MM} mm, got {value_mm:g} mm in {words!r}",
            f"the nearest is {nearest / 1000:g} m, {nearest / MODULE_MM:g} modules",
        )
    if off > 0.5:
        m = f"{nearest / 1000:g}"
        said.notes.append(
            Note(f"{value_mm / 1000:g} m is taken as {m} m", f"{value_mm / 1000:g} m は {m} m としました")
        )
    return nearest


def _proposed(piece: _Piece, storeys: int, said: _Said) -> tuple[int, int]:
    """Propose whole modules for a floor area, near the commonest ratio, the long side east-west."""
    tsubo = piece.slots["au"] in ("坪", "tsubo")
    m2 = float(piece.slots["area"].replace(",", "")) * (TSUBO_M2 if tsubo else 1)
    asked = m2 * 1e6 / MODULE_MM**2 / storeys
    if not 4 <= asked <= 30 * 30:
        raise BriefError(f"floor area must fit a house, got {piece.words!r} ({asked:.0f} modules² a storey)", CAN_SAY)
    width, height = min(
        ((w, h) for w in range(2, 31) for h in range(2, w + 1)),
        key=lambda s: (2 * (s[0] * s[1] / asked - 1)) ** 2 + (s[0] / s[1] / RATIO - 1) ** 2,
    )
    got = width * height * storeys * MODULE_MM**2 / 1e6
    said.notes.append(
        Note(
            f"sides are not said: {width}x{height} modules are proposed, near the commonest ratio of {RATIO} to 1; "
            f"{storeys} such storey{'s have' if storeys > 1 else ' has'} {got:.1f} m² ({got / TSUBO_M2:.1f} 坪)",
            f"寸法の指定がないので、よくある比率({RATIO}:1)に近い {width}×{height} マスを提案します"
            f"({storeys}層で {got:.1f}㎡、{got / TSUBO_M2:.1f}坪)",
        )
    )
    return width * MODULE_MM, height * MODULE_MM


def _add_usual(said: _Said, floor: Floor, width_mm: int, height_mm: int, *, single: bool) -> None:
    """Add what such a storey always has; whoever asks for a bungalow gets no stairs.

    Raises:
        BriefError: if stairs are asked of a bungalow, or nLDK of one storey of two.
    """
    if single and "stairs" in said.elements:
        raise BriefError("a house of one storey must have no stairs, got a wish for them")
    if (
        "nldk" in said.fields
        and not single
        and floor in ("1F", "2F")
        and "stairs" in usual_elements(floor, width_mm, height_mm)
    ):
        raise BriefError(
            f"nLDK must be asked of a whole house, got a wish for the {floor}",
            "say 平屋 or 二階建て (bungalow, two storeys), or the number of bedrooms of the storey",
        )
    usual = {"entrance"} if single else usual_elements(floor, width_mm, height_mm)
    added = [e for e in ("entrance", "stairs") if e in usual and e not in said.elements]
    said.elements.update(added)
    if added:
        ja = "、".join({"entrance": "玄関", "stairs": "階段"}[e] for e in added)
        said.notes.append(Note(f"{' and '.join(added)} added: such a storey has them", f"{ja}を加えました"))


def usual_elements(floor: Floor, width_mm: int, height_mm: int) -> frozenset[str]:
    """Return the elements that a storey usually has, for who names none.

    Stairs, and below the 2F an entrance; a 1F over `BUNGALOW_M2` is a house of one storey, so
    without stairs. Of a storey whose number is open, nothing.
    """
    if floor == "unknown":
        return frozenset()
    if floor == "2F":
        return frozenset({"stairs"})
    bungalow = floor == "1F" and width_mm * height_mm > BUNGALOW_M2 * 1_000_000
    return frozenset({"entrance"} if bungalow else {"entrance", "stairs"})


# --- wishes that exclude each other ----------------------------------------------------


def contradictions(brief: Brief) -> tuple[str, ...]:
    """Name the wishes of a well-formed brief that no house can meet together.

    These follow from what the words mean, without any search: a brief without one may still be
    infeasible. A storey whose number is open is the 1F or the 2F, whichever its wishes mean (`settled`),
    and cannot be both.

    Returns:
        Sentences as "subject must rule, got value"; empty where nothing contradicts.
    """
    return tuple(_contradictions(brief))


def _contradictions(brief: Brief) -> Iterator[str]:
    if brief.floor == "2F":
        if "entrance" in brief.elements:
            yield "entrance must be on the 1F, got a wish for the 2F"
        if "sic" in brief.features:
            yield "shoe closet must be beside the entrance on the 1F, got a wish for the 2F"
    if brief.floor == "1F":
        alone = brief.nldk is not None or (bool(brief.elements) and "stairs" not in brief.elements)
        got = "a house of one storey" if alone else "a wish for the 1F"
        if "balcony" in brief.elements:
            yield f"balcony must be on the 2F, got {got}"
        if "void" in brief.features:
            yield f"void must be on the 2F, got {got}"
    if brief.floor == "unknown":
        below, above = _of_the_1f(brief), _of_the_2f(brief)
        if below and above:
            yield (
                "a storey must be the 1F or the 2F, "
                f"got a wish for {below[0]}, which only a 1F has, and for {above[0]}, which only a 2F has"
            )
    if brief.upper_mm is not None and (brief.upper_mm[0] > brief.width_mm or brief.upper_mm[1] > brief.height_mm):
        upper = "x".join(f"{mm / MODULE_MM:g}" for mm in brief.upper_mm)
        yield (
            f"the 2F must be at most as wide and as high as the 1F of {brief.width:g}x{brief.height:g}, got {upper}: "
            "houses that stand out above are not made"
        )


def settled(brief: Brief) -> Brief:
    """Return a brief whose storey is no longer open where its wishes say which it is.

    A balcony or a void is on the 2F only (H12: a balcony is on the 2nd or a higher storey; a void lies
    over a room below). What asks for neither stays open, and is met by the 1F.
    """
    return replace(brief, floor="2F") if brief.floor == "unknown" and _of_the_2f(brief) else brief


def _of_the_1f(brief: Brief) -> list[str]:
    shoes = [FEATURES["sic"]] if "sic" in brief.features else []
    return [*(["entrance"] if "entrance" in brief.elements else []), *shoes]


def _of_the_2f(brief: Brief) -> list[str]:
    void = [FEATURES["void"]] if "void" in brief.features else []
    return [*(["balcony"] if "balcony" in brief.elements else []), *void]
