"""Turn a folder of images and sidecars into a folder to train on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from madorizu import files, pictures, sidecar, similarity
from madorizu.brief import ELEMENTS, Brief, caption, parse_caption
from madorizu.dataset import placing, prepared
from madorizu.dataset.captions import MAX_TOKENS, read_caption, token_count
from madorizu.dataset.pairs import Pair, find_pairs, readable
from madorizu.dataset.prepared import Example
from madorizu.dataset.report import Entry, Report
from madorizu.dataset.split import Split, houses_of, near_pairs, split
from madorizu.errors import BriefError, DatasetError, InputError, SettingsError
from madorizu.plan import MODULE_MM, Plan
from madorizu.sidecar import Sidecar

Progress = Callable[[int, int], None]
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_BY_CAPTION = Sidecar("v1.0", "unknown")
_LISTED = 5  # reasons that an error message repeats


@dataclass(frozen=True, slots=True)
class _Described:
    """What is known of an image before it is opened; `brief` is None where W×H is not stated."""

    info: Sidecar
    brief: Brief | None
    text: str | None
    data_version: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Taken:
    """An image that is used, written already; `example.house_id` is set later."""

    example: Example
    entry: Entry
    stem: str
    stated_house: str | None
    plan: Plan | None
    hashes: tuple[int, int]


def prepare(
    source: Path,
    out: Path,
    *,
    seed: int = 0,
    validation: float = 0.1,
    size_px: int = 512,
    strict: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Check, caption, scale and split the images of a folder.

    Every image is taken, mended or refused; the report in `out` says which and why. `out`
    appears only when all is done, and replaces an older one of its kind as a whole. The
    source is only read. The same files and arguments give the same bytes.

    Args:
        source: folder with PNG or JPEG files, each with a JSON (or a caption in a .txt).
        out: the prepared folder; see `prepared` for what is in it.
        seed: which houses are for validation.
        validation: share of the images for validation, 0 to 0.5; 0 for none.
        size_px: side of the prepared images, 768 for `sd21`, 512 for all others: training scales
            them down where a base is smaller.
        strict: refuse the whole folder if any file is refused.
        progress: called after each image with how many are done, and of how many.

    Raises:
        SettingsError: if a setting is outside its limits.
        DatasetError: if the folder is missing or has no image that can be used, all images
            are of one house, `out` is a folder of something else, or `strict` is broken.
        StorageError: if a folder cannot be read or written, or the disk is full.
    """
    _check_settings(validation, size_px)
    _check_out(source, out)
    pairs, stray = find_pairs(source)
    if not pairs:
        raise DatasetError(
            f"{source} must hold PNG or JPEG images, got none" + (f" but {len(stray)} other files" if stray else ""),
            "put your floor plans there, each as name.png and name.json",
        )
    refused = [Entry(name, "refused", (reason,)) for name, reason in stray]
    with files.atomic_folder(out) as folder:
        taken = _take_all(pairs, folder, size_px, refused, progress)
        _check_enough(source, taken, refused, strict)
        report = _finish(folder, taken, refused, (source, out), (seed, validation, size_px))
    return report


def _check_settings(validation: float, size_px: int) -> None:
    faults = []
    if not 0 <= validation <= 0.5:
        faults.append(f"validation must be a share from 0 to 0.5, got {validation}")
    if size_px % 64 or not 128 <= size_px <= 1024:
        faults.append(f"size must be a multiple of 64 from 128 to 1024 px, got {size_px}")
    if faults:
        raise SettingsError("; ".join(faults))


def _check_out(source: Path, out: Path) -> None:
    real_source, real_out = Path(os.path.realpath(source)), Path(os.path.realpath(out))
    if real_source.is_relative_to(real_out):
        raise DatasetError(f"out must be another folder than {source}, got {out}", "choose another --out")
    if not os.path.lexists(real_out):
        return
    try:
        is_free = real_out.is_dir() and not any(real_out.iterdir())
    except OSError as error:
        raise files.storage_error(error, out, "readable") from error
    if not is_free and not prepared.is_prepared(real_out):
        raise DatasetError(
            f"out must be a new folder or one that was prepared before, got {out} with other files",
            "choose another --out, or move it away",
        )


def _check_enough(source: Path, taken: Sequence[_Taken], refused: Sequence[Entry], strict: bool) -> None:
    reasons = "; ".join(f"{e.source}: {', '.join(e.reasons)}" for e in refused[:_LISTED])
    if not taken:
        raise DatasetError(f"{source} must hold an image that can be used, got {len(refused)} refused: {reasons}")
    if strict and refused:
        raise DatasetError(
            f"{source} must hold no file that is refused, got {len(refused)}: {reasons}",
            "mend or remove them, or leave out --strict",
        )


# --- one image ----------------------------------------------------------------------------


def _take_all(
    pairs: Sequence[Pair], folder: Path, size_px: int, refused: list[Entry], progress: Progress | None
) -> list[_Taken]:
    taken = []
    names: set[str] = set()
    for i, pair in enumerate(pairs, start=1):
        try:
            taken.append(_take(pair, folder, _unused_name(pair, names), size_px))
        except InputError as error:
            refused.append(Entry(pair.name, "refused", (str(error),)))
        if progress is not None:
            progress(i, len(pairs))
    return taken


def _unused_name(pair: Pair, names: set[str]) -> str:
    """Name the prepared image after its source, so that no two are one on any file system."""
    stem = _UNSAFE.sub("_", os.path.splitext(pair.name)[0])
    while len(stem.encode()) > 200:
        stem = stem[:-1]
    name, number = stem, 2
    while name.casefold() in names:
        name, number = f"{stem}-{number}", number + 1
    names.add(name.casefold())
    return f"{name}.png"


def _take(pair: Pair, folder: Path, file_name: str, size_px: int) -> _Taken:
    described = _describe(pair)
    picture = pictures.open_picture(pair.image)
    info, brief, reasons = described.info, described.brief, described.reasons + picture.mended
    text = described.text
    if text is None:
        if brief is None:
            brief = _size_by_picture(pair, info, picture)
            reasons += (f"W×H is not stated; {brief.width:g}x{brief.height:g} taken from the picture's size",)
        text = caption(brief)
    placed = placing.place(
        picture.pixels, brief, info.px_per_module, size_px=size_px, is_canvas=info.version == "madorizu"
    )
    as_it_was = picture.as_it_was and placed.pixels is picture.pixels
    data = pair.image.read_bytes() if as_it_was else _png(placed.pixels)
    (folder / file_name).write_bytes(data)  # flushed with the whole folder
    example = Example(
        folder / file_name,
        text,
        _conditions(info, brief),
        brief.floor if brief else info.floor,
        placed.px_per_module,
        MODULE_MM,
        brief.width if brief else 0,
        brief.height if brief else 0,
        info.element_count,
        brief.elements if brief else info.elements,
        "",
        info.style or "",
        hashlib.sha256(data).hexdigest(),
        pair.name,
        described.data_version,
    )
    reasons += placed.mended
    entry = Entry(pair.name, "mended" if reasons else "taken", reasons, described.notes + placed.warnings, file_name)
    return _Taken(
        example, entry, readable(pair.image.stem), info.house_id, info.plan, similarity.picture_hashes(placed.pixels)
    )


def _describe(pair: Pair) -> _Described:
    """Read what lies beside an image.

    Raises:
        SidecarError, DatasetError: if it cannot be read, or nothing lies there.
    """
    if pair.sidecar is None and pair.caption is None:
        raise DatasetError(
            f"{pair.name} has no sidecar", f"put {readable(pair.image.stem)}.json beside it, or a caption in a .txt"
        )
    text = None if pair.caption is None else read_caption(pair.caption)
    notes: tuple[str, ...] = ()
    if text is not None and token_count(text) > MAX_TOKENS:
        notes = (f"the caption takes about {token_count(text)} tokens; what is beyond {MAX_TOKENS} is cut",)
    if pair.sidecar is not None:
        info = sidecar.read(pair.sidecar)
        version = sidecar.DATA_VERSIONS[info.version]
        return _Described(info, info.brief, text, version, (), info.warnings + notes)
    info = replace(_BY_CAPTION, floor=sidecar.floor_in_name(readable(pair.image.stem)))
    try:
        brief = parse_caption(text or "")
    except BriefError:
        return _Described(info, None, text, "caption", (), notes)
    return _Described(info, brief, text, "caption", (), notes)


def _size_by_picture(pair: Pair, info: Sidecar, picture: pictures.Picture) -> Brief:
    size = placing.size_from(picture.pixels, info.px_per_module)
    if size is None:
        height, width = picture.pixels.shape[:2]
        shown = "grid_px is missing" if info.grid_px is None else f"grid_px {info.grid_px:g}"
        raise DatasetError(
            f"{pair.name} must state W×H, got a sidecar without, and {width}x{height} px with {shown} give no house",
            "add layout_bounds with width_grids and height_grids, or correct grid_px",
        )
    return Brief(info.floor, *size, info.elements)


def _conditions(info: Sidecar, brief: Brief | None) -> str:
    """Write the condition string of v2.0: floor, size, elements, area, parted by "|"."""
    floor, elements = (brief.floor, brief.elements) if brief else (info.floor, info.elements)
    parts = [f"floor_type:{floor}"]
    if brief is not None:
        parts.append(f"grid_size:{brief.width:g}x{brief.height:g}")
    parts += [f"has_{name}" for name in ELEMENTS if name in elements]
    if info.area_grids is not None:
        parts.append(f"area:{info.area_grids}")
    return "|".join(parts)


def _png(pixels: pictures.Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=False, compress_level=6)
    return file.getvalue()


# --- the folder ---------------------------------------------------------------------------


def _finish(
    folder: Path,
    taken: Sequence[_Taken],
    refused: Sequence[Entry],
    places: tuple[Path, Path],
    settings: tuple[int, float, int],
) -> Report:
    seed, share, size_px = settings
    houses = houses_of([t.stem for t in taken], [t.stated_house for t in taken])
    near = near_pairs([t.plan for t in taken], [t.hashes for t in taken], [t.example.floor for t in taken])
    parted = split(houses, near, seed=seed, share=share)
    if share > 0 and not parted.validation:
        raise DatasetError(
            f"{places[0]} must hold images of at least two houses, one for validation, got {len(taken)} of one",
            "name files house_1f.png, house_2f.png; or do without validation by --validation 0",
        )
    sides: dict[str, list[Example]] = {name: [] for name in prepared.SPLITS}
    entries = list(refused)
    for i, (item, house) in enumerate(zip(taken, houses, strict=True)):
        side = "validation" if i in parted.validation else "train"
        path = folder / side / item.example.path.name
        path.parent.mkdir(exist_ok=True)
        item.example.path.rename(path)
        sides[side].append(replace(item.example, path=path, house_id=house))
        entries.append(replace(item.entry, file_name=f"{side}/{path.name}", house_id=house))
    for side, examples in sides.items():
        prepared.write_rows(folder, side, examples)
    report = Report(
        str(places[0]),
        str(places[1]),
        seed,
        size_px,
        tuple(sorted(entries, key=lambda e: e.source)),
        len(sides["train"]),
        len(sides["validation"]),
        *_named(parted, taken),
        _copies(taken),
        prepared.hash_of(sides["train"], sides["validation"]),
    )
    files.atomic_text(folder / "report.json", json.dumps(report.to_json(), ensure_ascii=False, indent=1) + "\n")
    files.atomic_text(folder / "report.txt", report.to_text())
    return report


def _named(parted: Split, taken: Sequence[_Taken]) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    near, across = (
        tuple((taken[i].entry.source, taken[j].entry.source) for i, j in pairs)
        for pairs in (parted.near, parted.across)
    )
    return near, across


def _copies(taken: Sequence[_Taken]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    notes = []
    for item in taken:
        known = first.setdefault(item.example.sha256, item.entry.source)
        if known != item.entry.source:
            notes.append(f"{item.entry.source} is the same picture as {known}; it counts twice in training")
    return tuple(notes)
