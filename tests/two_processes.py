"""A script for tests: train on a tiny base in one of several processes and write the first gradient.

two_processes.py BASE DATA OUT BATCH_SIZE
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

import tiny
from madorizu.diffusion import masters
from madorizu.diffusion.masters import Masters
from madorizu.diffusion.train import train


def main(base: str, data: str, out: str, batch_size: str) -> None:
    """Train two epochs; the first process writes the gradient of the first step, averaged over all."""
    folder = Path(out)
    done: list[Masters] = []
    real = masters.share

    def share(numbers: Masters, accelerator: Any) -> None:
        real(numbers, accelerator)
        if not done and accelerator.is_main_process:
            found = {n: p.grad for n, p in zip(numbers.names, numbers.own, strict=True) if p.grad is not None}
            save_file(found, folder / "gradient.safetensors")
        done.append(numbers)

    setattr(masters, "share", share)  # noqa: B010
    train(tiny.settings(Path(base), Path(data), folder, batch_size=int(batch_size), keep=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
