"""SVG, PNG and PDF: places spelled out, scale measured, words found again."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from functools import cache

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

import plans
from madorizu import draw, export
from madorizu.draw.marks import Text, extent
from madorizu.errors import SettingsError
from madorizu.export import placing
from madorizu.plan import House, Plan, Room, cells_in

HOUSE = plans.sample_house()
SVG = "{http://www.w3.org/2000/svg}"
MM = 72 / 25.4  # points


@cache
def drawn(
    form: str, lang: str = "ja", scale: int = 100, paper: str = "auto", date: str = "", style: str = "cad"
) -> bytes:
    """Return a file of the sample house."""
    settings = export.Settings(style, lang, scale, paper, 16, date)
    return export.rendered(export.subject(HOUSE), [form], settings)[form]


def box_house(width: int, depth: int) -> Plan:
    """Return one room of so many modules."""
    return Plan(1, (Room("ldk", cells_in((0, 0, 2 * width, 2 * depth))),))


# --- SVG ----------------------------------------------------------------------------------


def test_an_svg_lies_in_millimetres_where_it_should() -> None:
    """The bath of 1F is 1,820 mm square at the outline's north-west corner, 2,105 mm east of the chains' bubbles."""
    root = ET.fromstring(drawn("svg"))
    bath = root.find(f".//{SVG}path[@id='storey1-room1']")
    assert bath is not None
    assert bath.get("data-kind") == "bath"
    assert bath.get("data-area-m2") == "3.31"
    assert bath.findtext(f"{SVG}title") == "浴室"
    assert bath.get("d") == "M2105 0L3925 0L3925 1820L2105 1820Z"


def test_an_svg_has_a_group_per_storey_and_layer() -> None:
    """Groups carry ids, storeys their floor; every id is there once; there is nothing that runs or loads."""
    root = ET.fromstring(drawn("svg"))
    assert [g.get("data-floor") for g in root.findall(f"{SVG}g")] == ["1", "2"]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    layers = [g.get("id") for g in root.findall(f"{SVG}g[@id='storey1']/{SVG}g")]
    shown = ["floor", "closet", "grid", "fixture", "stair", "railing", "above", "wall", "opening", "note", "label"]
    assert layers == [f"storey1-{name}" for name in (*shown, "dimension", "north", "scale", "rooms")]
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "g", "path", "rect", "ellipse", "text", "title", "desc"
    }  # fmt: skip
    assert not re.search(rb"href|url\(|javascript|@import", drawn("svg"))


@pytest.mark.parametrize(("scale", "name_mm"), [(50, 145), (100, 290), (200, 580)])
def test_letters_and_pens_are_as_large_on_paper_at_every_scale(scale: int, name_mm: int) -> None:
    """Names are 2.9 mm on paper, walls' outlines 0.25 mm; the document is the building over the scale."""
    root = ET.fromstring(drawn("svg", scale=scale))
    words = root.findall(f".//{SVG}g[@id='storey1-label']/{SVG}text")
    assert {float(word.get("font-size") or 0) for word in words} == {name_mm}
    pens = {path.get("stroke-width") for path in root.findall(f".//{SVG}g[@id='storey1-wall']/{SVG}path")}
    assert pens == {f"{0.25 * scale:g}"}
    width = float((root.get("viewBox") or "").split()[2])
    assert (root.get("width") or "") == f"{width / scale:.3f}".rstrip("0").rstrip(".") + "mm"
    assert f">S=1/{scale}<" in drawn("svg", scale=scale).decode("utf-8")


def test_an_svg_is_that_of_draw() -> None:
    """The words of both storeys are those that `draw` writes; none is lost or written twice."""
    found = sorted(element.text or "" for element in ET.fromstring(drawn("svg", "en")).iter(f"{SVG}text"))
    sheet = ET.fromstring(draw.sheet(HOUSE.plans, "cad", lang="en", px_per_module=32))
    assert found == sorted(element.text or "" for element in sheet.iter(f"{SVG}text"))


# --- PNG ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [50, 100])
def test_a_png_prints_at_the_scale(scale: int) -> None:
    """16 pixels are 910 mm: the outer walls' faces are 7,430 mm apart, and an inch is so many pixels."""
    with Image.open(io.BytesIO(drawn("png", scale=scale))) as image:
        dpi = image.info["dpi"][0]
        dark = np.asarray(image.convert("L")) < 128
        assert image.info["Title"] == "sample 平面図"
        assert "Warning" not in image.info
    assert dpi == pytest.approx(16 * scale / 910 * 25.4, rel=1e-3)
    row = dark[np.argmax(dark.sum(axis=1))]  # along a wall of both storeys
    runs = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
    longest = max(b - a for a, b in zip(runs[::2], runs[1::2], strict=True))
    assert longest == pytest.approx(7430 * 16 / 910, abs=2)


# --- PDF ----------------------------------------------------------------------------------


def places(page: object) -> dict[str, tuple[float, float]]:
    """Return where each text of a page begins, in mm of the paper."""
    found: dict[str, tuple[float, float]] = {}

    def see(text: str, now: list[float], matrix: list[float], *_: object) -> None:
        if text.strip():
            x = matrix[4] * now[0] + matrix[5] * now[2] + now[4]
            y = matrix[4] * now[1] + matrix[5] * now[3] + now[5]
            found.setdefault(text.strip(), (x / MM, y / MM))

    page.extract_text(visitor_text=see)  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(("scale", "paper"), [(50, "A3"), (50, "A4"), (100, "A4"), (100, "A3"), (200, "A4")])
def test_a_pdf_is_to_scale(scale: int, paper: str) -> None:
    """The bubbles X1 and X6 stand 7,280 mm apart, Y1 and Y8 8,190 mm, on both pages at the same place."""
    reader = PdfReader(io.BytesIO(drawn("pdf", scale=scale, paper=paper)))
    long, short = {"A4": (297, 210), "A3": (420, 297)}[paper]
    spots = []
    for page in reader.pages:
        size = float(page.mediabox.width) / MM, float(page.mediabox.height) / MM
        assert size == pytest.approx((long, short), abs=0.01) or size == pytest.approx((short, long), abs=0.01)
        at = places(page)
        assert at["X6"][0] - at["X1"][0] == pytest.approx(7280 / scale, rel=1e-3)
        assert at["Y8"][1] - at["Y1"][1] == pytest.approx(8190 / scale, rel=1e-3)
        spots.append(at["X1"][0])
    assert len(spots) == 2
    assert spots[0] == pytest.approx(spots[1], abs=0.01)


@pytest.mark.parametrize(
    ("width", "depth", "size"),
    [(20, 8, (297, 210)), (8, 20, (210, 297)), (30, 14, (420, 297)), (14, 30, (297, 420))],
)
def test_auto_takes_the_smallest_paper_and_turns_it(width: int, depth: int, size: tuple[int, int]) -> None:
    """20 modules are 182 mm at 1:100 and fit on A4 with their chains, 30 modules need A3."""
    subject = export.subject(box_house(width, depth), allow_unlawful=True)
    page = PdfReader(io.BytesIO(export.rendered(subject, ["pdf"])["pdf"])).pages[0]
    assert (round(float(page.mediabox.width) / MM), round(float(page.mediabox.height) / MM)) == size


def test_what_fits_no_paper_is_refused() -> None:
    """The error says how large it would be, and which scale to try."""
    subject = export.subject(box_house(30, 14), allow_unlawful=True)
    with pytest.raises(SettingsError, match=r"must fit on A4 at 1:50, got \d+ x \d+ mm .*1:100"):
        export.rendered(subject, ["pdf"], export.Settings(scale=50, paper="A4"))
    with pytest.raises(SettingsError, match="must fit on A4 or A3 at 1:50"):
        export.rendered(subject, ["pdf"], export.Settings(scale=50))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "ja",
            ("洗面室", "和室", "4.6帖", "1階平面図", "縮尺", "S=1/100 (A4)", "1F 59.62 m²（18.03坪） 延床 119.24 m²"),
        ),
        ("en", ("Tatami room", "7.5 m²", "Floor plan 1F", "Scale", "1F 59.62 m² (18.03 tsubo) total 119.24 m²")),
    ],
)
def test_words_of_a_pdf_can_be_found(lang: str, words: tuple[str, ...]) -> None:
    """Names, sizes and the title block can be searched; each name of a room is there once."""
    text = PdfReader(io.BytesIO(drawn("pdf", lang, date="2026-01-31"))).pages[0].extract_text()
    assert [word for word in (*words, "2026-01-31", "sample", "1/2") if word not in text] == []
    assert text.count(words[0]) == 1


def test_a_pdf_embeds_its_fonts_and_tells_no_date() -> None:
    """The Japanese font is in the file, as are no other fonts."""
    reader = PdfReader(io.BytesIO(drawn("pdf")))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert {font["/BaseFont"].split("+")[-1] for font in fonts} == {"BIZUDGothic-Regular"}
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)
    assert reader.metadata is not None
    assert str(reader.metadata["/Title"]) == "sample 平面図"
    assert "2000" in str(reader.metadata["/CreationDate"])


def test_a_long_name_is_cut_in_the_title_block() -> None:
    """200 letters shrink to the smallest size, then end with dots; a short one stands whole."""
    subject = export.subject(HOUSE, name="長" * 200)
    text = PdfReader(io.BytesIO(export.rendered(subject, ["pdf"])["pdf"])).pages[0].extract_text()
    assert re.search("長{10,60}…", text)


def test_a_dark_style_fills_its_paper() -> None:
    """The blueprint is blue to its edges."""
    content = PdfReader(io.BytesIO(drawn("pdf", style="blueprint"))).pages[0].get_contents()
    assert content is not None
    first = content.get_data()[:300].decode("ascii", "replace")
    assert ".113725 .309804 .6 rg" in first


# --- placing ------------------------------------------------------------------------------


def test_storeys_lie_on_each_other_and_stand_beside_each_other() -> None:
    """On their lattice the stairs of both storeys are at one place; side by side no box meets another."""
    settings = export.Settings()
    subject = export.subject(HOUSE)
    on_each_other = placing.storeys(subject, settings)
    stairs = [extent([m for m in s.marks if m.layer == "stair"]) for s in on_each_other]
    assert stairs[0] is not None and stairs[1] is not None
    assert stairs[0][0] == pytest.approx(stairs[1][0], abs=200)
    first, second = placing.side_by_side(on_each_other)
    assert placing.box_of_marks(second.marks)[0] - placing.box_of_marks(first.marks)[2] == pytest.approx(900)
    assert placing.box_of_marks([]) == (0.0, 0.0, 0.0, 0.0)


def test_the_notice_stands_above_the_drawing() -> None:
    """It begins at the drawing's west and keeps off it; a lawful plan has none."""
    settings = export.Settings(lang="en")
    subject = export.subject(plans.atrium(), allow_unlawful=True)
    (notice,) = placing.notice_marks(subject, settings, (100.0, 0.0, 5000.0, 3000.0))
    box = extent([notice])
    assert isinstance(notice, Text)
    assert box is not None
    assert box[0] == pytest.approx(100)
    assert box[3] < 0
    assert placing.notice_marks(export.subject(HOUSE), settings, (0, 0, 1, 1)) == ()


@pytest.mark.parametrize("form", ["svg", "pdf", "dxf"])
def test_every_style_can_be_drawn(form: str) -> None:
    """Patterns, hatches, slanted doors and bars of windows too; no two styles give the same file."""
    item = House((plans.atrium(),))
    subject = export.subject(item, allow_unlawful=True)
    styles = ("cad_thin", "listing_warm", "mono_hatch", "atelier")
    found = [export.rendered(subject, [form], export.Settings(style))[form] for style in styles]
    assert len(set(found)) == len(found)
