"""The parts of legalise: cells as bits, lattices laid on each other, what fits where, and words for what was moved."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import numpy as np
import pytest

import drawing
from madorizu.brief import brief_of, brief_of_house, parse_caption, stair_place
from madorizu.draft import draft_to_json
from madorizu.houses.stairs import cells_of
from madorizu.legalise import candidates, damage, doors, fittings, lawful, outdoor, rooms, shapes, stairs
from madorizu.legalise.asks import ask_of, entered_from, place_of, shortage
from madorizu.legalise.drafts import draft_of
from madorizu.legalise.hosts import Walls, hinders, swept
from madorizu.legalise.moves import moves_between
from madorizu.legalise.reading import Axis, core, placements, sizes
from madorizu.legalise.regions import ground_of
from madorizu.legalise.shapes import Board
from madorizu.legalise.stairs import stair_cells
from madorizu.plan import (
    Cell,
    Edge,
    Fixture,
    Plan,
    Room,
    Stair,
    bounds,
    cells_in,
    indoor_cells,
    is_connected,
    outline,
    pieces,
    translate,
)
from madorizu.rules.regions import is_union as is_union_by_rules
from madorizu.rules.regions import narrower_than, neck

BOARD = Board(-4, -4, 24, 22)
GROUND, UPPER = drawing.house_8x7().plans


def random_cells(rng: random.Random) -> frozenset[Cell]:
    """Return the union of some rectangles, most often one piece."""
    found: frozenset[Cell] = frozenset()
    for _ in range(rng.randint(1, 4)):
        found |= cells_in((rng.randint(0, 5), rng.randint(0, 5), rng.randint(1, 5), rng.randint(1, 5)))
    return found


# --- shapes -----------------------------------------------------------------------------------


def test_a_bit_is_a_cell() -> None:
    """The cell (-4, -4) is the first bit; the one below it is a row of 24 further."""
    assert BOARD.bit((-4, -4)) == 1
    assert BOARD.bit((-4, -3)) == 1 << 24
    assert BOARD.bits([(-3, -4), (99, 0)]) == 2  # what is off the board is left out
    assert BOARD.cells(0b11) == {(-4, -4), (-3, -4)}


def test_sides_are_north_up() -> None:
    """North is the row above, east the next bit."""
    cell = BOARD.bit((3, 3))
    assert BOARD.cells(BOARD.moved(cell, "n")) == {(3, 2)}
    assert BOARD.cells(BOARD.moved(cell, "e", 2)) == {(5, 3)}
    assert BOARD.cells(BOARD.ring(cell)) == {(3, 2), (4, 3), (3, 4), (2, 3)}


def test_segments_of_an_l() -> None:
    """An L of two arms has six straight sides."""
    bits = BOARD.bits(cells_in((0, 0, 2, 6)) | cells_in((0, 4, 5, 2)))
    found = [(side, len(BOARD.cells(run))) for side, run in shapes.segments(bits, BOARD)]
    assert found == [("n", 2), ("n", 3), ("e", 4), ("e", 2), ("s", 5), ("w", 6)]


@pytest.mark.parametrize("seed", range(40))
def test_measures_agree_with_the_rules_own(seed: int) -> None:
    """Pieces, narrow places, necks and unions are what the rules say they are, which share no code with these."""
    cells = random_cells(random.Random(seed))
    bits = BOARD.bits(cells)
    assert BOARD.cells(bits) == cells
    assert shapes.is_one_piece(bits, BOARD) == is_connected(cells)
    assert sum(map(int.bit_count, shapes.pieces(bits, BOARD))) == len(cells)
    west, east, top, bottom = shapes.box(bits, BOARD)
    assert (west - 4, top - 4, east - west + 1, bottom - top + 1) == bounds(cells)
    for side in (2, 3):
        assert cells - BOARD.cells(shapes.opened(bits, side, BOARD)) == narrower_than(cells, side)
        assert shapes.has_neck(bits, side, BOARD) == (neck(cells, side) is not None)
    if is_connected(cells):
        for count in (1, 2, 3):
            assert shapes.is_union(bits, count, BOARD) == is_union_by_rules(cells, count)


def test_contact_is_a_module() -> None:
    """Two cells of common wall hold a door, one does not, nor do two around a corner."""
    room = BOARD.bits(cells_in((0, 0, 4, 4)))
    assert shapes.contact(room, BOARD.bits(cells_in((4, 2, 2, 4))), BOARD)
    assert not shapes.contact(room, BOARD.bits(cells_in((4, 3, 2, 4))), BOARD)
    corner = BOARD.bits(cells_in((4, 3, 2, 3)) | cells_in((3, 4, 3, 2)))
    assert not shapes.contact(room, corner, BOARD)


# --- lattices ---------------------------------------------------------------------------------


def test_an_axis_is_stretched_at_its_end() -> None:
    """Cells 5 to 8 of a draft fill 0 to 5 of the house: the last is seen three times, lines beyond move on."""
    axis = Axis(5, 9, 6, 0)
    assert [axis.source(i) for i in range(-1, 8)] == [4, 5, 6, 7, 8, 8, 8, 9, 10]
    assert [axis.line(i) for i in (4, 5, 8, 9, 10)] == [-1, 0, 3, 6, 7]
    assert axis.after == 2


def test_an_axis_is_cut_at_its_start() -> None:
    """Of cells 5 to 8 the first is left out."""
    axis = Axis(5, 9, 3, -1, at=10)
    assert [axis.source(i) for i in range(10, 13)] == [6, 7, 8]
    assert [axis.line(i) for i in (5, 6, 8, 9)] == [10, 10, 12, 13]


def test_crumbs_are_no_part_of_the_house() -> None:
    """A cell that lies apart does not make the house larger."""
    plan = replace(GROUND, rooms=(*GROUND.rooms, Room("sto", frozenset({(20, 3)}))))
    assert core(plan) == indoor_cells(GROUND)
    assert sizes(draft_of(plan)) == (16, 14)


def test_a_smaller_2f_lies_by_its_stair() -> None:
    """A 2F of 4 x 6 modules whose stair is in its corner lies where the stair of the 1F is."""
    small = Plan(2, (Room("hall", cells_in((0, 0, 4, 12))), Room("stair", cells_in((4, 0, 4, 4)))),
                 stair=Stair("u", (4, 0, 4, 4), "n", "right"))  # fmt: skip
    found = placements((draft_of(GROUND), draft_of(small)), ((16, 14), sizes(draft_of(small))))
    assert found[0].readings[1].frame == (4, 0, 8, 12)
    assert found[0].readings[1].plan.stair == GROUND.stair


def test_the_stretched_side_is_where_the_evidence_hints_at_more() -> None:
    """Where the reader is in doubt whether the house goes on in the west, it is stretched there."""
    draft = draft_of(translate(GROUND, 3, 3))
    column = 3 - 1 - draft.evidence.left
    draft.evidence.rooms[:, :, column] = 0
    draft.evidence.rooms[0, :, column] = 0.6
    draft.evidence.rooms[1, :, column] = 0.4
    reading = placements((draft,), ((17, 14),))[0].readings[0]
    assert reading.stretched == (1, 0, 0, 0)
    assert outline(reading.plan) == (0, 0, 17, 14)


# --- what is asked ----------------------------------------------------------------------------


def test_who_leads_to_whom() -> None:
    """Baths from washrooms alone, pantries from the LDK, closets from their bedrooms; a void from nowhere."""
    assert entered_from("bath") == {"wash"}
    assert entered_from("pantry") == {"ldk"}
    assert entered_from("cl") == {"hall", "ldk", "ent", "bed", "mbr"}
    assert entered_from("void") == frozenset()


def test_shortage_of_rooms() -> None:
    """A house without bath, and with two bedrooms where three are asked: one of each is missing."""
    ask = ask_of(parse_caption("floor plan, both, 8x7, 3 bedrooms, study"), (1, 2))
    assert shortage(ask, {0: ("ldk", "wash", "wc"), 1: ("mbr", "bed")}) == {"den": 1, "bath": 1, "bed": 1}
    assert shortage(ask, {0: ("ldk", "wash", "wc", "bath", "den"), 1: ("mbr", "bed", "bed", "bed")}) == {"bed": -1}


def test_place_of_the_stair_is_the_briefs() -> None:
    """The third in which a stair lies is what the brief's own words say of it."""
    assert GROUND.stair is not None
    assert place_of(GROUND.stair.rect, outline(GROUND)) == stair_place(GROUND) == "n"


@pytest.mark.parametrize(
    "stair",
    [
        Stair("u", (0, 0, 4, 5), "n", "left"),
        Stair("straight", (3, 2, 8, 2), "e"),
        *(Stair("l", (0, 0, 4, 6), rise, turn) for rise in ("n", "s") for turn in ("left", "right")),
        *(Stair("l", (1, 1, 6, 4), rise, turn) for rise in ("e", "w") for turn in ("left", "right")),
    ],
)
def test_cells_of_a_stair(stair: Stair) -> None:
    """A stair takes the cells that the solver of new houses gives it."""
    assert stair_cells(stair) == cells_of(stair)


# --- rooms ------------------------------------------------------------------------------------


def test_what_a_room_may_be() -> None:
    """Sizes, widths and outer walls decide: a bath of 3 x 4 may be, of 2 x 6 not; a bedroom needs light."""
    floor = BOARD.bits(cells_in((0, 0, 16, 14)))
    rule = lawful.Lawful(BOARD, floor, 1, "s")
    assert rule.may_be("bath", BOARD.bits(cells_in((5, 5, 3, 4))))
    assert not rule.may_be("bath", BOARD.bits(cells_in((5, 5, 2, 6))))
    assert rule.may_be("bed", BOARD.bits(cells_in((0, 0, 6, 6))))
    assert not rule.may_be("bed", BOARD.bits(cells_in((5, 4, 6, 6))))  # no outer wall
    assert rule.may_be("ent", BOARD.bits(cells_in((6, 10, 4, 4))))
    assert not rule.may_be("ent", BOARD.bits(cells_in((6, 0, 4, 4))))  # at the north
    assert not rule.may_be("void", BOARD.bits(cells_in((0, 0, 4, 4))))  # on the 1F
    nook = cells_in((0, 0, 6, 6)) | cells_in((6, 0, 2, 4))
    assert rule.may_be("bed", BOARD.bits(nook))


def test_glass_of_a_wall() -> None:
    """A wall of two half modules takes 690 mm, of four 1650, of six 2560, of eight twice 1650, of one none."""
    assert [lawful.glass(span) for span in (1, 2, 4, 6, 8)] == [0, 690, 1650, 2560, 3300]


def test_regions_see_through_lost_walls() -> None:
    """Where the wall between two kinds is lost, the kinds tell two regions; where one edge is, the walls do."""
    placed = placements((draft_of(GROUND),), ((16, 14),))[0]
    found = ground_of(placed.readings[0], placed.board, (), None)
    assert found.trouble == 0 and found.gaps == ()
    assert {placed.board.cells(b) for _, b in found.read} == {
        r.cells for r in GROUND.rooms if r.kind != "porch"
    }  # fmt: skip


def test_candidates_keep_what_was_read() -> None:
    """Of a lawful storey each room is a candidate, at no cost of evidence."""
    placed = placements((draft_of(GROUND),), ((16, 14),))[0]
    ground = ground_of(placed.readings[0], placed.board, (), None)
    rule = lawful.Lawful(placed.board, ground.floor, 1, None)
    found = candidates.candidates(ground, rule, (), [], 0)
    assert sum(c.is_read for c in found) == len(GROUND.rooms) - 2  # all but stair and porch
    assert {c.cost for c in found if c.is_read} == {candidates.ROOM}


# --- openings and fixtures --------------------------------------------------------------------


def walls_of(plan: Plan) -> Walls:
    """Return the walls of a plan."""
    return Walls(plan.floor, plan.rooms, plan.owners())


def test_what_was_drawn_lawfully_fits() -> None:
    """Every opening of a lawful storey can be where it is, once its open sides are known."""
    for plan in (GROUND, UPPER):
        walls = walls_of(plan)
        walls.gaps = {e for o in plan.openings if o.kind == "open" for e in o.edges}
        assert all(walls.fits(o) is not None for o in plan.openings)


@pytest.mark.parametrize(
    "wrong",
    [
        drawing.window("h", 5, 4, 2),  # in an inner wall
        drawing.door("hinged", "h", 3, 4),  # along bath and washroom
        drawing.door("hinged", "v", 7, 9),  # in the LDK, where no wall is
        drawing.door("hinged", "v", 0, 8),  # in an outer wall
        drawing.door("open", "v", 4, 4),  # hall - WC, bare
        drawing.door("entrance", "h", 3, 14),  # of the LDK
        replace(drawing.door("hinged", "v", 4, 4), width_mm=880),  # no wall left beside the frame
        drawing.door("hinged", "v", 4, 4, width_mm=500),  # too narrow to pass
        replace(drawing.window("v", 0, 1, 2), sill_mm=1800),  # 200 mm high
        replace(drawing.door("hinged", "v", 4, 4), span=0),
    ],
)
def test_what_cannot_be_does_not_fit(wrong: object) -> None:
    """Openings in the wrong wall, or of sizes that nobody builds."""
    assert walls_of(GROUND).fits(wrong) is None  # type: ignore[arg-type]


def test_no_door_leads_upstairs_into_the_air() -> None:
    """A french window on the 2F needs the balcony before it."""
    assert walls_of(UPPER).fits(drawing.window("h", 5, 14, kind="french")) is not None
    assert walls_of(UPPER).fits(drawing.window("h", 1, 14, 2, kind="french")) is None


def test_a_leaf_turns_through_an_open_side() -> None:
    """A leaf that sweeps from the hall into the entrance needs the side between them open."""
    leaf = drawing.door("hinged", "v", 10, 9, width_mm=850)  # LDK - hall and entrance: two rooms, no host
    walls = walls_of(GROUND)
    assert walls.fits(leaf) is None
    leaf = replace(leaf, y=8)
    assert walls.fits(leaf) == (GROUND.room_at((9, 8)), GROUND.room_at((10, 8)))
    assert set(swept(leaf)) == {(10, 8), (11, 8), (10, 9), (11, 9)}
    assert walls.turns_through(leaf, walls.fits(leaf) or (None, None)) == set()
    across = replace(drawing.door("hinged", "h", 10, 10, width_mm=850), side=1)
    assert walls.turns_through(across, (0, 1)) == set()
    beside = replace(drawing.door("hinged", "v", 12, 7, width_mm=850), side=-1)
    assert walls.turns_through(beside, (0, 1)) == set()
    low = replace(drawing.door("hinged", "h", 4, 6, width_mm=850), side=-1)  # from the LDK into the hall
    assert walls.turns_through(low, (0, 1)) == set()
    both = replace(drawing.door("hinged", "h", 3, 6, width_mm=850), side=-1)
    assert walls.turns_through(both, (0, 1)) == {Edge("v", 4, 4), Edge("v", 4, 5)}


def test_what_stands_in_a_doors_way() -> None:
    """A basin hinders a leaf within its quarter circle, and a door that it leaves less than 350 mm of."""
    leaf = drawing.door("hinged", "h", 4, 4, width_mm=755)  # frame from 1897 to 2652, opens south from y = 1820
    assert hinders((Fixture("basin", 1900, 2300, 400, 300, "n"),), leaf)
    assert not hinders((Fixture("basin", 1900, 2700, 400, 300, "n"),), leaf)
    assert not hinders((Fixture("basin", 1900, 1400, 300, 100, "s"),), leaf)  # behind it, 380 mm off its wall
    assert hinders((Fixture("basin", 1900, 1600, 600, 200, "s"),), leaf)  # behind it, before 600 of 755 mm
    assert not hinders((Fixture("basin", 1900, 1600, 600, 200, "s"),), drawing.window("h", 4, 4, 2))


# --- outdoors ---------------------------------------------------------------------------------


def test_a_balcony_is_laid_before_a_room() -> None:
    """Where none was read, one of four modules lies at the south, over the 1F or a module beyond it."""
    bare = replace(UPPER, rooms=tuple(r for r in UPPER.rooms if r.kind != "balcony"))
    placed = placements((draft_of(GROUND), draft_of(bare)), ((16, 14), (16, 14)))[0]
    own = [(r.kind, placed.board.bits(r.cells)) for r in bare.rooms]
    reading = placed.readings[1]
    assert outdoor.outdoor_rooms(reading, placed.board, own, GROUND.rooms, balcony=False) == ()
    (found,) = outdoor.outdoor_rooms(reading, placed.board, own, GROUND.rooms, balcony=True)
    assert found.kind == "balcony"
    assert bounds(found.cells)[1:] == (14, 8, 2)


def test_outdoor_rooms_that_cannot_be_are_left_out() -> None:
    """A balcony on the ground goes, a porch half a module deep goes, the porch at the door stays."""
    more = (Room("balcony", cells_in((0, 14, 6, 2))), Room("porch", cells_in((16, 2, 1, 4))))
    plan = replace(GROUND, rooms=(*GROUND.rooms, *more))
    placed = placements((draft_of(plan),), ((16, 14),))[0]
    own = [(r.kind, placed.board.bits(r.cells)) for r in GROUND.rooms if r.kind != "porch"]
    found = outdoor.outdoor_rooms(placed.readings[0], placed.board, own, None, balcony=False)
    assert [(r.kind, r.cells) for r in found] == [("porch", cells_in((10, 14, 4, 2)))]


# --- words ------------------------------------------------------------------------------------


def test_moves_in_words() -> None:
    """A room renamed, one made smaller, a door gone, a stair off: each is told once, in both languages."""
    reading = placements((draft_of(GROUND),), ((16, 14),))[0].readings[0]
    store = next(i for i, r in enumerate(GROUND.rooms) if r.kind == "sto")
    own = list(GROUND.rooms)
    own[store] = Room("den", cells_in((12, 6, 4, 3)))
    changed = replace(
        GROUND, rooms=tuple(own), openings=GROUND.openings[1:], stair=Stair("u", (8, 1, 4, 4), "n", "right")
    )
    told = {m.code: (m.message, m.message_ja) for m in moves_between(reading, changed)}
    assert told == {
        "room-retyped": ("Store on 1F was made a Study", "1階の物入を書斎に変更しました"),
        "wall-moved": (
            "Study on 1F was reshaped: its south wall by 455 mm in",
            "1階の書斎の形を変更しました(南の壁を455mm内へ)",
        ),
        "stair-moved": (
            "The stairs on 1F were moved by +0, +455 mm (east, south)",
            "1階の階段を移動しました(東+0、南+455mm)",
        ),
        "opening-removed": (
            "An entrance door between Entrance and Porch on 1F was removed",
            "1階の玄関とポーチの間の玄関ドアを取り除きました",
        ),
    }
    assert moves_between(reading, GROUND) == ()


# --- damage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", damage.KINDS)
def test_damage_is_the_same_again(kind: str) -> None:
    """Equal generators spoil a plan in the same way; a clean draft reads as the plan."""
    first, second = (damage.KINDS[kind](GROUND, np.random.default_rng(2)) for _ in range(2))
    assert first.plan == second.plan
    if kind == "clean":
        assert {(r.kind, r.cells) for r in first.plan.rooms} == {(r.kind, r.cells) for r in GROUND.rooms}
        assert brief_of(first.plan) == brief_of(GROUND)


def test_an_outline_short_is_short() -> None:
    """Half a module is missing on one side."""
    width, height = outline(damage.outline_short(GROUND, np.random.default_rng(0)).plan)[2:]
    assert width * height in (15 * 14, 16 * 13)


def test_brief_of_the_drawn_house_asks_for_both_storeys() -> None:
    """What the drawn house's brief says of it is asked of both storeys."""
    ask = ask_of(brief_of_house(drawing.house_8x7()), (1, 2))
    assert ask.sizes == ((16, 14), (16, 14)) and ask.meant == (0, 1) and ask.is_house and ask.stair


# --- what only hard cases need ------------------------------------------------------------------


def test_rectangles_of_a_room_with_a_hall_in_it() -> None:
    """A room that swallowed a corridor holds the room as its largest rectangle; the corridor is what is left."""
    room, hall = cells_in((4, 0, 6, 6)), cells_in((2, 2, 2, 4)) | cells_in((0, 6, 8, 2))
    found = shapes.largest_rectangles(BOARD.bits(room | hall), BOARD)
    assert BOARD.bits(room) in found
    assert BOARD.bits(cells_in((0, 6, 8, 2))) in found


def test_new_doors_of_each_kind() -> None:
    """A bath gets a folding door, a closet doors along it, a store one, a tatami room 襖, a shoe closet an opening."""
    own = (
        Room("hall", cells_in((0, 0, 12, 2))),
        Room("wash", cells_in((0, 2, 4, 4))),
        Room("bath", cells_in((0, 6, 4, 4))),
        Room("wa", cells_in((4, 2, 6, 6))),
        Room("oshi", cells_in((4, 8, 6, 2))),
        Room("sto", cells_in((10, 2, 2, 4))),
        Room("sic", cells_in((12, 0, 2, 4))),
    )
    walls = Walls(1, own, {cell: i for i, room in enumerate(own) for cell in room.cells})

    def kinds(room: int) -> set[tuple[str, int]]:
        return {(c.opening.kind, c.opening.span) for c in doors.new_doors(room, walls)}

    assert kinds(1) == {("sliding", 4), ("hinged", 2)}
    assert kinds(2) == {("folding", 2)}
    assert kinds(3) == {("double_sliding", 4), ("sliding", 4), ("hinged", 2)}
    assert kinds(4) == {("double_sliding", 6)}
    assert kinds(5) == {("folding", 2), ("folding", 3)}  # to the hall, and to the tatami room
    assert kinds(6) == {("open", 2)}
    assert all(walls.fits(c.opening) == c.pair for i in range(1, 7) for c in doors.new_doors(i, walls))


def test_variants_of_an_opening_whose_wall_moved() -> None:
    """A window half a module off its wall is moved to it; upstairs a french one without balcony becomes a window."""
    window = drawing.window("v", 1, 1, 2)  # the bath's wall is at x = 0
    plan = replace(GROUND, openings=(window,))
    found = min(doors.variants(plan, (0.9,), walls_of(GROUND), None), key=lambda c: c.cost)
    assert found.opening == replace(window, x=0)
    assert found.cost == doors.KEPT + round(doors.SURE * 0.9) + doors.SHIFTED
    french = drawing.window("v", 0, 10, kind="french")
    upper = replace(UPPER, openings=(french,))
    changed = min(doors.variants(upper, (0.9,), walls_of(UPPER), None), key=lambda c: c.cost)
    assert changed.opening == drawing.window("v", 0, 10)


def test_entrance_doors_face_the_side_asked_for() -> None:
    """An entrance in a corner may have its door on two sides; asked for one, on that one alone."""
    own = (Room("ent", cells_in((0, 0, 4, 4))), Room("hall", cells_in((4, 0, 4, 4))))
    walls = Walls(1, own, {cell: i for i, room in enumerate(own) for cell in room.cells})
    assert {doors.side_of(c.opening, walls) for c in doors.entrances(walls, None)} == {"n", "s", "w"}
    assert {doors.side_of(c.opening, walls) for c in doors.entrances(walls, "w")} == {"w"}
    assert all(c.opening.side == -1 for c in doors.entrances(walls, "w"))  # outwards


def test_fixtures_of_a_room_that_changed() -> None:
    """A WC that was not read as one gets a bowl along its walls; one that was keeps what was read, nothing included."""
    shifted = replace(GROUND, rooms=tuple(replace(r, kind="sto") if r.kind == "wc" else r for r in GROUND.rooms))
    found = fittings.places(shifted, (), walls_of(GROUND))
    assert {p.fixture.kind for p in found} == {"toilet"} and all(p.read is None for p in found)
    assert fittings.places(GROUND, (), walls_of(GROUND)) == []
    bowl = Fixture("toilet", 75, 2000, 700, 400, "e")
    kept = fittings.places(replace(GROUND, fixtures=(bowl,)), (0.8,), walls_of(GROUND))
    assert [(p.fixture, p.read) for p in kept] == [(bowl, 0)]
    off = replace(bowl, y_mm=bowl.y_mm - 455)  # half in the bath
    moved = fittings.places(replace(GROUND, fixtures=(off,)), (0.8,), walls_of(GROUND))
    assert bowl in {p.fixture for p in moved if p.read == 0}


def test_a_choice_that_is_forbidden_is_not_made_again() -> None:
    """Forbidden together, two rooms are not both chosen: another one of them is, at a higher cost."""
    placed = placements((draft_of(GROUND),), ((16, 14),))[0]
    ground = ground_of(placed.readings[0], placed.board, (), None)
    rule = lawful.Lawful(placed.board, ground.floor, 1, None)
    ask = ask_of(None, (1,))
    climbs = stairs.choices([ground], ask, 0)
    options = [candidates.candidates(ground, rule, (), [c.bits for c in climbs], 1)]
    model = rooms.model_of([ground], options, climbs, ask)
    assert model is not None
    end = time.monotonic() + 60
    status, first = rooms.choose(model, seed=0, effort_s=5.0, end=end)
    assert status == "solved" and first is not None and set(first.storeys[0]) == set(ground.read)
    pair = tuple(r for r in first.storeys[0] if r[0] in ("bath", "wash"))
    rooms.forbid(model, {0: pair})
    status, second = rooms.choose(model, seed=0, effort_s=5.0, end=end)
    assert status == "solved" and second is not None and not set(pair) <= set(second.storeys[0])
    assert second.cost > first.cost
    assert rooms.choose(model, seed=0, effort_s=5.0, end=time.monotonic())[0] == "out of time"


def test_no_room_for_the_stair_is_infeasible_at_once() -> None:
    """Two storeys without any stair to choose have no model."""
    placed = placements((draft_of(GROUND), draft_of(UPPER)), ((16, 14), (16, 14)))[0]
    grounds = [ground_of(r, placed.board, (), None) for r in placed.readings]
    assert rooms.model_of(grounds, [[], []], [], ask_of(None, (1, 2))) is None


def test_pieces_are_joined_by_sides_the_largest_first() -> None:
    """Cells that meet at a corner are two pieces."""
    assert pieces([(5, 5), (0, 0), (1, 1), (2, 1)]) == [{(1, 1), (2, 1)}, {(0, 0)}, {(5, 5)}]
    assert pieces([]) == []


def test_a_draft_without_a_picture_has_no_place_in_one() -> None:
    """Nor a scale to write."""
    assert draft_to_json(draft_of(GROUND))["picture"] is None
