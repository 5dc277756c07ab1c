"""What is wrong, how bad, and in which order it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.clusters.simulated import SCENARIOS, SimulatedBackend
from backends.data.examination import Finding, Report, State, Topic
from backends.data.picture import (
    Cluster,
    Constraint,
    ConstraintKind,
    Failure,
    Hypervisor,
    HypervisorState,
    Migration,
    NodeState,
    Phase,
    Stale,
    VMState,
)
from backends.data.timeline import Severity
from backends.judgement.changes import Event
from backends.judgement.health import Grade, Health, Kind, Known
from backends.judgement.moves import Item, Move, QueueState
from backends.judgement.outlook import Chance, Outlook
from backends.judgement.problems import Judge, judge_health
from backends.judgement.prospect import Passage, Prospect
from core.pictures import NODES, cluster, vm

WELL = replace(cluster(vm()), fencing_enabled=True)


def health(picture: Cluster, known: Known | None = None) -> Health:
    return judge_health(picture, known or Known())


def test_a_cluster_without_a_fault_has_no_problem() -> None:
    assert health(WELL) == Health()
    assert health(WELL).worst is None
    assert health(WELL).of_vm("web1") is Grade.FINE
    assert health(WELL).of_node("alpha") is Grade.FINE


@pytest.mark.parametrize(
    ("state", "grade"),
    [
        (VMState.FAILED, Grade.ERROR),
        (VMState.BLOCKED, Grade.ERROR),
        (VMState.STOPPED, Grade.ERROR),
        (VMState.UNKNOWN, Grade.WARNING),
        (VMState.PAUSED, Grade.WARNING),
        (VMState.RUNNING, Grade.FINE),
        (VMState.STARTING, Grade.FINE),
    ],
)
def test_a_state_has_its_grade(state: VMState, grade: Grade) -> None:
    assert health(cluster(vm(state=state))).of_vm("web1") is grade


def test_who_is_stopped_on_purpose_is_no_problem_to_go_to() -> None:
    meant = replace(vm(node=None, state=VMState.STOPPED), target_role="stopped")
    found = health(replace(WELL, vms=(meant,)))
    assert found.of_vm("web1") is Grade.NOTE
    assert found.worst is None
    assert found.urgent == ()


def test_a_lost_node_comes_before_all_else() -> None:
    lost = replace(NODES[2], state=NodeState.UNCLEAN, unclean=True)
    blocked = vm("a-blocked", state=VMState.BLOCKED)
    found = health(replace(cluster(blocked, nodes=(*NODES[:2], lost)), fencing_enabled=False))
    assert [p.node or p.vm for p in found.problems] == ["charlie", "a-blocked", None]
    assert found.worst is not None
    assert "charlie is unclean" in found.worst.text
    assert found.of_node("charlie") is Grade.ERROR


def test_libvirt_that_is_down_and_a_source_that_is_old_are_the_nodes() -> None:
    down = replace(NODES[1], hypervisor=Hypervisor(HypervisorState.DOWN, "refused"))
    old = replace(
        WELL, nodes=(NODES[0], down), stale=(Stale("libvirt", "alpha", 0.0, "no answer"),)
    )
    found = health(old)
    assert found.of_node("alpha") is Grade.WARNING
    assert found.of_node("bravo") is Grade.WARNING
    assert any("refused" in problem.text for problem in found.problems)


def test_a_failure_is_told_with_its_reason() -> None:
    failed = Failure("web1", "bravo", "migrate_to", 1, "no route to host", None)
    ip = Failure("vip", "bravo", "start", 1, "", None)
    found = health(replace(WELL, failures=(failed, ip)))
    assert found.vms["web1"][0].text == "migrate_to of web1 failed on bravo: no route to host"
    assert found.nodes["bravo"][0].text == "start of vip failed on bravo"


def test_a_stalled_copy_is_an_error_until_it_is_guarded() -> None:
    migration = Migration("web1", "alpha", "bravo", Phase.COPYING)
    picture = replace(WELL, migrations=(migration,))
    known = Known(outlooks={"web1": Outlook(Chance.STALLED, "web1 will not arrive")})
    assert health(picture, known).of_vm("web1") is Grade.ERROR
    guarded = replace(picture, vms=(replace(vm(), maintenance=True),))
    assert health(guarded, known).of_vm("web1") is Grade.NOTE


def test_what_the_doctor_calls_wrong_reaches_whom_it_concerns() -> None:
    findings = (
        Finding(Topic.NAMES, "node names", State.WRONG, "delta is 127.0.1.1", node="bravo"),
        Finding(Topic.CPU, "cpu", State.WRONG, "incompatible", node="bravo", concerns=("web1",)),
        Finding(Topic.RESOURCE, "on-fail", State.WARNING, "not set", vm="web1"),
    )
    found = health(WELL, Known(report=Report(findings)))
    assert [p.text for p in found.vms["web1"]] == ["cpu on bravo: incompatible"]
    assert [p.text for p in found.nodes["bravo"]] == ["node names on bravo: delta is 127.0.1.1"]
    assert found.count(Grade.ERROR) == 2


def test_a_migration_that_would_fail_warns_and_a_reboot_is_as_its_owner_wants_it() -> None:
    def grade(passage: Passage) -> Grade:
        return health(WELL, Known(prospects={"web1": Prospect(passage)})).of_vm("web1")

    assert grade(Passage.FAILS) is Grade.WARNING
    assert grade(Passage.REBOOT) is Grade.NOTE
    assert grade(Passage.LIVE) is Grade.FINE
    assert grade(Passage.UNKNOWN) is Grade.FINE


def test_what_happened_and_was_not_looked_at_is_still_to_be_seen() -> None:
    lost = Event(1.0, "node", Severity.BAD, "bravo is offline", node="bravo")
    found = health(WELL, Known(alarms=(lost,)))
    assert found.of_node("bravo") is Grade.ERROR
    assert found.problems[0].kind is Kind.ALARM


def test_a_queue_that_stopped_says_why() -> None:
    waits = Item(Move("web1", "bravo"), "alpha")
    stopped = QueueState((waits,), stopped="web2 failed")
    found = health(WELL, Known(queue=stopped))
    assert found.worst is not None
    assert found.worst.text == "the queue stopped: web2 failed"


def test_a_leftover_constraint_is_to_be_known() -> None:
    left = Constraint("cli-ban-web1-on-bravo", "web1", "bravo", ConstraintKind.BAN)
    found = health(replace(WELL, vms=(replace(vm(), constraints=(left,)),)))
    assert found.of_vm("web1") is Grade.NOTE


def at_other_loads(picture: Cluster, percent: float) -> Cluster:
    return replace(picture, vms=tuple(replace(each, cpu_percent=percent) for each in picture.vms))


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_who_judges_what_is_new_alone_comes_to_the_same_as_who_judges_all(
    scenario: str,
) -> None:
    judge, found = Judge(), Health()
    async with SimulatedBackend(speed=0, scenario=scenario) as backend:
        for after_s in range(12):
            await backend.advance(5)
            picture = backend.picture
            fails = {each.id: Prospect(Passage.FAILS) for each in picture.vms[:after_s]}
            report = Report(tuple(map(finding, range(after_s // 4))))
            known = Known(report, fails)
            assert judge.judge(picture, Known()) == judge_health(picture, Known())
            found = judge.judge(picture, known)
            assert found == judge_health(picture, known)
            assert judge.judge(at_other_loads(picture, after_s), known) is found
    assert found.problems


def finding(number: int) -> Finding:
    return Finding(Topic.CPU, f"check {number}", State.WRONG, "seen", concerns=("web1", "web2"))
