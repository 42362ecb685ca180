"""What of a wish a picture's reading shows, which rules it meets, and whether its rooms are closed.

Everything here is counted on a reading that lies on the lattice of half modules, so that a
place is right when it is drawn within a quarter module of where it belongs. A picture of
which nothing could be read has None in the place of a reading: it meets nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from madorizu import rules
from madorizu.brief import Brief, entrance_side, stair_place
from madorizu.catalogue import ROOMS
from madorizu.draft import Draft
from madorizu.plan import HALF_MM, Edge, Plan, border, indoor_cells, is_indoor, outline
from madorizu.vectorise.field import EDGE_CLASSES

# The rules that a picture of one storey can show: what stands where, not how high a sill is.
SHOWN_RULES = ("H02", "H03", "H04", "H05", "H06", "H07", "H08", "H11", "H12", "H13")
LEAST_SHARE = 0.5  # of a kind's least area: a smaller piece is a scrap of the reading, not a room
DRAWN = 0.5  # a wall is there from this probability on
_NONE = EDGE_CLASSES.index("none")


def as_asked(plan: Plan | None, brief: Brief) -> dict[str, bool]:
    """Say wish by wish whether a storey is what its brief asks.

    Stairs, entrance, balcony and tatami room must be there where they are named, and absent
    where they are not: that is how captions of data sets are meant, and a picture that
    shows everything at once meets no such wish by luck.

    Args:
        plan: what was read; None for a picture of which nothing could be read.
        brief: of a storey, 1F or 2F.

    Returns:
        By name: "size", "floor", "stairs", "entrance", "balcony", "tatami" always; "side",
        "bedrooms", "rooms" (all that are named) and "stair_place" where the brief speaks of them.
    """
    asked: dict[str, bool] = dict.fromkeys(("size", "floor", "stairs", "entrance", "balcony", "tatami"), False)
    asked |= dict.fromkeys(_stated(brief), False)
    if plan is None or not indoor_cells(plan):
        return asked
    kinds = kinds_shown(plan)
    _, _, width, height = outline(plan)
    asked["size"] = (width * HALF_MM, height * HALF_MM) == (brief.width_mm, brief.height_mm)
    asked["floor"] = floor_shown(plan) == brief.floor
    for name, kind in (("stairs", "stair"), ("entrance", "ent"), ("balcony", "balcony")):
        asked[name] = (kinds[kind] > 0) == (name in brief.elements)
    asked["tatami"] = (kinds["wa"] > 0) == ("wa" in brief.features)
    found: Mapping[str, bool] = {
        "side": entrance_side(plan) == brief.entrance_side,
        "bedrooms": kinds["bed"] + kinds["mbr"] == brief.bedrooms,
        "rooms": all(kinds[kind] > 0 for kind in brief.features),
        "stair_place": stair_place(plan) == brief.stair_place,
    }
    return asked | {name: found[name] for name in _stated(brief)}


def _stated(brief: Brief) -> tuple[str, ...]:
    stated = {
        "side": brief.entrance_side is not None,
        "bedrooms": brief.bedrooms is not None,
        "rooms": bool(brief.features),
        "stair_place": brief.stair_place is not None,
    }
    return tuple(name for name, said in stated.items() if said)


def kinds_shown(plan: Plan) -> Counter[str]:
    """Count a reading's rooms by kind, without scraps."""
    return Counter(r.kind for r in plan.rooms if len(r.cells) >= LEAST_SHARE * ROOMS[r.kind].min_cells)


def floor_shown(plan: Plan) -> Literal["1F", "2F"] | None:
    """Say which storey a picture shows: an entrance makes it 1F, a stair or balcony without one 2F.

    None where there is neither, or an entrance beside a balcony: nobody could tell.
    """
    kinds = kinds_shown(plan)
    entrance = kinds["ent"] > 0 or any(o.kind == "entrance" for o in plan.openings)
    if entrance:
        return None if kinds["balcony"] else "1F"
    return "2F" if kinds["stair"] or kinds["balcony"] else None


def broken_rules(plan: Plan | None) -> tuple[str, ...]:
    """Return the rules of `SHOWN_RULES` that a storey breaks, in their order; all where nothing was read."""
    if plan is None:
        return SHOWN_RULES
    found = {finding.code for finding in rules.check(plan)}
    return tuple(code for code in SHOWN_RULES if code in found)


def closed_share(draft: Draft | None) -> float:
    """Return the share of the rooms that are walled in all around, 0 where none was read.

    Along every half module of a room's border, outdoors too, there must be a wall, a railing
    or an opening: the reader may part two rooms by their looks alone, but where it sees no line
    the room is open.
    """
    if draft is None or not draft.plan.rooms:
        return 0.0
    return sum(all(_is_drawn(draft, e) for e in border(r.cells)) for r in draft.plan.rooms) / len(draft.plan.rooms)


def _is_drawn(draft: Draft, edge: Edge) -> bool:
    return float(1 - draft.evidence.edge(edge)[_NONE]) >= DRAWN


def hosted_share(plan: Plan | None) -> float:
    """Return the share of doors and windows that lie in a wall; 0 where nothing or none was read.

    One lies in a wall when the same two sides, of which at least one is indoors, are parted all
    along it.
    """
    if plan is None or not plan.openings:
        return 0.0
    owner = plan.owners()
    hosted = 0
    for opening in plan.openings:
        pairs = {tuple(owner.get(cell) for cell in edge.cells) for edge in opening.edges}
        first, second = next(iter(pairs))
        inside = any(i is not None and is_indoor(plan.rooms[i].kind) for i in (first, second))
        hosted += len(pairs) == 1 and first != second and inside
    return hosted / len(plan.openings)
