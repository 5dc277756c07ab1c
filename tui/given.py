"""What the rooms of the screen may be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.acts.desk import Desk
from tui.acts.examining import Examining
from tui.acts.moving import Moving
from tui.acts.queueing import Queueing
from tui.chronicle import Chronicle
from tui.copies import Copies
from tui.hindsight import Hindsight
from tui.judging import Judging
from widgets.board import Board


@dataclass(frozen=True, slots=True)
class Given:
    """Each act and each view takes of this, by name, what it needs."""

    desk: Desk
    doctor: Examining
    queue: Queueing
    moving: Moving
    copies: Copies
    chronicle: Chronicle
    hindsight: Hindsight
    judging: Judging
    board: Board
    checklist: Callable[[str], None]
    """Shows that of the VM with this name."""
    clock: Callable[[], float]
