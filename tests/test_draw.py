"""Styles, SVG and pixels."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import resvg_py

import plans
from madorizu import canvas, corpus, draw, sidecar
from madorizu.draw.raster import pixels
from madorizu.errors import BriefError, PlanError
from madorizu.plan import Fixture, Plan, translate

GROUND, UPPER = plans.sample_house().plans
ALL_PLANS = (GROUND, UPPER, plans.bungalow(), plans.atrium())
SVG = "{http://www.w3.org/2000/svg}"
BLACK = (0, 0, 0)


def test_dataset_style_is_kept_out_of_the_corpus() -> None:
    """The style of the sample data set is not among those the embedded base has seen."""
    assert draw.DATASET_STYLE == "atelier"
    assert draw.DATASET_STYLE not in draw.CORPUS_STYLES
    assert set(draw.CORPUS_STYLES) | {draw.DATASET_STYLE} == set(draw.STYLES)
    assert len(draw.CORPUS_STYLES) == 8


def test_styles_know_their_names_and_cannot_be_changed() -> None:
    """The table's keys are the styles' names, and the table is read-only."""
    assert all(name == style.name for name, style in draw.STYLES.items())
    with pytest.raises(TypeError):
        draw.STYLES["cad"] = draw.STYLES["listing"]  # type: ignore[index]


def test_atelier_is_black_on_white_only() -> None:
    """Every colour of the data set's style is black or white, in every plan."""
    for plan in ALL_PLANS:
        colours = set()
        for mark in draw.primitives(plan, "atelier"):
            colours |= {mark.colour} | {getattr(mark, "fill", "")}
        assert colours <= {"#000000", "#ffffff", ""}


@pytest.mark.parametrize("plan", [GROUND, UPPER], ids=["ground", "upper"])
def test_styles_differ(plan: Plan) -> None:
    """Any two styles differ by 10 of 255 or more, on average over the pixels on which either draws."""
    pictures = {style: draw.raster(plan, style).astype(int) for style in draw.STYLES}
    drawn = {style: (picture != picture[0, 0]).any(axis=2) for style, picture in pictures.items()}
    for one, other in itertools.combinations(draw.STYLES, 2):
        apart = np.abs(pictures[one] - pictures[other])[drawn[one] | drawn[other]].mean()
        assert apart >= 10, (one, other, apart)


def test_styles_differ_in_more_than_colour() -> None:
    """Styles of one colour differ in walls and symbols: pens, wall fill, hatch, doors, windows, closets, tatami."""
    looks = {
        (s.outer_fill, s.inner_fill, s.hatch, s.thin_mm, s.door, s.leaf, s.window, s.closet, s.tatami, s.tile, s.tiled)
        for s in draw.STYLES.values()
        if s.paper == "#ffffff" and not s.fills
    }
    assert len(looks) == 5  # cad, cad_solid, cad_thin, mono_hatch, atelier
    own = draw.STYLES["atelier"]
    for style in (draw.STYLES[name] for name in draw.CORPUS_STYLES):
        assert style.door != own.door and style.window != own.window and style.tile != own.tile
        assert style.closet != own.closet and style.tatami != own.tatami and style.treads != own.treads


def test_no_corpus_is_made_in_the_style_of_the_data_set(tmp_path: Path) -> None:
    """Nothing of the data set's style enters what `madorizu corpus` draws by default, nor its file names."""
    corpus.make(houses=1, seed=3, styles=draw.CORPUS_STYLES, out=tmp_path, workers=1, per_house=len(draw.CORPUS_STYLES))
    stated = {sidecar.read(path).style for path in tmp_path.glob("plan_*.json")}
    assert stated == set(draw.CORPUS_STYLES) and draw.DATASET_STYLE not in stated
    assert not list(tmp_path.glob(f"*{draw.DATASET_STYLE}*"))


@pytest.mark.parametrize("style", list(draw.STYLES))
@pytest.mark.parametrize("plan", ALL_PLANS, ids=["ground", "upper", "bungalow", "atrium"])
def test_every_plan_draws_in_every_style(plan: Plan, style: str) -> None:
    """Every symbol draws in every style; the document parses and holds no text."""
    root = ET.fromstring(draw.svg(plan, style))
    assert root.get("viewBox") == "0 0 512 512"
    assert list(root.iter(f"{SVG}text")) == []
    assert {"wall", "opening"} <= {g.get("class") for g in root.iter(f"{SVG}g")}
    assert all("nan" not in (path.get("d") or "nan") for path in root.iter(f"{SVG}path"))


@pytest.mark.parametrize("call", [draw.primitives, draw.svg, draw.raster])
def test_unknown_style_is_refused(call: object) -> None:
    """A style that does not exist is an error that names those that do."""
    with pytest.raises(BriefError, match=r"style must be one of cad, .*, got 'crayon'"):
        call(GROUND, "crayon")  # type: ignore[operator]


def test_plan_without_rooms_is_refused() -> None:
    """A plan without indoor rooms has no outline to draw."""
    with pytest.raises(PlanError, match="cells must not be empty"):
        draw.raster(Plan(1, (plans.room("porch", (0, 0, 4, 4)),)), "cad")


def test_plan_too_large_for_the_canvas_is_refused() -> None:
    """A storey of more than 30 modules fits no canvas."""
    with pytest.raises(BriefError, match="width must be 2 to 30 modules"):
        draw.svg(Plan(1, (plans.room("hall", (0, 0, 62, 8)),)), "cad")


# --- place --------------------------------------------------------------------------------


def test_wall_lies_on_whole_modules_in_pixels() -> None:
    """An 8x9 plan starts 4 modules from the west and 3 from the north.

    Its outer walls of 150 mm take 6 px around x = 128 and y = 96, the inner wall at 5 modules 4 px.
    """
    picture = draw.raster(GROUND, "cad_solid")
    row = (picture[176] == BLACK).all(axis=1)  # 2.5 modules from the north: LDK and tatami room
    assert list(np.flatnonzero(row[:131])) == [125, 126, 127, 128, 129, 130]
    assert list(np.flatnonzero(row[280:290]) + 280) == [286, 287, 288, 289]
    assert list(np.flatnonzero(row[370:]) + 370) == [381, 382, 383, 384, 385, 386]
    column = (picture[:, 140] == BLACK).all(axis=1)
    assert list(np.flatnonzero(column[:99])) == [93, 94, 95, 96, 97, 98]


def test_north_is_up_and_west_is_left() -> None:
    """The bath is at the north-west, the porch sticks out to the south, and the entrance is east of the middle."""
    picture = draw.raster(GROUND, "listing")
    bath = tuple(int(draw.STYLES["listing"].fills["bath"][i : i + 2], 16) for i in (1, 3, 5))
    found = np.argwhere((picture == bath).all(axis=2))
    assert found[:, 0].min() >= 96 and found[:, 0].max() < 160
    assert found[:, 1].min() >= 128 and found[:, 1].max() <= 192
    drawn = np.argwhere((picture != 255).any(axis=2))
    assert drawn[:, 0].max() in (431, 432)  # the porch's kerb at 10.5 modules: (3 + 10.5) * 32
    porch = np.argwhere((picture[400:428] != 255).any(axis=2))
    assert porch[:, 1].min() >= 287 and porch[:, 1].max() <= 353


def test_a_plan_is_drawn_alike_wherever_it_lies_on_the_lattice() -> None:
    """Only the outline counts: a plan moved by lattice steps gives the same picture."""
    assert draw.svg(translate(UPPER, -7, 12), "cad") == draw.svg(UPPER, "cad")


def test_the_large_scale_halves_the_pixels() -> None:
    """A plan of 20x8 modules takes 16 px per module: x from 6 to 26 modules, y from 12."""
    picture = draw.raster(plans.bungalow(), "cad_solid")
    row = np.flatnonzero((picture[224] == BLACK).all(axis=1))
    assert list(row[:2]) == [95, 96] and list(row[-2:]) == [415, 416]


@pytest.mark.parametrize("size_px", [256, 512, 768])
def test_size_scales_the_picture(size_px: int) -> None:
    """The wall's centre-line keeps its share of the picture at every size."""
    picture = draw.raster(GROUND, "cad_solid", size_px=size_px)
    assert picture.shape == (size_px, size_px, 3) and picture.dtype == np.uint8
    row = (picture[round(size_px * 200 / 512)] == BLACK).all(axis=1)
    wall = np.flatnonzero(row[: size_px * 140 // 512])
    assert (wall.min() + wall.max() + 1) / 2 == pytest.approx(size_px / 4, abs=0.5)


def test_canvas_can_be_given() -> None:
    """A canvas overrides size and place; what lies outside of it is cut off."""
    place = canvas.Canvas(128, 32, 0, 0)
    picture = draw.raster(GROUND, "cad_solid", canvas=place)
    assert picture.shape == (128, 128, 3)
    assert (picture[40, 0] == BLACK).all()  # 8 px per module: the west wall lies on column 0
    away = canvas.Canvas(128, 32, 40, 40)
    assert (draw.raster(GROUND, "cad", canvas=away) == 255).all()


def test_exact_svg_keeps_the_coordinates() -> None:
    """Without hinting a wall's face lies exactly 75 mm from its centre-line."""
    exact = draw.svg(GROUND, "cad_solid", hinted=False)
    assert f"{128 - 75 / 910 * 32:.3f}" in exact  # 125.363
    assert "125.363" not in draw.svg(GROUND, "cad_solid")


# --- bytes --------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["cad", "blueprint", "atelier"])
def test_raster_is_the_svg_in_pixels(style: str) -> None:
    """Drawing only the part that is not empty gives the same pixels as the whole document."""
    whole = pixels(draw.svg(GROUND, style), [])
    assert np.array_equal(draw.raster(GROUND, style), whole)


def test_pictures_do_not_depend_on_the_order_of_hashes(tmp_path: Path) -> None:
    """Sets of strings iterate differently in every process; pictures do not."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import plans, hashlib; from madorizu import draw\n"
        "text = ''.join(draw.svg(p, s) for p in plans.sample_house().plans for s in ('mono_hatch', 'atelier'))\n"
        "sys.stdout.write(hashlib.sha256(text.encode()).hexdigest())"
    )
    found = set()
    for seed in ("1", "2"):
        result = subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(result.stdout)
    here = "".join(draw.svg(p, s) for p in (GROUND, UPPER) for s in ("mono_hatch", "atelier"))
    assert found == {hashlib.sha256(here.encode()).hexdigest()}


def test_paper_fills_the_background() -> None:
    """The margin has the colour of the paper."""
    assert tuple(draw.raster(GROUND, "blueprint")[0, 0]) == (0x1D, 0x4F, 0x99)


def test_unlawful_plans_are_drawn() -> None:
    """An unknown fixture is a rectangle, an unknown room a floor, a door without a wall stays a symbol."""
    plan = Plan(
        1,
        (plans.room("bed", (0, 0, 8, 8)), plans.room("sauna", (8, 0, 4, 8))),
        (plans.opening("hinged", "h", 2, 4, 2, 755), plans.opening("french", "v", 20, 0, 4, 1650)),
        (Fixture("piano", 1000, 1000, 1500, 600, "s"),),
    )
    marks = draw.primitives(plan, "listing", labels=True)
    assert any(isinstance(m, draw.Area) and m.layer == "fixture" for m in marks)
    assert sum(isinstance(m, draw.Arc) for m in marks) == 1
    assert draw.raster(plan, "listing").shape == (512, 512, 3)


def test_the_renderer_reads_our_documents() -> None:
    """The renderer accepts the document as it is, at 96 dpi."""
    assert resvg_py.svg_to_bytes(svg_string=draw.svg(GROUND, "cad"), dpi=96)[:4] == b"\x89PNG"
