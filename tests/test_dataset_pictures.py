"""Image files become pixels on the canvas; bad ones are refused."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import plans
from madorizu import canvas, dataset, draw, pictures, sidecar
from madorizu.brief import Brief, brief_of
from madorizu.dataset import placing
from madorizu.errors import ImageError
from madorizu.plan import outline
from sketches import GRID_PX, entry, examples, pixels, put, run, sketch, two_houses, v2


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with two good pairs of two houses."""
    return two_houses(tmp_path / "src")


# --- the canvas ---------------------------------------------------------------------------


def test_our_own_pictures_pass_as_they_are(source: Path) -> None:
    """A PNG on our canvas is the same file afterwards, at 32 and at 16 px per module."""
    for plan in (*plans.sample_house().plans, plans.bungalow()):
        house = plans.sample_house()
        stem = f"h{outline(plan)[2]}_{plan.floor}f"
        Image.fromarray(draw.raster(plan, "cad")).save(source / f"{stem}.png")
        size = canvas.fit_outline(outline(plan))
        sidecar.write(source / f"{stem}.json", plan, house=house, style="cad", canvas=size)
    report = run(source)
    for name, scale in (("h16_1f.png", 32), ("h16_2f.png", 32), ("h40_1f.png", 16)):
        assert entry(report, name).status == "taken"
        assert examples(source)[name].path.read_bytes() == (source / name).read_bytes()
        assert examples(source)[name].grid_px == scale


def test_our_own_pictures_scale_as_a_whole(source: Path) -> None:
    """For 768 px the canvas of 512 px is enlarged by 1.5, plan and margins alike."""
    house = plans.sample_house()
    plan = house.plans[0]
    Image.fromarray(draw.raster(plan, "cad")).save(source / "h_1f.png")
    sidecar.write(source / "h_1f.json", plan, house=house, style="cad", canvas=canvas.fit_outline(outline(plan)))
    assert entry(run(source, size_px=768), "h_1f.png").reasons == ("resized from 512 to 768 px",)
    found = examples(source)["h_1f.png"]
    assert found.grid_px == 48
    ours = draw.raster(plan, "cad", size_px=768)
    assert np.abs(pixels(found.path).astype(int) - ours).mean() < 6
    assert dataset.read_prepared(source.parent / "out").size_px == 768


def test_a_known_scale_puts_walls_on_the_lattice() -> None:
    """By hand: 8x9 modules at 40 px, one wall 3 modules from the west.

    On the canvas the corner is at module (4, 3), so at 32 px per module the walls' middles
    are at x = 128, 224, 384 and y = 96, 384, wherever the crop began.
    """
    for left, top in ((2, 2), (11, 4), (3, 13)):
        image = Image.new("L", (320 + 24, 360 + 24), 255)
        pen = ImageDraw.Draw(image)
        for x in (0, 120, 320):
            pen.rectangle((left + x - 2, top, left + x + 1, top + 359), fill=0)
        for y in (0, 360):
            pen.rectangle((left, top + y - 2, left + 319, top + y + 1), fill=0)
        brief = Brief("1F", 8 * 910, 9 * 910)
        placed = placing.place(np.asarray(image.convert("RGB")), brief, 40, size_px=512)
        dark = 255 - placed.pixels[:, :, 0].astype(float)
        assert placed.px_per_module == 32
        for middle, profile in [(x, dark.sum(axis=0)) for x in (128, 224, 384)] + [(384, dark.sum(axis=1))]:
            near = np.arange(middle - 6, middle + 6)
            weight = profile[near] - profile[near].min()
            # Pixel i covers i to i + 1, so a line in the middle of the lattice has its mass at `middle`.
            assert (weight * (near + 0.5)).sum() / weight.sum() == pytest.approx(middle, abs=0.5)


def test_walls_find_the_lattice_whatever_lies_beside_them() -> None:
    """A short line beside the plan moves the middle of the ink, and of the crop; the walls decide.

    By hand: walls at 40 px per module, at 30 + 0, 120 and 320 px; a mark 12 px west of them.
    """
    image = Image.new("RGB", (30 + 320 + 3, 366), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((14, 180, 17, 200), fill="black")
    for x in (0, 120, 320):
        pen.rectangle((30 + x - 2, 3, 30 + x + 1, 362), fill="black")
    placed = placing.place(np.asarray(image), Brief("1F", 8 * 910, 9 * 910), 40, size_px=512)
    dark = 255 - placed.pixels[:, :, 0].astype(float)[120:160]  # rows without the mark
    profile = dark.sum(axis=0)
    for middle in (128, 224, 384):
        near = np.arange(middle - 6, middle + 6)
        assert (profile[near] * (near + 0.5)).sum() / profile[near].sum() == pytest.approx(middle, abs=0.3)


def test_a_drawn_plan_from_a_crop_equals_our_own_drawing() -> None:
    """A crop at 107.5 px per module, cut anywhere, comes to lie as `draw` draws it at 32."""
    plan = plans.atrium()
    large = draw.raster(plan, "cad", size_px=1720)
    x, y = (round(v) for v in canvas.fit_outline(outline(plan), size_px=1720).to_px(0, 0))
    crop = large[y - 23 : y + 752 + 40, x - 30 : x + 968 + 12]
    placed = placing.place(crop, brief_of(plan), 107.5, size_px=512)
    ours = draw.raster(plan, "cad")
    # Moved by one pixel the difference is twice as large.
    assert np.abs(placed.pixels.astype(int) - ours).mean() < 3
    assert np.abs(np.roll(placed.pixels, 1, axis=1).astype(int) - ours).mean() > 4


def test_a_picture_is_never_stretched() -> None:
    """A circle stays a circle, with a known scale and without."""
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).ellipse((100, 50, 299, 249), fill="black")
    for brief, scale in ((None, None), (Brief("1F", 9100, 6825), 40.0)):
        dark = placing.place(np.asarray(image), brief, scale, size_px=512).pixels[:, :, 0] < 128
        assert int(dark.any(axis=0).sum()) == pytest.approx(int(dark.any(axis=1).sum()), abs=1)


def test_an_unknown_scale_is_padded_with_the_background() -> None:
    """A wide picture on cream paper gets cream above and below."""
    image = Image.new("RGB", (400, 200), (250, 240, 220))
    ImageDraw.Draw(image).rectangle((50, 50, 349, 149), fill="black")
    placed = placing.place(np.asarray(image), None, None, size_px=256)
    assert placed.px_per_module == 0
    assert placed.mended == ("padded from 400x200 to a square", "resized to 256 px")
    assert placed.pixels.shape == (256, 256, 3)
    assert (placed.pixels[:40] == (250, 240, 220)).all()
    assert (placed.pixels[128, 60:200] == 0).all()


def test_a_square_picture_of_the_right_size_stays() -> None:
    """Where nothing has to be done nothing is done, and nothing is said."""
    square = np.asarray(sketch(2).resize((512, 512)))
    placed = placing.place(square, None, None, size_px=512)
    assert (placed.pixels == square).all()
    assert placed.mended == ()


def test_a_blank_picture_can_be_placed() -> None:
    """Without ink there is nothing to align; the paper fills the canvas."""
    blank = np.full((360, 320, 3), 200, np.uint8)
    assert (placing.place(blank, Brief("1F", 8 * 910, 9 * 910), 40, size_px=512).pixels == 200).all()


def test_a_crop_along_the_walls_gets_light_paper() -> None:
    """Where the rim of a picture is a wall, the paper is the commonest colour, not the wall's."""
    image = np.asarray(sketch(1))
    placed = placing.place(image, Brief("1F", 8 * 910, 9 * 910), GRID_PX, size_px=512)
    assert (placed.pixels[0] == 255).all()


def test_blueprints_keep_their_dark_paper() -> None:
    """White lines on blue are padded with blue."""
    image = Image.new("RGB", (300, 400), (20, 40, 120))
    ImageDraw.Draw(image).rectangle((40, 40, 259, 359), outline="white", width=3)
    placed = placing.place(np.asarray(image), None, None, size_px=256)
    assert tuple(placed.pixels[128, 2]) == (20, 40, 120)


def test_a_scale_that_is_not_stated_follows_from_the_size(source: Path) -> None:
    """With W×H that fits the picture's shape the scale is computed and said."""
    data = v2()
    del data["grid_px"]
    put(source, "c_2f", data)
    found = entry(run(source), "c_2f.png")
    assert found.reasons == ("scale taken from the picture: 40.0 px per module",)
    assert examples(source)["c_2f.png"].grid_px == 32


def test_a_scale_that_cannot_be_found_is_padded_and_said(source: Path) -> None:
    """With W×H of another shape and no scale the picture is padded, and a note says what that means."""
    data = v2(width=12, height=6)
    del data["grid_px"]
    put(source, "c_2f", data)
    found = entry(run(source), "c_2f.png")
    assert "the scale is unknown, so 12x6 in the caption is not to scale in the picture" in found.notes
    assert examples(source)["c_2f.png"].grid_px == 0


def test_a_picture_that_was_resized_after_its_sidecar_is_mended(source: Path) -> None:
    """The shape fits W×H, the scale does not: the picture is believed."""
    put(source, "c_2f", image=sketch(3).resize((640, 720)))
    found = entry(run(source), "c_2f.png")
    assert found.reasons == (
        "scale taken from the picture, 80.0 px per module: it would be 16.0x18.0 modules at 40.0 px",
    )


def test_wide_margins_are_a_note(source: Path) -> None:
    """A plan with much paper around it lies at its scale all the same."""
    image = Image.new("RGB", (560, 420), "white")
    image.paste(sketch(3), (200, 30))
    put(source, "c_2f", image=image)
    report = run(source)
    assert entry(report, "c_2f.png").notes == (
        "the picture shows 14.0x10.5 modules at 40.0 px, W×H is 8x9: has it wide margins?",
    )
    dark = pixels(examples(source)["c_2f.png"].path)[:, :, 0] < 200
    columns = np.flatnonzero(dark.any(axis=0))
    # 8 modules of 32 px from module 4: the plan, not the paper, lies in the middle.
    assert (int(columns[0]), int(columns[-1])) == pytest.approx((128, 383), abs=3)


def test_a_contradiction_of_size_and_scale_is_refused(source: Path) -> None:
    """A picture smaller than its W×H, and of another shape, cannot be placed."""
    put(source, "c_2f", v2(width=20, height=10))
    assert (
        "picture must show the 20x10 modules of its sidecar, got 8.0x9.0" in entry(run(source), "c_2f.png").reasons[0]
    )


# --- images -------------------------------------------------------------------------------


def _exif_turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it turned 90° clockwise
    sketch(7).transpose(Image.Transpose.ROTATE_90).save(path.with_suffix(".png"), exif=exif)


def _sixteen_bit(path: Path) -> None:
    values = np.asarray(sketch(7).convert("L")).astype(np.uint16) * 257
    Image.fromarray(values).save(path)


def _sixteen_bit_colour(path: Path) -> None:
    rgb = np.asarray(sketch(7)).astype(">u2") * 257
    height, width = rgb.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    )


def _alpha(path: Path) -> None:
    grey = np.asarray(sketch(7).convert("L"))
    # Black everywhere; where the sketch is white it is transparent.
    Image.fromarray(np.dstack([np.zeros_like(grey)] * 3 + [255 - grey])).save(path)


def _alpha_palette(path: Path) -> None:
    image = sketch(7).convert("L").point(lambda v: 1 if v > 128 else 0, mode="P")
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.save(path, transparency=1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("make", "mended"),
    [
        (_exif_turned, ("turned upright as its EXIF says",)),
        (_sixteen_bit, ("16 bits reduced to 8",)),
        (_sixteen_bit_colour, ("16 bits reduced to 8",)),
        (_alpha, ("transparency laid on white",)),
        (_alpha_palette, ("transparency laid on white",)),
        (lambda path: sketch(7).convert("L").save(path), ()),
        (lambda path: sketch(7).convert("1", dither=Image.Dither.NONE).save(path), ()),
        (lambda path: sketch(7).quantize(8).save(path), ()),
        (lambda path: sketch(7).convert("RGBA").save(path), ()),
    ],
)
def test_images_of_all_kinds_become_upright_rgb_on_white(
    tmp_path: Path, make: Callable[[Path], None], mended: tuple[str, ...]
) -> None:
    """Every kind of PNG shows the same pixels; what changed something is named."""
    make(tmp_path / "a.png")
    picture = pictures.open_picture(tmp_path / "a.png")
    assert np.abs(picture.pixels.astype(int) - np.asarray(sketch(7))).max() <= 1
    assert picture.mended == mended
    assert not picture.as_it_was


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    """Of 65535 levels 257 make one of 255: 0xC0C0 is 0xC0, 0x4321 is 0x43."""
    values = np.full((80, 80), 0xC0C0, np.uint16)
    values[:40, :40], values[:40, 40:] = 0, 0x4321
    Image.fromarray(values).save(tmp_path / "a.png")
    grey = pictures.open_picture(tmp_path / "a.png").pixels[:, :, 0]
    assert (grey[0, 0], grey[0, 79], grey[79, 0]) == (0, 0x43, 0xC0)


def test_an_rgb_png_is_as_it_was(tmp_path: Path) -> None:
    """Only such a file may be copied byte by byte."""
    sketch(7).save(tmp_path / "a.png")
    assert pictures.open_picture(tmp_path / "a.png").as_it_was


def test_jpeg_in_rgb_and_cmyk(tmp_path: Path) -> None:
    """JPEG is read; CMYK is converted and named; black is black, not white."""
    sketch(7).save(tmp_path / "rgb.jpg", quality=95)
    sketch(7).convert("CMYK").save(tmp_path / "cmyk.jpeg", quality=95)
    rgb, cmyk = (pictures.open_picture(tmp_path / n) for n in ("rgb.jpg", "cmyk.jpeg"))
    assert (rgb.mended, cmyk.mended) == ((), ("CMYK converted to RGB",))
    for picture in (rgb, cmyk):
        assert np.abs(picture.pixels.astype(int) - np.asarray(sketch(7))).mean() < 4


def test_a_jpeg_is_prepared_like_a_png(source: Path) -> None:
    """A JPEG's prepared file is a PNG."""
    put(source, "c_2f", suffix=".JPEG")
    run(source)
    with Image.open(examples(source)["c_2f.JPEG"].path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (512, 512))


def _truncated(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:60_000])


def _bomb(width: int, height: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
        data = zlib.compress(b"\0" * 1000)
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b""))

    return make


def _gif(path: Path) -> None:
    sketch(1).save(path, "GIF")


BAD_IMAGES: list[tuple[Callable[[Path], None], str]] = [
    (_truncated, "must be a whole image, got OSError"),
    (_bomb(6000, 5000), "must have at most 25 megapixels, got 6000x5000"),
    (_bomb(10_000, 10_000), "must have at most 25 megapixels, got far more"),  # Pillow only warns of it
    (_bomb(60_000, 60_000), "must have at most 25 megapixels, got far more"),
    (_gif, "must be a PNG or JPEG, got a GIF (save it as PNG)"),
    (lambda path: path.write_bytes(b""), "must be a PNG or JPEG, got an empty file"),  # type: ignore[list-item]
    (lambda path: path.write_bytes(b"hello"), "must be a PNG or JPEG, got something else"),  # type: ignore[list-item]
    (lambda path: path.symlink_to(path.name), "must be a whole image, got OSError"),
    (lambda path: Image.new("RGB", (1, 1)).save(path), "must be at least 64 px a side, got 1x1"),
    (lambda path: Image.new("RGB", (300, 300), "red").save(path), "must show a drawing, got an empty picture"),
]


@pytest.mark.parametrize(("make", "message"), BAD_IMAGES)
def test_bad_images_are_refused_with_a_reason(source: Path, make: Callable[[Path], None], message: str) -> None:
    """The image is refused, the others are prepared."""
    make(source / "bad.png")
    (source / "bad.json").write_text(json.dumps(v2()), "utf-8")
    found = entry(run(source), "bad.png")
    assert found.status == "refused"
    assert message in found.reasons[0]
    assert len(examples(source)) == 2


def test_a_broken_image_is_an_error_by_itself(tmp_path: Path) -> None:
    """`open_picture` raises; only `prepare` collects."""
    _truncated(tmp_path / "a.png")
    with pytest.raises(ImageError, match="export or copy it again"):
        pictures.open_picture(tmp_path / "a.png")


def test_a_small_picture_is_a_note(source: Path) -> None:
    """Under 256 px lines may blur."""
    put(source, "c_2f", v2(grid_px=20), sketch(3).resize((160, 180)))
    assert entry(run(source), "c_2f.png").notes == ("the picture is small, 160x180 px; its lines may blur",)
