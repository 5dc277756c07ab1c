"""How often the doctor looks by itself, and that it does not look at everything for every VM."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backends.data.examination import Finding, Report, State, Topic
from backends.doctor.effort import Effort
from backends.doctor.pace import SHARE, rest_s
from backends.doctor.uris import routes
from doctor.cases import make, resource, vm
from widgets.doctor_rows import Examination

VMS = ("web1", "web2", "db1")


async def test_work_in_threads_is_counted() -> None:
    effort = Effort()
    assert await effort.of(lambda: sum(range(200_000))) == 19_999_900_000
    once = effort.worked_s
    await effort.of(lambda: sum(range(200_000)))
    assert effort.worked_s > once > 0


@given(st.floats(0, 1e6), st.booleans(), st.floats(0, 1e9))
def test_by_itself_it_never_takes_more_than_its_share(
    worked_s: float, changed: bool, later_s: float
) -> None:
    report = Report((), worked_s=worked_s)
    known = Examination(report, at=0.0, stale_since=1.0 if changed else None)
    if known.is_old(later_s):
        assert worked_s <= SHARE * later_s * (1 + 1e-9)
    assert Examination(report, at=0.0, stale_since=1.0).is_old(rest_s(worked_s) + 1)


def test_one_that_failed_is_made_again_at_once() -> None:
    assert Examination(Report((), worked_s=60.0), at=0.0, failed="no answer").is_old(1.0)


def test_vms_that_go_one_way_are_judged_as_one() -> None:
    ways: tuple[dict[str, str], ...] = ({}, {}, {"migration_transport": "ssh"})
    vms = [(vm(name), resource(name, way or None)) for name, way in zip(VMS, ways, strict=True)]
    assert [ids for _, ids in routes(make(vms=vms))] == [("web1", "web2"), ("db1",)]


findings = st.builds(
    Finding,
    st.just(Topic.CPU),
    st.text("abc", min_size=1, max_size=3),
    st.just(State.WRONG),
    st.just(""),
    vm=st.sampled_from([None, *VMS]),
    concerns=st.lists(st.sampled_from(VMS), unique=True).map(tuple),
)


@given(st.lists(findings, max_size=12))
def test_what_is_about_a_vm_is_found_in_its_order(found: list[Finding]) -> None:
    report = Report(tuple(found))
    for name in VMS:
        assert list(report.about(name)) == [each for each in found if each.about(name)]
