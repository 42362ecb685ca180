"""Load a LoRA with a checkout of ComfyUI: python loader_comfyui.py CHECKOUT SD21 LORA OUT."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import loader_stage as stage

NOT_NEEDED = ("torchvision", "torchaudio", "kornia", "av", "torchsde", "trampoline", "sentencepiece", "spandrel")


def main(checkout: Path, base: Path, lora: Path, out: Path) -> None:
    """Load the base and the LoRA as ComfyUI's nodes do, patch every weight, and write what changed."""
    stage.stand_in(*NOT_NEEDED)
    sys.path.insert(0, str(checkout))
    sys.argv = ["comfyui", "--cpu"]
    importlib.import_module("comfy.options").enable_args_parsing()
    sd = importlib.import_module("comfy.sd")
    utils = importlib.import_module("comfy.utils")

    model = sd.load_diffusion_model(str(base / "unet" / "diffusion_pytorch_model.safetensors"))
    kind = sd.CLIPType.STABLE_DIFFUSION
    clip = sd.load_text_encoder_state_dicts([stage.text_encoder(base)], embedding_directory=None, clip_type=kind)
    words = utils.load_torch_file(str(lora), safe_load=True)
    model, clip = sd.load_lora_for_models(model, clip, words, 1.0, 1.0)
    changes = {}
    for patcher in (model, clip.patcher):
        for key in patcher.patches:
            before = utils.get_attr(patcher.model, key).detach().clone()
            patcher.patch_weight_to_device(key)
            changes[key] = stage.change(utils.get_attr(patcher.model, key).detach(), before)
    stage.answer(out, changes, version=importlib.import_module("comfyui_version").__version__)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]))
