"""One round of probes on one node: a single shell script, and its answers taken apart. Pure.

All probes run side by side, each with a time limit of its own; one that hangs, even where no signal
reaches it, keeps none of the others. Their output waits in a private directory in memory, which is
gone when the script ends.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from backends.data.examination import Output, Probe

MOST_BYTES = 4 << 20
"""Of one stream of one probe."""
_GRACE_S = 2

COMMAND = ("sh", "-s")

_HEAD = rf"""
main() {{
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin; export LC_ALL PATH; unset DISPLAY SSH_ASKPASS
umask 077
d=$(mktemp -d -p /dev/shm vmferry.XXXXXX 2>/dev/null || mktemp -d) || exit
trap 'rm -rf "$d"' EXIT
trap 'exit 1' HUP INT TERM PIPE
trap : ALRM
ulimit -c 0; ulimit -f {MOST_BYTES // 512}
"""

_EACH = r"""(
  timeout -k 1 {limit} sh -c {script} >"$d/{n}.out" 2>"$d/{n}.err"
  echo $? >"$d/{n}.rc"
) </dev/null >/dev/null 2>&1 & all="$all $!"
"""

_TAIL = r"""(
  i=0
  while [ -d "$d" ] && [ $i -lt {longest} ]; do sleep 1; i=$((i + 1)); done
  [ -d "$d" ] && kill -s ALRM $$
) </dev/null >/dev/null 2>&1 &
wait $all
n=0
while [ $n -lt {count} ]; do
  rc=$(cat "$d/$n.rc" 2>/dev/null) || rc=none
  printf '#vmferry %s %s %s\n' "$rc" $(($(wc -c <"$d/$n.out"))) $(($(wc -c <"$d/$n.err")))
  cat "$d/$n.out" "$d/$n.err"
  n=$((n + 1))
done
}}
main
"""

_SECTION = re.compile(rb"#vmferry (none|\d+) (\d+) (\d+)\n")

_TIMED_OUT = frozenset({124, 137})
"""What timeout(1) ends with when it had to end the command, politely or not."""


def script(probes: Sequence[Probe]) -> bytes:
    """What to feed to `COMMAND`."""
    parts = [
        _EACH.format(limit=probe.limit_s, script=shlex.quote(probe.script), n=n)
        for n, probe in enumerate(probes)
    ]
    longest = longest_s(probes)
    return "".join((_HEAD, *parts, _TAIL.format(longest=longest, count=len(probes)))).encode()


def longest_s(probes: Sequence[Probe]) -> int:
    """After so long the round has an end, whatever hangs."""
    return max((probe.limit_s for probe in probes), default=0) + _GRACE_S


def parse(answer: bytes, probes: Sequence[Probe]) -> dict[str, Output]:
    """The output of each probe, by name; of an answer that was cut off, what is whole."""
    outputs: dict[str, Output] = {}
    start = 0
    for probe in probes:
        head = _SECTION.match(answer, start)
        if head is None:
            break
        middle = head.end() + int(head[2])
        end = middle + int(head[3])
        if end > len(answer):
            break
        status = None if head[1] == b"none" else int(head[1])
        outputs[probe.name] = Output(
            None if status in _TIMED_OUT else status,
            answer[head.end() : middle].decode(errors="replace"),
            answer[middle:end].decode(errors="replace"),
        )
        start = end
    return outputs
