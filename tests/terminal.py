"""A terminal emulator with a program in it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte


class Terminal:
    """Start with `with`; at its end a program that still runs is killed."""

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        environment: Mapping[str, str],
        *,
        columns: int = 120,
        lines: int = 40,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._argv = argv
        self._environment = {"TERM": "xterm-256color", "LANG": "C.UTF-8", **environment}

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        size = struct.pack("HHHH", self.screen.lines, self.screen.columns, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        self.process = subprocess.Popen(
            self._argv,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self._environment,
            start_new_session=True,
        )
        os.close(theirs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read(self, within_s: float) -> bool:
        """Take in what is written next; whether there was anything."""
        if not select.select([self._ours], [], [], max(0.0, within_s))[0]:
            return False
        try:
            self._stream.feed(os.read(self._ours, 65536))
        except OSError:  # the program has gone
            return False
        return True

    def quiet(self, for_s: float) -> None:
        """Read until nothing was written for a while."""
        while self.read(for_s):
            pass

    def until(self, true: Callable[[str], bool], what: str, within_s: float = 60.0) -> None:
        """Read until the screen is as it should be."""
        end = time.monotonic() + within_s
        while not true(self.text):
            assert time.monotonic() < end, f"waited in vain for {what}; on the screen:\n{self.text}"
            self.read(end - time.monotonic())
