"""The room schedule as CSV."""

from __future__ import annotations

import csv
import io

from madorizu.export.schedule import HEADINGS, remark, rows
from madorizu.export.subject import Settings, Subject

# What spreadsheets take for the beginning of a formula, also as letters of full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def rooms_csv(subject: Subject, settings: Settings) -> bytes:
    """Write the room schedule as CSV with commas.

    A text that a spreadsheet would take for a formula begins with an apostrophe. The first
    line of an unlawful plan is its notice.

    Returns:
        UTF-8 with a byte order mark, without which Excel shows no Japanese, and CRLF.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    if subject.broken:
        writer.writerow([subject.notice(settings.words)])
    writer.writerow(HEADINGS[settings.words])
    for row in rows(subject, settings.words):
        figures = f"{row.size.m2:.2f}", f"{row.size.jo:.1f}", f"{row.size.tsubo:.2f}"
        words = ("" if cell is None else _safe(cell) for cell in row.cells[: -len(figures)])
        writer.writerow([*words, *figures])
    writer.writerow([f"* {remark(settings.words)}"])
    return file.getvalue().encode("utf-8-sig")


def _safe(cell: str | int | float) -> str | int | float:
    if isinstance(cell, str) and cell.lstrip().startswith(FORMULA):
        return f"'{cell}"
    return cell
