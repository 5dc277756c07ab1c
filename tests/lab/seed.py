"""The files a node is born with: what differs from the host, in the upper layer of its overlay."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from lab import cache, cib, files
from lab.network import OPERATOR, address
from lab.releases import Root
from lab.system import write

# Directories in which nothing of the host's own may show.
OPAQUE = (
    "etc/libvirt/qemu",
    "home",
    "root",
    "var/lib/corosync",
    "var/lib/libvirt/qemu",
    "var/lib/pacemaker/cib",
    "var/lib/pacemaker/pengine",
    "var/log/corosync",
    "var/log/libvirt",
    "var/log/pacemaker",
)
DISK_BYTES = 1 << 20
# Logins beside root: `ops` may sudo without a password, `guest` may nothing.
USERS = {"ops": 7001, "guest": 7002}
CLUSTER_DIRECTORIES = ("var/lib/pacemaker", "var/lib/pacemaker/cib", "var/lib/pacemaker/pengine")


def known_hosts(nodes: Sequence[str]) -> str:
    """The host keys of the nodes by name and address."""
    return "".join(f"{node},{address(node)} {cache.public(f'host-{node}')}" for node in nodes)


def ssh_config(nodes: Sequence[str], known: Path) -> str:
    """What an operator has in ~/.ssh/config."""
    return "".join(
        f"Host {node}\n"
        f"  HostName {address(node)}\n"
        "  User root\n"
        f"  IdentityFile {cache.key('operator')}\n"
        "  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {known}\n"
        "  StrictHostKeyChecking yes\n"
        for node in nodes
    )


def fill_upper(upper: Path, node: str, nodes: Sequence[str], root: Root) -> None:
    """Write everything a node needs before it is booted for the first time."""
    for directory in OPAQUE:
        (upper / directory).mkdir(parents=True, exist_ok=True)
        os.setxattr(upper / directory, "trusted.overlay.opaque", b"y")
    _identity(upper, node, nodes)
    _ssh(upper, node, nodes)
    _users(upper, root)
    _cluster(upper, nodes, root)
    if root.capabilities.is_dir():
        shutil.copytree(root.capabilities, upper / "var/cache/libvirt/qemu/capabilities")


def fill_storage(shared: Path, nodes: Sequence[str]) -> None:
    """Make the storage that all nodes share anew, with an empty disk for each VM."""
    shutil.rmtree(shared, ignore_errors=True)
    for directory in ("boot", "images", "vm", "console", "fence"):
        (shared / directory).mkdir(parents=True)
    for name in ("kernel", "initrd"):
        shutil.copy(cache.BOOT / name, shared / "boot")
    for vm in cib.VMS:
        write(shared / "vm" / f"{vm.name}.xml", cib.domain_xml(vm))
        with (shared / "images" / f"{vm.name}.img").open("wb") as image:
            image.truncate(DISK_BYTES)
    write(shared / "fence/nodes", "\n".join(nodes) + "\n")


def _identity(upper: Path, node: str, nodes: Sequence[str]) -> None:
    host_uuid = uuid.uuid5(uuid.NAMESPACE_DNS, f"lab-{node}")
    hosts = ["127.0.0.1 localhost", f"{OPERATOR} operator"]
    hosts += [f"{address(name)} {name}" for name in nodes]
    write(upper / "etc/hosts", "\n".join(hosts) + "\n")
    write(upper / "etc/hostname", f"{node}\n")
    write(upper / "etc/machine-id", f"{host_uuid.hex}\n")
    write(upper / "etc/libvirt/libvirtd.conf", files.fill("libvirtd.conf", host_uuid=host_uuid))
    write(upper / "etc/libvirt/qemu.conf", files.text("qemu.conf"))


def _ssh(upper: Path, node: str, nodes: Sequence[str]) -> None:
    ssh = upper / "etc/ssh"
    write(ssh / "sshd_config", files.text("sshd_config"))
    write(ssh / "lab_host_key", cache.key(f"host-{node}").read_text(), 0o600)
    write(ssh / "lab_authorized_keys", cache.public("operator") + cache.public("cluster"))
    write(ssh / "ssh_known_hosts", known_hosts(nodes))
    write(upper / "root/.ssh/id_ed25519", cache.key("cluster").read_text(), 0o600)
    (upper / "root/.ssh").chmod(0o700)
    # Other users pass through: the Python that the nodes share with the host may lie below.
    (upper / "root").chmod(0o711)


def _users(upper: Path, root: Root) -> None:
    lines: dict[str, list[str]] = {"passwd": [], "group": [], "shadow": []}
    for name, number in USERS.items():
        lines["passwd"].append(f"{name}:x:{number}:{number}::/home/{name}:/bin/bash\n")
        lines["group"].append(f"{name}:x:{number}:\n")
        lines["shadow"].append(f"{name}:*:19000:0:99999:7:::\n")
        home = upper / "home" / name
        home.mkdir()
        os.chown(home, number, number)
    for name, added in lines.items():
        mode = 0o600 if name == "shadow" else 0o644
        write(upper / "etc" / name, root.text(f"etc/{name}") + "".join(added), mode)
    write(upper / "etc/sudoers.d/lab", "ops ALL=(root) NOPASSWD: ALL\n", 0o440)


def _cluster(upper: Path, nodes: Sequence[str], root: Root) -> None:
    members = "".join(
        files.fill("corosync-node.conf", address=address(node), name=node, number=number)
        for number, node in enumerate(nodes, 1)
    )
    two_node = int(len(nodes) == 2)
    corosync = files.fill("corosync.conf", nodelist=members, two_node=two_node)
    write(upper / "etc/corosync/corosync.conf", corosync)
    write(upper / "usr/sbin/fence_lab", files.text("fence_lab"), 0o755)
    seeded = upper / "var/lib/pacemaker/cib/cib.xml"
    write(seeded, cib.cib_xml(nodes), 0o600)
    for directory in CLUSTER_DIRECTORIES:
        (upper / directory).chmod(0o750)
    (upper / "var/log/pacemaker").chmod(0o770)
    for path in (seeded, *(upper / name for name in (*CLUSTER_DIRECTORIES, "var/log/pacemaker"))):
        os.chown(path, root.number("passwd", "hacluster"), root.number("group", "haclient"))
