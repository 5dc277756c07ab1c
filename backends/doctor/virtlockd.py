"""Locking: virtlockd, whose locks are fcntl locks on files. Forms: qemu-lockd.conf, ss(8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from backends.data.examination import Cure, Effect, Finding, Output, Probe, State, Topic, Way

SOCKETS = Probe.of("locking sockets", "ss", "-Hlx")

CONF = "/etc/libvirt/qemu-lockd.conf"
_SOCKET = "/run/libvirt/virtlockd-sock"
_DIRECTORIES = ("file_lockspace_dir", "lvm_lockspace_dir", "scsi_lockspace_dir")


@dataclass(frozen=True, slots=True)
class Settings:
    """What qemu-lockd.conf says: the directories in which locks stand for a disk's path."""

    directories: tuple[tuple[str, str], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for _, path in self.directories))


def settings_of(conf: Mapping[str, str]) -> Settings:
    """From the keys and values of qemu-lockd.conf."""
    return Settings(tuple((name, conf[name]) for name in _DIRECTORIES if conf.get(name)))


def listens(output: Output) -> bool | None:
    """Whether something accepts connections on virtlockd's socket; `None` is not known."""
    if not output.ok:
        return None
    return any(
        word in (_SOCKET, f"/var{_SOCKET}") for line in output.lines for word in line.split()
    )


def judge(
    settings: Mapping[str, Settings],
    sockets: Mapping[str, Output],
    on_block: frozenset[str],
    restart: Callable[[str | None], Cure],
) -> Iterator[Finding]:
    """`settings` has the nodes whose libvirt uses virtlockd; `on_block` VMs on block devices;
    `restart` has libvirt read its files."""
    first = next(iter(settings.values()), Settings())
    for node, conf in settings.items():
        problems = list(_of_node(node, conf, listens(sockets[node])))
        if conf != first:
            named = ", ".join(f"{key} {path}" for key, path in conf.directories) or "no directory"
            why = "locks in another place than the other nodes' guard nothing between them"
            cure = Cure(tuple(f'{key} = "{path}"' for key, path in first.directories), CONF)
            seen = f"its locks are in {named}"
            problems.append(_finding(node, State.WRONG, seen, why, cure, restart(node)))
        seen = "virtlockd listens"
        yield from problems or [Finding(Topic.LOCKING, "virtlockd", State.OK, seen, node=node)]
    if on_block and settings and not any(conf.directories for conf in settings.values()):
        yield Finding(
            Topic.LOCKING,
            "virtlockd",
            State.WARNING,
            "no lockspace directory is set, and VMs have block devices for disks",
            "a lock on a file in /dev is not seen by another host: it guards nothing between nodes",
            cures=(
                Cure(('file_lockspace_dir = "A-SHARED-DIRECTORY"',), CONF),
                restart(None),
            ),
            concerns=tuple(sorted(on_block)),
        )


def _of_node(node: str, conf: Settings, listening: bool | None) -> Iterator[Finding]:
    if listening is None:
        seen = "whether virtlockd listens was not learned"
        yield Finding(Topic.LOCKING, "virtlockd", State.UNKNOWN, seen, node=node)
    elif not listening:
        why = "libvirt uses virtlockd there: without it no guest starts on this node"
        cure = Cure(("systemctl enable --now virtlockd.socket",))
        silent = _finding(node, State.WRONG, "virtlockd does not listen", why, cure)
        yield replace(silent, effect=Effect.SENDING_FAILS, ways=(Way(target=node),))


def _finding(node: str, state: State, seen: str, why: str, *cures: Cure) -> Finding:
    return Finding(Topic.LOCKING, "virtlockd", state, seen, why, node, cures=cures)
