"""For each soft rule the smallest plan, drawn as text, that breaks it and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from drawing import door, ground_floor_8x7, plan_of, upper_floor_8x7, window
from madorizu import rules
from madorizu.plan import House, Opening, Plan, Stair
from smallest import FRONT, INTO_ROOM, TATAMI, TATAMI_DOORS, tiny

LIVING_NORTH = """
    LLLLLLLL
    LLLLLLLL
    LLLLLLLL
    LLLLLLLL
    LLLLLLLL
    LLLLLLLL
    LLLLLLLL
    LLLLLLLL
    EEESSSSS
    EEESSSSS
    EEESSSSS
"""


def s01() -> Plan:
    """S01: an LDK behind the entrance and a storage room."""
    openings = (
        door("entrance", "h", 0, 11),
        door("open", "h", 0, 8, span=3),
        door("open", "v", 3, 8),
        window("v", 0, 1),
    )
    return plan_of(LIVING_NORTH, openings=openings)


def s02() -> Plan:
    """S02: a master bedroom with the walk-in closet to the east and the stair to the south."""
    return plan_of(
        """
        MMMMMMMMMMKK
        MMMMMMMMMMKK
        MMMMMMMMMMKK
        MMMMMMMMMMKK
        MMMMMMMMMMKK
        MMMMMMMMMMKK
        ZZZZZZZZHHoo
        ZZZZZZZZHHoo
        """,
        floor=2,
        stair=Stair("straight", (0, 6, 8, 2), "e"),
        openings=(
            door("open", "v", 8, 6),
            door("hinged", "h", 8, 6, side=-1),
            door("folding", "v", 10, 1),
            door("folding", "v", 10, 6, span=2, width_mm=755),
            window("h", 2, 0),
        ),
    )


def s03() -> Plan:
    """S03: two WCs that share no wall."""
    return plan_of(
        """
        .....SSSS
        TT...SSSS
        TTEEESSSS
        TTEEESSSS
        ..EEESSSS
        ttEEESSSS
        ttEEESSSS
        tt...SSSS
        .....SSSS
        .....SSSS
        .....SSSS
        .....SSSS
        """,
        {"t": "wc"},
        openings=(
            door("entrance", "h", 2, 7),
            door("open", "v", 5, 3),
            door("hinged", "v", 2, 2, width_mm=650),
            door("hinged", "v", 2, 5, width_mm=650),
            window("v", 0, 2, 2),
            window("v", 0, 5, 2),
        ),
    )


def s04() -> House:
    """S04: a 2F WC over the storage room, five cells from the washroom below."""
    upper = plan_of(
        """
        111111xxZZZZTToo
        111111xxZZZZTToo
        111111xxZZZZTToo
        111111xxZZZZTToo
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
        {"x": "sto"},
        floor=2,
        stair=upper_floor_8x7().stair,
        openings=(
            *upper_floor_8x7().openings,
            door("hinged", "h", 12, 4, width_mm=650),
            window("h", 12, 0, 2),
        ),
    )
    return House((ground_floor_8x7(), upper))


def s05() -> Plan:
    """S05: an entrance beside a storage room of 16 cells takes 36 %."""
    text = """
        ...SSSS
        EEESSSS
        EEESSSS
        EEESSSS
    """
    return plan_of(text, openings=(door("entrance", "h", 0, 4), door("open", "v", 3, 1)))


def s06() -> Plan:
    """S06: a bedroom without a closet."""
    return plan_of(TATAMI, {"J": "bed"}, openings=(*TATAMI_DOORS, window("h", 4, 6)))


def s07() -> Plan:
    """S07: a tatami room of 5 × 8 cells."""
    text = """
        ...JJJJJ
        ...JJJJJ
        ...JJJJJ
        ...JJJJJ
        ...JJJJJ
        EEEJJJJJ
        EEEJJJJJ
        EEEJJJJJ
    """
    return plan_of(text, openings=(FRONT, door("hinged", "v", 3, 5), window("h", 4, 8)))


def s08() -> Plan:
    """S08: a WC whose door is the first thing that one sees in the entrance."""
    return tiny(
        """
        ...SSSS
        ...SSSS
        TT.SSSS
        TT.SSSS
        TT.SSSS
        EEESSSS
        EEESSSS
        EEESSSS
        """,
        door("hinged", "h", 0, 5, width_mm=650),
        window("v", 0, 2, 2),
    )


def s09() -> Plan:
    """S09: a washroom without a door to a hall."""
    return tiny(
        """
        ...SSSS
        WWWSSSS
        WWWSSSS
        WWWSSSS
        WWWSSSS
        EEESSSS
        EEESSSS
        EEESSSS
        """,
        door("hinged", "h", 0, 5),
    )


def two_bedrooms(text: str, front: int, *windows: Opening) -> Plan:
    """Draw a 1F of two bedrooms with their closets and the entrance below them, at y = `front`."""
    openings = (
        door("entrance", "h", 4, front + 3),
        door("hinged", "h", 4, front, side=-1),
        door("hinged", "h", 6, front, side=-1),
        door("folding", "h", 2, front, span=2, width_mm=755),
        door("folding", "h", 8, front, span=2, width_mm=755),
    )
    return plan_of(text, openings=openings + windows)


def s10() -> Plan:
    """S10: two bedrooms with seven cells of bare wall between them."""
    text = """
        111111222222
        111111222222
        111111222222
        111111222222
        111111222222
        111111222222
        111111222222
        ..ccEEEEdd..
        ..ccEEEEdd..
        ....EEEE....
    """
    return two_bedrooms(text, 7, window("v", 0, 1), window("v", 12, 1))


def s11() -> Plan:
    """S11: two children's rooms of 36 and 54 cells."""
    text = """
        111111222222222
        111111222222222
        111111222222222
        111111222222222
        111111222222222
        111111222222222
        ..ccEEEEdd.....
        ..ccEEEEdd.....
        ....EEEE.......
    """
    return two_bedrooms(text, 6, window("v", 0, 1), window("v", 15, 1))


def s12() -> Plan:
    """S12: an LDK of 9 × 9 cells, 4095 mm from wall to wall."""
    text = "\n".join(["...LLLLLLLLL"] * 6 + ["EEELLLLLLLLL"] * 3)
    openings = (door("entrance", "h", 0, 9), door("open", "v", 3, 6), window("h", 5, 9, kind="french"))
    return plan_of(text, openings=openings)


def s13() -> Plan:
    """S13: a south front of 3640 mm with 3250 mm of windows in it."""
    text = "\n".join(["EEE"] * 3 + ["LLLLLLLL"] * 8)
    openings = (
        door("entrance", "h", 0, 0, side=-1),
        door("open", "h", 0, 3, span=3),
        window("h", 0, 11, 6, kind="french"),
        window("h", 6, 11, 2),
    )
    return plan_of(text, openings=openings)


def s14() -> Plan:
    """S14: a hall that runs two modules to the north and leads nowhere."""
    return tiny(
        """
        ...LLLLLLLL
        .HHLLLLLLLL
        .HHLLLLLLLL
        .HHLLLLLLLL
        .HHLLLLLLLL
        EEELLLLLLLL
        EEELLLLLLLL
        EEELLLLLLLL
        """,
        door("open", "h", 1, 5),
        window("h", 5, 8, kind="french"),
    )


def s15() -> Plan:
    """S15: a balcony before the master bedroom alone."""
    return plan_of(
        """
        ZZZZZZZZHHoo
        ZZZZZZZZHHoo
        KKMMMMMMMMMM
        KKMMMMMMMMMM
        KKMMMMMMMMMM
        KKMMMMMMMMMM
        KKMMMMMMMMMM
        KKMMMMMMMMMM
        ..bbbb......
        ..bbbb......
        """,
        floor=2,
        stair=Stair("straight", (0, 0, 8, 2), "e"),
        openings=(
            door("open", "v", 8, 0),
            door("hinged", "h", 8, 2),
            door("folding", "v", 2, 3),
            door("folding", "v", 10, 0, span=2, width_mm=755),
            window("h", 2, 8, kind="french"),
        ),
    )


def s16() -> Plan:
    """S16: an entrance door that looks at the house's own wall."""
    plan = plan_of(
        """
        SSSSSSS
        SSSSSSS
        ...SSSS
        ...SSSS
        ...SSSS
        EEESSSS
        EEESSSS
        EEESSSS
        """,
        openings=(door("entrance", "h", 0, 5, side=-1), INTO_ROOM),
    )
    return plan


def s17() -> Plan:
    """S17: two long wings at a right angle fill 31 % of their bounding rectangle."""
    text = "\n".join(["...SSSSSSSSSS"] * 2 + ["...SS"] * 7 + ["EEESS"] * 3)
    return plan_of(text, openings=(door("entrance", "h", 0, 12), door("open", "v", 3, 9)))


def s18() -> Plan:
    """S18: from the tatami room through the LDK to the WC it is 15 cells."""
    return plan_of(
        """
        TT.LLLLLLLL......
        TT.LLLLLLLL......
        TT.LLLLLLLL......
        EEELLLLLLLL......
        EEELLLLLLLL......
        EEELLLLLLLL......
        ...LLLLLLLLJJJJJJ
        ...LLLLLLLLJJJJJJ
        ...LLLLLLLLJJJJJJ
        ...LLLLLLLLJJJJJJ
        ...LLLLLLLLJJJJJJ
        ...LLLLLLLLJJJJJJ
        """,
        openings=(
            door("entrance", "v", 0, 3, side=-1),
            door("open", "v", 3, 3),
            door("hinged", "h", 0, 3, width_mm=650),
            door("double_sliding", "v", 11, 8),
            window("h", 4, 12, kind="french"),
            window("h", 12, 12, kind="french"),
            window("v", 0, 0, 2),
        ),
    )


def s19() -> House:
    """S19: a WC of 910 × 1365 mm on the storey of the master bedroom."""
    upper = plan_of(
        """
        111111TTZZZZoooo
        111111TTZZZZoooo
        111111TTZZZZoooo
        111111HHZZZZoooo
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
        stair=upper_floor_8x7().stair,
        openings=[replace(o, y=3) if (o.axis, o.x, o.y) == ("h", 6, 4) else o for o in upper_floor_8x7().openings],
    )
    return House((ground_floor_8x7(), upper))


def s20() -> Plan:
    """S20: a WC of 4 × 4 cells."""
    text = """
        .......SSSS
        .......SSSS
        .......SSSS
        .......SSSS
        TTTT...SSSS
        TTTTEEESSSS
        TTTTEEESSSS
        TTTTEEESSSS
    """
    openings = (
        replace(FRONT, x=4),
        replace(INTO_ROOM, x=7),
        door("hinged", "v", 4, 5, width_mm=650),
        window("v", 0, 5, 2),
    )
    return plan_of(text, openings=openings)


SMALLEST: tuple[Callable[[], Plan | House], ...] = (
    s01, s02, s03, s04, s05, s06, s07, s08, s09, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20,
)  # fmt: skip


@pytest.mark.parametrize("smallest", SMALLEST, ids=lambda plan: plan.__name__)
def test_the_smallest_plan_breaks_one_rule(smallest: Callable[[], Plan | House]) -> None:
    """It breaks the rule that it is named after, and no other."""
    found = rules.check(smallest())
    assert {f.code for f in found} == {smallest.__name__.upper()}, rules.format_findings(found)


def test_there_is_one_for_each_rule() -> None:
    """Each S rule has its plan."""
    assert [plan.__name__.upper() for plan in SMALLEST] == [r.code for r in rules.RULES if r.code[0] == "S"]
