"""From what went wrong to the exit code: a contract that scripts rely on."""

from __future__ import annotations

from enum import IntEnum

from backends.data.errors import (
    BadAnswer,
    BadConfiguration,
    ClusterStopped,
    NotACluster,
    NotPermitted,
    Refused,
    TimedOut,
    Unknown,
    Unreachable,
    VmferryError,
)


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_REACHABLE = 3
    REFUSED = 4
    INTERRUPTED = 130


_BY_CAUSE: tuple[tuple[tuple[type[VmferryError], ...], ExitCode], ...] = (
    ((Unknown, BadConfiguration), ExitCode.USAGE),
    ((Unreachable, TimedOut, NotACluster, ClusterStopped, BadAnswer), ExitCode.NOT_REACHABLE),
    ((Refused, NotPermitted), ExitCode.REFUSED),
)


def exit_code(error: VmferryError) -> ExitCode:
    """The exit code of an error; whatever has none of its own is an act that failed."""
    for causes, code in _BY_CAUSE:
        if isinstance(error, causes):
            return code
    return ExitCode.FAILED
