"""A guest that does not tick is looked into before the lab goes: what did it, the product or the
lab? What was found is kept in a file that outlives the lab."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lab import cache
from lab.cib import VMS
from lab.node import Node
from lab.system import LabError, write

if TYPE_CHECKING:
    from lab.lab import Lab

DIRECTORY = cache.DIRECTORY / "silent-guests"
TESTS = "tests.txt"
LINES = 80
ANSWER_S = 15
OF_A_DOMAIN = (
    "domstate --reason $domain",
    "domjobinfo $domain",
    "qemu-monitor-command --hmp $domain 'info status'",
    "qemu-monitor-command --hmp $domain 'info migrate'",
    "qemu-monitor-command --hmp $domain 'info registers'",
)
# Its processor time, twice: an emulator that has none waits; one that has all of it spins.
OF_A_NODE = (
    "virsh list --all",
    "for once in 1 2; do ps -eLo pid,tid,stat,wchan:20,cputime,args | grep [q]emu-system |"
    " cut -c1-160; sleep 1; done",
    f"tail -n {LINES} /var/log/libvirt/qemu/$domain.log",
    f"tail -n {LINES} /var/log/libvirt/libvirtd.log",
    f"grep -w $vm /var/log/pacemaker/pacemaker.log | tail -n {LINES}",
)


def begin_test(base: Path, name: str) -> None:
    """Note which test has the lab from now on."""
    with (base / TESTS).open("a") as tests:
        tests.write(f"{time.strftime('%H:%M:%S')} {name}\n")


def hold(lab: Lab, vm: str, why: str) -> Path:
    """Look at everything that may tell, and keep it; the file."""
    kept = DIRECTORY / f"{time.strftime('%Y%m%d-%H%M%S')}-{lab.base.name}-{vm}.txt"
    write(kept, "\n\n".join(f"== {head}\n{text}" for head, text in _seen(lab, vm, why)) + "\n")
    return kept


def _seen(lab: Lab, vm: str, why: str) -> Iterator[tuple[str, str]]:
    yield "what was waited for", why
    yield "load of the machine", " ".join(f"{load:.1f}" for load in os.getloadavg())
    yield "the last tests on this lab", _end(lab.base / TESTS)
    yield "the end of its console", _end(lab.consoles.path(vm))
    for name, node in lab.members.items():
        yield name, _of_node(node, vm)
    yield "the cluster", _answer(lambda: lab.cluster.ask("crm_mon", "-1", "-o", "-f", "-t"))
    yield "constraints", _answer(lambda: lab.cluster.ask("cibadmin", "-Q", "-o", "constraints"))


def _of_node(node: Node, vm: str) -> str:
    """What a node knows of a VM's guest."""
    domain = next(each.domain_name for each in VMS if each.name == vm)
    virsh = [f"timeout {ANSWER_S} virsh {words}" for words in OF_A_DOMAIN]
    script = f"exec 2>&1; vm={vm}; domain={domain}; set -v\n" + "\n".join((*OF_A_NODE, *virsh))
    return _answer(lambda: node.run("sh", "-c", script, check=False))


def _answer(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except LabError as error:
        return str(error)


def _end(path: Path) -> str:
    if not path.exists():
        return "there is none"
    return "\n".join(path.read_text(errors="replace").splitlines()[-LINES:])
