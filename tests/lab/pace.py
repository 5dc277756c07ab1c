"""How fast copies go. A test that needs the middle of one makes it last, whatever the machine is
busy with; one that does not has it over with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lab.cib import VMS
from lab.system import LabError

if TYPE_CHECKING:
    from lab.lab import Lab

UNLIMITED_MIB_PER_S = 2000
SLOW_MIB_PER_S = 4
"""Some 20 s for a guest, which dirties its memory at no more than a quarter of this."""
ENDLESS_MIB_PER_S = 1
"""What web1 dirties while it is copied, and twice what web2 does."""
EVERY_S = 0.4
"""Some three seconds is the shortest that a copy takes at its own speed."""

DOMAINS = {vm.name: vm.domain_name for vm in VMS}


def set_speed(lab: Lab, mib_per_s: int, vms: Collection[str] = tuple(DOMAINS)) -> None:
    """Of the copies of these that run now; VirtualDomain sets it anew at the start of each. A
    node that has just lost its power copies no more, whatever the others still believe."""
    for node, vm, operation in lab.cluster.pending():
        if operation == "migrate_to" and vm in vms:
            words = ("migrate-setspeed", DOMAINS[vm], mib_per_s)
            with suppress(LabError):
                lab.run(node, "virsh", *words, check=False)


def hurry(lab: Lab) -> None:
    """Lift the limit of all copies; end what is being stopped: a guest that still boots would not
    hear its power button until the timeout."""
    set_speed(lab, UNLIMITED_MIB_PER_S)
    for node, vm, operation in lab.cluster.pending():
        if operation == "stop":
            lab.run(node, "virsh", "destroy", DOMAINS[vm], check=False)


@contextmanager
def slowed(lab: Lab, *vms: str) -> Iterator[None]:
    """Copies of these that begin meanwhile are slow from their beginning."""
    with _again_and_again(lambda: set_speed(lab, SLOW_MIB_PER_S, vms)):
        yield


@contextmanager
def held(lab: Lab, *vms: str) -> Iterator[None]:
    """Copies of these that begin before or meanwhile do not end before the block does; then they
    are over with."""
    with _again_and_again(lambda: set_speed(lab, ENDLESS_MIB_PER_S, vms)):
        yield
    set_speed(lab, UNLIMITED_MIB_PER_S, vms)


@contextmanager
def hurried(lab: Lab) -> Iterator[None]:
    """Copies on whose way nothing is done go as fast as they can."""
    with _again_and_again(lambda: hurry(lab)):
        yield


@contextmanager
def _again_and_again(act: Callable[[], None]) -> Iterator[None]:
    """Not done any more, nor still being done, when the block has ended."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(EVERY_S):
            act()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
