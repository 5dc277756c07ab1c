"""What workers post; handlers own every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textual.message import Message

from backends.acts.journal import Act
from backends.acts.transaction import Report
from backends.data import examination as doctor
from backends.data.errors import VmferryError
from backends.data.picture import CibVersion, Cluster
from backends.data.plan import Sent, Verdict
from backends.data.timeline import Entry
from backends.data.why import Whereabouts, Why
from backends.judgement.moves import QueueState
from backends.judgement.prospect import Prospect
from backends.past.inputs import Input
from tui.proposal import Proposal
from widgets.selection import Selection


@dataclass
class News(Message):
    """What a view shows has changed; a view says which news it is drawn by."""


@dataclass
class Told(Message):
    """What an act or its worker tells the house, before anything is drawn anew."""


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
class TravelWanted(Message):
    """To another moment: to the change before the one in sight (−1) or after it (1), to `at`
    (epoch seconds), or `home`, to the present; nowhere else without any of these."""

    towards: int = 0
    at: float | None = None
    home: bool = False
    chosen: Selection = field(default=Selection())
    """What is to be highlighted there."""


@dataclass
class CommandsChanged(News):
    """The list of commands that were sent."""

    commands: tuple[Sent, ...]

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, CommandsChanged)


@dataclass
class Trouble(Told):
    """Something the operator asked for could not be had."""

    asked: str
    error: VmferryError


@dataclass
class VerdictsGiven(Message):
    vms: tuple[str, ...]
    verdicts: Mapping[str, Verdict]


@dataclass
class Reported(Told):
    """One step of an act of ours."""

    report: Report


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that was confirmed and has not come to its proven end."""

    vms: tuple[str, ...]
    what: str
    """Such as `moving web1 to bravo`."""
    failed: str
    """The heading of what is told when it fails."""
    whole_node: bool = False
    """Whether nothing else may change the cluster meanwhile."""
    ended: str = "Done"
    """The heading of what is told when it came to its proven end."""


@dataclass
class Ended(Told):
    """`said` is how, in the act's own words for all of it; `error` why it is not the proven end."""

    doing: Doing
    said: str = ""
    error: VmferryError | None = None


@dataclass
class QueueChanged(News):
    """The queue as it stands; only the newest of those that wait counts."""

    state: QueueState

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, QueueChanged)


@dataclass
class Examined(Told):
    """The doctor's report of a configuration, or why there is none."""

    report: doctor.Report | None
    version: CibVersion | None
    error: VmferryError | None = None


@dataclass
class ExaminationChanged(News):
    """What is known from examining the cluster is to be seen."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ExaminationChanged)


@dataclass
class ProspectsKnown(News):
    """How each VM could leave its node, in this configuration."""

    prospects: Mapping[str, Prospect]
    version: CibVersion | None


@dataclass
class Due(Told):
    """The VM has stopped that a confirmed cure waited for; the act is ours from now on."""

    act: Act


@dataclass
class HistoryKnown(Told):
    """What happened since `began`, epoch seconds, and the recorded inputs that say so."""

    began: float
    inputs: Sequence[Input]
    entries: tuple[Entry, ...]


@dataclass
class Explained(Told):
    """Why a VM or a node stands as it does, and what happened to it, as far as either is known."""

    subject: str
    now: Whereabouts | None
    past: Why | None


@dataclass
class Proposed(Told):
    """Something is to be shown to the operator, who has not asked for it just now."""

    heading: str
    proposal: Proposal
