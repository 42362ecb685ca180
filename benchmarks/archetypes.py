"""Make houses of every archetype and print what they are like, beside what is known of real ones.

    python benchmarks/archetypes.py --count 1000 --workers 2
    python benchmarks/archetypes.py --random --count 300       houses of common sizes instead

Prints per archetype: houses made and failed, hard findings, near-duplicates (storeys that are
near to an earlier storey of the same archetype by `similarity.are_near_duplicates`), different
graphs of rooms by their doors and by the walls they share (Weisfeiler-Lehman hash), and the mean score. Then shares
and areas over all houses, and how often kinds of rooms are joined by a door.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx

from madorizu import executor, houses, rules
from madorizu.catalogue import ARCHETYPES, ROOMS
from madorizu.errors import OutOfTimeError
from madorizu.plan import DOOR_KINDS, House, Plan, border, indoor_cells, outline, sides_of
from madorizu.similarity import are_near_duplicates

# Shares of the indoor area: least, mean, most over the trade's fourteen usual programmes.
USUAL_SHARES = {
    "LDK": (0.24, 0.28, 0.40),
    "private rooms": (0.29, 0.35, 0.39),
    "entrance, hall, stair": (0.08, 0.18, 0.21),
    "wet rooms": (0.08, 0.10, 0.14),
    "storage": (0.07, 0.09, 0.13),
}
# Counted on fifteen brochures of houses with four rooms and an LDK: least, median, most.
BROCHURES = {
    "1F m²": (60.0, 63.8, 77.9),
    "2F m²": (43.9, 50.1, 65.6),
    "2F / 1F": (0.66, 0.79, 0.87),
    "1F area / bounding box": (0.61, 0.80, 0.98),
    "LDK 帖": (16.9, 19.4, 24.1),
    "tatami room 帖": (6.0, 6.1, 8.1),
    "master bedroom 帖": (7.7, 8.4, 10.2),
    "other bedrooms 帖": (5.3, 6.1, 6.9),
}
COMMON = "common"  # in place of an archetype's code: houses of common sizes
_SHARE_OF = {
    "LDK": {"ldk", "void"},
    "private rooms": {"bed", "mbr", "wa", "den"},
    "entrance, hall, stair": {"ent", "hall", "stair"},
    "wet rooms": {"bath", "wash", "wc", "laundry"},
    "storage": {"cl", "wic", "oshi", "sic", "sto", "pantry", "s"},
}


@dataclass(frozen=True, slots=True)
class Made:
    """A house of an archetype, or None, and the seconds of CPU that it took."""

    code: str
    house: House | None
    cpu_s: float


def make(job: tuple[str, int]) -> Made:
    """Make one house."""
    code, seed = job
    start = time.process_time()
    try:
        house = houses.random_house(seed=seed) if code == COMMON else houses.archetype_house(code, seed=seed)
    except OutOfTimeError:
        house = None
    return Made(code, house, time.process_time() - start)


def doors(plan: Plan) -> list[tuple[int, int]]:
    """Return the pairs of rooms that a door or an open side joins."""
    owner = plan.owners()
    found = []
    for opening in plan.openings:
        first, second = sides_of(opening, owner)
        if opening.kind in DOOR_KINDS and first is not None and second is not None:
            found.append((first, second))
    return found


def room_graph(house: House, *, by_wall: bool) -> str:
    """Return a hash that equal graphs of rooms share; edges are doors, or walls of a module or more."""
    graph = nx.Graph()
    for plan in house.plans:
        for i, room in enumerate(plan.rooms):
            graph.add_node((plan.floor, i), kind=f"{plan.floor}{room.kind}")
        pairs = shared_walls(plan) if by_wall else doors(plan)
        graph.add_edges_from(((plan.floor, a), (plan.floor, b)) for a, b in pairs)
    found: str = nx.weisfeiler_lehman_graph_hash(graph, node_attr="kind", iterations=4)
    return found


def shared_walls(plan: Plan) -> list[tuple[int, int]]:
    """Return the pairs of rooms that share a module of wall or more."""
    borders = [border(room.cells) for room in plan.rooms]
    pairs = [(a, b) for a in range(len(borders)) for b in range(a)]
    return [(a, b) for a, b in pairs if len(borders[a] & borders[b]) >= 2]


def near_share(found: list[House]) -> float:
    """Return the share of storeys that are near an earlier storey of the same floor."""
    near = total = 0
    for floor in (0, 1):
        plans = [house.plans[floor] for house in found if len(house.plans) > floor]
        for i, plan in enumerate(plans):
            total += 1
            near += any(are_near_duplicates(plan, other) for other in plans[:i])
    return near / max(1, total)


def broken_promises(house: House) -> Iterable[str]:
    """Yield what every such house is promised and this one lacks."""
    stairs = {frozenset(c for r in p.rooms if r.kind == "stair" for c in r.cells) for p in house.plans}
    if len(stairs) > 1:
        yield "stair not on stair"
    for plan in house.plans:
        kinds = [room.kind for room in plan.rooms]
        if "wc" not in kinds:
            yield "storey without WC"
        for a, b in doors(plan):
            if "bath" in (kinds[a], kinds[b]) and {kinds[a], kinds[b]} != {"bath", "wash"}:
                yield "bath not from the washroom"


def figures(house: House) -> dict[str, list[float]]:
    """Return shares and sizes of one house."""
    found: dict[str, list[float]] = defaultdict(list)
    indoor = [room for plan in house.plans for room in plan.rooms if room.kind in ROOMS]
    area = {name: sum(r.area_m2 for r in indoor if r.kind in kinds) for name, kinds in _SHARE_OF.items()}
    total = sum(area.values())
    for name, own in area.items():
        found[name].append(own / total)
    cells = [len(indoor_cells(plan)) for plan in house.plans]
    found["1F m²"].append(cells[0] * 0.207025)
    _, _, width, height = outline(house.plans[0])
    found["1F area / bounding box"].append(cells[0] / (width * height))
    if len(cells) > 1:
        found["2F m²"].append(cells[1] * 0.207025)
        found["2F / 1F"].append(cells[1] / cells[0])
    names = {"ldk": "LDK 帖", "wa": "tatami room 帖", "mbr": "master bedroom 帖", "bed": "other bedrooms 帖"}
    for room in indoor:
        if room.kind in names:
            found[names[room.kind]].append(room.jo)
    return found


def say(text: str = "") -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def main() -> None:
    """Read the options, make the houses, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--random", action="store_true", help="houses of common sizes, `houses.random_house`")
    asked = parser.parse_args()
    codes = [COMMON] if asked.random else [a.code for a in ARCHETYPES]
    jobs = [(codes[i % len(codes)], i // len(codes)) for i in range(asked.count)]
    made = sorted(executor.run(make, jobs, workers=asked.workers), key=lambda m: (m.code, m.cpu_s))
    by_code: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        by_code[one.code].append(one)
    say(f"{platform.machine()}, Python {platform.python_version()}")
    say("archetype  made  failed  hard  promises broken  near-duplicates  by door  by wall  score  CPU s median")
    everything: list[House] = []
    for code, group in sorted(by_code.items()):
        found = [m.house for m in group if m.house is not None]
        everything += found
        hard = sum(f.hard for house in found for f in rules.check(house))
        promises = Counter(text for house in found for text in broken_promises(house))
        score = statistics.mean(rules.score(h).total for h in found) if found else 0.0
        seconds = statistics.median(m.cpu_s for m in group)
        by_door, by_wall = (len({room_graph(h, by_wall=walls) for h in found}) for walls in (False, True))
        say(
            f"{code:9} {len(found):5} {len(group) - len(found):7} {hard:5} {promises.total():16} "
            f"{near_share(found):16.1%} {by_door:8} {by_wall:8} {score:6.1f} {seconds:13.2f}"
        )
    _tables(everything)


def _tables(everything: list[House]) -> None:
    values: dict[str, list[float]] = defaultdict(list)
    joined: Counter[tuple[str, str]] = Counter()
    for house in everything:
        for name, numbers in figures(house).items():
            values[name] += numbers
        for plan in house.plans:
            for a, b in doors(plan):
                first, second = sorted((plan.rooms[a].kind, plan.rooms[b].kind))
                joined[first, second] += 1
    say("\nfigure                      least   mean   median  most    known: least, mean or median, most")
    for name, known in {**USUAL_SHARES, **BROCHURES}.items():
        numbers = values[name]
        if numbers:
            own = min(numbers), statistics.mean(numbers), statistics.median(numbers), max(numbers)
            say(f"{name:26} " + " ".join(f"{v:7.2f}" for v in own) + "   " + ", ".join(f"{v:g}" for v in known))
    say("\ndoors per house between")
    for (first, second), count in joined.most_common(24):
        say(f"  {first:8} {second:8} {count / len(everything):.2f}")


if __name__ == "__main__":
    main()
