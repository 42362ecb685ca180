"""What the autoencoder of a base leaves of drawings: our own, worn ones, and a style that it never saw."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from madorizu import degrade, draw, files, houses
from madorizu.draw.variety import random_style
from madorizu.evaluate import controls, pictures
from madorizu.metrics import intervals
from madorizu.metrics.fidelity import psnr, wall_iou
from madorizu.metrics.intervals import Estimate
from madorizu.pictures import Pixels
from madorizu.plan import Plan

Reconstruct = Callable[[Pixels], Pixels]  # (N, size, size, 3) -> the same shape
HARD, STRANGE = "hard", draw.DATASET_STYLE  # names of the sets that are not own styles
FIRST_SEED = 641_000_000  # of houses that no corpus has
MOST_PLANS = 16
_BATCH = 8
_NO_WALLS = tuple(layer for layer in draw.BUILDING if layer != "wall")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing to encode and decode, and the same without walls where these are measured."""

    group: str
    picture: Pixels
    bare: Pixels | None


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How true the reconstructions of a group of drawings are.

    Attributes:
        psnr: in dB, the mean over the drawings.
        walls: IoU of the pixels of walls, the mean; None where it was not measured.
    """

    psnr: Estimate
    walls: Estimate | None


def measure(
    reconstruct: Reconstruct, folder: Path, *, plans: int, size_px: int, report: pictures.Report
) -> Mapping[str, Fidelity]:
    """Reconstruct drawings and compare; what was measured before in this folder is taken from it.

    Args:
        reconstruct: encodes and decodes pictures.
        folder: for the figures and some pairs of drawing and reconstruction.
        plans: held-out storeys, each drawn in every style.
        size_px: side of the pictures.
        report: gets a line now and then.

    Returns:
        By group: the own styles' names, `HARD` and `STRANGE`.
    """
    path = folder / "figures.json"
    values = _kept(path, plans, size_px)
    if values is None:
        values = {}
        for group, found in _measured(reconstruct, folder, plans, size_px, report):
            values.setdefault(group, []).append(found)
        text = json.dumps({"plans": plans, "size_px": size_px, "values": values}, indent=1)
        files.atomic_text(path, text + "\n")
    return {group: _fidelity(found) for group, found in values.items()}


def _fidelity(found: Sequence[Sequence[float]]) -> Fidelity:
    walls = [pair[1] for pair in found if len(pair) > 1]
    return Fidelity(intervals.mean([pair[0] for pair in found]), intervals.mean(walls) if walls else None)


def _kept(path: Path, plans: int, size_px: int) -> dict[str, list[list[float]]] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if (data["plans"], data["size_px"]) != (plans, size_px):
            return None
        return {str(group): [[float(v) for v in pair] for pair in found] for group, found in data["values"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _measured(
    reconstruct: Reconstruct, folder: Path, plans: int, size_px: int, report: pictures.Report
) -> Iterator[tuple[str, list[float]]]:
    batch: list[Drawing] = []
    done = 0
    shown: set[str] = set()
    everything = list(drawings(plans, size_px))
    for drawing in everything:
        batch.append(drawing)
        done += 1
        if len(batch) < _BATCH and done < len(everything):
            continue
        made = reconstruct(np.stack([d.picture for d in batch]))
        for one, other in zip(batch, made, strict=True):
            if one.group not in shown:
                pair = np.concatenate([one.picture, other], axis=1)
                files.atomic_bytes(folder / f"{one.group}.png", pictures.png(pair))
                shown.add(one.group)
            walls = [] if one.bare is None else [wall_iou(one.picture, other, one.bare)]
            yield one.group, [psnr(one.picture, other), *walls]
        batch = []
        report(f"reconstruction: {done} of {len(everything)} drawings")


def drawings(plans: int, size_px: int) -> Iterator[Drawing]:
    """Yield the drawings: each plan in every own style, three times worn in random ones, once in the strange one."""
    for number in range(plans):
        plan = _plan(number)
        for name in draw.CORPUS_STYLES:
            yield Drawing(
                name, controls.drawing(plan, name, size_px), controls.drawing(plan, name, size_px, layers=_NO_WALLS)
            )
        for time in range(3):
            seed = FIRST_SEED + 3 * number + time
            picture = controls.drawing(plan, random_style(random.Random(seed)), size_px)
            yield Drawing(HARD, degrade.random_wear(picture, np.random.default_rng(seed)), None)
        yield Drawing(STRANGE, controls.drawing(plan, STRANGE, size_px), None)


def _plan(number: int) -> Plan:
    return houses.random_house(seed=FIRST_SEED + number // 2, storeys=2).plans[number % 2]
