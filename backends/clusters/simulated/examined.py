"""What probes print in a simulated cluster: a healthy Debian 12, in the exact form of its tools.

A scenario may have a node tell something else (`Host.tells`).
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterable, Mapping

from backends.clusters.simulated.state import LIBVIRT, QEMU, Guest, Host, State
from backends.data.examination import Output, Probe
from backends.data.xml_text import escaped

Answer = Callable[[State, Host, Probe], str]

_NO_SUCH_COMMAND = Output(127, "", "sh: 1: not found\n")
_NO_LIBVIRT = Output(
    1,
    "",
    "error: failed to connect to the hypervisor\n"
    "error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Connection refused\n",
)
_PORTS = ("0.0.0.0:22",)
_SPEED_MBIT_PER_S = 10_000
_VERSION = f"""\
Compiled against library: libvirt {LIBVIRT}
Using library: libvirt {LIBVIRT}
Using API: QEMU {LIBVIRT}
Running hypervisor: QEMU {QEMU}
"""


def answers(state: State, host: Host, probes: Iterable[Probe]) -> dict[str, Output]:
    """What these probes print there, by their names."""
    return {probe.name: answer(state, host, probe) for probe in probes}


def answer(state: State, host: Host, probe: Probe) -> Output:
    """What this probe prints there; what is not known here is not installed there."""
    tell = _ANSWERS.get(probe.name) or _ANSWERS.get(probe.name.partition(" ")[0])
    if tell is None:
        return _NO_SUCH_COMMAND
    if host.libvirt_down is not None and tell in (_capabilities, _domains, _compared):
        return _NO_LIBVIRT
    if probe.name.startswith("migration port "):
        refused = f"bash: line 1: /dev/tcp/{probe.name[15:]}/49215: Connection refused\n"
        return Output(1, "", f"bash: connect: Connection refused\n{refused}")
    return Output(0, host.tells.get(probe.name) or tell(state, host, probe))


def _os_release(_state: State, _host: Host, _probe: Probe) -> str:
    return 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'


def _nothing(_state: State, _host: Host, _probe: Probe) -> str:
    return ""


def _user(_state: State, _host: Host, _probe: Probe) -> str:
    return "0\n"


def _capabilities(_state: State, host: Host, _probe: Probe) -> str:
    own = uuid.uuid5(uuid.NAMESPACE_DNS, host.name)
    return f"""\
<capabilities>

  <host>
    <uuid>{own}</uuid>
    <cpu>
      <arch>x86_64</arch>
      <model>EPYC-Milan</model>
      <vendor>AMD</vendor>
    </cpu>
  </host>

  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/bin/qemu-system-x86_64</emulator>
      <machine maxCpus='255'>pc-i440fx-7.2</machine>
      <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>
      <machine maxCpus='288'>pc-q35-7.2</machine>
      <machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>
      <domain type='qemu'/>
      <domain type='kvm'/>
    </arch>
  </guest>

</capabilities>

"""


def _domains(state: State, host: Host, _probe: Probe) -> str:
    return "".join(_domain(guest) for guest in state.on(host.name) if carried_by_xml(guest.domain))


def carried_by_xml(name: str) -> bool:
    """Whether such a name can be at all outside a simulation: XML 1.0 has no control characters."""
    return all(character >= " " for character in name)


def _domain(guest: Guest) -> str:
    name = escaped(guest.domain)
    return f"""\
<domain type='kvm' id='{guest.boots}'>
  <name>{name}</name>
  <uuid>{uuid.uuid5(uuid.NAMESPACE_DNS, guest.id)}</uuid>
  <memory unit='KiB'>{guest.memory_bytes // 1024}</memory>
  <vcpu placement='static'>{guest.vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
  </os>
  <cpu mode='custom' match='exact' check='full'>
    <model fallback='forbid'>EPYC-Rome</model>
    <vendor>AMD</vendor>
    <feature policy='require' name='x2apic'/>
  </cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw' cache='none' io='native'/>
      <source protocol='rbd' name='vms/{name}'>
        <host name='ceph-mon' port='6789'/>
      </source>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>

"""


def _none_defined(_state: State, _host: Host, _probe: Probe) -> str:
    return "\n#autostart\n\n"


def _processes(_state: State, host: Host, _probe: Probe) -> str:
    libvirtd = "" if host.libvirt_down is not None else "    912 libvirtd  /usr/sbin/libvirtd\n"
    return f"      1 systemd  /sbin/init\n    700 sshd  sshd: /usr/sbin/sshd -D\n{libvirtd}"


def _unit(_state: State, _host: Host, _probe: Probe) -> str:
    return (
        "ExecStart={ path=/usr/sbin/libvirtd ; argv[]=/usr/sbin/libvirtd $LIBVIRTD_ARGS ; "
        "ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; "
        "status=0/0 }\nEnvironmentFiles=/etc/default/libvirtd (ignore_errors=yes)\n"
    )


def _units(_state: State, _host: Host, _probe: Probe) -> str:
    return "active\n" + "inactive\n" * 6


def _sockets(_state: State, _host: Host, _probe: Probe) -> str:
    return "".join(f"LISTEN 0      128    {port}    0.0.0.0:*\n" for port in _PORTS)


def _version(_state: State, _host: Host, _probe: Probe) -> str:
    return _VERSION


def _names(state: State, _host: Host, _probe: Probe) -> str:
    return names(state)


def names(state: State, loopback: str | None = None) -> str:
    """What the node names resolve to; one of them perhaps as some installers leave it."""
    lines: list[str] = []
    for number, name in enumerate(state.hosts, 11):
        address = "127.0.1.1" if name == loopback else f"10.0.0.{number}"
        lines.append(f"#{name}\n{address:<15} STREAM {name}\n")
        lines.append(f"{address:<15} DGRAM  \n{address:<15} RAW    \n")
    return "".join(lines)


def _hostname(_state: State, host: Host, _probe: Probe) -> str:
    return f"{host.name}\n"


def _clock(_state: State, _host: Host, _probe: Probe) -> str:
    return f"{time.time():.9f}\n"


def _config_files(state: State, _host: Host, _probe: Probe) -> str:
    return config_files(state.guests.values())


def config_files(guests: Iterable[Guest]) -> str:
    """The checksums of a node that has those of these VMs."""
    files = sorted(map(config_file, guests))
    return "".join(f"{hashlib.sha256(file.encode()).hexdigest()}  {file}\n" for file in files)


def config_file(guest: Guest) -> str:
    """Where the XML of its domain lies, the same on every node."""
    return f"/etc/libvirt/vm/{guest.id}.xml"


def _link_speeds(state: State, host: Host, _probe: Probe) -> str:
    return _lines(f"{name} {_SPEED_MBIT_PER_S}" for name in state.hosts if name != host.name)


def _memory(state: State, host: Host, _probe: Probe) -> str:
    used = sum(guest.memory_bytes for guest in state.on(host.name))
    total, free = host.memory_bytes >> 10, (host.memory_bytes - used) >> 10
    return f"MemTotal:       {total} kB\nMemFree:        {free} kB\nMemAvailable:   {free} kB\n"


def _emulators(_state: State, _host: Host, _probe: Probe) -> str:
    return "/usr/bin/qemu-system-x86_64\n"


def _compared(_state: State, _host: Host, _probe: Probe) -> str:
    what = "CPU described in /dev/stdin"
    return f"The CPU provided by hypervisor on the host is a superset of {what}\n"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_ANSWERS: Mapping[str, Answer] = {
    "os-release": _os_release,
    "user": _user,
    "capabilities": _capabilities,
    "domains": _domains,
    "processes": _processes,
    "libvirt settings": _nothing,
    "libvirt options": _nothing,
    "libvirt unit": _unit,
    "libvirt units": _units,
    "listening sockets": _sockets,
    "transport": _version,
    "migration": _nothing,
    "names": _names,
    "hostname": _hostname,
    "clock": _clock,
    "config files": _config_files,
    "defined domains": _none_defined,
    "link speeds": _link_speeds,
    "memory": _memory,
    "emulators": _emulators,
    "cpu": _compared,
    "storage qemu": _version,
    "locking settings": _nothing,
}
"""By the name of the probe, or by its first word."""
