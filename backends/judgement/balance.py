"""Where a VM would be best off, and which few live moves would even the nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from backends.data.picture import VM, Cluster, Node, VMState
from backends.data.plan import Verdict, VerdictKind
from backends.judgement.judge import free_memory_bytes
from backends.judgement.moves import Move

MOST_PROPOSALS = 5
LEAST_GAIN = 0.002
"""Of `imbalance`: what is less is not worth a migration."""
FULL = 0.9
"""No proposal fills the memory of a node beyond this."""


def best_target(picture: Cluster, verdicts: Mapping[str, Verdict]) -> str | None:
    """The node on which the VMs of these verdicts would have most room; `None` where none is sure.

    Only nodes count that they would reach LIVE and whose free memory is known and enough. Room is
    what would be left of memory or of CPU, whichever is scarcer there.
    """
    room = {
        name: left
        for name, verdict in verdicts.items()
        if verdict.kind is VerdictKind.LIVE
        and (node := picture.node(name)) is not None
        and node.can_host
        and (left := _room(node, [vm for vm in map(picture.vm, verdict.vms) if vm])) is not None
    }
    return max(sorted(room), key=lambda name: room[name], default=None)


def _room(node: Node, vms: list[VM]) -> float | None:
    free = free_memory_bytes(node)
    sizes = [vm.memory_bytes for vm in vms]
    if free is None or not node.memory_bytes or None in sizes:
        return None
    left = free - sum(size or 0 for size in sizes)
    if left < 0:
        return None
    memory = left / node.memory_bytes
    if node.cpu_percent is None or not node.cpus:
        return memory
    work = sum(_work(vm) or 0.0 for vm in vms)
    return min(memory, 1 - (node.cpu_percent / 100 + work / node.cpus))


def _work(vm: VM) -> float | None:
    """Cores' worth of what it does."""
    if vm.cpu_percent is None or not vm.vcpus:
        return None
    return vm.cpu_percent / 100 * vm.vcpus


@dataclass(frozen=True, slots=True)
class _Load:
    """A node's part in the balance: cores and bytes in use, and how many there are."""

    node: str
    memory: float
    memory_bytes: int
    cores: float
    cpus: int

    @property
    def shares(self) -> tuple[float, float]:
        return self.memory / self.memory_bytes, self.cores / self.cpus

    def plus(self, vm: VM, sign: int) -> _Load:
        memory = self.memory + sign * (vm.memory_bytes or 0)
        return replace(self, memory=memory, cores=self.cores + sign * (_work(vm) or 0.0))


def imbalance(picture: Cluster) -> float:
    """How unevenly the nodes are used: 0 where all have the same share of memory and of CPU.

    The variance of both shares over the nodes that can host and whose numbers are known.
    """
    return _imbalance(_loads(picture))


def _imbalance(loads: Mapping[str, _Load]) -> float:
    if not loads:
        return 0.0
    total = 0.0
    for shares in zip(*(load.shares for load in loads.values()), strict=True):
        mean = sum(shares) / len(shares)
        total += sum((share - mean) ** 2 for share in shares) / len(shares)
    return total


def _loads(picture: Cluster) -> dict[str, _Load]:
    return {
        node.name: _Load(
            node.name,
            node.memory_used_bytes,
            node.memory_bytes,
            node.cpu_percent / 100 * node.cpus,
            node.cpus,
        )
        for node in sorted(picture.nodes, key=lambda node: node.name)
        if node.can_host
        if node.memory_bytes and node.memory_used_bytes is not None
        if node.cpus and node.cpu_percent is not None
    }


def proposals(picture: Cluster, most: int = MOST_PROPOSALS) -> tuple[Move, ...]:
    """A few live moves, each of which evens the nodes given those before it, best first.

    Only the scheduler knows whether they would be live: each is to be previewed before it is shown
    as such. A VM is moved once at most.
    """
    loads = _loads(picture)
    vms = {vm.id: vm for vm in picture.vms if _movable(picture, vm)}
    moves: list[Move] = []
    while len(moves) < most:
        now = _imbalance(loads)
        gains = [(now - _imbalance(after), move) for move, after in _options(loads, vms)]
        gain, move = max(
            gains, key=lambda each: (each[0], each[1].vm, each[1].node), default=(0.0, None)
        )
        if move is None or gain < LEAST_GAIN:
            break
        moves.append(move)
        loads = _moved(loads, vms.pop(move.vm), move.node)
    return tuple(moves)


def _movable(picture: Cluster, vm: VM) -> bool:
    """Whether it is at rest, free to go, and would not be rebooted as far as the picture knows."""
    return (
        vm.state is VMState.RUNNING
        and vm.node is not None
        and vm.nodes == (vm.node,)
        and vm.managed
        and not vm.failed
        and not vm.maintenance
        and vm.live_migration.possible is True
        and vm.group is None
        and not vm.constraints
        and picture.migration(vm.id) is None
        and vm.memory_bytes is not None
        and _work(vm) is not None
    )


def _options(
    loads: Mapping[str, _Load], vms: Mapping[str, VM]
) -> Iterator[tuple[Move, dict[str, _Load]]]:
    for vm in vms.values():
        if vm.node not in loads:
            continue
        for name in loads:
            after = _moved(loads, vm, name) if name != vm.node else None
            if after is not None and max(after[name].shares[0], 0) <= FULL:
                yield Move(vm.id, name), after


def _moved(loads: Mapping[str, _Load], vm: VM, target: str) -> dict[str, _Load]:
    source = vm.node or ""
    after = dict(loads)
    after[source] = after[source].plus(vm, -1)
    after[target] = after[target].plus(vm, 1)
    return after
