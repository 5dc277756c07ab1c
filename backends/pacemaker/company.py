"""Whom a resource must be beside or apart from, and the tickets that it needs. Pure.

Sources: "Pacemaker Explained" 2.1, "Placing Resources Relative to other Resources" and
"Multi-Site Clusters"; `pcmk_sched_colocation.c` and `pcmk_sched_tickets.c` of 2.1.5. Only what
leaves no choice is looked at: scores without a role that are INFINITY or -INFINITY.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree

from backends.pacemaker.nvpairs import INFINITY, score_of
from backends.pacemaker.xml import truth

Members = Mapping[str, tuple[str, ...]]
_EVERY_ROLE = (None, "started", "unpromoted", "slave")


@dataclass(frozen=True, slots=True)
class Company:
    """`vm` must be where `other` is, or must not."""

    name: str
    """The constraint's id, or the group's."""
    vm: str
    other: str
    apart: bool


def company(root: etree._Element, members: Members) -> Iterator[Company]:
    for rule in root.iterfind("configuration/constraints/rsc_colocation"):
        name, score = rule.get("id", ""), score_of(rule.get("score")) or 0
        if abs(score) < INFINITY:
            continue
        apart = score < 0
        for dependent, other in _pairs(rule):
            for vm in members.get(dependent, ()):
                for each in members.get(other, ()):
                    yield Company(name, vm, each, apart)
                    if apart:
                        yield Company(name, each, vm, apart)


def _pairs(rule: etree._Element) -> Iterator[tuple[str, str]]:
    """Who depends on whom. In a set each depends on the one before it, unless it is not
    sequential; and every set on the one that stands behind it."""
    if _role(rule, "rsc-role") and _role(rule, "with-rsc-role") and rule.get("rsc"):
        yield rule.get("rsc", ""), rule.get("with-rsc", "")
    sets = [each for each in rule.iterfind("resource_set") if _role(each, "role")]
    listed = [[ref.get("id", "") for ref in each.iterfind("resource_ref")] for each in sets]
    for each, ids in zip(sets, listed, strict=True):
        if truth(each.get("sequential")) is not False:
            yield from zip(ids[1:], ids, strict=False)
    for first, second in pairwise(listed):
        yield from ((one, other) for one in first for other in second)


def _role(element: etree._Element, name: str) -> bool:
    said = element.get(name)
    return (said.lower() if said is not None else None) in _EVERY_ROLE


def missing_tickets(root: etree._Element, members: Members) -> Iterator[tuple[str, str]]:
    """Each primitive that needs a ticket which this cluster has not, or not now, and in words why
    it may not run."""
    states = {each.get("id"): each for each in root.iterfind("status/tickets/ticket_state")}
    for rule in root.iterfind("configuration/constraints/rsc_ticket"):
        ticket = rule.get("ticket", "")
        state = states.get(ticket)
        if state is None or truth(state.get("granted")) is not True:
            why = "which this cluster has not been granted"
        elif truth(state.get("standby")) is True:
            why = "which is in standby"
        else:
            continue
        sets = rule.iterfind("resource_set")
        named = [ref.get("id", "") for each in sets for ref in each.iterfind("resource_ref")]
        for each in filter(None, (rule.get("rsc"), *named)):
            for vm in members.get(each, ()):
                yield vm, f"{rule.get('id', '')} has it need the ticket {ticket}, {why}"
