"""One step of training: exact against the formulas, the same for any number of processes, in any format."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import tiny
import worlds
from madorizu.diffusion import adapter, checkpoints, denoise, looks, masters, optimizers, steps
from madorizu.diffusion.settings import TrainSettings
from madorizu.diffusion.steps import Run
from madorizu.diffusion.train import train
from madorizu.errors import SettingsError, TrainingError
from worlds import World, prepared_run


@pytest.fixture(scope="module")
def v_base(world: World) -> Path:
    """A tiny base of v-prediction."""
    return tiny.tiny_base(world.root / "v-base", prediction="v_prediction")


# --- against the formulas -------------------------------------------------------------------


def stirred(run: Run) -> Run:
    """Give the B matrices numbers, so that all gradients are there."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in zip(run.masters.names, run.masters.own, strict=True):
            if ".lora_B." in name:
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    masters.publish(run.masters)
    return run


def by_the_paper(run: Run, step: int, *, gamma: float, is_v: bool) -> tuple[float, dict[str, torch.Tensor]]:
    """DDPM's loss and its gradients in float64: no scheduler, no PEFT, no code of ours but what was drawn.

    Ho et al. 2020, equation 4 and 14; Salimans and Ho 2022 for v; Hang et al. 2023 for the weights.
    """
    from diffusers import UNet2DConditionModel

    low, high = 0.00085**0.5, 0.012**0.5
    a_bar = torch.cumprod(1 - torch.linspace(low, high, 1000, dtype=torch.float64) ** 2, 0)
    unet = UNet2DConditionModel.from_pretrained(run.base.folder, subfolder="unet", dtype=torch.float64)
    own = {n: p.detach().double().requires_grad_() for n, p in zip(run.masters.names, run.masters.own, strict=True)}
    weights = dict(unet.named_parameters())
    for name in [n for n in own if ".lora_A." in n]:
        layer = name.removeprefix("unet.").partition(".lora_A.")[0]
        change = own[name.replace("lora_A", "lora_B")] @ own[name] * (4.0 / 2)  # alpha 4 at rank 2
        weights[f"{layer}.weight"] = weights[f"{layer}.weight"] + change
    total = torch.zeros((), dtype=torch.float64)
    slots = steps.batch_of(run, step, 0)
    for slot in slots:
        t = int(torch.randint(1000, (1,), generator=slot.generator))
        dropped = float(torch.rand(1, generator=slot.generator)) < 0.3
        mean, std = run.cache.latent(run.looks[slot.example.path].plain)
        x = (mean + std * torch.randn(mean.shape, generator=slot.generator)).double()
        e = torch.randn(mean.shape, generator=slot.generator).double()
        text = run.cache.text("" if dropped else slot.example.caption).double()[None]
        noisy = a_bar[t].sqrt() * x + (1 - a_bar[t]).sqrt() * e
        given = (noisy[None], torch.tensor([t]))
        found = torch.func.functional_call(unet, weights, given, {"encoder_hidden_states": text}).sample[0]
        wanted = a_bar[t].sqrt() * e - (1 - a_bar[t]).sqrt() * x if is_v else e
        snr = a_bar[t] / (1 - a_bar[t])
        weight = snr.clamp(max=gamma) / (snr + 1 if is_v else snr) if gamma else 1.0
        total = total + weight * (found - wanted).square().mean() / len(slots)
    total.backward()  # type: ignore[no-untyped-call]
    return float(total.detach()), {name: p.grad for name, p in own.items() if p.grad is not None}


@pytest.mark.parametrize("gamma", [0.0, 5.0])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_loss_and_gradients_are_those_of_the_paper(
    world: World, v_base: Path, monkeypatch: pytest.MonkeyPatch, prediction: str, gamma: float
) -> None:
    """To 1e-5 relative, over a batch with a dropped caption, for noise and velocity, with and without min-SNR."""
    base = world.base if prediction == "epsilon" else v_base
    run = stirred(prepared_run(world, f"paper-{prediction}", base=str(base), min_snr=gamma))
    step = 2
    assert float(steps.gradients(run, step).mean()) == pytest.approx(
        by_the_paper(run, step, gamma=gamma, is_v=prediction == "v_prediction")[0], rel=1e-5
    )
    run = in_float64(run, monkeypatch)
    loss = float(steps.gradients(run, step).mean())
    wanted, gradients = by_the_paper(run, step, gamma=gamma, is_v=prediction == "v_prediction")
    assert loss == pytest.approx(wanted, rel=1e-5)
    assert len(gradients) == len(run.masters.names) == 2 * tiny.MODULES
    off = torch.cat([(p.grad - gradients[n]).flatten() for n, p in named(run)])
    whole = torch.cat([gradients[n].flatten() for n in run.masters.names])
    assert float(off.norm() / whole.norm()) < 1e-5


def in_float64(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same code with network and data in float64: in float32 rounding is 1e-4 of so small a gradient."""
    real = steps.losses_of

    def fine(run: Any, unet: Any, *given: torch.Tensor, **more: Any) -> torch.Tensor:
        return real(run, unet, *(t.double() if t.is_floating_point() else t for t in given), **more)

    monkeypatch.setattr(steps, "losses_of", fine)
    run.model.double()
    for parameter in run.masters.own:
        parameter.grad = None
    exact = SimpleNamespace(name="cpu", dtype="fp32", torch_dtype=torch.float64)
    return replace(run, device=exact)  # type: ignore[arg-type]


def named(run: Run) -> list[tuple[str, Any]]:
    """Masters by name."""
    return list(zip(run.masters.names, run.masters.own, strict=True))


def test_the_lean_forward_is_pefts(world: World) -> None:
    """W x + s B A x in one product less gives PEFT's own numbers, with alpha 4 at rank 2, and can be switched off."""
    from peft.tuners.lora.layer import Linear

    run = stirred(prepared_run(world, "lean"))
    layers = [m for m in run.model.modules() if isinstance(m, Linear)]
    assert len(layers) == tiny.MODULES
    for layer in layers[:4]:
        tokens = torch.randn(2, 5, layer.in_features)
        plain = Linear.forward(layer, tokens)
        assert torch.allclose(layer(tokens), plain, rtol=1e-5, atol=1e-6)
        layer.enable_adapters(False)
        assert torch.equal(layer(tokens), layer.base_layer(tokens)) and not torch.equal(layer(tokens), plain)


# --- the same for any number of processes ------------------------------------------------------


def as_process(run: Run, rank: int, world_size: int, size: int) -> Run:
    """The same run as one process of several would see it."""
    fake = SimpleNamespace(num_processes=world_size, process_index=rank, device=torch.device("cpu"))
    fake.reduce = lambda flat, reduction: flat
    changed = replace(run.settings, batch_size=size)
    return replace(run, accelerator=fake, settings=changed, asked=changed, orders={})


def gradient(run: Run, step: int) -> torch.Tensor:
    """The gradient of this process's part of a step, in one row."""
    for parameter in run.masters.own:
        parameter.grad = None
    steps.gradients(run, step)
    return torch.cat([p.grad.flatten() for p in run.masters.own if p.grad is not None])


def test_the_gradient_of_a_step_does_not_depend_on_how_it_is_shared(world: World) -> None:
    """Four images by one process, by two or four processes, or in two parts: the same images, numbers and mean."""
    run = stirred(prepared_run(world, "shared", batch_size=4))
    whole = gradient(run, 1)
    for count in (2, 4):
        parts = [gradient(as_process(run, rank, count, 4 // count), 1) for rank in range(count)]
        assert float((torch.stack(parts).mean(0) - whole).norm() / whole.norm()) < 1e-5
    settings = replace(run.settings, batch_size=2, accumulate=2)
    accumulated = gradient(replace(run, settings=settings, asked=settings, orders={}), 1)
    assert float((accumulated - whole).norm() / whole.norm()) < 1e-5


@pytest.mark.slow
def test_two_processes_train_as_one(world: World) -> None:
    """Over gloo, as torchrun starts them: the gradient of the first step and the final weights."""
    script = Path(__file__).with_name("two_processes.py")
    found = {}
    for count in (1, 2):
        out = world.root / f"processes-{count}"
        port = str(29500 + os.getpid() % 1000)
        more = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(script), str(world.base), str(world.data), str(out), str(4 // count)]
        started = [
            subprocess.Popen(command, env=os.environ | more | {"RANK": str(rank), "LOCAL_RANK": str(rank)})
            for rank in range(count)
        ]
        assert [process.wait(300) for process in started] == [0] * count
        found[count] = load_file(out / "gradient.safetensors"), load_file(out / "final" / adapter.PEFT_WEIGHTS)
    for one, two in zip(found[1], found[2], strict=True):
        flat = [torch.cat([tensors[name].flatten() for name in sorted(one)]) for tensors in (one, two)]
        assert float((flat[0] - flat[1]).norm() / flat[0].norm()) < 1e-5


# --- formats, memory, order -----------------------------------------------------------------


def test_lora_stays_float32_when_the_base_is_bfloat16(world: World) -> None:
    """The masters and AdamW's moments; the frozen weights and what the model computes with are bfloat16."""
    run = prepared_run(world, "half", dtype="bf16")
    assert {p.dtype for p in run.masters.own} == {torch.float32}
    assert {p.dtype for p in run.model.parameters()} == {torch.bfloat16}
    before = [p.detach().clone() for p in run.masters.own]
    taken = steps.train_step(run, 1)
    assert torch.isfinite(taken.losses).all() and taken.norm > 0
    assert any(not torch.equal(a, b) for a, b in zip(before, run.masters.own, strict=True))
    for own, shown in zip(run.masters.own, run.masters.shown, strict=True):
        assert torch.equal(own.bfloat16(), shown)
    tensors, _ = optimizers.state_of(run.optimizer, run.masters)
    assert {t.dtype for t in tensors.values()} == {torch.float32}


def test_bfloat16_points_the_same_way(world: World) -> None:
    """The gradient in 16 bit has nearly the direction and length of the one in 32."""
    found = [gradient(stirred(prepared_run(world, f"way-{d}", dtype=d)), 1) for d in ("fp32", "bf16")]
    assert float(torch.nn.functional.cosine_similarity(found[0], found[1], dim=0)) > 0.9
    assert float(found[1].norm() / found[0].norm()) == pytest.approx(1, abs=0.1)


def test_small_gradients_add_up_in_float32(world: World) -> None:
    """Copies hand their gradients to the masters after every part: 256 + 1 is not lost, as it is in bfloat16."""
    run = prepared_run(world, "sums", dtype="bf16")
    for value in (256.0, 1.0):
        for parameter in run.masters.shown:
            parameter.grad = torch.full_like(parameter, value)
        masters.collect(run.masters)
    gradients = [p.grad for p in run.masters.own if p.grad is not None]
    assert len(gradients) == 2 * tiny.MODULES and all((g == 257).all() for g in gradients)
    assert (torch.tensor(256.0).bfloat16() + 1).item() == 256


def test_gradient_checkpointing_gives_the_same_step(world: World) -> None:
    """Gradients reach the LoRA and have the same length."""
    found = [
        steps.train_step(prepared_run(world, "checkpointing", gradient_checkpointing=on), 1) for on in (False, True)
    ]
    assert torch.equal(found[0].losses, found[1].losses)
    assert float(found[0].norm) == pytest.approx(float(found[1].norm), rel=1e-5)
    assert found[0].norm > 0


def test_channels_last_gives_the_same_step(world: World) -> None:
    """Only the order in memory changes."""
    found = [steps.train_step(prepared_run(world, "last", channels_last=on), 1) for on in (False, True)]
    assert torch.allclose(found[0].losses, found[1].losses, rtol=1e-5)
    run = prepared_run(world, "last", channels_last=True)
    assert run.model.conv_in.weight.is_contiguous(memory_format=torch.channels_last)


def test_dropped_captions_use_the_embedding_of_the_empty_caption(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With dropout 1 every text is encode(""), and that is not zero."""
    from transformers import CLIPTextModel, CLIPTokenizer

    seen: list[torch.Tensor] = []
    real = steps.losses_of

    def spy(run: Any, unet: Any, *given: torch.Tensor, **more: Any) -> torch.Tensor:
        seen.append(given[3])
        return real(run, unet, *given, **more)

    monkeypatch.setattr(steps, "losses_of", spy)
    run = prepared_run(world, "dropped", caption_dropout=1.0)
    steps.batch_losses(run, steps.batch_of(run, 1, 0))
    tokenizer = CLIPTokenizer.from_pretrained(world.base, subfolder="tokenizer")
    encoder = CLIPTextModel.from_pretrained(world.base, subfolder="text_encoder")
    empty = denoise.embed(tokenizer, encoder, [""])
    assert torch.equal(seen[0], empty.expand(2, -1, -1)) and empty.abs().max() > 0


def test_an_epoch_sees_every_image_once(world: World) -> None:
    """Three steps of two: all five images, one of them twice to fill the last step."""
    run = prepared_run(world, "order")
    seen = [slot.example.path.name for step in (1, 2, 3) for slot in steps.batch_of(run, step, 0)]
    assert len(seen) == 6 and len(set(seen)) == 5
    second = [slot.example.path.name for step in (4, 5, 6) for slot in steps.batch_of(run, step, 0)]
    assert second != seen


def test_batches_of_buckets_have_one_shape() -> None:
    """Seven images of three shapes in batches of two, two batches a step: each is seen, no batch is mixed."""
    shapes = [(64, 64)] * 3 + [(32, 96)] * 3 + [(96, 32)]
    assert looks.epoch_steps(shapes, size=2, wide=4) == 3  # two, two and one batches make five, in steps of two
    for epoch in range(3):
        places = looks.epoch_places(7, epoch, shapes, size=2, wide=4)
        assert len(places) == 12 and set(places) == set(range(7))
        assert all(shapes[a] == shapes[b] for a, b in zip(places[::2], places[1::2], strict=True))
    assert looks.epoch_places(7, 0, shapes, size=2, wide=4) != looks.epoch_places(7, 1, shapes, size=2, wide=4)
    plain = looks.epoch_places(7, 0, shapes[:3], size=2, wide=2)
    assert plain[:3] == looks.epoch_order(7, 0, 3) and plain[3] == plain[0]


def test_the_learning_rate_rises_and_falls() -> None:
    """Warm-up by equal steps, then as the schedule says; values by hand."""
    constant = TrainSettings(warmup=1)
    assert [optimizers.factor(constant, s, 10) for s in (1, 2, 10)] == [0.5, 1.0, 1.0]
    cosine = TrainSettings(schedule="cosine")
    assert [optimizers.factor(cosine, s, 4) for s in (1, 3)] == pytest.approx([1.0, 0.5])
    linear = TrainSettings(schedule="linear", warmup=1)
    assert [optimizers.factor(linear, s, 5) for s in (1, 2, 4)] == pytest.approx([0.5, 1.0, 0.5])
    restarts = TrainSettings(schedule="restarts", cycles=2)
    assert [optimizers.factor(restarts, s, 8) for s in (1, 3, 5, 7)] == pytest.approx([1.0, 0.5, 1.0, 0.5])


# --- what goes wrong --------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_and_names_the_image(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the image whose loss it was, and the last good checkpoint; the weights are as before the step."""
    real = steps.batch_losses
    calls: list[Sequence[steps.Slot]] = []

    def poison(run: Any, slots: Sequence[steps.Slot]) -> torch.Tensor:
        calls.append(slots)
        bad = torch.tensor([1.0, float("nan") if len(calls) == 3 else 1.0])
        return real(run, slots) * bad

    monkeypatch.setattr(steps, "batch_losses", poison)
    run = world.run_settings("nan")
    with pytest.raises(TrainingError, match="loss must be finite, got NaN or infinity at step 3") as caught:
        train(run)
    good, bad = (str(slot.example.path) for slot in calls[2])
    assert bad in caught.value.message and good not in caught.value.message
    assert "last good checkpoint is" in caught.value.hint and "checkpoint-2" in caught.value.hint


def test_an_image_whose_numbers_become_nan_in_the_cache_is_named(world: World, tmp_path: Path) -> None:
    """A latent of NaN that got into the cache by other ways is found at its first step, before a weight changes."""
    from safetensors.torch import save_file

    run = prepared_run(world, "nan-latent", cache=tmp_path)
    slot = steps.batch_of(run, 1, 0)[0]
    entry = run.cache.images[run.looks[slot.example.path].plain]
    save_file({name: torch.full_like(t, float("nan")) for name, t in load_file(entry).items()}, entry)
    before = [p.detach().clone() for p in run.masters.own]
    with pytest.raises(TrainingError, match=r"got NaN or infinity at step 1 for [^,]*plan-\d\.png \(") as caught:
        steps.train_step(run, 1)
    assert "there is no checkpoint yet" in caught.value.hint
    assert all(torch.equal(a, b) for a, b in zip(before, run.masters.own, strict=True))


def test_a_gradient_that_is_not_finite_or_missing_stops(world: World) -> None:
    """An infinite one names the images; none at all at the first step is a mistake of ours or the base's."""
    run = prepared_run(world, "gradient")
    each = torch.ones(2)
    with pytest.raises(TrainingError, match="gradient must be finite, got NaN or infinity at step 1"):
        steps.figures(run, [steps.Taken(1, each, torch.tensor(float("inf")), 1.0)])
    with pytest.raises(TrainingError, match="gradient must reach the LoRA, got zero at the first step"):
        steps.figures(run, [steps.Taken(1, each, torch.tensor(0.0), 1.0)])
    assert steps.figures(run, []) == []


def test_v_prediction_trains(world: World, v_base: Path) -> None:
    """A base of v-prediction runs, is labelled so, and min-SNR is allowed."""
    run = tiny.settings(v_base, world.data, world.root / "v", steps=1, min_snr=5.0)
    with safe_open(train(run) / adapter.KOHYA_WEIGHTS, "pt") as file:
        told = file.metadata()
    assert (told["ss_base_model_version"], told["modelspec.prediction_type"]) == ("sd_v2_v", "v")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targets": ("to_nothing",)}, "targets must be names of the UNet's modules, got 'to_nothing'"),
        ({"size": 100}, "size must be a multiple of 8 px"),
        ({"tensorboard": True}, "tensorboard must be installed"),
        ({"rank": 17}, r"rank must be at most 8 in down_blocks\.0\.attentions.*, got 17"),
        ({"ranks": {"nowhere": 1}}, "ranks must name parts of the modules' names, got 'nowhere'"),
        ({"zero_terminal_snr": True}, "zero_terminal_snr must be off for a model of epsilon"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], words: str
) -> None:
    """Before the first step, in words."""
    if "tensorboard" in change:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=words):
        train(world.run_settings("refused", **change))


def test_one_image_is_enough(world: World, tmp_path: Path) -> None:
    """One image and no validation: each step sees it, the batch is filled with it."""
    data = tiny.prepared(tmp_path / "data", train=1, validation=0)
    final = train(world.run_settings("single", data=data, epochs=2))
    assert adapter.read(final).step == 2
    assert len(worlds.losses(final.parent)) == 2


def test_a_step_learns(world: World) -> None:
    """With one image and fixed noise the loss falls: the update goes downhill."""
    run = prepared_run(world, "downhill", lr=5e-3, warmup=0)
    values = []
    for _ in range(6):
        values.append(float(np.mean([t for t in steps.train_step(run, 1).losses])))
    assert values[-1] < values[0] - 1e-4


def test_checkpoints_hold_all_that_moves(world: World) -> None:
    """Masters and both moments of every parameter, and the plain values of the optimizer."""
    found = checkpoints.read(world.settings.out / "checkpoint-2")
    tensors = checkpoints.tensors_of(found)
    kinds = {name.split("/")[0] for name in tensors}
    assert kinds == {"master", "state"} and len([n for n in tensors if n.startswith("master/")]) == 2 * tiny.MODULES
    assert found.state["optimizer"]["group 0"]["lr"] == pytest.approx(2e-3 / 3)
