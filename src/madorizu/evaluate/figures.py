"""From judged pictures to rows of the table. Docs: docs/reference/figures.md."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from madorizu.evaluate import briefs
from madorizu.evaluate.judge import Judged
from madorizu.evaluate.reconstruction import HARD, STRANGE, Fidelity
from madorizu.evaluate.rows import HOUSES, MODEL, SHUFFLED, Row
from madorizu.evaluate.training import Training
from madorizu.metrics import intervals, storey
from madorizu.metrics.intervals import Estimate
from madorizu.metrics.known import different_pairs

Columns = Mapping[str, Sequence[Judged]]

# Key of `metrics.storey.as_asked`, words, goal.
WISHES: tuple[tuple[str, str, float | None], ...] = (
    ("size", "W×H as asked, within a quarter module", 0.97),
    ("floor", "floor type as asked", 0.95),
    ("stairs", "stairs as asked", 0.95),
    ("entrance", "entrance as asked", 0.95),
    ("balcony", "balcony as asked", 0.95),
    ("side", "entrance side as asked", 0.90),
    ("bedrooms", "bedroom count as asked", 0.85),
    ("tatami", "tatami room as asked", 0.85),
)
OTHER_WISHES = (("rooms", "all rooms that are named"), ("stair_place", "place of the stairs as asked"))
HALF = 0.5  # of what the houses' own drawings reach, by the rules


def _share(found: Sequence[Judged], has: Callable[[Judged], bool]) -> Estimate | None:
    return intervals.share(sum(map(has, found)), len(found)) if found else None


def _mean(found: Sequence[Judged], value: Callable[[Judged], float]) -> Estimate | None:
    return intervals.mean([value(one) for one in found]) if found else None


# --- what was asked ---------------------------------------------------------------------------


def swapped(found: Sequence[Judged]) -> list[Mapping[str, bool]]:
    """Judge each picture by the brief of another one: only what depends on the brief."""
    others = briefs.shuffled(len(found))
    return [storey.as_asked(one.plan, found[j].brief) for one, j in zip(found, others, strict=True)]


def _wish_cells(columns: Columns, swap: Sequence[Mapping[str, bool]] | None, key: str) -> dict[str, Estimate | None]:
    def share(asked: Sequence[Mapping[str, bool]]) -> Estimate | None:
        stated = [met[key] for met in asked if key in met]
        return intervals.share(sum(stated), len(stated)) if stated else None

    cells = {name: share([one.asked for one in found]) for name, found in columns.items()}
    swapped_cell = None if swap is None else share(swap)
    return {MODEL: cells.pop(MODEL), SHUFFLED: swapped_cell, **cells}


def wish_rows(columns: Columns, swap: Sequence[Mapping[str, bool]] | None) -> list[Row]:
    """Return the rows about what was asked and has a goal."""
    return [Row(key, words, "%", _wish_cells(columns, swap, key), goal) for key, words, goal in WISHES]


# --- what was drawn -----------------------------------------------------------------------------


def drawing_rows(columns: Columns) -> list[Row]:
    """Return the rows about rooms, walls, doors and rules, which no brief decides."""
    closed = {name: _mean(found, lambda one: one.closed) for name, found in columns.items()}
    hosted = {name: _mean(found, lambda one: one.hosted) for name, found in columns.items()}
    clean = {name: _share(found, lambda one: not one.broken) for name, found in columns.items()}
    reached = clean.get(HOUSES)
    return [
        Row("closed", "rooms closed by walls", "%", closed, 0.90),
        Row("hosted", "doors and windows on walls", "%", hosted, 0.90),
        Row(
            "rules",
            f"no finding of {storey.SHOWN_RULES[0]}-H08, H11-H13",
            "%",
            clean,
            None if reached is None else HALF * reached.value,
            goal_words="half of the houses' own",
        ),
    ]


def legal_rows(columns: Columns) -> list[Row]:
    """Return the rows about what `legalise` could make of the pictures."""
    delivered = {name: _share(found, lambda one: one.is_delivered) for name, found in columns.items()}
    agreement = {
        name: intervals.median([one.agreement for one in found]) if found else None for name, found in columns.items()
    }
    return [
        Row("delivered", "delivered by legalise, not rebuilt", "%", delivered, 0.85),
        Row("agreement", "median typed-cell agreement, failures 0", "%", agreement, 0.80),
    ]


# --- sets of pictures -----------------------------------------------------------------------------


def variety_row(groups: Mapping[str, Sequence[Sequence[Judged | None]]]) -> Row:
    """Return the row about pictures of one brief that differ."""
    cells: dict[str, Estimate | None] = {}
    for name, found in groups.items():
        counts = [different_pairs([None if one is None else one.plan for one in group]) for group in found]
        pairs = sum(count[1] for count in counts)
        # Pairs share pictures: no more are independent than the pictures make disjoint pairs.
        independent = sum(len(group) // 2 for group in found)
        different = sum(count[0] for count in counts)
        cells[name] = intervals.share(different, pairs, independent=independent) if pairs else None
    return Row("variety", "8 seeds of one brief, pairs that differ", "%", cells, 0.90)


def memory_row(columns: Columns, training: Training | None) -> Row:
    """Return the row about near-duplicates of training plans, of pictures that could be read."""
    words = "near-duplicates of a training plan"
    if training is None:
        return Row("memory", words, "%", why_not="left out: no corpus was given (--corpus)")
    cells: dict[str, Estimate | None] = {}
    for name in (MODEL, HOUSES):
        plans = [one.plan for one in columns[name] if one.plan is not None]
        near = sum(training.known.near(plan) is not None for plan in plans)
        cells[name] = intervals.share(near, len(plans)) if plans else None
    own = cells[HOUSES]
    goal = None if own is None else own.value
    return Row("memory", words, "%", cells, goal, at_least=False, goal_words="the houses' own")


def speed_row(seconds: Sequence[float]) -> Row:
    """Return the row about time."""
    words = "seconds per plan, warm, batches of 4"
    if not seconds:
        return Row("seconds", words, "s", why_not="left out: no whole batch was drawn")
    return Row("seconds", words, "s", {MODEL: intervals.median(seconds)}, 1.0, at_least=False)


# --- the autoencoder ---------------------------------------------------------------------------


def reconstruction_rows(fidelity: Mapping[str, Fidelity]) -> list[Row]:
    """Return the rows about the autoencoder; of own styles the one that comes out worst."""
    own = {name: found for name, found in fidelity.items() if name not in (HARD, STRANGE)}
    if not own:
        return [Row("psnr", "reconstruction", "dB", why_not="left out: no autoencoder was given")]
    dim = min(own, key=lambda name: own[name].psnr.value)
    walls = {name: found.walls for name, found in own.items() if found.walls is not None}
    thin = min(walls, key=lambda name: walls[name].value)
    return [
        Row("psnr", f"reconstruction, own styles, worst: {dim}", "dB", {MODEL: own[dim].psnr}, 30.0),
        Row("walls", f"  pixels of walls, IoU, worst: {thin}", "", {MODEL: walls[thin]}, 0.95),
        Row("psnr_hard", "  random styles, worn", "dB", {MODEL: fidelity[HARD].psnr}, 22.0),
        Row("psnr_strange", f"  a style never trained on: {STRANGE}", "dB", {MODEL: fidelity[STRANGE].psnr}, 22.0),
    ]


def style_rows(fidelity: Mapping[str, Fidelity]) -> list[Row]:
    """Return the autoencoder's rows style by style."""
    rows = []
    for name, found in fidelity.items():
        if name in (HARD, STRANGE):
            continue
        rows.append(Row(f"psnr_{name}", f"reconstruction, {name}", "dB", {MODEL: found.psnr}))
        rows.append(Row(f"walls_{name}", "  pixels of walls, IoU", "", {MODEL: found.walls}))
    return rows


# --- details -----------------------------------------------------------------------------------


def detail_rows(columns: Columns, swap: Sequence[Mapping[str, bool]] | None) -> list[Row]:
    """Return further rows: each rule, wishes without a goal, both ways of being right, lines."""
    rows = [
        Row(
            f"rule_{code}",
            f"no finding of {code}",
            "%",
            {name: _share(found, lambda one, code=code: code not in one.broken) for name, found in columns.items()},  # type: ignore[misc]
        )
        for code in storey.SHOWN_RULES
    ]
    rows += [Row(key, words, "%", _wish_cells(columns, swap, key)) for key, words in OTHER_WISHES]
    for key, words in (("stairs", "stairs"), ("balcony", "balcony"), ("tatami", "tatami room")):
        for named in (True, False):
            told = f"{words}: there where asked" if named else f"{words}: absent where not asked"
            cells = {
                name: _share([one for one in found if _is_named(one, key) is named], lambda one, k=key: one.asked[k])  # type: ignore[misc]
                for name, found in columns.items()
            }
            rows.append(Row(f"{key}_{'there' if named else 'absent'}", told, "%", cells))
    rows.append(Row("all", "all wishes of the brief", "%", _all_cells(columns, swap)))
    for status in ("kept", "repaired", "rebuilt", "cannot"):
        cells = {name: _share(found, lambda one, s=status: one.status == s) for name, found in columns.items()}  # type: ignore[misc]
        rows.append(Row(f"legalise_{status}", f"legalise: {status}", "%", cells))
    rows.append(
        Row(
            "read", "a plan could be read", "%", {n: _share(f, lambda one: not one.failure) for n, f in columns.items()}
        )
    )
    rows.append(
        Row("axis", "edges along the axes", "%", {n: _mean(f, lambda one: one.axis) for n, f in columns.items()})
    )
    rows.append(
        Row("even", "walls of even stroke", "%", {n: _mean(f, lambda one: one.even) for n, f in columns.items()})
    )
    return rows


def _is_named(one: Judged, key: str) -> bool:
    return "wa" in one.brief.features if key == "tatami" else key in one.brief.elements


def _all_cells(columns: Columns, swap: Sequence[Mapping[str, bool]] | None) -> dict[str, Estimate | None]:
    cells = {name: _share(found, lambda one: all(one.asked.values())) for name, found in columns.items()}
    met = None if swap is None else intervals.share(sum(all(one.values()) for one in swap), len(swap))
    return {MODEL: cells.pop(MODEL), SHUFFLED: met, **cells}


def notes(
    columns: Columns, everything: Mapping[str, Sequence[Judged | None]], training: Training | None
) -> tuple[str, ...]:
    """Say in words what the figures leave out."""
    found = [
        "One picture per brief, nothing repaired; what could not be read fails every figure.",
        "In brackets: 95 % confidence, Wilson's for shares, else a bootstrap.",
    ]
    if missing := sum(one is None for one in everything[HOUSES]):
        found.append(f"For {missing} of the briefs no house was found in time; the houses' column is without them.")
    failures = Counter(one.failure for one in columns[MODEL] if one.failure)
    found += [f"Not read, {count} of {len(columns[MODEL])}: {why}." for why, count in failures.most_common(3)]
    if training is not None:
        same = sum(training.has_caption(one.brief) for one in columns[MODEL])
        found.append(
            f"Corpus {training.folder}: {len(training.known)} plans; {same} of {len(columns[MODEL])} briefs are "
            "the very caption of one of them, style aside."
        )
    found.append(f"Seconds are those of this machine, {os.cpu_count()} cores, with whatever else it did.")
    return tuple(found)
