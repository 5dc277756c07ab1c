"""`vmferry [HOST…]`: the board."""

from __future__ import annotations

import sys

import click

from backends.base import Backend
from backends.errors import BadConfiguration
from backends.journal import Journal
from tui.cli.configuration import Target
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
    return show_board(session.connect(target), Journal.default(), target)


def need_terminal() -> None:
    """Raises `BadConfiguration` where there is nothing to draw on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadConfiguration(
            "the board needs a terminal", cure="`vmferry status` and `vmferry watch` need none"
        )


def show_board(backend: Backend, journal: Journal, target: Target) -> int:
    """Run the app until it is left."""
    from tui.app import VmferryApp

    app = VmferryApp(backend, journal, title=target.name)
    if target.theme is not None:
        if target.theme not in app.available_themes:
            raise BadConfiguration(
                f"there is no theme {target.theme!r}",
                where="theme",
                cure=f"the themes there are: {', '.join(sorted(app.available_themes))}",
            )
        app.theme = target.theme
    app.run()
    return app.return_code or 0
