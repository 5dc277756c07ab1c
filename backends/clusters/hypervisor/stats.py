"""libvirt's statistics into numbers with units. Pure, and without libvirt itself.

Sources: libvirt's `virConnectGetAllDomainStats`, `virDomainGetJobStats`, `virNodeGetCPUStats` and
`virNodeGetMemoryStats` documentation; jobs as seen from libvirt 9.0 with QEMU 7.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from backends.data.picture import Hypervisor

KiB = 1024
SHORTEST_NS = 100_000_000
"""Over less time a percentage is noise."""
NOTICED_PERCENT = 5.0
"""A load that moved by less looks the same."""


class DomainState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    OFF = "off"
    UNKNOWN = "unknown"


_STATES = {
    1: DomainState.RUNNING,  # VIR_DOMAIN_RUNNING
    2: DomainState.RUNNING,  # VIR_DOMAIN_BLOCKED: running, waiting for a resource
    3: DomainState.PAUSED,  # VIR_DOMAIN_PAUSED
    4: DomainState.STOPPING,  # VIR_DOMAIN_SHUTDOWN
    5: DomainState.OFF,  # VIR_DOMAIN_SHUTOFF
    6: DomainState.OFF,  # VIR_DOMAIN_CRASHED
    7: DomainState.PAUSED,  # VIR_DOMAIN_PMSUSPENDED
}


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain on one node. `cpu_percent` is of its own vCPUs together; the time from which it is
    worked out makes it no other domain."""

    name: str
    state: DomainState
    vcpus: int | None = None
    memory_bytes: int | None = None
    cpu_time_ns: int | None = field(default=None, compare=False)
    cpu_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What one node's libvirt said at one moment (`at_s` on a monotonic clock)."""

    at_s: float = field(compare=False)
    domains: Mapping[str, Domain]
    cpus: int | None = None
    cpu_busy_ns: int | None = field(default=None, compare=False)
    cpu_total_ns: int | None = field(default=None, compare=False)
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    memory_used_bytes: int | None = None

    @property
    def lacks_rates(self) -> bool:
        """Whether only another sample is missing for its percentages."""
        return self.cpu_percent is None and self.cpu_total_ns is not None


@dataclass(frozen=True, slots=True)
class View:
    """What is known of one node's libvirt; without a sample nothing is."""

    hypervisor: Hypervisor
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """The statistics of an outgoing migration; all `None` in its first second."""

    elapsed_s: float | None = None
    total_bytes: int | None = None
    remaining_bytes: int | None = None
    rate_bytes_per_s: int | None = None
    dirty_rate_bytes_per_s: int | None = None
    iteration: int | None = None
    downtime_ms: int | None = None


def domain(name: str, stats: Mapping[str, object], known: Domain | None) -> Domain:
    """One entry of getAllDomainStats; what its groups leave out is kept from `known`."""
    vcpus = _integer(stats.get("vcpu.current"))
    memory_kib = _integer(stats.get("balloon.maximum"))
    state = _STATES.get(_integer(stats.get("state.state")) or 0, DomainState.UNKNOWN)
    return Domain(
        name=name,
        state=state,
        vcpus=vcpus if vcpus is not None else (known.vcpus if known else None),
        memory_bytes=(
            memory_kib * KiB if memory_kib is not None else (known.memory_bytes if known else None)
        ),
        cpu_time_ns=_integer(stats.get("cpu.time")),
    )


def memory(stats: Mapping[str, object]) -> tuple[int | None, int | None]:
    """Total and used bytes of a node: what is neither free nor cache is used."""
    total = _integer(stats.get("total"))
    free = [_integer(stats.get(name)) for name in ("free", "buffers", "cached")]
    if total is None or free[0] is None:
        return (total * KiB if total is not None else None), None
    return total * KiB, (total - sum(part or 0 for part in free)) * KiB


def cpu(stats: Mapping[str, object]) -> tuple[int | None, int | None]:
    """Busy and total nanoseconds of all cores of a node since it booted."""
    parts = {name: _integer(stats.get(name)) for name in ("kernel", "user", "idle", "iowait")}
    if parts["idle"] is None:
        return None, None
    total = sum(part or 0 for part in parts.values())
    return total - parts["idle"] - (parts["iowait"] or 0), total


def with_rates(before: Sample | None, now: Sample) -> Sample:
    """The sample with its percentages, which need the one before.

    One that follows too soon keeps its percentages, and its counters for the next to count from.
    """
    if before is None:
        return now
    elapsed_ns = (now.at_s - before.at_s) * 1e9
    if elapsed_ns < SHORTEST_NS:
        return _carried_over(before, now)
    domains = {
        name: replace(domain, cpu_percent=_share(before.domains.get(name), domain, elapsed_ns))
        for name, domain in now.domains.items()
    }
    percent = now.cpu_percent
    if None not in (now.cpu_busy_ns, now.cpu_total_ns, before.cpu_busy_ns, before.cpu_total_ns):
        total = (now.cpu_total_ns or 0) - (before.cpu_total_ns or 0)
        busy = (now.cpu_busy_ns or 0) - (before.cpu_busy_ns or 0)
        percent = _percent(busy, total) if total > 0 else before.cpu_percent
    return replace(now, domains=domains, cpu_percent=percent)


def is_calm(before: Sample | None, now: Sample) -> bool:
    """Whether nothing that the eye would notice has moved from one sample to the next."""
    if before is None or before.domains.keys() != now.domains.keys():
        return False
    loads = [(before.cpu_percent, now.cpu_percent)]
    for name, domain in now.domains.items():
        known = before.domains[name]
        if known.state is not domain.state:
            return False
        loads.append((known.cpu_percent, domain.cpu_percent))
    return all(
        old is not None and new is not None and abs(new - old) <= NOTICED_PERCENT
        for old, new in loads
    )


def _carried_over(before: Sample, now: Sample) -> Sample:
    return replace(
        now,
        at_s=before.at_s,
        cpu_busy_ns=before.cpu_busy_ns,
        cpu_total_ns=before.cpu_total_ns,
        cpu_percent=before.cpu_percent,
        domains={
            name: replace(domain, cpu_time_ns=old.cpu_time_ns, cpu_percent=old.cpu_percent)
            if (old := before.domains.get(name))
            else domain
            for name, domain in now.domains.items()
        },
    )


def _share(before: Domain | None, now: Domain, elapsed_ns: float) -> float | None:
    if before is None or before.cpu_time_ns is None or now.cpu_time_ns is None or elapsed_ns <= 0:
        return None
    return _percent(now.cpu_time_ns - before.cpu_time_ns, elapsed_ns * (now.vcpus or 1))


def _percent(part: float, whole: float) -> float:
    """Whole percents: finer steps would redraw the screen for nothing anybody sees."""
    return float(round(100 * max(0.0, min(1.0, part / whole))))


def job(stats: Mapping[str, object]) -> Job | None:
    """A migration job, or `None` where no job runs (`type` 0)."""
    if not _integer(stats.get("type")):
        return None
    elapsed = _integer(stats.get("time_elapsed"))
    total = _integer(stats.get("data_total"))
    if not total:
        return Job(elapsed_s=elapsed / 1000 if elapsed is not None else None)
    page = _integer(stats.get("memory_page_size")) or 4096
    dirty_pages = _integer(stats.get("memory_dirty_rate"))
    return Job(
        elapsed_s=elapsed / 1000 if elapsed is not None else None,
        total_bytes=total,
        remaining_bytes=_integer(stats.get("data_remaining")),
        rate_bytes_per_s=_integer(stats.get("memory_bps")),
        dirty_rate_bytes_per_s=dirty_pages * page if dirty_pages is not None else None,
        iteration=_integer(stats.get("memory_iteration")),
        downtime_ms=_integer(stats.get("downtime")),
    )


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None
