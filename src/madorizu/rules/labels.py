"""The rule of labels: a size that is written on a plan must be the room's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from madorizu.rules.facts import Case, Finding, Storey

TSUBO_M2 = 400 / 121  # 坪, the square of 6 尺 of 10/33 m
_DIGITS = {
    c: n for n, chars in enumerate(("〇零", "一壱", "二弐", "三参", "四", "五", "六", "七", "八", "九")) for c in chars
}
_TENS = {"十": 10, "拾": 10, "百": 100}
_KANJI = "".join((*_DIGITS, *_TENS))
_NUMBER = rf"(?:\d{{1,6}}|[{_KANJI}]{{1,6}})"
# Between a number and its unit people write blanks and all sorts of dots, dashes and brackets.
_BETWEEN = r"[\s・･·:/~,.、。_()\[\]「」-]{0,3}"
_UNITS = {
    "jo": r"帖|畳|じょう|ジョウ|jou?(?![a-z])|j(?![a-z])|tatami|mats?(?![a-z])",
    "m²": r"m\^?2|平米|平方メートル|平方m|sq\.?\s?m(?![a-z]{2})|sq(?:uare|\.)?\s?met(?:er|re)s?",
    "tsubo": r"坪|tsubo",
}
_SIZE = re.compile(
    rf"(?P<whole>{_NUMBER})(?:[.,・･点](?P<decimals>{_NUMBER}))?(?P<between>{_BETWEEN})"
    rf"(?:(?P<jo>{_UNITS['jo']})|(?P<m2>{_UNITS['m²']})|(?P<tsubo>{_UNITS['tsubo']}))(?P<half>半)?"
)


def label_truth(case: Case) -> Iterator[Finding]:
    """Find rooms whose name states a size that is not theirs.

    What it checks: Where a room's name states a size, it is true: in 帖 or 畳 (also "jo", "J", "tatami",
        "mats") the area between wall centre-lines over 1.62 m², cut to one decimal; in m² (㎡,
        平米, "sqm") or 坪 (3.31 m²) that area, rounded or cut to the decimals written. Numbers may be
        written in kanji (六畳, 四畳半). A name without a size has nothing to check; drawings compute
        what they print from the plan.
    Why: 不動産の表示に関する公正競争規約施行規則: one 畳 is at least 1.62 m², so a size is never
        rounded up.
    Example: A bedroom of 3 × 4 modules (9.94 m²) that is called "洋室 6.2帖"; it has 6.1.
    Reference: 不動産の表示に関する公正競争規約施行規則 (size of the 畳).
    """
    for s in case.storeys:
        for i, room in enumerate(s.plan.rooms):
            if room.name:
                yield from _false_sizes(s, i)


def _false_sizes(s: Storey, i: int) -> Iterator[Finding]:
    room = s.plan.rooms[i]
    for found in _SIZE.finditer(_plain(room.name)):
        if not _is_size(found):
            continue
        written = _value(found)
        decimals = len(found["decimals"] or "") or (1 if found["half"] else 0)
        if found["jo"]:
            true, unit, unit_ja, fits = f"{room.jo:g}", "jo", "帖", written == room.jo
        else:
            area, unit, unit_ja = (
                (room.area_m2, "m²", "㎡") if found["m2"] else (room.area_m2 / TSUBO_M2, "tsubo", "坪")
            )
            true, fits = f"{area:.2f}", _is_near(written, area, decimals)
        if not fits:
            text = f"{written:.{decimals}f}"
            yield s.finding(
                "H16",
                i,
                f"{s.named(i)}'s name must state its size of {true} {unit}, got {text}",
                f"{s.named_ja(i)}の表示「{text}」は実際の{true}{unit_ja}と一致しません",
            )


def _plain(name: str) -> str:
    """Return a name in one form of each letter, without those that are not seen."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")


def _is_size(found: re.Match[str]) -> bool:
    """Say whether a number belongs to the unit behind it: "洋室2・畳コーナー" names a corner, not a size."""
    between = found["between"].strip()
    end = found.string[found.end() : found.end() + 1]
    return not between or bool(found["decimals"]) or not (end.isalpha() or found["jo"] == "j")


def _value(found: re.Match[str]) -> float:
    whole = _number(found["whole"])
    decimals = found["decimals"]
    tail = (
        0.0 if decimals is None else float("0." + "".join(str(_DIGITS.get(c, c)) for c in decimals if c not in _TENS))
    )
    return whole + (0.5 if found["half"] else 0.0) + tail


def _number(text: str) -> int:
    """Read a whole number in figures or kanji: 20, 二十, 二〇."""
    total = digit = 0
    for c in text:
        if c in _TENS:
            total += max(1, digit) * _TENS[c]
            digit = 0
        else:
            digit = 10 * digit + (_DIGITS[c] if c in _DIGITS else int(c))
    return total + digit


def _is_near(written: float, area: float, decimals: int) -> bool:
    scale: int = 10**decimals
    cut = int(area * scale + 1e-9) / scale
    # A tie of binary numbers must not decide: area has six decimals at most.
    return min(abs(written - cut), abs(written - round(area + 1e-9, decimals))) < 1e-9
