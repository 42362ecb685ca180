"""The look before the first step, running out of memory, previews, validation, the report."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from madorizu.diffusion import advice, curves, device, preview, probe, run_page, steps, trackers
from madorizu.diffusion import train as training
from madorizu.diffusion.progress import Event
from madorizu.diffusion.settings import TrainSettings
from madorizu.diffusion.train import train
from madorizu.errors import TrainingError
from worlds import World, prepared_run, same, tensors

# --- the probe ----------------------------------------------------------------------------------


def test_the_probe_tells_time_and_memory_and_changes_nothing(world: World) -> None:
    """Seconds of a step, the peak, the time to the end; weights and gradients are as before."""
    run = prepared_run(world, "probe")
    events: list[Event] = []
    run = replace(run, settings=replace(run.settings, fit="auto"), report=events.append)
    before = [p.detach().clone() for p in run.masters.own]
    found = probe.fit(run, 2)
    assert found is run and [event.kind for event in events] == ["probe"]
    told = events[0].data
    assert 0 < told["seconds"] < 600 and 0.05 < told["peak_gb"] < 64
    assert told["left_s"] == pytest.approx(4 * told["seconds"])
    assert re.fullmatch(r"a step takes about [\d.e-]+ (?:s|min) and [\d.]+ GB: .* to the end", events[0].message)
    assert all(torch.equal(a, b) and b.grad is None for a, b in zip(before, run.masters.own, strict=True))
    events.clear()
    assert probe.fit(replace(run, settings=replace(run.settings, fit="off")), 0).settings.fit == "off" and not events


def test_settings_become_smaller_without_training_otherwise() -> None:
    """Half the batch and twice the parts, down to one image; then activations are computed again; then no more."""
    settings = TrainSettings(batch_size=6, accumulate=2)
    sizes = []
    while (smaller := probe.smaller_settings(settings)) is not None:
        settings = smaller
        sizes.append((settings.batch_size, settings.accumulate, settings.gradient_checkpointing))
    assert sizes == [(3, 4, False), (1, 12, False), (1, 12, True)]


def fails_above(monkeypatch: pytest.MonkeyPatch, images: int, *, checkpointing: bool = False) -> None:
    """Let the memory run out where a part has more images, or activations are kept."""
    real = steps.batch_losses

    def short(run: Any, slots: Any) -> torch.Tensor:
        if len(slots) > images or (checkpointing and not run.settings.gradient_checkpointing):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return real(run, slots)

    monkeypatch.setattr(steps, "batch_losses", short)


def test_what_does_not_fit_is_made_to_fit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With auto a smaller batch is taken and said; the weights are the same up to rounding; a continuation knows it."""
    fails_above(monkeypatch, 1)
    events: list[Event] = []
    settings = world.run_settings("fitted", fit="auto", steps=4, caption_dropout=0.3)
    train(settings, report=events.append)
    said = next(e.message for e in events if e.kind == "advice")
    assert said.endswith("training the same with --batch-size 1 --accumulate 2")
    state = json.loads((settings.out / "checkpoint-2" / "state.json").read_text())
    assert state["fitted"] == {"batch_size": 1, "accumulate": 2, "gradient_checkpointing": False}
    train(replace(settings, steps=6, resume="auto", fit="off"))  # would run out of memory with two images
    mine, whole = tensors(settings.out / "final"), tensors(world.final)
    assert all(torch.allclose(mine[name], whole[name], atol=2e-4) for name in whole) and not same(mine, {})


def test_what_does_not_fit_is_proposed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With propose nothing is trained; the message is the setting."""
    fails_above(monkeypatch, 1, checkpointing=True)
    settings = world.run_settings("proposed", fit="propose")
    with pytest.raises(TrainingError, match="--batch-size 1 --accumulate 2 --gradient-checkpointing fits"):
        train(settings)
    assert not (settings.out / "final").exists()


def test_what_never_fits_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the least settings are too large: another format, size, base or machine."""
    fails_above(monkeypatch, 0)
    with pytest.raises(TrainingError, match="too little even with the least settings.*--dtype bf16"):
        train(world.run_settings("never", fit="auto"))


def test_an_estimate_keeps_a_cpu_from_running_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the end of memory is the end of the process, so what would not fit is never tried."""
    run = prepared_run(world, "estimate")
    run = replace(run, settings=replace(run.settings, fit="auto"))
    needed = probe.kept_bytes(run)
    assert needed > 0
    monkeypatch.setattr(device, "free_bytes", lambda name: needed - 1)
    assert probe.fit(run, 0).settings.batch_size == 1


@pytest.mark.slow
def test_running_out_of_memory_on_the_way_names_checkpoint_and_setting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback: the last checkpoint, and flags that train on with less; they do."""
    real = steps.train_step

    def burst(run: Any, step: int) -> Any:
        if step == 4 and run.settings.batch_size == 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return real(run, step)

    monkeypatch.setattr(steps, "train_step", burst)
    settings = world.run_settings("memory")
    with pytest.raises(TrainingError, match="must fit into memory") as caught:
        train(settings)
    assert str(settings.out / "checkpoint-2") in caught.value.hint
    assert caught.value.hint.endswith("use --batch-size 1 --accumulate 2 --resume auto")
    train(replace(settings, batch_size=1, accumulate=2, resume="auto"))
    mine, whole = tensors(settings.out / "final"), tensors(world.final)
    assert all(torch.allclose(mine[name], whole[name], atol=2e-4) for name in whole)


def test_the_peak_can_begin_anew() -> None:
    """What was given back is forgotten, where the system can do that."""
    held = device.held_bytes("cpu")
    if held is None:
        pytest.skip("the system does not tell")
    block = bytearray(200 << 20)
    block[::4096] = b"x" * len(block[::4096])
    high = device.peak_bytes("cpu")
    del block
    device.reset_peak("cpu")
    assert high >= held + (190 << 20)
    assert device.peak_bytes("cpu") <= high


# --- the device ---------------------------------------------------------------------------------


def test_the_self_test_passes_here_and_catches_wrong_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attention, a gradient or AdamW that is off is refused by name."""
    device.self_test("cpu")
    if torch.backends.mps.is_available():
        device.self_test("mps")
    real = device._small_step
    for name in ("attention", "AdamW"):

        def wrong(where: str, name: str = name) -> dict[str, torch.Tensor]:
            return {key: t * (1.01 if key == name and where == "mps" else 1) for key, t in real("cpu").items()}

        monkeypatch.setattr(device, "_small_step", wrong)
        with pytest.raises(TrainingError, match=f"mps must compute what the CPU does, got other numbers in {name}"):
            device.self_test("mps")


# --- sight --------------------------------------------------------------------------------------


def test_previews_are_drawn_and_change_with_the_lora_only(world: World) -> None:
    """At step 0, every 3 steps and at the end; the same noise, so the first two differ by the LoRA alone."""
    found = preview.found(world.settings.out)
    assert list(found) == [0, 3, 6] and all(len(paths) == 1 for paths in found.values())
    with Image.open(found[0][0]) as first:
        assert first.size == (64, 64)
    told = [event for event in world.events if event.kind == "preview"]
    assert [event.data["step"] for event in told] == [0, 3, 6]
    assert found[0][0].read_bytes() != found[6][0].read_bytes()


@pytest.mark.slow
def test_previews_do_not_touch_the_run(world: World) -> None:
    """A run with and without pictures has the same weights, and the same picture comes twice."""
    without = world.run_settings("no-previews")
    train(without)
    assert same(tensors(without.out / "final"), tensors(world.final))
    run = prepared_run(world, "twice-drawn", preview_captions=("floor plan, 1F, 8x9", "a house"))
    one = [path.read_bytes() for path in preview.draw(run, 1)]
    assert [path.read_bytes() for path in preview.draw(run, 1)] == one and len(one) == 2 and one[0] != one[1]
    preview.cut(run.settings.out, 0)
    assert preview.found(run.settings.out) == {}


def test_large_models_on_a_cpu_draw_no_previews_unasked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred steps apart by default; never where a picture takes minutes."""
    run = prepared_run(world, "large")
    run = replace(run, settings=replace(run.settings, preview_every=None))
    assert preview.every(run) == 100
    monkeypatch.setattr(probe, "_LARGE", 0)
    assert preview.every(run) == 0
    assert preview.every(replace(run, settings=replace(run.settings, preview_every=7))) == 7


def test_validation_between_epochs(world: World) -> None:
    """Every two steps, at fixed noise: a row and an event each, the same numbers again in another run."""
    settings = world.run_settings("validated", validate_every=2, steps=4, checkpoint_every=100)
    events: list[Event] = []
    train(settings, report=events.append)
    found = [(e.data["step"], e.data["loss"]) for e in events if e.kind == "validation"]
    assert [step for step, _ in found] == [2]  # 3 and 4 end an epoch and the run, and are told there
    rows = trackers.read(settings.out / trackers.METRICS)
    assert [row["step"] for row in rows if "validation_loss" in row] == [2, 3, 4]
    whole = [r for r in trackers.read(world.settings.out / trackers.METRICS) if "validation_loss" in r]
    assert whole[0]["validation_loss"] == rows_at(rows, 3)


def rows_at(rows: list[dict[str, Any]], step: int) -> float:
    """The validation loss of a step."""
    return float(next(r["validation_loss"] for r in rows if r["step"] == step and "validation_loss" in r))


def test_overfitting_is_told_once() -> None:
    """Two validations in a row clearly above the best one, that step named; a single one is chance."""
    falling = [(1, 1.0), (2, 0.9), (3, 0.8)]
    assert advice.on_overfitting(falling) is None
    assert advice.on_overfitting([*falling, (4, 0.9)]) is None
    assert advice.on_overfitting([*falling, (4, 0.81), (5, 0.9)]) is None
    assert "was best at step 3 (0.8000) and is 0.9500 now" in (
        advice.on_overfitting([*falling, (4, 0.9), (5, 0.95)]) or ""
    )


def test_a_loss_that_stays_is_told() -> None:
    """After half of the epochs, at least three: silence before and when it falls."""
    assert advice.on_loss(0.2, 0.2, epoch=2, epochs=8) is None
    assert advice.on_loss(0.2, 0.2, epoch=3, epochs=8) is None
    assert "the loss stays at 0.200" in (advice.on_loss(0.2, 0.2, epoch=4, epochs=8) or "")
    assert advice.on_loss(0.2, 0.19, epoch=4, epochs=8) is None


def test_a_clock_leaves_pauses_out() -> None:
    """Checkpoints and pictures do not slow the steps' rate."""
    story = training._Story([], [])
    story.clock.extend([(1, 10.0), (2, 11.0)])
    training._set_clock(story, 5.0)
    assert list(story.clock) == [(1, 15.0), (2, 16.0)]


# --- the report -----------------------------------------------------------------------------------


def test_the_report_is_one_file_with_all(world: World) -> None:
    """Curves, pictures, settings, epochs; nothing from elsewhere, no folder of this machine."""
    text = (world.settings.out / run_page.PAGE).read_text()
    assert text.startswith("<!doctype html>") and text.count("<polyline") == 3
    assert text.count("data:image/png;base64,") == 3 and "Pictures of fixed briefs" in text
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text) and str(world.root) not in text
    for words in ("validation loss", "rank", "epsilon, 64 px", f"{32} modules", "peak memory", "torch"):
        assert words in text
    assert (world.settings.out / run_page.PLOT).read_bytes()[:4] == b"\x89PNG"


def test_the_table_has_a_row_per_figure(world: World) -> None:
    """CSV with the columns of all rows."""
    lines = (world.settings.out / run_page.TABLE).read_text().splitlines()
    assert lines[0].startswith("step,epoch,loss,grad_norm,lr,seconds") and "validation_loss" in lines[0]
    assert len(lines) == 1 + len(trackers.read(world.settings.out / trackers.METRICS))


def test_the_plot_shows_the_losses() -> None:
    """A falling line in the mean's colour from the upper left to the lower right; NaN and no rows are no trouble."""
    rows: list[dict[str, Any]] = [{"step": n, "loss": 1.0 - n / 100} for n in range(1, 51)]
    rows += [{"step": 51, "loss": float("nan")}, {"step": 50, "validation_loss": 0.7}]
    found = curves.lines(rows)
    assert [line.name for line in found] == ["loss", "mean of the loss", "validation loss"]
    assert len(found[0].points) == 50 and found[2].points == ((50, 0.7),)
    with Image.open(io.BytesIO(curves.png(rows))) as image:
        pixels = np.asarray(image.convert("RGB"))
    blue = np.argwhere((pixels[40:] == (0x1F, 0x4E, 0x8C)).all(axis=2))
    first, last = blue[blue[:, 1].argmin()], blue[blue[:, 1].argmax()]
    assert pixels.shape == (curves.HEIGHT, curves.WIDTH, 3) and first[0] < last[0]
    assert curves.svg([]).startswith("<svg") and curves.png([])[:4] == b"\x89PNG"


def test_long_curves_are_thinned() -> None:
    """At most some thousand points, the last among them."""
    points = curves.lines([{"step": n, "loss": 1.0} for n in range(100_001)])[0].points
    assert len(points) <= 2001 and points[-1][0] == 100_000
