"""SVG: a group per storey and layer, exact coordinates in millimetres of the building, rooms that can be picked."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from madorizu.draw.floors import room_shape
from madorizu.draw.style import style_named
from madorizu.draw.svg import NAMESPACE, document
from madorizu.draw.walls import rings
from madorizu.export.placing import Storey, box_of_marks, notice_marks, side_by_side, storeys, with_margin
from madorizu.export.subject import Settings, Subject
from madorizu.export.words import drawing_title, room_name


@dataclass(frozen=True, slots=True)
class _Millimetres:
    """User units are millimetres of the building."""

    @property
    def mm_per_px(self) -> float:
        return 1.0

    def to_px(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        return x_mm, y_mm


def svg(subject: Subject, settings: Settings) -> bytes:
    """Write all storeys side by side as one SVG document that prints at the scale asked for.

    A user unit is a millimetre of the building; nothing is moved onto pixels. `storeyN` is the
    group of a storey with `data-floor`, `storeyN-LAYER` that of a layer, `storeyN-roomM` the
    unpainted shape of a room with `data-kind` and `data-area-m2`, `notice` the mark of an
    unlawful plan. There are no scripts, no outer references and no fonts: words are set in the
    first of the named Japanese fonts that the viewer has.

    Returns:
        UTF-8; equal inputs give equal bytes.
    """
    placed = side_by_side(storeys(subject, settings))
    marks = [mark for storey in placed for mark in storey.marks]
    notice = notice_marks(subject, settings, box_of_marks(marks))
    x0, y0, x1, y1 = with_margin(box_of_marks([*marks, *notice]), settings)
    left, top, right, bottom = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
    view = (left, top, right - left, bottom - top)
    root = _plain(
        document((), style_named(settings.style).paper, _Millimetres(), view, paper_mm=_paper(view, settings))
    )
    root.insert(0, _worded("title", drawing_title(subject, settings.words)))
    if notice:
        root.insert(1, _worded("desc", subject.notice(settings.words)))
    for number, storey in enumerate(placed, start=1):
        root.append(_storey(storey, number, view, settings))
    for group in _plain(document(notice, "#ffffff", _Millimetres(), view, hinted=False)).findall("g"):
        group.set("id", "notice")
        root.append(group)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode").encode("utf-8")


def _paper(view: tuple[int, int, int, int], settings: Settings) -> tuple[float, float]:
    return view[2] / settings.scale, view[3] / settings.scale


def _plain(text: str) -> ET.Element:
    """Read a document of ours back, with its names as they are written."""
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    root.set("xmlns", NAMESPACE)
    return root


def _worded(tag: str, words: str) -> ET.Element:
    element = ET.Element(tag)
    element.text = words
    return element


def _storey(storey: Storey, number: int, view: tuple[int, int, int, int], settings: Settings) -> ET.Element:
    name = f"storey{number}"
    group = ET.Element("g", {"id": name, "data-floor": str(storey.plan.floor)})
    paper = style_named(settings.style).paper
    for layer in _plain(document(storey.marks, paper, _Millimetres(), view, hinted=False)).findall("g"):
        layer.set("id", f"{name}-{layer.get('class')}")
        group.append(layer)
    rooms = ET.SubElement(group, "g", {"id": f"{name}-rooms", "fill": "none", "pointer-events": "all"})
    for index, room in enumerate(storey.plan.rooms, start=1):
        paths = (
            "L".join(f"{x + storey.dx_mm:g} {y + storey.dy_mm:g}" for x, y in ring) for ring in rings(room_shape(room))
        )
        given = {
            "id": f"{name}-room{index}",
            "data-kind": room.kind,
            "data-area-m2": f"{room.area_m2:.2f}",
            "fill-rule": "evenodd",
            "d": "".join(f"M{path}Z" for path in paths),
        }
        ET.SubElement(rooms, "path", given).append(_worded("title", room_name(room, settings.words)))
    return group
