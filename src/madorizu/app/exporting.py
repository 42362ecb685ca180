"""The command `export`: plans as files for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def export(
    plans: Annotated[
        list[Path], typer.Argument(help="JSON of a plan, of a house, or beside an image; or a DXF of madorizu")
    ],
    to: Annotated[
        list[str],
        typer.Option("--to", help="svg, png, pdf, dxf, jww-dxf, geojson, csv, xlsx, json or all; may have commas"),
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
    """Write plans for other programs: drawings to scale, CAD, tables, data."""
    from madorizu import executor
    from madorizu import export as exporting

    formats = tuple(word for text in to for word in text.replace(",", " ").split())
    formats = tuple(exporting.FORMATS) if "all" in formats else formats
    settings = exporting.Settings(style, lang, scale, paper, px, date)
    exporting.check_formats(formats)
    jobs = [exporting.Job(path, formats, out, settings, name, allow_unlawful) for path in plans]
    failed = 0
    for done in executor.run(exporting.export_or_tell, jobs, workers=workers or None):
        for path in done.files:
            print(path)
        if done.error:
            failed += 1
            print(f"{done.path.name}: {done.error}", file=sys.stderr)
            if done.hint:
                print(f"  {done.hint}", file=sys.stderr)
    if failed:
        raise typer.Exit(2 if failed == len(jobs) else 1)
