"""Why, on a real cluster: the cause, who it was, and a what-if that is carried out."""

from __future__ import annotations

import asyncio
import time

from backends.clusters.command_log import CommandLog
from backends.clusters.live.site import LiveSite
from backends.clusters.ssh import Fleet, Login
from backends.data.plan import ActionKind
from backends.data.why import Why
from backends.past.archive import Archive
from backends.past.whys import why
from lab.lab import Lab
from lab.system import wait

BLOCK = "with on-fail=block on its migrate_to"


def archive(lab: Lab) -> Archive:
    fleet = Fleet([lab.nodes[0]], Login(ssh_config=lab.ssh_config), CommandLog())
    return Archive(LiveSite(lambda: fleet))


async def asked(lab: Lab, vm: str, since: float) -> Why:
    async with archive(lab) as recorded:
        return await why(recorded, vm, await recorded.span(since))


def broken_off(lab: Lab, vm: str, source: str, target: str) -> None:
    """Somebody moves a VM, and its copy is ended in the middle."""
    lab.run(source, "crm_resource", "--move", "-r", vm, "--node", target)
    wait(lambda: copying(lab, vm, source), 60, f"{vm} is copied")
    lab.run(source, "virsh", "domjobabort", vm)


def copying(lab: Lab, vm: str, source: str) -> bool:
    job = lab.run(source, "virsh", "domjobinfo", vm, check=False)
    return "Data processed" in job


async def test_a_copy_that_was_broken_off_and_what_would_have_saved_the_guest(
    settled_lab: Lab,
) -> None:
    lab, vm, since = settled_lab, "web1", time.time()
    before = lab.guest(vm).boots
    await asyncio.to_thread(broken_off, lab, vm, "alpha", "bravo")
    await asyncio.to_thread(lab.wait_guest, vm, boots=before + 1)
    found = await asked(lab, vm, since - 1)
    assert [entry.kind for entry in found.chain] == ["prefer", "migrate_to-failed"]
    assert found.chain[0].who in ("root with crm_resource on alpha", "root on alpha")
    assert found.event is not None and (found.event.node, found.event.target) == ("alpha", "bravo")
    assert found.decision is not None and found.decision.kind is ActionKind.RECOVER
    assert found.doubts == ()
    saved = {saving.what: saving.planned for saving in found.savings}
    assert saved[BLOCK] == ()

    await asyncio.to_thread(lab.reset)
    guest = lab.guest(vm)
    change = '<op id="web1-migrate_to" on-fail="block"/>'
    lab.run("alpha", "cibadmin", "--modify", "--xml-text", change)
    await asyncio.to_thread(broken_off, lab, vm, "alpha", "bravo")
    await asyncio.to_thread(wait, lab.cluster.is_idle, 60, "nothing more is done")
    after = await asyncio.to_thread(lab.wait_guest, vm, after_ticks=guest.ticks)
    assert after.boots == guest.boots
