"""Tests of benchmarks/strange.py: plans in the hands of other offices."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

import plans
from madorizu.catalogue import FIXTURES
from madorizu.plan import MODULE_MM, OPENING_KINDS, Fixture, Opening, Plan, Stair

Point = tuple[float, float]
STYLES = ("developer", "surveyor", "broker")
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def strange() -> Iterator[ModuleType]:
    """The benchmark as a module; it is no part of the package."""
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("strange", BENCHMARKS / "strange.py")
    if spec is None or spec.loader is None:
        pytest.fail("benchmarks/strange.py must be a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before


def two_rooms(*openings: Opening) -> Plan:
    """Return a bedroom of 6x8 half modules and a tatami room of 6x8 to its east, with a porch to the south."""
    return Plan(
        1,
        (plans.room("bed", (2, 2, 6, 8)), plans.room("wa", (8, 2, 6, 8)), plans.room("porch", (2, 10, 6, 3))),
        openings,
    )


def opening_of(kind: str) -> Opening:
    """Return an opening of a kind: in the south wall for what leads outside, else in the wall between the rooms."""
    if kind in ("entrance", "service", "window", "french"):
        return plans.opening(kind, "h", 3, 10, 4, 1200, "start+", sill_mm=900 if kind == "window" else 0)  # type: ignore[arg-type]
    return plans.opening(kind, "v", 8, 4, 4, 1645)  # type: ignore[arg-type]


def at(drawn: Any, x_mm: float, y_mm: float, origin_mm: Point = (910, 910)) -> tuple[int, int]:
    """Return the pixel (row, column) that holds a point of the plan; the outline begins at `origin_mm`."""
    scale = drawn.px_per_module / MODULE_MM
    return (
        int(drawn.top_px + (y_mm - origin_mm[1]) * scale),
        int(drawn.left_px + (x_mm - origin_mm[0]) * scale),
    )


def patch(
    picture: np.ndarray[Any, Any],
    drawn: Any,
    x_mm: float,
    y_mm: float,
    half_mm: float,
    origin_mm: tuple[float, float] = (910, 910),
) -> np.ndarray[Any, Any]:
    """Return the pixels of a square around a point of the plan."""
    (top, left), (bottom, right) = (
        at(drawn, x_mm + sign * half_mm, y_mm + sign * half_mm, origin_mm) for sign in (-1, 1)
    )
    return picture[top : bottom + 1, left : right + 1].astype(np.int64)


def test_offices_names(strange: ModuleType) -> None:
    """Three styles, each a function of a plan and a seed."""
    assert tuple(strange.STRANGE) == STYLES


@pytest.mark.parametrize("style", STYLES)
def test_same_seed_same_picture(strange: ModuleType, style: str) -> None:
    """Equal seeds give equal pictures, other seeds put the plan elsewhere."""
    plan = two_rooms(opening_of("hinged"))
    first, again, other = (strange.STRANGE[style](plan, seed) for seed in (5, 5, 6))
    assert first.picture.dtype == np.uint8
    assert first.picture.shape[2] == 3
    assert np.array_equal(first.picture, again.picture)
    assert (first.left_px, first.top_px) == (again.left_px, again.top_px)
    assert (first.left_px, first.top_px) != (other.left_px, other.top_px)


@pytest.mark.parametrize(("style", "px_per_module"), [("developer", 38.0), ("surveyor", 27.3), ("broker", 45.0)])
def test_walls_stand_where_promised(strange: ModuleType, style: str, px_per_module: float) -> None:
    """The four corners of the outline are dark, and paper is outside of them and floor inside."""
    drawn = strange.STRANGE[style](two_rooms(), 3)
    assert drawn.px_per_module == px_per_module
    picture = drawn.picture
    for x_mm in (910, 910 + 5460):
        for y_mm in (910, 910 + 3640):
            assert patch(picture, drawn, x_mm, y_mm, 30).mean() < 110, (x_mm, y_mm)
    assert patch(picture, drawn, 910 + 2000, 910 + 600, 100).min() > 100  # in the bedroom, clear of its name
    assert patch(picture, drawn, 910 + 3000, 910 - 200, 30).min() > 230  # north of the house


@pytest.mark.parametrize("style", STYLES)
def test_wall_is_centred(strange: ModuleType, style: str) -> None:
    """Both faces of the outer walls lie equally far from the line that the scale promises, to half a pixel."""
    drawn = strange.STRANGE[style](two_rooms(), 4)
    row = at(drawn, 0, 910 + 700)[0]
    scale = drawn.px_per_module / MODULE_MM
    for x_mm in (910, 910 + 5460):
        column = drawn.left_px + (x_mm - 910) * scale
        first = int(column) - 6
        ink = 255 - drawn.picture[row, first : first + 13].astype(float).mean(axis=1)
        ink = np.where(ink > 60, ink, 0)
        if style == "broker":  # a coloured floor is no ink
            ink = np.where(ink > 150, ink, 0)
        centre = float((ink * (np.arange(13) + first + 0.5)).sum() / ink.sum())
        assert abs(centre - column) < 0.5, x_mm


@pytest.mark.parametrize("style", STYLES)
def test_every_opening_is_drawn(strange: ModuleType, style: str) -> None:
    """An opening of each kind changes pixels in its frame, and no other kind in its place is drawn the same."""
    bare = strange.STRANGE[style](two_rooms(), 1).picture.astype(int)
    seen: dict[tuple[str, bytes], str] = {}
    for kind in OPENING_KINDS:
        opening = opening_of(kind)
        drawn = strange.STRANGE[style](two_rooms(opening), 1)
        (ax, ay), (bx, by) = opening.ends_mm
        changed = np.abs(drawn.picture - bare).max(axis=2) > 40
        assert patch(changed, drawn, (ax + bx) / 2, (ay + by) / 2, 300).mean() > 0.05, kind
        key = opening.axis, drawn.picture.tobytes()
        assert key not in seen, (kind, seen[key])
        seen[key] = kind


def test_styles_differ(strange: ModuleType) -> None:
    """The three offices draw three pictures: other sizes, and other shares of ink and colour."""
    plan = plans.sample_house().plans[0]
    drawn = [strange.STRANGE[style](plan, 2).picture for style in STYLES]
    assert len({p.shape for p in drawn}) == 3
    assert all(p.shape[0] != p.shape[1] for p in drawn)
    colour = [float((p.max(axis=2).astype(int) - p.min(axis=2) > 30).mean()) for p in drawn]
    assert colour[2] > 0.2 > 0.01 > colour[1]
    dark = [float((p.max(axis=2) < 60).mean()) for p in drawn]
    assert dark[0] > 3 * dark[1]


@pytest.mark.parametrize("style", STYLES)
def test_every_fixture_is_drawn(strange: ModuleType, style: str) -> None:
    """A fixture of each kind changes pixels in its rectangle, each in its own way."""
    draw = strange.STRANGE[style]
    plan = Plan(1, (plans.room("bed", (0, 0, 5, 4)),))
    bare = draw(plan, 1).picture.astype(int)
    pictures = set()
    for kind in FIXTURES:
        drawn = draw(replace(plan, fixtures=(Fixture(kind, 300, 200, 700, 600, "s"),)), 1)
        changed = np.abs(drawn.picture - bare).max(axis=2) > 40
        assert patch(changed, drawn, 650, 500, 300, (0, 0)).mean() > 0.05, kind
        pictures.add(drawn.picture.tobytes())
    assert len(pictures) == len(FIXTURES)


@pytest.mark.parametrize("style", STYLES)
def test_fixtures_face_their_side(strange: ModuleType, style: str) -> None:
    """A toilet that faces the south has its tank at the north: the picture turns with the side."""
    draw = strange.STRANGE[style]
    plan = Plan(1, (plans.room("wc", (0, 0, 4, 4)),))
    pictures = {
        draw(replace(plan, fixtures=(Fixture("toilet", 600, 600, 600, 600, way),)), 1).picture.tobytes()
        for way in ("n", "e", "s", "w")
    }
    assert len(pictures) == 4


@pytest.mark.parametrize("style", STYLES)
def test_stairs_are_drawn(strange: ModuleType, style: str) -> None:
    """Each stair is drawn, and differs by its form, its turn, its rise, and by being seen from below or above."""
    plan = Plan(1, (plans.room("stair", (0, 0, 4, 6)),))
    rect = (0, 0, 4, 6)
    first = [Stair("straight", (0, 0, 2, 6), "n"), Stair("l", rect, "n", "left"), Stair("u", rect, "n", "left")]
    others = [Stair("l", rect, "n", "right"), Stair("u", rect, "n", "right"), Stair("u", rect, "s", "left")]
    versions = [plan, replace(plan, floor=2, stair=first[2]), *(replace(plan, stair=s) for s in first + others)]
    pictures = set()
    for version in versions:
        drawn = strange.STRANGE[style](version, 1)
        (top, left), (bottom, right) = at(drawn, 0, 0, (0, 0)), at(drawn, 4 * 455, 6 * 455, (0, 0))
        pictures.add(drawn.picture[top:bottom, left:right].tobytes())  # without the words around that name the storey
    assert len(pictures) == len(versions)


@pytest.mark.parametrize("style", STYLES)
def test_rooms_have_marks(strange: ModuleType, style: str) -> None:
    """Tatami rooms, closets, voids and outdoor rooms differ from a bedroom of the same size and name."""
    draw = strange.STRANGE[style]
    plain = draw(Plan(1, (plans.room("bed", (0, 0, 6, 6)),)), 1)
    for kind in ("wa", "oshi", "cl", "wic", "void", "ent"):
        drawn = draw(Plan(1, (plans.room(kind, (0, 0, 6, 6)),)), 1)
        changed = np.abs(drawn.picture.astype(int) - plain.picture).max(axis=2) > 8
        assert patch(changed, drawn, 1365, 1365, 1200, (0, 0)).mean() > 0.01, kind
    for kind in ("balcony", "deck", "porch"):
        both = (plans.room("bed", (0, 0, 6, 4)), plans.room(kind, (0, 4, 6, 2)))
        drawn = draw(Plan(1, both), 1)
        assert patch(drawn.picture, drawn, 1365, 6 * 455, 30, (0, 0)).min() < 200, kind  # its rail


def test_command_writes_pictures(
    strange: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command writes a picture of each storey in each style and says where the plan lies in it."""
    monkeypatch.setattr(sys, "argv", ["strange.py", "--out", str(tmp_path / "new"), "--count", "1"])
    assert strange.main() == 0
    files = sorted((tmp_path / "new").glob("*.png"))
    assert {f.stem.split("_")[2] for f in files} == set(STYLES)
    assert len(files) % 3 == 0
    with Image.open(files[0]) as image:
        assert image.mode == "RGB"
    told = capsys.readouterr().out
    assert all(f.name in told for f in files)
    assert told.count("north-west corner at") == len(files)
