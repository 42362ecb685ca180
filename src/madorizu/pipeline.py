"""From a brief to pictures: the stages in a row.

`design` is what the command line, the REST routes and the page call. There are two
generators. "simple" solves a lawful house (`houses`) and draws it; "lora" asks a model
for a picture. The model comes in as a function, so nothing here knows torch.

What a model drew is a picture and nothing more: its `Design.plan` is None and no rule
has been checked, save that the picture is not empty.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from madorizu import canvas, catalogue, files, request, vocabulary
from madorizu.brief import FLOORS, Brief, caption, elements_from, modules
from madorizu.errors import BriefError, ModelError, OutOfTimeError, SettingsError
from madorizu.plan import CELL_M2, HALF_MM, MODULE_MM, House, Plan, outline
from madorizu.plan_json import plan_to_json
from madorizu.request import Request
from madorizu.rules import Finding

Image = NDArray[np.uint8]  # (size, size, 3)
Draw = Callable[[Sequence[str], Sequence[int]], Image]  # captions, seeds -> (N, size, size, 3)
Generator = Literal["simple", "lora"]

DEFAULT_STYLE = "cad"
MAX_SEED = 2**31 - 1  # what the solver takes
MAX_COUNT = 64
TIME_LIMIT_S = 30.0
EMPTY = "P01"  # the code of the finding "the picture is empty"
_EMPTY_DEVIATION = 2.0  # of 255; the emptiest drawing of the corpus lies far above, a grey sheet below
_UPPER = re.compile(r"\s*([\d.]+)\s*[x×]\s*([\d.]+)\s*")


class HouseFor(Protocol):
    """The solver of houses, as `houses.house_for`."""

    def __call__(self, brief: Brief, *, seed: int, time_limit_s: float = ...) -> House:
        """Return a lawful house that meets a brief."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """One picture and what is known about it.

    Attributes:
        image: uint8 RGB, (size, size, 3), row 0 is north.
        brief: what was asked.
        caption: the brief in the grammar; what a model was told.
        seed: the seed of this picture; with the same generator it gives the same bytes again.
        plan: the storey that is drawn, or None for a picture of a model.
        house: the house that the storey belongs to, or None for a picture of a model.
        findings: broken rules of the storey and of its house.
        generator: "simple" or "lora".
        style: how the plan is drawn; for a model the style that it was asked for, or None.
    """

    image: Image
    brief: Brief
    caption: str
    seed: int
    plan: Plan | None
    house: House | None
    findings: tuple[Finding, ...]
    generator: Generator
    style: str | None

    @property
    def floor(self) -> str:
        """The storey that is drawn, as in a brief."""
        return self.brief.floor if self.plan is None else f"{self.plan.floor}F"

    @property
    def size_mm(self) -> tuple[int, int]:
        """W×H of the storey that is drawn; without a plan that of the brief."""
        if self.plan is None:
            return self.brief.width_mm, self.brief.height_mm
        _, _, width, height = outline(self.plan)
        return width * HALF_MM, height * HALF_MM


# --- the wish --------------------------------------------------------------------------


class Wishes(TypedDict, total=False):
    """What else a brief may ask, in words; what is None or left out is open.

    Attributes:
        entrance: side of the entrance ("s", "south", "南"); asks for an entrance too.
        bedrooms: number of bedrooms on the storey.
        features: rooms by any of their names ("wa", "tatami room", "和室").
        nldk: the n of nLDK, of a whole house.
        stair_place: a third of the storey ("nw", "northwest", "北西"); asks for stairs too.
        upper: W×H of the 2F of "both" ("9x7").
        style: how it is drawn.
    """

    entrance: str | None
    bedrooms: int | None
    features: Iterable[str] | None
    nldk: int | None
    stair_place: str | None
    upper: str | None
    style: str | None


def brief_from(
    width: str | float,
    height: str | float,
    *,
    floor: str | None = None,
    elements: Iterable[str] | None = None,
    **wishes: Unpack[Wishes],
) -> Brief:
    """Read a brief from the words of a command line or a request.

    Args:
        width: W in modules, east-west; halves are allowed.
        height: H in modules, north-south.
        floor: "1F", "2F", "both" or "unknown", in any case. None is 1F, save that a whole house's
            wishes need it said.
        elements: names of `brief.ELEMENTS`. None asks for what such a storey usually has, see
            `request.usual_elements`; a 1F of which nLDK is asked is a house of one storey, so
            without stairs. An empty one asks for nothing.
        wishes: see `Wishes`.

    Raises:
        BriefError: if a word is unknown, or no storey has this size; the hint names the nearest.
    """
    nldk, upper = wishes.get("nldk"), wishes.get("upper")
    if floor is None and (nldk is not None or upper is not None):
        raise BriefError(
            f"floor must be given with {'upper' if nldk is None else 'nldk'}, got none",
            "say both, or 1F for a house of one storey" if upper is None else "say both",
        )
    floors = {f.lower(): f for f in FLOORS}
    if floor is not None and floor.lower() not in floors:
        raise BriefError(f"floor must be one of {', '.join(FLOORS)}, got {floor!r}")
    storey = floors[(floor or "1F").lower()]
    entrance, place = wishes.get("entrance"), wishes.get("stair_place")
    side = None if entrance is None else vocabulary.side_named(entrance)
    size_mm = modules(width, "width"), modules(height, "height")
    _check_size(storey, *size_mm)
    usual = request.usual_elements(storey, *size_mm) - ({"stairs"} if storey == "1F" and nldk is not None else set())
    wished = elements_from(elements) if elements is not None else usual
    return Brief(
        storey,
        *size_mm,
        wished | ({"entrance"} if side else set()) | ({"stairs"} if place else set()),
        side,
        wishes.get("bedrooms"),
        frozenset(vocabulary.feature_named(word) for word in wishes.get("features") or ()),
        wishes.get("style"),
        None if upper is None else _upper_size(upper),
        nldk,
        None if place is None else vocabulary.place_named(place),
    )


def _upper_size(text: str) -> tuple[int, int]:
    found = _UPPER.fullmatch(text)
    if found is None:
        raise BriefError(f"upper must be a size like 9x7, got {text!r}")
    return modules(found[1], "upper width"), modules(found[2], "upper height")


def read(text: str) -> Request:
    """Read a request in Japanese or English; the result also tells how it was understood.

    Raises:
        BriefError: naming what is not understood, or if no storey has this size; the hint says
            what can be said, or names the nearest.
    """
    found = request.understand(text)
    _check_size(found.brief.floor, found.brief.width_mm, found.brief.height_mm)
    return found


def _check_size(floor: str, width_mm: int, height_mm: int) -> None:
    """Refuse what no image can show, and what no storey can be, whoever draws it."""
    fault: str | None = None
    try:
        canvas.fit(width_mm, height_mm)
    except BriefError as error:
        fault = error.message
    else:
        least = catalogue.ROOMS["stair"].min_cells + min(t.min_cells for t in catalogue.ROOMS.values() if t.habitable)
        if width_mm * height_mm < least * HALF_MM * HALF_MM:
            fault = (
                f"storey must hold stairs and a room, {least * CELL_M2:.1f} m², got {width_mm * height_mm / 1e6:.1f} m²"
            )
    if fault is not None:
        raise BriefError(fault, _nearest(floor, width_mm, height_mm))


def _nearest(floor: str, width_mm: int, height_mm: int) -> str:
    from madorizu import houses

    width, height = (f"{mm / MODULE_MM:g}" for mm in houses.nearest_size(width_mm, height_mm, floor=floor))
    return f"the nearest size that works is {width}x{height}"


# --- the pictures ----------------------------------------------------------------------


def design(
    brief: Brief,
    *,
    draw: Draw | None,
    seed: int,
    count: int = 1,
    style: str | None = None,
    labels: bool = False,
    house_for: HouseFor | None = None,
    time_limit_s: float = TIME_LIMIT_S,
) -> tuple[Design, ...]:
    """Draw a brief `count` times, with the seeds `seed`, `seed + 1` and so on.

    Args:
        brief: what is asked.
        draw: a model as a function from captions and seeds to pictures, or None for the
            simple generator.
        seed: 0 to `MAX_SEED`; after the largest seed comes 0.
        count: number of pictures, 1 to `MAX_COUNT`; the simple generator draws each storey of
            a house ("both") as a picture of its own.
        style: how to draw where the brief leaves it open. None leaves it open to a model;
            the simple generator takes `DEFAULT_STYLE`.
        labels: whether the simple generator writes room names; training pictures carry none.
        house_for: another solver than `houses.house_for`.
        time_limit_s: for each house.

    Returns:
        The designs in the order of their seeds; of one house the lowest storey first.

    Raises:
        BriefError: if wishes exclude each other, a model is asked for "both", or there is no such
            style.
        SettingsError: if seed or count is outside its limits.
        InfeasibleError: if no house fits the brief.
        OutOfTimeError: if no house was found in time.
        ModelError: if a model returns something else than pictures.
    """
    check_wish(brief, generator="simple" if draw is None else "lora", seed=seed, count=count)
    seeds = [(seed + i) % (MAX_SEED + 1) for i in range(count)]
    if draw is not None:
        return _ask_model(replace(brief, style=brief.style or style), draw, seeds)
    style = _drawing_style(brief.style or style or DEFAULT_STYLE)
    solve = house_for or _house_for()
    found = []
    for one in seeds:
        house = _solve(solve, brief, one, time_limit_s)
        found += _draw_house(house, brief, one, style=style, labels=labels)
    return tuple(found)


def check_wish(brief: Brief, *, generator: Generator, seed: int, count: int) -> None:
    """Refuse what `design` cannot do, before a model is loaded for it.

    Raises:
        BriefError: if wishes exclude each other (`request.contradictions`), or a model is asked for "both".
        SettingsError: if seed or count is outside its limits.
    """
    if not 0 <= seed <= MAX_SEED:
        raise SettingsError(f"seed must be 0 to {MAX_SEED}, got {seed}")
    if not 1 <= count <= MAX_COUNT:
        raise SettingsError(f"count must be 1 to {MAX_COUNT}, got {count}")
    if faults := request.contradictions(brief):
        raise BriefError("; ".join(faults))
    if generator == "lora" and brief.floor == "both":
        raise BriefError(
            "floor must be 1F, 2F or unknown for a model, got both",
            "a model draws one storey per picture: ask for each by itself, or use the simple generator",
        )


def _solve(solve: HouseFor, brief: Brief, seed: int, time_limit_s: float) -> House:
    """Ask the solver; where the time was too short, name a size that is known to work."""
    try:
        return solve(brief, seed=seed, time_limit_s=time_limit_s)
    except OutOfTimeError as error:
        nearest = _nearest(request.settled(brief).floor, brief.width_mm, brief.height_mm)
        if nearest in error.hint:
            raise
        raise OutOfTimeError(error.message, f"{error.hint}; {nearest}" if error.hint else nearest) from error


def _house_for() -> HouseFor:
    # The solver takes a second to import; a model needs none.
    from madorizu import houses

    return houses.house_for


def _drawing_style(style: str) -> str:
    # Asked before the solver is: a wrong word should not cost a house.
    from madorizu.draw.style import style_named

    return style_named(style).name


def _draw_house(house: House, brief: Brief, seed: int, *, style: str, labels: bool) -> list[Design]:
    from madorizu import draw, rules

    meant = request.settled(brief)
    findings = rules.check(house, meant)
    wished = [p for p in house.plans if meant.floor in ("both", f"{p.floor}F")] or list(house.plans[:1])
    designs = []
    for plan in wished:
        image = draw.raster(plan, style, canvas=canvas.fit_outline(outline(plan)), labels=labels)
        here = tuple(f for f in findings if f.floor in (None, plan.floor))
        designs.append(Design(image, brief, caption(brief), seed, plan, house, here, "simple", style))
    return designs


def _ask_model(brief: Brief, draw: Draw, seeds: Sequence[int]) -> tuple[Design, ...]:
    text = caption(brief)
    images = np.asarray(draw([text] * len(seeds), seeds))
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[0] != len(seeds) or images.shape[3] != 3:
        raise ModelError(
            f"model must return {len(seeds)} RGB pictures of uint8, got {images.dtype} of shape {images.shape}"
        )
    return tuple(
        Design(image, brief, text, seed, None, None, _emptiness(image), "lora", brief.style)
        for image, seed in zip(images, seeds, strict=True)
    )


def _emptiness(image: Image) -> tuple[Finding, ...]:
    """Find a picture on which nothing is drawn: it must never pass for a plan."""
    if float(image.std()) >= _EMPTY_DEVIATION:
        return ()
    return (
        Finding(
            EMPTY,
            True,
            None,
            None,
            None,
            "the picture is empty; the adapter is not trained enough, or does not suit its base",
            "画像に何も描かれていません。学習が足りないか、アダプターがベースモデルに合っていません",
        ),
    )


# --- files -----------------------------------------------------------------------------


def png(design: Design) -> bytes:
    """Encode a design as PNG; the caption, seed and generator are in its text chunks."""
    from PIL import Image as images
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Software", "madorizu")
    notes.add_text("Description", design.caption)
    notes.add_text("madorizu:seed", str(design.seed))
    notes.add_text("madorizu:generator", design.generator)
    file = io.BytesIO()
    images.fromarray(design.image).save(file, "PNG", pnginfo=notes, optimize=False)
    return file.getvalue()


def svg(design: Design, *, labels: bool = True) -> str:
    """Write a design's plan as SVG.

    Raises:
        SettingsError: if the design is a model's picture, which has no plan.
    """
    from madorizu import draw

    plan = _plan_of(design, "SVG")
    place = canvas.fit_outline(outline(plan), size_px=canvas.REFERENCE_PX)
    return draw.svg(plan, design.style or DEFAULT_STYLE, canvas=place, labels=labels)


def plan_json(design: Design) -> str:
    """Write a design's plan as JSON, as `plan_json.plan_from_json` and `madorizu check` read it.

    Raises:
        SettingsError: if the design is a model's picture, which has no plan.
    """
    return json.dumps(plan_to_json(_plan_of(design, "JSON")), ensure_ascii=False, indent=1) + "\n"


def _plan_of(design: Design, form: str) -> Plan:
    if design.plan is None:
        raise _no_plan(form)
    return design.plan


def _no_plan(form: str) -> SettingsError:
    return SettingsError(
        f"{form} must come from a plan, got a picture of a model", "ask for a PNG, or use the simple generator"
    )


def check_output(output: Path, *, sidecar: bool = False, generator: Generator = "simple") -> None:
    """Refuse what `save` cannot write, before minutes are spent on a picture.

    Args:
        output: the file's name.
        sidecar: whether the JSON of a training pair is to lie beside it.
        generator: who draws; a model's picture has no plan.

    Raises:
        SettingsError: if the suffix is not .png, .svg or .json, a model's picture is to have a
            plan, or a sidecar would take the place of the output.
    """
    suffix = output.suffix.lower()
    if suffix not in (".png", ".svg", ".json"):
        raise SettingsError(f"output must end with .png, .svg or .json, got {output.name!r}")
    if generator == "lora" and (suffix != ".png" or sidecar):
        raise _no_plan("a sidecar" if sidecar else suffix[1:].upper())
    if sidecar and suffix == ".json":
        raise SettingsError(f"output must be a picture when a sidecar is written beside it, got {output.name!r}")


def save(designs: Sequence[Design], output: Path, *, labels: bool = True, sidecar: bool = False) -> tuple[Path, ...]:
    """Write designs as files, whole or not at all.

    One design gets exactly the name `output`; several get "-1", "-2" and so on before the
    suffix, in the order of the designs.

    Args:
        designs: what to write.
        output: a file name that ends with .png, .svg or .json; the last two need plans.
        labels: whether an SVG carries room names. A PNG is as it was drawn.
        sidecar: whether to write the JSON of a training pair beside each picture.

    Returns:
        The pictures' paths, in order; sidecars lie beside them.

    Raises:
        SettingsError: if the suffix is another, a model's picture is to have a plan, or a
            sidecar would take the place of the output.
        StorageError: if a file cannot be written.
    """
    check_output(output, sidecar=sidecar)
    forms: dict[str, Callable[[Design], bytes]] = {
        ".png": png,
        ".svg": lambda one: svg(one, labels=labels).encode(),
        ".json": lambda one: plan_json(one).encode(),
    }
    form = forms[output.suffix.lower()]
    names = [output.with_stem(f"{output.stem}-{i + 1}") for i in range(len(designs))] if len(designs) > 1 else [output]
    for one, name in zip(designs, names, strict=True):
        files.atomic_bytes(name, form(one))
        if sidecar:
            _write_sidecar(one, name.with_suffix(".json"))
    return tuple(names)


def _write_sidecar(design: Design, path: Path) -> None:
    from madorizu import sidecar

    plan = _plan_of(design, "a sidecar")
    place = canvas.fit_outline(outline(plan), size_px=len(design.image))
    house = design.house or House((plan,), seed=design.seed)
    sidecar.write(path, plan, house=house, style=design.style or DEFAULT_STYLE, canvas=place)
