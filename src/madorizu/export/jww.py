"""DXF R12 in cp932: what JW_CAD takes."""

from __future__ import annotations

from madorizu.draw.style import style_named
from madorizu.export.cad import Board, draw_board, file_of, new_document, plain_text
from madorizu.export.letters import ENCODING, in_cp932
from madorizu.export.subject import Settings, Subject


def jww(subject: Subject, settings: Settings) -> bytes:
    """Write all storeys side by side as a DXF R12 file in cp932, in millimetres.

    The drawing is that of the R2010 file, in what R12 knows: dimensions are lines and numbers,
    ellipses are chords, walls are outlines. Letters that cp932 does not have become 〓. The file
    carries no plan: R12 has no place for it that JW_CAD keeps.

    Returns:
        cp932; equal inputs give equal bytes.
    """
    doc = new_document("R12")
    doc.encoding = ENCODING
    draw_board(Board(doc, True, style_named(settings.style), _cp932), subject, settings)
    return file_of(doc)


def _cp932(words: str) -> str:
    return plain_text(in_cp932(words))
