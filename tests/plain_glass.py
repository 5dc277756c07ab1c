"""What acts are tried on where there is no screen: it keeps what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from textual.content import Content
from textual.message import Message

from backends.acts.journal import Journal
from backends.aio.tasks import cancel
from backends.clusters.base import Backend
from backends.data.picture import CibVersion
from backends.data.plan import Verdict
from tui.acts.curing import Curing
from tui.acts.desk import Desk
from tui.acts.examining import Examining
from tui.acts.moving import Moving
from tui.acts.queueing import Queueing
from tui.glass import Severity
from tui.messages import Ended, ExaminationChanged, Examined, Proposed, VerdictsGiven
from tui.proposal import Make, Proposal
from waiting import until


class PlainHand:
    """Carries VMs, and keeps what it is shown of them."""

    def __init__(self) -> None:
        self.vms: tuple[str, ...] = ()
        self.verdicts: Mapping[str, Verdict] = {}
        self.best: str | None = None

    def pick_up(self, vms: Iterable[str]) -> None:
        self.vms = tuple(vms)

    def in_sight(self) -> Iterable[str]:
        return ()

    def show_verdicts(self, verdicts: Mapping[str, Verdict], best: str | None = None) -> None:
        self.verdicts, self.best = verdicts, best


class PlainGlass:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Make]] = []
        self.said: list[str] = []
        self.alarms: list[str] = []
        self.posted: list[Message] = []
        self.told: Callable[[Message], None] = self.posted.append
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}

    def ask(
        self,
        heading: str,
        make: Make,
        version: Callable[[], CibVersion | None],
        *,
        read_only: bool,
    ) -> None:
        self.asked.append((heading, make))

    def show(self, heading: str, text: Content) -> None:
        self.alarms.append(f"{heading}: {text.plain}")

    def alarm(self, heading: str, text: Content) -> None:
        self.alarms.append(f"{heading}: {text.plain}")

    def say(
        self,
        text: str,
        title: str = "",
        *,
        severity: Severity = "information",
        timeout_s: float | None = None,
    ) -> None:
        self.said.append(text)

    def post(self, message: Message) -> None:
        self.told(message)

    def work(
        self, group: str, work: Callable[[], Awaitable[None]], *, exclusive: bool = False
    ) -> None:
        async def done() -> None:
            await work()

        if exclusive:
            self.drop(group)
        self._tasks.setdefault(group, []).append(asyncio.create_task(done()))

    def drop(self, group: str) -> None:
        for task in self._tasks.pop(group, []):
            task.cancel()

    async def close(self) -> None:
        for tasks in self._tasks.values():
            await cancel(*tasks)


class Table:
    """The acts that others build on, over one desk that stands on no screen."""

    def __init__(self, backend: Backend, journal: Journal) -> None:
        self.backend = backend
        self.glass = PlainGlass()
        self.glass.told = self._told
        self.hand = PlainHand()
        self.desk = Desk(backend, journal, self.glass)
        self.doctor = Examining(self.desk)
        self.queue = Queueing(self.desk, self.doctor.advised)
        self.moving = Moving(self.desk, hand=self.hand, doctor=self.doctor, queue=self.queue)
        self.curing = Curing(self.desk, doctor=self.doctor, queue=self.queue)

    def _told(self, message: Message) -> None:
        self.glass.posted.append(message)
        match message:
            case Ended():
                self.desk.ended(message)
            case Proposed():
                self.desk.proposed(message)
            case VerdictsGiven():
                self.moving.verdicts_given(message)
            case Examined():
                self.doctor.examined(message)
            case ExaminationChanged():
                self.moving.show_verdicts()

    async def proposal(self, variant: int = 0) -> Proposal:
        """The last that was asked, in one of its variants."""
        _, make = self.glass.asked[-1]
        return await make(variant)

    async def confirm(self) -> Proposal:
        """Say yes to what was asked last, and wait for its end."""
        proposal = await self.proposal()
        assert proposal.enter is not None, proposal
        proposal.enter.then()
        assert self.desk.under_way
        await until(lambda: not self.desk.under_way, "it at its end")
        return proposal
