"""The lab keeps what it promises: without that, no other test on it proves anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from lab import VMS, Lab, LabError
from lab.node import Node
from lab.system import wait


def fenced_off(status: Element, node: str) -> bool:
    found = status.find(f"./nodes/node[@name='{node}']")
    return found is not None and (found.get("online"), found.get("unclean")) == ("false", "false")


def move(lab: Lab, vm: str, node: str) -> None:
    lab.run(lab.nodes[0], "crm_resource", "--move", "--resource", vm, "--node", node)
    lab.wait_for_vm(vm, node)


def network_devices() -> set[str]:
    lines = Path("/proc/self/net/dev").read_text().splitlines()
    return {line.split(":")[0].strip() for line in lines if ":" in line}


def ssh(lab: Lab, login: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["ssh", "-F", str(lab.ssh_config), "-o", "BatchMode=yes", "-o", "ConnectTimeout=3"]
    return subprocess.run([*command, login, *words], capture_output=True, text=True)


@pytest.mark.short
def test_a_migrated_guest_lives_on(settled_lab: Lab) -> None:
    lab = settled_lab
    before = lab.guest("web1")
    move(lab, "web1", "bravo")
    after = lab.wait_guest("web1", after_ticks=before.ticks)
    assert (after.boot_id, after.boots) == (before.boot_id, before.boots)


def test_a_vm_without_allow_migrate_restarts(settled_lab: Lab) -> None:
    lab = settled_lab
    before = lab.guest("db1")
    move(lab, "db1", "charlie")
    after = lab.wait_guest("db1", boots=before.boots + 1)
    assert after.boots == before.boots + 1
    assert after.boot_id != before.boot_id


def test_the_domain_of_a_vm_may_have_another_name(settled_lab: Lab) -> None:
    assert "app1-guest" in settled_lab.run("charlie", "virsh", "list", "--name").split()


def test_a_killed_node_is_fenced_and_its_vms_come_back(settled_lab: Lab) -> None:
    lab = settled_lab
    before = lab.guest("app1")
    lab.kill("charlie")
    lab.wait(lambda: fenced_off(lab.crm_mon(), "charlie"), 60, "charlie is fenced")
    lab.wait(lambda: lab.where("app1") in {"alpha", "bravo"}, 60, "app1 runs elsewhere")
    after = lab.wait_guest("app1", boots=before.boots + 1)
    assert after.boot_id != before.boot_id
    lab.start("charlie")
    lab.wait_online()


def test_broken_fencing_leaves_a_lost_node_unclean(settled_lab: Lab) -> None:
    lab = settled_lab
    lab.break_fencing()
    lab.kill("charlie")
    unclean = "./nodes/node[@name='charlie'][@unclean='true']"
    lab.wait(lambda: lab.crm_mon().find(unclean) is not None, 60, "charlie is unclean")
    assert lab.where("app1") != "alpha"
    lab.mend_fencing()
    lab.wait(lambda: fenced_off(lab.crm_mon(), "charlie"), 60, "charlie is fenced after all")


def test_logins_have_the_rights_they_are_there_for(settled_lab: Lab) -> None:
    lab = settled_lab
    assert ssh(lab, "alpha", "id", "-un").stdout == "root\n"
    assert ssh(lab, "ops@alpha", "sudo", "-n", "id", "-un").stdout == "root\n"
    assert ssh(lab, "guest@alpha", "sudo", "-n", "id", "-un").returncode
    assert ssh(lab, "ops@alpha", "/usr/sbin/crm_mon", "-1").returncode
    assert lab.run("alpha", "ssh", "-o", "BatchMode=yes", "bravo", "hostname") == "bravo\n"


def test_a_cut_line_is_silent_and_the_cluster_unaware(settled_lab: Lab) -> None:
    lab = settled_lab
    lab.cut_ssh("bravo")
    assert "timed out" in ssh(lab, "bravo", "true").stderr
    assert lab.run("alpha", "ssh", "-o", "BatchMode=yes", "bravo", "hostname") == "bravo\n"
    assert lab.cluster.is_online()
    lab.restore_ssh("bravo")
    assert ssh(lab, "bravo", "true").returncode == 0


def test_domains_outlive_a_stopped_libvirtd(settled_lab: Lab) -> None:
    lab = settled_lab
    before = lab.guest("web1")
    lab.stop_libvirtd("alpha")
    with pytest.raises(LabError):
        lab.run("alpha", "virsh", "list")
    lab.wait_guest("web1", after_ticks=before.ticks)
    lab.start_libvirtd("alpha")
    listed = lab.wait(lambda: lab.run("alpha", "virsh", "list", "--name", check=False), 10, "list")
    assert {"web1", "web2"} <= set(listed.split())


def test_reset_undoes_what_a_test_left(settled_lab: Lab) -> None:
    lab = settled_lab
    seeded = lab.cluster.configuration()
    boots = {vm.name: lab.guest(vm.name).boots for vm in VMS if vm.live and not vm.group}
    lab.run("alpha", "crm_standby", "--node", "alpha", "--update", "on")
    lab.run("alpha", "crm_resource", "--meta", "-r", "db1", "-p", "is-managed", "-v", "false")
    lab.wait(lambda: lab.where("web2") not in {None, "alpha"}, 60, "web2 leaves alpha")
    lab.run("alpha", "crm_resource", "--fail", "-r", "storage", "-N", "bravo")
    lab.wait(lab.cluster.failures, 30, "the failure is recorded")
    lab.reset()
    assert lab.cluster.configuration() == seeded
    assert lab.cluster.placement() == {vm.name: vm.node for vm in VMS}
    assert not lab.cluster.failures()
    assert {name: lab.guest(name).boots for name in boots} == boots


def test_two_labs_at_once(lab: Lab, tmp_path: Path) -> None:
    with Lab.up(nodes=2, base=tmp_path / "second", owner=os.getpid()) as second:
        assert second.nodes == ("alpha", "bravo")
        assert second.run("alpha", "hostname") == "alpha\n"
        second.kill("bravo")
        assert lab.cluster.is_online()
        assert lab.run("bravo", "hostname") == "bravo\n"
        base = second.base
    assert not base.exists()


def test_nothing_of_a_lab_is_seen_in_the_hosts_network(lab: Lab) -> None:
    assert "br0" in network_devices()
    lab.leave_network()
    try:
        assert not {"br0", "br-vm", *(f"v-{node}" for node in lab.nodes)} & network_devices()
    finally:
        lab.enter_network()


@pytest.mark.lab
def test_a_lab_ends_with_its_owner(tmp_path: Path) -> None:
    script = (
        "import os, sys, lab; "
        "lab.Lab.up(2, sys.argv[1], owner=os.getpid()); print('up', flush=True); sys.stdin.read()"
    )
    base = tmp_path / "orphan"
    tests = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, "-c", script, str(base)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tests)},
    ) as owner:
        assert owner.stdout and owner.stdout.readline() == "up\n"
        pids = [Node(name, base).init_pid for name in Lab.attach(base).nodes]
        owner.kill()
    wait(lambda: not base.exists(), 20, "the lab of a dead owner is gone")
    assert not any(Path(f"/proc/{pid}/root/run/lab-ready").exists() for pid in pids)


def test_a_guest_that_hangs_is_looked_into_and_the_lab_built_anew(settled_lab: Lab) -> None:
    lab = settled_lab
    before = lab.guest("app1")
    emulator = lab.run("charlie", "pgrep", "-f", "qemu-system.*app1-guest").split()
    lab.run("charlie", "kill", "-STOP", *emulator)
    why = lab.reset(guests_s=5)
    assert "the guest of app1 ticks" in why
    found = Path(why.rpartition(" ")[2])
    told = found.read_text()
    found.unlink()
    assert f"boot_id={before.boot_id}" in told, "the end of its console"
    assert test_a_guest_that_hangs_is_looked_into_and_the_lab_built_anew.__name__ in told
    assert any(emulator[0] in line.split()[:1] and " T" in line for line in told.splitlines())
    assert lab.wait_guest("app1").boot_id != before.boot_id
