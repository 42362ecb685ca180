"""What is seen of the UNet while it learns: the loss on held-out drawings, and drawings of fixed captions and noise."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from PIL import Image
from transformers import CLIPTokenizer

from madorizu import files
from madorizu.diffusion.denoise import counted
from madorizu.diffusion.pretrain import assemble, denoiser, loop, pairs

if TYPE_CHECKING:
    from madorizu.diffusion.pretrain.stages import Order

METRICS = "metrics.jsonl"
PREVIEWS = 8
STEPS, GUIDANCE = 20, 2.0


def held_out(found: Sequence[pairs.Pair], count: int) -> tuple[int, ...]:
    """Choose pairs that the UNet never sees: whole houses, the same ones in every run.

    Args:
        found: the corpus.
        count: of pairs, at least; none of a corpus that has not four times as many.
    """
    if not count or len(found) < 4 * count:
        return ()
    houses = sorted({p.house for p in found})
    random.Random("held out").shuffle(houses)
    chosen: list[int] = []
    for house in houses:
        if len(chosen) < count:
            chosen += [i for i, p in enumerate(found) if p.house == house]
    return tuple(sorted(chosen))


class Sight:
    """Looks at the averaged model when a snapshot was saved; see `look`."""

    def __init__(
        self,
        order: Order,
        tokenizer: CLIPTokenizer,
        latents: torch.Tensor,
        captions: Sequence[str],
        report: loop.Report,
    ) -> None:
        """Keep what is looked with: held-out latents, float16 (n, channels, side, side), and their captions."""
        self.order, self.tokenizer, self.report = order, tokenizer, report
        self.latents, self.captions = latents, list(captions)

    def look(self, step: int, model: denoiser.Denoiser) -> None:
        """Append the validation loss to `metrics.jsonl`, and draw `previews/NNNNNN.png`."""
        if not self.captions:
            return
        whole, place = self.order.recipe, self.order.place
        loss = denoiser.validation_loss(model, self.latents, self.captions, self.tokenizer, place)
        self.report(f"denoiser {step}: validation loss {loss:.4f}")
        with (self.order.work / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "validation_loss": round(loss, 6)}) + "\n")
        if step % whole.preview_every == 0 or step == whole.denoiser.steps:
            drawn = self._drawn(model)
            folder = self.order.work / "previews"
            folder.mkdir(exist_ok=True)
            files.atomic_bytes(folder / f"{step:06d}.png", _png(np.concatenate(list(drawn), axis=1)))

    @torch.no_grad()
    def _drawn(self, model: denoiser.Denoiser) -> np.ndarray:
        """Draw the first held-out captions: uint8, (n, side, side, 3)."""
        place = self.order.place.name
        words = self.captions[:PREVIEWS]
        length = self.tokenizer.model_max_length
        both = [*words, *[""] * len(words)]
        tokens = self.tokenizer(both, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
        context = model.text_encoder(tokens.input_ids.to(place))[0]
        scheduler = DPMSolverMultistepScheduler(**denoiser.SCHEDULE, algorithm_type="dpmsolver++", solver_order=2)
        scheduler.set_timesteps(STEPS)
        shape = (1, *self.latents.shape[1:])
        seen = torch.cat([torch.randn(shape, generator=counted(0, "preview", i)) for i in range(len(words))]).to(place)
        for t in scheduler.timesteps:
            asked, free = model.unet(torch.cat([seen, seen]), t, context).sample.chunk(2)
            seen = scheduler.step(free + GUIDANCE * (asked - free), t, seen).prev_sample
        vae = assemble.load_autoencoder(self.order.work, self.order.recipe).to(place)
        pictures = torch.cat([vae.decode(one[None]).sample for one in seen])
        found: np.ndarray = ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().cpu().numpy().transpose(0, 2, 3, 1)
        return found


def _png(picture: np.ndarray) -> bytes:
    from io import BytesIO

    data = BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


def read_metrics(work: Path) -> list[dict[str, float]]:
    """Read what was seen so far; a run that was gone on with counts once per step, the latest."""
    path = work / METRICS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    by_step = {row["step"]: row for row in map(json.loads, lines)}
    return [by_step[step] for step in sorted(by_step)]
