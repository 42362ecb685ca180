"""How a picture is judged, and how that is kept: on drawings of a house made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import plans
from madorizu import files
from madorizu.brief import brief_of, caption
from madorizu.errors import ImageError
from madorizu.evaluate import controls, judge, pictures
from madorizu.metrics import style
from madorizu.metrics.storey import SHOWN_RULES
from madorizu.pictures import Pixels

GROUND = plans.sample_house().plans[0]
CAPTION = caption(brief_of(GROUND, style="cad"))


def put(folder: Path, pixels: Pixels) -> Path:
    """Write a picture as number 0 of a folder."""
    path = folder / pictures.name_of(0)
    files.atomic_bytes(path, pictures.png(pixels))
    return path


def test_a_houses_own_drawing_is_right(tmp_path: Path) -> None:
    """Every wish is met, rooms are closed, doors are in walls, and legalise has little to do."""
    job = judge.Job(put(tmp_path, controls.drawing(GROUND, "cad", 512)), CAPTION, seconds=10, has_style=True)
    found = judge.judged(job)
    assert found.failure == "" and found.plan is not None
    assert all(found.asked.values())
    assert found.closed == 1.0 and found.hosted > 0.95
    assert found.is_delivered and found.agreement > 0.95
    assert len(found.features) == len(style.NAMES)
    assert found.even > 0.9 and found.axis > 0.7
    assert found.brief == brief_of(GROUND, style="cad")


@pytest.mark.parametrize("kind", ["blank", "noise"])
def test_nothing_drawn_is_nothing_met(tmp_path: Path, kind: str) -> None:
    """Blank pages and noise fail every figure, with the reason."""
    {"blank": controls.draw_blank, "noise": controls.draw_noise}[kind](1, tmp_path, size_px=256)
    found = judge.judged(judge.Job(tmp_path / pictures.name_of(0), CAPTION, seconds=1))
    assert found.failure and found.plan is None
    assert not any(found.asked.values()) and found.broken == SHOWN_RULES
    assert found.closed == found.hosted == found.even == found.agreement == 0.0
    assert found.status == "cannot" and not found.is_delivered


def test_what_was_found_is_kept(tmp_path: Path) -> None:
    """The same job takes it from the file, even when the picture has gone; another one judges again."""
    job = judge.Job(put(tmp_path, controls.drawing(GROUND, "cad", 256)), CAPTION)
    found = judge.judged(job)
    assert found.status == judge.NOT_TRIED
    job.picture.unlink()
    assert judge.judged(job) == found
    with pytest.raises(ImageError, match="0000.png must be a whole PNG"):
        judge.judged(replace(job, has_style=True))


def test_a_broken_or_old_result_is_made_again(tmp_path: Path) -> None:
    """Half a file, another version: no error, judged anew."""
    job = judge.Job(put(tmp_path, controls.drawing(GROUND, "cad", 256)), CAPTION)
    found = judge.judged(job)
    kept = job.picture.with_suffix(".json")
    whole = kept.read_text()
    for text in (whole[: len(whole) // 2], json.dumps(json.loads(whole) | {"version": -1}), "[]", "{}"):
        kept.write_text(text)
        assert judge.judged(job) == found
        assert kept.read_text() == whole


def test_a_drawing_is_shown_as_models_are_shown_it() -> None:
    """At 256 px it is the drawing of 512 px made smaller, not one made with finer pens."""
    small, large = controls.drawing(GROUND, "cad", 256), controls.drawing(GROUND, "cad", 512)
    assert small.shape == (256, 256, 3) and large.shape == (512, 512, 3)
    assert np.array_equal(small, pictures.shrunk(large, 256))
    assert pictures.shrunk(large, 512) is large
