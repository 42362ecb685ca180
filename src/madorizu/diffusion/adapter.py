"""A trained LoRA on disk: written for five loaders, read back with its base checked.

The folder holds PEFT's two files, `pytorch_lora_weights.safetensors` in kohya's keys with
alpha tensors, and `madorizu.json`, which says on what it was trained.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu.brief import GRAMMAR_VERSION
from madorizu.diffusion import bases
from madorizu.errors import AdapterError

if TYPE_CHECKING:
    import torch
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig

    from madorizu.diffusion.bases import Base

PEFT_CONFIG = "adapter_config.json"
PEFT_WEIGHTS = "adapter_model.safetensors"
KOHYA_WEIGHTS = "pytorch_lora_weights.safetensors"
RECORD = "madorizu.json"
RUN_SETTINGS = "adapter_config.json"  # of the run, in the folder above its adapters
CANVAS_VERSION = 1  # of canvas.fit: and the scale
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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AdapterError(f"adapter's {RECORD} must be whole, got {error!r} in {folder}", _TRAIN_HINT) from error
    if versions != (GRAMMAR_VERSION, CANVAS_VERSION):
        raise AdapterError(
            f"adapter must be of grammar {GRAMMAR_VERSION} and canvas {CANVAS_VERSION}, "
            f"got {versions[0]} and {versions[1]} in {folder}",
            "train it again with this version",
        )
    for name, wanted in sums.items():
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


def save(folder: Path, unet: UNet2DConditionModel, base: Base, record: Mapping[str, Any]) -> int:
    """Write the LoRA of a UNet into an existing folder and check that it reads back.

    Does not make the folder appear in one step: give it the folder of `files.atomic_folder`.

    Args:
        record: goes into `madorizu.json`; must hold size_px, style, step and settings. Base,
            versions and checksums are added.

    Returns:
        The number of modules with a LoRA.

    Raises:
        AdapterError: if the written file would not load in full.
    """
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    config: LoraConfig = unet.peft_config["default"]
    # Without save_embedding_layers=False, PEFT may ask the hub about the base.
    found = get_peft_model_state_dict(unet, save_embedding_layers=False)
    state = {name: t.detach().float().cpu().contiguous() for name, t in found.items()}
    save_file({f"base_model.model.{name}": t for name, t in state.items()}, folder / PEFT_WEIGHTS, {"format": "pt"})
    _save_config(folder / PEFT_CONFIG, config, base)
    tensors = to_kohya(state, alpha=float(config.lora_alpha))
    _save_kohya(folder / KOHYA_WEIGHTS, tensors, base, config, int(record["size_px"]))
    modules = count_matched(folder, unet)
    if modules != len(state) // 2:
        raise AdapterError(
            f"adapter's file must hold {len(state) // 2} modules that diffusers knows, got {modules}",
            "choose other --targets; attention and linear layers are safe",
        )
    names = (PEFT_CONFIG, PEFT_WEIGHTS, KOHYA_WEIGHTS)
    full = {
        "schema": _SCHEMA,
        "base": {"name": base.name, "kind": base.kind, "fingerprint": bases.fingerprint(base.folder)},
        "grammar_version": GRAMMAR_VERSION,
        "canvas_version": CANVAS_VERSION,
        "modules": modules,
        **record,
        "files": {name: _sha256((folder / name).read_bytes()) for name in names},
    }
    (folder / RECORD).write_text(json.dumps(full, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return modules


def to_kohya(state: Mapping[str, torch.Tensor], *, alpha: float) -> dict[str, torch.Tensor]:
    """Rename PEFT's tensors to kohya's and add one alpha tensor per module.

    Args:
        state: "<module path>.lora_A.weight" and "….lora_B.weight" -> tensor.
        alpha: LoRA's alpha; loaders scale by alpha / rank.
    """
    import torch

    found: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        path, _, rest = name.partition(".lora_")
        key = f"lora_unet_{path.replace('.', '_')}"
        found[f"{key}.lora_{'down' if rest.startswith('A') else 'up'}.weight"] = tensor
        found[f"{key}.alpha"] = torch.tensor(alpha)
    return found


def count_matched(folder: Path, unet: UNet2DConditionModel) -> int:
    """Count the modules of the UNet that diffusers finds a LoRA for in the kohya file."""
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import convert_unet_state_dict_to_peft

    state, _ = StableDiffusionPipeline.lora_state_dict(folder, weight_name=KOHYA_WEIGHTS, unet_config=unet.config)
    plain = {name.removeprefix("unet."): tensor for name, tensor in state.items() if name.startswith("unet.")}
    paths = {name.partition(".lora_")[0] for name in convert_unet_state_dict_to_peft(plain)}
    return len(paths & {name for name, _ in unet.named_modules()})


def _save_config(path: Path, config: LoraConfig, base: Base) -> None:
    """Write PEFT's `adapter_config.json` as PEFT does; the base is named only if it is a hub id.

    PEFT looks any other name up on the hub, and a path is nobody else's business.
    """
    hub_id = base.name if "/" in base.name else None
    values = config.to_dict() | {"inference_mode": True, "base_model_name_or_path": hub_id}
    plain = {k: sorted(v) if isinstance(v, set) else v for k, v in values.items()}
    path.write_text(json.dumps(plain, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8")


def _save_kohya(path: Path, tensors: dict[str, torch.Tensor], base: Base, config: LoraConfig, size_px: int) -> None:
    from safetensors.torch import save

    is_v = base.prediction_type == "v_prediction"
    training = {
        "ss_v2": "True",  # this exact string makes A1111 show the file for SD 2
        "ss_base_model_version": "sd_v2_v" if is_v else "sd_v2",
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(config.r),
        "ss_network_alpha": str(float(config.lora_alpha)),
        "ss_network_args": "{}",
        "ss_output_name": "madorizu",
    }
    # kohya hashes the file with its training metadata only, so that titles do not change the hash.
    plain = save(tensors, training)
    body = plain[8 + int.from_bytes(plain[:8], "little") :]
    more = {
        "sshs_model_hash": _sha256(body),
        "sshs_legacy_hash": _sha256(plain[0x100000:0x110000])[:8],
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": f"stable-diffusion-v2-{'768-v' if is_v else '512'}/lora",
        "modelspec.implementation": "https://github.com/huggingface/diffusers",
        "modelspec.title": "madorizu floor plans",
        "modelspec.date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "modelspec.resolution": f"{size_px}x{size_px}",
        "modelspec.prediction_type": "v" if is_v else "epsilon",
    }
    path.write_bytes(save(tensors, training | more))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
