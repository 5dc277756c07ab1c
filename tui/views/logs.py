"""Every command that was sent to a node."""

from __future__ import annotations

from backends.clusters.command_log import CommandLog
from backends.data.picture import Cluster
from tui.messages import CommandsChanged, News
from tui.selection import Selection
from tui.views.view import Tab
from widgets.command_list import CommandList

LOGS = Tab("5", "logs", "Logs", "Every command that was sent to a node")


class LogsView:
    drawn_by: tuple[type[News], ...] = (CommandsChanged,)

    def __init__(self, commands: CommandLog) -> None:
        self.widget = CommandList(id=LOGS.name)
        self._commands = commands

    def draw(self, picture: Cluster) -> None:
        self.widget.show_commands(self._commands.sent)

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        return Selection()
