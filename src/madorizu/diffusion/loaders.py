"""What five loaders make of a LoRA file: which modules they match, and with what scale.

Each loader's rules are written anew from its behaviour, over the names and shapes in the file's
header; nothing of theirs is imported. `tests/test_loaders_real.py` compares them with real
checkouts. Read were ComfyUI 0.3.64, AUTOMATIC1111's stable-diffusion-webui 1.10.1, kohya-ss'
sd-scripts 0.10, diffusers 0.42 and PEFT 0.21.

    loader     names of modules                                          scale without an alpha
    comfyui    lora_unet_ + path, old or new; unet.….processor.to_q      1
    a1111      lora_unet_ + path, translated into the old layout         1
    kohya      lora_unet_ + path of layers in transformers and resnets   1
    diffusers  kohya's, or unet. + path                                  1
    peft       base_model.model. + path, beside adapter_config.json      by its config
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from madorizu.diffusion.geometry import Layer
from madorizu.diffusion.lora_header import PEFT_CONFIG, LoraFile, Part
from madorizu.errors import AdapterError

MAX_PATTERN = 400  # characters of a pattern in a config
METADATA_KEY = "lora_adapter_metadata"  # diffusers' own, a JSON text
_PEFT_NAME = "adapter_model.safetensors"
_KOHYA_TEXT = "lora_te_text_model_"
_KOHYA_CLASSES = frozenset({"Transformer2DModel", "ResnetBlock2D", "Downsample2D", "Upsample2D"})
_KOHYA_TEXT_CLASSES = frozenset({"CLIPAttention", "CLIPMLP"})


@dataclass(frozen=True, slots=True)
class Match:
    """What one loader makes of a file.

    Attributes:
        loader: its name.
        modules: in the file.
        scales: scale of the change by the path of the layer, for each matched module.
        stems: path of the layer -> stem in the file.
        notes: why something is not matched or not right, one line each.
        spoiled: true if what is matched would still not draw as trained, or not be shown.
    """

    loader: str
    modules: int
    scales: Mapping[str, float]
    stems: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    spoiled: bool = False

    @property
    def whole(self) -> bool:
        """Whether every module is matched and the loader draws what was trained."""
        return 0 < self.modules == len(self.scales) and not self.spoiled


def match(loader: str, file: LoraFile, layers: Mapping[str, Layer]) -> Match:
    """Say what a loader would make of a file on a model with these layers.

    Args:
        loader: a key of `LOADERS`.
        layers: as `geometry.layers` gives them.

    Raises:
        AdapterError: if there is no such loader.
    """
    if loader not in LOADERS:
        raise AdapterError(f"loader must be one of {', '.join(LOADERS)}, got {loader!r}")
    return LOADERS[loader](file, layers)


def any_of(file: LoraFile, layers: Mapping[str, Layer]) -> Match:
    """Return the match of the loader that finds all modules, or else most of them."""
    is_peft = file.config is not None and file.path.name == _PEFT_NAME
    names = ("peft", "diffusers", "comfyui", "kohya") if is_peft else ("diffusers", "comfyui", "kohya")
    found = [LOADERS[name](file, layers) for name in names]
    return max(found, key=lambda one: len(one.scales))


def kohya_name(path: str) -> str:
    """Return kohya's name of a layer.

    Example:
        >>> kohya_name("unet.mid_block.attentions.0.proj_in")
        'lora_unet_mid_block_attentions_0_proj_in'
    """
    part, _, rest = path.partition(".")
    return (_KOHYA_TEXT if part == "text_encoder" else "lora_unet_") + rest.replace(".", "_")


# --- the loaders -----------------------------------------------------------------------


def _comfyui(file: LoraFile, layers: Mapping[str, Layer]) -> Match:
    names: dict[str, str] = {}
    for path, layer in layers.items():
        if path.startswith("text_encoder."):
            names[kohya_name(path)] = path
            names[kohya_name(path).replace("lora_te_", "lora_te1_")] = path
            names[f"text_encoder.text_model.{path.removeprefix('text_encoder.')}"] = path
            continue
        plain = path.removeprefix("unet.")
        names[f"lora_unet_{layer.old.replace('.', '_')}"] = path
        names[f"diffusion_model.{layer.old}"] = path
        names[kohya_name(path)] = path
        names[kohya_name(path).replace("lora_unet_", "lycoris_")] = path
        through = plain.replace(".to_", ".processor.to_")
        through = through.removesuffix(".0") if through.endswith(".to_out.0") else through
        names[through] = path
        names[f"unet.{through}"] = path
    found = {part.stem: names[part.stem] for part in file.parts.values() if part.stem in names}
    return _matched("comfyui", file, layers, found, _own_scale, plain_dora=False)


def _a1111(file: LoraFile, layers: Mapping[str, Layer]) -> Match:
    olds = {layer.old.replace(".", "_"): path for path, layer in layers.items() if layer.old}
    found = {}
    for part in file.parts.values():
        if part.stem.startswith("lora_te_"):
            path = _text_path(part.stem, layers)
        else:
            path = olds.get(_a1111_name(part.stem)) or olds.get(part.stem.removeprefix("lora_unet_"))
        # It cuts names at their first dot; what follows must be one of two pairs.
        if path is not None and "." not in part.stem and part.style in (".lora_down.weight", ".lora_A.weight"):
            found[part.stem] = path
    found = _with_whole_attention(found)
    made = _matched("a1111", file, layers, found, _own_scale, plain_dora=False)
    version = _a1111_version(file.metadata)
    if version in ("SD2", "unknown"):
        return made
    note = f"hidden while an SD 2 model is loaded: its metadata makes it {version} (ss_v2 must be 'True')"
    return _spoil(made, note)


def _kohya(file: LoraFile, layers: Mapping[str, Layer]) -> Match:
    names = {}
    for path, layer in layers.items():
        known = _KOHYA_TEXT_CLASSES if path.startswith("text_encoder.") else _KOHYA_CLASSES
        if layer.within & known:
            names[kohya_name(path)] = path
    found = {
        part.stem: names[part.stem]
        for part in file.parts.values()
        if part.stem in names and part.style == ".lora_down.weight"
    }

    def scale(part: Part, path: str) -> float:
        return part.alpha / part.rank if part.alpha else 1.0  # an alpha of 0 counts as none

    return _matched("kohya", file, layers, found, scale, plain_dora=False)


def _diffusers(file: LoraFile, layers: Mapping[str, Layer]) -> Match:
    from_kohya = all(stem.startswith(("lora_te_", "lora_unet_", "lora_te1_")) for stem in file.parts)
    if from_kohya:
        names = {kohya_name(path): path for path in layers}
        names |= {kohya_name(path).replace("lora_te_", "lora_te1_"): path for path in layers}
        found = {stem: names[stem] for stem in file.parts if stem in names}
        if file.strangers or any(part.style != ".lora_down.weight" for part in file.parts.values()):
            return Match("diffusers", len(file.parts), {}, notes=("refused: it knows not all of the names",))
        return _matched("diffusers", file, layers, found, _own_scale, plain_dora=False)
    found = {}
    for part in file.parts.values():
        path = part.stem.replace("text_encoder.text_model.", "text_encoder.").replace(".processor.", ".")
        if part.style == "_lora.down.weight":
            path += ".0" if path.endswith(".to_out") else ""
        if path in layers:
            found[part.stem] = path
    configs = _diffusers_metadata(file.metadata)

    def scale(part: Part, path: str) -> float:
        where, _, rest = path.partition(".")
        if where in configs:
            return _config_scale(configs[where], rest)
        return 1.0

    made = _matched("diffusers", file, layers, found, scale, plain_dora=True)
    if configs or not made.scales:
        return made
    return Match(
        made.loader,
        made.modules,
        made.scales,
        made.stems,
        (*made.notes, "no alpha in the file: right only if alpha was the rank"),
        made.spoiled,
    )


def _peft(file: LoraFile, layers: Mapping[str, Layer]) -> Match:
    if file.config is None or file.path.name != _PEFT_NAME:
        note = f"it loads folders with {PEFT_CONFIG} and {_PEFT_NAME}"
        return Match("peft", len(file.parts), {}, notes=(note,))
    config, found = file.config, {}
    for part in file.parts.values():
        plain = part.stem.removeprefix("base_model.model.")
        if plain == part.stem or part.style != ".lora_A.weight" or not _targeted(config, plain):
            continue
        places = (f"unet.{plain}", f"text_encoder.{plain.removeprefix('text_model.')}")
        path = next((place for place in places if place in layers), None)
        if path is not None and _pattern(config.get("rank_pattern"), plain, config.get("r", 8)) == part.rank:
            found[part.stem] = path

    def scale(part: Part, path: str) -> float:
        return _config_scale(config, path.partition(".")[2])

    return _matched("peft", file, layers, found, scale, plain_dora=True)


LOADERS: Mapping[str, Callable[[LoraFile, Mapping[str, Layer]], Match]] = MappingProxyType(
    {"comfyui": _comfyui, "a1111": _a1111, "kohya": _kohya, "diffusers": _diffusers, "peft": _peft}
)


# --- their rules -----------------------------------------------------------------------


def _matched(
    loader: str,
    file: LoraFile,
    layers: Mapping[str, Layer],
    found: Mapping[str, str],
    scale: Callable[[Part, str], float],
    *,
    plain_dora: bool,
) -> Match:
    """Keep the modules whose shapes fit their layers, and say why others are left.

    Args:
        found: stem -> path of the layer that the loader's names lead to.
        scale: of a module's change.
        plain_dora: whether the loader computes DoRA as PEFT does.
    """
    scales, stems, notes = {}, {}, []
    for stem, path in found.items():
        part = file.parts[stem]
        fault = misfit(part, layers[path])
        if fault:
            notes.append(fault)
        else:
            scales[path] = scale(part, path)
            stems[path] = stem
    unknown = sorted(set(file.parts) - set(found))
    if unknown:
        notes.append(f"{len(unknown)} names that it does not know, the first {unknown[0]}")
    if file.strangers:
        notes.append(f"{len(file.strangers)} tensors that are no LoRA, the first {file.strangers[0]}")
    made = Match(loader, len(file.parts), scales, stems, tuple(notes))
    if scales and not plain_dora and any(part.magnitude for part in file.parts.values()):
        return _spoil(made, "DoRA, which it leaves out or computes in another way: export for diffusers or peft")
    return made


def misfit(part: Part, layer: Layer) -> str:
    """Say why a module does not fit a layer; "" if it does."""
    if not (part.down and part.up):
        return f"{part.stem} must have two matrices, got one"
    down, up = part.shapes
    rows, columns = layer.out_in
    if len(down) < 2 or len(up) < 2:
        return f"{part.stem} must have matrices, got shapes {list(down)} and {list(up)}"
    got = (up[0], math.prod(up[1:]), down[0], math.prod(down[1:]))
    if got[0] != rows or got[3] != columns or got[1] != got[2]:
        return f"{part.stem} must fit a layer of {rows} x {columns}, got {got[0]} x {got[1]} times {got[2]} x {got[3]}"
    if not 1 <= part.rank <= min(rows, columns):
        return f"{part.stem}'s rank must be 1 to {min(rows, columns)}, the layer's own, got {part.rank}"
    return ""


def _own_scale(part: Part, path: str) -> float:
    return 1.0 if part.alpha is None else part.alpha / part.rank


def _config_scale(config: Mapping[str, Any], path: str) -> float:
    """Return alpha / rank, or alpha / sqrt(rank) for rsLoRA, as PEFT's config says for a layer."""
    rank = _pattern(config.get("rank_pattern"), path, config.get("r", 8))
    alpha = _pattern(config.get("alpha_pattern"), path, config.get("lora_alpha", 8))
    if not isinstance(rank, int) or rank < 1 or not isinstance(alpha, int | float) or not math.isfinite(alpha):
        raise AdapterError(f"adapter's config must give rank and alpha as numbers, got {rank!r:.40} and {alpha!r:.40}")
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _pattern(patterns: Any, path: str, default: Any) -> Any:
    """Return the value of the first pattern that the path ends with, as PEFT looks it up."""
    if isinstance(patterns, Mapping):
        for pattern, value in patterns.items():
            if _fits(rf"(.*\.)?({pattern})$", path):
                return value
    return default


def _fits(pattern: str, path: str) -> bool:
    """Match a pattern that a file brought along.

    Raises:
        AdapterError: if it is none, or one that could run for hours: a repeated group.
    """
    if len(pattern) > MAX_PATTERN or re.search(r"\)\s*[*+{]", pattern):
        raise AdapterError(f"adapter's config must have plain patterns, got {pattern!r:.80}", "take another copy")
    try:
        return re.match(pattern, path) is not None
    except (re.error, RecursionError, OverflowError) as error:
        raise AdapterError(f"adapter's config must have patterns that are whole, got {pattern!r:.80}") from error


def _targeted(config: Mapping[str, Any], path: str) -> bool:
    targets = config.get("target_modules")
    if isinstance(targets, str):
        return targets == "all-linear" or _fits(rf"(?:{targets})\Z", path)
    return any(path == target or path.endswith(f".{target}") for target in targets or ())


def _a1111_name(stem: str) -> str:
    """Translate kohya's name as A1111 does: as if every block had two layers."""
    inner = {"conv1": "in_layers_2", "conv2": "out_layers_3", "time_emb_proj": "emb_layers_1"}
    inner["conv_shortcut"] = "skip_connection"
    if found := re.fullmatch(r"lora_unet_(down|up)_blocks_(\d+)_(attentions|resnets)_(\d+)_(.+)", stem):
        side, block, kind, index = found[1], int(found[2]), found[3], int(found[4])
        place = 3 * block + index + (side == "down")
        rest = inner.get(found[5], found[5]) if kind == "resnets" else found[5]
        return f"{'input' if side == 'down' else 'output'}_blocks_{place}_{int(kind == 'attentions')}_{rest}"
    if found := re.fullmatch(r"lora_unet_mid_block_(attentions|resnets)_(\d+)_(.+)", stem):
        rest = inner.get(found[3], found[3]) if found[1] == "resnets" else found[3]
        return f"middle_block_{1 if found[1] == 'attentions' else 2 * int(found[2])}_{rest}"
    if found := re.fullmatch(r"lora_unet_down_blocks_(\d+)_downsamplers_0_conv", stem):
        return f"input_blocks_{3 + 3 * int(found[1])}_0_op"
    if found := re.fullmatch(r"lora_unet_up_blocks_(\d+)_upsamplers_0_conv", stem):
        return f"output_blocks_{2 + 3 * int(found[1])}_{2 if int(found[1]) else 1}_conv"
    if found := re.fullmatch(r"lora_unet_time_embedding_linear_(\d+)", stem):
        return f"time_embed_{2 * int(found[1]) - 2}"
    return {"lora_unet_conv_in": "input_blocks_0_0", "lora_unet_conv_out": "out_2"}.get(stem, "")


def _text_path(stem: str, layers: Mapping[str, Layer]) -> str | None:
    if found := re.fullmatch(r"lora_te_text_model_encoder_layers_(\d+)_(self_attn|mlp)_(\w+)", stem):
        path = f"text_encoder.encoder.layers.{found[1]}.{found[2]}.{found[3]}"
        return path if path in layers else None
    return None


def _with_whole_attention(found: Mapping[str, str]) -> dict[str, str]:
    """Leave out the text encoder's attentions that lack one of four: A1111 changes q, k, v and out at once."""
    four = {"q_proj", "k_proj", "v_proj", "out_proj"}
    have: dict[str, set[str]] = {}
    for path in found.values():
        layer, _, name = path.rpartition(".")
        have.setdefault(layer, set()).add(name)
    return {
        stem: path for stem, path in found.items() if ".self_attn." not in path or have[path.rpartition(".")[0]] == four
    }


def _a1111_version(metadata: Mapping[str, str]) -> str:
    """Say for which models A1111 shows the file: by two words of the metadata, else SD 1."""
    if metadata.get("ss_base_model_version", "").startswith("sdxl_"):
        return "SDXL"
    if metadata.get("ss_v2") == "True":
        return "SD2"
    return "SD1" if metadata else "unknown"


def _diffusers_metadata(metadata: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the configs in diffusers' metadata by part ("unet", "text_encoder")."""
    try:
        flat = json.loads(metadata.get(METADATA_KEY, "{}"))
    except (ValueError, RecursionError) as error:
        raise AdapterError(f"adapter's {METADATA_KEY} must be JSON, got {error!r:.200}", "export it again") from error
    found: dict[str, dict[str, Any]] = {}
    for name, value in flat.items() if isinstance(flat, dict) else ():
        part, _, key = name.partition(".")
        found.setdefault(part, {})[key] = value
    return found


def _spoil(made: Match, note: str) -> Match:
    return Match(made.loader, made.modules, made.scales, made.stems, (*made.notes, note), spoiled=True)
