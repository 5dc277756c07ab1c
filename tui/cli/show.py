"""Run the app. Loads the screen, so it is loaded late."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.past.backend import PastBackend
from tui.app import VmferryApp
from tui.cli.configuration import Target
from tui.past_app import PastApp


def show_board(
    backend: Backend,
    target: Target,
    journal: Journal | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Show a cluster until the operator leaves; without a journal it is the user's own.

    `clock`: the cluster's, epoch seconds.
    """
    title = _title(target)
    app = VmferryApp(
        backend, journal or Journal.default(), title=title, theme=target.theme, clock=clock
    )
    app.run()
    return app.return_code or 0


def show_past(past: PastBackend, target: Target) -> int:
    """Show a cluster as it was. What was begun since is no business of the past: no journal."""
    with tempfile.TemporaryDirectory(prefix="vmferry-past-") as directory:
        journal = Journal(Path(directory))
        app = PastApp(past, journal, title=_title(target) or "the cluster", theme=target.theme)
        app.run()
    return app.return_code or 0


def _title(target: Target) -> str | None:
    return target.name or (target.hosts[0] if target.hosts else None)
