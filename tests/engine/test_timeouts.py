"""The timeout of migrate_to strikes: what Pacemaker makes of it, and what vmferry does about it."""

from __future__ import annotations

import asyncio

import pytest

from backends.acts.journal import Journal
from backends.acts.rescue import rescue
from backends.acts.safe_order import Way
from backends.data.errors import ActFailed
from engine.acting import (
    all_of,
    copied,
    failure_of,
    found,
    is_warned,
    modify,
    moving,
    recover,
)
from engine.aftermath import Aftermath
from engine.conftest import Connect
from engine.tally import Cause
from lab import Lab
from lab.pace import held
from waiting import until

TOO_SHORT_S = 3
FOR_A_GUARD_S = 30
"""Too short as well for a copy that is held, and long enough to guard it on a busy machine."""


@pytest.fixture
def hurried(lab: Lab, aftermath: Aftermath) -> Aftermath:
    """web2, which needs five seconds, gets three."""
    modify(lab, f'<op id="web2-migrate_to" timeout="{TOO_SHORT_S}s"/>')
    aftermath.begin()
    return aftermath


async def test_without_a_guard_the_guest_is_restarted_and_vmferry_says_so(
    connect: Connect, hurried: Aftermath, journal: Journal
) -> None:
    async with connect() as backend:
        assert await is_warned(backend, "web2", "bravo")
        async with moving(backend, "web2", "bravo", journal) as task:
            error = await failure_of(task)
    assert isinstance(error, ActFailed)
    assert "the guest was restarted" in str(error) and "failed actions" in str(error)
    assert not list(journal.abandoned())
    hurried.expect_reboot("web2", Cause.WARNED)
    hurried.check(failures=True)


async def test_with_a_guard_the_guest_is_not_restarted(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    modify(lab, f'<op id="web2-migrate_to" timeout="{FOR_A_GUARD_S}s"/>')
    aftermath.begin()
    async with connect() as backend, moving(backend, "web2", "bravo", journal) as task:
        with held(lab, "web2"):
            await copied(backend, "web2")
            guard = asyncio.create_task(all_of(rescue(backend, "web2", Way.GUARD, journal)))
            await until(
                lambda: any(failure.resource == "web2" for failure in backend.picture.failures),
                "the timeout",
            )
        await guard
        await failure_of(task)
        # libvirt's job may outlive Pacemaker's operation, and arrive.
        assert found(backend, "web2").node in ("alpha", "bravo")
    assert not list(journal.abandoned())
    aftermath.check()


async def test_what_on_fail_block_leaves_is_recovered_without_a_restart(
    connect: Connect, hurried: Aftermath, lab: Lab, journal: Journal
) -> None:
    modify(lab, f'<op id="web2-migrate_to" timeout="{TOO_SHORT_S}s" on-fail="block"/>')
    hurried.begin()
    async with connect() as backend:
        async with moving(backend, "web2", "bravo", journal) as task:
            error = await failure_of(task)
        assert "blocked" in str(error) and "recover" in str(error)
        await recover(backend, "web2", journal)
        assert found(backend, "web2").node in ("alpha", "bravo")
    assert not list(journal.abandoned())
    hurried.check()
