"""Disks that a migration copies: local ones are right then, and shared ones are overwritten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.examination import Effect, Finding, State
from backends.doctor import storage
from backends.doctor.configuration import Resource
from backends.doctor.copied_disks import is_copied
from backends.doctor.disks import PLACES
from backends.doctor.domain_disks import Disk
from doctor_storage.made import bad, block, case, disk, place, places

FILE, DEVICE = "/srv/web.img", "/dev/sdb"
LOCAL = ("/dev/vda1", "ext4", "/")
DISK = Disk("vda", "file", FILE)


@pytest.mark.parametrize(
    ("options", "disk", "copied"),
    [
        ("--copy-storage-all", DISK, True),
        ("--live --copy-storage-inc --p2p", DISK, True),
        ("", DISK, False),
        ("--copy-storage-synchronous-writes", DISK, False),
        ("--copy-storage-all --migrate-disks vda,vdb", DISK, True),
        ("--copy-storage-all --migrate-disks=vda", DISK, True),
        ("--copy-storage-all --migrate-disks vdb", DISK, False),
        ("--migrate-disks vda", DISK, False),
        ("--copy-storage-all", replace(DISK, writable=False), False),
        ("--copy-storage-all", replace(DISK, shareable=True), False),
    ],
)
def test_which_disks_are_copied(options: str, disk: Disk, copied: bool) -> None:
    resource = Resource("web", "ocf:heartbeat:VirtualDomain", {"migrate_options": options})
    assert is_copied(resource, disk) is copied


def judged(there: str, *, here: str | None = None, kind: str = "file") -> list[Finding]:
    """What is wrong with a disk of `web` on alpha, and on bravo, that is to be copied."""
    outputs = {
        "alpha": {PLACES: places("alpha", here or place(FILE, mount=LOCAL))},
        "bravo": {PLACES: places("bravo", there)},
    }
    copying = {"migrate_options": "--copy-storage-all"}
    where = disk({"file": FILE, "block": DEVICE}[kind], kind=kind)
    return bad(list(storage.judge(case(outputs, where, parameters=copying))))


@pytest.mark.parametrize("kind", ["regular file", ""])
def test_a_local_file_that_is_copied_is_right_also_where_it_is_not_yet(kind: str) -> None:
    assert judged(place(FILE, kind=kind, mount=LOCAL)) == []


@pytest.mark.parametrize("fstype", ["nfs4", "fuse.mfs"])
def test_a_shared_file_that_is_copied_would_be_copied_onto_itself(fstype: str) -> None:
    shared = place(FILE, mount=("nas:/vm", fstype, "/srv"))
    findings = judged(shared, here=shared)
    (copied,) = (each for each in findings if "copied onto itself" in (each.why or ""))
    assert (copied.state, copied.effect) == (State.WRONG, Effect.SENDING_FAILS)


def test_a_block_device_is_not_made_on_the_target() -> None:
    devices = '{"blockdevices": [{"name": "sdb", "type": "disk"}]}'
    here = block(DEVICE, devices)
    findings = judged(place(DEVICE, kind="", mount=None), here=here, kind="block")
    assert any(each.effect is Effect.SENDING_FAILS for each in findings)
