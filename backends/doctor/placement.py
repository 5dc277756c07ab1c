"""Topic 4: the constraints of a VM that bear the names of `crm_resource --move` and `--ban`.

What moves left behind is to go. What somebody keeps on purpose is to stay, and a preference cannot
stay under such a name: each move takes that very name, and its end removes it (`crm_resource`
2.1: the preference is always `cli-prefer-VM`). Which is which, and what goes, `judgement/policy.py`
decides for the plan as well.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from backends.data import commands
from backends.data.examination import Cure, Finding, State, Topic
from backends.data.picture import VM, Constraint, ConstraintKind
from backends.data.xml_text import escaped
from backends.doctor.case import Case
from backends.judgement.policy import left_over, lost, why_on_purpose
from backends.pacemaker.nvpairs import INFINITY

_HOME_SCORE = INFINITY // 2
"""Of a preference that lasts: above any usual stickiness, so that the VM comes home, and with the
stickiness on top still below the INFINITY of a move, which has to win over it."""


def judge(case: Case) -> Iterator[Finding]:
    for vm, _ in case.vms:
        yield from _of_leftovers(vm)
        yield from _on_purpose(vm, lost(vm, case.targets(vm.id)))


def _of_leftovers(vm: VM) -> Iterator[Finding]:
    left = left_over(vm)
    if not left:
        return
    names = ", ".join(constraint.id for constraint in left)
    banned = any(each.kind is ConstraintKind.BAN for each in left)
    nodes = dict.fromkeys(each.node for each in left if each.node is not None)
    some = Cure.of(*(commands.clear_move(vm.id, node) for node in nodes))
    yield Finding(
        Topic.RESOURCE,
        "leftover constraints",
        State.WARNING,
        f"a move or a ban left {names}",
        "with its other nodes banned it does not come back when its own dies"
        if banned
        else "it goes back to that node whenever it can",
        vm=vm.id,
        cures=Cure.of(commands.clear(vm.id)) if left == vm.constraints else some,
    )


def _on_purpose(vm: VM, lost: tuple[Constraint, ...]) -> Iterator[Finding]:
    for constraint in vm.constraints:
        why = why_on_purpose(vm, constraint)
        node = constraint.node
        if why is None or node is None:
            continue
        seen = f"{constraint.id} seems to be kept on purpose"
        if constraint not in lost:
            yield Finding(Topic.RESOURCE, "placement", State.NOT_USED, seen, why, vm=vm.id)
            continue
        yield Finding(
            Topic.RESOURCE,
            "placement",
            State.WARNING,
            f"{seen} ({why}), under a name that every move takes for itself",
            f"with the end of the next move, or crm_resource --clear, it is gone for good: {vm.id} "
            f"no longer prefers {node}; under a name of its own, with a score below INFINITY, it "
            "outlasts moves",
            vm=vm.id,
            cures=tuple(Cure((line,)) for line in _renamed(vm.id, node)),
        )


def _renamed(vm: str, node: str) -> tuple[str, str]:
    """First the new one, so that the VM has a home at every moment."""
    wish = (
        f'<rsc_location id="{escaped(vm)}-prefers-{escaped(node)}" rsc="{escaped(vm)}" '
        f'node="{escaped(node)}" score="{_HOME_SCORE}"/>'
    )
    create = ("cibadmin", "--create", "--scope", "constraints", "--xml-text", wish)
    return shlex.join(create), str(commands.clear_move(vm, node))
