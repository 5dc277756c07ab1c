"""Acts on a cluster in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "acts")


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    """Three nodes, sixty times as fast as a real one, with nobody else at work."""
    async with SimulatedBackend(3, 16, 1, speed=60, scenario="calm") as backend:
        yield backend
