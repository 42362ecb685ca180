"""What the header of a LoRA file tells: its modules by name, their shapes and alphas."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from madorizu.diffusion import tensor_file
from madorizu.errors import AdapterError

PEFT_CONFIG = "adapter_config.json"
MAX_CONFIG_BYTES = 2**20
# Ends of tensor names -> what they are. The order matters where one is the end of another.
_ENDS = (
    ("_lora.down.weight", "down"),
    ("_lora.up.weight", "up"),
    (".lora.down.weight", "down"),
    (".lora.up.weight", "up"),
    (".lora_down.weight", "down"),
    (".lora_up.weight", "up"),
    (".lora_A.weight", "down"),
    (".lora_B.weight", "up"),
    (".lora_linear_layer.down.weight", "down"),
    (".lora_linear_layer.up.weight", "up"),
    (".alpha", "alpha"),
    (".dora_scale", "magnitude"),
    (".lora_magnitude_vector.weight", "magnitude"),
    (".lora_magnitude_vector", "magnitude"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """The tensors of one module in a file, by their full names.

    Attributes:
        stem: name without the end, for instance "lora_unet_mid_block_attentions_0_proj_in".
        down, up: names of the two matrices, "" for none.
        style: the end of `down`'s name, which tells the format.
        shapes: of down and up.
        alpha: its value in the file, or None.
        magnitude: name of DoRA's vector, or "".
    """

    stem: str
    down: str
    up: str
    style: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    alpha: float | None
    magnitude: str

    @property
    def rank(self) -> int:
        """Rows of the down matrix."""
        return self.shapes[0][0] if self.shapes[0] else 0


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA file as its header tells it.

    Attributes:
        path: of the file.
        parts: its modules by stem.
        strangers: names of tensors that belong to no module.
        metadata: words of the header.
        config: PEFT's `adapter_config.json` beside it, or None.
    """

    path: Path
    parts: Mapping[str, Part]
    strangers: tuple[str, ...]
    metadata: Mapping[str, str]
    config: Mapping[str, Any] | None


def read(path: Path) -> LoraFile:
    """Read names, shapes, alphas and words of a LoRA file; loads no matrix.

    Raises:
        AdapterError: if the file is missing, damaged, a pickle, or holds no LoRA.
    """
    found = tensor_file.header(path, "adapter", AdapterError)
    alphas = _alphas(path, [name for name, entry in found.entries.items() if name.endswith(".alpha")])
    parts: dict[str, dict[str, str]] = {}
    strangers = []
    for name in found.entries:
        for end, what in _ENDS:
            if name.endswith(end):
                parts.setdefault(name.removesuffix(end), {})[what] = name
                break
        else:
            strangers.append(name)
    whole = {stem: _part(stem, names, found, alphas) for stem, names in parts.items()}
    if not any(part.down and part.up for part in whole.values()):
        raise AdapterError(
            f"adapter must hold a LoRA, got none among {len(found.entries)} tensors in {path}",
            "a whole model is not an adapter; give the LoRA's file",
        )
    return LoraFile(path, whole, tuple(sorted(strangers)), found.metadata, _config(path.parent / PEFT_CONFIG))


def _part(stem: str, names: Mapping[str, str], found: tensor_file.Header, alphas: Mapping[str, float]) -> Part:
    down, up = names.get("down", ""), names.get("up", "")
    shapes = tuple(found.entries[name].shape if name else () for name in (down, up))
    return Part(
        stem=stem,
        down=down,
        up=up,
        style=next((end for end, what in _ENDS if what == "down" and down.endswith(end)), ""),
        shapes=(shapes[0], shapes[1]),
        alpha=alphas.get(names.get("alpha", "")),
        magnitude=names.get("magnitude", ""),
    )


def _alphas(path: Path, names: list[str]) -> dict[str, float]:
    from safetensors import SafetensorError, safe_open

    if not names:
        return {}
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise AdapterError(f"adapter must be whole, got {error} in {path}", "copy or export it again") from error
    for name, tensor in found.items():
        if tensor.numel() != 1 or not math.isfinite(float(tensor)):
            raise AdapterError(f"adapter's {name} must be one finite number, got {tensor.flatten()[:4].tolist()}")
    return {name: float(tensor) for name, tensor in found.items()}


def _config(path: Path) -> Mapping[str, Any] | None:
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise AdapterError(f"adapter's {path.name} must be at most 1 MiB, got {path.stat().st_size} bytes in {path}")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterError(f"adapter's {path.name} must be JSON, got {error!r:.200} in {path}") from error
    return found if isinstance(found, dict) and found.get("peft_type") == "LORA" else None
