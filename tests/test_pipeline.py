"""`pipeline`: wishes in words, designs by the solver and by a model, files."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import plans
from madorizu import canvas, pipeline, rules
from madorizu.brief import Brief
from madorizu.errors import BriefError, ModelError, OutOfTimeError, SettingsError, StorageError
from madorizu.plan import House
from madorizu.plan_json import plan_from_json


class Solver:
    """A fake of `houses.house_for` that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Brief, int, float]] = []

    def __call__(self, brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
        """Return the sample house, whatever is asked."""
        self.asked.append((brief, seed, time_limit_s))
        return plans.sample_house()


def model(captions: Sequence[str], seeds: Sequence[int]) -> Any:
    """Draw a picture whose pixels depend on the seed."""
    return np.stack([np.random.default_rng(s).integers(0, 256, (64, 64, 3), np.uint8) for s in seeds])


def brief(floor: Any = "1F") -> Brief:
    """Return a wish for the size of the sample house."""
    return Brief(floor, 8 * 910, 9 * 910, frozenset({"stairs"}))


# --- the wish --------------------------------------------------------------------------


def test_words_become_a_brief() -> None:
    """Sizes in modules, names as users write them, and a side that implies an entrance."""
    made = pipeline.brief_from("8.5", 9, floor="1f", elements=["stair"], entrance="South", bedrooms=2, style="cad")
    assert made == Brief("1F", 7735, 8190, frozenset({"stairs", "entrance"}), "s", 2, style="cad")


def test_wishes_of_a_house_in_words() -> None:
    """nLDK, rooms by their names, the stair's place, which implies stairs, and the size of the 2F."""
    made = pipeline.brief_from(
        9, 8, floor="both", elements=[], nldk=4, features=["和室", "void"], stair_place="center", upper="9 x 7.5"
    )
    stairs, rooms = frozenset({"stairs"}), frozenset({"wa", "void"})
    assert made == Brief("both", 8190, 7280, stairs, features=rooms, upper_mm=(8190, 6825), nldk=4, stair_place="c")


def test_nldk_of_a_1f_is_a_house_of_one_storey() -> None:
    """It has no stairs then; which storeys are meant must be said."""
    assert pipeline.brief_from(13, 7, floor="1F", nldk=3).elements == {"entrance"}
    with pytest.raises(BriefError, match="floor must be given with nldk, got none") as caught:
        pipeline.brief_from(13, 7, nldk=3)
    assert caught.value.hint == "say both, or 1F for a house of one storey"
    with pytest.raises(BriefError, match="floor must be given with upper, got none .say both.$"):
        pipeline.brief_from(9, 8, upper="9x7")
    with pytest.raises(BriefError, match="upper must be a size like 9x7, got '9'"):
        pipeline.brief_from(9, 8, floor="both", upper="9")


def test_a_request_is_read_and_its_size_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no storey can be is refused with the nearest that works, as for the flags."""
    from madorizu import houses

    monkeypatch.setattr(houses, "nearest_size", lambda w, h, *, floor: (8 * 910, 8 * 910))
    found = pipeline.read("平屋 13x7 3LDK")
    assert found.brief == Brief("1F", 11830, 6370, frozenset({"entrance"}), nldk=3)
    assert found.understood[0] == ("平屋", "1F without stairs")
    with pytest.raises(BriefError, match="storey must hold stairs and a room") as caught:
        pipeline.read("2階 3x3")
    assert caught.value.hint == "the nearest size that works is 8x8"


def test_wishes_that_exclude_each_other_cost_no_house() -> None:
    """All of them are named, before the solver or a model is asked."""
    solver = Solver()
    wish = Brief("1F", 7280, 8190, frozenset({"entrance", "balcony"}), features=frozenset({"void"}))
    said = "balcony must be on the 2F, got a house of one storey; void must be on the 2F, got a house of one storey"
    for draw in (None, model):
        with pytest.raises(BriefError, match=said):
            pipeline.design(wish, draw=draw, seed=0, house_for=solver)
    assert solver.asked == []


def test_the_solver_gets_the_whole_brief() -> None:
    """Not a field is lost on the way to the simple generator."""
    solver = Solver()
    wish = Brief("both", 8190, 7280, frozenset({"stairs"}), nldk=4, upper_mm=(8190, 6370), stair_place="n")
    pipeline.design(wish, draw=None, seed=0, house_for=solver)
    assert solver.asked[0][0] == wish


@pytest.mark.parametrize(
    ("floor", "size", "elements"),
    [
        ("1F", (8, 8), {"entrance", "stairs"}),
        ("1F", (13, 10), {"entrance"}),
        ("2F", (8, 8), {"stairs"}),
        ("both", (8, 8), {"entrance", "stairs"}),
        ("unknown", (8, 8), set()),
    ],
)
def test_unsaid_elements_are_the_usual_ones(floor: str, size: tuple[int, int], elements: set[str]) -> None:
    """Who names no elements gets those of an ordinary storey; a wide 1F is a bungalow."""
    assert pipeline.brief_from(*size, floor=floor).elements == elements


def test_an_empty_list_asks_for_nothing() -> None:
    """No elements said and "none of them" said are different wishes."""
    assert pipeline.brief_from(8, 8, elements=[]).elements == frozenset()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"floor": "3F"}, "floor must be one of 1F, 2F, both, unknown, got '3F'"),
        ({"entrance": "up"}, "entrance must be one of north, east, south, west, got 'up'"),
        ({"elements": ["pool"]}, "element must be one of stairs, entrance, balcony, got 'pool'"),
        ({"bedrooms": 12}, "bedrooms must be 0 to 9"),
        ({"style": "Ink!"}, "style must be a lower-case name"),
    ],
)
def test_unknown_words_are_refused(arguments: dict[str, Any], match: str) -> None:
    """Each word that is not known is named."""
    with pytest.raises(BriefError, match=match):
        pipeline.brief_from(8, 8, **arguments)


@pytest.mark.parametrize(
    ("size", "match"),
    [
        ((45, 8), "width must be 2 to 30 modules"),
        ((8, 1), "height must be 2 to 30 modules"),
        ((3, 3), "storey must hold stairs and a room, 9.5 m², got 7.5 m²"),
    ],
)
def test_an_impossible_size_names_the_nearest(
    size: tuple[int, int], match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal says which size works."""
    from madorizu import houses

    monkeypatch.setattr(houses, "nearest_size", lambda w, h, *, floor: (8 * 910, int(6.5 * 910)))
    with pytest.raises(BriefError, match=match) as caught:
        pipeline.brief_from(*size)
    assert caught.value.hint == "the nearest size that works is 8x6.5"


def test_a_size_off_the_lattice_is_refused() -> None:
    """Only halves of a module can be built."""
    with pytest.raises(BriefError, match="width must be a multiple of half a module, got 8.3"):
        pipeline.brief_from(8.3, 8)


# --- the simple generator --------------------------------------------------------------


def test_the_solver_draws_the_storey_that_was_asked_for() -> None:
    """A 2F brief shows the 2F of the house, to scale on the canvas, with its own findings."""
    solver = Solver()
    (one,) = pipeline.design(brief("2F"), draw=None, seed=7, house_for=solver, time_limit_s=3)
    assert solver.asked == [(brief("2F"), 7, 3)]
    assert one.plan == plans.sample_house().plans[1]
    assert (one.floor, one.seed, one.generator, one.style) == ("2F", 7, "simple", pipeline.DEFAULT_STYLE)
    assert one.caption == "floor plan, 2F, 8x9, stairs"
    assert one.size_mm == (7280, 8190)
    assert one.image.shape == (512, 512, 3) and one.image.dtype == np.uint8
    found = rules.check(plans.sample_house(), brief("2F"))
    assert one.findings == tuple(f for f in found if f.floor in (None, 2))
    # 8x9 modules at 32 px lie at (4, 3): the outer wall's north-west corner is dark, the margin is white.
    x, y = (round(v) for v in canvas.fit(7280, 8190).to_px(0, 0))
    assert (x, y) == (128, 96)
    assert one.image[y - 2 : y + 3, x - 2 : x + 3].min() < 128
    assert one.image[:80].min() == 255


def test_both_gives_a_picture_per_storey_and_seeds_count_up() -> None:
    """Two houses of two storeys are four pictures; after the largest seed comes 0."""
    solver = Solver()
    made = pipeline.design(brief("both"), draw=None, seed=pipeline.MAX_SEED, count=2, house_for=solver)
    assert [(d.seed, d.floor) for d in made] == [
        (pipeline.MAX_SEED, "1F"),
        (pipeline.MAX_SEED, "2F"),
        (0, "1F"),
        (0, "2F"),
    ]


def test_an_unknown_floor_shows_the_lowest() -> None:
    """Where the storey is open, the 1F is drawn."""
    (one,) = pipeline.design(brief("unknown"), draw=None, seed=0, house_for=Solver())
    assert one.floor == "1F"


def test_a_balcony_shows_the_upper_storey() -> None:
    """Where the storey is open but only a 2F can have what is asked, the 2F is drawn and judged."""
    wish = replace(brief("unknown"), elements=frozenset({"stairs", "balcony"}))
    (one,) = pipeline.design(wish, draw=None, seed=0, house_for=Solver())
    assert one.floor == "2F" and one.brief == wish and one.caption.startswith("floor plan, floor unknown, 8x9")
    found = rules.check(plans.sample_house(), replace(wish, floor="2F"))
    assert one.findings == tuple(f for f in found if f.floor in (None, 2))


def test_the_briefs_style_wins_over_the_default() -> None:
    """`style` is for briefs that leave it open."""
    wish = Brief("1F", 7280, 8190, style="blueprint")
    (one,) = pipeline.design(wish, draw=None, seed=0, style="cad", house_for=Solver())
    (other,) = pipeline.design(brief(), draw=None, seed=0, style="blueprint", house_for=Solver())
    assert one.style == other.style == "blueprint"
    assert np.array_equal(one.image, other.image)


def test_an_unknown_style_costs_no_house() -> None:
    """The style is looked up before the solver starts."""
    solver = Solver()
    with pytest.raises(BriefError, match="style must be one of"):
        pipeline.design(brief(), draw=None, seed=0, style="nope", house_for=solver)
    assert solver.asked == []


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"seed": -1}, "seed must be 0 to 2147483647, got -1"),
        ({"seed": 2**31}, "seed must be 0 to 2147483647"),
        ({"seed": 0, "count": 0}, "count must be 1 to 64, got 0"),
        ({"seed": 0, "count": 65}, "count must be 1 to 64, got 65"),
    ],
)
def test_seed_and_count_have_limits(arguments: dict[str, int], match: str) -> None:
    """What the solver cannot take is refused before it."""
    with pytest.raises(SettingsError, match=match):
        pipeline.design(brief(), draw=None, house_for=Solver(), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hint", "wanted"),
    [
        ("", "the nearest size that works is 8x8"),
        ("try another seed", "try another seed; the nearest size that works is 8x8"),
        ("the nearest size that works is 8x8", "the nearest size that works is 8x8"),
    ],
)
def test_out_of_time_names_a_size_that_works(hint: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is proved then, but the caller learns what to try; a hint is not said twice."""
    from madorizu import houses

    def slow(brief: Brief, *, seed: int, time_limit_s: float = 30.0) -> House:
        raise OutOfTimeError("a house must be found within the time limit, got none", hint)

    monkeypatch.setattr(houses, "nearest_size", lambda w, h, *, floor: (8 * 910, 8 * 910))
    with pytest.raises(OutOfTimeError, match="within the time limit") as caught:
        pipeline.design(brief(), draw=None, seed=0, house_for=slow)
    assert caught.value.hint == wanted


def test_the_real_solver_meets_a_brief() -> None:
    """Without a fake the houses of the package are asked, and what comes is lawful and exact."""
    (one,) = pipeline.design(pipeline.brief_from(8, 8), draw=None, seed=1)
    assert one.size_mm == (8 * 910, 8 * 910)
    assert one.house is not None and one.plan in one.house.plans
    assert not any(f.hard for f in one.findings)


# --- a model ---------------------------------------------------------------------------


def test_a_model_gets_captions_and_seeds() -> None:
    """A model's picture has no plan; an open style is the adapter's."""
    asked = []

    def draw(captions: Sequence[str], seeds: Sequence[int]) -> Any:
        asked.append((list(captions), list(seeds)))
        return model(captions, seeds)

    made = pipeline.design(brief(), draw=draw, seed=5, count=2, style="atelier")
    text = "floor plan, 1F, 8x9, stairs, style atelier"
    assert asked == [([text, text], [5, 6])]
    assert [(d.caption, d.seed, d.plan, d.generator, d.floor) for d in made] == [
        (text, 5, None, "lora", "1F"),
        (text, 6, None, "lora", "1F"),
    ]
    assert made[0].findings == ()
    assert made[0].size_mm == (7280, 8190)
    assert np.array_equal(made[1].image, model([text], [6])[0])


def test_a_model_draws_one_storey() -> None:
    """Two storeys on one picture are refused, not halved."""
    with pytest.raises(BriefError, match="floor must be 1F, 2F or unknown for a model, got both"):
        pipeline.design(brief("both"), draw=model, seed=0)


def test_an_empty_picture_is_a_hard_finding() -> None:
    """A grey sheet never passes for a plan."""
    made = pipeline.design(brief(), draw=lambda c, s: np.full((1, 64, 64, 3), 128, np.uint8), seed=0)
    assert [(f.code, f.hard) for f in made[0].findings] == [(pipeline.EMPTY, True)]
    assert "empty" in made[0].findings[0].message and "何も" in made[0].findings[0].message_ja


def test_the_reference_names_the_finding() -> None:
    """The page of the rules says what P01 is and where its limit lies."""
    page = (Path(__file__).parents[1] / "docs" / "reference" / "rules.md").read_text("utf-8")
    assert f"\n## {pipeline.EMPTY} empty\n" in page
    assert f"at least {pipeline._EMPTY_DEVIATION:g} of 255" in page


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 64, 64, 3), np.float32),
        np.zeros((2, 64, 64, 3), np.uint8),
        np.zeros((1, 64, 64), np.uint8),
        np.zeros((1, 64, 64, 4), np.uint8),
    ],
)
def test_a_model_must_return_pictures(images: Any) -> None:
    """Anything else than RGB pictures, one per seed, is an error of the model."""
    with pytest.raises(ModelError, match="model must return 1 RGB pictures of uint8"):
        pipeline.design(brief(), draw=lambda c, s: images, seed=0)


# --- files -----------------------------------------------------------------------------


def test_a_png_says_how_it_was_made(tmp_path: Path) -> None:
    """The pixels come back, and caption, seed and generator are in the file."""
    (one,) = pipeline.design(brief(), draw=model, seed=3)
    (path,) = pipeline.save([one], tmp_path / "new" / "plan.png")
    assert path == tmp_path / "new" / "plan.png"
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert np.array_equal(np.asarray(image), one.image)
        text = image.text  # type: ignore[attr-defined]
    assert text["Description"] == "floor plan, 1F, 8x9, stairs"
    assert (text["madorizu:seed"], text["madorizu:generator"]) == ("3", "lora")


def test_several_designs_are_numbered(tmp_path: Path) -> None:
    """plan.png becomes plan-1.png and plan-2.png."""
    made = pipeline.design(brief("both"), draw=None, seed=0, house_for=Solver())
    paths = pipeline.save(made, tmp_path / "plan.png")
    assert [p.name for p in paths] == ["plan-1.png", "plan-2.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan-1.png", "plan-2.png"]


def test_a_plan_can_be_saved_as_svg_and_json(tmp_path: Path) -> None:
    """The JSON reads back as the same plan; the SVG is one."""
    made = pipeline.design(brief(), draw=None, seed=0, house_for=Solver())
    pipeline.save(made, tmp_path / "plan.json")
    assert plan_from_json(json.loads((tmp_path / "plan.json").read_text())) == made[0].plan
    pipeline.save(made, tmp_path / "plan.svg")
    assert (tmp_path / "plan.svg").read_text().lstrip().startswith("<")
    assert "</svg>" in (tmp_path / "plan.svg").read_text()


def test_a_sidecar_makes_a_training_pair(tmp_path: Path) -> None:
    """The JSON beside the picture is what training reads."""
    from madorizu import sidecar

    made = pipeline.design(brief(), draw=None, seed=4, house_for=Solver())
    pipeline.save(made, tmp_path / "pair.png", sidecar=True)
    assert sidecar.read(tmp_path / "pair.json").plan == made[0].plan


def test_what_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    """A strange suffix, a plan that is not there, a sidecar over the output, a folder in the way."""
    picture = pipeline.design(brief(), draw=model, seed=3)
    plan = pipeline.design(brief(), draw=None, seed=0, house_for=Solver())
    with pytest.raises(SettingsError, match=r"output must end with \.png, \.svg or \.json, got 'plan\.bmp'"):
        pipeline.save(plan, tmp_path / "plan.bmp")
    for name in ("plan.svg", "plan.json"):
        with pytest.raises(SettingsError, match="must come from a plan, got a picture of a model"):
            pipeline.save(picture, tmp_path / name)
    with pytest.raises(SettingsError, match="a sidecar must come from a plan"):
        pipeline.save(picture, tmp_path / "plan.png", sidecar=True)
    with pytest.raises(SettingsError, match="output must be a picture when a sidecar"):
        pipeline.save(plan, tmp_path / "plan.json", sidecar=True)
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(StorageError, match="must be written"):
        pipeline.save(plan, tmp_path / "taken.png")
