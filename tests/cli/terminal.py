"""A process on a pseudo-terminal of its own: what it writes, what is typed, how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self


class Terminal:
    """Start with `with`; at its end a process that still runs is killed."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = (24, 100)
    ) -> None:
        self._argv = argv
        self._size = size
        self._env = env
        self.written = ""

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, self._size)
        self._process = subprocess.Popen(
            self._argv,
            env=self._env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def wait_for(self, text: str, within_s: float = 60) -> str:
        """Read until the text stands there; the text read since the start."""
        until = time.monotonic() + within_s
        while text not in self.written:
            assert self._read(until), f"no {text!r} in {self.written!r}"
        return self.written

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self, within_s: float = 60) -> int:
        """Read to the end; the exit code."""
        until = time.monotonic() + within_s
        while self._read(until):
            pass
        return self._process.wait(timeout=max(0.1, until - time.monotonic()))

    def _read(self, until: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, until - time.monotonic()))
        try:
            chunk = os.read(self._ours, 65536) if ready else b""
        except OSError:  # the other side is closed
            return False
        self.written += chunk.decode(errors="replace")
        return bool(chunk)


def _take_terminal() -> None:
    """Make the terminal on stdin the one that Ctrl-C comes from."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
