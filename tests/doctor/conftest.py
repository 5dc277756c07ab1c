"""The doctor on the real cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from backends.doctor.examine import examine
from backends.doctor.model import Report
from backends.live import LiveBackend
from backends.ssh import Login
from lab import Lab

Doctor = Callable[[], Awaitable[Report]]


@pytest.fixture(scope="module")
def seeded_lab(lab: Lab) -> Lab:
    """The lab as it was seeded, once for a file whose tests put right what they break."""
    lab.reset()
    return lab


@pytest.fixture
def doctor(seeded_lab: Lab) -> Doctor:
    """Examine the lab, entered by charlie."""

    async def call() -> Report:
        login = Login(ssh_config=seeded_lab.ssh_config)
        async with LiveBackend(["charlie"], login, read_only=True) as backend:
            await backend.settled()
            return await examine(backend)

    return call
