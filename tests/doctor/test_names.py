"""Names, host UUIDs and clocks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.data.examination import Output, State
from backends.doctor.case import Case
from backends.doctor.names import further_probes, judge, probes, resolved
from doctor.cases import Text, found, lines, make, only, resource, vm

NAMES = "#alpha\n10.0.0.1  STREAM alpha\n10.0.0.1  DGRAM\n#bravo\n10.0.0.2  STREAM bravo\n"


def uuid(text: str) -> str:
    return f"<capabilities><host><uuid>{text}</uuid></host></capabilities>"


def answers(own: str, **changed: Text) -> dict[str, Text]:
    good: dict[str, Text] = {
        "names": NAMES,
        "hostname": f"{own}\n",
        "clock": "1000.5\n",
        "capabilities": uuid(own),
    }
    return {**good, **changed}


def pair(alpha: dict[str, Text], bravo: dict[str, Text]) -> Case:
    return make({"alpha": alpha, "bravo": bravo}, answered_at=1000.5)


def test_healthy_names() -> None:
    case = pair(answers("alpha"), answers("bravo"))
    assert {state for state, _, _ in found(judge, case)} == {State.OK}


@pytest.mark.parametrize("loop", ["127.0.0.1", "127.0.1.1", "::1"])
def test_another_node_at_loopback_is_wrong(loop: str) -> None:
    case = pair(answers("alpha", names=NAMES.replace("10.0.0.2", loop)), answers("bravo"))
    assert found(judge, case, "node names") == [
        (State.WRONG, "alpha", None),
        (State.OK, "bravo", None),
    ]


def test_its_own_name_at_loopback_is_a_warning() -> None:
    case = pair(answers("alpha", names=NAMES.replace("10.0.0.1", "127.0.1.1")), answers("bravo"))
    assert (State.WARNING, "alpha", None) in found(judge, case, "node names")


def test_a_name_that_does_not_resolve_is_wrong() -> None:
    case = pair(answers("alpha", names="#alpha\n10.0.0.1 STREAM\n#bravo\n"), answers("bravo"))
    finding = next(each for each in judge(case) if each.state is State.WRONG)
    assert (finding.node, finding.seen) == ("alpha", "bravo does not resolve")
    assert lines(finding) == ["ADDRESS bravo"] and finding.cures[0].file == "/etc/hosts"


def test_names_with_the_suffix_of_the_migration_network_are_asked_for() -> None:
    own = resource(parameters={"migration_transport": "tcp", "migration_network_suffix": "-mig"})
    case = make(vms=[(vm(), own)])
    script = next(each.script for each in probes(case, "alpha") if each.name == "names")
    assert "alpha-mig" in script and "bravo-mig" in script


def test_a_name_that_leads_no_vm_is_no_more_than_a_warning() -> None:
    own = resource(parameters={"migration_transport": "tcp", "migration_network_suffix": "-mig"})
    texts = "#alpha\n10.0.0.1 STREAM\n#bravo\n{}#alpha-mig\n10.1.0.1 STREAM\n#bravo-mig\n{}"
    good = texts.format("10.0.0.2 STREAM\n", "10.1.0.2 STREAM\n")
    for broken, state in (
        (texts.format("", "10.1.0.2 STREAM\n"), State.WARNING),
        (texts.format("127.0.0.1 STREAM\n", "10.1.0.2 STREAM\n"), State.WARNING),
        (texts.format("10.0.0.2 STREAM\n", ""), State.WRONG),
    ):
        case = make(
            {"alpha": answers("alpha", names=broken), "bravo": answers("bravo", names=good)},
            vms=[(vm(), own)],
            answered_at=1000.5,
        )
        assert found(judge, case, "node names") == [
            (state, "alpha", None),
            (State.OK, "bravo", None),
        ]


def test_a_host_name_that_is_another_than_the_node_s_must_resolve_on_the_others() -> None:
    case = pair(answers("alpha"), answers("bravo", hostname="bravo.example.com\n"))
    asked = list(further_probes(case, "alpha"))
    assert len(asked) == 1 and "bravo.example.com" in asked[0].script
    assert not list(further_probes(case, "bravo"))
    case = pair(
        answers("alpha", **{"host names": "#bravo.example.com\n"}),
        answers("bravo", hostname="bravo.example.com\n"),
    )
    finding = next(each for each in judge(case) if each.state is State.WRONG)
    assert (finding.node, finding.seen) == ("alpha", "bravo.example.com does not resolve")


def test_a_host_that_calls_itself_localhost_is_wrong() -> None:
    case = pair(answers("alpha", hostname="localhost.localdomain\n"), answers("bravo"))
    assert only(judge, case, "host name").node == "alpha"


def test_equal_host_uuids_are_wrong_on_each_of_them() -> None:
    case = pair(answers("alpha", capabilities=uuid("x")), answers("bravo", capabilities=uuid("x")))
    assert found(judge, case, "host UUID") == [
        (State.WRONG, "alpha", None),
        (State.WRONG, "bravo", None),
    ]


@pytest.mark.parametrize("broken", [Output(), Output(1, "", "error: no"), Output(0, "<capab")])
def test_a_uuid_that_is_not_told_is_unknown(broken: Output) -> None:
    case = pair(answers("alpha", capabilities=broken), answers("bravo"))
    assert (State.UNKNOWN, "alpha", None) in found(judge, case, "host UUID")


def test_modular_daemons_have_their_host_uuid_in_the_file_of_the_one_that_runs_guests() -> None:
    equal = answers("x", processes="1 virtqemud /usr/sbin/virtqemud\n")
    finding = next(each for each in judge(pair(equal, equal)) if each.check == "host UUID")
    assert finding.cures[0].file == "/etc/libvirt/virtqemud.conf"
    assert "systemctl restart virtqemud" in lines(finding)


def test_clocks_that_differ_are_a_warning() -> None:
    case = pair(answers("alpha", clock="1060.1\n"), answers("bravo"))
    finding = only(judge, case, "clock")
    assert (finding.state, finding.node) == (State.WARNING, "alpha")
    assert "bravo is behind alpha by 60 s" in finding.seen


def test_a_slow_answer_is_no_difference_of_clocks() -> None:
    case = pair(answers("alpha", clock="990.5\n"), answers("bravo"))
    slow = replace(case.facts["alpha"], asked_at=990.0, answered_at=1000.5)
    case = replace(case, facts={**case.facts, "alpha": slow})
    assert only(judge, case, "clock").state is State.OK


def test_a_clock_that_says_nothing_is_unknown() -> None:
    case = pair(answers("alpha", clock=Output(127)), answers("bravo"))
    assert found(judge, case, "clock") == [(State.UNKNOWN, "alpha", None)]


@given(st.text(max_size=300))
def test_any_answer_of_getent_can_be_read(text: str) -> None:
    for addresses in resolved(Output(0, text)).values():
        assert all(addresses)
