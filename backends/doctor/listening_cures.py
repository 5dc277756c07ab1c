"""How libvirt is set up on a node, why it is silent, and what to change: as it is done there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backends.doctor.model import Cure, Family

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

    @property
    def name(self) -> str:
        return "virtproxyd" if self.modular else "libvirtd"

    @property
    def file(self) -> str:
        return f"/etc/libvirt/{self.name}.conf"

    @property
    def activated(self) -> bool:
        """Whether systemd holds its sockets."""
        return any(unit.startswith(self.name) for unit in self.active)

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


def cures_for_silence(daemon: Daemon, transport: str) -> tuple[Cure, ...]:
    """How to make it listen, as this node is set up."""
    socket = f"{daemon.name}-{transport}.socket"
    if daemon.modular or daemon.activated:
        return (
            Cure(
                (
                    f"systemctl stop {daemon.name}.service",
                    f"systemctl enable --now {socket}",
                    f"systemctl start {daemon.name}.service",
                )
            ),
        )
    cures: list[Cure] = []
    if daemon.settings.get("listen_addr", "").startswith("127."):
        cures.append(Cure(('listen_addr = "0.0.0.0"',), daemon.file))
    if not daemon.listens_for(transport):
        cures.append(Cure((f"listen_{transport} = 1",), daemon.file))
    if not daemon.listens:
        cures.extend(_option_cures('LIBVIRTD_ARGS="--listen"'))
        if daemon.systemd:
            cures.append(Cure((_MASK,)))
    cures.append(Cure(("systemctl restart libvirtd",)))
    return tuple(cures)


_MASK = (
    "systemctl mask libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket "
    "libvirtd-tcp.socket libvirtd-tls.socket"
)


def cures_for_conflict(daemon: Daemon) -> tuple[Cure, ...]:
    """Leave it to systemd, which is what its distribution does."""
    return (
        *_option_cures('LIBVIRTD_ARGS=""'),
        Cure(
            (
                "systemctl stop libvirtd.service",
                "systemctl enable --now libvirtd.socket libvirtd-tcp.socket",
                "systemctl start libvirtd.service",
            )
        ),
    )


def _option_cures(line: str) -> tuple[Cure, ...]:
    return tuple(Cure((line,), file, family) for family, file in _OPTION_FILES.items())
