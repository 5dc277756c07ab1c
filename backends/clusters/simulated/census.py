"""The inhabitants of a simulated cluster: nodes and VMs as one meets them, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from backends.clusters.simulated.state import GiB, Guest, Host, MiB, State
from backends.data.picture import Operation

LINK_BYTES_PER_S = 1_100_000_000
"""What a 10 Gbit/s link carries for a copy."""

_GREEK = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What VMs of one name are like. Rates are of dirtied memory."""

    name: str
    vcpus: int
    memory_gib: int
    load: int
    dirty_mib_per_s: int
    working_set: float = 0.2


_KINDS = (
    _Kind("web1", 4, 8, 35, 90),
    _Kind("web2", 4, 8, 30, 80),
    _Kind("db-primary", 8, 32, 55, 420, 0.3),
    _Kind("db-replica", 8, 32, 25, 180, 0.3),
    _Kind("mail", 4, 12, 15, 60),
    _Kind("build-7", 8, 16, 80, 700, 0.4),
    _Kind("api", 4, 8, 40, 150),
    _Kind("monitoring", 2, 8, 22, 120),
    _Kind("vpn", 2, 4, 8, 20),
    _Kind("legacy-erp", 4, 16, 18, 50),
    _Kind("cache", 2, 6, 20, 250, 0.5),
    _Kind("gitlab", 6, 16, 28, 160),
    _Kind("dns1", 1, 2, 4, 5),
    _Kind("staging", 4, 8, 10, 40),
    _Kind("files", 4, 12, 12, 70),
    _Kind("ldap", 2, 4, 6, 15),
)
_MORE = ("web", "app", "worker", "db", "build", "desktop", "cache", "proxy")


def populate(nodes: int, vms: int, seed: int, now: float, names: Sequence[str] = ()) -> State:
    """A settled cluster. `names` replace the first names of VMs."""
    dice = random.Random(seed)
    hosts = {host.name: host for host in _hosts(nodes)}
    guests = {guest.id: guest for guest in _guests(vms, dice, list(hosts), list(names))}
    _settle_in(hosts, guests)
    state = State("demo", now, dice, hosts, guests)
    state.clones["shared-storage"] = frozenset(hosts) - set(list(hosts)[3:4])
    for guest in guests.values():
        _remember(state, guest)
    return state


def _hosts(count: int) -> Iterator[Host]:
    for index in range(count):
        name = _GREEK[index] if count <= len(_GREEK) else f"node{index + 1:02d}"
        big = index % 3 == 0
        yield Host(
            name, str(index + 1), 48 if big else 32, (256 if big else 192) * GiB, LINK_BYTES_PER_S
        )


def _guests(count: int, dice: random.Random, hosts: list[str], names: list[str]) -> Iterator[Guest]:
    taken: set[str] = set()
    for index in range(count):
        kind = _KINDS[index] if index < len(_KINDS) else _another(index, dice)
        name = names[index] if index < len(names) else kind.name
        guest = Guest(
            id=name,
            domain=name,
            vcpus=kind.vcpus,
            memory_bytes=kind.memory_gib * GiB,
            load_percent=kind.load,
            dirty_rate_bytes_per_s=kind.dirty_mib_per_s * MiB,
            working_set_bytes=kind.working_set * kind.memory_gib * GiB,
            host=hosts[index % len(hosts)],
            cpu_percent=kind.load,
        )
        taken.add(name)
        yield _with_habits(guest, kind.name, taken, hosts)


def _another(index: int, dice: random.Random) -> _Kind:
    name = f"{_MORE[index % len(_MORE)]}-{index + 1}"
    memory = dice.choice((2, 4, 4, 8))
    return _Kind(
        name, dice.choice((1, 2, 2, 4)), memory, dice.randint(3, 45), memory * dice.randint(4, 30)
    )


def _with_habits(guest: Guest, kind: str, taken: set[str], hosts: list[str]) -> Guest:
    """What makes some of them worth a second look before they are moved."""
    if kind == "legacy-erp":
        return replace(guest, allow_migrate=False)
    if kind == "mail":
        return replace(guest, group="mail-service", companions=("mail-ip",))
    if kind == "files":
        return replace(guest, needs=("shared-storage",))
    if kind == "db-primary":
        return replace(guest, on_fail="block", migrate_to_timeout_s=300.0)
    if kind == "db-replica" and "db-primary" in taken:
        return replace(guest, apart_from="db-primary", migrate_to_timeout_s=300.0)
    if kind == "cache" and "api" in taken:
        return replace(guest, colocated_with="api")
    if kind == "vpn":
        return replace(guest, preferences={hosts[0]: 500})
    if kind == "staging":
        return replace(guest, target_role="Stopped", host=None, cpu_percent=0, boots=0)
    if kind == "gitlab":
        return replace(guest, domain=f"{guest.id}-prod")
    return guest


def _settle_in(hosts: dict[str, Host], guests: dict[str, Guest]) -> None:
    """Put everything where the scheduler would leave it."""
    for guest in guests.values():
        if guest.preferences:
            guest.host = next(iter(guest.preferences))
        if guest.colocated_with is not None:
            guest.host = guests[guest.colocated_with].host
        if guest.apart_from is not None and len(hosts) > 1:
            others = [name for name in hosts if name != guests[guest.apart_from].host]
            guest.host = guest.host if guest.host in others else others[0]


def _remember(state: State, guest: Guest) -> None:
    node = guest.host
    if node is None:
        return
    host = state.hosts[node]
    for slot, task in (("last", "start"), ("monitor", "monitor")):
        host.call_id += 1
        at = state.now - state.random.uniform(2, 60) * 3600
        guest.history[node, slot] = Operation(
            node, task, host.call_id, 0, 0, at, exec_ms=state.random.randint(80, 3000)
        )
