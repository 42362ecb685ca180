"""The table of an evaluation: one row per figure, one column per model or control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from madorizu.metrics.intervals import Estimate

Unit = Literal["%", "dB", "s", "points", ""]
MODEL, SHUFFLED, HOUSES, NOISE, BLANK = "model", "shuffled", "houses", "noise", "blank"
WITHOUT, WITH, CHANGE = "without", "with", "change"  # the last holds differences: shares differ by points
COLUMNS = (MODEL, SHUFFLED, HOUSES, NOISE, BLANK, WITHOUT, WITH, CHANGE)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure.

    Attributes:
        key: its name for programs.
        words: what it is.
        unit: shares are kept as 0 to 1 and shown in per cent.
        cells: by column; None where it was not measured there.
        goal: what the first column is to reach, None for none.
        at_least: whether more is better.
        goal_words: where the goal comes from, "" where it is the number alone.
        why_not: why it was not measured, "" where it was.
        of: the column that the goal and n speak of, "" for the first.
    """

    key: str
    words: str
    unit: Unit
    cells: Mapping[str, Estimate | None] = field(default_factory=dict)
    goal: float | None = None
    at_least: bool = True
    goal_words: str = ""
    why_not: str = ""
    of: str = ""

    @property
    def first(self) -> Estimate | None:
        """The cell that the goal and n speak of."""
        return self.cells.get(self.of) if self.of else next(iter(self.cells.values()), None)

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without a goal or a figure."""
        if self.goal is None or self.first is None:
            return None
        return self.first.value >= self.goal if self.at_least else self.first.value <= self.goal

    @property
    def goal_text(self) -> str:
        """The goal for people: "≥ 97.0 %", with where it comes from."""
        if self.goal is None:
            return ""
        sign = "≥" if self.at_least else "≤"
        text = f"{sign} {shown(self.goal, self.unit_of(self.of))}"
        return f"{text} ({self.goal_words})" if self.goal_words else text

    def unit_of(self, column: str) -> Unit:
        """Return the unit of a column's cells."""
        return "points" if column == CHANGE and self.unit == "%" else self.unit

    def text_of(self, column: str) -> str:
        """Write a column's cell: value and interval; "" where the row has no such column."""
        if column not in self.cells:
            return ""
        return cell_text(self.cells[column], self.unit_of(column))


def shown(value: float, unit: Unit) -> str:
    """Write a value with its unit."""
    if unit == "%":
        return f"{100 * value:.1f} %"
    if unit == "points":
        return f"{100 * value:+.1f}"
    return f"{value:.2f} {unit}".strip()


def cell_text(cell: Estimate | None, unit: Unit) -> str:
    """Write a cell: value and interval."""
    if cell is None:
        return "–"
    low, high = (shown(v, unit).removesuffix(f" {unit}") for v in (cell.low, cell.high))
    return f"{shown(cell.value, unit)} ({low} to {high})"


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Return the columns of a table: models first, then what they are held against."""
    found = dict.fromkeys(name for row in rows for name in row.cells)
    return sorted(found, key=lambda name: COLUMNS.index(name) if name in COLUMNS else len(COLUMNS))


def to_text(rows: Sequence[Row]) -> str:
    """Write a table for a terminal; the number of items is that of the first column.

    What was not measured says why.
    """
    columns = columns_of(rows)
    body = [["", "goal", "met", "n", *columns]]
    for row in rows:
        met = {None: "", True: "yes", False: "no"}[row.is_met]
        n = str(row.first.n) if row.first is not None else ""
        body.append([row.words, row.goal_text, met, n, *([] if row.why_not else map(row.text_of, columns))])
    widths = [max(len(line[i]) for line in body if i < len(line)) for i in range(len(body[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=False)) for line in body]
    reasons = ["", *(row.why_not for row in rows)]
    return "\n".join(f"{line}  {why}".rstrip() for line, why in zip(lines, reasons, strict=True))


def to_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return a table as JSON data; shares are 0 to 1."""
    return [
        {
            "figure": row.key,
            "words": row.words,
            "unit": row.unit,
            "goal": None if row.goal is None else {"value": round(row.goal, 4), "at_least": row.at_least},
            "goal_words": row.goal_words,
            "met": row.is_met,
            "why_not": row.why_not,
            "cells": {name: _cell_data(cell) for name, cell in row.cells.items()},
        }
        for row in rows
    ]


def _cell_data(cell: Estimate | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {
        "value": round(cell.value, 4),
        "n": cell.n,
        "low": round(cell.low, 4),
        "high": round(cell.high, 4),
    }
