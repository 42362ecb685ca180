"""Load a LoRA with a checkout of kohya-ss' sd-scripts: python loader_sd_scripts.py CHECKOUT SD21 LORA OUT."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

import loader_stage as stage


def main(checkout: Path, base: Path, lora: Path, out: Path) -> None:
    """Merge the LoRA into the program's own UNet and a text encoder, and write what changed."""
    stage.stand_in("bitsandbytes", "xformers", "torchvision", "cv2", "imagesize", "voluptuous")
    sys.path.insert(0, str(checkout))
    networks = importlib.import_module("networks.lora")
    original = importlib.import_module("library.original_unet")
    convert = importlib.import_module("library.model_util")

    with torch.device("meta"):  # the weights come from the base; making others first would take minutes
        unet = original.UNet2DConditionModel(**convert.create_unet_diffusers_config(True, True))
    weights = load_file(base / "unet" / "diffusion_pytorch_model.safetensors")
    unet.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, assign=True)
    encoder = _encoder(base)
    network, words = networks.create_network_from_weights(1.0, str(lora), None, encoder, unet, for_inference=True)
    names = {one.lora_name: one.org_module_ref[0] for one in network.unet_loras + network.text_encoder_loras}
    before = {name: module.weight.detach().clone() for name, module in names.items()}
    network.merge_to(encoder, unet, words, torch.float32, "cpu")
    changes = {name: stage.change(module.weight.detach(), before[name]) for name, module in names.items()}
    stage.answer(out, changes)


def _encoder(base: Path) -> Any:
    """Build the text encoder with the "text_model." in its names that the program's transformers has."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig.from_pretrained(base / "text_encoder")
    with torch.device("meta"):
        encoder = CLIPTextModel(config)
    if not hasattr(encoder, "text_model"):
        encoder = torch.nn.ModuleDict({"text_model": encoder})
    encoder.load_state_dict(stage.text_encoder(base), strict=False, assign=True)
    return encoder


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]))
