"""Reading pictures with the net that ships: own drawings, and what is no plan at all."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import plans
from madorizu import canvas, degrade, draw
from madorizu.canvas import Canvas
from madorizu.draft import Draft, draft_to_json
from madorizu.errors import ImageError, PlanError
from madorizu.metrics.reading import compare
from madorizu.plan import Plan, outline, translate
from madorizu.plan_json import plan_from_json
from madorizu.vectorise import files, net, trace

Picture = npt.NDArray[np.uint8]


def at_origin(plan: Plan) -> Plan:
    """Move a plan's outline to the lattice's origin."""
    x, y, _, _ = outline(plan)
    return translate(plan, -x, -y)


GROUND, UPPER = (at_origin(plan) for plan in plans.sample_house().plans)


def picture_of(plan: Plan, style: str = "cad") -> tuple[Picture, Canvas]:
    """Draw a plan on its canvas."""
    place = canvas.fit_outline(outline(plan))
    return draw.raster(plan, style, canvas=place), place


def moved(draft: Draft, place: Canvas) -> Plan:
    """Lay the plan that was read on the lattice of the drawn one."""
    half = draft.px_per_module / 2
    dx, dy = (
        round((own - drawn * place.px_per_module) / half)
        for own, drawn in zip(draft.origin_px, (place.left, place.top), strict=True)
    )
    return translate(draft.plan, dx, dy)


@pytest.mark.parametrize("style", ["cad", "listing", "atelier", "blueprint"])
@pytest.mark.parametrize("plan", [GROUND, UPPER], ids=["1F", "2F"])
def test_own_drawings_are_read(plan: Plan, style: str) -> None:
    """On the known canvas the outline is right, and of walls, rooms, doors and windows nearly all."""
    picture, place = picture_of(plan, style)
    draft = trace(picture, floor=plan.floor, canvas=place)
    score = compare(draft.plan, plan)
    assert score.outlines_right == 1
    assert score.edge_f1 >= 0.95 and score.mean_iou >= 0.9 and score.kind_share >= 0.6
    assert score.doors_right >= score.doors_drawn - 1
    assert score.windows_right >= score.windows_drawn - 1
    assert draft.confidence > 0.7 and draft.warnings == ()


def test_scale_is_found_where_nobody_tells_it() -> None:
    """32 px per module within 1 %, and then the walls."""
    picture, place = picture_of(GROUND)
    draft = trace(picture)
    assert draft.px_per_module == pytest.approx(32, rel=0.01)
    assert compare(moved(draft, place), GROUND).edge_f1 >= 0.95


@pytest.mark.parametrize("kind", sorted(degrade.KINDS))
def test_worn_drawings_are_read(kind: str) -> None:
    """Each kind of wear leaves nine of ten walls."""
    picture, place = picture_of(GROUND)
    worn = degrade.KINDS[kind](picture, np.random.default_rng(0))
    share = degrade.SCALE if kind == "small" else 1.0
    draft = trace(worn, px_per_module=32 * share)
    place = Canvas(place.size_px, place.scale, place.left, place.top)
    half = draft.px_per_module / 2
    dx = round((draft.origin_px[0] - place.left * 32 * share) / half)
    dy = round((draft.origin_px[1] - place.top * 32 * share) / half)
    assert compare(translate(draft.plan, dx, dy), GROUND).edge_f1 >= 0.9
    assert (abs(draft.skew_deg) > 0.5) == (kind == "skew")


def test_a_picture_of_other_size_and_shape_is_read() -> None:
    """Three times as large, on a wide page, off the whole pixel: the same plan."""
    picture, _ = picture_of(GROUND)
    large = cv2.resize(picture, None, fx=2.9, fy=2.9, interpolation=cv2.INTER_CUBIC)
    page = np.full((1700, 2300, 3), 255, np.uint8)
    page[101 : 101 + large.shape[0], 371 : 371 + large.shape[1]] = large
    draft = trace(page, px_per_module=32 * 2.9)
    assert len(draft.plan.rooms) >= len(GROUND.rooms) - 1
    x, y, width, height = outline(draft.plan)
    assert (width, height) == (16, 18)


def test_walls_are_measured() -> None:
    """Outer walls of 150 mm and inner walls of 120 mm, to a pixel of 28 mm."""
    picture, place = picture_of(GROUND)
    draft = trace(picture, canvas=place)
    assert draft.outer_mm is not None and abs(draft.outer_mm - 150) <= 30
    assert draft.inner_mm is not None and abs(draft.inner_mm - 120) <= 30


def test_equal_pictures_give_equal_drafts() -> None:
    """Nothing is left to chance."""
    picture, _ = picture_of(UPPER, "sketch_grey")
    first, second = (trace(picture, floor=2) for _ in range(2))
    assert draft_to_json(first) == draft_to_json(second)
    assert first.evidence.rooms.tobytes() == second.evidence.rooms.tobytes()


# --- what is no plan --------------------------------------------------------------------------


def test_an_empty_page_is_refused() -> None:
    """White paper holds nothing to read."""
    with pytest.raises(ImageError, match="must show a drawing, got an empty page"):
        trace(np.full((512, 512, 3), 255, np.uint8))


@pytest.mark.parametrize("what", ["noise", "blobs", "words"])
def test_what_is_no_plan_is_not_read_without_a_warning(what: str) -> None:
    """Noise, a soft picture and a page of words give warnings, not plans that seem sure."""
    rng = np.random.default_rng(0)
    if what == "noise":
        picture = rng.integers(0, 256, (512, 512, 3), dtype=np.uint8)
    elif what == "blobs":
        rough = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        picture = cv2.resize(rough, (600, 450), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    else:
        picture = np.full((700, 500, 3), 255, np.uint8)
        for y in range(40, 680, 26):
            cv2.putText(picture, "the quick brown fox jumps over", (20, y), 0, 0.7, (0, 0, 0), 1, cv2.LINE_AA)
    draft = trace(picture)
    assert draft.warnings != ()


def test_two_storeys_on_one_page_are_told() -> None:
    """The larger drawing is read, and a warning says that there is another."""
    ground, _ = picture_of(GROUND)
    upper, _ = picture_of(UPPER)
    page = np.concatenate([ground, upper[:, 96:]], axis=1)
    draft = trace(page, px_per_module=32)
    assert any("more than one storey" in warning for warning in draft.warnings)
    assert 230 <= sum(len(room.cells) for room in draft.plan.rooms) <= 320


def put(folder: Path, picture: Picture, name: str = "plan_1f.png") -> Path:
    """Write a picture file."""
    path = folder / name
    Image.fromarray(picture).save(path)
    return path


def test_a_file_is_read_with_results_beside(tmp_path: Path) -> None:
    """NAME.plan.json is a plan, NAME.draft.json tells how sure each of its parts is."""
    picture, _ = picture_of(GROUND)
    draft = files.read_file(files.Job(put(tmp_path, picture), px_per_module=32.0, out=tmp_path / "out"))
    plan = plan_from_json(json.loads((tmp_path / "out" / "plan_1f.plan.json").read_text(encoding="utf-8")))
    told = json.loads((tmp_path / "out" / "plan_1f.draft.json").read_text(encoding="utf-8"))
    assert plan == draft.plan
    assert len(told["rooms"]) == len(plan.rooms) and len(told["openings"]) == len(plan.openings)
    assert all(0 <= room["confidence"] <= 1 for room in told["rooms"])


@pytest.mark.parametrize(
    ("mode", "size"), [("CMYK", (512, 512)), ("I;16", (512, 512)), ("P", (512, 512)), ("RGBA", (512, 512))]
)
def test_unusual_pixels_are_read_like_usual_ones(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    """CMYK, 16 bits, a palette, transparency: the same outline."""
    picture, _ = picture_of(GROUND)
    if mode == "CMYK":
        path = tmp_path / "a.jpg"
        Image.fromarray(picture).convert("CMYK").save(path, quality=95)
    elif mode == "I;16":
        path = tmp_path / "a.png"
        cv2.imwrite(str(path), picture[..., 0].astype(np.uint16) * 257)
    else:
        path = tmp_path / "a.png"
        Image.fromarray(picture).convert(mode).save(path)
    draft = files.read_file(files.Job(path, px_per_module=32.0))
    assert outline(draft.plan)[2:] == (16, 18)


def test_what_cannot_be_read_is_told_not_raised(tmp_path: Path) -> None:
    """A picture of one pixel, of 400 megapixels, and a text file: each gives its reason and a hint."""
    tiny = put(tmp_path, np.zeros((1, 1, 3), np.uint8), "tiny.png")
    huge = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(huge)
    text = tmp_path / "text.png"
    text.write_text("no picture", encoding="utf-8")
    for path, words in ((tiny, "at least 64 px"), (huge, "at most 25 megapixels"), (text, "must be a PNG or JPEG")):
        read = files.read_or_tell(files.Job(path))
        assert read.draft is None and words in read.error and read.hint


# --- the net's file ---------------------------------------------------------------------------


def test_a_damaged_net_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flipped byte, or no file at all, is an error that says to reinstall."""
    folder = tmp_path / "assets" / "tracer"
    folder.mkdir(parents=True)
    monkeypatch.setattr(net, "resources", SimpleNamespace(files=lambda _: tmp_path))
    net._load.cache_clear()
    try:
        with pytest.raises(PlanError, match="must be in the package"):
            net.ask(np.zeros((128, 128, 3), np.uint8))
        (folder / "tracer.json").write_text('{"sha256": "0"}', encoding="utf-8")
        (folder / "tracer.onnx").write_bytes(b"damaged")
        with pytest.raises(PlanError, match="must have the hash of its card") as caught:
            net.ask(np.zeros((128, 128, 3), np.uint8))
        assert "reinstall" in (caught.value.hint or "")
    finally:
        net._load.cache_clear()
