"""The rule of labels: a size that is written on a plan must be the room's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from madorizu.rules.facts import Case, Finding, Storey

_SIZE = re.compile(r"(\d{1,6})(?:\.(\d{1,6}))?\s*(帖|畳|jo\b|J\b|m2|平米)")
_LONGEST = 200  # letters that are read of a name


def label_truth(case: Case) -> Iterator[Finding]:
    """Find rooms whose name states a size that is not theirs.

    What it checks: Where a room's name states a size, it is true: in 帖 or 畳 (also "jo", "J") the area
        between wall centre-lines over 1.62 m², cut to one decimal; in m² (㎡) that area, rounded
        or cut to the decimals written. A name without a size has nothing to check; drawings
        compute what they print from the plan.
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
    for whole, decimals, unit in _SIZE.findall(unicodedata.normalize("NFKC", room.name[:_LONGEST])):
        written = f"{whole}.{decimals}" if decimals else whole
        if unit in ("m2", "平米"):
            true, name = f"{room.area_m2:.2f}", "m²"
            cut = int(room.area_m2 * 10 ** len(decimals) + 1e-9) / 10 ** len(decimals)
            # A tie of binary numbers must not decide: area has six decimals at most.
            rounded = round(room.area_m2 + 1e-9, len(decimals))
            fits = min(abs(float(written) - cut), abs(float(written) - rounded)) < 1e-9
        else:
            true, name = f"{room.jo:g}", "jo"
            fits = float(written) == room.jo
        if not fits:
            yield s.finding(
                "H16",
                i,
                f"{s.named(i)}'s name must state its size of {true} {name}, got {written}",
                f"{s.named_ja(i)}の表示「{written}」は実際の{true}{'㎡' if name == 'm²' else '帖'}と一致しません",
            )
