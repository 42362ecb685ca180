"""Training on a tiny base: exact resume, whole checkpoints, the adapter in other loaders' hands."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

import tiny
import worlds
from madorizu.brief import GRAMMAR_VERSION
from madorizu.diffusion import adapter, bases, checkpoints, device, lora, optimizers, sample, trackers
from madorizu.diffusion import train as training
from madorizu.diffusion.progress import Event
from madorizu.diffusion.settings import TrainSettings
from madorizu.diffusion.train import train
from madorizu.errors import AdapterError, SettingsError, StorageError, TrainingError
from worlds import World, losses, same, tensors

CAPTION = "floor plan, 1F, 8x9, stairs, style atelier"


# --- what a run leaves ------------------------------------------------------------------


def test_a_run_leaves_the_promised_files(world: World) -> None:
    """Checkpoints by step, final with five loaders' files, the settings beside."""
    out = world.settings.out
    assert [path.name for path in checkpoints.folders(out)] == ["checkpoint-2", "checkpoint-4", "checkpoint-6"]
    names = {path.name for path in world.final.iterdir()}
    assert names == {adapter.PEFT_CONFIG, adapter.PEFT_WEIGHTS, adapter.KOHYA_WEIGHTS, adapter.RECORD}
    told = json.loads((out / "adapter_config.json").read_text())
    assert (told["rank"], told["epochs"], told["targets"]) == (2, 2, ["to_q", "to_k", "to_v", "to_out.0"])
    assert not [path for path in out.rglob("*") if path.suffix in (".bin", ".pkl", ".pt")]


def test_events_tell_the_run(world: World) -> None:
    """Modules and parameters, each step, each checkpoint, the epochs' losses, the end."""
    start = next(event for event in world.events if event.kind == "start")
    assert start.data["modules"] == tiny.MODULES
    assert f"{tiny.MODULES} LoRA modules with {start.data['parameters']:,} parameters" in start.message
    kinds = [event.kind for event in world.events]
    assert (kinds.count("step"), kinds.count("checkpoint"), kinds.count("epoch")) == (6, 3, 2)
    assert (kinds.count("probe"), kinds[-1]) == (1, "done")
    epoch = [event for event in world.events if event.kind == "epoch"][0]
    assert epoch.data["loss"] == pytest.approx(np.mean(losses(world.settings.out)[:3]))
    assert epoch.data["validation_loss"] > 0


def test_metrics_are_lines_of_json(world: World) -> None:
    """Loss, rate, gradient and time of each step."""
    rows = trackers.read(world.settings.out / trackers.METRICS)
    first = rows[0]
    assert first["step"] == 1 and first["epoch"] == 1
    assert {"loss", "lr", "grad_norm", "seconds"} <= first.keys()
    assert [row["lr"] for row in rows if "lr" in row][:3] == pytest.approx([1e-3 / 3, 2e-3 / 3, 1e-3])
    assert sum("validation_loss" in row for row in rows) == 2


def test_training_changes_the_lora_and_nothing_else(world: World) -> None:
    """The base on disk is as it was; every B matrix has moved from zero."""
    found = tensors(world.final)
    assert all(t.dtype == torch.float32 for t in found.values())
    assert all(t.abs().max() > 0 for name, t in found.items() if "lora_B" in name)


def test_the_record_tells_no_path(world: World) -> None:
    """Base, versions, data, seed, settings, the most common style; no folder of this machine."""
    text = (world.final / adapter.RECORD).read_text()
    record = json.loads(text)
    assert record["base"]["fingerprint"] == bases.fingerprint(world.base)
    assert (record["style"], record["step"], record["seed"], record["size_px"]) == ("atelier", 6, 0, 64)
    assert record["settings"]["rank"] == 2
    for name in (adapter.RECORD, adapter.PEFT_CONFIG):
        assert str(world.root) not in (world.final / name).read_text()


# --- resume -----------------------------------------------------------------------------


def test_resume_equals_an_uninterrupted_run(world: World) -> None:
    """Stopped after 4 of 6 steps and continued: adapter, optimizer and losses are equal, bit for bit."""
    part = world.run_settings("resumed", steps=4)
    train(part)
    out = part.out
    with (out / trackers.METRICS).open("a") as file:
        file.write('{"step": 5, "loss": 9}\n{"ste')  # a crash after the checkpoint
    train(replace(part, steps=None, resume="auto"))
    assert same(tensors(out / "final"), tensors(world.final))
    whole = world.settings.out / "checkpoint-6"
    assert same(tensors(out / "checkpoint-6", checkpoints.OPTIMIZER), tensors(whole, checkpoints.OPTIMIZER))
    assert losses(out) == losses(world.settings.out)


def test_resume_in_the_middle_of_an_epoch_from_a_named_checkpoint(world: World) -> None:
    """Step 2 of 3 in an epoch is a checkpoint like any other."""
    named = world.run_settings("named", resume=str(world.settings.out / "checkpoint-2"))
    train(named)
    assert same(tensors(named.out / "final"), tensors(world.final))


def test_a_finished_run_is_not_trained_again(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--resume auto on the same run and number of steps: nothing is loaded or written, and that is said."""

    def never(*given: object) -> None:
        raise RuntimeError("trained again")

    import shutil

    done = replace(world.settings, out=Path(shutil.copytree(world.settings.out, tmp_path / "out")), resume="auto")
    before = {path: path.stat().st_mtime_ns for path in done.out.rglob("*") if path.name != checkpoints.LOCK}
    monkeypatch.setattr(training, "_prepare", never)
    events: list[Event] = []
    assert train(done, report=events.append) == done.out / "final"
    assert [event.kind for event in events] == ["done"]
    assert "was finished before, after 6 steps" in events[0].message
    assert before == {path: path.stat().st_mtime_ns for path in done.out.rglob("*") if path.name != checkpoints.LOCK}
    with pytest.raises(RuntimeError, match="trained again"):  # more was asked than was done
        train(replace(done, epochs=3))
    with pytest.raises(SettingsError, match="steps must be at least the checkpoint's, 6, got 3"):
        train(replace(done, steps=3, resume=str(done.out / "checkpoint-6")))
    (done.out / "final" / adapter.RECORD).unlink()  # stopped while it was written
    with pytest.raises(RuntimeError, match="trained again"):
        train(done)


@pytest.mark.slow
def test_fewer_steps_than_were_done_start_from_an_earlier_checkpoint(world: World) -> None:
    """Five of six steps: the adapter is that of step 5, not of the latest checkpoint."""
    part = world.run_settings("fewer")
    train(part)
    train(replace(part, steps=5, resume="auto"))
    assert adapter.read(part.out / "final").step == 5
    straight = world.run_settings("five", steps=5)
    train(straight)
    assert same(tensors(part.out / "final"), tensors(straight.out / "final"))


@pytest.mark.slow
def test_a_stopped_run_is_saved_and_continues(world: World) -> None:
    """SIGTERM: the step is finished, a checkpoint written, and the rest equals an uninterrupted run."""
    part = world.run_settings("stopped")

    def stop(event: Event) -> None:
        if event.kind == "step" and event.data["step"] == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TrainingError, match="stopped at step 3 of 6.*--resume auto"):
        train(part, report=stop)
    assert signal.getsignal(signal.SIGTERM) is before
    train(replace(part, resume="auto"))
    assert same(tensors(part.out / "final"), tensors(world.final))


@pytest.mark.slow
def test_another_seed_is_another_run(world: World) -> None:
    """The seed reaches noise, order and start."""
    other = world.run_settings("seed", seed=1, steps=1)
    train(other)
    assert losses(other.out)[0] != losses(world.settings.out)[0]


def test_resume_with_other_settings_is_refused(world: World) -> None:
    """Another rank or other data is another run."""
    with pytest.raises(SettingsError, match="to continue it, got other: rank 2 → 3"):
        train(replace(world.settings, rank=3, resume="auto"))
    data = tiny.prepared(world.root / "other-data", seed=7)
    with pytest.raises(SettingsError, match="got other: the prepared data"):
        train(replace(world.settings, data=data, resume="auto"))


@pytest.mark.slow
def test_a_new_run_moves_the_earlier_one_aside(world: World) -> None:
    """Nothing is overwritten: checkpoints and final go to previous-1."""
    one = world.run_settings("twice", steps=2)
    train(one)
    before = tensors(one.out / "final")
    events: list[Event] = []
    train(replace(one, seed=3), report=events.append)
    assert same(tensors(one.out / "previous-1" / "final"), before)
    assert (one.out / "previous-1" / "checkpoint-2").is_dir()
    assert any("earlier one was moved to" in event.message for event in events)


# --- checkpoints --------------------------------------------------------------------------


def test_a_save_that_fails_leaves_no_checkpoint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up: the earlier checkpoint stays the latest, the half one does not appear."""
    import safetensors.torch

    real, calls = safetensors.torch.save_file, []

    def fill_up(found: Any, path: Path, *more: Any) -> None:
        calls.append(path)
        if len(calls) == 4:  # each save writes the adapter and the optimizer: the second one's optimizer
            raise OSError(28, "No space left on device")
        real(found, path, *more)

    monkeypatch.setattr(safetensors.torch, "save_file", fill_up)
    run = world.run_settings("full-disk")
    with pytest.raises(StorageError, match="the disk is full"):
        train(run)
    assert [path.name for path in checkpoints.folders(run.out)] == ["checkpoint-2"]
    latest = checkpoints.latest(run.out)
    assert latest is not None and latest.step == 2


@pytest.mark.slow
def test_old_checkpoints_go_after_the_new_one_is_whole(world: World) -> None:
    """keep=1 leaves the latest; nothing is removed when the newest is damaged."""
    run = world.run_settings("pruned", keep=1, steps=4)
    train(run)
    assert [path.name for path in checkpoints.folders(run.out)] == ["checkpoint-4"]
    train(replace(run, keep=0, steps=6, resume="auto"))
    newest = run.out / "checkpoint-6"
    (newest / adapter.PEFT_WEIGHTS).write_bytes(b"cut")
    with pytest.raises(AdapterError, match="must match its record"):
        checkpoints.prune(run.out, 1, newest=newest)
    assert len(checkpoints.folders(run.out)) == 2
    latest = checkpoints.latest(run.out)
    assert latest is not None and latest.step == 4  # the damaged one is passed over


def test_a_checkpoint_without_its_state_is_refused(world: World, tmp_path: Path) -> None:
    """The finished adapter is no checkpoint."""
    with pytest.raises(TrainingError, match=r"state\.json must be whole"):
        checkpoints.read(world.final)


def test_a_checkpoint_of_other_modules_is_refused(world: World) -> None:
    """Its tensors must be those of the run: no more, no fewer, no others."""
    run = worlds.prepared_run(world, "other-modules", targets=("to_q",))
    found = checkpoints.tensors_of(checkpoints.read(world.settings.out / "checkpoint-2"))
    with pytest.raises(TrainingError, match="must hold the LoRA of this run, got one of more modules"):
        optimizers.restore(run.optimizer, run.masters, found, {})
    with pytest.raises(TrainingError, match="must hold the LoRA of this run, got another one or none at master"):
        optimizers.restore(run.optimizer, run.masters, {}, {})


def test_a_truncated_checkpoint_is_passed_over(world: World, tmp_path: Path) -> None:
    """The optimizer's file is checked against the state, so `auto` takes the one before."""
    import shutil

    shutil.copytree(world.settings.out, tmp_path / "out")
    file = tmp_path / "out" / "checkpoint-6" / checkpoints.OPTIMIZER
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(TrainingError, match=r"optimizer\.safetensors must be whole, got other bytes"):
        checkpoints.read(file.parent)
    latest = checkpoints.latest(tmp_path / "out")
    assert latest is not None and latest.step == 4


@pytest.mark.slow
def test_what_a_killed_process_left_is_removed(world: World, tmp_path: Path) -> None:
    """Parts of checkpoints and adapters go at the next start; whole ones and other files stay."""
    run = replace(world.settings, out=tmp_path / "out", steps=1)
    (run.out / ".checkpoint-2.0123456789ab.part").mkdir(parents=True)
    (run.out / ".checkpoint-2.0123456789ab.part" / "half").write_text("x")
    (run.out / ".notes").write_text("mine")
    train(run)
    assert not list(run.out.glob(".*.part")) and (run.out / ".notes").is_file()


def test_a_second_trainer_is_refused(world: World, tmp_path: Path) -> None:
    """The folder is locked while a run goes, by a file with the pid; afterwards it is free."""
    with checkpoints.lock(tmp_path):
        assert (tmp_path / checkpoints.LOCK).read_text() == f"{os.getpid()}\n"
        with pytest.raises(TrainingError, match=rf"one trainer at a time, got another one \(pid {os.getpid()}\)"):
            train(replace(world.settings, out=tmp_path))
    with checkpoints.lock(tmp_path):
        pass


def test_a_folder_that_cannot_be_locked_is_refused(tmp_path: Path) -> None:
    """A file in the folder's place is an error of storage."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError), checkpoints.lock(tmp_path / "file"):
        pass


# --- the adapter in other hands -----------------------------------------------------------


def plain_diffusers(base: Path, final: Path | None, caption: str, seed: int) -> np.ndarray:
    """Ten lines of plain diffusers, as a user writes them."""
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
    if final is not None:
        pipe.load_lora_weights(final)
    generator = torch.Generator("cpu").manual_seed(seed)
    image = pipe(caption, num_inference_steps=4, guidance_scale=3.0, generator=generator).images[0]
    return np.asarray(image)


def test_pixels_equal_plain_diffusers(world: World) -> None:
    """The sampler's picture is the pipeline's, with the folder as it is; alpha 4 at rank 2 is honoured."""
    wanted = plain_diffusers(world.base, world.final, CAPTION, 7)
    sampler = sample.load(str(world.base), world.final, "cpu")
    assert np.array_equal(sampler.draw([CAPTION], [7], steps=4, guidance=3.0)[0], wanted)
    assert not np.array_equal(wanted, plain_diffusers(world.base, None, CAPTION, 7))  # the LoRA does something
    scales = {m.scaling[n] for m in sampler.pipe.unet.modules() if hasattr(m, "scaling") for n in m.scaling}
    assert scales == {2.0}


def test_an_image_depends_on_its_caption_and_seed_only(world: World) -> None:
    """Neighbours do not change a picture; the same seed gives the same one."""
    sampler = sample.load(str(world.base), world.final, "cpu")
    told: list[tuple[int, int]] = []
    pair = sampler.draw([CAPTION, "floor plan, 2F, 6x6"], [1, 2], steps=2, on_step=lambda a, b: told.append((a, b)))
    assert pair.shape == (2, 64, 64, 3) and pair.dtype == np.uint8
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert np.array_equal(pair[1], sampler.draw(["floor plan, 2F, 6x6"], [2], steps=2)[0])
    assert not np.array_equal(pair[0], sampler.draw([CAPTION], [9], steps=2)[0])


def test_draw_refuses_what_it_cannot_do(world: World) -> None:
    """Seeds as many as captions, at least one step."""
    sampler = sample.load(str(world.base), None, "cpu")
    assert (sampler.guidance, sampler.adapter) == (sample.GUIDANCE["embedded"], None)
    with pytest.raises(SettingsError, match="seeds must be as many as captions, 1, got 2"):
        sampler.draw(["a"], [1, 2])
    with pytest.raises(SettingsError, match="steps must be at least 1"):
        sampler.draw(["a"], [1], steps=0)


def test_peft_loads_every_module(world: World) -> None:
    """PeftModel.from_pretrained takes the folder and finds all tensors."""
    from diffusers import UNet2DConditionModel
    from peft import PeftModel, get_peft_model_state_dict

    unet = UNet2DConditionModel.from_pretrained(world.base, subfolder="unet")
    model = PeftModel.from_pretrained(unet, world.final)
    found = get_peft_model_state_dict(model)
    assert len(found) == 2 * tiny.MODULES
    assert same({name: t for name, t in found.items()}, tensors(world.final))
    assert {m.scaling["default"] for m in model.modules() if hasattr(m, "scaling")} == {2.0}


def test_kohya_file_has_three_tensors_per_module_and_its_metadata(world: World) -> None:
    """Names, alpha and the metadata that makes A1111 show the file for SD 2."""
    found = tensors(world.final, adapter.KOHYA_WEIGHTS)
    assert len(found) == 3 * tiny.MODULES
    key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0"
    assert found[f"{key}.alpha"].shape == () and found[f"{key}.alpha"].item() == 4.0
    assert found[f"{key}.lora_down.weight"].shape[0] == found[f"{key}.lora_up.weight"].shape[1] == 2
    with safe_open(world.final / adapter.KOHYA_WEIGHTS, "pt") as file:
        told = file.metadata()
    assert (told["ss_v2"], told["ss_base_model_version"], told["ss_network_dim"]) == ("True", "sd_v2", "2")
    assert (told["ss_network_alpha"], told["modelspec.prediction_type"]) == ("4.0", "epsilon")
    assert told["modelspec.architecture"] == "stable-diffusion-v2-512/lora"
    assert len(told["sshs_model_hash"]) == 64 and len(told["sshs_legacy_hash"]) == 8
    assert "caption" not in str(told) and "floor plan," not in str(told)


def test_kohya_keys_by_hand() -> None:
    """Dots become underscores, A is down, B is up, and alpha is written as given."""
    a, b = torch.ones(2, 3), torch.zeros(5, 2)
    path = "mid_block.attentions.0.proj_in"
    found = adapter.to_kohya({f"{path}.lora_A.weight": a, f"{path}.lora_B.weight": b}, alpha=8.0)
    assert list(found) == [
        "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight",
        "lora_unet_mid_block_attentions_0_proj_in.alpha",
        "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight",
    ]
    assert found["lora_unet_mid_block_attentions_0_proj_in.alpha"].item() == 8.0


def test_an_adapter_is_refused_on_another_base(world: World, tmp_path: Path) -> None:
    """No fallback to the base alone, and both bases are named."""
    other = tiny.tiny_base(tmp_path / "other", seed=1)
    with pytest.raises(AdapterError, match=r"on the base it was trained on, 'base'.*got 'other'"):
        sample.load(str(other), world.final, "cpu")


@pytest.mark.parametrize("name", [adapter.RECORD, adapter.PEFT_WEIGHTS, adapter.KOHYA_WEIGHTS, adapter.PEFT_CONFIG])
def test_an_incomplete_adapter_tells_what_to_run(world: World, tmp_path: Path, name: str) -> None:
    """The missing file and the command."""
    import shutil

    copy = Path(shutil.copytree(world.final, tmp_path / "final"))
    (copy / name).unlink()
    with pytest.raises(AdapterError, match=rf"must be complete, got no {name}.*start_training\.sh"):
        adapter.read(copy)


def test_a_damaged_adapter_is_refused(world: World, tmp_path: Path) -> None:
    """Other bytes, a record that is none, another grammar."""
    import shutil

    copy = Path(shutil.copytree(world.final, tmp_path / "final"))
    record = json.loads((copy / adapter.RECORD).read_text())
    (copy / adapter.KOHYA_WEIGHTS).write_bytes(b"other")
    with pytest.raises(AdapterError, match="must match its record"):
        adapter.read(copy)
    (copy / adapter.RECORD).write_text(json.dumps(record | {"grammar_version": 99}))
    with pytest.raises(AdapterError, match=f"must be of grammar {GRAMMAR_VERSION} and canvas 1, got 99 and 1"):
        adapter.read(copy)
    (copy / adapter.RECORD).write_text("{}")
    with pytest.raises(AdapterError, match=r"madorizu\.json must be whole"):
        adapter.read(copy)


def test_the_last_training_is_found(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """MADORIZU_HOME comes first; without any adapter the error tells what to run."""
    final = tmp_path / "training" / "lora_model" / "final"
    final.mkdir(parents=True)
    monkeypatch.setenv("MADORIZU_HOME", str(tmp_path))
    assert adapter.find() == final
    with pytest.raises(AdapterError, match="must be trained first"):
        adapter.read(None)


@pytest.mark.slow
def test_full_sd21_has_128_modules_and_829952_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of the guide, on the real geometry without its weights."""
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(
            sample_size=64, cross_attention_dim=1024, attention_head_dim=(5, 10, 20, 20), use_linear_projection=True
        )
        monkeypatch.setattr(UNet2DConditionModel, "from_pretrained", lambda *a, **k: unet)
        base = bases.Base(Path(), "x", "sd21-base", "sd21-base", "epsilon", 512, 4, 64, 0.18215, 0.0, None)
        chosen = TrainSettings(base="sd21-base").with_preset("sd21-base", 512)
        found = lora.unet_with_lora(base, chosen, device.Device("cpu", "fp32"))
    assert lora.count(found) == (128, 829_952)
