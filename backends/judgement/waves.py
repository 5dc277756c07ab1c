"""Which moves go side by side, and what is sent for them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from backends.data import commands
from backends.data.picture import VM, Cluster
from backends.data.plan import Action, ActionKind, Command
from backends.judgement.policy import clearing, left_over
from backends.judgement.proof import was_there

AT_ONCE = 2
"""How many VMs leave or enter a node at once where the cluster has no migration-limit."""

Trip = tuple[str, str]
"""From this node to that one."""


def at_once(picture: Cluster) -> int:
    """How many migrations a node takes part in at once."""
    return picture.migration_limit or AT_ONCE


def goes_alone(vm: VM) -> bool:
    """Whether nothing else may be in flight beside it.

    Side by side they share the link, and each takes longer: only whom a timeout does not restart.
    And what tells several moves in one write lifts no bans.
    """
    return vm.migrate_to_on_fail != "block" or bool(left_over(vm))


def waves(
    trips: Mapping[str, Trip], alone: Collection[str], limit: int
) -> Iterator[tuple[str, ...]]:
    """The VMs that go side by side, in their order; no node has more than the limit at once."""
    wave: tuple[str, ...] = ()
    load: Counter[str] = Counter()
    for vm, trip in trips.items():
        ends = set(trip)
        full = any(load[node] >= limit for node in ends)
        if wave and (full or vm in alone or wave[-1] in alone):
            yield wave
            wave, load = (), Counter()
        wave = (*wave, vm)
        load.update(ends)
    if wave:
        yield wave


def sequence(
    picture: Cluster,
    places: Mapping[str, str],
    *,
    alone: Collection[str] = (),
    keep: bool = False,
) -> tuple[Command, ...]:
    """Exactly what is sent to move these VMs to these nodes; `alone` are restarted by that, and to
    `keep` is to leave the constraints of the moves."""
    vms = {vm.id: vm for vm in map(picture.vm, places) if vm is not None}
    trips = {name: (vm.node or places[name], places[name]) for name, vm in vms.items()}
    apart = {name for name, vm in vms.items() if name in alone or goes_alone(vm)}
    return tuple(
        command
        for wave in waves(trips, apart, at_once(picture))
        for command in (
            *(
                commands.forget_stay(name, places[name])
                for name in wave
                if was_there(vms[name], places[name])
            ),
            commands.moves({name: places[name] for name in wave}),
            *(clearing(vms[name], places[name]) for name in wave if not keep),
        )
    )


def prepared(command: Command, picture: Cluster, foreseen: Iterable[Action]) -> tuple[Command, ...]:
    """Exactly what is sent for one command of which this is foreseen."""
    forgets = (commands.forget_stay(*stay) for stay in earlier_stays(picture, foreseen))
    return (*forgets, command)


def earlier_stays(picture: Cluster, actions: Iterable[Action]) -> Iterator[tuple[str, str]]:
    """The VMs that these actions bring live to a node where they had been before."""
    for action in actions:
        vm, target = picture.vm(action.resource), action.target
        live = action.kind is ActionKind.MIGRATE
        if live and vm is not None and target is not None and was_there(vm, target):
            yield vm.id, target
