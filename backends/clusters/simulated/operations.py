"""How the actions of the scheduler take their time, stage by stage."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from backends.clusters.simulated import history, scheduler
from backends.clusters.simulated.precopy import PreCopy
from backends.clusters.simulated.state import Activity, Guest, Stage, State
from backends.data.plan import Action, ActionKind
from backends.judgement.judge import DEFAULT_TIMEOUT_S

REQUEST_S = 0.5
SETUP_S = 1.0
"""How long libvirt has no statistics after a migration began."""
_MIGRATE_FROM_S = 0.5
_STOP_SOURCE_S = 0.5
_PROBE_S = 3.0
_TIMED_OUT = 2
_FAILED = 4
_TASKS = {
    Stage.MIGRATE_TO: "migrate_to",
    Stage.MIGRATE_FROM: "migrate_from",
    Stage.STOP_SOURCE: "stop",
    Stage.STOP: "stop",
    Stage.START: "start",
    Stage.PROBE: "monitor",
}


def settle(state: State) -> None:
    """Let the scheduler look, and begin what it wants."""
    state.unsettled = False
    wanted = {a.resource: a for a in scheduler.decide(state, scheduler.present(state))}
    for guest in [state.guests[vm] for vm in state.busy]:
        activity = guest.activity
        if activity is None or activity.stage not in (Stage.REQUESTED, Stage.WAITING):
            continue
        action = wanted.get(guest.id)
        if action is not None and (action.kind, action.target) == (activity.kind, activity.target):
            del wanted[guest.id]
        else:
            state.engage(guest, None)
    for vm, action in wanted.items():
        if vm in state.guests:
            _begin(state, state.guests[vm], action)
    state.unsettled = False


def _begin(state: State, guest: Guest, action: Action) -> None:
    activity = Activity(
        action.kind, Stage.REQUESTED, guest.host, action.target, state.now, REQUEST_S
    )
    state.engage(guest, activity)


def step(state: State, seconds: float) -> None:
    """Let that much time pass for everything under way."""
    crowd = _links(state)
    for vm in list(state.busy):
        guest = state.guests[vm]
        activity = guest.activity
        if activity is None:
            continue
        activity.left_s -= seconds
        if activity.stage is Stage.MIGRATE_TO:
            _copy(state, guest, activity, seconds, crowd)
        elif activity.stage is Stage.WAITING:
            _queue(state, guest, activity)
        elif activity.stage is Stage.HELD:
            _arrive(state, guest, activity)
        elif activity.left_s <= 0:
            _next(state, guest, activity)


def _links(state: State) -> Counter[str]:
    """How many copies share each node's link."""
    crowd: Counter[str] = Counter()
    for vm in state.busy:
        activity = state.guests[vm].activity
        if activity is not None and activity.stage is Stage.MIGRATE_TO:
            crowd.update(node for node in (activity.source, activity.target) if node)
    return crowd


def _enter(state: State, guest: Guest, activity: Activity, stage: Stage, seconds: float) -> None:
    activity.stage, activity.since, activity.left_s = stage, state.now, seconds
    node = activity.target if stage in (Stage.MIGRATE_FROM, Stage.START) else activity.source
    if stage in _TASKS and node is not None:
        history.began(state, guest, node, _TASKS[stage], (activity.source, activity.target))
    state.touch(guest)


def _next(state: State, guest: Guest, activity: Activity) -> None:
    source, target = activity.source, activity.target
    if activity.stage is Stage.REQUESTED:
        _queue(state, guest, activity)
    elif activity.stage is Stage.MIGRATE_FROM and target and source:
        history.ended(state, guest, target, "migrate_from")
        _enter(state, guest, activity, Stage.STOP_SOURCE, _STOP_SOURCE_S)
    elif activity.stage is Stage.STOP_SOURCE and target and source:
        history.ended(state, guest, source, "stop")
        history.monitored(state, guest, target)
        state.engage(guest, None)
    elif activity.stage is Stage.STOP and source:
        _stopped(state, guest, activity, source)
    elif activity.stage is Stage.START and target:
        _started(state, guest, target)
    elif activity.stage is Stage.PROBE:
        _probed(state, guest)


def _queue(state: State, guest: Guest, activity: Activity) -> None:
    """Begin, unless too many others are migrating, or what it depends on is not there yet."""
    if activity.kind is ActionKind.MIGRATE:
        activity.stage = Stage.WAITING
        crowd = _links_with(state)
        limit = state.migration_limit
        ends = (activity.source, activity.target)
        if limit is not None and any(crowd[node] >= limit for node in ends if node):
            state.touch(guest)
            return
        activity.copy = PreCopy(
            guest.memory_bytes,
            0.0 if guest.paused else guest.dirty_rate_bytes_per_s,
            guest.working_set_bytes,
            guest.downtime_limit_s,
        )
        if activity.source is not None:
            history.let_go(guest, activity.source)
        timeout = guest.migrate_to_timeout_s or DEFAULT_TIMEOUT_S
        _enter(state, guest, activity, Stage.MIGRATE_TO, timeout)
    elif activity.kind is ActionKind.START:
        _start(state, guest, activity)
    elif activity.source is not None:
        history.let_go(guest, activity.source)
        _enter(state, guest, activity, Stage.STOP, state.random.uniform(1.5, 3.0))


def _links_with(state: State) -> Counter[str]:
    """How many migrations each node takes part in, for the migration-limit."""
    crowd: Counter[str] = Counter()
    for vm in state.busy:
        activity = state.guests[vm].activity
        if activity is not None and activity.in_flight:
            crowd.update(node for node in (activity.source, activity.target) if node)
    return crowd


def _copy(
    state: State, guest: Guest, activity: Activity, seconds: float, crowd: Counter[str]
) -> None:
    copy, source, target = activity.copy, activity.source, activity.target
    if copy is None or source is None or target is None:
        return
    broken = _broken(state, guest, copy, source, target)
    if broken:
        fail_migration(state, guest, 1, _FAILED, broken)
    elif activity.left_s <= 0:
        fail_migration(state, guest, 1, _TIMED_OUT, "Process did not exit within specified timeout")
    elif state.now - activity.since > SETUP_S:
        link = min(
            state.hosts[n].bandwidth_bytes_per_s / max(1, crowd[n]) for n in (source, target)
        )
        limit = guest.migration_speed_bytes_per_s or link
        activity.rate_bytes_per_s = min(link, limit)
        copy.dirty_rate_bytes_per_s = 0.0 if guest.paused else guest.dirty_rate_bytes_per_s
        copy.downtime_limit_s = guest.downtime_limit_s
        halted = copy.halted
        copy.advance(seconds, activity.rate_bytes_per_s)
        if copy.done:
            _arrive(state, guest, activity)
        elif copy.halted is not halted:
            state.touch(guest)


def _broken(state: State, guest: Guest, copy: PreCopy, source: str, target: str) -> str | None:
    for node in (source, target):
        host = state.hosts[node]
        if not host.alive or host.libvirt_down is not None:
            return f"{guest.domain}: live migration to {target} failed: no libvirt on {node}"
    if guest.fails_next and copy.remaining_bytes < 0.6 * copy.total_bytes:
        guest.fails_next = False
        return f"{guest.domain}: live migration to {target} failed: 1"
    return None


def _arrive(state: State, guest: Guest, activity: Activity) -> None:
    """migrate_to succeeded. What the scheduler wants now decides whether the guest survives:
    a constraint that is gone by now means stopping it on both nodes and starting it again."""
    source, target = activity.source, activity.target
    if source is None or target is None:
        return
    if activity.stage is Stage.MIGRATE_TO:
        guest.host = target
        history.ended(state, guest, source, "migrate_to")
        activity.stage = Stage.HELD
    if not guest.managed or guest.maintenance or state.maintenance:
        return
    wishes = scheduler.present(state)
    asked = replace(wishes, places={**wishes.places, guest.id: source})
    if scheduler.place(state, asked)[guest.id] == target:
        _enter(state, guest, activity, Stage.MIGRATE_FROM, _MIGRATE_FROM_S)
    else:
        guest.failed, guest.half_on = True, source
        state.engage(guest, None)


def fail_migration(state: State, guest: Guest, rc: int, status: int, why: str) -> None:
    """The migrate_to under way fails: the guest stays where it is until Pacemaker recovers it."""
    activity = guest.activity
    if activity is None or activity.stage is not Stage.MIGRATE_TO or activity.source is None:
        return
    history.ended(state, guest, activity.source, "migrate_to", rc, status, why)
    guest.failed, guest.half_on = True, activity.target
    guest.blocked = guest.on_fail == "block"
    state.engage(guest, None)


def end_copy_well(state: State, guest: Guest) -> None:
    """A copy that has failed becomes one that waits for its arrival."""
    source, target = guest.host, guest.half_on
    if guest.failed and source is not None and target is not None:
        guest.failed, guest.blocked, guest.half_on, guest.host = False, False, None, target
        state.engage(guest, Activity(ActionKind.MIGRATE, Stage.HELD, source, target, state.now, 0))


def _stopped(state: State, guest: Guest, activity: Activity, source: str) -> None:
    history.ended(state, guest, source, "stop")
    guest.host, guest.paused, guest.failed, guest.half_on = None, False, False, None
    target = activity.target
    if target is not None and state.hosts[target].can_host:
        _start(state, guest, activity)
    else:
        state.engage(guest, None)


def _start(state: State, guest: Guest, activity: Activity) -> None:
    target = activity.target
    if target is None or any(_is_away(state, vm) for vm in guest.after):
        activity.stage, activity.kind = Stage.WAITING, ActionKind.START
        state.touch(guest)
        return
    activity.source = None
    guest.host, guest.boots = target, guest.boots + 1
    guest.started_with = guest.parameters
    _enter(state, guest, activity, Stage.START, state.random.uniform(2.0, 4.0))


def _is_away(state: State, vm: str) -> bool:
    first = state.guests[vm]
    return first.host is None or (
        first.activity is not None and first.activity.stage in (Stage.STOP, Stage.START)
    )


def _started(state: State, guest: Guest, target: str) -> None:
    host = state.hosts[target]
    if host.libvirt_down is not None:
        history.ended(state, guest, target, "start", 1, _FAILED, f"no libvirt on {target}")
        guest.host, guest.cannot_start_on = None, guest.cannot_start_on | {target}
    else:
        history.ended(state, guest, target, "start")
        history.monitored(state, guest, target)
    state.engage(guest, None)


def forget(state: State, guest: Guest) -> None:
    """Forget what is known of the VM: what failed there may be tried again."""
    history.forgotten(state, guest)
    guest.cannot_start_on = frozenset()


def probe_on(state: State, guest: Guest, node: str) -> None:
    """Forget what was done with the VM on a node where it is not, and look there."""
    history.forgotten(state, guest, node)
    guest.cannot_start_on -= {node}
    if state.hosts[node].alive:
        history.ended(state, guest, node, "monitor", history.NOT_RUNNING)


def probe(state: State, guest: Guest) -> None:
    """Forget what is known of the VM and look where it is."""
    forget(state, guest)
    if guest.activity is None:
        activity = Activity(ActionKind.OTHER, Stage.PROBE, guest.host, None, state.now, _PROBE_S)
        state.engage(guest, activity)
        _enter(state, guest, activity, Stage.PROBE, _PROBE_S)


def _probed(state: State, guest: Guest) -> None:
    if guest.host is not None:
        history.ended(state, guest, guest.host, "monitor")
        history.monitored(state, guest, guest.host)
    for host in state.hosts.values():
        if host.alive and host.name != guest.host:
            history.ended(state, guest, host.name, "monitor", history.NOT_RUNNING)
    guest.failed, guest.blocked, guest.half_on = False, False, None
    state.engage(guest, None)
