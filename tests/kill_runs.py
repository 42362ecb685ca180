"""Kill runs at random moments, saving included, and see whether what comes out is as if nothing had happened.

    kill_runs.py --runs 30 [--kills 3] [--base FOLDER --data FOLDER --size 64 --steps 6]

Each run is started, killed with SIGKILL some times, each time continued with --resume auto, and
then left to end. The moment of a kill is drawn: any time that an uninterrupted run takes, a moment after some new
checkpoint, or while a checkpoint is being written. The final adapter is compared with the
uninterrupted one's byte for byte. Without --base a tiny one is made.
Writes one line per run; ends with 1 if a run was lost or differs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import tiny
from madorizu.diffusion import command
from madorizu.diffusion import train as _loaded_once  # noqa: F401

FILES = ("adapter_model.safetensors", "adapter_config.json")


def main() -> int:
    """Run the comparison; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("runs", 30), ("kills", 3), ("steps", 6), ("size", 64), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name in ("base", "data", "work"):
        parser.add_argument(f"--{name}", type=Path)
    given = parser.parse_args()
    work = given.work or Path(tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    if given.base is None:
        given.base, given.data = tiny.tiny_base(work / "base"), tiny.prepared(work / "data")
    flags = [f"--base={given.base}", f"--data={given.data}", f"--size={given.size}", f"--steps={given.steps}"]
    flags += [f"--cache={work / 'cache'}", "--device=cpu", "--checkpoint-every=1", "--keep=2", "--preview-every=0"]
    flags += ["--batch-size=1", "--caption-dropout=0.3", "--validation=1"]
    whole, begun = work / "whole", time.monotonic()
    first = started(whole, flags, fresh=True)
    first.join()
    if first.exitcode != 0:
        raise SystemExit(f"the uninterrupted run must end well, got status {first.exitcode}; see {whole}.log")
    took = time.monotonic() - begun
    rng, bad = random.Random(given.seed), 0
    for number in range(given.runs):
        said = one_run(work / f"run-{number}", whole, flags, rng, given.kills, took)
        bad += not said.startswith("equal")
        sys.stdout.write(f"run {number + 1}: {said}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{given.runs - bad} of {given.runs} equal\n")
    return int(bad > 0)


def one_run(out: Path, whole: Path, flags: list[str], rng: random.Random, kills: int, took: float) -> str:
    """Start, kill and continue one run; say how it ended."""
    reached = []
    for number in range(kills):
        process = started(out, flags, fresh=number == 0)
        wait_for_moment(process, out, rng, took)
        process.kill()  # SIGKILL
        process.join()
        reached.append(state_of(out))
    last = started(out, flags, fresh=False)
    last.join()
    if last.exitcode != 0:
        return f"LOST with status {last.exitcode} after {', '.join(reached)}"
    same = all((out / "final" / name).read_bytes() == (whole / "final" / name).read_bytes() for name in FILES)
    return f"{'equal' if same else 'DIFFERENT'} after kills at {', '.join(reached)}"


def wait_for_moment(process: BaseProcess, out: Path, rng: random.Random, took: float) -> None:
    """Wait until a moment that is drawn, or the end of the process."""
    kind = rng.choice(("any", "after", "saving", "saving"))
    if kind == "any":
        process.join(rng.uniform(0, 1) * took)
        return
    seen = set(out.glob("checkpoint-*"))
    skip = rng.randrange(2)
    while process.is_alive():
        new = set(out.glob("checkpoint-*")) - seen
        if kind == "saving" and len(new) >= skip and list(out.glob(".checkpoint-*.part")):
            time.sleep(rng.uniform(0, 0.03))
            return
        if kind == "after" and len(new) > skip:
            time.sleep(rng.uniform(0, 0.5))
            return
        time.sleep(0.001)


def started(out: Path, flags: list[str], *, fresh: bool) -> BaseProcess:
    """Start the trainer in a process of its own; a fork, because the imports take longer than so small a run."""
    arguments = [f"--out={out}", *flags, "--resume", "never" if fresh else "auto"]
    process = multiprocessing.get_context("fork").Process(
        target=_train, args=(arguments, out.parent / f"{out.name}.log")
    )
    process.start()
    return process


def _train(arguments: list[str], log: Path) -> None:
    with log.open("ab", buffering=0) as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        sys.exit(command.main(arguments))


def state_of(out: Path) -> str:
    """Say what a killed process left: the last checkpoint, whether one was being written, whether it was done."""
    if not out.is_dir():
        return "loading"
    numbers = [int(path.name.rpartition("-")[2]) for path in out.glob("checkpoint-*")]
    writing = "+" if list(out.glob(".*.part")) else ""
    return f"{max(numbers, default=0)}{writing}" + (" done" if (out / "final").is_dir() else "")


if __name__ == "__main__":
    sys.exit(main())
