"""`evaluate.promises`: what an adapter adds, with models that are functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawing
import plans
from madorizu.brief import Brief, brief_of, parse_caption
from madorizu.errors import ModelError
from madorizu.evaluate import briefs, controls, promises
from madorizu.evaluate.promises import HeldOut, Promises, Question
from madorizu.evaluate.rows import CHANGE, WITH, WITHOUT, Row
from madorizu.pipeline import Draw
from madorizu.plan import Plan

SIDE_PX = 256
STOREYS = plans.sample_house().plans
HOUSES = (*STOREYS, *drawing.house_8x7().plans)


@pytest.fixture(autouse=True)
def four_briefs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the list be four storeys that are drawn by hand."""
    listed = tuple(brief_of(plan) for plan in HOUSES)
    monkeypatch.setattr(briefs, "listed", lambda: listed)


def storey(brief: Brief) -> Plan:
    """Return the storey that a brief speaks of."""
    return next(plan for plan in HOUSES if brief_of(plan, style=brief.style) == brief)


def drawn_in(style: str) -> Draw:
    """Return a model that draws the storeys that are asked for in one style, whatever the caption says of it."""

    def draw(captions: Sequence[str], seeds: Sequence[int]) -> Any:
        return np.stack([controls.drawing(storey(parse_caption(c)), style, SIDE_PX) for c in captions])

    return draw


def blank(captions: Sequence[str], seeds: Sequence[int]) -> Any:
    """Draw nothing."""
    return np.full((len(captions), SIDE_PX, SIDE_PX, 3), 255, np.uint8)


HELD_OUT = [HeldOut(controls.drawing(plan, "atelier", 512), 32.0) for plan in HOUSES]
QUESTION = Question(4, "atelier", {"base": "fake", "adapter": "fake"}, 1)


def run(without: Draw, with_adapter: Draw, out: Path, held_out: Sequence[HeldOut] = HELD_OUT) -> Promises:
    """Evaluate in this process."""
    return promises.run(without, with_adapter, held_out, out, QUESTION, report=lambda text: None)


def row(found: Promises, key: str) -> Row:
    """Return a row."""
    return next(r for r in (*found.rows, *found.details) if r.key == key)


def value(found: Promises, key: str, column: str) -> float:
    """Return a figure."""
    cell = row(found, key).cells[column]
    assert cell is not None
    return cell.value


def test_an_adapter_that_learned_the_style(tmp_path: Path) -> None:
    """From cad to the data's own style: the distance goes, nothing else gets worse by much."""
    found = run(drawn_in("cad"), drawn_in("atelier"), tmp_path)
    assert value(found, "style", WITHOUT) > 5 * abs(value(found, "style", WITH))
    assert value(found, "style_gone", WITH) > 0.8 and row(found, "style_gone").is_met
    assert value(found, "size", WITH) == value(found, "size", WITHOUT) == 1.0
    assert value(found, "elements", CHANGE) == pytest.approx(
        value(found, "elements", WITH) - value(found, "elements", WITHOUT)
    )
    assert any("4 held-out drawings, cut in two halves at random, are" in note for note in found.notes)


def test_an_adapter_that_does_nothing(tmp_path: Path) -> None:
    """The same pictures: no change at all, with an interval of no width."""
    found = run(drawn_in("cad"), drawn_in("cad"), tmp_path)
    assert value(found, "style_gone", WITH) == 0.0 and row(found, "style_gone").is_met is False
    for key in ("elements", "rooms", "lines", "size", "closed", "rules"):
        cell = row(found, key).cells[CHANGE]
        assert cell is not None and (cell.value, cell.low, cell.high) == (0.0, 0.0, 0.0)
        assert row(found, key).is_met


def test_an_adapter_that_forgot_how_to_draw(tmp_path: Path) -> None:
    """Blank pages: every promise is broken, and told by how much."""
    found = run(drawn_in("cad"), blank, tmp_path)
    for key in ("elements", "rooms", "lines"):
        assert value(found, key, WITH) == 0.0
        assert value(found, key, CHANGE) == -value(found, key, WITHOUT) < -0.5
        assert row(found, key).is_met is False


def test_the_report_and_the_comparison_are_written(tmp_path: Path) -> None:
    """JSON, text, HTML that loads nothing, and the picture of `madorizu compare`; a second run asks nothing."""
    found = run(drawn_in("cad"), drawn_in("atelier"), tmp_path)
    data = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [line["figure"] for line in data["promises"]] == ["style", "style_gone", "elements", "rooms", "lines"]
    assert (tmp_path / "comparison.png").is_file()
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "http" not in html and html.count("data:image/png") == 4 * 4

    def refuse(captions: Sequence[str], seeds: Sequence[int]) -> Any:
        raise AssertionError("asked again")

    assert run(refuse, refuse, tmp_path).to_text() == found.to_text()


def test_without_held_out_drawings_the_style_is_left_out(tmp_path: Path) -> None:
    """Said in the row; the other promises are measured."""
    found = run(drawn_in("cad"), drawn_in("atelier"), tmp_path, HELD_OUT[:3])
    assert row(found, "style").why_not == "left out: 3 held-out drawings, 4 are needed"
    assert value(found, "elements", WITH) > 0.5


def test_both_must_draw_pictures_of_one_size(tmp_path: Path) -> None:
    """Else the pairs say nothing."""

    def large(captions: Sequence[str], seeds: Sequence[int]) -> Any:
        return np.full((len(captions), 512, 512, 3), 255, np.uint8)

    with pytest.raises(ModelError, match="pictures must have one size, got 256 px and 512 px"):
        run(blank, large, tmp_path)
