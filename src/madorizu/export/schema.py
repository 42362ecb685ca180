"""The JSON Schema of our own JSON: what a plan or a house may hold."""

from __future__ import annotations

from typing import Any

from madorizu.plan import HALF_MM, OPENING_KINDS, SIDES
from madorizu.plan_json import MAX_COORDINATE, MAX_ITEMS, MAX_TEXT, SCHEMA_VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def schema() -> Schema:
    """Return the JSON Schema of plans and houses; docs/reference/plan.schema.json holds it."""
    return {
        "$schema": DIALECT,
        "title": "madorizu plan or house",
        "description": "One storey, or the storeys of a house. Lengths are half modules of 455 mm, or "
        "millimetres where a name ends in _mm; x grows to the east, y to the south.",
        "oneOf": [{"$ref": "#/$defs/plan"}, {"$ref": "#/$defs/house"}],
        "$defs": {
            "house": _house(),
            "plan": _plan(),
            "room": _room(),
            "opening": _opening(),
            "fixture": _fixture(),
            "stair": _stair(),
            "rect": _rect(),
            "text": {"type": "string", "maxLength": MAX_TEXT},
            "findings": _findings(),
        },
    }


def _object(properties: Schema, optional: tuple[str, ...] = (), description: str = "") -> Schema:
    found: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
    return {"description": description, **found} if description else found


def _whole(low: int, high: int, description: str = "") -> Schema:
    found: Schema = {"type": "integer", "minimum": low, "maximum": high}
    return {**found, "description": description} if description else found


def _many(name: str, key: str, least: int = 0) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}, "minItems": least, "maxItems": MAX_ITEMS[key]}


def _house() -> Schema:
    return _object(
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "house_id": {"$ref": "#/$defs/text"},
            "seed": {"type": ["integer", "null"]},
            "notes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/text"}},
            "plans": _many("plan", "plans", 1),
            "findings": {"$ref": "#/$defs/findings"},
        },
        ("house_id", "seed", "notes", "findings"),
        "Storeys on one lattice, lowest first.",
    )


def _plan() -> Schema:
    return _object(
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "floor": _whole(1, 9, "1 for the ground floor (1F)"),
            "storey_height_mm": _whole(2000, 6000),
            "rooms": _many("room", "rooms", 1),
            "openings": _many("opening", "openings"),
            "fixtures": _many("fixture", "fixtures"),
            "stair": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/stair"}]},
            "findings": {"$ref": "#/$defs/findings"},
        },
        ("findings",),
        "One storey.",
    )


def _room() -> Schema:
    rects = {"type": "array", "items": {"$ref": "#/$defs/rect"}, "minItems": 1, "maxItems": MAX_ITEMS["rects"]}
    kind = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "description": "a code of catalogue.ROOMS"}
    return _object({"kind": kind, "name": {"$ref": "#/$defs/text"}, "rects": rects}, ("name",))


def _opening() -> Schema:
    return _object(
        {
            "kind": {"enum": list(OPENING_KINDS)},
            "axis": {"enum": ["h", "v"], "description": "h: the wall runs east-west; v: north-south"},
            "x": _whole(-MAX_COORDINATE, MAX_COORDINATE, "west or north end of the run that holds it"),
            "y": _whole(-MAX_COORDINATE, MAX_COORDINATE),
            "span": _whole(1, MAX_COORDINATE, "length of the run in half modules; the opening is in its middle"),
            "width_mm": _whole(1, 1_000_000),
            "sill_mm": _whole(0, 10_000),
            "head_mm": _whole(0, 10_000),
            "hinge": {"enum": ["start", "end"]},
            "side": {"enum": [-1, 1], "description": "to which side a leaf opens: 1 south or east"},
        }
    )


def _fixture() -> Schema:
    far = MAX_COORDINATE * HALF_MM
    return _object(
        {
            "kind": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
            "x_mm": _whole(-far, far, "of the north-west corner"),
            "y_mm": _whole(-far, far),
            "width_mm": _whole(1, 100_000, "from west to east"),
            "depth_mm": _whole(1, 100_000, "from north to south"),
            "facing": {"enum": list(SIDES), "description": "the side from which it is used"},
        }
    )


def _stair() -> Schema:
    return _object(
        {
            "kind": {"enum": ["straight", "l", "u"]},
            "rect": {"$ref": "#/$defs/rect"},
            "rise": {"enum": list(SIDES), "description": "direction of the first step on the lower storey"},
            "turn": {"enum": ["none", "left", "right"]},
        }
    )


def _rect() -> Schema:
    place, size = _whole(-MAX_COORDINATE, MAX_COORDINATE), _whole(1, MAX_COORDINATE)
    return {
        "description": "x, y, width and height in half modules",
        "type": "array",
        "prefixItems": [place, place, size, size],
        "items": False,
        "minItems": 4,
    }


def _findings() -> Schema:
    number = {"type": ["integer", "null"]}
    finding = _object(
        {"code": {"type": "string"}, "floor": number, "room": number, "message": {"type": "string"}},
        (),
        "A broken rule.",
    )
    return {"type": "array", "items": finding, "description": "what an unlawful plan breaks; readers pass over it"}
