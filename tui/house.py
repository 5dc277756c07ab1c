"""How acts and views are put together, each given what it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.data.picture import Cluster
from tui.acts.curing import Curing
from tui.acts.desk import Desk
from tui.acts.examining import Examining
from tui.acts.listed import ACTS, OFFERS
from tui.acts.moving import Moving
from tui.acts.offer import meant
from tui.acts.queueing import Queueing
from tui.chronicle import Chronicle
from tui.copies import Copies
from tui.given import Given
from tui.glass import Glass
from tui.hindsight import Hindsight, as_events
from tui.judging import Judging
from tui.messages import (
    Due,
    Ended,
    Examined,
    Explained,
    HistoryKnown,
    Proposed,
    Reported,
    Told,
    Trouble,
)
from tui.proposals.why import explanation
from tui.views.listed import VIEWS
from widgets.board import Board
from widgets.selection import Selection


class House:
    """All that a screen shows and does. `checklist` shows that of the VM with this name."""

    def __init__(
        self,
        backend: Backend,
        journal: Journal,
        glass: Glass,
        board: Board,
        *,
        checklist: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self.desk = desk = Desk(backend, journal, glass)
        self.chronicle = Chronicle(journal, clock)
        self.hindsight = Hindsight(desk, clock)
        self.copies = Copies(desk)
        self.doctor = doctor = Examining(desk, clock)
        self.queue = queue = Queueing(desk, doctor.advised)
        self.judging = Judging(
            desk, doctor=doctor, queue=queue, copies=self.copies, chronicle=self.chronicle
        )
        self.moving = Moving(desk, hand=board, doctor=doctor, queue=queue)
        self.curing = Curing(desk, doctor=doctor, queue=queue)
        given = Given(
            desk=desk,
            doctor=doctor,
            queue=queue,
            moving=self.moving,
            copies=self.copies,
            chronicle=self.chronicle,
            hindsight=self.hindsight,
            judging=self.judging,
            board=board,
            checklist=checklist,
            clock=clock,
        )
        self.acts = {offer.name: make(given) for offer, make in ACTS}
        self.views = {tab.name: make(given) for tab, make in VIEWS}

    def meant(self, name: str, picture: Cluster, chosen: Selection) -> Selection:
        """What the key of this act is about: what is highlighted, but for what cannot wait."""
        return meant(OFFERS[name], picture, chosen, partial(self.acts[name].suits, picture))

    def label(self, name: str, picture: Cluster, chosen: Selection) -> str | None:
        """How the key of this act is called for what is highlighted; `None` where it has nothing
        to do there."""
        meant = self.meant(name, picture, chosen)
        return OFFERS[name].named(picture, meant) if self.acts[name].suits(picture, meant) else None

    def take(self, picture: Cluster) -> None:
        """Take a picture, and what has changed in it."""
        self.chronicle.take(picture)
        self.chronicle.note(self.copies.follow(picture))
        self.doctor.follow_configuration(picture)
        self.judging.follow(picture)

    def told(self, news: Told) -> None:
        """Where each message of an act, or of its worker, leads."""
        match news:
            case Proposed():
                self.desk.proposed(news)
            case Reported():
                self.chronicle.reported(news.report)
            case Trouble():
                self.desk.trouble(news)
            case Examined():
                self.doctor.examined(news)
                self.judging.ask(at_once=True)
            case HistoryKnown():
                self.hindsight.known(news)
                self.chronicle.remember(as_events(news.entries))
            case Explained():
                text = explanation(news.now, news.past, self.desk.backend.picture.taken_at)
                self.desk.glass.show(f"Why {news.subject}", text)
            case Due():
                self.curing.due(news)
            case Ended():
                self.chronicle.ended(news, wanted=self.desk.is_superseded(news.doing))
                self.curing.know_waiting()
                self.desk.ended(news)
