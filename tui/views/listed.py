"""The views, in the order of their keys: a new one is one file, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tui.given import Given
from tui.views.board import BOARD, BoardView
from tui.views.cluster import CLUSTER, ClusterView
from tui.views.doctor import DOCTOR, DoctorsView
from tui.views.listing import LIST, ListView
from tui.views.logs import LOGS, LogsView
from tui.views.queue import QUEUE, QueuesView
from tui.views.timeline import TIMELINE, TimelineView
from tui.views.view import Tab, View


class Listed(NamedTuple):
    tab: Tab
    make: Callable[[Given], View]


VIEWS = (
    Listed(BOARD, lambda given: BoardView(given.board, given.judging)),
    Listed(LIST, lambda given: ListView(given.board, given.judging)),
    Listed(CLUSTER, lambda given: ClusterView(given.judging)),
    Listed(TIMELINE, lambda given: TimelineView(given.chronicle)),
    Listed(DOCTOR, lambda given: DoctorsView(given.doctor, given.judging)),
    Listed(LOGS, lambda given: LogsView(given.desk.backend.commands)),
    Listed(QUEUE, lambda given: QueuesView(given.queue)),
)
