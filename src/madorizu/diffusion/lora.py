"""The models of a base with LoRA matrices in them: ready to be trained, and as others know them."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from madorizu.diffusion import denoise, device
from madorizu.errors import BaseModelError, SettingsError

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig
    from transformers import CLIPTextModel

    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.settings import TrainSettings

TEXT_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj")
_ADAPTER = "default"


def unet_with_lora(base: Base, settings: TrainSettings, place: device.Device) -> UNet2DConditionModel:
    """Load the UNet, frozen in the run's format, and add float32 LoRA matrices that start as no change.

    Raises:
        BaseModelError: if the weights cannot be loaded.
        SettingsError: if no module has a name that ends with one of the targets, or a rank is larger
            than a layer.
    """
    from diffusers import UNet2DConditionModel

    try:
        unet = UNet2DConditionModel.from_pretrained(
            base.folder, subfolder="unet", dtype=place.torch_dtype, low_cpu_mem_usage=True, **base.loading
        )
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's UNet must load, got {error}", f"in {base.folder}") from error
    _add(unet, config_of(unet, settings, tuple(settings.targets or ())), settings.seed, "lora")
    device.make_safe(unet, place)
    if settings.gradient_checkpointing:
        checkpoint_activations(unet)
    if has_channels_last(settings, place):
        unet.to(memory_format=torch.channels_last)
    unet.train()  # gradient checkpointing works in training mode only
    return unet


def text_encoder_with_lora(base: Base, settings: TrainSettings, place: device.Device) -> CLIPTextModel:
    """Load the text encoder, frozen in the run's format, with a LoRA in its attention.

    Raises:
        BaseModelError: if the weights cannot be loaded.
    """
    from transformers import CLIPTextModel

    try:
        encoder: CLIPTextModel = CLIPTextModel.from_pretrained(
            base.folder, subfolder="text_encoder", dtype=place.torch_dtype, **base.loading
        )
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's text encoder must load, got {error}", f"in {base.folder}") from error
    _add(encoder, config_of(encoder, settings, TEXT_TARGETS, whole=False), settings.seed, "lora-text")
    encoder.train()
    return encoder


def config_of(
    model: torch.nn.Module, settings: TrainSettings, targets: tuple[str, ...], *, whole: bool = True
) -> LoraConfig:
    """Return PEFT's settings for a model, after a look at its layers.

    Args:
        whole: every part of a name in `ranks` and `alphas` must be found in this model.

    Raises:
        SettingsError: if a target or a part of a name is not there, or a rank is larger than a layer.
    """
    from peft import LoraConfig

    layers = _layers(model, targets)
    rank, alpha = settings.rank or 1, settings.alpha or 1.0
    ranks = _by_layer(layers, settings.ranks or {}, "ranks", whole=whole)
    alphas = {name: alpha / rank * own for name, own in ranks.items()}
    alphas |= _by_layer(layers, settings.alphas or {}, "alphas", whole=whole)
    for name, layer in layers.items():
        most = min(layer.weight.shape[0], layer.weight[0].numel())
        if ranks.get(name, rank) > most:
            raise SettingsError(
                f"rank must be at most {most} in {name}, got {ranks.get(name, rank)}",
                "a larger one can learn nothing more; give a smaller --rank",
            )
    with warnings.catch_warnings():
        # PEFT warns that its own conversion of PiSSA knows no rsLoRA and no patterns; `shell` does.
        warnings.filterwarnings("ignore", "Using Rank-Stabilized LoRA", UserWarning)
        return LoraConfig(
            r=rank,
            lora_alpha=alpha,
            target_modules=list(targets),
            rank_pattern=ranks,
            alpha_pattern=alphas,
            lora_dropout=settings.dropout,
            use_dora=settings.dora,
            use_rslora=settings.rslora,
            init_lora_weights="pissa_niter_4" if settings.init == "pissa" else "gaussian",
        )


def _layers(model: torch.nn.Module, targets: tuple[str, ...]) -> dict[str, Any]:
    """Return the layers that get a LoRA, by name."""
    found: dict[str, Any] = {}
    for target in targets:
        mine = {n: m for n, m in model.named_modules() if n == target or n.endswith(f".{target}")}
        if not mine:
            raise SettingsError(
                f"targets must be names of the UNet's modules, got {target!r}",
                "for instance to_q, to_k, to_v, to_out.0",
            )
        found |= {name: module for name, module in mine.items() if hasattr(module, "weight")}
    return found


def _by_layer(layers: Iterable[str], parts: Mapping[str, Any], what: str, *, whole: bool) -> dict[str, Any]:
    """Turn values by a part of a name into values by whole name; a longer part wins over a shorter one."""
    found: dict[str, Any] = {}
    for part in sorted(parts, key=len):
        mine = [name for name in layers if part in name]
        if whole and not mine:
            raise SettingsError(f"{what} must name parts of the modules' names, got {part!r}", "for instance mid_block")
        found |= {name: parts[part] for name in mine}
    return found


def _add(model: Any, config: LoraConfig, seed: int, purpose: str) -> None:
    """Freeze a model and put LoRA matrices into it that follow from the seed."""
    from diffusers.training_utils import cast_training_params

    model.requires_grad_(False)
    with torch.random.fork_rng(devices=[]):
        # PEFT takes the global generator; a counted seed makes the start part of the run's settings.
        torch.manual_seed(denoise.counted(seed, purpose).initial_seed())
        model.add_adapter(config)
    cast_training_params(model, dtype=torch.float32)
    for module in model.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            # The matrices come in the run's format (see `masters`); PEFT's own cast would keep a
            # copy of each input for the backward pass.
            module.cast_input_dtype_enabled = False
        if _is_plain(module):
            module.forward = functools.partial(_lean, module)


def _is_plain(module: torch.nn.Module) -> bool:
    """Say whether `_lean` gives what a module's own forward does."""
    from peft.tuners.lora.layer import Linear

    return (
        isinstance(module, Linear)
        and not module.lora_variant
        and isinstance(module.lora_dropout[_ADAPTER], torch.nn.Identity)
        and not module.lora_bias[_ADAPTER]
    )


def _lean(module: Any, x: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
    """Compute W x + scale B (A x) with the sum inside the last product.

    PEFT's own forward makes three arrays of the output's size and three more going back, this
    makes one: on SD 2.1 every LoRA module lies in a part where that costs as much as its products.
    """
    result: torch.Tensor = module.base_layer(x, *rest, **more)
    if module.disable_adapters:
        return result
    down = functional.linear(x, module.lora_A[_ADAPTER].weight) * module.scaling[_ADAPTER]
    up = module.lora_B[_ADAPTER].weight
    flat = torch.addmm(result.flatten(0, -2), down.flatten(0, -2), up.t())
    return flat.view_as(result)


def checkpoint_activations(unet: UNet2DConditionModel) -> None:
    """Let the UNet compute its activations again going back, instead of keeping them."""
    unet.enable_gradient_checkpointing(functools.partial(torch.utils.checkpoint.checkpoint, use_reentrant=False))


def has_channels_last(settings: TrainSettings, place: device.Device) -> bool:
    """Say whether images have their channels last: as asked, else where it pays (tensor cores)."""
    if settings.channels_last is not None:
        return settings.channels_last
    return place.name == "cuda" and place.dtype != "fp32"


def count(unet: torch.nn.Module) -> tuple[int, int]:
    """Return how many modules have a LoRA, and how many parameters are trained."""
    trained = [(name, p) for name, p in unet.named_parameters() if p.requires_grad]
    modules = {name.partition(".lora_")[0] for name, _ in trained}
    return len(modules), sum(p.numel() for _, p in trained)


# --- as others know it ------------------------------------------------------------------------


def start_of(model: torch.nn.Module, settings: TrainSettings) -> dict[str, torch.Tensor]:
    """Return what has to be taken off the matrices again: those that PiSSA took out of the base's weights."""
    if settings.init != "pissa":
        return {}
    return {name: p.detach().float().cpu().clone() for name, p in model.named_parameters() if p.requires_grad}


def shell(model: Any, settings: TrainSettings) -> Any:
    """Return a model of the same layers without memory, with the LoRA in its plainest form.

    Other programs know the scale alpha / rank and weights that the base has. So rsLoRA's scale
    goes into alpha, and PiSSA's matrices become twice as wide: those that were trained, and
    those they began as with the opposite sign.
    """
    trained: LoraConfig = model.peft_config[_ADAPTER]
    factor = 2 if settings.init == "pissa" else 1

    def alpha_of(alpha: float, rank: int) -> float:
        return factor * alpha * (math.sqrt(rank) if trained.use_rslora else 1)

    from peft import LoraConfig

    names = {*trained.rank_pattern, *trained.alpha_pattern}
    ranks = {name: trained.rank_pattern.get(name, trained.r) for name in names}
    alphas = {name: trained.alpha_pattern.get(name, trained.lora_alpha) for name in names}
    config = LoraConfig(
        r=factor * trained.r,
        lora_alpha=alpha_of(trained.lora_alpha, trained.r),
        target_modules=trained.target_modules,
        rank_pattern={name: factor * rank for name, rank in ranks.items()},
        alpha_pattern={name: alpha_of(alphas[name], ranks[name]) for name in names},
        lora_dropout=trained.lora_dropout,
        use_dora=trained.use_dora,
        init_lora_weights="gaussian",
    )
    with torch.device("meta"):
        empty = type(model).from_config(model.config) if hasattr(model, "from_config") else type(model)(model.config)
        empty.requires_grad_(False)
        empty.add_adapter(config)
    return empty


def fill(empty: Any, weights: Mapping[str, torch.Tensor], start: Mapping[str, torch.Tensor]) -> None:
    """Put trained matrices into a shell, float32 on the CPU.

    Args:
        weights: all that is trained, by the name of its parameter.
        start: as `start_of` gave it.
    """
    for name, tensor in weights.items():
        value = tensor.detach().float().cpu()
        if start:
            is_a = ".lora_A." in name
            value = torch.cat([value, start[name] if is_a else -start[name]], dim=0 if is_a else 1)
        place, _, last = name.rpartition(".")
        empty.get_submodule(place)._parameters[last] = torch.nn.Parameter(value.contiguous())
