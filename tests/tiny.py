"""A base model of a few kilobytes with random weights, and prepared data to train on.

Everything real is there (UNet, VAE, text encoder, tokenizer, scheduler), only small: an
image has 64 px, a latent 4x8x8.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from madorizu.dataset.prepared import Example, write_rows
from madorizu.dataset.report import FORMAT, KIND
from madorizu.diffusion import device
from madorizu.diffusion import tokenizer as words
from madorizu.diffusion.settings import TrainSettings

SIZE_PX = 64
# Two blocks with cross-attention on the way down and up: (1 + 2) transformers, and one in the middle,
# each with two attentions of four linear layers.
MODULES = 4 * 2 * 4
CAPTIONS = (
    "floor plan, 1F, 8x9, entrance south, stairs, LDK, style atelier",
    "floor plan, 2F, 8x9, stairs, 3 bedrooms, style atelier",
    "floor plan, 1F, 7x8, entrance east, LDK, style cad",
    "floor plan, 2F, 6x8, balcony, 2 bedrooms, style atelier",
    "floor plan, 1F, 9x9, entrance north, stairs",
)


def tiny_base(folder: Path, *, prediction: str = "epsilon", seed: int = 0, dtype: torch.dtype = torch.float32) -> Path:
    """Write a tiny Stable Diffusion pipeline into a folder and return it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        unet = UNet2DConditionModel(
            sample_size=SIZE_PX // 8,
            block_out_channels=(8, 16),
            layers_per_block=1,
            norm_num_groups=4,
            cross_attention_dim=16,
            attention_head_dim=4,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            use_linear_projection=True,
        )
        vae = AutoencoderKL(
            block_out_channels=(8, 8, 8, 8),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            norm_num_groups=4,
            scaling_factor=1.5,  # gives the random VAE's latents a spread of about 1
        )
        encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(_vocabulary()),
                hidden_size=16,
                intermediate_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                projection_dim=16,
                bos_token_id=len(_vocabulary()) - 2,
                eos_token_id=len(_vocabulary()) - 1,
                pad_token_id=0,
            )
        )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    pipe = StableDiffusionPipeline(
        vae, encoder, _tokenizer(), unet.to(dtype), scheduler, None, None, requires_safety_checker=False
    )
    with device.hushed():
        pipe.save_pretrained(folder)
    return folder


def prepared(folder: Path, *, train: int = 5, validation: int = 1, seed: int = 0) -> Path:
    """Write a prepared folder with small drawings of coloured rooms."""
    sides = {"train": train, "validation": validation}
    for split, count in sides.items():
        (folder / split).mkdir(parents=True)
        rng = np.random.default_rng([seed, len(split)])
        write_rows(folder, split, [_example(folder / split / f"plan-{n}.png", rng, n) for n in range(count)])
    (folder / "report.json").write_text(json.dumps({"kind": KIND, "format": FORMAT, "size_px": SIZE_PX}))
    return folder


def settings(base: Path, data: Path, out: Path, **more: object) -> TrainSettings:
    """Return settings of a short run on the CPU."""
    values: dict[str, object] = {"epochs": 2, "batch_size": 2, "rank": 2, "alpha": 4.0, "lr": 1e-3, "dtype": "fp32"}
    values |= {"base": str(base), "data": data, "out": out, "device": "cpu", "checkpoint_every": 2, "validation": 1}
    values |= {"fit": "off", "preview_every": 0}  # they cost as much as the steps of so small a model
    return TrainSettings(**{**values, **more})  # type: ignore[arg-type]


def _example(path: Path, rng: np.random.Generator, number: int) -> Example:
    pixels = np.full((SIZE_PX, SIZE_PX, 3), 255, np.uint8)
    for _ in range(4):
        x, y = rng.integers(4, 40, 2)
        pixels[y : y + 20, x : x + 20] = rng.integers(0, 256, 3)
    Image.fromarray(pixels).save(path)
    return Example(
        path=path,
        caption=CAPTIONS[number % len(CAPTIONS)],
        conditions="",
        floor="1F",
        grid_px=4.0,
        grid_mm=910.0,
        width=8.0,
        height=9.0,
        element_count=0,
        elements=frozenset(),
        house_id=f"house-{number}",
        style="atelier",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        source=path.name,
        data_version="madorizu",
    )


def _vocabulary() -> dict[str, int]:
    """Return single letters, plain and at a word's end, and the two marks: no merges."""
    letters = words.byte_letters()
    tokens = [*letters, *(letter + "</w>" for letter in letters), words.BOS, words.EOS]
    return {token: number for number, token in enumerate(tokens)}


def _tokenizer() -> CLIPTokenizer:
    tokenizer = CLIPTokenizer(
        vocab=_vocabulary(), merges=[], bos_token=words.BOS, eos_token=words.EOS, unk_token=words.EOS, pad_token="!"
    )
    tokenizer.model_max_length = words.MAX_TOKENS
    return tokenizer
