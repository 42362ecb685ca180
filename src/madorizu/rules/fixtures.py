"""The rule of fixtures: in their room, apart from each other, not in a door's way."""

from __future__ import annotations

from collections.abc import Iterator

from madorizu.catalogue import FIXTURES
from madorizu.plan import DOOR_KINDS, HALF_MM, STEP, Fixture, Opening
from madorizu.rules.facts import SWING_KINDS, Case, Finding, Storey

PASSAGE_MM = 300  # so deep the floor before and behind a door is looked at
LEAST_FREE_MM = 350  # of a door's width, beside what stands there
USE_MM = 300  # floor before a fixture's front, for the feet of who uses it
SMALLEST, LARGEST = 0.6, 1.6  # of the catalogue's size
# Rooms in which a fixture may stand; those not named may stand in any room of the house.
HOMES: dict[str, frozenset[str]] = {
    "kitchen": frozenset({"ldk"}),
    "refrigerator": frozenset({"ldk", "pantry"}),
    "bathtub": frozenset({"bath"}),
    "basin": frozenset({"wash", "laundry", "wc", "hall"}),
    "washing_machine": frozenset({"wash", "laundry"}),
    "toilet": frozenset({"wc"}),
    "shoe_cabinet": frozenset({"ent", "sic", "hall"}),
}

Box = tuple[int, int, int, int]  # west, north, east, south in mm
Fault = tuple[str, str]


def fixtures(case: Case) -> Iterator[Finding]:
    """Find fixtures of no usual size, through a wall, facing it, in the wrong room, on another one, or before a door.

    What it checks: Each fixture is of the catalogue and has a size; it lies in one room, of the
        kind that it belongs to (a tub in a bath, a bowl in a WC, a counter in the LDK, …). Along its
        wall and away from it it measures 0.6 to 1.6 times what is usual, and the side from which it
        is used looks into the room: 300 mm of the room lie before it. No two overlap. Before and
        behind each door, 300 mm deep, at least 350 mm of the frame's width are free, and in the
        quarter circle of a hinged leaf nothing stands. That a fixture is missing is no finding.
    Why: A door that opens by 30° because of a washing machine is no door.
    Example: A washbasin half in the hall; a bowl that faces its wall.
    Reference: Usual sizes of fixtures; the free widths are judgement.
    """
    for s in case.storeys:
        if not s.plan.fixtures:
            continue
        boxes = [(f.x_mm, f.y_mm, f.x_mm + f.width_mm, f.y_mm + f.depth_mm) for f in s.plan.fixtures]
        for i, (fixture, box) in enumerate(zip(s.plan.fixtures, boxes, strict=True)):
            fault = _misplaced(s, fixture, box)
            if fault is None and any(_meet(box, other) for other in boxes[:i]):
                fault = "must not stand on another fixture, got one there", "がほかの設備と重なっています"
            if fault is not None:
                yield _finding(s, fixture, fault)
        yield from _in_the_way(s, boxes)


def _finding(s: Storey, fixture: Fixture, fault: Fault) -> Finding:
    kind = FIXTURES.get(fixture.kind)
    name, name_ja = (f"Fixture {fixture.kind[:20]!r}", "設備") if kind is None else (kind.en, kind.ja)
    cell = fixture.x_mm // HALF_MM, fixture.y_mm // HALF_MM
    return s.finding("H17", s.owner.get(cell), f"{name} {fault[0]}", f"{name_ja}{fault[1]}", cell)


def _misplaced(s: Storey, fixture: Fixture, box: Box) -> Fault | None:
    """Say why a fixture stands in the wrong place, in both languages."""
    if fixture.kind not in FIXTURES:
        return f"must be of a known kind, got {fixture.kind[:20]!r}", "の種類が不明です"
    usual = FIXTURES[fixture.kind]
    along_mm, deep_mm = fixture.width_mm, fixture.depth_mm
    if fixture.facing in ("e", "w"):
        along_mm, deep_mm = deep_mm, along_mm
    if not (
        SMALLEST * usual.along_mm <= along_mm <= LARGEST * usual.along_mm
        and SMALLEST * usual.deep_mm <= deep_mm <= LARGEST * usual.deep_mm
    ):
        return (
            f"must measure about {usual.along_mm} x {usual.deep_mm} mm, got {along_mm} x {deep_mm}",
            f"の大きさは{usual.along_mm}×{usual.deep_mm}mm程度が必要です({along_mm}×{deep_mm}mm)",
        )
    room = _room_of(s, box)
    if not s.is_indoors(room):
        return "must lie in one room of the house, got a wall or the outside", "が部屋からはみ出しています"
    homes = HOMES.get(fixture.kind)
    if homes is not None and s.kind(room) not in homes:
        return f"must stand in its own kind of room, got {s.named(room or 0)}", "の部屋が違います"
    dx, dy = (USE_MM * step for step in STEP[fixture.facing])
    if _room_of(s, (box[0] + min(dx, 0), box[1] + min(dy, 0), box[2] + max(dx, 0), box[3] + max(dy, 0))) != room:
        return f"must face the room with {USE_MM} mm of floor before it, got a wall", "の前に使うための空きがありません"
    return None


def _room_of(s: Storey, box: Box) -> int | None:
    """Return the room in which all of a box lies; None where it meets several, or none."""
    rooms = {
        s.owner.get((x, y))
        for x in range(box[0] // HALF_MM, -(-box[2] // HALF_MM))
        for y in range(box[1] // HALF_MM, -(-box[3] // HALF_MM))
    }
    return next(iter(rooms)) if len(rooms) == 1 else None


def _in_the_way(s: Storey, boxes: list[Box]) -> Iterator[Finding]:
    for opening in s.plan.openings:
        if opening.kind not in DOOR_KINDS:
            continue
        (x0, y0), (x1, y1) = opening.ends_mm
        radius = opening.width_mm if opening.kind in SWING_KINDS else 0
        # Where only one side can be met, looking at both costs nothing: the leaf turns on one of them.
        reach = max(radius, PASSAGE_MM)
        deep = (x0, y0 - reach, x1, y1 + reach) if opening.axis == "h" else (x0 - reach, y0, x1 + reach, y1)
        near = [i for i, box in enumerate(boxes) if _meet(box, deep)]
        if not near:
            continue
        swept = next((i for i in near if radius and _is_swept(opening, boxes[i])), None)
        if swept is not None:
            text = "must not stand where a door opens, got a leaf's way", "が扉の開く範囲にあります"
            yield _finding(s, s.plan.fixtures[swept], text)
        elif (standing := _blocking(opening, [(boxes[i], i) for i in near])) is not None:
            text = f"must leave {LEAST_FREE_MM} mm of a door free, got less", "が出入口をふさいでいます"
            yield _finding(s, s.plan.fixtures[standing], text)


def _is_swept(opening: Opening, box: Box) -> bool:
    """Say whether a leaf meets a box on its way through 90°."""
    (x0, y0), (x1, y1) = opening.ends_mm
    hinge_x, hinge_y = (x0, y0) if opening.hinge == "start" else (x1, y1)
    radius = opening.width_mm
    if opening.axis == "h":
        square = (x0, y0, x1, y0 + radius) if opening.side == 1 else (x0, y0 - radius, x1, y0)
    else:
        square = (x0, y0, x0 + radius, y1) if opening.side == 1 else (x0 - radius, y0, x0, y1)
    if not _meet(box, square):
        return False
    # The point of the box within the square that is nearest to the hinge.
    near_x = min(max(hinge_x, box[0], square[0]), box[2], square[2])
    near_y = min(max(hinge_y, box[1], square[1]), box[3], square[3])
    return (near_x - hinge_x) ** 2 + (near_y - hinge_y) ** 2 < radius**2


def _blocking(opening: Opening, near: list[tuple[Box, int]]) -> int | None:
    """Return the fixture before which too little of a door's width is free, on either side."""
    (x0, y0), (x1, y1) = opening.ends_mm
    along = 0 if opening.axis == "h" else 1
    start, end = (x0, y0)[along], (x1, y1)[along]
    for step in (-PASSAGE_MM, PASSAGE_MM):
        lines = sorted((y0, y0 + step)) if along == 0 else sorted((x0, x0 + step))
        strip = (start, lines[0], end, lines[1]) if along == 0 else (lines[0], start, lines[1], end)
        standing = sorted((box[along], box[along + 2], i) for box, i in near if _meet(box, strip))
        free, at = 0, start
        for first, last, _ in standing:
            free, at = max(free, first - at), max(at, last)
        if standing and max(free, end - at) < min(LEAST_FREE_MM, end - start):
            return standing[0][2]
    return None


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
