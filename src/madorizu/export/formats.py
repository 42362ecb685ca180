"""The formats by name, and how files of them are made: of one plan, or of many."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import cast

from madorizu import files
from madorizu.brief import Brief
from madorizu.errors import MadorizuError, SettingsError
from madorizu.export.letters import letter_findings
from madorizu.export.reading import read
from madorizu.export.subject import Settings, Subject, subject
from madorizu.plan import House, Plan
from madorizu.rules import Finding


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the function that writes it, in the module of the same name, and its files' ending."""

    module: str
    suffix: str
    what: str
    needs: str = ""  # a package that is not installed with the others

    @property
    def is_here(self) -> bool:
        """Whether what it stands on is installed."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def write(self, subject: Subject, settings: Settings) -> bytes:
        """Return the file. The module, with what it stands on, is loaded when it is first needed."""
        module = importlib.import_module(f"madorizu.export.{self.module}")
        function = cast(Callable[[Subject, Settings], bytes], getattr(module, self.module))
        return function(subject, settings)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "svg": Format("svg", ".svg", "drawing, a group per storey and layer"),
        "png": Format("png", ".png", "picture"),
        "pdf": Format("pdf", ".pdf", "to scale on A4 or A3, a page per storey"),
        "dxf": Format("dxf", ".dxf", "R2010, for CAD; madorizu reads it again"),
        "jww-dxf": Format("jww", ".jww.dxf", "R12 in cp932, for JW_CAD"),
        "ifc": Format("ifc", ".ifc", "IFC4, the building for BIM", "ifcopenshell"),
        "gltf": Format("gltf", ".glb", "the house in three dimensions, for a look"),
        "geojson": Format("geojson", ".geojson", "rooms, walls, openings in millimetres"),
        "csv": Format("rooms_csv", ".csv", "room schedule"),
        "xlsx": Format("rooms_xlsx", ".xlsx", "room schedule for Excel"),
        "json": Format("plan_json", ".json", "the plan itself"),
    }
)
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{p}{i}" for p in ("com", "lpt") for i in range(1, 10))})
MOST_STEM = 80  # bytes of a file's name before its ending


def export(
    item: Plan | House,
    formats: Iterable[str],
    out: Path | str,
    *,
    settings: Settings | None = None,
    name: str = "",
    stem: str = "",
    brief: Brief | None = None,
    allow_unlawful: bool = False,
) -> tuple[Path, ...]:
    """Write a plan or a house in several formats into a folder.

    Everything is made before anything is written, and each file is whole or absent.

    Args:
        item: the plan or the house.
        formats: names of `FORMATS`.
        out: the folder; made if it is not there.
        settings: style, language, scale and paper.
        name: for titles; the house's by default.
        stem: of the files' names; made from the name by default.
        brief: what was asked for; see `subject`.
        allow_unlawful: export what breaks rules too, marked in every file.

    Returns:
        The files, in the order of the formats.

    Raises:
        PlanError: see `subject`.
        SettingsError: if there is no such format, or a drawing does not fit its paper.
        StorageError: if a file cannot be written.
    """
    check_formats(formats)
    chosen = subject(item, name=name, brief=brief, allow_unlawful=allow_unlawful)
    return write(chosen, formats, out, settings=settings, stem=stem)


def write(
    subject: Subject, formats: Iterable[str], out: Path | str, *, settings: Settings | None = None, stem: str = ""
) -> tuple[Path, ...]:
    """Write what `subject` has checked; else as `export`.

    Raises:
        SettingsError: see `export`.
        StorageError: if a file cannot be written.
    """
    made = rendered(subject, formats, settings)
    base = file_stem(stem or subject.name)
    paths = []
    for form, data in made.items():
        path = Path(out) / f"{base}{FORMATS[form].suffix}"
        files.atomic_bytes(path, data)
        paths.append(path)
    return tuple(paths)


def rendered(subject: Subject, formats: Iterable[str], settings: Settings | None = None) -> dict[str, bytes]:
    """Return the files of a checked plan by format, without writing them.

    Raises:
        SettingsError: if there is no such format, or a drawing does not fit its paper.
    """
    chosen = settings or Settings()
    return {form: FORMATS[form].write(subject, chosen) for form in check_formats(formats)}


def file_stem(name: str) -> str:
    """Return a file's name for a house's name: one that every system takes, within its folder.

    Letters of all scripts stay; what separates paths or is not allowed somewhere becomes "_".
    """
    kept = "".join(c if c.isalnum() or c in "-_ ()" else "_" for c in name)
    kept = kept.encode("utf-8", "ignore")[:MOST_STEM].decode("utf-8", "ignore").strip()
    if not kept.strip("_"):
        return "plan"
    return f"_{kept}" if kept.lower() in _RESERVED else kept


def check_formats(formats: Iterable[str]) -> tuple[str, ...]:
    """Return names of formats, each once.

    Raises:
        SettingsError: if there is no such format, none is named, or what one stands on is not installed.
    """
    wanted = tuple(dict.fromkeys([formats] if isinstance(formats, str) else formats))
    if unknown := [form for form in wanted if form not in FORMATS]:
        raise SettingsError(f"formats must be of {', '.join(FORMATS)}, got {', '.join(map(str, unknown))}")
    if not wanted:
        raise SettingsError(f"formats must name at least one of {', '.join(FORMATS)}, got none")
    if missing := [form for form in wanted if not FORMATS[form].is_here]:
        raise SettingsError(
            f"{missing[0]} must have the package {FORMATS[missing[0]].needs}, got none",
            f"install it: pip install 'madorizu[{missing[0]}]'",
        )
    return wanted


# --- many at once -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """A file whose plan is to be exported.

    Attributes:
        path: what `reading.read` reads.
        formats, out, settings, name, allow_unlawful: see `export`. The files are called as the
            plan's own is.
    """

    path: Path
    formats: tuple[str, ...]
    out: Path
    settings: Settings = field(default_factory=Settings)
    name: str = ""
    allow_unlawful: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: the files and what is to be known about them, or why there are none."""

    path: Path
    files: tuple[Path, ...] = ()
    error: str = ""
    hint: str = ""
    findings: tuple[Finding, ...] = ()


def export_or_tell(job: Job) -> Done:
    """Export one plan of many: what cannot be exported is told, not raised."""
    try:
        _check_target(job)
        chosen = subject(read(job.path), name=job.name, allow_unlawful=job.allow_unlawful)
        made = write(chosen, job.formats, job.out, settings=job.settings, stem=_stem_of(job.path))
    except MadorizuError as error:
        return Done(job.path, (), error.message, error.hint)
    return Done(job.path, made, findings=letter_findings(chosen, job.formats))


def _check_target(job: Job) -> None:
    """Refuse to write over the file that is read: what it holds beside the plan would be lost."""
    stem = file_stem(_stem_of(job.path))
    for form in check_formats(job.formats):
        target = job.out / f"{stem}{FORMATS[form].suffix}"
        if target.exists() and target.samefile(job.path):
            raise SettingsError(
                f"out must be another folder than that of {job.path}, got the same", "its file would be lost"
            )


def _stem_of(path: Path) -> str:
    """Return a file's name without the endings of plans: "a.plan.json" and "a.dxf" are both "a"."""
    return path.name.removesuffix(path.suffix).removesuffix(".plan")
