"""What a LoRA adds: the guide's four promises, without it and with it, on the same briefs and seeds.

    style      how far the pictures are from held-out drawings of the data, by `metrics.style`
    elements   wishes of the brief that are met
    rooms      rules that a picture can show and that are met
    lines      rooms closed, edges along the axes, walls of even stroke

Both models come in as functions and are asked one after the other, so that the second may be loaded when
the first has gone. Differences are taken pair by pair: the same brief, caption and seed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from madorizu import files
from madorizu.brief import caption
from madorizu.canvas import REFERENCE_PX, SCALES
from madorizu.evaluate import briefs, compare, figures, page, pictures
from madorizu.evaluate.base import judge_all
from madorizu.evaluate.judge import Judged, opened
from madorizu.evaluate.rows import CHANGE, WITH, WITHOUT, Row, to_data, to_text
from madorizu.metrics import intervals, storey, style
from madorizu.metrics.intervals import Estimate
from madorizu.metrics.style import Floats
from madorizu.pictures import Pixels
from madorizu.pipeline import Draw

SEED = 7000  # of the first picture
STYLE_GOAL = 0.60  # of the distance is to go
MOST_WORSE = 0.03  # three points
PAIRS_SHOWN = 4  # on the comparison's picture
LEAST_HELD_OUT = 4


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A drawing of the data that the adapter was not trained on.

    Attributes:
        pixels: uint8, RGB.
        px_per_module: its scale; 0 where it is not known, then it is taken for that of the larger canvas.
    """

    pixels: Pixels
    px_per_module: float


@dataclass(frozen=True, slots=True)
class Promises:
    """What was measured.

    Attributes:
        rows: the four promises; the last column is the difference, pair by pair.
        details: figure by figure.
        notes: what to know about them.
    """

    rows: tuple[Row, ...]
    details: tuple[Row, ...]
    notes: tuple[str, ...]

    def to_text(self) -> str:
        """Write everything for a terminal."""
        return "\n".join([to_text(self.rows), "", to_text(self.details), "", *self.notes])


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of two models.

    Attributes:
        count: briefs, one pair of pictures each.
        style: what the captions name as style, or None for none.
        model: what tells these models from others, for the folder and the report.
        workers: processes that judge; None for one per core.
    """

    count: int
    style: str | None
    model: Mapping[str, Any]
    workers: int | None = None


def run(
    without: Draw,
    with_adapter: Draw,
    held_out: Sequence[HeldOut],
    out: Path,
    question: Question,
    *,
    report: pictures.Report = print,
) -> Promises:
    """Judge a base without and with an adapter, and go on where an earlier run of the same settings stopped.

    Args:
        without, with_adapter: captions and seeds to pictures; the second is called after the first is done.
        held_out: drawings of the data that the adapter never saw; under four the style is left out.
        out: folder; gets report.json, report.txt, report.html, comparison.png and all pictures.
        question: what is asked.
        report: gets a line now and then.

    Raises:
        SettingsError: if there are not as many briefs, or `out` holds another evaluation.
        ModelError: if a model returns something else than pictures, or both differ in size.
        StorageError: if the folder cannot be written.
    """
    asked = briefs.fixed(question.count, style=question.style)
    pictures.claim(out, {"style": question.style, "seed": SEED, "count": question.count, **question.model})
    orders = [pictures.Order(caption(brief), SEED + i) for i, brief in enumerate(asked)]
    with files.locked_folder(out):
        found: dict[str, tuple[Judged, ...]] = {}
        for name, draw in ((WITHOUT, without), (WITH, with_adapter)):
            pictures.draw(orders, draw, out / name, report=report, warm=False)
            report(f"judging {len(orders)} pictures: {name}")
            each = judge_all(orders, out / name, has_style=True, workers=question.workers)
            found[name] = tuple(one for one in each if one is not None)
        comparison = _comparison(orders, out)
        compare.save(comparison, out / "comparison.png")
        outcome = _outcome(found, held_out, comparison.without.shape[1])
        _write(outcome, found, out, question)
    return outcome


def _comparison(orders: Sequence[pictures.Order], out: Path) -> compare.Comparison:
    """Lay the first pairs side by side."""
    shown = orders[:PAIRS_SHOWN]

    def drawn(name: str) -> Draw:
        return lambda captions, seeds: np.stack([opened(out / name / pictures.name_of(i)) for i in range(len(shown))])

    captions = [order.caption for order in shown]
    return compare.compare(captions, without=drawn(WITHOUT), with_adapter=drawn(WITH), seed=shown[0].seed)


def _write(outcome: Promises, found: Mapping[str, Sequence[Judged]], out: Path, question: Question) -> None:
    data = {
        "model": dict(question.model),
        "count": question.count,
        "promises": to_data(outcome.rows),
        "details": to_data(outcome.details),
        "notes": list(outcome.notes),
    }
    files.atomic_text(out / "report.json", json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    files.atomic_text(out / "report.txt", outcome.to_text() + "\n")
    told = ", ".join(f"{key} {value}" for key, value in question.model.items())
    shown = page.sheet(out, found)
    html = page.render("What the adapter adds", told, outcome.rows, outcome.details, outcome.notes, shown)
    files.atomic_text(out / "report.html", html)


# --- figures ------------------------------------------------------------------------------------


def _outcome(found: Mapping[str, Sequence[Judged]], held_out: Sequence[HeldOut], size_px: int) -> Promises:
    rows = [*style_rows(found, held_out, size_px)]
    rows += [_paired_row(key, words, found, value) for key, words, value in _PROMISES]
    details = [_paired_row(key, words, found, value) for key, words, value in _details(found[WITHOUT])]
    notes = [
        "The same briefs, captions and seeds without and with the adapter; nothing repaired, what could not be read "
        "meets nothing.",
        "In brackets: 95 % confidence by a bootstrap; of changes, over the pairs.",
    ]
    if len(held_out) >= LEAST_HELD_OUT:
        mean, most = style.floor_of(features_of(held_out, size_px))
        notes.append(
            f"Style: {len(held_out)} held-out drawings, cut in two halves at random, are {mean:.2f} apart in the mean "
            f"and less than {most:.2f} in 95 % of the cuts: nearer than that cannot be told from the data itself."
        )
    return Promises(tuple(rows), tuple(details), tuple(notes))


_PROMISES: tuple[tuple[str, str, Callable[[Judged], float]], ...] = (
    ("elements", "elements: wishes met", lambda one: sum(one.asked.values()) / len(one.asked)),
    ("rooms", "rooms: rules met", lambda one: 1 - len(one.broken) / len(storey.SHOWN_RULES)),
    ("lines", "lines: closed, along the axes, even", lambda one: (one.closed + one.axis + one.even) / 3),
)


def _details(one_side: Sequence[Judged]) -> list[tuple[str, str, Callable[[Judged], float]]]:
    """Return the figures of `base eval` that can be had of pairs; NaN where a brief does not say the wish."""
    wishes = [*((key, words) for key, words, _ in figures.WISHES), *figures.OTHER_WISHES]
    found = [(key, words, _wish(key)) for key, words in wishes if any(key in one.asked for one in one_side)]
    return [
        *found,
        ("rules", "no finding of any rule that a picture can show", lambda one: float(not one.broken)),
        ("closed", "rooms closed by walls", lambda one: one.closed),
        ("hosted", "doors and windows on walls", lambda one: one.hosted),
        ("axis", "edges along the axes", lambda one: one.axis),
        ("even", "walls of even stroke", lambda one: one.even),
    ]


def _wish(key: str) -> Callable[[Judged], float]:
    return lambda one: float(one.asked.get(key, np.nan))


def _paired_row(key: str, words: str, found: Mapping[str, Sequence[Judged]], value: Callable[[Judged], float]) -> Row:
    pairs = [(value(a), value(b)) for a, b in zip(found[WITHOUT], found[WITH], strict=True)]
    before, after = ([pair[i] for pair in pairs if not np.isnan(pair).any()] for i in (0, 1))
    cells = {
        WITHOUT: intervals.mean(before),
        WITH: intervals.mean(after),
        CHANGE: intervals.difference(before, after),
    }
    return Row(key, words, "%", cells, -MOST_WORSE, of=CHANGE)


# --- style --------------------------------------------------------------------------------------


def features_of(held_out: Sequence[HeldOut], size_px: int) -> Floats:
    """Return the held-out drawings' features: float64, (drawings, features).

    They are first brought to the pictures' size: the model never had more pixels than that.
    """
    found = []
    for drawing in held_out:
        side = drawing.pixels.shape[0]
        scale = drawing.px_per_module or side * SCALES[0] / REFERENCE_PX
        small = pictures.shrunk(drawing.pixels, size_px)
        found.append(style.features(small, scale * small.shape[0] / side))
    return np.array(found)


def style_rows(found: Mapping[str, Sequence[Judged]], held_out: Sequence[HeldOut], size_px: int) -> tuple[Row, Row]:
    """Return the rows about style: the distance to held-out drawings, and by what share the adapter brings it down."""
    words, gone = "style: distance to held-out drawings", "  of it gone"
    if len(held_out) < LEAST_HELD_OUT or len(found[WITHOUT]) < 2:
        why = f"left out: {len(held_out)} held-out drawings, {LEAST_HELD_OUT} are needed"
        return Row("style", words, "", why_not=why), Row("style_gone", gone, "%", why_not=why)
    without, with_adapter, share = _style_estimates(found, features_of(held_out, size_px))
    return (
        Row("style", words, "", {WITHOUT: without, WITH: with_adapter}),
        Row("style_gone", gone, "%", {WITH: share}, STYLE_GOAL),
    )


def _style_estimates(found: Mapping[str, Sequence[Judged]], own: Floats) -> tuple[Estimate, Estimate, Estimate]:
    """Return both distances and the share that is gone, with a bootstrap over briefs and held-out drawings."""
    sets = [np.array([one.features for one in found[name]]) for name in (WITHOUT, WITH)]
    apart = [(style.distances(each, own), style.distances(each, each)) for each in sets]
    home, n, m = style.distances(own, own), len(sets[0]), len(own)

    def distances(rows: Floats, columns: Floats) -> list[float]:
        return [style.weighed(between, within, home, rows, columns) for between, within in apart]

    values = distances(np.ones(n), np.ones(m))
    draws = []
    for rows, columns in zip(intervals.resamples(n, seed=0), intervals.resamples(m, seed=1), strict=True):
        weights = np.bincount(rows, minlength=n).astype(float), np.bincount(columns, minlength=m).astype(float)
        if min(map(np.count_nonzero, weights)) > 1:  # of one picture alone nothing can be said
            draws.append(distances(*weights))
    spread = np.array(draws)
    shares = 1 - spread[:, 1] / np.maximum(spread[:, 0], _LEAST_DISTANCE)
    share = 1 - values[1] / max(values[0], _LEAST_DISTANCE)
    without, with_adapter = (Estimate(values[i], n, *intervals.ends(spread[:, i])) for i in (0, 1))
    return without, with_adapter, Estimate(share, n, *intervals.ends(shares))


_LEAST_DISTANCE = 1e-3  # where the base draws in the data's style already, nothing can be gone
