"""The room schedule as an Excel workbook."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import xlsxwriter

from madorizu.draw.text import text_width_mm
from madorizu.export.schedule import HEADINGS, SHEETS, Row, remark, rows
from madorizu.export.subject import Settings, Subject
from madorizu.export.words import drawing_title

NEVER = datetime(2000, 1, 1)  # what Excel shows as the day when the file was made
WIDEST, NARROWEST = 40, 7  # letters of a column
FIGURES = {1: "0", 4: "0.00", 5: "0.0", 6: "0.00"}  # format of a column


def rooms_xlsx(subject: Subject, settings: Settings) -> bytes:
    """Write the room schedule as a workbook with one sheet, ready to print.

    Every text is written as a text: nothing becomes a formula or a link.

    Returns:
        An .xlsx file; equal inputs give equal bytes.
    """
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, options)
    title = drawing_title(subject, settings.words)
    book.set_properties(
        {"title": title, "author": "madorizu", "created": NEVER, "comments": subject.notice(settings.words)}
    )
    sheet = book.add_worksheet(SHEETS[settings.words])
    line = 0
    if subject.broken:
        sheet.write_string(
            0, 0, subject.notice(settings.words), book.add_format({"bold": True, "font_color": "#C00000"})
        )
        line = 1
    table = rows(subject, settings.words)
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8E8E8"})
    for column, word in enumerate(HEADINGS[settings.words]):
        sheet.write_string(line, column, word, head)
    for place, row in enumerate(table, start=line + 1):
        _write(book, sheet, place, row)
    sheet.write_string(line + len(table) + 1, 0, f"* {remark(settings.words)}")
    _columns(sheet, [HEADINGS[settings.words], *(row.cells for row in table)])
    sheet.freeze_panes(line + 1, 0)
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    book.close()
    return file.getvalue()


def _write(book: Any, sheet: Any, place: int, row: Row) -> None:
    for column, cell in enumerate(row.cells):
        given: dict[str, Any] = {"bold": True, "top": 1} if row.kind == "sum" else {}
        if column in FIGURES:
            given["num_format"] = FIGURES[column]
        form = book.add_format(given)
        if cell is None:
            sheet.write_blank(place, column, None, form)
        elif isinstance(cell, str):
            sheet.write_string(place, column, cell, form)
        else:
            sheet.write_number(place, column, cell, form)


def _columns(sheet: Any, table: list[tuple[Any, ...]]) -> None:
    """Make columns as wide as what stands in them."""
    for column in range(len(table[0])):
        widest = max(text_width_mm(str(row[column] if row[column] is not None else ""), 2.0) for row in table)
        sheet.set_column(column, column, min(WIDEST, max(NARROWEST, widest + 2)))
