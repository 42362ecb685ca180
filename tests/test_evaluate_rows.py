"""The table: goals, units, what is shown and what is kept."""

from __future__ import annotations

from madorizu.evaluate.rows import Row, cell_text, columns_of, to_data, to_text
from madorizu.metrics.intervals import Estimate

HALF = Estimate(0.5, 8, 0.2, 0.8)


def test_goals_are_met_from_both_sides() -> None:
    """At least, at most, none; nothing measured meets nothing."""
    assert Row("a", "a", "%", {"model": HALF}, 0.5).is_met is True
    assert Row("a", "a", "%", {"model": HALF}, 0.51).is_met is False
    assert Row("a", "a", "s", {"model": HALF}, 0.4, at_least=False).is_met is False
    assert Row("a", "a", "%", {"model": HALF}).is_met is None
    assert Row("a", "a", "%", {"model": None}, 0.5).is_met is None


def test_the_goal_may_speak_of_another_column() -> None:
    """A change of shares is told in points."""
    row = Row("a", "a", "%", {"without": HALF, "change": Estimate(-0.04, 8, -0.1, 0.0)}, -0.03, of="change")
    assert row.is_met is False and row.first is not None and row.first.value == -0.04
    assert row.goal_text == "≥ -3.0"
    assert row.text_of("change") == "-4.0 (-10.0 to +0.0)"
    assert row.text_of("without") == "50.0 % (20.0 to 80.0)"
    assert row.text_of("with") == ""


def test_cells_have_their_unit_once() -> None:
    """Per cent, decibels, seconds, plain; a dash for what was not measured."""
    assert cell_text(Estimate(28.131, 4, 27, 29), "dB") == "28.13 dB (27.00 to 29.00)"
    assert cell_text(Estimate(1.5, 4, 1, 2), "s") == "1.50 s (1.00 to 2.00)"
    assert cell_text(Estimate(0.97, 4, 0.9, 1), "") == "0.97 (0.90 to 1.00)"
    assert cell_text(None, "%") == "–"


ROWS = (
    Row("psnr", "reconstruction", "dB", {"model": Estimate(31.0, 4, 30, 32)}, 30.0),
    Row("size", "W×H", "%", {"model": HALF, "blank": None, "houses": HALF}, 0.97),
    Row("memory", "by heart", "%", why_not="left out: no corpus"),
)


def test_the_table_for_a_terminal() -> None:
    """Columns in a fixed order under their names; a row that was left out says why."""
    assert columns_of(ROWS) == ["model", "houses", "blank"]
    lines = to_text(ROWS).splitlines()
    assert lines[0].split() == ["goal", "met", "n", "model", "houses", "blank"]
    assert lines[1].split() == [
        "reconstruction",
        "≥",
        "30.00",
        "dB",
        "yes",
        "4",
        "31.00",
        "dB",
        "(30.00",
        "to",
        "32.00)",
    ]
    assert lines[2].startswith("W×H") and " no " in lines[2] and lines[2].endswith("–")
    assert lines[3].startswith("by heart") and lines[3].endswith("left out: no corpus")
    assert lines[0].index("houses") == lines[2].index("50.0 %", lines[2].index("50.0 %") + 1)


def test_the_table_for_programs() -> None:
    """Shares from 0 to 1, the goal with its direction."""
    data = to_data(ROWS)
    assert data[1]["cells"]["houses"] == {"value": 0.5, "n": 8, "low": 0.2, "high": 0.8}
    assert data[1]["cells"]["blank"] is None and data[1]["met"] is False
    assert data[0]["goal"] == {"value": 30.0, "at_least": True} and data[0]["met"] is True
    assert data[2]["why_not"] == "left out: no corpus" and data[2]["goal"] is None
