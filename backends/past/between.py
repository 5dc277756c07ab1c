"""What stood between two recorded decisions, from the operation history of the later one. Pure.

Each entry there says in which second its operation began (`last-rc-change`, whole seconds) and how
long it took (`exec-time`): before that it was not there, meanwhile it was pending.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree

from backends.pacemaker.failed_there import expected
from backends.pacemaker.xml import number, parse
from backends.past.inputs import Input

PENDING = "-1"
NO_RESULT = "193"
"""`PCMK_OCF_UNKNOWN`, the result of an operation that has none yet."""
_NOT_RUNNING = "7"


def cib_at(before: Input, after: Input | None, at: float, fenced: Collection[str] = ()) -> bytes:
    """The CIB of a moment, out of the input before it and the one after it, and the nodes that were
    fenced since the first. Raises `BadAnswer`."""
    if after is None and not fenced:
        return before.text
    root = parse(before.text, "a recorded input")
    for state in root.iterfind("status/node_state"):
        if state.get("uname") in fenced:
            _forget(state)
    if after is None:
        return etree.tostring(root)
    meanwhile = _Meanwhile(before.at, after.at, at)
    for state in parse(after.text, "a recorded input").iterfind("status/node_state"):
        name = state.get("uname")
        own = next((s for s in root.iterfind("status/node_state") if s.get("uname") == name), None)
        if own is not None:
            meanwhile.go_on(own, state)
    return etree.tostring(root)


def _forget(state: etree._Element) -> None:
    """What the controller writes of a node that was fenced (`send_stonith_update` of 2.1.5)."""
    state.attrib.update({"in_ccm": "false", "crmd": "offline", "join": "down", "expected": "down"})
    for part in ("lrm", "transient_attributes"):
        for element in state.findall(part):
            state.remove(element)


@dataclass(frozen=True, slots=True)
class _Meanwhile:
    """`since`, `until`: the two decisions, `at` the moment between them, epoch seconds."""

    since: float
    until: float
    at: float

    def go_on(self, own: etree._Element, later: etree._Element) -> None:
        """Bring a node's earlier history to the moment."""
        resources = {r.get("id"): r for r in own.iterfind("lrm/lrm_resources/lrm_resource")}
        for resource in later.iterfind("lrm/lrm_resources/lrm_resource"):
            mine = resources.get(resource.get("id"))
            for operation in resource.iterfind("lrm_rsc_op"):
                known = _entry(mine, operation.get("id"))
                if known is not None and _is_same(known, operation):
                    continue
                reached = self._as_of(operation, known)
                if reached is None:
                    reached = self._overwritten(operation, mine)
                if reached is None:
                    continue
                if mine is None:
                    mine = _with_resource(own, resource)
                if known is not None:
                    mine.remove(known)
                mine.append(reached)

    def _as_of(
        self, operation: etree._Element, known: etree._Element | None
    ) -> etree._Element | None:
        """The entry as it stood at the moment; `None` where it had not begun."""
        second = number(operation.get("last-rc-change"))
        if second is None:
            return None
        pending = operation.get("op-status") == PENDING
        took_s = 0.0 if pending else (number(operation.get("exec-time")) or 0) / 1000
        goes_on = known is not None and _key(known) == _key(operation)
        began = self._began(second, took_s, goes_on=goes_on, failed=_has_failed(operation))
        if self.at < began:
            return None
        entry = copy.deepcopy(operation)
        if pending or self.at >= began + took_s:
            return entry
        recurring = (number(operation.get("interval")) or 0) > 0
        if recurring or "_last_failure_" in operation.get("id", ""):
            return None
        _fill(entry, PENDING, NO_RESULT, PENDING)
        return entry

    def _began(self, second: int, took_s: float, *, goes_on: bool, failed: bool) -> float:
        """Within that second, after the decision that did not know it, and so early that it had
        ended by the one that did; a failure is taken for what that one answers."""
        earliest = float(second) if goes_on else max(float(second), self.since)
        latest = min(second + 1.0, self.until - took_s)
        if latest < earliest:  # their clocks differ
            return float(second)
        if failed and latest < second + 1:
            return latest
        return (earliest + latest) / 2

    def _overwritten(
        self, operation: etree._Element, mine: etree._Element | None
    ) -> etree._Element | None:
        """The stop that came before a start which has not begun.

        A start leaves no trace of it, and takes the place of its times. Where the resource was
        never seen to run, as on the target of a copy that broke off, there is nothing to stop, and
        it ends as soon as it is decided.
        """
        if operation.get("operation") != "start" or not _is_down(mine):
            return None
        stop = copy.deepcopy(operation)
        name = operation.get("operation_key", "").removesuffix("_start_0")
        stop.attrib.update(
            {
                "operation": "stop",
                "operation_key": f"{name}_stop_0",
                "last-rc-change": str(int(self.since)),
                "exec-time": "0",
            }
        )
        _fill(stop, "0", "0", str((number(operation.get("call-id")) or 1) - 1))
        return stop


def _entry(resource: etree._Element | None, name: str | None) -> etree._Element | None:
    if resource is None:
        return None
    return next((op for op in resource.iterfind("lrm_rsc_op") if op.get("id") == name), None)


def _is_same(one: etree._Element, other: etree._Element) -> bool:
    return all(one.get(key) == other.get(key) for key in ("transition-magic", "call-id"))


def _key(operation: etree._Element) -> str | None:
    return operation.get("transition-key")


def _has_failed(operation: etree._Element) -> bool:
    status = operation.get("op-status")
    return status not in ("0", PENDING) or number(operation.get("rc-code")) != expected(operation)


def _is_down(resource: etree._Element | None) -> bool:
    """Whether the newest result on a node tells that a resource does not run there."""
    results = () if resource is None else resource.findall("lrm_rsc_op")
    newest = max(results, key=lambda op: number(op.get("call-id")) or 0, default=None)
    if newest is None or newest.get("operation") == "stop":
        return newest is None or newest.get("rc-code") == "0"
    return newest.get("operation") == "monitor" and newest.get("rc-code") == _NOT_RUNNING


def _fill(entry: etree._Element, status: str, rc: str, call: str) -> None:
    """Give an entry another result."""
    entry.attrib.update(
        {
            "op-status": status,
            "rc-code": rc,
            "call-id": call,
            "transition-magic": f"{status}:{rc};{_key(entry) or ''}",
            "exit-reason": "",
        }
    )


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
