"""Noticing that something changed, by events and not by asking for everything each time.

On the voice node two things run under one shell. `crm_mon` prints a few words whenever the CIB
changed (at once, but not twice within two seconds) and has `echo` print an empty line at each
operation, 10 to 30 ms after it began. And a loop prints a beat each second, by which silence is
noticed, and now and then the CIB's version, should crm_mon ever have missed something; each second
where crm_mon cannot do it at all (before 2.0.4). Both end when the shell's stdin ends, so nothing
outlives the connection. At rest this costs the node about half a percent of a core.
"""

from __future__ import annotations

from backends.data.errors import BadAnswer
from backends.data.picture import CibVersion
from backends.pacemaker.cib import version_of
from backends.pacemaker.xml import parse

SCRIPT = r"""
trap 'kill $events $beats 2>/dev/null' EXIT
crm_mon -i 1 --output-as=text --include=none,dc -E /bin/echo </dev/null 2>/dev/null &
events=$!
beat=0
while :; do
  if [ $beat = 0 ] || ! kill -0 $events 2>/dev/null; then cibadmin -Q -n 2>&1; else echo '#beat'; fi
  beat=$(((beat + 1) % 5))
  sleep 1 >/dev/null 2>&1
done </dev/null &
beats=$!
cat >/dev/null
"""

COMMAND = ("sh", "-c", SCRIPT, "vmferry-watch")


def says_change(line: str, known: CibVersion) -> bool:
    """Whether a line means that there is something new to read."""
    if line == "#beat":
        return False
    if line.startswith("<cib "):
        try:
            return version_of(parse(line.encode(), "cibadmin")) != known
        except BadAnswer:
            return True
    return True
