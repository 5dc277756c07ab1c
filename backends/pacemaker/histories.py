"""What was done with each resource on each node, as a CIB's status tells it. Pure.

In a large cluster that is most of the CIB, and a change touches little of it: what stands there
word for word as in an earlier CIB is not read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from lxml import etree

from backends.data.picture import Operation
from backends.pacemaker.failed_there import End, ends
from backends.pacemaker.xml import in_letters, number, parse, parse_strictly

_BEGIN, _END = b"<lrm_resource ", b"</lrm_resource>"
_STATUS, _NODE = b"<status>", b"<node_state "
_LIST, _END_OF_LIST = b"<lrm_resources>", b"</lrm_resources>"
_NO_ELEMENTS = b"<!", b"<?"
"""A comment, or what else a history may have stood in that is none."""
_OTHERWISE_CODED = re.compile(rb'\s*<\?xml[^>]*encoding\s*=\s*["\'](?!utf-8)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class History:
    """Of one resource on one node, in the order of the call ids."""

    resource: str
    operations: tuple[Operation, ...]
    ends: tuple[End, ...]
    """Those that keep the resource from a node for good."""


class Kept(NamedTuple):
    """`key`: the node and the words; who finds it again keeps these and not others alike."""

    key: tuple[str, bytes]
    histories: tuple[History, ...]


Told = Mapping[tuple[str, bytes], Kept]
"""What stands in a CIB, by the node and the words themselves: a change keeps nearly all of it."""


@dataclass(frozen=True, slots=True)
class Parted:
    """The text of a CIB without its histories, and these node by node."""

    frame: bytes
    cuts: Sequence[Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A CIB without its histories, and these; `parts`: what it was read from, where it was."""

    root: etree._Element
    told: Told
    parts: Parted | None


def parted(text: bytes) -> Parted | None:
    """`None` where it is not to be parted, for it is not written as Pacemaker does."""
    if _OTHERWISE_CODED.match(text) is not None:
        return None
    head, status, rest = text.partition(_STATUS)
    before, *nodes = rest.split(_NODE) if status else [rest]
    frame, cuts = [before], []
    for node in nodes:
        opening, begin, inner = node.partition(_LIST)
        listed, end, closing = inner.partition(_END_OF_LIST)
        *parts, last = listed.split(_END)
        begins = [part.find(_BEGIN) for part in parts]
        if -1 in begins:
            return None
        frame += [_NODE, opening, begin]
        frame += [part[:begin] for part, begin in zip(parts, begins, strict=True)]
        frame += [last, end, closing]
        cuts.append([part[begin:] for part, begin in zip(parts, begins, strict=True)])
    left = b"".join(frame)
    if any(each in left for each in _NO_ELEMENTS):
        return None
    return Parted(head + status + left, cuts)


def taken_out(data: bytes, what: str, known: Told) -> Taken:
    """`known`: what an earlier CIB told. Raises `BadAnswer`."""
    parts = parted(in_letters(data, what))
    if parts is not None:
        with suppress(etree.XMLSyntaxError, ValueError):
            root = parse_strictly(parts.frame)
            return Taken(root, told(_nodes(root), parts.cuts, known), parts)
    root = parse(data, what)
    found: dict[tuple[str, bytes], Kept] = {}
    for number_of, state in enumerate(root.iterfind("status/node_state")):
        node = state.get("uname", "")
        for place, element in enumerate(state.iterfind("lrm/lrm_resources/lrm_resource")):
            key = node, b"%d %d" % (number_of, place)
            found[key] = Kept(key, (_history(node, element),))
    return Taken(root, found, None)


def _nodes(frame: etree._Element) -> list[str]:
    """Raises `ValueError` where a history was left, or was not cut out of a node's list."""
    lists = frame.findall("status/node_state/lrm/lrm_resources")
    if frame.findall("status//lrm_resources") != lists or any(map(len, lists)):
        raise ValueError("histories that are not written as Pacemaker does")
    if frame.find("status//lrm_resource") is not None:
        raise ValueError("a history that is not written as Pacemaker does")
    return names(frame)


def names(root: etree._Element) -> list[str]:
    """Of the nodes whose status a CIB tells, in its order."""
    return [state.get("uname", "") for state in root.iterfind("status/node_state")]


def told(nodes: Sequence[str], cuts: Sequence[Sequence[bytes]], known: Told) -> Told:
    """What was cut out, by these nodes. Raises `XMLSyntaxError` or `ValueError` where it is none of
    theirs, or no history."""
    keys = [(node, text) for node, texts in zip(nodes, cuts, strict=True) for text in texts]
    if len(set(keys)) != len(keys):
        raise ValueError("a history that stands twice")
    read = _read([key for key in keys if key not in known])
    kept = (known.get(key) or next(read) for key in keys)
    found = {each.key: each for each in kept}
    if next(read, None) is not None:
        raise ValueError("more histories than were cut out")
    return found


def _read(cuts: Sequence[tuple[str, bytes]]) -> Iterator[Kept]:
    """All with one parser: to make one takes longer than to read a history."""
    texts = (b"<cut>%s%s</cut>" % (text, _END) for _, text in cuts)
    root = parse_strictly(b"<cuts>%s</cuts>" % b"".join(texts))
    for key, cut in zip(cuts, root, strict=True):
        yield Kept(key, tuple(_history(key[0], each) for each in cut.iterchildren("lrm_resource")))


def _all(told: Told) -> Iterator[History]:
    return chain.from_iterable(kept.histories for kept in told.values())


def operations(told: Told) -> dict[str, tuple[Operation, ...]]:
    """For each resource what was done with it, per node in the order of its call ids."""
    found: dict[str, list[Operation]] = {}
    for history in _all(told):
        found.setdefault(history.resource, []).extend(history.operations)
    return {resource: tuple(operations) for resource, operations in found.items()}


def ended(told: Told) -> dict[str, list[End]]:
    """By the resource's name without the number of an instance."""
    found: dict[str, list[End]] = {}
    for history in _all(told):
        for end in history.ends:
            found.setdefault(end.resource, []).append(end)
    return found


def _history(node: str, element: etree._Element) -> History:
    entries = [_operation(node, entry) for entry in element.iterfind("lrm_rsc_op")]
    entries.sort(key=lambda op: (op.call_id < 0, op.call_id))
    return History(element.get("id", ""), tuple(entries), tuple(ends(node, element)))


def _operation(node: str, entry: etree._Element) -> Operation:
    rc, status = number(entry.get("rc-code")), number(entry.get("op-status"))
    at = number(entry.get("last-rc-change"))
    return Operation(
        node=node,
        task=entry.get("operation", ""),
        call_id=number(entry.get("call-id")) or 0,
        rc=rc if rc is not None else -1,
        status=status if status is not None else -1,
        at=float(at) if at is not None else None,
        exec_ms=number(entry.get("exec-time")) or 0,
        exit_reason=entry.get("exit-reason", ""),
        source=entry.get("migrate_source"),
        target=entry.get("migrate_target"),
        interval_ms=number(entry.get("interval")) or 0,
    )
