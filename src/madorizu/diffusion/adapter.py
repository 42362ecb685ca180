"""A trained LoRA on disk: written for five loaders, read back with its base checked.

The folder holds PEFT's two files, `pytorch_lora_weights.safetensors` in kohya's keys with
alpha tensors, and `madorizu.json`, which says on what it was trained. The same training gives
the same bytes. A DoRA's one file is in diffusers' keys, because four of the five programs leave
DoRA's lengths out of a kohya file; a text encoder that was trained too has PEFT's two files in
`text_encoder/`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu.brief import GRAMMAR_VERSION
from madorizu.diffusion import bases, lora_file, tensor_file
from madorizu.errors import AdapterError

if TYPE_CHECKING:
    import torch
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig
    from transformers import CLIPTextModel

    from madorizu.diffusion.bases import Base

PEFT_CONFIG = "adapter_config.json"
PEFT_WEIGHTS = "adapter_model.safetensors"
KOHYA_WEIGHTS = "pytorch_lora_weights.safetensors"
RECORD = "madorizu.json"
RUN_SETTINGS = "adapter_config.json"  # of the run, in the folder above its adapters
CANVAS_VERSION = 1  # of canvas.fit: and the scale
# What a kohya file's header tells of an adapter of ours; never a path or a caption.
TOLD = ("madorizu.base", "madorizu.grammar_version", "madorizu.canvas_version", "madorizu.style")
MAX_RECORD_BYTES = 2**20
_SCHEMA = 1
_TRAIN_HINT = "run training/start_training.sh, or python3 training/train_lora_simple.py"


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA that was read and found whole.

    Attributes:
        folder: of its files.
        base_name, base_fingerprint: what it was trained on.
        size_px: side of its training images.
        style: the most common style of its training data, or None.
        step: after how many steps it was saved.
        record: all of `madorizu.json`.
    """

    folder: Path
    base_name: str
    base_fingerprint: str
    size_px: int
    style: str | None
    step: int
    record: Mapping[str, Any]


def find() -> Path | None:
    """Find the adapter that was trained last, or None.

    Looks for `training/lora_model/final` under MADORIZU_HOME, then the repository that this
    package lies in, then the current folder.
    """
    roots = [Path(home).expanduser()] if (home := os.environ.get("MADORIZU_HOME")) else []
    roots += [parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").is_file()][:1]
    roots.append(Path.cwd())
    places = (root / "training" / "lora_model" / "final" for root in roots)
    return next((place for place in places if place.is_dir()), None)


def read(folder: Path | None) -> Adapter:
    """Read an adapter's record and check that its files are whole.

    Args:
        folder: as `find` gives it; None means that there is none.

    Raises:
        AdapterError: if there is none, a file is missing or damaged, or it was trained with
            another caption grammar or canvas.
    """
    if folder is None:
        raise AdapterError("adapter must be trained first, got no training/lora_model/final", _TRAIN_HINT)
    for name in (RECORD, PEFT_CONFIG, PEFT_WEIGHTS, KOHYA_WEIGHTS):
        if not (folder / name).is_file():
            hint = _TRAIN_HINT + (" --resume auto" if folder.is_dir() else "")
            raise AdapterError(f"adapter must be complete, got no {name} in {folder}", hint)
    if (folder / RECORD).stat().st_size > MAX_RECORD_BYTES:
        raise AdapterError(f"adapter's {RECORD} must be at most {MAX_RECORD_BYTES} bytes, got more in {folder}")
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        adapter = Adapter(
            folder=folder,
            base_name=str(record["base"]["name"]),
            base_fingerprint=str(record["base"]["fingerprint"]),
            size_px=int(record["size_px"]),
            style=record["style"],
            step=int(record["step"]),
            record=record,
        )
        versions = (record["grammar_version"], record["canvas_version"])
        sums = dict(record["files"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AdapterError(f"adapter's {RECORD} must be whole, got {error!r} in {folder}", _TRAIN_HINT) from error
    if versions != (GRAMMAR_VERSION, CANVAS_VERSION):
        raise AdapterError(
            f"adapter must be of grammar {GRAMMAR_VERSION} and canvas {CANVAS_VERSION}, "
            f"got {versions[0]} and {versions[1]} in {folder}",
            "train it again with this version",
        )
    for name, wanted in sums.items():
        if ".." in Path(name).parts or not (folder / name).is_file():
            raise AdapterError(f"adapter must be complete, got no {name} in {folder}", _TRAIN_HINT)
        if _sha256((folder / name).read_bytes()) != wanted:
            raise AdapterError(f"adapter's {name} must match its record, got other bytes in {folder}", _TRAIN_HINT)
    return adapter


def verify(adapter: Adapter, base: Base) -> None:
    """Refuse an adapter that was trained on another base.

    Raises:
        AdapterError: naming both bases.
    """
    got = bases.fingerprint(base.folder)
    if got != adapter.base_fingerprint:
        raise AdapterError(
            f"adapter must be used on the base it was trained on, {adapter.base_name!r} "
            f"({adapter.base_fingerprint[:12]}), got {base.name!r} ({got[:12]})",
            f"give --base {adapter.base_name}, or train an adapter on {base.name}",
        )


def base_of(adapter: Adapter) -> str:
    """Return the name or folder of the base that an adapter was trained on.

    A base of the user's own has no name that leads to it; its folder stands in the run's
    settings beside the adapter.

    Raises:
        AdapterError: if they are not there.
    """
    if adapter.record["base"].get("kind") != "custom":
        return adapter.base_name
    try:
        settings = json.loads((adapter.folder.parent / RUN_SETTINGS).read_text(encoding="utf-8"))
        return str(settings["base"])
    except (OSError, ValueError, KeyError, TypeError):
        raise AdapterError(
            f"adapter's base must be given, it was trained on {adapter.base_name!r} of your own", "use --base FOLDER"
        ) from None


def load(folder: Path | None, base: Base) -> Adapter:
    """Read an adapter and check it against a base; see `read` and `verify`."""
    adapter = read(folder)
    verify(adapter, base)
    return adapter


def save(
    folder: Path,
    unet: UNet2DConditionModel,
    base: Base,
    record: Mapping[str, Any],
    *,
    text_encoder: CLIPTextModel | None = None,
) -> int:
    """Write the LoRA of a UNet, and of a text encoder, into an existing folder and check that it reads back.

    Does not make the folder appear in one step: give it the folder of `files.atomic_folder`.

    Args:
        record: goes into `madorizu.json`; must hold size_px, style, step and settings. Base,
            versions and checksums are added.
        text_encoder: with a LoRA of its own, or None.

    Returns:
        The number of modules with a LoRA.

    Raises:
        AdapterError: if a weight is not finite, or the written file would not load in full.
    """
    lora = of_models(unet, text_encoder)
    _save_peft(folder, unet, base)
    names = [PEFT_CONFIG, PEFT_WEIGHTS, KOHYA_WEIGHTS]
    if any(path.startswith("text_encoder.") for path in lora):
        place = folder / lora_file.PEFT_TEXT
        place.mkdir()
        _save_peft(place, text_encoder, base)
        names += [f"{lora_file.PEFT_TEXT}/{name}" for name in (PEFT_CONFIG, PEFT_WEIGHTS)]
    full = {
        "schema": _SCHEMA,
        "base": {
            "name": base.name,
            "kind": base.kind,
            "fingerprint": bases.fingerprint(base.folder),
            "prediction_type": base.prediction_type,
        },
        "grammar_version": GRAMMAR_VERSION,
        "canvas_version": CANVAS_VERSION,
        "modules": len(lora),
        **record,
    }
    _save_one_file(folder / KOHYA_WEIGHTS, lora, full)
    modules = count_matched(folder, unet)
    wanted = sum(path.startswith("unet.") for path in lora)
    if modules != wanted:
        raise AdapterError(
            f"adapter's file must hold {wanted} modules that diffusers knows, got {modules}",
            "choose other --targets; attention and linear layers are safe",
        )
    full["files"] = {name: _sha256((folder / name).read_bytes()) for name in names}
    (folder / RECORD).write_text(json.dumps(full, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(lora)


def of_models(unet: UNet2DConditionModel, text_encoder: CLIPTextModel | None = None) -> lora_file.Lora:
    """Take the LoRA out of models that PEFT has put one into, with the scale that each module uses.

    Raises:
        AdapterError: if a weight is not finite.
    """
    found = {}
    for part, model in (("unet", unet), ("text_encoder", text_encoder)):
        for name, module in model.named_modules() if model is not None else ():
            if "default" not in getattr(module, "lora_A", {}):
                continue
            lengths = getattr(module, "lora_magnitude_vector", None) or {}
            magnitude = lengths["default"].weight.detach().float().cpu().flatten() if "default" in lengths else None
            found[f"{part}.{name.removeprefix('text_model.')}"] = lora_file.Module(
                down=module.lora_A["default"].weight.detach().float().cpu(),
                up=module.lora_B["default"].weight.detach().float().cpu(),
                scale=float(module.scaling["default"]),
                magnitude=magnitude,
            )
    tensors = {f"{path} {name}": t for path, m in found.items() for name, t in (("A", m.down), ("B", m.up))}
    lora_file.refuse_not_finite(tensors, "the model")
    return found


def words(lora: lora_file.Lora, record: Mapping[str, Any]) -> dict[str, str]:
    """Return the words of a kohya file's header for an adapter of ours, from its record."""
    base = record["base"]
    told = {
        "ss_steps": str(record.get("step", "")),
        "madorizu.base": str(base["kind"]),
        "madorizu.base_fingerprint": str(base["fingerprint"]),
        "madorizu.grammar_version": str(record["grammar_version"]),
        "madorizu.canvas_version": str(record["canvas_version"]),
    }
    if record.get("style"):
        told["madorizu.style"] = str(record["style"])
    is_v = base.get("prediction_type") == "v_prediction"
    return lora_file.kohya_words(lora, v_prediction=is_v, size_px=int(record["size_px"]), more=told)


def to_kohya(state: Mapping[str, torch.Tensor], *, alpha: float) -> dict[str, torch.Tensor]:
    """Rename PEFT's tensors to kohya's and add one alpha tensor per module.

    Args:
        state: "<module path>.lora_A.weight" and "….lora_B.weight" -> tensor.
        alpha: LoRA's alpha; loaders scale by alpha / rank.
    """
    paths = dict.fromkeys(name.partition(".lora_")[0] for name in state)
    pairs = {path: (state[f"{path}.lora_A.weight"], state[f"{path}.lora_B.weight"]) for path in paths}
    return lora_file.to_kohya({f"unet.{p}": lora_file.Module(a, b, alpha / a.shape[0]) for p, (a, b) in pairs.items()})


def count_matched(folder: Path, unet: UNet2DConditionModel) -> int:
    """Count the modules of the UNet that diffusers itself finds a LoRA for in the one file."""
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import convert_unet_state_dict_to_peft

    state, _ = StableDiffusionPipeline.lora_state_dict(folder, weight_name=KOHYA_WEIGHTS, unet_config=unet.config)
    plain = {name.removeprefix("unet."): tensor for name, tensor in state.items() if name.startswith("unet.")}
    paths = {name.partition(".lora_")[0] for name in convert_unet_state_dict_to_peft(plain)}
    return len(paths & {name for name, _ in unet.named_modules()})


def _save_peft(folder: Path, model: Any, base: Base) -> None:
    """Write PEFT's two files; the base is named only if it is a hub id.

    PEFT looks any other name up on the hub, and a path is nobody else's business.
    """
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    config: LoraConfig = model.peft_config["default"]
    # Without save_embedding_layers=False, PEFT may ask the hub about the base.
    found = get_peft_model_state_dict(model, save_embedding_layers=False)
    state = {f"base_model.model.{name}": t.detach().float().cpu().contiguous() for name, t in found.items()}
    save_file(state, folder / PEFT_WEIGHTS, {"format": "pt"})  # with one word, its bytes are the same every time
    hub_id = base.name if "/" in base.name else None
    values = config.to_dict() | {"inference_mode": True, "base_model_name_or_path": hub_id}
    plain = {k: sorted(v) if isinstance(v, set) else v for k, v in values.items()}
    text = json.dumps(plain, indent=2, sort_keys=True, default=str) + "\n"
    (folder / PEFT_CONFIG).write_text(text, encoding="utf-8")


def _save_one_file(path: Path, lora: lora_file.Lora, record: Mapping[str, Any]) -> None:
    """Write kohya's format, or diffusers' for a DoRA."""
    if any(module.magnitude is not None for module in lora.values()):
        path.write_bytes(tensor_file.to_bytes(*lora_file.to_diffusers(lora)))
        return
    path.write_bytes(lora_file.with_hashes(lora_file.to_kohya(lora), words(lora, record)))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
