"""Recorded inputs as Pacemaker 2.1.5 writes them, made from what they are to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backends.past.inputs import Input, read_input
from backends.past.recorded import Recorded

NODES = ("alpha", "bravo", "charlie")


def operation(
    task: str,
    at: int,
    took_s: float = 1.0,
    *,
    rc: int = 0,
    status: int = 0,
    call: int = 10,
    to: str | None = None,
    reason: str = "",
) -> str:
    """One entry of a history, of the VM and node under which it is put."""
    own = task in ("migrate_to", "migrate_from")
    way = f'migrate_source="x" migrate_target="{to}"' if to else ""
    return (
        f'<lrm_rsc_op id="{{vm}}_{task if own else "last"}_0" operation="{task}" call-id="{call}" '
        f'transition-key="1:2:0:u{at}" transition-magic="{status}:{rc};1:2:0:u{at}" {way} '
        f'rc-code="{rc}" op-status="{status}" interval="0" last-rc-change="{at}" '
        f'exec-time="{int(took_s * 1000)}" exit-reason="{reason}"/>'
    )


def cib(
    at: int,
    history: Mapping[tuple[str, str], Iterable[str]] | None = None,
    *,
    down: Iterable[str] = (),
    fenced: Iterable[str] = (),
    standby: Iterable[str] = (),
    constraints: str = "",
    who: str = "root",
    client: str = "crm_resource",
    password: str = "Tr0ub4dor",
) -> bytes:
    """A CIB; `history` by VM and node."""
    nodes = "".join(
        f'<node id="{n + 1}" uname="{name}"><instance_attributes id="a{n}">'
        f'<nvpair id="s{n}" name="standby" value="{"on" if name in standby else "off"}"/>'
        "</instance_attributes></node>"
        for n, name in enumerate(NODES)
    )
    vms = sorted({vm for vm, _ in history or {}} | {"web"})
    resources = "".join(
        f'<primitive id="{vm}" class="ocf" provider="heartbeat" type="VirtualDomain"/>'
        for vm in vms
    )
    states = ""
    for n, name in enumerate(NODES):
        away = name in {*down, *fenced}
        lrm = "".join(
            f'<lrm_resource id="{vm}" class="ocf" provider="heartbeat" type="VirtualDomain">'
            + "".join(each.format(vm=vm) for each in entries)
            + "</lrm_resource>"
            for (vm, node), entries in (history or {}).items()
            if node == name
        )
        states += (
            f'<node_state id="{n + 1}" uname="{name}" in_ccm="{str(not away).lower()}" '
            f'crmd="{"offline" if away else "online"}" join="{"down" if away else "member"}" '
            f'expected="{"down" if name in fenced else "member"}">'
            f'<lrm id="{n + 1}"><lrm_resources>{lrm}</lrm_resources></lrm></node_state>'
        )
    return (
        f'<cib admin_epoch="0" epoch="{at}" num_updates="0" dc-uuid="1" have-quorum="1" '
        f'execution-date="{at}" update-user="{who}" update-client="{client}" '
        f'update-origin="alpha"><configuration><crm_config/><nodes>{nodes}</nodes><resources>'
        f'<primitive id="fence" class="stonith" type="fence_ipmilan"><instance_attributes id="f">'
        f'<nvpair id="fp" name="passwd" value="{password}"/></instance_attributes></primitive>'
        f"{resources}</resources><constraints>{constraints}</constraints></configuration>"
        f"<status>{states}</status></cib>"
    ).encode()


def taken(data: bytes, at: int, name: str = "pe-input-1.bz2") -> Input:
    return read_input(data, Recorded("alpha", name, at + 0.5, len(data)))
