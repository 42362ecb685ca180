"""Many pairs of drawing and sidecar, made from random houses.

A corpus trains the embedded base; the sample data set is a small corpus in a style of
its own. House number i of seed s is always the same house, so a run that was stopped
goes on where it was, and more workers give the same files.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from madorizu import canvas, draw, executor, files, houses, sidecar
from madorizu.errors import SettingsError
from madorizu.plan import outline


@dataclass(frozen=True, slots=True)
class _Order:
    number: int
    seed: int
    styles: tuple[str, ...]
    per_house: int
    storeys: int | None
    out: str


def make(
    *,
    houses: int,
    seed: int,
    styles: Sequence[str],
    out: Path,
    workers: int | None = None,
    per_house: int = 1,
    storeys: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Write pairs of PNG and JSON, one per storey and style.

    Args:
        houses: how many houses.
        seed: equal seeds give equal files.
        styles: names of `draw.STYLES` to choose from.
        out: folder; pairs that are there already are kept.
        workers: see `executor.run`.
        per_house: in how many of the styles each house is drawn.
        storeys: 1 or 2 for houses of so many storeys; None takes both kinds.
        report: called with the number of houses done and asked for.

    Returns:
        The number of pairs in the folder that belong to these houses.

    Raises:
        SettingsError: if a number or a style is wrong.
        StorageError: if the folder cannot be written.
    """
    if houses < 1:
        raise SettingsError(f"houses must be at least 1, got {houses}")
    if not styles or (unknown := sorted(set(styles) - set(draw.STYLES))):
        raise SettingsError(
            f"styles must be of {', '.join(draw.STYLES)}, got {', '.join(unknown) if styles else 'none'}"
        )
    if not 1 <= per_house <= len(styles):
        raise SettingsError(f"per_house must be from 1 to the number of styles, got {per_house}")
    if storeys not in (None, 1, 2):
        raise SettingsError(f"storeys must be 1 or 2, got {storeys}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.storage_error(error, out) from error
    orders = [_Order(i, seed, tuple(styles), per_house, storeys, str(out)) for i in range(houses)]
    pairs = 0
    for done, count in enumerate(executor.run(_make_house, orders, workers=workers), start=1):
        pairs += count
        report(done, houses)
    return pairs


def _make_house(order: _Order) -> int:
    """Draw one house; returns the number of pairs."""
    house = houses.random_house(
        seed=zlib.crc32(f"{order.seed}/{order.number}".encode()),
        house_id=f"h{order.number:05d}",
        storeys=order.storeys,
    )
    first = zlib.crc32(f"style/{order.seed}/{order.number}".encode())
    chosen = [order.styles[(first + i) % len(order.styles)] for i in range(order.per_house)]
    folder = Path(order.out)
    count = 0
    for style in chosen:
        for plan in house.plans:
            tag = "" if len(order.styles) == 1 else f"_{style}"
            stem = f"plan_{house.house_id}{tag}_{plan.floor}f"
            image, note = folder / f"{stem}.png", folder / f"{stem}.json"
            count += 1
            if image.exists() and note.exists():
                continue
            area = canvas.fit_outline(outline(plan))
            buffer = io.BytesIO()
            Image.fromarray(draw.raster(plan, style, canvas=area)).save(buffer, format="PNG", optimize=True)
            files.atomic_bytes(image, buffer.getvalue())
            sidecar.write(note, plan, house=house, style=style, canvas=area)
    return count
