"""The state of a training stage on disk: weights, moving average, optimizer, step. No pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from madorizu import files
from madorizu.errors import TrainingError


def save(
    folder: Path,
    model: torch.nn.Module,
    average: dict[str, torch.Tensor],
    optimizer: torch.optim.Optimizer,
    state: dict[str, Any],
) -> None:
    """Replace the snapshot in `folder` in one step.

    Raises:
        StorageError: if the disk is full; the old snapshot is as it was.
    """
    names = {id(p): name for name, p in model.named_parameters()}
    moments = {
        f"{names[id(p)]}|{key}": torch.as_tensor(value).detach().clone().contiguous()
        for p, fields in optimizer.state.items()
        for key, value in fields.items()
    }
    with files.atomic_folder(folder) as beside:
        save_file({k: v.detach().contiguous() for k, v in model.state_dict().items()}, beside / "model.safetensors")
        save_file({k: v.contiguous() for k, v in average.items()}, beside / "average.safetensors")
        save_file(moments, beside / "optimizer.safetensors")
        (beside / "state.json").write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


def load(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, recipe: str
) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """Put a snapshot back; returns the moving average and the state, or None where there is none.

    Raises:
        TrainingError: if the snapshot is damaged or of another recipe.
    """
    if not folder.is_dir():
        return None
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        if state.get("recipe") != recipe:
            raise TrainingError(
                f"snapshot must be of this recipe, got another one in {folder}", "name another folder, or remove it"
            )
        model.load_state_dict(load_file(folder / "model.safetensors"))
        moments = load_file(folder / "optimizer.safetensors")
        average = load_file(folder / "average.safetensors")
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        if isinstance(error, TrainingError):
            raise
        raise TrainingError(f"snapshot must be whole, got {error} in {folder}", "remove it and start again") from error
    for name, parameter in model.named_parameters():
        fields = {key.partition("|")[2]: t for key, t in moments.items() if key.partition("|")[0] == name}
        if fields:
            optimizer.state[parameter] = {key: _laid_out(t, parameter) for key, t in fields.items()}
    return average, state


def _laid_out(tensor: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Give a moment its parameter's order in memory: fused AdamW walks through both side by side."""
    return torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor.to(parameter.device)


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """Read the moving average of a finished or running stage.

    Raises:
        TrainingError: if there is none.
    """
    try:
        return load_file(folder / "average.safetensors")
    except OSError as error:
        raise TrainingError(f"{folder.name} must be trained first, got no snapshot in {folder}") from error
    except SafetensorError as error:
        raise TrainingError(f"snapshot must be whole, got {error} in {folder}", "remove it and start again") from error
