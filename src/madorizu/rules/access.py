"""Rules about walking: the entrance, the ways from it, the bath's door, dead ends."""

from __future__ import annotations

from collections.abc import Iterator

from madorizu.plan import DOOR_KINDS, Cell
from madorizu.rules.facts import OWNERS, PASSAGES, Case, Finding, Hosted, Storey

# Rooms that not every passage room may be the way to: kind -> kinds from which they are entered.
ENTERED_FROM: dict[str, frozenset[str]] = {
    "oshi": frozenset({"wa"}),
    "pantry": frozenset({"ldk"}),
    "sic": frozenset({"ent", "hall"}),
}
NOT_WALKED = frozenset({"void"})
BATH_CONTACT = 2  # half modules: the wall that must hold a door


def one_entrance(case: Case) -> Iterator[Finding]:
    """Find a ground floor without exactly one entrance, or an upper floor with one.

    What it checks: 1F has exactly one entrance room (玄関) and exactly one entrance door, which
        leads from that room to the outside or to a porch. Other storeys have neither. Service
        doors (勝手口) are not counted.
    Why: A detached house has one address and one place to leave the shoes.
    Example: A 1F with a hall but no 玄関.
    Reference: Practice of detached houses; the annotations of the original data set demand the same.
    """
    for s in case.storeys:
        rooms = s.rooms_of.get("ent", ())
        doors = [h for h in s.hosted if h.opening.kind == "entrance"]
        if s.floor != 1:
            yield from _entrance_upstairs(s, rooms, doors)
            continue
        if len(rooms) != 1:
            yield s.finding(
                "H04",
                rooms[1] if rooms else None,
                f"1F must have exactly one entrance room, got {len(rooms)}",
                f"1階の玄関は1つでなければなりません({len(rooms)})",
            )
        if len(doors) != 1:
            yield s.finding(
                "H04",
                rooms[0] if rooms else None,
                f"1F must have exactly one entrance door, got {len(doors)}",
                f"玄関ドアは1つでなければなりません({len(doors)})",
                doors[1].cell if doors else None,
            )
        for door in doors:
            sides = door.rooms or (None, None)
            if sorted((s.kind(r) == "ent", s.is_indoors(r)) for r in sides) != [(False, False), (True, True)]:
                yield s.finding(
                    "H04",
                    None,
                    "Entrance door must lead from the entrance room to the outside, got another place",
                    "玄関ドアは玄関と屋外の間に必要です",
                    door.cell,
                )


def _entrance_upstairs(s: Storey, rooms: tuple[int, ...], doors: list[Hosted]) -> Iterator[Finding]:
    if rooms or doors:
        yield s.finding(
            "H04",
            rooms[0] if rooms else None,
            f"{s.floor}F must have no entrance, got one",
            f"{s.floor}階に玄関は置けません",
            None if rooms else doors[0].cell,
        )


def reachability(case: Case) -> Iterator[Finding]:
    """Find indoor rooms that cannot be walked to without crossing a private room.

    What it checks: From the entrance (1F) or the stair (other storeys) every indoor room but a void
        is reached through doors and open passages, where only hall, LDK, entrance and stair are
        crossed. Beyond them a room may be entered from its owner: 主寝室→WIC, 書斎 or closet, 洋室→closet,
        和室→押入, 洗面室→浴室, ランドリー or WC, any habitable room or 洗面室→物入, any habitable room→納戸.
        A 押入 is entered from a 和室 alone, a パントリー from the LDK, a SIC from entrance or hall.
    Why: Nobody should cross a bedroom or a bath to reach another room.
    Example: A child's room whose only door leads to the master bedroom.
    Reference: Judgement of the trade; on 15 sheets of one builder every bedroom opens to a hall.
    """
    for s in case.storeys:
        start = s.rooms_of.get("ent" if s.floor == 1 else "stair", ())
        if not start:
            continue  # H04 or H05 speaks
        reached = _reached(s, start)
        for i, room in enumerate(s.plan.rooms):
            if s.indoor[i] and i not in reached and room.kind not in NOT_WALKED and room.cells:
                origin, origin_ja = ("entrance", "玄関") if s.floor == 1 else ("stair", "階段")
                yield s.finding(
                    "H06",
                    i,
                    f"{s.named(i)} must be reachable from the {origin} without crossing a private room, got no way",
                    f"{s.named_ja(i)}へ{origin_ja}から行けません",
                )


def _reached(s: Storey, start: tuple[int, ...]) -> set[int]:
    reached, queue = set(start), list(start)
    while queue:
        here = queue.pop()
        kind = s.plan.rooms[here].kind
        for other, _ in s.links.get(here, ()):
            if other in reached or not s.indoor[other]:
                continue
            wanted = s.plan.rooms[other].kind
            ways = ENTERED_FROM.get(wanted)
            if kind in ways if ways is not None else kind in PASSAGES or kind in OWNERS.get(wanted, ()):
                reached.add(other)
                queue.append(other)
    return reached


def bath_door(case: Case) -> Iterator[Finding]:
    """Find baths that are not entered from the washroom alone.

    What it checks: A bath has exactly one door, those to the outside counted; it leads to the washroom
        (洗面・脱衣室), and the two share at least one module (910 mm) of wall.
    Why: One undresses in the washroom; steam stays out of the rooms.
    Example: A bath with a second door to the hall.
    Reference: Practice: 15 of 15 sheets of one builder.
    """
    for s in case.storeys:
        for i in s.rooms_of.get("bath", ()):
            others = [o for h in s.hosted if h.opening.kind in DOOR_KINDS for o in _beyond(h, i)]
            if len(others) != 1 or s.kind(others[0]) != "wash":
                to = ", ".join(sorted("the outside" if o is None else s.named(o) for o in others)) or "none"
                yield s.finding(
                    "H07",
                    i,
                    f"Bath must have exactly one door, to the washroom, got {to}",
                    "浴室の出入口は洗面室への1か所だけが必要です",
                )
                continue
            wash = others[0] or 0
            shared = s.contacts.get((min(i, wash), max(i, wash)), 0)
            if shared < BATH_CONTACT:
                yield s.finding(
                    "H07",
                    i,
                    f"Bath and washroom must share at least 910 mm of wall, got {shared * 455}",
                    f"浴室と洗面室は910mm以上接する必要があります({shared * 455}mm)",
                )


def _beyond(host: Hosted, room: int) -> tuple[int | None, ...]:
    """Return what an opening of a room leads to, None for outside; nothing if it is not in that room's wall."""
    return tuple(b if a == room else a for a, b in host.pairs if room in (a, b))[:1]


# --- soft ---------------------------------------------------------------------------------


def dead_ends(case: Case) -> Iterator[Finding]:
    """Find ends of corridors that lead to no door.

    What it checks: A square of one module of a hall that continues to one side only has a door, an
        open passage or a stair on its border.
    Why: Such a module is paid for and used by nobody; it would make a store.
    Example: A corridor that runs one module beyond its last door.
    Reference: Judgement.
    """
    for s in case.storeys:
        doors = {e for h in s.hosted if h.opening.kind != "window" for e in h.edges}
        for i in s.rooms_of.get("hall", ()):
            cells = s.plan.rooms[i].cells
            for x, y in sorted(cells):
                if _is_dead_end(cells, x, y) and not doors & _border_of_square(x, y):
                    yield s.finding(
                        "S14",
                        i,
                        "Hall should have a door at each of its ends, got a dead end",
                        "廊下に行き止まりがあります",
                        (x, y),
                    )


def _is_dead_end(cells: frozenset[Cell], x: int, y: int) -> bool:
    if not {(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)} <= cells:
        return False
    beyond = (
        ((x, y - 1), (x + 1, y - 1)),
        ((x + 2, y), (x + 2, y + 1)),
        ((x, y + 2), (x + 1, y + 2)),
        ((x - 1, y), (x - 1, y + 1)),
    )
    return sum(any(c in cells for c in side) for side in beyond) <= 1


def _border_of_square(x: int, y: int) -> set[tuple[str, int, int]]:
    return {("h", x + i, y + j) for i in (0, 1) for j in (0, 2)} | {("v", x + j, y + i) for i in (0, 1) for j in (0, 2)}
