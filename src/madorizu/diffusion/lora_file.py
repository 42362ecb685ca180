"""A LoRA out of any of the common formats, and into them.

Whatever the file's format, in memory a LoRA is a scale and two matrices per layer, so that the
change of a weight is scale * up @ down. What is written says the scale in the format's own
way: alpha tensors (kohya), a config in the header (diffusers), a config beside (PEFT).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu import files
from madorizu.diffusion import loaders, lora_header, tensor_file
from madorizu.diffusion.geometry import Layer
from madorizu.errors import AdapterError

if TYPE_CHECKING:
    import torch

FORMATS = ("kohya", "diffusers", "peft")
PEFT_WEIGHTS = "adapter_model.safetensors"
PEFT_TEXT = "text_encoder"  # folder of the text encoder's, where it was trained too


@dataclass(frozen=True, slots=True)
class Module:
    """The change of one layer.

    Attributes:
        down: (rank, in) or (rank, in, height, width), float32.
        up: (out, rank) or (out, rank, 1, 1), float32.
        scale: the change is scale * up @ down.
        magnitude: DoRA's length of each row, (out,), or None.
    """

    down: torch.Tensor
    up: torch.Tensor
    scale: float
    magnitude: torch.Tensor | None = None

    @property
    def rank(self) -> int:
        """Rows of the down matrix."""
        return int(self.down.shape[0])

    def delta(self) -> torch.Tensor:
        """Return scale * up @ down as a matrix (out, in), float32; DoRA's lengths are not in it."""
        return self.scale * (self.up.flatten(1) @ self.down.flatten(1))

    def changed(self, weight: torch.Tensor, strength: float = 1.0) -> torch.Tensor:
        """Return a layer's weight with the change in it, float32, in the weight's shape.

        Args:
            strength: 0 changes nothing, 1 is what was trained.

        References:
            DoRA: Liu et al., "DoRA: Weight-Decomposed Low-Rank Adaptation", 2024, equation 5.
        """
        plain = weight.float()
        merged = plain + self.delta().reshape(plain.shape)
        if self.magnitude is not None:
            lengths = merged.flatten(1).norm(dim=1)
            rows = (self.magnitude / lengths).reshape(-1, *[1] * (merged.ndim - 1))
            merged = merged * rows
        return merged if strength == 1.0 else plain + strength * (merged - plain)


Lora = Mapping[str, Module]  # by path of the layer, "unet.down_blocks.0…" or "text_encoder.…"


def load(path: Path, layers: Mapping[str, Layer]) -> tuple[Lora, lora_header.LoraFile]:
    """Read a LoRA file of any known format.

    Args:
        layers: of the model that it is for; see `geometry.layers`.

    Raises:
        AdapterError: if the file is damaged, holds no LoRA, does not fit the model in every
            module, or has a NaN or an infinity in it.
    """
    file = lora_header.read(path)
    made = loaders.any_of(file, layers)
    if len(made.scales) != made.modules or file.strangers:
        raise AdapterError(
            f"adapter must fit the model in all of its {made.modules} modules, got {len(made.scales)} in {path}",
            "; ".join(made.notes) or "it was trained on another model",
        )
    tensors = tensor_file.tensors(path, "adapter", AdapterError)
    refuse_not_finite(tensors, str(path))
    found = {}
    for where, stem in made.stems.items():
        part = file.parts[stem]
        magnitude = tensors[part.magnitude].float().flatten() if part.magnitude else None
        down, up = tensors[part.down].float(), tensors[part.up].float()
        found[where] = Module(down, up, made.scales[where], magnitude)
    return found, file


def refuse_not_finite(tensors: Mapping[str, torch.Tensor], where: str) -> None:
    """Refuse weights with a NaN or an infinity in them.

    Raises:
        AdapterError: naming the first such tensor.
    """
    bad = tensor_file.not_finite(tensors.items())
    if bad:
        raise AdapterError(
            f"adapter's weights must be finite, got NaN or infinity in {len(bad)} of {len(tensors)} tensors in {where}",
            f"the first is {bad[0]}; its training went wrong: take an earlier checkpoint and a lower lr",
        )


def to_kohya(lora: Lora, dtype: torch.dtype | None = None) -> dict[str, torch.Tensor]:
    """Return a LoRA's tensors under kohya's names, one alpha per module.

    Loaders scale by alpha / rank, so alpha is scale * rank whatever the run called its alpha.

    Raises:
        AdapterError: if it is a DoRA: four of five loaders leave its lengths out of such a file.
    """
    import torch

    if any(module.magnitude is not None for module in lora.values()):
        raise AdapterError(
            "adapter must be without DoRA for kohya's format, got one with it", "export for diffusers or peft"
        )
    found = {}
    for path, module in lora.items():
        key = loaders.kohya_name(path)
        found[f"{key}.lora_down.weight"] = _as(module.down, dtype)
        found[f"{key}.alpha"] = torch.tensor(_tidy(module.scale * module.rank))
        found[f"{key}.lora_up.weight"] = _as(module.up, dtype)
    return found


def to_diffusers(lora: Lora, dtype: torch.dtype | None = None) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Return a LoRA's tensors under diffusers' names, and the header's words with its configs."""
    found: dict[str, torch.Tensor] = {}
    flat: dict[str, Any] = {}
    for part in ("unet", "text_encoder"):
        inside = {path.removeprefix(f"{part}."): m for path, m in lora.items() if path.startswith(f"{part}.")}
        for path, module in inside.items():
            key = f"{part}.{'text_model.' if part == 'text_encoder' else ''}{path}"
            found[f"{key}.lora_A.weight"] = _as(module.down, dtype)
            found[f"{key}.lora_B.weight"] = _as(module.up, dtype)
            if module.magnitude is not None:
                found[f"{key}.lora_magnitude_vector"] = _as(module.magnitude, dtype)
        if inside:
            flat |= {f"{part}.{name}": value for name, value in _config(inside).items()}
    return found, {"format": "pt", loaders.METADATA_KEY: json.dumps(flat, sort_keys=True)}


def to_peft(
    lora: Lora, part: str = "unet", dtype: torch.dtype | None = None
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors of one part ("unet", "text_encoder") under PEFT's names, and its config."""
    inside = {path.removeprefix(f"{part}."): m for path, m in lora.items() if path.startswith(f"{part}.")}
    found = {}
    for path, module in inside.items():
        found[f"base_model.model.{path}.lora_A.weight"] = _as(module.down, dtype)
        found[f"base_model.model.{path}.lora_B.weight"] = _as(module.up, dtype)
        if module.magnitude is not None:
            found[f"base_model.model.{path}.lora_magnitude_vector"] = _as(module.magnitude, dtype)
    config = {"peft_type": "LORA", "base_model_name_or_path": None, "inference_mode": True, "bias": "none"}
    return found, config | {"task_type": None} | _config(inside)


def write(
    lora: Lora,
    out: Path,
    form: str,
    words: Mapping[str, str] | None = None,
    dtype: torch.dtype | None = None,
) -> list[Path]:
    """Write a LoRA in one format, whole or not at all.

    Args:
        out: a file, or for "peft" a folder.
        form: one of `FORMATS`.
        words: for the header; see `kohya_words`. Only kohya's format carries them.
        dtype: of the matrices; None keeps float32.

    Returns:
        The files written.

    Raises:
        AdapterError: if the format is unknown or cannot hold this LoRA.
        StorageError: if it cannot be written.
    """
    if form not in FORMATS:
        raise AdapterError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
    if form == "peft":
        return _write_peft(lora, out, dtype)
    if form == "kohya":
        data = with_hashes(to_kohya(lora, dtype), words or {})
    else:
        data = tensor_file.to_bytes(*to_diffusers(lora, dtype))
    files.atomic_bytes(out, data)
    return [out]


def with_hashes(tensors: Mapping[str, torch.Tensor], words: Mapping[str, str]) -> bytes:
    """Return a kohya file's bytes with the two hashes by which A1111 and others know it.

    Both are taken of a file with the training's words only, so that a title does not change them.
    """
    training = {name: text for name, text in words.items() if name.startswith("ss_")}
    plain = tensor_file.to_bytes(tensors, training)
    body = plain[8 + int.from_bytes(plain[:8], "little") :]
    hashes = {
        "sshs_model_hash": hashlib.sha256(body).hexdigest(),
        "sshs_legacy_hash": hashlib.sha256(plain[0x100000:0x110000]).hexdigest()[:8],
    }
    return tensor_file.to_bytes(tensors, {**words, **hashes})


def kohya_words(
    lora: Lora, *, v_prediction: bool, size_px: int | None, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the words of a kohya file's header: what it is for, never on what data or where.

    No date is among them: the same training gives the same bytes.
    """
    ranks = Counter(module.rank for module in lora.values())
    alphas = Counter(module.scale * module.rank for module in lora.values())
    words = {
        "ss_v2": "True",  # this exact string makes A1111 show the file for SD 2
        "ss_base_model_version": "sd_v2_v" if v_prediction else "sd_v2",
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(ranks.most_common(1)[0][0]),
        "ss_network_alpha": str(alphas.most_common(1)[0][0]),
        "ss_network_args": "{}",
        "ss_output_name": "madorizu",
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": f"stable-diffusion-v2-{'768-v' if v_prediction else '512'}/lora",
        "modelspec.implementation": "https://github.com/huggingface/diffusers",
        "modelspec.title": "madorizu floor plans",
        "modelspec.prediction_type": "v" if v_prediction else "epsilon",
    }
    if size_px is not None:
        words["modelspec.resolution"] = f"{size_px}x{size_px}"
    return words | dict(more or {})


def _write_peft(lora: Lora, out: Path, dtype: torch.dtype | None) -> list[Path]:
    written = []
    parts = [part for part in ("unet", "text_encoder") if any(path.startswith(f"{part}.") for path in lora)]
    with files.atomic_folder(out) as folder:
        for part in parts:
            place = folder if part == "unet" else folder / PEFT_TEXT
            place.mkdir(exist_ok=True)
            tensors, config = to_peft(lora, part, dtype)
            (place / PEFT_WEIGHTS).write_bytes(tensor_file.to_bytes(tensors, {"format": "pt"}))
            text = json.dumps(config, indent=2, sort_keys=True) + "\n"
            (place / lora_header.PEFT_CONFIG).write_text(text, encoding="utf-8")
            inside = out if part == "unet" else out / PEFT_TEXT
            written += [inside / PEFT_WEIGHTS, inside / lora_header.PEFT_CONFIG]
    return written


def _config(inside: Lora) -> dict[str, Any]:
    """Return PEFT's config of some modules: the common rank and alpha, and patterns for the others.

    With `use_rslora` off in it, alpha / rank is the scale of every module.
    """
    ranks = {path: module.rank for path, module in inside.items()}
    alphas = {path: _tidy(module.scale * module.rank) for path, module in inside.items()}
    rank = Counter(ranks.values()).most_common(1)[0][0]
    alpha = Counter(alphas.values()).most_common(1)[0][0]
    return {
        "r": rank,
        "lora_alpha": alpha,
        "rank_pattern": {path: value for path, value in ranks.items() if value != rank},
        "alpha_pattern": {path: value for path, value in alphas.items() if value != alpha},
        "target_modules": sorted(inside),
        "use_rslora": False,
        "use_dora": any(module.magnitude is not None for module in inside.values()),
    }


def _tidy(value: float) -> float:
    """Round away the last bits that a product leaves, so that equal alphas stay equal."""
    return float(f"{value:.9g}")


def _as(tensor: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
    return tensor.detach().cpu().contiguous() if dtype is None else tensor.detach().cpu().to(dtype).contiguous()
