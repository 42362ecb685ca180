"""Words on a drawing: their size, the font, and what must be legible.

The packaged font is BIZ UDGothic, cut down to ASCII and JIS X 0208 (`assets/font`). Its
glyphs are one em wide, or half an em for ASCII, so widths are known without reading it.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal

from madorizu.errors import SettingsError

Lang = Literal["ja", "en"]
LANGUAGES: tuple[Lang, ...] = ("ja", "en")
FONT_FAMILY = "'BIZ UDGothic', 'BIZ UDPGothic', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif"
FONT_FILE = Path(__file__).resolve().parents[1] / "assets" / "font" / "BIZUDGothic-Regular.ttf"
NAME_MM = 290  # 2.9 mm on paper, 10.2 px at 32 px per module
LEGIBLE_PX = 10  # strokes of common kanji run together below it
LEADING = 1.25
_SIGNS = frozenset("²×±°·")


def legible_mm(mm_per_px: float) -> float:
    """Return the height of a room's name: as on paper, or more where pixels are coarse."""
    return max(float(NAME_MM), LEGIBLE_PX * mm_per_px)


def text_width_mm(text: str, height_mm: float) -> float:
    """Return at least a text's width: one em per full-width character, 0.6 em for the others."""
    return sum(height_mm * (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6) for c in text)


def is_packaged(text: str) -> bool:
    """Say whether the packaged font has a glyph for every character."""
    return all(" " <= c <= "~" or c in _SIGNS or _is_jis_x_0208(c) for c in text)


def _is_jis_x_0208(character: str) -> bool:
    try:
        code = character.encode("euc_jp")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and code[0] >= 0xA1  # 0x8E leads half-width kana, three bytes JIS X 0212


def language(lang: str) -> Lang:
    """Check a language.

    Raises:
        SettingsError: if it is none of `LANGUAGES`.
    """
    for known in LANGUAGES:
        if lang == known:
            return known
    raise SettingsError(f"lang must be one of {', '.join(LANGUAGES)}, got {lang!r}")
