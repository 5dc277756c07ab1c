"""Storage: volume groups below the VMs' disks, shared by lvmlockd (today) or clvmd (of old)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Family, Finding, Probe, State, Topic
from backends.doctor.answers import decode
from backends.doctor.case import Case
from backends.doctor.disks import Storage
from backends.doctor.shared import unanswered

# LVM before 2.03 does not know all the fields, and fails on one that it does not know.
_GROUPS = (
    "command -v vgs >/dev/null || exit 127\n"
    "out=$(vgs {option} --reportformat json -o vg_name,vg_uuid,vg_lock_type,vg_shared,vg_clustered)"
    " || out=$(vgs --reportformat json -o vg_name,vg_uuid,vg_clustered) || exit\n"
    "printf '%s\\n' \"$out\""
)
GROUPS = Probe("storage vgs", _GROUPS.format(option=""))
SHARED = Probe("storage vgs shared", _GROUPS.format(option="--shared"))
"""Without `--shared` a node that does not use lvmlockd keeps silent about shared groups."""
VOLUMES = Probe.of(
    "storage lvs",
    *("lvs", "--reportformat", "json", "-o", "vg_name,lv_name,lv_uuid,lv_active_exclusively"),
)
LOCKS = Probe("storage lvm locks", "lvmlockctl --info")
"""Who shares by lvmlockd asks its locks: to lvs of LVM 2.03, as of groups that are not clustered to
2.02, every active volume is `active exclusively` (`_lvactiveexclusively_disp`, lib/report)."""


class Group(msgspec.Struct, frozen=True, rename=lambda name: f"vg_{name}"):
    name: str
    uuid: str = ""
    lock_type: str = ""
    shared: str = ""
    clustered: str = ""

    @property
    def guarded(self) -> bool:
        """Whether a lock manager keeps the nodes from changing it at the same time."""
        return bool(self.shared or self.clustered)


class Volume(msgspec.Struct, frozen=True):
    vg_name: str
    lv_name: str
    lv_uuid: str = ""
    lv_active_exclusively: str = ""


class _Groups(msgspec.Struct, frozen=True):
    vg: tuple[Group, ...] = ()


class _Volumes(msgspec.Struct, frozen=True):
    lv: tuple[Volume, ...] = ()


class _GroupReport(msgspec.Struct, frozen=True):
    report: tuple[_Groups, ...]


class _VolumeReport(msgspec.Struct, frozen=True):
    report: tuple[_Volumes, ...]


def parse_groups(text: str) -> dict[str, Group]:
    """`vgs --reportformat json`, by name. Raises `BadAnswer`."""
    return {
        group.name: group for part in decode(text, _GroupReport, "vgs").report for group in part.vg
    }


def parse_volumes(text: str) -> tuple[Volume, ...]:
    """`lvs --reportformat json`. Raises `BadAnswer`."""
    return tuple(each for part in decode(text, _VolumeReport, "lvs").report for each in part.lv)


def parse_locks(text: str) -> frozenset[str]:
    """`lvmlockctl --info`: the UUIDs of the volumes that this node has locked exclusively."""
    words = (line.split() for line in text.splitlines())
    return frozenset(each[3] for each in words if each[:3] == ["LK", "LV", "ex"] and each[3:])


@dataclass(frozen=True, slots=True)
class View:
    """A node's volume groups; `hidden` are shared ones that it may not use."""

    groups: dict[str, Group]
    hidden: dict[str, Group]


def probes(_case: Case, _node: str) -> Iterator[Probe]:
    yield from (GROUPS, SHARED, VOLUMES, LOCKS)


def views(case: Case) -> dict[str, View]:
    """By node; a node that did not say, or could not be understood, is left out."""
    found = {}
    for node in case.nodes:
        try:
            groups = parse_groups(case.output(node, GROUPS.name).stdout)
            shared = parse_groups(case.output(node, SHARED.name).stdout)
        except BadAnswer:
            continue
        hidden = {name: group for name, group in shared.items() if name not in groups}
        found[node] = View(groups, hidden)
    return found


def same_groups(case: Case) -> frozenset[str]:
    """The volume groups that have one and the same identity wherever there is one of that name."""
    uuids: dict[str, set[str]] = {}
    for view in views(case).values():
        for group in (*view.groups.values(), *view.hidden.values()):
            uuids.setdefault(group.name, set()).add(group.uuid)
    return frozenset(name for name, known in uuids.items() if len(known) == 1 and "" not in known)


def judge(case: Case, storage: Storage) -> Iterator[Finding]:
    vms = storage.vms_on(case, lambda place: bool(place.volume_groups))
    homes = (place for vm, _ in case.vms for place in storage.homes(vm))
    volumes = list(dict.fromkeys(each for place in homes for each in place.logical_volumes))
    if volumes:
        yield from (replace(finding, concerns=vms) for finding in _judge(case, volumes))


def _judge(case: Case, volumes: list[tuple[str, str]]) -> Iterator[Finding]:
    known = views(case)
    used = list(dict.fromkeys(group for group, _ in volumes))
    for node in filter(case.answered, case.nodes):
        if node not in known:
            seen = "LVM there did not say which volume groups it has"
            yield Finding(Topic.STORAGE, "lvm", State.UNKNOWN, seen, node=node)
            continue
        problems = [
            problem for group in used if (problem := _of_node(node, group, known[node])) is not None
        ]
        problems += _exclusive(case, node, volumes, known[node])
        seen = f"volume groups {', '.join(used)} are there"
        yield from problems or [Finding(Topic.STORAGE, "lvm", State.OK, seen, node=node)]
    for name in used:
        groups = [view.groups[name] for view in known.values() if name in view.groups]
        if groups and not any(group.guarded for group in groups):
            yield _unguarded(name)


def _of_node(node: str, name: str, view: View) -> Finding | None:
    if name in view.groups:
        return None
    group = shlex.quote(name)
    if name in view.hidden:
        kind = view.hidden[name].lock_type
        return Finding(
            Topic.STORAGE,
            "lvm",
            State.WRONG,
            f"volume group {name} is shared by {kind}, and this node does not use lvmlockd",
            "its logical volumes cannot be activated there, so no guest that needs one can come",
            node,
            cures=(
                Cure(("global {", "    use_lvmlockd = 1", "}"), "/etc/lvm/lvm.conf"),
                Cure(("apt-get install lvm2-lockd",), family=Family.DEBIAN),
                Cure(("dnf install lvm2-lockd",), family=Family.RHEL),
                Cure(("zypper install lvm2-lockd",), family=Family.SUSE),
                Cure((f"vgchange --lock-start {group}", f"vgchange -asy {group}")),
            ),
        )
    return Finding(
        Topic.STORAGE,
        "lvm",
        State.WRONG,
        f"there is no volume group {name}",
        "a guest whose disk is in it cannot come to this node",
        node,
        cures=(Cure(("pvscan --cache", f"vgs {group}")),),
    )


def _exclusive(case: Case, node: str, used: list[tuple[str, str]], view: View) -> Iterator[Finding]:
    """Of the volumes below the VMs' disks, each as its group is guarded."""
    guarded = {name: group for name, group in view.groups.items() if group.guarded}
    if not any(group in guarded for group, _ in used):
        return
    try:
        volumes = parse_volumes(case.output(node, VOLUMES.name).stdout)
    except BadAnswer:
        seen = "LVM there did not say which logical volumes are active"
        yield Finding(Topic.STORAGE, "lvm", State.UNKNOWN, seen, node=node)
        return
    locks = case.output(node, LOCKS.name)
    if not locks.ok and any(group in guarded and guarded[group].shared for group, _ in used):
        yield unanswered(Topic.STORAGE, "lvm", node, "which volumes are locked exclusively", locks)
    locked = parse_locks(locks.stdout)
    for volume in volumes:
        group = guarded.get(volume.vg_name)
        if group is None or (volume.vg_name, volume.lv_name) not in used:
            continue
        if volume.lv_uuid in locked if group.shared else volume.lv_active_exclusively:
            yield _hogged(node, volume, group)


def _hogged(node: str, volume: Volume, group: Group) -> Finding:
    name = shlex.quote(f"{volume.vg_name}/{volume.lv_name}")
    agent = ("vg_access_mode=lvmlockd activation_mode=shared",) if group.shared else ()
    return Finding(
        Topic.STORAGE,
        "lvm",
        State.WRONG,
        f"{volume.vg_name}/{volume.lv_name} is active exclusively",
        "while a guest moves both nodes have its disk open; this one keeps it to itself",
        node,
        cures=(
            Cure((f"lvchange -a{'s' if group.shared else ''}y {name}",)),
            *([Cure(agent, "the parameters of its LVM-activate resource")] if agent else []),
        ),
    )


def _unguarded(name: str) -> Finding:
    group = shlex.quote(name)
    return Finding(
        Topic.STORAGE,
        "lvm",
        State.WARNING,
        f"volume group {name} is shared by no lock manager",
        "two nodes that change it at the same time (a snapshot, a resize) destroy its metadata",
        cures=(
            Cure(
                (
                    "first: dlm and lvmlockd as clones in the cluster, no guest on the group",
                    f"vgchange --lock-type dlm {group}",
                )
            ),
            Cure((f"vgchange --lock-start {group} && vgchange -asy {group}    # on every node",)),
        ),
    )
