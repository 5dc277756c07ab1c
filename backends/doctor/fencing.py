"""Topic 4: is there a device in use for each node that may have to be fenced?

Sources: `pacemaker-fenced.c` and `fenced_commands.c` of Pacemaker 2.1 and 3: a device that is
disabled, or may run nowhere, is taken out; which nodes it is for stands in `pcmk_host_list` and
`pcmk_host_map`, and without either the device itself is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from backends.data.examination import Cure, Finding, State, Topic
from backends.data.picture import NodeKind
from backends.doctor.case import Case
from backends.doctor.configuration import Resource
from backends.pacemaker.moments import seconds

_CHECK = "fencing"
_NEVER = "the VMs of a lost node are never started again"
_ADD = Cure(("a stonith resource for each node: see stonith_admin --list-installed",))


def judge(case: Case) -> Iterator[Finding]:
    options = case.configuration.options
    devices = [
        each for each in case.configuration.resources.values() if each.agent.startswith("stonith:")
    ]
    used = [device for device in devices if _in_use(case, device)]
    if case.configuration.fences is None:
        seen = "whether fencing is on hangs on a rule that only Pacemaker can evaluate"
        yield Finding(Topic.RESOURCE, _CHECK, State.UNKNOWN, seen)
    elif case.configuration.fences is False:
        why = "the VMs of a lost node are started a second time while they may still run there"
        on = Cure(("crm_attribute --type crm_config --name stonith-enabled --update true",))
        yield Finding(Topic.RESOURCE, _CHECK, State.WRONG, "fencing is off", why, cures=(_ADD, on))
    elif _by_watchdog(options):
        names = ", ".join(["by watchdog", *(device.id for device in used)])
        yield Finding(Topic.RESOURCE, _CHECK, State.OK, f"on: {names}")
    elif not devices:
        seen = "fencing is on, and there is no device for it"
        yield Finding(Topic.RESOURCE, _CHECK, State.WRONG, seen, _NEVER, cures=(_ADD,))
    elif not used:
        names = ", ".join(device.id for device in devices)
        seen = f"fencing is on, and no device is in use: {names} disabled, or kept from every node"
        cures = tuple(map(_enable, devices))
        yield Finding(Topic.RESOURCE, _CHECK, State.WRONG, seen, _NEVER, cures=cures)
    else:
        yield from _covered(case, used)
        idle = [device for device in devices if device not in used]
        if idle:
            seen = f"{', '.join(device.id for device in idle)}: disabled, or kept from every node"
            why = "Pacemaker does not fence with it"
            cures = tuple(map(_enable, idle))
            yield Finding(Topic.RESOURCE, _CHECK, State.WARNING, seen, why, cures=cures)


def _covered(case: Case, used: list[Resource]) -> Iterator[Finding]:
    listed = {device.id: hosts_of(device) for device in used}
    alone = False
    for node in case.picture.nodes:
        if node.kind is NodeKind.GUEST or any(
            hosts is None or node.name in hosts for hosts in listed.values()
        ):
            continue
        alone = True
        yield Finding(
            Topic.RESOURCE,
            _CHECK,
            State.WRONG,
            f"no device is for it: {'; '.join(map(_named, used))}",
            "when it is lost it cannot be fenced, and its VMs are never started again",
            node.name,
            cures=(_ADD,),
        )
    if not alone:
        yield Finding(Topic.RESOURCE, _CHECK, State.OK, f"on: {', '.join(listed)}")


def _named(device: Resource) -> str:
    return f"{device.id} has {', '.join(sorted(hosts_of(device) or ()))}"


def hosts_of(device: Resource) -> frozenset[str] | None:
    """The nodes that a device is for; `None` where only the device itself can say."""
    given = device.parameters
    check = given.get("pcmk_host_check")
    if check in ("none", "dynamic-list", "status"):
        return None
    listed = re.split(r"[\s,;]+", given.get("pcmk_host_list", ""))
    mapped = re.findall(r"([^\s;:=]+)[:=][^\s;]+", given.get("pcmk_host_map", ""))
    return frozenset(filter(None, (*listed, *mapped))) or None


def _in_use(case: Case, device: Resource) -> bool:
    role = device.meta.get("target-role", "started").lower()
    barred = case.configuration.barred.get(device.id, frozenset())
    members = {node.name for node in case.picture.nodes if node.kind is NodeKind.MEMBER}
    return role != "stopped" and (not members or not members <= barred)


def _enable(device: Resource) -> Cure:
    return Cure((f"crm_resource --resource {device.id} --meta --delete-parameter target-role",))


def _by_watchdog(options: Mapping[str, str]) -> bool:
    """Whether a lost node is taken for dead after a time; a negative one is worked out."""
    said = options.get("fencing-watchdog-timeout", options.get("stonith-watchdog-timeout", "0"))
    return bool(seconds(said.removeprefix("-")))
