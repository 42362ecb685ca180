"""Findings as lines for people."""

from __future__ import annotations

from collections.abc import Iterable

from madorizu.errors import InputError
from madorizu.rules.facts import Finding

LANGUAGES = ("en", "ja")
WEIGHTS = {
    "en": {"hard": "error", "soft": "advice", "info": "note"},
    "ja": {"hard": "必須", "soft": "推奨", "info": "参考"},
}


def format_findings(findings: Iterable[Finding], lang: str = "en") -> str:
    """Write findings for a person to read, one per line, in the order given.

    A line names the weight, the code, the storey, the half-module cell (counted from the
    plan's origin to the east and south) and what is wrong:

        error H03 1F (4, 0): Bath must be at least 2.48 m², got 1.66
        advice S14 2F (6, 4): Hall should have a door at each of its ends, got a dead end
        note H10 2F (12, 0): WC must have a window or mechanical ventilation, got no window

    Args:
        findings: from `rules.check`.
        lang: "en" or "ja".

    Returns:
        The lines without a last line break; one line that says so when there is no finding.

    Raises:
        InputError: if the language is not one of the two.
    """
    if lang not in LANGUAGES:
        raise InputError(f"lang must be one of {', '.join(LANGUAGES)}, got {lang!r}")
    lines = [_line(f, lang) for f in findings]
    return "\n".join(lines) or {"en": "No findings.", "ja": "指摘はありません。"}[lang]


def _line(finding: Finding, lang: str) -> str:
    parts = [WEIGHTS[lang][finding.weight], finding.code]
    if finding.floor is not None:
        parts.append(f"{finding.floor}F" if lang == "en" else f"{finding.floor}階")
    if finding.cell is not None:
        parts.append(f"({finding.cell[0]}, {finding.cell[1]})")
    return f"{' '.join(parts)}: {finding.message if lang == 'en' else finding.message_ja}"
