"""Every option of training does what it says: LoRA, captions, mirrors, masks, buckets, optimizers, averages."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import tiny
from madorizu.brief import parse_caption
from madorizu.dataset import read_prepared
from madorizu.diffusion import adapter, bases, captions, denoise, device, looks, lora, masters, optimizers, steps
from madorizu.diffusion.settings import TrainSettings
from madorizu.diffusion.steps import Run
from madorizu.diffusion.train import train
from madorizu.errors import DatasetError, SettingsError
from madorizu.wording import read_wording
from worlds import World, prepared_run, same, tensors

CAPTION = "floor plan, 1F, 8x9, entrance east, stairs northwest, 2 bedrooms, LDK, style atelier"


def always(text: str) -> bool:
    """Every caption is short enough."""
    return True


# --- captions ---------------------------------------------------------------------------------


def test_a_mirrored_caption_changes_east_and_west_only() -> None:
    """Sides and thirds turn; north, south and the rest stay; free captions with a direction cannot be turned."""
    wanted = "floor plan, 1F, 8x9, entrance west, stairs northeast, 2 bedrooms, LDK, style atelier"
    assert captions.mirrored(CAPTION) == wanted and captions.mirrored(wanted) == CAPTION
    plain = "floor plan, 1F, 8x9, entrance south, stairs center"
    assert captions.mirrored(plain) == plain
    assert captions.mirrored("a small house") == "a small house"
    for text in ("a house, door on the left", "kitchen in the northeast", "西側の玄関", "Eastern style"):
        assert captions.mirrored(text) is None


def test_shuffled_captions_mean_the_same() -> None:
    """Other orders of the wishes after the size; each once; the same ones every time."""
    found = captions.variants(CAPTION, 5, seed=1, words=False, fits=always)
    assert len(set(found)) == 5 and CAPTION not in found
    for text in found:
        assert text.startswith("floor plan, 1F, 8x9, ") and sorted(text.split(", ")) == sorted(CAPTION.split(", "))
        assert read_wording(text) == parse_caption(CAPTION)
    assert captions.variants(CAPTION, 5, seed=1, words=False, fits=always) == found
    assert captions.variants(CAPTION, 5, seed=2, words=False, fits=always) != found
    free = captions.variants("my style, red, blue, green", 9, seed=1, words=False, fits=always)
    assert len(free) == 5 and all(text.startswith("my style, ") for text in free)  # 3! orders without its own


def test_other_words_mean_the_same_and_long_ones_are_left_out() -> None:
    """Wordings of the grammar read back as the same brief; what the encoder would cut off is not taken."""
    found = captions.variants(CAPTION, 6, seed=1, words=True, fits=always)
    assert len(found) == 6 and all(read_wording(text) == parse_caption(CAPTION) for text in found)
    assert any(not text.startswith("floor plan, 1F, 8x9") for text in found)
    short = captions.variants(CAPTION, 6, seed=1, words=True, fits=lambda text: len(text) < 95)
    assert all(len(text) < 95 for text in short)
    assert captions.variants(CAPTION, 6, seed=1, words=True, fits=lambda text: False) == ()


def test_forms_and_mirrors_are_drawn_by_count(world: World) -> None:
    """Each slot's view and caption follow from seed, step and place; about the asked share is mirrored."""
    run = prepared_run(world, "forms", mirror=0.5, caption_shuffle=2, caption_dropout=0.0)
    seen = [steps.look_at(run, slot) for step in range(1, 31) for slot in steps.batch_of(run, step, 0)]
    again = [steps.look_at(run, slot) for step in range(1, 31) for slot in steps.batch_of(run, step, 0)]
    assert seen == again
    mirrored = [view.mirrored for view, _ in seen]
    assert 15 <= sum(mirrored) <= 45
    for view, text in seen:
        wanted = next(e.caption for e in run.data.train if e.path == view.path)
        if view.mirrored:
            wanted = captions.mirrored(wanted) or ""
        assert read_wording(text) == parse_caption(wanted)
    assert len({text for _, text in seen}) > len(run.data.train) * 2
    assert all(view in run.cache.images and text in run.cache.captions for view, text in seen)


# --- pictures -----------------------------------------------------------------------------------


def test_a_mask_hides_what_it_covers() -> None:
    """Only what is white counts, as a mean over it; by hand."""
    prediction, wanted = torch.tensor([[[[1.0, 5.0], [3.0, 5.0]]]]), torch.zeros(1, 1, 2, 2)
    mask = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    assert denoise.losses(prediction, wanted, mask).tolist() == [5.0]
    assert (
        denoise.losses(prediction, wanted, torch.ones(1, 2, 2)).tolist() == denoise.losses(prediction, wanted).tolist()
    )


def test_masks_reach_the_step(world: World, tmp_path: Path) -> None:
    """White masks change nothing, a half changes the loss; one that is missing is named; others are another run."""
    folder = tmp_path / "masks"
    folder.mkdir()
    for n in range(5):
        Image.new("L", (64, 64), 255).save(folder / f"plan-{n}.png")
    plain = steps.gradients(prepared_run(world, "masked"), 1)
    white = prepared_run(world, "masked", masks=folder)
    assert torch.allclose(steps.gradients(white, 1), plain)
    before = looks.masks_hash(white.looks)
    for n in range(5):
        pixels = np.zeros((64, 64), np.uint8)
        pixels[:, :32] = 255
        Image.fromarray(pixels).save(folder / f"plan-{n}.png")
    half = prepared_run(world, "masked", masks=folder)
    assert not torch.allclose(steps.gradients(half, 1), plain) and looks.masks_hash(half.looks) != before
    (folder / "plan-3.png").unlink()
    with pytest.raises(DatasetError, match=r"mask must be there for every image, got none for plan-3\.png"):
        prepared_run(world, "masked", masks=folder)


def test_buckets_train_images_of_two_shapes(world: World, tmp_path: Path) -> None:
    """Wide and square images in one run: each batch has latents of one shape."""
    data = tiny.prepared(tmp_path / "data")
    for n in (1, 3):
        reshape(data, n, (96, 48))
    final = train(world.run_settings("buckets", data=data, buckets=True, epochs=1))
    assert adapter.read(final).step == 3  # three batches: two of three squares, one of two wide ones
    run = prepared_run(world, "buckets-2", data=data, buckets=True)
    shapes = [{run.looks[s.example.path].plain.shape for s in steps.batch_of(run, k, 0)} for k in (1, 2, 3)]
    assert sorted(shapes, key=str) == [{(48, 80)}, {(64, 64)}, {(64, 64)}]


def reshape(data: Path, number: int, size: tuple[int, int]) -> None:
    """Give a prepared image another shape, and its row the new checksum."""
    import hashlib

    path = data / "train" / f"plan-{number}.png"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    with Image.open(path) as opened:
        opened.resize(size).save(path)
    new = hashlib.sha256(path.read_bytes()).hexdigest()
    for table in (data / "train" / "metadata.jsonl", data / "train.csv"):
        table.write_text(table.read_text().replace(old, new))


# --- noise --------------------------------------------------------------------------------------


def test_noise_offset_moves_whole_channels(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more number per image and channel, of the asked spread, on the same noise."""
    seen: list[torch.Tensor] = []
    real = steps.losses_of

    def spy(run: Any, unet: Any, latents: torch.Tensor, noise: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        seen.append(noise)
        return real(run, unet, latents, noise, *rest, **more)

    monkeypatch.setattr(steps, "losses_of", spy)
    for offset in (0.0, 0.1):
        run = prepared_run(world, "offset", noise_offset=offset)
        steps.batch_losses(run, steps.batch_of(run, 1, 0))
    moved = seen[1] - seen[0]
    assert torch.allclose(moved, moved[..., :1, :1].expand_as(moved), atol=1e-6)
    assert 0 < float(moved.abs().mean()) < 0.5 and moved[0, 0, 0, 0] != moved[0, 1, 0, 0]


def test_zero_terminal_snr_follows_the_model_or_the_setting(world: World) -> None:
    """A model of the velocity may end in pure noise; one of the noise must not."""
    v = bases.resolve(str(tiny.tiny_base(world.root / "v-zero", prediction="v_prediction")))
    assert denoise.noise_schedule(v).alphas_cumprod[-1] > 1e-3
    assert denoise.noise_schedule(v, zero_terminal_snr=True).alphas_cumprod[-1] < 1e-6
    config = v.folder / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"rescale_betas_zero_snr": True}))
    assert denoise.noise_schedule(v).alphas_cumprod[-1] < 1e-6
    assert denoise.noise_schedule(v, zero_terminal_snr=False).alphas_cumprod[-1] > 1e-3


# --- forms of LoRA --------------------------------------------------------------------------------


def config_for(world: World, **more: Any) -> Any:
    """PEFT's settings for the tiny UNet."""
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(world.base, subfolder="unet")
    settings = world.run_settings("config", **more).with_preset("embedded", 64)
    return lora.config_of(unet, settings, tuple(settings.targets or ()))


def test_ranks_and_alphas_by_block(world: World) -> None:
    """A longer part of a name wins; alpha follows the rank unless it is given."""
    found = config_for(world, ranks={"mid_block": 4, "attn1.to_q": 1}, alphas={"mid_block": 3.0})
    ranks, alphas = found.rank_pattern, found.alpha_pattern
    mid = [name for name in ranks if name.startswith("mid_block")]
    assert len(mid) == 8 and len(ranks) == 8 + 3  # to_q of the first attention: one in the middle, three elsewhere
    assert {ranks[n] for n in mid if "attn1.to_q" not in n} == {4} and {alphas[n] for n in mid} == {3.0}
    others = [name for name in ranks if name not in mid]
    assert {(ranks[n], alphas[n]) for n in others} == {(1, 2.0)}  # alpha 4 at rank 2 is a scale of 2
    run = prepared_run(world, "by-block", ranks={"mid_block": 4})
    sizes = {n: p.shape[0] for n, p in zip(run.masters.names, run.masters.own, strict=True) if ".lora_A." in n}
    assert {s for n, s in sizes.items() if "mid_block" in n} == {4} and {
        s for n, s in sizes.items() if "mid" not in n
    } == {2}


def stirred(run: Run) -> Run:
    """Move every trained number, so that the LoRA does something."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in run.masters.own:
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    masters.publish(run.masters)
    return run


def predicted(unet: Any) -> torch.Tensor:
    """What a UNet predicts for a fixed input."""
    generator = torch.Generator().manual_seed(5)
    noisy, text = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 77, 16, generator=generator)
    with torch.no_grad():
        return unet(noisy, torch.tensor([300]), encoder_hidden_states=text).sample  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"rslora": True},
        {"init": "pissa"},
        {"ranks": {"mid_block": 4}, "alphas": {"attn2": 1.0}},
        {"init": "pissa", "rslora": True, "ranks": {"mid_block": 3}},
    ],
    ids=["plain", "rslora", "pissa", "by-block", "all"],
)
def test_what_is_exported_predicts_what_was_trained(world: World, form: dict[str, Any]) -> None:
    """Every form comes down to plain matrices on the base's own weights, with the scale alpha / rank."""
    from diffusers import UNet2DConditionModel

    run = prepared_run(world, "form", **form)
    untouched = UNet2DConditionModel.from_pretrained(world.base, subfolder="unet")
    run.model.eval()
    assert torch.allclose(predicted(run.model), predicted(untouched), atol=1e-4)  # it starts as no change
    wanted = predicted(stirred(run).model)
    assert not torch.allclose(wanted, predicted(untouched), atol=1e-3)
    empty = lora.shell(run.model, run.settings)
    weights = {name.removeprefix("unet."): t for name, t in steps.weights(run).items()}
    lora.fill(empty, weights, run.starts["unet"])
    config = empty.peft_config["default"]
    layers = dict(untouched.named_modules())
    for name, tensor in empty.state_dict().items():
        if ".lora_A." in name:
            layer = name.partition(".lora_A.")[0]
            up = empty.state_dict()[name.replace("lora_A", "lora_B")]
            rank = config.rank_pattern.get(layer, config.r)
            scale = config.alpha_pattern.get(layer, config.lora_alpha) / rank
            assert tensor.shape[0] == rank
            layers[layer].weight.data += scale * up @ tensor
    assert torch.allclose(predicted(untouched), wanted, atol=1e-4)


def test_pissa_begins_with_the_principal_parts(world: World) -> None:
    """A and B are not zero, and what is left of the weight has less in its first directions."""
    run = prepared_run(world, "principal", init="pissa")
    plain = prepared_run(world, "plain-start")
    layer = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    weight = plain.model.get_submodule(layer).base_layer.weight
    module = run.model.get_submodule(layer)
    left = torch.linalg.svdvals(module.base_layer.weight.detach())
    whole = torch.linalg.svdvals(weight.detach())
    # Its SVD is a quick, random one: the two largest directions are gone but for a little.
    assert float(left.square().sum()) == pytest.approx(float(whole[2:].square().sum()), rel=0.1)
    assert all(p.abs().max() > 0 for p in run.masters.own)


def test_rslora_scales_by_the_root_of_the_rank(world: World) -> None:
    """Alpha 4 at rank 2: 2 without, 4 / sqrt 2 with."""
    for on, wanted in ((False, 2.0), (True, 4 / math.sqrt(2))):
        run = prepared_run(world, "rs", rslora=on)
        scales = {m.scaling["default"] for m in run.model.modules() if hasattr(m, "scaling")}
        assert [round(s, 6) for s in scales] == [round(wanted, 6)]


def test_dora_trains_lengths_too(world: World) -> None:
    """One more vector per module, float32 also where the rest is bfloat16, and it moves."""
    run = prepared_run(world, "dora", dora=True, dtype="bf16")
    lengths = {n: p for n, p in zip(run.masters.names, run.masters.own, strict=True) if "magnitude" in n}
    assert len(lengths) == tiny.MODULES
    before = {name: p.detach().clone() for name, p in lengths.items()}
    for step in (1, 2):
        steps.train_step(run, step)
    assert all(p.dtype == torch.float32 for p in lengths.values())
    assert any(not torch.equal(before[name], p) for name, p in lengths.items())


def test_dropout_is_counted_and_off_at_rest(world: World) -> None:
    """Two runs drop the same inputs whatever was drawn before; the validation drops none."""
    found = []
    for seed in (1, 2):
        run = stirred(prepared_run(world, "dropout", dropout=0.5))
        torch.manual_seed(seed)
        first = steps.gradients(run, 1)
        assert torch.rand(1) == torch.rand(1, generator=torch.Generator().manual_seed(seed))  # as if nothing was drawn
        found.append((first, steps.evaluate(run)))
    assert torch.equal(found[0][0], found[1][0]) and found[0][1] == found[1][1]
    without = stirred(prepared_run(world, "no-dropout"))
    assert not torch.equal(steps.gradients(without, 1), found[0][0])
    assert steps.evaluate(without) == pytest.approx(found[0][1])


def test_a_text_encoder_is_trained_too(world: World) -> None:
    """Its LoRA gets gradients and a rate of its own; captions are encoded at each step."""
    run = prepared_run(world, "text", text_encoder=True, text_encoder_lr=1e-4)
    assert run.text is not None and list(run.cache.captions) == [""]
    groups = run.optimizer.param_groups
    assert [len(group["params"]) for group in groups] == [2 * tiny.MODULES, 2 * 4 * 2]
    before = [p.detach().clone() for p in run.masters.of("text")]
    steps.train_step(run, 1)
    assert [group["lr"] for group in groups] == pytest.approx([1e-3 / 3, 1e-4 / 3])
    assert any(not torch.equal(a, b) for a, b in zip(before, run.masters.of("text"), strict=True))
    fresh = prepared_run(world, "text-cached")
    plain = denoise.embed(run.text.tokenizer, without_lora(run.text.encoder), [""])
    assert torch.allclose(steps.text_of(fresh, [""]), plain, atol=1e-5)  # all of the change is in the LoRA


@pytest.mark.slow
def test_text_encoder_and_lengths_reach_the_files(world: World) -> None:
    """A LoRA on both models, with DoRA, resumes bit for bit and comes out of diffusers' loader in both models."""
    from diffusers import StableDiffusionPipeline

    more: dict[str, object] = {"text_encoder": True, "dora": True, "steps": 4}
    whole, part = world.run_settings("whole-both", **more), world.run_settings("part-both", **more)
    final = train(whole)
    stop_after(part, 2)
    assert same(tensors(final, adapter.KOHYA_WEIGHTS), tensors(part.out / "final", adapter.KOHYA_WEIGHTS))
    pipe = StableDiffusionPipeline.from_pretrained(world.base, safety_checker=None)
    pipe.load_lora_weights(final, weight_name=adapter.KOHYA_WEIGHTS)
    for model, count in ((pipe.unet, tiny.MODULES), (pipe.text_encoder, 8)):
        assert sum("default_0" in getattr(m, "lora_A", {}) for m in model.modules()) == count


def without_lora(encoder: Any) -> Any:
    """The same encoder with its LoRA switched off."""
    encoder.eval()
    encoder.disable_adapters()
    return encoder


# --- optimizers, averages -----------------------------------------------------------------------


def test_the_average_follows_and_is_what_is_shown(world: World) -> None:
    """After each step it moves by min(decay, (1+n)/(10+n)); validation and files take it, training does not."""
    run = prepared_run(world, "ema", ema=0.9)
    wanted = [p.detach().clone() for p in run.masters.own]
    for step in (1, 2, 3):
        steps.train_step(run, step)
        share = 1 - min(0.9, (1 + step) / (10 + step))
        wanted = [torch.lerp(a, p.detach(), share) for a, p in zip(wanted, run.masters.own, strict=True)]
    shown = list(steps.weights(run).values())
    assert all(torch.allclose(a, b, atol=1e-7) for a, b in zip(shown, wanted, strict=True))
    before = [p.detach().clone() for p in run.masters.shown]
    with steps.at_rest(run):
        assert all(torch.equal(a, b) for a, b in zip(run.masters.shown, shown, strict=True))
        assert not run.model.training
    assert run.model.training and all(torch.equal(a, b) for a, b in zip(run.masters.shown, before, strict=True))


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"ema": 0.5}, marks=pytest.mark.slow),
        {"dtype": "bf16", "dropout": 0.3, "mirror": 0.5, "caption_shuffle": 1, "noise_offset": 0.1},
        pytest.param({"init": "pissa", "schedule": "cosine", "accumulate": 2, "batch_size": 1}, marks=pytest.mark.slow),
    ],
    ids=["ema", "bf16", "pissa"],
)
def test_every_form_resumes_bit_for_bit(world: World, form: dict[str, Any]) -> None:
    """Three of four steps and the fourth in a second run equal four in one."""
    name = "-".join(form)
    whole = world.run_settings(f"whole-{name}", steps=4, **form)
    part = world.run_settings(f"part-{name}", steps=4, **form)
    train(whole)
    stop_after(part, 2)
    assert same(tensors(part.out / "final"), tensors(whole.out / "final"))


def stop_after(settings: TrainSettings, step: int) -> None:
    """Train to the end, but as two runs: the first breaks down after the checkpoint of a step."""

    def stop(event: Any) -> None:
        if event.kind == "checkpoint" and event.data["step"] == step:
            raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError, match="pulled the plug"):
        train(settings, report=stop)
    train(replace(settings, resume="auto"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["prodigy", "schedulefree"])
def test_optimizers_of_other_packages_train_and_resume(world: World, name: str) -> None:
    """Where the package is installed: weights move, and an interrupted run equals one in one go."""
    pytest.importorskip(optimizers.PACKAGES[name])
    more = {"optimizer": name, "lr": None if name == "prodigy" else 1e-3, "steps": 4}
    whole, part = world.run_settings(f"whole-{name}", **more), world.run_settings(f"part-{name}", **more)
    train(whole)
    stop_after(part, 2)
    assert same(tensors(part.out / "final"), tensors(whole.out / "final"))
    assert any(t.abs().max() > 0 for n, t in tensors(whole.out / "final").items() if "lora_B" in n)


def test_schedule_free_shows_its_average(world: World) -> None:
    """What is saved is what its own eval() would give, and training goes on as if nobody had looked."""
    pytest.importorskip("schedulefree")
    run = prepared_run(world, "free", optimizer="schedulefree", warmup=0)
    for step in (1, 2, 3):
        steps.train_step(run, step)
    before = [p.detach().clone() for p in run.masters.own]
    shown = steps.weights(run)
    assert all(torch.equal(a, b) for a, b in zip(before, run.masters.own, strict=True))
    run.optimizer.eval()  # type: ignore[attr-defined]
    assert all(torch.allclose(shown[n], p) for n, p in zip(run.masters.names, run.masters.own, strict=True))


@pytest.mark.parametrize("name", ["prodigy", "schedulefree", "adamw8bit"])
def test_a_missing_package_is_named(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With the command that installs it."""
    import sys

    monkeypatch.setitem(sys.modules, optimizers.PACKAGES[name], None)
    package = optimizers.PACKAGES[name]
    with pytest.raises(SettingsError, match=f"{package} must be installed.*pip install {package}"):
        train(world.run_settings("missing", optimizer=name))


def test_optimizers_say_where_they_do_not_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """8 bit needs CUDA; Prodigy knows one rate for all."""
    import sys
    from types import ModuleType

    run = prepared_run(world, "where")
    for package in ("bitsandbytes", "prodigyopt"):
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
    with pytest.raises(SettingsError, match="optimizer must be adamw on cpu, got adamw8bit"):
        optimizers.make(replace(run.settings, optimizer="adamw8bit"), run.masters, device.Device("cpu", "fp32"))
    settings = replace(run.settings, optimizer="prodigy", text_encoder=True, text_encoder_lr=0.5)
    with pytest.raises(SettingsError, match="text_encoder_lr must be lr with prodigy"):
        optimizers.make(settings, run.masters, run.device)


@pytest.mark.slow
def test_a_compiled_unet_gives_the_same_step(world: World) -> None:
    """torch.compile changes the speed only. Needs a C++ compiler on a CPU."""
    import shutil

    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    found = [steps.gradients(prepared_run(world, "compiled", compile=on), 1) for on in (False, True)]
    assert torch.allclose(found[0], found[1], rtol=1e-4)


def test_the_looks_of_an_example(world: World) -> None:
    """Without options one view and one caption; with a mirror both, each with its own forms."""
    base = bases.resolve(str(world.base))
    example = read_prepared(world.data).train[0]
    settings = world.settings.with_preset("embedded", 64)
    plain = looks.of(example, base, settings, always)
    assert (len(plain.views), plain.texts, plain.mask) == (1, [example.caption], None)
    both = looks.of(example, base, replace(settings, mirror=0.5, caption_shuffle=2), always)
    assert [view.mirrored for view in both.views] == [False, True] and len(both.texts) == 6
    free = replace(example, caption="a house, door on the left")
    assert looks.of(free, base, replace(settings, mirror=1.0), always).mirror is None
