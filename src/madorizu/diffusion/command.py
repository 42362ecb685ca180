"""The command behind training/train_lora_simple.py: constants, a TOML file and flags become settings."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from madorizu.diffusion import settings
from madorizu.diffusion.settings import TrainSettings
from madorizu.errors import InputError, MadorizuError

DONE, OTHER, BAD_INPUT = 0, 1, 2


def main(arguments: Sequence[str] | None = None, *, constants: Mapping[str, Any] | None = None) -> int:
    """Train as constants, the file of --config and flags say, the later winning.

    Args:
        arguments: flags; None takes those of the process.
        constants: settings by field name; None in one means the preset of the base.

    Returns:
        The exit status: 0 done, 2 bad input, 1 anything else.
    """
    try:
        chosen = read(arguments, constants=constants)
        from madorizu.diffusion import progress
        from madorizu.diffusion.train import train

        with progress.on_terminal() as report:
            train(chosen, report=report)
    except MadorizuError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"  {error.hint}\n" if error.hint else ""))
        return BAD_INPUT if isinstance(error, InputError) else OTHER
    return DONE


def read(arguments: Sequence[str] | None = None, *, constants: Mapping[str, Any] | None = None) -> TrainSettings:
    """Turn constants, a TOML file and flags into settings.

    Raises:
        SettingsError: if a setting is unknown or outside its limits.
        SystemExit: with 2 for a malformed flag, 0 after --help.
    """
    given = vars(parser().parse_args(arguments))
    config: Path | None = given.pop("config", None)
    table = settings.read_toml(config) if config is not None else {}
    return settings.from_dict({**(constants or {}), **table, **given})


def parser() -> argparse.ArgumentParser:
    """Return a parser with a flag per setting, whose result holds only what was given."""
    made = argparse.ArgumentParser(
        description="Train a LoRA on prepared data.",
        epilog="Exit status: 0 done, 2 the settings or the data cannot be used, 1 anything else.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    made.add_argument("--config", type=Path, help="TOML file of settings; flags win over it")
    kinds = typing.get_type_hints(TrainSettings)
    for field in dataclasses.fields(TrainSettings):
        words = field.metadata["help"].replace("%", "%%")
        made.add_argument(
            f"--{field.name.replace('_', '-')}", help=words, **_form(kinds[field.name], field.metadata["split"])
        )
    return made


def _form(kind: Any, split: str) -> dict[str, Any]:
    """Say how argparse reads a field of this type; `split` parts the items of a list."""
    if isinstance(kind, types.UnionType):  # "int | None": what is not given stays None
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if kind is bool:
        return {"action": argparse.BooleanOptionalAction}
    if typing.get_origin(kind) is typing.Literal:
        return {"choices": typing.get_args(kind)}
    if typing.get_origin(kind) is dict:
        number = typing.get_args(kind)[1]
        return {"type": lambda text: _pairs(text, number), "metavar": "PART=NUMBER,..."}
    if typing.get_origin(kind) is tuple:
        return {"type": lambda text: _items(text, split), "metavar": "TEXTS" if split else "NAMES"}
    return {"type": kind}


def _items(text: str, split: str) -> list[str]:
    if not split:
        return text.replace(",", " ").split()
    return [item.strip() for item in text.split(split) if item.strip()]


def _pairs(text: str, number: type) -> dict[str, Any]:
    """Read "mid_block=8,attn1=2".

    Raises:
        ArgumentTypeError: if it is of another form.
    """
    found = {}
    for item in text.replace(",", " ").split():
        name, sign, value = item.partition("=")
        try:
            found[name] = number(value)
        except ValueError:
            sign = ""
        if not (name and sign):
            raise argparse.ArgumentTypeError(f"must be like mid_block=8,attn1=2, got {text!r}")
    return found
