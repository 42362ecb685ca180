"""The command `legalise`: pictures or plans, and a wish, to the nearest lawful plan."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

if TYPE_CHECKING:
    from madorizu.brief import Brief
    from madorizu.draft import Draft
    from madorizu.legalise import Legalised
    from madorizu.plan import House, Plan

Sources = Annotated[
    list[Path], typer.Argument(help="picture of a storey, one of 1F and one of 2F, or the JSON of a plan or house")
]


def legalise(
    sources: Sources,
    caption: Annotated[str | None, typer.Option("--caption", help="the wish as a caption, see docs/guide")] = None,
    request: Annotated[
        str | None, typer.Option("--request", help='the wish in words, such as "8x9 3LDK 南玄関"')
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="the result: x.json, x.svg or x.png")] = None,
    floor: Annotated[str | None, typer.Option("--floor", help="1F or 2F, of a single picture")] = None,
    scale: Annotated[
        float | None, typer.Option("--scale", min=4, max=1000, help="pixels per module of 910 mm [default: found]")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="same seed, same result")] = 0,
    time_limit: Annotated[float, typer.Option("--time-limit", min=0.1, help="seconds")] = 10.0,
    lang: Annotated[str, typer.Option("--lang", help="language of the words: en or ja")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Find the lawful plan nearest to what pictures or plans show; exit with 1 if there is none."""
    from madorizu.errors import SettingsError
    from madorizu.legalise import legalise as nearest

    if lang not in ("en", "ja"):
        raise SettingsError(f"lang must be en or ja, got {lang!r}")
    if out is not None and out.suffix.lower() not in (".json", ".svg", ".png"):
        raise SettingsError(f"out must end in .json, .svg or .png, got {out.name!r}")
    drafts = _drafts(sources, floor, scale)
    made = nearest(drafts, _brief(caption, request), seed=seed, time_limit_s=time_limit)
    if out is not None and made.plans:
        _write(made, out)
    print(json.dumps(_as_data(made), ensure_ascii=False, indent=1) if as_json else _as_text(made, lang))
    if out is not None and made.plans and not as_json:
        print(out)
    if not made.plans:
        sys.exit(1)


def _brief(caption: str | None, request: str | None) -> Brief | None:
    from madorizu import pipeline
    from madorizu.brief import parse_caption
    from madorizu.errors import SettingsError

    if caption is not None and request is not None:
        raise SettingsError("wish must be a caption or a request, got both", "leave one of them out")
    if caption is not None:
        return parse_caption(caption)
    return None if request is None else pipeline.read(request).brief


def _drafts(sources: list[Path], floor: str | None, scale: float | None) -> tuple[Draft, ...]:
    """Read pictures, and plans and houses from JSON; of two pictures the first is the 1F."""
    from madorizu.errors import SettingsError
    from madorizu.legalise.drafts import draft_of
    from madorizu.vectorise.files import Job, read_file

    if floor not in (None, "1F", "2F") or (floor is not None and len(sources) > 1):
        raise SettingsError(f"floor must be 1F or 2F, of a single picture, got {floor!r}")
    if len(sources) > 2:
        raise SettingsError(f"pictures must be of one storey or two, got {len(sources)}")
    found: list[Draft] = []
    for number, path in enumerate(sources):
        if path.suffix.lower() == ".json":
            found += [draft_of(plan) for plan in _plans(path)]
            continue
        storey = floor if floor is not None else None if len(sources) == 1 else ("1F", "2F")[number]
        found.append(read_file(Job(path, cast(Literal["1F", "2F"] | None, storey), scale)))
    return tuple(found)


def _plans(path: Path) -> tuple[Plan, ...]:
    from madorizu.export import read
    from madorizu.plan import House

    item: Plan | House = read(path)
    return item.plans if isinstance(item, House) else (item,)


def _write(made: Legalised, out: Path) -> None:
    from madorizu import draw, files
    from madorizu.plan_json import house_to_json, plan_to_json

    form = out.suffix.lower()
    if form == ".json":
        data = house_to_json(made.house) if made.house is not None else plan_to_json(made.plans[0])
        files.atomic_text(out, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    elif form == ".svg":
        files.atomic_text(out, draw.sheet(made.plans, "cad"))
    else:
        files.atomic_bytes(out, draw.sheet_png(made.plans, "cad"))


def _as_text(made: Legalised, lang: str) -> str:
    """Return the moves, what was broken before, what is advised after, the status and the agreement."""
    from madorizu.rules import format_findings

    ja = lang == "ja"
    lines = [move.message_ja if ja else move.message for move in made.moves]
    broken = [f for f in made.before if f.hard]
    if broken:
        lines += ["読み取り時の違反:" if ja else "broken as read:", format_findings(broken, lang)]
    if made.after:
        lines += ["残る指摘:" if ja else "left to improve:", format_findings(made.after, lang)]
    share = f"{100 * made.agreement:.1f} %"
    told = f": {made.reason}" if made.reason else ""
    said = f"一致率 {share}、{made.seconds:.1f}秒" if ja else f"{share} of the cells as read, {made.seconds:.1f} s"
    return "\n".join([*lines, f"{made.status} ({said}){told}"])


def _as_data(made: Legalised) -> dict[str, Any]:
    import dataclasses

    from madorizu.plan_json import plan_to_json

    return {
        "status": made.status,
        "reason": made.reason,
        "agreement": round(made.agreement, 4),
        "seconds": round(made.seconds, 3),
        "moves": [dataclasses.asdict(move) for move in made.moves],
        "before": [dataclasses.asdict(f) for f in made.before],
        "after": [dataclasses.asdict(f) for f in made.after],
        "plans": [plan_to_json(plan) for plan in made.plans],
    }
