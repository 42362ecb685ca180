"""Houses drawn by hand, for tests: rectangles in half modules of 455 mm, north up.

`sample_house` is an 8x9 house (3LDK and a tatami room) with its stair at the east side;
`bungalow` is one storey of 20x8 modules, which needs the 16 px scale; `atrium` is an
upper storey with a void, a straight stair and an L-shaped outline.
"""

from __future__ import annotations

from madorizu.plan import Axis, Fixture, House, Opening, OpeningKind, Plan, Rect, Room, Stair, cells_in


def room(kind: str, *rects: Rect) -> Room:
    """Make a room from rectangles."""
    return Room(kind, frozenset(cell for rect in rects for cell in cells_in(rect)))


def opening(
    kind: OpeningKind, axis: Axis, x: int, y: int, span: int, width_mm: int, turn: str = "start+", sill_mm: int = 0
) -> Opening:
    """Make an opening; `turn` is the hinge's end and the side it opens to, such as "end-"."""
    hinge, side = turn[:-1], 1 if turn.endswith("+") else -1
    return Opening(kind, axis, x, y, span, width_mm, sill_mm, 2000, "end" if hinge == "end" else "start", side)  # type: ignore[arg-type]


def window(axis: Axis, x: int, y: int, span: int) -> Opening:
    """Make a window of the usual width for a run of half modules."""
    return opening("window", axis, x, y, span, {2: 690, 3: 1190, 4: 1650, 6: 2560}[span], sill_mm=900)


def sample_house() -> House:
    """Return a two-storey house of 8x9 modules with its entrance on the south.

    1F: LDK (west), tatami room, bath, washroom, WC, entrance, shoe closet, porch.
    2F: master bedroom with walk-in closet and balcony (south), two bedrooms, WC.
    """
    return House((_ground(), _upper()), "sample", 1)


def _ground() -> Plan:
    rooms = (
        room("bath", (0, 0, 4, 4)),
        room("wash", (4, 0, 4, 4)),
        room("oshi", (8, 0, 2, 4)),
        room("wa", (10, 0, 6, 6)),
        room("ldk", (0, 4, 10, 14)),
        room("wc", (12, 6, 4, 2)),
        room("hall", (10, 6, 2, 8), (12, 12, 4, 2)),
        room("stair", (12, 8, 4, 4)),
        room("ent", (10, 14, 4, 4)),
        room("sic", (14, 14, 2, 4)),
        room("porch", (10, 18, 4, 3)),
    )
    openings = (
        opening("folding", "v", 4, 1, 2, 650, "end-"),  # bath
        opening("hinged", "h", 6, 4, 2, 755, "end+"),  # washroom
        opening("double_sliding", "v", 10, 0, 4, 1645),  # oshi
        opening("hinged", "h", 10, 6, 2, 755, "start-"),  # tatami room
        opening("hinged", "v", 10, 10, 2, 850, "end-"),  # LDK
        opening("hinged", "v", 12, 6, 2, 650, "start-"),  # WC
        opening("open", "h", 10, 14, 4, 1820),  # entrance to hall
        opening("open", "v", 14, 15, 2, 800),  # shoe closet
        opening("open", "h", 14, 12, 2, 910),  # first step
        opening("entrance", "h", 11, 18, 3, 1000, "end+"),
        opening("french", "h", 1, 18, 4, 1650, "start+"),
        opening("french", "h", 6, 18, 4, 1650, "start+"),
        window("v", 0, 12, 4),
        window("v", 0, 7, 2),
        window("v", 0, 1, 2),
        window("h", 5, 0, 2),
        window("h", 11, 0, 4),
        window("v", 16, 1, 3),
        window("v", 16, 6, 2),
        window("v", 16, 9, 2),
    )
    fixtures = (
        Fixture("bathtub", 90, 90, 1600, 750, "s"),
        Fixture("washing_machine", 1900, 95, 640, 640, "s"),
        Fixture("basin", 3020, 80, 550, 750, "w"),
        Fixture("refrigerator", 95, 1900, 700, 700, "e"),
        Fixture("kitchen", 85, 2640, 650, 2550, "e"),
        Fixture("toilet", 6490, 2985, 700, 400, "w"),
        Fixture("shoe_cabinet", 4620, 6830, 400, 1200, "e"),
    )
    return Plan(1, rooms, openings, fixtures, Stair("u", (12, 8, 4, 4), "n", "left"))


def _upper() -> Plan:
    rooms = (
        room("bed", (0, 0, 10, 8)),
        room("bed", (10, 0, 6, 6)),
        room("cl", (0, 8, 5, 2)),
        room("cl", (5, 8, 5, 2)),
        room("mbr", (0, 10, 10, 8)),
        room("wic", (10, 14, 6, 4)),
        room("wc", (12, 6, 4, 2)),
        room("hall", (10, 6, 2, 8), (12, 12, 4, 2)),
        room("stair", (12, 8, 4, 4)),
        room("balcony", (0, 18, 10, 2)),
    )
    openings = (
        opening("hinged", "v", 10, 6, 2, 755, "start-"),  # bedroom, north-west
        opening("hinged", "h", 10, 6, 2, 755, "start-"),  # bedroom, north-east
        opening("hinged", "v", 10, 12, 2, 755, "start-"),  # master bedroom
        opening("hinged", "v", 12, 6, 2, 650, "start-"),  # WC
        opening("sliding", "v", 10, 14, 4, 1645, "end+"),  # walk-in closet
        opening("folding", "h", 0, 8, 4, 1645, "start-"),
        opening("folding", "h", 5, 10, 4, 1645, "start+"),
        opening("open", "h", 12, 12, 2, 910),  # last step
        opening("french", "h", 1, 18, 4, 1650),
        opening("french", "h", 6, 18, 4, 1650),
        window("h", 3, 0, 4),
        window("v", 0, 3, 3),
        window("h", 11, 0, 4),
        window("v", 16, 1, 3),
        window("v", 0, 13, 3),
        window("v", 16, 6, 2),
        window("v", 16, 9, 2),
        window("v", 16, 12, 2),
    )
    fixtures = (Fixture("toilet", 6490, 2985, 700, 400, "w"),)
    return Plan(2, rooms, openings, fixtures, Stair("u", (12, 8, 4, 4), "n", "left"))


def bungalow() -> Plan:
    """Return a single storey of 20x8 modules, too long for the 32 px scale."""
    rooms = (
        room("ldk", (0, 0, 14, 16)),
        room("wa", (14, 8, 8, 8)),
        room("hall", (14, 6, 26, 2)),
        room("ent", (22, 8, 4, 4)),
        room("porch", (22, 12, 4, 4)),
        room("bath", (14, 0, 4, 6)),
        room("wash", (18, 0, 4, 6)),
        room("wc", (22, 0, 2, 6)),
        room("s", (24, 0, 4, 6)),
        room("mbr", (28, 0, 12, 6)),
        room("bed", (26, 8, 7, 8)),
        room("bed", (33, 8, 7, 8)),
        room("deck", (2, 16, 10, 2)),
    )
    openings = (
        opening("hinged", "v", 14, 6, 2, 850, "end-"),
        opening("double_sliding", "v", 14, 10, 4, 1645),
        opening("folding", "v", 18, 2, 2, 650, "start-"),
        opening("sliding", "h", 18, 6, 4, 1645, "end-"),
        opening("hinged", "h", 22, 6, 2, 650, "start+"),
        opening("hinged", "h", 25, 6, 2, 755, "start-"),
        opening("hinged", "h", 31, 6, 2, 755, "end-"),
        opening("hinged", "h", 28, 8, 2, 755, "end+"),
        opening("hinged", "h", 35, 8, 2, 755, "start+"),
        opening("open", "h", 22, 8, 4, 1820),
        opening("entrance", "h", 22, 12, 3, 1000, "start+"),
        opening("service", "h", 1, 0, 2, 750, "start-"),
        opening("french", "h", 2, 16, 6, 2560),
        opening("french", "h", 15, 16, 6, 2560),
        window("h", 27, 16, 4),
        window("h", 34, 16, 4),
        window("h", 30, 0, 6),
        window("v", 0, 8, 4),
        window("h", 6, 0, 4),
        window("h", 15, 0, 2),
    )
    fixtures = (
        Fixture("kitchen", 3640, 1200, 2550, 650, "n"),
        Fixture("bathtub", 6450, 90, 1600, 750, "s"),
        Fixture("basin", 8300, 80, 750, 550, "s"),
        Fixture("toilet", 10265, 85, 400, 700, "s"),
    )
    return Plan(1, rooms, openings, fixtures)


def atrium() -> Plan:
    """Return an upper storey with a void over the LDK, a straight stair and a cut corner."""
    rooms = (
        room("bed", (0, 0, 8, 6)),
        room("oshi", (8, 0, 2, 4)),
        room("wa", (10, 0, 8, 6), (14, 6, 4, 2)),
        room("stair", (0, 6, 8, 2)),
        room("hall", (8, 4, 2, 6), (10, 6, 4, 2)),
        room("void", (0, 8, 8, 6)),
        room("s", (8, 10, 4, 4)),
        room("sto", (10, 8, 2, 2)),
        room("pantry", (12, 8, 2, 2)),
    )
    openings = (
        opening("hinged", "h", 5, 6, 2, 755, "start-"),
        opening("double_sliding", "v", 10, 0, 4, 1645),
        opening("sliding", "h", 10, 6, 4, 1645, "start-"),
        opening("hinged", "h", 8, 10, 2, 755, "start+"),
        opening("folding", "h", 12, 8, 2, 700, "start-"),
        opening("hinged", "h", 10, 8, 2, 700, "end-"),
        opening("open", "v", 8, 6, 2, 910),
        window("h", 2, 0, 4),
        window("h", 12, 0, 4),
        window("v", 18, 2, 4),
        window("h", 2, 14, 4),
        window("v", 0, 9, 4),
        window("v", 0, 1, 3),
    )
    return Plan(2, rooms, openings, (), Stair("straight", (0, 6, 8, 2), "e", "none"))
