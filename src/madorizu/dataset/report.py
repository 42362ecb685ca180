"""What became of every image of a folder: taken, mended or refused, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["taken", "mended", "refused"]
KIND = "madorizu prepared data"  # marks a folder as ours, so that it may be replaced
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one file.

    Attributes:
        source: its path within the folder.
        status: "taken" as it is but for scale and format; "mended" with a change or a
            guess that should be looked at; "refused".
        reasons: what was mended or why it was refused, one sentence each.
        notes: what may be wrong with it all the same.
        file_name: the prepared image, from the prepared folder; "" if refused.
        house_id: the house it is counted to; "" if refused.
    """

    source: str
    status: Status
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    file_name: str = ""
    house_id: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What `prepare` did.

    Attributes:
        source, out: the folders, as they were given.
        seed, size_px: as they were given.
        entries: one per image and per stray file, in the order of their names.
        train_count, validation_count: images on each side.
        near_duplicates: pairs of prepared images that show the same drawing, kept on one side.
        near_across: such pairs that could not be kept on one side.
        notes: what concerns the folder as a whole.
        data_hash: names the data: the same images and captions have the same hash.
    """

    source: str
    out: str
    seed: int
    size_px: int
    entries: tuple[Entry, ...]
    train_count: int
    validation_count: int
    near_duplicates: tuple[tuple[str, str], ...]
    near_across: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    data_hash: str

    @property
    def refused(self) -> tuple[Entry, ...]:
        """The files that are not used."""
        return tuple(e for e in self.entries if e.status == "refused")

    @property
    def mended(self) -> tuple[Entry, ...]:
        """The images that were changed or guessed at."""
        return tuple(e for e in self.entries if e.status == "mended")

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return {"kind": KIND, "format": FORMAT, **asdict(self)}

    def to_text(self) -> str:
        """Return the report for people, worst first."""
        count = len(self.entries) - len(self.refused)
        houses = len({e.house_id for e in self.entries if e.house_id})
        lines = [
            f"{count} images of {houses} houses from {self.source} to {self.out}",
            f"train {self.train_count}, validation {self.validation_count}, seed {self.seed}, {self.size_px} px",
            f"{len(self.refused)} refused, {len(self.mended)} mended; data {self.data_hash[:16]}",
            *self.notes,
        ]
        lines += _listed("Refused", [(e.source, e.reasons) for e in self.refused])
        lines += _listed("Mended, please look at them", [(e.source, e.reasons) for e in self.mended])
        lines += _listed("Notes", [(e.source, e.notes) for e in self.entries if e.notes])
        near = [(f"{a} and {b}", ()) for a, b in self.near_duplicates]
        lines += _listed("The same drawing or its mirror, kept on one side of the split", near)
        across = [(f"{a} and {b}", ()) for a, b in self.near_across]
        lines += _listed("The same drawing or its mirror on both sides: validation tells little of them", across)
        return "\n".join(lines) + "\n"


def _listed(title: str, items: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    if not items:
        return []
    return ["", f"{title} ({len(items)}):", *(f"  {name}" + _because(reasons) for name, reasons in items)]


def _because(reasons: tuple[str, ...]) -> str:
    return ": " + "; ".join(reasons) if reasons else ""
