"""The one page: a form, pictures, findings; Japanese and English, no script but its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from madorizu.app.page.words import LANGUAGES, WORDS

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_RANGE = re.compile(r"\s*([a-z]{1,8})(?:-[a-z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*", re.IGNORECASE)


def language(asked: str | None, accept: str) -> str:
    """Choose the page's language: the asked one, else the best of an Accept-Language header.

    What is unknown or malformed is passed over; English is the last resort.
    """
    if asked in LANGUAGES:
        return asked
    best, weight = "en", 0.0
    for part in accept[:500].split(","):
        match = _RANGE.fullmatch(part)
        if match is None or match[1].lower() not in LANGUAGES:
            continue
        given = float(match[2] or 1)
        if given > weight:
            best, weight = match[1].lower(), given
    return best


def render(language: str, info: Mapping[str, Any]) -> str:
    """Return the page as HTML.

    Args:
        language: one of `words.LANGUAGES`.
        info: what GET /api/v1/info answers.
    """
    words = {key: texts[language] for key, texts in WORDS.items()}
    script_words = {key.removeprefix("js_"): text for key, text in words.items() if key.startswith("js_")}
    return _template().render(words=words, script_words=script_words, language=language, info=info)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("index.html")
