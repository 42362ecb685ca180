"""A base with an adapter worked into its weights: a pipeline folder that needs no LoRA any more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu import files
from madorizu.diffusion import bases, tensor_file
from madorizu.diffusion.lora_file import Lora
from madorizu.errors import AdapterError, BaseModelError, SettingsError

if TYPE_CHECKING:
    import torch

    from madorizu.diffusion.bases import Base

RECORD = "merged.json"
_PARTS = ("unet", "text_encoder")
_COPIED = ("model_index.json", "scheduler", "tokenizer", "feature_extractor", "vae")
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


def merge(lora: Lora, base: Base, out: Path, *, strength: float = 1.0, record: Mapping[str, Any] | None = None) -> int:
    """Write a copy of a base with a LoRA's change in its weights, whole or not at all.

    Each weight is changed in float32 and rounded once, to the format it has in the base; one
    weight is in memory at a time. Files that hold pickles are not copied.

    Args:
        lora: must fit the base; its fingerprint is the caller's to check.
        out: folder for the pipeline; must not exist, or be empty.
        strength: of the change; 1 is what was trained.
        record: what `merged.json` tells beside the base and the strength.

    Returns:
        The number of weights changed.

    Raises:
        AdapterError: if a module has no weight in the base, or the sum is too large for its format.
        BaseModelError: if the base is damaged.
        SettingsError: if the folder is in use.
        StorageError: if it cannot be written.
    """
    refuse_used(out)
    used: set[str] = set()
    with files.atomic_folder(out) as folder:
        for name in _COPIED:
            _copy(base.folder / name, folder / name)
        for part in _PARTS:
            changes = {path.removeprefix(f"{part}."): m for path, m in lora.items() if path.startswith(f"{part}.")}
            (folder / part).mkdir()
            for file in bases.weight_files(base.folder, part):
                used |= {f"{part}.{path}" for path in _rewrite(file, folder / part / file.name, changes, strength)}
            for extra in sorted((base.folder / part).glob("*.json")):
                _copy(extra, folder / part / extra.name)
        missing = sorted(set(lora) - used)
        if missing:
            raise AdapterError(
                f"adapter must fit the base in all of its {len(lora)} modules, got {len(used)}",
                f"the base has no weight {missing[0]}",
            )
        told = {
            "base": {"name": base.name, "fingerprint": bases.fingerprint(base.folder)},
            "strength": strength,
            **(record or {}),
        }
        (folder / RECORD).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(used)


def refuse_used(out: Path) -> None:
    """Refuse to write into a folder that something lies in.

    Raises:
        SettingsError: if it is not empty, or is a file.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise SettingsError(f"out must be a new folder, got {out}, which is in use", "name another one, or remove it")


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder with what its links point to; a base in the hub's cache is made of links."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*(f"*{end}" for end in _PICKLES)))
    elif source.is_file():
        shutil.copyfile(source, target)


def _rewrite(source: Path, target: Path, changes: Lora, strength: float) -> set[str]:
    """Copy a weight file with its changes, and return the paths of the changed layers."""
    from safetensors import safe_open

    head = tensor_file.header(source, "base", BaseModelError)
    used = set()
    with safe_open(source, framework="pt") as weights, target.open("wb") as out:

        def tensor(name: str) -> torch.Tensor:
            given: torch.Tensor = weights.get_tensor(name)
            path = name.removesuffix(".weight").removeprefix("text_model.")
            if path not in changes or not name.endswith(".weight"):
                return given
            used.add(path)
            return _changed(name, given, changes, path, strength)

        shapes = {name: (entry.dtype, entry.shape) for name, entry in head.entries.items()}
        tensor_file.write(out, shapes, {"format": "pt", **head.metadata}, tensor)
    return used


def _changed(name: str, given: torch.Tensor, changes: Lora, path: str, strength: float) -> torch.Tensor:
    module = changes[path]
    if module.up.shape[0] != given.shape[0] or module.down[0].numel() != given[0].numel():
        raise AdapterError(
            f"adapter's module {path} must fit a weight of {list(given.shape)}, "
            f"got {module.up.shape[0]} x {module.down[0].numel()}",
            "it was trained on another base",
        )
    made = module.changed(given, strength).to(given.dtype)
    if tensor_file.not_finite([(name, made)]):
        raise AdapterError(
            f"merged weight {name} must be finite, got values that {given.dtype} cannot hold",
            "merge with a smaller --strength, or into a float32 copy of the base",
        )
    return made
