"""Ending in order when somebody else ends it: a service manager, or the loss of the terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

ENDING = (signal.SIGTERM, signal.SIGHUP)


def when_ended(end: Callable[[], object]) -> None:
    """Have `end` called in the running loop. What is ignored stays so, as `nohup` wants it."""
    loop = asyncio.get_running_loop()
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, end)
