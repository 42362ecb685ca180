"""The command `madorizu`: thin, it reads words, calls the package and reports.

Exit status: 0 done; 1 a plan breaks a rule, or something failed; 2 what was given cannot be
used. Errors are two lines on stderr, "error: ..." and what to do; a traceback is a bug.
Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from madorizu.app import adapters, evaluating, exporting, legalising, reading
from madorizu.errors import InputError, MadorizuError, SettingsError

if TYPE_CHECKING:
    from madorizu.app.models import Model
    from madorizu.brief import Brief
    from madorizu.pipeline import Draw, Generator, Wishes
    from madorizu.rules import Finding

app = typer.Typer(
    name="madorizu",
    help="Floor plans of Japanese houses, drawn to scale by a LoRA and checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
base_app = typer.Typer(help="Base models.", no_args_is_help=True)
app.add_typer(base_app, name="base")
app.add_typer(adapters.adapter_app, name="adapter")
app.add_typer(reading.tracer_app, name="tracer")

# The repository that this file lies in, or the working folder where it is installed without one.
_ABOVE = Path(__file__).resolve().parents[3]
HOME = _ABOVE if (_ABOVE / "training" / "start_training.sh").is_file() else Path()
DATASET = HOME / "dataset"
PREPARED = HOME / "training" / "prepared_data"
COMPARISON = HOME / "training" / "comparison.png"

Width = Annotated[str | None, typer.Option("--width", help="W in modules of 910 mm, east-west; halves are allowed")]
Height = Annotated[str | None, typer.Option("--height", help="H in modules of 910 mm, north-south")]
Base = Annotated[
    str | None,
    typer.Option("--base", help="embedded, sd21-base, sd21, a folder or a hub id [default: the adapter's]"),
]
Lora = Annotated[
    Path | None,
    typer.Option("--lora", help="adapter's folder, or none for the base alone [default: training/lora_model/final]"),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps")]
Steps = Annotated[int, typer.Option("--steps", min=1, max=200, help="denoising steps per picture")]
Guidance = Annotated[float | None, typer.Option("--guidance", min=0, help="strength of the caption [default: base's]")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; `arguments` default to the process's own."""
    for stream in (sys.stdout, sys.stderr):  # a name that a terminal cannot show must not end the run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=None if arguments is None else list(arguments))
    except MadorizuError as error:
        fail(error)
    except ModuleNotFoundError as error:
        # The set-up without the models is a lawful one; a module of ours that is gone is not.
        if (error.name or "").startswith("madorizu"):
            raise
        fail(MadorizuError(f"this command must have the package {error.name}, got none", "run scripts/install"))
    sys.exit(0)


def fail(error: MadorizuError) -> NoReturn:
    """Print an error and its hint on stderr and exit: 2 for what was given, else 1."""
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    sys.exit(2 if isinstance(error, InputError) else 1)


def say(text: str) -> None:
    """Print progress on stderr: stdout belongs to results."""
    print(text, file=sys.stderr, flush=True)


# --- data and training -----------------------------------------------------------------


@app.command()
def prepare(
    folder: Annotated[
        Path, typer.Argument(help="PNG or JPEG files, each with a JSON or a caption", show_default="dataset")
    ] = DATASET,
    out: Annotated[
        Path, typer.Option("--out", help="folder for the prepared data", show_default="training/prepared_data")
    ] = PREPARED,
    seed: Annotated[int, typer.Option("--seed", min=0, help="which houses are for validation")] = 0,
    validation: Annotated[float, typer.Option("--validation", min=0, max=0.5, help="share for validation")] = 0.1,
    size: Annotated[int, typer.Option("--size", help="side in px: 512, or 768 for sd21")] = 512,
    strict: Annotated[bool, typer.Option("--strict", help="write nothing if any file is refused")] = False,
) -> None:
    """Check, caption, scale and split floor plans for training."""
    from madorizu import dataset

    report = dataset.prepare(folder, out, seed=seed, validation=validation, size_px=size, strict=strict)
    print(report.to_text().rstrip())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def train(context: typer.Context) -> None:
    """Train a LoRA; `madorizu train --help` lists the settings."""
    from madorizu.diffusion import command

    raise typer.Exit(command.main(context.args))


@app.command()
def corpus(
    houses: Annotated[int, typer.Option("--houses", min=1, help="number of houses")],
    out: Annotated[Path, typer.Option("--out", help="folder for the pairs")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="seed of the first house")] = 0,
    style: Annotated[
        list[str] | None, typer.Option("--style", help="drawing style, or random; may be repeated")
    ] = None,
    per_house: Annotated[int, typer.Option("--per-house", min=1, help="in how many styles each house is drawn")] = 1,
    storeys: Annotated[int | None, typer.Option("--storeys", min=1, max=2, help="only such houses")] = None,
    workers: Annotated[int, typer.Option("--workers", min=0, help="processes; 0 = one per core")] = 0,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="on Ray: local, auto or host:port; needs madorizu[cluster]")
    ] = None,
) -> None:
    """Draw many lawful houses as training pairs; goes on where it stopped."""
    from madorizu import corpus as corpora
    from madorizu.app import progress
    from madorizu.draw import CORPUS_STYLES

    try:
        with progress.of_corpus() as report:
            pairs = corpora.make(
                houses=houses,
                seed=seed,
                styles=tuple(style) if style else CORPUS_STYLES,
                out=out,
                workers=workers or None,
                cluster=cluster,
                per_house=per_house,
                storeys=storeys,
                report=report,
            )
    except KeyboardInterrupt:
        say(f"stopped; what is in {out} is whole, and the same command goes on from there")
        raise typer.Exit(130) from None
    print(f"{out}: {pairs} pairs")


@base_app.command("download")
def base_download(
    name: Annotated[str, typer.Argument(help="sd21-base, sd21 or a hub id")],
    revision: Annotated[str | None, typer.Option("--revision", help="branch, tag or commit on the hub")] = None,
) -> None:
    """Fetch a base model from the hub: the one command that uses the network."""
    from madorizu.diffusion import bases

    print(bases.download(name, revision=revision).folder)


@base_app.command("train")
def base_train(
    corpus: Annotated[Path, typer.Argument(help="folder that `madorizu corpus` wrote")],
    work: Annotated[Path, typer.Option("--work", help="folder of the stages' snapshots")] = Path("base_work"),
    out: Annotated[Path, typer.Option("--out", help="folder of the base")] = Path("base"),
    recipe: Annotated[
        Path | None, typer.Option("--recipe", help="TOML file of settings [default: the shipped base's]")
    ] = None,
    drawings: Annotated[
        Path | None, typer.Option("--drawings", help="folder of more PNG files for the autoencoder alone")
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--start", help="base whose autoencoder and words are kept and whose UNet goes on")
    ] = None,
    minutes: Annotated[float, typer.Option("--minutes", help="stop and save after so long; 0 never")] = 0.0,
    device: Device = "auto",
    threads: Annotated[int, typer.Option("--threads", min=0, help="of the CPU; 0 for all cores")] = 0,
) -> None:
    """Train the embedded base: autoencoder, then text encoder and UNet. Goes on where it stopped."""
    import math

    from madorizu.diffusion.device import choose
    from madorizu.diffusion.pretrain import stages
    from madorizu.diffusion.pretrain.recipe import Recipe, read

    settings = Recipe() if recipe is None else read(recipe)
    order = stages.Order(corpus, work, out, settings, drawings, start, choose(device))
    found = stages.run(order, minutes=minutes or math.inf, threads=threads or None, report=say)
    print(found if found is not None else work)


base_app.command("eval")(evaluating.base_eval)


# --- plans -----------------------------------------------------------------------------


@app.command()
def generate(
    output: Annotated[Path, typer.Option("--output", help="file: .png; also .svg or .json from the solver")],
    to: Annotated[
        list[str] | None, typer.Option("--to", help="formats of export, one file of each per house, named as --output")
    ] = None,
    width: Width = None,
    height: Height = None,
    request: Annotated[
        str | None,
        typer.Option("--request", help='the whole wish in words instead, such as "8x9 3LDK 南玄関" or "30坪 3LDK"'),
    ] = None,
    floor: Annotated[str | None, typer.Option("--floor", help="1F, 2F, both or unknown [default: 1F]")] = None,
    elements: Annotated[
        list[str] | None, typer.Option("--elements", help="stairs, entrance, balcony; may be repeated or have commas")
    ] = None,
    entrance: Annotated[str | None, typer.Option("--entrance", help="side of the entrance: n, e, s or w")] = None,
    bedrooms: Annotated[int | None, typer.Option("--bedrooms", help="number of bedrooms on this storey")] = None,
    features: Annotated[
        list[str] | None,
        typer.Option("--features", help="rooms: tatami, walk-in closet, study, laundry, ...; may have commas"),
    ] = None,
    nldk: Annotated[int | None, typer.Option("--nldk", help="n of nLDK: rooms besides the LDK in the house")] = None,
    stair_place: Annotated[
        str | None, typer.Option("--stair-place", help="third of the storey: nw, n, ne, w, center, e, sw, s or se")
    ] = None,
    upper: Annotated[str | None, typer.Option("--upper", help="WxH of the 2F of both, such as 9x7")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="same seed, same picture [default: random]")] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="pictures, with seeds that count up")] = 1,
    style: Annotated[
        str | None, typer.Option("--style", help="drawing style; none leaves it open [default: the adapter's, or cad]")
    ] = None,
    generator: Annotated[str, typer.Option("--generator", help="simple (solver) or lora")] = "simple",
    base: Base = None,
    lora: Lora = None,
    device: Device = "auto",
    steps: Steps = 20,
    guidance: Guidance = None,
    raw: Annotated[bool, typer.Option("--raw", help="the model's own picture, which nothing has checked")] = False,
    labels: Annotated[bool, typer.Option("--labels/--no-labels", help="room names (solver only)")] = True,
    sidecar: Annotated[bool, typer.Option("--sidecar", help="also the JSON of a training pair; no room names")] = False,
) -> None:
    """Draw floor plans of a size, or of a request in words."""
    import dataclasses
    import secrets

    from madorizu import pipeline

    who = _generator(generator, raw)
    formats = () if to is None else exporting.named(to)
    pipeline.check_output(
        output.with_name(f"{output.name}.json") if formats else output, sidecar=sidecar, generator=who
    )
    open_style = style == "none"
    words: Wishes = {"entrance": entrance, "bedrooms": bedrooms, "nldk": nldk, "stair_place": stair_place}
    words |= {"features": _names(features), "upper": upper}
    if request is not None:
        said: dict[str, object] = {"--width": width, "--height": height, "--floor": floor, "--elements": elements}
        said |= {f"--{name.replace('_', '-')}": value for name, value in words.items()}
        brief = _requested(request, [name for name, value in said.items() if value is not None])
        brief = brief if style is None else dataclasses.replace(brief, style=None if open_style else style)
    elif width is None or height is None:
        raise SettingsError("width and height must be given, or a request, got neither", "add --width 8 --height 9")
    else:
        words["style"] = None if open_style else style
        brief = pipeline.brief_from(width, height, floor=floor, elements=_words(elements), **words)
    pipeline.check_wish(brief, generator=who, seed=seed or 0, count=count)
    model = None if who == "simple" else _model(base, lora, device, steps, guidance)
    designs = pipeline.design(
        brief,
        draw=None if model is None else model.draw,
        seed=secrets.randbelow(pipeline.MAX_SEED + 1) if seed is None else seed,
        count=count,
        style=None if model is None or open_style else model.style,
        labels=labels and not sidecar,
    )
    if not formats and brief.floor == "both" and output.suffix.lower() == ".json":
        formats = ("json",)  # a house is one file
    saved = (
        exporting.save(designs, output, formats)
        if formats
        else pipeline.save(designs, output, labels=labels, sidecar=sidecar)
    )
    for path in saved:
        print(path)
    for one in designs:
        say(f"  {one.caption} (seed {one.seed}, {one.generator})")
        for finding in one.findings:
            if finding.hard:
                say(f"  {finding.code} {finding.message}")
    if model is not None and not raw:
        say("note: this is the model's own picture; no rule of building has been checked on it")
    if any(f.code == pipeline.EMPTY for one in designs for f in one.findings):
        sys.exit(1)


def _words(given: list[str] | None) -> list[str] | None:
    """Split "stairs,balcony" and "stairs balcony"; None stays None."""
    return None if given is None else [word for text in given for word in text.replace(",", " ").split()]


def _names(given: list[str] | None) -> list[str] | None:
    """Split "tatami,walk-in closet" at the commas; None stays None."""
    return None if given is None else [name for text in given for name in text.split(",") if name.strip()]


def _requested(text: str, beside: Sequence[str]) -> Brief:
    """Read a request, and say how it was understood."""
    from madorizu import pipeline

    if beside:
        raise SettingsError(
            f"request must be the whole wish, got {', '.join(beside)} beside it", "say it in the request"
        )
    found = pipeline.read(text)
    for words, meaning in found.understood:
        say(f"  {words} = {meaning or 'left open'}")
    for note in found.assumed:
        say(f"  assumed: {note.message}")
    return found.brief


def _generator(name: str, raw: bool) -> Generator:
    if name not in ("simple", "lora"):
        raise SettingsError(f"generator must be simple or lora, got {name!r}")
    if raw and name == "simple":
        raise SettingsError("raw must be asked of a model, got the simple generator", "add --generator lora")
    return "lora" if name == "lora" else "simple"


def _model(base: str | None, lora: Path | None, device: str, steps: int, guidance: float | None) -> Model:
    from madorizu.app import models

    return models.load(base, models.find_adapter(lora), device=device, steps=steps, guidance=guidance)


@app.command("draw")
def draw_plan(
    file: Annotated[Path, typer.Argument(help="JSON of a plan, a house, or beside an image; or our DXF")],
    out: Annotated[Path, typer.Option("--out", help="x.svg or x.png; both print at 1:100")],
    style: Annotated[str, typer.Option("--style", help="a style of docs/reference/drawing.md")] = "cad",
    lang: Annotated[str, typer.Option("--lang", help="language of the words: ja or en")] = "ja",
    layer: Annotated[list[str] | None, typer.Option("--layer", help="draw only this layer; may be repeated")] = None,
    hide: Annotated[list[str] | None, typer.Option("--hide", help="leave this layer out; may be repeated")] = None,
    scale: Annotated[int, typer.Option("--scale", help="pixels per module of 910 mm")] = 64,
) -> None:
    """Draw a plan for people: names, dimensions, axes, north, scale; a house's storeys side by side."""
    from madorizu import draw, files
    from madorizu.export import read
    from madorizu.plan import House

    form = out.suffix.lower()
    if form not in (".svg", ".png"):
        raise SettingsError(f"out must end in .svg or .png, got {out.name!r}")
    found = read(file)
    plans = found.plans if isinstance(found, House) else (found,)
    layers = draw.chosen_layers(layer or draw.LAYERS) - draw.chosen_layers(hide or ())
    if form == ".svg":
        files.atomic_text(out, draw.sheet(plans, style, layers=layers, lang=lang, px_per_module=scale))
    else:
        files.atomic_bytes(out, draw.sheet_png(plans, style, layers=layers, lang=lang, px_per_module=scale))
    print(out)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="JSON of a plan, a house, or beside an image; or our DXF")],
    as_json: AsJson = False,
) -> None:
    """Check plans against the rules; exit with 1 if one that must hold is broken."""
    from madorizu import rules
    from madorizu.export import read

    results = [(path, rules.check(read(path))) for path in files]
    if as_json:
        print(json.dumps([_result(path, found) for path, found in results], ensure_ascii=False, indent=1))
    else:
        for path, found in results:
            _print_findings(path, found)
    if any(f.hard for _, found in results for f in found):
        sys.exit(1)


def _result(path: Path, findings: Sequence[Finding]) -> dict[str, Any]:
    import dataclasses

    return {
        "file": str(path),
        "lawful": not any(f.hard for f in findings),
        "findings": [dataclasses.asdict(f) for f in findings],
    }


_WEIGHTS = {"hard": "", "soft": "(soft) ", "info": "(note) "}


def _print_findings(path: Path, findings: Sequence[Finding]) -> None:
    hard, soft = (sum(f.weight == weight for f in findings) for weight in ("hard", "soft"))
    print(f"{path}: {'lawful' if not hard else f'{hard} broken'}, {soft} could be better")
    for f in sorted(findings, key=lambda f: not f.hard):
        place = f" {f.floor}F" if f.floor is not None else ""
        print(f"  {f.code}{place} {_WEIGHTS[f.weight]}{f.message}")


app.command()(exporting.export)
app.command()(reading.trace)
app.command()(legalising.legalise)
app.command()(evaluating.evaluate)


@app.command()
def compare(
    lora: Lora = None,
    out: Annotated[
        Path, typer.Option("--out", help="the picture", show_default="training/comparison.png")
    ] = COMPARISON,
    base: Base = None,
    count: Annotated[int, typer.Option("--count", min=1, help="pairs")] = 4,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the first pair")] = 0,
    caption: Annotated[
        list[str] | None, typer.Option("--caption", help="a caption instead of the usual ones; may be repeated")
    ] = None,
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            help="prepared data; its captions are asked, held-out ones first",
            show_default="training/prepared_data",
        ),
    ] = PREPARED,
    device: Device = "auto",
    steps: Steps = 20,
    guidance: Guidance = None,
) -> None:
    """Draw the same briefs without and with an adapter, side by side in one picture."""
    from madorizu.app import models
    from madorizu.evaluate import compare as comparing

    adapter = models.find_adapter(lora)
    if adapter is None:
        raise SettingsError("lora must be an adapter to compare with the base alone, got none")
    base = base or models.base_of(adapter)
    size_px = models.size_of(adapter)
    captions = _captions(caption, data, count, models.style_of(adapter))

    def with_(lora: Path | None) -> Draw:
        # Loaded when asked, one after the other: two of full size may not fit side by side.
        return lambda texts, seeds: models.load(
            base, lora, device=device, steps=steps, guidance=guidance, size_px=size_px
        ).draw(texts, seeds)

    result = comparing.compare(captions, without=with_(None), with_adapter=with_(adapter), seed=seed)
    print(comparing.save(result, out, titles=(f"{Path(base).name}, without the adapter", "with the adapter")))
    for text, difference in zip(result.captions, result.difference, strict=True):
        say(f"  {text}: the pictures differ by {difference:g} of 255 on average")


def _captions(given: list[str] | None, data: Path, count: int, style: str | None) -> tuple[str, ...]:
    """Choose what is asked: the given captions, else the data's, held-out ones first, else usual ones."""
    from madorizu import dataset
    from madorizu.evaluate.compare import usual_captions

    if given:
        return tuple(given)
    if (data / "train.csv").is_file():
        prepared = dataset.read_prepared(data)
        held_out = sorted({e.caption for e in prepared.validation})
        seen = sorted({e.caption for e in prepared.train} - set(held_out))
        chosen = _spread(held_out, count)
        chosen += _spread(seen, count - len(chosen))
        if len(chosen) == count:
            return tuple(chosen)
    return usual_captions(count, style=style)


def _spread(texts: list[str], count: int) -> list[str]:
    """Take up to `count`, evenly over the order, so that both storeys and several sizes are there."""
    count = min(count, len(texts))
    return [texts[i * len(texts) // count] for i in range(count)]


# --- the server ------------------------------------------------------------------------


@app.command()
def serve(
    host: Annotated[str | None, typer.Option("--host", help="address to listen on [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="[default: 8000]")] = None,
    generator: Annotated[str | None, typer.Option("--generator", help="simple or lora [default: simple]")] = None,
    base: Annotated[str | None, typer.Option("--base", help="base model, for lora [default: the adapter's]")] = None,
    lora: Lora = None,
    device: Annotated[str | None, typer.Option("--device", help="[default: auto]")] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="denoising steps per picture [default: 20]")] = None,
    generated: Annotated[Path | None, typer.Option("--generated", help="folder of the pictures")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file [default: madorizu.toml]")] = None,
) -> None:
    """Serve the REST API and the page; settings come from here, MADORIZU_* and a TOML file."""
    from madorizu.app import server, settings

    chosen = settings.load(
        config,
        host=host,
        port=port,
        generator=generator,
        base=base,
        lora=lora,
        device=device,
        steps=steps,
        generated=generated,
    )
    server.serve(chosen, report=say)


@app.command()
def version() -> None:
    """Print the version."""
    import madorizu

    print(madorizu.__version__)
