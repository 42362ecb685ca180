"""Advice in words for a run that is short of memory, slow, or does not learn."""

from __future__ import annotations

from madorizu.diffusion.progress import duration

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


def needed_bytes(parameters: int, *, dtype: str, size_px: int, batch_size: int, checkpointing: bool) -> int:
    """Estimate the memory of a step: frozen weights and kept activations.

    Activations of other UNets than SD 2.1's are taken in proportion to their parameters,
    which is rough.
    """
    half = dtype != "fp32"
    share = parameters / _REFERENCE_PARAMETERS
    kept = _ACTIVATIONS["half" if half else "fp32", checkpointing] * share * batch_size * (size_px / 512) ** 2
    return int(parameters * (2 if half else 4) + kept)


def smaller(*, batch_size: int, checkpointing: bool, size_px: int, base_name: str) -> str:
    """Say which setting to change, the one that costs least first."""
    if batch_size > 1:
        return f"use --batch-size {batch_size // 2} --accumulate 2, which trains the same"
    if not checkpointing:
        return "use --gradient-checkpointing, which keeps a seventh of the intermediate results"
    if size_px > 512:
        return "use --size 512"
    if base_name != "embedded":
        return "use --base embedded, which is many times smaller, or a machine with more memory"
    return "close other programs, or use a machine with more memory"


def on_memory(needed: int, free: int | None, **setting: object) -> str | None:
    """Warn before the first step when it will probably not fit; None when it will."""
    if free is None or needed < free:
        return None
    what = smaller(**setting)  # type: ignore[arg-type]
    return f"a step needs about {needed / _GB:.1f} GB and {free / _GB:.1f} GB are free: {what}"


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


def on_loss(first: float, last: float, *, epoch: int) -> str | None:
    """Say so when the mean loss of an epoch is too high or has risen since the first; None when it is well.

    A model that knows nothing has a loss of about 1 in both kinds of prediction.
    """
    if last > 2:
        return f"the loss is {last:.2f}, a model that knows nothing has 1: lower --lr, or check that the base is whole"
    if epoch > 1 and last > 1.3 * first:
        return f"the loss has risen from {first:.3f} to {last:.3f} since the first epoch: lower --lr"
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error of torch or Python means that memory ran out, on any device."""
    text = str(error).lower()
    signs = ("out of memory", "can't allocate memory", "cannot allocate memory", "invalid buffer size")
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(sign in text for sign in signs))
