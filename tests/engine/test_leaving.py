"""The target leaves the cluster in an orderly way while a guest is copied to it."""

from __future__ import annotations

import asyncio

from backends.acts.journal import Journal
from engine.acting import copied, failure_of, found, moving
from engine.aftermath import Aftermath
from engine.conftest import Connect
from lab import Lab
from lab.pace import held


async def test_pacemaker_is_stopped_on_the_target(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """Else the guest arrives where Pacemaker no longer looks, and is started elsewhere as well."""
    async with connect("alpha") as backend, moving(backend, "web1", "charlie", journal) as task:
        with held(lab, "web1"):
            await copied(backend, "web1")
            await asyncio.to_thread(lab.stop_pacemaker, "charlie")
        assert "web1 is running on alpha, and was not restarted" in str(await failure_of(task))
        assert not found(backend, "web1").maintenance
        lab.start_pacemaker("charlie")
    assert not list(journal.abandoned())
    aftermath.check()
