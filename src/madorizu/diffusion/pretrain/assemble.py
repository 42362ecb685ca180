"""Put the trained parts together as a folder that plain diffusers loads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from madorizu import files
from madorizu.diffusion import bases
from madorizu.diffusion.pretrain import autoencoder, denoiser, recipe, snapshots
from madorizu.errors import BaseModelError

CHECKSUMS = "checksums.json"
STATISTICS = "statistics.json"  # mean and deviation of each latent channel
STARTED = "started"
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
    statistics = work / STATISTICS
    if statistics.exists():
        found = json.loads(statistics.read_text(encoding="utf-8"))
        weights = autoencoder.whitened(weights, torch.tensor(found["mean"]), torch.tensor(found["deviation"]))
    vae = autoencoder.build(whole.autoencoder, whole.size_px)
    vae.load_state_dict(weights)
    return vae.eval()


def take_apart(base: Path, work: Path, whole: recipe.Recipe) -> None:
    """Put a base's autoencoder and words where the stages look for theirs, as if they were trained.

    Raises:
        BaseModelError: if the base is damaged, or its autoencoder not of the recipe's shape.
    """
    vae = autoencoder.build(whole.autoencoder, whole.size_px)
    _load(vae, base / "vae")
    channels = whole.autoencoder.latent_channels
    with files.atomic_folder(work / "autoencoder") as beside:
        save_file({k: v.contiguous() for k, v in vae.state_dict().items()}, beside / "average.safetensors")
        (beside / "state.json").write_text(json.dumps({"step": whole.autoencoder.steps}) + "\n", encoding="utf-8")
    # Its latents are white already.
    white = {"mean": [0.0] * channels, "deviation": [1.0] * channels}
    files.atomic_text(work / STATISTICS, json.dumps(white))
    with files.atomic_folder(work / "tokenizer") as beside:
        for path in sorted((base / "tokenizer").iterdir()):
            (beside / path.name).write_bytes(path.read_bytes())
    files.atomic_text(work / STARTED, f"{bases.fingerprint(base)}\n")


def denoiser_weights(base: Path, whole: recipe.Recipe) -> dict[str, torch.Tensor]:
    """Read a base's UNet and text encoder as the weights of a `Denoiser`, float32.

    Raises:
        BaseModelError: if the base is damaged, or not of the recipe's shape.
    """
    tokenizer = CLIPTokenizer.from_pretrained(base / "tokenizer", local_files_only=True)
    model = denoiser.Denoiser(whole, len(tokenizer))
    _load(model.unet, base / "unet")
    _load(model.text_encoder, base / "text_encoder")
    return model.state_dict()


def _load(part: torch.nn.Module, folder: Path) -> None:
    weights: dict[str, torch.Tensor] = {}
    try:
        for path in sorted(folder.glob("*.safetensors")):
            weights |= load_file(path)
        part.load_state_dict({name: value.float() for name, value in weights.items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise BaseModelError(
            f"base must be whole and of this recipe, got {str(error).splitlines()[0]} in {folder.name}",
            "name the folder of a base that was trained by the same recipe",
        ) from error
