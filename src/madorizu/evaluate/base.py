"""How well a model draws what it is asked: the table of `madorizu base eval`.

The model comes in as a function from captions and seeds to pictures, so any base can be judged, with
an adapter or alone. It is asked for one picture per fixed brief; nothing is repaired and nothing is
drawn again. What stands beside it in the table:

    shuffled   its own pictures, each judged by another picture's brief: what luck alone gives
    houses     drawings of lawful houses that meet the briefs, read by the same reader: what can be reached
    noise, blank pages
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from madorizu import executor, files
from madorizu.brief import Brief, caption
from madorizu.evaluate import briefs, controls, figures, page, pictures, reconstruction
from madorizu.evaluate.judge import Job, Judged, judged, opened
from madorizu.evaluate.reconstruction import Fidelity, Reconstruct
from madorizu.evaluate.rows import BLANK, HOUSES, MODEL, NOISE, Row, to_data, to_text
from madorizu.evaluate.training import Training
from madorizu.pipeline import Draw

SEED = 5000  # of the first picture
SEEDS_EACH = 8  # pictures of one brief, to see how much they differ
BRIEFS_OF_SEEDS = 4
LEGALISE_S = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What is measured, and how much of it.

    Attributes:
        count: briefs.
        style: in the place of the briefs' own; None leaves it open, "" keeps them.
        seconds: time for `legalise` per picture.
        workers: processes that judge; None for one per core.
        model: what tells this model from others, for the folder and the report.
    """

    count: int
    style: str | None
    seconds: float
    workers: int | None
    model: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured.

    Attributes:
        rows: the table.
        details: further figures, without goals.
        notes: what to know about them.
        judged: by column, the pictures in the order of the briefs; None for one that is not there.
    """

    rows: tuple[Row, ...]
    details: tuple[Row, ...]
    notes: tuple[str, ...]
    judged: Mapping[str, tuple[Judged | None, ...]]

    def to_text(self) -> str:
        """Write everything for a terminal."""
        return "\n".join([to_text(self.rows), "", to_text(self.details), "", *self.notes])


def run(
    model: Draw,
    out: Path,
    settings: Settings,
    *,
    reconstruct: Reconstruct | None = None,
    training: Training | None = None,
    report: pictures.Report = print,
) -> Outcome:
    """Judge a model, write table and pictures, and go on where an earlier run of the same settings stopped.

    Args:
        model: captions and seeds to pictures.
        out: folder; gets report.json, report.txt, report.html and all pictures with what was found on each.
        settings: what is measured.
        reconstruct: the base's autoencoder; without it these rows are left out.
        training: the plans that the model was trained on; without them the row says so.
        report: gets a line now and then.

    Raises:
        SettingsError: if there are not as many briefs, or `out` holds another evaluation.
        ModelError: if the model returns something else than pictures.
        StorageError: if the folder cannot be written.
    """
    asked = briefs.fixed(settings.count, style=settings.style)
    pictures.claim(out, {"style": settings.style, "seconds": settings.seconds, "seed": SEED, **settings.model})
    with files.locked_folder(out):
        columns, variety = _columns(model, out, asked, settings, report)
        size_px = opened(out / MODEL / pictures.name_of(0)).shape[0]
        found: Mapping[str, Fidelity] = {}
        if reconstruct is not None:
            plans = min(reconstruction.MOST_PLANS, max(2, settings.count // 12))
            place = out / "reconstruction"
            found = reconstruction.measure(reconstruct, place, plans=plans, size_px=size_px, report=report)
        seconds = [s for name in (MODEL, f"{MODEL}_seeds") for s in pictures.seconds_each(out / name)]
        outcome = _outcome(columns, variety, found, training, seconds)
        _write(outcome, out, settings)
    return outcome


def _columns(
    model: Draw, out: Path, asked: Sequence[Brief], settings: Settings, report: pictures.Report
) -> tuple[dict[str, tuple[Judged | None, ...]], dict[str, list[tuple[Judged | None, ...]]]]:
    """Draw and judge all pictures; returns the columns, and the groups of pictures of one brief."""
    orders = [pictures.Order(caption(brief), SEED + i) for i, brief in enumerate(asked)]
    pictures.draw(orders, model, out / MODEL, report=report)
    several = asked[: max(1, min(BRIEFS_OF_SEEDS, len(asked) // 2))]
    again = [(brief, SEED + 1000 * (i + 1) + k) for i, brief in enumerate(several) for k in range(SEEDS_EACH)]
    many = [pictures.Order(caption(brief), seed) for brief, seed in again]
    pictures.draw(many, model, out / f"{MODEL}_seeds", report=report, warm=False)
    size_px = opened(out / MODEL / pictures.name_of(0)).shape[0]
    report("houses that meet the briefs")
    seeds = [order.seed for order in orders]
    controls.draw_houses(asked, seeds, out / HOUSES, size_px=size_px, workers=settings.workers)
    meant, numbers = [brief for brief, _ in again], [seed for _, seed in again]
    controls.draw_houses(meant, numbers, out / f"{HOUSES}_seeds", size_px=size_px, workers=settings.workers)
    controls.draw_noise(len(asked), out / NOISE, size_px=size_px)
    controls.draw_blank(len(asked), out / BLANK, size_px=size_px)
    found: dict[str, tuple[Judged | None, ...]] = {}
    for name in (MODEL, HOUSES, NOISE, BLANK):
        report(f"judging {len(asked)} pictures: {name}")
        found[name] = judge_all(orders, out / name, seconds=settings.seconds, workers=settings.workers)
    groups: dict[str, list[tuple[Judged | None, ...]]] = {}
    for name in (MODEL, HOUSES):
        each = judge_all(many, out / f"{name}_seeds", workers=settings.workers)
        groups[name] = [each[i : i + SEEDS_EACH] for i in range(0, len(each), SEEDS_EACH)]
    return found, groups


def judge_all(
    orders: Sequence[pictures.Order],
    folder: Path,
    *,
    seconds: float = 0.0,
    has_style: bool = False,
    workers: int | None = None,
) -> tuple[Judged | None, ...]:
    """Judge the pictures of a folder by what was asked for each; None for one that is not there."""
    jobs = [
        Job(folder / pictures.name_of(i), order.caption, seconds, has_style)
        for i, order in enumerate(orders)
        if (folder / pictures.name_of(i)).is_file()
    ]
    numbered = executor.run(_judged, list(enumerate(jobs)), workers=workers, name=lambda j: j[1].picture.name)
    found = {jobs[i].picture.name: one for i, one in numbered}
    return tuple(found.get(pictures.name_of(i)) for i in range(len(orders)))


def _judged(item: tuple[int, Job]) -> tuple[int, Judged]:
    number, job = item
    return number, judged(job)


def _outcome(
    columns: Mapping[str, tuple[Judged | None, ...]],
    variety: Mapping[str, list[tuple[Judged | None, ...]]],
    fidelity: Mapping[str, Fidelity],
    training: Training | None,
    seconds: Sequence[float],
) -> Outcome:
    known = {name: [one for one in found if one is not None] for name, found in columns.items()}
    swapped = figures.swapped(known[MODEL]) if len(known[MODEL]) > 1 else None
    rows = [
        *figures.reconstruction_rows(fidelity),
        *figures.wish_rows(known, swapped),
        *figures.drawing_rows(known),
        *figures.legal_rows(known),
        figures.variety_row(variety),
        figures.memory_row(known, training),
        figures.speed_row(seconds),
    ]
    details = (*figures.style_rows(fidelity), *figures.detail_rows(known, swapped))
    notes = figures.notes(known, columns, training)
    return Outcome(tuple(rows), details, notes, columns)


def _write(outcome: Outcome, out: Path, settings: Settings) -> None:
    data = {
        "model": dict(settings.model),
        "count": settings.count,
        "table": to_data(outcome.rows),
        "details": to_data(outcome.details),
        "notes": list(outcome.notes),
    }
    files.atomic_text(out / "report.json", json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    files.atomic_text(out / "report.txt", outcome.to_text() + "\n")
    shown = page.sheet(out, {name: outcome.judged[name] for name in (MODEL, HOUSES)})
    told = ", ".join(f"{key} {value}" for key, value in settings.model.items())
    html = page.render("How well the model draws", told, outcome.rows, outcome.details, outcome.notes, shown)
    files.atomic_text(out / "report.html", html)
