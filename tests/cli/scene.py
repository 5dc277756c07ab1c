"""What the tests of the command line ask of a cluster in memory."""

from __future__ import annotations

from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.picture import Cluster


def calm(speed: float = 100.0, *, read_only: bool = False) -> SimulatedBackend:
    """Live: web1 on alpha. Reboot: legacy-erp on alpha. Stopped: staging."""
    return SimulatedBackend(3, 16, 1, speed, "calm", read_only)


def copying(speed: float = 5.0) -> SimulatedBackend:
    """`web1` on its way from alpha to bravo, told by somebody else."""
    backend = calm(speed)
    guest = backend.world.guest("web1")
    guest.dirty_rate_bytes_per_s, guest.migrate_to_timeout_s = 64e9, 3600.0
    backend.world.execute(commands.move("web1", "bravo").argv)
    backend.world.advance(5)
    return backend


def end_of(backend: SimulatedBackend) -> Cluster:
    return backend.world.picture()


def wrote(backend: SimulatedBackend) -> list[str]:
    return [sent.command for sent in backend.commands.sent if sent.writes]


def on(backend: SimulatedBackend, node: str) -> set[str]:
    return {vm.id for vm in end_of(backend).vms if vm.node == node}
