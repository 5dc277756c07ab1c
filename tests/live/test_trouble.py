"""What the operator sees when a real cluster is in trouble: the truth, and soon."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from backends.clusters.live.backend import LiveBackend
from backends.data.errors import NotACluster
from backends.data.picture import Cluster, HypervisorState, NodeState, Phase, VMState
from lab import Lab
from lab.pace import slowed
from waiting import PATIENCE_S, until

Connect = Callable[..., LiveBackend]
NEVER = 1 << 30
"""So many looks are never missed."""


@asynccontextmanager
async def watched(backend: LiveBackend) -> AsyncIterator[LiveBackend]:
    async with backend:
        await backend.settled(within_s=PATIENCE_S)
        yield backend


def state(picture: Cluster, name: str) -> NodeState | None:
    node = picture.node(name)
    return node.state if node is not None else None


def assert_no_fresh_numbers(picture: Cluster, lost: str) -> None:
    for vm in picture.vms:
        if vm.node == lost:
            assert vm.state is not VMState.RUNNING, f"{vm.id} is shown as running on {lost}"
            assert vm.cpu_percent is None, f"{vm.id} is shown with a CPU load on {lost}"


@pytest.mark.parametrize("node", ["charlie", "alpha"], ids=["another node", "the voice"])
async def test_a_killed_node_is_seen_before_it_is_fenced(
    settled_lab: Lab, connect: Connect, node: str
) -> None:
    async with watched(connect("alpha")) as backend:
        settled_lab.kill(node)

        def seen() -> bool:
            picture = backend.picture
            gone = state(picture, node) in (NodeState.UNCLEAN, NodeState.OFFLINE)
            if gone:
                assert_no_fresh_numbers(picture, node)
            return gone

        try:
            await until(seen, f"{node} unclean or offline")
            await until(lambda: backend.picture.stale_pacemaker() is None, "a voice")
            assert backend.picture.voice != node
            await until(lambda: state(backend.picture, node) is NodeState.OFFLINE, "it fenced")
        finally:
            settled_lab.start(node)
        await until(lambda: state(backend.picture, node) is NodeState.ONLINE, "it back")

        def libvirt_back() -> bool:
            known = backend.picture.node(node)
            return known is not None and known.hypervisor.state is HypervisorState.UP

        await until(libvirt_back, "its libvirt back")


async def test_without_libvirtd_the_pacemaker_half_lives_on(
    settled_lab: Lab, connect: Connect
) -> None:
    def libvirt(picture: Cluster) -> HypervisorState:
        node = picture.node("bravo")
        assert node is not None
        return node.hypervisor.state

    async with watched(connect("alpha")) as backend:
        settled_lab.stop_libvirtd("bravo")
        try:
            await until(lambda: libvirt(backend.picture) is HypervisorState.DOWN, "it seen down")
            picture = backend.picture
            bravo, vm = picture.node("bravo"), picture.vm("db1")
            assert bravo is not None and vm is not None
            assert bravo.state is NodeState.ONLINE and bravo.cpu_percent is None
            assert bravo.hypervisor.since and bravo.hypervisor.reason
            assert vm.node == "bravo" and vm.cpu_percent is None
            assert [stale.node for stale in picture.stale] == ["bravo"]
            settled_lab.run("alpha", "crm_standby", "-N", "charlie", "-v", "on")
            await until(lambda: state(backend.picture, "charlie") is NodeState.STANDBY, "a standby")
            settled_lab.run("alpha", "crm_standby", "-N", "charlie", "-v", "off")
        finally:
            settled_lab.start_libvirtd("bravo")
        await until(lambda: libvirt(backend.picture) is HypervisorState.UP, "it back by itself")
        assert not backend.picture.stale


@pytest.mark.parametrize(
    "command",
    [
        ("crm_resource", "--move", "--resource", "web1", "--node", "charlie"),
        ("crm_standby", "--node", "alpha", "--update", "on"),
    ],
    ids=["crm_resource --move", "crm_standby"],
)
async def test_somebody_elses_migration_shows_the_same_progress(
    settled_lab: Lab, connect: Connect, command: tuple[str, ...]
) -> None:
    async with watched(connect("bravo")) as backend:
        settled_lab.run("charlie", *command)
        percents: list[float] = []
        phases: set[Phase] = set()

        def ended() -> bool:
            migration, vm = backend.picture.migration("web1"), backend.picture.vm("web1")
            if migration is not None:
                assert migration.source == "alpha"
                phases.add(migration.phase)
                if migration.percent is not None and migration.percent not in percents:
                    percents.append(migration.percent)
            return bool(percents) and migration is None and vm is not None and vm.node != "alpha"

        with slowed(settled_lab, "web1"):
            await until(ended, "web1 away from alpha")
        assert len(percents) > 5 and percents[0] < 50
        assert Phase.COPYING in phases and phases & {Phase.SWITCHING, Phase.STOPPING}


async def test_nonsense_from_the_cluster_leaves_the_last_picture_and_marks_it(
    settled_lab: Lab, connect: Connect
) -> None:
    broken = "#!/bin/sh\necho '<pacemaker-result><nodes><node'\n"
    async with watched(connect("alpha")) as backend:
        before = backend.picture
        for node in settled_lab.nodes:
            settled_lab.run(node, "mv", "/usr/sbin/crm_mon", "/usr/sbin/crm_mon.real")
            settled_lab.run(node, "sh", "-c", f"printf %s {broken!r} > /usr/sbin/crm_mon")
            settled_lab.run(node, "chmod", "+x", "/usr/sbin/crm_mon")
        try:
            settled_lab.run("bravo", "crm_attribute", "--name", "vmferry-test", "--update", "1")
            await until(lambda: backend.picture.stale_pacemaker(), "the mark")
            assert [vm.id for vm in backend.picture.vms] == [vm.id for vm in before.vms]
        finally:
            for node in settled_lab.nodes:
                settled_lab.run(node, "mv", "/usr/sbin/crm_mon.real", "/usr/sbin/crm_mon")
            settled_lab.run("bravo", "crm_attribute", "--name", "vmferry-test", "--delete")
        await until(lambda: not backend.picture.stale_pacemaker(), "it fresh again")


async def test_a_backend_that_failed_to_open_can_be_opened_again(
    settled_lab: Lab, connect: Connect
) -> None:
    backend = connect("charlie")
    settled_lab.run("charlie", "mv", "/usr/sbin/crm_mon", "/usr/sbin/crm_mon.away")
    try:
        with pytest.raises(NotACluster):
            await backend.open()
    finally:
        settled_lab.run("charlie", "mv", "/usr/sbin/crm_mon.away", "/usr/sbin/crm_mon")
    async with watched(backend):
        picture = await anext(backend.pictures())
        assert {node.hypervisor.state for node in picture.nodes} == {HypervisorState.UP}


OF_THE_STREAM = "vmferry-watch"
"""What the shells in which the stream of changes is made are called by."""


@pytest.mark.short
@pytest.mark.parametrize(
    ("signal", "which"),
    [("KILL", "^crm_mon -i"), ("STOP", "^crm_mon -i"), ("STOP", OF_THE_STREAM)],
    ids=["events killed", "events stopped", "all of it stopped"],
)
async def test_a_standby_and_a_constraint_are_noticed_where_nothing_tells_of_them(
    settled_lab: Lab,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    signal: str,
    which: str,
) -> None:
    """No other node needs to take over for that, which takes longer than it may."""
    monkeypatch.setattr("backends.clusters.live.voice.MOST_MISSED", NEVER)
    async with watched(connect("alpha")) as backend:
        there = ("alpha", "pgrep", "-f", which)
        await until(lambda: settled_lab.run(*there, check=False), "somebody listens")
        settled_lab.run("alpha", "pkill", f"-{signal}", "-f", which)
        try:
            settled_lab.run("bravo", "crm_standby", "-N", "charlie", "-v", "on")
            await until(lambda: (n := backend.picture.node("charlie")) and n.standby, "the standby")
            settled_lab.run("bravo", "crm_standby", "-N", "charlie", "-v", "off")
            await until(lambda: (n := backend.picture.node("charlie")) and not n.standby, "its end")
            settled_lab.run("bravo", "crm_resource", "--ban", "-r", "db1", "-N", "charlie")
            await until(lambda: (vm := backend.picture.vm("db1")) and vm.constraints, "the ban")
            settled_lab.run("bravo", "crm_resource", "--clear", "-r", "db1")
            await until(lambda: (vm := backend.picture.vm("db1")) and not vm.constraints, "its end")
        finally:
            settled_lab.run(
                "alpha", "pkill", "-CONT", "-f", f"{OF_THE_STREAM}|{which}", check=False
            )
