"""The doctor on the real cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.data.examination import Report
from backends.data.plan import Plan
from examined import examined
from lab import Lab, inquest
from tui.cli.preview import plan_with_advice

Doctor = Callable[[], Awaitable[Report]]
Preview = Callable[[str, str], Awaitable[Plan]]


@pytest.fixture(scope="module")
def seeded_lab(lab: Lab, request: pytest.FixtureRequest) -> Lab:
    """The lab as it was seeded, once for a file whose tests put right what they break."""
    lab.reset()
    inquest.begin_test(lab.base, request.node.nodeid)
    return lab


@pytest.fixture
def doctor(seeded_lab: Lab) -> Doctor:
    """Examine the lab, entered by charlie."""

    async def call() -> Report:
        login = Login(ssh_config=seeded_lab.ssh_config)
        async with LiveBackend(["charlie"], login, read_only=True) as backend:
            return await examined(backend)

    return call


@pytest.fixture
def preview(seeded_lab: Lab) -> Preview:
    """What `vmferry preview` says on the lab, entered by charlie."""

    async def call(vm: str, node: str) -> Plan:
        login = Login(ssh_config=seeded_lab.ssh_config)
        async with LiveBackend(["charlie"], login, read_only=True) as backend:
            _, advised = await plan_with_advice(backend, vm, node)
            return advised

    return call
