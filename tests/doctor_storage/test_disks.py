"""Every disk of every VM: the same on every node, or why not, and for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.examination import Effect, Finding, Output, State, Way
from backends.doctor import storage
from backends.doctor.disks import PLACES, VERSION
from backends.doctor.places import Sharing, logical_volume, parse_devices, sharing
from backends.doctor.places import parse as parse_places
from doctor_storage.made import QEMU, Outputs, answer, bad, block, brief, case, disk, place, places

FILE = "/srv/web.img"
LOCAL = ("/dev/vda1", "ext4", "/")


def test_a_file_on_nfs_is_shared() -> None:
    assert bad(found(place(FILE), place(FILE, file=(99, 7)))) == []


def test_a_file_on_a_local_file_system_is_wrong_where_the_vm_runs() -> None:
    findings = bad(found(place(FILE, mount=LOCAL), place(FILE, kind="", mount=LOCAL)))
    assert brief(findings) == {(State.WRONG, "alpha", "web")}
    assert "ext4" in findings[0].seen and "bravo" in findings[0].seen
    assert findings[0].effect is Effect.SENDING_FAILS
    assert any("blockcopy web vda" in line for cure in findings[0].cures for line in cure.lines)


def test_a_local_file_that_every_node_has_is_no_shared_file() -> None:
    findings = bad(found(place(FILE, mount=LOCAL), place(FILE, mount=LOCAL)))
    assert brief(findings) == {(State.WRONG, "alpha", "web")}


def test_a_vm_that_is_kept_from_all_other_nodes_shares_its_disks_with_none() -> None:
    local: dict[str, Outputs] = {
        "alpha": {PLACES: places("alpha", place(FILE, mount=LOCAL))},
        "bravo": {},
    }
    alone = case(local, disk(FILE))
    alone = replace(
        alone, configuration=replace(alone.configuration, barred={"web": frozenset({"bravo"})})
    )
    assert bad(list(storage.judge(alone))) == []


def test_nodes_with_one_kernel_may_share_what_looks_local() -> None:
    same = places("alpha", place(FILE, mount=("lab", "tmpfs", "/srv")))
    outputs = {"alpha": {PLACES: same}, "bravo": {PLACES: same}}
    assert bad(list(storage.judge(case(outputs, disk(FILE))))) == []


def test_nfs_that_one_node_has_not_mounted_is_wrong_there() -> None:
    findings = bad(found(place(FILE), place(FILE, kind="", mount=LOCAL)))
    assert brief(findings) == {(State.WRONG, "bravo", "web")}
    assert findings[0].cures[0].lines == ("mount -t nfs4 nas:/vm /srv",)
    assert (findings[0].effect, findings[0].ways) == (Effect.SENDING_FAILS, (Way(target="bravo"),))


def test_one_file_system_from_two_places_is_unknown() -> None:
    other = place(FILE, mount=("10.0.0.9:/vm", "nfs4", "/srv"))
    assert brief(bad(found(place(FILE), other))) == {(State.UNKNOWN, None, "web")}


def test_gluster_may_be_mounted_from_each_node_itself() -> None:
    number = 0x9E3779B97F4A7C15
    alpha = place(FILE, file=(45, number), mount=("alpha:/vm", "fuse.glusterfs", "/srv"))
    bravo = place(FILE, file=(51, number), mount=("bravo:/vm", "fuse.glusterfs", "/srv"))
    assert bad(found(alpha, bravo)) == []
    other = bravo.replace(str(number), "11")
    assert brief(bad(found(alpha, other))) == {(State.UNKNOWN, None, "web")}


@pytest.mark.parametrize("fstype", ["ceph", "fuse.glusterfs", "cifs", "nfs"])
def test_what_libvirt_takes_for_shared_is_shared(fstype: str) -> None:
    shared = place(FILE, mount=("cluster:/vm", fstype, "/srv"))
    assert bad(found(shared, shared)) == []


def test_what_libvirt_does_not_know_to_be_shared_needs_unsafe() -> None:
    foreign = place(FILE, mount=("mfs#master", "fuse.mfs", "/srv"))
    (finding,) = bad(found(foreign, foreign))
    assert finding.state is State.WRONG and finding.effect is Effect.SENDING_FAILS
    assert bad(found(foreign, foreign, parameters={"migrate_options": "--unsafe"})) == []


def test_the_cure_for_it_keeps_the_options_that_there_are() -> None:
    foreign = place(FILE, mount=("mfs#master", "fuse.mfs", "/srv"))
    (finding,) = bad(found(foreign, foreign, parameters={"migrate_options": "--auto-converge"}))
    assert "-v '--auto-converge --unsafe'" in finding.cures[0].lines[0]


def test_libvirt_may_have_been_told_that_it_is_shared() -> None:
    told: dict[str, Outputs] = {
        node: {
            PLACES: places(node, place(FILE, mount=("mfs#master", "fuse.mfs", "/srv"))),
            "libvirt settings": '/etc/libvirt/qemu.conf:shared_filesystems = [ "/srv" ]\n',
        }
        for node in ("alpha", "bravo")
    }
    (finding,) = bad(list(storage.judge(case(told, disk(FILE)))))
    assert finding.state is State.UNKNOWN and finding.effect is None


@pytest.mark.parametrize("protocol", ["rbd", "gluster"])
def test_a_disk_over_the_network_is_shared(protocol: str) -> None:
    remote = (
        f"<disk type='network' device='disk'><driver name='qemu' type='raw'/>"
        f"<source protocol='{protocol}' name='vm/web'><host name='mon1' port='6789'/></source>"
        "<target dev='vda' bus='virtio'/></disk>"
    )
    assert bad(found(place(FILE), place(FILE), devices=remote)) == []


def test_a_disk_that_the_node_serves_to_itself_is_wrong() -> None:
    remote = (
        "<disk type='network' device='disk'><source protocol='nbd' name='web'>"
        "<host transport='unix' socket='/run/nbd.sock'/></source><target dev='vda'/></disk>"
    )
    assert brief(bad(found("", "", devices=remote))) == {(State.WRONG, "alpha", "web")}


def test_a_volume_of_a_pool_is_unknown() -> None:
    source = "<source pool='p' volume='web'/>"
    volume = f"<disk type='volume' device='disk'>{source}<target dev='vda'/></disk>"
    assert brief(bad(found("", "", devices=volume))) == {(State.UNKNOWN, None, "web")}


def test_a_local_backing_file_is_wrong_too() -> None:
    layered = (
        "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
        f"<source file='{FILE}'/><backingStore type='file'><source file='/base.img'/>"
        "<backingStore/></backingStore><target dev='vda'/></disk>"
    )
    here = place(FILE) + place("/base.img", mount=LOCAL)
    there = place(FILE) + place("/base.img", kind="", mount=LOCAL)
    (finding,) = bad(found(here, there, devices=layered))
    assert (finding.state, finding.node) == (State.WRONG, "bravo")
    assert "backing file" in finding.seen


def test_a_cdrom_must_be_there_and_may_be_a_copy() -> None:
    cdrom = disk("/iso/a.iso", device="cdrom", more="<readonly/>")
    copy = place("/iso/a.iso", mount=LOCAL)
    assert bad(found(copy, copy, devices=cdrom)) == []
    (finding,) = bad(found(copy, place("/iso/a.iso", kind="", mount=LOCAL), devices=cdrom))
    assert (finding.state, finding.node) == (State.WRONG, "bravo")
    assert finding.cures[0].lines[0].endswith("change-media web vda --eject")


def test_an_empty_drive_is_nothing() -> None:
    empty = "<disk type='file' device='cdrom'><target dev='sda'/><readonly/></disk>"
    assert bad(found("", "", devices=empty)) == []


def test_one_lun_by_its_world_wide_name_is_shared() -> None:
    lun = block("/dev/sdb", lsblk("/dev/sdb", "0x6001"))
    assert bad(found(lun, block("/dev/sdb", lsblk("/dev/sdc", "0x6001")), devices=BLOCK)) == []


def test_another_lun_by_the_same_path_is_wrong() -> None:
    here = block("/dev/sdb", lsblk("/dev/sdb", "0x6001"))
    there = block("/dev/sdb", lsblk("/dev/sdb", "0x6002"))
    (finding,) = bad(found(here, there, devices=BLOCK))
    assert finding.state is State.WRONG and "0x6002" in finding.seen
    assert (finding.effect, finding.ways) == (Effect.HARMS, ())


def test_disks_without_a_name_are_unknown() -> None:
    plain = block("/dev/sdb", answer("lsblk-plain.json"))
    other = block("/dev/sdb", answer("lsblk-plain.json"), number=6)
    assert brief(bad(found(plain, other, devices=BLOCK))) == {(State.UNKNOWN, None, "web")}


@pytest.mark.parametrize(
    ("version", "cache", "state"),
    [
        ("3.1.0", "writeback", State.WRONG),
        ("2.12.0", "default", State.WRONG),
        ("4.0.0", "writeback", None),
        ("10.0.2", "writethrough", None),
        ("1.5.3", "none", None),
        ("1.5.3", "directsync", None),
        ("", "writeback", State.WARNING),
    ],
)
def test_a_cache_is_dangerous_on_an_old_qemu(version: str, cache: str, state: State | None) -> None:
    text = QEMU.replace("QEMU 7.2.0", f"QEMU {version}")
    devices = disk(FILE, cache=cache)
    findings = bad(found(place(FILE), place(FILE), devices=devices, qemu=text))
    assert [each.state for each in findings] == ([state] if state else [])
    refused = state is State.WRONG
    assert all((each.effect is Effect.SENDING_FAILS) is refused for each in findings)


def test_a_node_that_gave_no_answer_leaves_it_unknown() -> None:
    outputs: dict[str, Outputs] = {
        "alpha": {PLACES: places("alpha", place(FILE))},
        "bravo": {PLACES: Output()},
    }
    findings = bad(list(storage.judge(case(outputs, disk(FILE)))))
    assert brief(findings) == {(State.UNKNOWN, None, "web")}


def test_the_lower_half_of_drbd_is_not_taken_for_a_shared_disk() -> None:
    assert [each.name for each in parse_devices(answer("lsblk-drbd.json"))] == ["/dev/drbd1"]


def test_the_disks_below_a_logical_volume_are_found() -> None:
    text = places("alpha", block("/dev/vg-vm/web", answer("lsblk-iscsi.json")))
    found_place = parse_places(text)["/dev/vg-vm/web"]
    assert found_place.volume_groups == ("vg-vm",)
    assert found_place.wwns == {"0x600140573a2f0c1d"}
    assert found_place.carried_by("iscsi")


@pytest.mark.parametrize(
    ("name", "volume"),
    [
        ("/dev/mapper/vg-web", ("vg", "web")),
        ("/dev/mapper/vg--vm-web", ("vg-vm", "web")),
        ("/dev/mapper/vg-web--1", ("vg", "web-1")),
        ("/dev/mapper/vg-pool-tpool", ("vg", "pool")),
        ("/dev/mapper/mpatha", None),
        ("/dev/sda", None),
    ],
)
def test_a_volume_is_told_from_its_device(name: str, volume: tuple[str, str] | None) -> None:
    assert logical_volume(name) == volume


def test_a_path_with_odd_characters_is_kept() -> None:
    odd = "/srv/a b'c\n-x.img"
    assert set(parse_places(places("alpha", place(odd)))) == {odd}


def test_block_devices_without_evidence_are_never_called_shared() -> None:
    bare = parse_places(places("alpha", block("/dev/x", "")))["/dev/x"]
    other = parse_places(places("bravo", block("/dev/x", "", number=6)))["/dev/x"]
    assert sharing({"a": bare, "b": other}, frozenset())[0] is Sharing.UNKNOWN


BLOCK = disk("/dev/sdb", kind="block")


def lsblk(name: str, wwn: str) -> str:
    return (
        answer("lsblk-plain.json")
        .replace("/dev/vda", name)
        .replace('"wwn": null', f'"wwn": "{wwn}"')
    )


def found(
    here: str,
    there: str,
    devices: str = disk(FILE),
    parameters: dict[str, str] | None = None,
    qemu: str = QEMU,
) -> list[Finding]:
    outputs = {
        "alpha": {PLACES: places("alpha", here), VERSION.name: qemu},
        "bravo": {PLACES: places("bravo", there), VERSION.name: qemu},
    }
    return list(storage.judge(case(outputs, devices, parameters=parameters)))
