"""What the agent refuses of its parameters, and what it passes over."""

from __future__ import annotations

import pytest

from backends.data.examination import Effect, Finding, State
from backends.doctor import agent
from backends.doctor.case import Case
from backends.doctor.examine import FIRST, questions
from doctor.cases import make, resource, vm

WRONG, WARNING, OK, UNKNOWN = State.WRONG, State.WARNING, State.OK, State.UNKNOWN


def case(**parameters: str) -> Case:
    return make(vms=[(vm(), resource(parameters=parameters))])


def found(**parameters: str) -> list[Finding]:
    return list(agent.judge(case(**parameters)))


@pytest.mark.parametrize(
    ("check", "parameters"),
    [
        ("migration_speed", {"migration_speed": "100MiB"}),
        ("migration_speed", {"migration_speed": "-1"}),
        ("migration_downtime", {"migration_downtime": "0.5"}),
        ("snapshot", {"force_stop": "1", "snapshot": "/var/lib/snapshots"}),
        ("stateless", {"stateless": "true"}),
        ("migrateuri", {"migrateuri": "qemu+ssh://%n/system"}),
        ("migrateuri", {"migrate_options": "--live --migrateuri=qemu+ssh://%n/system"}),
        ("migrateuri", {"migrateuri": "%n-mig"}),
        ("migrateport", {"migrateport": "any", "migration_network_suffix": "-mig"}),
        ("hypervisor", {"hypervisor": "lxc:///"}),
        ("hypervisor", {"hypervisor": "test:///default"}),
        ("hypervisor", {"hypervisor": "qemu"}),
    ],
)
def test_what_fails_every_migration(check: str, parameters: dict[str, str]) -> None:
    (finding,) = found(**parameters)
    assert (finding.check, finding.state, finding.vm) == (check, WRONG, "web1")
    assert finding.effect is Effect.SENDING_FAILS


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"migration_speed": "100", "migration_downtime": "500"},
        {"migration_speed": "", "force_stop": "0", "snapshot": "/var/lib/snapshots"},
        {"stateless": "true", "backingfile": "/img/base.qcow2"},
        {"migrateuri": "tcp://%n-mig"},
        {"migrateuri": "tcp:%n:49152"},
        {"migrateuri": "rdma://%n"},
        {"migrateuri": "unix:///run/mig.sock"},
        {"migrate_options": "--p2p --tunnelled --migrateuri=qemu+ssh://%n/system"},
        {"migrateport": "any"},
        {"hypervisor": "qemu+unix:///system"},
        {"migration_user": "mig-user", "migration_transport": "ssh"},
    ],
)
def test_what_is_right(parameters: dict[str, str]) -> None:
    assert found(**parameters) == []


@pytest.mark.parametrize(
    ("check", "parameters"),
    [
        ("migration_user", {"migration_user": "mig_user", "migration_transport": "ssh"}),
        ("migration_user", {"migration_user": "mig", "migration_transport": "tcp"}),
        ("migrateuri", {"migrateuri": "tcp://10.0.0.7"}),
        ("remoteuri", {"remoteuri": "qemu+ssh://bravo/system"}),
    ],
)
def test_what_is_passed_over_is_a_warning(check: str, parameters: dict[str, str]) -> None:
    (finding,) = found(**parameters)
    assert (finding.check, finding.state, finding.effect) == (check, WARNING, None)


def test_another_libvirt_is_asked_by_its_own_name() -> None:
    scripts = {
        probe.script for probe in questions(case(hypervisor="xen:///system"), FIRST)["alpha"]
    }
    assert not any("qemu:///system" in script for script in scripts)
    assert "virsh -c xen:///system capabilities" in scripts
    (finding,) = found(hypervisor="xen:///system")
    assert (finding.state, finding.seen) == (OK, "hypervisor is xen:///system")


def test_the_few_of_another_libvirt_are_said_to_be_unexamined() -> None:
    names = ("web1", "web2", "old")
    ways = ("", "", "xen:///system")
    pairs = [
        (vm(name), resource(name, {"hypervisor": way}))
        for name, way in zip(names, ways, strict=True)
    ]
    (finding,) = agent.judge(make(vms=pairs))
    assert (finding.vm, finding.state) == ("old", UNKNOWN)


def test_csync2_is_missed_where_a_config_file_is_to_be_handed_on() -> None:
    wanted = {"sync_config_on_stop": "1"}
    outputs = {"alpha": {"csync2": "/usr/sbin/csync2\n"}, "bravo": {"csync2": ""}}
    (finding,) = agent.judge(make(outputs, vms=[(vm(), resource(parameters=wanted))]))
    assert (finding.node, finding.state, finding.concerns) == ("bravo", WRONG, ("web1",))
    assert not list(agent.judge(make(outputs)))


@pytest.mark.parametrize(
    ("mode", "states"),
    [("acpi", []), ("agent,acpi", []), ("", []), ("ACPI", [WARNING]), ("agent, acpi", [WARNING])],
)
def test_a_guest_whose_shutdown_virsh_refuses_loses_its_power(
    mode: str, states: list[State]
) -> None:
    findings = found(shutdown_mode=mode)
    assert [(f.check, f.state) for f in findings] == [("shutdown_mode", s) for s in states]
