"""The grammar in other words: written at random, read back whatever the order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefs import briefs, longest, longest_of_one_storey
from madorizu import wording
from madorizu.brief import FEATURES, Brief, caption
from madorizu.draw import STYLES
from madorizu.errors import BriefError
from madorizu.wording import read_wording, reworded

ANCHORS = {
    "Japanese floor plan, ground floor, 8 by 9.5, Tatami Room, stairs center, 2 beds": Brief(
        "1F", 7280, 8645, frozenset({"stairs"}), None, 2, frozenset({"wa"}), stair_place="c"
    ),
    "house plan,two floors, size 9x8,2F 9x7, entrance to the south, 4 LDK, double height, den, drawn as cad": Brief(
        "both",
        8190,
        7280,
        frozenset({"entrance"}),
        "s",
        None,
        frozenset({"void", "den"}),
        "cad",
        (8190, 6370),
        4,
    ),
    "floor plan, upper floor, 8x7, northwest stairs, with balcony, one bedroom, larder, store room": Brief(
        "2F", 7280, 6370, frozenset({"stairs", "balcony"}), None, 1, frozenset({"pantry", "s"}), stair_place="nw"
    ),
    "floor plan, unknown floor, 20x8, front door, scale 16": Brief("unknown", 18200, 7280, frozenset({"entrance"})),
}


@pytest.mark.parametrize("text", ANCHORS)
def test_wordings_spelled_out(text: str) -> None:
    """These words mean these briefs."""
    assert read_wording(text) == ANCHORS[text]


@settings(max_examples=200, deadline=None)
@given(briefs(), st.integers(0, 10**6))
def test_every_wording_reads_back(brief: Brief, seed: int) -> None:
    """Whatever words and order are drawn, the brief comes back; also from the grammar's own caption."""
    assert read_wording(reworded(brief, random.Random(seed))) == brief
    assert read_wording(caption(brief)) == brief


def test_wordings_vary_and_equal_seeds_give_equal_words() -> None:
    """One brief is put in many ways; the randomness is the caller's."""
    brief = Brief("2F", 7280, 7280, frozenset({"stairs", "balcony"}), None, 3, frozenset({"wic", "s"}), "cad")
    said = [reworded(brief, random.Random(seed)) for seed in range(50)]
    assert len(set(said)) > 40
    assert said[7] == reworded(brief, random.Random(7))
    assert len({text.split(", ")[3] for text in said}) > 4  # the order of the wishes differs too


def test_no_phrase_has_two_meanings() -> None:
    """Every form of every kind of phrase is read as that kind."""
    values = {
        "size": "8x9",
        "w": "8",
        "h": "9",
        "scale": 16,
        "side": "west",
        "place": "northwest",
        "n": 3,
        "style": "x",
    }
    tables = {**wording._WISHES, **wording._FEATURES}
    for key, forms in tables.items():
        for form in forms:
            found, _ = wording._matched(tuple(tables), form.format(**values))
            assert found == key, form
    assert set(wording._FEATURES) == set(FEATURES)
    assert all(wording._FEATURES[kind][0] == words for kind, words in FEATURES.items())


@pytest.mark.parametrize("style", [None, *STYLES])
def test_a_wording_of_one_storey_has_at_most_77_tokens(style: str | None) -> None:
    """With SD 2's tokenizer and both marks, even where the longest words are drawn for all that can be said."""
    from madorizu.diffusion.tokenizer import MAX_TOKENS, count_tokens

    wishes = [longest("1F", style), longest("2F", style), longest("unknown", style), longest_of_one_storey(style)]
    for brief in wishes:
        drawn = [reworded(brief, random.Random(seed)) for seed in range(60)]
        assert max(map(count_tokens, {max(drawn, key=len), *drawn[:20]})) <= MAX_TOKENS
        assert count_tokens(_dearest(brief, count_tokens)) <= MAX_TOKENS


def _dearest(brief: Brief, count: object) -> str:
    """Write a brief in the forms that take the most tokens."""

    class Dearest(random.Random):
        def choice(self, forms: object) -> object:  # type: ignore[override]
            return max(forms, key=count)  # type: ignore[call-overload]

        def shuffle(self, x: object) -> None:
            """Keep the order: it changes no count."""

    return reworded(brief, Dearest())


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "request must begin with 'floor plan, <floor>, <W>x<H>', got ''"),
        ("floor plan, 1F", "request must begin with"),
        ("a castle, 1F, 8x9", "phrase must be of the grammar or one of its wordings, got 'a castle'"),
        ("floor plan, attic, 8x9", "got 'attic'"),
        ("floor plan, 1F, 8 x 9", "got '8 x 9'"),
        ("floor plan, 1F, 8x9, pool", "got 'pool'"),
        ("floor plan, 1F, 8x9, ", "got ''"),
        ("floor plan, 1F, 8x9, stairs, staircase", "request must say stairs once, got 'staircase' as well"),
        ("floor plan, 1F, 8x9, stairs, north stairs", "request must say stairs once, got 'north stairs' as well"),
        ("floor plan, 1F, 8x9, front door, south entrance", "request must say entrance once, got 'south entrance'"),
        ("floor plan, 1F, 8x9, 2 beds, one bedroom", "request must say bedrooms once, got 'one bedroom' as well"),
        ("floor plan, 1F, 8x9, bath, bathroom", "request must say bath once, got 'bathroom' as well"),
        ("floor plan, 1F, 8x9, scale 16", "scale must follow from the size, got 16 for 8x9"),
        ("floor plan, 1F, 45x9", "width must be 2 to 30 modules of 910 mm, got 45"),
        ("floor plan, 2F, 8x9, 3LDK", "floor must be both, or 1F without stairs, when nldk is given"),
        # Letters that Unicode takes for others are no letters of the grammar.
        ("floor plan, 1F, 8x9, entrance \u017fouth", "got 'entrance \u017fouth'"),
        ("floor plan, 1F, \uff18x9", "got '\uff18x9'"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, match: str) -> None:
    """The first phrase that is not known, or is said twice, is named."""
    with pytest.raises(BriefError, match=match):
        read_wording(text)
