"""The operator's network namespace: a bridge with a cable to every node, unseen from the host."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

from lab.cache import NODE_NAMES
from lab.system import LabError, call, command_line, read_pid

PREFIX = "10.77.0."
OPERATOR = f"{PREFIX}1"
NOBODY = "02:00:00:00:00:01"
CLONE_NEWNET = 0x40000000


def address(node: str) -> str:
    """The address of a node, the same in every lab."""
    return f"{PREFIX}{11 + NODE_NAMES.index(node)}"


def build() -> None:
    """Set up the namespace that this process is in."""
    for command in (
        ("link", "set", "lo", "up"),
        ("link", "add", "br0", "type", "bridge"),
        ("addr", "add", f"{OPERATOR}/24", "dev", "br0"),
        ("link", "set", "br0", "up"),
    ):
        call("ip", *command)


def namespace_of(process: int | str) -> int:
    """A file descriptor of the network namespace of a process ("self" for this one)."""
    return os.open(f"/proc/{process}/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def enter(namespace: int) -> None:
    """Move the calling thread, and the threads and processes it starts from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise LabError(f"cannot enter a network: {os.strerror(ctypes.get_errno())}")
    os.close(namespace)


@dataclass(frozen=True, slots=True)
class Network:
    """The operator's network, which lives as long as the lab's keeper."""

    base: Path

    @property
    def keeper_pid(self) -> int | None:
        """The keeper, if it runs."""
        pid = read_pid(self.base / "keeper.pid")
        return pid if pid and f"lab keep {self.base} " in command_line(pid) else None

    @property
    def pid(self) -> int:
        """A process in the namespace. Raises LabError where the lab is down."""
        pid = self.keeper_pid
        if pid is None:
            raise LabError(f"no lab is up in {self.base}")
        return pid

    def prefix(self) -> list[str]:
        """The words that make a command run in the namespace."""
        return ["nsenter", f"--target={self.pid}", "--net", "--"]

    def plug(self, node: str, init_pid: int) -> None:
        """Lay a cable from the bridge to a node that has just been booted.

        Its last one goes with its network namespace, which the kernel takes its time to clean up.
        """
        pid, cable, inside = self.pid, f"v-{node}", ("nsenter", f"--target={init_pid}", "--net")
        peer = ("type", "veth", "peer", "name", "eth0", "netns", init_pid)
        call(*self.prefix(), "ip", "link", "del", cable, check=False)
        call(*self.prefix(), "ip", "link", "add", cable, "netns", pid, *peer)
        call(*self.prefix(), "ip", "link", "set", cable, "master", "br0", "up")
        call(*inside, "ip", "addr", "add", f"{address(node)}/24", "dev", "eth0")
        call(*inside, "ip", "link", "set", "eth0", "up")

    def cut(self, node: str, init_pid: int | None) -> None:
        """Lose, silently and both ways, what the operator and a node send each other.

        A frame to a hardware address that nobody has: the nodes still hear one another.
        """
        wrong = ("lladdr", NOBODY, "nud", "permanent")
        call(*self.prefix(), "ip", "neigh", "replace", address(node), "dev", "br0", *wrong)
        if init_pid:
            inside = ("nsenter", f"--target={init_pid}", "--net")
            call(*inside, "ip", "neigh", "replace", OPERATOR, "dev", "eth0", *wrong)

    def mend(self, node: str, init_pid: int | None) -> None:
        """Undo a cut; harmless where there is none."""
        shown = call(*self.prefix(), "ip", "neigh", "show", address(node), "nud", "permanent")
        if not shown:
            return
        call(*self.prefix(), "ip", "neigh", "del", address(node), "dev", "br0")
        if init_pid:
            inside = ("nsenter", f"--target={init_pid}", "--net")
            call(*inside, "ip", "neigh", "del", OPERATOR, "dev", "eth0", check=False)
