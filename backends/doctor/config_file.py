"""Topic 4: the domain's XML that the agent starts a VM from, there and equal on every node.

A file that is missing on the target can lose the VM or start it twice (resource-agents#1231): there
it is asked for in migrate_from, when the guest has arrived already.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator

from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.doctor.case import Case, once
from backends.doctor.shared import unanswered

_CHECK = "config file"


def probes(case: Case, node: str) -> Iterator[Probe]:
    yield from _probes(case)


@once
def _probes(case: Case) -> tuple[Probe, ...]:
    """The same for every node."""
    files = _files(case)
    script = f"sha256sum -- {shlex.join(files)}; true"
    return (Probe("config files", script),) if files else ()


def _files(case: Case) -> list[str]:
    return sorted({resource.config for _, resource in case.vms if resource.config})


def sums(text: str) -> dict[str, str]:
    """Checksum by file, from sha256sum(1); it escapes names with a backslash or a newline."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        checksum, _, name = line.partition(" ")
        if line.startswith("\\"):
            checksum, name = checksum[1:], name.replace("\\n", "\n").replace("\\\\", "\\")
        found[name[1:]] = checksum
    return found


def judge(case: Case) -> Iterator[Finding]:
    nodes = [node for node in case.nodes if case.answered(node)]
    known: dict[str, dict[str, str]] = {}
    for node in nodes if _files(case) else ():
        output = case.output(node, "config files")
        if output.ok:
            known[node] = sums(output.stdout)
        else:
            yield unanswered(Topic.RESOURCE, _CHECK, node, "the VMs' config files", output)
    for vm, resource in case.vms:
        file = resource.config
        if file is None or not known:
            continue
        hosts = [node for node in case.hosts(vm.id) if node in known]
        here = {node: known[node].get(file) for node in hosts}
        if not here:
            continue
        reference = _reference(here, vm.node)
        good = True
        for node, checksum in here.items():
            if checksum is None or checksum != reference:
                good = False
                yield _bad(vm.id, node, file, checksum is None, _from(here, reference))
        if good:
            seen = f"{file} is the same on {', '.join(here)}"
            yield Finding(Topic.RESOURCE, _CHECK, State.OK, seen, vm=vm.id)


def _reference(here: dict[str, str | None], home: str | None) -> str | None:
    """What most of them have; where that is not clear, what the VM's own node has."""
    counted = Counter(checksum for checksum in here.values() if checksum is not None)
    best = counted.most_common(2)
    if len(best) == 2 and best[0][1] == best[1][1] and home is not None and here.get(home):
        return here[home]
    return best[0][0] if best else None


def _from(here: dict[str, str | None], reference: str | None) -> str | None:
    return next(
        (node for node, checksum in here.items() if reference and checksum == reference), None
    )


def _bad(vm: str, node: str, file: str, missing: bool, source: str | None) -> Finding:
    quoted = shlex.quote(file)
    copy = (Cure((f"scp -p {quoted} {node}:{quoted}",), node=source),) if source else ()
    if missing:
        return Finding(
            Topic.RESOURCE,
            _CHECK,
            State.WRONG,
            f"{file} is not there",
            f"{vm} cannot be migrated to {node} nor started there, and may be lost on the way",
            node,
            vm,
            copy,
            effect=Effect.ARRIVING_FAILS,
        )
    return Finding(
        Topic.RESOURCE,
        _CHECK,
        State.WRONG,
        f"{file} differs from the other nodes'",
        f"after the next start on {node} {vm} is another machine than before",
        node,
        vm,
        (Cure((f"diff {quoted} <(ssh {source} cat {quoted})",)), *copy) if source else (),
        ways=(Way(target=node),),
    )
