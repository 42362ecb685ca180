"""Read picture files: what the JSON beside them says of the scale is used."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from madorizu import canvas, files, sidecar
from madorizu.draft import Draft, draft_to_json
from madorizu.errors import ImageError, MadorizuError
from madorizu.pictures import open_picture
from madorizu.plan_json import plan_to_json
from madorizu.vectorise.trace import trace

_FLOORS = {"1F": 1, "2F": 2}


@dataclass(frozen=True, slots=True)
class Job:
    """A picture to read.

    Attributes:
        path: a PNG or JPEG; a JSON of the same name beside it may tell scale and storey.
        floor: the storey, or None for what the JSON or the file's name says, else 1F.
        px_per_module: pixels per 910 mm, or None for what the JSON says, else found.
        out: folder for the results, or None for none.
    """

    path: Path
    floor: Literal["1F", "2F"] | None = None
    px_per_module: float | None = None
    out: Path | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a picture: a draft, or why there is none."""

    path: Path
    draft: Draft | None
    error: str = ""
    hint: str = ""


def read_file(job: Job) -> Draft:
    """Read one picture.

    Raises:
        ImageError: if it is no picture, or shows nothing that could be read.
        SidecarError: if the JSON beside it cannot be used.
        StorageError: if the results cannot be written.
    """
    picture = open_picture(job.path)
    note_path = job.path.with_suffix(".json")
    note = sidecar.read(note_path) if note_path.is_file() else None
    floor = job.floor or (note.floor if note is not None else sidecar.floor_in_name(job.path.stem))
    scale, place = job.px_per_module, None
    height, width = picture.pixels.shape[:2]
    if scale is None and note is not None:
        if note.plan is not None and note.brief is not None and width == height:  # drawn by us, on our canvas
            place = canvas.fit(note.brief.width_mm, note.brief.height_mm, size_px=width)
        elif note.grid_px is not None:
            scale = note.grid_px * 910 / note.grid_mm
    draft = trace(picture.pixels, floor=_FLOORS.get(str(floor), 1), px_per_module=scale, canvas=place)
    if job.out is not None:
        files.atomic_text(job.out / f"{job.path.stem}.plan.json", _text(plan_to_json(draft.plan)))
        files.atomic_text(job.out / f"{job.path.stem}.draft.json", _text(draft_to_json(draft)))
    return draft


def read_or_tell(job: Job) -> Read:
    """Read one picture of many: what cannot be read is told, not raised."""
    try:
        return Read(job.path, read_file(job))
    except MadorizuError as error:
        return Read(job.path, None, error.message, error.hint or "")
    except MemoryError:
        error_ = ImageError(f"{job.path.name} must fit in memory, got too little of it", "make the picture smaller")
        return Read(job.path, None, error_.message, error_.hint or "")


def _text(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
