"""Training and validation never share a house or a drawing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import plans
from madorizu.dataset import pairs, split
from sketches import entry, put, run, sketch, two_houses


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with two good pairs of two houses."""
    return two_houses(tmp_path / "src")


# --- the split ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "house"),
    [
        ("plan_2535h135_2f (2)", "plan_2535h135"),
        ("plan_2535h135_1f", "plan_2535h135"),
        ("House-7 2F", "house-7"),
        ("a_1f(3)", "a"),
        ("a (1)_2f", "a"),
        ("1f", "1f"),
        ("間取り_2f", "間取り"),
        ("halfway2f", "halfway2f"),
    ],
)
def test_the_house_in_a_file_name(stem: str, house: str) -> None:
    """The floor and a copy's number are no part of the house's name."""
    assert pairs.house_of(stem) == house


def test_floors_and_copies_of_a_house_are_never_parted(tmp_path: Path) -> None:
    """For many seeds every house lies on one side, and validation has a tenth."""
    houses = [f"h{i:02d}" for i in range(20) for _ in range(3)]
    for seed in range(20):
        parted = split.split(houses, (), seed=seed, share=0.1)
        sides = {(house, i in parted.validation) for i, house in enumerate(houses)}
        assert len(sides) == 20
        assert len(parted.validation) == 6


def test_the_seed_chooses_and_new_houses_do_not_move_old_ones() -> None:
    """The same seed gives the same split, another another; an added house changes no order."""
    houses = [f"h{i}" for i in range(30)]
    first = split.split(houses, (), seed=1, share=0.1)
    assert split.split(houses, (), seed=1, share=0.1) == first
    assert len({split.split(houses, (), seed=s, share=0.1).validation for s in range(8)}) > 4
    more = split.split([*houses, "new"], (), seed=1, share=0.1)
    assert len(first.validation & more.validation) >= 2


def test_validation_has_at_least_one_house() -> None:
    """Two houses of five images: the smaller one is for validation, though it is more than a tenth."""
    parted = split.split(["a", "a", "a", "b", "b"], (), seed=0, share=0.1)
    assert parted.validation == {3, 4}
    assert split.split(["a", "a"], (), seed=0, share=0.1).validation == frozenset()


def test_houses_are_as_stated_else_as_named() -> None:
    """A stated house wins; an image without one joins the only house that its name states."""
    stems = ["a_1f", "a_2f", "b_1f", "b_2f (2)", "b_2f", "c_1f"]
    stated = ["H1", None, "H2", "H3", None, None]
    assert split.houses_of(stems, stated) == ("H1", "H1", "H2", "H3", "b", "c")


def test_near_duplicates_stay_on_one_side() -> None:
    """Houses joined by a near-duplicate are never parted."""
    houses = [f"h{i}" for i in range(10)]
    for seed in range(20):
        parted = split.split(houses, [(0, 5), (5, 7)], seed=seed, share=0.3)
        assert len({i in parted.validation for i in (0, 5, 7)}) == 1
        assert (parted.near, parted.across) == (((0, 5), (5, 7)), ())


def test_near_duplicates_that_join_all_are_reported() -> None:
    """If likeness joins all houses they are parted by house, and the pairs across are named."""
    parted = split.split(["a", "b", "c"], [(0, 1), (1, 2)], seed=0, share=0.3)
    assert len(parted.validation) == 1
    assert parted.across
    assert set(parted.across) | set(parted.near) == {(0, 1), (1, 2)}


def test_pairs_are_found_by_plan_and_by_picture() -> None:
    """Two plans are compared as plans, else pictures are; known different floors are not compared."""
    one, two = plans.sample_house().plans
    same, other = (0b1111, 0b0000), (0xFFFFFFFF, 0xFFFF)
    found = split.near_pairs(
        [one, one, two, None, None, None],
        [other, same, same, same, same, same],
        ["1F", "1F", "2F", "1F", "2F", "unknown"],
    )
    assert found == ((0, 1), (1, 3), (1, 5), (2, 4), (2, 5), (3, 5), (4, 5))


def test_a_mirrored_copy_is_found_and_kept_on_one_side(source: Path) -> None:
    """A picture and its mirror under another name are one drawing; the report names them."""
    image = sketch(11)
    put(source, "c_2f", image=image)
    put(source, "d_2f", image=image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    for i in range(6):
        put(source, f"more{i}_2f", image=sketch(100 + i))
    report = run(source)
    assert report.near_duplicates == (("c_2f.png", "d_2f.png"),)
    assert entry(report, "c_2f.png").file_name.split("/")[0] == entry(report, "d_2f.png").file_name.split("/")[0]
    assert "kept on one side of the split (1):\n  c_2f.png and d_2f.png" in report.to_text()


def test_the_same_picture_twice_is_a_note(source: Path) -> None:
    """A copy with the same pixels counts twice, and the report says so."""
    for stem in ("c_2f", "c_2f (2)"):
        put(source, stem, image=sketch(11))
    assert run(source).notes == ("c_2f.png is the same picture as c_2f (2).png; it counts twice in training",)
