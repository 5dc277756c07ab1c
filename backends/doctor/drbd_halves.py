"""Which halves of a DRBD resource can be primary. Pure.

A half may where its own data, or that of a half to which it is connected, is good:
`is_valid_state` of drbd_state.c (8.4 and 9). What it lacks is read over the network.
"""

from __future__ import annotations

from collections.abc import Callable

from backends.doctor.drbd_answers import Peer, Resource

GOOD = frozenset({"UpToDate", "Diskless"})
"""A node without a disk of its own works over the network with the others' (9)."""
_BEHIND = frozenset({"Inconsistent", "Outdated"})
"""What another half can make up for."""


def own_behind(resource: Resource) -> tuple[list[str], list[str]]:
    """The states of this node's volumes that keep it from being primary, and those of which
    somebody else has the whole."""
    return _parted(resource.disks, lambda volume: _whole_elsewhere(resource, volume, None))


def peer_behind(resource: Resource, peer: Peer) -> tuple[list[str], list[str]]:
    """The same of a peer's volumes, as far as this node knows."""
    return _parted(
        peer.disks,
        lambda volume: (
            _up_to_date(resource.disks, volume) or _whole_elsewhere(resource, volume, peer)
        ),
    )


def _parted(disks: tuple[str, ...], whole: Callable[[int], bool]) -> tuple[list[str], list[str]]:
    kept: list[str] = []
    made_up_for: list[str] = []
    for volume, disk in enumerate(disks):
        if disk not in GOOD:
            (made_up_for if disk in _BEHIND and whole(volume) else kept).append(disk)
    return kept, made_up_for


def _whole_elsewhere(resource: Resource, volume: int, but: Peer | None) -> bool:
    others = (peer for peer in resource.peers if peer is not but and peer.connected)
    return any(_up_to_date(peer.disks, volume) for peer in others)


def _up_to_date(disks: tuple[str, ...], volume: int) -> bool:
    return volume < len(disks) and disks[volume] == "UpToDate"
