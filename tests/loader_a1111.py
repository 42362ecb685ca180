"""Load a LoRA with a checkout of stable-diffusion-webui: python loader_a1111.py CHECKOUT STABILITY LORA OUT.

STABILITY is a checkout of Stability-AI/stablediffusion, whose UNet the program uses. The program's
Lora extension and that UNet run as they are; the rest of the program (its page, its options, its
files) is stood in for. The text encoder has the modules and names of open_clip's. The layers
have random weights, made when their turn comes.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

import loader_stage as stage

# configs/stable-diffusion/v2-inference.yaml of Stability's repository
UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 320,
    "attention_resolutions": [4, 2, 1],
    "num_res_blocks": 2,
    "channel_mult": [1, 2, 4, 4],
    "num_head_channels": 64,
    "use_spatial_transformer": True,
    "use_linear_in_transformer": True,
    "transformer_depth": 1,
    "context_dim": 1024,
    "legacy": False,
}


def main(checkout: Path, stability: Path, lora: Path, out: Path) -> None:
    """Load the LoRA, let the extension change every layer as before a picture is drawn, and write what changed."""
    stage.stand_in("gradio", "xformers", "torchvision", "pytorch_lightning", "omegaconf")
    sys.path[:0] = [str(checkout), str(checkout / "extensions-builtin" / "Lora"), str(stability)]
    _the_program()
    network = importlib.import_module("network")
    networks = importlib.import_module("networks")
    model = _model()
    networks.shared.sd_model = model
    networks.assign_network_names_to_compvis_modules(model)
    on_disk = network.NetworkOnDisk("lora", str(lora))
    found = networks.load_network("lora", on_disk)
    networks.loaded_networks.append(found)
    changes: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    for name, layer in model.network_layer_mapping.items():
        if name.endswith("attn_out_proj"):
            continue  # inside of a MultiheadAttention, which is changed as one
        wanted = {name, *(f"{name}_{part}_proj" for part in "qkv")}
        if wanted & set(found.modules):
            changes |= _changes(networks, name, layer)
    stage.answer(out, changes, version=on_disk.sd_version.name, loaded=str(len(found.modules)))


def _changes(networks: Any, name: str, layer: nn.Module) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Give a layer random weights, apply the LoRA, and return what changed, if anything."""
    layer.to_empty(device="cpu")
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.05)
        parameter.requires_grad_(False)
    before = {key: tensor.clone() for key, tensor in layer.state_dict().items()}
    networks.network_apply_weights(layer)
    after = {key: tensor.clone() for key, tensor in layer.state_dict().items()}
    for kept in ("network_weights_backup", "network_bias_backup"):
        vars(layer).pop(kept, None)
    layer.to("meta")
    if not isinstance(layer, nn.MultiheadAttention):
        pairs = {name: (after["weight"], before["weight"])}
    else:
        parts = zip("qkv", after["in_proj_weight"].chunk(3), before["in_proj_weight"].chunk(3), strict=True)
        pairs = {f"{name}_{part}_proj": (new, old) for part, new, old in parts}
        pairs[f"{name}_out_proj"] = (after["out_proj.weight"], before["out_proj.weight"])
    return {key: stage.change(new, old) for key, (new, old) in pairs.items() if not torch.equal(new, old)}


def _the_program() -> None:
    """Stand in for the parts of the program that the extension asks for options, files and devices."""

    def words(path: str) -> dict[str, Any]:
        with safe_open(path, framework="pt") as file:
            found = file.metadata() or {}
        return {key: json.loads(text) if text[:1] == "{" else text for key, text in found.items()}

    def shout(error: Exception, task: str) -> None:
        raise RuntimeError(task) from error

    options = types.SimpleNamespace(lora_functional=False, lora_preferred_name="Alias from file")
    empty = tempfile.mkdtemp()
    commands = types.SimpleNamespace(lora_dir=empty, lyco_dir_backcompat=empty)
    made: dict[str, dict[str, Any]] = {
        "shared": {"opts": options, "cmd_opts": commands, "walk_files": lambda *a, **k: []},
        "devices": {"cpu": torch.device("cpu"), "device": torch.device("cpu"), "dtype": torch.float32},
        "sd_models": {"read_metadata_from_safetensors": words, "read_state_dict": load_file},
        "cache": {"cached_data_for_file": lambda title, name, path, read: read()},
        "hashes": {"sha256_from_cache": lambda *a, **k: None, "sha256": lambda *a, **k: None},
        "errors": {"display": shout},
        "scripts": {},
        "sd_hijack": {},
        "extra_networks": {},
        "textual_inversion": {},
        "textual_inversion.textual_inversion": {},
    }
    package = importlib.import_module("modules")
    for name, values in made.items():
        module = types.ModuleType(f"modules.{name}")
        module.__path__ = []
        vars(module).update(values)
        sys.modules[f"modules.{name}"] = module
        if "." not in name:
            setattr(package, name, module)


def _model() -> Any:
    """Build what the extension looks through: the UNet and the text encoder, without their weights."""
    openai = importlib.import_module("ldm.modules.diffusionmodules.openaimodel")
    with torch.device("meta"):
        unet = openai.UNetModel(**UNET)
        blocks = nn.ModuleList(_block() for _ in range(23))
    inner = nn.ModuleDict({"transformer": nn.ModuleDict({"resblocks": blocks})})
    wrapped = nn.ModuleDict({"model": inner})
    return types.SimpleNamespace(
        is_sdxl=False,
        model=nn.ModuleDict({"diffusion_model": unet}),
        cond_stage_model=types.SimpleNamespace(wrapped=wrapped),
    )


def _block() -> nn.Module:
    """Build one block of open_clip's text encoder, as `ResidualAttentionBlock` names its parts."""
    block = nn.Module()
    block.attn = nn.MultiheadAttention(1024, 16)
    block.mlp = nn.Sequential(OrderedDict(c_fc=nn.Linear(1024, 4096), gelu=nn.GELU(), c_proj=nn.Linear(4096, 1024)))
    return block


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]))
