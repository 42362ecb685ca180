"""What the client asks, the grammar that writes it, and plans as the briefs that they meet."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

import plans
from briefs import briefs, longest, longest_of_one_storey
from drawing import house_8x7, plan_of
from madorizu.brief import (
    PLACE_WORDS,
    Brief,
    brief_of,
    brief_of_house,
    caption,
    elements_from,
    modules,
    parse_caption,
    stair_place,
)
from madorizu.draw import STYLES
from madorizu.errors import BriefError, PlanError
from madorizu.plan import House, Plan, Stair

# Spelled out by hand: a round trip alone does not see two mistakes that cancel.
ANCHORS = {
    "floor plan, 1F, 8x9": Brief("1F", 7280, 8190),
    "floor plan, 1F, 8x9, entrance south, stairs northwest, 0 bedrooms, LDK, tatami, bath, style cad": Brief(
        "1F",
        7280,
        8190,
        frozenset({"entrance", "stairs"}),
        "s",
        0,
        frozenset({"ldk", "wa", "bath"}),
        "cad",
        stair_place="nw",
    ),
    "floor plan, 2F, 8x7.5, stairs center, balcony, 3 bedrooms, walk-in closet": Brief(
        "2F", 7280, 6825, frozenset({"stairs", "balcony"}), None, 3, frozenset({"wic"}), stair_place="c"
    ),
    "floor plan, both, 9x8, upper 9x7, entrance south, 4LDK, void": Brief(
        "both",
        8190,
        7280,
        frozenset({"entrance"}),
        "s",
        None,
        frozenset({"void"}),
        upper_mm=(8190, 6370),
        nldk=4,
    ),
    "floor plan, floor unknown, 20x18, scale 16": Brief("unknown", 18200, 16380),
    "floor plan, 1F, 14.5x14, scale 16, entrance west, 3LDK, 1 bedroom, shoe closet, pantry, storage, study, "
    "laundry": Brief(
        "1F",
        13195,
        12740,
        frozenset({"entrance"}),
        "w",
        1,
        frozenset({"sic", "pantry", "s", "den", "laundry"}),
        nldk=3,
    ),
}


# --- the grammar -----------------------------------------------------------------------


@pytest.mark.parametrize("text", ANCHORS)
def test_captions_spelled_out(text: str) -> None:
    """These captions and these briefs belong together, both ways."""
    assert caption(ANCHORS[text]) == text
    assert parse_caption(text) == ANCHORS[text]


@settings(max_examples=200, deadline=None)
@given(briefs())
def test_parse_caption_is_the_inverse_of_caption(brief: Brief) -> None:
    """Every brief comes back from its caption, and its caption from it."""
    assert parse_caption(caption(brief)) == brief


@pytest.mark.parametrize("place", PLACE_WORDS)
def test_each_place_has_its_word(place: Any) -> None:
    """All nine thirds are said and read; "north" is not how "northwest" is read."""
    wish = Brief("2F", 7280, 7280, frozenset({"stairs"}), stair_place=place)
    assert caption(wish) == f"floor plan, 2F, 8x8, stairs {PLACE_WORDS[place]}"
    assert parse_caption(caption(wish)) == wish


@pytest.mark.parametrize("style", [None, *STYLES])
def test_a_caption_has_at_most_77_tokens(style: str | None) -> None:
    """With SD 2's tokenizer and both marks, whatever is said at once, in every style that there is."""
    from madorizu.diffusion.tokenizer import MAX_TOKENS, count_tokens

    wishes = [longest("1F", style), longest("2F", style), longest("unknown", style), longest_of_one_storey(style)]
    counts = [count_tokens(caption(brief)) for brief in (*wishes, longest("both", style))]
    assert max(counts) <= MAX_TOKENS, counts
    assert max(counts[:-1]) <= 70


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "caption must begin with 'floor plan, <floor>, <W>x<H>', got ''"),
        ("a plan, 1F, 8x9", "caption must begin with 'floor plan"),
        ("floor plan, 1F", "caption must begin with 'floor plan"),
        ("floor plan, 3F, 8x9", "caption's floor must be one of 1F, 2F, both, floor unknown, got '3F'"),
        ("floor plan, unknown, 8x9, stairs lost", "its nearest form is 'floor plan, floor unknown, 8x9, stairs'"),
        ("floor plan, 1F, 8*9", re.escape("caption's size must be like 8x9 or 8.5x9, got '8*9'")),
        ("floor plan, 1F, 8.25x9", "caption's size must be like 8x9"),
        ("floor plan, 1F, 45x9", "width must be 2 to 30 modules of 910 mm, got 45"),
        ("floor plan, 1F, ８x9", "its nearest form is 'floor plan, 1F, 8x9'"),
        ("floor plan, 1F, 8x9, pool", "its nearest form is 'floor plan, 1F, 8x9'"),
        ("floor plan, 1F, 8x9, tatami room", "caption must be of the grammar, got"),
        ("floor plan, 1F, 8x9, stairs, entrance", "its nearest form is 'floor plan, 1F, 8x9, entrance, stairs'"),
        ("floor plan, 1F, 8x9, entrance up", "its nearest form is 'floor plan, 1F, 8x9, entrance'"),
        ("floor plan, 1F, 8x9, 1 bedrooms", "its nearest form is 'floor plan, 1F, 8x9, 1 bedroom'"),
        ("floor plan, 1F, 8x9, scale 16", "its nearest form is 'floor plan, 1F, 8x9'"),
        ("floor plan, 1F, 8x9, bath, bath", "its nearest form is 'floor plan, 1F, 8x9, bath'"),
        ("floor plan, 1F, 8x9 ", "caption's size must be like"),
        ("floor plan, 1F, 8x9, upper 9", "its nearest form is 'floor plan, 1F, 8x9'"),
        ("floor plan, both, 8x9, upper 9x1", "upper storey: height must be 2 to 30 modules"),
        ("floor plan, 2F, 8x9, 3LDK", "floor must be both, or 1F without stairs, when nldk is given"),
        ("floor plan, 1F, 8x9, style Ink", "style must be a lower-case name, got 'Ink'"),
    ],
)
def test_what_is_not_of_the_grammar_is_refused(text: str, match: str) -> None:
    """Each fault is named, where it can be with the nearest form."""
    with pytest.raises(BriefError, match=match):
        parse_caption(text)


# --- the brief -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"floor": "3F"}, "floor must be one of 1F, 2F, both, unknown, got '3F'"),
        ({"width_mm": 7000}, "width must be a multiple of 455 mm, got 7000 mm"),
        ({"height_mm": 910}, "height must be 2 to 30 modules of 910 mm, got 1"),
        ({"elements": frozenset({"pool"})}, "elements must be of stairs, entrance, balcony, got pool"),
        ({"features": frozenset({"pool", "bar"})}, "features must be of ldk, wa, .*, void, got bar, pool"),
        ({"entrance_side": "s"}, "elements must name entrance when entrance_side is given"),
        (
            {"entrance_side": "up", "elements": frozenset({"entrance"})},
            "entrance_side must be one of n, e, s, w, got 'up'",
        ),
        ({"bedrooms": -1}, "bedrooms must be 0 to 9, got -1"),
        ({"bedrooms": 10}, "bedrooms must be 0 to 9, got 10"),
        ({"style": "Ink!"}, "style must be a lower-case name, got 'Ink!'"),
        ({"upper_mm": (7280, 7280)}, "floor must be both when upper_mm is given, got '1F'"),
        ({"floor": "both", "upper_mm": (7280, 7000)}, "upper storey: height must be a multiple of 455 mm, got 7000 mm"),
        ({"floor": "2F", "nldk": 3}, "floor must be both, or 1F without stairs, when nldk is given"),
        ({"floor": "unknown", "nldk": 3}, "floor must be both, or 1F without stairs, when nldk is given"),
        (
            {"nldk": 3, "elements": frozenset({"stairs"})},
            "floor must be both, or 1F without stairs, when nldk is given",
        ),
        ({"nldk": 0}, "nldk must be 1 to 9, got 0"),
        ({"nldk": 10}, "nldk must be 1 to 9, got 10"),
        (
            {"nldk": 3, "bedrooms": 3, "features": frozenset({"wa"})},
            "nldk must be at least the 4 habitable rooms that are named, got 3",
        ),
        ({"stair_place": "n"}, "elements must name stairs when stair_place is given"),
        ({"stair_place": "up", "elements": frozenset({"stairs"})}, "stair_place must be one of nw, n, .* se, got 'up'"),
    ],
)
def test_a_malformed_brief_is_refused(fields: dict[str, Any], match: str) -> None:
    """Each field that breaks its rule is named."""
    with pytest.raises(BriefError, match=match):
        replace(Brief("1F", 7280, 8190), **fields)


def test_all_faults_are_named_at_once() -> None:
    """Who mends one fault need not find the next one by another try."""
    with pytest.raises(BriefError) as caught:
        Brief("1F", 7000, 8190, bedrooms=12, nldk=11, stair_place="c")
    assert caught.value.message == (
        "width must be a multiple of 455 mm, got 7000 mm; bedrooms must be 0 to 9, got 12; "
        "nldk must be 1 to 9, got 11; nldk must be at least the 12 habitable rooms that are named, got 11; "
        "elements must name stairs when stair_place is given"
    )


def test_a_brief_of_no_bedrooms_may_ask_for_a_closet() -> None:
    """What is unusual is no fault."""
    assert Brief("2F", 7280, 8190, bedrooms=0, features=frozenset({"wic"})).bedrooms == 0


@pytest.mark.parametrize(("text", "mm"), [("8", 7280), (8.5, 7735), ("0.5", 455), ("1e1", 9100)])
def test_modules_in_millimetres(text: str | float, mm: int) -> None:
    """A module is 910 mm, and halves are allowed."""
    assert modules(text) == mm


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("x", "width must be a number of modules, got 'x'"),
        ("", "width must be a number of modules, got ''"),
        (8.3, "width must be a multiple of half a module, got 8.3"),
        ("nan", "width must be a multiple of half a module, got nan"),
        ("inf", "width must be a multiple of half a module, got inf"),
    ],
)
def test_what_is_no_size_is_refused(text: str | float, match: str) -> None:
    """Words, thirds and no numbers."""
    with pytest.raises(BriefError, match=match):
        modules(text, "width")


def test_elements_as_people_write_them() -> None:
    """Both spellings of the original, capitals and blanks."""
    assert elements_from(["stair", "has_entrance", " Balconies "]) == {"stairs", "entrance", "balcony"}
    with pytest.raises(BriefError, match="element must be one of stairs, entrance, balcony, got 'lift'"):
        elements_from(["lift"])


# --- plans as briefs -------------------------------------------------------------------


def test_the_brief_of_a_drawn_house() -> None:
    """The 8x9 house by hand: its stair's middle is 7 of 8 modules east, 5 of 9 south."""
    ground, upper = plans.sample_house().plans
    assert caption(brief_of(ground, style="cad")) == (
        "floor plan, 1F, 8x9, entrance south, stairs east, 0 bedrooms, LDK, tatami, bath, shoe closet, style cad"
    )
    assert caption(brief_of(upper)) == "floor plan, 2F, 8x9, stairs east, balcony, 3 bedrooms, walk-in closet"
    assert caption(brief_of_house(plans.sample_house(), style="cad")) == (
        "floor plan, both, 8x9, upper 8x9, entrance south, stairs east, balcony, 4LDK, 3 bedrooms, LDK, tatami, bath, "
        "walk-in closet, shoe closet, style cad"
    )


def test_a_house_of_one_storey_has_its_nldk() -> None:
    """Three bedrooms and a tatami room beside the LDK; alone or as a house."""
    expected = "floor plan, 1F, 20x8, scale 16, entrance south, 4LDK, 3 bedrooms, LDK, tatami, bath, storage"
    assert caption(brief_of(plans.bungalow())) == expected
    assert brief_of_house(House((plans.bungalow(),))) == brief_of(plans.bungalow())


def test_nldk_is_said_of_a_whole_house_only() -> None:
    """Not of the 1F below a stair, not of a 2F, and not where there is no LDK or no other room."""
    lower = "LLLL\nLLLL\n"
    assert brief_of(plan_of(lower + "1111\n2JJJ")).nldk == 3
    assert brief_of(plan_of(lower + "1111\n2JJJ", floor=2)).nldk is None
    assert brief_of(plan_of(lower + "1111\n2JZZ")).nldk is None
    assert brief_of(plan_of(lower + "HHHH\nSSHH")).nldk is None
    assert brief_of(plan_of("1111\n1111\nHHHH\nHHHH")).nldk is None


def test_the_upper_storey_has_its_own_size() -> None:
    """`upper_mm` is the outline of the 2F without its balcony; the stair's place is that of the 1F."""
    lower = plan_of("ZZLLLLLLL\nZZLLLLLLL\nLLLLLLLLL\nLLLLLLLLL", stair=Stair("u", (0, 0, 2, 2), "n"))
    upper = plan_of("ZZ1122bb\nZZ1122bb\n111122bb\n111122bb", floor=2, stair=Stair("u", (0, 0, 2, 2), "n"))
    found = brief_of_house(House((lower, upper)))
    assert (found.width_mm, found.height_mm, found.upper_mm) == (9 * 455, 4 * 455, (6 * 455, 4 * 455))
    assert found.elements == {"stairs", "balcony"}
    assert (found.bedrooms, found.nldk) == (2, 2)
    assert (found.stair_place, brief_of(upper).stair_place) == ("nw", "nw")


def test_a_house_must_have_one_or_two_storeys() -> None:
    """None and three are no house of this grammar."""
    for storeys in (0, 3):
        with pytest.raises(BriefError, match=f"house must have one or two storeys, got {storeys}"):
            brief_of_house(House((plans.bungalow(),) * storeys))


@pytest.mark.parametrize(
    ("place", "x", "y"),
    [
        ("nw", 0, 0),
        ("n", 4, 0),
        ("ne", 8, 0),
        ("w", 0, 4),
        ("c", 4, 4),
        ("e", 8, 4),
        ("sw", 0, 8),
        ("s", 4, 8),
        ("se", 8, 8),
    ],
)
def test_the_stair_lies_in_one_of_nine_thirds(place: str, x: int, y: int) -> None:
    """A stair of 2x2 modules in an outline of 6x6, by its rectangle and by its room, wherever the house lies."""
    rows = [["L"] * 12 for _ in range(12)]
    for i in range(4):
        rows[y + i][x : x + 4] = "ZZZZ"
    room = plan_of("\n".join("".join(row) for row in rows), floor=2)
    rect = plan_of("\n".join(["L" * 12] * 12), floor=2, stair=Stair("u", (x, y, 4, 4), "n"))
    assert stair_place(room) == stair_place(rect) == place
    moved = plan_of("\n".join(["." * 5] * 3 + ["....." + "".join(row) for row in rows]), floor=2)
    assert stair_place(moved) == place
    assert brief_of(room).stair_place == place


def test_the_thirds_meet_where_they_should() -> None:
    """A middle on the border counts to the south and east; one outside the outline counts to the rim."""
    wide = plan_of("LLLLLLLLL\nLLLLLLLLL\nLLLLLLLLL", floor=2)
    at = [stair_place(replace(wide, stair=Stair("straight", (x, 0, 2, 1), "n"))) for x in range(8)]
    assert at == ["nw", "nw", "n", "n", "n", "ne", "ne", "ne"]
    assert stair_place(replace(wide, stair=Stair("u", (-9, 20, 2, 2), "n"))) == "sw"
    assert stair_place(wide) is None
    assert stair_place(plans.atrium()) == "w"


def test_a_stair_without_a_house_has_no_place() -> None:
    """Where nothing is indoors there are no thirds."""
    with pytest.raises(PlanError, match="cells must not be empty, got none"):
        stair_place(Plan(1, (), stair=Stair("u", (0, 0, 4, 4), "n")))


def test_the_drawn_house_has_a_brief_that_reads_back() -> None:
    """Caption and brief of every hand-drawn storey and house are inverse."""
    houses = (plans.sample_house(), house_8x7())
    found = [brief_of(p) for h in houses for p in h.plans] + [brief_of_house(h) for h in houses]
    found += [brief_of(plans.bungalow()), brief_of(plans.atrium())]
    for brief in found:
        assert parse_caption(caption(brief)) == brief
