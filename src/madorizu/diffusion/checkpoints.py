"""Checkpoints of a run: written whole, found, read back, pruned; and the run's lock.

A checkpoint is an adapter's folder with two more files: the optimizer's tensors and the
state as JSON. No pickle is written or read.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu import files
from madorizu.diffusion import adapter
from madorizu.errors import AdapterError, StorageError, TrainingError

if TYPE_CHECKING:
    import torch
    from diffusers import UNet2DConditionModel

    from madorizu.diffusion.bases import Base

OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"
LOCK = "train.lock"
_NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint.

    Attributes:
        folder: of its files.
        step: steps done.
        state: `state.json`: settings, base, data_hash, dtype, world, scaler.
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
    return Checkpoint(folder, saved.step, state)


def save(
    out: Path,
    step: int,
    unet: UNet2DConditionModel,
    base: Base,
    optimizer: torch.optim.Optimizer,
    record: Mapping[str, Any],
    state: Mapping[str, Any],
) -> Path:
    """Write `checkpoint-<step>` in one step.

    Raises:
        StorageError: if the disk is full; earlier checkpoints are as they were.
    """
    from safetensors.torch import save_file

    target = out / f"checkpoint-{step}"
    with files.atomic_folder(target) as folder:
        adapter.save(folder, unet, base, {**record, "step": step})
        save_file(optimizer_tensors(unet, optimizer), folder / OPTIMIZER)
        text = json.dumps({**state, "step": step}, indent=2, ensure_ascii=False)
        (folder / STATE).write_text(text + "\n", encoding="utf-8")
    return target


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


def optimizer_tensors(unet: UNet2DConditionModel, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return AdamW's state by "<parameter>.<field>", on the CPU."""
    import torch

    named = {id(p): name for name, p in unet.named_parameters() if p.requires_grad}
    return {
        f"{named[id(parameter)]}.{key}": torch.as_tensor(value).detach().cpu().contiguous()
        for parameter, fields in optimizer.state.items()
        for key, value in fields.items()
    }


def restore(checkpoint: Checkpoint, unet: UNet2DConditionModel, optimizer: torch.optim.Optimizer) -> None:
    """Put a checkpoint's LoRA and optimizer state into a UNet that has LoRA modules already.

    Raises:
        TrainingError: if the modules or shapes differ.
    """
    from peft import set_peft_model_state_dict
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights = load_file(checkpoint.folder / adapter.PEFT_WEIGHTS)
        moments = load_file(checkpoint.folder / OPTIMIZER)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"checkpoint must be whole, got {error} in {checkpoint.folder}") from error
    plain = {name.removeprefix("base_model.model."): tensor for name, tensor in weights.items()}
    trained = {name: p for name, p in unet.named_parameters() if p.requires_grad}
    if {name.replace(".default.", ".") for name in trained} != set(plain):
        raise TrainingError(f"checkpoint's modules must be those of this run, got others in {checkpoint.folder}")
    set_peft_model_state_dict(unet, plain)
    for name, parameter in trained.items():
        fields = {key.removeprefix(f"{name}."): t for key, t in moments.items() if key.startswith(f"{name}.")}
        optimizer.state[parameter] = {
            key: tensor if key == "step" else tensor.to(parameter.device) for key, tensor in fields.items()
        }


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
    names = ["final", "adapter_config.json", "metrics.jsonl", "tensorboard", *(path.name for path in folders(out))]
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
