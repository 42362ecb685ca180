"""Rules about living well: sun, quiet, short ways, age. All are soft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from madorizu.brief import SIDE_WORDS
from madorizu.plan import HALF_MM, SIDES, STEP, Cell, Side, neighbours
from madorizu.rules.facts import BEDROOMS, PASSAGES, Case, Finding, Hosted, Storey

SUNNY: tuple[Side, ...] = ("s", "e")
SUNNY_WALL = 4  # half modules: 1820 mm
BARE_WALL = 6  # half modules of wall between two bedrooms: 2730 mm
LONGEST_WAY = 12  # half modules from bedroom to WC: 6 modules
WALL_MM = 130  # a post of 105 mm with 12.5 mm of board on both sides
OLD_WC_MM = 1300
OLD_DOOR_MM = 750
OLD_BEDROOM_M2 = 9.0


def sunny_bedrooms(case: Case) -> Iterator[Finding]:
    """Find bedrooms without morning sun or south.

    What it checks: On each storey above 1F, and in a house of one storey, the master bedroom has at
        least 1820 mm of outer wall to the south or to the east, and so has at least one of the
        other bedrooms, where there are any.
    Why: Bedding is aired there, and children play there by day.
    Example: Both children's rooms in the north-west, the hall and the bath in the south.
    Reference: Judgement; orientation as asked for in Japan.
    """
    alone = case.is_house and len(case.storeys) == 1
    for s in case.storeys:
        if s.floor < 2 and not alone:
            continue
        for i in s.rooms_of.get("mbr", ()):
            if not _is_sunny(s, i):
                yield s.finding(
                    "S02",
                    i,
                    f"Master bedroom should have {SUNNY_WALL * HALF_MM} mm of wall to the south or east, got less",
                    f"主寝室は南面または東面に{SUNNY_WALL * HALF_MM}mm以上接することが望ましいです",
                )
        rooms = s.rooms_of.get("bed", ())
        if rooms and not any(_is_sunny(s, i) for i in rooms):
            yield s.finding(
                "S02",
                rooms[0],
                f"One bedroom should have {SUNNY_WALL * HALF_MM} mm of wall to the south or east, got none",
                f"洋室のうち1室は南面または東面に{SUNNY_WALL * HALF_MM}mm以上接することが望ましいです",
            )


def _is_sunny(s: Storey, i: int) -> bool:
    return any(s.faces[i].get(side, 0) >= SUNNY_WALL for side in SUNNY)


def quiet_bedrooms(case: Case) -> Iterator[Finding]:
    """Find bedrooms with nothing but a wall between them.

    What it checks: Two bedrooms (主寝室, 洋室) share at most 2730 mm (three modules) of wall. What is
        longer has closets between them.
    Why: A closet full of clothes keeps out the neighbour's music.
    Example: Two children's rooms side by side, 3640 mm deep, their closets on the far walls.
    Reference: Judgement: noise.
    """
    for s in case.storeys:
        sleeping = {i for kind in BEDROOMS for i in s.rooms_of.get(kind, ())}
        for (a, b), shared in s.contacts.items():
            if shared > BARE_WALL and a in sleeping and b in sleeping:
                yield s.finding(
                    "S10",
                    a,
                    f"Bedrooms should share at most {BARE_WALL * HALF_MM} mm of wall, got {shared * HALF_MM}",
                    f"寝室どうしが接する壁は{BARE_WALL * HALF_MM}mm以下が望ましいです({shared * HALF_MM}mm)",
                )


def balcony_use(case: Case) -> Iterator[Finding]:
    """Find balconies that one room alone reaches, or without sun.

    What it checks: Each balcony has doors from at least two rooms, or one from a hall or LDK, and at
        least half of its length is open or against the house's wall to the south.
    Why: Washing of the whole family dries there, and needs sun; nobody should carry it through
        another's bedroom.
    Example: A balcony on the north side before one child's room.
    Reference: Judgement.
    """
    for s in case.storeys:
        for i in s.rooms_of.get("balcony", ()):
            rooms = {other for other, _ in s.links.get(i, ())}
            # Without any door H12 speaks.
            if len(rooms) == 1 and not any(s.kind(r) in ("hall", "ldk") for r in rooms):
                yield s.finding(
                    "S15",
                    i,
                    "Balcony should have doors from two rooms, or one from a hall or LDK, got one room",
                    "バルコニーは2室以上またはホールから出られることが望ましいです",
                )
            if 2 * s.faces[i].get("s", 0) < max(s.boxes[i][2:]):
                yield s.finding(
                    "S15", i, "Balcony should face south, got another side", "バルコニーは南向きが望ましいです"
                )


def road_side(case: Case) -> Iterator[Finding]:
    """Find entrances that do not face the road.

    What it checks: Straight before the entrance door nothing of the house stands; where the brief
        names the entrance's side, the door faces it. Where the road is else, no plan tells.
    Why: Who comes must find the door.
    Example: An entrance door in a court between two wings.
    Reference: Judgement.
    """
    wished = case.brief.entrance_side if case.brief is not None else None
    for s in case.storeys:
        for h in s.hosted:
            if h.opening.kind != "entrance" or h.rooms is None or s.is_indoors(h.rooms[0]) == s.is_indoors(h.rooms[1]):
                continue
            out_first = s.is_indoors(h.rooms[1])
            side: Side = ("n" if out_first else "s") if h.opening.axis == "h" else ("w" if out_first else "e")
            if _is_enclosed(s, h, side):
                yield s.finding(
                    "S16",
                    None,
                    "Entrance door should face the road, got the house before it",
                    "玄関ドアの正面が建物でふさがれています",
                    h.cell,
                )
            elif wished is not None and side != wished:
                yield s.finding(
                    "S16",
                    None,
                    f"Entrance door should face the road in the {SIDE_WORDS[wished]}, got {SIDE_WORDS[side]}",
                    "玄関ドアが道路側に面していません",
                    h.cell,
                )


def _is_enclosed(s: Storey, h: Hosted, side: Side) -> bool:
    dx, dy = STEP[side]
    # The cells outside along the run: an edge bears the coordinates of its south or east cell.
    starts = [(x, y) if side in ("s", "e") else (x + dx, y + dy) for _, x, y in h.edges]
    inside = (c for c, i in s.owner.items() if s.indoor[i])
    if dx:
        rows = {y for _, y in starts}
        return any(c[1] in rows and (c[0] - starts[0][0]) * dx >= 0 for c in inside)
    columns = {x for x, _ in starts}
    return any(c[0] in columns and (c[1] - starts[0][1]) * dy >= 0 for c in inside)


def way_to_wc(case: Case) -> Iterator[Finding]:
    """Find bedrooms far from the WC of their storey.

    What it checks: From each bedroom or tatami room's door to the door of the nearest WC of the
        storey, through hall, LDK, entrance or stair, it is at most 6 modules (5460 mm), counted in
        steps of half a module along the axes. Storeys without a WC are S08's.
    Why: It is walked at night.
    Example: A bedroom at one end of a corridor of 8 modules, the WC at the other.
    Reference: Advice of house magazines; judgement for the measure.
    """
    for s in case.storeys:
        sleepers = [i for kind in (*BEDROOMS, "wa") for i in s.rooms_of.get(kind, ()) if i in s.links]
        if not sleepers or "wc" not in s.rooms_of:
            continue
        steps = _steps_from_wc(s)
        for i in sleepers:
            ways = [steps[c] for other, h in s.links[i] for c in _before(s, h, other) if c in steps]
            if ways and (got := min(ways)) > LONGEST_WAY:
                yield s.finding(
                    "S18",
                    i,
                    f"{s.named(i)} should be at most {LONGEST_WAY * HALF_MM} mm from a WC, got {got * HALF_MM}",
                    f"{s.named_ja(i)}からトイレまで{LONGEST_WAY * HALF_MM}mm以下が望ましいです({got * HALF_MM}mm)",
                )


def _before(s: Storey, h: Hosted, room: int) -> Iterator[Cell]:
    """Yield the cells of a room along an opening."""
    for axis, x, y in h.edges:
        for cell in ((x, y), (x, y - 1) if axis == "h" else (x - 1, y)):
            if s.owner.get(cell) == room:
                yield cell


def _steps_from_wc(s: Storey) -> dict[Cell, int]:
    """Return for each cell of the ways how many steps a WC's door is off."""
    starts: list[Cell] = [c for i in s.rooms_of["wc"] for other, h in s.links.get(i, ()) for c in _before(s, h, other)]
    passable = {e for h in s.hosted if h.opening.kind != "window" for e in h.edges}
    ways = {i for kind in PASSAGES for i in s.rooms_of.get(kind, ())}
    steps = dict.fromkeys((c for c in starts if s.owner[c] in ways), 0)
    queue: list[Cell] = list(steps)
    for cell in queue:
        here = s.owner[cell]
        for side, beyond in zip(SIDES, neighbours(cell), strict=True):
            room = s.owner.get(beyond)
            if beyond in steps or room not in ways or (room != here and _edge(cell, side) not in passable):
                continue
            steps[beyond] = steps[cell] + 1
            queue.append(beyond)
    return steps


def _edge(cell: Cell, side: Side) -> tuple[str, int, int]:
    x, y = cell
    if side in ("n", "s"):
        return "h", x, y + (side == "s")
    return "v", x + (side == "e"), y


def for_old_age(case: Case) -> Iterator[Finding]:
    """Find what makes the master bedroom's storey hard for the old.

    What it checks: On the storey of the master bedroom (in a house): there is a WC, whose longer side
        measures at least 1.3 m between the walls' faces; the master bedroom has at least 9 m²
        between them, and the frames of its doors and of the LDK's there are at least 750 mm wide.
        Bath and corridor need no more than H03 and H11 ask. The clear width of a door, some
        100 mm less than its frame, is not measured.
    Why: 高齢者等配慮対策等級3 of the 住宅性能表示: to grow old in the house. A proxy of it, no grade.
    Example: A WC of 910 × 1365 mm, too short for a helping hand.
    Reference: 住宅性能表示制度, 高齢者等配慮対策等級3; 平成13年国土交通省告示1414号.
    """
    for s in case.storeys if case.is_house else ():
        if "mbr" not in s.rooms_of:
            continue
        wcs = s.rooms_of.get("wc", ())
        longest = max((max(s.boxes[i][2:]) * HALF_MM - WALL_MM for i in wcs), default=0)
        if longest < OLD_WC_MM:
            yield s.finding(
                "S19",
                wcs[0] if wcs else None,
                f"WC beside the master bedroom should be {OLD_WC_MM} mm long inside, got {longest}",
                f"主寝室と同じ階に内法{OLD_WC_MM}mm以上のトイレが望ましいです({longest}mm)",
            )
        for i in s.rooms_of["mbr"]:
            inside_m2 = s.plan.rooms[i].area_m2 - sum(s.boxes[i][2:]) * 2 * HALF_MM * (WALL_MM / 2) / 1e6
            if inside_m2 < OLD_BEDROOM_M2:
                yield s.finding(
                    "S19",
                    i,
                    f"Master bedroom should have {OLD_BEDROOM_M2:g} m² inside its walls, got {inside_m2:.1f}",
                    f"主寝室は内法{OLD_BEDROOM_M2:g}㎡以上が望ましいです({inside_m2:.1f}㎡)",
                )
        yield from _narrow_doors(s, (*s.rooms_of["mbr"], *s.rooms_of.get("ldk", ())))


def _narrow_doors(s: Storey, rooms: Iterable[int]) -> Iterator[Finding]:
    for i in rooms:
        for other, h in s.links.get(i, ()):
            # The bath's and the closets' doors are others' business.
            if s.plan.rooms[other].kind in PASSAGES and h.opening.width_mm < OLD_DOOR_MM:
                yield s.finding(
                    "S19",
                    i,
                    f"{s.named(i)}'s door should be {OLD_DOOR_MM} mm wide, got {h.opening.width_mm}",
                    f"{s.named_ja(i)}の出入口は{OLD_DOOR_MM}mm以上が望ましいです({h.opening.width_mm}mm)",
                    h.cell,
                )
