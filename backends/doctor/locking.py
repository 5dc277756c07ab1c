"""Locking: what keeps a guest's disk from being opened by two nodes, the same on all of them.

Sources: qemu.conf, qemu-sanlock.conf and qemu-lockd.conf of libvirt 9. Tried on it: guests go each
way between sanlock, virtlockd and nothing, guarded as the node does it; what fails is a migration
to a node whose lock manager has no daemon.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Finding, Probe, State, Topic, Way
from backends.doctor import disks, places, sanlock, virtlockd
from backends.doctor.case import Case
from backends.doctor.listening import restart_of
from backends.doctor.places import Sharing
from backends.doctor.shared import unanswered

_FILES = ("/etc/libvirt/qemu.conf", sanlock.CONF, virtlockd.CONF)
_KEYS = (
    "lock_manager|auto_disk_leases|disk_lease_dir|host_id"
    "|file_lockspace_dir|lvm_lockspace_dir|scsi_lockspace_dir"
)
SETTINGS = Probe(
    "locking settings",
    f"grep -HsE '^[[:space:]]*({_KEYS})[[:space:]]*=' {' '.join(_FILES)}; true",
)
PLACES = "locking places"

_SETTING = re.compile(r"(?P<file>/[^:]+):\s*(?P<key>\w+)\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|\S+).*")
_NAMES = {"lockd": "virtlockd", "sanlock": "sanlock", "": "none", "nop": "none"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node's files say; the last line of a key counts, as in libvirt."""

    manager: str
    sanlock: Mapping[str, str] = field(default_factory=dict)
    lockd: Mapping[str, str] = field(default_factory=dict)


def parse_settings(text: str) -> Settings:
    """What `SETTINGS` printed. Raises `BadAnswer`."""
    found: dict[str, dict[str, str]] = {file: {} for file in _FILES}
    for line in filter(str.strip, text.splitlines()):
        match = _SETTING.fullmatch(line)
        if match is None or match["file"] not in found:
            raise BadAnswer(f"a setting of unknown form: {line[:80]!r}")
        found[match["file"]][match["key"]] = match["value"].strip("\"'")
    qemu, of_sanlock, of_lockd = (found[file] for file in _FILES)
    manager = qemu.get("lock_manager", "")
    return Settings(_NAMES.get(manager, manager), of_sanlock, of_lockd)


def probes(_case: Case, _node: str) -> Iterator[Probe]:
    yield from (SETTINGS, virtlockd.SOCKETS, sanlock.STATUS, sanlock.HOSTS)


def further_probes(case: Case, _node: str) -> Iterator[Probe]:
    """The directories that the first round named."""
    if paths := sorted({path for each in _known(case).values() for path in _directories(each)}):
        yield places.probe(PLACES, paths)


def judge(case: Case) -> Iterator[Finding]:
    known = _known(case)
    for node in filter(case.answered, case.nodes):
        if node not in known:
            output = case.output(node, SETTINGS.name)
            yield unanswered(Topic.LOCKING, "manager", node, "the lock manager", output)
    yield from _same(case, known)
    on_block = _vms_on_block(case)
    managers = {each.manager for each in known.values()}
    if managers <= {"none"}:
        yield _none(case, on_block)
        return
    of_sanlock = {
        n: sanlock.settings_of(s.sanlock) for n, s in known.items() if _uses(s, "sanlock")
    }
    of_lockd = {
        n: virtlockd.settings_of(s.lockd) for n, s in known.items() if _uses(s, "virtlockd")
    }
    statuses = {node: case.output(node, sanlock.STATUS.name) for node in of_sanlock}
    hosts = {node: case.output(node, sanlock.HOSTS.name) for node in of_sanlock}
    sockets = {node: case.output(node, virtlockd.SOCKETS.name) for node in of_lockd}
    restart = partial(restart_of, case)
    yield from sanlock.judge(of_sanlock, statuses, hosts, restart)
    yield from virtlockd.judge(of_lockd, sockets, on_block, restart)
    yield from _shared_directories(case, known)


def _known(case: Case) -> dict[str, Settings]:
    found = {}
    for node in case.nodes:
        output = case.output(node, SETTINGS.name)
        if output.ok:
            try:
                found[node] = parse_settings(output.stdout)
            except BadAnswer:
                continue
    return found


def _uses(settings: Settings, manager: str) -> bool:
    return settings.manager == manager


def _directories(settings: Settings) -> tuple[str, ...]:
    """Where its lock manager keeps what all nodes must see."""
    if settings.manager == "sanlock":
        conf = sanlock.settings_of(settings.sanlock)
        return (conf.directory,) if conf.auto else ()
    if settings.manager == "virtlockd":
        return virtlockd.settings_of(settings.lockd).paths
    return ()


def _same(case: Case, known: Mapping[str, Settings]) -> Iterator[Finding]:
    """Which nodes have another lock manager than most; of two equal halves, the one without."""
    count = Counter(each.manager for each in known.values())
    if len(count) < 2:
        return
    usual = max(count, key=lambda manager: (count[manager], manager != "none", manager))
    word = {"virtlockd": "lockd"}.get(usual, usual)
    lines = (f'lock_manager = "{word}"',) if usual != "none" else ('#lock_manager = "lockd"',)
    why = (
        "each sees its own locks only: nothing keeps a guest from being started a second time there"
    )
    for node, settings in known.items():
        if settings.manager != usual:
            yield Finding(
                Topic.LOCKING,
                "manager",
                State.WRONG,
                f"its lock manager is {settings.manager}, the others' is {usual}",
                why,
                node,
                cures=(Cure(lines, "/etc/libvirt/qemu.conf"), restart_of(case, node)),
                ways=tuple(
                    way
                    for other, theirs in known.items()
                    if theirs.manager != settings.manager
                    for way in (Way(node, other), Way(other, node))
                ),
            )


def _vms_on_block(case: Case) -> frozenset[str]:
    """VMs that write to a block device of a node."""
    known = disks.known_disks(case)
    return frozenset(
        vm
        for vm, each in known.items()
        if any(disk.kind == "block" and disk.writable and disk.path for disk in each)
    )


def _none(case: Case, on_block: frozenset[str]) -> Finding:
    if not on_block:
        return Finding(
            Topic.LOCKING, "manager", State.NOT_USED, "no lock manager, and no VM on a block device"
        )
    return Finding(
        Topic.LOCKING,
        "manager",
        State.WARNING,
        "no lock manager guards the block devices of the VMs",
        "a guest started by hand, or twice after a split, destroys its own disk unhindered",
        cures=(
            Cure(('lock_manager = "lockd"',), "/etc/libvirt/qemu.conf"),
            Cure(('file_lockspace_dir = "A-SHARED-DIRECTORY"',), virtlockd.CONF),
            Cure(("systemctl enable --now virtlockd.socket",)),
            restart_of(case, None),
        ),
        concerns=tuple(sorted(on_block)),
    )


def _shared_directories(case: Case, known: Mapping[str, Settings]) -> Iterator[Finding]:
    looked: dict[str, dict[str, places.Place]] = {}
    for node, settings in known.items():
        try:
            answered = places.parse(case.output(node, PLACES).stdout)
        except BadAnswer:
            answered = {}
        for path in _directories(settings):
            if path in answered:
                looked.setdefault(path, {})[node] = answered[path]
            else:
                seen = f"what {path} is was not learned"
                yield Finding(Topic.LOCKING, "directory", State.UNKNOWN, seen, node=node)
    for path, where in looked.items():
        missing = [node for node, place in where.items() if not place.exists]
        there = {node: place for node, place in where.items() if place.exists}
        for node in missing:
            yield _bad_directory(node, f"there is no {path}", path)
        if len(there) > 1:
            how, evidence = places.sharing(there, frozenset())
            if how is Sharing.UNKNOWN:
                seen = f"{path} is {evidence}"
                yield Finding(Topic.LOCKING, "directory", State.UNKNOWN, seen)
            elif how in (Sharing.LOCAL, Sharing.DIFFERENT):
                for node in there:
                    yield _bad_directory(node, f"{path} is {evidence}", path)


def _bad_directory(node: str, seen: str, path: str) -> Finding:
    why = "locks that only one node sees guard nothing between nodes"
    lines = (f"SERVER:/EXPORT {path} nfs hard,_netdev 0 0",)
    return Finding(
        Topic.LOCKING,
        "directory",
        State.WRONG,
        seen,
        why,
        node,
        cures=(Cure(lines, "/etc/fstab"), Cure((f"mount {shlex.quote(path)}",))),
    )
