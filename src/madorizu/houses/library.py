"""The topology library: houses solved before, re-dimensioned to a new size in milliseconds.

The library is a file of one JSON topology per line (`assets/topologies.jsonl`), made by
`harvest`, closed by `seal` and shipped with the package.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from madorizu import rules
from madorizu.catalogue import Archetype
from madorizu.errors import PlanError, SolveError
from madorizu.houses import topology
from madorizu.houses.finish import finish
from madorizu.houses.resize import OVERSIZE
from madorizu.houses.search import Site, find
from madorizu.houses.sites import site_of_archetype
from madorizu.houses.topology import Topology
from madorizu.plan import SIDES, STEP, Plan, Room, Side, neighbours
from madorizu.similarity import are_near_duplicates

# W×H in modules of common houses' 1F.
_LOWER_SIZES: tuple[tuple[float, float], ...] = (
    (7, 6), (8, 6), (7, 7), (8, 7), (9, 7), (10, 7), (11, 7), (8, 8), (9, 8), (10, 8), (11, 8), (12, 8),
    (7, 9), (8, 9), (9, 9), (10, 9), (8, 10), (7, 10), (6, 9), (6, 10), (5, 10), (10, 10), (12, 10),
    (6, 7), (6, 8), (7, 8), (9.5, 8), (8.5, 7.5), (10.5, 8.5), (7.5, 9), (13, 7), (12, 9), (14, 8),
    (5, 9), (5, 12), (5.5, 10),
)  # fmt: skip
_SIDES: tuple[Side, ...] = ("s",) * 10 + ("n",) * 4 + ("e",) * 3 + ("w",) * 3

BARREN_TRIES = 400

# Of fifteen sheets the 2F has 0.66 to 0.87 of the 1F, and the 1F 0.61 to 0.98 of its bounding
# rectangle; smaller houses keep nearer to 1.
_SMALLER = 0.85  # of two-storey houses have a 2F smaller than the 1F
_UPPER_SHARE = (0.66, 0.92)
_LEAST_UPPER = 160  # half-module cells
_SETBACKS = (0, 2, 3, 4, 6)  # half modules by which the 2F stands back
_NOTCH = (0.04, 0.25)  # share of the bounding rectangle that a notch takes
_NOTCHED_CELLS = 200  # of the 1F, from which houses have one
_NOTCHED = 0.6  # of these; fewer of them are solved than of rectangles, which leaves about half


class Entry:
    """A line of the library: what a brief asks about at once, the topology when it is needed.

    Attributes:
        kinds: kinds of the rooms, per storey.
        key: W and H of every storey in half modules.
        entrance: side of the entrance.
        archetype: code of the programme that it was solved for, or None.
    """

    def __init__(self, data: Any) -> None:
        """Read the line's heads.

        Raises:
            PlanError: if the data is not of the form that `topology.to_json` writes.
        """
        try:
            topology.check_heads(data)
            self.kinds: tuple[tuple[str, ...], ...] = tuple(tuple(s["kinds"]) for s in data["storeys"])
            self.key: tuple[tuple[int, int], ...] = tuple((len(s["rows"][0]), len(s["rows"])) for s in data["storeys"])
            self.entrance: Side = data["entrance"]
            self.archetype: str | None = data.get("archetype")
        except topology.FAULTS as error:
            raise PlanError(f"topology must be as madorizu writes it, got a fault at {error}") from error
        self._data = data

    @cached_property
    def topology(self) -> Topology:
        """The topology itself.

        Raises:
            PlanError: if the line is damaged.
        """
        return topology.from_json(self._data)

    @cached_property
    def fits(self) -> bool:
        """Whether its rooms are such as are made today; lines of older libraries may not be."""
        return topology.fits_catalogue(self.topology.storeys, oversize=OVERSIZE)

    @cached_property
    def inner_wcs(self) -> int:
        """How many WCs have no outer wall for a window."""
        count = 0
        for storey in self.topology.storeys:
            floor = storey.cells
            count += sum(
                kind == "wc" and all(n in floor for c in cells for n in neighbours(c)) for kind, cells in storey.rooms
            )
        return count

    @cached_property
    def outlook(self) -> dict[Side, float]:
        """Which share of each side of the house the LDK of the 1F has."""
        storey = self.topology.storeys[0]
        floor = storey.cells
        living = [c for kind, cells in storey.rooms if kind == "ldk" for c in cells]
        length = dict(zip(SIDES, (*storey.size, *storey.size), strict=True))
        return {
            side: sum((x + STEP[side][0], y + STEP[side][1]) not in floor for x, y in living) / length[side]
            for side in SIDES
        }


@cache
def load() -> tuple[Entry, ...]:
    """Read the library that ships with the package.

    Raises:
        PlanError: if a line is damaged, or the file is not whole.
    """
    text = (resources.files("madorizu") / "assets" / "topologies.jsonl").read_text(encoding="utf-8")
    return tuple(read_lines(unsealed(text.splitlines())))


def seal(lines: Iterable[str]) -> list[str]:
    """Return lines of topologies with a last line that says how many they are and what their checksum is.

    Raises:
        PlanError: naming the first line that is no topology, such as a seal that is there already.
    """
    found = list(lines)
    list(read_lines(found))
    return [*found, json.dumps({"sealed": len(found), "crc32": _checksum(found)})]


def unsealed(lines: Sequence[str]) -> list[str]:
    """Return the lines of topologies of a sealed file; the inverse of `seal`.

    Raises:
        PlanError: if the seal is missing, as of a file cut short between two lines, or another's.
    """
    try:
        said = json.loads(lines[-1])
        wanted = said["sealed"], said["crc32"]
    except (IndexError, ValueError, KeyError, TypeError):
        raise PlanError(
            f"topology library must end with its seal, got {len(lines)} lines without", "it was cut short: " + _AGAIN
        ) from None
    body = list(lines[:-1])
    if wanted != (len(body), _checksum(body)):
        raise PlanError(
            f"topology library must be the {wanted[0]} lines that its seal tells of, got others ({len(body)})", _AGAIN
        )
    return body


_AGAIN = "reinstall madorizu"


def _checksum(lines: Iterable[str]) -> int:
    return zlib.crc32("\n".join(lines).encode())


def of_archetype(code: str) -> tuple[Entry, ...]:
    """Return what was solved for an archetype's programme."""
    return tuple(entry for entry in load() if entry.archetype == code)


def read_lines(lines: list[str]) -> Iterator[Entry]:
    """Read topologies from lines of JSON, without a seal: of a file that `harvest` goes on with.

    Raises:
        PlanError: naming the first damaged line.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield Entry(json.loads(line))
        except (ValueError, PlanError) as error:
            raise PlanError(f"line {number} of the topology library must be a topology, got {line[:40]!r}") from error


def random_site(rng: random.Random) -> Site:
    """Draw the size, entrance side and storeys of a common house."""
    width, height = rng.choice(_LOWER_SIZES)
    lower = round(2 * width), round(2 * height)
    side = rng.choice(_SIDES)
    if rng.random() < 0.12 and lower[0] * lower[1] >= 252:
        return Site(lower, entrance=side)
    upper = _smaller_upper(lower, rng) if rng.random() < _SMALLER else lower
    shift = rng.choice((0, lower[0] - upper[0])), rng.choice((0, lower[1] - upper[1]))
    notched = lower[0] * lower[1] >= _NOTCHED_CELLS and rng.random() < _NOTCHED
    return Site(lower, upper, shift, side, notch=rng.uniform(*_NOTCH) if notched else 0.0)


def _smaller_upper(lower: tuple[int, int], rng: random.Random) -> tuple[int, int]:
    """Draw a 2F that is set back at one or two sides; where the 1F is small for that, one as large as it."""
    goal = rng.uniform(*_UPPER_SHARE)
    options = []
    for back in [(x, y) for x in _SETBACKS for y in _SETBACKS]:
        upper = lower[0] - back[0], lower[1] - back[1]
        if min(upper) >= 10 and upper[0] * upper[1] >= _LEAST_UPPER:
            share = upper[0] * upper[1] / (lower[0] * lower[1])
            options.append((abs(share - goal) + 0.06 * rng.random(), upper))
    return min(options)[1] if options else lower


def harvest(out: Path, *, count: int, seed: int, archetype: Archetype | None = None, time_limit_s: float = 30.0) -> int:
    """Solve random houses and append their topologies to a file, one per line.

    Can be stopped and started again: the lines that are there say which seeds were tried.
    Ends early where `BARREN_TRIES` houses in a row gave nothing new.

    Args:
        out: the file.
        count: lines that it shall have (of this archetype, if one is given).
        seed: decides which houses are tried.
        archetype: whose programme the houses get; None for houses of common sizes.
        time_limit_s: for each house.

    Returns:
        The number of such topologies in the file.

    Raises:
        PlanError: if a line that is there is damaged, as of a file that was cut short.
    """
    code = None if archetype is None else archetype.code
    done = _lines_of(out) if out.exists() else []
    done = [line for line in done if line.get("archetype") == code]
    number = max((line.get("try", -1) for line in done), default=-1) + 1
    kept, barren = len(done), 0
    before = [storeys_of(topology.from_json(line)) for line in done]
    with out.open("a", encoding="utf-8") as file:
        while kept < count and barren < BARREN_TRIES:
            own = zlib.crc32(f"{seed}/{code}/{number}".encode())
            number, barren = number + 1, barren + 1
            rng = random.Random(own)
            site = random_site(rng) if archetype is None else site_of_archetype(archetype, rng)
            try:
                found = find(site, seed=own, time_limit_s=time_limit_s)
            except SolveError:
                continue
            if not is_new(found, before) or not _is_useful(found):
                continue
            before.append(storeys_of(found))
            tag = {} if code is None else {"archetype": code}
            line = {**topology.to_json(found), **tag, "try": number - 1}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
            file.flush()
            kept, barren = kept + 1, 0
    return kept


def _lines_of(out: Path) -> list[dict[str, Any]]:
    """Read the lines that are there; what was cut short must not be gone on with."""
    lines = out.read_text(encoding="utf-8").splitlines()
    list(read_lines(lines))
    return [json.loads(line) for line in lines]


def storeys_of(found: Topology) -> tuple[Plan, ...]:
    """Return a topology's storeys as plans without doors, to be compared."""
    return tuple(
        Plan(number, tuple(Room(kind, cells) for kind, cells in storey.rooms))
        for number, storey in enumerate(found.storeys, start=1)
    )


def is_new(found: Topology, before: Iterable[tuple[Plan, ...]]) -> bool:
    """Say whether no storey is a near-duplicate of the same storey of a house before."""
    own = storeys_of(found)
    return not any(are_near_duplicates(a, b) for other in before for a, b in zip(own, other, strict=False))


def _is_useful(found: Topology) -> bool:
    """Say whether doors, windows and fixtures find their places: one of some houses must be lawful."""
    houses = (finish(found, seed=seed) for seed in range(6))
    return any(house is not None and rules.is_lawful(house) for house in houses)
