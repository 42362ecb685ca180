"""Encode and decode pictures with a base's autoencoder, as a function that knows no torch outside."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from madorizu.diffusion import bases
from madorizu.errors import BaseModelError


def load(base: str = "embedded") -> Callable[[np.ndarray], np.ndarray]:
    """Load a base's autoencoder, in float32 on the CPU.

    Args:
        base: a name, a folder or a hub id; see `bases.resolve`.

    Returns:
        A function of pictures, uint8, (N, side, side, 3), to what the decoder makes of the means of
        their latents, of the same type and shape.

    Raises:
        BaseModelError: if the base is missing or incomplete.
    """
    from diffusers import AutoencoderKL

    found = bases.resolve(base)
    try:
        vae = AutoencoderKL.from_pretrained(found.folder / "vae", dtype=torch.float32, **found.loading).eval()
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's vae must load, got {error}", f"in {found.folder}") from error

    def reconstruct(pictures: np.ndarray) -> np.ndarray:
        made = np.empty_like(pictures)
        with torch.inference_mode():
            for i, picture in enumerate(pictures):  # one at a time: memory, not speed, is short at 512 px
                block = torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32)) / 127.5 - 1
                decoded = vae.decode(vae.encode(block).latent_dist.mode()).sample[0]
                made[i] = ((decoded.clamp(-1, 1) + 1) * 127.5).round().byte().numpy().transpose(1, 2, 0)
        return made

    return reconstruct
