"""Every setting of the embedded base's training, in one place."""

from __future__ import annotations

from dataclasses import dataclass

# 256 px / 2**3 = 32 latent cells, so a cell is half a module (455 mm), the lattice of plans, at the
# canvas's larger scale.
DOWN, UP = "DownEncoderBlock2D", "UpDecoderBlock2D"


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """The autoencoder and its training."""

    channels: tuple[int, ...] = (16, 32, 64, 96)
    latent_channels: int = 8
    norm_groups: int = 8
    crop_px: int = 128
    batch: int = 6
    learning_rate: float = 2e-3
    warmup: int = 50
    steps: int = 600
    edge_weight: float = 6.0  # extra weight of pixels at lines, which are few and matter most
    gradient_weight: float = 1.0
    kl_weight: float = 1e-7
    ema: float = 0.995
    whole_from: float = 0.88  # share of the steps after which whole pictures are seen
    hard_share: float = 0.15  # crops with changed colours, off the module grid, blurred


@dataclass(frozen=True, slots=True)
class Denoiser:
    """The UNet, the text encoder and their training."""

    channels: tuple[int, ...] = (48, 128, 192)
    layers: int = 1
    head_width: int = 32
    norm_groups: int = 16
    text_width: int = 128
    text_layers: int = 3
    text_heads: int = 4
    vocabulary: int = 1024
    text_rate: float = (
        0.05  # of the learning rate, once the encoder can read; at the full rate it forgets (docs/log.md)
    )
    reader_steps: int = 1400  # of 64 random briefs
    reader_rate: float = 1e-3
    batch: int = 12
    learning_rate: float = 8e-4
    warmup: int = 100
    steps: int = 6000
    ema: float = 0.998
    min_snr: float = 5.0
    caption_dropout: float = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """The whole recipe; `seed` decides all randomness."""

    seed: int = 0
    size_px: int = 256
    autoencoder: Autoencoder = Autoencoder()
    denoiser: Denoiser = Denoiser()
