"""Plans read back from the files that `export` writes: our JSON, and our DXF."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from madorizu import sidecar
from madorizu.errors import PlanError
from madorizu.export import carried
from madorizu.plan import House, Plan

MOST_BYTES = 64_000_000  # of a file; ours have some hundred thousand
FOREIGN = "only a DXF that madorizu wrote carries a plan; draw the plan as a picture and use madorizu trace"


def read(path: Path | str, *, changed: bool = False) -> Plan | House:
    """Read a plan or a house from a file of ours, whichever it holds.

    Args:
        path: JSON of a plan, of a house or beside an image, or a DXF R2010; told apart by what is in it.
        changed: take the plan that a DXF carries even if its drawing was changed since; the
            changes are not in it.

    Returns:
        What was exported, equal to it.

    Raises:
        PlanError: if the file cannot be read, is too large, is not ours, is damaged, or its
            drawing was changed.
        SidecarError: if it is the JSON beside an image, and cannot be used.
    """
    file = Path(path)
    try:
        with open(file, "rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise PlanError(f"{file} must be a file that can be read, got {error.strerror or error}") from None
    if len(data) > MOST_BYTES:
        raise PlanError(f"{file} must have at most {MOST_BYTES} bytes, got more")
    try:
        is_json = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
        return _from_json(data, file) if is_json else _from_dxf(data, changed=changed)
    except PlanError as error:
        raise PlanError(f"{file}: {error.message}", error.hint) from None


def _from_json(data: bytes, path: Path) -> Plan | House:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PlanError(f"file must be JSON that can be read, got {error}") from None
    if isinstance(found, dict) and "plans" not in found and ("rooms" not in found or "plan" in found):
        beside = sidecar.read(path).plan
        if beside is None:
            raise PlanError("JSON must hold a plan, got a sidecar without one", "only sidecars of madorizu hold plans")
        return beside
    return carried.item_of(found)


def _from_dxf(data: bytes, *, changed: bool) -> Plan | House:
    import ezdxf  # half a second, which readers of JSON need not wait

    from madorizu.export import cad

    try:
        # Ours are UTF-8; what others wrote need only be read as far as to see that it is another's.
        doc = ezdxf.read(io.StringIO(data.decode("utf-8", "replace"), newline=None))
    except (
        ezdxf.DXFError,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        TypeError,
        RecursionError,
    ) as error:
        raise PlanError(f"file must be JSON or DXF, got {str(error)[:200] or type(error).__name__}", FOREIGN) from None
    lines = list(_record(doc))
    if len(lines) < 3 or lines[0] != carried.HEAD:
        raise PlanError("DXF must carry a plan, got one without", FOREIGN)
    item = carried.unpack(lines[2:])
    if not changed and lines[1] != carried.digest(cad.drawn(doc)):
        raise PlanError(
            "DXF must be as it was exported, got one that was changed since",
            "what was changed cannot be read; to have the plan as it was exported, ask for it (changed=True)",
        )
    return item


def _record(doc: Any) -> Iterator[str]:
    """Yield the texts of our record, if there is one."""
    from madorizu.export import cad

    record = doc.rootdict.get(cad.RECORD)
    for tag in getattr(record, "tags", ()):
        if tag.code == 1:
            yield str(tag.value)
