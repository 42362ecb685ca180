"""Drafts made lawful: what is kept, what is put back, what is refused, and that the same comes out again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import drawing
from madorizu import houses, rules
from madorizu.app import cli
from madorizu.brief import Brief, brief_of, brief_of_house, parse_caption
from madorizu.draft import Draft
from madorizu.errors import PlanError, SettingsError
from madorizu.legalise import Legalised, damage, legalise
from madorizu.legalise.drafts import answer_about, draft_from, draft_of, window_around
from madorizu.plan import House, Plan, Room, Stair, cells_in, outline, translate
from madorizu.plan_json import house_to_json, plan_to_json
from madorizu.vectorise.field import EDGE_CLASSES, field_of

HOUSE = drawing.house_8x7()
GROUND, UPPER = HOUSE.plans
BRIEF = brief_of_house(HOUSE)


def drafts_of(*plans: Plan) -> tuple[Draft, ...]:
    """Make sure drafts of plans."""
    return tuple(draft_of(plan) for plan in plans)


def rooms_of(plan: Plan, kind: str) -> list[frozenset[tuple[int, int]]]:
    """Return the cells of the rooms of a kind."""
    return [room.cells for room in plan.rooms if room.kind == kind]


def assert_lawful(made: Legalised, brief: Brief) -> None:
    """Check what is promised of everything that is delivered."""
    assert made.status in ("kept", "repaired", "rebuilt"), made.reason
    item = made.house if made.house is not None else made.plans[0]
    assert [f.message for f in rules.check(item, brief) if f.hard] == []
    assert made.after == rules.check(item, brief)
    sizes = [(brief.width_mm, brief.height_mm), brief.upper_mm]
    for plan, size in zip(made.plans, sizes if brief.floor == "both" else sizes[:1], strict=True):
        _, _, width, height = outline(plan)
        assert size is None or (width * 455, height * 455) == size
    assert len({(plan.stair, rooms_of(plan, "stair")[0]) for plan in made.plans if plan.stair}) <= 1
    assert 0 <= made.agreement <= 1


# --- kept -------------------------------------------------------------------------------------


def test_a_lawful_house_is_kept() -> None:
    """Drafts of a lawful house that is as asked come back as they are, without a move, in any order."""
    made = legalise(drafts_of(UPPER, GROUND), BRIEF)
    assert (made.status, made.moves, made.agreement, made.reason) == ("kept", (), 1.0, "")
    assert made.house is not None and made.house.plans == made.plans == (GROUND, UPPER)
    assert made.before == made.after


def test_drafts_on_their_own_lattices_are_laid_stair_on_stair() -> None:
    """Each picture has a lattice of its own; the house has that of the 1F's outline."""
    made = legalise(drafts_of(translate(GROUND, 5, -3), translate(UPPER, -7, 11)), BRIEF)
    assert made.status == "kept"
    assert made.plans == (GROUND, UPPER)


def test_one_storey_alone_is_kept() -> None:
    """Of one draft a plan comes back, and no house."""
    made = legalise(drafts_of(UPPER), brief_of(UPPER))
    assert (made.status, made.house, made.plans) == ("kept", None, (UPPER,))


def test_without_a_brief_the_size_is_what_was_read() -> None:
    """A lost window is put back though nothing was asked for."""
    dark = replace(UPPER, openings=tuple(o for o in UPPER.openings if o.kind != "french"))
    made = legalise(drafts_of(GROUND, dark))
    assert made.status == "repaired"
    assert outline(made.plans[1]) == outline(UPPER)
    assert not any(f.hard for f in made.after)


# --- put back ---------------------------------------------------------------------------------


def test_a_missing_wall_is_put_back() -> None:
    """Of bath and washroom without the wall between, whose kinds are seen, come both rooms again."""
    left, top, size = window_around(GROUND)
    field = field_of(GROUND, left, top, size)
    for y in range(4):  # the wall runs along x = 4 from y = 0 to 4, with the bath's door in it
        field.edges[1, y - top, 4 - left] = EDGE_CLASSES.index("none")
        field.starts[1, y - top, 4 - left] = 0
    draft = draft_from(answer_about(field, 0.95), left, top, floor=1)
    assert len(draft.plan.rooms) == len(GROUND.rooms) - 1  # one room was read in place of two
    made = legalise((draft, draft_of(UPPER)), BRIEF)
    assert_lawful(made, BRIEF)
    assert rooms_of(made.plans[0], "bath") == [cells_in((0, 0, 4, 4))]
    assert rooms_of(made.plans[0], "wash") == [cells_in((4, 0, 4, 4))]
    assert made.agreement > 0.95
    added = {m.message for m in made.moves if m.code == "opening-added"}
    assert any("Washroom and Bath" in text or "Bath and Washroom" in text for text in added)


def test_two_rooms_merged_are_parted_where_one_must_be() -> None:
    """A washroom that swallowed the bath gives a bath again: no house is without one."""
    merged = drawing.plan_of(drawing.letters(GROUND).replace("U", "W"), openings=GROUND.openings, stair=GROUND.stair)
    made = legalise(drafts_of(merged, UPPER), BRIEF)
    assert_lawful(made, BRIEF)
    assert len(rooms_of(made.plans[0], "bath")) == 1
    assert any(m.code == "room-added" for m in made.moves)


def test_a_phantom_door_is_taken_away_where_it_must_not_be() -> None:
    """A second door of the bath, to the hall beside the WC, goes; everything else stays."""
    wrong = drawing.door("hinged", "h", 0, 4, width_mm=650)  # WC - bath
    made = legalise(drafts_of(drawing.with_openings(GROUND, wrong), UPPER), BRIEF)
    assert made.status == "repaired"
    assert set(made.plans[0].openings) == set(GROUND.openings)
    assert [(m.code, m.floor) for m in made.moves] == [("opening-removed", 1)]
    assert "hinged door" in made.moves[0].message and "片開き戸" in made.moves[0].message_ja


def test_a_harmless_door_stays() -> None:
    """A door that breaks no rule is no reason to change anything."""
    more = drawing.door("hinged", "v", 10, 8, width_mm=755, side=-1)  # hall - LDK, a second one
    made = legalise(drafts_of(drawing.with_openings(GROUND, more), UPPER), BRIEF)
    assert made.status == "kept"


def test_a_lost_door_is_hung_again() -> None:
    """A WC without a door gets one, hung to open outwards."""
    index = next(i for i, o in enumerate(GROUND.openings) if (o.axis, o.x, o.y) == ("v", 4, 4))
    made = legalise(drafts_of(drawing.without_opening(GROUND, index), UPPER), BRIEF)
    assert_lawful(made, BRIEF)
    assert made.agreement == 1.0
    new = set(made.plans[0].openings) - set(GROUND.openings)
    assert [(o.kind, o.width_mm, o.axis, o.x) for o in new] == [("hinged", 650, "v", 4)]
    assert next(iter(new)).side == 1  # to the hall in the east


def test_a_lost_window_is_put_back() -> None:
    """An LDK without its french windows gets windows of a tenth of its floor, and nothing else changes."""
    dark = replace(GROUND, openings=tuple(o for o in GROUND.openings if o.kind != "french"))
    made = legalise(drafts_of(dark, UPPER), BRIEF)
    assert_lawful(made, BRIEF)
    assert {m.code for m in made.moves} == {"opening-added"}
    assert {room.cells for room in made.plans[0].rooms} == {room.cells for room in GROUND.rooms}


def test_a_stair_off_by_a_module_comes_back() -> None:
    """A 2F whose stair was read a module further west has the stair of the 1F in the end."""
    drawn = drawing.letters(UPPER).replace("TTZZZZoooo", "ZZZZTToooo", 4)
    moved = drawing.plan_of(drawn, floor=2, openings=UPPER.openings, stair=Stair("u", (6, 0, 4, 4), "n", "right"))
    made = legalise(drafts_of(GROUND, moved), BRIEF)
    assert_lawful(made, BRIEF)
    assert made.plans[0].stair == made.plans[1].stair
    assert made.agreement > 0.9


def test_a_room_of_a_wrong_kind_is_called_right() -> None:
    """A hall that was taken for a store is a hall: nothing else could lead to the stair and the rooms."""
    wrong = replace(GROUND, rooms=tuple(replace(r, kind="sto") if r.kind == "hall" else r for r in GROUND.rooms))
    made = legalise(drafts_of(wrong, UPPER), BRIEF)
    assert_lawful(made, BRIEF)
    assert rooms_of(made.plans[0], "hall") == rooms_of(GROUND, "hall")
    assert [m.code for m in made.moves if m.code.startswith("room")] == ["room-retyped"]


def test_an_outline_half_a_module_short_is_as_asked() -> None:
    """A 1F read half a module too narrow is stretched to the brief, and says so."""
    short = replace(
        GROUND,
        rooms=tuple(
            Room(r.kind, frozenset((x, y) for x, y in r.cells if x < 15)) for r in GROUND.rooms
        ),
    )  # fmt: skip
    made = legalise(drafts_of(short, UPPER), BRIEF)
    assert_lawful(made, BRIEF)
    assert outline(made.plans[0])[2:] == (16, 14)
    assert [(m.code, m.after) for m in made.moves] == [("outline", "e+455")]


@pytest.mark.parametrize("kind", [k for k in damage.KINDS if k != "clean"])
def test_each_kind_of_damage_ends_lawful(kind: str) -> None:
    """Whatever was spoiled, what comes out breaks no rule, is W×H, and has one stair."""
    drafts = tuple(damage.KINDS[kind](plan, np.random.default_rng(1)) for plan in HOUSE.plans)
    assert_lawful(legalise(drafts, BRIEF, time_limit_s=120), BRIEF)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_worn_houses_end_lawful(seed: int) -> None:
    """Random houses, all storeys worn, come out lawful and near to what was read."""
    house = houses.random_house(seed=4400 + seed)
    brief = brief_of_house(house)
    drafts = tuple(damage.worn(plan, np.random.default_rng(seed)) for plan in house.plans)
    made = legalise(drafts, brief, seed=seed, time_limit_s=120)
    assert_lawful(made, brief)
    assert made.status == "repaired" and made.agreement > 0.7


# --- wishes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caption",
    [
        "floor plan, both, 8x7, upper 8x7, entrance south, stairs north, 2LDK",
        "floor plan, both, 8x7, upper 8x7, entrance south, balcony, 3LDK, walk-in closet, pantry",
        "floor plan, both, 8x7, upper 8x7, entrance south, 3LDK, study",
        "floor plan, both, 8.5x7.5, upper 8x7",
    ],
)
def test_wishes_are_met(caption: str) -> None:
    """A room less, a room more, another kind, another size: the house is as asked."""
    brief = parse_caption(caption)
    assert_lawful(legalise(drafts_of(GROUND, UPPER), brief, time_limit_s=120), brief)


def test_a_balcony_that_was_not_read_is_laid() -> None:
    """A 2F without a balcony gets one before a room, with a door to it, where one is asked for."""
    bare = replace(
        UPPER,
        rooms=tuple(r for r in UPPER.rooms if r.kind != "balcony"),
        openings=tuple(replace(o, kind="window", sill_mm=900) if o.kind == "french" else o for o in UPPER.openings),
    )
    made = legalise(drafts_of(GROUND, bare), BRIEF)
    assert_lawful(made, BRIEF)
    assert len(rooms_of(made.plans[1], "balcony")) == 1


def test_a_house_of_one_storey() -> None:
    """A 1F whose nLDK is asked for is a whole house: its stair goes, and what a house needs is there."""
    brief = parse_caption("floor plan, 1F, 8x7, entrance south, 1LDK")
    made = legalise(drafts_of(GROUND), brief, time_limit_s=120)
    assert_lawful(made, brief)
    assert made.house is not None and len(made.house.plans) == 1 and made.plans[0].stair is None


# --- the same again ---------------------------------------------------------------------------


def test_the_same_input_and_seed_give_the_same_bytes() -> None:
    """Twice the same drafts give the same plans, moves and words."""
    drafts = tuple(damage.worn(plan, np.random.default_rng(5)) for plan in HOUSE.plans)
    first, second = (replace(legalise(drafts, BRIEF, seed=3, time_limit_s=120), seconds=0.0) for _ in range(2))
    assert first == second
    assert [json.dumps(plan_to_json(p)) for p in first.plans] == [json.dumps(plan_to_json(p)) for p in second.plans]


def test_agreement_counts_cells_of_either() -> None:
    """A store of 8 cells called a pantry among 224 indoor cells, a porch of 8 and 24 of balcony: by hand."""
    made = legalise(drafts_of(GROUND, UPPER), BRIEF)
    assert made.agreement == 1.0
    wrong = replace(GROUND, rooms=tuple(replace(r, kind="sto") if r.kind == "hall" else r for r in GROUND.rooms))
    total = 2 * 16 * 14 + len(rooms_of(GROUND, "porch")[0]) + len(rooms_of(UPPER, "balcony")[0])
    hall = len(rooms_of(GROUND, "hall")[0])
    assert legalise(drafts_of(wrong, UPPER), BRIEF).agreement == pytest.approx(1 - hall / total)


# --- cannot -----------------------------------------------------------------------------------


def refused(drafts: tuple[Draft, ...], brief: Brief | None = None, *, time_limit_s: float = 10.0) -> str:
    """Return the reason of a refusal."""
    made = legalise(drafts, brief, time_limit_s=time_limit_s)
    assert (made.status, made.house, made.plans, made.moves) == ("cannot", None, (), ())
    return made.reason


def test_nothing_was_read() -> None:
    """A draft without rooms, or of a few cells, is no storey."""
    assert "nothing was read of 1F" in refused(drafts_of(Plan(1, ())))
    assert "nothing was read of 2F" in refused(drafts_of(GROUND, Plan(2, (Room("bed", cells_in((0, 0, 3, 3))),))))


def test_two_drafts_of_one_floor() -> None:
    """A house has a 1F and a 2F."""
    assert "must be of 1F and 2F, got 1F and 1F" in refused(drafts_of(GROUND, GROUND))


def test_briefs_that_contradict_the_drafts() -> None:
    """A brief of another storey, or of two where one was read, cannot be met."""
    assert "must be of the brief's 2F, got 1F" in refused(drafts_of(GROUND), parse_caption("floor plan, 2F, 8x7"))
    assert "must have two drafts" in refused(drafts_of(GROUND), BRIEF)
    alone = parse_caption("floor plan, 1F, 8x7, entrance, 2LDK")
    assert "one storey must have one draft" in refused(drafts_of(GROUND, UPPER), alone)


def test_a_brief_that_contradicts_itself() -> None:
    """A balcony on a 1F cannot be."""
    brief = parse_caption("floor plan, 1F, 8x7, balcony")
    assert "balcony must be on the 2F" in refused(drafts_of(GROUND), brief)


def test_proved_that_no_house_meets_the_brief() -> None:
    """Nine bedrooms do not fit 8x7 modules, and it says so."""
    brief = replace(brief_of(UPPER), bedrooms=9)
    assert "no house meets the brief" in refused(drafts_of(UPPER), brief, time_limit_s=60)


def test_out_of_time_is_no_proof() -> None:
    """With hardly any time the reason is the time."""
    spoiled = damage.worn(GROUND, np.random.default_rng(0))
    assert "within 0.001 s" in refused((spoiled, draft_of(UPPER)), BRIEF, time_limit_s=0.001)


def test_what_no_house_is_near_to_is_rebuilt() -> None:
    """A storey of one large bath has nothing to keep: a house of the brief takes its place, and says so."""
    brief = parse_caption("floor plan, 1F, 8x7, entrance south, stairs")
    made = legalise(drafts_of(Plan(1, (Room("bath", cells_in((0, 0, 16, 14))),))), brief, time_limit_s=120)
    assert made.status == "rebuilt", made.reason
    assert_lawful(made, brief)
    assert [m.code for m in made.moves] == ["rebuilt"] and made.agreement < 0.2


def test_arguments_that_cannot_be_used() -> None:
    """No drafts, three of them, and no time are errors."""
    with pytest.raises(PlanError, match="drafts must be one or two, got 0"):
        legalise(())
    with pytest.raises(PlanError, match="drafts must be one or two, got 3"):
        legalise(drafts_of(GROUND, UPPER, UPPER))
    with pytest.raises(SettingsError, match="time_limit_s must be positive, got 0"):
        legalise(drafts_of(GROUND), time_limit_s=0)


# --- the command ------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    """Run the command line and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


def test_command_writes_the_house_and_tells_the_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A house in JSON without windows upstairs is written lawful, in both forms, with words for what changed."""
    dark = replace(UPPER, openings=tuple(o for o in UPPER.openings if o.kind != "french"))
    source, out, svg = tmp_path / "house.json", tmp_path / "out.json", tmp_path / "out.svg"
    source.write_text(json.dumps(house_to_json(House((GROUND, dark)))), "utf-8")
    assert run("legalise", str(source), "--out", str(out)) == 0
    printed = capsys.readouterr().out
    assert (
        "was added" in printed and "broken as read" in printed and "repaired (100.0 % of the cells as read" in printed
    )
    assert len(json.loads(out.read_text("utf-8"))["plans"]) == 2
    assert run("legalise", str(source), "--lang", "ja", "--out", str(svg)) == 0
    assert "を加えました" in capsys.readouterr().out and svg.stat().st_size > 1000


def test_command_prints_json_and_exits_with_1_where_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A brief of another storey: status and reason as data, no file, exit status 1."""
    source, out = tmp_path / "plan.json", tmp_path / "out.json"
    source.write_text(json.dumps(plan_to_json(GROUND)), "utf-8")
    assert run("legalise", str(source), "--caption", "floor plan, 2F, 8x7", "--json", "--out", str(out)) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["status"] == "cannot" and "brief's 2F" in data["reason"] and not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--caption", "x", "--request", "y"), "got both"),
        (("--out", "x.dxf"), "out must end in"),
        (("--lang", "fr"), "lang must be en or ja"),
        (("--floor", "3F"), "floor must be 1F or 2F"),
        (("b.json", "c.json"), "one storey or two, got 3"),
    ],
)
def test_command_refuses(
    arguments: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be used is said in one line, exit status 2."""
    source = tmp_path / "plan.json"
    source.write_text(json.dumps(plan_to_json(GROUND)), "utf-8")
    assert run("legalise", str(source), *arguments) == 2
    assert words in capsys.readouterr().err
