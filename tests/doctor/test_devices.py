"""What a guest uses of its host besides CPU, memory and disks must be where it goes."""

from __future__ import annotations

import subprocess

import pytest

from backends.data.examination import Effect, Finding, Output, State, Way
from backends.doctor.case import Case
from backends.doctor.devices import Needs, further_probes, judge, needs_of
from backends.pacemaker.xml import parse
from doctor.cases import Text, found, make

VERSION = "Using library: libvirt {}\nUsing API: QEMU 9.0.0\nRunning hypervisor: QEMU 7.2.0\n"


def domain(*devices: str, os: str = "") -> str:
    """As `virsh dumpxml` of libvirt 9 describes a running domain."""
    listed = "".join(devices)
    return (
        f"<domain type='kvm' id='1'><name>web1</name><os><type>hvm</type>{os}</os>"
        f"<devices>{listed}</devices></domain>\n"
    )


BRIDGE = (
    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br-dmz'/>"
    "<target dev='vnet0'/><model type='virtio'/></interface>"
)
NETWORK = (
    "<interface type='network'><source network='lan' portid='7e1a' bridge='virbr1'/>"
    "<target dev='vnet1'/></interface>"
)
MACVTAP = "<interface type='direct'><source dev='eno2' mode='bridge'/></interface>"
VF = "<interface type='hostdev' managed='yes'><source/>{}</interface>"
TEAM = "<teaming type='transient' persistent='ua-net0'/>"
PCI = "<hostdev mode='subsystem' type='pci' managed='yes'><source/></hostdev>"
USB = "<hostdev mode='subsystem' type='usb'><source/></hostdev>"
EFI = "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"


@pytest.mark.parametrize(
    ("devices", "os", "needs"),
    [
        ((BRIDGE, NETWORK, MACVTAP), "", Needs(("br-dmz", "eno2"), ("lan",))),
        ((), EFI, Needs(files=("/usr/share/OVMF/OVMF_CODE_4M.fd",))),
        ((VF.format(""), PCI, USB), "", Needs(handed=("pci", "pci", "usb"))),
        ((VF.format(TEAM),), "", Needs()),
    ],
)
def test_needs_are_understood(devices: tuple[str, ...], os: str, needs: Needs) -> None:
    assert needs_of(parse(domain(*devices, os=os).encode(), "virsh")) == needs


def case(bravo: dict[str, Text], *devices: str, os: str = "", libvirt: str = "9.0.0") -> Case:
    alpha: dict[str, Text] = {
        "domains": domain(*devices, os=os),
        "storage qemu": VERSION.format(libvirt),
    }
    return make({"alpha": alpha, "bravo": bravo})


def test_what_is_there_is_good() -> None:
    answers: dict[str, Text] = {"devices": "link br-dmz\n", "device networks": "default\nlan\n"}
    assert found(judge, case(answers, BRIDGE, NETWORK)) == [(State.OK, None, "web1")]


@pytest.mark.parametrize(
    ("answers", "devices", "os", "seen"),
    [
        ({"devices": "link br-dmz2\n"}, (BRIDGE,), "", "no bridge or link br-dmz"),
        ({"device networks": "default\n"}, (NETWORK,), "", "network lan is not active"),
        ({"devices": ""}, (), EFI, "there is no /usr/share/OVMF/OVMF_CODE_4M.fd"),
    ],
)
def test_what_is_not_there_keeps_the_vm_away(
    answers: dict[str, Text], devices: tuple[str, ...], os: str, seen: str
) -> None:
    finding: Finding
    (finding,) = judge(case(answers, *devices, os=os))
    assert (finding.state, finding.node, finding.vm) == (State.WRONG, "bravo", "web1")
    assert seen in finding.seen and finding.effect is Effect.SENDING_FAILS
    assert finding.ways == (Way(target="bravo"),)


def test_no_answer_is_unknown() -> None:
    silent: dict[str, Text] = {"devices": Output(), "device networks": Output(1, "", "error: no")}
    assert found(judge, case(silent, BRIDGE, NETWORK)) == [(State.UNKNOWN, "bravo", "web1")] * 2


@pytest.mark.parametrize(
    ("device", "libvirt", "state"),
    [
        (PCI, "9.0.0", State.WRONG),
        (VF.format(""), "6.0.0", State.WRONG),
        (PCI, "10.5.0", State.UNKNOWN),
        (USB, "9.0.0", State.UNKNOWN),
    ],
)
def test_a_device_of_the_host_stays_with_it(device: str, libvirt: str, state: State) -> None:
    (finding,) = judge(case({}, device, libvirt=libvirt))
    assert finding.state is state
    assert finding.effect is (Effect.SENDING_FAILS if state is State.WRONG else None)


def test_the_look_tells_what_is_there_by_name() -> None:
    probes = list(further_probes(case({}, MACVTAP.replace("eno2", "lo"), BRIDGE, os=EFI), "bravo"))
    assert [each.name for each in probes] == ["devices"]
    answer = subprocess.run(
        ["sh", "-c", probes[0].script], capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines()[0] == "link lo" and "br-dmz" not in answer.stdout
    assert not list(further_probes(case({}, BRIDGE), "alpha"))
