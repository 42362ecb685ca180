"""PNG: all storeys side by side in pixels, crisp, with the resolution that prints at the scale."""

from __future__ import annotations

import io
import math

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from madorizu.draw.marks import PAPER_SCALE, Text
from madorizu.draw.raster import pixels
from madorizu.draw.sheet import MOST_PIXELS, SheetPlace
from madorizu.draw.style import style_named
from madorizu.draw.svg import document
from madorizu.draw.text import LEGIBLE_PX, NAME_MM
from madorizu.errors import SettingsError
from madorizu.export.letters import in_packaged_letters
from madorizu.export.placing import box_of_marks, notice_marks, side_by_side, storeys, with_margin
from madorizu.export.subject import Settings, Subject
from madorizu.export.words import drawing_title
from madorizu.plan import MODULE_MM


def png(subject: Subject, settings: Settings) -> bytes:
    """Draw all storeys side by side as a PNG file. Letters that the packaged font lacks are 〓.

    Raises:
        SettingsError: if it would have too many pixels to hold.
    """
    subject = in_packaged_letters(subject)
    place = SheetPlace(settings.px_per_module)
    height = max(NAME_MM * settings.scale / PAPER_SCALE, LEGIBLE_PX * place.mm_per_px)
    placed = side_by_side(storeys(subject, settings, text_mm=height))
    marks = [mark for storey in placed for mark in storey.marks]
    marks += notice_marks(subject, settings, box_of_marks(marks))
    x0, y0, x1, y1 = with_margin(box_of_marks(marks), settings)
    left, top = math.floor(x0 / place.mm_per_px), math.floor(y0 / place.mm_per_px)
    width, depth = math.ceil(x1 / place.mm_per_px) - left, math.ceil(y1 / place.mm_per_px) - top
    if width * depth > MOST_PIXELS:
        raise SettingsError(
            f"picture must have at most {MOST_PIXELS} pixels, got {width} x {depth}",
            "ask for fewer pixels per module, or for an SVG",
        )
    text = document(marks, style_named(settings.style).paper, place, (left, top, width, depth))
    picture = pixels(text, [mark.text for mark in marks if isinstance(mark, Text)])
    return _file(Image.fromarray(picture), subject, settings)


def _file(image: Image.Image, subject: Subject, settings: Settings) -> bytes:
    """Write the file, with its title and its notice as texts that tools can read."""
    words = PngInfo()
    words.add_itxt("Title", drawing_title(subject, settings.words))
    if subject.broken:
        words.add_itxt("Warning", subject.notice(settings.words))
    dpi = settings.px_per_module * settings.scale / MODULE_MM * 25.4
    file = io.BytesIO()
    image.save(file, "PNG", dpi=(dpi, dpi), optimize=True, pnginfo=words)
    return file.getvalue()
