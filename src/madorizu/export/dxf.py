"""DXF R2010: layers with line weights, blocks, dimensions; it carries the plan."""

from __future__ import annotations

from madorizu.draw.style import style_named
from madorizu.export import carried
from madorizu.export.cad import RECORD, Board, draw_board, drawn, file_of, new_document, plain_text
from madorizu.export.subject import Settings, Subject
from madorizu.export.words import drawing_title


def dxf(subject: Subject, settings: Settings) -> bytes:
    """Write all storeys side by side as a DXF R2010 file in millimetres.

    Layers are named `1F-WALL`, with a line weight each; doors, windows and fixtures are blocks;
    dimensions are DIMENSION entities. The letters are as high as they are at 1:100. The plan
    itself lies in an XRECORD of the root dictionary, as layers and lines alone cannot tell the
    kind of a room, a sill's height or to which side a wall belongs; `reading.read` takes it
    from there.

    Returns:
        UTF-8; equal inputs give equal bytes.
    """
    doc = new_document("R2010")
    draw_board(Board(doc, False, style_named(settings.style), plain_text), subject, settings)
    doc.header.custom_vars.append("Title", plain_text(drawing_title(subject, settings.words)))
    if subject.broken:
        doc.header.custom_vars.append("Warning", subject.notice(settings.words))
    lines = [carried.HEAD, carried.digest(drawn(doc)), *carried.pack(subject.item)]
    doc.rootdict.add_xrecord(RECORD).reset([(1, line) for line in lines])
    return file_of(doc)
