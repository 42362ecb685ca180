"""Runs that are killed without a warning: see kill_runs.py, which does many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_killed_run_continues_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """SIGKILL at two random moments, then to the end: the adapter is that of an uninterrupted run, byte for byte."""
    script = Path(__file__).with_name("kill_runs.py")
    command = [sys.executable, str(script), "--runs", "2", "--kills", "2", "--work", str(tmp_path)]
    env = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "2 of 2 equal" in done.stdout, done.stdout + done.stderr
