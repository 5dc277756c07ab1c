"""The few virsh commands that vmferry and its tests use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backends.clusters.base import Answer
from backends.clusters.simulated import operations
from backends.clusters.simulated.state import Guest, MiB, Stage, State

_FAILED = 1


def virsh(state: State, words: list[str], node: str | None) -> Answer:
    """Answer as virsh does; without a node it is asked where the domain is."""
    words = [word for word in words if not word.startswith("-")]
    if len(words) < 2 or words[0] not in _VERBS:
        return _no(f"unknown command: '{' '.join(words)}'")
    verb, name, *arguments = words
    guest = next((g for g in state.guests.values() if name in (g.domain, g.id)), None)
    where = guest.host if guest is not None else None
    if guest is None or where is None or node not in (None, where):
        return _no(f"failed to get domain '{name}'")
    host = state.hosts[where]
    if not host.alive or host.libvirt_down is not None:
        return _no("failed to connect to the hypervisor")
    answer = _VERBS[verb](state, guest, arguments)
    state.touch(guest)
    return answer


def _no(text: str) -> Answer:
    return Answer(_FAILED, stderr=f"error: {text}\n".encode())


def _abort(state: State, guest: Guest, _arguments: list[str]) -> Answer:
    activity = guest.activity
    if activity is None or activity.stage is not Stage.MIGRATE_TO:
        return _no("Requested operation is not valid: no job is active on the domain")
    why = f"{guest.domain}: live migration to {activity.target} failed: 1"
    operations.fail_migration(state, guest, 1, 4, why)
    return Answer(0)


def _suspend(_state: State, guest: Guest, _arguments: list[str]) -> Answer:
    guest.paused, guest.cpu_percent = True, 0
    return Answer(0, f"Domain '{guest.domain}' suspended\n".encode())


def _resume(_state: State, guest: Guest, _arguments: list[str]) -> Answer:
    guest.paused = False
    return Answer(0, f"Domain '{guest.domain}' resumed\n".encode())


def _max_downtime(_state: State, guest: Guest, arguments: list[str]) -> Answer:
    if not arguments or not arguments[0].isdecimal():
        return _no("a number of milliseconds is needed")
    guest.downtime_limit_s = int(arguments[0]) / 1000
    return Answer(0)


def _speed(_state: State, guest: Guest, arguments: list[str]) -> Answer:
    if not arguments or not arguments[0].isdecimal():
        return _no("a number of MiB/s is needed")
    guest.migration_speed_bytes_per_s = int(arguments[0]) * MiB or None
    return Answer(0)


_VERBS: Mapping[str, Callable[[State, Guest, list[str]], Answer]] = {
    "domjobabort": _abort,
    "suspend": _suspend,
    "resume": _resume,
    "migrate-setmaxdowntime": _max_downtime,
    "migrate-setspeed": _speed,
}
