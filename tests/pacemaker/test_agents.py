"""Whoever runs a guest is on the board: of any agent, as an orphan, on two nodes."""

from __future__ import annotations

import pytest

from backends.data.picture import Cluster, VMState
from backends.doctor.configuration import parse_configuration
from backends.pacemaker.agents import ALTEEVE_SERVER, KNOWN, Agent, Agents
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import parse_status
from pacemaker.cibs import cib, history, op, vm

XCAT = "ocf:ccni:xcatVirtualDomain"
OWN = Agents([Agent(XCAT, "nodename", {"migration_transport": "via"}), Agent("ocf:site:Domain")])


@pytest.mark.parametrize(
    ("agent", "runs"),
    [
        ("ocf:heartbeat:VirtualDomain", True),
        ("ocf:seapath:VirtualDomain", True),
        ("ocf:vds-ok:VirtualDomain", True),
        (ALTEEVE_SERVER, True),
        (XCAT, False),
        ("stonith:VirtualDomain", False),
        ("ocf:heartbeat:Xen", False),
        ("VirtualDomain", False),
        ("", False),
    ],
)
def test_virtual_domain_runs_vms_whoever_provides_it(agent: str, runs: bool) -> None:
    assert KNOWN.runs_a_domain(agent) is runs


def site(*, agents: Agents) -> Cluster:
    kind = 'class="ocf" provider="ccni" type="xcatVirtualDomain"'
    text = cib(vm("v", {}, parameters={"nodename": "compute", "via": "tls"}, attributes=kind))
    status = parse_status(b"<crm_mon><nodes/></crm_mon>")
    return pacemaker_picture(status, parse_cib(text, agents=agents), agents)


def test_an_agent_that_the_configuration_names_runs_vms() -> None:
    assert site(agents=KNOWN).vms == ()
    assert [(found.id, found.domain) for found in site(agents=OWN).vms] == [("v", "compute")]


def test_its_parameters_are_read_by_what_they_mean() -> None:
    kind = 'class="ocf" provider="ccni" type="xcatVirtualDomain"'
    given = {"nodename": "compute", "via": "tls", "migration_transport": "not its own"}
    text = cib(vm("v", {}, parameters=given, attributes=kind))
    read = parse_configuration(text, OWN).resources["v"]
    assert read.is_vm and read.parameters == {"nodename": "compute", "migration_transport": "tls"}
    assert not parse_configuration(text).resources["v"].is_vm


def mon(*resources: str) -> bytes:
    nodes = "".join(f'<node name="{n}" id="{n}" online="true"/>' for n in ("alpha", "bravo"))
    shown = f"<nodes>{nodes}</nodes><resources>{''.join(resources)}</resources>"
    return f"<crm_mon>{shown}</crm_mon>".encode()


def shown(
    name: str, *nodes: str, rest: str = "", agent: str = "ocf:heartbeat:VirtualDomain"
) -> str:
    places = "".join(f'<node name="{node}" id="{node}" cached="true"/>' for node in nodes)
    role = "Started" if nodes else "Stopped"
    return (
        f'<resource id="{name}" resource_agent="{agent}" role="{role}" active="true" '
        f'managed="true" failed="false" {rest}>{places}</resource>'
    )


@pytest.mark.parametrize("word", ["orphaned", "removed"])
def test_a_vm_that_runs_as_an_orphan_is_there(word: str) -> None:
    """`removed` is what it is called since API 2.41."""
    text = cib(vm("web1"), status=history(1, "alpha", gone=[op("gone", "start", 4)]))
    resources = [
        shown("web1", "bravo"),
        shown("gone", "alpha", rest=f'{word}="true"'),
        shown("ended", rest=f'{word}="true"'),
        shown("ip", "alpha", rest=f'{word}="true"', agent="ocf:heartbeat:IPaddr2"),
    ]
    picture = pacemaker_picture(parse_status(mon(*resources)), parse_cib(text))
    (web1, gone) = picture.vms
    assert (web1.id, web1.orphan) == ("web1", False)
    assert (gone.id, gone.state, gone.node, gone.orphan) == ("gone", VMState.RUNNING, "alpha", True)
    assert gone.live_migration.possible is False and [o.task for o in gone.history] == ["start"]


@pytest.mark.parametrize("ids", [("web1", "web1"), ("web1:0", "web1:1")])
def test_a_cloned_vm_is_wherever_an_instance_of_it_is(ids: tuple[str, str]) -> None:
    resources = [shown(ids[0], "alpha"), shown(ids[1], "bravo"), shown(ids[1])]
    status = parse_status(mon(f'<clone id="c">{"".join(resources)}</clone>'))
    (found,) = pacemaker_picture(status, parse_cib(cib(f'<clone id="c">{vm("web1")}</clone>'))).vms
    assert (found.state, found.nodes) == (VMState.RUNNING, ("alpha", "bravo"))
