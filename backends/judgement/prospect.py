"""What would become of each VM if it had to leave its node now: the badge of live migration. Pure.

The last word of the scheduler and of the doctor counts, not the attribute `allow-migrate`: a VM
that may migrate can still depend on something that must stop, or lead past what makes it fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from backends.data.picture import VM, Cluster
from backends.data.plan import Action, ActionKind, Verdict, VerdictKind
from backends.judgement.hosts import INTERRUPTING, led_astray


class Passage(StrEnum):
    """The best first."""

    LIVE = "live"
    SIDE_EFFECTS = "live, with side effects"
    FAILS = "would fail"
    """The migration fails, and the guest goes on where it is."""
    REBOOT = "reboot"
    STAYS = "stays"
    """No node would take it now, or Pacemaker may not move it."""
    UNKNOWN = "not known"

    @property
    def is_live(self) -> bool:
        return self in (Passage.LIVE, Passage.SIDE_EFFECTS)


_PASSAGES = tuple(Passage)


@dataclass(frozen=True, slots=True)
class Prospect:
    """How a VM can leave its node, and why not better than that."""

    passage: Passage
    why: str | None = None
    target: str | None = None


UNKNOWN = Prospect(Passage.UNKNOWN)

_OF_VERDICT = {
    VerdictKind.LIVE: Passage.LIVE,
    VerdictKind.SIDE_EFFECTS: Passage.SIDE_EFFECTS,
    VerdictKind.NO_ROOM: Passage.SIDE_EFFECTS,
    VerdictKind.REBOOT: Passage.REBOOT,
    VerdictKind.REFUSED: Passage.STAYS,
}


def untold(vm: VM) -> Prospect:
    """Before anybody was asked: without `allow-migrate` every move is a stop and a start."""
    if vm.node is None:
        return Prospect(Passage.STAYS, f"it runs nowhere ({vm.state.value})")
    if vm.live_migration.possible is False:
        return Prospect(Passage.REBOOT, vm.live_migration.reason)
    return UNKNOWN


def of_verdict(verdict: Verdict, *, fails: bool = False) -> Prospect:
    """What a verdict, with the doctor's word on it, comes to; `fails`: its migration would."""
    passage = _OF_VERDICT[verdict.kind]
    if fails and passage.is_live:
        passage = Passage.FAILS
    why = None if passage is Passage.LIVE else next(iter(verdict.reasons), None)
    return Prospect(passage, why, verdict.node or None)


def best(prospects: Iterable[Prospect]) -> Prospect:
    """The best that any node offers; unknown where nobody was asked."""
    return min(prospects, key=lambda each: _PASSAGES.index(each.passage), default=UNKNOWN)


def by_standby(picture: Cluster, node: str, actions: Iterable[Action]) -> dict[str, Verdict]:
    """A verdict for each VM of a node on leaving it, from what its standby would do."""
    planned = {action.resource: action for action in actions}
    here = [vm for vm in picture.vms if vm.node == node]
    return {vm.id: _left(picture, vm, planned.get(vm.id)) for vm in here}


def _left(picture: Cluster, vm: VM, action: Action | None) -> Verdict:
    target = (action.target if action else None) or ""
    if action is None or action.kind not in INTERRUPTING | {ActionKind.MIGRATE}:
        return Verdict((vm.id,), target, VerdictKind.REFUSED, (_why_it_stays(vm),))
    if (astray := led_astray(picture, action)) is not None:
        return Verdict((vm.id,), target, VerdictKind.REBOOT, (astray,), (action,), (vm.id,))
    if action.kind is ActionKind.MIGRATE:
        return Verdict((vm.id,), target, VerdictKind.LIVE, actions=(action,))
    why = (vm.live_migration.possible is False and vm.live_migration.reason) or action.reason
    if action.kind is ActionKind.STOP:
        why = "no other node would take it: its guest would be stopped"
    reasons = (why or "it depends on something that must itself stop",)
    return Verdict((vm.id,), target, VerdictKind.REBOOT, reasons, (action,), (vm.id,))


def _why_it_stays(vm: VM) -> str:
    if not vm.managed:
        return "it is unmanaged"
    return "it is in maintenance" if vm.maintenance else "Pacemaker would leave it there"
