"""Aborting a migration, whoever began it and whenever: the guest never notices."""

from __future__ import annotations

import asyncio

import pytest

from backends.acts.journal import Journal
from backends.acts.migration import clear
from backends.acts.rescue import rescue
from backends.acts.safe_order import Way
from backends.acts.transaction import Stage
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, Refused
from backends.data.picture import VMState
from engine.acting import (
    all_of,
    copied,
    failure_of,
    foreign_move,
    found,
    modify,
    moving,
    to_and_fro,
)
from engine.aftermath import Aftermath
from engine.conftest import Connect
from lab import Lab
from lab.pace import ENDLESS_MIB_PER_S, held, set_speed, slowed
from waiting import until

EARLY, MIDDLE, LATE = 0.0, 45.0, 93.0

moments = pytest.mark.parametrize(
    "percent",
    [EARLY, pytest.param(MIDDLE, marks=pytest.mark.short), LATE],
    ids=["early", "in the middle", "just before switch-over"],
)


async def abort(
    lab: Lab,
    backend: Backend,
    vm: str,
    percent: float,
    journal: Journal,
    *,
    foreign: bool = True,
) -> None:
    """Abort once so much is copied; a late one may come too late, and must say so.

    Every other is not over before: the copy waits for the abort, as slow as this machine may be.
    """
    if percent == LATE:
        await copied(backend, vm, percent)
    else:
        with slowed(lab, vm):
            await copied(backend, vm, percent)
        set_speed(lab, ENDLESS_MIB_PER_S, [vm])
    told = ""
    try:
        told = (await all_of(rescue(backend, vm, Way.ABORT, journal)))[-1].text
    except Refused as error:
        assert percent == LATE and "switched over already" in str(error)
        await until(lambda: backend.picture.migration(vm) is None, "it to arrive")
        if foreign:
            await all_of(clear(backend, vm, journal))
    else:
        assert percent == LATE or "too late" not in told
    after = found(backend, vm)
    assert after.state is VMState.RUNNING
    assert after.node == ("alpha" if told and "too late" not in told else "bravo")


@moments
async def test_ones_own_migration_and_somebody_elses_are_aborted(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal, percent: float
) -> None:
    async with connect() as backend, moving(backend, "web2", "bravo", journal) as task:
        with slowed(lab, "web2"):
            await copied(backend, "web2")
            foreign_move(lab, "web1", "bravo")
        await asyncio.gather(
            abort(lab, backend, "web1", percent, journal),
            abort(lab, backend, "web2", percent, journal, foreign=False),
        )
        try:
            assert (await task)[-1].stage is Stage.DONE
        except ActFailed as error:
            assert "called off" in str(error) or "history was cleaned" in str(error)
        else:
            assert found(backend, "web2").node == "bravo"
    assert not list(journal.abandoned())
    aftermath.check()


@moments
async def test_a_vm_that_was_on_that_node_before_is_aborted(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal, percent: float
) -> None:
    """What is left in its history of having been there must not mislead the scheduler."""
    to_and_fro(lab, "web2", "bravo", "alpha")
    async with connect() as backend:
        foreign_move(lab, "web2", "bravo")
        await abort(lab, backend, "web2", percent, journal)
    aftermath.check()


async def test_a_vm_in_a_group_is_aborted(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """The rest of the group stays as it is, too."""
    put_after_the_vm(lab)
    aftermath.begin()
    async with connect() as backend, moving(backend, "mail1", "charlie", journal) as task:
        with held(lab, "mail1"):
            await copied(backend, "mail1")
            await all_of(rescue(backend, "mail1", Way.ABORT, journal))
        await failure_of(task)
        assert found(backend, "mail1").node == "bravo"
    aftermath.check()


async def test_a_vm_whose_whole_group_is_moved_is_aborted(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """The constraint is the group's: with it the VM would be sent away again at once."""
    put_after_the_vm(lab)
    aftermath.begin()
    async with connect() as backend:
        with held(lab, "mail1"):
            foreign_move(lab, "mail", "charlie")
            await copied(backend, "mail1")
            await all_of(rescue(backend, "mail1", Way.ABORT, journal))
        assert found(backend, "mail1").node == "bravo"
    assert not list(journal.abandoned())
    aftermath.check()


async def test_a_job_that_ends_just_before_it_would_be_aborted(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """Guarded, and then the copy is done before the abort is sent: it has moved, and lives."""
    async with connect() as backend:
        with slowed(lab, "web2"):
            foreign_move(lab, "web2", "bravo")
            await copied(backend, "web2")
        set_speed(lab, ENDLESS_MIB_PER_S, ["web2"])
        async for report in (reports := rescue(backend, "web2", Way.ABORT, journal)):
            if "stop copying" in report.text:
                lab.run("alpha", "virsh", "migrate-setspeed", "web2", "2000")
                lab.wait(lambda: "web2" not in domains(lab, "alpha"), 30, "the job ends")
        await reports.aclose()
        assert "too late" in report.text
        assert found(backend, "web2").node == "bravo"
    aftermath.check()


def put_after_the_vm(lab: Lab) -> None:
    """Have the group's address follow its VM: the other way round, a move would restart the VM."""
    group = "//group[@id='mail']"
    address = lab.run("alpha", "cibadmin", "-Q", "--xpath", f"{group}/primitive[@id='mail-ip']")
    lab.run("alpha", "cibadmin", "--delete", "--xpath", f"{group}/primitive[@id='mail-ip']")
    lab.wait(lab.cluster.is_idle, 30, "rest")
    modify(lab, f'<group id="mail">{address}</group>')


def domains(lab: Lab, node: str) -> list[str]:
    return lab.run(node, "virsh", "list", "--name").split()
