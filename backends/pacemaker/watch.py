"""Noticing that something changed, without asking for everything each time.

On the voice node two things run under one shell. `crm_mon` calls an agent at each operation, 10 to
30 ms after it began; the agent, `echo`, prints one empty line. And a loop prints the CIB's version,
which also moves with constraints, standby and attributes. Both end when the shell's stdin ends, so
nothing outlives the connection.
"""

from __future__ import annotations

from backends.errors import BadAnswer
from backends.model import CibVersion
from backends.pacemaker.cib import version_of
from backends.pacemaker.xml import parse

SCRIPT = r"""
trap 'kill $events $versions 2>/dev/null' EXIT
crm_mon -i 1 --output-as=text --output-to=/dev/null -E /bin/echo </dev/null 2>/dev/null &
events=$!
while :; do cibadmin -Q -n 2>&1; sleep "$1"; done </dev/null &
versions=$!
cat >/dev/null
"""


def command(interval_s: float) -> tuple[str, ...]:
    """What to stream from the voice node; the CIB's version is looked at each `interval_s`."""
    return ("sh", "-c", SCRIPT, "vmferry", f"{interval_s:g}")


def version_in(line: str) -> CibVersion | None:
    """The CIB's version in a line; `None` for anything else: an operation, or trouble."""
    if not line.startswith("<cib "):
        return None
    try:
        return version_of(parse(line.encode(), "cibadmin"))
    except BadAnswer:
        return None
