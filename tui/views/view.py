"""What a view is: a room of the screen, with its name and key on the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from backends.data.picture import Cluster
from tui.messages import News
from widgets.glyphs import Tone
from widgets.selection import Selection

_GROUP = Binding.Group("Views", compact=True)
Count = tuple[str, Tone]


class Tab(NamedTuple):
    key: str
    name: str
    """Of its widget."""
    title: str
    short: str
    """Where there is little room."""
    tooltip: str

    def binding(self) -> Binding:
        return Binding(
            self.key,
            f"view('{self.name}')",
            self.title,
            id=f"view.{self.name}",
            group=_GROUP,
            show=False,  # the bar shows them
            tooltip=self.tooltip,
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """Where Enter on a row leads: to the board, to a text, or to the board beneath a text."""

    chosen: Selection = field(default=Selection())
    """What is highlighted on the board."""
    moment: float | None = None
    """Of which the board is shown, epoch seconds; `None`: of now."""
    title: str = ""
    text: Content | None = None


class View(Protocol):
    """One room. Only the one that is in sight is drawn."""

    @property
    def widget(self) -> Widget: ...

    @property
    def drawn_by(self) -> tuple[type[News], ...]:
        """Which news, besides every picture, have it drawn again."""

    def draw(self, picture: Cluster) -> None:
        """Bring it up to date."""

    def enter(self) -> None:
        """It is in sight now: give it the keys."""

    def highlighted(self) -> Selection:
        """The VM or node under its cursor; an empty one where it has none."""

    def counts(self) -> tuple[Count, ...]:
        """What is to be known of it from afar."""


@runtime_checkable
class Opening(Protocol):
    """A view with a table: where its rows lead. What its widget does itself, it stops there."""

    def opened(self) -> Opened:
        """Of the row under the cursor."""


@runtime_checkable
class Filtered(Protocol):
    """A view that can show only what matches."""

    @property
    def filter_text(self) -> str: ...

    def filter(self, text: str) -> None: ...


@runtime_checkable
class Selecting(Protocol):
    """A view in which a VM or a node can be highlighted from outside."""

    def select(self, chosen: Selection) -> None: ...
