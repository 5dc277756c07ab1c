"""Locking: sanlock, whose leases live on shared storage. Forms: sanlock 3.8, qemu-sanlock.conf."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Effect, Finding, Output, Probe, State, Topic, Way

STATUS = Probe.of("locking sanlock", "sanlock", "client", "status")
HOSTS = Probe.of("locking sanlock hosts", "sanlock", "client", "host_status")

CONF = "/etc/libvirt/qemu-sanlock.conf"
LEASES = "/var/lib/libvirt/sanlock"
"""Where leases are kept unless `disk_lease_dir` says otherwise."""
LIBVIRT = "__LIBVIRT__DISKS__"
"""The lockspace that libvirt joins with `auto_disk_leases`."""


@dataclass(frozen=True, slots=True)
class Lockspace:
    name: str
    host_id: int
    path: str


@dataclass(frozen=True, slots=True)
class Status:
    running: bool
    lockspaces: tuple[Lockspace, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What qemu-sanlock.conf says."""

    auto: bool
    host_id: str | None
    directory: str


_LOCKSPACE = re.compile(r"s (?P<name>[^:]+):(?P<id>\d{1,4}):(?P<path>.+):\d+(?: [A-Z_]+)*\s*")
_HOST = re.compile(r"(?P<id>\d{1,4}) timestamp (?P<timestamp>\d{1,20})\s*")


def parse_status(output: Output) -> Status:
    """`sanlock client status`; without a daemon it fails and prints nothing. Raises `BadAnswer`."""
    if not output.answered:
        raise BadAnswer("sanlock gave no answer")
    if output.missing or not output.stdout.strip():
        return Status(running=False)
    found = []
    for line in output.lines:
        match line.split(" ", 1)[0]:
            case "s":
                space = _LOCKSPACE.fullmatch(line)
                if space is None:
                    raise BadAnswer(f"sanlock named a lockspace of unknown form: {line[:80]!r}")
                path = space["path"].replace("\\:", ":")
                found.append(Lockspace(space["name"], int(space["id"]), path))
            case "daemon" | "p" | "r":
                pass
            case _:
                raise BadAnswer(f"sanlock answered something unknown: {line[:80]!r}")
    return Status(True, tuple(found))


def parse_hosts(text: str) -> dict[str, frozenset[int]]:
    """`sanlock client host_status`: the hosts that were ever alive in each lockspace, by id.

    Raises `BadAnswer`.
    """
    found: dict[str, frozenset[int]] = {}
    name = None
    for line in filter(str.strip, text.splitlines()):
        if line.startswith("lockspace "):
            name = line.split(" ", 1)[1].strip()
            found[name] = frozenset()
        elif (host := _HOST.fullmatch(line)) and name is not None:
            if host["timestamp"] != "0":
                found[name] |= {int(host["id"])}
        else:
            raise BadAnswer(f"sanlock answered something unknown: {line[:80]!r}")
    return found


def settings_of(conf: Mapping[str, str]) -> Settings:
    """From the keys and values of qemu-sanlock.conf."""
    return Settings(
        auto=conf.get("auto_disk_leases") == "1",
        host_id=conf.get("host_id"),
        directory=conf.get("disk_lease_dir", LEASES),
    )


def judge(
    settings: Mapping[str, Settings],
    statuses: Mapping[str, Output],
    hosts: Mapping[str, Output],
    restart: Callable[[str], Cure],
) -> Iterator[Finding]:
    """`settings` has the nodes whose libvirt uses sanlock; `restart` has it read its files."""
    known: dict[str, Status] = {}
    bad: set[str] = set()
    ids = Counter(each.host_id for each in settings.values() if each.auto and each.host_id)
    for node, conf in settings.items():
        try:
            known[node] = parse_status(statuses[node])
        except BadAnswer as error:
            yield Finding(Topic.LOCKING, "sanlock", State.UNKNOWN, error.what, node=node)
            bad.add(node)
            continue
        for problem in _of_node(node, conf, known[node], ids, restart(node)):
            bad.add(node)
            yield problem
    for problem in _between(known, hosts):
        bad.add(problem.node or "")
        yield problem
    for node in settings.keys() - bad:
        spaces = ", ".join(f"{s.name} as host {s.host_id}" for s in known[node].lockspaces)
        seen = f"sanlock runs, and is in {spaces or 'no lockspace'}"
        yield Finding(Topic.LOCKING, "sanlock", State.OK, seen, node=node)


def _of_node(
    node: str, conf: Settings, status: Status, ids: Counter[str], restart: Cure
) -> Iterator[Finding]:
    if not status.running:
        why = "libvirt uses sanlock there: without its daemon no guest starts on this node"
        lines = ("systemctl enable --now wdmd.service sanlock.service",)
        yield _keeps_out(_wrong(node, "the sanlock daemon does not run", why, Cure(lines)))
    if not conf.auto:
        return
    own = Cure(("host_id = N   (another number on each node, 1 to 2000)",), CONF)
    if conf.host_id is None:
        why = "with auto_disk_leases libvirt does not start without a host_id"
        yield _wrong(node, "host_id is not set", why, own, restart)
    elif ids[conf.host_id] > 1:
        why = "two nodes with one host_id cannot be in the lockspace at once: libvirt fails on one"
        yield _wrong(node, f"another node has host_id {conf.host_id} too", why, own, restart)
    elif status.running and LIBVIRT not in {space.name for space in status.lockspaces}:
        why = "libvirt cannot take the leases of a guest's disks there: no guest starts"
        yield _keeps_out(_wrong(node, f"sanlock is not in the lockspace {LIBVIRT}", why, restart))


def _between(known: Mapping[str, Status], hosts: Mapping[str, Output]) -> Iterator[Finding]:
    """Do the nodes of one lockspace, by its name, see each other in it?"""
    joined = {
        node: {space.name: space for space in status.lockspaces} for node, status in known.items()
    }
    for node, spaces in joined.items():
        try:
            seen = parse_hosts(hosts[node].stdout)
        except BadAnswer as error:
            yield Finding(Topic.LOCKING, "sanlock", State.UNKNOWN, error.what, node=node)
            continue
        for name, space in spaces.items():
            others = {
                other: theirs[name].host_id
                for other, theirs in joined.items()
                if other != node and name in theirs
            }
            strangers = [
                other
                for other, host_id in others.items()
                if host_id == space.host_id or host_id not in seen.get(name, frozenset())
            ]
            if strangers:
                yield _wrong(
                    node,
                    f"in lockspace {name} it does not see {', '.join(sorted(strangers))}",
                    "the lease area is not the same on every node: it guards nothing between them",
                    Cure((f"findmnt --target {shlex.quote(space.path)}",)),
                )


def _keeps_out(finding: Finding) -> Finding:
    """One by which no guest can come to its node."""
    return replace(finding, effect=Effect.SENDING_FAILS, ways=(Way(target=finding.node),))


def _wrong(node: str, seen: str, why: str, *cures: Cure) -> Finding:
    return Finding(Topic.LOCKING, "sanlock", State.WRONG, seen, why, node, cures=cures)
