"""Rules about the cells of rooms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import door, house_8x7, plan_of
from madorizu import rules
from madorizu.catalogue import ROOMS
from madorizu.plan import House, Plan, Room, Stair
from madorizu.rules import Finding, regions


def found(item: Plan | House, code: str) -> list[str]:
    """Return the messages of one rule's findings."""
    return [f.message for f in rules.check(item) if f.code == code]


def first(item: Plan | House, code: str) -> Finding:
    """Return one rule's first finding."""
    return next(f for f in rules.check(item) if f.code == code)


def test_h01_a_cell_between_lattice_lines_is_the_only_thing_said() -> None:
    """H01: a room off the 455 mm lattice is found, and the other rules are not asked."""
    plan = plan_of("HH\nHH")
    broken = replace(plan, rooms=(Room("hall", frozenset({(0.5, 0)})),))  # type: ignore[arg-type]
    assert [f.code for f in rules.check(broken)] == ["H01"]
    assert "Hall must lie on the 455 mm lattice" in rules.check(broken)[0].message
    assert not rules.is_lawful(broken)


def test_h01_openings_and_stairs_lie_on_the_lattice() -> None:
    """H01: an opening's start, the length of its run and the stair's rectangle are whole numbers."""
    no_run = plan_of("HH\nHH", openings=[replace(door("open", "h", 0, 2), span=0)])
    between = plan_of("HH\nHH", openings=[replace(door("open", "h", 0, 2), x=0.5)])  # type: ignore[arg-type]
    stair = plan_of("ZZ\nZZ", stair=Stair("straight", (0, 0, 2, 7.5), "n"))  # type: ignore[arg-type]
    assert found(no_run, "H01") == ["Host run of a open opening must be at least one half module long, got 0"]
    assert found(between, "H01") == ["open opening must begin at a lattice point, got (0.5, 2)"]
    assert found(stair, "H01") == ["Stair must lie on the 455 mm lattice, got (0, 0, 2, 7.5)"]


def test_h02_overlapping_rooms() -> None:
    """H02: two rooms on one cell are found once, with the cell."""
    plan = plan_of("HHHo")
    store = Room("sto", plan.rooms[1].cells | {(2, 0)})
    finding = first(replace(plan, rooms=(plan.rooms[0], store)), "H02")
    assert finding.message == "Hall must not overlap Store, got 1 common cells"
    assert (finding.room, finding.cell) == (0, (2, 0))


def test_h02_a_house_in_two_pieces() -> None:
    """H02: indoor rooms that touch at a corner only are two houses."""
    plan = plan_of("""
        HH..
        HH..
        ..oo
    """)
    assert found(plan, "H02") == ["Indoor rooms must form one piece, got 2"]
    assert first(plan, "H02").cell == (2, 2)


def test_h02_a_gap_between_rooms() -> None:
    """H02: a cell that rooms enclose and none owns is a gap; a bay open to one side is none."""
    ring = plan_of("""
        HHH
        H.H
        HHH
    """)
    bay = plan_of("""
        HHH
        H.H
    """)
    assert found(ring, "H02") == ["Rooms must leave no gap between them, got 1"]
    assert found(bay, "H02") == []


def test_h02_an_outdoor_room_apart() -> None:
    """H02: a porch that does not touch the house is found; beside the house it is fine."""
    assert found(plan_of("HH.p"), "H02") == ["Porch must lie beside the house, got it apart"]
    assert found(plan_of("HHp"), "H02") == []


@pytest.mark.parametrize("plan", [plan_of(""), plan_of("bbbb"), Plan(1, (Room("hall", frozenset()),))])
def test_h02_a_storey_without_an_indoor_room(plan: Plan) -> None:
    """H02: nothing, a balcony alone and a room without cells are no storey."""
    assert found(plan, "H02") == ["Storey must have an indoor room, got none"]


def test_h02_a_house_under_its_deck() -> None:
    """H02: outdoor rooms over all the indoor ones leave no footprint to speak of; the overlap is said."""
    plan = plan_of("HH")
    covered = replace(plan, rooms=(*plan.rooms, Room("deck", plan.rooms[0].cells)))
    assert found(covered, "H02")[0] == "Hall must not overlap Deck, got 2 common cells"


def test_h03_a_room_in_pieces() -> None:
    """H03: one room on two sides of another is found."""
    assert "Store must be one piece, got 2" in found(plan_of("oHo"), "H03")
    assert found(Plan(1, (Room("sto", frozenset()),)), "H03") == ["Store must be one piece, got 0"]


def test_h03_a_room_of_too_many_corners() -> None:
    """H03: a room is at most two rectangles, which may cross; a hall at most three."""
    cross, u_shape = (".S.", "SSS", ".S."), ("S.S", "S.S", "SSS")
    text = "Storage room must be the union of at most 2 rectangles, got more"
    assert text not in found(plan_of("\n".join(cross)), "H03")
    assert text in found(plan_of("\n".join(u_shape)), "H03")
    assert "Hall" not in " ".join(found(plan_of("\n".join(u_shape).replace("S", "H")), "H03"))
    comb = "H.H.H\nHHHHH\nH.H.H"
    assert found(plan_of(comb), "H03") == ["Hall must be the union of at most 3 rectangles, got more"]


def test_h03_a_bath_too_small_and_too_narrow() -> None:
    """H03: a bath of 2 × 4 cells has neither the area nor the width of the smallest unit bath."""
    plan = plan_of("UU\nUU\nUU\nUU")
    assert found(plan, "H03") == [
        "Bath must be at least 2.48 m², got 1.66",
        "Bath must be at least 1365 mm at its narrowest, got 910",
    ]


def test_h03_an_entry_nook_is_lawful_and_a_long_arm_is_not() -> None:
    """H03: beside a closet a bedroom may be narrow for 8 cells, but never under one module."""
    nook = plan_of("""
        11cccc
        11cccc
        111111
        111111
        111111
        111111
        111111
    """)
    arm = plan_of("""
        11cccc
        11cccc
        11cccc
        11cccc
        11cccc
        111111
        111111
        111111
        111111
    """)
    slit = plan_of("""
        1ccccc
        1ccccc
        111111
        111111
        111111
        111111
        111111
    """)
    assert found(nook, "H03") == []
    assert found(arm, "H03") == ["Bedroom must be at least 1820 mm at its narrowest, got 910"]
    assert first(arm, "H03").cell == (0, 0)
    assert found(slit, "H03") == ["Bedroom must be at least 1820 mm at its narrowest, got 455"]


def test_h11_a_corridor_of_half_a_module() -> None:
    """H11: a hall one cell wide is found where it narrows."""
    plan = plan_of("""
        HH..
        HHHH
    """)
    assert found(plan, "H11") == ["Hall must be at least 910 mm wide, got 455"]
    assert first(plan, "H11").cell == (2, 1)
    assert found(plan_of("HHHH\nHHHH"), "H11") == []


@pytest.mark.parametrize(
    ("text", "message", "cell"),
    [
        # Two rooms of five cells and more that meet along one, two or four cells of a side.
        ("LLLLL/LLLLL/LLLLL/LLLLL/LLLLL/....LLLLL/....LLLLL/....LLLLL/....LLLLL/....LLLLL", 455, (4, 4)),
        ("LLLLL/LLLLL/LLLLL/LLLLL/LLLLL/.LLLLL/.LLLLL/.LLLLL/.LLLLL/.LLLLL", 1820, (1, 4)),
        ("1111/1111/1111/1111/...1111/...1111/...1111/...1111", 455, (3, 3)),
        ("WWWW/WWWW/WWWW/..WWWW/..WWWW/..WWWW", 910, (2, 2)),
    ],
)
def test_h03_a_neck(text: str, message: int, cell: tuple[int, int]) -> None:
    """H03: each half is wide enough, but from one to the other nobody gets a bed."""
    plan = plan_of(text.replace("/", "\n"))
    least = rules_min_side(plan.rooms[0].kind) * 455
    name = {"ldk": "LDK", "bed": "Bedroom", "wash": "Washroom"}[plan.rooms[0].kind]
    assert f"{name} must be at least {least} mm at its narrowest, got {message}" in found(plan, "H03")
    assert next(f for f in rules.check(plan) if "narrowest" in f.message).cell == cell


def rules_min_side(kind: str) -> int:
    """Return the least width of a kind in half modules."""
    return ROOMS[kind].min_side


def test_h03_a_room_in_the_shape_of_an_l_has_no_neck() -> None:
    """H03: round a corner a square is pushed first along one arm, then along the other."""
    assert found(plan_of("\n".join(["LLLLLLLLLL"] * 5 + ["LLLLL"] * 8)), "H03") == []
    nook = "\n".join(["11cccc"] * 2 + ["111111"] * 5)
    assert found(plan_of(nook), "H03") == []


def test_h03_a_nook_behind_a_slit() -> None:
    """H03: an entry of one module that joins the room along half a module is none."""
    plan = plan_of("11....\n11....\n.11111\n.11111\n.11111\n.11111\n.11111\n.11111\n.11111")
    assert found(plan, "H03") == ["Bedroom must be at least 1820 mm at its narrowest, got 455"]


def test_h03_a_storey_too_low() -> None:
    """H03: 2400 mm from floor to floor leave the ceiling of 2100 mm that the law asks for."""
    low = replace(plan_of("HH\nHH"), storey_height_mm=2399)
    assert found(low, "H03") == ["Storey must be at least 2400 mm high, got 2399"]
    assert found(replace(low, storey_height_mm=2400), "H03") == []


def test_h02_an_outdoor_room_in_a_hole_of_the_house() -> None:
    """H02: a deck that rooms enclose fills a hole; in a bay that is open to one side it may lie."""
    ring = plan_of("HHHH\nHkkH\nHkkH\nHHHH")
    bay = plan_of("HHHH\nHkkH\nHkkH")
    assert found(ring, "H02") == ["Outdoor rooms must not fill a hole of the house, got 1"]
    assert found(bay, "H02") == []


def test_h11_a_neck_of_a_corridor() -> None:
    """H11: two corridors of one module that meet along half a module."""
    plan = plan_of("HHHHHH.....\nHHHHHH.....\n.....HHHHHH\n.....HHHHHH")
    assert found(plan, "H11") == ["Hall must be at least 910 mm wide, got 455"]
    assert first(plan, "H11").cell == (5, 1)
    beside = plan_of("HHH...\nHHHHHH\n...HHH")
    assert found(beside, "H11") == ["Hall must be at least 910 mm wide, got 455"]
    assert found(plan_of("HHHHHH....\nHHHHHH....\n....HHHHHH\n....HHHHHH"), "H11") == []


def test_h15_an_unknown_kind_is_a_finding() -> None:
    """H15: a room kind that the catalogue lacks is named, not raised."""
    assert found(plan_of("q", {"q": "sauna"}), "H15") == ["Room's kind must be one of the catalogue, got 'sauna'"]


def test_h15_the_least_ldk_depends_on_the_house() -> None:
    """H15: an LDK needs 16 modules² with one other habitable room, 20 with two."""
    ldk = "\n".join(["LLLLLLLL"] * 8)
    smaller = plan_of("\n".join(["LLLLLLLL"] * 7))
    two_rooms = House((plan_of(ldk), plan_of("12", floor=2)))
    assert found(plan_of(ldk), "H15") == []
    assert found(smaller, "H15") == ["LDK must be at least 13.25 m² (8 jo) to be called so, got 11.59"]
    assert found(two_rooms, "H15") == ["LDK must be at least 16.56 m² (10 jo) to be called so, got 13.25"]
    assert found(house_8x7(), "H15") == []


def test_s07_long_and_thin_rooms() -> None:
    """S07: a bedroom of 4 × 8 cells is too long, one of 5 × 7 too narrow, one of 6 × 7 neither."""
    assert found(plan_of("\n".join(["1111"] * 8)), "S07") == [
        "Bedroom should be at most 1.8 times as long as wide, got 2.0"
    ]
    assert found(plan_of("\n".join(["11111"] * 7)), "S07") == ["Bedroom should be at least 2730 mm wide, got 2275"]
    assert found(plan_of("\n".join(["111111"] * 7)), "S07") == []


def test_s20_a_large_room_is_advice_only() -> None:
    """S20: a WC of 4 × 4 cells is larger than usual, and that is soft."""
    finding = first(plan_of("\n".join(["TTTT"] * 4)), "S20")
    assert finding.message == "WC should be at most 2.48 m², got 3.31"
    assert not finding.hard


def test_measures_of_cells_by_hand() -> None:
    """The bit measures agree with shapes counted by hand: a P of 3 × 3 cells with a tail."""
    tail = plan_of("""
        SSS.
        SSSS
        SSS.
    """)
    cells = tail.rooms[0].cells
    assert regions.narrower_than(cells, 3) == {(3, 1)}
    assert regions.narrower_than(cells, 2) == {(3, 1)}
    assert regions.narrower_than(cells, 1) == frozenset()
    assert regions.narrowest(cells, 5) == 1
    assert regions.neck(cells, 1) is regions.neck(cells, 3) is regions.neck(cells, 4) is None
    assert regions.neck(frozenset(), 2) is None
    corner = frozenset({(0, 0), (1, 0), (0, 1), (1, 1), (1, 2), (2, 1), (2, 2)})
    assert regions.narrower_than(corner, 2) == frozenset()
    assert (regions.neck(corner, 2), regions.narrowest(corner, 2)) == ((1, 1), 1)
    assert regions.outward_corners(cells) == 6
    assert regions.holes(cells) == 0
    assert regions.holes(frozenset()) == 0
    assert regions.is_union(cells, 2)
    assert not regions.is_union(cells, 1)
