"""What a house must have: its brief's wishes, and what every house needs, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from madorizu.brief import PLACE_WORDS, Brief, Place
from madorizu.catalogue import ROOMS
from madorizu.plan import HALF_MM, Rect, Side

HABITABLE = frozenset(t.code for t in ROOMS.values() if t.habitable)
SLEEPING = ("bed", "mbr")
NEEDED = ("ldk", "bath", "wash", "wc")  # of a whole house
LANDINGS = frozenset({"hall", "ldk", "ent"})  # where a stair may begin and end
WAYS = frozenset({"hall", "ldk", "ent"})  # one walks through them to other rooms
# Rooms from which a room may be entered beside the ways.
OWNERS: dict[str, frozenset[str]] = {
    "wic": frozenset({"mbr"}),
    "den": frozenset({"mbr"}),
    "laundry": frozenset({"wash"}),
    "cl": frozenset(SLEEPING),
    "wc": frozenset({"wash"}),
    "s": HABITABLE,
    "sto": HABITABLE | {"wash"},
}
# Rooms that may be entered from these alone.
ONLY_FROM: dict[str, frozenset[str]] = {
    "bath": frozenset({"wash"}),
    "ent": frozenset({"hall", "ldk"}),
    "oshi": frozenset({"wa"}),
    "pantry": frozenset({"ldk"}),
    "sic": frozenset({"ent", "hall"}),
    "void": frozenset(),
}
UNDER_VOID = frozenset({"ldk", "ent", "hall", "stair"})
SMALL_LDK, LDK = 64, 80  # half-module cells: with at most one other habitable room, and with more


def entered_from(kind: str) -> frozenset[str]:
    """Return the kinds of rooms from which a room may be entered; none for a void."""
    return ONLY_FROM.get(kind, WAYS | OWNERS.get(kind, frozenset()))


@dataclass(frozen=True, slots=True)
class Ask:
    """What the plans must have, by the index of their storey.

    Attributes:
        sizes: W and H asked for, in half modules; None where it is open.
        meant: the storeys that the brief's wishes speak of.
        is_house: the storeys make a whole house.
        rooms: kinds of which each must be on a storey that is meant.
        bedrooms: number of 洋室 and 主寝室 on the storeys that are meant, or None.
        habitable: number of habitable rooms beside the LDK on all storeys, or None.
        entrance: side of the entrance, or None.
        stair: whether there must be one; None leaves it to what was read.
        stair_place: where, on the first storey that is meant.
        balcony: whether there must be one.
    """

    sizes: tuple[tuple[int, int] | None, ...]
    meant: tuple[int, ...]
    is_house: bool
    rooms: frozenset[str] = frozenset()
    bedrooms: int | None = None
    habitable: int | None = None
    entrance: Side | None = None
    stair: bool | None = None
    stair_place: Place | None = None
    balcony: bool = False

    @property
    def needed(self) -> frozenset[str]:
        """Kinds of which at least one must be somewhere; the entrance and the stair are not among them."""
        kinds = self.rooms | (frozenset(NEEDED) if self.is_house else frozenset())
        return kinds | ({"ldk"} if self.habitable is not None else frozenset())


def ask_of(brief: Brief | None, floors: tuple[int, ...]) -> Ask:
    """Turn a brief into what the storeys must have; without one only what every house needs.

    Args:
        brief: the wish, or None.
        floors: numbers of the storeys, lowest first.
    """
    count = len(floors)
    if brief is None:
        return Ask((None,) * count, tuple(range(count)), count > 1, stair=True if max(floors) > 1 else None)
    alone = count == 1 and brief.floor == "1F" and brief.nldk is not None
    meant = tuple(range(count))
    if brief.floor == "unknown":
        meant = (0,)
    elif brief.floor != "both" and count > 1:
        meant = tuple(i for i, floor in enumerate(floors) if f"{floor}F" == brief.floor)
    size = brief.width_mm // HALF_MM, brief.height_mm // HALF_MM
    sizes: list[tuple[int, int] | None] = [None] * count
    for i in meant[:1]:
        sizes[i] = size
    if brief.floor == "both" and brief.upper_mm is not None and count > 1:
        sizes[1] = brief.upper_mm[0] // HALF_MM, brief.upper_mm[1] // HALF_MM
    stair = True if max(floors) > 1 or "stairs" in brief.elements else False if alone else None
    return Ask(
        tuple(sizes),
        meant,
        count > 1 or alone,
        brief.features,
        brief.bedrooms,
        brief.nldk,
        brief.entrance_side,
        stair,
        brief.stair_place,
        "balcony" in brief.elements,
    )


def place_of(rect: Rect, frame: Rect) -> Place:
    """Return the third of a frame in which the middle of a rectangle lies; on a border the south and east one."""
    x, y, width, height = rect
    column = min(max((2 * (x - frame[0]) + width) * 3 // (2 * frame[2]), 0), 2)
    row = min(max((2 * (y - frame[1]) + height) * 3 // (2 * frame[3]), 0), 2)
    return tuple(PLACE_WORDS)[3 * row + column]


def shortage(ask: Ask, kinds: Mapping[int, tuple[str, ...]]) -> dict[str, int]:
    """Return how many rooms of which kind are missing, less than 0 for too many.

    Args:
        ask: what must be there.
        kinds: of the rooms of each storey.
    """
    everything = [kind for found in kinds.values() for kind in found]
    meant = [kind for i in ask.meant for kind in kinds.get(i, ())]
    missing = {kind: 1 for kind in sorted(ask.rooms) if kind not in meant}
    missing |= {kind: 1 for kind in sorted(ask.needed) if kind not in everything}
    if ask.bedrooms is not None:
        missing["bed"] = ask.bedrooms - sum(kind in SLEEPING for kind in meant)
    if ask.habitable is not None:
        others = sum(kind in HABITABLE and kind != "ldk" for kind in everything)
        missing.setdefault("bed", 0)
        if not missing["bed"]:
            missing["bed"] = ask.habitable - others
    return {kind: count for kind, count in missing.items() if count}
