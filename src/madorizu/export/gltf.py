"""glTF 2.0 in one binary file (.glb): the house for a look in three dimensions.

Written by hand, as the format is: a JSON text, and behind it the numbers that it points to.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from madorizu.draw.floors import room_shape
from madorizu.draw.style import style_named
from madorizu.export.mesh import Mesh, mesh_of, mesh_of_walls, stuffs
from madorizu.export.solids import COLOURS, Prism, Storey, corner_mm, notice_frame, storeys
from madorizu.export.subject import Settings, Subject
from madorizu.export.words import drawing_title, room_name, size_of
from madorizu.plan import is_indoor

Json = dict[str, Any]
FINISH_MM = 8  # a room's floor upon the slab, in its own colour
_FLOORS = {"wa": "tatami", "bath": "wet", "wash": "wet", "wc": "wet", "laundry": "wet", "ent": "stone", "sic": "stone"}


def gltf(subject: Subject, settings: Settings) -> bytes:
    """Write the house as a binary glTF 2.0 file in metres, y up, z to the south.

    Nodes are named: one per storey, in it walls (openings are cut), floor, each room's floor with
    its name and area, each door, window and fixture, and the stair. There is no roof, so that one
    looks in. Walls are as thick as the style says. A red frame lies around an unlawful house.

    Returns:
        A .glb file; equal inputs give equal bytes.
    """
    file = _File(*corner_mm(subject.plans))
    style = style_named(settings.style)
    built = storeys(subject.plans, style)
    children = [_storey(file, storey, settings) for storey in built]
    told: Json = {"unit": "m", "up": "y", "north": "-z"}
    name = drawing_title(subject, settings.words)
    if subject.broken:
        told |= {"warning": subject.notice(settings.words), "broken_rules": list(subject.codes)}
        name = f"{name} - {subject.notice(settings.words)}"
        frame = mesh_of([notice_frame(subject.plans, style)])
        children += file.part(subject.notice(settings.words), {"notice": frame})
    root = file.node(name, children=children, extras=told)
    return file.written(root, name, told)


# --- nodes --------------------------------------------------------------------------------


def _storey(file: _File, storey: Storey, settings: Settings) -> int:
    tag, floor = f"{storey.plan.floor}F", storey.floor_mm
    kids = [
        *file.part(f"{tag} outer walls", {"outer": mesh_of_walls(storey, "outer")}),
        *file.part(f"{tag} inner walls", {"inner": mesh_of_walls(storey, "inner")}),
        *_prisms(file, f"{tag} slab", storey.slabs, floor),
        *_prisms(file, f"{tag} parapets", storey.parapets, floor),
        *_prisms(file, f"{tag} stair", storey.steps, floor),
        *_rooms(file, storey, settings),
        *_openings(file, storey),
    ]
    for index, (fixture, parts) in enumerate(zip(storey.plan.fixtures, storey.fixtures, strict=True), start=1):
        kids += _prisms(file, f"{tag} fixture {index}: {fixture.kind}", parts, floor, {"kind": fixture.kind})
    return file.node(tag, children=kids, extras={"floor": storey.plan.floor})


def _rooms(file: _File, storey: Storey, settings: Settings) -> Iterator[int]:
    slabs = storey.slabs
    for index, room in enumerate(storey.plan.rooms):
        shape = room_shape(room)
        told = {"kind": room.kind, "name": room_name(room, settings.words)}
        told_sizes = {"area_m2": round(room.area_m2, 4), "jo": room.jo, "tsubo": size_of(room).tsubo}
        name = f"{storey.plan.floor}F room {index + 1}: {told['name']}"
        if is_indoor(room.kind):
            stuff = _FLOORS.get(room.kind, "wood")
            parts = [shape.intersection(slab.shape) for slab in slabs]
            finish = [Prism(part, 0.0, float(FINISH_MM), "slab") for part in parts if part.area > 0]
            mesh = {stuff: mesh_of(finish, storey.floor_mm)}
        else:
            mesh = {"outdoor": mesh_of((prism for at, prism in storey.outdoors if at == index), storey.floor_mm)}
        yield from file.part(name, mesh, {**told, **told_sizes})


def _openings(file: _File, storey: Storey) -> Iterator[int]:
    for hole in storey.holes:
        opening = hole.opening
        name = f"{storey.plan.floor}F opening {hole.index + 1}: {opening.kind}"
        told = {"kind": opening.kind, "width_mm": opening.width_mm}
        told |= {"sill_mm": opening.sill_mm, "head_mm": opening.head_mm}
        yield from _prisms(file, name, hole.parts, storey.floor_mm, told)


def _prisms(file: _File, name: str, prisms: Iterable[Prism], floor_mm: float, extras: Json | None = None) -> list[int]:
    meshes = {str(stuff): mesh_of(of_stuff, floor_mm) for stuff, of_stuff in stuffs(prisms).items()}
    return file.part(name, meshes, extras)


# --- the file -----------------------------------------------------------------------------


@dataclass(slots=True)
class _File:
    """A file that is being written; `west_mm`, `south_mm` is where its origin lies on the lattice."""

    west_mm: int
    south_mm: int
    nodes: list[Json] = field(default_factory=list)
    meshes: list[Json] = field(default_factory=list)
    materials: dict[str, int] = field(default_factory=dict)
    points: list[np.ndarray[Any, Any]] = field(default_factory=list)
    normals: list[np.ndarray[Any, Any]] = field(default_factory=list)
    counts: list[tuple[int, list[float], list[float]]] = field(default_factory=list)

    def node(self, name: str, **given: Any) -> int:
        """Add a node and return its index."""
        self.nodes.append({"name": name, **{key: value for key, value in given.items() if value not in (None, [])}})
        return len(self.nodes) - 1

    def part(self, name: str, meshes: dict[str, Mesh], extras: Json | None = None) -> list[int]:
        """Add a node with a mesh in several materials; none where there is nothing to see."""
        found = [
            {"attributes": {"POSITION": 2 * at, "NORMAL": 2 * at + 1}, "material": self._material(stuff)}
            for stuff, mesh in meshes.items()
            if len(mesh.points)
            for at in [self._numbers(mesh)]
        ]
        if not found:
            return []
        self.meshes.append({"name": name, "primitives": found})
        return [self.node(name, mesh=len(self.meshes) - 1, extras=extras)]

    def _material(self, stuff: str) -> int:
        return self.materials.setdefault(stuff, len(self.materials))

    def _numbers(self, mesh: Mesh) -> int:
        moved = (mesh.points - (self.west_mm, 0.0, self.south_mm)) / 1000
        points = np.round(moved, 5).astype("<f4")
        self.points.append(points)
        self.normals.append((np.round(mesh.normals, 5) + 0.0).astype("<f4"))
        self.counts.append((len(points), points.min(axis=0).tolist(), points.max(axis=0).tolist()))
        return len(self.counts) - 1

    def written(self, root: int, name: str, told: Json) -> bytes:
        """Return the file."""
        points = np.concatenate(self.points).tobytes()
        data = points + np.concatenate(self.normals).tobytes()
        accessors, start = [], 0
        for count, least, most in self.counts:
            form = {"byteOffset": start, "componentType": 5126, "count": count, "type": "VEC3"}
            accessors += [{"bufferView": 0, **form, "min": least, "max": most}, {"bufferView": 1, **form}]
            start += count * 12
        views = [
            {"buffer": 0, "byteOffset": at, "byteLength": len(points), "byteStride": 12, "target": 34962}
            for at in (0, len(points))
        ]
        head = {
            "asset": {"version": "2.0", "generator": "madorizu", "extras": told},
            "scene": 0,
            "scenes": [{"name": name, "nodes": [root]}],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "materials": [_material_of(stuff) for stuff in self.materials],
            "accessors": accessors,
            "bufferViews": views,
            "buffers": [{"byteLength": len(data)}],
        }
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _material_of(stuff: str) -> Json:
    colour, alpha = COLOURS[stuff]
    parts = [_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5)]
    made: Json = {
        "name": stuff,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*parts, alpha],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.1 if alpha < 1 else 0.9,
        },
    }
    return made | {"alphaMode": "BLEND"} if alpha < 1 else made


def _linear(value: float) -> float:
    """Turn sRGB into the linear light that glTF counts."""
    return round(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4, 5)
