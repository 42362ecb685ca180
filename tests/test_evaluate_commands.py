"""The commands `base eval` and `evaluate`: what they take, and what they refuse."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import plans
from madorizu.app import cli, evaluating
from madorizu.app.models import Model
from madorizu.brief import brief_of, parse_caption
from madorizu.evaluate import base, briefs, controls

HOUSE = plans.sample_house()


def main(*arguments: str) -> int:
    """Run the command line and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


def test_the_style_of_captions() -> None:
    """What is given counts, "none" leaves it open; else the adapter's, or the listed ones for a base alone."""
    assert evaluating._style("cad", "atelier", listed=False) == "cad"
    assert evaluating._style("none", "atelier", listed=True) is None
    assert evaluating._style(None, "atelier", listed=False) == "atelier"
    assert evaluating._style(None, None, listed=True) == ""


def test_without_an_adapter_there_is_nothing_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    """Said in two lines, before a model is loaded."""
    assert main("evaluate", "--lora", "none") == 2
    assert "lora must be an adapter to compare with the base alone, got none" in capsys.readouterr().err


def test_both_tell_what_they_take(capsys: pytest.CaptureFixture[str]) -> None:
    """Help is there without a model."""
    for words in (["base", "eval"], ["evaluate"]):
        assert main(*words, "--help") == 0
        assert "--count" in capsys.readouterr().out


@pytest.mark.slow
def test_a_base_is_judged_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table is printed and the page written; the model is the tiny base's in name, the houses' in truth."""
    pytest.importorskip("torch")
    from tiny import tiny_base

    folder = tiny_base(tmp_path / "tiny")
    listed = tuple(brief_of(plan, style="cad") for plan in HOUSE.plans)
    monkeypatch.setattr(briefs, "listed", lambda: listed)
    monkeypatch.setattr(briefs, "house_of", lambda brief, *, seed: HOUSE.plans[int(brief.floor[0]) - 1])
    monkeypatch.setattr(base, "SEEDS_EACH", 2)

    def draw(captions: list[str], seeds: list[int]) -> np.ndarray:
        asked = [parse_caption(caption) for caption in captions]
        return np.stack([controls.drawing(HOUSE.plans[int(b.floor[0]) - 1], "cad", 256) for b in asked])

    model = Model(draw, str(folder), None, None)  # type: ignore[arg-type]
    monkeypatch.setattr(sys.modules["madorizu.app.models"], "load", lambda *args, **settings: model)
    out = tmp_path / "out"
    assert main("base", "eval", "--base", str(folder), "--count", "2", "--out", str(out)) == 0
    printed = capsys.readouterr().out
    assert "W×H as asked, within a quarter module" in printed and "100.0 %" in printed
    assert printed.splitlines()[-1] == str(out / "report.html")
    assert (out / "report.html").is_file() and (out / "reconstruction" / "cad.png").is_file()
