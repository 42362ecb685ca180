"""The two scripts that people start: training/train_lora_simple.py and inference/generate_floor_plan_lora.py."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tiny
from madorizu.diffusion import adapter, command, generate
from madorizu.diffusion.train import train
from madorizu.errors import AdapterError, BriefError

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "training" / "train_lora_simple.py"


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
    """Run the generator's command where that repository is home."""
    monkeypatch.setenv("MADORIZU_HOME", str(trained[1]))
    return generate.main(["--steps", "2", "--device", "cpu", *flags])


def test_a_plan_is_drawn_with_the_last_adapter(
    trained: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bare width, height and output: the adapter, its base and its style are found; path on stdout, seed on stderr."""
    out = tmp_path / "deep" / "plan.png"
    assert run(trained, monkeypatch, "--width", "8", "--height", "9", "--output", str(out)) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}\n"
    seed = re.search(r"drawing 'floor plan, 1F, 8x9, style atelier', seed (\d+)", told.err)
    assert seed is not None and "no rule of building has been checked" in told.err
    again = tmp_path / "again.png"
    flags = ("--width", "8", "--height", "9", "--output", str(again), "--seed", seed[1], "--raw")
    assert run(trained, monkeypatch, *flags) == 0
    assert "checked" not in capsys.readouterr().err
    assert again.read_bytes() == out.read_bytes()
    assert np.asarray(Image.open(out)).shape == (64, 64, 3)


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
        (("--width", "1"), "width must be 2 to 30 modules of 910 mm, got 1"),
        (("--width", "50"), "width must be 2 to 30 modules of 910 mm, got 50"),
        (("--width", "51"), "width must be 1 to 50 modules, got 51"),
        (("--width", "wide"), "width must be a number of modules, got 'wide'"),
        (("--elements", "pool"), "element must be one of stairs, entrance, balcony, got 'pool'"),
        (("--count", "0", "--seed", "-1"), "seed must be 0 to .*; count must be 1 to"),
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
    assert not out.exists()


def test_a_missing_adapter_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error tells what to run, on a line of its own."""
    flags = ["--width", "8", "--height", "9", "--output", str(tmp_path / "a.png"), "--lora", str(tmp_path / "none")]
    assert generate.main(flags) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("error: adapter must be complete, got no madorizu.json in")
    assert told[1].startswith("  run training/start_training.sh")


def test_flags_become_a_brief() -> None:
    """Every wish of the command line, also the side that implies the entrance."""
    flags = "--width 8.5 --height 9 --output x.png --floor 2F --elements stairs,balcony --entrance north --bedrooms 3"
    brief = generate.brief_from(generate.parser().parse_args(flags.split()))
    assert (brief.width_mm, brief.height_mm, brief.floor, brief.bedrooms) == (7735, 8190, "2F", 3)
    assert brief.elements == {"stairs", "balcony", "entrance"} and brief.entrance_side == "n"
    bad = generate.parser().parse_args(["--width", "8", "--height", "9", "--output", "x.png", "--style", "Bad"])
    with pytest.raises(BriefError, match="style must be a lower-case name"):
        generate.brief_from(bad)


def test_the_base_of_an_adapter_of_your_own_must_be_known(trained: tuple[Path, Path], tmp_path: Path) -> None:
    """Its folder stands beside the adapter; without that, --base is needed."""
    final = trained[1] / "training" / "lora_model" / "final"
    assert generate.base_of(adapter.read(final)) == str(trained[0])
    copy = Path(shutil.copytree(final, tmp_path / "final"))
    with pytest.raises(AdapterError, match=r"base must be given.*--base FOLDER"):
        generate.base_of(adapter.read(copy))


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
        str(ROOT / "inference" / "generate_floor_plan_lora.py"),
        *("--width", "8", "--height", "9", "--output", str(plan), "--steps", "2"),
    )
    assert drawn.returncode == 0, drawn.stderr
    assert plan.is_file()
