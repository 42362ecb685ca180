"""What several test files share. Nothing here is imported before a test asks for it: most need no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worlds import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A tiny base, data, and one finished run of six steps; train it once for all tests."""
    from worlds import World

    return World(tmp_path_factory.mktemp("world"))
