"""What is known of one node, line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from backends.data.picture import (
    Cluster,
    HypervisorState,
    Node,
)
from widgets.bars import (
    bytes_text,
    moment_text,
    percent_text,
)
from widgets.facts import completed_text, failures_of, field, keyed
from widgets.glyphs import (
    NODE_MARKS,
    Tone,
)
from widgets.tones import heading, marked, toned


def node_lines(picture: Cluster, node: Node) -> Iterator[Content]:
    yield toned(node.name, Tone.STRONG)
    dc = toned("  DC" if node.is_dc else "", Tone.ACCENT)
    yield Content.assemble(marked(NODE_MARKS[node.state]), dc)
    yield Content("")
    yield field("kind", node.kind.value)
    yield field("id", node.id)
    yield field("cores", node.cpus)
    yield field("CPU", percent_text(node.cpu_percent).strip())
    used, total = bytes_text(node.memory_used_bytes), bytes_text(node.memory_bytes)
    yield field("memory", f"{used} of {total}")
    yield field("VMs", sum(vm.node == node.name for vm in picture.vms))
    marks = {"standby": node.standby, "maintenance": node.maintenance, "unclean": node.unclean}
    yield field("marked", ", ".join(word for word, is_set in marks.items() if is_set) or "no")
    yield from _hypervisor(node, picture.taken_at)
    for stale in picture.stale:
        if stale.node == node.name:
            since = moment_text(stale.since, picture.taken_at)
            yield toned(f"⚠ {stale.source} is old, since {since}: {stale.reason}", Tone.WARN)
    yield from failures_of(picture, None, node.name)
    if node.standby:
        yield Content("")
        yield keyed("b", "end the standby, and bring its VMs home")
    elif node.can_host:
        yield Content("")
        yield keyed("e", "evacuate: empty it, then standby")
    fencing = [entry for entry in picture.fencing if entry.node == node.name]
    if fencing:
        yield from heading("Fencing")
    for entry in fencing:
        yield toned(f"{entry.action}: {entry.status} {completed_text(entry, picture.taken_at)}")


def _hypervisor(node: Node, now: float) -> Iterator[Content]:
    yield from heading("libvirt")
    hypervisor = node.hypervisor
    if hypervisor.state is HypervisorState.UP:
        yield toned("✔ answers", Tone.OK)
        return
    since = f", since {moment_text(hypervisor.since, now)}" if hypervisor.since else ""
    word = "not reachable" if hypervisor.state is HypervisorState.DOWN else "not known"
    yield toned(f"⚠ {word}{since}", Tone.WARN)
    if hypervisor.reason:
        yield toned(f"  {hypervisor.reason}", Tone.MUTED)
