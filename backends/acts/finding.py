"""Finding out where a guest runs, while Pacemaker's hands are off it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import suppress

from backends.acts.journal import Act
from backends.acts.transaction import Report, Stage, send, vm_in, wait_for
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import ActFailed, CommandFailed
from backends.data.picture import LOST, VM, Cluster, HypervisorState, Node, NodeState
from backends.data.plan import Command
from backends.judgement.proof import call, calls

ENDED_WITHIN_S = 3600.0
"""A guarded migration may take as long as it takes."""
PROBED_WITHIN_S = 60.0
LOOK_AGAIN_S = 1.0


class GivenBack(Exception):
    """Somebody else has given the VM back: whatever is wiped now could have it restarted."""


async def kept_off(backend: Backend, vm: str) -> None:
    """Raises `GivenBack` where Pacemaker's hands are no longer off it."""
    await backend.refresh()
    if not vm_in(backend.picture, vm).maintenance:
        raise GivenBack


async def find(backend: Backend, act: Act, *, ends: bool) -> AsyncGenerator[Report]:
    """Have Pacemaker find out where the guest runs. What it believes may be wrong.

    After a failed migrate_to it holds the VM for active on both nodes; after one that succeeded
    while its hands were off, for stopped, where the VM was on the target before (2.1.5). And
    libvirt's job may outlive the operation that timed out: until it has ended, the domain is there
    on both nodes, and only then is it known where the guest stays; `ends` ends it.
    """
    intent = act.intent
    vm = intent.vm
    began = time.monotonic()
    places: tuple[str, ...] | None = None
    while time.monotonic() < began + ENDED_WITHIN_S:
        if leaving := _leaving(backend):
            yield Report(vm, Stage.PROBING, f"waiting until {leaving} has left the cluster")
            await wait_for(
                backend,
                vm,
                lambda _: not _leaving(backend),
                f"{leaving} to leave the cluster",
                within_s=ENDED_WITHIN_S,
            )
        await kept_off(backend, vm)
        yield Report(vm, Stage.PROBING, commands.look_anew(vm).purpose)
        found = await _look_anew(backend, act)
        before, places = places, found.nodes
        # Whoever starts what runs somewhere after all corrupts its disks: nowhere counts twice.
        if len(places) == 1:
            return
        unseen = [node.name for node in _unseen(backend, act)]
        if not places and before == () and not unseen:
            return
        if not places and unseen and time.monotonic() > began + PROBED_WITHIN_S:
            raise ActFailed(
                f"{vm} is in maintenance: Pacemaker finds it nowhere, and no longer looks on "
                f"{' and '.join(unseen)}, where libvirt still answers",
                cure="see with virsh whether it runs there, and start Pacemaker there",
            )
        if len(places) > 1 and ends:
            command = commands.abort_job(found.domain or vm, intent.source or "")
            yield Report(vm, Stage.ABORTING, command.purpose)
            with suppress(CommandFailed):
                await send(backend, act, Stage.ABORTING, command)
        await asyncio.sleep(LOOK_AGAIN_S)
    raise ActFailed(
        f"{vm} is in maintenance and still active on {' and '.join(places or ()) or 'no node'}",
        cure="see with virsh where it runs",
    )


def looks(picture: Cluster, vm: VM, nodes: Collection[str] = ()) -> tuple[Command, ...]:
    """Exactly what is sent to find out where it runs; it is known on these nodes, too.

    Where Pacemaker has gone from a node of the cluster, past that node.
    """
    if not any(node.state is NodeState.PENDING for node in picture.nodes):
        return (commands.look_anew(vm.id),)
    known = {op.node for op in vm.history} | set(nodes)
    asked = [node.name for node in picture.nodes if node.name in known and _looks(node)]
    return tuple(commands.look_anew(vm.id, node) for node in asked)


async def _look_anew(backend: Backend, act: Act) -> VM:
    """The VM once every node that knew of it was asked.

    Which those are the intent says, too: whoever takes up a rescue may find an empty history.
    """
    known = vm_in(backend.picture, act.intent.vm)
    old = set(calls(known))
    nodes = {node for node, *_ in (*old, *act.intent.calls)}
    for look in looks(backend.picture, known, nodes):
        await send(backend, act, Stage.PROBING, look)

    def probed(vm: VM) -> bool:
        alive = {node.name for node in backend.picture.nodes if _looks(node)}
        fresh = {op.node for op in vm.history if call(op) not in old}
        forgotten = not any(call(op) in old for op in vm.history if op.node in alive)
        return forgotten and bool(fresh) and nodes & alive <= fresh and not is_pending(vm)

    what = "Pacemaker to find out where it runs"
    return await wait_for(backend, known.id, probed, what, within_s=PROBED_WITHIN_S, queued=True)


def _looks(node: Node) -> bool:
    """Whether Pacemaker looks for anything there: not where it is about to stop."""
    return node.state not in LOST and not node.shutting_down


def _leaving(backend: Backend) -> str:
    """Who is shutting down: it answers no probe, and whoever asks for one waits in vain."""
    nodes = backend.picture.nodes
    return ", ".join(n.name for n in nodes if n.shutting_down and n.state not in LOST)


def _unseen(backend: Backend, act: Act) -> Iterator[Node]:
    """Where the guest may have been left running: Pacemaker has gone, its host has not."""
    picture, intent = backend.picture, act.intent
    known = {node for node, *_ in (*intent.calls, *calls(vm_in(picture, intent.vm)))}
    for node in picture.nodes:
        answers = node.hypervisor.state is HypervisorState.UP
        if answers and not _looks(node) and node.name in known | {intent.target}:
            yield node


def is_pending(vm: VM) -> bool:
    return any(operation.pending for operation in vm.history)
