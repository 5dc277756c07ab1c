"""LVM: the volume group is one and the same, some lock manager guards it, nobody hogs a volume."""

from __future__ import annotations

import pytest

from backends.data.examination import Finding, Output, State
from backends.doctor import clustered_lvm, storage
from backends.doctor.clustered_lvm import parse_groups, parse_locks, parse_volumes
from backends.doctor.disks import PLACES
from doctor_storage.made import Outputs, answer, bad, block, case, disk, places

LSBLK = answer("lsblk-iscsi.json").replace('"0x600140573a2f0c1d"', "null").replace("iscsi", "fc")
VOLUME = block("/dev/vg-vm/web", LSBLK)
NONE = answer("vgs-none.json")


def test_a_group_shared_by_lvmlockd_is_understood() -> None:
    group = parse_groups(answer("vgs-shared.json"))["vg-vm"]
    assert (group.lock_type, group.guarded) == ("dlm", True)


def test_a_group_shared_by_clvmd_is_understood() -> None:
    group = parse_groups(answer("vgs-clvmd.json"))["vg-vm"]
    assert (group.lock_type, group.guarded) == ("", True)


def test_a_plain_group_is_guarded_by_nothing() -> None:
    assert not parse_groups(answer("vgs-plain.json"))["vg-vm"].guarded
    assert parse_groups(NONE) == {}


def test_exclusive_activation_is_understood() -> None:
    assert parse_volumes(answer("lvs-exclusive.json"))[0].lv_active_exclusively
    assert not parse_volumes(answer("lvs-shared.json"))[0].lv_active_exclusively


def test_exclusive_locks_are_understood() -> None:
    (volume,) = parse_volumes(answer("lvs-exclusive.json"))
    assert parse_locks(answer("lvmlockctl-exclusive")) == {volume.lv_uuid}
    assert parse_locks(answer("lvmlockctl-shared")) == frozenset()


@pytest.mark.parametrize(
    ("groups", "volumes"),
    [
        ("vgs-shared.json", "lvs-shared.json"),
        ("vgs-shared.json", "lvs-exclusive.json"),
        ("vgs-clvmd.json", "lvs-shared.json"),
    ],
    ids=["lvmlockd", "lvmlockd, where lvs calls all that is active exclusive", "clvmd"],
)
def test_a_group_that_is_shared_is_good(groups: str, volumes: str) -> None:
    node = seeing(answer(groups), volumes=answer(volumes))
    assert bad(found(node, node)) == []


def test_a_group_that_nothing_guards_is_a_warning() -> None:
    plain = seeing(answer("vgs-plain.json"), NONE, volumes=answer("lvs-exclusive.json"))
    (finding,) = bad(found(plain, plain))
    assert (finding.state, finding.node) == (State.WARNING, None)
    assert finding.concerns == ("web",)


def test_a_node_without_lvmlockd_does_not_see_a_shared_group() -> None:
    good = seeing(answer("vgs-shared.json"))
    (finding,) = bad(found(good, seeing(NONE, answer("vgs-shared.json"))))
    assert (finding.state, finding.node) == (State.WRONG, "bravo")
    assert "does not use lvmlockd" in finding.seen
    assert finding.cures[0].file == "/etc/lvm/lvm.conf"


def test_a_group_that_is_not_there_is_wrong() -> None:
    findings = bad(found(seeing(answer("vgs-shared.json")), seeing(NONE, NONE)))
    assert (State.WRONG, "bravo") in {(each.state, each.node) for each in findings}


@pytest.mark.parametrize(
    ("groups", "volumes", "locks", "cure"),
    [
        ("vgs-shared.json", "lvs-shared.json", "lvmlockctl-exclusive", "lvchange -asy vg-vm/web"),
        ("vgs-clvmd.json", "lvs-exclusive.json", "lvmlockctl-shared", "lvchange -ay vg-vm/web"),
    ],
    ids=["lvmlockd", "clvmd"],
)
def test_a_volume_that_one_node_keeps_to_itself_is_wrong(
    groups: str, volumes: str, locks: str, cure: str
) -> None:
    hog = seeing(answer(groups), volumes=answer(volumes), locks=locks)
    (finding,) = bad(found(hog, seeing(answer(groups))))
    assert (finding.state, finding.node) == (State.WRONG, "alpha")
    assert finding.cures[0].lines == (cure,)


def test_what_is_not_below_a_guest_may_be_exclusive() -> None:
    other = answer("lvs-exclusive.json").replace('"web"', '"backup"')
    node = seeing(answer("vgs-clvmd.json"), volumes=other)
    assert bad(found(node, node)) == []


def test_a_lock_manager_that_does_not_say_is_unknown() -> None:
    good = seeing(answer("vgs-shared.json"))
    silent = {**good, clustered_lvm.LOCKS.name: Output()}
    (finding,) = bad(found(good, silent))
    assert (finding.state, finding.node) == (State.UNKNOWN, "bravo")


def test_two_groups_of_one_name_are_not_one() -> None:
    other = answer("vgs-shared.json").replace("mhtmk3", "XXXXXX")
    findings = bad(found(seeing(answer("vgs-shared.json")), seeing(other)))
    assert [(each.check, each.state) for each in findings] == [("disks", State.UNKNOWN)]


def test_a_node_that_does_not_say_is_unknown() -> None:
    silent: Outputs = {clustered_lvm.GROUPS.name: Output()}
    findings = bad(found(seeing(answer("vgs-shared.json")), silent))
    assert (State.UNKNOWN, "bravo") in {(each.state, each.node) for each in findings}


def seeing(
    groups: str,
    shared: str | None = None,
    volumes: str | None = None,
    locks: str = "lvmlockctl-shared",
) -> Outputs:
    return {
        clustered_lvm.GROUPS.name: groups,
        clustered_lvm.SHARED.name: groups if shared is None else shared,
        clustered_lvm.VOLUMES.name: volumes or answer("lvs-shared.json"),
        clustered_lvm.LOCKS.name: answer(locks),
    }


def found(alpha: Outputs, bravo: Outputs) -> list[Finding]:
    outputs: dict[str, Outputs] = {
        "alpha": {PLACES: places("alpha", VOLUME), **alpha},
        "bravo": {PLACES: places("bravo", VOLUME), **bravo},
    }
    return list(storage.judge(case(outputs, disk("/dev/vg-vm/web", kind="block"))))
