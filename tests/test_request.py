"""Requests as people write them: what is understood, what is assumed, and what is refused."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefs import briefs
from madorizu import vocabulary, wording
from madorizu.brief import FEATURES, PLACE_WORDS, SIDE_WORDS, Brief, Floor, caption, parse_caption
from madorizu.errors import BriefError
from madorizu.request import contradictions, read_request, settled, understand, usual_elements

READ = {
    "8x9 3LDK 南玄関 和室": "both, 8x9, entrance south, stairs, 3LDK, tatami",
    "2階 8×7.5 洋室3 WIC バルコニー": "2F, 8x7.5, stairs, balcony, 3 bedrooms, walk-in closet",
    "二階建て 4LDK 9×8 吹抜 北玄関": "both, 9x8, entrance north, stairs, 4LDK, void",
    "平屋 3LDK 13x7": "1F, 13x7, entrance, 3LDK",
    "10.5 x 8 modules, two storeys, 4 bedrooms, study, south entrance": (
        "both, 10.5x8, entrance south, stairs, 4 bedrooms, study"
    ),
    "9.1m x 7.28m 4LDK": "both, 10x8, entrance, stairs, 4LDK",
    "30坪 3LDK": "both, 9x7, entrance, stairs, 3LDK",
    # Full-width letters and digits, other marks, particles.
    "８×９　３ＬＤＫ＋Ｓ、玄関は南。": "both, 8x9, entrance south, stairs, 3LDK, storage",
    "南玄関の二階建て、4LDKで和室が欲しいです。9x8": "both, 9x8, entrance south, stairs, 4LDK, tatami",
    "ﾊﾞﾙｺﾆｰ付きの2階 8＊7 子供室2 主寝室": "2F, 8x7, stairs, balcony, 3 bedrooms",
    # Sizes.
    "9,100×7,280 平屋": "1F, 10x8, entrance",
    "9100mm x 7280mm 平屋": "1F, 10x8, entrance",
    "5間×4.25間 二階建て": "both, 10x8.5, entrance, stairs",
    "東西8 南北9 二階建て": "both, 8x9, entrance, stairs",
    "width 8, depth 9.5, bungalow": "1F, 8x9.5, entrance",
    "8.19mx9.1m single storey": "1F, 9x10, entrance",
    "平屋 約90㎡": "1F, 12x9, entrance",
    "延床面積100m2くらいの二階建て": "both, 9x7, entrance, stairs",
    # Storeys.
    "1階 9x8 2階 9x7 4LDK": "both, 9x8, upper 9x7, entrance, stairs, 4LDK",
    "1F 9x8, upper 9x7": "both, 9x8, upper 9x7, entrance, stairs",
    "9x8 2階9x7": "both, 9x8, upper 9x7, entrance, stairs",
    "二階建ての1階 9x8": "both, 9x8, entrance, stairs",
    "1階18坪 2階14坪": "both, 10x7, upper 9x6, entrance, stairs",
    "総二階 8x7 3LDK": "both, 8x7, upper 8x7, entrance, stairs, 3LDK",
    "1階と2階 8x7": "both, 8x7, entrance, stairs",
    "ground floor 8x8, LDK, 0 bedrooms": "1F, 8x8, entrance, stairs, 0 bedrooms, LDK",
    "1階 8x8": "1F, 8x8, entrance, stairs",
    "1階 13x10 3LDK": "1F, 13x10, entrance, 3LDK",
    "8x7 2階": "2F, 8x7, stairs",
    "2階 15坪 寝室三つ": "2F, 9x7, stairs, 3 bedrooms",
    "13x10 3LDK": "1F, 13x10, entrance, 3LDK",
    "13x10 3LDK 階段": "both, 13x10, entrance, stairs, 3LDK",
    # Where things are.
    "二階建て 8x8 南入り 階段は北西": "both, 8x8, entrance south, stairs northwest",
    "二階建て 8x8 玄関 西、階段 中央": "both, 8x8, entrance west, stairs center",
    "二階建て 8x8 東側の玄関 北東の角に階段": "both, 8x8, entrance east, stairs northeast",
    "two-storey house, 8 by 8, entrance on the south side, stairs in the north-west corner": (
        "both, 8x8, entrance south, stairs northwest"
    ),
    "2-story house plan of 8x8 with a west-facing front door and centre stairs": (
        "both, 8x8, entrance west, stairs center"
    ),
    # Rooms.
    "3SLDK 8x9 二階建て": "both, 8x9, entrance, stairs, 3LDK, storage",
    "8x9 3LDK+SIC+書斎 二階建て": "both, 8x9, entrance, stairs, 3LDK, shoe closet, study",
    "二階建て 9x8 ウォークインクローゼット シューズクローク ランドリールーム 吹き抜け お風呂": (
        "both, 9x8, entrance, stairs, bath, walk-in closet, shoe closet, laundry, void"
    ),
    "bungalow 13x7 three bedrooms, one tatami room, home office, larder": (
        "1F, 13x7, entrance, 3 bedrooms, tatami, pantry, study"
    ),
    "平屋 13x7 3LDK スタイル cad": "1F, 13x7, entrance, 3LDK, style cad",
}


@pytest.mark.parametrize("text", READ)
def test_requests_spelled_out(text: str) -> None:
    """These words mean these wishes."""
    assert caption(read_request(text)) == f"floor plan, {READ[text]}"


@settings(max_examples=60, deadline=None)
@given(briefs(), st.integers(0, 10**6))
def test_every_wording_is_read_exactly(brief: Brief, seed: int) -> None:
    """What the grammar can say in any words is read in its sense; nothing is added."""
    text = wording.reworded(brief, random.Random(seed))
    found = understand(text)
    assert found.brief == brief and found.assumed == ()
    assert found.understood == ((text, caption(brief)),)


def test_every_form_of_the_wordings_is_known_among_free_words() -> None:
    """People mix: any single phrase of `wording` is understood beside Japanese, and means the same."""
    values = {"size": "8x7", "w": "8", "h": "7", "side": "west", "place": "northwest", "n": 3, "style": "cad"}
    for key, forms in {**wording._WISHES, **wording._FEATURES}.items():
        if key in ("scale", "upper"):
            continue  # the one follows from the size, the other is of two storeys
        for form in forms:
            phrase = form.format(**values)
            base = "平屋、12x8" if key == "nldk" else "二階建て、12x8"
            by_wording = wording.read_wording(f"floor plan, {'1F' if key == 'nldk' else 'both'}, 12x8, {phrase}")
            found = read_request(f"{base}、{phrase}")
            for name in ("entrance_side", "stair_place", "nldk", "bedrooms", "features", "style"):
                assert getattr(found, name) == getattr(by_wording, name), phrase
            assert by_wording.elements <= found.elements


def test_what_was_understood_and_assumed_is_told() -> None:
    """Each word with its meaning, in its order; and what the request does not say, in both languages."""
    found = understand("30坪 3LDK 南玄関")
    assert found.understood == (("30坪", "9x7"), ("3ldk", "3LDK"), ("南玄関", "entrance south"))
    assert [note.message for note in found.assumed] == [
        "sides are not said: 9x7 modules are proposed, near the commonest ratio of 1.34 to 1; "
        "2 such storeys have 104.3 m² (31.6 坪)",
        "storeys are not said: a house of two is taken (say bungalow for one)",
        "stairs added: such a storey has them",
    ]
    assert all("坪" in n.message_ja or "階" in n.message_ja for n in found.assumed)
    assert understand("二階建て 8x9 玄関 階段").assumed == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("13x10", "storeys are not said: at this size a house of one is taken (say two storeys for two)"),
        ("二階建て 9,100x7,280", "9,100x7,280 is taken as millimetres: it has no unit"),
        ("二階建て 8.2m x 9.1m", "8.2 m is taken as 8.19 m"),
        ("二階建て 8x8 LDK18帖", "the size of a single room cannot be asked: 18帖 is left open"),
        ("平屋 90m2", "1 such storey has 89.4 m² (27.1 坪)"),
        ("平屋 13x7", "entrance added: such a storey has them"),
    ],
)
def test_what_is_assumed(text: str, message: str) -> None:
    """Nothing is guessed in silence."""
    assert any(message in note.message for note in understand(text).assumed)


@pytest.mark.parametrize(
    ("area", "size"), [("20坪", "7x6"), ("25坪", "8x6"), ("35坪", "10x7"), ("40坪", "10x8"), ("120m2", "10x7")]
)
def test_an_area_gives_sides_near_the_commonest_ratio(area: str, size: str) -> None:
    """Whole modules, the long side east-west, half of the area on each of two storeys."""
    assert caption(read_request(f"二階建て {area}")).startswith(f"floor plan, both, {size}, ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("8x8 和室なし", "'なし'"),
        ("8x8 no balcony", "'no'"),
        ("8x8 garden", "'garden'"),
        ("8x8 3DK", "'3dk'"),
        ("8x8 ルーフバルコニー", "'ルーフ'"),
        ("8x8 三階建て プール", "'三階建て', 'プール'"),
        ("8x8 洋室", "'洋室'"),
        ("8x8 和室2", "'2'"),
        ("8x8 建坪30坪", "'建坪'"),
        ("8x8 bathrooms", "'bathrooms'"),
        ("8x8 北西玄関", "'北'"),
        ("-8x9", "'-8x9'"),
        ("8x9.5.5", "'8x9.5.5'"),
        ("8x9 ?", "'\\?'"),
    ],
)
def test_words_that_are_not_known_are_named(text: str, words: str) -> None:
    """Also refusals: what a brief does not name is open, it cannot be asked away. The hint says what can be said."""
    with pytest.raises(BriefError, match=rf"request must be of known words, got {words} \(say a size") as caught:
        understand(text)
    assert "南玄関 (south entrance)" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "request must say at least a size, got nothing"),
        (" 、の ", "request must say at least a size, got nothing"),
        ("x" * 501, "request must have at most 500 letters, got 501"),
        ("3LDK", "request must say a size, got none .say a size"),
        ("二階建て 2階 9x7", "request must say a size, got none of the 1F"),
        ("8x8 9x9", "request must say one size of a storey, got '9x9' as well"),
        ("8x8 1階 7x7", "request must say one size of a storey, got '8x8' as well"),
        ("8x8 1階 7x7 2階 7x7", "request must say one size of the 1F, got '8x8' as well"),
        ("8x9 30坪", "request must say one size of a storey, got '30坪' as well"),
        ("平屋 二階建て 8x8", "request must be of one storey or of two, got both"),
        ("平屋 13x7 階段", "a house of one storey must have no stairs, got a wish for them"),
        ("1階 8x9 3LDK", "nLDK must be asked of a whole house, got a wish for the 1F"),
        ("2階 8x9 3LDK", "nLDK must be asked of a whole house, got a wish for the 2F"),
        ("二階建て 2階LDK 8x7", "must give a storey of two nothing but its size, got '2階' without one"),
        ("8x8 南玄関 北玄関", "request must say entrance side once, got '北玄関' as well"),
        ("8x8 3LDK 4LDK", "request must say nldk once, got '4ldk' as well"),
        ("8x8 洋室3 2 bedrooms", "request must say bedrooms once, got '2 bedrooms' as well"),
        ("2階 8x8 主寝室", "request must say the number of bedrooms, got only the master bedroom"),
        ("8x8 階段北玄関", "request must say to what a side belongs, got '階段北玄関'"),
        ("8x8 玄関 南 階段", "request must say to what a side belongs, got '玄関 南 階段'"),
        ("8x8 entrance south stairs", "request must say to what a side belongs, got 'entrance south stairs'"),
        ("9m x 7m", "sides must be multiples of 455 mm, got 9000 mm in '9m x 7m'"),
        ("8m x 9 modules", "sides must be in one unit, got '8m x 9 modules'"),
        ("8.3x9", "sides must be multiples of 455 mm, got 7553 mm in '8.3x9'"),
        ("3000坪", "floor area must fit a house, got '3000坪'"),
        ("1坪", "floor area must fit a house, got '1坪'"),
        ("45x9", "width must be 2 to 30 modules of 910 mm, got 45"),
        ("10LDK 9x9", "nldk must be 1 to 9, got 10"),
        ("二階建て 9x9 3LDK 洋室3 和室", "nldk must be at least the 4 habitable rooms that are named, got 3"),
        ("二階建て 9x9 洋室12", "bedrooms must be 0 to 9, got 12"),
    ],
)
def test_what_is_missing_twice_or_unclear_is_refused(text: str, match: str) -> None:
    """The words at fault are named."""
    with pytest.raises(BriefError, match=match):
        understand(text)


def test_a_side_off_the_lattice_names_the_nearest() -> None:
    """Rounding would be another house."""
    with pytest.raises(BriefError) as caught:
        understand("9m x 7.28m")
    assert caught.value.hint == "the nearest is 9.1 m, 10 modules"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*READ, "平屋", "南", "玄関", "x", "9", "2", "階", "\n", "!", "ſ", "٣"]), max_size=6))
def test_any_words_are_a_request_or_a_brief_error(words: list[str]) -> None:
    """Whatever is written, there is a brief that its caption gives back, or an error with words."""
    text = "".join(words)[:500]
    try:
        found = understand(text)
    except BriefError as error:
        assert error.message
    else:
        assert found.understood
        assert wording.read_wording(caption(found.brief)) == found.brief


def test_the_guide_tells_the_truth() -> None:
    """Its captions are of the grammar, its requests are read, and every flag and room is there."""
    guide = (Path(__file__).parents[1] / "docs" / "guide" / "brief.md").read_text("utf-8")
    captions = re.findall(r"^floor plan, .*$", guide, re.MULTILINE)
    assert len(captions) == 4 and all(caption(parse_caption(text)) == text for text in captions)
    asked = re.findall(r'--request "([^"]+)"', guide)
    assert len(asked) == 2 and all(read_request(text) for text in asked)
    for line in (
        "9.1m×7.28m",
        "9,100×7,280",
        "5間×4間",
        "東西8 南北9",
        "width 8 height 9",
        "1F 9x8, 2F 9x7",
        "延床100㎡",
    ):
        assert line in guide and read_request(f"{line} 二階建て")
    flags = set(re.findall(r"`--([a-z-]+)", guide))
    assert flags == {
        "floor", "width", "upper", "elements", "entrance", "stair-place", "nldk", "bedrooms", "features", "style",
    }  # fmt: skip
    assert all(words in guide for words in FEATURES.values())


# --- single words ----------------------------------------------------------------------


def test_sides_places_and_rooms_by_their_names() -> None:
    """Codes, words of the grammar, other spellings and Japanese."""
    for side, name in SIDE_WORDS.items():
        assert vocabulary.side_named(side) == vocabulary.side_named(f" {name.title()} ") == side
    assert [vocabulary.side_named(w) for w in "北東南西"] == ["n", "e", "s", "w"]
    for place, name in PLACE_WORDS.items():
        assert vocabulary.place_named(place) == vocabulary.place_named(name.upper()) == place
    spelled = ("North-West", "south east", "centre", "middle", "北西", "真ん中")
    assert [vocabulary.place_named(w) for w in spelled] == ["nw", "se", "c", "c", "nw", "c"]
    for kind, words in FEATURES.items():
        assert vocabulary.feature_named(kind) == vocabulary.feature_named(words) == kind
    assert [vocabulary.feature_named(w) for w in ("和室", "ＷＩＣ", "den", "Tatami Room")] == ["wa", "wic", "den", "wa"]


def test_names_that_are_none_are_refused() -> None:
    """Each error lists what can be said."""
    with pytest.raises(BriefError, match="entrance must be one of north, east, south, west, got 'up'"):
        vocabulary.side_named("up")
    with pytest.raises(BriefError, match="stair place must be one of northwest, .*, southeast, got 'attic'"):
        vocabulary.place_named("attic")
    with pytest.raises(BriefError, match="feature must be one of LDK, tatami, .*, void, got 'pool'"):
        vocabulary.feature_named("pool")


@pytest.mark.parametrize(
    ("floor", "size_mm", "elements"),
    [
        ("1F", (7280, 7280), {"entrance", "stairs"}),
        ("1F", (11830, 9100), {"entrance"}),
        ("2F", (11830, 9100), {"stairs"}),
        ("both", (11830, 9100), {"entrance", "stairs"}),
        ("unknown", (7280, 7280), set()),
    ],
)
def test_usual_elements(floor: str, size_mm: tuple[int, int], elements: set[str]) -> None:
    """What such a storey has; a 1F over 95 m² is a bungalow."""
    assert usual_elements(floor, *size_mm) == elements  # type: ignore[arg-type]


# --- wishes that exclude each other ----------------------------------------------------

ALL = frozenset({"stairs", "entrance", "balcony"})


@pytest.mark.parametrize(
    ("brief", "expected"),
    [
        (Brief("2F", 7280, 7280, ALL), ("entrance must be on the 1F, got a wish for the 2F",)),
        (
            Brief("2F", 7280, 7280, features=frozenset({"sic"})),
            ("shoe closet must be beside the entrance on the 1F, got a wish for the 2F",),
        ),
        (
            Brief("1F", 7280, 7280, frozenset({"entrance", "balcony"}), features=frozenset({"void"})),
            (
                "balcony must be on the 2F, got a house of one storey",
                "void must be on the 2F, got a house of one storey",
            ),
        ),
        (
            Brief("1F", 7280, 7280, ALL, features=frozenset({"void"})),
            ("balcony must be on the 2F, got a wish for the 1F", "void must be on the 2F, got a wish for the 1F"),
        ),
        (
            Brief("1F", 7280, 7280, nldk=3, features=frozenset({"void"})),
            ("void must be on the 2F, got a house of one storey",),
        ),
        (
            Brief("both", 9 * 910, 8 * 910, upper_mm=(9 * 910, 8 * 910 + 455)),
            (
                "the 2F must be at most as wide and as high as the 1F of 9x8, got 9x8.5: "
                "houses that stand out above are not made",
            ),
        ),
        (
            Brief("unknown", 7280, 7280, ALL, features=frozenset(FEATURES)),
            (
                "a storey must be the 1F or the 2F, got a wish for entrance, which only a 1F has, "
                "and for balcony, which only a 2F has",
            ),
        ),
        (
            Brief("unknown", 7280, 7280, features=frozenset({"sic", "void"})),
            (
                "a storey must be the 1F or the 2F, got a wish for shoe closet, which only a 1F has, "
                "and for void, which only a 2F has",
            ),
        ),
    ],
)  # fmt: skip
def test_wishes_that_exclude_each_other(brief: Brief, expected: tuple[str, ...]) -> None:
    """Each contradiction is a sentence."""
    assert contradictions(brief) == expected


@pytest.mark.parametrize(
    "brief",
    [
        Brief("both", 7280, 7280, ALL, features=frozenset(FEATURES), upper_mm=(7280, 7280), nldk=9),
        Brief("unknown", 7280, 7280, ALL - {"balcony"}, features=frozenset(FEATURES) - {"void"}),
        Brief("unknown", 7280, 7280, ALL - {"entrance"}, features=frozenset(FEATURES) - {"sic"}),
        Brief("2F", 7280, 7280, frozenset({"stairs", "balcony"}), None, 0, frozenset({"wic", "void", "ldk"})),
        Brief("1F", 7280, 7280, frozenset({"stairs", "entrance"}), features=frozenset(FEATURES) - {"void"}),
        Brief("1F", 7280, 7280, frozenset({"entrance"}), nldk=3),
    ],
)
def test_wishes_that_go_together(brief: Brief) -> None:
    """What is unusual or hard to meet is no contradiction."""
    assert contradictions(brief) == ()


@pytest.mark.parametrize(
    ("floor", "elements", "features", "meant"),
    [
        ("unknown", {"balcony"}, set(), "2F"),
        ("unknown", {"stairs"}, {"void"}, "2F"),
        ("unknown", {"stairs", "entrance"}, {"sic"}, "unknown"),
        ("unknown", set(), set(), "unknown"),
        ("1F", {"balcony"}, set(), "1F"),
        ("both", {"balcony"}, {"void"}, "both"),
    ],
)
def test_what_only_a_2f_has_settles_an_open_storey(
    floor: Floor, elements: set[str], features: set[str], meant: Floor
) -> None:
    """A balcony or a void says that it is the 2F; what is said is left alone, and so are all other wishes."""
    brief = Brief(floor, 7280, 8190, frozenset(elements), features=frozenset(features), style="cad")
    assert settled(brief) == replace(brief, floor=meant)
