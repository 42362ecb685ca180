"""The plan that a file of another format carries with it, so that reading it back gives the same plan.

JSON, packed and written in letters that no program changes. Beside it stands a digest of
what is drawn, by which a reader sees whether the drawing was changed since.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable

from madorizu.errors import PlanError
from madorizu.plan import House, Plan
from madorizu.plan_json import house_from_json, house_to_json, plan_from_json, plan_to_json

HEAD = "madorizu plan 1"  # of the record; the number is that of the way of packing
LINE = 240  # letters; DXF takes 255
MOST_BYTES = 20_000_000  # unpacked; the largest plan that `plan` reads is smaller


def data_of(item: Plan | House) -> dict[str, object]:
    """Return a plan or a house as JSON data."""
    return house_to_json(item) if isinstance(item, House) else plan_to_json(item)


def item_of(data: object) -> Plan | House:
    """Return the plan or the house of JSON data, whichever it is.

    Raises:
        PlanError: if it is neither.
    """
    return house_from_json(data) if isinstance(data, dict) and "plans" in data else plan_from_json(data)


def pack(item: Plan | House) -> list[str]:
    """Return lines of ASCII that hold a plan; `unpack` is the inverse."""
    text = json.dumps(data_of(item), ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    packed = base64.b64encode(zlib.compress(text.encode("ascii"), 9)).decode("ascii")
    return [packed[i : i + LINE] for i in range(0, len(packed), LINE)]


def unpack(lines: Iterable[str]) -> Plan | House:
    """Read what `pack` wrote.

    Raises:
        PlanError: if it is damaged.
    """
    try:
        worker = zlib.decompressobj()
        text = worker.decompress(base64.b64decode("".join(lines), validate=True), MOST_BYTES)
        if worker.unconsumed_tail or not worker.eof:
            raise ValueError("it is cut off or too large")
        data = json.loads(text)
    except (ValueError, zlib.error, RecursionError) as error:
        raise PlanError(f"plan in the file must be whole, got {error}", "export the plan again") from None
    return item_of(data)


def digest(parts: Iterable[tuple[object, ...]]) -> str:
    """Return the digest of what is drawn, whatever its order; lengths count to a tenth of a millimetre."""
    lines = sorted("\t".join(_told(value) for value in part) for part in parts)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _told(value: object) -> str:
    return f"{value + 0.0:.1f}".replace("-0.0", "0.0") if isinstance(value, float) else str(value)
