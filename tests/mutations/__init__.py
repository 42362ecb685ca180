"""Ways to spoil a lawful house, each with the rule that then is broken.

A mutation names the rules of which one must speak: usually one, two where a place is said
by either. That the rule is broken follows from how the mutation is made, told in each
function and computed here from cells, edges and the catalogue's sizes alone: this module
imports nothing of `madorizu.rules`. Where a house offers no place for which that holds (a
room with a second door, a window without which there is enough light), there is no
mutation, and nothing is counted.
"""

from __future__ import annotations

import random

from madorizu.plan import House, Plan
from mutations import doors, fixtures, outside, rooms, storeys
from mutations.parts import Mutant, Mutation

__all__ = ["MUTATIONS", "Mutant", "Mutation", "mutants"]

TRIES = 8  # per mutant wanted

MUTATIONS: dict[str, Mutation] = {
    f.__name__: f
    for f in (
        doors.door_removed, doors.bedroom_walled_in, doors.behind_a_bedroom, doors.bath_opened, doors.bath_closed,
        doors.bath_to_the_garden, doors.stair_closed, doors.opening_widened, doors.opening_moved, doors.opening_doubled,
        doors.door_squeezed, doors.passage_squeezed, doors.door_lowered, doors.door_on_a_sill,
        doors.head_through_the_ceiling, doors.door_taken_off, doors.private_rooms_joined, doors.leaf_against_a_wall,
        outside.window_deleted, outside.window_made_a_slit, outside.daylight_by_height, outside.balcony_closed,
        outside.balcony_renamed, outside.deck_upstairs, outside.deck_over_the_garden, outside.room_made_a_court,
        rooms.room_split, rooms.rooms_merged, rooms.wall_moved, rooms.corridor_narrowed, rooms.room_necked,
        rooms.storey_lowered, rooms.room_overlapped, rooms.room_lost, rooms.room_relabelled, rooms.ldk_doubled,
        rooms.closet_of_another_room, rooms.wc_removed, storeys.void_moved, rooms.label_false,
        rooms.label_in_other_words, rooms.off_the_lattice, storeys.entrance_removed, storeys.entrance_doubled,
        storeys.stair_shifted, storeys.stair_turned, storeys.stair_lengthened, storeys.stair_turn_wrong,
        storeys.stair_corner, storeys.storey_raised, storeys.storey_lost, storeys.storey_overhung,
        fixtures.fixture_shifted, fixtures.fixture_doubled, fixtures.fixture_reversed, fixtures.fixture_of_no_size,
        fixtures.doorway_blocked,
    )
}  # fmt: skip


def mutants(kind: str, houses: list[House], count: int, *, seed: int) -> list[Mutant]:
    """Make different mutants of one kind, from houses in turn; fewer where they offer no more.

    Args:
        kind: of `MUTATIONS`.
        houses: lawful ones.
        count: how many are wanted.
        seed: equal seeds give equal mutants.
    """
    rng = random.Random(f"{kind}/{seed}")
    found: dict[tuple[Plan, ...], Mutant] = {}
    for _ in range(-(-TRIES * count // len(houses))):
        for house in rng.sample(houses, len(houses)):
            mutant = MUTATIONS[kind](house, rng)
            if mutant is not None:
                found.setdefault(mutant.house.plans, mutant)
            if len(found) == count:
                return list(found.values())
    return list(found.values())
