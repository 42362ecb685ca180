"""Briefs over the whole grammar, for tests by hypothesis, and the longest ones."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from madorizu.brief import ELEMENTS, FEATURES, PLACE_WORDS, Brief, Floor
from madorizu.plan import HALF_MM, SIDES, Side


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """Draw any brief that is well-formed, whether a house can meet it or not."""
    side_mm = st.integers(4, 60).map(lambda halves: halves * HALF_MM)
    floor: Floor = draw(st.sampled_from(("1F", "2F", "both", "unknown")))
    elements = draw(st.frozensets(st.sampled_from(ELEMENTS)))
    features = draw(st.frozensets(st.sampled_from(tuple(FEATURES))))
    bedrooms = draw(st.none() | st.integers(0, 9))
    named = (bedrooms or 0) + ("wa" in features)
    counted = (floor == "both" or (floor == "1F" and "stairs" not in elements)) and named <= 9
    return Brief(
        floor,
        draw(side_mm),
        draw(side_mm),
        elements,
        draw(st.none() | st.sampled_from(SIDES)) if "entrance" in elements else None,
        bedrooms,
        features,
        draw(st.none() | st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)),
        draw(st.none() | st.tuples(side_mm, side_mm)) if floor == "both" else None,
        draw(st.none() | st.integers(max(1, named), 9)) if counted else None,
        draw(st.none() | st.sampled_from(tuple(PLACE_WORDS))) if "stairs" in elements else None,
    )


def longest(floor: Floor, style: str | None) -> Brief:
    """Return a brief that says all that can be said of a storey, or of a house, in the longest words."""
    side: Side = "n"
    large_mm = 59 * HALF_MM  # 29.5: two more tokens than a whole number, and a scale
    brief = Brief(floor, large_mm, large_mm, frozenset(ELEMENTS), side, 7, frozenset(FEATURES), style, stair_place="nw")
    return replace(brief, upper_mm=(large_mm, large_mm), nldk=9) if floor == "both" else brief


def longest_of_one_storey(style: str | None) -> Brief:
    """Return the longest brief of a house of one storey, which has nLDK and no stairs."""
    large_mm = 59 * HALF_MM
    named = frozenset({"entrance", "balcony"})
    return Brief("1F", large_mm, large_mm, named, "n", 7, frozenset(FEATURES), style, nldk=9)
