"""Training of the embedded base, in seconds: a corpus of four drawings, a model of some kilobytes."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import CLIPTokenizer

import plans
from madorizu import brief, canvas, draw, sidecar, wording
from madorizu.brief import caption, parse_caption
from madorizu.diffusion import bases, device, sample
from madorizu.diffusion.pretrain import (
    assemble,
    autoencoder,
    denoiser,
    loop,
    pairs,
    ranks,
    reader,
    recipe,
    sight,
    snapshots,
    stages,
    text,
)
from madorizu.errors import BaseModelError, DatasetError, SettingsError, TrainingError
from madorizu.plan import House, outline

TINY = recipe.Recipe(
    size_px=32,
    held_out=1,
    preview_every=4,
    autoencoder=recipe.Autoencoder(
        channels=(8, 8, 16), latent_channels=4, norm_groups=4, crop_px=16, batch=2, warmup=2, steps=4, whole_from=0.7
    ),
    denoiser=recipe.Denoiser(
        channels=(8, 16),
        head_width=8,
        norm_groups=4,
        text_width=16,
        text_layers=1,
        text_heads=2,
        vocabulary=600,
        batch=2,
        warmup=2,
        steps=4,
        reader_steps=3,
    ),
)
CAPTION = "floor plan, 1F, 8x9, entrance south, stairs, 2 bedrooms, LDK, style cad"


def write_corpus(folder: Path) -> Path:
    """Draw four storeys with their sidecars."""
    folder.mkdir()
    house = plans.sample_house()
    houses = [(house, p) for p in house.plans]
    houses += [(House((p,), f"h{p.floor}", 1), p) for p in (plans.bungalow(), plans.atrium())]
    for number, (of, plan) in enumerate(houses):
        style = draw.CORPUS_STYLES[number % len(draw.CORPUS_STYLES)]
        place = canvas.fit_outline(outline(plan))
        Image.fromarray(draw.raster(plan, style, canvas=place)).save(folder / f"p{number}.png")
        sidecar.write(folder / f"p{number}.json", plan, house=of, style=style, canvas=place)
    return folder


class World:
    """A corpus and the base that was trained on it; the tests only read them."""

    def __init__(self, root: Path) -> None:
        self.corpus = write_corpus(root / "corpus")
        self.work, self.base = root / "work", root / "base"
        self.words: list[str] = []
        with device.hushed():
            found = stages.run(
                stages.Order(self.corpus, self.work, self.base, TINY), threads=1, report=self.words.append
            )
        assert found == self.base


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Train once for all tests of this file."""
    return World(tmp_path_factory.mktemp("pretrain"))


def pictures(world: World) -> torch.Tensor:
    """The corpus as a batch in -1..1."""
    found = pairs.pictures(pairs.find(world.corpus), TINY.size_px)
    return torch.from_numpy(found.transpose(0, 3, 1, 2).astype(np.float32)) / 127.5 - 1


# --- all stages -------------------------------------------------------------------------


def test_the_folder_is_a_base_for_plain_diffusers(world: World) -> None:
    """`from_pretrained` loads and draws; resolve reads its figures; no file is too large, none a pickle."""
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(world.base, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    image = pipe(CAPTION, num_inference_steps=2, generator=torch.Generator().manual_seed(0)).images[0]
    drawn = sample.load(str(world.base), None, "cpu").draw([CAPTION], [0], steps=2, guidance=7.5)[0]
    assert drawn.shape == (32, 32, 3) and np.array_equal(drawn, np.asarray(image))
    base = bases.resolve(str(world.base))
    assert (base.kind, base.preset, base.prediction_type) == ("custom", "embedded", "v_prediction")
    assert (base.size_px, base.latent_channels, base.latent_px, base.vae_factor) == (32, 4, 8, 4)
    assert (base.scaling_factor, base.shift_factor, base.variant) == (1.0, 0.0, None)
    files = [path for path in world.base.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < 16 << 20
    assert not [path for path in files if path.suffix in (".bin", ".pkl", ".pt")]
    assert "corpus: 4 pictures" in world.words and "encoding 4 pictures" in world.words


def test_checksums_guard_the_embedded_base(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was written is accepted; one flipped byte in any of the files is not."""
    copy = Path(shutil.copytree(world.base, tmp_path / "base"))
    monkeypatch.setattr(bases, "embedded_folder", lambda: copy)
    assert bases.resolve("embedded").kind == "embedded"
    listed = json.loads((copy / assemble.CHECKSUMS).read_text())
    assert set(listed) == {p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file()} - {
        assemble.CHECKSUMS
    }
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(BaseModelError, match=r"unet/diffusion_pytorch_model\.safetensors must match checksums\.json"):
        bases.resolve("embedded")


def test_a_run_that_was_stopped_equals_one_that_was_not(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No time at all, then two steps of each stage, then the rest: every file of the base is the same."""
    work, out = tmp_path / "work", tmp_path / "base"

    def run(minutes: float = float("inf"), steps: int | None = None) -> Path | None:
        answers = repeat(False) if steps is None else chain(repeat(False, steps), repeat(True))
        if minutes:
            monkeypatch.setattr(ranks, "any_of", lambda said: next(answers))
        with device.hushed():
            order = stages.Order(world.corpus, work, out, TINY)
            return stages.run(order, minutes=minutes, threads=1, report=lambda line: None)

    def steps_of(stage: str) -> int:
        return int(json.loads((work / stage / "state.json").read_text())["step"])

    assert run(minutes=0) is None and steps_of("autoencoder") == 0 and not out.exists()
    assert run(steps=2) is None and steps_of("autoencoder") == 2
    assert run(steps=4) == out and (steps_of("autoencoder"), steps_of("denoiser")) == (4, 2)
    assert run() == out and steps_of("denoiser") == 4
    for stage in ("autoencoder", "denoiser"):
        whole, parts = (snapshots.weights_of(folder / stage) for folder in (world.work, work))
        assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []
    assert (out / assemble.CHECKSUMS).read_text() == (world.base / assemble.CHECKSUMS).read_text()


def test_a_finished_work_folder_is_assembled_again(world: World, tmp_path: Path) -> None:
    """Nothing is trained or encoded; the folder comes out the same."""
    words: list[str] = []
    with device.hushed():
        order = stages.Order(world.corpus, world.work, tmp_path / "again", TINY)
        stages.run(order, threads=1, report=words.append)
    assert words == ["corpus: 4 pictures"]
    assert (tmp_path / "again" / assemble.CHECKSUMS).read_text() == (world.base / assemble.CHECKSUMS).read_text()


def test_parts_must_be_trained_first(tmp_path: Path) -> None:
    """Assembling from nothing names the part that is missing."""
    with pytest.raises(TrainingError, match="autoencoder must be trained first, got no snapshot"):
        assemble.assemble(tmp_path, tmp_path / "out", TINY)


# --- what is seen meanwhile ---------------------------------------------------------------


def test_held_out_houses_are_judged_and_drawn(world: World) -> None:
    """Whole houses; the loss stands in a line of JSON, the previews side by side in a picture."""
    found = pairs.find(world.corpus)
    held = sight.held_out(found, TINY.held_out)
    assert 1 <= len(held) <= 2 and held == sight.held_out(found, TINY.held_out)
    assert not {found[i].house for i in held} & {p.house for i, p in enumerate(found) if i not in held}
    assert sight.held_out(found, 0) == () == sight.held_out(found, 2)  # half of the corpus is too much
    (row,) = sight.read_metrics(world.work)
    assert row["step"] == 4 and 0.1 < row["validation_loss"] < 10
    with Image.open(world.work / "previews" / "000004.png") as preview:
        assert preview.size == (32 * len(held), 32)


def test_the_validation_loss_is_always_of_the_same_noise(world: World) -> None:
    """A model that says nothing errs by the velocity itself: about one, each time the same."""
    tokenizer = CLIPTokenizer.from_pretrained(world.work / "tokenizer")
    model = denoiser.Denoiser(TINY, len(tokenizer))
    for weight in model.unet.conv_out.parameters():
        torch.nn.init.zeros_(weight)
    latents = load_file(world.work / stages.LATENTS)["mean"][:2]
    first, second = (denoiser.validation_loss(model, latents, [CAPTION] * 2, tokenizer) for _ in range(2))
    assert first == second == pytest.approx(1, abs=0.3)


# --- from a base on -----------------------------------------------------------------------


def test_a_base_is_trained_further(world: World, tmp_path: Path) -> None:
    """Its autoencoder and words stay as they are, byte for byte; its UNet moves on from where it was."""
    order = stages.Order(world.corpus, tmp_path / "work", tmp_path / "next", TINY, start=world.base)
    words: list[str] = []
    with device.hushed():
        assert stages.run(order, threads=1, report=words.append) == tmp_path / "next"
    assert not [line for line in words if line.startswith(("autoencoder", "reader"))]
    for name in ("vae/diffusion_pytorch_model.safetensors", "tokenizer/tokenizer.json"):
        assert (tmp_path / "next" / name).read_bytes() == (world.base / name).read_bytes()
    old, new = (load_file(f / "unet" / "diffusion_pytorch_model.safetensors") for f in (world.base, tmp_path / "next"))
    moved = max(float((old[name] - new[name]).abs().max()) for name in old)
    assert 0 < moved < 0.1  # four steps at a rate of at most 0.0008


def test_a_base_of_another_shape_is_not_trained_further(world: World, tmp_path: Path) -> None:
    """The message names the part, the hint what to do."""
    other = replace(TINY, autoencoder=replace(TINY.autoencoder, latent_channels=2))
    order = stages.Order(world.corpus, tmp_path / "work", tmp_path / "next", other, start=world.base)
    with pytest.raises(BaseModelError, match="base must be whole and of this recipe, got .* in vae.*same recipe"):
        stages.run(order, threads=1, report=lambda line: None)


# --- the recipe ---------------------------------------------------------------------------


def test_a_recipe_is_read_from_toml(tmp_path: Path) -> None:
    """What is not named stays; lists become tuples."""
    path = tmp_path / "r.toml"
    path.write_text("seed = 3\n[autoencoder]\nchannels = [8, 8, 16]\n[denoiser]\nbatch = 2\n")
    found = recipe.read(path)
    assert (found.seed, found.autoencoder.channels, found.denoiser.batch) == (3, (8, 8, 16), 2)
    assert found.denoiser.steps == recipe.Recipe().denoiser.steps


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("seeds = 3", "recipe's keys must be known, got seeds in"),
        ("[denoiser]\nbatches = 2", r"recipe's keys must be known, got denoiser\.batches in"),
        ("[denoiser]\nbatch = 'two'", r"recipe's denoiser\.batch must be of its kind"),
        ("seed = ", "recipe must be a TOML file that can be read"),
    ],
)
def test_a_recipe_that_is_none(tmp_path: Path, words: str, match: str) -> None:
    """Unknown names, values of another kind, no TOML."""
    path = tmp_path / "r.toml"
    path.write_text(words)
    with pytest.raises(SettingsError, match=match):
        recipe.read(path)
    with pytest.raises(SettingsError, match="recipe must be a TOML file that can be read"):
        recipe.read(tmp_path / "none.toml")


# --- the corpus -------------------------------------------------------------------------


def test_pairs_have_captions_of_the_grammar(world: World) -> None:
    """By name, each with its storey, size and style; pictures come at the size that is asked."""
    found = pairs.find(world.corpus)
    said = [brief.parse_caption(pair.caption) for pair in found]
    assert [(s.floor, s.width, s.height) for s in said] == [("1F", 8, 9), ("2F", 8, 9), ("1F", 20, 8), ("2F", 9, 7)]
    assert [s.style for s in said] == list(draw.CORPUS_STYLES[:4])
    small = pairs.pictures(found[:2], 32)
    assert (small.shape, small.dtype.name) == ((2, 32, 32, 3), "uint8")


def test_the_autoencoder_learns_from_more_drawings(world: World, tmp_path: Path) -> None:
    """All of a folder of PNG files, and of the corpus what there is room for."""
    found = pairs.find(world.corpus)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    assert pairs.drawings(found, None, 32, most=9).shape == (4, 32, 32, 3)
    drawn = pairs.drawings(found, tmp_path, 32, most=3)
    assert drawn.shape == (3, 32, 32, 3)
    assert np.array_equal(drawn[:2], pairs.pictures(found[::2], 32))
    assert (drawn[2] == (255, 0, 0)).all()
    (tmp_path / "a.png").unlink()
    with pytest.raises(DatasetError, match="drawings must be PNG files, got none in"):
        pairs.drawings(found, tmp_path, 32, most=3)


def test_a_style_without_a_name_is_not_in_the_caption(tmp_path: Path) -> None:
    """Of a drawing in a random style the caption says everything else."""
    plan, house = plans.sample_house().plans[0], plans.sample_house()
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    place = canvas.fit_outline(outline(plan))
    sidecar.write(tmp_path / "a.json", plan, house=house, style=sidecar.RANDOM_STYLE, canvas=place)
    (pair,) = pairs.find(tmp_path)
    assert "style" not in pair.caption and pair.caption == caption(brief.brief_of(plan))


def test_a_corpus_without_pairs_is_refused(tmp_path: Path) -> None:
    """No pictures, or sidecars of other tools, which hold no plan."""
    with pytest.raises(DatasetError, match="corpus must hold PNG files, got none.*madorizu corpus"):
        stages.run(stages.Order(tmp_path, tmp_path / "work", tmp_path / "out", TINY))
    assert not (tmp_path / "work").exists()
    Image.new("RGB", (8, 8)).save(tmp_path / "a_1f.png")
    (tmp_path / "a_1f.json").write_text('{"grid_px": 64, "grid_mm": 910, "floor": "1F"}')
    with pytest.raises(DatasetError, match=r"corpus must hold sidecars with plans, got none in a_1f\.json"):
        pairs.find(tmp_path)


# --- the autoencoder --------------------------------------------------------------------


def test_whitening_by_hand() -> None:
    """One channel of mean 3 and deviation 4, with the numbers written out."""
    before = {
        "quant_conv.weight": torch.tensor([2.0, 9.0]).reshape(2, 1, 1, 1),
        "quant_conv.bias": torch.tensor([1.0, 5.0]),
        "post_quant_conv.weight": torch.tensor([6.0]).reshape(1, 1, 1, 1),
        "post_quant_conv.bias": torch.tensor([7.0]),
    }
    after = autoencoder.whitened(before, torch.tensor([3.0]), torch.tensor([4.0]))
    assert after["quant_conv.weight"].flatten().tolist() == [0.5, 9.0]
    # (1 - 3) / 4, and the logarithm of the variance falls by ln 16.
    assert after["quant_conv.bias"].tolist() == pytest.approx([-0.5, 5 - 2.7725887])
    assert after["post_quant_conv.weight"].item() == 24.0
    assert after["post_quant_conv.bias"].item() == 25.0  # 7 + 6 · 3
    assert before["quant_conv.bias"].tolist() == [1.0, 5.0]


def test_whitening_changes_the_latents_and_no_picture(world: World) -> None:
    """Latents of the corpus have mean 0 and deviation 1 per channel; what they decode to is as it was."""
    plain = autoencoder.build(TINY.autoencoder, TINY.size_px).eval()
    plain.load_state_dict(snapshots.weights_of(world.work / "autoencoder"))
    white = assemble.load_autoencoder(world.work, TINY)
    batch = pictures(world)
    with torch.no_grad():
        latents, others = plain.encode(batch).latent_dist.mean, white.encode(batch).latent_dist.mean
        drawn, again = plain.decode(latents).sample, white.decode(others).sample
    assert torch.allclose(drawn, again, atol=1e-4)
    assert others.mean(dim=(0, 2, 3)).abs().max() < 0.01
    assert (others.std(dim=(0, 2, 3)) - 1).abs().max() < 0.01
    kept = load_file(world.work / stages.LATENTS)["mean"]
    assert torch.allclose(kept.float(), others, atol=0.01)


def test_a_new_autoencoder_passes_its_latents_almost_without_noise() -> None:
    """Residual branches begin at zero, the variance at e to the power of -6."""
    model = autoencoder.build(TINY.autoencoder, 32)
    assert model.quant_conv.bias.tolist()[4:] == [-6.0] * 4
    assert model.decoder.mid_block.resnets[0].conv2.weight.abs().max() == 0


def numbered(side: int = 32) -> np.ndarray:
    """Two pictures whose red is the column and whose green is the row."""
    image = np.zeros((side, side, 3), np.uint8)
    image[:, :, 0], image[:, :, 1] = np.meshgrid(np.arange(side), np.arange(side))
    return np.stack([image, image])


def test_crops_follow_from_seed_step_and_rank() -> None:
    """float32 in -1..1; equal for the same step and rank, others for others; whole pictures at the end."""
    drawings = numbered()
    first = autoencoder.crops(drawings, 0, 0, TINY)
    assert (first.shape, first.dtype.name) == ((2, 3, 16, 16), "float32")
    assert first.min() >= -1 and first.max() <= 1
    assert np.array_equal(first, autoencoder.crops(drawings, 0, 0, TINY))
    for step, rank in ((1, 0), (0, 1)):
        assert not np.array_equal(first, autoencoder.crops(drawings, step, rank, TINY))
    assert not np.array_equal(first, autoencoder.crops(drawings, 0, 0, replace(TINY, seed=1)))
    assert autoencoder.crops(drawings, 3, 0, TINY).shape == (1, 3, 32, 32)  # 3 of 4 steps: beyond 0.7


def test_most_crops_lie_on_the_lattice() -> None:
    """Unchanged crops begin at multiples of half a module, and are pieces of the drawing."""
    plain = replace(TINY, size_px=128, autoencoder=replace(TINY.autoencoder, hard_share=0.0, batch=8))
    red, green = ((autoencoder.crops(numbered(128), 0, 0, plain)[:, c] + 1) * 127.5 for c in (0, 1))
    corners = np.stack([red[:, 0, 0], green[:, 0, 0]]).round().astype(int)
    assert (corners % 4 == 0).all() and corners.max() <= 112
    assert np.allclose(red[:, 0, -1] - red[:, 0, 0], 15)


def test_changed_crops_stay_pictures() -> None:
    """Whatever is done to a crop: uint8, the same shape, and not always the same picture."""
    rng = np.random.default_rng(0)
    image = numbered()[0, :16, :16]
    found = [autoencoder.changed(image, rng) for _ in range(40)]
    assert {(one.shape, one.dtype.name) for one in found} == {((16, 16, 3), "uint8")}
    assert len({one.tobytes() for one in found}) > 20


def test_the_rate_rises_and_falls_to_a_twentieth() -> None:
    """Ten steps of warm-up, then half a cosine over a hundred; flat beyond the end."""
    found = [loop.rate(1.0, 10, 110, step) for step in (0, 9, 10, 60, 110, 500)]
    assert found == pytest.approx([0.1, 1.0, 1.0, 0.525, 0.05, 0.05])
    assert loop.rate(2.0, 0, 100, 0) == pytest.approx(2.0)


# --- words ------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [CAPTION, "a plan of MINE: 2½ rooms, 100 %", "間取り図 – ñandú 🏠"])
def test_the_tokenizer_writes_any_text(world: World, words: str) -> None:
    """What is encoded decodes to the same letters, in lower case, but for blanks."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(world.base, subfolder="tokenizer")
    ids = tokenizer(words).input_ids
    assert (ids[0], ids[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    assert tokenizer.unk_token_id not in ids[1:-1]
    back = tokenizer.decode(ids, skip_special_tokens=True)
    assert "".join(back.split()) == "".join(words.lower().split())


def test_captions_are_short_in_its_tokens(world: World, tmp_path: Path) -> None:
    """Learnt words are few tokens, all captions fit, and the vocabulary keeps to its size."""
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(world.base, subfolder="tokenizer")
    captions = [pair.caption for pair in pairs.find(world.corpus)]
    assert max(len(tokenizer(caption).input_ids) for caption in captions) <= 77
    assert len(tokenizer) <= 600 and tokenizer.pad_token_id == 0
    text.write_tokenizer(tmp_path / "again", stages.words(captions, TINY), 600)
    for name in ("vocab.json", "merges.txt"):  # ties are not broken by chance
        assert (tmp_path / "again" / name).read_bytes() == (world.work / "tokenizer" / name).read_bytes()
    text.write_tokenizer(tmp_path / "bare", captions, 0)
    bare = CLIPTokenizer.from_pretrained(tmp_path / "bare")
    assert len(bare) == 2 * 256 + 2
    assert len(tokenizer(captions[0]).input_ids) < len(bare(captions[0]).input_ids)


def test_rewording_leaves_wishes_out_and_elements_in() -> None:
    """Storey, size and elements are always there; side, rooms and style come and go; some captions are empty."""
    whole = brief.parse_caption(CAPTION)
    found = [denoiser.reworded(CAPTION, TINY, step, place) for step in range(10) for place in range(20)]
    assert found == [denoiser.reworded(CAPTION, TINY, step, place) for step in range(10) for place in range(20)]
    said = [wording.read_wording(words) for words in found if words]
    assert 5 <= found.count("") <= 40  # a tenth of 200
    for one in said:
        assert (one.floor, one.width_mm, one.height_mm) == (whole.floor, whole.width_mm, whole.height_mm)
        assert one.elements == whole.elements
    assert {one.entrance_side for one in said} == {"s", None}
    assert {one.bedrooms for one in said} == {2, None}
    assert {one.style for one in said} == {"cad", None}
    assert {one.features for one in said} == {frozenset(), whole.features}


# --- snapshots --------------------------------------------------------------------------


def test_a_snapshot_of_another_recipe_is_refused(world: World) -> None:
    """Another learning rate, another run: nothing is mixed."""
    other = replace(TINY, denoiser=replace(TINY.denoiser, learning_rate=1e-5))
    with pytest.raises(TrainingError, match="snapshot must be of this recipe, got another one in .*denoiser"):
        stages.run(stages.Order(world.corpus, world.work, world.base, other), report=lambda line: None)


@pytest.mark.parametrize("name", ["model", "average", "optimizer"])
def test_a_damaged_snapshot_is_refused(tmp_path: Path, name: str) -> None:
    """A file that is cut off, or not there."""
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    snapshots.save(tmp_path / "s", model, dict(model.state_dict()), optimizer, {"step": 1, "recipe": "r"})
    assert snapshots.load(tmp_path / "s", model, optimizer, "r") is not None
    file = tmp_path / "s" / f"{name}.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(TrainingError, match="snapshot must be whole, got .*remove it and start again"):
        snapshots.load(tmp_path / "s", model, optimizer, "r")
    if name == "average":
        with pytest.raises(TrainingError, match="snapshot must be whole"):
            snapshots.weights_of(tmp_path / "s")
    file.unlink()
    with pytest.raises(TrainingError, match="snapshot must be whole"):
        snapshots.load(tmp_path / "s", model, optimizer, "r")


def test_a_snapshot_brings_the_optimizer_back(tmp_path: Path) -> None:
    """A step after reading equals the step without; where there is no folder there is no snapshot."""

    def step(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()

    torch.manual_seed(0)
    one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    first, second = torch.optim.AdamW(one.parameters()), torch.optim.AdamW(two.parameters())
    assert snapshots.load(tmp_path / "s", two, second, "r") is None
    step(one, first)
    snapshots.save(tmp_path / "s", one, dict(one.state_dict()), first, {"step": 1, "recipe": "r"})
    found = snapshots.load(tmp_path / "s", two, second, "r")
    assert found is not None and found[1]["step"] == 1
    step(one, first)
    step(two, second)
    assert torch.equal(one.weight, two.weight) and torch.equal(one.bias, two.bias)


# --- several processes ------------------------------------------------------------------


def test_one_process_is_rank_zero_of_one() -> None:
    """Without torchrun gradients stay, and one's own answer is everyone's."""
    model = torch.nn.Linear(1, 1)
    model.weight.grad = torch.tensor([[3.0]])
    assert ranks.join() == (0, 1)
    ranks.average_gradients(model)
    ranks.wait()
    assert model.weight.grad.item() == 3.0
    assert (ranks.any_of(True), ranks.any_of(False)) == (True, False)


@pytest.mark.slow
def test_two_processes_average_their_gradients() -> None:
    """Gradients 1 and 3 become 2 on both; one that wants to stop stops both."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    code = (
        "import torch\nfrom madorizu.diffusion.pretrain import ranks\nrank, world = ranks.join()\n"
        "model = torch.nn.Linear(1, 1)\nmodel.weight.grad = torch.tensor([[1.0 + 2 * rank]])\n"
        "ranks.average_gradients(model)\nprint(world, model.weight.grad.item(), ranks.any_of(rank == 1))\nranks.wait()"
    )
    env = os.environ | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    env["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=env | {"RANK": rank}, stdout=subprocess.PIPE, text=True)
        for rank in ("0", "1")
    ]
    assert [process.communicate(timeout=300)[0] for process in started] == ["2 2.0 True\n"] * 2


# --- the reader ---------------------------------------------------------------------------


def test_a_brief_is_a_choice_in_every_field() -> None:
    """The anchor: 8×9 modules are 16 and 18 half modules; 0 of an optional field is "not stated"."""
    said = reader.choices(parse_caption(CAPTION), ["cad", "listing"])

    assert (said["floor"], said["width"], said["height"], said["side"]) == (0, 16, 18, 3)
    assert (said["bedrooms"], said["style"], said["ldk"], said["wa"]) == (3, 1, 1, 0)
    assert (said["stairs"], said["entrance"], said["balcony"]) == (1, 1, 0)
    sizes = reader.fields(["cad", "listing"])
    assert set(said) == set(sizes) and all(0 <= said[name] < sizes[name] for name in said)


def test_random_briefs_are_of_the_grammar_and_of_many_sizes() -> None:
    """Each can be written and read back; both canvas scales are there."""
    rng = random.Random(0)
    briefs = [reader.random_brief(rng, ["cad"]) for _ in range(200)]

    assert all(parse_caption(caption(b)) == b for b in briefs)
    assert {"scale 16" in caption(b) for b in briefs} == {True, False}


def test_untaught_and_taught_encoders_tell_captions_apart(world: World) -> None:
    """Word embeddings begin large enough that two captions' outputs differ; a few steps lower the loss."""
    tokenizer = CLIPTokenizer.from_pretrained(world.work / "tokenizer", local_files_only=True)
    torch.manual_seed(0)
    model = reader.Reader(TINY.denoiser, len(tokenizer), ["cad"])
    ids = tokenizer(["floor plan, 1F, 8x9", "floor plan, 2F, 7x6"], padding="max_length", return_tensors="pt").input_ids
    first, second = model.text_encoder(ids)[0]

    apart = (first - second).detach().abs().mean(dim=-1)
    assert float(apart.max()) > 0.2 * float(first.detach().std())  # at the words that differ

    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for step in range(30):
        loss, _ = reader.loss_of(model, tokenizer, ["cad"], random.Random(step), 16)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())

    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_the_unet_s_text_encoder_begins_as_the_reader_left_it(world: World) -> None:
    """The snapshot holds the encoder under its own names, and a missing one is refused."""
    taught = reader.encoder_weights(world.work / "reader")
    fresh = denoiser.Denoiser(TINY, len(CLIPTokenizer.from_pretrained(world.work / "tokenizer"))).text_encoder

    assert taught.keys() == fresh.state_dict().keys()
    with pytest.raises(TrainingError, match="must be trained first"):
        reader.encoder_weights(world.work / "none")
