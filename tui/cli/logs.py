"""The log file. Nothing is ever logged to the terminal."""

from __future__ import annotations

import logging
from pathlib import Path

from backends.data.errors import BadConfiguration

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class _LogFile(logging.FileHandler):
    """The one that `--log` opened."""


def log_to(path: Path | None) -> None:
    """Log everything to this file, or nowhere. Raises `BadConfiguration`."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _LogFile)]:
        root.removeHandler(handler)
        handler.close()
    if path is not None:
        root.addHandler(_open(path))
        root.setLevel(logging.DEBUG)
        logging.getLogger("asyncssh").setLevel(logging.INFO)
    elif not root.handlers:
        # Without any handler, Python writes warnings to the terminal.
        root.addHandler(logging.NullHandler())


def _open(path: Path) -> _LogFile:
    try:
        handler = _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise BadConfiguration(
            f"cannot write the log: {error.strerror}", where=str(path), cure="name another file"
        ) from error
    handler.setFormatter(logging.Formatter(_FORMAT))
    return handler
