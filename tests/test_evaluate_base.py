"""`evaluate.base`: the whole table, with models that are functions, on a house made by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plans
from madorizu.brief import Brief, brief_of, parse_caption
from madorizu.draw import CORPUS_STYLES
from madorizu.errors import DatasetError, ModelError, SettingsError
from madorizu.evaluate import base, briefs, controls, figures, page, pictures, reconstruction, training
from madorizu.evaluate.rows import BLANK, HOUSES, MODEL, NOISE, SHUFFLED, Row
from madorizu.metrics import intervals
from madorizu.pictures import Pixels
from madorizu.pipeline import Draw
from madorizu.plan import Plan

SIDE_PX = 256
LOWER, UPPER = plans.sample_house().plans


@pytest.fixture(scope="module", autouse=True)
def two_briefs() -> Iterator[None]:
    """Let the list be the two storeys of one house, and that house be the answer to each."""
    listed = tuple(brief_of(plan, style="cad") for plan in (LOWER, UPPER))

    def house_of(brief: Brief, *, seed: int) -> Plan:
        return storey(brief)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(briefs, "listed", lambda: listed)
        patch.setattr(briefs, "house_of", house_of)
        patch.setattr(base, "SEEDS_EACH", 4)
        patch.setattr(base, "BRIEFS_OF_SEEDS", 1)
        yield


@pytest.fixture(scope="module")
def of_houses(tmp_path_factory: pytest.TempPathFactory, two_briefs: None) -> tuple[Path, base.Outcome]:
    """Evaluate a model that draws what the houses look like, once for all tests."""
    out = tmp_path_factory.mktemp("houses")
    return out, run(perfect, out)


def storey(brief: Brief) -> Plan:
    """Return the storey that a brief speaks of."""
    return LOWER if brief.floor == "1F" else UPPER


def perfect(captions: Sequence[str], seeds: Sequence[int]) -> Any:
    """Draw what the house looks like."""
    asked = [parse_caption(caption) for caption in captions]
    return np.stack([controls.drawing(storey(brief), brief.style or "cad", SIDE_PX) for brief in asked])


def empty(captions: Sequence[str], seeds: Sequence[int]) -> Any:
    """Draw nothing."""
    return np.full((len(captions), SIDE_PX, SIDE_PX, 3), 255, np.uint8)


SETTINGS = base.Settings(2, "", 5.0, 1, {"base": "fake"})


def run(model: Draw, out: Path, settings: base.Settings = SETTINGS, **more: Any) -> base.Outcome:
    """Evaluate on the two briefs, in this process."""
    return base.run(model, out, settings, report=lambda text: None, **more)


def refuse(captions: Sequence[str], seeds: Sequence[int]) -> Any:
    """Be a model that must not be asked."""
    raise AssertionError("asked again")


def row(outcome: base.Outcome, key: str) -> Row:
    """Return a row of the table or the details."""
    return next(r for r in (*outcome.rows, *outcome.details) if r.key == key)


def value(outcome: base.Outcome, key: str, column: str) -> float:
    """Return a figure."""
    cell = row(outcome, key).cells[column]
    assert cell is not None
    return cell.value


WISHES = tuple(key for key, _, _ in figures.WISHES)


def test_a_model_that_draws_houses_is_as_good_as_houses(of_houses: tuple[Path, base.Outcome]) -> None:
    """All wishes are met, by the model and by the houses; noise and blank pages meet none; swapped captions few."""
    _, found = of_houses
    for key in WISHES:
        assert value(found, key, MODEL) == value(found, key, HOUSES) == 1.0, key
        assert value(found, key, NOISE) == value(found, key, BLANK) == 0.0, key
    for key in ("floor", "entrance", "balcony", "bedrooms", "tatami"):  # the storeys differ in all of these
        assert value(found, key, SHUFFLED) == 0.0
    assert value(found, "stairs", SHUFFLED) == 1.0  # but not in that: chance is no skill
    for key, least in (("closed", 1.0), ("hosted", 0.95), ("delivered", 1.0), ("agreement", 0.9)):
        assert value(found, key, MODEL) == value(found, key, HOUSES) >= least
        assert value(found, key, NOISE) == value(found, key, BLANK) == 0.0
    assert row(found, "rules").goal == value(found, "rules", HOUSES) / 2
    # All pictures of a brief are the same drawing.
    assert value(found, "variety", MODEL) == value(found, "variety", HOUSES) == 0.0
    assert row(found, "memory").why_not == "left out: no corpus was given (--corpus)"
    assert row(found, "psnr").why_not == "left out: no autoencoder was given"


def test_a_model_that_draws_nothing_has_nothing(tmp_path: Path) -> None:
    """0 in every row, and the reason in the notes; time is measured all the same."""
    found = run(empty, tmp_path)
    for key in (*WISHES, "closed", "hosted", "rules", "delivered", "agreement", "variety", "even", "axis", "read"):
        assert value(found, key, MODEL) == 0.0, key
    assert any("Not read, 2 of 2: picture must show a drawing, got an empty page." in note for note in found.notes)
    assert row(found, "seconds").first is not None


def test_what_is_done_is_not_done_again(of_houses: tuple[Path, base.Outcome], tmp_path: Path) -> None:
    """A second run asks the model for nothing; a picture that is lost is drawn again, alone."""
    out = shutil.copytree(of_houses[0], tmp_path / "copy")
    assert run(refuse, out).to_text() == of_houses[1].to_text()
    (out / MODEL / pictures.name_of(1)).unlink()
    asked: list[tuple[int, ...]] = []

    def note(captions: Sequence[str], seeds: Sequence[int]) -> Any:
        asked.append(tuple(seeds))
        return perfect(captions, seeds)

    run(note, out)
    assert set(asked) == {(base.SEED + 1,)}


def test_a_folder_holds_one_model(of_houses: tuple[Path, base.Outcome], tmp_path: Path) -> None:
    """Pictures of another base, or another style, are not mixed in."""
    with pytest.raises(SettingsError, match="must hold one evaluation, got base other for fake"):
        run(refuse, of_houses[0], replace(SETTINGS, model={"base": "other"}))
    with pytest.raises(SettingsError, match="must hold one evaluation, got style atelier for"):
        run(refuse, of_houses[0], replace(SETTINGS, style="atelier"))
    (tmp_path / pictures.SETTINGS).write_text("{")
    with pytest.raises(SettingsError, match=r"settings\.json must be JSON"):
        run(refuse, tmp_path)


def test_a_model_must_return_pictures(tmp_path: Path) -> None:
    """Not numbers between 0 and 1, and no oblong ones."""
    with pytest.raises(ModelError, match="model must return 1 square RGB pictures of uint8, got float64"):
        run(lambda c, s: np.zeros((len(c), 64, 64, 3)), tmp_path / "a")  # type: ignore[arg-type, return-value]
    with pytest.raises(ModelError, match=r"got uint8 of shape \(1, 64, 32, 3\)"):
        run(lambda c, s: np.zeros((len(c), 64, 32, 3), np.uint8), tmp_path / "b")


def test_the_report_is_written(of_houses: tuple[Path, base.Outcome]) -> None:
    """Text, JSON and one HTML page with the pictures in it, that loads nothing."""
    tmp_path, found = of_houses
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == found.to_text() + "\n"
    data = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    size = next(line for line in data["table"] if line["figure"] == "size")
    assert size["cells"]["model"]["value"] == 1.0 and size["goal"] == {"value": 0.97, "at_least": True}
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "http" not in html and "<script" not in html and " src=" in html
    assert html.count("data:image/png;base64,") == 2 * 4  # drawn and read, of the model and of the house
    assert "W×H as asked, within a quarter module" in html and "floor plan, 1F, " in html


def test_plans_that_were_trained_on_are_found(of_houses: tuple[Path, base.Outcome], tmp_path: Path) -> None:
    """A model that knows the lower storey by heart: one of two, as the houses themselves have it here."""
    known = training.of_plans("corpus", [LOWER])
    found = run(refuse, shutil.copytree(of_houses[0], tmp_path / "copy"), training=known)
    assert value(found, "memory", MODEL) == value(found, "memory", HOUSES) == 0.5
    assert row(found, "memory").is_met is True and row(found, "memory").at_least is False
    assert any("1 plans; 1 of 2 briefs are the very caption of one of them" in note for note in found.notes)
    with pytest.raises(DatasetError, match="corpus must hold JSON with plans, got none in x"):
        training.of_plans("x", [])


def test_the_autoencoder_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that moves every level by 20 has 22.11 dB in every group and keeps the walls; figures are kept."""
    monkeypatch.setattr(reconstruction, "_plan", lambda number: UPPER)
    asked: list[Pixels] = []

    def fade(drawn: Pixels) -> Pixels:
        asked.append(drawn)
        return np.where(drawn > 127, drawn - 20, drawn + 20).astype(np.uint8)

    def measure() -> Mapping[str, reconstruction.Fidelity]:
        return reconstruction.measure(fade, tmp_path, plans=1, size_px=SIDE_PX, report=lambda text: None)

    found = measure()
    assert set(found) == {*CORPUS_STYLES, reconstruction.HARD, reconstruction.STRANGE}
    for fidelity in found.values():
        assert fidelity.psnr.value == pytest.approx(22.11, abs=0.01)
        assert fidelity.walls is None or fidelity.walls.value > 0.9
    assert [found[name].psnr.n for name in ("cad", reconstruction.HARD, reconstruction.STRANGE)] == [1, 3, 1]
    calls = len(asked)
    assert measure() == found and len(asked) == calls
    (tmp_path / "figures.json").write_text("{")
    measure()
    assert len(asked) == 2 * calls


def test_the_worst_own_style_decides() -> None:
    """30 dB in every own style means in the worst of them, which is named."""

    def of(db: float, walls: float | None = None) -> reconstruction.Fidelity:
        return reconstruction.Fidelity(intervals.mean([db]), None if walls is None else intervals.mean([walls]))

    rows = figures.reconstruction_rows(
        {"cad": of(31, 0.90), "listing": of(29, 0.97), reconstruction.HARD: of(23), reconstruction.STRANGE: of(21)}
    )
    assert [(r.words.split()[-1], r.is_met) for r in rows[:2]] == [("listing", False), ("cad", False)]
    assert [r.is_met for r in rows[2:]] == [True, False]


def test_what_was_read_is_shown_where_it_lies() -> None:
    """A storey read four half modules east of its place is drawn there; nothing read is a grey tile."""
    from madorizu.plan import translate

    brief = brief_of(LOWER)
    here = page.read_picture(LOWER, brief)
    there = page.read_picture(translate(LOWER, 4, 0), brief)
    assert np.array_equal(here[:, 40:180], there[:, 72:212])  # 16 px per module at 256 px
    assert set(np.unique(page.read_picture(None, brief)).tolist()) == {224}
