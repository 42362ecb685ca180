"""What is exported, and how: the checked plan or house, its name, what it breaks, the settings.

A plan that breaks a rule which must hold is exported only when that is asked for, and
every file then says so: see `Subject.notice`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from madorizu.brief import Brief
from madorizu.draw.style import style_named
from madorizu.draw.text import LANGUAGES, Lang, language
from madorizu.errors import PlanError, SettingsError
from madorizu.plan import House, Plan, outline
from madorizu.plan_json import house_from_json, house_to_json, plan_from_json, plan_to_json
from madorizu.rules import Finding, check

SCALES = (50, 100, 200)
PAPERS_MM: dict[str, tuple[int, int]] = {"A4": (297, 210), "A3": (420, 297)}  # lying, smallest first
MOST_NAME = 200  # letters, as of a room's name
MOST_CODES = 6  # that a notice names
LEAST_PX, MOST_PX = 8, 512  # per module, as of `draw.sheet`


@dataclass(frozen=True, slots=True)
class Settings:
    """How drawings are exported.

    Attributes:
        style: a name of `draw.STYLES`.
        lang: language of the words, "ja" or "en".
        scale: 100 for 1:100; for what has paper: SVG, PNG, PDF. Letters and pens are as high
            and as thick on paper at every scale.
        paper: "A4" or "A3", of the PDF; "auto" takes the smallest that the drawing fits.
        px_per_module: pixels per 910 mm, of the PNG.
        date: what stands in the PDF's title block; nothing by default, so that equal plans
            give equal files.
    """

    style: str = "cad"
    lang: str = "ja"
    scale: int = 100
    paper: str = "auto"
    px_per_module: int = 64
    date: str = ""

    def __post_init__(self) -> None:
        style_named(self.style)
        faults = []
        if self.lang not in LANGUAGES:
            faults.append(f"lang must be one of {', '.join(LANGUAGES)}, got {self.lang!r}")
        if self.scale not in SCALES:
            faults.append(f"scale must be one of {', '.join(map(str, SCALES))}, got {self.scale}")
        if self.paper not in ("auto", *PAPERS_MM):
            faults.append(f"paper must be one of auto, {', '.join(PAPERS_MM)}, got {self.paper!r}")
        if not LEAST_PX <= self.px_per_module <= MOST_PX:
            faults.append(f"px_per_module must be {LEAST_PX} to {MOST_PX}, got {self.px_per_module}")
        if len(self.date) > 40 or not self.date.isprintable():
            faults.append(f"date must have at most 40 letters that can be printed, got {self.date[:60]!r}")
        if faults:
            raise SettingsError("; ".join(faults))

    @property
    def words(self) -> Lang:
        """The language of the words."""
        return language(self.lang)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is exported: made by `subject`, which has checked it.

    Attributes:
        item: the plan or the house as it was given.
        name: of the house, for titles.
        broken: what it breaks of the rules that must hold; empty for a lawful one.
    """

    item: Plan | House
    name: str = ""
    broken: tuple[Finding, ...] = field(default=())

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The storeys, lowest first."""
        return self.item.plans if isinstance(self.item, House) else (self.item,)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the broken rules, sorted, each once."""
        return tuple(sorted({finding.code for finding in self.broken}))

    def notice(self, lang: Lang) -> str:
        """Return what every file of an unlawful plan must say; "" for a lawful one."""
        if not self.broken:
            return ""
        named = " ".join(self.codes[:MOST_CODES]) + (" ..." if len(self.codes) > MOST_CODES else "")
        if lang == "ja":
            return f"規則に反する図面（{named}）建築に使用不可"
        return f"BREAKS RULES ({named}) - NOT FOR BUILDING"


def subject(item: Plan | House, *, name: str = "", brief: Brief | None = None, allow_unlawful: bool = False) -> Subject:
    """Check what is to be exported.

    Args:
        item: a plan, or a house of which all storeys go into each file.
        name: for titles; that of the house by default.
        brief: what was asked for; what misses it counts as unlawful.
        allow_unlawful: accept what breaks rules that must hold, marked as such.

    Raises:
        PlanError: if a rule that must hold is broken and that was not allowed, if there is no
            storey, or one has no indoor room, or a name holds letters that no file can.
    """
    _check_data(item)
    title = name or (item.house_id if isinstance(item, House) else "")
    if len(title) > MOST_NAME or not title.isprintable():
        raise PlanError(f"name must have at most {MOST_NAME} letters that can be printed, got {title[:60]!r}")
    broken = tuple(finding for finding in check(item, brief) if finding.hard)
    if broken and not allow_unlawful:
        first = broken[0]
        raise PlanError(
            f"plan must break no rule that must hold, got {len(broken)}; first {first.code}: {first.message}",
            "mend it (madorizu check, madorizu legalise), or allow it: it is marked in every file then",
        )
    return Subject(item, title, broken)


def _check_data(item: Plan | House) -> None:
    """Refuse what could be written but not read again: exporters need not look at each name themselves."""
    if isinstance(item, House):
        house_from_json(house_to_json(item))
    else:
        plan_from_json(plan_to_json(item))
    for plan in item.plans if isinstance(item, House) else (item,):
        outline(plan)
