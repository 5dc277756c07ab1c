"""The examination as a whole, on a simulated cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from backends.clusters.simulated import SimulatedBackend
from backends.data.errors import CommandFailed
from backends.data.examination import Cure, Facts, Family, Finding, Probe, Report, State, Topic
from backends.data.plan import Command, Prediction
from backends.doctor import examine as examining
from backends.doctor.examine import TOPICS, examine, judge, questions
from doctor.cases import make
from waiting import PATIENCE_S


class Meeting(SimulatedBackend):
    """No node answers before all of them have been asked."""

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes, 20, speed=0, scenario="calm")
        self._meeting = asyncio.Barrier(nodes)

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        async with asyncio.timeout(PATIENCE_S):
            await self._meeting.wait()
        return await super().collect(node, probes)


async def test_all_nodes_are_asked_side_by_side_in_two_rounds_at_most() -> None:
    async with Meeting(16) as backend:
        report = await examine(backend)
    asked = [sent.node for sent in backend.commands.sent if sent.command == "sh -s"]
    assert len(asked) <= 2 * 16 and len(set(asked)) == 16
    assert not report.wrong


async def test_a_healthy_cluster_has_nothing_wrong() -> None:
    async with SimulatedBackend(4, 16, speed=0, scenario="calm") as backend:
        report = await examine(backend)
    ours = {Topic.LIBVIRT, Topic.TRANSPORT, Topic.NAMES, Topic.RESOURCE, Topic.CPU, Topic.MEMORY}
    told = [
        f for f in report.findings if f.topic in ours and f.state in (State.WRONG, State.UNKNOWN)
    ]
    assert not told
    assert {f.topic for f in report.findings} >= ours
    reboots = [f.vm for f in report.findings if f.check == "allow-migrate" and f.state != State.OK]
    assert reboots == ["legacy-erp"]


async def test_nothing_is_written() -> None:
    async with SimulatedBackend(3, 9, speed=0, scenario="calm", read_only=True) as backend:
        before = backend.world.state.version
        await examine(backend)
        assert backend.world.state.version == before
        assert not any(sent.writes for sent in backend.commands.sent)


async def test_a_dead_node_is_unknown_and_the_others_are_examined() -> None:
    async with SimulatedBackend(3, 9, speed=0, scenario="calm") as backend:
        backend.world.kill("bravo")
        report = await examine(backend)
    unknown = [each for each in report.findings if each.check == "answers"]
    assert [(each.node, each.state) for each in unknown] == [("bravo", State.UNKNOWN)]
    assert {f.node for f in report.findings if f.check == "node names"} == {"alpha", "charlie"}


async def test_a_libvirt_that_is_down_is_wrong_on_its_node_alone() -> None:
    async with SimulatedBackend(3, 9, speed=0, scenario="calm") as backend:
        backend.world.stop_libvirt("bravo")
        report = await examine(backend)
    assert [f.node for f in report.findings if f.check == "daemon"] == ["bravo"]


async def test_a_scheduler_that_refuses_leaves_the_rest_and_its_reason() -> None:
    class Refusing(SimulatedBackend):
        async def predict(
            self, vms: Sequence[str], nodes: Sequence[str]
        ) -> Mapping[str, Prediction]:
            raise CommandFailed("crm_simulate ended with 76")

    async with Refusing(3, 12, speed=0, scenario="calm") as backend:
        report = await examine(backend)
    unknown = [each for each in report.findings if each.check == "dependencies"]
    assert unknown and all(each.state is State.UNKNOWN for each in unknown)
    assert "crm_simulate ended with 76" in unknown[0].seen


async def test_a_scheduler_has_all_the_time_that_the_nodes_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here it begins to say something when they are asked, and they answer when it has."""
    monkeypatch.setattr(examining, "PREDICTIONS_S", 0.0)
    asked, said = asyncio.Event(), asyncio.Event()

    class Slow(SimulatedBackend):
        async def predict(
            self, vms: Sequence[str], nodes: Sequence[str]
        ) -> Mapping[str, Prediction]:
            try:
                await asked.wait()
                return await super().predict(vms, nodes)
            finally:
                said.set()

        async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
            asked.set()
            async with asyncio.timeout(PATIENCE_S):
                await said.wait()
            return await super().collect(node, probes)

    async with Slow(3, 12, speed=0, scenario="calm") as backend:
        report = await examine(backend)
    assert [each.state for each in report.findings if each.check == "dependencies"]
    assert not [each for each in report.findings if "scheduler" in each.seen]


async def test_a_scheduler_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examining, "PREDICTIONS_S", 0.0)

    class Silent(SimulatedBackend):
        async def predict(
            self, vms: Sequence[str], nodes: Sequence[str]
        ) -> Mapping[str, Prediction]:
            return await asyncio.Future()

    async with Silent(3, 12, speed=0, scenario="calm") as backend:
        report = await examine(backend)
    unknown = [each for each in report.findings if each.check == "dependencies"]
    assert unknown and all(each.state is State.UNKNOWN for each in unknown)
    assert "the scheduler did not say within" in unknown[0].seen


def test_a_login_that_is_not_root_is_said() -> None:
    report = judge(make({"alpha": {"user": "1000\n"}, "bravo": {"user": "0\n"}}))
    logins = [each for each in report.findings if each.check == "login"]
    assert [(each.node, each.state) for each in logins] == [("alpha", State.UNKNOWN)]


def test_findings_come_the_worst_first() -> None:
    report = judge(make())
    ranks = [finding.state.rank for finding in report.findings]
    assert ranks == sorted(ranks) and len(TOPICS) >= 8


def test_a_probe_that_several_want_is_made_once() -> None:
    probe = Probe("same", "true")
    asked = questions(make(), [lambda case, node: [probe], lambda case, node: [probe]])
    assert asked == {"alpha": (probe,), "bravo": (probe,)}


def test_a_node_that_answered_nothing_is_not_asked_again() -> None:
    case = make()
    lost = Facts("bravo", error="no route to host")
    case = replace(case, facts={**case.facts, "bravo": lost})
    assert set(questions(case, [lambda case, node: [Probe("x", "true")]])) == {"alpha"}


def test_cures_are_those_for_the_node_s_distribution() -> None:
    cures = (
        Cure(("apt",), family=Family.DEBIAN),
        Cure(("dnf",), family=Family.RHEL),
        Cure(("any",)),
    )
    finding = Finding(Topic.LIBVIRT, "x", State.WRONG, "seen", node="alpha", cures=cures)
    report = Report((finding,), {"alpha": Family.RHEL})
    assert [cure.lines for cure in report.cures(finding)] == [("dnf",), ("any",)]
    assert len(Report((finding,)).cures(finding)) == 3


def test_the_distribution_is_known_by_its_own_name_or_its_parents() -> None:
    for text, family in (
        ('ID=ubuntu\nID_LIKE="debian"\n', Family.DEBIAN),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', Family.RHEL),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', Family.SUSE),
        ('ID="sles"\n', Family.SUSE),
        ("ID=arch\n", None),
        ("", None),
    ):
        assert make({"*": {"os-release": text}}).family("alpha") is family


def test_what_concerns_a_vm() -> None:
    own = Finding(Topic.CPU, "a", State.OK, "", vm="web1")
    other = Finding(Topic.CPU, "b", State.OK, "", vm="web2")
    all_of_them = Finding(Topic.NAMES, "c", State.OK, "")
    some = Finding(Topic.TRANSPORT, "d", State.OK, "", node="alpha", concerns=("web2",))
    report = Report((own, other, all_of_them, some))
    assert report.of_vm("web1") == (own, all_of_them)
    assert report.of_vm("web2") == (other, all_of_them, some)


def test_a_cure_with_a_command_shows_exactly_that() -> None:
    (cure,) = Cure.of(Command(("crm_resource", "--clear", "--resource", "a b"), "clear"))
    assert cure.lines == ("crm_resource --clear --resource 'a b'",)
