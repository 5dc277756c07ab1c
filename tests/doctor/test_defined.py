"""What libvirt itself has defined must not stand in a VM's way, nor start it."""

from __future__ import annotations

import pytest

from backends.data.examination import Effect, Finding, Output, State, Way
from backends.doctor.defined import judge, parse_defined
from doctor.cases import found, make

UUID = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
XML = f"<domain type='kvm' id='1'><name>web1</name><uuid>{UUID}</uuid></domain>\n"


def listed(*pairs: tuple[str, str], autostart: tuple[str, ...] = ()) -> str:
    """As virsh prints both tables (`cmdList`, virsh-domain-monitor.c: %-36s %-30s)."""
    lines = [f"{uuid:<36} {name:<30}\n" for uuid, name in pairs]
    return "".join([*lines, "\n#autostart\n", *(f"{name}\n" for name in autostart), "\n"])


def on_bravo(text: str | Output) -> list[Finding]:
    alpha = {"domains": XML, "defined domains": listed()}
    case = make({"alpha": alpha, "bravo": {"defined domains": text}})
    return [each for each in judge(case) if each.node == "bravo"]


def test_both_tables_are_understood() -> None:
    defined = parse_defined(listed((UUID, "a b"), (OTHER, "db"), autostart=("db",)))
    assert defined.uuids == {"a b": UUID, "db": OTHER} and defined.autostart == {"db"}


@pytest.mark.parametrize("pairs", [[], [(UUID, "web1")], [(OTHER, "elsewhere")]])
def test_what_is_in_no_way(pairs: list[tuple[str, str]]) -> None:
    assert [each.state for each in on_bravo(listed(*pairs))] == [State.OK]


@pytest.mark.parametrize("pair", [(OTHER, "web1"), (UUID, "old-web1")])
def test_another_domain_in_its_place_keeps_it_away(pair: tuple[str, str]) -> None:
    (finding,) = on_bravo(listed(pair))
    assert (finding.state, finding.vm) == (State.WRONG, "web1")
    assert finding.effect is Effect.SENDING_FAILS and finding.ways == (Way(target="bravo"),)
    assert finding.cures[0].lines == (f"virsh -c qemu:///system undefine {pair[1]}",)


def test_a_vm_that_libvirt_starts_by_itself_is_wrong() -> None:
    (finding,) = on_bravo(listed((UUID, "web1"), autostart=("web1",)))
    assert finding.state is State.WRONG and "run twice" in finding.why
    assert finding.cures[0].lines == ("virsh -c qemu:///system autostart --disable web1",)


def test_no_answer_is_unknown() -> None:
    assert [each.state for each in on_bravo(Output())] == [State.UNKNOWN]
    assert not found(judge, make(vms=()))
