"""Plans drawn as text, so that a test shows the house it speaks of.

One letter is one cell of half a module (455 mm); north is up, the first letter is the
cell (0, 0); "." is outside. Each letter is one room:

    plan_of('''
        UUUU
        UUUU
    ''')

Doors and windows are given beside the drawing, by the lattice point at the west or north
end of their run. `house_8x7` is a lawful house of two storeys to start from.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from madorizu.catalogue import DOOR_WIDTH_MM, SASH_WIDTH_MM, WINDOW_HEAD_MM, WINDOW_SILL_MM
from madorizu.plan import HALF_MM, Axis, Cell, House, Opening, OpeningKind, Plan, Room, Stair

LEGEND = {
    "L": "ldk",
    "M": "mbr",
    "1": "bed",
    "2": "bed",
    "3": "bed",
    "J": "wa",
    "S": "s",
    "U": "bath",
    "W": "wash",
    "T": "wc",
    "E": "ent",
    "H": "hall",
    "Z": "stair",
    "K": "wic",
    "X": "sic",
    "O": "oshi",
    "c": "cl",
    "d": "cl",
    "o": "sto",
    "P": "pantry",
    "V": "void",
    "b": "balcony",
    "p": "porch",
    "k": "deck",
}
# Length of the host run in half modules; widths are the catalogue's.
SPANS = {"entrance": 3, "hinged": 2, "sliding": 4, "double_sliding": 4, "folding": 3, "open": 2, "service": 2}


def plan_of(
    text: str,
    legend: Mapping[str, str] | None = None,
    *,
    floor: int = 1,
    openings: Iterable[Opening] = (),
    stair: Stair | None = None,
) -> Plan:
    """Build a plan from a drawing, its rooms in the order in which their letters appear.

    `legend` maps letters to room kinds and is laid over `LEGEND`.
    """
    kinds = {**LEGEND, **(legend or {})}
    rooms: dict[str, set[Cell]] = {}
    for y, line in enumerate(textwrap.dedent(text).strip("\n").splitlines()):
        for x, letter in enumerate(line.rstrip()):
            if letter not in ". ":
                rooms.setdefault(letter, set()).add((x, y))
    return Plan(
        floor,
        tuple(Room(kinds[letter], frozenset(cells)) for letter, cells in rooms.items()),
        tuple(openings),
        (),
        stair,
    )


def door(
    kind: OpeningKind,
    axis: Axis,
    x: int,
    y: int,
    *,
    span: int | None = None,
    width_mm: int | None = None,
    hinge: Literal["start", "end"] = "start",
    side: Literal[-1, 1] = 1,
) -> Opening:
    """Make a door of its usual size; an open passage fills its run."""
    span = span or SPANS[kind]
    width_mm = width_mm or (span * HALF_MM if kind == "open" else DOOR_WIDTH_MM[kind])
    return Opening(kind, axis, x, y, span, width_mm, hinge=hinge, side=side)


def window(axis: Axis, x: int, y: int, span: int = 4, *, kind: Literal["window", "french"] = "window") -> Opening:
    """Make a window of the usual sash for its run: 2, 3, 4 or 6 half modules."""
    return Opening(kind, axis, x, y, span, SASH_WIDTH_MM[span], WINDOW_SILL_MM[kind], WINDOW_HEAD_MM)


def letters(plan: Plan, legend: Mapping[str, str] | None = None) -> str:
    """Draw a plan whose room kinds have a letter; `plan_of` is the inverse on its rooms.

    Rooms of one kind take that kind's letters in turn.
    """
    kinds = {**LEGEND, **(legend or {})}
    free = {kind: [letter for letter, k in kinds.items() if k == kind] for kind in kinds.values()}
    drawn: dict[Cell, str] = {}
    for room in plan.rooms:
        letter = free[room.kind].pop(0)
        drawn.update(dict.fromkeys(room.cells, letter))
    width, height = max(x for x, _ in drawn) + 1, max(y for _, y in drawn) + 1
    return "\n".join("".join(drawn.get((x, y), ".") for x in range(width)).rstrip(".") for y in range(height))


def without_opening(plan: Plan, index: int) -> Plan:
    """Take one opening out."""
    return replace(plan, openings=plan.openings[:index] + plan.openings[index + 1 :])


def with_openings(plan: Plan, *openings: Opening) -> Plan:
    """Add openings."""
    return replace(plan, openings=plan.openings + openings)


STAIR_8X7 = Stair("u", (8, 0, 4, 4), "n", "right")


def ground_floor_8x7() -> Plan:
    """Draw a lawful 1F of 8 × 7 modules, entrance to the south."""
    return plan_of(
        """
        UUUUWWWWZZZZSSSS
        UUUUWWWWZZZZSSSS
        UUUUWWWWZZZZSSSS
        UUUUWWWWZZZZSSSS
        TTTTHHHHHHHHSSSS
        TTTTHHHHHHHHSSSS
        LLLLLLLLLLHHoooo
        LLLLLLLLLLHHoooo
        LLLLLLLLLLHHoooo
        LLLLLLLLLLHHoooo
        LLLLLLLLLLEEEEXX
        LLLLLLLLLLEEEEXX
        LLLLLLLLLLEEEEXX
        LLLLLLLLLLEEEEXX
        ..........pppp
        ..........pppp
        """,
        openings=(
            door("entrance", "h", 10, 14),
            door("open", "h", 10, 10),  # entrance - hall
            door("open", "v", 14, 10),  # entrance - SIC
            door("open", "h", 8, 4),  # hall - first step
            door("sliding", "h", 4, 4),  # hall - washroom
            door("hinged", "v", 4, 0, width_mm=650),  # washroom - bath, opens to the washroom
            door("hinged", "v", 4, 4, width_mm=650),  # hall - WC, opens to the hall
            door("hinged", "v", 10, 6, width_mm=850, side=-1),  # hall - LDK
            door("hinged", "v", 12, 4),  # hall - storage room
            door("folding", "v", 12, 7),  # hall - store
            window("h", 1, 14, kind="french"),
            window("h", 5, 14, kind="french"),
            window("v", 0, 1, 2),
            window("v", 0, 4, 2),
        ),
        stair=STAIR_8X7,
    )


def upper_floor_8x7() -> Plan:
    """Draw the lawful 2F that belongs to `ground_floor_8x7`."""
    return plan_of(
        """
        111111TTZZZZoooo
        111111TTZZZZoooo
        111111TTZZZZoooo
        111111TTZZZZoooo
        111111HHHHHHHHoo
        111111HHHHHHHHoo
        ccMMMMMMMM222222
        ccMMMMMMMM222222
        KKMMMMMMMMdd2222
        KKMMMMMMMMdd2222
        KKMMMMMMMMdd2222
        KKMMMMMMMMdd2222
        KKMMMMMMMMdd2222
        KKMMMMMMMMdd2222
        ....bbbbbbbbbbbb
        ....bbbbbbbbbbbb
        """,
        floor=2,
        openings=(
            door("open", "h", 10, 4),  # last step - hall
            door("hinged", "v", 6, 4, side=-1),  # hall - bedroom 1
            door("folding", "h", 0, 6, span=2, width_mm=755),  # bedroom 1 - closet
            door("hinged", "h", 6, 4, width_mm=650),  # hall - WC, opens to the hall
            door("hinged", "v", 14, 4, side=-1),  # hall - store
            door("hinged", "h", 8, 6),  # hall - master bedroom
            door("hinged", "v", 2, 9),  # master bedroom - WIC
            door("hinged", "h", 10, 6),  # hall - bedroom 2
            door("folding", "v", 12, 9),  # bedroom 2 - closet
            window("h", 5, 14, kind="french"),  # master bedroom - balcony
            window("h", 12, 14, kind="french"),  # bedroom 2 - balcony
            window("v", 0, 1),
            window("h", 6, 0, 2),
        ),
        stair=STAIR_8X7,
    )


def house_8x7() -> House:
    """Draw a lawful 3LDK of two storeys, 8 × 7 modules, without a finding."""
    return House((ground_floor_8x7(), upper_floor_8x7()), "drawn-8x7")
