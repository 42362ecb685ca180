"""The folder of generated files: names of our own making, whole files, a limit."""

from __future__ import annotations

import contextlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from madorizu import files, pipeline
from madorizu.pipeline import Design

MEDIA = {"png": "image/png", "svg": "image/svg+xml", "json": "application/json"}
_SIZE = r"\d{1,2}(?:\.5)?"
_NAME = re.compile(rf"(floor_plan_{_SIZE}x{_SIZE}_[0-9a-f]{{16}})\.({'|'.join(MEDIA)})")


@dataclass(frozen=True, slots=True)
class Entry:
    """The files of one design: their names in the folder; None where there is no plan."""

    png: str
    svg: str | None
    json: str | None


def add(folder: Path, design: Design, *, labels: bool = True) -> Entry:
    """Write a design's files.

    Raises:
        StorageError: if they cannot be written.
    """
    stem = f"floor_plan_{design.brief.width:g}x{design.brief.height:g}_{secrets.token_hex(8)}"
    has_plan = design.plan is not None
    entry = Entry(f"{stem}.png", f"{stem}.svg" if has_plan else None, f"{stem}.json" if has_plan else None)
    if entry.svg and entry.json:
        files.atomic_bytes(folder / entry.svg, pipeline.svg(design, labels=labels).encode())
        files.atomic_bytes(folder / entry.json, pipeline.plan_json(design).encode())
    files.atomic_bytes(folder / entry.png, pipeline.png(design))
    return entry


def find(folder: Path, name: str) -> tuple[Path, str] | None:
    """Return a file's path and media type, or None for a name that is not ours or not there."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    path = folder / name
    return (path, MEDIA[match[2]]) if path.is_file() else None


def prune(folder: Path, keep: int) -> int:
    """Delete the oldest designs beyond `keep` and return how many; other files are left alone."""
    newest: dict[str, int] = {}
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        with contextlib.suppress(FileNotFoundError):
            newest[match[1]] = max(newest.get(match[1], 0), path.stat().st_mtime_ns)
    gone = sorted(newest, key=lambda stem: newest[stem], reverse=True)[keep:]
    for stem in gone:
        for suffix in MEDIA:
            (folder / f"{stem}.{suffix}").unlink(missing_ok=True)
    return len(gone)
