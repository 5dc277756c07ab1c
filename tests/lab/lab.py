"""The lab: a real cluster on this machine, out of namespaces."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree.ElementTree import Element

from lab import cache, inquest, keeper, network, pace, releases, reset, seed
from lab.cib import VMS
from lab.cluster import Cluster
from lab.consoles import Consoles, Silent
from lab.guest import Guest
from lab.node import Node
from lab.system import LabError, T, call, wait, write
from waiting import PATIENCE_S

LABS = Path("/run/vmferry-lab")


def base_directory(name: str | Path | None = None) -> Path:
    """The directory of a lab by its name, or as given; VMFERRY_LAB names the default."""
    chosen = str(name or os.environ.get("VMFERRY_LAB") or "default")
    return Path(chosen).resolve() if "/" in chosen else LABS / chosen


class Lab:
    """A running lab. Usable as a context manager that takes it down."""

    def __init__(self, base: Path, nodes: tuple[str, ...], of: Sequence[str] = ()) -> None:
        self.base = base
        self.nodes = nodes
        self.releases = dict(zip(nodes, of, strict=False))
        self.network = network.Network(base)
        self.members = {name: Node(name, base) for name in nodes}
        self.consoles = Consoles(base / "shared/console")
        self.cluster = Cluster(tuple(self.members.values()))
        self._home: int | None = None

    @classmethod
    def up(
        cls,
        nodes: int = 3,
        base: str | Path | None = None,
        owner: int | None = None,
        release: str | None = None,
    ) -> Self:
        """Bring up a lab: all nodes online, every VM Started (its guest boots for 12 s more).

        With an `owner` (a process id) the lab goes down when that process ends. `release`: of all
        nodes, or of each ("bookworm,trixie,trixie"); see `releases.of_nodes`.
        Raises LabError where a lab is up already or does not come up.
        """
        if os.geteuid():
            raise LabError("the lab is made of namespaces and mounts: it needs root")
        if not 2 <= nodes <= len(cache.NODE_NAMES):
            raise LabError(f"a lab has 2 to {len(cache.NODE_NAMES)} nodes, not {nodes}")
        of = releases.of_nodes(release, nodes)
        lab = cls(base_directory(base), cache.NODE_NAMES[:nodes], of)
        if lab.network.keeper_pid:
            raise LabError(f"a lab is up already in {lab.base}")
        lab.down()
        cache.prepare()
        releases.prepare(of)
        lab.base.mkdir(parents=True, exist_ok=True)
        call("mount", "-t", "tmpfs", "-o", "mode=755,size=4g", "vmferry-lab", lab.base)
        try:
            lines = [f"{node} {release}\n" for node, release in lab.releases.items()]
            write(lab.base / "nodes.txt", "".join(lines))
            write(lab.known_hosts, seed.known_hosts(lab.nodes))
            write(lab.ssh_config, seed.ssh_config(lab.nodes, lab.known_hosts))
            keeper.start(lab.base, owner)
            lab.rebuild()
        except BaseException:
            lab.down()
            raise
        return lab

    @classmethod
    def attach(cls, base: str | Path | None = None) -> Self:
        """Find a lab that is up. Raises LabError where there is none."""
        directory = base_directory(base)
        try:
            lines = (directory / "nodes.txt").read_text().splitlines()
        except FileNotFoundError:
            raise LabError(f"no lab is up in {directory}") from None
        nodes, of = zip(*(line.split() for line in lines), strict=True)
        return cls(directory, nodes, of)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.down()

    def down(self) -> None:
        """End everything of the lab, also of one that came up by half or outlived a reboot."""
        self.leave_network()
        pid = self.network.keeper_pid
        if pid and pid != os.getpid():
            os.kill(pid, signal.SIGKILL)
        if os.path.ismount(self.base):
            self._power_off()
            # Lazily: the keeper, which may be who runs this, has its log there.
            call("umount", "--lazy", self.base)
        if self.base.is_dir() and not any(self.base.iterdir()):
            self.base.rmdir()

    def rebuild(self) -> None:
        """Give every node a new disk and the cluster its seed; the operator's network stays."""
        self._power_off()
        seed.fill_storage(self.base / "shared", self.nodes)
        roots = releases.prepare(tuple(self.releases.values()))
        for name, node in self.members.items():
            node.format(self.nodes, roots[self.releases[name]])
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(lambda node: node.boot(self.network), self.members.values()))
        wait(self.cluster.is_online, PATIENCE_S, "all nodes online with a DC")
        wait(self._all_started, PATIENCE_S, "every VM Started")
        reset.keep_pristine(self.cluster, self.base)
        for name, node in self.members.items():
            found = node.root / "var/cache/libvirt/qemu/capabilities"
            cache.keep_capabilities(found, roots[self.releases[name]].capabilities)

    @property
    def identity(self) -> Path:
        """The operator's private key."""
        return cache.key("operator")

    @property
    def known_hosts(self) -> Path:
        """The host keys of the nodes."""
        return self.base / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """An ssh_config with every node by name."""
        return self.base / "ssh_config"

    def enter_network(self) -> None:
        """Move this thread, and what it starts from now on, to where the nodes are reached."""
        if self._home is None:
            self._home = network.namespace_of("self")
            network.enter(network.namespace_of(self.network.pid))

    def leave_network(self) -> None:
        """Undo `enter_network`."""
        if self._home is not None:
            network.enter(self._home)
            self._home = None

    def run(self, node: str, *argv: object, check: bool = True, stdin: str | None = None) -> str:
        """Run a command in a node as root; its standard output. Raises LabError."""
        return self.members[node].run(*argv, check=check, stdin=stdin)

    def crm_mon(self) -> Element:
        """The status as crm_mon prints it on a node that answers."""
        return self.cluster.crm_mon()

    def cib(self) -> Element:
        """The whole CIB."""
        return self.cluster.cib()

    def where(self, vm: str) -> str | None:
        """The node on which a VM is Started, and only there."""
        return self.cluster.placement().get(vm)

    def wait_for_vm(self, vm: str, node: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until a VM is Started on a node and on no other."""
        wait(lambda: self.where(vm) == node, timeout_s, f"{vm} is Started on {node}")

    def wait_online(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until all nodes are online with a DC and quorum."""
        wait(self.cluster.is_online, timeout_s, "all nodes are online")

    def guest(self, vm: str) -> Guest:
        """What a VM's guest last printed. Raises LabError where it has printed nothing yet."""
        guest = self.consoles.last(vm)
        if guest is None:
            raise LabError(f"the guest of {vm} has printed nothing yet")
        return guest

    def wait_guest(
        self, vm: str, *, after_ticks: int = 0, boots: int = 0, timeout_s: float = PATIENCE_S
    ) -> Guest:
        """Wait for a tick printed from now on, beyond `after_ticks`, in boot `boots` or later."""
        before = self.consoles.last(vm)
        with self._inquest():
            return self.consoles.wait(
                vm, before, after_ticks=after_ticks, boots=boots, timeout_s=timeout_s
            )

    def wait_guests(self, timeout_s: float = PATIENCE_S) -> dict[str, Guest]:
        """Wait until every guest has ticked from now on."""
        with self._inquest():
            return self.consoles.wait_all(self.consoles.all(), timeout_s)

    def kill(self, node: str) -> None:
        """Pull the plug of a node."""
        self.members[node].kill()

    def start(self, node: str) -> None:
        """Boot a node that has no power, from its old disk; see `wait_online`."""
        if self.members[node].init_pid:
            raise LabError(f"{node} has power already")
        (self._fence / f"{node}.off").unlink(missing_ok=True)
        self.members[node].boot(self.network)

    def stop_libvirtd(self, node: str) -> None:
        """End a node's libvirtd; its domains go on."""
        self.members[node].stop_libvirtd()

    def start_libvirtd(self, node: str) -> None:
        """Start a node's libvirtd again."""
        self.members[node].start_daemons("libvirtd")

    def stop_pacemaker(self, node: str) -> None:
        """Stop Pacemaker on a node in good order."""
        self.members[node].stop_pacemaker()

    def start_pacemaker(self, node: str) -> None:
        """Start it again, and wait until the node is online."""
        self.members[node].start_daemons("cluster")
        self.wait_online()

    def cut_ssh(self, node: str) -> None:
        """Lose, silently, all packets between the operator and a node; the cluster is unaware."""
        self.network.cut(node, self.members[node].init_pid)

    def restore_ssh(self, node: str) -> None:
        """Undo `cut_ssh`."""
        self.network.mend(node, self.members[node].init_pid)

    def break_fencing(self) -> None:
        """Make the power switch refuse."""
        (self._fence / "broken").touch()

    def mend_fencing(self) -> None:
        """Undo `break_fencing`."""
        (self._fence / "broken").unlink(missing_ok=True)

    def reset(self, guests_s: float = PATIENCE_S) -> str:
        """Bring everything back to the seed, every guest ticking; VMs may move or restart.

        What does not follow is built anew, also where a guest has not ticked for `guests_s`;
        the reason for that, else nothing.
        """
        before = self.consoles.all()
        try:
            if reset.settle(self):
                before = self.consoles.all()
            with self._inquest():
                self.consoles.wait_all(before, guests_s)
        except LabError as error:
            self.rebuild()
            self.wait_guests()
            return str(error)
        return ""

    def hurry(self) -> None:
        """Let what migrates now go as fast as it can; end what is being stopped."""
        pace.hurry(self)

    def wait(self, predicate: Callable[[], T | None], timeout_s: float, what: str) -> T:
        """Ask until the answer is true, and return it. Raises LabError after `timeout_s`."""
        return wait(predicate, timeout_s, what)

    @property
    def _fence(self) -> Path:
        return self.base / "shared/fence"

    @contextmanager
    def _inquest(self) -> Iterator[None]:
        """Whoever waits for a guest in vain is told where it is written what was found."""
        try:
            yield
        except Silent as error:
            raise LabError(
                f"{error}\nlooked into: {inquest.hold(self, error.vm, str(error))}"
            ) from error

    def _all_started(self) -> bool:
        return len(self.cluster.placement()) == len(VMS)

    def _power_off(self) -> None:
        for node in self.members.values():
            node.kill()
