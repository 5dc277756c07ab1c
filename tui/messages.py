"""What workers post; handlers own every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.message import Message

from backends.errors import VmferryError
from backends.model import Cluster
from backends.plan import Sent, Verdict
from backends.transaction import Report


@dataclass
class Connected(Message):
    """The backend is open."""


@dataclass
class ConnectFailed(Message):
    """The backend could not be opened, or was lost for good."""

    error: VmferryError


@dataclass
class PictureTaken(Message):
    """A new picture; only the newest of those that wait counts."""

    picture: Cluster

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, PictureTaken)


@dataclass
class CommandsChanged(Message):
    """The list of commands that were sent."""

    commands: tuple[Sent, ...]

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, CommandsChanged)


@dataclass
class Trouble(Message):
    """Something the operator asked for could not be had."""

    asked: str
    error: VmferryError


@dataclass
class VerdictsGiven(Message):
    vms: tuple[str, ...]
    verdicts: Mapping[str, Verdict]


@dataclass
class Reported(Message):
    """One step of an act of ours."""

    report: Report


@dataclass(frozen=True, slots=True)
class Move:
    """VMs on their way to a node."""

    vms: tuple[str, ...]
    node: str


@dataclass
class MoveFound(Message):
    """An earlier run left a move open; it is being finished."""

    move: Move


@dataclass
class MoveEnded(Message):
    """A move came to its end; `error` says why it is not the proven one."""

    move: Move
    error: VmferryError | None = None


@dataclass
class ClearEnded(Message):
    vm: str
    error: VmferryError | None = None
