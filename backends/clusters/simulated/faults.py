"""What befalls nodes: power lost, fencing, boot, a libvirt that does not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from backends.clusters.simulated import history
from backends.clusters.simulated.state import Fenced, Guest, Host, Stage, State
from backends.data.picture import Fencing

FENCING_S = 6.0
JOINING_S = 3.0


def kill(state: State, node: str) -> None:
    """The node loses its power. Pacemaker sees it at once and has it fenced."""
    host = state.hosts[node]
    if not host.alive:
        return
    host.alive, host.online, host.pending, host.unclean = False, False, False, True
    host.lost_at = state.now
    state.fencing.insert(0, Fencing(node, "reboot", "pending"))
    host.next_at = state.now + FENCING_S
    for guest in state.guests.values():
        _cut_off(state, guest, node)
    state.touch_node(node)
    state.happened()


def _cut_off(state: State, guest: Guest, node: str) -> None:
    """End what the lost node took part in. A copy towards it fails by itself."""
    activity = guest.activity
    if activity is None or node not in (activity.source, activity.target):
        return
    if guest.host == node or activity.stage in (Stage.REQUESTED, Stage.WAITING):
        if activity.in_flight and activity.source not in (None, node):
            history.ended(state, guest, activity.source, "stop")
        state.engage(guest, None)
    elif activity.stage is Stage.STOP_SOURCE:
        history.forgotten(state, guest, node)
        state.engage(guest, None)


def boot(state: State, node: str) -> None:
    """Somebody switches the node on again: it joins, and what ran there is known to have ended."""
    host = state.hosts[node]
    if host.alive:
        return
    if host.unclean:
        _fenced(state, host)
    host.alive, host.online, host.pending = True, True, True
    host.libvirt_down = None
    host.next_at = state.now + JOINING_S
    state.happened()


def stop_libvirt(state: State, node: str, reason: str = "connection refused") -> None:
    """libvirtd ends; its guests run on."""
    host = state.hosts[node]
    if host.libvirt_down is None:
        host.libvirt_down, host.libvirt_since = reason, state.now
        state.touch_node(node)


def start_libvirt(state: State, node: str) -> None:
    """libvirtd answers again."""
    state.hosts[node].libvirt_down = None
    state.touch_node(node)


def step(state: State) -> None:
    """Let fencing and joining go on; without quorum nobody may fence."""
    for host in state.hosts.values():
        if host.next_at is None or state.now < host.next_at:
            continue
        if host.unclean and state.quorum:
            _fenced(state, host)
        elif host.pending:
            host.next_at, host.pending = None, False
            state.happened()


def _fenced(state: State, host: Host) -> None:
    host.unclean, host.next_at = False, None
    state.fenced.append(Fenced(state.now, host.name, state.dc or host.name))
    done = datetime.fromtimestamp(state.now, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    for index, entry in enumerate(state.fencing):
        if entry.node == host.name and entry.status == "pending":
            state.fencing[index] = replace(entry, status="success", completed=done, at=state.now)
            break
    for guest in state.guests.values():
        if guest.host == host.name:
            state.touch(guest)
            state.engage(guest, None)
            guest.host, guest.paused, guest.failed, guest.half_on = None, False, False, None
        if guest.half_on == host.name:
            guest.half_on = None
            state.touch(guest)
        if any(node == host.name for node, _ in guest.history):
            history.forgotten(state, guest, host.name)
    state.happened()
