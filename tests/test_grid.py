"""The lines of a storey: widths in half modules, cells as (column, row), against sums done by hand."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madorizu.plan import Rect, cells_in
from madorizu.solve.grid import LEAST, MOST, Grid, joined, split

# Columns of 2, 3 and 4 half modules, rows of 2 and 4: a storey of 9 x 6 half modules.
#
#      0 1 | 2 3 4 | 5 6 7 8
#    0  a  |   b   |    c
#    1     |       |
#   ---------------------------
#    2  d  |   e   |    f
#    ..5   |       |
GRID = Grid((2, 3, 4), (2, 4))


def test_lines_begin_where_the_widths_before_them_end() -> None:
    """Spelled out, with the east and the south end."""
    assert GRID.xs == (0, 2, 5, 9)
    assert GRID.ys == (0, 2, 6)


@pytest.mark.parametrize(("cell", "area"), [
    ((0, 0), 4), ((1, 0), 6), ((2, 0), 8), ((0, 1), 8), ((1, 1), 12), ((2, 1), 16),
])  # fmt: skip
def test_areas_by_hand(cell: tuple[int, int], area: int) -> None:
    """2·2, 3·2, 4·2 in the first row, 2·4, 3·4, 4·4 in the second."""
    assert GRID.area([cell]) == area


def test_the_area_of_all_cells_is_that_of_the_rectangle() -> None:
    """4 + 6 + 8 + 8 + 12 + 16 = 9 · 6; of none it is 0."""
    assert GRID.area((i, j) for i in range(3) for j in range(2)) == 54
    assert GRID.area([]) == 0


def test_a_cell_covers_its_half_modules() -> None:
    """The middle one of the second row begins at (2, 2), three wide and four high."""
    assert GRID.halves([(1, 1)]) == cells_in((2, 2, 3, 4))
    assert GRID.halves([(0, 0), (2, 0)]) == {(0, 0), (1, 0), (0, 1), (1, 1)} | cells_in((5, 0, 4, 2))


@pytest.mark.parametrize(("rect", "cells"), [
    ((0, 0, 9, 6), {(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)}),
    ((2, 0, 7, 2), {(1, 0), (2, 0)}),
    ((0, 2, 2, 4), {(0, 1)}),
    ((0, 0, 3, 2), None),  # no line at 3
    ((1, 0, 4, 2), None),  # nor at 1
    ((0, 1, 2, 5), None),  # nor a row's at 1
    ((0, 0, 2, 3), None),
    ((5, 2, 5, 4), None),  # beyond the east end
    ((-2, 0, 4, 2), None),
])  # fmt: skip
def test_a_rectangle_on_lines_has_cells(rect: Rect, cells: set[tuple[int, int]] | None) -> None:
    """Where a side does not run along a line there are none."""
    assert GRID.within(rect) == (None if cells is None else frozenset(cells))


@pytest.mark.parametrize(("half", "cell"), [
    ((0, 0), (0, 0)), ((1, 1), (0, 0)), ((2, 1), (1, 0)), ((4, 2), (1, 1)), ((5, 2), (2, 1)), ((8, 5), (2, 1)),
    ((-1, 0), None), ((0, -1), None), ((9, 0), None), ((0, 6), None),
])  # fmt: skip
def test_the_cell_that_holds_a_half_module(half: tuple[int, int], cell: tuple[int, int] | None) -> None:
    """The last before a line, the first behind it, and outside on every side."""
    assert GRID.at(half) == cell


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=7), st.lists(st.integers(1, 4), min_size=1, max_size=7))
def test_every_half_module_is_held_by_the_cell_that_covers_it(columns: list[int], rows: list[int]) -> None:
    """`at` is the inverse of `halves`, and `within` of the rectangle that they fill."""
    grid = Grid(tuple(columns), tuple(rows))
    for cell in ((i, j) for i in range(len(columns)) for j in range(len(rows))):
        halves = grid.halves([cell])
        assert len(halves) == grid.area([cell]) and {grid.at(half) for half in halves} == {cell}
        x, y = min(halves)
        assert grid.within((x, y, columns[cell[0]], rows[cell[1]])) == frozenset({cell})


# --- widths ---------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 60), st.integers(0, 40), st.integers(0, 2**32))
def test_widths_add_up_and_are_usual(length: int, count: int, seed: int) -> None:
    """From 2 to 4 half modules each, their sum the length; what is shorter than 2 stays whole."""
    widths = split(length, count, random.Random(seed))
    assert sum(widths) == length
    if length < LEAST:
        assert widths == ((length,) if length else ())
        return
    assert all(LEAST <= width <= MOST for width in widths)
    fewest, most = -(-length // MOST), length // LEAST
    assert len(widths) == min(max(count, fewest), most)


@pytest.mark.parametrize(("length", "count", "widths"), [
    (8, 4, {(2, 2, 2, 2)}),
    (8, 9, {(2, 2, 2, 2)}),  # no more than there is place for
    (8, 1, {(4, 4)}),  # no fewer than the widest lines need
    (5, 2, {(2, 3), (3, 2)}),
    (8, 3, {(2, 2, 4), (2, 4, 2), (4, 2, 2), (2, 3, 3), (3, 2, 3), (3, 3, 2)}),
    (3, 2, {(3,)}),
])  # fmt: skip
def test_widths_by_hand(length: int, count: int, widths: set[tuple[int, ...]]) -> None:
    """All that can come out, over a hundred seeds: what is over goes to one line or to many."""
    assert {split(length, count, random.Random(seed)) for seed in range(100)} == widths


def test_equal_seeds_give_equal_widths() -> None:
    """Twice the same generator."""
    assert split(31, 11, random.Random(4)) == split(31, 11, random.Random(4))
    assert joined((4, 9, 18), 12, random.Random(4)) == joined((4, 9, 18), 12, random.Random(4))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=4).filter(any), st.integers(1, 20), st.integers(0, 2**32))
def test_a_line_runs_between_joined_lengths(lengths: list[int], lines: int, seed: int) -> None:
    """Every end of a length is an end of a line; lengths of nothing add no line."""
    widths = joined(lengths, lines, random.Random(seed))
    ends = {sum(widths[:i]) for i in range(len(widths) + 1)}
    assert {sum(lengths[:i]) for i in range(len(lengths) + 1)} <= ends
    assert 0 not in widths and sum(widths) == sum(lengths)


def test_lines_are_shared_in_proportion_to_the_lengths() -> None:
    """Four lines over 4 and 12 half modules: one of 4, three of 4; a length of 1 keeps its own line."""
    assert joined((4, 12), 4, random.Random(0)) == (4, 4, 4, 4)
    assert joined((1, 8), 4, random.Random(0)) == (1, 2, 2, 2, 2)
