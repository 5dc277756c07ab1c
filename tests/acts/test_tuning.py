"""What is done to a VM with one command, and needs nothing behind it."""

from __future__ import annotations

from acts.scene import boots, carry_out, found, rebooted, written
from backends.acts.tuning import protect, protections, tune
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands


async def test_a_protected_vm_is_blocked_and_not_restarted_by_a_failure(
    backend: SimulatedBackend,
) -> None:
    await carry_out(protect(backend, ["web1"]))
    assert found(backend, "web1").migrate_to_on_fail == "block"
    assert not protections([found(backend, "web1")])
    before = boots(backend)
    backend.world.fail_next_migration("web1")
    backend.world.execute(commands.move("web1", "bravo").argv)
    await backend.advance(60)
    assert found(backend, "web1").state.value == "blocked"
    assert not rebooted(backend, before)


async def test_what_is_protected_already_costs_no_command(backend: SimulatedBackend) -> None:
    await carry_out(protect(backend, ["web1"]))
    sent = written(backend)
    await carry_out(protect(backend, ["web1"]))
    assert written(backend) == sent


async def test_the_allowed_downtime_reaches_the_copy(backend: SimulatedBackend) -> None:
    vm = found(backend, "web1")
    command = commands.set_downtime(vm.domain or "", vm.node or "", 900)
    reports = await carry_out(tune(backend, "web1", command))
    assert reports[-1].stage.value == "done"
    assert backend.world.guest("web1").downtime_limit_s == 0.9
