"""An adapter as a file for other programs: looked through, exported, merged.

Takes a folder as training writes it, a PEFT folder, or one file of any common format.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from madorizu.diffusion import adapter as adapters
from madorizu.diffusion import bases, geometry, loaders, lora_file, lora_header, merge
from madorizu.errors import AdapterError

if TYPE_CHECKING:
    from madorizu.diffusion.bases import Base
    from madorizu.diffusion.geometry import Layer
    from madorizu.diffusion.lora_file import Lora

FINGERPRINT = "madorizu.base_fingerprint"  # in the header of a kohya file


def verify(path: Path, names: Sequence[str] = (), base: str | None = None) -> list[loaders.Match]:
    """Say what loaders would make of an adapter.

    Args:
        path: a folder or a file. Of a folder each loader gets the file that is for it.
        names: loaders; none for all five.
        base: name or folder of the model; None takes the adapter's own, and SD 2.1 where it
            names none.

    Raises:
        AdapterError: if the adapter is damaged, has values that are not finite, or a loader is unknown.
        BaseModelError: if the base is not here.
    """
    layers = _layers(path, base)
    checked: set[Path] = set()
    found = []
    for name in names or tuple(loaders.LOADERS):
        file = file_for(path, name)
        if file not in checked:
            from madorizu.diffusion import tensor_file

            lora_file.refuse_not_finite(tensor_file.tensors(file, "adapter", AdapterError), str(file))
            checked.add(file)
        found.append(loaders.match(name, lora_header.read(file), layers))
    return found


def file_for(path: Path, loader: str = "") -> Path:
    """Return the file of an adapter that a loader takes.

    Raises:
        AdapterError: if there is none.
    """
    if not path.is_dir():
        return path
    names = [adapters.KOHYA_WEIGHTS, adapters.PEFT_WEIGHTS]
    for name in reversed(names) if loader == "peft" else names:
        if (path / name).is_file():
            return path / name
    others = sorted(path.glob("*.safetensors"))
    if len(others) == 1:
        return others[0]
    raise AdapterError(
        f"adapter must be a file, or a folder with {names[0]} or {names[1]}, got neither in {path}",
        "name the file itself",
    )


def export(
    path: Path,
    form: str,
    out: Path,
    *,
    base: str | None = None,
    half: bool = False,
    captions: Path | None = None,
) -> list[Path]:
    """Write an adapter in another format.

    Args:
        form: "kohya" (ComfyUI, A1111, sd-scripts, diffusers), "diffusers" or "peft".
        out: a file, or for "peft" a new folder.
        base: see `verify`.
        half: write fp16, half the size, instead of float32.
        captions: a prepared folder whose captions go into a kohya file's header, as sd-scripts
            writes them; without it neither captions nor names of folders are in the file.

    Returns:
        The files written.

    Raises:
        AdapterError: if the adapter is damaged, does not fit its base, or the format cannot hold it.
        SettingsError: if `out` is a folder in use.
        StorageError: if it cannot be written.
    """
    import torch

    if captions is not None and form != "kohya":
        raise AdapterError(f"captions must go into a kohya file, got format {form!r}", "leave them out")
    if form == "peft":
        merge.refuse_used(out)
    lora = load(path, _layers(path, base))
    words = _words(path, lora, base)
    if captions is not None:
        words |= _caption_words(captions)
    return lora_file.write(lora, out, form, words, torch.float16 if half else None)


def load(path: Path, layers: Mapping[str, Layer]) -> Lora:
    """Read an adapter's weights from a folder or a file; see `lora_file.load`.

    A PEFT folder whose text encoder was trained too has that part in a folder of its own.
    """
    file = file_for(path)
    lora, _ = lora_file.load(file, layers)
    beside = file.parent / lora_file.PEFT_TEXT / lora_file.PEFT_WEIGHTS
    if file.name == adapters.PEFT_WEIGHTS and beside.is_file():
        text, _ = lora_file.load(beside, layers)
        return {**lora, **text}
    return lora


def merge_into(path: Path, base: Base, out: Path, *, strength: float = 1.0, unchecked: bool = False) -> int:
    """Write a copy of a base with an adapter's change in its weights; see `merge.merge`.

    Args:
        unchecked: take an adapter that does not say on what it was trained.

    Returns:
        The number of weights changed.

    Raises:
        AdapterError: if the adapter is damaged, was trained on another base, or does not say on
            which and `unchecked` is off.
    """
    wanted = fingerprint_of(path)
    if wanted is None and not unchecked:
        raise AdapterError(
            f"adapter must say what it was trained on, got nothing about it in {path}",
            f"add --unchecked if you know that it was trained on {base.name}",
        )
    if wanted is not None and wanted != bases.fingerprint(base.folder):
        raise AdapterError(
            f"adapter must be merged into the base it was trained on ({wanted[:12]}), "
            f"got {base.name!r} ({bases.fingerprint(base.folder)[:12]})",
            "a LoRA is a small change to certain weights and means nothing on others",
        )
    lora = load(path, geometry.layers(base.folder))
    return merge.merge(lora, base, out, strength=strength, record={"modules": len(lora), "base_checked": bool(wanted)})


def fingerprint_of(path: Path) -> str | None:
    """Return the fingerprint of the base that an adapter was trained on, or None if it does not tell."""
    record = _record(path)
    if record is not None:
        return str(record["base"]["fingerprint"])
    return lora_header.read(file_for(path)).metadata.get(FINGERPRINT)


def _layers(path: Path, base: str | None) -> Mapping[str, Layer]:
    """Return the layers of the model that an adapter is for."""
    if base is not None:
        return geometry.layers(None if base in bases.MIRRORS else bases.resolve(base).folder)
    record = _record(path)
    known = record["base"] if record is not None else {}
    kind = known.get("kind") or lora_header.read(file_for(path)).metadata.get("madorizu.base", "sd21-base")
    if kind in bases.MIRRORS:
        return geometry.layers()
    if kind == "custom":
        if not path.is_dir():
            path = path.parent
        return geometry.layers(bases.resolve(adapters.base_of(adapters.read(path))).folder)
    return geometry.layers(bases.resolve(str(kind)).folder)


def _record(path: Path) -> Mapping[str, Any] | None:
    """Return `madorizu.json` of the folder, or beside one of its files; checked, None where there is none."""
    folder = path if path.is_dir() else path.parent
    ours = path.is_dir() or path.name in (adapters.KOHYA_WEIGHTS, adapters.PEFT_WEIGHTS)
    return adapters.read(folder).record if ours and (folder / adapters.RECORD).is_file() else None


def _words(path: Path, lora: Lora, base: str | None) -> dict[str, str]:
    """Return the words for a kohya file: those of our record, else what the file itself said of its base."""
    record = _record(path)
    if record is not None:
        return adapters.words(lora, record)
    old = lora_header.read(file_for(path)).metadata
    kept = {name: text for name, text in old.items() if name == FINGERPRINT or name in adapters.TOLD}
    is_v = old.get("ss_base_model_version") == "sd_v2_v" or base == "sd21"
    return lora_file.kohya_words(lora, v_prediction=is_v, size_px=None, more=kept)


def _caption_words(folder: Path) -> dict[str, str]:
    """Return sd-scripts' two words about data: how often each tag stands in the captions, and the folder."""
    from madorizu.dataset import prepared

    examples = prepared.read_prepared(folder).train
    tags = Counter(tag.strip() for example in examples for tag in example.caption.split(",") if tag.strip())
    return {
        "ss_tag_frequency": json.dumps({folder.name: dict(tags.most_common())}, ensure_ascii=False),
        "ss_dataset_dirs": json.dumps({folder.name: {"n_repeats": 1, "img_count": len(examples)}}, ensure_ascii=False),
    }
