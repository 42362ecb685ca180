"""Make a brief's house from the topology library: choose, turn, re-dimension, finish, compare.

Of several lawful houses the one with the fewest soft findings is taken. How many are
tried is counted, never timed, so equal seeds give equal houses on every machine.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from itertools import pairwise

from madorizu import rules
from madorizu.brief import Brief
from madorizu.errors import OutOfTimeError
from madorizu.houses import library
from madorizu.houses.finish import finish
from madorizu.houses.resize import BATH_CELLS, resized
from madorizu.houses.runs import border
from madorizu.houses.sites import entrance_of, storey_index, storeys_of
from madorizu.houses.topology import TURNS, Storey, Topology, Turn, is_wide, turned
from madorizu.plan import HALF_MM, SIDES, STEP, House, Plan, bounds, indoor_cells, is_indoor
from madorizu.rules import Score
from madorizu.rules.scoring import scored

_SOUTH_OF = {turn: next(side for side in SIDES if turn.side(side) == "s") for turn in TURNS}  # what comes to the south
KEPT = 4  # lawful houses to choose the best of
RESIZES = 80  # tries, some milliseconds each
FINISHES = 40  # tries that came so far as doors and windows, about 20 ms each
OTHER_SIDE = 1000.0  # distance of a topology whose entrance is not on the side that was drawn
DARK_WC = 0.8  # distance, of a WC without an outer wall
GROWTH, SHRINKAGE = 8, 3  # half modules by which a side may be changed: solved houses have little to spare
SOUTH = 6.0  # what it costs when neither LDK nor tatami room has any of the south wall
UPPER_SOUTH = 4.0  # the same of bedrooms upstairs
_SUNNY = frozenset({"ldk", "wa"})
_SUNNY_ABOVE = frozenset({"ldk", "wa", "mbr", "bed", "den", "void"})
_DARK = frozenset({"wc", "sto", "wic", "s", "bath", "cl", "oshi"})  # rooms that waste a south wall
_DARK_IN_THE_SUN = 2.0  # costs, of one such room
_QUIET = frozenset({"ldk", "wa", "mbr", "bed"})
_WC_OVER_ROOM = 1.5
_LARGE_BATH = 2.0
_INNER_WC = 1.5  # of one without a window
_DEEP_STORE = 1.5  # of one that is deeper behind its front than it is wide


@dataclass(frozen=True, slots=True)
class Candidate:
    """A topology of the library, how to turn it, and how far it is from the brief."""

    entry: library.Entry
    turn: Turn
    distance: float


def candidates(brief: Brief, rng: random.Random) -> list[Candidate]:
    """List the library's topologies in all turns that can come to the brief's size, nearest first.

    Where the brief leaves the entrance's side open, one is drawn; the other sides come last.
    """
    index, storeys = storey_index(brief), storeys_of(brief)
    width, height = brief.width_mm // HALF_MM, brief.height_mm // HALF_MM
    found = []
    entrance = entrance_of(brief, rng)
    for entry in library.load():
        if len(entry.key) != storeys or not _could_have(entry, brief) or not entry.fits:
            continue
        key = entry.key[index]
        for turn in TURNS:
            own = key[::-1] if turn.swap else key
            wider, higher = width - own[0], height - own[1]
            if not (-SHRINKAGE <= wider <= GROWTH and -SHRINKAGE <= higher <= GROWTH):
                continue
            side = turn.side(entry.entrance)
            if brief.entrance_side not in (None, side):
                continue
            off = (wider if wider > 0 else -2 * wider) + (higher if higher > 0 else -2 * higher)
            distance = off + 8 * (1 - entry.outlook[_SOUTH_OF[turn]]) + rng.uniform(0, 4)
            distance += DARK_WC * entry.inner_wcs
            distance += OTHER_SIDE if side != entrance else 0.0
            found.append(Candidate(entry, turn, distance))
    return sorted(found, key=lambda c: c.distance)


def best(brief: Brief, rng: random.Random, end: float, *, kept: int = KEPT, resizes: int = RESIZES) -> House | None:
    """Return the best of several lawful houses from the library, or None where none was found.

    Args:
        brief: the wish.
        rng: source of randomness.
        end: when to give up, of `time.monotonic`.
        kept: lawful houses to choose from.
        resizes: tries to bring a topology to the size.

    Raises:
        OutOfTimeError: if the clock ran out before the counted tries did.
    """
    found: list[tuple[float, int, House]] = []
    finishes = 0
    useless: set[tuple[int, bool]] = set()  # cannot come to the size, however it is flipped
    for candidate in candidates(brief, rng):
        shape = id(candidate.entry), candidate.turn.swap
        if shape in useless:
            continue
        if time.monotonic() > end:
            raise OutOfTimeError(
                f"a house of {brief.width:g}x{brief.height:g} modules must be found within the time limit, got none",
                "give more time",
            )
        fitted = _fitted(candidate, brief, rng)
        if fitted is None:
            useless.add(shape)
        else:
            finishes += 1
            rated = finished(fitted, brief, rng)
            if rated is not None:
                found.append((rated[0], len(found), rated[1]))
        if len(found) >= kept or finishes >= FINISHES or len(useless) >= resizes:
            break
    return min(found)[2] if found else None


def _fitted(candidate: Candidate, brief: Brief, rng: random.Random) -> Topology | None:
    """Bring a candidate to the brief's size, rooms and direction; None where it cannot come there."""
    size = brief.width_mm // HALF_MM, brief.height_mm // HALF_MM
    if candidate.turn.swap:
        size = size[::-1]
    fitted = resized(candidate.entry.topology, storey_index(brief), size, rng, jitter=rng.randrange(3))
    dressed = None if fitted is None else dress(fitted, brief)
    return None if dressed is None else turned(dressed, candidate.turn)


def finished(topology: Topology, brief: Brief, rng: random.Random) -> tuple[float, House] | None:
    """Finish a topology of the right size; None where that gives no lawful house that meets the brief.

    Returns:
        What speaks against the house, see `penalty`, and the house.
    """
    balcony = True if "balcony" in brief.elements else None
    house = finish(topology, seed=rng.getrandbits(31), balcony=balcony)
    if house is None:
        return None
    findings = rules.check(house, brief)
    return None if any(finding.hard for finding in findings) else (_cost(house, scored(findings)), house)


def penalty(house: House) -> float:
    """Return what speaks against a house; 0 is best. Compare houses of one number of storeys only.

    That is what the soft rules take from the score, walls over walls counted twice; what is lost
    of the south wall, below for LDK and tatami room (the entrance's own front is not counted),
    above for bedrooms; and WCs, stores and baths where nobody would have them, or not like this.
    """
    return _cost(house, rules.score(house))


def _cost(house: House, score: Score) -> float:
    cost = score.penalty + score.lost().get("S12", 0.0)
    for plan in house.plans:
        ground = plan.floor == 1
        faces = _south_faces(plan)
        cost += (SOUTH if ground else UPPER_SOUTH) * (1 - _sunny_share(faces, _SUNNY if ground else _SUNNY_ABOVE))
        cost += _DARK_IN_THE_SUN * sum(kind in _DARK for kind, _ in faces.values())
        cost += _LARGE_BATH * sum(room.kind == "bath" and len(room.cells) > BATH_CELLS for room in plan.rooms)
        cost += _INNER_WC * _inner_wcs(plan) + _DEEP_STORE * _deep_stores(plan)
    return cost + _WC_OVER_ROOM * _wc_over_rooms(house)


def _inner_wcs(plan: Plan) -> int:
    """Count the WCs without a window."""
    lit = {e for o in plan.openings if o.kind == "window" for e in o.edges}
    return sum(room.kind == "wc" and not border(room.cells) & lit for room in plan.rooms)


def _deep_stores(plan: Plan) -> int:
    """Count the stores and pantries whose folding front is their short side."""
    stores = [(border(room.cells), bounds(room.cells)) for room in plan.rooms if room.kind in ("sto", "pantry")]
    found = 0
    for o in plan.openings:
        if o.kind == "folding":
            sides = [(w, h) if o.axis == "h" else (h, w) for edges, (_, _, w, h) in stores if o.edges[0] in edges]
            found += any(wide < deep for wide, deep in sides)
    return found


Faces = dict[int, tuple[str, int]]


def _south_faces(plan: Plan) -> Faces:
    """Return kind and half modules of south wall of each room that has any."""
    floor = indoor_cells(plan)
    found = {
        i: (room.kind, sum((x, y + 1) not in floor for x, y in room.cells))
        for i, room in enumerate(plan.rooms)
        if is_indoor(room.kind)
    }
    return {i: face for i, face in found.items() if face[1]}


def _sunny_share(faces: Faces, sunny: frozenset[str]) -> float:
    counted = [(kind, length) for kind, length in faces.values() if kind != "ent"]
    whole = sum(length for _, length in counted)
    return sum(length for kind, length in counted if kind in sunny) / whole if whole else 0.0


def _wc_over_rooms(house: House) -> int:
    """Count WCs above rooms where one sits, eats or sleeps."""
    return sum(
        any(room.kind == "wc" and room.cells & below.cells for room in upper.rooms)
        for lower, upper in pairwise(house.plans)
        for below in lower.rooms
        if below.kind in _QUIET
    )


# --- rooms as wished --------------------------------------------------------------------

# A room may be called another where it has the form for it: wished kind -> kinds to take it from.
_FROM = {"wa": ("bed",), "s": ("sto", "bed"), "pantry": ("sto",)}
_FORM = {"wa": (36, 72, 5), "s": (8, 48, 2), "pantry": (4, 16, 2), "bed": (36, 80, 5)}  # least, most, side
_NEXT_TO = {"pantry": "ldk"}


def _could_have(entry: library.Entry, brief: Brief) -> bool:
    """Say whether the rooms that a brief names could be there by their kinds: quick, before any measuring."""
    meant = entry.kinds if brief.floor == "both" else entry.kinds[storey_index(brief) :][:1]
    kinds = [kind for storey in meant for kind in storey]
    if not all(any(k in kinds for k in (feature, *_FROM.get(feature, ()))) for feature in brief.features):
        return False
    sleeping = sum(kind in ("bed", "mbr") for kind in kinds)
    if brief.nldk is not None and brief.nldk != sum(
        k in ("bed", "mbr", "wa") for storey in entry.kinds for k in storey
    ):
        return False
    if brief.bedrooms is None:
        return True
    return sleeping - kinds.count("bed") <= brief.bedrooms <= sleeping + kinds.count("wa")


def dress(topology: Topology, brief: Brief) -> Topology | None:
    """Rename rooms until the storeys the brief speaks of have the rooms it names; None where they cannot."""
    index = None if brief.floor == "both" else storey_index(brief)
    storeys = list(topology.storeys)
    meant = range(len(storeys)) if index is None else (index,)
    for kind in sorted(brief.features):
        if not any(_has(storeys[i], kind) for i in meant) and not _rename_one(
            storeys, meant, kind, _FROM.get(kind, ())
        ):
            return None
    if brief.bedrooms is not None:
        while (more := brief.bedrooms - _bedrooms(storeys, meant)) > 0:
            spare = () if "wa" in brief.features else ("wa",)
            if not _rename_one(storeys, meant, "bed", spare):
                return None
        for _ in range(-more):
            if not _rename_one(storeys, meant, "wa", ("bed",)):
                return None
    return Topology(tuple(storeys), topology.entrance, topology.stair)


def _has(storey: Storey, kind: str) -> bool:
    return any(k == kind for k, _ in storey.rooms)


def _bedrooms(storeys: list[Storey], meant: range | tuple[int, ...]) -> int:
    return sum(kind in ("bed", "mbr") for i in meant for kind, _ in storeys[i].rooms)


def _rename_one(storeys: list[Storey], meant: range | tuple[int, ...], kind: str, sources: tuple[str, ...]) -> bool:
    """Call the first room of a fitting form by another kind."""
    for source in sources:
        for i in meant:
            for j, (name, cells) in enumerate(storeys[i].rooms):
                if name == source and _has_form(storeys[i], cells, kind):
                    rooms = list(storeys[i].rooms)
                    rooms[j] = (kind, cells)
                    storeys[i] = Storey(tuple(rooms))
                    return True
    return False


def _has_form(storey: Storey, cells: frozenset[tuple[int, int]], kind: str) -> bool:
    least, most, side = _FORM.get(kind, (4, 48, 2))
    if not least <= len(cells) <= most or not is_wide(cells, side):
        return False
    beside = _NEXT_TO.get(kind)
    if beside is None:
        return True
    ring = {(x + dx, y + dy) for x, y in cells for dx, dy in STEP.values()}
    return any(k == beside and len(ring & other) >= 2 for k, other in storey.rooms)
