"""The command behind inference/generate_floor_plan_lora.py: a brief in, the model's pictures out."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from madorizu import files
from madorizu.brief import FLOORS, Brief, caption, elements_from, modules
from madorizu.diffusion import adapter as adapters
from madorizu.diffusion.adapter import Adapter
from madorizu.diffusion.device import DEVICES
from madorizu.errors import AdapterError, BriefError, InputError, MadorizuError
from madorizu.plan import Side

DONE, OTHER, BAD_INPUT = 0, 1, 2
MAX_MODULES = 50  # what the REST route takes; what fits on a picture is for the brief to say
_SIDES: dict[str, Side] = {"n": "n", "e": "e", "s": "s", "w": "w", "north": "n", "east": "e", "south": "s", "west": "w"}


@dataclass(frozen=True, slots=True)
class Order:
    """What to draw with.

    Attributes:
        brief: what is asked.
        seed: of the first picture; the next ones count up.
        base: name or folder of the base.
        adapter: the adapter's folder, or None for the base alone.
    """

    brief: Brief
    seed: int
    base: str
    adapter: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw floor plans with the trained model.

    Returns:
        The exit status: 0 done, 2 bad input, 1 anything else.
    """
    given = parser().parse_args(arguments)
    try:
        order = read(given)
        _draw(order, given)
    except MadorizuError as error:
        say_error(error)
        return BAD_INPUT if isinstance(error, InputError) else OTHER
    return DONE


def parser() -> argparse.ArgumentParser:
    """Return the command's flags."""
    made = argparse.ArgumentParser(
        "generate_floor_plan_lora.py",
        description="Draw a floor plan with the LoRA that was trained last.",
        epilog="Exit status: 0 done, 2 the request cannot be met, 1 anything else.",
    )
    add = made.add_argument
    add("--width", required=True, help="east to west, in modules of 910 mm: 1 to 50, of which 2 to 30 can be drawn")
    add("--height", required=True, help="north to south, in modules of 910 mm")
    add("--output", required=True, type=Path, help="the PNG file")
    add("--floor", default="1F", choices=FLOORS, help="which storey; default 1F")
    add("--elements", default="", help="stairs, entrance, balcony, parted by commas")
    add("--entrance", choices=sorted(_SIDES), help="side of the entrance")
    add("--bedrooms", type=int, help="number of bedrooms on this storey")
    add("--style", help="drawing style; default: that of the training data; 'none' leaves it open")
    add("--seed", type=int, help="same seed, same picture; default: a random one, which is printed")
    add("--count", type=int, default=1, help="number of pictures, with seeds that count up")
    add("--steps", type=int, default=20, help="denoising steps; default 20")
    add("--guidance", type=float, help="how closely to follow the request; default: what suits the base")
    add("--lora", help="the adapter's folder; default: training/lora_model/final; 'none' draws with the base alone")
    add("--base", help="embedded, sd21-base, sd21, a folder or a hub id; default: what the adapter was trained on")
    add("--device", default="auto", choices=DEVICES)
    add("--raw", action="store_true", help="the model's own picture, which nothing has checked")
    return made


def read(given: argparse.Namespace) -> Order:
    """Turn flags into an order; loads no weights.

    Raises:
        BriefError: if the request is malformed or outside the limits.
        AdapterError: if the adapter is missing or damaged, or its base is not known here.
    """
    faults = [
        f"{name} must be {least} to {most}, got {value}"
        for name, value, least, most in (
            ("seed", given.seed, 0, 2**63 - 1),
            ("count", given.count, 1, 10_000),
            ("steps", given.steps, 1, 1000),
        )
        if value is not None and not least <= value <= most
    ]
    if faults:
        raise BriefError("; ".join(faults))
    brief = brief_from(given)
    alone = given.lora == "none"
    adapter = None if alone else adapters.read(Path(given.lora) if given.lora else adapters.find())
    if adapter is not None and given.style is None:
        brief = dataclasses.replace(brief, style=adapter.style)
    base = given.base or ("embedded" if adapter is None else base_of(adapter))
    seed = secrets.randbelow(2**31) if given.seed is None else given.seed
    return Order(brief, seed, base, None if adapter is None else adapter.folder)


def brief_from(given: argparse.Namespace) -> Brief:
    """Make the brief that the flags describe.

    Raises:
        BriefError: naming what is wrong.
    """
    sizes = {name: modules(getattr(given, name), name) for name in ("width", "height")}
    for name, size_mm in sizes.items():
        if not modules(1) <= size_mm <= modules(MAX_MODULES):
            raise BriefError(f"{name} must be 1 to {MAX_MODULES} modules, got {getattr(given, name)}")
    elements = elements_from(word for word in given.elements.split(",") if word.strip())
    side = _SIDES[given.entrance] if given.entrance else None
    return Brief(
        given.floor,
        sizes["width"],
        sizes["height"],
        elements | {"entrance"} if side else elements,
        side,
        given.bedrooms,
        style=None if given.style == "none" else given.style,
    )


def base_of(adapter: Adapter) -> str:
    """Return the name or folder of the base that an adapter was trained on.

    A base of the user's own has no name that leads to it; its folder stands in the run's
    settings beside the adapter.

    Raises:
        AdapterError: if they are not there.
    """
    if adapter.record["base"].get("kind") != "custom":
        return adapter.base_name
    try:
        settings = json.loads((adapter.folder.parent / "adapter_config.json").read_text(encoding="utf-8"))
        return str(settings["base"])
    except (OSError, ValueError, KeyError, TypeError):
        raise AdapterError(
            f"adapter's base must be given, it was trained on {adapter.base_name!r} of your own", "use --base FOLDER"
        ) from None


def paths(output: Path, count: int) -> list[Path]:
    """Return the files of `count` pictures: the output itself, or plan-1.png, plan-2.png and so on."""
    if count == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{number}{output.suffix}") for number in range(1, count + 1)]


def say_error(error: MadorizuError) -> None:
    """Write an error for people to standard error, the next step on a line of its own."""
    sys.stderr.write(f"error: {error.message}\n" + (f"  {error.hint}\n" if error.hint else ""))


def _draw(order: Order, given: argparse.Namespace) -> None:
    from PIL import Image

    from madorizu.diffusion import sample

    sampler = sample.load(order.base, order.adapter, given.device)
    text = caption(order.brief)
    sys.stderr.write(f"drawing {text!r}, seed {order.seed}\n")
    for number, path in enumerate(paths(given.output, given.count)):
        images = sampler.draw([text], [order.seed + number], steps=given.steps, guidance=given.guidance)
        data = io.BytesIO()
        Image.fromarray(images[0]).save(data, "PNG")
        files.atomic_bytes(path, data.getvalue())
        sys.stdout.write(f"{path}\n")
    if not given.raw:
        sys.stderr.write("note: this is the model's own picture; no rule of building has been checked on it\n")
