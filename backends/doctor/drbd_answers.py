"""What the DRBD tools of 8.3, 8.4 and 9 print. Pure.

The forms are those of drbd-utils (user/v9 and user/v84 drbdsetup.c, drbdadm_dump.c) and, for
/proc/drbd, of the kernel's drbd_proc.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import msgspec

from backends.data.errors import BadAnswer
from backends.doctor.answers import decode
from backends.pacemaker.xml import number


@dataclass(frozen=True, slots=True)
class Peer:
    """The other half, as this node sees it."""

    name: str
    connection: str
    role: str = "Unknown"
    disks: tuple[str, ...] = ()
    replication: tuple[str, ...] = ()

    @property
    def connected(self) -> bool:
        return self.connection == "Connected"


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    role: str
    disks: tuple[str, ...] = ()
    """The state of this node's half, a volume each."""
    minors: tuple[int, ...] = ()
    peers: tuple[Peer, ...] = ()


@dataclass(frozen=True, slots=True)
class Net:
    """What decides whether two nodes may be primary; `None` is not known."""

    two_primaries: bool | None = None
    protocol: str | None = None
    fencing: str | None = None
    peer: str | None = None
    """Who is at the other end, where that is told."""
    quorum: bool = False
    """Whether a half that has lost most of its peers stops by itself (9)."""


class _Device(msgspec.Struct, frozen=True, rename="kebab"):
    minor: int
    disk_state: str


class _PeerDevice(msgspec.Struct, frozen=True, rename="kebab"):
    replication_state: str
    peer_disk_state: str


class _Connection(msgspec.Struct, frozen=True, rename="kebab"):
    name: str
    connection_state: str
    peer_role: str = "Unknown"
    peer_devices: tuple[_PeerDevice, ...] = msgspec.field(name="peer_devices", default=())


class _Resource(msgspec.Struct, frozen=True):
    name: str
    role: str
    devices: tuple[_Device, ...] = ()
    connections: tuple[_Connection, ...] = ()


def parse_status(text: str) -> tuple[Resource, ...]:
    """`drbdsetup status`, with `--json` where it knows that. Raises `BadAnswer`."""
    return _json_status(text) if text.lstrip().startswith("[") else _text_status(text)


def _json_status(text: str) -> tuple[Resource, ...]:
    return tuple(
        Resource(
            name=each.name,
            role=each.role,
            disks=tuple(device.disk_state for device in each.devices),
            minors=tuple(device.minor for device in each.devices),
            peers=tuple(
                Peer(
                    name=peer.name,
                    connection=peer.connection_state,
                    role=peer.peer_role,
                    disks=tuple(device.peer_disk_state for device in peer.peer_devices),
                    replication=tuple(device.replication_state for device in peer.peer_devices),
                )
                for peer in each.connections
            ),
        )
        for each in decode(text, tuple[_Resource, ...], "drbdsetup status")
    )


def _text_status(text: str) -> tuple[Resource, ...]:
    """Indentation tells a resource (0) from its own disks and its peers (2) and theirs (4)."""
    found: list[Resource] = []
    in_peer = False
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        pairs = dict(word.split(":", 1) for word in words if ":" in word)
        if indent == 0:
            if "role" not in pairs or ":" in words[0]:
                raise BadAnswer(f"drbdsetup status answered something unknown: {line[:80]!r}")
            found.append(Resource(words[0], pairs["role"]))
            in_peer = False
            continue
        if not found:
            raise BadAnswer(f"drbdsetup status answered something unknown: {line[:80]!r}")
        if indent == 2:
            in_peer = ":" not in words[0] or "node-id" in pairs
        if in_peer and indent == 2:
            name = words[0] if ":" not in words[0] else f"node {pairs['node-id']}"
            peer = Peer(name, pairs.get("connection", "Connected"), pairs.get("role", "Unknown"))
            found[-1] = replace(found[-1], peers=(*found[-1].peers, peer))
        elif in_peer:
            found[-1] = _with_peer_words(found[-1], pairs)
        else:
            found[-1] = _with_own_words(found[-1], pairs)
    return tuple(found)


def _with_own_words(resource: Resource, pairs: dict[str, str]) -> Resource:
    minor = number(pairs.get("minor"))
    disk = pairs.get("disk")
    return replace(
        resource,
        disks=(*resource.disks, disk) if disk else resource.disks,
        minors=resource.minors if minor is None else (*resource.minors, minor),
    )


def _with_peer_words(resource: Resource, pairs: dict[str, str]) -> Resource:
    peer = resource.peers[-1]
    disk = pairs.get("peer-disk") or pairs.get("disk")
    if disk:
        replication = pairs.get("replication") or ("Established" if peer.connected else "Off")
        disks, states = (*peer.disks, disk), (*peer.replication, replication)
        peer = replace(peer, disks=disks, replication=states)
    return replace(resource, peers=(*resource.peers[:-1], peer))


_PROC_LINE = re.compile(
    r" *(?P<minor>\d{1,7}): cs:(?P<state>\w+)"
    r"(?: (?:ro|st):(?P<role>\w+)/(?P<peer_role>\w+)"
    r" ds:(?P<disk>\w+)/(?P<peer_disk>\w+) (?P<protocol>[ABC ]))?"
)
_IN_TOUCH = frozenset(
    [
        "Connected",
        "StartingSyncS",
        "StartingSyncT",
        "WFBitMapS",
        "WFBitMapT",
        "WFSyncUUID",
        "SyncSource",
        "SyncTarget",
        "VerifyS",
        "VerifyT",
        "PausedSyncS",
        "PausedSyncT",
        "Ahead",
        "Behind",
    ]
)
"""What /proc/drbd says of a connection that stands; later versions call that replication."""


def parse_proc(text: str) -> dict[int, tuple[Resource, Net]]:
    """`/proc/drbd` of 8.x by minor; of 9, which has only a version there, none.

    Raises `BadAnswer`.
    """
    if not text.startswith("version: "):
        raise BadAnswer("/proc/drbd does not begin with a version")
    found: dict[int, tuple[Resource, Net]] = {}
    for line in text.splitlines():
        match = _PROC_LINE.match(line)
        if match is None or match["role"] is None:
            continue
        minor, state = int(match["minor"]), match["state"]
        connected = state in _IN_TOUCH
        peer = Peer(
            name="peer",
            connection="Connected" if connected else state,
            role=match["peer_role"],
            disks=(match["peer_disk"],),
            replication=("Established" if state == "Connected" else state,) if connected else (),
        )
        resource = Resource(f"minor {minor}", match["role"], (match["disk"],), (minor,), (peer,))
        found[minor] = resource, Net(protocol=match["protocol"].strip() or None)
    return found


def series(text: str) -> str:
    """`8.3`, `8.4` or `9` by what `/proc/drbd` begins with; `9` where there is none."""
    found = re.match(r"version: (8\.\d)", text)
    return found[1] if found else "9"


class _Net(msgspec.Struct, frozen=True, rename="kebab"):
    protocol: str | None = None
    allow_two_primaries: bool | None = None
    fencing: str | None = None
    peer: str | None = msgspec.field(name="_name", default=None)


class _ShownOptions(msgspec.Struct, frozen=True):
    quorum: str | int | None = None


class _ShownConnection(msgspec.Struct, frozen=True):
    net: _Net = _Net()


class _Shown(msgspec.Struct, frozen=True):
    resource: str
    options: _ShownOptions = _ShownOptions()
    connections: tuple[_ShownConnection, ...] = ()


def parse_show(text: str) -> dict[str, tuple[Net, ...]]:
    """`drbdsetup show --json --show-defaults` of 9: each resource's connections.

    Raises `BadAnswer`.
    """
    shown = decode(text, tuple[_Shown, ...], "drbdsetup show")
    return {
        each.resource: tuple(
            Net(
                c.net.allow_two_primaries,
                c.net.protocol,
                c.net.fencing,
                c.net.peer,
                quorum=each.options.quorum not in (None, "off"),
            )
            for c in each.connections
        )
        for each in shown
    }
