"""The commands `base eval` and `evaluate`: how well a model draws, and what an adapter adds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from madorizu.evaluate.promises import HeldOut
    from madorizu.pipeline import Draw

Base = Annotated[str | None, typer.Option("--base", help="embedded, sd21-base, sd21, a folder or a hub id")]
Lora = Annotated[Path | None, typer.Option("--lora", help="adapter's folder, or none for the base alone")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps")]
Steps = Annotated[int, typer.Option("--steps", min=1, max=200, help="denoising steps per picture")]
Guidance = Annotated[float | None, typer.Option("--guidance", min=0, help="strength of the caption [default: base's]")]
Style = Annotated[
    str | None, typer.Option("--style", help="in all captions; none leaves it open [default: the adapter's, or listed]")
]
Workers = Annotated[int, typer.Option("--workers", min=0, help="processes that judge; 0 = one per core")]


def base_eval(
    base: Base = None,
    lora: Lora = Path("none"),
    count: Annotated[int, typer.Option("--count", min=2, max=200, help="of the 200 fixed briefs, the first")] = 200,
    out: Annotated[Path, typer.Option("--out", help="folder for pictures and report")] = Path("base_eval"),
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", help="folder the model was trained on, to look for what it knows by heart"),
    ] = None,
    style: Style = None,
    device: Device = "auto",
    steps: Steps = 20,
    guidance: Guidance = None,
    seconds: Annotated[float, typer.Option("--legalise-limit", min=0.1, help="seconds per picture")] = 10.0,
    workers: Workers = 1,
) -> None:
    """Measure how well a base draws what it is asked, beside controls; goes on where it stopped."""
    from madorizu.app import models
    from madorizu.diffusion import reconstruct
    from madorizu.evaluate import base as evaluation
    from madorizu.evaluate import training

    adapter = models.find_adapter(lora)
    model = models.load(base, adapter, device=device, steps=steps, guidance=guidance)
    settings = evaluation.Settings(
        count=count,
        style=_style(style, model.style, listed=adapter is None),
        seconds=seconds,
        workers=workers or None,
        model=_identity(model.base, adapter, steps, guidance),
    )
    found = evaluation.run(
        model.draw,
        out,
        settings,
        reconstruct=reconstruct.load(model.base),
        training=None if corpus is None else training.read(corpus),
        report=_say,
    )
    print(found.to_text())
    print(out / "report.html")


def evaluate(
    lora: Lora = None,
    base: Base = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="prepared data; its held-out drawings are the style [default: training/prepared_data]"
        ),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=2, max=200, help="of the 200 fixed briefs, the first")] = 48,
    out: Annotated[Path, typer.Option("--out", help="folder for pictures and report")] = Path("evaluation"),
    style: Style = None,
    device: Device = "auto",
    steps: Steps = 20,
    guidance: Guidance = None,
    workers: Workers = 1,
) -> None:
    """Measure what an adapter adds to its base: style, elements, rooms, lines; goes on where it stopped."""
    from madorizu.app import models
    from madorizu.errors import SettingsError
    from madorizu.evaluate import promises

    adapter = models.find_adapter(lora)
    if adapter is None:
        raise SettingsError("lora must be an adapter to compare with the base alone, got none")
    base = base or models.base_of(adapter)
    size_px = models.size_of(adapter)
    question = promises.Question(
        count,
        _style(style, models.style_of(adapter), listed=False),
        _identity(base, adapter, steps, guidance),
        workers or None,
    )

    def with_(which: Path | None) -> Draw:
        # Loaded when asked, one after the other, and once each: two of full size may not fit side by side.
        kept: list[Draw] = []

        def draw(captions: Any, seeds: Any) -> Any:
            if not kept:
                loaded = models.load(base, which, device=device, steps=steps, guidance=guidance, size_px=size_px)
                kept.append(loaded.draw)
            return kept[0](captions, seeds)

        return draw

    found = promises.run(with_(None), with_(adapter), _held_out(data), out, question, report=_say)
    print(found.to_text())
    print(out / "report.html")


def _style(given: str | None, own: str | None, *, listed: bool) -> str | None:
    """Return the captions' style: "" keeps the listed ones, None leaves it open."""
    if given is not None:
        return None if given == "none" else given
    return "" if listed else own


def _identity(base: str, adapter: Path | None, steps: int, guidance: float | None) -> dict[str, Any]:
    """Return what tells a model from others."""
    from madorizu.brief import GRAMMAR_VERSION
    from madorizu.diffusion import adapter as adapters
    from madorizu.diffusion import bases

    found = bases.resolve(base)
    return {
        "base": found.name,
        "unet": bases.fingerprint(found.folder)[:16],
        "vae": bases.weights_hash(found.folder, "vae")[:16],
        "adapter": None if adapter is None else _hash(adapters.read(adapter).folder / adapters.KOHYA_WEIGHTS),
        "steps": steps,
        "guidance": guidance,
        "grammar": GRAMMAR_VERSION,
    }


def _hash(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _held_out(data: Path | None) -> list[HeldOut]:
    """Read the drawings that training held back; none where there is no prepared data."""
    from madorizu.app.cli import PREPARED
    from madorizu.dataset.prepared import is_prepared, read_prepared
    from madorizu.evaluate.promises import HeldOut
    from madorizu.pictures import open_picture

    folder = PREPARED if data is None else data
    if data is None and not is_prepared(folder):
        return []
    found = read_prepared(folder).validation
    return [HeldOut(open_picture(example.path).pixels, example.grid_px) for example in found]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
