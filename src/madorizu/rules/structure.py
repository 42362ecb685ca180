"""Rules of thumb about what carries: wall over wall, post over post, lines of walls. All are soft.

Nothing here proves that a house stands: that is computed from loads, which no plan shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from madorizu.plan import HALF_MM, Side
from madorizu.rules.facts import Case, Finding, Storey
from madorizu.rules.regions import narrower_than

WALL_OVER_WALL = 0.60
POST_OVER_POST = 0.50
MAX_SPAN = 8  # half modules: 3640 mm of ceiling without a wall
LINE_SPACING_MM = 8000
LINE_LEAST_MM = 4000
LINE_SHARE = 0.6  # of the floor's length
LINE_MERGE = 2  # half modules: walls at most one module off count to one line
SOLID_SHARE = 0.25
SIDE_WORDS: dict[Side, tuple[str, str]] = {
    "n": ("north", "北"),
    "e": ("east", "東"),
    "s": ("south", "南"),
    "w": ("west", "西"),
}

Lines = Mapping[int, int]  # y -> bits


def _lines(s: Storey, west: int) -> tuple[dict[int, int], dict[int, int]]:
    """Return the walls of a storey: per y the edges that run east from, and south from, its lattice points.

    Bit n is the lattice point at `west` + n, which lies not east of the storey.
    """
    h: dict[int, int] = {}
    v: dict[int, int] = {}
    shift = s.west - west
    for y, row in s.rows.items():
        above, below = s.rows.get(y - 1, {}), s.rows.get(y + 1, {})
        here = under = along = 0
        for i, bits in row.items():
            if s.indoor[i]:  # where a room and what lies beyond differ, there is a wall
                here |= bits & ~above.get(i, 0)
                under |= bits & ~below.get(i, 0)
                along |= bits ^ bits << 1
        h[y] = h.get(y, 0) | here << shift
        h[y + 1] = h.get(y + 1, 0) | under << shift
        v[y] = along << shift
    for axis, x, y in (e for host in s.hosted if host.opening.kind == "open" for e in host.edges):
        lines = h if axis == "h" else v
        if y in lines and x >= west:
            lines[y] &= ~(1 << (x - west))
    return h, v


def _common(a: Lines, b: Lines) -> int:
    return sum((bits & b.get(y, 0)).bit_count() for y, bits in a.items())


def _length(lines: Lines) -> int:
    return sum(bits.bit_count() for bits in lines.values())


def wall_over_wall(case: Case) -> Iterator[Finding]:
    """Find walls and posts with none below, and rooms that a beam hardly spans.

    What it checks: At least 60 % of the walls of each upper storey of a house lie over walls, and at
        least 50 % of its posts over posts (直下率), a post being where walls end, turn or meet. In
        an LDK no square of more than four modules (3640 mm) is without a wall.
    Why: What a wall carries goes down where a wall is below; else a beam carries it, which is
        deep, dear, and sags. Aims of the trade, no law, and no proof of structural safety.
    Example: A 2F whose inner walls all run half a module beside those of 1F.
    Reference: 直下率: walls 60 %, posts 50 %, aims of the trade. Spans: judgement.
    """
    for below, above in pairwise(case.storeys) if case.is_house else ():
        west = min(below.west, above.west)
        lower, upper = _lines(below, west), _lines(above, west)
        yield from _unsupported(
            above,
            "walls should lie over walls",
            "壁の直下率",
            WALL_OVER_WALL,
            (sum(map(_common, upper, lower)), sum(map(_length, upper))),
        )
        posts = _posts(*upper)
        yield from _unsupported(
            above,
            "posts should stand over posts",
            "柱の直下率",
            POST_OVER_POST,
            (_common(posts, _posts(*lower)), _length(posts)),
        )
    for s in case.storeys:
        for i in s.rooms_of.get("ldk", ()):
            cells = s.plan.rooms[i].cells
            if len(narrower_than(cells, MAX_SPAN + 1)) < len(cells):
                yield s.finding(
                    "S12",
                    i,
                    f"LDK should span at most {MAX_SPAN * HALF_MM} mm without a wall, got more",
                    f"LDKの無柱スパンは{MAX_SPAN * HALF_MM}mm以下が望ましいです",
                )


def _unsupported(
    above: Storey, demand: str, name_ja: str, least: float, carried_of: tuple[int, int]
) -> Iterator[Finding]:
    carried, count = carried_of
    if carried < least * count:
        yield above.finding(
            "S12",
            None,
            f"At least {100 * least:.0f} % of {above.floor}F's {demand}, got {100 * carried // count} %",
            f"{above.floor}階の{name_ja}は{100 * least:.0f}%以上が望ましいです({100 * carried // count}%)",
        )


def _posts(h: Lines, v: Lines) -> dict[int, int]:
    """Return the lattice points at which walls end, turn or meet."""
    found = {}
    for y in h.keys() | v.keys() | {y + 1 for y in v}:
        east, south, north = h.get(y, 0), v.get(y, 0), v.get(y - 1, 0)
        west = east << 1
        straight = (east & west & ~north & ~south) | (north & south & ~east & ~west)
        found[y] = (east | west | north | south) & ~straight
    return found


def wall_lines(case: Case) -> Iterator[Finding]:
    """Find walls that are all window, and floors too wide between lines of walls.

    What it checks: Of the outer wall to each side of a storey at least a quarter is solid: no frame of
        a door or window is in it. Lines of walls are at most 8 m apart in both directions; a line
        is an outermost wall, or walls at most one module apart whose solid length together is at
        least 4 m and 0.6 of the floor's length there.
    Why: 耐力壁線 of the 住宅品質確保促進法: wind and earthquake push sideways, and only solid walls
        resist. A rule of thumb here, no proof of structural safety.
    Example: A south front with French windows from corner to corner.
    Reference: 耐力壁線 of the 住宅の品質確保の促進等に関する法律: 8 m, 4 m and 0.6; a quarter of solid wall is
        from rules of thumb for 2×4.
    """
    for s in case.storeys:
        inside = {y: bits for y, bits in s.inside.items() if bits}
        if not inside:
            continue
        yield from _open_fronts(s)
        wide = max(bits.bit_length() for bits in inside.values())
        wide -= min((bits & -bits).bit_length() - 1 for bits in inside.values())
        high = max(inside) - min(inside) + 1
        for axis, across, along, name, name_ja in (
            ("v", wide, high, "east-west", "東西"),
            ("h", high, wide, "north-south", "南北"),
        ):
            if across * HALF_MM > LINE_SPACING_MM and (gap := _widest_gap_mm(s, axis, along)) > LINE_SPACING_MM:
                yield s.finding(
                    "S13",
                    None,
                    f"Lines of walls should be at most {LINE_SPACING_MM} mm apart {name}, got {gap}",
                    f"耐力壁線の間隔は{name_ja}方向{LINE_SPACING_MM}mm以下が望ましいです({gap}mm)",
                )


def _open_fronts(s: Storey) -> Iterator[Finding]:
    length_mm: dict[Side, int] = dict.fromkeys(SIDE_WORDS, 0)
    open_mm: dict[Side, int] = dict.fromkeys(SIDE_WORDS, 0)
    for faces, inside in zip(s.faces, s.indoor, strict=True):
        for side, count in faces.items() if inside else ():
            length_mm[side] += count * HALF_MM
    for h in s.hosted:
        first, second = (s.is_indoors(r) for r in h.rooms or (None, None))
        if first != second:
            facing: Side = ("s" if first else "n") if h.opening.axis == "h" else ("e" if first else "w")
            open_mm[facing] += max(0, h.opening.width_mm)
    for side, (name, name_ja) in SIDE_WORDS.items():
        solid_mm = length_mm[side] - open_mm[side]
        if solid_mm < SOLID_SHARE * length_mm[side]:
            share = max(0.0, 100 * solid_mm / length_mm[side])
            yield s.finding(
                "S13",
                None,
                f"At least 25 % of the {name} wall should be solid, got {share:.0f} %",
                f"{name_ja}面の壁は25%以上が望ましいです({share:.0f}%)",
            )


def _widest_gap_mm(s: Storey, axis: str, along: int) -> int:
    """Return the widest distance between two lines of walls that run along an axis."""
    h, v = _lines(s, s.west)
    solid_mm: dict[int, int] = {}
    if axis == "h":
        solid_mm = {y: bits.bit_count() * HALF_MM for y, bits in h.items() if bits}
    else:
        for bits in v.values():
            while bits:
                low = bits & -bits
                x = s.west + low.bit_length() - 1
                solid_mm[x] = solid_mm.get(x, 0) + HALF_MM
                bits ^= low
    ends = min(solid_mm), max(solid_mm)
    for o in (host.opening for host in s.hosted):
        line = o.y if axis == "h" else o.x
        if o.axis == axis and o.kind != "open" and line in solid_mm:
            solid_mm[line] -= max(0, o.width_mm)
    least = max(LINE_LEAST_MM, LINE_SHARE * along * HALF_MM)
    good = [
        c
        for c in sorted(solid_mm)
        if c in ends or sum(max(0, solid_mm.get(c + d, 0)) for d in range(-LINE_MERGE, LINE_MERGE + 1)) >= least
    ]
    return max(((b - a) * HALF_MM for a, b in pairwise(good)), default=0)
