"""Draw pictures into a folder, and go on where an earlier run stopped.

    NAME/0000.png, 0001.png, ...   one per brief
    NAME/batches.jsonl             how long each batch took

A folder holds the pictures of one model with one set of settings; another asks for a folder of its own.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as images

from madorizu import files
from madorizu.errors import ModelError, SettingsError
from madorizu.pipeline import Draw, Image

BATCH = 4
SETTINGS, BATCHES = "settings.json", "batches.jsonl"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """A picture that is asked of a model."""

    caption: str
    seed: int


def claim(folder: Path, settings: Mapping[str, Any]) -> None:
    """Take a folder for pictures of these settings, or see that it is of them.

    Raises:
        SettingsError: if it holds others.
        StorageError: if it cannot be written.
    """
    path = folder / SETTINGS
    wanted = json.loads(json.dumps(dict(settings)))
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        files.atomic_text(path, json.dumps(wanted, ensure_ascii=False, indent=1) + "\n")
        return
    except OSError as error:
        raise files.storage_error(error, path, "read") from error
    except ValueError:
        raise SettingsError(f"{path} must be JSON, got something else", "choose another folder with --out") from None
    other = sorted(key for key in {*found, *wanted} if found.get(key) != wanted.get(key))
    if other:
        told = "; ".join(f"{key} {wanted.get(key)} for {found.get(key)}" for key in other)
        raise SettingsError(f"{folder} must hold one evaluation, got {told}", "choose another folder with --out")


def name_of(number: int) -> str:
    """Return the file name of a picture."""
    return f"{number:04d}.png"


def draw(orders: Sequence[Order], model: Draw, folder: Path, *, report: Report, warm: bool = True) -> None:
    """Ask a model for the pictures that are not there yet, some at a time, and save each as PNG.

    The first batch of a run is not timed: it pays for what is done once.

    Args:
        orders: what is asked; picture number i is `name_of(i)`.
        model: captions and seeds to pictures.
        folder: where they go.
        report: gets a line now and then.
        warm: draw the first missing picture once more before, so that also a short run is timed.

    Raises:
        ModelError: if the model returns something else than square RGB pictures.
        StorageError: if they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [i for i in range(len(orders)) if not (folder / name_of(i)).is_file()]
    if missing and warm:
        _asked(model, [orders[missing[0]]])
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        began = time.perf_counter()
        drawn = _asked(model, [orders[i] for i in batch])
        seconds = time.perf_counter() - began
        for i, picture in zip(batch, drawn, strict=True):
            files.atomic_bytes(folder / name_of(i), png(picture))
        line = {"first": batch[0], "count": len(batch), "seconds": round(seconds, 3)}
        files.append_line(folder / BATCHES, json.dumps(line))
        report(f"{folder.name}: {len(orders) - len(missing) + start + len(batch)} of {len(orders)} pictures")


def _asked(model: Draw, orders: Sequence[Order]) -> Image:
    drawn = np.asarray(model([o.caption for o in orders], [o.seed for o in orders]))
    shape = drawn.shape
    if drawn.dtype != np.uint8 or len(shape) != 4 or shape[0] != len(orders) or shape[1] != shape[2] or shape[3] != 3:
        raise ModelError(
            f"model must return {len(orders)} square RGB pictures of uint8, got {drawn.dtype} of shape {shape}"
        )
    return drawn


def png(picture: Image) -> bytes:
    """Encode a picture."""
    file = io.BytesIO()
    images.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def shrunk(picture: Image, side_px: int) -> Image:
    """Make a square picture smaller, by the filter of training images; one that is small enough stays as it is."""
    if picture.shape[0] <= side_px:
        return picture
    return np.asarray(images.fromarray(picture).resize((side_px, side_px), images.Resampling.LANCZOS))


def seconds_each(folder: Path) -> tuple[float, ...]:
    """Return the seconds per picture of each whole batch; a line that cannot be read is passed over."""
    found = []
    try:
        text = (folder / BATCHES).read_text(encoding="utf-8")
    except OSError:
        return ()
    for line in text.splitlines():
        try:
            data = json.loads(line)
            if int(data["count"]) == BATCH:
                found.append(float(data["seconds"]) / BATCH)
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(found)
