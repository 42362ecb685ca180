"""Random styles: all different, all drawable, walls always to be seen."""

from __future__ import annotations

import random

import numpy as np

import plans
from madorizu import canvas, draw
from madorizu.draw.variety import random_style
from madorizu.plan import outline


def test_equal_generators_give_equal_styles() -> None:
    """The style follows from the generator alone, and the next one is another."""
    rng = random.Random(5)
    assert random_style(random.Random(5)) == random_style(rng) != random_style(rng)


def test_no_two_of_fifty_are_alike() -> None:
    """Fifty draws give fifty styles."""
    rng = random.Random(0)
    assert len({repr(random_style(rng)) for _ in range(50)}) == 50


def test_walls_are_seen_in_every_style() -> None:
    """Along the middle of an outer wall or its faces, every style differs from its paper by 40 levels."""
    plan = plans.sample_house().plans[0]
    place = canvas.fit_outline(outline(plan))
    x = int(place.left * 32)
    rows = slice(int((place.top + 2.2) * 32), int((place.top + 3.3) * 32))  # of the west wall, between two windows
    for seed in range(40):
        style = random_style(random.Random(seed))
        picture = draw.raster(plan, style, canvas=place).astype(int)
        paper = np.array([int(style.paper[i : i + 2], 16) for i in (1, 3, 5)])
        assert np.abs(picture[rows, x - 5 : x + 5] - paper).max() >= 40, seed
