"""What holds for the rules as a whole."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import ground_floor_8x7, house_8x7, letters, plan_of, upper_floor_8x7
from madorizu import rules
from madorizu.brief import Brief
from madorizu.catalogue import FIXTURES, ROOMS
from madorizu.errors import InputError
from madorizu.plan import OPENING_KINDS, Cell, Fixture, House, Opening, Plan, Room, Stair, cells_in, is_connected
from madorizu.rules import facts, regions

ROOT = Path(__file__).parent.parent


def test_a_lawful_house_has_no_finding() -> None:
    """The drawn house of 8 × 7 modules is lawful, as a house and storey by storey."""
    assert rules.format_findings(rules.check(house_8x7())) == "No findings."
    assert rules.is_lawful(house_8x7())
    for plan in house_8x7().plans:
        assert [f.code for f in rules.check(plan) if f.hard] == []
        assert rules.is_lawful(plan)


def test_the_drawing_shows_the_house() -> None:
    """The text of a plan and the plan are inverse; north is the first line, west the first letter."""
    text = "TTTHHH\nTTTHHH\n...ooo"
    plan = plan_of(text)
    assert [(r.kind, min(r.cells)) for r in plan.rooms] == [("wc", (0, 0)), ("hall", (3, 0)), ("sto", (3, 2))]
    assert letters(plan) == text


@pytest.mark.parametrize("plan", [ground_floor_8x7(), upper_floor_8x7()])
def test_each_opening_is_needed_or_a_window(plan: Plan) -> None:
    """Taking any door out of the lawful house breaks a rule, hard or soft."""
    house = house_8x7()
    for i, opening in enumerate(plan.openings):
        less = Plan(
            plan.floor, plan.rooms, plan.openings[:i] + plan.openings[i + 1 :], (), plan.stair, plan.storey_height_mm
        )
        found = rules.check(House(tuple(less if p.floor == plan.floor else p for p in house.plans)))
        assert found or opening.kind in ("window", "french")


def test_findings_say_where_and_how_bad() -> None:
    """A finding has its storey, room and cell; H and B are hard, S is soft, H10 is information."""
    found = rules.check(plan_of("HH\nHU", floor=2), Brief("2F", 8 * 910, 7 * 910))
    bath = next(f for f in found if f.code == "H03" and f.room == 1)
    assert (bath.floor, bath.room, bath.cell) == (2, 1, (1, 1))
    weights = {f.code: f.weight for f in found}
    assert weights.pop("H10") == "info"
    assert {code[0]: weight for code, weight in weights.items()} == {"H": "hard", "B": "hard", "S": "soft"}
    assert all(f.hard == (f.weight == "hard") for f in found)


def test_findings_come_in_the_order_of_the_rules() -> None:
    """The report is ordered as `RULES`, whose codes are unique."""
    codes = [rule.code for rule in rules.RULES]
    assert len(set(codes)) == len(codes)
    found = [f.code for f in rules.check(plan_of("HH\nHU"), Brief("2F", 8 * 910, 7 * 910, bedrooms=1))]
    assert found == sorted(found, key=codes.index)


def test_a_rule_finds_under_its_own_code_only() -> None:
    """Each function of `RULES` yields findings of its code and no other."""
    case = facts.case_of(plan_of("HHU\nqbV", {"q": "sauna"}), Brief("2F", 8 * 910, 7 * 910, bedrooms=1))
    for rule in rules.RULES:
        assert {f.code for f in rule.find(case)} <= {rule.code}


def test_lines_for_people() -> None:
    """Findings are written in English and Japanese, one per line."""
    found = rules.check(plan_of("UU\nUU\nUU\nUU"))
    bath = [f for f in found if f.code == "H03"]
    assert rules.format_findings(bath).splitlines() == [
        "error H03 1F (0, 0): Bath must be at least 2.48 m², got 1.66",
        "error H03 1F (0, 0): Bath must be at least 1365 mm at its narrowest, got 910",
    ]
    assert rules.format_findings(bath, "ja").splitlines()[0] == (
        "必須 H03 1階 (0, 0): 浴室の面積は2.48㎡以上が必要です(1.66㎡)"
    )
    whole = rules.check(House((plan_of("HH\nHH"), plan_of("HH\nHH", floor=2))))
    assert "error H08: House must have a bath, got none" in rules.format_findings(whole)
    assert "推奨 S05: " in rules.format_findings(whole, "ja")
    assert rules.format_findings((), "ja") == "指摘はありません。"


def test_lines_in_an_unknown_language_are_refused() -> None:
    """A language other than the two is an error."""
    with pytest.raises(InputError, match="lang must be one of en, ja, got 'de'"):
        rules.format_findings((), "de")


# --- no plan makes a rule raise ------------------------------------------------------------

cells = st.tuples(st.integers(-3, 14), st.integers(-3, 14))
rects = st.tuples(st.integers(-3, 12), st.integers(-3, 12), st.integers(1, 9), st.integers(1, 9))
shapes = st.one_of(
    st.frozensets(cells, max_size=12),
    rects.map(cells_in),
    st.tuples(rects, rects).map(lambda two: cells_in(two[0]) | cells_in(two[1])),
    st.tuples(rects, rects).map(lambda two: cells_in(two[0]) - cells_in(two[1])),
)
names = st.one_of(
    st.just(""), st.text(max_size=8), st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2})?(帖|㎡|J| m2)", fullmatch=True)
)
rooms = st.builds(Room, st.one_of(st.sampled_from(sorted(ROOMS)), st.text(max_size=4)), shapes, names)
openings: st.SearchStrategy[Opening] = st.builds(
    Opening,
    st.one_of(st.sampled_from(OPENING_KINDS), st.just("hatch")),
    st.sampled_from(["h", "v"]),
    st.integers(-4, 15),
    st.integers(-4, 15),
    st.integers(-1, 7),
    st.integers(-10, 4000),
    st.integers(-10, 3000),
    st.integers(-10, 3000),
    st.sampled_from(["start", "end"]),
    st.sampled_from([-1, 1]),
)
stairs: st.SearchStrategy[Stair | None] = st.one_of(
    st.none(),
    st.builds(
        Stair,
        st.sampled_from(["straight", "l", "u"]),
        st.tuples(st.integers(-3, 12), st.integers(-3, 12), st.integers(-1, 9), st.integers(-1, 9)),
        st.sampled_from(["n", "e", "s", "w"]),
        st.sampled_from(["none", "left", "right"]),
    ),
)
lengths_mm = st.one_of(st.integers(-3000, 8000), st.integers(-(10**9), 10**9))
fixtures = st.builds(
    Fixture,
    st.one_of(st.sampled_from(sorted(FIXTURES)), st.text(max_size=4)),
    lengths_mm,
    lengths_mm,
    lengths_mm,
    lengths_mm,
    st.sampled_from(["n", "e", "s", "w"]),
)
plans = st.builds(
    Plan,
    st.integers(-1, 4),
    st.lists(rooms, max_size=6).map(tuple),
    st.lists(openings, max_size=6).map(tuple),
    st.lists(fixtures, max_size=4).map(tuple),
    stairs,
    st.integers(-1, 5000),
)
briefs = st.one_of(
    st.none(),
    st.builds(
        Brief,
        st.sampled_from(["1F", "2F", "both", "unknown"]),
        st.integers(4, 20).map(lambda n: n * 910),
        st.integers(4, 20).map(lambda n: n * 910),
        st.just(frozenset({"entrance", "stairs"})),
        st.sampled_from([None, "n", "e", "s", "w"]),
        st.sampled_from([None, 0, 3]),
        st.just(frozenset({"ldk", "wa"})),
    ),
)


@settings(max_examples=100, deadline=None)
@given(plans, briefs)
def test_no_plan_makes_a_rule_raise(plan: Plan, brief: Brief | None) -> None:
    """However broken a plan is, `check` and `score` return, and `is_lawful` agrees with them."""
    found = rules.check(plan, brief)
    assert rules.is_lawful(plan, brief) == (not any(f.hard for f in found))
    assert_a_score(rules.score(plan, brief), found)
    rules.format_findings(found)
    rules.format_findings(found, "ja")


@settings(max_examples=40, deadline=None)
@given(st.lists(plans, max_size=3), briefs)
def test_no_house_makes_a_rule_raise(storeys: list[Plan], brief: Brief | None) -> None:
    """Storeys of any number and order are checked as a house."""
    house = House(tuple(storeys))
    found = rules.check(house, brief)
    assert rules.is_lawful(house, brief) == (not any(f.hard for f in found))
    assert_a_score(rules.score(house, brief), found)


def assert_a_score(score: rules.Score, found: tuple[rules.Finding, ...]) -> None:
    """A score lies within 0 and 100, is 0 where a hard rule is broken, and counts each soft finding."""
    assert 0 <= score.total <= 100 and score.hard == sum(f.hard for f in found)
    assert score.total == 0 or not score.hard
    assert sum(t.findings for t in score.terms) == sum(f.weight == "soft" for f in found)


off_the_lattice = st.one_of(st.floats(-9, 9, allow_nan=False).filter(lambda v: v != int(v)), st.just(0.5))


@settings(max_examples=25, deadline=None)
@given(plans, off_the_lattice, st.sampled_from(["room", "opening", "width", "fixture", "stair"]))
def test_no_size_off_the_lattice_makes_a_rule_raise(plan: Plan, value: float, where: str) -> None:
    """What is no whole number is H01, and nothing else is asked."""
    broken: Any = value
    if where == "room":
        plan = replace(plan, rooms=(*plan.rooms, Room("hall", frozenset({(broken, 0), (0, broken)}))))
    elif where in ("opening", "width"):
        own = Opening("window", "h", 0, 0, 2, 690)
        own = replace(own, x=broken) if where == "opening" else replace(own, width_mm=broken)
        plan = replace(plan, openings=(*plan.openings, own))
    elif where == "fixture":
        plan = replace(plan, fixtures=(Fixture("toilet", broken, 0, 400, 700, "n"),))
    else:
        plan = replace(plan, stair=Stair("u", (0, 0, broken, 4), "n", "left"))
    assert {f.code for f in rules.check(plan)} == {"H01"}
    assert rules.score(plan).penalty == sum(t.weight for t in rules.score(plan).terms)


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(1, 5))
def test_measures_agree_with_their_definitions(area: frozenset[Cell], side: int) -> None:
    """The bit measures say the same as the plain definitions, written out."""
    squares = (cells_in((x, y, side, side)) for x, y in area)
    covered = frozenset(c for square in squares if square <= area for c in square)
    assert regions.narrower_than(area, side) == (area - covered if side > 1 else frozenset())
    assert regions.is_one_piece(area) == is_connected(area)
    assert sum(len(p) for p in regions.pieces(area)) == len(area)
    if regions.is_one_piece(area):
        # The set's cells are closed: where its cells meet at a point, they part the outside.
        outside = cells_in((-4, -4, 32, 32)) - area
        assert regions.holes(area) == len(regions.pieces(outside)) - 1


# --- documentation, speed, layering ---------------------------------------------------------


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.code)
def test_each_rule_is_described(rule: rules.Rule) -> None:
    """A rule's docstring says what it checks, why, and an example."""
    text = inspect.getdoc(rule.find) or ""
    assert all(f"\n{section}: " in text for section in ("What it checks", "Why", "Example"))
    assert text.split("\n")[0].startswith("Find ")


def test_the_reference_page_is_current() -> None:
    """`scripts/docs --check` finds nothing to write."""
    command = [sys.executable, str(ROOT / "scripts" / "docs"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_stale_reference_page_is_found(tmp_path: Path) -> None:
    """`scripts/docs --check` exits 1 on a copy whose pages were edited or left over, and writing mends it."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "src").symlink_to(ROOT / "src")
    script = tmp_path / "scripts" / "docs"
    script.write_text((ROOT / "scripts" / "docs").read_text("utf-8"), "utf-8")

    def run(*arguments: str) -> Any:
        return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=False)

    assert run("--check").returncode == 1
    pages = ["docs/reference/rules.md", *(f"docs/reference/rules/{rule.code}.md" for rule in rules.RULES)]
    assert run().stdout.splitlines() == [f"wrote {page}" for page in pages]
    assert run("--check").returncode == 0
    page = tmp_path / "docs" / "reference" / "rules" / "H01.md"
    page.write_text(page.read_text("utf-8") + "edited\n", "utf-8")
    page.with_name("H99.md").write_text("left over\n", "utf-8")
    assert run("--check").stderr.splitlines() == [
        "docs/reference/rules/H01.md is stale; run scripts/docs",
        "docs/reference/rules/H99.md is of no rule; run scripts/docs",
    ]
    assert run().stdout.splitlines() == ["wrote docs/reference/rules/H01.md", "removed docs/reference/rules/H99.md"]
    assert not page.with_name("H99.md").exists()


def test_each_page_is_linked_and_whole() -> None:
    """The index links a page for each rule, and the page has the rule's sections."""
    folder = ROOT / "docs" / "reference"
    index = (folder / "rules.md").read_text("utf-8")
    for rule in rules.RULES:
        assert f"| [{rule.code}](rules/{rule.code}.md) | {rule.name} |" in index
        page = (folder / "rules" / f"{rule.code}.md").read_text("utf-8")
        assert page.startswith(f"# {rule.code} {rule.name}\n")
        assert all(f"**{section}.**" in page for section in ("What it checks", "Why", "Example"))


def test_rules_know_no_solver() -> None:
    """Importing the rules loads neither the solver nor anything that draws or learns."""
    code = "import sys, madorizu.rules; print([m for m in sys.modules if m.startswith(('ortools', 'torch', 'cv2'))])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


@pytest.mark.slow
def test_a_house_is_checked_in_five_milliseconds() -> None:
    """The lawful house of 8 × 7 modules takes at most 5 ms of processor time, at best of 50."""
    house, best_s = house_8x7(), 1.0
    for _ in range(50):
        start_s = time.process_time()
        rules.check(house)
        best_s = min(best_s, time.process_time() - start_s)
    assert best_s <= 0.005
