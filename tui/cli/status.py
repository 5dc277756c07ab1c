"""`vmferry status`: one picture."""

from __future__ import annotations

from collections.abc import Iterator

import click

from backends.clusters.base import Backend
from backends.data.picture import VM, Cluster, HypervisorState, Node, NodeState, VMState
from backends.judgement.proof import in_words_where
from tui.cli.documents import status_document
from tui.cli.moving import progress_words
from tui.cli.options import Command
from tui.cli.output import Cell, Tone, emit, say, table
from tui.cli.quantities import UNKNOWN, clock, count, percent, size
from tui.cli.session import Session, run, takes_hosts

_NODE_TONE = {
    NodeState.ONLINE: Tone.GOOD,
    NodeState.UNCLEAN: Tone.BAD,
    NodeState.OFFLINE: Tone.BAD,
}
_VM_TONE = {
    VMState.RUNNING: Tone.GOOD,
    VMState.MIGRATING: Tone.STRONG,
    VMState.STOPPED: Tone.QUIET,
    VMState.FAILED: Tone.BAD,
    VMState.BLOCKED: Tone.BAD,
}
_MOVES = {True: "live", False: "reboot", None: UNKNOWN}


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@takes_hosts
def status(session: Session, as_json: bool) -> int:
    """Show nodes, VMs and migrations once."""
    picture = run(_look(session.connect(session.prepare())))
    if as_json:
        emit(status_document(picture))
    else:
        _show(picture)
    return 0


async def _look(backend: Backend) -> Cluster:
    async with backend:
        return await backend.settled()


def headline(picture: Cluster) -> str:
    """The cluster in one line."""
    quorum = {True: "quorum", False: "NO QUORUM", None: "quorum unknown"}[picture.quorum]
    fencing = {True: "fencing on", False: "FENCING OFF", None: "fencing unknown"}
    words = [quorum, f"DC {picture.dc or UNKNOWN}", fencing[picture.fencing_enabled]]
    if picture.maintenance:
        words.append("MAINTENANCE")
    return f"{picture.name or 'cluster'}: {', '.join(words)}"


def staleness(picture: Cluster) -> Iterator[str]:
    """What of the picture is old, a sentence each."""
    for stale in picture.stale:
        where = f" on {stale.node}" if stale.node else ""
        yield f"! {stale.source}{where} does not answer since {clock(stale.since)}: {stale.reason}"


def _show(picture: Cluster) -> None:
    say(headline(picture), Tone.STRONG)
    for sentence in staleness(picture):
        say(sentence, Tone.WARNING)
    say("")
    _show_nodes(picture)
    say("")
    _show_vms(picture)
    for title, lines in (
        ("Migrations", list(_migrations(picture))),
        ("Failures", list(_failures(picture))),
        ("Fencing", list(_fencing(picture))),
    ):
        if lines:
            say("")
            say(title, Tone.QUIET)
            for line in lines:
                say(line)


def _show_nodes(picture: Cluster) -> None:
    header = (
        Cell("NODE"),
        Cell("STATE"),
        Cell("CPU", right=True),
        Cell("MEMORY USED", right=True),
        Cell("OF", right=True),
        Cell("VMS", right=True),
        Cell("LIBVIRT"),
    )
    table(header, [_node_row(picture, node) for node in picture.nodes])


def _node_row(picture: Cluster, node: Node) -> tuple[Cell, ...]:
    libvirt = node.hypervisor
    tone = Tone.WARNING if libvirt.state is HypervisorState.DOWN else None
    return (
        Cell(node.name),
        Cell(node.state.value + (" (DC)" if node.is_dc else ""), _NODE_TONE.get(node.state)),
        Cell(percent(node.cpu_percent), right=True),
        Cell(size(node.memory_used_bytes), right=True),
        Cell(size(node.memory_bytes), right=True),
        Cell(str(sum(node.name == vm.node for vm in picture.vms)), right=True),
        Cell(": ".join(filter(None, (libvirt.state.value, libvirt.reason))), tone),
    )


def _show_vms(picture: Cluster) -> None:
    header = (
        Cell("VM"),
        Cell("NODE"),
        Cell("STATE"),
        Cell("VCPUS", right=True),
        Cell("MEMORY", right=True),
        Cell("CPU", right=True),
        Cell("MOVES"),
        Cell("NOTES"),
    )
    table(header, [_vm_row(vm) for vm in picture.vms])


def _vm_row(vm: VM) -> tuple[Cell, ...]:
    return (
        Cell(vm.id),
        Cell(vm.node or "–"),
        Cell(vm.state.value, _VM_TONE.get(vm.state, Tone.WARNING)),
        Cell(count(vm.vcpus), right=True),
        Cell(size(vm.memory_bytes), right=True),
        Cell(percent(vm.cpu_percent), right=True),
        Cell(_MOVES[vm.live_migration.possible]),
        Cell(", ".join(_notes(vm))),
    )


def _notes(vm: VM) -> Iterator[str]:
    if vm.orphan:
        yield "no longer in the configuration"
    if vm.failed:
        yield "failed"
    if not vm.managed:
        yield "unmanaged"
    if vm.maintenance:
        yield "maintenance"
    if len(vm.nodes) > 1:
        yield f"on {in_words_where(vm)}"
    if vm.domain and vm.domain != vm.id:
        yield f"domain {vm.domain}"
    for constraint in vm.constraints:
        yield f"constraint {constraint.id}"


def _migrations(picture: Cluster) -> Iterator[str]:
    for migration in picture.migrations:
        way = f"{migration.source} → {migration.target or UNKNOWN}"
        yield f"{migration.vm}  {way}  {progress_words(migration)}"


def _failures(picture: Cluster) -> Iterator[str]:
    for failure in picture.failures:
        reason = f": {failure.reason}" if failure.reason else ""
        yield f"{failure.task} of {failure.resource} on {failure.node} (rc {failure.rc}){reason}"


def _fencing(picture: Cluster) -> Iterator[str]:
    for fencing in picture.fencing:
        when = f" {fencing.completed}" if fencing.completed else ""
        yield f"{fencing.action} of {fencing.node}: {fencing.status}{when}"
