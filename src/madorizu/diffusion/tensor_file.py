"""Safetensors files: looked at before anything is loaded, and written with the same bytes every time.

The format (https://github.com/huggingface/safetensors): 8 bytes with the length of the header,
little end first; the header, JSON; then the tensors without gaps.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from madorizu import files
from madorizu.errors import ModelError

if TYPE_CHECKING:
    import torch

MAX_HEADER_BYTES = 16 * 2**20  # SD 2.1 itself takes 0.1 MiB; kohya's notes on a large data set some MiB
MAX_TENSORS = 50_000
_DTYPES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_ZIP = b"PK\x03\x04"  # torch.save since 1.6
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # before, and plain pickles


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor of a file: dtype ("F32"), shape, and where it lies behind the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself.

    Attributes:
        entries: tensors by name.
        metadata: words by name, all text.
        start: offset of the first tensor's bytes.
    """

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]
    start: int


def header(path: Path, subject: str, error: type[ModelError] = ModelError) -> Header:
    """Read a file's header and check that it fits the file; loads no tensor.

    Args:
        subject: how messages name the file, for instance "adapter".
        error: what to raise.

    Raises:
        ModelError: or its subclass `error`, if the file is missing, a pickle, cut off, or its
            header is too large, damaged or does not fit the file's length.
        StorageError: if it cannot be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            first = file.read(8)
            _refuse_pickle(path, first, subject, error)
            length = int.from_bytes(first, "little")
            if len(first) < 8 or not 2 <= length <= size - 8:
                raise error(
                    f"{subject} must be a whole safetensors file, got {size} bytes that begin as none does in {path}",
                    "copy or export it again; the file was cut off or is of another format",
                )
            if length > MAX_HEADER_BYTES:
                raise error(
                    f"{subject}'s header must be at most {MAX_HEADER_BYTES} bytes, got {length} in {path}",
                    "this is no file of weights that anybody needs; take another copy",
                )
            text = file.read(length)
    except FileNotFoundError as missing:
        raise error(f"{subject} must be there, got no {path}", "check the path") from missing
    except OSError as failed:
        raise files.storage_error(failed, path, "read") from failed
    try:
        found = json.loads(text)
        entries, metadata = _parse(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as damaged:
        raise error(f"{subject}'s header must be whole, got {damaged!r:.200} in {path}", "copy it again") from damaged
    end = max((entry.end for entry in entries.values()), default=0)
    if 8 + length + end != size:
        raise error(
            f"{subject} must be whole, got {size} of {8 + length + end} bytes in {path}",
            "copy or export it again; the file was cut off or changed",
        )
    return Header(entries, metadata, 8 + length)


def tensors(path: Path, subject: str, error: type[ModelError] = ModelError) -> dict[str, torch.Tensor]:
    """Load all tensors of a file that `header` finds whole.

    Raises:
        ModelError: see `header`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    header(path, subject, error)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as damaged:
        raise error(f"{subject} must be whole, got {damaged} in {path}", "copy or export it again") from damaged


def to_bytes(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return a file's bytes; the same tensors and words give the same bytes.

    The package safetensors writes the words of its header in an order that changes from run
    to run, so that two equal trainings would not give equal files.
    """
    import io

    out = io.BytesIO()
    shapes = {name: (dtype_of(t), tuple(t.shape)) for name, t in tensors.items()}
    write(out, shapes, metadata, lambda name: tensors[name])
    return out.getvalue()


def write(
    out: IO[bytes],
    shapes: Mapping[str, tuple[str, tuple[int, ...]]],
    metadata: Mapping[str, str],
    tensor: Callable[[str], torch.Tensor],
) -> None:
    """Write a file with one tensor in memory at a time.

    Args:
        shapes: dtype and shape by name; they decide the layout.
        tensor: gives each tensor when its turn comes; it must be of that dtype and shape.

    Raises:
        ModelError: if a tensor is of another dtype or shape than announced.
    """
    # Wide formats first, so that every tensor begins at a multiple of its width.
    names = sorted(shapes, key=lambda name: (-_DTYPES[shapes[name][0]], name))
    head: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    offset = 0
    for name in names:
        dtype, shape = shapes[name]
        end = offset + _DTYPES[dtype] * math.prod(shape)
        head[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    out.write(struct.pack("<Q", len(text)) + text)
    for name in names:
        given = tensor(name)
        if (dtype_of(given), tuple(given.shape)) != shapes[name]:
            raise ModelError(f"tensor {name} must be {shapes[name]}, got {dtype_of(given)} {tuple(given.shape)}")
        out.write(_payload(given))


def dtype_of(tensor: torch.Tensor) -> str:
    """Return a tensor's dtype as safetensors names it.

    Raises:
        ModelError: if the format has none for it.
    """
    import torch

    names = {
        torch.float64: "F64",
        torch.float32: "F32",
        torch.float16: "F16",
        torch.bfloat16: "BF16",
        torch.int64: "I64",
        torch.int32: "I32",
        torch.int16: "I16",
        torch.int8: "I8",
        torch.uint8: "U8",
        torch.bool: "BOOL",
    }
    if tensor.dtype not in names:
        raise ModelError(f"tensor must be of a dtype that safetensors knows, got {tensor.dtype}")
    return names[tensor.dtype]


def not_finite(tensors: Iterable[tuple[str, torch.Tensor]]) -> list[str]:
    """Return the names of the tensors with a NaN or an infinity in them."""
    import torch

    return [name for name, t in tensors if t.is_floating_point() and not bool(torch.isfinite(t).all())]


def _refuse_pickle(path: Path, first: bytes, subject: str, error: type[ModelError]) -> None:
    # Headers of 640 bytes begin like a pickle too; but theirs is a small number, which ends in zeros.
    is_pickle = first.startswith(_ZIP) or (first.startswith(_PICKLES) and any(first[3:8]))
    if is_pickle or path.suffix.lower() in (".ckpt", ".pt", ".pth", ".bin", ".pkl"):
        raise error(
            f"{subject} must be safetensors, got a pickle in {path}",
            "a pickle can run any program when it is loaded, so none is: take a .safetensors copy",
        )


def _parse(found: dict[str, Any]) -> tuple[dict[str, Entry], dict[str, str]]:
    """Check the parsed header; the tensors must lie one behind another."""
    metadata = found.pop("__metadata__", {})
    if not all(isinstance(word, str) for pair in metadata.items() for word in pair):
        raise ValueError("metadata that is not text")
    if len(found) > MAX_TENSORS:
        raise ValueError(f"{len(found)} tensors")
    entries = {}
    for name, given in found.items():
        begin, end = given["data_offsets"]
        entry = Entry(given["dtype"], tuple(int(side) for side in given["shape"]), int(begin), int(end))
        if entry.dtype not in _DTYPES or min(entry.shape, default=1) < 0:
            raise ValueError(f"{name}: {entry.dtype} {entry.shape}")
        if entry.end - entry.begin != _DTYPES[entry.dtype] * math.prod(entry.shape):
            raise ValueError(f"{name}: {entry.end - entry.begin} bytes for {entry.dtype} {entry.shape}")
        entries[name] = entry
    offset = 0
    for entry in sorted(entries.values(), key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != offset:
            raise ValueError(f"a gap or an overlap at {offset}")
        offset = entry.end
    return entries, dict(metadata)


def _payload(tensor: torch.Tensor) -> bytes:
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
