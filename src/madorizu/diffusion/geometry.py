"""The layers of a base: their names in diffusers and in the older layout, and their shapes.

Built from configs alone: no weight is read and none is held in memory.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from madorizu.errors import BaseModelError

if TYPE_CHECKING:
    import torch

# Stable Diffusion 2.1, where it differs from the defaults of UNet2DConditionModel and CLIPTextConfig.
SD21_UNET: Mapping[str, Any] = MappingProxyType(
    {
        "sample_size": 64,
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    }
)
SD21_TEXT: Mapping[str, Any] = MappingProxyType(
    {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 23,
        "num_attention_heads": 16,
        "hidden_act": "gelu",
        "bos_token_id": 0,
        "eos_token_id": 2,
    }
)
_RESNET = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_OUTSIDE = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A linear or convolution layer.

    Attributes:
        path: "unet.down_blocks.0…" or "text_encoder.encoder.layers.0…", as diffusers names it;
            the text encoder's without the "text_model." that older versions put in.
        old: the UNet's name in the layout of the first release ("input_blocks.1.1…"), which
            ComfyUI and A1111 use inside; "" in the text encoder.
        shape: of its weight: (out, in) or (out, in, height, width).
        within: class names of the modules that it lies in.
    """

    path: str
    old: str
    shape: tuple[int, ...]
    within: frozenset[str]

    @property
    def out_in(self) -> tuple[int, int]:
        """Rows and columns of the weight as a matrix; a convolution's kernel counts as columns."""
        columns = 1
        for side in self.shape[1:]:
            columns *= side
        return self.shape[0], columns


def layers(base: Path | None = None) -> Mapping[str, Layer]:
    """Return the layers of a base's UNet and text encoder by path; of SD 2.1 without a base.

    Args:
        base: a diffusers folder; only its two configs are read.

    Raises:
        BaseModelError: if a config is missing or is not of the family.
    """
    if base is None:
        return _layers(json.dumps(dict(SD21_UNET)), json.dumps(dict(SD21_TEXT)))
    return _layers(_text(base, "unet"), _text(base, "text_encoder"))


def old_name(path: str, per_block: int) -> str:
    """Translate a UNet path of diffusers into the layout of the first release.

    Args:
        path: without "unet.", for instance "down_blocks.0.attentions.1.proj_in".
        per_block: `layers_per_block` of the UNet, 2 in every Stable Diffusion.

    Example:
        >>> old_name("up_blocks.1.attentions.2.transformer_blocks.0.attn1.to_q", 2)
        'output_blocks.5.1.transformer_blocks.0.attn1.to_q'
    """
    if path in _OUTSIDE:
        return _OUTSIDE[path]
    found = re.fullmatch(r"(down_blocks|mid_block|up_blocks)(?:\.(\d+))?\.(\w+?)\.(\d+)\.(.+)", path)
    if found is None:
        return ""
    where, number, kind, index = found[1], int(found[2] or 0), found[3], int(found[4])
    rest = _RESNET.get(found[5], found[5]) if kind == "resnets" else found[5]
    attends = kind == "attentions"
    if where == "mid_block":
        return f"middle_block.{1 if attends else 2 * index}.{rest}"
    if where == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{(number + 1) * (per_block + 1)}.0.op"
        return f"input_blocks.{1 + number * (per_block + 1) + index}.{int(attends)}.{rest}"
    if kind == "upsamplers":
        # It stands behind the attention; the first block of Stable Diffusion has none.
        return f"output_blocks.{number * (per_block + 1) + per_block}.{2 if number else 1}.conv"
    return f"output_blocks.{number * (per_block + 1) + index}.{int(attends)}.{rest}"


def _text(base: Path, part: str) -> str:
    try:
        return (base / part / "config.json").read_text(encoding="utf-8")
    except OSError as error:
        raise BaseModelError(f"base must be complete, got no {part}/config.json in {base}") from error


@functools.lru_cache(maxsize=8)
def _layers(unet_config: str, text_config: str) -> Mapping[str, Layer]:
    import torch
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from madorizu.diffusion import device

    try:
        values = {name: v for name, v in json.loads(unet_config).items() if not name.startswith("_")}
        with torch.device("meta"), device.hushed():
            unet = UNet2DConditionModel.from_config(values)
            encoder = CLIPTextModel(CLIPTextConfig.from_dict(json.loads(text_config)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BaseModelError(f"base's configs must be those of a Stable Diffusion, got {error}") from error
    per_block = unet.config.layers_per_block
    per_block = per_block if isinstance(per_block, int) else per_block[0]
    found = {}
    for path, (shape, within) in _weights(unet).items():
        found[f"unet.{path}"] = Layer(f"unet.{path}", old_name(path, per_block), shape, within)
    for path, (shape, within) in _weights(encoder).items():
        name = f"text_encoder.{path.removeprefix('text_model.')}"
        found[name] = Layer(name, "", shape, within)
    return MappingProxyType(found)


def _weights(model: torch.nn.Module) -> dict[str, tuple[tuple[int, ...], frozenset[str]]]:
    """Return shape and surroundings of every linear and convolution layer."""
    import torch

    classes = {name: type(module).__name__ for name, module in model.named_modules()}
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            parts = name.split(".")
            above = (".".join(parts[:n]) for n in range(1, len(parts)))
            found[name] = (tuple(module.weight.shape), frozenset(classes[place] for place in above))
    return found
