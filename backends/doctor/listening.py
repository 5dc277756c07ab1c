"""Topic 1: does libvirt listen for the other nodes?

Sources: libvirtd(8), virtproxyd(8), libvirtd.conf, the unit files of libvirt 9; ss(8) of iproute2.
Under socket activation systemd decides what listens, and libvirtd.conf's `listen_*` is ignored;
`--listen` and an active socket together make libvirtd refuse to start.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.doctor.case import Case, once
from backends.doctor.listening_cures import Daemon, cures_for_conflict, cures_for_silence
from backends.doctor.shared import CAPABILITIES, PROCESSES, unanswered
from backends.doctor.uris import TCP, TLS, remote_uri, routes, transport_of

UNITS = (
    "libvirtd.socket",
    "libvirtd-tcp.socket",
    "libvirtd-tls.socket",
    "virtproxyd.socket",
    "virtproxyd-tcp.socket",
    "virtproxyd-tls.socket",
    "virtqemud.socket",
)
_SETTINGS = (
    "listen_tls|listen_tcp|listen_addr|tcp_port|tls_port|auth_tcp|auth_tls"
    "|migration_port_min|migration_port_max|shared_filesystems"
)
SETTINGS = Probe(
    "libvirt settings",
    f"grep -HsE '^[[:space:]]*({_SETTINGS})[[:space:]]*=' "
    "/etc/libvirt/libvirtd.conf /etc/libvirt/virtproxyd.conf /etc/libvirt/qemu.conf; true",
)
OPTIONS = Probe(
    "libvirt options",
    "grep -HsE '^[[:space:]]*(LIBVIRTD_ARGS|libvirtd_opts|VIRTPROXYD_ARGS)=' "
    "/etc/default/libvirtd /etc/sysconfig/libvirtd /etc/default/libvirt-bin "
    "/etc/default/virtproxyd /etc/sysconfig/virtproxyd; true",
)
UNIT = Probe(
    "libvirt unit",
    "systemctl show --property=ExecStart --property=EnvironmentFiles libvirtd.service; true",
)
ACTIVE = Probe("libvirt units", f"systemctl is-active {' '.join(UNITS)}; true")
SOCKETS = Probe.of("listening sockets", "ss", "-Hltn")

DEFAULT_PORTS = {TCP: 16509, TLS: 16514}
_LISTEN_OPTION = re.compile(r"(?:^|[\s\"'=])(?:--listen|-[a-zA-Z]*l[a-zA-Z]*)(?=$|[\s\"'])")


def probes(case: Case, node: str) -> Iterator[Probe]:
    yield from (SETTINGS, OPTIONS, UNIT, ACTIVE, SOCKETS)


def judge(case: Case) -> Iterator[Finding]:
    used = used_transports(case)
    for node in case.nodes:
        if case.answered(node):
            yield from _judge_node(case, node, used)


@once
def used_transports(case: Case) -> dict[str, tuple[str, ...]]:
    """The VMs that use each transport."""
    used: dict[str, list[str]] = {}
    for route, vms in routes(case):
        used.setdefault(transport_of(remote_uri(route, "node")), []).extend(vms)
    return {transport: tuple(vms) for transport, vms in used.items()}


def _judge_node(case: Case, node: str, used: dict[str, tuple[str, ...]]) -> Iterator[Finding]:
    answers, daemon = case.output(node, CAPABILITIES.name), daemon_of(case, node)
    forbidden = "authentication" in answers.stderr or "ermission denied" in answers.stderr
    if answers.answered and not answers.ok and not answers.missing and not forbidden:
        yield Finding(
            Topic.LIBVIRT,
            "daemon",
            State.WRONG,
            f"libvirt does not answer: {answers.said}",
            "no VM can be moved here, and Pacemaker cannot tell what runs here",
            node,
            cures=_cures_for_no_answer(daemon),
            effect=Effect.SENDING_FAILS,
        )
    elif not answers.ok:
        yield unanswered(Topic.LIBVIRT, "daemon", node, "whether libvirt answers", answers)
    if daemon.wants_listen and daemon.activated:
        yield Finding(
            Topic.LIBVIRT,
            "socket activation",
            State.WRONG,
            "libvirtd is told to --listen while systemd holds its sockets",
            "with both libvirtd refuses to start the next time",
            node,
            cures=cures_for_conflict(daemon, used),
        )
    for transport in (TCP, TLS):
        vms = used.get(transport, ())
        yield from _judge_transport(case, node, daemon, transport, vms, used)


def _cures_for_no_answer(daemon: Daemon) -> tuple[Cure, ...]:
    """Where nothing of libvirt is up, either may be what the node has."""
    modular = Cure(("systemctl start virtqemud.socket",))
    return (modular,) if daemon.modular else (Cure(("systemctl start libvirtd",)), modular)


def _judge_transport(
    case: Case,
    node: str,
    daemon: Daemon,
    transport: str,
    vms: tuple[str, ...],
    used: Collection[str],
) -> Iterator[Finding]:
    sockets = case.output(node, SOCKETS.name)
    check = f"{transport} listener"
    port = daemon.port(transport)
    if not sockets.ok:
        if vms:
            yield unanswered(Topic.LIBVIRT, check, node, f"what listens on {port}", sockets)
        return
    addresses = listening(sockets.lines).get(port, ())
    open_to_others = [address for address in addresses if not _loopback(address)]
    if open_to_others:
        if vms:
            seen = f"listens on {port} ({', '.join(open_to_others)})"
            yield Finding(Topic.LIBVIRT, check, State.OK, seen, node=node, concerns=vms)
        if transport == TCP:
            yield from _judge_authentication(node, daemon, port)
    elif vms:
        seen = f"nothing listens on {port}"
        if addresses:
            seen = f"only this node itself can reach port {port}"
        yield Finding(
            Topic.LIBVIRT,
            check,
            State.WRONG,
            f"{seen}: {daemon.why_silent(transport, bound=bool(addresses))}",
            f"no VM that uses {transport} can come to this node: its migration fails at once",
            node,
            cures=cures_for_silence(daemon, transport, used),
            concerns=vms,
            ways=(Way(target=node),),
        )


def _judge_authentication(node: str, daemon: Daemon, port: int) -> Iterator[Finding]:
    if daemon.settings.get("auth_tcp", "sasl") == "none":
        yield Finding(
            Topic.LIBVIRT,
            "authentication",
            State.WARNING,
            f'auth_tcp = "none" and port {port} is open',
            f"whoever reaches port {port} is root on this node: use TLS, or an isolated network",
            node,
            cures=(
                Cure((f"only the other nodes may reach port {port}: see the node's firewall",)),
                Cure((_TO_TLS,)),
            ),
        )


# Not auth_tcp = "sasl": over plain TCP libvirt takes mechanisms that encrypt (remoteSASLFinish), so
# Kerberos alone, and without a ticket every migration fails.
_TO_TLS = (
    "or give every node certificates (https://libvirt.org/kbase/tlscerts.html), "
    "and each VM migration_transport=tls"
)


def _loopback(address: str) -> bool:
    return address.startswith("127.") or address in ("[::1]", "::1")


def listening(lines: list[str]) -> dict[int, tuple[str, ...]]:
    """The addresses on which something listens, by port, from `ss -Hltn`."""
    found: dict[int, list[str]] = {}
    for line in lines:
        words = line.split()
        if len(words) >= 4 and words[0] == "LISTEN":
            address, _, port = words[3].rpartition(":")
            if port.isdecimal():
                found.setdefault(int(port), []).append(address.partition("%")[0])
    return {port: tuple(addresses) for port, addresses in found.items()}


@dataclass(frozen=True, slots=True)
class _Processes:
    commands: dict[str, str]

    @classmethod
    def of(cls, lines: list[str]) -> _Processes:
        """From `ps -eo pid=,comm=,args=`."""
        commands: dict[str, str] = {}
        for line in lines:
            words = line.split(None, 2)
            if len(words) > 1:
                commands.setdefault(words[1], words[2] if len(words) > 2 else "")
        return cls(commands)


def daemon_of(case: Case, node: str) -> Daemon:
    """How libvirt is set up on a node, from all that was said about it."""
    processes = _Processes.of(case.output(node, PROCESSES.name).lines).commands
    states = dict(zip(UNITS, case.output(node, ACTIVE.name).lines, strict=False))
    active = frozenset(unit for unit, state in states.items() if state.strip() == "active")
    modular = "libvirtd" not in processes and (
        "virtproxyd" in processes
        or "virtqemud" in processes
        or any(unit.startswith(("virtproxyd", "virtqemud")) for unit in active)
    )
    settings, options = settings_of(case.output(node, SETTINGS.name).lines, modular=modular), ""
    for line in case.output(node, OPTIONS.name).lines:
        path, _, text = line.partition(":")
        if ("virtproxyd" in path) is modular:
            options += f" {text.partition('=')[2]}"
    arguments = processes.get("virtproxyd" if modular else "libvirtd")
    return Daemon(
        modular=modular,
        systemd=bool(states),
        active=active,
        settings=settings,
        running=arguments is not None,
        listens=bool(_LISTEN_OPTION.search(arguments or "")),
        wants_listen=bool(_LISTEN_OPTION.search(f" {options}")),
        family=case.family(node),
        option=option_of(case.output(node, UNIT.name).stdout),
        resource=_run_by(case, "virtproxyd" if modular else "libvirtd"),
    )


_ARGUMENTS = re.compile(r"^ExecStart=.*argv\[\]=\S+(?: [^;]*?)?\$\{?(\w+)", re.MULTILINE)
_FILE = re.compile(r"^EnvironmentFiles?=(\S+)", re.MULTILINE)


def option_of(text: str) -> tuple[str, str] | None:
    """The file and the variable from which a unit takes its options, as `systemctl show` has it.

    Ubuntu's libvirtd of 20.04 wants `libvirtd_opts`, others `LIBVIRTD_ARGS`.
    """
    variable, file = _ARGUMENTS.search(text), _FILE.search(text)
    return (file[1], variable[1]) if variable is not None and file is not None else None


def _run_by(case: Case, *daemons: str) -> str | None:
    """The resource by which Pacemaker runs one of these daemons, with its clone."""
    for resource in case.configuration.resources.values():
        kind, _, name = resource.agent.rpartition(":")
        if kind in ("systemd", "service", "lsb") and name.removesuffix(".service") in daemons:
            return resource.clone or resource.group or resource.id
    return None


def restart_of(case: Case, node: str | None) -> Cure:
    """By what the daemon that runs the guests reads its files anew, on one node or on any."""
    daemon = daemon_of(case, node or next(iter(case.nodes), ""))
    own = replace(daemon, resource=_run_by(case, daemon.driver))
    return own.restarting(f"systemctl restart {daemon.driver}")


def settings_of(lines: list[str], *, modular: bool = False) -> dict[str, str]:
    """What `grep -H` found in this daemon's file and QEMU's; the last of a name counts."""
    settings: dict[str, str] = {}
    for line in lines:
        path, _, text = line.partition(":")
        if path.endswith("qemu.conf") or ("virtproxyd" in path) is modular:
            name, _, value = text.partition("=")
            settings[name.strip()] = value.partition("#")[0].strip().strip("\"'")
    return settings
