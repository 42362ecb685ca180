"""Find the images of a folder and what lies beside each: a sidecar, a caption."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from madorizu import files
from madorizu.errors import DatasetError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")  # the first of a stem is taken
_MANIFESTS = frozenset({"corpus.json"})  # what `madorizu corpus` was asked for, no sidecar
_OTHER_IMAGES = frozenset({".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".pdf", ".svg"})
MAX_FILES = 200_000
MARKER = "report.json"  # what `prepare` leaves in a folder of its own
_COPY = re.compile(r"[ _-]*\(\d+\)$")
_STOREY = re.compile(r"[ _-]+[12]f$")


@dataclass(frozen=True, slots=True)
class Pair:
    """An image and what lies beside it.

    Attributes:
        name: the image's path from the folder that was searched, with "/".
        image: where it is.
        sidecar: the JSON of the same stem, or None.
        caption: the text file of the same stem, or None.
    """

    name: str
    image: Path
    sidecar: Path | None
    caption: Path | None


def house_of(stem: str) -> str:
    """Read from a file name which house it belongs to: what is left without floor and copy mark.

    Example:
        >>> house_of("plan_2535h135_2f (2)")
        'plan_2535h135'
    """
    name = unicodedata.normalize("NFKC", stem).casefold().strip()
    for mark in (_COPY, _STOREY, _COPY):
        # What is only a floor or a copy mark stays: else all such files were one house.
        name = mark.sub("", name) or name
    return name


def find_pairs(folder: Path) -> tuple[tuple[Pair, ...], tuple[tuple[str, str], ...]]:
    """Find all images under a folder, with their sidecars and captions.

    Follows links to folders, each real folder once, so a loop ends. Leaves out hidden
    files and folders, and folders that `prepare` made. Opens no file.

    Returns:
        The pairs in the order of their names, and `(name, reason)` of every file that
        looks as if it was meant but cannot be used.

    Raises:
        DatasetError: if the folder is missing, is no folder, or holds too many files.
        StorageError: if it cannot be read.
    """
    if not folder.is_dir():
        what = "a file" if folder.exists() else "nothing there"
        raise DatasetError(
            f"{folder} must be a folder of images, got {what}",
            "give the folder that holds your PNG or JPEG files and their JSON",
        )
    pairs: list[Pair] = []
    refused: list[tuple[str, str]] = []
    for base, names in _walk(folder):
        _pair_up(folder, base, names, pairs, refused)
    return tuple(sorted(pairs, key=lambda p: p.name)), tuple(sorted(refused))


def readable(text: str) -> str:
    """Return a file name as text that any file can hold, whatever bytes it is made of."""
    return unicodedata.normalize("NFC", os.fsencode(text).decode("utf-8", "replace"))


def _walk(folder: Path) -> list[tuple[Path, list[str]]]:
    """List the files of a folder and of those below it, each real folder once."""
    found: list[tuple[Path, list[str]]] = []
    seen: set[str] = set()
    queue = [folder]
    count = 0
    while queue:
        base = queue.pop(0)
        real = os.path.realpath(base)
        if real in seen:
            continue
        seen.add(real)
        try:
            names = sorted(n for n in os.listdir(base) if not n.startswith((".", "__")))
        except OSError as error:
            raise files.storage_error(error, base, "readable") from error
        if base != folder and MARKER in names and "train.csv" in names:
            continue
        queue += [base / n for n in names if (base / n).is_dir()]
        found.append((base, [n for n in names if not (base / n).is_dir()]))
        count += len(names)
        if count > MAX_FILES:
            raise DatasetError(f"{folder} must hold at most {MAX_FILES} files, got more", "is it the right folder?")
    return found


def _pair_up(folder: Path, base: Path, names: list[str], pairs: list[Pair], refused: list[tuple[str, str]]) -> None:
    beside: dict[tuple[str, str], str] = {}
    images: dict[str, list[str]] = {}
    prefix = base.relative_to(folder).as_posix() + "/" if base != folder else ""
    for name in names:
        stem, suffix = os.path.splitext(name)
        suffix = suffix.lower()
        if name in _MANIFESTS:
            continue
        if suffix in IMAGE_SUFFIXES:
            images.setdefault(stem, []).append(name)
        elif suffix in (".json", ".txt"):
            beside[stem, suffix] = name
        elif suffix in _OTHER_IMAGES:
            refused.append((readable(prefix + name), f"{suffix[1:].upper()} is not read; save it as PNG"))
    for stem, found in images.items():
        first, *others = sorted(found, key=lambda n: (IMAGE_SUFFIXES.index(os.path.splitext(n)[1].lower()), n))
        for other in others:
            reason = f"{readable(first)} has the same name and is taken; rename this one if it is another plan"
            refused.append((readable(prefix + other), reason))
        sidecar, caption = beside.pop((stem, ".json"), None), beside.get((stem, ".txt"))
        pairs.append(
            Pair(
                readable(prefix + first),
                base / first,
                base / sidecar if sidecar else None,
                base / caption if caption else None,
            )
        )
    for (stem, suffix), name in beside.items():
        if suffix == ".json":
            reason = f"no image lies beside it; put {readable(stem)}.png there, or remove this file"
            refused.append((readable(prefix + name), reason))
