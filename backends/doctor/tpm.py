"""An emulated TPM whose state all nodes share: whoever holds its lock has to let go of it.

Sources: libvirt's qemu_tpm.c and qemu_migration.c (since 8.10: where the state lies on a file
system that libvirt takes for shared, swtpm is started with `--migration release-lock-outgoing` if
its capabilities have `cmdarg-migration`; else the source says "the running swtpm does not support
migration with shared storage", and the target refuses likewise); swtpm(8): `--migration` came with
0.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.data.picture import VM
from backends.doctor.answers import decode
from backends.doctor.case import Case
from backends.doctor.disks import VERSION
from backends.doctor.shared import PROCESSES

CAPABILITIES = Probe.of("swtpm", "swtpm", "socket", "--print-capabilities")
"""As libvirt asks it."""
_CHECK = "guest state"
_HANDS_OVER = "cmdarg-migration"
_SINCE = (8, 10)
_NEEDED = "swtpm 0.8 and libvirt 8.10, or newer"


class _Capabilities(msgspec.Struct, frozen=True):
    features: tuple[str, ...] = ()


def judge(case: Case, vm: VM, path: str, seen: str, *, known: bool) -> Iterator[Finding]:
    """Whether a shared state can be handed over, from where the VM runs to where it may go.

    `known` says whether libvirt takes its file system for shared: then it refuses by itself.
    """
    source = vm.node or ""
    leaves = _lets_go(case, source, path)
    takes = {node: _takes_over(case, node) for node in case.targets(vm.id)}
    if leaves and all(takes.values()):
        yield Finding(Topic.STORAGE, _CHECK, State.OK, f"{seen}, and handed over", vm=vm.id)
    if leaves is None:
        why = f"{seen}; the swtpm that holds it was not seen"
        yield _finding(vm, source, why, Way(source=source), fails=False)
    elif not leaves:
        why = f"{seen}; the swtpm that holds it was started without --migration"
        fails = known and _hands_over(case, source) is True
        yield _finding(vm, source, why, Way(source=source), fails=fails)
    for node, can in takes.items():
        if not can:
            there = "takes no lock over" if can is False else "may take no lock over"
            why = f"{seen}; the swtpm on {node} {there}"
            yield _finding(vm, node, why, Way(target=node), fails=known and can is False)


def _finding(vm: VM, node: str, seen: str, way: Way, *, fails: bool) -> Finding:
    start = "" if way.source is None else "; the guest has it from its next start on"
    return Finding(
        Topic.STORAGE,
        _CHECK,
        State.WRONG if fails else State.UNKNOWN,
        seen,
        "libvirt refuses to migrate it"
        if fails
        else f"a live migration of it needs {_NEEDED}, which hand over the lock on it",
        node,
        vm.id,
        (Cure((f"{_NEEDED}{start}",)),),
        effect=Effect.SENDING_FAILS if fails else None,
        ways=(way,),
    )


def _lets_go(case: Case, node: str, path: str) -> bool | None:
    """Whether the swtpm that holds the state gives its lock away; `None` where none is seen."""
    its = re.compile(rf"(?:dir=|file://){re.escape(path)}(?=[/,\s]|$)")
    for line in case.output(node, PROCESSES.name).lines:
        if re.match(r"\s*\d+ swtpm\b", line) and its.search(line):
            return re.search(r"--migration \S*release-lock-outgoing", line) is not None
    return None


def _takes_over(case: Case, node: str) -> bool | None:
    """Whether one that is started there waits for the lock; `None` where that was not learned, or
    where libvirt is older: it neither knows nor refuses."""
    output = case.output(node, CAPABILITIES.name)
    if _hands_over(case, node) is not True:
        return None
    if output.missing:
        return False
    try:
        said = decode(output.stdout, _Capabilities, "swtpm") if output.ok else None
    except BadAnswer:
        return None
    return _HANDS_OVER in said.features if said is not None else None


def _hands_over(case: Case, node: str) -> bool | None:
    """Whether libvirt there has swtpm hand over its lock; `None` where its release is not known."""
    text = case.output(node, VERSION.name).stdout
    said = re.search(r"^Using library: libvirt (\d{1,4})\.(\d{1,4})", text, re.MULTILINE)
    return (int(said[1]), int(said[2])) >= _SINCE if said is not None else None
