"""A pseudo-terminal with a program in it: what it writes, what stands there, what is typed."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

from waiting import PATIENCE_S


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
        self._written = bytearray()

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (self.screen.lines, self.screen.columns))
        self.process = subprocess.Popen(
            self._argv,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self._environment,
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
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._ours)

    @property
    def written(self) -> str:
        """All that was read since the start, escape sequences included."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        return decoder.decode(self._written)  # of a letter that is half read: nothing yet

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.screen.display)

    def at(self, text: str) -> tuple[int, int]:
        """Column and line where this stands, counted from 1 as terminals do."""
        for y, line in enumerate(self.screen.display, 1):
            if text in line:
                return line.index(text) + 1, y
        raise AssertionError(f"no {text!r} on the screen:\n{self.text}")

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read(self, within_s: float) -> bool:
        """Take in what is written next; whether there was anything."""
        chunk = self.take(within_s)
        self._written += chunk
        self._stream.feed(chunk)
        return bool(chunk)

    def take(self, within_s: float) -> bytes:
        """What is written next, without drawing it; nothing, where nothing comes."""
        if not select.select([self._ours], [], [], max(0.0, within_s))[0]:
            return b""
        try:
            return os.read(self._ours, 65536)
        except OSError:  # the program has gone
            return b""

    def quiet(self, for_s: float) -> None:
        """Read until nothing was written for a while."""
        while self.read(for_s):
            pass

    def until(self, true: Callable[[str], bool], what: str, within_s: float = PATIENCE_S) -> None:
        """Read until the screen is as it should be."""
        end = time.monotonic() + within_s
        while not true(self.text):
            more = self.read(end - time.monotonic())
            assert more, f"waited in vain for {what}; on the screen:\n{self.text}"

    def until_sees(self, text: str) -> None:
        """Read until this stands on the screen."""
        self.until(lambda now: text in now, repr(text))

    def until_writes(self, text: str) -> None:
        """Read until this was written, whatever has become of it since."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.written:
            assert self.read(end - time.monotonic()), f"no {text!r} in {self.written!r}"

    def hang_up(self) -> int:
        """Go away, as a lost connection does; the exit code of the program."""
        os.close(self._ours)
        self._ours = os.open(os.devnull, os.O_RDONLY)
        return self.process.wait(timeout=PATIENCE_S)

    def end(self) -> int:
        """Read to the end; the exit code."""
        until = time.monotonic() + PATIENCE_S
        while self.read(until - time.monotonic()):
            pass
        return self.process.wait(timeout=max(0.1, until - time.monotonic()))


def _take_terminal() -> None:
    """Make the terminal on stdin the one that Ctrl-C comes from."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
