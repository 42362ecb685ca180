"""The programs themselves: their own code loads our files on SD 2.1, and our rules say the same.

Needs checkouts, which are the user's and no part of this repository, in these variables; each
test is skipped without its own:

    COMFYUI_DIR, A1111_DIR with STABILITY_DIR (Stability-AI/stablediffusion), SD_SCRIPTS_DIR
    SD21_DIR      Stable Diffusion 2.1 in diffusers folders: real, or benchmarks/make_random_sd21.py
    LOADER_PYTHON a Python with what they need beside torch (einops, psutil, scipy, tqdm, toml) [ours]
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import loader_stage as stage
from madorizu.diffusion import geometry, loaders, lora_file, lora_header
from madorizu.diffusion.geometry import Layer

pytestmark = pytest.mark.full
HERE = Path(__file__).parent
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
# loader -> its driver, and the variables of the driver's first two arguments
DRIVERS = {
    "comfyui": ("loader_comfyui.py", "COMFYUI_DIR", "SD21_DIR"),
    "a1111": ("loader_a1111.py", "A1111_DIR", "STABILITY_DIR"),
    "kohya": ("loader_sd_scripts.py", "SD_SCRIPTS_DIR", "SD21_DIR"),
}


def some_lora(layers: Mapping[str, Layer], kind: str) -> lora_file.Lora:
    """Make a random LoRA: alpha 8 at rank 4 on attention, two ranks mixed, or on every layer there is."""
    generator = torch.Generator().manual_seed(0)
    made = {}
    for number, (path, layer) in enumerate(sorted(layers.items())):
        if kind != "every layer" and not (path.startswith("unet.") and path.endswith(ATTENTION)):
            continue
        rank = 4 * (1 + number % 2) if kind == "mixed ranks" else 4
        down = torch.randn(rank, *layer.shape[1:], generator=generator) / 8
        up = torch.randn(layer.shape[0], rank, *[1] * (len(layer.shape) - 2), generator=generator) / 8
        made[path] = lora_file.Module(down, up, 8.0 / rank)
    return made


def name_in(loader: str, layer: Layer) -> str:
    """Return what a loader's driver calls a layer."""
    rest = layer.path.partition(".")[2]
    if loader == "kohya":
        return loaders.kohya_name(layer.path)
    if layer.path.startswith("unet."):
        return (
            f"diffusion_model.{layer.old}.weight"
            if loader == "comfyui"
            else f"diffusion_model.{layer.old}".replace(".", "_")
        )
    if loader == "comfyui":
        return f"clip_h.transformer.text_model.{rest}.weight"
    open_clip = {"fc1": "c_fc", "fc2": "c_proj"}
    _, _, number, part, name = rest.split(".")
    return f"model_transformer_resblocks_{number}_{part.replace('self_', '')}_{open_clip.get(name, name)}"


@pytest.mark.parametrize("kind", ["attention", "mixed ranks", "every layer"])
@pytest.mark.parametrize("loader", DRIVERS)
def test_the_program_changes_every_weight_by_alpha_over_rank(loader: str, kind: str, tmp_path: Path) -> None:
    """As many modules as our rules say, and each weight's change is alpha / rank · up · down."""
    script, *variables = DRIVERS[loader]
    places = [os.environ.get(name, "") for name in variables]
    if not all(places):
        pytest.skip(f"needs {' and '.join(variables)}")
    layers = geometry.layers()
    made = some_lora(layers, kind)
    words = lora_file.kohya_words(made, v_prediction=False, size_px=512)
    (file,) = lora_file.write(made, tmp_path / "plan.safetensors", "kohya", words)
    out = tmp_path / "out.safetensors"
    python = os.environ.get("LOADER_PYTHON", sys.executable)
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    command = [python, str(HERE / script), *places, str(file), str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    compare(loader, made, file, out, layers)


def compare(loader: str, made: lora_file.Lora, file: Path, out: Path, layers: Mapping[str, Layer]) -> None:
    """Compare a driver's answer with our rules and with the matrices themselves."""
    rules = loaders.match(loader, lora_header.read(file), layers)
    found = load_file(out)
    with safe_open(out, framework="pt") as answer:
        told = answer.metadata()
    assert int(told["matched"]) == len(rules.scales)
    assert rules.whole or len(rules.scales) < len(made)
    assert told.get("version", "SD2") == "SD2" or loader != "a1111"
    for path in rules.scales:
        name = name_in(loader, layers[path])
        matrix = made[path].scale * (made[path].up.double().flatten(1) @ made[path].down.double().flatten(1))
        sides = (matrix @ stage.probe(matrix.shape[1]), stage.probe(matrix.shape[0]) @ matrix)
        for side, wanted in zip("ab", sides, strict=True):
            # The program adds to the weight, so the change carries that sum's rounding; ComfyUI holds the
            # text encoder in fp16.
            error = (found[f"{name}|{side}"] - wanted).norm() / wanted.norm()
            is_half = loader == "comfyui" and path.startswith("text_encoder.")
            assert error < (5e-3 if is_half else 2e-6), (path, side, float(error))
