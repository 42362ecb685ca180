"""Words on a drawing: their size, the font, and what must be legible.

The packaged font is BIZ UDGothic, cut down to ASCII, JIS X 0208 and cp932 (`assets/font`). Its
glyphs are one em wide, or half an em for ASCII, so widths are known without reading it. What it
lacks is never left out: `packaged` puts a sign in its place.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from madorizu.errors import SettingsError
from madorizu.plan import Plan

Lang = Literal["ja", "en"]
LANGUAGES: tuple[Lang, ...] = ("ja", "en")
FONT_FAMILY = "'BIZ UDGothic', 'BIZ UDPGothic', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif"
FONT_FILE = Path(__file__).resolve().parents[1] / "assets" / "font" / "BIZUDGothic-Regular.ttf"
NAME_MM = 290  # 2.9 mm on paper, 10.2 px at 32 px per module
LEGIBLE_PX = 10  # strokes of common kanji run together below it
LEADING = 1.25
GETA = "〓"  # what Japanese printing puts for a letter that it does not have
_SIGNS = frozenset("²×±°·")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]+")
# What has no ink of its own: zero-width spaces and joiners, variation selectors of kanji and emoji.
_INKLESS = re.compile("[\u200b-\u200d\u2060\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def legible_mm(mm_per_px: float) -> float:
    """Return the height of a room's name: as on paper, or more where pixels are coarse."""
    return max(float(NAME_MM), LEGIBLE_PX * mm_per_px)


def text_width_mm(text: str, height_mm: float) -> float:
    """Return at least a text's width: one em per full-width character, 0.6 em for the others."""
    return sum(height_mm * (1.0 if _is_wide(c) else 0.6) for c in text)


def is_packaged(text: str) -> bool:
    """Say whether the packaged font has a glyph for every character."""
    return all(" " <= c <= "~" or c in _SIGNS or _has_two_bytes(c) for c in text)


def packaged(text: str) -> str:
    """Return a text in letters of the packaged font: 〓 for each that it lacks.

    Composed forms come first (か and ゛ make が), half-width kana become full ones, and what has no
    ink goes: an emoji's or a kanji's variation.
    """
    text = _HALF_WIDTH_KANA.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = _INKLESS.sub("", unicodedata.normalize("NFC", text))
    return "".join(c if is_packaged(c) else GETA for c in text)


def packaged_names(plan: Plan) -> Plan:
    """Return a plan whose rooms have names in letters of the packaged font."""
    if all(is_packaged(room.name) for room in plan.rooms):
        return plan
    return replace(plan, rooms=tuple(replace(room, name=packaged(room.name)) for room in plan.rooms))


def _is_wide(character: str) -> bool:
    if character < "\x7f" or character in "²·":
        return False
    return unicodedata.east_asian_width(character) in "WF" or _has_two_bytes(character)


@lru_cache(maxsize=4096)
def _has_two_bytes(character: str) -> bool:
    """Say whether a character is of JIS X 0208 or written in two bytes by cp932."""
    for encoding in ("euc_jp", "cp932"):
        try:
            code = character.encode(encoding)
        except UnicodeEncodeError:
            continue
        # In EUC 0x8E leads half-width kana, three bytes JIS X 0212; cp932's 0xF0 to 0xF9 are everybody's own.
        if len(code) == 2 and (code[0] >= 0xA1 if encoding == "euc_jp" else not 0xF0 <= code[0] <= 0xF9):
            return True
    return False


def language(lang: str) -> Lang:
    """Check a language.

    Raises:
        SettingsError: if it is none of `LANGUAGES`.
    """
    for known in LANGUAGES:
        if lang == known:
            return known
    raise SettingsError(f"lang must be one of {', '.join(LANGUAGES)}, got {lang!r}")
