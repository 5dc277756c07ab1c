"""Since when constraints are there, as far as the journal of this user tells."""

from __future__ import annotations

from itertools import chain

from backends.acts.journal import Journal
from backends.data.picture import Cluster, ConstraintKind


def set_at(journal: Journal, picture: Cluster) -> dict[str, float]:
    """When moves of this user were begun whose constraints are there, by the constraints' ids.

    Epoch seconds. Pacemaker knows of none when it was set.
    """
    left = {
        (constraint.vm, constraint.node): constraint.id
        for vm in picture.vms
        for constraint in vm.constraints
        if constraint.kind is ConstraintKind.PREFER
    }
    if not left:
        return {}
    found: dict[str, float] = {}
    for intent in chain(journal.closed(), (intent for _, intent in journal.open())):
        name = left.get((intent.vm, intent.target))
        if name is not None and (intent.kind, intent.cluster) == ("move", picture.name):
            found[name] = max(intent.at, found.get(name, 0.0))
    return found
