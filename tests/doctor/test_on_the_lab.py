"""On a real cluster: a healthy one is called so, and each thing broken on purpose is found.

Where it makes a migration fail, the migration is made as the agent makes it, and really fails.
"""

from __future__ import annotations

import pytest

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.data.examination import State
from backends.data.plan import VerdictKind
from backends.doctor.examine import examine
from doctor.breaking import changed_file, covered, hidden, libvirtd, places, spare, wrong
from doctor.conftest import Doctor, Preview
from doctor.tls import Authority
from examined import examined
from lab import Lab, LabError
from waiting import PATIENCE_S


def migrate(lab: Lab, vm: str, source: str, uri: str) -> None:
    """What the agent does in migrate_to. Raises LabError with virsh's words."""
    options = ("-c", "qemu:///system", "--quiet", "migrate", "--live", "--unsafe")
    lab.run(source, "virsh", *options, vm, uri)


@pytest.mark.short
async def test_a_healthy_cluster_has_nothing_wrong_and_only_true_warnings(
    doctor: Doctor, preview: Preview
) -> None:
    report = await doctor()
    assert not wrong(report), wrong(report)
    warnings = [each for each in report.findings if each.state is State.WARNING]
    assert places(warnings, "authentication") == {(n, None) for n in ("alpha", "bravo", "charlie")}
    assert places(warnings, "allow-migrate") == {(None, "db1")}
    assert places(warnings, "dependencies") == {(None, "mail1")}
    assert places(warnings, "on-fail") == {(None, vm) for vm in ("web1", "web2", "app1", "mail1")}
    assert len(warnings) == 3 + 1 + 1 + 4
    assert all(each.why and each.cures for each in warnings if each.check != "dependencies")
    plan = await preview("web1", "bravo")
    assert plan.verdict.kind is VerdictKind.LIVE
    assert not [each for each in plan.warnings if "doctor" in each]


async def test_a_login_with_sudo_sees_what_root_sees(seeded_lab: Lab, doctor: Doctor) -> None:
    login = Login(user="ops", sudo=True, ssh_config=seeded_lab.ssh_config)
    async with LiveBackend(["alpha"], login, read_only=True) as backend:
        report = await examined(backend)
    assert {(f.check, f.state, f.node, f.vm) for f in report.findings} == {
        (f.check, f.state, f.node, f.vm) for f in (await doctor()).findings
    }


async def test_nothing_is_left_behind_on_a_node(seeded_lab: Lab, doctor: Doctor) -> None:
    def left() -> list[list[str]]:
        """Without the buffers of the cluster's own daemons, which come and go (libqb's)."""
        listed = (seeded_lab.run(node, "ls", "/dev/shm", "/tmp") for node in seeded_lab.nodes)
        return [[name for name in each.split() if not name.startswith("qb-")] for each in listed]

    before = left()
    await doctor()
    assert left() == before


@pytest.mark.parametrize(
    ("options", "old", "new", "told"),
    [
        ("-d -l", "listen_tcp = 1", "listen_tcp = 0", "listen_tcp is off"),
        ("-d", "listen_tcp = 1", "listen_tcp = 1", "without --listen"),
        ("-d -l", '"0.0.0.0"', '"127.0.0.1"', "listen_addr"),
    ],
    ids=["no TCP listener", "no --listen", "listening to itself only"],
)
async def test_a_libvirtd_that_does_not_listen(
    seeded_lab: Lab,
    doctor: Doctor,
    preview: Preview,
    options: str,
    old: str,
    new: str,
    told: str,
) -> None:
    with libvirtd(seeded_lab, "bravo", options=options, old=old, new=new):
        report = await doctor()
        there, elsewhere = await preview("web1", "bravo"), await preview("web1", "charlie")
        with pytest.raises(LabError, match="refused"):
            migrate(seeded_lab, "web1", "alpha", "qemu+tcp://bravo/system")
    found = wrong(report)
    assert places(found, "tcp listener") == {("bravo", None)}
    assert places(found, "tcp") == {("alpha", None), ("charlie", None)}
    assert {each.check for each in found} == {"tcp listener", "tcp"}
    assert (there.verdict.kind, there.reboots) == (VerdictKind.REBOOT, True)
    assert "qemu+tcp://bravo/system cannot be reached" in there.verdict.reasons[0]
    assert elsewhere.verdict.kind is VerdictKind.LIVE
    silent = next(each for each in found if each.check == "tcp listener")
    assert told in silent.seen
    if told != "without --listen":
        assert any(cure.file == "/etc/libvirt/libvirtd.conf" for cure in report.cures(silent))
    else:
        assert any("--listen" in line for cure in report.cures(silent) for line in cure.lines)


async def test_a_node_name_that_leads_to_loopback(seeded_lab: Lab, doctor: Doctor) -> None:
    with changed_file(seeded_lab, "alpha", "/etc/hosts", "10.77.0.12 bravo", "127.0.0.1 bravo"):
        report = await doctor()
        with pytest.raises(LabError, match="same host"):
            migrate(seeded_lab, "web1", "alpha", "qemu+tcp://bravo/system")
    assert places(wrong(report), "node names") == {("alpha", None)}
    found = next(each for each in wrong(report) if each.check == "node names")
    assert "bravo resolves to 127.0.0.1" in found.seen


async def test_a_migration_that_would_fail_is_blocked_as_foretold(
    seeded_lab: Lab, preview: Preview
) -> None:
    guest = seeded_lab.guest("web1")
    block = '<op id="web1-migrate_to" on-fail="block"/>'
    move = ("crm_resource", "--move", "--resource", "web1", "--node", "bravo")
    try:
        seeded_lab.run("alpha", "cibadmin", "--modify", "--xml-text", block)
        with changed_file(seeded_lab, "alpha", "/etc/hosts", "10.77.0.12 bravo", "127.0.0.1 bravo"):
            plan = await preview("web1", "bravo")
            seeded_lab.run("alpha", *move)
            seeded_lab.wait(seeded_lab.cluster.failures, PATIENCE_S, "the migration fails")
        after = seeded_lab.wait_guest("web1", after_ticks=guest.ticks)
    finally:
        seeded_lab.reset()
    assert after.boot_id == guest.boot_id
    assert (plan.verdict.kind, plan.reboots) == (VerdictKind.SIDE_EFFECTS, False)
    assert "web1 goes on running on alpha" in plan.verdict.reasons[0]


async def test_two_nodes_with_one_host_uuid(seeded_lab: Lab, doctor: Doctor) -> None:
    alpha, bravo = (
        seeded_lab.run(node, "sh", "-c", "virsh capabilities | sed -n 's/ *<uuid>/<uuid>/p'")
        .strip()
        .removeprefix("<uuid>")
        .removesuffix("</uuid>")
        for node in ("alpha", "bravo")
    )
    with libvirtd(seeded_lab, "bravo", old=bravo, new=alpha):
        report = await doctor()
        with pytest.raises(LabError, match="same host"):
            migrate(seeded_lab, "web1", "alpha", "qemu+tcp://bravo/system")
    assert places(wrong(report), "host UUID") == {("alpha", None), ("bravo", None)}
    assert len(wrong(report)) == 2


async def test_a_config_file_that_is_missing_on_one_node(seeded_lab: Lab, doctor: Doctor) -> None:
    with hidden(seeded_lab, "bravo", "/srv/lab/vm/web2.xml"):
        report = await doctor()
    assert places(wrong(report), "config file") == {("bravo", "web2")}
    assert len(wrong(report)) == 1


async def test_a_config_file_that_differs_on_one_node(seeded_lab: Lab, doctor: Doctor) -> None:
    path = "/srv/lab/vm/web2.xml"
    other = seeded_lab.run("alpha", "cat", path).replace("<vcpu>1<", "<vcpu>2<")
    with covered(seeded_lab, "charlie", path, other):
        report = await doctor()
    assert places(wrong(report), "config file") == {("charlie", "web2")}
    assert len(wrong(report)) == 1


async def test_allow_migrate_off(seeded_lab: Lab, doctor: Doctor) -> None:
    words = ("crm_resource", "--resource", "web2", "--meta", "--set-parameter", "allow-migrate")
    seeded_lab.run("alpha", *words, "--parameter-value", "false")
    try:
        report = await doctor()
    finally:
        seeded_lab.run("alpha", *words, "--parameter-value", "true")
    off = {f.vm for f in report.findings if f.check == "allow-migrate" and f.state is not State.OK}
    assert off == {"web2", "db1"}
    web2 = next(f for f in report.of_vm("web2") if f.check == "allow-migrate")
    assert [cure.command.argv for cure in web2.cures if cure.command] == [
        (*words, "--parameter-value", "true")
    ]


async def test_a_transport_over_ssh_without_a_known_host_key(
    seeded_lab: Lab, doctor: Doctor
) -> None:
    with (
        spare(seeded_lab, migration_transport="ssh") as vm,
        covered(seeded_lab, "alpha", "/etc/ssh/ssh_known_hosts", ""),
    ):
        report = await doctor()
        with pytest.raises(LabError, match="Host key verification failed"):
            migrate(seeded_lab, "web1", "alpha", "qemu+ssh://bravo/system")
    found = wrong(report)
    assert {(each.check, each.node, each.concerns) for each in found} == {("ssh", "alpha", (vm,))}
    assert {each.seen.split()[0] for each in found} == {
        "qemu+ssh://bravo/system",
        "qemu+ssh://charlie/system",
    }
    assert any("ssh-keyscan" in line for cure in found[0].cures for line in cure.lines)
    works = {each.node for each in report.findings if each.check == "ssh"} - {"alpha"}
    assert works == {"bravo", "charlie"}


async def test_tls_with_an_expired_certificate(seeded_lab: Lab, doctor: Doctor) -> None:
    authority = Authority()
    nodes = seeded_lab.nodes
    try:
        for node in nodes:
            authority.equip(seeded_lab, node, expired=node == "bravo")
        with spare(seeded_lab) as vm:
            report = await doctor()
            with pytest.raises(LabError, match="verify peer's certificate"):
                migrate(seeded_lab, "web1", "alpha", "qemu://bravo/system")
    finally:
        for node in nodes:
            authority.strip(seeded_lab, node)
    found = wrong(report)
    assert places(found, "certificates") == {("bravo", None)}
    assert places(found, "tls") == {("alpha", None), ("charlie", None)}
    assert {each.concerns for each in found} == {(vm,)}
    good = {f.node for f in report.findings if f.check == "certificates" and f.state is State.OK}
    assert good == {"alpha", "charlie"}


async def test_a_probe_that_hangs_is_alone_unknown(seeded_lab: Lab) -> None:
    login = Login(ssh_config=seeded_lab.ssh_config)
    with covered(seeded_lab, "bravo", "/usr/bin/ss", "#!/bin/sh\nexec sleep 600\n", "755"):
        async with LiveBackend(["charlie"], login, read_only=True) as backend:
            report = await examine(backend)
    unknown = [each for each in report.findings if each.state is State.UNKNOWN]
    assert {(each.check, each.node) for each in unknown} == {("tcp listener", "bravo")}
    assert "no answer in time" in unknown[0].seen
    assert not report.wrong


async def test_too_short_a_timeout_is_found_and_pacemaker_really_reboots_the_guest(
    seeded_lab: Lab, doctor: Doctor
) -> None:
    guest = seeded_lab.guest("web1")
    set_timeout = ("cibadmin", "--modify", "--xml-text")
    seeded_lab.run("alpha", *set_timeout, '<op id="web1-migrate_to" timeout="4s"/>')
    try:
        report = await doctor()
        seeded_lab.run("alpha", "crm_resource", "--move", "--resource", "web1", "--node", "bravo")
        after = seeded_lab.wait_guest("web1", boots=guest.boots + 1)
    finally:
        seeded_lab.reset()
    assert after.boot_id != guest.boot_id
    assert places(wrong(report), "timeout of migrate_to") == {(None, "web1")}
    assert len(wrong(report)) == 1


async def test_a_config_file_missing_on_the_target_really_costs_the_guest(
    seeded_lab: Lab, doctor: Doctor, preview: Preview
) -> None:
    """Whatever on-fail of migrate_to says: it is migrate_from that fails."""
    guest = seeded_lab.guest("web2")
    block = '<op id="web2-migrate_to" on-fail="block"/>'
    try:
        seeded_lab.run("alpha", "cibadmin", "--modify", "--xml-text", block)
        with hidden(seeded_lab, "charlie", "/srv/lab/vm/web2.xml"):
            report, plan = await doctor(), await preview("web2", "charlie")
            move = ("crm_resource", "--move", "--resource", "web2", "--node", "charlie")
            seeded_lab.run("alpha", *move)
            seeded_lab.wait(seeded_lab.cluster.failures, PATIENCE_S, "the migration fails")
            lost = seeded_lab.where("web2") is None or seeded_lab.wait_guest(
                "web2", boots=guest.boots + 1
            )
    finally:
        seeded_lab.reset()
    assert lost
    assert (plan.verdict.kind, plan.verdict.reboots) == (VerdictKind.REBOOT, ("web2",))
    assert "on both nodes" in plan.verdict.reasons[0]
    assert places(wrong(report), "config file") == {("charlie", "web2")}
