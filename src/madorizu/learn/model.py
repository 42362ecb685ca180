"""The net that reads a drawing: pixels in, classes per cell and edge of the lattice out.

A plain convolutional net (U-Net, Ronneberger et al. 2015) whose finest answer is one cell of
16 px: half a module. Below, it sees the whole storey; above, it keeps what a cell looks like.
"""

from __future__ import annotations

import torch
from torch import nn

from madorizu.vectorise.answer import CHANNELS

WIDTHS = (16, 32, 56, 112, 144, 160)  # channels at strides 2 to 64


class Block(nn.Module):
    """Two 3×3 convolutions with batch normalisation and a way around them."""

    def __init__(self, width: int) -> None:
        """Make a block that keeps its number of channels."""
        super().__init__()
        self.first = conv(width, width)
        self.second = conv(width, width, active=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return float32 of x's shape."""
        return torch.relu(x + self.second(self.first(x)))


def conv(inner: int, outer: int, *, stride: int = 1, active: bool = True) -> nn.Sequential:
    """Return a 3×3 convolution with batch normalisation, and a ReLU if `active`."""
    parts: list[nn.Module] = [nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer)]
    if active:
        parts.append(nn.ReLU(inplace=True))
    return nn.Sequential(*parts)


class Tracer(nn.Module):
    """The net.

    Args:
        widths: channels at the strides 2, 4, 8, 16, 32 and 64.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        """Make a net with random weights."""
        super().__init__()
        two, four, eight, cell, half, least = widths
        self.down = nn.Sequential(
            conv(3, two, stride=2),
            conv(two, four, stride=2),
            Block(four),
            conv(four, eight, stride=2),
            Block(eight),
            conv(eight, cell, stride=2),
            Block(cell),
        )
        self.wide = nn.Sequential(conv(cell, half, stride=2), Block(half), Block(half))
        self.widest = nn.Sequential(conv(half, least, stride=2), Block(least), Block(least))
        self.back_to_half = nn.Conv2d(least, half, 1)
        self.mix_half = Block(half)
        self.back_to_cell = nn.Conv2d(half, cell, 1)
        self.mix_cell = nn.Sequential(Block(cell), Block(cell))
        self.head = nn.Conv2d(cell, CHANNELS, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Read pictures.

        Args:
            x: float32, (batch, 3, height, width), 0 to 1; sides are multiples of 64.

        Returns:
            float32, (batch, CHANNELS, height / 16, width / 16), raw scores.
        """
        cell = self.down(x - 0.5)
        half = self.wide(cell)
        least = self.widest(half)
        half = self.mix_half(half + _doubled(self.back_to_half(least)))
        cell = self.mix_cell(cell + _doubled(self.back_to_cell(half)))
        found: torch.Tensor = self.head(cell)
        return found


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
