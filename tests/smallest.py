"""Small plans drawn as text, from which the smallest plans that break one rule are made."""

from __future__ import annotations

from dataclasses import replace

from drawing import door, plan_of
from madorizu.plan import Opening, Plan

# An entrance and a storage room: 9 of 41 cells are ways, which is just under 22 %.
TINY = """
    ...SSSS
    ...SSSS
    ...SSSS
    ...SSSS
    ...SSSS
    EEESSSS
    EEESSSS
    EEESSSS
"""
FRONT, INTO_ROOM = door("entrance", "h", 0, 8), door("open", "v", 3, 5)


def tiny(text: str = TINY, *more: Opening, legend: dict[str, str] | None = None) -> Plan:
    """Draw a 1F whose entrance is at (0, 5) with a door to the south and a passage to the east."""
    return plan_of(text, legend, openings=(FRONT, INTO_ROOM, *more))


def beside_the_entrance(kind: str, text: str, *more: Opening) -> Plan:
    """Draw a 1F whose entrance is at (2, 5); west of it is a small room, letter R, opening to it."""
    into = door("hinged", "v", 2, 5, width_mm=650)
    front, east = replace(FRONT, x=2), replace(INTO_ROOM, x=5)
    return plan_of(text, {"R": kind}, openings=(front, east, into, *more))


WITH_ROOM = """
    .....SSSS
    .....SSSS
    .....SSSS
    .....SSSS
    .....SSSS
    RREEESSSS
    RREEESSSS
    RREEESSSS
"""

TATAMI = """
    ...JJJJJJ
    ...JJJJJJ
    ...JJJJJJ
    EEEJJJJJJ
    EEEJJJJJJ
    EEEJJJJJJ
"""
TATAMI_DOORS = (door("entrance", "h", 0, 6), door("hinged", "v", 3, 3))
