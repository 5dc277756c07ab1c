"""`vmferry doctor`: words for people, JSON for scripts, an exit code for both."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from backends.clusters.simulated import SimulatedBackend
from backends.data.errors import Unreachable
from cli.conftest import Vmferry
from cli.schema import Strict
from cli.still import failing


class CureSchema(Strict):
    lines: list[str]
    file: str | None
    node: str | None
    family: Literal["any", "debian", "rhel", "suse"]
    argv: list[str] | None
    restarts: bool


class WaySchema(Strict):
    source: str | None
    target: str | None


class FindingSchema(Strict):
    topic: Literal[
        "node",
        "libvirt",
        "transport",
        "names",
        "resource",
        "cpu",
        "memory",
        "storage",
        "locking",
        "devices",
    ]
    check: str
    state: Literal["wrong", "unknown", "warning", "ok", "not used"]
    node: str | None
    vm: str | None
    concerns: list[str]
    seen: str
    why: str | None
    effect: Literal["restarts", "sending fails", "arriving fails", "harms"] | None
    ways: list[WaySchema]
    cures: list[CureSchema]


class DoctorSchema(Strict):
    schema: Literal[1]
    cluster: str | None
    vm: str | None
    counts: dict[str, int]
    findings: list[FindingSchema]


def healthy() -> SimulatedBackend:
    return SimulatedBackend(3, 12, speed=0, scenario="calm")


class Broken(SimulatedBackend):
    """The libvirt of one node is down."""

    def __init__(self) -> None:
        super().__init__(3, 12, speed=0, scenario="calm")
        self.world.stop_libvirt("bravo")


def test_a_healthy_cluster_ends_with_zero_and_its_warnings(vmferry: Vmferry) -> None:
    ended = vmferry("doctor", on=healthy())
    assert (ended.code, ended.err) == (0, "")
    assert "WARNING  resource: allow-migrate" in ended.out
    assert "crm_resource --resource legacy-erp --meta" in ended.out
    assert ended.out.splitlines()[-1] == f"nothing wrong, {ended.out.count('WARNING  ')} warnings"


def test_something_wrong_ends_with_one_and_comes_first(vmferry: Vmferry) -> None:
    ended = vmferry("doctor", on=Broken())
    assert ended.code == 1
    first, second, why, *_ = ended.out.splitlines()
    assert first == "WRONG  libvirt: daemon"
    assert second.startswith("  bravo: libvirt does not answer")
    assert why.startswith("  why: ")


def test_what_is_alike_stands_together(vmferry: Vmferry) -> None:
    out = vmferry("doctor", on=healthy()).out
    assert out.count("resource: on-fail") == 1
    assert "  web1, web2, " in out
    assert "more like these: --json has them all" in out


def test_json_is_as_it_is_written_down(vmferry: Vmferry) -> None:
    ended = vmferry("doctor", "--json", on=Broken())
    assert ended.code == 1
    document = msgspec.json.decode(ended.out, type=DoctorSchema)
    assert document.vm is None and document.cluster == "demo"
    assert set(document.counts) == {"wrong", "unknown", "warning", "ok", "not used"}
    assert document.counts["wrong"] == sum(f.state == "wrong" for f in document.findings) >= 1
    daemon = next(f for f in document.findings if f.check == "daemon")
    assert (daemon.node, daemon.state) == ("bravo", "wrong")
    assert daemon.cures[0].node == "bravo"
    allow = next(
        f for f in document.findings if f.check == "allow-migrate" and f.state == "warning"
    )
    assert allow.cures[0].argv and allow.cures[0].argv[0] == "crm_resource"


@pytest.mark.parametrize(
    ("vm", "verdict", "code"),
    [
        ("web1", "web1: fit for live migration", 0),
        (
            "legacy-erp",
            "legacy-erp: not fit for live migration: a move would reboot it (allow-migrate)",
            1,
        ),
        ("mail", "mail: not fit for live migration: a move would reboot it (dependencies)", 1),
    ],
)
def test_one_vm_s_way_is_a_checklist(vmferry: Vmferry, vm: str, verdict: str, code: int) -> None:
    ended = vmferry("doctor", "--vm", vm, on=healthy())
    assert ended.code == code, "that it is rebooted is wrong to who asks for it"
    head, *checks = ended.out.splitlines()
    assert head.startswith(verdict)
    assert any(line.startswith("ok        names") for line in checks)
    others = {"web1", "legacy-erp", "mail"} - {vm}
    assert not [line for line in checks for other in others if f"--resource {other} " in line]


def test_json_of_one_vm_tells_only_of_it(vmferry: Vmferry) -> None:
    ended = vmferry("doctor", "--json", "--vm", "web1", on=healthy())
    document = msgspec.json.decode(ended.out, type=DoctorSchema)
    assert document.vm == "web1"
    assert {finding.vm for finding in document.findings} <= {"web1", None}


def test_an_unknown_vm_is_a_usage_error(vmferry: Vmferry) -> None:
    ended = vmferry("doctor", "--vm", "web9", on=healthy())
    assert (ended.code, ended.out) == (2, "")
    assert "web9" in ended.err


def test_a_cluster_that_cannot_be_reached_ends_with_three(vmferry: Vmferry) -> None:
    ended = vmferry("doctor", "--json", on=failing(Unreachable("no route", where="alpha")))
    assert (ended.code, ended.out) == (3, "")
