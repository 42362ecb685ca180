"""An evaluation as one HTML file: tables and pictures, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from PIL import Image as images

from madorizu import canvas, degrade, draw
from madorizu.brief import Brief
from madorizu.evaluate import pictures
from madorizu.evaluate.judge import Judged, opened
from madorizu.evaluate.rows import Row, columns_of
from madorizu.pictures import Pixels
from madorizu.plan import Plan, indoor_cells, outline

TILE_PX = 256
MOST_SHOWN = 48  # briefs with pictures on the page
READ_STYLE = "listing"
_COLOURS = 48  # of a picture on the page


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture on the page: what it is, and its data as a URL."""

    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of pictures: its head, what is good and what is wrong, and its tiles."""

    head: str
    good: str
    wrong: str
    tiles: tuple[Tile, ...]


def render(
    title: str,
    model: str,
    rows: Sequence[Row],
    details: Sequence[Row],
    notes: Sequence[str],
    entries: Sequence[Entry],
) -> str:
    """Return the page.

    Args:
        title: its head.
        model: what was judged.
        rows: the table; `details` another below it.
        notes: lines of text.
        entries: pictures.
    """
    tables = [("", _table(rows)), ("Details", _table(details))]
    return _template().render(title=title, model=model, tables=tables, notes=notes, entries=entries)


def _table(rows: Sequence[Row]) -> dict[str, object]:
    columns = columns_of(rows)
    lines = [
        {
            "words": row.words,
            "goal": row.goal_text,
            "met": {None: "", True: "met", False: "missed"}[row.is_met],
            "n": "" if row.first is None else row.first.n,
            "why_not": row.why_not,
            "cells": [row.text_of(name).partition(" (") for name in columns],
        }
        for row in rows
    ]
    return {"columns": columns, "lines": lines}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("madorizu.evaluate", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


# --- pictures ---------------------------------------------------------------------------------


def sheet(out: Path, judged: Mapping[str, Sequence[Judged | None]]) -> list[Entry]:
    """Return the pictures of an evaluation: per brief each column's drawing, and as it was read."""
    names = list(judged)
    entries = []
    for number in range(min(MOST_SHOWN, len(judged[names[0]]))):
        first = judged[names[0]][number]
        if first is None:
            continue
        tiles = []
        for name in names:
            path, one = out / name / pictures.name_of(number), judged[name][number]
            if one is None:
                continue
            tiles.append(Tile(name, url(opened(path))))
            tiles.append(Tile(f"{name}, as it was read", _read_url(one)))
        good, wrong = (f"{names[0]} has {what}" if what else "" for what in verdict(first))
        entries.append(Entry(f"{number}: {first.caption}", good, wrong, tuple(tiles)))
    entries += _reconstructions(out / "reconstruction")
    return entries


def _reconstructions(folder: Path) -> list[Entry]:
    tiles = []
    for path in sorted(folder.glob("*.png")):
        pair = opened(path)
        half = pair.shape[1] // 2
        tiles.append(Tile(path.stem, url(pair[:, :half])))
        tiles.append(Tile(f"{path.stem}, reconstructed", url(pair[:, half:])))
    return [Entry("What the autoencoder leaves of drawings", "", "", tuple(tiles))] if tiles else []


def verdict(one: Judged) -> tuple[str, str]:
    """Say in words what a picture has right and what not."""
    good = [name.replace("_", " ") for name, met in one.asked.items() if met]
    wrong = [name.replace("_", " ") for name, met in one.asked.items() if not met]
    wrong = [one.failure] if one.failure else [*wrong, *one.broken]
    return f"right: {', '.join(good)}" if good else "", f"wrong: {', '.join(wrong)}" if wrong else ""


def url(picture: Pixels) -> str:
    """Return a picture as the URL of a small PNG of few colours."""
    file = io.BytesIO()
    images.fromarray(pictures.shrunk(picture, TILE_PX)).quantize(_COLOURS, dither=images.Dither.NONE).save(
        file, "PNG", optimize=True
    )
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _read_url(one: Judged) -> str:
    return url(read_picture(one.plan, one.brief))


def read_picture(plan: Plan | None, brief: Brief) -> Pixels:
    """Draw what was read where the picture has it; grey where nothing was read."""
    if plan is None or not indoor_cells(plan):
        return np.full((TILE_PX, TILE_PX, 3), 224, np.uint8)
    place = canvas.fit(brief.width_mm, brief.height_mm, size_px=TILE_PX)
    x, y, _, _ = outline(plan)
    # A drawing begins at the outline's corner; the reading may not.
    away = np.array([[1, 0, x * place.px_per_module / 2], [0, 1, y * place.px_per_module / 2]], np.float64)
    return degrade.warped(draw.raster(plan, READ_STYLE, canvas=place), away, (TILE_PX, TILE_PX))
