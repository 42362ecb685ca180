"""Where a run's figures go: always a file of JSON lines, on request TensorBoard and W&B."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accelerate.tracking import GeneralTracker

from madorizu import files
from madorizu.diffusion.settings import TrainSettings
from madorizu.errors import SettingsError

METRICS = "metrics.jsonl"


class JsonLines(GeneralTracker):  # type: ignore[misc]
    """Appends one JSON object per call to a file; accelerate calls it beside its own trackers."""

    name = "jsonl"
    requires_logging_directory = False
    main_process_only = True

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    @property
    def tracker(self) -> Path:
        """The file."""
        return self.path

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Do nothing: the settings lie in their own file."""

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Append the figures of a step."""
        try:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"step": step, **values}) + "\n")
        except OSError as error:
            raise files.storage_error(error, self.path) from error


def chosen(settings: TrainSettings) -> list[str | GeneralTracker]:
    """List the trackers for accelerate.

    Raises:
        SettingsError: if one is asked for whose package is not installed.
    """
    found: list[str | GeneralTracker] = [JsonLines(settings.out / METRICS)]
    for name in ("tensorboard", "wandb"):
        if not getattr(settings, name):
            continue
        if importlib.util.find_spec(name) is None:
            raise SettingsError(f"{name} must be installed to log to it, got none", f"pip install {name}")
        found.append(name)
    return found


def read(path: Path) -> list[dict[str, Any]]:
    """Read a metrics file; a last line that a crash cut off is left out."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def cut(path: Path, step: int) -> None:
    """Drop the figures after a step, so that a continued run writes them once."""
    kept = [row for row in read(path) if row.get("step") is not None and row["step"] <= step]
    if path.is_file():
        files.atomic_text(path, "".join(json.dumps(row) + "\n" for row in kept))


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return all figures as CSV, one line per row of the metrics, a column per name."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
