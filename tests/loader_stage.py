"""What the drivers share: stand-ins for packages a loader imports and does not need, and the answer.

A driver runs in a process of its own, with the Python of the program that it drives. It loads
a LoRA with that program's own code and writes down what became of each weight: the change as
a matrix, seen from both sides by one fixed vector each.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import torch
from safetensors.torch import load_file, save_file


class _Hollow(types.ModuleType):
    """A module that has everything and does nothing."""

    def __getattr__(self, name: str) -> Any:
        """Give a stand-in for any public name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock()


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the packages that are not installed and need not be."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Answer for the named packages only."""
        known = name in self.names or name.split(".")[0] in self.names
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Make the hollow module."""
        made = _Hollow(spec.name)
        made.__path__ = []
        return made

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing is in it to be run."""


def stand_in(*names: str, first: bool = False) -> None:
    """Let packages be imported that are not installed; `first` also in the place of real ones.

    The real libraries are imported before, because they look for some of these names too.
    """
    importlib.import_module("diffusers")
    importlib.import_module("transformers")
    sys.meta_path.insert(0 if first else len(sys.meta_path), _Finder(names))


def change(after: torch.Tensor, before: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a weight's change times a fixed vector, and a fixed vector times the change, in float64."""
    matrix = (after.double() - before.double()).flatten(1)
    return matrix @ probe(matrix.shape[1]), probe(matrix.shape[0]) @ matrix


def probe(length: int) -> torch.Tensor:
    """Return a vector without symmetry."""
    return torch.cos(torch.arange(length, dtype=torch.float64) ** 1.5)


def answer(out: Path, changes: Mapping[str, tuple[torch.Tensor, torch.Tensor]], **words: str) -> None:
    """Write the changes by the loader's own name of each weight."""
    tensors = {f"{name}|{side}": t for name, pair in changes.items() for side, t in zip("ab", pair, strict=True)}
    save_file(tensors, out, {"matched": str(len(changes)), **words})


def text_encoder(base: Path) -> dict[str, torch.Tensor]:
    """Return the text encoder's weights under the names that older versions of transformers gave them."""
    found = load_file(base / "text_encoder" / "model.safetensors")
    return {name if name.startswith("text_model.") else f"text_model.{name}": t.float() for name, t in found.items()}
