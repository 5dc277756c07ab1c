"""Pacemaker's half and libvirt's half joined into one picture. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from backends.clusters.hypervisor.stats import Domain, DomainState, Job, Sample, View
from backends.data.picture import (
    LOST,
    VM,
    Cluster,
    Hypervisor,
    HypervisorState,
    Migration,
    Node,
    NodeKind,
    NodeState,
    Phase,
    Stale,
    VMState,
)

_UNKNOWN = View(Hypervisor())

NOT_RUNNING_RC = 7
"""`OCF_NOT_RUNNING`"""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a migration beyond Pacemaker; `elapsed_s` since it was first seen."""

    elapsed_s: float
    job: Job | None = None


Said = tuple[tuple[str, Domain], ...]
"""What libvirt says of one domain, node by node."""


@dataclass(frozen=True, slots=True)
class Halves:
    """`vm`: Pacemaker's half. `name`: its domain's, where known. `whole`: what came out of them."""

    vm: VM
    name: str | None
    said: Said
    whole: VM


@dataclass(slots=True)
class Joined:
    """What was joined the last time, by a VM's id, and among which nodes."""

    among: tuple[object, ...] = ()
    halves: dict[str, Halves] = field(default_factory=dict)


def join(
    pacemaker: Cluster,
    views: Mapping[str, View],
    domains: Mapping[str, str],
    progress: Mapping[str, Progress],
    silence: Stale | None,
    before: Cluster | None = None,
    joined: Joined | None = None,
) -> Cluster:
    """One picture.

    `domains`: the domain's name of each VM where known; `progress`: of each VM that migrates;
    `silence`: since when and why nobody speaks for Pacemaker; `before`: the picture before this
    one: how large a guest is does not change because its libvirt went away; `joined`: what was
    joined so far, which is brought up to date. Whatever is as it was in both is the same object:
    nobody need look at it again.
    """
    lost = {n.name for n in pacemaker.nodes if n.state in (NodeState.OFFLINE, NodeState.UNCLEAN)}
    samples = {
        name: view.sample
        for name, view in views.items()
        if view.sample is not None
        and view.hypervisor.state is HypervisorState.UP
        and name not in lost
    }
    alive = tuple(
        n.name for n in pacemaker.nodes if n.state not in LOST and n.kind is not NodeKind.GUEST
    )
    before, joined = before or Cluster(), joined or Joined()
    if joined.among != (among := (alive, tuple(samples))):
        joined.among, joined.halves = among, {}
    said = _by_domain(samples)
    joined.halves = {
        vm.id: _halves(vm, domains.get(vm.id) or vm.domain, said, alive, samples, before, joined)
        for vm in pacemaker.vms
    }
    by_id = {name: halves.whole for name, halves in joined.halves.items()}
    stale = tuple(
        Stale("libvirt", node.name, view.hypervisor.since or 0.0, view.hypervisor.reason or "")
        for node in pacemaker.nodes
        if (view := views.get(node.name, _UNKNOWN)).hypervisor.state is HypervisorState.DOWN
    )
    return replace(
        pacemaker,
        nodes=tuple(
            _node(node, views.get(node.name, _UNKNOWN), samples, before.node(node.name))
            for node in pacemaker.nodes
        ),
        vms=tuple(by_id.values()),
        migrations=tuple(
            _migration(m, by_id[m.vm], samples, progress.get(m.vm)) for m in pacemaker.migrations
        ),
        stale=((silence,) if silence is not None else ()) + stale,
    )


def _node(node: Node, view: View, samples: Mapping[str, Sample], known: Node | None) -> Node:
    sample = samples.get(node.name)
    now = replace(
        node,
        hypervisor=view.hypervisor,
        cpus=sample.cpus if sample else None,
        cpu_percent=sample.cpu_percent if sample else None,
        memory_bytes=sample.memory_bytes if sample else None,
        memory_used_bytes=_coarse(sample.memory_used_bytes) if sample else None,
    )
    return known if known is not None and known == now else now


def _coarse(used_bytes: int | None) -> int | None:
    """Whole 16 MiB: a page more or less would redraw the screen for nothing anybody sees."""
    return None if used_bytes is None else used_bytes >> 24 << 24


def _by_domain(samples: Mapping[str, Sample]) -> dict[str, Said]:
    said: dict[str, list[tuple[str, Domain]]] = defaultdict(list)
    for node, sample in samples.items():
        for name, domain in sample.domains.items():
            said[name].append((node, domain))
    return {name: tuple(each) for name, each in said.items()}


def _halves(
    vm: VM,
    name: str | None,
    domains: Mapping[str, Said],
    alive: Sequence[str],
    sampled: Collection[str],
    before: Cluster,
    joined: Joined,
) -> Halves:
    said = domains.get(name or vm.id, ())
    last = joined.halves.get(vm.id)
    if last is not None and last.vm is vm and last.name == name and last.said == said:
        return last
    seen, known = dict(said), before.vm(vm.id)
    whole = _whole(_found(vm, alive, sampled, seen, name), sampled, seen, name, known)
    return Halves(vm, name, said, known if known is not None and known == whole else whole)


def _found(
    vm: VM,
    alive: Sequence[str],
    sampled: Collection[str],
    seen: Mapping[str, Domain],
    name: str | None,
) -> VM:
    """A VM that Pacemaker holds for stopped, where it has not looked or may not act.

    Without a history it says "stopped" of everything: until the probes are in, libvirt knows
    better, and where that is silent nobody knows.
    """
    if vm.state is not VMState.STOPPED or vm.nodes:
        return vm
    hands_off = vm.maintenance or not vm.managed
    absent = {node for node in alive if vm.history and _is_absent(vm, node)}
    open_ = [node for node in alive if hands_off or node not in absent]
    states = {
        node: domain.state
        for node in open_
        if name is not None
        and (domain := seen.get(node)) is not None
        and domain.state is not DomainState.OFF
    }
    running = [node for node, state in states.items() if state is DomainState.RUNNING]
    places = running or list(states)  # the target of a copy is there too, and paused
    if len(places) == 1:
        return replace(vm, state=VMState.RUNNING, node=places[0])
    asked = hands_off or any(operation.pending for operation in vm.history)
    silent = [n for n in open_ if n not in absent and (name is None or n not in sampled)]
    return replace(vm, state=VMState.UNKNOWN) if places or (asked and silent) else vm


def _is_absent(vm: VM, node: str) -> bool:
    """Whether the last that Pacemaker did there shows that it does not run there."""
    done = [operation for operation in vm.history if operation.node == node]
    if not done or done[-1].pending:
        return False
    last = done[-1]
    return (last.task == "stop" and last.succeeded) or (
        last.task == "monitor" and last.rc == NOT_RUNNING_RC
    )


def _sized(vm: VM, known: VM | None) -> VM:
    """With the size that was last seen, where libvirt has no word on it now."""
    if vm.node is None or known is None:
        return vm
    memory_bytes = vm.memory_bytes if vm.memory_bytes is not None else known.memory_bytes
    return replace(vm, vcpus=known.vcpus, memory_bytes=memory_bytes)


def _whole(
    vm: VM, sampled: Collection[str], seen: Mapping[str, Domain], name: str | None, known: VM | None
) -> VM:
    if vm.node not in sampled:
        return replace(_sized(vm, known), domain=name)
    domain = seen.get(vm.node or "")
    if domain is None:
        # Pacemaker may be a monitor interval behind; only where the name is sure is it gone.
        gone = vm.state is VMState.RUNNING and name is not None
        return replace(vm, domain=name, state=VMState.UNKNOWN if gone else vm.state)
    return replace(
        vm,
        domain=domain.name,
        state=_state(vm, domain),
        vcpus=domain.vcpus,
        memory_bytes=domain.memory_bytes or vm.memory_bytes,
        cpu_percent=domain.cpu_percent,
    )


def _state(vm: VM, domain: Domain) -> VMState:
    if vm.state is VMState.RUNNING and domain.state is DomainState.PAUSED:
        return VMState.PAUSED
    return vm.state


def _migration(
    migration: Migration, vm: VM, samples: Mapping[str, Sample], progress: Progress | None
) -> Migration:
    if progress is None:
        return migration
    job = progress.job or Job()
    elapsed = max(progress.elapsed_s, job.elapsed_s or 0.0)
    timeout_s = vm.migrate_to_timeout_s
    copying = migration.phase is Phase.COPYING
    arrived = samples.get(migration.target or "")
    runs_there = arrived is not None and vm.domain in {
        domain.name for domain in arrived.domains.values() if domain.state is DomainState.RUNNING
    }
    return replace(
        migration,
        phase=Phase.SWITCHING if copying and runs_there else migration.phase,
        remaining_bytes=job.remaining_bytes,
        total_bytes=job.total_bytes,
        rate_bytes_per_s=job.rate_bytes_per_s,
        dirty_rate_bytes_per_s=job.dirty_rate_bytes_per_s,
        iteration=job.iteration,
        downtime_ms=job.downtime_ms,
        elapsed_s=round(elapsed, 1),
        eta_s=eta_s(job),
        deadline_s=(
            float(round(max(0.0, timeout_s - elapsed)))
            if copying and timeout_s is not None
            else None
        ),
    )


def eta_s(job: Job) -> float | None:
    """When the copy ends if nothing changes: what is left, at the rate less the dirty rate.

    `None` where that is not known, or where it never ends.
    """
    if job.remaining_bytes is None or not job.rate_bytes_per_s:
        return None
    rate = job.rate_bytes_per_s - (job.dirty_rate_bytes_per_s or 0)
    return float(round(job.remaining_bytes / rate)) if rate > 0 else None
