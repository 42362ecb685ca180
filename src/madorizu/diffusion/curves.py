"""The course of a run as a picture: losses by step, as SVG for the report and as PNG.

Both are drawn from one list of lines in the same coordinates.
"""

from __future__ import annotations

import html
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 960, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 34, 36
_COLOURS = {"loss": "#b8c4d6", "mean of the loss": "#1f4e8c", "validation loss": "#c0392b"}
_POINTS = 2000  # of a line; more would only make the files larger


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, and (step, value) in order."""

    name: str
    points: tuple[tuple[float, float], ...]


def lines(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the losses of a run's metrics: of each step, their moving mean, and of the validations.

    Only finite values are taken.
    """
    losses = [(row["step"], row["loss"]) for row in rows if math.isfinite(row.get("loss", math.nan))]
    checked = [
        (row["step"], row["validation_loss"])
        for row in rows
        if row.get("validation_loss") is not None and math.isfinite(row["validation_loss"])
    ]
    smooth = _moving([value for _, value in losses], max(1, len(losses) // 20))
    means = [(step, value) for (step, _), value in zip(losses, smooth, strict=True)]
    found = {"loss": losses, "mean of the loss": means, "validation loss": checked}
    return [Line(name, tuple(_thinned(points))) for name, points in found.items() if points]


def _moving(values: Sequence[float], window: int) -> list[float]:
    found, total = [], 0.0
    for i, value in enumerate(values):
        total += value - (values[i - window] if i >= window else 0.0)
        found.append(total / min(i + 1, window))
    return found


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    every = -(-len(points) // _POINTS)
    return [point for i, point in enumerate(points) if i % every == 0 or i == len(points) - 1]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Which steps and values the picture shows."""

    first: float
    last: float
    top: float

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        across = (point[0] - self.first) / max(self.last - self.first, 1)
        up = min(point[1] / self.top, 1)
        return _LEFT + across * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM)


def _frame(curves: Sequence[Line]) -> _Frame:
    steps = [step for line in curves for step, _ in line.points] or [0.0, 1.0]
    values = sorted(value for line in curves for _, value in line.points) or [1.0]
    most = values[int(0.99 * (len(values) - 1))]  # a single peak does not flatten all the rest
    return _Frame(min(steps), max(steps), _round_up(most) if most > 0 else 1.0)


def _round_up(value: float) -> float:
    unit: float = 10.0 ** math.floor(math.log10(value))
    return float(next(unit * k for k in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * k >= value * 0.999))


def svg(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the picture as an SVG element."""
    curves = lines(rows)
    frame = _frame(curves)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="http://www.w3.org/2000/svg" font-size="13">']
    for (x1, y1), (x2, y2), text, anchor in _grid(frame):
        parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>')
        dx, dy = (-6, 4) if anchor == "end" else (0, 18)
        at = f'x="{x1 + dx:.1f}" y="{y1 + dy:.1f}" text-anchor="{anchor}"'
        parts.append(f'<text {at} fill="#555555">{html.escape(text)}</text>')
    for number, line in enumerate(curves):
        colour, wide = _COLOURS[line.name], 1 if line.name == "loss" else 2.5
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(frame.place, line.points))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{wide}"/>')
        x = _LEFT + 190 * number
        parts.append(f'<line x1="{x}" y1="16" x2="{x + 26}" y2="16" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{x + 32}" y="20" fill="#333333">{html.escape(line.name)}</text>')
    return "".join([*parts, "</svg>"])


def png(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the same picture as the bytes of a PNG file."""
    from PIL import Image, ImageDraw, ImageFont

    curves = lines(rows)
    frame = _frame(curves)
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for start, end, text, anchor in _grid(frame):
        pen.line([start, end], fill="#dddddd")
        at, form = ((start[0] - 6, start[1]), "rm") if anchor == "end" else ((start[0], start[1] + 6), "ma")
        pen.text(at, text, fill="#555555", font=font, anchor=form)
    for number, line in enumerate(curves):
        colour, wide = _COLOURS[line.name], 1 if line.name == "loss" else 3
        places = [frame.place(point) for point in line.points]
        if len(places) > 1:
            pen.line(places, fill=colour, width=wide)
        else:
            pen.ellipse([places[0][0] - 3, places[0][1] - 3, places[0][0] + 3, places[0][1] + 3], fill=colour)
        x = _LEFT + 190 * number
        pen.line([(x, 16), (x + 26, 16)], fill=colour, width=3)
        pen.text((x + 32, 16), line.name, fill="#333333", font=font, anchor="lm")
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _grid(frame: _Frame) -> list[tuple[tuple[float, float], tuple[float, float], str, str]]:
    """Return lines across for five values and up for five steps, each with its label."""
    found = []
    for i in range(6):
        value = frame.top * i / 5
        ends = frame.place((frame.first, value)), frame.place((frame.last, value))
        found.append((*ends, f"{value:.3g}", "end"))
    for step in sorted({round(frame.first + (frame.last - frame.first) * i / 5) for i in range(6)}):
        ends = frame.place((step, 0)), frame.place((step, frame.top))
        found.append((*ends, str(step), "middle"))
    return found
