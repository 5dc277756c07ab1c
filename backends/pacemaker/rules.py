"""Whether a rule holds, as the scheduler of a release sees it. Pure.

Sources: "Pacemaker Explained" 2.1, "Rules"; `rules.c` of 2.1.5 and 3.0.0. What cannot be told from
here is `None`: neither true nor false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from lxml import etree

from backends.pacemaker.moments import Clock, after, epoch_s, in_spec, moment, seconds
from backends.pacemaker.references import Tree
from backends.pacemaker.release import Release
from backends.pacemaker.xml import number

Truth = bool | None
ReadMoment = Callable[[str, int], tuple[datetime, int]]


@dataclass(frozen=True, slots=True)
class Agent:
    """A resource's type; parts are `None` where it has none (a group has no type at all)."""

    standard: str | None = None
    provider: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """An operation; `interval_s` is 0 for what does not recur."""

    name: str
    interval_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Node:
    """What is known of the node that a rule is asked about."""

    attributes: Mapping[str, str]
    complete: bool = True
    """Whether what is not among these is not set either."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a rule is asked about. What the release does not tell a rule is `None`."""

    release: Release
    clock: Clock | None
    """`None` where it shall not turn on the time."""
    agent: Agent | None = None
    task: Task | None = None
    node: Node | None = None


def holds(rule: etree._Element, tree: Tree, situation: Situation) -> Truth:
    """`tree` is the one in which the rule stands, where its references are looked for."""
    resolved = tree.resolved(rule)
    if resolved is None:
        return situation.release.looks_around_templates
    any_of = resolved.get("boolean-op", "and").lower() == "or"
    parts = list(resolved.iterchildren("*"))
    found = [_true(part, tree, situation) for part in parts]
    if any_of in found:
        return any_of
    if None in found:
        return None
    if not parts:
        return not any_of or not situation.release.looks_around_templates
    return not any_of


def _true(part: etree._Element, tree: Tree, situation: Situation) -> Truth:
    match part.tag:
        case "rule":
            return holds(part, tree, situation)
        case "date_expression":
            return _in_time(part, situation)
        case "rsc_expression":
            return _of_agent(part, situation)
        case "op_expression":
            return _of_task(part, situation.task)
        case "expression":
            return _on_node(part, situation)
        case _:
            return None


def _of_agent(part: etree._Element, situation: Situation) -> bool:
    old = situation.release.wants_providers_named
    if situation.agent is None and old:
        return False
    agent = situation.agent or Agent()
    provider = part.get("provider")
    return (
        part.get("class", agent.standard) == agent.standard
        and part.get("type", agent.type) == agent.type
        and (provider == agent.provider or (provider is None and not old))
    )


def _of_task(part: etree._Element, task: Task | None) -> Truth:
    if task is None or part.get("name") != task.name:
        return False
    said = part.get("interval")
    if said is None:
        return True
    interval_s = seconds(said)
    return interval_s == task.interval_s if interval_s is not None else None


def _in_time(part: etree._Element, situation: Situation) -> Truth:
    """In every zone that the nodes may be in, or it is not known."""
    clock = situation.clock
    if clock is None:
        return None
    try:
        read = partial(moment, sees_any_zone=situation.release.sees_any_zone)
        found = {_at(part, int(clock.now_s), offset_s, read) for offset_s in clock.zones}
    except (ValueError, OverflowError):
        return None
    return found.pop() if len(found) == 1 else None


def _at(part: etree._Element, now_s: int, offset_s: int, read: ReadMoment) -> bool:
    """Raises `ValueError` or `OverflowError` for times that are not understood."""
    operation = part.get("operation", "in_range").lower()
    if operation == "date_spec":
        spec = part.find("date_spec")
        return spec is not None and in_spec(_attributes(spec), now_s, offset_s)
    begin, end, duration = part.get("start"), part.get("end"), part.find("duration")
    start = read(begin, offset_s) if begin is not None else None
    begin_s = epoch_s(*start) if start is not None else None
    end_s = epoch_s(*read(end, offset_s)) if end is not None else None
    match operation:
        case "gt":
            return begin_s is not None and now_s > begin_s
        case "lt":
            return end_s is not None and now_s < end_s
        case "in_range":
            if end_s is None and start is not None and duration is not None:
                end_s = epoch_s(after(start[0], _attributes(duration)), start[1])
            return (begin_s is not None or end_s is not None) and (
                (begin_s is None or now_s >= begin_s) and (end_s is None or now_s <= end_s)
            )
        case _:
            raise ValueError(operation)


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}


def _on_node(part: etree._Element, situation: Situation) -> Truth:
    name, operation = part.get("attribute", ""), part.get("operation", "").lower()
    if situation.node is None:
        if not situation.release.compares_without_node:
            return False
        known = None
    else:
        known = situation.node.attributes.get(name)
        if known is None and not situation.node.complete:
            return None
    if part.get("value-source", "literal") != "literal" or "%" in name:
        return None
    match operation:
        case "defined":
            return known is not None
        case "not_defined":
            return known is None
    return _compared(known, part.get("value"), operation, part.get("type"))


_ORDERS: Mapping[str, Callable[[int], bool]] = {
    "lt": lambda order: order < 0,
    "lte": lambda order: order <= 0,
    "gt": lambda order: order > 0,
    "gte": lambda order: order >= 0,
}


def _compared(known: str | None, value: str | None, operation: str, kind: str | None) -> Truth:
    if operation not in ("eq", "ne", *_ORDERS) or value is None:
        return None
    if known is None:
        return operation == "ne"
    in_order = operation in _ORDERS
    decimal = "." in known + value
    order = _order(known, value, kind or (("number" if decimal else "integer") if in_order else ""))
    if order is None:
        return None
    return _ORDERS[operation](order) if in_order else (order == 0) is (operation == "eq")


def _order(one: str, other: str, kind: str) -> int | None:
    """Which is greater; `None` for versions, whose order only Pacemaker knows."""
    kind = kind.lower()
    if kind == "version":
        return 0 if one == other else None
    numbers = _numbers(kind, one, other)
    if numbers is not None:
        return (numbers[0] > numbers[1]) - (numbers[0] < numbers[1])
    return (one.lower() > other.lower()) - (one.lower() < other.lower())


_INTEGER = re.compile(r"\s*([+-]?[0-9]+)")
_NUMBER = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")


def _numbers(kind: str, one: str, other: str) -> tuple[float, float] | None:
    """`None` where they are to be compared as words, as they are if either begins with no number.
    What stands behind it is left out (`strtoll`, `strtod`): 5.5 is the integer 5."""
    reads = {"integer": _INTEGER, "number": _NUMBER}.get(kind)
    found = [match[1] for text in (one, other) if reads and (match := reads.match(text))]
    if len(found) < 2:
        return None
    if kind == "number":
        return float(found[0]), float(found[1])
    first, second = number(found[0]), number(found[1])
    return (first, second) if first is not None and second is not None else None
