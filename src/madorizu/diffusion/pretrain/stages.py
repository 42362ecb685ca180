"""The stages in a row: what `madorizu base train` runs."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from madorizu import brief, files, wording
from madorizu.diffusion.device import CPU, Device
from madorizu.diffusion.pretrain import assemble, autoencoder, denoiser, loop, pairs, ranks, reader, text
from madorizu.diffusion.pretrain.recipe import Recipe
from madorizu.diffusion.pretrain.sight import Sight, held_out

LATENTS = "latents.safetensors"


@dataclass(frozen=True, slots=True)
class Order:
    """What is trained from what.

    Attributes:
        corpus: folder of pairs, as `madorizu corpus` writes it.
        work: folder of the stages' snapshots.
        out: where the base is written.
        recipe: all settings.
        drawings: folder of more PNG files that the autoencoder alone learns from, or None.
        start: folder of a base whose autoencoder and words are kept and whose UNet goes on, or None.
        place: the device, and the format to compute in.
    """

    corpus: Path
    work: Path
    out: Path
    recipe: Recipe
    drawings: Path | None = None
    start: Path | None = None
    place: Device = CPU


def run(
    order: Order, *, minutes: float = math.inf, threads: int | None = None, report: loop.Report = print
) -> Path | None:
    """Train the embedded base; goes on where an earlier run stopped.

    Args:
        order: what is trained from what.
        minutes: stop and save after so long.
        threads: of the CPU; None for torch's own choice.
        report: gets lines of progress.

    Returns:
        The folder of the base, or None when time ran out before the UNet was begun.

    Raises:
        DatasetError: if the corpus is empty or damaged.
        TrainingError: if a snapshot is damaged or of another recipe.
        BaseModelError: if the base to start from is not of this recipe's shape.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    # Numbers near zero cost a CPU a hundred times as much as others, and say nothing here.
    torch.set_flush_denormal(True)
    try:
        return _run(order, end=time.monotonic() + minutes * 60, report=report)
    finally:
        torch.set_flush_denormal(False)


def _run(order: Order, *, end: float, report: loop.Report) -> Path | None:
    whole, work = order.recipe, order.work
    rank, _ = ranks.join(order.place.name)
    found = pairs.find(order.corpus)
    report(f"corpus: {len(found)} pictures")
    if order.start is None and not _has_autoencoder(order, found, end=end, report=report):
        return None
    if rank == 0:
        _prepare(order, found, report)
    ranks.wait()
    tokenizer = CLIPTokenizer.from_pretrained(work / "tokenizer", local_files_only=True)
    latents = load_file(work / LATENTS)["mean"]
    held = held_out(found, whole.held_out)
    kept = [i for i in range(len(found)) if i not in set(held)]
    captions = [found[i].caption for i in kept]
    taught = {} if order.start is not None else reader.encoder_weights(work / "reader")
    started = None if order.start is None else assemble.denoiser_weights(order.start, whole)
    material = denoiser.Material(latents[kept], captions, tokenizer, taught, started)
    sight = Sight(order, tokenizer, latents[list(held)], [found[i].caption for i in held], report)
    denoiser.train(material, work / "denoiser", whole, place=order.place, until=end, report=report, at_save=sight.look)
    return assemble.assemble(work, order.out, whole) if rank == 0 else order.out


def _has_autoencoder(order: Order, found: tuple[pairs.Pair, ...], *, end: float, report: loop.Report) -> bool:
    """Train the autoencoder as far as time allows; say whether it is done."""
    settings, work = order.recipe.autoencoder, order.work / "autoencoder"
    if not _is_done(work, settings.steps):
        drawn = pairs.drawings(found, order.drawings, order.recipe.size_px, most=settings.pictures)
        report(f"autoencoder: learns from {len(drawn)} pictures")
        autoencoder.train(drawn, work, order.recipe, place=order.place, until=end, report=report)
    return _is_done(work, settings.steps)


def _prepare(order: Order, found: tuple[pairs.Pair, ...], report: loop.Report) -> None:
    """Make what the UNet's training reads: words, latents, and an encoder that reads captions."""
    work, whole = order.work, order.recipe
    captions = [p.caption for p in found]
    if order.start is not None and not (work / assemble.STARTED).exists():
        assemble.take_apart(order.start, work, whole)
    _encode(found, order, report)
    if not (work / "tokenizer").exists():
        with files.atomic_folder(work / "tokenizer") as beside:
            text.write_tokenizer(beside, words(captions, whole), whole.denoiser.vocabulary)
    if order.start is None:
        tokenizer = CLIPTokenizer.from_pretrained(work / "tokenizer", local_files_only=True)
        reader.train(tokenizer, _styles(captions), work / "reader", whole, report=report)


def _styles(captions: Sequence[str]) -> list[str]:
    """Return the names of the styles that captions state."""
    return sorted({style for text_ in captions if (style := brief.parse_caption(text_).style) is not None})


def words(captions: Sequence[str], whole: Recipe) -> list[str]:
    """Return what a vocabulary is learned from: the captions, and all that the grammar can say of other houses."""
    rng = random.Random(f"{whole.seed}/words")
    wishes = [reader.random_brief(rng, _styles(captions)) for _ in range(2000)]
    return [*captions, *(wording.reworded(wish, rng) for wish in wishes)]


def _is_done(folder: Path, steps: int) -> bool:
    state = folder / "state.json"
    return state.exists() and json.loads(state.read_text(encoding="utf-8"))["step"] >= steps


def _encode(found: tuple[pairs.Pair, ...], order: Order, report: loop.Report) -> None:
    """Encode the corpus once, and whiten the autoencoder by the latents' statistics."""
    kept = order.work / LATENTS
    if kept.exists():
        with safe_open(kept, "pt") as file:
            if file.get_slice("mean").get_shape()[0] == len(found):
                return
    vae = assemble.load_autoencoder(order.work, order.recipe).to(order.place.name)
    report(f"encoding {len(found)} pictures")
    means = []
    for start in range(0, len(found), 64):
        means.append(denoiser.encode(vae, pairs.pictures(found[start : start + 64], order.recipe.size_px)))
    mean = torch.cat(means)
    if not (order.work / assemble.STATISTICS).exists():
        centre = mean.float().mean(dim=(0, 2, 3))
        spread = mean.float().std(dim=(0, 2, 3)).clamp(min=1e-3)
        text_ = json.dumps({"mean": centre.tolist(), "deviation": spread.tolist()})
        files.atomic_text(order.work / assemble.STATISTICS, text_)
        mean = ((mean.float() - centre[:, None, None]) / spread[:, None, None]).half()
    save_file({"mean": mean.contiguous()}, kept.with_suffix(".part"))
    kept.with_suffix(".part").replace(kept)
