"""What a run is, so that it can be continued: which checkpoint is of the same run, what is another one."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu import files
from madorizu.brief import parse_caption
from madorizu.diffusion import adapter, bases, checkpoints, looks, preview, trackers
from madorizu.diffusion.progress import Event
from madorizu.diffusion.settings import TrainSettings, differences
from madorizu.errors import AdapterError, BriefError, SettingsError

if TYPE_CHECKING:
    from accelerate import Accelerator

    from madorizu.dataset import Prepared
    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.checkpoints import Checkpoint
    from madorizu.diffusion.device import Device
    from madorizu.diffusion.looks import Look
    from madorizu.diffusion.progress import Report

FITTED = ("batch_size", "accumulate", "gradient_checkpointing")
_HIDDEN = {"base", "data", "out", "cache", "masks", "resume"}  # folders of this machine


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """What a run is made from, checked, before anything heavy is loaded.

    Attributes:
        settings: complete, as they were asked for.
        looks: of the training images, by path.
        epoch_steps, steps: steps of one epoch and of the run.
    """

    settings: TrainSettings
    base: Base
    data: Prepared
    device: Device
    accelerator: Accelerator
    report: Report
    looks: Mapping[Path, Look]
    epoch_steps: int
    steps: int


def identity(made: Inputs) -> dict[str, Any]:
    """Return what must be equal for a run to be continued."""
    settings = made.settings
    return {
        "settings": settings.as_dict(),
        "fingerprint": bases.fingerprint(made.base.folder),
        "data_hash": made.data.data_hash,
        "dtype": made.device.dtype,
        "world": made.accelerator.num_processes,
        "images_per_step": images_per_step(settings, made.accelerator.num_processes),
        "masks": looks.masks_hash(made.looks),
    }


def images_per_step(settings: TrainSettings, processes: int) -> int:
    """Return how many images one step of all processes takes."""
    return (settings.batch_size or 1) * settings.accumulate * processes


def record(made: Inputs) -> dict[str, Any]:
    """Return what an adapter tells about its training; no path of this machine is in it."""
    return {
        "size_px": made.settings.size,
        "style": _common_style(made.data),
        "seed": made.settings.seed,
        "data_hash": made.data.data_hash,
        "images": len(made.data.train),
        "dtype": made.device.dtype,
        "world": made.accelerator.num_processes,
        "images_per_step": images_per_step(made.settings, made.accelerator.num_processes),
        "masks": looks.masks_hash(made.looks),
        "settings": {name: value for name, value in made.settings.as_dict().items() if name not in _HIDDEN},
    }


def _common_style(data: Prepared) -> str | None:
    """Return the style that most training captions name, or None where none does."""
    found: collections.Counter[str] = collections.Counter()
    for example in data.train:
        with contextlib.suppress(BriefError):
            if style := parse_caption(example.caption).style:
                found[style] += 1
    return found.most_common(1)[0][0] if found else None


def finished(inputs: Inputs) -> Path | None:
    """Return the adapter of this very run where it was finished before, else None."""
    final = inputs.settings.out / "final"
    if inputs.settings.resume != "auto" or not (inputs.settings.out / adapter.RUN_SETTINGS).is_file():
        return None
    try:
        made = adapter.read(final)
    except AdapterError:
        return None
    found = {**made.record, "fingerprint": made.base_fingerprint}
    if made.step != inputs.steps or _changes(found, identity(inputs)):
        return None
    words = f"this run was finished before, after {inputs.steps} steps: {final}; --resume never trains it again"
    inputs.report(Event("done", words, {"step": inputs.steps, "path": str(final)}))
    return final


def where_to_start(inputs: Inputs) -> Checkpoint | None:
    """Choose the checkpoint to continue, or clear the folder for a new run; write the run's settings.

    Raises:
        SettingsError: if the checkpoint is of another run, or later than the run is to end.
        AdapterError, TrainingError: if the one that was asked for is not whole.
    """
    settings, out = inputs.settings, inputs.settings.out
    if settings.resume == "never":
        start = None
    elif settings.resume == "auto":
        start = checkpoints.latest(out, most=inputs.steps)
    else:
        start = checkpoints.read(Path(settings.resume))
        if start.step > inputs.steps:
            raise SettingsError(f"steps must be at least the checkpoint's, {start.step}, got {inputs.steps}")
    if start is not None:
        _check_same(start, identity(inputs))
    inputs.accelerator.wait_for_everyone()
    if inputs.accelerator.is_main_process:
        checkpoints.clear_parts(out)
        if start is None and (aside := checkpoints.set_aside(out)) is not None:
            inputs.report(Event("note", f"this is a new run; the earlier one was moved to {aside}"))
        done = 0 if start is None else start.step
        trackers.cut(out / trackers.METRICS, done)
        preview.cut(out, done)
        text = json.dumps(settings.as_dict(), indent=2, ensure_ascii=False)
        files.atomic_text(out / adapter.RUN_SETTINGS, text + "\n")
        inputs.accelerator.init_trackers("madorizu", config=_flat(settings))
    inputs.accelerator.wait_for_everyone()
    return start


def fitted(inputs: Inputs, start: Checkpoint | None) -> TrainSettings:
    """Return the settings to begin with: those that an interrupted run had come to, where it was asked the same.

    So the continuation adds up its numbers in the same order.
    """
    if start is None:
        return inputs.settings
    asked, found = start.state.get("settings", {}), start.state.get("fitted", {})
    if any(asked.get(name) != getattr(inputs.settings, name) for name in FITTED) or set(found) != set(FITTED):
        return inputs.settings
    return dataclasses.replace(inputs.settings, **found)


def _check_same(start: Checkpoint, mine: dict[str, Any]) -> None:
    """Refuse to continue a run under other settings.

    Raises:
        SettingsError: listing what differs.
    """
    if changed := _changes(start.state, mine):
        raise SettingsError(
            f"settings must be those of {start.folder} to continue it, got other: {', '.join(changed)}",
            "set them back, or begin anew with --resume never",
        )


def _changes(before: Mapping[str, Any], mine: Mapping[str, Any]) -> list[str]:
    """List what makes this another run than the one of a checkpoint or an adapter."""
    words = {
        "fingerprint": "the base's weights",
        "data_hash": "the prepared data",
        "dtype": "dtype",
        "world": "processes",
        "masks": "the masks",
    }
    changed = differences(before.get("settings", {}), mine["settings"])
    if (old := before.get("images_per_step")) != mine["images_per_step"]:
        changed.append(f"images per step {old} → {mine['images_per_step']}")
    old_size, size = before.get("settings", {}).get("batch_size"), mine["settings"]["batch_size"]
    if mine["settings"]["buckets"] and old_size != size:  # there it decides on the order
        changed.append(f"batch_size {old_size} → {size}")
    return changed + [name for key, name in words.items() if before.get(key) != mine[key]]


def _flat(settings: TrainSettings) -> dict[str, Any]:
    """Return the settings as TensorBoard takes them."""
    return {k: v if isinstance(v, int | float | str | bool) else str(v) for k, v in settings.as_dict().items()}
