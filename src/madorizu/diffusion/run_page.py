"""The report of a finished run: one HTML file that needs nothing else, a loss plot, a table."""

from __future__ import annotations

import base64
import html
import json
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import madorizu
from madorizu import files
from madorizu.diffusion import curves, lora, preview, trackers

if TYPE_CHECKING:
    from madorizu.diffusion.steps import Run

PAGE, PLOT, TABLE = "report.html", "loss.png", "metrics.csv"
_PACKAGES = ("torch", "diffusers", "transformers", "peft", "accelerate")
_MOST_STEPS = 12  # rows of pictures; of more, the first, the last and some between are shown
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1000px; margin: 2em auto; padding: 0 1em; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2em; }
table { border-collapse: collapse; } td, th { padding: .2em .8em .2em 0; text-align: left; vertical-align: top;
border-bottom: 1px solid #eee; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: .3em 0 1em; } img { max-width: 100%; border: 1px solid #ddd; }
figure { margin: 0; width: 240px; } figcaption { font-size: 12px; color: #555; }
"""


def write(run: Run, figures: Mapping[str, Any]) -> Path:
    """Write the page, the plot and the table into the run's folder; return the page.

    The page holds the settings without the folders of this machine.

    Args:
        figures: of the end: steps, seconds, peak_gb.

    Raises:
        StorageError: if a file cannot be written.
    """
    out = run.settings.out
    rows = trackers.read(out / trackers.METRICS)
    files.atomic_bytes(out / PLOT, curves.png(rows))
    files.atomic_text(out / TABLE, trackers.table(rows))
    files.atomic_text(out / PAGE, page(run, rows, figures))
    return out / PAGE


def page(run: Run, rows: Sequence[Mapping[str, Any]], figures: Mapping[str, Any]) -> str:
    """Return the page as text."""
    modules, parameters = lora.count(run.model)
    told = {
        "base": f"{run.base.name} ({run.base.prediction_type}, {run.settings.size} px)",
        "images": f"{len(run.data.train)} for training, {len(run.data.validation)} for validation",
        "LoRA": f"{modules} modules, {parameters:,} parameters",
        "computed": f"on {run.device.name} in {run.device.dtype}, {run.accelerator.num_processes} process(es)",
        **{name.replace("_", " "): value for name, value in figures.items()},
        "madorizu": madorizu.__version__,
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in _PACKAGES},
    }
    body = [
        "<h1>Training report</h1>",
        _pairs(told),
        "<h2>Loss</h2>",
        curves.svg(rows),
        "<p>The loss of single steps jumps with the noise that was drawn. The validation loss is taken at the same "
        "noise each time, so it can be compared. When it rises while the mean falls, images are learnt by heart.</p>",
        "<h2>Epochs</h2>",
        _epochs(rows),
        _pictures(run),
        "<h2>Settings</h2>",
        _pairs(_told_settings(run)),
    ]
    head = f'<meta charset="utf-8"><title>Training report</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{"".join(body)}\n</body></html>\n'


def _told_settings(run: Run) -> dict[str, Any]:
    hidden = {"base", "data", "out", "cache", "masks", "resume"}  # folders of this machine are nobody's business
    values = run.settings.as_dict()
    return {
        k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in values.items() if k not in hidden
    }


def _pairs(values: Mapping[str, Any]) -> str:
    rows = (f"<tr><th>{html.escape(str(k))}</th><td>{html.escape(str(v))}</td></tr>" for k, v in values.items())
    return f"<table>{''.join(rows)}</table>"


def _epochs(rows: Sequence[Mapping[str, Any]]) -> str:
    found = []
    for row in rows:
        if "epoch_loss" not in row:
            continue
        value = row.get("validation_loss")
        figures = (str(row["step"]), f"{row['epoch_loss']:.4f}", "" if value is None else f"{value:.4f}")
        found.append("<tr>" + "".join(f'<td class="number">{text}</td>' for text in figures) + "</tr>")
    return f"<table><tr><th>step</th><th>mean loss</th><th>validation loss</th></tr>{''.join(found)}</table>"


def _pictures(run: Run) -> str:
    """Return the previews, with their captions under the first row."""
    found = preview.found(run.settings.out)
    if not found:
        return ""
    steps = list(found)
    if len(steps) > _MOST_STEPS:
        steps = sorted({steps[round(i * (len(steps) - 1) / (_MOST_STEPS - 1))] for i in range(_MOST_STEPS)})
    captions = preview.captions_of(run.settings, run.data)
    parts = ["<h2>Pictures of fixed briefs</h2><p>The same noise each time; only the LoRA differs.</p>"]
    for row, step in enumerate(steps):
        figures = []
        for number, path in enumerate(found[step]):
            data = base64.b64encode(path.read_bytes()).decode("ascii")
            words = captions[number] if row == 0 and number < len(captions) else ""
            figures.append(
                f'<figure><img alt="step {step}" src="data:image/png;base64,{data}">'
                f"<figcaption>{html.escape(words)}</figcaption></figure>"
            )
        parts.append(f'<h3>step {step}</h3><div class="row">{"".join(figures)}</div>')
    return "".join(parts)
