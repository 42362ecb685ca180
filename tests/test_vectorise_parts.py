"""The parts of the vectoriser that need no net: fields, decoding, the lattice in a picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

import plans
from madorizu import canvas, degrade, draw, houses
from madorizu.plan import Fixture, Plan, Room, cells_in, outline, translate
from madorizu.vectorise import answer, register
from madorizu.vectorise.answer import Answer
from madorizu.vectorise.decode import decode
from madorizu.vectorise.field import EDGE_CLASSES, FIXTURE_CLASSES, ROOM_CLASSES, STAIR_CLASSES, Field, field_of


def certain(one: Field) -> Answer:
    """Return the answer of a net that knows a field for sure."""

    def shares(indices: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.float32]:
        return np.moveaxis(np.eye(count, dtype=np.float32)[indices], -1, 0)

    return Answer(
        shares(one.rooms, len(ROOM_CLASSES)),
        np.stack([shares(one.edges[axis], len(EDGE_CLASSES)) for axis in (0, 1)]),
        shares(one.stairs, len(STAIR_CLASSES)),
        shares(one.fixtures, len(FIXTURE_CLASSES)),
        shares(one.facings, 4),
        one.starts.astype(np.float32),
        one.hinges.astype(np.float32),
        one.sides.astype(np.float32),
        one.places,
    )


def test_field_of_one_room_with_a_window() -> None:
    """A WC of 2x3 cells at (4, 5) with a window in its north wall, on a window from (2, 2)."""
    plan = Plan(1, (Room("wc", cells_in((4, 5, 2, 3))),), (plans.window("h", 4, 5, 2),))
    found = field_of(plan, 2, 2, 8)
    wc, wall, window = ROOM_CLASSES.index("wc"), EDGE_CLASSES.index("wall"), EDGE_CLASSES.index("window")
    assert np.argwhere(found.rooms == wc).tolist() == [[3, 2], [3, 3], [4, 2], [4, 3], [5, 2], [5, 3]]
    assert found.edges[0, 3].tolist() == [0, 0, window, window, 0, 0, 0, 0]  # north
    assert found.edges[0, 6].tolist() == [0, 0, wall, wall, 0, 0, 0, 0]  # south
    assert found.edges[1, :, 2].tolist() == [0, 0, 0, wall, wall, wall, 0, 0]  # west
    assert found.edges[1, :, 4].tolist() == [0, 0, 0, wall, wall, wall, 0, 0]  # east
    assert found.starts[0, 3].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert found.sides[0, 3, 2] == 1 and found.hinges[0, 3, 2] == 0


def test_field_tells_the_place_of_a_fixture() -> None:
    """A basin of 750 x 550 whose middle is 1365, 910 mm: cell (3, 2), its west and north end."""
    plan = Plan(1, (), (), (Fixture("basin", 990, 635, 750, 550, "s"),))
    found = field_of(plan, 0, 0, 6)
    assert np.argwhere(found.fixtures).tolist() == [[2, 3]]
    assert found.places[:, 2, 3] == pytest.approx([0.0, 0.0, 0.75])
    assert found.facings[2, 3] == 2  # s, in the order n, e, s, w


def test_what_lies_outside_of_the_window_is_left_out() -> None:
    """A window of 4 cells over the corner of a room shows its part, and does not wrap around."""
    plan = Plan(1, (Room("ldk", cells_in((0, 0, 10, 10))),))
    found = field_of(plan, 8, 8, 4)
    assert found.rooms.astype(bool).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("plan", [*plans.sample_house().plans, plans.atrium()], ids=["1F", "2F", "atrium"])
def test_decode_is_the_inverse_of_field(plan: Plan) -> None:
    """Rooms, stair, places and kinds of all openings come back from a field read with certainty."""
    x, y, _, _ = outline(plan)
    read = decode(certain(field_of(plan, x - 4, y - 4, 36)), x - 4, y - 4, floor=plan.floor)
    assert {(r.kind, r.cells) for r in read.plan.rooms} == {(r.kind, r.cells) for r in plan.rooms}
    drawn = {(o.kind, o.axis, o.x, o.y, o.span, o.hinge, o.side) for o in plan.openings}
    assert {(o.kind, o.axis, o.x, o.y, o.span, o.hinge, o.side) for o in read.plan.openings} == drawn
    assert read.plan.stair == plan.stair
    assert min(read.rooms) == pytest.approx(1.0)


def test_decode_brings_back_whole_houses() -> None:
    """Of 12 made houses everything comes back, fixtures to 5 mm, and widths that only the maker knows."""
    for seed in range(12):
        for plan in houses.random_house(seed=seed).plans:
            x, y, _, _ = outline(plan)
            read = decode(certain(field_of(plan, x - 4, y - 4, 40)), x - 4, y - 4, floor=plan.floor).plan
            assert {(r.kind, r.cells) for r in read.rooms} == {(r.kind, r.cells) for r in plan.rooms}
            assert read.stair == plan.stair
            assert len(read.fixtures) == len(plan.fixtures)
            for got, made in zip(sorted(read.fixtures, key=repr), sorted(plan.fixtures, key=repr), strict=True):
                assert (got.kind, got.facing) == (made.kind, made.facing)
                assert abs(got.x_mm - made.x_mm) <= 5 and abs(got.y_mm - made.y_mm) <= 5


def test_a_crumb_goes_to_the_room_from_which_nothing_divides_it() -> None:
    """One cell that the net takes for a closet, without walls, is of the room around it."""
    plan = Plan(1, (Room("bed", cells_in((0, 0, 6, 6))),))
    one = field_of(plan, -4, -4, 16)
    one.rooms[6, 6] = ROOM_CLASSES.index("cl")
    read = decode(certain(one), -4, -4, floor=1).plan
    assert [(room.kind, len(room.cells)) for room in read.rooms] == [("bed", 36)]


def test_stair_classes_are_all_forms() -> None:
    """Four straight stairs, eight that turn once, eight that turn twice, and none."""
    assert len(STAIR_CLASSES) == 21 == len(set(STAIR_CLASSES))
    assert ("u", "n", "left") in STAIR_CLASSES


def test_answers_are_probabilities() -> None:
    """Scores of any size become shares that sum to one, and flags between 0 and 1."""
    rng = np.random.default_rng(0)
    found = answer.answer_of(rng.normal(0, 50, (answer.CHANNELS, 6, 6)).astype(np.float32))
    assert found.rooms.sum(axis=0) == pytest.approx(1.0, abs=1e-5)
    assert found.edges.shape == (2, len(EDGE_CLASSES), 6, 6) and found.edges.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert found.starts.min() >= 0 and found.starts.max() <= 1
    assert found.places.shape == (3, 6, 6)


# --- the lattice in a picture ---------------------------------------------------------------


def picture_of(style: str = "cad", *, size_px: int = 512) -> tuple[npt.NDArray[np.uint8], canvas.Canvas]:
    """Return the 1F of the sample house and its canvas."""
    plan = plans.sample_house().plans[0]
    x, y, _, _ = outline(plan)
    place = canvas.fit_outline(outline(plan), size_px=size_px)
    return draw.raster(translate(plan, -x, -y), style, canvas=place), place


@pytest.mark.parametrize("style", ["cad", "cad_thin", "listing", "blueprint", "atelier"])
def test_lattice_is_found_in_a_straight_drawing(style: str) -> None:
    """At the known scale its lines lie where the canvas has them, within 0.6 px of 16."""
    picture, _ = picture_of(style)
    assert register.skew_of(picture) == 0.0
    (frame,) = register.frames(picture, 32.0)
    for place in frame.origin_px:
        assert min(place % 16, 16 - place % 16) < 0.6


@pytest.mark.parametrize("degrees", [-2.3, -1.0, 1.0, 3.0])
def test_skew_is_measured(degrees: float) -> None:
    """A drawing turned counter-clockwise must be turned back by as much, within 0.15 degrees."""
    picture, _ = picture_of()
    assert register.skew_of(degrade.skew(picture, degrees)) == pytest.approx(-degrees, abs=0.15)


def test_scale_is_among_those_found() -> None:
    """Of the candidates without a known scale one is the drawing's 32 px per module, within 0.5 %."""
    picture, _ = picture_of()
    found = [frame.px_per_module for frame in register.frames(picture, None)]
    assert any(abs(scale / 32 - 1) < 0.005 for scale in found), found


def test_window_holds_the_drawing_at_16_px_per_cell() -> None:
    """The outline's corner lies on a cell's corner, whatever the picture's own scale."""
    picture, place = picture_of(size_px=768)
    frame = register.Frame(48.0, (place.left * 48.0, place.top * 48.0), 0.0, 1.0)
    window = register.window_of(picture, frame)
    assert window.pixels.shape[0] % 64 == 0
    x, y = -window.left * 16, -window.top * 16
    assert (window.pixels[y - 3 : y + 2, x + 40 : x + 60].mean(axis=(0, 2)) < 210).all()  # north wall
    assert (window.pixels[y - 12 : y - 6, x : x + 100] > 240).all()
