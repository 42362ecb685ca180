"""Rules of thumb about walls that carry."""

from __future__ import annotations

from drawing import door, plan_of, window
from madorizu import rules
from madorizu.plan import House, Opening, Plan


def found(item: Plan | House, code: str) -> list[str]:
    """Return the messages of one rule's findings."""
    return [f.message for f in rules.check(item) if f.code == code]


def two(lower: str, upper: str, *openings: Opening) -> House:
    """Draw a house of two storeys; the openings are the upper one's."""
    return House((plan_of(lower), plan_of(upper, floor=2, openings=openings)))


def square(letter: str, side: int) -> str:
    """Draw a square room."""
    return "\n".join([letter * side] * side)


def test_s12_walls_over_walls() -> None:
    """S12: 10 of 11 edges of wall over walls are enough, 4 of 10 are not."""
    assert found(two("HHHH", "HHHH"), "S12") == []
    assert found(two("HHHH", "HH11"), "S12") == []  # 10 of 11
    # One cell further south, only the 4 edges that touch the house below are carried: 4 of 10.
    south = two("HHHH", ".\nHHHH")
    assert found(south, "S12")[0] == "At least 60 % of 2F's walls should lie over walls, got 40 %"


def test_s12_posts_over_posts() -> None:
    """S12: a 2F of four rooms on a 1F of one: its 4 corners are carried, its 6 other posts are not (40 %)."""
    lower, upper = "HHHHHHHH\nHHHHHHHH", "11223344\n11223344"
    house = House((plan_of(lower), plan_of(upper, {"4": "bed"}, floor=2)))
    assert found(house, "S12") == ["At least 50 % of 2F's posts should stand over posts, got 40 %"]
    same = House((plan_of(upper, {"4": "bed"}), plan_of(upper, {"4": "bed"}, floor=2)))
    assert found(same, "S12") == []


def test_s12_an_open_passage_is_no_wall() -> None:
    """S12: a wall upstairs counts, the same wall all open does not."""
    lower, upper = "HHHHHHHH\nHHHHHHHH", "11223344\n11223344"
    opened = [door("open", "v", x, 0) for x in (2, 4, 6)]
    house = House((plan_of(lower), plan_of(upper, {"4": "bed"}, floor=2, openings=opened)))
    assert found(house, "S12") == []


def test_s12_storeys_that_begin_at_different_columns() -> None:
    """S12: walls are compared where they are, not counted from each storey's own west."""
    shifted = House((plan_of("HHHH\nHHHH"), plan_of("..HHHH\n..HHHH", floor=2)))
    # Of 12 edges two in the north and two in the south lie over walls.
    assert found(shifted, "S12")[0] == "At least 60 % of 2F's walls should lie over walls, got 33 %"


def test_s12_the_span_of_an_ldk() -> None:
    """S12: a square of 8 cells is spanned, one of 9 is not, nor is one in an LDK of another form."""
    assert found(plan_of(square("L", 8)), "S12") == []
    assert found(plan_of(square("L", 9)), "S12") == ["LDK should span at most 3640 mm without a wall, got more"]
    assert found(plan_of("\n".join(["L" * 8] * 20)), "S12") == []


def test_s13_a_quarter_of_each_front_is_solid() -> None:
    """S13: 1650 mm of window in 1820 leave 9 %; 1190 leave 34 %; on each side of the house."""
    text = square("J", 4)
    for axis, x, y, side in (("h", 0, 0, "north"), ("v", 4, 0, "east"), ("h", 0, 4, "south"), ("v", 0, 0, "west")):
        wide, small = (window(axis, x, y, span) for span in (4, 3))  # type: ignore[arg-type]
        assert found(plan_of(text, openings=[wide]), "S13") == [
            f"At least 25 % of the {side} wall should be solid, got 9 %"
        ]
        assert found(plan_of(text, openings=[small]), "S13") == []


def test_s13_lines_of_walls_at_most_eight_metres_apart() -> None:
    """S13: 17 cells (7735 mm) need no wall between, 18 (8190 mm) do; 9 cells of wall (4095 mm) are a line."""
    wide = "\n".join(["S" * 18] * 9)
    far = ["Lines of walls should be at most 8000 mm apart east-west, got 8190"]
    assert found(plan_of("\n".join(["S" * 17] * 9)), "S13") == []
    assert found(plan_of(wide), "S13") == far
    parted = "\n".join(["S" * 9 + "o" * 9] * 9)
    assert found(plan_of(parted), "S13") == []
    # A door of 755 mm leaves 3340 of 4095 mm.
    assert found(plan_of(parted, openings=[door("hinged", "v", 9, 3)]), "S13") == far
    assert found(plan_of(parted, openings=[door("open", "v", 9, 3)]), "S13") == far


def test_s13_lines_in_the_other_direction() -> None:
    """S13: the same north-south; walls half a module apart make one line."""
    high = "\n".join(["S" * 9] * 18)
    assert found(plan_of(high), "S13") == ["Lines of walls should be at most 8000 mm apart north-south, got 8190"]
    stepped = "\n".join(["S" * 9] * 8 + ["SSSSooooo"] + ["o" * 9] * 9)
    assert found(plan_of(stepped), "S13") == []


def test_s13_a_storey_without_rooms_has_no_walls() -> None:
    """S13: nothing is said of an empty storey."""
    assert found(plan_of(""), "S13") == []
