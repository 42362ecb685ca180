"""Many pairs of drawing and sidecar, made from random houses.

A corpus trains the embedded base; the sample data set is a small corpus in a style of its own.
House number i of seed s is always the same house, whoever makes it and when, so a run that was
stopped goes on where it was, and processes, a cluster or a single thread give the same files:

    corpus.json     settings, versions and counts; written first, and again when all is done
    houses.jsonl    one line per house whose pairs are all there; written after them
    plan_h00000_cad_1f.png, .json, ...

Workers draw; this process alone writes. So the machines of a cluster need no common folder, and
a worker may be killed at any time.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from madorizu import __version__, canvas, draw, executor, files, houses, sidecar
from madorizu.brief import GRAMMAR_VERSION
from madorizu.draw.style import Style
from madorizu.draw.variety import random_style
from madorizu.errors import SettingsError, SolveError
from madorizu.plan import House, Plan, outline

MANIFEST = "corpus.json"
INDEX = "houses.jsonl"
SCHEMA_VERSION = 1
DRAWS = 8  # seeds that are tried for a house
_WRITERS = 4  # files written at once: each waits for the disk, not for the processor


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        done: houses whose pairs are all there.
        total: houses asked for.
        pairs: pairs of the houses that are done.
        new_houses, new_pairs: those of them that this run made.
        seconds: since the run began.
        note: something to tell: a house that was drawn again, and why; empty else.
    """

    done: int
    total: int
    pairs: int
    new_houses: int
    new_pairs: int
    seconds: float
    note: str = ""

    @property
    def houses_per_minute(self) -> float:
        """Houses made per minute; 0 before the first."""
        return 60 * self.new_houses / self.seconds if self.seconds > 0 else 0.0

    @property
    def pictures_per_s(self) -> float:
        """Pictures drawn and written per second; 0 before the first."""
        return self.new_pairs / self.seconds if self.seconds > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until the end at this rate; None before the first house."""
        return (self.total - self.done) * self.seconds / self.new_houses if self.new_houses else None


@dataclass(frozen=True, slots=True)
class _Order:
    number: int
    seed: int
    styles: tuple[str, ...]
    per_house: int
    storeys: int | None
    version: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the index.

    Attributes:
        house: its number.
        seed: what `houses.random_house` made it from.
        floors: its storeys, in order.
        styles: in which it is drawn.
        redrawn: names of the exceptions of the seeds that gave no house.
    """

    house: int
    seed: int
    floors: tuple[int, ...]
    styles: tuple[str, ...]
    redrawn: tuple[str, ...]

    @property
    def pairs(self) -> int:
        return len(self.floors) * len(self.styles)


@dataclass(frozen=True, slots=True)
class _Made:
    entry: _Entry
    files: Mapping[str, bytes]
    reasons: tuple[str, ...]


def make(  # noqa: PLR0913  # the settings of a corpus, as its command has them
    *,
    houses: int,
    seed: int,
    styles: Sequence[str],
    out: Path,
    workers: int | None = None,
    cluster: str | None = None,
    per_house: int = 1,
    storeys: int | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> int:
    """Write pairs of PNG and JSON, one per storey and style.

    The files are the same for equal arguments, but for `workers` and `cluster`, if the packages
    of all machines are of the same versions. A folder can be gone on with, also with more houses. A
    house whose seed gives none, or none that can be drawn, is drawn again from a seed that is
    derived from the first, up to 8 in all; that is told, and noted in the index.

    Args:
        houses: how many houses.
        seed: equal seeds give equal files.
        styles: names of `draw.STYLES` to choose from; "random" draws each storey in a style of its own.
        out: folder, new or of a corpus with the same settings; pairs that are there are kept.
        workers, cluster: where it is done, see `executor.run`.
        per_house: in how many of the styles each house is drawn.
        storeys: 1 or 2 for houses of so many storeys; None takes both kinds.
        report: called at the start, after each house and for each note.

    Returns:
        The number of pairs in the folder that belong to these houses.

    Raises:
        SettingsError: if a number or a style is wrong, or `out` holds something else.
        StorageError: if the folder cannot be written, or another run is using it. What is there
            is whole; the same call goes on from it.
        SolveError: if none of a house's seeds gave a house.
        MadorizuError: if a house cost three workers their lives.
    """
    settings = _checked(houses, seed, styles, per_house, storeys)
    executor.check(workers=workers, cluster=cluster)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.storage_error(error, out) from error
    with files.locked_folder(out):
        most = _claim(out, settings, houses)
        files.remove_parts(out)
        index = _read_index(out, settings)
        _write_manifest(out, settings, most, index)
        missing = (i for i in range(houses) if i not in index)
        orders = (_Order(i, seed, tuple(styles), per_house, storeys, __version__) for i in missing)
        with contextlib.closing(
            executor.run(_make_house, orders, workers=workers, cluster=cluster, name=lambda o: f"house {o.number}")
        ) as results:
            _collect(results, out, index, houses, report)
        _write_index(out, index)
        _write_manifest(out, settings, most, index)
    return sum(entry.pairs for entry in index.values() if entry.house < houses)


def _checked(houses: int, seed: int, styles: Sequence[str], per_house: int, storeys: int | None) -> dict[str, Any]:
    """Return what decides the files, as it stands in the manifest."""
    if houses < 1:
        raise SettingsError(f"houses must be at least 1, got {houses}")
    known = (*draw.STYLES, sidecar.RANDOM_STYLE)
    if not styles or (unknown := sorted(set(styles) - set(known))):
        raise SettingsError(f"styles must be of {', '.join(known)}, got {', '.join(unknown) if styles else 'none'}")
    if len(set(styles)) < len(styles):
        raise SettingsError(f"styles must differ, got {', '.join(styles)}")
    if draw.DATASET_STYLE in styles and len(styles) > 1:
        raise SettingsError(
            f"the sample data set's style must be in no corpus with others, got {', '.join(styles)}",
            f"leave {draw.DATASET_STYLE} out",
        )
    if not 1 <= per_house <= len(styles):
        raise SettingsError(f"per_house must be from 1 to the number of styles, got {per_house}")
    if storeys not in (None, 1, 2):
        raise SettingsError(f"storeys must be 1 or 2, got {storeys}")
    return {
        "seed": seed,
        "styles": list(styles),
        "per_house": per_house,
        "storeys": storeys,
        "grammar_version": GRAMMAR_VERSION,
        "sidecar_version": sidecar.SIDECAR_VERSION,
        "madorizu_version": __version__,
    }


# --- one house, in a worker -------------------------------------------------------------


def _make_house(order: _Order) -> _Made:
    """Draw one house in its styles.

    Raises:
        SettingsError: if this machine has another version of the package.
        SolveError: if no seed gave a house.
    """
    if order.version != __version__:
        raise SettingsError(
            f"all machines of the cluster must have madorizu {order.version}, got {__version__}",
            "install the same versions everywhere: pip install -r requirements.txt",
        )
    first = zlib.crc32(f"style/{order.seed}/{order.number}".encode())
    styles = tuple(order.styles[(first + i) % len(order.styles)] for i in range(order.per_house))
    failures: list[Exception] = []
    reasons: list[str] = []
    for attempt in range(DRAWS):
        seed = _house_seed(order, attempt)
        try:
            house = houses.random_house(seed=seed, house_id=_house_id(order.number), storeys=order.storeys)
            entry = _Entry(
                order.number,
                seed,
                tuple(plan.floor for plan in house.plans),
                styles,
                tuple(type(failure).__name__ for failure in failures),
            )
            return _Made(entry, _drawn(house, entry, alone=len(order.styles) == 1), tuple(reasons))
        except (OSError, MemoryError, ImportError):
            raise  # the machine's fault: another seed would only make the files depend on it
        except Exception as error:  # a bug, too: one house of 50,000 must not end a night's work. It is told.
            failures.append(error)
            reasons.append(f"house {order.number} is drawn again, seed {seed} gave {type(error).__name__}: {error}")
    raise SolveError(
        f"house {order.number} must be found within {DRAWS} draws, got none: {reasons[-1]}",
        "the topology library may be damaged; reinstall madorizu",
    ) from failures[-1]


def _house_seed(order: _Order, attempt: int) -> int:
    again = f"/{attempt}" if attempt else ""
    return zlib.crc32(f"{order.seed}/{order.number}{again}".encode())


def _drawn(house: House, entry: _Entry, *, alone: bool) -> dict[str, bytes]:
    """Return the files of a house by their names, the JSON as `sidecar.write` writes it."""
    found: dict[str, bytes] = {}
    for style in entry.styles:
        for plan in house.plans:
            stem = _stem(entry.house, style, plan.floor, alone=alone)
            area = canvas.fit_outline(outline(plan))
            found[f"{stem}.png"] = _png(plan, _style(style, house, plan), area)
            note = sidecar.to_json(plan, house=house, style=style, canvas=area)
            found[f"{stem}.json"] = (json.dumps(note, ensure_ascii=False, indent=1) + "\n").encode()
    return found


def _style(name: str, house: House, plan: Plan) -> str | Style:
    if name != sidecar.RANDOM_STYLE:
        return name
    return random_style(random.Random(f"{house.house_id}/{house.seed}/{plan.floor}"))


def _png(plan: Plan, style: str | Style, area: canvas.Canvas) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(draw.raster(plan, style, canvas=area)).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _house_id(number: int) -> str:
    return f"h{number:05d}"


def _stem(number: int, style: str, floor: int, *, alone: bool) -> str:
    """Name a pair; a corpus of one style does not name it."""
    return f"plan_{_house_id(number)}{'' if alone else f'_{style}'}_{floor}f"


# --- the folder -------------------------------------------------------------------------


def _collect(
    results: Iterable[_Made], out: Path, index: dict[int, _Entry], total: int, report: Callable[[Progress], None]
) -> None:
    """Write what the workers made, and enter each house in the index when its files are there."""
    began = time.monotonic()
    done = [entry.pairs for entry in index.values() if entry.house < total]
    count, pairs, new_pairs = len(done), sum(done), 0
    kept = count

    def tell(note: str = "") -> None:
        report(Progress(count, total, pairs, count - kept, new_pairs, time.monotonic() - began, note))

    tell()
    with ThreadPoolExecutor(_WRITERS) as writers:
        for made in results:
            missing = [(out / name, data) for name, data in made.files.items() if not (out / name).exists()]
            for _ in writers.map(lambda item: files.atomic_bytes(*item), missing):
                pass  # asked for each, so that an error is raised here
            files.append_line(out / INDEX, _line(made.entry))
            index[made.entry.house] = made.entry
            count, pairs, new_pairs = count + 1, pairs + made.entry.pairs, new_pairs + made.entry.pairs
            for reason in made.reasons:
                tell(reason)
            tell()


def _claim(out: Path, settings: Mapping[str, Any], houses: int) -> int:
    """Look whether the folder may be filled; returns how many houses were ever asked for.

    Raises:
        SettingsError: if it holds a corpus of other settings, or pairs that are of no corpus.
        StorageError: if it cannot be read.
    """
    try:
        text = (out / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        if strange := next(out.glob("plan_h*"), None):
            raise SettingsError(
                f"out must be a new folder or a corpus's own, got {out} with {strange.name} and no {MANIFEST}",
                "choose another folder, or move the old pairs away",
            ) from None
        return houses
    except (OSError, ValueError) as error:
        raise _damaged(out, error) from error
    try:
        found = json.loads(text)
        there = {key: found[key] for key in settings}
        before = int(found["houses"])
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(out, error) from error
    other = [key for key in settings if there[key] != settings[key]]
    if other:
        asked, has = ("; ".join(f"{key} {_plain(of[key])}" for key in other) for of in (settings, there))
        raise SettingsError(
            f"a corpus must be gone on with its own settings, got {asked} for {out}, which was begun with {has}",
            "choose another folder, or the settings that the corpus has",
        )
    return max(houses, before)


def _damaged(out: Path, error: Exception) -> SettingsError:
    return SettingsError(
        f"{out / MANIFEST} must be the manifest of a corpus, got {type(error).__name__}: {error}",
        "choose another folder, or remove this one",
    )


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "any" if value is None else str(value)


def _write_manifest(out: Path, settings: Mapping[str, Any], houses: int, index: Mapping[int, _Entry]) -> None:
    """Write settings and counts; holds no time and no place, so equal corpora have equal files."""
    entries = [entry for entry in index.values() if entry.house < houses]
    storeys, styles = Counter(len(e.floors) for e in entries), Counter[str]()
    for entry in entries:
        styles.update({style: len(entry.floors) for style in entry.styles})
    data = {
        "schema_version": SCHEMA_VERSION,
        **settings,
        "houses": houses,
        "complete": len(entries) == houses,
        "counts": {
            "houses": len(entries),
            "houses_by_storeys": {str(key): storeys[key] for key in sorted(storeys)},
            "pairs": sum(entry.pairs for entry in entries),
            "pairs_by_style": {key: styles[key] for key in sorted(styles)},
            "redrawn": sum(bool(entry.redrawn) for entry in entries),
        },
    }
    files.atomic_text(out / MANIFEST, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _read_index(out: Path, settings: Mapping[str, Any]) -> dict[int, _Entry]:
    """Return the houses all of whose files are there, and cut the index down to them.

    A line that cannot be read, such as the last one after a loss of power, counts as none: its
    house is made again, which gives the same files.
    """
    try:
        names = set(os.listdir(out))
        text = (out / INDEX).read_text(encoding="utf-8", errors="replace") if INDEX in names else ""
    except OSError as error:
        raise files.storage_error(error, out, "readable") from error
    alone = len(settings["styles"]) == 1
    index = {entry.house: entry for entry in _entries(text) if names.issuperset(_names(entry, alone))}
    if text != "".join(_line(entry) + "\n" for entry in index.values()):
        _write_index(out, index)
    return index


def _names(entry: _Entry, alone: bool) -> Iterator[str]:
    for style in entry.styles:
        for floor in entry.floors:
            stem = _stem(entry.house, style, floor, alone=alone)
            yield f"{stem}.png"
            yield f"{stem}.json"


def _entries(text: str) -> Iterator[_Entry]:
    for line in text.splitlines():
        try:
            data = json.loads(line)
            yield _Entry(
                int(data["house"]),
                int(data["seed"]),
                tuple(int(floor) for floor in data["floors"]),
                tuple(str(style) for style in data["styles"]),
                tuple(str(name) for name in data["redrawn"]),
            )
        except (ValueError, TypeError, KeyError):
            continue


def _write_index(out: Path, index: Mapping[int, _Entry]) -> None:
    """Write the whole index in the order of the houses, not of the workers."""
    files.atomic_text(out / INDEX, "".join(_line(index[number]) + "\n" for number in sorted(index)))


def _line(entry: _Entry) -> str:
    return json.dumps({
        "house": entry.house,
        "seed": entry.seed,
        "floors": entry.floors,
        "styles": entry.styles,
        "redrawn": entry.redrawn,
    })  # fmt: skip
