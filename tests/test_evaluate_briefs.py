"""The fixed briefs: what is listed, and how the list was drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from madorizu.brief import caption
from madorizu.canvas import fit
from madorizu.draw import CORPUS_STYLES, DATASET_STYLE
from madorizu.errors import SettingsError
from madorizu.evaluate import briefs
from madorizu.request import contradictions


def test_two_hundred_different_briefs_of_both_storeys() -> None:
    """1F and 2F in turn, none twice whatever its style, each of one storey and without contradiction."""
    listed = briefs.listed()
    assert len(listed) == 200
    assert [b.floor for b in listed] == ["1F", "2F"] * 100
    assert len({replace(b, style=None) for b in listed}) == 200
    assert not any(contradictions(b) for b in listed)
    # The list is fixed: another first line would make all figures before it those of other briefs.
    first = "floor plan, 1F, 7.5x8, entrance south, stairs, 0 bedrooms, LDK, laundry, style cad"
    assert caption(listed[0]) == first


def test_every_answer_is_common() -> None:
    """Sides, tatami rooms, balconies, stairs and bedrooms are spread, so that no constant answer scores well."""
    listed = briefs.listed()
    ground, upper = listed[::2], listed[1::2]
    sides = Counter(b.entrance_side for b in ground)
    assert set(sides) == {"n", "e", "s", "w"} and min(sides.values()) >= 15
    assert 35 <= sum("wa" in b.features for b in ground) <= 65
    assert 8 <= sum("stairs" not in b.elements for b in ground) <= 30
    assert 50 <= sum("balcony" in b.elements for b in upper) <= 80
    assert len({b.bedrooms for b in listed}) >= 4
    assert all(b.bedrooms is not None for b in listed)
    assert len({(b.width_mm, b.height_mm) for b in listed}) >= 50
    assert {fit(b.width_mm, b.height_mm).scale for b in listed} >= {32}


def test_all_own_styles_and_not_the_data_sets() -> None:
    """Each style of the corpus as often as another, with both storeys; the data set's is kept out."""
    styles = Counter(b.style for b in briefs.listed())
    assert set(styles) == set(CORPUS_STYLES) and DATASET_STYLE not in styles
    assert max(styles.values()) - min(styles.values()) <= 2


def test_a_part_of_the_list_in_another_style() -> None:
    """The first so many, in a style of one's own, or in none."""
    assert briefs.fixed(3) == briefs.listed()[:3]
    assert [b.style for b in briefs.fixed(2, style="atelier")] == ["atelier", "atelier"]
    assert briefs.fixed(1, style=None)[0].style is None
    with pytest.raises(SettingsError, match="count must be 1 to 200, got 201"):
        briefs.fixed(201)


def test_captions_are_swapped_without_a_fixed_point() -> None:
    """Everyone gets another's, each once, and the same every time."""
    for count in (2, 3, 10, 200):
        order = briefs.shuffled(count)
        assert sorted(order) == list(range(count))
        assert all(i != j for i, j in enumerate(order))
    assert briefs.shuffled(7) == briefs.shuffled(7)
    with pytest.raises(SettingsError, match="pictures must be at least two to swap their captions, got 1"):
        briefs.shuffled(1)


@pytest.mark.slow
def test_a_brief_without_a_house_has_none() -> None:
    """A storey of two by two modules: told by None, not by an error."""
    assert briefs.house_of(replace(briefs.listed()[0], width_mm=1820, height_mm=1820), seed=0) is None


@pytest.mark.slow
def test_there_is_a_house_for_nearly_every_brief() -> None:
    """Of a sample of 25 at least 24, of exactly the size asked for."""
    sample = briefs.listed()[::8]
    found = [briefs.house_of(brief, seed=1) for brief in sample]
    assert sum(plan is not None for plan in found) >= 24


@pytest.mark.slow
def test_briefs_are_drawn_with_a_house_each() -> None:
    """Drawn again they are the same, and both storeys take turns."""
    first = briefs.drawn(2)
    assert [b.floor for b in first] == ["1F", "2F"] and first == briefs.drawn(2)
    assert all(briefs.house_of(b, seed=0) is not None for b in first)
