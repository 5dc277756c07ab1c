"""One node: namespaces with an overlay of a root file system for a disk."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import cache, files, seed
from lab.network import Network
from lab.releases import Root
from lab.system import LabError, call, command_line, read_pid, spawn, wait
from waiting import PATIENCE_S

NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child=KILL")
REPOSITORY = Path(__file__).resolve().parents[2]


def shown_paths() -> list[Path]:
    """What a node sees of the host at the same place: the repository and the Python that runs.

    A distribution's own Python is in the overlay already.
    """
    paths = {REPOSITORY, Path(sys.base_prefix), Path(sys.prefix)} - {Path("/"), Path("/usr")}
    return sorted(path for path in paths if not paths.intersection(path.parents))


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the lab in `base`; its state is the files there and the processes they name."""

    name: str
    base: Path

    @property
    def directory(self) -> Path:
        return self.base / "nodes" / self.name

    @property
    def init_pid(self) -> int | None:
        """The first process of the node as the host numbers it; None where it has no power."""
        pid = read_pid(self.directory / "init.pid")
        tag = f"lab-init {self.name} {self.base} "
        return pid if pid and tag in command_line(pid) else None

    @property
    def root(self) -> Path:
        """The node's root directory as the host reaches it."""
        return Path(f"/proc/{self._power()}/root")

    def format(self, nodes: Sequence[str], root: Root) -> None:
        """Give the node a new disk."""
        shutil.rmtree(self.directory, ignore_errors=True)
        for part in ("upper", "work", "root"):
            (self.directory / part).mkdir(parents=True)
        (self.directory / "lower").symlink_to(root.directory)
        seed.fill_upper(self.directory / "upper", self.name, nodes, root)

    def boot(self, network: Network) -> None:
        """Switch the power on and start the daemons; the cluster takes some seconds more."""
        log = self.directory / "init.log"
        (self.directory / "init.pid").unlink(missing_ok=True)
        arguments = (self.name, self.base, cache.DIRECTORY, *shown_paths())
        init = files.text("node-init.sh")
        spawn("unshare", *NAMESPACES, "--", "bash", "-c", init, "lab-init", *arguments, log=log)
        try:
            wait(self._is_booted, PATIENCE_S, f"{self.name} boots", every_s=0.02)
        except LabError as error:
            raise LabError(f"{error}\n{log.read_text().strip()}") from error
        network.plug(self.name, self._power())
        self.start_daemons()

    def command(self, *argv: object) -> list[str]:
        """The words that run a command in the node as root."""
        return ["nsenter", f"--target={self._power()}", "--all", "--", *map(str, argv)]

    def run(self, *argv: object, check: bool = True, stdin: str | None = None) -> str:
        """Run a command in the node as root; its standard output. Raises LabError."""
        return call(*self.command(*argv), check=check, stdin=stdin)

    def kill(self) -> None:
        """Pull the plug: everything in the node is gone at once."""
        pid = self.init_pid
        if pid:
            os.kill(pid, signal.SIGKILL)
            wait(lambda: not self.init_pid, PATIENCE_S, f"{self.name} is dead", every_s=0.02)

    def stop_libvirtd(self) -> None:
        """End libvirtd; the domains go on. On a busy machine 10 s were not enough (3.0.0)."""
        self.run("bash", "-c", 'kill "$(cat /run/libvirtd.pid)"')
        wait(lambda: not self.has_libvirtd(), PATIENCE_S, f"libvirtd on {self.name} ends")

    def stop_pacemaker(self) -> None:
        """End Pacemaker in good order: what runs here is stopped or moved first."""
        self.run("bash", "-c", 'kill "$(cat /run/pacemakerd.pid)"')
        ended = 'test ! -e "/proc/$(cat /run/pacemakerd.pid)"; echo $?'
        wait(
            lambda: self.run("bash", "-c", ended, check=False).strip() == "0",
            PATIENCE_S,
            f"Pacemaker on {self.name} ends",
        )

    def start_daemons(self, name: str = "") -> None:
        """Start what does not run: sshd, libvirtd and cluster, or one of them."""
        self.run("bash", "-c", files.text("node-daemons.sh"), "lab-daemons", name)

    def has_libvirtd(self) -> bool:
        """Is there a libvirtd?"""
        return bool(self.run("pidof", "libvirtd", check=False).strip())

    def _is_booted(self) -> bool:
        pid = self.init_pid
        return pid is not None and Path(f"/proc/{pid}/root/run/lab-ready").exists()

    def _power(self) -> int:
        pid = self.init_pid
        if pid is None:
            raise LabError(f"{self.name} has no power")
        return pid
