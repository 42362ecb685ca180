"""Letters that a format cannot write: what stands in their place, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from madorizu.draw.text import GETA, packaged, packaged_names
from madorizu.export.subject import Subject
from madorizu.plan import House
from madorizu.rules import Finding

CODE = "X01"  # of the finding "a letter cannot be written"
ENCODING = "cp932"


def in_cp932(words: str) -> str:
    """Return a text in letters that cp932 has: 〓 for others."""
    told = words.replace("m²", "㎡").replace("²", "2")
    return "".join(letter if _encodes(letter) else GETA for letter in told)


def _encodes(letter: str) -> bool:
    try:
        letter.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True


# Formats that draw letters themselves, or have few. All others hold every letter, and leave it to the viewer's fonts.
_WRITTEN: Mapping[str, Callable[[str], str]] = {"png": packaged, "pdf": packaged, "jww-dxf": in_cp932}


def in_packaged_letters(subject: Subject) -> Subject:
    """Return a subject of which every name can be drawn in the packaged font."""
    item = subject.item
    drawn = (
        replace(item, plans=tuple(map(packaged_names, item.plans))) if isinstance(item, House) else packaged_names(item)
    )
    return replace(subject, item=drawn, name=packaged(subject.name))


def letter_findings(subject: Subject, formats: Iterable[str]) -> tuple[Finding, ...]:
    """Find the names that some formats write with 〓 in the place of letters: advice, one for each name.

    Args:
        subject: what is exported.
        formats: into what.
    """
    wanted = [form for form in formats if form in _WRITTEN]
    return tuple(_findings(subject, wanted))


def _findings(subject: Subject, formats: Iterable[str]) -> Iterator[Finding]:
    named: list[tuple[int | None, int | None, str]] = [(None, None, subject.name)]
    named += [(plan.floor, index, room.name) for plan in subject.plans for index, room in enumerate(plan.rooms)]
    for floor, index, name in named:
        lacking = {form: _lost(name, _WRITTEN[form]) for form in formats}
        told = [form for form, letters in lacking.items() if letters]
        if told:
            letters = "".join(dict.fromkeys("".join(lacking.values())))
            yield Finding(
                CODE,
                False,
                floor,
                index,
                None,
                f"name must have letters that {', '.join(told)} can write, got {letters}: written as {GETA}",
                f"{'、'.join(told)}で表せない文字「{letters}」は{GETA}で記載",
            )


def _lost(name: str, write: Callable[[str], str]) -> str:
    """Return the letters of a name that come out as 〓."""
    return "".join(dict.fromkeys(c for c in name if c != GETA and write(c) == GETA))
