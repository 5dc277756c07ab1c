"""Run the app. Loads the screen, so it is loaded late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from tui.app import VmferryApp
from tui.cli.configuration import Target
from tui.cli.exits import ExitCode
from tui.cli.output import hush_if_lost
from tui.cli.signals import when_ended


def show_board(
    backend: Backend,
    target: Target,
    journal: Journal | None = None,
    clock: Callable[[], float] = time.time,
    at: float | None = None,
) -> int:
    """Show a cluster until the operator leaves; without a journal it is the user's own.

    `clock`: the cluster's, epoch seconds. `at`: the moment of the past that is shown first.
    """
    title = _title(target)
    app = VmferryApp(
        backend,
        journal or Journal.default(),
        title=title,
        theme=target.theme,
        clock=clock,
        at=at,
    )
    asyncio.run(_until_left(app))
    hush_if_lost()
    return app.return_code or 0


async def _until_left(app: VmferryApp) -> None:
    when_ended(partial(app.exit, return_code=ExitCode.INTERRUPTED))
    await app.run_async()


def _title(target: Target) -> str | None:
    return target.name or (target.hosts[0] if target.hosts else None)
