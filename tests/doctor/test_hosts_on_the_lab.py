"""On a real cluster: what else a host must have, and hosts that VMs are kept from."""

from __future__ import annotations

import pytest

from doctor.breaking import libvirtd, places, wrong
from doctor.conftest import Doctor
from lab import Lab, LabError
from lab.cluster import VM_NAMES
from waiting import PATIENCE_S

BRIDGE = "br-vm"


def migrate(lab: Lab, vm: str, source: str, target: str) -> None:
    """What the agent does in migrate_to. Raises LabError with virsh's words."""
    options = ("-c", "qemu:///system", "--quiet", "migrate", "--live", "--unsafe")
    lab.run(source, "virsh", *options, vm, f"qemu+tcp://{target}/system")


async def test_a_bridge_that_one_node_lacks(seeded_lab: Lab, doctor: Doctor) -> None:
    seeded_lab.run("bravo", "ip", "link", "set", BRIDGE, "down")
    seeded_lab.run("bravo", "ip", "link", "set", BRIDGE, "name", "br-other")
    try:
        report = await doctor()
        with pytest.raises(LabError, match=BRIDGE):
            migrate(seeded_lab, "web1", "alpha", "bravo")
    finally:
        seeded_lab.run("bravo", "ip", "link", "set", "br-other", "name", BRIDGE)
        seeded_lab.run("bravo", "ip", "link", "set", BRIDGE, "up")
    found = wrong(report)
    assert {each.check for each in found} == {"devices"}
    assert ("bravo", "web1") in places(found, "devices")


async def test_a_definition_of_another_domain_in_its_place(seeded_lab: Lab, doctor: Doctor) -> None:
    other = (
        "<domain type='qemu'><name>web1</name><memory>1024</memory>"
        "<os><type arch='x86_64'>hvm</type></os></domain>"
    )
    virsh = ("virsh", "-c", "qemu:///system")
    seeded_lab.run("bravo", *virsh, "define", "/dev/stdin", stdin=other)
    try:
        report = await doctor()
        with pytest.raises(LabError, match="already"):
            migrate(seeded_lab, "web1", "alpha", "bravo")
    finally:
        seeded_lab.run("bravo", *virsh, "undefine", "web1")
    assert places(wrong(report), "definition") == {("bravo", "web1")}
    assert len(wrong(report)) == 1


async def test_a_node_that_vms_are_kept_from_needs_no_libvirt(
    seeded_lab: Lab, doctor: Doctor
) -> None:
    avoid = (
        '<rsc_location id="only-votes" rsc-pattern="^(web|db|app|mail)" node="charlie"'
        ' score="-INFINITY"/>'
    )
    scope = ("cibadmin", "--scope", "constraints", "--xml-text")
    seeded_lab.run("alpha", *scope, avoid, "--create")
    try:
        seeded_lab.wait(
            lambda: (
                len(placed := seeded_lab.cluster.placement()) == len(VM_NAMES)
                and "charlie" not in placed.values()
            ),
            PATIENCE_S,
            "no VM is on charlie",
        )
        with libvirtd(seeded_lab, "charlie", options="-d"):
            report = await doctor()
    finally:
        seeded_lab.run("alpha", *scope, avoid, "--delete")
        seeded_lab.reset()
    assert not wrong(report), wrong(report)
    told = [each for each in report.findings if each.check == "location"]
    assert [each.node for each in told] == ["charlie"]
