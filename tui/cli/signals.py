"""Ending in order when somebody else ends it: a service manager, or the loss of the terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

ENDING = (signal.SIGTERM, signal.SIGHUP)


def when_ended(end: Callable[[], object]) -> None:
    """Have `end` called in the running loop, once.

    A terminal that goes tells so twice, by the shell and by the kernel: the second is not to
    disturb the end. What is ignored stays so, as `nohup` wants it.
    """
    loop = asyncio.get_running_loop()
    heard = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN]

    def once() -> None:
        for number in heard:
            loop.add_signal_handler(number, _again)
        end()

    for number in heard:
        loop.add_signal_handler(number, once)


def _again() -> None:
    """It ends already."""
