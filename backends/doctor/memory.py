"""Topic 6: room for each VM on each other node, and for all of a node when it is lost."""

from __future__ import annotations

from collections.abc import Iterator

from backends.doctor.case import Case
from backends.doctor.model import Cure, Finding, Probe, State, Topic, Way
from backends.doctor.shared import memory_bytes, unanswered
from backends.model import VM
from backends.pacemaker.xml import number

MEMORY = Probe.of("memory", "cat", "/proc/meminfo")
GiB = 1 << 30


def probes(case: Case, node: str) -> Iterator[Probe]:
    yield MEMORY


def available_bytes(text: str) -> int | None:
    """What the kernel could give without swapping: `MemAvailable` of /proc/meminfo (Linux 3.14)."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            kib = number(value.split()[0]) if value.split() else None
            return kib * 1024 if kib is not None else None
    return None


def judge(case: Case) -> Iterator[Finding]:
    free: dict[str, int] = {}
    for node in case.nodes:
        known = case.picture.node(node)
        if not case.answered(node) or known is None or not known.can_host:
            continue
        output = case.output(node, MEMORY.name)
        size = available_bytes(output.stdout)
        if size is None:
            yield unanswered(Topic.MEMORY, "room", node, "its free memory", output)
        else:
            free[node] = size
    for vm, _ in case.vms:
        if vm.node is not None:
            may_go = {node: free[node] for node in case.targets(vm.id) if node in free}
            yield from _judge_vm(vm, memory_bytes(case, vm), may_go)
    for node in case.nodes:
        yield from _judge_loss(case, node, free)


def _judge_vm(vm: VM, size: int | None, others: dict[str, int]) -> Iterator[Finding]:
    if size is None:
        seen = "how much memory it has is not known"
        yield Finding(Topic.MEMORY, "room", State.UNKNOWN, seen, vm=vm.id)
        return
    if not others:
        return
    needs = f"{size / GiB:.1f} GiB"
    full = {node: room for node, room in others.items() if room < size}
    if not full:
        seen = f"{needs} fit on {', '.join(others)}"
        yield Finding(Topic.MEMORY, "room", State.OK, seen, vm=vm.id)
        return
    told = ", ".join(f"{node} has {room / GiB:.1f} GiB" for node, room in full.items())
    nowhere = len(full) == len(others)
    yield Finding(
        Topic.MEMORY,
        "room",
        State.WRONG if nowhere else State.WARNING,
        f"{needs} needed; free: {told}",
        "it can be moved nowhere" if nowhere else "a move there fails, or drives the node to swap",
        vm=vm.id,
        cures=(Cure(("move another VM away from there first, or give this one less memory",)),),
        ways=tuple(Way(target=node) for node in full),
    )


def _judge_loss(case: Case, lost: str, free: dict[str, int]) -> Iterator[Finding]:
    """First the largest, each to where most is free; who has no size is not counted."""
    room = {node: size for node, size in free.items() if node != lost}
    sizes = {vm.id: memory_bytes(case, vm) for vm, _ in case.vms if vm.node == lost}
    homeless = sorted(((size, vm) for vm, size in sizes.items() if size is not None), reverse=True)
    if not homeless or not room:
        return
    left_over: list[str] = []
    for size, vm in homeless:
        may_go = [node for node in case.targets(vm) if node in room]
        node = max(may_go, key=lambda name: room[name], default=None)
        if node is None or room[node] < size:
            left_over.append(vm)
        else:
            room[node] -= size
    if left_over:
        yield Finding(
            Topic.MEMORY,
            "loss of the node",
            State.WARNING,
            f"without {lost} there is no room for {', '.join(left_over)}",
            "they do not come back until there is; nor can the node be emptied",
            lost,
            cures=(Cure(("more memory, or fewer or smaller VMs",)),),
            concerns=tuple(left_over),
        )
    else:
        count = f"{len(homeless)} VM{'s' if len(homeless) > 1 else ''}"
        seen = f"the other nodes have room for its {count}"
        yield Finding(Topic.MEMORY, "loss of the node", State.OK, seen, node=lost)
