"""Every command that was sent: where, when, how it ended, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence

from backends.data.plan import Sent
from widgets.bars import literal, moment_text
from widgets.glyphs import Tone
from widgets.table import Cell, KeyedTable, Row


class CommandList(KeyedTable):
    """The commands of this session; those that change the cluster are marked."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            "time", "node", "exit", "duration", "writes", "command", follow=True, id=id
        )

    def text_of(self, row: Row) -> str:
        """The command alone, to be sent by hand."""
        return literal(row[-1].text)

    def show_commands(self, commands: Sequence[Sent], now: float) -> None:
        """Draw these, oldest first."""
        self.show({str(sent.number): _row(sent, now) for sent in commands})


def _row(sent: Sent, now: float) -> Row:
    return (
        Cell(moment_text(sent.at, now), Tone.MUTED),
        Cell(sent.node),
        exit_cell(sent),
        Cell("" if sent.duration_s is None else f"{sent.duration_s * 1000:.0f} ms", Tone.MUTED),
        Cell("✎ writes" if sent.writes else "", Tone.WARN),
        Cell(sent.command, Tone.WARN if sent.writes else Tone.TEXT),
    )


def exit_cell(sent: Sent) -> Cell:
    """How it ended."""
    if sent.duration_s is None:
        return Cell("… runs", Tone.MUTED)
    if sent.exit_status is None:
        return Cell("✖ lost", Tone.BAD)
    if sent.exit_status:
        return Cell(f"✖ {sent.exit_status}", Tone.BAD)
    return Cell("✔ 0", Tone.OK)
