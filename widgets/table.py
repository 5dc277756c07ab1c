"""A table that is told all its rows again and again, and draws only what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.widgets import DataTable

from widgets.bars import literal
from widgets.glyphs import Tone
from widgets.pointing import MENU_BUTTON, MenuWanted


class Cell(NamedTuple):
    text: str
    tone: Tone = Tone.TEXT


Row = tuple[Cell, ...]


class KeyedTable(DataTable[Text]):
    """Rows by key. `follow` keeps the newest row, at the end, in sight."""

    DEFAULT_CSS = """
    KeyedTable {
        height: 1fr;
        background: $background;
        scrollbar-size: 1 1;
        &:focus { background-tint: $foreground 0%; }
        & > .datatable--cursor { background: $foreground 10%; color: $foreground; }
        &:focus > .datatable--cursor { background: $primary 22%; color: $foreground; }
        & > .datatable--hover { background: $foreground 6%; }
        & > .datatable--header { background: $panel; color: $text-muted; text-style: none; }
        & > .keyed-table--text { color: $foreground; }
        & > .keyed-table--strong { text-style: bold; }
        & > .keyed-table--muted, & > .keyed-table--faint { color: $foreground 76%; }
        & > .keyed-table--accent, & > .keyed-table--busy { color: $primary; }
        & > .keyed-table--ok { color: $success; }
        & > .keyed-table--warn { color: $warning; }
        & > .keyed-table--bad { color: $error; }
        &:ansi {
            & > .datatable--header { background: ansi_default; text-style: underline; }
            & > .datatable--cursor { background: ansi_bright_black; color: ansi_black; }
            &:focus > .datatable--cursor { background: ansi_blue; color: ansi_bright_white; }
            & > .keyed-table--muted, & > .keyed-table--faint {
                color: ansi_default;
            }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False, id="table.copy",
                tooltip="Copy what the row says, through the terminal (OSC 52)"),
    ]  # fmt: skip
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"keyed-table--{tone.value}" for tone in Tone}

    def __init__(
        self,
        *columns: str,
        follow: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, id=id)
        self._columns = columns
        self._follow = follow
        self._shown: dict[str, Row] = {}
        self._all: Mapping[str, Row] = {}
        self.filter_text = ""
        """Parts of what a row says; rows that lack one of them are hidden."""

    def on_mount(self) -> None:
        for column in self._columns:
            self.add_column(column, key=column)
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw_again())

    def show(self, rows: Mapping[str, Row]) -> None:
        """Draw these rows, in their order, as far as they match the filter."""
        self._all = rows
        if parts := self.filter_text.casefold().split():
            rows = {key: row for key, row in rows.items() if _matches(row, parts)}
        at_end = self.cursor_row >= self.row_count - 1
        kept = [key for key in self._shown if key in rows]
        if kept != list(islice(rows, len(kept))):
            self._rebuild(rows)
            return
        for key in [key for key in self._shown if key not in rows]:
            self.remove_row(key)
            del self._shown[key]
        for key, row in rows.items():
            if key not in self._shown:
                self.add_row(*map(self._text, row), key=key)
            else:
                self._update(key, self._shown[key], row)
            self._shown[key] = row
        if self._follow and at_end and self.row_count:
            self.move_cursor(row=self.row_count - 1, animate=False)

    def filter(self, text: str) -> None:
        """Show only what has all of these parts in it."""
        self.filter_text = text
        self.show(self._all)

    def select(self, key: str) -> None:
        """Put the cursor on this row, where it is shown."""
        if key in self._shown:
            self.move_cursor(row=self.get_row_index(key), animate=False)

    @property
    def selected_key(self) -> str | None:
        """The key of the row under the cursor."""
        if not self.row_count:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def on_click(self, event: Click) -> None:
        """The right button asks what can be done to a row, and opens nothing."""
        row = event.style.meta.get("row", -1)
        if event.button == MENU_BUTTON:
            event.prevent_default()
            event.stop()
            if row >= 0:
                self.move_cursor(row=row, animate=False)
                self.post_message(MenuWanted())

    def text_of(self, row: Row) -> str:
        """What is copied of a row."""
        return "  ".join(literal(cell.text) for cell in row if cell.text.strip())

    def action_copy(self) -> None:
        """Hand the highlighted row to the terminal's clipboard, which may refuse it silently."""
        if (key := self.selected_key) is not None:
            text = self.text_of(self._shown[key])
            self.app.copy_to_clipboard(text)
            self.notify(text, title="Copied", markup=False)

    def action_scroll_home(self) -> None:
        """To the first row: where rows are chosen, the ends are not those of a line."""
        self.action_scroll_top()

    def action_scroll_end(self) -> None:
        """To the last row."""
        self.action_scroll_bottom()

    def _update(self, key: str, before: Row, after: Row) -> None:
        if before == after:
            return
        for column, old, new in zip(self._columns, before, after, strict=True):
            if old != new:
                wider = cell_len(new.text) > cell_len(old.text)
                self.update_cell(key, column, self._text(new), update_width=wider)

    def _rebuild(self, rows: Mapping[str, Row]) -> None:
        selected = self.selected_key
        offset = self.scroll_offset
        self.clear()
        self._shown = dict(rows)
        for key, row in rows.items():
            self.add_row(*map(self._text, row), key=key)
        if selected is not None and selected in rows:
            self.move_cursor(row=self.get_row_index(selected), scroll=False, animate=False)
        self.scroll_to(offset.x, offset.y, animate=False)

    def _draw_again(self) -> None:
        self._rebuild(dict(self._shown))

    def _text(self, cell: Cell) -> Text:
        style = self.get_component_rich_style(f"keyed-table--{cell.tone.value}", partial=True)
        return Text(literal(cell.text), style=style, no_wrap=True, end="")


def _matches(row: Row, parts: Sequence[str]) -> bool:
    said = "\n".join(cell.text for cell in row).casefold()
    return all(part in said for part in parts)
