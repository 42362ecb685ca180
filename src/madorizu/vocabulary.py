"""The words of a request, Japanese and English: data, and what a single word means.

`forms` are the patterns that `request` cuts a text into. They are for text in Unicode's
form NFKC and in lower case, so that full-width letters and digits are the plain ones.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from madorizu.brief import FEATURES, PLACE_WORDS, SIDE_WORDS, Place
from madorizu.errors import BriefError
from madorizu.plan import Side

CAN_SAY = (
    "say a size (8x9, 9.1m x 7.28m, 30坪), 平屋 / 二階建て / 1階 / 2階 (bungalow, two storeys, 1F, 2F), 3LDK, "
    "洋室3 (3 bedrooms), 南玄関 (south entrance), 階段 北西 (stairs northwest), バルコニー (balcony), and of rooms "
    "和室, 浴室, WIC, SIC, パントリー, 納戸, 書斎, ランドリー, 吹抜 (tatami, bath, walk-in closet, shoe closet, "
    "pantry, storage, study, laundry, void); what is left out is open"
)
SIDE_JA: dict[str, Side] = {"北": "n", "東": "e", "南": "s", "西": "w"}
_PLACE_JA: dict[str, Place] = {
    "北西": "nw", "北": "n", "北東": "ne", "西": "w", "中央": "c", "中心": "c", "真ん中": "c",
    "東": "e", "南西": "sw", "南": "s", "南東": "se",
}  # fmt: skip
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_COUNTS |= {letter: i for i, letter in enumerate("一二三四五六七八九", start=1)}
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)"
_UNIT = r"(?:(?:mm|m|p)(?=[^a-z]|$|x\s*\d)|ミリ|メートル|マス|モジュール|間|met(?:er|re)s?|modules?)"
_SLOTS = {
    "n": rf"(?P<n>\d{{1,2}}|{'|'.join(_COUNTS)})",
    "side": rf"(?P<side>(?:[北東南西](?![北東南西])|{'|'.join(SIDE_WORDS.values())}))",
    "place": rf"(?P<place>{'|'.join(sorted(_PLACE_JA, key=len, reverse=True))}|(?:north|south)[- ]?(?:east|west)"
    "|north|east|south|west|cent(?:er|re)|middle)",
    "size": rf"(?P<w>{_NUMBER})\s*(?P<wu>{_UNIT})?\s*(?:[x×✕*]|by)\s*(?P<h>{_NUMBER})(?:\s*(?P<hu>{_UNIT}))?",
    "sides": rf"(?:東西|幅|width)[は:]?\s*(?P<w>{_NUMBER})\s*(?P<wu>{_UNIT})?[\s、,]*"
    rf"(?:南北|奥行き?|height|depth)[は:]?\s*(?P<h>{_NUMBER})(?:\s*(?P<hu>{_UNIT}))?",
    "area": rf"(?P<area>{_NUMBER})\s*(?P<au>坪|tsubo|m2|平米|平方メートル|sqm|square met(?:er|re)s)",
    "style": r"(?P<style>[a-z][a-z0-9_]{0,31})",
    "in": r"(?:(?:on|in|to|at|from|facing) )?(?:the )?",
    "door": r"(?:entrance|front door)",
    "stair": r"(?:stairs|staircase)",
    "end": r"(?=[\s、。,;]|$)",
}
_FEATURE_FORMS = {
    "ldk": "ldk|living kitchen|living[- ]dining[- ]kitchen|リビングダイニングキッチン",
    "wa": "和室|畳の間|畳部屋|tatami(?:[- ]room)?|japanese(?:[- ]style)? room|washitsu",
    "bath": "浴室|お?風呂場?|バスルーム|bath(?:room)?",
    "wic": r"wic|w\.i\.c\.?|wcl|ウォークイン(?:クローゼット|クロゼット)?|walk[- ]in[- ](?:closet|wardrobe)",
    "sic": r"sic|s\.i\.c\.?|シューズ(?:イン)?クロー(?:ク|ゼット)|土間収納|shoes?[- ](?:in[- ])?closet",
    "pantry": "パントリー|食品庫|pantry|larder",
    "s": "納戸|サービスルーム|storage(?:[- ]room)?|store[- ]?room|service room",
    "den": "書斎|ワークスペース|den|study|home office",
    "laundry": "ランドリー(?:ルーム)?|洗濯室|laundry(?:[- ]room)?",
    "void": "吹き?抜け?|void|double[- ]height",
}
# What a form means -> patterns; {..} stands for what `_SLOTS` knows. Text is NFKC and lower case.
_FORMS: dict[str, tuple[str, ...]] = {
    "size": ("(?:size )?{size}", "{sides}"),
    "area": ("(?:延べ?床(?:面積)?|床面積|面積)?約?{area}(?:くらい|ぐらい|程度)?",),
    "jo": (rf"約?{_NUMBER}\s*(?:帖|畳|jo)",),
    "both": (
        "[2二]階建て?",
        "(?:two|2)[- ]?(?:store?y|stories|storeys|floors?)(?: house)?",
        "both(?: (?:floors|storeys|stories))?",
        "[1一]階?(?:[・,、/&]|と)[2二]階",
        "1f? ?(?:[・,、/&]|と|and) ?2f",
    ),
    "same": ("総[2二]階(?:建て?)?",),
    "single": ("平[屋家](?:建て?)?", "[1一]階建て?", "(?:one|1|single)[- ](?:store?y|floor)(?: house)?", "bungalow"),
    "1F": ("[1一]階(?!建)", "1f", "(?:ground|1st|first|lower) floor"),
    "2F": ("[2二]階(?!建)", "2f", "(?:upper|2nd|second) floor", "upper(?: store?y)?", "上階"),
    "nldk": (r"(?P<n>\d{1,2})\s*ldk", r"(?P<n>\d{1,2})\s*(?P<s>s)ldk", r"(?P<n>\d{1,2})\s*ldk\s*\+\s*(?P<s>s|納戸)"),
    "bedrooms": (
        "(?:洋室|寝室|ベッドルーム)[はがを:]?\\s?[x×]?\\s?{n}(?![x×.]|\\s+[x×])(?:室|つ|部屋)?",
        "{n}(?:つの|室の|部屋の)?(?:洋室|寝室|ベッドルーム)",
        "{n}[- ]?(?:bed ?rooms?|beds?)",
    ),
    "children": ("子(?:供|ども)(?:室|部屋)[はがを:]?[x×]?{n}(?:室|つ|部屋)?", "{n} (?:children's|kids') rooms?"),
    "master": ("主寝室", "(?:a |1 |one )?master bedroom"),
    "entrance": (
        "玄関",
        "{side}(?:側|向き)?の?玄関",
        "玄関[はがを:]?{side}(?:側|向き)?",
        "玄関[は:]?\\s+{side}(?:側|向き)?{end}",
        "{side}入り",
        "{door}",
        "{side}(?:ern|[- ]facing)? {door}",
        "{door}:? {in}{side}(?: side)?",
    ),
    "stairs": (
        "階段",
        "{place}(?:側|の?隅|の?角)?[のに]?階段",
        "階段[はがを:]?{place}(?:側|の?隅|の?角)?",
        "階段[は:]?\\s+{place}(?:側|の?隅|の?角)?{end}",
        "{stair}",
        "{place}(?:ern)? {stair}",
        "{stair}:? {in}{place}(?: corner| side)?",
    ),
    # A side between the two belongs to either.
    "unclear": (
        "玄関{side}階段|玄関\\s+(?:[北東南西])\\s+階段",
        "階段{place}玄関|階段\\s+(?:[北東南西]{1,2}|中央)\\s+玄関",
        "{door} {side} {stair}",
        "{stair} {place} {door}",
    ),
    "balcony": ("バルコニー", "ベランダ", "(?:with )?balcony"),
    "style": ("style:? {style}", "{style} style", "drawn as {style}", "スタイル[は:]?\\s*{style}"),
    **{f"feature {kind}": (f"(?:(?:one|1) )?(?:{forms})",) for kind, forms in _FEATURE_FORMS.items()},
    # Says nothing that a brief could hold. Never "no", "without" or なし.
    "": (
        "です|希望|付き?|つき|あり|有り?|欲しい|ほしい|お願いします|住宅|家|一?戸建て?|間取り図?|プラン|[のでにはとがを]",
        "an?|the|with|and|of|in|on|at|for|house|home|please|(?:i|we) want|(?:japanese |house |floor )*plan",
    ),
}  # fmt: skip


@cache
def forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the patterns with what they mean; their groups are named as in `_SLOTS`."""
    return tuple((kind, _pattern(form)) for kind, forms in _FORMS.items() for form in forms)


def _pattern(form: str) -> re.Pattern[str]:
    body = re.sub(r"\{([a-z]+)\}", lambda m: _SLOTS[m[1]], form)
    # Never from or to the middle of a Latin word or a number.
    return re.compile(rf"(?<![a-z](?=[a-z]))(?<!\d(?=\d))(?:{body})(?!(?<=[a-z])[a-z]|(?<=\d)\.?\d)")


def normal(text: str) -> str:
    """Return a text as the forms are written for."""
    return unicodedata.normalize("NFKC", text).lower().strip()


def count_of(text: str) -> int:
    """Read a number in digits, as an English word or a Japanese letter, as the slot {n} has it."""
    return _COUNTS[text] if text in _COUNTS else int(text)


def side_named(word: str) -> Side:
    """Read a side: "s", "South", "南".

    Raises:
        BriefError: if it is none of the four.
    """
    plain = normal(word)
    for side, name in SIDE_WORDS.items():
        if plain in (side, name):
            return side
    if plain not in SIDE_JA:
        raise BriefError(f"entrance must be one of {', '.join(SIDE_WORDS.values())}, got {word!r}")
    return SIDE_JA[plain]


def place_named(word: str) -> Place:
    """Read a third of the outline: "nw", "northwest", "north-west", "centre", "北西".

    Raises:
        BriefError: if it is none of the nine.
    """
    plain = normal(word).replace("-", "").replace(" ", "")
    plain = {"centre": "center", "middle": "center"}.get(plain, plain)
    for place, name in PLACE_WORDS.items():
        if plain in (place, name):
            return place
    if plain not in _PLACE_JA:
        raise BriefError(f"stair place must be one of {', '.join(PLACE_WORDS.values())}, got {word!r}")
    return _PLACE_JA[plain]


def feature_named(word: str) -> str:
    """Read a room that can be asked for: its kind ("wa"), or any of its names ("tatami room", "和室").

    Raises:
        BriefError: if it is none of `brief.FEATURES`.
    """
    plain = normal(word)
    for kind, forms in _FEATURE_FORMS.items():
        if plain == kind or re.fullmatch(forms, plain):
            return kind
    raise BriefError(f"feature must be one of {', '.join(FEATURES.values())}, got {word!r}")
