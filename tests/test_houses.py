"""Houses from briefs: lawful, of the size asked for, the same for the same seed."""

from __future__ import annotations

import random
import re
import time

import pytest

from madorizu import houses, rules
from madorizu.brief import Brief, brief_of, entrance_side
from madorizu.errors import InfeasibleError, OutOfTimeError
from madorizu.houses import fit, library, programme, search
from madorizu.houses.topology import Storey, Topology
from madorizu.plan import House, cells_in, outline


def asked(floor: str, width: float, height: float, **wishes: object) -> Brief:
    """Make a brief of a size in modules."""
    return Brief(floor, int(width * 910), int(height * 910), **wishes)  # type: ignore[arg-type]


def hard(house: House) -> list[str]:
    """Return the hard findings."""
    return [f.message for f in rules.check(house) if f.hard]


@pytest.mark.parametrize(("brief", "storey"), [
    (asked("1F", 8, 7), 0),
    (asked("2F", 7, 8), 1),
    (asked("both", 9, 8), 0),
    (asked("unknown", 8, 8), 0),
    (asked("1F", 8.5, 7.5), 0),
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
    with pytest.raises(InfeasibleError, match="size that rooms can fill, got 3x3") as caught:
        houses.house_for(asked("1F", 3, 3), seed=0)
    named = re.search(r"nearest size that works is (\d+)x(\d+)", str(caught.value))
    assert named is not None
    house = houses.house_for(asked("1F", int(named[1]), int(named[2])), seed=7)
    assert outline(house.plans[0])[2:] == (2 * int(named[1]), 2 * int(named[2]))


def test_rooms_that_cannot_be_are_refused_at_once() -> None:
    """A bath on the 2F is no room of these houses; the size is not to blame."""
    with pytest.raises(InfeasibleError, match=r"got a wish for others.*without them the nearest size"):
        houses.house_for(asked("2F", 8, 8, features=frozenset({"bath"})), seed=0)


def test_the_nearest_size_of_a_giant_is_large() -> None:
    """No house of 50 × 50 modules; the one named is not the smallest."""
    width, height = houses.nearest_size(50 * 910, 50 * 910)
    assert min(width, height) >= 9 * 910
    assert width % 910 == height % 910 == 0


def test_no_time_is_out_of_time() -> None:
    """A limit that is over before the first try, in the library."""
    with pytest.raises(OutOfTimeError, match="8x8 modules must be found within the time limit"):
        houses.house_for(asked("1F", 8, 8), seed=0, time_limit_s=-1)


def test_an_empty_library_is_searched_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a topology CP-SAT finds a house; equal seeds give equal ones."""
    monkeypatch.setattr(library, "load", lambda: ())
    monkeypatch.setattr(houses, "_advice", lambda brief: "8x7")
    brief = asked("1F", 7, 6)
    house = houses.house_for(brief, seed=1, time_limit_s=120)
    assert hard(house) == [] and outline(house.plans[0])[2:] == (14, 12)
    with pytest.raises(OutOfTimeError, match=r"got none for 7x6.*another size: 8x7"):
        houses._searched(brief, random.Random(0), time.monotonic() + 0.01)
    with pytest.raises(OutOfTimeError, match="got none"):
        houses._searched(brief, random.Random(0), time.monotonic() - 1)


def test_without_a_library_no_size_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what is wrong: the installation."""
    monkeypatch.setattr(library, "load", lambda: ())
    houses._nearest.cache_clear()
    with pytest.raises(InfeasibleError, match=r"topology library must give a house.*reinstall"):
        houses.nearest_size(7280, 7280)
    houses._nearest.cache_clear()


def test_random_houses_are_lawful() -> None:
    """Twenty seeds; each is its own house, and says its seed."""
    found = [houses.random_house(seed=s, house_id=f"h{s}") for s in range(20)]
    assert [hard(h) for h in found] == [[]] * 20
    assert len({h.plans for h in found}) == 20
    assert (found[4].seed, found[4].house_id) == (4, "h4")
    assert houses.random_house(seed=4, house_id="h4") == found[4]


def test_a_library_of_nonsense_gives_no_random_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """One room that is no house."""
    nonsense = Topology((Storey((("hall", cells_in((0, 0, 8, 8))),)),), "s", None)
    monkeypatch.setattr(library, "load", lambda: (nonsense,))
    with pytest.raises(OutOfTimeError, match="200 tries must give a lawful house"):
        houses.random_house(seed=0)


@pytest.mark.parametrize(("brief", "storeys"), [
    (asked("1F", 8, 8), 2),
    (asked("1F", 8, 8, elements=frozenset({"entrance"})), 1),
    (asked("1F", 8, 8, elements=frozenset({"stairs"})), 2),
    (asked("2F", 8, 8), 2),
    (asked("unknown", 8, 8), 2),
])  # fmt: skip
def test_stairs_decide_the_storeys(brief: Brief, storeys: int) -> None:
    """A 1F that names elements without stairs is a house of one storey."""
    assert fit.storeys_of(brief) == storeys


def test_the_best_of_several_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one house to choose from it is never better than with four."""
    brief, end = asked("1F", 9, 8), time.monotonic() + 60
    one = fit.best(brief, random.Random(2), end, kept=1)
    four = fit.best(brief, random.Random(2), end, kept=4)
    assert one is not None and four is not None
    assert fit.penalty(four) <= fit.penalty(one)


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


def test_a_store_away_from_the_kitchen_is_no_pantry() -> None:
    """The store lies beside the hall alone."""
    far = Topology((Storey((("hall", cells_in((0, 0, 8, 2))), ("sto", cells_in((0, 2, 2, 2))))),), "s", None)
    assert fit.dress(far, asked("1F", 4, 2, features=frozenset({"pantry"}))) is None


# --- programme and search -----------------------------------------------------------------


@pytest.mark.parametrize("area", [36, 40, 48, 56, 72, 90, 110])
def test_a_programme_can_fill_its_floor(area: int) -> None:
    """The least areas fit in, the greatest fill up: on average, and the wet rooms are always there."""
    for seed in range(6):
        ground = programme.ground_floor(area, 4, programme.Wishes(), random.Random(seed))
        kinds_there = [w.kind for w in ground.wants]
        assert {"ldk", "wc", "wash", "bath"} <= set(kinds_there)
        fixed = programme.STAIR_AREA + 4
        assert sum(w.low for w in ground.wants) + ground.hall[0] + fixed <= area
        living = next(w for w in ground.wants if w.kind == "ldk")
        assert living.low >= (16 if programme.is_tiny(area) else 20)


def test_wishes_enter_the_programme() -> None:
    """Bedrooms below, extras, a tatami room in one storey, none above."""
    rng = random.Random(0)
    wishes = programme.Wishes(True, 2, 0, frozenset({"pantry", "sic"}))
    ground = [w.kind for w in programme.ground_floor(90, 4, wishes, rng).wants]
    assert ground.count("bed") >= 2 and {"wa", "pantry", "sic"} <= set(ground)
    assert [w.kind for w in programme.upper_floor(60, wishes, rng).wants] == ["wc"]
    flat = [w.kind for w in programme.single_storey(100, 4, programme.Wishes(True, None, None), rng).wants]
    assert {"wa", "mbr", "ldk"} <= set(flat)
    above = [w.kind for w in programme.upper_floor(60, programme.Wishes(extras=frozenset({"wic", "s"})), rng).wants]
    assert {"wic", "s", "mbr"} <= set(above)
    one = [w.kind for w in programme.upper_floor(48, programme.Wishes(bedrooms_above=1), rng).wants]
    assert one.count("mbr") == 1 and "bed" not in one and "s" in one


def test_a_site_that_is_too_small_is_infeasible() -> None:
    """Five by five modules, and a single storey of six by six."""
    wishes = programme.Wishes()
    with pytest.raises(InfeasibleError, match="at least 36 modules² on the 1F and sides of 5, got 5x5"):
        search.find(search.Site((5, 5), (5, 5), (0, 0), "s", wishes), seed=0, time_limit_s=1)
    with pytest.raises(InfeasibleError, match="at least 42 modules²"):
        search.find(search.Site((6, 6), None, (0, 0), "s", wishes), seed=0, time_limit_s=1)


def test_a_search_can_run_out_of_time() -> None:
    """A hundredth of a second is cut off inside the solver, or before it."""
    site = search.Site((9, 9), (9, 9), (0, 0), "s", programme.Wishes())
    with pytest.raises(OutOfTimeError, match="must be found within the time limit|no house of 9x9 found"):
        search.find(site, seed=0, time_limit_s=0.01)
    with pytest.raises(OutOfTimeError, match="no house of 9x9 found in 0 s"):
        search.find(site, seed=0, time_limit_s=0)


def test_one_storey_is_found_without_stairs() -> None:
    """A 平屋 of 8 × 7 modules."""
    found = search.find(search.Site((8, 7), None, (0, 0), "n", programme.Wishes()), seed=2, time_limit_s=120)
    assert found.stair is None and len(found.storeys) == 1 and found.key == ((16, 14),)
    assert "stair" not in dict(found.storeys[0].rooms)


def test_stairs_that_do_not_fit_are_none() -> None:
    """No stair where the storeys share a strip of one module by three; no entrance on a full side."""
    strip = cells_in((0, 0, 1, 3))
    assert search._place_stair(strip, strip, random.Random(0)) is None
    assert search._place_entrance(strip, strip, "s", random.Random(0)) is None
