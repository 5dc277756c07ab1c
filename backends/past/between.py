"""What stood between two recorded decisions, from the operation history of the later one. Pure.

Each entry there says when its operation began (`last-rc-change`) and how long it took
(`exec-time`): before that it was not there, meanwhile it was pending.
"""

from __future__ import annotations

import copy
from collections.abc import Collection

from lxml import etree

from backends.pacemaker.xml import number, parse

PENDING = "-1"
NO_RESULT = "193"
"""`PCMK_OCF_UNKNOWN`, the result of an operation that has none yet."""


def cib_at(before: bytes, after: bytes | None, at: float, fenced: Collection[str] = ()) -> bytes:
    """The CIB of a moment, out of the input before it and the one after it, and the nodes that were
    fenced since the first. Raises `BadAnswer`."""
    if after is None and not fenced:
        return before
    root = parse(before, "a recorded input")
    for state in root.iterfind("status/node_state"):
        if state.get("uname") in fenced:
            _forget(state)
    later = root if after is None else parse(after, "a recorded input")
    for state in later.iterfind("status/node_state"):
        name = state.get("uname")
        own = next((s for s in root.iterfind("status/node_state") if s.get("uname") == name), None)
        if own is not None:
            _go_on(own, state, at)
    return etree.tostring(root)


def _forget(state: etree._Element) -> None:
    """What the controller writes of a node that was fenced (`send_stonith_update` of 2.1.5)."""
    state.attrib.update({"in_ccm": "false", "crmd": "offline", "join": "down", "expected": "down"})
    for part in ("lrm", "transient_attributes"):
        for element in state.findall(part):
            state.remove(element)


def _go_on(own: etree._Element, later: etree._Element, at: float) -> None:
    resources = {r.get("id"): r for r in own.iterfind("lrm/lrm_resources/lrm_resource")}
    for resource in later.iterfind("lrm/lrm_resources/lrm_resource"):
        mine = resources.get(resource.get("id"))
        for operation in resource.iterfind("lrm_rsc_op"):
            known = _entry(mine, operation.get("id"))
            if known is not None and _is_same(known, operation):
                continue
            reached = _as_of(operation, at)
            if reached is None:
                continue
            if mine is None:
                mine = _with_resource(own, resource)
            if known is not None:
                mine.remove(known)
            mine.append(reached)


def _entry(resource: etree._Element | None, name: str | None) -> etree._Element | None:
    if resource is None:
        return None
    return next((op for op in resource.iterfind("lrm_rsc_op") if op.get("id") == name), None)


def _is_same(one: etree._Element, other: etree._Element) -> bool:
    return all(one.get(key) == other.get(key) for key in ("transition-magic", "call-id"))


def _as_of(operation: etree._Element, at: float) -> etree._Element | None:
    """The entry as it stood at a moment; `None` where it had not begun."""
    began = number(operation.get("last-rc-change"))
    if began is None or at < began:
        return None
    entry = copy.deepcopy(operation)
    took_s = (number(operation.get("exec-time")) or 0) / 1000
    recurring = (number(operation.get("interval")) or 0) > 0
    if at >= began + took_s or operation.get("op-status") == PENDING:
        return entry
    if recurring or "_last_failure_" in operation.get("id", ""):
        return None
    key = operation.get("transition-key", "")
    for name, value in (
        ("op-status", PENDING),
        ("rc-code", NO_RESULT),
        ("call-id", PENDING),
        ("transition-magic", f"{PENDING}:{NO_RESULT};{key}"),
        ("exit-reason", ""),
    ):
        entry.set(name, value)
    return entry


def _with_resource(state: etree._Element, resource: etree._Element) -> etree._Element:
    """An entry of its own for a resource that this node has not had before."""
    lrm = state.find("lrm")
    if lrm is None:
        lrm = etree.SubElement(state, "lrm", {"id": state.get("id", "")})
    resources = lrm.find("lrm_resources")
    if resources is None:
        resources = etree.SubElement(lrm, "lrm_resources")
    words = {str(key): str(value) for key, value in resource.attrib.items()}
    return etree.SubElement(resources, "lrm_resource", words)
