"""libvirt's statistics as numbers with units; what it does not say stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.hypervisor import stats
from backends.clusters.hypervisor.stats import Domain, DomainState, Job, Sample

DURING: Mapping[str, object] = {
    "type": 2,
    "time_elapsed": 4500,
    "data_total": 1 << 30,
    "data_remaining": 1 << 28,
    "memory_bps": 50 << 20,
    "memory_dirty_rate": 1000,
    "memory_page_size": 4096,
    "memory_iteration": 2,
    "downtime": 250,
}


def test_a_job_in_full_flight() -> None:
    assert stats.job(DURING) == Job(
        elapsed_s=4.5,
        total_bytes=1 << 30,
        remaining_bytes=1 << 28,
        rate_bytes_per_s=50 << 20,
        dirty_rate_bytes_per_s=1000 * 4096,
        iteration=2,
        downtime_ms=250,
    )


def test_in_its_first_second_a_job_knows_only_its_age() -> None:
    assert stats.job({"type": 2, "time_elapsed": 300, "data_total": 0}) == Job(elapsed_s=0.3)


@pytest.mark.parametrize("values", [{}, {"type": 0}, {"type": 0, "data_total": 5}])
def test_where_no_job_runs_there_is_none(values: dict[str, object]) -> None:
    assert stats.job(values) is None


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (1, DomainState.RUNNING),
        (2, DomainState.RUNNING),
        (3, DomainState.PAUSED),
        (4, DomainState.STOPPING),
        (5, DomainState.OFF),
        (6, DomainState.OFF),
        (7, DomainState.PAUSED),
        (0, DomainState.UNKNOWN),
        (99, DomainState.UNKNOWN),
        (None, DomainState.UNKNOWN),
    ],
)
def test_the_state_of_a_domain(number: int | None, state: DomainState) -> None:
    assert stats.domain("web1", {"state.state": number}, None).state is state


def test_what_was_not_asked_this_time_is_kept() -> None:
    full = {"state.state": 1, "vcpu.current": 4, "balloon.maximum": 1 << 20, "cpu.time": 5}
    known = stats.domain("web1", full, None)
    assert (known.vcpus, known.memory_bytes, known.cpu_time_ns) == (4, 1 << 30, 5)
    later = stats.domain("web1", {"state.state": 3}, known)
    assert (later.state, later.vcpus, later.memory_bytes) == (DomainState.PAUSED, 4, 1 << 30)


def test_memory_that_is_only_cache_is_not_used() -> None:
    total = {"total": 1000, "free": 300, "buffers": 100, "cached": 200}
    assert stats.memory(total) == (1000 * 1024, 400 * 1024)
    assert stats.memory({"total": 1000}) == (1000 * 1024, None)
    assert stats.memory({}) == (None, None)


def sample(at_s: float, *domains: Domain, busy: int | None = None, total: int = 0) -> Sample:
    return Sample(
        at_s,
        {each.name: each for each in domains},
        cpu_busy_ns=busy,
        cpu_total_ns=total if busy is not None else None,
    )


def guest(cpu_time_ns: int | None, vcpus: int | None = 2) -> Domain:
    return Domain("web1", DomainState.RUNNING, vcpus=vcpus, cpu_time_ns=cpu_time_ns)


def share(before: Sample | None, now: Sample) -> float | None:
    return stats.with_rates(before, now).domains["web1"].cpu_percent


def test_a_share_is_of_the_vms_own_cpus_together() -> None:
    second = 10**9
    assert share(sample(0, guest(0)), sample(1, guest(second))) == 50.0
    assert share(sample(0, guest(0)), sample(2, guest(second))) == 25.0
    assert share(sample(0, guest(0, None)), sample(1, guest(second, None))) == 100.0


def test_a_first_sample_has_no_rates() -> None:
    assert share(None, sample(0, guest(5))) is None
    assert share(sample(0), sample(1, guest(5))) is None
    assert share(sample(0, guest(None)), sample(1, guest(5))) is None
    assert share(sample(1, guest(0)), sample(1, guest(5))) is None


def test_a_guest_that_began_anew_shows_no_nonsense() -> None:
    assert share(sample(0, guest(10**12)), sample(1, guest(5))) == 0.0


def test_the_load_of_a_node_needs_two_samples() -> None:
    first, second = sample(0, busy=0, total=0), sample(1, busy=30, total=100)
    assert stats.with_rates(None, second).cpu_percent is None
    assert stats.with_rates(first, second).cpu_percent == 30.0


@pytest.mark.parametrize(
    ("cpu", "node", "state", "calm"),
    [
        (40.0, 30.0, DomainState.RUNNING, True),
        (45.0, 26.0, DomainState.RUNNING, True),
        (46.0, 30.0, DomainState.RUNNING, False),
        (40.0, 36.0, DomainState.RUNNING, False),
        (None, 30.0, DomainState.RUNNING, False),
        (40.0, 30.0, DomainState.PAUSED, False),
    ],
)
def test_a_node_is_calm_where_no_load_moved_noticeably(
    cpu: float | None, node: float, state: DomainState, calm: bool
) -> None:
    known = replace(sample(0, replace(guest(0), cpu_percent=40.0)), cpu_percent=30.0)
    now = replace(sample(2, replace(guest(0), cpu_percent=cpu, state=state)), cpu_percent=node)
    assert stats.is_calm(known, now) is calm
    assert not stats.is_calm(None, now)
    assert not stats.is_calm(replace(known, domains={}), now)


VALUES = st.none() | st.integers(-(1 << 63), 1 << 64) | st.text(max_size=5) | st.floats()


@given(st.dictionaries(st.sampled_from([*DURING, "state.state", "cpu.time"]), VALUES))
def test_no_value_of_libvirt_is_a_traceback(values: dict[str, object]) -> None:
    job = stats.job(values)
    assert job is None or job.elapsed_s is None or isinstance(job.elapsed_s, float)
    stats.domain("web1", values, None)
    stats.memory(values)
    stats.cpu(values)
