"""How libvirt is set up on a node, why it is silent, and what to change: as it is done there."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from backends.data.examination import Cure, Family

_DEFAULT_PORTS = {"tcp": "16509", "tls": "16514"}
_OPTION_FILES = {
    Family.DEBIAN: "/etc/default/libvirtd",
    Family.RHEL: "/etc/sysconfig/libvirtd",
    Family.SUSE: "/etc/sysconfig/libvirtd",
}


@dataclass(frozen=True, slots=True)
class Daemon:
    """The daemon that would listen: libvirtd, or virtproxyd where the daemons are modular."""

    modular: bool = False
    systemd: bool = False
    active: frozenset[str] = frozenset()
    """The units that are."""
    settings: Mapping[str, str] = field(default_factory=dict)
    running: bool = False
    listens: bool = False
    """Whether it runs with `--listen`."""
    wants_listen: bool = False
    """Whether the file for its options has `--listen`."""
    family: Family | None = None
    option: tuple[str, str] | None = None
    """The file and the variable from which its unit takes its options, where that is known."""
    resource: str | None = None
    """What Pacemaker runs it by, where it does."""

    @property
    def name(self) -> str:
        return "virtproxyd" if self.modular else "libvirtd"

    @property
    def driver(self) -> str:
        """The daemon that runs the guests, and reads what concerns them."""
        return "virtqemud" if self.modular else "libvirtd"

    @property
    def file(self) -> str:
        return f"/etc/libvirt/{self.name}.conf"

    @property
    def activated(self) -> bool:
        """Whether systemd holds its sockets."""
        return any(unit.startswith(self.name) for unit in self.active)

    def restarting(self, *lines: str) -> Cure:
        """Lines by which a daemon stops for a while; Pacemaker must not take that for a failure,
        which would restart every guest that depends on it."""
        if self.resource is None:
            return Cure(lines)
        of_it = f"crm_resource --resource {shlex.quote(self.resource)} --meta"
        before = f"{of_it} --set-parameter maintenance --parameter-value true"
        return Cure((before, *lines, f"{of_it} --delete-parameter maintenance"))

    def port(self, transport: str) -> int:
        """Where it listens, or would."""
        said = self.settings.get(f"{transport}_port", "")
        return int(said if said.isdecimal() else _DEFAULT_PORTS[transport])

    def listens_for(self, transport: str) -> bool:
        """Whether its configuration has it listen (`listen_tls` is on unless it is off)."""
        return self.settings.get(f"listen_{transport}", "1" if transport == "tls" else "0") == "1"

    def why_silent(self, transport: str, *, bound: bool) -> str:
        """Why the others cannot reach it, in words."""
        if bound:
            return f"listen_addr = {self.settings.get('listen_addr', 'a loopback address')}"
        if self.modular or self.activated:
            return f"{self.name}-{transport}.socket is not active"
        if not self.running:
            return f"{self.name} does not run"
        if not self.listens:
            return f"{self.name} runs without --listen"
        if not self.listens_for(transport):
            return f"listen_{transport} is off in {self.file}"
        return f"{self.name} is told to, see its log"


def cures_for_silence(daemon: Daemon, transport: str, used: Collection[str]) -> tuple[Cure, ...]:
    """How to make it listen, as this node is set up; `used` are the transports of all VMs."""
    first = (Cure((_CERTIFICATES,)),) if transport == "tls" else ()
    if daemon.modular or daemon.activated:
        return (*first, _activation(daemon, (transport,)))
    cures: list[Cure] = [*first]
    if daemon.settings.get("listen_addr", "").startswith("127."):
        cures.append(Cure(('listen_addr = "0.0.0.0"',), daemon.file))
    if not daemon.listens_for(transport):
        cures.append(Cure((f"listen_{transport} = 1",), daemon.file))
    if not daemon.listens:
        if "tls" not in used and daemon.listens_for("tls"):
            # With --listen alone it would want certificates, and not start without.
            cures.append(Cure(("listen_tls = 0",), daemon.file))
        cures.extend(_option_cures(daemon, "--listen"))
        if daemon.systemd:
            cures.append(Cure((_MASK,)))
    cures.append(daemon.restarting("systemctl restart libvirtd"))
    return tuple(cures)


_CERTIFICATES = "first its certificates, without which it does not start: see the check of them"
_MASK = (
    "systemctl mask libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket "
    "libvirtd-tcp.socket libvirtd-tls.socket"
)


def _activation(daemon: Daemon, transports: Collection[str]) -> Cure:
    """No socket of a service that runs can be opened, and a client would start it meanwhile."""
    sockets = " ".join(f"{daemon.name}-{transport}.socket" for transport in transports)
    own = " ".join(f"{daemon.name}{kind}.socket" for kind in ("", "-ro", "-admin"))
    return daemon.restarting(
        f"systemctl stop {daemon.name}.service {own}",
        f"systemctl enable --now {own} {sockets}".rstrip(),
        f"systemctl start {daemon.name}.service",
    )


def cures_for_conflict(daemon: Daemon, used: Collection[str]) -> tuple[Cure, ...]:
    """Leave it to systemd, which is what its distribution does, for the transports in use."""
    needed = [transport for transport in ("tcp", "tls") if transport in used]
    return (*_option_cures(daemon, ""), _activation(daemon, needed))


def _option_cures(daemon: Daemon, option: str) -> tuple[Cure, ...]:
    if daemon.option is not None:
        file, variable = daemon.option
        return (Cure((f'{variable}="{option}"',), file),)
    line = f'LIBVIRTD_ARGS="{option}"'
    return tuple(Cure((line,), file, family) for family, file in _OPTION_FILES.items())
