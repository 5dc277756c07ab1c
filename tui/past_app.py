"""The board of the past: the same board, and two keys that step from decision to decision."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from backends.acts.journal import Journal
from backends.data.errors import VmferryError
from backends.past.backend import PastBackend
from tui.app import VmferryApp
from widgets.bars import literal


class PastApp(VmferryApp):
    """Nothing can be done from it to a cluster: its backend has no writing half."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "step(-1)", "Earlier", key_display="[", id="past.earlier",
                tooltip="To the decision of the cluster before this moment"),
        Binding("right_square_bracket", "step(1)", "Later", key_display="]", id="past.later",
                tooltip="To the decision of the cluster after this moment"),
    ]  # fmt: skip

    def __init__(
        self, past: PastBackend, journal: Journal, *, title: str, theme: str | None = None
    ) -> None:
        super().__init__(
            past, journal, title=f"THE PAST of {title}", theme=theme, clock=lambda: past.at
        )
        self._past = past

    @work(group="past", exclusive=True, exit_on_error=False)
    async def action_step(self, towards: int) -> None:
        """Stand at the next decision in that direction."""
        try:
            await self._past.step(towards)
        except VmferryError as error:
            self.notify(literal(str(error)), severity="warning", markup=False)
