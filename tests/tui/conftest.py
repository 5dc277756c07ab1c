from __future__ import annotations

from pathlib import Path

import pytest

from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "acts")


@pytest.fixture
def backend() -> SimulatedBackend:
    """Three nodes in which nothing happens but what the test does."""
    return SimulatedBackend(nodes=3, vms=12, seed=1, speed=0, scenario="calm")
