"""What failed on a node so that the scheduler keeps a resource from it. Pure.

Sources: `remap_operation` and `unpack_rsc_op` of unpack.c, and `failcounts.c`, of 2.1.5 and 3.0.0.
A failed start counts as INFINITY, unless `start-failure-is-fatal` is false.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from backends.data.picture import Obstacle
from backends.pacemaker.configured import Configured, Primitive
from backends.pacemaker.moments import seconds
from backends.pacemaker.nvpairs import INFINITY, score_of
from backends.pacemaker.xml import number

_Kept = tuple[str, Obstacle]

_FAILURES = "fail-count-"
_CURE = "crm_resource --cleanup forgets it"

_UNIMPLEMENTED, _NOT_CONFIGURED = 3, 6
_EXIT_CODES = {
    2: "invalid parameter",
    _UNIMPLEMENTED: "unimplemented",
    4: "insufficient privileges",
    5: "not installed",
    _NOT_CONFIGURED: "not configured",
}
"""Those with which no other try is made there: with the last of them nowhere."""
_ERROR_HARD, _ERROR_FATAL, _NOT_INSTALLED = 5, 6, 7
_STATUSES = {
    _ERROR_HARD: "hard error",
    _ERROR_FATAL: "fatal error",
    _NOT_INSTALLED: "not installed",
    10: "no fence device",
    11: "no secrets",
}
"""The same, as the executor says it (`pcmk_exec_status`)."""


@dataclass(frozen=True, slots=True)
class End:
    """An operation that ended so that the scheduler expects nothing else of another try."""

    resource: str
    task: str
    node: str
    said: str
    everywhere: bool


def obstacles(configured: Configured, ended: Mapping[str, Sequence[End]]) -> Iterator[_Kept]:
    """Each with the primitive that it concerns."""
    attributes = (name for node in configured.nodes.values() for name in node.attributes)
    has_counts = any(name.startswith(_FAILURES) for name in attributes)
    if not (has_counts or ended):
        return
    for primitive in configured.primitives():
        for obstacle in (
            *(counted(configured, primitive) if has_counts else ()),
            *_for_good(configured, primitive, ended),
        ):
            yield primitive.id, obstacle


def counted(configured: Configured, primitive: Primitive) -> Iterator[Obstacle]:
    """What failed as often as it may; up to 1.1.16 all operations have one count."""
    prefix = f"{_FAILURES}{primitive.id}"
    counted_on = {
        name: {
            attribute.removeprefix(f"{prefix}#").rpartition("_")[0]: score_of(said) or 0
            for attribute, said in node.attributes.items()
            if attribute == prefix or attribute.startswith(f"{prefix}#")
        }
        for name, node in configured.nodes.items()
    }
    if not any(counted_on.values()):
        return
    limit = score_of(primitive.meta().get("migration-threshold", "INFINITY")) or INFINITY
    for name, counts in counted_on.items():
        if counts and sum(counts.values()) >= limit:
            tasks = " and ".join(f"its {task}" if task else "it" for task in sorted(counts))
            often = "as often as migration-threshold allows" if limit < INFINITY else "for good"
            yield Obstacle(name, f"{tasks} failed there {often}: {_CURE}")


def _for_good(
    configured: Configured, primitive: Primitive, ended: Mapping[str, Sequence[End]]
) -> Iterator[Obstacle]:
    """Of the VM itself, or of what is in the same group or clone, which is kept from the node as a
    whole."""
    parents = primitive.parents
    whole = parents[-1].iter("primitive") if ended and parents else (primitive.own,)
    for end in (end for each in whole for end in ended.get(each.get("id", ""), ())):
        whose = "its" if end.resource == primitive.id else f"{end.resource}'s"
        told = f"{whose} {end.task} on {end.node} ended with {end.said}: {_CURE}"
        yield from (
            Obstacle(node, told) for node in (configured.nodes if end.everywhere else (end.node,))
        )


def ends(node: str, resource: etree._Element) -> Iterator[End]:
    """Those of a resource's history on a node."""
    for entry in resource.iterfind("lrm_rsc_op"):
        if (words := _ended_for_good(entry)) is not None:
            reason = entry.get("exit-reason")
            yield End(
                resource.get("id", "").partition(":")[0],
                _task(entry),
                node,
                f"«{words}»{f' ({reason})' if reason else ''}",
                _everywhere(entry),
            )


def _ended_for_good(entry: etree._Element) -> str | None:
    rc, status = number(entry.get("rc-code")), number(entry.get("op-status"))
    if status in _STATUSES:
        return _STATUSES[status]
    if rc is None or status == -1 or rc == expected(entry):
        return None
    if rc == _UNIMPLEMENTED and seconds(entry.get("interval")):
        return None
    return _EXIT_CODES.get(rc)


def _everywhere(entry: etree._Element) -> bool:
    said = number(entry.get("rc-code")), number(entry.get("op-status"))
    return said[0] == _NOT_CONFIGURED or said[1] == _ERROR_FATAL


def expected(entry: etree._Element) -> int | None:
    """The exit code that was counted on: the third part of a transition's key."""
    parts = entry.get("transition-key", "").split(":")
    return number(parts[2]) if len(parts) > 2 else None


def _task(entry: etree._Element) -> str:
    task = entry.get("operation", "")
    return "probe" if task == "monitor" and not seconds(entry.get("interval")) else task
