"""Topic 2: does each source reach each target the way its VMs take?

virsh is asked as the agent would ask it, by root, on the source. Messages are those of libvirt 9
and OpenSSH 9.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

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
from backends.doctor.case import Case
from backends.doctor.listening import SETTINGS, settings_of
from backends.doctor.shared import unanswered
from backends.doctor.uris import (
    SSH,
    TCP,
    TRANSPORTS,
    host_of,
    memory_host,
    names_port,
    picks_port,
    remote_uri,
    routes,
    transport_of,
    user_of,
)
from backends.pacemaker.xml import number

FIRST_PORT, LAST_PORT = 49152, 49215
"""Where QEMU waits for the RAM, the lowest free one first, unless qemu.conf has another range
(`migration_port_*`). Only the last is tried: on the first a migration might be waiting, and would
take the call for its RAM."""


def probes(case: Case, node: str) -> Iterator[Probe]:
    for uri in _uris(case, node):
        yield Probe.of(_name(uri), "virsh", "-q", "-c", uri, "version")
    if not case.picture.migrations:
        for host in _memory_hosts(case, node):
            yield _try_port(host, LAST_PORT)


def further_probes(case: Case, node: str) -> Iterator[Probe]:
    """The ports of nodes that have a range of their own, as the first round told."""
    if not case.picture.migrations:
        for host, memory in _memory_hosts(case, node).items():
            _, last = _range(case, memory)
            if last != LAST_PORT:
                yield _try_port(host, last)


def _try_port(host: str, port: int) -> Probe:
    script = f"bash -c 'exec 3<>\"/dev/tcp/$0/{port}\"' {shlex.quote(host)}"
    return Probe(_port_name(host, port), script)


def judge(case: Case) -> Iterator[Finding]:
    for node in case.nodes:
        if case.answered(node):
            yield from _judge_uris(case, node)
            yield from _judge_ports(case, node)


def _uris(case: Case, source: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Each URI that a VM on this node would be sent to, with its target and those VMs.

    That libvirt has no such transport at all is told once, of the resource.
    """
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for target in case.others(source):
        for route, vms in routes(case):
            uri = remote_uri(route, target)
            if transport_of(uri) in TRANSPORTS:
                found[uri] = (target, (*found.get(uri, (target, ()))[1], *vms))
    return found


@dataclass(frozen=True, slots=True)
class _Memory:
    """Where the RAM of some VMs goes. `by_libvirt`: it picks the port, for one of them at least."""

    target: str
    vms: tuple[str, ...]
    by_libvirt: bool


def _memory_hosts(case: Case, source: str) -> dict[str, _Memory]:
    found: dict[str, _Memory] = {}
    for target in case.others(source):
        for route, vms in routes(case):
            host = memory_host(route, target)
            if host is not None and not names_port(route):
                by_libvirt = not picks_port(route)
                if (known := found.get(host)) is not None:
                    vms = (*known.vms, *vms)
                    by_libvirt = by_libvirt or known.by_libvirt
                found[host] = _Memory(target, vms, by_libvirt)
    return found


def _name(uri: str) -> str:
    return f"transport {uri}"


def _port_name(host: str, port: int) -> str:
    return f"migration port {host}" + (f":{port}" if port != LAST_PORT else "")


def _range(case: Case, memory: _Memory) -> tuple[int, int]:
    """Of the ports on which it is awaited there."""
    if not memory.by_libvirt:
        return FIRST_PORT, LAST_PORT
    settings = settings_of(case.output(memory.target, SETTINGS.name).lines)
    low, high = (number(settings.get(f"migration_port_{end}")) for end in ("min", "max"))
    return low or FIRST_PORT, high or LAST_PORT


def _judge_uris(case: Case, source: str) -> Iterator[Finding]:
    well: dict[str, tuple[list[str], dict[tuple[str, ...], None]]] = {}
    for uri, (target, vms) in _uris(case, source).items():
        output, transport = case.output(source, _name(uri)), transport_of(uri)
        if output.ok:
            targets, concerned = well.setdefault(transport, ([], {}))
            targets.append(target)
            concerned[vms] = None
        elif not output.answered or output.missing:
            unknown = unanswered(Topic.TRANSPORT, transport, source, uri, output)
            yield replace(unknown, concerns=vms, ways=(Way(source, target),))
        else:
            yield Finding(
                Topic.TRANSPORT,
                transport,
                State.WRONG,
                f"{uri} cannot be reached: {_error(output)}",
                f"a live migration from {source} to {target} over {transport} fails at once",
                source,
                cures=_cures(uri, target, output),
                concerns=vms,
                effect=Effect.SENDING_FAILS,
                ways=(Way(source, target),),
            )
    for transport, (targets, concerned) in well.items():
        seen = f"reaches {', '.join(targets)} over {transport}"
        vms = tuple(dict.fromkeys(chain.from_iterable(concerned)))
        yield Finding(Topic.TRANSPORT, transport, State.OK, seen, node=source, concerns=vms)


def _error(output: Output) -> str:
    """virsh's own words, without the log of its library and the line that only says it failed."""
    lines = [line.strip() for line in output.stderr.splitlines()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    telling = [line for line in errors if "failed to connect to the hypervisor" not in line]
    return " ".join(telling) or output.said or f"virsh ended with {output.exit_status}"


def _cures(uri: str, target: str, output: Output) -> tuple[Cure, ...]:
    said, host = output.stderr, host_of(uri)
    if transport_of(uri) == SSH:
        if "Host key verification failed" in said:
            return (
                Cure((f"ssh-keyscan -t ed25519 {host} >> /root/.ssh/known_hosts",)),
                Cure(("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",), node=target),
                Cure((f"compare the two: ssh-keygen -lF {host} -f /root/.ssh/known_hosts",)),
            )
        if "Permission denied" in said:
            user = user_of(uri)
            home = "/root" if user == "root" else f"~{user}"
            return (
                Cure(
                    (
                        "[ -e /root/.ssh/id_ed25519 ] || "
                        "ssh-keygen -t ed25519 -N '' -f /root/.ssh/id_ed25519",
                        f"ssh-copy-id -i /root/.ssh/id_ed25519.pub {user}@{host}",
                    )
                ),
                Cure(
                    (f"where no password is taken: add it to {home}/.ssh/authorized_keys",),
                    node=target,
                ),
            )
        if "nc: " in said or "netcat" in said:
            return (
                Cure(("apt-get install netcat-openbsd",), family=Family.DEBIAN, node=target),
                Cure(("dnf install nmap-ncat",), family=Family.RHEL, node=target),
                Cure(("zypper install netcat-openbsd",), family=Family.SUSE, node=target),
            )
    if "refused" in said:
        return (Cure((f"let libvirt listen on {target}: see the topic libvirt there",)),)
    if "No route to host" in said or "timed out" in said:
        return _firewall(target, "16509/tcp" if "+tcp" in uri else "16514/tcp")
    if "uthentication failed" in said or "SASL" in said:
        return _sasl(uri, target)
    if "ertificate" in said:
        return (Cure(("make its certificates good: see the topic libvirt",)),)
    return (Cure((f"virsh -c {shlex.quote(uri)} version",)),)


def _sasl(uri: str, target: str) -> tuple[Cure, ...]:
    """Source: "Connection authentication" of libvirt; over plain TCP a mechanism must encrypt."""
    server = "/etc/sasl2/libvirt.conf"
    if transport_of(uri) == TCP:
        return (
            Cure(("mech_list: gssapi",), server, node=target),
            Cure(("kinit -k    # and a key of libvirt/HOST in the keytab of each node",)),
            Cure(("over plain TCP that is all that libvirt takes: else TLS, and a password",)),
        )
    return (
        Cure(
            ("mech_list: scram-sha-256", "sasldb_path: /etc/libvirt/passwd.db"), server, node=target
        ),
        Cure(("saslpasswd2 -a libvirt root",), node=target),
        Cure(
            (
                "[credentials-cluster]",
                "authname=root",
                "password=…",
                f"[auth-libvirt-{host_of(uri)}]",
                "credentials=cluster",
            ),
            "/etc/libvirt/auth.conf",
        ),
    )


def _firewall(node: str, ports: str) -> tuple[Cure, ...]:
    number, _, protocol = ports.partition("/")
    firewalld = (
        f"firewall-cmd --permanent --add-port={ports}",
        "firewall-cmd --reload",
    )
    ufw = f"ufw allow {number.replace('-', ':')}/{protocol}"
    return (
        Cure((ufw,), family=Family.DEBIAN, node=node),
        Cure(firewalld, family=Family.RHEL, node=node),
        Cure(firewalld, family=Family.SUSE, node=node),
    )


def _judge_ports(case: Case, source: str) -> Iterator[Finding]:
    hosts = _memory_hosts(case, source)
    if case.picture.migrations and hosts:
        yield Finding(
            Topic.TRANSPORT,
            "migration ports",
            State.UNKNOWN,
            "not tried while a migration runs",
            node=source,
        )
        return
    reached: list[str] = []
    for host, memory in hosts.items():
        target, vms = memory.target, memory.vms
        first, last = _range(case, memory)
        name = _port_name(host, last)
        output, asked = case.output(source, name), name in case.facts[source].outputs
        if output.ok or "refused" in output.stderr:
            # Refused by the machine itself: nobody waits there now, and nothing is in the way.
            reached.append(f"{first}–{last} of {target}")
        elif asked and not output.answered:
            yield _blocked(source, target, (first, last), "it gives no answer", vms)
        elif "No route to host" in output.stderr or "timed out" in output.stderr:
            yield _blocked(source, target, (first, last), _said(output), vms)
        else:
            what = f"port {last} of {host}"
            unknown = unanswered(Topic.TRANSPORT, "migration ports", source, what, output)
            yield replace(unknown, concerns=vms, ways=(Way(source, target),))
    if reached:
        seen = f"ports {', '.join(reached)} are open"
        yield Finding(Topic.TRANSPORT, "migration ports", State.OK, seen, node=source)


def _said(output: Output) -> str:
    return output.stderr.strip().rpartition(": ")[2]


def _blocked(
    source: str, target: str, ports: tuple[int, int], said: str, vms: tuple[str, ...]
) -> Finding:
    first, last = ports
    return Finding(
        Topic.TRANSPORT,
        "migration ports",
        State.WRONG,
        f"port {last} of {target}: {said}",
        f"the RAM of a VM goes to a port of {first}–{last} there, and does not arrive",
        source,
        cures=_firewall(target, f"{first}-{last}/tcp"),
        concerns=vms,
        effect=Effect.SENDING_FAILS,
        ways=(Way(source, target),),
    )
