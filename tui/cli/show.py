"""Run the app. Loads the screen, so it is loaded late."""

from __future__ import annotations

from backends.acts.journal import Journal
from backends.base import Backend
from tui.app import VmferryApp
from tui.cli.configuration import Target


def show_board(backend: Backend, target: Target, journal: Journal | None = None) -> int:
    """Show a cluster until the operator leaves; without a journal it is the user's own."""
    title = target.name or (target.hosts[0] if target.hosts else None)
    app = VmferryApp(backend, journal or Journal.default(), title=title, theme=target.theme)
    app.run()
    return app.return_code or 0
