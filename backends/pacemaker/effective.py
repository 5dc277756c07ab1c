"""What the scheduler makes of values: its defaults counted in. `None` is what is not known. Pure.

Source: `unpack_operation` of 2.1.5 and `pcmk__parse_on_fail` of 3.0.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from backends.judgement.judge import DEFAULT_TIMEOUT_S
from backends.pacemaker.moments import seconds
from backends.pacemaker.nvpairs import unsure
from backends.pacemaker.release import Release
from backends.pacemaker.xml import truth

RESTART = "restart"
_ON_FAIL = frozenset({"block", "fence", "ignore", "migrate", "stop", "standby", RESTART})


def allows_migration(meta: Mapping[str, str]) -> bool | None:
    if "allow-migrate" in unsure(meta):
        return None
    return truth(meta.get("allow-migrate")) is True


def timeout_s(operation: Mapping[str, str]) -> float | None:
    if "timeout" in unsure(operation):
        return None
    return seconds(operation.get("timeout")) or DEFAULT_TIMEOUT_S


def on_fail(operation: Mapping[str, str], *, fencing: bool | None) -> str | None:
    """What follows a failure of a migrate_to or a migrate_from."""
    if "on-fail" in unsure(operation):
        return None
    said = operation.get("on-fail", RESTART).lower()
    if said == "nothing":
        return "ignore"
    if said == "fence" and not fencing:
        return "stop" if fencing is False else None
    return said if said in _ON_FAIL else RESTART


def fences(options: Mapping[str, str], release: Release) -> bool | None:
    """Whether fencing is on, which it is by default, and where its option says nothing sensible."""
    for name in release.options_of_fencing:
        if name in unsure(options):
            return None
        if name in options:
            return truth(options[name]) is not False
    return True
