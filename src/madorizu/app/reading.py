"""The commands about reading pictures: `trace`, and `tracer` that teaches the net."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

tracer_app = typer.Typer(help="The net that reads pictures.", no_args_is_help=True)

Work = Annotated[Path, typer.Option("--work", help="folder of the training's snapshot")]
Examples = Annotated[list[Path], typer.Option("--examples", help="folder of drawings; may be repeated")]
TrainSteps = Annotated[int, typer.Option("--steps", min=1, help="steps of 12 pictures")]


def trace(
    pictures: Annotated[list[Path], typer.Argument(help="PNG or JPEG files; a JSON beside one may tell its scale")],
    out: Annotated[Path, typer.Option("--out", help="folder for NAME.plan.json and NAME.draft.json")] = Path(),
    floor: Annotated[str | None, typer.Option("--floor", help="1F or 2F [default: the JSON's or the name's]")] = None,
    scale: Annotated[
        float | None, typer.Option("--scale", min=4, max=1000, help="pixels per module of 910 mm [default: found]")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=0, help="processes; 0 = one per core")] = 1,
) -> None:
    """Read storeys from pictures: rooms, walls, doors, windows, stairs, with how sure each is."""
    from madorizu import executor
    from madorizu.errors import SettingsError
    from madorizu.vectorise import files

    if floor not in (None, "1F", "2F"):
        raise SettingsError(f"floor must be 1F or 2F, got {floor!r}")
    storey = cast(Literal["1F", "2F"] | None, floor)
    jobs = [files.Job(path, storey, scale, out) for path in pictures]
    failed = 0
    for read in executor.run(files.read_or_tell, jobs, workers=workers or None):
        if read.draft is None:
            failed += 1
            print(f"{read.path.name}: {read.error}", file=sys.stderr)
            if read.hint:
                print(f"  {read.hint}", file=sys.stderr)
            continue
        plan = read.draft.plan
        print(
            f"{read.path.name}: {len(plan.rooms)} rooms, {len(plan.openings)} openings, {len(plan.fixtures)} fixtures, "
            f"{100 * read.draft.confidence:.0f} % sure, {read.draft.px_per_module:.1f} px per module"
        )
        for warning in read.draft.warnings:
            print(f"  {warning}")
    if failed:
        raise typer.Exit(2 if failed == len(jobs) else 1)


@tracer_app.command("examples")
def tracer_examples(
    houses: Annotated[int, typer.Option("--houses", min=1, help="number of houses")],
    out: Annotated[Path, typer.Option("--out", help="folder for the drawings")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="decides houses and styles")] = 1,
    workers: Annotated[int, typer.Option("--workers", min=0, help="processes; 0 = one per core")] = 0,
) -> None:
    """Draw houses in known and random styles, for teaching; goes on where it stopped."""
    from madorizu.learn import examples

    print(f"{out}: {examples.make(out, count=houses, seed=seed, workers=workers or None)} files")


@tracer_app.command("train")
def tracer_train(
    examples: Examples,
    work: Work = Path("tracer_work"),
    steps: TrainSteps = 6000,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0, help="stop after so long; goes on later")] = None,
) -> None:
    """Teach the net; goes on where it stopped."""
    from madorizu.learn import examples as shown
    from madorizu.learn import train

    found = [example for folder in examples for example in shown.load(folder)]
    until = float("inf") if minutes is None else time.monotonic() + 60 * minutes
    done = train.train(found, work, train.Settings(steps=steps), until=until, report=_say)
    print(f"{work}: {done} of {steps} steps")


@tracer_app.command("ship")
def tracer_ship(
    out: Annotated[Path, typer.Option("--out", help="folder for tracer.onnx and tracer.json")],
    work: Work = Path("tracer_work"),
    steps: TrainSteps = 6000,
) -> None:
    """Write the taught net as the file that `trace` uses (needs madorizu[learn])."""
    from madorizu.learn import ship, train

    print(ship.ship(work, out, train.Settings(steps=steps)))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
