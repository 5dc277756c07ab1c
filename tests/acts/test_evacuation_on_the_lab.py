"""A real node with three VMs is emptied, one of which cannot be migrated."""

from __future__ import annotations

from pathlib import Path

from backends.acts.evacuation import evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.homecoming import bring_back, homeward
from backends.acts.journal import Journal
from backends.acts.transaction import Stage
from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.data import commands
from backends.judgement.leaving import EvacuationWay
from lab import Lab

LIVE, COLD, NODE = ("web1", "web2"), "db1", "alpha"


def bring_third(lab: Lab) -> None:
    """Have the VM that cannot be migrated on the node as well."""
    lab.run("bravo", *commands.move(COLD, NODE).argv)
    lab.wait_for_vm(COLD, NODE)
    lab.run("bravo", *commands.clear(COLD).argv)
    lab.wait_guest(COLD)


def assert_nothing_left(lab: Lab, journal: Path) -> None:
    assert "cli-" not in lab.run("bravo", "cibadmin", "-Q", "-o", "constraints")
    assert "maintenance" not in lab.run("bravo", "cibadmin", "-Q", "-o", "resources")
    assert not lab.cluster.failures()
    assert not list(journal.glob("*.jsonl")), "an act was left open"


def assert_untouched(lab: Lab, vm: str, boot_id: str, ticks: int) -> None:
    after = lab.wait_guest(vm, after_ticks=ticks + 1)
    assert after.boot_id == boot_id, f"the guest of {vm} was rebooted"


async def test_the_live_ones_go_the_other_stays_until_that_is_confirmed_and_all_may_come_home(
    settled_lab: Lab, tmp_path: Path
) -> None:
    lab, journal = settled_lab, Journal(tmp_path)
    bring_third(lab)
    before = {vm: lab.guest(vm) for vm in (*LIVE, COLD)}
    login = Login(ssh_config=lab.ssh_config)
    async with LiveBackend(["bravo"], login) as backend:
        await backend.settled()
        plan = await plan_evacuation(backend, NODE)
        assert {leaving.vm for leaving in plan.vms} == {*LIVE, COLD}
        assert plan.interrupted(EvacuationWay.VM_BY_VM) == (COLD,)
        reports = [r async for r in evacuate(backend, plan, EvacuationWay.VM_BY_VM, journal)]
        assert reports[-1].stage is Stage.DONE and f"{COLD} stays on {NODE}" in reports[-1].text
        assert lab.where(COLD) == NODE
        assert all(lab.where(vm) not in (None, NODE) for vm in LIVE)
        for vm in (*LIVE, COLD):
            assert_untouched(lab, vm, before[vm].boot_id, before[vm].ticks)
        assert_nothing_left(lab, tmp_path)

        again = await plan_evacuation(backend, NODE)
        reports = [
            report
            async for report in evacuate(
                backend, again, EvacuationWay.VM_BY_VM, journal, allow_reboot=True
            )
        ]
        assert reports[-1].stage is Stage.DONE
        known = backend.picture.node(NODE)
        assert known is not None and known.standby
        assert NODE not in {lab.where(vm) for vm in (*LIVE, COLD)}
        for vm in LIVE:
            assert_untouched(lab, vm, before[vm].boot_id, before[vm].ticks)
        assert lab.wait_guest(COLD, boots=before[COLD].boots + 1).boot_id != before[COLD].boot_id
        assert_nothing_left(lab, tmp_path)

        async for _ in bring_back(backend, NODE, journal):
            pass
        offered = await homeward(backend, NODE, journal)
        assert {move.vm for move in offered} == set(LIVE), "who moves live"
        assert_nothing_left(lab, tmp_path)


async def test_by_standby_all_go_at_once_and_the_offer_is_to_bring_them_home(
    settled_lab: Lab, tmp_path: Path
) -> None:
    lab, journal = settled_lab, Journal(tmp_path)
    before = {vm: lab.guest(vm) for vm in LIVE}
    async with LiveBackend(["bravo"], Login(ssh_config=lab.ssh_config)) as backend:
        await backend.settled()
        plan = await plan_evacuation(backend, NODE)
        assert plan.interrupted(EvacuationWay.STANDBY) == ()
        async for _ in evacuate(backend, plan, EvacuationWay.STANDBY, journal):
            pass
        assert all(lab.where(vm) not in (None, NODE) for vm in LIVE)
        async for _ in bring_back(backend, NODE, journal):
            pass
        offered = await homeward(backend, NODE, journal)
        assert {(move.vm, move.node) for move in offered} == {(vm, NODE) for vm in LIVE}
    for vm in LIVE:
        assert_untouched(lab, vm, before[vm].boot_id, before[vm].ticks)
    assert_nothing_left(lab, tmp_path)
