"""Checkpoints of a run: written whole, found, read back, pruned; and the run's lock.

A checkpoint is an adapter's folder with two more files: the tensors that a continuation needs
(float32 masters, averages, the optimizer's moments) and the state as JSON. No pickle is written
or read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu import files
from madorizu.diffusion import adapter
from madorizu.errors import AdapterError, StorageError, TrainingError

if TYPE_CHECKING:
    import torch

OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"
LOCK = "train.lock"
_RESULTS = (
    *("final", "adapter_config.json", "metrics.jsonl", "metrics.csv", "tensorboard"),
    *("previews", "report.html", "loss.png"),
)
_NAME = re.compile(r"checkpoint-(\d+)")
_PART = re.compile(r"\..+\.part")  # as `files` and `prune` name what is not whole yet, or no more


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint.

    Attributes:
        folder: of its files.
        step: steps done.
        state: `state.json`: settings, base, data_hash, dtype, world, scaler, the optimizer's plain values,
            the checksum of its tensors.
    """

    folder: Path
    step: int
    state: Mapping[str, Any]


def folders(out: Path) -> list[Path]:
    """Return the run's checkpoint folders, the earliest step first."""
    if not out.is_dir():
        return []
    found = [(int(m[1]), path) for path in out.iterdir() if (m := _NAME.fullmatch(path.name)) and path.is_dir()]
    return [path for _, path in sorted(found)]


def latest(out: Path, *, most: int | None = None) -> Checkpoint | None:
    """Return the latest checkpoint that is whole and of at most `most` steps, or None."""
    for folder in reversed(folders(out)):
        with contextlib.suppress(AdapterError, TrainingError):
            found = read(folder)
            if most is None or found.step <= most:
                return found
    return None


def read(folder: Path) -> Checkpoint:
    """Read a checkpoint's state and check that its adapter is whole.

    Raises:
        AdapterError: if a file of the adapter is missing or damaged.
        TrainingError: if the state or the optimizer's file is.
    """
    saved = adapter.read(folder)
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"checkpoint's {STATE} must be whole, got {error} in {folder}", "use another one"
        ) from error
    if not isinstance(state, dict) or state.get("step") != saved.step or not (folder / OPTIMIZER).is_file():
        raise TrainingError(f"checkpoint must be complete, got a part of one in {folder}", "use another one")
    if _sha256(folder / OPTIMIZER) != state.get("optimizer_sha256"):
        raise TrainingError(f"checkpoint's {OPTIMIZER} must be whole, got other bytes in {folder}", "use another one")
    return Checkpoint(folder, saved.step, state)


def save(
    out: Path,
    step: int,
    write_adapter: Callable[[Path], object],
    tensors: Mapping[str, torch.Tensor],
    state: Mapping[str, Any],
) -> Path:
    """Write `checkpoint-<step>` in one step.

    Args:
        write_adapter: fills the folder it is given with the adapter.
        tensors: what `optimizers.state_of` gave.

    Raises:
        StorageError: if the disk is full; earlier checkpoints are as they were.
    """
    from safetensors.torch import save_file

    target = out / f"checkpoint-{step}"
    with files.atomic_folder(target) as folder:
        write_adapter(folder)
        save_file(dict(tensors), folder / OPTIMIZER)
        full = {**state, "step": step, "optimizer_sha256": _sha256(folder / OPTIMIZER)}
        (folder / STATE).write_text(json.dumps(full, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return target


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainingError(f"checkpoint must be readable, got {error.strerror or error}: {path}") from error


def prune(out: Path, keep: int, *, newest: Path) -> list[Path]:
    """Remove all but the `keep` latest checkpoints, after the newest was read back; 0 keeps all.

    Raises:
        AdapterError, TrainingError: if the newest is not whole; nothing is removed then.
    """
    if keep == 0:
        return []
    step = read(newest).step
    older = [folder for folder in folders(out) if int(folder.name.rpartition("-")[2]) <= step]
    for folder in older[:-keep]:
        gone = folder.with_name(f".{folder.name}.part")  # no longer a checkpoint before its files go
        shutil.rmtree(gone, ignore_errors=True)
        os.replace(folder, gone)
        shutil.rmtree(gone, ignore_errors=True)
    return older[:-keep]


def tensors_of(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """Read the tensors that a continuation needs.

    Raises:
        TrainingError: if the file cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(checkpoint.folder / OPTIMIZER)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"checkpoint must be whole, got {error} in {checkpoint.folder}") from error


def clear_parts(out: Path) -> list[Path]:
    """Remove what a killed process left of the checkpoint or adapter that it was writing. Only under `lock`."""
    if not out.is_dir():
        return []
    parts = [path for path in out.iterdir() if _PART.fullmatch(path.name)]
    for path in parts:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return parts


@contextlib.contextmanager
def lock(out: Path) -> Iterator[None]:
    """Keep a second trainer out of a folder while the block runs.

    The system frees the lock when the process ends, however it ends; the file then stays
    and does no harm.

    Raises:
        TrainingError: if another process trains there, naming its pid.
        StorageError: if the folder cannot be written.
    """
    import fcntl

    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise files.storage_error(error, out / LOCK) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise TrainingError(
                f"folder must have one trainer at a time, got another one (pid {pid}) in {out}",
                "wait for it, stop it, or give another --out",
            ) from None
        except OSError as error:
            raise StorageError(
                f"{out / LOCK} must be lockable, got {error.strerror}", "choose a local folder"
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def set_aside(out: Path) -> Path | None:
    """Move an earlier run's results into `previous-<n>`; the cache and the lock stay. None without any."""
    names = [*_RESULTS, *(path.name for path in folders(out))]
    found = [out / name for name in names if (out / name).exists()]
    if not found:
        return None
    number = next(n for n in range(1, 1_000_000) if not (out / f"previous-{n}").exists())
    target = out / f"previous-{number}"
    try:
        target.mkdir()
        for path in found:
            os.replace(path, target / path.name)
    except OSError as error:
        raise files.storage_error(error, target) from error
    return target
