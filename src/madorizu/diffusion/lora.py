"""The UNet of a base with a LoRA in it, ready to be trained."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

from madorizu.diffusion import denoise, device
from madorizu.errors import BaseModelError, SettingsError

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel

    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.settings import TrainSettings


def unet_with_lora(base: Base, settings: TrainSettings, place: device.Device) -> UNet2DConditionModel:
    """Load the UNet, frozen in the run's format, and add float32 LoRA matrices that start as no change.

    Raises:
        BaseModelError: if the weights cannot be loaded.
        SettingsError: if no module has a name that ends with one of the targets.
    """
    from diffusers import UNet2DConditionModel
    from diffusers.training_utils import cast_training_params
    from peft import LoraConfig

    try:
        unet = UNet2DConditionModel.from_pretrained(
            base.folder, subfolder="unet", dtype=place.torch_dtype, low_cpu_mem_usage=True, **base.loading
        )
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's UNet must load, got {error}", f"in {base.folder}") from error
    unet.requires_grad_(False)
    targets = list(settings.targets or ())
    _check_targets(unet, targets)
    config = LoraConfig(
        r=settings.rank or 1, lora_alpha=settings.alpha or 1, init_lora_weights="gaussian", target_modules=targets
    )
    with torch.random.fork_rng(devices=[]):
        # PEFT takes the global generator; a counted seed makes the start part of the run's settings.
        torch.manual_seed(denoise.counted(settings.seed, "lora").initial_seed())
        unet.add_adapter(config)
    cast_training_params(unet, dtype=torch.float32)
    if place.dtype != "fp32":
        # Under autocast the LoRA computes in the run's format anyway; PEFT's own cast would keep
        # a float32 copy of each input for the backward pass.
        for module in unet.modules():
            if hasattr(module, "cast_input_dtype_enabled"):
                module.cast_input_dtype_enabled = False
    device.make_safe(unet, place)
    if settings.gradient_checkpointing:
        checkpoint = functools.partial(torch.utils.checkpoint.checkpoint, use_reentrant=False)
        unet.enable_gradient_checkpointing(checkpoint)
    unet.train()  # gradient checkpointing works in training mode only
    return unet


def count(unet: UNet2DConditionModel) -> tuple[int, int]:
    """Return how many modules have a LoRA, and how many parameters are trained."""
    trained = [(name, p) for name, p in unet.named_parameters() if p.requires_grad]
    modules = {name.partition(".lora_")[0] for name, _ in trained}
    return len(modules), sum(p.numel() for _, p in trained)


def _check_targets(unet: UNet2DConditionModel, targets: list[str]) -> None:
    names = [name for name, _ in unet.named_modules()]
    for target in targets:
        if not any(name == target or name.endswith(f".{target}") for name in names):
            raise SettingsError(
                f"targets must be names of the UNet's modules, got {target!r}",
                "for instance to_q, to_k, to_v, to_out.0",
            )
