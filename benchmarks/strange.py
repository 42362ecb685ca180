"""Draw plans as other offices draw them, in styles that no reader of plans was tuned on.

    python benchmarks/strange.py --out DIR --count 3

Nothing here is shared with `madorizu.draw`: not a line, a symbol or a width. A reader that
recovers these plans reads plans, not our own pen. Each picture says where the plan lies in it,
so that what is read can be held against the truth. Deterministic by seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

import madorizu
from madorizu import houses
from madorizu.plan import Plan

sys.path.insert(0, str(Path(__file__).resolve().parent))
from strangers import broker, developer, surveyor
from strangers.paper import Drawn

__all__ = ["STRANGE", "Drawn", "main"]

FONT = str(Path(madorizu.__file__).resolve().parent / "assets" / "font" / "BIZUDGothic-Regular.ttf")


def _developer(plan: Plan, seed: int) -> Drawn:
    return developer.draw(plan, seed, FONT)


def _surveyor(plan: Plan, seed: int) -> Drawn:
    return surveyor.draw(plan, seed)


def _broker(plan: Plan, seed: int) -> Drawn:
    return broker.draw(plan, seed, FONT)


STRANGE: Mapping[str, Callable[[Plan, int], Drawn]] = {
    "developer": _developer,
    "surveyor": _surveyor,
    "broker": _broker,
}


def main() -> int:
    """Read the options, write a PNG of every storey in every style, and where the plan lies in it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--count", type=int, default=3, help="houses")
    parser.add_argument("--seed", type=int, default=0, help="of the first house")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for seed in range(asked.seed, asked.seed + asked.count):
        for plan in houses.random_house(seed=seed).plans:
            for style, draw in STRANGE.items():
                drawn = draw(plan, seed)
                file = asked.out / f"{seed:04}_{plan.floor}F_{style}.png"
                Image.fromarray(drawn.picture).save(file)
                sys.stdout.write(
                    f"{file.name}: {drawn.px_per_module:g} px a module, "
                    f"north-west corner at {drawn.left_px:.2f}, {drawn.top_px:.2f}\n"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
