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

from madorizu.errors import SettingsError, TrainingError

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


def has_half(device: str) -> bool:
    """Say whether 16 bit makes a step smaller here: everywhere but on MPS, where it is not safe."""
    return device != "mps"


def wait(device: str) -> None:
    """Wait until a device has done what it was given."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


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
    """Return the most memory this process held since `reset_peak`, or so far: the card's on CUDA, else resident."""
    import torch

    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    if (found := _status("VmHWM")) is not None:
        return found
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB


def held_bytes(device: str) -> int | None:
    """Return what this process holds now: of the card on CUDA, else resident; None where nobody tells."""
    import torch

    return int(torch.cuda.memory_allocated()) if device == "cuda" else _status("VmRSS")


def reset_peak(device: str) -> None:
    """Let `peak_bytes` begin anew, where the system can do that."""
    import torch

    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(name: str) -> int | None:
    """Return a figure of this process in bytes as Linux tells it, or None."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


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

    modules = (diffusers_logging, transformers_logging)
    levels = [(m, m.get_verbosity(), m.is_progress_bar_enabled()) for m in modules]
    for logging, _, _ in levels:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        yield
    finally:
        for logging, level, had_bars in levels:
            logging.set_verbosity(level)
            if had_bars:  # one of these blocks inside another leaves them off
                logging.enable_progress_bar()


def has_unused_gpu() -> bool:
    """Say whether an NVIDIA card seems to be here that this build of torch cannot use."""
    import torch

    return shutil.which("nvidia-smi") is not None and not torch.cuda.is_available()


def self_test(device: str) -> None:
    """Compute one small step on a device and on the CPU, and refuse the device if they differ.

    A product, a convolution, norms, attention with inputs that are not contiguous, and AdamW:
    each of them has been wrong on some version of MPS.

    Raises:
        TrainingError: naming what differs.
    """
    import torch

    wanted, got = _small_step("cpu"), _small_step(device)
    for name, tensor in wanted.items():
        other = got[name].cpu()
        if not torch.allclose(other, tensor, rtol=1e-3, atol=1e-4):
            off = float((other - tensor).abs().max())
            raise TrainingError(
                f"{device} must compute what the CPU does, got other numbers in {name} (off by {off:.2g})",
                "use --device cpu, or another version of torch or of the system",
            )


def _small_step(device: str) -> dict[str, torch.Tensor]:
    """Return what the layers of a UNet and one step of AdamW give on a device."""
    import torch
    from torch.nn import functional

    generator = torch.Generator("cpu").manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(device)

    image, kernel, matrix = drawn(1, 8, 8, 8), drawn(8, 8, 3, 3), drawn(8, 8)
    trained = torch.nn.Parameter(drawn(8, 8).t())  # not contiguous
    optimizer = torch.optim.AdamW([trained], lr=0.1)
    found: dict[str, torch.Tensor] = {}
    found["convolution"] = functional.group_norm(functional.conv2d(image, kernel, padding=1), 4)
    tokens = found["convolution"].flatten(2).transpose(1, 2)
    found["product"] = functional.layer_norm(tokens @ trained, (8,))
    heads = found["product"].view(1, 64, 2, 4).transpose(1, 2).contiguous()
    found["attention"] = functional.scaled_dot_product_attention(heads, heads, heads)
    loss = (found["attention"].transpose(1, 2).reshape(1, 64, 8) @ matrix).square().mean()
    loss.backward()  # type: ignore[no-untyped-call]
    found["gradient"] = trained.grad if trained.grad is not None else torch.zeros_like(trained)
    optimizer.step()
    found["AdamW"] = trained
    return {name: tensor.detach() for name, tensor in found.items()}


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
