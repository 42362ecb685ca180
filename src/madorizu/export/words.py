"""Words and figures that several formats write: names of rooms and drawings, areas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from madorizu.catalogue import ROOMS
from madorizu.draw.text import Lang
from madorizu.export.subject import Subject
from madorizu.plan import HALF_MM, Plan, Room, is_indoor

CELL_MM2 = HALF_MM * HALF_MM


def room_name(room: Room, lang: Lang) -> str:
    """Return a room's own name, else that of its kind, else the kind itself."""
    if room.name:
        return room.name
    kind = ROOMS.get(room.kind)
    return room.kind if kind is None else kind.ja if lang == "ja" else kind.en


def storey_title(plan: Plan, lang: Lang) -> str:
    """Return the title of a storey's drawing."""
    return f"{plan.floor}階平面図" if lang == "ja" else f"Floor plan {plan.floor}F"


def drawing_title(subject: Subject, lang: Lang) -> str:
    """Return the title of a drawing that shows all storeys."""
    title = "平面図" if lang == "ja" else "Floor plans"
    if len(subject.plans) == 1:
        title = storey_title(subject.plans[0], lang)
    return f"{subject.name} {title}".strip()


@dataclass(frozen=True, slots=True)
class Size:
    """An area between wall centre-lines, counted in cells so that sums are exact; figures are cut, never rounded up."""

    cells: int

    @property
    def m2(self) -> float:
        """Square metres with two decimals, as floor areas are told (小数点以下2位切捨て)."""
        return self.cells * CELL_MM2 // 10_000 / 100

    @property
    def jo(self) -> float:
        """畳 of 1.62 m² with one decimal, as `Room.jo`."""
        return self.cells * CELL_MM2 // 162_000 / 10

    @property
    def tsubo(self) -> float:
        """坪 of 400/121 m² with two decimals."""
        return self.cells * CELL_MM2 * 121 // 4_000_000 / 100


def size_of(room: Room) -> Size:
    """Return the area of a room."""
    return Size(len(room.cells))


def floor_size(plans: Iterable[Plan]) -> Size:
    """Return the floor area (床面積) of storeys: indoor rooms without voids."""
    return Size(sum(len(r.cells) for p in plans for r in p.rooms if is_indoor(r.kind) and r.kind != "void"))
