"""What becomes of an error that nobody foresaw in a worker."""

from __future__ import annotations

import logging

from textual.app import App
from textual.worker import Worker, WorkerState

from widgets.bars import literal

log = logging.getLogger(__name__)


def report_bug(app: App[None], event: Worker.StateChanged) -> None:
    """Say it to the operator, and write the traceback to the log."""
    error = event.worker.error
    if event.state is not WorkerState.ERROR or error is None:
        return
    log.error("%s ended with a bug", event.worker.name, exc_info=error)
    text = f"{event.worker.name}: {type(error).__name__}: {error}"
    app.notify(literal(text), title="A bug in vmferry", severity="error", timeout=60, markup=False)
