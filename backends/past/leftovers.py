"""Who left a constraint behind, longer ago than is looked at otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from backends.data.picture import Constraint
from backends.data.timeline import Entry
from backends.past.differences import differences
from backends.past.inputs import Input
from backends.past.partitions import of_the_cluster
from backends.past.record import Record

_AT_FIRST = 16
_AT_ONCE = 200
MOST_FILES = 1000
"""So many decisions are read backwards: on a small cluster 4 MB over the wire."""
_KINDS = frozenset({"ban", "prefer"})


async def left_before(
    record: Record, left: Sequence[Constraint], inputs: Sequence[Input], entries: Sequence[Entry]
) -> tuple[list[Entry], list[str]]:
    """How those of a VM's constraints came about that stood before the first of these inputs, and
    have since; and of which of them that is not known."""
    old = {constraint.id for constraint in inputs[0].cib.constraints}
    told = {(e.vm, e.node) for entry in entries for e in entry.all() if e.kind in _KINDS}
    found: list[Entry] = []
    unknown: list[str] = []
    for each in left:
        if each.id in old and (each.vm, each.node) not in told:
            entry = await left_by(record, each, inputs[0])
            if entry is None:
                unknown.append(f"who left {each.id} behind, and when")
            else:
                found.append(entry)
    return sorted(found, key=lambda entry: entry.at), unknown


async def left_by(record: Record, constraint: Constraint, since: Input) -> Entry | None:
    """When it was set last before an input that has it, and by whom; `None` where it is older than
    what is read. Only decision by decision is it sure that it was not removed in between."""
    older = [file for file in record.files if file.at < since.at][-MOST_FILES:]
    newer, at_once = since, _AT_FIRST
    while older:
        some, older = older[-at_once:], older[:-at_once]
        for each in reversed(of_the_cluster(await record.read(some))):
            if constraint not in each.cib.constraints:
                return _told(constraint, each, newer)
            newer = each
        at_once = min(2 * at_once, _AT_ONCE)
    return None


def _told(constraint: Constraint, before: Input, after: Input) -> Entry | None:
    for entry in differences(before, after):
        if entry.kind in _KINDS and (entry.vm, entry.node) == (constraint.vm, constraint.node):
            return entry
    return None
