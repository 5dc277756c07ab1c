"""A node's libvirt, asked by several at once while it is let go."""

from __future__ import annotations

import asyncio

import pytest

from backends.clusters.hypervisor.link import Link
from backends.data.errors import VmferryError
from lab import Lab

pytestmark = pytest.mark.lab

TIMES = 60
"""libvirt 9.0 ended the process within a few hundred, as long as one connection had several
threads."""


async def test_who_asks_while_it_is_let_go_is_told_so(settled_lab: Lab) -> None:
    socket = settled_lab.members["alpha"].root / "run/libvirt/libvirt-sock"
    for each in range(TIMES):
        link = await Link.open("alpha", socket, lambda: None)
        domains = list((await link.sample()).domains)
        calls = [asyncio.create_task(link.job(name)) for name in domains * 3]
        calls += [asyncio.create_task(link.job("nobody"))]
        samples = [asyncio.create_task(link.sample()) for _ in range(5)]
        await asyncio.sleep(each % 10 / 2000)
        await link.close()
        for outcome in await asyncio.gather(*calls, *samples, return_exceptions=True):
            assert not isinstance(outcome, BaseException) or isinstance(outcome, VmferryError)
        with pytest.raises(VmferryError):
            await link.job(domains[0])
