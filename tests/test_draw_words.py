"""Names of rooms, short words, languages and the font."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont
from shapely import Polygon, box, unary_union

import plans
from madorizu import draw
from madorizu.catalogue import ROOMS
from madorizu.draw.marks import box_of
from madorizu.draw.notes import ABOVE_WORDS, FIXTURE_WORDS
from madorizu.draw.text import FONT_FILE, is_packaged, legible_mm, text_width_mm
from madorizu.draw.walls import wall_shapes
from madorizu.errors import SettingsError
from madorizu.plan import Fixture, Opening, Plan, Room, Stair, cells_in, outline, translate, walls

GROUND, UPPER = plans.sample_house().plans
SVG = "{http://www.w3.org/2000/svg}"


def words(plan: Plan, layer: str = "label", *, lang: str = "ja", text_mm: float = 290) -> list[draw.Text]:
    """Return the texts of a layer."""
    marks = draw.primitives(plan, "listing", labels=True, lang=lang, text_mm=text_mm)
    return [mark for mark in marks if isinstance(mark, draw.Text) and mark.layer == layer]


def texts(plan: Plan, layer: str = "label", *, lang: str = "ja", text_mm: float = 290) -> list[str]:
    """Return what the texts of a layer say."""
    return [mark.text for mark in words(plan, layer, lang=lang, text_mm=text_mm)]


# --- what is written ----------------------------------------------------------------------


def test_labels_name_rooms_and_their_size() -> None:
    """A tatami room of 3x3 modules is 4.6帖; the LDK of 5x7 is 17.8帖; the stair has no label."""
    found = texts(GROUND)
    assert {"和室", "4.6帖", "LDK", "17.8帖", "浴室", "玄関"} <= set(found)
    assert "階段" not in found


def test_english_labels_give_square_metres() -> None:
    """A tatami room of 2.73 x 2.73 m is 7.5 m²; the names are the catalogue's English ones."""
    assert {"Tatami room", "7.5 m²", "LDK", "29.0 m²", "Bath", "Entrance", "Hall"} <= set(texts(GROUND, lang="en"))


def test_bath_of_two_by_two_modules_is_a_1616() -> None:
    """Unit baths are named by their inner size; a bath of no usual size has its name only."""
    usual = Plan(1, (plans.room("bath", (0, 0, 4, 4)), plans.room("wash", (4, 0, 4, 4))))
    assert texts(usual)[:2] == ["浴室", "(1616)"]
    turned = Plan(1, (plans.room("bath", (0, 0, 6, 4)),))
    assert texts(turned) == ["浴室", "(1624)"]
    odd = Plan(1, (plans.room("bath", (0, 0, 4, 4), (4, 0, 1, 2)),))
    assert texts(odd) == ["浴室"]


@pytest.mark.parametrize(
    ("width", "depth", "ja", "en"),
    [
        (8, 6, ["主寝室", "6.1帖"], ["Master bedroom", "9.9 m²"]),
        (5, 6, ["主寝室", "3.8帖"], ["Master", "bedroom", "6.2 m²"]),  # the name takes two lines
        (6, 1, ["主寝室"], ["Master bedroom"]),  # the size goes first
        (3, 1, ["主寝室"], ["MBR"]),  # then the name is cut
        (2, 6, ["主", "寝", "室"], ["MBR"]),
        (2, 1, ["MBR"], ["MBR"]),
        (1, 6, ["主", "寝", "室"], ["Master bedroom"]),  # one that does not lie in it reads upwards
        (1, 3, ["主", "寝", "室"], ["MBR"]),
        (1, 1, [], []),  # then there is none
    ],
)
def test_labels_hide_the_size_first_then_cut_the_name(width: int, depth: int, ja: list[str], en: list[str]) -> None:
    """The narrower the room, the shorter the label."""
    plan = Plan(2, (plans.room("mbr", (0, 0, width, depth)),))
    assert texts(plan) == ja
    assert texts(plan, lang="en") == en


def test_kanji_stand_below_each_other_in_a_narrow_closet() -> None:
    """A futon closet of half a module has its name downwards; a closet too short for that has one character."""
    tall = Plan(1, (plans.room("oshi", (0, 0, 1, 4)), plans.room("wa", (1, 0, 6, 6))))
    first, second = words(tall)[:2]
    assert (first.text, second.text) == ("押", "入")
    assert first.centre[0] == second.centre[0] == 227.5 and first.centre[1] < second.centre[1]
    short = Plan(1, (plans.room("oshi", (0, 0, 1, 1)), plans.room("wa", (1, 0, 6, 6))))
    assert texts(short) == ["押", "和室", "4.6帖"]


def test_small_rooms_take_the_short_label_or_none() -> None:
    """A WC of one module takes its abbreviation; a hall has none to take."""
    plan = Plan(1, (plans.room("wc", (0, 0, 2, 3)), plans.room("cl", (2, 0, 1, 1)), plans.room("hall", (3, 0, 3, 3))))
    assert texts(plan) == ["WC", "ホール"]


def test_labels_read_upwards_in_a_narrow_closet() -> None:
    """A closet of half a module that runs north-south has CL upwards."""
    plan = Plan(2, (plans.room("cl", (0, 0, 1, 5)), plans.room("bed", (1, 0, 8, 6))))
    (closet,) = (t for t in words(plan) if t.text == "CL")
    assert closet.upward and closet.centre == (227.5, 1137.5)


def test_a_narrow_hall_is_a_corridor() -> None:
    """ホール has no space between walls a module apart; 廊下 has, in either direction."""
    for rect in ((0, 0, 2, 8), (0, 0, 2, 2)):
        assert texts(Plan(2, (plans.room("hall", rect), plans.room("bed", (2, 0, 8, 8)))))[0] == "廊下"
    assert texts(Plan(2, (plans.room("hall", (0, 0, 3, 8)),))) == ["ホール"]


def test_labels_keep_off_walls_where_they_can() -> None:
    """Above a counter a name stands 120 mm from the wall's middle if there is space, else 80 mm."""
    for counter_mm, clear in ((560, 120), (480, 80)):
        fixture = (Fixture("kitchen", 0, counter_mm, 2730, 700, "n"),)
        (name,) = words(Plan(2, (plans.room("hall", (0, 0, 6, 3)),), (), fixture))
        assert clear <= box_of(name)[1] and box_of(name)[3] <= counter_mm - 40


def test_a_narrow_wc_takes_its_short_name() -> None:
    """Where トイレ would be squeezed between wall and cabinet, WC stands free beside it."""
    cabinet = (Fixture("basin", 0, 480, 1100, 885, "n"),)
    assert texts(Plan(1, (plans.room("wc", (0, 0, 4, 3)), plans.room("hall", (4, 0, 6, 6))), (), cabinet))[0] == "WC"
    assert texts(Plan(1, (plans.room("wc", (0, 0, 4, 3)), plans.room("hall", (4, 0, 6, 6)))))[0] == "トイレ"


def test_labels_keep_off_the_step_of_the_entrance() -> None:
    """Between two entrances a hall's name keeps off the lines of the steps as off walls."""
    rooms = (plans.room("ent", (0, 0, 2, 4)), plans.room("hall", (2, 0, 2, 4)), plans.room("ent", (4, 0, 2, 4)))
    plan = Plan(1, rooms, (plans.opening("open", "v", 2, 0, 4, 1820), plans.opening("open", "v", 4, 0, 4, 1820)))
    (name,) = (t for t in words(plan) if 910 < t.centre[0] < 1820)
    left, _, right, _ = box_of(name)
    assert name.text == "廊下" and left >= 910 + 80 and right <= 1820 - 80


def test_labels_may_stand_in_the_corner_of_an_l_stair() -> None:
    """What an L stair leaves of its rectangle is free: a WC of one module has its name there."""
    rooms = (plans.room("stair", (0, 0, 4, 2), (0, 2, 2, 4)), plans.room("wc", (2, 2, 2, 4)))
    plan = Plan(1, rooms, stair=Stair("l", (0, 0, 4, 6), "n", "right"))
    assert texts(plan) == ["WC"]


@pytest.mark.parametrize(
    ("style", "kind"),
    [("atelier", "ldk"), ("atelier", "wa"), ("atelier", "ent"), ("mono_hatch", "bath"), ("cad", "deck")],
)
def test_boards_and_tiles_stop_before_a_label(style: str, kind: str) -> None:
    """On floors of close lines a field of the floor's colour lies under the words; on others there is none."""
    plan = Plan(1, (plans.room("hall", (0, 0, 4, 8)), plans.room(kind, (4, 0, 8, 8))))
    marks = [m for m in draw.primitives(plan, style, labels=True) if m.layer == "label"]
    (field,) = (m for m in marks if isinstance(m, draw.Area))
    assert field.fill == "#ffffff" and not field.pen_mm
    named = [m for m in marks if isinstance(m, draw.Text) and m.centre[0] > 4 * 455]
    assert named and all(Polygon(field.rings[0]).covers(box(*box_of(m))) for m in named)
    assert marks.index(field) < marks.index(named[0])


def test_a_name_of_the_plans_own_is_kept() -> None:
    """A name with markup is text, not markup, in both languages."""
    plan = Plan(1, (Room("bed", cells_in((0, 0, 12, 8)), "「<8帖>&」"),))
    for lang, size in (("ja", "12.2帖"), ("en", "19.9 m²")):
        root = ET.fromstring(draw.svg(plan, "cad", labels=True, lang=lang))
        assert [t.text for t in root.iter(f"{SVG}text")] == ["「<8帖>&」", size]


def test_unknown_language_is_refused() -> None:
    """A language that is not there is an error that names those that are."""
    with pytest.raises(SettingsError, match="lang must be one of ja, en, got 'fr'"):
        draw.raster(GROUND, "cad", labels=True, lang="fr")


def test_appliances_carry_their_letter() -> None:
    """冷 and 洗, or R and W, stand in the middle of their places."""
    (fridge, washer) = (next(f for f in GROUND.fixtures if f.kind == kind) for kind in sorted(FIXTURE_WORDS))
    for lang, expected in (("ja", {"冷", "洗"}), ("en", {"R", "W"})):
        found = {t.text: t.centre for t in words(GROUND, "note", lang=lang)}
        assert expected <= set(found)
        places = {(f.x_mm + f.width_mm / 2, f.y_mm + f.depth_mm / 2) for f in (fridge, washer)}
        assert {found[word] for word in expected} == places


def test_stairs_say_up_below_and_down_above() -> None:
    """UP stands before the first step on 1F, DN before the last one on 2F, off all symbols."""
    x, y, width, height = (value * 455 for value in (12, 8, 4, 4))
    for plan, word in ((GROUND, "UP"), (UPPER, "DN")):
        (note,) = [t for t in words(plan, "note") if t.text in ("UP", "DN")]
        assert note.text == word
        near = box(x, y, x + width, y + height).buffer(500)
        assert near.covers(box(*box_of(note)))
        assert not box(x, y, x + width, y + height).intersects(box(*box_of(note)))


def test_up_moves_into_the_stair_where_a_door_swings_before_it() -> None:
    """With no space before the first step the word stands on the walking line; with none there it is left out."""
    rooms = (plans.room("hall", (0, 8, 2, 2)), plans.room("stair", (0, 0, 2, 8)))
    door = Opening("hinged", "v", 2, 8, 2, 755, side=-1)
    plan = Plan(1, rooms, (Opening("open", "h", 0, 8, 2, 910), door), (), Stair("straight", (0, 0, 2, 8), "n"))
    (note,) = words(plan, "note")
    assert note.text == "UP" and note.centre[0] == 455 and note.centre[1] < 3640
    assert texts(plan, "note", text_mm=900) == []


# --- where it is written ------------------------------------------------------------------


@st.composite
def storeys(draw_: st.DrawFn) -> Plan:
    """Cut a rectangle into rooms, some of them joined to other shapes, with doors, fixtures and a stair."""
    width, height = draw_(st.integers(6, 22)), draw_(st.integers(6, 18))
    rects = [(0, 0, width, height)]
    for _ in range(draw_(st.integers(0, 8))):
        x, y, w, h = rects.pop(draw_(st.integers(0, len(rects) - 1)))
        if draw_(st.booleans()) and w > 1:
            cut = draw_(st.integers(1, w - 1))
            rects += [(x, y, cut, h), (x + cut, y, w - cut, h)]
        elif h > 1:
            cut = draw_(st.integers(1, h - 1))
            rects += [(x, y, w, cut), (x, y + cut, w, h - cut)]
        else:
            rects.append((x, y, w, h))
    kinds = st.sampled_from(sorted(ROOMS))
    rooms = [Room(draw_(kinds), cells_in(rect)) for rect in rects]
    if draw_(st.booleans()):  # rooms may overlap: such a plan is unlawful, and is drawn
        rooms.append(Room(draw_(kinds), cells_in((draw_(st.integers(0, 5)), 1, 4, 3))))
    at = st.integers(0, 20)
    kind = st.sampled_from(("hinged", "folding", "french", "entrance", "open"))
    doors = [
        Opening(
            draw_(kind),  # type: ignore[arg-type]
            draw_(st.sampled_from(("h", "v"))),
            draw_(at),
            draw_(at),
            draw_(st.integers(2, 4)),
            800,
            side=draw_(st.sampled_from((-1, 1))),
        )
        for _ in range(draw_(st.integers(0, 5)))
    ]
    mm = st.integers(0, 8000)
    fixtures = [
        Fixture(draw_(st.sampled_from(("bathtub", "refrigerator", "basin"))), draw_(mm), draw_(mm), 700, 1600, "s")
        for _ in range(draw_(st.integers(0, 4)))
    ]
    stair = Stair("u", (draw_(at), draw_(at), 4, 4), "n", "left") if draw_(st.booleans()) else None
    indoor = Room("hall", cells_in((0, height, width, 2)))
    return Plan(draw_(st.integers(1, 2)), (*rooms, indoor), tuple(doors), tuple(fixtures), stair)


def sector(arc: draw.Arc) -> Any:
    """Return the quarter of a circle in which a door swings."""
    angles = [math.radians(arc.start_deg + step * (arc.end_deg - arc.start_deg) / 6) for step in range(7)]
    (x, y), radius = arc.centre, arc.radius_x_mm
    return Polygon([(x, y), *((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles)])


@settings(max_examples=40, deadline=None)
@given(storeys(), st.sampled_from(("ja", "en")), st.sampled_from((290, 420, 569)))
def test_labels_cross_nothing(plan: Plan, lang: str, text_mm: float) -> None:
    """In any plan a label lies in its room and meets no wall, fixture, stair, door's swing or other label."""
    x, y, _, _ = outline(plan)
    moved = translate(plan, -x, -y)
    boxes = [box(*box_of(t)) for t in words(plan, lang=lang, text_mm=text_mm)]
    walled = unary_union(wall_shapes(moved, walls(moved), draw.STYLES["listing"]))
    things = [box(f.x_mm, f.y_mm, f.x_mm + f.width_mm, f.y_mm + f.depth_mm) for f in moved.fixtures]
    if moved.stair is not None:
        sx, sy, sw, sh = (value * 455 for value in moved.stair.rect)
        things.append(box(sx, sy, sx + sw, sy + sh))
    things += [sector(m) for m in draw.primitives(plan, "cad", layers=["opening"]) if isinstance(m, draw.Arc)]
    rooms = [
        unary_union([box(455 * i, 455 * j, 455 * i + 455, 455 * j + 455) for i, j in r.cells]) for r in moved.rooms
    ]
    for i, label in enumerate(boxes):
        assert not label.intersects(walled)
        assert not any(label.intersects(thing) for thing in things)
        assert all(label.intersection(other).area == 0 for other in boxes[:i])
        assert any(room.covers(label) for room in rooms)


@settings(max_examples=40, deadline=None)
@given(storeys(), st.sampled_from(("ja", "en")))
def test_up_and_down_cross_no_wall_and_no_label(plan: Plan, lang: str) -> None:
    """In any plan UP and DN keep off walls and names."""
    x, y, _, _ = outline(plan)
    moved = translate(plan, -x, -y)
    walled = unary_union(wall_shapes(moved, walls(moved), draw.STYLES["listing"]))
    names = [box(*box_of(t)) for t in words(plan, lang=lang)]
    for note in (box(*box_of(t)) for t in words(plan, "note", lang=lang) if t.text in ("UP", "DN")):
        assert not note.intersects(walled)
        assert all(note.intersection(name).area == 0 for name in names)


def test_labels_keep_off_the_marker_of_a_french_window() -> None:
    """On a balcony of one module the name stands beside the triangle, not on it."""
    rooms = (plans.room("bed", (0, 0, 12, 8)), plans.room("balcony", (0, 8, 12, 2)))
    plan = Plan(2, rooms, (Opening("french", "h", 4, 8, 4, 1650),))
    marker = [m for m in draw.primitives(plan, "mono_hatch") if isinstance(m, draw.Area) and m.layer == "opening"][-1]
    xs, ys = zip(*marker.rings[0], strict=True)
    (name,) = [t for t in words(plan) if t.text == "バルコニー"]
    assert not box(min(xs), min(ys), max(xs), max(ys)).intersects(box(*box_of(name)))


@pytest.mark.parametrize(("size_px", "plan"), [(512, plans.bungalow()), (256, GROUND), (512, GROUND), (1024, GROUND)])
def test_letters_are_at_least_ten_pixels_high(size_px: int, plan: Plan) -> None:
    """Where pixels are coarse the letters grow; a label that then has no space is left out."""
    root = ET.fromstring(draw.svg(plan, "cad", size_px=size_px, labels=True))
    names = [t for g in root.iter(f"{SVG}g") if g.get("class") == "label" for t in g.iter(f"{SVG}text")]
    heights = [float(t.get("font-size", "0")) for t in names]
    assert heights and min(heights) >= 10
    assert legible_mm(910 / 32) == 290 and legible_mm(910 / 16) == pytest.approx(568.75)


def test_letters_are_rimmed_with_the_colour_of_their_room() -> None:
    """Lines of tatami and shelves stop before the letters."""
    (name,) = [t for t in words(GROUND) if t.text == "和室"]
    assert name.halo == draw.STYLES["listing"].fills["wa"]
    assert 'paint-order="stroke"' in draw.svg(GROUND, "listing", labels=True)


# --- the font -----------------------------------------------------------------------------


def test_packaged_font_has_every_character_of_the_product() -> None:
    """Every character that may be written has a glyph of its own, unlike the box of a missing one."""
    font = ImageFont.truetype(str(FONT_FILE), size=32)
    needed = {c for room in ROOMS.values() for c in room.ja + room.en + room.abbr}
    needed |= {c for item in FIXTURE_WORDS.values() for word in item.values() for c in word}
    needed |= {c for item in ABOVE_WORDS.values() for given in item.values() for word in given for c in word}
    needed |= set("0123456789.,()=/FSNXYUPDNm²帖") | {chr(code) for code in range(0x3041, 0x3094)}
    missing = bytes(font.getmask("\U0010fffd"))
    assert all(is_packaged(c) for c in needed)
    assert [c for c in sorted(needed - {" "}) if bytes(font.getmask(c)) == missing] == []


@pytest.mark.parametrize("character", ["亜", "腕", "弌", "瑤", "熙", "ン", "Ω", "■"])
def test_packaged_font_covers_jis_x_0208(character: str) -> None:
    """The first and last kanji of both levels, kana, Greek and signs have ink."""
    font = ImageFont.truetype(str(FONT_FILE), size=32)
    assert is_packaged(character)
    assert bytes(font.getmask(character)) not in (b"", bytes(font.getmask("\U0010fffd")))


def test_widths_are_never_under_the_fonts_own() -> None:
    """The estimate holds for kanji, kana, capitals and digits."""
    font = ImageFont.truetype(str(FONT_FILE), size=100)
    for text in ("主寝室", "ウッドデッキ", "Master bedroom", "WIC", "12.2帖", "9.9 m²", "MMMWWW"):
        assert font.getlength(text) <= text_width_mm(text, 100)


@pytest.mark.parametrize("text", ["𠮷", "한", "ｶ", "é", "☃"])
def test_other_characters_are_not_claimed(text: str) -> None:
    """Half-width kana, Korean, accents and kanji beyond JIS X 0208 are not of the packaged font."""
    assert not is_packaged(text)


def test_japanese_labels_are_ink_and_no_boxes() -> None:
    """Each kanji of a label is drawn with its own shape: 洋室 and 納戸 differ, and both differ from missing glyphs."""

    def ink(name: str) -> npt.NDArray[np.bool_]:
        plan = Plan(1, (Room("hall", cells_in((0, 0, 8, 6)), name),))
        plain = draw.raster(plan, "cad", size_px=1024)
        return np.asarray((draw.raster(plan, "cad", size_px=1024, labels=True) != plain).any(axis=2))

    one, other = ink("洋室"), ink("納戸")
    assert one.sum() > 150 and other.sum() > 150
    assert (one != other).sum() > 100
    rows, columns = np.nonzero(one)
    assert columns.max() - columns.min() > 1.5 * (rows.max() - rows.min())  # two glyphs beside each other
    box_like = one[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert box_like[box_like.shape[0] // 2].sum() > 4  # a missing glyph is an empty frame: two strokes a glyph


def test_labels_are_the_same_bytes_whatever_fonts_the_machine_has(tmp_path: Path) -> None:
    """The packaged font, given as a file of another name, gives the same pixels as the default."""
    copy = tmp_path / "copy.ttf"
    copy.write_bytes(FONT_FILE.read_bytes())
    default = draw.raster(GROUND, "listing", labels=True)
    assert np.array_equal(draw.raster(GROUND, "listing", labels=True, font=copy), default)
    assert not np.array_equal(draw.raster(GROUND, "listing"), default)


def test_a_rare_kanji_asks_the_system() -> None:
    """A name with a character that the font lacks is drawn as far as the machine's fonts go, without an error."""
    plan = Plan(1, (Room("hall", cells_in((0, 0, 8, 6)), "𠮷の間"),))
    assert draw.raster(plan, "cad", labels=True).shape == (512, 512, 3)


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    """An empty file is an error, never a drawing without its words."""
    font = tmp_path / "empty.ttf"
    font.write_bytes(b"")
    with pytest.raises(SettingsError, match="font must be a TrueType or OpenType file, got empty.ttf"):
        draw.raster(GROUND, "cad", labels=True, font=font)


def test_font_has_its_licence_beside_it() -> None:
    """The SIL Open Font License and the copyright travel with the file."""
    text = (FONT_FILE.parent / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text and "BIZ UDGothic Project Authors" in text
    assert FONT_FILE.stat().st_size < 3 * 2**20
    assert ImageFont.truetype(str(FONT_FILE), size=8).getname() == ("BIZ UDGothic", "Regular")


@settings(max_examples=20, deadline=None)
@given(storeys(), st.sampled_from(sorted(draw.STYLES)), st.sampled_from(("ja", "en")), st.sampled_from((8, 64)))
def test_any_storey_makes_a_sheet(plan: Plan, style: str, lang: str, px_per_module: int) -> None:
    """Unlawful plans too become documents that parse, with finite numbers and letters of ten units or more."""
    document = draw.sheet(plan, style, lang=lang, px_per_module=px_per_module)
    assert "nan" not in document and "inf" not in document
    root = ET.fromstring(document)
    names = [t for g in root.iter(f"{SVG}g") if g.get("class") == "label" for t in g.iter(f"{SVG}text")]
    assert all(float(t.get("font-size", "0")) >= 10 for t in names)
