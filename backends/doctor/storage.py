"""Storage: every disk of every running VM must be there, and be the same, on every node."""

from __future__ import annotations

from collections.abc import Iterator

from backends.data.examination import Finding, Probe, State, Topic
from backends.doctor import (
    clustered_lvm,
    disks,
    drbd,
    guest_state,
    iscsi,
    places,
    shared_filesystem,
)
from backends.doctor.case import Case
from backends.doctor.disks import Storage

_PARTS = (drbd, iscsi, clustered_lvm, shared_filesystem)


def probes(case: Case, node: str) -> Iterator[Probe]:
    yield disks.VERSION
    for part in _PARTS:
        yield from part.probes(case, node)


def further_probes(case: Case, node: str) -> Iterator[Probe]:
    """What only the first round's domains tell to ask for: their paths."""
    if paths := dict.fromkeys((*disks.paths(case), *guest_state.paths(case))):
        yield places.probe(disks.PLACES, list(paths))
    yield from guest_state.further_probes(case, node)


def judge(case: Case) -> Iterator[Finding]:
    if not any(vm.node for vm, _ in case.vms):
        seen = "no VM runs, so no disk is in use"
        yield Finding(Topic.STORAGE, "disks", State.NOT_USED, seen)
        return
    storage = Storage(
        disks.known_disks(case), disks.known_places(case), clustered_lvm.same_groups(case)
    )
    yield from disks.judge(case, storage)
    yield from guest_state.judge(case, storage)
    for part in _PARTS:
        yield from part.judge(case, storage)
