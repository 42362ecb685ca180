"""Walls, openings, stairs, floors and fixtures as primitives, with the numbers spelled out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from shapely import LineString, Polygon, box, unary_union

import plans
from madorizu import draw
from madorizu.draw.tatami import MOST_SQUARES, lay
from madorizu.draw.walls import clip, hatch, rings, runs, wall_shapes
from madorizu.plan import Edge, Fixture, Opening, Plan, Side, Stair, cells_in, walls

ROOM = plans.room("bed", (0, 0, 8, 6))  # 3640 x 2730 mm


def areas(plan: Plan, style: str, layer: str) -> list[draw.Area]:
    """Return the areas of a layer."""
    return [m for m in draw.primitives(plan, style) if isinstance(m, draw.Area) and m.layer == layer]


def lines(plan: Plan, style: str, layer: str) -> Iterator[tuple[tuple[float, float], ...]]:
    """Yield all paths of the lines of a layer."""
    for mark in draw.primitives(plan, style):
        if isinstance(mark, draw.Lines) and mark.layer == layer:
            yield from mark.paths


def shapes(plan: Plan, wall_pen_mm: float = 0.0) -> tuple[Any, Any]:
    """Return outer and inner wall shapes of the plain style with another pen, in mm on paper."""
    return wall_shapes(plan, walls(plan), replace(draw.STYLES["cad"], wall_mm=wall_pen_mm))


# --- walls --------------------------------------------------------------------------------


def test_outer_wall_is_150_mm_thick_with_closed_corners() -> None:
    """One room gives a ring from 75 mm outside to 75 mm inside its borders."""
    (wall,) = areas(Plan(1, (ROOM,)), "cad_solid", "wall")
    assert {tuple(sorted(ring)) for ring in wall.rings} == {
        ((-75, -75), (-75, 2805), (3715, -75), (3715, 2805)),
        ((75, 75), (75, 2655), (3565, 75), (3565, 2655)),
    }


def test_inner_wall_is_120_mm_thick() -> None:
    """A wall between two rooms is 120 mm thick and meets the outer wall without a gap."""
    plan = Plan(1, (ROOM, plans.room("bed", (8, 0, 8, 6))))
    outer, inner = shapes(plan)
    assert inner.bounds == (3580, -60, 3700, 2790)
    assert len(rings(unary_union([outer, inner]))) == 3


def test_outline_is_drawn_inside_the_wall() -> None:
    """With a pen of 25 mm the shape is 25 mm thinner, so the drawn wall is as thick as the real one."""
    outer, _ = shapes(Plan(1, (ROOM,)), wall_pen_mm=0.25)
    assert outer.bounds == (-62.5, -62.5, 3702.5, 2792.5)


def test_window_is_cut_out_of_its_wall() -> None:
    """A window of 1650 mm in a run of 1820 mm from x = 910 leaves a gap from 995 to 2645."""
    outer, _ = shapes(Plan(1, (ROOM,), (plans.window("h", 2, 0, 4),)))
    assert outer.intersection(box(996, -75, 2644, 75)).is_empty
    assert outer.covers(box(-75, -75, 995, 75)) and outer.covers(box(2645, -75, 3715, 75))


def test_open_run_carries_no_wall() -> None:
    """Where there is no wall between two rooms, only the outer walls remain."""
    plan = Plan(1, (ROOM, plans.room("hall", (8, 0, 2, 6))), (plans.opening("open", "v", 8, 0, 6, 2730),))
    _, inner = shapes(plan)
    assert inner.is_empty
    assert len(areas(plan, "cad", "wall")) == 1
    assert len(areas(plan, "atelier", "wall")) == 1


def test_sliding_door_opens_half_of_its_frame() -> None:
    """The pocket stays wall, without the face beside which the leaf slides."""
    plan = Plan(
        1,
        (ROOM, plans.room("hall", (0, 6, 8, 2))),
        (plans.opening("sliding", "h", 2, 6, 4, 1640, "start+"),),
    )
    _, inner = shapes(plan)  # the frame runs from x = 1000 to 2640, the wall from y = 2670 to 2790
    assert inner.intersection(box(1821, 2670, 2639, 2790)).is_empty
    assert inner.covers(box(1000, 2670, 1819, 2730))
    assert inner.intersection(box(1001, 2731, 1819, 2790)).is_empty


def test_runs_join_edges_in_order() -> None:
    """Edges join along their axis; a gap or another row starts a new run."""
    edges = [Edge("v", 1, 1), Edge("h", 3, 0), Edge("h", 1, 0), Edge("h", 0, 0), Edge("v", 1, 0), Edge("h", 0, 1)]
    assert [(r.axis, r.x, r.y, r.count) for r in runs(edges)] == [
        ("h", 0, 0, 2),
        ("h", 3, 0, 1),
        ("h", 0, 1, 1),
        ("v", 1, 0, 2),
    ]
    assert list(runs([])) == []


def test_balcony_has_a_parapet_and_a_porch_a_kerb() -> None:
    """A balcony's parapet is a closed shape of 110 mm with its pen, a porch's kerb one line per side."""
    plan = Plan(2, (ROOM, plans.room("balcony", (0, 6, 8, 2)), plans.room("porch", (8, 0, 2, 2))))
    (parapet,) = areas(plan, "cad", "railing")
    xs = [x for ring in parapet.rings for x, _ in ring]
    assert (min(xs), max(xs)) == (-42.5, 3682.5)
    assert len(list(lines(plan, "cad", "railing"))) == 3


def test_hatch_stays_within_the_walls() -> None:
    """Hatch lines run at 45° inside of the walls only."""
    plan = Plan(1, (ROOM,))
    outer, _ = shapes(plan)
    hatch = list(lines(plan, "mono_hatch", "wall"))
    assert len(hatch) > 40
    for (x0, y0), (x1, y1) in hatch:
        assert abs(abs(x1 - x0) - abs(y1 - y0)) < 1e-6
        assert outer.buffer(1).covers(LineString([(x0, y0), (x1, y1)]))


def test_hatch_leaves_holes_empty() -> None:
    """Of a square with a hole, the line x + y = 100 is cut in two."""
    square = ((0, 0), (100, 0), (100, 100), (0, 100))
    hole = ((25, 25), (75, 25), (75, 75), (25, 75))
    assert hatch([square, hole], 100) == (((0, 100), (25, 75)), ((75, 25), (100, 0)))
    assert hatch([square], 50) == (((0, 50), (50, 0)), ((0, 100), (100, 0)), ((50, 100), (100, 50)))


def test_clip_drops_what_lies_outside() -> None:
    """Of three lines one is inside, one is cut, one misses."""
    found = clip([((0, 5), (10, 5)), ((-10, 7), (5, 7)), ((0, 20), (10, 20))], box(0, 0, 10, 10))
    assert found == (((0, 5), (10, 5)), ((0, 7), (5, 7)))


# --- openings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("axis", "turn", "hinge", "tip", "arc"),
    [
        ("h", "start+", (1045, 2730), (1045, 3485), 0),
        ("h", "end+", (1800, 2730), (1800, 3485), 90),
        ("h", "end-", (1800, 2730), (1800, 1975), 180),
        ("h", "start-", (1045, 2730), (1045, 1975), 270),
        ("v", "start+", (2730, 1045), (3485, 1045), 0),
        ("v", "end+", (2730, 1800), (3485, 1800), 270),
        ("v", "end-", (2730, 1800), (1975, 1800), 180),
        ("v", "start-", (2730, 1045), (1975, 1045), 90),
    ],
)
def test_hinged_leaf_stands_at_its_hinge(
    axis: Any, turn: str, hinge: tuple[int, int], tip: tuple[int, int], arc: int
) -> None:
    """A door of 755 mm: the leaf stands at 90° on its hinge's end and side, the arc joins both places."""
    at = (2, 6) if axis == "h" else (6, 2)
    opening = Opening(
        "hinged", axis, *at, 2, 755, hinge="start" if "start" in turn else "end", side=1 if "+" in turn else -1
    )
    first = plans.room("bed", (0, 0, 6, 6))
    second = plans.room("hall", (0, 6, 6, 6) if axis == "h" else (6, 0, 6, 6))
    plan = Plan(1, (first, second), (opening,))
    # The frame is centred in its run with whole millimetres: 910 + (910 - 755) // 2 = 987.
    shift = 987 - 1045
    move = (shift, 0) if axis == "h" else (0, shift)
    expected = tuple((x + move[0], y + move[1]) for x, y in (hinge, tip))
    if "end" in turn:
        assert expected[0] == (opening.ends_mm[1])
    assert expected in list(lines(plan, "cad", "opening"))
    (swing,) = (m for m in draw.primitives(plan, "cad") if isinstance(m, draw.Arc))
    assert (swing.centre, swing.radius_x_mm) == (expected[0], 755)
    assert (round(swing.start_deg), round(swing.end_deg)) == (arc, arc + 90)


def test_slanted_leaf_has_no_arc() -> None:
    """The atelier draws a door at 45°, without an arc."""
    plan = Plan(1, (ROOM, plans.room("hall", (0, 6, 8, 2))), (plans.opening("hinged", "h", 2, 6, 2, 700),))
    assert not any(isinstance(m, draw.Arc) for m in draw.primitives(plan, "atelier"))
    (leaf,) = lines(plan, "atelier", "opening")
    assert leaf[0] == (1015, 2730)
    assert leaf[1] == pytest.approx((1015 + 494.97, 2730 + 494.97), abs=0.1)


def test_window_shows_two_faces_and_two_sashes() -> None:
    """A window of 1650 mm has two faces and two sashes, each in its own rail; the eastern one is inside."""
    plan = Plan(1, (ROOM,), (plans.window("h", 2, 0, 4),))
    found = list(lines(plan, "cad_solid", "opening"))
    assert found == [
        ((995, -62.5), (2645, -62.5)),
        ((995, 62.5), (2645, 62.5)),
        ((995, -15), (1820, -15)),
        ((1820, 15), (2645, 15)),
    ]


@pytest.mark.parametrize(("span", "count"), [(2, 3), (4, 4), (6, 6)])
def test_windows_have_as_many_sashes_as_they_are_wide(span: int, count: int) -> None:
    """A narrow window has one sash, a usual one two, a wide one four; two lines are its faces."""
    assert len(list(lines(Plan(1, (ROOM,), (plans.window("h", 1, 0, span),)), "cad", "opening"))) == count


@pytest.mark.parametrize(
    ("axis", "at", "outside"),
    [("h", (2, 0), (0, -1)), ("h", (2, 6), (0, 1)), ("v", (0, 1), (-1, 0)), ("v", (8, 1), (1, 0))],
)
def test_french_window_marks_the_outside(axis: Any, at: tuple[int, int], outside: tuple[int, int]) -> None:
    """The triangle of a french window stands outside of the wall, on any side of the house."""
    plan = Plan(1, (ROOM,), (Opening("french", axis, *at, 4, 1650),))
    *_, marker = areas(plan, "mono_hatch", "opening")
    centre = Polygon(marker.rings[0]).centroid
    beyond = {(0, -1): -centre.y, (0, 1): centre.y - 2730, (-1, 0): -centre.x, (1, 0): centre.x - 3640}[outside]
    assert 100 < beyond < 350


def test_folding_doors_fill_their_gap() -> None:
    """A closet's door folds to both ends, a narrow one is a zigzag from jamb to jamb."""
    rooms = (ROOM, plans.room("cl", (0, 6, 8, 2)))
    wide = Plan(1, rooms, (plans.opening("folding", "h", 2, 6, 4, 1645, "start-"),))
    narrow = Plan(1, rooms, (plans.opening("folding", "h", 2, 6, 2, 650, "start-"),))
    assert len(list(lines(wide, "cad", "opening"))) == 2
    (zigzag,) = lines(narrow, "cad", "opening")  # the frame runs from x = 910 + (910 - 650) / 2 = 1040 to 1690
    assert zigzag == ((1040, 2730), (1202.5, 2551.25), (1365, 2730), (1527.5, 2551.25), (1690, 2730))


def test_threshold_is_dashed_in_some_styles() -> None:
    """Where rooms join without a wall, the thin CAD style draws a dashed line between the walls, the plain none."""
    plan = Plan(1, (ROOM, plans.room("hall", (8, 0, 2, 6))), (plans.opening("open", "v", 8, 1, 4, 1820),))
    assert list(lines(plan, "cad", "opening")) == []
    (mark,) = (m for m in draw.primitives(plan, "cad_thin") if m.layer == "opening")
    assert isinstance(mark, draw.Lines) and mark.dash and mark.paths == (((3640, 515), (3640, 2215)),)


@pytest.mark.parametrize("style", list(draw.STYLES))
def test_step_of_the_entrance_is_a_full_line(style: str) -> None:
    """In every style the step between entrance and hall (上がり框) is a full thin line between the walls."""
    rooms = (plans.room("ent", (0, 0, 4, 4)), plans.room("hall", (4, 0, 4, 4)), plans.room("sic", (0, 4, 4, 2)))
    openings = (plans.opening("open", "v", 4, 0, 3, 1365), plans.opening("open", "h", 1, 4, 2, 910))
    plan = Plan(1, rooms, openings)
    steps = [
        m for m in draw.primitives(plan, style) if m.layer == "opening" and isinstance(m, draw.Lines) and not m.dash
    ]
    # From the outer wall's face at y = 75 to the end of the inner wall at 1365 - 60; the closet has the same floor.
    assert [m.paths for m in steps] == [(((1820, 75), (1820, 1305)),)]
    assert (steps[0].colour, steps[0].pen_mm) == (draw.STYLES[style].ink, draw.STYLES[style].thin_mm)


def test_step_turns_a_corner_without_a_gap() -> None:
    """Where an entrance opens on two sides at a corner without walls, both lines meet."""
    rooms = (plans.room("ent", (0, 0, 4, 4)), plans.room("hall", (4, 0, 4, 6), (0, 4, 4, 2)))
    openings = (plans.opening("open", "v", 4, 1, 3, 1365), plans.opening("open", "h", 1, 4, 3, 1365))
    found = list(lines(Plan(1, rooms, openings), "cad", "opening"))
    assert found == [((1820, 515), (1820, 1820)), ((515, 1820), (1820, 1820))]


@pytest.mark.parametrize("style", ["cad", "cad_thin", "mono_hatch"])
def test_french_window_shows_its_outer_face(style: str) -> None:
    """A window to the floor has the line of its sill outside, not inside, so that it reads as no hole."""
    plan = Plan(1, (ROOM,), (Opening("french", "h", 2, 6, 4, 1650),))
    half = draw.STYLES[style].thin_mm * 50
    found = list(lines(plan, style, "opening"))
    assert ((995, 2730 + 75 - half), (2645, 2730 + 75 - half)) in found
    assert ((995, 2730 - 75 + half), (2645, 2730 - 75 + half)) not in found


# --- stairs -------------------------------------------------------------------------------

STAIR_KINDS = [("straight", "none"), ("u", "left"), ("u", "right"), ("l", "left"), ("l", "right")]


@pytest.mark.parametrize("rise", ["n", "e", "s", "w"])
@pytest.mark.parametrize(("kind", "turn"), STAIR_KINDS)
def test_walking_line_joins_entry_and_arrival(kind: Any, turn: Any, rise: Side) -> None:
    """On 2F the way down begins at the edges of `Stair.arrival` and ends, with its arrow, at those of `Stair.entry`."""
    size = (2, 8) if kind == "straight" else (4, 6)
    rect = (2, 2, *size) if rise in ("n", "s") else (2, 2, *size[::-1])
    stair = Stair(kind, rect, rise, turn)
    plan = Plan(2, (plans.room("stair", (0, 0, 12, 12)),), stair=stair)
    marks = [m for m in draw.primitives(plan, "cad") if m.layer == "stair"]
    walk = next(m for m in marks if isinstance(m, draw.Lines) and len(m.paths) == 1 and m.pen_mm == 0.25).paths[0]
    tip = next(m for m in marks if isinstance(m, draw.Area)).rings[0][1]
    assert tip == walk[-1]
    for point, edges in ((walk[-1], stair.entry), (walk[0], stair.arrival)):
        middles = [
            (e.x * 455 + (227.5 if e.axis == "h" else 0), e.y * 455 + (227.5 if e.axis == "v" else 0)) for e in edges
        ]
        near = (sum(x for x, _ in middles) / len(edges), sum(y for _, y in middles) / len(edges))
        assert abs(point[0] - near[0]) + abs(point[1] - near[1]) <= 115


def test_u_stair_has_fifteen_lines() -> None:
    """In 2x2 modules: four treads, six winders and four treads make fifteen lines with both ends."""
    plan = Plan(2, (plans.room("stair", (0, 0, 4, 4)),), stair=Stair("u", (0, 0, 4, 4), "n", "right"))
    treads = list(lines(plan, "cad", "stair"))
    upright = [t for t in treads if len(t) == 2]
    assert ((0.0, 1820.0), (910.0, 1820.0)) in upright
    assert ((0.0, 1592.5), (910.0, 1592.5)) in upright
    assert len([t for t in upright if t[0] != t[1]]) == 15 + 1  # and the string between the flights


def test_lowest_storey_cuts_its_stair() -> None:
    """On 1F a zigzag stands for a tread and the rest is dashed; on 2F all treads are full."""
    rooms, stair = (plans.room("stair", (0, 0, 2, 8)),), Stair("straight", (0, 0, 2, 8), "n")
    lower = [m for m in draw.primitives(Plan(1, rooms, stair=stair), "cad") if m.layer == "stair"]
    upper = [m for m in draw.primitives(Plan(2, rooms, stair=stair), "cad") if m.layer == "stair"]
    assert any(isinstance(m, draw.Lines) and m.dash for m in lower)
    assert any(isinstance(m, draw.Lines) and len(m.paths[0]) == 6 for m in lower)
    assert not any(isinstance(m, draw.Lines) and (m.dash or len(m.paths[0]) == 6) for m in upper)


def test_arrow_points_up_on_the_lowest_storey_and_down_above() -> None:
    """A straight stair that rises to the north: on 1F its arrow points north, on 2F south, the dot at the other end."""
    rooms, stair = (plans.room("stair", (0, 0, 2, 8)),), Stair("straight", (0, 0, 2, 8), "n")
    for floor, dot, tip in ((1, 3530, 1606), (2, 110, 3530)):
        marks = [m for m in draw.primitives(Plan(floor, rooms, stair=stair), "cad") if m.layer == "stair"]
        (start,) = (m for m in marks if isinstance(m, draw.Arc))
        (head,) = (m for m in marks if isinstance(m, draw.Area))
        assert start.centre == (455, dot) and head.rings[0][1] == (455, tip)


def test_short_treads_stay_off_their_strings() -> None:
    """The atelier's treads begin and end 16 % from the borders."""
    plan = Plan(2, (plans.room("stair", (0, 0, 2, 8)),), stair=Stair("straight", (0, 0, 2, 8), "n"))
    assert ((145.6, 3640.0), (764.4, 3640.0)) in [
        tuple((round(x, 1), round(y, 1)) for x, y in p) for p in lines(plan, "atelier", "stair")
    ]


# --- floors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "count", "halves", "boards"),
    [
        ((6, 6), 5, 1, 0),
        ((8, 6), 6, 0, 0),
        ((6, 8), 6, 0, 0),
        ((8, 8), 8, 0, 0),
        ((6, 7), 5, 1, 6),
        ((7, 7), 5, 1, 13),
        ((6, 10), 8, 1, 0),
        ((10, 6), 8, 1, 0),
        ((8, 10), 10, 0, 0),
        ((7, 8), 6, 0, 8),
        ((4, 8), 4, 0, 0),
        ((5, 6), 3, 0, 6),
        ((1, 6), 0, 0, 6),
    ],
    ids=str,
)
def test_mats_are_full_or_half_and_boards_take_the_rest(
    size: tuple[int, int], count: int, halves: int, boards: int
) -> None:
    """Rooms of 4.5, 6, 7.5, 8, 10 mats are filled; half a module that is left is boards; no four corners meet."""
    floor = lay(cells_in((0, 0, *size)))
    assert (len(floor.mats), sum(w * h == 4 for _, _, w, h in floor.mats), len(floor.boards)) == (count, halves, boards)
    assert {tuple(sorted((w, h))) for _, _, w, h in floor.mats} <= {(2, 4), (2, 2)}
    laid = [cell for mat in floor.mats for cell in cells_in(mat)]
    assert sorted([*laid, *floor.boards]) == sorted(cells_in((0, 0, *size)))
    corners = [c for x, y, w, h in floor.mats for c in ((x, y), (x + w, y), (x, y + h), (x + w, y + h))]
    assert not corners or max(corners.count(c) for c in corners) <= 3


def test_boards_keep_away_from_doors() -> None:
    """Of a room of 3.5 x 3 modules the half module of boards lies at the side without a door, mats before the door."""
    cells = cells_in((0, 0, 7, 6))
    east, west = frozenset({Edge("v", 7, 2), Edge("v", 7, 3)}), frozenset({Edge("v", 0, 2), Edge("v", 0, 3)})
    assert lay(cells).boards == cells_in((6, 0, 1, 6))
    assert lay(cells, east).boards == cells_in((0, 0, 1, 6))
    assert lay(cells, west).boards == cells_in((6, 0, 1, 6))


@pytest.mark.parametrize("notch", [(6, 5, 2, 3), (0, 0, 3, 2), (5, 0, 3, 8)])
def test_a_room_beside_its_closet_has_no_cut_mats(notch: tuple[int, int, int, int]) -> None:
    """In an L-shaped room too all mats are full or half ones, and mats and boards cover the floor once."""
    cells = cells_in((0, 0, 8, 8)) - cells_in(notch)
    floor = lay(cells)
    assert {tuple(sorted((w, h))) for _, _, w, h in floor.mats} <= {(2, 4), (2, 2)}
    assert sorted([c for m in floor.mats for c in cells_in(m)] + sorted(floor.boards)) == sorted(cells)


def test_large_rooms_are_laid_in_courses() -> None:
    """Beyond 16 mats rows with broken joints do; half mats lay any room in squares."""
    floor = lay(cells_in((0, 0, 12, 12)))
    assert MOST_SQUARES < 12 * 12 // 4 and len(floor.boards) == 0
    assert floor.mats[:3] == ((0, 0, 4, 2), (4, 0, 4, 2), (8, 0, 4, 2)) and floor.mats[3] == (0, 2, 2, 2)
    assert sum(w * h for _, _, w, h in floor.mats) == 144
    assert lay(cells_in((0, 0, 5, 4)), halves=True).mats == ((0, 0, 2, 2), (2, 0, 2, 2), (0, 2, 2, 2), (2, 2, 2, 2))


@pytest.mark.parametrize("style", ["cad", "cad_thin", "atelier"])
def test_tatami_of_any_shape_cover_the_room(style: str) -> None:
    """In an L-shaped room with boards, mats and boards are drawn over the whole floor, with a joint in the boards."""
    plan = Plan(1, (plans.room("wa", (0, 0, 7, 4), (0, 4, 3, 3)),))
    (mats,) = (a for a in areas(plan, style, "floor"))
    assert sum(Polygon(r).area for r in mats.rings) == pytest.approx((28 + 9) * 455 * 455)
    assert ((2957.5, 0), (2957.5, 1820)) in list(lines(plan, style, "floor"))


def test_fills_follow_the_style() -> None:
    """A listing fills each room with its colour between wall centre-lines; a CAD drawing fills none."""
    plan = Plan(1, (ROOM, plans.room("sauna", (8, 0, 2, 6)), plans.room("deck", (0, 6, 8, 2))))
    fills = areas(plan, "sketch_grey", "floor")
    assert [f.fill for f in fills] == ["#f1f1f1", "#fafafa", "#f4f4f4"]
    assert set(fills[0].rings[0]) == {(0, 0), (0, 2730), (3640, 2730), (3640, 0)}
    assert areas(plan, "cad", "floor") == []


@pytest.mark.parametrize(("style", "count"), [("cad", 1), ("cad_solid", 1), ("atelier", 2)])
def test_closets_differ_by_style(style: str, count: int) -> None:
    """A hanger rail, one diagonal or both."""
    plan = Plan(1, (plans.room("cl", (0, 0, 4, 2)), plans.room("hall", (0, 2, 4, 4))))
    assert len(list(lines(plan, style, "closet"))) == count


def test_rails_and_shelves_avoid_doors() -> None:
    """In a walk-in closet with a door in the south, rails hang along the other long side."""
    rooms = (plans.room("wic", (0, 0, 6, 4)), plans.room("pantry", (6, 0, 4, 4)), plans.room("hall", (0, 4, 10, 2)))
    plan = Plan(1, rooms, (plans.opening("hinged", "h", 1, 4, 2, 700), plans.opening("hinged", "h", 7, 4, 2, 700)))
    found = list(lines(plan, "cad", "closet"))
    assert found[0] == ((0, 300), (2730, 300))
    assert ((2730, 300), (4550, 300)) in found
    doors = (
        plans.opening("open", "h", 6, 0, 4, 1820),
        plans.opening("open", "h", 6, 4, 4, 1820),
        plans.opening("open", "v", 6, 0, 4, 1820),
        plans.opening("open", "v", 10, 0, 4, 1820),
    )
    assert all(x1 <= 2730 for _, (x1, _) in lines(Plan(1, rooms, doors), "cad", "closet"))


def test_void_is_crossed_out() -> None:
    """A void shows a dash-dot cross from corner to corner."""
    plan = Plan(2, (plans.room("void", (0, 0, 8, 6)),))
    assert set(lines(plan, "cad", "floor")) == {((0, 0), (3640, 2730)), ((0, 2730), (3640, 0))}


def test_boards_run_along_the_longer_side() -> None:
    """A deck's boards are four to a module, along its length."""
    for rect, axis in (((0, 6, 8, 2), 1), ((8, 0, 2, 6), 0)):
        plan = Plan(1, (ROOM, plans.room("deck", rect)))
        found = list(lines(plan, "cad", "floor"))
        assert len(found) == 3
        assert all(a[axis] == b[axis] for a, b in found)


# --- fixtures -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facing", "tank"),
    [
        ("s", (1000, 1000, 1400, 1189)),
        ("n", (1000, 1511, 1400, 1700)),
        ("e", (1000, 1000, 1189, 1400)),
        ("w", (1511, 1000, 1700, 1400)),
    ],
)
def test_fixtures_turn_their_back_to_the_wall(facing: Side, tank: tuple[int, int, int, int]) -> None:
    """A WC's tank lies on the side away from the user, in all four directions."""
    size = (400, 700) if facing in ("s", "n") else (700, 400)
    plan = Plan(1, (ROOM,), (), (Fixture("toilet", 1000, 1000, *size, facing),))
    (found,) = areas(plan, "cad", "fixture")
    assert Polygon(found.rings[0]).bounds == pytest.approx(tank)


def test_kitchen_has_three_burners_and_a_sink() -> None:
    """Three circles and a rounded basin lie on the counter, in both directions."""
    for width, depth, facing in ((2550, 650, "s"), (650, 2550, "e")):
        plan = Plan(1, (plans.room("ldk", (0, 0, 12, 12)),), (), (Fixture("kitchen", 200, 200, width, depth, facing),))  # type: ignore[arg-type]
        counter, sink = areas(plan, "cad", "fixture")
        burners = [m for m in draw.primitives(plan, "cad") if isinstance(m, draw.Arc)]
        assert len(burners) == 3
        inside = Polygon(counter.rings[0])
        assert inside.covers(Polygon(sink.rings[0]))
        assert all(inside.buffer(-90).covers(box(*b.centre, *b.centre)) for b in burners)


@pytest.mark.parametrize(
    ("at", "facing", "back"),
    [
        ((2000, 2000, 2550, 750), "s", (2000, 2000, 4550, 2100)),
        ((2000, 2000, 2550, 750), "n", (2000, 2650, 4550, 2750)),
        ((2000, 1000, 750, 2550), "e", (2000, 1000, 2100, 3550)),
        ((2000, 1000, 750, 2550), "w", (2650, 1000, 2750, 3550)),
    ],
)
def test_kitchen_that_stands_free_has_a_low_back(
    at: tuple[int, int, int, int], facing: Side, back: tuple[int, int, int, int]
) -> None:
    """A counter that faces the room has an edge of 100 mm behind burners and sink; at a wall it has none."""
    plan = Plan(1, (plans.room("ldk", (0, 0, 12, 12)),), (), (Fixture("kitchen", *at, facing),))
    edge, counter, sink = (Polygon(a.rings[0]) for a in areas(plan, "cad", "fixture"))
    assert edge.bounds == back and edge.intersection(counter).area == 0 and counter.covers(sink)
    assert unary_union([edge, counter]).bounds == (at[0], at[1], at[0] + at[2], at[1] + at[3])
    for x, y, width, depth, side in ((85, 500, 650, 2550, "e"), (4725, 500, 650, 2550, "w"), (500, 85, 2550, 650, "s")):
        stood = Plan(1, plan.rooms, (), (Fixture("kitchen", x, y, width, depth, side),))  # type: ignore[arg-type]
        assert len(areas(stood, "cad", "fixture")) == 2


def test_appliances_are_dashed() -> None:
    """What the owner brings along (refrigerator, washing machine) is dashed."""
    for kind in ("refrigerator", "washing_machine"):
        plan = Plan(1, (ROOM,), (), (Fixture(kind, 500, 500, 700, 700, "s"),))
        assert areas(plan, "cad", "fixture")[0].dash
