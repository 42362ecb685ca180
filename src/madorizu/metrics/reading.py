"""How well a storey was read from a picture, beside what was drawn.

Walls are compared edge by edge, rooms by their cells, openings by the wall they lie in. Both
plans must lie on one lattice.

References:
    Precision, recall and F1 of wall-graph edges as in Hu et al., "Raster-to-Graph", CGF 2024;
    there an edge may be off by some pixels, here by nothing: on a lattice of half modules the
    next place is off by a half module already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from madorizu.plan import DOOR_KINDS, WINDOW_KINDS, Opening, Plan, indoor_cells, outline, walls

DOORS = DOOR_KINDS - WINDOW_KINDS - {"open"}
SAME_ROOM_IOU = 0.5  # a room counts as found from this overlap on
SAME_OPENING = 0.5  # an opening counts as found when it covers so much of the drawn one


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one or many readings; add them with `total`.

    Attributes:
        plans: readings counted.
        edges_right, edges_read, edges_drawn: wall edges.
        rooms_drawn: rooms; `iou` is the sum of each one's overlap with the room read there.
        kinds_right: rooms found and of the right kind.
        doors_right, doors_read, doors_drawn: doors, without open sides and french windows.
        door_kinds_right: of the right kind, among `doors_right`; `swings_right` of those that
            also hang and open as drawn.
        windows_right, windows_read, windows_drawn: windows and french windows.
        stairs_right, stairs_drawn: stairs with the right place, form, rise and turn.
        outlines_right: readings whose W×H and place are those drawn.
    """

    plans: int = 0
    edges_right: int = 0
    edges_read: int = 0
    edges_drawn: int = 0
    rooms_drawn: int = 0
    iou: float = 0.0
    kinds_right: int = 0
    doors_right: int = 0
    doors_read: int = 0
    doors_drawn: int = 0
    door_kinds_right: int = 0
    swings_right: int = 0
    windows_right: int = 0
    windows_read: int = 0
    windows_drawn: int = 0
    stairs_right: int = 0
    stairs_drawn: int = 0
    outlines_right: int = 0

    @property
    def edge_f1(self) -> float:
        """Harmonic mean of precision and recall of the wall edges, 0 to 1."""
        return 2 * self.edges_right / max(1, self.edges_read + self.edges_drawn)

    @property
    def mean_iou(self) -> float:
        """Mean overlap of the drawn rooms with those read, 0 to 1."""
        return self.iou / max(1, self.rooms_drawn)

    @property
    def kind_share(self) -> float:
        """Share of the drawn rooms that were found with the right kind, 0 to 1."""
        return self.kinds_right / max(1, self.rooms_drawn)


def total(scores: Iterable[Score]) -> Score:
    """Add up scores."""
    found = list(scores)
    return Score(*(sum(getattr(score, f.name) for score in found) for f in fields(Score)))


def compare(read: Plan, drawn: Plan) -> Score:
    """Count what of a drawn plan was read, and how much too much.

    Args:
        read, drawn: plans on the same lattice; `read` may be empty.
    """
    read_edges, drawn_edges = set(walls(read)), set(walls(drawn))
    iou, kinds = _rooms(read, drawn)
    doors = _matched(read, drawn, DOORS)
    windows = _matched(read, drawn, WINDOW_KINDS)
    same = [(a, b) for a, b in doors if a.kind == b.kind]
    return Score(
        plans=1,
        edges_right=len(read_edges & drawn_edges),
        edges_read=len(read_edges),
        edges_drawn=len(drawn_edges),
        rooms_drawn=len(drawn.rooms),
        iou=iou,
        kinds_right=kinds,
        doors_right=len(doors),
        doors_read=_count(read, DOORS),
        doors_drawn=_count(drawn, DOORS),
        door_kinds_right=len(same),
        swings_right=sum((a.hinge, a.side) == (b.hinge, b.side) for a, b in same),
        windows_right=len(windows),
        windows_read=_count(read, WINDOW_KINDS),
        windows_drawn=_count(drawn, WINDOW_KINDS),
        stairs_right=int(drawn.stair is not None and read.stair == drawn.stair),
        stairs_drawn=int(drawn.stair is not None),
        outlines_right=int(_indoor_box(read) == _indoor_box(drawn)),
    )


def _indoor_box(plan: Plan) -> tuple[int, int, int, int] | None:
    return outline(plan) if indoor_cells(plan) else None


def _rooms(read: Plan, drawn: Plan) -> tuple[float, int]:
    """Give each drawn room the read one that overlaps it most, each read one at most once."""
    pairs = []
    for i, room in enumerate(drawn.rooms):
        for j, other in enumerate(read.rooms):
            shared = len(room.cells & other.cells)
            if shared:
                pairs.append((shared / len(room.cells | other.cells), i, j))
    taken: set[tuple[str, int]] = set()
    iou, kinds = 0.0, 0
    for share, i, j in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if ("drawn", i) in taken or ("read", j) in taken:
            continue
        taken |= {("drawn", i), ("read", j)}
        iou += share
        kinds += share >= SAME_ROOM_IOU and drawn.rooms[i].kind == read.rooms[j].kind
    return iou, kinds


def _count(plan: Plan, kinds: frozenset[str]) -> int:
    return sum(opening.kind in kinds for opening in plan.openings)


def _matched(read: Plan, drawn: Plan, kinds: frozenset[str]) -> list[tuple[Opening, Opening]]:
    """Pair openings of some kinds that lie in the same wall, (read, drawn), each at most once."""
    pairs = []
    for i, opening in enumerate(drawn.openings):
        if opening.kind not in kinds:
            continue
        own = set(opening.edges)
        for j, other in enumerate(read.openings):
            if other.kind in kinds and (shared := len(own & set(other.edges))):
                pairs.append((shared / max(len(own), other.span), i, j))
    found: list[tuple[Opening, Opening]] = []
    taken: set[tuple[str, int]] = set()
    for share, i, j in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if share >= SAME_OPENING and not {("drawn", i), ("read", j)} & taken:
            taken |= {("drawn", i), ("read", j)}
            found.append((read.openings[j], drawn.openings[i]))
    return found
