"""Put the trained parts together as a folder that plain diffusers loads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline
from transformers import CLIPTokenizer

from madorizu import files
from madorizu.diffusion.pretrain import autoencoder, denoiser, recipe, snapshots

CHECKSUMS = "checksums.json"
SHARD = "14MB"  # no file of the package is larger than 16 MiB


def assemble(work: Path, out: Path, whole: recipe.Recipe) -> Path:
    """Write the base's folder: averaged weights, tokenizer, scheduler, checksums.

    UNet and autoencoder are in float16. The text encoder is in float32: without a `dtype`
    diffusers takes the others to float32, but transformers leaves it as it finds it.

    Args:
        work: folder of the stages: autoencoder, statistics.json, tokenizer, denoiser.
        out: replaced in one step.
        whole: the recipe the stages were trained with.

    Raises:
        TrainingError: if a stage is missing.
    """
    vae = load_autoencoder(work, whole)
    tokenizer = CLIPTokenizer.from_pretrained(work / "tokenizer", local_files_only=True)
    model = denoiser.Denoiser(whole, len(tokenizer))
    model.load_state_dict(snapshots.weights_of(work / "denoiser"))
    pipeline = StableDiffusionPipeline(
        vae=vae.to(torch.float16),
        text_encoder=model.text_encoder,
        tokenizer=tokenizer,
        unet=model.unet.to(torch.float16),
        # The pipeline warns of any steps_offset but 1; with trailing spacing it has no effect.
        scheduler=DPMSolverMultistepScheduler(
            **denoiser.SCHEDULE, steps_offset=1, algorithm_type="dpmsolver++", solver_order=2
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    with files.atomic_folder(out) as beside:
        pipeline.save_pretrained(beside, safe_serialization=True, max_shard_size=SHARD)
        sums = {
            path.relative_to(beside).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(beside.rglob("*"))
            if path.is_file()
        }
        (beside / CHECKSUMS).write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8")
    return out


def load_autoencoder(work: Path, whole: recipe.Recipe) -> AutoencoderKL:
    """Build the trained autoencoder; whitened when its latents' statistics are known.

    Raises:
        TrainingError: if it was not trained yet.
    """
    weights = snapshots.weights_of(work / "autoencoder")
    statistics = work / "statistics.json"
    if statistics.exists():
        found = json.loads(statistics.read_text(encoding="utf-8"))
        weights = autoencoder.whitened(weights, torch.tensor(found["mean"]), torch.tensor(found["deviation"]))
    vae = autoencoder.build(whole.autoencoder, whole.size_px)
    vae.load_state_dict(weights)
    return vae.eval()
