"""`evaluate.compare`: the same briefs and seeds, without and with an adapter, in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from madorizu.brief import Brief, caption
from madorizu.errors import ModelError, SettingsError
from madorizu.evaluate import compare as comparing

BLACK, RED = (0, 0, 0), (200, 0, 0)


def painter(colour: tuple[int, int, int], asked: list[Any]) -> Any:
    """Return a model that paints whole pictures in one colour and notes what it was asked."""

    def draw(captions: Sequence[str], seeds: Sequence[int]) -> Any:
        asked.append((colour, tuple(captions), tuple(seeds)))
        return np.full((len(seeds), 32, 32, 3), colour, np.uint8)

    return draw


def test_both_models_get_the_same_captions_and_seeds() -> None:
    """The base is asked first, then the base with the adapter, with the very same list."""
    asked: list[Any] = []
    captions = comparing.usual_captions(4, style="atelier")
    made = comparing.compare(captions, without=painter(BLACK, asked), with_adapter=painter(RED, asked), seed=10)
    assert [a[0] for a in asked] == [BLACK, RED]
    assert asked[0][1:] == asked[1][1:] == (captions, (10, 11, 12, 13))
    assert made.captions == captions
    assert made.captions[0] == "floor plan, 1F, 8x8, entrance south, stairs, style atelier"
    assert made.difference == (66.67,) * 4  # (200 + 0 + 0) / 3


def test_the_picture_has_a_labelled_row_per_brief(tmp_path: Path) -> None:
    """Left without, right with: spelled out in pixels, and written as PNG."""
    made = comparing.compare(
        comparing.usual_captions(2), without=painter(BLACK, []), with_adapter=painter(RED, []), seed=0
    )
    path = comparing.save(made, tmp_path / "new" / "comparison.png")
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        drawn = np.asarray(image)
    # 24 + 384 + 24 + 384 + 24 wide; a head of 72, then per row 34 for the caption, 384 and 24.
    assert drawn.shape == (72 + 2 * (34 + 384 + 24), 840, 3)
    for row in range(2):
        middle = 72 + row * 442 + 34 + 192
        assert tuple(drawn[middle, 24 + 192]) == BLACK
        assert tuple(drawn[middle, 432 + 192]) == RED
        assert drawn[72 + row * 442 : 72 + row * 442 + 30].min() < 160  # the caption is there
    assert drawn[:60, :420].min() < 128 and drawn[:60, 432:].min() < 128  # so are both heads


def test_long_titles_and_captions_stay_inside() -> None:
    """A line that is too long is set smaller, not cut by the next column."""
    brief = Brief(
        "1F",
        14 * 910,
        14 * 910,
        frozenset({"stairs", "entrance", "balcony"}),
        "s",
        3,
        frozenset({"ldk", "wa", "bath", "wic", "sic", "pantry", "s", "void"}),
        "atelier",
    )
    made = comparing.compare([caption(brief)], without=painter(BLACK, []), with_adapter=painter(RED, []))
    drawn = comparing.picture(made, titles=("a base of our own with a rather long name, without the adapter", "with"))
    assert drawn[:, -20:].min() == 255
    assert drawn[:60, 410:430].min() == 255


def test_own_titles_are_drawn(tmp_path: Path) -> None:
    """Titles name what is compared."""
    made = comparing.compare(comparing.usual_captions(1), without=painter(BLACK, []), with_adapter=painter(RED, []))
    one = comparing.save(made, tmp_path / "one.png", titles=("A", "B")).read_bytes()
    assert one != comparing.save(made, tmp_path / "two.png", titles=("C", "D")).read_bytes()


def test_wrong_input_is_refused() -> None:
    """No brief, too many, no pictures, pictures of two sizes."""
    with pytest.raises(SettingsError, match="captions must hold at least one, got none"):
        comparing.compare([], without=painter(BLACK, []), with_adapter=painter(RED, []))
    with pytest.raises(SettingsError, match="count must be 1 to 8, got 9"):
        comparing.usual_captions(9)
    with pytest.raises(ModelError, match="model must return 1 RGB pictures of uint8, got float64"):
        comparing.compare(
            comparing.usual_captions(1),
            without=lambda c, s: np.zeros((1, 8, 8, 3)),  # type: ignore[arg-type, return-value]
            with_adapter=painter(RED, []),
        )
    with pytest.raises(ModelError, match="pictures must have one size, got 8 px and 32 px"):
        comparing.compare(
            comparing.usual_captions(1),
            without=lambda c, s: np.zeros((1, 8, 8, 3), np.uint8),
            with_adapter=painter(RED, []),
        )
