"""Part images into training and validation, never the floors of one house.

Near-duplicates stay together too: what validation shows must not have been trained on.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from madorizu import similarity
from madorizu.dataset.pairs import house_of
from madorizu.plan import Plan

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Split:
    """Which images are for validation.

    Attributes:
        validation: indices, the rest is for training.
        near: index pairs of near-duplicates on one side.
        across: index pairs of near-duplicates that could not be kept on one side.
    """

    validation: frozenset[int]
    near: tuple[Pair, ...]
    across: tuple[Pair, ...]


def houses_of(stems: Sequence[str], stated: Sequence[str | None]) -> tuple[str, ...]:
    """Say to which house each image belongs: as stated, else as its file name tells.

    An image without a stated house joins the one that images of its name state, if that is one.
    """
    by_name: dict[str, set[str]] = defaultdict(set)
    for stem, house in zip(stems, stated, strict=True):
        if house:
            by_name[house_of(stem)].add(house)
    found = []
    for stem, house in zip(stems, stated, strict=True):
        name = house_of(stem)
        known = by_name.get(name, set())
        found.append(house or (next(iter(known)) if len(known) == 1 else name))
    return tuple(found)


def near_pairs(
    plans: Sequence[Plan | None], hashes: Sequence[tuple[int, int]], floors: Sequence[str]
) -> tuple[Pair, ...]:
    """Return index pairs of near-duplicates: by plan where both have one, else by picture.

    Pictures of storeys that are known to be different are never near-duplicates.
    """
    with_plan = [i for i, plan in enumerate(plans) if plan is not None]
    known = [plan for plan in plans if plan is not None]
    found = {(with_plan[a], with_plan[b]) for a, b in similarity.near_duplicate_pairs(known)}
    for i in range(len(plans)):
        for j in range(i + 1, len(plans)):
            if plans[i] is not None and plans[j] is not None:
                continue
            if floors[i] != floors[j] and "unknown" not in (floors[i], floors[j]):
                continue
            if similarity.are_near_pictures(hashes[i], hashes[j]):
                found.add((i, j))
    return tuple(sorted(found))


def split(houses: Sequence[str], near: Sequence[Pair], *, seed: int, share: float) -> Split:
    """Choose whole houses for validation.

    The order of houses depends on the seed and their names alone, so a house that is
    added later moves no other. Validation gets at least one house if there are two, and
    at most `share` of the images unless the smallest house has more.

    Args:
        houses: the house of each image.
        near: index pairs of near-duplicates, to be kept on one side.
        seed: another seed, another choice.
        share: of the images, 0 to 0.5; with 0 there is no validation.
    """
    groups = _groups(houses, near)
    if len(groups) < 2:
        # All hangs together by likeness. Houses are parted then, and the pairs reported.
        groups = _groups(houses, ())
    chosen = _choose(groups, seed, round(len(houses) * share)) if share > 0 else frozenset()
    validation = frozenset(i for name in chosen for i in groups[name])
    across = tuple(p for p in near if (p[0] in validation) != (p[1] in validation))
    return Split(validation, tuple(p for p in near if p not in across), across)


def _groups(houses: Sequence[str], near: Iterable[Pair]) -> dict[str, list[int]]:
    """Join the houses that near-duplicates connect; a group has its first house's name."""
    parent = {house: house for house in houses}

    def root(house: str) -> str:
        while parent[house] != house:
            house = parent[house]
        return house

    for i, j in near:
        first, second = sorted((root(houses[i]), root(houses[j])))
        parent[second] = first
    groups: dict[str, list[int]] = defaultdict(list)
    for i, house in enumerate(houses):
        groups[root(house)].append(i)
    return groups


def _choose(groups: dict[str, list[int]], seed: int, wanted: int) -> frozenset[str]:
    if len(groups) < 2:
        return frozenset()
    order = sorted(groups, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode("utf-8", "replace")).digest())
    chosen: list[str] = []
    count = 0
    for name in order:
        if count + len(groups[name]) <= wanted:
            chosen.append(name)
            count += len(groups[name])
    return frozenset(chosen or [min(order, key=lambda name: len(groups[name]))])
