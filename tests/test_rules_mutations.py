"""The checker is no rubber stamp: lawful houses that are spoiled are found, by the rule that was broken."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import mutations
from drawing import house_8x7
from madorizu import houses, rules
from madorizu.plan import House


@cache
def lawful_houses() -> tuple[House, ...]:
    """Make some houses of the solver's, and take one drawn by hand."""
    return (house_8x7(), *(houses.random_house(seed=s) for s in range(5)))


def test_the_houses_to_spoil_are_lawful() -> None:
    """Without this a finding on a mutant would prove nothing."""
    assert all(rules.is_lawful(house) for house in lawful_houses())


@pytest.mark.parametrize("kind", mutations.MUTATIONS)
def test_a_spoiled_house_is_found_by_the_rule_that_was_broken(kind: str) -> None:
    """Four mutants of each kind: a finding of the broken rule is there that the house did not have."""
    made = mutations.mutants(kind, list(lawful_houses()), 4, seed=0)
    before = {house.seed: set(rules.check(house)) for house in lawful_houses()}
    assert made
    for mutant in made:
        found = {f.code for f in set(rules.check(mutant.house)) - before[mutant.house.seed]}
        assert found & mutant.broken, f"{mutant.what}: {sorted(mutant.broken)} must be in {sorted(found)}"


def test_equal_seeds_give_equal_mutants() -> None:
    """Others do not."""
    first, again, other = (mutations.mutants("wall_moved", list(lawful_houses()), 4, seed=s) for s in (1, 1, 2))
    assert first == again != other


def test_mutations_know_no_rule() -> None:
    """Whether a mutant is unlawful is decided without the rules that are tested on it."""
    files = sorted(Path(mutations.__file__).parent.glob("*.py"))
    trees = [ast.parse(file.read_text("utf-8")) for file in files]
    names = [n.module or "" for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    names += [a.name for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    assert len(files) == 7
    assert {name for name in names if name.startswith("madorizu")} == {"madorizu.catalogue", "madorizu.plan"}
