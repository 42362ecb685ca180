"""The layers of a drawing, lowest first, and which of them are drawn."""

from __future__ import annotations

from collections.abc import Iterable

from madorizu.errors import SettingsError

BUILDING = ("floor", "closet", "fixture", "stair", "railing", "wall", "opening")
WORDS = ("note", "label")  # UP, DN, 冷, 洗; names and sizes of rooms
FRAME = ("grid", "dimension", "north", "scale")  # around the building: they need a sheet's margin
LAYERS: tuple[str, ...] = (
    "floor",  # fills, tatami, tiles, boards, the cross of a void
    "closet",  # hanger rails, shelves
    "grid",  # axes with their bubbles
    "fixture",
    "stair",
    "railing",
    "above",  # outline of what is over this storey: void, balcony, canopy; the roof beside it
    "wall",
    "opening",
    "note",
    "label",
    "dimension",
    "north",
    "scale",  # bar, S=1/100, storey
)


def chosen_layers(layers: Iterable[str] | None, *, labels: bool = False) -> frozenset[str]:
    """Return the layers to draw: those named, or the building's; `labels` adds the words.

    Raises:
        SettingsError: naming every layer that does not exist.
    """
    if isinstance(layers, str):
        raise SettingsError(f"layers must be a list of names, got the text {layers!r}")
    chosen = frozenset(BUILDING if layers is None else layers)
    if unknown := sorted(chosen - set(LAYERS)):
        raise SettingsError(f"layers must be of {', '.join(LAYERS)}, got {', '.join(unknown)}")
    return chosen | frozenset(WORDS if labels else ())
