"""What could have been otherwise when a guest was harmed, each thing by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backends.data import commands
from backends.data.picture import Constraint
from backends.data.plan import Action, ActionKind, Command
from backends.data.timeline import Entry
from backends.pacemaker.cib import VMResource
from backends.past.inputs import Input
from backends.past.partitions import GONE
from backends.past.places import active_on

ENDS_GUEST = frozenset({ActionKind.STOP, ActionKind.RECOVER, ActionKind.RESTART, ActionKind.MOVE})
_STARTS = frozenset({ActionKind.START, ActionKind.RECOVER, ActionKind.RESTART, ActionKind.MOVE})
BLOCK = "block"
TIMED_OUT = "migrate_to-timed-out"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What could have been otherwise, as the commands that would have made it so. `in_time`:
    whether the copy that timed out would have ended well. `without`: what was left behind."""

    what: str
    commands: tuple[Command, ...] = ()
    in_time: bool = False
    without: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A VM, what the scheduler decided of it, and upon which input."""

    vm: str
    decisive: Input
    decided: Action

    @property
    def is_harmed(self) -> bool:
        return self.decided.kind in ENDS_GUEST

    @property
    def was_alive(self) -> bool:
        """Whether the guest ran on when that was decided; with its node lost it did not."""
        places = active_on(self.decisive, self.vm)
        return any(self.decisive.nodes.get(node) not in GONE for node in places)

    def saved_by(self, planned: Sequence[Action]) -> bool:
        """Whether a live guest lives on, or a dead one is started, where it was not."""
        if self.was_alive:
            return not any(each.kind in ENDS_GUEST for each in planned)
        return not _starts(self.decided) and any(map(_starts, planned))


def _starts(action: Action) -> bool:
    return action.kind in _STARTS and action.target is not None


def what_ifs(case: Case, chain: Sequence[Entry], slowest_s: float | None) -> Iterator[WhatIf]:
    """What an operator could have set before, or left alone. `slowest_s`: how long a copy of the
    VM took that arrived; whether one ends at all, only that can tell."""
    vm = next((each for each in case.decisive.cib.vms if each.id == case.vm), None)
    if vm is None:
        return
    if case.was_alive:
        yield from _of_the_living(vm, chain, slowest_s)
    left = tuple(each for each in case.decisive.cib.constraints if each.vm == case.vm)
    if left:
        names = ", ".join(each.id for each in left)
        yield WhatIf(f"without the leftover {names}", (commands.clear(vm.id),), without=left)


def _of_the_living(
    vm: VMResource, chain: Sequence[Entry], slowest_s: float | None
) -> Iterator[WhatIf]:
    if vm.migrate_to_on_fail != BLOCK:
        yield WhatIf(f"with on-fail={BLOCK} on its migrate_to", (_blocking(vm),))
    if not vm.maintenance:
        yield WhatIf("with the VM in maintenance", (commands.hands_off(vm.id),))
    if not vm.allow_migrate:
        allowing = commands.set_meta(vm.id, "allow-migrate", "true")
        yield WhatIf("with allow-migrate=true", (allowing,))
    timeout_s = next((each.took_s for each in chain if _timed_out(each, vm.id)), None)
    if timeout_s is not None and slowest_s is not None and slowest_s >= timeout_s:
        what = f"with a timeout longer than {slowest_s:.0f} s for its migrate_to"
        yield WhatIf(f"{what}, which a copy of it took that arrived", in_time=True)
    for each in chain:
        if each.kind == "cleared" and each.vm == vm.id and each.node and _prefers(each):
            what = f"with {each.reason} left alone until it had arrived"
            yield WhatIf(what, (commands.move(vm.id, each.node),))


def _timed_out(entry: Entry, vm: str) -> bool:
    return entry.kind == TIMED_OUT and entry.vm == vm


def _prefers(cleared: Entry) -> bool:
    return (cleared.reason or "").startswith("cli-prefer-")


def slowest_copy_s(vm: str, inputs: Sequence[Input]) -> float | None:
    """How long the longest copy took that ended well, as far as it is recorded."""
    return max(
        (
            operation.exec_ms / 1000
            for each in inputs
            for operation in each.cib.history.get(vm, ())
            if operation.task == "migrate_to" and operation.succeeded
        ),
        default=None,
    )


def _blocking(resource: VMResource) -> Command:
    """On the operation that it has; where it has none of its own, on one that is made for it."""
    own = resource.migrate_to_op_id
    if own is not None:
        return commands.block_on_failure(resource.id, own)
    words = {"id": f"{resource.id}-migrate_to", "name": "migrate_to", "interval": "0s"}
    return commands.set_operation(resource.id, {**words, "on-fail": BLOCK})
