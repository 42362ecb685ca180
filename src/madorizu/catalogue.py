"""Data only: room types and sizes, fixtures, stairs, doors, sashes, archetypes.

Both the solver and the rules read these tables; neither shares code with the other.
Areas are in half-module cells (four to a 910 mm module), sides in half modules,
widths in millimetres. Sizes follow the trade's usual 910 mm practice: 1 坪 baths
(1616), 0.5 坪 WCs, 4.5 to 8 帖 bedrooms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Zone = Literal["living", "private", "service", "circulation", "outdoor"]


@dataclass(frozen=True, slots=True)
class RoomType:
    """What a room of one kind may be.

    Attributes:
        code: the `kind` of `plan.Room`.
        ja, en: the label's words.
        abbr: short label where the full one does not fit.
        zone: for the sidecar's major zones and for shares.
        min_cells, typical_cells, max_cells: area in half-module cells.
        min_side: the narrowest place, in half modules.
        habitable: a 居室, which needs daylight and ventilation.
        passage: one may walk through it to another room.
    """

    code: str
    ja: str
    en: str
    abbr: str
    zone: Zone
    min_cells: int
    typical_cells: int
    max_cells: int
    min_side: int
    habitable: bool = False
    passage: bool = False


_TYPES = (
    RoomType("ldk", "LDK", "LDK", "LDK", "living", 64, 136, 240, 5, habitable=True, passage=True),
    RoomType("mbr", "主寝室", "Master bedroom", "MBR", "private", 44, 64, 100, 5, habitable=True),
    RoomType("bed", "洋室", "Bedroom", "洋", "private", 32, 46, 80, 4, habitable=True),
    RoomType("wa", "和室", "Tatami room", "和", "private", 32, 44, 72, 5, habitable=True),
    RoomType("s", "納戸", "Storage room", "S", "service", 8, 16, 48, 2),
    RoomType("bath", "浴室", "Bath", "UB", "service", 12, 16, 24, 3),
    RoomType("wash", "洗面室", "Washroom", "洗", "service", 12, 16, 28, 3),
    RoomType("wc", "トイレ", "WC", "WC", "service", 6, 8, 12, 2),
    RoomType("ent", "玄関", "Entrance", "玄", "circulation", 9, 16, 30, 3, passage=True),
    RoomType("hall", "ホール", "Hall", "", "circulation", 4, 24, 72, 2, passage=True),
    RoomType("stair", "階段", "Stairs", "", "circulation", 14, 16, 24, 2, passage=True),
    RoomType("wic", "WIC", "Walk-in closet", "WIC", "service", 8, 14, 32, 2),
    RoomType("sic", "SIC", "Shoe closet", "SIC", "service", 4, 8, 20, 2),
    RoomType("oshi", "押入", "Futon closet", "押", "service", 4, 8, 14, 1),
    RoomType("cl", "CL", "Closet", "CL", "service", 2, 4, 16, 1),
    RoomType("sto", "物入", "Store", "物", "service", 2, 4, 20, 1),
    RoomType("pantry", "パントリー", "Pantry", "P", "service", 2, 8, 16, 1),
    RoomType("den", "書斎", "Study", "書", "private", 8, 20, 48, 2),
    RoomType("laundry", "ランドリー", "Laundry", "洗濯", "service", 8, 16, 40, 2),
    RoomType("void", "吹抜", "Void", "吹抜", "living", 8, 24, 48, 2),
    RoomType("balcony", "バルコニー", "Balcony", "BAL", "outdoor", 8, 24, 80, 2),
    RoomType("porch", "ポーチ", "Porch", "", "outdoor", 4, 8, 24, 2),
    RoomType("deck", "ウッドデッキ", "Deck", "", "outdoor", 8, 16, 80, 2),
)
ROOMS: dict[str, RoomType] = {t.code: t for t in _TYPES}


@dataclass(frozen=True, slots=True)
class FixtureType:
    """A fixture's usual size: along the wall, and away from it."""

    code: str
    ja: str
    en: str
    along_mm: int
    deep_mm: int


_FIXTURES = (
    FixtureType("kitchen", "キッチン", "Kitchen counter", 2550, 650),
    FixtureType("refrigerator", "冷", "Refrigerator", 700, 700),
    FixtureType("bathtub", "浴槽", "Bathtub", 1600, 750),
    FixtureType("basin", "洗面台", "Washbasin", 750, 550),
    FixtureType("washing_machine", "洗", "Washing machine", 640, 640),
    FixtureType("toilet", "便器", "Toilet", 400, 700),
    FixtureType("shoe_cabinet", "下足入", "Shoe cabinet", 1200, 400),
)
FIXTURES: dict[str, FixtureType] = {t.code: t for t in _FIXTURES}

# Frame widths in mm (domain: 片開き 755, LDK 850, WC 650, 片引き 1645 over 2 modules,
# 折戸 1200 to 1645, 玄関 870 to 1240) and window widths that fit a run of half modules.
DOOR_WIDTH_MM = {
    "entrance": 1000,
    "hinged": 755,
    "hinged_wide": 850,
    "hinged_wc": 650,
    "sliding": 1645,
    "double_sliding": 1645,
    "folding": 1200,
    "service": 750,
}
SASH_WIDTH_MM = {2: 690, 3: 1190, 4: 1650, 6: 2560}  # by host run in half modules
WINDOW_SILL_MM = {"window": 900, "french": 0}
WINDOW_HEAD_MM = 2000


@dataclass(frozen=True, slots=True)
class StairType:
    """A stair's footprint in half modules when it rises to the north."""

    kind: Literal["straight", "l", "u"]
    width: int
    depth: int
    risers: int


STAIRS: tuple[StairType, ...] = (
    StairType("u", 4, 4, 14),
    StairType("u", 4, 5, 14),
    StairType("straight", 2, 8, 14),
    StairType("l", 4, 6, 14),
)


@dataclass(frozen=True, slots=True)
class Archetype:
    """A common house: its footprints and rooms per floor, areas in modules² (4 cells).

    Rooms are `(kind, modules²)`. The hall takes what is left, also of what the stair leaves
    over. Closets of bedrooms (cl) and of the tatami room (oshi) are cut out of their rooms.

    Attributes:
        code, ja: its name.
        width, height: of the 1F, in modules.
        upper: of the 2F, or None for a house of one storey.
        entrance: its side.
        stair: its form.
        floors: rooms per storey.
        living_stair: the stair begins in the LDK (リビング階段).
    """

    code: str
    ja: str
    width: int
    height: int
    upper: tuple[int, int] | None
    entrance: Literal["n", "e", "s", "w"]
    stair: Literal["u", "straight", "l"] | None
    floors: tuple[tuple[tuple[str, float], ...], ...]
    living_stair: bool = False


def _rooms(text: str) -> tuple[tuple[str, float], ...]:
    return tuple((item.split(":")[0], float(item.split(":")[1])) for item in text.split())


def _archetype(
    code: str,
    ja: str,
    sizes: tuple[tuple[int, int], ...],
    entrance: Literal["n", "e", "s", "w"],
    stair: Literal["u", "straight", "l"] | None,
    *floors: str,
    living_stair: bool = False,
) -> Archetype:
    upper = sizes[1] if len(sizes) > 1 else None
    width, height = sizes[0]
    return Archetype(code, ja, width, height, upper, entrance, stair, tuple(_rooms(f) for f in floors), living_stair)


# The usual programmes of Japanese detached houses, see docs/reference/houses.md. Balconies
# lie outside the footprint, so where a published programme counts one inside, the rooms
# of that floor take its cells.
ARCHETYPES: tuple[Archetype, ...] = (
    _archetype("A01", "3LDK 総二階 コンパクト", ((8, 7), (8, 7)), "s", "u",
               "ldk:30 ent:3 wc:2 wash:4 bath:4 pantry:2 sto:2",
               "mbr:16 wic:3 bed:12.5 bed:12.5 wc:2"),
    _archetype("A02", "4LDK 総二階 9x7", ((9, 7), (9, 7)), "s", "u",
               "ldk:32 wa:10.5 ent:3 wc:2 wash:3 bath:4",
               "mbr:15 wic:4 bed:14 bed:14 wc:2 s:3"),
    _archetype("A03", "4LDK 総二階 8x9 (標準)", ((8, 9), (8, 9)), "s", "u",
               "ldk:36 wa:11 ent:4 wc:2 wash:4 bath:4 sic:1",
               "mbr:18 wic:4 bed:15 bed:15 wc:2 s:4"),
    _archetype("A04", "4LDK 和室続き間 11x7", ((11, 7), (9, 7)), "s", "u",
               "ldk:38 wa:14 ent:4 wc:2 wash:4 bath:4 sto:1",
               "mbr:17 wic:3 bed:14 bed:13.5 wc:2"),
    _archetype("A05", "4LDK 北玄関 9x8", ((9, 8), (9, 8)), "n", "u",
               "ldk:36 wa:11 ent:4 wc:2 wash:4 bath:4 sic:2",
               "mbr:18 wic:4 bed:15 bed:15 wc:2 s:3"),
    _archetype("A06", "4LDK 東玄関 8x10", ((8, 10), (8, 8)), "e", "u",
               "ldk:40 wa:14 ent:4 wc:2 wash:4 bath:4 pantry:2",
               "mbr:16 wic:4 bed:14 bed:14 wc:2 s:2"),
    _archetype("A07", "3LDK 狭小間口 5x10", ((5, 10), (5, 10)), "s", "straight",
               "ldk:26 ent:3 wc:2 wash:4 bath:4 sto:3",
               "mbr:15 bed:12 bed:10.5 wc:2"),
    _archetype("A08", "3LDK 2階リビング 7x8", ((7, 8), (7, 8)), "s", "u",
               "mbr:14 wic:4 bed:11.5 ent:4 wc:2 wash:4 bath:4 sto:1.5",
               "ldk:34 bed:12 pantry:1.5 wc:2"),
    _archetype("A09", "5LDK 大型 10x9", ((10, 9), (10, 8)), "s", "u",
               "ldk:38 wa:14 bed:10 ent:5 wc:2 wash:4 bath:4 sic:1 pantry:1",
               "mbr:19 wic:5 bed:15 bed:15 wc:2 s:5"),
    _archetype("A10", "3LDK+S 8x8", ((8, 8), (8, 8)), "s", "u",
               "ldk:34 ent:3 sic:2 wc:2 wash:4 laundry:4 bath:4 pantry:2 s:2",
               "mbr:16 wic:5 bed:13 bed:13 wc:2 s:3"),
    _archetype("A11", "4LDK 吹抜リビング 10x8", ((10, 8), (10, 8)), "s", "l",
               "ldk:40 wa:11 ent:4 wc:2 wash:4 bath:4 sic:2 pantry:3",
               "mbr:18 wic:4 bed:15 bed:15 wc:2 void:8"),
    _archetype("A12", "4LDK 西玄関 リビング階段 9x8", ((9, 8), (9, 7)), "w", "straight",
               "ldk:38 wa:11 ent:4 wc:2 wash:4 bath:4 sto:2",
               "mbr:17 wic:3 bed:14 bed:14 wc:2", living_stair=True),
    _archetype("A13", "2LDK 小家族 7x6", ((7, 6), (7, 6)), "s", "u",
               "ldk:22 ent:2.25 wc:2 wash:3 bath:4 sto:1",
               "mbr:14 wic:4 bed:12 wc:2"),
    _archetype("A14", "平屋 3LDK 13x7", ((13, 7),), "s", None,
               "ldk:36 mbr:14 wic:3 bed:10 bed:10 ent:3 sic:1 wc:2 wash:4 bath:4"),
)  # fmt: skip
