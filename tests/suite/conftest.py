"""The stages over which the one suite of backends runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

from suite.stage import Build, Stage


@pytest.fixture(params=["simulated", pytest.param("live", marks=pytest.mark.lab)])
def build(request: pytest.FixtureRequest) -> Build:
    """Stages of one kind, on a settled cluster."""
    if request.param == "simulated":
        from suite.simulated_stage import SimulatedStage

        return SimulatedStage
    # Late: whoever runs only the simulated half needs neither the lab nor its libraries.
    from suite.live_stage import LiveStage

    return partial(LiveStage, request.getfixturevalue("settled_lab"))


@pytest.fixture
async def stage(build: Build) -> AsyncIterator[Stage]:
    """An open backend on a settled cluster."""
    async with build() as stage:
        yield stage
