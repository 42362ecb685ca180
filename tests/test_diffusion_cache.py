"""Encoded images and captions on disk, and how images are read: buckets, mirrors, masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import tiny
from madorizu.dataset import Example, read_prepared
from madorizu.diffusion import bases, cache, looks, pictures, sample
from madorizu.diffusion.pictures import View
from madorizu.diffusion.progress import Event
from madorizu.diffusion.train import train
from madorizu.errors import BaseModelError, DatasetError, ImageError, TrainingError
from worlds import World

CAPTION = "floor plan, 1F, 8x9, stairs, style atelier"
SQUARE = (64, 64)


def picture(world: World) -> View:
    """The first training image as it is."""
    return View(world.data / "train" / "plan-0.png", SQUARE)


def test_latents_are_the_scaled_mean_and_deviation_of_the_vae(world: World, tmp_path: Path) -> None:
    """Not one frozen sample, and with the factor of the VAE's config."""
    from diffusers import AutoencoderKL

    base = bases.resolve(str(world.base))
    view = picture(world)
    found = cache.build(base, [view], [], folder=world.root / "cache")
    mean, std = found.latent(view)
    vae = AutoencoderKL.from_pretrained(world.base, subfolder="vae")
    with torch.no_grad():
        wanted = vae.encode(pictures.read(view)[None]).latent_dist
    assert torch.equal(mean, wanted.mean[0] * 1.5) and torch.equal(std, wanted.std[0] * 1.5)
    assert mean.shape == (4, 8, 8) and (std > 0).all()
    large = View(tmp_path / "large.png", SQUARE)  # prepared for another base: scaled to this one's size
    with Image.open(view.path) as opened:
        opened.resize((128, 128), Image.Resampling.NEAREST).save(large.path)
    assert cache.build(base, [large], [], folder=tmp_path).latent(large)[0].shape == (4, 8, 8)


def test_a_shift_factor_is_taken_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latent is (mean - shift) * scale; drawing with such a VAE is refused, as the pipeline forgets the shift."""
    from diffusers import AutoencoderKL

    base = replace(bases.resolve(str(world.base)), shift_factor=0.5, scaling_factor=2.0)
    vae = AutoencoderKL.from_pretrained(world.base, subfolder="vae")
    pixels = torch.zeros(3, 64, 64)
    plain, _ = cache.encode_image(vae, replace(base, shift_factor=0.0, scaling_factor=1.0), pixels)
    mean, _ = cache.encode_image(vae, base, pixels)
    assert torch.allclose(mean, (plain - 0.5) * 2)
    monkeypatch.setattr(bases, "resolve", lambda name: base)
    with pytest.raises(BaseModelError, match=r"VAE must have no shift_factor, got 0\.5"):
        sample.load("shifted")


def test_the_cache_is_reused_by_content(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A second run loads no encoder; another shape, mirror, base or picture has entries of its own."""

    def never(*given: object) -> None:
        raise RuntimeError("encoded again")

    base = bases.resolve(str(world.base))
    view = picture(world)
    folder = world.root / "cache"
    mine = cache.plan(base, [view], [CAPTION], folder=folder).images[view]
    monkeypatch.setattr(cache, "_encode_images", never)
    train(world.run_settings("reused", steps=1))
    for other in (replace(view, shape=(64, 128)), replace(view, mirrored=True)):
        assert cache.plan(base, [other], [], folder=folder).images[other] != mine
    copy = View(tmp_path / "copy.png", SQUARE)
    copy.path.write_bytes(view.path.read_bytes())
    assert cache.plan(base, [copy], [], folder=folder).images[copy] == mine
    another = bases.resolve(str(tiny.tiny_base(tmp_path / "other", seed=5)))
    assert cache.plan(another, [view], [], folder=folder).images[view] != mine


def test_an_image_changed_under_the_cache_is_refused_or_encoded_again(world: World, tmp_path: Path) -> None:
    """Changed in the prepared folder it is no longer what was prepared; by its content it never meets an old entry."""
    data = tiny.prepared(tmp_path / "data")
    base = bases.resolve(str(world.base))
    view = View(data / "train" / "plan-0.png", SQUARE)
    before = cache.build(base, [view], [], folder=tmp_path / "cache").images[view]
    Image.new("RGB", SQUARE, "red").save(view.path)
    after = cache.build(base, [view], [], folder=tmp_path / "cache").images[view]
    assert before != after and before.is_file() and after.is_file()
    with pytest.raises(DatasetError, match=r"plan-0\.png must be as it was prepared, got a changed file"):
        train(world.run_settings("changed", data=data))


def test_a_trial_shorter_than_an_epoch_encodes_only_what_it_looks_at(world: World, tmp_path: Path) -> None:
    """Two steps of a full-size model must not wait for the whole data set to be encoded."""
    events: list[Event] = []
    settings = world.run_settings("trial", steps=1, cache=tmp_path)
    train(settings, report=events.append)

    assert len(list(tmp_path.glob("image-*"))) == settings.batch_size
    epoch = next(event for event in events if event.kind == "epoch")
    assert epoch.data["validation_loss"] is None


def test_pictures_are_read_on_white(tmp_path: Path) -> None:
    """0..255 becomes -1..1, transparency white; what is no image is refused."""
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert pictures.read(View(tmp_path / "clear.png", (2, 2))).tolist() == torch.ones(3, 2, 2).tolist()
    Image.new("L", (2, 2), 0).save(tmp_path / "black.png")
    assert pictures.read(View(tmp_path / "black.png", (4, 4))).shape == (3, 4, 4)
    assert pictures.read(View(tmp_path / "black.png", (2, 2))).max() == -1
    (tmp_path / "none.png").write_text("no image")
    for act in (
        lambda: pictures.read(View(tmp_path / "none.png", (2, 2))),
        lambda: pictures.size_of(tmp_path / "none.png"),
    ):
        with pytest.raises(ImageError, match="must be a whole PNG, JPEG or WebP"):
            act()


def test_an_image_that_is_not_square_needs_buckets(world: World, tmp_path: Path) -> None:
    """Without them it is refused; with them it has a shape of its own ratio and of the square's area."""
    base, settings = bases.resolve(str(world.base)), world.settings.with_preset("embedded", 64)
    Image.new("RGB", (40, 80)).save(tmp_path / "tall.png")
    example = replace(example_of(world), path=tmp_path / "tall.png")
    with pytest.raises(ImageError, match="must be square, got 40x80"):
        looks.view_of(example, base, settings)
    found = looks.view_of(example, base, replace(settings, buckets=True))
    assert found.shape == (80, 48)


def example_of(world: World) -> Example:
    """The first training example."""
    return read_prepared(world.data).train[0]


def test_buckets_have_about_one_area_and_sides_of_whole_units() -> None:
    """By hand: 2:1 at 512 px is 704x320, for 704x384 were more than 512x512; very long images stop at 4:1."""
    assert pictures.bucket((512, 512), 512, 64) == (512, 512)
    assert pictures.bucket((1000, 500), 512, 64) == (320, 704)
    assert pictures.bucket((500, 1000), 512, 64) == (704, 320)
    height, width = pictures.bucket((9000, 100), 512, 64)
    assert (height, width) == (256, 1024)
    for size in ((3, 2), (5, 4), (16, 9), (1, 3)):
        height, width = pictures.bucket(size, 768, 64)
        assert height % 64 == width % 64 == 0 and 0.75 * 768**2 <= height * width <= 768**2


def test_an_image_in_another_shape_is_padded_not_stretched(tmp_path: Path) -> None:
    """A black square in a wide bucket keeps its ratio, with white at both sides."""
    Image.new("RGB", (4, 4)).save(tmp_path / "black.png")
    pixels = pictures.read(View(tmp_path / "black.png", (4, 8)))[0]
    assert pixels[0].tolist() == [1, 1, -1, -1, -1, -1, 1, 1]


def test_a_mirrored_plan_lies_where_its_size_puts_it(world: World, tmp_path: Path) -> None:
    """A plan of 7 modules lies at 4..11 of 16; mirrored it would lie at 5..12, so it moves west by a module."""
    row = np.full((16, 16), 255, np.uint8)
    row[:, 4] = 0  # its west wall, at module 4
    row[:, 10] = 100  # its last column
    Image.fromarray(row).save(tmp_path / "plan.png")
    example = replace(example_of(world), path=tmp_path / "plan.png", width=7.0, height=8.0, grid_px=1.0)
    shift = pictures.mirror_shift(example)
    assert shift == -1 / 16
    found = pictures.read(View(example.path, (16, 16), mirrored=True, shift=shift))[0, 0]
    assert [i for i, value in enumerate(found.tolist()) if value < 1] == [4, 10]
    assert found[4] > found[10] == -1  # east and west have changed places
    assert pictures.mirror_shift(replace(example, width=8.0)) == 0
    assert pictures.mirror_shift(replace(example, width=7.5)) == -0.5 / 16
    assert pictures.mirror_shift(replace(example, grid_px=0.0)) == 0


def test_a_drawing_in_the_margin_is_never_mirrored_over_the_rim(tmp_path: Path) -> None:
    """What would leave the picture must be empty."""
    pixels = np.full((16, 16), 255, np.uint8)
    pixels[3, 15] = 0
    Image.fromarray(pixels).save(tmp_path / "plan.png")
    view = View(tmp_path / "plan.png", (16, 16), mirrored=True, shift=-1 / 16)
    assert not pictures.can_mirror(view) and pictures.can_mirror(replace(view, shift=1 / 16))
    with pytest.raises(ImageError, match="margin must be empty to be mirrored"):
        pictures.read(view)


def test_a_mask_is_read_at_the_latents_shape(tmp_path: Path) -> None:
    """White is 1, black 0, grey between; it turns with its image; black all over is refused."""
    grey = np.zeros((8, 8), np.uint8)
    grey[:4, :4] = 255
    Image.fromarray(grey).save(tmp_path / "mask.png")
    view = View(tmp_path / "image.png", (8, 8))
    assert pictures.read_mask(tmp_path / "mask.png", view, (2, 2)).tolist() == [[1, 0], [0, 0]]
    assert pictures.read_mask(tmp_path / "mask.png", replace(view, mirrored=True), (2, 2)).tolist() == [[0, 1], [0, 0]]
    Image.new("L", (8, 8), 0).save(tmp_path / "black.png")
    with pytest.raises(ImageError, match="mask must be white where the loss counts"):
        pictures.read_mask(tmp_path / "black.png", view, (2, 2))
    (tmp_path / "none.png").write_text("no image")
    with pytest.raises(ImageError, match="mask must be a whole PNG"):
        pictures.read_mask(tmp_path / "none.png", view, (2, 2))


def test_a_caption_too_long_names_itself(world: World, tmp_path: Path) -> None:
    """Nothing is cut off in training either."""
    base = bases.resolve(str(world.base))
    with pytest.raises(DatasetError, match="caption must have at most 77 tokens"):
        cache.build(base, [], ["x" * 100], folder=tmp_path)


def test_a_damaged_entry_is_refused(world: World, tmp_path: Path) -> None:
    """Half a file is no latent."""
    base = bases.resolve(str(world.base))
    found = cache.build(base, [], ["a"], folder=tmp_path)
    found.captions["a"].write_bytes(b"half")
    with pytest.raises(TrainingError, match="cache entry must be whole"):
        found.text("a")


def test_a_missing_image_is_refused(world: World, tmp_path: Path) -> None:
    """Before anything is encoded."""
    with pytest.raises(ImageError, match="image must be readable, got No such file"):
        cache.plan(bases.resolve(str(world.base)), [View(tmp_path / "none.png", SQUARE)], [], folder=tmp_path)


def test_a_latent_that_is_not_finite_names_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Never replaced by zeros."""
    bad = torch.full((4, 8, 8), float("nan"))
    monkeypatch.setattr(cache, "encode_image", lambda *given: (bad, bad))
    base = bases.resolve(str(world.base))
    with pytest.raises(TrainingError, match=r"latent must be finite, got NaN or infinity for .*plan-0\.png"):
        cache.build(base, [picture(world)], [], folder=tmp_path)


def test_a_forgotten_scaling_factor_is_told(world: World, tmp_path: Path) -> None:
    """Latents far from a spread of 1 bring advice."""
    events: list[Event] = []
    base = replace(bases.resolve(str(world.base)), scaling_factor=100.0)
    cache.build(base, [picture(world)], [], folder=tmp_path, report=events.append)
    assert "should be about 1" in events[-1].message


def test_a_hundred_thousand_images_take_little_memory(world: World, tmp_path: Path) -> None:
    """What a run holds per image are names, not pixels: under 4 kB, so 400 MB at most for 100,000."""
    import os
    import tracemalloc

    base, settings = bases.resolve(str(world.base)), world.settings.with_preset("embedded", 64)
    example = example_of(world)
    paths = [tmp_path / f"plan-{n}.png" for n in range(1500)]
    for path in paths:
        os.link(example.path, path)
    cache.plan(base, [], [], folder=tmp_path)  # the base's hashes are remembered once
    tracemalloc.start()
    examples = [replace(example, path=path, caption=f"{example.caption}, {n}") for n, path in enumerate(paths)]
    found = {e.path: looks.of(e, base, settings, lambda text: True) for e in examples}
    known = {e.path: e.sha256 for e in examples}
    views = [look.plain for look in found.values()]
    planned = cache.plan(base, views, [e.caption for e in examples], folder=tmp_path, known=known)
    places = looks.epoch_places(0, 0, [view.shape for view in views], size=1, wide=1)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(planned.images) == len(places) == 1500
    assert held / 1500 < 4000
