"""A night in a simulated cluster, over by the time that somebody looks."""

from __future__ import annotations

from collections.abc import Iterator

from backends.clusters.simulated.state import Guest
from backends.clusters.simulated.world import Script, World

LASTS_S = 6 * 3600.0


def night(world: World) -> Script:
    """An operator's standby, a copy that times out, a ban left behind, and a node lost."""
    nodes = list(world.state.hosts)
    if len(nodes) < 3:
        return
    yield 900.0
    world.execute(("crm_standby", "--node", nodes[-1], "--update", "on"), nodes[0], "ann")
    yield 1200.0
    world.execute(("crm_standby", "--node", nodes[-1], "--update", "off"), nodes[0], "ann")
    yield 3600.0
    yield from _copy_that_times_out(world, nodes)
    yield 2400.0
    yield from _ban_left_behind(world, nodes)
    yield 3000.0
    world.kill(nodes[1])
    yield 240.0
    world.boot(nodes[1])
    yield 120.0


def _movable(world: World) -> Iterator[Guest]:
    return (
        guest
        for guest in world.state.guests.values()
        if guest.host is not None
        and guest.allow_migrate
        and guest.on_fail is None
        and not (guest.companions or guest.needs or guest.colocated_with or guest.apart_from)
    )


def _copy_that_times_out(world: World, nodes: list[str]) -> Script:
    """bob moves a VM that dirties its memory faster than the link carries it."""
    guest = next((each for each in _movable(world) if each.host != nodes[1]), None)
    if guest is None or guest.host is None:
        return
    calm, source = guest.dirty_rate_bytes_per_s, guest.host
    link = world.state.hosts[source].bandwidth_bytes_per_s
    guest.dirty_rate_bytes_per_s, guest.working_set_bytes = 1.4 * link, 0.8 * guest.memory_bytes
    resource = ("crm_resource", "--resource", guest.id)
    world.execute((*resource, "--move", "--node", nodes[1]), source, "bob")
    yield 400.0
    guest.dirty_rate_bytes_per_s = calm
    world.execute((*resource, "--clear"), source, "bob")
    yield 5.0
    world.execute((*resource, "--cleanup"), source, "bob")
    yield 60.0


def _ban_left_behind(world: World, nodes: list[str]) -> Script:
    """carl keeps a VM at home, and forgets that he did: with its home it is lost."""
    guest = next((each for each in _movable(world) if each.host == nodes[1]), None)
    if guest is None:
        return
    for node in nodes:
        if node != nodes[1]:
            ban = ("crm_resource", "--resource", guest.id, "--ban", "--node", node)
            world.execute(ban, nodes[0], "carl")
            yield 20.0
