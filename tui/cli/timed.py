"""Commands that take a moment."""

from __future__ import annotations

import re

import click

from tui.cli.options import Command


class TimedCommand(Command):
    """A command that takes `-3h` as a word: no option begins with a digit."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = [f"now{word}" if re.match(r"-[0-9]", word) else word for word in args]
        return super().parse_args(ctx, words)
