"""iSCSI: every node is logged in to what the VMs' disks lie on, also after its next reboot."""

from __future__ import annotations

import pytest

from backends.data.errors import BadAnswer
from backends.data.examination import Family, Finding, Output, State
from backends.doctor import iscsi, storage
from backends.doctor.configuration import Resource
from backends.doctor.disks import PLACES, Storage
from backends.doctor.iscsi import Session, parse_records, parse_sessions
from doctor_storage.made import Outputs, answer, block, case, disk, place, places

VM = "iqn.2003-01.org.linux-iscsi.nas:vm"
BACKUP = "iqn.2003-01.org.linux-iscsi.nas:backup"
NONE = Output(21, "", "iscsiadm: No active sessions.\n")
LUN = block("/dev/vg-vm/web", answer("lsblk-iscsi.json"))


def test_sessions_are_understood() -> None:
    both = parse_sessions(Output(0, answer("iscsiadm-sessions")))
    assert both == (Session("192.168.122.2:3260", VM), Session("[fd00::2]:3260", BACKUP))
    assert parse_sessions(Output(0, answer("iscsiadm-sessions-old"))) == both[:1]


def test_no_session_is_no_failure() -> None:
    assert parse_sessions(NONE) == ()
    assert parse_records(Output(21, "", "iscsiadm: No records found\n")) == {}


def test_a_failure_is_not_no_session() -> None:
    with pytest.raises(BadAnswer):
        parse_sessions(Output(20, "", "iscsiadm: can not connect to iSCSI daemon (111)!"))
    with pytest.raises(BadAnswer):
        parse_sessions(Output())


def test_records_are_understood() -> None:
    records = parse_records(Output(0, answer("iscsiadm-records")))
    assert records == {VM: "automatic", BACKUP: "manual"}


def test_a_node_that_is_not_logged_in_is_found() -> None:
    gone = {PLACES: places("bravo", place("/dev/vg-vm/web", kind="", mount=None))}
    findings = of_iscsi({iscsi.SESSIONS.name: NONE, **gone})
    (wrong,) = [each for each in findings if each.state is State.WRONG]
    assert wrong.node == "bravo" and VM in wrong.seen and wrong.concerns == ("web",)
    assert f"iscsiadm -m node -T {VM} -p 192.168.122.2:3260 --login" in wrong.cures[0].lines


def test_a_session_of_another_node_s_own_is_missed_nowhere() -> None:
    more = answer("iscsiadm-sessions-old") + f"tcp: [9] 192.168.122.9:3260,1 {BACKUP}\n"
    automatic = answer("iscsiadm-records").replace("startup = manual", "startup = automatic")
    outputs: dict[str, Outputs] = {
        "alpha": {
            PLACES: places("alpha", LUN),
            iscsi.SESSIONS.name: more,
            iscsi.RECORDS.name: automatic,
        },
        "bravo": {PLACES: places("bravo", LUN), **good()},
    }
    made = case(outputs, disk("/dev/vg-vm/web", kind="block"))
    told = [each for each in storage.judge(made) if each.check == "iscsi"]
    assert [(each.state, each.node) for each in told] == [(State.OK, "alpha"), (State.OK, "bravo")]
    assert all(each.seen.startswith("logged in to") for each in told)


def test_a_target_that_is_a_second_path_elsewhere_is_a_warning() -> None:
    lsblk = answer("lsblk-iscsi.json").replace('"tran": "iscsi"', '"tran": null', 1)
    single = {PLACES: places("bravo", block("/dev/vg-vm/web", lsblk))}
    findings = of_iscsi({**good(), iscsi.SESSIONS.name: NONE, **single})
    (warning,) = [each for each in findings if each.node == "bravo"]
    assert warning.state is State.WARNING and "fewer paths" in warning.why


def test_a_login_that_is_not_repeated_after_a_reboot_is_a_warning() -> None:
    manual = answer("iscsiadm-records").replace("startup = automatic", "startup = manual", 1)
    findings = of_iscsi({**good(), iscsi.RECORDS.name: manual})
    (warning,) = [each for each in findings if each.state is State.WARNING]
    assert warning.node == "bravo"
    services = {cure.family: cure.lines for cure in warning.cures}
    assert services[Family.DEBIAN] == ("systemctl enable open-iscsi.service",)
    assert services[Family.RHEL] == ("systemctl enable iscsi.service",)


def test_what_pacemaker_logs_in_need_not_be_automatic() -> None:
    records = {**good(), iscsi.RECORDS.name: Output(21)}
    agent = Resource("login", "ocf:heartbeat:iscsi", {"target": VM})
    assert {each.state for each in of_iscsi(records, agent)} == {State.OK}


def test_a_node_that_does_not_say_is_unknown() -> None:
    findings = of_iscsi({iscsi.SESSIONS.name: Output()})
    assert [(each.state, each.node) for each in findings if each.node == "bravo"] == [
        (State.UNKNOWN, "bravo")
    ]


def test_sessions_below_no_vm_are_nobodys_business() -> None:
    outputs: dict[str, Outputs] = {"alpha": good(), "bravo": {iscsi.SESSIONS.name: NONE}}
    assert list(iscsi.judge(case(outputs, disk("/srv/a.img")), Storage())) == []


def good() -> dict[str, Output | str]:
    return {
        iscsi.SESSIONS.name: answer("iscsiadm-sessions-old"),
        iscsi.RECORDS.name: answer("iscsiadm-records"),
    }


def of_iscsi(on_bravo: Outputs, *others: Resource) -> list[Finding]:
    outputs: dict[str, Outputs] = {
        "alpha": {PLACES: places("alpha", LUN), **good()},
        "bravo": {PLACES: places("bravo", LUN), **on_bravo},
    }
    made = case(outputs, disk("/dev/vg-vm/web", kind="block"), others=others)
    return [each for each in storage.judge(made) if each.check == "iscsi"]
