"""A recorded input as it would read had an operation ended otherwise. Pure."""

from __future__ import annotations

from lxml import etree

from backends.pacemaker.xml import number, parse

TIMED_OUT = 2
"""`PCMK_EXEC_TIMEOUT`"""
_TASK = "migrate_to"


def in_time(cib: bytes, vm: str) -> bytes:
    """With the copy of the VM that had timed out ended well instead. Raises `BadAnswer`."""
    root = parse(cib, "a recorded input")
    for resource in root.iterfind("status/node_state/lrm/lrm_resources/lrm_resource"):
        if resource.get("id") == vm:
            _end_well(resource)
    for pair in root.findall("status/node_state/transient_attributes//nvpair"):
        name = pair.get("name") or ""
        if name.startswith((f"fail-count-{vm}#{_TASK}", f"last-failure-{vm}#{_TASK}")):
            _remove(pair)
    return etree.tostring(root)


def _end_well(resource: etree._Element) -> None:
    for entry in resource.findall("lrm_rsc_op"):
        if entry.get("operation") != _TASK or number(entry.get("op-status")) != TIMED_OUT:
            continue
        if "_last_failure_" in entry.get("id", ""):
            _remove(entry)
            continue
        key = entry.get("transition-key", "")
        entry.attrib.update({"op-status": "0", "rc-code": "0", "transition-magic": f"0:0;{key}"})
        entry.set("exit-reason", "")


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
