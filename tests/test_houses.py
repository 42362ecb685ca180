"""Houses from briefs: lawful, of the size asked for, the same for the same seed."""

from __future__ import annotations

import random
import re
import time
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from madorizu import houses, rules
from madorizu.brief import Brief, Place, brief_of, brief_of_house, entrance_side
from madorizu.errors import BriefError, InfeasibleError, OutOfTimeError, PlanError
from madorizu.houses import advice, fit, library, sites, topology
from madorizu.houses.search import Site
from madorizu.houses.topology import Storey, Topology
from madorizu.plan import House, Opening, Plan, Room, cells_in, outline


def asked(floor: str, width: float, height: float, **wishes: object) -> Brief:
    """Make a brief of a size in modules."""
    return Brief(floor, int(width * 910), int(height * 910), **wishes)  # type: ignore[arg-type]


def entry_of(item: Topology) -> library.Entry:
    """Put a topology into a line of the library."""
    return library.Entry(topology.to_json(item))


def useful_entry() -> library.Entry:
    """Return the first line of the library that gives houses."""
    return next(e for e in library.load() if e.fits and library._is_useful(e.topology))


def hard(house: House) -> list[str]:
    """Return the hard findings."""
    return [f.message for f in rules.check(house) if f.hard]


@pytest.mark.parametrize(("brief", "storey"), [
    (asked("1F", 8, 7), 0),
    (asked("2F", 7, 8), 1),
    (asked("both", 9, 8), 0),
    (asked("unknown", 8, 8), 0),
    (asked("1F", 8.5, 7.5), 0),  # off the module, on the half module
])  # fmt: skip
def test_a_house_is_lawful_and_of_the_size(brief: Brief, storey: int) -> None:
    """Both storeys lawful, stair on stair, W×H exact."""
    house = houses.house_for(brief, seed=3)
    assert len(house.plans) == 2 and hard(house) == []
    assert outline(house.plans[storey])[2:] == (brief.width * 2, brief.height * 2)
    assert house.plans[0].stair is not None and house.plans[0].stair == house.plans[1].stair


def test_wishes_are_met() -> None:
    """Entrance side, balcony and bedrooms as asked."""
    north = asked("1F", 9, 7, elements=frozenset({"entrance", "stairs"}), entrance_side="n")
    assert entrance_side(houses.house_for(north, seed=1).plans[0]) == "n"
    sunny = asked("2F", 8, 8, elements=frozenset({"balcony"}), bedrooms=3)
    plan = houses.house_for(sunny, seed=1).plans[1]
    assert "balcony" in brief_of(plan).elements and brief_of(plan).bedrooms == 3
    tatami = asked("1F", 10, 8, features=frozenset({"wa"}))
    assert "wa" in brief_of(houses.house_for(tatami, seed=1).plans[0]).features


def test_equal_seeds_give_equal_houses_and_others_do_not() -> None:
    """Also when the clock has more to give."""
    brief = asked("1F", 9, 8)
    first = houses.house_for(brief, seed=5)
    assert houses.house_for(brief, seed=5, time_limit_s=90) == first
    assert houses.house_for(brief, seed=6) != first


def test_a_size_out_of_reach_is_refused_with_one_that_works() -> None:
    """3×3 modules is no house; the size in the hint is one."""
    with pytest.raises(InfeasibleError, match="at least 22 modules² on the 1F and sides of 4, got 3x3") as caught:
        houses.house_for(asked("1F", 3, 3), seed=0)
    named = re.search(r"nearest size that works is (\d+)x(\d+)", str(caught.value))
    assert named is not None
    house = houses.house_for(asked("1F", int(named[1]), int(named[2])), seed=7)
    assert outline(house.plans[0])[2:] == (2 * int(named[1]), 2 * int(named[2]))


@pytest.fixture
def no_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name no nearest size: what is refused is what is tested."""
    monkeypatch.setattr(houses, "size_that_works", lambda brief: "another size")


@pytest.mark.usefixtures("no_advice")
@pytest.mark.parametrize(("brief", "message"), [
    (asked("2F", 8, 8, features=frozenset({"sic"})), r"shoe closet must be beside the entrance.*leave one of these"),
    (asked("2F", 8, 8, elements=frozenset({"entrance"})), "entrance must be on the 1F"),
    (asked("unknown", 8, 8, elements=frozenset({"entrance", "balcony"})), "must be the 1F or the 2F, got a wish for"),
    (asked("unknown", 3, 3, features=frozenset({"void"})), "a 2F must have a 1F below it, .* got 3x3 .another size"),
    (asked("1F", 8, 8, elements=frozenset({"balcony"}), features=frozenset({"void"})),
     "balcony must be on the 2F, got a house of one storey; void must be on the 2F"),
    (asked("1F", 20.5, 8), "at most 20 modules a side, got 20.5x8 .another size"),
    (asked("both", 30, 30, nldk=4), "at most 20 modules a side, got 30x30"),
    (asked("both", 9, 8, upper_mm=(9100, 6370)),
     "the 2F must be at most as wide and as high as the 1F of 9x8, got 10x7: houses that stand out"),
    (asked("both", 9, 8, upper_mm=(8190, 7735)), "as the 1F of 9x8, got 9x8.5"),
    (asked("2F", 3, 3), "a 2F must have a 1F below it, at most 2 modules larger, .* got 3x3 .another size"),
    (asked("2F", 6, 6, bedrooms=9), r"rooms of the 2F must fit its 36 modules², got a wish for 75.5 .another size"),
    (asked("1F", 5, 5, bedrooms=9), r"rooms of the 1F must fit its 25 modules², got a wish for 75.5 .another size"),
    (asked("1F", 6, 6, nldk=9), r"rooms must fit the house's 36 modules²"),
    (asked("1F", 5, 5, nldk=1), "at least 30 modules² on the 1F"),
    (asked("both", 7, 6, bedrooms=9), r"rooms must fit the house's \d+ modules²"),
])  # fmt: skip
def test_contradictions_and_too_little_space_are_refused_at_once(brief: Brief, message: str) -> None:
    """Proved without a search: no time is needed to say so."""
    with pytest.raises(InfeasibleError, match=message):
        houses.house_for(brief, seed=0, time_limit_s=0)


@pytest.mark.usefixtures("no_advice")
def test_what_there_is_is_never_refused() -> None:
    """The briefs of houses that were made, as a whole and storey by storey, are not proved infeasible."""
    for seed in range(6):
        house = houses.random_house(seed=seed)
        for brief in (brief_of_house(house), *(brief_of(plan) for plan in house.plans)):
            houses._refuse(brief)


def test_a_hint_names_what_is_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest size with the wishes; where there is none, that without them."""
    brief = asked("1F", 6, 6, bedrooms=9)
    monkeypatch.setattr(advice, "_nearest", lambda *a: (8190, 7280))
    assert advice.size_that_works(brief) == "the nearest size that works is 9x8"
    monkeypatch.setattr(advice, "_nearest", lambda b, *a: None if b.bedrooms else (8190, 6370))
    assert advice.size_that_works(brief) == (
        "no size near works with these rooms and elements; without them the nearest size that works is 9x7"
    )


def test_sizes_are_tried_from_the_nearest_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that gives a house twice is named; that asked for is not tried, and where none does there is none."""
    tried: list[tuple[int, int]] = []

    def best(brief: Brief, *_: object, **__: object) -> bool:
        tried.append((brief.width_mm, brief.height_mm))
        return len(tried) > 2

    monkeypatch.setattr(fit, "best", best)
    advice._nearest.cache_clear()
    found = advice._nearest(asked("1F", 8, 8), 7280, 7280)
    assert found == tried[2] == tried[3] and len(set(tried)) == 3 and (7280, 7280) not in tried
    away = [abs(w - 7280) + abs(h - 7280) for w, h in tried]
    assert away == sorted(away)
    monkeypatch.setattr(fit, "best", lambda *a, **k: None)
    assert advice._nearest(asked("1F", 9, 9), 8190, 8190) is None
    advice._nearest.cache_clear()


def test_the_nearest_size_of_a_giant_is_large() -> None:
    """No house of 50 × 50 modules; the one named is not the smallest."""
    width, height = houses.nearest_size(50 * 910, 50 * 910)
    assert min(width, height) >= 9 * 910
    assert width % 910 == height % 910 == 0


def test_no_time_is_out_of_time() -> None:
    """A limit that is over before the first try, in the library."""
    with pytest.raises(OutOfTimeError, match="must be found within the time limit, got none for 8x8 modules"):
        houses.house_for(asked("1F", 8, 8), seed=0, time_limit_s=-1)


# --- out of time: which wish, and the nearest that can ---------------------------------------

WISHES = asked(
    "both", 9, 8, elements=frozenset({"stairs", "entrance", "balcony"}), entrance_side="n", bedrooms=2, nldk=4,
    features=frozenset({"void", "wa"}), upper_mm=(8190, 6370), stair_place="c",
)  # fmt: skip


def test_easier_briefs_ask_for_one_wish_less() -> None:
    """Fewer rooms first, never fewer than are named; then each wish alone is left out."""
    found = list(advice.easier(WISHES))
    less = [b for _, b in found]
    assert [word for word, _ in found] == [
        "4LDK", "4LDK", "2 bedrooms", "2 bedrooms", "2 bedrooms", "stairs center", "entrance north", "tatami", "void",
        "balcony", "upper 9x7",
    ]  # fmt: skip
    assert [b.nldk for b in less[:2]] == [3, None] and [b.bedrooms for b in less[2:5]] == [1, 0, None]
    assert less[5:] == [
        replace(WISHES, stair_place=None),
        replace(WISHES, entrance_side=None),
        replace(WISHES, features=frozenset({"void"})),
        replace(WISHES, features=frozenset({"wa"})),
        replace(WISHES, elements=frozenset({"stairs", "entrance"})),
        replace(WISHES, upper_mm=None),
    ]


def test_out_of_time_names_the_wish_and_what_has_a_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first wish without which the library has a house; that brief is named as a caption."""
    monkeypatch.setattr(fit, "best", lambda brief, *a, **k: None if "void" in brief.features else "a house")
    error = advice.out_of_time(WISHES)
    assert error.message == (
        "a house must be found within the time limit, got none for 9x8 modules; probably void is too much"
    )
    assert error.hint.startswith("this proves nothing: give more time, try another seed")
    assert error.hint.endswith(
        ": 'floor plan, both, 9x8, upper 9x7, entrance north, stairs center, balcony, 4LDK, 2 bedrooms, tatami' "
        "has a house"
    )


def test_out_of_time_blames_no_wish_that_it_has_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """None helps; the time for looking is over; nothing was asked but the size."""
    monkeypatch.setattr(fit, "best", lambda *a, **k: None)
    assert advice.out_of_time(WISHES).message.endswith("for 9x8 modules; no single wish is to blame")
    assert advice.out_of_time(WISHES).hint.endswith("or take another size")
    monkeypatch.setattr(fit, "best", lambda brief, *a, **k: None if brief.features or brief.nldk else "a house")
    assert advice.out_of_time(WISHES).hint.endswith(": 'floor plan, both, 9x8, entrance, stairs' has a house")
    assert advice.out_of_time(asked("1F", 8, 8)).message.endswith("8x8 modules; nothing but the size was asked")

    def slow(*_: object, **__: object) -> None:
        raise OutOfTimeError("none")

    monkeypatch.setattr(fit, "best", slow)
    assert advice.out_of_time(WISHES).message.endswith("for 9x8 modules")


def test_a_house_that_is_not_found_in_time_tells_which_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library itself answers: 5 bedrooms on 7 × 7 modules are too many for it, fewer are not."""
    monkeypatch.setattr(houses, "find", lambda *a, **k: pytest.fail("searched"))
    monkeypatch.setattr(houses, "_searched", lambda *a: (_ for _ in ()).throw(OutOfTimeError("none")))
    monkeypatch.setattr(advice, "WISH_LIMIT_S", 60.0)
    brief = asked("2F", 7, 7, bedrooms=4, elements=frozenset({"stairs"}))
    with pytest.raises(OutOfTimeError, match=r"7x7 modules; probably 4 bedrooms is too much .*2F, 7x7.* has a house"):
        houses.house_for(brief, seed=0, time_limit_s=60)


def test_an_empty_library_is_searched_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a topology CP-SAT finds a house; equal seeds give equal ones."""
    monkeypatch.setattr(library, "load", lambda: ())
    brief = asked("1F", 8, 7, elements=frozenset({"entrance"}), entrance_side="e")
    house = houses.house_for(brief, seed=1, time_limit_s=120)
    assert hard(house) == [] and len(house.plans) == 1
    assert outline(house.plans[0])[2:] == (16, 14) and entrance_side(house.plans[0]) == "e"
    assert houses.house_for(brief, seed=1, time_limit_s=90) == house


def test_a_search_tries_again_until_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another size of the other storey, and a topology that takes no doors; then none in time."""
    flat = next(e.topology for e in library.load() if len(e.key) == 2)
    answers: list[object] = [InfeasibleError("the 2F drawn is too small"), flat, OutOfTimeError("none")]

    def find(*_: object, **__: object) -> Topology:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Topology)
        return answer

    monkeypatch.setattr(houses, "find", find)
    monkeypatch.setattr(fit, "finished", lambda *a: None)
    with pytest.raises(OutOfTimeError, match="none"):
        houses._searched(asked("1F", 7, 6), random.Random(0), time.monotonic() + 60)
    assert answers == []
    with pytest.raises(OutOfTimeError, match="within the time limit, got none"):
        houses._searched(asked("1F", 7, 6), random.Random(0), time.monotonic() - 1)


def test_without_a_library_no_size_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what is wrong: the installation."""
    monkeypatch.setattr(library, "load", lambda: ())
    advice._nearest.cache_clear()
    with pytest.raises(InfeasibleError, match=r"topology library must give a house.*reinstall"):
        houses.nearest_size(7280, 7280)
    advice._nearest.cache_clear()


def test_random_houses_are_lawful() -> None:
    """Twelve seeds; each is its own house, and says its seed."""
    found = [houses.random_house(seed=s, house_id=f"h{s}") for s in range(12)]
    assert [hard(h) for h in found] == [[]] * 12
    assert len({h.plans for h in found}) == 12
    assert (found[4].seed, found[4].house_id) == (4, "h4")
    assert houses.random_house(seed=4, house_id="h4") == found[4]


def test_random_houses_have_the_storeys_asked_for() -> None:
    """One and two; three there are not."""
    assert [len(houses.random_house(seed=3, storeys=n).plans) for n in (1, 2)] == [1, 2]
    with pytest.raises(OutOfTimeError, match=r"must give a lawful house, got none.*library may be damaged"):
        houses.random_house(seed=3, storeys=3)


def test_a_library_cut_short_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wherever it was cut; a whole one of no houses gives no random house."""
    whole = (resources.files("madorizu") / "assets" / "topologies.jsonl").read_text(encoding="utf-8")
    (tmp_path / "assets").mkdir()
    file = tmp_path / "assets" / "topologies.jsonl"
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    library.load.cache_clear()
    try:
        lines = whole.splitlines()
        # Within a line, at the end of one, before the first, and with a seal that is another's.
        for text in (whole[:90_000], "\n".join(lines[:3]), "\n".join(lines[:-1]), "", whole[:-40]):
            file.write_text(text, encoding="utf-8")
            with pytest.raises(PlanError, match=r"library must end with its seal, got \d+ lines without .*reinstall"):
                houses.random_house(seed=0)
        file.write_text("\n".join([*lines[:3], lines[-1]]), encoding="utf-8")
        with pytest.raises(PlanError, match=r"must be the \d+ lines that its seal tells of, got others \(3\)"):
            houses.random_house(seed=0)
        file.write_text("\n".join(library.seal(lines[:3])), encoding="utf-8")
        assert len(library.load()) == 3
        library.load.cache_clear()
        file.write_text("\n".join(library.seal([])), encoding="utf-8")
        with pytest.raises(OutOfTimeError, match="library may be damaged; reinstall"):
            houses.random_house(seed=0)
    finally:
        library.load.cache_clear()


def test_a_library_of_nonsense_gives_no_random_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """One room that is no house."""
    nonsense = Topology((Storey((("hall", cells_in((0, 0, 8, 8))),)),), "s", None)
    monkeypatch.setattr(library, "load", lambda: (entry_of(nonsense),))
    with pytest.raises(OutOfTimeError, match="200 tries must give a lawful house"):
        houses.random_house(seed=0)


def test_the_best_of_several_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one house to choose from it is never better than with four."""
    brief, end = asked("1F", 9, 8), time.monotonic() + 60
    one = fit.best(brief, random.Random(2), end, kept=1)
    four = fit.best(brief, random.Random(2), end, kept=4)
    assert one is not None and four is not None
    assert fit.penalty(four) <= fit.penalty(one)


@pytest.mark.parametrize("rooms", [4, 1])
def test_random_and_archetype_houses_are_the_best_of_some(monkeypatch: pytest.MonkeyPatch, rooms: int) -> None:
    """Every lawful one that was made was weighed, and the one with the least penalty taken; all of one kind."""
    seen: list[tuple[float, House]] = []
    penalty = fit.penalty

    def weighed(house: House) -> float:
        seen.append((penalty(house), house))
        return seen[-1][0]

    monkeypatch.setattr(fit, "penalty", weighed)
    monkeypatch.setattr(fit, "KEPT", rooms)
    house = houses.random_house(seed=2)
    assert len(seen) == rooms and house.plans == min(seen, key=lambda s: s[0])[1].plans
    mirrored = {"e": "ew", "w": "ew"}  # houses are flipped east to west
    sides = [entrance_side(h.plans[0]) or "" for _, h in seen]
    assert len({mirrored.get(side, side) for side in sides}) == len({len(h.plans) for _, h in seen}) == 1
    seen.clear()
    line = useful_entry()
    monkeypatch.setattr(library, "of_archetype", lambda code: (line,))
    own = houses.archetype_house("A03", seed=2)
    assert len(seen) >= rooms and own.plans == min(seen, key=lambda s: s[0])[1].plans


def plan_with(floor: int, *rooms: tuple[str, tuple[int, int, int, int]]) -> Plan:
    """Make a storey of rectangles."""
    return Plan(floor, tuple(Room(kind, cells_in(rect)) for kind, rect in rooms))


def test_what_a_penalty_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Besides the soft rules: the south wall, but not the entrance's own front; what wastes it; WCs and baths."""
    monkeypatch.setattr(rules, "score", lambda house: rules.scoring.scored(()))
    sunny = plan_with(
        1, ("ldk", (0, 4, 12, 8)), ("ent", (12, 8, 4, 4)), ("hall", (0, 0, 16, 4)), ("bath", (12, 4, 4, 4))
    )
    assert fit.penalty(House((sunny,))) == 0.0
    # A pantry of 2 × 4 half modules, its front to the west: short it is deep, long it is not.
    front = Opening("folding", "v", 4, 6, 2, 755)
    deep, wide = ("pantry", (4, 6, 4, 2)), ("pantry", (4, 4, 2, 4))
    for pantry, cost in ((deep, fit._DEEP_STORE), (wide, 0.0)):
        plan = plan_with(1, ("ldk", (0, 8, 12, 4)), ("hall", (0, 4, 4, 4)), pantry)
        assert fit.penalty(House((replace(plan, openings=(front,)),))) == pytest.approx(cost)
    half = plan_with(1, ("ldk", (0, 4, 6, 8)), ("hall", (6, 4, 6, 8)), ("ent", (12, 4, 4, 8)))
    assert fit.penalty(House((half,))) == pytest.approx(fit.SOUTH / 2)
    dark = plan_with(1, ("ldk", (0, 4, 8, 8)), ("wc", (8, 8, 2, 4)), ("bath", (8, 2, 4, 6)), ("ent", (12, 4, 4, 8)))
    assert fit.penalty(House((dark,))) == pytest.approx(
        fit.SOUTH * 4 / 12 + 2 * fit._DARK_IN_THE_SUN + fit._LARGE_BATH + fit._INNER_WC
    )
    lit = replace(dark, openings=(Opening("window", "h", 8, 12, 2, 690, 900, 2000),))
    assert fit.penalty(House((lit,))) == pytest.approx(fit.penalty(House((dark,))) - fit._INNER_WC)
    above = plan_with(2, ("mbr", (0, 4, 12, 8)), ("hall", (0, 0, 12, 4)))
    assert fit.penalty(House((sunny, above))) == 0.0
    shaded = plan_with(2, ("mbr", (0, 0, 12, 8)), ("hall", (0, 8, 12, 4)))
    assert fit.penalty(House((sunny, shaded))) == pytest.approx(fit.UPPER_SOUTH)
    over = plan_with(2, ("mbr", (0, 6, 12, 6)), ("wc", (0, 2, 2, 4)), ("hall", (2, 0, 10, 6)))
    assert fit.penalty(House((sunny, over))) == pytest.approx(fit._WC_OVER_ROOM + fit._INNER_WC)


def test_walls_over_walls_count_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What S12 takes from the score is added once more."""
    house = houses.random_house(seed=2)
    score = rules.score(house)
    without = fit.penalty(house)
    lost = {**score.lost(), "S12": score.lost().get("S12", 0.0) + 3.0}
    monkeypatch.setattr(rules.scoring.Score, "lost", lambda self: lost)
    assert fit.penalty(house) == pytest.approx(without + 3.0)


def test_an_open_side_is_drawn_as_usual() -> None:
    """Of two hundred entrances half lie in the south and a fifth in the north; as asked where it is asked."""
    brief = asked("1F", 9, 8, elements=frozenset({"entrance"}))
    drawn = [sites.entrance_of(brief, random.Random(seed)) for seed in range(200)]
    assert 80 < drawn.count("s") < 120 and 25 < drawn.count("n") < 60 and {"e", "w"} < set(drawn)
    assert {sites.entrance_of(replace(brief, entrance_side="w"), random.Random(seed)) for seed in range(9)} == {"w"}


def test_candidates_of_the_side_that_was_drawn_come_first() -> None:
    """The others come after all of them; with a side asked for there are no others."""
    brief = asked("both", 9, 8)
    for seed in range(4):
        found = fit.candidates(brief, random.Random(seed))
        sides = [c.turn.side(c.entry.entrance) for c in found]
        first = sites.entrance_of(brief, random.Random(seed))
        assert first in sides and set(sides[: sides.count(first)]) == {first}


# --- rooms renamed to wishes --------------------------------------------------------------

ROOMY = Topology(
    (
        Storey(
            (
                ("ldk", cells_in((0, 0, 10, 10))),
                ("bed", cells_in((10, 0, 6, 6))),
                ("sto", cells_in((10, 6, 2, 4))),
                ("hall", cells_in((12, 6, 4, 4))),
            )
        ),
    ),
    "s",
    None,
)


def kinds(topology: Topology | None) -> list[str]:
    """Return the kinds of the first storey's rooms."""
    assert topology is not None
    return [k for k, _ in topology.storeys[0].rooms]


@pytest.mark.parametrize(("wish", "expected"), [
    (asked("1F", 8, 5), ["ldk", "bed", "sto", "hall"]),
    (asked("1F", 8, 5, features=frozenset({"wa"})), ["ldk", "wa", "sto", "hall"]),
    (asked("1F", 8, 5, features=frozenset({"s"})), ["ldk", "bed", "s", "hall"]),
    (asked("1F", 8, 5, features=frozenset({"pantry"})), ["ldk", "bed", "pantry", "hall"]),
    (asked("1F", 8, 5, bedrooms=0), ["ldk", "wa", "sto", "hall"]),
    (asked("both", 8, 5, features=frozenset({"ldk"}), bedrooms=1), ["ldk", "bed", "sto", "hall"]),
])  # fmt: skip
def test_rooms_are_renamed_to_what_is_wished(wish: Brief, expected: list[str]) -> None:
    """A room takes another name where it has the form."""
    assert kinds(fit.dress(ROOMY, wish)) == expected


@pytest.mark.parametrize("wish", [
    asked("1F", 8, 5, features=frozenset({"void"})),
    asked("1F", 8, 5, bedrooms=2),
    asked("1F", 8, 5, bedrooms=1, features=frozenset({"wa"})),
    asked("1F", 8, 5, features=frozenset({"pantry", "s"}), bedrooms=1),
])  # fmt: skip
def test_rooms_that_are_not_there_cannot_be_renamed(wish: Brief) -> None:
    """No room is left for the wish."""
    assert fit.dress(ROOMY, wish) is None


def test_a_tatami_room_becomes_a_bedroom_and_back() -> None:
    """One bedroom more than there is, from the 和室."""
    tatami = fit.dress(ROOMY, asked("1F", 8, 5, bedrooms=0))
    assert tatami is not None
    assert kinds(fit.dress(tatami, asked("1F", 8, 5, bedrooms=1))) == ["ldk", "bed", "sto", "hall"]


def test_rooms_of_another_form_keep_their_names() -> None:
    """A bedroom four half modules wide is no 和室, and a master bedroom is renamed to nothing."""
    narrow = Topology((Storey((("bed", cells_in((0, 0, 4, 9))), ("hall", cells_in((4, 0, 2, 9))))),), "s", None)
    assert fit.dress(narrow, asked("1F", 3, 4.5, features=frozenset({"wa"}))) is None
    large = Topology((Storey((("mbr", cells_in((0, 0, 8, 8))), ("hall", cells_in((8, 0, 2, 8))))),), "s", None)
    assert fit.dress(large, asked("1F", 5, 4, bedrooms=0)) is None


def test_a_store_away_from_the_kitchen_is_no_pantry() -> None:
    """The store lies beside the hall alone."""
    far = Topology((Storey((("hall", cells_in((0, 0, 8, 2))), ("sto", cells_in((0, 2, 2, 2))))),), "s", None)
    assert fit.dress(far, asked("1F", 4, 2, features=frozenset({"pantry"}))) is None


# --- what a topology of the library could be ----------------------------------------------


@pytest.mark.parametrize(("wish", "could"), [
    (asked("both", 8, 5, nldk=1), True),
    (asked("both", 8, 5, nldk=2), False),  # one bedroom there is
    (asked("both", 8, 5, bedrooms=1), True),
    (asked("both", 8, 5, bedrooms=0), True),  # the bedroom may be a tatami room
    (asked("both", 8, 5, bedrooms=2), False),
    (asked("1F", 8, 5, features=frozenset({"wa", "pantry"})), True),  # from bedroom and store
    (asked("1F", 8, 5, features=frozenset({"void"})), False),
])  # fmt: skip
def test_topologies_without_the_rooms_are_passed_over(wish: Brief, could: bool) -> None:
    """By the kinds of their rooms alone."""
    assert fit._could_have(entry_of(ROOMY), wish) is could


def test_candidates_are_of_about_the_size_and_of_the_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the turns that come near: of 8 × 5 modules for 5.5 × 9 only those on their side; entrance as asked."""
    monkeypatch.setattr(library, "load", lambda: (entry_of(ROOMY),))
    flat = asked("1F", 5.5, 9, elements=frozenset({"entrance"}))
    assert {c.turn.swap for c in fit.candidates(flat, random.Random(0))} == {True}
    assert len(fit.candidates(flat, random.Random(0))) == 4
    north = replace(flat, width_mm=7280, height_mm=4550, entrance_side="n")
    found = fit.candidates(north, random.Random(0))
    assert [(c.turn.swap, c.turn.flip_y) for c in found] == [(False, True)] * 2
    assert fit.candidates(asked("1F", 5.5, 9), random.Random(0)) == []  # of two storeys
    assert fit.candidates(asked("1F", 14, 14, elements=frozenset({"entrance"})), random.Random(0)) == []


def test_a_library_that_cannot_come_to_the_size_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topology that cannot be brought there is not tried again, however it is flipped."""
    tried: list[object] = []
    monkeypatch.setattr(library, "load", lambda: (entry_of(ROOMY),))
    monkeypatch.setattr(fit, "resized", lambda *a, **k: tried.append(a))
    brief = asked("1F", 8, 5, elements=frozenset({"entrance"}))
    assert fit.best(brief, random.Random(0), time.monotonic() + 60) is None
    assert len(tried) == 1


# --- wishes of the whole house --------------------------------------------------------------


@pytest.mark.parametrize("brief", [
    asked("both", 9, 8, nldk=4),
    asked("both", 8, 7, nldk=3, bedrooms=2),
    asked("unknown", 8, 8, elements=frozenset({"stairs"}), stair_place="n"),
    asked("unknown", 9, 8, elements=frozenset({"balcony"}), bedrooms=0),
    asked("1F", 8, 8, elements=frozenset({"stairs"}), stair_place="e"),
])  # fmt: skip
def test_a_house_meets_its_whole_brief(brief: Brief) -> None:
    """nLDK, the stair's place and what is asked of a storey whose number is open: by the rules of the brief."""
    house = houses.house_for(brief, seed=1, time_limit_s=120)
    meant: House | Plan = house if brief.floor == "both" else house.plans[1 if "balcony" in brief.elements else 0]
    assert [f.message for f in rules.check(meant, brief) if f.hard] == []


def test_the_upper_storey_has_the_size_asked_for() -> None:
    """9 × 7 modules over 9 × 8, whole."""
    house = houses.house_for(asked("both", 9, 8, upper_mm=(8190, 6370)), seed=1, time_limit_s=120)
    assert [outline(plan)[2:] for plan in house.plans] == [(18, 16), (18, 14)] and hard(house) == []


def test_what_is_not_as_asked_is_no_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lawful house without the tatami room, of another size, with its stair elsewhere."""
    house = houses.random_house(seed=5, storeys=2)
    monkeypatch.setattr(fit, "finish", lambda *a, **k: house)
    own = brief_of(house.plans[0])
    item, rng = library.load()[0].topology, random.Random(0)
    for floor in ("1F", "unknown"):
        kept = replace(own, floor=floor)
        assert fit.finished(item, kept, rng) == (fit.penalty(house), house)
        assert fit.finished(item, replace(kept, width_mm=own.width_mm + 455), rng) is None
        other: Place = "nw" if own.stair_place != "nw" else "se"
        assert fit.finished(item, replace(kept, stair_place=other), rng) is None
        assert fit.finished(item, replace(kept, features=own.features | {"void"}), rng) is None
    monkeypatch.setattr(fit, "finish", lambda *a, **k: None)
    assert fit.finished(item, own, rng) is None


# --- archetypes -----------------------------------------------------------------------------


def test_an_archetype_that_is_not_is_refused() -> None:
    """The message lists those that are."""
    with pytest.raises(BriefError, match="archetype must be one of A01, A02, .*A14, got 'A15'"):
        houses.archetype_house("A15", seed=0)


def test_an_archetype_house_is_made_from_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a line of its programme: lawful, named, the same for the same seed; mirrored east to west at most."""
    line = useful_entry()
    monkeypatch.setattr(library, "of_archetype", lambda code: (line,))
    house = houses.archetype_house("A03", seed=0, house_id="a03")
    assert hard(house) == [] and (house.seed, house.house_id) == (0, "a03")
    assert outline(house.plans[0])[2:] == line.key[0]
    assert houses.archetype_house("A03", seed=0, house_id="a03") == house
    again = houses.archetype_house("A03", seed=1)  # the same line a second time: a little larger
    assert again.plans != house.plans


def test_an_archetype_without_a_line_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its site; what takes no doors is passed over, and the time may run out."""
    useful = useful_entry().topology
    sites = []

    def find(site: Site, *, seed: int, time_limit_s: float) -> Topology:
        sites.append(site)
        return ROOMY if len(sites) == 1 else useful

    monkeypatch.setattr(library, "of_archetype", lambda code: ())
    monkeypatch.setattr(houses, "find", find)
    house = houses.archetype_house("A06", seed=0)
    assert hard(house) == [] and len(sites) >= 2
    assert {(site.lower, site.upper, site.entrance) for site in sites} == {((16, 20), (16, 16), "e")}
    with pytest.raises(OutOfTimeError, match="a house of A06 must be found within the time limit, got none"):
        houses.archetype_house("A06", seed=0, time_limit_s=-1)


def test_a_line_that_cannot_be_moved_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Re-dimensioning failed once: the next draw may succeed."""
    line = useful_entry()
    answers: list[Topology | None] = [None, *[line.topology] * 9]
    monkeypatch.setattr(library, "of_archetype", lambda code: (line,))
    monkeypatch.setattr(houses, "resized", lambda *a, **k: answers.pop(0))
    assert hard(houses.archetype_house("A01", seed=0)) == [] and len(answers) <= 8
