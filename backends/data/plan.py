"""What would happen: predictions of the scheduler, verdicts, plans, and their commands."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from backends.data.picture import CibVersion


@dataclass(frozen=True, slots=True)
class Command:
    """One command on one node, word by word; `node` is `None` for "on the voice node"."""

    argv: tuple[str, ...]
    purpose: str
    node: str | None = None

    def __str__(self) -> str:
        """As a shell would need it."""
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Kept:
    """The beginning of what went into a command or came out of it, without secrets."""

    text: str
    left_out_bytes: int = 0
    """What there was beyond it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A command that was sent, for the list of commands; `duration_s` is `None` while it runs.

    Of `stdin`, `stdout` and `stderr`, `None` says that it is not known: the command still runs, was
    lost, or what it said had to make room for what younger ones say.
    """

    number: int
    node: str
    command: str
    at: float
    duration_s: float | None = None
    exit_status: int | None = None
    """`None` while it runs, or when the connection was lost."""
    writes: bool = False
    stdin: Kept | None = None
    stdout: Kept | None = None
    stderr: Kept | None = None

    @property
    def kept_chars(self) -> int:
        """How much is kept of what went in and came out."""
        return sum(len(each.text) for each in (self.stdin, self.stdout, self.stderr) if each)


class ActionKind(StrEnum):
    """What the scheduler would do to a resource (`rsc_action` of crm_simulate)."""

    MIGRATE = "migrate"
    MOVE = "move"
    RESTART = "restart"
    START = "start"
    STOP = "stop"
    RECOVER = "recover"
    RELOAD = "reload"
    PROMOTE = "promote"
    DEMOTE = "demote"
    FENCE = "fence"
    OTHER = "other"


BLOCKED = "blocked: "
"""With this begins the reason of an action that the scheduler cannot carry out."""


@dataclass(frozen=True, slots=True)
class Action:
    """`source` and `target` are nodes; a start has no source, a stop no target."""

    kind: ActionKind
    resource: str
    source: str | None = None
    target: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        if self.kind is ActionKind.FENCE:
            return f"fence {self.resource}"
        return f"{self._what} ({self.reason})" if self.is_blocked else self._what

    @property
    def is_blocked(self) -> bool:
        """Whether the scheduler wants it and cannot carry it out."""
        return self.reason is not None and self.reason.startswith(BLOCKED)

    @property
    def _what(self) -> str:
        verb = "change" if self.kind is ActionKind.OTHER else self.kind.value
        if self.source is not None and self.target not in (None, self.source):
            return f"{verb} {self.resource} from {self.source} to {self.target}"
        place = self.target or self.source
        return f"{verb} {self.resource}{f' on {place}' if place else ''}"

    @property
    def what(self) -> Action:
        """Without its reason, which may be worded otherwise each time."""
        return replace(self, reason=None)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the scheduler says of one move.

    `moved`: its actions when the constraint is set; `cleared`: its actions when that has come to
    pass and the constraint is removed again (a VM that fails back shows here). `cleared` is `None`
    when it was not asked.
    """

    moved: tuple[Action, ...]
    cleared: tuple[Action, ...] | None = None
    version: CibVersion | None = None

    def beside(self, anyway: Iterable[Action], own: Collection[str]) -> Prediction:
        """Less what the cluster would do without the move of these VMs just as well."""
        known = {action.what for action in anyway if action.resource not in own}
        moved = tuple(action for action in self.moved if action.what not in known)
        cleared = self.cleared
        if cleared is not None:
            cleared = tuple(action for action in cleared if action.what not in known)
        return replace(self, moved=moved, cleared=cleared)


class VerdictKind(StrEnum):
    LIVE = "LIVE"
    SIDE_EFFECTS = "LIVE WITH SIDE EFFECTS"
    NO_ROOM = "LIVE, DOES NOT FIT"
    """The scheduler counts no memory; the guest would land where there is not enough of it."""
    REBOOT = "REBOOT"
    REFUSED = "REFUSED"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return _KINDS.index(self)

    @property
    def is_live(self) -> bool:
        """Whether the guest keeps running, whatever else comes with it."""
        return self in (VerdictKind.LIVE, VerdictKind.SIDE_EFFECTS, VerdictKind.NO_ROOM)


_KINDS = tuple(VerdictKind)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a move of `vms` to `node` would be. `reasons` are sentences, the weightiest first."""

    vms: tuple[str, ...]
    node: str
    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    reboots: tuple[str, ...] = ()
    """Every VM whose guest would be stopped, the moved ones and those beside."""
    version: CibVersion | None = None

    def no_worse_than(self, other: Verdict) -> bool:
        """Whether it does nothing that the other one does not."""
        return (
            self.kind.rank <= other.kind.rank
            and set(self.reboots) <= set(other.reboots)
            and {action.what for action in self.actions} <= {a.what for a in other.actions}
        )

    def restarts(self, vm: str) -> bool:
        """Whether the move itself stops the guest; what would follow it does not count."""
        first = next((action for action in self.actions if action.resource == vm), None)
        return first is not None and first.kind is not ActionKind.MIGRATE


@dataclass(frozen=True, slots=True)
class Plan:
    """A move as it would be carried out, for the operator to read and confirm."""

    verdict: Verdict
    steps: tuple[str, ...]
    """What will happen, in order, in words."""
    warnings: tuple[str, ...]
    commands: tuple[Command, ...]
    """Exactly what will be sent, in order."""
    deadline_s: float | None
    """The shortest migrate_to timeout among the VMs."""
    keep: bool = False
    """Whether the constraint of the move stays."""

    @property
    def vms(self) -> tuple[str, ...]:
        return self.verdict.vms

    @property
    def node(self) -> str:
        return self.verdict.node

    @property
    def reboots(self) -> bool:
        """Whether any guest would be stopped: such a plan needs more than Enter."""
        return bool(self.verdict.reboots)
