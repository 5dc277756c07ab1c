"""GFS2 and OCFS2: mounted where a guest may go, and their lock manager runs there."""

from __future__ import annotations

import pytest

from backends.data.examination import Family, Finding, Output, State
from backends.doctor import shared_filesystem as fs
from backends.doctor import storage
from backends.doctor.configuration import Resource
from backends.doctor.disks import PLACES
from backends.doctor.shared_filesystem import (
    Dlm,
    Lockspace,
    O2cb,
    parse_cluster_mounts,
    parse_dlm,
    parse_lockspaces,
    parse_o2cb,
)
from doctor_storage.made import Outputs, answer, bad, case, disk, place, places

GFS2 = answer("findmnt-gfs2.json")
OCFS2 = GFS2.replace("gfs2", "ocfs2")


def test_mounts_are_understood() -> None:
    assert parse_cluster_mounts(Output(0, GFS2))[0].target == "/srv/vm"
    assert parse_cluster_mounts(Output(0, answer("findmnt-none.json"))) == ()
    assert parse_cluster_mounts(Output(1, "")) == ()


def test_lockspaces_are_understood() -> None:
    assert parse_lockspaces(answer("dlm-ls")) == (
        Lockspace("lvm_global", ("1", "2"), stopped=False),
        Lockspace("vm", ("1", "2"), stopped=False),
    )
    assert parse_lockspaces(answer("dlm-ls-stopped"))[0].stopped
    assert parse_lockspaces("") == ()


def test_the_state_of_the_dlm_is_understood() -> None:
    assert parse_dlm(answer("dlm-status")) == Dlm(running=True, quorate=True)
    assert parse_dlm(answer("dlm-status-none")) == Dlm(running=False)


def test_the_state_of_o2cb_is_understood() -> None:
    assert parse_o2cb(answer("o2cb-online")) == O2cb("o2cb", online=True, heartbeat=True)
    assert parse_o2cb(answer("o2cb-offline")) == O2cb("o2cb", online=False)
    assert parse_o2cb("pcmk\n") == O2cb("pcmk")


def test_gfs2_that_is_mounted_everywhere_is_good() -> None:
    assert bad(of_fs(good(), "gfs2")) == []


def test_ocfs2_that_is_mounted_everywhere_is_good() -> None:
    assert bad(of_fs(good("ocfs2"), "ocfs2")) == []


def test_gfs2_that_is_not_mounted_is_wrong_there() -> None:
    findings = bad(of_fs({**good(), fs.MOUNTS.name: answer("findmnt-none.json")}, "gfs2"))
    assert [(each.state, each.node) for each in findings] == [(State.WRONG, "bravo")]
    families = {cure.family for cure in findings[0].cures}
    assert families == {Family.DEBIAN, Family.RHEL, Family.SUSE}
    for cure in findings[0].cures:
        told = "\n".join(cure.lines)
        assert "interleave=true" in told and "order" in told and "colocation" in told


def test_what_pacemaker_is_to_mount_already_needs_no_second_resource() -> None:
    clone = Resource("fs", "ocf:heartbeat:Filesystem", {"directory": "/srv/vm/"}, clone="fs-clone")
    gone = {**good(), fs.MOUNTS.name: answer("findmnt-none.json")}
    (finding,) = bad(of_fs(gone, "gfs2", clone))
    (cure,) = finding.cures
    assert cure.lines[-1] == "crm_resource --cleanup --resource fs-clone --node bravo"


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({fs.DLM.name: answer("dlm-status-none")}, "does not run"),
        ({fs.DLM.name: Output(127)}, "does not run"),
        ({fs.DLM.name: answer("dlm-status").replace("quorate 1", "quorate 0")}, "no quorum"),
        ({fs.LOCKSPACES.name: answer("dlm-ls-stopped")}, "waits for fencing"),
    ],
)
def test_a_dlm_that_stands_still_is_wrong(change: Outputs, seen: str) -> None:
    (finding,) = bad(of_fs({**good(), **change}, "gfs2"))
    assert (finding.state, finding.node) == (State.WRONG, "bravo")
    assert seen in finding.seen and finding.concerns == ("web",)


def test_ocfs2_whose_cluster_is_offline_is_wrong() -> None:
    (finding,) = bad(of_fs({**good("ocfs2"), fs.O2CB.name: answer("o2cb-offline")}, "ocfs2"))
    assert (finding.state, finding.node) == (State.WRONG, "bravo")


def test_ocfs2_on_the_dlm_needs_the_dlm() -> None:
    change = {fs.O2CB.name: "pcmk\n", fs.DLM.name: answer("dlm-status-none")}
    (finding,) = bad(of_fs({**good("ocfs2"), **change}, "ocfs2"))
    assert "dlm" in finding.seen


def test_a_dlm_that_does_not_answer_is_unknown() -> None:
    (finding,) = bad(of_fs({**good(), fs.DLM.name: Output()}, "gfs2"))
    assert (finding.state, finding.node) == (State.UNKNOWN, "bravo")


def good(fstype: str = "gfs2") -> dict[str, Output | str]:
    return {
        fs.MOUNTS.name: GFS2.replace("gfs2", fstype),
        fs.LOCKSPACES.name: answer("dlm-ls"),
        fs.DLM.name: answer("dlm-status"),
        fs.O2CB.name: answer("o2cb-online"),
    }


def of_fs(on_bravo: Outputs, fstype: str, *others: Resource) -> list[Finding]:
    image = place("/srv/vm/web.img", mount=("/dev/mapper/vg--vm-gfs", fstype, "/srv/vm"))
    outputs: dict[str, Outputs] = {
        "alpha": {PLACES: places("alpha", image), **good(fstype)},
        "bravo": {PLACES: places("bravo", image), **on_bravo},
    }
    made = case(outputs, disk("/srv/vm/web.img", cache="writeback"), others=others)
    return [each for each in storage.judge(made) if each.check == "file system"]
