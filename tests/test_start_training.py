"""training/start_training.sh: one command for everything, whose flags go where they belong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Stands for the environment's Python: notes each command of ours, "trains" by writing the
# settings, is without a GPU unless $GPU is set, and fails in the script $FAIL.
FAKE = """#!/bin/sh
case "$1" in
  -c) case "$2" in *device*) [ -z "$GPU" ]; exit ;; *version*torch*) echo 2.13.0; exit ;; esac; exec "$REAL" "$@" ;;
  *.py) echo "$(basename "$1") $(echo "$*" | cut -d' ' -f2-)" >> "$LOG" ;;
  -m) [ "$2" = pip ] || echo "$2 $(echo "$*" | cut -d' ' -f3-)" >> "$LOG" ;;
esac
case "$1" in *"$FAIL") exit 2 ;; esac
case "$1" in *train_lora_simple.py)
  base=embedded
  while [ $# -gt 0 ]; do case "$1" in --base) base=$2 ;; --out) out=$2 ;; esac; shift; done
  mkdir -p "$out"; echo "{\\"base\\": \\"$base\\"}" > "$out/adapter_config.json" ;;
esac
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what the script needs, with a fake environment."""
    root = tmp_path / "madorizu"
    shutil.copytree(ROOT / "scripts", root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt", "training/start_training.sh"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "dataset").mkdir()
    python = root / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(FAKE)
    python.chmod(0o755)
    return root


def start(root: Path, *flags: str, gpu: bool = False, fail: str = "-") -> tuple[int, list[str], str]:
    """Run the script from another folder; return its status, the commands, and what it said."""
    log = root / "log"
    log.write_text("")
    env = os.environ | {"VIRTUAL_ENV": str(root / "venv"), "REAL": sys.executable, "LOG": str(log), "FAIL": fail}
    env |= {"GPU": "yes"} if gpu else {}
    command = [str(root / "training" / "start_training.sh"), *flags]
    done = subprocess.run(command, cwd=root.parent, env=env, capture_output=True, text=True, check=False)
    return done.returncode, log.read_text().replace(f"{root}/", "").splitlines(), done.stdout + done.stderr


PREPARE = "prepare_dataset.py dataset --out training/prepared_data --size 512"
TRAIN = "train_lora_simple.py --data training/prepared_data --out training/lora_model --resume auto"
COMPARE = "madorizu compare --base embedded --lora training/lora_model/final --data training/prepared_data"


def test_without_flags_all_three_parts_run(repository: Path) -> None:
    """Prepare, train with the base's own settings, compare; the end says where everything lies."""
    status, commands, words = start(repository)
    assert (status, commands) == (0, [PREPARE, TRAIN, f"{COMPARE} --out training/comparison.png"])
    for place in ("prepared_data", "lora_model/final", "comparison.png", "--base sd21-base", "base download sd21-base"):
        assert place in words


def test_flags_go_through(repository: Path) -> None:
    """Those of the training as they are, also with "="; --dataset is for the preparation."""
    (repository.parent / "my plans").mkdir()
    status, commands, _ = start(repository, "--dataset=my plans", "--epochs", "3", "--steps=7", "--rank", "8")
    assert status == 0
    assert commands[0].startswith("prepare_dataset.py my plans --out")
    assert commands[1] == f"{TRAIN} --epochs 3 --steps 7 --rank 8"


def test_a_large_base_without_a_gpu_is_not_compared_unasked(repository: Path) -> None:
    """It is said how to draw the picture; --compare draws it, and so does a GPU."""
    status, commands, words = start(repository, "--base", "sd21-base")
    assert (status, len(commands)) == (0, 2)
    assert "compare --base sd21-base --lora" in words
    assert start(repository, "--base", "sd21-base", "--compare")[1][2].startswith("madorizu compare --base sd21-base")
    assert len(start(repository, "--base", "sd21-base", gpu=True)[1]) == 3
    assert len(start(repository, "--no-compare")[1]) == 2


def test_sd21_is_prepared_at_its_own_size(repository: Path) -> None:
    """768 px for sd21; a size that is named goes to both parts."""
    assert start(repository, "--base", "sd21")[1][0].endswith("--size 768")
    commands = start(repository, "--base", "sd21", "--size", "512")[1]
    assert (commands[0].endswith("--size 512"), commands[1].endswith("--base sd21 --size 512")) == (True, True)


def test_another_base_begins_anew(repository: Path) -> None:
    """The same base continues; another one, or --fresh, does not."""
    start(repository)
    commands = start(repository)[1]
    # Training a finished run returns at once (its own test); the picture comes in any case.
    assert "--resume auto" in commands[1] and commands[2].startswith(COMPARE)
    assert "--resume never" in start(repository, "--fresh")[1][1]
    _, commands, words = start(repository, "--base", "sd21-base")
    assert "--resume never --base sd21-base" in commands[1]
    assert "was on embedded, this one is on sd21-base" in words
    assert "--resume never" in start(repository)[1][1]
    # A TOML file may name the base; what it says is for the training to compare.
    start(repository, "--base", "sd21-base")
    assert "--resume auto --config my.toml" in start(repository, "--config", "my.toml")[1][1]


def test_a_failed_part_stops_the_rest(repository: Path) -> None:
    """Its exit status is the script's."""
    status, commands, words = start(repository, fail="train_lora_simple.py")
    assert (status, len(commands)) == (2, 2)
    assert "Comparing" not in words


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--dataset", "nowhere"], "the dataset must be a folder, got nowhere"),
        (["--base"], "--base must have a value, got none"),
    ],
)
def test_mistakes_are_said_before_anything_runs(repository: Path, flags: list[str], words: str) -> None:
    """A folder that is not there, a flag without its value."""
    status, commands, said = start(repository, *flags)
    assert (status, commands) == (1, [])
    assert words in said


def test_help_is_the_head_of_the_script(repository: Path) -> None:
    """All flags of its own, none of its code."""
    status, commands, words = start(repository, "--help")
    assert (status, commands) == (0, [])
    for flag in ("--dataset", "--base", "--epochs", "--steps", "--out", "--fresh", "--compare", "--no-compare"):
        assert flag in words
    assert "set -euo" not in words


def test_the_run_says_its_base_as_training_writes_it() -> None:
    """The key that the script reads is a setting of the training."""
    from madorizu.diffusion.settings import TrainSettings

    assert json.loads(json.dumps(TrainSettings().as_dict()))["base"] == "embedded"
