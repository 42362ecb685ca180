"""The two scripts that people start: training/train_lora_simple.py and inference/generate_floor_plan_lora.py."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tiny
from madorizu.diffusion import adapter, command
from madorizu.diffusion.train import train
from madorizu.errors import AdapterError

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "training" / "train_lora_simple.py"
GENERATOR = ROOT / "inference" / "generate_floor_plan_lora.py"


def edited(folder: Path, **constants: str) -> Path:
    """Copy the training script into a folder with other constants."""
    text = SCRIPT.read_text()
    for name, value in constants.items():
        text, count = re.subn(rf"^{name} = \S+", f"{name} = {value}", text, flags=re.M)
        assert count == 1, name
    copy = folder / "training" / SCRIPT.name
    copy.parent.mkdir()
    copy.write_text(text)
    return copy


def test_constants_at_the_top_reach_the_run(tmp_path: Path) -> None:
    """Each constant that is edited in a copy is the setting of the run."""
    script = edited(
        tmp_path,
        BASE_MODEL='"sd21"',
        IMAGE_SIZE="256",
        NUM_EPOCHS="7",
        BATCH_SIZE="3",
        LEARNING_RATE="1e-3",
        LORA_RANK="8",
        LORA_ALPHA="16",
        TARGET_MODULES='["to_q"]',
        CHECKPOINT_EVERY="9",
        SEED="5",
    )
    constants: dict[str, Any] = runpy.run_path(str(script))["CONSTANTS"]
    found = command.read([], constants=constants)
    assert (found.base, found.size, found.epochs, found.batch_size, found.lr) == ("sd21", 256, 7, 3, 1e-3)
    assert (found.rank, found.alpha, found.targets) == (8, 16.0, ("to_q",))
    assert (found.checkpoint_every, found.seed) == (9, 5)
    assert found.out == tmp_path / "training" / "lora_model"
    assert command.read(["--epochs", "1"], constants=constants).epochs == 1


def test_constants_as_they_are_leave_the_preset(tmp_path: Path) -> None:
    """Nothing set: the guide's numbers on sd21-base."""
    constants: dict[str, Any] = runpy.run_path(str(SCRIPT))["CONSTANTS"]
    found = command.read(["--base", "sd21-base"], constants=constants).with_preset("sd21-base", 512)
    assert (found.rank, found.lr, found.epochs, found.batch_size, found.size) == (4, 5e-5, 5, 1, 512)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny base and a repository's folder with an adapter that was trained on it."""
    root = tmp_path_factory.mktemp("script")
    base = tiny.tiny_base(root / "base")
    train(tiny.settings(base, tiny.prepared(root / "data"), root / "training" / "lora_model", steps=1))
    return base, root


def run(trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    """Run inference/generate_floor_plan_lora.py in this process, where that repository is home."""
    monkeypatch.setenv("MADORIZU_HOME", str(trained[1]))
    # The set-up is its own test's; here the interpreter is good enough.
    monkeypatch.setitem(sys.modules, "environment", SimpleNamespace(enter=lambda: None))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", [str(GENERATOR), "--steps", "2", "--device", "cpu", *flags])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(GENERATOR), run_name="__main__")
    return int(caught.value.code or 0)


def test_a_plan_is_drawn_with_the_last_adapter(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bare width, height and output: the adapter, its base and its style are found; path on stdout, seed on stderr."""
    out = tmp_path / "deep" / "plan.png"
    assert run(trained, monkeypatch, "--width", "8", "--height", "9", "--output", str(out)) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}\n"
    seed = re.search(r"floor plan, 1F, 8x9, entrance, stairs, style atelier \(seed (\d+), lora\)", told.err)
    assert seed is not None and "no rule of building has been checked" in told.err
    again = tmp_path / "again.png"
    flags = ("--width", "8", "--height", "9", "--output", str(again), "--seed", seed[1], "--raw")
    assert run(trained, monkeypatch, *flags) == 0
    assert "checked" not in capsys.readouterr().err
    assert again.read_bytes() == out.read_bytes()
    assert np.asarray(Image.open(out)).shape == (64, 64, 3)


def test_raw_pixels_equal_ten_lines_of_diffusers(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The script with --raw, and a user's own lines on `final/`, give the same picture for one seed."""
    out = tmp_path / "plan.png"
    size = ("--width", "8", "--height", "9", "--elements", "stairs", "--output", str(out))
    assert run(trained, monkeypatch, *size, "--seed", "7", "--guidance", "3", "--raw") == 0

    import torch
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(trained[0], safety_checker=None)
    pipe.load_lora_weights(trained[1] / "training" / "lora_model" / "final")
    pipe.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(7)
    words = "floor plan, 1F, 8x9, stairs, style atelier"
    image = pipe(words, num_inference_steps=2, guidance_scale=3.0, generator=generator).images[0]
    assert np.array_equal(np.asarray(Image.open(out)), np.asarray(image))


def test_none_draws_with_the_base_alone_and_leaves_the_style_open(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--lora none looks for no adapter; --style none keeps the adapter's style out of the caption."""
    size = ("--width", "8", "--height", "9", "--base", str(trained[0]), "--seed", "1", "--style", "none")
    assert run(trained, monkeypatch, *size, "--lora", "none", "--output", str(tmp_path / "base.png")) == 0
    assert run(trained, monkeypatch, *size, "--output", str(tmp_path / "lora.png")) == 0
    assert "style" not in capsys.readouterr().err
    assert (tmp_path / "base.png").read_bytes() != (tmp_path / "lora.png").read_bytes()


def test_several_plans_have_seeds_that_count_up(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """plan-1.png has the seed, plan-2.png the next."""
    size = ("--width", "8", "--height", "9", "--base", str(trained[0]))
    assert run(trained, monkeypatch, *size, "--output", str(tmp_path / "p.png"), "--count", "2", "--seed", "4") == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "p-1.png"), str(tmp_path / "p-2.png")]
    assert run(trained, monkeypatch, *size, "--output", str(tmp_path / "q.png"), "--seed", "5") == 0
    assert (tmp_path / "q.png").read_bytes() == (tmp_path / "p-2.png").read_bytes()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--width", "0"), "width must be 2 to 30 modules of 910 mm, got 0"),
        (("--width", "51"), "width must be 2 to 30 modules of 910 mm, got 51"),
        (("--width", "wide"), "width must be a number of modules, got 'wide'"),
        (("--elements", "pool"), "element must be one of stairs, entrance, balcony, got 'pool'"),
        (("--style", "Bad"), "style must be a lower-case name"),
        (("--count", "65"), "count must be 1 to 64, got 65"),
        (("--seed", "2147483648"), "seed must be 0 to 2147483647, got 2147483648"),
        (("--floor", "both"), "floor must be 1F, 2F or unknown for a model, got both"),
        (("--sidecar",), "a sidecar must come from a plan, got a picture of a model"),
        (("--device", "tpu"), "device must be one of auto, cpu, cuda, mps, got 'tpu'"),
    ],
)
def test_bad_input_is_status_2(
    trained: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    words: str,
) -> None:
    """The message says what is wrong, and no file appears."""
    out = tmp_path / "plan.png"
    assert run(trained, monkeypatch, "--width", "8", "--height", "9", "--output", str(out), *flags) == 2
    assert re.search(rf"^error: {words}", capsys.readouterr().err)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flags", "words", "hint"),
    [
        (("--lora", "nowhere"), "adapter must be complete, got no madorizu.json in nowhere", "run training/start_"),
        (("--base", "sd99"), "base must be one of embedded, sd21-base, sd21, a folder or a hub id", "a folder must"),
    ],
)
def test_a_missing_adapter_or_base_is_status_1(
    trained: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, str],
    words: str,
    hint: str,
) -> None:
    """The error tells what to do on a line of its own, and no file appears."""
    size = ("--width", "8", "--height", "9", "--output", str(tmp_path / "a.png"))
    assert run(trained, monkeypatch, *size, *flags) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"error: {words}") and told[1].startswith(f"  {hint}")
    assert not list(tmp_path.iterdir())


def test_an_adapter_of_another_base_is_refused(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No picture is drawn by a base that the adapter does not belong to."""
    other = tiny.tiny_base(tmp_path / "other", seed=3)
    size = ("--width", "8", "--height", "9", "--output", str(tmp_path / "a.png"))
    assert run(trained, monkeypatch, *size, "--base", str(other)) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: adapter must be used on the base it was trained on, 'base'")
    assert "give --base base, or train an adapter on other" in told
    assert not (tmp_path / "a.png").exists()


def test_the_base_of_an_adapter_of_your_own_must_be_known(trained: tuple[Path, Path], tmp_path: Path) -> None:
    """Its folder stands beside the adapter; without that, --base is needed."""
    final = trained[1] / "training" / "lora_model" / "final"
    assert adapter.base_of(adapter.read(final)) == str(trained[0])
    copy = Path(shutil.copytree(final, tmp_path / "final"))
    with pytest.raises(AdapterError, match=r"base must be given.*--base FOLDER"):
        adapter.base_of(adapter.read(copy))


@pytest.mark.slow
def test_both_scripts_run_from_any_folder(trained: tuple[Path, Path], tmp_path: Path) -> None:
    """Training with edited constants, then a plan, each in a process of its own started elsewhere."""
    script = edited(tmp_path, BASE_MODEL=repr(str(trained[0])), NUM_EPOCHS="1", LORA_RANK="3", CHECKPOINT_EVERY="2")
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    shutil.copytree(trained[1] / "data", tmp_path / "training" / "prepared_data")
    environment = os.environ | {"MADORIZU_HOME": str(tmp_path)}

    def start(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], cwd="/", env=environment, capture_output=True, text=True, check=False
        )

    done = start(str(script), "--device", "cpu", "--batch-size", "1")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "training" / "lora_model"
    assert sorted(path.name for path in out.glob("checkpoint-*")) == ["checkpoint-2", "checkpoint-4"]
    assert "step 5/5" in done.stdout and adapter.read(out / "final").record["settings"]["rank"] == 3
    plan = tmp_path / "plan.png"
    drawn = start(
        str(GENERATOR),
        *("--width", "8", "--height", "9", "--output", str(plan), "--steps", "2"),
    )
    assert drawn.returncode == 0, drawn.stderr
    assert plan.is_file()
