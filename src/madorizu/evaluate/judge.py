"""Judge one picture by its brief: read it, ask what it shows, try to make it lawful.

A picture is judged in a process of its own kind, without torch, and what was found is kept as JSON
beside it. A picture that cannot be read is a failure and counts as one in every figure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as images

from madorizu import canvas, files
from madorizu.brief import Brief, parse_caption
from madorizu.draft import Draft
from madorizu.errors import ImageError
from madorizu.legalise import legalise
from madorizu.metrics import lines, storey, style
from madorizu.pictures import Pixels
from madorizu.plan import Plan
from madorizu.plan_json import plan_from_json, plan_to_json
from madorizu.vectorise import trace

VERSION = 1  # of what is judged: a result of another version is judged again
NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Job:
    """A picture to judge.

    Attributes:
        picture: the PNG; the result lies beside it as JSON.
        caption: what was asked, in the grammar, of one storey.
        seconds: time for `legalise`, or 0 to leave it out.
        has_style: whether to measure how it is drawn.
    """

    picture: Path
    caption: str
    seconds: float = 0.0
    has_style: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found on a picture.

    Attributes:
        caption: what was asked.
        failure: why nothing was read, "" where something was.
        plan: what was read, or None.
        asked: by wish, whether it is met, see `metrics.storey.as_asked`.
        broken: rules that it breaks, of `metrics.storey.SHOWN_RULES`.
        closed, hosted: shares of rooms that are walled in, and of doors and windows that lie in a wall.
        axis, even: shares of edges along the axes, and of walls of even stroke.
        status: what `legalise` made of it, `NOT_TRIED` where it was not asked.
        agreement: of what it made with what was read, 0 where it was not delivered.
        features: how it is drawn, see `metrics.style`; empty where it was not measured.
    """

    caption: str
    failure: str
    plan: Plan | None
    asked: Mapping[str, bool]
    broken: tuple[str, ...]
    closed: float
    hosted: float
    axis: float
    even: float
    status: str
    agreement: float
    features: tuple[float, ...]

    @property
    def brief(self) -> Brief:
        """What was asked."""
        return parse_caption(self.caption)

    @property
    def is_delivered(self) -> bool:
        """Whether a lawful plan was found near to what was read; another house in its place is none."""
        return self.status in ("kept", "repaired")


def judged(job: Job) -> Judged:
    """Judge a picture, or take the result that lies beside it, and keep it there.

    Raises:
        ImageError: if the picture is not a whole PNG.
        StorageError: if the result cannot be written.
    """
    path = job.picture.with_suffix(".json")
    found = _kept(path, job)
    if found is None:
        cv2.setNumThreads(1)
        found = judge(opened(job.picture), job)
        files.atomic_text(path, json.dumps(_to_json(found, job), ensure_ascii=False) + "\n")
    return found


def opened(path: Path) -> Pixels:
    """Read a PNG that this package wrote: uint8, (height, width, 3), RGB.

    Raises:
        ImageError: if it is not a whole PNG.
    """
    try:
        with images.open(path, formats=("PNG",)) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"{path.name} must be a whole PNG, got {type(error).__name__}", "remove it") from error


def judge(pixels: Pixels, job: Job) -> Judged:
    """Judge pixels: uint8, (size, size, 3), RGB, on the canvas that the brief's size has."""
    brief = parse_caption(job.caption)
    place = canvas.fit(brief.width_mm, brief.height_mm, size_px=pixels.shape[0])
    draft, failure = read(pixels, brief)
    plan = None if draft is None else draft.plan
    status, agreement = NOT_TRIED, 0.0
    if job.seconds > 0:
        status, agreement = _legalised(draft, brief, job.seconds)
    return Judged(
        caption=job.caption,
        failure=failure,
        plan=plan,
        asked=storey.as_asked(plan, brief),
        broken=storey.broken_rules(plan),
        closed=storey.closed_share(draft),
        hosted=storey.hosted_share(plan),
        axis=lines.axis_share(pixels),
        even=lines.even_walls(pixels, draft),
        status=status,
        agreement=agreement,
        features=tuple(style.features(pixels, place.px_per_module).tolist()) if job.has_style else (),
    )


def read(pixels: Pixels, brief: Brief) -> tuple[Draft | None, str]:
    """Read a picture on the canvas of its brief; returns the draft, or None and why there is none."""
    place = canvas.fit(brief.width_mm, brief.height_mm, size_px=pixels.shape[0])
    try:
        draft = trace(pixels, floor=int(brief.floor[0]), canvas=place)
    except ImageError as error:
        return None, error.message
    if not storey.kinds_shown(draft.plan):
        return None, "no room was read"
    return draft, ""


def _legalised(draft: Draft | None, brief: Brief, seconds: float) -> tuple[str, float]:
    if draft is None:
        return "cannot", 0.0
    made = legalise((draft,), brief, time_limit_s=seconds)
    return made.status, made.agreement if made.status in ("kept", "repaired") else 0.0


# --- what is kept ---------------------------------------------------------------------------


def _to_json(found: Judged, job: Job) -> dict[str, Any]:
    data = {f.name: getattr(found, f.name) for f in fields(Judged)}
    plan = None if found.plan is None else plan_to_json(found.plan)
    return {"version": VERSION, "job": _settings(job), **data, "plan": plan}


def _settings(job: Job) -> dict[str, Any]:
    return {key: value for key, value in asdict(job).items() if key != "picture"}


def _kept(path: Path, job: Job) -> Judged | None:
    """Return the result that lies beside a picture; None where there is none of this job and version."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("version") != VERSION or data.pop("job") != _settings(job):
            return None
        plan = data.pop("plan")
        data |= {"broken": tuple(data["broken"]), "features": tuple(data["features"])}
        return Judged(plan=None if plan is None else plan_from_json(plan), **data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
