"""Advice in words for a run that is short of memory, slow, or does not learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from madorizu.diffusion.progress import duration

if TYPE_CHECKING:
    from madorizu.diffusion.settings import TrainSettings

_GB = 1e9
# Activations kept for the backward pass of SD 2.1 at 512 px and batch 1, in bytes:
# (dtype, gradient checkpointing) -> computed with torch's own counters on meta tensors.
_ACTIVATIONS = {
    ("fp32", False): 1438 << 20,
    ("fp32", True): 202 << 20,
    ("half", False): 951 << 20,
    ("half", True): 101 << 20,
}
_REFERENCE_PARAMETERS = 865_910_724
SLOW_S = 4 * 3600
_PATIENCE = 2  # validations in a row
_WORSE = 1.05
_LONG_ENOUGH, _STAYS = 3, 0.995  # epochs; share of the first epoch's loss


def needed_bytes(parameters: int, *, dtype: str, size_px: int, batch_size: int, checkpointing: bool) -> int:
    """Estimate the memory of a step: frozen weights and kept activations.

    Activations of other UNets than SD 2.1's are taken in proportion to their parameters,
    which is rough.
    """
    half = dtype != "fp32"
    share = parameters / _REFERENCE_PARAMETERS
    kept = _ACTIVATIONS["half" if half else "fp32", checkpointing] * share * batch_size * (size_px / 512) ** 2
    return int(parameters * (2 if half else 4) + kept)


def smaller(*, batch_size: int, checkpointing: bool, size_px: int, base_name: str, half: bool = False) -> str:
    """Say which setting to change, the one that costs least first.

    Args:
        half: the run computes in 32 bit where it could in 16.
    """
    if batch_size > 1:
        return f"use --batch-size {batch_size // 2} --accumulate 2, which trains the same"
    if not checkpointing:
        return "use --gradient-checkpointing, which keeps a seventh of the intermediate results"
    if half:
        return "use --dtype bf16, which halves the memory"
    if size_px > 512:
        return "use --size 512"
    if base_name != "embedded":
        return "use --base embedded, which is many times smaller, or a machine with more memory"
    return "close other programs, or use a machine with more memory"


def in_words(settings: TrainSettings) -> str:
    """Write the settings that decide on memory as flags."""
    words = f"--batch-size {settings.batch_size} --accumulate {settings.accumulate}"
    return words + (" --gradient-checkpointing" if settings.gradient_checkpointing else "")


def on_overfitting(validation: Sequence[tuple[int, float]]) -> str | None:
    """Warn when the validation loss has been clearly above its best for a while; None when it is well.

    Args:
        validation: (step, loss at fixed noise) in order.
    """
    if len(validation) < _PATIENCE + 1:
        return None
    best_step, best = min(validation, key=lambda row: row[1])
    last = [loss for _, loss in validation[-_PATIENCE:]]
    if min(last) < best * _WORSE:
        return None
    return (
        f"the validation loss was best at step {best_step} ({best:.4f}) and is {last[-1]:.4f} now: the LoRA begins to "
        "learn its images by heart. Take a checkpoint near that step, or use fewer --epochs, a lower --rank, "
        "or more images"
    )


def on_speed(left_s: float, *, device: str, unused_gpu: bool, checkpointing: bool, large: bool) -> str | None:
    """Say why training is slow and what would be faster; None when it is not."""
    if left_s < SLOW_S:
        return None
    begin = f"this run will take about {duration(left_s)}"
    if unused_gpu:
        return f"{begin}: this computer has an NVIDIA card, but torch was installed for the CPU; install the CUDA build"
    if device == "cpu" and large:
        return f"{begin}: a CPU is slow for so large a model; use --base embedded, a GPU, or fewer --steps"
    if checkpointing:
        return f"{begin}: without --gradient-checkpointing a step takes a quarter less time, if memory allows"
    return f"{begin}: use fewer --epochs or --steps; it can be stopped at any time and continued with --resume auto"


def on_loss(first: float, last: float, *, epoch: int, epochs: int = 0) -> str | None:
    """Say so when the mean loss of an epoch is too high, has risen or has not moved; None when it is well.

    Args:
        first, last: mean losses of the first epoch and of this one.
        epochs: of the whole run; after half of them a loss that stays is worth a word.

    A model that knows nothing has a loss of about 1 in both kinds of prediction.
    """
    if last > 2:
        return f"the loss is {last:.2f}, a model that knows nothing has 1: lower --lr, or check that the base is whole"
    if epoch > 1 and last > 1.3 * first:
        return f"the loss has risen from {first:.3f} to {last:.3f} since the first epoch: lower --lr"
    if epoch >= _LONG_ENOUGH and 2 * epoch >= epochs and last > _STAYS * first:
        return (
            f"the loss stays at {last:.3f}, {first:.3f} in the first epoch: raise --lr or --rank, or train longer; "
            "the validation loss, at fixed noise, tells more than single steps do"
        )
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error of torch or Python means that memory ran out, on any device."""
    text = str(error).lower()
    signs = ("out of memory", "can't allocate memory", "cannot allocate memory", "invalid buffer size")
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(sign in text for sign in signs))
