"""What happens by itself in a simulated cluster: scripts that act on its world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backends.clusters.simulated import examined
from backends.clusters.simulated.census import populate
from backends.clusters.simulated.night import LASTS_S, night
from backends.clusters.simulated.scheduler import why_not_live
from backends.clusters.simulated.state import GiB, Guest, MiB
from backends.clusters.simulated.world import Script, World

DEFAULT = "busy"


def build(scenario: str, nodes: int, vms: int, seed: int, now: float) -> World:
    """The world of a scenario, with its script. Raises `KeyError` for one that is not there."""
    chosen = _SCENARIOS[scenario]
    world = World(populate(nodes, vms, seed, now - chosen.began_s, chosen.names))
    world.live_through(chosen.before(world))
    world.state.now = now
    world.play(chosen.script(world))
    return world


def _calm(_world: World) -> Script:
    yield from ()


def _busy(world: World) -> Script:
    """Now and then a colleague moves a VM, and clears up behind it."""
    yield 1.0
    while True:
        yield from _colleague(world)
        yield world.state.random.uniform(6, 15)


def _colleague(world: World) -> Script:
    choice = _some_move(world)
    if choice is None:
        return
    guest, node = choice
    world.execute(("crm_resource", "--move", "--resource", guest.id, "--node", node))
    yield 1.0
    yield from _until_idle(guest)
    yield 1.5
    yield from _until_idle(guest)
    if any(c.vm == guest.id and c.node == node for c in world.state.constraints):
        world.execute(("crm_resource", "--clear", "--resource", guest.id))


def _some_move(world: World) -> tuple[Guest, str] | None:
    """A VM that is worth watching while it moves, and the emptiest node for it."""
    state = world.state
    taken = {constraint.vm for constraint in state.constraints}
    crowd = {
        host.name: sum(guest.vcpus * guest.load_percent for guest in state.on(host.name))
        for host in state.hosts.values()
        if host.can_host and host.libvirt_down is None
    }
    movable = []
    for guest in state.guests.values():
        if guest.host not in crowd or guest.activity is not None or guest.id in taken:
            continue
        if guest.colocated_with or guest.apart_from or guest.preferences or guest.paused:
            continue
        nodes = [n for n in crowd if n != guest.host and why_not_live(state, guest, n) is None]
        if guest.managed and not guest.failed and nodes and guest.memory_bytes >= 4 * GiB:
            movable.append((guest, min(nodes, key=lambda name: crowd[name])))
    return state.random.choice(movable) if movable else None


def _stubborn(world: World) -> Script:
    """A guest dirties its memory faster than the link carries it, until the timeout strikes."""
    guest = _first_live(world)
    yield 2.0
    if guest is None:
        return
    guest.dirty_rate_bytes_per_s = 1.4 * guest_link(world, guest)
    guest.working_set_bytes = 0.8 * guest.memory_bytes
    guest.migrate_to_timeout_s = 45.0
    world.state.touch(guest)
    yield from _move_first(world, guest)


def _failed(world: World) -> Script:
    """A migration has failed and is blocked, and a ban was left behind."""
    guest = _first_live(world)
    if guest is not None:
        guest.on_fail = "block"
        world.fail_next_migration(guest.id)
        yield 0.5
        yield from _move_first(world, guest)
    others = [g for g in world.state.guests.values() if g is not guest and g.host is not None]
    for other in others[1:2]:
        away = [name for name in world.state.hosts if name != other.host]
        if away:
            world.execute(("crm_resource", "--ban", "-r", other.id, "-N", away[-1]))


def _node_loss(world: World) -> Script:
    """A node loses its power, is fenced, and comes back."""
    yield 4.0
    node = list(world.state.hosts)[-1]
    while True:
        world.kill(node)
        yield 30.0
        world.boot(node)
        yield 60.0


def _libvirt_down(world: World) -> Script:
    """The libvirt of one node stops answering, and comes back."""
    node = list(world.state.hosts)[-1]
    while True:
        yield 3.0
        world.stop_libvirt(node)
        yield 40.0
        world.start_libvirt(node)
        yield 30.0


def _silence(world: World) -> Script:
    """Nobody answers for Pacemaker for a while."""
    while True:
        yield 5.0
        world.stop_pacemaker_answers("connection timed out")
        yield 30.0
        world.resume_pacemaker_answers()
        yield 20.0


def _evacuation(world: World) -> Script:
    """Somebody sends a node into standby, and later takes it back."""
    node = next(iter(world.state.hosts))
    while True:
        yield 2.0
        world.execute(("crm_standby", "--node", node, "--update", "on"))
        yield 120.0
        world.execute(("crm_standby", "--node", node, "--update", "off"))
        yield 30.0


def _unfit(world: World) -> Script:
    """What makes migrations fail, as it is found in the field. Nothing happens by itself."""
    state = world.state
    nodes, guests = list(state.hosts), [g for g in state.guests.values() if g.host is not None]
    state.hosts[nodes[0]].tells["names"] = examined.names(state, loopback=nodes[-1])
    for guest in guests[:1]:
        guest.parameters = guest.started_with = {"migration_transport": "ssl"}
    for guest in sorted(guests[1:], key=lambda guest: -guest.memory_bytes)[:1]:
        guest.migrate_to_timeout_s = 20.0
    for guest in [each for each in guests if each.host != nodes[-1]][-1:]:
        others = [each for each in state.guests.values() if each is not guest]
        state.hosts[nodes[-1]].tells["config files"] = examined.config_files(others)
        world.execute(("crm_resource", "--ban", "-r", guest.id, "-N", nodes[-1]))
    return _calm(world)


def _first_live(world: World) -> Guest | None:
    return next(
        (
            guest
            for guest in world.state.guests.values()
            if guest.allow_migrate and guest.host is not None and not guest.companions
        ),
        None,
    )


def _move_first(world: World, guest: Guest) -> Script:
    target = next((name for name in world.state.hosts if name != guest.host), None)
    if target is None:
        return
    world.execute(("crm_resource", "--move", "--resource", guest.id, "--node", target))
    yield 1.0
    yield from _until_idle(guest)


def _until_idle(guest: Guest) -> Script:
    while guest.activity is not None:
        yield 0.5


def guest_link(world: World, guest: Guest) -> float:
    """What the link of the node under the VM carries, in bytes per second."""
    host = world.state.hosts.get(guest.host) if guest.host is not None else None
    return host.bandwidth_bytes_per_s if host is not None else 100.0 * MiB


@dataclass(frozen=True, slots=True)
class _Scenario:
    about: str
    script: Callable[[World], Script]
    names: tuple[str, ...] = ()
    before: Callable[[World], Script] = _calm
    """What happened before anybody looked, within `began_s`."""
    began_s: float = 0.0


_NAMES = (
    "[red]x[/]",
    "[/nope]",
    "esc\x1b[31mred\x1b[0m",
    "bell\x07back\x08tab\tline\nend",
    "数据库-主",
    "🦀🦀-crab",
    "e\u0301" * 12,
    "\u202eright-to-left",
    "x" * 200,
    "表" * 200,
    "$(reboot)",
    "; rm -rf / #",
    "'quoted' \"twice\"",
    "-r",
    " spaced  out ",
    "[link=https://example.org]link[/link]",
)

_SCENARIOS: Mapping[str, _Scenario] = {
    "busy": _Scenario("now and then a colleague moves a VM", _busy),
    "calm": _Scenario("nothing happens by itself", _calm),
    "stubborn": _Scenario("a copy never converges and runs into the timeout", _stubborn),
    "failed": _Scenario("a failed, blocked migration and constraints left behind", _failed),
    "node-loss": _Scenario("a node dies, is fenced, and comes back", _node_loss),
    "libvirt-down": _Scenario("the libvirt of one node stops answering for a while", _libvirt_down),
    "pacemaker-silent": _Scenario("nobody answers for Pacemaker for a while", _silence),
    "evacuation": _Scenario("somebody sends a node into standby", _evacuation),
    "unfit": _Scenario("what makes migrations fail, for the doctor to find", _unfit),
    "night": _Scenario(
        "a night with a standby, a copy that timed out, a forgotten ban and a lost node: "
        "press [ to look at it",
        _calm,
        before=night,
        began_s=LASTS_S,
    ),
    "names": _Scenario("VMs whose names carry markup and escape sequences", _busy, _NAMES),
}

SCENARIOS: Mapping[str, str] = {name: entry.about for name, entry in _SCENARIOS.items()}
"""Name and one line about each."""
