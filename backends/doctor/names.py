"""Topic 3: does every node know every other by its name, and itself; are the nodes different ones?

A destination tells the source its own host name, and there the RAM goes, unless a suffix or a
`migrateuri` says otherwise (`qemuMigrationDstPrepareDirect` of libvirt 9). libvirt refuses to
migrate to a host with the UUID of the source.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from backends.data.examination import (
    Cure,
    Effect,
    Family,
    Finding,
    Output,
    Probe,
    State,
    Topic,
    Way,
)
from backends.doctor.case import Case, once
from backends.doctor.listening import daemon_of, restart_of
from backends.doctor.shared import CAPABILITIES, capabilities, unanswered
from backends.doctor.uris import host_of, memory_host, remote_uri, routes, target_name

HOSTNAME = Probe("hostname", "hostname -f || uname -n")
CLOCK = Probe.of("clock", "date", "+%s.%N")
TOLERATED_S = 2.0
"""Nodes that differ by more write histories and logs that cannot be put together."""


def probes(case: Case, node: str) -> Iterator[Probe]:
    yield HOSTNAME
    yield CLOCK
    yield _lookup("names", (name for other in case.nodes for name in _names(case)[other]))


def further_probes(case: Case, node: str) -> Iterator[Probe]:
    """The host names of the others, where they are not the nodes' names."""
    known = {name for names in _names(case).values() for name in names}
    hostnames = {_hostnames(case)[other] for other in case.others(node)} - known - {""}
    if hostnames:
        yield _lookup("host names", sorted(hostnames))


def _lookup(name: str, names: Iterable[str]) -> Probe:
    words = shlex.join(dict.fromkeys(names))
    return Probe(
        name, f'for n in {words}; do printf \'#%s\\n\' "$n"; getent ahosts "$n"; done; true'
    )


@once
def _names(case: Case) -> Mapping[str, tuple[str, ...]]:
    """The names under which each node is migrated to."""
    found: dict[str, tuple[str, ...]] = {}
    for node in case.nodes:
        names = {node}
        for route, _ in routes(case):
            names |= {target_name(route, node), host_of(remote_uri(route, node))}
            names.add(memory_host(route, node) or "")
        found[node] = tuple(sorted(names - {""}))
    return found


@once
def _hostnames(case: Case) -> Mapping[str, str]:
    """What each node calls itself; empty where it did not say."""
    lines = {node: case.output(node, HOSTNAME.name).lines for node in case.nodes}
    return {node: said[0].strip() if said else "" for node, said in lines.items()}


def judge(case: Case) -> Iterator[Finding]:
    for node in case.nodes:
        if case.answered(node):
            yield from _judge_node(case, node)
    yield from _judge_uuids(case)
    yield from _judge_clocks(case)


def _judge_node(case: Case, node: str) -> Iterator[Finding]:
    output = case.output(node, "names")
    if not output.ok:
        yield unanswered(Topic.NAMES, "node names", node, "how names resolve", output)
        return
    addresses = {**resolved(output), **resolved(case.output(node, "host names"))}
    good = True
    for other in case.nodes:
        for name in _names(case)[other]:
            finding = _judge_name(case, node, other, name, addresses.get(name, ()))
            if finding is not None:
                good = False
                yield finding
    for other in case.others(node):
        name = _hostnames(case)[other]
        if name in addresses and name not in _names(case)[other]:
            finding = _judge_name(case, node, other, name, addresses[name])
            if finding is not None:
                good = False
                yield finding
    if _hostnames(case)[node].startswith("localhost"):
        good = False
        yield Finding(
            Topic.NAMES,
            "host name",
            State.WRONG,
            f"its own host name is {_hostnames(case)[node]}",
            "libvirt refuses every migration to a host whose name is localhost",
            node,
            cures=(Cure((f"hostnamectl set-hostname {node}",)),),
            effect=Effect.SENDING_FAILS,
            ways=(Way(target=node),),
        )
    if good:
        seen = f"{', '.join(case.nodes)} resolve, none to loopback"
        yield Finding(Topic.NAMES, "node names", State.OK, seen, node=node)


_UNLED = "no VM is led by this name today; whatever else goes by it does not find the node"


def _judge_name(
    case: Case, node: str, other: str, name: str, found: tuple[str, ...]
) -> Finding | None:
    loops = [address for address in found if ipaddress.ip_address(address).is_loopback]
    if found and not loops:
        return None
    users = _users(case, name, other)
    led = bool(users or not case.vms) and node != other
    effect = Effect.SENDING_FAILS if users and node != other else None
    concerns = users if len(users) < len(case.vms) else ()
    ways = (Way(node, other),)
    if not found:
        return Finding(
            Topic.NAMES,
            "node names",
            State.WRONG if led else State.WARNING,
            f"{name} does not resolve",
            f"no VM can be migrated from {node} to {other}" if led else _UNLED,
            node,
            cures=(Cure((f"ADDRESS {name}",), "/etc/hosts"),),
            concerns=concerns,
            effect=effect,
            ways=ways,
        )
    if node == other:
        why = "a service that binds to this name is not reached by the others"
    elif led:
        why = f"a migration from {node} to {other} goes to {node} itself, and fails"
    else:
        why = _UNLED
    return Finding(
        Topic.NAMES,
        "node names",
        State.WRONG if led else State.WARNING,
        f"{name} resolves to {', '.join(loops)}",
        why,
        node,
        cures=(Cure((f"ADDRESS {name}",), "/etc/hosts"), Cure((f"getent ahosts {name}",))),
        concerns=concerns,
        effect=effect,
        ways=ways,
    )


def _users(case: Case, name: str, node: str) -> tuple[str, ...]:
    """The VMs whose migration finds that node by this name, for libvirt or for the RAM."""
    users: set[str] = set()
    for route, vms in routes(case):
        memory = memory_host(route, node)
        if memory == node:
            memory = _hostnames(case)[node] or node
        if name in (host_of(remote_uri(route, node)), memory):
            users.update(vms)
    return tuple(vm.id for vm, _ in case.vms if vm.id in users)


def resolved(output: Output) -> dict[str, tuple[str, ...]]:
    """The addresses of each name, from `getent ahosts`."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in output.lines:
        if line.startswith("#"):
            name = line[1:]
            found[name] = []
        elif name:
            address = line.split()[0].partition("%")[0]
            try:
                ipaddress.ip_address(address)
            except ValueError:
                continue
            if address not in found[name]:
                found[name].append(address)
    return {name: tuple(addresses) for name, addresses in found.items()}


def host_uuid(case: Case, node: str) -> str | None:
    """As its libvirt says it; `None` where it does not."""
    root = capabilities(case).get(node)
    told = root is not None and case.output(node, CAPABILITIES.name).ok
    return root.findtext("host/uuid") if root is not None and told else None


def _settings_file(case: Case, node: str) -> str:
    return f"/etc/libvirt/{daemon_of(case, node).driver}.conf"


def _judge_uuids(case: Case) -> Iterator[Finding]:
    nodes_of = defaultdict[str, list[str]](list)
    for node in case.nodes:
        uuid = host_uuid(case, node)
        if uuid is not None:
            nodes_of[uuid].append(node)
        elif case.answered(node):
            output = case.output(node, CAPABILITIES.name)
            yield unanswered(Topic.NAMES, "host UUID", node, "its host UUID", output)
    for uuid, nodes in nodes_of.items():
        for node in nodes if len(nodes) > 1 else ():
            others = [other for other in nodes if other != node]
            yield Finding(
                Topic.NAMES,
                "host UUID",
                State.WRONG,
                f"its host UUID {uuid} is that of {', '.join(others)} too",
                "libvirt takes them for one host and refuses to migrate between them",
                node,
                cures=(
                    Cure(('host_uuid = "what uuidgen prints"',), _settings_file(case, node)),
                    restart_of(case, node),
                ),
                effect=Effect.SENDING_FAILS,
                ways=tuple(Way(node, other) for other in others),
            )
    if nodes_of and all(len(nodes) == 1 for nodes in nodes_of.values()):
        yield Finding(Topic.NAMES, "host UUID", State.OK, f"{len(nodes_of)} nodes, all different")


def _judge_clocks(case: Case) -> Iterator[Finding]:
    """Only what the time that asking took cannot explain counts as a difference."""
    ahead: dict[str, tuple[float, float]] = {}
    for node in case.nodes:
        if not case.answered(node):
            continue
        output, facts = case.output(node, CLOCK.name), case.facts[node]
        try:
            now = float(output.stdout.strip().removesuffix("N"))
        except ValueError:
            yield unanswered(Topic.NAMES, "clock", node, "its clock", output)
            continue
        ahead[node] = (now - facts.answered_at, now - facts.asked_at)
    good = True
    for node, (least, _) in ahead.items():
        behind = {other: least - most for other, (_, most) in ahead.items() if other != node}
        late = [other for other, by_s in behind.items() if by_s > TOLERATED_S]
        if late:
            good = False
            yield Finding(
                Topic.NAMES,
                "clock",
                State.WARNING,
                f"{', '.join(late)} is behind {node} by {max(behind.values()):.0f} s or more",
                "logs, failures and constraints with a lifetime cannot be put in order",
                node,
                cures=(
                    Cure(("chronyc makestep",)),
                    Cure(("systemctl enable --now chrony",), family=Family.DEBIAN),
                    Cure(("systemctl enable --now chronyd",), family=Family.RHEL),
                    Cure(("systemctl enable --now chronyd",), family=Family.SUSE),
                ),
            )
    if good and len(ahead) > 1:
        yield Finding(Topic.NAMES, "clock", State.OK, f"{len(ahead)} clocks agree")
