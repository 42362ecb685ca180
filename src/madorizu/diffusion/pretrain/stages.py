"""The stages in a row: what `madorizu base train` runs."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from madorizu import brief, files, wording
from madorizu.diffusion.pretrain import assemble, autoencoder, denoiser, pairs, ranks, reader, recipe, text

Report = Callable[[str], None]


def run(
    corpus: Path,
    work: Path,
    out: Path,
    whole: recipe.Recipe,
    *,
    minutes: float = math.inf,
    threads: int | None = None,
    report: Report = print,
) -> Path | None:
    """Train the embedded base from a corpus; goes on where an earlier run stopped.

    Args:
        corpus: folder of pairs, as `madorizu corpus` writes it.
        work: folder of the stages' snapshots.
        out: where the base is written when the UNet was trained.
        whole: all settings.
        minutes: stop and save after so long.
        threads: of the CPU; None for torch's own choice.
        report: gets lines of progress.

    Returns:
        The folder of the base, or None when time ran out before the UNet was begun.

    Raises:
        DatasetError: if the corpus is empty or damaged.
        TrainingError: if a snapshot is damaged or of another recipe.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    # Numbers near zero cost a CPU a hundred times as much as others, and say nothing here.
    torch.set_flush_denormal(True)
    try:
        return _run(corpus, work, out, whole, end=time.monotonic() + minutes * 60, report=report)
    finally:
        torch.set_flush_denormal(False)


def _run(corpus: Path, work: Path, out: Path, whole: recipe.Recipe, *, end: float, report: Report) -> Path | None:
    rank, _ = ranks.join()
    found = pairs.find(corpus)
    report(f"corpus: {len(found)} pictures")
    if not _is_done(work / "autoencoder", whole.autoencoder.steps):
        images = pairs.pictures(found, whole.size_px)
        autoencoder.train(images, work / "autoencoder", whole, until=end, report=report)
    if not _is_done(work / "autoencoder", whole.autoencoder.steps):
        return None
    captions = [p.caption for p in found]
    tokens = work / "tokenizer"
    if rank == 0:
        _latents(found, work, whole, report)
        if not tokens.exists():
            with files.atomic_folder(tokens) as beside:
                text.write_tokenizer(beside, words(captions, whole), whole.denoiser.vocabulary)
    ranks.wait()
    latents = _latents(found, work, whole, report)
    tokenizer = CLIPTokenizer.from_pretrained(tokens, local_files_only=True)
    if rank == 0:
        reader.train(tokenizer, _styles(captions), work / "reader", whole, report=report)
    ranks.wait()
    material = denoiser.Material(*latents, captions, tokenizer, reader.encoder_weights(work / "reader"))
    denoiser.train(material, work / "denoiser", whole, until=end, report=report)
    return assemble.assemble(work, out, whole) if rank == 0 else out


def _styles(captions: Sequence[str]) -> list[str]:
    """Return the names of the styles that captions state."""
    return sorted({style for text_ in captions if (style := brief.parse_caption(text_).style) is not None})


def words(captions: Sequence[str], whole: recipe.Recipe) -> list[str]:
    """Return what a vocabulary is learned from: the captions, and all that the grammar can say of other houses."""
    rng = random.Random(f"{whole.seed}/words")
    wishes = [reader.random_brief(rng, _styles(captions)) for _ in range(2000)]
    return [*captions, *(wording.reworded(wish, rng) for wish in wishes)]


def _is_done(folder: Path, steps: int) -> bool:
    state = folder / "state.json"
    return state.exists() and json.loads(state.read_text(encoding="utf-8"))["step"] >= steps


def _latents(
    found: tuple[pairs.Pair, ...], work: Path, whole: recipe.Recipe, report: Report
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode the corpus once, and whiten the autoencoder by the latents' statistics."""
    kept = work / "latents.safetensors"
    if kept.exists():
        tensors = load_file(kept)
        if len(tensors["mean"]) == len(found):
            return tensors["mean"], tensors["deviation"]
    vae = assemble.load_autoencoder(work, whole)
    report(f"encoding {len(found)} pictures")
    means, deviations = [], []
    for start in range(0, len(found), 64):
        mean, deviation = denoiser.encode(vae, pairs.pictures(found[start : start + 64], whole.size_px))
        means.append(mean)
        deviations.append(deviation)
    mean, deviation = torch.cat(means), torch.cat(deviations)
    if not (work / "statistics.json").exists():
        centre = mean.float().mean(dim=(0, 2, 3))
        spread = mean.float().std(dim=(0, 2, 3)).clamp(min=1e-3)
        text_ = json.dumps({"mean": centre.tolist(), "deviation": spread.tolist()})
        files.atomic_text(work / "statistics.json", text_)
        mean = ((mean.float() - centre[:, None, None]) / spread[:, None, None]).half()
        deviation = (deviation.float() / spread[:, None, None]).half()
    save_file({"mean": mean.contiguous(), "deviation": deviation.contiguous()}, kept.with_suffix(".part"))
    kept.with_suffix(".part").replace(kept)
    return mean, deviation
