"""libvirt's event loop: one per process, since libvirt has one per process."""

from __future__ import annotations

import threading
from functools import cache

import libvirt


@cache
def run_event_loop() -> None:
    """Start the thread that serves libvirt's events and keepalives; once, before the first `open`.

    libvirt also prints its errors to stderr, over the screen, unless it is told not to.
    """
    libvirt.registerErrorHandler(_ignore, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=_serve, name="libvirt-events", daemon=True).start()


def _serve() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def _ignore(_context: object, _error: object) -> None:
    """Each error is raised as an exception too, and reported from there."""
