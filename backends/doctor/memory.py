"""Topic 6: room for each VM on each other node, and for all of a node when it is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from backends.data.examination import Cure, Finding, Probe, State, Topic, Way
from backends.data.picture import VM
from backends.doctor.case import Case
from backends.doctor.shared import domain, memory_bytes, unanswered
from backends.pacemaker.xml import number

MEMORY = Probe(
    "memory",
    "cat /proc/meminfo\ngrep -Hs . /sys/kernel/mm/hugepages/hugepages-*kB/free_hugepages; true",
)
GiB = 1 << 30
_HUGE = re.compile(r"/sys/kernel/mm/hugepages/hugepages-(\d{1,12})kB/free_hugepages:(\d{1,15})")
_UNITS_KIB = {"b": 1 / 1024, "bytes": 1 / 1024, "KB": 1000 / 1024, "KiB": 1, "k": 1}
_UNITS_KIB |= {"MiB": 1 << 10, "M": 1 << 10, "GiB": 1 << 20, "G": 1 << 20}


@dataclass(frozen=True, slots=True)
class Room:
    """What is free on a node. Huge pages are set aside for who asks for them: theirs alone."""

    available_bytes: int
    huge_bytes: Mapping[int, int] = field(default_factory=dict)
    """By the size of a page in KiB."""
    default_kib: int | None = None

    def of(self, pages: int | None) -> int | None:
        """The room for a guest on pages of that size: `None` ordinary ones, 0 the default size."""
        if pages is None:
            return self.available_bytes
        return self.huge_bytes.get(pages or self.default_kib or 0)


def probes(case: Case, node: str) -> Iterator[Probe]:
    yield MEMORY


def room_of(text: str) -> Room | None:
    """What the kernel could give without swapping: `MemAvailable` of /proc/meminfo (Linux 3.14)."""
    told: dict[str, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        kib = number(value.split()[0]) if value.split() else None
        if kib is not None:
            told.setdefault(name, kib)
    if "MemAvailable" not in told:
        return None
    huge = {int(size): int(size) * int(count) * 1024 for size, count in _HUGE.findall(text)}
    return Room(told["MemAvailable"] * 1024, huge, told.get("Hugepagesize"))


def huge_pages_of(xml: etree._Element | None) -> int | None:
    """The size in KiB of the huge pages that a guest is on; 0 for the default, `None` for none."""
    huge = xml.find("memoryBacking/hugepages") if xml is not None else None
    if huge is None:
        return None
    page = huge.find("page")
    size = number(page.get("size")) if page is not None else None
    unit = page.get("unit", "KiB") if page is not None else "KiB"
    return int(size * _UNITS_KIB.get(unit, 1)) if size is not None else 0


def judge(case: Case) -> Iterator[Finding]:
    free: dict[str, Room] = {}
    for node in case.nodes:
        known = case.picture.node(node)
        if not case.answered(node) or known is None or not known.can_host:
            continue
        output = case.output(node, MEMORY.name)
        room = room_of(output.stdout)
        if room is None:
            yield unanswered(Topic.MEMORY, "room", node, "its free memory", output)
        else:
            free[node] = room
    pages = {vm.id: huge_pages_of(domain(case, vm.id)) for vm, _ in case.vms}
    for vm, _ in case.vms:
        if vm.node is not None:
            kind = pages[vm.id]
            may_go = {n: free[n].of(kind) or 0 for n in case.targets(vm.id) if n in free}
            yield from _judge_vm(vm, memory_bytes(case, vm), may_go, huge=kind is not None)
    for node in case.nodes:
        yield from _judge_loss(case, node, free, pages)


def _judge_vm(vm: VM, size: int | None, others: dict[str, int], *, huge: bool) -> Iterator[Finding]:
    if size is None:
        seen = "how much memory it has is not known"
        yield Finding(Topic.MEMORY, "room", State.UNKNOWN, seen, vm=vm.id)
        return
    if not others:
        return
    needs = f"{size / GiB:.1f} GiB{' of huge pages' if huge else ''}"
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
        cures=(
            Cure(("move another VM away from there first, or give this one less memory",)),
            *([Cure(("vm.nr_hugepages = …",), "/etc/sysctl.conf")] if huge else []),
        ),
        ways=tuple(Way(target=node) for node in full),
    )


def _judge_loss(
    case: Case, lost: str, free: Mapping[str, Room], pages: Mapping[str, int | None]
) -> Iterator[Finding]:
    """First the largest, each to where most is free; who has no size is not counted."""
    left = {
        kind: {node: room.of(kind) or 0 for node, room in free.items() if node != lost}
        for kind in set(pages.values())
    }
    sizes = {vm.id: memory_bytes(case, vm) for vm, _ in case.vms if vm.node == lost}
    homeless = sorted(((size, vm) for vm, size in sizes.items() if size is not None), reverse=True)
    if not homeless or not free.keys() - {lost}:
        return
    left_over: list[str] = []
    for size, vm in homeless:
        room = left[pages[vm]]
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
