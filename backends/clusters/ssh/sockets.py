"""Where forwarded sockets live."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_PATH_BYTES = 107
"""`sun_path` of unix(7) has room for 108 with the closing NUL."""
_NAME_BYTES = len("/vmferry-12345678/s")


@contextmanager
def socket_directory() -> Iterator[Path]:
    """A new directory that only this user may enter, with a path short enough for a socket."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = Path(base).is_absolute() and os.access(base, os.W_OK | os.X_OK)
    if not usable or len(os.fsencode(base)) + _NAME_BYTES > LONGEST_PATH_BYTES:
        base = "/tmp"
    with tempfile.TemporaryDirectory(
        prefix="vmferry-", dir=base, ignore_cleanup_errors=True
    ) as directory:
        yield Path(directory)
