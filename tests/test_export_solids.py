"""Houses in three dimensions: walls, holes, floors, stairs, and their triangles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import unary_union
from shapely.geometry import box

import plans
from drawing import door, plan_of, window
from madorizu.catalogue import FIXTURES
from madorizu.draw.style import style_named
from madorizu.draw.walls import wall_shapes
from madorizu.export import mesh, solids
from madorizu.export.solids import Prism, Storey
from madorizu.plan import Fixture, Opening, Plan, Stair, walls

CAD = style_named("cad")  # outer walls of 150 mm, inner ones of 120 mm
HOUSE = plans.sample_house()
TWO_ROOMS = plan_of(
    """
    1111LLLL
    1111LLLL
    1111LLLL
    1111LLLL
    """,
    openings=(door("hinged", "v", 4, 1), window("h", 5, 0, 2)),
)


def built(plan: Plan) -> Storey:
    """Return a storey in three dimensions."""
    return solids.storeys((plan,), CAD)[0]


def volume(made: mesh.Mesh) -> float:
    """Return what a surface encloses, in mm³: the sum of its triangles' pyramids, positive if they face outwards."""
    a, b, c = (made.points[i::3] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


# --- walls --------------------------------------------------------------------------------


def test_walls_are_straight_pieces_that_meet() -> None:
    """Two rooms: outer walls have the corners, the inner one stands between their faces; all reach to the ceiling."""
    found = [(wall.kind, wall.axis, wall.shape.bounds) for wall in built(TWO_ROOMS).walls]
    assert found == [
        ("outer", "h", (-75.0, -75.0, 3715.0, 75.0)),
        ("outer", "h", (-75.0, 1745.0, 3715.0, 1895.0)),
        ("outer", "v", (-75.0, 75.0, 75.0, 1745.0)),
        ("outer", "v", (3565.0, 75.0, 3715.0, 1745.0)),
        ("inner", "v", (1760.0, 75.0, 1880.0, 1745.0)),
    ]
    assert {wall.high_mm for wall in built(TWO_ROOMS).walls} == {2400.0}


@pytest.mark.parametrize("plan", [*HOUSE.plans, plans.atrium(), plans.bungalow()])
def test_walls_fill_what_is_drawn_and_never_each_other(plan: Plan) -> None:
    """Together they are the walls of the drawing, before doors are cut into it."""
    storey = built(plan)
    closed = replace(plan, openings=tuple(o for o in plan.openings if o.kind == "open"))
    outer, inner = wall_shapes(closed, walls(plan), replace(CAD, wall_mm=0.0))
    whole = unary_union([wall.shape for wall in storey.walls])
    assert outer.union(inner).symmetric_difference(whole).area == pytest.approx(0, abs=1)
    assert sum(wall.shape.area for wall in storey.walls) == pytest.approx(whole.area)


def test_of_two_inner_walls_that_cross_one_runs_through() -> None:
    """Four rooms: the wall from west to east is whole, the other one two pieces between faces."""
    four = plan_of("1122\n1122\nMMJJ\nMMJJ")
    inner = [wall.shape.bounds for wall in built(four).walls if wall.kind == "inner"]
    assert inner == [(75.0, 850.0, 1745.0, 970.0), (850.0, 75.0, 970.0, 850.0), (850.0, 970.0, 970.0, 1745.0)]


# --- openings -----------------------------------------------------------------------------


def test_a_hole_goes_through_its_wall_at_the_opening_s_heights() -> None:
    """A door from the floor to 2,000 mm, a window above its sill, each as wide as the plan says."""
    storey = built(TWO_ROOMS)
    hinged, sash = storey.holes
    assert hinged.wall is not None and sash.wall is not None
    assert storey.walls[hinged.wall].kind == "inner" and storey.walls[sash.wall].kind == "outer"
    assert (hinged.cut.shape.bounds, hinged.cut.low_mm, hinged.cut.high_mm) == (
        (1760.0, 532.0, 1880.0, 1287.0),
        0.0,
        2000.0,
    )
    assert (sash.cut.shape.bounds, sash.cut.low_mm, sash.cut.high_mm) == ((2385.0, -75.0, 3075.0, 75.0), 900.0, 2000.0)


@pytest.mark.parametrize(
    ("kind", "width", "stuffs"),
    [
        ("hinged", 755, ["door"]),
        ("sliding", 1645, ["door", "inner"]),
        ("double_sliding", 1645, ["door", "door"]),
        ("folding", 650, ["door", "door"]),
        ("folding", 1200, ["door"] * 4),
        ("entrance", 1000, ["door"]),
        ("window", 690, ["glass"]),
        ("window", 1650, ["glass", "glass"]),
        ("french", 2560, ["glass"] * 4),
    ],
)
def test_a_hole_is_filled_by_its_frame_and_leaves(kind: str, width: int, stuffs: list[str]) -> None:
    """Every leaf lies within the hole, between jambs; windows have a sill too; leaves beside each other never meet."""
    opening = Opening(kind, "h", 2, 4, 6, width, 900 if kind == "window" else 0)  # type: ignore[arg-type]
    plan = replace(plan_of("\n".join(["LLLLLLLLLL"] * 4 + ["1111111111"] * 4)), openings=(opening,))
    (hole,) = built(plan).holes
    frame = [part for part in hole.parts if part.stuff == "frame"]
    leaves = [part for part in hole.parts if part.stuff != "frame"]
    assert [part.stuff for part in leaves] == stuffs
    assert len(frame) == (4 if "glass" in stuffs else 3)
    for part in hole.parts:
        assert part.shape.difference(hole.cut.shape.buffer(0.1)).is_empty
        assert hole.cut.low_mm <= part.low_mm < part.high_mm <= hole.cut.high_mm
    assert sum(p.shape.area for p in leaves) == pytest.approx(unary_union([p.shape for p in leaves]).area)


def test_a_place_without_a_door_has_no_hole_and_a_door_without_a_wall_no_host() -> None:
    """An "open" run has no wall to cut; a door in the middle of a room is there, but in no wall."""
    open_ = replace(TWO_ROOMS, openings=(Opening("open", "v", 4, 1, 2, 910),))
    assert built(open_).holes == ()
    lost = replace(TWO_ROOMS, openings=(Opening("hinged", "v", 6, 1, 2, 755),))
    assert [hole.wall for hole in built(lost).holes] == [None]


def test_heights_that_make_no_hole_become_the_wall_s() -> None:
    """A sill above the head, or above the ceiling, is a plan's fault and no solid of negative height."""
    upside_down = replace(TWO_ROOMS, openings=(Opening("window", "h", 5, 0, 2, 690, 2000, 900),))
    assert [(h.cut.low_mm, h.cut.high_mm) for h in built(upside_down).holes] == [(0.0, 2400.0)]


# --- floors, stairs, fixtures -------------------------------------------------------------


def test_storeys_stand_upon_each_other() -> None:
    """The upper floor lies at the lower storey's height, its slab on the lower one's walls."""
    low, high = solids.storeys(HOUSE.plans, CAD)
    assert (low.floor_mm, high.floor_mm) == (0, 2700)
    assert high.floor_mm + high.slabs[0].low_mm == low.high_mm == 2400.0
    assert solids.corner_mm(HOUSE.plans) == (0, 18 * 455)


def test_slabs_reach_to_the_outer_faces_and_leave_the_stair_open() -> None:
    """1F: the whole footprint; 2F: the same without the stair between its walls."""
    low, high = solids.storeys(HOUSE.plans, CAD)
    assert [slab.shape.bounds for slab in low.slabs] == [(-75.0, -75.0, 7355.0, 8265.0)]
    hole = low.slabs[0].shape.difference(high.slabs[0].shape)
    x0, y0, x1, y1 = hole.bounds
    assert (x0, y0, x1, y1) == (12 * 455 + 60, 8 * 455 + 60, 16 * 455 - 75, 12 * 455)
    half = 16 * 455 - 75 - (14 * 455 - 60)  # of the south side has a wall, which stands on the slab
    assert hole.area == pytest.approx((x1 - x0) * (y1 - y0) - half * 60)


def test_a_void_is_open_between_its_walls() -> None:
    """The slab of a storey with a void has a hole of the void's inner size."""
    (slab,) = built(plans.atrium()).slabs
    assert len(slab.shape.interiors) >= 1


def test_outdoor_rooms_have_their_own_floors_and_balconies_parapets() -> None:
    """They lie lower than the house's floor and outside of it."""
    low, high = solids.storeys(HOUSE.plans, CAD)
    assert [low.plan.rooms[index].kind for index, _ in low.outdoors] == ["porch"]
    assert [high.plan.rooms[index].kind for index, _ in high.outdoors] == ["balcony"]
    for storey in (low, high):
        for _, floor in storey.outdoors:
            assert floor.high_mm == -60 and all(floor.shape.intersection(s.shape).area < 1 for s in storey.slabs)
    assert low.parapets == () and [(p.low_mm, p.high_mm) for p in high.parapets] == [(-210.0, 1100.0)]


@pytest.mark.parametrize(
    ("stair", "treads"),
    [
        (Stair("straight", (0, 0, 2, 8), "n"), 14),
        (Stair("u", (0, 0, 4, 4), "e", "right"), 14),
        (Stair("l", (0, 0, 4, 6), "s", "left"), 15),
    ],
)
def test_a_stair_climbs_tread_by_tread(stair: Stair, treads: int) -> None:
    """Each tread is one riser higher and touches the one before; together they cover the stair."""
    x, y, width, deep = stair.rect
    letters = "\n".join("Z" * width for _ in range(deep))
    storey = built(replace(plan_of(letters), stair=stair))
    tops = [step.high_mm for step in storey.steps]
    assert len(tops) == treads
    assert np.allclose(np.diff([0, *tops, 2700]), 2700 / (treads + 1))
    for before, after in zip(storey.steps, storey.steps[1:], strict=False):
        assert before.shape.distance(after.shape) < 0.01
        assert before.high_mm > after.low_mm  # no gap between them
    inside = box(x * 455, y * 455, (x + width) * 455, (y + deep) * 455).buffer(-75)
    missing = inside.difference(unary_union([step.shape for step in storey.steps]))
    lane = 2 * 910 * 910 if stair.kind == "l" else 0  # the corner that an L stair leaves free
    assert missing.area <= lane + 1000


def test_a_stair_of_an_upper_storey_alone_has_no_steps() -> None:
    """What leads down from it belongs to the storey below, which is not there."""
    assert built(HOUSE.plans[1]).steps == ()


@pytest.mark.parametrize("kind", [*FIXTURES, "piano"])
@pytest.mark.parametrize("facing", ["n", "e", "s", "w"])
def test_fixtures_are_solids_within_their_rectangle(kind: str, facing: str) -> None:
    """Every kind has a shape of some height, also one that the catalogue does not know."""
    fixture = Fixture(kind, 100, 200, 700, 500, facing)  # type: ignore[arg-type]
    (parts,) = built(replace(TWO_ROOMS, fixtures=(fixture,))).fixtures
    place = box(100, 200, 800, 700).buffer(0.1)
    assert parts and all(part.shape.difference(place).is_empty and part.high_mm > part.low_mm for part in parts)


# --- triangles ----------------------------------------------------------------------------


def test_a_box_has_twelve_triangles_that_face_outwards() -> None:
    """A prism of 2 x 3 x 4 mm, 10 mm above the floor of a storey at 100 mm."""
    made = mesh.mesh_of([Prism(box(0, 0, 2, 3), 10, 14, "slab")], 100)
    assert len(made.points) == 36
    assert made.points.min(axis=0).tolist() == [0, 110, 0] and made.points.max(axis=0).tolist() == [2, 114, 3]
    assert volume(made) == pytest.approx(24)
    assert np.allclose(np.linalg.norm(made.normals, axis=1), 1)
    up = made.points[made.normals[:, 1] > 0.5]
    assert set(up[:, 1]) == {114}


@pytest.mark.parametrize("plan", [TWO_ROOMS, *HOUSE.plans, plans.atrium()])
def test_walls_as_triangles_enclose_walls_without_their_holes(plan: Plan) -> None:
    """The surface is closed and faces outwards: what it encloses is what the prisms hold."""
    storey = built(plan)
    for kind in ("outer", "inner"):
        pieces = [wall for wall in storey.walls if wall.kind == kind]
        cut = [hole.cut for hole in storey.holes if hole.wall is not None and storey.walls[hole.wall].kind == kind]
        whole = unary_union([wall.shape for wall in pieces])
        want = whole.area * storey.high_mm
        want -= sum(c.shape.intersection(whole).area * (c.high_mm - c.low_mm) for c in cut)
        assert volume(mesh.mesh_of_walls(storey, kind)) == pytest.approx(want, rel=1e-6)


def test_every_edge_of_a_wall_s_surface_is_shared() -> None:
    """Each edge is run along as often one way as the other: no slit, no face left over."""
    points = np.round(mesh.mesh_of_walls(built(TWO_ROOMS), "outer").points, 3)
    count: dict[tuple[object, object], int] = {}
    for triangle in points.reshape(-1, 3, 3):
        corners = [tuple(corner) for corner in triangle.tolist()]
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            key, way = ((a, b), 1) if a < b else ((b, a), -1)
            count[key] = count.get(key, 0) + way
    assert [edge for edge, balance in count.items() if balance] == []


def test_nothing_has_no_triangles() -> None:
    """A storey without inner walls has no surface of them, and that is no error."""
    assert len(mesh.mesh_of_walls(built(plan_of("LLLL\nLLLL")), "inner").points) == 0
