"""Pictures of storeys → drafts: rooms, walls, doors, windows, stairs, each with how sure it is.

`trace` finds the lattice (`register`), asks a small net what lies on its cells and edges
(`net`), and puts rooms and openings together (`decode`). The net learned from drawings of our
own houses in random styles, worn in many ways (`madorizu.learn`).
"""

from madorizu.vectorise.trace import trace

__all__ = ["trace"]
