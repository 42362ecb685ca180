"""Bulk work: the same results with one process and with two."""

from __future__ import annotations

import pytest

from madorizu import executor
from madorizu.errors import SettingsError


def square(number: int) -> int:
    """Square a number; three is refused."""
    if number == 3:
        raise ValueError("three is refused")
    return number * number


def test_one_and_two_workers_give_the_same() -> None:
    """Results may come in another order, so they are sorted."""
    items = [0, 1, 2, 4, 5]
    assert list(executor.run(square, items, workers=1)) == [0, 1, 4, 16, 25]
    assert sorted(executor.run(square, items, workers=2)) == [0, 1, 4, 16, 25]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_reaches_the_caller(workers: int) -> None:
    """With its own type and words."""
    with pytest.raises(ValueError, match="three is refused"):
        list(executor.run(square, [3], workers=workers))


def test_no_worker_is_refused() -> None:
    """Zero processes do no work."""
    with pytest.raises(SettingsError, match="workers must be at least 1, got 0"):
        list(executor.run(square, [1], workers=0))


def test_the_machine_decides_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """One core means this process; an unknown number counts as one."""
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert list(executor.run(square, [2])) == [4]
