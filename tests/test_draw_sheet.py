"""Layers, axes, dimension chains, north, scale and sheets, with the numbers spelled out."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shapely import LineString, box

import plans
from madorizu import draw
from madorizu.draw.marks import Box, Primitive, box_of, extent, moved
from madorizu.errors import BriefError, PlanError, SettingsError
from madorizu.plan import Opening, Plan, Room, Stair, cells_in, translate

GROUND, UPPER = plans.sample_house().plans
HOUSE = plans.sample_house().plans
SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).resolve().parent.parent


def of_layer(marks: Iterable[Primitive], layer: str) -> list[Primitive]:
    """Return the primitives of a layer."""
    return [mark for mark in marks if mark.layer == layer]


def framed(plan: Plan, layer: str, *, lang: str = "ja") -> list[Primitive]:
    """Draw one layer of a plan."""
    return list(draw.primitives(plan, "cad", layers=[layer], lang=lang))


def said(marks: Iterable[Primitive]) -> list[str]:
    """Return all texts, sorted."""
    return sorted(mark.text for mark in marks if isinstance(mark, draw.Text))


def groups(document: str) -> list[str]:
    """Return the layers of a document, in the order in which they are painted."""
    return [g.get("class") or "" for g in ET.fromstring(document).iter(f"{SVG}g")]


# --- layers -------------------------------------------------------------------------------


def test_drawings_for_training_hold_the_building_only() -> None:
    """Without further wishes there is no text, dimension, bubble, arrow or scale, in any style."""
    for style in draw.STYLES:
        for plan in HOUSE:
            layers = {mark.layer for mark in draw.primitives(plan, style)}
            assert layers <= set(draw.BUILDING)
            assert not any(isinstance(mark, draw.Text) for mark in draw.primitives(plan, style))


@pytest.mark.parametrize("layer", draw.LAYERS)
def test_each_layer_can_be_drawn_alone_and_left_out(layer: str) -> None:
    """A layer alone is what the whole drawing has of it; the drawing without it has the others unchanged."""
    options = {"above": plans.atrium(), "lang": "ja"}
    whole = draw.primitives(GROUND, "cad", layers=draw.LAYERS, **options)  # type: ignore[arg-type]
    alone = draw.primitives(GROUND, "cad", layers=[layer], **options)  # type: ignore[arg-type]
    without = draw.primitives(GROUND, "cad", layers=[n for n in draw.LAYERS if n != layer], **options)  # type: ignore[arg-type]
    assert alone and {mark.layer for mark in alone} == {layer}
    assert layer not in {mark.layer for mark in without}
    assert {m.layer for m in whole} == set(draw.LAYERS)
    if layer not in ("note", "label", "above"):  # words make way for each other
        assert list(alone) == of_layer(whole, layer)
        assert list(without) == [mark for mark in whole if mark.layer != layer]


def test_layers_are_painted_in_their_order() -> None:
    """The groups of a document follow `LAYERS`: words lie over walls, walls over floors."""
    drawn = groups(draw.sheet(GROUND, "listing"))
    assert drawn == [layer for layer in draw.LAYERS if layer in drawn]


def test_layers_switch_pixels_on_and_off() -> None:
    """A raster of walls alone has the walls' pixels; no layer at all is paper."""
    solid = draw.raster(GROUND, "cad_solid")
    only = draw.raster(GROUND, "cad_solid", layers=["wall"])
    assert (only != 255).any() and (only != solid).any()
    assert (draw.raster(GROUND, "blueprint", layers=[]) == (0x1D, 0x4F, 0x99)).all()
    assert groups(draw.svg(GROUND, "cad", layers=["wall", "label"])) == ["wall", "label"]


def test_unknown_layers_are_refused() -> None:
    """Every layer that does not exist is named; one text is not taken for a list of letters."""
    with pytest.raises(SettingsError, match="layers must be of floor, .*, got furniture, roof"):
        draw.svg(GROUND, "cad", layers=["roof", "wall", "furniture"])
    with pytest.raises(SettingsError, match="layers must be a list of names, got the text 'wall'"):
        draw.raster(GROUND, "cad", layers="wall")
    with pytest.raises(SettingsError, match="layers must be a list of names"):
        draw.sheet(GROUND, "cad", layers="wall")


# --- axes and chains ----------------------------------------------------------------------

# 8 x 6 modules; an inner wall at 3 modules over the whole depth, a short one at 5 modules.
TWO_ROOMS = Plan(
    1,
    (
        Room("ldk", cells_in((0, 0, 6, 12))),
        Room("bed", cells_in((6, 0, 10, 12)) - cells_in((10, 0, 6, 3))),
        Room("sto", cells_in((10, 0, 6, 3))),
    ),
)


def test_axes_follow_the_walls() -> None:
    """Ends of the outline are axes, a long wall is one, a wall of 1.5 modules is none."""
    axes = draw.axes_of([TWO_ROOMS])
    assert axes.xs == (0, 6, 16)
    assert axes.ys == (0, 3, 12)
    assert axes.moved(2, -1) == draw.Axes((2, 8, 18), (-1, 2, 11))


def test_axes_keep_a_module_apart() -> None:
    """Of two long walls half a module apart only one has a bubble."""
    rooms = (
        Room("ldk", cells_in((0, 0, 6, 12))),
        Room("cl", cells_in((6, 0, 1, 12))),
        Room("bed", cells_in((7, 0, 9, 12))),
    )
    assert draw.axes_of([Plan(1, rooms)]).xs == (0, 6, 16)


def test_storeys_of_a_house_share_their_axes() -> None:
    """X1 is the west of the whole house, on a smaller upper storey too."""
    upper = Plan(2, (Room("bed", cells_in((6, 0, 10, 12))),))
    axes = draw.axes_of([TWO_ROOMS, upper])
    marks = draw.primitives(upper, "cad", layers=["grid"], axes=axes)
    assert said(marks) == ["X2", "X3", "Y1", "Y2", "Y3"]


def test_bubbles_count_from_the_west_and_from_the_south() -> None:
    """X1 stands over the west wall, north of the building; Y1 beside the south wall, west of it."""
    centre = {m.text: m.centre for m in framed(TWO_ROOMS, "grid") if isinstance(m, draw.Text)}
    assert set(centre) == {"X1", "X2", "X3", "Y1", "Y2", "Y3"}
    assert [centre[name][0] for name in ("X1", "X2", "X3")] == [0, 2730, 7280]
    assert [centre[name][1] for name in ("Y1", "Y2", "Y3")] == [5460, 1365, 0]
    assert all(centre[name][1] < -1000 for name in ("X1", "X2", "X3"))
    assert all(centre[name][0] < -1000 for name in ("Y1", "Y2", "Y3"))


@pytest.mark.parametrize("style", ["cad", "atelier"])
def test_axes_end_at_the_first_wall(style: str) -> None:
    """No axis crosses a room: it runs from its bubble to the wall; where the outline steps back, to the wall there."""
    stepped = Plan(1, (Room("ldk", cells_in((0, 4, 6, 8))), Room("bed", cells_in((6, 0, 10, 12)))))
    marks = draw.primitives(stepped, style, layers=["grid"])
    (axes,) = (m for m in marks if isinstance(m, draw.Lines))
    assert axes.colour not in (draw.STYLES[style].ink, draw.STYLES[style].paper)
    ends = {(x0 == x1, x1 if x0 == x1 else y1): (y1 if x0 == x1 else x1) for (x0, y0), (x1, y1) in axes.paths}
    assert ends == {
        (True, 0): 1820,
        (True, 2730): 0,
        (True, 7280): 0,
        (False, 0): 2730,
        (False, 1820): 0,
        (False, 5460): 0,
    }
    assert all(y0 < -1000 if x0 == x1 else x0 < -1000 for (x0, y0), (x1, _) in axes.paths)


def test_axes_of_a_storey_in_two_parts() -> None:
    """An axis that meets no room of a storey ends at its outline."""
    apart = Plan(2, (Room("bed", cells_in((0, 0, 4, 12))), Room("bed", cells_in((12, 0, 4, 12)))))
    marks = draw.primitives(apart, "cad", layers=["grid"], axes=draw.Axes((0, 8, 16), (0, 12)))
    (axes,) = (m for m in marks if isinstance(m, draw.Lines))
    assert {path[1] for path in axes.paths} == {(0, 0), (3640, 0), (7280, 0), (0, 5460)}


def test_bubbles_of_storeys_stand_in_line() -> None:
    """A door's swing counts as far as it reaches, so an inner door moves no bubble."""
    swing = draw.Arc("opening", (1000, 1000), 755, 755, 0, 90, "#000000", 0.25)
    assert extent([swing]) == pytest.approx((1000, 1000, 1755, 1755))
    assert extent([draw.Arc("grid", (0, 0), 10, 20, 0, 360, "#000000", 0.25)]) == pytest.approx((-10, -20, 10, 20))
    assert extent([draw.Arc("opening", (0, 0), 10, 10, 270, 360, "#000000", 0.25)]) == pytest.approx((0, -10, 10, 0))
    door = Opening("hinged", "v", 6, 0, 2, 755, side=1)
    plain, doored = (framed(Plan(1, TWO_ROOMS.rooms, o), "grid") for o in ((), (door,)))
    assert plain == doored


def test_chains_give_each_bay_and_the_whole() -> None:
    """2,730 + 4,550 = 7,280 across and 1,365 + 4,095 = 5,460 down, in mm between wall centre-lines."""
    marks = framed(TWO_ROOMS, "dimension")
    assert said(marks) == ["1,365", "2,730", "4,095", "4,550", "5,460", "7,280"]
    texts = {m.text: m for m in marks if isinstance(m, draw.Text)}
    assert texts["2,730"].centre[0] == 1365 and not texts["2,730"].upward
    assert texts["4,095"].centre[1] == 1365 + 4095 / 2 and texts["4,095"].upward
    dots = [m for m in marks if isinstance(m, draw.Arc)]
    assert len(dots) == 2 * (3 + 2) and all(d.fill == d.colour for d in dots)


def test_a_chain_of_an_off_grid_outline_ends_at_its_own_walls() -> None:
    """A storey that begins between two axes is measured from its own wall."""
    upper = Plan(2, (Room("bed", cells_in((1, 0, 15, 12))),))
    axes = draw.axes_of([TWO_ROOMS, upper])
    marks = draw.primitives(upper, "cad", layers=["dimension"], axes=axes)
    assert {"2,275", "6,825"} <= set(said(marks))


def test_numbers_too_wide_for_their_bay_are_left_out() -> None:
    """With letters of 1.2 m a bay of 1,365 mm has no number, the whole has its own."""
    marks = draw.primitives(TWO_ROOMS, "cad", layers=["dimension"], text_mm=1200)
    assert "1,365" not in said(marks) and {"7,280", "5,460"} <= set(said(marks))


@pytest.mark.parametrize("plan", [GROUND, UPPER, plans.bungalow(), plans.atrium()])
@pytest.mark.parametrize("text_mm", [290, 570])
def test_what_surrounds_a_plan_does_not_overlap(plan: Plan, text_mm: float) -> None:
    """Numbers, bubbles, arrow and scale keep off the building and off each other."""
    marks = draw.primitives(plan, "cad", layers=draw.LAYERS, text_mm=text_mm)
    building = extent([m for m in marks if m.layer in draw.BUILDING])
    assert building is not None
    texts = [
        box(*box_of(m))
        for m in marks
        if isinstance(m, draw.Text) and m.layer in ("dimension", "grid", "scale", "north")
    ]
    assert len(texts) > 8
    for i, text in enumerate(texts):
        assert not text.intersects(box(*building))
        assert all(text.intersection(other).area == 0 for other in texts[:i])
    bubbles = [m for m in marks if isinstance(m, draw.Arc) and m.layer == "grid"]
    for i, bubble in enumerate(bubbles):
        for other in bubbles[:i]:
            apart = np.hypot(bubble.centre[0] - other.centre[0], bubble.centre[1] - other.centre[1])
            assert apart > bubble.radius_x_mm + other.radius_x_mm


def test_north_is_up() -> None:
    """The arrow's tip and its N lie north of the circle's middle."""
    marks = framed(GROUND, "north")
    (circle,) = (m for m in marks if isinstance(m, draw.Arc))
    (letter,) = (m for m in marks if isinstance(m, draw.Text))
    tips = {min(ring, key=lambda p: p[1]) for m in marks if isinstance(m, draw.Area) for ring in m.rings}
    assert letter.text == "N" and letter.centre[1] < min(y for _, y in tips) < circle.centre[1]
    assert {x for x, _ in tips} == {circle.centre[0]}


def test_scale_bar_is_two_metres_long() -> None:
    """Four parts of half a metre, named 0, 1 and 2 m, beside the storey and the scale."""
    marks = framed(UPPER, "scale")
    assert said(marks) == ["0", "1", "2 m", "2F", "S=1/100"]
    bar = extent([m for m in marks if isinstance(m, draw.Area)])
    assert bar is not None and bar[2] - bar[0] == pytest.approx(2000)


# --- above --------------------------------------------------------------------------------


def test_void_above_is_a_dashed_outline_below() -> None:
    """1F shows the outline of the void over it, dashed, with its name; 2F shows the void crossed out."""
    marks = draw.primitives(TWO_ROOMS, "cad", layers=["above"], above=VOIDED)
    (outline,) = (m for m in marks if isinstance(m, draw.Area))
    assert set(outline.rings[0]) == {
        (515, 515),
        (2215, 515),
        (2215, 3125),
        (515, 3125),
    }  # 60 mm inside: its walls' faces
    assert outline.dash and not outline.fill and outline.colour == draw.STYLES["cad"].ink
    assert said(marks) == ["上部吹抜"]
    assert said(draw.primitives(TWO_ROOMS, "cad", layers=["above"], above=VOIDED, lang="en")) == ["void above"]
    cross = [m for m in draw.primitives(VOIDED, "cad", layers=["floor"]) if isinstance(m, draw.Lines)]
    assert len(cross) == 1 and len(cross[0].dash) == 4 and len(cross[0].paths) == 2


VOIDED = Plan(2, (Room("void", cells_in((1, 1, 4, 6))), Room("hall", cells_in((5, 0, 11, 12)))))


def test_balcony_above_is_shown_where_it_stands_out() -> None:
    """A balcony over the garden is dashed on 1F; one over a room of 1F is not seen from below."""
    garden = Plan(2, (Room("bed", cells_in((0, 0, 16, 12))), Room("balcony", cells_in((2, 12, 8, 2)))))
    marks = draw.primitives(TWO_ROOMS, "cad", layers=["above"], above=garden)
    assert said(marks) == ["上部バルコニー"] and len(marks) == 2
    roof = Plan(2, (Room("bed", cells_in((0, 0, 16, 8))), Room("balcony", cells_in((2, 8, 8, 2)))))
    assert draw.primitives(TWO_ROOMS, "cad", layers=["above"], above=roof) == ()


def test_a_balcony_too_small_for_its_words_takes_the_short_one() -> None:
    """Where 上部バルコニー would cross the dashed outline the word is バルコニー; it may read upwards."""
    for rect, upward in (((2, 12, 4, 2), False), ((16, 2, 2, 4), True)):
        garden = Plan(2, (Room("bed", cells_in((0, 0, 16, 12))), Room("balcony", cells_in(rect))))
        marks = draw.primitives(TWO_ROOMS, "cad", layers=["above"], above=garden)
        (outline,) = (m for m in marks if isinstance(m, draw.Area))
        (word,) = (m for m in marks if isinstance(m, draw.Text))
        assert (word.text, word.upward) == ("バルコニー", upward)
        shown = extent([outline])
        assert shown is not None and box(*shown).contains(box(*box_of(word)))


def test_roof_beside_a_smaller_storey_is_outlined() -> None:
    """On the 2F's sheet a roof (下屋) of the 1F has a full thin outline and its name; balconies are no roof."""
    small = Plan(2, (Room("bed", cells_in((0, 4, 16, 8))), Room("balcony", cells_in((12, 0, 4, 4)))))
    marks = draw.primitives(small, "cad", layers=["above"], below=TWO_ROOMS)
    (roof,) = (m for m in marks if isinstance(m, draw.Area))
    # 12 half modules wide and 4 deep, by the 75 mm of the outer wall larger, north of the storey's own outline.
    assert set(roof.rings[0]) == {(-75, -1895), (5535, -1895), (5535, 75), (-75, 75)}
    assert not roof.dash and not roof.fill and roof.pen_mm == draw.STYLES["cad"].thin_mm
    assert said(marks) == ["下屋"]
    assert said(draw.primitives(small, "cad", layers=["above"], below=TWO_ROOMS, lang="en")) == ["roof below"]
    assert draw.primitives(TWO_ROOMS, "cad", layers=["above"], below=TWO_ROOMS) == ()


def test_sheet_knows_the_storey_below() -> None:
    """Of two storeys the upper one shows the roof; of two roofs apart each has its outline."""
    small = Plan(2, (Room("bed", cells_in((4, 0, 8, 12))),))
    assert "下屋" in draw.sheet([TWO_ROOMS, small], "cad")
    assert "下屋" not in draw.sheet([small], "cad") and "下屋" not in draw.sheet([small, TWO_ROOMS], "cad")
    marks = draw.primitives(small, "cad", layers=["above"], below=TWO_ROOMS)
    assert sum(isinstance(m, draw.Area) for m in marks) == 2


def test_porch_has_a_canopy_where_nothing_is_above() -> None:
    """A dashed canopy reaches 150 mm beyond a porch, not along the house; a balcony above takes its place."""
    porched = Plan(1, (*TWO_ROOMS.rooms, Room("porch", cells_in((4, 12, 4, 2)))))

    def canopies(above: Plan | None) -> list[set[tuple[float, float]]]:
        marks = draw.primitives(porched, "cad", layers=["above"], above=above)
        found = [m for m in marks if isinstance(m, draw.Lines)]
        assert all(m.dash for m in found)
        return [set(path) for m in found for path in m.paths]

    for above in (None, Plan(2, (Room("bed", cells_in((0, 0, 16, 12))),))):  # from the face of the wall, 75 mm off
        assert canopies(above) == [{(1670, 5535), (3790, 5535), (3790, 6520), (1670, 6520)}]
    half = Plan(2, (Room("bed", cells_in((0, 0, 16, 12))), Room("balcony", cells_in((6, 12, 8, 2)))))
    assert canopies(half) == [{(1670, 5535), (2730, 5535), (2730, 6520), (1670, 6520)}]
    assert canopies(Plan(2, (Room("bed", cells_in((0, 0, 16, 14))),))) == []


def test_what_is_above_lies_on_the_same_lattice() -> None:
    """Both plans move together: the outline keeps its place over the rooms below."""
    here = draw.primitives(TWO_ROOMS, "cad", layers=["above"], above=VOIDED)
    there = draw.primitives(translate(TWO_ROOMS, 7, -3), "cad", layers=["above"], above=translate(VOIDED, 7, -3))
    assert here == there


def test_a_narrow_void_has_no_words() -> None:
    """Where the words have no space the dashed outline stays."""
    narrow = Plan(2, (Room("void", cells_in((1, 1, 2, 2))), Room("hall", cells_in((5, 0, 11, 12)))))
    assert said(draw.primitives(TWO_ROOMS, "cad", layers=["above"], above=narrow)) == []


# --- symbols of new rooms -----------------------------------------------------------------


@pytest.mark.parametrize("rect", [(0, 0, 4, 4), (0, 0, 4, 6)], ids=["2x2", "2x3"])
def test_l_stair_turns_a_quarter(rect: tuple[int, int, int, int]) -> None:
    """An L stair of 2x2 or 2x3 modules: its treads fill both flights and the winders, the notch stays free."""
    plan = Plan(2, (plans.room("stair", (0, 0, 8, 8)),), stair=Stair("l", rect, "n", "right"))
    treads = next(m for m in draw.primitives(plan, "cad") if m.layer == "stair" and isinstance(m, draw.Lines))
    foot = rect[3] * 455 - 910  # the first flight runs in the west, from the south
    first = [p for p in treads.paths if p[0][1] == p[1][1] and p[0][1] >= 910]
    second = [p for p in treads.paths if p[0][0] == p[1][0] and p[0][0] >= 910]
    assert len(first) == round(foot / 228) + 1 and len(second) == round(910 / 228) + 1
    assert all(0 <= x <= 910 for path in first for x, _ in path)
    notch = box(911, 911, 1820, rect[3] * 455)
    assert not any(notch.intersects(LineString(p)) for p in treads.paths)


def test_new_rooms_have_their_colours() -> None:
    """A study is coloured as a bedroom, a laundry as a washroom."""
    for style in ("listing", "listing_warm"):
        fills = draw.STYLES[style].fills
        assert fills["den"] == fills["bed"] and fills["laundry"] == fills["wash"]


@pytest.mark.parametrize("style", ["cad_thin", "mono_hatch"])
def test_styles_have_their_own_doors_windows_closets_and_tiles(style: str) -> None:
    """Thin: chords, middle lines, lines in closets. Hatched: leaves with thickness, tiles in wet rooms."""
    rooms = (plans.room("bath", (0, 0, 4, 4)), plans.room("hall", (0, 4, 8, 4)), plans.room("cl", (4, 0, 4, 4)))
    openings = (plans.opening("hinged", "h", 1, 4, 2, 700), plans.window("v", 0, 4, 4))
    marks = draw.primitives(Plan(1, rooms, openings), style)
    arcs = [m for m in marks if isinstance(m, draw.Arc)]
    doors = [p for m in of_layer(marks, "opening") if isinstance(m, draw.Lines) for p in m.paths]
    tiles = [m for m in of_layer(marks, "floor") if isinstance(m, draw.Lines)]
    closet = [p for m in of_layer(marks, "closet") if isinstance(m, draw.Lines) for p in m.paths]
    if style == "cad_thin":
        assert arcs == [] and ((560, 2520), (1260, 1820)) in doors  # the chord from the leaf's tip
        assert ((0, 1905), (0, 3555)) in doors and tiles == [] and len(closet) > 5
    else:
        assert len(arcs) == 1 and tiles and len(closet) == 1
        leaf = next(m for m in of_layer(marks, "opening") if isinstance(m, draw.Area) and len(m.rings[0]) == 4)
        assert leaf.pen_mm > 0


def test_large_tiles_are_half_a_module() -> None:
    """The thin style lays squares of 455 mm in the entrance."""
    plan = Plan(1, (plans.room("ent", (0, 0, 4, 4)),))
    (tiles,) = (m for m in draw.primitives(plan, "cad_thin") if m.layer == "floor" and isinstance(m, draw.Lines))
    assert len(tiles.paths) == 2 * 3
    (small,) = (m for m in draw.primitives(plan, "cad") if m.layer == "floor" and isinstance(m, draw.Lines))
    assert len(small.paths) == 2 * 7


# --- sheets -------------------------------------------------------------------------------


def test_sheet_prints_at_one_to_a_hundred() -> None:
    """A module is 9.1 mm on paper, whatever the number of user units."""
    for px in (32, 64):
        root = ET.fromstring(draw.sheet(GROUND, "cad", px_per_module=px))
        width_mm = float((root.get("width") or "").removesuffix("mm"))
        units = float((root.get("viewBox") or "").split()[2])
        assert width_mm / units == pytest.approx(9.1 / px, rel=1e-4)


def test_png_prints_at_one_to_a_hundred() -> None:
    """A PNG at 64 px per module has 178.6 dpi, and the pixels of the raster."""
    file = draw.sheet_png(GROUND, "listing", lang="en")
    with Image.open(io.BytesIO(file)) as image:
        assert image.info["dpi"] == pytest.approx((178.6, 178.6), abs=0.1)
        assert np.array_equal(np.asarray(image), draw.sheet_raster(GROUND, "listing", lang="en"))


def test_reference_names_every_style_and_layer() -> None:
    """docs/reference/drawing.md has a row for each style and each layer, and for nothing else."""
    page = (ROOT / "docs" / "reference" / "drawing.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \|", page, flags=re.MULTILINE)
    assert sorted(rows) == sorted([*draw.STYLES, *draw.LAYERS])


def test_sheet_shows_everything_within_its_margins() -> None:
    """Texts, bubbles and balconies of both storeys lie on the sheet, with a margin all around."""
    picture = draw.sheet_raster(HOUSE, "cad")
    assert (picture[:20] == 255).all() and (picture[-20:] == 255).all()
    assert (picture[:, :20] == 255).all() and (picture[:, -20:] == 255).all()
    inked = np.flatnonzero((picture != 255).any(axis=(0, 2)))
    assert inked.size and picture.shape[1] > 2 * 8 * 64


def test_storeys_stand_side_by_side_on_one_lattice() -> None:
    """2F lies east of 1F, and its outline as high as it lies on the lattice."""
    upper = translate(Plan(2, (Room("bed", cells_in((0, 0, 16, 4))),)), 0, 8)
    root = ET.fromstring(draw.sheet([TWO_ROOMS, upper], "cad_solid", layers=["wall"], px_per_module=64))
    view = [float(v) for v in (root.get("viewBox") or "").split()]
    assert view[2] == pytest.approx((2 * (7280 + 150) + 900 + 2 * 400) / 910 * 64, abs=2)
    assert view[3] == pytest.approx((5460 + 150 + 800) / 910 * 64, abs=2)


def test_sheet_knows_the_storey_above() -> None:
    """Of two storeys the lower one shows the void over it."""
    assert "上部吹抜" in draw.sheet([TWO_ROOMS, VOIDED], "cad")
    assert "上部吹抜" not in draw.sheet([TWO_ROOMS], "cad")
    assert "上部吹抜" not in draw.sheet([TWO_ROOMS, VOIDED], "cad", layers=draw.BUILDING)


def test_sheet_is_the_same_each_time_and_in_both_languages() -> None:
    """Equal inputs give equal bytes; another language gives other words."""
    one = draw.sheet_raster(GROUND, "listing", lang="en")
    assert np.array_equal(one, draw.sheet_raster([GROUND], "listing", lang="en"))
    assert "Tatami room" in draw.sheet(GROUND, "listing", lang="en")
    assert "和室" in draw.sheet(GROUND, "listing")


def test_dimension_text_runs_upwards_along_upright_lines() -> None:
    """The number of a north-south chain is turned by -90° about its middle."""
    root = ET.fromstring(draw.sheet(TWO_ROOMS, "cad", layers=["dimension"]))
    turned = [t for t in root.iter(f"{SVG}text") if (t.get("transform") or "").startswith("rotate(-90 ")]
    assert sorted(t.text or "" for t in turned) == ["1,365", "4,095", "5,460"]
    mark = draw.Text("dimension", (0, 0), "8,190", 100, "#000000", upward=True)
    assert box_of(mark) == (-50, -150, 50, 150)


def test_empty_sheets_and_scales_out_of_range_are_refused() -> None:
    """No plan, a scale of 4 px, a style or a language that is not there."""
    with pytest.raises(PlanError, match="sheet must show at least one plan, got none"):
        draw.sheet([], "cad")
    for px in (4, 1000):
        with pytest.raises(SettingsError, match=f"px_per_module must be 8 to 512, got {px}"):
            draw.sheet(GROUND, "cad", px_per_module=px)
    with pytest.raises(BriefError, match="style must be one of"):
        draw.sheet_raster(GROUND, "crayon")
    with pytest.raises(SettingsError, match="lang must be one of"):
        draw.sheet(GROUND, "cad", lang="fr")


def test_a_sheet_too_large_to_hold_is_refused() -> None:
    """A plan of 300 modules at 64 px each would take gigabytes; as SVG it can be written."""
    far = Plan(1, (Room("hall", cells_in((0, 0, 2, 2))), Room("hall", cells_in((600, 600, 2, 2)))))
    with pytest.raises(SettingsError, match=r"sheet must have at most 100000000 pixels, got \d+ x \d+"):
        draw.sheet_raster(far, "cad")
    assert draw.sheet(far, "cad").startswith("<svg")


def test_a_sheet_without_layers_is_paper() -> None:
    """With nothing to draw the sheet is a small empty page."""
    assert (draw.sheet_raster(GROUND, "cad", layers=[]) == 255).all()


# --- primitives ---------------------------------------------------------------------------


def test_primitives_move_together() -> None:
    """Areas, lines, arcs and texts move by the same millimetres."""
    marks = draw.primitives(GROUND, "cad", layers=draw.LAYERS)
    before, after = extent(marks), extent([moved(mark, 100, -50) for mark in marks])
    assert before is not None
    shifted: Box = (before[0] + 100, before[1] - 50, before[2] + 100, before[3] - 50)
    assert after == pytest.approx(shifted)
    assert extent([]) is None


def test_a_window_with_a_single_sash_has_no_middle_line_twice() -> None:
    """In the thin style a narrow window has two faces and one middle line."""
    plan = Plan(1, (plans.room("bed", (0, 0, 8, 6)),), (Opening("window", "h", 1, 0, 2, 690),))
    paths = [
        p for m in of_layer(draw.primitives(plan, "cad_thin"), "opening") if isinstance(m, draw.Lines) for p in m.paths
    ]
    assert len(paths) == 3


@pytest.mark.slow
def test_contact_sheet_is_made_by_one_command(tmp_path: Path) -> None:
    """`scripts/sheet` writes both pictures, large and not empty."""
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "sheet", "--houses", "3", "--seed", "5", "--out", tmp_path],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    for name in ("houses.png", "sheet.png"):
        with Image.open(tmp_path / name) as image:
            pixels = np.asarray(image.convert("L"))
        assert min(pixels.shape) > 300 and pixels.std() > 10
