"""Guests that no migration carries over, by their live XML."""

from __future__ import annotations

import pytest
from lxml import etree

from backends.data.examination import Effect, State
from backends.doctor import blockers
from doctor.cases import make

INVTSC = "<cpu mode='host-passthrough'><feature policy='{}' name='invtsc'/></cpu>"
CLOCK = "<clock offset='utc'><timer name='tsc' frequency='2400000000' mode='native'/></clock>"


def domain(inside: str) -> str:
    return f"<domain type='kvm' id='1'>\n  <name>web1</name>\n  {inside}\n</domain>\n\n"


@pytest.mark.parametrize(
    ("check", "inside"),
    [
        ("cpu", INVTSC.format("require")),
        ("cpu", "<cpu mode='host-passthrough' check='none' migratable='off'/>"),
        ("encryption", "<launchSecurity type='sev'><cbitpos>47</cbitpos></launchSecurity>"),
        ("tpm", "<devices><tpm model='tpm-tis'><backend type='passthrough'/></tpm></devices>"),
        ("shared memory", "<devices><shmem name='my0' role='peer'/></devices>"),
    ],
)
def test_it_cannot_leave(check: str, inside: str) -> None:
    (finding,) = blockers.judge(make({"alpha": {"domains": domain(inside)}}))
    assert (finding.check, finding.state, finding.vm) == (check, State.WRONG, "web1")
    assert finding.effect is Effect.SENDING_FAILS


@pytest.mark.parametrize(
    "inside",
    [
        "",
        CLOCK + INVTSC.format("require"),
        CLOCK + "<cpu mode='host-passthrough' migratable='off'/>",
        INVTSC.format("disable"),
        "<cpu mode='host-passthrough' check='none' migratable='on'/>",
        "<devices><tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices>",
        "<devices><shmem name='my0' role='master'/></devices>",
    ],
)
def test_it_can_leave(inside: str) -> None:
    assert blockers.kept_by(etree.fromstring(domain(inside))) == ()


@pytest.mark.parametrize(("release", "state"), [(9, State.WRONG), (11, State.UNKNOWN)])
def test_virtiofs_is_a_matter_of_the_release(release: int, state: State) -> None:
    inside = (
        "<devices><filesystem type='mount'><driver type='virtiofs'/><source dir='/srv'/>"
        "<target dir='srv'/></filesystem></devices>"
    )
    told = f"Using library: libvirt {release}.0.0\n"
    outputs = {"alpha": {"domains": domain(inside), "storage qemu": told}}
    (finding,) = blockers.judge(make(outputs))
    assert finding.state is state
