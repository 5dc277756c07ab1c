"""DRBD 8.3, 8.4 and 9: what the tools print is understood, and what keeps a guest is found."""

from __future__ import annotations

import json

import pytest

from backends.data.examination import Effect, Finding, State
from backends.doctor import drbd, storage
from backends.doctor.configuration import Resource
from backends.doctor.disks import PLACES, Storage
from backends.doctor.drbd_answers import (
    Net,
    parse_proc,
    parse_show,
    parse_status,
    series,
)
from backends.doctor.drbd_configured import parse_configured
from doctor_storage.made import Outputs, answer, bad, block, case, disk, places

DISK = disk("/dev/drbd1", kind="block")
BELOW = block("/dev/drbd1", answer("lsblk-drbd.json"))


def test_the_json_of_9_is_understood() -> None:
    web, db = parse_status(answer("drbdsetup-9-status.json"))
    assert (web.name, web.role, web.disks, web.minors) == ("web", "Primary", ("UpToDate",), (1,))
    assert web.peers[0].connected and web.peers[0].disks == ("UpToDate",)
    assert db.disks == ("Outdated",)
    assert db.peers[0].connection == "StandAlone" and not db.peers[0].connected


def test_the_text_of_9_is_understood() -> None:
    web, db, two = parse_status(answer("drbdsetup-9-status"))
    assert web.peers[0].name == "bravo" and web.peers[0].connected
    assert (web.disks, web.peers[0].disks) == (("UpToDate",), ("UpToDate",))
    assert db.peers[0].connection == "StandAlone" and db.peers[0].disks == ()
    assert two.disks == ("UpToDate", "UpToDate")
    assert two.peers[0].disks == ("Inconsistent", "UpToDate")
    assert two.peers[0].replication == ("SyncSource", "Established")


def test_the_text_of_8_4_is_understood() -> None:
    web, db = parse_status(answer("drbdsetup-8.4-status"))
    assert web.peers[0].connected and web.peers[0].disks == ("UpToDate",)
    assert db.peers[0].connection == "WFConnection"


def test_nothing_configured_is_no_resource() -> None:
    assert parse_status(answer("drbdsetup-none")) == ()
    assert parse_status("[\n]\n\n") == ()


def test_proc_drbd_of_8_3_is_understood() -> None:
    found = parse_proc(answer("proc-drbd-8.3"))
    good, net = found[1]
    assert (good.role, good.disks, net.protocol) == ("Primary", ("UpToDate",), "C")
    broken, net = found[2]
    assert broken.peers[0].connection == "StandAlone"
    assert net.protocol is None
    assert series(answer("proc-drbd-8.3")) == "8.3"


def test_proc_drbd_of_8_4_is_understood() -> None:
    found = parse_proc(answer("proc-drbd-8.4"))
    assert set(found) == {1, 2}
    syncing, net = found[2]
    assert syncing.disks == ("Inconsistent",) and net.protocol == "A"
    assert syncing.peers[0].connected and syncing.peers[0].replication == ("SyncTarget",)


def test_proc_drbd_of_9_has_only_a_version() -> None:
    assert parse_proc(answer("proc-drbd-9")) == {}
    assert series(answer("proc-drbd-9")) == "9"


def test_options_of_9_are_understood() -> None:
    assert parse_show(answer("drbdsetup-9-show.json")) == {
        "web": (Net(True, "C", "resource-and-stonith", peer="bravo"),),
        "db": (Net(False, "A", "dont-care", peer="bravo"),),
    }


@pytest.mark.parametrize(
    ("name", "fencing"),
    [
        ("drbdadm-8.3-dump-xml.xml", "resource-and-stonith"),
        ("drbdadm-8.4-dump-xml.xml", "resource-and-stonith"),
    ],
)
def test_the_configuration_of_8_is_understood_with_what_is_common(name: str, fencing: str) -> None:
    web, db = parse_configured(answer(name))
    assert (web.name, web.minors, web.net) == ("web", frozenset({1}), Net(True, "C", fencing))
    assert (db.name, db.minors, db.net) == ("db", frozenset({2}), Net(False, "C", fencing))


def test_the_configuration_of_9_is_understood() -> None:
    (web,) = parse_configured(answer("drbdadm-9-dump-xml.xml"))
    assert web.net == Net(True, "C", "resource-and-stonith")


def test_what_is_not_set_has_its_default() -> None:
    text = answer("drbdadm-8.4-dump-xml.xml")
    bare = text.replace('<option name="fencing" value="resource-and-stonith"/>', "")
    assert [each.net.fencing for each in parse_configured(bare)] == ["dont-care", "dont-care"]


def test_a_good_pair_of_9_is_called_good() -> None:
    assert bad(found(nine())) == []


def test_a_good_pair_of_8_4_is_called_good() -> None:
    assert bad(found(eight("proc-drbd-8.4"))) == []


def test_a_vm_beside_drbd_makes_nobody_ask_for_two_primaries() -> None:
    other = disk("/srv/web.img")
    outputs = {node: nine() for node in ("alpha", "bravo")}
    findings = drbd.judge(case(outputs, other), Storage())
    assert list(findings) == []


@pytest.mark.parametrize(
    ("old", "new", "seen", "state", "effect"),
    [
        (
            '"allow-two-primaries": true',
            '"allow-two-primaries": false',
            "is off",
            State.WRONG,
            Effect.SENDING_FAILS,
        ),
        ('"protocol": "C"', '"protocol": "A"', "protocol A", State.WRONG, None),
        ("resource-and-stonith", "dont-care", "dont-care", State.WARNING, None),
    ],
)
def test_an_option_that_keeps_the_guest_is_found(
    old: str, new: str, seen: str, state: State, effect: Effect | None
) -> None:
    outputs = {**nine(), drbd.SHOW.name: answer("drbdsetup-9-show.json").replace(old, new)}
    (finding,) = bad(found(outputs))
    assert (finding.state, finding.node, finding.effect) == (state, "bravo", effect)
    assert seen in finding.seen and finding.concerns == ("web",)
    assert any("drbdadm adjust web" in cure.lines for cure in finding.cures)


@pytest.mark.parametrize(
    ("old", "new", "seen", "effect"),
    [
        (
            '"disk-state": "UpToDate"',
            '"disk-state": "Failed"',
            "own half is Failed",
            Effect.SENDING_FAILS,
        ),
        (
            '"connection-state": "Connected"',
            '"connection-state": "Connecting"',
            "not connected",
            Effect.HARMS,
        ),
        (
            '"peer-disk-state": "UpToDate"',
            '"peer-disk-state": "Failed"',
            "of bravo is Failed",
            Effect.SENDING_FAILS,
        ),
    ],
)
def test_a_state_that_keeps_the_guest_is_found(
    old: str, new: str, seen: str, effect: Effect
) -> None:
    status = answer("drbdsetup-9-status.json").replace(old, new, 1)
    (finding,) = bad(found({**nine(), drbd.STATUS.name: status}))
    assert (finding.state, finding.node, finding.effect) == (State.WRONG, "bravo", effect)
    assert seen in finding.seen
    assert all("bravo" in (way.source, way.target) for way in finding.ways)


@pytest.mark.parametrize("state", ["Inconsistent", "Outdated"])
@pytest.mark.parametrize("whose", ["disk-state", "peer-disk-state"])
def test_a_half_that_is_behind_may_be_primary_beside_one_that_is_not(
    whose: str, state: str
) -> None:
    status = answer("drbdsetup-9-status.json").replace(
        f'"{whose}": "UpToDate"', f'"{whose}": "{state}"', 1
    )
    (finding,) = bad(found({**nine(), drbd.STATUS.name: status}))
    assert (finding.state, finding.effect) == (State.WARNING, None)
    assert f"is {state}, and another's is up to date" in finding.seen


def test_two_halves_that_are_behind_cannot() -> None:
    status = answer("drbdsetup-9-status.json").replace("UpToDate", "Inconsistent")
    findings = bad(found({**nine(), drbd.STATUS.name: status}))
    assert {(each.state, each.effect) for each in findings} == {(State.WRONG, Effect.SENDING_FAILS)}


def test_the_cure_is_written_as_the_version_reads_it() -> None:
    outputs = eight("proc-drbd-8.3")
    config = answer("drbdadm-8.3-dump-xml.xml").replace('<option name="allow-two-primaries"/>', "")
    (finding,) = bad(found({**outputs, drbd.CONFIGURED.name: config}))
    assert "    allow-two-primaries;" in finding.cures[0].lines
    assert finding.cures[0].file == "/etc/drbd.d/web.res"


def test_the_cure_names_the_file_that_there_is() -> None:
    show = answer("drbdsetup-9-show.json").replace('"protocol": "C"', '"protocol": "A"')
    (finding,) = bad(found({**nine(), drbd.SHOW.name: show}))
    assert finding.cures[0].file == "/etc/drbd.conf"


def test_a_copy_at_another_site_may_be_behind() -> None:
    """Protocol A and one primary are what a third, distant node is given."""
    show = json.loads(answer("drbdsetup-9-show.json"))
    far = json.loads(json.dumps(show[0]["connections"][0]))
    far["net"].update({"_name": "far", "protocol": "A", "allow-two-primaries": False})
    show[0]["connections"].append(far)
    status = json.loads(answer("drbdsetup-9-status.json"))
    lost = json.loads(json.dumps(status[0]["connections"][0]))
    lost.update({"name": "far", "connection-state": "Connecting"})
    status[0]["connections"].append(lost)
    outputs = {
        **nine(),
        drbd.SHOW.name: json.dumps(show),
        drbd.STATUS.name: json.dumps(status),
    }
    assert bad(found(outputs)) == []


def test_with_quorum_no_fencing_is_needed() -> None:
    show = answer("drbdsetup-9-show.json").replace("resource-and-stonith", "dont-care")
    outputs = {**nine(), drbd.SHOW.name: show.replace('"quorum": "off"', '"quorum": "majority"')}
    assert bad(found(outputs)) == []


def test_what_linstor_writes_is_changed_with_linstor() -> None:
    show = answer("drbdsetup-9-show.json").replace(
        '"allow-two-primaries": true', '"allow-two-primaries": false'
    )
    config = answer("drbdadm-9-dump-xml.xml").replace(
        "/etc/drbd.conf:3", "/var/lib/linstor.d/web.res:3"
    )
    (finding,) = bad(found({**nine(), drbd.SHOW.name: show, drbd.CONFIGURED.name: config}))
    (cure,) = finding.cures
    assert cure.lines[0].startswith("linstor resource-definition drbd-options")


def test_pacemaker_must_promote_two() -> None:
    def promoted(most: str) -> list[Finding]:
        resource = Resource(
            "drbd-web",
            "ocf:linbit:drbd",
            {"drbd_resource": "web"},
            {"master-max": most},
            clone="ms-web",
        )
        return bad(found(nine(), resource))

    assert promoted("2") == []
    (finding,) = promoted("1")
    assert finding.state is State.WRONG and "ms-web" in finding.seen
    assert finding.effect is None, "DRBD 9 promotes by itself"


def test_an_agent_that_allows_two_primaries_by_itself_is_believed() -> None:
    show = answer("drbdsetup-9-show.json").replace(
        '"allow-two-primaries": true', '"allow-two-primaries": false'
    )
    outputs = {**nine(), drbd.SHOW.name: show}
    assert bad(found(outputs, agent="ocf:alteeve:server")) == []


def test_a_node_that_does_not_say_is_unknown() -> None:
    (finding,) = bad(found({}))
    assert (finding.state, finding.node) == (State.UNKNOWN, "bravo")


def nine() -> dict[str, str]:
    return {
        drbd.STATUS.name: answer("drbdsetup-9-status.json"),
        drbd.SHOW.name: answer("drbdsetup-9-show.json"),
        drbd.PROC.name: answer("proc-drbd-9"),
        drbd.CONFIGURED.name: answer("drbdadm-9-dump-xml.xml"),
    }


def eight(proc: str) -> dict[str, str]:
    config = "drbdadm-8.3-dump-xml.xml" if "8.3" in proc else "drbdadm-8.4-dump-xml.xml"
    return {drbd.PROC.name: answer(proc), drbd.CONFIGURED.name: answer(config)}


def found(
    on_bravo: Outputs, *others: Resource, agent: str = "ocf:heartbeat:VirtualDomain"
) -> list[Finding]:
    """All of storage, where alpha is good and bravo says this."""
    series_8 = drbd.SHOW.name not in on_bravo and drbd.PROC.name in on_bravo
    good = eight("proc-drbd-8.4") if series_8 else nine()
    outputs: dict[str, Outputs] = {
        "alpha": {PLACES: places("alpha", BELOW), **good},
        "bravo": {PLACES: places("bravo", BELOW), **on_bravo},
    }
    return list(storage.judge(case(outputs, DISK, agent=agent, others=others)))
