"""What of a wish is met, which rules are, and whether rooms are closed: on a house drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import drawing
from madorizu import canvas, draw
from madorizu.brief import Brief, brief_of
from madorizu.draft import Draft
from madorizu.legalise.drafts import draft_of
from madorizu.metrics import storey
from madorizu.plan import Edge, Plan, Room, cells_in, outline
from madorizu.vectorise import trace
from madorizu.vectorise.field import EDGE_CLASSES

GROUND, UPPER = drawing.ground_floor_8x7(), drawing.upper_floor_8x7()


@pytest.mark.parametrize("plan", [GROUND, UPPER])
def test_a_plan_meets_its_own_brief(plan: Plan) -> None:
    """Every wish that is stated is met; a 2F says nothing of an entrance's side."""
    met = storey.as_asked(plan, brief_of(plan))
    assert all(met.values())
    assert ("side" in met) == (plan.floor == 1)
    assert {"size", "floor", "stairs", "entrance", "balcony", "tatami", "bedrooms", "rooms", "stair_place"} <= set(met)


def test_each_wish_that_is_not_met_is_told_alone() -> None:
    """Half a module more, another side, one bedroom more, ...: one answer turns."""
    brief = brief_of(GROUND)
    for key, other in {
        "size": replace(brief, width_mm=brief.width_mm + 455),
        "floor": replace(brief, floor="2F"),
        "balcony": replace(brief, elements=brief.elements | {"balcony"}),
        "stairs": replace(brief, elements=brief.elements - {"stairs"}, stair_place=None),
        "side": replace(brief, entrance_side="n"),
        "bedrooms": replace(brief, bedrooms=1),
        "stair_place": replace(brief, stair_place="sw"),
        "rooms": replace(brief, features=brief.features | {"pantry"}),
    }.items():
        assert [name for name, met in storey.as_asked(GROUND, other).items() if not met] == [key]
    tatami = storey.as_asked(GROUND, replace(brief, features=brief.features | {"wa"}))
    assert [name for name, met in tatami.items() if not met] == ["tatami", "rooms"]


def test_nothing_read_meets_nothing() -> None:
    """Not even that what was not asked for is absent."""
    brief = Brief("1F", 7280, 6370)
    for plan in (None, Plan(1, ()), Plan(1, (Room("balcony", cells_in((0, 0, 8, 2))),))):
        assert storey.as_asked(plan, brief) == dict.fromkeys(
            ("size", "floor", "stairs", "entrance", "balcony", "tatami"), False
        )


def test_scraps_are_no_rooms() -> None:
    """A tatami room of 15 cells is less than half of the least one of 32; one of 16 counts."""
    scrap = Plan(1, (Room("wa", cells_in((0, 0, 5, 3))), Room("ldk", cells_in((5, 0, 8, 8)))))
    assert storey.kinds_shown(scrap) == {"ldk": 1}
    assert storey.kinds_shown(Plan(1, (Room("wa", cells_in((0, 0, 4, 4))),))) == {"wa": 1}


def test_which_storey_a_picture_shows() -> None:
    """An entrance tells 1F, a stair or balcony without one 2F; both at once, or nothing, tell nothing."""
    assert storey.floor_shown(GROUND) == "1F"
    assert storey.floor_shown(UPPER) == "2F"
    balcony = Room("balcony", cells_in((0, 30, 8, 2)))
    assert storey.floor_shown(replace(GROUND, rooms=(*GROUND.rooms, balcony))) is None
    assert storey.floor_shown(Plan(1, (Room("bed", cells_in((0, 0, 8, 8))),))) is None


def test_lawful_storeys_break_no_rule_and_nothing_breaks_all() -> None:
    """A house drawn by hand; with a store instead of its entrance; none."""
    assert storey.broken_rules(GROUND) == storey.broken_rules(UPPER) == ()
    assert storey.broken_rules(None) == storey.SHOWN_RULES
    shut = replace(GROUND, openings=GROUND.openings[1:])
    assert "H04" in storey.broken_rules(shut)


def test_rooms_are_closed_until_a_wall_is_missing() -> None:
    """Without the half module of wall between LDK and hall both of these rooms are open, 2 of 11."""
    draft = draft_of(GROUND)
    assert storey.closed_share(draft) == 1.0
    edge = Edge("v", 10, 9)
    assert storey.closed_share(_without(draft, edge)) == pytest.approx(1 - 2 / len(GROUND.rooms))
    assert storey.closed_share(None) == 0.0


def _without(draft: Draft, edge: Edge) -> Draft:
    """Let the reader see nothing on an edge."""
    edges = draft.evidence.edges.copy()
    axis = 0 if edge.axis == "h" else 1
    edges[axis, :, edge.y - draft.evidence.top, edge.x - draft.evidence.left] = 0
    edges[axis, EDGE_CLASSES.index("none"), edge.y - draft.evidence.top, edge.x - draft.evidence.left] = 1
    return replace(draft, evidence=replace(draft.evidence, edges=edges))


def test_a_wall_rubbed_out_of_a_picture_opens_rooms() -> None:
    """Read from pixels: the drawing is closed; without two modules of the LDK's wall it is not."""
    place = canvas.fit_outline(outline(GROUND))
    pixels = draw.raster(GROUND, "cad", canvas=place)
    assert storey.closed_share(trace(pixels, floor=1, canvas=place)) == 1.0
    x, y = place.to_px(10 * 455, 9 * 455)
    rubbed = np.array(pixels)
    rubbed[round(y) + 3 : round(y) + 67, round(x) - 12 : round(x) + 12] = 255
    assert storey.closed_share(trace(rubbed, floor=1, canvas=place)) < 1.0


def test_doors_lie_in_walls() -> None:
    """All of a lawful plan; one across the middle of a room does not; no door at all counts as none in a wall."""
    assert storey.hosted_share(GROUND) == 1.0
    floating = drawing.door("hinged", "h", 2, 10)
    count = len(GROUND.openings)
    assert storey.hosted_share(drawing.with_openings(GROUND, floating)) == pytest.approx(count / (count + 1))
    across = drawing.door("hinged", "v", 10, 5)  # partly between WC and hall, partly between LDK and hall
    assert storey.hosted_share(replace(GROUND, openings=(across,))) == 0.0
    assert storey.hosted_share(replace(GROUND, openings=())) == storey.hosted_share(None) == 0.0
