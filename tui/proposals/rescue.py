"""Keeping a guest alive: abort, guard, recover."""

from __future__ import annotations

from collections.abc import Callable

from backends.acts.rescue import objection, steps
from backends.acts.safe_order import Way
from backends.clusters.base import Backend
from backends.data.picture import VM, VMState
from backends.judgement.proof import endangered, source_of
from tui.proposal import (
    Answer,
    Line,
    Proposal,
    commands_lines,
    heading,
    numbered,
    plain,
    point,
    refused,
    warning,
)
from widgets.glyphs import Tone

TITLES = {
    Way.ABORT: "Abort the migration of {0}",
    Way.GUARD: "Guard the migration of {0}",
    Way.RECOVER: "Recover {0}",
    Way.CUT: "Abort the migration of {0}",
}
_MEANINGS = {
    Way.ABORT: "The copy ends now. The guest goes on running on {source}, and is not restarted.",
    Way.GUARD: (
        "Pacemaker keeps its hands off {vm} until the copy has ended. When the timeout strikes, "
        "the copy may end there, or go on and arrive: nothing is restarted either way."
    ),
    Way.RECOVER: (
        "The migration of {vm} failed, and its guest still runs on {source}. Pacemaker learns "
        "that, without restarting it."
    ),
    Way.CUT: "The copy ends now. {vm} is guarded, and goes on running on {source}.",
}
_ORDER = {
    Way.ABORT: (
        "Pacemaker takes its hands off {vm} (maintenance)",
        "libvirt ends the copy; had the guest switched over already, the move is completed",
        "the constraint of the move goes",
        "Pacemaker forgets what it knew of {vm}, and looks where it runs",
        "when its scheduler would change nothing, {vm} is given back",
    ),
    Way.GUARD: (
        "Pacemaker takes its hands off {vm} (maintenance)",
        "the copy arrives or ends; its timeout restarts nothing",
        "the constraint goes, when it has ended",
        "Pacemaker forgets what it knew of {vm}, and looks where it runs",
        "when its scheduler would change nothing, {vm} is given back",
    ),
    Way.RECOVER: (
        "Pacemaker takes its hands off {vm} (maintenance)",
        "the constraint of the move goes",
        "Pacemaker forgets what it knew of {vm}, and looks where it runs",
        "when its scheduler would change nothing, {vm} is given back",
    ),
    Way.CUT: (
        "libvirt ends the copy",
        "who guards {vm} finds it on {source}, removes the constraint, and gives it back",
    ),
}
WORD = "REBOOT"
_ENDANGERED = (
    "{0} is in flight to a node where it had been before: Pacemaker may restart its guest when "
    "anything is written before it has arrived. Wait for that, if this can wait."
)
_LABELS = {
    Way.ABORT: "Abort",
    Way.GUARD: "Guard",
    Way.RECOVER: "Recover",
    Way.CUT: "Abort",
}


def way_out(vm: VM) -> Way:
    """What the key for "abort" means for this VM: one that has failed can only be recovered."""
    return Way.RECOVER if vm.state in (VMState.BLOCKED, VMState.FAILED) else Way.ABORT


def of_rescue(backend: Backend, vm: VM, way: Way, then: Callable[[], None]) -> Proposal:
    """The order of field experience, as steps in words and as commands."""
    if reason := why_not(backend, vm, way):
        return refused(reason, *_other_ways(vm, reason))
    migration = backend.picture.migration(vm.id)
    source = migration.source if migration is not None else source_of(vm) or "its node"
    words = {"vm": vm.id, "source": source}
    others = endangered(backend.picture, vm.id)
    answer = Answer(_LABELS[way], then)
    return Proposal(
        lines=(
            plain(_MEANINGS[way].format(**words)),
            *((plain(""), warning(_ENDANGERED.format(", ".join(others)))) if others else ()),
            heading("What will happen"),
            *numbered(step.format(**words) for step in _ORDER[way]),
            *commands_lines(steps(backend.picture, vm, way)),
        ),
        enter=None if others else answer,
        typed=answer if others else None,
        words=(vm.id, WORD),
        bad=bool(others),
    )


def why_not(backend: Backend, vm: VM, way: Way) -> str | None:
    """Why it cannot be done now, or need not."""
    return objection(backend, vm, way) or _needless(vm, way)


def _needless(vm: VM, way: Way) -> str | None:
    """A second guard would take the first one's maintenance for what is to be restored."""
    if way is Way.GUARD and vm.maintenance:
        return f"{vm.id} is guarded already: Pacemaker keeps its hands off it"
    return None


def _other_ways(vm: VM, reason: str) -> tuple[Line, ...]:
    if vm.constraints and "remove its constraint" in reason:
        return (plain(""), point("c offers to remove the constraint", Tone.MUTED, "c"))
    return ()
