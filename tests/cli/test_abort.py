"""`vmferry abort`: said first, and no guest is restarted."""

from __future__ import annotations

from typing import Literal

import msgspec

from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from cli.conftest import Vmferry
from cli.scene import calm, copying, end_of, wrote
from cli.schema import CommandSchema, ProgressLine, Strict, VMStateSchema


class AbortPlan(Strict, tag="plan", tag_field="event"):
    schema: Literal[1]
    vm: str
    way: Literal["abort", "recover"]
    source: str | None
    target: str | None
    endangered: list[str]
    commands: list[CommandSchema]


class AbortEnd(Strict, tag="done", tag_field="event"):
    schema: Literal[1]
    vm: str
    state: VMStateSchema | None
    node: str | None


AbortLine = AbortPlan | ProgressLine | AbortEnd


def two_in_flight() -> SimulatedBackend:
    """`web1` as in `copying`, and `build-7` on its way home from bravo."""
    backend = calm(5.0)
    world = backend.world
    home = world.guest("build-7").host or ""
    world.execute(commands.move("build-7", "bravo").argv)
    world.advance(300)
    for vm, node in (("web1", "bravo"), ("build-7", home)):
        guest = world.guest(vm)
        guest.dirty_rate_bytes_per_s, guest.migrate_to_timeout_s = 64e9, 3600.0
        world.execute(commands.move(vm, node).argv)
    world.advance(5)
    return backend


def test_abort_ends_a_migration_of_somebody_else_without_a_restart(vmferry: Vmferry) -> None:
    backend = copying()
    boots = backend.world.guest("web1").boots
    ended = vmferry("abort", "web1", "--yes", "--json", on=backend)
    assert ended.code == 0, ended.err
    lines = [msgspec.json.decode(line, type=AbortLine) for line in ended.out.splitlines()]
    first, last = lines[0], lines[-1]
    assert isinstance(first, AbortPlan) and isinstance(last, AbortEnd)
    assert [command.command for command in first.commands] == wrote(backend)
    assert (first.source, first.target, last.node, last.state) == (
        "alpha",
        "bravo",
        "alpha",
        "running",
    )
    vm = end_of(backend).vm("web1")
    assert vm is not None and not vm.constraints and not vm.maintenance
    assert backend.world.guest("web1").boots == boots


def test_an_abort_that_may_restart_another_guest_in_flight_takes_more_than_a_yes(
    vmferry: Vmferry,
) -> None:
    """Pacemaker may take an earlier arrival for this one when anything is written meanwhile."""
    backend = two_in_flight()
    ended = vmferry("abort", "web1", "--yes", on=backend)
    assert (ended.code, wrote(backend)) == (4, [])
    assert "build-7 is in flight to where it had been before" in ended.err
    assert "--yes does not cover the reboot of build-7" in ended.err
    accepted = vmferry("abort", "web1", "--yes", "--allow-reboot", on=two_in_flight())
    assert accepted.code == 0, accepted.err


def test_abort_asks_with_its_steps_before_it_sends_anything(vmferry: Vmferry) -> None:
    backend = copying()
    ended = vmferry("abort", "web1", on=backend)
    assert ended.code == 4
    assert "virsh domjobabort web1 (on alpha)" in ended.err
    assert "no terminal to confirm on" in ended.err
    assert wrote(backend) == []


def test_abort_of_what_does_not_migrate_is_refused(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("abort", "web1", "--yes", on=backend)
    assert (ended.code, wrote(backend)) == (4, [])
    assert "web1 is not being migrated" in ended.err
    assert vmferry("abort", "nosuch", "--yes", on=calm()).code == 2


def test_abort_of_a_failed_and_blocked_migration_recovers_the_vm(vmferry: Vmferry) -> None:
    backend = calm(20)
    backend.world.guest("web1").on_fail = "block"
    backend.world.fail_next_migration("web1")
    backend.world.execute(commands.move("web1", "bravo").argv)
    backend.world.advance(60)
    boots = backend.world.guest("web1").boots
    ended = vmferry("abort", "web1", "--yes", on=backend)
    assert ended.code == 0, ended.err
    vm = end_of(backend).vm("web1")
    assert vm is not None and (vm.node, vm.state.value, vm.failed) == ("alpha", "running", False)
    assert backend.world.guest("web1").boots == boots


def test_read_only_aborts_nothing(vmferry: Vmferry) -> None:
    backend = copying()
    ended = vmferry("--read-only", "abort", "web1", "--yes", on=backend)
    assert ended.code == 4 and "read-only" in ended.err
    assert wrote(backend) == []
