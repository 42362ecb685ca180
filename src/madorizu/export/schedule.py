"""The room schedule (面積表): what its table says, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from madorizu.catalogue import ROOMS
from madorizu.draw.text import Lang
from madorizu.export.subject import Subject
from madorizu.export.words import Size, floor_size, room_name, size_of
from madorizu.plan import Room, is_indoor

HEADINGS: dict[Lang, tuple[str, ...]] = {
    "ja": ("階", "番号", "室名", "種別", "面積(m²)", "帖", "坪"),
    "en": ("Floor", "No.", "Room", "Kind", "Area (m²)", "Jo (1.62 m²)", "Tsubo"),
}
SHEETS: dict[Lang, str] = {"ja": "面積表", "en": "Rooms"}
_WORDS: dict[Lang, tuple[str, str, str]] = {
    "ja": ("床面積", "延床面積", "屋外・吹抜は床面積に含まない"),
    "en": ("Floor area", "Total floor area", "Outdoor rooms and voids are not counted"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table.

    Attributes:
        kind: "room", or "sum" of a storey or of the house.
        floor: such as "1F"; "" for the whole house.
        number: from 1 within its storey; None for a sum.
        name: of the room or the sum.
        type: what kind of room it is.
        size: between wall centre-lines.
    """

    kind: Literal["room", "sum"]
    floor: str
    number: int | None
    name: str
    type: str
    size: Size

    @property
    def cells(self) -> tuple[str | int | float | None, ...]:
        """The line's values in the order of `HEADINGS`."""
        return self.floor, self.number, self.name, self.type, self.size.m2, self.size.jo, self.size.tsubo


def rows(subject: Subject, lang: Lang) -> tuple[Row, ...]:
    """Return the rooms of each storey with its floor area, and the floor area of the house."""
    of_storey, of_house, _ = _WORDS[lang]
    found: list[Row] = []
    for plan in subject.plans:
        tag = f"{plan.floor}F"
        for number, room in enumerate(plan.rooms, start=1):
            found.append(Row("room", tag, number, room_name(room, lang), _type(room, lang), size_of(room)))
        found.append(Row("sum", tag, None, of_storey, "", floor_size([plan])))
    if len(subject.plans) > 1:
        found.append(Row("sum", "", None, of_house, "", floor_size(subject.plans)))
    return tuple(found)


def remark(lang: Lang) -> str:
    """Return what is to be said about the sums."""
    return _WORDS[lang][2]


def _type(room: Room, lang: Lang) -> str:
    """Return the catalogue's word for a room's kind, with a mark at those that are no floor area."""
    known = ROOMS.get(room.kind)
    word = room.kind if known is None else known.ja if lang == "ja" else known.en
    return word if is_indoor(room.kind) and room.kind != "void" else f"{word}*"
