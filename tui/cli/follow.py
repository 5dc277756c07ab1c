"""The way of an act, report by report: one line rewritten, plain lines, or JSON."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping

import click

from backends.acts.transaction import Report
from tui.cli.documents import SCHEMA, migration_document
from tui.cli.moving import progress_words
from tui.cli.output import STDERR, STDOUT, emit, hush, literal, say

_STEP_PERCENT = 10


class Follower:
    """Writes what happens, words to stderr and JSON to stdout.

    Whoever read it may go away: the act is carried to its end all the same.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.last: Report | None = None
        self._as_json = as_json
        self._rewrites = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not as_json
        self._written: object = None
        self._marks: dict[str, object] = {}

    async def follow(self, reports: AsyncIterator[Report]) -> None:
        """Write each report until the act has ended."""
        async for report in reports:
            self.last = report
            self._write(report)
        self.end_line()

    def tell(self, event: str, fields: Mapping[str, object]) -> None:
        """Write one JSON line, where JSON is wanted."""
        if self._as_json:
            document = {"schema": SCHEMA, "event": event, **fields}
            _try(lambda: emit(document), STDOUT)

    def words(self, text: str) -> None:
        """Write a line of words."""
        self.end_line()
        _try(lambda: say(text, err=True), STDERR)

    def end_line(self) -> None:
        """Leave the rewritten line as it stands."""
        if self._rewrites and self._written is not None:
            self._written = None
            _try(lambda: click.echo(err=True), STDERR)

    def _write(self, report: Report) -> None:
        migration = report.migration
        self.tell(
            "progress",
            {
                "vm": report.vm,
                "stage": report.stage.value,
                "text": report.text,
                "migration": migration_document(migration) if migration else None,
            },
        )
        line = f"{report.vm}: {progress_words(migration)}" if migration else report.text
        if self._rewrites:
            columns = shutil.get_terminal_size().columns - 1
            cut = literal(line)[:columns]
            self._written = cut
            _try(lambda: click.echo(f"\r{cut}\x1b[K", nl=False, err=True), STDERR)
        elif not self._as_json:
            percent = migration.percent if migration else None
            step = None if percent is None else int(percent // _STEP_PERCENT)
            mark = (report.stage, migration.phase if migration else report.text, step)
            if mark != self._marks.get(report.vm):
                self._marks[report.vm] = mark
                _try(lambda: say(line, err=True), STDERR)


def _try(write: Callable[[], None], descriptor: int) -> None:
    try:
        write()
    except OSError:
        hush(descriptor)
