"""A cluster of 8 nodes and many VMs on paper: the nodes' own tools, over a CIB in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from uuid import UUID, uuid5

from lab import Lab
from pacemaker.cibs import cib, history, op, vm

REAL = ("alpha", "bravo", "charlie")
ON_PAPER = ("delta", "echo", "foxtrot", "golf", "hotel")
NODES = (*REAL, *ON_PAPER)
STANDS_IN = "charlie"
"""Whose sshd and libvirt those answer with that are on paper only."""
MOVED = "web1"
"""A VM of the lab, too: while it is moved there, libvirt tells how far its copy is."""
OPERATIONS = "".join(
    f'<op id="{{0}}-{name}" name="{name}" interval="{interval_s}s" timeout="{timeout_s}s"/>'
    for name, interval_s, timeout_s in (
        ("monitor", 10, 30), ("start", 0, 90), ("stop", 0, 90), ("migrate_to", 0, 180),
    )
)  # fmt: skip

_CIB = "run/paper.xml"
_RUN = UUID("6213151e-bf08-4320-ae74-823651bb7fb6")
_TOOLS = "usr/local/sbin"
_WRAPPER = '#!/bin/sh\nCIB_file=/{cib} exec /usr/sbin/{tool} "$@"\n'
_MEMBERS = '#!/bin/sh\n[ "$1" = --list ] || exec /usr/sbin/crm_node "$@"\nprintf "{members}"\n'


@dataclass(slots=True)
class Paper:
    """`change` makes its next version."""

    lab: Lab
    text: bytes
    changes: int = 3

    def change(self) -> int:
        """One VM's history is another; its `num_updates` then."""
        self.changes += 1
        version = f'1s/num_updates="[0-9]*"/num_updates="{self.changes}"/'
        entry = f'1s/exec-time="[0-9]*"/exec-time="{self.changes}"/{self.changes % len(NODES) + 1}'
        write = f"sed '{version};{entry}' /{_CIB} >/{_CIB}.new && mv /{_CIB}.new /{_CIB}"
        for node in REAL:
            self.lab.run(node, "sh", "-c", write)
        # The real daemon has worked, as it would have for a real change.
        self.lab.run(REAL[0], "/usr/sbin/cibadmin", "--query", "--no-children")
        return self.changes


@contextmanager
def on_paper(lab: Lab, vms: int, *, moving: bool) -> Iterator[Paper]:
    """Until the end of the block the tools on the lab's nodes tell of this cluster. `moving`: one
    of its VMs is on its way, and stays so."""
    members = "".join(f"{number} {name} member\\n" for number, name in enumerate(NODES, 1))
    tools = {"crm_node": _MEMBERS.format(members=members)}
    tools |= {tool: _WRAPPER.format(cib=_CIB, tool=tool) for tool in ("crm_mon", "cibadmin")}
    paper = Paper(lab, _whole(vms, moving=moving))
    try:
        for root in _roots(lab):
            for tool, script in tools.items():
                (root / _TOOLS / tool).write_text(script)
                (root / _TOOLS / tool).chmod(0o755)
            (root / _CIB).write_bytes(paper.text)
        yield paper
    finally:
        for root in _roots(lab):
            for tool in tools:
                (root / _TOOLS / tool).unlink(missing_ok=True)
            (root / _CIB).unlink(missing_ok=True)


def configuration(lab: Lab, home: Path) -> Path:
    """An SSH configuration in which those on paper are others' names."""
    words = lab.ssh_config.read_text()
    _, _, stands_in = words.partition(f"Host {STANDS_IN}\n")
    settings = stands_in.partition("Host ")[0]
    path = home / "ssh_config"
    path.write_text(words + "".join(f"Host {name}\n{settings}" for name in ON_PAPER))
    return path


def _roots(lab: Lab) -> Iterator[Path]:
    for node in REAL:
        yield lab.members[node].root


def _whole(vms: int, *, moving: bool) -> bytes:
    names = [MOVED, *(f"paper{number}" for number in range(1, vms))]
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
        lived = {
            name: _lived(name, place, number, moving=moving) for place, name in enumerate(names)
        }
        status += history(number + 1, node, **lived)
    return cib(resources, nodes=NODES, status=status)


def _lived(name: str, place: int, node: int, *, moving: bool) -> list[str]:
    """What this VM did on this node: started there, or probed; and the one that moves."""

    def entry(task: str, call: int, rc: int = 0) -> str:
        """No two of a cluster have the same key, and no two VMs the same parameters."""
        key = f"{len(NODES) * place + node}:{place}:{rc}:{uuid5(_RUN, NODES[node])}"
        digest = md5(name.encode(), usedforsecurity=False).hexdigest()
        at = 1795397258 + 7 * place + node
        return op(name, task, call, rc=rc, at=at, key=key, digest=digest)

    if place % len(NODES) != node:
        return [entry("monitor", 10 + place, rc=7)]
    entries = [entry("start", 300 + place)]
    if name == MOVED and moving:
        source, target = NODES[node], NODES[node + 1]
        entries.append(op(name, "migrate_to", -1, rc=193, status=-1, source=source, target=target))
    return entries
