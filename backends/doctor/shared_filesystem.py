"""Storage: GFS2 and OCFS2 below the VMs' disks: mounted everywhere, and their lock manager runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Family, Finding, Output, Probe, State, Topic
from backends.doctor.case import Case
from backends.doctor.disks import Storage
from backends.doctor.filesystems import CLUSTERED
from backends.doctor.places import Mount, Place, parse_mounts

MOUNTS = Probe.of(
    "storage cluster mounts",
    *("findmnt", "--json", "--types", "gfs2,ocfs2", "--output", "SOURCE,FSTYPE,TARGET"),
)
LOCKSPACES = Probe.of("storage dlm lockspaces", "dlm_tool", "ls")
DLM = Probe.of("storage dlm", "dlm_tool", "status")
O2CB = Probe(
    "storage o2cb",
    "cat /sys/fs/ocfs2/cluster_stack 2>/dev/null || exit 127\n"
    "for tool in /etc/init.d/o2cb /sbin/o2cb.init /usr/lib/ocfs2/o2cb.init; do\n"
    '  [ -x "$tool" ] && exec "$tool" status\n'
    "done",
)


@dataclass(frozen=True, slots=True)
class Lockspace:
    name: str
    members: tuple[str, ...]
    stopped: bool
    """It waits for fencing or quorum: whatever uses it stands still."""


@dataclass(frozen=True, slots=True)
class Dlm:
    running: bool
    quorate: bool = False


@dataclass(frozen=True, slots=True)
class O2cb:
    stack: str
    """`o2cb`, or one that uses the dlm (`pcmk`)."""
    online: bool | None = None
    heartbeat: bool | None = None


def parse_cluster_mounts(output: Output) -> tuple[Mount, ...]:
    """`findmnt --json`: none is an empty list with 0, or nothing with 1. Raises `BadAnswer`."""
    if not output.stdout.strip() and output.exit_status in (0, 1):
        return ()
    return parse_mounts(output.stdout)


def parse_lockspaces(text: str) -> tuple[Lockspace, ...]:
    """`dlm_tool ls`; without a daemon it prints nothing. Raises `BadAnswer`."""
    found: list[dict[str, str]] = []
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].strip() != "dlm lockspaces":
        raise BadAnswer(f"dlm_tool answered something unknown: {lines[0][:80]!r}")
    for line in lines[1:]:
        key, *rest = line.split(None, 1)
        if key == "name":
            found.append({})
        if found:
            found[-1].setdefault(key, rest[0].strip() if rest else "")
    return tuple(
        Lockspace(
            name=each["name"],
            members=tuple(each.get("members", "").split()),
            stopped="kern_stop" in each.get("flags", ""),
        )
        for each in found
    )


def parse_dlm(text: str) -> Dlm:
    """`dlm_tool status`; without a daemon it says so, and ends with 0. Raises `BadAnswer`."""
    if not text.strip() or "cannot connect to dlm_controld" in text:
        return Dlm(running=False)
    match = re.match(r"cluster nodeid \d+ quorate ([01]) ", text.lstrip())
    if match is None:
        raise BadAnswer(f"dlm_tool answered something unknown: {text[:80]!r}")
    return Dlm(running=True, quorate=match[1] == "1")


def parse_o2cb(text: str) -> O2cb:
    """The stack of OCFS2, then what `o2cb status` prints. Raises `BadAnswer`."""
    stack, _, status = text.partition("\n")
    if not re.fullmatch(r"[a-z0-9_]{1,16}", stack.strip()):
        raise BadAnswer(f"OCFS2 named no cluster stack: {stack[:80]!r}")
    online = re.search(r'^Checking O2CB cluster "?[^":\n]*"?: (\w+)', status, re.MULTILINE)
    heartbeat = re.search(r"^Checking O2CB heartbeat: (.+)$", status, re.MULTILINE)
    return O2cb(
        stack.strip(),
        online[1] == "Online" if online else None,
        heartbeat[1].strip() == "Active" if heartbeat else None,
    )


def probes(_case: Case, _node: str) -> Iterator[Probe]:
    yield from (MOUNTS, LOCKSPACES, DLM, O2CB)


def judge(case: Case, storage: Storage) -> Iterator[Finding]:
    vms = storage.vms_on(case, lambda place: _cluster_mount(place) is not None)
    homes = (place for vm, _ in case.vms for place in storage.homes(vm))
    mounts = (mount for place in homes if (mount := _cluster_mount(place)) is not None)
    used = {mount.target: mount for mount in mounts}
    if used:
        yield from (replace(finding, concerns=vms) for finding in _judge(case, used))


def _cluster_mount(place: Place) -> Mount | None:
    mount = None if place.is_block else place.mount
    return mount if mount is not None and mount.fstype in CLUSTERED else None


def _judge(case: Case, used: dict[str, Mount]) -> Iterator[Finding]:
    for node in filter(case.answered, case.nodes):
        try:
            problems = list(_of_node(case, node, used))
        except BadAnswer as error:
            yield Finding(Topic.STORAGE, "file system", State.UNKNOWN, error.what, node=node)
            continue
        listed = ", ".join(f"{mount.fstype} on {target}" for target, mount in used.items())
        seen = f"{listed}: mounted, and its lock manager runs"
        yield from problems or [Finding(Topic.STORAGE, "file system", State.OK, seen, node=node)]


def _of_node(case: Case, node: str, used: dict[str, Mount]) -> Iterator[Finding]:
    mounted = {mount.target for mount in parse_cluster_mounts(case.output(node, MOUNTS.name))}
    for target, mount in used.items():
        if target not in mounted:
            why = "a guest whose disk is on it cannot come to this node"
            seen = f"{mount.fstype} is not mounted on {target}"
            yield _wrong(node, seen, why, *(_of_resource(case, node, target) or _clone(mount)))
    stacks = {mount.fstype for mount in used.values()}
    if "ocfs2" in stacks:
        output = case.output(node, O2CB.name)
        state = O2cb("none") if output.missing else parse_o2cb(output.stdout)
        if state.stack == "none" or state.online is False or state.heartbeat is False:
            why = "without its cluster stack OCFS2 cannot be mounted, or fences the node"
            cure = Cure(("systemctl enable --now o2cb.service ocfs2.service",))
            yield _wrong(node, "the cluster stack of OCFS2 is not online", why, cure)
        if state.stack in ("o2cb", "none"):
            stacks.discard("ocfs2")
    if stacks:
        yield from _of_dlm(case, node)


def _of_dlm(case: Case, node: str) -> Iterator[Finding]:
    output = case.output(node, DLM.name)
    state = Dlm(running=False) if output.missing else parse_dlm(output.stdout)
    why = "without the dlm the file system stands still, and every guest on it"
    if not output.answered:
        yield Finding(Topic.STORAGE, "file system", State.UNKNOWN, "dlm_tool: no answer", node=node)
    elif not state.running:
        yield _wrong(node, "the dlm does not run", why, *_controld())
    elif not state.quorate:
        yield _wrong(node, "the dlm has no quorum", why, Cure(("corosync-quorumtool -s",)))
    else:
        for space in parse_lockspaces(case.output(node, LOCKSPACES.name).stdout):
            if space.stopped:
                seen = f"lockspace {space.name} is stopped: it waits for fencing"
                cure = Cure(("dlm_tool ls -n", "stonith_admin --history '*'"))
                yield _wrong(node, seen, why, cure)


def _controld() -> tuple[Cure, ...]:
    """A clone of the dlm, by the front end of each distribution."""
    crm = (
        "crm configure primitive dlm ocf:pacemaker:controld op monitor interval=30s on-fail=fence",
        "crm configure clone dlm-clone dlm meta interleave=true",
    )
    pcs = "pcs resource create dlm ocf:pacemaker:controld op monitor interval=30s on-fail=fence"
    return (
        Cure((f"{pcs} clone interleave=true ordered=true",), family=Family.RHEL),
        Cure(crm, family=Family.SUSE),
        Cure(crm, family=Family.DEBIAN),
    )


def _of_resource(case: Case, node: str, target: str) -> tuple[Cure, ...]:
    """Where the cluster is to mount it already, why it does not, and to have it try again."""
    for resource in case.configuration.of_agent("ocf:heartbeat:Filesystem"):
        if resource.parameters.get("directory", "").rstrip("/") == target.rstrip("/"):
            name, where = shlex.quote(resource.clone or resource.id), shlex.quote(node)
            why = f"crm_resource --why --resource {name} --node {where}"
            return (Cure((why, f"crm_resource --cleanup --resource {name} --node {where}")),)
    return ()


def _clone(mount: Mount) -> tuple[Cure, ...]:
    device, directory = shlex.quote(mount.source), shlex.quote(mount.target)
    words = f"device={device} directory={directory} fstype={mount.fstype}"
    crm = (
        f"crm configure primitive vm-storage ocf:heartbeat:Filesystem params {words}",
        "crm configure clone vm-storage-clone vm-storage meta interleave=true",
        "crm configure order dlm-then-storage Mandatory: dlm-clone vm-storage-clone",
        "crm configure colocation storage-with-dlm inf: vm-storage-clone dlm-clone",
    )
    pcs = (
        f"pcs resource create vm-storage ocf:heartbeat:Filesystem {words} clone interleave=true",
        "pcs constraint order start dlm-clone then vm-storage-clone",
        "pcs constraint colocation add vm-storage-clone with dlm-clone",
    )
    return (
        Cure(pcs, family=Family.RHEL),
        Cure(crm, family=Family.SUSE),
        Cure(crm, family=Family.DEBIAN),
    )


def _wrong(node: str, seen: str, why: str, *cures: Cure) -> Finding:
    return Finding(Topic.STORAGE, "file system", State.WRONG, seen, why, node, cures=cures)
