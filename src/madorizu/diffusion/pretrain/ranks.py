"""Several processes on one training: who one is, and gradients averaged over all.

Started by `torchrun --nproc-per-node N`; without it there is one rank.
"""

from __future__ import annotations

import os

import torch
import torch.distributed as dist


def join(device: str = "cpu") -> tuple[int, int]:
    """Join the processes that torchrun started; returns (rank, world size)."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1 and not dist.is_initialized():
        if device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def average_gradients(model: torch.nn.Module) -> None:
    """Replace every gradient by its mean over all ranks; nothing to do for one."""
    if not dist.is_initialized():
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()


def any_of(said: bool) -> bool:
    """Say whether any rank says so; all ranks get the same answer."""
    if not dist.is_initialized():
        return said
    flag = torch.tensor([1.0 if said else 0.0], device="cuda" if dist.get_backend() == "nccl" else "cpu")
    dist.all_reduce(flag, op=dist.ReduceOp.MAX)
    return bool(flag.item())


def wait() -> None:
    """Wait until all ranks are here."""
    if dist.is_initialized():
        dist.barrier()
