"""CIBs made by hand, as small as the scheduler takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

SAMPLES = Path(__file__).parent.parent / "samples"
ANSWERS = Path(__file__).parent / "answers"

_KEY = "7:2:0:6213151e-bf08-4320-ae74-823651bb7fb6"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.xml").read_bytes()


def answer(name: str) -> bytes:
    return (ANSWERS / f"{name}.xml").read_bytes()


def nvpairs(tag: str, owner: str, values: dict[str, str], attributes: str = "") -> str:
    pairs = "".join(
        f"<nvpair id={quoteattr(f'{owner}-{tag}-{name}')} name={quoteattr(name)} "
        f"value={quoteattr(value)}/>"
        for name, value in values.items()
    )
    return f"<{tag} id={quoteattr(f'{owner}-{tag}')} {attributes}>{pairs}</{tag}>"


def vm(
    name: str,
    meta: dict[str, str] | None = None,
    operations: str = "",
    parameters: dict[str, str] | None = None,
    attributes: str = 'class="ocf" provider="heartbeat" type="VirtualDomain"',
) -> str:
    return (
        f"<primitive id={quoteattr(name)} {attributes}>"
        + (nvpairs("instance_attributes", name, parameters) if parameters else "")
        + (nvpairs("meta_attributes", name, meta) if meta is not None else "")
        + f"<operations>{operations}</operations></primitive>"
    )


def op(
    resource: str,
    task: str,
    call: int,
    *,
    rc: int = 0,
    status: int = 0,
    source: str | None = None,
    target: str | None = None,
    at: int = 1795397258,
    key: str = _KEY,
    digest: str = "f2317cad3d54cec5d7d7aa7d0bf35cf8",
) -> str:
    """One entry of a history, as a controller records it."""
    ends = f'migrate_source="{source}" migrate_target="{target}"' if target else ""
    name = quoteattr(f"{resource}_last_0" if not target else f"{resource}_{task}_0")
    return (
        f"<lrm_rsc_op id={name} operation_key={quoteattr(f'{resource}_{task}_0')} "
        f'operation="{task}" crm_feature_set="3.16.1" transition-key="{key}" '
        f'transition-magic="{status}:{rc};{key}" call-id="{call}" rc-code="{rc}" '
        f'op-status="{status}" interval="0" last-rc-change="{at}" exec-time="10" queue-time="0" '
        f'op-digest="{digest}" {ends}/>'
    )


def history(node: int, name: str, **operations: Sequence[str]) -> str:
    """One online node, with the operations of each resource (all VirtualDomains)."""
    resources = "".join(
        f'<lrm_resource id={quoteattr(resource)} type="VirtualDomain" class="ocf" '
        f'provider="heartbeat">{"".join(entries)}</lrm_resource>'
        for resource, entries in operations.items()
    )
    return (
        f'<node_state id="{node}" uname="{name}" in_ccm="true" crmd="online" join="member" '
        f'expected="member"><lrm id="{node}"><lrm_resources>{resources}</lrm_resources></lrm>'
        "</node_state>"
    )


def cib(
    resources: str,
    *,
    constraints: str = "",
    options: dict[str, str] | None = None,
    rsc_defaults: str = "",
    op_defaults: str = "",
    status: str = "",
    standby: Sequence[str] = (),
    nodes: Sequence[str] = ("alpha", "bravo", "charlie"),
    schema: str = "pacemaker-3.8",
) -> bytes:
    properties = {"stonith-enabled": "false", "have-watchdog": "false", **(options or {})}
    members = "".join(
        f'<node id="{number}" uname={quoteattr(name)}>'
        + (
            nvpairs("instance_attributes", f"n{number}", {"standby": "on"})
            if name in standby
            else ""
        )
        + "</node>"
        for number, name in enumerate(nodes, start=1)
    )
    return (
        f'<cib validate-with="{schema}" admin_epoch="0" epoch="7" num_updates="3" '
        'crm_feature_set="3.16.1" have-quorum="1" dc-uuid="1"><configuration><crm_config>'
        + nvpairs("cluster_property_set", "cib-bootstrap-options", properties)
        + f"</crm_config><nodes>{members}</nodes><resources>{resources}</resources>"
        + (f"<constraints>{constraints}</constraints>" if constraints else "<constraints/>")
        + (f"<op_defaults>{op_defaults}</op_defaults>" if op_defaults else "")
        + (f"<rsc_defaults>{rsc_defaults}</rsc_defaults>" if rsc_defaults else "")
        + f"</configuration><status>{status}</status></cib>"
    ).encode()
