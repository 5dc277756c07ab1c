"""Pacemaker's half and libvirt's half in one picture: never a number that is not fresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from backends.clusters.hypervisor.stats import Domain, DomainState, Job, Sample, View
from backends.clusters.live.join import Progress, eta_s, join
from backends.data.picture import (
    VM,
    Cluster,
    Hypervisor,
    HypervisorState,
    Migration,
    NodeState,
    Operation,
    Phase,
    Stale,
    VMState,
)
from core.pictures import NODES, GiB, cluster, vm

UP = Hypervisor(HypervisorState.UP, None, 1.0)
DOWN = Hypervisor(HypervisorState.DOWN, "connection refused", 5.0)


def domain(name: str = "web1", state: DomainState = DomainState.RUNNING) -> Domain:
    return Domain(name, state, vcpus=2, memory_bytes=2 * GiB, cpu_percent=40.0)


def view(*domains: Domain, hypervisor: Hypervisor = UP) -> View:
    sample = Sample(
        at_s=0.0,
        domains={each.name: each for each in domains},
        cpus=8,
        cpu_percent=30.0,
        memory_bytes=16 * GiB,
        memory_used_bytes=4 * GiB,
    )
    return View(hypervisor, sample)


def joined(
    picture: Cluster,
    views: Mapping[str, View],
    names: Mapping[str, str] | None = None,
    progress: Mapping[str, Progress] | None = None,
    silence: Stale | None = None,
    before: Cluster | None = None,
) -> Cluster:
    return join(picture, views, names or {"web1": "web1"}, progress or {}, silence, before)


def web1(picture: Cluster) -> VM:
    found = picture.vm("web1")
    assert found is not None
    return found


def numbers(found: VM) -> tuple[int | None, int | None, float | None]:
    return found.vcpus, found.memory_bytes, found.cpu_percent


def test_a_guest_does_not_lose_its_size_with_the_libvirt_of_its_node() -> None:
    seen = joined(cluster(vm()), {"alpha": view(domain())})
    after = joined(cluster(vm()), {"alpha": View(DOWN)}, before=seen)
    assert numbers(web1(after)) == (2, 2 * GiB, None), "its load is not known"
    larger = replace(domain(), vcpus=4, memory_bytes=8 * GiB)
    again = joined(cluster(vm()), {"alpha": view(larger)}, before=after)
    assert numbers(web1(again)) == (4, 8 * GiB, 40.0)


def test_numbers_come_from_the_node_where_pacemaker_runs_it() -> None:
    picture = joined(cluster(vm()), {"alpha": view(domain()), "bravo": view()})
    assert numbers(web1(picture)) == (2, 2 * GiB, 40.0)
    assert web1(picture).state is VMState.RUNNING
    alpha = picture.node("alpha")
    assert alpha is not None
    assert (alpha.cpus, alpha.cpu_percent, alpha.memory_bytes, alpha.memory_used_bytes) == (
        8, 30.0, 16 * GiB, 4 * GiB,
    )  # fmt: skip
    assert alpha.hypervisor == UP
    assert picture.stale == ()


@pytest.mark.parametrize("last", [None, view(domain()).sample])
def test_without_libvirt_there_are_no_numbers_and_the_node_says_so(last: Sample | None) -> None:
    picture = joined(cluster(vm()), {"alpha": View(DOWN, last), "bravo": view()})
    assert numbers(web1(picture)) == (None, None, None)
    assert web1(picture).state is VMState.RUNNING, "Pacemaker still knows"
    alpha = picture.node("alpha")
    assert alpha is not None and alpha.hypervisor == DOWN
    assert (alpha.cpus, alpha.cpu_percent, alpha.memory_used_bytes) == (None, None, None)
    assert picture.stale == (Stale("libvirt", "alpha", 5.0, "connection refused"),)


def test_a_node_that_was_not_asked_yet_is_unknown_and_not_stale() -> None:
    picture = joined(cluster(vm()), {})
    assert numbers(web1(picture)) == (None, None, None)
    assert picture.stale == ()


@pytest.mark.parametrize("state", [NodeState.UNCLEAN, NodeState.OFFLINE])
def test_a_lost_node_keeps_no_numbers_though_its_last_sample_is_there(state: NodeState) -> None:
    lost = cluster(vm(state=VMState.UNKNOWN), nodes=(replace(NODES[0], state=state), *NODES[1:]))
    picture = joined(lost, {"alpha": view(domain())})
    assert (web1(picture).state, numbers(web1(picture))) == (VMState.UNKNOWN, (None, None, None))
    alpha = picture.node("alpha")
    assert alpha is not None
    assert (alpha.cpu_percent, alpha.memory_used_bytes) == (None, None)


@pytest.mark.parametrize(
    ("pacemaker", "libvirt", "shown"),
    [
        (VMState.RUNNING, DomainState.PAUSED, VMState.PAUSED),
        (VMState.RUNNING, DomainState.RUNNING, VMState.RUNNING),
        (VMState.MIGRATING, DomainState.PAUSED, VMState.MIGRATING),
        (VMState.BLOCKED, DomainState.PAUSED, VMState.BLOCKED),
        (VMState.FAILED, DomainState.RUNNING, VMState.FAILED),
    ],
)
def test_paused_is_what_pacemaker_does_not_see(
    pacemaker: VMState, libvirt: DomainState, shown: VMState
) -> None:
    picture = joined(cluster(vm(state=pacemaker)), {"alpha": view(domain(state=libvirt))})
    assert web1(picture).state is shown


def test_the_domain_goes_by_the_name_in_its_file() -> None:
    picture = joined(cluster(vm()), {"alpha": view(domain("web1-guest"))}, {"web1": "web1-guest"})
    assert (web1(picture).domain, web1(picture).cpu_percent) == ("web1-guest", 40.0)


def test_a_guest_that_is_gone_is_unknown_until_pacemaker_notices() -> None:
    picture = joined(cluster(vm()), {"alpha": view(domain("other"))})
    assert (web1(picture).state, numbers(web1(picture))) == (VMState.UNKNOWN, (None, None, None))


def test_where_the_name_is_a_guess_a_missing_domain_proves_nothing() -> None:
    nameless = cluster(replace(vm(), domain=None))
    picture = joined(nameless, {"alpha": view(domain("other"))}, {"x": "y"})
    assert web1(picture).state is VMState.RUNNING


def looked(node: str, rc: int, status: int = 0) -> Operation:
    return Operation(node, "monitor", 1, rc, status, 1.0)


def forgotten(*history: Operation, maintenance: bool = True) -> Cluster:
    """As Pacemaker tells of a VM whose history was wiped, until the probes are in."""
    wiped = vm(node=None, state=VMState.STOPPED)
    return cluster(
        replace(wiped, maintenance=maintenance, managed=not maintenance, history=history)
    )


PENDING = looked("alpha", 193, -1)
RUNS, NOT_THERE = 0, 7


@pytest.mark.parametrize("history", [(), (PENDING,), (looked("alpha", RUNS),)])
@pytest.mark.parametrize("maintenance", [True, False])
def test_a_guest_that_runs_is_not_called_stopped_while_its_history_is_wiped(
    history: tuple[Operation, ...], maintenance: bool
) -> None:
    views = {"alpha": view(domain()), "bravo": view(), "charlie": view()}
    found = web1(joined(forgotten(*history, maintenance=maintenance), views))
    assert (found.state, found.node, found.cpu_percent) == (VMState.RUNNING, "alpha", 40.0)
    assert found.nodes == (), "what Pacemaker holds it active on stays Pacemaker's word"


def test_a_guest_that_switched_over_meanwhile_is_where_it_runs() -> None:
    was = replace(looked("bravo", NOT_THERE), call_id=3)
    views = {"alpha": view(), "bravo": view(domain()), "charlie": view()}
    found = web1(joined(forgotten(was), views))
    assert (found.state, found.node) == (VMState.RUNNING, "bravo")


def test_the_half_copied_guest_on_the_target_is_not_the_one_that_runs() -> None:
    incoming = domain(state=DomainState.PAUSED)
    views = {"alpha": view(domain()), "bravo": view(incoming), "charlie": view()}
    assert web1(joined(forgotten(), views)).node == "alpha"


def test_a_guest_that_runs_twice_is_nowhere_for_sure() -> None:
    views = {"alpha": view(domain()), "bravo": view(domain()), "charlie": view()}
    found = web1(joined(forgotten(), views))
    assert (found.state, found.node) == (VMState.UNKNOWN, None)


def test_where_nobody_has_looked_a_stopped_vm_is_unknown() -> None:
    silent = {"alpha": View(DOWN), "bravo": view(), "charlie": view()}
    assert web1(joined(forgotten(PENDING), silent)).state is VMState.UNKNOWN
    assert web1(joined(forgotten(), {})).state is VMState.UNKNOWN


def test_a_vm_that_was_looked_for_everywhere_is_stopped() -> None:
    everywhere = [looked(node.name, NOT_THERE) for node in NODES]
    for maintenance in (True, False):
        picture = forgotten(*everywhere, maintenance=maintenance)
        assert web1(joined(picture, {})).state is VMState.STOPPED
    three = {"alpha": view(), "bravo": view(), "charlie": view()}
    assert web1(joined(forgotten(), three)).state is VMState.STOPPED, "libvirt runs it nowhere"


def test_a_domain_that_has_just_been_stopped_does_not_come_back() -> None:
    stop = Operation("alpha", "stop", 9, 0, 0, 1.0)
    elsewhere = [looked("bravo", NOT_THERE), looked("charlie", NOT_THERE)]
    stopped = forgotten(stop, *elsewhere, maintenance=False)
    late = {"alpha": view(domain()), "bravo": view(), "charlie": view()}
    assert web1(joined(stopped, late)).state is VMState.STOPPED


def test_silence_of_pacemaker_comes_first() -> None:
    silence = Stale("pacemaker", "alpha", 3.0, "no route")
    picture = joined(cluster(vm()), {"bravo": view(hypervisor=DOWN)}, silence=silence)
    assert picture.stale == (silence, Stale("libvirt", "bravo", 5.0, "connection refused"))
    assert picture.stale_pacemaker() == silence


def moving(phase: Phase = Phase.COPYING) -> Cluster:
    migration = Migration("web1", "alpha", "bravo", phase)
    return replace(cluster(vm(state=VMState.MIGRATING)), migrations=(migration,))


JOB = Job(
    elapsed_s=30.0,
    total_bytes=100 << 20,
    remaining_bytes=25 << 20,
    rate_bytes_per_s=10 << 20,
    dirty_rate_bytes_per_s=5 << 20,
    iteration=3,
    downtime_ms=300,
)


def followed(
    job: Job | None, phase: Phase = Phase.COPYING, elapsed_s: float = 30.0, *bravo: Domain
) -> Migration:
    views = {"alpha": view(domain()), "bravo": view(*bravo)}
    picture = joined(moving(phase), views, progress={"web1": Progress(elapsed_s, job)})
    (migration,) = picture.migrations
    return migration


def test_a_job_fills_the_migration() -> None:
    found = followed(JOB)
    assert (found.percent, found.remaining_bytes, found.total_bytes) == (75.0, 25 << 20, 100 << 20)
    assert (found.rate_bytes_per_s, found.dirty_rate_bytes_per_s) == (10 << 20, 5 << 20)
    assert (found.iteration, found.downtime_ms, found.elapsed_s) == (3, 300, 30.0)
    assert (found.eta_s, found.deadline_s) == (5.0, 90.0)


def test_before_the_first_statistics_only_time_is_known() -> None:
    found = followed(None, elapsed_s=0.4)
    assert (found.percent, found.remaining_bytes, found.eta_s) == (None, None, None)
    assert (found.elapsed_s, found.deadline_s) == (0.4, 120.0)


def test_a_migration_that_nobody_follows_yet_is_left_as_pacemaker_says() -> None:
    (found,) = joined(moving(), {}).migrations
    assert found == Migration("web1", "alpha", "bravo", Phase.COPYING)


def test_the_deadline_never_goes_below_zero() -> None:
    assert followed(JOB, elapsed_s=500.0).deadline_s == 0.0


def test_after_the_copy_there_is_no_deadline_of_it() -> None:
    found = followed(JOB, Phase.STOPPING)
    assert (found.deadline_s, found.percent) == (None, 100.0)


def test_the_guest_running_on_the_target_has_switched_over() -> None:
    assert followed(JOB, Phase.COPYING, 30.0, domain()).phase is Phase.SWITCHING
    incoming = domain(state=DomainState.PAUSED)
    assert followed(JOB, Phase.COPYING, 30.0, incoming).phase is Phase.COPYING


@pytest.mark.parametrize(
    ("remaining", "rate", "dirty", "eta"),
    [
        (100, 10, 0, 10.0),
        (100, 10, None, 10.0),
        (100, 10, 5, 20.0),
        (100, 10, 10, None),
        (100, 10, 11, None),
        (100, 0, 0, None),
        (100, None, None, None),
        (None, 10, 0, None),
        (0, 10, 0, 0.0),
    ],
)
def test_an_end_is_foretold_only_where_there_is_one(
    remaining: int | None, rate: int | None, dirty: int | None, eta: float | None
) -> None:
    job = Job(remaining_bytes=remaining, rate_bytes_per_s=rate, dirty_rate_bytes_per_s=dirty)
    assert eta_s(job) == eta


def test_a_page_more_or_less_is_no_new_picture() -> None:
    def used(extra: int) -> Cluster:
        full = view(domain())
        assert full.sample is not None
        sample = replace(full.sample, memory_used_bytes=4 * GiB + extra)
        return joined(cluster(vm()), {"alpha": View(UP, sample)})

    assert used(0) == used(4096)
    assert used(0) != used(64 << 20)
