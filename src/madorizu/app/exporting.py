"""The command `export`, and how `generate` and the server write the same formats."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from madorizu.errors import SettingsError

if TYPE_CHECKING:
    from madorizu.pipeline import Design
    from madorizu.plan import House, Plan
    from madorizu.rules import Finding

ALL = "all"


def export(
    plans: Annotated[
        list[Path], typer.Argument(help="JSON of a plan, of a house, or beside an image; or a DXF of madorizu")
    ],
    to: Annotated[
        list[str],
        typer.Option(
            "--to", help="svg, png, pdf, dxf, jww-dxf, ifc, gltf, geojson, csv, xlsx, json or all; may have commas"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="folder for the files, which are named as the plan's is")],
    style: Annotated[str, typer.Option("--style", help="a style of docs/reference/drawing.md")] = "cad",
    lang: Annotated[str, typer.Option("--lang", help="language of the words: ja or en")] = "ja",
    scale: Annotated[int, typer.Option("--scale", help="50, 100 or 200, of svg, png and pdf")] = 100,
    paper: Annotated[str, typer.Option("--paper", help="A4, A3, or auto: the smaller that fits (pdf)")] = "auto",
    px: Annotated[int, typer.Option("--px", help="pixels per module of 910 mm (png)")] = 64,
    name: Annotated[str, typer.Option("--name", help="of the house, for titles [default: its id]")] = "",
    date: Annotated[str, typer.Option("--date", help="for the PDF's title block [default: none]")] = "",
    allow_unlawful: Annotated[
        bool, typer.Option("--allow-unlawful", help="also what breaks rules; every file says so")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=0, help="processes; 0 = one per core")] = 1,
) -> None:
    """Write plans for other programs: drawings to scale, CAD, BIM, tables, data."""
    from madorizu import executor
    from madorizu import export as exporting

    formats = named(to)
    settings = exporting.Settings(style, lang, scale, paper, px, date)
    jobs = [exporting.Job(path, formats, out, settings, name, allow_unlawful) for path in plans]
    failed = 0
    for done in executor.run(exporting.export_or_tell, jobs, workers=workers or None):
        for path in done.files:
            print(path)
        _tell(done.path.name, done.findings, lang)
        if done.error:
            failed += 1
            print(f"{done.path.name}: {done.error}", file=sys.stderr)
            if done.hint:
                print(f"  {done.hint}", file=sys.stderr)
    if failed:
        raise typer.Exit(2 if failed == len(jobs) else 1)


def named(words: Iterable[str]) -> tuple[str, ...]:
    """Read names of formats, with commas or not; "all" is every one that is installed, and says which is not.

    Raises:
        SettingsError: if there is no such format, or none is named.
    """
    from madorizu import export as exporting

    wanted = [word for text in words for word in text.replace(",", " ").split()]
    if ALL not in wanted:
        return exporting.check_formats(wanted)
    for form, known in exporting.FORMATS.items():
        if not known.is_here:
            print(f"  {form} left out: it takes the package {known.needs} (madorizu[{form}])", file=sys.stderr)
    return tuple(form for form, known in exporting.FORMATS.items() if known.is_here)


def save(designs: Sequence[Design], output: Path, formats: Sequence[str]) -> list[Path]:
    """Write what was generated in formats of `export`: a file of each for every house, all its storeys in it.

    Args:
        designs: from `pipeline.design`; the storeys of one house follow each other.
        output: the files' name; an ending that is a format's is left off. Several houses get
            "-1", "-2" and so on.
        formats: names of `export.FORMATS`.

    Returns:
        The files, house by house.

    Raises:
        SettingsError: if there is no plan to export, or a format cannot be written.
        StorageError: if a file cannot be written.
    """
    from madorizu import export as exporting

    endings = {known.suffix for known in exporting.FORMATS.values()}
    stem = output.name
    for ending in sorted(endings, key=len, reverse=True):
        if stem.lower().endswith(ending) and len(stem) > len(ending):
            stem = stem[: -len(ending)]
            break
    found = houses_of(designs)
    paths: list[Path] = []
    for number, (item, style) in enumerate(found, start=1):
        subject = exporting.subject(item, allow_unlawful=True)
        tag = stem if len(found) == 1 else f"{stem}-{number}"
        settings = exporting.Settings(style=style)
        paths += exporting.write(subject, formats, output.parent, settings=settings, stem=tag)
        _tell(tag, exporting.letter_findings(subject, formats), "en")
    return paths


def houses_of(designs: Sequence[Design]) -> list[tuple[Plan | House, str]]:
    """Return what was generated, with the style in which it was drawn: a house where all its storeys were, else a plan.

    Raises:
        SettingsError: if a design is a picture without a plan.
    """
    from madorizu.pipeline import DEFAULT_STYLE

    found: list[tuple[Plan | House, str]] = []
    left = list(designs)
    while left:
        first = left.pop(0)
        if first.plan is None:
            raise SettingsError(
                "formats of export must come from a plan, got a picture of a model",
                "ask for a PNG, or use the simple generator",
            )
        style, house = first.style or DEFAULT_STYLE, first.house
        drawn = [first.plan]
        while house is not None and left and left[0].house is house and left[0].seed == first.seed:
            beside = left.pop(0)
            drawn += [] if beside.plan is None else [beside.plan]
        found.append((house if house is not None and len(drawn) == len(house.plans) else first.plan, style))
    return found


def _tell(name: str, findings: Iterable[Finding], lang: str) -> None:
    for finding in findings:
        words = finding.message_ja if lang == "ja" else finding.message
        print(f"{name}: {finding.code} {words}", file=sys.stderr)
