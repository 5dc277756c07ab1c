"""`vmferry [HOST…]`: the board."""

from __future__ import annotations

import sys

import click

from backends.data.errors import BadConfiguration
from tui.cli.options import Command
from tui.cli.session import Session, takes_hosts


@click.command("board", cls=Command, hidden=True)
@takes_hosts
def board(session: Session) -> int:
    """Open the board."""
    return open_board(session)


def open_board(session: Session) -> int:
    """Open the board on the cluster that the options name."""
    target = session.prepare()
    need_terminal()
    from tui.cli.show import show_board

    return show_board(session.connect(target), target)


def need_terminal() -> None:
    """Raises `BadConfiguration` where there is nothing to draw on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadConfiguration(
            "the board needs a terminal", cure="`vmferry status` and `vmferry watch` need none"
        )
