"""Locking: one lock manager on all nodes, and its locks seen by all of them."""

from __future__ import annotations

import pytest

from backends.data.examination import Effect, Finding, Output, State, Way
from backends.doctor import locking, sanlock, virtlockd
from backends.doctor.locking import PLACES, parse_settings
from backends.doctor.sanlock import Lockspace, Status, parse_hosts, parse_status
from doctor_storage.made import Outputs, answer, bad, case, disk, place, places

QEMU = '/etc/libvirt/qemu.conf:lock_manager = "{}"\n'
LOCKD = QEMU.format("lockd")
SANLOCK = QEMU.format("sanlock") + "/etc/libvirt/qemu-sanlock.conf:auto_disk_leases = 1\n"
NO_DAEMON = Output(1)
SOCKETS = (
    "u_str LISTEN 0      4096   /run/libvirt/virtlockd-sock 24561 * 0   \n"
    "u_str LISTEN 0      20     /run/libvirt/libvirt-sock 24562 * 0   \n"
)
BLOCK = disk("/dev/vg/web", kind="block")


def test_settings_are_understood() -> None:
    text = (
        LOCKD
        + "/etc/libvirt/qemu-lockd.conf:file_lockspace_dir = '/srv/locks'\n"
        + "/etc/libvirt/qemu-sanlock.conf:  host_id=7 # the seventh\n"
    )
    settings = parse_settings(text)
    assert settings.manager == "virtlockd"
    assert settings.lockd == {"file_lockspace_dir": "/srv/locks"}
    assert settings.sanlock == {"host_id": "7"}
    assert parse_settings("").manager == "none"


def test_the_status_of_sanlock_is_understood() -> None:
    path = "/var/lib/libvirt/sanlock/LS1"
    busy = parse_status(Output(0, answer("sanlock-status")))
    assert busy == Status(True, (Lockspace("LS1", 1, path),))
    assert parse_status(Output(0, answer("sanlock-status-idle"))) == Status(True)
    assert parse_status(NO_DAEMON) == Status(running=False)


def test_the_hosts_of_a_lockspace_are_understood() -> None:
    assert parse_hosts(answer("sanlock-hosts")) == {"LS1": {1}}
    assert parse_hosts("") == {}


def test_no_lock_manager_is_fine_for_files() -> None:
    (finding,) = found("", "")
    assert finding.state is State.NOT_USED


def test_no_lock_manager_is_a_warning_with_block_devices() -> None:
    (finding,) = found("", "", devices=BLOCK)
    assert finding.state is State.WARNING and finding.why and finding.concerns == ("web",)


@pytest.mark.parametrize(("here", "there"), [(LOCKD, ""), (SANLOCK, LOCKD)])
def test_lock_managers_that_differ_are_found_on_one_node(here: str, there: str) -> None:
    different = [each for each in found(here, there) if each.check == "manager"]
    (finding,) = different
    assert finding.state is State.WRONG and finding.node is not None
    assert finding.effect is None, "libvirt lets the guest go"
    assert all(finding.meets("web", *way) for way in (("alpha", "bravo"), ("bravo", "alpha")))


def test_a_node_without_the_others_lock_manager_is_the_one_to_blame() -> None:
    (finding,) = [each for each in found(LOCKD, "") if each.check == "manager"]
    assert finding.node == "bravo"
    assert finding.cures[0].lines == ('lock_manager = "lockd"',)


def test_virtlockd_that_listens_on_both_is_good() -> None:
    assert bad(found(LOCKD, LOCKD)) == []


def test_virtlockd_that_does_not_listen_is_wrong_there() -> None:
    (finding,) = bad(found(LOCKD, LOCKD, bravo={virtlockd.SOCKETS.name: "\n"}))
    assert (finding.state, finding.node) == (State.WRONG, "bravo")
    assert "virtlockd.socket" in finding.cures[0].lines[0]
    assert (finding.effect, finding.ways) == (Effect.SENDING_FAILS, (Way(target="bravo"),))


def test_locks_on_devices_do_not_cross_hosts() -> None:
    (finding,) = bad(found(LOCKD, LOCKD, devices=BLOCK))
    assert (finding.state, finding.node) == (State.WARNING, None)


def test_a_shared_lockspace_makes_them_cross() -> None:
    conf = LOCKD + '/etc/libvirt/qemu-lockd.conf:file_lockspace_dir = "/srv/locks"\n'
    shared = place("/srv/locks", kind="directory")
    assert bad(found(conf, conf, BLOCK, directories=(shared, shared))) == []


def test_a_lockspace_of_one_node_guards_nothing() -> None:
    conf = LOCKD + '/etc/libvirt/qemu-lockd.conf:file_lockspace_dir = "/srv/locks"\n'
    own = place("/srv/locks", kind="directory", mount=("/dev/vda1", "ext4", "/"))
    findings = bad(found(conf, conf, BLOCK, directories=(own, own)))
    assert {(each.state, each.node) for each in findings} == {
        (State.WRONG, "alpha"),
        (State.WRONG, "bravo"),
    }


def test_lockspaces_in_different_places_are_wrong() -> None:
    conf = LOCKD + '/etc/libvirt/qemu-lockd.conf:file_lockspace_dir = "/srv/locks"\n'
    (finding,) = [each for each in bad(found(conf, LOCKD)) if each.check == "virtlockd"]
    assert (finding.state, finding.node) == (State.WRONG, "bravo")


def test_sanlock_that_works_on_both_is_good() -> None:
    assert bad(sanlock_found()) == []


def test_a_sanlock_daemon_that_does_not_run_is_wrong() -> None:
    findings = bad(sanlock_found(bravo={sanlock.STATUS.name: NO_DAEMON}))
    assert (State.WRONG, "bravo") in {(each.state, each.node) for each in findings}
    (silent,) = [each for each in findings if "does not run" in each.seen]
    assert (silent.effect, silent.ways) == (Effect.SENDING_FAILS, (Way(target="bravo"),))


def test_equal_host_ids_are_found_on_both() -> None:
    findings = bad(sanlock_found(ids=("1", "1")))
    twins = [each.node for each in findings if "host_id 1" in each.seen]
    assert twins == ["alpha", "bravo"]


def test_a_missing_host_id_is_found() -> None:
    findings = bad(sanlock_found(ids=("1", "")))
    assert [each.node for each in findings if "not set" in each.seen] == ["bravo"]


def test_a_lockspace_that_is_not_joined_is_found() -> None:
    idle = {sanlock.STATUS.name: answer("sanlock-status-idle"), sanlock.HOSTS.name: ""}
    findings = bad(sanlock_found(bravo=idle))
    assert [each.node for each in findings if "is not in the lockspace" in each.seen] == ["bravo"]


def test_lease_areas_that_are_not_the_same_are_found() -> None:
    alone = {sanlock.HOSTS.name: f"lockspace {sanlock.LIBVIRT}\n2 timestamp 77\n"}
    findings = bad(sanlock_found(bravo=alone))
    assert [(each.state, each.node) for each in findings] == [(State.WRONG, "bravo")]
    assert "does not see alpha" in findings[0].seen


def test_one_host_id_in_a_lockspace_on_two_nodes_is_found_on_both() -> None:
    twin = {
        sanlock.STATUS.name: f"daemon x\ns {sanlock.LIBVIRT}:1:{sanlock.LEASES}/area:0\n",
        sanlock.HOSTS.name: f"lockspace {sanlock.LIBVIRT}\n1 timestamp 77\n",
    }
    findings = [each for each in bad(sanlock_found(bravo=twin)) if "does not see" in each.seen]
    assert [each.node for each in findings] == ["alpha", "bravo"]


def test_a_lease_directory_of_one_node_is_wrong() -> None:
    own = place(sanlock.LEASES, kind="directory", mount=("/dev/vda1", "ext4", "/"))
    findings = bad(sanlock_found(directories=(own, own)))
    assert {(each.state, each.node) for each in findings} == {
        (State.WRONG, "alpha"),
        (State.WRONG, "bravo"),
    }


def test_a_node_that_does_not_say_is_unknown() -> None:
    findings = found(LOCKD, LOCKD, bravo={locking.SETTINGS.name: Output()})
    assert (State.UNKNOWN, "bravo") in {(each.state, each.node) for each in findings}


def sanlock_found(
    ids: tuple[str, str] = ("1", "2"),
    bravo: Outputs | None = None,
    directories: tuple[str, str] | None = None,
) -> list[Finding]:
    here, there = (
        SANLOCK + (f"/etc/libvirt/qemu-sanlock.conf:host_id = {each}\n" if each else "")
        for each in ids
    )
    shared = place(sanlock.LEASES, kind="directory")
    both = f"lockspace {sanlock.LIBVIRT}\n1 timestamp 5435\n2 timestamp 77\n"
    states: list[Outputs] = [
        {
            sanlock.STATUS.name: f"daemon x\np -1 helper\np -1 status\n"
            f"s {sanlock.LIBVIRT}:{host_id}:{sanlock.LEASES}/{sanlock.LIBVIRT}:0\n",
            sanlock.HOSTS.name: both,
        }
        for host_id in (1, 2)
    ]
    return found(
        here,
        there,
        alpha=states[0],
        bravo={**states[1], **(bravo or {})},
        directories=directories or (shared, shared),
    )


def found(
    here: str,
    there: str,
    devices: str = disk("/srv/web.img"),
    alpha: Outputs | None = None,
    bravo: Outputs | None = None,
    directories: tuple[str, str] = ("", ""),
) -> list[Finding]:
    outputs: dict[str, Outputs] = {}
    texts = (here, there)
    for n, (node, more) in enumerate((("alpha", alpha), ("bravo", bravo))):
        outputs[node] = {
            locking.SETTINGS.name: texts[n],
            virtlockd.SOCKETS.name: SOCKETS,
            PLACES: places(node, directories[n]),
            **(more or {}),
        }
    return list(locking.judge(case(outputs, devices)))
