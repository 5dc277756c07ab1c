"""A report as one Markdown text for a ticket. Pure."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backends.data.examination import Report
from backends.data.picture import VM, Cluster
from backends.data.timeline import Entry
from backends.data.why import Why
from backends.doctor.telling import by_what_was_seen, cure_lines, total, troubles

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")


@dataclass(frozen=True, slots=True)
class Sent:
    """A command that vmferry sent, and when, epoch seconds."""

    at: float
    node: str | None
    command: str


@dataclass(frozen=True, slots=True)
class Material:
    """All of which a report is made. `missing`: what of the span nobody can tell."""

    picture: Cluster
    since: float
    entries: Sequence[Entry]
    whys: Sequence[Why]
    doctor: Report | None
    sent: Sequence[Sent]
    missing: Sequence[str] = ()


def report(material: Material) -> str:
    """The whole text, ending with a newline."""
    picture = material.picture
    parts = [
        [f"# {plain(picture.name or 'The cluster')}, {moment(picture.taken_at)}"],
        _nodes(picture),
        _vms(picture.vms),
        ["", f"## What happened since {moment(material.since)}", ""],
        [f"- Not known: {plain(each)}" for each in material.missing],
        _timeline(material.entries) if material.entries else ["Nothing that was recorded."],
        *(_why(each) for each in material.whys),
        _doctor(material.doctor),
        _sent(material.sent),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def plain(text: str) -> str:
    """Shown as it is, whatever a name from the cluster has in it."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def moment(at: float) -> str:
    """With its zone: who reads it may be elsewhere."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(at))


def _nodes(picture: Cluster) -> Iterator[str]:
    quorum = {True: "yes", False: "no", None: "not known"}[picture.quorum]
    fencing = {True: "on", False: "off", None: "not known"}[picture.fencing_enabled]
    yield ""
    yield (
        f"Quorum: {quorum}. DC: {plain(picture.dc or 'none')}. Fencing: {fencing}. "
        f"Pacemaker {plain(picture.pacemaker_version or 'of an unknown release')}."
    )
    yield ""
    yield "| node | state | VMs |"
    yield "|---|---|---|"
    for node in picture.nodes:
        there = [vm.id for vm in picture.vms if vm.node == node.name]
        yield f"| {plain(node.name)} | {node.state.value} | {len(there)} |"


def _vms(vms: Iterable[VM]) -> Iterator[str]:
    yield ""
    yield "| VM | state | node | constraints left |"
    yield "|---|---|---|---|"
    for vm in vms:
        left = ", ".join(constraint.id for constraint in vm.constraints)
        yield f"| {plain(vm.id)} | {vm.state.value} | {plain(vm.node or '')} | {plain(left)} |"


def _timeline(entries: Iterable[Entry], depth: int = 0) -> Iterator[str]:
    for entry in entries:
        author = f" (by {entry.who})" if entry.who else ""
        yield f"{'  ' * depth}- {moment(entry.at)} {plain(entry.text + author)}"
        yield from _timeline(entry.effects, depth + 1)


def _why(why: Why) -> Iterator[str]:
    if why.event is None:
        return
    yield ""
    yield f"## Why: {plain(why.event.text)}"
    yield ""
    for entry in why.chain:
        author = f" (by {entry.who})" if entry.who else ""
        yield f"1. {moment(entry.at)} {plain(entry.text + author)}"
    if why.decision is not None and why.decided_at is not None:
        reason = f": {why.decision.reason}" if why.decision.reason else ""
        decided = plain(f"{why.decision}{reason}")
        yield f"1. {moment(why.decided_at)} the scheduler decided: {decided}"
    for saving in why.savings:
        then = "; ".join(map(str, saving.planned)) or "nothing would have been done to it"
        yield f"- Would have saved it: {plain(f'{saving.what} ({then})')}"
    for doubt in why.doubts:
        yield f"- Not known: {plain(doubt)}"


def _doctor(examined: Report | None) -> Iterator[str]:
    yield ""
    yield "## Doctor"
    yield ""
    if examined is None:
        yield "The cluster could not be examined."
        return
    for alike in troubles(examined.findings):
        first = alike[0]
        yield f"- **{first.state.value}** {plain(f'{first.topic.value}: {first.check}')}"
        for seen, where in by_what_was_seen(alike).items():
            places = f"{', '.join(where)}: " if where else ""
            yield f"  - {plain(f'{places}{seen}')}"
        for line in cure_lines(examined, alike):
            yield f"  - cure: {plain(str(line))}"
    yield f"- {plain(total(examined.findings))}"


def _sent(sent: Sequence[Sent]) -> Iterator[str]:
    yield ""
    yield "## Commands that vmferry sent"
    yield ""
    if not sent:
        yield "None."
    for each in sent:
        where = f" on {plain(each.node)}" if each.node else ""
        yield f"- {moment(each.at)}{where}: {plain(each.command)}"
