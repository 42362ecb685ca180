"""Confidence intervals, against values worked out by hand."""

from __future__ import annotations

import pytest

from madorizu.errors import SettingsError
from madorizu.metrics import intervals


def test_wilsons_interval_of_eight_in_ten() -> None:
    """(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96: 0.490 to 0.943."""
    found = intervals.share(8, 10)
    assert (found.value, found.n) == (0.8, 10)
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)


def test_none_and_all_have_an_interval_that_holds_the_value() -> None:
    """0 of 10 is 0 to 0.278, 10 of 10 its mirror image."""
    none, everything = intervals.share(0, 10), intervals.share(10, 10)
    assert (none.value, none.low, round(none.high, 3)) == (0.0, 0.0, 0.278)
    assert (everything.value, round(everything.low, 3), everything.high) == (1.0, 0.722, 1.0)


def test_pairs_of_the_same_pictures_are_worth_less() -> None:
    """28 pairs of 8 pictures count as 4 independent ones: the value stays, the interval widens."""
    wide, narrow = intervals.share(21, 28, independent=4), intervals.share(21, 28)
    assert wide.value == narrow.value == 0.75 and wide.n == narrow.n == 28
    assert wide.low < narrow.low and wide.high > narrow.high


def test_equal_values_have_no_spread() -> None:
    """A bootstrap of one value is that value."""
    for found in (intervals.mean([3.0] * 9), intervals.median([3.0] * 9)):
        assert (found.value, found.low, found.high, found.n) == (3.0, 3.0, 3.0, 9)


def test_a_bootstrap_is_near_the_normal_interval_and_the_same_again() -> None:
    """Of 0 and 1 in turn, 100 values: 0.5 ± 1.96 · 0.05."""
    values = [0.0, 1.0] * 50
    found = intervals.mean(values)
    assert found == intervals.mean(values)
    assert found.low == pytest.approx(0.402, abs=0.02) and found.high == pytest.approx(0.598, abs=0.02)
    uneven = [v * v for v in range(20)]
    assert intervals.mean(uneven) != intervals.mean(uneven, seed=1)
    assert intervals.median([1.0, 2.0, 9.0]).value == 2.0


def test_a_paired_difference_knows_the_pairs() -> None:
    """Values that spread widely, but rise by exactly 0.1 each, differ by 0.1 without a doubt."""
    before = [0.0, 0.3, 0.9, 0.5]
    found = intervals.difference(before, [b + 0.1 for b in before])
    assert found.value == pytest.approx(0.1) and found.low == pytest.approx(0.1) and found.high == pytest.approx(0.1)


def test_wrong_input_is_refused() -> None:
    """No value, more hits than items, broken pairs."""
    with pytest.raises(SettingsError, match="values must hold at least one, got none"):
        intervals.mean([])
    with pytest.raises(SettingsError, match="hits must be 0 to n, and n at least 1, got 3 of 2"):
        intervals.share(3, 2)
    with pytest.raises(SettingsError, match="hits must be 0 to n, and n at least 1, got 0 of 0"):
        intervals.share(0, 0)
    with pytest.raises(SettingsError, match="pairs must be whole, got 1 before and 2 after"):
        intervals.difference([1.0], [1.0, 2.0])
