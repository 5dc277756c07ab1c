"""The rows of the cluster's tables, and what each of them is about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from textual.content import Content

from backends.data.picture import VM, Cluster, HypervisorState, Node
from backends.judgement.health import Judged
from widgets.bars import UNKNOWN, bytes_text, cut, literal, moment_text, percent_text
from widgets.facts import completed_text, constraint_text, field
from widgets.glyphs import (
    CONSTRAINT_LEFT,
    HAS_FAILED,
    NODE_MARKS,
    PASSAGE_MARKS,
    UNMANAGED,
    VM_MARKS,
    Mark,
    Tone,
    badges,
)
from widgets.table import Cell, Row
from widgets.tones import heading, toned

_UNKNOWN = Cell(UNKNOWN, Tone.MUTED)
NAME = 40

_NOTED = (CONSTRAINT_LEFT, HAS_FAILED, UNMANAGED)


def _name(text: str | None) -> Cell:
    """One long name shall not push the other columns off the screen."""
    return _UNKNOWN if text is None else Cell(cut(literal(text), NAME))


def _known(value: int | str | None) -> Cell:
    return _UNKNOWN if value is None else Cell(str(value))


def _mark(mark: Mark) -> Cell:
    return Cell(f"{mark.glyph} {mark.word}", mark.tone)


def _node_rows(picture: Cluster, judged: Judged) -> Mapping[str, Row]:
    counts: dict[str | None, int] = {}
    for vm in picture.vms:
        counts[vm.node] = counts.get(vm.node, 0) + 1
    return {node.name: _node_row(node, counts.get(node.name, 0)) for node in picture.nodes}


def _node_row(node: Node, vms: int) -> Row:
    libvirt = {
        HypervisorState.UP: Cell("✔ up", Tone.OK),
        HypervisorState.DOWN: Cell(f"⚠ {node.hypervisor.reason or 'down'}", Tone.WARN),
        HypervisorState.UNKNOWN: _UNKNOWN,
    }
    return (
        _name(node.name),
        _mark(NODE_MARKS[node.state]),
        Cell("DC" if node.is_dc else "", Tone.ACCENT),
        Cell(str(vms)),
        Cell(percent_text(node.cpu_percent)),
        _known(node.cpus),
        Cell(bytes_text(node.memory_used_bytes)),
        Cell(bytes_text(node.memory_bytes)),
        libvirt[node.hypervisor.state],
    )


def _vm_rows(picture: Cluster, judged: Judged) -> Mapping[str, Row]:
    return {vm.id: _vm_row(vm, judged) for vm in picture.vms}


def _vm_row(vm: VM, judged: Judged) -> Row:
    noted = (badge for badge in badges(vm, judged.prospect(vm)) if badge in _NOTED)
    notes = [f"{badge.glyph} {badge.meaning}" for badge in noted]
    return (
        _name(vm.id),
        _mark(VM_MARKS[vm.state]),
        _name(vm.node),
        _mark(PASSAGE_MARKS[judged.prospect(vm).passage]),
        _known(vm.vcpus),
        Cell(bytes_text(vm.memory_bytes)),
        Cell(percent_text(vm.cpu_percent)),
        Cell("  ".join(notes), Tone.WARN),
    )


def _failure_rows(picture: Cluster, judged: Judged) -> Mapping[str, Row]:
    return {
        f"{index}": (
            Cell(moment_text(failure.at, picture.taken_at), Tone.MUTED),
            _name(failure.resource),
            _name(failure.node),
            Cell(f"✖ {failure.task}", Tone.BAD),
            Cell(str(failure.rc)),
            Cell(failure.reason),
        )
        for index, failure in enumerate(picture.failures)
    }


def _fencing_rows(picture: Cluster, judged: Judged) -> Mapping[str, Row]:
    tones = {"success": Tone.OK, "failed": Tone.BAD}
    return {
        f"{index}": (
            Cell(completed_text(fencing, picture.taken_at), Tone.MUTED),
            _name(fencing.node),
            Cell(fencing.action),
            Cell(fencing.status, tones.get(fencing.status, Tone.WARN)),
        )
        for index, fencing in enumerate(picture.fencing)
    }


def _constraint_rows(picture: Cluster, judged: Judged) -> Mapping[str, Row]:
    return {
        constraint.id: (
            _name(constraint.vm),
            Cell(f"⚑ {constraint.kind.value}", Tone.WARN),
            _name(constraint.node),
            Cell(constraint_text(constraint)),
            Cell(constraint.id, Tone.MUTED),
        )
        for vm in picture.vms
        for constraint in vm.constraints
    }


def _of_node(_picture: Cluster, key: str) -> tuple[str | None, str | None]:
    return None, key


def _of_vm(picture: Cluster, key: str) -> tuple[str | None, str | None]:
    vm = picture.vm(key)
    return key, vm.node if vm is not None else None


def _of_failure(picture: Cluster, key: str) -> tuple[str | None, str | None]:
    failure = picture.failures[int(key)]
    vm = picture.vm(failure.resource)
    return (vm.id if vm is not None else None), failure.node


def _whole_failure(picture: Cluster, key: str) -> Content:
    failure = picture.failures[int(key)]
    lines = (
        field("Action", failure.task),
        field("Of", failure.resource),
        field("On", failure.node),
        field("At", moment_text(failure.at, picture.taken_at)),
        field("Exit code", failure.rc),
        *heading("Why"),
        toned(failure.reason or "Pacemaker was told no reason", Tone.BAD),
    )
    return Content("\n").join(lines)


def _of_fencing(picture: Cluster, key: str) -> tuple[str | None, str | None]:
    return None, picture.fencing[int(key)].node


def _of_constraint(picture: Cluster, key: str) -> tuple[str | None, str | None]:
    found = (c for vm in picture.vms for c in vm.constraints if c.id == key)
    constraint = next(found, None)
    return (constraint.vm, constraint.node) if constraint is not None else (None, None)


@dataclass(frozen=True, slots=True)
class Sheet:
    title: str
    columns: tuple[str, ...]
    subject: Callable[[Cluster, str], tuple[str | None, str | None]]
    """The VM and the node that a row is about, by its key."""
    rows: Callable[[Cluster, Judged], Mapping[str, Row]]
    whole: Callable[[Cluster, str], Content] | None = None
    """All that is known of a row, where a line has no room for it."""


SHEETS = {
    "nodes": Sheet(
        "Nodes",
        ("node", "state", " ", "VMs", "CPU", "cores", "used", "memory", "libvirt"),
        _of_node,
        _node_rows,
    ),
    "vms": Sheet(
        "VMs",
        ("VM", "state", "node", "a move is", "vCPUs", "memory", "CPU", "notes"),
        _of_vm,
        _vm_rows,
    ),
    "failures": Sheet(
        "Failures",
        ("when", "resource", "node", "action", "rc", "reason"),
        _of_failure,
        _failure_rows,
        _whole_failure,
    ),
    "fencing": Sheet(
        "Fencing", ("completed", "node", "action", "result"), _of_fencing, _fencing_rows
    ),
    "constraints": Sheet(
        "Constraints",
        ("VM", "kind", "node", "what it does", "id"),
        _of_constraint,
        _constraint_rows,
    ),
}
