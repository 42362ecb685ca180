"""PDF to scale: a page per storey, with a frame, a title block, and the Japanese font embedded."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from madorizu.draw.marks import PAPER_SCALE, Arc, Area, Box, Lines, Path, Primitive, Text
from madorizu.draw.style import style_named
from madorizu.draw.text import FONT_FILE, Lang, packaged
from madorizu.errors import SettingsError
from madorizu.export.letters import in_packaged_letters
from madorizu.export.placing import Storey, box_of_marks, notice_marks, storeys
from madorizu.export.subject import PAPERS_MM, Settings, Subject
from madorizu.export.words import drawing_title, floor_size, storey_title
from madorizu.plan import House

FONT = "BIZUDGothic"
POINTS = 72 / 25.4  # per millimetre
EDGE_MM, BLOCK_MM = 10.0, 16.0  # from the paper's edge to the frame; height of the title block
BASELINE = 0.36  # of the letters' height below a line's middle, as `draw.svg`
WORD_MM, TITLE_MM = 2.2, 3.6  # heights in the title block
_WORDS: dict[Lang, dict[str, str]] = {
    "ja": {"name": "名称", "drawing": "図面", "scale": "縮尺", "area": "床面積", "sheet": "図番", "date": "日付"},
    "en": {
        "name": "Project", "drawing": "Drawing", "scale": "Scale", "area": "Floor area",
        "sheet": "Sheet", "date": "Date",
    },
}  # fmt: skip


def pdf(subject: Subject, settings: Settings) -> bytes:
    """Write a PDF with a page per storey, lowest first, all of them at the same place of the paper.

    The paper lies, or stands where the drawing only fits so. Lengths on paper are those of the
    building over the scale; viewers must print at 100 %. Words can be searched and copied;
    letters that the packaged font lacks are 〓. The file carries no date of its own.

    Raises:
        SettingsError: if the drawing does not fit the paper at the scale.
    """
    subject, settings = in_packaged_letters(subject), replace(settings, date=packaged(settings.date))
    drawn = storeys(subject, settings)
    marks = [mark for storey in drawn for mark in storey.marks]
    notice = notice_marks(subject, settings, box_of_marks(marks))
    box = box_of_marks([*marks, *notice])
    paper, size = _paper(box, settings)
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(FONT_FILE)))
    file = io.BytesIO()
    canvas = Canvas(
        file, pagesize=(size[0] * POINTS, size[1] * POINTS), invariant=1, lang=settings.lang, initialFontName=FONT
    )
    canvas.setTitle(drawing_title(subject, settings.words))
    canvas.setAuthor("madorizu")
    canvas.setCreator("madorizu")
    canvas.setSubject(subject.notice(settings.words) or f"S=1/{settings.scale} ({paper})")
    for number, storey in enumerate(drawn, start=1):
        page = _Page(canvas, size, box, settings)
        page.background()
        for mark in (*storey.marks, *notice):
            page.draw(mark)
        page.frame(_cells(subject, storey, number, paper, settings))
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _paper(box: Box, settings: Settings) -> tuple[str, tuple[float, float]]:
    """Choose the paper and turn it so that the drawing fits; returns its name, width and height in mm.

    Raises:
        SettingsError: if it fits on none.
    """
    names = PAPERS_MM if settings.paper == "auto" else (settings.paper,)
    need = (box[2] - box[0]) / settings.scale, (box[3] - box[1]) / settings.scale
    for name in names:
        long, short = PAPERS_MM[name]
        for size in ((long, short), (short, long)):
            if need[0] <= size[0] - 2 * EDGE_MM and need[1] <= size[1] - 2 * EDGE_MM - BLOCK_MM:
                return name, (float(size[0]), float(size[1]))
    wanted, got = f"{' or '.join(names)} at 1:{settings.scale}", f"{need[0]:.0f} x {need[1]:.0f} mm"
    raise SettingsError(
        f"drawing must fit on {wanted}, got {got} on paper",
        f"each takes a frame of {EDGE_MM:g} mm and a title block; ask for a scale such as 1:{2 * settings.scale}",
    )


def _cells(
    subject: Subject, storey: Storey, number: int, paper: str, settings: Settings
) -> list[tuple[str, str, float]]:
    """Return heading, text and share of the width of each cell of the title block."""
    lang, plan = settings.words, storey.plan
    words, size = _WORDS[lang], floor_size([plan])
    tsubo = f"（{size.tsubo:.2f}坪）" if lang == "ja" else f" ({size.tsubo:.2f} tsubo)"
    area = f"{plan.floor}F {size.m2:.2f} m²{tsubo}"
    if isinstance(subject.item, House) and len(subject.plans) > 1:
        total = floor_size(subject.plans)
        area += f" {'延床' if lang == 'ja' else 'total'} {total.m2:.2f} m²"
    found = [
        (words["name"], subject.name, 0.24),
        (words["drawing"], storey_title(plan, lang), 0.16),
        (words["scale"], f"S=1/{settings.scale} ({paper})", 0.15),
        (words["area"], area, 0.34),
        (words["sheet"], f"{number}/{len(subject.plans)}", 0.11),
    ]
    if settings.date:
        found[0] = (words["name"], subject.name, 0.12)
        found.append((words["date"], settings.date, 0.12))
    return found


class _Page:
    """A page that is being drawn: millimetres of the building to points of the paper, y upwards."""

    def __init__(self, canvas: Canvas, size: tuple[float, float], box: Box, settings: Settings) -> None:
        self.canvas, self.size, self.settings = canvas, size, settings
        self.style = style_named(settings.style)
        self.k = POINTS / settings.scale
        middle_x, middle_y = size[0] / 2, BLOCK_MM / 2 + size[1] / 2
        self.left = middle_x * POINTS - self.k * (box[0] + box[2]) / 2
        self.top = middle_y * POINTS + self.k * (box[1] + box[3]) / 2

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Turn millimetres of the drawing into points."""
        return self.left + point[0] * self.k, self.top - point[1] * self.k

    def background(self) -> None:
        """Paint the paper where the style's is not white."""
        if self.style.paper != "#ffffff":
            self.canvas.setFillColor(self.style.paper)
            self.canvas.rect(0, 0, self.size[0] * POINTS, self.size[1] * POINTS, stroke=0, fill=1)

    def draw(self, mark: Primitive) -> None:
        """Draw one primitive."""
        if isinstance(mark, Text):
            self._text(mark)
        elif isinstance(mark, Arc):
            self._arc(mark)
        else:
            self._path(mark)

    def _pen(self, colour: str, pen_mm: float, dash: tuple[float, ...] = ()) -> None:
        # `placing` has made pens as thick as the scale wants them, so that they shrink with the drawing.
        self.canvas.setStrokeColor(colour or self.style.ink)
        self.canvas.setLineWidth(pen_mm * PAPER_SCALE * self.k)
        self.canvas.setDash([length * self.k for length in dash])

    def _path(self, mark: Area | Lines) -> None:
        area = mark if isinstance(mark, Area) else None
        paths = mark.rings if isinstance(mark, Area) else mark.paths
        if not paths:
            return
        self._pen(mark.colour, mark.pen_mm, mark.dash)
        self.canvas.setLineCap(0 if mark.dash or area else 2)
        self.canvas.setLineJoin(0)
        path = self.canvas.beginPath()
        for points in paths:
            _trace(path, [self.at(point) for point in points], closed=area is not None)
        fill = area is not None and area.fill != ""
        if area is not None and fill:
            self.canvas.setFillColor(area.fill)
        self.canvas.drawPath(path, stroke=int(mark.pen_mm > 0), fill=int(fill), fillMode=0)

    def _arc(self, mark: Arc) -> None:
        self._pen(mark.colour, mark.pen_mm)
        self.canvas.setLineCap(0)
        x, y = self.at(mark.centre)
        across, down = mark.radius_x_mm * self.k, mark.radius_y_mm * self.k
        if mark.end_deg - mark.start_deg >= 360:
            if mark.fill:
                self.canvas.setFillColor(mark.fill)
            self.canvas.ellipse(x - across, y - down, x + across, y + down, stroke=1, fill=int(bool(mark.fill)))
            return
        sweep = mark.end_deg - mark.start_deg
        self.canvas.arc(x - across, y - down, x + across, y + down, -mark.start_deg, -sweep)

    def _text(self, mark: Text) -> None:
        x, y = self.at(mark.centre)
        height = mark.height_mm * self.k
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(x, y)
        if mark.upward:
            canvas.rotate(90)
        if mark.halo:
            # A field instead of a rim around the letters: a rim would be a second text to search and copy.
            width = pdfmetrics.stringWidth(mark.text, FONT, height)
            canvas.setFillColor(mark.halo)
            canvas.rect(-width / 2, -0.46 * height, width, 0.92 * height, stroke=0, fill=1)
        canvas.setFillColor(mark.colour)
        canvas.setFont(FONT, height)
        canvas.drawCentredString(0, -BASELINE * height, mark.text)
        canvas.restoreState()

    def frame(self, cells: Sequence[tuple[str, str, float]]) -> None:
        """Draw the frame and the title block along its lower edge."""
        canvas, ink = self.canvas, self.style.ink
        canvas.setStrokeColor(ink)
        canvas.setDash([])
        canvas.setLineWidth(self.style.thick_mm * POINTS)
        left, low = EDGE_MM * POINTS, EDGE_MM * POINTS
        width, high = self.size[0] * POINTS - 2 * left, self.size[1] * POINTS - 2 * low
        canvas.rect(left, low, width, high)
        canvas.line(left, low + BLOCK_MM * POINTS, left + width, low + BLOCK_MM * POINTS)
        canvas.setLineWidth(self.style.thin_mm * POINTS)
        for heading, words, share in cells:
            self._cell(left, low, width * share, heading, words)
            left += width * share
            if heading != cells[-1][0]:
                canvas.line(left, low, left, low + BLOCK_MM * POINTS)

    def _cell(self, left: float, low: float, width: float, heading: str, words: str) -> None:
        canvas, pad = self.canvas, 1.5 * POINTS
        canvas.setFillColor(self.style.soft)
        canvas.setFont(FONT, WORD_MM * POINTS)
        canvas.drawString(left + pad, low + (BLOCK_MM - 1.5 - WORD_MM) * POINTS, heading)
        text, height = _fitted(words, width - 2 * pad)
        canvas.setFillColor(self.style.ink)
        canvas.setFont(FONT, height)
        canvas.drawString(left + pad, low + 3.5 * POINTS, text)


def _trace(path: Any, points: Path | list[tuple[float, float]], *, closed: bool) -> None:
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if closed:
        path.close()


def _fitted(words: str, width: float) -> tuple[str, float]:
    """Return a text that fits a width and its height in points: smaller letters first, then the end is cut."""
    natural = pdfmetrics.stringWidth(words, FONT, 1.0)
    height = max(WORD_MM * POINTS, min(TITLE_MM * POINTS, width / max(natural, 1e-9)))
    while pdfmetrics.stringWidth(words, FONT, height) > width + 1e-6:
        words = words.rstrip("…")[:-1] + "…"
    return words, height
