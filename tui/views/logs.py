"""Every command that was sent to a node."""

from __future__ import annotations

import time

from backends.clusters.command_log import CommandLog
from backends.data.picture import Cluster
from tui.messages import CommandsChanged, News
from tui.views.view import Count, Opened, Tab
from widgets.command_list import CommandList
from widgets.command_text import whole
from widgets.selection import Selection

LOGS = Tab("6", "logs", "Commands", "Cmds", "Every command that was sent to a node")


class LogsView:
    drawn_by: tuple[type[News], ...] = (CommandsChanged,)

    def __init__(self, commands: CommandLog) -> None:
        self.widget = CommandList(id=LOGS.name)
        self._commands = commands

    def draw(self, picture: Cluster) -> None:
        self.widget.show_commands(self._commands.sent, time.time())

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        return Selection()

    def opened(self) -> Opened:
        """What went in, and what came out."""
        sent = next(
            (s for s in self._commands.sent if str(s.number) == self.widget.selected_key), None
        )
        if sent is None:
            return Opened()
        return Opened(title=f"Command on {sent.node}", text=whole(sent, time.time()))

    @property
    def filter_text(self) -> str:
        return self.widget.filter_text

    def filter(self, text: str) -> None:
        self.widget.filter(text)

    def counts(self) -> tuple[Count, ...]:
        return ()
