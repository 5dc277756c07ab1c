"""Cases for the doctor, made of what the nodes answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from backends.data.examination import Facts, Finding, Output, State
from backends.data.picture import VM, Cluster, Node, NodeState, VMState
from backends.doctor import disks, locking
from backends.doctor.case import Case
from backends.doctor.configuration import Configuration, Resource

ANSWERS = Path(__file__).with_name("answers")
NODES = ("alpha", "bravo")
QEMU = "Using library: libvirt 9.0.0\nUsing API: QEMU 9.0.0\nRunning hypervisor: QEMU 7.2.0\n"

Outputs = Mapping[str, Output | str]


def answer(name: str) -> str:
    """One of the stored answers."""
    return (ANSWERS / name).read_text()


def disk(
    path: str, *, kind: str = "file", cache: str = "none", device: str = "disk", more: str = ""
) -> str:
    """A disk of a domain, as `virsh dumpxml` describes it."""
    attribute = {"file": "file", "block": "dev"}[kind]
    return (
        f"<disk type='{kind}' device='{device}'>"
        f"<driver name='qemu' type='raw' cache='{cache}'/>"
        f"<source {attribute}='{path}' index='1'/><backingStore/>"
        f"<target dev='vda' bus='virtio'/>{more}</disk>"
    )


def domain(*devices: str, name: str = "web") -> str:
    listed = "".join(devices)
    return f"<domain type='kvm' id='1'><name>{name}</name><devices>{listed}</devices></domain>\n"


def place(
    path: str,
    *,
    kind: str = "regular file",
    file: tuple[int, int] = (66, 7),
    mount: tuple[str, str, str] | None = ("nas:/vm", "nfs4", "/srv"),
    devices: str = "",
) -> str:
    """What `places.SCRIPT` prints of one path."""
    row = dict(zip(("source", "fstype", "target"), mount or (), strict=False))
    stat = f"{kind}:{file[0]}:{file[1]}\n" if kind else ""
    found = json.dumps({"filesystems": [row]}) if mount else ""
    return f"{path}\0{stat}\0{found}\0{devices}\0"


def block(path: str, devices: str, number: int = 5) -> str:
    """The same of a block device, over what lsblk says is below."""
    return place(
        path,
        kind="block special file",
        file=(number, number),
        mount=("udev", "devtmpfs", "/dev"),
        devices=devices,
    )


def places(node: str, *parts: str) -> str:
    """All that `places.SCRIPT` prints on a node, each with a kernel of its own."""
    return "".join((f"boot-of-{node}\n", *parts))


def case(
    outputs: Mapping[str, Outputs],
    *devices: str,
    parameters: Mapping[str, str] | None = None,
    agent: str = "ocf:heartbeat:VirtualDomain",
    others: Iterable[Resource] = (),
) -> Case:
    """Two nodes, and one VM `web` on alpha with these disks."""
    resource = Resource("web", agent, {"config": "/etc/vm/web.xml", **(parameters or {})})
    common: dict[str, Outputs] = {
        node: {
            "domains": domain(*devices) if node == "alpha" else "",
            disks.VERSION.name: QEMU,
            locking.SETTINGS.name: "",
        }
        for node in NODES
    }
    return Case(
        Cluster(
            nodes=tuple(Node(name, str(n), NodeState.ONLINE) for n, name in enumerate(NODES)),
            vms=(VM("web", VMState.RUNNING, domain="web", node="alpha"),),
        ),
        Configuration(resources={each.id: each for each in (resource, *others)}),
        {node: _facts(node, {**common[node], **outputs.get(node, {})}) for node in NODES},
    )


def _facts(node: str, outputs: Outputs) -> Facts:
    return Facts(
        node,
        {
            name: output if isinstance(output, Output) else Output(0, output)
            for name, output in outputs.items()
        },
    )


def brief(findings: Iterable[Finding]) -> set[tuple[State, str | None, str | None]]:
    """State, node and VM of each."""
    return {(each.state, each.node, each.vm) for each in findings}


def bad(findings: Iterable[Finding]) -> list[Finding]:
    """Those that are neither good nor beside the point."""
    return [each for each in findings if each.state not in (State.OK, State.NOT_USED)]
