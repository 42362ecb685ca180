"""Our own JSON: what `madorizu.export.schema` describes."""

from __future__ import annotations

import json

from madorizu.export import carried
from madorizu.export.subject import Settings, Subject


def plan_json(subject: Subject, settings: Settings) -> bytes:
    """Write a plan or a house as JSON, which `plan_json.plan_from_json` and `house_from_json` read.

    What an unlawful plan breaks stands under "findings"; readers pass over it.

    Returns:
        UTF-8; equal inputs give equal bytes.
    """
    data = carried.data_of(subject.item)
    if subject.broken:
        japanese = settings.words == "ja"
        data["findings"] = [
            {"code": f.code, "floor": f.floor, "room": f.room, "message": f.message_ja if japanese else f.message}
            for f in subject.broken
        ]
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
