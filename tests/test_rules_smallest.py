"""For each hard rule the smallest plan, drawn as text, that breaks it and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from drawing import door, house_8x7, plan_of, window, with_openings
from madorizu import rules
from madorizu.plan import Fixture, House, Plan, Room
from smallest import FRONT, INTO_ROOM, TATAMI, TATAMI_DOORS, WITH_ROOM, beside_the_entrance, tiny


def test_the_tiny_plan_has_no_finding() -> None:
    """What the smallest plans start from breaks nothing: alone, with a WC, and as a house."""
    assert rules.check(tiny()) == ()
    assert rules.check(beside_the_entrance("wc", WITH_ROOM, window("v", 0, 5, 2))) == ()
    assert rules.check(house_8x7()) == ()


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
    """H03: a shoe closet of two cells."""
    return tiny(
        """
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        .XXSSSS
        EEESSSS
        EEESSSS
        EEESSSS
        """,
        door("open", "h", 1, 5),
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


def h09() -> Plan:
    """H09: a tatami room with a service door and no window."""
    return plan_of(TATAMI, openings=(*TATAMI_DOORS, door("service", "h", 5, 0, side=-1)))


def h10() -> Plan:
    """H10, information: a WC without a window."""
    return beside_the_entrance("wc", WITH_ROOM)


def h11() -> Plan:
    """H11: a hall with an end of half a module."""
    return tiny(
        """
        ...SSSS
        ...SSSS
        H..SSSS
        H..SSSS
        HH.SSSS
        EEESSSS
        EEESSSS
        EEESSSS
        ...SSSS
        ...SSSS
        ...SSSS
        ...SSSS
        """,
        door("open", "h", 0, 5),
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


SMALLEST: tuple[Callable[[], Plan | House], ...] = (
    h01, h02, h03, h04, h05, h06, h07, h08, h09, h10, h11, h12, h13, h14, h15, h16, h17,
)  # fmt: skip


@pytest.mark.parametrize("smallest", SMALLEST, ids=lambda plan: plan.__name__)
def test_the_smallest_plan_breaks_one_rule(smallest: Callable[[], Plan | House]) -> None:
    """It breaks the rule that it is named after, and no other."""
    found = rules.check(smallest())
    assert {f.code for f in found} == {smallest.__name__.upper()}, rules.format_findings(found)


def test_there_is_one_for_each_rule() -> None:
    """Each H rule has its plan; what a brief asks for (B) is tested with the wishes."""
    assert [plan.__name__.upper() for plan in SMALLEST] == [r.code for r in rules.RULES if r.code[0] == "H"]
