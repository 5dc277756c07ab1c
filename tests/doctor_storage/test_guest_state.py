"""What a guest has beside its disks must be there, too, when it is started on another node."""

from __future__ import annotations

import pytest

from backends.data.examination import Finding, State
from backends.doctor import storage
from backends.doctor.disks import PLACES
from doctor_storage.made import Outputs, bad, brief, case, place, places

NVRAM = "/var/lib/libvirt/qemu/nvram/web_VARS.fd"
SWTPM = "/var/lib/libvirt/swtpm/5f3c"
SAVED = "/var/lib/saved"
LOCAL = ("/dev/vda1", "ext4", "/")
NAS = ("nas:/vm", "nfs4", "/srv")
TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'>{}</backend></tpm>"
IN_A_DIRECTORY = f"<source type='dir' path='{SAVED}'/>"


def found(
    path: str,
    *,
    here: tuple[str, str, str],
    there: str = "",
    domain: str = "",
    saved: str = "",
) -> list[Finding]:
    """What is said of `web` on alpha; `there`: what bravo answers of the path."""
    outputs: dict[str, Outputs] = {
        "alpha": {
            PLACES: places("alpha", place(path, mount=here)),
            "domains": f"<domain type='kvm'><name>web</name><uuid>5f3c</uuid>{domain}</domain>",
        },
        "bravo": {PLACES: places("bravo", there or place(path, kind="", mount=LOCAL))},
    }
    made = case(outputs, parameters={"snapshot": saved} if saved else None)
    assert [probe.name for probe in storage.further_probes(made, "alpha")] == [PLACES]
    return bad(list(storage.judge(made)))


@pytest.mark.parametrize(
    ("path", "domain", "said"),
    [
        (NVRAM, f"<os><nvram template='/usr/share/OVMF.fd'>{NVRAM}</nvram></os>", "boot entries"),
        (NVRAM, f"<os><nvram type='file'><source file='{NVRAM}'/></nvram></os>", "boot entries"),
        (SWTPM, f"<devices>{TPM.format('')}</devices>", "its TPM is empty"),
        (SAVED, f"<devices>{TPM.format(IN_A_DIRECTORY)}</devices>", "its TPM is empty"),
    ],
    ids=["nvram", "nvram with a source", "tpm", "tpm with a source"],
)
def test_what_lies_on_the_nodes_own_disk_is_not_there_after_its_loss(
    path: str, domain: str, said: str
) -> None:
    (finding,) = found(path, here=LOCAL, domain=domain)
    assert brief([finding]) == {(State.WARNING, "alpha", "web")}
    assert path in finding.seen and "ext4" in finding.seen and said in finding.why
    assert finding.effect is None, "a live migration carries it over"


def test_a_memory_saved_on_the_nodes_own_disk_damages_the_guest_when_it_returns() -> None:
    """VirtualDomain restores whatever it finds there, however old it is."""
    for there in ("", place(SAVED, kind="directory", mount=LOCAL)):
        (finding,) = found(SAVED, here=LOCAL, there=there, saved=SAVED)
        assert brief([finding]) == {(State.WRONG, "alpha", "web")}
        assert "old memory" in finding.why


@pytest.mark.parametrize("domain", [f"<os><nvram>{SAVED}</nvram></os>", ""], ids=["nvram", "saved"])
def test_on_shared_storage_it_is_there(domain: str) -> None:
    assert not found(SAVED, here=NAS, there=place(SAVED), domain=domain, saved=SAVED)


def test_whether_a_tpm_on_shared_storage_can_be_handed_over_is_unknown() -> None:
    domain = f"<devices>{TPM.format('')}</devices>"
    (finding,) = found(SWTPM, here=NAS, there=place(SWTPM), domain=domain)
    assert brief([finding]) == {(State.UNKNOWN, None, "web")} and "lock" in finding.why
