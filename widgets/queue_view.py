"""The queue of moves: what runs, what waits, in which order, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from backends.judgement.moves import Item, ItemState, QueueState
from widgets.bars import bar, bytes_text, duration_text, percent_text
from widgets.glyphs import Mark, Tone
from widgets.table import Cell, KeyedTable, Row
from widgets.tones import toned

MARKS = {
    ItemState.QUEUED: Mark("·", "waits", Tone.MUTED),
    ItemState.RUNNING: Mark("➜", "runs", Tone.BUSY),
    ItemState.DONE: Mark("✔", "done", Tone.OK),
    ItemState.FAILED: Mark("✖", "failed", Tone.BAD),
    ItemState.SKIPPED: Mark("⊘", "left out", Tone.WARN),
}
NOTHING = "No queue: mark VMs with x and drop them together, or press e on a node."


class QueueView(KeyedTable):
    """Shows a `QueueState`; its keys concern the VM of the row under the cursor."""

    DEFAULT_CSS = """
    QueueView {
        border-top: solid $foreground 15%;
        border-title-color: $foreground;
        border-title-style: bold;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "move_up", "Up", show=False, id="queue.up",
                tooltip="Let the VM begin before the one above it"),
        Binding("x,delete", "take_out", "Take out", show=False, id="queue.remove",
                tooltip="Take the VM out of the queue; it stays where it is"),
        Binding("space", "toggle_pause", "Pause", key_display="␣", id="queue.pause",
                tooltip="Begin no more for now, and go on again; what runs goes on"),
        Binding("plus", "at_once(1)", "More at once", key_display="+", show=False,
                id="queue.more",
                tooltip="Let one more leave or enter a node at the same time"),
        Binding("minus", "at_once(-1)", "Fewer at once", key_display="-", show=False,
                id="queue.fewer",
                tooltip="Let one fewer leave or enter a node at the same time"),
        Binding("z", "stop", "Stop", id="queue.stop",
                tooltip="Begin no more at all; what runs goes on to its end"),
    ]  # fmt: skip

    @dataclass
    class MoveUp(Message):
        vm: str

    @dataclass
    class Removed(Message):
        vm: str

    @dataclass
    class PauseToggled(Message):
        """Pause it, or let it go on."""

    @dataclass
    class LimitWanted(Message):
        """So many at once, from the next that begin on."""

        limit: int

    @dataclass
    class Stopped(Message):
        """Begin no more."""

    @dataclass
    class Useless(Message):
        """Why a key does nothing now."""

        reason: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(" ", "VM", "from", "to", "memory", "copied", "what", id=id)
        self._state: QueueState | None = None
        self.border_title = summary(None)

    def show_queue(self, state: QueueState | None) -> None:
        """Draw this queue; `None`: there is none."""
        self._state = state
        self.border_title = summary(state)
        self.show({item.vm: _row(item) for item in state.items} if state is not None else {})

    def _selected(self) -> Item | None:
        """The VM under the cursor, when it waits; else it says why nothing is done."""
        items = self._state.items if self._state is not None else ()
        item = next((item for item in items if item.vm == self.selected_key), None)
        if item is None:
            self.post_message(self.Useless("there is no queue"))
        elif item.state is not ItemState.QUEUED:
            mark = MARKS[item.state]
            self.post_message(self.Useless(f"{item.vm} does not wait any more: {mark.word}"))
            item = None
        return item

    def action_move_up(self) -> None:
        if (item := self._selected()) is not None:
            self.post_message(self.MoveUp(item.vm))

    def action_take_out(self) -> None:
        if (item := self._selected()) is not None:
            self.post_message(self.Removed(item.vm))

    def _goes_on(self) -> bool:
        state = self._state
        if state is None or state.finished:
            self.post_message(self.Useless("no queue is under way"))
        return state is not None and not state.finished

    def action_toggle_pause(self) -> None:
        if self._goes_on():
            self.post_message(self.PauseToggled())

    def action_at_once(self, more: int) -> None:
        if self._state is not None and self._goes_on():
            self.post_message(self.LimitWanted(max(1, self._state.limit + more)))

    def action_stop(self) -> None:
        if self._goes_on():
            self.post_message(self.Stopped())


def summary(state: QueueState | None) -> Content:
    """How the queue is, in a line."""
    if state is None:
        return toned(NOTHING, Tone.MUTED)
    done, running = len(state.having(ItemState.DONE)), len(state.having(ItemState.RUNNING))
    waiting = len(state.having(ItemState.QUEUED))
    counts = f"{done} of {len(state.items)} done, {running} running, {waiting} waiting"
    if waiting:
        counts += f", up to {state.limit} at once"
    if state.stopped is not None:
        why = state.stopped.removeprefix("stopped ")
        how = toned(f"■ stopped {why}" if why != state.stopped else f"■ stopped: {why}", Tone.BAD)
    elif state.finished:
        how = toned("✔ finished", Tone.OK)
    elif state.paused:
        how = toned("‖ paused", Tone.WARN)
    else:
        how = toned(f"about {duration_text(state.eta_s)} to go", Tone.BUSY)
    keys = toned("" if state.finished else "u up, x take out, +/- at once", Tone.MUTED)
    return Content("  ").join([toned("Queue"), how, toned(counts), keys])


def _row(item: Item) -> Row:
    mark = MARKS[item.state]
    percent = item.migration.percent if item.migration is not None else None
    filled, empty = bar(percent, 10)
    copied = f"{filled}{empty}{percent_text(percent)}" if item.migration is not None else ""
    return (
        Cell(f"{mark.glyph} {mark.word}", mark.tone),
        Cell(item.vm, Tone.STRONG),
        Cell(item.source or "?"),
        Cell(item.move.node),
        Cell(bytes_text(item.memory_bytes), Tone.MUTED),
        Cell(copied, Tone.BUSY),
        Cell(item.text, mark.tone),
    )
