"""What is known of one node, line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from backends.data.examination import Report
from backends.data.picture import (
    Cluster,
    HypervisorState,
    Node,
)
from backends.judgement.health import Judged, Kind
from widgets.bars import (
    bytes_text,
    moment_text,
    percent_text,
)
from widgets.doctor_rows import MARKS
from widgets.facts import completed_text, failures_of, field, keyed, problems_of
from widgets.glyphs import (
    NODE_MARKS,
    Tone,
)
from widgets.tones import heading, marked, toned

_TOLD_ELSEWHERE = frozenset({Kind.NODE, Kind.SOURCE, Kind.FAILURE})


def node_lines(picture: Cluster, node: Node, judged: Judged) -> Iterator[Content]:
    yield toned(node.name, Tone.STRONG)
    dc = toned("  DC" if node.is_dc else "", Tone.ACCENT)
    yield Content.assemble(marked(NODE_MARKS[node.state]), dc)
    yield from problems_of(judged.health.nodes.get(node.name, ()), _TOLD_ELSEWHERE)
    yield Content("")
    yield field("kind", node.kind.value)
    yield field("id", node.id)
    yield field("cores", node.cpus)
    yield field("CPU", percent_text(node.cpu_percent).strip())
    used, total = node.memory_used_bytes, node.memory_bytes
    left = None if used is None or total is None else total - used
    yield field("memory", f"{bytes_text(used)} of {bytes_text(total)}")
    yield field("", f"{bytes_text(left)} left")
    yield field("VMs", sum(vm.node == node.name for vm in picture.vms))
    marks = {"standby": node.standby, "maintenance": node.maintenance, "unclean": node.unclean}
    if any(marks.values()):
        yield field("marked", ", ".join(word for word, is_set in marks.items() if is_set))
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
    yield from _fencing(picture, node, judged.report)


def _fencing(picture: Cluster, node: Node, report: Report | None) -> Iterator[Content]:
    """Who would fence it, by the doctor's word, and who did."""
    yield from heading("Fencing")
    found = [] if report is None else report.findings
    of_it = [f for f in found if f.check == "fencing" and f.node in (None, node.name)]
    if not of_it:
        yield toned("? not examined yet", Tone.MUTED)
    for finding in of_it:
        mark = MARKS[finding.state]
        yield toned(f"{mark.glyph} {finding.seen}", mark.tone)
    for entry in picture.fencing:
        if entry.node == node.name:
            done = completed_text(entry, picture.taken_at)
            yield toned(f"{entry.action}: {entry.status} {done}")


def _hypervisor(node: Node, now: float) -> Iterator[Content]:
    yield from heading("libvirt")
    hypervisor = node.hypervisor
    if hypervisor.state is HypervisorState.UP:
        yield toned("✔ answers", Tone.OK)
        yield field("libvirt", hypervisor.libvirt)
        yield field("QEMU", hypervisor.emulator)
        return
    since = f", since {moment_text(hypervisor.since, now)}" if hypervisor.since else ""
    word = "not reachable" if hypervisor.state is HypervisorState.DOWN else "not known"
    yield toned(f"⚠ {word}{since}", Tone.WARN)
    if hypervisor.reason:
        yield toned(f"  {hypervisor.reason}", Tone.MUTED)
