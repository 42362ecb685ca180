"""The settings of a LoRA run: one frozen value, its presets and its TOML file.

Weak to strong: a base's preset, the constants of the training script, the TOML file,
flags. None in a field means "as the preset says". The TOML file has five tables:

    [run]
    base = "sd21-base"
    [train]
    epochs = 5
    [lora]
    rank = 4
    [data]
    mirror = 0.5
    [output]
    checkpoint_every = 100
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_type_hints

from madorizu.errors import SettingsError

Resume = str  # "never", "auto" or the path of a checkpoint

# What fits a base. One row per base; size_px comes from the base itself.
_GUIDE: dict[str, Any] = {
    "epochs": 5,
    "batch_size": 1,
    "lr": 5e-5,
    "rank": 4,
    "alpha": 4.0,
    "targets": ("to_q", "to_k", "to_v", "to_out.0"),
    "caption_dropout": 0.1,
    "min_snr": 0.0,
}
PRESETS: dict[str, dict[str, Any]] = {
    "sd21-base": _GUIDE,
    "sd21": _GUIDE,
    # A small UNet has to change more, so it takes a higher rate.
    "embedded": _GUIDE | {"lr": 1e-3, "min_snr": 5.0},
}
# What may change between a run and its continuation without making it another run.
FREE_ON_RESUME = frozenset(
    {"base", "data", "out", "epochs", "steps", "device", "dtype", "resume", "cache", "checkpoint_every", "keep"}
    | {"validation", "validate_every", "preview_every", "previews", "preview_captions", "tensorboard", "wandb", "fit"}
    # Their product with the processes is compared; masks are compared by content.
    | {"batch_size", "accumulate", "gradient_checkpointing", "masks"}
)
SCHEDULES = ("constant", "linear", "cosine", "restarts")
OPTIMIZERS = ("adamw", "adamw8bit", "prodigy", "schedulefree")
MAX_LR = 10.0  # Prodigy takes 1; nothing that learns takes more than some times that


def _of(table: str, default: Any, words: str, *, split: str = "") -> Any:
    """Describe a setting; `split` parts the items of a list in its flag, where spaces and commas do not."""
    return field(default=default, metadata={"table": table, "help": words, "split": split})


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Every setting of a LoRA run; a field's help text is its documentation.

    Raises:
        SettingsError: at construction, naming every field that breaks its rule.
    """

    base: str = _of("run", "embedded", "base model: embedded, sd21-base, sd21, a folder or a hub id")
    data: Path = _of("run", Path("training/prepared_data"), "folder that prepare_dataset.py wrote")
    out: Path = _of("run", Path("training/lora_model"), "folder for checkpoints and the adapter")
    cache: Path | None = _of("run", None, "folder for encoded images and captions (default: cache in --out)")
    seed: int = _of("run", 0, "seed of all random choices")
    device: str = _of("run", "auto", "auto, cpu, cuda or mps")
    dtype: str = _of("run", "auto", "auto, fp32, bf16 or fp16; the LoRA itself is always fp32")
    resume: Resume = _of("run", "never", "never, auto (the latest checkpoint in --out) or a checkpoint's folder")
    fit: Literal["auto", "propose", "off"] = _of(
        "run",
        "auto",
        "when a step does not fit into memory: change batch or checkpointing, only say so, or do not look",
    )
    compile: bool = _of(
        "run", False, "compile the UNet with torch.compile: minutes at the start, faster steps on a GPU"
    )
    channels_last: bool | None = _of("run", None, "keep images with their channels last (default: on CUDA in 16 bit)")
    size: int | None = _of("train", None, "side of the training images in pixels")
    epochs: int | None = _of("train", None, "times that every image is seen")
    steps: int | None = _of("train", None, "stop after this many steps, however many epochs that is")
    batch_size: int | None = _of("train", None, "images per step and process")
    accumulate: int = _of("train", 1, "batches that are added up for one step")
    optimizer: Literal["adamw", "adamw8bit", "prodigy", "schedulefree"] = _of(
        "train", "adamw", "adamw8bit needs bitsandbytes and CUDA, prodigy prodigyopt, schedulefree schedulefree"
    )
    lr: float | None = _of("train", None, "learning rate; Prodigy finds its own, 1 is its default")
    schedule: Literal["constant", "linear", "cosine", "restarts"] = _of(
        "train", "constant", "course of the learning rate; the others end at zero, restarts --cycles times"
    )
    cycles: int = _of("train", 3, "cosines of the schedule restarts")
    warmup: int = _of("train", 0, "steps over which the learning rate rises from zero")
    weight_decay: float = _of("train", 0.01, "the optimizer's weight decay")
    max_grad_norm: float = _of("train", 1.0, "gradients longer than this are shortened; 0 = never")
    ema: float = _of("train", 0.0, "decay of a moving average of the LoRA, which is then what is saved; 0 = off")
    caption_dropout: float | None = _of("train", None, "share of captions that are replaced by the empty one")
    min_snr: float | None = _of("train", None, "min-SNR gamma, for instance 5; 0 = off")
    noise_offset: float = _of("train", 0.0, "spread of one more number per channel that is added to the noise")
    zero_terminal_snr: bool | None = _of(
        "train", None, "end the noise schedule in pure noise; models of the velocity only (default: as the model says)"
    )
    gradient_checkpointing: bool = _of("train", False, "less memory for a third more work")
    rank: int | None = _of("lora", None, "rank of the LoRA matrices")
    alpha: float | None = _of("lora", None, "scale of the LoRA is alpha / rank")
    targets: tuple[str, ...] | None = _of("lora", None, "ends of the names of the modules that get a LoRA")
    ranks: dict[str, int] | None = _of("lora", None, "other ranks by a part of a module's name: mid_block=8,attn1=2")
    alphas: dict[str, float] | None = _of("lora", None, "other alphas in the same way (default: that keep the scale)")
    dropout: float = _of("lora", 0.0, "share of the LoRA's inputs that are dropped")
    dora: bool = _of("lora", False, "also train the length of each weight (DoRA)")
    rslora: bool = _of("lora", False, "scale by alpha / sqrt(rank) (rsLoRA)")
    init: Literal["gaussian", "pissa"] = _of("lora", "gaussian", "start from no change, or from the principal parts")
    text_encoder: bool = _of("lora", False, "give the text encoder a LoRA too; captions are then encoded at each step")
    text_encoder_lr: float | None = _of("lora", None, "its learning rate (default: that of the UNet)")
    mirror: float = _of("data", 0.0, "share of images that are mirrored, east and west changed in the caption")
    caption_shuffle: int = _of("data", 0, "other orders of each caption's wishes to take turns with its own")
    caption_words: bool = _of("data", False, "those in other words as well")
    buckets: bool = _of(
        "data", False, "let images keep their shape: batches of one shape, each with the area of --size"
    )
    masks: Path | None = _of("data", None, "folder of grey pictures, named as the images: where white, the loss counts")
    checkpoint_every: int = _of("output", 100, "steps between checkpoints")
    keep: int = _of("output", 0, "checkpoints to keep, the latest; 0 = all")
    validation: int = _of("output", 4, "validation images for the loss at fixed noise; 0 = none")
    validate_every: int = _of("output", 0, "steps between validations; 0 = at the end of each epoch")
    preview_every: int | None = _of(
        "output",
        None,
        "steps between pictures of fixed briefs; 0 = none (default: 100, none for a large model on a CPU)",
    )
    previews: int = _of("output", 2, "how many pictures that are, from the captions of validation images")
    preview_captions: tuple[str, ...] | None = _of("output", None, "captions to draw instead, parted by ;", split=";")
    tensorboard: bool = _of("output", False, "also write TensorBoard files")
    wandb: bool = _of("output", False, "also log to Weights & Biases")

    def __post_init__(self) -> None:
        """Collect all faults and raise them at once."""
        faults = [
            f"{name} must be at least {least}, got {value}"
            for name, least in _LEAST.items()
            if (value := getattr(self, name)) is not None and not value >= least
        ]
        faults += _faults_of_rates(self)
        faults += _faults_of_choices(self)
        if faults:
            raise SettingsError("; ".join(faults))

    def with_preset(self, preset: str, size_px: int) -> TrainSettings:
        """Fill what is None from a base's preset and its image size."""
        row = PRESETS[preset] | {"size": size_px}
        if self.rank is not None and self.alpha is None:
            row = row | {"alpha": float(self.rank)}  # the scale stays 1 when only the rank is chosen
        if self.optimizer == "prodigy":
            row = row | {"lr": 1.0}  # a factor on the rate that it finds
        return dataclasses.replace(self, **{k: v for k, v in row.items() if getattr(self, k) is None})

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them; `from_dict` is the inverse."""
        values = dataclasses.asdict(self)
        return {k: str(v) if isinstance(v, Path) else list(v) if isinstance(v, tuple) else v for k, v in values.items()}


_LEAST = {
    **{"seed": 0, "size": 64, "epochs": 1, "steps": 1, "batch_size": 1, "accumulate": 1, "warmup": 0, "rank": 1},
    **{"weight_decay": 0, "max_grad_norm": 0, "min_snr": 0, "checkpoint_every": 1, "keep": 0, "validation": 0},
    **{"cycles": 1, "noise_offset": 0, "caption_shuffle": 0, "validate_every": 0, "preview_every": 0, "previews": 0},
}
_CHOICES = {
    "fit": ("auto", "propose", "off"),
    "schedule": SCHEDULES,
    "optimizer": OPTIMIZERS,
    "init": ("gaussian", "pissa"),
}


def _faults_of_rates(settings: TrainSettings) -> list[str]:
    """Say which of the fractional settings lie outside their limits."""
    faults = []
    for name in ("lr", "text_encoder_lr", "alpha"):
        if (value := getattr(settings, name)) is None:
            continue
        if not 0 < value < float("inf"):
            faults.append(f"{name} must be above 0, got {value}")
        elif name != "alpha" and value > MAX_LR:
            faults.append(f"{name} must be at most {MAX_LR:g}, got {value:g}")
    for name in ("caption_dropout", "mirror"):
        if (value := getattr(settings, name)) is not None and not 0 <= value <= 1:
            faults.append(f"{name} must be 0 to 1, got {value}")
    for name in ("dropout", "ema"):
        if not 0 <= getattr(settings, name) < 1:
            faults.append(f"{name} must be 0 or more and under 1, got {getattr(settings, name)}")
    return faults


def _faults_of_choices(settings: TrainSettings) -> list[str]:
    """Say which settings are none of those that there are, or do not go together."""
    faults = [
        f"{name} must be {', '.join(known[:-1])} or {known[-1]}, got {getattr(settings, name)!r}"
        for name, known in _CHOICES.items()
        if getattr(settings, name) not in known
    ]
    if settings.targets is not None and not (settings.targets and all(settings.targets)):
        faults.append(f"targets must name at least one kind of module, got {settings.targets!r}")
    for part, rank in (settings.ranks or {}).items():
        if not part or rank < 1:
            faults.append(f"ranks must be at least 1 by a part of a name, got {part!r}: {rank}")
    for part, alpha in (settings.alphas or {}).items():
        if not part or not 0 < alpha < float("inf"):
            faults.append(f"alphas must be above 0 by a part of a name, got {part!r}: {alpha}")
    if settings.dora and settings.init == "pissa":
        faults.append("init must be gaussian with dora, got 'pissa'")
    if settings.caption_words and not settings.caption_shuffle:
        faults.append("caption_shuffle must be at least 1 with caption_words, got 0")
    if settings.optimizer == "schedulefree" and settings.schedule != "constant":
        faults.append(f"schedule must be constant with schedulefree, got {settings.schedule!r}")
    return faults


def from_dict(values: Mapping[str, Any]) -> TrainSettings:
    """Build settings from plain values by field name; paths and targets may be strings and lists.

    Raises:
        SettingsError: if a name is unknown or a value is not of its kind.
    """
    known = {f.name: f for f in dataclasses.fields(TrainSettings)}
    if unknown := sorted(set(values) - set(known)):
        raise SettingsError(f"settings must be of {', '.join(known)}, got {', '.join(unknown)}")
    return TrainSettings(**_checked(values, ""))


def from_toml(path: Path, *, under: Mapping[str, Any] | None = None) -> TrainSettings:
    """Read settings from a TOML file, over the values of `under`.

    Raises:
        SettingsError: if the file cannot be read, or has an unknown table or key.
    """
    return from_dict({**(under or {}), **read_toml(path)})


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of settings into values by field name, each checked.

    Raises:
        SettingsError: if the file cannot be read, or has an unknown table or key.
    """
    try:
        with path.open("rb") as stream:
            document = tomllib.load(stream)
    except OSError as error:
        raise SettingsError(f"settings file must be readable, got {error.strerror or error}: {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings file must be TOML, got {error}", f"in {path}") from error
    tables: dict[str, set[str]] = {}
    for f in dataclasses.fields(TrainSettings):
        tables.setdefault(f.metadata["table"], set()).add(f.name)
    values: dict[str, Any] = {}
    for table, content in document.items():
        if table not in tables or not isinstance(content, dict):
            raise SettingsError(f"settings file's tables must be {', '.join(tables)}, got {table!r}", f"in {path}")
        if unknown := sorted(set(content) - tables[table]):
            names = ", ".join(f"{table}.{name}" for name in unknown)
            known = ", ".join(sorted(tables[table]))
            raise SettingsError(f"settings file's keys must be known, got {names}", f"[{table}] in {path} has {known}")
        values.update(_checked(content, f"{table}."))
    return values


def _checked(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Turn plain values into those of the fields: TOML and JSON are edges, so pydantic reads them."""
    from pydantic import TypeAdapter, ValidationError

    hints = get_type_hints(TrainSettings)
    found = {}
    for name, value in values.items():
        try:
            # Through JSON: strict, but a list may become a tuple and a string a path.
            found[name] = TypeAdapter(hints[name]).validate_json(json.dumps(value, default=str), strict=True)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise SettingsError(f"{prefix}{name} must be of its kind, got {value!r}: {reason}") from error
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """List the settings that make a continuation another run, as "lr 5e-05 → 0.0001".

    A setting that an older run did not know had its default there.
    """
    defaults = TrainSettings().as_dict()
    found = []
    for name in new:
        before = old.get(name, defaults.get(name))
        if name not in FREE_ON_RESUME and before != new[name]:
            found.append(f"{name} {before} → {new[name]}")
    return found
