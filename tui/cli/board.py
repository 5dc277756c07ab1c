"""`vmferry [HOST…]`: the board."""

from __future__ import annotations

import sys
import time

import click

from backends.data.errors import BadConfiguration
from tui.cli.options import Command
from tui.cli.session import Session, takes_hosts

AT = click.option(
    "--at", metavar="TIME", help="The board of the past, such as 02:13, 'yesterday 21:40' or -3h."
)


@click.command("board", cls=Command, hidden=True)
@AT
@takes_hosts
def board(session: Session, at: str | None) -> int:
    """Open the board."""
    return open_board(session, at)


def open_board(session: Session, at: str | None) -> int:
    """Open the board on the cluster that the options name, as it is or as it was."""
    target = session.prepare()
    then = moment_of(at)
    need_terminal()
    from tui.cli.show import show_board

    return show_board(session.connect(target), target, at=then)


def moment_of(at: str | None) -> float | None:
    """What `--at` says, in epoch seconds. Raises `BadConfiguration`."""
    if at is None:
        return None
    from backends.past.moments import moment

    return moment(at, time.time())


def need_terminal() -> None:
    """Raises `BadConfiguration` where there is nothing to draw on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadConfiguration(
            "the board needs a terminal", cure="`vmferry status` and `vmferry watch` need none"
        )
