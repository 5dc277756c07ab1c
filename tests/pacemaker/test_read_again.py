"""A CIB that is read after another of its cluster: what still holds is not worked out again, and
all is told as it would be without the other."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.base import Answer
from backends.clusters.live.understanding import Reading, understood
from backends.data.errors import VmferryError
from backends.pacemaker.agents import KNOWN
from backends.pacemaker.cib import Cib, parse_cib
from pacemaker.cibs import answer, cib, history, op, sample, vm
from pacemaker.mutations import mutated

CIBS = [sample("cib-during"), answer("cib-everything")]
KEPT = "<rsc_location id='cli-ban-vm1' rsc='vm1' node='alpha' score='-INFINITY'/>"


def two(constraints: str = "") -> bytes:
    return cib(vm("vm1", {"allow-migrate": "true"}) + vm("vm2"), constraints=constraints)


def test_vms_are_not_worked_out_again_for_a_status_or_a_constraint() -> None:
    before = parse_cib(two())
    for text in (two(KEPT), two().replace(b'num_updates="3"', b'num_updates="4"')):
        again = parse_cib(text, before=before)
        assert again == parse_cib(text)
        assert again != before
        assert kept(again, before) == ["vm1", "vm2"]


def kept(again: Cib, before: Cib) -> list[str]:
    """The VMs that were not worked out again."""
    return [one.id for one in again.vms if any(one is other for other in before.vms)]


def test_what_is_another_vm_s_own_configuration_leaves_the_others_as_they_were() -> None:
    before, text = parse_cib(two()), two().replace(b'value="true"', b'value="false"')
    again = parse_cib(text, before=before)
    assert again == parse_cib(text)
    assert again != before
    assert kept(again, before) == ["vm2"]
    assert kept(parse_cib(two(), before=again), again) == ["vm2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'crm_feature_set="3.16.1"', b'crm_feature_set="3.19.0"'),
        (b"pacemaker-3.8", b"pacemaker-3.9"),
    ],
)
def test_what_counts_for_all_changes_all(old: bytes, new: bytes) -> None:
    before, text = parse_cib(two()), two().replace(old, new)
    again = parse_cib(text, before=before)
    assert kept(again, before) == []
    assert again == parse_cib(text)


def started(rc: int, constraints: str = "") -> bytes:
    status = history(1, "alpha", vm1=[op("vm1", "start", 7, rc=rc)], vm2=[op("vm2", "start", 8)])
    return cib(vm("vm1") + vm("vm2"), constraints=constraints, status=status)


def test_of_what_differs_in_a_history_alone_no_more_is_read() -> None:
    before = parse_cib(started(0))
    text = started(1).replace(b'num_updates="3"', b'num_updates="4"')
    again = parse_cib(text, before=before)
    assert again == parse_cib(text)
    assert again != before and again.obstacles is before.obstacles


def test_unless_it_keeps_the_vm_from_the_node_or_a_rule_may_hold_no_longer() -> None:
    rule = (
        "<rsc_location id='l' rsc='vm1'><rule id='r' score='-INFINITY'>"
        "<date_expression id='e' operation='lt' end='2031-01-01'/></rule></rsc_location>"
    )
    for before, text in ((started(0), started(5)), (started(0, rule), started(1, rule))):
        again = parse_cib(text, before=(known := parse_cib(before)))
        assert again == parse_cib(text)
        assert again.obstacles is not known.obstacles


@given(st.sampled_from(CIBS), st.integers(0, 1 << 64), st.integers(0, 1 << 64))
def test_whatever_was_read_before_changes_nothing(text: bytes, first: int, then: int) -> None:
    before = _read(mutated(text, Random(first)), None) or parse_cib(text)
    now = mutated(text, Random(then))
    assert _read(now, before) == _read(now, None)


@given(st.sampled_from(CIBS), st.integers(0, 1 << 64))
def test_nor_does_what_is_the_same_or_nearly(text: bytes, seed: int) -> None:
    damaged = mutated(text, Random(seed))
    before = _read(damaged, None)
    later = damaged.replace(b'exec-time="', b'exec-time="1', 1)
    later = later.replace(b'rc-code="0', b'rc-code="5', 1)
    for now in (damaged, later):
        assert _read(now, before) == _read(now, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<lrm_resource ", b"<lrm_resource\n"),
        (b"<cib ", b'<cib note="f\xc3\xbcr A & B" '),
        (b"</lrm_resources>", b'<lrm_resource id="alone"/></lrm_resources>'),
    ],
)
def test_what_was_read_as_a_whole_is_so_again(old: bytes, new: bytes) -> None:
    text = started(0).replace(old, new, 1)
    before = parse_cib(text)
    assert parse_cib(text, before=before) == before


def _read(text: bytes, before: Cib | None) -> Cib | None:
    try:
        return parse_cib(text, before=before)
    except VmferryError:
        return None


def test_a_vm_that_is_as_it_was_is_the_same_object_in_the_next_reading() -> None:
    """So nobody joins, compares or draws it again: of 1,000 VMs one has changed."""

    def read(name: str, before: Reading | None = None) -> Reading:
        text = sample(f"cib-{name}")
        mon = Answer(0, sample(f"crm_mon-{name}"))
        answers = {"version": Answer(0, text), "cibadmin": Answer(0, text), "crm_mon": mon}
        return understood("alpha", answers, KNOWN, before)

    before = read("before")
    for name in ("during", "after"):
        again = read(name, before)
        assert again == read(name)
        pairs = list(zip(again.picture.vms, before.picture.vms, strict=True))
        assert [now is old for now, old in pairs] == [now == old for now, old in pairs]
        assert 0 < sum(now is old for now, old in pairs) < len(pairs)
