"""The base that ships with the package: small, whole, and loaded by plain diffusers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from madorizu.diffusion import bases, device, sample

MIB = 2**20
LIMIT = 40 * MIB  # of the whole base
FILE_LIMIT = 16 * MIB


def test_it_is_small_and_its_checksums_cover_every_weight() -> None:
    """The package stays small, and a damaged file cannot pass for the base."""
    folder = bases.embedded_folder()
    found = [path for path in folder.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in found) <= LIMIT
    assert max(path.stat().st_size for path in found) <= FILE_LIMIT
    listed = json.loads((folder / "checksums.json").read_text(encoding="utf-8"))
    weights = {path.relative_to(folder).as_posix() for path in found if path.suffix == ".safetensors"}
    assert weights and weights <= set(listed)


def test_it_is_known_by_name_and_predicts_velocity() -> None:
    """`embedded` is found without a network, with the settings its card states."""
    base = bases.resolve("embedded")

    assert (base.kind, base.prediction_type, base.size_px) == ("embedded", "v_prediction", 256)
    assert (base.latent_channels, base.latent_px) == (8, 32)


def test_plain_diffusers_draws_the_sampler_s_pixels() -> None:
    """The base needs nothing of ours: `from_pretrained` and a caption give the same picture."""
    from diffusers import StableDiffusionPipeline

    caption = "floor plan, 1F, 8x9, entrance south, stairs"
    ours = sample.load("embedded", None, "cpu").draw([caption], [7], steps=2)
    with device.hushed():
        pipe = StableDiffusionPipeline.from_pretrained(bases.embedded_folder(), safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    theirs = pipe(
        caption, num_inference_steps=2, guidance_scale=2.0, generator=torch.Generator("cpu").manual_seed(7)
    ).images[0]

    assert ours.shape == (1, 256, 256, 3)
    assert np.array_equal(np.asarray(theirs), ours[0])


def test_its_card_says_what_it_was_trained_on() -> None:
    """A model without a card is not honest about its limits."""
    card = Path(bases.embedded_folder() / "README.md").read_text(encoding="utf-8")

    for word in ("Data", "Recipe", "Compute", "Limits", "Licence"):
        assert f"## {word}" in card
