"""One node asked for everything that Pacemaker knows, so that its parts are of one moment.

crm_mon does not say of which version of the CIB its status is. So the version is asked for before
it and again after it, by the CIB itself: where the two are the same, nothing changed in between,
and status and CIB belong together. Where they differ all is asked again, and one that a busy
cluster keeps from being proven bears the older version: whoever compares it finds something new.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from backends.aio.heavy import heavy
from backends.clusters.base import Answer
from backends.clusters.ssh import Host
from backends.data.errors import BadAnswer, VmferryError
from backends.pacemaker.agents import KNOWN, Agents

if TYPE_CHECKING:
    from backends.clusters.live.understanding import Reading

ATTEMPTS = 3
"""How often a reading is tried while the cluster changes; the next change has it read anyway."""

SCRIPT = r"""
ask() {
  name=$1; shift
  printf '#vmferry %s\n' "$name" >&2
  "$@"
  status=$?
  printf '\n#vmferry %s %s\n' "$name" "$status"
}
all() {
  ask version cibadmin --query --no-children
  ask crm_mon crm_mon -1 --inactive --output-as=xml
  [ "$status" != 64 ] || ask crm_mon crm_mon -1 --inactive --as-xml
  ask cibadmin cibadmin --query
}
if [ "$1" = packed ] && command -v xz >/dev/null; then all | xz -1; else all; fi
"""
"""A POSIX shell's. Before 2.0.3 crm_mon has another option for XML (64 is its usage error), and
before 2.0.4 what is stopped is left out unless it is asked for. One command, whose answer needs one
round trip. xz is part of most systems, but no promise of POSIX."""

COMMAND = ("sh", "-c", SCRIPT, "vmferry-read")
PACKED = (*COMMAND, "packed")
PACKED_FROM_BYTES = 65536
"""Of the CIB. Of a smaller one sshd makes as little; what is not known yet may be large."""

_SAID = re.compile(rb"\n#vmferry (\w+) (\d+)\n")
_COMPLAINT = re.compile(rb"^#vmferry (\w+)\n", re.MULTILINE)


def load_understanding() -> Callable[[str, dict[str, Answer], Agents, Reading | None], Reading]:
    """What understands the answers. Late: to load all that reads Pacemaker takes as long as a node
    takes to answer, and is done meanwhile."""
    from backends.clusters.live.understanding import understood

    return understood


async def read(host: Host, agents: Agents = KNOWN, before: Reading | None = None) -> Reading:
    """Ask one node for everything, until its parts belong together or `ATTEMPTS` are used up.

    Large answers are parsed in a thread: the keys are answered meanwhile. `before`: an earlier one,
    of which much may still hold.
    Raises `NotACluster`, `ClusterStopped`, `NotPermitted`, `BadAnswer`, `TimedOut`, `Unreachable`.
    """
    large = before is None or len(before.cib_text) >= PACKED_FROM_BYTES
    packed = host.over_a_line and large
    attempts = ATTEMPTS
    while True:
        attempts -= 1
        understood, answer = await asyncio.gather(
            asyncio.to_thread(load_understanding), _asked(host, packed)
        )
        answers = taken_apart(answer)
        try:
            reading = await heavy(understood, host.name, answers, agents, before)
        except VmferryError as error:
            error.where = error.where or host.name
            raise
        if reading.proven or not attempts:
            return reading


async def _asked(host: Host, packed: bool) -> Answer:
    """Once more as it is, where what packs it there is broken."""
    if packed:
        with suppress(BadAnswer):
            answer = await host.run(PACKED, packs=True)
            if answer.stdout:
                return answer
    return await host.run(COMMAND)


def taken_apart(answer: Answer) -> dict[str, Answer]:
    """What each tool answered; of one that was asked twice, the second answer."""
    complaints = _COMPLAINT.split(answer.stderr)
    said = dict(zip(complaints[1::2], complaints[2::2], strict=True))
    answers: dict[str, Answer] = {}
    start = 0
    for found in _SAID.finditer(answer.stdout):
        text = answer.stdout[start : found.start()]
        answers[found[1].decode()] = Answer(int(found[2]), text, said.get(found[1], b""))
        start = found.end()
    return answers
