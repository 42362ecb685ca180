"""What was changed between a reading and the plan that came of it, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from madorizu.catalogue import FIXTURES, ROOMS
from madorizu.legalise.reading import Reading
from madorizu.plan import HALF_MM, Cell, Fixture, Opening, Plan, Room, Side, bounds

SAME_ROOM = 0.3  # overlap from which a room is the one that was read
NEAR = 3  # half modules: an opening this far off was moved, not replaced
_DOORS = {
    "entrance": ("entrance door", "玄関ドア"),
    "hinged": ("hinged door", "片開き戸"),
    "sliding": ("sliding door", "片引き戸"),
    "double_sliding": ("double sliding door", "引違い戸"),
    "folding": ("folding door", "折戸"),
    "open": ("open passage", "開口"),
    "window": ("window", "窓"),
    "french": ("french window", "掃出し窓"),
    "service": ("service door", "勝手口"),
}
_SIDES: dict[Side, tuple[str, str]] = {
    "n": ("north", "北"),
    "e": ("east", "東"),
    "s": ("south", "南"),
    "w": ("west", "西"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """Something that was changed to make a plan lawful.

    Attributes:
        code: "outline", "height", "room-added", "room-removed", "room-retyped", "wall-moved",
            "opening-added", "opening-removed", "opening-moved", "opening-changed", "stair-moved", "stair-resized",
            "stair-changed", "stair-added", "stair-removed", "fixture-added", "fixture-removed",
            "fixture-moved" or "rebuilt".
        floor: the storey, 1 for 1F, or None for the whole house.
        cell: the half-module cell where to look, or None.
        before, after: what it was and is, in short; "" for nothing.
        message, message_ja: the change as a sentence.
    """

    code: str
    floor: int | None
    cell: Cell | None
    before: str
    after: str
    message: str
    message_ja: str


def moves_between(reading: Reading, plan: Plan) -> tuple[Move, ...]:
    """List what was changed from a reading, which lies on the house's lattice, to a plan."""
    return tuple(
        [
            *_outline(reading),
            *_height(reading.plan, plan),
            *_rooms(reading.plan, plan),
            *_stair(reading.plan, plan),
            *_openings(reading.plan, plan),
            *_fixtures(reading.plan, plan),
        ]
    )


def _outline(reading: Reading) -> Iterator[Move]:
    ends: tuple[Side, ...] = ("w", "e", "n", "s")
    for side, by in zip(ends, reading.stretched, strict=True):
        if by:
            en, ja = _SIDES[side]
            way, way_ja = ("outwards", "外") if by > 0 else ("inwards", "内")
            mm = abs(by) * HALF_MM
            yield Move(
                "outline",
                reading.floor,
                None,
                "",
                f"{side}{by * HALF_MM:+d}",
                f"The {en} outer wall of {reading.floor}F was moved {mm} mm {way}",
                f"{reading.floor}階の{ja}側の外壁を{mm}mm{way_ja}側へ移動しました",
            )


def _height(before: Plan, after: Plan) -> Iterator[Move]:
    old, new, floor = before.storey_height_mm, after.storey_height_mm, after.floor
    if old != new:
        words = (
            f"{floor}F was made {new} mm high instead of {old}",
            f"{floor}階の階高を{old}mmから{new}mmに変更しました",
        )
        yield Move("height", floor, None, str(old), str(new), *words)


# --- rooms ------------------------------------------------------------------------------------


def _named(kind: str) -> tuple[str, str]:
    return (ROOMS[kind].en, ROOMS[kind].ja) if kind in ROOMS else (kind[:20], kind[:20])


def _rooms(before: Plan, after: Plan) -> Iterator[Move]:
    """Pair rooms by their cells, the likeliest first, and tell of each pair what differs."""
    pairs = []
    for i, old in enumerate(before.rooms):
        for j, new in enumerate(after.rooms):
            shared = len(old.cells & new.cells)
            if shared:
                pairs.append((shared / len(old.cells | new.cells) + 0.2 * (old.kind == new.kind), i, j))
    gone, added = set(range(len(before.rooms))), set(range(len(after.rooms)))
    for share, i, j in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if i in gone and j in added and share >= SAME_ROOM:
            gone.discard(i)
            added.discard(j)
            yield from _room(before.rooms[i], after.rooms[j], after.floor)
    for i in sorted(gone):
        yield _room_move("room-removed", before.rooms[i], after.floor, ("was removed", "を取り除きました"))
    for j in sorted(added):
        yield _room_move("room-added", after.rooms[j], after.floor, ("was added", "を加えました"))


def _room_move(code: str, room: Room, floor: int, words: tuple[str, str]) -> Move:
    name, ja = _named(room.kind)
    there = f"{room.kind} {room.area_m2:.2f} m²"
    before, after = ("", there) if code == "room-added" else (there, "")
    return Move(
        code, floor, _corner(room.cells), before, after, f"{name} on {floor}F {words[0]}", f"{floor}階の{ja}{words[1]}"
    )


def _corner(cells: frozenset[Cell]) -> Cell:
    return min(cells, key=lambda c: (c[1], c[0]))


def _room(old: Room, new: Room, floor: int) -> Iterator[Move]:
    (name, ja), (other, other_ja) = _named(old.kind), _named(new.kind)
    cell = _corner(new.cells)
    if old.kind != new.kind:
        yield Move(
            "room-retyped",
            floor,
            cell,
            old.kind,
            new.kind,
            f"{name} on {floor}F was made a {other}"
            if other[:1] not in "AEIO"
            else f"{name} on {floor}F was made an {other}",
            f"{floor}階の{ja}を{other_ja}に変更しました",
        )
    if old.cells == new.cells:
        return
    sides = _moved_sides(old.cells, new.cells)
    en = ", ".join(f"its {_SIDES[s][0]} wall by {abs(by) * HALF_MM} mm {'out' if by > 0 else 'in'}" for s, by in sides)
    words_ja = "、".join(f"{_SIDES[s][1]}の壁を{abs(by) * HALF_MM}mm{'外' if by > 0 else '内'}へ" for s, by in sides)
    yield Move(
        "wall-moved",
        floor,
        cell,
        f"{old.area_m2:.2f} m²",
        f"{new.area_m2:.2f} m²",
        f"{other} on {floor}F was reshaped: {en or f'from {old.area_m2:.2f} to {new.area_m2:.2f} m²'}",
        f"{floor}階の{other_ja}の形を変更しました({words_ja or f'{old.area_m2:.2f}→{new.area_m2:.2f}㎡'})",
    )


def _moved_sides(old: frozenset[Cell], new: frozenset[Cell]) -> list[tuple[Side, int]]:
    """Return by how many half modules each side of the bounding rectangle moved, outwards counted up."""
    a, b = bounds(old), bounds(new)
    moved: list[tuple[Side, int]] = [
        ("n", a[1] - b[1]),
        ("e", b[0] + b[2] - a[0] - a[2]),
        ("s", b[1] + b[3] - a[1] - a[3]),
        ("w", a[0] - b[0]),
    ]
    return [(side, by) for side, by in moved if by]


def _stair(before: Plan, after: Plan) -> Iterator[Move]:
    old, new = before.stair, after.stair
    if old == new:
        return
    floor = after.floor
    if old is None or new is None:
        code, en, ja = (
            ("stair-added", "added", "加えました") if old is None else ("stair-removed", "removed", "取り除きました")
        )
        stair = new or old
        rect = (0, 0, 0, 0) if stair is None else stair.rect
        words = (f"The stairs on {floor}F were {en}", f"{floor}階の階段を{ja}")
        yield Move(code, floor, rect[:2], "" if old is None else str(rect), "" if new is None else str(rect), *words)
        return
    if old.rect[:2] != new.rect[:2]:
        dx, dy = ((new.rect[i] - old.rect[i]) * HALF_MM for i in (0, 1))
        words = (
            f"The stairs on {floor}F were moved by {dx:+d}, {dy:+d} mm (east, south)",
            f"{floor}階の階段を移動しました(東{dx:+d}、南{dy:+d}mm)",
        )
        yield Move("stair-moved", floor, new.rect[:2], str(old.rect), str(new.rect), *words)
    if old.rect[2:] != new.rect[2:]:
        size = " x ".join(str(n * HALF_MM) for n in new.rect[2:])
        words = (
            f"The stairs on {floor}F were made {size} mm large",
            f"{floor}階の階段の大きさを{size}mmに変更しました",
        )
        yield Move("stair-resized", floor, new.rect[:2], str(old.rect), str(new.rect), *words)
    if (old.kind, old.rise, old.turn) != (new.kind, new.rise, new.turn):
        forms = (f"{old.kind} {old.rise} {old.turn}", f"{new.kind} {new.rise} {new.turn}")
        words = (
            f"The stairs on {floor}F were turned from {forms[0]} to {forms[1]}",
            f"{floor}階の階段の形を変更しました",
        )
        yield Move("stair-changed", floor, new.rect[:2], *forms, *words)


# --- openings and fixtures --------------------------------------------------------------------


def _openings(before: Plan, after: Plan) -> Iterator[Move]:
    kept = set(before.openings) & set(after.openings)
    gone = [o for o in before.openings if o not in kept]
    for new in (o for o in after.openings if o not in kept):
        old = min(
            (o for o in gone if o.axis == new.axis and _away(o, new) <= NEAR and _group(o) == _group(new)),
            key=lambda o: (o.kind != new.kind, _away(o, new)),
            default=None,
        )
        if old is None:
            yield _opening_move("opening-added", new, after, "was added", "を加えました")
            continue
        gone.remove(old)
        same_place = set(old.edges) == set(new.edges)
        words = ("was changed", "を変更しました") if same_place else ("was moved", "を移動しました")
        yield _opening_move("opening-changed" if same_place else "opening-moved", new, after, *words, old=old)
    for old in gone:
        yield _opening_move("opening-removed", old, after, "was removed", "を取り除きました")


def _group(o: Opening) -> str:
    return "window" if o.kind in ("window", "french") else "entrance" if o.kind == "entrance" else "door"


def _away(a: Opening, b: Opening) -> int:
    return abs(2 * a.x + (a.span if a.axis == "h" else 0) - 2 * b.x - (b.span if b.axis == "h" else 0)) // 2 + (
        abs(2 * a.y + (a.span if a.axis == "v" else 0) - 2 * b.y - (b.span if b.axis == "v" else 0)) // 2
    )


def _opening_move(code: str, o: Opening, plan: Plan, en: str, ja: str, *, old: Opening | None = None) -> Move:
    name, name_ja = _DOORS.get(o.kind, ("opening", "開口部"))
    where, where_ja = _between(o, plan)
    before = _said(old) if old is not None else _said(o) if code == "opening-removed" else ""
    after = "" if code == "opening-removed" else _said(o)
    article = "An" if name[0] in "aeio" else "A"
    return Move(
        code,
        plan.floor,
        (o.x, o.y),
        before,
        after,
        f"{article} {name} {where} on {plan.floor}F {en}",
        f"{plan.floor}階の{where_ja}の{name_ja}{ja}",
    )


def _between(o: Opening, plan: Plan) -> tuple[str, str]:
    sides = [plan.room_at(cell) for cell in o.edges[0].cells]
    names = [("outside", "屋外") if i is None else _named(plan.rooms[i].kind) for i in sides]
    return f"between {names[0][0]} and {names[1][0]}", f"{names[0][1]}と{names[1][1]}の間"


def _said(o: Opening) -> str:
    return f"{o.kind} {o.axis} ({o.x}, {o.y}) span {o.span} width {o.width_mm} hinge {o.hinge} side {o.side:+d}"


def _fixtures(before: Plan, after: Plan) -> Iterator[Move]:
    kept = set(before.fixtures) & set(after.fixtures)
    gone = [f for f in before.fixtures if f not in kept]
    for new in (f for f in after.fixtures if f not in kept):
        old = next((f for f in gone if f.kind == new.kind), None)
        if old is None:
            yield _fixture_move("fixture-added", new, after.floor, "was added", "を加えました")
        else:
            gone.remove(old)
            yield _fixture_move("fixture-moved", new, after.floor, "was moved", "を移動しました", old=old)
    for old in gone:
        yield _fixture_move("fixture-removed", old, after.floor, "was removed", "を取り除きました")


def _fixture_move(code: str, f: Fixture, floor: int, en: str, ja: str, *, old: Fixture | None = None) -> Move:
    form = FIXTURES.get(f.kind)
    name, name_ja = (f.kind[:20], f.kind[:20]) if form is None else (form.en, form.ja)
    there = f"{f.kind} ({f.x_mm}, {f.y_mm}) {f.width_mm}x{f.depth_mm} {f.facing}"
    was = "" if old is None else f"{old.kind} ({old.x_mm}, {old.y_mm}) {old.width_mm}x{old.depth_mm} {old.facing}"
    before, after = (there, "") if code == "fixture-removed" else (was, there)
    cell = f.x_mm // HALF_MM, f.y_mm // HALF_MM
    return Move(code, floor, cell, before, after, f"{name} on {floor}F {en}", f"{floor}階の{name_ja}{ja}")
