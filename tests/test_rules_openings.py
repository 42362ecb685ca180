"""Rules about doors, windows and balconies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drawing import door, plan_of, upper_floor_8x7, window, with_openings
from madorizu import rules
from madorizu.plan import Opening, Plan

HINGED = "Hinged door must"


def found(plan: Plan, code: str) -> list[str]:
    """Return the messages of one rule's findings."""
    return [f.message for f in rules.check(plan) if f.code == code]


BEDROOM = """
    HH111111
    HH111111
    HH111111
    HH111111
    HH111111
    HH111111
"""


def test_h09_a_bedroom_without_a_window() -> None:
    """H09: a habitable room needs a window in an outer wall; one in an inner wall is none."""
    text = ["Bedroom must have a window in an outer wall at least 910 mm long, got none"]
    assert found(plan_of(BEDROOM), "H09") == text
    assert found(plan_of(BEDROOM, openings=[window("v", 2, 0)]), "H09") == text
    assert found(plan_of(BEDROOM, openings=[replace(window("h", 3, 0, 2), span=1)]), "H09") == text


def test_h09_a_tenth_of_the_floor() -> None:
    """H09: 7.45 m² of floor need 0.75 m² of window; 690 × 1100 mm is 0.76, 600 × 1100 is 0.66."""
    enough, small = window("h", 3, 0, 2), replace(window("h", 3, 0, 2), width_mm=600)
    assert found(plan_of(BEDROOM, openings=[enough]), "H09") == []
    assert found(plan_of(BEDROOM, openings=[small]), "H09") == [
        "Bedroom must have at least 0.75 m² of window (A/10), got 0.66"
    ]
    assert found(plan_of(BEDROOM, openings=[small, replace(small, x=5)]), "H09") == []


def test_h09_what_reaches_into_the_next_storey_lights_nothing() -> None:
    """H09: a sash of 150 mm, 10 m high, has 0.24 m² below 200 mm under the ceiling's floor, 0.15 × (2.5 - 0.9)."""
    tall = replace(window("h", 3, 0, 2), width_mm=150, head_mm=10_000)
    wide = replace(window("h", 3, 0, 2), width_mm=9000)
    assert found(plan_of(BEDROOM, openings=[tall]), "H09") == [
        "Bedroom must have at least 0.75 m² of window (A/10), got 0.24"
    ]
    small = replace(window("h", 3, 0, 2), head_mm=1700)
    assert found(plan_of(BEDROOM, openings=[replace(wide, head_mm=1700)]), "H09") == [
        "Bedroom must have at least 0.75 m² of window (A/10), got 0.73"
    ]
    assert "got 0.55" in found(plan_of(BEDROOM, openings=[small]), "H09")[0]


def test_h09_a_window_to_a_balcony_counts() -> None:
    """H09: beyond a balcony is the open air."""
    assert found(upper_floor_8x7(), "H09") == []


BALCONY = """
    11111111
    11111111
    bbbbbbbb
    bbbbbbbb
"""


def test_h12_a_lawful_balcony() -> None:
    """H12: one module deep, open to the south, entered by a French window."""
    french = window("h", 2, 2, kind="french")
    assert found(plan_of(BALCONY, floor=2, openings=[french]), "H12") == []


def test_h12_a_balcony_on_the_ground_that_nobody_enters() -> None:
    """H12: on 1F it is a deck; with a window alone, or a door from a WC, nobody enters it."""
    no_door = "Balcony must have a door to a habitable room or a hall, got none"
    assert found(plan_of(BALCONY, openings=[window("h", 2, 2)]), "H12") == [
        "Balcony must be on 2F or above, got 1F",
        no_door,
    ]
    from_wc = plan_of(BALCONY, {"1": "wc"}, floor=2, openings=[window("h", 2, 2, kind="french")])
    assert found(from_wc, "H12") == [no_door]


def test_h12_a_balcony_is_entered_by_a_door_that_one_can_pass() -> None:
    """H12: half of a french window is passed, 325 mm of the small one; of 590 mm it would be too little."""
    small = window("h", 2, 2, 2, kind="french")
    assert found(plan_of(BALCONY, floor=2, openings=[small]), "H12") == []
    assert found(plan_of(BALCONY, floor=2, openings=[replace(small, width_mm=590)]), "H12") == [
        "Balcony must have a door to a habitable room or a hall, got none"
    ]


@pytest.mark.parametrize("kind", ["porch", "deck"])
def test_h12_porches_and_decks_stand_on_the_ground(kind: str) -> None:
    """H12: before an upper storey there is a balcony, whatever it is called."""
    plan = plan_of(BALCONY, {"b": kind}, openings=[window("h", 2, 2, kind="french")])
    assert found(plan, "H12") == []
    assert found(replace(plan, floor=2), "H12") == [f"{kind.capitalize()} must be on 1F, got 2F"]


def test_h12_a_neck_of_a_balcony() -> None:
    """H12: two squares that meet along half a module are no balcony one module deep."""
    plan = plan_of("1111111\nbbbb...\nbbbbbbb\n...bbbb", floor=2, openings=[window("h", 0, 1, kind="french")])
    assert found(plan, "H12") == ["Balcony must be at least 910 mm deep and 1820 mm long, got less"]


def test_h12_a_narrow_or_short_balcony() -> None:
    """H12: half a module deep, or one module long, is no balcony."""
    french = window("h", 0, 1, 2, kind="french")
    text = "Balcony must be at least 910 mm deep and 1820 mm long, got less"
    assert found(plan_of("1111\nbbbb", floor=2, openings=[french]), "H12") == [text]
    assert found(plan_of("1111\nbb..\nbb..", floor=2, openings=[replace(french, width_mm=690)]), "H12") == [text]


def test_h12_a_balcony_built_in() -> None:
    """H12: a balcony in a shaft of the house, open on its short side only, is none."""
    plan = plan_of(
        """
        1111HH
        bbbbHH
        bbbbHH
        2222HH
        """,
        floor=2,
        openings=[window("h", 0, 1, kind="french")],
    )
    assert found(plan, "H12") == ["Balcony must be open along its long side of 1820 mm, got 910"]


ROOMS = """
    HHHH1111
    HHHH1111
    HHHH1111
    HHHHoooo
    VVVVkkkk
"""


@pytest.mark.parametrize(
    ("opening", "message"),
    [
        (door("open", "v", 4, 0, span=4), "Open passage must lie between the same two rooms all along, got several"),
        (door("hinged", "v", 2, 0), "Hinged door must lie in a wall, got none there"),
        (door("hinged", "v", 20, 0), "Hinged door must lie in a wall, got none there"),
        (window("h", 5, 5, 2), "Window must lie in a wall of the house, got a place outdoors"),
        (window("v", 4, 0, 2), "Window must lie in an outer wall, got an inner one"),
        (door("entrance", "v", 4, 0), "Entrance door must lie in an outer wall, got an inner one"),
        (door("open", "v", 0, 0), "Open passage must lie between two indoor rooms, got an outer wall"),
        (door("open", "h", 5, 4), "Open passage must lie between two indoor rooms, got an outer wall"),
        (door("hinged", "v", 0, 0), "Hinged door must lie between two rooms, got an outer wall"),
        (door("hinged", "h", 0, 4, side=-1), "Hinged door must not lead to a void, got one"),
        (replace(door("open", "v", 4, 0), kind="hatch"), "Opening 'hatch' must be of a known kind, got 'hatch'"),  # type: ignore[arg-type]
    ],
)
def test_h13_openings_in_the_wrong_wall(opening: Opening, message: str) -> None:
    """H13: each kind of opening has its kind of wall."""
    assert found(plan_of(ROOMS, openings=[opening]), "H13") == [message]


def test_h13_a_door_into_the_air() -> None:
    """H13: on 2F a French window needs a balcony; on 1F it leads to the garden."""
    french = window("h", 0, 0, kind="french")
    assert found(plan_of(ROOMS, openings=[french]), "H13") == []
    assert found(plan_of(ROOMS, floor=2, openings=[french]), "H13") == [
        "French window on 2F must lead to a balcony, got the open air"
    ]


def test_h13_an_open_side_to_a_void_is_a_handrail() -> None:
    """H13: an open passage to a void is no door."""
    assert found(plan_of(ROOMS, floor=2, openings=[door("open", "h", 0, 4)]), "H13") == []


@pytest.mark.parametrize(
    ("opening", "message"),
    [
        (door("hinged", "v", 4, 0, width_mm=866), "Hinged door must be 1 to 865 mm wide in its run of wall, got 866"),
        (
            replace(door("open", "v", 4, 0), width_mm=0),
            "Open passage must be 1 to 910 mm wide in its run of wall, got 0",
        ),
        (replace(window("h", 0, 0), head_mm=900), "Window must have its head above its sill, got 900 and 900 mm"),
        (
            door("hinged", "v", 4, 0, span=3, width_mm=1366),
            "Hinged door must be 1 to 1320 mm wide in its run of wall, got 1366",
        ),
        (
            door("service", "h", 0, 0, span=4, width_mm=1400),
            "Service door must have a leaf of at most 1365 mm, got 1400",
        ),
    ],
)
def test_h13_frames_that_do_not_fit(opening: Opening, message: str) -> None:
    """H13: a frame fits its run of wall and has a height."""
    assert found(plan_of(ROOMS, openings=[opening]), "H13") == [message]


LIVING = "LLLLHHHH\n" * 4


@pytest.mark.parametrize(
    ("opening", "message"),
    [
        (door("hinged", "v", 4, 0, width_mm=599), f"{HINGED} have a frame of at least 600 mm, got 599"),
        (door("folding", "v", 4, 0, width_mm=599), "Folding door must have a frame of at least 600 mm, got 599"),
        (door("open", "v", 4, 0, width_mm=599), "Open passage must have a frame of at least 600 mm, got 599"),
        (door("service", "h", 0, 0, width_mm=599), "Service door must have a frame of at least 600 mm, got 599"),
        (door("entrance", "h", 0, 0, width_mm=749), "Entrance door must have a frame of at least 750 mm, got 749"),
        (door("sliding", "v", 4, 0, width_mm=1199), "Sliding door must have a frame of at least 1200 mm, got 1199"),
        (
            door("double_sliding", "v", 4, 0, width_mm=1199),
            "Double sliding door must have a frame of at least 1200 mm, got 1199",
        ),
        (replace(window("h", 0, 0), width_mm=299), "Window must be at least 300 mm wide and high, got 299 x 1100"),
        (replace(window("h", 0, 0), sill_mm=1701), "Window must be at least 300 mm wide and high, got 1650 x 299"),
        (
            replace(window("h", 0, 0), head_mm=2501),
            "Window must have its head at most 2500 mm above the floor, got 2501",
        ),
        (
            replace(window("h", 0, 0, kind="french"), width_mm=299),
            "French window must have a frame of at least 300 mm, got 299",
        ),
        (
            replace(window("h", 0, 0, kind="french"), sill_mm=101),
            "French window must reach from the floor to 1800 mm or higher, got 101 to 2000",
        ),
        (
            replace(door("hinged", "v", 4, 0), head_mm=1799),
            f"{HINGED} reach from the floor to 1800 mm or higher, got 0 to 1799",
        ),
        (
            replace(door("hinged", "v", 4, 0), sill_mm=1),
            f"{HINGED} reach from the floor to 1800 mm or higher, got 1 to 2000",
        ),
        (
            replace(door("open", "v", 4, 0), head_mm=1200),
            "Open passage must reach from the floor to 1800 mm or higher, got 0 to 1200",
        ),
        (
            replace(door("hinged", "v", 4, 0), head_mm=2600),
            f"{HINGED} have its head at most 2500 mm above the floor, got 2600",
        ),
    ],
)
def test_h13_openings_that_nobody_can_use(opening: Opening, message: str) -> None:
    """H13: a door is wide and high enough to walk through, of a sliding one the half; a window is no slit."""
    assert found(plan_of(LIVING, openings=[opening]), "H13") == [message]


@pytest.mark.parametrize(
    "opening",
    [
        door("hinged", "v", 4, 0, width_mm=600),
        door("entrance", "h", 0, 0, width_mm=750, side=-1),
        door("sliding", "v", 4, 0, width_mm=1200),
        replace(window("h", 0, 0, kind="french"), sill_mm=100, width_mm=300, head_mm=1800),
        replace(window("h", 0, 0), width_mm=300, sill_mm=2200, head_mm=2500),
        replace(door("open", "v", 4, 0), width_mm=600, head_mm=1800),
    ],
)
def test_h13_openings_of_the_least_size(opening: Opening) -> None:
    """H13: what is named is allowed."""
    assert found(plan_of(LIVING, openings=[opening]), "H13") == []


def test_h13_a_narrow_gap_beside_a_way() -> None:
    """H13: where a corner is cut out of a wall anyway, a second gap of half a module is no way of its own."""
    text = "HHHH\nHHHH\nEEEH\nEEEH"
    wide, narrow = door("open", "h", 0, 2, span=3), door("open", "v", 3, 2, span=1)
    assert found(plan_of(text, openings=[wide, narrow]), "H13") == []
    assert found(plan_of(text, openings=[narrow]), "H13") == [
        "Open passage must have a frame of at least 600 mm, got 455"
    ]


@pytest.mark.parametrize(
    ("kinds", "closed"),
    [
        (("wc", "hall"), "WC"),
        (("bath", "wash"), "Bath"),
        (("wash", "hall"), "Washroom"),
        (("laundry", "hall"), "Laundry"),
        (("bed", "hall"), "Bedroom"),
        (("mbr", "ldk"), "Master bedroom"),
        (("wa", "ldk"), "Tatami room"),
        (("bed", "mbr"), "Bedroom"),
        (("wc", "wash"), "WC"),
        (("bed", "wic"), "Bedroom"),
        (("wa", "cl"), "Tatami room"),
        (("wc", "sto"), "WC"),
        (("hall", "ldk"), None),
        (("hall", "stair"), None),
        (("ent", "sic"), None),
        (("ldk", "pantry"), None),
        (("hall", "void"), None),
        (("hall", "sto"), None),
        (("ent", "s"), None),
        (("hall", "den"), None),
        (("mbr", "wic"), None),
        (("mbr", "den"), None),
        (("bed", "cl"), None),
        (("wa", "oshi"), None),
        (("wash", "laundry"), None),
        (("wash", "sto"), None),
    ],
)
def test_h13_open_passages_and_rooms_that_need_a_door(kinds: tuple[str, str], closed: str | None) -> None:
    """H13: what is private closes with a door; a store may be open to the room that owns it."""
    plan, mirrored = (
        plan_of("aabb\naabb", {"a": a, "b": b}, openings=[door("open", "v", 2, 0)]) for a, b in (kinds, kinds[::-1])
    )
    text = f"Open passage must not lead to a room that needs a door, got {closed}"
    assert found(plan, "H13") == ([] if closed is None else [text])
    assert len(found(mirrored, "H13")) == (closed is not None)


def test_h13_an_850_mm_door_fits_one_module() -> None:
    """H13: the wide door of an LDK hangs in 910 mm of wall."""
    assert found(plan_of(ROOMS, openings=[door("hinged", "v", 4, 0, width_mm=850)]), "H13") == []


SHALLOW = """
    HHHH
    HHHH
    oooo
"""


def test_h13_a_leaf_that_meets_a_wall() -> None:
    """H13: into a store half a module deep no leaf opens; into the hall it does."""
    inward, outward = door("hinged", "h", 0, 2), door("hinged", "h", 0, 2, side=-1)
    assert found(plan_of(SHALLOW, openings=[inward]), "H13") == [
        "Hinged door must open through 90° without meeting a wall, got one in its way"
    ]
    assert found(plan_of(SHALLOW, openings=[outward]), "H13") == []


def test_h13_a_leaf_may_sweep_an_open_passage() -> None:
    """H13: between two rooms that an open passage joins there is no wall to meet."""
    plan = plan_of("ooHE\nooHE", openings=[door("hinged", "v", 2, 0)])
    assert "wall" in found(plan, "H13")[0]
    assert found(with_openings(plan, door("open", "v", 3, 0)), "H13") == []


def test_h13_a_passage_elsewhere_does_not_take_the_wall_away() -> None:
    """H13: a leaf of 1300 mm in a corridor of 910 meets the LDK's wall, though a passage joins both further on."""
    text = "\n".join(["LLLLLLLLLLLL"] * 8 + ["HHHHHHHHHHHH"] * 2 + ["111111111111"] * 8)
    leaf = door("hinged", "h", 0, 10, span=3, width_mm=1300, side=-1)
    far, here = door("open", "h", 10, 8), door("open", "h", 0, 8, span=3)
    assert "wall" in found(plan_of(text, openings=[leaf, far]), "H13")[0]
    assert found(plan_of(text, openings=[leaf, here]), "H13") == []


def test_h13_a_leaf_does_not_swing_over_a_void() -> None:
    """H13: along an open side to a void there is a rail."""
    plan = plan_of("VVVV\nVVVV\nHHHH\n1111", floor=2, openings=[door("hinged", "h", 0, 3, side=-1)])
    assert "wall" in found(with_openings(plan, door("open", "h", 0, 2, span=4)), "H13")[0]


def test_h13_an_entrance_door_opens_outwards_past_the_porch() -> None:
    """H13: outdoors only the house is in a leaf's way, be there a porch or not."""
    free = plan_of("EEE\nEEE\nEEE\nppp", openings=[door("entrance", "h", 0, 3)])
    corner = plan_of("EEE1\nEEE1\nEEE1\n..11", openings=[door("entrance", "h", 0, 3, span=2, width_mm=755)])
    blocked = plan_of("EEE1\nEEE1\nEEE1\n...1\n1111", openings=[door("entrance", "h", 0, 3, span=2, width_mm=755)])
    assert found(free, "H13") == found(corner, "H13") == []
    assert "wall" in found(blocked, "H13")[0]


def test_h13_the_hinge_decides_what_a_leaf_sweeps() -> None:
    """H13: a leaf hung at the east end does not reach the corner at the west end."""
    west = plan_of("oHHH\noHHH\nEEEE", openings=[door("hinged", "h", 1, 2, span=3, width_mm=1300, side=-1)])
    assert "wall" in found(west, "H13")[0]
    deep = plan_of("oHHH\nHHHH\nHHHH\nEEEE", openings=[door("hinged", "h", 1, 3, span=3, width_mm=1300, side=-1)])
    assert found(deep, "H13") == []
    cut = ".oHH\n.HHH\n.HHH\n.EEE"
    at_west = plan_of(cut, openings=[door("hinged", "h", 1, 3, span=3, width_mm=1200, side=-1)])
    at_east = plan_of(cut, openings=[door("hinged", "h", 1, 3, span=3, width_mm=1200, side=-1, hinge="end")])
    assert "wall" in found(at_west, "H13")[0]
    assert found(at_east, "H13") == []


def test_h13_two_openings_in_one_place() -> None:
    """H13: frames must not overlap; runs that overlap may, as long as the frames do not."""
    two = [door("hinged", "v", 4, 0), door("sliding", "v", 4, 0, span=3, width_mm=1200)]
    assert found(plan_of(ROOMS, openings=two), "H13") == [
        "Sliding door must not overlap another opening, got one in the same place"
    ]
    apart = [window("h", 0, 0, 2), replace(window("h", 1, 0, 3), x=2, span=2, width_mm=600)]
    assert found(plan_of(ROOMS, openings=apart), "H13") == []


def test_s01_an_ldk_to_the_north() -> None:
    """S01: an LDK behind bedrooms has no wall to the south; beside them one of 2 modules is enough."""
    assert found(plan_of("LLLL\n1111"), "S01") == ["LDK should have at least 1820 mm of wall to the south, got 0"]
    assert found(plan_of("LLLL1111"), "S01") == []
