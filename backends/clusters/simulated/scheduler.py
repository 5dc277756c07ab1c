"""A small scheduler: where each VM should be, and which actions bring it there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backends.clusters.simulated.state import Guest, Location, Stage, State
from backends.data.picture import ConstraintKind
from backends.data.plan import Action, ActionKind

INFINITY = 1_000_000
_CHANGED = "its configuration was changed"
_ENDS_THE_GUEST = frozenset(
    {ActionKind.MOVE, ActionKind.RESTART, ActionKind.STOP, ActionKind.RECOVER}
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where the VMs are and which constraints hold: the part a prediction changes."""

    places: Mapping[str, str | None]
    constraints: Sequence[Location]


def present(state: State) -> Wishes:
    """What is so now. A VM in mid-migration counts where it goes."""
    return Wishes(
        {guest.id: _place(guest) for guest in state.guests.values()},
        tuple(c for c in state.constraints if c.holds(state.now)),
    )


def _place(guest: Guest) -> str | None:
    activity = guest.activity
    if activity is None or activity.stage in (Stage.REQUESTED, Stage.WAITING, Stage.PROBE):
        return guest.host
    return activity.target if activity.target is not None else guest.host


def decide(state: State, wishes: Wishes) -> list[Action]:
    """The actions of one transition."""
    if not state.quorum or state.maintenance:
        return []
    targets = place(state, wishes)
    actions: dict[str, Action] = {}
    for guest in state.guests.values():
        here, there = wishes.places[guest.id], targets[guest.id]
        if here == there and not guest.failed and not guest.changed:
            continue
        if is_free(state, guest, here):
            action = _action(state, guest, here, there)
            if action is not None:
                actions[guest.id] = action
    for guest in _dependents(state):
        _cascade(state, wishes, guest, actions)
    return [*actions.values(), *_companions(state, actions.values())]


def under_way(state: State, wishes: Wishes) -> list[Action]:
    """The migrations in flight with which the next transition goes on."""
    if not state.quorum or state.maintenance:
        return []
    targets = place(state, wishes)
    return [
        Action(ActionKind.MIGRATE, guest.id, guest.host, activity.target)
        for guest in state.guests.values()
        if (activity := guest.activity) is not None
        and activity.in_flight
        and activity.target == targets[guest.id]
        and guest.managed
        and not guest.maintenance
    ]


def place(state: State, wishes: Wishes) -> dict[str, str | None]:
    """Where each VM should be."""
    scores = _scores(state, wishes.constraints)
    able = {host.name for host in state.hosts.values() if host.can_host}
    targets = dict(wishes.places)
    crowd = _Crowd(state, wishes.places)
    leaders = {guest.colocated_with for guest in state.guests.values()}
    anchored = []
    for guest in state.guests.values():
        if guest.colocated_with or guest.apart_from or guest.after:
            anchored.append(guest)
            continue
        here = wishes.places[guest.id]
        at_ease = guest.id not in scores and guest.id not in leaders and not guest.cannot_start_on
        if not (at_ease and here in able and guest.target_role != "Stopped"):
            targets[guest.id] = _best(state, guest, here, able, scores, targets, crowd)
    for guest in anchored:
        here = wishes.places[guest.id]
        targets[guest.id] = _best(state, guest, here, able, scores, targets, crowd)
    return targets


def is_free(state: State, guest: Guest, here: str | None) -> bool:
    """Whether Pacemaker may act on the VM now."""
    if not guest.managed or guest.maintenance or guest.blocked:
        return False
    if here is not None and here in state.hosts:
        host = state.hosts[here]
        if host.unclean or host.maintenance or not host.online:
            return False
    activity = guest.activity
    return activity is None or activity.stage in (Stage.REQUESTED, Stage.WAITING)


class _Crowd:
    """How full the nodes are."""

    def __init__(self, state: State, places: Mapping[str, str | None]) -> None:
        self._state = state
        self.count: Counter[str] = Counter()
        self.memory: Counter[str] = Counter()
        for guest in state.guests.values():
            node = places[guest.id]
            if node is not None:
                self.count[node] += 1
                self.memory[node] += guest.memory_bytes

    def fits(self, guest: Guest, node: str) -> bool:
        capacity = self._state.hosts[node].memory_bytes
        return not self._state.use_capacity or (self.memory[node] + guest.memory_bytes <= capacity)

    def move(self, guest: Guest, here: str | None, there: str | None) -> None:
        for node, sign in ((here, -1), (there, 1)):
            if node is not None:
                self.count[node] += sign
                self.memory[node] += sign * guest.memory_bytes


def scores(state: State) -> dict[str, dict[str, int]]:
    """What each VM would score on each node that could run it, as `crm_simulate -s` tells it."""
    now = present(state)
    own = _scores(state, now.constraints)
    found: dict[str, dict[str, int]] = {}
    for guest in state.guests.values():
        stopped = guest.target_role == "Stopped"
        found[guest.id] = {
            host.name: -INFINITY
            if stopped or host.name in guest.cannot_start_on
            else _total(state, guest, host.name, own.get(guest.id, {}), now.places)
            for host in state.hosts.values()
            if host.can_host
        }
    return found


def _total(
    state: State,
    guest: Guest,
    node: str,
    own: Mapping[str, int],
    places: Mapping[str, str | None],
) -> int:
    score = own.get(node, 0)
    with_, without = guest.colocated_with, guest.apart_from
    if (with_ and places.get(with_) != node) or (without and places.get(without) == node):
        return -INFINITY
    if places[guest.id] == node:
        score += state.stickiness
    return max(-INFINITY, min(INFINITY, score))


def _scores(state: State, constraints: Iterable[Location]) -> dict[str, dict[str, int]]:
    scores = {g.id: dict(g.preferences) for g in state.guests.values() if g.preferences}
    leaders = {g.id: g.colocated_with for g in state.guests.values() if g.colocated_with}
    for constraint in constraints:
        score = INFINITY if constraint.kind is ConstraintKind.PREFER else -INFINITY
        for vm in (constraint.vm, leaders.get(constraint.vm)):
            if vm is not None:
                own = scores.setdefault(vm, {})
                banned = own.get(constraint.node, 0) <= -INFINITY
                own[constraint.node] = -INFINITY if banned else score
    return scores


def _best(
    state: State,
    guest: Guest,
    here: str | None,
    able: set[str],
    scores: Mapping[str, Mapping[str, int]],
    targets: Mapping[str, str | None],
    crowd: _Crowd,
) -> str | None:
    if guest.target_role == "Stopped" or any(targets.get(vm) is None for vm in guest.after):
        crowd.move(guest, here, None)
        return None
    own = scores.get(guest.id, {})
    # A migration under way is completed unless something speaks against its target.
    activity = guest.activity
    heading = activity.target if activity is not None and activity.in_flight else None
    ranks = {
        node: (
            own.get(node, 0) + (state.stickiness if node == here else 0),
            node == here,
            node == heading,
            -crowd.count[node],
        )
        for node in state.hosts
        if node in able
        and own.get(node, 0) > -INFINITY
        and node not in guest.cannot_start_on
        and (guest.colocated_with is None or targets.get(guest.colocated_with) == node)
        and (guest.apart_from is None or targets.get(guest.apart_from) != node)
        and (node == here or crowd.fits(guest, node))
    }
    best = max(ranks, key=lambda node: ranks[node], default=None)
    crowd.move(guest, here, best)
    return best


def _action(state: State, guest: Guest, here: str | None, there: str | None) -> Action | None:
    if here is None:
        return Action(ActionKind.START, guest.id, None, there) if there else None
    if there is None:
        return Action(ActionKind.STOP, guest.id, here, None, "no node can take it")
    if guest.failed:
        return Action(ActionKind.RECOVER, guest.id, here, there, "an action on it failed")
    if here == there:
        return Action(ActionKind.RESTART, guest.id, here, here, _CHANGED)
    reason = why_not_live(state, guest, there)
    kind = ActionKind.MIGRATE if reason is None else ActionKind.MOVE
    return Action(kind, guest.id, here, there, reason)


def why_not_live(state: State, guest: Guest, target: str) -> str | None:
    """Why a move there would stop the guest; `None` where it would not."""
    if guest.changed:
        return _CHANGED
    if not guest.allow_migrate:
        return "allow-migrate is not set on it"
    for companion in guest.companions:
        return f"{companion}, on which it depends, must itself stop"
    for clone in guest.needs:
        if target not in state.clones.get(clone, frozenset()):
            return f"{clone}, on which it depends, does not run on {target}"
    return None


def _dependents(state: State) -> Iterator[Guest]:
    return (guest for guest in state.guests.values() if guest.after)


def _cascade(state: State, wishes: Wishes, guest: Guest, actions: dict[str, Action]) -> None:
    cause = next(
        (vm for vm in guest.after if vm in actions and actions[vm].kind in _ENDS_THE_GUEST), None
    )
    here = wishes.places[guest.id]
    if cause is None or here is None or not is_free(state, guest, here):
        return
    planned = actions.get(guest.id)
    reason = f"it depends on {cause}"
    if planned is None:
        actions[guest.id] = Action(ActionKind.RESTART, guest.id, here, here, reason)
    elif planned.kind is ActionKind.MIGRATE:
        actions[guest.id] = Action(ActionKind.MOVE, guest.id, here, planned.target, reason)


def _companions(state: State, actions: Iterable[Action]) -> Iterator[Action]:
    for action in actions:
        for companion in state.guests[action.resource].companions:
            if action.source != action.target:
                yield Action(action.kind, companion, action.source, action.target)
