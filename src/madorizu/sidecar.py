"""The JSON beside an image ⇄ Brief and Plan.

Three kinds are read. "v1.0" says only the scale and the floor. "v2.0" says W×H and which
elements (stair, entrance, balcony) there are; where its elements lie is known to be wrong
in old files and is never used. "madorizu" is what `write` writes: all of v2.0, and the
plan itself under "plan".
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from madorizu import __version__, files
from madorizu.brief import Brief, Floor, brief_of, entrance_side
from madorizu.canvas import Canvas
from madorizu.catalogue import ROOMS
from madorizu.errors import BriefError, PlanError, SidecarError
from madorizu.plan import HALF_MM, MODULE_MM, House, Plan, Rect, bounds, outline, rects_of, sides_of
from madorizu.plan_json import plan_from_json, plan_to_json

Version = Literal["v1.0", "v2.0", "madorizu"]
SIDECAR_VERSION = 1
DATA_VERSIONS: dict[str, str] = {"v1.0": "v1.0_legacy", "v2.0": "v2.0_structural", "madorizu": "madorizu_1"}
MAX_BYTES = 4 * 1024 * 1024
# A time would make equal plans give unequal files; v2.0 asks for one all the same.
_NO_TIME = "1970-01-01T00:00:00.000Z"
_V2_KEYS = ("structural_elements", "element_summary", "layout_bounds")
_V1_KEYS = ("grid_px", "grid_mm", "floor")
_ELEMENT_TYPES = {"stair": "stairs", "entrance": "entrance", "balcony": "balcony"}
_SUMMARY_KEYS = {"stair_count": "stairs", "entrance_count": "entrance", "balcony_count": "balcony"}
_ZONES = (("living", 1), ("private", 2), ("service", 3), ("circulation", 3))
_FLOOR_WORDS: dict[str, Floor] = {"1F": "1F", "1": "1F", "1階": "1F", "2F": "2F", "2": "2F", "2階": "2F"}
_FLOOR_IN_NAME = re.compile(r"(?<![a-z0-9])([12])f(?![a-z0-9])")


RANDOM_STYLE = "random"  # of drawings in a style without a name


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the JSON beside an image says.

    Attributes:
        version: which kind of file it is.
        floor: the storey, "unknown" if neither the file nor its name says.
        elements: of `brief.ELEMENTS`, those that are there; always empty for v1.0.
        brief: what the storey is; None where W×H is not stated (v1.0).
        plan: the storey itself, only in our own files.
        house_id: which house it belongs to, None where it is not stated.
        grid_px: pixels per grid cell of `grid_mm` in the picture, None where not stated.
        grid_mm: what a grid cell is in millimetres; W×H in the file counts these cells.
        area_grids: what the file says of the area, in grid cells; None where not stated.
        element_count: how many elements are listed.
        style, seed: how and from what our own pictures were drawn; None in other files.
        warnings: what disagrees or was mended, one sentence each.
    """

    version: Version
    floor: Floor
    elements: frozenset[str] = frozenset()
    brief: Brief | None = None
    plan: Plan | None = None
    house_id: str | None = None
    grid_px: float | None = None
    grid_mm: float = MODULE_MM
    area_grids: int | None = None
    element_count: int = 0
    style: str | None = None
    seed: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def px_per_module(self) -> float | None:
        """Pixels per 910 mm in the picture, None where the file does not say."""
        return None if self.grid_px is None else self.grid_px * MODULE_MM / self.grid_mm


def floor_in_name(stem: str) -> Floor:
    """Find "1f" or "2f" as a word of a file name, else return "unknown"."""
    found = _FLOOR_IN_NAME.findall(unicodedata.normalize("NFKC", stem).lower().replace("_", " "))
    return cast(Floor, f"{found[-1]}F") if found else "unknown"


# --- reading ------------------------------------------------------------------------------


def read(path: Path) -> Sidecar:
    """Read the JSON beside an image. Does not look at the image.

    Raises:
        SidecarError: if the file cannot be read, is no JSON, is none of the three kinds, a
            value has the wrong type, or W×H is outside the limits.
    """
    data = _load(path)
    if "plan" in data:
        return _read_ours(data, path)
    if any(key in data for key in _V2_KEYS):
        return _read_v2(data, path)
    if not any(key in data for key in _V1_KEYS):
        raise SidecarError(
            f"{path.name} must hold at least grid_px, grid_mm and floor, got {', '.join(list(data)[:5]) or 'nothing'}",
            "is it the JSON of a floor plan? the guide shows one",
        )
    warnings: list[str] = []
    floor = _floor(data, path, warnings)
    grid_px, grid_mm = _scale(data, path, warnings)
    return Sidecar("v1.0", floor, house_id=_house_id(data), grid_px=grid_px, grid_mm=grid_mm, warnings=tuple(warnings))


def _load(path: Path) -> Mapping[str, Any]:
    def refuse(constant: str) -> None:
        raise SidecarError(f"{path.name} must hold numbers, got {constant}", "write the number that is meant")

    try:
        if path.stat().st_size > MAX_BYTES:
            raise SidecarError(f"{path.name} must be at most {MAX_BYTES} bytes, got {path.stat().st_size}")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SidecarError(f"{path.name} must be readable, got {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SidecarError(f"{path.name} must be UTF-8 text, got {error.reason}", "save it as UTF-8") from error
    try:
        data = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise SidecarError(
            f"{path.name} must be JSON, got an error in line {error.lineno}, column {error.colno}: {error.msg}",
            "mend that line, or export the file again",
        ) from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, SidecarError):
            raise
        raise SidecarError(f"{path.name} must be JSON of a floor plan, got {type(error).__name__}: {error}") from error
    if not isinstance(data, dict):
        raise SidecarError(f"{path.name} must hold a JSON object, got {type(data).__name__}")
    return data


def _read_ours(data: Mapping[str, Any], path: Path) -> Sidecar:
    warnings: list[str] = []
    grid_px, grid_mm = _scale(data, path, warnings)
    try:
        plan = plan_from_json(data["plan"])
        brief = brief_of(plan)
    except (PlanError, BriefError) as error:
        raise SidecarError(f"{path.name}: plan cannot be used: {error.message}", error.hint) from error
    size = _size(data, path, grid_mm, warnings)
    if size is not None and size != (brief.width_mm, brief.height_mm):
        warnings.append("layout_bounds disagrees with the plan; the plan is taken")
    seed, style = data.get("seed"), data.get("style")
    return Sidecar(
        "madorizu",
        brief.floor,
        brief.elements,
        brief,
        plan,
        _house_id(data),
        grid_px,
        grid_mm,
        _area(data, path),
        len(_listed(data, path, brief, warnings)),
        style if isinstance(style, str) else None,
        seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        tuple(warnings),
    )


def _read_v2(data: Mapping[str, Any], path: Path) -> Sidecar:
    warnings: list[str] = []
    floor = _floor(data, path, warnings)
    grid_px, grid_mm = _scale(data, path, warnings)
    size = _size(data, path, grid_mm, warnings)
    brief = None
    if size is not None:
        try:
            brief = Brief(floor, *size)
        except BriefError as error:
            raise SidecarError(
                f"{path.name}: layout_bounds must be a size that fits the canvas: {error.message}",
                "correct width_grids and height_grids",
            ) from error
    listed = _listed(data, path, brief, warnings)
    elements = frozenset(listed)
    if brief is not None:
        brief = Brief(floor, brief.width_mm, brief.height_mm, elements)
    return Sidecar(
        "v2.0",
        floor,
        elements,
        brief,
        None,
        _house_id(data),
        grid_px,
        grid_mm,
        _area(data, path),
        len(listed),
        warnings=tuple(warnings),
    )


def _floor(data: Mapping[str, Any], path: Path, warnings: list[str]) -> Floor:
    value = data.get("floor")
    if value is not None and not isinstance(value, (str, int)):
        raise SidecarError(f'{path.name}: floor must be "1F" or "2F", got {value!r}')
    found = _FLOOR_WORDS.get(unicodedata.normalize("NFKC", str(value)).strip().upper())
    named = floor_in_name(path.stem)
    if found is None:
        if value is not None:
            warnings.append(f'floor must be "1F" or "2F", got {value!r}; it is taken as {named}')
        elif named == "unknown":
            warnings.append("the floor is stated neither in the sidecar nor in the file's name")
        else:
            warnings.append(f"floor is missing; it is taken as {named} from the file's name")
        return named
    metadata = data.get("annotation_metadata")
    noted = metadata.get("floor_type") if isinstance(metadata, Mapping) else None
    for other, place in ((noted, "annotation_metadata.floor_type"), (named, "the file's name")):
        if other not in (None, "unknown", found) and _FLOOR_WORDS.get(str(other).upper()) != found:
            warnings.append(f"floor is {found} but {place} says {other}; {found} is taken")
    return found


def _scale(data: Mapping[str, Any], path: Path, warnings: list[str]) -> tuple[float | None, float]:
    grid_px = _number(data, "grid_px", path, 0.5, 10_000)
    grid_mm = _number(data, "grid_mm", path, 100, 10_000)
    if grid_px is None:
        warnings.append("grid_px is missing")
    if grid_mm is None:
        warnings.append(f"grid_mm is missing; {MODULE_MM} is taken")
    return grid_px, grid_mm or MODULE_MM


def _size(data: Mapping[str, Any], path: Path, grid_mm: float, warnings: list[str]) -> tuple[int, int] | None:
    """Return W×H in mm, rounded to the lattice, or None where nothing is said."""
    if "layout_bounds" not in data:
        warnings.append("layout_bounds is missing")
        return None
    given = data["layout_bounds"]
    if not isinstance(given, Mapping):
        raise SidecarError(f"{path.name}: layout_bounds must be an object, got {given!r}")
    sides = []
    for key in ("width_grids", "height_grids"):
        value = _number(given, key, path, 0, 1_000)
        if not value:
            raise SidecarError(
                f"{path.name}: {key} must be over 0, got {value!r}", "correct width_grids and height_grids"
            )
        side_mm = round(value * grid_mm / HALF_MM) * HALF_MM
        if abs(side_mm - value * grid_mm) > 1:
            warnings.append(f"{key} {value:g} is off the {HALF_MM} mm lattice; {side_mm / MODULE_MM:g} is taken")
        sides.append(side_mm)
    return sides[0], sides[1]


def _listed(data: Mapping[str, Any], path: Path, brief: Brief | None, warnings: list[str]) -> list[str]:
    """Return the elements by our names, one per entry of the file; walls are no elements."""
    counts = _summary(data, path)
    if "structural_elements" not in data:
        warnings.append("structural_elements is missing; the counts of element_summary are taken")
        return [name for name, count in counts.items() for _ in range(count)]
    given = data["structural_elements"]
    if not isinstance(given, list):
        raise SidecarError(f"{path.name}: structural_elements must be a list, got {type(given).__name__}")
    found = []
    outside = 0
    for i, element in enumerate(given):
        if not isinstance(element, Mapping) or not isinstance(element.get("type"), str):
            raise SidecarError(f"{path.name}: structural_elements[{i}] must be an object with a type, got {element!r}")
        outside += _is_outside(element, path, brief)
        if element["type"] in _ELEMENT_TYPES:
            found.append(_ELEMENT_TYPES[element["type"]])
        elif element["type"] != "structural_wall":
            warnings.append(f"structural_elements[{i}] is of unknown type {element['type']!r}; it is left out")
    if outside:
        warnings.append(f"{outside} of {len(given)} elements lie outside the bounds; their places are not used")
    actual = Counter(found)
    wrong = [f"{name} {count} but {actual[name]} listed" for name, count in counts.items() if count != actual[name]]
    if wrong:
        warnings.append(f"element_summary disagrees with structural_elements ({', '.join(wrong)}); the list is taken")
    return found


def _summary(data: Mapping[str, Any], path: Path) -> dict[str, int]:
    given = data.get("element_summary", {})
    if not isinstance(given, Mapping):
        raise SidecarError(f"{path.name}: element_summary must be an object, got {given!r}")
    counts = {name: _number(given, key, path, 0, 1_000) for key, name in _SUMMARY_KEYS.items()}
    return {name: int(count) for name, count in counts.items() if count is not None}


def _is_outside(element: Mapping[str, Any], path: Path, brief: Brief | None) -> bool:
    x, y, width, height = (
        _number(element, f"grid_{key}", path, -100_000, 100_000) or 0.0 for key in ("x", "y", "width", "height")
    )
    if brief is None:
        return False
    slack = 0.05  # places are written to one decimal
    return min(x, y) < -slack or x + width > brief.width + slack or y + height > brief.height + slack


def _area(data: Mapping[str, Any], path: Path) -> int | None:
    value = _number(data, "total_approximate_area", path, 0, 1_000_000)
    return None if value is None else round(value)


def _house_id(data: Mapping[str, Any]) -> str | None:
    value = data.get("house_id")
    return value.strip() or None if isinstance(value, str) else None


def _number(given: Mapping[str, Any], key: str, path: Path, low: float, high: float) -> float | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SidecarError(f"{path.name}: {key} must be a number, got {value!r}", "write it without quotes")
    if not low <= value <= high or math.isnan(value):
        raise SidecarError(f"{path.name}: {key} must be {low:g} to {high:g}, got {value!r}")
    return float(value)


# --- writing ------------------------------------------------------------------------------


def write(path: Path, plan: Plan, *, house: House, style: str, canvas: Canvas) -> None:
    """Write the JSON beside the picture of a plan, whole or not at all; `read` gets the plan back.

    The file depends on the arguments alone: it holds no time, no name of a machine.

    Args:
        path: where to; beside the PNG, with its stem.
        plan: the storey in the picture.
        house: the house it belongs to, for its id and seed.
        style: how the picture is drawn.
        canvas: how the plan lies in the picture.

    Raises:
        StorageError: if the file cannot be written.
        PlanError, BriefError: if the plan has no indoor room, or is too large for a canvas.
    """
    data = to_json(plan, house=house, style=style, canvas=canvas)
    files.atomic_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def to_json(plan: Plan, *, house: House, style: str, canvas: Canvas) -> dict[str, Any]:
    """Return what `write` writes: the keys of v2.0 first, then ours.

    All places are in modules from the outline's north-west corner, x to the east, y to
    the south; only "plan" counts half modules from the house's own origin.

    Raises:
        PlanError, BriefError: if the plan has no indoor room, or is too large for a canvas.
    """
    brief = brief_of(plan)
    left, top, width, height = outline(plan)
    zones = _zones(plan)
    elements = _elements(plan, brief)
    counts = Counter(element["type"] for element in elements)
    return {
        "grid_px": _plain(canvas.px_per_module),
        "grid_mm": MODULE_MM,
        "floor": brief.floor,
        "layout_bounds": {"width_grids": _plain(width / 2), "height_grids": _plain(height / 2)},
        "major_zones": zones,
        "structural_elements": elements,
        "total_approximate_area": sum(zone["approximate_grids"] for zone in zones),
        "element_summary": {
            "total_elements": len(elements),
            **{f"{kind}_count": counts[kind] for kind in _ELEMENT_TYPES},
        },
        "annotation_metadata": {
            "annotator_version": f"madorizu {__version__}",
            "annotation_time": _NO_TIME,
            "floor_type": brief.floor,
            "grid_resolution": f"{brief.width:g}x{brief.height:g}",
            "drawing_scale": "1:100",
        },
        "schema_version": SIDECAR_VERSION,
        "generator_version": __version__,
        "house_id": house.house_id,
        "seed": house.seed,
        "style": style,
        "canvas": {"size_px": canvas.size_px, "scale": canvas.scale, "left": canvas.left, "top": canvas.top},
        "north": "up",
        "entrance_side": entrance_side(plan),
        "rooms": [
            {
                "id": i,
                "type": room.kind,
                "label": room.name or (ROOMS[room.kind].ja if room.kind in ROOMS else ""),
                "rects": [_modules(rect, left, top) for rect in rects_of(room.cells)],
                "area_m2": round(room.area_m2, 2),
                "jo": room.jo,
            }
            for i, room in enumerate(plan.rooms)
        ],
        "openings": _openings(plan, left, top),
        "stairs": None
        if plan.stair is None
        else {
            "type": plan.stair.kind,
            "rect": _modules(plan.stair.rect, left, top),
            "rise": plan.stair.rise,
            "turn": plan.stair.turn,
        },
        "plan": plan_to_json(plan),
    }


def _zones(plan: Plan) -> list[dict[str, Any]]:
    cells: Counter[str] = Counter()
    for room in plan.rooms:
        cells[ROOMS[room.kind].zone if room.kind in ROOMS else "service"] += len(room.cells)
    return [
        {"type": zone, "approximate_grids": round(cells[zone] / 4), "priority": priority} for zone, priority in _ZONES
    ]


def _elements(plan: Plan, brief: Brief) -> list[dict[str, Any]]:
    """List stairs, entrance and balconies as v2.0 does.

    v2.0 wants every element inside the bounds, and its sizes may be left out. A balcony
    outside the outline is therefore given as the nearest point of the outline, without a
    size; its true rectangle is among the rooms.
    """
    left, top, width, height = outline(plan)
    boxes: list[tuple[str, Rect]] = []
    for kind, room_kind in (("stair", "stair"), ("entrance", "ent"), ("balcony", "balcony")):
        found = [bounds(room.cells) for room in plan.rooms if room.kind == room_kind]
        if kind == "stair" and plan.stair is not None:
            found = [plan.stair.rect]
        if kind == "entrance" and not found:
            found = [bounds(e.cells[0] for e in o.edges) for o in plan.openings if o.kind == "entrance"]
        boxes += [(kind, box) for box in found if _ELEMENT_TYPES[kind] in brief.elements]
    elements = []
    for i, (kind, (x, y, w, h)) in enumerate(boxes, start=1):
        x, y = x - left, y - top
        at_x, at_y = min(max(x, 0), width), min(max(y, 0), height)
        element = {"type": kind, "grid_x": at_x / 2, "grid_y": at_y / 2, "name": f"{kind}_{i}"}
        if (at_x, at_y) == (x, y) and x + w <= width and y + h <= height:
            element |= {"grid_width": w / 2, "grid_height": h / 2}
        elements.append(element)
    return elements


def _openings(plan: Plan, left: int, top: int) -> list[dict[str, Any]]:
    owner = plan.owners()
    found = []
    for opening in plan.openings:
        (x1, y1), (x2, y2) = opening.ends_mm
        first, second = sides_of(opening, owner)
        ends = (x1 - left * HALF_MM, y1 - top * HALF_MM, x2 - left * HALF_MM, y2 - top * HALF_MM)
        places = dict(zip(("x1", "y1", "x2", "y2"), (round(v / MODULE_MM, 3) for v in ends), strict=True))
        found.append(
            {"kind": opening.kind, **places, "width_mm": opening.width_mm, "sides": [first, second]},
        )
    return found


def _modules(rect: Rect, left: int, top: int) -> Sequence[float]:
    x, y, width, height = rect
    return [_plain(v / 2) for v in (x - left, y - top, width, height)]


def _plain(value: float) -> float:
    """Write whole numbers without ".0", as readers of v2.0 expect of counts."""
    return int(value) if value == int(value) else value
