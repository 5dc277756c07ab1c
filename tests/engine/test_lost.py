"""What is lost in mid-migration: the line, a daemon, a node. The truth is told, nothing left."""

from __future__ import annotations

import asyncio
import time
from asyncio import TaskGroup
from enum import StrEnum

import pytest

from backends.acts.journal import Journal
from backends.acts.rescue import rescue
from backends.acts.resume import left_open, resume
from backends.acts.safe_order import Way
from backends.acts.transaction import Report, Stage
from backends.acts.tuning import protect
from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.picture import NodeState
from engine.acting import all_of, copied, found, is_warned, moving, recover
from engine.aftermath import Aftermath
from engine.conftest import Connect
from engine.tally import Cause
from lab import VMS, Lab
from lab.pace import UNLIMITED_MIB_PER_S, held
from waiting import until

CUT_S = 20


async def test_the_line_is_cut_for_twenty_seconds(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    async with connect() as backend, moving(backend, "web1", "bravo", journal) as task:
        with held(lab, "web1"):
            await copied(backend, "web1")
            cut_at = time.time()
            for node in lab.nodes:
                lab.cut_ssh(node)
        stale = await until(lambda: backend.picture.stale_pacemaker(), "the picture goes stale")
        assert stale.reason and cut_at <= stale.since <= time.time()
        await until(lambda: time.time() > cut_at + CUT_S, "twenty seconds without a line")
        since = backend.picture.stale_pacemaker()
        assert since is not None and since.since == stale.since
        assert not task.done()
        for node in lab.nodes:
            lab.restore_ssh(node)
        assert (await task)[-1].stage is Stage.DONE
        assert not backend.picture.stale_pacemaker()
    assert not list(journal.abandoned())
    aftermath.check()


class Care(StrEnum):
    """What is done so that a migration that fails restarts no guest."""

    NONE = "as it is"
    BLOCK = "on-fail=block"
    GUARD = "guarded"


async def take_care(backend: Backend, care: Care, aftermath: Aftermath) -> None:
    """The plan of the move of web2 to bravo must say what a failure would do."""
    assert await is_warned(backend, "web2", "bravo")
    if care is Care.BLOCK:
        await all_of(protect(backend, ["web2"]))
        assert not await is_warned(backend, "web2", "bravo")
        aftermath.begin()


@pytest.mark.parametrize("care", Care, ids=str)
async def test_libvirtd_is_restarted_on_the_source(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal, care: Care
) -> None:
    """virsh loses its job with it, and the migration fails."""
    async with connect() as backend:
        await take_care(backend, care, aftermath)
        async with moving(backend, "web2", "bravo", journal) as task, TaskGroup() as beside:
            with held(lab, "web2"):
                await copied(backend, "web2")
                if care is Care.GUARD:
                    beside.create_task(all_of(rescue(backend, "web2", Way.GUARD, journal)))
                    await until(lambda: found(backend, "web2").maintenance, "the guard")
                lab.stop_libvirtd("alpha")
            lab.start_libvirtd("alpha")
            told = await how_it_ended(task)
        if care is Care.NONE:
            expect(aftermath, told, Cause.WARNED)
        else:
            assert "guest was restarted" not in told, told
        if "blocked" in told:
            await recover(backend, "web2", journal)
    assert not list(journal.abandoned())
    aftermath.check(failures="guest was restarted" in told)


@pytest.mark.parametrize(
    ("lost", "care"),
    [
        ("charlie", Care.NONE),
        ("bravo", Care.NONE),
        ("bravo", Care.BLOCK),
        ("alpha", Care.NONE),
    ],
    ids=["voice", "target", "target, on-fail=block", "source"],
)
async def test_a_node_dies(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal, lost: str, care: Care
) -> None:
    async with connect() as backend:
        await take_care(backend, care, aftermath)
        for vm in VMS:
            if vm.node == lost:
                aftermath.expect_reboot(vm.name, Cause.POWER)
        async with moving(backend, "web2", "bravo", journal) as task:
            with held(lab, "web2"):
                await copied(backend, "web2")
                lab.kill(lost)
            told = await how_it_ended(task)
            if lost == "charlie":
                assert backend.picture.voice != "charlie"
        await until(lambda: fenced(backend, lost), f"{lost} fenced")
        lab.start(lost)
        lab.wait_online()
        if lost == "alpha":
            # It was, with its node: what is said depends on whether a guard was up by then.
            assert "not restarted" not in told and "live, nothing" not in told, told
        elif care is Care.NONE:
            expect(aftermath, told, Cause.WARNED)
        else:
            assert "guest was restarted" not in told, told
        if "blocked" in told:
            await recover(backend, "web2", journal)
        for act in left_open(backend, journal):
            await all_of(resume(backend, act))
    # What failed on a node that lost power is forgotten with it.
    aftermath.check(failures=lost != "alpha" and "guest was restarted" in told)


async def test_the_dc_is_lost_and_its_successor_does_not_know_of_the_copy(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """Pacemaker asks for the same migration once more, and that fails when the first is done."""
    dc = lab.wait(lambda: elsewhere_than("alpha", lab), 60, "a DC that is not the source")
    target = next(node for node in lab.nodes if node not in ("alpha", dc))
    async with connect("alpha") as backend, moving(backend, "web2", target, journal) as task:
        with held(lab, "web2"):
            await copied(backend, "web2")
            kill_controller(lab, dc)
            await until(lambda: found(backend, "web2").maintenance, "the guard")
        # Pacemaker no longer tells that it is being copied.
        lab.run("alpha", "virsh", "migrate-setspeed", "web2", UNLIMITED_MIB_PER_S)
        assert "was not restarted" in (await task)[-1].text
        assert found(backend, "web2").node == target
    assert not list(journal.abandoned())
    lab.wait_online()
    aftermath.check()


def elsewhere_than(source: str, lab: Lab) -> str | None:
    """The DC, made to be another node than this one."""
    dc = lab.crm_mon().find("summary/current_dc")
    name = dc.get("name") if dc is not None else None
    if name != source and lab.cluster.is_online() and lab.cluster.is_idle():
        return name
    if name == source:
        kill_controller(lab, source)
    return None


def kill_controller(lab: Lab, node: str) -> None:
    """pacemakerd starts another; what runs on the node goes on."""
    lab.run(node, "sh", "-c", "kill -KILL $(pidof pacemaker-controld)")


async def how_it_ended(task: asyncio.Task[list[Report]]) -> str:
    """What the operator is told in the end."""
    try:
        return (await task)[-1].text
    except VmferryError as error:
        return str(error)


def expect(aftermath: Aftermath, told: str, cause: Cause) -> None:
    """The guest was rebooted just where the operator was told so."""
    if "guest was restarted" in told:
        aftermath.expect_reboot("web2", cause)
    else:
        assert "live, nothing was restarted" in told or "was not restarted" in told, told


def fenced(backend: Backend, name: str) -> bool:
    node = backend.picture.node(name)
    return node is not None and node.state is NodeState.OFFLINE
