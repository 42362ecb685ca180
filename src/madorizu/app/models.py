"""The one place where the application reaches for a model.

Its functions bring torch when they are called; the import of this module does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from madorizu.errors import AdapterError
from madorizu.pipeline import Draw, Image

if TYPE_CHECKING:
    from madorizu.diffusion.adapter import Adapter

ALONE = Path("none")  # in the place of an adapter: the base alone


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is loaded, or that loads itself when it is first asked.

    Attributes:
        draw: captions and seeds -> pictures.
        base: name or folder of the base.
        adapter: the adapter's folder, or None for the base alone.
        style: the style of the adapter's training data; captions that leave it open take it.
    """

    draw: Draw
    base: str
    adapter: Path | None
    style: str | None


def find_adapter(given: Path | None) -> Path | None:
    """Return the adapter's folder: the given one, else the one of the last training.

    None for the word "none", which asks for the base alone; a folder of that name must be given
    with the folder that it lies in.

    Raises:
        AdapterError: if there is none.
    """
    if given is not None:
        return None if given == ALONE else given
    from madorizu.diffusion import adapter as adapters

    found = adapters.find()
    if found is None:
        raise AdapterError(
            "training/lora_model/final must hold a trained adapter, got none",
            "train one with training/start_training.sh, name one with --lora, or use --generator simple",
        )
    return found


def load(
    base: str | None,
    adapter: Path | None,
    *,
    device: str = "auto",
    steps: int = 20,
    guidance: float | None = None,
    size_px: int | None = None,
) -> Model:
    """Load a base with an adapter, or alone.

    Args:
        base: name or folder; None takes what the adapter was trained on, and without one "embedded".
        adapter: the adapter's folder, or None for the base alone.
        device: "auto", "cpu", "cuda" or "mps".
        steps: denoising steps per picture.
        guidance: strength of the caption, or None for the base's own.
        size_px: side of the pictures, or None for that of the adapter's training images, and
            without an adapter for the base's own.

    Raises:
        BaseModelError: if the base is missing or incomplete.
        AdapterError: if the adapter is missing, damaged or was trained on another base.
    """
    from madorizu.diffusion import sample

    style = style_of(adapter)
    base = base or base_of(adapter)
    sampler = sample.load(base, adapter, device, size_px)

    def draw(captions: Sequence[str], seeds: Sequence[int]) -> Image:
        return sampler.draw(captions, seeds, steps=steps, guidance=guidance)

    return Model(draw, base, adapter, style)


def base_of(adapter: Path | None) -> str:
    """Return the name or folder of the base that an adapter was trained on; "embedded" without one.

    Raises:
        AdapterError: if the adapter is missing or damaged, or its base is not known here.
    """
    if adapter is None:
        return "embedded"
    from madorizu.diffusion import adapter as adapters

    return adapters.base_of(_read(adapter))


def size_of(adapter: Path | None) -> int | None:
    """Return the side in pixels of the images that an adapter was trained on; None without one.

    Raises:
        AdapterError: if the adapter is missing or damaged.
    """
    return None if adapter is None else _read(adapter).size_px


def style_of(adapter: Path | None) -> str | None:
    """Return the style that an adapter was trained to draw; None for none.

    Raises:
        AdapterError: if the adapter is missing or damaged.
    """
    return None if adapter is None else _read(adapter).style


def _read(folder: Path) -> Adapter:
    from madorizu.diffusion import adapter as adapters

    return adapters.read(folder)
