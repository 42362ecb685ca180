"""The folder of generated files: names of our own making, whole files, a limit."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from madorizu import files, pipeline
from madorizu.pipeline import Design
from madorizu.plan import House
from madorizu.plan_json import house_to_json

MEDIA = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "json": "application/json",
    "pdf": "application/pdf",
    "dxf": "image/vnd.dxf",
    "jww.dxf": "image/vnd.dxf",
    "ifc": "application/x-step",
    "glb": "model/gltf-binary",
    "geojson": "application/geo+json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HOUSE = "-house"  # of the files of a whole house, beside those of its storeys
_SIZE = r"\d{1,2}(?:\.5)?"
_ENDINGS = "|".join(ending.replace(".", r"\.") for ending in MEDIA)
_NAME = re.compile(rf"(floor_plan_{_SIZE}x{_SIZE}_[0-9a-f]{{16}})({HOUSE})?\.({_ENDINGS})")


@dataclass(frozen=True, slots=True)
class Entry:
    """The files of one design: their names in the folder; None where there is no plan.

    Attributes:
        png, svg, json: of the storey.
        house: JSON of the whole house where all its storeys were drawn; shared by its designs.
    """

    png: str
    svg: str | None
    json: str | None
    house: str | None = None


def add_all(folder: Path, designs: Sequence[Design]) -> list[Entry]:
    """Write the files of designs, and once the JSON of each house of which all storeys, more than one, were drawn.

    Raises:
        StorageError: if they cannot be written.
    """
    found: list[Entry] = []
    for place, design in enumerate(designs):
        entry, house = add(folder, design), design.house
        beside = [i for i, other in enumerate(designs) if other.house is house and other.seed == design.seed]
        if house is not None and 1 < len(house.plans) == len(beside):
            shared = found[beside[0]].house if beside[0] < place else _add_house(folder, entry, house)
            entry = replace(entry, house=shared)
        found.append(entry)
    return found


def _add_house(folder: Path, entry: Entry, house: House) -> str:
    name = f"{entry.png.removesuffix('.png')}{HOUSE}.json"
    files.atomic_text(folder / name, json.dumps(house_to_json(house), ensure_ascii=False, indent=1) + "\n")
    return name


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
    return (path, MEDIA[match[3]]) if path.is_file() else None


def source(folder: Path, name: str) -> tuple[Path, str] | None:
    """Return the JSON that the file of a name can be exported from, and the format; None where there is none."""
    from madorizu.export import FORMATS

    match = _NAME.fullmatch(name)
    form = next((f for f, known in FORMATS.items() if match and known.suffix == f".{match[3]}"), None)
    if match is None or form is None:
        return None
    path = folder / f"{match[1]}{match[2] or ''}.json"
    return (path, form) if path.is_file() else None


def export(folder: Path, name: str) -> tuple[Path, str] | None:
    """Write the file of a name from its JSON (see `source`), as `find` finds it then.

    What breaks a rule is exported too: the file says so.

    Raises:
        SettingsError: if the drawing fits no paper, or what the format stands on is not installed.
        StorageError: if the file cannot be written.
    """
    from madorizu import export as exporting

    found = source(folder, name)
    if found is not None:
        path, form = found
        subject = exporting.subject(exporting.read(path), allow_unlawful=True)
        exporting.write(subject, [form], folder, stem=path.stem)
    return find(folder, name)


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
            for which in ("", HOUSE):
                (folder / f"{stem}{which}.{suffix}").unlink(missing_ok=True)
    return len(gone)
