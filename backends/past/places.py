"""Where VMs ran by the histories of recorded inputs, and which went down for good. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backends.data.timeline import Entry, Severity
from backends.past.inputs import Input
from backends.past.partitions import GONE


def active_on(each: Input, vm: str) -> tuple[str, ...]:
    """The nodes where the last that was done with a VM leaves it running."""
    newest: dict[str, bool] = {}
    done = sorted(each.cib.history.get(vm, ()), key=lambda operation: operation.at or 0.0)
    for operation in done:
        if operation.pending:
            continue
        if operation.task in ("start", "migrate_from", "monitor"):
            newest[operation.node] = operation.rc == 0
        elif operation.task in ("stop", "migrate_to") and operation.succeeded:
            newest[operation.node] = False
            if operation.target is not None:  # it is there before its arrival is
                newest[operation.target] = True
    return tuple(node for node, runs in newest.items() if runs)


def downs(inputs: Sequence[Input]) -> Iterator[Entry]:
    """The VMs that went down with their node, and run nowhere since."""
    if not inputs:
        return
    for vm in inputs[-1].cib.vms:
        lost = _lost(vm.id, inputs)
        if lost is not None:
            at, node = lost
            text = f"{vm.id} was on {node}, and has not been started elsewhere"
            yield Entry(at, "vm-down", Severity.BAD, text, vm.id, node)


def _lost(vm: str, inputs: Sequence[Input]) -> tuple[float, str] | None:
    """Since when, and with which node; `None` where it runs, or was stopped in good order."""
    place: str | None = None
    lost: tuple[float, str] | None = None
    for each in inputs:
        active = active_on(each, vm)
        standing = [node for node in active if each.nodes.get(node) not in GONE]
        if standing:
            place, lost = standing[-1], None
        elif lost is None:
            place = active[-1] if active else place
            if place is not None and each.nodes.get(place) in GONE:
                lost = each.at, place
            elif not active:
                place = None
    return lost
