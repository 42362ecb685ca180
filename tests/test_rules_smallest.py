"""For each rule H and S the smallest plan, drawn as text, that breaks it and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from drawing import door, ground_floor_8x7, house_8x7, plan_of, upper_floor_8x7, window, with_openings
from madorizu import rules
from madorizu.plan import Fixture, House, Opening, Plan, Room, Stair

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


def test_the_tiny_plan_has_no_finding() -> None:
    """What the smallest plans start from breaks nothing: alone, with a WC, and as a house."""
    assert rules.check(tiny()) == ()
    assert rules.check(beside_the_entrance("wc", WITH_ROOM, window("v", 0, 5, 2))) == ()
    assert rules.check(house_8x7()) == ()


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


def h01() -> Plan:
    """H01: a passage whose run of wall has no length."""
    return replace(tiny(), openings=(FRONT, replace(INTO_ROOM, span=0)))


def h02() -> Plan:
    """H02: a porch two cells off the house."""
    return tiny("""
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        EEESSSS
        EEESSSS
        EEESSSS
        .......
        ppp....
        ppp....
    """)


def h03() -> Plan:
    """H03: a store of a single cell."""
    return tiny(
        """
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        ..oSSSS
        EEESSSS
        EEESSSS
        EEESSSS
        """,
        door("open", "h", 2, 5, span=1),
    )


def h04() -> Plan:
    """H04: an entrance without its door."""
    return replace(tiny(), openings=(INTO_ROOM,))


def h05() -> Plan:
    """H05: an upper storey to which no stair leads."""
    return plan_of("\n".join(["SSSS"] * 8), floor=2)


def h06() -> Plan:
    """H06: a storage room without a door."""
    return replace(tiny(), openings=(FRONT,))


def h07() -> Plan:
    """H07: a bath that one enters from the entrance."""
    return tiny(
        """
        ...SSSS
        UUUSSSS
        UUUSSSS
        UUUSSSS
        UUUSSSS
        EEESSSS
        EEESSSS
        EEESSSS
        """,
        door("folding", "h", 0, 5, span=2, width_mm=650),
        window("v", 0, 1, 2),
    )


def h08() -> House:
    """H08: a house of one storey that has no LDK, so no kitchen."""
    return House(
        (
            plan_of(
                """
                UUUWWWTTSSSS
                UUUWWWTTSSSS
                UUUWWWTTSSSS
                UUUWWWHHSSSS
                EEEHHHHHSSSS
                EEEHHHHHSSSS
                EEE.....SSSS
                ........SSSS
                ........SSSS
                ........SSSS
                ........SSSS
                ........SSSS
                """,
                openings=(
                    door("entrance", "h", 0, 7),
                    door("open", "v", 3, 4),
                    door("hinged", "h", 4, 4),
                    door("folding", "v", 3, 0, span=2, width_mm=650),
                    door("hinged", "h", 6, 3, width_mm=650),
                    door("hinged", "v", 8, 4),
                    window("v", 0, 1, 2),
                    window("h", 6, 0, 2),
                ),
            ),
        )
    )


TATAMI = """
    ...JJJJJJ
    ...JJJJJJ
    ...JJJJJJ
    EEEJJJJJJ
    EEEJJJJJJ
    EEEJJJJJJ
"""
TATAMI_DOORS = (door("entrance", "h", 0, 6), door("open", "v", 3, 3))


def h09() -> Plan:
    """H09: a tatami room with a service door and no window."""
    return plan_of(TATAMI, openings=(*TATAMI_DOORS, door("service", "h", 5, 0, side=-1)))


def h10() -> Plan:
    """H10, information: a WC without a window."""
    return beside_the_entrance("wc", WITH_ROOM)


def h11() -> Plan:
    """H11: a hall of half a module."""
    return tiny(
        """
        ...SSSS
        H..SSSS
        H..SSSS
        H..SSSS
        H..SSSS
        EEESSSS
        EEESSSS
        EEESSSS
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        """,
        door("open", "h", 0, 5, span=1),
    )


def h12() -> Plan:
    """H12: a balcony on the ground that nobody enters."""
    return tiny("""
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        EEESSSS
        EEESSSS
        EEESSSS
        ...bbbb
        ...bbbb
    """)


def h13() -> Plan:
    """H13: a hinged door to nowhere."""
    return with_openings(tiny(), door("hinged", "h", 4, 0))


def h14() -> Plan:
    """H14: a void on the ground."""
    return tiny("""
        VV.SSSS
        VV.SSSS
        VV.SSSS
        VVVSSSS
        VVVSSSS
        EEESSSS
        EEESSSS
        EEESSSS
    """)


def h15() -> Plan:
    """H15: a room of a kind that the catalogue does not know."""
    return tiny(legend={"S": "sauna"})


def h16() -> Plan:
    """H16: a storage room of 32 cells, 4.0 帖, that is called one of 4.1."""
    entrance, store = tiny().rooms[1], tiny().rooms[0]
    return replace(tiny(), rooms=(Room("s", store.cells, "納戸 4.1帖"), entrance))


def h17() -> Plan:
    """H17: a refrigerator through the outer wall of the storage room."""
    return replace(tiny(), fixtures=(Fixture("refrigerator", 1200, 100, 700, 700, "s"),))


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
    return tiny(text, window("h", 4, 8))


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
    h01, h02, h03, h04, h05, h06, h07, h08, h09, h10, h11, h12, h13, h14, h15, h16, h17,
    s01, s02, s03, s04, s05, s06, s07, s08, s09, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20,
)  # fmt: skip


@pytest.mark.parametrize("smallest", SMALLEST, ids=lambda plan: plan.__name__)
def test_the_smallest_plan_breaks_one_rule(smallest: Callable[[], Plan | House]) -> None:
    """It breaks the rule that it is named after, and no other."""
    found = rules.check(smallest())
    assert {f.code for f in found} == {smallest.__name__.upper()}, rules.format_findings(found)


def test_there_is_one_for_each_rule() -> None:
    """Each H and S has its plan; what a brief asks for (B) is tested with the wishes."""
    assert [plan.__name__.upper() for plan in SMALLEST] == [r.code for r in rules.RULES if r.code[0] in "HS"]
