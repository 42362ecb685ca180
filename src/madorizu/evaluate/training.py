"""The plans that a model was trained on, to see what it learned by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from madorizu import sidecar
from madorizu.brief import Brief, brief_of, caption
from madorizu.corpus import MANIFEST
from madorizu.errors import DatasetError
from madorizu.metrics.known import Known
from madorizu.plan import Plan


@dataclass(frozen=True, slots=True)
class Training:
    """A corpus, as far as evaluation asks it.

    Attributes:
        folder: its name.
        known: its plans, each once.
        captions: of all its plans, without the style.
    """

    folder: str
    known: Known
    captions: frozenset[str]

    def has_caption(self, brief: Brief) -> bool:
        """Say whether a plan of the corpus has this brief's very caption, whatever its style."""
        return caption(replace(brief, style=None)) in self.captions


def read(folder: Path) -> Training:
    """Read the plans of a corpus that `madorizu corpus` wrote.

    Raises:
        DatasetError: if the folder holds no plan.
        SidecarError: if a JSON cannot be read.
    """
    paths = [path for path in sorted(folder.glob("*.json")) if path.name != MANIFEST]
    found = (sidecar.read(path).plan for path in paths)
    return of_plans(folder.name, list(dict.fromkeys(plan for plan in found if plan is not None)))


def of_plans(name: str, plans: Sequence[Plan]) -> Training:
    """Gather known plans.

    Raises:
        DatasetError: if there is none.
    """
    if not plans:
        raise DatasetError(f"corpus must hold JSON with plans, got none in {name}", "make one with: madorizu corpus")
    return Training(name, Known(plans), frozenset(caption(brief_of(plan)) for plan in plans))
