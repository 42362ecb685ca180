"""The commands `adapter verify`, `adapter export` and `adapter merge`: adapters for other programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from madorizu.diffusion.loaders import Match

adapter_app = typer.Typer(help="Adapters as files for other programs.", no_args_is_help=True)

Adapter = Annotated[Path, typer.Argument(help="adapter's folder, a PEFT folder, or one .safetensors file")]
Model = Annotated[
    str | None,
    typer.Option("--base", help="the model it is for: a name or a folder [default: the adapter's, or SD 2.1]"),
]


@adapter_app.command("verify")
def verify(
    file: Adapter,
    loader: Annotated[
        list[str] | None,
        typer.Option("--as", help="comfyui, a1111, kohya, diffusers or peft; may be repeated [default: all five]"),
    ] = None,
    base: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Count the modules that a program would match; exit status 1 unless each asked one matches all."""
    from madorizu.diffusion import portable

    found = portable.verify(file, tuple(loader or ()), base)
    if as_json:
        print(json.dumps([_plain(one) for one in found], indent=2, ensure_ascii=False))
    else:
        for one in found:
            print(f"{one.loader:<10} {len(one.scales)} of {one.modules} modules{_scales(one)}")
            for note in one.notes:
                print(f"           {note}")
    if not all(one.whole for one in found):
        sys.exit(1)


@adapter_app.command("export")
def export(
    file: Adapter,
    to: Annotated[str, typer.Option("--to", help="kohya (ComfyUI, A1111, sd-scripts), diffusers or peft")],
    out: Annotated[Path, typer.Option("--out", help="the new file; for peft a new folder")],
    base: Model = None,
    half: Annotated[bool, typer.Option("--half", help="fp16, half the size, instead of float32")] = False,
    captions: Annotated[
        Path | None,
        typer.Option("--with-captions", help="prepared folder whose captions and name the kohya file shall tell"),
    ] = None,
) -> None:
    """Write an adapter in the format of other programs; neither captions nor paths are in it unless asked for."""
    from madorizu.diffusion import portable

    for path in portable.export(file, to, out, base=base, half=half, captions=captions):
        print(path)


@adapter_app.command("merge")
def merge(
    file: Adapter,
    base: Annotated[str, typer.Option("--base", help="name or folder of the base it was trained on")],
    out: Annotated[Path, typer.Option("--out", help="new folder for the whole pipeline")],
    strength: Annotated[float, typer.Option("--strength", min=-4, max=4, help="of the adapter's change")] = 1.0,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="take a file that does not say on what it was trained")
    ] = False,
) -> None:
    """Work an adapter into a base: a diffusers folder that needs no LoRA any more."""
    from madorizu.diffusion import bases, portable

    changed = portable.merge_into(file, bases.resolve(base), out, strength=strength, unchecked=unchecked)
    print(f"{out}: {changed} weights changed")


def _scales(one: Match) -> str:
    scales = sorted({round(scale, 6) for scale in one.scales.values()})
    return (
        f", scale {', '.join(f'{scale:g}' for scale in scales[:4])}" + (", …" if scales[4:] else "") if scales else ""
    )


def _plain(one: Match) -> dict[str, Any]:
    scales = sorted(set(one.scales.values()))
    matched = {"matched": len(one.scales), "modules": one.modules, "whole": one.whole, "scales": scales}
    return {"loader": one.loader, **matched, "notes": list(one.notes)}
