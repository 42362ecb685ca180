"""Rules about the cells of rooms: lattice, tiling, shape, size, name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from madorizu.catalogue import ROOMS
from madorizu.plan import CELL_M2, HALF_MM
from madorizu.rules.facts import HABITABLE, Case, Finding, Storey
from madorizu.rules.regions import (
    are_joined,
    holes_in,
    is_one_piece,
    is_rectangle,
    is_union,
    narrower_than,
    narrowest,
    neck,
    pieces,
)

MAX_RECTANGLES = {"hall": 3}  # others 2
NOOK_CELLS = 8  # 2 modules²: the entry beside a closet
LEAST_STOREY_MM = 2400  # ceiling of 2100 mm, 令21条, and the floor above
LDK_MIN_CELLS = 64  # 16 modules², 8 畳, with one other habitable room
FAMILY_LDK_MIN_CELLS = 80  # 20 modules², 10 畳, with two or more


def lattice(case: Case) -> Iterator[Finding]:
    """Find coordinates that are off the half-module lattice.

    What it checks: Cells of rooms, host runs of openings and the stair's rectangle are whole
        numbers of half modules (455 mm), and a run has a length of at least one. Openings and
        fixtures measure whole millimetres. The other rules measure on the lattice: while this one
        is broken, they are not asked.
    Why: Materials are cut to the module, and every drawing and export counts on it.
    Example: A room whose cell is (1.5, 2).
    Reference: Module practice of timber houses: 910 mm, with 455 mm as the finest step that builders
        allow.
    """
    for s in case.storeys:
        for i, room in enumerate(s.plan.rooms):
            if any(type(x) is not int or type(y) is not int for x, y in room.cells):
                yield s.finding(
                    "H01",
                    i,
                    f"{s.named(i)} must lie on the {HALF_MM} mm lattice, got a cell between two lattice lines",
                    f"{s.named_ja(i)}が{HALF_MM}mmグリッドに乗っていません",
                )
        yield from _openings_off(s)
        for f in s.plan.fixtures:
            if any(type(v) is not int for v in (f.x_mm, f.y_mm, f.width_mm, f.depth_mm)):
                yield s.finding(
                    "H01",
                    None,
                    f"{f.kind} must lie on whole millimetres, got ({f.x_mm}, {f.y_mm})",
                    f"設備({f.kind})の位置がmm単位の整数ではありません",
                )
        stair = s.plan.stair
        if stair is not None and any(type(v) is not int for v in stair.rect):
            yield s.finding(
                "H01",
                None,
                f"Stair must lie on the {HALF_MM} mm lattice, got {stair.rect}",
                f"階段が{HALF_MM}mmグリッドに乗っていません",
            )


def _openings_off(s: Storey) -> Iterator[Finding]:
    for host in s.hosted:
        o = host.opening
        if o.span < 1:
            yield s.finding(
                "H01",
                None,
                f"Host run of a {o.kind} opening must be at least one half module long, got {o.span}",
                f"開口部({o.kind})の取付長さが不正です: {o.span}",
                host.cell,
            )
        elif type(o.x) is not int or type(o.y) is not int:
            yield s.finding(
                "H01",
                None,
                f"{o.kind} opening must begin at a lattice point, got ({o.x}, {o.y})",
                f"開口部({o.kind})が{HALF_MM}mmグリッドに乗っていません",
            )
        elif any(type(v) is not int for v in (o.width_mm, o.sill_mm, o.head_mm)):
            yield s.finding(
                "H01",
                None,
                f"{o.kind} opening must measure whole millimetres, got {o.width_mm} x {o.head_mm}",
                f"開口部({o.kind})の寸法がmm単位の整数ではありません",
                host.cell,
            )


def tiling(case: Case) -> Iterator[Finding]:
    """Find places that no room or more than one room owns.

    What it checks: Rooms do not overlap; the indoor rooms of a storey are one piece; no gap is
        enclosed by rooms; outdoor rooms (balcony, porch, deck) touch the house, lie outside its
        footprint, and fill no hole in it.
    Why: Walls are derived from the borders of rooms. A cell with two owners, or with none inside
        the house, has no meaning that could be drawn or built.
    Example: A closet drawn on top of a bedroom without being cut out of it.
    Reference: Follows from how a plan is stored; no source needed.
    """
    for s in case.storeys:
        if not any(room.cells for room, indoor in zip(s.plan.rooms, s.indoor, strict=True) if indoor):
            yield s.finding("H02", None, "Storey must have an indoor room, got none", "屋内の部屋がありません")
            continue
        if sum(len(r.cells) for r in s.plan.rooms) != len(s.owner):
            yield from _overlaps(s)
        apart = tuple(_outdoor_rooms_apart(s))
        yield from apart
        inside = {y: bits for y, bits in s.inside.items() if bits}
        if not inside:
            continue  # covered by outdoor rooms, as said above
        if not are_joined(inside):
            footprint = pieces(c for c, i in s.owner.items() if s.indoor[i])
            smallest = min(footprint, key=lambda p: (len(p), min(p)))
            yield s.finding(
                "H02",
                None,
                f"Indoor rooms must form one piece, got {len(footprint)}",
                f"屋内が{len(footprint)}つに分かれています",
                min(smallest, key=lambda c: (c[1], c[0])),
            )
        elif not apart:
            yield from _holes(s, inside)


def _holes(s: Storey, inside: Mapping[int, int]) -> Iterator[Finding]:
    if (count := holes_in({y: sum(row.values()) for y, row in s.rows.items()})) > 0:
        yield s.finding(
            "H02",
            None,
            f"Rooms must leave no gap between them, got {count}",
            f"部屋の間に用途のない空きが{count}か所あります",
        )
    elif (count := holes_in(inside)) > 0:
        yield s.finding(
            "H02",
            None,
            f"Outdoor rooms must not fill a hole of the house, got {count}",
            f"屋外の部屋が建物に囲まれています({count}か所)",
        )


def _overlaps(s: Storey) -> Iterator[Finding]:
    for i, room in enumerate(s.plan.rooms):
        others: dict[int, list[tuple[int, int]]] = {}
        for cell in room.cells:
            if (j := s.owner[cell]) != i:
                others.setdefault(j, []).append(cell)
        for j, cells in others.items():
            yield s.finding(
                "H02",
                i,
                f"{s.named(i)} must not overlap {s.named(j)}, got {len(cells)} common cells",
                f"{s.named_ja(i)}と{s.named_ja(j)}が{len(cells)}マス重なっています",
                min(cells, key=lambda c: (c[1], c[0])),
            )


def _outdoor_rooms_apart(s: Storey) -> Iterator[Finding]:
    at_house = {k for pair in s.contacts for k in pair if s.indoor[pair[0]] != s.indoor[pair[1]]}
    for i, indoor in enumerate(s.indoor):
        if not indoor and i not in at_house and s.plan.rooms[i].cells:
            yield s.finding(
                "H02",
                i,
                f"{s.named(i)} must lie beside the house, got it apart",
                f"{s.named_ja(i)}が建物に接していません",
            )


def room_shape(case: Case) -> Iterator[Finding]:
    """Find rooms in pieces, of too many corners, too small or too narrow, and storeys that are too low.

    What it checks: Each room is one piece and the union of at most two rectangles (a hall: three).
        It has at least the least area of its kind and, at its narrowest place, the least width
        of its kind; nor is there a neck: a square of that width, and one of one module, can be pushed
        from each place where it fits to each other one. In a habitable room a nook of at most
        8 cells (2 modules²) may be narrower, such as the entry beside a closet, down to one module.
        Halls and balconies have their own rule for the width (H11, H12). A storey is at least
        2400 mm high from floor to floor.
    Why: A tub, a bed or a futon has a size; what does not fit is no such room.
    Example: A bath of 2 × 4 half modules (910 × 1820 mm); the smallest unit bath takes 3 × 4. An LDK of
        two squares that meet along 455 mm.
    Reference: Sizes of the catalogue: unit baths 1216 to 1624, rooms from 4.5 畳, WCs from 0.8 畳;
        建築基準法施行令21条 (ceiling of at least 2100 mm in a 居室), and 300 mm for the floor; judgement of
        the trade.
    """
    for s in case.storeys:
        if (height_mm := s.plan.storey_height_mm) < LEAST_STOREY_MM:
            yield s.finding(
                "H03",
                None,
                f"Storey must be at least {LEAST_STOREY_MM} mm high, got {height_mm}",
                f"階高は{LEAST_STOREY_MM}mm以上が必要です({height_mm}mm)",
            )
        for i, room in enumerate(s.plan.rooms):
            is_rect = bool(room.cells) and is_rectangle(room.cells, s.boxes[i])
            if not is_rect and not is_one_piece(room.cells):
                count = len(pieces(room.cells))
                yield s.finding(
                    "H03",
                    i,
                    f"{s.named(i)} must be one piece, got {count}",
                    f"{s.named_ja(i)}が{count}つに分かれています" if count else f"{s.named_ja(i)}に面積がありません",
                )
                continue
            limit = MAX_RECTANGLES.get(room.kind, 2)
            if not is_rect and not is_union(room.cells, limit):
                yield s.finding(
                    "H03",
                    i,
                    f"{s.named(i)} must be the union of at most {limit} rectangles, got more",
                    f"{s.named_ja(i)}の形が複雑です(長方形{limit}つ以内)",
                )
            if room.kind in ROOMS:
                yield from _size(s, i)


def _size(s: Storey, i: int) -> Iterator[Finding]:
    room, kind = s.plan.rooms[i], ROOMS[s.plan.rooms[i].kind]
    if len(room.cells) < kind.min_cells:
        yield s.finding(
            "H03",
            i,
            f"{s.named(i)} must be at least {kind.min_cells * CELL_M2:.2f} m², got {room.area_m2:.2f}",
            f"{s.named_ja(i)}の面積は{kind.min_cells * CELL_M2:.2f}㎡以上が必要です({room.area_m2:.2f}㎡)",
        )
    if room.kind in ("hall", "balcony"):
        return
    width, cell = _narrow_place(s, i)
    if width < kind.min_side:
        yield s.finding(
            "H03",
            i,
            f"{s.named(i)} must be at least {kind.min_side * HALF_MM} mm at its narrowest, got {width * HALF_MM}",
            f"{s.named_ja(i)}の最も狭い所は{kind.min_side * HALF_MM}mm以上が必要です({width * HALF_MM}mm)",
            cell,
        )


def _narrow_place(s: Storey, i: int) -> tuple[int, tuple[int, int] | None]:
    """Return a room's width where it counts, in half modules, and a cell of that place."""
    cells, kind = s.plan.rooms[i].cells, ROOMS[s.plan.rooms[i].kind]
    if is_rectangle(cells, s.boxes[i]):
        return min(s.boxes[i][2:]), None
    for side in {2, kind.min_side} - {1}:
        if side <= kind.min_side and (place := neck(cells, side)) is not None:
            return next(n for n in range(side - 1, 0, -1) if neck(cells, n) is None), place
    narrow = narrower_than(cells, kind.min_side)
    if kind.habitable and len(narrow) < len(cells):
        slits = narrower_than(cells, 2)
        narrow = frozenset(c for p in pieces(narrow) if len(p) > NOOK_CELLS or p & slits for c in p)
    if not narrow:
        return kind.min_side, None
    return min(narrowest(cells, kind.min_side), kind.min_side - 1), min(narrow, key=lambda c: (c[1], c[0]))


def corridor_width(case: Case) -> Iterator[Finding]:
    """Find places where a hall is narrower than one module.

    What it checks: Every cell of a hall lies in a square of one module (910 mm) of that hall, and such a
        square can be pushed from each of these places to each other one.
    Why: Less than 910 mm between wall centre-lines leaves less than the 780 mm of clear width
        that access standards (平成13年告示1414号) ask of a corridor.
    Example: A corridor one half module (455 mm) wide between a bath and a bedroom; or two corridors of
        one module that meet along half a module.
    Reference: 平成13年国土交通省告示1414号 (access for the old): 780 mm of clear width.
    """
    for s in case.storeys:
        for i in s.rooms_of.get("hall", ()):
            cells = s.plan.rooms[i].cells
            narrow = min(narrower_than(cells, 2), key=lambda c: (c[1], c[0]), default=None) or neck(cells, 2)
            if narrow is not None:
                yield s.finding(
                    "H11",
                    i,
                    f"Hall must be at least {2 * HALF_MM} mm wide, got {HALF_MM}",
                    f"廊下の幅は{2 * HALF_MM}mm以上が必要です({HALF_MM}mm)",
                    narrow,
                )


def naming(case: Case) -> Iterator[Finding]:
    """Find rooms whose name promises what they are not.

    What it checks: Every room's kind is one of the catalogue. An LDK has at least 16 modules²
        (8 畳) where the house has one other habitable room, and 20 (10 畳) where it has two or
        more. Of a storey alone only the habitable rooms on it are counted.
    Why: The guideline on the words DK and LDK in advertisements (不動産公正取引協議会連合会, 2011).
    Example: A kitchen and living room of 4 × 4.5 modules sold as the LDK of a 3LDK.
    Reference: 不動産公正取引協議会連合会, guideline on DK and LDK of November 2011; 1.62 m² to the 畳.
    """
    count = sum(len(s.rooms_of.get(k, ())) for s in case.storeys for k in HABITABLE if k != "ldk")
    least = FAMILY_LDK_MIN_CELLS if count >= 2 else LDK_MIN_CELLS
    for s in case.storeys:
        for i, room in enumerate(s.plan.rooms):
            if room.kind not in ROOMS:
                yield s.finding(
                    "H15",
                    i,
                    f"Room's kind must be one of the catalogue, got {room.kind[:20]!r}",
                    f"部屋の種類{s.named_ja(i)}は定義されていません",
                )
            elif room.kind == "ldk" and len(room.cells) < least:
                jo = 10 if least == FAMILY_LDK_MIN_CELLS else 8
                yield s.finding(
                    "H15",
                    i,
                    f"LDK must be at least {least * CELL_M2:.2f} m² ({jo} jo) to be called so, got {room.area_m2:.2f}",
                    f"LDKと表示するには{least * CELL_M2:.2f}㎡({jo}帖)以上が必要です({room.area_m2:.2f}㎡)",
                )


# --- soft ---------------------------------------------------------------------------------


def proportions(case: Case) -> Iterator[Finding]:
    """Find habitable rooms that are long and thin.

    What it checks: The bounding rectangle of a bedroom or tatami room is at most 1.8 times as long
        as wide, and its short side at least three modules (2730 mm); an LDK at most 2.2 times.
    Why: Furniture stands along two walls with a way between them.
    Example: A bedroom of 2.5 × 5 modules.
    Reference: Judgement: how rooms are furnished.
    """
    for s in case.storeys:
        for i, room in enumerate(s.plan.rooms):
            if room.kind not in HABITABLE or not room.cells:
                continue
            short, long = sorted(s.boxes[i][2:])
            limit = 2.2 if room.kind == "ldk" else 1.8
            if long > limit * short:
                yield s.finding(
                    "S07",
                    i,
                    f"{s.named(i)} should be at most {limit} times as long as wide, got {long / short:.1f}",
                    f"{s.named_ja(i)}の縦横比は{limit}以下が望ましいです({long / short:.1f})",
                )
            elif short < 6 and room.kind != "ldk":
                yield s.finding(
                    "S07",
                    i,
                    f"{s.named(i)} should be at least {6 * HALF_MM} mm wide, got {short * HALF_MM}",
                    f"{s.named_ja(i)}の短辺は{6 * HALF_MM}mm以上が望ましいです({short * HALF_MM}mm)",
                )


def oversize(case: Case) -> Iterator[Finding]:
    """Find rooms that are larger than usual.

    What it checks: A room's area is at most the greatest of its kind in the catalogue.
    Why: A WC of four modules² takes its area from rooms that need it. Large houses have large
        rooms, so this is advice only.
    Example: A WC of 2 × 2 modules.
    Reference: Sizes of the catalogue; judgement.
    """
    for s in case.storeys:
        for i, room in enumerate(s.plan.rooms):
            kind = ROOMS.get(room.kind)
            if kind is not None and len(room.cells) > kind.max_cells:
                yield s.finding(
                    "S20",
                    i,
                    f"{s.named(i)} should be at most {kind.max_cells * CELL_M2:.2f} m², got {room.area_m2:.2f}",
                    f"{s.named_ja(i)}の面積は{kind.max_cells * CELL_M2:.2f}㎡以下が一般的です({room.area_m2:.2f}㎡)",
                )
