"""What vmferry can cure itself of what the doctor found. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from backends.data.examination import Report
from backends.data.picture import VM, Cluster, VMState
from backends.data.plan import Action, Command
from backends.judgement.leaving import interrupted


class When(StrEnum):
    NOW = "now"
    AT_NEXT_STOP = "at its next stop"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What vmferry can change on one VM in one go; what restarts it stands apart."""

    vm: str
    commands: tuple[Command, ...]
    restarts: bool
    checks: tuple[str, ...]
    """The names of the doctor's checks that it is to cure."""

    @property
    def when(self) -> When:
        """What to propose."""
        return When.AT_NEXT_STOP if self.restarts else When.NOW


def remedies(report: Report, vm: str | None = None) -> tuple[Remedy, ...]:
    """All that vmferry can cure itself, or that of one VM; in the order of the report."""
    found: dict[str, dict[bool, dict[Command, str]]] = {}
    for finding in report.findings:
        if finding.vm is not None and vm in (None, finding.vm):
            for cure in report.cures(finding):
                if cure.command is not None:
                    of_vm = found.setdefault(finding.vm, {False: {}, True: {}})
                    of_vm[cure.restarts].setdefault(cure.command, finding.check)
    return tuple(
        Remedy(name, _in_order(told), restarts, tuple(dict.fromkeys(told.values())))
        for name, of_vm in found.items()
        for restarts, told in of_vm.items()
        if told
    )


def _in_order(commands: Collection[Command]) -> tuple[Command, ...]:
    """What may make the VM move comes last: by then it may move live."""
    return tuple(sorted(commands, key=lambda command: "--clear" in command.argv))


def guests_stopped(picture: Cluster, remedy: Remedy, actions: Sequence[Action]) -> tuple[str, ...]:
    """The VMs whose guests it would stop, by what is foreseen and by what the cure itself says."""
    vm = picture.vm(remedy.vm)
    own = (remedy.vm,) if remedy.restarts and vm is not None and not stands(picture, vm) else ()
    return tuple(dict.fromkeys((*own, *interrupted(picture, actions))))


def stands(picture: Cluster, vm: VM) -> bool:
    """Whether it runs nowhere, and nothing is under way with it or being migrated."""
    return (
        vm.state is VMState.STOPPED
        and not vm.nodes
        and not any(operation.pending for operation in vm.history)
        and not picture.migrations
        and picture.stale_pacemaker() is None
    )


def in_short(commands: Sequence[Command]) -> str:
    """What is set, on what."""
    return ", ".join(map(_in_short, commands))


def _in_short(command: Command) -> str:
    match command.argv:
        case ("crm_resource", "--resource", vm, *_, "--set-parameter", name, _, value):
            return f"{name}={value} on {vm}"
        case _:
            return command.purpose
