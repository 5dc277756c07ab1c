"""A cluster of 8 nodes and 200 VMs on paper: the nodes' own tools, over a CIB in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.changes import OPERATIONS
from lab import Lab
from pacemaker.cibs import cib, history, op, vm

REAL = ("alpha", "bravo", "charlie")
ON_PAPER = ("delta", "echo", "foxtrot", "golf", "hotel")
NODES = (*REAL, *ON_PAPER)
STANDS_IN = "charlie"
"""Whose sshd and libvirt those answer with that are on paper only."""
VMS = 200
MOVED = "web1"
"""A VM of the lab, too: while it is moved there, libvirt tells how far its copy is."""

_CIB = "run/paper.xml"
_TOOLS = "usr/local/sbin"
_WRAPPER = '#!/bin/sh\nCIB_file=/{cib} exec /usr/sbin/{tool} "$@"\n'
_MEMBERS = '#!/bin/sh\n[ "$1" = --list ] || exec /usr/sbin/crm_node "$@"\nprintf "{members}"\n'


@dataclass(slots=True)
class Paper:
    """`change` makes its next version."""

    lab: Lab
    changes: int = 3
    text: bytes = field(default_factory=lambda: _whole())

    def change(self) -> int:
        """Its `num_updates` then."""
        self.changes += 1
        self.write()
        # The real daemon has worked, as it would have for a real change.
        self.lab.run(REAL[0], "/usr/sbin/cibadmin", "--query", "--no-children")
        return self.changes

    def write(self) -> None:
        text = self.text.replace(b'num_updates="3"', b'num_updates="%d"' % self.changes, 1)
        for root in _roots(self.lab):
            (root / f"{_CIB}.new").write_bytes(text)
            (root / f"{_CIB}.new").replace(root / _CIB)


@contextmanager
def on_paper(lab: Lab) -> Iterator[Paper]:
    """Until the end of the block the tools on the lab's nodes tell of this cluster."""
    members = "".join(f"{number} {name} member\\n" for number, name in enumerate(NODES, 1))
    tools = {"crm_node": _MEMBERS.format(members=members)}
    tools |= {tool: _WRAPPER.format(cib=_CIB, tool=tool) for tool in ("crm_mon", "cibadmin")}
    paper = Paper(lab)
    try:
        for root in _roots(lab):
            for tool, script in tools.items():
                (root / _TOOLS / tool).write_text(script)
                (root / _TOOLS / tool).chmod(0o755)
        paper.write()
        yield paper
    finally:
        for root in _roots(lab):
            for tool in tools:
                (root / _TOOLS / tool).unlink(missing_ok=True)
            (root / _CIB).unlink(missing_ok=True)


def _roots(lab: Lab) -> Iterator[Path]:
    for node in REAL:
        yield lab.members[node].root


def _whole() -> bytes:
    names = [MOVED, *(f"paper{number}" for number in range(1, VMS))]
    resources = "".join(
        vm(
            name,
            {"allow-migrate": "true"},
            OPERATIONS.format(name),
            {"config": f"/srv/lab/vm/{name}.xml", "hypervisor": "qemu:///system"},
        )
        for name in names
    )
    status = ""
    for number, node in enumerate(NODES):
        lived = {name: _lived(name, place, number) for place, name in enumerate(names)}
        status += history(number + 1, node, **lived)
    return cib(resources, nodes=NODES, status=status)


def _lived(name: str, place: int, node: int) -> list[str]:
    """What this VM did on this node: started there, or probed; and the one that moves."""
    if place % len(NODES) != node:
        return [op(name, "monitor", 10 + place, rc=7)]
    entries = [op(name, "start", 300 + place)]
    if name == MOVED:
        source, target = NODES[node], NODES[node + 1]
        entries.append(op(name, "migrate_to", -1, rc=193, status=-1, source=source, target=target))
    return entries
