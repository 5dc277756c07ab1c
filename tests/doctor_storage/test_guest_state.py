"""What a guest has beside its disks must be there, too, when it is started on another node."""

from __future__ import annotations

import pytest

from backends.data.examination import Effect, Finding, Output, State
from backends.doctor import storage
from backends.doctor.disks import PLACES, VERSION
from doctor_storage.made import QEMU, Outputs, bad, brief, case, place, places

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
    asked = [probe.name for probe in storage.further_probes(made, "alpha")]
    assert asked == [PLACES, *(["swtpm"] if "<tpm" in domain else [])]
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


HANDS_OVER = '{"type": "swtpm", "features": ["tpm-2.0", "cmdarg-migration"], "version": "0.8.0"}'
HOLDS = f"4711 swtpm swtpm socket --tpmstate dir={SWTPM}/tpm2,mode=0600 {{}} --daemon\n"
LETS_GO = HOLDS.format("--migration release-lock-outgoing")
OLDER = "Using library: libvirt 8.0.0\n"


def handed(processes: str, swtpm: Output | str, *, libvirt: str = QEMU) -> list[Finding]:
    """What is said of a TPM on shared storage; `swtpm`: what bravo says that it can."""
    tpm = f"<devices>{TPM.format('')}</devices>"
    outputs: dict[str, Outputs] = {
        "alpha": {
            PLACES: places("alpha", place(SWTPM, mount=NAS)),
            "domains": f"<domain type='kvm'><name>web</name><uuid>5f3c</uuid>{tpm}</domain>",
            "processes": processes,
            VERSION.name: libvirt,
        },
        "bravo": {
            PLACES: places("bravo", place(SWTPM, mount=NAS)),
            "swtpm": swtpm,
            VERSION.name: libvirt,
        },
    }
    made = case(outputs)
    assert "swtpm" in [probe.name for probe in storage.further_probes(made, "bravo")]
    return [each for each in storage.judge(made) if each.check == "guest state"]


def test_a_tpm_on_shared_storage_whose_lock_is_handed_over_is_all_right() -> None:
    (finding,) = handed(LETS_GO, HANDS_OVER)
    assert finding.state is State.OK and finding.vm == "web"


def test_an_swtpm_that_keeps_its_lock_is_not_migrated() -> None:
    (finding,) = handed(HOLDS.format(""), HANDS_OVER)
    assert brief([finding]) == {(State.WRONG, "alpha", "web")}
    assert finding.effect is Effect.SENDING_FAILS and finding.meets("web", "alpha", "bravo")


@pytest.mark.parametrize("swtpm", ['{"features": ["tpm-2.0"]}', Output(127)])
def test_nor_is_one_to_where_no_swtpm_takes_the_lock_over(swtpm: Output | str) -> None:
    (finding,) = handed(LETS_GO, swtpm)
    assert brief([finding]) == {(State.WRONG, "bravo", "web")}
    assert finding.effect is Effect.SENDING_FAILS and not finding.meets("web", "bravo", "alpha")


@pytest.mark.parametrize(
    ("processes", "swtpm", "libvirt", "nodes"),
    [
        ("", HANDS_OVER, QEMU, {"alpha"}),
        (HOLDS.format("").replace("5f3c", "5f3c-2"), HANDS_OVER, QEMU, {"alpha"}),
        (LETS_GO, Output(), QEMU, {"bravo"}),
        (LETS_GO, "no JSON", QEMU, {"bravo"}),
        (HOLDS.format(""), HANDS_OVER, OLDER, {"alpha", "bravo"}),
        (HOLDS.format(""), HANDS_OVER, "", {"alpha", "bravo"}),
    ],
)
def test_what_was_not_learned_of_it_is_unknown(
    processes: str, swtpm: Output | str, libvirt: str, nodes: set[str]
) -> None:
    findings = handed(processes, swtpm, libvirt=libvirt)
    assert brief(findings) == {(State.UNKNOWN, node, "web") for node in nodes}
    assert all("lock" in each.why and each.effect is None for each in findings)
