"""Plans and houses as JSON, and back: what a file says is checked before it is believed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, cast

from madorizu.errors import PlanError
from madorizu.plan import (
    HALF_MM,
    OPENING_KINDS,
    SIDES,
    Axis,
    Fixture,
    House,
    Opening,
    OpeningKind,
    Plan,
    Rect,
    Room,
    Side,
    Stair,
    cells_in,
    rects_of,
)

SCHEMA_VERSION = 1
# What is read is held to these, so that a hostile file costs little time: no house comes near them.
MAX_CELLS = 40_000  # of a storey, 91 × 91 m; overlapping rectangles count twice
MAX_COORDINATE = 1_000  # half modules from the origin, 455 m
MAX_ITEMS = {"plans": 9, "rooms": 400, "rects": 4_000, "openings": 2_000, "fixtures": 2_000}
MAX_TEXT = 200  # letters of a name


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON data; `plan_from_json` is the inverse."""
    return {
        "schema_version": SCHEMA_VERSION,
        "floor": plan.floor,
        "storey_height_mm": plan.storey_height_mm,
        "rooms": [{"kind": r.kind, "name": r.name, "rects": [list(q) for q in rects_of(r.cells)]} for r in plan.rooms],
        "openings": [
            {
                "kind": o.kind,
                "axis": o.axis,
                "x": o.x,
                "y": o.y,
                "span": o.span,
                "width_mm": o.width_mm,
                "sill_mm": o.sill_mm,
                "head_mm": o.head_mm,
                "hinge": o.hinge,
                "side": o.side,
            }
            for o in plan.openings
        ],
        "fixtures": [
            {
                "kind": f.kind,
                "x_mm": f.x_mm,
                "y_mm": f.y_mm,
                "width_mm": f.width_mm,
                "depth_mm": f.depth_mm,
                "facing": f.facing,
            }
            for f in plan.fixtures
        ],
        "stair": None
        if plan.stair is None
        else {
            "kind": plan.stair.kind,
            "rect": list(plan.stair.rect),
            "rise": plan.stair.rise,
            "turn": plan.stair.turn,
        },
    }


def house_to_json(house: House) -> dict[str, Any]:
    """Return a house as JSON data; `house_from_json` is the inverse."""
    return {
        "schema_version": SCHEMA_VERSION,
        "house_id": house.house_id,
        "seed": house.seed,
        "notes": dict(house.notes),
        "plans": [plan_to_json(p) for p in house.plans],
    }


def plan_from_json(data: object) -> Plan:
    """Read a plan from JSON data.

    Raises:
        PlanError: if a key is missing, or a value has the wrong type or is out of range, if there is
            no room, or if there are more rooms, cells or openings than any house has.
    """
    top = _mapping(data, "plan")
    _check_version(top)
    stair = None
    if top.get("stair") is not None:
        given = _mapping(top["stair"], "stair")
        stair = Stair(
            cast(Any, _choice(given, "kind", ("straight", "l", "u"))),
            _rect(given.get("rect"), "stair.rect"),
            cast(Side, _choice(given, "rise", SIDES)),
            cast(Any, _choice(given, "turn", ("none", "left", "right"))),
        )
    return Plan(
        _whole(top, "floor", 1, 9),
        _rooms(top),
        tuple(_opening(o) for o in _items(top, "openings")),
        tuple(_fixture(f) for f in _items(top, "fixtures")),
        stair,
        _whole(top, "storey_height_mm", 2000, 6000),
    )


def house_from_json(data: object) -> House:
    """Read a house from JSON data.

    Raises:
        PlanError: if a key is missing, or a value has the wrong type or is out of range.
    """
    top = _mapping(data, "house")
    _check_version(top)
    plans = tuple(plan_from_json(p) for p in _items(top, "plans"))
    if not plans:
        raise PlanError("house.plans must hold at least one plan, got none")
    seed = top.get("seed")
    if seed is not None and not isinstance(seed, int):
        raise PlanError(f"house.seed must be a whole number or null, got {seed!r}")
    notes = _mapping(top.get("notes", {}), "notes")
    kept = {_words(k, "notes"): _words(v, "notes") for k, v in notes.items()}
    return House(plans, _words(top.get("house_id"), "house_id"), seed, kept)


def _check_version(top: Mapping[str, Any]) -> None:
    if top.get("schema_version") != SCHEMA_VERSION:
        raise PlanError(
            f"schema_version must be {SCHEMA_VERSION}, got {top.get('schema_version')!r}",
            "the file was written by another version of madorizu, or is no plan",
        )


def _rooms(top: Mapping[str, Any]) -> tuple[Room, ...]:
    # All rectangles are read before a cell is made: a few of them can hold millions of cells.
    found = []
    count = 0
    for data in _items(top, "rooms"):
        given = _mapping(data, "room")
        rects = [_rect(r, "room.rects") for r in _items(given, "rects")]
        if not rects:
            raise PlanError("room.rects must hold at least one rectangle, got none")
        count += sum(width * height for _, _, width, height in rects)
        found.append((_text(given, "kind"), rects, _words(given.get("name"), "room.name")))
    if not found:
        raise PlanError("rooms must hold at least one room, got none", "a plan is its rooms: give them as rectangles")
    if count > MAX_CELLS:
        raise PlanError(
            f"rooms must have at most {MAX_CELLS} cells together, got {count}",
            f"rectangles are given in half modules of {HALF_MM} mm, not in millimetres",
        )
    return tuple(Room(kind, frozenset(c for r in rects for c in cells_in(r)), name) for kind, rects, name in found)


def _opening(data: object) -> Opening:
    given = _mapping(data, "opening")
    side = _whole(given, "side", -1, 1)
    if side == 0:
        raise PlanError("opening.side must be -1 or 1, got 0")
    opening = Opening(
        cast(OpeningKind, _choice(given, "kind", OPENING_KINDS)),
        cast(Axis, _choice(given, "axis", ("h", "v"))),
        _whole(given, "x", -MAX_COORDINATE, MAX_COORDINATE),
        _whole(given, "y", -MAX_COORDINATE, MAX_COORDINATE),
        _whole(given, "span", 1, MAX_COORDINATE),
        _whole(given, "width_mm", 1, 1_000_000),
        _whole(given, "sill_mm", 0, 10_000),
        _whole(given, "head_mm", 0, 10_000),
        cast(Any, _choice(given, "hinge", ("start", "end"))),
        cast(Any, side),
    )
    return opening


def _fixture(data: object) -> Fixture:
    given = _mapping(data, "fixture")
    return Fixture(
        _text(given, "kind"),
        _whole(given, "x_mm", -MAX_COORDINATE * HALF_MM, MAX_COORDINATE * HALF_MM),
        _whole(given, "y_mm", -MAX_COORDINATE * HALF_MM, MAX_COORDINATE * HALF_MM),
        _whole(given, "width_mm", 1, 100_000),
        _whole(given, "depth_mm", 1, 100_000),
        cast(Side, _choice(given, "facing", SIDES)),
    )


def _mapping(data: object, what: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise PlanError(f"{what} must be a JSON object, got {type(data).__name__}")
    return data


def _items(given: Mapping[str, Any], key: str) -> Iterator[object]:
    value = given.get(key)
    if not isinstance(value, list):
        raise PlanError(f"{key} must be a list, got {type(value).__name__}")
    if len(value) > MAX_ITEMS[key]:
        raise PlanError(f"{key} must hold at most {MAX_ITEMS[key]} items, got {len(value)}")
    return iter(value)


def _whole(given: Mapping[str, Any], key: str, low: int, high: int) -> int:
    value = given.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise PlanError(f"{key} must be a whole number from {low} to {high}, got {value!r}")
    return value


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise PlanError(f"{key} must be a non-empty text, got {value!r}")
    return _words(value, key)


def _words(value: object, what: str) -> str:
    """Read a text that may be missing; null and no text are the same."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PlanError(f"{what} must be a text, got {value!r}")
    if len(value) > MAX_TEXT:
        raise PlanError(f"{what} must have at most {MAX_TEXT} letters, got {len(value)}")
    if bad := next((c for c in value if unicodedata.category(c) in ("Cc", "Cs") or c in "\ufffe\uffff"), None):
        # Half a letter cannot be written to a file, and XML, so SVG, holds no control characters.
        raise PlanError(f"{what} must be of letters that can be written, got {bad!a}", "take that letter out")
    return value


def _choice(given: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    value = given.get(key)
    if value not in choices:
        raise PlanError(f"{key} must be one of {', '.join(choices)}, got {value!r}")
    return cast(str, value)


def _rect(value: object, what: str) -> Rect:
    if not (
        isinstance(value, list)
        and len(value) == 4
        and all(isinstance(v, int) and not isinstance(v, bool) and abs(v) <= MAX_COORDINATE for v in value)
        and value[2] > 0
        and value[3] > 0
    ):
        raise PlanError(f"{what} must be [x, y, width, height] in half modules, got {value!r}")
    return value[0], value[1], value[2], value[3]
