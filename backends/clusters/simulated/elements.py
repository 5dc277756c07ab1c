"""What `cibadmin --modify` puts into the CIB of the simulated cluster: the elements it knows."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from backends.clusters.simulated.state import Guest, Location, State
from backends.data.picture import ConstraintKind
from backends.pacemaker.moments import seconds

_OPERATIONS = ("migrate_to", "migrate_from")


def modify(state: State, element: Element) -> list[Guest] | None:
    """The VMs that it changes; `None` where there is no such element, or it is not known here."""
    match element.tag:
        case "op":
            return _operation(state, element)
        case "primitive":
            return _operation_of(state, element)
        case "constraints":
            return _preferences(state, element)
        case _:
            return None


def _operation(state: State, operation: Element) -> list[Guest] | None:
    """Found by its id alone."""
    for guest in state.guests.values():
        for name in _OPERATIONS:
            if guest.operation_id(name) == operation.get("id"):
                return _set(guest, name, operation)
    return None


def _operation_of(state: State, primitive: Element) -> list[Guest] | None:
    guest, operation = state.guests.get(primitive.get("id", "")), primitive.find("operations/op")
    name = operation.get("name") if operation is not None else None
    if guest is None or operation is None or name not in _OPERATIONS:
        return None
    guest.operation_ids = {**guest.operation_ids, name: operation.get("id", "")}
    return _set(guest, name, operation)


def _set(guest: Guest, name: str, options: Element) -> list[Guest]:
    timeout_s = seconds(options.get("timeout"))
    if name == "migrate_from":
        guest.migrate_from_timeout_s = timeout_s or guest.migrate_from_timeout_s
    else:
        guest.migrate_to_timeout_s = timeout_s or guest.migrate_to_timeout_s
        guest.on_fail = options.get("on-fail", guest.on_fail)
        # Pacemaker reads it when it decides, also about a failure that was before.
        guest.blocked |= guest.on_fail == "block" and guest.half_on is not None
    return [guest]


def _preferences(state: State, constraints: Element) -> list[Guest] | None:
    """One with the id of an older one takes its place."""
    wanted = [
        Location(
            each.get("id", ""), each.get("rsc", ""), each.get("node", ""), ConstraintKind.PREFER
        )
        for each in constraints
    ]
    if any(each.vm not in state.guests for each in wanted):
        return None
    ids = {each.id for each in wanted}
    state.constraints = [each for each in state.constraints if each.id not in ids] + wanted
    return [state.guests[each.vm] for each in wanted]
