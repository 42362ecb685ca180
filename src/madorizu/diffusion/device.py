"""Which device and which number format a run uses, and what memory there is."""

from __future__ import annotations

import contextlib
import gc
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu.errors import SettingsError

if TYPE_CHECKING:
    import torch
    from diffusers import UNet2DConditionModel

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class Device:
    """Where to compute and in which format ("fp32", "bf16", "fp16")."""

    name: str
    dtype: str

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype as torch names it."""
        import torch

        return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[self.dtype]

    def autocast(self) -> torch.autocast:
        """Compute what is inside in this format, the rest in float32."""
        import torch

        return torch.autocast(self.name, self.torch_dtype, enabled=self.dtype != "fp32")

    @property
    def mixed_precision(self) -> str:
        """The dtype as accelerate names it."""
        return "no" if self.dtype == "fp32" else self.dtype


CPU = Device("cpu", "fp32")


def choose(device: str = "auto", dtype: str = "auto") -> Device:
    """Choose the device for training: CUDA, then MPS, then the CPU; and the safest fast format.

    CUDA takes bf16 where the card has it, else fp16; MPS fp32; the CPU fp32, or bf16 where it
    has instructions for it (AVX512-BF16, AMX).

    Raises:
        SettingsError: if the device is not there, or cannot use the format.
    """
    import torch

    if device not in DEVICES:
        raise SettingsError(f"device must be one of {', '.join(DEVICES)}, got {device!r}")
    if dtype not in DTYPES:
        raise SettingsError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[device]:
        raise SettingsError(f"device must be present, got {device!r} and none was found", "use --device auto")
    if dtype == "auto":
        dtype = _best_dtype(device)
    if dtype == "fp16" and device != "cuda":
        raise SettingsError(f"dtype must be fp32 or bf16 on {device}, got fp16", "use --dtype auto")
    return Device(device, dtype)


def for_sampling(device: str = "auto", *, small: bool) -> Device:
    """Choose the device for drawing.

    The CPU, MPS and small models draw in fp32, so that plain diffusers gives the same
    pixels; a full Stable Diffusion on CUDA takes bf16 or fp16.
    """
    chosen = choose(device, "auto")
    return Device(chosen.name, chosen.dtype if chosen.name == "cuda" and not small else "fp32")


def _best_dtype(device: str) -> str:
    import torch

    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device == "cpu" and _cpu_flags() & {"avx512_bf16", "amx_bf16"}:
        return "bf16"
    return "fp32"


def _cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the CPU's feature flags, or none where the system does not tell them (macOS)."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), []))


def free_bytes(device: str) -> int | None:
    """Return the memory that is free for this device, or None where the system does not tell."""
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), None)


def peak_bytes(device: str) -> int:
    """Return the most memory this process held so far: the card's on CUDA, else resident memory."""
    import torch

    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB


def release(device: str) -> None:
    """Give memory of dropped models back."""
    import torch

    gc.collect()
    if sys.platform == "linux":
        import ctypes

        # glibc keeps freed pieces under 32 MB; those of an encoder are more than a gigabyte.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
    if device == "cuda":
        torch.cuda.empty_cache()
    elif device == "mps":
        torch.mps.empty_cache()


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Keep diffusers and transformers from writing progress bars and advice that is not for our users."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    levels = [(logging, logging.get_verbosity()) for logging in (diffusers_logging, transformers_logging)]
    for logging, _ in levels:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        yield
    finally:
        for logging, level in levels:
            logging.set_verbosity(level)
            logging.enable_progress_bar()


def has_unused_gpu() -> bool:
    """Say whether an NVIDIA card seems to be here that this build of torch cannot use."""
    import torch

    return shutil.which("nvidia-smi") is not None and not torch.cuda.is_available()


class SafeAttention:
    """Attention with contiguous inputs and fp32 scores, for devices where the plain one is not safe.

    MPS computes attention wrongly on non-contiguous q, k, v (pytorch #163597); in fp16 the
    scores of SD 2.1 overflow. Serves self and cross attention of `UNet2DConditionModel`
    without masks; the figures are those of diffusers' `AttnProcessor2_0`.
    """

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        temb: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Compute softmax(q k) v and the output projection for tokens of shape (batch, length, channels)."""
        import torch
        from torch.nn import functional

        if attention_mask is not None or hidden_states.ndim != 3:
            raise SettingsError("attention must get tokens without a mask, got an image or a mask")
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        batch, length, _ = hidden_states.shape

        def heads(x: torch.Tensor) -> torch.Tensor:
            return x.view(batch, -1, attn.heads, x.shape[-1] // attn.heads).transpose(1, 2).contiguous().float()

        q, k, v = heads(attn.to_q(hidden_states)), heads(attn.to_k(context)), heads(attn.to_v(context))
        with torch.autocast(hidden_states.device.type, enabled=False):
            out = functional.scaled_dot_product_attention(q, k, v)
        out = out.transpose(1, 2).reshape(batch, length, -1).to(hidden_states.dtype)
        out = attn.to_out[1](attn.to_out[0](out))
        result: torch.Tensor = (out + hidden_states if attn.residual_connection else out) / attn.rescale_output_factor
        return result


def make_safe(unet: UNet2DConditionModel, device: Device) -> None:
    """Give the UNet `SafeAttention` where its device or format needs it."""
    if device.name == "mps" or device.dtype == "fp16":
        unet.set_attn_processor(SafeAttention())
