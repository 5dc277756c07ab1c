"""Asking the cluster's own scheduler: one batch for any number of targets.

The CIB goes to the voice node once, without the VMs' own leftover constraints, and after it the
constraints of each target. There `crm_simulate` runs twice a target: with the constraints put in,
and on the state which that leaves, with them removed again (does the VM stay?).
The state between the two lies in a temporary file there, in memory where the node has /dev/shm.
crm_simulate needs Pacemaker 2.1.0 for its XML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from lxml import etree

from backends.data.errors import BadAnswer, CommandFailed
from backends.data.picture import CibVersion
from backends.data.plan import BLOCKED, Action, ActionKind, Command, Prediction
from backends.pacemaker import mending
from backends.pacemaker.edit import edited
from backends.pacemaker.leftovers import is_leftover
from backends.pacemaker.version import version_of
from backends.pacemaker.xml import errors_of, flag, parse

_MARK = "vmferry-constraints"

_ID = "vmferry-move-"
"""The constraints go by no name of a VM: crm_simulate writes such names back in a form of its own,
and the line could not be found again."""

SCRIPT = r"""
trap 'exit 1' HUP INT PIPE TERM
dir=$(mktemp -d -p /dev/shm vmferry.XXXXXX 2>/dev/null || mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
CIB_shadow_dir=${TMPDIR:-/tmp}; export CIB_shadow_dir
head=$(head -c "$1"); tail=$(head -c "$2"); constraint=$3; shift 3
target() {
  printf '%s%s%s' "$head" "$2" "$tail" |
    crm_simulate -p -S --output-as=xml -O "$dir/$1.after"
  printf '\n#vmferry moved %s\n' $?
  grep -v -F "$constraint" "$dir/$1.after" | crm_simulate -p -R --output-as=xml
  printf '\n#vmferry cleared %s\n' $?
}
begun=0
for size; do
  constraints=$(head -c "$size"); begun=$((begun + 1))
  target "$begun" "$constraints" >"$dir/$begun" &
  [ $((begun % 2)) = 1 ] || wait
done
wait
shown=0
while [ "$shown" -lt "$begun" ]; do
  shown=$((shown + 1)); cat "$dir/$shown"
done
"""
"""A POSIX shell's; its arguments are the bytes of the CIB before and after the place of the
constraints, what marks them, and the bytes of each target's. Two targets at a time: a scheduler
keeps one core busy, and no node is to be kept from its work. crm_simulate reads back the file that
it saves: no pipe will do."""

_SINGLE = r"""
CIB_shadow_dir=${TMPDIR:-/tmp}; export CIB_shadow_dir
exec crm_simulate -p -R --output-as=xml
"""

_SECTION = re.compile(rb"^#vmferry (moved|cleared) (\d+)\n", re.MULTILINE)

_KINDS = {kind.value: kind for kind in ActionKind}


def batch(
    cib: bytes, vms: Sequence[str], nodes: Sequence[str], kept: Collection[str] = ()
) -> tuple[tuple[str, ...], bytes, CibVersion]:
    """The command, its stdin, and the version of the CIB that it judges. Raises `BadAnswer`.

    `kept`: the constraints that such a move leaves alone.
    """
    root = parse(cib, "cibadmin")
    constraints = root.find("configuration/constraints")
    if constraints is None:
        raise BadAnswer("the CIB has no constraints section")
    for location in constraints.findall("rsc_location"):
        name = location.get("id", "")
        if location.get("rsc") in vms and is_leftover(name) and name not in kept:
            constraints.remove(location)
    constraints.append(etree.Comment(_MARK))
    _make_readable_again(root, cib)
    head, _, tail = etree.tostring(root).partition(f"<!--{_MARK}-->".encode())
    targets = [
        b"".join(_prefer(f"{_ID}{index}", vm, node) for index, vm in enumerate(vms))
        for node in nodes
    ]
    sizes = (str(len(part)) for part in (head, tail))
    argv = ("sh", "-c", SCRIPT, "vmferry", *sizes, f'id="{_ID}')
    argv = (*argv, *(str(len(target)) for target in targets))
    return argv, head + tail + b"".join(targets), version_of(root)


def _make_readable_again(root: etree._Element, cib: bytes) -> None:
    """So that crm_simulate can read back what it saves: 2.1.3 to 2.1.7 write some values as no XML.

    Parameters stay as they are: the history has their digests, and one that differs is a restart.
    """
    if cib.isascii() and b"&#" not in cib:  # which they write well
        return
    parameters = set(root.iterfind("configuration/resources//instance_attributes/nvpair"))
    for element in root.iter("*"):
        if element not in parameters:
            for name, value in element.attrib.items():
                element.set(name, mending.readable_again(str(value)))


def single(cib: bytes, commands: Sequence[Command]) -> tuple[tuple[str, ...], bytes]:
    """The command and its stdin that ask what would follow these commands. Raises `BadAnswer`."""
    root = parse(cib, "cibadmin")
    try:
        edited(root, commands)
    except ValueError as error:
        raise BadAnswer(str(error)) from error
    _make_readable_again(root, cib)
    return ("sh", "-c", _SINGLE, "vmferry"), etree.tostring(root)


def parse_single(answer: bytes, stderr: bytes, status: int | None) -> tuple[Action, ...]:
    """The scheduler's actions. Raises `CommandFailed` or `BadAnswer`."""
    return _actions_of(answer, -1 if status is None else status, stderr)


def _prefer(name: str, vm: str, node: str) -> bytes:
    """The constraint that `crm_resource --move` sets."""
    return etree.tostring(
        etree.Element("rsc_location", id=name, rsc=vm, role="Started", node=node, score="INFINITY")
    )


def parse_batch(
    answer: bytes, stderr: bytes, nodes: Sequence[str], version: CibVersion
) -> dict[str, Prediction]:
    """The predictions for each node. Raises `CommandFailed` or `BadAnswer`."""
    sections = list(_sections(answer))
    if len(sections) != 2 * len(nodes):
        said = " ".join(stderr.decode(errors="replace").split())
        raise BadAnswer(
            f"crm_simulate answered for fewer nodes than it was asked{': ' + said if said else ''}"
        )
    predictions: dict[str, Prediction] = {}
    for index, node in enumerate(nodes):
        moved, cleared = (
            _actions_of(text, status, stderr)
            for _, status, text in sections[2 * index : 2 * index + 2]
        )
        predictions[node] = Prediction(moved, cleared, version)
    return predictions


def _sections(answer: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    start = 0
    for end in _SECTION.finditer(answer):
        yield end[1], int(end[2]), answer[start : end.start()]
        start = end.end()


def _actions_of(text: bytes, status: int, stderr: bytes) -> tuple[Action, ...]:
    if status != 0:
        said = errors_of(text) or stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise CommandFailed(
            f"crm_simulate ended with {status}{': ' + said if said else ''}",
            cure="it must be as new as the cluster, and Pacemaker 2.1.0 at least",
        )
    return parse_actions(text)


def parse_actions(text: bytes) -> tuple[Action, ...]:
    """What one simulation would do, in the scheduler's order. Raises `BadAnswer`."""
    root = parse(text, "crm_simulate")
    if root.tag != "pacemaker-result":
        raise BadAnswer(f"crm_simulate answered <{root.tag}>")
    return tuple(_actions(root))


def _actions(root: etree._Element) -> Iterator[Action]:
    for element in root.iterfind("actions/node_action"):
        yield Action(
            ActionKind.FENCE,
            element.get("node", ""),
            element.get("node"),
            None,
            element.get("reason"),
        )
    for element in root.iterfind("actions/rsc_action"):
        node, reason = element.get("node"), element.get("reason")
        kind = _KINDS.get(element.get("action", ""), ActionKind.OTHER)
        blocked = bool(flag(element, "blocked"))
        if reason is not None:
            reason = in_words(reason, possible=not blocked and kind is not ActionKind.STOP)
        source = element.get("source") or (None if kind is ActionKind.START else node)
        target = element.get("dest") or (None if kind is ActionKind.STOP else node)
        yield Action(
            kind,
            element.get("resource", ""),
            source,
            None if blocked else target,
            f"{BLOCKED}{reason or 'the scheduler cannot do it'}" if blocked else reason,
        )


_BECAUSE = re.compile(r"(unrunnable|required) (\S+) (\w+)")
_DONE = {
    "start": "started",
    "stop": "stopped",
    "promote": "promoted",
    "demote": "demoted",
    "migrate_to": "migrated",
    "migrate_from": "migrated",
}
_WORDS = {
    "node availability": "no node may run it",
    "resource definition change": "its configuration was changed",
}


def in_words(reason: str, *, possible: bool) -> str:
    """A reason of the scheduler for people; those that are not known stay as they are.

    `possible`: the resource runs afterwards. «unrunnable R stop» then says only that a live
    migration is not possible, because R must be stopped for it (`pe_action2reason`, 2.1.5).
    """
    found = _BECAUSE.fullmatch(reason)
    if found is None or found[3] not in _DONE:
        return _WORDS.get(reason, reason)
    must = possible or found[1] == "required"
    return f"{found[2]} {'must' if must else 'cannot'} be {_DONE[found[3]]}{' first' * must}"
