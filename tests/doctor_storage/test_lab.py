"""Storage and locking on real nodes: found on the right one, and what is foretold really fails."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.data.examination import Effect, Finding, State, Topic
from backends.doctor.clustered_lvm import GROUPS, parse_groups
from backends.doctor.sanlock import LEASES, LIBVIRT
from examined import examined
from lab import Lab, LabError
from waiting import PATIENCE_S

TOPICS = (Topic.STORAGE, Topic.LOCKING)
QEMU, SANLOCK = "/etc/libvirt/qemu.conf", "/etc/libvirt/qemu-sanlock.conf"
LOCAL, SHARED = "/var/lib/vm-local.img", "/srv/lab/images/web2.img"
URI = "qemu:///system"
DAEMON = "SANLOCK_PRIVILEGED=0 sanlock daemon -w 0 -l 0 -e {node}"
SPARE = (
    "<domain type='qemu'><name>spare</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
    "<devices><emulator>/opt/lab/qemu-system-x86_64</emulator>"
    "<controller type='usb' model='none'/><disk type='file' device='disk'>"
    "<driver name='qemu' type='raw' cache='none'/><source file='{disk}'/>"
    "<target dev='vda' bus='virtio'/></disk></devices></domain>"
)
"""A guest that starts nothing: its firmware waits."""
JOIN = "sanlock client add_lockspace -o 1 -s {space}:{host_id}:{path}:0"


async def look(lab: Lab) -> list[Finding]:
    """What the doctor says of storage and locking."""
    async with LiveBackend(["alpha"], Login(ssh_config=lab.ssh_config), read_only=True) as backend:
        await backend.settled(within_s=PATIENCE_S)
        report = await examined(backend)
    return [finding for finding in report.findings if finding.topic in TOPICS]


def wrong(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.state is State.WRONG]


def migrate(lab: Lab, domain: str, source: str, target: str) -> None:
    """As the agent does it. Raises LabError."""
    words = ("migrate", "--live", "--unsafe", domain, f"qemu+tcp://{target}/system")
    lab.run(source, "timeout", 60, "virsh", "-c", URI, *words)


def restart_libvirtd(lab: Lab, node: str) -> None:
    lab.stop_libvirtd(node)
    lab.start_libvirtd(node)
    lab.wait(
        lambda: lab.run(node, "virsh", "-c", URI, "uri", check=False),
        PATIENCE_S,
        "libvirtd answers",
    )


@pytest.fixture
def editable_lab(settled_lab: Lab) -> Iterator[Lab]:
    """The settled lab; the files of libvirt are put back, and the daemons for locks are ended."""
    for node in settled_lab.nodes:
        settled_lab.run(node, "sh", "-c", f"cp {QEMU} {QEMU}.kept; cp {SANLOCK} {SANLOCK}.kept")
    yield settled_lab
    end = f'kill -KILL "$(cat /run/sanlock/sanlock.pid)"; umount --lazy {LEASES}'
    for node in settled_lab.nodes:
        settled_lab.run(node, "sh", "-c", f"mv {QEMU}.kept {QEMU}; mv {SANLOCK}.kept {SANLOCK}")
        settled_lab.run(node, "sh", "-c", end, check=False)


async def test_the_healthy_lab_has_nothing_wrong(settled_lab: Lab) -> None:
    findings = await look(settled_lab)
    states = {(each.topic, each.state) for each in findings}
    assert states == {(Topic.STORAGE, State.OK), (Topic.LOCKING, State.NOT_USED)}
    disks = {each.vm for each in findings if each.check == "disks"}
    assert disks == {"web1", "web2", "db1", "app1", "mail1"}


async def test_a_disk_on_a_path_of_one_node_is_found_and_keeps_the_vm(settled_lab: Lab) -> None:
    lab = settled_lab
    copy = ("virsh", "-c", URI, "blockcopy", "web2", "vda")
    how = ("--wait", "--pivot", "--transient-job", "--format", "raw")
    lab.run("alpha", *copy, LOCAL, *how)
    moved = False
    try:
        (finding,) = wrong(await look(lab))
        assert (finding.vm, finding.node) == ("web2", "alpha")
        assert LOCAL in finding.seen and "bravo" in finding.seen and "charlie" in finding.seen

        before = lab.guest("web2")
        with pytest.raises(LabError, match="Cannot access storage file"):
            migrate(lab, "web2", "alpha", "bravo")
        assert lab.wait_guest("web2", after_ticks=before.ticks).boot_id == before.boot_id

        (line,) = finding.cures[0].lines
        lab.run("alpha", *shlex.split(line.replace("SHARED-PATH", SHARED)), "--reuse-external")
        moved = True
        assert wrong(await look(lab)) == []
    finally:
        if not moved:
            lab.run("alpha", *copy, SHARED, *how, "--reuse-external")
        lab.run("alpha", "rm", "-f", LOCAL)


async def test_another_lock_manager_without_its_daemon_is_found_and_keeps_the_vm(
    editable_lab: Lab,
) -> None:
    lab = editable_lab
    lab.run("charlie", "sh", "-c", f"echo 'lock_manager = \"sanlock\"' >>{QEMU}")
    restart_libvirtd(lab, "charlie")
    try:
        findings = wrong(await look(lab))
        (finding,) = [each for each in findings if each.check == "manager"]
        assert (finding.node, finding.vm) == ("charlie", None)
        assert "sanlock" in finding.seen and "none" in finding.seen
        (keeping,) = [each for each in findings if each.effect is Effect.SENDING_FAILS]
        assert "the sanlock daemon does not run" in keeping.seen
        assert keeping.meets("web2", "alpha", "charlie")

        before = lab.guest("web2")
        with pytest.raises(LabError, match="Lock Driver error"):
            migrate(lab, "web2", "alpha", "charlie")
        assert lab.wait_guest("web2", after_ticks=before.ticks).boot_id == before.boot_id
    finally:
        lab.run("charlie", "cp", f"{QEMU}.kept", QEMU)
        restart_libvirtd(lab, "charlie")


async def test_sanlock_lets_a_guest_go_to_where_there_is_none_and_back(
    editable_lab: Lab,
) -> None:
    lab = editable_lab
    node, other = lab.nodes[2], lab.nodes[1]
    set_up_sanlock(lab, {node: 3}, local=node)
    for each in lab.nodes[:2]:
        lab.run(each, "cp", f"{QEMU}.kept", QEMU)
    restart_libvirtd(lab, node)
    spare = "/srv/lab/images/spare.img"
    lab.run(node, "truncate", "-s", "1M", spare)
    lab.run(node, "tee", "/tmp/spare.xml", stdin=SPARE.format(disk=spare))
    try:
        lab.run(node, "virsh", "-c", URI, "create", "/tmp/spare.xml")
        assert " spare" in lab.run(node, "sanlock", "client", "status"), "it holds its lease"
        (finding,) = [each for each in wrong(await look(lab)) if each.check == "manager"]
        assert finding.node == node and finding.effect is None
        assert finding.meets("web2", node, other) and finding.meets("web2", other, node)
        migrate(lab, "spare", node, other)
        assert " spare" not in lab.run(node, "sanlock", "client", "status")
        migrate(lab, "spare", other, node)
        assert " spare" in lab.run(node, "sanlock", "client", "status"), "it is guarded again"
    finally:
        for each in (node, other):
            lab.run(each, "virsh", "-c", URI, "destroy", "spare", check=False)
        lab.run(node, "rm", "-f", spare)
        lab.run(node, "cp", f"{QEMU}.kept", QEMU)
        restart_libvirtd(lab, node)


async def test_sanlock_is_understood_as_it_really_runs(editable_lab: Lab) -> None:
    lab = editable_lab
    set_up_sanlock(lab, {node: number for number, node in enumerate(lab.nodes, 1)})
    findings = [each for each in await look(lab) if each.topic is Topic.LOCKING]
    assert {(each.state, each.node) for each in findings} == {
        (State.OK, node) for node in lab.nodes
    }

    lab.run("charlie", "sh", "-c", f"sed -i 's/^host_id.*/host_id = 1/' {SANLOCK}")
    twins = {each.node for each in wrong(await look(lab)) if "host_id 1" in each.seen}
    assert twins == {"alpha", "charlie"}


async def test_a_sanlock_that_does_not_run_or_leases_of_its_own_are_found(
    editable_lab: Lab,
) -> None:
    lab = editable_lab
    set_up_sanlock(lab, {"alpha": 1, "bravo": 2}, local="bravo")
    findings = wrong(await look(lab))
    assert [each.node for each in findings if "does not run" in each.seen] == ["charlie"]
    strangers = [each for each in findings if "does not see" in each.seen]
    assert [(each.node, each.seen.split()[-1]) for each in strangers] == [
        ("alpha", "bravo"),
        ("bravo", "alpha"),
    ]
    assert "bravo" in {each.node for each in findings if each.check == "directory"}


def test_lvm_is_understood_as_it_really_answers(settled_lab: Lab) -> None:
    assert parse_groups(settled_lab.run("alpha", "sh", "-c", GROUPS.script)) == {}


def set_up_sanlock(lab: Lab, host_ids: dict[str, int], local: str | None = None) -> None:
    """Leases on shared storage (on a `local` node its own), a daemon on each node named."""
    area = f"{LEASES}/{LIBVIRT}"
    for number, node in enumerate(lab.nodes, 1):
        conf = f"auto_disk_leases = 1\nhost_id = {number}\n"
        lab.run(node, "sh", "-c", f"echo 'lock_manager = \"sanlock\"' >>{QEMU}")
        lab.run(node, "tee", "-a", SANLOCK, stdin=conf)
        mount = f"mkdir -p /srv/lab/sanlock {LEASES} && mount --bind /srv/lab/sanlock {LEASES}"
        lab.run(node, "sh", "-c", f"mkdir -p {LEASES}" if node == local else mount)
    for node, host_id in host_ids.items():
        lab.run(node, "sh", "-c", f"mkdir -p /run/sanlock; {DAEMON.format(node=node)}")
        _wait_for(lab, node, "status", "daemon", 1)
        if node in (lab.nodes[0], local):
            lab.run(node, "truncate", "-s", "1M", area)
            lab.run(node, "sanlock", "client", "init", "-o", "1", "-s", f"{LIBVIRT}:0:{area}:0")
        lab.run(node, *JOIN.format(space=LIBVIRT, host_id=host_id, path=area).split())
    for node in host_ids:
        _wait_for(lab, node, "host_status", "timestamp", 1 if local else len(host_ids))


def _wait_for(lab: Lab, node: str, question: str, word: str, times: int) -> None:
    def told() -> bool:
        said = lab.run(node, "sanlock", "client", question, check=False)
        return said.count(word) >= times

    lab.wait(told, PATIENCE_S, f"sanlock on {node} says {word} {times} times")
