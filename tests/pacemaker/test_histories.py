"""A CIB's histories, cut out of its text: the same as where they are looked for in the whole."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from backends.data.errors import BadAnswer
from backends.data.picture import Operation
from backends.pacemaker import histories
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.xml import number, parse
from pacemaker.cibs import answer, cib, history, op, sample
from pacemaker.mutations import mutated

CIBS = [
    sample("cib-during"),
    answer("cib-everything"),
    cib("", status=history(1, "alpha", vm1=[op("vm1", "start", 7)], vm2=[]) + history(2, "bravo")),
]
HEAD = b'<node_state id="9" uname="%s"'


def told(text: bytes, known: histories.Told | None = None) -> histories.Told:
    return histories.taken_out(text, "cibadmin", known or {}).told


def in_the_whole(text: bytes) -> list[tuple[str, str, int]]:
    """Node, resource and call, sorted."""
    return sorted(
        (state.get("uname", ""), resource.get("id", ""), number(entry.get("call-id")) or 0)
        for state in parse(text, "cibadmin").iterfind("status/node_state")
        for resource in state.iterfind("lrm/lrm_resources/lrm_resource")
        for entry in resource.iterfind("lrm_rsc_op")
    )


def cut_out(text: bytes) -> list[tuple[str, str, int]]:
    return sorted(
        (operation.node, resource, operation.call_id)
        for resource, operations in histories.operations(told(text)).items()
        for operation in operations
    )


@pytest.mark.parametrize("text", CIBS, ids=["during", "everything", "by hand"])
def test_nothing_is_left_behind(text: bytes) -> None:
    assert cut_out(text) == in_the_whole(text) != []
    root = histories.taken_out(text, "cibadmin", {}).root
    assert not list(root.iter("lrm_resource"))
    whole = etree.fromstring(text)
    for resources in whole.iter("lrm_resources"):
        etree.strip_elements(resources, "lrm_resource", with_tail=False)
    assert etree.tostring(root, method="c14n") == etree.tostring(whole, method="c14n")


@pytest.mark.parametrize("text", CIBS, ids=["during", "everything", "by hand"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<status>", b"<status>" + HEAD % b"gone" + b"/>"),
        (b"<status>", b"<!-- <status> <node_state </lrm_resource> --><status>"),
        (b"</status>", HEAD % b"late" + b"></node_state></status>"),
        (b"</lrm_resources>", b'<lrm_resource id="alone"/></lrm_resources>'),
        (b"</lrm_resource>", b"</lrm_resource ><!-- -->"),
        (b"<lrm_resource ", b"<lrm_resource\n"),
        (b"</lrm_resources>", b"\n<!-- </lrm_resource> --></lrm_resources>"),
        (b"<lrm_resources>", b'<lrm_resources><lrm_resource id="first"/>'),
        (b"</node_state>", b"<lrm_resource id='astray'><lrm_rsc_op/></lrm_resource></node_state>"),
        (b'uname="bravo"', b'uname="alpha"'),
        (b"<cib ", b'<?xml version="1.0" encoding="ISO-8859-1"?><cib '),
        (b'exec-time="', b'note="\xc3\xa9 <lrm_resource a=b></lrm_resource>" exec-time="'),
    ],
)
def test_however_it_is_written(text: bytes, old: bytes, new: bytes) -> None:
    written = text.replace(old, new)
    assert written != text
    assert cut_out(written) == in_the_whole(written)


@given(st.sampled_from(CIBS), st.integers(0, 1 << 64))
def test_what_is_damaged_tells_what_the_whole_does(text: bytes, seed: int) -> None:
    damaged = mutated(text, Random(seed))
    try:
        whole = in_the_whole(damaged)
    except BadAnswer:
        return
    assert cut_out(damaged) == whole


def test_what_stands_there_as_before_is_the_same_object() -> None:
    before = told(sample("cib-before"))
    during = told(sample("cib-during"), before)
    kept = [key for key in during if key in before]
    assert 0 < len(kept) < len(during)
    assert all(during[key] is before[key] for key in kept)
    keys = {id(key) for key in before}
    assert all(id(key) in keys for key in during if key in kept), "their words are kept once"
    assert during == told(sample("cib-during"))


def test_the_same_words_on_another_node_are_another_history() -> None:
    entries = [op("vm1", "start", 7)]
    before = parse_cib(cib("", status=history(1, "alpha", vm1=entries)))
    after = parse_cib(cib("", status=history(1, "bravo", vm1=entries)), before=before)

    def nodes(operations: tuple[Operation, ...]) -> list[str]:
        return [operation.node for operation in operations]

    assert nodes(before.history["vm1"]) == ["alpha"]
    assert nodes(after.history["vm1"]) == ["bravo"]
