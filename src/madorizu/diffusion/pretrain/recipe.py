"""Every setting of the embedded base's training, in one place."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from madorizu.errors import SettingsError

# 512 px / 2**4 = 32 latent cells, so a cell is half a module (455 mm), the lattice of plans, at the
# canvas's larger scale.
DOWN, UP = "DownEncoderBlock2D", "UpDecoderBlock2D"


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """The autoencoder and its training."""

    channels: tuple[int, ...] = (16, 32, 64, 128, 192)
    latent_channels: int = 16
    norm_groups: int = 8
    pictures: int = 3000  # that it learns from; more would not fit into memory
    crop_px: int = 128
    batch: int = 8
    learning_rate: float = 1e-3
    warmup: int = 50
    steps: int = 5000
    edge_weight: float = 6.0  # extra weight of pixels at lines, which are few and matter most
    gradient_weight: float = 1.0
    kl_weight: float = 1e-7
    ema: float = 0.998
    whole_from: float = 0.93  # share of the steps after which whole pictures are seen
    hard_share: float = 0.35  # crops with changed colours, off the lattice, worn


@dataclass(frozen=True, slots=True)
class Denoiser:
    """The UNet, the text encoder and their training."""

    channels: tuple[int, ...] = (64, 160, 256)
    layers: int = 1
    head_width: int = 32
    norm_groups: int = 16
    text_width: int = 128
    text_layers: int = 3
    text_heads: int = 4
    vocabulary: int = 1024
    # Of the learning rate, once the encoder can read; at the full rate it forgets (docs/log.md).
    text_rate: float = 0.05
    reader_steps: int = 1400  # of 64 random briefs
    reader_rate: float = 1e-3
    batch: int = 16
    learning_rate: float = 8e-4
    warmup: int = 100
    steps: int = 10000
    ema: float = 0.998
    min_snr: float = 5.0
    caption_dropout: float = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """The whole recipe; `seed` decides all randomness.

    Attributes:
        size_px: side of the pictures.
        held_out: pairs, at least, that only the validation loss and the previews see.
        preview_every: steps between previews, a multiple of those between snapshots.
    """

    seed: int = 0
    size_px: int = 512
    held_out: int = 32
    preview_every: int = 1000
    autoencoder: Autoencoder = Autoencoder()
    denoiser: Denoiser = Denoiser()


def read(path: Path) -> Recipe:
    """Read a recipe from a TOML file; what it does not name is as above.

        seed = 0
        [autoencoder]
        steps = 5000
        [denoiser]
        batch = 16

    Raises:
        SettingsError: if the file cannot be read, or has an unknown key or a value of another kind.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"recipe must be a TOML file that can be read, got {error}: {path}") from error
    if unknown := sorted(_names(data) - _names(dataclasses.asdict(Recipe()))):
        raise SettingsError(f"recipe's keys must be known, got {', '.join(unknown)} in {path}")
    try:
        return TypeAdapter(Recipe).validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"recipe's {place} must be of its kind: {first['msg']}") from error


def _names(data: dict[str, object]) -> set[str]:
    found = set(data)
    for name, value in data.items():
        if isinstance(value, dict):
            found |= {f"{name}.{key}" for key in value}
    return found
